/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP out: libcurl multi on the loop. One completion per request, never on the asker's stack.
 * libcurl never resends by itself, follows no redirect and no proxy of the environment, and uses
 * http and https only.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct http_client;

enum http_end {
	HTTP_ANSWERED,		/* status and body are there */
	HTTP_NOT_SENT,		/* certainly nothing was: no connection, too many waiting */
	HTTP_UNKNOWN		/* sent in part at least, no whole answer: timeout, reset, length */
};

struct http_result {
	enum http_end end;
	int status;
	const char *body;	/* NUL-terminated, borrowed during the callback */
	size_t len;
	/* Headers of a rate limit, NULL where there is none; borrowed like the body. */
	const char *retry_after, *limit_reset;
	const char *content_type;	/* NULL as well if it is a long one; borrowed */
	const char *why;	/* in words, without secrets, for the log */
};

#define HTTP_WHY_FORBIDDEN "an address that is not allowed"

struct http_out {
	const char *method, *url;
	const char *headers[6];		/* "Name: value", NULL-terminated */
	const void *body;		/* copied */
	size_t len;
	int64_t timeout_ms;		/* the whole of it */
	/*
	 * Asked of each numeric address before it is connected to, with the arg of the request; such a request has a
	 * connection of its own. NULL: wherever the URL leads.
	 */
	bool (*allow)(void *arg, const char *address);
};

struct http_client_options {
	int connections;		/* per host */
	int waiting;			/* requests under way and queued; more: HTTP_NOT_SENT */
	size_t answer_max;		/* octets of a body */
	const char *ca_file;		/* NULL: the system's */
};

struct http_client *http_client_new(struct loop *l, const struct http_client_options *o);
/* Open requests complete as HTTP_UNKNOWN first, here. Not from inside a `done`. */
void http_client_free(struct http_client *c);
/* `op` comes back in done; done runs exactly once, in a later turn of the loop. */
void http_client_request(struct http_client *c, const struct http_out *out, uint64_t op,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg);
