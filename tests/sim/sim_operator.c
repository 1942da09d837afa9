/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators: they freeze phones in the middle of payments, cancel tokens and send them again while everything goes wrong, and
 * in the end, when nothing else does, they decide what is with a person: by the ledger, as somebody who asks the wallet core's
 * own people would.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_call.h"

#define ACTS_MOST 6
#define WITHIN_MS 400000

static const struct operator ann = { .name = "ann", .roles = ROLE_LOOK | ROLE_ACT | ROLE_APPROVE, .all_tenants = true };
static const struct operator ben = { .name = "ben", .roles = ROLE_APPROVE, .all_tenants = true };

struct act_event {
	struct sim_event e;
	const char *act;
	int tenant;
	char body[300];
};

static void
on_act(struct sim_event *event)
{
	struct act_event *a = (struct act_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_process *p = &w->process[sim_below(&w->dice, (uint64_t)w->processes)];
	struct operator_in in = { .call = (uint64_t)a->tenant, .who = strcmp(a->act, "approve") == 0 ? &ben : &ann,
		.tenant = w->tenants[a->tenant].name, .act = a->act, .body = a->body, .len = strlen(a->body) };

	if (p->gw == NULL || p->stands_until > w->loop.now) {
		if (w->calm)
			sim_loop_again(event, w->loop.now + 1000);
		return;
	}
	sim_trace(&w->loop, "operator at p%d: %s %s", p->index, a->act, a->body);
	sim_wake(p, w->loop.now);
	gateway_operator(p->gw, w->loop.now, &in);
}

static void
act_at(struct sim_world *w, int tenant, const char *act, const char *body, int64_t in_ms)
{
	struct act_event *a = sim_event_new(sizeof *a, w, on_act);

	a->act = act;
	a->tenant = tenant;
	str_copy(a->body, sizeof a->body, body);
	sim_loop_add(&w->loop, a, w->loop.now + in_ms);
}

/* What was asked for is approved by the other one. */
void
sim_operator_reply(void *ctx, uint64_t call, int status, const char *json)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;
	const char *at = strstr(json, "\"request\":");
	char body[100];
	int64_t number;

	sim_trace(&w->loop, "operator hears: %d %s", status, json);
	if (strstr(json, "\"token\"") != NULL)
		sim_broken(w, "an operator was shown a token");
	if (status != 202 || at == NULL || sscanf(at + strlen("\"request\":"), "%" SCNd64, &number) != 1)
		return;
	str_format(body, sizeof body, "{\"request\":%" PRId64 ",\"reason\":\"seen at the core\"}", number);
	act_at(w, (int)call, "approve", body, sim_between(&w->dice, 1000, 20000));
}

/* ---- while everything goes wrong ---- */

struct pick {
	struct sim_world *w;
	struct intent i;
	unsigned seen;
};

static void
pick_token(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct pick *p = arg;
	struct intent i;

	if (key->family == STORE_INTENT && intent_decode(v->p, v->len, &i) && i.accepted_at != 0 &&
	    i.kind == INTENT_WITHDRAWAL && i.integrator[0] == '\0' && sim_below(&p->w->dice, ++p->seen) == 0)
		p->i = i;
}

struct wish {
	struct sim_event e;
	int what;
};

static void
on_wish(struct sim_event *event)
{
	static const char *const acts[] = { "freeze", "cancel", "resend" };
	struct wish *wish = (struct wish *)(void *)event;
	struct sim_world *w = event->world;
	const struct sim_bot *b = &w->bot[sim_below(&w->dice, (uint64_t)w->bots)];
	struct pick p = { .w = w };
	char body[300];

	if (wish->what == 0) {
		str_format(body, sizeof body, "{\"phone\":\"%s\",\"reason\":\"lost its phone\"}", b->phone);
		act_at(w, b->tenant, "freeze", body, 0);
		act_at(w, b->tenant, "unfreeze", body, sim_between(&w->dice, 100, 60000));
		return;
	}
	memory_store_each(w->store, w->loop.now, pick_token, &p);
	if (p.seen == 0)
		return;
	str_format(body, sizeof body, "{\"phone\":\"%s\",\"intent\":\"%s\",\"reason\":\"asked by phone\"}", p.i.phone,
	    p.i.id);
	act_at(w, strcmp(p.i.tenant, w->tenants[0].name) == 0 ? 0 : 1, acts[wish->what], body, 0);
}

void
sim_operator_plan(struct sim_world *w)
{
	int acts = (int)sim_between(&w->dice, 1, ACTS_MOST);

	for (int k = 0; k < acts; k++) {
		struct wish *wish = sim_event_new(sizeof *wish, w, on_wish);

		wish->what = (int)sim_below(&w->dice, 3);
		sim_loop_add(&w->loop, wish, w->loop.now + sim_between(&w->dice, 1000, WITHIN_MS));
	}
	w->operators = true;
}

/* ---- in the end ---- */

static bool
was_done(const struct sim_world *w, int tenant, const struct intent *i)
{
	const struct bank_transfer *v;
	size_t n = bank_transfers(w->cores[tenant].bank, &v);

	for (size_t k = 0; k < n; k++)
		if (strcmp(v[k].uid, i->id) == 0)
			return true;
	return false;
}

static void
decide(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct sim_world *w = arg;
	struct intent i;
	char body[300];
	int tenant;

	if (key->family != STORE_INTENT || !intent_decode(v->p, v->len, &i) || i.state != INTENT_PERSON)
		return;
	tenant = strcmp(i.tenant, w->tenants[0].name) == 0 ? 0 : 1;
	str_format(body, sizeof body, "{\"intent\":\"%s\",\"outcome\":\"%s\",\"reason\":\"seen at the core\"}", i.id,
	    was_done(w, tenant, &i) ? "done" : "not_done");
	act_at(w, tenant, "resolve", body, 0);
}

void
sim_operator_decide(struct sim_world *w)
{
	memory_store_each(w->store, w->loop.now, decide, w);
}
