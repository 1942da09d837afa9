/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pin.h"

#define MINUTE INT64_C(60000)
#define ABANDONED MINUTE	/* a try that nobody gave back: its process died, so it counts as wrong */

static const int64_t lock_for[] = { 15 * MINUTE, 60 * MINUTE, 6 * 60 * MINUTE, 24 * 60 * MINUTE };

static const struct rec_field fields[] = {
	REC(1, REC_INT, pin_tries, taken), REC(2, REC_INT, pin_tries, wrong),
	REC(3, REC_INT, pin_tries, locks), REC(4, REC_I64, pin_tries, taken_at),
	REC(5, REC_I64, pin_tries, locked_until),
	REC(20, REC_STR, pin_tries, taken_by),
};

void
pin_encode(const struct pin_tries *p, struct buf *out)
{
	rec_encode(fields, NELEM(fields), p, &p->rest, out);
}

bool
pin_decode(const void *octets, size_t n, struct pin_tries *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->taken <= PIN_TRIES && (unsigned)out->wrong <= PIN_TRIES && out->locks >= 0;
}

static bool
lock_if_spent(struct pin_tries *p, int64_t now)
{
	size_t step = (size_t)p->locks < NELEM(lock_for) ? (size_t)p->locks : NELEM(lock_for) - 1;

	if (p->wrong < PIN_TRIES)
		return false;
	p->locked_until = now + lock_for[step];
	p->locks++;
	p->wrong = 0;
	return true;
}

bool
pin_take(struct pin_tries *p, int64_t now)
{
	if (p->taken > 0 && now - p->taken_at >= ABANDONED) {
		/* Reckoned from then, not from now: whoever looks later finds the same lock, and its end. */
		p->wrong += p->taken;
		p->taken = 0;
		lock_if_spent(p, p->taken_at + ABANDONED);
	}
	if (now < p->locked_until || p->taken + p->wrong >= PIN_TRIES)
		return false;
	p->taken++;
	p->taken_at = now;
	return true;
}

void
pin_give_back(struct pin_tries *p)
{
	if (p->taken > 0)
		p->taken--;
}

void
pin_right(struct pin_tries *p)
{
	pin_give_back(p);
	p->wrong = p->locks = 0;
}

bool
pin_wrong(struct pin_tries *p, int64_t now)
{
	pin_give_back(p);
	p->wrong++;
	return lock_if_spent(p, now);
}

bool
pin_unlock(struct pin_tries *p, int64_t now)
{
	if (now >= p->locked_until && p->wrong == 0 && p->taken == 0)
		return false;
	p->locked_until = 0;
	p->wrong = 0;
	/* Those being checked right now still count when they come back wrong; abandoned ones do not. */
	if (now - p->taken_at >= ABANDONED)
		p->taken = 0;
	return true;
}

int
pin_left(const struct pin_tries *p)
{
	int left = PIN_TRIES - p->wrong - p->taken;

	return left > 0 ? left : 0;
}
