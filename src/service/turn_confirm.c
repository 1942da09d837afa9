/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confirm screen of a turn: the intent is saved in the same commit as its screen, accepted by the right PIN in one
 * commit with its place in the due list, and what the customer is told is read from it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/history.h"
#include "service/say.h"
#include "service/turn.h"

#define ACCEPT_POLL_MS 300
#define ACCEPT_SETTLED_MS 6000		/* by then Redis has executed the commit or refuses it */

#define CONFIRM_POINT(t, when, step) \
	FAULT_POINT((t)->intent.kind == INTENT_TRANSFER ? "transfer" : "withdrawal", when, step)

static void on_accept_unknown(struct task *task, const struct event *e);

/* ---- the confirm screen ---- */

/* Also one that has ended, until the subscriber's record says so: only then is a repeat of it seen as one. */
static bool
on_its_way(const struct intent *i)
{
	return i->accepted_at != 0 && (intent_open(i) || (i->steps & STEP_NOTED) == 0);
}

const struct intent *
turn_on_its_way(const struct turn *t)
{
	if (t->has_intent && on_its_way(&t->intent))
		return &t->intent;
	return t->has_other && on_its_way(&t->other) ? &t->other : NULL;
}

static bool
close_shown(struct turn *t, struct intent *i, enum intent_state how)
{
	if (!intent_leave(i, how))
		return false;
	if (strcmp(t->sub.open_intent, i->id) == 0)
		t->sub.open_intent[0] = '\0';
	t->sub_dirty = true;
	return true;
}

static bool
is_ours(const struct turn *t)
{
	return t->has_intent && strcmp(t->s.intent, t->intent.id) == 0;
}

/* A confirm screen that is not on this phone's dialogue any more confirms nothing. */
void
turn_leave_intent(struct turn *t, enum intent_state how)
{
	if (is_ours(t) && close_shown(t, &t->intent, how))
		t->intent_dirty = true;
	t->s.intent[0] = '\0';
}

/* Its menu is not there any more, so the screen cannot be gone on with. What is in doubt is told by the next dial. */
void
turn_confirm_lost(struct turn *t)
{
	bool unpaid = is_ours(t) && t->intent.accepted_at == 0 && t->intent.shown_at >= t->w.task.gw->lost_ms;

	turn_leave_intent(t, INTENT_LAPSED);
	turn_end_with(t, unpaid ? "error.unpaid" : "error.session_lost");
}

static bool
fill_intent(struct turn *t, const char *kind)
{
	struct gateway *gw = t->w.task.gw;
	const struct vars *v = turn_vars(t);
	struct intent *i = &t->intent;

	memset(i, 0, sizeof *i);
	memset(&t->intent_rev, 0, sizeof t->intent_rev);
	gateway_uuid(gw, i->id);
	str_copy(i->owner, sizeof i->owner, t->owner);
	str_copy(i->tenant, sizeof i->tenant, t->settings->name);
	str_copy(i->channel, sizeof i->channel, t->channel->name);
	str_copy(i->phone, sizeof i->phone, t->in.phone);
	str_copy(i->lang, sizeof i->lang, t->s.dlg.lang);
	str_copy(i->menu_version, sizeof i->menu_version, t->s.dlg.version);
	i->kind = strcmp(kind, "transfer") == 0 ? INTENT_TRANSFER : INTENT_WITHDRAWAL;
	i->wallet_id = vars_get_i64(v, "wallet_id");
	i->customer_id = vars_get_i64(v, "customer_id");
	i->amount = vars_get_i64(v, "amount");
	i->fee = vars_get_i64(v, "fee");
	i->as_customer = t->settings->wallet.acts_as_customer;
	i->shown_at = gw->now;
	i->shown_until = gw->now + INTENT_SHOWN_MS;
	if (i->kind == INTENT_TRANSFER) {
		i->to_wallet_id = vars_get_i64(v, "to_wallet");
		str_copy(i->to_phone, sizeof i->to_phone, vars_get(v, "to"));
		str_copy(i->to_name, sizeof i->to_name, vars_get(v, "to_name"));
		return i->wallet_id != 0 && i->to_wallet_id != 0 && i->amount > 0;
	}
	str_copy(i->type, sizeof i->type, vars_get(v, "type"));
	str_copy(i->to_phone, sizeof i->to_phone, vars_get(v, "to_phone"));
	i->gateway_sends = t->settings->wallet.token_sms == TOKEN_SMS_GATEWAY;
	for (int k = 0; k < t->settings->kinds_n; k++)
		if (strcmp(t->settings->kinds[k].type, i->type) == 0)
			i->counts = t->settings->kinds[k].token;
	return i->wallet_id != 0 && i->amount > 0 && i->to_phone[0] != '\0' && i->type[0] != '\0';
}

static bool
still_shown(const struct turn *t, const struct intent *i)
{
	return i->state == INTENT_SHOWN && t->w.task.gw->now < i->shown_until;
}

/* Other confirm screens of this phone are closed by the same commit that shows the new one. */
static void
close_others(struct turn *t)
{
	if (t->has_other && close_shown(t, &t->other, INTENT_LAPSED))
		t->other_dirty = true;
	if (t->has_intent && close_shown(t, &t->intent, INTENT_LAPSED)) {
		/* Its place in the turn is taken by the new one. */
		if (t->other_dirty)
			fatalx("two intents of one phone were shown");
		t->other = t->intent;
		t->other_rev = t->intent_rev;
		t->has_other = t->other_dirty = true;
	}
}

/* Nothing was paid, and nothing will be: that is saved before it is said. */
static bool
money_is_off(struct turn *t)
{
	if (!t->w.task.gw->money_off)
		return false;
	metric_add(M_MONEY_REFUSED, 1);
	turn_leave_intent(t, INTENT_LAPSED);
	turn_end_with(t, "error.money_off");
	return true;
}

/* What it came to is read from the intent, never from the key that was pressed. */
static bool
confirmed_before(struct turn *t)
{
	if (!is_ours(t) || t->intent.accepted_at == 0)
		return false;
	t->irrevocable = true;
	turn_feed(t, MENU_OUTCOME, "accepted");
	return true;
}

void
turn_show_intent(struct turn *t)
{
	/* Shown again for a wrong input that follows the PIN of a turn that broke off: it is no new payment. */
	if (confirmed_before(t))
		return;
	if (turn_on_its_way(t) != NULL) {
		turn_feed(t, MENU_OUTCOME, "busy");
		return;
	}
	if (is_ours(t) && still_shown(t, &t->intent) && strcmp(t->sub.open_intent, t->intent.id) == 0) {
		turn_finish(t);	/* the same screen again */
		return;
	}
	if (money_is_off(t))
		return;
	close_others(t);
	if (!fill_intent(t, t->step.intent)) {
		turn_apologise(t, "the menu shows an intent without payee or amount");
		return;
	}
	t->has_intent = t->intent_dirty = t->sub_dirty = true;
	str_copy(t->sub.open_intent, sizeof t->sub.open_intent, t->intent.id);
	str_copy(t->s.intent, sizeof t->s.intent, t->intent.id);
	metric_add(M_INTENTS_SHOWN, 1);
	CONFIRM_POINT(t, "before", "show");
	turn_finish(t);
}

/* ---- the confirm itself ---- */

static void
not_confirmed(struct turn *t)
{
	const char *outcome = t->confirmed;

	vars_set_i64(turn_vars(t), "tries_left", pin_left(&t->pin));
	vars_set_i64(turn_vars(t), "locked_until", t->pin.locked_until);
	if (strcmp(outcome, "wrong") != 0)
		turn_leave_intent(t, INTENT_LAPSED);
	turn_feed(t, MENU_OUTCOME, outcome);
}

static void
accepted(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;

	CONFIRM_POINT(t, "saved", "accept");
	t->irrevocable = true;
	metric_add(M_INTENTS_ACCEPTED, 1);
	log_info(t->w.task.id, "intent accepted", "intent=%s channel=%s", t->intent.id, t->channel->name);
	run_start(gw, t->owner, t->intent.id);
	turn_feed(t, MENU_OUTCOME, "accepted");
}

static void
on_said(struct task *task, const struct event *e)
{
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT)
		log_error(task->id, "not told", "intent=%s", turn_of(task)->intent.id);
	task_end(task);
}

/* The confirm never reached the store, and never will: the screen is closed for good before that is said. */
static void
on_closed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_commit c = { .n = 0 };
	struct message *m;

	if (e->end != STORE_DONE) {
		task_sleep(task, task->gw->now + ACCEPT_POLL_MS, on_accept_unknown);
		return;
	}
	m = xcalloc(1, sizeof *m);
	t->intent.why = WHY_EXPIRED;
	if (say_intent(task->gw, t->tenant, &t->intent, DO_RESULT_SMS, m)) {
		say_put(task->gw, &c, m);
		task_commit(task, &c, on_said);
	} else
		task_end(task);
	mem_wipe(m, sizeof *m);
	free(m);
}

static void
close_unaccepted(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_INTENT, t->owner, t->intent.id);
	struct buf *b = scratch(gw, 2);

	log_warn(t->w.task.id, "not accepted", "intent=%s", t->intent.id);
	if (!intent_leave(&t->intent, INTENT_LAPSED))
		fatalx("an intent that was not accepted is not shown");
	intent_encode(&t->intent, b);
	commit_put(gw, &c, &key, &t->intent_rev, b, 0);
	task_commit(turn_task(t), &c, on_closed);
}

static void
on_accept_reread(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct intent *now_is = xcalloc(1, sizeof *now_is);
	bool known = e->end == STORE_DONE && e->v[0].present &&
	    intent_decode(e->v[0].p, e->v[0].len, now_is);

	if (known && now_is->accepted_at != 0) {
		turn_saved(t);
		accepted(t);
	} else if (known && now_is->state != INTENT_SHOWN) {
		turn_answer_early(t, "error.session_lost");
		turn_close(t);		/* left on another channel meanwhile: nothing was promised */
	} else if (known && task->gw->now > t->accept_until) {
		/* Said before, but where this process stood still meanwhile. */
		turn_answer_early(t, "error.session_lost");
		t->intent = *now_is;
		rev_loaded(&t->intent_rev, &e->v[0]);
		t->intent_dirty = t->sub_dirty = false;
		turn_settle_pin(t, close_unaccepted);
	} else if (!known && e->end == STORE_DONE && task->gw->now > t->accept_until) {
		/* The store has lost it, and will not find it again by being asked. */
		log_error(task->id, "intent lost", "intent=%s", t->intent.id);
		turn_answer_early(t, "error.session_lost");
		t->intent_dirty = t->sub_dirty = false;
		turn_settle_pin(t, turn_close);
	} else
		task_sleep(task, task->gw->now + ACCEPT_POLL_MS, on_accept_unknown);
	free(now_is);
}

/* The store may still execute the commit until its not-after: until then its absence proves nothing. */
static void
on_accept_unknown(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_key key = key_of(STORE_INTENT, t->owner, t->intent.id);

	(void)e;
	if (task->gw->now >= t->deadline)
		turn_answer_early(t, "error.session_lost");
	task_load(task, &key, 1, on_accept_reread);
}

static void
restart_unaccepted(struct turn *t)
{
	turn_restart(t, "the confirm came too late");
}

static void
on_accepted(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE) {
		turn_saved(t);
		accepted(t);
	} else if (e->end == STORE_UNKNOWN) {
		t->accept_until = task->gw->now + ACCEPT_SETTLED_MS;
		task_sleep(task, task->gw->now + ACCEPT_POLL_MS, on_accept_unknown);
	} else
		turn_settle_pin(t, restart_unaccepted);
}

static void
accept_commit(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_INTENT, t->owner, t->intent.id);
	struct store_key login = key_of(STORE_JWT, t->owner, t->intent.id);
	struct rev login_rev = { 0 };
	char item[HISTORY_ITEM];
	struct buf *b;

	CONFIRM_POINT(t, "before", "accept");
	turn_add_records(t, &c);
	turn_add_pin(t, &c);
	history_intent(item, t->intent.id);
	commit_owned_item(&c, STORE_LIST_ADD, STORE_HISTORY, t->owner, item, gw->now);
	commit_list_add(&c, STORE_DUE, &key, gw->now + RUN_LEASE_MS);
	if (t->intent.as_customer) {
		b = scratch(gw, 4);
		login_encode(&t->login, b);
		commit_put(gw, &c, &login, &login_rev, b, t->login.until - gw->now);
	}
	task_commit(turn_task(t), &c, on_accepted);
}

static void
after_pin(struct turn *t)
{
	static const char *const outcome[] = {
		[PIN_RESULT_RIGHT] = "lapsed", [PIN_RESULT_WRONG] = "wrong", [PIN_RESULT_LOCKED] = "locked",
		[PIN_RESULT_UNSURE] = "failed", [PIN_RESULT_NO_KEY] = "call_help",
	};
	struct gateway *gw = t->w.task.gw;
	char month[7];
	int64_t number;

	if (t->pin_result == PIN_RESULT_RIGHT && intent_accept(&t->intent, gw->now)) {
		calendar_month(gw->now, month);
		t->intent.limit_month = str_to_i64(month, 0, 999999, &number) ? number : 0;
		/* The subscriber's record goes along, so that no other confirm of this phone can win as well. */
		t->intent_dirty = t->sub_dirty = true;
		accept_commit(t);
		return;
	}
	t->confirmed = outcome[t->pin_result];
	if (t->pin_taken)
		turn_settle_pin(t, not_confirmed);
	else
		not_confirmed(t);
}

void
turn_accept_intent(struct turn *t)
{
	if (confirmed_before(t))
		return;
	if (!is_ours(t) || !still_shown(t, &t->intent) || strcmp(t->sub.open_intent, t->intent.id) != 0) {
		turn_leave_intent(t, INTENT_LAPSED);
		turn_feed(t, MENU_OUTCOME, turn_on_its_way(t) != NULL ? "busy" : "lapsed");
		return;
	}
	/* It may have been accepted already, in what the store lost: nothing is known, and nothing is said about it. */
	if (t->intent.shown_at < t->w.task.gw->lost_ms) {
		turn_leave_intent(t, INTENT_LAPSED);
		turn_end_with(t, "error.session_lost");
		return;
	}
	/* Before the PIN: no try is taken. */
	if (!money_is_off(t))
		turn_check_pin(t, after_pin);
}

void
turn_decline_intent(struct turn *t)
{
	if (confirmed_before(t))
		return;
	turn_leave_intent(t, INTENT_DECLINED);
	turn_feed(t, MENU_OUTCOME, "declined");
}

/* ---- an intent that this turn waits for ---- */

static void
on_limit_read(struct turn *t)
{
	turn_outcome(t, vars_has(turn_vars(t), "left") ? "limit" : "refused");
}

static void
settled_outcome(struct turn *t, const struct intent *i)
{
	bool others = i->kind == INTENT_WITHDRAWAL && strcmp(i->to_phone, t->in.phone) != 0;
	const char *outcome = "refused";
	char month[8];

	t->awaits_intent = false;
	vars_set(turn_vars(t), "reason", intent_why_name(intent_why_told(i)));
	if (i->state == INTENT_DONE)
		outcome = "done";
	else if (i->state == INTENT_PERSON)
		outcome = "later";
	else if (others && intent_why_told(i) == WHY_REFUSED)
		outcome = "limit";	/* whatever it was: what another phone has got is nobody else's business */
	else if (i->why == WHY_LIMIT && i->kind == INTENT_WITHDRAWAL && i->attempts == 0) {
		/* Ours, not the wallet core's: of that one it is not known what is left. */
		str_format(month, sizeof month, "%06" PRId64, i->limit_month);
		turn_read_limit(t, month, on_limit_read);
		return;
	}
	turn_outcome(t, outcome);
}

/* The next dial says it again unless the commit that keeps this screen says that it was told. */
static void
take_noted(struct turn *t, const struct intent *i, const struct noted *noted)
{
	if (noted == NULL || t->sub_dirty || noted->sub.outcome_at != i->accepted_at)
		return;
	t->sub = noted->sub;
	t->sub_rev = noted->rev;
	t->sub.outcome_told = t->sub_dirty = true;
}

void
turn_intent_settled(struct task *task, const struct intent *i, const struct noted *noted)
{
	struct turn *t = turn_of(task);

	if (!t->awaits_intent)
		return;
	if (i != NULL) {
		take_noted(t, i, noted);
		settled_outcome(t, i);
	} else {
		t->awaits_intent = false;
		turn_outcome(t, "later");
	}
}

static void
on_budget(struct task *task, const struct event *e)
{
	(void)e;
	turn_intent_settled(task, NULL, NULL);
}

void
turn_await_intent(struct turn *t)
{
	if (intent_settled(&t->intent)) {
		settled_outcome(t, &t->intent);
		return;
	}
	run_start(t->w.task.gw, t->owner, t->intent.id);
	if (t->replied) {
		turn_close(t);		/* nobody looks at this screen any more */
		return;
	}
	t->awaits_intent = true;
	run_watch(t->w.task.gw, t->intent.id, t->w.task.id);
	task_sleep(turn_task(t), t->deadline, on_budget);
}

