/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that can still be used: listed as the wallet core has them, sent again as they were (never a new one), or
 * cancelled through their intent.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "service/turn.h"

#define DAY_MS INT64_C(86400000)
#define LIST_DAYS 14			/* no token lives longer */
#define SHOWN_MAX 8			/* as many as one load takes */
#define PAGES_MAX 5
#define PICK_TRIES 5

static void
ask_withdrawals(struct turn *t, task_fn *on)
{
	struct wallet_req q = { .op = WALLET_WITHDRAWAL_LIST };

	q.wallet_id = vars_get_i64(turn_vars(t), "wallet_id");
	q.from_ms = t->w.task.gw->now - LIST_DAYS * DAY_MS;
	q.to_ms = t->w.task.gw->now + DAY_MS;
	q.offset = t->offset;
	turn_ask(t, &q, on);
}

static bool
pending(const struct turn *t, const struct wallet_withdrawal *w)
{
	return wallet_status(w->status) == WSTATUS_PENDING &&
	    (w->wallet_id == 0 || w->wallet_id == vars_get_i64(&t->s.dlg.vars, "wallet_id")) &&
	    (w->expires_ms == 0 || w->expires_ms > t->w.task.gw->now);
}

/* ---- what they would take ---- */

static void
on_summed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	if (!turn_answered(t, e))
		return;
	for (int i = 0; i < a->n; i++)
		if (pending(t, &a->withdrawal[i]))
			t->pending_total += a->withdrawal[i].amount + a->withdrawal[i].fee;
	t->offset += a->n;
	if (a->more && a->n > 0 && t->offset < PAGES_MAX * WALLET_ITEMS)
		ask_withdrawals(t, on_summed);
	else
		t->after_sum(t);
}

void
turn_sum_pending(struct turn *t, turn_fn *after)
{
	t->pending_total = 0;
	t->offset = 0;
	t->after_sum = after;
	if (t->settings->wallet.reserves_at_create || !t->settings->subtract_pending)
		after(t);
	else
		ask_withdrawals(t, on_summed);
}

/* ---- the list ---- */

static void
set_item(struct turn *t, int i, const struct wallet_withdrawal *w)
{
	struct vars *v = turn_vars(t);
	char text[64];

	vars_set_item(v, "pending", i, "id", w->uid);
	str_format(text, sizeof text, "%" PRId64, w->amount);
	vars_set_item(v, "pending", i, "amount", text);
	str_format(text, sizeof text, "%" PRId64, calendar_use_by(w->expires_ms, t->w.task.gw->now));
	vars_set_item(v, "pending", i, "until", text);
	str_format(text, sizeof text, "kind.%s", w->type);
	vars_set_item(v, "pending", i, "kind", turn_plain_text(t, text));
}

/* The core does not know where we sent a token: our own records do. */
static void
on_intents(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct intent *i = xcalloc(1, sizeof *i);

	for (size_t k = 0; e->end == STORE_DONE && k < e->n; k++)
		if (e->v[k].present && intent_decode(e->v[k].p, e->v[k].len, i))
			vars_set_item(turn_vars(t), "pending", (int)k + 1, "phone", i->to_phone);
	mem_wipe(i, sizeof *i);
	free(i);
	turn_outcome(t, "done");
}

static void
load_intents(struct turn *t, int n)
{
	struct store_key keys[SHOWN_MAX];

	for (int i = 0; i < n; i++)
		keys[i] = key_of(STORE_INTENT, t->owner, vars_item(turn_vars(t), "pending", i + 1, "id"));
	task_load(turn_task(t), keys, (size_t)n, on_intents);
}

static void
on_listed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;
	int n;

	if (!turn_answered(t, e))
		return;
	n = (int)vars_get_i64(turn_vars(t), "pending.n");
	for (int i = 0; i < a->n && n < SHOWN_MAX; i++)
		if (pending(t, &a->withdrawal[i]))
			set_item(t, ++n, &a->withdrawal[i]);
	vars_set_i64(turn_vars(t), "pending.n", n);
	t->offset += a->n;
	if (a->more && a->n > 0 && n < SHOWN_MAX && t->offset < PAGES_MAX * WALLET_ITEMS)
		ask_withdrawals(t, on_listed);
	else if (n > 0)
		load_intents(t, n);
	else
		turn_outcome(t, "empty");
}

void
call_pending_list(struct turn *t)
{
	vars_unset_list(turn_vars(t), "pending");
	t->offset = 0;
	ask_withdrawals(t, on_listed);
}

/* ---- one of them ---- */

static bool
take_picked(struct turn *t, const struct event *e)
{
	if (e->end != STORE_DONE || !e->v[0].present || !intent_decode(e->v[0].p, e->v[0].len, &t->intent))
		return false;
	rev_loaded(&t->intent_rev, &e->v[0]);
	return t->intent.state == INTENT_DONE && t->intent.kind == INTENT_WITHDRAWAL;
}

static void
load_picked(struct turn *t, task_fn *on)
{
	struct store_key key = key_of(STORE_INTENT, t->owner, vars_get(turn_vars(t), "pick"));

	if (turn_on_its_way(t) != NULL || t->intent_dirty) {
		turn_outcome(t, "failed");	/* its record must not be lost from sight */
		return;
	}
	t->has_intent = false;
	task_load(turn_task(t), &key, 1, on);
}

static void
save_picked(struct turn *t, task_fn *on)
{
	struct gateway *gw = t->w.task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_INTENT, t->owner, t->intent.id);
	struct buf *b = scratch(gw, 2);

	intent_encode(&t->intent, b);
	commit_put(gw, &c, &key, &t->intent_rev, b, 0);
	commit_list_add(&c, STORE_DUE, &key, gw->now + RUN_LEASE_MS);
	task_commit(turn_task(t), &c, on);
}

/* True: the intent's run does the rest, here or wherever it is due. */
static bool
picked_saved(struct turn *t, const struct event *e, task_fn *again)
{
	if (e->end == STORE_DONE) {
		t->irrevocable = true;
		run_start(t->w.task.gw, t->owner, t->intent.id);
		return true;
	}
	if (e->end == STORE_CONFLICT && ++t->tries < PICK_TRIES)
		load_picked(t, again);		/* its own run was at it */
	else if (e->end == STORE_UNKNOWN)
		turn_apologise_with(t, "error.session_lost", "saved or not");
	else
		turn_outcome(t, "failed");
	return false;
}

static void on_resend(struct task *task, const struct event *e);

static void
on_resend_saved(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (picked_saved(t, e, on_resend))
		turn_outcome(t, "done");
}

static void
on_resend(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (!take_picked(t, e) || !intent_token_usable(&t->intent, task->gw->now))
		turn_outcome(t, "failed");
	else if (t->intent.resends >= INTENT_RESENDS)
		turn_outcome(t, "too_many");
	else {
		t->intent.resends++;
		save_picked(t, on_resend_saved);
	}
}

void
call_pending_resend(struct turn *t)
{
	t->tries = 0;
	if (!turn_sim_refuses(t))
		load_picked(t, on_resend);
}

/* The token has ended, or is still there after it was asked to go: read from the core by the intent's own run. */
static void
on_cancel_looked(struct task *task, const struct event *e);

static void
look_later(struct turn *t)
{
	task_sleep(turn_task(t), t->w.task.gw->now + 250, on_cancel_looked);
}

static void
on_cancel_read(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	enum wallet_status status;

	if (e->end != STORE_DONE || !e->v[0].present || !intent_decode(e->v[0].p, e->v[0].len, &t->intent)) {
		turn_outcome(t, "later");
		return;
	}
	status = t->intent.core_status > 0 ? (enum wallet_status)(t->intent.core_status - 1) : WSTATUS_PENDING;
	if (status == WSTATUS_CANCELLED || status == WSTATUS_TIMEOUT)
		turn_outcome(t, "done");
	else if (status == WSTATUS_SUCCESSFUL || status == WSTATUS_ERROR || !t->intent.cancel)
		turn_outcome(t, "refused");
	else if (task->gw->now + 500 >= t->deadline)
		turn_outcome(t, "later");
	else
		look_later(t);
}

static void
on_cancel_looked(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_key key = key_of(STORE_INTENT, t->owner, t->intent.id);

	(void)e;
	task_load(task, &key, 1, on_cancel_read);
}

static void on_cancel(struct task *task, const struct event *e);

static void
on_cancel_saved(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (picked_saved(t, e, on_cancel))
		look_later(t);
}

static void
on_cancel(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	/* While its message may be on its way into the outbox, to cancel it would tell it as never made. */
	if (!take_picked(t, e) || !intent_settled(&t->intent)) {
		turn_outcome(t, "failed");
		return;
	}
	intent_cancel(&t->intent, task->gw->now);
	save_picked(t, on_cancel_saved);
}

void
call_pending_cancel(struct turn *t)
{
	t->tries = 0;
	load_picked(t, on_cancel);
}
