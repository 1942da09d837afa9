/* SPDX-License-Identifier: Apache-2.0 */
/* A throw of dice, so that many processes do not do the same thing at the same moment. No secret depends on it. */
#pragma once
#include <stdint.h>
#include <sys/random.h>

static inline uint16_t
chance(void)
{
	uint16_t n;

	return getrandom(&n, sizeof n, GRND_NONBLOCK) == (ssize_t)sizeof n ? n : 0;
}
