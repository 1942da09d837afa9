/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

#define START_MS INT64_C(1774339200000)		/* 2026-03-24 08:00 UTC */
#define TICK_MS 50
#define AFTERWARDS_MS 400000
#define REST_MS INT64_C(1900000000)		/* what is not at rest after so long never will be */

/* ---- processes ---- */

static void on_tick(struct sim_event *e);

struct tick {
	struct sim_event e;
	struct sim_process *process;
	uint64_t generation;
};

static void
tick_at(struct sim_process *p, int64_t at)
{
	struct tick *t = sim_event_new(sizeof *t, p->world, on_tick);

	t->process = p;
	t->generation = p->generation;
	p->ticking = true;
	sim_loop_add(&p->world->loop, t, at);
}

/* What watches the store tells a process of it at once. */
static void
tell_of_store(const struct sim_process *p)
{
	const struct sim_world *w = p->world;

	if (w->closed.until != 0)
		gateway_on_history(p->gw, w->loop.now, !sim_outage_now(w, &w->closed));
	if (w->money_off.until != 0)
		gateway_on_money(p->gw, w->loop.now, sim_outage_now(w, &w->money_off));
}

static void
on_tick(struct sim_event *e)
{
	struct tick *t = (struct tick *)(void *)e;
	struct sim_process *p = t->process;
	struct sim_world *w = e->world;

	if (p->gw == NULL || t->generation != p->generation || sim_stands(p, e))
		return;
	tell_of_store(p);
	if (w->quick)
		sim_due_hint(w, p->gw);
	gateway_tick(p->gw, w->loop.now);
	if (gateway_busy(p->gw) > 0 || w->loop.now < p->awake_until || sim_due_now(w))
		tick_at(p, w->loop.now + TICK_MS);
	else
		p->ticking = false;
}

void
sim_wake(struct sim_process *p, int64_t until)
{
	if (p->gw != NULL)
		tell_of_store(p);
	if (until > p->awake_until)
		p->awake_until = until;
	if (p->gw == NULL || p->ticking)
		return;
	gateway_guard_links(p->gw);
	tick_at(p, p->world->loop.now);
}

void
sim_process_start(struct sim_process *p)
{
	struct sim_world *w = p->world;
	struct gateway_content contents[SIM_TENANTS];
	struct gateway_options o = { .settings = &w->settings, .ports = &w->ports[p->index], .contents = contents };

	if (p->gw != NULL)
		return;
	for (int i = 0; i < SIM_TENANTS; i++)
		contents[i] = (struct gateway_content){ w->texts, w->menus[i], w->sms_menus[i], NULL };
	str_format(o.process, sizeof o.process, "p%d-%llu", p->index, (unsigned long long)p->generation);
	p->ticking = false;
	memset(p->holds_link, 0, sizeof p->holds_link);
	p->gw = gateway_new(&o);
	sim_trace(&w->loop, "  process %d up", p->index);
	sim_wake(p, w->loop.now + 2600);
}

static void
on_restart(struct sim_event *e)
{
	struct tick *t = (struct tick *)(void *)e;

	if (t->generation == t->process->generation)
		sim_process_start(t->process);
}

void
sim_process_crash(struct sim_process *p)
{
	struct sim_world *w = p->world;
	struct tick *t;

	if (p->gw == NULL)
		return;
	sim_trace(&w->loop, "  process %d crashes", p->index);
	w->crashes++;
	gateway_free(p->gw);
	p->gw = NULL;
	sim_turns_forget(p);
	p->stands_until = 0;
	p->generation++;
	t = sim_event_new(sizeof *t, w, on_restart);
	t->process = p;
	t->generation = p->generation;
	sim_loop_add(&w->loop, t, w->loop.now + sim_between(&w->loop, 0, w->story ? 500 : 20000));
}

bool
sim_stands(const struct sim_process *p, struct sim_event *e)
{
	if (p->stands_until <= p->world->loop.now)
		return false;
	sim_loop_again(e, p->stands_until);
	return true;
}

/* Before anything that waited is handled: its links may be another's by now. */
static void
on_goes_on(struct sim_event *e)
{
	struct tick *t = (struct tick *)(void *)e;

	sim_trace(&t->process->world->loop, "  process %d goes on", t->process->index);
	if (t->process->gw != NULL && t->generation == t->process->generation)
		gateway_guard_links(t->process->gw);
}

void
sim_process_stand(struct sim_process *p, int64_t ms)
{
	struct sim_world *w = p->world;
	struct tick *t;

	if (p->gw == NULL || p->stands_until > w->loop.now || ms <= 0)
		return;
	sim_trace(&w->loop, "  process %d stands still for %d ms", p->index, (int)ms);
	t = sim_event_new(sizeof *t, w, on_goes_on);
	t->process = p;
	t->generation = p->generation;
	p->stands_until = w->loop.now + ms;
	sim_loop_add(&w->loop, t, p->stands_until);
}

/* ---- the whole ---- */

void
sim_world_set_up(struct sim_world *w, uint64_t seed, const char *profile, const struct texts *texts,
    const struct menu *menu)
{
	memset(w, 0, sizeof *w);
	w->seed = seed;
	sim_loop_init(&w->loop, seed, START_MS);
	sim_loop_init(&w->dice, ~seed, 0);
	sim_loop_init(&w->people, seed ^ UINT64_C(0x5a5a5a5a5a5a5a5a), 0);
	w->texts = texts;
	for (int i = 0; i < SIM_TENANTS; i++) {
		w->menus[i] = menu;
		sim_core_init(&w->cores[i], profile, i, seed + (uint64_t)i);
		w->cores[i].rules.transfer_fee = 100;
	}
	w->store = memory_store_new(NULL);
	sim_settings_init(w);
	sim_ports_init(w);
	w->processes = SIM_PROCESSES;
	w->cores_n = 1;
}

void
sim_world_start(struct sim_world *w)
{
	for (int i = 0; i < w->processes; i++) {
		w->process[i].world = w;
		w->process[i].index = i;
		sim_process_start(&w->process[i]);
	}
}

void
sim_world_init(struct sim_world *w, uint64_t seed, const char *profile, const struct texts *texts,
    const struct menu *menu)
{
	sim_world_set_up(w, seed, profile, texts, menu);
	sim_world_start(w);
}

void
sim_world_clear(struct sim_world *w)
{
	for (int i = 0; i < SIM_PROCESSES_MAX; i++)
		if (w->process[i].gw != NULL)
			gateway_free(w->process[i].gw);
	sim_loop_clear(&w->loop);
	memory_store_free(w->store);
	for (int i = 0; i < SIM_TENANTS; i++)
		sim_core_clear(&w->cores[i]);
	free(w->due);
	free(w->inbox);
	free(w->stored);
	free(w->written);
	free(w->episode);
	free(w->turn);
	free(w->notice);
	free(w->order);
	free(w->called);
	free(w->hint);
}

void
sim_world_run(struct sim_world *w, int64_t until)
{
	while (w->problem[0] == '\0' && sim_loop_step(&w->loop, until))
		;
	if (w->loop.now < until && until < START_MS + REST_MS)
		w->loop.now = until;
	if (sim_loop_next(&w->loop) != INT64_MAX && until - START_MS >= REST_MS)
		sim_broken(w, "the world does not come to rest: %s is due", w->due_n > 0 ? w->due[0].ref : "nothing");
}

static bool
somebody_wants(const struct sim_world *w)
{
	for (int i = 0; i < w->bots; i++)
		if (w->bot[i].on_line || w->bot[i].wants || w->bot[i].goals_left > 0)
			return true;
	return w->orders_left > 0;
}

void
sim_world_play(struct sim_world *w, int64_t until)
{
	while (w->problem[0] == '\0' && somebody_wants(w) && sim_loop_step(&w->loop, until))
		;
	/* What they set off goes on in trouble for a while. */
	until = w->loop.now + sim_between(&w->loop, 0, AFTERWARDS_MS);
	while (w->problem[0] == '\0' && sim_loop_step(&w->loop, until))
		;
}

void
sim_world_calm(struct sim_world *w)
{
	memset(&w->faults, 0, sizeof w->faults);
	w->calm = true;
	for (int i = 0; i < w->processes; i++)
		sim_process_start(&w->process[i]);
	sim_world_run(w, START_MS + REST_MS);
}

void
sim_broken(struct sim_world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->problem[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(w->problem, sizeof w->problem, fmt, ap);
	va_end(ap);
	sim_trace(&w->loop, "BROKEN: %s", w->problem);
}

struct bank_wallet *
sim_wallet_of(const struct sim_world *w, int tenant, const char *phone)
{
	struct bank_customer *const *v;
	size_t n = bank_customers_by(w->cores[tenant].bank, INDEX_PHONE, phone, &v);

	for (size_t i = 0; i < n; i++)
		if (v[i]->wallets_n > 0)
			return v[i]->wallets[0];
	return NULL;
}
