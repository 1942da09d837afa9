/* SPDX-License-Identifier: Apache-2.0 */
/* For how long a peer that said "too many requests" wants to be left alone: what its headers say. Pure. */
#pragma once
#include <stdint.h>

#define RETRY_AFTER_MAX_MS INT64_C(60000)	/* longer than that is not believed */

/*
 * Retry-After: seconds or a date; else the reset of a rate limit: seconds, or a moment in seconds or milliseconds since
 * the epoch. Either may be NULL. In ms from now (ms since the epoch), at most RETRY_AFTER_MAX_MS; -1: nothing was said.
 */
int64_t retry_after_ms(const char *retry_after, const char *reset, int64_t now_ms);
