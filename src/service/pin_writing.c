/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pin_writing.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/hold.h"
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
	struct rev o_rev;		/* of its record, where it lasts */
	bool begun;			/* it is saved, and may be sent */
	bool maybe_saved;		/* some save had no answer */
	uint64_t turn;
	enum stage stage;		/* what is being saved */
	struct subscriber sub;
	struct rev sub_rev;
	int64_t held_until;		/* no other process takes it over before */
	bool create;			/* or update: the next way that is tried */
	bool unanswered;		/* some attempt was */
	bool refused;			/* the other way was */
	int saves, attempts;
	int64_t until;
};

#define POINT(when, step) FAULT_POINT("pin", when, step)

static void send(struct writing *w);
static void save(struct writing *w, enum stage stage);
static void commit(struct writing *w);

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

static struct store_key
order_key(const struct writing *w)
{
	return key_of(STORE_PIN_ORDER, w->owner, "");
}

/* This process lets go; the due list brings it back, where it lasts. */
static void
leave(struct writing *w, const char *why)
{
	log_warn(w->task.id, "pin write left", "kind=%d why=\"%s\"", (int)w->o.w.kind, why);
	task_end(&w->task);
}

/* ---- its end ---- */

static void
on_told(struct task *t, const struct event *e)
{
	if (e->end != STORE_DONE)
		log_info(t->id, "pin write stays due", "end=%d", (int)e->end);	/* it is told once more */
	task_end(t);
}

/* Nothing is left to be done. Not deleted: an older commit that comes twice would bring it back. */
static void
told(struct writing *w)
{
	struct store_commit c = { .n = 0 };
	struct store_key key = order_key(w);
	struct buf *b = scratch(w->task.gw, 1);

	w->o.told = true;
	pin_order_encode(&w->o, b);
	commit_put(w->task.gw, &c, &key, &w->o_rev, b, 0);
	commit_list_remove(&c, STORE_DUE, &key);
	task_commit(&w->task, &c, on_told);
}

static void
on_said(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);

	POINT("done", "say");
	/* CONFLICT: it was there before, put by who had it before us. */
	if (e->end == STORE_DONE || e->end == STORE_CONFLICT)
		told(w);
	else
		leave(w, "the SMS could not be put into the outbox");
}

/* What no screen has told; and each new PIN: no screen is acknowledged, and it may be somebody else's doing. */
static void
say(struct writing *w)
{
	static const char *const text[PIN_WRITTEN_ENDS] = {
		[PIN_WRITTEN] = "sms.pin_changed", [PIN_NOT_WRITTEN] = "sms.pin_unchanged",
		[PIN_MAYBE_WRITTEN] = "pin.unsure",
	};
	struct gateway *gw = w->task.gw;
	const struct tenant_settings *s = &gw->settings->tenants[w->tenant];
	struct store_commit c = { .n = 0 };
	struct message *m = xcalloc(1, sizeof *m);
	struct vars v = { 0 };
	char id[MESSAGE_ID];

	vars_set(&v, "title", s->title);
	vars_set(&v, "help_phone", s->help_phone);
	str_format(id, sizeof id, "%s:pin", w->o.id);
	POINT("before", "say");
	if (say_text(gw, w->tenant, MSG_RESULT, id, strchr(w->owner, '/') + 1, w->o.lang, text[w->o.how], &v, m)) {
		say_put(gw, &c, m);
		task_commit(&w->task, &c, on_said);
	} else
		told(w);
	free(m);
}

static void
count_end(const struct writing *w, enum pin_written how)
{
	static const char *const word[PIN_WRITTEN_ENDS] = { "done", "not done", "unanswered" };

	log_info(w->task.id, "pin write", "kind=%d end=\"%s\" attempts=%d", (int)w->o.w.kind, word[how], w->attempts);
	if (w->o.w.kind == PIN_WRITE_ROTATE)
		metric_add(how == PIN_WRITTEN ? M_PIN_ROTATED : M_PIN_ROTATE_FAILED, 1);
	if (how == PIN_MAYBE_WRITTEN)
		metric_add(M_PIN_WRITES_UNANSWERED, 1);
	if (how == PIN_WRITTEN && w->o.w.kind == PIN_WRITE_RESET)
		metric_add(M_PIN_RESETS_DONE, 1);
}

/* Saved as ended, or nothing of it ever was. */
static void
end(struct writing *w, enum pin_written how)
{
	bool heard;

	count_end(w, how);
	heard = turn_pin_written(w->task.gw, w->turn, how);
	if (!w->o.ended)
		task_end(&w->task);
	else if (heard && how != PIN_WRITTEN)
		told(w);
	else
		say(w);
}

/* ---- saving ---- */

/* What it came to could not be saved: a new PIN is found due by others, a new key comes with the next right PIN. */
static void
not_saved(struct writing *w)
{
	log_warn(w->task.id, "pin write not saved", "stage=%d", (int)w->stage);
	end(w, w->begun || w->maybe_saved || is_local(w) ? PIN_MAYBE_WRITTEN : PIN_NOT_WRITTEN);
}

static void
on_saved(struct task *t, const struct event *e)
{
	static const enum pin_written how[] = {
		[STAGE_BEGIN] = PIN_WRITTEN /* local */, [STAGE_DONE] = PIN_WRITTEN, [STAGE_REFUSED] = PIN_NOT_WRITTEN,
		[STAGE_UNANSWERED] = PIN_MAYBE_WRITTEN,
	};
	struct writing *w = writing_of(t);

	/* Without an answer it may be saved or not: what is changed is the same when it is done twice. */
	w->maybe_saved = w->maybe_saved || e->end == STORE_UNKNOWN;
	if (e->end != STORE_DONE) {
		w->o.ended = false;
		if (++w->saves < SAVE_TRIES)
			save(w, w->stage);
		else
			not_saved(w);
		return;
	}
	POINT("saved", w->stage == STAGE_BEGIN ? "begin" : "end");
	rev_saved(&w->o_rev);
	if (w->stage != STAGE_BEGIN || is_local(w))
		end(w, how[w->stage]);
	else if (pin_order_lasts(&w->o) && t->gw->now >= w->held_until)
		leave(w, "the lease is over");
	else {
		w->begun = true;
		send(w);
	}
}

/* Frozen, or with another SIM, in the moment between the turn's look at the record and this one. */
static bool
came_too_late(const struct writing *w, int64_t now)
{
	bool without_old_pin = w->o.w.kind == PIN_WRITE_RESET || w->o.w.kind == PIN_WRITE_ACTIVATE;

	return w->sub.frozen_at != 0 || (without_old_pin && sim_is_new(&w->sub, now));
}

/*
 * Without the old PIN one is made only where there is none, or after the wait: the turn may have stood still since it
 * looked.
 */
static bool
is_entitled(const struct writing *w, int64_t now)
{
	switch (w->o.w.kind) {
	case PIN_WRITE_ACTIVATE:
		return !w->sub.has_pin;
	case PIN_WRITE_RESET:
		return pin_reset_state(&w->sub, now) == PIN_RESET_READY;
	default:
		return true;
	}
}

/* false: it must not be sent. */
static bool
may_begin(struct writing *w, int64_t now)
{
	return w->sub.customer_id == w->o.customer_id && !came_too_late(w, now) &&
	    (w->begun || w->maybe_saved || is_entitled(w, now)) && pin_write_begin(&w->sub, &w->o.w, now);
}

static void
ended(struct writing *w, enum pin_written how)
{
	w->o.ended = pin_order_lasts(&w->o);
	w->o.how = how;
}

static bool
apply(struct writing *w)
{
	int64_t now = w->task.gw->now;

	if (w->unanswered)
		pin_write_unanswered(&w->sub, &w->o.w, now);
	if (w->stage == STAGE_BEGIN && !may_begin(w, now)) {
		if (!w->begun)
			return false;
		w->stage = STAGE_UNANSWERED;	/* not sent again; what was sent may have landed */
	}
	switch (w->stage) {
	case STAGE_BEGIN:
		if (is_local(w)) {
			pin_write_done(&w->sub, &w->o.w, true, now);
			ended(w, PIN_WRITTEN);
		}
		break;
	case STAGE_DONE:
		pin_write_done(&w->sub, &w->o.w, false, now);
		ended(w, PIN_WRITTEN);
		break;
	case STAGE_REFUSED:
		pin_write_refused(&w->sub, &w->o.w);
		ended(w, PIN_NOT_WRITTEN);
		break;
	case STAGE_UNANSWERED:
		ended(w, PIN_MAYBE_WRITTEN);
		break;
	}
	return true;
}

/* As we left it, or as a save without an answer would have it. What was there before our first is overwritten. */
static bool
is_ours(const struct writing *w, const struct store_value *v)
{
	bool first = !w->begun && !w->maybe_saved;

	return first || memcmp(&v->version, &w->o_rev.at, sizeof v->version) == 0 ||
	    memcmp(&v->version, &w->o_rev.next, sizeof v->version) == 0;
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);
	bool lasts = pin_order_lasts(&w->o);

	if (e->end != STORE_DONE || !e->v[0].present || e->v[0].damaged ||
	    !subscriber_decode(e->v[0].p, e->v[0].len, &w->sub)) {
		struct event none = { .kind = EV_COMMITTED, .end = STORE_CONFLICT };

		on_saved(t, &none);
		return;
	}
	if (lasts && !is_ours(w, &e->v[1])) {
		leave(w, "somebody else carries it on");
		return;
	}
	rev_loaded(&w->sub_rev, &e->v[0]);
	if (lasts)
		rev_loaded(&w->o_rev, &e->v[1]);
	if (!apply(w)) {
		metric_add(M_PIN_WRITES_HELD, 1);
		end(w, PIN_NOT_WRITTEN);
		return;
	}
	commit(w);
}

static void
commit(struct writing *w)
{
	struct gateway *gw = w->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key sub = key_of(STORE_SUBSCRIBER, w->owner, ""), key = order_key(w);
	struct buf *b = scratch(gw, 1), *b2 = scratch(gw, 2);

	subscriber_encode(&w->sub, b);
	commit_put(gw, &c, &sub, &w->sub_rev, b, 0);
	if (pin_order_lasts(&w->o)) {
		str_copy(w->o.lang, sizeof w->o.lang, w->sub.lang);
		if (w->o.ended)
			mem_wipe(w->o.password, sizeof w->o.password);
		pin_order_encode(&w->o, b2);
		commit_put(gw, &c, &key, &w->o_rev, b2, 0);
		w->held_until = gw->now + HOLD_LEASE_MS;
		commit_list_add(&c, STORE_DUE, &key, w->held_until);
	}
	task_commit(&w->task, &c, on_saved);
}

static void
save(struct writing *w, enum stage stage)
{
	struct store_key keys[2] = { key_of(STORE_SUBSCRIBER, w->owner, ""), order_key(w) };

	if (w->stage != stage)
		w->saves = 0;
	w->stage = stage;
	task_load(&w->task, keys, pin_order_lasts(&w->o) ? 2 : 1, on_loaded);
}

/* ---- sending ---- */

/* A drain wakes it: a new PIN is carried on by others. */
static void
on_again(struct task *t, const struct event *e)
{
	struct writing *w = writing_of(t);

	(void)e;
	if (t->gw->draining && pin_order_lasts(&w->o))
		leave(w, "the process stops");
	else if (t->gw->draining)
		save(w, STAGE_UNANSWERED);
	else
		save(w, STAGE_BEGIN);		/* each attempt, so that nobody else is at it */
}

/* What was not processed is not waited for by a customer: it is not done. */
static void
again_later(struct writing *w)
{
	struct gateway *gw = w->task.gw;
	int64_t wait = (int64_t)AGAIN_FIRST_MS << (w->attempts < 6 ? w->attempts : 6);

	if (!w->unanswered && (w->turn != 0 || w->attempts > 2 || gw->draining))
		save(w, STAGE_REFUSED);
	else if (gw->draining && pin_order_lasts(&w->o))
		leave(w, "the process stops");
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

	POINT("done", "send");
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

static struct writing *
writing_new(struct gateway *gw, int tenant, const char *owner, struct pin_order *o)
{
	struct writing *w = xcalloc(1, sizeof *w);
	struct store_key key = key_of(STORE_PIN_ORDER, owner, "");

	w->tenant = tenant;
	str_copy(w->owner, sizeof w->owner, owner);
	w->o = *o;
	w->create = o->w.kind == PIN_WRITE_ROTATE || o->w.kind == PIN_WRITE_ACTIVATE;
	mem_wipe(o, sizeof *o);
	gw->pin_writings++;
	task_start(gw, &w->task, writing_end);
	task_for(&w->task, w->owner);
	if (pin_order_lasts(&w->o))
		hold_start(gw, w->task.id, &key, &w->o_rev);
	return w;
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
	o->mac_len = sizeof o->w.mac;
	o->begun_at = gw->now;
	str_copy(o->owner, sizeof o->owner, owner);
	str_copy(o->tenant, sizeof o->tenant, gw->settings->tenants[tenant].name);
	gateway_uuid(gw, o->id);
	w = writing_new(gw, tenant, owner, o);
	w->turn = turn;
	w->until = gw->now + PIN_WRITE_SENT_MS;
	save(w, STAGE_BEGIN);
}

/* Whether it was ever sent is not known: whoever the new password lets in has it. */
void
pin_writing_claimed(struct gateway *gw, const struct store_value *v)
{
	struct pin_order o;
	struct writing *w;
	int tenant;

	if (!pin_order_decode(v->p, v->len, &o) || (tenant = tenant_find(gw, o.tenant)) < 0) {
		log_error(0, "pin write damaged or of no tenant", "octets=%zu", v->len);
		return;
	}
	metric_add(M_PIN_WRITES_TAKEN_OVER, 1);
	w = writing_new(gw, tenant, o.owner, &o);
	rev_loaded(&w->o_rev, v);
	w->begun = true;
	w->until = w->o.begun_at + PIN_WRITE_SENT_MS;
	w->unanswered = !w->o.ended;
	if (w->o.told)
		told(w);
	else if (w->o.ended)
		say(w);
	else
		ask(w, WALLET_LOGIN, on_tried);
}
