/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server against raw sockets: its limits, deadlines and framing. TLS and proxies: test_http_edge.c. */
#include "http_peers.h"

static void
answers_over_a_kept_connection(void **state)
{
	struct peer *p;

	(void)state;
	start();
	p = dial(0);
	say(p, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
	WAIT(one_answer, p);
	assert_non_null(strstr(buf_str(&p->in), "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(buf_str(&p->in), "Content-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(buf_str(&p->in), "\r\n\r\nhello"));
	assert_false(p->eof);
	say(p, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo");
	WAIT(two_answers, p);
	assert_non_null(strstr(buf_str(&p->in), "\r\n\r\ntwo"));
	assert_string_equal(buf_str(&seen), "POST /a;POST /b;");
}

static void
on_fields(void *arg, uint64_t id, const struct http_req *r)
{
	size_t len;

	(void)arg;
	assert_string_equal(http_req_path(r), "/ussd/a b");
	assert_string_equal(http_req_query(r, "key"), "x+y z");
	assert_string_equal(http_req_query(r, "empty"), "");
	assert_string_equal(http_req_query(r, "bare"), "");
	assert_null(http_req_query(r, "none"));
	assert_string_equal(http_req_form(r, "text"), "1*2#&=");
	assert_string_equal(http_req_form(r, "phone"), "+27821234567");
	assert_string_equal(http_req_form(r, "odd"), "100%");
	assert_null(http_req_form(r, "key"));
	assert_string_equal(http_req_header(r, "authorization"), "KEY");
	assert_null(http_req_header(r, "X-None"));
	assert_string_equal(http_req_peer(r), "127.0.0.1");
	assert_int_equal(http_req_body(r, &len)[0], 't');
	assert_int_equal(len, 54);
	http_answer(server, id, 204, NULL, "", 0);
	handled++;
}

static void
reads_query_form_and_headers(void **state)
{
	struct peer *p;

	(void)state;
	options.handler = on_fields;
	start();
	p = dial(0);
	say(p, "POST /ussd/a%20b?key=x%2By+z&empty=&bare&&key=2 HTTP/1.1\r\nHost: x\r\n"
	    "Authorization: KEY\r\n"
	    "Content-Type: Application/x-www-form-urlencoded; charset=UTF-8\r\n"
	    "Content-Length: 54\r\n\r\ntext=1*2%23%26%3D&phone=%2b27821234567&odd=100%&last=x");
	WAIT(one_answer, p);
	assert_int_equal(handled, 1);
	assert_non_null(strstr(buf_str(&p->in), "204 No Content"));
}

static void
takes_a_request_octet_by_octet(void **state)
{
	static const char text[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
	struct peer *p;

	(void)state;
	start();
	p = dial(0);
	for (size_t i = 0; i < sizeof text - 1; i++) {
		assert_int_equal(send(p->fd, text + i, 1, MSG_NOSIGNAL), 1);
		if (i % 7 == 0)
			WAIT(closed, &(struct peer){ .eof = true });
	}
	WAIT(one_answer, p);
	assert_non_null(strstr(buf_str(&p->in), "\r\n\r\nhello"));
}

static void
pipelined_requests_wait_for_each_other(void **state)
{
	struct peer *p;

	(void)state;
	defer_answers = true;
	start();
	p = dial(0);
	say(p, GET("/1") GET("/2"));
	WAIT(handled_once, NULL);
	WAIT(closed, &(struct peer){ .eof = true });
	assert_int_equal(handled, 1);
	assert_int_equal(http_server_held(server), 1);
	http_answer(server, ids[0], 200, "application/json", "{}", 2);
	http_answer(server, ids[0], 200, NULL, "twice", 5);
	http_answer(server, 999, 200, NULL, "unknown", 7);
	WAIT(handled_twice, NULL);
	assert_int_equal(http_server_held(server), 1);
	http_answer(server, ids[1], 500, NULL, "second", 6);
	http_answer(server, ids[0], 200, NULL, "twice", 5);
	WAIT(two_answers, p);
	assert_non_null(strstr(buf_str(&p->in), "Content-Type: application/json\r\n"));
	assert_non_null(strstr(buf_str(&p->in), "\r\n\r\n{}HTTP/1.1 500"));
	assert_null(strstr(buf_str(&p->in), "twice"));
	assert_int_equal(count(p, "HTTP/1.1"), 2);
	assert_int_equal(http_server_held(server), 0);
}

#define POST "POST /a HTTP/1.1\r\nHost: x\r\n"
#define GET_A "GET /a HTTP/1.1\r\nHost: x\r\n"
#define SMUG GET("/smug")	/* must never be seen */

static const struct {
	const char *name, *request;
	int status;
} bad[] = {
	{ "two lengths", POST "Content-Length: 2\r\nContent-Length: 60\r\n\r\nhi" SMUG, 400 },
	{ "two equal lengths", POST "Content-Length: 2\r\n"
	    "Content-Length: 2\r\n\r\nhi" SMUG, 400 },
	{ "length with sign", POST "Content-Length: +2\r\n\r\nhi" SMUG, 400 },
	{ "length list", POST "Content-Length: 2, 2\r\n\r\nhi" SMUG, 400 },
	{ "negative length", POST "Content-Length: -2\r\n\r\nhi", 400 },
	{ "length with space before colon",
	    POST "Content-Length : 40\r\n\r\n" SMUG, 400 },
	{ "unknown coding", POST "Transfer-Encoding: xchunked\r\n\r\n" SMUG, 411 },
	{ "coding list", POST "Transfer-Encoding: gzip, chunked\r\n\r\n"
	    "0\r\n\r\n" SMUG, 411 },
	{ "chunked", POST "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"
	    "0\r\n\r\n" SMUG, 411 },
	{ "length beside coding", POST "Transfer-Encoding: x\r\n"
	    "Content-Length: 2\r\n\r\nhi" SMUG, 400 },
	{ "length beside chunked", POST "Transfer-Encoding: chunked\r\n"
	    "Content-Length: 6\r\n\r\n0\r\n\r\n" SMUG, 400 },
	{ "no host", "GET /a HTTP/1.1\r\nX: y\r\n\r\n" SMUG, 400 },
	{ "two hosts", GET_A "Host: y\r\n\r\n" SMUG, 400 },
	{ "odd header name", GET_A "A(b: y\r\n\r\n" SMUG, 400 },
	{ "control in a value", GET_A "A: y\001z\r\n\r\n" SMUG, 400 },
	{ "head with body", "HEAD /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n" SMUG, 400 },
	{ "space in target", "GET /a b c HTTP/1.1\r\nHost: x\r\n\r\n" SMUG, 400 },
	{ "absolute target", "GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n" SMUG, 400 },
	{ "no slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n" SMUG, 400 },
	{ "dots", GET("/a/../b") SMUG, 400 },
	{ "dots at the end", GET("/a/..") SMUG, 400 },
	{ "encoded dots", GET("/a/%2e%2E/b") SMUG, 400 },
	{ "encoded slash makes two", GET("/a/%2fb") SMUG, 400 },
	{ "two slashes", GET("//a") SMUG, 400 },
	{ "backslash", GET("/a\\b") SMUG, 400 },
	{ "nul in path", GET("/a%00b") SMUG, 400 },
	{ "newline in path", GET("/a%0ab") SMUG, 400 },
	{ "bad escape in path", GET("/a%zz") SMUG, 400 },
	{ "cut escape in path", GET("/a%4") SMUG, 400 },
	{ "nul in query", GET("/a?b=%00") SMUG, 400 },
	{ "fragment", GET("/a#b") SMUG, 400 },
	{ "trace", "TRACE /a HTTP/1.1\r\nHost: x\r\n\r\n" SMUG, 501 },
	{ "options", "OPTIONS /a HTTP/1.1\r\nHost: x\r\n\r\n" SMUG, 501 },
	{ "unknown method", "BREW /a HTTP/1.1\r\nHost: x\r\n\r\n" SMUG, 501 },
	{ "http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400 },
	{ "too long a body", POST "Content-Length: 1001\r\n\r\n", 413 },
	{ "huge length", POST "Content-Length: 99999999999999999999999\r\n\r\n",
	    413 },
};

static void
lying_framing_is_refused_and_what_follows_is_discarded(void **state)
{
	int64_t refused = metric_get(M_HTTP_REFUSED);
	char want[16];

	(void)state;
	start();
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct peer *p = dial(0);

		say(p, bad[i].request);
		WAIT(closed, p);
		snprintf(want, sizeof want, " %d ", bad[i].status);
		if (count(p, "HTTP/") != 1 || strstr(buf_str(&p->in), want) == NULL)
			fail_msg("%s: %s", bad[i].name, buf_str(&p->in));
		if (handled > 0)
			fail_msg("%s: the handler saw %s", bad[i].name, buf_str(&seen));
		close(p->fd);
		p->fd = -1;
		buf_reset(&p->in);
		p->eof = false;
	}
	assert_true(metric_get(M_HTTP_REFUSED) >= refused + 30);
}

static void
connect_is_shut_down(void **state)
{
	struct peer *p;

	(void)state;
	start();
	p = dial(0);
	say(p, "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n" GET("/smug"));
	WAIT(closed, p);
	assert_int_equal(handled, 0);
}

static void
too_long_headers_are_refused(void **state)
{
	struct peer *p;
	char line[1024];

	(void)state;
	start();
	p = dial(0);
	memset(line, 'a', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	say(p, "GET /a HTTP/1.1\r\nHost: x\r\nA: ");
	say(p, line);
	say(p, "\r\nB: ");
	say(p, line);
	say(p, "\r\n\r\n");
	WAIT(closed, p);
	assert_non_null(strstr(buf_str(&p->in), " 400 "));
	assert_int_equal(handled, 0);
}

static void
old_http_and_head_work(void **state)
{
	struct peer *p;

	(void)state;
	start();
	p = dial(0);
	say(p, "HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
	WAIT(one_answer, p);
	assert_non_null(strstr(buf_str(&p->in), "Content-Length: 0\r\n"));
	p = dial(1);
	say(p, "GET /old HTTP/1.0\r\n\r\n");
	WAIT(closed, p);
	assert_non_null(strstr(buf_str(&p->in), " 200 "));
	assert_string_equal(buf_str(&seen), "HEAD /h;GET /old;");
}

static void
an_unanswered_request_gets_503(void **state)
{
	struct peer *p;

	(void)state;
	options.answer_s = 1;
	defer_answers = true;
	start();
	p = dial(0);
	say(p, GET("/never"));
	WAIT(one_answer, p);
	assert_non_null(strstr(buf_str(&p->in), " 503 "));
	http_answer(server, ids[0], 200, NULL, "late", 4);
	say(p, GET("/again"));
	WAIT(handled_twice, NULL);
	http_answer(server, ids[1], 200, NULL, "good", 4);
	WAIT(two_answers, p);
	assert_null(strstr(buf_str(&p->in), "late"));
	assert_non_null(strstr(buf_str(&p->in), "good"));
}

static bool
all_slow_closed(void *arg)
{
	(void)arg;
	for (int i = 1; i <= 4; i++)
		if (!peers[i].eof)
			return false;
	return true;
}

static void
slow_clients_are_closed_and_honest_ones_served(void **state)
{
	int64_t slow = metric_get(M_HTTP_CLOSED_SLOW);
	struct peer *p;

	(void)state;
	options.arrive_s = 1;
	start();
	dial(1);					/* mute */
	say(dial(2), "GET /");				/* one octet at a time, for ever */
	peers[2].dribble = true;
	say(dial(3), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
	p = dial(4);					/* the second request is the slow one */
	say(p, GET("/good"));
	WAIT(one_answer, p);
	say(p, "GET /slow");
	p = dial(0);
	say(p, GET("/good"));
	WAIT(one_answer, p);
	WAIT(all_slow_closed, NULL);
	assert_false(p->eof);
	say(p, GET("/good"));
	WAIT(two_answers, p);
	assert_int_equal(metric_get(M_HTTP_CLOSED_SLOW) - slow, 4);
	assert_int_equal(handled, 3);
}

static void
idle_connections_are_closed_quietly(void **state)
{
	int64_t slow = metric_get(M_HTTP_CLOSED_SLOW);
	struct peer *p;

	(void)state;
	options.idle_s = 1;
	start();
	p = dial(0);
	say(p, GET("/a"));
	WAIT(one_answer, p);
	WAIT(closed, p);
	assert_int_equal(metric_get(M_HTTP_CLOSED_SLOW), slow);
}

static bool
at_most_five(void *arg)
{
	(void)arg;
	return metric_get(M_HTTP_CONNECTIONS) <= 5;
}

static void
at_the_cap_the_longest_reader_goes(void **state)
{
	struct peer *honest, *held;

	(void)state;
	options.connections = 5;
	defer_answers = true;
	start();
	held = dial(50);
	say(held, GET("/held"));
	WAIT(handled_once, NULL);
	defer_answers = false;
	for (int i = 1; i <= 20; i++)
		say(dial(i), "GET /slow");
	WAIT(closed, &peers[16]);
	assert_true(peers[1].eof);
	assert_false(peers[20].eof);
	honest = dial(0);
	say(honest, GET("/good"));
	WAIT(one_answer, honest);
	WAIT(at_most_five, NULL);
	http_answer(server, ids[0], 200, NULL, "kept", 4);
	WAIT(one_answer, held);
}

static bool
five_held(void *arg)
{
	(void)arg;
	return http_server_held(server) == 5;
}

static void
when_all_are_held_the_newcomer_goes(void **state)
{
	(void)state;
	options.connections = 5;
	defer_answers = true;
	start();
	for (int i = 0; i < 5; i++)
		say(dial(i), GET("/held"));
	WAIT(five_held, NULL);
	/* What it had said already is not done: nobody would hear of it. */
	say(dial(5), GET("/refused"));
	WAIT(closed, &peers[5]);
	assert_int_equal(handled, 5);
	for (int i = 0; i < 5; i++)
		http_answer(server, ids[i], 200, NULL, "x", 1);
	for (int i = 0; i < 5; i++)
		WAIT(one_answer, &peers[i]);
}

static bool
something_slow_closed(void *arg)
{
	return metric_get(M_HTTP_CLOSED_SLOW) > *(int64_t *)arg;
}

static void
unfinished_bodies_have_a_budget(void **state)
{
	int64_t slow = metric_get(M_HTTP_CLOSED_SLOW);
	struct peer *p;
	char *body;

	(void)state;
	options.connections = 100;
	options.body_max = 20000;
	start();
	body = xcalloc(1, 19001);
	memset(body, 'x', 19000);
	for (int i = 1; i < 95; i++) {
		p = dial(i);
		say(p, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n");
		say(p, body);
	}
	WAIT(something_slow_closed, &slow);
	p = dial(0);
	say(p, GET("/good"));
	WAIT(one_answer, p);
	assert_int_equal(handled, 1);
	free(body);
}

static bool
is_zero(void *arg)
{
	(void)arg;
	return metric_get(M_HTTP_CONNECTIONS) == 0;
}

static void
an_answer_that_is_not_taken_ends_the_connection(void **state)
{
	struct peer *p;
	int64_t slow = metric_get(M_HTTP_CLOSED_SLOW);

	(void)state;
	options.arrive_s = 1;
	answer_size = 32u << 20;
	start();
	p = dial(0);
	say(p, GET("/big"));
	WAIT_DEAF(handled_once, NULL);
	WAIT_DEAF(is_zero, NULL);
	assert_int_equal(metric_get(M_HTTP_CLOSED_SLOW), slow + 1);
}

static void
hang_up(struct peer *p, bool reset)
{
	struct linger linger = { .l_onoff = reset, .l_linger = 0 };

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(p->fd);
	p->fd = -1;
}

static void
clients_may_go_at_any_time(void **state)
{
	struct peer *p;

	(void)state;
	start();
	for (int reset = 0; reset < 2; reset++) {
		hang_up(dial(0), reset);		/* before a word */
		p = dial(0);
		say(p, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
		hang_up(p, reset);
		p = dial(0);
		say(p, "GET /");
		hang_up(p, reset);
		handled = 0;
		answer_size = 8u << 20;			/* in the middle of the answer */
		p = dial(0);
		say(p, GET("/big"));
		WAIT_DEAF(handled_once, NULL);
		hang_up(p, reset);
		answer_size = 0;
		handled = 0;
		defer_answers = true;			/* while it is held */
		p = dial(0);
		say(p, GET("/held"));
		WAIT(handled_once, NULL);
		hang_up(p, reset);
		WAIT(closed, &(struct peer){ .eof = true });
		http_answer(server, ids[0], 200, NULL, "gone", 4);
		defer_answers = false;
		WAIT(is_zero, NULL);
	}
	assert_int_equal(http_server_held(server), 0);
}

static void
a_stopping_server_answers_and_closes(void **state)
{
	struct peer *p, *late;

	(void)state;
	defer_answers = true;
	start();
	p = dial(0);
	late = dial(1);
	say(p, GET("/a"));
	WAIT(handled_once, NULL);
	say(late, GET("/b"));
	WAIT(handled_twice, NULL);
	http_server_stop_accepting(server);
	assert_true(http_server_port(server) > 0);
	http_answer(server, ids[0], 200, NULL, "done", 4);
	WAIT(closed, p);
	assert_non_null(strstr(buf_str(&p->in), "Connection: close\r\n"));
	assert_non_null(strstr(buf_str(&p->in), "done"));
	http_server_free(server);
	server = NULL;
	WAIT(closed, late);
	assert_non_null(strstr(buf_str(&late->in), " 503 "));
}

static void
survives_running_out_of_descriptors(void **state)
{
	struct rlimit old, low;
	struct peer *p;
	int64_t failed = metric_get(M_HTTP_ACCEPT_FAILED), began;
	int spare, old_stderr;
	char text[4096] = "";
	FILE *log;

	(void)state;
	old_stderr = dup(STDERR_FILENO);
	log = tmpfile();
	assert_non_null(log);
	dup2(fileno(log), STDERR_FILENO);
	start();
	p = dial(0);		/* waits in the backlog */
	spare = dup(p->fd);
	assert_true(spare >= 0);
	close(spare);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)spare;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	say(p, GET("/a"));
	began = loop_now(l);
	for (int i = 0; i < 5; i++)
		WAIT(closed, &(struct peer){ .eof = true });
	assert_int_equal(handled, 0);
	failed = metric_get(M_HTTP_ACCEPT_FAILED) - failed;
	assert_in_range(failed, 1, 2 + (loop_now(l) - began) / 100);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	WAIT(one_answer, p);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	/* Ours, not libevent's: the listener paused instead of spinning. */
	assert_true(pread(fileno(log), text, sizeof text - 1, 0) > 0);
	fclose(log);
	assert_non_null(strstr(text, " http accept server=test why=\"Too many open files\""));
	assert_null(strstr(text, " libevent "));
}

static void
listens_on_ipv6_and_says_why_it_cannot(void **state)
{
	char err[128] = "", address[64];

	(void)state;
	options.address = "[::1]:0";
	start();
	snprintf(address, sizeof address, "[::1]:%d", http_server_port(server));
	options.address = address;
	assert_null(http_server_new(l, &options, err, sizeof err));
	assert_true(str_starts(err, "bind [::1]:"));
	assert_non_null(strstr(err, ": Address already in use"));
	options.address = "nonsense";
	assert_null(http_server_new(l, &options, err, sizeof err));
	assert_non_null(strstr(err, "\"nonsense\": expected"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_over_a_kept_connection),
		TEST(reads_query_form_and_headers),
		TEST(takes_a_request_octet_by_octet),
		TEST(pipelined_requests_wait_for_each_other),
		TEST(lying_framing_is_refused_and_what_follows_is_discarded),
		TEST(connect_is_shut_down),
		TEST(too_long_headers_are_refused),
		TEST(old_http_and_head_work),
		TEST(an_unanswered_request_gets_503),
		TEST(slow_clients_are_closed_and_honest_ones_served),
		TEST(idle_connections_are_closed_quietly),
		TEST(at_the_cap_the_longest_reader_goes),
		TEST(when_all_are_held_the_newcomer_goes),
		TEST(unfinished_bodies_have_a_budget),
		TEST(an_answer_that_is_not_taken_ends_the_connection),
		TEST(clients_may_go_at_any_time),
		TEST(a_stopping_server_answers_and_closes),
		TEST(survives_running_out_of_descriptors),
		TEST(listens_on_ipv6_and_says_why_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
