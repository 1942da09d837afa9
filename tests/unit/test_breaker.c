/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "core/breaker.h"
#include "core/retry_after.h"

#define FAILURES 3
#define OPEN_MS INT64_C(5000)
#define NOW INT64_C(1000000)

static struct breaker
fresh(void)
{
	return (struct breaker){ .failures_max = FAILURES, .open_ms = OPEN_MS };
}

static void
one(struct breaker *b, enum breaker_call kind, enum breaker_end end, int64_t now)
{
	struct breaker_pass pass;

	assert_true(breaker_begin(b, kind, 0, now, &pass));
	breaker_end(b, &pass, end, now, 0);
}

static void
one_of(struct breaker *b, uint64_t who, enum breaker_end end, int64_t now)
{
	struct breaker_pass pass;

	assert_true(breaker_begin(b, BREAKER_READ, who, now, &pass));
	breaker_end(b, &pass, end, now, 0);
}

static struct breaker
opened(void)
{
	struct breaker b = fresh();

	for (int k = 0; k < FAILURES; k++)
		one(&b, BREAKER_READ, BREAKER_SILENT, NOW);
	assert_int_equal(b.state, BREAKER_OPEN);
	return b;
}

static void
test_opens_after_failures_in_a_row(void **state)
{
	struct breaker b = fresh();

	(void)state;
	for (int k = 0; k < 10; k++) {
		one(&b, BREAKER_READ, BREAKER_SILENT, NOW);
		one(&b, BREAKER_MONEY, BREAKER_SILENT, NOW);
		one(&b, BREAKER_READ, BREAKER_ANSWERED, NOW);	/* any answer ends the row */
	}
	assert_int_equal(b.state, BREAKER_CLOSED);
	one(&b, BREAKER_READ, BREAKER_SILENT, NOW);
	one(&b, BREAKER_READ, BREAKER_SILENT, NOW);
	one(&b, BREAKER_READ, BREAKER_NOTHING, NOW);		/* a rate limit is neither */
	assert_int_equal(b.state, BREAKER_CLOSED);
	one(&b, BREAKER_RESOLVES, BREAKER_SILENT, NOW);
	assert_int_equal(b.state, BREAKER_OPEN);
}

static void
test_open_refuses_at_once(void **state)
{
	struct breaker b = opened();
	struct breaker_pass pass;

	(void)state;
	assert_true(breaker_refuses(&b, BREAKER_READ, 0, NOW));
	assert_true(breaker_refuses(&b, BREAKER_MONEY, 0, NOW));
	assert_false(breaker_begin(&b, BREAKER_READ, 0, NOW + OPEN_MS - 1, &pass));
	assert_false(breaker_begin(&b, BREAKER_MONEY, 0, NOW + OPEN_MS - 1, &pass));
}

static void
test_resolution_is_slowed_not_shut(void **state)
{
	struct breaker b = opened();
	struct breaker_pass first, second;

	(void)state;
	assert_false(breaker_refuses(&b, BREAKER_RESOLVES, 0, NOW));
	assert_true(breaker_begin(&b, BREAKER_RESOLVES, 0, NOW, &first));
	assert_false(breaker_begin(&b, BREAKER_RESOLVES, 0, NOW, &second));	/* one at a time */
	assert_false(breaker_refuses(&b, BREAKER_RESOLVES, 0, NOW));		/* it waits for its turn */
	breaker_end(&b, &first, BREAKER_SILENT, NOW + 1, 0);
	assert_int_equal(b.until, NOW + OPEN_MS);				/* and puts nothing off */
	assert_true(breaker_begin(&b, BREAKER_RESOLVES, 0, NOW + 1, &second));
	breaker_end(&b, &second, BREAKER_ANSWERED, NOW + 2, 0);
	assert_int_equal(b.state, BREAKER_CLOSED);				/* what answers is alive */
}

static void
test_one_trial_decides(void **state)
{
	struct breaker b = opened();
	struct breaker_pass trial, other;
	int64_t now = b.until, wait = OPEN_MS;

	(void)state;
	for (int k = 0; k < 6; k++) {
		assert_true(breaker_begin(&b, BREAKER_READ, 0, now, &trial));
		assert_int_equal(b.state, BREAKER_TRYING);
		assert_false(breaker_begin(&b, BREAKER_READ, 0, now, &other));
		assert_true(breaker_refuses(&b, BREAKER_READ, 0, now));
		breaker_end(&b, &trial, BREAKER_SILENT, now, 0);
		wait = wait * 2 > BREAKER_OPEN_MAX_MS ? BREAKER_OPEN_MAX_MS : wait * 2;
		assert_int_equal(b.until, now + wait);		/* twice as long each time, up to a minute */
		now = b.until;
	}
	assert_true(breaker_begin(&b, BREAKER_READ, 0, now, &trial));
	breaker_end(&b, &trial, BREAKER_NOTHING, now, 0);	/* decides nothing: another may try */
	assert_true(breaker_begin(&b, BREAKER_READ, 0, now, &trial));
	breaker_end(&b, &trial, BREAKER_ANSWERED, now, 0);
	assert_int_equal(b.state, BREAKER_CLOSED);
	for (int k = 0; k < FAILURES; k++)
		one(&b, BREAKER_READ, BREAKER_SILENT, now);
	assert_int_equal(b.until, now + OPEN_MS);		/* it begins anew */
}

static void
test_money_is_no_trial(void **state)
{
	struct breaker b = opened();
	struct breaker_pass pass;

	(void)state;
	assert_false(breaker_begin(&b, BREAKER_MONEY, 0, b.until, &pass));
	breaker_sign(&b, true, NOW, 0);				/* too early: it stays open */
	assert_int_equal(b.state, BREAKER_OPEN);
	breaker_sign(&b, true, b.until, 0);
	assert_int_equal(b.state, BREAKER_TRYING);
	assert_true(breaker_begin(&b, BREAKER_MONEY, 0, b.until, &pass));	/* where nothing else asks */
	assert_true(breaker_refuses(&b, BREAKER_READ, 0, b.until));
	breaker_end(&b, &pass, BREAKER_ANSWERED, b.until, 0);
	assert_int_equal(b.state, BREAKER_CLOSED);
}

static void
test_ends_of_before_prove_nothing(void **state)
{
	struct breaker b = fresh();
	struct breaker_pass old, older, trial;

	(void)state;
	assert_true(breaker_begin(&b, BREAKER_READ, 0, NOW, &older));
	assert_true(breaker_begin(&b, BREAKER_READ, 0, NOW, &old));
	for (int k = 0; k < FAILURES; k++)
		one(&b, BREAKER_READ, BREAKER_SILENT, NOW);
	assert_true(breaker_begin(&b, BREAKER_READ, 0, b.until, &trial));
	breaker_end(&b, &older, BREAKER_SILENT, b.until, 0);
	assert_int_equal(b.state, BREAKER_TRYING);
	breaker_end(&b, &old, BREAKER_ANSWERED, b.until, 0);
	assert_int_equal(b.state, BREAKER_TRYING);
	assert_true(breaker_refuses(&b, BREAKER_READ, 0, b.until));	/* the trial is still under way */
	breaker_sign(&b, false, b.until, 0);
	assert_int_equal(b.state, BREAKER_OPEN);
	breaker_end(&b, &trial, BREAKER_SILENT, b.until + 1, 0);	/* of a state that is over */
	assert_int_equal(b.trials, 0);
}

/* One phone whose record the core chokes on. */
static void
test_one_caller_does_not_open_it(void **state)
{
	struct breaker b = fresh();

	(void)state;
	for (int k = 0; k < 20; k++)
		one_of(&b, 7, BREAKER_SILENT, NOW);
	one_of(&b, 8, BREAKER_SILENT, NOW);
	one_of(&b, 7, BREAKER_SILENT, NOW);
	assert_int_equal(b.state, BREAKER_CLOSED);
	one_of(&b, 9, BREAKER_SILENT, NOW);
	assert_int_equal(b.state, BREAKER_OPEN);
}

static void
test_one_caller_does_not_keep_it_open(void **state)
{
	struct breaker b = opened();
	int64_t now = b.until, rests;

	(void)state;
	one_of(&b, 7, BREAKER_SILENT, now);
	assert_int_equal(b.state, BREAKER_TRYING);
	rests = b.rests_until;
	assert_true(rests > now);
	assert_true(breaker_refuses(&b, BREAKER_READ, 7, rests - 1));	/* the next trial is another's */
	assert_false(breaker_refuses(&b, BREAKER_READ, 8, rests - 1));
	assert_false(breaker_refuses(&b, BREAKER_RESOLVES, 7, rests - 1));
	one_of(&b, 7, BREAKER_SILENT, rests);				/* where nobody else asks it may try again */
	assert_int_equal(b.state, BREAKER_TRYING);
	one_of(&b, 8, BREAKER_ANSWERED, rests);
	assert_int_equal(b.state, BREAKER_CLOSED);
	b = opened();
	one_of(&b, 7, BREAKER_SILENT, b.until);
	one_of(&b, 8, BREAKER_SILENT, b.until);				/* two of them: it is away */
	assert_int_equal(b.state, BREAKER_OPEN);
}

static void
test_chance_spreads(void **state)
{
	struct breaker b = fresh();

	(void)state;
	b.failures_max = 1;
	breaker_sign(&b, false, NOW, UINT16_MAX);
	assert_int_equal(b.until, NOW + OPEN_MS + OPEN_MS / 4);
}

static void
test_retry_after(void **state)
{
	static const int64_t now = INT64_C(1445412480000);	/* Wed, 21 Oct 2015 07:28:00 GMT */
	static const struct {
		const char *retry_after, *reset;
		int64_t ms;
	} row[] = {
		{ NULL, NULL, -1 }, { "5", NULL, 5000 }, { "0", "9", 0 }, { "5", "9", 5000 }, { "3600", NULL, 60000 },
		{ "Wed, 21 Oct 2015 07:28:10 GMT", NULL, 10000 }, { "Wed, 21 Oct 2015 07:27:00 GMT", NULL, 0 },
		{ "Wed, 21 Oct 2015 07:28:10 GMT+2", NULL, -1 }, { "soon", NULL, -1 }, { "-1", NULL, -1 },
		{ "", "", -1 }, { "soon", "7", 7000 }, { NULL, "7", 7000 }, { NULL, "1445412483", 3000 },
		{ NULL, "1445412483500", 3500 }, { NULL, "1445412400", 0 },
		{ "99999999999999999999", NULL, -1 }, { NULL, "9223372036854775", 60000 },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(row); k++)
		if (retry_after_ms(row[k].retry_after, row[k].reset, now) != row[k].ms)
			fail_msg("row %zu: %lld", k, (long long)retry_after_ms(row[k].retry_after, row[k].reset, now));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_after_failures_in_a_row), cmocka_unit_test(test_open_refuses_at_once),
		cmocka_unit_test(test_resolution_is_slowed_not_shut), cmocka_unit_test(test_one_trial_decides),
		cmocka_unit_test(test_money_is_no_trial), cmocka_unit_test(test_ends_of_before_prove_nothing),
		cmocka_unit_test(test_one_caller_does_not_open_it), cmocka_unit_test(test_one_caller_does_not_keep_it_open),
		cmocka_unit_test(test_chance_spreads), cmocka_unit_test(test_retry_after),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
