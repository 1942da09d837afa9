/* SPDX-License-Identifier: Apache-2.0 */
/* The last receipts of a bind that matched no message, for operators: a ring of fixed size. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/receipt.h"
#include "core/record.h"

#define STRAYS_KEPT 64

struct stray {
	char id[RECEIPT_ID];		/* as it came: of the text, else of the TLV */
	char stat[16], err[8];
	enum receipt_state state;
	int64_t at;
};

struct stray_ring {			/* the newest first */
	struct stray stray[STRAYS_KEPT];
	uint32_t len;			/* octets */
	struct rec_rest rest;
};

struct stray stray_of(const struct receipt *r, int64_t now);
void stray_ring_add(struct stray_ring *ring, const struct stray *s);	/* the oldest goes when it is full */
size_t stray_ring_count(const struct stray_ring *ring);
void stray_ring_encode(const struct stray_ring *ring, struct buf *out);
bool stray_ring_decode(const void *octets, size_t n, struct stray_ring *out) MUST_CHECK;
