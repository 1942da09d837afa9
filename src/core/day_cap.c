/* SPDX-License-Identifier: Apache-2.0 */
#include "core/day_cap.h"

static const struct rec_field fields[] = {
	REC(1, REC_I64, day_cap, amount), REC(2, REC_INT, day_cap, count),
};

void
day_cap_encode(const struct day_cap *c, struct buf *out)
{
	rec_encode(fields, NELEM(fields), c, &c->rest, out);
}

bool
day_cap_decode(const void *octets, size_t n, struct day_cap *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) && out->amount >= 0 && out->count >= 0;
}

bool
day_cap_set(const struct integrator_settings *i)
{
	return i->day_amount > 0 || i->day_count > 0;
}

bool
day_cap_take(struct day_cap *c, const struct integrator_settings *i, int64_t cents)
{
	if ((i->day_amount > 0 && cents > i->day_amount - c->amount) || (i->day_count > 0 && c->count >= i->day_count))
		return false;
	c->amount += cents;
	c->count++;
	return true;
}
