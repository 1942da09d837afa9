/* SPDX-License-Identifier: Apache-2.0 */
#include "core/calendar.h"

#include <stdio.h>
#include <time.h>

#include "core/checks.h"

static struct tm
local(int64_t now_ms)
{
	time_t t = (time_t)(now_ms / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	return tm;
}

void
calendar_day(int64_t now_ms, char out[9])
{
	struct tm tm = local(now_ms);

	if (strftime(out, 9, "%Y%m%d", &tm) == 0)
		out[0] = '\0';
}

void
calendar_month(int64_t now_ms, char out[7])
{
	struct tm tm = local(now_ms);

	if (strftime(out, 7, "%Y%m", &tm) == 0)
		out[0] = '\0';
}

int64_t
calendar_use_by(int64_t end_ms, int64_t now_ms)
{
	struct tm tm = local(end_ms);
	int64_t before;

	if (end_ms == 0 || (tm.tm_hour == 23 && tm.tm_min == 59))
		return end_ms;
	tm.tm_mday--;
	tm.tm_isdst = -1;
	before = (int64_t)mktime(&tm) * 1000;
	return before > now_ms ? before : now_ms < end_ms ? now_ms : end_ms;
}

int
calendar_offset_s(int64_t now_ms)
{
	return (int)local(now_ms).tm_gmtoff;
}

bool
calendar_read(const char *text, int64_t *ms)
{
	struct tm tm = { .tm_isdst = -1 };
	int year, month, day, used = 0;

	if (sscanf(text, "%4d-%2d-%2d %2d:%2d%n", &year, &month, &day, &tm.tm_hour, &tm.tm_min, &used) != 5 ||
	    text[used] != '\0' || !date_valid(year, month, day) || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*ms = (int64_t)mktime(&tm) * 1000;
	return true;
}
