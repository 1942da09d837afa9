/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text is measured in what the air carries, septets or UTF-16 units, also where the bind's octets
 * are Latin-1 or ASCII: the SMSC makes septets of them, and '{' becomes two. It is cut between
 * characters, so that neither an escape pair nor a surrogate pair is ever torn.
 */
#include "core/segment.h"

#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

#define DCS_DEFAULT 0
#define DCS_UCS2 8
/* UTF-8 octets of what becomes one octet, at most: a Greek capital in GSM 03.38. */
#define UTF8_PER_OCTET 2

/* What fits into 140 octets of user data, alone and as one of several. */
static const struct {
	int septets, units;
} alone = { 160, 70 }, part_of[] = {
	[SEGMENT_UDH8] = { 153, 67 },
	[SEGMENT_UDH16] = { 152, 66 },
	/* The SMSC writes a header of its own, of 8 bits. */
	[SEGMENT_SAR] = { 153, 67 },
	[SEGMENT_PAYLOAD] = { 153, 67 },
};

enum charset
segment_charset(enum charset dcs0, const char *utf8)
{
	if (dcs0 == CHARSET_BINARY || text_charset(utf8) == CHARSET_UCS2 ||
	    text_fit(dcs0, utf8, INT_MAX) != strlen(utf8))
		return CHARSET_UCS2;
	return dcs0;
}

/* Where each part ends; false: no UTF-8, or more than `most` parts. */
static bool
cut(struct segments *s, const char *utf8, int most)
{
	bool ucs2 = s->charset == CHARSET_UCS2;
	enum charset air = ucs2 ? CHARSET_UCS2 : CHARSET_GSM7;
	size_t len = strlen(utf8), at = 0;
	int room = ucs2 ? alone.units : alone.septets;

	if (text_fit(air, utf8, room) < len)
		room = ucs2 ? part_of[s->way].units : part_of[s->way].septets;
	do {
		size_t fit = text_fit(air, utf8 + at, room);

		if (s->total == most || (fit == 0 && len > 0))
			return false;
		s->end[s->total++] = at += fit;
	} while (at < len);
	return true;
}

static size_t
octets_of(enum charset cs, const char *utf8)
{
	return cs == CHARSET_UCS2 ? (size_t)ucs2_units(utf8) * 2 : (size_t)gsm_septets(utf8);
}

bool
segment_plan(struct segments *s, const struct segment_rules *rules, const char *utf8,
    uint64_t counter)
{
	int most = rules->parts_max < SEGMENT_PARTS ? rules->parts_max : SEGMENT_PARTS;

	*s = (struct segments){ .way = rules->way };
	s->charset = segment_charset(rules->dcs0, utf8);
	s->data_coding = s->charset == CHARSET_UCS2 ? DCS_UCS2 : DCS_DEFAULT;
	s->reference = (uint16_t)(rules->way == SEGMENT_UDH8 ? counter % 256 : counter % 65536);
	if (!cut(s, utf8, most))
		return false;
	if (s->way != SEGMENT_PAYLOAD || s->total == 1)
		return true;
	s->payload = true;
	s->end[0] = s->end[s->total - 1];
	s->total = 1;
	return octets_of(s->charset, utf8) <= SEGMENT_OCTETS;
}

static size_t
put_header(const struct segments *s, int part, unsigned char *out)
{
	unsigned char total = (unsigned char)s->total, seq = (unsigned char)(part + 1);
	unsigned char low = (unsigned char)s->reference;
	unsigned char high = (unsigned char)(s->reference >> 8);
	unsigned char udh8[] = { 5, 0, 3, low, total, seq };
	unsigned char udh16[] = { 6, 8, 4, high, low, total, seq };

	if (s->way == SEGMENT_UDH8) {
		memcpy(out, udh8, sizeof udh8);
		return sizeof udh8;
	}
	memcpy(out, udh16, sizeof udh16);
	return sizeof udh16;
}

void
segment_part(const struct segments *s, const char *utf8, int part, struct segment *out)
{
	bool one_of_several = s->total > 1;
	size_t from = part > 0 ? s->end[part - 1] : 0, head = 0;
	char text[UTF8_PER_OCTET * SEGMENT_OCTETS + 1];
	int n;

	*out = (struct segment){
		.udhi = one_of_several && s->way != SEGMENT_SAR,
		.sar = one_of_several && s->way == SEGMENT_SAR,
		.reference = s->reference,
		.total = (uint8_t)s->total,
		.seq = (uint8_t)(part + 1),
	};
	if (out->udhi)
		head = put_header(s, part, out->octets);
	if (!str_copyn(text, sizeof text, utf8 + from, s->end[part] - from) ||
	    (n = text_encode(s->charset, text, out->octets + head, SEGMENT_OCTETS - head)) < 0)
		fatalx("segment: part %d is not of the planned text", part);
	out->len = head + (size_t)n;
	mem_wipe(text, sizeof text);
}
