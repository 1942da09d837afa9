/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder against the samples of tests/data/smpp and against damage; the packer against golden
 * octets. What libsmpp34 says to the same is in test_smpp_second.c.
 */
#include "test_smpp_samples.h"

static void
test_every_sample_is_read(void **state)
{
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		const struct sample *s = &samples[i];
		bool ok = smpp_decode(s->p, s->len, &pdu, &status);

		print_message("%s %s\n", s->name, smpp_id_name(pdu.id));
		assert_int_equal(ok, !str_starts(s->name, "53-"));
		/*
		 * What libsmpp34 accepts is not odd, bar the UDH whose mark is lost, which is no
		 * matter of the PDU.
		 */
		if (strcmp(s->verdict, "accept") == 0)
			assert_false(pdu.odd);
	}
}

static void
test_what_libsmpp34_refuses(void **state)
{
	struct smpp_pdu pdu;
	uint32_t status;
	unsigned n;

	(void)state;
	decode("03-", &pdu);
	assert_int_equal(pdu.id, (uint32_t)SMPP_RESP | SMPP_BIND_TRANSCEIVER);
	assert_int_equal(pdu.status, SMPP_RINVPASWD);
	assert_string_equal(pdu.system_id, "");
	decode("06-", &pdu);
	assert_string_equal(pdu.system_id, "SMSC-GAUTENG-PRIMARY-01");
	decode("11-", &pdu);
	assert_int_equal(pdu.sequence, 0);
	assert_true(pdu.odd);
	decode("24-", &pdu);
	assert_int_equal(pdu.status, SMPP_RTHROTTLED);
	assert_int_equal(pdu.sequence, 11);
	decode("27-", &pdu);
	assert_in_range(pdu.status, 0x400, 0x4ff);
	assert_string_equal(smpp_status_name(pdu.status), "vendor");
	decode("28-", &pdu);
	assert_int_equal(pdu.status, 0x22);
	decode("29-", &pdu);
	assert_string_equal(pdu.message_id, "77001");
	assert_int_equal(pdu.tlvs, 1);
	decode("33-ussdD-2", &pdu);
	assert_true(smpp_tlv_u8(&pdu, SMPP_TAG_USER_MESSAGE_REFERENCE, &n));
	assert_int_equal(n, 0x80000421);
	decode("33-ussdD-3", &pdu);
	assert_true(smpp_tlv_u8(&pdu, SMPP_TAG_USER_MESSAGE_REFERENCE, &n));
	assert_int_equal(n, 0x2a);
	decode("49-", &pdu);
	assert_string_equal(pdu.validity, "000001000000000R");
	assert_memory_equal(pdu.text, "hi", 2);
	decode("50-", &pdu);
	assert_int_equal(pdu.text_len, 255);
	decode("51-", &pdu);
	assert_int_equal(pdu.source_ton, 7);
	decode("52-", &pdu);
	assert_int_equal(pdu.text_len, 2);
	assert_true(pdu.odd);
	assert_false(smpp_decode(sample("53-")->p, sample("53-")->len, &pdu, &status));
	assert_int_equal(status, SMPP_RINVTLVSTREAM);
	assert_int_equal(pdu.sequence, 0x13d);
}

static void
test_fields(void **state)
{
	struct smpp_pdu pdu;
	const struct smpp_tlv *t;
	unsigned n;

	(void)state;
	decode("01-", &pdu);
	assert_string_equal(pdu.system_id, "wallet01");
	assert_string_equal(pdu.password, "s3cr3t78");
	assert_string_equal(pdu.system_type, "USSD");
	assert_int_equal(pdu.interface_version, 0x34);
	decode("30-ussdA-1", &pdu);
	assert_int_equal(pdu.id, SMPP_DELIVER_SM);
	assert_int_equal(pdu.sequence, 100);
	assert_string_equal(pdu.service_type, "USSD");
	assert_string_equal(pdu.source, "27600000001");
	assert_string_equal(pdu.dest, "*120*1234#");
	assert_int_equal(pdu.text_len, 10);
	assert_memory_equal(pdu.text, "*120*1234#", 10);
	assert_true(smpp_tlv_u8(&pdu, SMPP_TAG_USSD_SERVICE_OP, &n));
	assert_int_equal(n, 1);
	t = smpp_tlv_find(&pdu, SMPP_TAG_ITS_SESSION_INFO);
	assert_non_null(t);
	assert_int_equal(t->len, 2);
	assert_int_equal(t->p[0], 0x2b);
	decode("33-ussdD-5", &pdu);
	assert_int_equal(pdu.id, SMPP_DATA_SM);
	assert_non_null(smpp_tlv_find(&pdu, SMPP_TAG_MESSAGE_PAYLOAD));
	assert_ptr_equal(pdu.text, smpp_tlv_find(&pdu, SMPP_TAG_MESSAGE_PAYLOAD)->p);
	decode("40-sms-gsm7-at", &pdu);
	assert_int_equal(pdu.text[0], 0);
	assert_int_equal(pdu.text_len, 12);
	decode("61-", &pdu);
	assert_int_equal(pdu.esm_class, 4);
	assert_int_equal(pdu.text_len, 0x4f);
	assert_true(smpp_tlv_u8(&pdu, SMPP_TAG_MESSAGE_STATE, &n));
	assert_int_equal(n, 2);
	assert_null(smpp_tlv_find(&pdu, 0x1400));
	assert_false(smpp_tlv_u8(&pdu, SMPP_TAG_MESSAGE_PAYLOAD, &n));
	assert_string_equal(smpp_id_name(0x80000005), "deliver_sm_resp");
	assert_string_equal(smpp_id_name(0x80000000), "generic_nack");
	assert_string_equal(smpp_id_name(0x77), "unknown");
	assert_string_equal(smpp_status_name(0x58), "RTHROTTLED");
}

static void
test_frame(void **state)
{
	const unsigned char head[] = { 0, 0, 0, 20 };
	size_t len = 0;

	(void)state;
	assert_int_equal(smpp_frame(head, 3, 100, &len), SMPP_MORE);
	assert_int_equal(smpp_frame(head, 19, 100, &len), SMPP_MORE);
	assert_int_equal(smpp_frame(head, 20, 100, &len), SMPP_OK);
	assert_int_equal(len, 20);
	assert_int_equal(smpp_frame(head, 21, 20, &len), SMPP_OK);
	assert_int_equal(smpp_frame(head, 20, 19, &len), SMPP_BAD);
	assert_int_equal(smpp_frame("\0\0\0\x0f", 15, 100, &len), SMPP_BAD);
	assert_int_equal(smpp_frame("\xff\xff\xff\xff", 4, SMPP_FRAME_MAX, &len), SMPP_BAD);
}

/*
 * Every prefix of every sample, in memory of exactly its size, so that a sanitizer sees one octet
 * too many.
 */
static void
test_truncated(void **state)
{
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	for (size_t i = 0; i < samples_n; i++)
		for (size_t n = 0; n < samples[i].len; n++) {
			unsigned char *p = malloc(n > 0 ? n : 1);
			bool ok;

			assert_non_null(p);
			memcpy(p, samples[i].p, n);
			ok = smpp_decode(p, n, &pdu, &status);
			assert_int_equal(ok, status == SMPP_ROK);
			if (n < SMPP_HEADER)
				assert_false(ok);
			else
				assert_int_equal(pdu.sequence, smpp_u32(samples[i].p + 12));
			/* What ends inside its mandatory part is no message. */
			if (n >= SMPP_HEADER && n < SMPP_HEADER + 17 &&
			    (pdu.id == SMPP_DELIVER_SM || pdu.id == SMPP_SUBMIT_SM))
				assert_false(ok);
			free(p);
		}
}

static void
test_many_tlvs(void **state)
{
	unsigned char p[2048];
	const struct sample *s = sample("47-");
	struct smpp_pdu pdu;
	uint32_t status;
	size_t n = s->len;

	(void)state;
	memcpy(p, s->p, n);
	for (unsigned i = 0; i < 200; i++, n += 5)
		memcpy(p + n, (unsigned char[]){ 0x14, (unsigned char)i, 0, 1, 7 }, 5);
	assert_true(smpp_decode(p, n, &pdu, &status));
	assert_int_equal(pdu.tlvs, SMPP_TLVS);
	assert_true(pdu.odd);
	assert_int_equal(pdu.tlv[0].tag, 0x1400);
}

static void
test_short_message_goes_before_payload(void **state)
{
	static const unsigned char payload[] = { 0x04, 0x24, 0, 3, 'b', 'a', 'd' };
	unsigned char p[256];
	const struct sample *s = sample("47-");
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	memcpy(p, s->p, s->len);
	memcpy(p + s->len, payload, sizeof payload);
	assert_true(smpp_decode(p, s->len + sizeof payload, &pdu, &status));
	assert_ptr_equal(pdu.text, p + s->len - pdu.text_len);
}

static void
test_unknown_commands(void **state)
{
	unsigned char p[16] = { 0, 0, 0, 16, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9 };
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	assert_false(smpp_decode(p, sizeof p, &pdu, &status));
	assert_int_equal(status, SMPP_RINVCMDID);
	assert_int_equal(pdu.sequence, 9);
	p[7] = 0x99;
	assert_false(smpp_decode(p, sizeof p, &pdu, &status));
	assert_int_equal(status, SMPP_RINVCMDID);
	p[4] = 0x80; /* a response to something that we never asked is read, and matches nothing */
	assert_true(smpp_decode(p, sizeof p, &pdu, &status));
}

/* ---- the packer ---- */

static void
out_of_pdu(const struct smpp_pdu *pdu, struct smpp_out *out)
{
	*out = (struct smpp_out){ .id = pdu->id,
		.status = pdu->status,
		.sequence = pdu->sequence,
		.system_id = pdu->system_id,
		.password = pdu->password,
		.system_type = pdu->system_type,
		.service_type = pdu->service_type,
		.source_ton = pdu->source_ton,
		.source_npi = pdu->source_npi,
		.dest_ton = pdu->dest_ton,
		.dest_npi = pdu->dest_npi,
		.source = pdu->source,
		.dest = pdu->dest,
		.esm_class = pdu->esm_class,
		.protocol_id = pdu->protocol_id,
		.priority = pdu->priority,
		.registered_delivery = pdu->registered_delivery,
		.data_coding = pdu->data_coding,
		.validity = pdu->validity,
		.text = pdu->text,
		.text_len = pdu->text_len,
		.message_id = pdu->message_id };
	for (size_t i = 0; i < pdu->tlvs && out->tlvs < NELEM(out->tlv); i++) {
		if (pdu->tlv[i].tag == SMPP_TAG_MESSAGE_PAYLOAD)
			continue;
		assert_in_range(pdu->tlv[i].len, 0, sizeof out->tlv[0].p);
		out->tlv[out->tlvs].tag = pdu->tlv[i].tag;
		out->tlv[out->tlvs].len = pdu->tlv[i].len;
		memcpy(out->tlv[out->tlvs++].p, pdu->tlv[i].p, pdu->tlv[i].len);
	}
}

/* Bar an address range (01), the body of a refusal (05), a short text in message_payload (61). */
static void
test_samples_are_packed_to_the_octet(void **state)
{
	unsigned char p[SMPP_PDU_MAX];
	struct smpp_pdu pdu;
	struct smpp_out out;
	uint32_t status;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		const struct sample *s = &samples[i];
		size_t len;

		if (strcmp(s->verdict, "accept") != 0 || str_starts(s->name, "01-") ||
		    str_starts(s->name, "05-") || str_starts(s->name, "61-"))
			continue;
		print_message("%s\n", s->name);
		assert_true(smpp_decode(s->p, s->len, &pdu, &status));
		out_of_pdu(&pdu, &out);
		memset(p, 0xee, sizeof p);
		len = smpp_encode(&out, p, sizeof p);
		assert_int_equal(len, s->len);
		assert_memory_equal(p, s->p, len);
		n++;
	}
	assert_true(n > 40);
}

static void
expect_octets(const struct smpp_out *out, const char *name)
{
	unsigned char p[SMPP_PDU_MAX];
	const struct sample *s = sample(name);

	assert_int_equal(smpp_encode(out, p, sizeof p), s->len);
	assert_memory_equal(p, s->p, s->len);
}

/* A dialogue of dialect A, from its fields and not from what our own decoder read. */
static void
test_golden_ussd(void **state)
{
	static const struct smpp_out menu = { .id = SMPP_SUBMIT_SM,
		.sequence = 200,
		.service_type = "USSD",
		.source = "*120*1234#",
		.dest_ton = 1,
		.dest_npi = 1,
		.dest = "27600000001",
		.text = "1 Balance\n2 Cash",
		.text_len = 16,
		.tlvs = 2,
		.tlv = { { 0x0501, 1, { 2 } }, { 0x1383, 2, { 0x2b, 0x00 } } } };
	static const struct smpp_out end = { .id = SMPP_SUBMIT_SM,
		.sequence = 201,
		.service_type = "USSD",
		.source = "*120*1234#",
		.dest_ton = 1,
		.dest_npi = 1,
		.dest = "27600000001",
		.text = "Bye",
		.text_len = 3,
		.tlvs = 2,
		.tlv = { { 0x0501, 1, { 2 } }, { 0x1383, 2, { 0x2b, 0x03 } } } };
	static const struct smpp_out begin = { .id = SMPP_DELIVER_SM,
		.sequence = 100,
		.service_type = "USSD",
		.source_ton = 1,
		.source_npi = 1,
		.source = "27600000001",
		.dest_ton = 1,
		.dest_npi = 1,
		.dest = "*120*1234#",
		.text = "*120*1234#",
		.text_len = 10,
		.tlvs = 2,
		.tlv = { { 0x0501, 1, { 1 } }, { 0x1383, 2, { 0x2b, 0x00 } } } };

	(void)state;
	expect_octets(&begin, "30-ussdA-1");
	expect_octets(&menu, "30-ussdA-2");
	expect_octets(&end, "30-ussdA-4");
}

static void
test_headers_only(void **state)
{
	static const uint32_t id[] = { SMPP_ENQUIRE_LINK, 0x80000015, SMPP_UNBIND, 0x80000006,
		0x80000000, 0x80000004, 0x80000009, 0x80000103 };
	unsigned char p[64];
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	/* Statuses and sequences that libsmpp34 would not pack. */
	for (size_t i = 0; i < NELEM(id); i++) {
		struct smpp_out out = {
			.id = id[i], .status = 0x40b, .sequence = 0, .message_id = "7"
		};

		assert_int_equal(smpp_encode(&out, p, sizeof p), SMPP_HEADER);
		assert_true(smpp_decode(p, SMPP_HEADER, &pdu, &status));
		assert_int_equal(pdu.id, id[i]);
		assert_int_equal(pdu.status, 0x40b);
		assert_int_equal(pdu.sequence, 0);
		assert_int_equal(smpp_encode(&out, p, SMPP_HEADER), 0);
	}
}

static void
test_what_cannot_be_packed(void **state)
{
	static char long_text[SMPP_PDU_MAX];
	unsigned char p[SMPP_PDU_MAX];
	struct smpp_out ok = { .id = SMPP_SUBMIT_SM,
		.sequence = 1,
		.source = "1",
		.dest = "2",
		.text = "x",
		.text_len = 1 };
	struct smpp_out out;

	(void)state;
	memset(long_text, 'x', sizeof long_text);
	assert_true(smpp_encode(&ok, p, sizeof p) > 0);
#define REFUSED(member, value) \
	(out = ok, out.member = (value), assert_int_equal(smpp_encode(&out, p, sizeof p), 0))
	REFUSED(id, 0x99);
	REFUSED(id, SMPP_ALERT_NOTIFICATION);
	REFUSED(service_type, "TOOLNG");
	REFUSED(source, "123456789012345678901");
	REFUSED(dest, "123456789012345678901");
	REFUSED(validity, "12345678901234567");
	REFUSED(dest_ton, 7);
	REFUSED(tlvs, 9);
	out = ok;
	out.text = long_text;
	out.text_len = sizeof long_text;
	assert_int_equal(smpp_encode(&out, p, sizeof p), 0);
	out.text_len = 1024;
	assert_true(smpp_encode(&out, p, sizeof p) > 1024);
	assert_int_equal(smpp_encode(&out, p, 1024), 0);
	out = ok;
	out.tlvs = 1;
	out.tlv[0].tag = SMPP_TAG_ITS_SESSION_INFO;
	out.tlv[0].len = 71;
	assert_int_equal(smpp_encode(&out, p, sizeof p), 0);
	out = (struct smpp_out){ .id = SMPP_BIND_TRANSCEIVER,
		.sequence = 1,
		.system_id = "isango",
		.password = "nine_long" };
	assert_int_equal(smpp_encode(&out, p, sizeof p), 0);
	out.password = "eight_ok";
	assert_true(smpp_encode(&out, p, sizeof p) > 0);
}

/* Sizes that the standard does not know, and a short text in message_payload. */
static void
test_tlvs_are_written_as_given(void **state)
{
	static const unsigned char tail[] = { 0x02, 0x0c, 0, 2, 0x12, 0x34, 0x02, 0x0e, 0, 1, 3,
		0x02, 0x0f, 0, 1, 1, 0x02, 0x04, 0, 4, 0x80, 0, 4, 0x21, 0x13, 0x83, 0, 1, 0x2a,
		0x15, 0x01, 0, 0, 0x04, 0x24, 0, 5, 'h', 'e', 'l', 'l', 'o' };
	static const uint32_t id[] = { SMPP_SUBMIT_SM, SMPP_DELIVER_SM, SMPP_DATA_SM };
	struct smpp_out out = { .source = "1",
		.dest = "2",
		.text = "hello",
		.text_len = 5,
		.payload = true,
		.tlvs = 7,
		.tlv = { { SMPP_TAG_SAR_REF, 2, { 0x12, 0x34 } }, { SMPP_TAG_SAR_TOTAL, 1, { 3 } },
		    { SMPP_TAG_SAR_SEQ, 1, { 1 } },
		    { SMPP_TAG_USER_MESSAGE_REFERENCE, 4, { 0x80, 0, 4, 0x21 } },
		    { SMPP_TAG_ITS_SESSION_INFO, 1, { 0x2a } }, { 0x1501, 0, { 0 } },
		    { 0x3fff, 64, { 7 } } } };
	unsigned char p[SMPP_PDU_MAX];
	struct smpp_pdu pdu;
	uint32_t status;

	(void)state;
	for (size_t i = 0; i < NELEM(id); i++) {
		size_t len;

		out.id = id[i];
		out.tlvs = 7;
		len = smpp_encode(&out, p, sizeof p);
		assert_true(smpp_decode(p, len, &pdu, &status));
		assert_int_equal(smpp_tlv_find(&pdu, 0x3fff)->len, 64);
		out.tlvs = 6;
		len = smpp_encode(&out, p, sizeof p);
		assert_true(len > sizeof tail);
		assert_memory_equal(p + len - sizeof tail, tail, sizeof tail);
		assert_true(smpp_decode(p, len, &pdu, &status));
		assert_int_equal(pdu.text_len, 5);
		/* To the last octet of the room, and not one further. */
		assert_int_equal(smpp_encode(&out, p, len), len);
		p[len - 1] = 0xee;
		assert_int_equal(smpp_encode(&out, p, len - 1), 0);
		assert_int_equal(p[len - 1], 0xee);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sample_is_read),
		cmocka_unit_test(test_what_libsmpp34_refuses),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_many_tlvs),
		cmocka_unit_test(test_short_message_goes_before_payload),
		cmocka_unit_test(test_unknown_commands),
		cmocka_unit_test(test_samples_are_packed_to_the_octet),
		cmocka_unit_test(test_golden_ussd),
		cmocka_unit_test(test_tlvs_are_written_as_given),
		cmocka_unit_test(test_headers_only),
		cmocka_unit_test(test_what_cannot_be_packed),
	};

	return cmocka_run_group_tests(tests, load_samples, NULL);
}
