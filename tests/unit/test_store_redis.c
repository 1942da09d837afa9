/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the store on Redis can meet: a Redis that stalls, dies, forgets, refuses or is full,
 * and damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/name.h"
#include "store_world.h"

static struct store_name
name_of(struct world *w, struct store_key key)
{
	struct store_namer n = { .seal = &w->seal };
	struct store_name name;

	store_name(&n, &key, &name);
	return name;
}

static void
test_redis_keeps_lifetimes(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_SUBSCRIBER,
	    w->owner, "");
	struct store_key idx = key_of(STORE_INDEX, w->owner, "");
	struct store_commit c = new_commit(w);
	redisReply *reply;

	put(w, s, absent, "x");
	put(w, p, absent, "x");
	add_item(&c, STORE_LIST_ADD, idx, "a", loop_wall(w->loop));
	assert_int_equal(commit(w, &c), STORE_DONE);
	reply = redis_fixture_command(&w->server, "PTTL %s", name_of(w, s).text);
	assert_in_range(reply->integer, 25 * HOUR, 26 * HOUR);
	freeReplyObject(reply);
	reply = redis_fixture_command(&w->server, "PTTL %s", name_of(w, p).text);
	assert_int_equal(reply->integer, -1);
	freeReplyObject(reply);
	reply = redis_fixture_command(&w->server, "PTTL %s", name_of(w, idx).text);
	assert_in_range(reply->integer, 179 * DAY, 180 * DAY);
	freeReplyObject(reply);
}

/*
 * A value that was moved to another record, or that somebody changed, is there but does not open.
 */
static void
test_damage(void **state)
{
	struct world *w = *state;
	struct store_key a = key_of(STORE_INTENT, w->owner, "1"), b = key_of(STORE_INTENT, w->owner,
	    "2");
	struct store_version v = put(w, a, absent, "a");
	struct store_commit c = new_commit(w);
	const struct answer *got;
	int64_t before = metric_get(M_STORE_DAMAGED);

	put(w, b, absent, "b");
	redis_fixture_do(&w->server, "COPY %s %s REPLACE", name_of(w, a).text, name_of(w, b).text);
	got = real_load(w, &b);
	assert_true(got->got[0].v.present);
	assert_true(got->got[0].v.damaged);
	assert_int_equal(got->got[0].v.len, 0);
	assert_memory_equal(got->got[0].v.version.p, v.p, STORE_VERSION);
	redis_fixture_do(&w->server, "SETRANGE %s 0 z", name_of(w, a).text);	/* its version */
	assert_true(real_load(w, &a)->got[0].v.damaged);
	redis_fixture_do(&w->server, "SET %s short", name_of(w, a).text);
	assert_true(real_load(w, &a)->got[0].v.damaged);
	assert_int_equal(metric_get(M_STORE_DAMAGED) - before, 3);
	add_put(w, &c, b, v, "mended");
	assert_int_equal(real_commit(w, &c), STORE_DONE);
	assert_string_equal(real_load(w, &b)->got[0].text, "mended");
}

static bool
file_has(const char *path, const char *what, size_t n)
{
	FILE *f = fopen(path, "rb");
	char *p = xcalloc(1, 1 << 22);
	size_t len;
	bool has;

	assert_non_null(f);
	len = fread(p, 1, 1 << 22, f);
	assert_true(len > 0 && len < 1 << 22);
	fclose(f);
	has = memmem(p, len, what, n) != NULL;
	free(p);
	return has;
}

static void
test_nothing_readable_reaches_the_disk(void **state)
{
	struct world *w = *state;
	struct store_key m = key_of(STORE_MESSAGE, w->phone, ""), r = key_of(STORE_RECEIPT, "bind",
	    w->phone);
	struct store_commit c = new_commit(w);
	char path[200];

	add_put(w, &c, m, absent, "token 98765432");
	add_list(&c, STORE_LIST_ADD, STORE_OUTBOX, m, 1);
	assert_int_equal(commit(w, &c), STORE_DONE);
	put(w, r, absent, "where");
	put(w, key_of(STORE_COUNTER, w->owner, w->phone), absent, "count");
	put(w, key_of(STORE_SESSION, w->owner, "readable-id"), absent, "session");
	str_format(path, sizeof path, "%s/appendonlydir/appendonly.aof.1.incr.aof", w->server.dir);
	assert_true(file_has(path, "readable-id", 11));
	assert_false(file_has(path, w->phone, strlen(w->phone)));
	assert_false(file_has(path, "98765432", 8));
}

static void
test_a_forgotten_script(void **state)
{
	struct world *w = *state;
	struct store_key in = key_of(STORE_INTENT, w->owner, "1");
	struct store_commit c = new_commit(w);

	add_put(w, &c, in, absent, "x");
	add_list(&c, STORE_LIST_ADD, STORE_DUE, in, 1);
	redis_fixture_do(&w->server, "SCRIPT FLUSH");
	assert_int_equal(commit(w, &c), STORE_DONE);
	redis_fixture_do(&w->server, "SCRIPT FLUSH");
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 1);
}

static void
test_out_of_memory(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), in = key_of(STORE_INTENT,
	    w->owner, "1");
	struct store_commit c = new_commit(w);

	add_list(&c, STORE_LIST_REMOVE, STORE_DUE, in, 0);
	add_put(w, &c, s, absent, "x");
	redis_fixture_do(&w->server, "CONFIG SET maxmemory 1");
	assert_int_equal(real_commit(w, &c), STORE_FULL);
	redis_fixture_do(&w->server, "CONFIG SET maxmemory 0");
	assert_false(real_load(w, &s)->got[0].v.present);
	assert_int_equal(real_commit(w, &c), STORE_DONE);
}

static void
test_a_redis_that_refuses(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c");
	struct store_commit c = new_commit(w);

	add_put(w, &c, s, absent, "x");
	redis_fixture_do(&w->server, "CONFIG SET min-replicas-to-write 1");
	assert_int_equal(real_commit(w, &c), STORE_LATE);
	redis_fixture_do(&w->server, "CONFIG SET min-replicas-to-write 0");
	assert_false(real_load(w, &s)->got[0].v.present);
	/* An error inside the script comes after other commands of it: not known. */
	redis_fixture_do(&w->server, "SADD %s x", name_of(w, s).text);
	assert_int_equal(real_commit(w, &c), STORE_UNKNOWN);
}

static void
test_the_clock_is_that_of_redis(void **state)
{
	struct world *w = *state;
	redisReply *reply;
	int64_t seconds;

	w->skew = 7 * DAY;
	reconnect(w, 30000);
	w->skew = 0;
	assert_false(real_load(w, &(struct store_key){ .family = STORE_PIN })->got[0].v.present);
	reply = redis_fixture_command(&w->server, "TIME");
	assert_true(str_to_i64(reply->element[0]->str, 0, INT64_MAX, &seconds));
	freeReplyObject(reply);
	assert_true(is_near(loop_wall(w->loop), seconds * 1000));
}

static bool
is_past(void *arg)
{
	struct world *w = ((void **)arg)[0];

	return loop_wall(w->loop) > ((const struct store_commit *)((void **)arg)[1])->not_after_ms +
	    20;
}

/*
 * A command that a stalled Redis executes after we gave up: refused after its not-after, found done
 * before it.
 */
static void
test_late_execution(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_PIN, w->owner,
	    "");
	struct store_commit late, in_time;

	reconnect(w, 100);
	late = new_commit(w);
	late.not_after_ms = loop_wall(w->loop) + 150;
	add_put(w, &late, s, absent, "late");
	in_time = new_commit(w);
	add_put(w, &in_time, p, absent, "in time");
	redis_fixture_pause(&w->server);
	begin(w, STORE_DONE, 0);
	redis_store_commit(w->store, w->op, &late);
	begin(w, STORE_DONE, 0);
	redis_store_commit(w->store, w->op, &in_time);
	await(w);
	assert_int_equal(w->real[(w->op - 1) % OPS].end, STORE_UNKNOWN);
	assert_int_equal(w->real[w->op % OPS].end, STORE_UNKNOWN);
	redis_fixture_until(w->loop, is_past, (void *[]){ w, &late });
	redis_fixture_resume(&w->server);
	assert_false(real_load(w, &s)->got[0].v.present);
	assert_string_equal(real_load(w, &p)->got[0].text, "in time");
	reconnect(w, 30000);
	assert_int_equal(real_commit(w, &in_time), STORE_DONE);
	assert_int_equal(real_commit(w, &late), STORE_LATE);
}

/* What was acknowledged survives kill -9; what was not is unknown, and a repeat settles it. */
static void
test_a_killed_redis(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_PIN, w->owner,
	    "");
	struct store_commit c = new_commit(w);

	put(w, s, absent, "kept");
	add_put(w, &c, p, absent, "repeated");
	redis_fixture_pause(&w->server);
	begin(w, STORE_DONE, 0);
	redis_store_commit(w->store, w->op, &c);
	redis_fixture_kill(&w->server);
	await(w);
	assert_int_equal(w->real[w->op % OPS].end, STORE_UNKNOWN);
	assert_int_equal(real_commit(w, &c), STORE_LATE);	/* no connection */
	redis_fixture_restart(&w->server);
	assert_string_equal(real_load(w, &s)->got[0].text, "kept");
	assert_int_equal(real_commit(w, &c), STORE_DONE);
	assert_int_equal(real_commit(w, &c), STORE_DONE);
	assert_string_equal(real_load(w, &p)->got[0].text, "repeated");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
	const struct CMUnitTest tests[] = {
		TEST(test_redis_keeps_lifetimes),
		TEST(test_damage),
		TEST(test_nothing_readable_reaches_the_disk),
		TEST(test_a_forgotten_script),
		TEST(test_out_of_memory),
		TEST(test_a_redis_that_refuses),
		TEST(test_the_clock_is_that_of_redis),
		TEST(test_late_execution),
		TEST(test_a_killed_redis),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
