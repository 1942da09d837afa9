/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's steps at the limit of the receiving phone: reserve, commit, give back. Fails closed: a record that is not
 * known for certain reserves nothing, and what it cannot be told is told later, while the customer hears the outcome.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/run_parts.h"

#define LIMIT_TRIES 60
#define LIMIT_AGAIN_MS INT64_C(600000)	/* until a word that the limit did not take is said again */
#define REFUSAL_MIN_MS 150		/* another phone's limit refuses as late as a wallet core would */
#define REFUSAL_JITTER_MS 1024

static void
on_limit_again(struct task *t, const struct event *e)
{
	(void)e;
	run_limit(run_of(t));
}

static void
on_put_off(struct task *t, const struct event *e)
{
	if (run_saved(run_of(t), e))
		task_end(t);
}

/* A reservation is tried again soon, and only while its confirm is young; the rest does not keep anybody waiting. */
static void
limit_failed(struct run *r, const char *why)
{
	metric_add(M_LIMIT_UNCERTAIN, 1);
	if (r->doing == DO_RELEASE_LIMIT && !r->limit_away) {
		log_warn(r->task.id, "limit put off", "intent=%s why=\"%s\"", r->i.id, why);
		r->limit_away = true;
		run_go_on(r);
	} else if (r->doing == DO_RELEASE_LIMIT)
		run_save(r, r->task.gw->now + LIMIT_AGAIN_MS, on_put_off);
	else
		run_give_up(r, why);
}

static void
on_limit_saved(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	unsigned char jitter;

	if (e->end == STORE_CONFLICT && ++r->tries < LIMIT_TRIES) {
		/* Many tokens for one phone at once: one after the other, and not all at the same moment again. */
		t->gw->ports->random(t->gw->ports->ctx, &jitter, 1);
		task_sleep(t, t->gw->now + 5 + jitter % 50, on_limit_again);
		return;
	}
	if (e->end != STORE_DONE) {
		limit_failed(r, "the limit could not be saved");
		return;
	}
	r->limit_away = false;
	if (r->doing == DO_RESERVE)
		intent_on_reserved(&r->i, LIMIT_OK);
	else
		intent_on_limit(&r->i, r->doing == DO_COMMIT_LIMIT ? ILIMIT_COMMITTED : ILIMIT_RELEASED);
	run_keep(r);
}

static void
on_refusal_due(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	(void)e;
	intent_on_reserved(&r->i, r->limit_result);
	run_keep(r);
}

/* How soon it comes must not tell whose refusal it is, where the phone is another's. */
static void
refuse(struct run *r, enum limit_result why)
{
	struct gateway *gw = r->task.gw;
	uint16_t jitter;

	r->limit_result = why;
	metric_add(why == LIMIT_UNREADABLE ? M_LIMIT_UNREADABLE : M_LIMIT_REFUSED, 1);
	if (strcmp(r->i.phone, r->i.to_phone) == 0) {
		on_refusal_due(&r->task, NULL);
		return;
	}
	gw->ports->random(gw->ports->ctx, &jitter, sizeof jitter);
	task_sleep(&r->task, gw->now + REFUSAL_MIN_MS + jitter % REFUSAL_JITTER_MS, on_refusal_due);
}

/* It was given back and counts again: where others have used the room meanwhile, the phone is above its limit. */
static void
alarm_retaken(const struct run *r, const struct limit *l)
{
	int64_t cap = r->task.gw->settings->limit_amount;

	metric_add(M_LIMIT_RETAKEN, 1);
	if (limit_used(l) <= cap)
		return;
	metric_add(M_LIMIT_PASSED, 1);
	log_error(r->task.id, "limit passed", "intent=%s month=%" PRId64, r->i.id, r->i.limit_month);
}

static void
put_limit(struct run *r, const struct store_key *key, struct rev *rev, const struct limit *l)
{
	struct gateway *gw = r->task.gw;
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(gw, 1);

	limit_encode(l, b);
	commit_put(gw, &c, key, rev, b, 0);
	task_commit(&r->task, &c, on_limit_saved);
}

static struct store_key
limit_key(const struct run *r)
{
	char month[8];

	str_format(month, sizeof month, "%06" PRId64, r->i.limit_month);
	return key_of(STORE_LIMIT, r->i.to_phone, month);
}

static void
change_limit(struct run *r, struct rev *rev, struct limit *l)
{
	struct store_key key = limit_key(r);
	unsigned char id[LIMIT_ID];
	enum limit_result result = LIMIT_OK;
	bool room = true;

	if (!limit_id(r->i.id, id))
		fatalx("intent id is no UUID");
	if (r->doing == DO_RESERVE)
		result = limit_reserve(l, id, r->i.amount, r->task.gw->settings->limit_amount);
	else
		room = limit_set(l, id, r->i.amount, r->doing == DO_COMMIT_LIMIT ? LIMIT_COMMITTED : LIMIT_GIVEN_BACK);
	if (result != LIMIT_OK) {
		refuse(r, result);
		return;
	}
	if (!room) {
		log_error(r->task.id, "limit full", "intent=%s month=%" PRId64, r->i.id, r->i.limit_month);
		limit_failed(r, "the limit's record is full");
		return;
	}
	limit_stamp(l, id, r->i.accepted_at);
	if (r->doing == DO_COMMIT_LIMIT && r->i.limit == ILIMIT_RELEASED)
		alarm_retaken(r, l);
	put_limit(r, &key, rev, l);
}

static void
on_limit_loaded(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);
	struct limit *l;
	struct rev rev;

	if (e->end != STORE_DONE) {
		limit_failed(r, "the limit could not be read");
		return;
	}
	l = xcalloc(1, sizeof *l);
	rev_loaded(&rev, &e->v[0]);
	if (!e->v[0].damaged && (!e->v[0].present || limit_decode(e->v[0].p, e->v[0].len, l)))
		change_limit(r, &rev, l);
	else {
		log_error(t->id, "limit damaged", "intent=%s month=%" PRId64, r->i.id, r->i.limit_month);
		if (r->doing == DO_RESERVE)
			refuse(r, LIMIT_UNREADABLE);
		else
			limit_failed(r, "the limit's record is damaged");
	}
	free(l);
}

void
run_limit(struct run *r)
{
	struct store_key key = limit_key(r);

	task_load(&r->task, &key, 1, on_limit_loaded);
}
