/* SPDX-License-Identifier: Apache-2.0 */
/* One story with named steps: what goes wrong is said, not left to chance, so that a failure names the step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/phone.h"
#include "tests/sim/sim_world.h"

#define STEP_LIMIT_MS INT64_C(1800000)
#define NO_STRIKE { .nth = 0 }

struct story_step {
	const char *name;
	int bot;
	enum sim_goal goal;
	int64_t amount;
	int to;
	struct sim_strike strike[3];
	/* what the ledger must say after it */
	int transfers, tokens;		/* made in this step */
};

#define AT_WALLET(o, k) { .op = WALLET_##o, .nth = 1, .what = STRIKE_##k }
#define AT_STORE(f, n, k) { .on_store = true, .family = STORE_##f, .nth = n, .what = STRIKE_##k }

static const struct story_step steps[] = {
	{ "sign-up of the payee", 1, GOAL_SIGN_UP, 0, 1, { NO_STRIKE }, 0, 0 },
	{ "sign-up, the process dies when the customer was made", 0, GOAL_SIGN_UP, 0, 0,
	    { AT_WALLET(CUSTOMER_CREATE, CRASH_AFTER) }, 0, 0 },
	{ "balance", 0, GOAL_BALANCE, 0, 0, { NO_STRIKE }, 0, 0 },
	{ "transfer", 0, GOAL_SEND, 5000, 1, { NO_STRIKE }, 1, 0 },
	{ "transfer, its answer is lost", 0, GOAL_SEND, 5101, 1, { AT_WALLET(TRANSFER, LOSE_ANSWER) }, 1, 0 },
	{ "transfer, the process dies before the request leaves", 0, GOAL_SEND, 5202, 1,
	    { AT_WALLET(TRANSFER, CRASH_BEFORE) }, 0, 0 },
	{ "transfer, the process dies when the core has it", 0, GOAL_SEND, 5303, 1,
	    { AT_WALLET(TRANSFER, CRASH_AFTER) }, 1, 0 },
	{ "transfer, the answer to the confirm's commit is lost", 0, GOAL_SEND, 5404, 1,
	    { AT_STORE(JWT, 1, LOSE_ANSWER) }, 1, 0 },
	{ "cash out", 0, GOAL_CASH, 10000, 0, { NO_STRIKE }, 0, 1 },
	{ "cash out, its answer is lost", 0, GOAL_CASH, 10101, 0,
	    { AT_WALLET(WITHDRAWAL_CREATE, LOSE_ANSWER) }, 0, 1 },
	{ "cash out, the process dies when the core has it", 0, GOAL_CASH, 10202, 0,
	    { AT_WALLET(WITHDRAWAL_CREATE, CRASH_AFTER) }, 0, 1 },
	{ "cash out, the limit's commit gets no answer", 0, GOAL_CASH, 10303, 0,
	    { AT_STORE(LIMIT, 1, LOSE_ANSWER) }, 0, 1 },
	{ "cash out for another phone, the token's message gets no answer", 0, GOAL_CASH_OTHER, 10404, 1,
	    { AT_STORE(MESSAGE, 1, LOSE_ANSWER) }, 0, 1 },
	{ "cancel a code, the process dies when the core has it", 0, GOAL_CANCEL, 0, 0,
	    { AT_WALLET(WITHDRAWAL_CANCEL, CRASH_AFTER) }, 0, 0 },
	{ "four large ones", 0, GOAL_CASH, 490000, 0, { NO_STRIKE }, 0, 1 },
	{ "the second", 0, GOAL_CASH, 490001, 0, { NO_STRIKE }, 0, 1 },
	{ "the third", 0, GOAL_CASH, 490002, 0, { NO_STRIKE }, 0, 1 },
	{ "the fourth", 0, GOAL_CASH, 490003, 0, { NO_STRIKE }, 0, 1 },
	{ "the fifth is over the limit", 0, GOAL_CASH, 490004, 0, { NO_STRIKE }, 0, 0 },
};

static void
count(const struct sim_world *w, int *transfers, int *tokens)
{
	const struct bank_transfer *t;
	struct bank_withdrawal *const *v;
	size_t n = bank_transfers(w->core.bank, &t);

	*transfers = 0;
	for (size_t k = 0; k < n; k++)
		*transfers += strcmp(t[k].type, "TRANSFER") == 0;
	*tokens = (int)bank_withdrawals(w->core.bank, &v);
}

static void
play(struct sim_world *w, const struct story_step *s)
{
	struct sim_bot *b = &w->bot[s->bot];
	int transfers[2], tokens[2];
	int64_t until = w->loop.now + STEP_LIMIT_MS;

	sim_trace(&w->loop, "---- %s", s->name);
	memcpy(w->strike, s->strike, sizeof s->strike);
	count(w, &transfers[0], &tokens[0]);
	sim_bot_want(b, s->goal, s->amount, w->bot[s->to].phone, s->goal == GOAL_SIGN_UP ? 4 : 1);
	sim_bot_plan(b);
	sim_world_run(w, until);
	count(w, &transfers[1], &tokens[1]);
	for (size_t i = 0; i < NELEM(s->strike); i++)
		if (s->strike[i].nth > 0 && w->strike[i].nth > 0)
			sim_broken(w, "what was to go wrong did not happen");
	if (s->goal == GOAL_SIGN_UP && !b->has_wallet)
		sim_broken(w, "no wallet was opened");
	if (transfers[1] - transfers[0] != s->transfers || tokens[1] - tokens[0] != s->tokens)
		sim_broken(w, "%d transfers and %d tokens, not %d and %d", transfers[1] - transfers[0],
		    tokens[1] - tokens[0], s->transfers, s->tokens);
}

bool
sim_story(const struct texts *texts, const struct menu *menu, bool trace)
{
	struct sim_world *w = xcalloc(1, sizeof *w);
	const char *at = "start";
	bool good;

	sim_world_init(w, 4, "friendly", texts, menu);
	w->loop.trace = trace;
	w->story = true;
	w->bots = 2;
	for (int i = 0; i < w->bots; i++)
		sim_bot_init(w, i);
	for (size_t i = 0; i < NELEM(steps) && w->problem[0] == '\0'; i++) {
		at = steps[i].name;
		play(w, &steps[i]);
	}
	if (w->problem[0] == '\0') {
		at = "afterwards";
		sim_world_calm(w);
		sim_check(w);
	}
	good = w->problem[0] == '\0';
	if (good)
		printf("story: %zu steps, %zu screens of confirmation, %zu messages arrived\n", NELEM(steps),
		    w->episodes_n, w->inbox_n);
	else
		printf("story: %s: %s\n", at, w->problem);
	sim_world_clear(w);
	free(w);
	return good;
}
