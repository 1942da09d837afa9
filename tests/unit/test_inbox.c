/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of a phone's SMS: repeats, answers in an hour, long messages that are open. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/inbox.h"

#define NOW INT64_C(1790000000000)
#define HOUR INT64_C(3600000)

static const unsigned char *
id(unsigned n)
{
	static unsigned char octets[INBOX_ID];

	memset(octets, (int)n, sizeof octets);
	return octets;
}

static void
test_repeats(void **state)
{
	struct inbox b = { 0 };

	(void)state;
	assert_false(inbox_seen(&b, id(1), NOW));
	inbox_take(&b, id(1), NOW, 5000);
	assert_true(inbox_seen(&b, id(1), NOW + 4999));
	assert_false(inbox_seen(&b, id(1), NOW + 5000));
	assert_false(inbox_seen(&b, id(2), NOW));
	for (unsigned n = 2; n < 2 + INBOX_SEEN; n++)
		inbox_take(&b, id(n), NOW, 5000);
	assert_false(inbox_seen(&b, id(1), NOW));
	assert_true(inbox_seen(&b, id(2), NOW));
	assert_int_equal(b.taken, INBOX_SEEN + 1);
	inbox_take(&b, id(2), NOW + 1, 5000);
	assert_int_equal(inbox_count(&b, id(2), NOW + 4999), 1);
	inbox_take(&b, id(2), NOW + 2, 5000);
	assert_int_equal(inbox_count(&b, id(2), NOW), 2);
	assert_int_equal(inbox_count(&b, id(2), NOW + 5001), 1);
}

static void
test_answers(void **state)
{
	struct inbox b = { 0 };

	(void)state;
	assert_true(inbox_may_say(&b, INBOX_HELP, NOW, 3));
	inbox_said(&b, INBOX_HELP, NOW, 300000);
	assert_false(inbox_may_say(&b, INBOX_HELP, NOW + 299999, 3));
	assert_true(inbox_may_say(&b, INBOX_PIN, NOW, 3));
	assert_true(inbox_may_say(&b, INBOX_HELP, NOW + 300000, 3));
	inbox_answered(&b, NOW + 1);
	inbox_answered(&b, NOW + HOUR - 1);
	assert_false(inbox_may_answer(&b, NOW + HOUR - 1, 3));
	assert_false(inbox_may_say(&b, INBOX_STOP, NOW + HOUR - 1, 3));
	assert_true(inbox_may_answer(&b, NOW + HOUR, 3));
	inbox_answered(&b, NOW + HOUR);
	assert_true(inbox_may_answer(&b, NOW + HOUR, 2));
	assert_false(inbox_may_answer(&b, NOW + HOUR, 1));
}

static void
test_open_ones(void **state)
{
	struct inbox b = { 0 };

	(void)state;
	for (unsigned n = 0; n < INBOX_OPEN; n++)
		assert_true(inbox_open(&b, id(n), NOW, NOW + 1000 + n));
	assert_true(inbox_open(&b, id(0), NOW, NOW + 1000));
	assert_false(inbox_open(&b, id(9), NOW, NOW + 1000));
	inbox_close(&b, id(1));
	inbox_close(&b, id(8));
	assert_true(inbox_open(&b, id(9), NOW, NOW + 5000));
	assert_false(inbox_open(&b, id(10), NOW, NOW + 5000));
	/* Those whose time is over make room. */
	assert_true(inbox_open(&b, id(10), NOW + 1001, NOW + 5000));
	assert_true(inbox_open(&b, id(9), NOW + 1001, NOW + 5000));
}

static void
test_record(void **state)
{
	struct inbox b = { 0 }, back;
	struct buf octets = { 0 }, again = { 0 };

	(void)state;
	inbox_take(&b, id(1), NOW, 5000);
	for (unsigned n = 0; n < INBOX_SEEN; n++)
		inbox_take(&b, id(n), NOW, 5000);
	for (unsigned n = 0; n < INBOX_OPEN; n++)
		assert_true(inbox_open(&b, id(n), NOW, NOW + 1000));
	for (int a = 0; a < INBOX_ANSWERS; a++)
		inbox_said(&b, (enum inbox_answer)a, NOW, 1000 + a);
	inbox_encode(&b, &octets);
	assert_in_range(octets.len, 1, 1024 - 64);	/* the family's cap, less the seal */
	assert_true(inbox_decode(octets.p, octets.len, &back));
	inbox_encode(&back, &again);
	assert_int_equal(again.len, octets.len);
	assert_memory_equal(again.p, octets.p, octets.len);
	assert_int_equal(back.taken, b.taken);
	assert_int_equal(back.hour_n, INBOX_ANSWERS);
	assert_true(inbox_seen(&back, id(INBOX_SEEN - 1), NOW));
	assert_false(inbox_decode(octets.p, octets.len - 1, &back));
	buf_clear(&octets);
	buf_clear(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_open_ones),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
