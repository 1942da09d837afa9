/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns that come twice, at once, in the wrong order, on two channels, through two processes: what the customer meant
 * happens once, and what he is told is read from the intent.
 */
#include "tests/unit/phone_line.h"

/* One open intent of a phone: the newest screen is the one that can be confirmed. */
static void
test_two_channels_at_the_confirm(void **state)
{
	struct sim_world *w = two_customers();
	struct line ussd = line_of(w, 0, SIM_USSD, "one"), http = line_of(w, 1, SIM_HISTORY, "two");

	(void)state;
	to_confirm(&ussd);
	to_confirm(&http);
	assert_int_equal(intents(w, INTENT_LAPSED), 1);
	assert_int_equal(intents(w, INTENT_SHOWN), 1);
	type(&ussd, PAYER->pin);
	shows(&ussd, "Nothing was paid");
	assert_int_equal(debits(w), 0);
	type(&http, PAYER->pin);
	shows(&http, "Done: R50.00 sent");
	assert_int_equal(debits(w), 1);
	world_free(w);
}

/* Both type at the same moment, at two processes: one of them was closed by the other's screen. */
static void
test_two_pins_at_once(void **state)
{
	struct sim_world *w = two_customers();
	struct line ussd = line_of(w, 0, SIM_USSD, "one"), http = line_of(w, 1, SIM_HISTORY, "two");

	(void)state;
	to_confirm(&ussd);
	to_confirm(&http);
	add_input(&ussd, PAYER->pin);
	add_input(&http, PAYER->pin);
	send_to(&ussd, 0, TURN_INPUT, PAYER->pin);
	send_to(&http, 1, TURN_INPUT, "");
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(debits(w), 1);
	shows(&http, "Done: R50.00 sent");
	shows(&ussd, "Nothing was paid");
	world_free(w);
}

/* While a payment is on its way, the other channel neither confirms nor shows another one. */
static void
test_another_channel_while_it_is_on_its_way(void **state)
{
	struct sim_world *w = two_customers();
	struct line ussd = line_of(w, 0, SIM_USSD, "one"), http = line_of(w, 1, SIM_HISTORY, "two");
	char payee[PHONE_MAX];

	(void)state;
	to_confirm(&ussd);
	w->strike[0] = (struct sim_strike){ .op = WALLET_TRANSFER, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	add_input(&ussd, PAYER->pin);
	send_to(&ussd, 0, TURN_INPUT, PAYER->pin);
	sim_world_run(w, w->loop.now + SECOND);
	assert_int_equal(debits(w), 1);
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	say(&http, TURN_BEGIN, "");
	shows(&http, "is being checked");
	type(&http, "2");
	shows(&http, "not finished yet");
	shows(&ussd, "result comes by SMS");
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 1);
	assert_int_equal(told(w, PAYER->phone, "You sent R50.00"), 1);
	world_free(w);
}

/* The same PIN again: behind its answer, while it is under way, and at the other process. */
static void
a_pin_twice(enum sim_channel channel, int number, bool at_once, int other)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, channel, "27821000000");
	unsigned before;

	l.number = number;
	to_confirm(&l);
	add_input(&l, PAYER->pin);
	before = l.answers;
	send_to(&l, 0, TURN_INPUT, PAYER->pin);
	if (!at_once)
		sim_world_run(w, w->loop.now + 3 * SECOND);
	send_to(&l, other, TURN_INPUT, PAYER->pin);
	sim_world_run(w, w->loop.now + 3 * SECOND);
	send_to(&l, other, TURN_INPUT, PAYER->pin);
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(l.answers, before + 3);
	assert_int_equal(debits(w), 1);
	assert_int_equal(intents(w, INTENT_DONE), 1);
	assert_int_equal(told(w, PAYER->phone, "You sent R50.00"), 1);
	world_free(w);
}

static void
test_a_pin_twice(void **state)
{
	(void)state;
	for (int at_once = 0; at_once < 2; at_once++)
		for (int other = 0; other < 2; other++) {
			a_pin_twice(SIM_USSD, 0, at_once != 0, other);
			a_pin_twice(SIM_USSD, -1, at_once != 0, other);	/* nothing tells it from a new one */
			a_pin_twice(SIM_HISTORY, 0, at_once != 0, other);
		}
}

/* Where nothing tells a repeat from a new input, the answer of the payment is said again. */
static void
test_the_answer_is_said_again(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "27821000000");

	(void)state;
	l.number = -1;
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	type(&l, "1");
	assert_null(strstr(l.screen, "Done"));
	world_free(w);
}

/* Where inputs are counted, one that comes again behind a later one does nothing, and neither does the later one then. */
static void
test_an_older_input_comes_again(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "27821000000");
	char help[sizeof l.screen];

	(void)state;
	say(&l, TURN_BEGIN, "");
	type(&l, "7");
	type(&l, "3");
	memcpy(help, l.screen, sizeof help);
	for (l.number = 1; l.number <= 2; l.number++) {
		send_to(&l, 0, TURN_INPUT, l.number == 1 ? "7" : "3");
		sim_world_run(w, w->loop.now + SECOND);
		assert_string_equal(l.screen, help);
	}
	l.number = 2;
	type(&l, "00");
	shows(&l, "Acme Wallet\n1. Balance");
	world_free(w);
}

/* The amount that led to the confirm screen is also the PIN, and is delivered twice. */
static void
test_an_amount_is_no_pin(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "27821000000");
	char payee[PHONE_MAX];

	(void)state;
	l.number = -1;
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	say(&l, TURN_BEGIN, "");
	type(&l, "2");
	type(&l, payee);
	type(&l, PAYER->pin);			/* R4 830.00 */
	shows(&l, "Enter your PIN to pay");
	type(&l, PAYER->pin);
	shows(&l, "Enter your PIN to pay");
	assert_int_equal(debits(w), 0);
	type(&l, PAYER->pin);			/* typed once more, it is meant */
	shows(&l, "Done");
	assert_int_equal(debits(w), 1);
	world_free(w);
}

/* Every way to leave the screen is a transition of the intent; a PIN that comes behind it pays nothing. */
static void
test_leaving(void **state)
{
	static const struct {
		enum turn_kind kind;
		const char *text;
		enum intent_state becomes;
		const char *says;
	} ways[] = {
		{ TURN_INPUT, "0", INTENT_DECLINED, "Cancelled. Nothing was paid." },
		{ TURN_INPUT, "00", INTENT_DECLINED, "Cancelled. Nothing was paid." },
		{ TURN_ABORT, "", INTENT_DECLINED, NULL },
		{ TURN_BEGIN, "", INTENT_LAPSED, NULL },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(ways); k++)
		for (int number = -1; number < 1; number++) {
			struct sim_world *w = two_customers();
			struct line l = line_of(w, 0, SIM_USSD, "one");

			l.number = number;
			to_confirm(&l);
			if (ways[k].kind != TURN_INPUT && number >= 0)
				l.number = 100;
			say(&l, ways[k].kind, ways[k].text);
			if (ways[k].says != NULL)
				shows(&l, ways[k].says);
			assert_int_equal(intents(w, ways[k].becomes), 1);
			type(&l, PAYER->pin);
			sim_world_run(w, w->loop.now + MINUTE);
			assert_int_equal(debits(w), 0);
			assert_int_equal(intents(w, INTENT_SHOWN), 0);
			world_free(w);
		}
}

/* The PIN overtakes the hang-up, or the hang-up the PIN, at two processes. What is told is what happened. */
static void
test_a_hang_up_and_a_pin_at_once(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++)
		for (int other = 0; other < 2; other++) {
			struct sim_world *w = two_customers();
			struct line l = line_of(w, 0, SIM_USSD, "one");
			int paid;

			to_confirm(&l);
			add_input(&l, PAYER->pin);
			if (first == 0)
				send_to(&l, 0, TURN_INPUT, PAYER->pin);
			send_to(&l, other, TURN_ABORT, "");
			if (first != 0)
				send_to(&l, 0, TURN_INPUT, PAYER->pin);
			sim_world_run(w, w->loop.now + 5 * MINUTE);
			paid = debits(w);
			assert_true(paid <= 1);
			assert_int_equal(intents(w, INTENT_DONE), paid);
			assert_int_equal(intents(w, INTENT_DECLINED), 1 - paid);
			assert_int_equal(told(w, PAYER->phone, "You sent R50.00"), paid);
			if (paid == 0)
				assert_null(strstr(l.screen, "Done"));
			world_free(w);
		}
}

/* The PIN comes when the screen has run out: its dialogue says so, and nothing is paid. */
static void
test_expiry(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	w->channels[SIM_USSD].session_s = 100000;
	to_confirm(&l);
	sim_world_run(w, w->loop.now + INTENT_SHOWN_MS - 30 * SECOND);
	type(&l, "0000");
	shows(&l, "Wrong PIN");
	sim_world_run(w, w->loop.now + 30 * SECOND);
	type(&l, PAYER->pin);
	shows(&l, "You took too long. Nothing was paid.");
	assert_int_equal(debits(w), 0);
	assert_int_equal(intents(w, INTENT_LAPSED), 1);
	world_free(w);
}

/* An input of the dialogue before this one comes late: it confirms nothing here. */
static void
test_an_input_of_an_older_dialogue(void **state)
{
	struct sim_world *w = two_customers();
	struct line old = line_of(w, 0, SIM_USSD, "old"), l = line_of(w, 0, SIM_USSD, "new");

	(void)state;
	to_confirm(&old);
	to_confirm(&l);
	type(&old, PAYER->pin);
	assert_int_equal(debits(w), 0);
	assert_null(strstr(old.screen, "Done"));
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(debits(w), 0);
	world_free(w);
}

/* "Send again?" is asked of the same payee and amount for ten minutes, from the record of the first one. */
static void
test_send_again(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one"), http = line_of(w, 1, SIM_HISTORY, "two");
	char payee[PHONE_MAX];

	(void)state;
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	say(&http, TURN_BEGIN, "");
	type(&http, "2");
	type(&http, payee);
	type(&http, "50");
	shows(&http, "You sent R50.00");
	shows(&http, "Send again?");
	type(&http, "2");
	assert_int_equal(debits(w), 1);
	sim_world_run(w, w->loop.now + 11 * MINUTE);
	str_copy(l.dialogue, sizeof l.dialogue, "three");
	to_confirm(&l);				/* not asked any more */
	type(&l, PAYER->pin);
	assert_int_equal(debits(w), 2);
	world_free(w);
}

/* What would be refused at the end is refused before anything is typed; what stops on the way says that nothing was paid. */
static void
test_the_entrance(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct gateway *gw = w->process[0].gw;
	char payee[PHONE_MAX];

	(void)state;
	str_format(payee, sizeof payee, "0%s", PAYEE->phone + 2);
	gateway_on_money(gw, w->loop.now, true);
	for (const char *way = "23"; *way != '\0'; way++) {
		say(&l, TURN_BEGIN, "");
		type(&l, (char[]){ *way, '\0' });
		shows(&l, "cannot take payments");
		assert_true(l.end);
	}
	gateway_on_money(gw, w->loop.now, false);
	gateway_on_history(gw, w->loop.now, false);
	say(&l, TURN_BEGIN, "");
	type(&l, "3");
	shows(&l, "Cash-out is closed");
	assert_true(l.end);
	say(&l, TURN_BEGIN, "");
	type(&l, "2");				/* no token: that goes on */
	type(&l, payee);
	gateway_on_money(gw, w->loop.now, true);
	type(&l, "50");
	shows(&l, "cannot take payments");
	gateway_on_money(gw, w->loop.now, false);
	gateway_on_history(gw, w->loop.now, true);
	say(&l, TURN_BEGIN, "");
	type(&l, "2");
	type(&l, payee);
	w->strike[0] = (struct sim_strike){ .op = WALLET_GET, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	type(&l, "50");
	shows(&l, "Nothing was paid");
	assert_true(l.end);
	assert_int_equal(debits(w), 0);
	world_free(w);
}

static char lost_owner[STORE_OWNER], lost_id[STORE_ID];

static void
find_shown(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct intent i;

	(void)arg;
	if (key->family != STORE_INTENT || !intent_decode(v->p, v->len, &i) || i.state != INTENT_SHOWN)
		return;
	str_copy(lost_owner, sizeof lost_owner, i.owner);
	str_copy(lost_id, sizeof lost_id, i.id);
}

/* A confirm without an answer, and then the store has lost its intent: said so, and not looked for without end. */
static void
test_the_intent_is_lost(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct store_commit c = { .n = 1 };
	struct store_value v;

	(void)state;
	to_confirm(&l);
	memory_store_each(w->store, w->loop.now, find_shown, NULL);
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_INTENT, .nth = 1, .what = STRIKE_LOSE };
	add_input(&l, PAYER->pin);
	send_to(&l, 0, TURN_INPUT, PAYER->pin);
	sim_world_run(w, w->loop.now + SECOND);
	c.op[0] = (struct store_op){ .kind = STORE_DELETE };
	c.op[0].key.family = STORE_INTENT;
	str_copy(c.op[0].key.owner, sizeof c.op[0].key.owner, lost_owner);
	str_copy(c.op[0].key.id, sizeof c.op[0].key.id, lost_id);
	memory_store_load(w->store, w->loop.now, &c.op[0].key, 1, &v);
	assert_true(v.present);
	c.op[0].from = v.version;
	c.not_after_ms = w->loop.now;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	sim_world_run(w, w->loop.now + MINUTE);
	shows(&l, "dial again");
	assert_int_equal(gateway_busy(w->process[0].gw), 0);
	assert_int_equal(debits(w), 0);
	world_free(w);
}

static void
to_new_pin(struct line *l, const struct sim_bot *who)
{
	say(l, TURN_BEGIN, "");
	while (strstr(l->screen, "Type your first name") == NULL)
		type(l, "1");			/* the language, once; open a wallet */
	type(l, "Thandi");
	type(l, "Mokoena");
	type(l, "1");
	type(l, who->id_number);
	type(l, "1");
}

static void
new_pin(struct line *l, const char *pin)
{
	add_input(l, pin);
	send_to(l, l->process, TURN_INPUT, pin);
}

/* One customer, one wallet, one PIN; and whoever reads that it is open has typed the PIN that opens it. */
static void
test_two_sign_ups_at_once(void **state)
{
	struct bank_customer *const *v;
	int opened;

	(void)state;
	for (int k = 0; k < 12; k++) {
		struct sim_world *w = somebody_new("friendly", PIN_CHECK_LOGIN);
		struct line a = line_of(w, 0, SIM_USSD, "one"), b = line_of(w, k % 2, SIM_HISTORY, "two");
		struct line *last;
		const char *other = k / 2 % 2 == 0 ? PAYER->pin : "5926";

		PAYER->wants = false;
		memset(lines, 0, sizeof lines);
		for (int p = 0; p < SIM_PROCESSES; p++)
			w->ports[p].reply = on_reply;
		to_new_pin(&a, PAYER);
		to_new_pin(&b, PAYER);
		type(&a, PAYER->pin);
		type(&b, other);
		new_pin(&a, PAYER->pin);
		sim_world_run(w, w->loop.now + k / 4 * 100);
		new_pin(&b, other);
		sim_world_run(w, w->loop.now + 8 * SECOND);
		assert_int_equal(customers_of(w, &v), 1);
		assert_int_equal(v[0]->wallets_n, 1);
		opened = (strstr(a.screen, "Your wallet is open") != NULL) + (strstr(b.screen, "Your wallet is open") != NULL);
		assert_int_equal(opened, strcmp(other, PAYER->pin) == 0 ? 2 : 1);
		last = strstr(a.screen, "Your wallet is open") != NULL ? &a : &b;
		type(last, "1");
		type(last, last == &a ? PAYER->pin : other);
		shows(last, "You have R");
		world_free(w);
	}
}

/*
 * The process dies behind the commit of the confirm, so the history holds the PIN when the next input comes, and both are
 * read as one. The screen that is shown for it is no new payment.
 */
static void
test_a_pin_that_broke_off_in_a_history(void **state)
{
	(void)state;
	for (int paid = 0; paid < 2; paid++) {
		struct sim_world *w = two_customers();
		struct line l = line_of(w, 0, SIM_HISTORY, "one");

		to_confirm(&l);
		w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_INTENT, .nth = 1,
			.what = STRIKE_CRASH_AFTER };
		add_input(&l, w->bot[0].pin);
		send_to(&l, 0, TURN_INPUT, "");
		/* Its payment is carried on by then, or over. */
		sim_world_run(w, w->loop.now + (paid ? 60 : 9) * SECOND);
		assert_int_equal(intents(w, INTENT_SHOWN), 0);
		for (int i = 0; i < 3 && (i == 0 || !l.end); i++) {
			add_input(&l, i == 0 ? "9" : w->bot[0].pin);
			send_to(&l, 1, TURN_INPUT, "");
			sim_world_run(w, w->loop.now + 8 * SECOND);
			assert_null(strstr(l.screen, "PIN to pay"));
		}
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_int_equal(debits(w), 1);
		world_free(w);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_sign_ups_at_once),
		cmocka_unit_test(test_two_channels_at_the_confirm), cmocka_unit_test(test_two_pins_at_once),
		cmocka_unit_test(test_another_channel_while_it_is_on_its_way), cmocka_unit_test(test_a_pin_twice),
		cmocka_unit_test(test_the_answer_is_said_again), cmocka_unit_test(test_an_older_input_comes_again),
		cmocka_unit_test(test_an_amount_is_no_pin),
		cmocka_unit_test(test_leaving), cmocka_unit_test(test_a_hang_up_and_a_pin_at_once),
		cmocka_unit_test(test_expiry), cmocka_unit_test(test_an_input_of_an_older_dialogue),
		cmocka_unit_test(test_send_again), cmocka_unit_test(test_the_entrance),
		cmocka_unit_test(test_the_intent_is_lost),
		cmocka_unit_test(test_a_pin_that_broke_off_in_a_history),
	};

	return cmocka_run_group_tests_name("turns", tests, world_setup, world_teardown);
}
