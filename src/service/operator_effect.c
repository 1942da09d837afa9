/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What acts change: a record of one phone's bucket each, in one commit with the act's line in the phone's history.
 * Where the commit's answer does not come, it is waited until it can no longer be executed, and then read whether it
 * was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "core/history.h"
#include "core/pin_write.h"
#include "service/operator_parts.h"
#include "service/run.h"

#define EFFECT_TRIES 8
#define SETTLED_MS 6000			/* by then the store has executed the commit, or refuses it */
#define CANCEL_WAIT_MS 8000
#define LOOK_MS 300

static void load(struct op_call *c);
static void save(struct op_call *c);

void
op_ends(struct op_call *c, const char *ended, int status, const char *refusal)
{
	c->ended = ended;
	c->status = status;
	c->refusal = refusal;
	c->after(c);
}

static void
not_known(struct op_call *c)
{
	op_ends(c, "unknown", 500, "It is not known whether it was done: look before you do it again");
}

/* ---- what each act makes of the records: NULL, or why not ---- */

static const char *
refused(struct op_call *c, const char *words)
{
	c->ended = "refused";
	c->status = 409;
	return words;
}

static const char *
stale(struct op_call *c)
{
	c->ended = "stale";
	c->status = 409;
	return "It is not any more as it was when this was asked for. Look again, and ask again";
}

static const char *
apply_unlock(struct op_call *c)
{
	if (!pin_unlock(&c->pin, c->task.gw->now))
		return refused(c, "There is no lock and no wrong try");
	c->pin_dirty = true;
	return NULL;
}

static const char *
apply_freeze(struct op_call *c)
{
	if (c->sub.frozen_at != 0)
		return refused(c, "The phone is frozen already");
	c->sub.frozen_at = c->task.gw->now;
	pin_reset_stop(&c->sub);	/* whose phone it is could not end the wait now by dialling */
	c->sub_dirty = true;
	return NULL;
}

static const char *
apply_unfreeze(struct op_call *c)
{
	if (c->again && c->sub.frozen_at == 0)
		return NULL;
	if (c->dry && c->sub.frozen_at == 0)
		return refused(c, "The phone is not frozen");
	if (c->dry)
		c->req.seen = c->sub.frozen_at;
	else if (c->sub.frozen_at != c->req.seen)
		return stale(c);
	c->sub.frozen_at = 0;
	c->sub_dirty = true;
	return NULL;
}

static const char *
apply_opt(struct op_call *c)
{
	bool out = c->doing == ACT_OPT_OUT;

	if (c->sub.opted_out == out)
		return refused(c, out ? "The phone gets no notices already" : "The phone gets notices already");
	subscriber_opt_out(&c->sub, out, c->task.gw->now);
	c->sub_dirty = true;
	return NULL;
}

static const char *
no_intent(struct op_call *c)
{
	c->ended = "refused";
	c->status = 404;
	return "This phone has no such payment";
}

static const char *
apply_resend(struct op_call *c)
{
	if (c->i.id[0] == '\0')
		return no_intent(c);
	if (c->sub.frozen_at != 0)
		return refused(c, "The phone is frozen");
	if (sim_is_new(&c->sub, c->task.gw->now))
		return refused(c, "The SIM of the phone was changed less than 72 hours ago");
	if (!intent_token_usable(&c->i, c->task.gw->now) || !c->i.gateway_sends)
		return refused(c, "There is no code of ours that can still be used");
	if (c->i.resends >= INTENT_RESENDS)
		return refused(c, "The code was sent again as often as it may be");
	c->i.resends++;
	c->intent_dirty = true;
	return NULL;
}

static const char *
apply_cancel(struct op_call *c)
{
	if (c->i.id[0] == '\0')
		return no_intent(c);
	/* While its message may be on its way into the outbox, to cancel it would tell it as never made. */
	if (c->i.kind != INTENT_WITHDRAWAL || c->i.state != INTENT_DONE || !intent_settled(&c->i) ||
	    c->i.core_status - 1 != WSTATUS_PENDING)
		return refused(c, "Only a code that was made and not used yet can be cancelled");
	intent_cancel(&c->i, c->task.gw->now);
	c->intent_dirty = true;
	return NULL;
}

static const char *
apply_resolve(struct op_call *c)
{
	bool as_seen = c->dry || (c->i.id[0] != '\0' && c->i.person_at == c->req.seen);

	if (c->again && as_seen && c->i.resolved_at != 0)
		return NULL;
	if (!as_seen)
		return stale(c);
	c->req.seen = c->i.person_at;
	switch (intent_resolve(&c->i, c->task.gw->now, c->req.done)) {
	case RESOLVED:
		c->intent_dirty = true;
		return NULL;
	case RESOLVE_PAID_OUT:
		return refused(c, "The wallet core says that it was paid out: it cannot be told as not done");
	case RESOLVE_NOT_PAID_OUT:
		return refused(c, "Its code never went out and the wallet core does not say that it was used: "
		    "it cannot be told as done");
	case RESOLVE_NOT_WITH_PERSON:
		break;
	}
	return c->dry ? refused(c, "The payment is not with a person") : stale(c);
}

static const char *(*const apply[OPERATOR_ACTS])(struct op_call *c) = {
	[ACT_UNLOCK] = apply_unlock, [ACT_FREEZE] = apply_freeze, [ACT_UNFREEZE] = apply_unfreeze,
	[ACT_OPT_OUT] = apply_opt, [ACT_OPT_IN] = apply_opt, [ACT_RESEND] = apply_resend,
	[ACT_CANCEL] = apply_cancel, [ACT_RESOLVE] = apply_resolve,
};

/* ---- what follows once it is saved ---- */

static void
done(struct op_call *c)
{
	op_ends(c, "done", 200, NULL);
}

static void
resolved(struct op_call *c)
{
	metric_add(M_INTENTS_RESOLVED, 1);
	log_info(c->task.id, "intent resolved", "intent=%s state=%s", c->i.id, intent_state_name(c->i.state));
	run_start(c->task.gw, c->owner, c->intent_id);
	done(c);
}

/* Its own run puts it into the outbox, also if we die now. */
static void
resent(struct op_call *c)
{
	run_start(c->task.gw, c->owner, c->intent_id);
	done(c);
}

static void look_at_cancel(struct task *t, const struct event *e);

static void
on_cancel_read(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	bool read = e->end == STORE_DONE && e->v[0].present && intent_decode(e->v[0].p, e->v[0].len, &c->i);
	int status = read ? c->i.core_status - 1 : WSTATUS_PENDING;

	if (status == WSTATUS_CANCELLED || status == WSTATUS_TIMEOUT)
		done(c);
	else if (status != WSTATUS_PENDING || (read && !c->i.cancel))
		op_ends(c, "refused", 409, "The wallet core did not cancel it: it was used, or cannot be cancelled");
	else if (t->gw->now >= c->wait_until || op_too_late(c))
		op_ends(c, "under_way", 200, NULL);
	else
		task_sleep(t, t->gw->now + LOOK_MS, look_at_cancel);
}

static void
look_at_cancel(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct store_key key = key_of(STORE_INTENT, c->owner, c->intent_id);

	(void)e;
	task_load(t, &key, 1, on_cancel_read);
}

static void
cancelled(struct op_call *c)
{
	c->wait_until = c->task.gw->now + CANCEL_WAIT_MS;
	run_start(c->task.gw, c->owner, c->intent_id);
	look_at_cancel(&c->task, NULL);
}

static op_fn *const follows[OPERATOR_ACTS] = {
	[ACT_UNLOCK] = done, [ACT_FREEZE] = done, [ACT_UNFREEZE] = done, [ACT_OPT_OUT] = done, [ACT_OPT_IN] = done,
	[ACT_RESEND] = resent, [ACT_CANCEL] = cancelled, [ACT_RESOLVE] = resolved,
};

/* ---- saving ---- */

static bool
is_ours(const struct rev *r, const struct store_value *v)
{
	return memcmp(v->version.p, r->next.p, sizeof v->version.p) == 0;
}

static bool
is_as_loaded(const struct rev *r, const struct store_value *v)
{
	return memcmp(v->version.p, r->at.p, sizeof v->version.p) == 0;
}

static const struct rev *
dirty_rev(const struct op_call *c)
{
	return c->sub_dirty ? &c->sub_rev : c->pin_dirty ? &c->pin_rev : &c->i_rev;
}

static struct store_key
dirty_key(const struct op_call *c)
{
	if (c->sub_dirty)
		return key_of(STORE_SUBSCRIBER, c->owner, "");
	return c->pin_dirty ? key_of(STORE_PIN, c->owner, "") : key_of(STORE_INTENT, c->owner, c->intent_id);
}

static void
on_reread(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end == STORE_DONE && is_ours(dirty_rev(c), &e->v[0]))
		follows[c->doing](c);
	else if (e->end == STORE_DONE && is_as_loaded(dirty_rev(c), &e->v[0]))
		load(c);		/* it never came there, and never will */
	else
		not_known(c);		/* somebody changed it since: after us, or instead */
}

static void
reread(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct store_key key = dirty_key(c);

	(void)e;
	task_load(t, &key, 1, on_reread);
}

static void
on_saved(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	switch (e->end) {
	case STORE_DONE:
		follows[c->doing](c);
		break;
	case STORE_CONFLICT:
		if (++c->tries < EFFECT_TRIES)
			load(c);
		else
			op_ends(c, "failed", 503, "Others changed it all the time. Nothing was done; try again");
		break;
	case STORE_LATE:
	case STORE_FULL:
		op_ends(c, "failed", 503, "The store could not take it. Nothing was done; try again");
		break;
	case STORE_UNKNOWN:
		task_sleep(t, t->gw->now + SETTLED_MS, reread);
		break;
	}
}

static void
add_intent(struct op_call *c, struct store_commit *commit, const struct store_key *key)
{
	struct gateway *gw = c->task.gw;
	struct buf *b = scratch(gw, 2);

	intent_encode(&c->i, b);
	commit_put(gw, commit, key, &c->i_rev, b, 0);
	commit_list_add(commit, STORE_DUE, key, gw->now + RUN_LEASE_MS);
	if (c->doing == ACT_RESOLVE)
		commit_part_remove(commit, STORE_PERSON, c->tenant_name, key);
}

static void
save(struct op_call *c)
{
	struct gateway *gw = c->task.gw;
	struct store_commit commit = { .n = 0 };
	struct store_key key = dirty_key(c);
	char item[HISTORY_ITEM];
	struct buf *b = scratch(gw, 1);

	if (c->sub_dirty) {
		subscriber_encode(&c->sub, b);
		commit_put(gw, &commit, &key, &c->sub_rev, b, 0);
	} else if (c->pin_dirty) {
		pin_encode(&c->pin, b);
		commit_put(gw, &commit, &key, &c->pin_rev, b, 0);
	} else
		add_intent(c, &commit, &key);
	if (c->phone[0] != '\0') {
		history_act(item, c->asked);
		commit_owned_item(&commit, STORE_LIST_ADD, STORE_HISTORY, c->owner, item, gw->now);
	}
	task_commit(&c->task, &commit, on_saved);
}

/* ---- loading ---- */

static bool
take_records(struct op_call *c, const struct event *e)
{
	const struct store_value *v = e->v;

	if (e->end != STORE_DONE || v[0].damaged || v[1].damaged || (e->n > 2 && v[2].damaged))
		return false;
	memset(&c->sub, 0, sizeof c->sub);
	memset(&c->pin, 0, sizeof c->pin);
	memset(&c->i, 0, sizeof c->i);
	c->sub_dirty = c->pin_dirty = c->intent_dirty = false;
	rev_loaded(&c->sub_rev, &v[0]);
	rev_loaded(&c->pin_rev, &v[1]);
	if ((v[0].present && !subscriber_decode(v[0].p, v[0].len, &c->sub)) ||
	    (v[1].present && !pin_decode(v[1].p, v[1].len, &c->pin)))
		return false;
	if (e->n < 3 || !v[2].present)
		return true;
	rev_loaded(&c->i_rev, &v[2]);
	return intent_decode(v[2].p, v[2].len, &c->i);
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	const char *refusal;

	if (!take_records(c, e)) {
		op_ends(c, "failed", 503, "A record could not be read. Nothing was done");
		return;
	}
	refusal = apply[c->doing](c);
	if (refusal != NULL)
		op_ends(c, c->ended, c->status, refusal);
	else if (c->dry)
		done(c);
	else if (!c->sub_dirty && !c->pin_dirty && !c->intent_dirty)
		follows[c->doing](c);	/* it was done when it was approved first */
	else
		save(c);
}

static void
load(struct op_call *c)
{
	struct store_key keys[3] = { key_of(STORE_SUBSCRIBER, c->owner, ""), key_of(STORE_PIN, c->owner, "") };
	size_t n = 2;

	if (op_too_late(c)) {
		op_ends(c, "failed", 503, "It took too long. Nothing was done; try again");
		return;
	}
	if (c->doing == ACT_SET_ASIDE) {	/* of records that no other act could read */
		op_set_aside(c);
		return;
	}
	if (c->intent_id[0] != '\0')
		keys[n++] = key_of(STORE_INTENT, c->owner, c->intent_id);
	task_load(&c->task, keys, n, on_loaded);
}

void
op_effect(struct op_call *c, op_fn *after)
{
	c->dry = false;
	c->after = after;
	c->tries = 0;
	load(c);
}

void
op_dry_run(struct op_call *c, op_fn *after)
{
	c->dry = true;
	c->after = after;
	load(c);
}
