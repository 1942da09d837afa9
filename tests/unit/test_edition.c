/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/edition.h"

#define MINUTE INT64_C(60000)

static void
version_of(unsigned n, char out[BUNDLE_VERSION])
{
	str_format(out, BUNDLE_VERSION, "%016x", n);
}

static struct edition
edition_of(unsigned n, int64_t at)
{
	struct edition e = { .at = at, .who = "thandi", .note = "" };

	version_of(n, e.version);
	str_format(e.note, sizeof e.note, "number %u", n);
	return e;
}

/* Versions 1 to n, a minute apart. */
static struct editions *
published(unsigned n)
{
	struct editions *all = xcalloc(1, sizeof *all);

	for (unsigned i = 1; i <= n; i++) {
		struct edition e = edition_of(i, i * MINUTE);

		assert_true(editions_add(all, &e));
	}
	return all;
}

static const struct edition *
find(const struct editions *all, unsigned n)
{
	char version[BUNDLE_VERSION];

	version_of(n, version);
	return editions_find(all, version);
}

static bool
is_third(void *arg, const char *version)
{
	(void)arg;
	return strcmp(version, "0000000000000003") == 0;
}

static bool
nobody(void *arg, const char *version)
{
	(void)arg, (void)version;
	return false;
}

static void
test_written_and_read(void **state)
{
	struct editions *all = published(3), *again = xcalloc(1, sizeof *again);
	struct buf b = { 0 };

	(void)state;
	all->edition[2].gone = true;
	editions_encode(all, &b);
	assert_true(editions_decode(b.p, b.len, again));
	assert_int_equal(again->n, all->n);
	for (size_t i = 0; i < all->n; i++) {
		const struct edition *a = &all->edition[i], *read = &again->edition[i];

		assert_string_equal(a->version, read->version);
		assert_string_equal(a->who, read->who);
		assert_string_equal(a->note, read->note);
		assert_true(a->at == read->at && a->gone == read->gone);
	}
	for (size_t n = 1; n < b.len; n++)
		(void)!editions_decode(b.p, n, again);
	assert_false(editions_decode(b.p, b.len - 1, again));
	assert_false(editions_decode("\0\0", 2, again));
	assert_false(editions_decode("\0", 1, again));
	assert_true(editions_decode("", 0, again));
	assert_int_equal(again->n, 0);
	buf_clear(&b);
	free(all);
	free(again);
}

/* The longest of all fit the record that they are kept in (store/families.c). */
static void
test_most_fit_their_record(void **state)
{
	struct editions *all = xcalloc(1, sizeof *all);
	struct buf b = { 0 };

	(void)state;
	for (unsigned i = 0; i < EDITIONS_MAX; i++) {
		struct edition *e = &all->edition[all->n++];

		*e = edition_of(i, INT64_MAX / 2);
		memset(e->who, 'w', sizeof e->who - 1);
		memset(e->note, 'n', sizeof e->note - 1);
		e->gone = true;
	}
	editions_encode(all, &b);
	assert_true(b.len < 64 * 1024);
	buf_clear(&b);
	free(all);
}

static void
test_pointer(void **state)
{
	struct edition_pointer p = { .version = "0123456789abcdef", .at = 5, .kept = 3, .dropped = 4 }, again;
	struct buf b = { 0 };

	(void)state;
	edition_pointer_encode(&p, &b);
	assert_true(edition_pointer_decode(b.p, b.len, &again));
	assert_string_equal(again.version, p.version);
	assert_true(again.at == 5 && again.kept == 3 && again.dropped == 4);
	assert_true(b.len < 1024);
	buf_reset(&b);
	str_copy(p.version, sizeof p.version, "0123");
	edition_pointer_encode(&p, &b);
	assert_false(edition_pointer_decode(b.p, b.len, &again));
	buf_clear(&b);
}

static void
test_versions(void **state)
{
	(void)state;
	assert_true(edition_version_ok("0123456789abcdef"));
	assert_false(edition_version_ok("0123456789abcde"));
	assert_false(edition_version_ok("0123456789abcdef0"));
	assert_false(edition_version_ok("0123456789ABCDEF"));
	assert_false(edition_version_ok(""));
}

static void
test_plain(void **state)
{
	char out[8];

	(void)state;
	edition_plain("a\nb\033c", out, sizeof out);
	assert_string_equal(out, "abc");
	edition_plain("12345678", out, sizeof out);
	assert_string_equal(out, "1234567");
	edition_plain("12345ê8", out, sizeof out);
	assert_string_equal(out, "12345ê");
	edition_plain("123456ê", out, sizeof out);	/* not half of a letter */
	assert_string_equal(out, "123456");
	edition_plain("\xff" "a\xc2\x9b", out, sizeof out);
	assert_string_equal(out, "a");
}

static void
test_retire(void **state)
{
	struct editions *all = published(6);
	char out[4][BUNDLE_VERSION];

	(void)state;
	assert_false(editions_crowded(all, 6 * MINUTE, 2));	/* replaced too lately, all of them */
	assert_int_equal(editions_retire(all, 6 * MINUTE, 2, nobody, NULL, out, 4), 0);
	/* 1 and 2 were replaced at 2 and 3. */
	assert_true(editions_crowded(all, 13 * MINUTE, 2));
	assert_int_equal(editions_retire(all, 13 * MINUTE, 2, nobody, NULL, out, 4), 2);
	assert_string_equal(out[0], "0000000000000002");
	assert_string_equal(out[1], "0000000000000001");
	assert_null(find(all, 1));
	assert_null(find(all, 2));
	assert_int_equal(all->n, 6);
	assert_false(editions_crowded(all, 13 * MINUTE, 2));
	/* 3 is used; 5 and 6 are the last two. */
	assert_int_equal(editions_retire(all, 60 * MINUTE, 2, is_third, NULL, out, 4), 1);
	assert_string_equal(out[0], "0000000000000004");
	assert_non_null(find(all, 3));
	assert_non_null(find(all, 5));
	assert_int_equal(editions_retire(all, 60 * MINUTE, 0, nobody, NULL, out, 1), 1);
	assert_string_equal(out[0], "0000000000000005");
	assert_int_equal(editions_retire(all, 60 * MINUTE, 0, nobody, NULL, out, 4), 1);
	assert_string_equal(out[0], "0000000000000003");
	assert_non_null(find(all, 6));				/* what dialogues begin on never goes */
	free(all);
}

/* Rolled back to: the old one counts as the last, and is one version of those that are kept. */
static void
test_published_again(void **state)
{
	struct editions *all = published(3);
	struct edition e = edition_of(1, 4 * MINUTE);
	char out[4][BUNDLE_VERSION];

	(void)state;
	assert_true(editions_add(all, &e));
	assert_int_equal(find(all, 1)->at, 4 * MINUTE);
	assert_int_equal(editions_kept(all), 3);
	assert_int_equal(editions_retire(all, 60 * MINUTE, 2, nobody, NULL, out, 4), 1);
	assert_string_equal(out[0], "0000000000000002");
	e = edition_of(2, 61 * MINUTE);				/* from the files, which hold it yet */
	assert_true(editions_add(all, &e));
	assert_int_equal(find(all, 2)->at, 61 * MINUTE);
	for (size_t i = 0; i < all->n; i++)
		assert_false(all->edition[i].gone);
	free(all);
}

static void
test_full(void **state)
{
	struct editions *all = published(EDITIONS_MAX);
	struct edition e = edition_of(5000, 5000 * MINUTE), same = edition_of(7, 5001 * MINUTE);

	(void)state;
	assert_false(editions_add(all, &e));
	assert_int_equal(all->n, EDITIONS_MAX);
	all->edition[EDITIONS_MAX - 4].gone = true;		/* version 4 */
	assert_true(editions_add(all, &e));
	assert_int_equal(all->n, EDITIONS_MAX);
	assert_non_null(find(all, 1));
	assert_non_null(find(all, 5000));
	assert_true(editions_add(all, &same));			/* the older one of it goes */
	assert_int_equal(find(all, 7)->at, 5001 * MINUTE);
	assert_int_equal(all->n, EDITIONS_MAX);
	assert_string_equal(all->edition[1].version, e.version);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_and_read),
		cmocka_unit_test(test_most_fit_their_record),
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_published_again),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
