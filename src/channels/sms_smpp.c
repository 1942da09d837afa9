/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS over SMPP: a text becomes one submit_sm or several, as its bind wants long messages, split on whole characters.
 * One answer per message: it was accepted only when every part was. It keeps nothing and tries nothing again but a part
 * that found no room after the first; the outbox does.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/segment.h"
#include "core/smpp_outcome.h"

#define NO_ROOM_MS 100			/* in window or pace, for the rest of a message */
#define TOLD_TO_WAIT_MS 1000		/* by the SMSC, with that */
#define ESM_UDHI 0x40			/* SMPP 3.4 §5.2.12 */
#define SHORT_CODE 6			/* digits of a sender that is no number of a phone, at most */
#define VALID_LEAST_S 60
#define VALID_MOST_S (INT64_C(86400) * 28)

enum { TON_INTERNATIONAL = 1, TON_NATIONAL = 2, TON_NETWORK = 3, TON_ALPHANUMERIC = 5, NPI_E164 = 1 };

struct outgoing {			/* one message under way; ours until it is answered */
	struct edge *edge;
	struct bind *bind;
	const struct channel_settings *channel;
	uint64_t op, message;
	char to[PHONE_MAX];
	struct buf text;
	int64_t deadline, valid_until;
	uint8_t registered, priority;
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

/* SMPP 3.4 §5.2.17 */
static const uint8_t registered[] = {
	[RECEIPTS_FINAL] = 0x01,
	[RECEIPTS_FINAL_AND_INTERMEDIATE] = 0x11,
	[RECEIPTS_NONE] = 0,
};

/* SMPP 3.4 §5.2.14 */
static const uint8_t priorities[MSG_CLASSES] = { [MSG_TOKEN] = 2, [MSG_RESULT] = 1, [MSG_NOTICE] = 0 };

/* SMPP 3.4 §7.1.1; a message that comes after its deadline helps nobody. */
static void
validity(enum validity_form form, int64_t now_ms, int64_t until_ms, char out[17])
{
	int64_t s = (until_ms - now_ms) / 1000;
	struct tm tm;
	time_t at;

	s = s < VALID_LEAST_S ? VALID_LEAST_S : s > VALID_MOST_S ? VALID_MOST_S : s;
	at = (time_t)(now_ms / 1000 + s);
	out[0] = '\0';
	if (form == VALIDITY_RELATIVE)
		str_format(out, 17, "0000%02d%02d%02d%02d000R", (int)(s / 86400), (int)(s / 3600 % 24),
		    (int)(s / 60 % 60), (int)(s % 60));
	else if (form == VALIDITY_ABSOLUTE && gmtime_r(&at, &tm) != NULL)
		str_format(out, 17, "%02d%02d%02d%02d%02d%02d000+", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday,
		    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
set_addresses(const struct bind_settings *b, const char *sender, struct smpp_out *pdu)
{
	const char *digits = sender[0] == '+' ? sender + 1 : sender;
	/* Alphanumeric 5/0, short code 3/0, national 2/1, international 1/1; the bind's own word wins. */
	int ton = !str_all_digits(digits) ? TON_ALPHANUMERIC : strlen(digits) <= SHORT_CODE ? TON_NETWORK :
	    digits[0] == '0' ? TON_NATIONAL : TON_INTERNATIONAL;
	int npi = ton == TON_INTERNATIONAL || ton == TON_NATIONAL ? NPI_E164 : 0;

	pdu->source = ton != TON_ALPHANUMERIC ? digits : sender;
	pdu->source_ton = (uint8_t)(b->source_ton >= 0 ? b->source_ton : ton);
	pdu->source_npi = (uint8_t)(b->source_npi >= 0 ? b->source_npi : npi);
	pdu->dest_ton = (uint8_t)(b->dest_ton >= 0 ? b->dest_ton : TON_INTERNATIONAL);
	pdu->dest_npi = (uint8_t)(b->dest_npi >= 0 ? b->dest_npi : NPI_E164);
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
	o->answer.end = o->part > 0 ? SMS_UNKNOWN : end;
	finish(o);
}

/* Of what was certainly not written. */
static enum sms_end
not_written(const struct outgoing *o)
{
	return loop_wall(o->edge->loop) < o->valid_until ? SMS_LATER : SMS_EXPIRED;
}

static void send_part(void *arg);

static void
rest_dropped(void *arg)
{
	part_failed(arg, SMS_UNKNOWN);
}

/* A part was certainly not taken, those before it were: half of it is there, so the rest follows as soon as it can. */
static bool
rest_waits(struct outgoing *o, int64_t ms)
{
	if (o->part == 0 || o->edge->gw == NULL || loop_wall(o->edge->loop) >= o->deadline)
		return false;
	edge_hold(o->edge, &o->again, ms, send_part, rest_dropped, o);
	return true;
}

static void
on_submitted(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct outgoing *o = arg;
	const struct bind_settings *b = o->bind->settings;
	enum sms_end what;

	(void)op;
	if (end != SMPP_ANSWERED) {
		what = end == SMPP_NOT_WRITTEN ? not_written(o) : SMS_UNKNOWN;
		if (what != SMS_LATER || !rest_waits(o, NO_ROOM_MS))
			part_failed(o, what);
		return;
	}
	o->answer.status = resp->status;
	what = ends[smpp_outcome(resp->status, b->statuses, (size_t)b->statuses_n)];
	if (what != SMS_SENT) {
		if (what != SMS_LATER || !rest_waits(o, TOLD_TO_WAIT_MS))
			part_failed(o, what);
		return;
	}
	metric_add(M_SMS_PARTS, 1);
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

static void
set_text(struct smpp_out *pdu, const struct segments *plan, const struct segment *part)
{
	pdu->data_coding = plan->data_coding;
	pdu->esm_class = part->udhi ? ESM_UDHI : 0;
	pdu->payload = plan->payload;
	pdu->text = part->octets;
	pdu->text_len = part->len;
	if (part->sar) {
		smpp_out_tlv(pdu, SMPP_TAG_SAR_REF, 2, part->reference);
		smpp_out_tlv(pdu, SMPP_TAG_SAR_TOTAL, 1, part->total);
		smpp_out_tlv(pdu, SMPP_TAG_SAR_SEQ, 1, part->seq);
	}
}

/* One part at a time, so that a message never takes more of window and pace than one PDU. */
static void
send_part(void *arg)
{
	struct outgoing *o = arg;
	const struct bind_settings *b = o->bind->settings;
	struct smpp_link *l = bind_pick(o->bind, -1);
	struct smpp_out pdu = { .id = SMPP_SUBMIT_SM };
	struct segment segment;
	char until[17];

	edge_let_go(&o->again);
	segment_part(&o->parts, buf_str(&o->text), o->part, &segment);
	set_addresses(b, o->channel->sender, &pdu);
	set_text(&pdu, &o->parts, &segment);
	validity(b->validity, loop_wall(o->edge->loop), o->valid_until, until);
	pdu.dest = o->to;
	pdu.validity = until;
	pdu.priority = o->priority;
	/* One receipt says enough: that of the first part, whose id is kept. */
	pdu.registered_delivery = o->part == 0 ? o->registered : 0;
	if (l != NULL)
		smpp_link_request(l, &pdu, o->message, o->deadline, on_submitted, o);
	else
		smpp_refuse(o->edge->loop, o->message, on_submitted, o);
	mem_wipe(&segment, sizeof segment);
}

/*
 * At random, so that the parts of two processes, or of one before and after a restart, are not taken for those of one
 * message.
 */
static void
begin_references(struct edge *e)
{
	uint16_t start = 0;

	if (getrandom(&start, sizeof start, GRND_NONBLOCK) != (ssize_t)sizeof start)
		start = (uint16_t)loop_now(e->loop);
	e->reference = 1u + start;
}

void
sms_smpp_send(struct edge *e, uint64_t op, const struct sms_req *q)
{
	struct outgoing *o = xcalloc(1, sizeof *o);
	const struct bind_settings *b;

	o->edge = e;
	o->channel = &e->settings->channels[q->channel];
	o->bind = &e->binds[o->channel->bind];
	b = o->bind->settings;
	o->op = op;
	o->message = q->message;
	o->deadline = q->deadline_ms;
	o->valid_until = q->valid_until_ms;
	o->registered = q->receipt ? registered[b->receipts] : 0;
	o->priority = b->priority ? priorities[q->cls] : 0;
	str_copy(o->to, sizeof o->to, q->to);
	buf_add_str(&o->text, q->text);
	if (e->reference == 0)
		begin_references(e);
	if (segment_plan(&o->parts, &(struct segment_rules){ b->long_way, b->dcs0, b->parts_max }, q->text,
	    e->reference)) {
		e->reference += o->parts.total > 1;
		send_part(o);
		return;
	}
	/* Said in the next turn of the loop, never on the asker's stack. */
	log_warn(q->message, "sms too long", "channel=%s octets=%zu", o->channel->name, strlen(q->text));
	metric_add(M_SMS_TOO_LONG, 1);
	o->answer.end = SMS_REFUSED;
	loop_defer(e->loop, &o->refused, on_refused, o);
}

static unsigned
free_window(const struct bind *b)
{
	unsigned n = 0;

	for (int i = 0; i < b->links_n; i++)
		n += b->link[i] != NULL ? smpp_link_free_window(b->link[i]) : 0;
	return n;
}

unsigned
sms_smpp_free(const struct edge *e, int channel)
{
	return free_window(&e->binds[e->settings->channels[channel].bind]);
}
