/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS over SMPP: a text becomes one submit_sm, or several with a concatenation header (3GPP 23.040 §9.2.3.24.1), split on
 * whole characters. One answer per message: it was accepted only when every part was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "channels/edge_parts.h"

#define PARTS_MAX 8
#define UDH 6			/* 05 00 03 reference total number */
#define SMS_SEPTETS 160
#define SMS_UNITS 70
#define PART_SEPTETS 153
#define PART_UNITS 67

struct outgoing {			/* one message under way; ours until its last part is answered */
	struct edge *edge;
	struct bind *bind;
	uint64_t op, message;
	int waiting;
	struct deferred written;
	struct sms_answer answer;
};

static const struct {
	uint32_t status;
	enum sms_end end;
} statuses[] = {
	{ SMPP_ROK, SMS_SENT }, { SMPP_RTHROTTLED, SMS_LATER }, { SMPP_RMSGQFUL, SMS_LATER },
	{ SMPP_RX_T_APPN, SMS_LATER }, { SMPP_RINVBNDSTS, SMS_LATER },
	/* A few tries, as for no answer at all. */
	{ SMPP_RSYSERR, SMS_UNKNOWN }, { SMPP_RSUBMITFAIL, SMS_UNKNOWN },
};

static enum sms_end
end_of(uint32_t status)
{
	for (size_t i = 0; i < NELEM(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].end;
	return status >= 0x400 && status <= 0x4ff ? SMS_UNKNOWN : SMS_REFUSED;
}

/* Which end says most about the whole: what may have been sent outweighs what was not. */
static const int weight[] = {
	[SMS_SENT] = 0, [SMS_LATER] = 2, [SMS_REFUSED] = 3, [SMS_EXPIRED] = 1, [SMS_UNKNOWN] = 4,
};

static void
finish_part(struct outgoing *o)
{
	struct edge *e = o->edge;

	if (--o->waiting > 0)
		return;
	if (e->gw != NULL)
		gateway_on_sms(e->gw, loop_wall(e->loop), o->op, &o->answer);
	free(o);
}

static void
on_submitted(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct outgoing *o = arg;
	enum sms_end part = end == SMPP_NOT_WRITTEN ? SMS_LATER : SMS_UNKNOWN;

	(void)op;
	if (end == SMPP_ANSWERED) {
		part = end_of(resp->status);
		if (resp->status != SMPP_ROK)
			o->answer.status = resp->status;
		else if (o->answer.id[0] == '\0')
			str_copy(o->answer.id, sizeof o->answer.id, resp->message_id);
	}
	if (weight[part] > weight[o->answer.end])
		o->answer.end = part;
	finish_part(o);
}

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

static enum charset
charset_for(const struct bind_settings *b, const char *text)
{
	unsigned char probe[MENU_SCREEN];

	if (text_charset(text) == CHARSET_UCS2)
		return CHARSET_UCS2;
	return text_encode(b->dcs0, text, probe, sizeof probe) >= 0 ? b->dcs0 : CHARSET_UCS2;
}

/* Where each part ends, in octets of the UTF-8 text. 0: too long. */
static int
split(enum charset cs, const char *text, size_t end[PARTS_MAX])
{
	bool ucs2 = cs == CHARSET_UCS2;
	size_t at = 0, len = strlen(text);
	int n = 0;

	if (text_fit(cs, text, ucs2 ? SMS_UNITS : SMS_SEPTETS) == len) {
		end[0] = len;
		return 1;
	}
	while (at < len) {
		size_t fit = text_fit(cs, text + at, ucs2 ? PART_UNITS : PART_SEPTETS);

		if (fit == 0 || n == PARTS_MAX)
			return 0;
		end[n++] = at += fit;
	}
	return n;
}

static bool
send_part(struct outgoing *o, const struct sms_req *q, struct smpp_out *pdu, enum charset cs, const char *text,
    size_t len, const unsigned char udh[UDH])
{
	char part[1024];
	unsigned char octets[254];
	size_t head = udh != NULL ? UDH : 0;
	struct smpp_link *l = bind_pick(o->bind, -1);
	int n;

	if (!str_copyn(part, sizeof part, text, len))
		return false;
	n = text_encode(cs, part, octets + head, sizeof octets - head);
	mem_wipe(part, sizeof part);
	if (n < 0)
		return false;
	if (udh != NULL)
		memcpy(octets, udh, UDH);
	pdu->text = octets;
	pdu->text_len = (size_t)n + head;
	o->waiting++;
	smpp_link_request(l != NULL ? l : o->bind->link[0], pdu, q->message, q->deadline_ms, on_submitted, o);
	mem_wipe(octets, sizeof octets);
	return true;
}

static void
send_all(struct outgoing *o, const struct sms_req *q, const char *sender)
{
	const struct bind_settings *b = o->bind->settings;
	enum charset cs = charset_for(b, q->text);
	struct smpp_out pdu = { .id = SMPP_SUBMIT_SM };
	unsigned char udh[UDH] = { 5, 0, 3, ++o->edge->reference, 0, 0 };
	size_t end[PARTS_MAX], at = 0;
	int parts = split(cs, q->text, end);
	char until[17];

	set_addresses(b, sender, &pdu);
	validity(q->deadline_ms - loop_wall(o->edge->loop), until);
	pdu.dest = q->to;
	pdu.validity = until;
	pdu.data_coding = cs == CHARSET_UCS2 ? 8 : 0;
	pdu.esm_class = parts > 1 ? 0x40 : 0;
	udh[4] = (unsigned char)parts;
	for (int i = 0; i < parts; i++) {
		udh[5] = (unsigned char)(i + 1);
		/* One receipt says enough: that of the first part, whose id is kept. */
		pdu.registered_delivery = q->receipt && i == 0;
		if (!send_part(o, q, &pdu, cs, q->text + at, end[i] - at, parts > 1 ? udh : NULL))
			o->answer.end = SMS_REFUSED;
		at = end[i];
	}
	if (parts == 0)
		o->answer.end = SMS_REFUSED;
}

/* The first count is ours: taken back in the next turn of the loop, so that nothing ends on the asker's stack. */
static void
all_written(void *arg)
{
	finish_part(arg);
}

void
edge_sms(void *ctx, uint64_t op, const struct sms_req *q)
{
	struct edge *e = ctx;
	const struct channel_settings *c = &e->settings->channels[q->channel];
	struct outgoing *o = xcalloc(1, sizeof *o);

	o->edge = e;
	o->bind = &e->binds[c->bind];
	o->op = op;
	o->message = q->message;
	o->waiting = 1;
	send_all(o, q, c->sender);
	loop_defer(e->loop, &o->written, all_written, o);
}

unsigned
edge_sms_free(void *ctx, int channel)
{
	struct edge *e = ctx;
	const struct channel_settings *c = &e->settings->channels[channel];
	unsigned n = 0;

	if (c->kind != CHANNEL_SMS_SMPP)
		return 0;
	for (int i = 0; i < e->binds[c->bind].links_n; i++)
		n += smpp_link_free_window(e->binds[c->bind].link[i]);
	return n;
}
