/* SPDX-License-Identifier: Apache-2.0 */
#include "service/saga.h"

#include <stdlib.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "service/hold.h"

#define START_MS 1000			/* what was just saved or read is nobody else's so soon */
#define STAY_MS 3000			/* waits shorter than this are sat out here */
_Static_assert(START_MS + COMMIT_WITHIN_MS <= HOLD_LEASE_MS, "what is begun is over before others take it over");

struct saga *
saga_of(struct task *t)
{
	return LIST_OF(t, struct saga, task);
}

const struct tenant_settings *
saga_tenant(const struct saga *s)
{
	return &s->task.gw->settings->tenants[s->tenant];
}

static struct store_key
key_for(const struct saga *s)
{
	return key_of(s->kind->family, s->kind->owner(s), "");
}

static void
saga_end(struct task *t)
{
	struct saga *s = saga_of(t);

	t->gw->sagas--;
	mem_wipe(s, s->kind->size);
	free(s);
}

void
saga_give_up(struct saga *s, const char *why)
{
	log_warn(s->task.id, "saga left", "saga=%s doing=%s why=\"%s\"", s->kind->name, s->kind->doing(s), why);
	task_end(&s->task);
}

/* ---- saving ---- */

void
saga_add(struct saga *s, struct store_commit *c, int64_t due)
{
	struct store_key key = key_for(s);
	struct buf *b = scratch(s->task.gw, 0);

	s->kind->encode(s, b);
	commit_put(s->task.gw, c, &key, &s->rev, b, 0);
	s->held_next = due;
	if (due > 0)
		commit_list_add(c, STORE_DUE, &key, due);
	else
		commit_list_remove(c, STORE_DUE, &key);
}

static void
save(struct saga *s, int64_t due, task_fn *on)
{
	struct store_commit c = { .n = 0 };

	saga_add(s, &c, due);
	task_commit(&s->task, &c, on);
}

bool
saga_saved(struct saga *s, const struct event *e)
{
	if (e->end != STORE_DONE) {
		saga_give_up(s, e->end == STORE_CONFLICT ? "somebody else carried it on" : "could not be saved");
		return false;
	}
	SAGA_POINT(s, "saved");
	rev_saved(&s->rev);
	s->held_until = s->held_next;
	return true;
}

static void
on_kept(struct task *t, const struct event *e)
{
	if (saga_saved(saga_of(t), e))
		saga_of(t)->kind->go_on(saga_of(t));
}

void
saga_keep(struct saga *s)
{
	SAGA_POINT(s, "done");
	save(s, s->task.gw->now + HOLD_LEASE_MS, on_kept);
}

static void
on_sending(struct task *t, const struct event *e)
{
	struct saga *s = saga_of(t);

	if (!saga_saved(s, e))
		return;
	/* We stood still, and others may have looked for it in vain meanwhile: it is not sent behind their backs. */
	if (t->gw->now >= s->held_until)
		saga_give_up(s, "the lease is over");
	else
		s->send(s);
}

void
saga_send(struct saga *s, void (*send)(struct saga *s))
{
	s->send = send;
	save(s, s->task.gw->now + HOLD_LEASE_MS, on_sending);
}

static void
on_left(struct task *t, const struct event *e)
{
	if (saga_saved(saga_of(t), e))
		task_end(t);
}

void
saga_leave(struct saga *s, int64_t due)
{
	save(s, due, on_left);
}

static void
on_woken(struct task *t, const struct event *e)
{
	(void)e;
	saga_of(t)->kind->go_on(saga_of(t));
}

void
saga_wait(struct saga *s, int64_t at, bool light)
{
	if (at - s->task.gw->now <= STAY_MS && !s->task.gw->draining) {
		task_sleep(&s->task, at, on_woken);
		s->task.light = light;
	} else
		saga_leave(s, at);
}

/* ---- beginning ---- */

static void
begin(struct gateway *gw, struct saga *s, const char *owner, int64_t until)
{
	struct store_key key = key_of(s->kind->family, owner, "");

	gw->sagas++;
	task_start(gw, &s->task, saga_end);
	task_for(&s->task, owner);
	hold_start(gw, s->task.id, &key, &s->rev);
	s->held_until = until;
}

static struct saga *
saga_new(const struct saga_kind *kind)
{
	struct saga *s = xcalloc(1, kind->size);

	s->kind = kind;
	return s;
}

static bool
take_record(struct gateway *gw, struct saga *s, const struct store_value *v)
{
	if (!v->present || v->damaged || !s->kind->decode(s, v->p, v->len)) {
		log_error(s->task.id, "saga damaged", "saga=%s octets=%zu", s->kind->name, v->len);
		return false;
	}
	rev_loaded(&s->rev, v);
	s->tenant = tenant_find(gw, s->kind->tenant(s));
	if (s->tenant < 0)
		log_error(s->task.id, "saga of no tenant", "saga=%s tenant=%s", s->kind->name, s->kind->tenant(s));
	return s->tenant >= 0;
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct saga *s = saga_of(t);

	if (e->end == STORE_DONE && take_record(t->gw, s, &e->v[0]))
		s->kind->go_on(s);
	else
		saga_give_up(s, "could not be read");
}

struct saga *
saga_start(struct gateway *gw, const struct saga_kind *kind, const char *owner)
{
	struct saga *s = saga_new(kind);
	struct store_key key = key_of(kind->family, owner, "");

	begin(gw, s, owner, gw->now + START_MS);
	task_load(&s->task, &key, 1, on_loaded);
	return s;
}

void
saga_claimed(struct gateway *gw, const struct saga_kind *kind, const struct store_value *v, int64_t until)
{
	struct saga *s = saga_new(kind);

	if (take_record(gw, s, v)) {
		begin(gw, s, kind->owner(s), until);
		metric_add(kind->taken_over, 1);
		kind->go_on(s);
	} else {
		mem_wipe(s, kind->size);
		free(s);
	}
}
