/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded randomness (splitmix64), so that a run of the sandbox can be repeated. Not for secrets. */
#pragma once
#include <stdint.h>

struct rng {
	uint64_t s;
};

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 to n-1; 0 when n is 0. */
static inline uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return n > 0 ? rng_next(r) % n : 0;
}
