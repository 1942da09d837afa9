/* SPDX-License-Identifier: Apache-2.0 */
#include "core/floors.h"

/* The floor, or a quarter above it for what was short before. */
static bool
is_below(int64_t left, int64_t floor, bool was)
{
	return left < floor + (was ? floor / 4 : 0);
}

enum shortage
floors_look(const struct floors *f, const struct room_left *r, enum shortage before)
{
	int64_t percent = r->memory_most / 100;

	if (r->log_fails)
		return SHORT_OF_LOG;
	if (r->disk_free >= 0 && is_below(r->disk_free, (int64_t)f->disk_mb << 20, before == SHORT_OF_DISK))
		return SHORT_OF_DISK;
	if (r->memory_most > 0 && is_below(r->memory_most - r->memory_used, percent * f->memory_percent,
	    before == SHORT_OF_MEMORY))
		return SHORT_OF_MEMORY;
	return SHORT_OF_NOTHING;
}
