/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/gsm.h"
#include "core/money.h"

#define REFUSED (-1)

struct row {
	const char *text;
	int64_t cents;
};

static void
check_rows(bool (*parse)(const char *, int64_t *), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t cents = 77;
		bool ok = parse(rows[i].text, &cents);

		if (ok != (rows[i].cents != REFUSED) || cents != (ok ? rows[i].cents : 77))
			fail_msg("\"%s\": %d %lld", rows[i].text, ok, (long long)cents);
	}
}

static void
test_typed(void **state)
{
	static const struct row rows[] = {
		{ "50", 5000 }, { "50.5", 5050 }, { "50,50", 5050 }, { "R50.00", 5000 },
		{ "r50", 5000 }, { "R 1 250", 125000 }, { " 50 ", 5000 }, { "1 250,05", 125005 },
		{ "1 000 000", 100000000 }, { "1000000000.00", MONEY_MAX }, { "0", 0 },
		{ "0.05", 5 }, { "24000", 2400000 }, { "R 1 000 000 000.00", MONEY_MAX },
		{ "", REFUSED }, { "R", REFUSED }, { " ", REFUSED }, { "-50", REFUSED },
		{ "+50", REFUSED }, { "50.", REFUSED }, { ".50", REFUSED }, { "50.505", REFUSED },
		{ "R1 234,50", 123450 }, { "R1 234.50", 123450 }, { "1234.50", 123450 },
		/* A rent of R1 500 must not become one of R1.50, nor the other way about. */
		{ "1.500", REFUSED }, { "R1.500", REFUSED }, { "1.500,00", REFUSED }, { "1,500.00", REFUSED },
		{ "1.500.00", REFUSED }, { "1500,000", REFUSED }, { "1 50", REFUSED }, { "15 00", REFUSED },
		{ "1 500 .50", REFUSED }, { "1'500", REFUSED }, { "1500-00", REFUSED }, { "1500,50,", REFUSED },
		{ "1,250", REFUSED }, { "1,250.00", REFUSED }, { "12 50", REFUSED },
		{ "1250 000", REFUSED }, { "1  250", REFUSED }, { "1 250 00", REFUSED },
		{ "50 .00", REFUSED }, { "50. 00", REFUSED }, { "RR50", REFUSED },
		{ "0821234567", REFUSED }, { "050", REFUSED }, { "5e3", REFUSED },
		{ "1000000000.01", REFUSED }, { "99999999999999999999", REFUSED },
		{ "1 000 000 000 000 000 000 000 000 000", REFUSED }, { "0x10", REFUSED },
		{ "50\n", REFUSED }, { "\xd9\xa5\xd9\xa0", REFUSED }, { "1\xc2\xa0""250", REFUSED },
		{ "5 00R", REFUSED }, { "fifty", REFUSED },
	};

	(void)state;
	check_rows(money_parse, rows, NELEM(rows));
}

static void
test_plain_decimal(void **state)
{
	static const struct row rows[] = {
		{ "50", 5000 }, { "50.0", 5000 }, { "50.00", 5000 }, { "0.1", 10 }, { "0", 0 },
		{ "1000000000", MONEY_MAX },
		{ "", REFUSED }, { " 50", REFUSED }, { "50 ", REFUSED }, { "50,00", REFUSED },
		{ "R50", REFUSED }, { "50.", REFUSED }, { ".5", REFUSED }, { "50.000", REFUSED },
		{ "-1", REFUSED }, { "01", REFUSED }, { "1000000000.01", REFUSED },
		{ "10000000000", REFUSED }, { "99999999999999999999999", REFUSED },
	};

	(void)state;
	check_rows(money_parse_decimal, rows, NELEM(rows));
}

static void
test_shown(void **state)
{
	static const struct {
		int64_t cents;
		const char *decimal, *text;
	} rows[] = {
		{ 0, "0.00", "R0.00" }, { 5, "0.05", "R0.05" }, { 5000, "50.00", "R50.00" },
		{ 99999, "999.99", "R999.99" }, { 100000, "1000.00", "R1 000.00" },
		{ 125005, "1250.05", "R1 250.05" }, { 2400000, "24000.00", "R24 000.00" },
		{ 123456789, "1234567.89", "R1 234 567.89" },
		{ MONEY_MAX, "1000000000.00", "R1 000 000 000.00" },
		{ -5, "-0.05", "-R0.05" }, { -125005, "-1250.05", "-R1 250.05" },
		{ INT64_MAX, "92233720368547758.07", "R92 233 720 368 547 758.07" },
		{ INT64_MIN, "-92233720368547758.08", "-R92 233 720 368 547 758.08" },
	};
	char out[MONEY_TEXT];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_string_equal(money_decimal(rows[i].cents, out), rows[i].decimal);
		assert_string_equal(money_text(rows[i].cents, out), rows[i].text);
		assert_true(gsm_septets(out) > 0);
	}
}

static void
test_shown_is_read_back(void **state)
{
	char out[MONEY_TEXT];
	int64_t cents;

	(void)state;
	for (int64_t c = 0; c <= MONEY_MAX; c = c * 7 / 3 + 1) {
		assert_true(money_parse(money_text(c, out), &cents));
		assert_int_equal(cents, c);
		assert_true(money_parse_decimal(money_decimal(c, out), &cents));
		assert_int_equal(cents, c);
	}
}

/* Through jansson and back, as amounts travel: every cent survives. */
static void
check_json(int64_t c)
{
	json_t *v = json_real(money_to_double(c)), *back;
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	double plain = strtod(text, NULL);
	char exact[MONEY_TEXT];
	int64_t cents;

	back = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_true(money_from_double(json_number_value(back), &cents));
	assert_int_equal(cents, c);
	assert_true(plain == strtod(money_decimal(c, exact), NULL));
	free(text);
	json_decref(v);
	json_decref(back);
}

static void
test_json(void **state)
{
	(void)state;
	for (int64_t c = 0; c < 20000; c++)
		check_json(c);
	for (int64_t c = 9990; c <= MONEY_MAX; c += 7654321)
		check_json(c);
	check_json(10010);
	check_json(MONEY_MAX);
	check_json(-10010);
}

static void
test_double(void **state)
{
	static const double refused[] = {
		NAN, INFINITY, -INFINITY, 0.001, 100.101, 100.0999, 0.30000000000000004, 1e9 + 0.01,
		1e300, -1e300, 1e-300, 92233720368547758.08, 1e9 + 1,
	};
	int64_t cents = 77;

	(void)state;
	for (size_t i = 0; i < NELEM(refused); i++) {
		if (money_from_double(refused[i], &cents))
			fail_msg("%.17g was taken", refused[i]);
		assert_int_equal(cents, 77);
	}
	assert_true(money_from_double(-0.0, &cents));
	assert_int_equal(cents, 0);
	assert_true(money_from_double(1e9, &cents));
	assert_int_equal(cents, MONEY_MAX);
	assert_true(money_from_double(0.3, &cents));
	assert_int_equal(cents, 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_plain_decimal),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_shown_is_read_back),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_double),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
