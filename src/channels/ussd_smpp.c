/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over SMPP (protocols.md 1): a deliver_sm with ussd_service_op is a customer's input; the screen is a submit_sm of
 * its own. What differs between gateways are options of the bind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define SCREEN_OCTETS 253		/* of a short_message, as libsmpp34 packs it */
#define SCREEN_MS 5000
#define SCREEN_AGAIN_MS 50
#define DATA_CODING_UCS2 8

enum ussd_op {			/* SMPP 5.0 §4.8.4.63; 0x81 is SMPP+ */
	USSD_PSSD_INDICATION = 0, USSD_PSSR_INDICATION = 1, USSD_USSR_REQUEST = 2, USSD_PSSD_RESPONSE = 16,
	USSD_PSSR_RESPONSE = 17, USSD_USSR_CONFIRM = 18, USSD_USSN_CONFIRM = 19, USSD_RELEASE = 0x81
};

static const struct {
	unsigned op;
	enum turn_kind kind;
} meanings[] = {
	{ USSD_PSSD_INDICATION, TURN_BEGIN }, { USSD_PSSR_INDICATION, TURN_BEGIN },
	{ USSD_USSR_REQUEST, TURN_INPUT }, { USSD_USSR_CONFIRM, TURN_INPUT },
	{ USSD_PSSD_RESPONSE, TURN_ABORT }, { USSD_PSSR_RESPONSE, TURN_ABORT }, { USSD_RELEASE, TURN_ABORT },
	{ USSD_USSN_CONFIRM, TURN_ABORT },
};

bool
ussd_smpp_is(const struct bind *b, const struct smpp_pdu *pdu)
{
	return b->settings->has_ussd && smpp_tlv_find(pdu, SMPP_TAG_USSD_SERVICE_OP) != NULL;
}

/* "*120*384*1#" was dialled, "*120*384#" is ours: what follows our code is the customer's business. */
static bool
code_matches(const char *ours, const char *dialled)
{
	size_t n = strlen(ours);

	if (n > 0 && ours[n - 1] == '#')
		n--;
	return strncmp(ours, dialled, n) == 0 && (dialled[n] == '\0' || dialled[n] == '#' || dialled[n] == '*');
}

static int
channel_for(const struct bind *b, const char *dialled)
{
	const struct settings *s = b->edge->settings;

	for (int i = 0; i < s->channels_n; i++) {
		const struct channel_settings *c = &s->channels[i];

		if (c->kind != CHANNEL_USSD_SMPP || c->bind != b->index)
			continue;
		for (int k = 0; k < c->service_codes_n; k++)
			if (code_matches(c->service_codes[k], dialled))
				return i;
	}
	return -1;
}

static enum turn_kind
kind_of(const struct bind *b, unsigned op, bool end)
{
	static struct log_limit limit;
	unsigned held;

	for (size_t i = 0; i < NELEM(meanings); i++)
		if (meanings[i].op == op)
			return end ? TURN_ABORT : meanings[i].kind;
	if (!log_limited(&limit, &held))
		log_warn(0, "ussd op unknown", "bind=%s op=%u more=%u", b->settings->name, op, held);
	return end ? TURN_ABORT : TURN_INPUT;
}

static void
read_text(const struct bind *b, const struct smpp_pdu *pdu, char *out, size_t size)
{
	enum charset cs = charset_of_dcs(pdu->data_coding, b->settings->dcs0);
	int n = text_decode(cs, pdu->text, pdu->text_len, out, size);

	if (n < 0)
		n = 0;
	/* A packed septet string is padded with CR (3GPP 23.038 §6.1.2.3). */
	while (n > 0 && out[n - 1] == '\r')
		n--;
	out[n] = '\0';
}

static void
fill_way(const struct smpp_pdu *pdu, struct way_back *w)
{
	const struct smpp_tlv *its = smpp_tlv_find(pdu, SMPP_TAG_ITS_SESSION_INFO);

	w->phone_ton = pdu->source_ton;
	w->phone_npi = pdu->source_npi;
	w->code_ton = pdu->dest_ton;
	w->code_npi = pdu->dest_npi;
	if (its != NULL && its->len >= 1) {
		w->has_session = true;
		w->session = its->p[0];
		w->sequence = its->len >= 2 ? its->p[1] >> 1 : 0;
	}
}

static void
refuse(struct bind *b, const struct way_back *w, const char *text)
{
	struct reply r = { text, true };

	ussd_smpp_answer(b, w, &r);
}

void
ussd_smpp_deliver(struct bind *b, int link, const struct smpp_pdu *pdu)
{
	struct edge *e = b->edge;
	struct turn_in in = { .channel = -1 };
	struct way_back w = { .bind = b->index, .link = link };
	const struct smpp_tlv *its = smpp_tlv_find(pdu, SMPP_TAG_ITS_SESSION_INFO);
	static struct log_limit unknown;
	char text[1024];
	unsigned op = 0, held;
	bool end = its != NULL && its->len >= 2 && (its->p[1] & 1) != 0;

	smpp_tlv_u8(pdu, SMPP_TAG_USSD_SERVICE_OP, &op);
	fill_way(pdu, &w);
	read_text(b, pdu, text, sizeof text);
	in.kind = kind_of(b, op, end);
	if (!str_copy(w.service_code, sizeof w.service_code, pdu->dest))
		w.service_code[0] = '\0';
	if (!phone_parse(pdu->source, "", in.phone)) {
		metric_add(M_SMPP_PDUS_BAD, 1);
		return;
	}
	str_copy(w.phone, sizeof w.phone, in.phone);
	in.channel = channel_for(b, w.service_code);
	if (in.channel < 0) {
		if (!log_limited(&unknown, &held))
			log_warn(0, "ussd code unknown", "bind=%s more=%u", b->settings->name, held);
		if (in.kind != TURN_ABORT)
			refuse(b, &w, "This code is not in use.");
		return;
	}
	if (b->settings->ussd.session_id == SESSION_ITS_OCTET1 && w.has_session) {
		str_format(in.dialogue, sizeof in.dialogue, "%s:%u", b->settings->name, w.session);
		if (b->settings->ussd.turn_identity == TURN_ITS_SEQUENCE)
			str_format(in.key, sizeof in.key, "%c%u", in.kind == TURN_BEGIN ? 'b' : 'i', w.sequence);
	}
	in.text = in.kind == TURN_BEGIN ? "" : text;
	in.service_code = w.service_code;
	if (in.kind != TURN_ABORT)
		in.turn = edge_remember(e, e->turns, &w);
	gateway_turn(e->gw, loop_wall(e->loop), &in);
	mem_wipe(text, sizeof text);
}

static void
add_tlv(struct smpp_out *pdu, uint16_t tag, const unsigned char *p, uint16_t n)
{
	pdu->tlv[pdu->tlvs].tag = tag;
	pdu->tlv[pdu->tlvs].len = n;
	memcpy(pdu->tlv[pdu->tlvs].p, p, n);
	pdu->tlvs++;
}

/* One screen on its way out. Ours until its submit_sm is answered; a full window or the pace may hold it back a little. */
struct screen {
	struct bind *bind;
	struct way_back way;
	struct held again;
	int64_t until;			/* loop_now() after which nobody looks at it any more */
	bool end;
	uint8_t data_coding;
	size_t len;
	unsigned char octets[SCREEN_OCTETS];
};

static void
screen_free(struct screen *s)
{
	mem_wipe(s, sizeof *s);
	free(s);
}

static void
screen_lost(struct screen *s, const char *why)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(M_TURNS_FAILED, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "ussd screen lost", "bind=%s why=\"%s\" more=%u", s->bind->settings->name, why, held);
	screen_free(s);
}

static void screen_send(void *arg);

static void
screen_dropped(void *arg)
{
	screen_lost(arg, "stopping");
}

static void
on_submitted(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct screen *s = arg;

	(void)op;
	if (end == SMPP_NOT_WRITTEN && s->bind->edge->gw != NULL &&
	    loop_now(s->bind->edge->loop) + SCREEN_AGAIN_MS < s->until)
		edge_hold(s->bind->edge, &s->again, SCREEN_AGAIN_MS, screen_send, screen_dropped, s);
	else if (end == SMPP_ANSWERED && resp->status == SMPP_ROK)
		screen_free(s);
	else
		screen_lost(s, end == SMPP_ANSWERED ? smpp_status_name(resp->status) : "no answer");
}

static void
screen_send(void *arg)
{
	struct screen *s = arg;
	const struct ussd_dialect *d = &s->bind->settings->ussd;
	struct smpp_link *l = bind_pick(s->bind, s->way.link);
	unsigned char op = (unsigned char)(s->end ? d->op_end : d->op_continue);
	unsigned char session[2] = {
		s->way.session, (unsigned char)((s->way.sequence + 1) << 1 | (s->end && d->end_bit)),
	};
	struct smpp_out pdu = {
		.id = SMPP_SUBMIT_SM, .service_type = d->service_type, .source = s->way.service_code,
		.source_ton = s->way.code_ton, .source_npi = s->way.code_npi, .dest = s->way.phone,
		.dest_ton = s->way.phone_ton, .dest_npi = s->way.phone_npi, .data_coding = s->data_coding,
		.text = s->octets, .text_len = s->len, .urgent = true,
	};

	edge_let_go(&s->again);
	if (l == NULL) {
		screen_lost(s, "no link is bound");
		return;
	}
	add_tlv(&pdu, SMPP_TAG_USSD_SERVICE_OP, &op, 1);
	if (s->way.has_session)
		add_tlv(&pdu, SMPP_TAG_ITS_SESSION_INFO, session, 2);
	smpp_link_request(l, &pdu, 0, 0, on_submitted, s);
}

static int
screen_encode(const struct bind_settings *b, const char *text, struct screen *s)
{
	enum charset cs = text_charset(text);
	int n = -1;

	if (cs == CHARSET_GSM7)
		n = text_encode(b->dcs0, text, s->octets, sizeof s->octets);
	if (n < 0) {
		s->data_coding = DATA_CODING_UCS2;
		n = text_encode(CHARSET_UCS2, text, s->octets, sizeof s->octets);
	}
	return n;
}

void
ussd_smpp_answer(struct bind *b, const struct way_back *w, const struct reply *r)
{
	struct screen *s = xcalloc(1, sizeof *s);
	int n = screen_encode(b->settings, r->text, s);

	s->bind = b;
	s->way = *w;
	s->end = r->end;
	s->until = loop_now(b->edge->loop) + SCREEN_MS;
	if (n < 0) {
		metric_add(M_USSD_TOO_LONG, 1);
		screen_lost(s, "too long");
		return;
	}
	s->len = (size_t)n;
	screen_send(s);
}
