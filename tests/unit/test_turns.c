/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns that come twice, at once, in the wrong order, on two channels, through two processes: what the customer meant
 * happens once, and what he is told is read from the intent.
 */
#include "core/message.h"
#include "tests/unit/gateway_world.h"

#define SECOND INT64_C(1000)
#define PAYER (&w->bot[0])
#define PAYEE (&w->bot[1])

/* ---- the phone of a customer on a channel ---- */

struct line {
	struct sim_world *w;
	int process;
	enum sim_channel channel;
	char dialogue[32];
	int number;			/* of the turn; -1: the network does not count them */
	char history[256];
	char screen[1600];
	bool end;
	unsigned answers;
};

static struct line *lines[8];		/* by the number of the turn / 1000 */

static void
on_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	struct line *l = turn / 1000 < NELEM(lines) ? lines[turn / 1000] : NULL;

	(void)ctx;
	if (l == NULL)
		return;
	str_copy(l->screen, sizeof l->screen, r->text);
	l->end = r->end;
	l->answers++;
}

static struct line
line_of(struct sim_world *w, int process, enum sim_channel channel, const char *dialogue)
{
	struct line l = { .w = w, .process = process, .channel = channel };

	str_copy(l.dialogue, sizeof l.dialogue, dialogue);
	return l;
}

/* Not waited for. The same number again is the same turn again. */
static void
send_to(struct line *l, int process, enum turn_kind kind, const char *text)
{
	static uint64_t turns;
	struct turn_in in = { .channel = (int)l->channel, .kind = kind, .service_code = "*120*384#", .text = text };
	int slot = -1;

	for (size_t k = 0; k < NELEM(lines); k++)
		if (lines[k] == l || (slot < 0 && lines[k] == NULL))
			slot = (int)k;
	assert_true(slot >= 0);
	lines[slot] = l;
	in.turn = kind == TURN_ABORT ? 0 : (uint64_t)slot * 1000 + ++turns % 1000;
	str_copy(in.phone, sizeof in.phone, l->w->bot[0].phone);
	str_copy(in.dialogue, sizeof in.dialogue, l->dialogue);
	if (l->channel == SIM_HISTORY) {
		in.history = true;
		in.text = l->history;
	} else if (l->number >= 0)
		str_format(in.key, sizeof in.key, "%c%d", kind == TURN_BEGIN ? 'b' : 'i', l->number);
	gateway_turn(l->w->process[process].gw, l->w->loop.now, &in);
	sim_wake(&l->w->process[process], l->w->loop.now);
}

static void
add_input(struct line *l, const char *text)
{
	size_t len = strlen(l->history);

	str_format(l->history + len, sizeof l->history - len, "%s%s", len > 0 ? "*" : "", text);
	if (l->number >= 0)
		l->number++;
}

static void
say(struct line *l, enum turn_kind kind, const char *text)
{
	unsigned before = l->answers;

	if (kind == TURN_INPUT)
		add_input(l, text);
	send_to(l, l->process, kind, text);
	sim_world_run(l->w, l->w->loop.now + 8 * SECOND);
	assert_int_equal(l->answers, before + (kind != TURN_ABORT));
}

static void
type(struct line *l, const char *text)
{
	say(l, TURN_INPUT, text);
}

static void
shows(const struct line *l, const char *words)
{
	if (strstr(l->screen, words) == NULL)
		fail_msg("not \"%s\" but: %s", words, l->screen);
}

static void
to_confirm(struct line *l)
{
	char payee[PHONE_MAX];

	str_format(payee, sizeof payee, "0%s", l->w->bot[1].phone + 2);
	say(l, TURN_BEGIN, "");
	type(l, "2");
	type(l, payee);
	type(l, "50");
	shows(l, "Enter your PIN to pay");
}

/* ---- the world ---- */

/* Two customers with wallets, and nothing that goes wrong by itself. */
static struct sim_world *
two_customers(void)
{
	struct sim_world *w = xcalloc(1, sizeof *w);

	sim_world_init(w, 7, "friendly", shipped.texts, shipped.menu);
	w->story = true;
	w->bots = 2;
	for (int k = 0; k < w->bots; k++) {
		sim_bot_init(w, k);
		sim_bot_want(&w->bot[k], GOAL_SIGN_UP, 0, w->bot[k].phone, 4);
		sim_bot_plan(&w->bot[k]);
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_true(w->bot[k].has_wallet);
	}
	memset(lines, 0, sizeof lines);
	for (int k = 0; k < SIM_PROCESSES; k++)
		w->ports[k].reply = on_reply;
	return w;
}

static int
debits(const struct sim_world *w)
{
	const struct bank_transfer *t;
	size_t n = bank_transfers(w->core.bank, &t);
	int count = 0;

	for (size_t k = 0; k < n; k++)
		count += strcmp(t[k].type, "TRANSFER") == 0;
	return count;
}

static unsigned states[INTENT_STATES];

static void
count_state(void *arg, const struct store_key *key, const struct store_value *v)
{
	static struct intent i;

	(void)arg;
	if (key->family == STORE_INTENT && intent_decode(v->p, v->len, &i))
		states[i.state]++;
}

static unsigned
intents(struct sim_world *w, enum intent_state state)
{
	memset(states, 0, sizeof states);
	memory_store_each(w->store, w->loop.now, count_state, NULL);
	return states[state];
}

static size_t
told(const struct sim_world *w, const char *phone, const char *words)
{
	size_t n = 0;

	for (size_t k = 0; k < w->inbox_n; k++)
		n += strcmp(w->inbox[k].to, phone) == 0 && strstr(w->inbox[k].text, words) != NULL;
	return n;
}

/* ---- tests ---- */

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
	type(&http, payee);
	type(&http, "50");
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

/* The PIN overtakes the hang-up, or the hang-up the PIN: both at once, at two processes. What is told is what happened. */
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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_channels_at_the_confirm), cmocka_unit_test(test_two_pins_at_once),
		cmocka_unit_test(test_another_channel_while_it_is_on_its_way), cmocka_unit_test(test_a_pin_twice),
		cmocka_unit_test(test_the_answer_is_said_again), cmocka_unit_test(test_an_amount_is_no_pin),
		cmocka_unit_test(test_leaving), cmocka_unit_test(test_a_hang_up_and_a_pin_at_once),
		cmocka_unit_test(test_expiry), cmocka_unit_test(test_an_input_of_an_older_dialogue),
		cmocka_unit_test(test_send_again),
	};

	return cmocka_run_group_tests_name("turns", tests, world_setup, world_teardown);
}
