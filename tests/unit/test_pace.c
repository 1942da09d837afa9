/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>

#include "core/pace.h"

#define A_SECOND 1000		/* a rate of n a second is n of these */

static bool
take(struct pace *p, int64_t now)
{
	if (pace_free(p, now) == 0)
		return false;
	pace_take(p, now);
	return true;
}

/* What is sent in [from, to) by one who tries each millisecond. */
static int
sent(struct pace *p, int64_t from, int64_t to)
{
	int n = 0;

	for (int64_t now = from; now < to; now++)
		while (n < 1000000 && take(p, now))
			n++;
	return n;
}

/* The same, and the SMSC takes them. */
static int
accepted(struct pace *p, int64_t from, int64_t to)
{
	int n = 0;

	for (int64_t now = from; now < to; now++)
		while (take(p, now)) {
			pace_on_accepted(p, now);
			n++;
		}
	return n;
}

static void
test_ceiling(void **state)
{
	static const int rates[] = { 1, 2, 7, 10, 33, 100, 999, 1000 };
	struct pace p;

	(void)state;
	for (size_t i = 0; i < NELEM(rates); i++) {
		pace_init(&p, 1000, rates[i] * A_SECOND, 5000);
		/* One at once, then evenly. */
		assert_int_equal(pace_free(&p, 5000), 1);
		assert_in_range(sent(&p, 5000, 15000), rates[i] * 10, rates[i] * 10 + 1);
		assert_int_equal(pace_rate(&p), rates[i] * A_SECOND);
	}
	/* Less than one a second: a share of a slow bind. */
	pace_init(&p, 100, 250, 0);
	assert_int_equal(sent(&p, 0, 12001), 4);
	pace_init(&p, 1, 1, 0);
	assert_int_equal(sent(&p, 0, 1), 1);
	assert_int_equal(pace_free(&p, 999999), 0);
	assert_int_equal(pace_free(&p, 1000000), 1);
}

/* A third of a second is not a whole number of milliseconds: never early. */
static void
test_rounding(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1000, 3 * A_SECOND, 0);
	assert_true(take(&p, 0));
	assert_int_equal(pace_free(&p, 333), 0);
	assert_int_equal(pace_free(&p, 334), 1);
}

static void
test_idle_gives_no_flood(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1000, 100 * A_SECOND, 0);
	assert_int_equal(pace_free(&p, 1000000), 25);
	assert_int_equal(sent(&p, 1000000, 1000001), 25);
	/* A clock that goes backwards gives nothing, and takes nothing. */
	assert_int_equal(pace_free(&p, 10), 0);
	assert_false(take(&p, 10));
	assert_int_equal(pace_free(&p, 1000010), 1);
}

/* It goes at once, those after it pay; a flood of them owes a second and no more. */
static void
test_ahead(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1000, 10 * A_SECOND, 0);
	pace_take(&p, 0);
	pace_take(&p, 0);
	assert_int_equal(pace_free(&p, 0), 0);
	assert_int_equal(pace_free(&p, 199), 0);
	assert_int_equal(pace_free(&p, 200), 1);
	for (int i = 0; i < 1000; i++)
		pace_take(&p, 200);
	assert_int_equal(pace_free(&p, 1299), 0);
	assert_int_equal(pace_free(&p, 1300), 1);
}

static void
test_throttled(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 5 * A_SECOND, 100 * A_SECOND, 0);
	pace_on_throttled(&p, 0);
	assert_int_equal(pace_rate(&p), 50 * A_SECOND);
	assert_int_equal(pace_free(&p, 0), 0);
	/* The rest of the window says the same again. */
	for (int now = 1; now < 1000; now++)
		pace_on_throttled(&p, now);
	assert_int_equal(pace_rate(&p), 50 * A_SECOND);
	pace_on_throttled(&p, 1000);
	assert_int_equal(pace_rate(&p), 25 * A_SECOND);
	pace_on_throttled(&p, 2000);
	pace_on_throttled(&p, 3000);
	assert_int_equal(pace_rate(&p), 6250);
	for (int now = 4000; now < 10000; now += 1000)
		pace_on_throttled(&p, now);
	assert_int_equal(pace_rate(&p), 5 * A_SECOND);
}

static void
test_comes_back(void **state)
{
	struct pace p;
	int64_t before;

	(void)state;
	pace_init(&p, 5 * A_SECOND, 100 * A_SECOND, 0);
	pace_on_throttled(&p, 0);
	/* What was on its way when it was throttled does not raise it at once. */
	pace_on_accepted(&p, 999);
	assert_int_equal(pace_rate(&p), 50 * A_SECOND);
	pace_on_accepted(&p, 1000);
	assert_int_equal(pace_rate(&p), 55 * A_SECOND);
	pace_on_accepted(&p, 1001);
	assert_int_equal(pace_rate(&p), 55 * A_SECOND);
	/* A raise is no reason to spare the next complaint. */
	pace_on_throttled(&p, 1002);
	assert_int_equal(pace_rate(&p), 27500);
	for (int64_t now = 2000; now < 20000; now += 1000) {
		before = pace_rate(&p);
		(void)accepted(&p, now, now + 1000);
		assert_true(pace_rate(&p) - before <= 10 * A_SECOND);
	}
	assert_int_equal(pace_rate(&p), 100 * A_SECOND);
	(void)accepted(&p, 20000, 40000);
	assert_int_equal(pace_rate(&p), 100 * A_SECOND);
}

/* An SMSC that takes 40 a second, whatever is configured: nearly that much goes through. */
static void
test_finds_the_rate(void **state)
{
	struct pace p;
	int through = 0, refused = 0, in_second = 0;

	(void)state;
	pace_init(&p, A_SECOND, 100 * A_SECOND, 0);
	for (int64_t now = 0; now < 600000; now++) {
		if (now % 1000 == 0)
			in_second = 0;
		while (take(&p, now)) {
			if (in_second++ < 40) {
				pace_on_accepted(&p, now);
				through++;
			} else {
				pace_on_throttled(&p, now);
				refused++;
			}
		}
	}
	assert_true(through > 600 * 40 * 6 / 10);
	assert_true(refused < through / 10);
}

static void
test_without_a_ceiling(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 5 * A_SECOND, 0, 0);
	assert_int_equal(pace_rate(&p), 0);
	assert_int_equal(pace_free(&p, 0), INT_MAX);
	for (int i = 0; i < 400; i++)
		assert_true(take(&p, 1000 + i));
	/* It begins at half of what was really sent. */
	pace_on_throttled(&p, 2100);
	assert_int_equal(pace_rate(&p), 200 * A_SECOND);
	assert_int_equal(pace_free(&p, 2100), 0);
	pace_on_accepted(&p, 3100);
	assert_int_equal(pace_rate(&p), 240 * A_SECOND);
	for (int64_t now = 4100; now < 25000; now += 1000)
		pace_on_accepted(&p, now);
	assert_int_equal(pace_rate(&p), 0);
	assert_int_equal(pace_free(&p, 25000), INT_MAX);
	/* Hardly anything was sent: not below the floor. */
	pace_on_throttled(&p, 100000);
	assert_int_equal(pace_rate(&p), 5 * A_SECOND);
	pace_on_accepted(&p, 101000);
	assert_int_equal(pace_rate(&p), 0);
}

static void
test_bounds_change(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, A_SECOND, 100 * A_SECOND, 0);
	pace_set_bounds(&p, A_SECOND, 50 * A_SECOND, 10);
	assert_int_equal(pace_rate(&p), 50 * A_SECOND);
	pace_set_bounds(&p, A_SECOND, 200 * A_SECOND, 20);
	assert_int_equal(pace_rate(&p), 200 * A_SECOND);
	pace_on_throttled(&p, 30);
	pace_set_bounds(&p, A_SECOND, 300 * A_SECOND, 40);
	assert_int_equal(pace_rate(&p), 100 * A_SECOND);
	pace_set_bounds(&p, A_SECOND, 70 * A_SECOND, 50);
	assert_int_equal(pace_rate(&p), 70 * A_SECOND);
	pace_set_bounds(&p, 90 * A_SECOND, 80 * A_SECOND, 60);
	assert_int_equal(pace_rate(&p), 90 * A_SECOND);
	pace_set_bounds(&p, 0, 0, 70);
	assert_int_equal(pace_rate(&p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_idle_gives_no_flood),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_throttled),
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_finds_the_rate),
		cmocka_unit_test(test_without_a_ceiling),
		cmocka_unit_test(test_bounds_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
