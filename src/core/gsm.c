/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alphabet is 3GPP 23.038 (0x09 is the capital C with cedilla). Nothing is ever written that
 * looks alike only: a character outside the alphabet makes the text UCS-2. National shift tables
 * are not used, networks seldom agree on them.
 */
#include "core/gsm.h"

#include <limits.h>
#include <string.h>

#include "base/str.h"

#define ESCAPE 0x1b
#define ESC 0			/* its place in the table is no character */
#define UNDEFINED 0xfffd
#define PARTS_MAX 255		/* the UDH counts them in one octet */

static const uint16_t base[128] = {
	0x0040, 0x00a3, 0x0024, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec,
	0x00f2, 0x00c7, 0x000a, 0x00d8, 0x00f8, 0x000d, 0x00c5, 0x00e5,
	0x0394, 0x005f, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8,
	0x03a3, 0x0398, 0x039e, ESC, 0x00c6, 0x00e6, 0x00df, 0x00c9,
	0x0020, 0x0021, 0x0022, 0x0023, 0x00a4, 0x0025, 0x0026, 0x0027,
	0x0028, 0x0029, 0x002a, 0x002b, 0x002c, 0x002d, 0x002e, 0x002f,
	0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037,
	0x0038, 0x0039, 0x003a, 0x003b, 0x003c, 0x003d, 0x003e, 0x003f,
	0x00a1, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047,
	0x0048, 0x0049, 0x004a, 0x004b, 0x004c, 0x004d, 0x004e, 0x004f,
	0x0050, 0x0051, 0x0052, 0x0053, 0x0054, 0x0055, 0x0056, 0x0057,
	0x0058, 0x0059, 0x005a, 0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7,
	0x00bf, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067,
	0x0068, 0x0069, 0x006a, 0x006b, 0x006c, 0x006d, 0x006e, 0x006f,
	0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077,
	0x0078, 0x0079, 0x007a, 0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0,
};

static const struct {
	uint8_t septet;
	uint16_t cp;
} extension[] = {
	{ 0x0a, 0x000c }, { 0x14, 0x005e }, { 0x28, 0x007b }, { 0x29, 0x007d }, { 0x2f, 0x005c },
	{ 0x3c, 0x005b }, { 0x3d, 0x007e }, { 0x3e, 0x005d }, { 0x40, 0x007c }, { 0x65, 0x20ac },
};

/* The octets of one character; how many, or 0 if the charset cannot say it. */
typedef size_t put_fn(uint32_t cp, unsigned char out[4]);

static size_t
put_gsm7(uint32_t cp, unsigned char out[4])
{
	if (cp == ESC)
		return 0;
	/* Most letters and digits stand where ASCII has them. */
	if (cp < NELEM(base) && base[cp] == cp) {
		out[0] = (unsigned char)cp;
		return 1;
	}
	for (size_t i = 0; i < NELEM(base); i++)
		if (base[i] == cp) {
			out[0] = (unsigned char)i;
			return 1;
		}
	for (size_t i = 0; i < NELEM(extension); i++)
		if (extension[i].cp == cp) {
			out[0] = ESCAPE;
			out[1] = extension[i].septet;
			return 2;
		}
	return 0;
}

static size_t
put_ucs2(uint32_t cp, unsigned char out[4])
{
	uint32_t unit = cp;
	size_t n = 0;

	if (cp >= 0x10000) {
		unit = 0xd800 + ((cp - 0x10000) >> 10);
		out[n++] = (unsigned char)(unit >> 8);
		out[n++] = (unsigned char)unit;
		unit = 0xdc00 + (cp & 0x3ff);
	}
	out[n++] = (unsigned char)(unit >> 8);
	out[n++] = (unsigned char)unit;
	return n;
}

static size_t
put_latin1(uint32_t cp, unsigned char out[4])
{
	out[0] = (unsigned char)cp;
	return cp <= 0xff;
}

static size_t
put_ascii(uint32_t cp, unsigned char out[4])
{
	out[0] = (unsigned char)cp;
	return cp <= 0x7f;
}

static const struct {
	put_fn *put;		/* NULL: carries no text of ours */
	int unit;		/* octets of a septet, UTF-16 unit or octet */
	int single, part;	/* units of an SMS alone, and of one of several; 0: not sent so */
} charsets[] = {
	[CHARSET_GSM7] = { put_gsm7, 1, 160, 153 },
	[CHARSET_UCS2] = { put_ucs2, 2, 70, 67 },
	[CHARSET_LATIN1] = { put_latin1, 1, 0, 0 },
	[CHARSET_ASCII] = { put_ascii, 1, 0, 0 },
	[CHARSET_BINARY] = { NULL, 1, 0, 0 },
	[CHARSET_UTF8] = { NULL, 1, 0, 0 },	/* read only */
};

/* Stands where ASCII has it, so that it is one unit in each charset: most of what a screen shows. */
static bool
is_plain(unsigned char c)
{
	return c < NELEM(base) && base[c] == c;
}

/* Octets of the longest prefix of at most `max` units that can be said; *units: what it takes. */
static size_t
prefix(enum charset cs, const char *utf8, int max, int *units)
{
	size_t len = strlen(utf8), at = 0, step;
	unsigned char octets[4];
	uint32_t cp;
	int n;

	*units = 0;
	for (; charsets[cs].put != NULL && at < len; at += step) {
		step = n = 1;
		if (!is_plain((unsigned char)utf8[at])) {
			step = utf8_decode(utf8 + at, len - at, &cp);
			n = step > 0 ? (int)charsets[cs].put(cp, octets) / charsets[cs].unit : 0;
		}
		if (n == 0 || n > max - *units)
			break;
		*units += n;
	}
	return at;
}

static int
units_of(enum charset cs, const char *utf8)
{
	int units;

	return utf8[prefix(cs, utf8, INT_MAX, &units)] == '\0' ? units : -1;
}

int
gsm_septets(const char *utf8)
{
	return units_of(CHARSET_GSM7, utf8);
}

int
ucs2_units(const char *utf8)
{
	return units_of(CHARSET_UCS2, utf8);
}

enum charset
text_charset(const char *utf8)
{
	return gsm_septets(utf8) >= 0 ? CHARSET_GSM7 : CHARSET_UCS2;
}

size_t
text_fit(enum charset cs, const char *utf8, int max)
{
	int units;

	return prefix(cs, utf8, max, &units);
}

int
sms_parts(const char *utf8)
{
	enum charset cs = text_charset(utf8);
	int units = units_of(cs, utf8), parts = 0;

	if (units < 0)
		return 0;
	if (units <= charsets[cs].single)
		return 1;
	/* Not a division: neither an escape nor a surrogate pair may be cut. */
	for (; *utf8 != '\0' && parts <= PARTS_MAX; parts++)
		utf8 += prefix(cs, utf8, charsets[cs].part, &units);
	return parts <= PARTS_MAX ? parts : 0;
}

int
text_encode(enum charset cs, const char *utf8, void *out, size_t size)
{
	size_t len = strlen(utf8), n = 0, step, m;
	unsigned char octets[4], *o = out;
	uint32_t cp;

	if (charsets[cs].put == NULL || len > INT_MAX / sizeof octets)
		return -1;
	for (size_t at = 0; at < len; at += step) {
		step = m = 1;
		octets[0] = (unsigned char)utf8[at];
		if (charsets[cs].unit > 1 || !is_plain(octets[0])) {
			step = utf8_decode(utf8 + at, len - at, &cp);
			m = step > 0 ? charsets[cs].put(cp, octets) : 0;
		}
		if (m == 0 || m > size - n)
			return -1;
		memcpy(o + n, octets, m);
		n += m;
	}
	return (int)n;
}

/* One character from n > 0 octets: how many it took. */
typedef size_t take_fn(const unsigned char *p, size_t n, uint32_t *cp);

static size_t
take_gsm7(const unsigned char *p, size_t n, uint32_t *cp)
{
	if (p[0] >= NELEM(base)) {
		*cp = UNDEFINED;
		return 1;
	}
	*cp = base[p[0]];
	if (p[0] != ESCAPE)
		return 1;
	*cp = ' ';
	if (n < 2)
		return 1;
	for (size_t i = 0; i < NELEM(extension); i++)
		if (extension[i].septet == p[1])
			*cp = extension[i].cp;
	/* Unknown: 23.038 wants the basic table's character, and a space for a second escape. */
	if (*cp == ' ' && p[1] != ESCAPE)
		return 1 + take_gsm7(p + 1, n - 1, cp);
	return 2;
}

static size_t
take_ucs2(const unsigned char *p, size_t n, uint32_t *cp)
{
	uint32_t low;

	*cp = UNDEFINED;
	if (n < 2)
		return 1;
	*cp = (uint32_t)p[0] << 8 | p[1];
	if (*cp < 0xd800 || *cp > 0xdfff)
		return 2;
	low = n >= 4 ? (uint32_t)p[2] << 8 | p[3] : 0;
	if (*cp > 0xdbff || low < 0xdc00 || low > 0xdfff) {
		*cp = UNDEFINED;
		return 2;
	}
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return 4;
}

static size_t
take_latin1(const unsigned char *p, size_t n, uint32_t *cp)
{
	(void)n;
	*cp = p[0];
	return 1;
}

static size_t
take_ascii(const unsigned char *p, size_t n, uint32_t *cp)
{
	(void)n;
	*cp = p[0] < 0x80 ? p[0] : UNDEFINED;
	return 1;
}

static size_t
take_utf8(const unsigned char *p, size_t n, uint32_t *cp)
{
	size_t step = utf8_decode((const char *)p, n, cp);

	if (step > 0)
		return step;
	*cp = UNDEFINED;
	return 1;
}

static take_fn *const takers[] = {
	[CHARSET_GSM7] = take_gsm7,
	[CHARSET_UCS2] = take_ucs2,
	[CHARSET_LATIN1] = take_latin1,
	[CHARSET_ASCII] = take_ascii,
	[CHARSET_BINARY] = take_ascii,
	[CHARSET_UTF8] = take_utf8,
};

int
text_decode(enum charset cs, const void *p, size_t n, char *out, size_t size)
{
	const unsigned char *at = p;
	size_t o = 0, step, m;
	char utf8[4];
	uint32_t cp;

	for (; n > 0; at += step, n -= step) {
		step = takers[cs](at, n, &cp);
		/* No text of ours can hold a NUL. */
		m = utf8_encode(cp != 0 ? cp : UNDEFINED, utf8);
		if (m >= size - o || o + m > INT_MAX)
			return -1;
		memcpy(out + o, utf8, m);
		o += m;
	}
	if (size == 0)
		return -1;
	out[o] = '\0';
	return (int)o;
}

/* The low codes, where SMPP 3.4 5.2.19 differs from 23.038. Absent: scripts that we cannot read. */
static const struct {
	uint8_t dcs;
	enum charset cs;
} smpp_codings[] = {
	{ 0x01, CHARSET_ASCII },
	{ 0x03, CHARSET_LATIN1 },
	{ 0x08, CHARSET_UCS2 },
	{ 0x0f, CHARSET_GSM7 },		/* 23.038 CBS: language unspecified */
};

/* The codes from 0x10 on are coding groups of 3GPP 23.038 (sections 4 and 5). */
static enum charset
charset_of_group(uint8_t dcs)
{
	static const enum charset by_bits[] = {
		CHARSET_GSM7, CHARSET_BINARY, CHARSET_UCS2, CHARSET_GSM7
	};

	if (dcs < 0x80)
		return dcs == 0x11 ? CHARSET_UCS2 : by_bits[dcs >> 2 & 3];
	if (dcs >= 0xf0)
		return dcs & 4 ? CHARSET_BINARY : CHARSET_GSM7;
	return dcs >= 0xe0 ? CHARSET_UCS2 : CHARSET_GSM7;
}

enum charset
charset_of_dcs(uint8_t dcs, enum charset dcs0)
{
	if (dcs == 0)
		return dcs0;
	if (dcs >= 0x10)
		return charset_of_group(dcs);
	for (size_t i = 0; i < NELEM(smpp_codings); i++)
		if (smpp_codings[i].dcs == dcs)
			return smpp_codings[i].cs;
	return CHARSET_BINARY;
}
