/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wallet core of the simulation: requests in, answers out, at once, on the double-entry ledger of the sandbox.
 * What the network does to a call is the world's business. Logins and what the rules of a profile make of an answer are
 * here.
 */
#pragma once
#include "core/wallet.h"
#include "sandbox/bank.h"
#include "sandbox/rng.h"
#include "sandbox/rules.h"

struct core_identity {
	char identity[41], password[81];
	int64_t customer_id;
};

struct core_jwt {
	int64_t customer_id, exp_ms;
	char text[40];
};

struct sim_core {
	int index;			/* of its tenant */
	struct rules rules;
	struct bank *bank;
	struct rng rng;
	struct core_identity *identities;
	size_t identities_n;
	struct core_jwt *jwts;
	size_t jwts_n;
};

void sim_core_init(struct sim_core *c, const char *profile, int index, uint64_t seed);
void sim_core_clear(struct sim_core *c);
/* The effect of a request and what would be answered to it; a is filled whole. */
void sim_core_do(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a);
