/* SPDX-License-Identifier: Apache-2.0 */
/* Editions are written one behind the other, each behind its length (two octets, the higher first). */
#include "core/edition.h"

#include <string.h>

#include "base/str.h"

static const struct rec_field fields[] = {
	REC(1, REC_STR, edition, version), REC(2, REC_I64, edition, at), REC(3, REC_STR, edition, who),
	REC(4, REC_STR, edition, note), REC(5, REC_BOOL, edition, gone),
};

void
edition_encode(const struct edition *e, struct buf *out)
{
	rec_encode(fields, NELEM(fields), e, &e->rest, out);
}

bool
edition_decode(const void *octets, size_t n, struct edition *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) && edition_version_ok(out->version) &&
	    out->at >= 0;
}

static const struct rec_field pointer_fields[] = {
	REC(1, REC_STR, edition_pointer, version), REC(2, REC_I64, edition_pointer, at),
	REC(3, REC_INT, edition_pointer, kept), REC(4, REC_I64, edition_pointer, dropped),
};

void
edition_pointer_encode(const struct edition_pointer *p, struct buf *out)
{
	rec_encode(pointer_fields, NELEM(pointer_fields), p, &p->rest, out);
}

bool
edition_pointer_decode(const void *octets, size_t n, struct edition_pointer *out)
{
	return rec_decode(pointer_fields, NELEM(pointer_fields), octets, n, out, &out->rest) &&
	    edition_version_ok(out->version) && out->at >= 0;
}

void
editions_encode(const struct editions *all, struct buf *out)
{
	struct buf one = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		buf_reset(&one);
		edition_encode(&all->edition[i], &one);
		buf_add_char(out, (char)(one.len >> 8));
		buf_add_char(out, (char)one.len);
		buf_add(out, buf_str(&one), one.len);
	}
	buf_clear(&one);
}

bool
editions_decode(const void *octets, size_t n, struct editions *out)
{
	const unsigned char *at = octets;
	size_t len;

	out->n = 0;
	while (n > 0) {
		len = n >= 2 ? (size_t)at[0] << 8 | at[1] : n;
		if (len > n - (n < 2 ? n : 2) || out->n == EDITIONS_MAX ||
		    !edition_decode(at + 2, len, &out->edition[out->n]))
			return false;
		out->n++;
		at += 2 + len;
		n -= 2 + len;
	}
	return true;
}

bool
edition_version_ok(const char *version)
{
	return strlen(version) == BUNDLE_VERSION - 1 && strspn(version, "0123456789abcdef") == BUNDLE_VERSION - 1;
}

void
edition_plain(const char *text, char *out, size_t size)
{
	size_t n = 0, len = strlen(text), step;
	uint32_t c;

	for (; len > 0; text += step, len -= step) {
		step = utf8_decode(text, len, &c);
		if (step == 0) {
			step = 1;
			continue;
		}
		if (c < ' ' || (c >= 0x7f && c < 0xa0))
			continue;
		if (n + step >= size)
			break;
		memcpy(out + n, text, step);
		n += step;
	}
	out[n] = '\0';
}

const struct edition *
editions_find(const struct editions *all, const char *version)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->edition[i].gone && strcmp(all->edition[i].version, version) == 0)
			return &all->edition[i];
	return NULL;
}

/* The newest one of its version. */
static bool
is_newest(const struct editions *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(all->edition[k].version, all->edition[i].version) == 0)
			return false;
	return true;
}

int
editions_kept(const struct editions *all)
{
	int n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += !all->edition[i].gone && is_newest(all, i);
	return n;
}

static void
forget(struct editions *all, size_t i)
{
	memmove(&all->edition[i], &all->edition[i + 1], (all->n - i - 1) * sizeof all->edition[0]);
	all->n--;
}

bool
editions_add(struct editions *all, const struct edition *e)
{
	size_t i = all->n;

	/* Its content is there again, so what says otherwise is not true any more. */
	for (size_t k = 0; k < all->n; k++)
		if (strcmp(all->edition[k].version, e->version) == 0)
			all->edition[k].gone = false;
	if (all->n == EDITIONS_MAX) {
		while (i > 0 && !all->edition[i - 1].gone && is_newest(all, i - 1) &&
		    strcmp(all->edition[i - 1].version, e->version) != 0)
			i--;
		if (i == 0)
			return false;
		forget(all, i - 1);
	}
	memmove(&all->edition[1], &all->edition[0], all->n * sizeof all->edition[0]);
	all->edition[0] = *e;
	all->n++;
	return true;
}

/* The first of those that follow `from` that may go as far as time and number say; all->n: none. */
static size_t
next_old(const struct editions *all, size_t from, int64_t now, size_t keep)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (all->edition[i].gone || !is_newest(all, i))
			continue;
		kept++;
		/* Replaced by whatever was published next. */
		if (i >= from && i > 0 && kept > keep && now - all->edition[i - 1].at >= EDITION_SETTLED_MS)
			return i;
	}
	return all->n;
}

bool
editions_crowded(const struct editions *all, int64_t now, size_t keep)
{
	return next_old(all, 0, now, keep) < all->n;
}

size_t
editions_retire(struct editions *all, int64_t now, size_t keep, edition_used *is_used, void *arg,
    char (*out)[BUNDLE_VERSION], size_t max)
{
	size_t n = 0;

	for (size_t i = next_old(all, 0, now, keep); i < all->n && n < max; i = next_old(all, i + 1, now, keep)) {
		const char *version = all->edition[i].version;

		if (is_used(arg, version))
			continue;
		str_copy(out[n], BUNDLE_VERSION, version);
		for (size_t k = all->n; k-- > i;)
			all->edition[k].gone = all->edition[k].gone || strcmp(all->edition[k].version, out[n]) == 0;
		n++;
	}
	return n;
}
