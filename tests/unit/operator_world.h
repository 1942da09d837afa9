/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the simulation with operators at the gateway's door, and a customer's payments as a right PIN leaves
 * them.
 */
#pragma once
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

static inline void
on_reply(void *ctx, uint64_t call, int code, const char *json)
{
	(void)ctx, (void)call;
	answers++;
	status = code;
	assert_true(str_copy(said, sizeof said, json));
}

static inline void
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
static inline void
order(struct sim_world *w, const struct operator *who, const char *act, const char *body)
{
	struct operator_in in = { .call = 1, .who = who, .tenant = "acme", .act = act, .body = body,
	    .len = strlen(body) };

	answers = 0;
	said[0] = '\0';
	gateway_operator(w->process[0].gw, w->loop.now, &in);
}

static inline void
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

static inline void
assert_answer(int code, const char *what)
{
	if (status != code || strstr(said, what) == NULL)
		fail_msg("%d %s, not %d with %s", status, said, code, what);
}

static inline int64_t
number_of(const char *name)
{
	const char *at = strstr(said, name);

	assert_non_null(at);
	return strtoll(at + strlen(name) + 1, NULL, 10);
}

/* ---- the store ---- */

static inline struct store_key
key(enum store_family family, const char *owner, const char *id)
{
	struct store_key k = { .family = family };

	assert_true(str_copy(k.owner, sizeof k.owner, owner) && str_copy(k.id, sizeof k.id, id));
	return k;
}

static inline struct store_value
look_up(struct sim_world *w, struct store_key k)
{
	struct store_value v;

	memory_store_load(w->store, w->loop.now, &k, 1, &v);
	return v;
}

static inline void
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

static inline struct intent
intent_now(struct sim_world *w, const char *id)
{
	struct store_value v = look_up(w, key(STORE_INTENT, OWNER, id));
	struct intent i;

	assert_true(v.present && intent_decode(v.p, v.len, &i));
	return i;
}

static inline struct subscriber
subscriber_now(struct sim_world *w)
{
	struct store_value v = look_up(w, key(STORE_SUBSCRIBER, OWNER, ""));
	struct subscriber s = { .frozen_at = 0 };

	assert_true(!v.present || subscriber_decode(v.p, v.len, &s));
	return s;
}

static inline int64_t
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
static inline void
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

static inline void
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
static inline void
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

static inline const char *
resolve_body(const char *id, const char *outcome)
{
	static char body[200];

	str_format(body, sizeof body, "{\"intent\":\"%s\",\"outcome\":\"%s\"," REASON "}", id, outcome);
	return body;
}

static inline const char *
request_body(int64_t number)
{
	static char body[100];

	str_format(body, sizeof body, "{\"request\":%lld," REASON "}", (long long)number);
	return body;
}

/* Asks as ann and approves as ben. */
static inline void
resolve(struct sim_world *w, const char *id, const char *outcome)
{
	act(w, &ann, "resolve", resolve_body(id, outcome));
	assert_answer(202, "\"outcome\":\"asked\"");
	act(w, &ben, "approve", request_body(number_of("\"request\"")));
}

static inline bool
was_told(const struct sim_world *w, const char *phone, const char *what)
{
	for (size_t i = 0; i < w->inbox_n; i++)
		if (strcmp(w->inbox[i].to, phone) == 0 && strstr(w->inbox[i].text, what) != NULL)
			return true;
	return false;
}
