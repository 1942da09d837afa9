/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each connection is in one of four lists, each in the order of `since`, so that the deadlines are
 * always at the heads. evhttp owns the connection; we hold one reference to its bufferevent and
 * learn of the end in two ways: by evhttp's close callback once a first request has come (our
 * object outlives it, so the callback can never see freed memory), and before that by looking, a
 * slice at a time: evhttp clears a bufferevent's callbacks when it frees it.
 *
 * We never free a connection of evhttp's: we shut its socket down and evhttp cleans up.
 */
#include "io/http_guard.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls_server.h"

#define SLICE 256		/* connections looked at per tick */
#define TICK_MS 10		/* while some have not had a request yet */
#define SLOW_TICK_MS 100
#define TAKEN_MS 1000		/* an answer; longer ones go when others need the place */

enum conn_state {
	CONN_READING,		/* since the accept or the first octet of a request */
	CONN_IDLE,		/* kept alive between requests */
	CONN_HELD,		/* a request waits for its answer; the server's deadline rules */
	CONN_ANSWERING,		/* the peer has to take the answer */
	CONN_CLOSING,		/* shut down, evhttp has not noticed yet */
	CONN_STATES
};

struct http_conn {		/* ours; freed by drop() */
	struct list node;	/* in guard->in[state] */
	struct list young;	/* in guard->young until the close callback is set */
	struct http_guard *guard;
	struct bufferevent *bev;	/* one reference is ours */
	struct evbuffer_cb_entry *cb;
	void *held;
	int64_t since;
	size_t octets;		/* of the unfinished request, or of what is behind one that is being answered */
	enum conn_state state;
	char peer[NET_ADDRESS];	/* from its first octet on: later the socket may not know any more */
};

struct http_guard {
	struct loop *loop;
	struct http_guard_options o;
	struct list in[CONN_STATES];
	struct list young;
	struct map *by_bev;
	struct timer tick;
	struct deferred refuse;
	size_t closing, octets;
	struct log_limit limit;
};

static void
tell_unfinished(const struct http_conn *c)
{
	const struct http_guard *g = c->guard;

	metric_add(M_HTTP_UNFINISHED, 1);
	if (g->o.unfinished == NULL)
		return;
	g->o.unfinished(g->o.arg, c->peer, c->octets, loop_now(g->loop) - c->since);
}

static void
enter(struct http_conn *c, enum conn_state to)
{
	struct http_guard *g = c->guard;

	if (to == CONN_CLOSING && c->state == CONN_READING && c->octets > 0)
		tell_unfinished(c);
	g->closing -= c->state == CONN_CLOSING;
	g->closing += to == CONN_CLOSING;
	if (to != CONN_READING) {
		g->octets -= c->octets;
		c->octets = 0;
	}
	c->state = to;
	c->since = loop_now(g->loop);
	list_remove(&c->node);
	list_add_tail(&g->in[to], &c->node);
}

void
http_guard_close(struct http_conn *c)
{
	evutil_socket_t fd = bufferevent_getfd(c->bev);

	enter(c, CONN_CLOSING);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

static void
close_slow(struct http_conn *c, const char *why)
{
	struct http_guard *g = c->guard;
	unsigned held;

	metric_add(M_HTTP_CLOSED_SLOW, 1);
	if (!log_limited(&g->limit, &held))
		log_warn(0, "http slow", "server=%s why=\"%s\" connections=%zu held=%u",
		    g->o.name, why, map_count(g->by_bev), held);
	http_guard_close(c);
}

static struct http_conn *
head(struct http_guard *g, enum conn_state s)
{
	return list_empty(&g->in[s]) ? NULL : LIST_OF(g->in[s].next, struct http_conn, node);
}

static struct http_conn *
bigger(struct http_guard *g, enum conn_state s, struct http_conn *than)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &g->in[s]) {
		struct http_conn *c = LIST_OF(it, struct http_conn, node);

		if (c->octets > than->octets)
			than = c;
	}
	return than;
}

/* evhttp reads on while it writes an answer, to learn of the end. */
static void
on_input(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_conn *c = arg;
	struct http_guard *g = c->guard;

	(void)b;
	if (info->n_added == 0 || c->state == CONN_HELD || c->state == CONN_CLOSING)
		return;
	if (c->state == CONN_IDLE)
		enter(c, CONN_READING);
	if (c->peer[0] == '\0' && g->o.unfinished != NULL)
		net_peer(bufferevent_getfd(c->bev), c->peer);
	c->octets += info->n_added;
	g->octets += info->n_added;
	if (g->octets > g->o.unfinished_max)
		close_slow(bigger(g, CONN_ANSWERING, bigger(g, CONN_READING, c)), "too much unfinished");
}

static void
drop(struct http_conn *c)
{
	struct http_guard *g = c->guard;
	void *held = c->held;

	enter(c, CONN_CLOSING);		/* takes its octets out of the sum */
	g->closing--;
	if (g->o.tls != NULL && !tls_server_is_open(c->bev))
		metric_add(M_TLS_HANDSHAKES_FAILED, 1);
	list_remove(&c->node);
	list_remove(&c->young);
	map_remove_u64(g->by_bev, (uintptr_t)c->bev);
	evbuffer_remove_cb_entry(bufferevent_get_input(c->bev), c->cb);
	bufferevent_decref(c->bev);
	free(c);
	metric_add(M_HTTP_CONNECTIONS, -1);
	if (held != NULL)
		g->o.lost(g->o.arg, held);
}

static void
on_evhttp_closes(struct evhttp_connection *evcon, void *arg)
{
	struct http_conn *c = arg;

	(void)evcon;
	if (c->guard->o.tls != NULL)
		tls_server_end(c->bev);
	drop(c);
}

static bool
evhttp_has_freed(const struct http_conn *c)
{
	bufferevent_data_cb reads, writes;
	bufferevent_event_cb events;

	bufferevent_getcb(c->bev, &reads, &writes, &events, NULL);
	return reads == NULL && writes == NULL && events == NULL;
}

static void
close_overdue(struct http_guard *g, enum conn_state s, int64_t limit_ms)
{
	struct http_conn *c;

	for (int i = 0; i < SLICE; i++) {
		c = head(g, s);
		if (c == NULL || loop_now(g->loop) - c->since < limit_ms)
			return;
		if (s == CONN_IDLE)
			http_guard_close(c);	/* nobody's fault */
		else
			close_slow(c, s == CONN_READING ? "the request did not come whole in time" :
			    "the answer was not taken in time");
	}
}

static void
on_tick(void *arg)
{
	struct http_guard *g = arg;

	for (int i = 0; i < SLICE && !list_empty(&g->young); i++) {
		struct http_conn *c = LIST_OF(g->young.next, struct http_conn, young);
		bool last = c->young.next == &g->young;

		if (evhttp_has_freed(c)) {
			drop(c);
		} else {
			list_remove(&c->young);
			list_add_tail(&g->young, &c->young);
		}
		if (last)
			break;
	}
	close_overdue(g, CONN_READING, g->o.arrive_ms);
	close_overdue(g, CONN_IDLE, g->o.idle_ms);
	close_overdue(g, CONN_ANSWERING, g->o.arrive_ms);
	if (map_count(g->by_bev) > 0)
		timer_arm(&g->tick, list_empty(&g->young) ? SLOW_TICK_MS : TICK_MS);
}

/* All are held or answered: the newcomer goes, once evhttp has given it its socket. */
static void
on_refuse(void *arg)
{
	struct http_guard *g = arg;
	struct http_conn *c;
	size_t over;

	for (over = map_count(g->by_bev) - g->closing; over > (size_t)g->o.connections; over--) {
		if ((c = head(g, CONN_READING)) == NULL)
			return;
		close_slow(c, "no connection is free");
	}
}

/* Whoever takes his answer has it by then, but for one over a bad line; who does not must not keep others out. */
static struct http_conn *
not_taking(struct http_guard *g)
{
	struct http_conn *c = head(g, CONN_ANSWERING);

	return c != NULL && loop_now(g->loop) - c->since >= TAKEN_MS ? c : NULL;
}

static void
make_room(struct http_guard *g)
{
	struct http_conn *c = head(g, CONN_READING);

	if (map_count(g->by_bev) - g->closing < (size_t)g->o.connections)
		return;
	if (c != NULL)
		close_slow(c, "the cap is reached");
	else if ((c = head(g, CONN_IDLE)) != NULL)
		http_guard_close(c);
	else if ((c = not_taking(g)) != NULL)
		close_slow(c, "the cap is reached");
	else
		loop_defer(g->loop, &g->refuse, on_refuse, g);
}

static struct bufferevent *
new_bufferevent(struct http_guard *g, struct event_base *base)
{
	struct ssl_st *ssl;
	struct bufferevent *bev = NULL;

	if (g->o.tls == NULL)
		bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	else if ((ssl = tls_server_ssl(g->o.tls)) != NULL)
		bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		fatalx("http: no bufferevent");
	return bev;
}

struct bufferevent *
http_guard_accept(struct event_base *base, void *arg)
{
	struct http_guard *g = arg;
	struct http_conn *c;
	struct bufferevent *bev = new_bufferevent(g, base);

	make_room(g);
	c = xcalloc(1, sizeof *c);
	c->guard = g;
	c->bev = bev;
	bufferevent_incref(bev);
	/* Of a request that fits evhttp finds all. */
	bufferevent_setwatermark(bev, EV_READ, 0, g->o.request_max);
	c->cb = evbuffer_add_cb(bufferevent_get_input(bev), on_input, c);
	if (c->cb == NULL)
		fatalx("http: out of memory");
	list_init(&c->node);
	enter(c, CONN_READING);
	list_add_tail(&g->young, &c->young);
	map_put_u64(g->by_bev, (uintptr_t)bev, c);
	metric_add(M_HTTP_CONNECTIONS, 1);
	if (g->tick.at == 0 || g->tick.at > loop_now(g->loop) + TICK_MS)
		timer_arm(&g->tick, TICK_MS);
	return bev;
}

struct http_conn *
http_guard_hold(struct http_guard *g, struct evhttp_connection *evcon, void *held)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
	struct http_conn *c = map_get_u64(g->by_bev, (uintptr_t)bev);

	if (c == NULL)
		fatalx("http: a connection that was never accepted");
	if (!list_empty(&c->young)) {
		list_remove(&c->young);
		evhttp_connection_set_closecb(evcon, on_evhttp_closes, c);
	}
	c->held = held;
	enter(c, CONN_HELD);
	return c;
}

void
http_guard_answering(struct http_conn *c)
{
	c->held = NULL;
	enter(c, CONN_ANSWERING);
}

void
http_guard_next(struct http_conn *c)
{
	size_t there = evbuffer_get_length(bufferevent_get_input(c->bev));

	if (c->state == CONN_CLOSING)
		return;
	enter(c, there > 0 ? CONN_READING : CONN_IDLE);
	c->guard->octets += there - c->octets;
	c->octets = there;
}

static void
flush_one(void *arg, const void *key, size_t n, void *value)
{
	struct http_conn *c = value;
	struct evbuffer *out = bufferevent_get_output(c->bev);
	evutil_socket_t fd = bufferevent_getfd(c->bev);

	(void)arg;
	(void)key;
	(void)n;
	if (fd < 0 || evbuffer_get_length(out) == 0)
		return;
	/* A bufferevent keeps the front of its output frozen; nobody writes it after us. */
	evbuffer_unfreeze(out, 1);
	if (c->guard->o.tls != NULL ? !tls_server_flush(c->bev) : evbuffer_write(out, fd) < 0)
		log_debug(0, "http flush", "server=%s why=\"the peer has gone\"", c->guard->o.name);
	evbuffer_freeze(out, 1);
}

void
http_guard_flush(struct http_guard *g)
{
	map_each(g->by_bev, flush_one, NULL);
}

struct http_guard *
http_guard_new(struct loop *l, const struct http_guard_options *o)
{
	struct http_guard *g = xcalloc(1, sizeof *g);

	g->loop = l;
	g->o = *o;
	g->by_bev = map_new();
	list_init(&g->young);
	for (int i = 0; i < CONN_STATES; i++)
		list_init(&g->in[i]);
	timer_init(&g->tick, l, on_tick, g);
	return g;
}

void
http_guard_free(struct http_guard *g)
{
	struct http_conn *c;

	if (g == NULL)
		return;
	timer_stop(&g->tick);
	loop_undefer(&g->refuse);
	for (int i = 0; i < CONN_STATES; i++)
		while ((c = head(g, i)) != NULL)
			drop(c);
	map_free(g->by_bev);
	free(g);
}
