/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PDU as each dialect of USSD reads it. Whatever comes, ids and keys end within their room, the
 * text is the PDU's own, and each kind of answer fits what a PDU can carry.
 */
#include "base/mem.h"
#include "core/gsm.h"
#include "core/phone.h"
#include "core/ussd_dialect.h"
#include "io/smpp_pdu.h"
#include "tests/fuzz/fuzz.h"

static void
answer(const struct ussd_dialect *d, const struct ussd_way *way)
{
	struct ussd_out out;

	for (int say = USSD_SAY_SCREEN; say <= USSD_SAY_NOTIFY; say++) {
		ussd_write(d, way, (enum ussd_say)say, &out);
		must(out.tlvs >= 1 && out.tlvs <= NELEM(((struct smpp_out *)0)->tlv));
		for (size_t i = 0; i < out.tlvs; i++)
			must(out.tlv[i].len > 0 && out.tlv[i].len <= sizeof out.tlv[i].p);
	}
}

static void
read_as(int preset, const struct ussd_in *in, const char *phone)
{
	struct ussd_dialect d = *ussd_preset(preset);
	struct ussd_event e;
	char imsi[33];

	d.imsi_tlv = in->tlvs > 0 ? in->tlv[in->tlvs - 1].tag : 0x1402;
	ussd_imsi(&d, in, imsi);
	must(strspn(imsi, "0123456789abcdef") == strlen(imsi) && (imsi[0] == '\0' || strlen(imsi) >= 5));
	if (d.session_id == SESSION_VENDOR_TLV)
		d.session_tlv = in->tlvs > 0 ? in->tlv[0].tag : 0x1401;
	ussd_read(&d, in, phone, &e);
	must(memchr(e.dialogue, '\0', sizeof e.dialogue) != NULL && memchr(e.turn, '\0', sizeof e.turn) != NULL);
	must(e.act != USSD_NOT_OURS || (e.dialogue[0] == '\0' && e.way.tlvs == 0));
	must(e.text == in->text || e.text[0] == '\0');
	must(e.dialogue[0] == '\0' || strstr(e.dialogue, phone) != NULL);
	must(e.dialled_n <= 2);
	if (e.act != USSD_NOT_OURS)
		answer(&d, &e.way);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ussd_tlv_in tlv[SMPP_TLVS];
	struct ussd_in in = { .tlv = tlv };
	struct smpp_pdu pdu;
	char text[4096], phone[PHONE_MAX];
	uint32_t status;
	enum charset cs;

	if (size < SMPP_HEADER || !smpp_decode(data, size, &pdu, &status))
		return 0;
	cs = charset_of_dcs(pdu.data_coding, CHARSET_GSM7);
	if (text_decode(cs, pdu.text, pdu.text_len, text, sizeof text) < 0)
		text[0] = '\0';
	ussd_strip_padding(text, cs == CHARSET_GSM7, pdu.text_len);
	if (!phone_parse(pdu.source, "", phone))
		memcpy(phone, "27821234567", 12);
	for (size_t i = 0; i < pdu.tlvs; i++)
		tlv[i] = (struct ussd_tlv_in){ pdu.tlv[i].tag, pdu.tlv[i].len, pdu.tlv[i].p };
	in.tlvs = pdu.tlvs;
	in.service_type = pdu.service_type;
	in.source = pdu.source;
	in.dest = pdu.dest;
	in.text = text;
	for (int i = 0; i < USSD_PRESETS; i++)
		read_as(i, &in, phone);
	return 0;
}
