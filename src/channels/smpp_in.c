/* SPDX-License-Identifier: Apache-2.0 */
/* What an SMSC delivers: USSD, receipts, or a customer's SMS. What an SMS says is not looked at here. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define RECEIPTS_MAX 128	/* and SMS, waiting to be stored; a link holds 256 unanswered PDUs */
#define ESM_UDHI 0x40
#define TON_ALPHANUMERIC 5
#define ESM_RECEIPT_MASK 0x3c	/* message type bits of a deliver_sm, SMPP 3.4 §5.2.12 */

static int
link_index(const struct bind *b, const struct smpp_link *l)
{
	for (int i = 0; i < b->links_n; i++)
		if (b->link[i] == l)
			return i;
	return -1;
}

/* false: it has neither in its text nor in its TLVs what makes a receipt. */
static bool
read_receipt(const struct bind *b, const struct smpp_pdu *pdu, struct receipt *r)
{
	char text[1024] = "";
	const struct smpp_tlv *id = smpp_tlv_find(pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID);
	const unsigned char *octets = pdu->text;
	size_t n = pdu->text_len;
	unsigned state;
	bool has_state = smpp_tlv_u8(pdu, SMPP_TAG_MESSAGE_STATE, &state);
	int len;

	memset(r, 0, sizeof *r);
	r->state = RECEIPT_UNKNOWN;
	if ((pdu->esm_class & 0x40) != 0 && n > 0 && octets[0] < n) {
		/* Some set UDHI on receipts, with a header before the text. */
		n -= (size_t)octets[0] + 1;
		octets += octets[0] + 1;
	}
	len = text_decode(charset_of_dcs(pdu->data_coding, b->settings->dcs0), octets, n, text, sizeof text);
	if (len > 0)
		receipt_parse_text(text, (size_t)len, r);
	receipt_apply_tlvs(r, id != NULL ? (const char *)id->p : NULL, id != NULL ? id->len : 0,
	    has_state ? (int)state : -1);
	return receipt_has_id(r);
}

/* ---- an SMS from a customer ---- */

/* The channel whose number was written to; a receiver hears for the binds that only send. -1: nobody's. */
static int
channel_for(const struct bind *b, const char *number)
{
	const struct settings *s = b->edge->settings;

	for (int i = 0; i < s->channels_n; i++) {
		const struct channel_settings *c = &s->channels[i];

		if (c->kind == CHANNEL_SMS_SMPP && (c->bind == b->index || b->settings->mode == BIND_RECEIVER) &&
		    sms_has_number(s, c, number))
			return i;
	}
	return -1;
}

/* A name, a short code or one of our own numbers is a machine: two machines that answer each other never stop. */
static bool
is_phone(const struct settings *s, const struct smpp_pdu *pdu, const char *country, char phone[PHONE_MAX])
{
	if (pdu->source_ton == TON_ALPHANUMERIC || !phone_parse(pdu->source, country, phone))
		return false;
	return !sms_is_ours(s, phone);
}

/* false: it says of itself what cannot be. */
static bool
read_part(const struct bind *b, const struct smpp_pdu *pdu, struct reassembly_part *p)
{
	enum reassembly_read found = reassembly_read_udh(pdu->text, pdu->text_len, (pdu->esm_class & ESM_UDHI) != 0, p);
	unsigned reference, total, seq;

	p->charset = charset_of_dcs(pdu->data_coding, b->settings->dcs0);
	if (found == REASSEMBLY_ALONE && smpp_tlv_u8(pdu, SMPP_TAG_SAR_REF, &reference) &&
	    smpp_tlv_u8(pdu, SMPP_TAG_SAR_TOTAL, &total) && smpp_tlv_u8(pdu, SMPP_TAG_SAR_SEQ, &seq))
		found = reassembly_read_sar(reference, total, seq, p);
	return found != REASSEMBLY_LYING;
}

static const struct refusal {
	enum metric counter;
	const char *why;
} unknown = { M_INBOUND_UNKNOWN, "no channel has the number written to" },
  unanswerable = { M_INBOUND_UNANSWERABLE, "not from a phone" },
  lying = { M_INBOUND_PARTS_REFUSED, "a part of nothing that can be" };

/* What makes it of no use to anybody, or NULL. */
static const struct refusal *
read_sms(const struct bind *b, const struct smpp_pdu *pdu, struct inbound_in *in)
{
	const struct settings *s = b->edge->settings;

	memset(in, 0, sizeof *in);
	in->channel = channel_for(b, pdu->dest);
	in->number = pdu->dest;
	smpp_tlv_u8(pdu, SMPP_TAG_USER_MESSAGE_REFERENCE, &in->reference);
	if (in->channel < 0)
		return &unknown;
	if (!is_phone(s, pdu, sms_country(s, &s->channels[in->channel]), in->from))
		return &unanswerable;
	return read_part(b, pdu, &in->part) ? NULL : &lying;
}

static uint32_t
take_sms(struct bind *b, const struct way_back *w, const struct inbound_in *in, const struct refusal *refusal)
{
	static struct log_limit limit;
	struct edge *e = b->edge;
	unsigned held;

	if (refusal == NULL) {
		gateway_inbound(e->gw, loop_wall(e->loop), in, edge_remember(e, e->receipts, w));
		return SMPP_ANSWER_LATER;
	}
	metric_add(refusal->counter, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "sms dropped", "bind=%s why=\"%s\" more=%u", b->settings->name, refusal->why, held);
	return SMPP_ROK;
}

/* ---- what is it ---- */

/* What only looks like a receipt, as an SMS, until it is known whether its id is one of ours. */
struct suspect {
	struct inbound_in in;
	const struct refusal *refusal;
	char number[66];
	size_t len;
	unsigned char octets[];
};

static uint32_t
ask_receipt(struct edge *e, const struct way_back *w, const struct receipt *r, struct suspect *suspect)
{
	uint64_t op = edge_remember(e, e->receipts, w);

	if (suspect != NULL)
		map_put_u64(e->suspects, op, suspect);
	gateway_receipt(e->gw, loop_wall(e->loop), w->bind, r, op);
	return SMPP_ANSWER_LATER;
}

static struct suspect *
suspect_new(const struct smpp_pdu *pdu, const struct inbound_in *in, const struct refusal *refusal)
{
	struct suspect *s = xcalloc(1, sizeof *s + in->part.len);

	s->in = *in;
	s->refusal = refusal;
	s->len = in->part.len;
	if (s->len > 0)
		memcpy(s->octets, in->part.octets, s->len);
	s->in.part.octets = s->octets;
	str_copy(s->number, sizeof s->number, pdu->dest);
	s->in.number = s->number;
	return s;
}

static uint32_t
take_message(struct bind *b, const struct way_back *w, const struct smpp_pdu *pdu)
{
	static struct log_limit limit;
	struct edge *e = b->edge;
	struct receipt r;
	struct inbound_in in;
	unsigned held;
	const struct refusal *refusal;
	bool marked = (pdu->esm_class & ESM_RECEIPT_MASK) != 0, like_one = read_receipt(b, pdu, &r);

	if (marked && like_one)
		return ask_receipt(e, w, &r, NULL);
	if (marked) {
		metric_add(M_RECEIPTS_UNMATCHED, 1);
		if (!log_limited(&limit, &held))
			log_warn(0, "receipt unreadable", "bind=%s octets=%zu more=%u", b->settings->name,
			    pdu->text_len, held);
		return SMPP_ROK;
	}
	refusal = read_sms(b, pdu, &in);
	if (!like_one)
		return take_sms(b, w, &in, refusal);
	r.maybe = true;
	if (!phone_parse(pdu->source,
	    in.channel >= 0 ? sms_country(e->settings, &e->settings->channels[in.channel]) : "", r.from))
		r.from[0] = '\0';
	if (!str_copy(r.to, sizeof r.to, pdu->dest))
		r.to[0] = '\0';
	return ask_receipt(e, w, &r, suspect_new(pdu, &in, refusal));
}

uint32_t
smpp_in_deliver(void *arg, struct smpp_link *l, const struct smpp_pdu *pdu)
{
	struct bind *b = arg;
	struct way_back w = { .bind = b->index, .link = link_index(b, l), .http = pdu->sequence, .request = pdu->id };

	w.life = w.link >= 0 ? b->slot[w.link].life : 0;
	if (b->edge->gw == NULL)
		return SMPP_RX_T_APPN;
	if (ussd_smpp_is(b, pdu)) {
		ussd_smpp_deliver(b, w.link, pdu);
		return SMPP_ROK;
	}
	if (map_count(b->edge->receipts) >= RECEIPTS_MAX) {
		/* Customers' dialogues need the room: the SMSC sends it again. */
		metric_add(M_INBOUND_LATER, 1);
		return SMPP_RX_T_APPN;
	}
	return take_message(b, &w, pdu);
}

/* On the connection that it came by, if that still stands; another knows nothing of it. */
static void
respond(struct edge *e, const struct way_back *w, uint32_t status)
{
	const struct bind *b = &e->binds[w->bind];

	if (w->link >= 0 && b->link[w->link] != NULL && b->slot[w->link].life == w->life)
		smpp_link_respond(b->link[w->link], w->request, (uint32_t)w->http, status);
}

void
edge_receipt_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	struct edge *e = ctx;
	struct way_back *w = map_remove_u64(e->receipts, peer_op);
	struct suspect *s = map_remove_u64(e->suspects, peer_op);
	uint32_t status = end == RECEIPT_NOT_STORED ? SMPP_RX_T_APPN : SMPP_ROK;

	if (w != NULL && w->bind < 0) {
		sms_http_stored(e, w, end);
		free(w);
		return;
	}
	if (w == NULL && whatsapp_stored(e, peer_op, end))
		return;
	if (w != NULL && s != NULL && end == RECEIPT_IS_MESSAGE)
		status = take_sms(&e->binds[w->bind], w, &s->in, s->refusal);
	if (w != NULL && status != SMPP_ANSWER_LATER)
		respond(e, w, status);
	if (s != NULL)
		mem_wipe(s, sizeof *s + s->len);
	free(s);
	free(w);
}
