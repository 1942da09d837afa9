/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/gsm.h"
#include "test_tsv.h"

#define ESCAPE 0x1b

/* The published table, row by row, both ways. */
static void
test_table(void **state)
{
	struct tsv t;

	(void)state;
	tsv_open(&t, "gsm0338.tsv");
	while (tsv_next(&t)) {
		unsigned char octets[2], back[4];
		size_t n = strlen(t.field[0]) / 2, len;
		uint32_t cp = (uint32_t)strtoul(t.field[1], NULL, 16);
		char utf8[5] = "", out[8];

		assert_true(str_unhex(t.field[0], n * 2, octets, n));
		len = utf8_encode(cp, utf8);
		if (n == 1 && octets[0] == ESCAPE) {
			/* A lone escape is shown as a space, and no character is sent as one. */
			assert_int_equal(text_decode(CHARSET_GSM7, octets, 1, out, sizeof out), 1);
			assert_string_equal(out, " ");
			assert_int_equal(gsm_septets(utf8), -1);
			continue;
		}
		assert_int_equal(gsm_septets(utf8), n);
		assert_int_equal(text_encode(CHARSET_GSM7, utf8, back, sizeof back), n);
		assert_memory_equal(back, octets, n);
		assert_int_equal(text_decode(CHARSET_GSM7, octets, n, out, sizeof out), len);
		assert_string_equal(out, utf8);
	}
	assert_int_equal(t.rows, 138);
}

/* Nothing else is in the alphabet. */
static void
test_no_other_character(void **state)
{
	int in = 0;

	(void)state;
	for (uint32_t cp = 1; cp < 0x30000; cp++) {
		char utf8[5] = "";

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		utf8_encode(cp, utf8);
		in += gsm_septets(utf8) > 0;
	}
	assert_int_equal(in, 137);
}

static void
test_languages(void **state)
{
	struct tsv t;

	(void)state;
	tsv_open(&t, "za/languages.tsv");
	while (tsv_next(&t)) {
		const char *text = t.field[2];
		enum charset want = strcmp(t.field[3], "GSM7") == 0 ? CHARSET_GSM7 : CHARSET_UCS2;
		int units = atoi(t.field[4]), n;
		unsigned char octets[1024];
		char back[1024];

		assert_int_equal(text_charset(text), want);
		assert_int_equal(gsm_septets(text), want == CHARSET_GSM7 ? units : -1);
		if (want == CHARSET_UCS2)
			assert_int_equal(ucs2_units(text), units);
		assert_int_equal(sms_parts(text), atoi(t.field[5]));
		n = text_encode(want, text, octets, sizeof octets);
		assert_int_equal(n, want == CHARSET_GSM7 ? units : units * 2);
		assert_int_equal(text_decode(want, octets, (size_t)n, back, sizeof back),
		    strlen(text));
		assert_string_equal(back, text);
	}
	assert_int_equal(t.rows, 22);
}

static void
test_encode(void **state)
{
	unsigned char out[8];

	(void)state;
	assert_int_equal(text_encode(CHARSET_GSM7, "@a", out, sizeof out), 2);
	assert_memory_equal(out, "\0a", 2);
	assert_int_equal(text_encode(CHARSET_GSM7, "\xe2\x82\xac", out, 2), 2);
	assert_int_equal(text_encode(CHARSET_GSM7, "\xe2\x82\xac", out, 1), -1);
	assert_int_equal(text_encode(CHARSET_GSM7, "\xc3\xb4", out, sizeof out), -1);
	assert_int_equal(text_encode(CHARSET_UCS2, "a\xc3\xb4", out, sizeof out), 4);
	assert_memory_equal(out, "\0a\0\xf4", 4);
	assert_int_equal(text_encode(CHARSET_UCS2, "\xf0\x9f\x99\x8f", out, sizeof out), 4);
	assert_memory_equal(out, "\xd8\x3d\xde\x4f", 4);
	assert_int_equal(text_encode(CHARSET_UCS2, "\xf0\x9f\x99\x8f", out, 3), -1);
	assert_int_equal(text_encode(CHARSET_LATIN1, "\xc3\xb4", out, sizeof out), 1);
	assert_int_equal(out[0], 0xf4);
	assert_int_equal(text_encode(CHARSET_LATIN1, "\xc5\xa1", out, sizeof out), -1);
	assert_int_equal(text_encode(CHARSET_ASCII, "~@", out, sizeof out), 2);
	assert_memory_equal(out, "~@", 2);
	assert_int_equal(text_encode(CHARSET_ASCII, "\xc3\xb4", out, sizeof out), -1);
	assert_int_equal(text_encode(CHARSET_BINARY, "a", out, sizeof out), -1);
	assert_int_equal(text_encode(CHARSET_UTF8, "a", out, sizeof out), -1);
	for (enum charset cs = CHARSET_GSM7; cs <= CHARSET_ASCII; cs++) {
		assert_int_equal(text_encode(cs, "", out, 0), 0);
		assert_int_equal(text_encode(cs, "a\xff", out, sizeof out), -1);
	}
}

static void
test_decode(void **state)
{
	static const struct {
		enum charset cs;
		const char *octets;
		size_t n;
		const char *text;
	} rows[] = {
		{ CHARSET_GSM7, "\0a\0", 3, "@a@" },
		{ CHARSET_GSM7, "\x1b\x65", 2, "\xe2\x82\xac" },
		{ CHARSET_GSM7, "1\x1b", 2, "1 " },
		{ CHARSET_GSM7, "\x1b\x1b\x65", 3, " e" },
		{ CHARSET_GSM7, "\x1b""A", 2, "A" },
		{ CHARSET_GSM7, "\x1b\x09", 2, "\xc3\x87" },
		{ CHARSET_GSM7, "\x80", 1, "\xef\xbf\xbd" },
		{ CHARSET_GSM7, "\x1b\xe5", 2, "\xef\xbf\xbd" },
		{ CHARSET_UCS2, "\0*\0001", 4, "*1" },
		{ CHARSET_UCS2, "\xd8\x3d\xde\x4f", 4, "\xf0\x9f\x99\x8f" },
		{ CHARSET_UCS2, "\xd8\x3d\0a", 4, "\xef\xbf\xbd""a" },
		{ CHARSET_UCS2, "\xd8\x3d", 2, "\xef\xbf\xbd" },
		{ CHARSET_UCS2, "\xde\x4f\0a", 4, "\xef\xbf\xbd""a" },
		{ CHARSET_UCS2, "\xd8\x3d\xd8\x3d\xde\x4f", 6, "\xef\xbf\xbd\xf0\x9f\x99\x8f" },
		{ CHARSET_UCS2, "\0a\0", 3, "a\xef\xbf\xbd" },
		{ CHARSET_UCS2, "\0\0", 2, "\xef\xbf\xbd" },
		{ CHARSET_LATIN1, "m\xf4\0", 3, "m\xc3\xb4\xef\xbf\xbd" },
		{ CHARSET_ASCII, "@\xf4", 2, "@\xef\xbf\xbd" },
		{ CHARSET_BINARY, "1\xff", 2, "1\xef\xbf\xbd" },
		{ CHARSET_UTF8, "\xc5\xa1\xf0\x9f\x98\x80", 6, "\xc5\xa1\xf0\x9f\x98\x80" },
		{ CHARSET_UTF8, "1\xc5", 2, "1\xef\xbf\xbd" },
		{ CHARSET_GSM7, "", 0, "" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		size_t len = strlen(rows[i].text), n = rows[i].n;
		const char *octets = rows[i].octets;

		assert_int_equal(text_decode(rows[i].cs, octets, n, out, sizeof out), len);
		assert_string_equal(out, rows[i].text);
		assert_int_equal(text_decode(rows[i].cs, octets, n, out, len + 1), len);
		assert_int_equal(text_decode(rows[i].cs, octets, n, out, len), -1);
	}
}

static void
test_every_octet_pair_decodes(void **state)
{
	char out[16];

	(void)state;
	for (enum charset cs = CHARSET_GSM7; cs <= CHARSET_UTF8; cs++)
		for (int i = 0; i < 0x10000; i++) {
			unsigned char octets[2] = { (unsigned char)(i >> 8), (unsigned char)i };
			int n = text_decode(cs, octets, sizeof octets, out, sizeof out);

			assert_true(n > 0);
			assert_int_equal(n, strlen(out));
			assert_true(utf8_valid(out, (size_t)n));
		}
}

static void
test_fit(void **state)
{
	static const struct {
		enum charset cs;
		const char *text;
		int max;
		size_t fit;
	} rows[] = {
		{ CHARSET_GSM7, "abc", 2, 2 }, { CHARSET_GSM7, "abc", 9, 3 },
		{ CHARSET_GSM7, "a\xe2\x82\xac""b", 2, 1 },
		{ CHARSET_GSM7, "a\xe2\x82\xac""b", 3, 4 },
		{ CHARSET_GSM7, "\xc3\xa9\xc3\xa9", 1, 2 }, { CHARSET_GSM7, "ab\xc3\xb4", 9, 2 },
		{ CHARSET_GSM7, "abc", 0, 0 }, { CHARSET_GSM7, "abc", -1, 0 },
		{ CHARSET_UCS2, "\xc3\xb4\xe1\xb9\xb0", 1, 2 },
		{ CHARSET_UCS2, "\xf0\x9f\x99\x8f", 1, 0 },
		{ CHARSET_UCS2, "\xf0\x9f\x99\x8f", 2, 4 },
		{ CHARSET_UCS2, "ab\xff", 9, 2 }, { CHARSET_ASCII, "~~~", 2, 2 },
		{ CHARSET_BINARY, "abc", 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_int_equal(text_fit(rows[i].cs, rows[i].text, rows[i].max), rows[i].fit);
}

static int
parts_of(const char *unit, int times, const char *tail)
{
	static char text[100000];
	size_t n = strlen(unit);

	for (int i = 0; i < times; i++)
		memcpy(text + (size_t)i * n, unit, n);
	strcpy(text + (size_t)times * n, tail);
	return sms_parts(text);
}

static void
test_parts(void **state)
{
	(void)state;
	assert_int_equal(sms_parts(""), 1);
	assert_int_equal(parts_of("a", 306, ""), 2);
	assert_int_equal(parts_of("a", 307, ""), 3);
	/* 80 escape pairs fill one SMS; of several only 76 fit in each. */
	assert_int_equal(parts_of("{", 80, ""), 1);
	assert_int_equal(parts_of("{", 152, ""), 2);
	assert_int_equal(parts_of("{", 153, ""), 3);
	assert_int_equal(parts_of("\xc3\xb4", 70, ""), 1);
	assert_int_equal(parts_of("\xc3\xb4", 71, ""), 2);
	assert_int_equal(parts_of("\xc3\xb4", 134, ""), 2);
	assert_int_equal(parts_of("\xc3\xb4", 135, ""), 3);
	/* 67 is odd: a pair of surrogates is not cut, 33 to a part. */
	assert_int_equal(parts_of("\xf0\x9f\x99\x8f", 66, ""), 2);
	assert_int_equal(parts_of("\xf0\x9f\x99\x8f", 67, ""), 3);
	assert_int_equal(parts_of("a", 255 * 153, ""), 255);
	assert_int_equal(parts_of("a", 255 * 153, "b"), 0);
	assert_int_equal(sms_parts("a\xff"), 0);
}

static void
test_data_coding(void **state)
{
	static const struct {
		uint8_t dcs;
		enum charset cs;
	} rows[] = {
		{ 1, CHARSET_ASCII }, { 2, CHARSET_BINARY }, { 3, CHARSET_LATIN1 },
		{ 4, CHARSET_BINARY }, { 5, CHARSET_BINARY }, { 8, CHARSET_UCS2 },
		{ 0x0f, CHARSET_GSM7 }, { 0x10, CHARSET_GSM7 }, { 0x11, CHARSET_UCS2 },
		{ 0x14, CHARSET_BINARY }, { 0x18, CHARSET_UCS2 }, { 0x44, CHARSET_BINARY },
		{ 0x48, CHARSET_UCS2 }, { 0xc0, CHARSET_GSM7 }, { 0xe0, CHARSET_UCS2 },
		{ 0xf0, CHARSET_GSM7 }, { 0xf1, CHARSET_GSM7 }, { 0xf4, CHARSET_BINARY },
		{ 0xff, CHARSET_BINARY },
	};

	(void)state;
	assert_int_equal(charset_of_dcs(0, CHARSET_LATIN1), CHARSET_LATIN1);
	assert_int_equal(charset_of_dcs(0, CHARSET_GSM7), CHARSET_GSM7);
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_int_equal(charset_of_dcs(rows[i].dcs, CHARSET_LATIN1), rows[i].cs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_other_character),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_every_octet_pair_decodes),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_data_coding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
