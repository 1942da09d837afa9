/* SPDX-License-Identifier: Apache-2.0 */
/* What an SMSC delivers: USSD, receipts, or a customer's SMS. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define RECEIPTS_MAX 128	/* waiting to be stored; a link holds 256 unanswered PDUs */
#define ESM_RECEIPT_MASK 0x3c	/* message type bits of a deliver_sm, SMPP 3.4 §5.2.12 */

static int
link_index(const struct bind *b, const struct smpp_link *l)
{
	for (int i = 0; i < b->links_n; i++)
		if (b->link[i] == l)
			return i;
	return -1;
}

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

static uint32_t
take_receipt(struct bind *b, int link, const struct smpp_pdu *pdu)
{
	struct edge *e = b->edge;
	struct receipt r;
	struct way_back w = { .bind = b->index, .link = link, .http = pdu->sequence,
		.life = link >= 0 ? b->slot[link].life : 0 };

	if (map_count(e->receipts) >= RECEIPTS_MAX)
		return SMPP_RX_T_APPN;	/* customers' inputs need the room: the SMSC sends it again */
	if (!read_receipt(b, pdu, &r)) {
		metric_add(M_RECEIPTS_UNMATCHED, 1);
		log_warn(0, "receipt unreadable", "bind=%s octets=%zu", b->settings->name, pdu->text_len);
		return SMPP_ROK;
	}
	gateway_receipt(e->gw, loop_wall(e->loop), b->index, &r, edge_remember(e, e->receipts, &w));
	return SMPP_ANSWER_LATER;
}

uint32_t
smpp_in_deliver(void *arg, struct smpp_link *l, const struct smpp_pdu *pdu)
{
	struct bind *b = arg;
	int link = link_index(b, l);

	if (b->edge->gw == NULL)
		return SMPP_RX_T_APPN;
	if (ussd_smpp_is(b, pdu)) {
		ussd_smpp_deliver(b, link, pdu);
		return SMPP_ROK;
	}
	if ((pdu->esm_class & ESM_RECEIPT_MASK) != 0)
		return take_receipt(b, link, pdu);
	log_info(0, "sms not read", "bind=%s octets=%zu", b->settings->name, pdu->text_len);
	return SMPP_ROK;
}

void
edge_receipt_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	struct edge *e = ctx;
	struct way_back *w = map_remove_u64(e->receipts, peer_op);

	if (w == NULL)
		return;
	if (w->link >= 0 && e->binds[w->bind].link[w->link] != NULL &&
	    e->binds[w->bind].slot[w->link].life == w->life)
		smpp_link_respond(e->binds[w->bind].link[w->link], SMPP_DELIVER_SM, (uint32_t)w->http,
		    end == RECEIPT_NOT_STORED ? SMPP_RX_T_APPN : SMPP_ROK);
	free(w);
}
