/* SPDX-License-Identifier: Apache-2.0 */
/* How often a token is looked at over its whole life, and that thousands of them are not looked at in step. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/follow.h"

#define NOON INT64_C(1774346400000)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static struct follow
token(const char *id, int64_t life)
{
	return (struct follow){ .id = id, .made_at = NOON, .expires_at = NOON + life };
}

/* Reads from the making until `until`; *first_after: the first one at or after the lapse. */
static int
reads(const struct follow *f, int64_t until, int64_t *first_after)
{
	int n = 0;
	int64_t now = f->made_at;

	*first_after = 0;
	while ((now = follow_next(f, now)) < until) {
		n++;
		if (now >= f->expires_at && *first_after == 0)
			*first_after = now;
	}
	return n;
}

static void
test_a_token_of_72_hours(void **state)
{
	struct follow f = token("token-1", 72 * HOUR);
	int64_t lapse_seen;
	int n = reads(&f, f.expires_at + 2 * MINUTE, &lapse_seen);

	(void)state;
	if (n < 430 || n > 520)
		fail_msg("%d reads", n);
	assert_true(lapse_seen >= f.expires_at + 5 * SECOND && lapse_seen <= f.expires_at + 30 * SECOND);
	f.called = true;
	f.longest_ms = HOUR;
	n = reads(&f, f.expires_at + 2 * MINUTE, &lapse_seen);
	if (n < 80 || n > 130)
		fail_msg("%d reads where the core calls back", n);
	assert_true(lapse_seen >= f.expires_at && lapse_seen <= f.expires_at + 30 * SECOND);
}

/* Always later, never beyond its longest pause, and within a minute of the lapse whatever came before. */
static void
test_bounds(void **state)
{
	char id[24];

	(void)state;
	for (int k = 0; k < 2000; k++) {
		struct follow f = token(id, (1 + k % 720) * HOUR / 10);
		int64_t now = NOON + k * 7919 * SECOND % (80 * HOUR), next;

		str_format(id, sizeof id, "token-%d", k);
		f.called = k % 2 == 1;
		f.longest_ms = k % 3 == 0 ? 0 : HOUR;
		next = follow_next(&f, now);
		assert_true(next > now && next <= now + HOUR * 6 / 5 + MINUTE);
		if (now < f.expires_at)
			assert_true(next <= f.expires_at + 31 * SECOND);
		assert_int_equal(next, follow_next(&f, now));
	}
}

/* One that the core has not let lapse yet is asked for again soon, then ever less. */
static void
test_past_its_end(void **state)
{
	struct follow f = token("token-1", HOUR);
	int64_t now = f.expires_at + 20 * SECOND, next = follow_next(&f, now);

	(void)state;
	assert_true(next - now <= 20 * SECOND);
	now = f.expires_at + 24 * HOUR;
	next = follow_next(&f, now);
	assert_true(next - now > 7 * MINUTE && next - now < 13 * MINUTE);
}

static void
test_without_an_end(void **state)
{
	struct follow f = { .id = "token-1", .made_at = NOON };

	(void)state;
	assert_true(follow_next(&f, NOON) - NOON >= 8 * SECOND && follow_next(&f, NOON) - NOON <= 12 * SECOND);
	assert_true(follow_next(&f, NOON + 90 * HOUR) - NOON - 90 * HOUR <= 12 * MINUTE);
}

/* Made in the same millisecond: in no second of the third hour are more than four times the even share asked for. */
static void
test_not_in_step(void **state)
{
	enum { TOKENS = 3000, SECONDS = 3600 };
	static int in_second[SECONDS];
	int total = 0, worst = 0;

	(void)state;
	for (int k = 0; k < TOKENS; k++) {
		char id[24];
		struct follow f = token(id, 72 * HOUR);
		int64_t now = NOON;

		str_format(id, sizeof id, "token-%d", k);
		while ((now = follow_next(&f, now)) < NOON + 3 * HOUR)
			if (now >= NOON + 2 * HOUR) {
				in_second[(now - NOON - 2 * HOUR) / SECOND]++;
				total++;
			}
	}
	for (int s = 0; s < SECONDS; s++)
		worst = in_second[s] > worst ? in_second[s] : worst;
	if (worst > 4 * total / SECONDS + 4)
		fail_msg("%d in one second of %d in an hour", worst, total);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_of_72_hours), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_past_its_end), cmocka_unit_test(test_without_an_end),
		cmocka_unit_test(test_not_in_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
