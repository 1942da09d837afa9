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

/*
 * Full of live entries: nothing more is reserved, but what was paid still finds room, and at last says that there is
 * none.
 */
static void
test_crowded(void **state)
{
	static struct limit l;

	(void)state;
	memset(&l, 0, sizeof l);
	for (int i = 0; i < LIMIT_ENTRIES - LIMIT_SPARE; i++) {
		assert_true(limit_left(&l, CAP) > 0);
		assert_int_equal(limit_reserve(&l, id(i), 1, CAP), LIMIT_OK);
	}
	assert_int_equal(limit_reserve(&l, id(5000), 1, CAP), LIMIT_CROWDED);
	assert_int_equal(limit_left(&l, CAP), 0);
	for (int i = 0; i < LIMIT_SPARE; i++)
		assert_true(limit_set(&l, id(2000 + i), 1, LIMIT_COMMITTED));
	assert_int_equal(limit_used(&l), LIMIT_ENTRIES);
	assert_false(limit_set(&l, id(5000), 1, LIMIT_COMMITTED));
	assert_int_equal(limit_used(&l), LIMIT_ENTRIES);
	/* One of them ends: its place is free for a payment. */
	assert_true(limit_set(&l, id(7), 1, LIMIT_GIVEN_BACK));
	assert_true(limit_set(&l, id(5000), 1, LIMIT_COMMITTED));
	assert_null(limit_find(&l, id(7)));
}

/* However many tokens to a phone are made and cancelled, it can still get its own. */
static void
test_flood_of_cancelled(void **state)
{
	static struct limit l;

	(void)state;
	memset(&l, 0, sizeof l);
	assert_int_equal(limit_reserve(&l, id(60000), 500, CAP), LIMIT_OK);
	for (int i = 0; i < 10 * LIMIT_ENTRIES; i++) {
		assert_int_equal(limit_reserve(&l, id(i), CAP - 500, CAP), LIMIT_OK);
		assert_true(limit_set(&l, id(i), CAP - 500, LIMIT_GIVEN_BACK));
	}
	assert_int_equal(limit_left(&l, CAP), CAP - 500);
	assert_int_equal(limit_find(&l, id(60000))->state, LIMIT_RESERVED);
	/* One that was forgotten is paid out after all. */
	assert_true(limit_set(&l, id(3), 100, LIMIT_COMMITTED));
	assert_int_equal(limit_used(&l), 600);
}

static void
test_merge(void **state)
{
	static const struct {
		int before;			/* 0: no entry */
		enum limit_state says;
		int after;
	} rows[] = {
		{ 0, LIMIT_RESERVED, LIMIT_RESERVED }, { 0, LIMIT_COMMITTED, LIMIT_COMMITTED }, { 0, LIMIT_GIVEN_BACK, 0 },
		{ LIMIT_RESERVED, LIMIT_RESERVED, LIMIT_RESERVED }, { LIMIT_RESERVED, LIMIT_COMMITTED, LIMIT_COMMITTED },
		{ LIMIT_COMMITTED, LIMIT_RESERVED, LIMIT_COMMITTED }, { LIMIT_GIVEN_BACK, LIMIT_RESERVED, LIMIT_GIVEN_BACK },
		{ LIMIT_GIVEN_BACK, LIMIT_COMMITTED, LIMIT_COMMITTED }, { LIMIT_COMMITTED, LIMIT_GIVEN_BACK, LIMIT_GIVEN_BACK },
		{ LIMIT_RESERVED, LIMIT_GIVEN_BACK, LIMIT_GIVEN_BACK },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(rows); k++) {
		struct limit l = { 0 };
		const struct limit_entry *e;

		if (rows[k].before != 0)
			assert_true(limit_set(&l, id(1), 300, (enum limit_state)rows[k].before));
		assert_true(limit_merge(&l, id(1), 300, rows[k].says));
		assert_true(limit_merge(&l, id(1), 300, rows[k].says));
		e = limit_find(&l, id(1));
		assert_int_equal(e != NULL ? e->state : 0, rows[k].after);
		assert_int_equal(limit_count(&l), rows[k].after != 0);
	}
}

static void
test_ids(void **state)
{
	static const char *const bad[] = {
		"", "order-1", "11111111-2222-4333-8444-55555555555", "11111111-2222-4333-8444-5555555555555",
		"11111111-2222-4333-8444-55555555555g", "------------------------------------",
		"111111112222433384445555555555551111",
	};
	unsigned char v[LIMIT_ID];

	(void)state;
	assert_true(limit_id("01020304-0506-4708-890a-0b0c0d0e0f10", v));
	assert_memory_equal(v, "\1\2\3\4\5\6\x47\x8\x89\xa\xb\xc\xd\xe\xf\x10", LIMIT_ID);
	for (size_t k = 0; k < NELEM(bad); k++)
		assert_false(limit_id(bad[k], v));
}

/* Before entries had a time, the state took its place too. */
static void
test_entry_of_an_older_process(void **state)
{
	struct {
		unsigned char id[LIMIT_ID];
		int64_t cents, state;
	} old = { { 1 }, 700, LIMIT_COMMITTED };
	struct limit l = { .len = sizeof old };

	(void)state;
	assert_int_equal(sizeof old, sizeof l.entry[0]);
	memcpy(&l.entry[0], &old, sizeof old);
	assert_int_equal(limit_used(&l), 700);
	assert_int_equal(l.entry[0].created_s, 0);
	limit_stamp(&l, id(1), INT64_C(1774342800000));
	limit_stamp(&l, id(1), INT64_C(1874342800000));
	assert_int_equal(l.entry[0].created_s, 1774342800);
	assert_string_equal(limit_state_name(&l.entry[0]), "committed");
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
		cmocka_unit_test(test_crowded), cmocka_unit_test(test_flood_of_cancelled),
		cmocka_unit_test(test_merge), cmocka_unit_test(test_ids), cmocka_unit_test(test_entry_of_an_older_process),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
