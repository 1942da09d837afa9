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

#include "core/forwarded.h"
#include "io/net.h"

struct loop;
struct http_server;
struct http_req;
struct tls_server;

/* Those in front of us whose word about the client is taken; n 0: nobody's. */
struct http_proxies {
	const char (*blocks)[FORWARDED_ADDRESS];	/* CIDR; borrowed */
	int n;
	enum forwarded_form form;			/* the one header that they all set */
};

struct http_server_options {
	const char *name;		/* for the log: "channels" */
	const char *address;		/* "127.0.0.1:8080", "[::1]:0"; port 0: any */
	int connections;		/* cap; the longest-waiting unfinished reader goes */
	int body_max, header_max;	/* octets */
	int arrive_s;			/* a request must be whole within it */
	int idle_s;			/* keep-alive */
	int answer_s;			/* after it the server answers 503 itself */
	struct tls_server *tls;		/* borrowed; NULL: in clear */
	struct http_proxies proxies;
	bool access_log;		/* a line for each request, at level info */
	/*
	 * For that line: "path=..." with what of the path is no secret, and what else is to be seen. NULL: no path is
	 * shown.
	 */
	void (*show_path)(void *arg, const char *path, char *out, size_t size);
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
/* As it came in the first line of the request: path and query, for signatures over them. */
const char *http_req_target(const struct http_req *r);
/* Decoded query parameter or NULL. */
const char *http_req_query(const struct http_req *r, const char *name);
/* Decoded field of an application/x-www-form-urlencoded body or NULL. */
const char *http_req_form(const struct http_req *r, const char *name);
/* A name stands twice in the query, or in the form: two readers may see two requests. */
bool http_req_repeats(const struct http_req *r);
const char *http_req_header(const struct http_req *r, const char *name);	/* or NULL */
const char *http_req_body(const struct http_req *r, size_t *len);	/* NUL-terminated */
/* Numeric address of the client; where a named proxy has brought the request, of whom that names. */
const char *http_req_peer(const struct http_req *r);

/* One more header of the answer, before it is given; an unknown id is ignored. Neither may hold a line's end. */
void http_header(struct http_server *s, uint64_t id, const char *name, const char *value);
/*
 * Exactly once per id; a second answer or an unknown id is ignored. The body is copied.
 * `type` NULL: "text/plain; charset=utf-8".
 */
void http_answer(struct http_server *s, uint64_t id, int status, const char *type, const void *body,
    size_t len);
/* In place of an answer: closes the connection without an octet. For faults on demand. */
void http_drop(struct http_server *s, uint64_t id);
