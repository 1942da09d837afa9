/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"

static void
test_empty(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_str(&b), "");
	buf_reset(&b);
	buf_clear(&b);
	buf_add(&b, "", 0);
	buf_addf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
}

static void
test_add(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_add_str(&b, "cd");
	buf_add_char(&b, 'e');
	buf_addf(&b, "-%d-%s", 42, "x");
	assert_int_equal(b.len, 11);
	assert_memory_equal(b.p, "a\0bcde-42-x", 12);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	assert_true(b.cap > 0);
	buf_add_str(&b, "again");
	assert_string_equal(buf_str(&b), "again");
	buf_clear(&b);
	assert_null(b.p);
	assert_int_equal(b.len + b.cap, 0);
}

static void
test_growth(void **state)
{
	struct buf b = { 0 };
	char big[5000];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		buf_add_char(&b, (char)('a' + i % 26));
		assert_true(b.cap > b.len);
		assert_int_equal(b.p[b.len], '\0');
	}
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.p[i], 'a' + i % 26);
	memset(big, 'z', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	buf_addf(&b, "%s!", big);
	assert_int_equal(b.len, 10000 + sizeof big);
	assert_string_equal(b.p + b.len - 2, "z!");
	buf_clear(&b);
}

static void
test_recycle(void **state)
{
	struct buf b = { 0 };
	char *p;

	(void)state;
	buf_recycle(&b, 100);
	buf_add_str(&b, "secret");
	p = b.p;
	buf_recycle(&b, 1000);
	assert_ptr_equal(b.p, p);
	assert_int_equal(b.len, 0);
	assert_memory_equal(p, "\0\0\0\0\0\0", 6);
	buf_add_str(&b, "again");
	buf_recycle(&b, 1);
	assert_null(b.p);
	assert_int_equal(b.cap, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recycle),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
