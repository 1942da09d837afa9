/* SPDX-License-Identifier: Apache-2.0 */
/* Commits that count only when a replica has them too: a real Redis with a real replica that stalls and comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/metric.h"
#include "store_world.h"

#define PATIENCE_MS 20000		/* of the WAIT, where the replica is well */
#define IMPATIENCE_MS 50		/* where it is not */

static struct redis_fixture replica;

static void
demand_replica(struct world *w, int wait_ms)
{
	reconnect(w, 30000);
	redis_store_replicas(w->store, CONNECTIONS, 1, wait_ms);
}

static void
attach_replica(struct world *w)
{
	bool up = false;

	redis_fixture_do(&w->server, "CONFIG SET repl-diskless-sync-delay 0");
	redis_fixture_do(&replica, "REPLICAOF 127.0.0.1 %d", redis_fixture_listen(&w->server));
	while (!up) {
		redisReply *reply = redis_fixture_command(&replica, "INFO replication");

		up = strstr(reply->str, "master_link_status:up") != NULL;
		freeReplyObject(reply);
		poll(NULL, 0, 2);
	}
}

static void
test_a_commit_reaches_the_replica(void **state)
{
	struct world *w = *state;
	struct store_key key[OPS / 2];
	struct store_commit c;
	redisReply *reply;

	attach_replica(w);
	demand_replica(w, PATIENCE_MS);
	/* Over all connections, many at once. */
	for (int i = 0; i < OPS / 2; i++) {
		char id[8];

		id[0] = (char)('A' + i);
		id[1] = '\0';
		key[i] = key_of(STORE_COUNTER, id, "x");
		c = new_commit(w);
		add_put(w, &c, key[i], absent, "x");
		begin(w, STORE_DONE, 0);
		redis_store_commit(w->store, w->op, &c);
	}
	await(w);
	for (uint64_t op = w->op - OPS / 2 + 1; op <= w->op; op++)
		assert_int_equal(w->real[op % OPS].end, STORE_DONE);
	reply = redis_fixture_command(&replica, "DBSIZE");
	assert_true(reply->integer >= OPS / 2);
	freeReplyObject(reply);
	/* A script that Redis has forgotten is sent again, and what is waited for is the second sending. */
	redis_fixture_do(&w->server, "SCRIPT FLUSH");
	c = new_commit(w);
	add_put(w, &c, key_of(STORE_PIN, w->owner, ""), absent, "x");
	assert_int_equal(real_commit(w, &c), STORE_DONE);
}

/* Unknown, not undone; a repeat waits as well, over whichever connection it comes. */
static void
test_a_short_count_is_unknown(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_PIN, w->owner, "");
	struct store_commit c = new_commit(w), late;
	int64_t before = metric_get(M_STORE_SHORT);

	attach_replica(w);
	demand_replica(w, IMPATIENCE_MS);
	redis_fixture_pause(&replica);
	add_put(w, &c, s, absent, "x");
	assert_int_equal(real_commit(w, &c), STORE_UNKNOWN);
	assert_int_equal(metric_get(M_STORE_SHORT) - before, 1);
	assert_string_equal(real_load(w, &s)->got[0].text, "x");
	assert_int_equal(real_commit(w, &c), STORE_UNKNOWN);
	demand_replica(w, IMPATIENCE_MS);
	assert_int_equal(real_commit(w, &c), STORE_UNKNOWN);
	/* What was not written is waited for by nobody. */
	late = new_commit(w);
	late.not_after_ms = 1;
	add_put(w, &late, p, absent, "x");
	assert_int_equal(real_commit(w, &late), STORE_LATE);
	redis_fixture_resume(&replica);
	demand_replica(w, PATIENCE_MS);
	assert_int_equal(real_commit(w, &c), STORE_DONE);
}

static void
test_redis_goes_while_it_waits(void **state)
{
	struct world *w = *state;
	struct store_commit c = new_commit(w);

	attach_replica(w);
	demand_replica(w, PATIENCE_MS);
	redis_fixture_pause(&replica);
	add_put(w, &c, key_of(STORE_SESSION, w->owner, "c"), absent, "x");
	begin(w, STORE_DONE, 0);
	redis_store_commit(w->store, w->op, &c);
	assert_string_equal(real_load(w, &c.op[0].key)->got[0].text, "x");
	redis_fixture_kill(&w->server);
	await(w);
	assert_int_equal(w->real[(w->op - 1) % OPS].end, STORE_UNKNOWN);
	assert_int_equal(real_commit(w, &c), STORE_LATE);
	redis_fixture_restart(&w->server);
	redis_fixture_resume(&replica);
}

static int
setup(void **state)
{
	redis_fixture_start(&replica);
	return world_enter(state);
}

static int
teardown(void **state)
{
	redis_fixture_stop(&replica);
	return world_leave(state);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_commit_reaches_the_replica),
		TEST(test_a_short_count_is_unknown),
		TEST(test_redis_goes_while_it_waits),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
