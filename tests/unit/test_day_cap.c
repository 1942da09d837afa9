/* SPDX-License-Identifier: Apache-2.0 */
/* An integrator's caps of a day hold to the cent and to the order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/day_cap.h"

static void
test_amount(void **state)
{
	struct integrator_settings who = { .day_amount = 10000 };
	struct day_cap cap = { 0 };

	(void)state;
	assert_true(day_cap_set(&who));
	assert_true(day_cap_take(&cap, &who, 9999));
	assert_false(day_cap_take(&cap, &who, 2));
	assert_true(day_cap_take(&cap, &who, 1));
	assert_false(day_cap_take(&cap, &who, 1));
	assert_int_equal(cap.amount, 10000);
	assert_int_equal(cap.count, 2);
}

static void
test_count(void **state)
{
	struct integrator_settings who = { .day_count = 2 };
	struct day_cap cap = { 0 };

	(void)state;
	assert_true(day_cap_set(&who));
	assert_true(day_cap_take(&cap, &who, 1));
	assert_true(day_cap_take(&cap, &who, INT64_C(100000000000)));
	assert_false(day_cap_take(&cap, &who, 1));
	assert_int_equal(cap.count, 2);
}

static void
test_none(void **state)
{
	struct integrator_settings who = { 0 };

	(void)state;
	assert_false(day_cap_set(&who));
}

static void
test_record(void **state)
{
	struct day_cap cap = { .amount = 123, .count = 4 }, back;
	struct buf b = { 0 };

	(void)state;
	day_cap_encode(&cap, &b);
	assert_true(day_cap_decode(b.p, b.len, &back));
	assert_int_equal(back.amount, 123);
	assert_int_equal(back.count, 4);
	buf_reset(&b);
	cap.count = -1;
	day_cap_encode(&cap, &b);
	assert_false(day_cap_decode(b.p, b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amount), cmocka_unit_test(test_count), cmocka_unit_test(test_none),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
