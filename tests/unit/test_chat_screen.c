/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "core/chat_screen.h"

static struct chat_screen s, back;
static char text[CHAT_SCREEN], plain[CHAT_SCREEN];

static void
sample(int choices)
{
	static const char *const keys[] = { "1", "2", "3", "4", "5", "6", "7", "98", "0", "00" };

	memset(&s, 0, sizeof s);
	strcpy(s.body, "What would you like to do?");
	strcpy(s.mark, "a1b2c3d4");
	strcpy(s.open, "Choose");
	for (int i = 0; i < choices; i++)
		assert_true(chat_screen_add(&s, keys[i], i == 1 ? "Send money to a friend or to your family" : "Balance"));
}

static void
test_comes_back_as_it_was(void **state)
{
	(void)state;
	sample(10);
	assert_true(chat_screen_encode(&s, text, sizeof text));
	chat_screen_parse(text, &back);
	assert_int_equal(back.choices, 10);
	assert_string_equal(back.body, s.body);
	assert_string_equal(back.mark, "a1b2c3d4");
	assert_string_equal(back.open, "Choose");
	assert_string_equal(back.choice[1].title, "Send money to a friend\xe2\x80\xa6");
	assert_string_equal(back.choice[1].about, "Send money to a friend or to your family");
	assert_string_equal(back.choice[7].key, "98");
	assert_string_equal(back.choice[7].title, "Balance");
	assert_string_equal(back.choice[7].about, "");
	assert_false(chat_screen_add(&s, "11", "one too many"));
}

static void
test_a_text_has_nothing_to_choose(void **state)
{
	(void)state;
	sample(0);
	assert_true(chat_screen_encode(&s, text, sizeof text));
	assert_string_equal(text, s.body);
	chat_screen_parse("Paid R50.00", &back);
	assert_int_equal(back.choices, 0);
	assert_string_equal(back.body, "Paid R50.00");
	assert_string_equal(back.mark, "");
}

static void
test_says_it_in_lines(void **state)
{
	(void)state;
	sample(2);
	assert_true(chat_screen_encode(&s, text, sizeof text));
	chat_screen_plain(text, plain, sizeof plain);
	assert_string_equal(plain, "What would you like to do?\n1. Balance\n"
	    "2. Send money to a friend or to your family");
	chat_screen_plain(text, plain, 12);
	assert_string_equal(plain, "What would ");
}

static void
test_buttons_are_few_and_short(void **state)
{
	(void)state;
	sample(0);
	assert_false(chat_screen_fits_buttons(&s));
	assert_true(chat_screen_add(&s, "1", "Yes"));
	assert_true(chat_screen_add(&s, "2", "12345678901234567890"));
	assert_true(chat_screen_fits_buttons(&s));
	assert_true(chat_screen_add(&s, "0", "123456789012345678901"));
	assert_false(chat_screen_fits_buttons(&s));
	sample(1);
	for (int i = 0; i < 3; i++)
		assert_true(chat_screen_add(&s, "2", "No"));
	assert_false(chat_screen_fits_buttons(&s));
}

static void
test_a_tap_counts_on_its_own_screen_alone(void **state)
{
	char id[CHAT_TAP], key[CHAT_KEY], other[CHAT_SCREEN];

	(void)state;
	sample(3);
	assert_true(chat_screen_encode(&s, text, sizeof text));
	chat_tap_id(&s, &s.choice[2], id);
	assert_string_equal(id, "3:a1b2c3d4");
	assert_string_equal(chat_tap_key(text, id, key), "3");
	strcpy(s.mark, "a1b2c3d5");
	assert_true(chat_screen_encode(&s, other, sizeof other));
	assert_null(chat_tap_key(other, id, key));
	assert_null(chat_tap_key(text, "4:a1b2c3d4", key));
	assert_null(chat_tap_key(text, "3", key));
	assert_null(chat_tap_key(text, "12345:a1b2c3d4", key));
	assert_null(chat_tap_key("3:a1b2c3d4", id, key));
	assert_null(chat_tap_key("", ":", key));
}

/* What a name or a customer brings along is text, whatever octets it has. */
static void
test_texts_cannot_add_choices(void **state)
{
	(void)state;
	sample(1);
	strcpy(s.body, "To \x1e" "9\x1f" "Pay\x1f");
	assert_true(chat_screen_encode(&s, text, sizeof text));
	chat_screen_parse(text, &back);
	assert_int_equal(back.choices, 1);
	assert_string_equal(back.body, "To  9 Pay ");
	chat_screen_parse("\x02" "m\x1f" "open\x1f" "body", &back);
	assert_int_equal(back.choices, 0);
	assert_string_equal(back.body, " m open body");
}

static void
test_is_refused_where_it_does_not_fit(void **state)
{
	(void)state;
	sample(10);
	assert_false(chat_screen_encode(&s, text, 40));
	assert_string_equal(text, "");
	memset(s.body, 'x', sizeof s.body - 1);
	assert_true(chat_screen_encode(&s, text, sizeof text));
	memset(text, 'y', sizeof text - 1);
	chat_screen_parse(text, &back);
	assert_int_equal(strlen(back.body), CHAT_BODY - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_it_was),
		cmocka_unit_test(test_a_text_has_nothing_to_choose),
		cmocka_unit_test(test_says_it_in_lines),
		cmocka_unit_test(test_buttons_are_few_and_short),
		cmocka_unit_test(test_a_tap_counts_on_its_own_screen_alone),
		cmocka_unit_test(test_texts_cannot_add_choices),
		cmocka_unit_test(test_is_refused_where_it_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
