/* SPDX-License-Identifier: Apache-2.0 */
/* The store behind a network: what becomes of a command between the process, Redis and back. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_call.h"

#define STORE_TIMEOUT_MS 1000
#define LATE_STORE_MS 20000
#define CALL_NAME 200

enum store_ask { ASK_LOAD, ASK_COMMIT, ASK_CLAIM, ASK_RANGE };
struct store_call {
	struct call call;
	enum store_ask ask;
	bool answers;
	int64_t answer_at;
	struct store_key key[8];
	size_t n;
	struct store_commit *commit;	/* ours, with its octets */
	struct store_claim claim;
	struct store_range range;
};

struct store_answer {
	struct call call;
	enum store_ask ask;
	enum store_end end;
	struct store_value *v;		/* ours, with their octets */
	struct store_claimed *c;
	size_t n;
};

static void
answer_drop(struct sim_event *e)
{
	struct store_answer *a = (struct store_answer *)(void *)e;

	for (size_t i = 0; i < a->n; i++) {
		if (a->v != NULL)
			free((void *)(uintptr_t)a->v[i].p);
		if (a->c != NULL)
			free((void *)(uintptr_t)a->c[i].value.p);
	}
	free(a->v);
	free(a->c);
}

static void
on_store_answer(struct sim_event *e)
{
	struct store_answer *a = (struct store_answer *)(void *)e;
	struct gateway *gw = sim_call_asker(&a->call);
	int64_t now = a->call.process->world->loop.now;

	if (gw == NULL)
		return;
	switch (a->ask) {
	case ASK_LOAD:
		gateway_on_loaded(gw, now, a->call.op, a->end, a->v, a->n);
		break;
	case ASK_COMMIT:
		gateway_on_committed(gw, now, a->call.op, a->end);
		break;
	case ASK_CLAIM:
	case ASK_RANGE:
		gateway_on_claimed(gw, now, a->call.op, a->end, a->c, a->n);
		break;
	}
}

static struct store_answer *
store_answer_new(const struct call *to, enum store_ask ask, enum store_end end)
{
	struct store_answer *a = sim_call_new(to->process, sizeof *a, on_store_answer, answer_drop, to->op);

	a->call.generation = to->generation;
	a->ask = ask;
	a->end = end;
	return a;
}

static void
own_octets(struct store_value *v)
{
	void *copy = xcalloc(1, v->len + 1);

	if (v->len > 0)
		memcpy(copy, v->p, v->len);
	v->p = copy;
}

static void
load_now(struct sim_world *w, const struct store_call *c, struct store_answer *a)
{
	a->n = c->n;
	a->v = xcalloc(c->n, sizeof *a->v);
	memory_store_load(w->store, w->loop.now, c->key, c->n, a->v);
	for (size_t i = 0; i < a->n; i++)
		own_octets(&a->v[i]);
}

/* It was executed before: then it changes nothing, lists included. */
static bool
is_repeated(struct sim_world *w, const struct store_commit *c)
{
	struct store_value v;

	for (size_t i = 0; i < c->n; i++)
		if (c->op[i].kind == STORE_PUT) {
			memory_store_load(w->store, w->loop.now, &c->op[i].key, 1, &v);
			return memcmp(&v.version, &c->op[i].to, sizeof v.version) == 0;
		}
	return false;
}

static void
commit_now(struct sim_world *w, const struct store_call *c, struct store_answer *a)
{
	bool repeated = is_repeated(w, c->commit);

	a->end = memory_store_commit(w->store, w->loop.now, c->commit);
	if (a->end == STORE_DONE && !repeated && w->loop.now > c->commit->not_after_ms)
		sim_broken(w, "a commit was executed after its time");
	for (size_t i = 0; a->end == STORE_DONE && !repeated && i < c->commit->n; i++)
		sim_due_op(w, &c->commit->op[i]);
}

static void
claim_now(struct sim_world *w, const struct store_call *c, struct store_answer *a)
{
	a->c = xcalloc(STORE_CLAIM_MAX, sizeof *a->c);
	if (c->ask == ASK_CLAIM) {
		a->n = memory_store_claim(w->store, w->loop.now, &c->claim, a->c);
		sim_due_claim(w, &c->claim);
	} else
		a->n = memory_store_range(w->store, w->loop.now, &c->range, a->c);
	for (size_t i = 0; i < a->n; i++)
		own_octets(&a->c[i].value);
}

/* Leases of links come again and again, and say little. */
static bool
is_dull(const struct store_call *c)
{
	return (c->ask == ASK_LOAD && c->key[0].family == STORE_LINK) ||
	    (c->ask == ASK_COMMIT && c->commit->op[0].key.family == STORE_LINK);
}

/* What was asked for, and of which records. */
static void
name_call(const struct store_call *c, char out[CALL_NAME])
{
	static const char *const asked[] = { "load", "commit", "claim", "range" };
	static const char *const done[] = { "put", "check", "delete", "add", "remove" };
	size_t n = 0;

	str_format(out, CALL_NAME, "%s", asked[c->ask]);
	for (size_t i = 0; c->ask == ASK_LOAD && i < c->n; i++) {
		n = strlen(out);
		str_format(out + n, CALL_NAME - n, " %s", store_families[c->key[i].family].name);
	}
	for (size_t i = 0; c->ask == ASK_COMMIT && i < c->commit->n; i++) {
		n = strlen(out);
		str_format(out + n, CALL_NAME - n, " %s:%s", done[c->commit->op[i].kind],
		    store_families[c->commit->op[i].key.family].name);
	}
}

static void
trace_end(const struct store_call *c, const struct store_answer *a)
{
	static const char *const end[] = { "done", "conflict", "late", "full", "unknown" };
	char name[CALL_NAME];

	if (!c->call.process->world->loop.trace || is_dull(c))
		return;
	name_call(c, name);
	sim_trace(&c->call.process->world->loop, "  p%d store: %s -> %s%s", c->call.process->index, name, end[a->end],
	    c->answers ? "" : ", which nobody hears");
}

static void
on_store_effect(struct sim_event *e)
{
	struct store_call *c = (struct store_call *)(void *)e;
	struct sim_world *w = e->world;
	struct store_answer *a = store_answer_new(&c->call, c->ask, STORE_DONE);

	if (c->ask == ASK_LOAD)
		load_now(w, c, a);
	else if (c->ask == ASK_COMMIT)
		commit_now(w, c, a);
	else
		claim_now(w, c, a);
	trace_end(c, a);
	if (!c->answers)
		a->call.generation = UINT64_MAX;	/* nobody is told */
	sim_loop_add(&w->loop, a, c->answers ? c->answer_at : w->loop.now);
}

static void
store_call_drop(struct sim_event *e)
{
	struct store_call *c = (struct store_call *)(void *)e;

	for (size_t i = 0; c->commit != NULL && i < c->commit->n; i++)
		free((void *)(uintptr_t)c->commit->op[i].p);
	free(c->commit);
}

static struct store_call *
store_call_new(struct sim_process *p, enum store_ask ask, uint64_t op)
{
	struct store_call *c = sim_call_new(p, sizeof *c, on_store_effect, store_call_drop, op);

	c->ask = ask;
	return c;
}

/* When it gets there, and when its answer is back; an answer that would be too late never comes. */
struct way {
	bool lost, silent;
	int64_t there, back;
};

static void
trace_start(const struct store_call *c, bool lost, const struct way *way)
{
	struct sim_loop *l = &c->call.process->world->loop;
	char name[CALL_NAME];

	if (!l->trace || (!lost && way->there < l->now + STORE_TIMEOUT_MS))
		return;
	name_call(c, name);
	if (lost)
		sim_trace(l, "  p%d store: %s is lost", c->call.process->index, name);
	else
		sim_trace(l, "  p%d store: %s is executed in %d ms", c->call.process->index, name,
		    (int)(way->there - l->now));
}

/* Nothing is executed while Redis is dead; all of it afterwards, when it only stood still. */
static void
in_outage(struct sim_world *w, struct way *way)
{
	const struct sim_outage *o = &w->faults.redis;

	if (!sim_outage_now(w, o))
		return;
	if (o->how == OUTAGE_STALLS)
		way->back = (way->there = o->until + sim_between(&w->loop, 0, 5)) + 1;
	else
		way->lost = true;
}

static struct way
way_of(struct sim_world *w, const struct store_call *c)
{
	const struct sim_faults *f = &w->faults;
	struct sim_loop *l = &w->loop;
	struct way way = { .lost = sim_chance(l, f->store_lost), .silent = sim_chance(l, f->store_answer_lost) };

	way.back = (way.there = l->now + sim_between(l, 0, 2)) + sim_between(l, 0, 2);
	if (sim_chance(l, f->store_slow))
		way.back = (way.there = l->now + sim_between(l, 10, 900)) + sim_between(l, 0, 90);
	if (c->ask == ASK_COMMIT && sim_chance(l, f->store_late))
		way.there = l->now + sim_between(l, 500, LATE_STORE_MS);
	in_outage(w, &way);
	return way;
}

static void
free_call(struct store_call *c)
{
	store_call_drop(&c->call.e);
	free(c);
}

static void
own_commit(struct store_call *c, const struct store_commit *from)
{
	c->commit = xcalloc(1, sizeof *c->commit);
	c->commit->n = from->n;
	c->commit->not_after_ms = from->not_after_ms;
	for (size_t i = 0; i < from->n; i++) {
		struct store_op *to = &c->commit->op[i];
		void *octets = xcalloc(1, from->op[i].len + 1);

		*to = from->op[i];
		if (to->len > 0)
			memcpy(octets, to->p, to->len);
		to->p = octets;
	}
}

/* Executed once more, later, without anybody who asked. */
static void
repeat(struct store_call *c, int64_t there)
{
	struct store_call *again = store_call_new(c->call.process, ASK_COMMIT, c->call.op);

	own_commit(again, c->commit);
	sim_loop_add(&c->call.process->world->loop, again, there);
}

/* Decides what becomes of it and puts it on its way. */
static void
store_start(struct store_call *c)
{
	struct sim_process *p = c->call.process;
	struct sim_world *w = p->world;
	struct sim_loop *l = &w->loop;
	enum sim_strike_what strike = c->ask == ASK_COMMIT ? sim_call_struck(p, c->commit, 0) : sim_call_trouble(p);
	struct way way = way_of(w, c);
	bool lost = way.lost || strike == STRIKE_LOSE || strike == STRIKE_CRASH_BEFORE;

	sim_call_crash(p, strike, way.there);
	c->answers = !lost && !way.silent && strike != STRIKE_LOSE_ANSWER && way.back < l->now + STORE_TIMEOUT_MS &&
	    way.there <= way.back;
	c->answer_at = way.back;
	trace_start(c, lost, &way);
	if (!c->answers)
		sim_loop_add(l, store_answer_new(&c->call, c->ask, STORE_UNKNOWN), l->now + STORE_TIMEOUT_MS);
	if (lost) {
		free_call(c);
		return;
	}
	if (c->ask == ASK_COMMIT && sim_chance(l, w->faults.store_twice))
		repeat(c, way.there + sim_between(l, 0, LATE_STORE_MS));
	sim_loop_add(l, c, way.there);
}

void
sim_store_load(void *ctx, uint64_t op, const struct store_key *keys, size_t n)
{
	struct store_call *c = store_call_new(ctx, ASK_LOAD, op);

	memcpy(c->key, keys, n * sizeof *keys);
	c->n = n;
	store_start(c);
}

void
sim_store_commit(void *ctx, uint64_t op, const struct store_commit *commit)
{
	struct store_call *c = store_call_new(ctx, ASK_COMMIT, op);

	own_commit(c, commit);
	store_start(c);
}

static bool
is_empty(struct sim_world *w, const struct store_claim *c)
{
	struct store_claimed out[STORE_CLAIM_MAX];

	if (c->lease_ms == 0)
		return memory_store_claim(w->store, w->loop.now, c, out) == 0;	/* a look moves nothing */
	return !sim_due_bucket(w, c);
}

void
sim_store_claim(void *ctx, uint64_t op, const struct store_claim *claim)
{
	struct sim_process *p = ctx;
	struct call asked = { .process = p, .generation = p->generation, .op = op };
	struct store_call *c;

	/* Most lists are empty: their answer needs no effect and is not worth a fault. */
	if (is_empty(p->world, claim)) {
		sim_loop_add(&p->world->loop, store_answer_new(&asked, ASK_CLAIM, STORE_DONE),
		    p->world->loop.now + 1);
		return;
	}
	c = store_call_new(p, ASK_CLAIM, op);
	c->claim = *claim;
	store_start(c);
}

void
sim_store_range(void *ctx, uint64_t op, const struct store_range *range)
{
	struct store_call *c = store_call_new(ctx, ASK_RANGE, op);

	c->range = *range;
	store_start(c);
}

unsigned
sim_store_bucket(void *ctx, enum store_family family, const char *owner)
{
	return memory_store_bucket(((struct sim_process *)ctx)->world->store, family, owner);
}
