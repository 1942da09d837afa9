/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/limit.h"

#define CAP INT64_C(2400000)	/* R24 000.00 */

static const unsigned char *
id(int n)
{
	static unsigned char v[LIMIT_ID];

	v[0] = (unsigned char)n;
	v[1] = (unsigned char)(n >> 8);
	return v;
}

static void
test_boundary(void **state)
{
	struct limit l = { 0 };

	(void)state;
	assert_int_equal(limit_reserve(&l, id(1), CAP + 1, CAP), LIMIT_OVER);
	assert_int_equal(limit_used(&l), 0);
	assert_int_equal(limit_reserve(&l, id(1), CAP, CAP), LIMIT_OK);
	assert_int_equal(limit_reserve(&l, id(2), 1, CAP), LIMIT_OVER);
	assert_int_equal(limit_used(&l), CAP);

	memset(&l, 0, sizeof l);
	assert_int_equal(limit_reserve(&l, id(1), CAP - 100, CAP), LIMIT_OK);
	assert_int_equal(limit_reserve(&l, id(2), 101, CAP), LIMIT_OVER);
	assert_int_equal(limit_reserve(&l, id(2), 100, CAP), LIMIT_OK);
}

static void
test_same_intent_once(void **state)
{
	struct limit l = { 0 };

	(void)state;
	assert_int_equal(limit_reserve(&l, id(1), CAP, CAP), LIMIT_OK);
	assert_int_equal(limit_reserve(&l, id(1), CAP, CAP), LIMIT_OK);
	assert_int_equal(limit_reserve(&l, id(1), CAP, 0), LIMIT_OK);
	assert_int_equal(limit_used(&l), CAP);
}

static void
test_given_back_and_paid_after_all(void **state)
{
	struct limit l = { 0 };

	(void)state;
	assert_int_equal(limit_reserve(&l, id(1), CAP, CAP), LIMIT_OK);
	limit_set(&l, id(1), CAP, LIMIT_COMMITTED);
	assert_int_equal(limit_used(&l), CAP);
	limit_set(&l, id(1), CAP, LIMIT_GIVEN_BACK);
	assert_int_equal(limit_used(&l), 0);
	assert_int_equal(limit_reserve(&l, id(2), 500, CAP), LIMIT_OK);
	limit_set(&l, id(1), CAP, LIMIT_COMMITTED);
	assert_int_equal(limit_used(&l), CAP + 500);	/* it was paid: over the limit, and nothing more fits */
	assert_int_equal(limit_reserve(&l, id(3), 1, CAP), LIMIT_OVER);
}

/* What was paid counts although its reservation is lost; what is given back unknown keeps a late reservation out. */
static void
test_unknown_ids(void **state)
{
	struct limit l = { 0 };

	(void)state;
	limit_set(&l, id(1), 700, LIMIT_COMMITTED);
	assert_int_equal(limit_used(&l), 700);
	limit_set(&l, id(2), 900, LIMIT_GIVEN_BACK);
	assert_int_equal(limit_used(&l), 700);
	assert_int_equal(l.len, 2 * sizeof(struct limit_entry));
}

static void
test_crowded(void **state)
{
	struct limit l = { 0 };

	(void)state;
	for (int i = 0; i < LIMIT_ENTRIES; i++)
		assert_int_equal(limit_reserve(&l, id(i), 1, CAP), LIMIT_OK);
	assert_int_equal(limit_reserve(&l, id(LIMIT_ENTRIES), 1, CAP), LIMIT_CROWDED);
	limit_set(&l, id(LIMIT_ENTRIES), 1, LIMIT_COMMITTED);
	assert_int_equal(limit_used(&l), LIMIT_ENTRIES);
}

static void
test_round_trip(void **state)
{
	struct limit l = { 0 }, back;
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	assert_int_equal(limit_reserve(&l, id(1), 100, CAP), LIMIT_OK);
	limit_set(&l, id(2), 300, LIMIT_GIVEN_BACK);
	limit_encode(&l, &b);
	assert_true(limit_decode(b.p, b.len, &back));
	limit_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	buf_clear(&again);
	l.entry[1].state = 9;
	buf_reset(&b);
	limit_encode(&l, &b);
	assert_false(limit_decode(b.p, b.len, &back));
	l.entry[1].state = LIMIT_COMMITTED;
	l.entry[0].cents = -1;
	buf_reset(&b);
	limit_encode(&l, &b);
	assert_false(limit_decode(b.p, b.len, &back));
	l.entry[0].cents = 1;
	l.len--;
	buf_reset(&b);
	limit_encode(&l, &b);
	assert_false(limit_decode(b.p, b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boundary), cmocka_unit_test(test_same_intent_once),
		cmocka_unit_test(test_given_back_and_paid_after_all), cmocka_unit_test(test_unknown_ids),
		cmocka_unit_test(test_crowded), cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
