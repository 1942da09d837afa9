/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over SMPP, what leaves: each screen is a submit_sm or data_sm of its own. One that cannot be sent is not simply
 * lost: the phone would wait until its network gives up, so the dialogue is ended there, once and on another link where
 * there is one. One that was written and never answered may be on the phone, and nothing follows it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/smpp_outcome.h"

#define SCREEN_OCTETS 253		/* of a short_message, as libsmpp34 packs it */
#define SCREEN_AGAIN_MS 50
#define SCREEN_SLOW_MS 500		/* after a gateway has said that it is too much */
#define DATA_CODING_UCS2 8

/* On its way out: ours until it is answered; a full window, the pace or no link may hold it back a little. */
struct screen {
	struct bind *bind;
	struct way_back way;
	uint64_t push;			/* that it opens, or 0 */
	struct held again;
	int64_t until;			/* loop_now() after which nobody looks at it any more */
	enum ussd_say say;
	bool last_try;			/* nothing follows it */
	uint8_t data_coding;
	size_t len;
	unsigned char octets[SCREEN_OCTETS];
};

static void screen_send(void *arg);

static void
screen_free(struct screen *s)
{
	mem_wipe(s, sizeof *s);
	free(s);
}

/* Encodes what fits. */
static void
screen_text(struct screen *s, const char *text)
{
	const struct bind_settings *b = s->bind->settings;
	enum charset cs = text_charset(text);
	int most = cs == CHARSET_GSM7 ? b->ussd.max_septets : b->ussd.max_septets * 7 / 16, n = -1;
	char fitting[SCREEN_OCTETS * 4];
	size_t len = text_fit(cs, text, most);

	if (text[len] != '\0')
		metric_add(M_USSD_TOO_LONG, 1);
	if (!str_copyn(fitting, sizeof fitting, text, len))
		fatalx("ussd: a screen is longer than its limit");
	s->data_coding = 0;
	if (cs == CHARSET_GSM7)
		n = text_encode(b->dcs0, fitting, s->octets, sizeof s->octets);
	if (n < 0) {
		s->data_coding = DATA_CODING_UCS2;
		n = text_encode(CHARSET_UCS2, fitting, s->octets, sizeof s->octets);
	}
	s->len = n > 0 ? (size_t)n : 0;
	mem_wipe(fitting, sizeof fitting);
}

static void
push_failed(struct screen *s, enum push_end end)
{
	if (s->push != 0)
		ussd_push_over(s->bind->edge, s->push, end);
	s->push = 0;
}

/* A last word instead of the screen; the text of an end is kept. false: there is no other chance. */
static bool
end_instead(struct screen *s)
{
	struct edge *e = s->bind->edge;
	int channel = -1;

	if (s->last_try || e->gw == NULL || s->push != 0)
		return false;
	for (int i = 0; channel < 0 && i < e->settings->channels_n; i++)
		if (e->settings->channels[i].kind == CHANNEL_USSD_SMPP &&
		    e->settings->channels[i].bind == s->bind->index)
			channel = i;
	s->last_try = true;
	s->until = loop_now(e->loop) + (int64_t)s->bind->settings->ussd.reply_s * 1000;
	if (s->say == USSD_SAY_SCREEN && ussd_can_release(&s->bind->settings->ussd)) {
		s->say = USSD_SAY_RELEASE;
		s->len = 0;
	} else if (s->say == USSD_SAY_SCREEN) {
		s->say = USSD_SAY_END;
		screen_text(s, channel >= 0 ? gateway_text(e->gw, e->settings->channels[channel].tenant,
		    "error.session_lost") : "");
	}
	return true;
}

static void
screen_lost(struct screen *s, const char *why)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(M_USSD_SCREENS_LOST, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "ussd screen lost", "bind=%s why=\"%s\" ends=%d more=%u", s->bind->settings->name, why,
		    s->say != USSD_SAY_SCREEN, held);
	push_failed(s, PUSH_NOT_SENT);
	screen_free(s);
}

static void
screen_dropped(void *arg)
{
	screen_lost(arg, "stopping");
}

static void
screen_failed(struct screen *s, const char *why)
{
	if (end_instead(s))
		screen_send(s);
	else
		screen_lost(s, why);
}

/* Not on the phone, for a reason that may pass. */
static void
screen_wait(struct screen *s, int64_t ms, const char *why)
{
	struct edge *e = s->bind->edge;

	if (e->gw != NULL && (loop_now(e->loop) + ms < s->until || end_instead(s)))
		edge_hold(e, &s->again, ms, screen_send, screen_dropped, s);
	else
		screen_lost(s, why);
}

static void
screen_accepted(struct screen *s)
{
	if (s->push != 0)
		ussd_push_over(s->bind->edge, s->push, PUSH_SHOWN);
	screen_free(s);
}

static void
screen_refused(struct screen *s, uint32_t status)
{
	const struct bind_settings *b = s->bind->settings;

	switch (smpp_outcome(status, b->statuses, (size_t)b->statuses_n)) {
	case SMPP_OUTCOME_ACCEPTED:
		screen_accepted(s);
		break;
	case SMPP_OUTCOME_SLOW:
		screen_wait(s, SCREEN_SLOW_MS, smpp_status_name(status));
		break;
	case SMPP_OUTCOME_FEW:		/* a phone in a dialogue does not wait for tries */
	case SMPP_OUTCOME_PERMANENT:
	case SMPP_OUTCOME_REBIND:
		push_failed(s, PUSH_REFUSED);
		if (s->say == USSD_SAY_PUSH || s->say == USSD_SAY_NOTIFY)
			screen_free(s);
		else
			screen_failed(s, smpp_status_name(status));
		break;
	case SMPP_OUTCOME_UNKNOWN:
		push_failed(s, PUSH_UNKNOWN);
		s->last_try = true;
		screen_lost(s, smpp_status_name(status));
		break;
	}
}

static void
on_submitted(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct screen *s = arg;

	(void)op;
	if (end == SMPP_NOT_WRITTEN) {
		screen_wait(s, SCREEN_AGAIN_MS, "no room");
	} else if (end == SMPP_ANSWERED) {
		screen_refused(s, resp->status);
	} else {
		push_failed(s, PUSH_UNKNOWN);
		s->last_try = true;
		screen_lost(s, "no answer");
	}
}

/* The link that the dialogue came by; any but the one that refused it. */
static struct smpp_link *
choose_link(struct screen *s)
{
	struct bind *b = s->bind;

	for (int i = 0; s->last_try && i < b->links_n; i++) {
		int k = (s->way.link + 1 + i) % b->links_n;
		struct smpp_link *other = k != s->way.link ? bind_pick(b, k) : NULL;

		if (other != NULL && other == b->link[k])
			return other;
	}
	return bind_pick(b, s->way.link);
}

static void
screen_send(void *arg)
{
	struct screen *s = arg;
	const struct ussd_dialect *d = &s->bind->settings->ussd;
	struct smpp_link *l = choose_link(s);
	struct ussd_out out;
	struct smpp_out pdu = {
		.service_type = d->service_type, .source = s->way.code,
		.source_ton = s->way.code_ton, .source_npi = s->way.code_npi, .dest = s->way.phone,
		.dest_ton = s->way.phone_ton, .dest_npi = s->way.phone_npi, .data_coding = s->data_coding,
		.text = s->octets, .text_len = s->len, .urgent = true,
	};

	edge_let_go(&s->again);
	if (l == NULL) {
		screen_wait(s, SCREEN_AGAIN_MS, "no link is bound");
		return;
	}
	ussd_write(d, &s->way.ussd, s->say, &out);
	pdu.id = out.data_sm ? SMPP_DATA_SM : SMPP_SUBMIT_SM;
	pdu.payload = out.payload && s->len > 0;
	for (size_t i = 0; i < out.tlvs && pdu.tlvs < NELEM(pdu.tlv); i++, pdu.tlvs++) {
		pdu.tlv[pdu.tlvs].tag = out.tlv[i].tag;
		pdu.tlv[pdu.tlvs].len = out.tlv[i].len;
		memcpy(pdu.tlv[pdu.tlvs].p, out.tlv[i].p, out.tlv[i].len);
	}
	smpp_link_request(l, &pdu, 0, 0, on_submitted, s);
}

void
ussd_smpp_answer(struct bind *b, uint64_t turn, const struct way_back *w, const struct reply *r)
{
	struct screen *s;

	if (w->is_push && r->text[0] == '\0') {
		ussd_push_over(b->edge, turn, PUSH_BUSY);
		return;
	}
	if (w->is_push)
		ussd_push_leaves(b->edge, turn);
	s = xcalloc(1, sizeof *s);
	s->bind = b;
	s->way = *w;
	s->push = w->is_push ? turn : 0;
	if (w->is_push)
		s->say = r->end ? USSD_SAY_NOTIFY : USSD_SAY_PUSH;
	else
		s->say = r->end ? USSD_SAY_END : USSD_SAY_SCREEN;
	s->until = loop_now(b->edge->loop) + (int64_t)b->settings->ussd.reply_s * 1000;
	screen_text(s, r->text);
	screen_send(s);
}

void
ussd_screens_end(struct edge *e)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &e->held) {
		struct held *h = LIST_OF(it, struct held, node);

		if (h->drop != screen_dropped)
			continue;
		edge_let_go(h);
		screen_failed(LIST_OF(h, struct screen, again), "stopping");
	}
}
