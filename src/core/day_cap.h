/* SPDX-License-Identifier: Apache-2.0 */
/* What an integrator ordered on one day, against its caps. A refused order is not counted. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "core/settings.h"

struct day_cap {
	int64_t amount;			/* cents */
	int count;
	struct rec_rest rest;
};

void day_cap_encode(const struct day_cap *c, struct buf *out);
bool day_cap_decode(const void *octets, size_t n, struct day_cap *out) MUST_CHECK;
bool day_cap_set(const struct integrator_settings *i);		/* there is one at all */
/* Counts an order; false: it would pass a cap, and nothing changed. */
bool day_cap_take(struct day_cap *c, const struct integrator_settings *i, int64_t cents) MUST_CHECK;
