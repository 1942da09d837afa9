/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include <string.h>

#define REC_VERSION 1
#define HEAD 6		/* tag and length */

static void
put_le(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t
get_le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void
put(struct buf *out, uint16_t tag, const void *p, size_t n)
{
	unsigned char head[HEAD];

	put_le(head, tag, 2);
	put_le(head + 2, n, 4);
	buf_add(out, head, sizeof head);
	buf_add(out, p, n);
}

static void
put_number(struct buf *out, uint16_t tag, int64_t v)
{
	unsigned char octets[8];

	put_le(octets, (uint64_t)v, sizeof octets);
	put(out, tag, octets, sizeof octets);
}

static void
put_field(const struct rec_field *f, const unsigned char *obj, struct buf *out)
{
	const unsigned char *at = obj + f->offset;
	int64_t number = 0;
	uint32_t len;
	int small;

	switch ((enum rec_type)f->type) {
	case REC_I64:
		memcpy(&number, at, sizeof number);
		break;
	case REC_INT:
		memcpy(&small, at, sizeof small);
		number = small;
		break;
	case REC_BOOL:
		number = *(const bool *)at;
		break;
	case REC_STR:
		if (*at != '\0')
			put(out, f->tag, at, strnlen((const char *)at, f->size));
		return;
	case REC_BYTES:
		memcpy(&len, obj + f->len_offset, sizeof len);
		if (len > 0)
			put(out, f->tag, at, len);
		return;
	}
	if (number != 0)
		put_number(out, f->tag, number);
}

void
rec_encode(const struct rec_field *f, size_t n, const void *obj, const struct rec_rest *rest,
    struct buf *out)
{
	buf_add_char(out, REC_VERSION);
	for (size_t i = 0; i < n; i++)
		put_field(&f[i], obj, out);
	if (rest != NULL && rest->len > 0)
		buf_add(out, rest->p, rest->len);
}

static bool
take_field(const struct rec_field *f, const unsigned char *p, size_t len, unsigned char *obj)
{
	unsigned char *at = obj + f->offset;
	int64_t number;
	uint32_t len32 = (uint32_t)len;
	int small;

	if (f->type == REC_STR || f->type == REC_BYTES) {
		if (len + (f->type == REC_STR) > f->size ||
		    (f->type == REC_STR && memchr(p, '\0', len) != NULL))
			return false;
		/* The same tag may have come before, with more octets. */
		memset(at, 0, f->size);
		memcpy(at, p, len);
		if (f->type == REC_BYTES)
			memcpy(obj + f->len_offset, &len32, sizeof len32);
		return true;
	}
	if (len != 8)
		return false;
	number = (int64_t)get_le(p, 8);
	if (f->type == REC_I64)
		memcpy(at, &number, sizeof number);
	else if (f->type == REC_BOOL)
		*(bool *)at = number != 0;
	else {
		if (number < INT32_MIN || number > INT32_MAX)
			return false;
		small = (int)number;
		memcpy(at, &small, sizeof small);
	}
	return true;
}

static bool
keep_unknown(struct rec_rest *rest, const unsigned char *p, size_t n)
{
	if (rest == NULL || n > sizeof rest->p - rest->len)
		return false;
	memcpy(rest->p + rest->len, p, n);
	rest->len += (uint32_t)n;
	return true;
}

static void
forget(const struct rec_field *f, size_t n, unsigned char *obj, struct rec_rest *rest)
{
	uint32_t none = 0;

	for (size_t i = 0; i < n; i++) {
		memset(obj + f[i].offset, 0, f[i].size);
		if (f[i].type == REC_BYTES)
			memcpy(obj + f[i].len_offset, &none, sizeof none);
	}
	if (rest != NULL)
		rest->len = 0;
}

bool
rec_decode(const struct rec_field *f, size_t n, const void *p, size_t len, void *obj,
    struct rec_rest *rest)
{
	const unsigned char *at = p, *end = at + len;

	forget(f, n, obj, rest);
	if (len < 1 || *at++ != REC_VERSION)
		return false;
	while (at < end) {
		size_t i, value;
		uint16_t tag;

		if (end - at < HEAD)
			goto bad;
		tag = (uint16_t)get_le(at, 2);
		value = get_le(at + 2, 4);
		if (value > (size_t)(end - at - HEAD))
			goto bad;
		for (i = 0; i < n && f[i].tag != tag; i++)
			;
		if (i < n ? !take_field(&f[i], at + HEAD, value, obj)
		    : !keep_unknown(rest, at, HEAD + value))
			goto bad;
		at += HEAD + value;
	}
	return true;
bad:
	forget(f, n, obj, rest);
	return false;
}
