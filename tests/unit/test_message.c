/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "core/message.h"

#define NOW INT64_C(1774339200000)
#define DAY INT64_C(86400000)

static const struct message_rules two_routes = { 2, 3 };

static struct message
new_message(enum message_class cls)
{
	struct message m = { .cls = cls, .created_at = NOW, .next_at = NOW, .deadline = NOW + DAY };

	str_copy(m.id, sizeof m.id, "x:token_sms");
	str_copy(m.to, sizeof m.to, "27821234567");
	str_copy(m.text, sizeof m.text, "hello");
	return m;
}

static void
attempt(struct message *m, int64_t now)
{
	assert_true(message_ready(m, &two_routes, now));
	message_sending(m, now, 90000);
	assert_int_equal(m->state, MESSAGE_SENDING);
}

static void
answer(struct message *m, int64_t now, enum message_answer a)
{
	message_on_answer(m, &two_routes, now, a, 0, a == MESSAGE_ACCEPTED ? "id-1" : "");
}

/* One attempt and its answer, by class. */
static const struct {
	enum message_class cls;
	enum message_answer answer;
	enum message_state state;
	int route, tries;
} once[] = {
	{ MSG_TOKEN, MESSAGE_ACCEPTED, MESSAGE_SENT, 0, 1 },
	{ MSG_TOKEN, MESSAGE_LATER, MESSAGE_WAITING, 0, 0 },
	{ MSG_TOKEN, MESSAGE_REFUSED, MESSAGE_WAITING, 1, 0 },
	{ MSG_TOKEN, MESSAGE_TOO_LATE, MESSAGE_EXPIRED, 0, 1 },
	{ MSG_TOKEN, MESSAGE_NO_ANSWER, MESSAGE_WAITING, 0, 1 },
	{ MSG_RESULT, MESSAGE_NO_ANSWER, MESSAGE_WAITING, 0, 1 },
	/* A notice twice is worse than none. */
	{ MSG_NOTICE, MESSAGE_NO_ANSWER, MESSAGE_UNKNOWN, 0, 1 },
	{ MSG_NOTICE, MESSAGE_REFUSED, MESSAGE_WAITING, 1, 0 },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(once); k++) {
		struct message m = new_message(once[k].cls);

		attempt(&m, NOW);
		answer(&m, NOW, once[k].answer);
		assert_int_equal(m.state, once[k].state);
		assert_int_equal(m.route, once[k].route);
		assert_int_equal(m.tries, once[k].tries);
		assert_int_equal(m.attempts, 1);
		assert_int_equal(message_final(&m), once[k].state >= MESSAGE_SENT);
	}
}

static void
test_tries_then_routes_then_failed(void **state)
{
	struct message m = new_message(MSG_TOKEN);
	int64_t now = NOW;
	int attempts = 0;

	(void)state;
	while (!message_final(&m)) {
		assert_false(m.next_at > now && message_ready(&m, &two_routes, m.next_at - 1));
		now = m.next_at;
		attempt(&m, now);
		answer(&m, now, MESSAGE_NO_ANSWER);
		assert_true(++attempts <= 6);
	}
	assert_int_equal(m.state, MESSAGE_FAILED);
	assert_int_equal(attempts, 6);

	m = new_message(MSG_TOKEN);
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_REFUSED);
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_REFUSED);
	assert_int_equal(m.state, MESSAGE_FAILED);
}

/* Later is no fault of the message: only its deadline bounds it. */
static void
test_later_and_deadline(void **state)
{
	struct message m = new_message(MSG_TOKEN);

	(void)state;
	for (int k = 0; k < 100; k++) {
		attempt(&m, m.next_at);
		answer(&m, m.next_at - 90000, MESSAGE_LATER);
	}
	assert_int_equal(m.route, 0);
	assert_false(message_ready(&m, &two_routes, m.deadline));
	assert_int_equal(m.state, MESSAGE_EXPIRED);

	m = new_message(MSG_TOKEN);
	attempt(&m, m.deadline - 1);
	answer(&m, m.deadline, MESSAGE_NO_ANSWER);
	assert_int_equal(m.state, MESSAGE_EXPIRED);
}

/* What a dead process left in sending may have been sent. */
static void
test_after_a_crash(void **state)
{
	struct message m = new_message(MSG_TOKEN);

	(void)state;
	attempt(&m, NOW);
	assert_false(message_ready(&m, &two_routes, NOW + 90000));
	assert_int_equal(m.state, MESSAGE_WAITING);
	attempt(&m, m.next_at);
	assert_int_equal(m.attempts, 2);
	assert_string_equal(m.text, "hello");

	m = new_message(MSG_NOTICE);
	attempt(&m, NOW);
	assert_false(message_ready(&m, &two_routes, NOW + 90000));
	assert_int_equal(m.state, MESSAGE_UNKNOWN);
}

static const struct {
	enum message_state state;
	bool delivered, failed, changes;
	enum message_state after;
} receipts[] = {
	{ MESSAGE_SENT, true, false, true, MESSAGE_DELIVERED },
	{ MESSAGE_SENT, false, true, true, MESSAGE_FAILED },
	{ MESSAGE_SENT, false, false, false, MESSAGE_SENT },
	{ MESSAGE_SENDING, true, false, true, MESSAGE_DELIVERED },
	{ MESSAGE_DELIVERED, false, true, false, MESSAGE_DELIVERED },
	{ MESSAGE_DELIVERED, true, false, false, MESSAGE_DELIVERED },
	{ MESSAGE_FAILED, true, false, true, MESSAGE_DELIVERED },
	{ MESSAGE_FAILED, false, true, false, MESSAGE_FAILED },
	{ MESSAGE_UNKNOWN, true, false, true, MESSAGE_DELIVERED },
};

static void
test_receipts(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(receipts); k++) {
		struct message m = new_message(MSG_TOKEN);

		m.state = receipts[k].state;
		assert_int_equal(message_on_receipt(&m, receipts[k].delivered, receipts[k].failed),
		    receipts[k].changes);
		assert_int_equal(m.state, receipts[k].after);
	}
}

static void
test_round_trip(void **state)
{
	struct message m = new_message(MSG_RESULT), back;
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	m.state = MESSAGE_SENT;
	str_copy(m.provider_id, sizeof m.provider_id, "7f");
	message_encode(&m, &b);
	assert_true(message_decode(b.p, b.len, &back));
	message_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	buf_clear(&again);
	m.state = MESSAGE_STATES;
	buf_reset(&b);
	message_encode(&m, &b);
	assert_false(message_decode(b.p, b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_tries_then_routes_then_failed),
		cmocka_unit_test(test_later_and_deadline), cmocka_unit_test(test_after_a_crash),
		cmocka_unit_test(test_receipts), cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
