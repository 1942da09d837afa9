/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's steps at the wallet core: an attempt, looking for what became of it, following and cancelling a withdrawal.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/follow.h"
#include "core/login.h"
#include "service/follow_up.h"
#include "service/run_parts.h"
#include "service/say.h"

#define SAVE_FOR_MS INT64_C(600000)	/* an answer about money is held so long while the store is away */
#define SAVE_AGAIN_MS INT64_C(400)	/* doubled each time */
#define SAVE_DOUBLINGS 4
#define ROWS_MAX 4000			/* of one look at the core's lists; a core that ignores offsets lists for ever */
#define SEND_WITHIN_MS 4000		/* of saving the attempt; later somebody else may be asking already */
#define PUT_OFF_MS INT64_C(5000)		/* a read that there is no room for; longer than a run sits out */
#define PUT_OFF_SPREAD_MS INT64_C(10000)
#define LIST_BACK_MS INT64_C(10800000)	/* clocks differ, by a time zone at worst: lists reach so far on both sides */

/* ---- sending ---- */

static void keep_answer(struct run *r);

static void
on_answer_again(struct task *t, const struct event *e)
{
	(void)e;
	keep_answer(run_of(t));
}

/* False: it was tried for long enough. */
static bool
pause_answer(struct run *r, task_fn *again)
{
	int64_t now = r->task.gw->now;

	if (now - r->answered_at >= SAVE_FOR_MS)
		return false;
	task_sleep(&r->task, now + (SAVE_AGAIN_MS << r->tries), again);
	r->tries += r->tries < SAVE_DOUBLINGS;
	return true;
}

static void reload_answered(struct run *r);

static void
on_reload_again(struct task *t, const struct event *e)
{
	(void)e;
	reload_answered(run_of(t));
}

/*
 * The answer took longer than the lease, and somebody else is asking already: what it said (a token, perhaps said only
 * once) goes into the record as it is now.
 */
static void
on_answered_reloaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	bool withdrawal = r->i.kind == INTENT_WITHDRAWAL;
	enum intent_state before;

	if (e->end != STORE_DONE && pause_answer(r, on_reload_again))
		return;
	if (e->end != STORE_DONE || !run_take_record(r, &e->v[0])) {
		run_give_up(r, "could not be read");
		return;
	}
	before = r->i.state;
	if (before == INTENT_ASKING || before == INTENT_NOT_DONE)
		intent_on_asked(&r->i, t->gw->now, t->gw->now, FOUND, withdrawal ? &r->item : NULL);
	else if (before == INTENT_DONE && withdrawal)
		intent_on_status(&r->i, t->gw->now, &r->item);
	if (r->i.state == INTENT_PERSON && before != INTENT_PERSON)
		run_needs_person(r);
	r->dirty = true;
	r->tries = 0;
	keep_answer(r);
}

static void
reload_answered(struct run *r)
{
	struct store_key key = run_key(r);

	task_load(&r->task, &key, 1, on_answered_reloaded);
}

/* An answer about money is not let go because the store stumbles once: it may never be said again. */
static void
on_answer_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	bool stumbled = e->end == STORE_LATE || e->end == STORE_UNKNOWN || e->end == STORE_FULL;

	if (stumbled && pause_answer(r, on_answer_again))
		return;
	if (e->end == STORE_CONFLICT && r->done && t->gw->now - r->answered_at < SAVE_FOR_MS)
		reload_answered(r);
	else if (run_saved(r, e))
		run_go_on(r);
}

static void
keep_answer(struct run *r)
{
	run_save(r, r->task.gw->now + RUN_LEASE_MS, on_answer_saved);
}

static void
on_sent(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	RUN_POINT(r, "done");
	r->done = e->wallet->end == WALLET_DONE;
	if (r->i.kind == INTENT_WITHDRAWAL)
		r->item = e->wallet->withdrawal[0];
	intent_on_sent(&r->i, t->gw->now, e->wallet);
	r->done &= r->i.state == INTENT_DONE;
	if (r->i.state == INTENT_ASKING)
		metric_add(M_INTENTS_ASKING, 1);
	log_info(t->id, "intent sent", "intent=%s kind=%s end=%s code=%s trace=%s state=%s", r->i.id,
	    r->i.kind == INTENT_TRANSFER ? "transfer" : "withdrawal", wallet_end_name(e->wallet->end),
	    e->wallet->code, e->wallet->trace, intent_state_name(r->i.state));
	r->dirty = true;
	r->tries = 0;
	r->answered_at = t->gw->now;
	keep_answer(r);
}

static void
fill_request(const struct run *r, struct wallet_req *q)
{
	q->op = r->i.kind == INTENT_TRANSFER ? WALLET_TRANSFER : WALLET_WITHDRAWAL_CREATE;
	q->wallet_id = r->i.wallet_id;
	q->to_wallet_id = r->i.to_wallet_id;
	q->amount = r->i.amount;
	q->expires_ms = r->i.token_expires;
	str_copy(q->uid, sizeof q->uid, r->i.id);
	str_copy(q->type, sizeof q->type, r->i.type);
	str_copy(q->text, sizeof q->text, r->i.kind == INTENT_TRANSFER ? "Send money" : "Cash out");
	str_copy(q->location, sizeof q->location, "USSD");
	if (r->i.kind == INTENT_WITHDRAWAL && !r->i.gateway_sends)
		str_copy(q->phone, sizeof q->phone, r->i.to_phone);
	if (r->i.called)
		follow_url(r->task.gw, r->tenant, &r->i, q->callback);
}

/* Certainly not sent: as if the core had said "later" (or that the login is over). */
static void
not_sent(struct run *r, enum wallet_end end)
{
	struct wallet_answer *none = xcalloc(1, sizeof *none);

	none->end = end;
	intent_on_sent(&r->i, r->task.gw->now, none);
	free(none);
	run_keep(r);
}

/* A process that stood still since the attempt was saved may find that others have given it up already. */
static bool
too_late(const struct run *r)
{
	return r->task.gw->now - r->i.last_send > SEND_WITHIN_MS;
}

static void
on_login_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct wallet_req q = { 0 };
	struct login login;

	if (too_late(r)) {
		not_sent(r, WALLET_LATER);
		return;
	}
	fill_request(r, &q);
	if (e->end == STORE_DONE && e->v[0].present && login_decode(e->v[0].p, e->v[0].len, &login) &&
	    login.until > t->gw->now)
		str_copy(q.jwt, sizeof q.jwt, login.jwt);
	if (q.jwt[0] == '\0') {
		not_sent(r, WALLET_AUTH);	/* without the customer's login nothing can be sent */
	} else
		task_wallet(t, r->tenant, &q, run_tenant(r)->wallet.timeout_money_ms, on_sent);
	mem_wipe(&login, sizeof login);
	mem_wipe(&q, sizeof q);
}

static void
on_attempt_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct store_key key;
	struct wallet_req q = { 0 };

	if (!run_saved(r, e))
		return;
	if (r->i.as_customer) {
		key = key_of(STORE_JWT, r->i.owner, r->i.id);
		task_load(t, &key, 1, on_login_loaded);
		return;
	}
	if (too_late(r)) {
		not_sent(r, WALLET_LATER);
		return;
	}
	fill_request(r, &q);
	task_wallet(t, r->tenant, &q, run_tenant(r)->wallet.timeout_money_ms, on_sent);
}

void
run_send(struct run *r)
{
	struct gateway *gw = r->task.gw;

	if (r->i.token_expires == 0 && r->i.kind == INTENT_WITHDRAWAL)
		r->i.token_expires = gw->now + say_token_life_ms(run_tenant(r), r->i.type);
	if (r->i.kind == INTENT_WITHDRAWAL) {
		r->i.called = follow_is_called(gw, r->tenant);
		r->i.follow_longest_s = r->i.called ? run_tenant(r)->wallet.follow_called_s :
		    run_tenant(r)->wallet.follow_longest_s;
	}
	/* Shorter than the call may take: whoever takes it over only asks, and a late answer is still taken. */
	intent_sending(&r->i, gw->now, gw->process, RUN_LEASE_MS);
	r->dirty = true;
	run_save(r, gw->now + RUN_LEASE_MS, on_attempt_saved);
}

/* ---- asking what became of it ---- */

static void ask_page(struct run *r);

static void
asked(struct run *r, enum intent_finding f)
{
	log_info(r->task.id, "intent asked", "intent=%s found=%d state=%s", r->i.id, (int)f,
	    intent_state_name(r->i.state));
	intent_on_asked(&r->i, r->task.gw->now, r->asked_at, f,
	    f == FOUND && r->i.kind == INTENT_WITHDRAWAL ? &r->item : NULL);
	if (r->i.state == INTENT_PERSON)
		run_needs_person(r);
	if (r->i.state == INTENT_NOT_DONE && r->i.cancel)
		log_error(r->task.id, "withdrawal turned up late", "intent=%s", r->i.id);
	run_keep(r);
}

static void
on_listed(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	const struct wallet_answer *a = e->wallet;

	if (a->end != WALLET_DONE) {
		asked(r, UNCLEAR);
		return;
	}
	r->ids_missing |= a->rows_without_id;
	for (int k = 0; k < a->n; k++) {
		if (r->i.kind == INTENT_WITHDRAWAL && intent_is_withdrawal(&r->i, &a->withdrawal[k])) {
			r->item = a->withdrawal[k];
			r->found = true;
		} else if (r->i.kind == INTENT_TRANSFER && intent_is_tx(&r->i, &a->tx[k]))
			r->found = true;
	}
	r->offset += a->n;
	if (r->found)
		asked(r, FOUND);
	else if (a->more && a->n > 0 && r->offset < ROWS_MAX)
		ask_page(r);
	else if (a->more)
		asked(r, UNCLEAR);
	else
		asked(r, r->ids_missing ? UNCLEAR : NOT_LISTED);
}

static void
ask_page(struct run *r)
{
	struct wallet_req q = { .op = WALLET_TRANSACTIONS, .resolves = true };

	if (r->i.kind == INTENT_WITHDRAWAL)
		q.op = WALLET_WITHDRAWAL_LIST;
	q.wallet_id = r->i.wallet_id;
	q.from_ms = r->i.first_send - LIST_BACK_MS;
	q.to_ms = r->task.gw->now + LIST_BACK_MS;
	q.offset = r->offset;
	task_wallet(&r->task, r->tenant, &q, run_tenant(r)->wallet.timeout_read_ms, on_listed);
}

void
run_ask(struct run *r)
{
	r->asked_at = r->task.gw->now;
	r->offset = 0;
	r->ids_missing = r->found = false;
	ask_page(r);
}

static void
on_followed(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	const struct wallet_answer *a = e->wallet;
	enum intent_state before;

	if (r->polls)
		follow_end(t->gw, r->tenant);
	r->polls = false;
	before = r->i.state;
	intent_on_status(&r->i, t->gw->now, a->end == WALLET_DONE && a->n == 1 ? &a->withdrawal[0] : NULL);
	if (r->i.state == INTENT_PERSON && before != INTENT_PERSON)
		run_needs_person(r);
	run_keep(r);
}

static void
on_cancelled(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	intent_on_cancelled(&r->i, t->gw->now, e->wallet->end == WALLET_REFUSED);
	if (r->i.state == INTENT_PERSON)
		run_needs_person(r);
	run_keep(r);
}

static void
withdrawal_call(struct run *r, enum wallet_op op, task_fn *on)
{
	struct wallet_req q = { .op = op, .resolves = !r->polls };	/* what only waits is nobody's resolution */

	q.wallet_id = r->i.wallet_id;
	q.withdrawal_id = r->i.withdrawal_id;
	task_wallet(&r->task, r->tenant, &q, run_tenant(r)->wallet.timeout_read_ms, on);
}

/* Nobody waits for it: neither a customer, nor a token on its way, nor who called back. */
static bool
only_waits(const struct run *r)
{
	return intent_settled(&r->i) && !r->i.hinted && !r->i.cancel && !run_is_watched(r);
}

void
run_follow(struct run *r)
{
	int64_t now = r->task.gw->now;

	r->polls = only_waits(r);
	if (r->polls && !follow_begin(r->task.gw, r->tenant)) {
		r->polls = false;
		run_wait_until(r, now + PUT_OFF_MS + follow_spread(r->i.id, now, PUT_OFF_SPREAD_MS));
		return;
	}
	withdrawal_call(r, WALLET_WITHDRAWAL_GET, on_followed);
}

void
run_cancel(struct run *r)
{
	withdrawal_call(r, WALLET_WITHDRAWAL_CANCEL, on_cancelled);
}
