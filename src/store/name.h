/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of keys: "{p:017}ses:<hash of the owner>:<id>", lists of what is due "{p:017}due". The hash
 * tag is the bucket, chosen by the owner's hash. Owners are always hashed, ids where a phone could
 * stand in them.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "service/ports.h"

struct seal;

#define STORE_NAME 192

struct store_name {
	char text[STORE_NAME];
	size_t len;
	unsigned bucket;
};

/* Holds the last owner with its hash: the keys of a load or commit mostly have the same. */
struct store_namer {
	const struct seal *seal;	/* borrowed */
	char owner[STORE_OWNER];
	unsigned char hash[16];
	bool filled;
};

unsigned store_name_bucket(struct store_namer *n, enum store_family family, const char *owner);
void store_name(struct store_namer *n, const struct store_key *key, struct store_name *out);
/* Of a list that each bucket has one of (DUE, OUTBOX_*, DEAD, PERSON), by the bucket's number. */
void store_name_list(enum store_family family, unsigned bucket, struct store_name *out);
void store_name_part(const char *part, struct store_name *out);	/* of a part of that list; "": all of it */
/* What a name of a record is of; STORE_FAMILIES: of nothing. */
enum store_family store_name_family(const char *name, size_t len);
bool store_list_rolls(enum store_family list);	/* at the cap the oldest item goes, instead of STORE_FULL */
void store_name_range(struct store_namer *n, const struct store_range *r, struct store_name *out);
/* Members of a list: the name of `ref`, or `item`. Borrowed from op and *scratch. */
const char *store_name_member(struct store_namer *n, const struct store_op *op,
    struct store_name *scratch, size_t *len);
/* The keys must be in one bucket: fatal if not. */
void store_name_same(const struct store_name *a, const struct store_name *b);
