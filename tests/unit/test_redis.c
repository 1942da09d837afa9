/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of connections against a real Redis: every command is answered once, whatever happens to
 * the server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "io/redis_url.h"
#include "redis_fixture.h"

#define MANY 500

struct seen {
	unsigned times;
	enum redis_end end;
	long long integer;
	char text[64];
};

struct world {
	struct redis_fixture server;
	struct loop *loop;
	struct redis *redis;
	struct seen seen[MANY + 1];	/* by op */
	unsigned answers, wanted;
	unsigned ups;
	uint64_t last;			/* op */
	bool in_order, asking, answered_asker, free_inside;
};

static void
on_done(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct world *w = arg;
	struct seen *seen = &w->seen[op];

	seen->times++;
	seen->end = end;
	seen->integer = end == REDIS_ANSWERED ? reply->integer : 0;
	if (end == REDIS_ANSWERED && reply->str != NULL)
		str_copy(seen->text, sizeof seen->text, reply->str);
	w->answered_asker |= w->asking;
	w->in_order &= op > w->last;
	w->last = op;
	w->answers++;
	if (w->free_inside) {
		w->free_inside = false;
		redis_free(w->redis);
		w->redis = NULL;
	}
}

static void
ask(struct world *w, uint64_t op, unsigned shard, const char *a, const char *b)
{
	const char *argv[] = { a, b };
	const size_t len[] = { strlen(a), b != NULL ? strlen(b) : 0 };

	w->asking = true;
	redis_command(w->redis, shard, op, b != NULL ? 2 : 1, argv, len, on_done, w);
	w->asking = false;
}

static bool
is_answered(void *arg)
{
	struct world *w = arg;

	return w->answers >= w->wanted;
}

static bool
is_up(void *arg)
{
	struct world *w = arg;

	return w->ups >= w->wanted;
}

static void
await(struct world *w, unsigned answers)
{
	w->wanted = answers;
	redis_fixture_until(w->loop, is_answered, w);
	assert_int_equal(w->answers, answers);
	assert_false(w->answered_asker);
}

static void
await_up(struct world *w, unsigned ups)
{
	w->wanted = ups;
	redis_fixture_until(w->loop, is_up, w);
}

static void
on_up(void *arg, unsigned shard)
{
	struct world *w = arg;

	(void)shard;
	w->ups++;
}

static void
connect_with(struct world *w, const char *password, int timeout_ms, int waiting)
{
	const struct redis_options o = { .url = w->server.url, .password = password, .connections =
	    2,
		.timeout_ms = timeout_ms, .waiting = waiting };
	char err[200];

	memset(w->seen, 0, sizeof w->seen);
	w->answers = w->ups = 0;
	w->last = 0;
	w->in_order = true;
	w->loop = loop_new();
	w->redis = redis_new(w->loop, &o, err, sizeof err);
	assert_non_null(w->redis);
	redis_on_up(w->redis, on_up, w);
}

static void
leave(struct world *w)
{
	redis_free(w->redis);
	w->redis = NULL;
	loop_free(w->loop);
	for (size_t i = 0; i < NELEM(w->seen); i++)
		assert_true(w->seen[i].times <= 1);
}

static void
test_urls(void **state)
{
	static const struct {
		const char *text, *host, *path;
		int port, db;
	} good[] = {
		{ "redis://127.0.0.1:6380/3", "127.0.0.1", "", 6380, 3 },
		{ "redis://localhost", "localhost", "", 6379, 0 },
		{ "redis://redis.example/", "redis.example", "", 6379, 0 },
		{ "redis://[::1]:7000/0", "::1", "", 7000, 0 },
		{ "unix:///run/isango/redis.sock", "", "/run/isango/redis.sock", 0, 0 },
	};
	static const char *const bad[] = { "", "redis", "redis://", "redis://:6379", "redis://h:0",
	    "redis://h:70000",
		"redis://h:6379x", "redis://h/x", "redis://h/-1", "redis://[::1", "redis://[]:1",
		    "redis://[::1]x",
		"unix://relative", "unix:/x", "http://h", "rediss://h" };
	struct redis_url u;
	char err[200], longest[200] = "unix:///";

	(void)state;
	for (size_t i = 0; i < NELEM(good); i++) {
		assert_true(redis_url_parse(good[i].text, &u, err, sizeof err));
		assert_string_equal(u.host, good[i].host);
		assert_string_equal(u.path, good[i].path);
		assert_int_equal(u.db, good[i].db);
		assert_int_equal(u.port, good[i].port);
	}
	for (size_t i = 0; i < NELEM(bad); i++) {
		err[0] = '\0';
		assert_false(redis_url_parse(bad[i], &u, err, sizeof err));
		assert_non_null(strstr(err, "redis://host"));
	}
	memset(longest + 8, 'x', 150);
	assert_false(redis_url_parse(longest, &u, err, sizeof err));
	assert_true(redis_url_parse("redis://[::1]:1", &u, err, sizeof err));
	assert_true(redis_url_resolve(&u, err, sizeof err));
	assert_string_equal(u.host, "::1");
}

static void
test_order_of_a_shard(void **state)
{
	struct world *w = *state;

	connect_with(w, NULL, 20000, 2 * MANY);
	await_up(w, 2);
	assert_true(redis_ready(w->redis));
	redis_fixture_do(&w->server, "DEL n");
	for (uint64_t op = 1; op <= MANY; op++)
		ask(w, op, 7, "INCR", "n");
	await(w, MANY);
	assert_true(w->in_order);
	for (uint64_t op = 1; op <= MANY; op++)
		assert_int_equal(w->seen[op].integer, op);
	leave(w);
}

static void
test_error_replies_are_answers(void **state)
{
	struct world *w = *state;

	connect_with(w, NULL, 20000, 10);
	await_up(w, 2);
	ask(w, 1, 0, "NONSENSE", NULL);
	await(w, 1);
	assert_int_equal(w->seen[1].end, REDIS_ANSWERED);
	assert_non_null(strstr(w->seen[1].text, "unknown command"));
	leave(w);
}

static void
test_before_it_is_up(void **state)
{
	struct world *w = *state;

	connect_with(w, NULL, 20000, 10);
	ask(w, 1, 0, "PING", NULL);
	assert_int_equal(w->answers, 0);
	await(w, 1);
	assert_int_equal(w->seen[1].end, REDIS_NOT_SENT);
	leave(w);
}

static void
test_too_many(void **state)
{
	struct world *w = *state;

	connect_with(w, NULL, 20000, 3);
	await_up(w, 2);
	for (uint64_t op = 1; op <= 5; op++)
		ask(w, op, (unsigned)op, "PING", NULL);
	await(w, 5);
	for (uint64_t op = 1; op <= 5; op++)
		assert_int_equal(w->seen[op].end, op <= 3 ? REDIS_ANSWERED : REDIS_NOT_SENT);
	ask(w, 6, 0, "PING", NULL);
	await(w, 6);
	assert_int_equal(w->seen[6].end, REDIS_ANSWERED);
	leave(w);
}

/*
 * Unknown at the deadline; executed all the same; its late answer goes to nobody, and the pool
 * recovers.
 */
static void
test_a_server_that_stalls(void **state)
{
	struct world *w = *state;
	redisReply *reply;
	unsigned ups;

	redis_fixture_do(&w->server, "SET late 0");
	connect_with(w, NULL, 100, 10);
	await_up(w, 2);
	redis_fixture_pause(&w->server);
	ask(w, 1, 0, "INCR", "late");
	await(w, 1);
	assert_int_equal(w->seen[1].end, REDIS_UNKNOWN);
	ask(w, 2, 0, "PING", NULL);	/* the silent connection is given up after this */
	await(w, 2);
	assert_int_not_equal(w->seen[2].end, REDIS_ANSWERED);
	ups = w->ups;
	redis_fixture_resume(&w->server);
	await_up(w, ups + 1);
	reply = redis_fixture_command(&w->server, "GET late");
	assert_string_equal(reply->str, "1");
	freeReplyObject(reply);
	assert_int_equal(w->seen[1].times, 1);
	leave(w);
}

static void
test_a_server_that_dies(void **state)
{
	struct world *w = *state;
	unsigned ups;

	connect_with(w, NULL, 5000, 10);
	await_up(w, 2);
	redis_fixture_pause(&w->server);
	ask(w, 1, 0, "PING", NULL);
	ask(w, 2, 1, "PING", NULL);
	redis_fixture_kill(&w->server);
	await(w, 2);
	assert_int_equal(w->seen[1].end, REDIS_UNKNOWN);
	assert_int_equal(w->seen[2].end, REDIS_UNKNOWN);
	assert_false(redis_ready(w->redis));
	ask(w, 3, 0, "PING", NULL);
	await(w, 3);
	assert_int_equal(w->seen[3].end, REDIS_NOT_SENT);
	ups = w->ups;
	redis_fixture_restart(&w->server);
	await_up(w, ups + 2);
	ask(w, 4, 0, "PING", NULL);
	await(w, 4);
	assert_int_equal(w->seen[4].end, REDIS_ANSWERED);
	leave(w);
}

static void
test_password(void **state)
{
	struct world *w = *state;

	redis_fixture_do(&w->server, "CONFIG SET requirepass sesame");
	connect_with(w, "open", 200, 10);
	ask(w, 1, 0, "PING", NULL);
	await(w, 1);
	assert_int_equal(w->seen[1].end, REDIS_NOT_SENT);
	assert_false(redis_ready(w->redis));
	leave(w);
	connect_with(w, "sesame", 20000, 10);
	await_up(w, 2);
	ask(w, 1, 0, "CONFIG", "RESETSTAT");
	await(w, 1);
	assert_int_equal(w->seen[1].end, REDIS_ANSWERED);
	leave(w);
	redis_fixture_kill(&w->server);
	redis_fixture_restart(&w->server);
}

/* A port that was free a moment ago. */
static int
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void
test_tcp_and_databases(void **state)
{
	struct world *w = *state;
	char unix_url[sizeof w->server.url];
	int port = free_port();

	str_copy(unix_url, sizeof unix_url, w->server.url);
	redis_fixture_do(&w->server, "CONFIG SET bind 127.0.0.1 port %d", port);
	str_format(w->server.url, sizeof w->server.url, "redis://127.0.0.1:%d/0", port);
	connect_with(w, NULL, 20000, 10);
	await_up(w, 2);
	ask(w, 1, 0, "PING", NULL);
	await(w, 1);
	assert_string_equal(w->seen[1].text, "PONG");
	leave(w);
	str_format(w->server.url, sizeof w->server.url, "redis://127.0.0.1:%d/1", port);
	connect_with(w, NULL, 200, 10);	/* there is only database 0 */
	for (uint64_t op = 1; op <= 20; op++) {
		ask(w, op, 0, "PING", NULL);
		await(w, (unsigned)op);
		assert_int_equal(w->seen[op].end, REDIS_NOT_SENT);
	}
	leave(w);
	str_copy(w->server.url, sizeof w->server.url, unix_url);
	redis_fixture_do(&w->server, "CONFIG SET port 0");
}

static void
test_freed_with_commands_under_way(void **state)
{
	struct world *w = *state;

	connect_with(w, NULL, 20000, 3);
	await_up(w, 2);
	for (uint64_t op = 1; op <= 4; op++)
		ask(w, op, (unsigned)op, "PING", NULL);
	redis_free(w->redis);
	w->redis = NULL;
	assert_int_equal(w->answers, 4);
	for (uint64_t op = 1; op <= 4; op++)
		assert_int_equal(w->seen[op].end, op <= 3 ? REDIS_UNKNOWN : REDIS_NOT_SENT);
	leave(w);
}

static void
test_freed_inside_an_answer(void **state)
{
	struct world *w = *state;

	connect_with(w, NULL, 20000, 10);
	await_up(w, 2);
	w->free_inside = true;
	for (uint64_t op = 1; op <= 4; op++)
		ask(w, op, (unsigned)op, "PING", NULL);
	await(w, 4);
	leave(w);
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	log_set_level(LOG_ERROR);
	redis_fixture_start(&w->server);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	redis_fixture_stop(&w->server);
	free(w);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_order_of_a_shard),
		cmocka_unit_test(test_error_replies_are_answers),
		cmocka_unit_test(test_before_it_is_up),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_a_server_that_stalls),
		cmocka_unit_test(test_a_server_that_dies),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_tcp_and_databases),
		cmocka_unit_test(test_freed_with_commands_under_way),
		cmocka_unit_test(test_freed_inside_an_answer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
