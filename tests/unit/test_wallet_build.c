/* SPDX-License-Identifier: Apache-2.0 */
/* The wire form of every request to a wallet core, its times, and the password made from a PIN. */
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

#define TENANT 5987
#define UID "387c6075-5b7c-4737-8d4b-b3d42a8efe2f"

/* A request with every member set: what an operation does not say must not show up. */
static struct wallet_req
full(enum wallet_op op)
{
	struct wallet_req r = {
		.op = op, .uid = UID, .customer_id = 1234567, .wallet_id = 100001,
		.to_wallet_id = 30341, .withdrawal_id = 50001, .wallet_type_id = 5496,
		.amount = 10010, .type = "ZA_PAYCORP_ATM", .media_type = "image/jpeg", .phone = "27821234567",
		.first_name = "Thandi", .surname = "O'Neil", .id_number = "9001015009087",
		.birth = "19900101", .lang = "zu", .identity = "ac-1234567-1",
		.password = "Pw+/=\"1", .text = "Send money", .location = "USSD",
		.from_ms = INT64_C(1774346400000), .to_ms = INT64_C(1774432800123),
		.expires_ms = INT64_C(1774864800000),
	};

	return r;
}

static void
check_built(const struct wallet_req *req, const char *method, const char *path, const char *body)
{
	struct wallet_http out;

	wallet_build(req, TENANT, &out);
	assert_string_equal(out.method, method);
	assert_string_equal(out.path, path);
	assert_string_equal(buf_str(&out.body), body);
	buf_clear(&out.body);
}

#define T "/rest/v1/tenants/5987"
#define PERIOD "dateFromIncl=2026-03-24T10%3A00%3A00.000Z&dateToExcl=2026-03-25T10%3A00%3A00.123Z"
#define TRANSFER_BODY \
	"{\"amount\":100.1,\"description\":\"Send money\",\"externalUniqueId\":\"" UID "\"," \
	"\"fromWalletId\":100001,\"toWalletId\":30341,\"location\":\"USSD\","

static void
test_every_request(void **state)
{
	static const struct {
		const char *method, *path, *body;
	} want[WALLET_OPS] = {
		[WALLET_LOGIN] = { "POST", "/rest/v1/authentication/login",
		    "{\"identity\":\"ac-1234567-1\",\"password\":\"Pw+/=\\\"1\"}" },
		[WALLET_CUSTOMERS] = { "GET", T "/customers?phone1=27821234567"
		    "&nationalIdentityNumber=9001015009087&limit=20", "" },
		[WALLET_CUSTOMER_GET] = { "GET", T "/customers/1234567", "" },
		[WALLET_CUSTOMER_CREATE] = { "POST", T "/customers",
		    "{\"externalUniqueId\":\"" UID "\",\"firstName\":\"Thandi\","
		    "\"lastName\":\"O'Neil\","
		    "\"phone1\":\"27821234567\",\"nationalIdentityNumber\":\"9001015009087\","
		    "\"dateOfBirth\":\"19900101\",\"locale\":\"zu\",\"status\":\"ACTIVE\","
		    "\"version\":0}" },
		[WALLET_IDENTITY_CREATE] = { "POST", T "/customers/1234567/identities",
		    "{\"identity\":\"ac-1234567-1\",\"password\":\"Pw+/=\\\"1\"}" },
		[WALLET_IDENTITY_UPDATE] = { "PUT", T "/customers/1234567/identities/ac-1234567-1",
		    "{\"identity\":\"ac-1234567-1\",\"password\":\"Pw+/=\\\"1\"}" },
		[WALLET_RATIFY] = { "POST", T "/customers/1234567/ratify", "{}" },
		[WALLET_RATIFIED] = { "GET", T "/customers/1234567/ratify?offset=0&limit=1", "" },
		/* With the document before WALLET_DOCUMENT_END. */
		[WALLET_DOCUMENT] = { "POST", T "/customers/1234567/documents?performOcr=true&validateDocType=true",
		    "{\"documentType\":\"ZA_PAYCORP_ATM\",\"mediaType\":\"image/jpeg\","
		    "\"base64EncodedDocument\":\"\"}" },
		[WALLET_TYPES] = { "GET", T "/customers/1234567/wallet-types?limit=20", "" },
		[WALLET_CREATE] = { "POST", T "/customers/1234567/wallets",
		    "{\"externalUniqueId\":\"" UID "\",\"status\":\"ACTIVE\","
		    "\"walletTypeId\":5496}" },
		[WALLET_LIST] = { "GET", T "/customers/1234567/wallets?limit=20", "" },
		[WALLET_GET] = { "GET", T "/wallets/100001", "" },
		[WALLET_TRANSACTIONS] = { "GET", T "/wallets/100001/transactions?" PERIOD
		    "&externalUniqueId=" UID "&limit=20", "" },
		[WALLET_TRANSFER] = { "POST", T "/wallets/transfers",
		    TRANSFER_BODY "\"onlyCheck\":false}" },
		[WALLET_TRANSFER_CHECK] = { "POST", T "/wallets/transfers",
		    TRANSFER_BODY "\"onlyCheck\":true,\"check\":\"BOTH\"}" },
		[WALLET_WITHDRAWAL_FEE] = { "GET",
		    T "/wallets/100001/withdrawals/fees?amount=100.10&type=ZA_PAYCORP_ATM", "" },
		[WALLET_WITHDRAWAL_CREATE] = { "POST", T "/wallets/100001/withdrawals",
		    "{\"amount\":100.1,\"description\":\"Send money\",\"type\":\"ZA_PAYCORP_ATM\","
		    "\"externalUniqueId\":\"" UID "\",\"deliverToPhone\":\"27821234567\","
		    "\"expires\":\"2026-03-30T10:00:00.000Z\",\"location\":\"USSD\"}" },
		[WALLET_WITHDRAWAL_GET] = { "GET", T "/wallets/100001/withdrawals/50001", "" },
		[WALLET_WITHDRAWAL_LIST] = { "GET", T "/wallets/100001/withdrawals?" PERIOD
		    "&externalUniqueId=" UID "&limit=20", "" },
		[WALLET_WITHDRAWAL_CANCEL] = { "PUT", T "/wallets/100001/withdrawals/50001",
		    "{\"status\":\"CANCELLED\"}" },
	};

	(void)state;
	for (int op = 0; op < WALLET_OPS; op++) {
		struct wallet_req req = full((enum wallet_op)op);

		check_built(&req, want[op].method, want[op].path, want[op].body);
	}
}

static void
test_request_leaves_out_what_is_not_set(void **state)
{
	struct wallet_req req = { .op = WALLET_WITHDRAWAL_CREATE, .wallet_id = 7, .amount = 10000,
		.uid = "abcdef", .type = "ZA_PNP_CASH" };

	(void)state;
	check_built(&req, "POST", T "/wallets/7/withdrawals",
	    "{\"amount\":100.0,\"type\":\"ZA_PNP_CASH\",\"externalUniqueId\":\"abcdef\"}");
	req = (struct wallet_req){ .op = WALLET_CUSTOMERS, .passport = "A1234567", .offset = 40 };
	check_built(&req, "GET", T "/customers?passportNumber=A1234567&limit=20&offset=40", "");
}

static void
test_request_escapes(void **state)
{
	struct wallet_req req = { .op = WALLET_CUSTOMERS, .phone = "+27&a=b c" };
	struct wallet_http out;

	(void)state;
	check_built(&req, "GET", T "/customers?phone1=%2B27%26a%3Db%20c&limit=20", "");
	req = (struct wallet_req){ .op = WALLET_IDENTITY_UPDATE, .customer_id = 1,
		.identity = "../x?", .password = "p" };
	check_built(&req, "PUT", T "/customers/1/identities/..%2Fx%3F",
	    "{\"identity\":\"../x?\",\"password\":\"p\"}");
	/* The longest path there can be fits. */
	req = full(WALLET_TRANSACTIONS);
	memset(req.uid, '%', sizeof req.uid - 1);
	req.wallet_id = INT64_MAX;
	req.offset = INT32_MAX;
	wallet_build(&req, INT64_MAX, &out);
	assert_true(strlen(out.path) > 480);
	assert_string_equal(out.path + strlen(out.path) - 27, "%25&limit=20&offset=2147483647" + 3);
	/* A text that was cut in the middle of a character still goes out as JSON. */
	req = (struct wallet_req){ .op = WALLET_TRANSFER, .text = "Zo\xc3\xab \xc3" };
	wallet_build(&req, TENANT, &out);
	assert_string_equal(buf_str(&out.body),
	    "{\"description\":\"Zo\xc3\xab ?\",\"onlyCheck\":false}");
	buf_clear(&out.body);
}

/* Every cent of R0.00 to R3 000 and some large ones are the same again when read. */
static void
test_amounts_are_exact(void **state)
{
	static const int64_t large[] = { INT64_C(2399999), INT64_C(99999999999),
	    INT64_C(12345678901), INT64_C(98765432109) };
	char text[64], want[64];
	const char *at;

	(void)state;
	for (int64_t i = 1; i < 300000 + (int64_t)NELEM(large); i++) {
		int64_t cents = i < 300000 ? i : large[i - 300000];
		struct wallet_req req = { .op = WALLET_TRANSFER, .amount = cents };
		struct wallet_http out;

		if (i < 300000 && i % 7 != 0 && i > 1000)
			continue;
		wallet_build(&req, TENANT, &out);
		at = buf_str(&out.body) + strlen("{\"amount\":");
		assert_true(str_copyn(text, sizeof text, at, strcspn(at, ",}")));
		snprintf(want, sizeof want, "%lld.%02lld", (long long)(cents / 100),
		    (long long)(cents % 100));
		if (strlen(text) < strlen(want))
			want[strlen(want) - 1] = '\0';	/* 100.1 is 100.10 */
		assert_string_equal(text, want);
		buf_clear(&out.body);
	}
}

static void
test_renew(void **state)
{
	struct wallet_http out;

	(void)state;
	wallet_build_renew("Bearer aaa.bbb.ccc", &out);
	assert_string_equal(out.method, "POST");
	assert_string_equal(out.path, "/rest/v1/authentication/renew");
	assert_string_equal(buf_str(&out.body), "{\"jwt\":\"aaa.bbb.ccc\"}");
	buf_clear(&out.body);
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00.000Z", 0 },
		{ "2026-03-24T10:00:00.000Z", INT64_C(1774346400000) },
		{ "2026-03-24T12:00:00.000+02:00", INT64_C(1774346400000) },
		{ "2026-03-24T12:00:00+0200", INT64_C(1774346400000) },
		{ "2026-03-24T05:30:00-04:30", INT64_C(1774346400000) },
		{ "2026-03-24 10:00:00.1Z", INT64_C(1774346400100) },
		{ "2026-03-24t10:00:00.123456789z", INT64_C(1774346400123) },
		{ "2024-02-29T00:00:00Z", INT64_C(1709164800000) }
	};
	static const char *const bad[] = {
		"", "2026", "2026-03-24", "2026-03-24T10:00:00", "2026-03-24T10:00:00.Z",
		"2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z",
		"2026-03-24T24:00:00Z", "2026-03-24T10:60:00Z", "2026-03-24T10:00:00Zjunk",
		"2026-03-24T10:00:00+2:00", "1969-12-31T23:59:59Z", " 2026-03-24T10:00:00Z",
		"1970-01-01T01:59:59.999+02:00",
		"2023-02-29T00:00:00Z"
	};
	char text[WALLET_TIME];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < NELEM(good); i++) {
		assert_true(wallet_time_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_false(wallet_time_parse(bad[i], &ms));
	assert_string_equal(wallet_time_text(INT64_C(1774346400007), text),
	    "2026-03-24T10:00:00.007Z");
	assert_string_equal(wallet_time_text(-1, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(wallet_time_text(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
}

/*
 * The expected text was computed apart from this code, in Python:
 *   p = lambda s: struct.pack('>I', len(s)) + s
 *   m = p(b'isango-pin-v1') + p(b'5987') + p(b'387c6075-5b7c-4737-8d4b-b3d42a8efe2f') + p(b'48213')
 *   'Ac1!' + base64.b64encode(hmac.new(bytes(range(32)), m, hashlib.sha256).digest()).decode()
 */
static void
test_pin_password(void **state)
{
	unsigned char key[32];
	char out[81], other[81];

	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (unsigned char)i;
	wallet_pin_password(key, "Ac1!", TENANT, UID, "48213", out);
	assert_string_equal(out, "Ac1!NJ+qijpvjZBQlPmgUEhOPJVAI8O/EXWqezuhrW8mjDo=");
	/* Parts cannot flow into each other. */
	wallet_pin_password(key, "Ac1!", TENANT, UID "4", "8213", other);
	assert_string_not_equal(out, other);
}

static void
test_names(void **state)
{
	(void)state;
	for (int op = 0; op < WALLET_OPS; op++)
		assert_non_null(wallet_op_name((enum wallet_op)op));
	for (int op = 0; op < WALLET_OPS; op++)
		assert_int_equal(wallet_op_moves_money((enum wallet_op)op), op == WALLET_TRANSFER ||
		    op == WALLET_WITHDRAWAL_CREATE || op == WALLET_WITHDRAWAL_CANCEL);
	assert_string_equal(wallet_end_name(WALLET_UNKNOWN), "unknown");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_request),
		cmocka_unit_test(test_request_leaves_out_what_is_not_set),
		cmocka_unit_test(test_request_escapes),
		cmocka_unit_test(test_amounts_are_exact),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_pin_password),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("wallet_build", tests, NULL, NULL);
}
