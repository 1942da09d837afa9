/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store and wallet core behind a network: each call is two events, the effect in the world and its answer. Either may
 * be lost, late or doubled; an answer reaches only the life of the process that asked.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "tests/sim/sim_world.h"

#define STORE_TIMEOUT_MS 1000
#define LATE_STORE_MS 20000
#define LATE_WALLET_MS INT64_C(600000)

/* ---- calls of a process ---- */

struct call {
	struct sim_event e;
	struct sim_process *process;
	uint64_t generation, op;
};

static void *
call_new(struct sim_process *p, size_t size, sim_run *run, sim_run *drop, uint64_t op)
{
	struct call *c = sim_event_new(size, p->world, run);

	c->e.drop = drop;
	c->process = p;
	c->generation = p->generation;
	c->op = op;
	return c;
}

/* The gateway that asked, if it still lives. */
static struct gateway *
asker(const struct call *c)
{
	if (c->process->gw == NULL || c->process->generation != c->generation)
		return NULL;
	sim_wake(c->process, c->process->world->loop.now);
	return c->process->gw;
}

static void
on_crash(struct sim_event *e)
{
	struct call *c = (struct call *)(void *)e;

	if (c->process->gw != NULL && c->process->generation == c->generation)
		sim_process_crash(c->process);
}

static void
crash_at(struct sim_process *p, int64_t at)
{
	sim_loop_add(&p->world->loop, call_new(p, sizeof(struct call), on_crash, NULL, 0), at);
}

static void
maybe_crash(struct sim_process *p)
{
	struct sim_loop *l = &p->world->loop;

	p->world->calls++;
	if (sim_chance(l, p->world->faults.crash))
		crash_at(p, l->now + sim_between(l, 0, 60));
}

/* The fault that a story has for this call, or -1. */
static int
struck(struct sim_world *w, const struct store_commit *commit, enum wallet_op op)
{
	for (size_t i = 0; i < SIM_STRIKES; i++) {
		struct sim_strike *s = &w->strike[i];
		bool hit = false;

		if (s->nth == 0 || s->on_store != (commit != NULL))
			continue;
		for (size_t k = 0; commit != NULL && k < commit->n; k++)
			hit |= commit->op[k].kind == STORE_PUT && commit->op[k].key.family == s->family;
		hit |= commit == NULL && s->op == op;
		if (hit && --s->nth == 0)
			return (int)s->what;
	}
	return -1;
}

/* ---- the store ---- */

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
	struct gateway *gw = asker(&a->call);
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
	struct store_answer *a = call_new(to->process, sizeof *a, on_store_answer, answer_drop, to->op);

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

static void
commit_now(struct sim_world *w, const struct store_call *c, struct store_answer *a)
{
	a->end = memory_store_commit(w->store, w->loop.now, c->commit);
	for (size_t i = 0; a->end == STORE_DONE && i < c->commit->n; i++)
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
	struct store_call *c = call_new(p, sizeof *c, on_store_effect, store_call_drop, op);

	c->ask = ask;
	return c;
}

/* Decides what becomes of it and puts it on its way. */
static void
store_start(struct store_call *c)
{
	struct sim_process *p = c->call.process;
	struct sim_world *w = p->world;
	struct sim_loop *l = &w->loop;
	const struct sim_faults *f = &w->faults;
	int strike = c->ask == ASK_COMMIT ? struck(w, c->commit, 0) : -1;
	int64_t there = l->now + sim_between(l, 0, 2), back = there + sim_between(l, 0, 2);
	bool lost = strike == STRIKE_LOSE || sim_chance(l, f->store_lost);

	maybe_crash(p);
	if (sim_chance(l, f->store_slow))
		back = (there = l->now + sim_between(l, 10, 900)) + sim_between(l, 0, 90);
	if (c->ask == ASK_COMMIT && sim_chance(l, f->store_late))
		there = l->now + sim_between(l, 500, LATE_STORE_MS);
	if (strike == STRIKE_CRASH_BEFORE || strike == STRIKE_CRASH_AFTER)
		crash_at(p, strike == STRIKE_CRASH_BEFORE ? l->now : there);
	lost |= strike == STRIKE_CRASH_BEFORE;
	c->answers = !lost && strike != STRIKE_LOSE_ANSWER && !sim_chance(l, f->store_answer_lost) &&
	    back < l->now + STORE_TIMEOUT_MS && there <= back;
	c->answer_at = back;
	if (!c->answers)
		sim_loop_add(l, store_answer_new(&c->call, c->ask, STORE_UNKNOWN), l->now + STORE_TIMEOUT_MS);
	if (!lost)
		sim_loop_add(l, c, there);
	else {
		store_call_drop(&c->call.e);
		free(c);
	}
}

static void
port_load(void *ctx, uint64_t op, const struct store_key *keys, size_t n)
{
	struct store_call *c = store_call_new(ctx, ASK_LOAD, op);

	memcpy(c->key, keys, n * sizeof *keys);
	c->n = n;
	store_start(c);
}

static void
port_commit(void *ctx, uint64_t op, const struct store_commit *commit)
{
	struct store_call *c = store_call_new(ctx, ASK_COMMIT, op);

	c->commit = xcalloc(1, sizeof *c->commit);
	c->commit->n = commit->n;
	c->commit->not_after_ms = commit->not_after_ms;
	for (size_t i = 0; i < commit->n; i++) {
		struct store_op *to = &c->commit->op[i];
		void *octets = xcalloc(1, commit->op[i].len + 1);

		*to = commit->op[i];
		if (to->len > 0)
			memcpy(octets, to->p, to->len);
		to->p = octets;
	}
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

static void
port_claim(void *ctx, uint64_t op, const struct store_claim *claim)
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

static void
port_range(void *ctx, uint64_t op, const struct store_range *range)
{
	struct store_call *c = store_call_new(ctx, ASK_RANGE, op);

	c->range = *range;
	store_start(c);
}

static unsigned
port_bucket(void *ctx, enum store_family family, const char *owner)
{
	return memory_store_bucket(((struct sim_process *)ctx)->world->store, family, owner);
}

/* ---- the wallet core ---- */

struct wallet_call {
	struct call call;
	struct wallet_req q;
	bool answers;
	int64_t answer_at;
};

struct wallet_reply {
	struct call call;
	struct wallet_answer a;
};

static void
on_wallet_answer(struct sim_event *e)
{
	struct wallet_reply *r = (struct wallet_reply *)(void *)e;
	struct gateway *gw = asker(&r->call);

	if (gw != NULL)
		gateway_on_wallet(gw, r->call.process->world->loop.now, r->call.op, &r->a);
}

static struct wallet_reply *
wallet_reply_new(const struct call *to, enum wallet_end end)
{
	struct wallet_reply *r = call_new(to->process, sizeof *r, on_wallet_answer, NULL, to->op);

	r->call.generation = to->generation;
	r->a.end = end;
	return r;
}

static void
on_wallet_effect(struct sim_event *e)
{
	struct wallet_call *c = (struct wallet_call *)(void *)e;
	struct sim_world *w = e->world;
	struct wallet_reply *r = wallet_reply_new(&c->call, WALLET_UNKNOWN);

	sim_core_do(&w->core, w->loop.now, &c->q, &r->a);
	if (wallet_op_moves_money(c->q.op))
		sim_trace(&w->loop, "  core: %s %s -> %s %s", wallet_op_name(c->q.op), c->q.uid,
		    wallet_end_name(r->a.end), r->a.code);
	if (c->answers)
		sim_loop_add(&w->loop, r, c->answer_at);
	else
		free(r);
}

static void
wallet_go(struct sim_world *w, struct sim_process *p, uint64_t op, const struct wallet_req *q, int64_t there,
    int64_t back)
{
	struct wallet_call *c = call_new(p, sizeof *c, on_wallet_effect, NULL, op);

	c->q = *q;
	c->answers = back != 0;
	c->answer_at = back;
	sim_loop_add(&w->loop, c, there);
}

/* An answer of the network's or the core's front door: nothing was done. */
static bool
turned_away(struct sim_process *p, uint64_t op, int64_t at)
{
	struct sim_world *w = p->world;
	struct call asked = { .process = p, .generation = p->generation, .op = op };
	enum wallet_end end;

	if (sim_chance(&w->loop, w->faults.wallet_auth))
		end = WALLET_AUTH;
	else if (sim_chance(&w->loop, w->faults.wallet_busy))
		end = WALLET_LATER;
	else if (sim_chance(&w->loop, w->faults.wallet_broken))
		end = WALLET_UNKNOWN;
	else
		return false;
	sim_loop_add(&w->loop, wallet_reply_new(&asked, end), at);
	return true;
}

static void
port_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	struct sim_process *p = ctx;
	struct sim_world *w = p->world;
	struct sim_loop *l = &w->loop;
	const struct sim_faults *f = &w->faults;
	struct call asked = { .process = p, .generation = p->generation, .op = op };
	int strike = struck(w, NULL, q->op);
	int64_t there = l->now + sim_between(l, 5, 60), back = there + sim_between(l, 5, 60);
	bool lost = strike == STRIKE_LOSE || strike == STRIKE_CRASH_BEFORE || sim_chance(l, f->wallet_lost);
	bool silent = strike == STRIKE_LOSE_ANSWER || sim_chance(l, f->wallet_answer_lost);
	bool late = wallet_op_moves_money(q->op) && sim_chance(l, f->wallet_late);

	(void)tenant;
	maybe_crash(p);
	/* 401 to a login means a wrong PIN: the door does not say that about a right one. */
	if (q->op != WALLET_LOGIN && turned_away(p, op, back))
		return;
	if (sim_chance(l, f->wallet_slow))
		back = (there = l->now + sim_between(l, 100, 4000)) + sim_between(l, 100, 4000);
	if (late)
		there = l->now + sim_between(l, 1000, LATE_WALLET_MS);
	if (strike == STRIKE_CRASH_BEFORE || strike == STRIKE_CRASH_AFTER)
		crash_at(p, strike == STRIKE_CRASH_BEFORE ? l->now : there);
	silent |= lost || late || back >= l->now + timeout_ms;
	if (silent)
		sim_loop_add(l, wallet_reply_new(&asked, WALLET_UNKNOWN), l->now + timeout_ms);
	if (!lost)
		wallet_go(w, p, op, q, there, silent ? 0 : back);
	if (!lost && sim_chance(l, f->wallet_twice))
		wallet_go(w, p, op, q, there + sim_between(l, 0, 3000), 0);
}

/* ---- the rest ---- */

static unsigned
port_sms_free(void *ctx, int channel)
{
	const struct sim_process *p = ctx;
	const struct sim_world *w = p->world;
	int bind = w->settings.channels[channel].bind;

	if (bind == 0 && w->loop.now >= w->faults.outage_from && w->loop.now < w->faults.outage_until)
		return 0;
	return p->holds_link[bind] ? 16 : 0;
}

static void
port_api_reply(void *ctx, uint64_t call, int status, const char *json)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;

	(void)call;
	w->api_status = status;
	w->api_answers++;
	if (!str_copy(w->api_answer, sizeof w->api_answer, json))
		sim_broken(w, "an answer to an integrator is too long");
}

static void
port_link(void *ctx, int bind, int slot, bool hold, int64_t within_ms)
{
	struct sim_process *p = ctx;

	(void)slot, (void)within_ms;
	p->holds_link[bind] = hold;
	for (int i = 0; hold && i < SIM_PROCESSES; i++) {
		/* A process that rests is one that stands still: it looks before it acts. */
		struct sim_process *other = &p->world->process[i];

		if (other != p && other->gw != NULL && other->ticking && other->holds_link[bind])
			sim_broken(p->world, "two processes hold the link");
	}
}

static int64_t
port_steady(void *ctx)
{
	return ((struct sim_process *)ctx)->world->loop.now;
}

static void
port_random(void *ctx, void *p, size_t n)
{
	struct sim_process *process = ctx;
	unsigned char *out = p;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)sim_below(&process->world->loop, 256);
}

static void
port_mac(void *ctx, const void *p, size_t n, unsigned char out[16])
{
	(void)ctx;
	crypto_generichash(out, 16, p, n, NULL, 0);
}

void
sim_ports_init(struct sim_world *w)
{
	for (int i = 0; i < SIM_PROCESSES; i++)
		w->ports[i] = (struct ports){
			.ctx = &w->process[i],
			.load = port_load,
			.commit = port_commit,
			.claim = port_claim,
			.range = port_range,
			.bucket = port_bucket,
			.wallet = port_wallet,
			.sms = sim_sms_send,
			.sms_free = port_sms_free,
			.reply = sim_bot_reply,
			.api_reply = port_api_reply,
			.receipt_stored = sim_receipt_stored,
			.link = port_link,
			.steady = port_steady,
			.random = port_random,
			.mac = port_mac,
		};
}
