/* SPDX-License-Identifier: Apache-2.0 */
/* The look at a Redis before the start: what it must refuse, and that it says what to set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/str.h"
#include "redis_fixture.h"
#include "store/redis_check.h"
#include "store/seal.h"

static struct redis_fixture server;
static char why[600];

static enum redis_check_end
check(const char *password, const struct seal *seal)
{
	const struct redis_check c = { .url = server.url, .password = password, .timeout_ms = 20000,
		.seal = seal };

	why[0] = '\0';
	return redis_check(&c, why, sizeof why);
}

static void
test_the_shipped_settings_are_fine(void **state)
{
	(void)state;
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_FINE);
	assert_string_equal(why, "");
}

static void
test_settings_that_lose_money(void **state)
{
	static const char *const options[][3] = {
		{ "maxmemory-policy", "allkeys-lru", "noeviction" },
		{ "maxmemory-policy", "volatile-ttl", "noeviction" },
		{ "appendonly", "no", "yes" },
		{ "appendfsync", "everysec", "always" },
		{ "appendfsync", "no", "always" },
		{ "no-appendfsync-on-rewrite", "yes", "no" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(options); i++) {
		const char *const *o = options[i];
		char must[64];

		redis_fixture_do(&server, "CONFIG SET %s %s", o[0], o[1]);
		assert_int_equal(check(NULL, NULL), REDIS_CHECK_RISKY);
		str_format(must, sizeof must, "%s is %s and must be %s", o[0], o[1], o[2]);
		assert_non_null(strstr(why, must));
		redis_fixture_do(&server, "CONFIG SET %s %s", o[0], o[2]);
	}
	redis_fixture_do(&server, "CONFIG SET appendfsync no maxmemory-policy allkeys-lru");
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_RISKY);
	assert_non_null(strstr(why, "appendfsync is no"));
	assert_non_null(strstr(why, "maxmemory-policy is allkeys-lru"));
	redis_fixture_do(&server, "CONFIG SET appendfsync always maxmemory-policy noeviction");
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_FINE);
}

/* Where replicas are to have each commit, Redis must not write without them. */
static void
test_settings_without_replicas(void **state)
{
	struct redis_check c = { .url = server.url, .timeout_ms = 20000, .replicas = 1 };

	(void)state;
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_RISKY);
	assert_non_null(strstr(why, "min-replicas-to-write is 0 and must be 1 to"));
	assert_null(strstr(why, "min-replicas-max-lag"));
	redis_fixture_do(&server, "CONFIG SET min-replicas-to-write 1 min-replicas-max-lag 0");
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_RISKY);
	assert_non_null(strstr(why, "min-replicas-max-lag is 0 and must be 1 to 10"));
	redis_fixture_do(&server, "CONFIG SET min-replicas-max-lag 10");
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_FINE);
	c.replicas = 2;
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_RISKY);
	redis_fixture_do(&server, "CONFIG SET min-replicas-to-write 0");
}

static void
test_replicas(void **state)
{
	struct redis_fixture other;
	redisReply *reply;
	bool there = false;

	(void)state;
	redis_fixture_start(&other);
	redis_fixture_do(&other, "REPLICAOF 127.0.0.1 %d", redis_fixture_listen(&server));
	while (!there) {
		reply = redis_fixture_command(&server, "INFO replication");
		there = strstr(reply->str, "connected_slaves:1") != NULL;
		freeReplyObject(reply);
		poll(NULL, 0, 2);
	}
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_NOTED);
	assert_non_null(strstr(why, "redis.replicas is 0"));
	redis_fixture_stop(&other);
	redis_fixture_do(&server, "REPLICAOF 127.0.0.1 1");
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_UNFIT);
	assert_non_null(strstr(why, "is a replica"));
	redis_fixture_do(&server, "REPLICAOF NO ONE");
}

static void
test_config_is_forbidden(void **state)
{
	(void)state;
	redis_fixture_do(&server, "ACL SETUSER default -config");
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_RISKY);
	assert_non_null(strstr(why, "forbids CONFIG GET"));
	redis_fixture_do(&server, "ACL SETUSER default +config");
}

static void
test_password(void **state)
{
	(void)state;
	redis_fixture_do(&server, "CONFIG SET requirepass sesame");
	assert_int_equal(check(NULL, NULL), REDIS_CHECK_UNFIT);
	assert_int_equal(check("open", NULL), REDIS_CHECK_UNFIT);
	assert_null(strstr(why, "open"));
	assert_int_equal(check("sesame", NULL), REDIS_CHECK_FINE);
	redis_fixture_kill(&server);
	redis_fixture_restart(&server);
}

/* A new key may come in front; the one that names the records must stay. */
static void
test_another_key_file(void **state)
{
	static const unsigned char keys[2][SEAL_KEY] = { "new", "old" }, ids[] = { 2, 1 };
	struct seal old, both, new;

	(void)state;
	assert_true(seal_init(&old, keys + 1, ids + 1, 1));
	assert_true(seal_init(&both, keys, ids, 2));
	assert_true(seal_init(&new, keys, ids, 1));
	assert_int_equal(check(NULL, &old), REDIS_CHECK_FINE);
	assert_int_equal(check(NULL, &both), REDIS_CHECK_FINE);
	assert_int_equal(check(NULL, &new), REDIS_CHECK_UNFIT);
	assert_non_null(strstr(why, "last key"));
	assert_int_equal(check(NULL, &old), REDIS_CHECK_FINE);
}

static void
test_nobody_there(void **state)
{
	struct redis_check c = { .url = "unix:///nowhere/redis.sock", .timeout_ms = 1000 };

	(void)state;
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_UNFIT);
	assert_non_null(strstr(why, c.url));
	c.url = "http://x";
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_UNFIT);
	c.url = server.url;
	c.timeout_ms = 50;
	redis_fixture_pause(&server);
	assert_int_equal(redis_check(&c, why, sizeof why), REDIS_CHECK_UNFIT);
	redis_fixture_resume(&server);
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
		cmocka_unit_test(test_the_shipped_settings_are_fine),
		cmocka_unit_test(test_settings_that_lose_money),
		cmocka_unit_test(test_settings_without_replicas),
		cmocka_unit_test(test_replicas),
		cmocka_unit_test(test_config_is_forbidden),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_another_key_file),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
