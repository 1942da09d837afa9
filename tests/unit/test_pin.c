/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/pin.h"

#define NOW INT64_C(1774339200000)
#define MINUTE INT64_C(60000)

static void
wrong(struct pin_tries *p, int64_t now, bool locks)
{
	assert_true(pin_take(p, now));
	assert_int_equal(pin_wrong(p, now), locks);
}

static void
test_three_wrong_lock(void **state)
{
	struct pin_tries p = { 0 };

	(void)state;
	assert_int_equal(pin_left(&p), 3);
	wrong(&p, NOW, false);
	assert_int_equal(pin_left(&p), 2);
	wrong(&p, NOW, false);
	assert_int_equal(pin_left(&p), 1);
	wrong(&p, NOW, true);
	assert_false(pin_take(&p, NOW));
	assert_false(pin_take(&p, p.locked_until - 1));
	assert_true(pin_take(&p, p.locked_until));
}

static void
test_locks_grow(void **state)
{
	struct pin_tries p = { 0 };
	int64_t now = NOW, last = 0;

	(void)state;
	for (int lock = 0; lock < 4; lock++) {
		wrong(&p, now, false);
		wrong(&p, now, false);
		wrong(&p, now, true);
		assert_true(p.locked_until - now > last);
		last = p.locked_until - now;
		now = p.locked_until;
	}
	for (int i = 0; i < 3; i++)
		wrong(&p, now, i == 2);
	assert_int_equal(p.locked_until - now, last);	/* the longest stays the longest */
	now = p.locked_until;
	assert_true(pin_take(&p, now));
	pin_right(&p);
	for (int i = 0; i < 3; i++)
		wrong(&p, now, i == 2);
	assert_int_equal(p.locked_until - now, 15 * MINUTE);
}

static void
test_given_back(void **state)
{
	struct pin_tries p = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_true(pin_take(&p, NOW));
		pin_give_back(&p);	/* a timeout is no wrong try */
	}
	assert_int_equal(pin_left(&p), 3);
	pin_give_back(&p);
	assert_int_equal(p.taken, 0);
}

/* Guesses in parallel gain nothing: no more are checked at once than tries are left. */
static void
test_parallel(void **state)
{
	struct pin_tries p = { 0 };

	(void)state;
	wrong(&p, NOW, false);
	assert_true(pin_take(&p, NOW));
	assert_true(pin_take(&p, NOW));
	assert_false(pin_take(&p, NOW));
	assert_int_equal(pin_left(&p), 0);
	assert_false(pin_wrong(&p, NOW));
	assert_false(pin_take(&p, NOW));
	assert_true(pin_wrong(&p, NOW));
	assert_false(pin_take(&p, NOW));
}

/* A right one beside a wrong one: the wrong one that comes later still counts. */
static void
test_parallel_right(void **state)
{
	struct pin_tries p = { 0 };

	(void)state;
	assert_true(pin_take(&p, NOW));
	assert_true(pin_take(&p, NOW));
	pin_right(&p);
	assert_int_equal(p.taken, 1);
	assert_false(pin_wrong(&p, NOW));
	assert_int_equal(pin_left(&p), 2);
}

/* A try whose process died counts as wrong, a minute later. */
static void
test_abandoned(void **state)
{
	struct pin_tries p = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(pin_take(&p, NOW));
	assert_false(pin_take(&p, NOW + MINUTE - 1));
	assert_false(pin_take(&p, NOW + MINUTE));	/* now they have locked */
	assert_int_equal(p.locked_until, NOW + MINUTE + 15 * MINUTE);
	assert_int_equal(p.taken, 0);

	memset(&p, 0, sizeof p);
	assert_true(pin_take(&p, NOW));
	assert_true(pin_take(&p, NOW + MINUTE));
	assert_int_equal(p.wrong, 1);
}

static void
test_round_trip(void **state)
{
	struct pin_tries p = { .taken = 1, .wrong = 2, .locks = 3, .taken_at = NOW, .locked_until = NOW + 1 }, back;
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	pin_encode(&p, &b);
	assert_true(pin_decode(b.p, b.len, &back));
	pin_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	buf_clear(&again);
	assert_false(pin_decode(b.p, b.len - 1, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_wrong_lock), cmocka_unit_test(test_locks_grow),
		cmocka_unit_test(test_given_back), cmocka_unit_test(test_parallel),
		cmocka_unit_test(test_parallel_right), cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
