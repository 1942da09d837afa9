/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circuit breaker: whether a peer that has stopped answering is called at all. Closed: everything goes. Open, after
 * so many failures in a row: what a customer waits for is refused at once. After a time it is tried: one call, and its
 * end decides. What finds out about money that may have moved is never refused, only slowed to one at a time, and its
 * answer is as good as a trial's.
 *
 * Failures are counted by whom the call is for: one whose record the peer chokes on fails every time, and must shut out
 * nobody else. So in a row each caller counts once, and a trial that failed is decided by another caller's.
 *
 * Pure; times are monotonic milliseconds. Who queues, and which words a customer reads, is others' business.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

#define BREAKER_FAILURES_MAX 1000
#define BREAKER_OPEN_MAX_MS INT64_C(60000)	/* the time doubles up to here while trials fail */

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_TRYING };
enum breaker_call {
	BREAKER_READ,
	BREAKER_MONEY,		/* is no trial while there is no other sign of life: it would leave money in doubt */
	BREAKER_RESOLVES	/* reads or settles what may have moved money */
};
enum breaker_end {
	BREAKER_ANSWERED,
	BREAKER_SILENT,		/* no connection, no answer, or none that a working peer gives */
	BREAKER_NOTHING		/* says nothing about it: a rate limit, our own doing */
};

struct breaker {		/* embedded in its owner, who zeroes it and fills in the first two; read only by it */
	unsigned failures_max;	/* of different callers in a row: it opens; at most BREAKER_FAILURES_MAX */
	int64_t open_ms;	/* the first time */
	enum breaker_state state;
	unsigned failures;	/* in a row */
	uint64_t failed[BREAKER_FAILURES_MAX];	/* whose */
	int64_t rests_until;	/* TRYING: then who failed in a trial may be one again */
	unsigned openings;	/* since the last answer to a call: each is twice as long as the one before */
	unsigned number;	/* of the state: a call that began in another one is no trial of this one */
	bool alive;		/* a sign of life since it was opened */
	unsigned trials, resolving;	/* under way, begun while it was not closed */
	int64_t until;		/* OPEN: then it is tried */
};

struct breaker_pass {		/* of a call under way, kept by whoever made it */
	enum breaker_call kind;
	uint64_t who;
	unsigned number;
	bool counted;		/* in trials or resolving */
};

/*
 * Whether a call may be sent now; if so it is under way until breaker_end(). `who` it is for; 0: nobody in particular,
 * and each such call counts.
 */
bool breaker_begin(struct breaker *b, enum breaker_call kind, uint64_t who, int64_t now, struct breaker_pass *pass)
    MUST_CHECK;
/* `chance` 0..65535 spreads the moment at which it is tried again. */
void breaker_end(struct breaker *b, const struct breaker_pass *pass, enum breaker_end end, int64_t now,
    uint16_t chance);
/* The same of what is no call but is heard of the peer: a login of our own. */
void breaker_sign(struct breaker *b, bool answered, int64_t now, uint16_t chance);
/* A call of this kind would be refused now, for it is of no use to wait. */
bool breaker_refuses(const struct breaker *b, enum breaker_call kind, uint64_t who, int64_t now);
const char *breaker_state_name(enum breaker_state s);
