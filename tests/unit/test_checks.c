/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/checks.h"
#include "test_tsv.h"

#define TODAY "20240324"

/* "policy" rows: both are taken (a refugee's number, and one from before 1986). */
static void
test_za_id_table(void **state)
{
	struct tsv t;

	(void)state;
	tsv_open(&t, "za/said.tsv");
	while (tsv_next(&t)) {
		char birth[9];
		bool ok = check_za_id(t.field[0], TODAY, birth);

		if (ok != (strcmp(t.field[1], "invalid") != 0))
			fail_msg("%s: %d (%s)", t.field[0], ok, t.field[2]);
	}
	assert_int_equal(t.rows, 21);
}

static void
test_za_id_century(void **state)
{
	static const struct {
		const char *id, *today, *birth;
	} rows[] = {
		{ "8001015009087", "20240324", "19800101" },
		{ "8001015009087", "20800101", "20800101" },
		{ "8001015009087", "20791231", "19800101" },
		{ "0402290123080", "20240324", "20040229" },
		{ "0402290123080", "20040228", "19040229" },
		{ "0002295000083", "20240324", "20000229" },
	};
	char birth[9];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_true(check_za_id(rows[i].id, rows[i].today, birth));
		assert_string_equal(birth, rows[i].birth);
	}
	assert_false(check_za_id("", TODAY, birth));
	/* Only in 2000 was there a 29 February. */
	assert_false(check_za_id("0002295000083", "19991231", birth));
}

static void
test_passport(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a12345678", "A12345678" }, { " M00-123 456 ", "M00123456" },
		{ "12345", "12345" },
		{ "A2345678901234567890", "A2345678901234567890" },
		{ "A23456789012345678901", NULL }, { "A123", NULL }, { "ABCDEF", NULL },
		{ "A1234\xc3\xb4", NULL }, { "A1234_", NULL }, { "A/12345", NULL }, { "", NULL },
	};
	char out[21];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(check_passport(rows[i].text, out), rows[i].want != NULL);
		if (rows[i].want != NULL)
			assert_string_equal(out, rows[i].want);
	}
}

#define TEN "abcdefghij"
#define TEN_WIDE "\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4\xc3\xb4"
#define TEN_WIDER "\xe1\xb9\xb0\xe1\xb9\xb0\xe1\xb9\xb0\xe1\xb9\xb0\xe1\xb9\xb0" \
	"\xe1\xb9\xb0\xe1\xb9\xb0\xe1\xb9\xb0\xe1\xb9\xb0\xe1\xb9\xb0"

static void
test_name(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "Thandi", "Thandi" }, { "  van   der Merwe ", "van der Merwe" },
		{ "O'Brien-Nkosi", "O'Brien-Nkosi" }, { "J. P.", "J. P." },
		{ "N\xe2\x80\x99wana", "N'wana" }, { "'t Hooft", "'t Hooft" },
		{ "Ren\xc3\xa9", "Ren\xc3\xa9" },
		{ "\xe1\xb9\xb0hanziela", "\xe1\xb9\xb0hanziela" },
		{ "\xc5\xa0""ebe", "\xc5\xa0""ebe" }, { "Rene\xcc\x81", "Rene\xcc\x81" },
		{ "Ng", "Ng" },
		{ TEN TEN TEN TEN TEN, TEN TEN TEN TEN TEN },
		{ " " TEN TEN TEN TEN TEN "  ", TEN TEN TEN TEN TEN },
		{ TEN_WIDE TEN_WIDE TEN_WIDE TEN_WIDE TEN_WIDE,
		    TEN_WIDE TEN_WIDE TEN_WIDE TEN_WIDE TEN_WIDE },
		{ TEN TEN TEN TEN TEN "k", NULL },
		{ TEN_WIDER TEN_WIDER TEN_WIDER TEN_WIDER, NULL },	/* 120 octets */
		{ "", NULL }, { " ", NULL }, { "A", NULL }, { " A ", NULL }, { "''", NULL },
		{ ".-", NULL }, { "-Anna", NULL }, { "\xcc\x81""a", NULL }, { "Anna2", NULL },
		{ "Anna\n", NULL }, { "Anna\tB", NULL }, { "A,B", NULL }, { "Anna\xff", NULL },
		{ "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0", NULL }, { "Ab\xc3\x97", NULL },
		{ "{name}", NULL }, { "A\xf0\x9f\x99\x8f", NULL },
	};
	char out[101];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		bool ok = check_name(rows[i].text, out);

		if (ok != (rows[i].want != NULL) || (ok && strcmp(out, rows[i].want) != 0))
			fail_msg("\"%s\": %d \"%s\"", rows[i].text, ok, ok ? out : "");
	}
}

static void
test_date(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "24031990", "19900324" }, { "24/03/1990", "19900324" },
		{ "24-03-1990", "19900324" },
		{ "24 03 1990", "19900324" }, { "24.3.1990", "19900324" },
		{ "4/3/1990", "19900304" },
		{ "19900324", "19900324" }, { "1990-03-24", "19900324" },
		{ "1990/3/4", "19900304" },
		{ "29022000", "20000229" }, { "29021900", NULL }, { "29022023", NULL },
		{ "20012001", "20010120" }, { "20101010", "20101010" }, { "31042020", NULL },
		{ "31/04/2020", NULL }, { "00011990", NULL }, { "13131990", NULL },
		{ "240390", NULL }, { "24/03/90", NULL }, { "24/03", NULL },
		{ "24/03/1990/", NULL },
		{ "/03/1990", NULL }, { "24//1990", NULL }, { "24/003/1990", NULL },
		{ "024/03/1990", NULL }, { "24/03/19900", NULL }, { "24 Mar 1990", NULL },
		{ "24031890", NULL }, { "24032190", NULL }, { "", NULL }, { "2403 1990", NULL },
		{ "1990/03/1990", NULL }, { "1/2/3", NULL }, { "2403199\xc3\xb4", NULL },
	};
	char out[9];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		bool ok = check_date(rows[i].text, out);

		if (ok != (rows[i].want != NULL) || (ok && strcmp(out, rows[i].want) != 0))
			fail_msg("\"%s\": %d \"%s\"", rows[i].text, ok, ok ? out : "");
	}
}

/* No eight digits mean one day read from the left and another read from the right. */
static void
test_eight_digits_are_never_ambiguous(void **state)
{
	char text[16], out[9];

	(void)state;
	for (int year = 1900; year <= 2100; year++)
		for (int month = 1; month <= 12; month++) {
			snprintf(text, sizeof text, "%04d%02d15", year, month);
			assert_true(check_date(text, out));
			assert_string_equal(out, text);
		}
}

static void
test_pin(void **state)
{
	static const struct {
		const char *pin;
		int length;
		enum pin_strength strength;
	} rows[] = {
		{ "1793", 4, PIN_OK }, { "8264", 4, PIN_OK }, { "71394", 5, PIN_OK },
		{ "194827", 6, PIN_OK }, { "1122", 4, PIN_OK },
		{ "", 4, PIN_NOT_DIGITS }, { "12a4", 4, PIN_NOT_DIGITS },
		{ "17 93", 5, PIN_NOT_DIGITS },
		{ "-179", 4, PIN_NOT_DIGITS },
		{ "179", 4, PIN_WRONG_LENGTH }, { "17938", 4, PIN_WRONG_LENGTH },
		{ "0000", 4, PIN_WEAK }, { "77777", 5, PIN_WEAK }, { "1234", 4, PIN_WEAK },
		{ "4321", 4, PIN_WEAK }, { "7890", 4, PIN_WEAK }, { "0987", 4, PIN_WEAK },
		{ "1212", 4, PIN_WEAK }, { "12121", 5, PIN_WEAK }, { "838383", 6, PIN_WEAK },
		{ "1987", 4, PIN_WEAK }, { "2024", 4, PIN_WEAK },
		{ "123123", 6, PIN_WEAK }, { "1231", 4, PIN_OK }, { "2580", 4, PIN_WEAK }, { "0852", 4, PIN_WEAK },
		{ "14725", 5, PIN_WEAK },
		/* the phone is 27821594862, at home 0821594862; the code *120*384# */
		{ "4862", 4, PIN_WEAK }, { "1594", 4, PIN_WEAK }, { "59486", 5, PIN_WEAK },
		{ "2159", 4, PIN_WEAK }, { "82159486", 8, PIN_WEAK }, { "21594862", 8, PIN_WEAK },
		{ "0821", 4, PIN_WEAK }, { "08215", 5, PIN_WEAK }, { "2782", 4, PIN_WEAK }, { "0827", 4, PIN_OK },
		{ "0384", 4, PIN_WEAK }, { "20384", 5, PIN_WEAK },
		/* the ID number 9003245800086 */
		{ "0086", 4, PIN_WEAK }, { "5800", 4, PIN_WEAK }, { "45800", 5, PIN_WEAK },
		/* born 24 March 1990 */
		{ "2403", 4, PIN_WEAK }, { "0324", 4, PIN_WEAK }, { "9003", 4, PIN_WEAK },
		{ "0390", 4, PIN_WEAK }, { "240390", 6, PIN_WEAK }, { "900324", 6, PIN_WEAK },
		{ "24031990", 8, PIN_WEAK },
	};

	static const struct pin_about all = { "27821594862", "19900324", "9003245800086", "*120*384#" };
	static const struct pin_about phone = { .phone = "27821594862" }, no_birth = { "27821594862", "", "", "" };
	static const struct pin_about nothing = { 0 }, small = { .phone = "862" };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (check_new_pin(rows[i].pin, rows[i].length, &all) != rows[i].strength)
			fail_msg("row %zu", i);
	assert_int_equal(check_new_pin("2403", 4, &phone), PIN_OK);
	assert_int_equal(check_new_pin("2403", 4, &no_birth), PIN_OK);
	assert_int_equal(check_new_pin("4862", 4, &nothing), PIN_OK);
	assert_int_equal(check_new_pin("4862", 4, &small), PIN_OK);
	assert_int_equal(check_new_pin("0384", 4, &phone), PIN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_za_id_table),
		cmocka_unit_test(test_za_id_century),
		cmocka_unit_test(test_passport),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_eight_digits_are_never_ambiguous),
		cmocka_unit_test(test_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
