/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "core/order.h"

#define GOOD "\"amount\":150.50,\"externalUniqueId\":\"order-1\",\"type\":\"ZA_PAYCORP_ATM\"," \
	"\"deliverToPhone\":\"0821234567\""

static bool
parse(const char *json, struct order *o, char problem[160])
{
	problem[0] = '\0';
	return order_parse(json, strlen(json), "27", o, problem, 160);
}

static void
test_good(void **state)
{
	struct order o;
	char problem[160];

	(void)state;
	assert_true(parse("{" GOOD "}", &o, problem));
	assert_int_equal(o.amount, 15050);
	assert_string_equal(o.uid, "order-1");
	assert_string_equal(o.type, "ZA_PAYCORP_ATM");
	assert_string_equal(o.to_phone, "27821234567");
	assert_int_equal(o.expires_ms, 0);
	assert_true(parse("{" GOOD ",\"expires\":\"2026-03-24T10:00:00.250Z\",\"unknown\":{\"a\":[1]}}", &o, problem));
	assert_int_equal(o.expires_ms, INT64_C(1774346400250));
	assert_true(parse("{" GOOD ",\"expires\":\"2026-03-24T10:00:00+02:00\"}", &o, problem));
	assert_int_equal(o.expires_ms, INT64_C(1774339200000));
}

static const char *const bad[][2] = {
	{ "", "JSON object" },
	{ "[]", "JSON object" },
	{ "{" GOOD, "JSON object" },
	{ "{" GOOD "," GOOD "}", "JSON object" },
	{ "{\"amount\":\"150.50\"}", "amount" },
	{ "{\"amount\":0}", "amount" },
	{ "{\"amount\":-5}", "amount" },
	{ "{\"amount\":1.005}", "amount" },
	{ "{\"amount\":1e300}", "amount" },
	{ "{\"amount\":5}", "externalUniqueId" },
	{ "{\"amount\":5,\"externalUniqueId\":\"short\"}", "externalUniqueId" },
	{ "{\"amount\":5,\"externalUniqueId\":\"order-1\"}", "type" },
	{ "{\"amount\":5,\"externalUniqueId\":\"order-1\",\"type\":\"ATM\"}", "deliverToPhone" },
	{ "{\"amount\":5,\"externalUniqueId\":\"order-1\",\"type\":\"ATM\",\"deliverToPhone\":\"not a phone\"}",
	    "deliverToPhone" },
	{ "{" GOOD ",\"expires\":\"tomorrow\"}", "expires" },
	{ "{" GOOD ",\"expires\":5}", "expires" },
	{ "{" GOOD ",\"expires\":\"2026-03-24\"}", "expires" },
};

static void
test_bad(void **state)
{
	struct order o;
	char problem[160];

	(void)state;
	for (size_t k = 0; k < NELEM(bad); k++) {
		if (parse(bad[k][0], &o, problem) || strstr(problem, bad[k][1]) == NULL)
			fail_msg("%s: %s", bad[k][0], problem);
	}
}

static void
test_fingerprint(void **state)
{
	struct order a, b;
	char problem[160], x[256], y[256];

	(void)state;
	assert_true(parse("{" GOOD "}", &a, problem));
	assert_true(parse("{\"deliverToPhone\":\"+27 82 123 4567\",\"type\":\"ZA_PAYCORP_ATM\","
	    "\"externalUniqueId\":\"order-1\",\"amount\":150.5}", &b, problem));
	order_fingerprint(&a, x, sizeof x);
	order_fingerprint(&b, y, sizeof y);
	assert_string_equal(x, y);
	b.amount++;
	order_fingerprint(&b, y, sizeof y);
	assert_string_not_equal(x, y);
}

static void
test_cancel(void **state)
{
	(void)state;
	assert_true(order_parse_cancel("{\"status\":\"CANCELLED\"}", 22));
	assert_false(order_parse_cancel("{\"status\":\"SUCCESSFUL\"}", 23));
	assert_false(order_parse_cancel("{}", 2));
	assert_false(order_parse_cancel("", 0));
}

static const struct {
	enum intent_state state;
	int core_status;
	const char *says;
} shown[] = {
	{ INTENT_ACCEPTED, 0, "BUILDING" },
	{ INTENT_RUNNING, 0, "BUILDING" },
	{ INTENT_ASKING, 0, "BUILDING" },
	{ INTENT_PERSON, 0, "BUILDING" },
	{ INTENT_DONE, 0, "BUILDING" },
	{ INTENT_DONE, WSTATUS_PENDING + 1, "PENDING" },
	{ INTENT_DONE, WSTATUS_SUCCESSFUL + 1, "SUCCESSFUL" },
	{ INTENT_DONE, WSTATUS_CANCELLED + 1, "CANCELLED" },
	{ INTENT_DONE, WSTATUS_TIMEOUT + 1, "TIMEOUT" },
	{ INTENT_DONE, WSTATUS_ERROR + 1, "ERROR" },
	{ INTENT_NOT_DONE, 0, "ERROR" },
};

static void
test_print(void **state)
{
	(void)state;
	for (size_t k = 0; k < NELEM(shown); k++) {
		struct intent i = { .state = shown[k].state, .core_status = shown[k].core_status, .amount = 10010,
			.withdrawal_id = 9, .accepted_at = INT64_C(1774346400000) };
		struct buf b = { 0 };
		char status[40];

		str_copy(i.token, sizeof i.token, "1234567890");
		str_copy(i.uid, sizeof i.uid, "order-1");
		order_print(&i, &b);
		str_format(status, sizeof status, "\"status\":\"%s\"", shown[k].says);
		assert_non_null(strstr(buf_str(&b), status));
		assert_non_null(strstr(buf_str(&b), "\"amount\":100.1,"));
		assert_non_null(strstr(buf_str(&b), "\"created\":\"2026-03-24T10:00:00.000Z\""));
		assert_null(strstr(buf_str(&b), "1234567890"));
		assert_null(strstr(buf_str(&b), "token"));
		buf_clear(&b);
	}
}

/* Without an id at the core a person's word is all that there will be. */
static void
test_print_a_persons_word(void **state)
{
	static const struct {
		bool ours;
		int asks;
		const char *says;
	} row[] = {
		{ true, 0, "\"SUCCESSFUL\"" },
		{ false, 0, "\"PENDING\"" },			/* the core is still asked */
		{ false, INTENT_LATE_LOOKS, "\"SUCCESSFUL\"" },
	};

	(void)state;
	for (size_t k = 0; k < NELEM(row); k++) {
		struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .resolved_at = 1, .counts = true,
			.gateway_sends = row[k].ours, .asks = row[k].asks };
		struct buf b = { 0 };

		order_print(&i, &b);
		assert_non_null(strstr(buf_str(&b), row[k].says));
		buf_clear(&b);
	}
}

static void
test_refusal(void **state)
{
	struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_NOT_DONE, .why = WHY_LIMIT,
	    .to_phone = "27821234567" };
	struct buf b = { 0 }, other = { 0 };

	(void)state;
	order_print_refusal(&i, &b);
	assert_non_null(strstr(buf_str(&b), "\"code\":\"WDR003\""));
	assert_non_null(strstr(buf_str(&b), "BUSINESS"));
	i.why = WHY_REFUSED;
	str_copy(i.code, sizeof i.code, "XYZ123");
	/* Any other refusal of the core says the same, word for word: no limit of a phone can be read from it. */
	order_print_refusal(&i, &other);
	assert_string_equal(buf_str(&b), buf_str(&other));
	buf_reset(&b);
	order_print(&i, &b);
	i.why = WHY_LIMIT;
	buf_reset(&other);
	order_print(&i, &other);
	assert_string_equal(buf_str(&b), buf_str(&other));
	i.why = WHY_CLOSED;
	buf_reset(&b);
	order_print_refusal(&i, &b);
	assert_non_null(strstr(buf_str(&b), "\"code\":\"LIM001\""));
	buf_clear(&b);
	buf_clear(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_cancel), cmocka_unit_test(test_print), cmocka_unit_test(test_print_a_persons_word),
		cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
