/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle keeps its files in order, has one version for one content, and comes back from octets or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/bundle.h"

static struct bundle *
two_files(void)
{
	struct bundle *b = bundle_new();

	bundle_add(b, "templates/en.json", "{}", 2);
	bundle_add(b, "menus/wallet.json", "{ \"menu\": 1 }\0x", 15);
	return b;
}

static void
test_files(void **state)
{
	struct bundle *b = two_files();
	size_t len = 0;

	(void)state;
	bundle_add(b, "menus/acme.json", "old", 3);
	bundle_add(b, "menus/acme.json", "newer", 5);
	assert_int_equal(bundle_n(b), 3);
	assert_string_equal(bundle_name(b, 0), "menus/acme.json");
	assert_string_equal(bundle_name(b, 1), "menus/wallet.json");
	assert_string_equal(bundle_name(b, 2), "templates/en.json");
	assert_string_equal(bundle_find(b, "menus/acme.json", &len), "newer");
	assert_int_equal(len, 5);
	assert_int_equal(bundle_find(b, "menus/wallet.json", &len)[14], 'x');
	assert_int_equal(len, 15);
	assert_null(bundle_find(b, "menus/wallet", NULL));
	bundle_free(b);
	bundle_free(NULL);
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "a b", ".hidden", "a/.b" };

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (bundle_name_ok(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	assert_true(bundle_name_ok("menus/parts/pin-2.json"));
}

/* The same content has the same version in whatever order it came; every other one has another. */
static void
test_version(void **state)
{
	struct bundle *a = two_files(), *b = bundle_new();
	char one[BUNDLE_VERSION], two[BUNDLE_VERSION];

	(void)state;
	bundle_add(b, "menus/wallet.json", "{ \"menu\": 1 }\0x", 15);
	bundle_add(b, "templates/en.json", "{}", 2);
	bundle_root(b, "menus/", "/etc/isango/menus/");
	bundle_version(a, one);
	bundle_version(b, two);
	assert_int_equal(strlen(one), 16);
	assert_string_equal(one, two);
	bundle_add(b, "templates/en.json", "{ }", 3);
	bundle_version(b, two);
	assert_string_not_equal(one, two);
	bundle_free(b);
	b = bundle_new();
	bundle_add(b, "menus/wallet.json", "{ \"menu\": 1 }\0x", 15);
	bundle_add(b, "templates/zu.json", "{}", 2);
	bundle_version(b, two);
	assert_string_not_equal(one, two);
	bundle_free(a);
	bundle_free(b);
}

static void
test_octets(void **state)
{
	struct bundle *b = two_files(), *again;
	struct buf octets = { 0 };
	char one[BUNDLE_VERSION], two[BUNDLE_VERSION];

	(void)state;
	bundle_write(b, &octets);
	again = bundle_read(octets.p, octets.len);
	assert_non_null(again);
	bundle_version(b, one);
	bundle_version(again, two);
	assert_string_equal(one, two);
	bundle_free(again);
	for (size_t n = 0; n < octets.len; n++) {
		char *part = xcalloc(n + 1, 1);		/* of its own, for the sanitizer to see what is behind it */

		memcpy(part, octets.p, n);
		assert_null(bundle_read(part, n));
		free(part);
	}
	buf_add_char(&octets, 'x');
	assert_null(bundle_read(octets.p, octets.len));
	buf_clear(&octets);
	bundle_free(b);
}

/* Each octet changed: never a crash, and what is read is written the same way. */
static void
test_damaged_octets(void **state)
{
	struct bundle *b = two_files(), *again;
	struct buf octets = { 0 }, back = { 0 };

	(void)state;
	bundle_write(b, &octets);
	for (size_t i = 0; i < octets.len; i++) {
		octets.p[i] = (char)(octets.p[i] ^ 0x81);
		again = bundle_read(octets.p, octets.len);
		if (again != NULL) {
			buf_reset(&back);
			bundle_write(again, &back);
			assert_int_equal(back.len, octets.len);
			assert_memory_equal(back.p, octets.p, back.len);
		}
		bundle_free(again);
		octets.p[i] = (char)(octets.p[i] ^ 0x81);
	}
	/* Out of order. */
	*(char *)memmem(octets.p, octets.len, "templates", 9) = 'a';
	assert_null(bundle_read(octets.p, octets.len));
	buf_clear(&octets);
	buf_clear(&back);
	bundle_free(b);
}

static void
test_limits(void **state)
{
	struct bundle *b = bundle_new();
	char *much = xcalloc(BUNDLE_OCTETS, 1);

	(void)state;
	bundle_add(b, "a", much, BUNDLE_OCTETS - 1);
	assert_false(bundle_is_full(b));
	bundle_add(b, "b", "", 0);
	assert_true(bundle_is_full(b));
	assert_null(bundle_find(b, "b", NULL));
	free(much);
	bundle_free(b);
}

static void
test_paths(void **state)
{
	struct bundle *b = bundle_new();
	char path[BUNDLE_PATH];

	(void)state;
	bundle_root(b, "menus/", "/etc/isango/menus/");
	bundle_path(b, "menus/parts/pin.json", path);
	assert_string_equal(path, "/etc/isango/menus/parts/pin.json");
	bundle_path(b, "templates/en.json", path);
	assert_string_equal(path, "templates/en.json");
	bundle_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_damaged_octets),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
