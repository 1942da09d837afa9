/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

#define START_MS INT64_C(1774339200000)		/* 2026-03-24 08:00 UTC */
#define MONTH_END_MS INT64_C(1774993800000)	/* 2026-03-31 21:50 UTC: ten minutes before April in SAST */
#define TICK_MS 50
#define AFTERWARDS_MS 400000
#define REST_MS INT64_C(1300000000)		/* what is not at rest after so long never will be */

/* ---- what is configured ---- */

static void
set_kind(struct kind_settings *k, const char *type)
{
	str_copy(k->type, sizeof k->type, type);
	str_format(k->name, sizeof k->name, "kind.%s", type);
	k->token = true;
	k->min = 1000;
	k->max = 500000;
	k->expires_h = 2;
}

static void
set_tenant(struct tenant_settings *t)
{
	str_copy(t->name, sizeof t->name, "acme");
	str_copy(t->title, sizeof t->title, SIM_TITLE);
	str_copy(t->menu, sizeof t->menu, "wallet");
	str_copy(t->languages[0], sizeof t->languages[0], "en");
	t->languages_n = 1;
	str_copy(t->country, sizeof t->country, "27");
	str_copy(t->help_phone, sizeof t->help_phone, "0800 123 456");
	t->pin_length = 4;
	t->transfer_fee = 100;
	t->result_sms = true;
	t->subtract_pending = true;
	t->wallet.tenant_id = 5987;
	t->wallet.wallet_type_id = BANK_WALLET_TYPE;
	t->wallet.acts_as_customer = true;
	t->wallet.pin_check = PIN_CHECK_LOGIN;
	memset(t->wallet.pin_key, 5, sizeof t->wallet.pin_key);
	t->wallet.pin_key_id = 1;
	str_copy(t->wallet.identity_prefix, sizeof t->wallet.identity_prefix, "ac-");
	t->wallet.token_sms = TOKEN_SMS_GATEWAY;
	t->wallet.timeout_read_ms = 4000;
	t->wallet.timeout_money_ms = 30000;
	set_kind(&t->kinds[0], "ZA_PAYCORP_ATM");
	set_kind(&t->kinds[1], "ZA_PNP_CASH");
	t->kinds_n = 2;
	for (int i = 0; i < MSG_CLASSES; i++) {
		t->routes[i][0] = SIM_SMS;
		t->routes_n[i] = 1;
	}
}

static void
set_channel(struct channel_settings *c, const char *name, enum channel_kind kind, int septets)
{
	str_copy(c->name, sizeof c->name, name);
	c->kind = kind;
	c->bind = kind == CHANNEL_USSD_HTTP ? -1 : 0;
	c->max_septets = septets;
	c->session_s = 180;
}

static void
set_up(struct sim_world *w)
{
	struct settings *s = &w->settings;

	set_tenant(&w->tenant);
	str_copy(w->integrator.name, sizeof w->integrator.name, "payroll");
	w->integrator.token_sms = TOKEN_SMS_GATEWAY;
	w->integrator.day_amount = 5000000;
	w->integrator.day_count = 20;
	w->tenant.integrators = &w->integrator;
	w->tenant.integrators_n = 1;
	set_channel(&w->channels[SIM_USSD], "ussd", CHANNEL_USSD_SMPP, 182);
	set_channel(&w->channels[SIM_HISTORY], "ussd-at", CHANNEL_USSD_HTTP, 160);
	set_channel(&w->channels[SIM_SMS], "sms", CHANNEL_SMS_SMPP, 160);
	set_channel(&w->channels[SIM_SMS_OTHER], "sms-other", CHANNEL_SMS_SMPP, 160);
	w->channels[SIM_SMS_OTHER].bind = 1;
	str_copy(w->channels[SIM_SMS].sender, sizeof w->channels[SIM_SMS].sender, "ACME");
	str_copy(w->channels[SIM_SMS_OTHER].sender, sizeof w->channels[SIM_SMS_OTHER].sender, "30384");
	str_copy(w->binds[0].name, sizeof w->binds[0].name, "mno");
	str_copy(w->binds[1].name, sizeof w->binds[1].name, "other");
	for (int i = 0; i < SIM_BINDS; i++) {
		w->binds[i].links = 1;
		w->binds[i].link_lease_s = 10;
	}
	s->limit_amount = 2400000;
	s->give_back = GIVE_BACK_CANCELLED | GIVE_BACK_TIMEOUT | GIVE_BACK_ERROR;
	s->turn_budget_ms = 5000;
	s->max_turns = 1000;
	s->resume_grace_s = 600;
	s->message_tries = 4;
	str_copy(s->currency, sizeof s->currency, "ZAR");
	s->binds = w->binds;
	s->binds_n = SIM_BINDS;
	s->channels = w->channels;
	s->channels_n = SIM_CHANNELS;
	s->tenants = &w->tenant;
	s->tenants_n = 1;
}

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

static void
on_tick(struct sim_event *e)
{
	struct tick *t = (struct tick *)(void *)e;
	struct sim_process *p = t->process;
	struct sim_world *w = e->world;

	if (p->gw == NULL || t->generation != p->generation || sim_stands(p, e))
		return;
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
	struct gateway_options o = { .settings = &w->settings, .ports = &w->ports[p->index],
		.texts = w->texts, .menus = &w->menu, .sms_menus = &w->sms_menu };

	if (p->gw != NULL)
		return;
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
sim_world_init(struct sim_world *w, uint64_t seed, const char *profile, const struct texts *texts,
    const struct menu *menu)
{
	memset(w, 0, sizeof *w);
	w->seed = seed;
	sim_loop_init(&w->loop, seed, START_MS);
	if (sim_chance(&w->loop, 250))
		w->loop.now = MONTH_END_MS;
	w->texts = texts;
	w->menu = menu;
	w->store = memory_store_new(NULL);
	sim_core_init(&w->core, profile, seed);
	w->core.rules.transfer_fee = 100;
	set_up(w);
	sim_ports_init(w);
	w->processes = SIM_PROCESSES;
	for (int i = 0; i < SIM_PROCESSES; i++) {
		w->process[i].world = w;
		w->process[i].index = i;
		sim_process_start(&w->process[i]);
	}
}

void
sim_world_clear(struct sim_world *w)
{
	for (int i = 0; i < SIM_PROCESSES; i++)
		if (w->process[i].gw != NULL)
			gateway_free(w->process[i].gw);
	sim_loop_clear(&w->loop);
	memory_store_free(w->store);
	sim_core_clear(&w->core);
	free(w->due);
	free(w->inbox);
	free(w->stored);
	free(w->episode);
}

void
sim_two_routes(struct sim_world *w)
{
	for (int i = 0; i < MSG_CLASSES; i++) {
		w->tenant.routes[i][1] = SIM_SMS_OTHER;
		w->tenant.routes_n[i] = 2;
	}
}

/* Each kind of trouble is there or not, and more or less of it. */
static unsigned
some(struct sim_world *w, unsigned most)
{
	return sim_chance(&w->loop, 500) ? (unsigned)sim_below(&w->loop, most + 1) : 0;
}

static struct sim_outage
outage(struct sim_world *w, int64_t most_ms, enum sim_outage_how how)
{
	struct sim_outage o = { .from = w->loop.now + sim_between(&w->loop, 0, 240000), .how = how };

	o.until = o.from + sim_between(&w->loop, 500, most_ms);
	return o;
}

void
sim_world_trouble(struct sim_world *w)
{
	bool bad = w->core.rules.list_lag_ms > 0;

	w->faults = (struct sim_faults){
		.store_lost = some(w, 20), .store_answer_lost = some(w, 20), .store_late = some(w, 15),
		.store_slow = some(w, 30), .wallet_lost = some(w, 60), .wallet_answer_lost = some(w, 80),
		.wallet_late = some(w, bad ? 80 : 10), .wallet_twice = some(w, bad ? 200 : 50),
		.wallet_auth = some(w, 20), .wallet_busy = some(w, 60), .wallet_broken = some(w, 60),
		.wallet_slow = some(w, 60), .sms_later = some(w, 100), .sms_few = some(w, 200), .sms_lost = some(w, 100),
		.sms_answer_lost = some(w, 100), .sms_refused = some(w, 40), .receipt_failed = some(w, 60),
		.receipt_early = some(w, 300), .receipt_twice = some(w, 300), .receipt_lost = some(w, 100),
		.input_twice = some(w, 150), .input_lost = some(w, 40), .reply_lost = some(w, 60),
		.hang_up = some(w, 60), .wrong_pin = some(w, 120), .decline = some(w, 80),
		.crash = some(w, 12), .stall = some(w, 4), .store_twice = some(w, 30),
	};
	if (sim_chance(&w->loop, 200))
		w->faults.redis = outage(w, 60000, (enum sim_outage_how)sim_below(&w->loop, 2));
	if (sim_chance(&w->loop, 200))
		w->faults.core[0] = outage(w, 200000, (enum sim_outage_how)sim_below(&w->loop, 4));
	if (sim_chance(&w->loop, 500)) {
		sim_two_routes(w);
		w->faults.smsc = outage(w, 600000, OUTAGE_DEAD);
	}
	w->core.rules.rows_without_uid = bad && sim_chance(&w->loop, 120);
	w->core.rules.jwt_life_s = sim_chance(&w->loop, 200) ? 20 : 900;
}

void
sim_world_run(struct sim_world *w, int64_t until)
{
	while (w->problem[0] == '\0' && sim_loop_step(&w->loop, until))
		;
	if (w->loop.now < until && until < START_MS + REST_MS)
		w->loop.now = until;
	if (sim_loop_next(&w->loop) != INT64_MAX && until - START_MS >= REST_MS)
		sim_broken(w, "the world does not come to rest");
}

static bool
somebody_wants(const struct sim_world *w)
{
	for (int i = 0; i < w->bots; i++)
		if (w->bot[i].on_line || w->bot[i].wants || w->bot[i].goals_left > 0)
			return true;
	return false;
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
sim_wallet_of(const struct sim_world *w, const char *phone)
{
	struct bank_customer *const *v;
	size_t n = bank_customers_by(w->core.bank, INDEX_PHONE, phone, &v);

	for (size_t i = 0; i < n; i++)
		if (v[i]->wallets_n > 0)
			return v[i]->wallets[0];
	return NULL;
}
