/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an issued withdrawal: callbacks as hints, last words that were not, and what integrators hear. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/intent.h"

#define NOW INT64_C(1774339200000)
#define MINUTE INT64_C(60000)
#define DAY (24 * 60 * MINUTE)
#define ID "11111111-2222-4333-8444-555555555555"

static const struct intent_rules rules = { .give_back = GIVE_BACK_CANCELLED | GIVE_BACK_TIMEOUT | GIVE_BACK_ERROR,
	.final_sms = true };

static struct intent
issued(int status)
{
	struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .amount = 5000, .wallet_id = 7,
		.counts = true, .gateway_sends = true, .limit = ILIMIT_COMMITTED, .accepted_at = NOW, .attempts = 1,
		.withdrawal_id = 900, .core_status = status + 1, .steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS,
		.token_expires = NOW + 3 * DAY, .next_at = NOW + DAY, .id = ID, .token = "123456",
		.phone = "27821234567", .to_phone = "27821234567" };

	return i;
}

static struct wallet_withdrawal
row(const char *status)
{
	struct wallet_withdrawal w = { .id = 900, .amount = 5000, .expires_ms = NOW + 3 * DAY, .uid = ID };

	str_copy(w.status, sizeof w.status, status);
	return w;
}

static enum intent_action
next(struct intent *i, int64_t now)
{
	int64_t at;

	return intent_next(i, &rules, now, &at);
}

static void
test_a_hint_is_read_at_once(void **state)
{
	struct intent i = issued(WSTATUS_PENDING);
	struct wallet_withdrawal w = row("PENDING");

	(void)state;
	assert_int_equal(next(&i, NOW + MINUTE), DO_WAIT);
	assert_int_equal(intent_on_hint(&i, NOW + MINUTE, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	assert_int_equal(i.core_status, WSTATUS_PENDING + 1);	/* said, not read */
	assert_int_equal(next(&i, NOW + MINUTE), DO_FOLLOW);
	intent_on_status(&i, NOW + MINUTE, &w);			/* and it was not so */
	assert_false(i.hinted);
	assert_int_equal(next(&i, NOW + MINUTE), DO_WAIT);
}

static void
test_what_hints_lead_to(void **state)
{
	static const struct {
		enum intent_state state;
		int status, said;
		enum intent_why why;
		int64_t withdrawal_id;
		enum intent_hint hint;
	} row[] = {
		{ INTENT_ACCEPTED, -1, WSTATUS_SUCCESSFUL, WHY_NONE, 0, HINT_EARLY },
		{ INTENT_RUNNING, -1, WSTATUS_PENDING, WHY_NONE, 0, HINT_EARLY },
		{ INTENT_ASKING, -1, WSTATUS_PENDING, WHY_NONE, 0, HINT_READ },
		{ INTENT_DONE, WSTATUS_PENDING, WSTATUS_PENDING, WHY_NONE, 900, HINT_KNOWN },
		{ INTENT_DONE, WSTATUS_PENDING, WSTATUS_TIMEOUT, WHY_NONE, 900, HINT_READ },
		{ INTENT_DONE, WSTATUS_PENDING, -1, WHY_NONE, 900, HINT_READ },
		{ INTENT_DONE, WSTATUS_TIMEOUT, WSTATUS_TIMEOUT, WHY_NONE, 900, HINT_KNOWN },
		{ INTENT_DONE, WSTATUS_TIMEOUT, WSTATUS_PENDING, WHY_NONE, 900, HINT_KNOWN },	/* an older one */
		{ INTENT_DONE, WSTATUS_TIMEOUT, WSTATUS_SUCCESSFUL, WHY_NONE, 900, HINT_READ },	/* days late */
		{ INTENT_DONE, WSTATUS_TIMEOUT, -1, WHY_NONE, 900, HINT_READ },
		{ INTENT_NOT_DONE, -1, WSTATUS_SUCCESSFUL, WHY_ABSENT, 0, HINT_READ },
		{ INTENT_NOT_DONE, WSTATUS_CANCELLED, WSTATUS_SUCCESSFUL, WHY_ABSENT, 900, HINT_READ },
		{ INTENT_NOT_DONE, WSTATUS_CANCELLED, WSTATUS_SUCCESSFUL, WHY_NO_TOKEN, 900, HINT_READ },
		{ INTENT_NOT_DONE, -1, WSTATUS_SUCCESSFUL, WHY_REFUSED, 0, HINT_ODD },
		{ INTENT_LAPSED, -1, WSTATUS_SUCCESSFUL, WHY_NONE, 0, HINT_ODD },
		{ INTENT_PERSON, -1, WSTATUS_SUCCESSFUL, WHY_NONE, 0, HINT_ODD },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(row); k++) {
		struct intent i = issued(row[k].status);

		i.state = row[k].state;
		i.why = row[k].why;
		i.withdrawal_id = row[k].withdrawal_id;
		if (intent_on_hint(&i, NOW, row[k].said + 1) != row[k].hint)
			fail_msg("row %zu", k);
		if (row[k].hint == HINT_READ) {
			enum intent_action a = next(&i, NOW);

			/* What was given back before is first taken again where it may have been used. */
			if (a == DO_RELEASE_LIMIT)
				intent_on_limit(&i, ILIMIT_RELEASED);
			a = next(&i, NOW);
			if (a != DO_FOLLOW && a != DO_ASK)
				fail_msg("row %zu: %s", k, intent_action_name(a));
		}
	}
}

/* Believed to have lapsed, told so, given back; then it turns out to have been used. */
static void
test_used_after_all(void **state)
{
	struct intent i = issued(WSTATUS_TIMEOUT);
	struct wallet_withdrawal w = row("SUCCESSFUL");

	(void)state;
	i.limit = ILIMIT_RELEASED;
	i.steps |= STEP_FINAL_SMS;
	i.final_looks = 100;
	assert_int_equal(next(&i, NOW + 5 * DAY), DO_NOTHING);
	assert_int_equal(intent_on_hint(&i, NOW + 5 * DAY, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	assert_int_equal(next(&i, NOW + 5 * DAY), DO_FOLLOW);
	intent_on_status(&i, NOW + 5 * DAY, &w);
	assert_int_equal(next(&i, NOW + 5 * DAY), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW + 5 * DAY), DO_FINAL_SMS);
	assert_true(i.paid_late);
	i.steps |= STEP_FINAL_SMS;
	assert_int_equal(next(&i, NOW + 5 * DAY), DO_NOTHING);
}

/* "Your code has lapsed" is not said while a callback waits that says otherwise. */
static void
test_the_read_comes_before_what_it_may_change(void **state)
{
	struct intent i = issued(WSTATUS_TIMEOUT);

	(void)state;
	assert_int_equal(next(&i, NOW), DO_RELEASE_LIMIT);
	assert_int_equal(intent_on_hint(&i, NOW, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	assert_int_equal(next(&i, NOW), DO_FOLLOW);
	intent_on_status(&i, NOW, NULL);	/* but nobody waits for a core that does not answer */
	assert_int_equal(next(&i, NOW), DO_RELEASE_LIMIT);
}

/* A read that fails is repeated, ever later, and not for ever. */
static void
test_a_hint_that_cannot_be_read(void **state)
{
	struct intent i = issued(WSTATUS_TIMEOUT);
	int64_t now = NOW;
	int n = 0;

	(void)state;
	i.steps |= STEP_FINAL_SMS;
	i.limit = ILIMIT_COMMITTED;
	i.counts = false;
	assert_int_equal(intent_on_hint(&i, now, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	while (n < 100 && i.hinted) {
		assert_int_equal(next(&i, now), DO_FOLLOW);
		intent_on_status(&i, now, NULL);
		assert_true(i.next_at > now && (!i.hinted || i.next_at <= now + 18 * MINUTE));
		now = i.next_at;
		n++;
	}
	assert_true(n >= 10 && n < 20);
	assert_int_equal(i.state, INTENT_DONE);
}

/* The same of one that was told as not done: somebody has to look. */
static void
test_a_hint_against_what_was_told(void **state)
{
	struct intent i = issued(WSTATUS_CANCELLED);
	int64_t now = NOW;

	(void)state;
	i.state = INTENT_NOT_DONE;
	i.why = WHY_NO_TOKEN;
	i.steps = STEP_NOTED | STEP_RESULT_SMS;
	i.limit = ILIMIT_RELEASED;
	assert_int_equal(intent_on_hint(&i, now, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	for (int n = 0; n < 100 && i.hinted; n++) {
		assert_int_equal(next(&i, now), DO_FOLLOW);
		intent_on_status(&i, now, NULL);
		now = i.next_at;
	}
	assert_int_equal(i.state, INTENT_PERSON);
	assert_int_equal(next(&i, now), DO_NOTE);
}

/* Never handed on, cancelled, told so; the core says that it was paid out: a person, and it counts. */
static void
test_paid_out_without_a_token(void **state)
{
	struct intent i = issued(WSTATUS_CANCELLED);
	struct wallet_withdrawal w = row("SUCCESSFUL");

	(void)state;
	i.state = INTENT_NOT_DONE;
	i.why = WHY_NO_TOKEN;
	i.limit = ILIMIT_RELEASED;
	assert_int_equal(intent_on_hint(&i, NOW, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	assert_int_equal(next(&i, NOW), DO_FOLLOW);
	intent_on_status(&i, NOW, &w);
	assert_int_equal(next(&i, NOW), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW), DO_NOTE);
	assert_int_equal(i.state, INTENT_PERSON);
}

static struct intent
ordered(int status)
{
	struct intent i = issued(status);

	str_copy(i.integrator, sizeof i.integrator, "payroll");
	str_copy(i.callback, sizeof i.callback, "https://pay.example/hook");
	i.phone[0] = '\0';
	i.counts = false;
	i.limit = ILIMIT_NONE;
	i.steps = STEP_CAPPED | STEP_INDEXED | STEP_REFERRED | STEP_RECEIVER_SMS;
	return i;
}

static void
test_an_integrator_hears_each_last_word(void **state)
{
	struct intent i = ordered(WSTATUS_PENDING);
	struct wallet_withdrawal w = row("TIMEOUT");

	(void)state;
	assert_int_equal(intent_outcome(&i), 0);
	assert_int_equal(next(&i, NOW), DO_WAIT);
	intent_on_status(&i, NOW, &w);
	assert_int_equal(next(&i, NOW), DO_TELL);
	assert_false(intent_on_told(&i, NOW, true));
	assert_int_equal(next(&i, NOW), DO_NOTHING);
	assert_int_equal(intent_on_hint(&i, NOW + DAY, WSTATUS_SUCCESSFUL + 1), HINT_READ);
	w = row("SUCCESSFUL");
	intent_on_status(&i, NOW + DAY, &w);
	assert_int_equal(next(&i, NOW + DAY), DO_TELL);
	assert_int_equal(intent_outcome(&i), WSTATUS_SUCCESSFUL + 1);
}

static void
test_an_integrator_that_does_not_answer(void **state)
{
	struct intent i = ordered(WSTATUS_SUCCESSFUL);
	int64_t now = NOW, at;
	int n = 0;

	(void)state;
	while (n < 100) {
		assert_int_equal(intent_next(&i, &rules, now, &at), DO_TELL);
		n++;
		if (intent_on_told(&i, now, false))
			break;
		assert_int_equal(intent_next(&i, &rules, now, &at), DO_WAIT);
		assert_true(at > now);
		now = at;
	}
	assert_int_equal(n, 32);
	assert_true(now - NOW > 47 * DAY && now - NOW < 53 * DAY);
	assert_int_equal(next(&i, now), DO_NOTHING);
}

/* While it is looked for once more, the integrator hears that it was not done. */
static void
test_not_done_is_told_beside_late_looks(void **state)
{
	struct intent i = ordered(0);
	int64_t at;

	(void)state;
	i.state = INTENT_NOT_DONE;
	i.why = WHY_ABSENT;
	i.withdrawal_id = 0;
	i.core_status = 0;
	i.next_at = NOW + 60 * MINUTE;
	assert_int_equal(next(&i, NOW), DO_TELL);
	assert_false(intent_on_told(&i, NOW, false));
	assert_int_equal(intent_next(&i, &rules, NOW, &at), DO_WAIT);
	assert_true(at >= NOW + 1000 && at < NOW + 2000);
	assert_false(intent_on_told(&i, NOW, true));
	assert_int_equal(intent_next(&i, &rules, NOW, &at), DO_WAIT);
	assert_int_equal(at, i.next_at);
}

/* Resolved as done without any id at the core: nothing else will ever be read, so that word is told. */
static void
test_an_integrator_hears_a_persons_word(void **state)
{
	struct intent i = ordered(WSTATUS_PENDING);

	(void)state;
	i.state = INTENT_PERSON;
	i.counts = i.gateway_sends = true;
	i.limit = ILIMIT_COMMITTED;
	i.withdrawal_id = 0;
	i.core_status = 0;
	assert_int_equal(next(&i, NOW), DO_NOTHING);
	assert_int_equal(intent_resolve(&i, NOW, true), RESOLVED);
	assert_int_equal(next(&i, NOW), DO_TELL);
	assert_int_equal(intent_outcome(&i), WSTATUS_SUCCESSFUL + 1);
	assert_false(intent_on_told(&i, NOW, true));
	assert_int_equal(next(&i, NOW), DO_NOTHING);
}

/* A customer's record is noted in; an integrator's order has none. */
static void
test_an_integrators_order_with_a_person(void **state)
{
	struct intent i = ordered(WSTATUS_SUCCESSFUL);

	(void)state;
	i.counts = i.gateway_sends = true;
	i.limit = ILIMIT_COMMITTED;
	assert_int_equal(next(&i, NOW), DO_NOTHING);
	assert_int_equal(i.state, INTENT_PERSON);
}

static void
test_record(void **state)
{
	struct intent i = ordered(WSTATUS_TIMEOUT), *back = calloc(1, sizeof *back);
	struct buf b = { 0 };

	(void)state;
	i.hinted = i.called = true;
	i.hint_reads = 3;
	i.follow_longest_s = 3600;
	i.told = 4;
	i.tells = 5;
	i.tell_at = NOW;
	memset(i.callback, 'x', sizeof i.callback - 1);
	intent_encode(&i, &b);
	assert_true(intent_decode(b.p, b.len, back));
	assert_string_equal(back->callback, i.callback);
	assert_true(back->hinted && back->called && back->hint_reads == 3 && back->follow_longest_s == 3600 &&
	    back->told == 4 && back->tells == 5 && back->tell_at == NOW);
	buf_clear(&b);
	free(back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hint_is_read_at_once), cmocka_unit_test(test_what_hints_lead_to),
		cmocka_unit_test(test_used_after_all), cmocka_unit_test(test_the_read_comes_before_what_it_may_change),
		cmocka_unit_test(test_a_hint_that_cannot_be_read),
		cmocka_unit_test(test_a_hint_against_what_was_told), cmocka_unit_test(test_paid_out_without_a_token),
		cmocka_unit_test(test_an_integrator_hears_each_last_word),
		cmocka_unit_test(test_an_integrator_that_does_not_answer),
		cmocka_unit_test(test_not_done_is_told_beside_late_looks),
		cmocka_unit_test(test_an_integrator_hears_a_persons_word),
		cmocka_unit_test(test_an_integrators_order_with_a_person), cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
