/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one phone receives in tokens in one calendar month: every intent with its cents and state, never a bare
 * counter (money.md section 5). A reservation belongs to its intent and ends only when the intent says so.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

#define LIMIT_ENTRIES 240
#define LIMIT_ID 16

enum limit_state { LIMIT_RESERVED = 1, LIMIT_COMMITTED, LIMIT_GIVEN_BACK };
enum limit_result { LIMIT_OK, LIMIT_OVER, LIMIT_CROWDED };	/* CROWDED: no room for another intent this month */

struct limit_entry {
	unsigned char id[LIMIT_ID];	/* of the intent */
	int64_t cents;
	int64_t state;
};

struct limit {
	uint32_t len;			/* octets in use of `entry` */
	struct limit_entry entry[LIMIT_ENTRIES];
	struct rec_rest rest;
};

void limit_encode(const struct limit *l, struct buf *out);
bool limit_decode(const void *octets, size_t n, struct limit *out) MUST_CHECK;

int64_t limit_used(const struct limit *l);	/* cents reserved or committed */
/* The same id again is OK and changes nothing, whatever `cap` is. */
enum limit_result limit_reserve(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, int64_t cap) MUST_CHECK;
/* COMMITTED may follow GIVEN_BACK (paid out after all). An id that is not there is entered with its cents: what was
 * paid counts even where its reservation was lost. */
void limit_set(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state);
