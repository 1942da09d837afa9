/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/chat.h"

#define DAY INT64_C(86400000)

static struct chat c, back;
static struct chat_entry e, out;

static const struct chat_entry *
input(int n, int64_t at, const char *text)
{
	memset(&e, 0, sizeof e);
	memcpy(e.mac, &n, sizeof n);
	e.kind = CHAT_TYPED;
	e.at_ms = at;
	snprintf(e.text, sizeof e.text, "%s", text);
	return &e;
}

static int
afresh(void **state)
{
	(void)state;
	memset(&c, 0, sizeof c);
	return 0;
}

static void
test_answers_in_order(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_false(chat_first(&c, &out));
	assert_true(chat_append(&c, input(1, 1000, "hello"), 1000));
	assert_true(chat_append(&c, input(2, 900, "2"), 1001));
	chat_encode(&c, &b);
	assert_true(chat_decode(buf_str(&b), b.len, &back));
	buf_clear(&b);
	assert_int_equal(chat_waiting(&back), 2);
	assert_true(chat_first(&back, &out));
	assert_string_equal(out.text, "hello");
	assert_int_equal(out.at_ms, 1000);
	chat_done(&back, input(2, 0, "")->mac);
	assert_int_equal(chat_waiting(&back), 2);
	chat_done(&back, out.mac);
	assert_true(chat_first(&back, &out));
	assert_string_equal(out.text, "2");
	assert_true(chat_has_seen(&back, input(1, 1000, "hello")));
	assert_false(chat_has_seen(&back, input(3, 1000, "hello")));
}

static void
test_has_a_bound(void **state)
{
	static char long_text[CHAT_TEXT];

	(void)state;
	for (int i = 0; i < CHAT_QUEUE; i++)
		assert_true(chat_append(&c, input(i, i + 1, "x"), 1));
	assert_false(chat_append(&c, input(CHAT_QUEUE, 50, "x"), 1));
	assert_false(chat_has_seen(&c, &e));
	memset(&c, 0, sizeof c);
	memset(long_text, 'y', sizeof long_text - 1);
	for (int i = 0; i < CHAT_QUEUE; i++)
		assert_true(chat_append(&c, input(i, i + 1, long_text), 1));
}

/* Nothing is taken twice, however much was written meanwhile. */
static void
test_what_was_forgotten_is_taken_for_a_repetition(void **state)
{
	(void)state;
	for (int i = 1; i <= 3 * CHAT_SEEN; i++) {
		assert_false(chat_has_seen(&c, input(i, i * 1000, "x")));
		chat_note(&c, &e, i * 1000);
	}
	for (int i = 1; i <= 3 * CHAT_SEEN; i++)
		assert_true(chat_has_seen(&c, input(i, i * 1000, "x")));
	/* Late, but newer than all that was forgotten. */
	assert_false(chat_has_seen(&c, input(7777, 2 * CHAT_SEEN * 1000 + 500, "x")));
}

static void
test_old_ones_go_after_their_time(void **state)
{
	(void)state;
	chat_note(&c, input(1, 1000, "x"), 1000);
	chat_note(&c, input(2, 20 * DAY, "x"), 20 * DAY);
	assert_int_equal(c.seen_len, sizeof c.seen[0]);
	assert_true(chat_has_seen(&c, input(1, 1000, "x")));
}

static void
test_a_damaged_queue_is_no_chat(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_true(chat_append(&c, input(1, 1000, "hello"), 1000));
	c.queue_len--;
	chat_encode(&c, &b);
	assert_false(chat_decode(buf_str(&b), b.len, &back));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_answers_in_order, afresh),
		cmocka_unit_test_setup(test_has_a_bound, afresh),
		cmocka_unit_test_setup(test_what_was_forgotten_is_taken_for_a_repetition, afresh),
		cmocka_unit_test_setup(test_old_ones_go_after_their_time, afresh),
		cmocka_unit_test_setup(test_a_damaged_queue_is_no_chat, afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
