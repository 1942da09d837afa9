/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway through its own door, on the world of the simulation: what no customer of the simulation does.
 * Integrators' withdrawals, answers that come exactly once, limits of the process.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/message.h"
#include "service/run.h"
#include "tests/unit/gateway_world.h"

/* ---- integrators ---- */

static void
test_order(void **state)
{
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;
	char first[4096], id[24];

	(void)state;
	withdraw(w, "order-1", "150.50", PHONE);
	assert_says(w, 200, "\"status\":\"PENDING\"");
	assert_says(w, 200, "\"amount\":150.5,");
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(b->amount, 15050);
	assert_null(strstr(w->api_answer, b->token));
	assert_int_equal(w->inbox_n, 1);		/* the token, to the phone; the integrator has no phone */
	assert_string_equal(w->inbox[0].to, PHONE);

	/* The same again is the same answer; another payload under this id is refused. */
	str_copy(first, sizeof first, w->api_answer);
	withdraw(w, "order-1", "150.5", "082 123 4567");
	assert_string_equal(w->api_answer, first);
	withdraw(w, "order-1", "150.51", PHONE);
	assert_says(w, 400, "DUP001");
	assert_int_equal(issued(w, &b), 1);

	str_format(id, sizeof id, "%lld", (long long)b->id);
	by_id(w, API_GET, id, "");
	assert_string_equal(w->api_answer, first);
	by_id(w, API_GET, "1", "");
	assert_says(w, 404, "ARCH086");
	world_free(w);
}

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static bool message_is_out;

/* The token's message is in the outbox, and the intent does not come to say so. */
static void
forgetful_commit(void *ctx, uint64_t op, const struct store_commit *c)
{
	message_is_out |= c->op[0].key.family == STORE_MESSAGE;
	if (!message_is_out || c->op[0].kind != STORE_PUT || c->op[0].key.family != STORE_INTENT)
		real_commit(ctx, op, c);
}

/* Cancelled in that moment it would be told as never made, and its token arrive. */
static void
test_a_cancel_between_message_and_note(void **state)
{
	struct sim_world *w = world_new();
	struct api_in in = { .call = 1 };
	struct bank_withdrawal *b = NULL;
	char id[24];

	(void)state;
	real_commit = w->ports[0].commit;
	w->ports[0].commit = forgetful_commit;
	message_is_out = false;
	withdraw_now(w, &in, "order-1", "100", PHONE);
	for (int64_t until = w->loop.now + MINUTE; !message_is_out && w->loop.now < until;)
		sim_world_run(w, w->loop.now + 1);
	assert_true(message_is_out);
	sim_world_run(w, w->loop.now + MINUTE);		/* the order itself is answered meanwhile */
	assert_int_equal(issued(w, &b), 1);
	str_format(id, sizeof id, "%lld", (long long)b->id);
	by_id(w, API_CANCEL, id, "{\"status\":\"CANCELLED\"}");
	assert_says(w, 503, "UNK001");
	assert_int_equal(b->status, BW_PENDING);
	world_free(w);
}

static void
test_list_and_cancel(void **state)
{
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;
	struct api_in in = { .kind = API_LIST, .to_ms = INT64_MAX };
	char id[24];

	(void)state;
	withdraw(w, "order-1", "100", PHONE);
	withdraw(w, "order-2", "200", PHONE);
	ask(w, &in);
	assert_says(w, 200, "order-1");
	assert_true(strstr(w->api_answer, "order-2") < strstr(w->api_answer, "order-1"));
	assert_int_equal(issued(w, &b), 2);
	assert_null(strstr(w->api_answer, b->token));
	str_format(id, sizeof id, "%lld", (long long)b->id);
	by_id(w, API_CANCEL, id, "{\"status\":\"SUCCESSFUL\"}");
	assert_says(w, 400, "VAL001");
	by_id(w, API_CANCEL, id, "{\"status\":\"CANCELLED\"}");
	assert_says(w, 200, "\"status\":\"CANCELLED\"");
	assert_int_equal(b->status, BW_CANCELLED);
	by_id(w, API_CANCEL, id, "{\"status\":\"CANCELLED\"}");
	assert_says(w, 400, "WDR001");
	world_free(w);
}

static void
test_order_refused(void **state)
{
	struct sim_world *w = world_new();
	struct api_in other = { .kind = API_LIST, .wallet_id = 1 };
	struct bank_withdrawal *b = NULL;

	(void)state;
	ask(w, &other);
	assert_says(w, 403, "SEC001");
	withdraw(w, "order-1", "5.00", PHONE);
	assert_says(w, 400, "VAL001");
	withdraw(w, "order-1", "100.001", PHONE);
	assert_says(w, 400, "two decimals");
	withdraw(w, "order-1", "100", "12");
	assert_says(w, 400, "deliverToPhone");
	/* The limit of the receiving phone holds for integrators as for everybody: 24 000.00, not a cent more. */
	for (int i = 0; i < 4; i++) {
		char uid[16];

		str_format(uid, sizeof uid, "large-%d", i);
		withdraw(w, uid, "5000", PHONE);
		assert_says(w, 200, "PENDING");
	}
	withdraw(w, "large-5", "4000.01", PHONE);
	assert_says(w, 400, "WDR003");
	withdraw(w, "large-6", "4000.00", PHONE);
	assert_says(w, 200, "PENDING");
	withdraw(w, "large-7", "10.00", PHONE);
	assert_says(w, 400, "WDR003");
	withdraw(w, "large-8", "10.00", "27829999999");
	assert_says(w, 200, "PENDING");
	assert_int_equal(issued(w, &b), 6);
	world_free(w);
}

/* The store is short of room: nothing new, but what was ordered is answered. */
static void
test_money_off(void **state)
{
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;
	struct gateway *gw = w->process[0].gw;

	(void)state;
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	gateway_on_money(gw, w->loop.now, true);
	withdraw(w, "order-2", "100", PHONE);
	assert_says(w, 503, "nothing was ordered");
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	assert_int_equal(issued(w, &b), 1);
	gateway_on_money(gw, w->loop.now, false);
	withdraw(w, "order-2", "100", PHONE);
	assert_says(w, 200, "PENDING");
	assert_int_equal(issued(w, &b), 2);
	world_free(w);
}

/*
 * The store has lost an order and its integrator sends it again: the core knows it by the same id, and so do we then.
 */
static void
test_a_lost_order(void **state)
{
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;

	(void)state;
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	memory_store_free(w->store);
	w->store = memory_store_new(NULL);
	gateway_on_loss(w->process[0].gw, w->loop.now, w->loop.now);
	withdraw(w, "order-1", "100", PHONE);
	sim_world_run(w, w->loop.now + 20 * MINUTE);
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	assert_int_equal(issued(w, &b), 1);
	world_free(w);
}

/* An outcome that is not known in time is no refusal; the same id leads to it later. */
static void
test_order_unknown(void **state)
{
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;

	(void)state;
	w->strike[0] = (struct sim_strike){ .op = WALLET_WITHDRAWAL_CREATE, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 500, "SYSTEM");
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(w->inbox_n, 1);
	world_free(w);
}

static void
test_order_expires(void **state)
{
	/* The world's clock stands in March 2026. */
	static const struct {
		const char *at;
		int status;
	} tries[] = {
		{ "2001-01-01T00:00:00.000Z", 400 }, { "2026-03-23T23:59:59.999Z", 400 },
		{ "2026-05-15T00:00:00.000Z", 400 }, { "2099-01-01T00:00:00.000Z", 400 },
		{ "2026-04-05T00:00:00.000Z", 200 },
	};
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;

	(void)state;
	for (size_t i = 0; i < NELEM(tries); i++) {
		char body[400];
		struct api_in in = { .kind = API_WITHDRAW, .body = body };

		str_format(body, sizeof body, "{\"amount\":100,\"externalUniqueId\":\"expires-%zu\",\"expires\":\"%s\","
		    "\"type\":\"ZA_PAYCORP_ATM\",\"deliverToPhone\":\"" PHONE "\"}", i, tries[i].at);
		in.len = strlen(body);
		ask(w, &in);
		assert_says(w, tries[i].status, tries[i].status == 200 ? "PENDING" : "VAL001");
		assert_int_equal(issued(w, &b), tries[i].status == 200);
	}
	world_free(w);
}

/* ---- the core answers when somebody else carries the order on already ---- */

#define LATE_ANSWER_MS 12000

struct late_answer {
	struct sim_event e;
	struct gateway *gw;
	uint64_t op;
	struct wallet_answer a;
};

static void (*prompt_wallet)(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms);
static void (*prompt_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static void (*prompt_claim)(void *ctx, uint64_t op, const struct store_claim *c);
static unsigned withdrawals_sent, asked_elsewhere;

static void
on_late_answer(struct sim_event *e)
{
	struct late_answer *l = (struct late_answer *)(void *)e;

	gateway_on_wallet(l->gw, ((struct sim_world *)e->world)->loop.now, l->op, &l->a);
}

static void
late_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	struct sim_process *p = ctx;
	struct late_answer *l;

	if (q->op != WALLET_WITHDRAWAL_CREATE) {
		asked_elsewhere += q->op == WALLET_WITHDRAWAL_LIST && p->index == 1;
		prompt_wallet(ctx, op, tenant, q, timeout_ms);
		return;
	}
	withdrawals_sent++;
	l = sim_event_new(sizeof *l, p->world, on_late_answer);
	l->gw = p->gw;
	l->op = op;
	sim_core_do(&p->world->core, p->world->loop.now, q, &l->a);
	sim_loop_add(&p->world->loop, l, p->world->loop.now + LATE_ANSWER_MS);
}

/* The process that asked is slow to look at what is due: the other one takes it over. */
static void
no_due_claim(void *ctx, uint64_t op, const struct store_claim *c)
{
	if (c->list != STORE_DUE)
		prompt_claim(ctx, op, c);
}

/* Nor does it say in time that it still lives. */
static void
no_renewal(void *ctx, uint64_t op, const struct store_commit *c)
{
	if (c->n != 2 || c->op[0].kind != STORE_CHECK || c->op[1].kind != STORE_LIST_ADD)
		prompt_commit(ctx, op, c);
}

/*
 * The core did it at once and answers after the lease. Asked by the other process it does not list it yet, and says no
 * token again: the late answer is the only one that holds it.
 */
static void
test_a_late_answer_holds_the_token(void **state)
{
	struct sim_world *w = world_new();
	struct bank_withdrawal *b = NULL;
	char token[WALLET_TOKEN];

	(void)state;
	prompt_wallet = w->ports[0].wallet;
	w->ports[0].wallet = w->ports[1].wallet = late_wallet;
	prompt_claim = w->ports[0].claim;
	w->ports[0].claim = no_due_claim;
	prompt_commit = w->ports[0].commit;
	w->ports[0].commit = no_renewal;
	sim_wake(&w->process[1], w->loop.now + MINUTE);
	w->core.rules.list_lag_ms = MINUTE;
	w->core.rules.token_on_read = 0;
	withdrawals_sent = asked_elsewhere = 0;
	withdraw(w, "order-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(withdrawals_sent, 1);
	assert_true(asked_elsewhere > 0);
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(b->status, BW_PENDING);
	assert_int_equal(w->inbox_n, 1);
	sim_token_of(w->inbox[0].text, token);
	assert_string_equal(token, b->token);
	world_free(w);
}

/* ---- turns ---- */

static void
turn(struct sim_world *w, uint64_t id, const char *phone, enum turn_kind kind, const char *text)
{
	struct turn_in in = { .turn = id, .channel = SIM_USSD, .kind = kind,
		.text = text, .service_code = "*120*384#" };

	str_copy(in.phone, sizeof in.phone, phone);
	str_copy(in.dialogue, sizeof in.dialogue, "d");
	gateway_turn(w->process[0].gw, w->loop.now, &in);
}

static unsigned replies;
static char newest_reply[1600];

static void
count_reply(void *ctx, uint64_t id, const struct reply *r)
{
	(void)ctx, (void)id;
	replies++;
	str_copy(newest_reply, sizeof newest_reply, r->text);
}

static void
test_every_turn_is_answered_once(void **state)
{
	struct sim_world *w = world_new();

	(void)state;
	w->ports[0].reply = count_reply;
	replies = 0;
	/* Ten at once of one phone: some wait; the others hear at once, and nothing of what the ones before came to. */
	for (uint64_t i = 1; i <= 10; i++)
		turn(w, i, PHONE, i == 1 ? TURN_BEGIN : TURN_INPUT, "1");
	turn(w, 0, PHONE, TURN_ABORT, "");
	assert_true(replies > 0 && replies < 10);
	assert_string_equal(newest_reply, texts_find(shipped.texts, "en", "en", "error.session_lost"));
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(replies, 10);
	assert_int_equal(gateway_busy(w->process[0].gw), 0);
	world_free(w);
}

static void
test_too_many(void **state)
{
	struct sim_world *w = world_new();
	char phone[PHONE_MAX];

	(void)state;
	w->ports[0].reply = count_reply;
	w->settings.max_turns = 5;
	replies = 0;
	for (int i = 0; i < 8; i++) {
		str_format(phone, sizeof phone, "2782000000%d", i);
		turn(w, (uint64_t)i + 1, phone, TURN_BEGIN, "");
	}
	assert_int_equal(replies, 3);
	assert_non_null(strstr(newest_reply, "very busy"));
	assert_int_equal(gateway_busy(w->process[0].gw), 5);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(replies, 8);
	world_free(w);
}

/* The store does not answer: said in plain words, claiming nothing about money. */
static void
test_store_away(void **state)
{
	struct sim_world *w = world_new();

	(void)state;
	w->ports[0].reply = count_reply;
	w->faults.store_lost = 1000;
	replies = 0;
	turn(w, 1, PHONE, TURN_BEGIN, "");
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(replies, 1);
	assert_non_null(strstr(newest_reply, "Sorry"));
	assert_null(strstr(newest_reply, "paid"));
	assert_null(strstr(newest_reply, "moved"));
	w->faults.store_lost = 0;
	turn(w, 2, PHONE, TURN_BEGIN, "");
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(replies, 2);
	assert_null(strstr(newest_reply, "Sorry"));
	world_free(w);
}

static void
put(struct sim_world *w, enum store_family family, const char *owner, const char *id, const struct buf *b)
{
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now + MINUTE };

	c.op[0] = (struct store_op){ .kind = STORE_PUT, .p = b->p, .len = b->len, .to = { { 1 } } };
	c.op[0].key.family = family;
	str_copy(c.op[0].key.owner, sizeof c.op[0].key.owner, owner);
	str_copy(c.op[0].key.id, sizeof c.op[0].key.id, id);
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
}

/* The process died when the payment was done and the subscriber's record did not say so yet. */
static void
test_done_and_not_noted(void **state)
{
	struct sim_world *w = world_new();
	struct intent i = { .kind = INTENT_TRANSFER, .state = INTENT_DONE, .amount = 5000, .id = "intent-1" };
	struct subscriber sub = { .has_pin = true, .open_intent = "intent-1" };
	struct bank_customer *const *customers;
	struct buf b = { 0 };
	char owner[STORE_OWNER];

	(void)state;
	str_format(owner, sizeof owner, "%s/%s", w->tenant.name, PHONE);
	i.accepted_at = w->loop.now - 1;
	intent_encode(&i, &b);
	put(w, STORE_INTENT, owner, i.id, &b);
	buf_reset(&b);
	assert_int_equal(bank_customers(w->core.bank, &customers), 1);
	sub.customer_id = customers[0]->id;
	subscriber_encode(&sub, &b);
	put(w, STORE_SUBSCRIBER, owner, "", &b);
	buf_clear(&b);
	w->ports[0].reply = count_reply;
	turn(w, 1, PHONE, TURN_BEGIN, "");
	sim_world_run(w, w->loop.now + MINUTE);
	assert_non_null(strstr(newest_reply, "is being checked"));
	world_free(w);
}

/* Runs last: it changes the texts of all worlds. */
static void
test_gsm_safe_sms(void **state)
{
	static const char json[] = "{ \"gsm_safe\": [\"sms.token.*\"], "
	    "\"sms.token.ZA_PAYCORP_ATM\": \"\xe2\x80\x9c" "Code {token}\xe2\x80\x9d\" }";
	struct sim_world *w = world_new();
	struct store_key key = { .family = STORE_MESSAGE };
	struct bank_withdrawal *b = NULL;
	struct buf problems = { 0 };
	struct store_value v;
	struct message m;
	char expected[80];

	(void)state;
	assert_true(texts_add(shipped.texts, "en", "en.json", json, strlen(json), &problems));
	withdraw(w, "gsm-safe-1", "100.00", PHONE);
	assert_int_equal(issued(w, &b), 1);
	str_format(key.owner, sizeof key.owner, "%s:token_sms", b->uid);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(v.present && message_decode(v.p, v.len, &m));
	str_format(expected, sizeof expected, "\"Code %s\"", b->token);
	assert_string_equal(m.text, expected);
	world_free(w);
}

/* Who only waits to look again, for nobody, does not keep a process from ending. */
static void
test_a_drain_wakes_who_waits(void **state)
{
	struct sim_world *w = world_new();
	struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .amount = 5000, .id = "intent-1",
		.withdrawal_id = 1, .core_status = WSTATUS_PENDING + 1, .limit = ILIMIT_COMMITTED,
		.steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS };
	struct buf b = { 0 };

	(void)state;
	str_format(i.owner, sizeof i.owner, "%s/%s", w->tenant.name, PHONE);
	str_copy(i.tenant, sizeof i.tenant, w->tenant.name);
	i.next_at = w->loop.now + 2500;
	intent_encode(&i, &b);
	put(w, STORE_INTENT, i.owner, i.id, &b);
	buf_clear(&b);
	run_start(w->process[0].gw, i.owner, i.id);
	sim_world_run(w, w->loop.now + 300);
	assert_true(gateway_busy(w->process[0].gw) > 0);
	gateway_drain(w->process[0].gw);
	sim_world_run(w, w->loop.now + 100);
	assert_int_equal(gateway_busy(w->process[0].gw), 0);
	world_free(w);
}

/* Freed at any moment with everything under way. */
static void
test_free_in_the_middle(void **state)
{
	(void)state;
	for (int steps = 0; steps < 60; steps++) {
		struct sim_world *w = world_new();

		w->ports[0].reply = count_reply;
		for (uint64_t i = 1; i <= 3; i++)
			turn(w, i, PHONE, TURN_BEGIN, "");
		for (int i = 0; i < steps; i++)
			(void)sim_loop_step(&w->loop, INT64_MAX);
		world_free(w);
	}
}

/* ---- dialogues that we begin ---- */

static uint64_t push_turns;

static void
say(struct sim_world *w, enum turn_kind kind, const char *dialogue, const char *text)
{
	struct turn_in in = { .turn = kind != TURN_ABORT ? ++push_turns : 0, .channel = SIM_USSD, .kind = kind, .text = text,
		.service_code = "*120*384#" };
	unsigned before = replies;

	str_copy(in.phone, sizeof in.phone, PHONE);
	str_copy(in.dialogue, sizeof in.dialogue, dialogue);
	gateway_turn(w->process[0].gw, w->loop.now, &in);
	sim_wake(&w->process[0], w->loop.now);
	sim_world_run(w, w->loop.now + 10000);
	assert_int_equal(replies, before + (kind != TURN_ABORT));
}

/* The first screen is the menu's; the phone's answer brings the id, and goes on where the screen was. */
static void
test_push(void **state)
{
	struct sim_world *w = world_new();
	char first[sizeof newest_reply];

	(void)state;
	w->ports[0].reply = count_reply;
	replies = 0;
	say(w, TURN_PUSH, TURN_PUSHED, "more");
	assert_non_null(strstr(newest_reply, "Help"));
	/* A phone that is in a dialogue is left alone, by whoever began it. */
	say(w, TURN_PUSH, TURN_PUSHED, "more");
	assert_string_equal(newest_reply, "");
	say(w, TURN_INPUT, "8193/" PHONE, "2");
	assert_non_null(strstr(newest_reply, "Choose your language"));
	say(w, TURN_PUSH, TURN_PUSHED, "more");
	assert_string_equal(newest_reply, "");
	say(w, TURN_ABORT, "8193/" PHONE, "");
	/* What was refused leaves nothing: the phone may be pushed to, and may dial. */
	say(w, TURN_PUSH, TURN_PUSHED, "more");
	assert_non_null(strstr(newest_reply, "Help"));
	say(w, TURN_ABORT, TURN_PUSHED, "");
	say(w, TURN_INPUT, "1/" PHONE, "3");
	assert_null(strstr(newest_reply, "Never tell anyone"));
	say(w, TURN_ABORT, "1/" PHONE, "");
	/* The customer's own call comes first. */
	say(w, TURN_PUSH, TURN_PUSHED, "more");
	say(w, TURN_BEGIN, "2/" PHONE, "");
	str_copy(first, sizeof first, newest_reply);
	say(w, TURN_ABORT, TURN_PUSHED, "");
	say(w, TURN_INPUT, "2/" PHONE, "1");
	assert_string_not_equal(newest_reply, first);
	assert_null(strstr(newest_reply, "Enter your PIN"));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_list_and_cancel),
		cmocka_unit_test(test_a_cancel_between_message_and_note),
		cmocka_unit_test(test_order_refused), cmocka_unit_test(test_order_unknown),
		cmocka_unit_test(test_order_expires), cmocka_unit_test(test_a_late_answer_holds_the_token),
		cmocka_unit_test(test_every_turn_is_answered_once), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_store_away), cmocka_unit_test(test_done_and_not_noted),
		cmocka_unit_test(test_money_off), cmocka_unit_test(test_a_lost_order),
		cmocka_unit_test(test_a_drain_wakes_who_waits),
		cmocka_unit_test(test_free_in_the_middle), cmocka_unit_test(test_push),
		cmocka_unit_test(test_gsm_safe_sms),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
