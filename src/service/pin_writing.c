/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pin_writing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/say.h"
#include "service/turn.h"

#define SAVE_TRIES 8
#define AGAIN_FIRST_MS 500
#define AGAIN_MOST_MS 15000
/* After a new key came into use every right PIN writes: the wallet core is left room for the customers. */
#define BEHIND_TURNS_MAX 32

enum stage { STAGE_BEGIN, STAGE_DONE, STAGE_REFUSED, STAGE_UNANSWERED };

struct writing {
	struct task task;
	int tenant;
	char owner[STORE_OWNER];
	struct pin_order o;
	uint64_t turn;
	enum stage stage;		/* what is being saved */
	struct subscriber sub;
	struct rev sub_rev;
	bool create;			/* or update: the next way that is tried */
	bool unanswered;		/* some attempt was */
	bool refused;			/* the other way was */
	int saves, attempts;
	int64_t until;
};

static void send(struct writing *w);
static void save(struct writing *w, enum stage stage);

static struct writing *
writing_of(struct task *t)
{
	return LIST_OF(t, struct writing, task);
}

static bool
is_local(const struct writing *w)
{
	return w->task.gw->settings->tenants[w->tenant].wallet.pin_check == PIN_CHECK_LOCAL;
}

static bool
is_behind_turns(enum pin_write_kind kind)
{
	return kind == PIN_WRITE_ROTATE || kind == PIN_WRITE_RETIRE;
}

static void
writing_end(struct task *t)
{
	struct writing *w = writing_of(t);

	t->gw->pin_writings--;
	mem_wipe(w, sizeof *w);
	free(w);
}

/* ---- its end ---- */

static void
on_said(struct task *t, const struct event *e)
{
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT)
		log_error(t->id, "pin result not told", "end=%d", e->end);
	task_end(t);
}

/* The screen promised no more than that we are not sure: how it ended is said by SMS. */
static void
say(struct writing *w, const char *key)
{
	struct gateway *gw = w->task.gw;
	const struct tenant_settings *s = &gw->settings->tenants[w->tenant];
	struct store_commit c = { .n = 0 };
	struct message *m = xcalloc(1, sizeof *m);
	struct vars v = { 0 };
	char id[MESSAGE_ID], uuid[37];

	vars_set(&v, "title", s->title);
	vars_set(&v, "help_phone", s->help_phone);
	gateway_uuid(gw, uuid);
	str_format(id, sizeof id, "%s:pin", uuid);
	if (say_text(gw, w->tenant, MSG_RESULT, id, strchr(w->owner, '/') + 1, w->sub.lang, key, &v, m)) {
		say_put(gw, &c, m);
		task_commit(&w->task, &c, on_said);
	} else
		task_end(&w->task);
	free(m);
}

static void
end(struct writing *w, enum pin_written how)
{
	static const char *const word[] = { "done", "not done", "unanswered" };
	bool quiet = is_behind_turns(w->o.w.kind);

	log_info(w->task.id, "pin write", "kind=%d end=\"%s\" attempts=%d", (int)w->o.w.kind, word[how], w->attempts);
	if (w->o.w.kind == PIN_WRITE_ROTATE)
		metric_add(how == PIN_WRITTEN ? M_PIN_ROTATED : M_PIN_ROTATE_FAILED, 1);
	if (how == PIN_MAYBE_WRITTEN)
		metric_add(M_PIN_WRITES_UNANSWERED, 1);
	if (how == PIN_WRITTEN && w->o.w.kind == PIN_WRITE_RESET)
		metric_add(M_PIN_RESETS_DONE, 1);
	if (quiet || turn_pin_written(w->task.gw, w->turn, how) || how == PIN_MAYBE_WRITTEN)
		task_end(&w->task);
	else
		say(w, how == PIN_WRITTEN ? "sms.pin_changed" : "sms.pin_unchanged");
}

/* ---- saving ---- */

static void
on_saved(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);

	/* Without an answer it may be saved or not: what is changed is the same when it is done twice. */
	if (e->end != STORE_DONE && ++w->saves < SAVE_TRIES) {
		save(w, w->stage);
		return;
	}
	if (e->end != STORE_DONE) {
		log_warn(t->id, "pin write not saved", "stage=%d", (int)w->stage);
		end(w, w->stage == STAGE_BEGIN && !is_local(w) ? PIN_NOT_WRITTEN : PIN_MAYBE_WRITTEN);
	} else if (w->stage == STAGE_BEGIN && !is_local(w))
		send(w);
	else
		end(w, w->stage == STAGE_UNANSWERED ? PIN_MAYBE_WRITTEN :
		    w->stage == STAGE_REFUSED ? PIN_NOT_WRITTEN : PIN_WRITTEN);
}

/* Frozen, or with another SIM, in the moment between the turn's look at the record and this one. */
static bool
came_too_late(const struct writing *w, int64_t now)
{
	bool without_old_pin = w->o.w.kind == PIN_WRITE_RESET || w->o.w.kind == PIN_WRITE_ACTIVATE;

	return w->sub.frozen_at != 0 || (without_old_pin && sim_is_new(&w->sub, now));
}

static bool
apply(struct writing *w)
{
	int64_t now = w->task.gw->now;

	if (w->unanswered)
		pin_write_unanswered(&w->sub, &w->o.w, now);
	switch (w->stage) {
	case STAGE_BEGIN:
		if (w->sub.customer_id != w->o.customer_id || came_too_late(w, now) ||
		    !pin_write_begin(&w->sub, &w->o.w, now))
			return false;
		if (is_local(w))
			pin_write_done(&w->sub, &w->o.w, true, now);
		break;
	case STAGE_DONE:
		pin_write_done(&w->sub, &w->o.w, false, now);
		break;
	case STAGE_REFUSED:
		pin_write_refused(&w->sub, &w->o.w);
		break;
	case STAGE_UNANSWERED:
		break;
	}
	return true;
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_SUBSCRIBER, w->owner, "");
	struct buf *b = scratch(t->gw, 1);

	if (e->end != STORE_DONE || !e->v[0].present || e->v[0].damaged ||
	    !subscriber_decode(e->v[0].p, e->v[0].len, &w->sub)) {
		struct event not_saved = { .kind = EV_COMMITTED, .end = STORE_UNKNOWN };

		on_saved(t, &not_saved);
		return;
	}
	rev_loaded(&w->sub_rev, &e->v[0]);
	if (!apply(w)) {
		metric_add(M_PIN_WRITES_HELD, 1);
		end(w, PIN_NOT_WRITTEN);
		return;
	}
	subscriber_encode(&w->sub, b);
	commit_put(t->gw, &c, &key, &w->sub_rev, b, 0);
	task_commit(t, &c, on_saved);
}

static void
save(struct writing *w, enum stage stage)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, w->owner, "");

	if (w->stage != stage)
		w->saves = 0;
	w->stage = stage;
	task_load(&w->task, &key, 1, on_loaded);
}

/* ---- sending ---- */

/* A drain wakes it: who dials next finds out what it came to. */
static void
on_again(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);

	(void)e;
	if (t->gw->draining)
		save(w, STAGE_UNANSWERED);
	else
		send(w);
}

/* What was not processed is not waited for by a customer: it is not done. */
static void
again_later(struct writing *w)
{
	struct gateway *gw = w->task.gw;
	int64_t wait = (int64_t)AGAIN_FIRST_MS << (w->attempts < 6 ? w->attempts : 6);

	if (!w->unanswered && (w->turn != 0 || w->attempts > 2 || gw->draining))
		save(w, STAGE_REFUSED);
	else if (gw->draining || gw->now + wait >= w->until)
		save(w, STAGE_UNANSWERED);
	else {
		task_sleep(&w->task, gw->now + (wait < AGAIN_MOST_MS ? wait : AGAIN_MOST_MS), on_again);
		w->task.light = true;
	}
}

/* No answer: whoever the new password lets in has it. */
static void
on_tried(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);

	if (e->wallet->end == WALLET_DONE)
		save(w, STAGE_DONE);
	else
		again_later(w);
}

static void
ask(struct writing *w, enum wallet_op op, task_fn *on)
{
	const struct wallet_settings *s = &w->task.gw->settings->tenants[w->tenant].wallet;
	struct wallet_req q = { .op = op, .customer_id = w->o.customer_id };

	pin_identity(s, w->o.customer_id, w->o.w.key_id, q.identity);
	str_copy(q.password, sizeof q.password, w->o.password);
	task_wallet(&w->task, w->tenant, &q, s->timeout_read_ms, on);
	mem_wipe(&q, sizeof q);
}

/* It is there already, or not there yet: the other way. Refused both ways it is so, unless an earlier try hangs. */
static void
on_refused(struct writing *w)
{
	w->create = !w->create;
	if (!w->refused) {
		w->refused = true;
		send(w);
	} else if (w->unanswered) {
		w->refused = false;
		again_later(w);
	} else
		save(w, STAGE_REFUSED);
}

static void
on_sent(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);

	switch (e->wallet->end) {
	case WALLET_DONE:
		save(w, STAGE_DONE);
		break;
	case WALLET_REFUSED:
		on_refused(w);
		break;
	case WALLET_AUTH:
	case WALLET_LATER:
		again_later(w);
		break;
	case WALLET_UNKNOWN:
		w->unanswered = true;
		ask(w, WALLET_LOGIN, on_tried);
		break;
	}
}

static void
send(struct writing *w)
{
	w->attempts++;
	ask(w, w->create ? WALLET_IDENTITY_CREATE : WALLET_IDENTITY_UPDATE, on_sent);
}

void
pin_writing_start(struct gateway *gw, int tenant, const char *owner, struct pin_order *o, uint64_t turn)
{
	struct writing *w;

	if (is_behind_turns(o->w.kind) && (gw->draining || gw->pin_writings >= BEHIND_TURNS_MAX)) {
		metric_add(M_PIN_ROTATE_LATER, 1);	/* the next right PIN brings it again */
		mem_wipe(o, sizeof *o);
		return;
	}
	w = xcalloc(1, sizeof *w);
	w->tenant = tenant;
	str_copy(w->owner, sizeof w->owner, owner);
	w->o = *o;
	w->turn = turn;
	w->create = o->w.kind == PIN_WRITE_ROTATE || o->w.kind == PIN_WRITE_ACTIVATE;
	w->until = gw->now + PIN_WRITE_SENT_MS;
	mem_wipe(o, sizeof *o);
	gw->pin_writings++;
	task_start(gw, &w->task, writing_end);
	task_for(&w->task, w->owner);
	save(w, STAGE_BEGIN);
}
