/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/intent.h"
#include "core/limit.h"
#include "core/money.h"
#include "core/pin.h"
#include "core/record.h"
#include "core/subscriber.h"

enum colour { RED, GREEN = -5 };

struct thing {
	int64_t amount;
	int count;
	enum colour colour;
	bool is_open;
	char name[8];
	uint32_t data_len;
	unsigned char data[6];
	struct rec_rest rest;
};

static const struct rec_field fields[] = {
	REC(1, REC_I64, thing, amount),
	REC(2, REC_INT, thing, count),
	REC(3, REC_INT, thing, colour),
	REC(4, REC_BOOL, thing, is_open),
	REC(5, REC_STR, thing, name),
	REC_VAR(300, thing, data, data_len),
};

static bool
decode(const void *p, size_t n, struct thing *t)
{
	return rec_decode(fields, NELEM(fields), p, n, t, &t->rest);
}

static void
assert_empty(const struct thing *t)
{
	assert_int_equal(t->amount, 0);
	assert_int_equal(t->count, 0);
	assert_int_equal(t->colour, RED);
	assert_false(t->is_open);
	assert_string_equal(t->name, "");
	assert_int_equal(t->data_len, 0);
	assert_int_equal(t->rest.len, 0);
}

static const struct thing full = {
	.amount = INT64_MIN, .count = INT32_MAX, .colour = GREEN, .is_open = true,
	.name = "seven c", .data_len = 6, .data = "a\0b\0c",
};

static void
test_there_and_back(void **state)
{
	struct buf b = { 0 };
	struct thing t;

	(void)state;
	memset(&t, 0x55, sizeof t);
	rec_encode(fields, NELEM(fields), &full, &full.rest, &b);
	assert_true(decode(b.p, b.len, &t));
	assert_true(t.amount == full.amount);
	assert_int_equal(t.count, INT32_MAX);
	assert_int_equal(t.colour, GREEN);
	assert_true(t.is_open);
	assert_string_equal(t.name, "seven c");
	assert_int_equal(t.data_len, 6);
	assert_memory_equal(t.data, full.data, 6);
	assert_int_equal(t.rest.len, 0);
	buf_clear(&b);
}

/* The octets are fixed: records written by one version are read by another. */
static void
test_octets(void **state)
{
	static const char want[] =
	    "\x01"
	    "\x01\0" "\x08\0\0\0" "\x02\x01\0\0\0\0\0\0"
	    "\x05\0" "\x02\0\0\0" "hi"
	    "\x2c\x01" "\x01\0\0\0" "\0";
	struct thing t = { .amount = 258, .name = "hi", .data_len = 1 };
	struct buf b = { 0 };

	(void)state;
	rec_encode(fields, NELEM(fields), &t, NULL, &b);
	assert_int_equal(b.len, sizeof want - 1);
	assert_memory_equal(b.p, want, b.len);
	buf_clear(&b);
	t = (struct thing){ 0 };
	rec_encode(fields, NELEM(fields), &t, NULL, &b);
	assert_int_equal(b.len, 1);
	buf_clear(&b);
}

/* Cut anywhere: refused, or read as a whole number of members, never half a thing. */
static void
test_damaged(void **state)
{
	size_t whole[NELEM(fields) + 1] = { 1 }, n = 1;
	struct buf b = { 0 };
	struct thing t;

	(void)state;
	rec_encode(fields, NELEM(fields), &full, NULL, &b);
	for (size_t at = 1; at < b.len; n++) {
		at += 6 + (unsigned char)b.p[at + 2];
		whole[n] = at;
	}
	assert_int_equal(n, NELEM(fields) + 1);
	for (size_t len = 0; len < b.len; len++) {
		bool is_whole = false;
		char *cut = xcalloc(len + 1, 1);

		for (size_t i = 0; i < n; i++)
			is_whole |= whole[i] == len;
		memcpy(cut, b.p, len);
		assert_int_equal(decode(cut, len, &t), is_whole);
		if (!is_whole)
			assert_empty(&t);
		free(cut);
	}
	b.p[0] = 2;
	assert_false(decode(b.p, b.len, &t));
	assert_empty(&t);
	buf_clear(&b);
}

static void
test_does_not_fit(void **state)
{
	static const struct {
		const char *octets;
		size_t n;
	} rows[] = {
#define ROW(s) { s, sizeof s - 1 }
		ROW("\x01" "\x05\0" "\x08\0\0\0" "12345678"),		/* no room for its NUL */
		ROW("\x01" "\x2c\x01" "\x07\0\0\0" "1234567"),
		ROW("\x01" "\x01\0" "\x07\0\0\0" "1234567"),
		ROW("\x01" "\x04\0" "\x01\0\0\0" "1"),
		ROW("\x01" "\x02\0" "\x08\0\0\0" "\0\0\0\x80\0\0\0\0"),	/* 2^31 in an int */
		ROW("\x01" "\x05\0" "\xff\xff\xff\xff" "x"),
		ROW("\x01" "\x05\0" "\x03\0\0\0" "a\0b"),		/* no version writes a NUL */
		ROW("\x02"),
		ROW(""),
#undef ROW
	};
	struct thing t = full;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_false(decode(rows[i].octets, rows[i].n, &t));
		assert_empty(&t);
	}
	assert_true(decode("\x01" "\x2c\x01" "\x06\0\0\0" "123456", 13, &t));
	assert_int_equal(t.data_len, 6);
}

static void
test_unknown_tags_are_kept(void **state)
{
	static const char octets[] =
	    "\x01" "\x63\0" "\x03\0\0\0" "new" "\x05\0" "\x02\0\0\0" "hi" "\x64\0" "\0\0\0\0";
	struct thing t, again;
	struct buf b = { 0 }, too_much = { 0 };

	(void)state;
	assert_true(decode(octets, sizeof octets - 1, &t));
	assert_string_equal(t.name, "hi");
	assert_int_equal(t.rest.len, 9 + 6);
	rec_encode(fields, NELEM(fields), &t, &t.rest, &b);
	assert_int_equal(b.len, sizeof octets - 1);
	assert_true(decode(b.p, b.len, &again));
	assert_int_equal(again.rest.len, t.rest.len);
	assert_memory_equal(again.rest.p, t.rest.p, t.rest.len);
	/* Nowhere to keep it: refused, not lost. */
	assert_false(rec_decode(fields, NELEM(fields), b.p, b.len, &again, NULL));

	buf_add(&too_much, "\x01" "\x63\0" "\xfb\0\0\0", 7);
	for (int i = 0; i < 0xfb; i++)
		buf_add_char(&too_much, 'x');
	assert_int_equal(too_much.len - 1, REC_REST + 1);
	assert_false(decode(too_much.p, too_much.len, &t));
	assert_empty(&t);
	too_much.p[3] = (char)0xfa;
	assert_true(decode(too_much.p, too_much.len - 1, &t));
	buf_clear(&b);
	buf_clear(&too_much);
}

/* Of two with the same tag the last one counts, and nothing of the first is left. */
static void
test_same_tag_twice(void **state)
{
	static const char octets[] =
	    "\x01" "\x05\0" "\x06\0\0\0" "abcdef" "\x05\0" "\x02\0\0\0" "xy"
	    "\x2c\x01" "\x03\0\0\0" "123" "\x2c\x01" "\x01\0\0\0" "4";
	static const unsigned char data[6] = { '4' };
	struct thing t;

	(void)state;
	assert_true(decode(octets, sizeof octets - 1, &t));
	assert_string_equal(t.name, "xy");
	assert_int_equal(t.data_len, 1);
	assert_memory_equal(t.data, data, sizeof data);
}

/* Numbers that stand for a row of a table, and those that are added up, are within their range. */
static void
test_out_of_range(void **state)
{
	static const struct intent intents[] = {
		{ .kind = INTENT_WITHDRAWAL + 1 }, { .limit = ILIMIT_RELEASED + 1 },
		{ .core_status = -1 }, { .core_status = WSTATUS_ERROR + 2 },
	};
	static const struct pin_tries tries[] = {
		{ .taken = -1 }, { .taken = PIN_TRIES + 1 }, { .wrong = -1 }, { .wrong = INT32_MAX },
		{ .locks = -1 },
	};
	struct subscriber sub = { .outcome = OUTCOME_CHECKING + 1 };
	struct limit limit = { .len = sizeof limit.entry[0],
		.entry = { { .cents = MONEY_MAX + 1, .state = LIMIT_RESERVED } } };
	struct buf b = { 0 };
	struct intent i;
	struct pin_tries p;

	(void)state;
	for (size_t k = 0; k < NELEM(intents); k++, buf_reset(&b)) {
		intent_encode(&intents[k], &b);
		assert_false(intent_decode(b.p, b.len, &i));
	}
	for (size_t k = 0; k < NELEM(tries); k++, buf_reset(&b)) {
		pin_encode(&tries[k], &b);
		assert_false(pin_decode(b.p, b.len, &p));
	}
	subscriber_encode(&sub, &b);
	assert_false(subscriber_decode(b.p, b.len, &sub));
	buf_reset(&b);
	limit_encode(&limit, &b);
	assert_false(limit_decode(b.p, b.len, &limit));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_does_not_fit),
		cmocka_unit_test(test_unknown_tags_are_kept),
		cmocka_unit_test(test_same_tag_twice),
		cmocka_unit_test(test_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
