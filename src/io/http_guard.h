/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evhttp does not do for its connections: a cap, a deadline for the whole arrival of a request
 * (evhttp's own timeout starts anew with each octet), one for taking the answer, a budget of memory
 * for all that is unfinished, and TLS. It knows connections, not HTTP.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct bufferevent;
struct event_base;
struct evhttp_connection;
struct http_conn;
struct http_guard;
struct loop;
struct tls_server;

struct http_guard_options {
	const char *name;		/* for the log */
	int connections;
	int64_t arrive_ms, idle_ms;
	size_t request_max;		/* octets of one request; a connection has no more unread */
	size_t unfinished_max;		/* octets of all requests that are not whole yet, or wait for others' answers */
	struct tls_server *tls;		/* NULL: in clear. The handshake is part of the arrival of the first request */
	/* The connection went while `held` was set: evhttp has freed the request. */
	void (*lost)(void *arg, void *held);
	/* It went before a request was whole; `octets` of it had come. `peer` is numeric, "-" when that is not known. */
	void (*unfinished)(void *arg, const char *peer, size_t octets, int64_t ms);
	void *arg;
};

struct http_guard *http_guard_new(struct loop *l, const struct http_guard_options *o);
/* After evhttp_free(). */
void http_guard_free(struct http_guard *g);
/* For evhttp_set_bevcb(); arg is the guard. */
struct bufferevent *http_guard_accept(struct event_base *base, void *arg);
/*
 * A request is whole; `held` is given to lost() and may be NULL. What is returned stays valid until
 * lost() or, when no answer is outstanding, until evhttp frees the connection.
 */
struct http_conn *http_guard_hold(struct http_guard *g, struct evhttp_connection *evcon,
    void *held);
/* Its answer is being written. */
void http_guard_answering(struct http_conn *c);
/* Its answer has been written; the next request may come. */
void http_guard_next(struct http_conn *c);
/* Closes the socket; evhttp will notice. */
void http_guard_close(struct http_conn *c);
/* One last try to write what is waiting, before evhttp_free(). */
void http_guard_flush(struct http_guard *g);
