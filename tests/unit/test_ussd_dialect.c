/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of USSD over SMPP, on the octets of tests/data/smpp: what is read, and each octet of what goes back. */
#include "tests/unit/test_smpp_samples.h"

#include "core/gsm.h"
#include "core/ussd_dialect.h"

#define PHONE "27600000001"

static struct smpp_pdu pdu;
static struct ussd_tlv_in tlvs[SMPP_TLVS];
static char text[300];

static void
read_pdu(const struct ussd_dialect *d, struct ussd_event *e)
{
	enum charset cs = charset_of_dcs(pdu.data_coding, CHARSET_GSM7);
	struct ussd_in in = { .service_type = pdu.service_type, .source = pdu.source, .dest = pdu.dest, .text = text,
	    .tlv = tlvs, .tlvs = pdu.tlvs };

	assert_true(text_decode(cs, pdu.text, pdu.text_len, text, sizeof text) >= 0);
	ussd_strip_padding(text, cs == CHARSET_GSM7, pdu.text_len);
	for (size_t i = 0; i < pdu.tlvs; i++)
		tlvs[i] = (struct ussd_tlv_in){ pdu.tlv[i].tag, pdu.tlv[i].len, pdu.tlv[i].p };
	ussd_read(d, &in, PHONE, e);
}

static void
read_sample(int preset, const char *name, struct ussd_event *e)
{
	decode(name, &pdu);
	read_pdu(ussd_preset(preset), e);
}

static void
test_read(void **state)
{
	static const struct {
		int preset;
		const char *file;
		enum ussd_act act;
		const char *dialogue, *turn, *code, *text;
	} rows[] = {
		{ USSD_ITS, "30-ussdA-1", USSD_BEGIN, "43/" PHONE, "b0", "*120*1234#", "" },
		{ USSD_ITS, "30-ussdA-3", USSD_INPUT, "43/" PHONE, "i1", "*120*1234#", "2" },
		{ USSD_ITS, "30-ussdA-5", USSD_ABORT, "43/" PHONE, "i2", "*120*1234#", "" },
		{ USSD_MICA, "31-ussdB-1", USSD_BEGIN, "8000/" PHONE, "", "*120*1234#", "" },
		{ USSD_MICA, "31-ussdB-5", USSD_ABORT, "8000/" PHONE, "", "1201234", "" },
		{ USSD_SIXDEE, "32-ussdC-1", USSD_BEGIN, "4660/" PHONE, "", "*120*1234#", "" },
		{ USSD_HUAWEI, "33-ussdD-1", USSD_BEGIN, "", "", "*1234#", "" },
		{ USSD_SMPP_PLUS, "33-ussdD-2", USSD_BEGIN, "2147484705/" PHONE, "", "*1234#", "" },
		{ USSD_MICA, "33-ussdD-2", USSD_BEGIN, "1057/" PHONE, "", "*1234#", "" },
		{ USSD_MICA, "33-ussdD-3", USSD_BEGIN, "42/" PHONE, "", "*1234#", "" },
		{ USSD_SMPP_PLUS, "33-ussdD-5", USSD_BEGIN, "119/" PHONE, "", "*1234#", "" },
		{ USSD_DIGITALPULSE, "33-ussdD-6", USSD_INPUT, "1/" PHONE, "", "1201234", "R50 caf\xc3\xa9" },
		{ USSD_TOPS, "33-ussdD-7", USSD_INPUT, "1/" PHONE, "", "1201234", "1" },
		{ USSD_ITS, "33-ussdD-8", USSD_INPUT, "1/" PHONE, "i1", "1201234", "\xe1\xb8\x93uvha" },
		{ USSD_SMPP_PLUS, "33-ussdD-9", USSD_ABORT, "119/" PHONE, "", "1201234", "" },
		{ USSD_SMPP_PLUS, "34-ussdN-2", USSD_INPUT, "8193/" PHONE, "", "1201234", "1" },
		{ USSD_OP_IGNORED, "30-ussdA-1", USSD_BEGIN, "", "", "*120*1234#", "" },
		{ USSD_OP_IGNORED, "30-ussdA-3", USSD_INPUT, "", "", "*120*1234#", "2" },
		{ USSD_ITS, "47-mo-stop", USSD_NOT_OURS, "", "", NULL, "" },
		{ USSD_OP_IGNORED, "47-mo-stop", USSD_NOT_OURS, "", "", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct ussd_event e;

		read_sample(rows[i].preset, rows[i].file, &e);
		if (e.act != rows[i].act || strcmp(e.dialogue, rows[i].dialogue) != 0 || 
		    strcmp(e.turn, rows[i].turn) != 0 || strcmp(e.text, rows[i].text) != 0)
			fail_msg("%s, dialect %d: act %d dialogue %s turn %s text %s", rows[i].file, rows[i].preset,
			    e.act, e.dialogue, e.turn, e.text);
		if (rows[i].code != NULL)
			assert_string_equal(e.dialled[0], rows[i].code);
		assert_false(e.op_unknown);
	}
}

/* A submit_sm like the sample, from the way that another one left. */
static void
assert_submit(const struct ussd_dialect *d, const struct ussd_way *way, enum ussd_say say, const char *file)
{
	const struct sample *s = sample(file);
	struct smpp_pdu golden;
	unsigned char octets[512];
	struct ussd_out out;
	struct smpp_out o = { 0 };
	size_t n;

	decode(file, &golden);
	ussd_write(d, way, say, &out);
	o.id = out.data_sm ? SMPP_DATA_SM : SMPP_SUBMIT_SM;
	o.sequence = golden.sequence;
	o.service_type = d->service_type;
	o.source = golden.source;
	o.source_ton = golden.source_ton;
	o.source_npi = golden.source_npi;
	o.dest = golden.dest;
	o.dest_ton = golden.dest_ton;
	o.dest_npi = golden.dest_npi;
	o.data_coding = golden.data_coding;
	o.text = golden.text;
	o.text_len = golden.text_len;
	for (size_t i = 0; i < out.tlvs; i++, o.tlvs++) {
		o.tlv[i].tag = out.tlv[i].tag;
		o.tlv[i].len = out.tlv[i].len;
		memcpy(o.tlv[i].p, out.tlv[i].p, out.tlv[i].len);
	}
	n = smpp_encode(&o, octets, sizeof octets);
	assert_int_equal(n, s->len);
	assert_memory_equal(octets, s->p, n);
}

static void
test_write(void **state)
{
	struct ussd_dialect vumi = *ussd_preset(USSD_MICA);
	struct ussd_way pushed = { .op = USSD_NO_OP, .pushed = true };
	struct ussd_event e;

	(void)state;
	read_sample(USSD_ITS, "30-ussdA-1", &e);
	assert_submit(ussd_preset(USSD_ITS), &e.way, USSD_SAY_SCREEN, "30-ussdA-2");
	read_sample(USSD_ITS, "30-ussdA-3", &e);
	assert_submit(ussd_preset(USSD_ITS), &e.way, USSD_SAY_END, "30-ussdA-4");
	read_sample(USSD_MICA, "31-ussdB-1", &e);
	assert_submit(ussd_preset(USSD_MICA), &e.way, USSD_SAY_SCREEN, "31-ussdB-2");
	assert_submit(ussd_preset(USSD_MICA), &e.way, USSD_SAY_END, "31-ussdB-4-end-submit-11");
	assert_submit(ussd_preset(USSD_MICA), &e.way, USSD_SAY_RELEASE, "31-ussdB-4-end-submit-11");
	vumi.op_end = 0x17;
	assert_submit(&vumi, &e.way, USSD_SAY_END, "31-ussdB-4-end-submit-17hex");
	read_sample(USSD_SIXDEE, "32-ussdC-1", &e);
	assert_submit(ussd_preset(USSD_SIXDEE), &e.way, USSD_SAY_END, "32-ussdC-2");
	assert_submit(ussd_preset(USSD_MICA), &pushed, USSD_SAY_PUSH, "34-ussdN-1");
	assert_submit(ussd_preset(USSD_MICA), &pushed, USSD_SAY_NOTIFY, "34-ussdN-3");
}

static void
assert_tlv(const struct ussd_dialect *d, const struct ussd_event *e, enum ussd_say say, unsigned op, const char *hex)
{
	struct ussd_out out;
	char got[2 * USSD_TLV_OCTETS + 1] = "";

	ussd_write(d, &e->way, say, &out);
	assert_int_equal(out.tlv[0].p[0], op);
	assert_int_equal(out.tlvs, hex[0] != '\0' ? 2 : 1);
	if (out.tlvs > 1)
		str_hex(out.tlv[1].p, out.tlv[1].len, got);
	assert_string_equal(got, hex);
}

static void
test_references(void **state)
{
	struct ussd_event e;

	(void)state;
	read_sample(USSD_SMPP_PLUS, "33-ussdD-2", &e);
	assert_tlv(ussd_preset(USSD_SMPP_PLUS), &e, USSD_SAY_SCREEN, 0x02, "80000421");
	assert_tlv(ussd_preset(USSD_SMPP_PLUS), &e, USSD_SAY_RELEASE, 0x80, "80000421");
	assert_tlv(ussd_preset(USSD_MICA), &e, USSD_SAY_END, 0x11, "0421");
	e.way.pushed = true;
	assert_tlv(ussd_preset(USSD_SMPP_PLUS), &e, USSD_SAY_END, 0x83, "80000421");
	read_sample(USSD_MICA, "33-ussdD-3", &e);
	assert_tlv(ussd_preset(USSD_MICA), &e, USSD_SAY_SCREEN, 0x02, "002a");
	read_sample(USSD_HUAWEI, "33-ussdD-1", &e);
	assert_tlv(ussd_preset(USSD_HUAWEI), &e, USSD_SAY_END, 0x11, "");
	/* One that changes with each message goes back, and is no dialogue. */
	read_sample(USSD_HUAWEI, "34-ussdN-2", &e);
	assert_string_equal(e.dialogue, "");
	assert_tlv(ussd_preset(USSD_HUAWEI), &e, USSD_SAY_SCREEN, 0x02, "2001");
	read_sample(USSD_DIGITALPULSE, "33-ussdD-6", &e);
	assert_tlv(ussd_preset(USSD_DIGITALPULSE), &e, USSD_SAY_END, 0x11, "0102");
	read_sample(USSD_OP_IGNORED, "33-ussdD-7", &e);
	assert_tlv(ussd_preset(USSD_OP_IGNORED), &e, USSD_SAY_END, 0x11, "0103");
	assert_tlv(ussd_preset(USSD_OP_IGNORED), &e, USSD_SAY_SCREEN, 0x02, "0102");
}

/* By hand: what no sample has. */
static void
by_hand(const struct ussd_dialect *d, struct ussd_in *in, struct ussd_event *e)
{
	in->service_type = in->service_type != NULL ? in->service_type : "USSD";
	in->source = PHONE;
	in->dest = "*120*1234#";
	in->text = in->text != NULL ? in->text : "1";
	ussd_read(d, in, PHONE, e);
}

static void
test_ops(void **state)
{
	static const unsigned char op99[] = { 0x63 }, op0[] = { 0 }, op18[] = { 18 }, its_end[] = { 7, 3 };
	struct ussd_tlv_in odd = { USSD_TAG_OP, 1, op99 }, pssd = { USSD_TAG_OP, 1, op0 };
	struct ussd_tlv_in last[] = { { USSD_TAG_OP, 1, op18 }, { USSD_TAG_ITS, 2, its_end } };
	struct ussd_in in = { .tlv = &odd, .tlvs = 1 }, one = { .tlv = &pssd, .tlvs = 1 };
	struct ussd_in bit = { .tlv = last, .tlvs = 2 };
	struct ussd_event e;

	(void)state;
	by_hand(ussd_preset(USSD_ITS), &in, &e);
	assert_true(e.op_unknown && e.act == USSD_ABORT);
	by_hand(ussd_preset(USSD_MICA), &in, &e);
	assert_true(e.op_unknown && e.act == USSD_INPUT);
	assert_string_equal(e.text, "1");
	/* PSSD has a response of its own. */
	by_hand(ussd_preset(USSD_MICA), &one, &e);
	assert_int_equal(e.act, USSD_BEGIN);
	assert_tlv(ussd_preset(USSD_MICA), &e, USSD_SAY_END, 0x10, "");
	/* The bit wins over the op, where it is one. */
	by_hand(ussd_preset(USSD_ITS), &bit, &e);
	assert_int_equal(e.act, USSD_ABORT);
	by_hand(ussd_preset(USSD_SIXDEE), &bit, &e);
	assert_int_equal(e.act, USSD_ABORT);
	by_hand(ussd_preset(USSD_DIGITALPULSE), &bit, &e);
	assert_int_equal(e.act, USSD_INPUT);
}

static void
test_vendor_tlv(void **state)
{
	static const unsigned char op[] = { 1 }, id[] = { 0xde, 0xad, 0xbe, 0xef, 0x01 };
	unsigned char longer[80] = { 0 };
	struct ussd_tlv_in t[] = { { USSD_TAG_OP, 1, op }, { 0x1401, sizeof id, id }, { 0x1402, 2, id } };
	struct ussd_dialect d = *ussd_preset(USSD_VENDOR_TLV);
	struct ussd_in in = { .tlv = t, .tlvs = 3 };
	struct ussd_event e, other;
	struct ussd_out out;

	(void)state;
	d.session_tlv = 0x1401;
	by_hand(&d, &in, &e);
	assert_string_equal(e.dialogue, "deadbeef01/" PHONE);
	assert_tlv(&d, &e, USSD_SAY_SCREEN, 0x02, "deadbeef01");
	d.echo_tlvs[0] = 0x1402;
	d.echo_tlvs_n = 1;
	by_hand(&d, &in, &e);
	ussd_write(&d, &e.way, USSD_SAY_END, &out);
	assert_int_equal(out.tlvs, 3);
	assert_int_equal(out.tlv[2].tag, 0x1402);
	/* A long id is told from another long one, and is too long to go back. */
	t[1] = (struct ussd_tlv_in){ 0x1401, sizeof longer, longer };
	by_hand(&d, &in, &e);
	longer[79] = 1;
	by_hand(&d, &in, &other);
	assert_string_not_equal(e.dialogue, other.dialogue);
	assert_int_equal(e.way.tlvs, 1);
}

static void
test_imsi(void **state)
{
	static const struct {
		const char *octets;
		size_t n;
		const char *imsi;
	} rows[] = {
		{ "655010000000001", 15, "655010000000001" }, { "655010000000001\0", 16, "655010000000001" },
		{ "655010000000001 ", 16, "655010000000001" }, { "\x56\x05\x01\x00\x10\xf0", 6, "5605010010f0" },
		{ "\x56\x05\x01\x00\x10", 5, "5605010010" },
		/* what says nothing must not be learnt: the next phone's would be no other one */
		{ "000000000000000", 15, "" }, { "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "" }, { "1234", 4, "" },
		{ "65501000000000123", 17, "" }, { "\0\0\0\0\0\0", 6, "" },
	};
	struct ussd_dialect d = *ussd_preset(USSD_ITS);
	struct ussd_tlv_in t = { .tag = 0x1402 };
	struct ussd_in in = { .tlv = &t, .tlvs = 1 };
	char imsi[33];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		t.p = (const unsigned char *)rows[i].octets;
		t.len = (uint16_t)rows[i].n;
		d.imsi_tlv = 0x1402;
		ussd_imsi(&d, &in, imsi);
		assert_string_equal(imsi, rows[i].imsi);
		d.imsi_tlv = 0;
		ussd_imsi(&d, &in, imsi);
		assert_string_equal(imsi, "");
	}
}

static void
test_op_ignored(void **state)
{
	struct ussd_dialect d = *ussd_preset(USSD_OP_IGNORED);
	struct ussd_in in = { .text = "*120*1234#" }, sms = { .service_type = "", .text = "STOP" };
	struct ussd_event e;

	(void)state;
	by_hand(&d, &in, &e);
	assert_int_equal(e.act, USSD_BEGIN);
	by_hand(&d, &sms, &e);
	assert_int_equal(e.act, USSD_NOT_OURS);
	d.service_type[0] = '\0';
	by_hand(&d, &sms, &e);
	assert_int_equal(e.act, USSD_INPUT);
	sms.receipt = true;
	by_hand(&d, &sms, &e);
	assert_int_equal(e.act, USSD_NOT_OURS);
	/* The same message is an SMS to every other dialect. */
	for (int i = 0; i < USSD_OP_IGNORED; i++) {
		by_hand(ussd_preset(i), &in, &e);
		assert_int_equal(e.act, USSD_NOT_OURS);
	}
}

static void
test_codes(void **state)
{
	char source[24];

	(void)state;
	assert_true(ussd_code_matches("*120*384#", "*120*384*1#"));
	assert_true(ussd_code_matches("*120*384#", "*120*384"));
	assert_false(ussd_code_matches("*120*384#", "*120*3841#"));
	assert_true(ussd_code_is_short("*120*384#", "120384"));
	assert_false(ussd_code_is_short("*120*384#", "1203841"));
	assert_false(ussd_code_is_short("#", ""));
	ussd_push_source(ussd_preset(USSD_MICA), "*120*384#", source, sizeof source);
	assert_string_equal(source, "120384");
	ussd_push_source(ussd_preset(USSD_ITS), "*120*384#", source, sizeof source);
	assert_string_equal(source, "*120*384#");
}

static void
test_padding(void **state)
{
	static const struct {
		const char *text, *want;
		bool septets;
		size_t octets;
	} rows[] = {
		{ "1\r", "1", true, 2 }, { "1\r\r", "1", false, 4 }, { "1234567@", "1234567", true, 8 },
		{ "a@b.c@", "a@b.c@", true, 6 }, { "1234567@", "1234567@", false, 16 }, { "", "", true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		str_copy(text, sizeof text, rows[i].text);
		ussd_strip_padding(text, rows[i].septets, rows[i].octets);
		assert_string_equal(text, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read), cmocka_unit_test(test_write), cmocka_unit_test(test_references),
		cmocka_unit_test(test_ops), cmocka_unit_test(test_vendor_tlv), cmocka_unit_test(test_imsi),
		cmocka_unit_test(test_op_ignored), cmocka_unit_test(test_codes), cmocka_unit_test(test_padding),
	};

	return cmocka_run_group_tests(tests, load_samples, NULL);
}
