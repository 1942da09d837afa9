/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot is leased: its record lives in the store for as long as the lease and no longer, and each renewal puts it
 * anew. So the store alone judges when a lease is over and who was first to take what is free, and no two processes'
 * clocks are ever compared. The holder reckons its lease from before it sent the commit that is proven to be done,
 * which is never later than the store reckons, and lets go a margin before that.
 *
 * What a commit without a clear answer came to is read from the store: the version there says whether it was that
 * commit. Nothing else makes a slot ours. A record in our name whose commit we cannot tell is put again first.
 *
 * It does not know what a link is, nor whether one is bound: that is the port's business.
 */
#include "service/slots.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/record.h"

#define LOAD_AT_ONCE 8
#define POLL_MS 1000			/* for slots that others hold */
#define STALE_MS (3 * POLL_MS)		/* what others held so long ago says nothing any more */
#define SHARE_MS 250			/* that a process waits longer for each slot which it has */
#define AGAIN_MS 200			/* after Redis has not answered */
#define RENEWALS 3			/* in a lease */
#define MARGIN 8			/* part of the lease that is not used */
#define NEVER INT64_MAX

enum slot_state {
	SLOT_AWAY,
	SLOT_HELD,
	SLOT_CLOSING		/* its lease could not be renewed and is about to end: the link is being unbound */
};

struct holding {		/* the record */
	char holder[17];	/* a process; "": it was released */
	struct rec_rest rest;
};

static const struct rec_field fields[] = { REC(1, REC_STR, holding, holder) };

struct slot {
	struct bind_slots *of;
	int index;
	enum slot_state state;
	struct task *task;	/* at work on the record */
	struct rev rev;
	bool known;		/* rev and the next two are what the store had when it was last heard of */
	bool free;
	char holder[17];	/* the last one; "" once it was released */
	bool asked;		/* rev.next is of a commit of which we have not heard */
	int64_t sent;		/* before the newest commit */
	int64_t until;		/* the lease, as it is proven */
	int64_t claim_at;	/* when to put the record (again); NEVER: others hold it */
};

struct bind_slots {
	struct slots *all;
	const struct bind_settings *settings;
	int index, n;
	struct slot *slot;
	int64_t lease, margin;
	bool polling;
	int64_t poll_at, polled_at;
};

struct slots {
	struct gateway *gw;
	struct bind_slots *bind;
	int n;
	bool releasing;
};

struct slot_task {
	struct task task;
	struct slot *slot;
};

struct poll_task {
	struct task task;
	struct bind_slots *bind;
	int first;		/* slot of the load under way */
};

struct slots *
slots_new(struct gateway *gw)
{
	struct slots *s = xcalloc(1, sizeof *s);

	s->gw = gw;
	s->n = gw->settings->binds_n;
	s->bind = xcalloc((size_t)s->n + 1, sizeof *s->bind);
	for (int i = 0; i < s->n; i++) {
		struct bind_slots *b = &s->bind[i];

		b->all = s;
		b->settings = &gw->settings->binds[i];
		b->index = i;
		b->n = b->settings->links;
		b->lease = (int64_t)b->settings->link_lease_s * 1000;
		b->margin = b->lease / MARGIN;
		b->slot = xcalloc((size_t)b->n + 1, sizeof *b->slot);
		for (int k = 0; k < b->n; k++)
			b->slot[k] = (struct slot){ .of = b, .index = k, .claim_at = NEVER };
	}
	return s;
}

void
slots_free(struct slots *s)
{
	for (int i = 0; i < s->n; i++)
		free(s->bind[i].slot);
	free(s->bind);
	free(s);
}

static int64_t
steady(const struct slots *s)
{
	return s->gw->ports->steady(s->gw->ports->ctx);
}

static struct gateway *
gateway_of(const struct slot *s)
{
	return s->of->all->gw;
}

static struct store_key
key_of_slot(const struct bind_slots *b, int index)
{
	char id[4];

	if (!str_format(id, sizeof id, "%d", index))
		fatalx("link slot %d", index);
	return key_of(STORE_LINK, b->settings->name, id);
}

static bool
is_ours(const struct slot *s)
{
	return s->known && !s->free && strcmp(s->holder, gateway_of(s)->process) == 0;
}

/* The one door: the port hears of each change. */
static void
slot_enter(struct slot *s, enum slot_state to, int64_t within_ms)
{
	const struct ports *p = gateway_of(s)->ports;

	metric_add(M_LINK_SLOTS_HELD, (to == SLOT_HELD) - (s->state == SLOT_HELD));
	s->state = to;
	p->link(p->ctx, s->of->index, s->index, to == SLOT_HELD, within_ms);
}

/* Nothing is written on the link any more. */
static void
lose(struct slot *s, const char *why)
{
	if (s->state == SLOT_HELD)
		metric_add(M_LINK_SLOTS_LOST, 1);
	log_warn(0, "link slot lost", "bind=%s slot=%d why=\"%s\"", s->of->settings->name, s->index, why);
	slot_enter(s, SLOT_AWAY, 0);
}

/* In time: the margin is for the unbind. Too late: at once. */
static void
guard(struct slot *s, int64_t now)
{
	if (s->state == SLOT_AWAY)
		return;
	if (now >= s->until) {
		lose(s, "the lease is over");
	} else if (s->state == SLOT_HELD && now >= s->until - s->of->margin) {
		metric_add(M_LINK_SLOTS_LOST, 1);
		log_warn(0, "link slot closing", "bind=%s slot=%d why=\"the lease could not be renewed\"",
		    s->of->settings->name, s->index);
		slot_enter(s, SLOT_CLOSING, s->until - now);
	}
}

void
gateway_guard_links(struct gateway *gw)
{
	int64_t now = steady(gw->slots);

	for (int i = 0; i < gw->slots->n; i++)
		for (int k = 0; k < gw->slots->bind[i].n; k++)
			guard(&gw->slots->bind[i].slot[k], now);
}

/* ---- what the store says ---- */

static void
proven(struct slot *s)
{
	struct gateway *gw = gateway_of(s);
	int64_t now = steady(s->of->all);
	bool over = s->holder[0] != '\0' && strcmp(s->holder, gw->process) != 0;

	rev_saved(&s->rev);
	s->asked = false;
	s->known = true;
	s->free = false;
	s->until = s->sent + s->of->lease;
	s->claim_at = s->sent + s->of->lease / RENEWALS;
	if (now >= s->until - s->of->margin)
		s->claim_at = now;	/* the answer came too late to build on */
	else if (s->state != SLOT_HELD && !gw->draining) {
		metric_add(M_LINK_SLOTS_TAKEN_OVER, over);
		log_info(0, over ? "link slot taken over" : "link slot taken", "bind=%s slot=%d from=%s",
		    s->of->settings->name, s->index, over ? s->holder : "-");
		slot_enter(s, SLOT_HELD, 0);
	}
	str_copy(s->holder, sizeof s->holder, gw->process);
}

static void
seen(struct slot *s, const struct store_value *v)
{
	struct holding h = { .holder = "" };	/* what a newer version adds to it is that version's business */
	bool was_free = s->known && s->free;

	if (s->asked && v->present && memcmp(&v->version, &s->rev.next, sizeof v->version) == 0) {
		proven(s);
		return;
	}
	/* What cannot be read is somebody's until its lifetime is over. */
	if (v->present && (v->damaged || !rec_decode(fields, NELEM(fields), v->p, v->len, &h, &h.rest)))
		str_copy(h.holder, sizeof h.holder, "?");
	rev_loaded(&s->rev, v);
	s->known = true;
	s->free = h.holder[0] == '\0';
	if (v->present)		/* else its lease is over: it is taken over from whom we saw with it */
		str_copy(s->holder, sizeof s->holder, h.holder);
	if (s->free ? !was_free : is_ours(s)) {
		s->claim_at = steady(s->of->all);
	} else if (!s->free) {
		s->claim_at = NEVER;
		if (s->state != SLOT_AWAY)
			lose(s, "another process holds it");
	}
}

/* ---- one slot ---- */

static struct slot *
slot_of(struct task *t)
{
	return LIST_OF(t, struct slot_task, task)->slot;
}

static void
slot_task_end(struct task *t)
{
	slot_of(t)->task = NULL;
	free(LIST_OF(t, struct slot_task, task));
}

static struct task *
start(struct slot *s)
{
	struct slot_task *t = xcalloc(1, sizeof *t);

	t->slot = s;
	s->task = &t->task;
	task_start(gateway_of(s), &t->task, slot_task_end);
	return &t->task;
}

static void
put(struct slot *s, struct task *t, const char *holder, int64_t ttl_ms, task_fn *on)
{
	struct gateway *gw = gateway_of(s);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of_slot(s->of, s->index);
	struct holding h = { .holder = "" };
	struct buf *b = scratch(gw, 0);

	str_copy(h.holder, sizeof h.holder, holder);
	rec_encode(fields, NELEM(fields), &h, NULL, b);
	commit_put(gw, &c, &key, &s->rev, b, ttl_ms);
	s->sent = steady(s->of->all);
	task_commit(t, &c, on);
}

static void
on_read(struct task *t, const struct event *e)
{
	struct slot *s = slot_of(t);

	if (e->end == STORE_DONE)
		seen(s, &e->v[0]);
	else
		s->claim_at = steady(s->of->all) + AGAIN_MS;
	task_end(t);
}

static void
read_again(struct slot *s, struct task *t)
{
	struct store_key key = key_of_slot(s->of, s->index);

	task_load(t, &key, 1, on_read);
}

static void
on_claimed(struct task *t, const struct event *e)
{
	struct slot *s = slot_of(t);

	if (e->end == STORE_DONE) {
		proven(s);
		task_end(t);
	} else {
		s->known = false;
		read_again(s, t);
	}
}

static void
claim(struct slot *s)
{
	s->asked = true;
	put(s, start(s), gateway_of(s)->process, s->of->lease, on_claimed);
}

static void
on_released(struct task *t, const struct event *e)
{
	struct slot *s = slot_of(t);

	log_info(0, "link slot released", "bind=%s slot=%d%s", s->of->settings->name, s->index,
	    e->end == STORE_DONE ? "" : " in doubt: its lease ends by itself");
	s->known = false;
	task_end(t);
}

static void
release(struct slot *s)
{
	if (s->state != SLOT_AWAY)
		slot_enter(s, SLOT_AWAY, 0);
	s->asked = false;
	put(s, start(s), "", 0, on_released);
}

/* ---- all slots of a bind ---- */

/* Slots that are ours, or may be before long. */
static int
share(const struct bind_slots *b)
{
	int n = 0;

	for (int i = 0; i < b->n; i++)
		n += b->slot[i].state != SLOT_AWAY || b->slot[i].task != NULL;
	return n;
}

/* Who has more waits longer for what is free, so that processes which start together get alike. */
static bool
is_time(const struct slot *s, int64_t now)
{
	if (s->claim_at == NEVER)
		return false;
	if (s->state != SLOT_AWAY || is_ours(s))
		return now >= s->claim_at;
	return !gateway_of(s)->draining && now >= s->claim_at + (int64_t)SHARE_MS * share(s->of);
}

static void
work(struct bind_slots *b)
{
	int64_t now = steady(b->all);

	for (int i = 0; i < b->n; i++) {
		struct slot *s = &b->slot[i];

		guard(s, now);
		if (s->task != NULL)
			continue;
		if (b->all->releasing) {
			if (is_ours(s))
				release(s);
		} else if (is_time(s, now)) {
			if (s->known)
				claim(s);
			else
				read_again(s, start(s));
		}
	}
}

static void
poll_end(struct task *t)
{
	struct poll_task *p = LIST_OF(t, struct poll_task, task);

	p->bind->polling = false;
	free(p);
}

static void on_polled(struct task *t, const struct event *e);

static void
poll_load(struct poll_task *p)
{
	const struct bind_slots *b = p->bind;
	struct store_key key[LOAD_AT_ONCE];
	int n = 0;

	for (; n < LOAD_AT_ONCE && p->first + n < b->n; n++)
		key[n] = key_of_slot(b, p->first + n);
	task_load(&p->task, key, (size_t)n, on_polled);
}

static void
on_polled(struct task *t, const struct event *e)
{
	struct poll_task *p = LIST_OF(t, struct poll_task, task);
	struct bind_slots *b = p->bind;

	if (e->end != STORE_DONE) {
		b->poll_at = steady(b->all) + AGAIN_MS;
		task_end(t);
		return;
	}
	/* A slot with a task of its own hears of it by that. */
	for (size_t i = 0; i < e->n; i++) {
		struct slot *s = &b->slot[(size_t)p->first + i];

		if (s->task == NULL && s->state == SLOT_AWAY)
			seen(s, &e->v[i]);
	}
	p->first += LOAD_AT_ONCE;
	if (p->first < b->n) {
		poll_load(p);
		return;
	}
	b->polled_at = steady(b->all);
	task_end(t);
	work(b);
}

static bool
has_more(const struct bind_slots *b)
{
	for (int i = 0; i < b->n; i++)
		if (b->slot[i].state == SLOT_AWAY)
			return true;
	return false;
}

static void
poll(struct bind_slots *b)
{
	int64_t now = steady(b->all);
	struct poll_task *p;

	if (b->polling || now < b->poll_at || !has_more(b))
		return;
	b->polling = true;
	b->poll_at = now + POLL_MS;
	p = xcalloc(1, sizeof *p);
	p->bind = b;
	task_start(b->all->gw, &p->task, poll_end);
	poll_load(p);
}

void
slots_tick(struct slots *s)
{
	for (int i = 0; i < s->n; i++) {
		work(&s->bind[i]);
		if (!s->gw->draining)
			poll(&s->bind[i]);
	}
}

/* ---- for whoever runs the gateway ---- */

void
gateway_release_links(struct gateway *gw, int64_t now)
{
	gw->now = now;
	gw->slots->releasing = true;
	slots_tick(gw->slots);
}

bool
gateway_holds_links(const struct gateway *gw)
{
	for (int i = 0; i < gw->slots->n; i++)
		for (int k = 0; k < gw->slots->bind[i].n; k++) {
			const struct slot *s = &gw->slots->bind[i].slot[k];

			if (s->task != NULL || is_ours(s))
				return true;
		}
	return false;
}

bool
gateway_holds_bind(const struct gateway *gw, int bind)
{
	const struct bind_slots *b = &gw->slots->bind[bind];

	for (int i = 0; i < b->n; i++)
		if (b->slot[i].state == SLOT_HELD)
			return true;
	return false;
}

bool
gateway_links_elsewhere(const struct gateway *gw, int bind)
{
	const struct bind_slots *b = &gw->slots->bind[bind];

	if (b->polled_at == 0 || steady(gw->slots) - b->polled_at > STALE_MS)
		return false;
	for (int i = 0; i < b->n; i++)
		if (!b->slot[i].known || b->slot[i].free || is_ours(&b->slot[i]))
			return false;
	return true;
}
