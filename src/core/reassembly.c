/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reassembly.h"

#include <string.h>

#define IE_CONCAT8 0x00		/* 3GPP 23.040 9.2.3.24.1 */
#define IE_CONCAT16 0x08	/* 9.2.3.24.8 */
#define UTF8_PER_OCTET 3	/* U+FFFD for what has no meaning */
#define OCTETS_MAX (REASSEMBLY_PARTS * REASSEMBLY_PART)

/* One entry of `parts`. */
struct entry {
	const unsigned char *octets;
	size_t len;
	unsigned char seq, charset;
};

static enum reassembly_read
judge(unsigned reference, unsigned total, unsigned seq, struct reassembly_part *out)
{
	out->reference = (uint16_t)reference;
	out->total = (uint8_t)total;
	out->seq = (uint8_t)seq;
	if (reference > UINT16_MAX || total > UINT8_MAX || seq == 0 || seq > total)
		return REASSEMBLY_LYING;
	return REASSEMBLY_PART_OF;
}

enum reassembly_read
reassembly_read_sar(unsigned reference, unsigned total, unsigned seq, struct reassembly_part *out)
{
	return judge(reference, total, seq, out);
}

/* One information element; those that say nothing of parts, or with another length, are skipped. */
static enum reassembly_read
read_element(const unsigned char *ie, enum reassembly_read so_far, struct reassembly_part *out)
{
	if (ie[0] == IE_CONCAT8 && ie[1] == 3)
		return judge(ie[2], ie[3], ie[4], out);
	if (ie[0] == IE_CONCAT16 && ie[1] == 4)
		return judge((unsigned)ie[2] << 8 | ie[3], ie[4], ie[5], out);
	return so_far;
}

/* A header that nothing announces: text could look like another one, like these it does not. */
static bool
is_exact(const unsigned char *p, size_t n)
{
	static const unsigned char udh8[] = { 5, IE_CONCAT8, 3 }, udh16[] = { 6, IE_CONCAT16, 4 };
	struct reassembly_part part;

	if (!(n > 5 && memcmp(p, udh8, sizeof udh8) == 0) &&
	    !(n > 6 && memcmp(p, udh16, sizeof udh16) == 0))
		return false;
	return read_element(p + 1, REASSEMBLY_ALONE, &part) == REASSEMBLY_PART_OF && part.total > 1;
}

enum reassembly_read
reassembly_read_udh(const void *octets, size_t n, bool udhi, struct reassembly_part *out)
{
	const unsigned char *p = octets, *end, *at;
	enum reassembly_read found = REASSEMBLY_ALONE;

	out->octets = p;
	out->len = n;
	if (!udhi && !is_exact(p, n))
		return REASSEMBLY_ALONE;
	if (n == 0 || (size_t)p[0] + 1 > n)
		return REASSEMBLY_LYING;
	end = p + 1 + p[0];
	out->octets = end;
	out->len = n - (size_t)(end - p);
	/* Of two the last counts (9.2.3.24); an element that does not fit its header ends it. */
	for (at = p + 1; end - at >= 2 && end - at - 2 >= at[1]; at += 2 + at[1])
		found = read_element(at, found, out);
	return at == end ? found : REASSEMBLY_LYING;
}

static const struct rec_field fields[] = {
	REC(1, REC_I64, reassembly, until),
	REC(2, REC_INT, reassembly, total),
	REC_VAR(3, reassembly, parts, len),
};

void
reassembly_encode(const struct reassembly *r, struct buf *out)
{
	rec_encode(fields, NELEM(fields), r, &r->rest, out);
}

/* The entry at *at, which moves behind it; false at the end. Only of a record that is sound. */
static bool
next_entry(const struct reassembly *r, size_t *at, struct entry *e)
{
	const unsigned char *p = r->parts + *at;

	if (*at == r->len)
		return false;
	*e = (struct entry){ p + REASSEMBLY_ENTRY, p[2], p[0], p[1] };
	*at += REASSEMBLY_ENTRY + e->len;
	return true;
}

static bool
find(const struct reassembly *r, int seq, struct entry *e)
{
	for (size_t at = 0; next_entry(r, &at, e);)
		if (e->seq == seq)
			return true;
	return false;
}

static bool
is_sound(const struct reassembly *r)
{
	bool taken[REASSEMBLY_PARTS + 1] = { false };
	const unsigned char *p = r->parts;
	size_t at = 0;

	if (r->total < 1 || r->total > REASSEMBLY_PARTS)
		return false;
	while (at < r->len) {
		if (r->len - at < REASSEMBLY_ENTRY || p[at] < 1 || p[at] > r->total ||
		    taken[p[at]] || p[at + 1] > CHARSET_BINARY)
			return false;
		taken[p[at]] = true;
		at += REASSEMBLY_ENTRY + (size_t)p[at + 2];
	}
	return at == r->len;
}

bool
reassembly_decode(const void *octets, size_t n, struct reassembly *out)
{
	if (rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) && is_sound(out))
		return true;
	mem_wipe(out, sizeof *out);
	return false;
}

static void
begin(struct reassembly *r, int total, int64_t until)
{
	mem_wipe(r->parts, sizeof r->parts);
	r->len = 0;
	r->total = total;
	r->until = until;
}

static void
keep(struct reassembly *r, const struct reassembly_part *p)
{
	unsigned char *at = r->parts + r->len;

	at[0] = p->seq;
	at[1] = (unsigned char)p->charset;
	at[2] = (unsigned char)p->len;
	if (p->len > 0)
		memcpy(at + REASSEMBLY_ENTRY, p->octets, p->len);
	r->len += (uint32_t)(REASSEMBLY_ENTRY + p->len);
}

enum reassembly_result
reassembly_add(struct reassembly *r, const struct reassembly_part *p, int64_t now, int64_t keep_ms)
{
	bool is_new = r->total == 0 || now >= r->until;
	struct entry e;

	if (p->total > REASSEMBLY_PARTS || p->seq < 1 || p->seq > p->total ||
	    p->len > REASSEMBLY_PART || (!is_new && p->total != r->total))
		return REASSEMBLY_REFUSED;
	if (!is_new && find(r, p->seq, &e)) {
		if (e.charset == p->charset && e.len == p->len &&
		    (p->len == 0 || memcmp(e.octets, p->octets, p->len) == 0))
			return REASSEMBLY_REPEATED;
		is_new = true;
	}
	if (is_new)
		begin(r, p->total, now + keep_ms);
	keep(r, p);
	return reassembly_whole(r) ? REASSEMBLY_WHOLE : REASSEMBLY_MORE;
}

bool
reassembly_whole(const struct reassembly *r)
{
	struct entry e;
	int n = 0;

	for (size_t at = 0; next_entry(r, &at, &e);)
		n++;
	return n > 0 && n == r->total;
}

void
reassembly_octets(const struct reassembly *r, struct buf *out)
{
	struct entry e;

	for (int seq = 1; seq <= r->total; seq++)
		if (find(r, seq, &e))
			buf_add(out, e.octets, e.len);
}

/* Joined first, since some senders cut through an escape or a surrogate pair. */
void
reassembly_text(const struct reassembly *r, struct buf *out)
{
	unsigned char run[OCTETS_MAX];
	char utf8[UTF8_PER_OCTET * OCTETS_MAX + 1];
	unsigned char charset = 0;
	struct entry e;
	size_t n = 0;

	for (int seq = 1; seq <= r->total + 1; seq++) {
		bool there = seq <= r->total && find(r, seq, &e);

		if (n > 0 && (!there || e.charset != charset)) {
			if (text_decode((enum charset)charset, run, n, utf8, sizeof utf8) > 0)
				buf_add_str(out, utf8);
			n = 0;
		}
		if (there) {
			charset = e.charset;
			memcpy(run + n, e.octets, e.len);
			n += e.len;
		}
	}
	mem_wipe(run, sizeof run);
	mem_wipe(utf8, sizeof utf8);
}
