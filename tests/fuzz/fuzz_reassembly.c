/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long messages, by the first octet: a record of any octets; parts from any sender, each a flag, a
 * length and its octets; or a text, cut in each way, that must come back as it was.
 */
#include "base/mem.h"
#include "base/str.h"
#include "core/gsm_safe.h"
#include "core/reassembly.h"
#include "core/segment.h"
#include "tests/fuzz/fuzz.h"

#define KEEP 1000

static struct reassembly r, again;
static struct segment segment;

/* What has come is a sound record, its text is UTF-8, and its octets are those that were added. */
static void
check_record(void)
{
	struct buf octets = { 0 }, text = { 0 }, record = { 0 };

	reassembly_octets(&r, &octets);
	reassembly_text(&r, &text);
	must(octets.len <= REASSEMBLY_PARTS * REASSEMBLY_PART);
	must(utf8_valid(buf_str(&text), text.len) && strlen(buf_str(&text)) == text.len);
	must(octets.len == 0 || text.len > 0);
	reassembly_encode(&r, &record);
	must(reassembly_decode(record.p, record.len, &again));
	must(again.until == r.until && again.total == r.total && again.len == r.len);
	must(memcmp(again.parts, r.parts, r.len) == 0);
	must(reassembly_whole(&again) == reassembly_whole(&r));
	buf_clear(&octets);
	buf_clear(&text);
	buf_clear(&record);
}

static void
any_record(const uint8_t *data, size_t size)
{
	struct reassembly_part p = { 1, 1, 1, CHARSET_GSM7, data, size };

	if (!reassembly_decode(data, size, &r))
		return;
	check_record();
	p.total = (uint8_t)r.total;
	if (reassembly_add(&r, &p, 0, KEEP) != REASSEMBLY_REFUSED)
		check_record();
}

static bool
read_part(uint8_t flags, const uint8_t *octets, size_t n, struct reassembly_part *p)
{
	if ((flags & 1) != 0 && n >= 4) {
		p->octets = octets + 4;
		p->len = n - 4;
		return reassembly_read_sar((unsigned)octets[0] << 8 | octets[1], octets[2],
		    octets[3], p) == REASSEMBLY_PART_OF;
	}
	return reassembly_read_udh(octets, n, (flags & 2) != 0, p) == REASSEMBLY_PART_OF;
}

static void
any_parts(const uint8_t *data, size_t size)
{
	int64_t now = 0;

	memset(&r, 0, sizeof r);
	while (size >= 2) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;
		struct reassembly_part p = { .charset = charset_of_dcs(data[0] >> 4, CHARSET_GSM7) };
		bool is_part = read_part(data[0], data + 2, n, &p);

		must(p.len <= n);
		if (is_part) {
			enum reassembly_result result = reassembly_add(&r, &p, now, KEEP);
			bool kept = result != REASSEMBLY_REFUSED;

			must((result == REASSEMBLY_WHOLE) <= reassembly_whole(&r));
			must(!kept || r.total == p.total);
			must(!kept || reassembly_add(&r, &p, now, KEEP) == REASSEMBLY_REPEATED);
			if (kept)
				check_record();
		}
		now += (data[0] & 0x0c) * 100;
		data += 2 + n;
		size -= 2 + n;
	}
}

/* A part is whole characters: alone it says its piece of the text, and the pieces are all of it. */
static void
check_part(const struct segments *plan, const char *text, int i, const struct reassembly_part *p)
{
	static char piece[4 * SEGMENT_OCTETS];
	size_t from = i > 0 ? plan->end[i - 1] : 0, n = plan->end[i] - from;

	must(plan->end[i] >= from && (i + 1 < plan->total || plan->end[i] == strlen(text)));
	must(text_decode(plan->charset, p->octets, p->len, piece, sizeof piece) == (int)n);
	must(memcmp(piece, text + from, n) == 0);
}

static void
there_and_back(const struct segment_rules *rules, const char *text)
{
	struct buf back = { 0 };
	struct segments plan;

	if (!segment_plan(&plan, rules, text, 0x1ff))
		return;
	memset(&r, 0, sizeof r);
	for (int i = plan.total - 1; i >= 0; i--) {
		struct reassembly_part p = { .total = 1, .seq = 1, .octets = segment.octets };

		segment_part(&plan, text, i, &segment);
		must(segment.len <= (plan.payload ? SEGMENT_OCTETS : 160));
		p.len = segment.len;
		p.charset = plan.charset;
		if (segment.udhi)
			must(reassembly_read_udh(segment.octets, segment.len, true, &p) ==
			    REASSEMBLY_PART_OF);
		if (segment.sar)
			must(reassembly_read_sar(segment.reference, segment.total, segment.seq, &p) ==
			    REASSEMBLY_PART_OF);
		check_part(&plan, text, i, &p);
		if (!plan.payload)
			must((reassembly_add(&r, &p, 0, KEEP) == REASSEMBLY_WHOLE) == (i == 0));
	}
	reassembly_text(&r, &back);
	must(plan.payload || strcmp(buf_str(&back), text) == 0);
	buf_clear(&back);
}

static void
any_text(const char *text)
{
	struct buf safe = { 0 };
	bool is_safe = gsm_safe(text, &safe);

	must((gsm_septets(buf_str(&safe)) >= 0) == is_safe);
	must(is_safe || strcmp(buf_str(&safe), text) == 0);
	for (enum segment_way way = SEGMENT_UDH8; way <= SEGMENT_PAYLOAD; way++)
		for (enum charset dcs0 = CHARSET_GSM7; dcs0 <= CHARSET_BINARY; dcs0++) {
			struct segment_rules rules = { way, dcs0, REASSEMBLY_PARTS };

			there_and_back(&rules, text);
			there_and_back(&rules, buf_str(&safe));
		}
	buf_clear(&safe);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || size > 4096)
		return 0;
	if (data[0] == 'r')
		any_record(data + 1, size - 1);
	else if (data[0] == 'p')
		any_parts(data + 1, size - 1);
	else {
		text = strndup((const char *)data, size);
		must(text != NULL);
		any_text(text);
		free(text);
	}
	return 0;
}
