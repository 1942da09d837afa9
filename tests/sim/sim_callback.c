/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks, both ways. The wallet cores call about withdrawals: before they have answered, twice, out of order, days late,
 * with a reference that is damaged or another tenant's. The gateway calls integrators, who do not always hear it. Signatures
 * are checked before the gateway hears of anything, so that there are none here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_call.h"

#define CALL UINT64_C(8000000000)	/* the numbers of the cores' calls: CALL + number of the call */
#define TRIES 6
#define DAYS_LATE_MS INT64_C(259200000)
#define CONNECTIONS 32
#define TIMEOUT_MS 5000
#define CALLED_S 3600
#define MARK 'S'			/* of what was sealed here */

/* ---- what leaves sealed and comes back ---- */

void
sim_callback_seal(void *ctx, const void *p, size_t n, unsigned char *out)
{
	(void)ctx;
	memset(out, MARK, PORT_SEAL);
	memcpy(out + PORT_SEAL, p, n);
}

bool
sim_callback_open(void *ctx, const void *p, size_t n, unsigned char *out)
{
	const unsigned char *sealed = p;

	(void)ctx;
	for (size_t i = 0; i < PORT_SEAL; i++)
		if (sealed[i] != MARK)
			return false;
	memcpy(out, sealed + PORT_SEAL, n - PORT_SEAL);
	return true;
}

void
sim_callback_plan(struct sim_world *w)
{
	w->cores_call = true;
	w->settings.callback_connections = CONNECTIONS;
	w->settings.callback_timeout_ms = TIMEOUT_MS;
	for (int i = 0; i < SIM_TENANTS; i++) {
		str_copy(w->integrators[i].callback_key, sizeof w->integrators[i].callback_key, "key of payroll");
		if (!sim_chance(&w->dice, 500))
			continue;
		str_copy(w->settings.public_url, sizeof w->settings.public_url, "https://gateway.example");
		str_copy(w->tenants[i].wallet.callback_key, sizeof w->tenants[i].wallet.callback_key, "key of the core");
		w->tenants[i].wallet.follow_called_s = CALLED_S;
	}
	w->faults.hint_lost = (unsigned)sim_below(&w->dice, 300);
	w->faults.hint_late = (unsigned)sim_below(&w->dice, 200);
	w->faults.hint_twice = (unsigned)sim_below(&w->dice, 400);
	w->faults.hint_wrong = (unsigned)sim_below(&w->dice, 200);
	w->faults.tell_lost = (unsigned)sim_below(&w->dice, 400);
	w->faults.tell_answer_lost = (unsigned)sim_below(&w->dice, 300);
}

/* ---- the cores call ---- */

struct hint_event {
	struct sim_event e;
	size_t number;
};

static void
on_hint(struct sim_event *event)
{
	struct hint_event *e = (struct hint_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_hint *h = &w->hint[e->number];
	struct sim_process *p = &w->process[sim_below(&w->dice, (uint64_t)w->processes)];
	struct hint_in in = { .call = CALL + e->number, .tenant = h->at_tenant, .ref = h->ref };
	char body[120];

	if (p->gw == NULL || p->stands_until > w->loop.now) {
		if (++h->tries < TRIES)
			sim_loop_again(event, w->loop.now + 10000);
		return;
	}
	str_format(body, sizeof body, "{\"externalUniqueId\":\"%s\",\"status\":\"%s\"}", h->uid, bank_wstatus_name(h->says));
	in.body = body;
	in.len = strlen(body);
	sim_trace(&w->loop, "core of %s calls p%d: %s is %s", w->tenants[h->tenant].name, p->index, h->uid,
	    bank_wstatus_name(h->says));
	sim_wake(p, w->loop.now);
	gateway_hint(p->gw, w->loop.now, &in);
}

static void
hint_at(struct sim_world *w, const struct sim_hint *h, int64_t in_ms)
{
	struct hint_event *e = sim_event_new(sizeof *e, w, on_hint);

	w->hint = xrealloc(w->hint, w->hints_n + 1, sizeof *w->hint);
	w->hint[w->hints_n] = *h;
	e->number = w->hints_n++;
	sim_loop_add(&w->loop, e, w->loop.now + in_ms);
}

bool
sim_callback_is(uint64_t call)
{
	return call >= CALL && call < CALL + CALL;
}

void
sim_callback_answer(struct sim_world *w, uint64_t call, int status)
{
	struct sim_hint h = w->hint[call - CALL];

	sim_trace(&w->loop, "core of %s hears of %s: %d", w->tenants[h.tenant].name, h.uid, status);
	if (status == 503) {
		if (++h.tries < TRIES)
			hint_at(w, &h, sim_between(&w->dice, 1000, 60000));
	} else if (h.damaged ? status != 200 : status != (h.tenant == h.at_tenant ? 200 : 403))
		sim_broken(w, "a callback about %s was answered %d", h.uid, status);
}

static struct sim_called *
called_find(struct sim_world *w, int tenant, int64_t withdrawal_id)
{
	for (size_t i = 0; i < w->called_n; i++)
		if (w->called[i].tenant == tenant && w->called[i].withdrawal_id == withdrawal_id)
			return &w->called[i];
	return NULL;
}

/* One call, as it is or mangled; `in_ms` is when it would come if nothing kept it. */
static void
call(struct sim_world *w, const struct sim_called *c, const struct bank_withdrawal *b, enum bank_wstatus says, int64_t in_ms)
{
	struct sim_hint h = { .tenant = c->tenant, .at_tenant = c->tenant, .says = says };
	struct sim_loop *d = &w->dice;

	if (sim_chance(d, w->faults.hint_lost))
		return;
	str_copy(h.uid, sizeof h.uid, b->uid);
	str_copy(h.ref, sizeof h.ref, c->ref);
	if (sim_chance(d, w->faults.hint_late))
		in_ms += sim_between(d, 0, DAYS_LATE_MS);
	hint_at(w, &h, in_ms);
	if (sim_chance(d, w->faults.hint_twice))
		hint_at(w, &h, in_ms + sim_between(d, 0, 5000));
	if (sim_chance(d, w->faults.hint_wrong)) {
		/* Says what is not so, damaged, or to the other tenant: nothing may come of it but a read. */
		h.says = (enum bank_wstatus)sim_below(d, BW_CANCELLED + 1);
		h.damaged = sim_chance(d, 400);
		if (h.damaged)
			h.ref[0] = h.ref[0] == 'A' ? 'B' : 'A';
		else if (w->settings.tenants_n > 1 && w->tenants[1 - h.tenant].wallet.callback_key[0] != '\0')
			h.at_tenant = 1 - h.tenant;
		hint_at(w, &h, in_ms + sim_between(d, 0, 20000));
	}
}

void
sim_callback_news(struct sim_world *w, int tenant, const struct bank_withdrawal *b)
{
	const struct sim_called *c = called_find(w, tenant, b->id);

	if (c == NULL)
		return;
	call(w, c, b, b->status, sim_between(&w->dice, 5, 3000));
	if (sim_chance(&w->dice, w->faults.hint_twice))		/* an old word behind the newest */
		call(w, c, b, BW_PENDING, sim_between(&w->dice, 5, 6000));
}

struct lapse {
	struct sim_event e;
	int tenant;
	int64_t withdrawal_id;
};

static void
on_lapse(struct sim_event *event)
{
	struct lapse *l = (struct lapse *)(void *)event;
	struct sim_world *w = event->world;
	struct bank *bank = w->cores[l->tenant].bank;
	const struct bank_withdrawal *b = bank_withdrawal_find(bank, l->withdrawal_id);

	bank_expire(bank, w->loop.now);
	if (b != NULL && b->status == BW_TIMEOUT)
		sim_callback_news(w, l->tenant, b);
}

void
sim_callback_made(struct sim_world *w, int tenant, const struct bank_withdrawal *b, const char *url)
{
	struct sim_called *c;
	struct lapse *l;
	const char *ref = strrchr(url, '/');

	if (ref == NULL || !w->cores_call)
		return;
	w->called = xrealloc(w->called, w->called_n + 1, sizeof *w->called);
	c = &w->called[w->called_n++];
	*c = (struct sim_called){ .tenant = tenant, .withdrawal_id = b->id };
	if (!str_copy(c->ref, sizeof c->ref, ref + 1))
		sim_broken(w, "a callback's reference is too long");
	call(w, c, b, BW_PENDING, sim_between(&w->dice, 0, sim_chance(&w->dice, 500) ? 20 : 4000));
	l = sim_event_new(sizeof *l, w, on_lapse);
	l->tenant = tenant;
	l->withdrawal_id = b->id;
	sim_loop_add(&w->loop, l, b->expires + sim_between(&w->dice, 1, 20000));
}

/* ---- the gateway calls ---- */

struct told_event {
	struct call call;
	bool heard;
};

static void
on_told(struct sim_event *e)
{
	struct told_event *t = (struct told_event *)(void *)e;
	struct gateway *gw = sim_call_asker(&t->call);

	if (gw != NULL)
		gateway_on_told(gw, t->call.process->world->loop.now, t->call.op, t->heard);
}

static struct sim_order *
order_of(struct sim_world *w, int tenant, const char *body)
{
	char wanted[80];

	for (size_t i = 0; i < w->orders_n; i++) {
		str_format(wanted, sizeof wanted, "\"externalUniqueId\":\"%s\"", w->order[i].uid);
		if (w->order[i].tenant == tenant && strstr(body, wanted) != NULL)
			return &w->order[i];
	}
	return NULL;
}

/* What an integrator is told is over: true, and no secret. */
static void
hear(struct sim_world *w, int tenant, const char *body)
{
	struct sim_order *o = order_of(w, tenant, body);
	const struct bank_withdrawal *b;
	const char *id = strstr(body, "\"withdrawalId\":");
	int64_t number = 0;

	if (o == NULL || !o->calls_back) {
		sim_broken(w, "an integrator is told of what it did not order so: %s", body);
		return;
	}
	if (strstr(body, "\"token\"") != NULL)
		sim_broken(w, "an integrator was told a token");
	for (enum bank_wstatus s = BW_PENDING; s <= BW_CANCELLED; s++) {
		char wanted[40];

		str_format(wanted, sizeof wanted, "\"status\":\"%s\"", bank_wstatus_name(s));
		if (strstr(body, wanted) == NULL)
			continue;
		o->heard |= 1u << s;
		b = id != NULL && sscanf(id + strlen("\"withdrawalId\":"), "%" SCNd64, &number) == 1 ?
		    bank_withdrawal_find(w->cores[tenant].bank, number) : NULL;
		/* Of one that the gateway never saw at the core a person said so. */
		if (id == NULL && s == BW_SUCCESSFUL && w->operators && w->calm)
			continue;
		if ((s == BW_SUCCESSFUL || s == BW_TIMEOUT || s == BW_CANCELLED) && (b == NULL || b->status != s))
			sim_broken(w, "an integrator is told that %s is %s", o->uid, bank_wstatus_name(s));
		if (s == BW_PENDING)
			sim_broken(w, "an integrator is told that %s is over, and it is pending", o->uid);
	}
}

void
sim_callback_tell(void *ctx, uint64_t op, const struct tell_req *q)
{
	struct sim_process *p = ctx;
	struct sim_world *w = p->world;
	struct told_event *t = sim_call_new(p, sizeof *t, on_told, NULL, op);
	enum sim_strike_what strike = sim_call_trouble(p);
	bool lost = strike == STRIKE_CRASH_BEFORE || sim_chance(&w->dice, w->faults.tell_lost);

	sim_trace(&w->loop, "  p%d tells payroll of %s%s: %s", p->index, w->tenants[q->tenant].name,
	    lost ? ", which is lost" : "", q->body);
	if (!lost)
		hear(w, q->tenant, q->body);
	sim_call_crash(p, strike, w->loop.now);
	t->heard = !lost && !sim_chance(&w->dice, w->faults.tell_answer_lost);
	sim_loop_add(&w->loop, t, w->loop.now + (t->heard || sim_chance(&w->dice, 500) ?
	    sim_between(&w->dice, 5, 1000) : q->timeout_ms));
}
