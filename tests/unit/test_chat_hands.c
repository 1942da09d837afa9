/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chat that becomes somebody else's: another user or device writes in it, or its number moves. Nothing that was begun
 * there goes on, at the phone neither; nothing that was said to the one before reaches the one after; it is said why, and
 * operators find a line. Webhooks that are played again long after do none of this.
 */
#include "core/history.h"
#include "core/session.h"
#include "tests/unit/chat_payer.h"

enum change { OTHER_USER, OTHER_DEVICE, MOVED, CHANGES };
static const char *const lines_of[CHANGES] = { "chat.other_user", "chat.other_device", "chat.number_moved" };

static struct sim_world *
one_who_chats(void)
{
	struct sim_world *w = two_who_chat();

	str_copy(chatter.user, sizeof chatter.user, "ZA.first");
	str_copy(chatter.identity, sizeof chatter.identity, "device-1");
	return w;
}

static void
becomes(struct sim_world *w, enum change how)
{
	if (how == MOVED)
		write_in(w, CHAT_MOVED, "");
	else if (how == OTHER_USER)
		str_copy(chatter.user, sizeof chatter.user, "ZA.second");
	else
		str_copy(chatter.identity, sizeof chatter.identity, "device-2");
	typed(w, "hi");
}

static const char *wanted;		/* NULL: it was found */

static void
look_for_line(void *arg, const struct store_key *key, const struct store_value *v)
{
	static struct session s;

	(void)arg;
	if (wanted != NULL && key->family == STORE_SESSION && session_decode(v->p, v->len, &s) &&
	    strstr(s.trail, wanted) != NULL)
		wanted = NULL;
}

static bool
operators_see(struct sim_world *w, const char *line)
{
	wanted = line;
	memory_store_each(w->store, w->loop.now, look_for_line, NULL);
	return wanted == NULL;
}

/* What waits at the phone is gone, and the chat says why, once. */
static void
test_what_was_begun_is_over(void **state)
{
	(void)state;
	for (enum change how = 0; how < CHANGES; how++) {
		struct sim_world *w = one_who_chats();
		struct line l = line_of(w, 0, SIM_USSD, "first");

		begin_payment(w);
		becomes(w, how);
		chat_says(w, "with somebody else now");
		assert_true(says(w, "Acme Wallet"));
		assert_true(operators_see(w, lines_of[how]));
		say(&l, TURN_BEGIN, "");
		assert_null(strstr(l.screen, "PIN to pay"));
		assert_null(strstr(l.screen, "WhatsApp"));
		typed(w, "9");
		answers(w);
		assert_false(says(w, "somebody else"));
		assert_int_equal(debits(w), 0);
		world_free(w);
	}
}

/* The phone has it on its screen already: the PIN confirms nothing any more. */
static void
test_the_phone_is_called_off(void **state)
{
	(void)state;
	for (enum change how = 0; how < CHANGES; how++) {
		struct sim_world *w = one_who_chats();
		struct line l = line_of(w, 1, SIM_USSD, "first");

		begin_payment(w);
		say(&l, TURN_BEGIN, "");
		shows(&l, "PIN to pay");
		becomes(w, how);
		type(&l, pin(w));
		assert_true(l.end);
		shows(&l, "Nothing was paid");
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_int_equal(debits(w), 0);
		world_free(w);
	}
}

/* An answer that could not leave before is not for who has the chat now. */
static void
test_an_answer_to_the_one_before(void **state)
{
	(void)state;
	for (enum change how = 0; how < CHANGES; how++) {
		struct sim_world *w = one_who_chats();
		size_t before;

		typed(w, "hi");
		answers(w);
		before = w->inbox_n;
		w->faults.sms_later = 1000;
		typed(w, "2");
		sim_world_run(w, w->loop.now + 5 * SECOND);
		becomes(w, how);
		w->faults.sms_later = 0;
		answers(w);
		assert_int_equal(w->inbox_n, before + 1);
		assert_true(says(w, "with somebody else now"));
		world_free(w);
	}
}

/* By the first one's number, and at last by the second one's, which had a chat of another's. */
static void
test_the_new_number_had_a_chat(void **state)
{
	struct sim_world *w = one_who_chats();

	(void)state;
	chatter.user[0] = chatter.identity[0] = '\0';
	str_copy(chatter.phone, sizeof chatter.phone, PAYEE->phone);
	typed(w, "hi");
	answers(w);
	write_and_see(w, "2", "number");
	str_copy(chatter.phone, sizeof chatter.phone, PAYER->phone);
	write_in(w, CHAT_MOVED, PAYEE->phone);
	assert_true(operators_see(w, "chat.number_taken"));
	str_copy(chatter.phone, sizeof chatter.phone, PAYEE->phone);
	write_and_see(w, "0821234567", "with somebody else now");
	assert_true(says(w, "Acme Wallet"));
	world_free(w);
}

static void
take_back(struct sim_world *w, const char *user, int64_t ago)
{
	prepare_input(w, CHAT_TYPED, "hi");
	str_copy(chatter.last.user, sizeof chatter.last.user, user);
	chatter.last.at_ms -= ago;
	deliver_again(w, 0);
	answers(w);
}

/* What was written long ago, or by who has the chat no more, is neither answered nor ends anything. */
static void
test_a_webhook_played_again(void **state)
{
	struct sim_world *w = one_who_chats();
	struct line l = line_of(w, 0, SIM_USSD, "first");
	size_t before;

	(void)state;
	typed(w, "hi");
	before = answers(w);
	take_back(w, "ZA.third", CHAT_OLDEST_MS + MINUTE);
	assert_int_equal(w->inbox_n, before);
	sim_world_run(w, w->loop.now + 10 * MINUTE);
	becomes(w, OTHER_USER);
	answers(w);
	sim_world_run(w, w->loop.now + 30 * MINUTE);
	begin_payment(w);
	before = w->inbox_n;
	take_back(w, "ZA.first", 60 * MINUTE);
	assert_int_equal(w->inbox_n, before);
	say(&l, TURN_BEGIN, "");
	shows(&l, "PIN to pay");
	/* The one who has it is answered late as well. */
	take_back(w, "ZA.second", 60 * MINUTE);
	assert_true(w->inbox_n > before);
	world_free(w);
}

/* The channel of the newest message that says so. */
static int
told_by(const struct sim_world *w, const char *words)
{
	for (size_t i = w->inbox_n; i-- > 0;)
		if (strstr(w->inbox[i].text, words) != NULL)
			return w->inbox[i].channel;
	return -1;
}

static void
pay_by_phone(struct sim_world *w, const char *dialogue, const char *amount)
{
	struct line l = line_of(w, 0, SIM_USSD, dialogue);
	char payee[PHONE_MAX];

	memset(lines, 0, sizeof lines);
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	say(&l, TURN_BEGIN, "");
	type(&l, "2");
	type(&l, payee);
	type(&l, amount);
	shows(&l, "PIN to pay");
	type(&l, pin(w));
	answers(w);
	lines[0] = NULL;
}

/* Whoever writes from this number may be its last owner: of payments it is said there after a PIN at the phone. */
static void
test_a_chat_hears_of_payments_after_a_pin(void **state)
{
	struct sim_world *w = one_who_chats();
	struct line l;

	(void)state;
	w->tenant.routes[MSG_RESULT][0] = SIM_CHAT;
	w->tenant.routes[MSG_RESULT][1] = SIM_SMS;
	w->tenant.routes_n[MSG_RESULT] = 2;
	typed(w, "hi");
	answers(w);
	pay_by_phone(w, "first", "50");
	assert_int_equal(told_by(w, "You sent R50.00"), SIM_SMS);
	write_and_see(w, "1", "dial *120*384#");
	l = line_of(w, 0, SIM_USSD, "second");
	say(&l, TURN_BEGIN, "");
	type(&l, pin(w));
	answers(w);
	lines[0] = NULL;
	pay_by_phone(w, "third", "60");
	assert_int_equal(told_by(w, "You sent R60.00"), SIM_CHAT);
	becomes(w, OTHER_DEVICE);
	answers(w);
	pay_by_phone(w, "fourth", "70");
	assert_int_equal(told_by(w, "You sent R70.00"), SIM_SMS);
	world_free(w);
}

/* What is said once, at the next dial, is not said in the chat instead. */
static void
test_the_news_are_for_the_phone(void **state)
{
	struct sim_world *w = one_who_chats();
	struct line l = line_of(w, 0, SIM_USSD, "first");

	(void)state;
	to_confirm(&l);
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_INTENT, .nth = 1, .what = STRIKE_CRASH_AFTER };
	add_input(&l, pin(w));
	send_to(&l, 0, TURN_INPUT, pin(w));
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	sim_process_start(&w->process[0]);
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 1);
	typed(w, "hi");
	answers(w);
	assert_true(says(w, "Acme Wallet"));
	assert_false(says(w, "payment of"));
	l = line_of(w, 0, SIM_USSD, "second");
	say(&l, TURN_BEGIN, "");
	shows(&l, "payment of");
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_begun_is_over),
		cmocka_unit_test(test_the_phone_is_called_off),
		cmocka_unit_test(test_an_answer_to_the_one_before),
		cmocka_unit_test(test_the_new_number_had_a_chat),
		cmocka_unit_test(test_a_webhook_played_again),
		cmocka_unit_test(test_a_chat_hears_of_payments_after_a_pin),
		cmocka_unit_test(test_the_news_are_for_the_phone),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
