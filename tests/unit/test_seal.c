/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, keyed hashes, the names of keys, and the table of families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/name.h"
#include "store/seal.h"

static const unsigned char keys[3][SEAL_KEY] = { "the newest key, 32 octets long..",
    "the one before", "the oldest" };
static const unsigned char ids[3] = { 7, 3, 1 };
static const char text[] = "token 1234567890";
static const char ad[] = "record{p:001}int:x";

static void
close_one(const struct seal *s, unsigned char out[sizeof text + SEAL_OVERHEAD])
{
	seal_close(s, ad, sizeof ad, text, sizeof text, out);
}

static void
test_what_is_sealed_opens(void **state)
{
	unsigned char sealed[sizeof text + SEAL_OVERHEAD], again[sizeof sealed], out[sizeof text];
	struct seal s;

	(void)state;
	assert_true(seal_init(&s, keys, ids, 3));
	close_one(&s, sealed);
	assert_int_equal(sealed[0], ids[0]);
	assert_null(memmem(sealed, sizeof sealed, "1234567890", 10));
	assert_true(seal_open(&s, ad, sizeof ad, sealed, sizeof sealed, out));
	assert_memory_equal(out, text, sizeof text);
	close_one(&s, again);
	assert_memory_not_equal(again, sealed, sizeof sealed);
	seal_wipe(&s);
	assert_int_equal(s.n, 0);
}

static void
test_nothing_else_opens(void **state)
{
	unsigned char sealed[sizeof text + SEAL_OVERHEAD], out[sizeof text];
	struct seal s;

	(void)state;
	assert_true(seal_init(&s, keys, ids, 3));
	close_one(&s, sealed);
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 0x10;
		assert_false(seal_open(&s, ad, sizeof ad, sealed, sizeof sealed, out));
		sealed[i] ^= 0x10;
	}
	for (size_t n = 0; n < sizeof sealed; n++)
		assert_false(seal_open(&s, ad, sizeof ad, sealed, n, out));
	assert_false(seal_open(&s, ad, sizeof ad - 1, sealed, sizeof sealed, out));
	assert_false(seal_open(&s, "record{p:002}int:x", sizeof ad, sealed, sizeof sealed, out));
}

static void
test_empty_values(void **state)
{
	unsigned char sealed[SEAL_OVERHEAD], none[1];
	struct seal s;

	(void)state;
	assert_true(seal_init(&s, keys, ids, 1));
	seal_close(&s, ad, sizeof ad, NULL, 0, sealed);
	assert_true(seal_open(&s, ad, sizeof ad, sealed, sizeof sealed, none));
}

static void
test_rotation(void **state)
{
	unsigned char sealed[sizeof text + SEAL_OVERHEAD], out[sizeof text], a[SEAL_HASH],
	    b[SEAL_HASH];
	char before[2 * SEAL_HASH + 1], after[2 * SEAL_HASH + 1];
	struct seal old, new, other;

	(void)state;
	assert_true(seal_init(&old, keys + 1, ids + 1, 2));
	assert_true(seal_init(&new, keys, ids, 3));
	assert_true(seal_init(&other, keys, ids, 1));
	close_one(&old, sealed);
	assert_true(seal_open(&new, ad, sizeof ad, sealed, sizeof sealed, out));
	assert_false(seal_open(&other, ad, sizeof ad, sealed, sizeof sealed, out));
	seal_fingerprint(&old, before);
	seal_fingerprint(&new, after);
	assert_string_equal(before, after);
	seal_fingerprint(&other, after);
	assert_string_not_equal(before, after);
	seal_mac(&old, "x", 1, a);
	seal_mac(&new, "x", 1, b);
	assert_memory_equal(a, b, SEAL_HASH);
}

static void
test_key_lists(void **state)
{
	static const unsigned char many[SEAL_KEYS + 1][SEAL_KEY], twice[] = { 1, 2, 1 };
	static const unsigned char count[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct seal s;

	(void)state;
	assert_false(seal_init(&s, keys, ids, 0));
	assert_false(seal_init(&s, keys, twice, 3));
	assert_true(seal_init(&s, many, count, SEAL_KEYS));
	assert_false(seal_init(&s, many, count, SEAL_KEYS + 1));
}

static void
test_hashes_are_kept_apart(void **state)
{
	unsigned char a[SEAL_HASH], b[SEAL_HASH], c[SEAL_HASH];
	struct seal s;

	(void)state;
	assert_true(seal_init(&s, keys, ids, 1));
	seal_name(&s, 'o', "27821234567", a);
	seal_name(&s, 'i', "27821234567", b);
	seal_mac(&s, "o27821234567", 12, c);
	assert_memory_not_equal(a, b, SEAL_HASH);
	assert_memory_not_equal(a, c, SEAL_HASH);
}

static struct store_key
key_of(enum store_family family, const char *owner, const char *id)
{
	struct store_key k = { .family = family };

	assert_true(str_copy(k.owner, sizeof k.owner, owner));
	assert_true(str_copy(k.id, sizeof k.id, id));
	return k;
}

static void
test_names(void **state)
{
	static const char phone[] = "27821234567";
	struct store_name name, other;
	struct store_namer n = { 0 };
	struct store_key k;
	struct seal s;

	(void)state;
	assert_true(seal_init(&s, keys, ids, 1));
	n.seal = &s;
	for (int f = 0; f < STORE_FAMILIES; f++) {
		k = key_of((enum store_family)f, "5987/27821234567",
		    f == STORE_COUNTER || f == STORE_RECEIPT ? phone : "id");
		store_name(&n, &k, &name);
		assert_int_equal(name.len, strlen(name.text));
		assert_null(strstr(name.text, phone));
		assert_int_equal(name.text[1], store_families[f].tag);
		assert_memory_equal(strchr(name.text, '}') + 1, store_families[f].name, 3);
		/* A list that each bucket has one of has no owner behind its noun, and is no record. */
		if (strchr(strchr(name.text, '}'), ':') != NULL)
			assert_int_equal(store_name_family(name.text, name.len), f);
		assert_int_equal(store_name_family(name.text, 9), STORE_FAMILIES);
		assert_true(name.bucket < store_families[f].buckets);
		assert_int_equal(name.bucket, store_name_bucket(&n, (enum store_family)f, k.owner));
		str_copy(k.owner, sizeof k.owner, "5987/27821234568");
		store_name(&n, &k, &other);
		if (f != STORE_DUE && (f < STORE_OUTBOX || f > STORE_DEAD))
			assert_string_not_equal(name.text, other.text);
	}
	k = key_of(STORE_SESSION, "5987/27821234567", "acme-ussd");
	store_name(&n, &k, &name);
	assert_string_equal(name.text + 10 + 33, ":acme-ussd");
	k = key_of(STORE_PIN, "5987/27821234567", "");
	store_name(&n, &k, &other);
	assert_int_equal(other.len, 10 + 33);
	assert_memory_equal(name.text, other.text, 7);
	store_name_same(&name, &other);
}

/* One owner's families of one tag are in one bucket, and no two families share a name. */
static void
test_families(void **state)
{
	(void)state;
	for (int i = 0; i < STORE_FAMILIES; i++) {
		assert_int_equal(strlen(store_families[i].name), 3);
		assert_true(store_families[i].buckets > 0 && store_families[i].buckets <= 1000);
		assert_true(store_families[i].cap > 0);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(store_families[i].name, store_families[j].name);
			if (store_families[i].tag == store_families[j].tag)
				assert_int_equal(store_families[i].buckets,
				    store_families[j].buckets);
		}
	}
	assert_int_equal(store_families[STORE_DUE].tag, store_families[STORE_INTENT].tag);
	assert_int_equal(store_families[STORE_DUE].tag, store_families[STORE_SIGNUP].tag);
	assert_int_equal(store_families[STORE_DUE].tag, store_families[STORE_PIN_ORDER].tag);
	for (int i = STORE_OUTBOX; i <= STORE_DEAD; i++)
		assert_int_equal(store_families[i].tag, store_families[STORE_MESSAGE].tag);
	assert_int_equal(store_families[STORE_STRAY].tag, store_families[STORE_RECEIPT].tag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sealed_opens),
		cmocka_unit_test(test_nothing_else_opens),
		cmocka_unit_test(test_empty_values),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_key_lists),
		cmocka_unit_test(test_hashes_are_kept_apart),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
