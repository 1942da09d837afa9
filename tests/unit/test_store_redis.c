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
#include <sys/stat.h>

#include <hiredis/hiredis.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/name.h"
#include "store/redis_refusal.h"
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
	got = real_load(w, &a);
	assert_true(got->got[0].v.damaged);
	assert_int_equal(got->got[0].v.raw_len, 5);	/* can be kept, and replaced */
	add_put(w, &c, a, got->got[0].v.version, "mended");
	assert_int_equal(real_commit(w, &c), STORE_DONE);
	assert_string_equal(real_load(w, &a)->got[0].text, "mended");
	assert_int_equal(metric_get(M_STORE_DAMAGED) - before, 3);
	c = new_commit(w);
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

/* ---- a Redis that refuses ---- */

/* A script of somebody's that does not end. */
static redisContext *hog;

static void
be_busy(struct world *w)
{
	bool busy = false;
	int sent = 0;

	redis_fixture_do(&w->server, "CONFIG SET busy-reply-threshold 1");
	hog = redisConnectUnix(w->server.socket);
	assert_non_null(hog);
	assert_int_equal(redisAppendCommand(hog, "EVAL %s 0", "while true do end"), REDIS_OK);
	while (sent == 0)
		assert_int_equal(redisBufferWrite(hog, &sent), REDIS_OK);
	while (!busy) {
		redisReply *reply = redis_fixture_command(&w->server, "PING");

		busy = reply->type == REDIS_REPLY_ERROR;
		freeReplyObject(reply);
	}
}

static void
be_idle(struct world *w)
{
	redis_fixture_do(&w->server, "SCRIPT KILL");
	redisFree(hog);
}

static void
fail_to_save(struct world *w)
{
	char path[128];
	bool failed = false;

	/* In the way of the file that it would write. */
	str_format(path, sizeof path, "%s/dump.rdb", w->server.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	redis_fixture_do(&w->server, "CONFIG SET save %s", "3600 100000");
	redis_fixture_do(&w->server, "BGSAVE");
	while (!failed) {
		redisReply *reply = redis_fixture_command(&w->server, "INFO persistence");

		failed = strstr(reply->str, "rdb_last_bgsave_status:err") != NULL;
		freeReplyObject(reply);
	}
}

static void
save_nothing(struct world *w)
{
	redis_fixture_do(&w->server, "CONFIG SET save %s", "");
}

static const struct refusal {
	const char *word;
	enum store_end end;
	const char *begin[2], *over[2];		/* commands */
	void (*begin_by)(struct world *w);
	void (*over_by)(struct world *w);
} refusals[] = {
	{ "OOM", STORE_FULL, .begin = { "CONFIG SET maxmemory 1" }, .over = { "CONFIG SET maxmemory 0" } },
	{ "READONLY", STORE_LATE, .begin = { "REPLICAOF 127.0.0.1 1" }, .over = { "REPLICAOF NO ONE" } },
	{ "MASTERDOWN", STORE_LATE, .begin = { "CONFIG SET replica-serve-stale-data no", "REPLICAOF 127.0.0.1 1" },
	    .over = { "REPLICAOF NO ONE", "CONFIG SET replica-serve-stale-data yes" } },
	{ "NOREPLICAS", STORE_LATE, .begin = { "CONFIG SET min-replicas-to-write 1" },
	    .over = { "CONFIG SET min-replicas-to-write 0" } },
	{ "NOPERM", STORE_LATE, .begin = { "ACL SETUSER default -evalsha" },
	    .over = { "ACL SETUSER default +evalsha" } },
	{ "BUSY", STORE_LATE, .begin_by = be_busy, .over_by = be_idle },
	{ "MISCONF", STORE_LATE, .begin_by = fail_to_save, .over_by = save_nothing },
};

/* Whatever the reason, nothing of it is written, and it can be repeated when that is over. */
static void
test_refusals(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), in = key_of(STORE_INTENT, w->owner, "1");

	for (size_t i = 0; i < NELEM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct store_commit c = new_commit(w);
		char owner[40];

		str_format(owner, sizeof owner, "%s-%zu", w->owner, i);
		s = key_of(STORE_SESSION, owner, "c");
		in = key_of(STORE_INTENT, owner, "1");
		add_put(w, &c, s, absent, "x");
		add_put(w, &c, in, absent, "y");
		add_list(&c, STORE_LIST_ADD, STORE_DUE, in, 1);
		for (int n = 0; n < 2 && r->begin[n] != NULL; n++)
			redis_fixture_do(&w->server, r->begin[n]);
		if (r->begin_by != NULL)
			r->begin_by(w);
		if (real_commit(w, &c) != r->end)
			fail_msg("%s", r->word);
		if (r->over_by != NULL)
			r->over_by(w);
		for (int n = 0; n < 2 && r->over[n] != NULL; n++)
			redis_fixture_do(&w->server, r->over[n]);
		assert_false(real_load(w, &s)->got[0].v.present);
		assert_false(real_load(w, &in)->got[0].v.present);
		assert_int_equal(real_commit(w, &c), STORE_DONE);
	}
}

/* The same by what it says, with those that only other set-ups say. */
static void
test_words_of_refusals(void **state)
{
	static const struct {
		const char *error;
		enum store_end end;
	} rows[] = {
		{ "OOM command not allowed when used memory > 'maxmemory'.", STORE_FULL },
		{ "MISCONF Errors writing to the AOF file: No space left on device", STORE_LATE },
		{ "LOADING Redis is loading the dataset in memory", STORE_LATE },
		{ "READONLY You can't write against a read only replica.", STORE_LATE },
		{ "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", STORE_LATE },
		{ "NOREPLICAS Not enough good replicas to write.", STORE_LATE },
		{ "BUSY Redis is busy running a script.", STORE_LATE },
		{ "NOAUTH Authentication required.", STORE_LATE },
		{ "NOPERM this user has no permissions to run the 'evalsha' command", STORE_LATE },
		{ "CLUSTERDOWN The cluster is down", STORE_LATE },
		{ "MOVED 3999 127.0.0.1:6381", STORE_LATE },
		{ "ASK 3999 127.0.0.1:6381", STORE_LATE },
		{ "TRYAGAIN Multiple keys request during rehashing of slot", STORE_LATE },
		{ "OOM x script: f00, on @user_script:42.", STORE_UNKNOWN },
		{ "WRONGTYPE Operation against a key script: f00, on @user_script:42.", STORE_UNKNOWN },
		{ "ERR something new", STORE_UNKNOWN },
		{ "OOMS", STORE_UNKNOWN },
		{ "", STORE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (redis_refusal_end(rows[i].error) != rows[i].end)
			fail_msg("%s", rows[i].error);
}

/* An error inside the script comes after other commands of it: not known. */
static void
test_an_error_halfway(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c");
	struct store_commit c = new_commit(w);

	add_put(w, &c, s, absent, "x");
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

static bool
is_over(void *arg)
{
	struct world *w = ((void **)arg)[0];

	return loop_wall(w->loop) > *(int64_t *)((void **)arg)[1];
}

/* Nobody works on what a late claim would lease: it stays due. */
static void
test_a_late_claim_leases_nothing(void **state)
{
	struct world *w = *state;
	struct store_key in = key_of(STORE_INTENT, w->owner, "1");
	struct store_commit c = new_commit(w);
	struct store_claim claim = { .list = STORE_DUE, .max = 9, .lease_ms = HOUR };
	int64_t until;

	add_put(w, &c, in, absent, "x");
	add_list(&c, STORE_LIST_ADD, STORE_DUE, in, 1);
	assert_int_equal(real_commit(w, &c), STORE_DONE);
	reconnect(w, 100);
	claim.bucket = redis_store_bucket(w->store, STORE_INTENT, w->owner);
	redis_fixture_pause(&w->server);
	begin(w, STORE_DONE, 0);
	redis_store_claim(w->store, w->op, &claim);
	await(w);
	assert_int_equal(w->real[w->op % OPS].end, STORE_UNKNOWN);
	until = loop_wall(w->loop) + 200;
	redis_fixture_until(w->loop, is_over, (void *[]){ w, &until });
	redis_fixture_resume(&w->server);
	reconnect(w, 30000);
	begin(w, STORE_DONE, 0);
	redis_store_claim(w->store, w->op, &claim);
	await(w);
	assert_int_equal(w->real[w->op % OPS].end, STORE_DONE);
	assert_int_equal(w->real[w->op % OPS].n, 1);
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
		TEST(test_refusals),
		TEST(test_words_of_refusals),
		TEST(test_an_error_halfway),
		TEST(test_the_clock_is_that_of_redis),
		TEST(test_late_execution),
		TEST(test_a_late_claim_leases_nothing),
		TEST(test_a_killed_redis),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
