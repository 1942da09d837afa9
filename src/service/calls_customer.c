/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about who dials: the customer at the wallet core, the PIN, the language. */
#include <string.h>

#include "base/metric.h"
#include "base/str.h"
#include "core/wallet_rows.h"
#include "service/turn.h"

#define NOTICE_MS INT64_C(86400000)	/* an outcome older than a day is not news */

static bool
is_untold(const struct turn *t)
{
	return t->sub.outcome != OUTCOME_NONE && !t->sub.outcome_told &&
	    t->w.task.gw->now - t->sub.outcome_at < NOTICE_MS;
}

bool
turn_has_news(const struct turn *t)
{
	return turn_on_its_way(t) != NULL || is_untold(t) || t->sub.signup_untold != SIGNUP_TOLD;
}

/* Whoever writes in a chat may be: what is said once is said at the phone. */
static bool
may_be_a_stranger(const struct turn *t)
{
	return t->in.by == TURN_BY_CHAT && !t->chat_is_proven;
}

/* What became of the last payment: once, its time only; amount and name come after the PIN (money.md section 6). */
static void
set_notice(struct turn *t)
{
	static const char *const word[] = {
		[OUTCOME_DONE] = "done", [OUTCOME_NOT_DONE] = "not_done", [OUTCOME_CHECKING] = "checking",
	};
	struct vars *v = turn_vars(t);

	vars_unset(v, "notice");
	if (may_be_a_stranger(t))
		return;
	if (turn_on_its_way(t) != NULL) {
		vars_set(v, "notice", "checking");
		vars_set_i64(v, "notice_at", turn_on_its_way(t)->accepted_at);
	} else if (is_untold(t)) {
		vars_set(v, "notice", word[t->sub.outcome]);
		vars_set_i64(v, "notice_at", t->sub.outcome_at);
		t->sub.outcome_told = t->sub_dirty = true;
	}
}

/* The same of a sign-up that no screen has told. */
static void
set_signup_notice(struct turn *t)
{
	static const char *const word[] = {
		[SIGNUP_UNTOLD_DONE] = "opened", [SIGNUP_UNTOLD_NOT_DONE] = "not_opened",
	};

	if (t->sub.signup_untold == SIGNUP_TOLD || may_be_a_stranger(t) || vars_has(turn_vars(t), "notice"))
		return;
	vars_set(turn_vars(t), "notice", word[t->sub.signup_untold]);
	t->sub.signup_untold = SIGNUP_TOLD;
	t->sub_dirty = true;
}

/* Nobody whom we know, or one whose sign-up did not come to its end. */
static void
not_found(struct turn *t)
{
	vars_unset(turn_vars(t), "notice");
	set_signup_notice(t);
	turn_outcome(t, "not_found");
}

static void
on_wallets(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_wallet *w;

	if (!turn_answered(t, e))
		return;
	w = wallet_wallet_of(e->wallet, t->settings->wallet.wallet_type_id, t->found_id);
	if (w == NULL) {
		not_found(t);
		return;
	}
	if (!wallet_is_active(w->status)) {
		turn_outcome(t, "barred");
		return;
	}
	vars_set_i64(turn_vars(t), "wallet_id", w->id);
	if (t->sub.has_pin && t->sub.customer_id == t->found_id) {
		set_notice(t);
		set_signup_notice(t);
	}
	turn_outcome(t, t->sub.has_pin && t->sub.customer_id == t->found_id ? "found" : "no_pin");
}

/* By a sign-up of ours that did not come to its end; it may have turned up after that. */
static bool
is_half_made(const struct subscriber *sub, const struct wallet_customer *c)
{
	return !sub->has_pin && sub->signup_uid[0] != '\0' &&
	    (sub->signup_customer_id == c->id || strcmp(sub->signup_uid, c->uid) == 0);
}

static void
on_customers(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct wallet_req q = { .op = WALLET_LIST };
	const struct wallet_customer *c;

	if (!turn_answered(t, e))
		return;
	if (turn_search_ignored(t, e->wallet, t->in.phone)) {
		turn_outcome(t, "failed");
		return;
	}
	c = wallet_customer_of(e->wallet, t->in.phone);
	if (c == NULL || is_half_made(&t->sub, c)) {
		not_found(t);
		return;
	}
	if (!wallet_is_active(c->status)) {
		turn_outcome(t, "barred");
		return;
	}
	t->found_id = c->id;
	vars_set_i64(turn_vars(t), "customer_id", c->id);
	vars_set(turn_vars(t), "first_name", c->first_name);
	q.customer_id = c->id;
	turn_ask(t, &q, on_wallets);
}

static void
find_customer(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_CUSTOMERS };

	str_copy(q.phone, sizeof q.phone, t->in.phone);
	turn_ask(t, &q, on_customers);
}

void
call_customer_find(struct turn *t)
{
	turn_await_signup(t, find_customer);
}

static void
set_language(struct subscriber *sub, struct turn *t)
{
	str_copy(sub->lang, sizeof sub->lang, vars_get(turn_vars(t), "lang"));
}

static void
language_set(struct turn *t)
{
	turn_outcome(t, "done");
}

void
call_language_set(struct turn *t)
{
	str_copy(t->s.dlg.lang, sizeof t->s.dlg.lang, vars_get(turn_vars(t), "lang"));
	turn_change_subscriber(t, set_language, language_set);
}

static void
stop_notices(struct subscriber *sub, struct turn *t)
{
	subscriber_opt_out(sub, true, t->w.task.gw->now);
}

static void
start_notices(struct subscriber *sub, struct turn *t)
{
	subscriber_opt_out(sub, false, t->w.task.gw->now);
}

static void
notices_changed(struct turn *t)
{
	metric_add(t->sub.opted_out ? M_INBOUND_STOPS : M_INBOUND_STARTS, 1);
	turn_outcome(t, "done");
}

void
call_notices_stop(struct turn *t)
{
	turn_change_subscriber(t, stop_notices, notices_changed);
}

void
call_notices_start(struct turn *t)
{
	turn_change_subscriber(t, start_notices, notices_changed);
}

/* ---- the PIN before anything private ---- */

static void
check_over(struct turn *t, enum pin_result result)
{
	static const char *const outcome[] = {
		[PIN_RESULT_RIGHT] = "ok", [PIN_RESULT_WRONG] = "wrong", [PIN_RESULT_LOCKED] = "locked",
		[PIN_RESULT_UNSURE] = "failed", [PIN_RESULT_NO_KEY] = "call_help",
	};

	vars_set_i64(turn_vars(t), "tries_left", pin_left(&t->pin));
	vars_set_i64(turn_vars(t), "locked_until", t->pin.locked_until);
	vars_set(turn_vars(t), "authed", result == PIN_RESULT_RIGHT ? "1" : "");
	turn_outcome(t, outcome[result]);
}

static void
on_login_saved(struct task *task, const struct event *e)
{
	check_over(turn_of(task), e->end == STORE_DONE ? PIN_RESULT_RIGHT : PIN_RESULT_UNSURE);
}

/* The login goes beside the dialogue, for what is asked as the customer. */
static void
check_settled(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key;
	struct rev rev = { 0 };
	struct buf *b = scratch(gw, 4);
	char uuid[37];

	if (t->pin_result != PIN_RESULT_RIGHT || !t->settings->wallet.acts_as_customer ||
	    t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		check_over(t, t->pin_result);
		return;
	}
	/* Nothing that needs it would be asked for any more, and the screen is waited for. */
	if (gw->now >= t->deadline) {
		check_over(t, PIN_RESULT_UNSURE);
		return;
	}
	gateway_uuid(gw, uuid);
	vars_set(turn_vars(t), "login", uuid);
	key = key_of(STORE_JWT, t->owner, uuid);
	login_encode(&t->login, b);
	commit_put(gw, &c, &key, &rev, b, t->login.until - gw->now);
	task_commit(turn_task(t), &c, on_login_saved);
}

static void
after_check(struct turn *t)
{
	if (t->pin_taken)
		turn_settle_pin(t, check_settled);
	else
		check_over(t, t->pin_result);
}

void
call_pin_check(struct turn *t)
{
	turn_check_pin(t, after_check);
}

/* ---- a new PIN of who knows the old one ---- */

static void
pin_change_over(struct turn *t)
{
	static const char *const outcome[] = {
		[PIN_WRITTEN] = "done", [PIN_NOT_WRITTEN] = "failed", [PIN_MAYBE_WRITTEN] = "unsure",
	};

	turn_outcome(t, outcome[t->written]);
}

void
call_pin_change(struct turn *t)
{
	turn_write_pin(t, PIN_WRITE_CHANGE, t->sub.pin_key_id, pin_change_over);
}
