/* SPDX-License-Identifier: Apache-2.0 */
/* Which Redis is believed to have all that it acknowledged: restarts, replicas, promotions, older states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "redis_fixture.h"
#include "store/redis_check.h"
#include "store/redis_history.h"

#define CONNECTIONS 2

struct process {			/* one that looks */
	struct loop *loop;
	struct redis *redis;
	struct redis_history *history;
	bool trusted;
	int64_t lost_ms;
};

static struct redis_fixture first, second;
static char why[200];

static void
on_change(void *arg, bool trusted, int64_t lost_ms)
{
	((struct process *)arg)->trusted = trusted;
	((struct process *)arg)->lost_ms = lost_ms;
	assert_int_equal(metric_get(M_LIMIT_CLOSED), !trusted);
}

static void
process_start(struct process *p, const struct redis_fixture *f)
{
	const struct redis_options o = { .url = f->url, .connections = CONNECTIONS, .timeout_ms = 2000,
		.waiting = 100 };

	p->trusted = true;
	p->loop = loop_new();
	p->redis = redis_new(p->loop, &o, why, sizeof why);
	assert_non_null(p->redis);
	p->history = redis_history_new(p->loop, p->redis, CONNECTIONS, on_change, p);
	assert_false(p->trusted);
}

static void
process_stop(struct process *p)
{
	redis_free(p->redis);
	redis_history_free(p->history);
	loop_free(p->loop);
}

static bool
is_trusted(void *arg)
{
	struct process *p = arg;

	return p->trusted && redis_history_known(p->history);
}

static bool
says(void *arg, const char *words)
{
	struct buf b = { 0 };
	bool so;

	redis_history_missing(((struct process *)arg)->history, &b);
	so = b.len > 0 && strstr(buf_str(&b), words) != NULL;
	buf_clear(&b);
	return so;
}

static bool
is_promoted(void *arg)
{
	return says(arg, "was promoted") && says(arg, "isango limit rebuild");
}

static bool
is_other(void *arg)
{
	return says(arg, "was a replica") && says(arg, "isango limit rebuild");
}

static bool
is_older(void *arg)
{
	return says(arg, "older state") && says(arg, "isango limit rebuild");
}

static bool
is_read_only(void *arg)
{
	return says(arg, "READONLY") && !says(arg, "isango limit rebuild");
}

/* One that starts now and learns this. */
static void
newcomer_sees(const struct redis_fixture *f, bool (*what)(void *arg))
{
	struct process p;

	process_start(&p, f);
	redis_fixture_until(p.loop, what, &p);
	process_stop(&p);
}

static const struct redis_check *
asking(const struct redis_fixture *f)
{
	static struct redis_check c = { .timeout_ms = 20000 };

	c.url = f->url;
	return &c;
}

static void
accept_now(const struct redis_fixture *f)
{
	char id[REDIS_HISTORY_ID];

	assert_true(redis_history_id(asking(f), id, why, sizeof why));
	if (!redis_history_accept(asking(f), id, why, sizeof why))
		fail_msg("not accepted: %s", why);
}

static void
wait_info(const struct redis_fixture *f, const char *section, const char *words)
{
	bool so = false;

	for (int i = 0; i < 15000 && !so; i++) {
		redisReply *r = redis_fixture_command(f, "INFO %s", section);

		so = strstr(r->str, words) != NULL;
		freeReplyObject(r);
		poll(NULL, 0, 2);
	}
	assert_true(so);
}

/* Until the replica has the beat that is newest at the master. */
static void
wait_same_beat(void)
{
	bool same = false;

	for (int i = 0; i < 15000 && !same; i++) {
		redisReply *a = redis_fixture_command(&first, "HGET isango:history beat");
		redisReply *b = redis_fixture_command(&second, "HGET isango:history beat");

		same = a->type == REDIS_REPLY_STRING && b->type == REDIS_REPLY_STRING && strcmp(a->str, b->str) == 0;
		freeReplyObject(a);
		freeReplyObject(b);
		poll(NULL, 0, 2);
	}
	assert_true(same);
}

/*
 * The second becomes a replica of the first, with one beat behind its full resync. Until the rewrite that follows the
 * resync is finished, its log on disk is that of before: killed earlier, it comes back with nothing of its master,
 * appendfsync always or not.
 */
static void
replicate(struct process *p)
{
	int port = redis_fixture_listen(&first);
	redisReply *then;
	char before[24];
	bool more = false;

	redis_fixture_do(&first, "CONFIG SET repl-diskless-sync-delay 0");
	redis_fixture_do(&second, "REPLICAOF 127.0.0.1 %d", port);
	wait_info(&second, "replication", "master_link_status:up");
	then = redis_fixture_command(&first, "HGET isango:history beat");
	str_copy(before, sizeof before, then->str);
	freeReplyObject(then);
	while (!more) {
		redis_fixture_until(p->loop, is_trusted, p);
		poll(NULL, 0, 2);
		then = redis_fixture_command(&first, "HGET isango:history beat");
		more = strcmp(then->str, before) != 0;
		freeReplyObject(then);
	}
	wait_same_beat();
	wait_info(&second, "persistence", "aof_rewrite_in_progress:0");
	wait_info(&second, "persistence", "aof_rewrite_scheduled:0");
}

static void
test_a_restart_is_believed(void **state)
{
	struct process p;

	(void)state;
	process_start(&p, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	redis_fixture_kill(&first);
	redis_fixture_restart(&first);
	p.trusted = false;	/* on_change comes as false, then as true */
	redis_fixture_until(p.loop, is_trusted, &p);
	process_stop(&p);
	newcomer_sees(&first, is_trusted);
	redis_fixture_do(&first, "BGREWRITEAOF");
	redis_fixture_kill(&first);
	redis_fixture_restart(&first);
	newcomer_sees(&first, is_trusted);
}

/* The first replica changes the replication id of a master. */
static void
test_a_replica_that_comes_is_no_failover(void **state)
{
	struct process p;

	(void)state;
	process_start(&p, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	replicate(&p);
	assert_true(p.trusted);
	assert_int_equal(p.lost_ms, 0);
	process_stop(&p);
	newcomer_sees(&first, is_trusted);
}

static void
test_promoted(void **state)
{
	struct process p;
	char id[REDIS_HISTORY_ID];
	int64_t lost;

	(void)state;
	process_start(&p, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	replicate(&p);
	process_stop(&p);
	newcomer_sees(&second, is_read_only);
	redis_fixture_kill(&first);
	redis_fixture_do(&second, "REPLICAOF NO ONE");
	process_start(&p, &second);
	redis_fixture_until(p.loop, is_promoted, &p);
	assert_false(p.trusted);
	lost = p.lost_ms;
	assert_true(lost > INT64_C(1700000000000));

	/* It stays so for all, and over a restart that leaves no trace in INFO. */
	assert_true(redis_history_id(asking(&second), id, why, sizeof why));
	redis_fixture_kill(&second);
	redis_fixture_restart(&second);
	wait_info(&second, "replication", "master_replid2:0000000000000000000000000000000000000000");
	newcomer_sees(&second, is_promoted);

	/* What was taken before the restart is not accepted: it may be another one. */
	assert_false(redis_history_accept(asking(&second), id, why, sizeof why));
	assert_non_null(strstr(why, "begin again"));
	newcomer_sees(&second, is_promoted);
	accept_now(&second);
	redis_fixture_until(p.loop, is_trusted, &p);
	assert_int_equal(p.lost_ms, lost);	/* when that was is not forgotten */
	process_stop(&p);
	newcomer_sees(&second, is_trusted);
	redis_fixture_kill(&second);
	redis_fixture_restart(&second);
	newcomer_sees(&second, is_trusted);
}

/* Nobody looked between the promotion and a restart. */
static void
test_promoted_and_restarted(void **state)
{
	struct process p;

	(void)state;
	process_start(&p, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	replicate(&p);
	process_stop(&p);
	redis_fixture_kill(&first);
	redis_fixture_do(&second, "REPLICAOF NO ONE");
	redis_fixture_kill(&second);
	redis_fixture_restart(&second);
	newcomer_sees(&second, is_other);
	redis_fixture_kill(&second);
	redis_fixture_restart(&second);
	newcomer_sees(&second, is_other);
	accept_now(&second);
	newcomer_sees(&second, is_trusted);
}

/* Right after a full resync the replica has the master's own mark as well. */
static void
test_promoted_right_after_a_full_resync(void **state)
{
	(void)state;
	newcomer_sees(&first, is_trusted);
	redis_fixture_do(&first, "CONFIG SET repl-diskless-sync-delay 0");
	redis_fixture_do(&second, "REPLICAOF 127.0.0.1 %d", redis_fixture_listen(&first));
	wait_info(&second, "replication", "master_link_status:up");
	redis_fixture_kill(&first);
	redis_fixture_do(&second, "REPLICAOF NO ONE");
	newcomer_sees(&second, is_promoted);
}

static void
test_an_older_state(void **state)
{
	struct process p, other;

	(void)state;
	process_start(&p, &first);
	process_start(&other, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	redis_fixture_until(other.loop, is_trusted, &other);
	redis_fixture_do(&first, "FLUSHALL");
	redis_fixture_until(p.loop, is_older, &p);
	assert_false(p.trusted);
	redis_fixture_until(other.loop, is_older, &other);
	newcomer_sees(&first, is_older);
	accept_now(&first);
	redis_fixture_until(p.loop, is_trusted, &p);
	redis_fixture_until(other.loop, is_trusted, &other);
	process_stop(&p);
	process_stop(&other);
}

/* Full is no other history: what counts is still known for certain. */
static void
test_out_of_memory(void **state)
{
	struct process p;

	(void)state;
	redis_fixture_do(&first, "CONFIG SET maxmemory 1");
	process_start(&p, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	process_stop(&p);
}

/* Its limits cannot be read either, but it may come back as the same. */
static void
test_what_cannot_be_looked_at(void **state)
{
	struct process p;

	(void)state;
	process_start(&p, &first);
	redis_fixture_until(p.loop, is_trusted, &p);
	redis_fixture_do(&first, "REPLICAOF 127.0.0.1 1");
	redis_fixture_until(p.loop, is_read_only, &p);
	assert_false(p.trusted);
	process_stop(&p);
}

static int
setup(void **state)
{
	(void)state;
	redis_fixture_start(&first);
	redis_fixture_start(&second);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	redis_fixture_stop(&first);
	redis_fixture_stop(&second);
	return 0;
}

int
main(void)
{
#define BOTH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		BOTH(test_a_restart_is_believed),
		BOTH(test_a_replica_that_comes_is_no_failover),
		BOTH(test_promoted),
		BOTH(test_promoted_and_restarted),
		BOTH(test_promoted_right_after_a_full_resync),
		BOTH(test_an_older_state),
		BOTH(test_out_of_memory),
		BOTH(test_what_cannot_be_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
