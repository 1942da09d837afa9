/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"

static void
test_copy(void **state)
{
	char out[4] = "xyz";

	(void)state;
	assert_true(str_copy(out, sizeof out, "abc"));
	assert_string_equal(out, "abc");
	assert_false(str_copy(out, sizeof out, "abcd"));
	assert_string_equal(out, "");
	assert_true(str_copyn(out, sizeof out, "abcd", 3));
	assert_string_equal(out, "abc");
	assert_true(str_copyn(out, sizeof out, out + 1, 2));
	assert_string_equal(out, "bc");
	assert_true(str_copy(out, sizeof out, ""));
	assert_string_equal(out, "");
	assert_false(str_copy(out, 0, ""));
	assert_true(str_format(out, sizeof out, "%d", 123));
	assert_false(str_format(out, sizeof out, "%d", 1234));
	assert_string_equal(out, "123");
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "0", 0, 0, true, 0 }, { "-0", 0, 0, true, 0 }, { "007", 0, 9, true, 7 },
		{ "-12", -12, 0, true, -12 }, { "10", 0, 9, false, 0 }, { "-1", 0, 9, false, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, false, 0 },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0 },
		{ "18446744073709551617", INT64_MIN, INT64_MAX, false, 0 },
		{ "", INT64_MIN, INT64_MAX, false, 0 }, { "-", INT64_MIN, INT64_MAX, false, 0 },
		{ "--1", INT64_MIN, INT64_MAX, false, 0 }, { "+1", INT64_MIN, INT64_MAX, false, 0 },
		{ " 1", INT64_MIN, INT64_MAX, false, 0 }, { "1 ", INT64_MIN, INT64_MAX, false, 0 },
		{ "1.0", INT64_MIN, INT64_MAX, false, 0 },
		{ "0x1", INT64_MIN, INT64_MAX, false, 0 },
		{ "1e3", INT64_MIN, INT64_MAX, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		int64_t v = 77;

		assert_int_equal(str_to_i64(rows[i].text, rows[i].min, rows[i].max, &v),
		    rows[i].ok);
		assert_true(v == (rows[i].ok ? rows[i].value : 77));
	}
	assert_true(str_all_digits("0123456789"));
	assert_false(str_all_digits(""));
	assert_false(str_all_digits("12 3"));
	assert_false(str_all_digits("12\xb2"));
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(str_equal_fold("StOP", "sTop"));
	assert_false(str_equal_fold("stop", "stopp"));
	assert_true(str_starts("stop", "st"));
	assert_true(str_starts("stop", ""));
	assert_false(str_starts("st", "stop"));
	assert_true(str_equal_secret("abc", "abd", 2));
	assert_false(str_equal_secret("abc", "abd", 3));
	assert_false(str_equal_secret("xbc", "abc", 3));
	assert_true(str_equal_secret("x", "y", 0));
}

static void
test_hex(void **state)
{
	char hex[9];
	unsigned char out[4] = { 0 };

	(void)state;
	str_hex("\0\x9f\xff\x10", 4, hex);
	assert_string_equal(hex, "009fff10");
	assert_true(str_unhex("009FfF10", 8, out, 4));
	assert_memory_equal(out, "\0\x9f\xff\x10", 4);
	assert_false(str_unhex("009fff1", 7, out, 4));
	assert_false(str_unhex("009fff1000", 10, out, 4));
	assert_false(str_unhex("009fff1g", 8, out, 4));
	assert_false(str_unhex(" 9", 2, out, 1));
	assert_false(str_unhex("0x", 2, out, 1));
	assert_true(str_unhex("", 0, out, 0));
}

static void
test_utf8_all_characters(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char utf8[4];
		size_t n = utf8_encode(cp, utf8);
		uint32_t back = UINT32_MAX;

		if (cp >= 0xd800 && cp <= 0xdfff) {
			assert_int_equal(utf8_decode(utf8, n, &back), 0);
			continue;
		}
		if (utf8_decode(utf8, n, &back) != n || back != cp)
			fail_msg("U+%04X", cp);
		if (n > 1 && utf8_decode(utf8, n - 1, &back) != 0)
			fail_msg("U+%04X cut", cp);
	}
}

static void
test_utf8_malformed(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82(",
		"ok\xe2\x82",
	};
	uint32_t cp;

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (utf8_valid(bad[i], strlen(bad[i])))
			fail_msg("row %zu", i);
	assert_true(utf8_valid("M\xc3\xb4re \xf0\x9f\x99\x8f", 10));
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("a\0b", 3));
	assert_int_equal(utf8_decode("", 0, &cp), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_utf8_all_characters),
		cmocka_unit_test(test_utf8_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
