/* SPDX-License-Identifier: Apache-2.0 */
#include "store/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/name.h"

unsigned char *
room_of(struct room *r, size_t n)
{
	if (n > r->size) {
		if (r->p != NULL)
			mem_wipe(r->p, r->size);
		r->p = xrealloc(r->p, n, 1);
		r->size = n;
	}
	return r->p;
}

void
room_clear(struct room *r)
{
	if (r->p != NULL)
		mem_wipe(r->p, r->size);
	free(r->p);
}

struct bound {				/* what a sealed value belongs to */
	char p[7 + STORE_NAME + STORE_VERSION];
	size_t len;
};

static void
bind_to(struct bound *b, const char *name, size_t len, const struct store_version *version)
{
	static const char kind[7] = "record";

	if (len > STORE_NAME)
		fatalx("store: name of %zu octets", len);
	memcpy(b->p, kind, sizeof kind);
	memcpy(b->p + sizeof kind, name, len);
	memcpy(b->p + sizeof kind + len, version->p, STORE_VERSION);
	b->len = sizeof kind + len + STORE_VERSION;
}

void
value_close(const struct seal *seal, const char *name, size_t name_len, const struct store_op *op,
    unsigned char *out)
{
	struct bound bound;

	bind_to(&bound, name, name_len, &op->to);
	memcpy(out, op->to.p, STORE_VERSION);
	seal_close(seal, bound.p, bound.len, op->p, op->len, out + STORE_VERSION);
}

bool
value_open(const struct seal *seal, const char *name, size_t name_len, const char *p, size_t len,
    struct store_version *version, unsigned char *out)
{
	struct bound bound;

	/* One too short for a version has what there is of it, as commit.lua reads it: it can be replaced. */
	memset(version->p, 0, STORE_VERSION);
	memcpy(version->p, p, len < STORE_VERSION ? len : STORE_VERSION);
	if (len < VALUE_OVERHEAD || name_len > STORE_NAME)
		return false;
	bind_to(&bound, name, name_len, version);
	return seal_open(seal, bound.p, bound.len, p + STORE_VERSION, len - STORE_VERSION, out);
}
