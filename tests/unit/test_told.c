/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What customers are told of their money, by whichever way it reaches them: once, the same everywhere, in their words,
 * and what to do.
 */
#include "tests/unit/phone_line.h"

static void
to_cash_confirm(struct line *l, const char *words)
{
	say(l, TURN_BEGIN, "");
	type(l, "3");
	type(l, "1");
	type(l, "1");
	type(l, "100");
	shows(l, words);
}

/* Of a cash-out too: the same phone and amount within ten minutes is asked about. */
static void
test_another_code(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct bank_withdrawal *b;

	(void)state;
	to_cash_confirm(&l, "Enter your PIN to pay");
	type(&l, PAYER->pin);
	shows(&l, "Done: the code for R100.00");
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	to_cash_confirm(&l, "You asked for R100.00");
	shows(&l, "Another code?");
	type(&l, "2");
	assert_int_equal(issued(w, &b), 1);
	sim_world_run(w, w->loop.now + 11 * MINUTE);
	str_copy(l.dialogue, sizeof l.dialogue, "three");
	to_cash_confirm(&l, "Enter your PIN to pay");
	world_free(w);
}

/* The screen could not wait: the result comes by SMS, and on the next dial, once each and the same. */
static void
test_a_result_that_comes_later(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	w->strike[0] = (struct sim_strike){ .op = WALLET_TRANSFER, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	type(&l, PAYER->pin);
	shows(&l, "The result comes by SMS");
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	assert_int_equal(debits(w), 1);
	assert_int_equal(told(w, PAYER->phone, "You sent R50.00"), 1);
	assert_int_equal(told(w, PAYEE->phone, "You got R50.00"), 1);
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	say(&l, TURN_BEGIN, "");
	shows(&l, "went through.");
	assert_null(strstr(l.screen, "R50.00"));	/* before the PIN: neither amount nor name */
	str_copy(l.dialogue, sizeof l.dialogue, "three");
	say(&l, TURN_BEGIN, "");
	assert_null(strstr(l.screen, "went through."));
	sim_world_run(w, w->loop.now + 10 * MINUTE);
	assert_int_equal(told(w, PAYER->phone, "You sent R50.00"), 1);
	world_free(w);
}

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static bool died;

/* Dead before the screen of a payment that went through is kept: nothing that it does from then on happens. */
static void
dying_commit(void *ctx, uint64_t op, const struct store_commit *c)
{
	struct sim_process *p = ctx;

	died |= debits(p->world) > 0 && c->op[0].key.family == STORE_SESSION;
	if (!died)
		real_commit(ctx, op, c);
}

/* Noted is not told: who died between the two leaves it to the next dial. */
static void
test_a_screen_that_never_came(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	w->tenant.result_sms = false;
	to_confirm(&l);
	real_commit = w->ports[0].commit;
	w->ports[0].commit = dying_commit;
	died = false;
	add_input(&l, PAYER->pin);
	send_to(&l, 0, TURN_INPUT, PAYER->pin);
	for (int64_t until = w->loop.now + MINUTE; !died && w->loop.now < until;)
		sim_world_run(w, w->loop.now + 1);
	assert_true(died);
	gateway_free(w->process[0].gw);
	w->process[0].gw = NULL;
	w->process[0].generation++;
	assert_int_equal(debits(w), 1);
	l.process = 1;
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	say(&l, TURN_BEGIN, "");
	shows(&l, "went through.");
	world_free(w);
}

/* What was told on the screen is not said again at the next dial. */
static void
test_a_screen_that_came(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "R50.00 sent to");
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	say(&l, TURN_BEGIN, "");
	assert_null(strstr(l.screen, "went through."));
	world_free(w);
}

static void (*real_wallet)(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms);

static struct {
	void *ctx;
	uint64_t op;
	int tenant;
	struct wallet_req q;
	int64_t timeout_ms;
} held_back;

static void
slow_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	if (q->op != WALLET_TRANSFER) {
		real_wallet(ctx, op, tenant, q, timeout_ms);
		return;
	}
	held_back.ctx = ctx;
	held_back.op = op;
	held_back.tenant = tenant;
	held_back.q = *q;
	held_back.timeout_ms = timeout_ms;
}

/*
 * A provider over HTTP that waits less than a turn may take gets its last screen in time. Else the edge would send it
 * away, and what a screen told that nobody sees would be told to nobody.
 */
static void
test_a_provider_that_waits_less(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_HISTORY, "one");
	unsigned answers;

	(void)state;
	w->tenant.result_sms = false;
	w->channels[SIM_HISTORY].answer_ms = 2000;
	l.number = -1;
	to_confirm(&l);
	real_wallet = w->ports[0].wallet;
	w->ports[0].wallet = slow_wallet;
	answers = l.answers;
	add_input(&l, PAYER->pin);
	send_to(&l, 0, TURN_INPUT, PAYER->pin);
	sim_world_run(w, w->loop.now + 1900);
	assert_int_equal(l.answers, answers + 1);
	shows(&l, "by SMS");
	assert_true(l.end);
	w->ports[0].wallet = real_wallet;
	real_wallet(held_back.ctx, held_back.op, held_back.tenant, &held_back.q, held_back.timeout_ms);
	sim_world_run(w, w->loop.now + 10 * MINUTE);
	assert_int_equal(debits(w), 1);
	assert_int_equal(told(w, PAYER->phone, "You sent R50.00"), 1);
	world_free(w);
}

/* ---- refusals ---- */

static const char *refusal_code;
static enum wallet_end refusal_end = WALLET_REFUSED;

static void
refusing_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	if (q->op == WALLET_TRANSFER || q->op == WALLET_WITHDRAWAL_CREATE)
		refuse(ctx, op, refusal_code[0] != '\0' ? refusal_end : WALLET_LATER, refusal_code);
	else
		real_wallet(ctx, op, tenant, q, timeout_ms);
}

/* What the core says, and what the customer reads, on the screen and by SMS: the reason and what to do. */
static const struct {
	const char *code;
	const char *says;
} refusals[] = {
	{ "WAL009", "There is not enough money in your wallet. Try less." },
	{ "WAL010", "It is over a limit. Try less." },
	{ "WAL011", "A wallet is blocked. Call us." },
	{ "WAL012", "It was not allowed. Call us." },
	{ "SEC001", "It was not allowed. Call us." },
	{ "ARCH086", "It was not allowed. Call us." },
	{ "VAL001", "It was not allowed. Call us." },
	{ "DUP001", "It was not allowed. Call us." },
	{ "XYZ999", "It was not allowed. Call us." },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(refusals); k++) {
		struct sim_world *w = two_customers();
		struct line l = line_of(w, 0, SIM_USSD, "one");

		to_confirm(&l);
		refusal_code = refusals[k].code;
		real_wallet = w->ports[0].wallet;
		w->ports[0].wallet = refusing_wallet;
		type(&l, PAYER->pin);
		shows(&l, refusals[k].says);
		shows(&l, "Nothing was paid.");
		sim_world_run(w, w->loop.now + MINUTE);
		assert_int_equal(told(w, PAYER->phone, refusals[k].says), 1);
		assert_int_equal(told(w, PAYER->phone, "No money left your wallet."), 1);
		assert_int_equal(debits(w), 0);
		world_free(w);
	}
}

/* The core is too busy for as long as a confirmed payment may wait: not done, and told so. */
static void
test_too_busy(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	refusal_code = "";
	real_wallet = w->ports[0].wallet;
	w->ports[0].wallet = w->ports[1].wallet = refusing_wallet;
	type(&l, PAYER->pin);
	shows(&l, "The result comes by SMS");
	sim_world_run(w, w->loop.now + 3 * MINUTE);
	assert_int_equal(told(w, PAYER->phone, "We are too busy now. Try later."), 1);
	assert_int_equal(debits(w), 0);
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	say(&l, TURN_BEGIN, "");
	shows(&l, "did not go through.");
	world_free(w);
}

static struct intent only;

static void
take_only(void *arg, const struct store_key *key, const struct store_value *v)
{
	(void)arg;
	if (key->family == STORE_INTENT)
		assert_true(intent_decode(v->p, v->len, &only));
}

/* Told as not done when the core had not got it for a quarter of an hour; then it lands all the same: a person has it. */
static void
test_a_transfer_that_lands_late(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct bank_transfer_in in = { .text = "Send money" };

	(void)state;
	to_confirm(&l);
	w->strike[0] = (struct sim_strike){ .op = WALLET_TRANSFER, .nth = 1, .what = STRIKE_LOSE };
	type(&l, PAYER->pin);
	shows(&l, "The result comes by SMS");
	sim_world_run(w, w->loop.now + 20 * MINUTE);
	assert_int_equal(told(w, PAYER->phone, "was not sent. We could not do it. Check your balance first."), 1);
	memory_store_each(w->store, w->loop.now, take_only, NULL);
	in.uid = only.id;
	in.amount = only.amount;
	in.from = bank_wallet_find(w->core.bank, only.wallet_id);
	in.to = bank_wallet_find(w->core.bank, only.to_wallet_id);
	assert_int_equal(bank_transfer(w->core.bank, w->loop.now, &in), BANK_OK);
	sim_world_run(w, w->loop.now + 90 * MINUTE);
	assert_int_equal(intents(w, INTENT_PERSON), 1);
	assert_int_equal(debits(w), 1);
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	say(&l, TURN_BEGIN, "");
	shows(&l, "is being checked");
	world_free(w);
}

/* The customer's login ends between the PIN and the payment: not processed, and another PIN is needed. */
static void
test_the_login_is_over(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	refusal_code = "ARCH014";
	refusal_end = WALLET_AUTH;
	real_wallet = w->ports[0].wallet;
	w->ports[0].wallet = w->ports[1].wallet = refusing_wallet;
	type(&l, PAYER->pin);
	shows(&l, "It took too long. Try again.");
	shows(&l, "Nothing was paid.");
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	refusal_end = WALLET_REFUSED;
	assert_int_equal(told(w, PAYER->phone, "It took too long. Try again. No money left your wallet."), 1);
	assert_int_equal(debits(w), 0);
	world_free(w);
}

/* Each reason of the intent has its text in each language, and the menu has a way for it. */
static void
test_every_reason_has_words(void **state)
{
	(void)state;
	for (int why = WHY_NONE + 1; why < WHY_REASONS; why++)
		for (size_t k = 0; k < NELEM(player_languages); k++) {
			char key[40];
			const char *text;

			str_format(key, sizeof key, "reason.%s", intent_why_name((enum intent_why)why));
			text = texts_find(shipped.texts, player_languages[k], "", key);
			if (text == NULL || strchr(text, '.') == strrchr(text, '.'))
				fail_msg("%s in %s: %s: the reason and what to do", key, player_languages[k],
				    text != NULL ? text : "(none)");
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_code), cmocka_unit_test(test_a_result_that_comes_later),
		cmocka_unit_test(test_a_screen_that_never_came), cmocka_unit_test(test_a_screen_that_came),
		cmocka_unit_test(test_a_provider_that_waits_less),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_too_busy),
		cmocka_unit_test(test_a_transfer_that_lands_late),
		cmocka_unit_test(test_the_login_is_over), cmocka_unit_test(test_every_reason_has_words),
	};

	return cmocka_run_group_tests_name("told", tests, world_setup, world_teardown);
}
