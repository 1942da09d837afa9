/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat tagged binary records: version octet, then (tag u16, length u32, value) little endian.
 *
 * A table says which member of a struct each tag is; encoding and decoding follow it. Members that
 * are zero or empty are left out. Tags that this version does not know are kept and written back,
 * so that an older process does not lose what a newer one wrote.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"

enum rec_type {
	REC_I64,	/* int64_t */
	REC_INT,	/* int or an enum of the size of int */
	REC_BOOL,
	REC_STR,	/* char[size], NUL-terminated */
	REC_BYTES,	/* octets with their length in another member: see REC_VAR */
};

struct rec_field {
	uint16_t tag;
	uint8_t type;
	uint32_t offset;
	uint32_t size;		/* of the member, for STR and BYTES */
	uint32_t len_offset;	/* BYTES: offset of the uint32_t that holds the length in use */
};

#define REC(tag, type, s, m) { tag, type, offsetof(struct s, m), sizeof(((struct s *)0)->m), 0 }
#define REC_VAR(tag, s, m, len) \
	{ tag, REC_BYTES, offsetof(struct s, m), sizeof(((struct s *)0)->m), \
	    offsetof(struct s, len) }

/* Unknown tags of a decoded record, to be written back. Embed one in each record struct. */
#define REC_REST 256
struct rec_rest {
	uint32_t len;
	unsigned char p[REC_REST];
};

void rec_encode(const struct rec_field *f, size_t n, const void *obj, const struct rec_rest *rest,
    struct buf *out);
/* Zeroes obj first. false: damaged, or a member does not fit (obj is then zeroed). */
bool rec_decode(const struct rec_field *f, size_t n, const void *p, size_t len, void *obj,
    struct rec_rest *rest) MUST_CHECK;
