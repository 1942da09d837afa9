/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and their answers. A request that is given to the handler is held under an id until it
 * is answered or its deadline answers 503; taking the id out of the map comes first, so whoever
 * comes second finds nothing. While a request is held, evhttp neither reads nor times out, and must
 * not be made to: one pipelined octet would end the process.
 *
 * Connections are http_guard's, the reading of a request is http_request's.
 */
#include "io/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/http_access.h"
#include "io/http_guard.h"
#include "io/http_request.h"
#include "io/loop.h"

#define BACKLOG 1024
#define ACCEPT_PAUSE_MS 100
#define WHOLE_BODIES 64		/* unfinished requests of full size that may be in memory */
#define SMALL_REQUEST 2048	/* and what each connection may have besides */
#define DEFAULT_TYPE "text/plain; charset=utf-8"

struct held {			/* in server->held, or in server->pool when it is free */
	struct list node;
	struct http_server *server;
	struct evhttp_request *ev;	/* evhttp's */
	struct http_conn *conn;		/* the guard's */
	struct timer deadline;
	struct http_access access;
	uint64_t id;
};

struct http_server {
	struct list node;		/* in servers */
	struct loop *loop;
	struct http_server_options o;	/* without its address, which is the caller's */
	char *name;
	struct evhttp *evhttp;
	struct evhttp_bound_socket *bound;	/* evhttp's; NULL: not accepting any more */
	struct http_guard *guard;
	struct map *by_id;
	struct list held, pool;
	struct http_req req;		/* of the handler that is running */
	struct timer accept_again;
	struct log_limit refused, late, accept;
	uint64_t last_id;
	int port;
};

static struct list servers = { &servers, &servers };

static void
send_answer(struct http_server *s, struct evhttp_request *ev, int status, const char *type,
    const void *body, size_t len)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(ev);
	bool is_head = evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD;
	bool has_body = status != 204 && status != 304;
	char length[24];

	if (has_body)
		evhttp_add_header(headers, "Content-Type", type != NULL ? type : DEFAULT_TYPE);
	if (has_body && is_head && str_format(length, sizeof length, "%zu", len))
		evhttp_add_header(headers, "Content-Length", length);
	if (s->bound == NULL && evhttp_find_header(headers, "Connection") == NULL)
		evhttp_add_header(headers, "Connection", "close");
	if (has_body && !is_head && len > 0 &&
	    evbuffer_add(evhttp_request_get_output_buffer(ev), body, len) != 0)
		fatalx("http: out of memory");
	evhttp_send_reply(ev, status, NULL, NULL);
}

/* ---- the access log ---- */

static void
note_access(const struct http_server *s, struct http_access *a, bool readable)
{
	const char *via = http_req_via(&s->req);

	if (!s->o.access_log)
		return;
	a->method = http_req_method(&s->req);
	a->at = loop_now(s->loop);
	a->in = 0;
	str_copy(a->shown, sizeof a->shown, "path=-");
	if (readable) {
		http_req_body(&s->req, &a->in);
		if (s->o.show_path != NULL)
			s->o.show_path(s->o.arg, http_req_path(&s->req), a->shown, sizeof a->shown);
	}
	str_copy(a->peer, sizeof a->peer, http_req_peer(&s->req));
	str_copy(a->via, sizeof a->via, via != NULL ? via : "");
}

static void
tell_access(const struct http_server *s, const struct http_access *a, int status, size_t out, const char *end)
{
	if (s->o.access_log)
		http_access_log(s->name, a, loop_now(s->loop), status, out, end);
}

static void
on_unfinished(void *arg, const char *peer, size_t octets, int64_t ms)
{
	const struct http_server *s = arg;
	struct http_access a = { .shown = "path=-", .in = octets, .at = loop_now(s->loop) - ms };

	str_copy(a.peer, sizeof a.peer, peer);
	tell_access(s, &a, 0, 0, "unfinished");
}

/* ---- requests and answers ---- */

static void
on_written(struct evhttp_request *ev, void *arg)
{
	(void)ev;
	http_guard_next(arg);
}

static void
refuse(struct http_server *s, struct evhttp_request *ev, const struct http_refusal *refusal)
{
	struct http_conn *c = http_guard_hold(s->guard, evhttp_request_get_connection(ev), NULL);
	bool is_connect = evhttp_request_get_command(ev) == EVHTTP_REQ_CONNECT;
	struct http_access a = { 0 };
	unsigned n;

	metric_add(M_HTTP_REFUSED, 1);
	if (!log_limited(&s->refused, &n))
		log_warn(0, "http refused", "server=%s peer=%s status=%d why=\"%s\" held=%u",
		    s->name, http_req_peer(&s->req), refusal->status, refusal->why, n);
	note_access(s, &a, false);
	tell_access(s, &a, refusal->status, strlen(refusal->why), "refused");
	http_guard_answering(c);
	evhttp_request_set_on_complete_cb(ev, on_written, c);
	evhttp_add_header(evhttp_request_get_output_headers(ev), "Connection", "close");
	send_answer(s, ev, refusal->status, NULL, refusal->why, strlen(refusal->why));
	/* evhttp keeps such a connection open whatever the headers say. */
	if (is_connect)
		http_guard_close(c);
}

static void
release(struct held *h)
{
	timer_stop(&h->deadline);
	map_remove_u64(h->server->by_id, h->id);
	list_remove(&h->node);
	list_add_tail(&h->server->pool, &h->node);
}

static void
answer(struct http_server *s, struct held *h, int status, const char *type, const void *body, size_t len, const char *end)
{
	release(h);
	tell_access(s, &h->access, status, len, end);
	http_guard_answering(h->conn);
	send_answer(s, h->ev, status, type, body, len);
}

static void
on_late(void *arg)
{
	struct held *h = arg;
	struct http_server *s = h->server;
	static const char body[] = "no answer in time";
	unsigned n;

	if (!log_limited(&s->late, &n))
		log_warn(0, "http late", "server=%s id=%llu held=%u", s->name,
		    (unsigned long long)h->id, n);
	answer(s, h, 503, NULL, body, sizeof body - 1, "late");
}

/* The connection went first. evhttp frees the requests in its list; one taken out is ours. */
static void
on_lost(void *arg, void *held)
{
	struct held *h = held;

	(void)arg;
	tell_access(h->server, &h->access, 0, 0, "lost");
	release(h);
	if (evhttp_request_get_connection(h->ev) == NULL)
		evhttp_request_free(h->ev);
}

static struct held *
take(struct http_server *s)
{
	struct held *h;

	if (list_empty(&s->pool)) {
		h = xcalloc(1, sizeof *h);
		h->server = s;
		timer_init(&h->deadline, s->loop, on_late, h);
	} else {
		h = LIST_OF(s->pool.next, struct held, node);
		list_remove(&h->node);
	}
	list_add_tail(&s->held, &h->node);
	h->id = ++s->last_id;
	map_put_u64(s->by_id, h->id, h);
	return h;
}

static void
on_request(struct evhttp_request *ev, void *arg)
{
	struct http_server *s = arg;
	struct http_refusal refusal = http_req_read(&s->req, ev);
	struct held *h;

	metric_add(M_HTTP_REQUESTS, 1);
	if (refusal.status != 0) {
		refuse(s, ev, &refusal);
	} else {
		h = take(s);
		h->ev = ev;
		h->conn = http_guard_hold(s->guard, evhttp_request_get_connection(ev), h);
		evhttp_request_set_on_complete_cb(ev, on_written, h->conn);
		note_access(s, &h->access, true);
		timer_arm(&h->deadline, (int64_t)s->o.answer_s * 1000);
		s->o.handler(s->o.arg, h->id, &s->req);
	}
	http_req_reset(&s->req);
}

void
http_answer(struct http_server *s, uint64_t id, int status, const char *type, const void *body,
    size_t len)
{
	struct held *h = map_get_u64(s->by_id, id);

	if (h != NULL)		/* else it was answered before, or its deadline was first */
		answer(s, h, status, type, body, len, "answered");
}

void
http_header(struct http_server *s, uint64_t id, const char *name, const char *value)
{
	struct held *h = map_get_u64(s->by_id, id);

	if (h != NULL && evhttp_add_header(evhttp_request_get_output_headers(h->ev), name, value) != 0)
		fatalx("http: the header %s cannot be sent", name);
}

/* The socket goes first, so that no octet leaves; the failed write makes evhttp give up. */
void
http_drop(struct http_server *s, uint64_t id)
{
	struct held *h = map_get_u64(s->by_id, id);

	if (h == NULL)
		return;
	release(h);
	tell_access(s, &h->access, 0, 0, "dropped");
	http_guard_answering(h->conn);
	http_guard_close(h->conn);
	send_answer(s, h->ev, 503, NULL, NULL, 0);
}

static void
on_accept_again(void *arg)
{
	struct http_server *s = arg;

	if (s->bound != NULL)
		evconnlistener_enable(evhttp_bound_socket_get_listener(s->bound));
}

/* Out of descriptors, as a rule: without the pause libevent would ask again at once, for ever. */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct http_server *s = NULL;
	struct list *it, *nx;
	int err = errno;
	unsigned n;

	/* The argument is that of evhttp's accept callback: the struct evhttp. */
	LIST_EACH(it, nx, &servers)
		if (LIST_OF(it, struct http_server, node)->evhttp == arg)
			s = LIST_OF(it, struct http_server, node);
	if (s == NULL)
		fatalx("http: a listener of nobody");
	metric_add(M_HTTP_ACCEPT_FAILED, 1);
	if (!log_limited(&s->accept, &n))
		log_error(0, "http accept", "server=%s why=\"%s\" held=%u", s->name,
		    strerror(err), n);
	evconnlistener_disable(listener);
	timer_arm(&s->accept_again, ACCEPT_PAUSE_MS);
}

static bool
listen_on(struct http_server *s, const char *address, char *err, size_t err_size)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct evconnlistener *listener;
	const int on = 1;
	int fd;

	if (!net_parse(address, &ss, &len, err, err_size))
		return false;
	/* Reuseable only lets us start again at once; it does not share the port. */
	listener = evconnlistener_new_bind(loop_base(s->loop), NULL, NULL,
	    LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
	    (struct sockaddr *)&ss, (int)len);
	if (listener == NULL) {
		str_format(err, err_size, "bind %s: %s", address, strerror(errno));
		return false;
	}
	fd = evconnlistener_get_fd(listener);
	len = sizeof ss;
	/* Accepted sockets inherit it; head and body of an answer may be two writes. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) != 0) {
		str_format(err, err_size, "bind %s: %s", address, strerror(errno));
		evconnlistener_free(listener);
		return false;
	}
	s->port = net_port(&ss);
	s->bound = evhttp_bind_listener(s->evhttp, listener);
	if (s->bound == NULL)
		fatalx("http: out of memory");
	evconnlistener_set_error_cb(listener, on_accept_error);
	return true;
}

struct http_server *
http_server_new(struct loop *l, const struct http_server_options *o, char *err, size_t err_size)
{
	struct http_server *s = xcalloc(1, sizeof *s);

	list_add_tail(&servers, &s->node);
	s->loop = l;
	s->o = *o;
	s->name = xstrdup(o->name);
	s->o.name = s->name;
	s->o.address = NULL;
	s->by_id = map_new();
	list_init(&s->held);
	list_init(&s->pool);
	http_req_init(&s->req);
	s->req.proxies = o->proxies;
	timer_init(&s->accept_again, l, on_accept_again, s);
	s->guard = http_guard_new(l, &(struct http_guard_options){
		.name = s->name,
		.connections = o->connections,
		.arrive_ms = (int64_t)o->arrive_s * 1000,
		.idle_ms = (int64_t)o->idle_s * 1000,
		.request_max = (size_t)o->header_max + (size_t)o->body_max,
		.unfinished_max = ((size_t)o->header_max + (size_t)o->body_max) * WHOLE_BODIES +
		    (size_t)o->connections * SMALL_REQUEST,
		.tls = o->tls, .lost = on_lost, .unfinished = on_unfinished, .arg = s,
	});
	s->evhttp = evhttp_new(loop_base(l));
	if (s->evhttp == NULL)
		fatalx("http: out of memory");
	evhttp_set_max_headers_size(s->evhttp, o->header_max);
	evhttp_set_max_body_size(s->evhttp, o->body_max);
	/* All it can read: what we do not take is refused by us, with Connection: close. */
	evhttp_set_allowed_methods(s->evhttp, UINT16_MAX);
	evhttp_set_default_content_type(s->evhttp, NULL);
	evhttp_set_bevcb(s->evhttp, http_guard_accept, s->guard);
	evhttp_set_gencb(s->evhttp, on_request, s);
	if (!listen_on(s, o->address, err, err_size)) {
		http_server_free(s);
		return NULL;
	}
	return s;
}

int
http_server_port(const struct http_server *s)
{
	return s->port;
}

void
http_server_stop_accepting(struct http_server *s)
{
	if (s->bound == NULL)
		return;
	evhttp_del_accept_socket(s->evhttp, s->bound);
	s->bound = NULL;
}

unsigned
http_server_held(const struct http_server *s)
{
	return (unsigned)map_count(s->by_id);
}

void
http_server_free(struct http_server *s)
{
	static const char body[] = "the server stops";

	if (s == NULL)
		return;
	http_server_stop_accepting(s);
	timer_stop(&s->accept_again);
	while (!list_empty(&s->held))
		http_answer(s, LIST_OF(s->held.next, struct held, node)->id, 503, NULL, body,
		    sizeof body - 1);
	http_guard_flush(s->guard);
	evhttp_free(s->evhttp);
	http_guard_free(s->guard);
	while (!list_empty(&s->pool)) {
		struct held *h = LIST_OF(s->pool.next, struct held, node);

		list_remove(&h->node);
		free(h);
	}
	list_remove(&s->node);
	http_req_clear(&s->req);
	map_free(s->by_id);
	free(s->name);
	free(s);
}
