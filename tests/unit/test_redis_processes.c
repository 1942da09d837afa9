/* SPDX-License-Identifier: Apache-2.0 */
/* How many processes work on one Redis: those heard of lately, not those that died. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>

#include "base/metric.h"
#include "io/loop.h"
#include "io/redis.h"
#include "redis_fixture.h"
#include "store/redis_processes.h"

static int counted;

static void
on_change(void *arg, int processes)
{
	(void)arg;
	counted = processes;
}

static bool
is_counted(void *arg)
{
	return counted == *(int *)arg;
}

static void
test_the_living_are_counted(void **state)
{
	struct redis_fixture f;
	struct redis_options o = { .connections = 1, .timeout_ms = 2000, .waiting = 10 };
	struct loop *loop = loop_new();
	struct redis_processes *p;
	struct redis *redis;
	redisReply *reply;
	char why[200];
	int wanted = 3;

	(void)state;
	redis_fixture_start(&f);
	/* One died long ago; two were heard of lately. */
	redis_fixture_do(&f, "ZADD isango:processes 1 dead 99999999999999 one 99999999999999 two");
	o.url = f.url;
	redis = redis_new(loop, &o, why, sizeof why);
	assert_non_null(redis);
	p = redis_processes_new(loop, redis, "three", on_change, NULL);
	assert_int_equal(metric_get(M_PROCESSES), 1);
	redis_fixture_until(loop, is_counted, &wanted);
	assert_int_equal(metric_get(M_PROCESSES), 3);
	reply = redis_fixture_command(&f, "ZSCORE isango:processes dead");
	assert_int_equal(reply->type, REDIS_REPLY_NIL);
	freeReplyObject(reply);
	reply = redis_fixture_command(&f, "PTTL isango:processes");
	assert_true(reply->integer > 0);
	freeReplyObject(reply);
	redis_free(redis);
	redis_processes_free(p);
	loop_free(loop);
	redis_fixture_stop(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_living_are_counted) };

	return cmocka_run_group_tests_name("redis_processes", tests, NULL, NULL);
}
