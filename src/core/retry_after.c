/* SPDX-License-Identifier: Apache-2.0 */
#include "core/retry_after.h"

#include <stddef.h>
#include <time.h>

#include "base/str.h"

#define SOME_TIME_MS INT64_C(1000000000000)	/* larger is ms, and a thousandth of it s, since the epoch: 2001 */

static int64_t
within(int64_t ms)
{
	return ms < 0 ? 0 : ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
}

static int64_t
of_date(const char *text, int64_t now_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	return end != NULL && *end == '\0' ? within((int64_t)timegm(&tm) * 1000 - now_ms) : -1;
}

int64_t
retry_after_ms(const char *retry_after, const char *reset, int64_t now_ms)
{
	int64_t n;

	if (retry_after != NULL && str_to_i64(retry_after, 0, INT64_MAX / 1000, &n))
		return within(n * 1000);
	if (retry_after != NULL && (n = of_date(retry_after, now_ms)) >= 0)
		return n;
	if (reset == NULL || !str_to_i64(reset, 0, INT64_MAX / 1000, &n))
		return -1;
	if (n >= SOME_TIME_MS)
		return within(n - now_ms);
	return within(n >= SOME_TIME_MS / 1000 ? n * 1000 - now_ms : n * 1000);
}
