/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/vars.h"

static void
test_set_and_get(void **state)
{
	struct vars v = { 0 };

	(void)state;
	assert_string_equal(vars_get(&v, "a"), "");
	assert_true(vars_set(&v, "a", "one"));
	assert_true(vars_set(&v, "ab", "two"));
	assert_true(vars_set_i64(&v, "n", INT64_MIN));
	assert_string_equal(vars_get(&v, "a"), "one");
	assert_string_equal(vars_get(&v, "ab"), "two");
	assert_int_equal(vars_get_i64(&v, "n"), INT64_MIN);
	assert_int_equal(vars_get_i64(&v, "a"), 0);
	assert_int_equal(vars_get_i64(&v, "none"), 0);
	assert_true(vars_has(&v, "a"));
	/* A value is no name. */
	assert_false(vars_has(&v, "one"));

	assert_true(vars_set(&v, "a", "a longer one"));
	assert_string_equal(vars_get(&v, "a"), "a longer one");
	assert_string_equal(vars_get(&v, "ab"), "two");
	assert_true(vars_set(&v, "a", ""));
	assert_false(vars_has(&v, "a"));
	vars_unset(&v, "n");
	vars_unset(&v, "n");
	assert_false(vars_has(&v, "n"));
	assert_true(vars_valid(&v));
	assert_int_equal(v.len, sizeof "ab" + sizeof "two");
}

static void
test_lists(void **state)
{
	struct vars v = { 0 };

	(void)state;
	assert_true(vars_set(&v, "pending.n", "2"));
	assert_true(vars_set_item(&v, "pending", 1, "amount", "100"));
	assert_true(vars_set_item(&v, "pending", 12, "amount", "1200"));
	assert_true(vars_set(&v, "pending", "x"));
	assert_true(vars_set(&v, "pendings", "kept"));
	assert_string_equal(vars_item(&v, "pending", 1, "amount"), "100");
	assert_string_equal(vars_get(&v, "pending.12.amount"), "1200");
	assert_string_equal(vars_item(&v, "pending", 2, "amount"), "");
	vars_unset_list(&v, "pending");
	assert_false(vars_has(&v, "pending"));
	assert_false(vars_has(&v, "pending.n"));
	assert_false(vars_has(&v, "pending.12.amount"));
	assert_string_equal(vars_get(&v, "pendings"), "kept");
	assert_int_equal(v.len, sizeof "pendings" + sizeof "kept");
	vars_unset_list(&v, "pendings");
	assert_int_equal(v.len, 0);
	vars_unset_list(&v, "none");
}

static void
test_limits(void **state)
{
	struct vars v = { 0 };
	char name[VARS_NAME + 1], value[VARS_SIZE + 1];

	(void)state;
	memset(name, 'n', sizeof name);
	memset(value, 'v', sizeof value);
	value[VARS_SIZE] = '\0';
	assert_false(vars_set(&v, "", "x"));
	name[VARS_NAME] = '\0';
	assert_false(vars_set(&v, name, "x"));
	assert_false(vars_set_item(&v, name, 1, "f", "x"));
	assert_string_equal(vars_item(&v, name, 1, "f"), "");
	name[VARS_NAME - 1] = '\0';
	assert_true(vars_set(&v, name, "x"));
	vars_unset(&v, name);

	assert_true(vars_set(&v, "a", "old"));
	assert_false(vars_set(&v, "a", value));
	assert_false(vars_has(&v, "a"));
	value[VARS_SIZE - 4] = '\0';
	assert_true(vars_set(&v, "b", "x"));
	assert_false(vars_set(&v, "a", value));
	vars_unset(&v, "b");
	value[VARS_SIZE - 4] = 'v';
	value[VARS_SIZE - 3] = '\0';
	assert_true(vars_set(&v, "a", value));
	assert_int_equal(v.len, VARS_SIZE);
	assert_string_equal(vars_get(&v, "a"), value);
	assert_true(vars_valid(&v));
	assert_true(vars_set(&v, "a", value));
	assert_false(vars_set(&v, "b", "x"));
}

/* Values and names that lie in the same variables, before and behind what is cut out. */
static void
test_set_from_itself(void **state)
{
	static const char *const order[] = { "a", "b", "c" };

	(void)state;
	for (size_t to = 0; to < NELEM(order); to++)
		for (size_t from = 0; from < NELEM(order); from++) {
			struct vars v = { 0 };
			char want[16];

			assert_true(vars_set(&v, "a", "first value"));
			assert_true(vars_set(&v, "b", "2nd"));
			assert_true(vars_set(&v, "c", "the third"));
			strcpy(want, vars_get(&v, order[from]));
			assert_true(vars_set(&v, order[to], vars_get(&v, order[from])));
			assert_string_equal(vars_get(&v, order[to]), want);
			assert_string_equal(vars_get(&v, order[from]), want);
			assert_true(vars_set(&v, vars_get(&v, order[to]), "named"));
			assert_string_equal(vars_get(&v, want), "named");
			assert_true(vars_valid(&v));
		}
}

/* A name in the variables that is itself replaced. */
static void
test_name_is_cut_out(void **state)
{
	struct vars v = { 0 };

	(void)state;
	assert_true(vars_set(&v, "x", "y"));
	assert_true(vars_set(&v, "y", "z"));
	assert_true(vars_set(&v, v.p, "new"));
	assert_string_equal(vars_get(&v, "x"), "new");
	assert_string_equal(vars_get(&v, "y"), "z");
	assert_int_equal(v.len, 2 * 2 + 4 + 2);
}

static void
test_valid(void **state)
{
	struct vars v = { 0 };

	(void)state;
	assert_true(vars_valid(&v));
	memcpy(v.p, "a\0b", 4);
	v.len = 4;
	assert_true(vars_valid(&v));
	v.len = 3;
	assert_false(vars_valid(&v));
	v.len = 2;
	assert_false(vars_valid(&v));
	v.len = VARS_SIZE + 1;
	assert_false(vars_valid(&v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_get),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_set_from_itself),
		cmocka_unit_test(test_name_is_cut_out),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
