/* SPDX-License-Identifier: Apache-2.0 */
#include "service/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/run_parts.h"

#define STAY_MS 3000			/* waits shorter than this are sat out here */
#define RUNS_TENANT_MAX 500		/* claimed; those whose core is away leave room for others' */

static void on_intent_loaded(struct task *t, const struct event *e);

static void
run_end(struct task *t)
{
	struct run *r = run_of(t);

	map_remove(t->gw->running, r->id, strlen(r->id));
	t->gw->runs--;
	if (r->counted)
		t->gw->tenants[r->tenant].runs--;
	mem_wipe(r, sizeof *r);
	free(r);
}

bool
run_is_watched(const struct run *r)
{
	return r->watcher != 0 && task_find(r->task.gw, r->watcher) != NULL;
}

static void
tell_watcher(struct run *r, bool settled)
{
	struct watcher *w = NULL;

	if (run_is_watched(r))
		w = (struct watcher *)(void *)task_find(r->task.gw, r->watcher);
	r->watcher = 0;
	if (w == NULL)
		return;
	w->heard(&w->task, settled ? &r->i : NULL, settled && r->is_noted ? &r->noted : NULL);
}

/* This process lets go; the due list brings the intent back. */
void
run_give_up(struct run *r, const char *why)
{
	log_warn(r->task.id, "intent left", "intent=%s state=%s doing=%s why=\"%s\"", r->id,
	    intent_state_name(r->i.state), intent_action_name(r->doing), why);
	tell_watcher(r, false);
	task_end(&r->task);
}

const struct tenant_settings *
run_tenant(const struct run *r)
{
	return &r->task.gw->settings->tenants[r->tenant];
}

struct store_key
run_key(const struct run *r)
{
	return key_of(STORE_INTENT, r->i.owner, r->i.id);
}

/*
 * Adds the intent, and its place in the due list, to a commit of its bucket. One that did not change keeps its version:
 * whoever carries it on elsewhere is not disturbed.
 */
void
run_add_intent(struct run *r, struct store_commit *c, int64_t due)
{
	struct gateway *gw = r->task.gw;
	struct store_key key = run_key(r);
	struct buf *b = scratch(gw, 0);

	if (r->dirty) {
		intent_encode(&r->i, b);
		commit_put(gw, c, &key, &r->rev, b, 0);
		if (r->i.state == INTENT_PERSON)
			commit_part_add(c, STORE_PERSON, r->i.tenant, &key, r->i.person_at);
	} else
		commit_check(c, &key, &r->rev);
	r->held_next = due - COMMIT_WITHIN_MS;
	if (due > 0)
		commit_list_add(c, STORE_DUE, &key, due);
	else
		commit_list_remove(c, STORE_DUE, &key);
}

void
run_save(struct run *r, int64_t due, task_fn *on)
{
	struct store_commit c = { .n = 0 };

	run_add_intent(r, &c, due);
	task_commit(&r->task, &c, on);
}

static void
start_again(struct run *r)
{
	struct store_key key = run_key(r);

	r->again = false;
	r->tries = 0;
	r->held_until = r->task.gw->now + RUN_START_MS;
	task_load(&r->task, &key, 1, on_intent_loaded);
}

bool
run_saved(struct run *r, const struct event *e)
{
	if (e->end == STORE_DONE) {
		RUN_POINT(r, "saved");
		if (r->dirty)
			rev_saved(&r->rev);
		r->dirty = false;
		r->held_until = r->held_next;
		return true;
	}
	if (e->end == STORE_CONFLICT && r->again)
		start_again(r);
	else if (e->end == STORE_CONFLICT)
		run_give_up(r, "somebody else carried it on");
	else
		run_give_up(r, "could not be saved");
	return false;
}

static void
on_saved_go_on(struct task *t, const struct event *e)
{
	if (run_saved(run_of(t), e))
		run_go_on(run_of(t));
}

/* What an answer changed is saved before anything follows from it. */
void
run_keep(struct run *r)
{
	RUN_POINT(r, "done");
	r->dirty = true;
	r->tries = 0;
	run_save(r, r->task.gw->now + RUN_LEASE_MS, on_saved_go_on);
}

static void
on_saved_end(struct task *t, const struct event *e)
{
	if (run_saved(run_of(t), e))
		task_end(t);
}

/* ---- what next ---- */

static void
on_woken(struct task *t, const struct event *e)
{
	(void)e;
	run_go_on(run_of(t));
}

void
run_wait_until(struct run *r, int64_t at)
{
	if (at - r->task.gw->now <= STAY_MS && !r->task.gw->draining) {
		task_sleep(&r->task, at, on_woken);
		r->task.light = !run_is_watched(r);
	} else {
		tell_watcher(r, intent_settled(&r->i));
		run_save(r, at, on_saved_end);
	}
}

static void
finished(struct run *r)
{
	log_info(r->task.id, "intent end", "intent=%s state=%s why=%s", r->i.id,
	    intent_state_name(r->i.state), intent_why_name(r->i.why));
	run_save(r, 0, on_saved_end);
}

void
run_needs_person(const struct run *r)
{
	metric_add(M_INTENTS_PERSON, 1);
	log_error(r->task.id, "intent needs a person", "intent=%s why=%s", r->id, intent_why_name(r->i.why));
}

static bool
to_be_told(const struct run *r)
{
	return intent_settled(&r->i) &&
	    (r->i.integrator[0] == '\0' || r->i.state != INTENT_DONE || (r->i.steps & STEP_REFERRED) != 0);
}

/*
 * What no screen could tell is told by SMS, also where the tenant wants none: "the result comes by SMS" was promised.
 */
static enum intent_action
next_action(struct run *r, int64_t *at)
{
	bool sms = run_tenant(r)->result_sms;
	struct intent_rules rules = { r->task.gw->settings->give_back, sms, r->task.gw->limit_closed, r->limit_away,
		r->task.gw->lost_ms };
	enum intent_state before = r->i.state;
	enum intent_action doing = intent_next(&r->i, &rules, r->task.gw->now, at);

	if (r->i.state != before && r->i.state == INTENT_PERSON)
		run_needs_person(r);
	r->dirty |= r->i.state != before;
	return doing;
}

/* The effect is not in the intent's own bucket: its version does not keep an old state from doing it. */
static bool
acts_elsewhere(enum intent_action a)
{
	/* Of these, each saves the intent before anything is done, or only reads. */
	return a != DO_NOTHING && a != DO_WAIT && a != DO_SEND && a != DO_ASK && a != DO_FOLLOW && a != DO_NOTE;
}

bool
run_is_ours(const struct run *r)
{
	return !r->dirty && r->task.gw->now < r->held_until;
}

static void
perform(struct run *r, int64_t at)
{
	switch (r->doing) {
	case DO_NOTHING:
		finished(r);
		break;
	case DO_WAIT:
		run_wait_until(r, at);
		break;
	case DO_CAP:
		run_cap(r);
		break;
	case DO_INDEX:
		run_index(r);
		break;
	case DO_REFER:
		run_refer(r);
		break;
	case DO_RESERVE:
	case DO_COMMIT_LIMIT:
	case DO_RELEASE_LIMIT:
		run_limit(r);
		break;
	case DO_SEND:
		run_send(r);
		break;
	case DO_ASK:
		run_ask(r);
		break;
	case DO_FOLLOW:
		run_follow(r);
		break;
	case DO_CANCEL:
		run_cancel(r);
		break;
	case DO_NOTE:
		run_note(r);
		break;
	case DO_RESEND_SMS:
	case DO_KEPT_SMS:
		run_say_again(r);
		break;
	case DO_TOKEN_SMS:
	case DO_RESULT_SMS:
	case DO_RECEIVER_SMS:
	case DO_FINAL_SMS:
		run_message(r);
		break;
	case DO_TELL:
		run_tell(r);
		break;
	case INTENT_ACTIONS:
		break;
	}
}

void
run_go_on(struct run *r)
{
	enum intent_action doing;
	int64_t at;

	doing = next_action(r, &at);
	/* What only time changed is not so before it is saved: others may have carried it on while we stood still. */
	if (r->dirty && to_be_told(r) && run_is_watched(r)) {
		run_keep(r);
		return;
	}
	/* The watcher hears after the outcome is noted, so that the next dial does not tell it once more. */
	if (to_be_told(r) && doing != DO_NOTE && doing != DO_RELEASE_LIMIT && run_is_watched(r)) {
		tell_watcher(r, true);
		if (!run_tenant(r)->result_sms) {
			/* Heard on a screen, and the tenant wants no more: kept, so that no later run says it again. */
			r->i.steps |= STEP_RESULT_SMS;
			r->dirty = true;
		}
		doing = next_action(r, &at);
	}
	r->doing = doing;
	if (acts_elsewhere(doing) && !run_is_ours(r)) {
		run_keep(r);
		return;
	}
	log_debug(r->task.id, "intent next", "intent=%s state=%s do=%s", r->i.id,
	    intent_state_name(r->i.state), intent_action_name(doing));
	RUN_POINT(r, "before");
	perform(r, at);
}

/* ---- beginning ---- */

static struct run *
run_new(struct gateway *gw, const char *owner, const char *id)
{
	struct store_key key = key_of(STORE_INTENT, owner, id);
	struct run *r;

	if (map_get(gw->running, id, strlen(id)) != NULL)
		return NULL;
	r = xcalloc(1, sizeof *r);
	r->held_until = gw->now + RUN_START_MS;
	str_copy(r->id, sizeof r->id, id);
	map_put(gw->running, id, strlen(id), r);
	gw->runs++;
	task_start(gw, &r->task, run_end);
	hold_start(gw, r->task.id, &key, &r->rev);
	return r;
}

bool
run_take_record(struct run *r, const struct store_value *v)
{
	if (!v->present || v->damaged || !intent_decode(v->p, v->len, &r->i)) {
		log_error(r->task.id, "intent damaged", "intent=%s", r->id);
		return false;
	}
	rev_loaded(&r->rev, v);
	r->tenant = tenant_find(r->task.gw, r->i.tenant);
	if (r->tenant < 0)
		log_error(r->task.id, "intent of no tenant", "intent=%s tenant=%s", r->i.id, r->i.tenant);
	else if (!r->counted) {
		task_for(&r->task, r->i.owner);
		r->task.gw->tenants[r->tenant].runs++;
		r->counted = true;
	}
	return r->tenant >= 0;
}

static void
on_intent_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end != STORE_DONE || !run_take_record(r, &e->v[0]))
		run_give_up(r, "could not be read");
	else
		run_go_on(r);
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
	task_load(&run_new(gw, owner, id)->task, &key, 1, on_intent_loaded);
}

void
run_claimed(struct gateway *gw, const struct store_value *v, int64_t until)
{
	struct intent *i = xcalloc(1, sizeof *i);
	struct run *r = NULL;

	if (intent_decode(v->p, v->len, i))
		r = run_new(gw, i->owner, i->id);
	mem_wipe(i, sizeof *i);
	free(i);
	if (r == NULL)
		return;
	r->held_until = until - COMMIT_WITHIN_MS;
	if (!run_take_record(r, v)) {
		task_end(&r->task);
	} else if (gw->tenants[r->tenant].runs > RUNS_TENANT_MAX) {
		metric_add(M_INTENTS_PUT_OFF, 1);
		task_end(&r->task);		/* the claim's lease brings it back */
	} else {
		metric_add(M_INTENTS_TAKEN_OVER, 1);
		run_go_on(r);
	}
}

void
run_watch(struct gateway *gw, const char *id, uint64_t watcher)
{
	struct run *r = map_get(gw->running, id, strlen(id));

	if (r != NULL)
		r->watcher = watcher;
}
