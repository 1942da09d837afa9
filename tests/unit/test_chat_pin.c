/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a chat begins and the phone confirms: the PIN is never asked for in the chat, what is paid is what the phone showed,
 * the result comes back into the chat, and whatever does not happen is said there.
 */
#include "core/session.h"
#include "service/task.h"
#include "tests/unit/chat_payer.h"

static void
test_a_payment_is_confirmed_at_the_phone(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 0, SIM_USSD, "first");

	(void)state;
	begin_payment(w);
	assert_int_equal(debits(w), 0);
	say(&l, TURN_BEGIN, "");
	shows(&l, "Asked for in your WhatsApp chat");
	shows(&l, "R50.00");
	shows(&l, "Enter your PIN to pay");
	type(&l, pin(w));
	assert_true(l.end);
	assert_int_equal(debits(w), 1);
	chat_says(w, "R50.00");
	assert_false(says(w, "Nothing was paid"));
	/* And the chat begins anew; so does the phone. */
	write_and_see(w, "hi", "Acme Wallet");
	l = line_of(w, 1, SIM_USSD, "second");
	say(&l, TURN_BEGIN, "");
	assert_null(strstr(l.screen, "WhatsApp"));
	sim_world_run(w, w->loop.now + 30 * MINUTE);
	assert_int_equal(debits(w), 1);
	world_free(w);
}

/* A PIN typed in the chat pays nothing, nor is it taken for one. */
static void
test_a_pin_in_the_chat_pays_nothing(void **state)
{
	struct sim_world *w = two_who_chat();

	(void)state;
	begin_payment(w);
	write_and_see(w, pin(w), "Never type your PIN");
	assert_int_equal(debits(w), 0);
	assert_int_equal(intents(w, INTENT_SHOWN), 1);
	write_and_see(w, "what?", "still awaited");
	tap(w, "0");
	chat_says(w, "Nothing was paid");
	assert_int_equal(intents(w, INTENT_DECLINED), 1);
	write_and_see(w, pin(w), "Acme Wallet");
	assert_int_equal(debits(w), 0);
	world_free(w);
}

static void
test_wrong_and_declined(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 1, SIM_USSD, "first");

	(void)state;
	begin_payment(w);
	say(&l, TURN_BEGIN, "");
	type(&l, "0009");
	shows(&l, "Wrong PIN");
	type(&l, "0");
	assert_true(l.end);
	shows(&l, "go on in your WhatsApp chat");
	chat_says(w, "Nothing was paid");
	assert_true(newest(w)->choices > 2);
	assert_int_equal(debits(w), 0);
	world_free(w);
}

static void
test_hung_up(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 1, SIM_USSD, "first");

	(void)state;
	begin_payment(w);
	say(&l, TURN_BEGIN, "");
	say(&l, TURN_ABORT, "");
	chat_says(w, "Nothing was paid");
	assert_int_equal(intents(w, INTENT_SHOWN), 0);
	world_free(w);
}

/* Nobody dials; and who dials afterwards finds nothing of it. */
static void
test_not_dialled_in_time(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 0, SIM_USSD, "late");

	(void)state;
	begin_payment(w);
	sim_world_run(w, w->loop.now + 11 * MINUTE);
	chat_says(w, "Nothing was paid");
	assert_int_equal(intents(w, INTENT_SHOWN), 0);
	say(&l, TURN_BEGIN, "");
	assert_null(strstr(l.screen, "WhatsApp"));
	assert_null(strstr(l.screen, "PIN to pay"));
	world_free(w);
}

/* What the PIN opened is shown once, and is not open in the chat. */
static void
test_private_things_are_shown_once(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 0, SIM_USSD, "first");

	(void)state;
	typed(w, "hi");
	answers(w);
	write_and_see(w, "1", "dial *120*384#");
	say(&l, TURN_BEGIN, "");
	shows(&l, "Asked for in your WhatsApp chat");
	type(&l, pin(w));
	assert_true(l.end);
	chat_says(w, "R100 000.00");
	/* One more of the kind, from there: the PIN once more. */
	write_and_see(w, "1", "dial *120*384#");
	l = line_of(w, 1, SIM_USSD, "second");
	say(&l, TURN_BEGIN, "");
	shows(&l, "Asked for in your WhatsApp chat.\nEnter your PIN, or 0");
	type(&l, "12");
	shows(&l, "digits");
	type(&l, "0009");
	shows(&l, "Wrong PIN");
	type(&l, pin(w));
	assert_true(l.end);
	assert_int_equal(debits(w), 0);
	answers(w);
	assert_false(says(w, "dial *120"));
	assert_false(says(w, "did not work"));
	write_and_see(w, "00", "Acme Wallet");
	world_free(w);
}

static int pushed;
static char pushed_phone[PHONE_MAX];

static void
note_push(void *ctx, int channel, const char *phone)
{
	(void)ctx;
	assert_int_equal(channel, SIM_USSD);
	str_copy(pushed_phone, sizeof pushed_phone, phone);
	pushed++;
}

/* Called up, as often as is good; what it shows is what waits, or nothing. */
static void
test_the_phone_is_called_up(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 0, SIM_USSD, TURN_PUSHED);

	(void)state;
	pushed = 0;
	for (int i = 0; i < SIM_PROCESSES; i++)
		w->ports[i].push = note_push;
	say(&l, TURN_PUSH, "");
	assert_string_equal(l.screen, "");
	begin_payment(w);
	assert_true(says(w, "asks for it now"));
	assert_int_equal(pushed, 1);
	assert_string_equal(pushed_phone, PAYER->phone);
	/* The network refuses: the customer may still dial. */
	say(&l, TURN_PUSH, "");
	shows(&l, "PIN to pay");
	say(&l, TURN_ABORT, "");
	tap(w, "1");
	chat_says(w, "asks for it now");
	assert_int_equal(pushed, 2);
	tap(w, "1");
	chat_says(w, "still awaited");
	assert_int_equal(pushed, 2);
	say(&l, TURN_PUSH, "");
	shows(&l, "PIN to pay");
	str_copy(l.dialogue, sizeof l.dialogue, "of the network");
	type(&l, pin(w));
	assert_true(l.end);
	assert_int_equal(debits(w), 1);
	chat_says(w, "R50.00");
	world_free(w);
}

/* Whatever breaks at the phone's part: one debit at most, and the chat hears what is true. */
static void
test_whatever_breaks_at_the_phone(void **state)
{
	static const enum sim_strike_what strikes[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE,
		STRIKE_CRASH_AFTER };
	static const enum store_family families[] = { STORE_HANDED, STORE_INTENT, STORE_CHAT, STORE_MESSAGE };

	(void)state;
	for (size_t f = 0; f < NELEM(families); f++)
		for (size_t i = 0; i < NELEM(strikes); i++)
			for (int nth = 1; nth <= 2; nth++) {
				struct sim_world *w = two_who_chat();
				struct line l = line_of(w, 0, SIM_USSD, "first");
				size_t said;

				begin_payment(w);
				said = w->inbox_n;
				send_to(&l, 0, TURN_BEGIN, "");
				sim_world_run(w, w->loop.now + 8 * SECOND);
				w->strike[0] = (struct sim_strike){ .on_store = true, .family = families[f], .nth = nth,
					.what = strikes[i] };
				add_input(&l, pin(w));
				send_to(&l, 0, TURN_INPUT, pin(w));
				sim_world_run(w, w->loop.now + 8 * SECOND);
				sim_process_start(&w->process[0]);
				sim_world_run(w, w->loop.now + 30 * MINUTE);
				assert_true(debits(w) <= 1);
				assert_int_equal(intents(w, INTENT_SHOWN), 0);
				assert_true(w->inbox_n > said);
				assert_false(says(w, "dial *120"));
				if (debits(w) > 0 && says(w, "Nothing was paid"))
					fail_msg("paid, and told not: strike %zu, number %d, family %zu", i, nth, f);
				/* Where the phone was told that it is being worked on, the SMS tells the end. */
				if (debits(w) == 0 && !says(w, "Nothing was paid") && told(w, PAYER->phone, "was not sent") == 0)
					fail_msg("strike %zu, number %d, family %zu: %s", i, nth, f, newest(w)->body);
				world_free(w);
			}
}

/* As a person does it: dials until the PIN is asked for, and types it once. */
static bool
dial_and_confirm(struct sim_world *w, struct line *l)
{
	for (int tries = 0; tries < 3; tries++) {
		str_format(l->dialogue, sizeof l->dialogue, "again%d", tries);
		l->number = 0;
		send_to(l, tries % 2, TURN_BEGIN, "");
		sim_world_run(w, w->loop.now + 8 * SECOND);
		if (strstr(l->screen, "PIN to pay") == NULL)
			continue;
		shows(l, "R50.00");
		shows(l, "R1.00 fee");
		add_input(l, pin(w));
		send_to(l, tries % 2, TURN_INPUT, pin(w));
		sim_world_run(w, w->loop.now + 8 * SECOND);
		return true;
	}
	return false;
}

/*
 * Whatever breaks before the PIN, in the chat or when the phone dials: what the phone shows is what was begun, it is paid
 * once, and the chat hears of it.
 */
static void
test_whatever_breaks_before_the_pin(void **state)
{
	static const enum sim_strike_what strikes[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE,
		STRIKE_CRASH_AFTER };
	static const enum store_family families[] = { STORE_HANDED, STORE_SESSION, STORE_INTENT, STORE_CHAT, STORE_MESSAGE };

	(void)state;
	for (size_t f = 0; f < NELEM(families); f++)
		for (size_t i = 0; i < NELEM(strikes); i++)
			for (int at_phone = 0; at_phone < 2; at_phone++) {
				struct sim_world *w = two_who_chat();
				struct line l = line_of(w, 0, SIM_USSD, "first");
				struct sim_strike s = { .on_store = true, .family = families[f], .nth = 1, .what = strikes[i] };
				bool confirmed;

				begin_until_amount(w);
				if (!at_phone)
					w->strike[0] = s;
				typed(w, "50");
				answers(w);
				assert_true(says(w, "dial *120*384#"));
				if (at_phone)
					w->strike[0] = s;
				send_to(&l, 0, TURN_BEGIN, "");
				sim_world_run(w, w->loop.now + 8 * SECOND);
				sim_process_start(&w->process[0]);
				sim_wake(&w->process[0], w->loop.now + MINUTE);
				w->strike[0].what = STRIKE_NOT;
				confirmed = dial_and_confirm(w, &l);
				sim_world_run(w, w->loop.now + 30 * MINUTE);
				if (!confirmed || debits(w) != 1)
					fail_msg("%d debits, phone %d, strike %zu, family %zu: %s", debits(w), at_phone, i, f,
					    l.screen);
				assert_int_equal(intents(w, INTENT_SHOWN), 0);
				if (says(w, "Nothing was paid") || says(w, "dial *120"))
					fail_msg("phone %d, strike %zu, family %zu: %s", at_phone, i, f, newest(w)->body);
				world_free(w);
			}
}

/* Dialled over two networks at once, and the PIN typed at both: paid once, whoever is first. */
static void
test_dialled_twice_at_once(void **state)
{
	(void)state;
	for (int late = 0; late < 3; late++) {
		struct sim_world *w = two_who_chat();
		struct line a = line_of(w, 0, SIM_USSD, "one"), b = line_of(w, 1, SIM_HISTORY, "two");

		begin_payment(w);
		send_to(&a, 0, TURN_BEGIN, "");
		sim_world_run(w, w->loop.now + late * SECOND);
		send_to(&b, 1, TURN_BEGIN, "");
		sim_world_run(w, w->loop.now + 8 * SECOND);
		add_input(&a, pin(w));
		send_to(&a, 0, TURN_INPUT, pin(w));
		sim_world_run(w, w->loop.now + late * SECOND);
		add_input(&b, pin(w));
		send_to(&b, 1, TURN_INPUT, pin(w));
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_int_equal(debits(w), 1);
		assert_int_equal(intents(w, INTENT_SHOWN), 0);
		assert_false(says(w, "Nothing was paid"));
		world_free(w);
	}
}

/* Called up and dialled at the same time, whatever comes first; what the network then says of the call counts for nothing. */
static void
test_called_up_and_dialled_at_once(void **state)
{
	(void)state;
	for (int first = 0; first < 3; first++) {
		struct sim_world *w = two_who_chat();
		struct line push = line_of(w, 0, SIM_USSD, TURN_PUSHED), l = line_of(w, 1, SIM_USSD, "dialled");

		begin_payment(w);
		if (first != 0)
			send_to(&push, 0, TURN_PUSH, "");
		if (first == 2)
			sim_world_run(w, w->loop.now + SECOND);
		send_to(&l, 1, TURN_BEGIN, "");
		if (first == 0)
			send_to(&push, 0, TURN_PUSH, "");
		sim_world_run(w, w->loop.now + 8 * SECOND);
		shows(&l, "PIN to pay");
		send_to(&push, 0, TURN_ABORT, "");
		sim_world_run(w, w->loop.now + SECOND);
		type(&l, pin(w));
		assert_true(l.end);
		chat_says(w, "R50.00");
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_int_equal(debits(w), 1);
		assert_int_equal(intents(w, INTENT_SHOWN), 0);
		assert_false(says(w, "Nothing was paid"));
		world_free(w);
	}
}

/* ---- a chat that tells no phone ---- */

static struct sim_world *
hidden_world(void)
{
	struct sim_world *w = two_who_chat();

	chatter.phone[0] = '\0';
	str_copy(chatter.user, sizeof chatter.user, "ZA.1234");
	return w;
}

/* The digits that the chat shows. */
static void
show_code(struct sim_world *w, char code[9])
{
	const char *at;

	typed(w, "hi");
	chat_says(w, "Your phone number is hidden");
	at = strstr(newest(w)->body, "type ");
	assert_non_null(at);
	assert_int_equal(strspn(at + 5, "0123456789"), 8);
	assert_true(str_copyn(code, 9, at + 5, 8));
}

/* At the phone, up to where the digits are wanted. */
static struct line
to_digits(struct sim_world *w, const char *dialogue)
{
	struct line l = line_of(w, 0, SIM_USSD, dialogue);

	say(&l, TURN_BEGIN, "");
	type(&l, "7");
	shows(&l, "5. WhatsApp");
	type(&l, "5");
	type(&l, pin(w));
	shows(&l, "8 digits");
	return l;
}

static void
test_a_hidden_chat_is_linked(void **state)
{
	struct sim_world *w = hidden_world();
	char code[9], late[9];
	struct line l;

	(void)state;
	show_code(w, late);
	sim_world_run(w, w->loop.now + 11 * MINUTE);
	show_code(w, code);
	l = to_digits(w, "first");
	type(&l, "99999999");
	shows(&l, "Wrong digits");
	type(&l, late);
	shows(&l, "Wrong digits");
	type(&l, code);
	assert_true(l.end);
	shows(&l, "linked to this phone");
	chat_says(w, "now linked to your wallet");
	/* Its network is told the user, and no phone. */
	assert_string_equal(w->inbox[w->inbox_n - 1].to, "");
	write_and_see(w, "hi", "Acme Wallet");
	write_and_see(w, "1", "dial *120*384#");
	l = line_of(w, 1, SIM_USSD, "second");
	say(&l, TURN_BEGIN, "");
	type(&l, pin(w));
	chat_says(w, "R100 000.00");
	assert_string_equal(w->inbox[w->inbox_n - 1].to, "");
	/* Once. */
	l = to_digits(w, "third");
	type(&l, code);
	shows(&l, "Wrong digits");
	/* Somebody else writes from that phone: it is not this one's any more. */
	str_copy(chatter.phone, sizeof chatter.phone, PAYER->phone);
	str_copy(chatter.user, sizeof chatter.user, "ZA.5678");
	write_and_see(w, "hi", "Acme Wallet");
	assert_string_equal(w->inbox[w->inbox_n - 1].to, PAYER->phone);
	chatter.phone[0] = '\0';
	str_copy(chatter.user, sizeof chatter.user, "ZA.1234");
	write_and_see(w, "hi", "Your phone number is hidden");
	world_free(w);
}

/* Whatever breaks while it is linked: the next try does it, or it was done. */
static void
test_linking_whatever_breaks(void **state)
{
	static const enum sim_strike_what strikes[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE,
		STRIKE_CRASH_AFTER };

	(void)state;
	for (size_t i = 0; i < NELEM(strikes); i++)
		for (int nth = 1; nth <= 4; nth++) {
			struct sim_world *w = hidden_world();
			char code[9];
			struct line l;

			show_code(w, code);
			l = to_digits(w, "first");
			w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_CHAT, .nth = nth,
				.what = strikes[i] };
			add_input(&l, code);
			send_to(&l, 0, TURN_INPUT, code);
			sim_world_run(w, w->loop.now + 8 * SECOND);
			sim_process_start(&w->process[0]);
			sim_world_run(w, w->loop.now + 5 * MINUTE);
			typed(w, "hi");
			answers(w);
			if (says(w, "Your phone number is hidden")) {
				show_code(w, code);
				l = to_digits(w, "second");
				type(&l, code);
				shows(&l, "linked to this phone");
				write_and_see(w, "hi", "Acme Wallet");
			}
			assert_true(says(w, "Acme Wallet"));
			world_free(w);
		}
}

static void
soon(struct sim_world *w, const char *text)
{
	typed(w, text);
	sim_world_run(w, w->loop.now + 5 * SECOND);
}

/* The phone shows a payment that the chat has put another one in the place of: neither is paid by that PIN. */
static void
test_another_one_in_its_place(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 1, SIM_USSD, "first");
	char payee[PHONE_MAX];

	(void)state;
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	begin_payment(w);
	say(&l, TURN_BEGIN, "");
	shows(&l, "R50.00");
	soon(w, "0");
	assert_true(says(w, "Nothing was paid"));
	soon(w, "hi");
	soon(w, "2");
	soon(w, payee);
	soon(w, "60");
	assert_true(says(w, "dial *120*384#"));
	type(&l, pin(w));
	assert_true(l.end);
	shows(&l, "Nothing was paid");
	assert_int_equal(debits(w), 0);
	l = line_of(w, 0, SIM_USSD, "second");
	say(&l, TURN_BEGIN, "");
	shows(&l, "R60.00");
	type(&l, pin(w));
	assert_int_equal(debits(w), 1);
	chat_says(w, "R60.00");
	world_free(w);
}

static void
test_money_is_off_by_then(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 1, SIM_USSD, "first");

	(void)state;
	begin_payment(w);
	for (int i = 0; i < SIM_PROCESSES; i++)
		w->process[i].gw->money_off = true;
	say(&l, TURN_BEGIN, "");
	type(&l, pin(w));
	assert_true(l.end);
	assert_int_equal(debits(w), 0);
	chat_says(w, "Nothing was paid");
	assert_int_equal(intents(w, INTENT_SHOWN), 0);
	world_free(w);
}

static bool was_opted_out;

static void
note_opt_out(void *arg, const struct store_key *key, const struct store_value *v)
{
	static struct subscriber s;

	if (key->family == STORE_SUBSCRIBER && strstr(key->owner, arg) != NULL && subscriber_decode(v->p, v->len, &s))
		was_opted_out = s.opted_out;
}

static bool
opted_out(struct sim_world *w)
{
	was_opted_out = false;
	memory_store_each(w->store, w->loop.now, note_opt_out, PAYER->phone);
	return was_opted_out;
}

/* Obeyed at any point, and the dialogue stays where it is; what is written on the screen to be tapped is that. */
static void
test_stop_and_start(void **state)
{
	struct sim_world *w = two_who_chat();

	(void)state;
	write_and_see(w, "Stop.", "No more notices");
	assert_int_equal(newest(w)->choices, 0);
	assert_true(opted_out(w));
	write_and_see(w, "hi", "Acme Wallet");
	write_and_see(w, "start", "gets notices again");
	assert_true(says(w, "Acme Wallet"));
	assert_true(newest(w)->choices >= 7);
	assert_false(opted_out(w));
	write_and_see(w, "stop the world", "Acme Wallet");
	assert_false(opted_out(w));
	write_and_see(w, "send money", "number");
	write_and_see(w, "UNSUBSCRIBE", "No more notices");
	assert_true(says(w, "number"));
	begin_payment(w);
	write_and_see(w, "START", "gets notices again");
	assert_false(opted_out(w));
	assert_int_equal(intents(w, INTENT_SHOWN), 1);
	/* In English it is also a word for STOP. */
	write_and_see(w, "cancel", "Nothing was paid");
	assert_false(opted_out(w));
	world_free(w);
}

/* One phone, two chats with the same tenant: what one has handed over is no business of the other. */
static void
test_two_chats_of_a_phone(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 0, SIM_USSD, "first");

	(void)state;
	w->channels[SIM_SMS_OTHER].kind = CHANNEL_WHATSAPP;
	w->channels[SIM_SMS_OTHER].bind = -1;
	w->channels[SIM_SMS_OTHER].session_s = 1800;
	begin_payment(w);
	chatter.channel = SIM_SMS_OTHER;
	typed(w, "hi");
	answers(w);
	typed(w, "1");
	answers(w);
	chatter.channel = SIM_CHAT;
	/* What it had handed over gave way to what the other one has: that is not called off from here. */
	write_and_see(w, "0", "Acme Wallet");
	say(&l, TURN_BEGIN, "");
	shows(&l, "Asked for in your WhatsApp chat");
	assert_null(strstr(l.screen, "PIN to pay"));
	type(&l, pin(w));
	assert_int_equal(debits(w), 0);
	world_free(w);
}

static struct session handed;
static struct store_key handed_key;

static void
note_handed(void *arg, const struct store_key *key, const struct store_value *v)
{
	(void)arg;
	if (key->family == STORE_HANDED && session_decode(v->p, v->len, &handed))
		handed_key = *key;
}

/* Nobody has the version of its menu any more. */
static void
lose_version(struct sim_world *w)
{
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now + SECOND };
	struct store_value v;
	struct buf b = { 0 };

	memory_store_each(w->store, w->loop.now, note_handed, NULL);
	str_copy(handed.dlg.version, sizeof handed.dlg.version, "gone");
	session_encode(&handed, &b);
	memory_store_load(w->store, w->loop.now, &handed_key, 1, &v);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = handed_key, .from = v.version, .to.p = { 77 },
		.p = b.p, .len = b.len };
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&b);
}

/* What the chat is told then holds, also where another dialogue of the phone still shows it. */
static void
test_the_menu_is_gone(void **state)
{
	(void)state;
	for (int shown = 0; shown < 2; shown++) {
		struct sim_world *w = two_who_chat();
		struct line a = line_of(w, 0, SIM_USSD, "one"), b = line_of(w, 1, SIM_HISTORY, "two");

		begin_payment(w);
		if (shown)
			say(&a, TURN_BEGIN, "");
		lose_version(w);
		say(&b, TURN_BEGIN, "");
		shows(&b, "Acme Wallet");
		assert_int_equal(intents(w, INTENT_SHOWN), 0);
		if (shown) {
			type(&a, pin(w));
			shows(&a, "Nothing was paid");
		}
		chat_says(w, "Nothing was paid");
		assert_int_equal(debits(w), 0);
		world_free(w);
	}
}

/* A stranger in the chat asks and asks; the phone declines, and then has its own menu when it dials. */
static void
test_asked_again_and_again(void **state)
{
	struct sim_world *w = two_who_chat();
	struct line l = line_of(w, 0, SIM_USSD, "mine");
	char payee[PHONE_MAX];

	(void)state;
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	for (int i = 0; i < 8; i++) {
		soon(w, "hi");
		soon(w, "2");
		soon(w, payee);
		soon(w, "50");
		assert_int_equal(says(w, "dial *120*384#"), i < 6);
		str_format(l.dialogue, sizeof l.dialogue, "%d", i);
		say(&l, TURN_BEGIN, "");
		if (i >= 6) {
			shows(&l, "Acme Wallet");
			continue;
		}
		shows(&l, "PIN to pay");
		type(&l, "0");
		sim_world_run(w, w->loop.now + 5 * SECOND);
	}
	assert_int_equal(intents(w, INTENT_SHOWN), 0);
	/* Not for ever; and who types the PIN may ask for more. */
	sim_world_run(w, w->loop.now + 60 * MINUTE);
	for (int i = 0; i < 8; i++) {
		soon(w, "hi");
		soon(w, "1");
		assert_true(says(w, "dial *120*384#"));
		str_format(l.dialogue, sizeof l.dialogue, "again%d", i);
		say(&l, TURN_BEGIN, "");
		type(&l, pin(w));
		sim_world_run(w, w->loop.now + 5 * SECOND);
		soon(w, "00");
	}
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_payment_is_confirmed_at_the_phone),
		cmocka_unit_test(test_a_pin_in_the_chat_pays_nothing),
		cmocka_unit_test(test_wrong_and_declined),
		cmocka_unit_test(test_hung_up),
		cmocka_unit_test(test_not_dialled_in_time),
		cmocka_unit_test(test_private_things_are_shown_once),
		cmocka_unit_test(test_the_phone_is_called_up),
		cmocka_unit_test(test_whatever_breaks_before_the_pin),
		cmocka_unit_test(test_whatever_breaks_at_the_phone),
		cmocka_unit_test(test_a_hidden_chat_is_linked),
		cmocka_unit_test(test_linking_whatever_breaks),
		cmocka_unit_test(test_dialled_twice_at_once),
		cmocka_unit_test(test_called_up_and_dialled_at_once),
		cmocka_unit_test(test_another_one_in_its_place),
		cmocka_unit_test(test_money_is_off_by_then),
		cmocka_unit_test(test_stop_and_start),
		cmocka_unit_test(test_two_chats_of_a_phone),
		cmocka_unit_test(test_the_menu_is_gone),
		cmocka_unit_test(test_asked_again_and_again),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
