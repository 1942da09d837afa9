/* SPDX-License-Identifier: Apache-2.0 */
/* The law of sign-ups: what comes next, and what an answer may be taken to mean. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "core/pin_write.h"
#include "core/signup.h"

#define PHONE "27821234567"
#define UID "7ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define START INT64_C(1774339200000)
#define MINUTE INT64_C(60000)

static struct signup s;
static struct subscriber sub;
static struct wallet_settings w = { .wallet_type_id = 77, .identity_prefix = "acme-" };
static int64_t now;

static void
begin(void)
{
	memset(&s, 0, sizeof s);
	now = START;
	str_copy(s.uid, sizeof s.uid, UID);
	str_copy(s.wallet_uid, sizeof s.wallet_uid, "8" UID);
	str_copy(s.phone, sizeof s.phone, PHONE);
	str_copy(s.surname, sizeof s.surname, "Mokoena");
	str_copy(s.password, sizeof s.password, "secret");
	signup_begin(&s, &sub, now);
}

static void
begin_new(void)
{
	memset(&sub, 0, sizeof sub);
	begin();
}

static void
next(enum signup_action want)
{
	int64_t at = 0;
	enum signup_action got = signup_next(&s, now, &at);

	while (got == SIGNUP_WAIT && want != SIGNUP_WAIT) {
		now = at;
		got = signup_next(&s, now, &at);
	}
	if (got != want)
		fail_msg("%s, not %s", signup_action_name(got), signup_action_name(want));
	if (signup_writes(got))
		signup_sending(&s, got, now);
}

static struct wallet_answer a;		/* the next one, emptied when it was given */
static int64_t heard_later;

static void
answer(enum signup_action to, enum wallet_end end)
{
	next(to);
	a.end = end;
	signup_on_answer(&s, to, now + heard_later, now, &w, &a);
	memset(&a, 0, sizeof a);
}

static void
row(const char *phone, const char *uid)
{
	str_copy(a.customer[a.n].phone, PHONE_MAX, phone);
	str_copy(a.customer[a.n].uid, WALLET_UID, uid);
	a.customer[a.n++].id = 5;
}

static void
to_identity(void)
{
	begin_new();
	row(PHONE, UID);
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	assert_string_equal(s.surname, "");
}

static void
to_wallet(void)
{
	to_identity();
	answer(SIGNUP_WRITE_IDENTITY, WALLET_DONE);
	assert_string_equal(s.password, "");
	a.kyc_passed = true;
	answer(SIGNUP_RATIFY, WALLET_DONE);
	answer(SIGNUP_FIND_WALLET, WALLET_DONE);
	a.n = 1;
	a.wallet_type[0] = 77;
	answer(SIGNUP_READ_TYPES, WALLET_DONE);
}

static void
ended(enum signup_state state, enum signup_why why)
{
	next(SIGNUP_NOTE);
	assert_int_equal(s.state, state);
	assert_int_equal(s.why, why);
	assert_string_equal(s.password, "");
	assert_string_equal(s.surname, "");
	signup_note(&s, &sub);
	assert_false(sub.signup_open);
	next(SIGNUP_SAY);
	s.told = true;
	next(SIGNUP_OVER);
}

static void
test_all_of_it(void **state)
{
	(void)state;
	to_wallet();
	assert_true(sub.signup_open);
	a.n = 1;
	a.wallet[0].id = 9;
	answer(SIGNUP_MAKE_WALLET, WALLET_DONE);
	ended(SIGNUP_DONE, SIGNUP_WHY_NONE);
	assert_true(sub.has_pin && sub.customer_id == 5 && sub.wallet_id == 9);
	assert_string_equal(sub.customer_uid, UID);
	assert_int_equal(sub.signup_untold, SIGNUP_UNTOLD_DONE);
}

/* Without an answer it is looked for, and sent again only when it has been absent for a quarter of an hour. */
static void
test_a_create_without_an_answer(void **state)
{
	int64_t sent;

	(void)state;
	begin_new();
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	answer(SIGNUP_MAKE_CUSTOMER, WALLET_UNKNOWN);
	sent = s.sent_at;
	while (now - sent < SIGNUP_ABSENT_MS)
		answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	answer(SIGNUP_MAKE_CUSTOMER, WALLET_REFUSED);	/* may be the core's word on our own first one */
	row(PHONE, UID);
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	next(SIGNUP_WRITE_IDENTITY);
	assert_int_equal(s.customer_id, 5);
}

/* What was not there when it was looked for may be by now, however late that is heard: it is not sent once more. */
static void
test_an_old_look_proves_no_absence(void **state)
{
	(void)state;
	to_wallet();
	answer(SIGNUP_MAKE_WALLET, WALLET_UNKNOWN);
	heard_later = SIGNUP_ABSENT_MS;
	answer(SIGNUP_FIND_WALLET, WALLET_DONE);
	heard_later = 0;
	now += SIGNUP_ABSENT_MS;
	next(SIGNUP_FIND_WALLET);
}

static void
test_what_is_no_look(void **state)
{
	(void)state;
	begin_new();
	row("27820000000", "other");		/* a search that was ignored */
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	answer(SIGNUP_FIND_CUSTOMER, WALLET_UNKNOWN);
	a.more = true;
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	ended(SIGNUP_NOT_DONE, SIGNUP_FAILED);	/* nothing was written, and the customer had better try again */
}

static void
test_taken_and_refused(void **state)
{
	(void)state;
	begin_new();
	row(PHONE, "somebody else");
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	ended(SIGNUP_NOT_DONE, SIGNUP_TAKEN);
	begin_new();
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	answer(SIGNUP_MAKE_CUSTOMER, WALLET_REFUSED);
	ended(SIGNUP_NOT_DONE, SIGNUP_REFUSED);
	to_identity();
	answer(SIGNUP_WRITE_IDENTITY, WALLET_DONE);
	answer(SIGNUP_RATIFY, WALLET_DONE);
	ended(SIGNUP_NOT_DONE, SIGNUP_REFUSED);
	/* What is there already is gone on with, with the PIN of the new try. */
	assert_true(sub.signup_customer_id == 5 && sub.signup_identity && !sub.signup_ratified);
	begin();
	next(SIGNUP_WRITE_IDENTITY);
	assert_true(s.update);
}

/* An identity may be written again and again, but a first one that hangs must not land on another PIN. */
static void
test_identity(void **state)
{
	(void)state;
	to_identity();
	answer(SIGNUP_WRITE_IDENTITY, WALLET_UNKNOWN);
	answer(SIGNUP_TRY_LOGIN, WALLET_UNKNOWN);
	answer(SIGNUP_TRY_LOGIN, WALLET_AUTH);
	answer(SIGNUP_WRITE_IDENTITY, WALLET_REFUSED);
	assert_true(s.update);
	answer(SIGNUP_WRITE_IDENTITY, WALLET_DONE);
	answer(SIGNUP_RATIFY, WALLET_DONE);
	ended(SIGNUP_NOT_DONE, SIGNUP_REFUSED);
	begin();
	next(SIGNUP_WAIT);
	next(SIGNUP_WRITE_IDENTITY);
	assert_true(now >= START + PIN_WRITE_LANDS_MS);
}

/* It ends when nothing can come of it any more; a wallet that may be there is looked for until the core says. */
static void
test_its_time(void **state)
{
	(void)state;
	to_identity();
	for (int k = 0; k < 10; k++)
		answer(SIGNUP_WRITE_IDENTITY, WALLET_LATER);
	now = START + SIGNUP_SEND_MS;
	ended(SIGNUP_NOT_DONE, SIGNUP_FAILED);

	to_wallet();
	now += 30 * MINUTE;
	answer(SIGNUP_MAKE_WALLET, WALLET_UNKNOWN);
	for (int k = 0; k < 100; k++)
		answer(SIGNUP_FIND_WALLET, WALLET_UNKNOWN);
	assert_true(now - START > SIGNUP_SEND_MS);
	/* An operator is called by then: the wallet core is asked less often. */
	assert_true(signup_late(&s, now) && s.next_at == now + 10 * MINUTE);
	answer(SIGNUP_FIND_WALLET, WALLET_DONE);
	ended(SIGNUP_NOT_DONE, SIGNUP_FAILED);
}

/* Nobody knows what it sent last: what is not there may still land. */
static void
test_lost(void **state)
{
	(void)state;
	begin_new();
	answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	next(SIGNUP_MAKE_CUSTOMER);
	signup_lost(&sub, now + MINUTE);
	assert_false(sub.signup_open);
	begin();
	now += MINUTE;
	while (now < START + SIGNUP_ABSENT_MS + MINUTE)
		answer(SIGNUP_FIND_CUSTOMER, WALLET_DONE);
	next(SIGNUP_MAKE_CUSTOMER);
}

static void
test_octets(void **state)
{
	struct signup back;
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	to_identity();
	signup_encode(&s, &b);
	assert_true(signup_decode(b.p, b.len, &back));
	signup_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	assert_string_equal(back.password, "secret");
	assert_true(back.customer_id == 5 && back.begun_at == START);
	assert_false(signup_decode(b.p, b.len - 1, &back));
	buf_clear(&b);
	buf_clear(&again);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_it), cmocka_unit_test(test_a_create_without_an_answer),
		cmocka_unit_test(test_an_old_look_proves_no_absence),
		cmocka_unit_test(test_what_is_no_look), cmocka_unit_test(test_taken_and_refused),
		cmocka_unit_test(test_identity), cmocka_unit_test(test_its_time), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_octets),
	};

	return cmocka_run_group_tests_name("signup", tests, NULL, NULL);
}
