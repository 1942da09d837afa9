/* SPDX-License-Identifier: Apache-2.0 */
/* What the answers of a wallet core, published, odd and hostile, may be taken to mean. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/wallet.h"

#define UID "387c6075-5b7c-4737-8d4b-b3d42a8efe2f"

static struct wallet_answer ans;	/* too big for a stack */

/* The request that the published answers below answer. */
static struct wallet_req
asked(enum wallet_op op)
{
	struct wallet_req r = { .op = op, .uid = UID, .customer_id = 1234567, .wallet_id = 100001,
		.withdrawal_id = 50001, .amount = 10010 };

	return r;
}

static void
parse(const struct wallet_req *req, int http, const char *body)
{
	memset(&ans, 0xa5, sizeof ans);
	wallet_parse(req, http, body, strlen(body), &ans);
	assert_int_equal(ans.http, http);
}

#define CUSTOMER \
	"{\"customerId\":1234567,\"title\":\"MR\",\"gender\":\"M\",\"firstName\":\"John\"," \
	"\"lastName\":\"Doe\",\"phone1\":\"27821234567\",\"email\":\"j@example.org\"," \
	"\"nationalIdentityNumber\":\"9001015009087\",\"status\":\"ACTIVE\"," \
	"\"countryOfResidence\":\"South Africa\",\"externalUniqueId\":\"" UID "\"," \
	"\"created\":\"2025-01-01T10:00:00.000Z\"," \
	"\"lastModified\":\"2026-01-01T10:00:00.000Z\"}"
#define WALLET \
	"{\"walletId\":100001,\"customerId\":1234567,\"walletTypeId\":5001," \
	"\"name\":\"Primary Wallet\",\"currentBalance\":10000.00," \
	"\"availableBalance\":9500.10,\"reservations\":500.00,\"currency\":\"ZAR\"," \
	"\"status\":\"ACTIVE\",\"friendlyId\":\"AB12CD34\"," \
	"\"externalUniqueId\":\"" UID "\",\"version\":3}"
#define WITHDRAWAL \
	"{\"withdrawalId\":50001,\"externalUniqueId\":\"" UID "\",\"status\":\"PENDING\"," \
	"\"token\":\"0123456\",\"expires\":\"2026-03-30T10:00:00.000Z\"," \
	"\"amount\":100.10,\"currency\":\"ZAR\",\"gateway\":\"ZA_PAYCORP_ATM\"," \
	"\"type\":\"ATM\",\"subType\":\"NORMAL\",\"walletId\":100001,\"fee\":8.00," \
	"\"created\":\"2026-03-24T10:00:00.000Z\"," \
	"\"lastModified\":\"2026-03-24T10:00:00.000Z\"," \
	"\"deliverToPhone\":\"27821234567\",\"extraInfo\":\"{}\",\"tracingContext\":\"x\"}"
#define TX(amount, uid) \
	"{\"transactionId\":998877,\"walletId\":100001," \
	"\"transactionDate\":\"2026-03-24T10:00:00.000Z\",\"amount\":" amount "," \
	"\"balance\":9400.00,\"currency\":\"ZAR\",\"type\":\"TRANSFER\"," \
	"\"description\":\"text\"" uid "}"
#define BUSINESS(code) \
	"[{\"type\":\"BUSINESS\",\"severity\":\"LOW\",\"code\":\"" code "\"," \
	"\"description\":\"Insufficient funds\"," \
	"\"traceId\":\"0123456789abcdef0123456789abcdef\"," \
	"\"spanId\":\"0123456789abcdef\",\"environment\":\"eclipse-java-sandbox\"}]"
#define SYSTEM(code) "[{\"type\":\"SYSTEM\",\"code\":\"" code "\",\"description\":\"x\"}]"
#define ERROR(type, code) "{\"type\":\"" type "\",\"code\":\"" code "\"}"
#define LOGIN \
	"{\"headerName\":\"Authorization\",\"headerValue\":\"Bearer aaa.bbb.ccc\"," \
	"\"sessionId\":\"uuid\",\"tenantId\":5987,\"expires\":\"2022-10-11T15:47:56.488Z\"," \
	"\"expiresEpochSecs\":1665503276,\"roles\":[],\"csrfHeaderName\":\"renew-csrf\"," \
	"\"csrfToken\":\"352435\"}"

/* One answer of the core and its meaning: what is believed, and how many rows. */
static const struct {
	enum wallet_op op;
	int http;
	const char *body;
	enum wallet_end end;
	const char *code;
	int n;
} answers[] = {
	/* 2xx is done, with whatever body where none is needed */
	{ WALLET_TRANSFER, 204, "", WALLET_DONE, "", 0 },
	{ WALLET_TRANSFER, 200, "{\"x\":1}", WALLET_DONE, "", 0 },
	{ WALLET_TRANSFER, 201, "not json", WALLET_DONE, "", 0 },
	{ WALLET_TRANSFER_CHECK, 204, "", WALLET_DONE, "", 0 },
	{ WALLET_IDENTITY_CREATE, 204, "", WALLET_DONE, "", 0 },
	{ WALLET_IDENTITY_UPDATE, 200, "{}", WALLET_DONE, "", 0 },
	{ WALLET_WITHDRAWAL_CANCEL, 204, "", WALLET_DONE, "", 0 },
	{ WALLET_WITHDRAWAL_CANCEL, 200, " {} \r\n", WALLET_DONE, "", 0 },
	{ WALLET_WITHDRAWAL_CANCEL, 200, WITHDRAWAL, WALLET_DONE, "", 1 },
	{ WALLET_WITHDRAWAL_CREATE, 200, WITHDRAWAL, WALLET_DONE, "", 1 },
	{ WALLET_WITHDRAWAL_CREATE, 201, WITHDRAWAL, WALLET_DONE, "", 1 },
	{ WALLET_CUSTOMER_CREATE, 201, CUSTOMER, WALLET_DONE, "", 1 },
	{ WALLET_CREATE, 200, WALLET, WALLET_DONE, "", 1 },
	{ WALLET_CUSTOMERS, 200, "[]", WALLET_DONE, "", 0 },
	{ WALLET_CUSTOMERS, 200, "[" CUSTOMER "]", WALLET_DONE, "", 1 },
	{ WALLET_LIST, 200, "[" WALLET "," WALLET "]", WALLET_DONE, "", 2 },
	{ WALLET_RATIFY, 200, "{\"status\":\"PASSED\"}", WALLET_DONE, "", 1 },
	/* done, but what is needed is not there or cannot be believed */
	{ WALLET_WITHDRAWAL_CREATE, 204, "", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "[" WITHDRAWAL "]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":50001}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":50001,\"amount\":100.105}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":50001,\"amount\":100}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":50001,\"amount\":\"100.10\"}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":{\"currency\":\"ZAR\",\"value\":100.1}}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":0,\"amount\":100.1}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":\"50001\",\"amount\":100.1}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":100.1,\"walletId\":7}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":50001,\"amount\":100.1,\"fee\":-1}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":100.1,\"token\":123456}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":100.1,\"token\":\"12 http://x\"}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":100.1,\"token\":\"123456789012345678901234\"}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":100.1,\"externalUniqueId\":\"another\"}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200,
	    "{\"withdrawalId\":50001,\"amount\":200,\"amount\":100.1}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 200, "{\"withdrawalId\":50001,\"amount\":100.1",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_GET, 200, "{\"withdrawalId\":50002,\"amount\":100.1}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CANCEL, 200, "{\"withdrawalId\":50002,\"amount\":100.1}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_CANCEL, 200, "<html>", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_LIST, 204, "", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_LIST, 200, "{}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_LIST, 200, "[" WITHDRAWAL ",null]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSACTIONS, 200, "[{\"transactionId\":1,\"externalUniqueId\":\"x\"}]",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSACTIONS, 200, "[" TX("1e12", "") "]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSACTIONS, 200, "[" TX("1e999", "") "]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSACTIONS, 200, "[" TX("0.001", "") "]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_GET, 200, "{\"walletId\":100002}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_GET, 200, "{\"walletId\":100001.5}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_GET, 200, "{\"walletId\":100001,\"availableBalance\":1.005}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_LIST, 200, "[{\"walletId\":1,\"customerId\":7}]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_CUSTOMER_GET, 200, "{\"customerId\":7}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_CUSTOMER_CREATE, 204, "", WALLET_UNKNOWN, "", 0 },
	{ WALLET_RATIFIED, 200, "[]", WALLET_DONE, "", 0 },
	{ WALLET_RATIFIED, 200, "[{\"status\":\"PENDING\"}]", WALLET_DONE, "", 1 },
	{ WALLET_RATIFIED, 200, "{\"status\":\"PENDING\"}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_RATIFIED, 200, "[{\"status\":\"PENDING\"},{}]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_DOCUMENT, 201, "{\"documentId\":7}", WALLET_DONE, "", 0 },
	{ WALLET_DOCUMENT, 204, "", WALLET_DONE, "", 0 },
	{ WALLET_DOCUMENT, 400, BUSINESS("DOC001"), WALLET_REFUSED, "DOC001", 0 },
	{ WALLET_DOCUMENT, 413, "<html>", WALLET_UNKNOWN, "", 0 },
	{ WALLET_RATIFY, 200, "{}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_RATIFY, 200, "[]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_FEE, 200, "{}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_WITHDRAWAL_FEE, 200, "{\"feeAmount\":-8}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TYPES, 200, "[{\"walletTypeId\":99999999999}]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_LOGIN, 200, "{\"headerValue\":\"Bearer a\"}", WALLET_UNKNOWN, "", 0 },
	{ WALLET_LOGIN, 200,
	    "{\"headerValue\":\"Bearer a\\r\\nX: y\",\"expiresEpochSecs\":1665503276}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_LOGIN, 200,
	    "{\"headerName\":\"X-Auth\",\"headerValue\":\"a\",\"expiresEpochSecs\":1665503276}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_LOGIN, 200, "{\"headerValue\":\"\",\"expiresEpochSecs\":1665503276}",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_LOGIN, 204, "", WALLET_UNKNOWN, "", 0 },
	/* refused: only by a well-formed error array of type BUSINESS and a 4xx */
	{ WALLET_TRANSFER, 400, BUSINESS("WAL009"), WALLET_REFUSED, "WAL009", 0 },
	{ WALLET_WITHDRAWAL_CREATE, 400, BUSINESS("DUP001"), WALLET_REFUSED, "DUP001", 0 },
	{ WALLET_WITHDRAWAL_GET, 404, BUSINESS("ARCH086"), WALLET_REFUSED, "ARCH086", 0 },
	{ WALLET_TRANSFER, 403, BUSINESS("SEC001"), WALLET_REFUSED, "SEC001", 0 },
	{ WALLET_TRANSFER, 400, SYSTEM("UNK001"), WALLET_UNKNOWN, "UNK001", 0 },
	{ WALLET_TRANSFER, 500, BUSINESS("WAL009"), WALLET_UNKNOWN, "WAL009", 0 },
	{ WALLET_TRANSFER, 500, SYSTEM("DAE001"), WALLET_UNKNOWN, "DAE001", 0 },
	{ WALLET_TRANSFER, 400, "", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, "[]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, "[null]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 404, "<html>404 page not found</html>", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, ERROR("BUSINESS", "WAL009"), WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, "[{\"type\":\"BUSINESS\"}]", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, "[{\"code\":\"WAL009\"}]", WALLET_UNKNOWN, "WAL009", 0 },
	{ WALLET_TRANSFER, 400, "[" ERROR("BUSINESS", "WAL009 \\u001b[2J") "]",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, "[" ERROR("BUSINESS", "AVERYLONGCODE001") "]",
	    WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 400, "[" ERROR("BUSINESS", "VAL001") "," ERROR("SYSTEM", "UNK001") "]",
	    WALLET_UNKNOWN, "VAL001", 0 },
	{ WALLET_TRANSFER, 400, "[" ERROR("BUSINESS", "VAL001") "," ERROR("BUSINESS", "X001") "]",
	    WALLET_REFUSED, "VAL001", 0 },
	{ WALLET_TRANSFER, 302, BUSINESS("WAL009"), WALLET_UNKNOWN, "WAL009", 0 },
	{ WALLET_TRANSFER, 0, "", WALLET_UNKNOWN, "", 0 },
	{ WALLET_TRANSFER, 502, "bad gateway", WALLET_UNKNOWN, "", 0 },
	/* not processed */
	{ WALLET_TRANSFER, 401, "", WALLET_AUTH, "", 0 },
	{ WALLET_TRANSFER, 401, BUSINESS("ARCH014"), WALLET_AUTH, "ARCH014", 0 },
	{ WALLET_TRANSFER, 403, BUSINESS("ARCH014"), WALLET_AUTH, "ARCH014", 0 },
	{ WALLET_TRANSFER, 500, SYSTEM("ARCH014"), WALLET_UNKNOWN, "ARCH014", 0 },
	{ WALLET_LOGIN, 401, BUSINESS("USR002"), WALLET_AUTH, "USR002", 0 },
	{ WALLET_LOGIN, 401, BUSINESS("SEC005"), WALLET_AUTH, "SEC005", 0 },
	{ WALLET_LOGIN, 400, BUSINESS("USR002"), WALLET_AUTH, "USR002", 0 },
	{ WALLET_LOGIN, 400, BUSINESS("VAL001"), WALLET_REFUSED, "VAL001", 0 },
	{ WALLET_LOGIN, 500, SYSTEM("UNK001"), WALLET_UNKNOWN, "UNK001", 0 },
	{ WALLET_TRANSFER, 429, "", WALLET_LATER, "", 0 },
	{ WALLET_TRANSFER, 429, "slow down", WALLET_LATER, "", 0 },
	{ WALLET_TRANSFER, 400, BUSINESS("RLT001"), WALLET_LATER, "RLT001", 0 },
	{ WALLET_TRANSFER, 503, SYSTEM("RLT001"), WALLET_LATER, "RLT001", 0 },
	{ WALLET_LOGIN, 401, BUSINESS("RLT001"), WALLET_LATER, "RLT001", 0 },
	{ WALLET_TRANSFER, 200, BUSINESS("RLT001"), WALLET_DONE, "", 0 },
};

static void
test_every_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(answers); i++) {
		struct wallet_req req = asked(answers[i].op);

		parse(&req, answers[i].http, answers[i].body);
		if (ans.end != answers[i].end || ans.n != answers[i].n ||
		    strcmp(ans.code, answers[i].code) != 0)
			fail_msg("%s %d %s: %s n=%d code=%s", wallet_op_name(answers[i].op),
			    answers[i].http, answers[i].body, wallet_end_name(ans.end), ans.n,
			    ans.code);
	}
}

/* However an answer is cut or bent, nothing of it is believed by half. */
static void
test_unbelieved_answers_are_empty(void **state)
{
	static const struct {
		enum wallet_op op;
		const char *body;
	} whole[] = {
		{ WALLET_WITHDRAWAL_CREATE, WITHDRAWAL },
		{ WALLET_WITHDRAWAL_LIST, "[" WITHDRAWAL "," WITHDRAWAL "]" },
		{ WALLET_LOGIN, LOGIN },
		{ WALLET_CUSTOMERS, "[" CUSTOMER "]" },
		{ WALLET_GET, WALLET },
		{ WALLET_TRANSACTIONS, "[" TX("-1", "") "]" }
	};
	static const struct wallet_answer empty;

	(void)state;
	for (size_t i = 0; i < NELEM(whole); i++) {
		struct wallet_req req = asked(whole[i].op);

		for (size_t n = 0; n < strlen(whole[i].body); n++) {
			memset(&ans, 0xa5, sizeof ans);
			wallet_parse(&req, 200, whole[i].body, n, &ans);
			assert_int_equal(ans.end, WALLET_UNKNOWN);
			assert_int_equal(ans.n, 0);
			assert_memory_equal(&ans.withdrawal, &empty.withdrawal,
			    sizeof ans.withdrawal);
			assert_memory_equal(&ans.wallet, &empty.wallet, sizeof ans.wallet);
			assert_memory_equal(&ans.tx, &empty.tx, sizeof ans.tx);
			assert_string_equal(ans.jwt, "");
		}
	}
}

static void
test_withdrawal(void **state)
{
	struct wallet_req req = asked(WALLET_WITHDRAWAL_CREATE);
	const struct wallet_withdrawal *w = &ans.withdrawal[0];

	(void)state;
	parse(&req, 200, WITHDRAWAL);
	assert_int_equal(w->id, 50001);
	assert_int_equal(w->wallet_id, 100001);
	assert_int_equal(w->amount, 10010);
	assert_int_equal(w->fee, 800);
	assert_int_equal(w->created_ms, INT64_C(1774346400000));
	assert_int_equal(w->expires_ms, INT64_C(1774864800000));
	assert_string_equal(w->uid, UID);
	assert_string_equal(w->status, "PENDING");
	assert_string_equal(w->type, "ZA_PAYCORP_ATM");		/* `gateway`, not `type` */
	assert_string_equal(w->token, "0123456");
	assert_string_equal(w->currency, "ZAR");
	assert_string_equal(w->phone, "27821234567");
	assert_string_equal(w->problem, "");
	assert_false(ans.rows_without_id);
	/* What is optional may be absent, null or of another type. */
	parse(&req, 200,
	    "{\"withdrawalId\":5e4,\"amount\":1.001e2,\"token\":null,\"status\":7,"
	    "\"expires\":\"soon\","
	    "\"deliverToPhone\":\"082 123\",\"errorDescription\":\"a\\nb\",\"new\":{\"x\":[]}}");
	assert_int_equal(ans.end, WALLET_DONE);
	assert_int_equal(w->id, 50000);
	assert_int_equal(w->amount, 10010);
	assert_string_equal(w->token, "");
	assert_string_equal(w->status, "");
	assert_int_equal(w->expires_ms, 0);
	assert_string_equal(w->phone, "");
	assert_string_equal(w->problem, "a b");
	assert_true(ans.rows_without_id);
}

static void
test_customer_and_wallet(void **state)
{
	struct wallet_req req = asked(WALLET_CUSTOMERS);
	const struct wallet_customer *c = &ans.customer[0];
	const struct wallet_wallet *w = &ans.wallet[0];

	(void)state;
	parse(&req, 200, "[" CUSTOMER "]");
	assert_int_equal(c->id, 1234567);
	assert_string_equal(c->first_name, "John");
	assert_string_equal(c->surname, "Doe");
	assert_string_equal(c->phone, "27821234567");
	assert_string_equal(c->status, "ACTIVE");
	assert_string_equal(c->id_number, "9001015009087");
	assert_string_equal(c->uid, UID);
	assert_false(ans.more);
	/* A filter that is ignored must not make the answer unreadable: the rows are what came. */
	parse(&req, 200, "[{\"customerId\":7,\"phone1\":\"+27831112222\"}]");
	assert_int_equal(ans.end, WALLET_DONE);
	assert_int_equal(c->id, 7);
	assert_string_equal(c->phone, "27831112222");
	req = asked(WALLET_GET);
	parse(&req, 200, WALLET);
	assert_int_equal(w->id, 100001);
	assert_int_equal(w->customer_id, 1234567);
	assert_int_equal(w->type_id, 5001);
	assert_int_equal(w->balance, 1000000);
	assert_int_equal(w->available, 950010);
	assert_string_equal(w->status, "ACTIVE");
	assert_string_equal(w->currency, "ZAR");
	assert_string_equal(w->uid, UID);
	parse(&req, 200, "{\"walletId\":100001,\"currentBalance\":-5}");
	assert_int_equal(w->balance, -500);
	assert_int_equal(w->available, -500);
}

static void
test_number_forms(void **state)
{
	static const char *const form[] = { "100", "100.0", "100.00", "1e2", "1E+2", "1000e-1" };
	struct wallet_req req = asked(WALLET_WITHDRAWAL_FEE);
	char body[64];

	(void)state;
	for (size_t i = 0; i < NELEM(form); i++) {
		assert_true(str_format(body, sizeof body,
		    "{\"feeAmount\":%s,\"currency\":\"ZAR\"}", form[i]));
		parse(&req, 200, body);
		assert_int_equal(ans.end, WALLET_DONE);
		assert_int_equal(ans.fee, 10000);
	}
}

static void
test_transactions(void **state)
{
	struct wallet_req req = asked(WALLET_TRANSACTIONS);
	char longest[300], body[1024];

	(void)state;
	parse(&req, 200, "[" TX("-100.00", ",\"externalUniqueId\":\"" UID "\"") ","
	    TX("50.5", ",\"externalUniqueId\":\"other-1\"") ","
	    TX("7", ",\"drCr\":\"DR\",\"externalUniqueId\":\"y\"") "]");
	assert_int_equal(ans.n, 3);
	assert_int_equal(ans.tx[0].id, 998877);
	assert_int_equal(ans.tx[0].amount, -10000);
	assert_int_equal(ans.tx[0].at_ms, INT64_C(1774346400000));
	assert_string_equal(ans.tx[0].type, "TRANSFER");
	assert_string_equal(ans.tx[0].text, "text");
	assert_string_equal(ans.tx[0].uid, UID);
	assert_int_equal(ans.tx[1].amount, 5050);
	assert_int_equal(ans.tx[2].amount, -700);
	assert_false(ans.rows_without_id);
	assert_false(ans.more);
	/*
	 * A row without an id is noted, whichever it is; an id too long for us is still an id,
	 * though not ours.
	 */
	parse(&req, 200, "[" TX("1", ",\"externalUniqueId\":\"a\"") "," TX("2", "") "]");
	assert_true(ans.rows_without_id);
	parse(&req, 200, "[" TX("1", ",\"externalUniqueId\":\"\"") "]");
	assert_true(ans.rows_without_id);
	memset(longest, 'u', 199);
	longest[199] = '\0';
	assert_true(str_format(body, sizeof body, "[{\"amount\":1,\"externalUniqueId\":\"%s\"}]",
	    longest));
	parse(&req, 200, body);
	assert_false(ans.rows_without_id);
	assert_string_equal(ans.tx[0].uid, "");
}

static void
list_of(int rows, struct buf *out)
{
	buf_reset(out);
	buf_add_char(out, '[');
	for (int i = 1; i <= rows; i++)
		buf_addf(out, "%s{\"transactionId\":%d,\"amount\":%d,\"externalUniqueId\":\"u%d\"}",
		    i > 1 ? "," : "", i, i, i);
	buf_add_char(out, ']');
}

static void
test_lists_go_on(void **state)
{
	static const struct {
		int rows, n;
		bool more;
	} want[] = { { 0, 0, false }, { 19, 19, false }, { 20, 20, true }, { 21, 20, true },
	    { 1000, 20, true } };
	struct wallet_req req = asked(WALLET_TRANSACTIONS);
	struct buf body = { 0 };

	(void)state;
	for (size_t i = 0; i < NELEM(want); i++) {
		list_of(want[i].rows, &body);
		parse(&req, 200, buf_str(&body));
		assert_int_equal(ans.end, WALLET_DONE);
		assert_int_equal(ans.n, want[i].n);
		assert_int_equal(ans.more, want[i].more);
	}
	assert_int_equal(ans.tx[19].id, 20);
	buf_clear(&body);
}

static void
test_long_texts_are_cut(void **state)
{
	struct wallet_req req = asked(WALLET_TRANSACTIONS);
	struct buf body = { 0 };

	(void)state;
	buf_add_str(&body, "[{\"amount\":1,\"description\":\"x");
	for (int i = 0; i < 100; i++)
		buf_add_str(&body, "\xc3\xab");
	buf_add_str(&body, "\",\"type\":\"A_TYPE_WITH_A_VERY_LONG_NAME\"}]");
	parse(&req, 200, buf_str(&body));
	assert_int_equal(ans.end, WALLET_DONE);
	assert_int_equal(strlen(ans.tx[0].text), 63);	/* whole characters only */
	assert_true(utf8_valid(ans.tx[0].text, 63));
	assert_string_equal(ans.tx[0].type, "A_TYPE_WITH_A_VERY_LONG");
	buf_clear(&body);
}

static void
test_login_types_ratify(void **state)
{
	struct wallet_req req = asked(WALLET_LOGIN);

	(void)state;
	parse(&req, 200, LOGIN);
	assert_int_equal(ans.end, WALLET_DONE);
	assert_string_equal(ans.jwt, "Bearer aaa.bbb.ccc");
	assert_int_equal(ans.jwt_exp_ms, INT64_C(1665503276000));
	parse(&req, 200, "{\"headerValue\":\"Bearer a\",\"expires\":\"2022-10-11T15:47:56.488Z\"}");
	assert_int_equal(ans.jwt_exp_ms, INT64_C(1665503276488));
	req = asked(WALLET_TYPES);
	parse(&req, 200,
	    "[{\"walletTypeId\":5496,\"name\":\"Basic\"},{\"walletTypeId\":5497}]");
	assert_int_equal(ans.n, 2);
	assert_int_equal(ans.wallet_type[0], 5496);
	assert_int_equal(ans.wallet_type[1], 5497);
	req = asked(WALLET_RATIFY);
	parse(&req, 200,
	    "{\"status\":\"PASSED\",\"sanctionsListCheck\":{\"checked\":true,\"passed\":true}}");
	assert_true(ans.kyc_passed);
	parse(&req, 200, "[{\"status\":\"PASSED\"},{\"status\":\"FAILED\"}]");
	assert_true(ans.kyc_passed);
	parse(&req, 200, "{\"status\":\"PENDING\"}");
	assert_int_equal(ans.end, WALLET_DONE);
	assert_false(ans.kyc_passed);
}

static void
test_the_checks_of_a_ratification(void **state)
{
	struct wallet_req req = asked(WALLET_RATIFIED);
	struct buf body = { 0 };

	(void)state;
	parse(&req, 200, "[{\"status\":\"FAILED\",\"lastModified\":\"2026-05-19T08:30:20.000Z\",\"who\":{\"a\":1},"
	    "\"sanctionsListCheck\":{\"checked\":true,\"passed\":false,\"pending\":false,\"score\":0.9},"
	    "\"selfieMatchesNationalIdentity\":{\"checked\":true,\"passed\":true,\"pending\":false},"
	    "\"identityNumberMatchesNationalIdentity\":{\"checked\":false,\"passed\":false,\"pending\":true}},"
	    "{\"status\":\"PASSED\",\"another\":{\"checked\":true}}]");
	assert_int_equal(ans.kyc, WALLET_KYC_FAILED);
	assert_false(ans.kyc_passed);
	assert_int_equal(ans.kyc_ms, INT64_C(1779179420000));
	assert_int_equal(ans.checks, 3);
	assert_string_equal(ans.check[0].name, "sanctionsListCheck");
	assert_true(ans.check[0].checked && !ans.check[0].passed && !ans.check[0].pending);
	assert_true(ans.check[1].checked && ans.check[1].passed);
	assert_true(!ans.check[2].checked && ans.check[2].pending);
	/* More than are kept, and a status that nobody knows: it is not over. */
	buf_add_str(&body, "[{\"status\":\"THINKING\"");
	for (int i = 0; i < WALLET_CHECKS + 5; i++)
		buf_addf(&body, ",\"check%d\":{\"checked\":true,\"passed\":true}", i);
	buf_add_str(&body, "}]");
	parse(&req, 200, buf_str(&body));
	assert_int_equal(ans.end, WALLET_DONE);
	assert_int_equal(ans.kyc, WALLET_KYC_PENDING);
	assert_int_equal(ans.checks, WALLET_CHECKS);
	buf_clear(&body);
}

static void
test_errors_carry_code_and_trace(void **state)
{
	struct wallet_req req = asked(WALLET_TRANSFER);

	(void)state;
	parse(&req, 400, BUSINESS("WAL009"));
	assert_string_equal(ans.trace, "0123456789abcdef0123456789abcdef");
	parse(&req, 500,
	    "[{\"type\":\"SYSTEM\",\"code\":\"UNK001\",\"traceId\":\"a\\nfake line\"}]");
	assert_string_equal(ans.trace, "a fake line");
	assert_string_equal(ans.code, "UNK001");
	parse(&req, 400, "[{\"type\":\"BUSINESS\",\"code\":\"DOC001\",\"description\":\"Not\\nreadable\"}]");
	assert_string_equal(ans.about, "Not readable");
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *text;
		enum wallet_status status;
	} want[] = {
		{ "PENDING", WSTATUS_PENDING }, { "BUILDING", WSTATUS_PENDING },
		{ "", WSTATUS_PENDING },
		{ "SOMETHING_NEW", WSTATUS_PENDING }, { "SUCCESSFUL", WSTATUS_SUCCESSFUL },
		{ "SUCCESSFUL_NOT", WSTATUS_PENDING }, { "successful", WSTATUS_PENDING },
		{ "CANCELLED", WSTATUS_CANCELLED }, { "TIMEOUT", WSTATUS_TIMEOUT },
		{ "ERROR", WSTATUS_ERROR },
		{ "ERROR_PERM", WSTATUS_ERROR }
	};

	(void)state;
	for (size_t i = 0; i < NELEM(want); i++)
		assert_int_equal(wallet_status(want[i].text), want[i].status);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_answer),
		cmocka_unit_test(test_unbelieved_answers_are_empty),
		cmocka_unit_test(test_withdrawal),
		cmocka_unit_test(test_customer_and_wallet),
		cmocka_unit_test(test_number_forms),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_lists_go_on),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_login_types_ratify),
		cmocka_unit_test(test_the_checks_of_a_ratification),
		cmocka_unit_test(test_errors_carry_code_and_trace),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests_name("wallet_messages", tests, NULL, NULL);
}
