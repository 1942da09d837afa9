/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 in: evhttp with a guard: limits on header, body and connections, a deadline for a
 * request's arrival, strict framing, TCP_NODELAY, accept back-off. Each request has an id; it is
 * answered exactly once, by the handler's owner or by the server's own deadline (503).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/net.h"

struct loop;
struct http_server;
struct http_req;

struct http_server_options {
	const char *name;		/* for the log: "channels" */
	const char *address;		/* "127.0.0.1:8080", "[::1]:0"; port 0: any */
	int connections;		/* cap; the longest-waiting unfinished reader goes */
	int body_max, header_max;	/* octets */
	int arrive_s;			/* a request must be whole within it */
	int idle_s;			/* keep-alive */
	int answer_s;			/* after it the server answers 503 itself */
	void (*handler)(void *arg, uint64_t id, const struct http_req *req);
	void *arg;
};

/* NULL with the reason in err (e.g. "bind 127.0.0.1:80: Permission denied"). */
struct http_server *http_server_new(struct loop *l, const struct http_server_options *o, char *err,
    size_t err_size);
int http_server_port(const struct http_server *s);
void http_server_stop_accepting(struct http_server *s);
unsigned http_server_held(const struct http_server *s);		/* requests not answered yet */
/* Answers what is held with 503 first. Not from inside the handler. */
void http_server_free(struct http_server *s);

/* Valid only inside the handler. Paths are decoded once and free of "//", "/../" and NUL. */
const char *http_req_method(const struct http_req *r);
const char *http_req_path(const struct http_req *r);
/* Decoded query parameter or NULL. */
const char *http_req_query(const struct http_req *r, const char *name);
/* Decoded field of an application/x-www-form-urlencoded body or NULL. */
const char *http_req_form(const struct http_req *r, const char *name);
/* A name stands twice in the query, or in the form: two readers may see two requests. */
bool http_req_repeats(const struct http_req *r);
const char *http_req_header(const struct http_req *r, const char *name);	/* or NULL */
const char *http_req_body(const struct http_req *r, size_t *len);	/* NUL-terminated */
const char *http_req_peer(const struct http_req *r);			/* numeric address */

/*
 * Exactly once per id; a second answer or an unknown id is ignored. The body is copied.
 * `type` NULL: "text/plain; charset=utf-8".
 */
void http_answer(struct http_server *s, uint64_t id, int status, const char *type, const void *body,
    size_t len);
/* In place of an answer: closes the connection without an octet. For faults on demand. */
void http_drop(struct http_server *s, uint64_t id);
