/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP server shows to those around it: the client behind a proxy, the access log, and what peers rely on. */
#include "http_peers.h"

#include <dirent.h>
#include <netinet/tcp.h>

static const char proxies[][FORWARDED_ADDRESS] = { "127.0.0.0/8", "10.0.0.0/8" };
static char client[64];
static FILE *captured;
static int old_stderr;

static void
capture(void)
{
	fflush(stderr);
	old_stderr = dup(STDERR_FILENO);
	captured = tmpfile();
	assert_non_null(captured);
	dup2(fileno(captured), STDERR_FILENO);
}

static const char *
release_log(void)
{
	static char text[65536];
	ssize_t n;

	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	n = pread(fileno(captured), text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	fclose(captured);
	return text;
}

static void
on_who(void *arg, uint64_t id, const struct http_req *r)
{
	(void)arg;
	str_copy(client, sizeof client, http_req_peer(r));
	handled++;
	http_header(server, id, "Retry-After", "7");
	http_header(server, id + 100, "X-Unknown", "1");
	http_answer(server, id, 429, NULL, "slow down", 9);
}

/* Asks with these headers; the answer's status stands in front of the text. */
static const char *
ask(const char *headers)
{
	struct peer *p = dial(0);

	client[0] = '\0';
	handled = 0;
	say(p, "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
	say(p, headers);
	say(p, "\r\n");
	WAIT(closed, p);
	close(p->fd);
	p->fd = -1;
	p->eof = false;
	return client;
}

#define ASK(headers) (buf_reset(&peers[0].in), ask(headers))

static void
only_a_named_proxy_says_who_the_client_is(void **state)
{
	int64_t bad = metric_get(M_HTTP_FORWARDED_BAD);

	(void)state;
	options.handler = on_who;
	start();
	assert_string_equal(ASK("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\n"), "127.0.0.1");
	http_server_free(server);
	options.proxies = (struct http_proxies){ proxies + 1, 1, FORWARDED_X_FOR };	/* another one than we are */
	start();
	assert_string_equal(ASK("X-Forwarded-For: 192.0.2.1\r\n"), "127.0.0.1");
	assert_string_equal(ASK("X-Forwarded-For: nonsense\r\n"), "127.0.0.1");
	http_server_free(server);
	options.proxies = (struct http_proxies){ proxies, 2, FORWARDED_X_FOR };
	start();
	assert_string_equal(ASK("X-Forwarded-For: 192.0.2.1\r\n"), "192.0.2.1");
	assert_string_equal(ASK("x-forwarded-for: 192.0.2.66\r\nForwarded: for=192.0.2.2\r\n"
	    "X-Forwarded-For: 192.0.2.1, 10.0.0.7\r\n"), "192.0.2.1");
	assert_string_equal(ASK("Forwarded: for=192.0.2.2\r\n"), "127.0.0.1");
	assert_string_equal(ASK(""), "127.0.0.1");
	assert_int_equal(metric_get(M_HTTP_FORWARDED_BAD), bad);
	assert_string_equal(ASK("X-Forwarded-For: 192.0.2.1, unknown\r\n"), "");
	assert_int_equal(handled, 0);
	assert_non_null(strstr(buf_str(&peers[0].in), "HTTP/1.1 400 "));
	assert_int_equal(metric_get(M_HTTP_FORWARDED_BAD), bad + 1);
	http_server_free(server);
	options.proxies.form = FORWARDED_RFC7239;
	start();
	assert_string_equal(ASK("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=\"[2001:db8::2]:80\";proto=https\r\n"),
	    "2001:db8::2");
}

static void
an_answer_carries_the_headers_given(void **state)
{
	(void)state;
	options.handler = on_who;
	start();
	ASK("");
	assert_non_null(strstr(buf_str(&peers[0].in), "HTTP/1.1 429 "));
	assert_non_null(strstr(buf_str(&peers[0].in), "Retry-After: 7\r\n"));
	assert_null(strstr(buf_str(&peers[0].in), "X-Unknown"));
}

static void
show_first_part(void *arg, const char *path, char *out, size_t size)
{
	(void)arg;
	str_format(out, size, "path=%.3s channel=\"a\nb\"", path);
}

static bool
no_connections(void *arg)
{
	(void)arg;
	return metric_get(M_HTTP_CONNECTIONS) == 0;
}

static void
each_request_has_a_line_without_its_secrets(void **state)
{
	static const char *const secrets[] = { "SECRET", "PIN=", "Bearer", "27821234567" };
	struct peer *p;
	const char *log;

	(void)state;
	options.access_log = true;
	options.show_path = show_first_part;
	options.proxies = (struct http_proxies){ proxies, 2, FORWARDED_X_FOR };
	start();
	capture();
	p = dial(0);
	say(p, "POST /aSECRET/27821234567?key=SECRET HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer SECRET\r\n"
	    "X-Forwarded-For: 192.0.2.1\r\nContent-Length: 9\r\n\r\nPIN=12345");
	WAIT(one_answer, p);
	defer_answers = true;
	handled = 0;
	say(p, GET("/bSECRET"));
	WAIT(handled_once, NULL);
	http_drop(server, ids[0]);
	WAIT(closed, p);
	p = dial(1);
	say(p, "GET /cSECRET?key=%00SECRET HTTP/1.1\r\nHost: x\r\n\r\n");
	WAIT(closed, p);
	p = dial(2);
	say(p, "GET /dSECRET HTTP/1.1\r\nHost: SECRET");
	close(p->fd);
	p->fd = -1;
	p = dial(3);
	say(p, "SECRET\r\n\r\n");
	WAIT(closed, p);
	WAIT(no_connections, NULL);
	log = release_log();
	assert_non_null(strstr(log, " http server=test peer=192.0.2.1 via=127.0.0.1 method=POST path=/aS channel=?a?b? "
	    "status=200 in=9 out=9 ms="));
	assert_non_null(strstr(log, " method=GET path=/bS channel=?a?b? status=0 in=0 out=0 ms="));
	assert_non_null(strstr(log, " end=dropped"));
	assert_non_null(strstr(log, " peer=127.0.0.1 method=GET path=- status=400 in=0 out="));
	assert_non_null(strstr(log, " end=refused"));
	assert_non_null(strstr(log, " method=- path=- status=0 in=35 out=0 ms="));
	assert_non_null(strstr(log, " end=unfinished"));
	assert_non_null(strstr(log, " in=10 out=0"));
	for (size_t i = 0; i < NELEM(secrets); i++)
		if (strstr(log, secrets[i]) != NULL)
			fail_msg("%s stands in the log: %s", secrets[i], log);
}

static void
no_line_where_none_is_wanted(void **state)
{
	struct peer *p;
	const char *log;

	(void)state;
	start();
	capture();
	p = dial(0);
	say(p, GET("/a"));
	WAIT(one_answer, p);
	log = release_log();
	assert_null(strstr(log, " http "));
}

static void
late_and_lost_ones_have_their_line_too(void **state)
{
	struct peer *p;
	const char *log;

	(void)state;
	options.access_log = true;
	options.answer_s = 1;
	defer_answers = true;
	start();
	capture();
	p = dial(0);
	say(p, GET("/late"));
	WAIT(one_answer, p);
	log = release_log();
	assert_non_null(strstr(log, " status=503 "));
	assert_non_null(strstr(log, " end=late"));
}

/* Peers with a body ask first (RFC 9110 section 10.1.1); one that is told so saves sending it. */
static void
expect_is_answered(void **state)
{
	struct peer *p;

	(void)state;
	start();
	p = dial(0);
	say(p, "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	WAIT(one_answer, p);
	assert_non_null(strstr(buf_str(&p->in), "HTTP/1.1 100 Continue\r\n"));
	assert_int_equal(handled, 0);
	say(p, "hi");
	WAIT(two_answers, p);
	assert_non_null(strstr(buf_str(&p->in), "HTTP/1.1 200 OK"));
	p = dial(1);
	say(p, "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
	WAIT(closed, p);
	assert_non_null(strstr(buf_str(&p->in), " 413 "));
	p = dial(2);
	say(p, "POST /e HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n");
	WAIT(closed, p);
	assert_non_null(strstr(buf_str(&p->in), " 417 "));
	assert_int_equal(handled, 1);
}

static void
a_client_that_has_said_all_gets_its_answer(void **state)
{
	struct peer *p;

	(void)state;
	defer_answers = true;
	start();
	p = dial(0);
	say(p, GET("/half"));
	assert_int_equal(shutdown(p->fd, SHUT_WR), 0);
	WAIT(handled_once, NULL);
	http_answer(server, ids[0], 200, NULL, "still", 5);
	WAIT(closed, p);
	assert_non_null(strstr(buf_str(&p->in), "still"));
}

/* The other ends of our peers' sockets: of this process, as we are both sides. */
static int
accepted_with(int option)
{
	struct sockaddr_in sin;
	int n = 0, value;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		int fd = atoi(e->d_name);
		socklen_t len = sizeof sin, size = sizeof value;
		struct sockaddr_in to;

		if (getsockname(fd, (struct sockaddr *)&sin, &len) != 0 || len != sizeof sin ||
		    ntohs(sin.sin_port) != http_server_port(server))
			continue;
		len = sizeof to;
		if (getpeername(fd, (struct sockaddr *)&to, &len) == 0 &&
		    getsockopt(fd, IPPROTO_TCP, option, &value, &size) == 0)
			n += value != 0;
	}
	closedir(dir);
	return n;
}

/* Two records of one answer would else wait 44 ms for each other. */
static void
answers_are_not_held_back(void **state)
{
	(void)state;
	start();
	for (int i = 0; i < 3; i++) {
		say(dial(i), GET("/a"));
		WAIT(one_answer, &peers[i]);
	}
	assert_int_equal(accepted_with(TCP_NODELAY), 3);
}

static bool
any_closed(void *arg)
{
	(void)arg;
	for (int i = 0; i < PEERS; i++)
		if (peers[i].fd >= 0 && peers[i].eof)
			return true;
	return false;
}

static void
str_fill(char *s, size_t size)
{
	memset(s, 'x', size - 1);
	s[size - 1] = '\0';
}

/* Over the budget the biggest goes, not whoever sends the octet too much. */
static void
the_biggest_unfinished_body_goes_first(void **state)
{
	char chunk[15001], more[201];
	struct peer *big;

	(void)state;
	options.connections = 100;
	options.body_max = 20000;
	str_fill(chunk, sizeof chunk);
	str_fill(more, sizeof more);
	start();
	big = dial(0);
	say(big, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n");
	say(big, chunk);
	for (int i = 0; i < 20; i++)
		say(big, more);
	for (int i = 1; i < PEERS; i++) {
		say(dial(i), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n");
		say(&peers[i], chunk);
	}
	/* 64 whole requests and 100 small ones are 1.6 MB, which they come to little by little. */
	for (int round = 0; round < 20 && !any_closed(NULL); round++) {
		for (int i = 1; i < PEERS; i++)
			if (!peers[i].eof)
				say(&peers[i], more);
		WAIT(closed, &(struct peer){ .eof = true });
	}
	WAIT(any_closed, NULL);
	assert_true(big->eof);
	assert_int_equal(handled, 0);
}

#define MANY ((size_t)32 << 20)		/* octets; sockets of both sides keep much less */

static size_t flood;			/* octets that peer 0 has sent */

static bool
flood_ends(void *arg)
{
	static char chunk[65536];
	struct peer *p = arg;
	ssize_t n = 0;

	while (flood < MANY && (n = send(p->fd, chunk, sizeof chunk, MSG_NOSIGNAL)) > 0)
		flood += (size_t)n;
	return flood >= MANY || (n < 0 && errno != EAGAIN);
}

/* Who sends on and on, and does not take his answer, fills nobody's memory: he waits until he is sent away. */
static void
nothing_more_is_read_before_an_answer_is_taken(void **state)
{
	int64_t slow = metric_get(M_HTTP_CLOSED_SLOW);

	(void)state;
	options.arrive_s = 1;
	answer_size = (size_t)16 << 20;
	flood = 0;
	start();
	say(dial(0), "GET /big HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
	WAIT_DEAF(flood_ends, &peers[0]);
	assert_in_range(flood, 1, MANY - 1);
	assert_int_equal(metric_get(M_HTTP_CLOSED_SLOW), slow + 1);
	assert_int_equal(handled, 1);
}

static bool
big_ones_are_asked_for(void *arg)
{
	(void)arg;
	return handled == 3;
}

/* Who is sent away calls again. */
static bool
somebody_else_is_served(void *arg)
{
	struct peer *p = arg;
	char text[64];
	ssize_t n = p->fd >= 0 ? recv(p->fd, text, sizeof text, 0) : 0;

	if (n > 0 || (n < 0 && errno == EAGAIN))
		return n > 0;
	if (p->fd >= 0)
		close(p->fd);
	say(dial(3), "GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
	return false;
}

/* Those who do not take their answers keep others out for a moment only, not until their time is over. */
static void
untaken_answers_make_room(void **state)
{
	(void)state;
	options.connections = 3;
	options.arrive_s = 60;
	answer_size = (size_t)16 << 20;
	start();
	for (int i = 0; i < 3; i++)
		say(dial(i), "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	WAIT_DEAF(big_ones_are_asked_for, NULL);
	answer_size = 5;
	WAIT_DEAF(somebody_else_is_served, &peers[3]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_a_named_proxy_says_who_the_client_is),
		TEST(an_answer_carries_the_headers_given),
		TEST(each_request_has_a_line_without_its_secrets),
		TEST(no_line_where_none_is_wanted),
		TEST(late_and_lost_ones_have_their_line_too),
		TEST(expect_is_answered),
		TEST(a_client_that_has_said_all_gets_its_answer),
		TEST(answers_are_not_held_back),
		TEST(the_biggest_unfinished_body_goes_first),
		TEST(nothing_more_is_read_before_an_answer_is_taken),
		TEST(untaken_answers_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
