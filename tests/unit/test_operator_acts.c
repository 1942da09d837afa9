/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators' acts through the gateway's door: who may, what follows, what the customer is told, what the limit says
 * afterwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/metric.h"
#include "core/signup.h"
#include "tests/unit/operator_world.h"

/* ---- who may ---- */

static void
test_roles_and_tenants(void **state)
{
	struct sim_world *w = ops_world();
	struct operator_in in = { .who = &far, .act = "phone", .body = "{\"phone\":\"" PHONE "\"}" };
	char first[200];

	(void)state;
	act(w, &eve, "freeze", ABOUT);
	assert_answer(403, "\"error\":\"role\"");
	act(w, &ben, "persons", "");
	assert_answer(403, "it needs look");
	act(w, &eve, "approve", "{\"request\":1}");
	assert_answer(403, "it needs approve");
	act(w, &ann, "melt", ABOUT);
	assert_answer(404, "\"error\":\"act\"");
	act(w, &ann, "freeze", "{\"phone\":\"" PHONE "\"}");
	assert_answer(400, "reason must be");
	/* A tenant that is not his and one that does not exist are the same to him. */
	act(w, &far, "phone", "{\"phone\":\"" PHONE "\"}");
	assert_answer(404, "\"error\":\"tenant\"");
	str_copy(first, sizeof first, said);
	in.tenant = "nobody";
	in.len = strlen(in.body);
	gateway_operator(w->process[0].gw, w->loop.now, &in);
	assert_string_equal(said, first);
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	/* None of it is in the audit, and nothing of it was done. */
	act(w, &eve, "audit", "");
	assert_answer(200, "\"last\":0");
	world_free(w);
}

/* ---- what is with a person ---- */

static void
test_resolved_as_done(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	with_a_person(w, INTENT_TRANSFER, TRANSFER);
	act(w, &ann, "persons", "");
	assert_answer(200, TRANSFER);
	assert_answer(200, "2782***4567");
	assert_answer(200, "\"amount\":\"50.00\"");
	act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
	assert_answer(202, "\"outcome\":\"asked\"");
	act(w, &eve, "requests", "");
	assert_answer(200, TRANSFER);
	assert_answer(200, "\"as\":\"done\"");
	/* Not by who asked, however many roles he has. */
	act(w, &ann, "approve", "{\"request\":1}");
	assert_answer(409, "\"error\":\"own\"");
	assert_int_equal(intent_now(w, TRANSFER).state, INTENT_PERSON);
	act(w, &ben, "approve", "{\"request\":2}");
	assert_answer(404, "request");
	act(w, &ben, "approve", "{\"request\":1}");
	assert_answer(200, "\"outcome\":\"done\"");
	assert_int_equal(intent_now(w, TRANSFER).state, INTENT_DONE);
	run(w, 10 * MINUTE);
	assert_true(was_told(w, PHONE, "You sent R50.00"));
	assert_true(was_told(w, PAYEE, "You got R50.00"));
	assert_int_equal(w->inbox_n, 2);
	assert_int_equal(subscriber_now(w).outcome, OUTCOME_DONE);
	act(w, &ann, "persons", "");
	assert_answer(200, "\"persons\":[]");
	act(w, &ann, "requests", "");
	assert_answer(200, "\"requests\":[]");
	act(w, &ben, "approve", "{\"request\":1}");
	assert_answer(409, "decided");
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"whole\"");
	assert_answer(200, "\"outcome\":\"approved\"");
	assert_answer(200, "\"last\":3");
	world_free(w);
}

static void
test_resolved_as_not_done(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	with_a_person(w, INTENT_TRANSFER, TRANSFER);
	resolve(w, TRANSFER, "not_done");
	assert_answer(200, "done");
	run(w, 10 * MINUTE);
	assert_true(was_told(w, PHONE, "was not sent"));
	assert_int_equal(w->inbox_n, 1);
	assert_int_equal(subscriber_now(w).outcome, OUTCOME_NOT_DONE);
	world_free(w);
}

/* The core has made the code, nobody could read that: it counts until it was read as gone. */
static void
test_a_code_that_may_be_out(void **state)
{
	struct sim_world *w = ops_world();
	struct bank_withdrawal *b = NULL;

	(void)state;
	add_payee(w);
	accepted(w, INTENT_WITHDRAWAL, CODE);
	w->strike[0] = (struct sim_strike){ .op = WALLET_WITHDRAWAL_CREATE, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	run(w, 5000);
	assert_int_equal(issued(w, &b), 1);
	w->faults.wallet_lost = 1000;
	run(w, 70 * MINUTE);
	assert_int_equal(intent_now(w, CODE).state, INTENT_PERSON);
	resolve(w, CODE, "not_done");
	assert_answer(200, "done");
	run(w, 10 * MINUTE);
	assert_true(was_told(w, PHONE, "No code for R50.00 was made"));
	assert_int_equal(used_now(w), 5000);
	assert_int_equal(b->status, BW_PENDING);
	/* The core is there again: what turns up is made to go away, and only then given back. */
	w->faults.wallet_lost = 0;
	run(w, 3 * HOUR);
	assert_int_not_equal(b->status, BW_PENDING);
	assert_int_equal(used_now(w), 0);
	assert_int_equal(intent_now(w, CODE).state, INTENT_NOT_DONE);
	assert_int_equal(w->inbox_n, 1);
	world_free(w);
}

/* It was used after all: the customer was told otherwise, so it comes back to a person, who can only say the truth. */
static void
test_comes_back_to_a_person(void **state)
{
	struct sim_world *w = ops_world();
	struct bank_withdrawal *b = NULL;
	int64_t before;

	(void)state;
	add_payee(w);
	accepted(w, INTENT_WITHDRAWAL, CODE);
	w->strike[0] = (struct sim_strike){ .op = WALLET_WITHDRAWAL_CREATE, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	run(w, 5000);
	w->faults.wallet_lost = 1000;
	run(w, 70 * MINUTE);
	assert_int_equal(issued(w, &b), 1);
	act(w, &ann, "resolve", resolve_body(CODE, "done"));
	before = number_of("\"request\"");
	resolve(w, CODE, "not_done");
	run(w, 10 * MINUTE);
	assert_int_equal(bank_withdrawal_set(w->core.bank, w->loop.now, b, BW_SUCCESSFUL), BANK_OK);
	w->faults.wallet_lost = 0;
	run(w, 3 * HOUR);
	assert_int_equal(intent_now(w, CODE).state, INTENT_PERSON);
	act(w, &ann, "persons", "");
	assert_answer(200, "\"core\":\"SUCCESSFUL\"");
	assert_answer(200, "\"told\":true");
	/* What was asked for when less was known does not hold any more. */
	act(w, &ben, "approve", request_body(before));
	assert_answer(409, "stale");
	assert_int_equal(intent_now(w, CODE).state, INTENT_PERSON);
	act(w, &ann, "resolve", resolve_body(CODE, "not_done"));
	assert_answer(409, "paid out");
	resolve(w, CODE, "done");
	assert_answer(200, "done");
	run(w, 10 * MINUTE);
	assert_true(was_told(w, PHONE, "was used"));
	assert_int_equal(used_now(w), 5000);
	assert_int_equal(subscriber_now(w).outcome, OUTCOME_DONE);
	act(w, &ann, "persons", "");
	assert_answer(200, "\"persons\":[]");
	world_free(w);
}

/* Counted for the metrics, with its age, and not any more once it is resolved. */
static void
test_counted(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	with_a_person(w, INTENT_TRANSFER, TRANSFER);
	sim_wake(&w->process[0], w->loop.now + 5 * MINUTE);
	run(w, 5 * MINUTE);
	assert_int_equal(metric_get(M_PERSONS), 1);
	assert_true(metric_get(M_PERSON_OLDEST_S) > 600 && metric_get(M_PERSON_OLDEST_S) < 1200);
	resolve(w, TRANSFER, "not_done");
	sim_wake(&w->process[0], w->loop.now + 5 * MINUTE);
	run(w, 5 * MINUTE);
	assert_int_equal(metric_get(M_PERSONS), 0);
	assert_int_equal(metric_get(M_PERSON_OLDEST_S), 0);
	world_free(w);
}

/* An integrator's order is nobody's phone, but is found and resolved all the same. */
static void
test_an_integrators_order(void **state)
{
	struct sim_world *w = ops_world();
	char id[37] = "";

	(void)state;
	w->faults.wallet_lost = 1000;
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 500, "UNK001");
	run(w, 70 * MINUTE);
	w->faults.wallet_lost = 0;
	act(w, &ann, "persons", "");
	assert_answer(200, "\"integrator\":\"payroll\"");
	str_copyn(id, sizeof id, strstr(said, "\"intent\":\"") + 10, 36);
	resolve(w, id, "not_done");
	assert_answer(200, "done");
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 400, "BUSINESS");
	assert_int_equal(used_now(w), 10000);
	world_free(w);
}

/* ---- four eyes ---- */

static void
test_stale_lapsed_rejected(void **state)
{
	struct sim_world *w = ops_world();
	int64_t first, second;

	(void)state;
	with_a_person(w, INTENT_TRANSFER, TRANSFER);
	act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
	first = number_of("\"request\"");
	act(w, &ann, "resolve", resolve_body(TRANSFER, "not_done"));
	second = number_of("\"request\"");
	act(w, &ben, "reject", request_body(first));
	assert_answer(200, "rejected");
	act(w, &ben, "approve", request_body(first));
	assert_answer(409, "decided");
	/* Left for a day, it has lapsed. */
	run(w, 24 * HOUR);
	act(w, &ann, "requests", "");
	assert_answer(200, "\"requests\":[]");
	act(w, &ben, "approve", request_body(second));
	assert_answer(409, "lapsed");
	assert_int_equal(intent_now(w, TRANSFER).state, INTENT_PERSON);
	/* Of two for the same payment the second one to be approved is stale. */
	act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
	first = number_of("\"request\"");
	act(w, &ann, "resolve", resolve_body(TRANSFER, "not_done"));
	second = number_of("\"request\"");
	act(w, &ben, "approve", request_body(first));
	assert_answer(200, "done");
	act(w, &ben, "approve", request_body(second));
	assert_answer(409, "stale");
	assert_int_equal(intent_now(w, TRANSFER).state, INTENT_DONE);
	act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
	assert_answer(404, "intent");
	world_free(w);
}

/* ---- a phone that is frozen ---- */

static char screen[1600];

static void
on_screen(void *ctx, uint64_t id, const struct reply *r)
{
	(void)ctx, (void)id;
	str_copy(screen, sizeof screen, r->text);
}

static void
dial(struct sim_world *w, enum turn_kind kind, const char *text)
{
	static uint64_t turns;
	struct turn_in in = { .turn = ++turns, .channel = SIM_USSD, .kind = kind, .text = text,
		.service_code = "*120*384#", .phone = PHONE, .dialogue = "d" };

	w->ports[0].reply = on_screen;
	screen[0] = '\0';
	gateway_turn(w->process[0].gw, w->loop.now, &in);
	run(w, MINUTE);
}

static void
test_frozen(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	dial(w, TURN_BEGIN, "");
	assert_null(strstr(screen, "frozen"));
	act(w, &ann, "freeze", ABOUT);
	assert_answer(200, "\"outcome\":\"done\"");
	dial(w, TURN_INPUT, "1");
	assert_non_null(strstr(screen, "frozen"));
	assert_non_null(strstr(screen, "0800 123 456"));
	dial(w, TURN_BEGIN, "");
	assert_non_null(strstr(screen, "frozen"));
	dial(w, TURN_PUSH, "more");
	assert_string_equal(screen, "");
	act(w, &ann, "freeze", ABOUT);
	assert_answer(409, "already");
	/* What was begun before still ends, and its customer hears of it. */
	add_payee(w);
	accepted(w, INTENT_TRANSFER, TRANSFER);
	run(w, 5 * MINUTE);
	assert_int_equal(intent_now(w, TRANSFER).state, INTENT_DONE);
	assert_true(was_told(w, PHONE, "You sent R50.00"));
	/* A second person opens the door again. */
	act(w, &ann, "unfreeze", ABOUT);
	assert_answer(202, "asked");
	dial(w, TURN_BEGIN, "");
	assert_non_null(strstr(screen, "frozen"));
	act(w, &ben, "approve", request_body(number_of("\"request\"")));
	assert_answer(200, "done");
	dial(w, TURN_BEGIN, "");
	assert_null(strstr(screen, "frozen"));
	act(w, &ann, "unfreeze", ABOUT);
	assert_answer(409, "not frozen");
	world_free(w);
}

/* A wait for a new PIN that its owner could not end, because his phone is frozen, is no wait. */
static void
test_frozen_while_a_new_pin_waits(void **state)
{
	struct sim_world *w = ops_world();
	struct subscriber s = { .has_pin = true, .customer_id = 1, .reset_from = w->loop.now + HOUR, .reset_warned = true,
		.code_mac_len = 16 };
	struct buf b = { 0 };

	(void)state;
	subscriber_encode(&s, &b);
	put(w, key(STORE_SUBSCRIBER, OWNER, ""), &b, NULL);
	buf_clear(&b);
	act(w, &ann, "freeze", ABOUT);
	assert_answer(200, "done");
	act(w, &ann, "unfreeze", ABOUT);
	act(w, &ben, "approve", request_body(number_of("\"request\"")));
	assert_answer(200, "done");
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	assert_int_equal(subscriber_now(w).reset_from, 0);
	assert_int_equal(subscriber_now(w).code_mac_len, 0);
	assert_true(subscriber_now(w).has_pin);
	world_free(w);
}

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static int confirms;

/* Freezes the phone in the very moment in which its confirm is on the way to the store. */
static void
freeze_at_confirm(void *ctx, uint64_t op, const struct store_commit *c)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;
	struct subscriber s;
	struct store_value v;
	struct buf b = { 0 };
	bool intent = false, due = false;

	for (size_t k = 0; k < c->n; k++) {
		intent |= c->op[k].kind == STORE_PUT && c->op[k].key.family == STORE_INTENT;
		due |= c->op[k].kind == STORE_LIST_ADD && c->op[k].key.family == STORE_DUE;
	}
	for (size_t k = 0; intent && due && k < c->n; k++)
		if (c->op[k].key.family == STORE_SUBSCRIBER && c->op[k].kind == STORE_PUT && confirms++ == 0) {
			v = look_up(w, c->op[k].key);
			assert_true(v.present && subscriber_decode(v.p, v.len, &s));
			s.frozen_at = w->loop.now;
			subscriber_encode(&s, &b);
			put(w, c->op[k].key, &b, NULL);
			buf_clear(&b);
		}
	real_commit(ctx, op, c);
}

static void
want(struct sim_world *w, int bot, enum sim_goal goal, int64_t amount)
{
	sim_bot_want(&w->bot[bot], goal, amount, w->bot[1].phone, 4);
	sim_bot_plan(&w->bot[bot]);
	sim_world_run(w, w->loop.now + 30 * MINUTE);
}

static size_t
transfers(const struct sim_world *w)
{
	const struct bank_transfer *t;
	size_t n = bank_transfers(w->core.bank, &t), sent = 0;

	for (size_t k = 0; k < n; k++)
		sent += strcmp(t[k].type, "TRANSFER") == 0;
	return sent;
}

static void
test_frozen_while_confirming(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	for (w->bots = 0; w->bots < 2; w->bots++)
		sim_bot_init(w, w->bots);
	want(w, 0, GOAL_SIGN_UP, 0);
	want(w, 1, GOAL_SIGN_UP, 0);
	want(w, 0, GOAL_SEND, 5000);
	assert_int_equal(transfers(w), 1);
	real_commit = w->ports[0].commit;
	w->ports[0].commit = freeze_at_confirm;
	confirms = 0;
	want(w, 0, GOAL_SEND, 6000);
	assert_int_equal(confirms, 1);
	assert_int_equal(transfers(w), 1);
	world_free(w);
}

/* ---- the PIN, notices, codes ---- */

static void
test_unlock_and_notices(void **state)
{
	struct sim_world *w = ops_world();
	struct pin_tries p = { .locks = 2, .locked_until = w->loop.now + HOUR };
	struct store_value v;
	struct buf b = { 0 };

	(void)state;
	act(w, &ann, "unlock", ABOUT);
	assert_answer(409, "no lock");
	pin_encode(&p, &b);
	put(w, key(STORE_PIN, OWNER, ""), &b, NULL);
	buf_clear(&b);
	act(w, &ann, "unlock", ABOUT);
	assert_answer(200, "done");
	v = look_up(w, key(STORE_PIN, OWNER, ""));
	assert_true(v.present && pin_decode(v.p, v.len, &p));
	assert_true(pin_take(&p, w->loop.now));
	assert_int_equal(p.locks, 2);		/* the next lock is as long as it would have been */
	act(w, &ann, "opt-out", ABOUT);
	assert_answer(200, "done");
	assert_true(subscriber_now(w).opted_out);
	act(w, &ann, "opt-in", ABOUT);
	assert_answer(200, "done");
	assert_false(subscriber_now(w).opted_out);
	act(w, &ann, "opt-in", ABOUT);
	assert_answer(409, "already");
	world_free(w);
}

static void
test_resend_and_cancel(void **state)
{
	static const char body[] = "{\"phone\":\"" PHONE "\",\"intent\":\"" CODE "\"," REASON "}";
	static const char other[] = "{\"phone\":\"" PHONE "\",\"intent\":\"" TRANSFER "\"," REASON "}";
	struct sim_world *w = ops_world();
	struct bank_withdrawal *b = NULL;
	char token[WALLET_TOKEN];

	(void)state;
	act(w, &ann, "resend", other);
	assert_answer(404, "no such payment");
	accepted(w, INTENT_WITHDRAWAL, CODE);
	run(w, 5 * MINUTE);
	assert_int_equal(issued(w, &b), 1);
	for (int i = 0; i < INTENT_RESENDS; i++) {
		act(w, &ann, "resend", body);
		assert_answer(200, "done");
		assert_null(strstr(said, b->token));
	}
	act(w, &ann, "resend", body);
	assert_answer(409, "as often as it may");
	run(w, MINUTE);
	for (size_t i = 0, tokens = 0; i < w->inbox_n; i++)
		if (w->inbox[i].cls == MSG_TOKEN) {
			sim_token_of(w->inbox[i].text, token);
			assert_string_equal(token, b->token);
			assert_string_equal(w->inbox[i].to, PHONE);
			assert_true(++tokens <= 1 + INTENT_RESENDS);
		}
	act(w, &ann, "cancel", body);
	assert_answer(200, "\"outcome\":\"done\"");
	assert_int_equal(b->status, BW_CANCELLED);
	act(w, &ann, "cancel", body);
	assert_answer(409, "Only a code");
	/* All of it is in the timeline of the phone, and no token. */
	act(w, &eve, "phone", "{\"phone\":\"" PHONE "\"}");
	assert_answer(200, CODE);
	assert_answer(200, "\"core\":\"CANCELLED\"");
	assert_answer(200, ":token_sms:3\"");
	assert_answer(200, "\"act\":\"resend\"");
	assert_answer(200, "\"act\":\"cancel\"");
	assert_answer(200, "\"class\":\"token\"");
	assert_null(strstr(said, b->token));
	assert_null(strstr(said, "unread"));
	world_free(w);
}

/* Whom to look for at the wallet core, and not who it is. */
static void
test_a_sign_up_in_the_timeline(void **state)
{
	struct sim_world *w = ops_world();
	struct signup s = { .owner = OWNER, .tenant = "acme", .phone = PHONE, .uid = "the-uid", .wallet_uid = "wallet-7",
		.first_name = "Thandi", .surname = "Mokoena", .id_number = "8001015009087", .passport = "A0123",
		.birth = "19800101", .password = "pass", .customer_id = 5, .identity = true, .ratified = true, .tries = 9,
		.sends = 1, .sent_at = w->loop.now, .begun_at = w->loop.now, .next_at = w->loop.now + MINUTE };
	static const char *const secret[] = { "Mokoena", "8001015009087", "A0123", "19800101", "\"pass" };
	struct buf b = { 0 };

	(void)state;
	signup_encode(&s, &b);
	put(w, key(STORE_SIGNUP, OWNER, ""), &b, NULL);
	buf_clear(&b);
	act(w, &eve, "phone", "{\"phone\":\"" PHONE "\"}");
	assert_answer(200, "\"signup\":{\"state\":\"under_way\"");
	assert_answer(200, "\"doing\":\"find_wallet\",\"tries\":9");
	assert_answer(200, "\"wallet_uid\":\"wallet-7\",\"customer\":5");
	for (size_t k = 0; k < NELEM(secret); k++)
		assert_null(strstr(said, secret[k]));
	world_free(w);
}

/* The code would go to who has the SIM now, as it would not when the customer asked for it himself. */
static void
test_no_resend_to_a_new_sim(void **state)
{
	static const char body[] = "{\"phone\":\"" PHONE "\",\"intent\":\"" CODE "\"," REASON "}";
	struct sim_world *w = ops_world();

	(void)state;
	accepted(w, INTENT_WITHDRAWAL, CODE);
	run(w, 5 * MINUTE);
	gateway_sim_changed(w->process[0].gw, w->loop.now, PHONE, w->loop.now);
	run(w, MINUTE);
	act(w, &ann, "resend", body);
	assert_answer(409, "SIM");
	run(w, MINUTE);
	assert_int_equal(intent_now(w, CODE).resends, 0);
	world_free(w);
}

static void
test_timeline(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	dial(w, TURN_BEGIN, "");
	dial(w, TURN_INPUT, "8112211");
	dial(w, TURN_ABORT, "");
	act(w, &ann, "freeze", ABOUT);
	dial(w, TURN_BEGIN, "");
	act(w, &eve, "phone", "{\"phone\":\"082 123 4567\"}");
	assert_answer(200, "\"phone\":\"2782***4567\"");
	assert_answer(200, "\"channel\":\"ussd\"");
	assert_answer(200, "\"state\":\"frozen\",\"end\":true");
	/* The newest first. */
	assert_true(strstr(said, "\"turns\":[") != NULL && strstr(strstr(said, "\"turns\":["), "\"state\":\"frozen\"") <
	    strchr(strstr(said, "\"turns\":["), '}'));
	assert_answer(200, "\"frozen\":true");
	assert_answer(200, "\"act\":\"freeze\"");
	assert_answer(200, "\"month\":202603");
	assert_answer(200, "\"month\":202602");
	assert_null(strstr(said, "8112211"));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sign_up_in_the_timeline),
		cmocka_unit_test(test_roles_and_tenants), cmocka_unit_test(test_resolved_as_done),
		cmocka_unit_test(test_resolved_as_not_done), cmocka_unit_test(test_a_code_that_may_be_out),
		cmocka_unit_test(test_comes_back_to_a_person), cmocka_unit_test(test_counted),
		cmocka_unit_test(test_an_integrators_order), cmocka_unit_test(test_stale_lapsed_rejected),
		cmocka_unit_test(test_frozen), cmocka_unit_test(test_frozen_while_confirming),
		cmocka_unit_test(test_frozen_while_a_new_pin_waits),
		cmocka_unit_test(test_unlock_and_notices), cmocka_unit_test(test_resend_and_cancel),
		cmocka_unit_test(test_no_resend_to_a_new_sim),
		cmocka_unit_test(test_timeline),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
