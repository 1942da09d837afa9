/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that cannot be read any more, and one that is about somebody else: nothing is paid by what is left of them, and
 * nothing is said that they would have to prove. How Redis' values are found to be damaged is test_store_redis' matter.
 */
#include "core/pin.h"
#include "core/pin_order.h"
#include "core/subscriber.h"
#include "tests/unit/phone_line.h"

#define CUT_OFF "Sorry, we were cut off. Please dial again to see what happened."

struct found {
	enum store_family family;
	char owner[STORE_OWNER];
	struct store_key key[8];
	size_t n;
};

static void
add_key(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct found *f = arg;

	(void)v;
	if (key->family == f->family && strcmp(key->owner, f->owner) == 0 && f->n < NELEM(f->key))
		f->key[f->n++] = *key;
}

static void
put(struct sim_world *w, const struct store_key *key, const void *p, size_t len)
{
	static unsigned char marks;
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now + MINUTE };
	struct store_value v;

	memory_store_load(w->store, w->loop.now, key, 1, &v);
	assert_true(v.present);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = *key, .p = p, .len = len, .from = v.version,
		.to = { { 9, ++marks } } };
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
}

static struct found
records_of(struct sim_world *w, enum store_family family)
{
	struct found f = { .family = family };

	str_format(f.owner, sizeof f.owner, "%s/%s", w->tenant.name, PAYER->phone);
	memory_store_each(w->store, w->loop.now, add_key, &f);
	assert_true(f.n > 0);
	return f;
}

/* All that the payer has of this family. */
static void
spoil(struct sim_world *w, enum store_family family)
{
	struct found f = records_of(w, family);

	for (size_t k = 0; k < f.n; k++)
		put(w, &f.key[k], "damaged", 7);
}

static void
dial(struct line *l, const char *dialogue)
{
	str_copy(l->dialogue, sizeof l->dialogue, dialogue);
	say(l, TURN_BEGIN, "");
}

/* ---- operators: one asks, the other approves ---- */

static int op_status;
static char op_said[4000];

static void
on_operator_reply(void *ctx, uint64_t call, int status, const char *json)
{
	(void)ctx, (void)call;
	op_status = status;
	str_copy(op_said, sizeof op_said, json);
}

static void
operate(struct sim_world *w, const char *name, const char *act, const char *body)
{
	struct operator who = { .roles = ROLE_LOOK | ROLE_ACT | ROLE_APPROVE, .all_tenants = true };
	struct operator_in in = { .call = 1, .who = &who, .tenant = w->tenant.name, .act = act, .body = body,
		.len = strlen(body) };

	str_copy(who.name, sizeof who.name, name);
	w->ports[0].operator_reply = on_operator_reply;
	op_status = 0;
	gateway_operator(w->process[0].gw, w->loop.now, &in);
	sim_wake(&w->process[0], w->loop.now + SECOND);
	sim_world_run(w, w->loop.now + 30 * SECOND);
	assert_null(strstr(op_said, PAYER->phone));
}

static void
ask_set_aside(struct sim_world *w)
{
	char body[128];

	str_format(body, sizeof body, "{\"phone\":\"%s\",\"reason\":\"cannot be read\"}", PAYER->phone);
	operate(w, "ann", "set-aside", body);
}

/* Asked for, approved; the answer names so many records. */
static void
set_aside(struct sim_world *w, const char *record)
{
	char body[64];
	const char *number;

	ask_set_aside(w);
	assert_int_equal(op_status, 202);
	number = strstr(op_said, "\"request\":");
	assert_non_null(number);
	str_format(body, sizeof body, "{\"request\":%d}", atoi(number + 10));
	operate(w, "ben", "approve", body);
	if (op_status != 200 || strstr(op_said, record) == NULL)
		fail_msg("%d %s", op_status, op_said);
}

static void
test_a_subscriber(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	spoil(w, STORE_SUBSCRIBER);
	type(&l, PAYER->pin);
	assert_string_equal(l.screen, CUT_OFF);
	dial(&l, "two");
	assert_string_equal(l.screen, CUT_OFF);
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 0);
	/* Begun anew on the safe side: it may have been frozen, and have said STOP. */
	set_aside(w, "\"subscriber\"");
	assert_int_equal(records_of(w, STORE_ASIDE).n, 1);
	dial(&l, "three");
	shows(&l, "frozen");
	ask_set_aside(w);
	assert_int_equal(op_status, 409);
	world_free(w);
}

static void
test_a_dialogue(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	spoil(w, STORE_SESSION);
	type(&l, PAYER->pin);
	shows(&l, "1. Balance");		/* begun again: what was on the screen is not known any more */
	assert_int_equal(debits(w), 0);
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	assert_int_equal(debits(w), 1);
	world_free(w);
}

static void
test_a_confirm(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	spoil(w, STORE_INTENT);
	type(&l, PAYER->pin);
	assert_string_equal(l.screen, CUT_OFF);
	sim_world_run(w, w->loop.now + 30 * MINUTE);
	assert_int_equal(debits(w), 0);
	world_free(w);
}

/* The core has debited, nobody has heard the answer, and the record is gone: nothing is said, nothing else is paid. */
static void
test_a_payment_under_way(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct store_value v;
	struct found f;

	(void)state;
	to_confirm(&l);
	w->strike[0] = (struct sim_strike){ .op = WALLET_TRANSFER, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	add_input(&l, PAYER->pin);
	send_to(&l, 0, TURN_INPUT, PAYER->pin);
	sim_world_run(w, w->loop.now + SECOND);
	assert_int_equal(debits(w), 1);
	spoil(w, STORE_INTENT);
	sim_world_run(w, w->loop.now + 30 * MINUTE);
	assert_int_equal(told(w, PAYER->phone, "R50.00"), 0);
	dial(&l, "two");
	assert_string_equal(l.screen, CUT_OFF);
	assert_int_equal(debits(w), 1);
	ask_set_aside(w);
	assert_int_equal(op_status, 202);		/* only asked for: nothing is changed */
	dial(&l, "three");
	assert_string_equal(l.screen, CUT_OFF);
	set_aside(w, "\"payment ");
	f = records_of(w, STORE_ASIDE);
	assert_int_equal(f.n, 1);
	memory_store_load(w->store, w->loop.now, &f.key[0], 1, &v);
	assert_true(v.present && v.len == 7 && memcmp(v.p, "damaged", 7) == 0);
	str_copy(l.dialogue, sizeof l.dialogue, "four");
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	assert_int_equal(debits(w), 2);
	world_free(w);
}

static void
test_the_tries_of_a_pin(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct store_value v;
	struct pin_tries pin;
	struct found f;

	(void)state;
	to_confirm(&l);
	type(&l, "0000");
	shows(&l, "Wrong PIN. Tries left: 2.");
	spoil(w, STORE_PIN);
	type(&l, PAYER->pin);
	shows(&l, "We could not check your PIN. Nothing was paid.");
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 0);
	set_aside(w, "\"pin\"");
	f = records_of(w, STORE_PIN);
	memory_store_load(w->store, w->loop.now, &f.key[0], 1, &v);
	assert_true(pin_decode(v.p, v.len, &pin));
	assert_int_equal(pin.locks, 1);			/* who guessed before is locked for longer */
	str_copy(l.dialogue, sizeof l.dialogue, "two");
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	world_free(w);
}

/* The number went to somebody else, whom the wallet core knows by it now: nothing of who had it before is shown. */
static void
test_a_number_that_went_to_another(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct found f;
	struct subscriber s;
	struct store_value v;
	struct buf b = { 0 };

	(void)state;
	to_confirm(&l);
	w->strike[0] = (struct sim_strike){ .op = WALLET_TRANSFER, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	type(&l, PAYER->pin);
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 1);
	f = records_of(w, STORE_SUBSCRIBER);
	memory_store_load(w->store, w->loop.now, &f.key[0], 1, &v);
	assert_true(subscriber_decode(v.p, v.len, &s));
	assert_int_equal(s.outcome, OUTCOME_DONE);
	s.outcome_told = false;
	s.customer_id += 1000;
	subscriber_encode(&s, &b);
	put(w, &f.key[0], b.p, b.len);
	buf_clear(&b);
	dial(&l, "two");
	shows(&l, "but no PIN yet");
	assert_null(strstr(l.screen, "went through"));
	type(&l, PAYER->pin);
	assert_null(strstr(l.screen, "You have R"));
	world_free(w);
}

/* What was sent before may still land; what is there already is found. No second customer, no second wallet. */
static void
test_a_sign_up(void **state)
{
	static const enum wallet_op asked[] = { WALLET_CUSTOMER_CREATE, WALLET_IDENTITY_CREATE, WALLET_CREATE };
	char body[64];

	(void)state;
	for (size_t k = 0; k < NELEM(asked); k++) {
		struct sim_world *w = somebody_new("hostile", PIN_CHECK_LOGIN);
		struct bank_customer *const *v;
		struct line l = line_of(w, 0, SIM_USSD, "later");

		w->strike[0] = (struct sim_strike){ .op = asked[k], .nth = 1, .what = STRIKE_LOSE_ANSWER };
		while (w->strike[0].nth != 0)
			assert_true(sim_loop_step(&w->loop, w->loop.now + MINUTE));
		sim_world_run(w, w->loop.now + 20 * SECOND);
		spoil(w, STORE_SIGNUP);
		w->ports[0].reply = on_reply;
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		dial(&l, "still");
		shows(&l, "We are still opening your wallet.");
		str_format(body, sizeof body, "{\"phone\":\"%s\"}", PAYER->phone);
		operate(w, "ann", "phone", body);
		if (strstr(op_said, "\"unread\":[\"signup\"]") == NULL)
			fail_msg("%s", op_said);
		set_aside(w, "\"signup\"");
		w->ports[0].reply = w->ports[1].reply;
		sim_bot_want(PAYER, GOAL_SIGN_UP, 0, PAYER->phone, 1);
		sim_bot_plan(PAYER);
		sim_world_run(w, w->loop.now + 90 * MINUTE);
		assert_int_equal(customers_of(w, &v), 1);
		assert_int_equal(v[0]->wallets_n, 1);
		assert_true(told(w, PAYER->phone, "Your wallet is open") >= 1);
		assert_int_equal(told(w, PAYER->phone, "could not be opened"), 0);
		world_free(w);
	}
}

static void
test_a_new_pin(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");
	struct store_commit c = { .n = 2, .not_after_ms = w->loop.now + MINUTE };
	struct store_key key = { .family = STORE_PIN_ORDER };
	struct store_value v;
	struct pin_order o;

	(void)state;
	str_format(key.owner, sizeof key.owner, "%s/%s", w->tenant.name, PAYER->phone);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = key, .p = "damaged", .len = 7, .to = { { 9 } } };
	c.op[1] = (struct store_op){ .kind = STORE_LIST_ADD, .key.family = STORE_DUE, .ref = key };
	str_copy(c.op[1].key.owner, sizeof c.op[1].key.owner, key.owner);
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	set_aside(w, "\"new_pin\"");
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(pin_order_decode(v.p, v.len, &o) && o.ended && o.told);
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	ask_set_aside(w);
	assert_int_equal(op_status, 409);
	world_free(w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_subscriber), cmocka_unit_test(test_a_dialogue), cmocka_unit_test(test_a_confirm),
		cmocka_unit_test(test_a_payment_under_way), cmocka_unit_test(test_the_tries_of_a_pin),
		cmocka_unit_test(test_a_number_that_went_to_another), cmocka_unit_test(test_a_sign_up),
		cmocka_unit_test(test_a_new_pin),
	};

	return cmocka_run_group_tests_name("odd_records", tests, world_setup, world_teardown);
}
