/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs what we send with libsmpp34; the only file that knows that library. Its traps, and what
 * stands against each: structs are zeroed; strings are measured before (it cuts them silently, in
 * the caller's memory); one octet is kept spare (it refuses a PDU that fills the buffer to the last
 * octet); texts over 253 octets go into message_payload (it packs 253 where the standard says 254);
 * the header is written here after it, and alone where a PDU is no more than that, because it
 * refuses statuses and sequences that are not in its lists.
 *
 * The TLVs of messages are written here as well: it knows one size for each type, and live gateways
 * want others (user_message_reference of four octets); it packs no payload over 1024 octets, and
 * writes past a global after about 28. One thread only.
 */
#include "io/smpp_pdu.h"

#include <string.h>

#include <smpp34.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define TEXT_MAX 253
#define PLACEHOLDER 1	/* a sequence that libsmpp34 takes; the header is written again after it */

static bool
set(uint8_t *dst, size_t size, const char *src)
{
	return str_copy((char *)dst, size, src != NULL ? src : "");
}

static size_t
pack(uint32_t id, void *out, size_t size, void *s)
{
	int len = 0;

	if (smpp34_pack(id, out, (int)size, &len, s) != 0 || len < SMPP_HEADER)
		return 0;
	return (size_t)len;
}

static size_t
put_tlv(unsigned char *out, size_t size, size_t at, unsigned tag, const void *p, size_t len)
{
	const unsigned char head[] = { (unsigned char)(tag >> 8), (unsigned char)tag,
		(unsigned char)(len >> 8), (unsigned char)len };

	if (at == 0 || len > UINT16_MAX || size - at < sizeof head + len)
		return 0;
	memcpy(out + at, head, sizeof head);
	if (len > 0)
		memcpy(out + at + sizeof head, p, len);
	return at + sizeof head + len;
}

/* Behind the first `at` octets; the new length. 0 when it was, or when they do not fit. */
static size_t
put_tlvs(const struct smpp_out *pdu, bool payload, unsigned char *out, size_t size, size_t at)
{
	if (pdu->tlvs > NELEM(pdu->tlv))
		return 0;
	for (size_t i = 0; i < pdu->tlvs; i++) {
		if (pdu->tlv[i].len > sizeof pdu->tlv[i].p)
			return 0;
		at = put_tlv(out, size, at, pdu->tlv[i].tag, pdu->tlv[i].p, pdu->tlv[i].len);
	}
	return payload ? put_tlv(out, size, at, SMPP_TAG_MESSAGE_PAYLOAD, pdu->text,
	    pdu->text_len) : at;
}

static size_t
put_header(const struct smpp_out *pdu, unsigned char *out, size_t len)
{
	const uint32_t word[] = { (uint32_t)len, pdu->id, pdu->status, pdu->sequence };

	for (size_t i = 0; i < SMPP_HEADER; i++)
		out[i] = (unsigned char)(word[i / 4] >> (24 - 8 * (i % 4)));
	return len;
}

/* The three binds, and their responses, have equal structs, as the standard has equal bodies. */
static size_t
pack_bind(const struct smpp_out *pdu, void *out, size_t size)
{
	bind_transceiver_t s;

	memset(&s, 0, sizeof s);
	s.command_id = pdu->id;
	s.sequence_number = PLACEHOLDER;
	s.interface_version = SMPP_VERSION;
	if (!set(s.system_id, sizeof s.system_id, pdu->system_id) ||
	    !set(s.password, sizeof s.password, pdu->password) ||
	    !set(s.system_type, sizeof s.system_type, pdu->system_type))
		return 0;
	return pack(pdu->id, out, size, &s);
}

static size_t
pack_bind_resp(const struct smpp_out *pdu, void *out, size_t size)
{
	bind_transceiver_resp_t s;
	tlv_t version = { .tag = TLVID_sc_interface_version, .length = 1 };

	memset(&s, 0, sizeof s);
	s.command_id = pdu->id;
	s.sequence_number = PLACEHOLDER;
	version.value.val08 = SMPP_VERSION;
	s.tlv = &version;
	if (!set(s.system_id, sizeof s.system_id, pdu->system_id))
		return 0;
	return pack(pdu->id, out, size, &s);
}

/* The fields that submit_sm_t and deliver_sm_t, which are different types, have in common. */
#define SET_MESSAGE(s, pdu) \
	((s).command_id = (pdu)->id, (s).sequence_number = PLACEHOLDER, \
	(s).source_addr_ton = (pdu)->source_ton, (s).source_addr_npi = (pdu)->source_npi, \
	(s).dest_addr_ton = (pdu)->dest_ton, (s).dest_addr_npi = (pdu)->dest_npi, \
	(s).esm_class = (pdu)->esm_class, (s).registered_delivery = (pdu)->registered_delivery, \
	(s).data_coding = (pdu)->data_coding, \
	set((s).service_type, sizeof (s).service_type, (pdu)->service_type) && \
	set((s).source_addr, sizeof (s).source_addr, (pdu)->source) && \
	set((s).destination_addr, sizeof (s).destination_addr, (pdu)->dest))
#define SET_TEXT(s, pdu, payload) \
	((s).protocol_id = (pdu)->protocol_id, (s).priority_flag = (pdu)->priority, \
	(s).sm_length = (uint8_t)((payload) ? 0 : (pdu)->text_len), \
	memcpy((s).short_message, (pdu)->text_len > 0 ? (pdu)->text : "", (s).sm_length))

static size_t
pack_submit(const struct smpp_out *pdu, void *out, size_t size)
{
	bool payload = pdu->payload || pdu->text_len > TEXT_MAX;
	submit_sm_t s;

	memset(&s, 0, sizeof s);
	if (!SET_MESSAGE(s, pdu) ||
	    !set(s.validity_period, sizeof s.validity_period, pdu->validity))
		return 0;
	SET_TEXT(s, pdu, payload);
	return put_tlvs(pdu, payload, out, size, pack(pdu->id, out, size, &s));
}

static size_t
pack_deliver(const struct smpp_out *pdu, void *out, size_t size)
{
	bool payload = pdu->payload || pdu->text_len > TEXT_MAX;
	deliver_sm_t s;

	memset(&s, 0, sizeof s);
	if (!SET_MESSAGE(s, pdu) ||
	    !set(s.validity_period, sizeof s.validity_period, pdu->validity))
		return 0;
	SET_TEXT(s, pdu, payload);
	return put_tlvs(pdu, payload, out, size, pack(pdu->id, out, size, &s));
}

static size_t
pack_data(const struct smpp_out *pdu, void *out, size_t size)
{
	data_sm_t s;

	memset(&s, 0, sizeof s);
	if (!SET_MESSAGE(s, pdu))
		return 0;
	return put_tlvs(pdu, pdu->text_len > 0, out, size, pack(pdu->id, out, size, &s));
}

static size_t
pack_submit_resp(const struct smpp_out *pdu, void *out, size_t size)
{
	submit_sm_resp_t s;

	memset(&s, 0, sizeof s);
	s.command_id = pdu->id;
	s.sequence_number = PLACEHOLDER;
	if (!set(s.message_id, sizeof s.message_id, pdu->message_id))
		return 0;
	return pack(pdu->id, out, size, &s);
}

static size_t
pack_data_resp(const struct smpp_out *pdu, void *out, size_t size)
{
	data_sm_resp_t s;

	memset(&s, 0, sizeof s);
	s.command_id = pdu->id;
	s.sequence_number = PLACEHOLDER;
	if (!set(s.message_id, sizeof s.message_id, pdu->message_id))
		return 0;
	return pack(pdu->id, out, size, &s);
}

/* Its body is one NUL, whatever the status: many SMSCs read it so. */
static size_t
pack_deliver_resp(const struct smpp_out *pdu, void *out, size_t size)
{
	deliver_sm_resp_t s;

	memset(&s, 0, sizeof s);
	s.command_id = pdu->id;
	s.sequence_number = PLACEHOLDER;
	return pack(pdu->id, out, size, &s);
}

static const struct {
	uint32_t id;
	bool header_if_refused;
	/* NULL: it is only a header */
	size_t (*pack)(const struct smpp_out *pdu, void *out, size_t size);
} packer[] = {
	{ SMPP_SUBMIT_SM, false, pack_submit },
	{ SMPP_DELIVER_SM, false, pack_deliver },
	{ SMPP_DATA_SM, false, pack_data },
	{ (uint32_t)SMPP_RESP | SMPP_SUBMIT_SM, true, pack_submit_resp },
	{ (uint32_t)SMPP_RESP | SMPP_DELIVER_SM, false, pack_deliver_resp },
	{ (uint32_t)SMPP_RESP | SMPP_DATA_SM, true, pack_data_resp },
	{ SMPP_BIND_TRANSCEIVER, false, pack_bind },
	{ SMPP_BIND_TRANSMITTER, false, pack_bind },
	{ SMPP_BIND_RECEIVER, false, pack_bind },
	{ (uint32_t)SMPP_RESP | SMPP_BIND_TRANSCEIVER, true, pack_bind_resp },
	{ (uint32_t)SMPP_RESP | SMPP_BIND_TRANSMITTER, true, pack_bind_resp },
	{ (uint32_t)SMPP_RESP | SMPP_BIND_RECEIVER, true, pack_bind_resp },
	{ SMPP_ENQUIRE_LINK, false, NULL },
	{ (uint32_t)SMPP_RESP | SMPP_ENQUIRE_LINK, false, NULL },
	{ SMPP_UNBIND, false, NULL },
	{ (uint32_t)SMPP_RESP | SMPP_UNBIND, false, NULL },
	{ (uint32_t)SMPP_GENERIC_NACK, false, NULL },
};

void
smpp_out_tlv(struct smpp_out *pdu, uint16_t tag, uint16_t len, unsigned value)
{
	if (pdu->tlvs == NELEM(pdu->tlv))
		fatalx("smpp: more TLVs than a PDU of ours has");
	pdu->tlv[pdu->tlvs].tag = tag;
	pdu->tlv[pdu->tlvs].len = len;
	pdu->tlv[pdu->tlvs].p[0] = (unsigned char)(len == 2 ? value >> 8 : value);
	pdu->tlv[pdu->tlvs++].p[1] = (unsigned char)value;
}

size_t
smpp_encode(const struct smpp_out *pdu, void *out, size_t size)
{
	size_t len;

	if (size < SMPP_HEADER + 1)
		return 0;
	for (size_t i = 0; i < NELEM(packer); i++) {
		if (packer[i].id != pdu->id)
			continue;
		if (packer[i].pack == NULL ||
		    (packer[i].header_if_refused && pdu->status != SMPP_ROK))
			len = SMPP_HEADER;
		else
			len = packer[i].pack(pdu, out, size);
		return len > 0 ? put_header(pdu, out, len) : 0;
	}
	return 0;
}
