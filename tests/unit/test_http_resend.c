/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kept connection that the other end closes at each stage of the next request, politely and with a reset: each
 * request is seen once at most, whatever libcurl thinks of repeating it, and what was seen and not answered is unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/loop.h"

#define PATIENCE_MS 20000
#define CONNECTIONS 16
#define LARGE 300000

enum stage { IDLE, ACCEPTED, HEAD, REQUEST, HALF_STATUS, HALF_BODY, STAGES };

static struct {
	struct loop *loop;
	struct http_client *client;
	struct evconnlistener *listener;
	struct connection {
		struct bufferevent *bev;
		int requests;
	} connections[CONNECTIONS];
	int port, accepted;
	enum stage stage;
	bool reset, dies;		/* with RST; this request is the one that it dies at */
	int seen[4];			/* heads of request n, whole or not */
	int done[4], status[4];
	enum http_end end[4];
} w;

static struct connection *
connection_of(struct bufferevent *bev)
{
	for (int k = 0; k < CONNECTIONS; k++)
		if (w.connections[k].bev == bev)
			return &w.connections[k];
	fail_msg("too many connections");
	return NULL;
}

static void
hang_up(struct bufferevent *bev)
{
	struct linger linger = { .l_onoff = w.reset, .l_linger = 0 };

	setsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	connection_of(bev)->bev = NULL;
	bufferevent_free(bev);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	(void)arg;
	hang_up(bev);
}

static void
say(struct bufferevent *bev, const char *text, bool then_die)
{
	evbuffer_add_printf(bufferevent_get_output(bev), "%s", text);
	if (then_die)
		bufferevent_setcb(bev, NULL, on_written, NULL, NULL);
}

/* The request is whole. */
static void
act(struct bufferevent *bev)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	if (!w.dies) {
		say(bev, whole, w.stage == IDLE);
		return;
	}
	switch (w.stage) {
	case REQUEST:
		hang_up(bev);
		break;
	case HALF_STATUS:
		say(bev, "HTTP/1.1 20", true);
		break;
	case HALF_BODY:
		say(bev, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nok", true);
		break;
	default:
		say(bev, whole, false);
	}
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in), body = 0;
	char *text = xcalloc(1, n + 1);
	const char *end, *length, *path;

	(void)arg;
	evbuffer_copyout(in, text, n);
	end = strstr(text, "\r\n\r\n");
	length = strstr(text, "Content-Length: ");
	path = strstr(text, " /op-");
	if (length != NULL)
		body = (size_t)strtoul(length + 16, NULL, 10);
	if (end != NULL && path != NULL && w.dies && w.stage == HEAD) {
		w.seen[path[5] - '0']++;
		hang_up(bev);
	} else if (end != NULL && path != NULL && n >= (size_t)(end + 4 - text) + body) {
		w.seen[path[5] - '0']++;
		evbuffer_drain(in, n);
		act(bev);
	}
	free(text);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	(void)arg;
	hang_up(bev);
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct bufferevent *bev = bufferevent_socket_new(loop_base(w.loop), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)lev;
	(void)sa;
	(void)len;
	(void)arg;
	w.accepted++;
	connection_of(NULL)->bev = bev;
	bufferevent_setcb(bev, on_read, NULL, on_event, NULL);
	bufferevent_enable(bev, EV_READ);
	if (w.dies && w.stage == ACCEPTED)
		hang_up(bev);
}

static void
on_done(void *arg, uint64_t op, const struct http_result *r)
{
	(void)arg;
	w.done[op]++;
	w.end[op] = r->end;
	w.status[op] = r->status;
	loop_stop(w.loop);
}

static void
on_patience(void *arg)
{
	(void)arg;
	fail_msg("no completion");
}

static void
ask(int op, const char *method, const char *body)
{
	char url[64];
	struct http_out out = { .method = method, .url = url, .body = body, .len = strlen(body), .timeout_ms = 5000 };
	struct timer patience;

	snprintf(url, sizeof url, "http://127.0.0.1:%d/op-%d", w.port, op);
	timer_init(&patience, w.loop, on_patience, NULL);
	timer_arm(&patience, PATIENCE_MS);
	http_client_request(w.client, &out, (uint64_t)op, on_done, NULL);
	loop_run(w.loop);
	timer_stop(&patience);
	assert_int_equal(w.done[op], 1);
	if (w.seen[op] > 1)
		fail_msg("stage %d, reset %d: %s was sent %d times", (int)w.stage, w.reset, method, w.seen[op]);
}

static void
start(enum stage stage, bool reset)
{
	struct http_client_options o = { .connections = 4, .waiting = 20, .answer_max = 1000 };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sin;

	memset(&w, 0, sizeof w);
	w.stage = stage;
	w.reset = reset;
	w.loop = loop_new();
	w.listener = evconnlistener_new_bind(loop_base(w.loop), on_accept, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64, (struct sockaddr *)&sin, sizeof sin);
	assert_non_null(w.listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(w.listener), (struct sockaddr *)&sin, &len), 0);
	w.port = ntohs(sin.sin_port);
	w.client = http_client_new(w.loop, &o);
}

static void
stop(void)
{
	http_client_free(w.client);
	for (int k = 0; k < CONNECTIONS; k++)
		if (w.connections[k].bev != NULL)
			hang_up(w.connections[k].bev);
	evconnlistener_free(w.listener);
	loop_free(w.loop);
}

/* One that is answered, one on the same connection that meets its end, one after it. */
static void
play(enum stage stage, bool reset, const char *method, const char *body)
{
	bool reached_it;

	start(stage, reset);
	if (stage != ACCEPTED) {
		ask(0, method, body);
		assert_int_equal(w.end[0], HTTP_ANSWERED);
	}
	w.dies = true;
	ask(1, method, body);
	reached_it = w.seen[1] > 0;
	if (stage == IDLE && reached_it)
		assert_int_equal(w.end[1], HTTP_ANSWERED);
	else if (w.end[1] == HTTP_ANSWERED || (reached_it && w.end[1] != HTTP_UNKNOWN))
		fail_msg("stage %d, reset %d: %s ended %d", (int)stage, reset, method, (int)w.end[1]);
	w.dies = false;
	w.stage = STAGES;
	ask(2, method, body);
	assert_int_equal(w.end[2], HTTP_ANSWERED);
	assert_int_equal(w.seen[2], 1);
	stop();
}

static void
a_request_is_sent_once_at_most(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "GET", "DELETE" };
	char *large = xcalloc(1, LARGE + 1);

	(void)state;
	memset(large, 'x', LARGE);
	for (int stage = IDLE; stage < STAGES; stage++)
		for (size_t m = 0; m < NELEM(methods); m++)
			for (int reset = 0; reset < 2; reset++) {
				bool has_body = *methods[m] == 'P';

				play((enum stage)stage, reset != 0, methods[m], has_body ? "{\"pay\":1}" : "");
				if (has_body)
					play((enum stage)stage, reset != 0, methods[m], large);
			}
	free(large);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(a_request_is_sent_once_at_most) };

	return cmocka_run_group_tests_name("http_resend", tests, NULL, NULL);
}
