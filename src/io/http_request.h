/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request as the handler sees it, read strictly from what evhttp has read laxly. One struct
 * http_req per server is enough: it is valid only inside the handler. Private to http_server.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "io/http_server.h"

struct evhttp_request;

#define HTTP_FIELDS 64

struct http_fields {		/* of a query or a form, decoded */
	struct buf text;	/* names and values, each with its NUL */
	struct {
		size_t name, value;
	} at[HTTP_FIELDS];
	size_t n;
	bool known;
};

struct http_req {
	struct evhttp_request *ev;	/* borrowed */
	const char *method;
	const char *peer;	/* who is connected to us */
	char client[FORWARDED_ADDRESS];	/* who is behind that, "": nobody */
	struct http_proxies proxies;
	const char *body;	/* in evhttp's buffer, with a NUL behind it */
	size_t len;
	struct buf path;
	struct http_fields *query, *form;	/* ours */
};

struct http_refusal {
	int status;		/* 0: none */
	const char *why;
};

void http_req_init(struct http_req *r);		/* proxies: to be set by the caller, else there are none */
void http_req_clear(struct http_req *r);
/* The proxy that brought it; NULL: none did. */
const char *http_req_via(const struct http_req *r);
/* Whatever it says must be answered with Connection: close: what follows may not be a request. */
struct http_refusal http_req_read(struct http_req *r, struct evhttp_request *ev);
/* Wipes it: forms carry PINs. */
void http_req_reset(struct http_req *r);
