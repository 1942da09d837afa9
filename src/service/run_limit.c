/* SPDX-License-Identifier: Apache-2.0 */
/* A run's steps at the limit of the receiving phone: reserve, commit, give back. Fails closed. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/run_parts.h"

#define LIMIT_TRIES 60

static void
on_limit_again(struct task *t, const struct event *e)
{
	(void)e;
	run_limit(run_of(t));
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
		/* Fails closed: without its reservation nothing is sent, and it is tried again from the due list. */
		run_give_up(r, "the limit could not be saved");
		return;
	}
	if (r->doing == DO_RESERVE)
		intent_on_reserved(&r->i, LIMIT_OK);
	else
		intent_on_limit(&r->i, r->doing == DO_COMMIT_LIMIT ? ILIMIT_COMMITTED : ILIMIT_RELEASED);
	run_keep(r);
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
		run_give_up(r, "the limit could not be read");
		return;
	}
	if (!run_is_ours(r)) {
		run_keep(r);	/* this took so long that another process may have done the step, and the next one */
		return;
	}
	rev_loaded(&r->limit_rev, &e->v[0]);
	memset(&r->limit, 0, sizeof r->limit);
	if (e->v[0].present && !limit_decode(e->v[0].p, e->v[0].len, &r->limit)) {
		log_error(t->id, "limit damaged", "intent=%s", r->i.id);
		run_give_up(r, "the limit's record is damaged");
		return;
	}
	limit_id(&r->i, id);
	if (r->doing == DO_RESERVE) {
		r->limit_result = limit_reserve(&r->limit, id, r->i.amount, gw->settings->limit_amount);
		if (r->limit_result != LIMIT_OK) {
			metric_add(M_LIMIT_REFUSED, 1);
			intent_on_reserved(&r->i, r->limit_result);
			run_keep(r);
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

void
run_limit(struct run *r)
{
	struct store_key key;
	char month[8];

	str_format(month, sizeof month, "%06" PRId64, r->i.limit_month);
	key = key_of(STORE_LIMIT, r->i.to_phone, month);
	task_load(&r->task, &key, 1, on_limit_loaded);
}
