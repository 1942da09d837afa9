/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/phone.h"
#include "test_tsv.h"

static void
check(const char *text, const char *country, const char *want)
{
	char out[PHONE_MAX] = "unset";
	bool ok = phone_parse(text, country, out);

	if (ok != (want != NULL) || strcmp(out, ok ? want : "") != 0)
		fail_msg("\"%s\": %d \"%s\"", text, ok, out);
	if (ok)
		assert_true(phone_valid(out));
}

/* Where the table leaves it open: a wrong trunk 0 is refused, other countries may roam. */
static void
test_table(void **state)
{
	struct tsv t;

	(void)state;
	tsv_open(&t, "za/msisdn.tsv");
	while (tsv_next(&t)) {
		const char *result = t.field[1];

		if (strcmp(result, "refuse or roam") == 0)
			check(t.field[0], "27", "26600000001");
		else
			check(t.field[0], "27", strstr(result, "refuse") != NULL ? NULL : result);
	}
	assert_int_equal(t.rows, 20);
}

static void
test_forms(void **state)
{
	static const struct {
		const char *text, *country, *want;
	} rows[] = {
		{ "082 123 4567", "27", "27821234567" },
		{ "082.123.4567", "27", "27821234567" },
		{ "(082) 123-4567", "27", "27821234567" },
		{ "  0821234567  ", "27", "27821234567" },
		{ "TEL:0821234567", "27", "27821234567" },
		{ "00 27 82 123 4567", "", "27821234567" },
		{ "0821234567", "", NULL },
		{ "0821234567", "263", "263821234567" },
		{ "0771234567", "263", "263771234567" },
		{ "+263771234567", "27", "263771234567" },
		{ "263771234567", "27", "263771234567" },
		{ "+4612345678", "27", "4612345678" },
		{ "4612345678", "27", NULL },		/* ten digits: whose 0 was lost? */
		{ "+12345678", "27", "12345678" },
		{ "+1234567", "27", NULL },
		{ "+123456789012345", "27", "123456789012345" },
		{ "+1234567890123456", "27", NULL },
		{ "00123456789012345", "27", "123456789012345" },
		{ "00012345678901", "27", NULL },
		{ "082123456789012345678901234567890", "27", NULL },
		{ "27821234567x", "27", NULL },
		{ "0821234567\n", "27", NULL },
		{ "0821+234567", "27", NULL },
		{ "++27821234567", "27", NULL },
		{ "*120*384#", "27", NULL },
		{ "27012345678", "27", NULL },
		{ "0212345678", "27", NULL },
		{ "0861234567", "27", NULL },
		{ "0851234567", "27", "27851234567" },
		{ "+", "27", NULL },
		{ "()", "27", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check(rows[i].text, rows[i].country, rows[i].want);
}

static void
test_valid(void **state)
{
	static const char *const bad[] = {
		"", "0821234567", "+27821234567", "2782123456", "278212345678", "27 821234567",
		"1234567", "1234567890123456", "27110000001", "abc",
	};

	(void)state;
	assert_true(phone_valid("27821234567"));
	assert_true(phone_valid("26657123456"));
	for (size_t i = 0; i < NELEM(bad); i++)
		if (phone_valid(bad[i]))
			fail_msg("\"%s\"", bad[i]);
}

static void
test_mask(void **state)
{
	static const struct {
		const char *phone, *masked;
	} rows[] = {
		{ "27821234567", "2782***4567" }, { "263771234567", "2637***4567" },
		{ "123456789012345", "1234***2345" }, { "4612345678", "46***78" },
		{ "12345678", "12***78" }, { "1234567", "***" }, { "", "***" },
	};
	char out[PHONE_TEXT];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_string_equal(phone_mask(rows[i].phone, out), rows[i].masked);
}

static void
test_group(void **state)
{
	static const struct {
		const char *phone, *country, *shown;
	} rows[] = {
		{ "27821234567", "27", "082 123 4567" },
		{ "27821234567", "", "+278 212 345 67" },
		{ "263771234567", "27", "+263 771 234 567" },
		{ "263771234567", "263", "077 123 4567" },
		{ "26657123456", "27", "+266 571 234 56" },
		{ "123456789012345", "27", "+123 456 789 012 345" },
		{ "1234567890123", "27", "+123 456 789 0123" },
		{ "", "27", "+" },
		{ "12345678901234567890123456789", "27", "12345678901234567890123" },
	};
	char out[PHONE_TEXT];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_string_equal(phone_group(rows[i].phone, rows[i].country, out),
		    rows[i].shown);
}

static void
test_numbers(void **state)
{
	(void)state;
	assert_true(phone_is_number("30384") && phone_is_number("+27821234567"));
	assert_false(phone_is_number("") || phone_is_number("+") || phone_is_number("ACME") || phone_is_number("1+2"));
	assert_true(phone_same_number("30384", "30384", "27"));
	assert_true(phone_same_number("+27821234567", "0821234567", "27"));
	assert_true(phone_same_number("0027821234567", "27821234567", ""));
	assert_false(phone_same_number("30384", "30385", "27"));
	assert_false(phone_same_number("27821234567", "27821234568", "27"));
	assert_false(phone_same_number("ACME", "ACME", "27"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
