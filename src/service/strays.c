/* SPDX-License-Identifier: Apache-2.0 */
#include "service/strays.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "core/stray.h"
#include "service/lane.h"

#define JUDGED_AFTER_MS 10000		/* longer than an SMSC takes from a receipt to its answer to the submit */
#define AT_ONCE 3			/* two ids each and the ring: what one load takes */
#define SAVE_TRIES 5

struct waiting {
	struct receipt r;
	int64_t at;
};

struct strays {				/* of one lane; a task as long as something waits */
	struct task task;
	int lane;
	struct waiting waiting[STRAYS_KEPT];	/* the oldest first */
	size_t n;
	size_t looked;			/* at so many of them now */
	size_t keys[AT_ONCE];		/* how many ids each of these has */
	int tries;
	struct stray_ring ring;
	struct rev rev;
};

static struct strays *
strays_of(struct task *t)
{
	return LIST_OF(t, struct strays, task);
}

static void
strays_end(struct task *t)
{
	struct strays *s = strays_of(t);

	t->gw->strays[s->lane] = NULL;
	free(s);
}

static void look(struct task *t, const struct event *e);

/* On with those that have waited long enough. */
static void
go_on(struct strays *s)
{
	memmove(&s->waiting[0], &s->waiting[s->looked], (s->n - s->looked) * sizeof s->waiting[0]);
	s->n -= s->looked;
	s->looked = 0;
	s->tries = 0;
	if (s->n == 0)
		task_end(&s->task);
	else
		task_sleep(&s->task, s->waiting[0].at + JUDGED_AFTER_MS, look);
}

static void
on_saved(struct task *t, const struct event *e)
{
	struct strays *s = strays_of(t);

	/* Another process added its own. */
	if (e->end == STORE_CONFLICT && ++s->tries < SAVE_TRIES)
		look(t, e);
	else
		go_on(s);
}

static void
count(const struct strays *s, const struct receipt *r)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(M_RECEIPTS_UNMATCHED, 1);
	if (!log_limited(&limit, &held))
		log_warn(s->task.id, "receipt matches no message", "lane=%s stat=%s err=%s more=%u",
		    lane_name(s->task.gw->settings, s->lane), r->stat, r->err, held);
}

static bool
is_matched(const struct store_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].present && !v[i].damaged && v[i].len > 0 && *(const char *)v[i].p == 'M')
			return true;
	return false;
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct strays *s = strays_of(t);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_STRAY, lane_ids_owner(t->gw->settings, s->lane), "");
	struct buf *b = scratch(t->gw, 0);
	bool added = false;
	size_t at = 1;

	if (e->end != STORE_DONE) {
		if (++s->tries < SAVE_TRIES)
			task_sleep(t, t->gw->now + JUDGED_AFTER_MS, look);
		else
			go_on(s);
		return;
	}
	rev_loaded(&s->rev, &e->v[0]);
	if (!e->v[0].present || e->v[0].damaged || !stray_ring_decode(e->v[0].p, e->v[0].len, &s->ring))
		memset(&s->ring, 0, sizeof s->ring);
	for (size_t i = 0; i < s->looked; at += s->keys[i++]) {
		struct stray stray = stray_of(&s->waiting[i].r, s->waiting[i].at);

		if (is_matched(&e->v[at], s->keys[i]))
			continue;
		if (s->tries == 0)
			count(s, &s->waiting[i].r);
		stray_ring_add(&s->ring, &stray);
		added = true;
	}
	if (!added) {
		go_on(s);
		return;
	}
	stray_ring_encode(&s->ring, b);
	commit_put(t->gw, &c, &key, &s->rev, b, 0);
	task_commit(t, &c, on_saved);
}

static void
look(struct task *t, const struct event *e)
{
	struct strays *s = strays_of(t);
	const char *owner = lane_ids_owner(t->gw->settings, s->lane);
	struct store_key key[1 + 2 * AT_ONCE];
	size_t n = 0;

	(void)e;
	key[n++] = key_of(STORE_STRAY, owner, "");
	s->looked = 0;
	while (s->looked < AT_ONCE && s->looked < s->n &&
	    s->waiting[s->looked].at + JUDGED_AFTER_MS <= t->gw->now) {
		char id[2][RECEIPT_ID];
		size_t ids = receipt_ids(&s->waiting[s->looked].r, lane_ids(t->gw->settings, s->lane), id);

		for (size_t i = 0; i < ids; i++)
			key[n++] = key_of(STORE_RECEIPT, owner, id[i]);
		s->keys[s->looked++] = ids;
	}
	task_load(t, key, n, on_loaded);
}

void
strays_add(struct gateway *gw, int lane, const struct receipt *r)
{
	struct strays *s = gw->strays[lane];

	if (s == NULL) {
		s = gw->strays[lane] = xcalloc(1, sizeof *s);
		s->lane = lane;
		task_start(gw, &s->task, strays_end);
		task_sleep(&s->task, gw->now + JUDGED_AFTER_MS, look);
	}
	if (s->n == STRAYS_KEPT) {
		count(s, r);	/* a flood: no more of them can be kept than this */
		return;
	}
	s->waiting[s->n++] = (struct waiting){ *r, gw->now };
}
