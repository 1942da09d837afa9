/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/reassembly.h"
#include "core/segment.h"
#include "test_smpp_samples.h"

#define KEEP 3600000

static struct reassembly r, again;

static struct reassembly_part
part(int total, int seq, const char *octets)
{
	return (struct reassembly_part){ 7, (uint8_t)total, (uint8_t)seq, CHARSET_GSM7,
	    (const unsigned char *)octets, strlen(octets) };
}

static enum reassembly_result
add(int total, int seq, const char *octets, int64_t now)
{
	struct reassembly_part p = part(total, seq, octets);

	return reassembly_add(&r, &p, now, KEEP);
}

static void
is_text(const char *want)
{
	struct buf text = { 0 };

	reassembly_text(&r, &text);
	assert_string_equal(buf_str(&text), want);
	buf_clear(&text);
}

static void
reset(void)
{
	memset(&r, 0, sizeof r);
}

static void
test_read_udh(void **state)
{
#define H(octets) octets, sizeof octets - 1
	static const struct {
		const char *octets;
		size_t n;
		bool udhi;
		enum reassembly_read found;
		int reference, total, seq;
		size_t left;
	} rows[] = {
		{ H("\5\0\3\x5c\2\1ab"), true, REASSEMBLY_PART_OF, 0x5c, 2, 1, 2 },
		{ H("\6\x08\4\x12\x34\2\2ab"), true, REASSEMBLY_PART_OF, 0x1234, 2, 2, 2 },
		{ H("\5\0\3\x5c\1\1"), true, REASSEMBLY_PART_OF, 0x5c, 1, 1, 0 },
		{ H("\5\0\3\x5c\xff\xfe""ab"), true, REASSEMBLY_PART_OF, 0x5c, 255, 254, 2 },
		/* Ports before, a national language shift after. */
		{ H("\x0e\5\4\1\2\3\4\0\3\x5c\2\1\x24\1\1ab"), true,
		    REASSEMBLY_PART_OF, 0x5c, 2, 1, 2 },
		/* Of two the last. */
		{ H("\x0b\0\3\x5c\2\1\x08\4\1\2\3\3ab"), true, REASSEMBLY_PART_OF, 0x102, 3, 3, 2 },
		/* Nothing of parts, an element without octets, or one of a wrong length. */
		{ H("\6\5\4\1\2\3\4ab"), true, REASSEMBLY_ALONE, -1, -1, -1, 2 },
		{ H("\2\x70\0ab"), true, REASSEMBLY_ALONE, -1, -1, -1, 2 },
		{ H("\0ab"), true, REASSEMBLY_ALONE, -1, -1, -1, 2 },
		{ H("\4\0\2\x5c\2ab"), true, REASSEMBLY_ALONE, -1, -1, -1, 2 },
		/* Lies. */
		{ H("\5\0\3\x5c\2\0ab"), true, REASSEMBLY_LYING, -1, -1, -1, 2 },
		{ H("\5\0\3\x5c\2\3ab"), true, REASSEMBLY_LYING, -1, -1, -1, 2 },
		{ H("\5\0\3\x5c\0\0ab"), true, REASSEMBLY_LYING, -1, -1, -1, 2 },
		{ H("\5\0\4\x5c\2\1ab"), true, REASSEMBLY_LYING, -1, -1, -1, 2 },
		{ H("\6\0\3\x5c\2\1\0ab"), true, REASSEMBLY_LYING, -1, -1, -1, 2 },
		{ H("\5\0\3\x5c"), true, REASSEMBLY_LYING, -1, -1, -1, 4 },
		{ H("\xff\0\3\x5c"), true, REASSEMBLY_LYING, -1, -1, -1, 4 },
		{ H(""), true, REASSEMBLY_LYING, -1, -1, -1, 0 },
		/* The mark was lost. */
		{ H("\5\0\3\x09\2\1part"), false, REASSEMBLY_PART_OF, 9, 2, 1, 4 },
		{ H("\6\x08\4\x12\x34\2\2ab"), false, REASSEMBLY_PART_OF, 0x1234, 2, 2, 2 },
		{ H("\5\0\3\x09\2\1"), false, REASSEMBLY_PART_OF, 9, 2, 1, 0 },
		{ H("\5\0\3\x09\2"), false, REASSEMBLY_ALONE, -1, -1, -1, 5 },
		{ H("\6\x08\4\x12\x34\2"), false, REASSEMBLY_ALONE, -1, -1, -1, 6 },
		{ H("\5\0\3\x09\2\3part"), false, REASSEMBLY_ALONE, -1, -1, -1, 10 },
		{ H("\5\0\3\x09\1\1part"), false, REASSEMBLY_ALONE, -1, -1, -1, 10 },
		{ H("Hello"), false, REASSEMBLY_ALONE, -1, -1, -1, 5 },
		{ H(""), false, REASSEMBLY_ALONE, -1, -1, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		unsigned char *exact = malloc(rows[i].n + 1);
		struct reassembly_part p;

		assert_non_null(exact);
		memcpy(exact + 1, rows[i].octets, rows[i].n);
		assert_int_equal(reassembly_read_udh(exact + 1, rows[i].n, rows[i].udhi, &p),
		    rows[i].found);
		assert_int_equal(p.len, rows[i].left);
		assert_ptr_equal(p.octets, exact + 1 + rows[i].n - rows[i].left);
		if (rows[i].found == REASSEMBLY_PART_OF) {
			assert_int_equal(p.reference, rows[i].reference);
			assert_int_equal(p.total, rows[i].total);
			assert_int_equal(p.seq, rows[i].seq);
		}
		free(exact);
	}
}

static void
test_read_sar(void **state)
{
	struct reassembly_part p;

	(void)state;
	assert_int_equal(reassembly_read_sar(65535, 2, 1, &p), REASSEMBLY_PART_OF);
	assert_int_equal(p.reference, 65535);
	assert_int_equal(p.total, 2);
	assert_int_equal(p.seq, 1);
	assert_int_equal(reassembly_read_sar(65536, 2, 1, &p), REASSEMBLY_LYING);
	assert_int_equal(reassembly_read_sar(1, 256, 1, &p), REASSEMBLY_LYING);
	assert_int_equal(reassembly_read_sar(1, 2, 0, &p), REASSEMBLY_LYING);
	assert_int_equal(reassembly_read_sar(1, 2, 3, &p), REASSEMBLY_LYING);
	assert_int_equal(reassembly_read_sar(1, 0, 0, &p), REASSEMBLY_LYING);
}

static void
test_any_order(void **state)
{
	(void)state;
	reset();
	assert_int_equal(add(3, 3, "lo", 0), REASSEMBLY_MORE);
	assert_int_equal(add(3, 3, "lo", 1), REASSEMBLY_REPEATED);
	assert_int_equal(add(3, 1, "He", 2), REASSEMBLY_MORE);
	assert_false(reassembly_whole(&r));
	is_text("Helo");
	assert_int_equal(add(3, 2, "l", 3), REASSEMBLY_WHOLE);
	assert_true(reassembly_whole(&r));
	is_text("Hello");
	/* The SMSC did not see our answer. */
	assert_int_equal(add(3, 2, "l", 4), REASSEMBLY_REPEATED);
	is_text("Hello");
	reset();
	assert_int_equal(add(1, 1, "", 0), REASSEMBLY_WHOLE);
	is_text("");
}

static void
test_refused(void **state)
{
	static char long_part[REASSEMBLY_PART + 2];

	(void)state;
	reset();
	memset(long_part, 'a', REASSEMBLY_PART + 1);
	assert_int_equal(add(0, 0, "a", 0), REASSEMBLY_REFUSED);
	assert_int_equal(add(2, 0, "a", 0), REASSEMBLY_REFUSED);
	assert_int_equal(add(2, 3, "a", 0), REASSEMBLY_REFUSED);
	assert_int_equal(add(REASSEMBLY_PARTS + 1, 1, "a", 0), REASSEMBLY_REFUSED);
	assert_int_equal(add(2, 1, long_part, 0), REASSEMBLY_REFUSED);
	assert_int_equal(r.total, 0);
	long_part[REASSEMBLY_PART] = '\0';
	for (int seq = 1; seq < REASSEMBLY_PARTS; seq++)
		assert_int_equal(add(REASSEMBLY_PARTS, seq, long_part, 0), REASSEMBLY_MORE);
	assert_int_equal(add(REASSEMBLY_PARTS - 1, 1, "a", 0), REASSEMBLY_REFUSED);
	assert_int_equal(add(REASSEMBLY_PARTS, REASSEMBLY_PARTS, long_part, 0), REASSEMBLY_WHOLE);
}

static void
test_lifetime(void **state)
{
	(void)state;
	reset();
	assert_int_equal(add(2, 1, "old", 1000), REASSEMBLY_MORE);
	assert_int_equal(r.until, 1000 + KEEP);
	assert_int_equal(add(2, 2, " and", 1000 + KEEP), REASSEMBLY_MORE);
	assert_int_equal(r.until, 1000 + 2 * KEEP);
	is_text(" and");
	assert_int_equal(add(2, 1, "new", 1000 + 2 * KEEP - 1), REASSEMBLY_WHOLE);
	is_text("new and");
	/* A later part makes nobody live longer. */
	assert_int_equal(r.until, 1000 + 2 * KEEP);
}

/* The sender has come round to the reference again; the older message is not mixed with it. */
static void
test_reference_used_again(void **state)
{
	(void)state;
	reset();
	assert_int_equal(add(3, 1, "one", 0), REASSEMBLY_MORE);
	assert_int_equal(add(3, 2, "two", 0), REASSEMBLY_MORE);
	assert_int_equal(add(3, 1, "eins", 5), REASSEMBLY_MORE);
	is_text("eins");
	assert_int_equal(r.until, 5 + KEEP);
	assert_int_equal(add(3, 2, "zwei", 5), REASSEMBLY_MORE);
	assert_int_equal(add(3, 3, "drei", 5), REASSEMBLY_WHOLE);
	is_text("einszweidrei");
}

/* Senders that cut anywhere, and one that changes the charset in between. */
static void
test_text_of_torn_parts(void **state)
{
	static const unsigned char high[] = { 0, 'a', 0xd8, 0x3d, 0xde }, low[] = { 0x4f, 0, '!' };
	struct reassembly_part p = { 7, 3, 1, CHARSET_UCS2, high, sizeof high };
	struct buf octets = { 0 };

	(void)state;
	reset();
	assert_int_equal(reassembly_add(&r, &p, 0, KEEP), REASSEMBLY_MORE);
	p.seq = 2, p.octets = low, p.len = sizeof low;
	assert_int_equal(reassembly_add(&r, &p, 0, KEEP), REASSEMBLY_MORE);
	assert_int_equal(add(3, 3, "\x1b\x65", 0), REASSEMBLY_WHOLE);
	is_text("a\xf0\x9f\x99\x8f!\xe2\x82\xac");
	reassembly_octets(&r, &octets);
	assert_int_equal(octets.len, sizeof high + sizeof low + 2);
	assert_memory_equal(octets.p, high, sizeof high);
	assert_memory_equal(octets.p + sizeof high, low, sizeof low);
	buf_clear(&octets);
	reset();
	assert_int_equal(add(2, 1, "5\x1b", 0), REASSEMBLY_MORE);
	assert_int_equal(add(2, 2, "\x65", 0), REASSEMBLY_WHOLE);
	is_text("5\xe2\x82\xac");
}

static void
test_record(void **state)
{
	struct buf out = { 0 };

	(void)state;
	reset();
	assert_int_equal(add(3, 3, "lo", 50), REASSEMBLY_MORE);
	assert_int_equal(add(3, 1, "", 50), REASSEMBLY_MORE);
	reassembly_encode(&r, &out);
	assert_true(reassembly_decode(out.p, out.len, &again));
	assert_memory_equal(&again, &r, sizeof r);
	for (size_t n = 0; n < out.len; n++)
		assert_false(reassembly_decode(out.p, n, &again) && again.len == r.len);
	buf_clear(&out);
}

static void
test_damaged_records(void **state)
{
	static const struct {
		int total;
		const char *parts;
		uint32_t len;
		bool sound;
	} rows[] = {
		{ 2, "\1\0\1a\2\0\0", 7, true }, { 2, "", 0, true }, { 2, "\2\4\1a", 4, true },
		{ 0, "", 0, false }, { -1, "", 0, false }, { REASSEMBLY_PARTS + 1, "", 0, false },
		{ 2, "\1\0\1", 3, false }, { 2, "\1\0", 2, false }, { 2, "\1\0\1a\2", 5, false },
		{ 2, "\1\0\1a\1\0\0", 7, false }, { 2, "\3\0\0", 3, false },
		{ 2, "\0\0\0", 3, false }, { 2, "\1\5\0", 3, false }, { 2, "\1\0\2a", 4, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf out = { 0 };

		reset();
		r.total = rows[i].total;
		r.len = rows[i].len;
		memcpy(r.parts, rows[i].parts, rows[i].len);
		reassembly_encode(&r, &out);
		assert_int_equal(reassembly_decode(out.p, out.len, &again), rows[i].sound);
		assert_int_equal(again.total, rows[i].sound ? rows[i].total : 0);
		buf_clear(&out);
	}
}

static enum reassembly_result
add_sample(const char *name)
{
	struct reassembly_part p;
	struct smpp_pdu pdu;
	unsigned ref, total, seq;

	decode(name, &pdu);
	if (smpp_tlv_u8(&pdu, SMPP_TAG_SAR_REF, &ref) &&
	    smpp_tlv_u8(&pdu, SMPP_TAG_SAR_TOTAL, &total) &&
	    smpp_tlv_u8(&pdu, SMPP_TAG_SAR_SEQ, &seq)) {
		p.octets = pdu.text;
		p.len = pdu.text_len;
		assert_int_equal(reassembly_read_sar(ref, total, seq, &p), REASSEMBLY_PART_OF);
	} else
		assert_int_equal(reassembly_read_udh(pdu.text, pdu.text_len,
		    (pdu.esm_class & 0x40) != 0, &p), REASSEMBLY_PART_OF);
	p.charset = charset_of_dcs(pdu.data_coding, CHARSET_GSM7);
	return reassembly_add(&r, &p, 0, KEEP);
}

static void
test_samples(void **state)
{
	(void)state;
	reset();
	assert_int_equal(add_sample("43-sms-udh16-part2"), REASSEMBLY_MORE);
	assert_int_equal(add_sample("43-sms-udh16-part1"), REASSEMBLY_WHOLE);
	is_text("Hello");
	reset();
	assert_int_equal(add_sample("44-sms-sar-part1"), REASSEMBLY_MORE);
	assert_int_equal(add_sample("44-sms-sar-part2"), REASSEMBLY_WHOLE);
	is_text("Hello");
	reset();
	assert_int_equal(add_sample("48-mo-udh-without-udhi"), REASSEMBLY_MORE);
	is_text("part");
}

/* What others send for the same text is what we would. */
static void
test_samples_sent(void **state)
{
	static const char *const names[] = { "42-sms-udh8-part1", "42-sms-udh8-part2" };
	struct segment_rules rules = { SEGMENT_UDH8, CHARSET_GSM7, 2 };
	struct segments plan;
	struct segment s;
	struct smpp_pdu pdu;
	char text[301] = "";

	(void)state;
	memset(text, 'A', 153);
	memset(text + 153, 'B', 20);
	assert_true(segment_plan(&plan, &rules, text, 0x5c));
	assert_int_equal(plan.total, 2);
	for (int i = 0; i < 2; i++) {
		decode(names[i], &pdu);
		segment_part(&plan, text, i, &s);
		assert_int_equal(pdu.text_len, s.len);
		assert_memory_equal(pdu.text, s.octets, s.len);
		assert_int_equal(pdu.esm_class, s.udhi ? 0x40 : 0);
		assert_int_equal(pdu.data_coding, plan.data_coding);
	}
	memset(text, 'C', 300);
	rules.way = SEGMENT_PAYLOAD;
	assert_true(segment_plan(&plan, &rules, text, 0));
	decode("45-sms-message_payload", &pdu);
	segment_part(&plan, text, 0, &s);
	assert_int_equal(pdu.text_len, s.len);
	assert_memory_equal(pdu.text, s.octets, s.len);
	decode("40-sms-gsm7-at-and-euro", &pdu);
	assert_true(segment_plan(&plan, &rules, "@5 \xe2\x82\xac""2 [x]", 0));
	segment_part(&plan, "@5 \xe2\x82\xac""2 [x]", 0, &s);
	assert_int_equal(pdu.text_len, s.len);
	assert_memory_equal(pdu.text, s.octets, s.len);
}

/* ---- any text, by each way, in any order ---- */

static uint32_t
next_random(void)
{
	static uint32_t x = 0x2545f491;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void
random_text(struct buf *text)
{
	static const char *const pool[] = {
		"a", "@", "{", "\xe2\x82\xac", "\xc3\xa9", "\xce\x94", "\n",
		/* From here on UCS-2 only. */
		"\xc3\xb4", "\xe1\xb8\x93", "\xf0\x9f\x99\x8f",
	};
	uint32_t kinds = next_random() % 2 ? 3 : next_random() % 2 ? 7 : NELEM(pool);
	uint32_t n = next_random() % 700;

	buf_reset(text);
	while (n-- > 0)
		buf_add_str(text, pool[next_random() % kinds]);
}

static void
check_octets(const struct segments *plan, const struct segment *s, struct buf *joined)
{
	size_t head = s->udhi ? (size_t)s->octets[0] + 1 : 0;
	char utf8[4096];
	int n = text_decode(plan->charset, s->octets + head, s->len - head, utf8, sizeof utf8);
	bool ucs2 = plan->charset == CHARSET_UCS2;

	assert_true(n >= 0);
	/* 140 octets of user data, in which septets are packed. */
	if (!plan->payload)
		assert_true(ucs2 ? s->len <= 140 :
		    head * 8 + (size_t)gsm_septets(utf8) * 7 + (head * 8 % 7 ? 7 - head * 8 % 7 : 0)
		    <= 140 * 8);
	buf_add_str(joined, utf8);
}

static void
send_and_join(const struct segments *plan, const char *text)
{
	static struct segment s;
	int first = (int)(next_random() % 10), done = 0;
	struct buf joined = { 0 };

	reset();
	for (int i = 0; i < plan->total; i++) {
		segment_part(plan, text, i, &s);
		check_octets(plan, &s, &joined);
	}
	/* Nothing was torn: each part alone says its piece. */
	assert_string_equal(buf_str(&joined), text);
	for (int i = 0; i < plan->total * 2; i++) {
		struct reassembly_part p = { .octets = s.octets, .charset = plan->charset };
		enum reassembly_result result;

		segment_part(plan, text, (i + first) % plan->total, &s);
		p.len = s.len;
		if (s.sar)
			assert_int_equal(reassembly_read_sar(s.reference, s.total, s.seq, &p),
			    REASSEMBLY_PART_OF);
		else
			assert_int_equal(reassembly_read_udh(s.octets, s.len, s.udhi, &p),
			    REASSEMBLY_PART_OF);
		assert_int_equal(p.reference, s.reference);
		result = reassembly_add(&r, &p, 0, KEEP);
		done += result == REASSEMBLY_WHOLE;
		assert_int_equal(result == REASSEMBLY_REPEATED, i >= plan->total);
	}
	assert_int_equal(done, 1);
	is_text(text);
	buf_clear(&joined);
}

static void
test_any_text_comes_back(void **state)
{
	static const enum charset dcs0[] = {
		CHARSET_GSM7, CHARSET_LATIN1, CHARSET_ASCII, CHARSET_UCS2
	};
	struct buf text = { 0 };
	int joined = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct segment_rules rules = { (enum segment_way)(next_random() % 4),
		    dcs0[next_random() % NELEM(dcs0)], REASSEMBLY_PARTS };
		struct segments plan;

		random_text(&text);
		if (!segment_plan(&plan, &rules, buf_str(&text), next_random()))
			continue;
		if (plan.total > 1) {
			send_and_join(&plan, buf_str(&text));
			joined++;
		} else {
			struct segment s;
			struct buf alone = { 0 };

			segment_part(&plan, buf_str(&text), 0, &s);
			check_octets(&plan, &s, &alone);
			assert_string_equal(buf_str(&alone), buf_str(&text));
			buf_clear(&alone);
		}
	}
	assert_true(joined > 1000);
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_udh),
		cmocka_unit_test(test_read_sar),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_reference_used_again),
		cmocka_unit_test(test_text_of_torn_parts),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_damaged_records),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_samples_sent),
		cmocka_unit_test(test_any_text_comes_back),
	};

	return cmocka_run_group_tests(tests, load_samples, NULL);
}
