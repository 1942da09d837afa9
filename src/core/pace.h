/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a bind may send: a token bucket whose rate finds what the SMSC takes. An answer that
 * says "slower" halves the rate, quiet seconds with accepted messages raise it step by step, never
 * out of the configured bounds. Throttled messages themselves are none of its business.
 *
 * Rates are submits in 1000 s, so that a share of a bind's throughput is exact. Times are monotonic
 * milliseconds; one that goes backwards adds nothing.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct pace {			/* embedded in its owner; read only by its functions */
	int64_t floor, ceiling;	/* ceiling 0: as fast as it goes, until the SMSC objects */
	int64_t rate;		/* 0: not limited now */
	int64_t sought;		/* without a ceiling: the rate at which the limit ends again */
	int64_t tokens, at;	/* in the bucket at that time, see COST */
	int64_t changed, slowed;	/* when the rate was changed, and lowered, last */
	int64_t second;		/* begin of the second that is being counted */
	int64_t taken, taken_before;	/* submits in it, and in the one before it */
};

/* Starts at the ceiling with one message's room. floor >= 1; a ceiling below it is raised to it. */
void pace_init(struct pace *p, int64_t floor, int64_t ceiling, int64_t now);
/* New bounds, as when the bind's links are shared out anew; what was learnt is kept within them. */
void pace_set_bounds(struct pace *p, int64_t floor, int64_t ceiling, int64_t now);
/* Messages that may be sent now; INT_MAX when nothing limits them. */
int pace_free(const struct pace *p, int64_t now);
/*
 * One is sent now, also where there is no room because it cannot wait; those after it wait for it, a second's worth at
 * most.
 */
void pace_take(struct pace *p, int64_t now);
void pace_on_accepted(struct pace *p, int64_t now);	/* a message was taken by the SMSC */
/* RTHROTTLED, RMSGQFUL. A window full of them within a second is one complaint. */
void pace_on_throttled(struct pace *p, int64_t now);
int64_t pace_rate(const struct pace *p);		/* 0: not limited */
