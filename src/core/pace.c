/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pace.h"

#include <limits.h>
#include <string.h>

#define COST INT64_C(1000000)	/* of one message: each millisecond adds `rate` to the bucket */
#define BURST_MS 250		/* may be made up for when asked late; an SMSC counts by seconds */
#define SECOND 1000
#define STEPS 20		/* seconds from nothing to the ceiling */
#define ELAPSED_MAX COST		/* ms: fills the smallest bucket at the lowest rate */

static int64_t
clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* There is always room for one whole message. */
static int64_t
bucket(const struct pace *p)
{
	return p->rate * BURST_MS > COST ? p->rate * BURST_MS : COST;
}

static int64_t
tokens_now(const struct pace *p, int64_t now)
{
	int64_t elapsed = clamp(now - p->at, 0, ELAPSED_MAX);
	int64_t tokens = p->tokens + elapsed * p->rate;

	return tokens < bucket(p) ? tokens : bucket(p);
}

/* What the old rate has earned is kept, what the new bucket cannot hold is not. */
static void
set_rate(struct pace *p, int64_t rate, int64_t now)
{
	p->tokens = tokens_now(p, now);
	p->at = now > p->at ? now : p->at;
	p->rate = rate;
	p->changed = now;
}

void
pace_init(struct pace *p, int64_t floor, int64_t ceiling, int64_t now)
{
	memset(p, 0, sizeof *p);
	p->tokens = COST;
	p->at = p->changed = p->second = now;
	p->slowed = now - SECOND;
	pace_set_bounds(p, floor, ceiling, now);
}

void
pace_set_bounds(struct pace *p, int64_t floor, int64_t ceiling, int64_t now)
{
	bool at_ceiling = p->rate == p->ceiling;
	int64_t top;

	p->floor = floor > 1 ? floor : 1;
	p->ceiling = ceiling > 0 && ceiling < p->floor ? p->floor : ceiling;
	top = p->ceiling > 0 ? p->ceiling : INT64_MAX;
	set_rate(p, at_ceiling ? p->ceiling : clamp(p->rate, p->floor, top), now);
	if (p->sought < p->floor)
		p->sought = p->floor;
}

int
pace_free(const struct pace *p, int64_t now)
{
	int64_t n = clamp(tokens_now(p, now), 0, INT64_MAX) / COST;

	return p->rate == 0 || n > INT_MAX ? INT_MAX : (int)n;
}

/* Counts what is really sent, to know where to begin where nothing is configured. */
static void
count(struct pace *p, int64_t now)
{
	int64_t seconds = clamp(now - p->second, 0, INT64_MAX) / SECOND;

	if (seconds > 0) {
		p->taken_before = seconds == 1 ? p->taken : 0;
		p->taken = 0;
		p->second += seconds * SECOND;
	}
}

void
pace_take(struct pace *p, int64_t now)
{
	count(p, now);
	p->taken++;
	if (p->rate > 0) {
		p->tokens = clamp(tokens_now(p, now) - COST, -p->rate * SECOND, INT64_MAX);
		p->at = now > p->at ? now : p->at;
	}
}

void
pace_on_accepted(struct pace *p, int64_t now)
{
	int64_t top = p->ceiling > 0 ? p->ceiling : p->sought;
	int64_t step = top / STEPS > 0 ? top / STEPS : 1;

	if (p->rate == 0 || p->rate == p->ceiling || now - p->changed < SECOND)
		return;
	if (p->rate + step < top)
		set_rate(p, p->rate + step, now);
	else
		set_rate(p, p->ceiling, now);
}

void
pace_on_throttled(struct pace *p, int64_t now)
{
	int64_t from = p->rate;

	if (now - p->slowed < SECOND)
		return;
	if (from == 0) {
		count(p, now);
		from = (p->taken > p->taken_before ? p->taken : p->taken_before) * SECOND;
		p->sought = from > p->floor ? from * 2 : p->floor;
	}
	set_rate(p, from / 2 > p->floor ? from / 2 : p->floor, now);
	p->tokens = 0;
	p->slowed = now;
}

int64_t
pace_rate(const struct pace *p)
{
	return p->rate;
}
