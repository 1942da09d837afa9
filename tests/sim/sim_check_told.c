/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was said, held against what was so: on screens, at the next dial, to integrators. Payments that look the same
 * are counted together, since no screen says which of them it means.
 */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "tests/sim/sim_evidence.h"

/* ---- screens ---- */

static bool
same_payment(const struct sim_episode *a, const struct sim_episode *b)
{
	return a->tenant == b->tenant && strcmp(a->phone, b->phone) == 0 && a->kind == b->kind &&
	    a->amount == b->amount && strcmp(a->to, b->to) == 0;
}

static bool
is_payment(const struct sim_world *w, const struct intent *i, const struct sim_episode *ep)
{
	return i->accepted_at != 0 && i->kind == ep->kind && i->amount == ep->amount &&
	    strcmp(i->to_phone, ep->to) == 0 && strcmp(i->phone, ep->phone) == 0 &&
	    i->integrator[0] == '\0' && sim_tenant_of(w, i->tenant) == ep->tenant;
}

/* Rule 2 for screens. Payments that look the same are counted together. */
static void
check_screens(struct evidence *e, const struct sim_episode *ep)
{
	struct sim_world *w = e->w;
	int confirmed = 0, told_done = 0, told_not = 0, told_later = 0, done = 0, open = 0, accepted = 0;

	for (size_t k = 0; k < w->episodes_n; k++)
		if (same_payment(ep, &w->episode[k]) && w->episode[k].right_pins > 0) {
			confirmed++;
			told_done += w->episode[k].told_done;
			told_not += w->episode[k].told_not;
			told_later += w->episode[k].told_later;
		}
	for (size_t k = 0; k < e->intents; k++)
		if (is_payment(w, &e->intent[k], ep)) {
			accepted++;
			done += e->intent[k].state == INTENT_DONE;
			open += e->intent[k].state == INTENT_PERSON;
		}
	if (told_done > done + open)
		sim_broken(w, "%s was told done %d times and it was %d times", ep->phone,
		    told_done, done);
	if (told_not > confirmed - done)
		sim_broken(w, "%s was told not done %d of %d times and it was done %d times",
		    ep->phone, told_not, confirmed, done);
	if (told_later > accepted)
		sim_broken(w, "%s waits for the result of what was never accepted", ep->phone);
}

/* ---- the next dial ---- */

/* It names a minute: one of the payments that were confirmed in it came to that. */
static void
check_notice(struct evidence *e, const struct sim_notice *n)
{
	bool found = false;

	for (size_t k = 0; k < e->intents; k++) {
		const struct intent *i = &e->intent[k];
		int64_t s = i->accepted_at / 1000 + calendar_offset_s(i->accepted_at);
		char at[6];

		str_format(at, sizeof at, "%02d:%02d", (int)(s / 3600 % 24), (int)(s / 60 % 60));
		found |= i->accepted_at != 0 && strcmp(i->phone, n->phone) == 0 && strcmp(at, n->at) == 0 &&
		    sim_tenant_of(e->w, i->tenant) == n->tenant &&
		    (i->state == INTENT_PERSON || i->state == (n->done ? INTENT_DONE : INTENT_NOT_DONE));
	}
	if (!found)
		sim_broken(e->w, "%s was told that its payment of %s was %s", n->phone, n->at,
		    n->done ? "done" : "not done");
}

/* ---- integrators ---- */

/* It wanted to be called: it was, with what the withdrawal came to, or it is known that it never heard. */
static void
check_call(struct sim_world *w, const struct sim_order *o, const struct intent *i)
{
	static const enum bank_wstatus as[] = {
		[WSTATUS_PENDING] = BW_PENDING, [WSTATUS_SUCCESSFUL] = BW_SUCCESSFUL, [WSTATUS_CANCELLED] = BW_CANCELLED,
		[WSTATUS_TIMEOUT] = BW_TIMEOUT, [WSTATUS_ERROR] = BW_ERROR,
	};
	int outcome = intent_outcome(i);

	if ((i->callback[0] != '\0') != o->calls_back)
		sim_broken(w, "order %s lost where to call", o->uid);
	/* One that the core was to send, never seen there: nothing leads to what became of it. */
	if (!o->calls_back || (outcome == 0 && i->resolved_at != 0 && i->withdrawal_id == 0))
		return;
	if (outcome == 0 || i->told != outcome)
		sim_broken(w, "order %s is over and its integrator is not told", o->uid);
	else if ((o->heard & 1u << as[outcome - 1]) == 0)
		sim_broken(w, "order %s came to %d and its integrator never heard that", o->uid, outcome - 1);
}

static void
check_order(struct evidence *e, const struct sim_order *o)
{
	struct sim_world *w = e->w;
	int orders = 0;

	for (size_t k = 0; k < e->intents; k++) {
		const struct intent *i = &e->intent[k];

		if (strcmp(i->uid, o->uid) != 0 || sim_tenant_of(w, i->tenant) != o->tenant || i->integrator[0] == '\0')
			continue;
		orders++;
		if (i->state == INTENT_PERSON || i->amount != o->amount)
			return;
		check_call(w, o, i);
		if (o->told_done && (i->state != INTENT_DONE || i->withdrawal_id != o->withdrawal_id))
			sim_broken(w, "order %s was told done and is %s", o->uid, intent_state_name(i->state));
		if (o->told_not && i->state != INTENT_NOT_DONE)
			sim_broken(w, "order %s was told not done and is %s", o->uid, intent_state_name(i->state));
	}
	if (orders > 1)
		sim_broken(w, "order %s became %d intents", o->uid, orders);
	if (!o->answered)
		sim_broken(w, "order %s is answered neither yes nor no", o->uid);
}

void
sim_check_told(struct evidence *e)
{
	struct sim_world *w = e->w;

	for (size_t k = 0; k < w->episodes_n; k++)
		if (w->episode[k].right_pins > 0)
			check_screens(e, &w->episode[k]);
	for (size_t k = 0; k < w->notices_n; k++)
		check_notice(e, &w->notice[k]);
	for (size_t k = 0; k < w->orders_n; k++)
		check_order(e, &w->order[k]);
	if (w->turns_n > 0)
		sim_broken(w, "turn %" PRIu64 " is never answered", w->turn[0].turn);
}
