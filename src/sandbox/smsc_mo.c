/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What phones send by SMS: cut into parts as the phone's network would, each part a deliver_sm on whatever link is
 * next, in any order and as often as is wanted, and delivered again when the ESME says "not now" or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "core/segment.h"
#include "sandbox/box.h"
#include "sandbox/smsc_private.h"

#define DELIVERY_TRIES 10
#define DELIVERY_RETRY_MS 1000
#define ESM_UDHI 0x40
#define TON_INTERNATIONAL 1
#define TON_NAME 5

struct delivery {			/* of one part, in smsc->deliveries */
	struct list node;
	struct smsc *s;
	struct timer timer;
	char from[21], to[21];
	bool by_name;
	uint8_t data_coding;
	struct segment part;
	int tries;
};

static void
delivery_free(struct delivery *d)
{
	timer_stop(&d->timer);
	list_remove(&d->node);
	mem_wipe(d, sizeof *d);
	free(d);
}

void
smsc_mo_clear(struct smsc *s)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &s->deliveries)
		delivery_free(LIST_OF(it, struct delivery, node));
}

static void
on_delivered(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct smsc *s = arg;
	struct delivery *d = map_remove_u64(s->requests, op);

	if (d == NULL)
		return;
	if (end == SMPP_ANSWERED && resp->status == 0)
		s->mo_taken++;
	else if (++d->tries < DELIVERY_TRIES) {
		timer_arm(&d->timer, DELIVERY_RETRY_MS);
		return;
	}
	delivery_free(d);
}

static void
deliver(void *arg)
{
	struct delivery *d = arg;
	struct smsc *s = d->s;
	uint64_t conn = smsc_receiver(s, 0);
	struct smpp_out pdu = { .id = SMPP_DELIVER_SM, .source_ton = d->by_name ? TON_NAME : TON_INTERNATIONAL,
	    .source_npi = d->by_name ? 0 : 1, .source = d->from, .dest = d->to, .data_coding = d->data_coding,
	    .esm_class = d->part.udhi ? ESM_UDHI : 0, .text = d->part.octets, .text_len = d->part.len };

	if (conn == 0) {
		timer_arm(&d->timer, DELIVERY_RETRY_MS);
		return;
	}
	if (d->part.sar) {
		smpp_out_tlv(&pdu, SMPP_TAG_SAR_REF, 2, d->part.reference);
		smpp_out_tlv(&pdu, SMPP_TAG_SAR_TOTAL, 1, d->part.total);
		smpp_out_tlv(&pdu, SMPP_TAG_SAR_SEQ, 1, d->part.seq);
	}
	s->mo_sent++;
	map_put_u64(s->requests, ++s->next_op, d);
	smpp_peer_request(s->peer, conn, &pdu, s->next_op, on_delivered, s);
}

int
smsc_send_sms(struct smsc *s, const struct smsc_mo *m)
{
	struct segment_rules rules = { .way = m->way, .parts_max = SEGMENT_PARTS };
	struct segments plan;

	if (!segment_plan(&plan, &rules, m->text, ++s->next_reference))
		return 0;
	for (size_t i = 0; i < (m->order_n > 0 ? m->order_n : (size_t)plan.total); i++) {
		int part = m->order_n > 0 ? m->order[i] : (int)i + 1;
		struct delivery *d;

		if (part < 1 || part > plan.total)
			continue;
		d = xcalloc(1, sizeof *d);
		d->s = s;
		d->by_name = !phone_valid(m->from);
		str_copy(d->from, sizeof d->from, m->from);
		str_copy(d->to, sizeof d->to, m->to);
		d->data_coding = plan.data_coding;
		segment_part(&plan, m->text, part - 1, &d->part);
		list_add_tail(&s->deliveries, &d->node);
		timer_init(&d->timer, s->x->loop, deliver, d);
		deliver(d);
	}
	return plan.total;
}
