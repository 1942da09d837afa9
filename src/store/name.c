/* SPDX-License-Identifier: Apache-2.0 */
#include "store/name.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "store/seal.h"

#define ID_HASHED 1
#define BY_BUCKET 2	/* one list per bucket, whatever the owner */
#define OF_RECORDS 4	/* a list of names of records */
#define ROLLS 8		/* a list whose oldest item goes at the cap */

/* An SMSC's message id and what a counter counts may hold a phone. */
static const unsigned char traits[STORE_FAMILIES] = {
	[STORE_DUE] = BY_BUCKET | OF_RECORDS,
	[STORE_OUTBOX] = BY_BUCKET | OF_RECORDS,
	[STORE_OUTBOX_RESULT] = BY_BUCKET | OF_RECORDS,
	[STORE_OUTBOX_NOTICE] = BY_BUCKET | OF_RECORDS,
	[STORE_DEAD] = BY_BUCKET | ROLLS,
	[STORE_RECEIPT] = ID_HASHED,
	[STORE_COUNTER] = ID_HASHED,
	[STORE_PERSON] = BY_BUCKET | OF_RECORDS,
	[STORE_HISTORY] = ROLLS,
};

static const unsigned char *
owner_hash(struct store_namer *n, const char *owner)
{
	if (!n->filled || strcmp(owner, n->owner) != 0) {
		if (!str_copy(n->owner, sizeof n->owner, owner))
			fatalx("store: owner of %zu octets", strlen(owner));
		seal_name(n->seal, 'o', owner, n->hash);
		n->filled = true;
	}
	return n->hash;
}

unsigned
store_name_bucket(struct store_namer *n, enum store_family family, const char *owner)
{
	const unsigned char *h = owner_hash(n, owner);

	return (h[0] | (unsigned)h[1] << 8) % store_families[family].buckets;
}

static void
add(struct store_name *out, const void *p, size_t n)
{
	if (n >= sizeof out->text - out->len)
		fatalx("store: name of a key is too long");
	memcpy(out->text + out->len, p, n);
	out->len += n;
	out->text[out->len] = '\0';
}

/* Put together by hand: each turn names three keys. */
void
store_name_list(enum store_family family, unsigned bucket, struct store_name *out)
{
	const struct store_row *row = &store_families[family];
	const char tag[] = { '{', row->tag, ':', (char)('0' + bucket / 100 % 10),
	    (char)('0' + bucket / 10 % 10), (char)('0' + bucket % 10), '}' };

	if (bucket > 999)
		fatalx("store: bucket %u", bucket);
	out->len = 0;
	out->bucket = bucket;
	add(out, tag, sizeof tag);
	add(out, row->name, strlen(row->name));
}

void
store_name_part(const char *part, struct store_name *out)
{
	if (part[0] == '\0')
		return;
	add(out, ":", 1);
	add(out, part, strlen(part));
}

static void
add_hash(struct store_name *out, const unsigned char hash[SEAL_HASH])
{
	char hex[2 * SEAL_HASH + 1];

	str_hex(hash, SEAL_HASH, hex);
	add(out, ":", 1);
	add(out, hex, 2 * SEAL_HASH);
}

void
store_name(struct store_namer *n, const struct store_key *key, struct store_name *out)
{
	unsigned char hash[SEAL_HASH];

	store_name_list(key->family, store_name_bucket(n, key->family, key->owner), out);
	if (traits[key->family] & BY_BUCKET) {
		store_name_part(key->id, out);
		return;
	}
	add_hash(out, n->hash);
	if (key->id[0] == '\0')
		return;
	if (traits[key->family] & ID_HASHED) {
		seal_name(n->seal, 'i', key->id, hash);
		add_hash(out, hash);
	} else {
		add(out, ":", 1);
		add(out, key->id, strlen(key->id));
	}
}

enum store_family
store_name_family(const char *name, size_t len)
{
	const char *at = memchr(name, '}', len);
	size_t left = at != NULL ? len - (size_t)(++at - name) : 0;

	for (int f = 0; f < STORE_FAMILIES; f++) {
		const char *noun = store_families[f].name;
		size_t n = noun != NULL ? strlen(noun) : 0;

		if (n > 0 && n < left && memcmp(at, noun, n) == 0 && at[n] == ':')
			return (enum store_family)f;
	}
	return STORE_FAMILIES;
}

bool
store_list_rolls(enum store_family list)
{
	return (traits[list] & ROLLS) != 0;
}

void
store_name_range(struct store_namer *n, const struct store_range *r, struct store_name *out)
{
	if (traits[r->key.family] & BY_BUCKET)
		store_name_list(r->key.family, r->bucket, out);
	else
		store_name(n, &r->key, out);
}

const char *
store_name_member(struct store_namer *n, const struct store_op *op, struct store_name *scratch,
    size_t *len)
{
	if (!(traits[op->key.family] & OF_RECORDS)) {
		*len = strlen(op->item);
		return op->item;
	}
	store_name(n, &op->ref, scratch);
	*len = scratch->len;
	return scratch->text;
}

void
store_name_same(const struct store_name *a, const struct store_name *b)
{
	size_t n = strcspn(a->text, "}") + 1;

	if (strncmp(a->text, b->text, n) != 0)
		fatalx("store: keys of two buckets, %.*s and %.7s", (int)n, a->text, b->text);
}
