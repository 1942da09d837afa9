/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMPP 3.4 PDUs. Reading is our own bounded decoder: length-checked, no allocation, tolerant where
 * real SMSCs are sloppy. Writing goes through libsmpp34, from fields that we control.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMPP_HEADER 16
#define SMPP_PDU_MAX 8192	/* of what we send */
#define SMPP_FRAME_MAX 0x11000	/* of what we read: 64 KiB of message_payload and the rest */
#define SMPP_TLVS 32

enum smpp_id {			/* SMPP 3.4 5.1.2.1 */
	SMPP_GENERIC_NACK = (int)0x80000000,
	SMPP_BIND_RECEIVER = 0x01,
	SMPP_BIND_TRANSMITTER = 0x02,
	SMPP_SUBMIT_SM = 0x04,
	SMPP_DELIVER_SM = 0x05,
	SMPP_UNBIND = 0x06,
	SMPP_BIND_TRANSCEIVER = 0x09,
	SMPP_OUTBIND = 0x0b,
	SMPP_ENQUIRE_LINK = 0x15,
	SMPP_ALERT_NOTIFICATION = 0x102,
	SMPP_DATA_SM = 0x103,
	SMPP_RESP = (int)0x80000000	/* the bit of a response */
};

enum smpp_status {		/* SMPP 3.4 5.1.3, those we send or look at */
	SMPP_ROK = 0x00,
	SMPP_RINVMSGLEN = 0x01,
	SMPP_RINVCMDLEN = 0x02,
	SMPP_RINVCMDID = 0x03,
	SMPP_RINVBNDSTS = 0x04,
	SMPP_RALYBND = 0x05,
	SMPP_RSYSERR = 0x08,
	SMPP_RINVSRCADR = 0x0a,
	SMPP_RINVDSTADR = 0x0b,
	SMPP_RBINDFAIL = 0x0d,
	SMPP_RINVPASWD = 0x0e,
	SMPP_RINVSYSID = 0x0f,
	SMPP_RMSGQFUL = 0x14,
	SMPP_RINVSERTYP = 0x15,
	SMPP_RSUBMITFAIL = 0x45,
	SMPP_RINVSYSTYP = 0x53,
	SMPP_RTHROTTLED = 0x58,
	SMPP_RINVSCHED = 0x61,
	SMPP_RINVEXPIRY = 0x62,
	SMPP_RX_T_APPN = 0x64,
	SMPP_RX_R_APPN = 0x66,
	SMPP_RINVTLVSTREAM = 0xc0,
	SMPP_RINVTLVLEN = 0xc2
};

enum smpp_tag {			/* SMPP 3.4 5.3.2 */
	SMPP_TAG_RECEIPTED_MESSAGE_ID = 0x001e,
	SMPP_TAG_USER_MESSAGE_REFERENCE = 0x0204,
	SMPP_TAG_SAR_REF = 0x020c,
	SMPP_TAG_SAR_TOTAL = 0x020e,
	SMPP_TAG_SAR_SEQ = 0x020f,
	SMPP_TAG_NETWORK_ERROR = 0x0423,
	SMPP_TAG_MESSAGE_PAYLOAD = 0x0424,
	SMPP_TAG_MESSAGE_STATE = 0x0427,
	SMPP_TAG_USSD_SERVICE_OP = 0x0501,
	SMPP_TAG_ITS_SESSION_INFO = 0x1383
};

struct smpp_tlv {
	uint16_t tag, len;
	const unsigned char *p;		/* into the PDU */
};

/* One PDU, read. Strings are copies; octet runs are views into the caller's buffer. */
struct smpp_pdu {
	uint32_t id, status, sequence;
	/* bind_*: system_id, password, system_type, interface_version; bind_*_resp: system_id */
	char system_id[64], password[64], system_type[32];
	uint8_t interface_version;
	/* submit_sm, deliver_sm, data_sm */
	char service_type[16];
	uint8_t source_ton, source_npi, dest_ton, dest_npi;
	char source[66], dest[66];
	uint8_t esm_class, protocol_id, priority, registered_delivery, replace, data_coding;
	char validity[32];
	const unsigned char *text;	/* short_message, or message_payload when that is empty */
	size_t text_len;
	/* *_sm_resp */
	char message_id[66];
	struct smpp_tlv tlv[SMPP_TLVS];
	size_t tlvs;
	bool odd;	/* read, but not as the standard says: never fatal */
};

enum smpp_frame { SMPP_MORE, SMPP_OK, SMPP_BAD };
/*
 * Looks at the first octets of a stream: *len gets the length of a whole PDU. BAD: a lying length
 * (< 16 or > max).
 */
enum smpp_frame smpp_frame(const void *p, size_t n, size_t max, size_t *len);
uint32_t smpp_u32(const unsigned char *p);	/* big endian */
/*
 * Reads one whole PDU. The header is always filled when len >= 16. false: the body cannot be
 * understood; `*status` then says what to answer (RINVCMDID: nothing but generic_nack can). A
 * response is never false: its header is what matters, and what its body lacks stays empty. Views
 * stay valid as long as p.
 */
bool smpp_decode(const void *p, size_t len, struct smpp_pdu *out, uint32_t *status);
const struct smpp_tlv *smpp_tlv_find(const struct smpp_pdu *pdu, uint16_t tag);	/* or NULL */
/* A number of 1 to 4 octets, big endian; false when it is absent or of another size. */
bool smpp_tlv_u8(const struct smpp_pdu *pdu, uint16_t tag, unsigned *out);
const char *smpp_id_name(uint32_t id);
const char *smpp_status_name(uint32_t status);

/* What we send. Strings may be NULL for "". */
struct smpp_out {
	uint32_t id, status, sequence;
	const char *system_id, *password, *system_type;		/* binds and their responses */
	const char *service_type;
	uint8_t source_ton, source_npi, dest_ton, dest_npi;
	const char *source, *dest;
	uint8_t esm_class, protocol_id, priority, registered_delivery, data_coding;
	const char *validity;
	const void *text;
	size_t text_len;	/* to 253 in short_message, more in message_payload */
	bool urgent;		/* somebody looks at a screen: goes before what only has a pace */
	bool payload;		/* in message_payload however short it is */
	const char *message_id;	/* *_sm_resp */
	struct {
		uint16_t tag, len;
		unsigned char p[70];
	} tlv[8];
	size_t tlvs;		/* written as they are and in this order, before message_payload */
};
/* A number of 1 or 2 octets, big endian. There must be room for one more TLV. */
void smpp_out_tlv(struct smpp_out *pdu, uint16_t tag, uint16_t len, unsigned value);
/*
 * Packs one PDU into out (size octets) with libsmpp34; its length, or 0 when it does not fit the
 * protocol's fields. PDUs that are only a header (enquire_link, unbind, generic_nack, responses
 * that refuse) carry any status and sequence; deliver_sm carries no validity. One thread only.
 */
size_t smpp_encode(const struct smpp_out *pdu, void *out, size_t size);
