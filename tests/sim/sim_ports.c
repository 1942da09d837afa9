/* SPDX-License-Identifier: Apache-2.0 */
/* What all ports share, and those that only hear or give: links, chance, answers to integrators. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "tests/sim/sim_call.h"

/* ---- calls of a process ---- */

void *
sim_call_new(struct sim_process *p, size_t size, sim_run *run, sim_run *drop, uint64_t op)
{
	struct call *c = sim_event_new(size, p->world, run);

	c->e.drop = drop;
	c->process = p;
	c->generation = p->generation;
	c->op = op;
	return c;
}

struct gateway *
sim_call_asker(struct call *c)
{
	if (c->process->gw == NULL || c->process->generation != c->generation || sim_stands(c->process, &c->e))
		return NULL;
	sim_wake(c->process, c->process->world->loop.now);
	return c->process->gw;
}

bool
sim_outage_now(const struct sim_world *w, const struct sim_outage *o)
{
	return w->loop.now >= o->from && w->loop.now < o->until;
}

/* ---- death and standstill ---- */

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
	sim_loop_add(&p->world->loop, sim_call_new(p, sizeof(struct call), on_crash, NULL, 0), at);
}

void
sim_call_crash(struct sim_process *p, enum sim_strike_what strike, int64_t there)
{
	if (strike == STRIKE_CRASH_BEFORE)
		crash_at(p, p->world->loop.now);
	else if (strike == STRIKE_CRASH_AFTER)
		crash_at(p, there);
}

/* Shorter than every lease, about as long as one, longer than all of them, longer than absence takes to be believed. */
static int64_t
standstill(struct sim_loop *l)
{
	static const int64_t most[] = { 3000, 12000, 12000, 90000, 90000, 1500000 };

	return sim_between(l, 100, most[sim_below(l, NELEM(most))]);
}

enum sim_strike_what
sim_call_trouble(struct sim_process *p)
{
	struct sim_loop *l = &p->world->loop;

	p->world->calls++;
	if (sim_chance(l, p->world->faults.stall))
		sim_process_stand(p, standstill(l));
	if (!sim_chance(l, p->world->faults.crash))
		return STRIKE_NOT;
	switch (sim_below(l, 3)) {
	case 0:
		return STRIKE_CRASH_BEFORE;
	case 1:
		return STRIKE_CRASH_AFTER;
	default:
		crash_at(p, l->now + sim_between(l, 0, 60));
		return STRIKE_NOT;
	}
}

enum sim_strike_what
sim_call_struck(struct sim_process *p, const struct store_commit *commit, enum wallet_op op)
{
	struct sim_world *w = p->world;

	for (size_t i = 0; i < SIM_STRIKES; i++) {
		struct sim_strike *s = &w->strike[i];
		bool hit = false;

		if (s->nth == 0 || s->on_store != (commit != NULL))
			continue;
		for (size_t k = 0; commit != NULL && k < commit->n; k++)
			hit |= commit->op[k].kind == STORE_PUT && commit->op[k].key.family == s->family;
		hit |= commit == NULL && s->op == op;
		if (hit && --s->nth == 0)
			return s->what;
	}
	return sim_call_trouble(p);
}

/* ---- the rest ---- */

static unsigned
port_sms_free(void *ctx, int channel)
{
	const struct sim_process *p = ctx;
	const struct sim_world *w = p->world;
	int bind = w->settings.channels[channel].bind;

	if (bind == 0 && sim_outage_now(w, &w->faults.smsc))
		return 0;
	return bind < 0 || p->holds_link[bind] ? 16 : 0;
}

static void
port_api_reply(void *ctx, uint64_t call, int status, const char *json)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;

	if (sim_callback_is(call)) {
		sim_call_crash(ctx, sim_call_trouble(ctx), w->loop.now);
		sim_callback_answer(w, call, status);
		return;
	}
	if (sim_shop_call(call)) {
		sim_call_crash(ctx, sim_call_trouble(ctx), w->loop.now);
		sim_shop_answer(w, call, status, json);
		return;
	}
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
	for (int i = 0; hold && i < SIM_PROCESSES_MAX; i++) {
		/* A process that rests is one that stands still: it looks before it acts. */
		struct sim_process *other = &p->world->process[i];

		if (other != p && other->gw != NULL && other->ticking && other->holds_link[bind] &&
		    other->stands_until <= p->world->loop.now)
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
	for (int i = 0; i < SIM_PROCESSES_MAX; i++)
		w->ports[i] = (struct ports){
			.ctx = &w->process[i],
			.load = sim_store_load,
			.commit = sim_store_commit,
			.claim = sim_store_claim,
			.range = sim_store_range,
			.bucket = sim_store_bucket,
			.wallet = sim_wallet_ask,
			.sms = sim_sms_send,
			.sms_free = port_sms_free,
			.reply = sim_bot_reply,
			.api_reply = port_api_reply,
			.operator_reply = sim_operator_reply,
			.receipt_stored = sim_receipt_stored,
			.link = port_link,
			.steady = port_steady,
			.random = port_random,
			.mac = port_mac,
			.seal = sim_callback_seal,
			.open = sim_callback_open,
			.tell = sim_callback_tell,
		};
}
