/* SPDX-License-Identifier: Apache-2.0 */
/* The room of a real Redis: what INFO says of it is read rightly, and who asked is told when it ends and comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/metric.h"
#include "io/loop.h"
#include "io/redis.h"
#include "redis_fixture.h"
#include "store/redis_health.h"
#include "store/redis_info.h"

struct process {
	struct loop *loop;
	struct redis *redis;
	struct redis_health *health;
	bool is_short;
	int changes;
};

static struct redis_fixture server;

static void
on_change(void *arg, bool is_short)
{
	struct process *p = arg;

	assert_true(p->is_short != is_short);
	assert_int_equal(metric_get(M_MONEY_OFF), is_short);
	p->is_short = is_short;
	p->changes++;
}

static void
start(struct process *p, struct floors floors, const char *data_dir)
{
	const struct redis_options o = { .url = server.url, .connections = 2, .timeout_ms = 20000, .waiting = 100 };
	const struct redis_health_options h = { .floors = floors, .data_dir = data_dir, .on_change = on_change,
	    .arg = p };
	char err[200];

	memset(p, 0, sizeof *p);
	p->loop = loop_new();
	p->redis = redis_new(p->loop, &o, err, sizeof err);
	assert_non_null(p->redis);
	p->health = redis_health_new(p->loop, p->redis, &h);
}

static void
stop(struct process *p)
{
	redis_free(p->redis);
	redis_health_free(p->health);
	loop_free(p->loop);
	metric_set(M_MONEY_OFF, 0);
}

static bool
is_short(void *arg)
{
	return ((struct process *)arg)->is_short;
}

static bool
is_not_short(void *arg)
{
	return !is_short(arg);
}

static void
assert_missing(const struct process *p, const char *words)
{
	struct buf b = { 0 };

	redis_health_missing(p->health, &b);
	if (words == NULL)
		assert_int_equal(b.len, 0);
	else
		assert_non_null(strstr(buf_str(&b), words));
	buf_clear(&b);
}

static void
test_memory(void **state)
{
	struct process p;

	(void)state;
	start(&p, (struct floors){ .memory_percent = 50 }, "");
	redis_fixture_do(&server, "CONFIG SET maxmemory 100mb");
	assert_missing(&p, NULL);
	redis_fixture_do(&server, "CONFIG SET maxmemory 1mb");
	redis_fixture_until(p.loop, is_short, &p);
	assert_missing(&p, "money off: Redis has little memory left");
	redis_fixture_do(&server, "CONFIG SET maxmemory 100mb");
	redis_fixture_until(p.loop, is_not_short, &p);
	assert_missing(&p, NULL);
	assert_int_equal(p.changes, 2);
	redis_fixture_do(&server, "CONFIG SET maxmemory 0");
	stop(&p);
}

static void
test_disk(void **state)
{
	struct process p;

	(void)state;
	/* No disk has so much. */
	start(&p, (struct floors){ .disk_mb = 1 << 30 }, server.dir);
	redis_fixture_until(p.loop, is_short, &p);
	assert_missing(&p, "disk");
	stop(&p);
}

static void
test_info(void **state)
{
	static const char info[] = "# Memory\r\nxused_memory:1\r\nused_memory:7064\r\nused_memory_human:6K\r\n"
	    "role:master\r\nredis_version:7.0.15\r\nempty:\r\nlast:ok";

	(void)state;
	assert_int_equal(redis_info_number(info, "used_memory"), 7064);
	assert_int_equal(redis_info_number(info, "redis_version"), 7);
	assert_int_equal(redis_info_number(info, "role"), -1);
	assert_int_equal(redis_info_number(info, "empty"), -1);
	assert_int_equal(redis_info_number(info, "memory"), -1);
	assert_true(redis_info_is(info, "role", "master"));
	assert_true(redis_info_is(info, "last", "ok"));
	assert_false(redis_info_is(info, "role", "mast"));
	assert_false(redis_info_is(info, "role", "masters"));
	assert_false(redis_info_is(info, "rol", "master"));
	assert_true(redis_info_is(info, "empty", ""));
}

static int
setup(void **state)
{
	(void)state;
	redis_fixture_start(&server);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	redis_fixture_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
