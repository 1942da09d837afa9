/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "core/calendar.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NOON INT64_C(1774346400000)		/* 2026-03-24 12:00 in Johannesburg */

static const char *
day_of(int64_t at)
{
	static char day[9];

	calendar_day(at, day);
	return day;
}

/* Nobody is told a day in whose afternoon the code is dead. */
static void
test_use_by(void **state)
{
	(void)state;
	assert_string_equal(day_of(calendar_use_by(NOON + 3 * DAY, NOON)), "20260326");
	assert_string_equal(day_of(calendar_use_by(NOON + 12 * HOUR, NOON)), "20260324");	/* ends at midnight */
	assert_string_equal(day_of(calendar_use_by(NOON + 12 * HOUR - 1000, NOON)), "20260324");
	assert_string_equal(day_of(calendar_use_by(NOON + DAY, NOON)), "20260324");
	assert_string_equal(day_of(calendar_use_by(NOON + HOUR, NOON)), "20260324");	/* today, for want of a better day */
	assert_string_equal(day_of(calendar_use_by(NOON - HOUR, NOON)), "20260324");	/* it has ended */
	assert_int_equal(calendar_use_by(0, NOON), 0);
}

/* Months and the limit's month are those of the place, not of UTC. */
static void
test_days_of_the_place(void **state)
{
	char month[7];

	(void)state;
	assert_string_equal(day_of(NOON + 11 * HOUR), "20260324");
	assert_string_equal(day_of(NOON + 12 * HOUR), "20260325");
	calendar_month(INT64_C(1774994400000), month);		/* 2026-04-01 00:00, still March in UTC */
	assert_string_equal(month, "202604");
	assert_int_equal(calendar_offset_s(NOON), 7200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_use_by), cmocka_unit_test(test_days_of_the_place),
	};

	setenv("TZ", "SAST-2", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
