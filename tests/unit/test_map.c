/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define MANY 3000

static int cells[MANY];

static void
test_put_get_remove(void **state)
{
	struct map *m = map_new();
	int a, b;

	(void)state;
	assert_null(map_get(m, "x", 1));
	assert_null(map_remove(m, "x", 1));
	assert_null(map_put(m, "x", 1, &a));
	assert_ptr_equal(map_get(m, "x", 1), &a);
	assert_ptr_equal(map_put(m, "x", 1, &b), &a);
	assert_ptr_equal(map_get(m, "x", 1), &b);
	assert_int_equal(map_count(m), 1);
	assert_ptr_equal(map_remove(m, "x", 1), &b);
	assert_null(map_get(m, "x", 1));
	assert_int_equal(map_count(m), 0);
	map_free(m);
	map_free(NULL);
}

/* Keys are octets with a length, and copied. */
static void
test_keys(void **state)
{
	static const struct {
		const char *p;
		size_t n;
	} keys[] = {
		{ "", 0 }, { "\0", 1 }, { "\0\0", 2 }, { "a", 1 }, { "a\0", 2 }, { "ab", 2 },
		{ "abcdefgh", 8 }, { "abcdefgh\0", 9 }, { "abcdefgi", 8 }, { "abcdefghi", 9 },
	};
	struct map *m = map_new();
	char key[16];

	(void)state;
	for (size_t i = 0; i < NELEM(keys); i++) {
		memcpy(key, keys[i].p, keys[i].n);
		assert_null(map_put(m, key, keys[i].n, &cells[i]));
		memset(key, 0x55, sizeof key);
	}
	for (size_t i = 0; i < NELEM(keys); i++)
		assert_ptr_equal(map_get(m, keys[i].p, keys[i].n), &cells[i]);
	assert_int_equal(map_count(m), NELEM(keys));
	map_free(m);
}

static void
on_each(void *arg, const void *key, size_t n, void *value)
{
	uint64_t k;

	assert_int_equal(n, sizeof k);
	memcpy(&k, key, n);
	assert_ptr_equal(value, &cells[k]);
	assert_int_equal(cells[k], 0);
	cells[k] = 1;
	++*(int *)arg;
}

static void
test_many(void **state)
{
	struct map *m = map_new();
	int seen = 0;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		assert_null(map_put_u64(m, i, &cells[i]));
	for (uint64_t i = 0; i < MANY; i += 3)
		assert_ptr_equal(map_remove_u64(m, i), &cells[i]);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(map_get_u64(m, i), i % 3 == 0 ? NULL : &cells[i]);
	assert_int_equal(map_count(m), MANY - MANY / 3);
	map_each(m, on_each, &seen);
	assert_int_equal(seen, MANY - MANY / 3);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(cells[i], i % 3 != 0);
	map_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_get_remove),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
