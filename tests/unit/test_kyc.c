/* SPDX-License-Identifier: Apache-2.0 */
/* Which files may be which documents, what refusals mean, and the course of a check: all of core/kyc.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/kyc.h"

#define MB INT64_C(1048576)
#define NOW INT64_C(1774346400000)
#define HOUR INT64_C(3600000)
#define BOUND (72 * HOUR)

static void
test_documents(void **state)
{
	static const char *const word[] = { "AUTO", "FACIAL_PHOTO", "PROOF_OF_ADDRESS" };
	enum kyc_document d;

	(void)state;
	for (int i = 0; i < KYC_DOCUMENTS; i++) {
		assert_true(kyc_document_find(word[i], &d));
		assert_int_equal(d, i);
		assert_string_equal(kyc_document_word(d), word[i]);
	}
	assert_false(kyc_document_find("COMPARISON_PASSPORT", &d));
	assert_false(kyc_document_find("", &d));
}

static void
test_files(void **state)
{
	static const struct {
		enum kyc_document d;
		const char *type;
		int64_t max;		/* 0: it is none */
	} rows[] = {
		{ KYC_AUTO, "image/jpeg", 5 * MB }, { KYC_AUTO, "image/png", 5 * MB }, { KYC_AUTO, "application/pdf", 9 * MB },
		{ KYC_SELFIE, "image/jpeg", 5 * MB }, { KYC_SELFIE, "application/pdf", 0 },
		{ KYC_ADDRESS, "application/pdf", 9 * MB }, { KYC_ADDRESS, "application/pdf; name=x", 9 * MB },
		{ KYC_AUTO, "image/jpegs", 0 }, { KYC_AUTO, "image/webp", 0 }, { KYC_AUTO, "video/mp4", 0 },
		{ KYC_AUTO, "audio/ogg; codecs=opus", 0 }, { KYC_AUTO, "", 0 }, { KYC_AUTO, "application/zip", 0 },
	};
	int64_t max;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (kyc_media(rows[i].d, rows[i].type, 9 * MB, &max) != (rows[i].max != 0) ||
		    (rows[i].max != 0 && max != rows[i].max))
			fail_msg("%s", rows[i].type);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *code, *about, *why;
	} rows[] = {
		{ "DOC001", "The document is not readable", "unreadable" },
		{ "X", "OCR failed", "unreadable" }, { "X", "Image too blurred", "unreadable" },
		{ "X", "Document TYPE mismatch", "type" }, { "X", "The document has expired", "expired" },
		{ "X", "No face was found in the photo", "face" },
		{ "X", "expired document of a wrong type", "expired" },
		{ "X", "", "other" }, { "X", "Something", "other" },
		/* About the form of what we wrote: no customer can mend that. */
		{ "VAL001", "Value of Document's documentType is invalid", "other" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_string_equal(kyc_refusal(rows[i].code, rows[i].about), rows[i].why);
}

/* ---- the course of a check ---- */

static struct kyc k;
static int64_t now;

static void
begin(void)
{
	memset(&k, 0, sizeof k);
	str_copy(k.owner, sizeof k.owner, "acme/27821234567");
	k.customer_id = 7;
	now = NOW;
	kyc_begin(&k, now);
}

/* Waits as long as it wants to; what it wants then. */
static enum kyc_action
next(void)
{
	enum kyc_action a;
	int64_t at = 0;

	while ((a = kyc_next(&k, now, BOUND, &at)) == KYC_WAIT) {
		assert_true(at > now);
		now = at;
	}
	return a;
}

static struct wallet_answer answer;

static void
answered(enum kyc_action a, enum wallet_end end, enum wallet_kyc kyc, int64_t ms)
{
	struct wallet_req q;

	assert_int_equal(next(), a);
	kyc_request(&k, a, &q);
	assert_int_equal(q.op, a == KYC_ASK ? WALLET_RATIFY : WALLET_RATIFIED);
	assert_int_equal(q.customer_id, 7);
	if (a == KYC_ASK)
		kyc_sending(&k);
	answer.end = end;
	answer.kyc = kyc;
	answer.kyc_ms = ms;
	answer.n = kyc != WALLET_KYC_NONE;
	kyc_on_answer(&k, a, now, &answer);
	memset(&answer, 0, sizeof answer);
}

static void
says(enum kyc_action a, const char *text)
{
	assert_int_equal(next(), a);
	assert_string_equal(kyc_text(&k, a), text);
	kyc_said(&k, a);
}

static void
test_passed(void **state)
{
	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	answered(KYC_ASK, WALLET_DONE, WALLET_KYC_PASSED, now);
	says(KYC_SAY, "passed");
	assert_int_equal(next(), KYC_OVER);
	assert_int_equal(k.state, KYC_PASSED_IT);
}

static void
add_check(const char *name, bool passed, bool pending)
{
	struct wallet_check *c = &answer.check[answer.checks++];

	str_copy(c->name, sizeof c->name, name);
	c->checked = true;
	c->passed = passed;
	c->pending = pending;
}

static void
test_failed_says_which(void **state)
{
	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_FAILED, now - HOUR);
	add_check("sanctionsListCheck", true, false);
	add_check("selfieMatchesNationalIdentity", false, false);
	add_check("brandNewCheck", false, false);
	add_check("anotherNewCheck", false, false);
	add_check("identityNumberMatchesNationalIdentity", false, true);
	answered(KYC_ASK, WALLET_DONE, WALLET_KYC_FAILED, now);
	says(KYC_SAY, "selfie");
	says(KYC_SAY, "other");			/* once, whichever they are */
	assert_int_equal(next(), KYC_OVER);
	/* And one that names none. */
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	answered(KYC_ASK, WALLET_DONE, WALLET_KYC_FAILED, now);
	says(KYC_SAY, "other");
	assert_int_equal(next(), KYC_OVER);
}

/* A core that refuses to check lacks something: the customer is told that it did not work, not left waiting. */
static void
test_refused(void **state)
{
	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	answered(KYC_ASK, WALLET_REFUSED, WALLET_KYC_NONE, 0);
	says(KYC_SAY, "other");
	assert_int_equal(next(), KYC_OVER);
}

static void
test_pending_is_told_once_and_read_again(void **state)
{
	int64_t last;

	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	answered(KYC_ASK, WALLET_DONE, WALLET_KYC_PENDING, now);
	says(KYC_SAY_PENDING, "pending");
	last = now;
	for (int i = 0; i < 5; i++) {
		answered(KYC_READ, WALLET_DONE, WALLET_KYC_PENDING, NOW);
		assert_true(now - last >= 60000);
		last = now;
	}
	answered(KYC_READ, WALLET_UNKNOWN, WALLET_KYC_NONE, 0);
	answered(KYC_READ, WALLET_LATER, WALLET_KYC_NONE, 0);
	answered(KYC_READ, WALLET_DONE, WALLET_KYC_PASSED, now);
	says(KYC_SAY, "passed");
	assert_int_equal(next(), KYC_OVER);
}

static void
test_it_is_not_waited_for_for_ever(void **state)
{
	int reads = 0;

	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	answered(KYC_ASK, WALLET_DONE, WALLET_KYC_PENDING, now);
	says(KYC_SAY_PENDING, "pending");
	for (; next() == KYC_READ; reads++)
		answered(KYC_READ, WALLET_DONE, WALLET_KYC_PENDING, NOW);
	assert_true(reads > 8 && reads < 40);
	assert_int_equal(now, NOW + BOUND);
	says(KYC_SAY, "given_up");
	assert_int_equal(next(), KYC_OVER);
	/* Nor is a core that never answers. */
	begin();
	for (reads = 0; next() == KYC_LOOK; reads++)
		answered(KYC_LOOK, WALLET_UNKNOWN, WALLET_KYC_NONE, 0);
	assert_true(reads > 10 && reads < 1000);
	says(KYC_SAY, "given_up");
}

/* What was not answered is looked for before it is asked again; an older result is not taken for its own. */
static void
test_unanswered_is_looked_for(void **state)
{
	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_FAILED, NOW - HOUR);
	answered(KYC_ASK, WALLET_UNKNOWN, WALLET_KYC_NONE, 0);
	answered(KYC_LOOK, WALLET_UNKNOWN, WALLET_KYC_NONE, 0);
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_FAILED, NOW - HOUR);
	answered(KYC_ASK, WALLET_UNKNOWN, WALLET_KYC_NONE, 0);
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_PASSED, NOW + 1000);
	says(KYC_SAY, "passed");
	assert_int_equal(k.sends, 2);
	/* And given up where it never leaves anything. */
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	for (int i = 0; i < KYC_SENDS; i++) {
		answered(KYC_ASK, WALLET_UNKNOWN, WALLET_KYC_NONE, 0);
		answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	}
	says(KYC_SAY, "given_up");
}

/* Not processed is no attempt. */
static void
test_later_is_asked_again(void **state)
{
	(void)state;
	begin();
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_NONE, 0);
	for (int i = 0; i < KYC_SENDS + 3; i++)
		answered(KYC_ASK, WALLET_LATER, WALLET_KYC_NONE, 0);
	assert_int_equal(k.sends, 0);
	answered(KYC_ASK, WALLET_DONE, WALLET_KYC_PASSED, now);
	says(KYC_SAY, "passed");
}

/* A process that died between sending and its answer has left `unsure`: it looks. */
static void
test_record(void **state)
{
	struct buf b = { 0 }, again = { 0 };
	struct kyc back;

	(void)state;
	begin();
	str_copy(k.tenant, sizeof k.tenant, "acme");
	str_copy(k.phone, sizeof k.phone, "27821234567");
	str_copy(k.lang, sizeof k.lang, "zu");
	str_copy(k.channel, sizeof k.channel, "acme-wa");
	str_copy(k.user, sizeof k.user, "ZA.123");
	answered(KYC_LOOK, WALLET_DONE, WALLET_KYC_FAILED, NOW - HOUR);
	assert_int_equal(next(), KYC_ASK);
	kyc_sending(&k);
	kyc_encode(&k, &b);
	assert_true(kyc_decode(b.p, b.len, &back));
	kyc_encode(&back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.p, b.p, b.len);
	buf_clear(&again);
	k = back;
	assert_int_equal(next(), KYC_LOOK);
	for (size_t n = 0; n < b.len; n++)
		assert_false(kyc_decode(b.p, n, &back) && back.state != KYC_RUNNING);
	buf_clear(&b);
	k.failed_n = KYC_FAILED_MAX + 1;
	kyc_encode(&k, &b);
	assert_false(kyc_decode(b.p, b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_failed_says_which),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_pending_is_told_once_and_read_again),
		cmocka_unit_test(test_it_is_not_waited_for_for_ever),
		cmocka_unit_test(test_unanswered_is_looked_for),
		cmocka_unit_test(test_later_is_asked_again),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
