/* SPDX-License-Identifier: Apache-2.0 */
/* The law of money.md as tables: what an answer makes of an intent, and what it does next. */
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
#define HOUR (60 * MINUTE)
#define UID "11111111-2222-4333-8444-555555555555"

static const struct intent_rules give_all = {
	GIVE_BACK_CANCELLED | GIVE_BACK_TIMEOUT | GIVE_BACK_ERROR, true, false, false, 0
};

static struct intent
new_intent(enum intent_kind kind, enum intent_state state)
{
	struct intent i = { .kind = kind, .state = state, .amount = 5000, .wallet_id = 7, .gateway_sends = true,
		.counts = kind == INTENT_WITHDRAWAL, .shown_at = NOW - 1000,
		.shown_until = NOW - 1000 + INTENT_SHOWN_MS };

	str_copy(i.id, sizeof i.id, UID);
	str_copy(i.phone, sizeof i.phone, "27821234567");
	str_copy(i.to_phone, sizeof i.to_phone, "27829999999");
	if (state != INTENT_SHOWN) {
		i.accepted_at = NOW;
		i.not_after = NOW + INTENT_SEND_MS;
	}
	if (state >= INTENT_RUNNING && state <= INTENT_DONE) {
		i.attempts = 1;
		i.first_send = i.last_send = NOW;
	}
	return i;
}

static struct wallet_withdrawal
row(const char *status, const char *token)
{
	struct wallet_withdrawal w = { .id = 900, .amount = 5000, .fee = 800, .expires_ms = NOW + HOUR };

	str_copy(w.uid, sizeof w.uid, UID);
	str_copy(w.status, sizeof w.status, status);
	str_copy(w.token, sizeof w.token, token);
	return w;
}

static enum intent_action
next(struct intent *i, int64_t now)
{
	int64_t at;

	return intent_next(i, &give_all, now, &at);
}

/* ---- shown ---- */

static void
test_shown(void **state)
{
	struct intent i = new_intent(INTENT_TRANSFER, INTENT_SHOWN);

	(void)state;
	assert_int_equal(next(&i, NOW), DO_WAIT);
	assert_true(intent_open(&i));
	assert_true(intent_accept(&i, NOW));
	assert_int_equal(i.state, INTENT_ACCEPTED);
	assert_int_equal(i.not_after, NOW + INTENT_SEND_MS);
	assert_false(intent_accept(&i, NOW));
	assert_false(intent_leave(&i, INTENT_DECLINED));

	i = new_intent(INTENT_TRANSFER, INTENT_SHOWN);
	assert_true(intent_accept(&i, i.shown_until - 1));
	i = new_intent(INTENT_TRANSFER, INTENT_SHOWN);
	assert_false(intent_accept(&i, i.shown_until));
	assert_int_equal(i.state, INTENT_SHOWN);
	assert_int_equal(next(&i, i.shown_until), DO_NOTHING);
	assert_int_equal(i.state, INTENT_LAPSED);
	assert_false(intent_open(&i));

	i = new_intent(INTENT_TRANSFER, INTENT_SHOWN);
	assert_true(intent_leave(&i, INTENT_DECLINED));
	assert_false(intent_accept(&i, NOW));
}

/* ---- sent ---- */

static const struct {
	enum wallet_end end;
	const char *code;
	int attempts;			/* this one included */
	enum intent_state state;
	enum intent_why why;
	int attempts_after;
} sent[] = {
	{ WALLET_DONE, "", 1, INTENT_DONE, WHY_NONE, 1 },
	{ WALLET_DONE, "", 2, INTENT_DONE, WHY_NONE, 2 },
	{ WALLET_REFUSED, "WAL009", 1, INTENT_NOT_DONE, WHY_SHORT, 1 },
	{ WALLET_REFUSED, "WAL010", 1, INTENT_NOT_DONE, WHY_LIMIT, 1 },
	{ WALLET_REFUSED, "WAL011", 1, INTENT_NOT_DONE, WHY_BARRED, 1 },
	{ WALLET_REFUSED, "DUP001", 1, INTENT_NOT_DONE, WHY_REFUSED, 1 },
	/* After an attempt that went unanswered a refusal proves nothing: it may be our own first debit. */
	{ WALLET_REFUSED, "WAL009", 2, INTENT_ASKING, WHY_NONE, 2 },
	{ WALLET_REFUSED, "DUP001", 2, INTENT_ASKING, WHY_NONE, 2 },
	{ WALLET_AUTH, "", 1, INTENT_ACCEPTED, WHY_EXPIRED, 0 },
	{ WALLET_LATER, "RLT001", 1, INTENT_ACCEPTED, WHY_BUSY, 0 },
	{ WALLET_UNKNOWN, "", 1, INTENT_ASKING, WHY_NONE, 1 },
	{ WALLET_UNKNOWN, "", 2, INTENT_ASKING, WHY_NONE, 2 },
};

static void
test_sent(void **state)
{
	static struct wallet_answer a;

	(void)state;
	for (size_t k = 0; k < NELEM(sent); k++)
		for (int kind = INTENT_TRANSFER; kind <= INTENT_WITHDRAWAL; kind++) {
			struct intent i = new_intent((enum intent_kind)kind, INTENT_RUNNING);

			memset(&a, 0, sizeof a);
			a.end = sent[k].end;
			str_copy(a.code, sizeof a.code, sent[k].code);
			if (a.end == WALLET_DONE && kind == INTENT_WITHDRAWAL) {
				a.n = 1;
				a.withdrawal[0] = row("PENDING", "1234567890");
			}
			i.attempts = sent[k].attempts;
			intent_on_sent(&i, NOW, &a);
			assert_int_equal(i.state, sent[k].state);
			assert_int_equal(i.why, sent[k].why);
			assert_int_equal(i.attempts, sent[k].attempts_after);
		}
}

/* A withdrawal is done only by an answer that is ours. */
static void
test_sent_not_ours(void **state)
{
	static struct wallet_answer a;
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_RUNNING);

	(void)state;
	a.end = WALLET_DONE;
	intent_on_sent(&i, NOW, &a);
	assert_int_equal(i.state, INTENT_ASKING);
	i = new_intent(INTENT_WITHDRAWAL, INTENT_RUNNING);
	a.n = 1;
	a.withdrawal[0] = row("PENDING", "1234567890");
	a.withdrawal[0].amount++;
	intent_on_sent(&i, NOW, &a);
	assert_int_equal(i.state, INTENT_ASKING);
	assert_string_equal(i.token, "");
}

static void
test_not_sent_any_more(void **state)
{
	static struct wallet_answer later = { .end = WALLET_LATER }, auth = { .end = WALLET_AUTH };
	struct intent i = new_intent(INTENT_TRANSFER, INTENT_ACCEPTED);

	(void)state;
	assert_int_equal(next(&i, i.not_after - 1), DO_SEND);
	assert_int_equal(next(&i, i.not_after), DO_NOTE);
	assert_int_equal(i.state, INTENT_NOT_DONE);
	assert_int_equal(i.why, WHY_EXPIRED);

	/* Busy: again with the same id, for two minutes. */
	i = new_intent(INTENT_TRANSFER, INTENT_ACCEPTED);
	intent_sending(&i, NOW, "p", 1000);
	intent_on_sent(&i, NOW, &later);
	assert_int_equal(next(&i, NOW), DO_WAIT);
	assert_int_equal(next(&i, i.next_at), DO_SEND);
	assert_int_equal(next(&i, NOW + INTENT_SEND_MS), DO_NOTE);
	assert_int_equal(i.why, WHY_BUSY);

	/* The login of the confirm is over: another PIN is needed, so it is over too. */
	i = new_intent(INTENT_TRANSFER, INTENT_ACCEPTED);
	intent_sending(&i, NOW, "p", 1000);
	intent_on_sent(&i, NOW, &auth);
	assert_int_equal(next(&i, NOW), DO_NOTE);
	assert_int_equal(i.state, INTENT_NOT_DONE);
}

/* Whoever sent it is gone: it may have been processed. */
static void
test_lease(void **state)
{
	struct intent i = new_intent(INTENT_TRANSFER, INTENT_ACCEPTED);

	(void)state;
	intent_sending(&i, NOW, "p1", 45000);
	assert_int_equal(i.state, INTENT_RUNNING);
	assert_int_equal(i.attempts, 1);
	assert_int_equal(next(&i, NOW + 44999), DO_WAIT);
	assert_int_equal(next(&i, NOW + 45000), DO_ASK);
	assert_int_equal(i.state, INTENT_ASKING);
}

/* ---- asked ---- */

static const struct {
	enum intent_finding finding;
	int64_t after_send, after_first;
	enum intent_state state;
} asked[] = {
	{ FOUND, 1000, 1000, INTENT_DONE },
	{ FOUND, 2 * HOUR, 2 * HOUR, INTENT_DONE },
	{ NOT_LISTED, INTENT_ABSENT_MS - 1, INTENT_ABSENT_MS - 1, INTENT_ASKING },
	{ NOT_LISTED, INTENT_ABSENT_MS, INTENT_ABSENT_MS, INTENT_NOT_DONE },
	{ UNCLEAR, INTENT_ABSENT_MS, INTENT_ABSENT_MS, INTENT_ASKING },
	{ UNCLEAR, INTENT_PERSON_MS - 1, INTENT_PERSON_MS - 1, INTENT_ASKING },
	{ UNCLEAR, INTENT_PERSON_MS, INTENT_PERSON_MS, INTENT_PERSON },
	/* An attempt long after the first one begins the quarter of an hour anew, but not the hour. */
	{ NOT_LISTED, INTENT_ABSENT_MS - 1, INTENT_PERSON_MS - 1, INTENT_ASKING },
	{ NOT_LISTED, INTENT_ABSENT_MS - 1, INTENT_PERSON_MS, INTENT_PERSON },
};

static void
test_asked(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(asked); k++)
		for (int kind = INTENT_TRANSFER; kind <= INTENT_WITHDRAWAL; kind++) {
			struct intent i = new_intent((enum intent_kind)kind, INTENT_ASKING);
			struct wallet_withdrawal w = row("PENDING", "1234567890");

			i.last_send = NOW - asked[k].after_send;
			i.first_send = NOW - asked[k].after_first;
			intent_on_asked(&i, NOW, NOW, asked[k].finding, kind == INTENT_WITHDRAWAL &&
			    asked[k].finding == FOUND ? &w : NULL);
			assert_int_equal(i.state, asked[k].state);
			if (i.state == INTENT_ASKING)
				assert_true(i.next_at > NOW && i.next_at <= NOW + 60000);
		}
}

static void
test_found_means_id_and_amount(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ASKING);
	struct wallet_tx tx = { .amount = -5000 };
	struct wallet_withdrawal w = row("PENDING", "");

	(void)state;
	str_copy(tx.uid, sizeof tx.uid, UID);
	assert_true(intent_is_tx(&i, &tx));
	tx.amount = -5001;
	assert_false(intent_is_tx(&i, &tx));
	tx.amount = 5000;
	tx.uid[0] = '9';
	assert_false(intent_is_tx(&i, &tx));
	assert_true(intent_is_withdrawal(&i, &w));
	w.amount--;
	assert_false(intent_is_withdrawal(&i, &w));
	w = row("PENDING", "");
	w.id = 0;
	assert_false(intent_is_withdrawal(&i, &w));
}

/* ---- the saga of a token ---- */

static void
test_saga(void **state)
{
	static struct wallet_answer a = { .end = WALLET_DONE, .n = 1 };
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ACCEPTED);
	struct wallet_withdrawal w;

	(void)state;
	assert_int_equal(next(&i, NOW), DO_RESERVE);
	intent_on_reserved(&i, LIMIT_OK);
	assert_int_equal(next(&i, NOW), DO_SEND);
	intent_sending(&i, NOW, "p", 1000);
	a.withdrawal[0] = row("PENDING", "1234567890");
	intent_on_sent(&i, NOW, &a);
	assert_string_equal(i.token, "1234567890");
	assert_false(intent_settled(&i));
	assert_true(intent_open(&i));
	assert_int_equal(next(&i, NOW), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW), DO_TOKEN_SMS);
	i.steps |= STEP_TOKEN_SMS;
	assert_true(intent_settled(&i));
	assert_int_equal(next(&i, NOW), DO_NOTE);
	i.steps |= STEP_NOTED;
	assert_int_equal(next(&i, NOW), DO_RESULT_SMS);
	i.steps |= STEP_RESULT_SMS;
	assert_int_equal(next(&i, NOW), DO_WAIT);
	assert_int_equal(next(&i, NOW + 11 * MINUTE), DO_FOLLOW);
	w = row("SUCCESSFUL", "");
	intent_on_status(&i, NOW + MINUTE, &w);
	assert_int_equal(next(&i, NOW + MINUTE), DO_FINAL_SMS);
	i.steps |= STEP_FINAL_SMS;
	assert_int_equal(next(&i, NOW + MINUTE), DO_NOTHING);
	assert_string_equal(i.token, "1234567890");
}

static const struct {
	const char *status;
	int give_back;
	enum intent_action first;
} ended[] = {
	{ "CANCELLED", GIVE_BACK_CANCELLED, DO_RELEASE_LIMIT },
	{ "TIMEOUT", GIVE_BACK_TIMEOUT, DO_RELEASE_LIMIT },
	{ "ERROR", GIVE_BACK_ERROR, DO_RELEASE_LIMIT },
	{ "ERROR_PERM", GIVE_BACK_ERROR, DO_RELEASE_LIMIT },
	{ "CANCELLED", 0, DO_RECEIVER_SMS },
	{ "TIMEOUT", GIVE_BACK_CANCELLED, DO_RECEIVER_SMS },
	{ "SUCCESSFUL", GIVE_BACK_CANCELLED, DO_FINAL_SMS },
};

static void
test_ends(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(ended); k++) {
		struct intent_rules rules = { ended[k].give_back, true, false, false, 0 };
		struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);
		struct wallet_withdrawal w = row(ended[k].status, "");
		int64_t at;

		i.withdrawal_id = w.id;
		i.limit = ILIMIT_COMMITTED;
		i.steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS;
		intent_on_status(&i, NOW, &w);
		assert_int_equal(intent_next(&i, &rules, NOW, &at), ended[k].first);
	}
}

/* Paid out after all: what was given back is taken again. */
static void
test_paid_after_release(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);
	struct wallet_withdrawal w = row("SUCCESSFUL", "");

	(void)state;
	i.withdrawal_id = w.id;
	i.limit = ILIMIT_RELEASED;
	i.steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS;
	intent_on_status(&i, NOW, &w);
	assert_int_equal(next(&i, NOW), DO_COMMIT_LIMIT);
}

/*
 * What comes late or out of order changes no last word, but for a payout; that is told once more, and looked for a
 * while.
 */
static void
test_words_out_of_order(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);
	struct wallet_withdrawal timeout = row("TIMEOUT", ""), pending = row("PENDING", ""), paid = row("SUCCESSFUL", "");
	int64_t now = NOW;
	int looks = 0;

	(void)state;
	i.withdrawal_id = timeout.id;
	i.limit = ILIMIT_COMMITTED;
	i.steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS | STEP_RECEIVER_SMS;
	intent_on_status(&i, now, &timeout);
	assert_int_equal(next(&i, now), DO_RELEASE_LIMIT);
	intent_on_limit(&i, ILIMIT_RELEASED);
	assert_int_equal(next(&i, now), DO_FINAL_SMS);
	i.steps |= STEP_FINAL_SMS;
	intent_on_status(&i, now, &pending);
	assert_int_equal(i.core_status - 1, WSTATUS_TIMEOUT);
	while (next(&i, now) == DO_WAIT) {
		now = i.next_at;
		assert_int_equal(next(&i, now), DO_FOLLOW);
		intent_on_status(&i, now, &timeout);
		assert_true(++looks < 10);
	}
	assert_int_equal(next(&i, now), DO_NOTHING);
	assert_true(now - NOW > 24 * HOUR && now - NOW < 7 * 24 * HOUR);
	intent_on_status(&i, now, &paid);
	assert_int_equal(next(&i, now), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_true(i.paid_late);
	assert_int_equal(next(&i, now), DO_FINAL_SMS);
	i.steps |= STEP_FINAL_SMS;
	intent_on_status(&i, now, &timeout);
	assert_int_equal(i.core_status - 1, WSTATUS_SUCCESSFUL);
	assert_int_equal(next(&i, now), DO_NOTHING);
}

/* While the limit is closed nothing is reserved; it ends as not done, and truthfully; what is held goes on. */
static void
test_closed(void **state)
{
	struct intent_rules closed = give_all;
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ACCEPTED), held = i, transfer;
	int64_t at;

	(void)state;
	closed.limit_closed = true;
	assert_int_equal(intent_next(&i, &closed, NOW, &at), DO_WAIT);
	assert_true(at > NOW && at <= i.not_after);
	assert_int_equal(next(&i, at), DO_RESERVE);	/* opened again in time */
	assert_int_equal(intent_next(&i, &closed, i.not_after - 1, &at), DO_WAIT);
	assert_int_equal(at, i.not_after);
	intent_next(&i, &closed, at, &at);
	assert_int_equal(i.state, INTENT_NOT_DONE);
	assert_string_equal(intent_why_name(i.why), "closed");
	held.limit = ILIMIT_RESERVED;
	assert_int_equal(intent_next(&held, &closed, NOW, &at), DO_SEND);
	transfer = new_intent(INTENT_TRANSFER, INTENT_ACCEPTED);
	assert_int_equal(intent_next(&transfer, &closed, NOW, &at), DO_SEND);
	i = new_intent(INTENT_WITHDRAWAL, INTENT_ACCEPTED);
	intent_on_reserved(&i, LIMIT_UNREADABLE);
	assert_int_equal(i.why, WHY_CLOSED);
}

/*
 * What followed the confirm is lost: it may have been sent, so it is asked for, and neither sent nor told as not
 * done.
 */
static void
test_lost(void **state)
{
	struct intent_rules lost = give_all;
	struct intent i = new_intent(INTENT_TRANSFER, INTENT_ACCEPTED), order;
	int64_t at;

	(void)state;
	lost.lost_ms = i.accepted_at;
	assert_int_equal(intent_next(&i, &lost, NOW, &at), DO_SEND);	/* after it */
	lost.lost_ms++;
	assert_int_equal(intent_next(&i, &lost, i.not_after + HOUR, &at), DO_WAIT);
	assert_int_equal(i.state, INTENT_ASKING);
	assert_int_equal(intent_next(&i, &lost, at, &at), DO_ASK);
	/* Absent only a quarter of an hour after we looked first, whenever it was confirmed. */
	assert_int_equal(i.last_send, i.not_after + HOUR);
	/* Were it sent again, that would not be the first attempt: a refusal would prove nothing. */
	assert_int_equal(i.attempts, 1);

	order = new_intent(INTENT_WITHDRAWAL, INTENT_ACCEPTED);
	str_copy(order.integrator, sizeof order.integrator, "payroll");
	assert_int_equal(intent_next(&order, &lost, NOW, &at), DO_INDEX);
	order.steps |= STEP_INDEXED;
	assert_int_equal(intent_next(&order, &lost, NOW, &at), DO_WAIT);
	assert_int_equal(order.state, INTENT_ASKING);
}

/* A limit that takes no word keeps nobody waiting for theirs. */
static void
test_limit_away(void **state)
{
	struct intent_rules away = give_all;
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_NOT_DONE);
	int64_t at;

	(void)state;
	away.limit_away = true;
	i.why = WHY_REFUSED;
	i.limit = ILIMIT_RESERVED;
	assert_int_equal(next(&i, NOW), DO_RELEASE_LIMIT);
	assert_int_equal(intent_next(&i, &away, NOW, &at), DO_NOTE);
	i.steps |= STEP_NOTED;
	assert_int_equal(intent_next(&i, &away, NOW, &at), DO_RESULT_SMS);
	i.steps |= STEP_RESULT_SMS;
	assert_int_equal(intent_next(&i, &away, NOW, &at), DO_RELEASE_LIMIT);
}

/* Strict: also a token that nobody got stays counted once the core had issued it; one that never was does not. */
static void
test_strict(void **state)
{
	static const struct intent_rules strict = { 0, true, false, false, 0 };
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_NOT_DONE);
	int64_t at;

	(void)state;
	i.why = WHY_NO_TOKEN;
	i.withdrawal_id = 900;
	i.core_status = WSTATUS_CANCELLED + 1;
	i.limit = ILIMIT_COMMITTED;
	assert_int_equal(intent_next(&i, &strict, NOW, &at), DO_NOTE);
	assert_int_equal(next(&i, NOW), DO_RELEASE_LIMIT);
	i.core_status = WSTATUS_PENDING + 1;	/* an operator says so, the core does not */
	assert_int_equal(next(&i, NOW), DO_NOTE);
	i.why = WHY_REFUSED;
	i.withdrawal_id = 0;
	assert_int_equal(intent_next(&i, &strict, NOW, &at), DO_RELEASE_LIMIT);
}

/* Told as not done, and paid out after all: counted, and in front of a person. */
static void
test_no_token_and_paid(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_NOT_DONE);
	struct wallet_withdrawal paid = row("SUCCESSFUL", "");

	(void)state;
	i.why = WHY_NO_TOKEN;
	i.withdrawal_id = paid.id;
	i.core_status = WSTATUS_CANCELLED + 1;
	i.limit = ILIMIT_RELEASED;
	i.steps = STEP_NOTED | STEP_RESULT_SMS;
	assert_int_equal(next(&i, NOW), DO_NOTHING);
	intent_on_status(&i, NOW, &paid);
	assert_int_equal(next(&i, NOW), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	next(&i, NOW);
	assert_int_equal(i.state, INTENT_PERSON);
}

static void
test_counts_as(void **state)
{
	static const struct {
		enum intent_limit record;
		const char *core;		/* NULL: not there */
		bool whole;
		int as;
	} rows[] = {
		{ ILIMIT_NONE, NULL, true, 0 }, { ILIMIT_NONE, "PENDING", true, LIMIT_COMMITTED },
		{ ILIMIT_RESERVED, NULL, true, LIMIT_RESERVED }, { ILIMIT_RESERVED, NULL, false, LIMIT_RESERVED },
		{ ILIMIT_RESERVED, "PENDING", true, LIMIT_COMMITTED }, { ILIMIT_RESERVED, "CANCELLED", true, LIMIT_RESERVED },
		{ ILIMIT_COMMITTED, NULL, false, LIMIT_COMMITTED }, { ILIMIT_COMMITTED, "TIMEOUT", true, LIMIT_COMMITTED },
		{ ILIMIT_RELEASED, NULL, false, 0 }, { ILIMIT_RELEASED, NULL, true, LIMIT_GIVEN_BACK },
		{ ILIMIT_RELEASED, "TIMEOUT", false, LIMIT_GIVEN_BACK }, { ILIMIT_RELEASED, "SUCCESSFUL", true, LIMIT_COMMITTED },
		{ ILIMIT_RELEASED, "SOMETHING_NEW", true, LIMIT_COMMITTED },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(rows); k++) {
		struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);
		struct wallet_withdrawal w = row(rows[k].core != NULL ? rows[k].core : "", "");

		i.limit = rows[k].record;
		assert_int_equal(intent_counts_as(&i, rows[k].core != NULL ? &w : NULL, rows[k].whole), rows[k].as);
		i.counts = false;
		assert_int_equal(intent_counts_as(&i, &w, true), 0);
	}
}

/* For another phone a limit is told as any refusal; for one's own it is told. */
static void
test_why_told(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_NOT_DONE);

	(void)state;
	i.why = WHY_LIMIT;
	assert_int_equal(intent_why_told(&i), WHY_REFUSED);
	i.why = WHY_SHORT;
	assert_int_equal(intent_why_told(&i), WHY_SHORT);
	str_copy(i.to_phone, sizeof i.to_phone, i.phone);
	i.why = WHY_LIMIT;
	assert_int_equal(intent_why_told(&i), WHY_LIMIT);
	i.phone[0] = '\0';			/* an integrator's */
	assert_int_equal(intent_why_told(&i), WHY_REFUSED);
}

/* Issued, but the token is not said on reading: it can reach nobody, so it is cancelled, and believed when read so. */
static void
test_no_token(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ASKING);
	struct wallet_withdrawal w = row("PENDING", "");

	(void)state;
	i.limit = ILIMIT_RESERVED;
	intent_on_asked(&i, NOW, NOW, FOUND, &w);
	assert_int_equal(next(&i, NOW), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW), DO_FOLLOW);
	intent_on_status(&i, NOW, NULL);
	assert_false(i.cancel);			/* no believable answer says nothing about the token */
	intent_on_status(&i, NOW, &w);
	assert_true(i.cancel);
	assert_int_equal(next(&i, i.next_at), DO_FOLLOW);
	intent_on_status(&i, i.next_at, &w);
	assert_int_equal(next(&i, i.next_at), DO_CANCEL);
	intent_on_cancelled(&i, i.next_at, false);
	assert_int_equal(i.state, INTENT_DONE);
	assert_int_equal(next(&i, i.next_at), DO_FOLLOW);
	w = row("CANCELLED", "");
	intent_on_status(&i, NOW + MINUTE, &w);
	assert_int_equal(next(&i, NOW + HOUR), DO_RELEASE_LIMIT);
	assert_int_equal(i.state, INTENT_NOT_DONE);
	assert_int_equal(i.why, WHY_NO_TOKEN);
}

/* One that cannot be cancelled and whose token nobody has goes to a person. */
static void
test_no_token_no_cancel(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);
	struct wallet_withdrawal w = row("PENDING", "");
	int64_t now = NOW;

	(void)state;
	i.withdrawal_id = w.id;
	i.limit = ILIMIT_COMMITTED;
	intent_on_status(&i, now, &w);
	for (int k = 0; k < 100 && i.state == INTENT_DONE; k++) {
		enum intent_action a = next(&i, now = i.next_at);

		assert_true(a == DO_CANCEL || a == DO_FOLLOW);
		if (a == DO_CANCEL)
			intent_on_cancelled(&i, now, true);
		else
			intent_on_status(&i, now, &w);
	}
	assert_int_equal(i.state, INTENT_PERSON);
	assert_int_equal(next(&i, now), DO_NOTE);
	i.steps |= STEP_NOTED;
	assert_int_equal(next(&i, now), DO_NOTHING);
}

/* ---- a person's word ---- */

static const struct {
	enum intent_kind kind;
	bool gateway_sends;
	const char *core;		/* as it was read last, "" never */
	enum intent_resolved done, not_done;
} resolves[] = {
	{ INTENT_TRANSFER, false, "", RESOLVED, RESOLVED },
	{ INTENT_WITHDRAWAL, true, "", RESOLVED, RESOLVED },
	{ INTENT_WITHDRAWAL, true, "PENDING", RESOLVE_NOT_PAID_OUT, RESOLVED },
	{ INTENT_WITHDRAWAL, true, "CANCELLED", RESOLVE_NOT_PAID_OUT, RESOLVED },
	{ INTENT_WITHDRAWAL, true, "SUCCESSFUL", RESOLVED, RESOLVE_PAID_OUT },
	/* The core sends the token itself: issued is done. */
	{ INTENT_WITHDRAWAL, false, "", RESOLVED, RESOLVED },
	{ INTENT_WITHDRAWAL, false, "PENDING", RESOLVED, RESOLVED },
	{ INTENT_WITHDRAWAL, false, "CANCELLED", RESOLVE_NOT_PAID_OUT, RESOLVED },
	{ INTENT_WITHDRAWAL, false, "SUCCESSFUL", RESOLVED, RESOLVE_PAID_OUT },
};

static struct intent
with_a_person(enum intent_kind kind, const char *core)
{
	struct intent i = new_intent(kind, INTENT_PERSON);

	i.person_at = i.first_send = i.last_send = NOW;
	i.steps = STEP_NOTED;
	if (kind == INTENT_WITHDRAWAL)
		i.limit = ILIMIT_RESERVED;
	if (core[0] != '\0') {
		i.withdrawal_id = 900;
		i.core_status = (int)wallet_status(core) + 1;
	}
	return i;
}

static void
test_what_a_person_may_say(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(resolves); k++)
		for (int done = 0; done < 2; done++) {
			struct intent i = with_a_person(resolves[k].kind, resolves[k].core);
			enum intent_resolved want = done ? resolves[k].done : resolves[k].not_done;

			i.gateway_sends = resolves[k].gateway_sends;
			assert_int_equal(intent_resolve(&i, NOW + HOUR, done), want);
			if (want != RESOLVED) {
				assert_int_equal(i.state, INTENT_PERSON);
				assert_int_equal(i.resolves, 0);
				continue;
			}
			assert_int_equal(i.state, done ? INTENT_DONE : INTENT_NOT_DONE);
			assert_true(intent_settled(&i));
			assert_int_equal(intent_resolve(&i, NOW + HOUR, done), RESOLVE_NOT_WITH_PERSON);
		}
}

/* All that it does until it rests. `said` holds what its customer hears. */
static void
play_out(struct intent *i, int64_t now, int *said)
{
	enum intent_action a;

	*said = 0;
	for (int n = 0; n < 20; n++) {
		a = next(i, now);
		if (a == DO_NOTE)
			i->steps |= STEP_NOTED;
		else if (a == DO_RESULT_SMS)
			i->steps |= *said |= STEP_RESULT_SMS;
		else if (a == DO_RECEIVER_SMS)
			i->steps |= *said |= STEP_RECEIVER_SMS;
		else if (a == DO_FINAL_SMS)
			i->steps |= *said |= STEP_FINAL_SMS;
		else if (a == DO_COMMIT_LIMIT || a == DO_RELEASE_LIMIT)
			intent_on_limit(i, a == DO_COMMIT_LIMIT ? ILIMIT_COMMITTED : ILIMIT_RELEASED);
		else
			return;
	}
	fail_msg("it does not come to rest");
}

static void
test_resolved(void **state)
{
	struct wallet_withdrawal w = row("CANCELLED", "");
	struct intent i;
	int said;

	(void)state;
	i = with_a_person(INTENT_TRANSFER, "");
	assert_int_equal(intent_resolve(&i, NOW, true), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(said, STEP_RESULT_SMS | STEP_RECEIVER_SMS);
	assert_int_equal(next(&i, NOW + 200 * HOUR), DO_NOTHING);
	i = with_a_person(INTENT_TRANSFER, "");
	assert_int_equal(intent_resolve(&i, NOW, false), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(said, STEP_RESULT_SMS);
	assert_int_equal(next(&i, NOW + 200 * HOUR), DO_NOTHING);

	/* Paid out with a token that we never saw: it counts, and nobody asks the core about no id. */
	i = with_a_person(INTENT_WITHDRAWAL, "");
	assert_int_equal(intent_resolve(&i, NOW, true), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(said, STEP_RESULT_SMS);
	assert_int_equal(i.limit, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW + 200 * HOUR), DO_NOTHING);

	/* Its token may be out: it counts, and is looked for. */
	i = with_a_person(INTENT_WITHDRAWAL, "");
	assert_int_equal(intent_resolve(&i, NOW, false), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(said, STEP_RESULT_SMS);
	assert_int_equal(i.limit, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW), DO_WAIT);
	assert_int_equal(next(&i, NOW + HOUR), DO_ASK);

	/* Read as gone: given back. */
	i = with_a_person(INTENT_WITHDRAWAL, "CANCELLED");
	assert_int_equal(intent_resolve(&i, NOW, false), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(i.limit, ILIMIT_RELEASED);

	/* There, and it could not be cancelled: it counts until it was read as gone, or comes back to a person. */
	i = with_a_person(INTENT_WITHDRAWAL, "PENDING");
	i.cancel = true;
	assert_int_equal(intent_resolve(&i, NOW, false), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(i.limit, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, NOW), DO_FOLLOW);
	intent_on_status(&i, NOW, &w);
	play_out(&i, NOW, &said);
	assert_int_equal(i.limit, ILIMIT_RELEASED);
	i = with_a_person(INTENT_WITHDRAWAL, "PENDING");
	assert_int_equal(intent_resolve(&i, NOW, false), RESOLVED);
	play_out(&i, NOW, &said);
	w = row("SUCCESSFUL", "");
	intent_on_status(&i, NOW + HOUR, &w);
	assert_int_equal(next(&i, NOW + HOUR), DO_NOTE);
	assert_int_equal(i.state, INTENT_PERSON);
	assert_int_equal(i.person_at, NOW + HOUR);
	assert_int_equal(i.resolved_at, 0);
	/* What was told before was something else. */
	assert_int_equal(intent_resolve(&i, NOW + HOUR, true), RESOLVED);
	assert_int_equal(i.resolves, 2);
	play_out(&i, NOW + HOUR, &said);
	assert_int_equal(said, STEP_RESULT_SMS);
	assert_int_equal(i.limit, ILIMIT_COMMITTED);
}

/* The core sent the token itself, a person said that it is out, and then it is not used: given back once, and at rest. */
static void
test_resolved_and_lapsed(void **state)
{
	struct intent i = with_a_person(INTENT_WITHDRAWAL, "PENDING");
	struct wallet_withdrawal w = row("TIMEOUT", "");
	int said;

	(void)state;
	i.gateway_sends = false;
	assert_int_equal(intent_resolve(&i, NOW, true), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(i.limit, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, i.next_at), DO_FOLLOW);
	intent_on_status(&i, NOW + HOUR, &w);
	play_out(&i, NOW + HOUR, &said);
	assert_int_equal(i.limit, ILIMIT_RELEASED);
	assert_int_equal(said, STEP_FINAL_SMS);
}

/* The core sends the token itself, or it has none: what it came to is looked for at the core before it is told. */
static void
test_a_persons_word(void **state)
{
	struct wallet_withdrawal w = row("PENDING", "");
	struct intent i = with_a_person(INTENT_WITHDRAWAL, "");
	int64_t now = NOW;
	int said;

	(void)state;
	i.gateway_sends = false;
	assert_int_equal(intent_resolve(&i, NOW, true), RESOLVED);
	play_out(&i, NOW, &said);
	assert_int_equal(intent_outcome(&i), 0);
	assert_int_equal(next(&i, NOW), DO_ASK);
	intent_on_asked(&i, NOW, NOW, UNCLEAR, NULL);		/* the core is away: that was no look */
	assert_int_equal(i.asks, 0);
	intent_on_asked(&i, NOW, NOW, FOUND, &w);
	assert_int_equal(i.state, INTENT_DONE);
	assert_int_equal(i.withdrawal_id, w.id);
	assert_int_equal(intent_outcome(&i), 0);
	assert_int_equal(next(&i, i.next_at), DO_FOLLOW);
	w = row("TIMEOUT", "");
	intent_on_status(&i, NOW + HOUR, &w);
	assert_int_equal(intent_outcome(&i), WSTATUS_TIMEOUT + 1);
	play_out(&i, NOW + HOUR, &said);
	assert_int_equal(i.limit, ILIMIT_RELEASED);

	/* It lists nothing: then the word is the last one, until the core calls back after all. */
	i = with_a_person(INTENT_WITHDRAWAL, "");
	i.gateway_sends = false;
	assert_int_equal(intent_resolve(&i, NOW, true), RESOLVED);
	play_out(&i, NOW, &said);
	for (int k = 0; k < INTENT_LATE_LOOKS; k++) {
		assert_int_equal(intent_outcome(&i), 0);
		assert_int_equal(next(&i, now = i.next_at), DO_ASK);
		intent_on_asked(&i, now, now, NOT_LISTED, NULL);
	}
	assert_int_equal(next(&i, now + 200 * HOUR), DO_NOTHING);
	assert_int_equal(intent_outcome(&i), WSTATUS_SUCCESSFUL + 1);
	assert_int_equal(intent_on_hint(&i, now, 0), HINT_READ);
	assert_int_equal(next(&i, now), DO_ASK);
}

/* ---- not done ---- */

static const struct {
	enum intent_why why;
	enum intent_limit limit;
	bool gives;
} not_done[] = {
	{ WHY_EXPIRED, ILIMIT_RESERVED, true },
	{ WHY_REFUSED, ILIMIT_RESERVED, true },
	{ WHY_ABSENT, ILIMIT_RESERVED, true },
	{ WHY_NO_TOKEN, ILIMIT_COMMITTED, true },
	/* The commit of a reservation may still be on its way. */
	{ WHY_EXPIRED, ILIMIT_NONE, true },
	{ WHY_LIMIT, ILIMIT_NONE, false },
	{ WHY_EXPIRED, ILIMIT_RELEASED, false },
};

static void
test_gives_back(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(not_done); k++) {
		struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_NOT_DONE);

		i.why = not_done[k].why;
		i.limit = not_done[k].limit;
		assert_int_equal(next(&i, NOW), not_done[k].gives ? DO_RELEASE_LIMIT : DO_NOTE);
	}
}

/* A look says what was there when it was begun: that its answer is heard a quarter of an hour later proves nothing. */
static void
test_an_old_look_proves_no_absence(void **state)
{
	struct intent i = new_intent(INTENT_TRANSFER, INTENT_ASKING);

	(void)state;
	intent_on_asked(&i, NOW + 2 * INTENT_ABSENT_MS, NOW + INTENT_ABSENT_MS - 1, NOT_LISTED, NULL);
	assert_int_equal(i.state, INTENT_ASKING);
	intent_on_asked(&i, NOW + 2 * INTENT_ABSENT_MS, NOW + INTENT_ABSENT_MS, NOT_LISTED, NULL);
	assert_int_equal(i.state, INTENT_NOT_DONE);
}

/*
 * A withdrawal that turns up after it was told as not done counts while it can be used, and is cancelled; a look that
 * showed nothing clear is none.
 */
static void
test_turns_up_late(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ASKING);
	struct wallet_withdrawal w = row("PENDING", "1234567890");
	int64_t now = NOW + INTENT_ABSENT_MS;

	(void)state;
	i.limit = ILIMIT_RELEASED;
	intent_on_asked(&i, now, now, NOT_LISTED, NULL);
	assert_int_equal(i.state, INTENT_NOT_DONE);
	i.steps = STEP_NOTED | STEP_RESULT_SMS;
	assert_int_equal(next(&i, now), DO_WAIT);
	assert_int_equal(next(&i, now = i.next_at), DO_ASK);
	for (int k = 0; k < 10; k++)
		intent_on_asked(&i, now + (k + 1) * MINUTE, now, UNCLEAR, NULL);
	assert_int_equal(next(&i, now = i.next_at), DO_ASK);
	intent_on_asked(&i, now, now, FOUND, &w);
	assert_int_equal(i.state, INTENT_NOT_DONE);
	assert_int_equal(next(&i, now), DO_NOTE);
	i.steps |= STEP_NOTED;
	assert_int_equal(next(&i, i.next_at), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, i.next_at), DO_CANCEL);
	intent_on_cancelled(&i, i.next_at, false);
	w = row("CANCELLED", "");
	intent_on_status(&i, i.next_at, &w);
	assert_int_equal(next(&i, now + HOUR), DO_RELEASE_LIMIT);
	intent_on_limit(&i, ILIMIT_RELEASED);
	assert_int_equal(next(&i, now + HOUR), DO_NOTHING);

	w = row("SUCCESSFUL", "");
	i.core_status = 0;
	intent_on_status(&i, now, &w);
	assert_int_equal(next(&i, now + HOUR), DO_COMMIT_LIMIT);
	intent_on_limit(&i, ILIMIT_COMMITTED);
	assert_int_equal(next(&i, now + HOUR), DO_NOTE);
	assert_int_equal(i.state, INTENT_PERSON);
}

/* A debit cannot be taken back from here: a person has it, and the customer hears the truth from him. */
static void
test_a_transfer_turns_up_late(void **state)
{
	struct intent i = new_intent(INTENT_TRANSFER, INTENT_ASKING);
	int64_t now = NOW + INTENT_ABSENT_MS;
	int said;

	(void)state;
	intent_on_asked(&i, now, now, NOT_LISTED, NULL);
	play_out(&i, now, &said);
	assert_int_equal(said, STEP_RESULT_SMS);
	assert_int_equal(next(&i, now = i.next_at), DO_ASK);
	intent_on_asked(&i, now, now, NOT_LISTED, NULL);
	assert_int_equal(next(&i, now), DO_WAIT);
	assert_int_equal(next(&i, now = i.next_at), DO_ASK);
	intent_on_asked(&i, now, now, FOUND, NULL);
	assert_int_equal(i.state, INTENT_PERSON);
	assert_int_equal(i.person_at, now);
	assert_int_equal(next(&i, now), DO_NOTE);
	i.steps |= STEP_NOTED;
	assert_int_equal(next(&i, now), DO_NOTHING);
	assert_int_equal(intent_resolve(&i, now, true), RESOLVED);
	play_out(&i, now, &said);
	assert_int_equal(said, STEP_RESULT_SMS | STEP_RECEIVER_SMS);

	/* What a person said is not looked at again. */
	i = with_a_person(INTENT_TRANSFER, "");
	assert_int_equal(intent_resolve(&i, now, false), RESOLVED);
	play_out(&i, now, &said);
	assert_int_equal(next(&i, now + 200 * HOUR), DO_NOTHING);
}

static void
test_three_late_looks(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_NOT_DONE);
	int looks = 0;

	(void)state;
	i.why = WHY_ABSENT;
	i.limit = ILIMIT_RELEASED;
	i.steps = STEP_NOTED | STEP_RESULT_SMS;
	while (looks < 100 && next(&i, i.next_at) == DO_ASK) {
		intent_on_asked(&i, i.next_at, i.next_at, NOT_LISTED, NULL);
		looks++;
	}
	assert_int_equal(looks, 3);
}

/* ---- the customer's cancel ---- */

static void
test_cancel(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);
	struct wallet_withdrawal w = row("PENDING", "");

	(void)state;
	i.withdrawal_id = w.id;
	i.limit = ILIMIT_COMMITTED;
	str_copy(i.token, sizeof i.token, "1234567890");
	i.steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS;
	intent_cancel(&i, NOW);
	assert_int_equal(next(&i, NOW), DO_CANCEL);
	intent_on_cancelled(&i, NOW, true);
	assert_true(i.cancel);			/* one refusal may answer our own first cancel */
	assert_int_equal(next(&i, NOW), DO_FOLLOW);
	intent_on_status(&i, NOW, &w);
	assert_int_equal(next(&i, i.next_at), DO_CANCEL);
	intent_on_cancelled(&i, i.next_at, true);
	assert_false(i.cancel);
	assert_int_equal(i.state, INTENT_DONE);
}

/* Asked for, and then to be cancelled: what is sent depends on what the core says to that. */
static void
test_resend_and_cancel(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_DONE);

	(void)state;
	i.withdrawal_id = 900;
	i.limit = ILIMIT_COMMITTED;
	str_copy(i.token, sizeof i.token, "1234567890");
	i.steps = STEP_TOKEN_SMS | STEP_NOTED | STEP_RESULT_SMS;
	i.resends = 1;
	intent_cancel(&i, NOW);
	assert_int_equal(next(&i, NOW), DO_CANCEL);
	i.cancel = false;			/* the core refused */
	assert_int_equal(next(&i, NOW), DO_RESEND_SMS);
}

static void
test_integrator(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ACCEPTED);

	(void)state;
	str_copy(i.integrator, sizeof i.integrator, "payroll");
	i.phone[0] = '\0';
	assert_int_equal(next(&i, NOW), DO_CAP);
	intent_on_capped(&i, true);
	assert_int_equal(next(&i, NOW), DO_INDEX);
	i.steps |= STEP_INDEXED;
	assert_int_equal(next(&i, NOW), DO_RESERVE);
	intent_on_reserved(&i, LIMIT_OVER);
	assert_int_equal(i.why, WHY_LIMIT);
	assert_int_equal(next(&i, NOW), DO_NOTHING);
}

static void
test_round_trip(void **state)
{
	struct intent i = new_intent(INTENT_WITHDRAWAL, INTENT_ASKING), back;
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	i.why = WHY_BUSY;
	i.limit_month = 202603;
	str_copy(i.token, sizeof i.token, "1234567890");
	intent_encode(&i, &b);
	assert_true(intent_decode(b.p, b.len, &back));
	intent_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	buf_clear(&again);
	i.state = INTENT_STATES;
	buf_reset(&b);
	intent_encode(&i, &b);
	assert_false(intent_decode(b.p, b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown), cmocka_unit_test(test_sent), cmocka_unit_test(test_sent_not_ours),
		cmocka_unit_test(test_not_sent_any_more), cmocka_unit_test(test_lease),
		cmocka_unit_test(test_asked), cmocka_unit_test(test_found_means_id_and_amount),
		cmocka_unit_test(test_saga), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_paid_after_release), cmocka_unit_test(test_words_out_of_order),
		cmocka_unit_test(test_closed), cmocka_unit_test(test_limit_away), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_no_token_and_paid), cmocka_unit_test(test_counts_as), cmocka_unit_test(test_why_told),
		cmocka_unit_test(test_no_token),
		cmocka_unit_test(test_no_token_no_cancel), cmocka_unit_test(test_what_a_person_may_say), cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_resolved_and_lapsed), cmocka_unit_test(test_a_persons_word),
		cmocka_unit_test(test_gives_back),
		cmocka_unit_test(test_an_old_look_proves_no_absence),
		cmocka_unit_test(test_turns_up_late), cmocka_unit_test(test_a_transfer_turns_up_late),
		cmocka_unit_test(test_three_late_looks),
		cmocka_unit_test(test_cancel), cmocka_unit_test(test_resend_and_cancel), cmocka_unit_test(test_integrator),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
