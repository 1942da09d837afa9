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

static const struct message_rules two_routes = { 2, 3, 0x3, 0 };

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
	{ MSG_TOKEN, MESSAGE_FEW, MESSAGE_WAITING, 0, 1 },
	{ MSG_TOKEN, MESSAGE_TOO_LATE, MESSAGE_WAITING, 0, 0 },	/* for that attempt only */
	{ MSG_TOKEN, MESSAGE_NO_ANSWER, MESSAGE_WAITING, 0, 1 },
	{ MSG_RESULT, MESSAGE_NO_ANSWER, MESSAGE_WAITING, 0, 1 },
	/* A notice twice is worse than none. */
	{ MSG_NOTICE, MESSAGE_NO_ANSWER, MESSAGE_UNKNOWN, 0, 1 },
	{ MSG_NOTICE, MESSAGE_REFUSED, MESSAGE_WAITING, 1, 0 },
	{ MSG_NOTICE, MESSAGE_FEW, MESSAGE_WAITING, 0, 1 },
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

/* Of one route the pauses grow up to a bound; then it is the other one's turn, at once. */
static void
test_tries_then_routes_then_failed(void **state)
{
	static const enum message_answer answers[] = { MESSAGE_FEW, MESSAGE_NO_ANSWER };
	static const struct message_rules many = { 2, 20, 0x3, 0 };

	(void)state;
	for (size_t k = 0; k < NELEM(answers); k++) {
		struct message m = new_message(MSG_TOKEN);
		int64_t now = NOW, pause = 0;

		for (int i = 1; i <= 40; i++) {
			now = m.next_at;
			assert_false(i > 1 && i != 21 && message_ready(&m, &many, now - 1));
			assert_true(message_ready(&m, &many, now));
			message_sending(&m, now, 90000);
			message_on_answer(&m, &many, now, answers[k], 8, "");
			if (i % 20 == 0)
				assert_int_equal(m.next_at, now);
			else
				assert_true(m.next_at - now >= (i == 21 ? 1000 : pause) && m.next_at - now <= 64000);
			pause = m.next_at - now;
			assert_int_equal(m.route, i >= 20);
		}
		assert_int_equal(m.state, k == 0 ? MESSAGE_FAILED : MESSAGE_UNKNOWN);
		assert_true(message_dead(&m));
		assert_string_equal(m.why, k == 0 ? "refused each time" : "no answer");
	}
}

static void
test_refused_everywhere(void **state)
{
	struct message m = new_message(MSG_TOKEN);

	(void)state;
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_REFUSED);
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_REFUSED);
	assert_int_equal(m.state, MESSAGE_FAILED);
	assert_string_equal(m.why, "refused");
	assert_int_equal(m.attempts, 2);
}

/* Later is no fault of the message: without a better route only its deadline bounds it. */
static void
test_later_and_deadline(void **state)
{
	static const struct message_rules one_open = { 2, 3, 0x1, 0 };
	struct message m = new_message(MSG_TOKEN);

	(void)state;
	for (int k = 0; k < 100; k++) {
		assert_true(message_ready(&m, &one_open, m.next_at));
		message_sending(&m, m.next_at, 90000);
		message_on_answer(&m, &one_open, m.next_at - 90000, MESSAGE_LATER, 0, "");
	}
	assert_int_equal(m.route, 0);
	assert_int_equal(m.tries, 0);
	assert_false(message_ready(&m, &one_open, m.deadline));
	assert_int_equal(m.state, MESSAGE_EXPIRED);
	assert_string_equal(m.why, "no room in time");

	m = new_message(MSG_TOKEN);
	attempt(&m, m.deadline - 1);
	answer(&m, m.deadline, MESSAGE_NO_ANSWER);
	assert_int_equal(m.state, MESSAGE_UNKNOWN);
	assert_string_equal(m.why, "no answer");
}

/*
 * One attempt of several went unanswered: that it came to nothing can be said when a receipt says it of that one too.
 */
static void
test_an_attempt_in_doubt(void **state)
{
	struct receipt failed = { .state = RECEIPT_FAILED, .stat = "UNDELIV", .err = "001" };
	struct receipt delivered = { .state = RECEIPT_DELIVERED };
	struct message m = new_message(MSG_TOKEN), other;

	(void)state;
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_NO_ANSWER);
	attempt(&m, m.next_at);
	answer(&m, m.next_at, MESSAGE_REFUSED);
	attempt(&m, m.next_at);
	answer(&m, m.next_at, MESSAGE_REFUSED);
	assert_int_equal(m.state, MESSAGE_UNKNOWN);
	assert_int_equal(message_news(&m), TOLD_UNSURE);
	m.told = TOLD_UNSURE;
	assert_int_equal(message_news(&m), TOLD_NOTHING);
	other = m;
	assert_false(message_on_receipt(&m, &two_routes, NOW, &failed, 2));	/* that was known */
	assert_true(message_on_receipt(&m, &two_routes, NOW, &failed, 1));
	assert_int_equal(m.state, MESSAGE_FAILED);
	assert_string_equal(m.why, "receipt UNDELIV 001");
	assert_int_equal(message_news(&m), TOLD_UNDELIVERED);
	m.told = TOLD_UNDELIVERED;
	assert_true(message_on_receipt(&m, &two_routes, NOW, &delivered, 1));
	assert_int_equal(message_news(&m), TOLD_ARRIVED);
	assert_true(message_on_receipt(&other, &two_routes, NOW, &delivered, 1));
	assert_int_equal(message_news(&other), TOLD_ARRIVED);
	other.told = TOLD_NOTHING;		/* nothing else was said: nothing to put right */
	assert_int_equal(message_news(&other), TOLD_NOTHING);
	other.state = MESSAGE_FAILED;		/* saved, and about to be told by somebody else */
	assert_true(message_on_receipt(&other, &two_routes, NOW, &delivered, 1));
	assert_int_equal(message_news(&other), TOLD_ARRIVED);
	m = new_message(MSG_TOKEN);
	for (int k = 0; k < 70; k++)
		message_sending(&m, NOW, 1);
	answer(&m, NOW, MESSAGE_NO_ANSWER);	/* beyond those that are told apart: it stays in doubt */
	m.state = MESSAGE_SENT;
	m.route = 1;
	m.spent = 1;
	assert_true(message_on_receipt(&m, &two_routes, NOW, &failed, 70));
	assert_int_equal(m.state, MESSAGE_UNKNOWN);
}

/* The first route did not answer, the second one accepts and then says that it failed. */
static void
test_a_failed_receipt_behind_a_doubt(void **state)
{
	struct receipt failed = { .state = RECEIPT_FAILED };
	struct message m = new_message(MSG_TOKEN);

	(void)state;
	for (int k = 0; k < two_routes.tries; k++) {
		attempt(&m, m.next_at);
		answer(&m, m.next_at, k == 0 ? MESSAGE_NO_ANSWER : MESSAGE_FEW);
	}
	attempt(&m, m.next_at);
	answer(&m, m.next_at, MESSAGE_ACCEPTED);
	assert_int_equal(m.state, MESSAGE_SENT);
	assert_true(message_on_receipt(&m, &two_routes, NOW, &failed, m.attempts));
	assert_int_equal(m.state, MESSAGE_UNKNOWN);
}

/* A route that has no room for long gives way to one that has, and is come back to before the message fails. */
static void
test_no_room(void **state)
{
	static const struct message_rules second_open = { 2, 3, 0x2, 0 };
	struct message m = new_message(MSG_TOKEN);
	int64_t now = NOW;

	(void)state;
	while (!message_no_room(&m, &second_open, now)) {
		assert_in_range(m.next_at - now, 250, 5000);
		now = m.next_at;
		assert_true(now <= NOW + 65000);
	}
	assert_true(now >= NOW + 60000);
	assert_int_equal(m.route, 1);
	attempt(&m, now);
	message_on_answer(&m, &second_open, now, MESSAGE_REFUSED, 8, "");
	assert_int_equal(m.state, MESSAGE_WAITING);
	assert_int_equal(m.route, 0);
	for (int k = 0; k < 50; k++)	/* the other one had its tries */
		assert_false(message_no_room(&m, &second_open, now += 10000));
	attempt(&m, now + 5000);
	message_on_answer(&m, &second_open, now + 5000, MESSAGE_REFUSED, 8, "");
	assert_int_equal(m.state, MESSAGE_FAILED);

	/* Something was tried in between: the patience begins anew. */
	m = new_message(MSG_TOKEN);
	assert_false(message_no_room(&m, &second_open, NOW));
	attempt(&m, NOW + 50000);
	message_on_answer(&m, &second_open, NOW + 50000, MESSAGE_FEW, 8, "");
	assert_false(message_no_room(&m, &second_open, NOW + 70000));
	assert_int_equal(m.route, 0);
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

/* On the first of two routes, after two attempts. */
static const struct {
	enum message_class cls;
	enum message_state state;
	enum receipt_state receipt;
	int attempt;
	bool changes;
	enum message_state after;
	int route;
} receipts[] = {
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_DELIVERED, 2, true, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_FAILED, 2, true, MESSAGE_WAITING, 1 },
	{ MSG_RESULT, MESSAGE_SENT, RECEIPT_FAILED, 2, true, MESSAGE_WAITING, 1 },
	{ MSG_NOTICE, MESSAGE_SENT, RECEIPT_FAILED, 2, true, MESSAGE_FAILED, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_PENDING, 2, false, MESSAGE_SENT, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_ACCEPTED, 2, false, MESSAGE_SENT, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_UNKNOWN, 2, false, MESSAGE_SENT, 0 },
	/* Found through what leads to it before the answer of that attempt was saved. */
	{ MSG_TOKEN, MESSAGE_SENDING, RECEIPT_DELIVERED, 2, true, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_SENDING, RECEIPT_FAILED, 2, true, MESSAGE_WAITING, 1 },
	/* Late ones of the first attempt, which had failed. */
	{ MSG_TOKEN, MESSAGE_SENDING, RECEIPT_FAILED, 1, false, MESSAGE_SENDING, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_FAILED, 1, false, MESSAGE_SENT, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_DELIVERED, 1, true, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_WAITING, RECEIPT_FAILED, 2, false, MESSAGE_WAITING, 0 },
	{ MSG_TOKEN, MESSAGE_WAITING, RECEIPT_DELIVERED, 1, true, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_DELIVERED, RECEIPT_FAILED, 2, false, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_DELIVERED, RECEIPT_DELIVERED, 2, false, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_FAILED, RECEIPT_DELIVERED, 2, true, MESSAGE_DELIVERED, 0 },
	{ MSG_TOKEN, MESSAGE_FAILED, RECEIPT_FAILED, 2, false, MESSAGE_FAILED, 0 },
	{ MSG_NOTICE, MESSAGE_UNKNOWN, RECEIPT_DELIVERED, 2, true, MESSAGE_DELIVERED, 0 },
	/* Only the newest attempt is repeated; what was not delivered may be said again even where it may not twice. */
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_NOT_NOW, 2, true, MESSAGE_WAITING, 0 },
	{ MSG_NOTICE, MESSAGE_SENT, RECEIPT_NOT_NOW, 2, true, MESSAGE_WAITING, 0 },
	{ MSG_NOTICE, MESSAGE_SENDING, RECEIPT_AGAIN, 2, true, MESSAGE_WAITING, 0 },
	{ MSG_RESULT, MESSAGE_SENT, RECEIPT_WINDOW_OVER, 2, true, MESSAGE_WAITING, 0 },
	{ MSG_TOKEN, MESSAGE_SENT, RECEIPT_NOT_NOW, 1, false, MESSAGE_SENT, 0 },
	{ MSG_TOKEN, MESSAGE_DELIVERED, RECEIPT_AGAIN, 2, false, MESSAGE_DELIVERED, 0 },
};

static void
test_receipts(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(receipts); k++) {
		struct message m = new_message(receipts[k].cls);
		struct receipt r = { .state = receipts[k].receipt, .stat = "STAT", .err = "001" };

		m.state = receipts[k].state;
		m.attempts = 2;
		assert_int_equal(message_on_receipt(&m, &two_routes, NOW, &r, receipts[k].attempt),
		    receipts[k].changes);
		assert_int_equal(m.state, receipts[k].after);
		assert_int_equal(m.route, receipts[k].route);
		assert_int_equal(m.spent, receipts[k].route);
		if (receipts[k].changes)
			assert_string_equal(m.why, receipt_is_failure(r.state) ? "receipt STAT 001" : "");
	}
}

/* The last route, or no time left: it has failed. */
static void
test_failed_receipts_at_the_end(void **state)
{
	struct message m = new_message(MSG_TOKEN);
	struct receipt r = { .state = RECEIPT_FAILED };

	(void)state;
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_ACCEPTED);
	assert_true(message_on_receipt(&m, &two_routes, NOW, &r, 1));
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_ACCEPTED);
	assert_true(message_on_receipt(&m, &two_routes, NOW, &r, 2));
	assert_int_equal(m.state, MESSAGE_FAILED);

	m = new_message(MSG_TOKEN);
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_ACCEPTED);
	assert_true(message_on_receipt(&m, &two_routes, m.deadline, &r, 1));
	assert_int_equal(m.state, MESSAGE_FAILED);
}

/* "Slower" costs no try, however often it comes, and fails nothing before the deadline. */
static void
test_receipts_that_let_try_again(void **state)
{
	struct receipt slower = { .state = RECEIPT_NOT_NOW, .stat = "failed", .err = "131056" };
	struct receipt again = { .state = RECEIPT_AGAIN }, over = { .state = RECEIPT_WINDOW_OVER };
	struct message m = new_message(MSG_RESULT);
	int64_t now = NOW;

	(void)state;
	for (int n = 1; n <= 20; n++) {
		attempt(&m, now);
		answer(&m, now, MESSAGE_ACCEPTED);
		assert_true(message_on_receipt(&m, &two_routes, now, &slower, n));
		assert_int_equal(m.state, MESSAGE_WAITING);
		assert_int_equal(m.route, 0);
		assert_true(m.next_at > now && m.next_at <= now + 64000);
		now = m.next_at;
	}
	assert_int_equal(m.tries, 0);
	attempt(&m, m.deadline - 1);
	answer(&m, m.deadline - 1, MESSAGE_ACCEPTED);
	assert_true(message_on_receipt(&m, &two_routes, m.deadline, &slower, 21));
	assert_int_equal(m.state, MESSAGE_FAILED);

	/* Others have their tries, and then the next route. */
	m = new_message(MSG_RESULT);
	for (int n = 1; n <= two_routes.tries; n++) {
		assert_int_equal(m.route, 0);
		attempt(&m, m.next_at);
		answer(&m, NOW, MESSAGE_ACCEPTED);
		assert_true(message_on_receipt(&m, &two_routes, NOW, &again, n));
		assert_int_equal(m.state, MESSAGE_WAITING);
	}
	assert_int_equal(m.route, 1);

	/* A window that is over: the same in a template, once. */
	m = new_message(MSG_RESULT);
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_ACCEPTED);
	assert_true(message_on_receipt(&m, &two_routes, NOW, &over, 1));
	assert_true(m.window_over && m.route == 0 && m.next_at <= NOW);
	attempt(&m, NOW);
	answer(&m, NOW, MESSAGE_ACCEPTED);
	assert_true(message_on_receipt(&m, &two_routes, NOW, &over, 2));
	assert_int_equal(m.route, 1);
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

/*
 * A restart with fewer routes than the message had tried: it goes back to one that is left and had not all its tries.
 */
static void
test_a_route_that_is_gone(void **state)
{
	static const struct message_rules one_route = { 1, 3, 0x1, 0 }, none = { 0, 3, 0, 0 };
	struct message m = new_message(MSG_TOKEN);

	(void)state;
	m.route = 1;
	m.tries = 2;
	assert_true(message_ready(&m, &one_route, NOW));
	assert_int_equal(m.route, 0);
	assert_int_equal(m.tries, 0);
	m.route = 1;
	message_sending(&m, NOW, 90000);
	assert_false(message_ready(&m, &one_route, NOW + 90000));
	assert_int_equal(m.state, MESSAGE_WAITING);
	assert_int_equal(m.route, 0);
	m.route = 1;
	m.spent = 1;
	assert_false(message_ready(&m, &one_route, NOW + DAY / 2));
	assert_int_equal(m.state, MESSAGE_UNKNOWN);	/* its attempt may have arrived */
	m = new_message(MSG_TOKEN);
	assert_false(message_ready(&m, &none, NOW));
	assert_int_equal(m.state, MESSAGE_FAILED);
}

/* Who has the bind may take it at once; who looks at all of them, later, and in time for its deadline and patience. */
static void
test_handed_over(void **state)
{
	static const struct message_rules second_open = { 2, 3, 0x2, 0 };
	struct message m = new_message(MSG_TOKEN);
	int64_t now = NOW;

	(void)state;
	assert_false(message_no_room(&m, &second_open, now));
	message_hand_over(&m, now, "mno");
	assert_in_range(m.next_at, NOW + 5000, NOW + 20000);
	assert_true(message_ready(&m, &two_routes, now + 1));
	assert_string_equal(m.handed_to, "mno");
	message_sending(&m, now + 1, 90000);
	assert_string_equal(m.handed_to, "");

	m = new_message(MSG_TOKEN);
	while (!message_no_room(&m, &second_open, now)) {
		message_hand_over(&m, now, "mno");
		now = m.next_at;
	}
	assert_int_equal(m.route, 1);
	assert_string_equal(m.handed_to, "");
	assert_in_range(now, NOW + 60000, NOW + 70000);

	m = new_message(MSG_TOKEN);
	m.deadline = NOW + 100;
	assert_false(message_no_room(&m, &second_open, NOW));
	message_hand_over(&m, NOW, "mno");
	assert_int_equal(m.next_at, m.deadline);
}

/* A flood of forged questions must not stand before somebody's money. */
static void
test_answers_wait_with_notices(void **state)
{
	struct message m = new_message(MSG_RESULT);

	(void)state;
	assert_int_equal(message_rank(&m), MSG_RESULT);
	str_copy(m.channel, sizeof m.channel, "acme-inbox");
	assert_int_equal(message_rank(&m), MSG_NOTICE);
}

/* In a chat: as long as what was said before may still leave, but not for ever, nor behind what is in doubt. */
static void
test_behind_another_one(void **state)
{
	struct message m = new_message(MSG_RESULT), before = new_message(MSG_RESULT);

	(void)state;
	assert_false(message_follows(&m, NOW));
	str_copy(m.channel, sizeof m.channel, "chat");
	assert_false(message_follows(&m, NOW));
	str_copy(m.after, sizeof m.after, before.id);
	assert_true(message_follows(&m, NOW));
	assert_true(message_held_back(&m, &before, NOW));
	assert_true(m.next_at > NOW && m.next_at < NOW + 1000);
	attempt(&before, NOW);
	assert_true(message_held_back(&m, &before, NOW + 20000));
	assert_true(m.next_at > NOW + 20000 && m.next_at <= NOW + 21000);
	assert_false(message_follows(&m, NOW + 30000));
	answer(&before, NOW + 5000, MESSAGE_NO_ANSWER);
	assert_int_equal(before.state, MESSAGE_WAITING);
	assert_false(message_held_back(&m, &before, NOW + 5000));
	before = new_message(MSG_RESULT);
	attempt(&before, NOW);
	answer(&before, NOW, MESSAGE_ACCEPTED);
	assert_false(message_held_back(&m, &before, NOW));
	attempt(&m, m.next_at);
	assert_false(message_follows(&m, NOW));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_tries_then_routes_then_failed),
		cmocka_unit_test(test_refused_everywhere), cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_handed_over), cmocka_unit_test(test_behind_another_one),
		cmocka_unit_test(test_failed_receipts_at_the_end),
		cmocka_unit_test(test_receipts_that_let_try_again),
		cmocka_unit_test(test_an_attempt_in_doubt), cmocka_unit_test(test_a_failed_receipt_behind_a_doubt),
		cmocka_unit_test(test_later_and_deadline), cmocka_unit_test(test_after_a_crash),
		cmocka_unit_test(test_receipts), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_a_route_that_is_gone), cmocka_unit_test(test_answers_wait_with_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
