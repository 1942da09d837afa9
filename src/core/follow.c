/* SPDX-License-Identifier: Apache-2.0 */
#include "core/follow.h"

#define AGE_PARTS 4		/* a pause is this part of the age, and of what is left */
#define LAPSE_AFTER_MS INT64_C(5000)	/* the core's clock, and its own sweep */
#define LAPSE_SPREAD_MS INT64_C(25000)
#define NEAR_MS INT64_C(60000)	/* shortest pause before it lapses */

int64_t
follow_spread(const char *id, int64_t now, int64_t range)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const char *p = id; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	for (int i = 0; i < 8; i++)
		h = (h ^ (uint64_t)(now >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
	return (int64_t)((h >> 16) % (uint64_t)range);
}

static int64_t
within(int64_t ms, int64_t least, int64_t most)
{
	return ms < least ? least : ms > most ? most : ms;
}

int64_t
follow_next(const struct follow *f, int64_t now)
{
	int64_t longest = f->longest_ms > 0 ? f->longest_ms : FOLLOW_LONGEST_MS;
	int64_t first = f->called ? FOLLOW_CALLED_FIRST_MS : FOLLOW_FIRST_MS;
	int64_t pause = within((now - f->made_at) / AGE_PARTS, first, longest);
	int64_t left = f->expires_at - now, lapse;

	if (f->expires_at != 0 && left <= 0)
		pause = within(-left / AGE_PARTS, FOLLOW_LAPSED_MS, longest);
	else if (f->expires_at != 0 && left / AGE_PARTS < pause)
		pause = within(left / AGE_PARTS, pause < NEAR_MS ? pause : NEAR_MS, longest);
	pause = pause * 4 / 5 + follow_spread(f->id, now, pause * 2 / 5);
	lapse = f->expires_at + LAPSE_AFTER_MS + follow_spread(f->id, f->expires_at, LAPSE_SPREAD_MS);
	if (f->expires_at != 0 && now < lapse && now + pause > f->expires_at)
		return lapse;
	return now + pause;
}
