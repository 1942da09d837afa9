/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS over HTTP: one call to the channel's provider for each message (core/sms_provider.h knows what each wants), one
 * answer to the outbox. It keeps nothing and tries nothing again. A channel whose provider refuses the account is left
 * alone for a while, then tried with one message; one that says "slower" has its pace lowered and a pause.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/gsm.h"
#include "core/pace.h"
#include "core/retry_after.h"
#include "core/sms_provider.h"

#define SLOW_MS 1000			/* where the provider does not say for how long */
#define PACE_FLOOR 100			/* messages in 1000 s that are left of any throughput */
#define VALID_LEAST_S 60

struct sms_exit {			/* of one channel over HTTP */
	int active;			/* calls under way */
	struct pace pace;
	int64_t paused_until;		/* loop_now() */
	bool shut;			/* the account was refused, and nothing was accepted since */
	char why[SMS_WORD];		/* the provider's word for that */
	struct buf receipt_url;
};

struct sending {			/* one message under way; ours until it is answered */
	struct edge *edge;
	int channel;
	uint64_t op, message;
	char to[PHONE_MAX], ours[SMS_OURS];
	int parts;
	struct deferred said;
	struct sms_answer answer;
};

/* ---- its life ---- */

static void
set_receipt_url(const struct settings *s, const struct channel_settings *c, struct buf *url)
{
	if (s->public_url[0] == '\0')
		return;
	buf_add_str(url, s->public_url);
	while (url->len > 0 && url->p[url->len - 1] == '/')
		url->p[--url->len] = '\0';
	buf_addf(url, "/sms/%s/receipt", c->name);
	if (c->key[0] != '\0') {
		buf_add_str(url, "?key=");
		form_escape(url, c->key, strlen(c->key));
	}
}

void
sms_http_init(struct edge *e)
{
	const struct settings *s = e->settings;

	e->exits = xcalloc((size_t)s->channels_n + 1, sizeof *e->exits);
	for (int i = 0; i < s->channels_n; i++) {
		pace_init(&e->exits[i].pace, PACE_FLOOR, (int64_t)s->channels[i].throughput * 1000, loop_now(e->loop));
		if (s->channels[i].kind == CHANNEL_SMS_HTTP)
			set_receipt_url(s, &s->channels[i], &e->exits[i].receipt_url);
	}
}

void
sms_http_clear(struct edge *e)
{
	for (int i = 0; i < e->settings->channels_n; i++)
		buf_clear(&e->exits[i].receipt_url);
	free(e->exits);
}

/* ---- room ---- */

unsigned
sms_http_free(const struct edge *e, int channel)
{
	const struct sms_exit *x = &e->exits[channel];
	int64_t now = loop_now(e->loop);
	int room = x->shut ? 1 : e->settings->channels[channel].window, pace = pace_free(&x->pace, now);

	if (x->paused_until > now || room <= x->active)
		return 0;
	return (unsigned)(room - x->active < pace ? room - x->active : pace);
}

const char *
sms_http_shut(const struct edge *e, int channel)
{
	const struct sms_exit *x = &e->exits[channel];

	return !x->shut ? NULL : x->why[0] != '\0' ? x->why : "refused";
}

static void
set_shut(struct edge *e, int channel, bool shut)
{
	int n = 0;

	e->exits[channel].shut = shut;
	for (int i = 0; i < e->settings->channels_n; i++)
		n += e->exits[i].shut;
	metric_set(M_SMS_CHANNELS_SHUT, n);
}

/* ---- what the provider said ---- */

static void
on_shut(struct sending *s, const struct sms_said *said)
{
	struct edge *e = s->edge;
	const struct channel_settings *c = &e->settings->channels[s->channel];
	struct sms_exit *x = &e->exits[s->channel];

	metric_add(M_SMS_HTTP_SHUT, 1);
	/* Once: what is tried after each pause says nothing new. */
	if (!x->shut)
		log_error(s->message, "sms channel shut", "channel=%s provider=%s code=%d word=%s", c->name,
		    sms_provider_words[c->provider], said->code, said->word);
	str_copy(x->why, sizeof x->why, said->word);
	x->paused_until = loop_now(e->loop) + (int64_t)c->pause_s * 1000;
	set_shut(e, s->channel, true);
}

static void
on_slow(struct sending *s, const struct http_result *r)
{
	struct edge *e = s->edge;
	struct sms_exit *x = &e->exits[s->channel];
	int64_t now = loop_now(e->loop), wait = retry_after_ms(r->retry_after, r->limit_reset, loop_wall(e->loop));

	metric_add(M_SMS_HTTP_SLOW, 1);
	pace_on_throttled(&x->pace, now);
	if (x->paused_until < now + (wait > 0 ? wait : SLOW_MS))
		x->paused_until = now + (wait > 0 ? wait : SLOW_MS);
}

static void
on_accepted(struct sending *s)
{
	struct edge *e = s->edge;
	struct sms_exit *x = &e->exits[s->channel];

	metric_add(M_SMS_PARTS, (uint64_t)s->parts);
	pace_on_accepted(&x->pace, loop_now(e->loop));
	if (x->shut) {
		log_info(s->message, "sms channel open", "channel=%s", e->settings->channels[s->channel].name);
		set_shut(e, s->channel, false);
	}
}

/* The notices' list of those who want none; what was asked for still goes to them. */
static void
remember_stop(struct sending *s)
{
	struct edge *e = s->edge;
	struct inbound_in in = { .channel = s->channel, .number = "", .opt_out = true };

	if (e->gw == NULL || !str_copy(in.from, sizeof in.from, s->to))
		return;
	metric_add(M_SMS_HTTP_OPT_OUTS, 1);
	gateway_inbound(e->gw, loop_wall(e->loop), &in, 0);
}

static void
take_answer(struct sending *s, const struct http_result *r)
{
	static const enum sms_end ends[] = {
		[SMS_SAID_ACCEPTED] = SMS_SENT, [SMS_SAID_REFUSED] = SMS_REFUSED, [SMS_SAID_STOPPED] = SMS_REFUSED,
		[SMS_SAID_SHUT] = SMS_SHUT, [SMS_SAID_SLOW] = SMS_LATER, [SMS_SAID_FEW] = SMS_FEW,
		[SMS_SAID_UNKNOWN] = SMS_UNKNOWN,
	};
	struct sms_said said;

	sms_provider_answer(s->edge->settings->channels[s->channel].provider, r->status, r->body, r->len, &said);
	s->answer.end = ends[said.verdict];
	s->answer.status = (uint32_t)said.code;
	str_copy(s->answer.id, sizeof s->answer.id, said.id);
	switch (said.verdict) {
	case SMS_SAID_ACCEPTED:
		on_accepted(s);
		break;
	case SMS_SAID_SHUT:
		on_shut(s, &said);
		break;
	case SMS_SAID_SLOW:
		on_slow(s, r);
		break;
	case SMS_SAID_REFUSED:
	case SMS_SAID_STOPPED:
		metric_add(M_SMS_HTTP_REFUSED, 1);
		log_info(s->message, "sms refused", "channel=%s code=%d word=%s",
		    s->edge->settings->channels[s->channel].name, said.code, said.word);
		break;
	case SMS_SAID_FEW:
	case SMS_SAID_UNKNOWN:
		break;
	}
	if (said.verdict == SMS_SAID_STOPPED)
		remember_stop(s);
}

static void
finish(struct sending *s)
{
	struct edge *e = s->edge;

	e->exits[s->channel].active--;
	if (e->gw != NULL)
		gateway_on_sms(e->gw, loop_wall(e->loop), s->op, &s->answer);
	mem_wipe(s, sizeof *s);
	free(s);
}

static void
on_done(void *arg, uint64_t op, const struct http_result *r)
{
	struct sending *s = arg;
	const struct channel_settings *c = &s->edge->settings->channels[s->channel];

	(void)op;
	if (r->end == HTTP_ANSWERED)
		take_answer(s, r);
	else {
		s->answer.end = r->end == HTTP_NOT_SENT ? SMS_LATER : SMS_UNKNOWN;
		log_info(s->message, "sms call", "channel=%s sent=%s why=\"%s\"", c->name,
		    r->end == HTTP_NOT_SENT ? "no" : "perhaps", r->why);
	}
	if (s->answer.end == SMS_UNKNOWN)
		metric_add(M_SMS_HTTP_UNKNOWN, 1);
	/* What we called it leads its receipts to it, where there is no other name or none was heard. */
	if ((s->answer.end == SMS_SENT || s->answer.end == SMS_UNKNOWN) && s->answer.id[0] == '\0' &&
	    sms_provider_row(c->provider)->repeats_ours)
		sms_provider_keep_id(c->provider, s->ours, s->answer.id);
	finish(s);
}

/* ---- sending ---- */

static void
on_not_sent(void *arg)
{
	finish(arg);
}

/* Said in the next turn of the loop, never on the asker's stack. */
static void
not_sent(struct sending *s, enum sms_end end)
{
	s->answer.end = end;
	loop_defer(s->edge->loop, &s->said, on_not_sent, s);
}

/* Tells nobody anything: it stands in the provider's logs. */
static void
name_it(char ours[SMS_OURS])
{
	unsigned char octets[(SMS_OURS - 1) / 2];

	if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
		fatalx("no random octets");
	str_hex(octets, sizeof octets, ours);
}

static void
call(struct sending *s, const struct sms_req *q)
{
	struct edge *e = s->edge;
	const struct channel_settings *c = &e->settings->channels[s->channel];
	const struct sms_provider_row *row = sms_provider_row(c->provider);
	struct sms_account a = { .provider = c->provider, .url = c->api_url[0] != '\0' ? c->api_url : row->url,
		.user = c->user, .secret = c->secret, .sender = c->sender,
		.receipt_url = q->receipt ? buf_str(&e->exits[s->channel].receipt_url) : "" };
	struct sms_text t = { .to = q->to, .text = q->text, .ours = s->ours,
		.valid_s = (q->valid_until_ms - loop_wall(e->loop)) / 1000 };
	struct sms_call out = { 0 };
	struct http_out http = { .timeout_ms = c->send_timeout_ms };

	if (t.valid_s < VALID_LEAST_S)
		t.valid_s = VALID_LEAST_S;
	sms_provider_write(&a, &t, &out);
	http.method = out.method;
	http.url = buf_str(&out.url);
	http.body = out.body.p;
	http.len = out.body.len;
	for (size_t i = 0; i < SMS_CALL_HEADERS && out.header[i].len > 0; i++)
		http.headers[i] = out.header[i].p;
	http_client_request(e->out, &http, s->op, on_done, s);
	sms_call_clear(&out);
}

void
sms_http_send(struct edge *e, uint64_t op, const struct sms_req *q)
{
	const struct channel_settings *c = &e->settings->channels[q->channel];
	struct sending *s = xcalloc(1, sizeof *s);
	int parts = sms_parts(q->text);

	s->edge = e;
	s->channel = q->channel;
	s->op = op;
	s->message = q->message;
	s->parts = parts;
	str_copy(s->to, sizeof s->to, q->to);
	name_it(s->ours);
	e->exits[s->channel].active++;
	if (parts < 1 || parts > c->parts_max) {
		log_warn(q->message, "sms too long", "channel=%s parts=%d", c->name, parts);
		metric_add(M_SMS_TOO_LONG, 1);
		not_sent(s, SMS_REFUSED);
	} else if (loop_wall(e->loop) >= q->deadline_ms) {
		not_sent(s, SMS_EXPIRED);
	} else {
		metric_add(M_SMS_HTTP_CALLS, 1);
		pace_take(&e->exits[s->channel].pace, loop_now(e->loop));
		call(s, q);
	}
}
