/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one phone receives in tokens in one calendar month: every intent with its cents and state, never a bare
 * counter (money.md section 5). A reservation belongs to its intent and ends only when the intent says so.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/record.h"

/* So many that crowding a phone out costs its enemies about as much as using up its amount. */
#define LIMIT_ENTRIES 1024
#define LIMIT_SPARE 64			/* of them, kept for what was paid without a reservation that we know */
#define LIMIT_ID 16

enum limit_state { LIMIT_RESERVED = 1, LIMIT_COMMITTED, LIMIT_GIVEN_BACK };
enum limit_result {
	LIMIT_OK, LIMIT_OVER,
	LIMIT_CROWDED,		/* no room for another intent this month */
	LIMIT_UNREADABLE	/* the record is damaged */
};

struct limit_entry {
	unsigned char id[LIMIT_ID];	/* of the intent */
	int64_t cents;
	int32_t state;
	uint32_t created_s;		/* when it was confirmed; 0 in records of older processes */
};

struct limit {
	uint32_t len;			/* octets in use of `entry` */
	struct limit_entry entry[LIMIT_ENTRIES];
	struct rec_rest rest;
};

void limit_encode(const struct limit *l, struct buf *out);
bool limit_decode(const void *octets, size_t n, struct limit *out) MUST_CHECK;

size_t limit_count(const struct limit *l);
int64_t limit_used(const struct limit *l);	/* cents reserved or committed */
/* What can still be reserved: 0 also where there is no room for another intent. */
int64_t limit_left(const struct limit *l, int64_t cap);
const struct limit_entry *limit_find(const struct limit *l, const unsigned char id[LIMIT_ID]);
const char *limit_state_name(const struct limit_entry *e);
/* A UUID is the id of an entry; false: the text is none. */
bool limit_id(const char *uuid, unsigned char id[LIMIT_ID]) MUST_CHECK;
/* The same id again is OK and changes nothing, whatever `cap` is. */
enum limit_result limit_reserve(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents,
    int64_t cap) MUST_CHECK;
/* COMMITTED may follow GIVEN_BACK (paid out after all). An id that is not there is entered with its cents: what was
 * paid counts even where its reservation was lost. false: there is no room for it; nothing changed. */
bool limit_set(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state);
void limit_stamp(struct limit *l, const unsigned char id[LIMIT_ID], int64_t created_ms);	/* where it has no time yet */
/*
 * What a rebuild knows of an intent, beside what gateways write meanwhile. RESERVED adds what is missing and changes
 * nothing that is there; COMMITTED and GIVEN_BACK are the wallet core's word. false: there is no room for it.
 */
bool limit_merge(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state) MUST_CHECK;
