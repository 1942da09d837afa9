/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chats when things break: whatever is lost and whenever a process dies, what was written is answered once, in its
 * order, and by nobody twice. On the clock of the simulation.
 */
#include "tests/unit/chat_world.h"

static const enum sim_strike_what strikes[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE,
	STRIKE_CRASH_AFTER };

static void
strike(struct sim_world *w, enum store_family family, enum sim_strike_what what)
{
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = family, .nth = 1, .what = what };
}

static void
test_the_menu_as_buttons_and_lists(void **state)
{
	struct sim_world *w = chat_world();

	(void)state;
	typed(w, "hi");
	assert_int_equal(answers(w), 1);
	assert_non_null(strstr(newest(w)->body, "Choose your language"));
	assert_true(newest(w)->choices >= 7);
	assert_false(w->inbox[0].window_over);
	tap(w, "1");
	assert_int_equal(answers(w), 2);
	assert_non_null(strstr(newest(w)->body, "Acme Wallet"));
	world_free(w);
}

/* An older screen's button is not one of the newer one, though it has the same number. */
static void
test_an_old_tap_chooses_nothing(void **state)
{
	struct sim_world *w = chat_world();
	char old[CHAT_TAP], body[CHAT_BODY];

	(void)state;
	typed(w, "hi");
	assert_int_equal(answers(w), 1);
	chat_tap_id(newest(w), &newest(w)->choice[0], old);
	tap(w, "1");
	assert_int_equal(answers(w), 2);
	str_copy(body, sizeof body, newest(w)->body);
	write_in(w, CHAT_TAPPED, old);
	assert_int_equal(answers(w), 3);
	assert_non_null(strstr(newest(w)->body, "older message"));
	assert_non_null(strstr(newest(w)->body, body));
	tap(w, "1");
	assert_int_equal(answers(w), 4);
	assert_null(strstr(newest(w)->body, body));
	world_free(w);
}

static void
test_a_repeated_webhook_does_nothing(void **state)
{
	struct sim_world *w = chat_world();

	(void)state;
	typed(w, "hi");
	assert_int_equal(answers(w), 1);
	for (int i = 0; i < 3; i++) {
		deliver_again(w, i % SIM_PROCESSES);
		assert_int_equal(answers(w), 1);
	}
	sim_world_run(w, w->loop.now + INT64_C(3) * 86400000);
	deliver_again(w, 0);
	assert_int_equal(answers(w), 1);
	world_free(w);
}

static void
test_a_dialogue_whatever_breaks(void **state)
{
	static const enum store_family families[] = { STORE_MESSAGE, STORE_CHAT, STORE_SESSION };

	(void)state;
	for (size_t f = 0; f < NELEM(families); f++)
		for (size_t i = 0; i < NELEM(strikes); i++)
			for (int nth = 1; nth <= 2; nth++) {
				struct sim_world *w = chat_world();

				typed(w, "hi");
				assert_int_equal(answers(w), 1);
				strike(w, families[f], strikes[i]);
				w->strike[0].nth = nth;
				tap(w, "1");
				if (answers(w) != 2)
					fail_msg("%zu answers after strike %zu, number %d, on family %zu", w->inbox_n, i, nth,
					    f);
				assert_non_null(strstr(newest(w)->body, "Acme Wallet"));
				assert_null(strstr(newest(w)->body, "older"));
				world_free(w);
			}
}

/* Who types before the answer is there is answered all the same, one after the other. */
static void
test_several_at_once_are_answered_in_order(void **state)
{
	struct sim_world *w = chat_world();

	(void)state;
	typed_now(w, 0, "hi");
	typed_now(w, 1, "2");
	typed_now(w, 0, "0");
	assert_int_equal(answers(w), 3);
	assert_non_null(strstr(w->inbox[0].text, "Choose your language"));
	assert_non_null(strstr(w->inbox[1].text, "Acme Wallet"));
	world_free(w);
}

/* Answers that would be sent beside each other leave in their order, however slowly the first one leaves. */
static void
test_a_slow_answer_is_not_overtaken(void **state)
{
	static const enum sim_strike_what dies[] = { STRIKE_NOT, STRIKE_CRASH_BEFORE, STRIKE_CRASH_AFTER };

	(void)state;
	for (size_t i = 0; i < NELEM(dies); i++) {
		struct sim_world *w = chat_world();

		w->sms_slow_ms = 4000;
		if (dies[i] != STRIKE_NOT)
			strike(w, STORE_CHAT, dies[i]);
		w->strike[0].nth = 3;
		typed_now(w, 0, "hi");
		typed_now(w, 1, "2");
		typed_now(w, 0, "0");
		assert_int_equal(answers(w), 3);
		assert_non_null(strstr(w->inbox[0].text, "Choose your language"));
		assert_non_null(strstr(w->inbox[1].text, "Acme Wallet"));
		assert_true(w->inbox[2].at - w->inbox[0].at < 3000);
		world_free(w);
	}
}

static void
test_too_many_come_again(void **state)
{
	struct sim_world *w = chat_world();
	int refused = 0;

	(void)state;
	for (int i = 0; i < CHAT_QUEUE + 2; i++)
		refused += !offered(w, 0, "hi");
	assert_true(refused >= 1);
	world_free(w);
}

static void
test_what_cannot_be_read_is_said(void **state)
{
	struct sim_world *w = chat_world();

	(void)state;
	typed(w, "hi");
	assert_int_equal(answers(w), 1);
	write_in(w, CHAT_UNREADABLE, "");
	assert_int_equal(answers(w), 2);
	assert_non_null(strstr(newest(w)->body, "cannot be read here"));
	write_in(w, CHAT_MEDIA, "");
	assert_int_equal(answers(w), 3);
	assert_non_null(strstr(newest(w)->body, "No picture"));
	typed(w, "48213");
	assert_int_equal(answers(w), 4);
	assert_non_null(strstr(newest(w)->body, "Never type your PIN"));
	assert_true(newest(w)->choices >= 7);
	world_free(w);
}

/* A name that was seen with a phone leads to it; one that was not is told to dial, and answered under its name. */
static void
test_a_hidden_phone(void **state)
{
	struct sim_world *w = chat_world();

	(void)state;
	str_copy(chatter.user, sizeof chatter.user, "ZA.1234");
	typed(w, "hi");
	assert_int_equal(answers(w), 1);
	chatter.phone[0] = '\0';
	typed(w, "1");
	assert_int_equal(answers(w), 2);
	assert_string_equal(w->inbox[1].to, PHONE);
	assert_non_null(strstr(newest(w)->body, "Acme Wallet"));
	str_copy(chatter.user, sizeof chatter.user, "ZA.5678");
	typed(w, "1");
	assert_int_equal(answers(w), 3);
	assert_string_equal(w->inbox[2].to, "");
	assert_non_null(strstr(newest(w)->body, "phone number is hidden"));
	/* The phone has got another user since: the first name leads nowhere. */
	str_copy(chatter.phone, sizeof chatter.phone, PHONE);
	typed(w, "hi");
	assert_int_equal(answers(w), 4);
	chatter.phone[0] = '\0';
	str_copy(chatter.user, sizeof chatter.user, "ZA.1234");
	typed(w, "1");
	assert_int_equal(answers(w), 5);
	assert_string_equal(w->inbox[4].to, "");
	world_free(w);
}

/* Where the answer to a message is lost, its status says that it went: it is not said twice. */
static void
test_unanswered_is_not_said_twice(void **state)
{
	struct sim_world *w = chat_world();

	(void)state;
	w->faults.receipt_lost = 0;
	w->faults.sms_answer_lost = 1000;
	for (int i = 0; i < SIM_PROCESSES; i++)
		w->ports[i].receipt_stored = sim_receipt_stored;
	prepare_input(w, CHAT_TYPED, "hi");
	w->stored = xrealloc(w->stored, ++w->stored_n, sizeof *w->stored);
	w->stored[w->stored_n - 1] = false;
	gateway_chat(w->process[0].gw, w->loop.now, &chatter.last, w->stored_n - 1);
	sim_wake(&w->process[0], w->loop.now + MINUTE);
	sim_world_run(w, w->loop.now + 60 * MINUTE);
	assert_int_equal(w->inbox_n, 1);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_menu_as_buttons_and_lists),
		cmocka_unit_test(test_an_old_tap_chooses_nothing),
		cmocka_unit_test(test_a_repeated_webhook_does_nothing),
		cmocka_unit_test(test_a_dialogue_whatever_breaks),
		cmocka_unit_test(test_several_at_once_are_answered_in_order),
		cmocka_unit_test(test_a_slow_answer_is_not_overtaken),
		cmocka_unit_test(test_too_many_come_again),
		cmocka_unit_test(test_what_cannot_be_read_is_said),
		cmocka_unit_test(test_a_hidden_phone),
		cmocka_unit_test(test_unanswered_is_not_said_twice),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
