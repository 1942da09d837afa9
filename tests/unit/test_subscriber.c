/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "core/subscriber.h"

#define NOW INT64_C(1774339200000)
#define TEN_MINUTES INT64_C(600000)

static const unsigned char thandi[16] = { 1 }, sipho[16] = { 2 };

static void
test_same_payment_again(void **state)
{
	struct subscriber s = { 0 };

	(void)state;
	subscriber_add_recent(&s, thandi, 5000, NOW);
	assert_int_equal(subscriber_find_recent(&s, thandi, 5000, NOW + TEN_MINUTES - 1, TEN_MINUTES), NOW);
	assert_int_equal(subscriber_find_recent(&s, thandi, 5000, NOW + TEN_MINUTES, TEN_MINUTES), 0);
	assert_int_equal(subscriber_find_recent(&s, thandi, 5001, NOW, TEN_MINUTES), 0);
	assert_int_equal(subscriber_find_recent(&s, sipho, 5000, NOW, TEN_MINUTES), 0);
	subscriber_add_recent(&s, thandi, 5000, NOW + 7);
	assert_int_equal(subscriber_find_recent(&s, thandi, 5000, NOW + 8, TEN_MINUTES), NOW + 7);
}

static void
test_the_oldest_goes(void **state)
{
	struct subscriber s = { 0 };

	(void)state;
	subscriber_add_token(&s, sipho, 1, NOW);
	for (int i = 0; i < RECENT_PAYMENTS; i++) {
		assert_int_equal(subscriber_count_tokens(&s, thandi, NOW), i);
		subscriber_add_token(&s, thandi, 1, NOW + i);
	}
	assert_int_equal(subscriber_count_tokens(&s, thandi, NOW), RECENT_PAYMENTS);
	assert_int_equal(subscriber_count_tokens(&s, thandi, NOW + 1), RECENT_PAYMENTS - 1);
	assert_int_equal(subscriber_count_tokens(&s, sipho, 0), 0);
	assert_int_equal(s.tokens_len, sizeof s.tokens);
	assert_int_equal(s.recent_len, 0);
}

static void
test_new_day(void **state)
{
	struct subscriber s = { .lookups = 3, .refused_other = 2, .activations = 1, .spent = 500 };

	(void)state;
	str_copy(s.day, sizeof s.day, "20260324");
	subscriber_new_day(&s, "20260324");
	assert_int_equal(s.lookups, 3);
	subscriber_new_day(&s, "20260325");
	assert_int_equal(s.lookups + s.refused_other + s.activations, 0);
	assert_int_equal(s.spent, 0);
	assert_string_equal(s.day, "20260325");
}

static void
test_round_trip(void **state)
{
	struct subscriber s = { .has_pin = true, .pin_key_id = 2, .pin_mac_len = 16, .customer_id = 7,
		.outcome = OUTCOME_CHECKING, .outcome_at = NOW, .signup_ratified = true, .spent = 9 }, back;
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	memset(s.pin_mac, 3, 16);
	str_copy(s.open_intent, sizeof s.open_intent, "11111111-2222-4333-8444-555555555555");
	subscriber_add_recent(&s, thandi, 5000, NOW);
	subscriber_encode(&s, &b);
	assert_true(subscriber_decode(b.p, b.len, &back));
	subscriber_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	buf_clear(&again);
	s.recent_len--;
	buf_reset(&b);
	subscriber_encode(&s, &b);
	assert_false(subscriber_decode(b.p, b.len, &back));
	buf_clear(&b);
}

/* As many tokens in a day as are remembered: who got the earlier ones is not known any more. */
static void
test_tokens_of_a_day(void **state)
{
	struct subscriber s = { 0 };

	(void)state;
	for (int i = 0; i < RECENT_PAYMENTS; i++) {
		assert_false(subscriber_tokens_full(&s, NOW - 1000));
		subscriber_add_token(&s, thandi, 100, NOW + i);
	}
	assert_int_equal(subscriber_count_tokens(&s, thandi, NOW), RECENT_PAYMENTS);
	assert_true(subscriber_tokens_full(&s, NOW));
	assert_false(subscriber_tokens_full(&s, NOW + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_payment_again), cmocka_unit_test(test_the_oldest_goes),
		cmocka_unit_test(test_new_day), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_tokens_of_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
