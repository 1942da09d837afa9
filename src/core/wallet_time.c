/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wallet core's timestamps: ISO-8601, written in UTC with milliseconds and 'Z', read as
 * RFC 3339 with any offset and fraction (wallet-core.md section 1). A time without an offset is not
 * guessed at.
 */
#include <string.h>
#include <time.h>

#include "core/wallet.h"

#include "base/str.h"

#define MS_MAX INT64_C(253402300799999)		/* the last one of year 9999 */

const char *
wallet_time_text(int64_t ms, char out[WALLET_TIME])
{
	struct tm tm;
	time_t s;

	if (ms < 0)
		ms = 0;
	if (ms > MS_MAX)
		ms = MS_MAX;
	s = (time_t)(ms / 1000);
	gmtime_r(&s, &tm);
	str_format(out, WALLET_TIME, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
	return out;
}

/* Exactly `n` digits at *s, which moves on. */
static bool
digits(const char **s, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
one_of(const char **s, const char *wanted)
{
	if (**s == '\0' || strchr(wanted, **s) == NULL)
		return false;
	(*s)++;
	return true;
}

/* Milliseconds of ".123456"; digits after the third are dropped. */
static bool
fraction(const char **s, int *ms)
{
	int scale = 100;
	const char *first;

	*ms = 0;
	if (**s != '.')
		return true;
	for (first = ++*s; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		*ms += (**s - '0') * scale;
	return *s > first;
}

/* Seconds east of UTC of "Z", "+02:00" or "+0200", with nothing behind it. */
static bool
zone(const char *s, int *seconds)
{
	int sign = *s == '-' ? -1 : 1, h, m;

	*seconds = 0;
	if (one_of(&s, "Zz"))
		return *s == '\0';
	if (!one_of(&s, "+-") || !digits(&s, 2, &h))
		return false;
	if (*s == ':')
		s++;
	if (!digits(&s, 2, &m) || *s != '\0' || h > 23 || m > 59)
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return true;
}

bool
wallet_time_parse(const char *text, int64_t *ms)
{
	struct tm tm = { 0 }, back;
	int frac, offset;
	time_t t;

	if (!digits(&text, 4, &tm.tm_year) || !one_of(&text, "-") ||
	    !digits(&text, 2, &tm.tm_mon) || !one_of(&text, "-") ||
	    !digits(&text, 2, &tm.tm_mday) || !one_of(&text, "Tt ") ||
	    !digits(&text, 2, &tm.tm_hour) || !one_of(&text, ":") ||
	    !digits(&text, 2, &tm.tm_min) || !one_of(&text, ":") ||
	    !digits(&text, 2, &tm.tm_sec) || !fraction(&text, &frac) || !zone(text, &offset))
		return false;
	if (tm.tm_year < 1970 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	back = tm;
	t = timegm(&back);
	/* timegm() turns the 30th of February into the 1st or 2nd of March. */
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday)
		return false;
	*ms = ((int64_t)t - offset) * 1000 + frac;
	return *ms >= 0;
}
