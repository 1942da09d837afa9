/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server of raw sockets that can be told to misbehave, in one loop. */
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
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/loop.h"

#define PATIENCE_MS 20000
#define CONNECTIONS 64
#define OPS 32

static struct loop *l;
static struct http_client *client;
static struct http_client_options options;
static bool in_request;

/* The server. */
enum mode {
	ANSWER,			/* and keep the connection */
	ANSWER_THEN_DIE,	/* the first; then read the second whole and close */
	MUTE,
	CLOSE_IN_BODY,		/* as soon as the head is there */
	HALF_ANSWER,		/* less than it promised, then close */
	RESET_IN_ANSWER,
	LONG_ANSWER,
	REDIRECT,
	LIMIT,
	GARBAGE,
	CLOSE_AT_ONCE		/* before reading anything */
};
static enum mode mode;
static struct evconnlistener *listener;
static struct bufferevent *connections[CONNECTIONS];
static int accepted, requests, port;
static struct buf last;			/* the newest request as it came */

/* What came back. */
struct outcome {
	int n, status;
	enum http_end end;
	char body[256], why[128], retry_after[32], limit_reset[32];
} outcomes[OPS];

static int
slot_of(struct bufferevent *bev)
{
	for (int i = 0; i < CONNECTIONS; i++)
		if (connections[i] == bev)
			return i;
	return -1;
}

static void
hang_up(struct bufferevent *bev, bool reset)
{
	struct linger linger = { .l_onoff = reset, .l_linger = 0 };

	setsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	connections[slot_of(bev)] = NULL;
	bufferevent_free(bev);
}

static void
answer(struct bufferevent *bev, const char *head, const char *body, size_t says)
{
	evbuffer_add_printf(bufferevent_get_output(bev),
	    "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head, says, body);
}

static void
on_server_done(struct bufferevent *bev, void *arg)
{
	(void)arg;
	hang_up(bev, mode == RESET_IN_ANSWER);
}

static void
misbehave(struct bufferevent *bev, const char *body)
{
	switch (mode) {
	case ANSWER_THEN_DIE:
		if (requests == 2) {
			hang_up(bev, false);
			return;
		}
		/* fallthrough */
	case ANSWER:
		answer(bev, "200 OK", body, strlen(body));
		return;
	case REDIRECT:
		answer(bev, "302 Found\r\nLocation: /elsewhere", "", 0);
		return;
	case LIMIT:
		answer(bev, "429 Slower\r\nretry-after: 7\r\nX-RateLimit-Reset: 1445412483", "[]", 2);
		return;
	case LONG_ANSWER:
		answer(bev, "200 OK", "012345678901234567890123456789", 30);
		return;
	case GARBAGE:
		evbuffer_add_printf(bufferevent_get_output(bev), "\x16\x03nonsense\r\n\r\n");
		break;
	case HALF_ANSWER:
	case RESET_IN_ANSWER:
		answer(bev, "200 OK", "half", 400);
		break;
	case MUTE:
	case CLOSE_IN_BODY:
	case CLOSE_AT_ONCE:
		return;
	}
	bufferevent_setcb(bev, NULL, on_server_done, NULL, NULL);
}

static void
on_server_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in), body = 0;
	char *text = xcalloc(1, n + 1);
	const char *end, *length;

	(void)arg;
	evbuffer_copyout(in, text, n);
	end = strstr(text, "\r\n\r\n");
	length = strstr(text, "Content-Length: ");
	if (length != NULL)
		body = (size_t)strtoul(length + 16, NULL, 10);
	if (end != NULL && mode == CLOSE_IN_BODY) {
		hang_up(bev, false);
	} else if (end != NULL && n >= (size_t)(end + 4 - text) + body) {
		requests++;
		evbuffer_drain(in, n);
		buf_reset(&last);
		buf_add(&last, text, n);
		misbehave(bev, end + 4);
	}
	free(text);
}

static void
on_server_event(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	(void)arg;
	hang_up(bev, false);
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct bufferevent *bev;

	(void)lev;
	(void)sa;
	(void)len;
	(void)arg;
	accepted++;
	if (mode == CLOSE_AT_ONCE) {
		close(fd);
		return;
	}
	bev = bufferevent_socket_new(loop_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	connections[slot_of(NULL)] = bev;
	bufferevent_setcb(bev, on_server_read, NULL, on_server_event, NULL);
	bufferevent_enable(bev, EV_READ);
}

static int
setup(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sin;

	(void)state;
	l = loop_new();
	listener = evconnlistener_new_bind(loop_base(l), on_accept, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64, (struct sockaddr *)&sin, sizeof sin);
	assert_non_null(listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&sin,
	    &len), 0);
	port = ntohs(sin.sin_port);
	options = (struct http_client_options){ .connections = 4, .waiting = 20,
		.answer_max = 1000 };
	mode = ANSWER;
	accepted = requests = 0;
	memset(outcomes, 0, sizeof outcomes);
	client = http_client_new(l, &options);
	return 0;
}

static void
restart(void)
{
	http_client_free(client);
	client = http_client_new(l, &options);
}

static int
teardown(void **state)
{
	(void)state;
	http_client_free(client);
	for (int i = 0; i < CONNECTIONS; i++)
		if (connections[i] != NULL)
			hang_up(connections[i], false);
	if (listener != NULL)
		evconnlistener_free(listener);
	loop_free(l);
	buf_clear(&last);
	return 0;
}

static void
on_done(void *arg, uint64_t op, const struct http_result *r)
{
	struct outcome *o = &outcomes[op];

	assert_ptr_equal(arg, &outcomes);
	assert_false(in_request);
	assert_int_equal(r->body[r->len], '\0');
	o->n++;
	o->end = r->end;
	o->status = r->status;
	str_copy(o->body, sizeof o->body, r->body);
	str_copy(o->why, sizeof o->why, r->why);
	str_copy(o->retry_after, sizeof o->retry_after, r->retry_after != NULL ? r->retry_after : "none");
	str_copy(o->limit_reset, sizeof o->limit_reset, r->limit_reset != NULL ? r->limit_reset : "none");
}

static void
ask_url(uint64_t op, const char *method, const char *url, const char *body, int64_t timeout_ms)
{
	struct http_out out = { .method = method, .url = url,
		.headers = { "Authorization: Bearer x", "Content-Type: application/json" },
		.body = body, .len = strlen(body),
		.timeout_ms = timeout_ms };

	in_request = true;
	http_client_request(client, &out, op, on_done, &outcomes);
	in_request = false;
}

static void
ask(uint64_t op, const char *method, const char *body, int64_t timeout_ms)
{
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/p?q=1", port);
	ask_url(op, method, url, body, timeout_ms);
}

struct wait {
	struct timer poll;
	uint64_t first, last;
	int64_t until;
	bool came;
};

static void
on_poll(void *arg)
{
	struct wait *w = arg;

	w->came = true;
	for (uint64_t i = w->first; i <= w->last; i++)
		w->came = w->came && outcomes[i].n > 0;
	if (w->came || loop_now(l) > w->until)
		loop_stop(l);
	else
		timer_arm(&w->poll, 2);
}

static void
wait_for(uint64_t first, uint64_t last_op)
{
	struct wait w = { .first = first, .last = last_op, .until = loop_now(l) + PATIENCE_MS };

	timer_init(&w.poll, l, on_poll, &w);
	timer_arm(&w.poll, 1);
	loop_run(l);
	if (!w.came)
		fail_msg("no completion");
	for (uint64_t i = first; i <= last_op; i++)
		assert_int_equal(outcomes[i].n, 1);
}

static void
check(uint64_t op, enum http_end end, const char *why)
{
	if (outcomes[op].end != end || strstr(outcomes[op].why, why) == NULL)
		fail_msg("op %d: end %d, %s", (int)op, (int)outcomes[op].end, outcomes[op].why);
}

static void
asks_and_keeps_the_connection(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "GET", "DELETE", "POST", "HEAD",
		"GET" };

	(void)state;
	for (uint64_t i = 0; i < NELEM(methods); i++) {
		bool has_body = *methods[i] == 'P';

		ask(i, methods[i], has_body ? "{\"a\":1}" : "", 5000);
		wait_for(i, i);
		check(i, HTTP_ANSWERED, "answered");
		assert_int_equal(outcomes[i].status, 200);
		assert_string_equal(outcomes[i].body, has_body ? "{\"a\":1}" : "");
		assert_true(str_starts(buf_str(&last), methods[i]));
		assert_non_null(strstr(buf_str(&last), " /p?q=1 HTTP/1.1\r\n"));
		assert_non_null(strstr(buf_str(&last), "\r\nAuthorization: Bearer x\r\n"));
		assert_non_null(strstr(buf_str(&last), "\r\nContent-Type: application/json\r\n"));
		assert_null(strstr(buf_str(&last), "Expect"));
		assert_null(strstr(buf_str(&last), "Transfer-Encoding"));
		assert_true(has_body == (strstr(buf_str(&last), "Content-Length: 7\r\n") != NULL));
	}
	assert_int_equal(accepted, 1);
}

static void
an_empty_post_says_its_length(void **state)
{
	(void)state;
	ask(0, "POST", "", 5000);
	wait_for(0, 0);
	check(0, HTTP_ANSWERED, "");
	assert_non_null(strstr(buf_str(&last), "Content-Length: 0\r\n"));
}

/* The worst that can happen: libcurl left alone sends these a second time and reports success. */
static void
never_sent_twice(const char *method, const char *body)
{
	mode = ANSWER_THEN_DIE;
	ask(0, method, body, 5000);
	wait_for(0, 0);
	check(0, HTTP_ANSWERED, "");
	ask(1, method, body, 5000);
	wait_for(1, 1);
	assert_int_equal(requests, 2);
	if (outcomes[1].end != HTTP_UNKNOWN)
		fail_msg("%s: %d %s", method, (int)outcomes[1].end, outcomes[1].why);
	mode = ANSWER;
	ask(2, method, body, 5000);
	wait_for(2, 2);
	check(2, HTTP_ANSWERED, "");
	assert_int_equal(requests, 3);
}

static void
a_post_is_never_sent_twice(void **state)
{
	(void)state;
	never_sent_twice("POST", "{\"pay\":1}");
}

static void
an_empty_post_is_never_sent_twice(void **state)
{
	(void)state;
	never_sent_twice("POST", "");
}

static void
a_get_is_never_sent_twice(void **state)
{
	(void)state;
	never_sent_twice("GET", "");
}

static void
a_delete_is_never_sent_twice(void **state)
{
	(void)state;
	never_sent_twice("DELETE", "");
}

static void
what_was_sent_and_not_answered_is_unknown(void **state)
{
	static const struct {
		enum mode mode;
		const char *why;
	} row[] = {
		{ MUTE, "Timeout" },
		{ CLOSE_IN_BODY, "" },
		{ HALF_ANSWER, "partial" },
		{ RESET_IN_ANSWER, "" },
		{ LONG_ANSWER, "too long" },
		{ GARBAGE, "" },
		{ CLOSE_AT_ONCE, "" },
	};
	char *body = xcalloc(1, 300001);

	(void)state;
	memset(body, 'x', 300000);
	options.answer_max = 29;
	restart();
	for (uint64_t i = 0; i < NELEM(row); i++) {
		mode = row[i].mode;
		ask(i, "POST", mode == CLOSE_IN_BODY ? body : "{}", 150);
		wait_for(i, i);
		check(i, HTTP_UNKNOWN, row[i].why);
	}
	free(body);
}

static void
what_found_no_connection_was_not_sent(void **state)
{
	(void)state;
	evconnlistener_free(listener);
	listener = NULL;
	ask(0, "POST", "{}", 2000);
	wait_for(0, 0);
	check(0, HTTP_NOT_SENT, "connect");
	/* Longer than a label may be: it fails without asking anybody. */
	ask_url(1, "POST", "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
	    "{}", 2000);
	ask_url(2, "POST", "ftp://127.0.0.1/", "{}", 2000);
	ask_url(3, "POST", "file:///etc/hostname", "{}", 2000);
	ask_url(4, "POST", "not a url", "{}", 2000);
	ask_url(5, "POST", "", "{}", 2000);
	wait_for(1, 5);
	for (uint64_t i = 1; i <= 5; i++)
		check(i, HTTP_NOT_SENT, "");
}

static void
a_failed_handshake_was_not_sent(void **state)
{
	char url[64];

	(void)state;
	mode = GARBAGE;
	snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
	ask_url(0, "POST", url, "{}", 300);
	wait_for(0, 0);
	check(0, HTTP_NOT_SENT, "");
	assert_int_equal(accepted, 1);
}

static void
connections_are_capped_and_the_queue_has_a_deadline(void **state)
{
	(void)state;
	options.connections = 2;
	restart();
	mode = MUTE;
	for (uint64_t i = 0; i < 6; i++)
		ask(i, "POST", "{}", i < 2 ? 2000 : 150);
	wait_for(0, 5);
	check(0, HTTP_UNKNOWN, "Timeout");
	check(1, HTTP_UNKNOWN, "Timeout");
	for (uint64_t i = 2; i < 6; i++)
		check(i, HTTP_NOT_SENT, "no connection in time");
	assert_int_equal(accepted, 2);
	assert_int_equal(requests, 2);
	mode = ANSWER;
	for (uint64_t i = 6; i < 16; i++)
		ask(i, "POST", "{}", 5000);
	wait_for(6, 15);
	for (uint64_t i = 6; i < 16; i++)
		check(i, HTTP_ANSWERED, "");
	assert_int_equal(accepted, 4);
}

static const char *allowed;	/* the only address that may be connected to */
static char asked_for[4][64];
static int asked_n;

static bool
on_allow(void *arg, const char *address)
{
	assert_ptr_equal(arg, &outcomes);
	if (asked_n < 4)
		snprintf(asked_for[asked_n], sizeof asked_for[0], "%s", address);
	asked_n++;
	return strcmp(address, allowed) == 0;
}

static void
ask_guarded(uint64_t op, const char *host)
{
	char url[64];
	struct http_out out = { .method = "POST", .url = url, .body = "{}", .len = 2, .timeout_ms = 3000,
		.allow = on_allow };

	snprintf(url, sizeof url, "http://%s:%d/", host, port);
	http_client_request(client, &out, op, on_done, &outcomes);
}

static void
forbidden_addresses_are_not_connected_to(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001",
		"[::ffff:127.0.0.1]", "[::1]" };

	(void)state;
	allowed = "8.8.8.8";
	for (uint64_t i = 0; i < NELEM(hosts); i++) {
		asked_n = 0;
		ask_guarded(i, hosts[i]);
		wait_for(i, i);
		check(i, HTTP_NOT_SENT, HTTP_WHY_FORBIDDEN);
		assert_true(asked_n > 0);
	}
	assert_int_equal(accepted, 0);
}

/* What one request was allowed another one is asked anew; one without a guard does not take over its connection. */
static void
each_guarded_request_is_judged(void **state)
{
	(void)state;
	allowed = "127.0.0.1";
	asked_n = 0;
	ask_guarded(0, "127.0.0.1");
	wait_for(0, 0);
	check(0, HTTP_ANSWERED, "");
	assert_string_equal(asked_for[0], "127.0.0.1");
	allowed = "8.8.8.8";
	ask_guarded(1, "127.0.0.1");
	wait_for(1, 1);
	check(1, HTTP_NOT_SENT, HTTP_WHY_FORBIDDEN);
	ask(2, "POST", "{}", 2000);
	wait_for(2, 2);
	check(2, HTTP_ANSWERED, "");
	ask_guarded(3, "127.0.0.1");
	wait_for(3, 3);
	check(3, HTTP_NOT_SENT, HTTP_WHY_FORBIDDEN);
	assert_int_equal(accepted, 2);
}

/* Of several addresses of a name the allowed ones are tried. */
static void
the_next_address_is_tried(void **state)
{
	(void)state;
	allowed = "127.0.0.1";
	ask_guarded(0, "localhost");
	wait_for(0, 0);
	check(0, HTTP_ANSWERED, "");
}

static void
too_many_waiting_are_refused(void **state)
{
	(void)state;
	options.waiting = 2;
	restart();
	for (uint64_t i = 0; i < 4; i++)
		ask(i, "POST", "{}", 5000);
	wait_for(0, 3);
	check(0, HTTP_ANSWERED, "");
	check(1, HTTP_ANSWERED, "");
	check(2, HTTP_NOT_SENT, "too many");
	check(3, HTTP_NOT_SENT, "too many");
	assert_int_equal(requests, 2);
}

static void
headers_of_a_rate_limit(void **state)
{
	(void)state;
	mode = LIMIT;
	ask(0, "GET", "", 5000);
	wait_for(0, 0);
	assert_int_equal(outcomes[0].status, 429);
	assert_string_equal(outcomes[0].retry_after, "7");
	assert_string_equal(outcomes[0].limit_reset, "1445412483");
	mode = ANSWER;
	ask(1, "GET", "", 5000);
	wait_for(1, 1);
	assert_string_equal(outcomes[1].retry_after, "none");	/* of this answer, not of the one before */
	assert_string_equal(outcomes[1].limit_reset, "none");
}

static void
redirects_are_answers(void **state)
{
	(void)state;
	mode = REDIRECT;
	ask(0, "POST", "{}", 5000);
	wait_for(0, 0);
	check(0, HTTP_ANSWERED, "");
	assert_int_equal(outcomes[0].status, 302);
	assert_int_equal(requests, 1);
}

static void
the_environment_chooses_no_proxy(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	ask(0, "POST", "{}", 5000);
	wait_for(0, 0);
	unsetenv("http_proxy");
	check(0, HTTP_ANSWERED, "");
}

static void
a_line_break_in_a_header_is_refused(void **state)
{
	struct http_out out = { .method = "POST", .url = "http://127.0.0.1/", .headers =
		{ "X: a\r\nY: b" }, .timeout_ms = 1000 };

	(void)state;
	http_client_request(client, &out, 0, on_done, &outcomes);
	wait_for(0, 0);
	check(0, HTTP_NOT_SENT, "line break");
}

static void
on_done_ask_again(void *arg, uint64_t op, const struct http_result *r)
{
	on_done(arg, op, r);
	if (op < 5) {
		char url[64];
		struct http_out out = { .method = "POST", .url = url, .body = "again", .len = 5,
			.timeout_ms = 5000 };

		snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
		http_client_request(client, &out, op + 1, on_done_ask_again, arg);
	}
}

static void
a_completion_may_ask_again(void **state)
{
	(void)state;
	on_done_ask_again(&outcomes, 0, &(struct http_result){ .body = "", .why = "" });
	wait_for(0, 5);
	assert_int_equal(requests, 5);
	for (uint64_t i = 1; i <= 5; i++)
		check(i, HTTP_ANSWERED, "");
}

static void
free_completes_what_is_open(void **state)
{
	(void)state;
	mode = MUTE;
	options.waiting = 3;
	restart();
	for (uint64_t i = 0; i < 4; i++)
		ask(i, "POST", "{}", 5000);
	wait_for(3, 3);
	check(3, HTTP_NOT_SENT, "too many");
	ask(4, "POST", "{}", 5000);		/* refused, but not told yet */
	http_client_free(client);
	client = NULL;
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(outcomes[i].n, 1);
		check(i, HTTP_UNKNOWN, "stopping");
	}
	assert_int_equal(outcomes[4].n, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_and_keeps_the_connection),
		TEST(an_empty_post_says_its_length),
		TEST(a_post_is_never_sent_twice),
		TEST(an_empty_post_is_never_sent_twice),
		TEST(a_get_is_never_sent_twice),
		TEST(a_delete_is_never_sent_twice),
		TEST(what_was_sent_and_not_answered_is_unknown),
		TEST(what_found_no_connection_was_not_sent),
		TEST(a_failed_handshake_was_not_sent),
		TEST(connections_are_capped_and_the_queue_has_a_deadline),
		TEST(too_many_waiting_are_refused),
		TEST(headers_of_a_rate_limit),
		TEST(forbidden_addresses_are_not_connected_to),
		TEST(each_guarded_request_is_judged),
		TEST(the_next_address_is_tried),
		TEST(redirects_are_answers),
		TEST(the_environment_chooses_no_proxy),
		TEST(a_line_break_in_a_header_is_refused),
		TEST(a_completion_may_ask_again),
		TEST(free_completes_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
