/* SPDX-License-Identifier: Apache-2.0 */
#include "service/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/login.h"
#include "service/say.h"

#define LEASE_MS 15000			/* a process that is silent for so long has lost its intents */
#define STAY_MS 3000			/* waits shorter than this are sat out here */
#define LIMIT_TRIES 8
#define SAVE_TRIES 10
#define SAVE_AGAIN_MS 400
#define ROWS_MAX 4000			/* of one look at the core's lists; a core that ignores offsets lists for ever */
#define SEND_WITHIN_MS 5000		/* of saving the attempt; later somebody else may be asking already */
#define LIST_BACK_MS INT64_C(600000)	/* clocks differ: lists are read from so long before the first send */

struct run {
	struct task task;
	char id[INTENT_ID];
	struct intent i;
	struct rev rev;
	bool dirty;			/* the intent is not as it is in the store */
	bool again;			/* its record was changed by somebody who wants it carried on from there */
	uint64_t watcher;
	int tenant;
	int tries;			/* of the step in hand */
	enum intent_action doing;
	/* asking */
	int offset;
	bool ids_missing, found;
	struct wallet_withdrawal item;
	/* the limit's record of the step in hand */
	struct limit limit;
	struct rev limit_rev;
	enum limit_result limit_result;
	/* the subscriber's */
	struct subscriber sub;
	struct rev sub_rev;
};

static void go_on(struct run *r);
static void on_intent_loaded(struct task *t, const struct event *e);

static struct run *
run_of(struct task *t)
{
	return LIST_OF(t, struct run, task);
}

static void
run_end(struct task *t)
{
	struct run *r = run_of(t);

	map_remove(t->gw->running, r->id, strlen(r->id));
	t->gw->runs--;
	mem_wipe(r, sizeof *r);
	free(r);
}

static bool
is_watched(const struct run *r)
{
	return r->watcher != 0 && task_find(r->task.gw, r->watcher) != NULL;
}

static void
tell_watcher(struct run *r, bool settled)
{
	struct watcher *w = NULL;

	if (is_watched(r))
		w = (struct watcher *)(void *)task_find(r->task.gw, r->watcher);
	r->watcher = 0;
	if (w == NULL)
		return;
	w->heard(&w->task, settled ? &r->i : NULL);
}

/* This process lets go; the due list brings the intent back. */
static void
give_up(struct run *r, const char *why)
{
	log_warn(r->task.id, "intent left", "intent=%s state=%s doing=%s why=\"%s\"", r->id,
	    intent_state_name(r->i.state), intent_action_name(r->doing), why);
	tell_watcher(r, false);
	task_end(&r->task);
}

static const struct tenant_settings *
tenant_of(const struct run *r)
{
	return &r->task.gw->settings->tenants[r->tenant];
}

static struct store_key
intent_key(const struct run *r)
{
	return key_of(STORE_INTENT, r->i.owner, r->i.id);
}

/*
 * Adds the intent, and its place in the due list, to a commit of its bucket. One that did not change keeps its version:
 * whoever carries it on elsewhere is not disturbed.
 */
static void
add_intent(struct run *r, struct store_commit *c, int64_t due)
{
	struct gateway *gw = r->task.gw;
	struct store_key key = intent_key(r);
	struct buf *b = scratch(gw, 0);

	if (r->dirty) {
		intent_encode(&r->i, b);
		commit_put(gw, c, &key, &r->rev, b, 0);
	} else
		commit_check(c, &key, &r->rev);
	if (due > 0)
		commit_list_add(c, STORE_DUE, &key, due);
	else
		commit_list_remove(c, STORE_DUE, &key);
}

static void
save(struct run *r, int64_t due, task_fn *on)
{
	struct store_commit c = { .n = 0 };

	add_intent(r, &c, due);
	task_commit(&r->task, &c, on);
}

static void
start_again(struct run *r)
{
	struct store_key key = intent_key(r);

	r->again = false;
	r->tries = 0;
	task_load(&r->task, &key, 1, on_intent_loaded);
}

static bool
saved(struct run *r, const struct event *e)
{
	if (e->end == STORE_DONE) {
		if (r->dirty)
			rev_saved(&r->rev);
		r->dirty = false;
		return true;
	}
	if (e->end == STORE_CONFLICT && r->again)
		start_again(r);
	else if (e->end == STORE_CONFLICT)
		give_up(r, "somebody else carried it on");
	else
		give_up(r, "could not be saved");
	return false;
}

static void
on_saved_go_on(struct task *t, const struct event *e)
{
	if (saved(run_of(t), e))
		go_on(run_of(t));
}

/* What an answer changed is saved before anything follows from it. */
static void
keep(struct run *r)
{
	r->dirty = true;
	r->tries = 0;
	save(r, r->task.gw->now + LEASE_MS, on_saved_go_on);
}

static void
on_saved_end(struct task *t, const struct event *e)
{
	if (saved(run_of(t), e))
		task_end(t);
}

/* ---- the limit ---- */

static void limit_load(struct run *r);

static void
on_limit_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end == STORE_CONFLICT && ++r->tries < LIMIT_TRIES) {
		limit_load(r);
		return;
	}
	if (e->end != STORE_DONE) {
		/* Fails closed: without its reservation nothing is sent, and it is tried again from the due list. */
		give_up(r, "the limit could not be saved");
		return;
	}
	if (r->doing == DO_RESERVE)
		intent_on_reserved(&r->i, LIMIT_OK);
	else
		intent_on_limit(&r->i, r->doing == DO_COMMIT_LIMIT ? ILIMIT_COMMITTED : ILIMIT_RELEASED);
	keep(r);
}

static void
limit_id(const struct intent *i, unsigned char id[LIMIT_ID])
{
	char hex[64];
	size_t n = 0;

	for (const char *p = i->id; *p != '\0' && n < 32; p++)
		if (*p != '-')
			hex[n++] = *p;
	if (!str_unhex(hex, n, id, LIMIT_ID))
		fatalx("intent id is no UUID");
}

static void
on_limit_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct gateway *gw = t->gw;
	struct store_commit c = { .n = 0 };
	struct store_key key;
	char month[8];
	unsigned char id[LIMIT_ID];
	struct buf *b;

	if (e->end != STORE_DONE || e->v[0].damaged) {
		give_up(r, "the limit could not be read");
		return;
	}
	rev_loaded(&r->limit_rev, &e->v[0]);
	memset(&r->limit, 0, sizeof r->limit);
	if (e->v[0].present && !limit_decode(e->v[0].p, e->v[0].len, &r->limit)) {
		log_error(t->id, "limit damaged", "intent=%s", r->i.id);
		give_up(r, "the limit's record is damaged");
		return;
	}
	limit_id(&r->i, id);
	if (r->doing == DO_RESERVE) {
		r->limit_result = limit_reserve(&r->limit, id, r->i.amount, gw->settings->limit_amount);
		if (r->limit_result != LIMIT_OK) {
			metric_add(M_LIMIT_REFUSED, 1);
			intent_on_reserved(&r->i, r->limit_result);
			keep(r);
			return;
		}
	} else
		limit_set(&r->limit, id, r->i.amount,
		    r->doing == DO_COMMIT_LIMIT ? LIMIT_COMMITTED : LIMIT_GIVEN_BACK);
	str_format(month, sizeof month, "%06" PRId64, r->i.limit_month);
	key = key_of(STORE_LIMIT, r->i.to_phone, month);
	b = scratch(gw, 1);
	limit_encode(&r->limit, b);
	commit_put(gw, &c, &key, &r->limit_rev, b, 0);
	task_commit(t, &c, on_limit_saved);
}

static void
limit_load(struct run *r)
{
	struct store_key key;
	char month[8];

	str_format(month, sizeof month, "%06" PRId64, r->i.limit_month);
	key = key_of(STORE_LIMIT, r->i.to_phone, month);
	task_load(&r->task, &key, 1, on_limit_loaded);
}

/* ---- sending ---- */

static void keep_answer(struct run *r);

static void
on_answer_again(struct task *t, const struct event *e)
{
	(void)e;
	keep_answer(run_of(t));
}

/* An answer about money is not let go because the store stumbles once: it may never be said again. */
static void
on_answer_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if ((e->end == STORE_LATE || e->end == STORE_UNKNOWN || e->end == STORE_FULL) && ++r->tries < SAVE_TRIES)
		task_sleep(t, t->gw->now + SAVE_AGAIN_MS, on_answer_again);
	else if (saved(r, e))
		go_on(r);
}

static void
keep_answer(struct run *r)
{
	save(r, r->task.gw->now + LEASE_MS, on_answer_saved);
}

static void
on_sent(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	intent_on_sent(&r->i, t->gw->now, e->wallet);
	if (r->i.state == INTENT_ASKING)
		metric_add(M_INTENTS_ASKING, 1);
	log_info(t->id, "intent sent", "intent=%s kind=%s end=%s code=%s trace=%s state=%s", r->i.id,
	    r->i.kind == INTENT_TRANSFER ? "transfer" : "withdrawal", wallet_end_name(e->wallet->end),
	    e->wallet->code, e->wallet->trace, intent_state_name(r->i.state));
	r->dirty = true;
	r->tries = 0;
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
}

/* Certainly not sent: as if the core had said "later" (or that the login is over). */
static void
not_sent(struct run *r, enum wallet_end end)
{
	struct wallet_answer *none = xcalloc(1, sizeof *none);

	none->end = end;
	intent_on_sent(&r->i, r->task.gw->now, none);
	free(none);
	keep(r);
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
		task_wallet(t, r->tenant, &q, tenant_of(r)->wallet.timeout_money_ms, on_sent);
	mem_wipe(&login, sizeof login);
	mem_wipe(&q, sizeof q);
}

static void
on_attempt_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct store_key key;
	struct wallet_req q = { 0 };

	if (!saved(r, e))
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
	task_wallet(t, r->tenant, &q, tenant_of(r)->wallet.timeout_money_ms, on_sent);
}

static void
send_attempt(struct run *r)
{
	struct gateway *gw = r->task.gw;
	int64_t lease = tenant_of(r)->wallet.timeout_money_ms + LEASE_MS;

	if (r->i.token_expires == 0 && r->i.kind == INTENT_WITHDRAWAL)
		r->i.token_expires = gw->now + say_token_life_ms(tenant_of(r), r->i.type);
	intent_sending(&r->i, gw->now, gw->process, lease);
	r->dirty = true;
	save(r, gw->now + lease, on_attempt_saved);
}

/* ---- asking what became of it ---- */

static void ask_page(struct run *r);

static void
asked(struct run *r, enum intent_finding f)
{
	log_info(r->task.id, "intent asked", "intent=%s found=%d state=%s", r->i.id, (int)f,
	    intent_state_name(r->i.state));
	intent_on_asked(&r->i, r->task.gw->now, f,
	    f == FOUND && r->i.kind == INTENT_WITHDRAWAL ? &r->item : NULL);
	if (r->i.state == INTENT_PERSON) {
		metric_add(M_INTENTS_PERSON, 1);
		log_error(r->task.id, "intent needs a person", "intent=%s", r->i.id);
	}
	if (r->i.state == INTENT_NOT_DONE && r->i.cancel)
		log_error(r->task.id, "withdrawal turned up late", "intent=%s", r->i.id);
	keep(r);
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
	struct wallet_req q = { .op = WALLET_TRANSACTIONS };

	if (r->i.kind == INTENT_WITHDRAWAL)
		q.op = WALLET_WITHDRAWAL_LIST;
	q.wallet_id = r->i.wallet_id;
	q.from_ms = r->i.first_send - LIST_BACK_MS;
	q.to_ms = r->task.gw->now + LIST_BACK_MS;
	q.offset = r->offset;
	task_wallet(&r->task, r->tenant, &q, tenant_of(r)->wallet.timeout_read_ms, on_listed);
}

static void
ask(struct run *r)
{
	r->offset = 0;
	r->ids_missing = r->found = false;
	ask_page(r);
}

static void
on_followed(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	const struct wallet_answer *a = e->wallet;

	intent_on_status(&r->i, t->gw->now, a->end == WALLET_DONE && a->n == 1 ? &a->withdrawal[0] : NULL);
	keep(r);
}

static void
on_cancelled(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	intent_on_cancelled(&r->i, t->gw->now, e->wallet->end == WALLET_REFUSED);
	keep(r);
}

static void
withdrawal_call(struct run *r, enum wallet_op op, task_fn *on)
{
	struct wallet_req q = { .op = op };

	q.wallet_id = r->i.wallet_id;
	q.withdrawal_id = r->i.withdrawal_id;
	task_wallet(&r->task, r->tenant, &q, tenant_of(r)->wallet.timeout_read_ms, on);
}

/* ---- steps in other buckets, each idempotent ---- */

static int
step_of(enum intent_action a)
{
	static const int step[] = {
		[DO_INDEX] = STEP_INDEXED, [DO_REFER] = STEP_REFERRED, [DO_TOKEN_SMS] = STEP_TOKEN_SMS,
		[DO_RESULT_SMS] = STEP_RESULT_SMS, [DO_RECEIVER_SMS] = STEP_RECEIVER_SMS,
		[DO_FINAL_SMS] = STEP_FINAL_SMS,
	};

	return step[a];
}

static void
on_step_done(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	/* CONFLICT: it was there before, put by an earlier run of this step. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		give_up(r, "a step could not be saved");
		return;
	}
	r->i.steps |= step_of(r->doing);
	keep(r);
}

static void
put_index(struct run *r)
{
	struct store_commit c = { .n = 1 };
	char owner[STORE_OWNER];

	str_format(owner, sizeof owner, "%s/%s/%" PRId64, r->i.tenant, r->i.integrator, r->i.wallet_id);
	c.op[0] = (struct store_op){ .kind = STORE_LIST_ADD, .score = r->i.accepted_at };
	c.op[0].key = key_of(STORE_INDEX, owner, "");
	str_copy(c.op[0].item, sizeof c.op[0].item, r->i.uid);
	task_commit(&r->task, &c, on_step_done);
}

static void
put_reference(struct run *r)
{
	struct store_commit c = { .n = 0 };
	struct rev rev = { 0 };
	char owner[STORE_OWNER];
	struct store_key key;
	struct buf *b = scratch(r->task.gw, 1);

	str_format(owner, sizeof owner, "%s/%s/%" PRId64 "#%" PRId64, r->i.tenant, r->i.integrator,
	    r->i.wallet_id, r->i.withdrawal_id);
	key = key_of(STORE_INTENT, owner, "uid");
	buf_add_str(b, r->i.uid);
	commit_put(r->task.gw, &c, &key, &rev, b, 0);
	task_commit(&r->task, &c, on_step_done);
}

static void
put_message(struct run *r)
{
	struct message m;
	struct store_commit c = { .n = 0 };

	if (!say_intent(r->task.gw, r->tenant, &r->i, r->doing, &m)) {
		if (r->doing == DO_TOKEN_SMS)
			intent_cancel(&r->i, r->task.gw->now);	/* it can reach nobody */
		else
			r->i.steps |= step_of(r->doing);	/* nothing is to be said */
		keep(r);
		return;
	}
	say_put(r->task.gw, &c, &m);
	task_commit(&r->task, &c, on_step_done);
	mem_wipe(&m, sizeof m);
}

/* ---- the subscriber: not open any more, and what became of it ---- */

static void note(struct run *r);

static void
on_noted(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end == STORE_CONFLICT && ++r->tries < LIMIT_TRIES) {
		r->i.steps &= ~STEP_NOTED;
		note(r);
		return;
	}
	if (!saved(r, e))
		return;
	metric_add(r->i.state == INTENT_DONE ? M_INTENTS_DONE : M_INTENTS_NOT_DONE, 1);
	go_on(r);
}

static void
note_payee(struct run *r)
{
	unsigned char payee[16];

	if (r->i.kind == INTENT_TRANSFER)
		gateway_mac(r->task.gw, "payee", r->i.to_phone, payee);
	else {
		gateway_mac(r->task.gw, "token payee", r->i.to_phone, payee);
		subscriber_add_token(&r->sub, payee, r->i.amount, r->i.accepted_at);
	}
	subscriber_add_recent(&r->sub, payee, r->i.amount, r->i.accepted_at);
}

static void
on_subscriber_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_SUBSCRIBER, r->i.owner, "");
	struct buf *b = scratch(t->gw, 1);
	char today[9];

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, &r->sub))) {
		give_up(r, "the subscriber could not be read");
		return;
	}
	rev_loaded(&r->sub_rev, &e->v[0]);
	calendar_day(t->gw->now, today);
	subscriber_new_day(&r->sub, today);
	if (strcmp(r->sub.open_intent, r->i.id) == 0)
		r->sub.open_intent[0] = '\0';
	if (r->i.accepted_at >= r->sub.outcome_at) {
		r->sub.outcome = r->i.state == INTENT_DONE ? OUTCOME_DONE :
		    r->i.state == INTENT_NOT_DONE ? OUTCOME_NOT_DONE : OUTCOME_CHECKING;
		r->sub.outcome_at = r->i.accepted_at;
		r->sub.outcome_told = is_watched(r);
	}
	if (r->i.state == INTENT_DONE) {
		note_payee(r);
		r->sub.spent += r->i.amount;
	}
	if (r->i.why == WHY_LIMIT && strcmp(r->i.phone, r->i.to_phone) != 0)
		r->sub.refused_other++;
	r->i.steps |= STEP_NOTED;
	r->dirty = true;
	subscriber_encode(&r->sub, b);
	commit_put(t->gw, &c, &key, &r->sub_rev, b, 0);
	add_intent(r, &c, t->gw->now + LEASE_MS);
	task_commit(t, &c, on_noted);
}

static void
note(struct run *r)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, r->i.owner, "");

	task_load(&r->task, &key, 1, on_subscriber_loaded);
}

/* ---- what next ---- */

static void
on_woken(struct task *t, const struct event *e)
{
	(void)e;
	go_on(run_of(t));
}

static void
wait_until(struct run *r, int64_t at)
{
	if (at - r->task.gw->now <= STAY_MS && !r->task.gw->draining)
		task_sleep(&r->task, at, on_woken);
	else {
		tell_watcher(r, intent_settled(&r->i));
		save(r, at, on_saved_end);
	}
}

static void
finished(struct run *r)
{
	log_info(r->task.id, "intent end", "intent=%s state=%s why=%s", r->i.id,
	    intent_state_name(r->i.state), intent_why_name(r->i.why));
	save(r, 0, on_saved_end);
}

static bool
to_be_told(const struct run *r)
{
	return intent_settled(&r->i) &&
	    (r->i.integrator[0] == '\0' || r->i.state != INTENT_DONE || (r->i.steps & STEP_REFERRED) != 0);
}

/* What no screen could tell is told by SMS, also where the tenant wants none: "the result comes by SMS" was promised. */
static enum intent_action
next_action(struct run *r, int64_t *at)
{
	bool sms = tenant_of(r)->result_sms;
	struct intent_rules rules = { r->task.gw->settings->give_back, sms };
	enum intent_state before = r->i.state;
	enum intent_action doing = intent_next(&r->i, &rules, r->task.gw->now, at);

	r->dirty |= r->i.state != before;
	return doing;
}

static void
go_on(struct run *r)
{
	enum intent_action doing;
	int64_t at;

	doing = next_action(r, &at);
	/* The watcher hears after the outcome is noted, so that the next dial does not tell it once more. */
	if (to_be_told(r) && doing != DO_NOTE && doing != DO_RELEASE_LIMIT && is_watched(r)) {
		tell_watcher(r, true);
		if (!tenant_of(r)->result_sms) {
			/* Heard on a screen, and the tenant wants no more: kept, so that no later run says it again. */
			r->i.steps |= STEP_RESULT_SMS;
			r->dirty = true;
		}
		doing = next_action(r, &at);
	}
	r->doing = doing;
	log_debug(r->task.id, "intent next", "intent=%s state=%s do=%s", r->i.id,
	    intent_state_name(r->i.state), intent_action_name(doing));
	switch (doing) {
	case DO_NOTHING:
		finished(r);
		break;
	case DO_WAIT:
		wait_until(r, at);
		break;
	case DO_INDEX:
		put_index(r);
		break;
	case DO_REFER:
		put_reference(r);
		break;
	case DO_RESERVE:
	case DO_COMMIT_LIMIT:
	case DO_RELEASE_LIMIT:
		limit_load(r);
		break;
	case DO_SEND:
		send_attempt(r);
		break;
	case DO_ASK:
		ask(r);
		break;
	case DO_FOLLOW:
		withdrawal_call(r, WALLET_WITHDRAWAL_GET, on_followed);
		break;
	case DO_CANCEL:
		withdrawal_call(r, WALLET_WITHDRAWAL_CANCEL, on_cancelled);
		break;
	case DO_NOTE:
		note(r);
		break;
	case DO_TOKEN_SMS:
	case DO_RESULT_SMS:
	case DO_RECEIVER_SMS:
	case DO_FINAL_SMS:
		put_message(r);
		break;
	}
}

/* ---- beginning ---- */

static struct run *
run_new(struct gateway *gw, const char *id)
{
	struct run *r;

	if (map_get(gw->running, id, strlen(id)) != NULL)
		return NULL;
	r = xcalloc(1, sizeof *r);
	str_copy(r->id, sizeof r->id, id);
	map_put(gw->running, id, strlen(id), r);
	gw->runs++;
	task_start(gw, &r->task, run_end);
	return r;
}

static bool
take_record(struct run *r, const struct store_value *v)
{
	if (!v->present || v->damaged || !intent_decode(v->p, v->len, &r->i)) {
		log_error(r->task.id, "intent damaged", "intent=%s", r->id);
		return false;
	}
	rev_loaded(&r->rev, v);
	r->tenant = tenant_find(r->task.gw, r->i.tenant);
	if (r->tenant < 0)
		log_error(r->task.id, "intent of no tenant", "intent=%s tenant=%s", r->i.id, r->i.tenant);
	return r->tenant >= 0;
}

static void
on_intent_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end != STORE_DONE || !take_record(r, &e->v[0]))
		give_up(r, "could not be read");
	else
		go_on(r);
}

static void
on_called_again(struct task *t, const struct event *e)
{
	(void)e;
	start_again(run_of(t));
}

void
run_start(struct gateway *gw, const char *owner, const char *id)
{
	struct run *old = map_get(gw->running, id, strlen(id));
	struct store_key key = key_of(STORE_INTENT, owner, id);

	if (old != NULL) {
		/* What it is at now ends in a conflict; where it only waits, it need not. An answer that waits to be
		 * saved is not let go. */
		old->again = true;
		if (!list_empty(&old->task.asleep) && !old->dirty)
			task_sleep(&old->task, gw->now, on_called_again);
		return;
	}
	task_load(&run_new(gw, id)->task, &key, 1, on_intent_loaded);
}

void
run_claimed(struct gateway *gw, const struct store_value *v)
{
	struct intent *i = xcalloc(1, sizeof *i);
	struct run *r = NULL;

	if (intent_decode(v->p, v->len, i))
		r = run_new(gw, i->id);
	mem_wipe(i, sizeof *i);
	free(i);
	if (r == NULL)
		return;
	metric_add(M_INTENTS_TAKEN_OVER, 1);
	if (take_record(r, v))
		go_on(r);
	else
		task_end(&r->task);
}

void
run_watch(struct gateway *gw, const char *id, uint64_t watcher)
{
	struct run *r = map_get(gw->running, id, strlen(id));

	if (r != NULL)
		r->watcher = watcher;
}
