/* SPDX-License-Identifier: Apache-2.0 */
#include "core/audit.h"

#include <string.h>

#include <sodium.h>

static const struct rec_field entry_fields[] = {
	REC(1, REC_I64, audit_entry, number), REC(2, REC_I64, audit_entry, at), REC(3, REC_STR, audit_entry, who),
	REC(4, REC_STR, audit_entry, act), REC(5, REC_STR, audit_entry, tenant), REC(6, REC_STR, audit_entry, phone),
	REC_VAR(7, audit_entry, phone_mac, phone_mac_len), REC(8, REC_STR, audit_entry, intent),
	REC(9, REC_STR, audit_entry, reason), REC(10, REC_STR, audit_entry, outcome),
	REC(11, REC_I64, audit_entry, asked), REC(12, REC_I64, audit_entry, request),
	REC(13, REC_STR, audit_entry, call), REC_VAR(14, audit_entry, before, before_len),
};
static const struct rec_field head_fields[] = {
	REC(1, REC_I64, audit_head, number), REC_VAR(2, audit_head, hash, hash_len),
};

bool
audit_head_decode(const void *octets, size_t n, struct audit_head *out)
{
	return rec_decode(head_fields, NELEM(head_fields), octets, n, out, &out->rest) && out->number > 0 &&
	    out->hash_len == AUDIT_HASH;
}

void
audit_head_encode(const struct audit_head *h, struct buf *out)
{
	rec_encode(head_fields, NELEM(head_fields), h, &h->rest, out);
}

bool
audit_entry_decode(const void *octets, size_t n, struct audit_entry *out)
{
	return rec_decode(entry_fields, NELEM(entry_fields), octets, n, out, &out->rest);
}

static void
hash(const void *octets, size_t n, unsigned char out[AUDIT_HASH])
{
	static const unsigned char domain[] = "isango audit 1";

	crypto_generichash(out, AUDIT_HASH, octets, n, domain, sizeof domain);
}

void
audit_append(struct audit_head *h, struct audit_entry *e, struct buf *octets)
{
	e->number = h->number + 1;
	e->before_len = h->hash_len;
	memcpy(e->before, h->hash, sizeof e->before);
	rec_encode(entry_fields, NELEM(entry_fields), e, &e->rest, octets);
	h->number = e->number;
	h->hash_len = AUDIT_HASH;
	hash(octets->p, octets->len, h->hash);
}

const char *
audit_end_name(enum audit_end e)
{
	static const char *const name[] = { "whole", "missing", "damaged", "broken", "cut" };

	return name[e];
}

void
audit_walk_start(struct audit_walk *w, int64_t first)
{
	*w = (struct audit_walk){ .next = first };
}

static bool
breaks(struct audit_walk *w, enum audit_end how)
{
	w->end = how;
	w->broken_at = w->next;
	return false;
}

static bool
follows(const struct audit_walk *w, const struct audit_entry *e)
{
	if (e->number != w->next)
		return false;
	if (e->number == 1)
		return e->before_len == 0;
	return e->before_len == AUDIT_HASH && (!w->known || memcmp(e->before, w->hash, AUDIT_HASH) == 0);
}

bool
audit_walk_on(struct audit_walk *w, const void *octets, size_t n, struct audit_entry *e)
{
	memset(e, 0, sizeof *e);
	if (w->end != AUDIT_WHOLE)
		return false;
	if (octets == NULL)
		return breaks(w, AUDIT_MISSING);
	if (!audit_entry_decode(octets, n, e))
		return breaks(w, AUDIT_DAMAGED);
	if (!follows(w, e))
		return breaks(w, AUDIT_BROKEN);
	hash(octets, n, w->hash);
	w->known = true;
	w->next++;
	return true;
}

enum audit_end
audit_walk_stop(struct audit_walk *w, const struct audit_head *h)
{
	if (w->end != AUDIT_WHOLE)
		return w->end;
	if (h->number + 1 != w->next || (w->known && memcmp(h->hash, w->hash, AUDIT_HASH) != 0))
		breaks(w, AUDIT_CUT);
	return w->end;
}
