/* SPDX-License-Identifier: Apache-2.0 */
#include "io/smpp_reconnect.h"

#include "base/mem.h"
#include "io/smpp_pdu.h"

#define HELD_MS 10000		/* a bind that broke sooner was no success: its SMSC is flapping */
#define DOUBLINGS_MAX 16

static const struct {
	int64_t min_ms, max_ms;	/* 0: as configured */
} floor_of[] = {
	[SETBACK_LOST] = { 0, 0 },
	[SETBACK_ALREADY_BOUND] = { 30000, 0 },
	[SETBACK_REFUSED] = { 60000, 600000 },
};

static const uint32_t refusals[] = { SMPP_RBINDFAIL, SMPP_RINVPASWD, SMPP_RINVSYSID,
	SMPP_RINVSYSTYP };

enum smpp_setback
smpp_setback_of(uint32_t bind_status)
{
	if (bind_status == SMPP_RALYBND)
		return SETBACK_ALREADY_BOUND;
	for (size_t i = 0; i < NELEM(refusals); i++)
		if (refusals[i] == bind_status)
			return SETBACK_REFUSED;
	return SETBACK_LOST;
}

int64_t
smpp_reconnect_delay(struct smpp_reconnect *r, enum smpp_setback why, int64_t bound_ms,
    uint32_t chance)
{
	int64_t min = r->min_ms, max = r->max_ms, delay;

	if (bound_ms >= HELD_MS)
		r->tries = 0;
	if (min < floor_of[why].min_ms)
		min = floor_of[why].min_ms;
	if (max < floor_of[why].max_ms)
		max = floor_of[why].max_ms;
	if (max < min)
		max = min;
	delay = min << r->tries;
	if (delay > max)
		delay = max;
	if (r->tries < DOUBLINGS_MAX)
		r->tries++;
	return delay + delay / 2 * (chance & 0xffff) / 0xffff;
}
