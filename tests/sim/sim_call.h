/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of a process on its way through the world: each is two events, the effect in the world and its answer. Either
 * may be lost, late or doubled; an answer reaches only the life of the process that asked, once it does not stand
 * still.
 */
#pragma once
#include "tests/sim/sim_world.h"

struct call {			/* first in each event of a port */
	struct sim_event e;
	struct sim_process *process;
	uint64_t generation, op;
};

void *sim_call_new(struct sim_process *p, size_t size, sim_run *run, sim_run *drop, uint64_t op);
/* The gateway that asked; NULL: it died, or stands still and hears of it later. */
struct gateway *sim_call_asker(struct call *c);
/* Chance or a story: what goes wrong with this call, or STRIKE_NOT. `commit` NULL: op is asked of the wallet core. */
enum sim_strike_what sim_call_struck(struct sim_process *p, const struct store_commit *commit, enum wallet_op op);
/* The same where no story has a hand in it. */
enum sim_strike_what sim_call_trouble(struct sim_process *p);
/* A crash that is one of before or after what happens at `there`; nothing for other strikes. */
void sim_call_crash(struct sim_process *p, enum sim_strike_what strike, int64_t there);
bool sim_outage_now(const struct sim_world *w, const struct sim_outage *o);

/* ---- sim_store.c, sim_wallet.c ---- */
void sim_store_load(void *ctx, uint64_t op, const struct store_key *keys, size_t n);
void sim_store_commit(void *ctx, uint64_t op, const struct store_commit *commit);
void sim_store_claim(void *ctx, uint64_t op, const struct store_claim *claim);
void sim_store_range(void *ctx, uint64_t op, const struct store_range *range);
unsigned sim_store_bucket(void *ctx, enum store_family family, const char *owner);
void sim_wallet_ask(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms);
