/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mirror of the lists of what is due. Virtual time jumps from one due time to the next, so somebody must know when a
 * process has to look: the gateway itself only asks, and asking all the time is what costs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/task.h"
#include "tests/sim/sim_world.h"

static void on_poke(struct sim_event *e);

static void
poke_at(struct sim_world *w, int64_t score)
{
	int64_t at = (score < w->loop.now ? w->loop.now : score) / 1000 * 1000 + 1000;

	for (size_t i = 0; i < w->pokes_n; i++)
		if (w->pokes[i] == at)
			return;
	if (w->pokes_n < NELEM(w->pokes))
		w->pokes[w->pokes_n++] = at;
	sim_loop_add(&w->loop, sim_event_new(sizeof(struct sim_event), w, on_poke), at);
}

bool
sim_due_now(const struct sim_world *w)
{
	for (size_t i = 0; i < w->due_n; i++)
		if (w->due[i].score <= w->loop.now)
			return true;
	return false;
}

static void
on_poke(struct sim_event *e)
{
	struct sim_world *w = e->world;

	for (size_t i = 0; i < w->pokes_n; i++)
		if (w->pokes[i] == e->at)
			w->pokes[i] = w->pokes[--w->pokes_n];
	if (sim_due_now(w))
		for (int i = 0; i < w->processes; i++)
			sim_wake(&w->process[i], w->loop.now + 2600);
}

static struct sim_due *
due_find(struct sim_world *w, const char *ref)
{
	for (size_t i = 0; i < w->due_n; i++)
		if (strcmp(w->due[i].ref, ref) == 0)
			return &w->due[i];
	return NULL;
}

void
sim_due_op(struct sim_world *w, const struct store_op *op)
{
	char ref[STORE_OWNER + 2 * STORE_ID];
	struct sim_due *d;

	if (op->key.family != STORE_DUE &&
	    (op->key.family < STORE_OUTBOX || op->key.family > STORE_OUTBOX_NOTICE))
		return;
	str_format(ref, sizeof ref, "%s\n%s\n%s", op->ref.owner, op->ref.id, op->key.id);
	d = due_find(w, ref);
	if (op->kind == STORE_LIST_REMOVE) {
		if (d != NULL)
			*d = w->due[--w->due_n];
		return;
	}
	if (d == NULL) {
		w->due = xrealloc(w->due, w->due_n + 1, sizeof *w->due);
		d = &w->due[w->due_n++];
		str_copy(d->ref, sizeof d->ref, ref);
		d->list = op->key.family;
		str_copy(d->part, sizeof d->part, op->key.id);
		d->bucket = memory_store_bucket(w->store, op->key.family, op->key.owner);
	}
	d->score = op->score;
	poke_at(w, op->score);
}

static bool
is_claimed(const struct sim_due *d, const struct store_claim *c)
{
	if (d->list < c->list || d->list > c->list + c->more || d->bucket != c->bucket)
		return false;
	for (unsigned k = 0; k < c->parts; k++)
		if (strcmp(d->part, c->part[k].id) == 0)
			return true;
	return d->part[0] == '\0';
}

void
sim_due_claim(struct sim_world *w, const struct store_claim *c)
{
	for (size_t i = 0; c->lease_ms != 0 && i < w->due_n; i++)
		if (is_claimed(&w->due[i], c) && w->due[i].score <= w->loop.now) {
			w->due[i].score = w->loop.now + c->lease_ms;
			poke_at(w, w->due[i].score);
		}
}

bool
sim_due_bucket(const struct sim_world *w, const struct store_claim *c)
{
	for (size_t i = 0; i < w->due_n; i++)
		if (is_claimed(&w->due[i], c))
			return true;
	return false;
}

/*
 * The gateway looks at all lists in turn; here it is told where something is. To look at hundreds of empty ones
 * costs most of the time of a run and finds nothing.
 */
void
sim_due_hint(const struct sim_world *w, struct gateway *gw)
{
	bool outbox[NELEM(gw->outbox_at)] = { false };

	gw->due_at = w->loop.now + 1;
	for (size_t i = 0; i < w->due_n; i++) {
		const struct sim_due *d = &w->due[i];

		if (d->score > w->loop.now)
			continue;
		if (d->list == STORE_DUE) {
			gw->due_next = d->bucket;
			gw->due_at = 0;
		} else
			outbox[d->bucket] = true;
	}
	for (size_t i = 0; i < NELEM(outbox); i++)
		if (!outbox[i] && gw->outbox_at[i] <= w->loop.now)
			gw->outbox_at[i] = w->loop.now + 1;
}
