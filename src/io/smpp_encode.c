/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs what we send with libsmpp34; the only file that knows that library. Its traps, and what
 * stands against each: structs are zeroed; strings are measured before (it cuts them silently, in
 * the caller's memory); one octet is kept spare (it refuses a PDU that fills the buffer to the last
 * octet); texts over 253 octets go into message_payload (it packs 253 where the standard says 254);
 * TLVs are few (it writes past a global after about 28) and are chained here in wire order
 * (build_tlv would allocate 1 KiB each and reverse them, and nothing would be left to destroy); the
 * header is written here after it, and alone where a PDU is no more than that, because it refuses
 * statuses and sequences that are not in its lists. One thread only.
 */
#include "io/smpp_pdu.h"

#include <string.h>

#include <smpp34.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>

#include "base/mem.h"
#include "base/str.h"

#define TEXT_MAX 253
#define PLACEHOLDER 1	/* a sequence that libsmpp34 takes; the header is written again after it */

/*
 * How libsmpp34 writes a TLV depends on the command and the tag, by a ladder that it installs as
 * macros over U08, U16, U32 and OCTET16. Here the same ladder yields the size: 1, 2, 4, or 0 for
 * octets of at most `most`.
 */
struct tlv_shape {
	unsigned size;
	size_t most;
};
#define U08(i, par, f) shape.size = 1;
#define U16(i, par, f) shape.size = 2;
#define U32(i, par, f) shape.size = 4;
#define OCTET16(i, par, max) shape.size = 0, shape.most = (max);
#define SHAPE(command) \
	static struct tlv_shape \
	shape_##command(const tlv_t *t) \
	{ \
		struct tlv_shape shape = { 0, 0 }; \
		do_tlv_##command(t) \
		return shape; \
	}
#include <def_frame/submit_sm.tlv>
#include <def_frame/deliver_sm.tlv>
#include <def_frame/data_sm.tlv>
SHAPE(submit_sm)
SHAPE(deliver_sm)
SHAPE(data_sm)
#undef U08
#undef U16
#undef U32
#undef OCTET16

#define OUT_TLVS (NELEM(((struct smpp_out *)0)->tlv) + 1)	/* and message_payload */

static tlv_t node[OUT_TLVS];

static bool
set_tlv(tlv_t *t, struct tlv_shape (*shape_of)(const tlv_t *), uint16_t tag, const void *p,
    size_t len)
{
	struct tlv_shape shape;
	const unsigned char *o = p;

	memset(t, 0, offsetof(tlv_t, value));
	t->tag = tag;
	t->length = (uint16_t)len;
	t->next = NULL;
	shape = shape_of(t);
	if (shape.size != 0 ? len != shape.size : len > shape.most)
		return false;
	switch (shape.size) {
	case 1:
		t->value.val08 = o[0];
		break;
	case 2:
		t->value.val16 = (uint16_t)(o[0] << 8 | o[1]);
		break;
	case 4:
		t->value.val32 = smpp_u32(o);
		break;
	default:
		if (len > 0)
			memcpy(t->value.octet, o, len);
	}
	return true;
}

/* false: more than fits, or a size that the type does not have. */
static bool
chain(const struct smpp_out *pdu, bool payload, struct tlv_shape (*shape_of)(const tlv_t *),
    tlv_t **head)
{
	tlv_t **at = head;
	size_t n = 0;

	*head = NULL;
	if (pdu->tlvs > NELEM(pdu->tlv))
		return false;
	for (size_t i = 0; i < pdu->tlvs; i++, n++) {
		if (pdu->tlv[i].len > sizeof pdu->tlv[i].p ||
		    !set_tlv(&node[n], shape_of, pdu->tlv[i].tag, pdu->tlv[i].p, pdu->tlv[i].len))
			return false;
		*at = &node[n];
		at = &node[n].next;
	}
	if (payload) {
		if (!set_tlv(&node[n], shape_of, SMPP_TAG_MESSAGE_PAYLOAD, pdu->text,
		    pdu->text_len))
			return false;
		*at = &node[n];
	}
	return true;
}

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
	bool payload = pdu->text_len > TEXT_MAX;
	submit_sm_t s;

	memset(&s, 0, sizeof s);
	if (!SET_MESSAGE(s, pdu) ||
	    !set(s.validity_period, sizeof s.validity_period, pdu->validity) ||
	    !chain(pdu, payload, shape_submit_sm, &s.tlv))
		return 0;
	SET_TEXT(s, pdu, payload);
	return pack(pdu->id, out, size, &s);
}

static size_t
pack_deliver(const struct smpp_out *pdu, void *out, size_t size)
{
	bool payload = pdu->text_len > TEXT_MAX;
	deliver_sm_t s;

	memset(&s, 0, sizeof s);
	if (!SET_MESSAGE(s, pdu) ||
	    !set(s.validity_period, sizeof s.validity_period, pdu->validity) ||
	    !chain(pdu, payload, shape_deliver_sm, &s.tlv))
		return 0;
	SET_TEXT(s, pdu, payload);
	return pack(pdu->id, out, size, &s);
}

static size_t
pack_data(const struct smpp_out *pdu, void *out, size_t size)
{
	data_sm_t s;

	memset(&s, 0, sizeof s);
	if (!SET_MESSAGE(s, pdu) || !chain(pdu, pdu->text_len > 0, shape_data_sm, &s.tlv))
		return 0;
	return pack(pdu->id, out, size, &s);
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
