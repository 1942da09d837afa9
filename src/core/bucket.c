/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bucket.h"

#define US 1000

static int64_t
room_us(const struct bucket_rate *r)
{
	return (r->burst - 1) * r->interval_us;
}

/* How far from full it is; a clock that was set back must not lock anybody out for longer than two bursts. */
static int64_t
lack_us(const struct bucket *b, const struct bucket_rate *r, int64_t now)
{
	int64_t lack = b->full_us - now * US, most = room_us(r) + r->interval_us * (r->burst + 1);

	return lack < 0 ? 0 : lack > most ? most : lack;
}

struct bucket_rate
bucket_rate(int64_t n, int64_t per_ms, int64_t burst)
{
	int64_t interval = n > 0 ? per_ms * US / n : 0;

	return (struct bucket_rate){ n > 0 && interval < 1 ? 1 : interval, burst < 1 ? 1 : burst };
}

bool
bucket_allows(const struct bucket *b, const struct bucket_rate *r, int64_t now, int64_t *wait_ms)
{
	int64_t over = r->interval_us > 0 ? lack_us(b, r, now) - room_us(r) : 0;

	*wait_ms = over > 0 ? (over + US - 1) / US : 0;
	return over <= 0;
}

void
bucket_take(struct bucket *b, const struct bucket_rate *r, int64_t now)
{
	if (r->interval_us > 0)
		b->full_us = now * US + lack_us(b, r, now) + r->interval_us;
}

bool
bucket_is_full(const struct bucket *b, int64_t now)
{
	return b->full_us <= now * US;
}
