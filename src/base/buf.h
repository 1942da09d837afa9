/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of octets, always followed by a NUL that is not counted. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *p;		/* ours; NULL until the first byte */
	size_t len;
	size_t cap;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull(2)));
void buf_reset(struct buf *b);			/* keeps the memory */
void buf_recycle(struct buf *b, size_t keep);	/* wipes it, and keeps the memory up to `keep` octets */
void buf_clear(struct buf *b);			/* wipes and frees it */
const char *buf_str(const struct buf *b);	/* never NULL */
