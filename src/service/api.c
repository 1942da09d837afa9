/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integrators' direct withdrawals. Their id makes the intent: the same order again gets the stored answer, another one
 * under the same id is refused. The limit of the receiving phone holds for them as for everybody.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/message.h"
#include "core/order.h"
#include "service/api_parts.h"
#include "service/run.h"

#define ANSWER_MS 25000			/* below the listener's own deadline */
#define CALLS_MAX 500			/* of one tenant at once: its dead core must not shut out the others */
#define EXPIRES_MAX_MS (INT64_C(720) * 3600000)
#define LIST_MAX 50
#define LOOK_MS 300
#define LOST_MS INT64_C(3600000)	/* so long after a failover an order may be one that our records lost */

static void
call_end(struct task *t)
{
	struct call *c = api_call_of(t);

	t->gw->calls--;
	t->gw->tenants[c->tenant].calls--;
	buf_clear(&c->list);
	free(c->uids);
	mem_wipe(c, sizeof *c);
	free(c);
}

static void
answer(struct call *c, int status, const char *json)
{
	const struct ports *p = c->w.task.gw->ports;

	p->api_reply(p->ctx, c->id, status, json);
	task_end(&c->w.task);
}

void
api_answer_error(struct call *c, int status, const char *code, const char *words)
{
	struct buf b = { 0 };

	order_print_error(status >= 500 ? "SYSTEM" : "BUSINESS", code, words, &b);
	answer(c, status, buf_str(&b));
	buf_clear(&b);
}

void
api_answer_intent(struct call *c, const struct intent *i)
{
	struct buf b = { 0 };

	if (i->state == INTENT_NOT_DONE && c->kind == API_WITHDRAW) {
		order_print_refusal(i, &b);
		answer(c, 400, buf_str(&b));
	} else if (c->kind == API_WITHDRAW && (i->state != INTENT_DONE || !intent_settled(i)))
		api_answer_error(c, 500, "UNK001",
		    "The outcome is not known yet; look it up by its externalUniqueId in the list");
	else {
		order_print(i, &b);
		answer(c, 200, buf_str(&b));
	}
	buf_clear(&b);
}

/* Cut short, two long ids would be one order. */
_Static_assert(STORE_OWNER > 2 * NAME_MAX_OCTETS + 20 + WALLET_UID + 3,
    "an order's owner holds both names, wallet and id");
_Static_assert(sizeof(((struct intent *)0)->owner) == STORE_OWNER, "an intent holds its whole owner");
_Static_assert(sizeof(((struct message *)0)->intent_owner) == STORE_OWNER, "so does a message");

static void
uid_owner(const struct call *c, const char *uid, char out[STORE_OWNER])
{
	str_format(out, STORE_OWNER, "%s/%s/%" PRId64 "/%s", c->w.task.gw->settings->tenants[c->tenant].name,
	    c->who->name, c->wallet_id, uid);
}

/* ---- waiting for the run ---- */

static task_fn read_again;

/* Looked at now and then: another process may carry it on, or another call of the same order hear of it. */
static void
look_again(struct call *c)
{
	int64_t now = c->w.task.gw->now;

	task_sleep(&c->w.task, now + LOOK_MS < c->until ? now + LOOK_MS : c->until, read_again);
}

/* And where its withdrawal can be looked up by the core's id. */
static bool
known(const struct intent *i)
{
	return intent_settled(i) && (i->state != INTENT_DONE || (i->steps & STEP_REFERRED) != 0);
}

static void
on_read_again(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);
	bool read = e->end == STORE_DONE && e->v[0].present && intent_decode(e->v[0].p, e->v[0].len, &c->i);

	if (t->gw->now < c->until && !(read && known(&c->i)))
		look_again(c);
	else if (read)
		api_answer_intent(c, &c->i);
	else
		api_answer_error(c, 500, "UNK001", "The outcome is not known yet");
}

static void
read_again(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);
	struct store_key key = key_of(STORE_INTENT, c->owner, c->i.id);

	(void)e;
	task_load(t, &key, 1, on_read_again);
}

static void
heard(struct task *t, const struct intent *i, const struct noted *noted)
{
	struct call *c = api_call_of(t);

	(void)noted;
	if (i != NULL)
		api_answer_intent(c, i);
	else
		look_again(c);
}

static void
await_run(struct call *c)
{
	run_watch(c->w.task.gw, c->i.id, c->w.task.id);
	look_again(c);
}

/* ---- a new withdrawal ---- */

static const struct kind_settings *
kind_of(const struct call *c, const char *type)
{
	const struct tenant_settings *t = &c->w.task.gw->settings->tenants[c->tenant];

	for (int k = 0; k < t->kinds_n; k++)
		if (strcmp(t->kinds[k].type, type) == 0)
			return &t->kinds[k];
	return NULL;
}

static bool
amount_fits(struct call *c, const struct kind_settings *k)
{
	int64_t a = c->order.amount;

	if (a >= k->min && a <= k->max && (k->step == 0 || a % k->step == 0))
		return true;
	api_answer_error(c, 400, "VAL001", "The amount is outside of what this type pays out");
	return false;
}

static bool
expires_fits(const struct call *c)
{
	int64_t at = c->order.expires_ms, now = c->w.task.gw->now;

	return at == 0 || (at > now && at <= now + EXPIRES_MAX_MS);
}

static void
on_ordered(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);

	if (e->end == STORE_CONFLICT && ++c->tries < ORDER_TRIES) {
		api_find_order(c, c->order.uid);	/* the same id came twice at once: the other one's answer is ours */
		return;
	}
	if (e->end != STORE_DONE) {
		api_answer_error(c, 500, "UNK001", "The order could not be saved for certain; send it again with the same id");
		return;
	}
	metric_add(M_INTENTS_ACCEPTED, 1);
	log_info(t->id, "intent accepted", "intent=%s integrator=%s", c->i.id, c->who->name);
	run_start(t->gw, c->owner, c->i.id);
	await_run(c);
}

static void
order_intent(struct call *c, const struct kind_settings *k)
{
	struct gateway *gw = c->w.task.gw;
	struct intent *i = &c->i;
	char month[7], print[256];
	int64_t number;

	memset(i, 0, sizeof *i);
	/* Their id makes ours: were the order lost, the core would still know it when it is sent again. */
	gateway_named_uuid(gw, "order id", c->owner, i->id);
	if (gw->lost_ms != 0 && gw->now - gw->lost_ms < LOST_MS)
		i->attempts = 1;	/* it may have been sent before: a refusal proves nothing */
	str_copy(i->owner, sizeof i->owner, c->owner);
	str_copy(i->tenant, sizeof i->tenant, gw->settings->tenants[c->tenant].name);
	str_copy(i->integrator, sizeof i->integrator, c->who->name);
	i->kind = INTENT_WITHDRAWAL;
	i->wallet_id = c->wallet_id;
	i->amount = c->order.amount;
	str_copy(i->type, sizeof i->type, c->order.type);
	str_copy(i->uid, sizeof i->uid, c->order.uid);
	str_copy(i->to_phone, sizeof i->to_phone, c->order.to_phone);
	i->counts = k->token;
	i->gateway_sends = c->who->token_sms == TOKEN_SMS_GATEWAY;
	i->token_expires = c->order.expires_ms;
	str_copy(i->callback, sizeof i->callback, c->order.callback);
	i->shown_at = gw->now;
	i->shown_until = gw->now + 1;
	if (!intent_accept(i, gw->now))
		fatalx("an order cannot be accepted");
	calendar_month(gw->now, month);
	i->limit_month = str_to_i64(month, 0, 999999, &number) ? number : 0;
	order_fingerprint(&c->order, print, sizeof print);
	gateway_mac(gw, "order", print, i->payload_mac);
	i->payload_mac_len = sizeof i->payload_mac;
}

/* The order's uid leads to its intent; both are in the bucket of the uid. */
static void
save_order(struct call *c)
{
	struct gateway *gw = c->w.task.gw;
	struct store_commit commit = { .n = 0 };
	struct store_key key = key_of(STORE_INTENT, c->owner, c->i.id);
	struct store_key by_uid = key_of(STORE_INTENT, c->owner, "order");
	struct rev uid_rev = { 0 };
	struct buf *b = scratch(gw, 0), *id = scratch(gw, 1);

	memset(&c->rev, 0, sizeof c->rev);
	intent_encode(&c->i, b);
	buf_add_str(id, c->i.id);
	commit_put(gw, &commit, &key, &c->rev, b, 0);
	commit_put(gw, &commit, &by_uid, &uid_rev, id, 0);
	commit_list_add(&commit, STORE_DUE, &key, gw->now + RUN_LEASE_MS);
	task_commit(&c->w.task, &commit, on_ordered);
}

static void
new_order(struct call *c)
{
	if (c->w.task.gw->money_off) {
		metric_add(M_MONEY_REFUSED, 1);
		api_answer_error(c, 503, "OFF001", "No payments are taken at the moment; nothing was ordered, send it again later");
		return;
	}
	order_intent(c, kind_of(c, c->order.type));
	save_order(c);
}

/* ---- looking an order up by its uid ---- */

static void
known_order(struct call *c)
{
	char print[256];
	unsigned char mac[16];

	order_fingerprint(&c->order, print, sizeof print);
	gateway_mac(c->w.task.gw, "order", print, mac);
	if (!str_equal_secret(mac, c->i.payload_mac, sizeof mac))
		api_answer_error(c, 400, "DUP001", "This externalUniqueId was used for another withdrawal");
	else if (intent_settled(&c->i))
		api_answer_intent(c, &c->i);
	else {
		run_start(c->w.task.gw, c->owner, c->i.id);
		await_run(c);
	}
}

static void next_of_list(struct call *c);

static void
have_intent(struct call *c)
{
	struct buf b = { 0 };

	switch (c->kind) {
	case API_WITHDRAW:
		known_order(c);
		break;
	case API_GET:
		api_answer_intent(c, &c->i);
		break;
	case API_CANCEL:
		api_cancel(c);
		break;
	case API_LIST:
		order_print(&c->i, &b);
		if (c->list.len > 1)
			buf_add_char(&c->list, ',');
		buf_add(&c->list, b.p, b.len);
		buf_clear(&b);
		next_of_list(c);
		break;
	}
}

static void
no_intent(struct call *c)
{
	if (c->kind == API_WITHDRAW && c->w.task.gw->limit_closed && kind_of(c, c->order.type)->token) {
		metric_add(M_LIMIT_CLOSED_REFUSED, 1);
		api_answer_error(c, 503, ORDER_CLOSED,
		    "Withdrawals are closed for a short while; send it again with the same id");
	} else if (c->kind == API_WITHDRAW)
		new_order(c);
	else if (c->kind == API_LIST)
		next_of_list(c);
	else
		api_answer_error(c, 404, "ARCH086", "No such withdrawal");
}

static void
on_intent(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);

	if (e->end != STORE_DONE || e->v[0].damaged)
		api_answer_error(c, 500, "UNK001", "The store does not answer; try again");
	else if (!e->v[0].present || !intent_decode(e->v[0].p, e->v[0].len, &c->i))
		no_intent(c);
	else {
		rev_loaded(&c->rev, &e->v[0]);
		have_intent(c);
	}
}

static void
on_by_uid(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);
	struct store_key key;
	char id[INTENT_ID];

	if (e->end != STORE_DONE || e->v[0].damaged)
		api_answer_error(c, 500, "UNK001", "The store does not answer; try again");
	else if (!e->v[0].present || !str_copyn(id, sizeof id, e->v[0].p, e->v[0].len))
		no_intent(c);
	else {
		key = key_of(STORE_INTENT, c->owner, id);
		task_load(t, &key, 1, on_intent);
	}
}

void
api_find_order(struct call *c, const char *uid)
{
	struct store_key key;

	uid_owner(c, uid, c->owner);
	key = key_of(STORE_INTENT, c->owner, "order");
	task_load(&c->w.task, &key, 1, on_by_uid);
}

static void
on_reference(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);
	char uid[WALLET_UID];

	if (e->end != STORE_DONE || e->v[0].damaged)
		api_answer_error(c, 500, "UNK001", "The store does not answer; try again");
	else if (!e->v[0].present || !str_copyn(uid, sizeof uid, e->v[0].p, e->v[0].len))
		api_answer_error(c, 404, "ARCH086", "No such withdrawal");
	else
		api_find_order(c, uid);
}

static void
find_by_withdrawal(struct call *c, const char *withdrawal_id)
{
	char owner[STORE_OWNER];
	struct store_key key;

	str_format(owner, sizeof owner, "%s/%s/%" PRId64 "#%s", c->w.task.gw->settings->tenants[c->tenant].name,
	    c->who->name, c->wallet_id, withdrawal_id);
	key = key_of(STORE_INTENT, owner, "uid");
	task_load(&c->w.task, &key, 1, on_reference);
}

/* ---- the list ---- */

static void
next_of_list(struct call *c)
{
	if (c->at < c->uids_n)
		api_find_order(c, c->uids[c->at++]);
	else {
		buf_add_char(&c->list, ']');
		answer(c, 200, buf_str(&c->list));
	}
}

static void
on_range(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);

	if (e->end != STORE_DONE) {
		api_answer_error(c, 500, "UNK001", "The store does not answer; try again");
		return;
	}
	c->uids = xcalloc(e->n, sizeof *c->uids);
	for (size_t k = 0; k < e->n; k++)
		str_copy(c->uids[k], sizeof c->uids[k], e->c[k].item);
	c->uids_n = e->n;
	buf_add_char(&c->list, '[');
	next_of_list(c);
}

static void
list_orders(struct call *c, const struct api_in *in)
{
	struct store_range r = { .from_ms = in->from_ms, .to_ms = in->to_ms, .offset = in->offset };
	char owner[STORE_OWNER];

	str_format(owner, sizeof owner, "%s/%s/%" PRId64, c->w.task.gw->settings->tenants[c->tenant].name,
	    c->who->name, c->wallet_id);
	r.key = key_of(STORE_INDEX, owner, "");
	r.max = in->limit > 0 && in->limit < LIST_MAX ? in->limit : LIST_MAX;
	task_range(&c->w.task, &r, on_range);
}

/* ---- the door ---- */

static bool
wallet_allowed(const struct call *c)
{
	for (int k = 0; k < c->who->wallets_n; k++)
		if (c->who->wallets[k] == c->wallet_id)
			return true;
	return false;
}

static void
withdraw(struct call *c, const struct api_in *in)
{
	const struct tenant_settings *t = &c->w.task.gw->settings->tenants[c->tenant];
	const struct kind_settings *k;
	char problem[160];

	if (!order_parse(in->body, in->len, t->country, &c->order, problem, sizeof problem))
		api_answer_error(c, 400, "VAL001", problem);
	else if (c->order.callback[0] != '\0' &&
	    !callback_url_fits(c->order.callback, c->who, problem, sizeof problem))
		api_answer_error(c, 400, "VAL001", problem);
	else if ((k = kind_of(c, c->order.type)) == NULL)
		api_answer_error(c, 400, "VAL001", "This type of withdrawal is not offered");
	else if (!expires_fits(c))
		api_answer_error(c, 400, "VAL001", "expires must be in the future, and within 30 days");
	else if (amount_fits(c, k))
		api_find_order(c, c->order.uid);
}

void
gateway_api(struct gateway *gw, int64_t now, const struct api_in *in)
{
	struct call *c = xcalloc(1, sizeof *c);

	gw->now = now;
	gw->calls++;
	gw->tenants[in->tenant].calls++;
	c->id = in->call;
	c->tenant = in->tenant;
	c->who = &gw->settings->tenants[in->tenant].integrators[in->integrator];
	c->kind = in->kind;
	c->wallet_id = in->wallet_id;
	c->until = now + ANSWER_MS;
	c->w.heard = heard;
	task_start(gw, &c->w.task, call_end);
	if (gw->tenants[in->tenant].calls > CALLS_MAX || gw->draining)
		api_answer_error(c, 503, "RLT001", "Too many calls; try again in a moment");
	else if (!wallet_allowed(c))
		api_answer_error(c, 403, "SEC001", "This wallet is not yours");
	else if (in->kind == API_WITHDRAW)
		withdraw(c, in);
	else if (in->kind == API_LIST)
		list_orders(c, in);
	else if (in->kind == API_CANCEL && !order_parse_cancel(in->body, in->len))
		api_answer_error(c, 400, "VAL001", "Only {\"status\":\"CANCELLED\"} can be put");
	else
		find_by_withdrawal(c, in->withdrawal_id);
}
