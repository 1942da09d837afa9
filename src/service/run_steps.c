/* SPDX-License-Identifier: Apache-2.0 */
/* A run's steps in other buckets, each idempotent, and the note in the subscriber's record. */
#include <inttypes.h>
#include <string.h>

#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/day_cap.h"
#include "service/run_parts.h"
#include "service/say.h"

#define CAP_TRIES 100

/* ---- the integrator's day ---- */

static void
cap_key(const struct run *r, struct store_key *key)
{
	char owner[STORE_OWNER], day[9];

	calendar_day(r->i.accepted_at, day);
	str_format(owner, sizeof owner, "%s/%s", r->i.tenant, r->i.integrator);
	*key = key_of(STORE_COUNTER, owner, day);
}

static const struct integrator_settings *
integrator_of(const struct run *r)
{
	const struct tenant_settings *t = run_tenant(r);

	for (int k = 0; k < t->integrators_n; k++)
		if (strcmp(t->integrators[k].name, r->i.integrator) == 0)
			return &t->integrators[k];
	return NULL;
}

static void
on_cap_again(struct task *t, const struct event *e)
{
	(void)e;
	run_cap(run_of(t));
}

static void
on_cap_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	unsigned char jitter;

	if (e->end == STORE_CONFLICT && ++r->tries < CAP_TRIES) {
		/* Orders of one integrator that come at once count one after the other. */
		t->gw->ports->random(t->gw->ports->ctx, &jitter, 1);
		task_sleep(t, t->gw->now + 5 + jitter % 50, on_cap_again);
	} else if (e->end == STORE_DONE) {
		intent_on_capped(&r->i, true);
		run_keep(r);
	} else
		run_give_up(r, "the day's cap could not be saved");
}

static void
on_cap_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct day_cap cap = { 0 };
	struct store_commit c = { .n = 0 };
	struct store_key key;
	struct rev rev;
	struct buf *b = scratch(t->gw, 1);

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !day_cap_decode(e->v[0].p, e->v[0].len, &cap))) {
		run_give_up(r, "the day's cap could not be read");
		return;
	}
	if (!run_is_ours(r)) {
		run_keep(r);
		return;
	}
	rev_loaded(&rev, &e->v[0]);
	if (!day_cap_take(&cap, integrator_of(r), r->i.amount)) {
		metric_add(M_TOKENS_CAPPED, 1);
		intent_on_capped(&r->i, false);
		run_keep(r);
		return;
	}
	cap_key(r, &key);
	day_cap_encode(&cap, b);
	commit_put(t->gw, &c, &key, &rev, b, 0);
	task_commit(t, &c, on_cap_saved);
}

/* Counted once the order owns its id, so that the same order sent twice counts once. */
void
run_cap(struct run *r)
{
	const struct integrator_settings *who = integrator_of(r);
	struct store_key key;

	if (who == NULL || !day_cap_set(who)) {
		intent_on_capped(&r->i, true);
		run_keep(r);
		return;
	}
	cap_key(r, &key);
	task_load(&r->task, &key, 1, on_cap_loaded);
}

/* ---- look-ups and messages ---- */

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
		run_give_up(r, "a step could not be saved");
		return;
	}
	r->i.steps |= step_of(r->doing);
	run_keep(r);
}

void
run_index(struct run *r)
{
	struct store_commit c = { .n = 1 };
	char owner[STORE_OWNER];

	str_format(owner, sizeof owner, "%s/%s/%" PRId64, r->i.tenant, r->i.integrator, r->i.wallet_id);
	c.op[0] = (struct store_op){ .kind = STORE_LIST_ADD, .score = r->i.accepted_at };
	c.op[0].key = key_of(STORE_INDEX, owner, "");
	str_copy(c.op[0].item, sizeof c.op[0].item, r->i.uid);
	task_commit(&r->task, &c, on_step_done);
}

void
run_refer(struct run *r)
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

void
run_message(struct run *r)
{
	struct message m;
	struct store_commit c = { .n = 0 };

	if (!say_intent(r->task.gw, r->tenant, &r->i, r->doing, &m)) {
		if (r->doing == DO_TOKEN_SMS)
			intent_cancel(&r->i, r->task.gw->now);	/* it can reach nobody */
		else
			r->i.steps |= step_of(r->doing);	/* nothing is to be said */
		run_keep(r);
		return;
	}
	say_put(r->task.gw, &c, &m);
	task_commit(&r->task, &c, on_step_done);
	mem_wipe(&m, sizeof m);
}

/* ---- what may be said more than once, and is counted ---- */

static int *
said_of(struct run *r)
{
	return r->doing == DO_RESEND_SMS ? &r->i.resent : &r->i.kept_told;
}

static void
on_said_again(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		run_give_up(r, "a message could not be put into the outbox");
		return;
	}
	if (e->end == STORE_DONE && r->doing == DO_RESEND_SMS)
		metric_add(M_TOKENS_RESENT, 1);
	++*said_of(r);
	run_keep(r);
}

void
run_say_again(struct run *r)
{
	struct message m;
	struct store_commit c = { .n = 0 };
	/* A token that ended since it was asked for is sent to nobody. */
	bool wanted = r->doing == DO_KEPT_SMS || intent_token_usable(&r->i, r->task.gw->now);

	if (!wanted || !say_again(r->task.gw, r->tenant, &r->i, r->doing, *said_of(r) + 1, &m)) {
		++*said_of(r);
		run_keep(r);
		return;
	}
	say_put(r->task.gw, &c, &m);
	task_commit(&r->task, &c, on_said_again);
	mem_wipe(&m, sizeof m);
}

/* ---- the subscriber: not open any more, and what became of it ---- */

static void
on_noted(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end == STORE_CONFLICT && ++r->tries < RUN_TRIES) {
		r->i.steps &= ~STEP_NOTED;
		run_note(r);
		return;
	}
	if (!run_saved(r, e))
		return;
	rev_saved(&r->noted.rev);
	r->is_noted = true;
	if (r->i.state != INTENT_PERSON)	/* counted when it came to one, and again when it is resolved */
		metric_add(r->i.state == INTENT_DONE ? M_INTENTS_DONE : M_INTENTS_NOT_DONE, 1);
	run_go_on(r);
}

static void
note_payee(struct run *r)
{
	unsigned char payee[16];

	if (r->i.kind == INTENT_TRANSFER)
		gateway_mac(r->task.gw, "payee", r->i.to_phone, payee);
	else {
		gateway_mac(r->task.gw, "token payee", r->i.to_phone, payee);
		subscriber_add_token(&r->noted.sub, payee, r->i.amount, r->i.accepted_at);
	}
	subscriber_add_recent(&r->noted.sub, payee, r->i.amount, r->i.accepted_at);
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
	    (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, &r->noted.sub))) {
		run_give_up(r, "the subscriber could not be read");
		return;
	}
	rev_loaded(&r->noted.rev, &e->v[0]);
	calendar_day(t->gw->now, today);
	subscriber_new_day(&r->noted.sub, today);
	if (strcmp(r->noted.sub.open_intent, r->i.id) == 0)
		r->noted.sub.open_intent[0] = '\0';
	if (r->i.accepted_at >= r->noted.sub.outcome_at) {
		r->noted.sub.outcome = r->i.state == INTENT_DONE ? OUTCOME_DONE :
		    r->i.state == INTENT_NOT_DONE ? OUTCOME_NOT_DONE : OUTCOME_CHECKING;
		r->noted.sub.outcome_at = r->i.accepted_at;
		r->noted.sub.outcome_told = false;	/* until a turn has saved the screen that tells it */
	}
	if (r->i.state == INTENT_DONE) {
		note_payee(r);
		r->noted.sub.spent += r->i.amount;
	}
	/* All that look alike count alike, or the cap itself would tell them apart. */
	if (r->i.kind == INTENT_WITHDRAWAL && r->i.state == INTENT_NOT_DONE && intent_why_told(&r->i) == WHY_REFUSED &&
	    strcmp(r->i.phone, r->i.to_phone) != 0)
		r->noted.sub.refused_other++;
	r->i.steps |= STEP_NOTED;
	r->dirty = true;
	subscriber_encode(&r->noted.sub, b);
	commit_put(t->gw, &c, &key, &r->noted.rev, b, 0);
	run_add_intent(r, &c, t->gw->now + RUN_LEASE_MS);
	task_commit(t, &c, on_noted);
}

void
run_note(struct run *r)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, r->i.owner, "");

	task_load(&r->task, &key, 1, on_subscriber_loaded);
}
