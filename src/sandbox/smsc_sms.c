/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that the SMSC takes: joined where they came in parts (UDH or SAR), put on their phone,
 * and confirmed by a delivery receipt in text and TLVs. Every phone is always reachable.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/map.h"
#include "base/str.h"
#include "core/gsm.h"
#include "sandbox/box.h"
#include "sandbox/smsc_private.h"

#define PARTS_MAX 16
#define PART_OCTETS 254
#define RECEIPT_TRIES 10
#define RECEIPT_RETRY_MS 1000
#define STATE_DELIVERED 2		/* SMPP 3.4 §5.2.28 */

struct message {			/* that is not whole yet, in smsc->parts */
	unsigned total, have;
	char *text[PARTS_MAX];
	char id[SMPP_MESSAGE_ID];	/* of the part that came first */
};

struct part {				/* where one PDU stands in its message */
	unsigned ref, total, seq;
	const unsigned char *text;
	size_t len;
};

struct receipt {			/* in smsc->receipts */
	struct list node;
	struct smsc *s;
	struct timer timer;
	uint64_t conn;
	char from[21], to[21], id[SMPP_MESSAGE_ID];
	char text[200];
	int tries;
};

void
smsc_sms_init(struct smsc *s)
{
	s->parts = map_new();
	list_init(&s->receipts);
}

static void
message_free(struct message *m)
{
	for (unsigned i = 0; i < PARTS_MAX; i++)
		free(m->text[i]);
	free(m);
}

static void
free_message(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	message_free(value);
}

static void
receipt_free(struct receipt *r)
{
	timer_stop(&r->timer);
	list_remove(&r->node);
	free(r);
}

void
smsc_sms_clear(struct smsc *s)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &s->receipts)
		receipt_free(LIST_OF(it, struct receipt, node));
	map_each(s->parts, free_message, NULL);
	map_free(s->parts);
}

/* ---- receipts ---- */

static void
on_taken(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct smsc *s = arg;
	struct receipt *r = map_remove_u64(s->requests, op);

	if (r == NULL)
		return;
	if (end == SMPP_ANSWERED && resp->status == 0)
		s->receipts_taken++;
	else if (++r->tries < RECEIPT_TRIES) {
		timer_arm(&r->timer, RECEIPT_RETRY_MS);
		return;
	}
	receipt_free(r);
}

static void
on_receipt_due(void *arg)
{
	struct receipt *r = arg;
	struct smsc *s = r->s;
	uint64_t conn = smsc_receiver(s, r->conn);
	struct smpp_out pdu = { .id = SMPP_DELIVER_SM, .source_ton = 1, .source_npi = 1,
	    .source = r->from, .dest = r->to, .esm_class = 0x04, .text = r->text,
	    .text_len = strlen(r->text), .tlvs = 2 };

	if (conn == 0) {
		timer_arm(&r->timer, RECEIPT_RETRY_MS);
		return;
	}
	pdu.tlv[0].tag = SMPP_TAG_RECEIPTED_MESSAGE_ID;
	pdu.tlv[0].len = (uint16_t)(strlen(r->id) + 1);
	memcpy(pdu.tlv[0].p, r->id, strlen(r->id) + 1);
	pdu.tlv[1].tag = SMPP_TAG_MESSAGE_STATE;
	pdu.tlv[1].len = 1;
	pdu.tlv[1].p[0] = STATE_DELIVERED;
	s->receipts_sent++;
	map_put_u64(s->requests, ++s->next_op, r);
	smpp_peer_request(s->peer, conn, &pdu, s->next_op, on_taken, s);
}

/*
 * The first 20 characters of the message come back in it, as real SMSCs do: a receipt may carry a
 * token.
 */
static void
receipt_text(struct smsc *s, struct receipt *r, const char *id, const char *text)
{
	time_t now = (time_t)(box_now(s->x) / 1000);
	struct tm tm;
	char stamp[64];

	gmtime_r(&now, &tm);
	str_format(stamp, sizeof stamp, "%02d%02d%02d%02d%02d", tm.tm_year % 100, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min);
	str_format(r->text, sizeof r->text,
	    "id:%s sub:001 dlvrd:001 submit date:%s done date:%s stat:DELIVRD err:000 text:", id,
	    stamp, stamp);
	for (size_t n = strlen(r->text), i = 0; i < 20 && text[i] != '\0'; i++) {
		r->text[n++] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
		r->text[n] = '\0';
	}
}

static void
plan_receipt(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu,
    const struct smsc_accepted *a, const char *text, int64_t after_ms)
{
	struct receipt *r = xcalloc(1, sizeof *r);
	char id[SMPP_MESSAGE_ID];

	str_copy(id, sizeof id, a->message_id);
	if (s->x->rules.hex_message_ids)
		str_format(id, sizeof id, "%010" PRIu64, s->next_message);
	r->s = s;
	r->conn = conn;
	str_copy(r->from, sizeof r->from, pdu->dest);
	str_copy(r->to, sizeof r->to, pdu->source);
	str_copy(r->id, sizeof r->id, a->message_id);
	receipt_text(s, r, id, text);
	list_add_tail(&s->receipts, &r->node);
	timer_init(&r->timer, s->x->loop, on_receipt_due, r);
	if (after_ms > 0)
		timer_arm(&r->timer, after_ms);
	else
		on_receipt_due(r);
}

/* ---- messages ---- */

/* false: a UDH that lies about its length. One that says nothing of parts is skipped. */
static bool
find_part(const struct smpp_pdu *pdu, struct part *p)
{
	const unsigned char *t = pdu->text;
	unsigned v;

	*p = (struct part){ .total = 1, .seq = 1, .text = pdu->text, .len = pdu->text_len };
	if ((pdu->esm_class & 0x40) != 0) {
		size_t udh = pdu->text_len > 0 ? (size_t)t[0] + 1 : 1;

		if (udh > pdu->text_len)
			return false;
		p->text += udh;
		p->len -= udh;
		if (udh == 6 && t[1] == 0 && t[2] == 3)
			p->ref = t[3], p->total = t[4], p->seq = t[5];
		else if (udh == 7 && t[1] == 8 && t[2] == 4)
			p->ref = (unsigned)(t[3] << 8 | t[4]), p->total = t[5], p->seq = t[6];
	} else if (smpp_tlv_u8(pdu, SMPP_TAG_SAR_TOTAL, &v)) {
		p->total = v;
		smpp_tlv_u8(pdu, SMPP_TAG_SAR_REF, &p->ref);
		smpp_tlv_u8(pdu, SMPP_TAG_SAR_SEQ, &p->seq);
	}
	return p->total >= 1 && p->total <= PARTS_MAX && p->seq >= 1 && p->seq <= p->total;
}

static void
show(struct smsc *s, const struct smpp_pdu *pdu, const char *text, const char *id, unsigned parts)
{
	struct phone_sms sms = { .from = pdu->source, .text = text, .id = id, .parts = (int)parts };

	phones_sms(s->x->phones, pdu->dest, &sms);
}

static void
join(struct smsc *s, const struct smpp_pdu *pdu, const struct part *p, const char *text,
    const char *id)
{
	struct buf whole = { 0 };
	char key[160];
	struct message *m;

	if (p->total == 1) {
		show(s, pdu, text, id, 1);
		return;
	}
	str_format(key, sizeof key, "%s/%s/%u/%u", pdu->source, pdu->dest, p->ref, p->total);
	if ((m = map_get(s->parts, key, strlen(key))) == NULL) {
		m = xcalloc(1, sizeof *m);
		m->total = p->total;
		str_copy(m->id, sizeof m->id, id);
		map_put(s->parts, key, strlen(key), m);
	}
	m->have += m->text[p->seq - 1] == NULL;
	free(m->text[p->seq - 1]);
	m->text[p->seq - 1] = xstrdup(text);
	if (m->have < m->total)
		return;
	for (unsigned i = 0; i < m->total; i++)
		buf_add_str(&whole, m->text[i]);
	show(s, pdu, buf_str(&whole), m->id, m->total);
	buf_clear(&whole);
	map_remove(s->parts, key, strlen(key));
	message_free(m);
}

/* Octets that one message may have on the air: 140, of which a UDH takes its own. */
static bool
fits_the_air(const struct smpp_pdu *pdu, const struct part *p, enum charset cs)
{
	size_t udh = (size_t)(p->text - pdu->text);
	size_t room = 140 - (udh < 140 ? udh : 140);

	return cs == CHARSET_GSM7 ? p->len <= room * 8 / 7 : p->len <= room;
}

static struct smsc_accepted
refused(struct smsc *s, uint32_t status, const char *why)
{
	box_violation(s->x, "sms submit %s", why);
	return (struct smsc_accepted){ .status = status };
}

struct smsc_accepted
smsc_sms_submit(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, const struct fault *f)
{
	enum charset cs = charset_of_dcs(pdu->data_coding, CHARSET_GSM7);
	struct smsc_accepted a = { .status = SMPP_ROK };
	char text[PART_OCTETS * 5];
	struct part p;

	s->sms_submits++;
	if (!phone_valid(pdu->dest))
		return refused(s, SMPP_RINVDSTADR, "to what is no phone number");
	if (pdu->source[0] == '\0')
		return refused(s, SMPP_RINVSRCADR, "without a sender");
	if (!find_part(pdu, &p))
		return refused(s, SMPP_RSUBMITFAIL, "with a user data header that cannot be read");
	if (p.len == 0 || !fits_the_air(pdu, &p, cs))
		return refused(s, SMPP_RINVMSGLEN, "that is empty or too long for one message");
	if (text_decode(cs, p.text, p.len, text, sizeof text) < 0)
		return refused(s, SMPP_RSUBMITFAIL, "whose text cannot be read");
	s->next_message++;
	str_format(a.message_id, sizeof a.message_id, s->x->rules.hex_message_ids ? "%" PRIx64 : "%"
	    PRIu64, s->next_message);
	join(s, pdu, &p, text, a.message_id);
	if ((pdu->registered_delivery & 3) == 1 && f->what != FAULT_NO_RECEIPT)
		plan_receipt(s, conn, pdu, &a, text, f->what == FAULT_RECEIPT_FIRST ? 0 :
		    s->x->rules.receipt_ms + f->ms);
	return a;
}
