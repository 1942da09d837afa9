/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators' acts through the gateway's door, on the world of the simulation: who may, what follows, what the customer is
 * told, what the limit says afterwards, and what is left where a process dies in between.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/metric.h"
#include "core/audit.h"
#include "core/limit.h"
#include "core/pin.h"
#include "core/request.h"
#include "core/subscriber.h"
#include "tests/unit/gateway_world.h"

#define HOUR (60 * MINUTE)
#define OWNER "acme/" PHONE
#define PAYEE "27829999999"
#define TRANSFER "11111111-2222-4333-8444-555555555555"
#define CODE "22222222-2222-4333-8444-555555555555"
#define REASON "\"reason\":\"seen at the core\""
#define ABOUT "{\"phone\":\"" PHONE "\"," REASON "}"

static const struct operator ann = { .name = "ann", .roles = ROLE_LOOK | ROLE_ACT | ROLE_APPROVE, .all_tenants = true };
static const struct operator ben = { .name = "ben", .roles = ROLE_APPROVE, .tenants_n = 1 };
static const struct operator eve = { .name = "eve", .roles = ROLE_LOOK, .all_tenants = true };
static const struct operator far = { .name = "far", .roles = ROLE_LOOK | ROLE_ACT | ROLE_APPROVE };

static unsigned answers;
static int status;
static char said[30000];

static void
on_reply(void *ctx, uint64_t call, int code, const char *json)
{
	(void)ctx, (void)call;
	answers++;
	status = code;
	assert_true(str_copy(said, sizeof said, json));
}

static void
run(struct sim_world *w, int64_t ms)
{
	int64_t until = w->loop.now + ms;

	sim_wake(&w->process[0], w->loop.now + 1000);
	sim_world_run(w, until);
	if (w->loop.now < until)
		w->loop.now = until;
}

static struct sim_world *
ops_world(void)
{
	struct sim_world *w = world_new();

	w->ports[0].operator_reply = on_reply;
	return w;
}

/* Without waiting for the answer. */
static void
order(struct sim_world *w, const struct operator *who, const char *act, const char *body)
{
	struct operator_in in = { .call = 1, .who = who, .tenant = "acme", .act = act, .body = body, .len = strlen(body) };

	answers = 0;
	said[0] = '\0';
	gateway_operator(w->process[0].gw, w->loop.now, &in);
}

static void
act(struct sim_world *w, const struct operator *who, const char *name, const char *body)
{
	order(w, who, name, body);
	run(w, MINUTE);
	assert_int_equal(answers, 1);
	/* Whatever was asked: no phone in full, no name of a payee. */
	assert_null(strstr(said, PHONE));
	assert_null(strstr(said, PAYEE));
	assert_null(strstr(said, "Thandi"));
}

static void
assert_answer(int code, const char *what)
{
	if (status != code || strstr(said, what) == NULL)
		fail_msg("%d %s, not %d with %s", status, said, code, what);
}

static int64_t
number_of(const char *name)
{
	const char *at = strstr(said, name);

	assert_non_null(at);
	return strtoll(at + strlen(name) + 1, NULL, 10);
}

/* ---- the store ---- */

static struct store_key
key(enum store_family family, const char *owner, const char *id)
{
	struct store_key k = { .family = family };

	assert_true(str_copy(k.owner, sizeof k.owner, owner) && str_copy(k.id, sizeof k.id, id));
	return k;
}

static struct store_value
look_up(struct sim_world *w, struct store_key k)
{
	struct store_value v;

	memory_store_load(w->store, w->loop.now, &k, 1, &v);
	return v;
}

static void
put(struct sim_world *w, struct store_key k, const struct buf *b, struct store_op *also)
{
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now };

	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = k, .p = b->p, .len = b->len };
	c.op[0].from = look_up(w, k).version;
	c.op[0].to = c.op[0].from;
	c.op[0].to.p[0]++;
	if (also != NULL)
		c.op[c.n++] = *also;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	if (also != NULL)
		sim_due_op(w, also);
}

static struct intent
intent_now(struct sim_world *w, const char *id)
{
	struct store_value v = look_up(w, key(STORE_INTENT, OWNER, id));
	struct intent i;

	assert_true(v.present && intent_decode(v.p, v.len, &i));
	return i;
}

static struct subscriber
subscriber_now(struct sim_world *w)
{
	struct store_value v = look_up(w, key(STORE_SUBSCRIBER, OWNER, ""));
	struct subscriber s = { .frozen_at = 0 };

	assert_true(!v.present || subscriber_decode(v.p, v.len, &s));
	return s;
}

static int64_t
used_now(struct sim_world *w)
{
	struct store_value v = look_up(w, key(STORE_LIMIT, PHONE, "202603"));
	struct limit *l = xcalloc(1, sizeof *l);
	int64_t used;

	assert_true(!v.present || limit_decode(v.p, v.len, l));
	used = limit_used(l);
	free(l);
	return used;
}

/* A payment as a right PIN leaves it: the gateway finds it in the due list. */
static void
accepted(struct sim_world *w, enum intent_kind kind, const char *id)
{
	struct intent i = { .kind = kind, .state = INTENT_ACCEPTED, .amount = 5000, .fee = 100, .gateway_sends = true,
		.counts = kind == INTENT_WITHDRAWAL, .limit_month = 202603, .accepted_at = w->loop.now,
		.not_after = w->loop.now + INTENT_SEND_MS };
	struct store_op due = { .kind = STORE_LIST_ADD, .score = w->loop.now };
	struct store_op line = { .kind = STORE_LIST_ADD, .key = key(STORE_HISTORY, OWNER, ""), .score = w->loop.now };
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now };
	struct buf b = { 0 };

	str_copy(i.id, sizeof i.id, id);
	str_copy(i.owner, sizeof i.owner, OWNER);
	str_copy(i.tenant, sizeof i.tenant, "acme");
	str_copy(i.channel, sizeof i.channel, "ussd");
	str_copy(i.phone, sizeof i.phone, PHONE);
	str_copy(i.to_phone, sizeof i.to_phone, kind == INTENT_TRANSFER ? PAYEE : PHONE);
	str_copy(i.to_name, sizeof i.to_name, "Thandi");
	str_copy(i.type, sizeof i.type, kind == INTENT_TRANSFER ? "" : "ZA_PAYCORP_ATM");
	i.wallet_id = w->integrator.wallets[0];
	i.to_wallet_id = w->integrator.wallets[1];
	due.key = key(STORE_DUE, OWNER, "");
	due.ref = key(STORE_INTENT, OWNER, id);
	intent_encode(&i, &b);
	put(w, due.ref, &b, &due);
	str_format(line.item, sizeof line.item, "i %s", id);
	c.op[0] = line;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&b);
}

static void
add_payee(struct sim_world *w)
{
	struct bank_profile p = { 0 };
	struct bank_wallet_in in = { .uid = "wallet-2", .type = BANK_WALLET_TYPE };
	struct bank_customer *c;
	struct bank_wallet *wallet;

	str_copy(p.uid, sizeof p.uid, "customer-2");
	str_copy(p.phone, sizeof p.phone, PAYEE);
	assert_int_equal(bank_customer_create(w->core.bank, w->loop.now, &p, &c), BANK_OK);
	assert_int_equal(bank_ratify(w->core.bank, w->loop.now, c), KYC_PASSED);
	assert_int_equal(bank_wallet_create(w->core.bank, w->loop.now, c, &in, &wallet), BANK_OK);
	w->integrator.wallets[1] = wallet->id;
}

/* A wallet core that has gone away for more than an hour leaves it with a person. */
static void
with_a_person(struct sim_world *w, enum intent_kind kind, const char *id)
{
	add_payee(w);
	accepted(w, kind, id);
	w->faults.wallet_lost = 1000;
	run(w, 70 * MINUTE);
	w->faults.wallet_lost = 0;
	assert_int_equal(intent_now(w, id).state, INTENT_PERSON);
	assert_int_equal(w->inbox_n, 0);
}

static const char *
resolve_body(const char *id, const char *outcome)
{
	static char body[200];

	str_format(body, sizeof body, "{\"intent\":\"%s\",\"outcome\":\"%s\"," REASON "}", id, outcome);
	return body;
}

static const char *
request_body(int64_t number)
{
	static char body[100];

	str_format(body, sizeof body, "{\"request\":%lld," REASON "}", (long long)number);
	return body;
}

/* Asks as ann and approves as ben. */
static void
resolve(struct sim_world *w, const char *id, const char *outcome)
{
	act(w, &ann, "resolve", resolve_body(id, outcome));
	assert_answer(202, "\"outcome\":\"asked\"");
	act(w, &ben, "approve", request_body(number_of("\"request\"")));
}

static bool
was_told(const struct sim_world *w, const char *phone, const char *what)
{
	for (size_t i = 0; i < w->inbox_n; i++)
		if (strcmp(w->inbox[i].to, phone) == 0 && strstr(w->inbox[i].text, what) != NULL)
			return true;
	return false;
}

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
	assert_answer(403, "role");
	act(w, &eve, "approve", "{\"request\":1}");
	assert_answer(403, "role");
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
	assert_answer(200, "\"frozen\":true");
	assert_answer(200, "\"act\":\"freeze\"");
	assert_answer(200, "\"month\":202603");
	assert_answer(200, "\"month\":202602");
	assert_null(strstr(said, "8112211"));
	world_free(w);
}

/* ---- the audit ---- */

/* Without its entry nothing is done. */
static void
test_no_entry_no_effect(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 1, .what = STRIKE_LOSE };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(503, "Nothing was done");
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	/* It may be there although its answer was lost: an entry without an effect, never the other way round. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(503, "Nothing was done");
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 1, .what = STRIKE_LOSE };
	act(w, &eve, "phone", "{\"phone\":\"" PHONE "\"}");
	assert_answer(503, "Nothing was done");
	/* The effect is there, its second entry is not: that is said too. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 2, .what = STRIKE_LOSE };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(200, "\"outcome_noted\":false");
	assert_int_not_equal(subscriber_now(w).frozen_at, 0);
	world_free(w);
}

static void
test_effect_without_an_answer(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	/* It was executed: found by its own mark, and not done twice. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 1,
		.what = STRIKE_LOSE_ANSWER };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(200, "\"outcome\":\"done\"");
	/* It was not: done then. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 1, .what = STRIKE_LOSE };
	act(w, &ann, "opt-out", ABOUT);
	assert_answer(200, "\"outcome\":\"done\"");
	assert_true(subscriber_now(w).opted_out);
	world_free(w);
}

static void
test_crash_before_the_effect(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 1,
		.what = STRIKE_CRASH_BEFORE };
	order(w, &ann, "freeze", ABOUT);
	run(w, 5 * MINUTE);
	assert_int_equal(answers, 0);
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"whole\",\"last\":1");
	assert_answer(200, "\"outcome\":\"asked\"");
	world_free(w);
}

/* Approved, then dead, before the effect or behind it: it stands as approved, and approving again ends it. */
static void
test_crash_around_an_approval(void **state)
{
	static const enum sim_strike_what when[] = { STRIKE_CRASH_BEFORE, STRIKE_CRASH_AFTER };

	(void)state;
	for (size_t k = 0; k < NELEM(when); k++) {
		struct sim_world *w = ops_world();

		with_a_person(w, INTENT_TRANSFER, TRANSFER);
		act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
		w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_INTENT, .nth = 1, .what = when[k] };
		order(w, &ben, "approve", "{\"request\":1}");
		run(w, 10 * MINUTE);
		assert_int_equal(answers, 0);
		assert_int_equal(intent_now(w, TRANSFER).state, k == 0 ? INTENT_PERSON : INTENT_DONE);
		act(w, &eve, "requests", "");
		assert_answer(200, "\"state\":\"approved\"");
		act(w, &ben, "reject", "{\"request\":1," REASON "}");
		assert_answer(409, "decided");
		act(w, &ben, "approve", "{\"request\":1}");
		assert_answer(200, "\"outcome\":\"done\"");
		run(w, 10 * MINUTE);
		assert_int_equal(intent_now(w, TRANSFER).state, INTENT_DONE);
		assert_int_equal(intent_now(w, TRANSFER).resolves, 1);
		assert_int_equal(w->inbox_n, 2);
		act(w, &eve, "requests", "");
		assert_answer(200, "\"requests\":[]");
		world_free(w);
	}
}

static void
test_a_broken_link(void **state)
{
	struct sim_world *w = ops_world();
	struct store_value v;
	struct audit_entry e;
	struct audit_head h = { 0 };
	struct buf b = { 0 };

	(void)state;
	act(w, &ann, "opt-out", ABOUT);
	act(w, &ann, "opt-in", ABOUT);
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"whole\",\"last\":4");
	/* Somebody with all keys writes another reason into the second entry. */
	v = look_up(w, key(STORE_AUDIT, "acme", "2"));
	assert_true(v.present && audit_entry_decode(v.p, v.len, &e));
	assert_int_equal(e.asked, 1);
	str_copy(e.who, sizeof e.who, "ben");
	h.number = 1;
	h.hash_len = e.before_len;
	memcpy(h.hash, e.before, sizeof h.hash);
	audit_append(&h, &e, &b);
	put(w, key(STORE_AUDIT, "acme", "2"), &b, NULL);
	buf_clear(&b);
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"broken\"");
	assert_answer(200, "\"broken_at\":3");
	/* Nobody who looks at the newest only is told that all is well. */
	act(w, &ann, "audit", "{\"count\":1}");
	assert_answer(200, "\"checked_from\":3");
	world_free(w);
}

/* Acts at the same time take one number each. */
static void
test_at_the_same_time(void **state)
{
	struct sim_world *w = ops_world();
	char body[200];

	(void)state;
	for (int i = 0; i < 8; i++) {
		str_format(body, sizeof body, "{\"phone\":\"2782000000%d\"," REASON "}", i);
		order(w, &ann, "freeze", body);
	}
	answers = 0;
	run(w, MINUTE);
	assert_int_equal(answers, 8);
	act(w, &ann, "audit", "{\"whole\":true,\"count\":100}");
	assert_answer(200, "\"chain\":\"whole\",\"last\":16");
	world_free(w);
}

/* A store that does not answer: one answer all the same, in time. */
static void
test_store_away(void **state)
{
	static const char *const acts[] = { "persons", "requests", "audit" };
	struct sim_world *w = ops_world();

	(void)state;
	with_a_person(w, INTENT_TRANSFER, TRANSFER);
	w->faults.store_lost = 1000;
	for (size_t i = 0; i < NELEM(acts); i++) {
		act(w, &eve, acts[i], "");
		assert_answer(503, "store");
	}
	act(w, &ann, "freeze", ABOUT);
	assert_answer(503, "store");
	act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
	assert_answer(503, "store");
	assert_int_equal(gateway_busy(w->process[0].gw), 0);
	w->faults.store_lost = 0;
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles_and_tenants), cmocka_unit_test(test_resolved_as_done),
		cmocka_unit_test(test_resolved_as_not_done), cmocka_unit_test(test_a_code_that_may_be_out),
		cmocka_unit_test(test_comes_back_to_a_person), cmocka_unit_test(test_counted),
		cmocka_unit_test(test_an_integrators_order),
		cmocka_unit_test(test_stale_lapsed_rejected), cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_frozen_while_confirming),
		cmocka_unit_test(test_unlock_and_notices), cmocka_unit_test(test_resend_and_cancel),
		cmocka_unit_test(test_timeline), cmocka_unit_test(test_no_entry_no_effect),
		cmocka_unit_test(test_effect_without_an_answer), cmocka_unit_test(test_crash_before_the_effect),
		cmocka_unit_test(test_crash_around_an_approval), cmocka_unit_test(test_a_broken_link),
		cmocka_unit_test(test_at_the_same_time), cmocka_unit_test(test_store_away),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
