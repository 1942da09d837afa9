/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bucket.h"

static bool
go(struct bucket *b, const struct bucket_rate *r, int64_t now, int64_t *wait)
{
	bool ok = bucket_allows(b, r, now, wait);

	if (ok)
		bucket_take(b, r, now);
	return ok;
}

static void
a_burst_and_then_one_by_one(void **state)
{
	struct bucket_rate r = bucket_rate(60, 60000, 5);
	struct bucket b = { 0 };
	int64_t wait;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(go(&b, &r, 1000000, &wait));
	assert_false(go(&b, &r, 1000000, &wait));
	assert_int_equal(wait, 1000);
	assert_false(go(&b, &r, 1000999, &wait));
	assert_int_equal(wait, 1);
	assert_true(go(&b, &r, 1001000, &wait));
	assert_false(go(&b, &r, 1001000, &wait));
	/* A refusal takes nothing, and what was saved up is never more than the burst. */
	assert_false(bucket_is_full(&b, 1001000));
	assert_true(bucket_is_full(&b, 1900000));
	for (int i = 0; i < 5; i++)
		assert_true(go(&b, &r, 1900000, &wait));
	assert_false(go(&b, &r, 1900000, &wait));
}

static void
over_a_long_time_the_rate_is_exact(void **state)
{
	static const int rates[] = { 1, 3, 7, 120, 999, 2000, 50000 };
	int64_t wait;

	(void)state;
	for (size_t i = 0; i < NELEM(rates); i++) {
		struct bucket_rate r = bucket_rate(rates[i], 1000, 2);
		struct bucket b = { 0 };
		int64_t went = 0, seconds = 100;

		/* Asked 50 times a millisecond: of the quickest the burst is all that goes in one. */
		for (int64_t now = 0; now < seconds * 1000; now++)
			for (int k = 0; k < 50; k++)
				went += go(&b, &r, now, &wait);
		if (rates[i] <= 1000)
			assert_in_range(went, (uintmax_t)(seconds * rates[i]), (uintmax_t)(seconds * rates[i] + 2));
		else
			assert_in_range(went, (uintmax_t)seconds * 1000, (uintmax_t)(seconds * rates[i] + 2));
	}
}

static void
no_rate_is_no_limit(void **state)
{
	struct bucket_rate r = bucket_rate(0, 1000, 0);
	struct bucket b = { 0 };
	int64_t wait = 5;

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_true(go(&b, &r, 7, &wait));
	assert_int_equal(wait, 0);
	assert_true(bucket_is_full(&b, 7));
}

static void
a_clock_set_back_locks_nobody_out(void **state)
{
	struct bucket_rate r = bucket_rate(10, 1000, 10);
	struct bucket b = { 0 };
	int64_t wait;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(go(&b, &r, INT64_C(900000000), &wait));
	assert_false(go(&b, &r, 0, &wait));
	assert_in_range(wait, 1, 2000);
	assert_true(go(&b, &r, 0 + 2000, &wait) || wait <= 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_one_by_one),
		cmocka_unit_test(over_a_long_time_the_rate_is_exact),
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(a_clock_set_back_locks_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
