/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "core/pin_write.h"
#include "core/sim_line.h"

#define NOW INT64_C(1774339200000)
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static struct subscriber
customer(void)
{
	return (struct subscriber){ .has_pin = true, .pin_key_id = 1, .customer_id = 7 };
}

static struct pin_write
write_of(enum pin_write_kind kind, int key_id, char pin)
{
	struct pin_write w = { .kind = kind, .key_id = key_id };

	memset(w.mac, pin, sizeof w.mac);
	return w;
}

static const unsigned char *
mac_of(char pin)
{
	static unsigned char mac[16];

	memset(mac, pin, sizeof mac);
	return mac;
}

static void
test_keys(void **state)
{
	struct wallet_settings w = { .pin_key_id = 2, .pin_key = { 22 } };

	(void)state;
	assert_ptr_equal(pin_key_of(&w, 2), w.pin_key);
	assert_null(pin_key_of(&w, 1));
	w.pin_keys[0].id = 2;
	w.pin_keys[1].id = 1;
	w.pin_keys_n = 2;
	assert_ptr_equal(pin_key_of(&w, 1), w.pin_keys[1].key);
	assert_null(pin_key_of(&w, 0));
}

static void
test_a_new_key_takes_over(void **state)
{
	struct subscriber s = customer();
	struct pin_write w = write_of(PIN_WRITE_ROTATE, 2, 'a'), r = write_of(PIN_WRITE_RETIRE, 1, 'x');

	(void)state;
	assert_int_equal(pin_write_due(&s, 1, false, NOW), PIN_WRITE_NONE);
	assert_int_equal(pin_write_due(&s, 2, false, NOW), PIN_WRITE_ROTATE);
	assert_true(pin_write_begin(&s, &w, NOW));
	assert_int_equal(s.pin_key_id, 1);	/* the old identity is the right one until the new one is there */
	assert_int_equal(pin_write_due(&s, 2, false, NOW), PIN_WRITE_ROTATE);	/* a crash here: again */
	assert_true(pin_write_begin(&s, &w, NOW + 1));
	pin_write_done(&s, &w, false, NOW + 2);
	assert_int_equal(s.pin_key_id, 2);
	pin_write_done(&s, &w, false, NOW + 3);	/* its twin, or a commit that was answered the second time only */
	assert_int_equal(s.pin_key_id, 2);
	assert_int_equal(s.pin_old_key, 1);
	/* Then nobody gets in with the identity of before, once no turn can still use it. */
	assert_int_equal(pin_write_due(&s, 2, false, NOW + 4), PIN_WRITE_NONE);
	assert_int_equal(pin_write_due(&s, 2, false, NOW + 2 * MINUTE), PIN_WRITE_RETIRE);
	assert_true(pin_write_begin(&s, &r, NOW + 2 * MINUTE));
	pin_write_done(&s, &r, false, NOW + 2 * MINUTE);
	assert_false(s.has_old_key);
	assert_int_equal(s.pin_key_id, 2);
	assert_int_equal(pin_write_due(&s, 2, false, NOW + 3 * MINUTE), PIN_WRITE_NONE);
}

static void
test_a_new_key_here(void **state)
{
	struct subscriber s = customer();
	struct pin_write w = write_of(PIN_WRITE_ROTATE, 2, 'a');

	(void)state;
	assert_true(pin_write_begin(&s, &w, NOW));
	pin_write_done(&s, &w, true, NOW);
	assert_int_equal(s.pin_key_id, 2);
	assert_memory_equal(s.pin_mac, mac_of('a'), 16);
	assert_int_equal(s.pin_mac_len, 16);
	assert_false(s.has_old_key);
	assert_int_equal(pin_write_due(&s, 2, true, NOW + HOUR), PIN_WRITE_NONE);
}

/* What was not answered may land late: nothing else is written until it cannot any more. */
static void
test_one_at_a_time(void **state)
{
	struct subscriber s = customer();
	struct pin_write a = write_of(PIN_WRITE_CHANGE, 1, 'a'), b = write_of(PIN_WRITE_CHANGE, 1, 'b');

	(void)state;
	assert_true(pin_write_begin(&s, &a, NOW));
	assert_false(pin_write_begin(&s, &b, NOW + MINUTE));
	assert_true(pin_write_begin(&s, &a, NOW + MINUTE));
	assert_false(pin_write_begin(&s, &b, NOW + PIN_WRITE_LANDS_MS + MINUTE - 1));
	assert_true(pin_write_begin(&s, &b, NOW + PIN_WRITE_LANDS_MS + MINUTE));
	pin_write_done(&s, &b, false, NOW + HOUR);
	assert_true(pin_write_begin(&s, &a, NOW + HOUR));	/* answered: nothing hangs */
	pin_write_unanswered(&s, &a, NOW + HOUR);
	pin_write_done(&s, &a, false, NOW + HOUR);		/* by its second attempt: the first may still land */
	assert_false(pin_write_begin(&s, &b, NOW + HOUR + MINUTE));
	assert_true(pin_write_begin(&s, &b, NOW + HOUR + PIN_WRITE_LANDS_MS));
	pin_write_refused(&s, &a);
	assert_int_equal(s.pin_write, PIN_WRITE_CHANGE);	/* that was another one */
	pin_write_refused(&s, &b);
	assert_int_equal(s.pin_write, PIN_WRITE_NONE);
}

static void
test_a_change_without_an_answer(void **state)
{
	struct subscriber s = customer();
	struct pin_write w = write_of(PIN_WRITE_CHANGE, 1, 'n');

	(void)state;
	assert_false(pin_write_excuses(&s, mac_of('g'), NOW));
	assert_true(pin_write_begin(&s, &w, NOW));
	/* The new one did not work: not counted, however often. */
	assert_true(pin_write_excuses(&s, mac_of('n'), NOW + MINUTE));
	assert_true(pin_write_excuses(&s, mac_of('n'), NOW + MINUTE));
	/* Another one may be the old PIN, or a guess: once. */
	assert_true(pin_write_excuses(&s, mac_of('o'), NOW + MINUTE));
	assert_false(pin_write_excuses(&s, mac_of('o'), NOW + MINUTE));
	assert_true(pin_write_begin(&s, &w, NOW + 2 * MINUTE));	/* the same again gives no new tries */
	assert_false(pin_write_excuses(&s, mac_of('g'), NOW + 2 * MINUTE));
	/* The old one works: it may still land. */
	pin_write_proven(&s, mac_of('o'), NOW + 3 * MINUTE);
	assert_int_equal(s.pin_write, PIN_WRITE_CHANGE);
	pin_write_proven(&s, mac_of('o'), NOW + HOUR);
	assert_int_equal(s.pin_write, PIN_WRITE_NONE);
	/* The new one works: it has. */
	assert_true(pin_write_begin(&s, &w, NOW + HOUR));
	assert_true(pin_write_matches(&s, mac_of('n')));
	pin_write_proven(&s, mac_of('n'), NOW + HOUR);
	assert_int_equal(s.pin_write, PIN_WRITE_NONE);
	/* The new one does not work when it cannot land any more: the change is over, the try is free. */
	assert_true(pin_write_begin(&s, &w, NOW + HOUR));
	assert_true(pin_write_excuses(&s, mac_of('n'), NOW + 2 * HOUR));
	assert_int_equal(s.pin_write, PIN_WRITE_NONE);
	assert_false(pin_write_excuses(&s, mac_of('n'), NOW + 2 * HOUR));
}

static void
test_reset(void **state)
{
	struct subscriber s = customer();
	struct pin_write w = write_of(PIN_WRITE_RESET, 2, 'n');

	(void)state;
	assert_int_equal(pin_reset_state(&s, NOW), PIN_RESET_NONE);
	s.reset_from = NOW + HOUR;
	assert_int_equal(pin_reset_state(&s, NOW), PIN_RESET_WAITING);
	assert_int_equal(pin_reset_state(&s, NOW + HOUR), PIN_RESET_READY);
	assert_int_equal(pin_reset_state(&s, NOW + HOUR + PIN_RESET_OPEN_MS), PIN_RESET_NONE);
	assert_true(pin_write_begin(&s, &w, NOW + HOUR));
	/* Nobody knows an old PIN here, so that no other one is excused; without an answer it can be set again. */
	assert_false(pin_write_excuses(&s, mac_of('g'), NOW + HOUR));
	assert_true(pin_write_excuses(&s, mac_of('n'), NOW + HOUR));
	assert_int_equal(pin_reset_state(&s, NOW + HOUR), PIN_RESET_READY);
	pin_write_done(&s, &w, false, NOW + HOUR);
	assert_int_equal(s.pin_key_id, 2);
	assert_true(s.has_old_key);		/* which the forgotten PIN opens */
	assert_int_equal(pin_reset_state(&s, NOW + HOUR), PIN_RESET_NONE);
	assert_true(subscriber_is_young(&s, NOW + HOUR + PIN_CAREFUL_MS - 1));
	assert_false(subscriber_is_young(&s, NOW + HOUR + PIN_CAREFUL_MS));
}

static void
test_activate(void **state)
{
	struct subscriber s = { .customer_id = 7, .code_mac_len = 16 };
	struct pin_write w = write_of(PIN_WRITE_ACTIVATE, 2, 'n');

	(void)state;
	assert_true(pin_write_begin(&s, &w, NOW));
	assert_false(s.has_pin);
	pin_write_done(&s, &w, false, NOW);
	assert_true(s.has_pin);
	assert_false(s.has_old_key);
	assert_int_equal(s.code_mac_len, 0);	/* the code is used up */
	assert_true(subscriber_is_young(&s, NOW + HOUR));
}

static void
test_sim(void **state)
{
	struct subscriber s = customer();

	(void)state;
	assert_false(sim_see(&s, mac_of('s'), NOW));	/* the first is learnt */
	assert_false(sim_is_new(&s, NOW));
	assert_false(sim_see(&s, mac_of('s'), NOW + HOUR));
	s.reset_from = NOW + HOUR;
	s.code_mac_len = 16;
	assert_true(sim_see(&s, mac_of('t'), NOW + HOUR));
	assert_true(sim_is_new(&s, NOW + HOUR + PIN_CAREFUL_MS - 1));
	assert_true(subscriber_is_young(&s, NOW + HOUR + PIN_CAREFUL_MS - 1));
	assert_false(sim_is_new(&s, NOW + HOUR + PIN_CAREFUL_MS));
	assert_int_equal(s.reset_from, 0);
	assert_int_equal(s.code_mac_len, 0);
	assert_false(sim_see(&s, mac_of('t'), NOW + 2 * HOUR));
	sim_changed(&s, NOW);			/* an old word of the operator does not shorten it */
	assert_int_equal(s.sim_changed_at, NOW + HOUR);
}

static void
test_sim_line(void **state)
{
	static const struct {
		const char *text;
		enum sim_line what;
		const char *phone;
	} rows[] = {
		{ "27821234567 2026-03-24T10:00:00Z", SIM_LINE_GOOD, "27821234567" },
		{ "+27821234567,2026-03-24T12:00:00+02:00\r", SIM_LINE_GOOD, "27821234567" },
		{ "", SIM_LINE_EMPTY, "" }, { " \r", SIM_LINE_EMPTY, "" }, { "# a comment", SIM_LINE_EMPTY, "" },
		{ "27821234567", SIM_LINE_BAD, "" }, { "0821234567 2026-03-24T10:00:00Z", SIM_LINE_BAD, "" },
		{ "27821234567 yesterday", SIM_LINE_BAD, "" }, { "x 2026-03-24T10:00:00Z", SIM_LINE_BAD, "" },
		{ "27821234567 2026-03-24T10:00:00Z                                                    x", SIM_LINE_BAD,
		    "" },
	};
	char phone[PHONE_MAX];
	int64_t at;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (sim_line_read(rows[i].text, strlen(rows[i].text), phone, &at) != rows[i].what)
			fail_msg("row %zu", i);
		if (rows[i].what == SIM_LINE_GOOD) {
			assert_string_equal(phone, rows[i].phone);
			assert_int_equal(at, INT64_C(1774346400000));
		}
	}
	assert_int_equal(sim_line_read("27821234567 2026-03-24T10:00:00Z\0", 33, phone, &at), SIM_LINE_BAD);
}

static void
test_record(void **state)
{
	struct subscriber s = customer(), back;
	struct buf again = { 0 };
	struct pin_write w = write_of(PIN_WRITE_CHANGE, 3, 'n');
	struct buf b = { 0 };

	(void)state;
	assert_true(pin_write_begin(&s, &w, NOW));
	assert_true(pin_write_excuses(&s, mac_of('o'), NOW));
	pin_write_unanswered(&s, &w, NOW + 1);
	assert_false(sim_see(&s, mac_of('s'), NOW));
	assert_true(sim_see(&s, mac_of('t'), NOW + 2));
	s.has_old_key = true;
	s.pin_old_key = 4;
	s.pin_key_at = NOW + 3;
	s.reset_from = NOW + 4;
	s.resets = 2;
	s.id_checks = 3;
	subscriber_encode(&s, &b);
	assert_true(subscriber_decode(b.p, b.len, &back));
	subscriber_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	assert_true(back.pin_write == PIN_WRITE_CHANGE && back.pin_write_key == 3 && back.pin_write_excused);
	assert_true(back.has_old_key && back.pin_old_key == 4 && back.reset_from == NOW + 4 && back.id_checks == 3);
	assert_true(sim_is_new(&back, NOW + 3));
	buf_clear(&again);
	buf_clear(&b);
	s.pin_write = PIN_WRITE_KINDS;
	subscriber_encode(&s, &b);
	assert_false(subscriber_decode(b.p, b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys), cmocka_unit_test(test_a_new_key_takes_over),
		cmocka_unit_test(test_a_new_key_here), cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_a_change_without_an_answer), cmocka_unit_test(test_reset),
		cmocka_unit_test(test_activate), cmocka_unit_test(test_sim), cmocka_unit_test(test_record),
		cmocka_unit_test(test_sim_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
