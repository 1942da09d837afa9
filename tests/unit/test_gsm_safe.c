/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "core/gsm.h"
#include "core/gsm_safe.h"
#include "test_tsv.h"

static void
test_spelling(void **state)
{
	static const struct {
		const char *text, *safe;	/* NULL: stays as it is */
	} rows[] = {
		{ "", "" },
		{ "R5 {x} @", "R5 {x} @" },
		{ "\xe2\x80\x9cyou\xe2\x80\x9d don\xe2\x80\x99t\xe2\x80\xa6", "\"you\" don't..." },
		{ "R1\xc2\xa0""000 \xe2\x80\x93 now", "R1 000 - now" },
		/* What the alphabet has keeps its accent. */
		{ "caf\xc3\xa9 \xe2\x82\xac""5 m\xc3\xb4re", "caf\xc3\xa9 \xe2\x82\xac""5 more" },
		{ "dit is \xc5\x89 lekker s\xc3\xaa", "dit is 'n lekker se" },
		{ "\xe1\xb8\x93\xe1\xb8\xbd\xe1\xb9\x8b\xe1\xb9\xb1\xe1\xb9\x85", "dlntn" },
		{ "\xc5\xa1\xc5\xa0", "sS" },
		{ "d\xcc\xad o\xcc\x82", "d o" },		/* accents of their own */
		{ "\xc3\xa7\xc3\x87", "c\xc3\x87" },
		{ "a\xe2\x80\x8b\xef\xbb\xbf""b", "ab" },
		/* Nothing that only looks alike, and no other amount. */
		{ "\xd0\x90", NULL },
		{ "\xce\x91", NULL },
		{ "1\xc2\xbd", NULL },
		{ "10\xc2\xb2", NULL },
		{ "\xc2\xa2""5", NULL },
		{ "\xe2\x80\x99 \xf0\x9f\x99\x8f", NULL },
		{ "\xe2\x80\x99\xff", NULL },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		bool can = rows[i].safe != NULL;

		buf_reset(&out);
		buf_add_str(&out, ">");
		assert_int_equal(gsm_safe(rows[i].text, &out), can);
		assert_string_equal(buf_str(&out) + 1, can ? rows[i].safe : rows[i].text);
	}
	buf_clear(&out);
}

/* Each character that is spelt anew is in the alphabet then, and what was in it is not touched. */
static void
test_every_character(void **state)
{
	struct buf out = { 0 };
	int anew = 0;

	(void)state;
	for (uint32_t cp = 1; cp < 0x20000; cp++) {
		char utf8[5] = "";
		bool in;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		utf8_encode(cp, utf8);
		in = gsm_septets(utf8) >= 0;
		buf_reset(&out);
		if (!gsm_safe(utf8, &out)) {
			assert_false(in);
			assert_string_equal(buf_str(&out), utf8);
			continue;
		}
		assert_true(gsm_septets(buf_str(&out)) >= 0);
		assert_int_equal(strcmp(buf_str(&out), utf8) == 0, in);
		anew += !in;
	}
	assert_in_range(anew, 400, 600);
	buf_clear(&out);
}

/* The country's languages: all of them can be said within the alphabet. */
static void
test_languages(void **state)
{
	struct buf out = { 0 };
	struct tsv t;
	int anew = 0;

	(void)state;
	tsv_open(&t, "za/languages.tsv");
	while (tsv_next(&t)) {
		bool in = strcmp(t.field[3], "GSM7") == 0;

		buf_reset(&out);
		if (!gsm_safe(t.field[2], &out)) {
			assert_false(in);
			continue;
		}
		assert_true(gsm_septets(buf_str(&out)) >= 0);
		assert_int_equal(strcmp(buf_str(&out), t.field[2]) == 0, in);
		anew += !in;
	}
	assert_true(anew >= 3);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
