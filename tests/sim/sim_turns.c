/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inputs that a process has taken: each is answered once, and within the time that a phone waits. A process that died
 * owes nothing; one that stood still owes its answers late.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_world.h"

#define LATE_MS 2500		/* behind the budget of a turn: what was asked of Redis at its end */

void
sim_turn_asked(struct sim_process *p, uint64_t turn)
{
	struct sim_world *w = p->world;

	if (turn == 0 || !w->quick)
		return;
	sim_trace(&w->loop, "  p%d gets turn %" PRIu64, p->index, turn);
	w->turn = xrealloc(w->turn, w->turns_n + 1, sizeof *w->turn);
	w->turn[w->turns_n++] = (struct sim_turn){ .process = p, .turn = turn, .at = w->loop.now };
}

/* An input that was delivered twice is two turns of one number: this may be the answer to either. */
void
sim_turn_answered(struct sim_process *p, uint64_t turn)
{
	struct sim_world *w = p->world;
	size_t oldest = w->turns_n;
	int64_t newest = 0, took;

	if (!w->quick)
		return;
	for (size_t i = w->turns_n; i-- > 0;)
		if (w->turn[i].process == p && w->turn[i].turn == turn) {
			if (newest == 0)
				newest = w->turn[i].at;
			oldest = i;
		}
	if (oldest == w->turns_n) {
		sim_broken(w, "turn %" PRIu64 " is answered twice", turn);
		return;
	}
	sim_trace(&w->loop, "  p%d answers turn %" PRIu64, p->index, turn);
	took = w->loop.now - newest;
	if (p->stands_until < newest && took > w->settings.turn_budget_ms + LATE_MS)
		sim_broken(w, "turn %" PRIu64 " was answered after %" PRId64 " ms", turn, took);
	memmove(&w->turn[oldest], &w->turn[oldest + 1], (--w->turns_n - oldest) * sizeof *w->turn);
}

void
sim_turns_forget(struct sim_process *p)
{
	struct sim_world *w = p->world;

	for (size_t i = w->turns_n; i-- > 0;)
		if (w->turn[i].process == p)
			memmove(&w->turn[i], &w->turn[i + 1], (--w->turns_n - i) * sizeof *w->turn);
}
