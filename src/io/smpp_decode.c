/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded reader of SMPP 3.4 PDUs. Every read is checked against the end of the PDU, nothing is
 * allocated, TLVs beyond SMPP_TLVS are passed over. Where real SMSCs are sloppy (missing bodies,
 * TLV sizes, trailing octets, reserved TON, foreign statuses) it reads what is there and sets
 * `odd`. It judges no value: what a field means is the business of those who use it.
 */
#include "io/smpp_pdu.h"

#include <string.h>

#include "base/mem.h"

struct reader {
	const unsigned char *p;
	size_t n;		/* octets left */
	bool short_of;		/* something did not fit */
};

/* Reads a body; the result is the status to answer with when it cannot be understood. */
typedef uint32_t body_fn(struct reader *r, struct smpp_pdu *out);

static body_fn body_none, body_opaque, body_bind, body_sm, body_data, body_id_resp, body_bind_resp;

static const struct command {
	uint32_t id;
	const char *name, *resp_name;	/* resp_name NULL: the request has no response */
	body_fn *body, *resp_body;	/* body NULL: known, but nothing that we can serve */
} command[] = {
	{ SMPP_BIND_RECEIVER, "bind_receiver", "bind_receiver_resp", body_bind, body_bind_resp },
	{ SMPP_BIND_TRANSMITTER, "bind_transmitter", "bind_transmitter_resp", body_bind,
	    body_bind_resp },
	{ SMPP_BIND_TRANSCEIVER, "bind_transceiver", "bind_transceiver_resp", body_bind,
	    body_bind_resp },
	{ SMPP_SUBMIT_SM, "submit_sm", "submit_sm_resp", body_sm, body_id_resp },
	{ SMPP_DELIVER_SM, "deliver_sm", "deliver_sm_resp", body_sm, body_id_resp },
	{ SMPP_DATA_SM, "data_sm", "data_sm_resp", body_data, body_id_resp },
	{ SMPP_ENQUIRE_LINK, "enquire_link", "enquire_link_resp", body_none, body_none },
	{ SMPP_UNBIND, "unbind", "unbind_resp", body_none, body_none },
	{ SMPP_ALERT_NOTIFICATION, "alert_notification", NULL, body_opaque, NULL },
	{ SMPP_OUTBIND, "outbind", NULL, body_opaque, NULL },
	{ 0x03, "query_sm", "query_sm_resp", NULL, body_opaque },
	{ 0x07, "replace_sm", "replace_sm_resp", NULL, body_none },
	{ 0x08, "cancel_sm", "cancel_sm_resp", NULL, body_none },
	{ 0x21, "submit_multi", "submit_multi_resp", NULL, body_opaque },
};

static const struct {
	uint32_t status;
	const char *name;
} status_row[] = {
	{ SMPP_ROK, "ROK" },
	{ SMPP_RINVMSGLEN, "RINVMSGLEN" },
	{ SMPP_RINVCMDLEN, "RINVCMDLEN" },
	{ SMPP_RINVCMDID, "RINVCMDID" },
	{ SMPP_RINVBNDSTS, "RINVBNDSTS" },
	{ SMPP_RALYBND, "RALYBND" },
	{ 0x06, "RINVPRTFLG" },
	{ 0x07, "RINVREGDLVFLG" },
	{ SMPP_RSYSERR, "RSYSERR" },
	{ SMPP_RINVSRCADR, "RINVSRCADR" },
	{ SMPP_RINVDSTADR, "RINVDSTADR" },
	{ 0x0c, "RINVMSGID" },
	{ SMPP_RBINDFAIL, "RBINDFAIL" },
	{ SMPP_RINVPASWD, "RINVPASWD" },
	{ SMPP_RINVSYSID, "RINVSYSID" },
	{ 0x11, "RCANCELFAIL" },
	{ 0x13, "RREPLACEFAIL" },
	{ SMPP_RMSGQFUL, "RMSGQFUL" },
	{ SMPP_RINVSERTYP, "RINVSERTYP" },
	{ 0x43, "RINVESMCLASS" },
	{ 0x44, "RCNTSUBDL" },
	{ SMPP_RSUBMITFAIL, "RSUBMITFAIL" },
	{ 0x48, "RINVSRCTON" },
	{ 0x49, "RINVSRCNPI" },
	{ 0x50, "RINVDSTTON" },
	{ 0x51, "RINVDSTNPI" },
	{ SMPP_RINVSYSTYP, "RINVSYSTYP" },
	{ 0x54, "RINVREPFLAG" },
	{ 0x55, "RINVNUMMSGS" },
	{ SMPP_RTHROTTLED, "RTHROTTLED" },
	{ SMPP_RINVSCHED, "RINVSCHED" },
	{ SMPP_RINVEXPIRY, "RINVEXPIRY" },
	{ 0x63, "RINVDFTMSGID" },
	{ SMPP_RX_T_APPN, "RX_T_APPN" },
	{ 0x65, "RX_P_APPN" },
	{ SMPP_RX_R_APPN, "RX_R_APPN" },
	{ 0x67, "RQUERYFAIL" },
	{ SMPP_RINVTLVSTREAM, "RINVTLVSTREAM" },
	{ 0xc1, "RTLVNOTALLWD" },
	{ SMPP_RINVTLVLEN, "RINVTLVLEN" },
	{ 0xc3, "RMISSINGTLV" },
	{ 0xc4, "RINVTLVVAL" },
	{ 0xfe, "RDELIVERYFAILURE" },
	{ 0xff, "RUNKNOWNERR" },
};

uint32_t
smpp_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum smpp_frame
smpp_frame(const void *p, size_t n, size_t max, size_t *len)
{
	if (n < 4)
		return SMPP_MORE;
	*len = smpp_u32(p);
	if (*len < SMPP_HEADER || *len > max)
		return SMPP_BAD;
	return n < *len ? SMPP_MORE : SMPP_OK;
}

static uint8_t
get_u8(struct reader *r)
{
	if (r->n == 0) {
		r->short_of = true;
		return 0;
	}
	r->n--;
	return *r->p++;
}

/*
 * A C-string of at most size - 1 octets; false: longer (then cut) or without its NUL (then to the
 * end).
 */
static bool
get_string(struct reader *r, char *out, size_t size)
{
	const unsigned char *nul = r->n > 0 ? memchr(r->p, 0, r->n) : NULL;
	size_t n = nul != NULL ? (size_t)(nul - r->p) : r->n;
	size_t keep = n < size ? n : size - 1;

	if (keep > 0)
		memcpy(out, r->p, keep);
	out[keep] = '\0';
	if (nul == NULL)
		r->short_of = true;
	n += nul != NULL;
	if (n > 0)
		r->p += n;
	r->n -= n;
	return nul != NULL && keep + 1 == n;
}

/*
 * false: a TLV reaches beyond the PDU. One to three octets at the end are no TLV, and are met in
 * the wild.
 */
static bool
get_tlvs(struct reader *r, struct smpp_pdu *out)
{
	while (r->n >= 4) {
		uint16_t tag = (uint16_t)(r->p[0] << 8 | r->p[1]);
		uint16_t len = (uint16_t)(r->p[2] << 8 | r->p[3]);

		if (len > r->n - 4)
			return false;
		if (out->tlvs < SMPP_TLVS)
			out->tlv[out->tlvs++] =
			    (struct smpp_tlv){ .tag = tag, .len = len, .p = r->p + 4 };
		else
			out->odd = true;
		r->p += 4 + len;
		r->n -= 4u + len;
	}
	if (r->n > 0)
		out->odd = true;
	return true;
}

static uint32_t
body_none(struct reader *r, struct smpp_pdu *out)
{
	if (r->n > 0)
		out->odd = true;
	return SMPP_ROK;
}

static uint32_t
body_opaque(struct reader *r, struct smpp_pdu *out)
{
	(void)r, (void)out;
	return SMPP_ROK;
}

static uint32_t
body_bind(struct reader *r, struct smpp_pdu *out)
{
	char range[64];

	if (!get_string(r, out->system_id, sizeof out->system_id))
		return SMPP_RINVSYSID;
	if (!get_string(r, out->password, sizeof out->password))
		return SMPP_RINVPASWD;
	if (!get_string(r, out->system_type, sizeof out->system_type))
		return SMPP_RINVSYSTYP;
	out->interface_version = get_u8(r);
	get_u8(r);
	get_u8(r);
	get_string(r, range, sizeof range);
	if (r->short_of || r->n > 0)
		out->odd = true;
	return SMPP_ROK;
}

static uint32_t
get_addresses(struct reader *r, struct smpp_pdu *out)
{
	if (!get_string(r, out->service_type, sizeof out->service_type))
		return r->short_of ? SMPP_RINVCMDLEN : SMPP_RINVSERTYP;
	out->source_ton = get_u8(r);
	out->source_npi = get_u8(r);
	if (!get_string(r, out->source, sizeof out->source))
		return r->short_of ? SMPP_RINVCMDLEN : SMPP_RINVSRCADR;
	out->dest_ton = get_u8(r);
	out->dest_npi = get_u8(r);
	if (!get_string(r, out->dest, sizeof out->dest))
		return r->short_of ? SMPP_RINVCMDLEN : SMPP_RINVDSTADR;
	return SMPP_ROK;
}

/* TLVs of a message, and its text from message_payload when it has no other. */
static uint32_t
get_rest(struct reader *r, struct smpp_pdu *out)
{
	const struct smpp_tlv *payload;

	if (!get_tlvs(r, out))
		return SMPP_RINVTLVSTREAM;
	if (out->text_len == 0 &&
	    (payload = smpp_tlv_find(out, SMPP_TAG_MESSAGE_PAYLOAD)) != NULL) {
		out->text = payload->p;
		out->text_len = payload->len;
	}
	return SMPP_ROK;
}

static uint32_t
body_sm(struct reader *r, struct smpp_pdu *out)
{
	char schedule[32];
	uint32_t status = get_addresses(r, out);

	if (status != SMPP_ROK)
		return status;
	out->esm_class = get_u8(r);
	out->protocol_id = get_u8(r);
	out->priority = get_u8(r);
	if (!get_string(r, schedule, sizeof schedule))
		return r->short_of ? SMPP_RINVCMDLEN : SMPP_RINVSCHED;
	if (!get_string(r, out->validity, sizeof out->validity))
		return r->short_of ? SMPP_RINVCMDLEN : SMPP_RINVEXPIRY;
	out->registered_delivery = get_u8(r);
	out->replace = get_u8(r);
	out->data_coding = get_u8(r);
	get_u8(r);			/* sm_default_msg_id */
	out->text_len = get_u8(r);
	if (r->short_of)
		return SMPP_RINVCMDLEN;
	if (out->text_len > r->n)
		return SMPP_RINVMSGLEN;
	out->text = r->p;
	r->p += out->text_len;
	r->n -= out->text_len;
	return get_rest(r, out);
}

static uint32_t
body_data(struct reader *r, struct smpp_pdu *out)
{
	uint32_t status = get_addresses(r, out);

	if (status != SMPP_ROK)
		return status;
	out->esm_class = get_u8(r);
	out->registered_delivery = get_u8(r);
	out->data_coding = get_u8(r);
	out->text = r->p;
	return r->short_of ? SMPP_RINVCMDLEN : get_rest(r, out);
}

/* An error response may leave its body out; anything else that lacks is odd. */
static uint32_t
resp_string(struct reader *r, struct smpp_pdu *out, char *to, size_t size)
{
	if (r->n == 0) {
		out->odd |= out->status == SMPP_ROK;
		return SMPP_ROK;
	}
	if (!get_string(r, to, size) || !get_tlvs(r, out))
		out->odd = true;
	return SMPP_ROK;
}

static uint32_t
body_id_resp(struct reader *r, struct smpp_pdu *out)
{
	return resp_string(r, out, out->message_id, sizeof out->message_id);
}

static uint32_t
body_bind_resp(struct reader *r, struct smpp_pdu *out)
{
	return resp_string(r, out, out->system_id, sizeof out->system_id);
}

static const struct command *
command_find(uint32_t id)
{
	for (size_t i = 0; i < NELEM(command); i++)
		if (command[i].id == (id & ~(uint32_t)SMPP_RESP))
			return &command[i];
	return NULL;
}

bool
smpp_decode(const void *p, size_t len, struct smpp_pdu *out, uint32_t *status)
{
	struct reader r = { .p = p, .n = len };
	const struct command *c;
	body_fn *body;

	memset(out, 0, sizeof *out);
	*status = SMPP_RINVCMDLEN;
	if (len < SMPP_HEADER)
		return false;
	out->id = smpp_u32(r.p + 4);
	out->status = smpp_u32(r.p + 8);
	out->sequence = smpp_u32(r.p + 12);
	r.p += SMPP_HEADER;
	r.n -= SMPP_HEADER;
	out->text = r.p;
	if (out->sequence == 0 || out->sequence > 0x7fffffff)
		out->odd = true;
	c = command_find(out->id);
	if (out->id & (uint32_t)SMPP_RESP)
		body = c != NULL && c->resp_body != NULL ? c->resp_body : body_opaque;
	else
		body = c != NULL ? c->body : NULL;
	*status = body != NULL ? body(&r, out) : (uint32_t)SMPP_RINVCMDID;
	return *status == SMPP_ROK;
}

const struct smpp_tlv *
smpp_tlv_find(const struct smpp_pdu *pdu, uint16_t tag)
{
	for (size_t i = 0; i < pdu->tlvs; i++)
		if (pdu->tlv[i].tag == tag)
			return &pdu->tlv[i];
	return NULL;
}

bool
smpp_tlv_u8(const struct smpp_pdu *pdu, uint16_t tag, unsigned *out)
{
	const struct smpp_tlv *t = smpp_tlv_find(pdu, tag);

	if (t == NULL || t->len < 1 || t->len > 4)
		return false;
	*out = 0;
	for (size_t i = 0; i < t->len; i++)
		*out = *out << 8 | t->p[i];
	return true;
}

const char *
smpp_id_name(uint32_t id)
{
	const struct command *c = command_find(id);

	if (id == (uint32_t)SMPP_GENERIC_NACK)
		return "generic_nack";
	if (c == NULL)
		return "unknown";
	if (!(id & (uint32_t)SMPP_RESP))
		return c->name;
	return c->resp_name != NULL ? c->resp_name : "unknown";
}

const char *
smpp_status_name(uint32_t status)
{
	for (size_t i = 0; i < NELEM(status_row); i++)
		if (status_row[i].status == status)
			return status_row[i].name;
	return status >= 0x400 && status <= 0x4ff ? "vendor" : "unknown";
}
