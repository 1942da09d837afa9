/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over SMPP, what arrives: a deliver_sm or data_sm becomes a turn of the service. What it means is decided by the
 * bind's dialect (core/ussd_dialect.c); screens leave by ussd_screen.c. A customer who cannot be served is told so.
 */
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define INPUT_OCTETS 1024

_Static_assert(sizeof ((struct turn_in *)0)->dialogue >= USSD_DIALOGUE, "a dialogue's id fits a turn");

/* One message on its way in. */
struct arrival {
	struct bind *bind;
	struct ussd_event event;
	struct ussd_tlv_in tlv[SMPP_TLVS];
	char text[INPUT_OCTETS], phone[PHONE_MAX];
	const char *key;		/* of ussd_known */
	struct way_back way;
	struct turn_in turn;
};

static void
read_text(const struct bind *b, const struct smpp_pdu *pdu, char *out, size_t size)
{
	enum charset cs = charset_of_dcs(pdu->data_coding, b->settings->dcs0);

	if (text_decode(cs, pdu->text, pdu->text_len, out, size) < 0)
		out[0] = '\0';
	ussd_strip_padding(out, cs == CHARSET_GSM7, pdu->text_len);
}

static void
read_event(const struct bind *b, const struct smpp_pdu *pdu, struct arrival *a)
{
	struct ussd_in in = { .service_type = pdu->service_type, .source = pdu->source, .dest = pdu->dest,
	    .text = a->text, .receipt = (pdu->esm_class & 0x3c) != 0, .tlv = a->tlv, .tlvs = pdu->tlvs };

	for (size_t i = 0; i < pdu->tlvs; i++)
		a->tlv[i] = (struct ussd_tlv_in){ pdu->tlv[i].tag, pdu->tlv[i].len, pdu->tlv[i].p };
	ussd_read(&b->settings->ussd, &in, a->phone, &a->event);
	ussd_imsi(&b->settings->ussd, &in, a->turn.imsi);
}

bool
ussd_smpp_is(const struct bind *b, const struct smpp_pdu *pdu)
{
	struct arrival a = { .text = "" };

	if (!b->settings->has_ussd)
		return false;
	read_event(b, pdu, &a);
	return a.event.act != USSD_NOT_OURS;
}

/* ---- whose code ---- */

static int
channel_of(const struct bind *b, const char *address, bool (*fits)(const char *ours, const char *address))
{
	const struct settings *s = b->edge->settings;

	for (int i = 0; i < s->channels_n; i++) {
		const struct channel_settings *c = &s->channels[i];

		if (c->kind != CHANNEL_USSD_SMPP || c->bind != b->index)
			continue;
		for (int k = 0; k < c->service_codes_n; k++)
			if (fits(c->service_codes[k], address))
				return i;
	}
	return -1;
}

static bool
any(const char *ours, const char *address)
{
	(void)ours;
	(void)address;
	return true;
}

/* The only channel of the bind, or -1. */
static int
sole_channel(const struct bind *b)
{
	const struct settings *s = b->edge->settings;
	int found = -1;

	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].kind == CHANNEL_USSD_SMPP && s->channels[i].bind == b->index) {
			if (found >= 0)
				return -1;
			found = i;
		}
	return found;
}

/* What is remembered of it: under its id, or under the phone when we began it and this is the first answer. */
static const struct ussd_known *
known_of(const struct arrival *a)
{
	const struct ussd_known *k;

	if (a->event.act == USSD_BEGIN)
		return NULL;
	if ((k = ussd_known_find(a->bind, a->key)) != NULL)
		return k;
	k = ussd_known_find(a->bind, a->phone);
	return k != NULL && k->pushed ? k : NULL;
}

/*
 * What was dialled, if it is ours; else what the dialogue began with; else the address, where it is the short form of a
 * code. An answer that says nothing can only be for the channel that is alone on the bind.
 */
static int
find_channel(struct arrival *a, const char **code)
{
	const struct ussd_event *e = &a->event;
	const struct ussd_known *known = known_of(a);
	int channel = -1;

	if (known != NULL) {
		*code = known->code;
		return known->channel;
	}
	for (size_t i = 0; channel < 0 && i < e->dialled_n; i++) {
		*code = e->dialled[i];
		channel = channel_of(a->bind, *code, ussd_code_matches);
		if (channel < 0)
			channel = channel_of(a->bind, *code, ussd_code_is_short);
	}
	if (channel < 0 && e->act != USSD_BEGIN && a->bind->settings->ussd.code_from != CODE_FROM_DESTINATION &&
	    (channel = sole_channel(a->bind)) >= 0)
		*code = a->bind->edge->settings->channels[channel].service_codes[0];
	return channel;
}

/* ---- those who cannot be served ---- */

static void
refuse(struct arrival *a, enum metric count, const char *what, const char *text_key)
{
	static struct log_limit limit;
	struct bind *b = a->bind;
	int channel = channel_of(b, "", any);
	struct reply r = { "Sorry, please try again later.", true };
	unsigned held;

	metric_add(count, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, what, "bind=%s more=%u", b->settings->name, held);
	if (a->event.act == USSD_ABORT)
		return;
	if (channel >= 0)
		r.text = gateway_text(b->edge->gw, b->edge->settings->channels[channel].tenant, text_key);
	ussd_smpp_answer(b, 0, &a->way, &r);
}

static void
tell_op(const struct arrival *a)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(M_USSD_OP_UNKNOWN, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "ussd op unknown", "bind=%s op=%d taken_for=%s more=%u", a->bind->settings->name,
		    a->event.way.op, a->event.act == USSD_ABORT ? "abort" : "input", held);
}

/* ---- a turn ---- */

static bool
fill_way(const struct smpp_pdu *pdu, struct arrival *a)
{
	struct way_back *w = &a->way;

	w->phone_ton = pdu->source_ton;
	w->phone_npi = pdu->source_npi;
	w->code_ton = pdu->dest_ton;
	w->code_npi = pdu->dest_npi;
	w->ussd = a->event.way;
	return str_copy(w->phone, sizeof w->phone, pdu->source) && str_copy(w->code, sizeof w->code, pdu->dest);
}

/*
 * A phone has nothing to answer before it sees our screen: a second input until then is the first one again, from a
 * gateway that did not hear of its response. Where inputs are counted the service knows better.
 */
static bool
is_repeated(const struct arrival *a)
{
	const struct ussd_known *k = a->event.act == USSD_INPUT && a->event.turn[0] == '\0' ?
	    ussd_known_find(a->bind, a->key) : NULL;

	return k != NULL && k->turn != 0 && map_get_u64(a->bind->edge->turns, k->turn) != NULL;
}

static void
remember_turn(const struct arrival *a)
{
	struct ussd_known *k = ussd_known_find(a->bind, a->key);

	if (k != NULL)
		k->turn = a->turn.turn;
}

static void
take_turn(struct arrival *a, int channel, const char *code)
{
	static const enum turn_kind kinds[] = {
		[USSD_BEGIN] = TURN_BEGIN, [USSD_INPUT] = TURN_INPUT, [USSD_ABORT] = TURN_ABORT
	};
	struct edge *e = a->bind->edge;
	const struct ussd_known *known = known_of(a);
	char dialled[sizeof known->code];

	str_copy(dialled, sizeof dialled, code);	/* it may lie in what is forgotten here */
	a->way.ussd.pushed = known != NULL && known->pushed;
	if (a->event.act != USSD_BEGIN)
		ussd_push_heard(a->bind, a->phone);
	a->turn.channel = channel;
	a->turn.kind = kinds[a->event.act];
	a->turn.text = a->event.text;
	a->turn.service_code = dialled;
	str_copy(a->turn.phone, sizeof a->turn.phone, a->phone);
	str_copy(a->turn.dialogue, sizeof a->turn.dialogue, a->event.dialogue);
	str_copy(a->turn.key, sizeof a->turn.key, a->event.turn);
	if (a->event.act != USSD_ABORT)
		a->turn.turn = edge_remember(e, e->turns, &a->way);
	if (a->event.act == USSD_BEGIN || a->way.ussd.pushed) {
		ussd_known_forget(a->bind, a->phone);
		ussd_known_set(a->bind, a->key, channel, dialled, a->way.ussd.pushed);
	}
	if (a->event.act == USSD_ABORT)
		ussd_known_forget(a->bind, a->key);
	else
		remember_turn(a);
	gateway_turn(e->gw, loop_wall(e->loop), &a->turn);
}

void
ussd_smpp_deliver(struct bind *b, int link, const struct smpp_pdu *pdu)
{
	struct arrival a = { .bind = b, .way = { .bind = b->index, .link = link } };
	bool known_phone = phone_parse(pdu->source, "", a.phone);
	const char *code = "";
	int channel;

	read_text(b, pdu, a.text, sizeof a.text);
	read_event(b, pdu, &a);
	a.key = a.event.dialogue[0] != '\0' ? a.event.dialogue : a.phone;
	if (a.event.op_unknown)
		tell_op(&a);
	if (!fill_way(pdu, &a)) {
		metric_add(M_SMPP_PDUS_BAD, 1);		/* no address of SMPP is that long: nobody can be answered */
	} else if (!known_phone) {
		refuse(&a, M_SMPP_PDUS_BAD, "ussd phone is no number", "error.no_menu");
	} else if (is_repeated(&a)) {
		metric_add(M_TURNS_REPEATED, 1);
	} else if ((channel = find_channel(&a, &code)) >= 0) {
		take_turn(&a, channel, code);
	} else if (a.event.act == USSD_BEGIN || a.event.dialogue[0] == '\0') {
		refuse(&a, M_USSD_CODE_UNKNOWN, "ussd code unknown", "error.no_code");
	} else {
		refuse(&a, M_USSD_LOST, "ussd dialogue unknown", "error.session_lost");
	}
	mem_wipe(a.text, sizeof a.text);
	mem_wipe(a.turn.imsi, sizeof a.turn.imsi);
}
