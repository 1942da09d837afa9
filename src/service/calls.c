/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of menus: which function performs which (the contract is core/calls.h), and what they have in common. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/wallet_rows.h"
#include "service/say.h"
#include "service/turn.h"

#define CHANGE_TRIES 5

static const struct {
	const char *name;
	turn_fn *perform;
	bool claims;		/* the wallet core hears of it: the turn is claimed first */
	bool private;		/* only after the PIN in this dialogue */
} calls[] = {
	{ "customer.find", call_customer_find, true, false },
	{ "signup.check", call_signup_check, true, false },
	{ "signup.create", call_signup_create, true, false },
	{ "activate.start", call_activate_start, true, false },
	{ "activate.finish", call_activate_finish, true, false },
	{ "pin.check", call_pin_check, false, false },	/* the PIN's own try is the claim */
	{ "pin.change", call_pin_change, true, true },
	{ "pin.forgot", call_pin_forgot, true, false },
	{ "pin.forgot_code", call_pin_forgot_code, true, false },
	{ "pin.reset", call_pin_reset, true, false },
	{ "balance", call_balance, true, true },
	{ "statement", call_statement, true, true },
	{ "limit.left", call_limit_left, false, true },
	{ "send.open", call_send_open, false, false },
	{ "send.find", call_send_find, true, false },
	{ "send.check", call_send_check, true, false },
	{ "cash.kinds", call_cash_kinds, false, false },
	{ "cash.check", call_cash_check, true, false },
	{ "transfer", turn_await_intent, false, false },
	{ "withdrawal", turn_await_intent, false, false },
	{ "pending.list", call_pending_list, true, true },
	{ "pending.resend", call_pending_resend, false, true },
	{ "pending.cancel", call_pending_cancel, true, true },
	{ "document.send", call_document_send, false, false },	/* its own claim is longer */
	{ "kyc.ratify", call_kyc_ratify, false, false },
	{ "chat.link", call_chat_link, false, true },
	{ "language.set", call_language_set, false, false },
	{ "notices.stop", call_notices_stop, false, false },
	{ "notices.start", call_notices_start, false, false },
};

static size_t
find(const char *name)
{
	for (size_t i = 0; i < NELEM(calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return i;
	fatalx("the menu calls %s, which nothing performs", name);
}

static void
on_claimed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	(void)e;
	calls[find(t->step.call)].perform(t);
}

void
turn_call(struct turn *t)
{
	size_t i = find(t->step.call);

	bool opened = !calls[i].private || strcmp(vars_get(turn_vars(t), "authed"), "1") == 0;

	/* What a PIN had opened at the phone was not open any more when it came back into the chat. */
	if (!opened && t->in.by == TURN_BY_CHAT)
		turn_hand_over_call(t);
	else if (!opened)
		turn_outcome(t, "failed");
	else if (calls[i].claims && !t->claimed)
		turn_claim(t, on_claimed);
	else
		calls[i].perform(t);
}

void
turn_outcome(struct turn *t, const char *outcome)
{
	log_debug(t->w.task.id, "call", "call=%s outcome=%s", t->step.call, outcome);
	if (t->replied)
		turn_close(t);		/* the screen said "later" meanwhile */
	else if (t->s.asks_pin)
		turn_handed_pin(t, outcome);
	else
		turn_feed(t, MENU_OUTCOME, outcome);
}

bool
turn_answered(struct turn *t, const struct event *e)
{
	if (e->wallet->end == WALLET_DONE)
		return true;
	log_info(t->w.task.id, "call failed", "call=%s end=%s code=%s trace=%s", t->step.call,
	    wallet_end_name(e->wallet->end), e->wallet->code, e->wallet->trace);
	turn_outcome(t, "failed");
	return false;
}

static void
on_no_time(struct task *task, const struct event *e)
{
	(void)e;
	turn_outcome(turn_of(task), "failed");
}

void
turn_ask(struct turn *t, struct wallet_req *q, task_fn *on)
{
	int64_t left = t->deadline - t->w.task.gw->now;
	int64_t most = t->settings->wallet.timeout_read_ms;

	/* A PIN that was taken must come back with an answer, so its check goes out even late. */
	if (left <= 0 && q->op != WALLET_LOGIN)
		task_sleep(turn_task(t), t->w.task.gw->now, on_no_time);
	else
		task_wallet(turn_task(t), t->tenant, q, left > 0 && left < most ? left : most, on);
	mem_wipe(q, sizeof *q);
}

static void
on_login_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct login login;
	char dialogue[sizeof login.dialogue];
	bool good;

	str_format(dialogue, sizeof dialogue, "%s/%s", t->channel->name, t->s.dialogue);
	good = e->end == STORE_DONE && e->v[0].present && login_decode(e->v[0].p, e->v[0].len, &login) &&
	    login.until > task->gw->now && strcmp(login.dialogue, dialogue) == 0;
	if (good) {
		str_copy(t->request->jwt, sizeof t->request->jwt, login.jwt);
		turn_ask(t, t->request, t->then);
	} else {
		vars_unset(turn_vars(t), "authed");
		turn_outcome(t, "failed");
	}
	mem_wipe(&login, sizeof login);
}

void
turn_ask_as_customer(struct turn *t, struct wallet_req *q, task_fn *on)
{
	struct store_key key = key_of(STORE_JWT, t->owner, vars_get(turn_vars(t), "login"));

	if (!t->settings->wallet.acts_as_customer) {
		turn_ask(t, q, on);
		return;
	}
	if (t->request == NULL)
		t->request = xcalloc(1, sizeof *t->request);
	*t->request = *q;
	t->then = on;
	mem_wipe(q, sizeof *q);
	task_load(turn_task(t), &key, 1, on_login_loaded);
}

/* ---- the subscriber's record ---- */

static void subscriber_load(struct turn *t);

static void
on_changed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE) {
		rev_saved(&t->sub_rev);
		t->after(t);
	} else if (e->end == STORE_CONFLICT && ++t->tries < CHANGE_TRIES)
		subscriber_load(t);
	else
		turn_outcome(t, "failed");
}

static void
on_fresh(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_SUBSCRIBER, t->owner, "");
	struct buf *b = scratch(task->gw, 1);
	char today[9];

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, &t->sub))) {
		turn_outcome(t, "failed");
		return;
	}
	rev_loaded(&t->sub_rev, &e->v[0]);
	calendar_day(task->gw->now, today);
	subscriber_new_day(&t->sub, today);
	t->change(&t->sub, t);
	subscriber_encode(&t->sub, b);
	commit_put(task->gw, &c, &key, &t->sub_rev, b, 0);
	task_commit(task, &c, on_changed);
}

static void
subscriber_load(struct turn *t)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, t->owner, "");

	task_load(turn_task(t), &key, 1, on_fresh);
}

void
turn_change_subscriber(struct turn *t, void (*change)(struct subscriber *, struct turn *), turn_fn *after)
{
	t->change = change;
	t->after = after;
	t->tries = 0;
	subscriber_load(t);
}

/* ---- messages ---- */

static void
on_said(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE || e->end == STORE_CONFLICT)
		t->after(t);
	else
		turn_outcome(t, "failed");
}

void
turn_say(struct turn *t, const struct message *m, turn_fn *after)
{
	struct store_commit c = { .n = 0 };

	t->after = after;
	say_put(t->w.task.gw, &c, m);
	task_commit(turn_task(t), &c, on_said);
}

/* ---- rows of the wallet core ---- */

/* A core that ignores the search lists strangers: then not to find somebody means nothing. */
bool
turn_search_ignored(struct turn *t, const struct wallet_answer *a, const char *phone)
{
	if (a->n == 0 || wallet_customer_of(a, phone) != NULL)
		return false;
	log_error(t->w.task.id, "customer search ignored", "tenant=%s rows=%d", t->settings->name, a->n);
	return true;
}

/* ---- the limit of one's own phone ---- */

static void
on_limit_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct limit *l = xcalloc(1, sizeof *l);
	int64_t amount = task->gw->settings->limit_amount;

	vars_unset(turn_vars(t), "left");
	if (e->end == STORE_DONE && !e->v[0].damaged && !task->gw->limit_closed &&
	    (!e->v[0].present || limit_decode(e->v[0].p, e->v[0].len, l))) {
		vars_set_i64(turn_vars(t), "left", limit_left(l, amount));
		vars_set_i64(turn_vars(t), "limit_amount", amount);
	}
	free(l);
	t->after(t);
}

void
turn_read_limit(struct turn *t, const char *month, turn_fn *after)
{
	struct store_key key = key_of(STORE_LIMIT, t->in.phone, month);

	t->after = after;
	task_load(turn_task(t), &key, 1, on_limit_loaded);
}
