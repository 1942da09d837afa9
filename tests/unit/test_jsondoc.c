/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/jsondoc.h"

static struct jsondoc *
parse(const char *text, struct buf *problems)
{
	return jsondoc_parse("f.json", text, strlen(text), problems);
}

static void
test_lines(void **state)
{
	static const char text[] =
	    "// head \"comment\" {\n"
	    "{\n"
	    "  \"a\": 1, // one, with \"quotes\" and \\\n"
	    "  \"u\\\"rl\": \"http://x//y\\\\\",\n"
	    "  \"list\": [ 1.5,\n"
	    "    \"t//wo\", true, null,\n"
	    "    { \"deep\":\n"
	    "      [ [ ], { }, -3e2 ] } ],\n"
	    "  \"z\"\n"
	    "  : \"last\" }\n"
	    "// tail";
	struct buf problems = { 0 };
	struct jsondoc *d = parse(text, &problems);
	json_t *root, *list, *deep, *elsewhere = json_integer(1);

	(void)state;
	assert_non_null(d);
	assert_string_equal(buf_str(&problems), "");
	assert_string_equal(jsondoc_file(d), "f.json");
	root = jsondoc_root(d);
	list = json_object_get(root, "list");
	deep = json_object_get(json_array_get(list, 4), "deep");
	assert_int_equal(jsondoc_line(d, root), 2);
	assert_int_equal(jsondoc_line(d, json_object_get(root, "a")), 3);
	assert_string_equal(json_string_value(json_object_get(root, "u\"rl")), "http://x//y\\");
	assert_int_equal(jsondoc_line(d, json_object_get(root, "u\"rl")), 4);
	assert_int_equal(jsondoc_line(d, list), 5);
	assert_int_equal(jsondoc_line(d, json_array_get(list, 0)), 5);
	assert_int_equal(jsondoc_line(d, json_array_get(list, 1)), 6);
	assert_string_equal(json_string_value(json_array_get(list, 1)), "t//wo");
	assert_int_equal(jsondoc_line(d, json_array_get(list, 4)), 7);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(jsondoc_line(d, json_array_get(deep, i)), 8);
	assert_int_equal(jsondoc_line(d, json_object_get(root, "z")), 10);
	assert_int_equal(jsondoc_line(d, elsewhere), 1);
	assert_int_equal(jsondoc_line(d, NULL), 1);
	/* Shared by jansson between all documents: no place of their own. */
	assert_int_equal(jsondoc_line(d, json_array_get(list, 2)), 1);

	jsondoc_problem(d, deep, &problems, "unknown key \"%s\"", "x\ny");
	jsondoc_problem(d, NULL, &problems, "misses \"%d\"", 7);
	assert_string_equal(buf_str(&problems),
	    "f.json:8: unknown key \"x y\"\nf.json:1: misses \"7\"\n");
	buf_clear(&problems);
	json_decref(elsewhere);
	jsondoc_free(d);
	jsondoc_free(NULL);
}

static void
test_many_keys_keep_their_order(void **state)
{
	struct buf text = { 0 }, problems = { 0 };
	struct jsondoc *d;
	char key[16];

	(void)state;
	buf_add_str(&text, "{");
	for (int i = 0; i < 500; i++)
		buf_addf(&text, "%s\n\"k%d\": %d", i > 0 ? "," : "", i * 7919 % 500, i);
	buf_add_str(&text, "}");
	d = jsondoc_parse("f.json", text.p, text.len, &problems);
	assert_non_null(d);
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "k%d", i * 7919 % 500);
		assert_int_equal(jsondoc_line(d, json_object_get(jsondoc_root(d), key)), i + 2);
	}
	jsondoc_free(d);
	buf_clear(&text);
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char *text, *place, *says;
	} rows[] = {
		{ "", "f.json:1: ", "" },
		{ "{\n\"a\": 1,\n\"a\": 2\n}", "f.json:3: ", "duplicate" },
		{ "// x\n{\n\n\"a\": }", "f.json:4: ", "}" },
		{ "[ 1 ]", "f.json:1: ", "one object" },
		{ "\"text\"", "f.json:1: ", "one object" },
		{ "{ \"a\": \"open // }\n", "f.json:1: ", "newline" },
		{ "{ } // fine\n }", "f.json:2: ", "end of file expected" },
		{ "{ / / }", "f.json:1: ", "" },
		{ "{ \"a\": 1 } /", "f.json:1: ", "" },
		{ "{ \"a\": \"\xc3\" }", "f.json:1: ", "0xc3" },
		{ "{ \"a\": \"\\u0000\" }", "f.json:1: ", "" },
		{ "{ \"a\": 99999999999999999999 }", "f.json:1: ", "big" },
		{ "{ \"a\": \"x\\", "f.json:1: ", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf problems = { 0 };

		assert_null(parse(rows[i].text, &problems));
		assert_ptr_equal(strstr(buf_str(&problems), rows[i].place), buf_str(&problems));
		assert_non_null(strstr(buf_str(&problems), rows[i].says));
		assert_ptr_equal(strchr(buf_str(&problems), '\n'),
		    buf_str(&problems) + problems.len - 1);
		buf_clear(&problems);
	}
}

static void
test_depth_is_limited(void **state)
{
	struct buf text = { 0 }, problems = { 0 };

	(void)state;
	buf_add_str(&text, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&text, '[');
	assert_null(jsondoc_parse("f.json", text.p, text.len, &problems));
	assert_non_null(strstr(buf_str(&problems), "depth"));
	buf_reset(&text);
	buf_reset(&problems);
	buf_add_str(&text, "{\"a\":");
	for (int i = 0; i < 2000; i++)
		buf_add_char(&text, '[');
	for (int i = 0; i < 2000; i++)
		buf_add_char(&text, ']');
	buf_add_char(&text, '}');
	struct jsondoc *d = jsondoc_parse("f.json", text.p, text.len, &problems);

	assert_non_null(d);
	jsondoc_free(d);
	buf_clear(&text);
	buf_clear(&problems);
}

static void
test_nearest(void **state)
{
	static const char *const known[] = {
		"listen", "redis", "timezone", "limits", "tenants", "pin"
	};
	static const struct {
		const char *key, *nearest;
	} rows[] = {
		{ "lisen", "listen" }, { "listne", "listen" }, { "Redis", "redis" },
		{ "redsi", "redis" }, { "time_zone", "timezone" }, { "tennants", "tenants" },
		{ "limit", "limits" }, { "ipn", "pin" }, { "zz", NULL }, { "", NULL },
		{ "completely", NULL },
		{ "a_key_that_is_very_much_longer_than_any_key_has_a_right_to_be_in_a_file", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const char *found = jsondoc_nearest(rows[i].key, known, NELEM(known));

		if (rows[i].nearest == NULL)
			assert_null(found);
		else
			assert_string_equal(found, rows[i].nearest);
	}
	assert_null(jsondoc_nearest("x", NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_many_keys_keep_their_order),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_depth_is_limited),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
