/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "core/segment.h"

#define EURO "\xe2\x82\xac"
#define O_CIRCUMFLEX "\xc3\xb4"
#define E_ACUTE "\xc3\xa9"
#define DELTA "\xce\x94"
#define PRAY "\xf0\x9f\x99\x8f"

static struct segments plan;
static struct segment part;
static struct buf text;

static const char *
times(const char *unit, int n, const char *tail)
{
	buf_reset(&text);
	while (n-- > 0)
		buf_add_str(&text, unit);
	buf_add_str(&text, tail);
	return buf_str(&text);
}

static int
cleared(void **state)
{
	(void)state;
	buf_clear(&text);
	return 0;
}

static bool
planned(enum segment_way way, enum charset dcs0, const char *utf8)
{
	struct segment_rules rules = { way, dcs0, SEGMENT_PARTS };

	return segment_plan(&plan, &rules, utf8, 0x12345);
}

static void
test_charset(void **state)
{
	static const struct {
		enum charset dcs0;
		const char *text;
		enum charset cs;
	} rows[] = {
		{ CHARSET_GSM7, "", CHARSET_GSM7 },
		{ CHARSET_GSM7, "R5 {" EURO "} " DELTA, CHARSET_GSM7 },
		{ CHARSET_GSM7, "m" O_CIRCUMFLEX "re", CHARSET_UCS2 },
		{ CHARSET_LATIN1, "caf" E_ACUTE " {@}", CHARSET_LATIN1 },
		{ CHARSET_LATIN1, EURO, CHARSET_UCS2 },
		{ CHARSET_LATIN1, DELTA, CHARSET_UCS2 },
		/* Latin-1 has it, the air has not. */
		{ CHARSET_LATIN1, "m" O_CIRCUMFLEX "re", CHARSET_UCS2 },
		{ CHARSET_ASCII, "{@}", CHARSET_ASCII },
		{ CHARSET_ASCII, E_ACUTE, CHARSET_UCS2 },
		{ CHARSET_ASCII, "`", CHARSET_UCS2 },
		{ CHARSET_UCS2, "a", CHARSET_UCS2 },
		{ CHARSET_BINARY, "a", CHARSET_UCS2 },
		{ CHARSET_BINARY, "", CHARSET_UCS2 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(segment_charset(rows[i].dcs0, rows[i].text), rows[i].cs);
		assert_true(planned(SEGMENT_UDH8, rows[i].dcs0, rows[i].text));
		assert_int_equal(plan.charset, rows[i].cs);
		assert_int_equal(plan.data_coding, rows[i].cs == CHARSET_UCS2 ? 8 : 0);
		assert_int_equal(plan.total, 1);
	}
}

static void
test_alone(void **state)
{
	static const char octets[] = "\0" "5 \x1b\x65";

	(void)state;
	for (enum segment_way way = SEGMENT_UDH8; way <= SEGMENT_PAYLOAD; way++) {
		assert_true(planned(way, CHARSET_GSM7, "@5 " EURO));
		segment_part(&plan, "@5 " EURO, 0, &part);
		assert_int_equal(part.len, 5);
		assert_memory_equal(part.octets, octets, 5);
		assert_false(part.udhi || part.sar || plan.payload);
		assert_true(planned(way, CHARSET_GSM7, times("{", 80, "")));
		assert_int_equal(plan.total, 1);
		assert_false(plan.payload);
		assert_true(planned(way, CHARSET_GSM7, times(PRAY, 35, "")));
		assert_int_equal(plan.total, 1);
	}
}

static void
test_capacity(void **state)
{
	static const struct {
		enum segment_way way;
		enum charset dcs0;
		const char *unit;
		int n, total;
		size_t first, last;	/* octets, with their header */
	} rows[] = {
		{ SEGMENT_UDH8, CHARSET_GSM7, "a", 161, 2, 6 + 153, 6 + 8 },
		{ SEGMENT_UDH8, CHARSET_GSM7, "a", 306, 2, 6 + 153, 6 + 153 },
		{ SEGMENT_UDH8, CHARSET_GSM7, "a", 307, 3, 6 + 153, 6 + 1 },
		/* An escape pair is not torn, and leaves a septet free. */
		{ SEGMENT_UDH8, CHARSET_GSM7, EURO, 81, 2, 6 + 152, 6 + 10 },
		{ SEGMENT_UDH16, CHARSET_GSM7, "a", 161, 2, 7 + 152, 7 + 9 },
		{ SEGMENT_UDH16, CHARSET_GSM7, EURO, 152, 2, 7 + 152, 7 + 152 },
		{ SEGMENT_SAR, CHARSET_GSM7, "a", 161, 2, 153, 8 },
		{ SEGMENT_UDH8, CHARSET_GSM7, O_CIRCUMFLEX, 71, 2, 6 + 134, 6 + 8 },
		{ SEGMENT_UDH16, CHARSET_GSM7, O_CIRCUMFLEX, 71, 2, 7 + 132, 7 + 10 },
		{ SEGMENT_SAR, CHARSET_GSM7, O_CIRCUMFLEX, 71, 2, 134, 8 },
		/* 67 is odd, 66 is not. */
		{ SEGMENT_UDH8, CHARSET_GSM7, PRAY, 67, 3, 6 + 132, 6 + 4 },
		{ SEGMENT_UDH16, CHARSET_GSM7, PRAY, 66, 2, 7 + 132, 7 + 132 },
		{ SEGMENT_SAR, CHARSET_GSM7, PRAY, 66, 2, 132, 132 },
		/* One octet for us, two septets on the air. */
		{ SEGMENT_UDH8, CHARSET_ASCII, "{", 81, 2, 6 + 76, 6 + 5 },
		{ SEGMENT_UDH8, CHARSET_LATIN1, E_ACUTE, 161, 2, 6 + 153, 6 + 8 },
		{ SEGMENT_PAYLOAD, CHARSET_GSM7, "a", 161, 1, 161, 161 },
		{ SEGMENT_PAYLOAD, CHARSET_GSM7, EURO, 81, 1, 162, 162 },
		{ SEGMENT_PAYLOAD, CHARSET_GSM7, O_CIRCUMFLEX, 71, 1, 142, 142 },
		{ SEGMENT_PAYLOAD, CHARSET_GSM7, DELTA, 1024, 1, 1024, 1024 },
		{ SEGMENT_PAYLOAD, CHARSET_GSM7, O_CIRCUMFLEX, 512, 1, 1024, 1024 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const char *utf8 = times(rows[i].unit, rows[i].n, "");

		assert_true(planned(rows[i].way, rows[i].dcs0, utf8));
		assert_int_equal(plan.total, rows[i].total);
		assert_int_equal(plan.payload, rows[i].way == SEGMENT_PAYLOAD);
		segment_part(&plan, utf8, 0, &part);
		assert_int_equal(part.len, rows[i].first);
		segment_part(&plan, utf8, plan.total - 1, &part);
		assert_int_equal(part.len, rows[i].last);
	}
}

static void
test_marks(void **state)
{
	const char *utf8 = times("a", 200, "");

	(void)state;
	assert_true(planned(SEGMENT_UDH8, CHARSET_GSM7, utf8));
	segment_part(&plan, utf8, 1, &part);
	assert_true(part.udhi && !part.sar && !plan.payload);
	assert_memory_equal(part.octets, "\5\0\3\x45\2\2", 6);
	assert_true(planned(SEGMENT_UDH16, CHARSET_GSM7, utf8));
	segment_part(&plan, utf8, 0, &part);
	assert_true(part.udhi && !part.sar);
	assert_memory_equal(part.octets, "\6\x08\4\x23\x45\2\1", 7);
	assert_true(planned(SEGMENT_SAR, CHARSET_GSM7, utf8));
	segment_part(&plan, utf8, 1, &part);
	assert_true(!part.udhi && part.sar);
	assert_int_equal(part.reference, 0x2345);
	assert_int_equal(part.total, 2);
	assert_int_equal(part.seq, 2);
	assert_int_equal(part.octets[0], 'a');
	assert_true(planned(SEGMENT_PAYLOAD, CHARSET_GSM7, utf8));
	segment_part(&plan, utf8, 0, &part);
	assert_true(plan.payload && !part.udhi && !part.sar);
}

/* All 256, or 65536, and then again from 0. */
static void
test_reference_wraps(void **state)
{
	static const struct {
		enum segment_way way;
		uint64_t counter;
		uint16_t reference;
	} rows[] = {
		{ SEGMENT_UDH8, 254, 254 }, { SEGMENT_UDH8, 255, 255 }, { SEGMENT_UDH8, 256, 0 },
		{ SEGMENT_UDH16, 255, 255 }, { SEGMENT_UDH16, 256, 256 },
		{ SEGMENT_UDH16, 65535, 65535 }, { SEGMENT_UDH16, 65536, 0 },
		{ SEGMENT_SAR, 65535, 65535 }, { SEGMENT_SAR, 65537, 1 },
		{ SEGMENT_UDH8, UINT64_MAX, 255 },
	};
	const char *utf8 = times("a", 200, "");

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct segment_rules rules = { rows[i].way, CHARSET_GSM7, 2 };

		assert_true(segment_plan(&plan, &rules, utf8, rows[i].counter));
		segment_part(&plan, utf8, 0, &part);
		assert_int_equal(part.reference, rows[i].reference);
	}
}

static void
test_limits(void **state)
{
	struct segment_rules rules = { SEGMENT_UDH8, CHARSET_GSM7, 3 };

	(void)state;
	assert_true(segment_plan(&plan, &rules, times("a", 3 * 153, ""), 0));
	assert_false(segment_plan(&plan, &rules, times("a", 3 * 153, "b"), 0));
	/* What the SMSC will make of it counts, not that it is one PDU. */
	rules.way = SEGMENT_PAYLOAD;
	assert_true(segment_plan(&plan, &rules, times("a", 3 * 153, ""), 0));
	assert_false(segment_plan(&plan, &rules, times("a", 3 * 153, "b"), 0));
	assert_false(planned(SEGMENT_PAYLOAD, CHARSET_GSM7, times("a", 1025, "")));
	assert_false(planned(SEGMENT_PAYLOAD, CHARSET_GSM7, times(O_CIRCUMFLEX, 513, "")));
	rules.parts_max = 1000;
	rules.way = SEGMENT_UDH8;
	assert_true(segment_plan(&plan, &rules, times("a", SEGMENT_PARTS * 153, ""), 0));
	assert_false(segment_plan(&plan, &rules, times("a", SEGMENT_PARTS * 153, "b"), 0));
	rules.parts_max = 0;
	assert_false(segment_plan(&plan, &rules, "a", 0));
	assert_false(planned(SEGMENT_UDH8, CHARSET_GSM7, "a\xff"));
	assert_false(planned(SEGMENT_UDH8, CHARSET_GSM7, times("a", 200, "\xff")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_charset),
		cmocka_unit_test_teardown(test_alone, cleared),
		cmocka_unit_test_teardown(test_capacity, cleared),
		cmocka_unit_test_teardown(test_marks, cleared),
		cmocka_unit_test_teardown(test_reference_wraps, cleared),
		cmocka_unit_test_teardown(test_limits, cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
