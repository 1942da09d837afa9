/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsmpp34 as a second opinion: what it accepts our decoder reads as the same, field by field, and so does it what we
 * pack. It is asked in a process of its own. Where the two differ on purpose:
 *
 *  - commands that we know and do not serve (query_sm, submit_multi ...) are read by it, and refused by us (RINVCMDID);
 *  - it never looks at the length of a TLV whose type has a size, so it takes one that lies, and reads what follows it
 *    in the wrong place. We go by the length, and refuse when that leads out of the PDU (RINVTLVSTREAM);
 *  - it leaves message_payload among the TLVs; with us it is the text too, where there is no other.
 *
 * It never sees a PDU that could have more TLVs than its trace buffer bears, but in the test of its death.
 */
#include "test_smpp_samples.h"

#include "smpp34_reader.h"

#define LIB_TLVS 16
#define LIB_BLIND_MAX 130	/* octets of a PDU whose TLVs nobody has counted: at most 28 fit */

static struct smpp34 lib;
static struct buf theirs, ours_read;
static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % below;
}

static void
read_message(struct buf *b, const struct smpp_pdu *o)
{
	reading_string(b, "service_type", o->service_type);
	reading_number(b, "source_ton", o->source_ton);
	reading_number(b, "source_npi", o->source_npi);
	reading_string(b, "source", o->source);
	reading_number(b, "dest_ton", o->dest_ton);
	reading_number(b, "dest_npi", o->dest_npi);
	reading_string(b, "dest", o->dest);
	reading_number(b, "esm_class", o->esm_class);
	reading_number(b, "registered_delivery", o->registered_delivery);
	reading_number(b, "data_coding", o->data_coding);
}

static void
read_sm(struct buf *b, const struct smpp_pdu *o)
{
	const struct smpp_tlv *payload = smpp_tlv_find(o, SMPP_TAG_MESSAGE_PAYLOAD);

	read_message(b, o);
	reading_number(b, "protocol_id", o->protocol_id);
	reading_number(b, "priority", o->priority);
	reading_string(b, "validity", o->validity);
	reading_number(b, "replace", o->replace);
	reading_octets(b, "text", o->text, payload == NULL || payload->p != o->text ? o->text_len : 0);
}

/* As smpp34_reader.c says what libsmpp34 has read. */
static void
read_ours(struct buf *b, const struct smpp_pdu *o)
{
	bool tlvs = false;

	buf_reset(b);
	reading_number(b, "id", o->id);
	reading_number(b, "status", o->status);
	reading_number(b, "sequence", o->sequence);
	switch (o->id) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
		read_sm(b, o);
		tlvs = true;
		break;
	case SMPP_DATA_SM:
		read_message(b, o);
		tlvs = true;
		break;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		reading_string(b, "system_id", o->system_id);
		reading_string(b, "password", o->password);
		reading_string(b, "system_type", o->system_type);
		reading_number(b, "interface_version", o->interface_version);
		break;
	case (uint32_t)SMPP_RESP | SMPP_BIND_RECEIVER:
	case (uint32_t)SMPP_RESP | SMPP_BIND_TRANSMITTER:
	case (uint32_t)SMPP_RESP | SMPP_BIND_TRANSCEIVER:
		reading_string(b, "system_id", o->system_id);
		tlvs = true;
		break;
	case (uint32_t)SMPP_RESP | SMPP_SUBMIT_SM:
	case (uint32_t)SMPP_RESP | SMPP_DELIVER_SM:
	case (uint32_t)SMPP_RESP | SMPP_DATA_SM:
		reading_string(b, "message_id", o->message_id);
		tlvs = true;
		break;
	}
	for (size_t i = 0; tlvs && i < o->tlvs; i++)
		reading_tlv(b, o->tlv[i].tag, o->tlv[i].p, o->tlv[i].len);
}

/* Octets of a reading up to its TLVs. */
static size_t
fields_end(const struct buf *b)
{
	const char *tlv = strstr(buf_str(b), "\ntlv ");

	return tlv != NULL ? (size_t)(tlv - b->p) : b->len - 1;
}

/* true: libsmpp34 accepts it, and ours said the same or differs as the head of this file says. */
static bool
same(const unsigned char *p, size_t len)
{
	struct smpp_pdu ours;
	uint32_t status;
	bool lies, ok = smpp_decode(p, len, &ours, &status);

	if (len < SMPP_HEADER || smpp_u32(p) != len ||
	    (ok ? ours.tlvs > LIB_TLVS : len > LIB_BLIND_MAX))
		return false;
	if (smpp34_ask(&lib, p, len, &theirs) != SMPP34_ACCEPTS)
		return false;
	if (!ok && status == SMPP_RINVCMDID)
		return true;
	lies = strstr(buf_str(&theirs), READING_LIES) != NULL;
	if (!ok && !(status == SMPP_RINVTLVSTREAM && lies))
		fail_msg("%s of %zu octets: %s, but libsmpp34 reads\n%s", smpp_id_name(ours.id), len,
		    smpp_status_name(status), buf_str(&theirs));
	read_ours(&ours_read, &ours);
	if (lies) {
		assert_int_equal(fields_end(&ours_read), fields_end(&theirs));
		assert_memory_equal(ours_read.p, theirs.p, fields_end(&theirs));
	} else {
		assert_string_equal(buf_str(&ours_read), buf_str(&theirs));
	}
	return true;
}

static void
test_samples_as_libsmpp34_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_n; i++)
		assert_int_equal(same(samples[i].p, samples[i].len),
		    strcmp(samples[i].verdict, "accept") == 0);
}

static void
test_mutants_as_libsmpp34_reads_them(void **state)
{
	unsigned accepted = 0;

	(void)state;
	seed = 20260725;
	for (unsigned i = 0; i < 40000; i++) {
		const struct sample *s = &samples[chance((uint32_t)samples_n)];
		unsigned char p[600];
		size_t n = s->len;

		memcpy(p, s->p, n);
		for (unsigned k = chance(4); k > 0; k--)
			p[12 + chance((uint32_t)n - 12)] =
			    (unsigned char)(chance(2) ? chance(256) : chance(8));
		if (chance(4) == 0 && n > SMPP_HEADER)
			n -= chance((uint32_t)(n - SMPP_HEADER));
		if (chance(8) == 0) {
			memcpy(p + n,
			    (unsigned char[]){ 0x14, (unsigned char)chance(256), 0, 3, 1, 2, 3 },
			    7);
			n += 7;
		}
		p[2] = (unsigned char)(n >> 8);
		p[3] = (unsigned char)n;
		accepted += same(p, n);
	}
	print_message("%u of 40000 mutants accepted by both\n", accepted);
	assert_true(accepted > 4000);
}

static void
random_string(char *out, size_t max)
{
	size_t n = chance((uint32_t)max + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(1 + chance(255));
	out[n] = '\0';
}

/* A TLV of a vendor, or one whose type has a size. */
static void
random_tlv(struct smpp_out *out, size_t k)
{
	static const uint16_t typed[][2] = { { SMPP_TAG_USER_MESSAGE_REFERENCE, 2 }, { SMPP_TAG_SAR_REF, 2 },
		{ SMPP_TAG_SAR_TOTAL, 1 }, { SMPP_TAG_SAR_SEQ, 1 }, { SMPP_TAG_ITS_SESSION_INFO, 2 } };
	const uint16_t *type = chance(3) == 0 ? typed[chance((uint32_t)NELEM(typed))] : NULL;

	out->tlv[k].tag = type != NULL ? type[0] : (uint16_t)(0x1400 + chance(0x2c00));
	out->tlv[k].len = type != NULL ? type[1] : (uint16_t)chance(sizeof out->tlv[k].p + 1);
	for (size_t m = 0; m < out->tlv[k].len; m++)
		out->tlv[k].p[m] = (unsigned char)chance(256);
}

/* What we pack, we read; also what libsmpp34 reads of it. */
static void
test_random_messages(void **state)
{
	static const uint32_t id[] = { SMPP_SUBMIT_SM, SMPP_DELIVER_SM, SMPP_DATA_SM };
	unsigned char text[1024], p[SMPP_PDU_MAX];
	char service[8], source[24], dest[24], validity[20];
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	seed = 42;
	for (unsigned i = 0; i < 5000; i++) {
		struct smpp_out out = { .id = id[i % 3],
			.sequence = 1 + chance(0x7fffffff),
			.service_type = service,
			.source_ton = (uint8_t)chance(7),
			.source_npi = 1,
			.dest_ton = (uint8_t)chance(7),
			.dest_npi = 8,
			.source = source,
			.dest = dest,
			.esm_class = (uint8_t)chance(256),
			.registered_delivery = (uint8_t)chance(256),
			.data_coding = (uint8_t)chance(256),
			.text = text,
			.text_len = chance(chance(4) ? 254 : 1025),
			.payload = chance(3) == 0,
			.tlvs = chance(7) };
		size_t len;

		random_string(service, 5);
		random_string(source, 20);
		random_string(dest, 20);
		random_string(validity, 16);
		if (out.id != SMPP_DATA_SM) {
			out.protocol_id = (uint8_t)chance(256);
			out.priority = (uint8_t)chance(256);
			out.validity = out.id == SMPP_SUBMIT_SM ? validity : NULL;
		}
		for (size_t k = 0; k < out.text_len; k++)
			text[k] = (unsigned char)chance(256);
		for (size_t k = 0; k < out.tlvs; k++)
			random_tlv(&out, k);
		len = smpp_encode(&out, p, sizeof p);
		assert_true(len > 0);
		assert_true(smpp_decode(p, len, &pdu, &status));
		assert_false(pdu.odd);
		assert_true(same(p, len));
		assert_string_equal(pdu.source, source);
		assert_string_equal(pdu.dest, dest);
		assert_string_equal(pdu.service_type, service);
		assert_int_equal(pdu.sequence, out.sequence);
		assert_int_equal(pdu.source_ton, out.source_ton);
		assert_int_equal(pdu.dest_npi, 8);
		assert_int_equal(pdu.esm_class, out.esm_class);
		assert_int_equal(pdu.protocol_id, out.protocol_id);
		assert_int_equal(pdu.priority, out.priority);
		assert_int_equal(pdu.registered_delivery, out.registered_delivery);
		assert_int_equal(pdu.data_coding, out.data_coding);
		assert_string_equal(pdu.validity, out.validity != NULL ? validity : "");
		assert_int_equal(pdu.text_len, out.text_len);
		assert_memory_equal(pdu.text, text, out.text_len);
		for (size_t k = 0; k < out.tlvs; k++) {
			assert_int_equal(pdu.tlv[k].tag, out.tlv[k].tag);
			assert_int_equal(pdu.tlv[k].len, out.tlv[k].len);
			assert_memory_equal(pdu.tlv[k].p, out.tlv[k].p, out.tlv[k].len);
		}
	}
}

/* As many TLVs as break its trace buffer: whatever it does then, it does not do it to us. */
static void
test_its_death_is_its_own(void **state)
{
	const struct sample *s = sample("47-");
	unsigned char p[2048];
	size_t n = s->len;

	(void)state;
	memcpy(p, s->p, n);
	while (n + 5 <= sizeof p) {
		memcpy(p + n, (const unsigned char[]){ 0x14, 0x01, 0, 1, 'x' }, 5);
		n += 5;
	}
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
	assert_int_equal(lib.deaths, 0);	/* nothing before was too much for it */
	print_message("with %zu TLVs it %s\n", (n - s->len) / 5,
	    smpp34_ask(&lib, p, n, &theirs) == SMPP34_DIES ? "dies" : "lives");
	smpp34_stop(&lib);
	assert_true(same(s->p, s->len));
}

static int
stop(void **state)
{
	(void)state;
	smpp34_stop(&lib);
	buf_clear(&theirs);
	buf_clear(&ours_read);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_as_libsmpp34_reads_them),
		cmocka_unit_test(test_mutants_as_libsmpp34_reads_them),
		cmocka_unit_test(test_random_messages),
		cmocka_unit_test(test_its_death_is_its_own),
	};

	return cmocka_run_group_tests(tests, load_samples, stop);
}
