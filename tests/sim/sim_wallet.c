/* SPDX-License-Identifier: Apache-2.0 */
/* The wallet cores, each tenant's own, behind a network: what becomes of a request and of its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_call.h"

#define LATE_WALLET_MS INT64_C(600000)
#define VERY_LATE_MS INT64_C(3000000)

struct wallet_call {
	struct call call;
	struct wallet_req q;
	int core;
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
	struct gateway *gw = sim_call_asker(&r->call);

	if (gw != NULL)
		gateway_on_wallet(gw, r->call.process->world->loop.now, r->call.op, &r->a);
}

static struct wallet_reply *
wallet_reply_new(const struct call *to, enum wallet_end end)
{
	struct wallet_reply *r = sim_call_new(to->process, sizeof *r, on_wallet_answer, NULL, to->op);

	r->call.generation = to->generation;
	r->a.end = end;
	return r;
}

/* Rule 7: a login of one tenant is not shown to the core of another. */
static void
check_tenant(struct sim_world *w, const struct wallet_call *c)
{
	int tenant;

	if (c->q.jwt[0] != '\0' && sscanf(c->q.jwt, "Bearer %d-", &tenant) == 1 && tenant != c->core)
		sim_broken(w, "a login of one tenant is used at another's core");
}

static void
on_wallet_effect(struct sim_event *e)
{
	struct wallet_call *c = (struct wallet_call *)(void *)e;
	struct sim_world *w = e->world;
	struct sim_core *core = &w->cores[c->core];
	struct wallet_reply *r = wallet_reply_new(&c->call, WALLET_UNKNOWN);
	struct bank_withdrawal *const *v;
	const struct bank_withdrawal *b;
	size_t before = bank_withdrawals(core->bank, &v);

	check_tenant(w, c);
	sim_core_do(core, w->loop.now, &c->q, &r->a);
	sim_trace(&w->loop, "  core of %s: %s %s -> %s %s", w->settings.tenants[c->core].name,
	    wallet_op_name(c->q.op), c->q.uid, wallet_end_name(r->a.end), r->a.code);
	if (bank_withdrawals(core->bank, &v) > before) {
		if (c->q.phone[0] != '\0')
			sim_sms_of_core(w, c->core, v[before]);
		if (c->q.callback[0] != '\0')
			sim_callback_made(w, c->core, v[before], c->q.callback);
	}
	b = c->q.op == WALLET_WITHDRAWAL_CANCEL ? bank_withdrawal_find(core->bank, c->q.withdrawal_id) : NULL;
	if (b != NULL)
		sim_callback_news(w, c->core, b);
	if (c->answers)
		sim_loop_add(&w->loop, r, c->answer_at);
	else
		free(r);
}

static void
wallet_go(struct sim_process *p, uint64_t op, int core, const struct wallet_req *q, int64_t there, int64_t back)
{
	struct wallet_call *c = sim_call_new(p, sizeof *c, on_wallet_effect, NULL, op);

	c->q = *q;
	c->core = core;
	c->answers = back != 0;
	c->answer_at = back;
	sim_loop_add(&p->world->loop, c, there);
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

/* When it gets there, and when its answer is back. */
struct way {
	bool lost, silent;
	int64_t there, back;
};

/*
 * Later than absence takes to be believed only where it can be undone: a token that nobody has. A transfer that lands
 * then was told as not done, and the law says so.
 */
static int64_t
lateness(struct sim_loop *l, const struct wallet_req *q)
{
	bool undone = q->op == WALLET_WITHDRAWAL_CREATE && q->phone[0] == '\0';

	return undone && sim_chance(l, 400) ? VERY_LATE_MS : LATE_WALLET_MS;
}

static struct way
way_of(struct sim_world *w, const struct wallet_req *q)
{
	const struct sim_faults *f = &w->faults;
	struct sim_loop *l = &w->loop;
	struct way way = { .lost = sim_chance(l, f->wallet_lost), .silent = sim_chance(l, f->wallet_answer_lost) };

	way.back = (way.there = l->now + sim_between(l, 5, 60)) + sim_between(l, 5, 60);
	if (sim_chance(l, f->wallet_slow))
		way.back = (way.there = l->now + sim_between(l, 100, 4000)) + sim_between(l, 100, 4000);
	/* Money may take longer than the lease of the process that sent it, and still be answered. */
	if (wallet_op_moves_money(q->op) && sim_chance(l, f->wallet_slow))
		way.back = (way.there = l->now + sim_between(l, 100, 15000)) + sim_between(l, 100, 14000);
	if (wallet_op_moves_money(q->op) && sim_chance(l, f->wallet_late)) {
		way.there = l->now + sim_between(l, 1000, lateness(l, q));
		way.silent = true;
	}
	return way;
}

static bool
makes_people(const struct wallet_req *q)
{
	return q->op == WALLET_CUSTOMER_CREATE || q->op == WALLET_CREATE;
}

/* A create of a sign-up may land as late as money. */
static void
late_people(struct sim_world *w, const struct wallet_req *q, struct way *way)
{
	if (!makes_people(q) || !sim_chance(&w->people, 4 * w->faults.wallet_late))
		return;
	way->there = w->loop.now + sim_between(&w->people, 1000, LATE_WALLET_MS);
	way->silent = true;
}

static void
in_outage(struct sim_world *w, const struct sim_outage *o, struct way *way)
{
	if (!sim_outage_now(w, o))
		return;
	way->silent = true;
	way->lost |= o->how == OUTAGE_DEAD;
	if (o->how == OUTAGE_STALLS)
		way->there = o->until + sim_between(&w->loop, 0, 3000);
}

void
sim_wallet_ask(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	struct sim_process *p = ctx;
	struct sim_world *w = p->world;
	struct sim_loop *l = &w->loop;
	int core = tenant < w->cores_n ? tenant : 0;
	const struct sim_outage *o = &w->faults.core[core];
	struct call asked = { .process = p, .generation = p->generation, .op = op };
	enum sim_strike_what strike = sim_call_struck(p, NULL, q->op);
	struct way way = way_of(w, q);

	late_people(w, q, &way);
	in_outage(w, o, &way);
	way.lost |= strike == STRIKE_LOSE || strike == STRIKE_CRASH_BEFORE;
	sim_call_crash(p, strike, way.there);
	if (sim_outage_now(w, o) && o->how == OUTAGE_REFUSES) {
		sim_loop_add(l, wallet_reply_new(&asked, WALLET_LATER), l->now + 1);
		return;
	}
	/* 401 to a login means a wrong PIN: the door does not say that about a right one. */
	if (q->op != WALLET_LOGIN && way.back < l->now + timeout_ms && turned_away(p, op, way.back))
		return;
	way.silent |= way.lost || strike == STRIKE_LOSE_ANSWER || way.back >= l->now + timeout_ms;
	sim_trace(l, "  p%d asks the core of %s: %s%s", p->index, w->settings.tenants[tenant].name,
	    wallet_op_name(q->op), way.lost ? ", which is lost" : way.silent ? ", and hears nothing" : "");
	if (way.silent)
		sim_loop_add(l, wallet_reply_new(&asked, WALLET_UNKNOWN), l->now + timeout_ms);
	if (!way.lost)
		wallet_go(p, op, core, q, way.there, way.silent ? 0 : way.back);
	/* Where an id may be used twice, the network must not do so. */
	if (!way.lost && sim_chance(l, w->faults.wallet_twice) &&
	    !(makes_people(q) && w->cores[core].rules.people_uid_free))
		wallet_go(p, op, core, q, way.there + sim_between(l, 0, 3000), 0);
}
