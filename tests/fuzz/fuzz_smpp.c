/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets from an SMSC: framed as a stream, each frame decoded. Whatever comes, views stay inside
 * the PDU, strings end, and a message that we can also pack is read again as the same.
 */
#include "io/smpp_pdu.h"
#include "tests/fuzz/fuzz.h"

static bool
inside(const unsigned char *view, size_t n, const uint8_t *p, size_t len)
{
	return n == 0 || (view >= p + SMPP_HEADER && view + n <= p + len);
}

static bool
to_out(const struct smpp_pdu *pdu, struct smpp_out *out)
{
	*out = (struct smpp_out){ .id = pdu->id,
		.sequence = pdu->sequence,
		.service_type = pdu->service_type,
		.source_ton = pdu->source_ton,
		.source_npi = pdu->source_npi,
		.source = pdu->source,
		.dest_ton = pdu->dest_ton,
		.dest_npi = pdu->dest_npi,
		.dest = pdu->dest,
		.esm_class = pdu->esm_class,
		.protocol_id = pdu->protocol_id,
		.priority = pdu->priority,
		.registered_delivery = pdu->registered_delivery,
		.data_coding = pdu->data_coding,
		.validity = pdu->validity,
		.text = pdu->text,
		.text_len = pdu->text_len };
	for (size_t i = 0; i < pdu->tlvs; i++) {
		if (pdu->tlv[i].tag == SMPP_TAG_MESSAGE_PAYLOAD)
			continue;
		if (out->tlvs == sizeof out->tlv / sizeof out->tlv[0] ||
		    pdu->tlv[i].len > sizeof out->tlv[0].p)
			return false;
		out->tlv[out->tlvs].tag = pdu->tlv[i].tag;
		out->tlv[out->tlvs].len = pdu->tlv[i].len;
		memcpy(out->tlv[out->tlvs++].p, pdu->tlv[i].p, pdu->tlv[i].len);
	}
	return true;
}

static void
pack_and_read_again(const struct smpp_pdu *pdu)
{
	static unsigned char octets[SMPP_PDU_MAX];
	struct smpp_out out;
	struct smpp_pdu again;
	uint32_t status;
	size_t len;

	if ((pdu->id != SMPP_SUBMIT_SM && pdu->id != SMPP_DELIVER_SM) || !to_out(pdu, &out))
		return;
	len = smpp_encode(&out, octets, sizeof octets);
	if (len == 0)
		return;
	must(smpp_decode(octets, len, &again, &status));
	must(strcmp(pdu->source, again.source) == 0 && strcmp(pdu->dest, again.dest) == 0);
	must(strcmp(pdu->service_type, again.service_type) == 0 &&
	    strcmp(pdu->validity, again.validity) == 0);
	must(pdu->data_coding == again.data_coding && pdu->esm_class == again.esm_class);
	must(pdu->text_len == again.text_len && memcmp(pdu->text, again.text, pdu->text_len) == 0);
	for (size_t i = 0; i < out.tlvs; i++)
		must(again.tlv[i].tag == out.tlv[i].tag && again.tlv[i].len == out.tlv[i].len &&
		    memcmp(again.tlv[i].p, out.tlv[i].p, out.tlv[i].len) == 0);
}

static void
decode(const uint8_t *p, size_t len)
{
	struct smpp_pdu pdu;
	uint32_t status;
	unsigned n;
	bool ok = smpp_decode(p, len, &pdu, &status);

	must(ok == (status == SMPP_ROK));
	must(memchr(pdu.source, 0, sizeof pdu.source) != NULL &&
	    memchr(pdu.dest, 0, sizeof pdu.dest) != NULL);
	must(memchr(pdu.system_id, 0, sizeof pdu.system_id) != NULL);
	must(memchr(pdu.message_id, 0, sizeof pdu.message_id) != NULL);
	must(pdu.tlvs <= SMPP_TLVS);
	for (size_t i = 0; i < pdu.tlvs; i++) {
		must(inside(pdu.tlv[i].p, pdu.tlv[i].len, p, len));
		(void)smpp_tlv_u8(&pdu, pdu.tlv[i].tag, &n);
	}
	must(smpp_id_name(pdu.id) != NULL && smpp_status_name(pdu.status) != NULL);
	if (!ok)
		return;
	must(inside(pdu.text, pdu.text_len, p, len));
	pack_and_read_again(&pdu);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0, len = 0;

	while (smpp_frame(data + at, size - at, SMPP_FRAME_MAX, &len) == SMPP_OK) {
		decode(data + at, len);
		at += len;
	}
	/* And what no frame would have let through, with octets of nobody behind it. */
	decode(data, size);
	return 0;
}
