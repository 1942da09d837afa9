/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS over SMPP: a text becomes one submit_sm, or several with a concatenation header (3GPP 23.040 §9.2.3.24.1), split on
 * whole characters. One answer per message: it was accepted only when every part was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/segment.h"
#include "core/smpp_outcome.h"

#define PARTS_MAX 8
#define PART_AGAIN_MS 100
#define ESM_UDHI 0x40			/* SMPP 3.4 §5.2.12 */

struct outgoing {			/* one message under way; ours until it is answered */
	struct edge *edge;
	struct bind *bind;
	const struct channel_settings *channel;
	uint64_t op, message;
	char to[PHONE_MAX];
	struct buf text;
	int64_t deadline, valid_until;
	bool receipt;
	struct segments parts;
	int part;			/* the one being sent */
	struct held again;
	struct deferred refused;
	struct sms_answer answer;
};

static const enum sms_end ends[] = {
	[SMPP_OUTCOME_ACCEPTED] = SMS_SENT,
	[SMPP_OUTCOME_SLOW] = SMS_LATER,
	[SMPP_OUTCOME_FEW] = SMS_FEW,
	[SMPP_OUTCOME_PERMANENT] = SMS_REFUSED,
	[SMPP_OUTCOME_REBIND] = SMS_LATER,
	[SMPP_OUTCOME_UNKNOWN] = SMS_UNKNOWN,
};

/* Relative, SMPP 3.4 §7.1.1.2: YYMMDDhhmmss000R; a message that comes after its deadline helps nobody. */
static void
validity(int64_t ms, char out[17])
{
	int64_t s = ms / 1000 > 60 ? ms / 1000 : 60;

	if (s > INT64_C(86400) * 28)
		s = INT64_C(86400) * 28;
	str_format(out, 17, "0000%02d%02d%02d%02d000R", (int)(s / 86400), (int)(s / 3600 % 24),
	    (int)(s / 60 % 60), (int)(s % 60));
}

static void
set_addresses(const struct bind_settings *b, const char *sender, struct smpp_out *pdu)
{
	/* protocols.md 2.8: alphanumeric 5/0, short code 3/0, number 1/1; the bind's own word wins. */
	int ton = !str_all_digits(sender) ? 5 : strlen(sender) <= 6 ? 3 : 1;
	int npi = ton == 1 ? 1 : 0;

	pdu->source = sender;
	pdu->source_ton = (uint8_t)(b->source_ton >= 0 ? b->source_ton : ton);
	pdu->source_npi = (uint8_t)(b->source_npi >= 0 ? b->source_npi : npi);
	pdu->dest_ton = (uint8_t)(b->dest_ton >= 0 ? b->dest_ton : 1);
	pdu->dest_npi = (uint8_t)(b->dest_npi >= 0 ? b->dest_npi : 1);
}

static void
finish(struct outgoing *o)
{
	struct edge *e = o->edge;

	if (e->gw != NULL)
		gateway_on_sms(e->gw, loop_wall(e->loop), o->op, &o->answer);
	buf_clear(&o->text);
	free(o);
}

/* What became of a part, and with it of the whole: what may have been sent outweighs what was not. */
static void
part_failed(struct outgoing *o, enum sms_end end)
{
	o->answer.end = o->part > 0 && (end == SMS_LATER || end == SMS_FEW) ? SMS_UNKNOWN : end;
	finish(o);
}

static void send_part(void *arg);

static void
rest_dropped(void *arg)
{
	part_failed(arg, SMS_UNKNOWN);
}

static void
on_submitted(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct outgoing *o = arg;

	(void)op;
	if (end == SMPP_NOT_WRITTEN && o->part > 0 && o->edge->gw != NULL && loop_wall(o->edge->loop) < o->deadline) {
		/* Half of it is there: the rest follows as soon as window and pace have room. */
		edge_hold(o->edge, &o->again, PART_AGAIN_MS, send_part, rest_dropped, o);
		return;
	}
	if (end != SMPP_ANSWERED) {
		part_failed(o, end == SMPP_NOT_WRITTEN ? SMS_LATER : SMS_UNKNOWN);
		return;
	}
	if (resp->status != SMPP_ROK) {
		o->answer.status = resp->status;
		part_failed(o, ends[smpp_outcome(resp->status, NULL, 0)]);
		return;
	}
	if (o->part == 0)
		str_copy(o->answer.id, sizeof o->answer.id, resp->message_id);
	if (++o->part == o->parts.total)
		finish(o);
	else
		send_part(o);
}

static void
on_refused(void *arg)
{
	finish(arg);
}

/* One part at a time, so that a message never takes more of window and pace than one PDU. */
static void
send_part(void *arg)
{
	struct outgoing *o = arg;
	struct smpp_link *l = bind_pick(o->bind, -1);
	struct smpp_out pdu = { .id = SMPP_SUBMIT_SM };
	struct segment segment;
	char until[17];

	edge_let_go(&o->again);
	segment_part(&o->parts, buf_str(&o->text), o->part, &segment);
	set_addresses(o->bind->settings, o->channel->sender, &pdu);
	validity(o->valid_until - loop_wall(o->edge->loop), until);
	pdu.dest = o->to;
	pdu.validity = until;
	pdu.data_coding = o->parts.data_coding;
	pdu.esm_class = segment.udhi ? ESM_UDHI : 0;
	/* One receipt says enough: that of the first part, whose id is kept. */
	pdu.registered_delivery = o->receipt && o->part == 0;
	pdu.text = segment.octets;
	pdu.text_len = segment.len;
	smpp_link_request(l != NULL ? l : o->bind->link[0], &pdu, o->message, o->deadline, on_submitted, o);
	mem_wipe(&segment, sizeof segment);
}

void
edge_sms(void *ctx, uint64_t op, const struct sms_req *q)
{
	struct edge *e = ctx;
	struct outgoing *o = xcalloc(1, sizeof *o);
	struct segment_rules rules = { .way = SEGMENT_UDH8, .parts_max = PARTS_MAX };

	o->edge = e;
	o->channel = &e->settings->channels[q->channel];
	o->bind = &e->binds[o->channel->bind];
	o->op = op;
	o->message = q->message;
	o->deadline = q->deadline_ms;
	o->valid_until = q->valid_until_ms;
	o->receipt = q->receipt;
	str_copy(o->to, sizeof o->to, q->to);
	buf_add_str(&o->text, q->text);
	rules.dcs0 = o->bind->settings->dcs0;
	if (segment_plan(&o->parts, &rules, q->text, ++e->reference))
		send_part(o);
	else {
		/* Too long for any number of parts: said in the next turn of the loop, never on the asker's stack. */
		o->answer.end = SMS_REFUSED;
		loop_defer(e->loop, &o->refused, on_refused, o);
	}
}

static unsigned
free_window(const struct bind *b)
{
	unsigned n = 0;

	for (int i = 0; i < b->links_n; i++)
		n += smpp_link_free_window(b->link[i]);
	return n;
}

unsigned
edge_sms_free(void *ctx, int channel)
{
	struct edge *e = ctx;
	const struct channel_settings *c = &e->settings->channels[channel];

	if (c->kind != CHANNEL_SMS_SMPP)
		return 0;
	return free_window(&e->binds[c->bind]);
}
