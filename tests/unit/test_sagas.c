/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done in several steps, with a death after each: cancelling a token, sending it again, opening a wallet.
 * Another process, or the customer who tries again, brings it to its end; nothing is done twice.
 */
#include "core/signup.h"
#include "tests/unit/phone_line.h"

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static int commits_left;		/* of the first process; then it is dead */

static void
counted_commit(void *ctx, uint64_t op, const struct store_commit *c)
{
	if (commits_left <= 0)
		return;
	real_commit(ctx, op, c);
	commits_left -= c->op[0].key.family != STORE_LINK;
}

/* The first process is cut off after so many commits; it dies when all that it still knew is out. */
static void
dies_after(struct sim_world *w, int commits)
{
	real_commit = w->ports[0].commit;
	w->ports[0].commit = counted_commit;
	commits_left = commits;
}

static void
bury(struct sim_world *w)
{
	gateway_free(w->process[0].gw);
	w->process[0].gw = NULL;
	w->process[0].generation++;
	sim_wake(&w->process[1], w->loop.now + 20 * MINUTE);
}

/* A customer with one code, at the screen that offers what can be done with it. */
static struct line
at_the_code(struct sim_world *w)
{
	struct line l = line_of(w, 0, SIM_USSD, "one");

	say(&l, TURN_BEGIN, "");
	type(&l, "3");
	type(&l, "1");
	type(&l, "1");
	type(&l, "100");
	type(&l, PAYER->pin);
	shows(&l, "Done: the code for R100.00");
	sim_world_run(w, w->loop.now + MINUTE);
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	say(&l, TURN_BEGIN, "");
	type(&l, "4");
	type(&l, PAYER->pin);
	type(&l, "1");
	shows(&l, "Send the code again");
	return l;
}

static size_t
tokens_in_inbox(const struct sim_world *w, char token[WALLET_TOKEN])
{
	char one[WALLET_TOKEN];
	size_t n = 0;

	for (size_t k = 0; k < w->inbox_n; k++)
		if (w->inbox[k].cls == MSG_TOKEN) {
			sim_token_of(w->inbox[k].text, one);
			assert_true(n == 0 || strcmp(one, token) == 0);
			str_copy(token, WALLET_TOKEN, one);
			n++;
		}
	return n;
}

static void
test_cancel(void **state)
{
	(void)state;
	for (int steps = 0; steps < 12; steps++) {
		struct sim_world *w = two_customers();
		struct line l = at_the_code(w);
		struct bank_withdrawal *b = NULL;
		bool asked;

		type(&l, "2");
		dies_after(w, steps);
		add_input(&l, "1");
		send_to(&l, 0, TURN_INPUT, "1");
		sim_world_run(w, w->loop.now + 8 * SECOND);
		bury(w);
		sim_world_run(w, w->loop.now + 15 * MINUTE);
		assert_int_equal(issued(w, &b), 1);
		/* Either nothing was begun, or it is brought to its end and told once. */
		asked = b->status == BW_CANCELLED;
		assert_true(asked || (b->status == BW_PENDING && steps < 2));
		/* Sent, and dead before it could say so: the same text may come once more. */
		assert_in_range(told(w, PAYER->phone, "was cancelled"), asked, 2 * asked);
		if (!asked)
			assert_null(strstr(l.screen, "was cancelled"));
		world_free(w);
	}
}

static void
test_resend(void **state)
{
	(void)state;
	for (int steps = 0; steps < 8; steps++) {
		struct sim_world *w = two_customers();
		struct line l = at_the_code(w);
		char token[WALLET_TOKEN];
		size_t n;

		assert_int_equal(tokens_in_inbox(w, token), 1);
		dies_after(w, steps);
		add_input(&l, "1");
		send_to(&l, 0, TURN_INPUT, "1");
		sim_world_run(w, w->loop.now + 8 * SECOND);
		bury(w);
		sim_world_run(w, w->loop.now + 15 * MINUTE);
		n = tokens_in_inbox(w, token);	/* all of them the same */
		assert_in_range(n, 1 + (steps > 0), 3);
		if (steps == 0)
			assert_null(strstr(l.screen, "sent again"));
		world_free(w);
	}
}

/* It was used in the meantime: neither cancelled nor sent again, and that is said. */
static void
test_used_meanwhile(void **state)
{
	static const struct {
		const char *first, *second, *says;
	} ways[] = {
		{ "2", "1", "can no longer be cancelled" }, { "1", NULL, NULL },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(ways); k++) {
		struct sim_world *w = two_customers();
		struct line l = at_the_code(w);
		struct bank_withdrawal *b = NULL;
		char token[WALLET_TOKEN];

		assert_int_equal(issued(w, &b), 1);
		if (ways[k].second != NULL)
			type(&l, ways[k].first);
		assert_int_equal(bank_withdrawal_set(w->core.bank, w->loop.now, b, BW_SUCCESSFUL), BANK_OK);
		type(&l, ways[k].second != NULL ? ways[k].second : ways[k].first);
		if (ways[k].says != NULL)
			shows(&l, ways[k].says);
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_int_equal(b->status, BW_SUCCESSFUL);
		assert_int_equal(told(w, PAYER->phone, "was cancelled"), 0);
		assert_int_equal(told(w, PAYER->phone, "was used"), 1);
		assert_true(tokens_in_inbox(w, token) <= 2);
		world_free(w);
	}
}

/* ---- the core does not let it be cancelled ---- */

static void (*real_wallet)(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms);

static void
refusing_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	if (q->op == WALLET_WITHDRAWAL_CANCEL)
		refuse(ctx, op, WALLET_REFUSED, "WDR001");
	else
		real_wallet(ctx, op, tenant, q, timeout_ms);
}

/* That is said, and the token can be used and sent again as before. */
static void
test_cancel_refused(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = at_the_code(w);
	struct bank_withdrawal *b = NULL;
	char token[WALLET_TOKEN];

	(void)state;
	real_wallet = w->ports[0].wallet;
	for (int k = 0; k < SIM_PROCESSES; k++)
		w->ports[k].wallet = refusing_wallet;
	type(&l, "2");
	type(&l, "1");
	shows(&l, "can no longer be cancelled");
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(b->status, BW_PENDING);
	assert_int_equal(told(w, PAYER->phone, "was cancelled"), 0);
	assert_int_equal(told(w, PAYER->phone, "could not be cancelled"), 1);
	str_copy(l.dialogue, sizeof l.dialogue, "three");
	say(&l, TURN_BEGIN, "");
	type(&l, "4");
	type(&l, PAYER->pin);
	type(&l, "1");
	type(&l, "1");
	shows(&l, "sent again");
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(tokens_in_inbox(w, token), 2);
	world_free(w);
}

/* ---- opening a wallet ---- */

static struct signup
signup_record(struct sim_world *w)
{
	struct store_key key = { .family = STORE_SIGNUP };
	struct signup s = { 0 };
	struct store_value v;

	str_format(key.owner, sizeof key.owner, "acme/%s", PAYER->phone);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(!v.present || signup_decode(v.p, v.len, &s));
	return s;
}

/* One customer with one wallet, who was told so, and whose PIN is the one that was typed. Nothing secret is left. */
static void
assert_opened(struct sim_world *w, const char *what)
{
	static const char secret[81], name[101];
	struct bank_customer *const *v;
	struct signup s = signup_record(w);
	struct line l = line_of(w, 1, SIM_USSD, "later");

	if (customers_of(w, &v) != 1 || v[0]->wallets_n != 1)
		fail_msg("%s: %zu customers, %zu wallets", what, customers_of(w, &v),
		    customers_of(w, &v) > 0 ? v[0]->wallets_n : 0);
	/* Sent, and dead before it could say so: the same text may come once more. */
	if (told(w, PAYER->phone, "Your wallet is open") < 1 || told(w, PAYER->phone, "Your wallet is open") > 2)
		fail_msg("%s: told %zu times", what, told(w, PAYER->phone, "Your wallet is open"));
	assert_int_equal(told(w, PAYER->phone, "could not be opened"), 0);
	assert_true(s.state == SIGNUP_DONE && s.told);
	assert_memory_equal(s.password, secret, sizeof secret);
	assert_memory_equal(s.surname, name, sizeof name);
	for (int k = 0; k < SIM_PROCESSES; k++)
		w->ports[k].reply = on_reply;
	say(&l, TURN_BEGIN, "");
	shows(&l, "1. Balance");
	type(&l, "1");
	type(&l, PAYER->pin);
	shows(&l, "You have R");
}

static void
test_sign_up(void **state)
{
	static const enum wallet_op asked[] = { WALLET_CUSTOMERS, WALLET_CUSTOMER_CREATE, WALLET_IDENTITY_CREATE,
		WALLET_RATIFY, WALLET_LIST, WALLET_TYPES, WALLET_CREATE };
	static const enum sim_strike_what what[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE,
		STRIKE_CRASH_AFTER };
	char name[80];

	(void)state;
	for (size_t k = 0; k < NELEM(asked); k++)
		for (size_t f = 0; f < NELEM(what); f++) {
			struct sim_world *w = somebody_new("hostile", PIN_CHECK_LOGIN);
			/* The third search is the sign-up's own: that of the dial and that for others come before. */
			int nth = asked[k] == WALLET_CUSTOMERS ? 3 : 1;

			w->strike[0] = (struct sim_strike){ .op = asked[k], .nth = nth, .what = what[f] };
			sim_world_run(w, w->loop.now + 60 * MINUTE);
			str_format(name, sizeof name, "%s, fault %zu", wallet_op_name(asked[k]), f);
			assert_int_equal(w->strike[0].nth, 0);
			assert_opened(w, name);
			world_free(w);
		}
}

/* Dead after each commit of the last input, and of all that follows from it. */
static void
test_sign_up_and_a_death(void **state)
{
	static const enum pin_check check[] = { PIN_CHECK_LOGIN, PIN_CHECK_LOCAL };
	char name[80];

	(void)state;
	for (size_t c = 0; c < NELEM(check); c++)
		for (int steps = 0; steps < 20; steps++) {
			struct sim_world *w = somebody_new("friendly", check[c]);
			struct bank_customer *const *v;
			int64_t until = w->loop.now + 5 * MINUTE;

			PAYER->process = 0;
			while (strstr(PAYER->wanted, "new PIN again") == NULL && sim_loop_step(&w->loop, until))
				;
			dies_after(w, steps);
			sim_world_run(w, w->loop.now + 8 * SECOND);
			bury(w);
			sim_world_run(w, w->loop.now + 60 * MINUTE);
			str_format(name, sizeof name, "check %zu, %d commits", c, steps);
			if (signup_record(w).uid[0] == '\0') {
				assert_int_equal(customers_of(w, &v), 0);
				assert_true(steps < 2);
			} else
				assert_opened(w, name);
			world_free(w);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel), cmocka_unit_test(test_resend), cmocka_unit_test(test_used_meanwhile),
		cmocka_unit_test(test_cancel_refused), cmocka_unit_test(test_sign_up),
		cmocka_unit_test(test_sign_up_and_a_death),
	};

	return cmocka_run_group_tests_name("sagas", tests, world_setup, world_teardown);
}
