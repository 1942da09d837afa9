/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket that refuses and says when to come again: so many in a time, and so many at once after a rest. One
 * number is all it remembers: when it will be full again. Times are monotonic milliseconds; one that goes backwards
 * gives nothing and takes nothing.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct bucket {			/* embedded in its owner, zeroed: full */
	int64_t full_us;
};

struct bucket_rate {
	int64_t interval_us;	/* between two of them; 0: any number */
	int64_t burst;		/* at once, at least 1 */
};

/* `n` in `per_ms`; n 0: any number. */
struct bucket_rate bucket_rate(int64_t n, int64_t per_ms, int64_t burst);
/* One may go now; takes nothing. *wait_ms: how long until one may, 0 when true. */
bool bucket_allows(const struct bucket *b, const struct bucket_rate *r, int64_t now, int64_t *wait_ms) MUST_CHECK;
/* One goes now, whether it was allowed or not; a debt is never more than one burst. */
void bucket_take(struct bucket *b, const struct bucket_rate *r, int64_t now);
/* Nothing was taken for so long that it says nothing any more. */
bool bucket_is_full(const struct bucket *b, int64_t now);
