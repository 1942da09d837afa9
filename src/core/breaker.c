/* SPDX-License-Identifier: Apache-2.0 */
#include "core/breaker.h"

#include <string.h>

#define DOUBLINGS_MAX 16
#define TRIALS_TO_OPEN 2		/* of different callers */

static void
enter(struct breaker *b, enum breaker_state to)
{
	b->state = to;
	b->number++;
	b->trials = b->resolving = 0;
	b->failures = 0;
}

static int64_t
wait_of(const struct breaker *b)
{
	unsigned doublings = b->openings < DOUBLINGS_MAX ? b->openings : DOUBLINGS_MAX;
	int64_t wait = b->open_ms << doublings;

	if (wait > BREAKER_OPEN_MAX_MS)
		wait = b->open_ms > BREAKER_OPEN_MAX_MS ? b->open_ms : BREAKER_OPEN_MAX_MS;
	return wait;
}

static void
open_up(struct breaker *b, int64_t now, uint16_t chance)
{
	int64_t wait = wait_of(b);

	enter(b, BREAKER_OPEN);
	b->openings++;
	b->alive = false;
	/* Many processes find the same peer dead at the same moment. */
	b->until = now + wait + wait / 4 * chance / UINT16_MAX;
}

static void
close_it(struct breaker *b)
{
	if (b->state != BREAKER_CLOSED)
		enter(b, BREAKER_CLOSED);
	b->failures = 0;
}

static bool
has_failed(const struct breaker *b, uint64_t who)
{
	for (unsigned i = 0; i < b->failures; i++)
		if (b->failed[i] == who)
			return who != 0;
	return false;
}

static unsigned
failures_to_open(const struct breaker *b, uint64_t who)
{
	if (b->state != BREAKER_TRYING)
		return b->failures_max < BREAKER_FAILURES_MAX ? b->failures_max : BREAKER_FAILURES_MAX;
	return who == 0 || b->failures_max < TRIALS_TO_OPEN ? 1 : TRIALS_TO_OPEN;
}

static void
fail(struct breaker *b, uint64_t who, int64_t now, uint16_t chance)
{
	if (b->state == BREAKER_OPEN)
		return;
	b->rests_until = now + wait_of(b);
	if (!has_failed(b, who))
		b->failed[b->failures++] = who;
	if (b->failures >= failures_to_open(b, who))
		open_up(b, now, chance);
}

static bool
to_be_tried(const struct breaker *b, int64_t now)
{
	return b->state == BREAKER_TRYING || (b->state == BREAKER_OPEN && now >= b->until);
}

bool
breaker_refuses(const struct breaker *b, enum breaker_call kind, uint64_t who, int64_t now)
{
	if (b->state == BREAKER_CLOSED || kind == BREAKER_RESOLVES)
		return false;
	if (b->state == BREAKER_TRYING && now < b->rests_until && has_failed(b, who))
		return true;		/* else it would take the trial from others all the time */
	return !to_be_tried(b, now) || b->trials > 0 || (kind == BREAKER_MONEY && !b->alive);
}

bool
breaker_begin(struct breaker *b, enum breaker_call kind, uint64_t who, int64_t now, struct breaker_pass *pass)
{
	if (breaker_refuses(b, kind, who, now) ||
	    (kind == BREAKER_RESOLVES && b->state != BREAKER_CLOSED && b->resolving > 0))
		return false;
	if (b->state == BREAKER_OPEN && kind != BREAKER_RESOLVES)
		enter(b, BREAKER_TRYING);
	*pass = (struct breaker_pass){ kind, who, b->number, b->state != BREAKER_CLOSED };
	if (pass->counted && kind == BREAKER_RESOLVES)
		b->resolving++;
	else if (pass->counted)
		b->trials++;
	return true;
}

void
breaker_end(struct breaker *b, const struct breaker_pass *pass, enum breaker_end end, int64_t now, uint16_t chance)
{
	bool current = pass->number == b->number;

	if (current && pass->counted && pass->kind == BREAKER_RESOLVES)
		b->resolving--;
	else if (current && pass->counted)
		b->trials--;
	/* What was sent before it opened is answered late or never: that is known already. */
	if (end == BREAKER_NOTHING || (!current && !pass->counted))
		return;
	if (end == BREAKER_ANSWERED) {
		b->openings = 0;
		close_it(b);
	} else if (current)
		fail(b, pass->who, now, chance);
}

void
breaker_sign(struct breaker *b, bool answered, int64_t now, uint16_t chance)
{
	if (!answered) {
		fail(b, 0, now, chance);
		return;
	}
	b->alive = true;
	if (b->state == BREAKER_OPEN && now >= b->until)
		enter(b, BREAKER_TRYING);
}

const char *
breaker_state_name(enum breaker_state s)
{
	static const char *const name[] = {
		[BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_TRYING] = "trying",
	};

	return name[s];
}
