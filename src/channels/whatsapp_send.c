/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages out over the WhatsApp Cloud API: POST {api_url}/{phone_number_id}/messages. What says "slower" pauses the
 * number or the pair and never fails a message; what says that the account is not in order stops the number and raises
 * an alarm, and the messages go their other routes. There is no key that would make a repetition harmless: a call
 * without an answer may have sent its message, which only its statuses can tell. It keeps nothing and tries nothing
 * again; the outbox does.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/whatsapp.h"
#include "core/chat_in.h"
#include "core/provider_id.h"
#include "core/retry_after.h"
#include "core/wa_message.h"

#define PER_SECOND INT64_C(1000)	/* of core/pace.h: submits in 1000 s */
#define PAUSE_LEAST_MS INT64_C(2000)
#define PAUSE_MOST_MS INT64_C(60000)

struct wa_send {			/* one message under way; ours until it is answered */
	struct wa_number *number;
	uint64_t op, message;
	char who[CHAT_USER];
	int64_t deadline;		/* wall clock */
	struct buf body;
	struct buf instead;		/* the same in a template, should the window be over; empty: there is none */
	struct sms_answer answer;
	struct deferred said;
};

/* ---- the number ---- */

static void
stop(struct wa_number *n, enum wa_class c, int code)
{
	struct whatsapp *w = n->edge->whatsapp;

	n->stopped_until = loop_now(n->edge->loop) + (int64_t)n->channel->whatsapp.stop_s * 1000;
	metric_add(M_WA_STOPS, 1);
	log_error(0, "whatsapp stopped", "channel=%s class=%s code=%d for_s=%d", n->channel->name, wa_class_name(c),
	    code, n->channel->whatsapp.stop_s);
	if (!n->stopped)
		metric_set(M_WA_STOPPED, ++w->stopped);
	n->stopped = true;
}

static void
pause_number(struct wa_number *n, int code, int64_t retry_ms)
{
	int64_t now = loop_now(n->edge->loop);
	static struct log_limit limit;
	unsigned held;

	pace_on_throttled(&n->pace, now);
	metric_add(M_WA_THROTTLED, 1);
	if (now < n->paused_until)
		return;		/* those that were on their way say the same again */
	n->pause_ms = n->pause_ms == 0 ? PAUSE_LEAST_MS : n->pause_ms * 2;
	if (retry_ms > n->pause_ms)
		n->pause_ms = retry_ms;
	if (n->pause_ms > PAUSE_MOST_MS)
		n->pause_ms = PAUSE_MOST_MS;
	n->paused_until = now + n->pause_ms;
	if (!log_limited(&limit, &held))
		log_warn(0, "whatsapp throttled", "channel=%s code=%d pause_ms=%lld more=%u", n->channel->name, code,
		    (long long)n->pause_ms, held);
}

void
wa_number_trouble(struct wa_number *n, enum wa_class c, int code, int64_t retry_ms)
{
	if (c == WA_SLOW)
		pause_number(n, code, retry_ms);
	else if (c == WA_AUTH || c == WA_ACCOUNT)
		stop(n, c, code);
	else if (c == WA_TEMPLATE)
		log_error(0, "whatsapp template refused", "channel=%s code=%d", n->channel->name, code);
	else if (c == WA_OURS)
		log_warn(0, "whatsapp refused", "channel=%s code=%d", n->channel->name, code);
}

void
wa_number_well(struct wa_number *n)
{
	pace_on_accepted(&n->pace, loop_now(n->edge->loop));
	n->pause_ms = 0;
	if (!n->stopped)
		return;
	n->stopped = false;
	log_info(0, "whatsapp goes on", "channel=%s", n->channel->name);
	metric_set(M_WA_STOPPED, --n->edge->whatsapp->stopped);
}

/* This process's share of the throughput. */
static void
share_out(struct wa_number *n)
{
	int processes = n->edge->gw != NULL ? gateway_processes(n->edge->gw) : 1;

	if (processes == n->processes)
		return;
	n->processes = processes;
	pace_set_bounds(&n->pace, PER_SECOND, n->channel->whatsapp.throughput * PER_SECOND / processes,
	    loop_now(n->edge->loop));
}

unsigned
whatsapp_free(const struct edge *e, int channel)
{
	struct wa_number *n = &e->whatsapp->number[channel];
	int64_t now = loop_now(e->loop);
	unsigned most = n->stopped ? 1 : (unsigned)e->settings->provider_connections, paced;

	if (now < n->paused_until || (n->stopped && now < n->stopped_until) || n->under_way >= most)
		return 0;
	share_out(n);
	paced = (unsigned)pace_free(&n->pace, now);
	return paced < most - n->under_way ? paced : most - n->under_way;
}

void
wa_call(const struct wa_number *n, const void *body, size_t len, int64_t timeout_ms, uint64_t op,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg)
{
	const struct whatsapp_settings *w = &n->channel->whatsapp;
	char header[WA_HEADER_MAX], url[sizeof w->api_url + sizeof w->phone_number_id + 16];
	struct http_out out = { .method = "POST", .url = url, .headers = { "Content-Type: application/json", header },
		.body = body, .len = len, .timeout_ms = timeout_ms };

	str_format(header, sizeof header, "Authorization: Bearer %s", w->token);
	str_format(url, sizeof url, "%s/%s/messages", w->api_url, w->phone_number_id);
	http_client_request(n->edge->out, &out, op, done, arg);
	mem_wipe(header, sizeof header);
}

/* ---- one message ---- */

static void
finish(struct wa_send *s)
{
	struct edge *e = s->number->edge;

	if (e->gw != NULL)
		gateway_on_sms(e->gw, loop_wall(e->loop), s->op, &s->answer);
	buf_clear(&s->body);
	buf_clear(&s->instead);
	free(s);
}

static void
on_said(void *arg)
{
	finish(arg);
}

/* In the next turn of the loop: never on the asker's stack. */
static void
say(struct wa_send *s, enum sms_end end)
{
	s->answer.end = end;
	loop_defer(s->number->edge->loop, &s->said, on_said, s);
}

static void post(struct wa_send *s);

static void
to_template(struct wa_send *s)
{
	buf_clear(&s->body);
	s->body = s->instead;
	s->instead = (struct buf){ 0 };
	metric_add(M_WA_TEMPLATES, 1);
}

static void
on_error(struct wa_send *s, const struct http_result *r)
{
	static const enum sms_end ends[WA_CLASSES] = {
		[WA_SLOW] = SMS_LATER, [WA_SLOW_PAIR] = SMS_LATER, [WA_UNREACHABLE] = SMS_REFUSED,
		[WA_WINDOW] = SMS_REFUSED, [WA_TEMPLATE] = SMS_REFUSED, [WA_OURS] = SMS_REFUSED, [WA_AUTH] = SMS_LATER,
		[WA_ACCOUNT] = SMS_LATER, [WA_AGAIN] = SMS_FEW, [WA_UNCERTAIN] = SMS_UNKNOWN,
	};
	struct wa_number *n = s->number;
	int64_t wall = loop_wall(n->edge->loop);
	int code = wa_answer_code(r->body, r->len);
	enum wa_class c = wa_error_class(code, r->status);

	if (c == WA_WINDOW && s->instead.len > 0 && wall < s->deadline && n->edge->gw != NULL) {
		to_template(s);
		post(s);
		return;
	}
	metric_add(M_WA_REFUSED, 1);
	log_info(s->message, "whatsapp refused", "channel=%s http=%d code=%d class=%s", n->channel->name, r->status,
	    code, wa_class_name(c));
	wa_number_trouble(n, c, code, retry_after_ms(r->retry_after, r->limit_reset, wall));
	if (c == WA_SLOW_PAIR)
		wa_pairs_empty(n->pairs, s->who, loop_now(n->edge->loop));
	else if (ends[c] == SMS_LATER)
		wa_pairs_give_back(n->pairs, s->who);
	s->answer.status = code >= 0 ? (uint32_t)code : (uint32_t)r->status;
	s->answer.end = ends[c];
	finish(s);
}

static void
on_answer(void *arg, uint64_t op, const struct http_result *r)
{
	struct wa_send *s = arg;
	char id[CHAT_MESSAGE];

	(void)op;
	s->number->under_way--;
	if (r->end == HTTP_ANSWERED && (r->status < 200 || r->status >= 300)) {
		on_error(s, r);
		return;
	}
	if (r->end == HTTP_ANSWERED && wa_answer_id(r->body, r->len, id, sizeof id)) {
		provider_id_fit(id, s->answer.id);
		wa_number_well(s->number);
		s->answer.end = SMS_SENT;
	} else if (r->end == HTTP_NOT_SENT) {
		wa_pairs_give_back(s->number->pairs, s->who);
		s->answer.end = SMS_LATER;
	} else {
		log_warn(s->message, "whatsapp no answer", "channel=%s why=\"%s\"", s->number->channel->name,
		    r->end == HTTP_ANSWERED ? "it cannot be read" : r->why);
		s->answer.end = SMS_UNKNOWN;
	}
	finish(s);
}

static void
post(struct wa_send *s)
{
	struct wa_number *n = s->number;
	int64_t left = s->deadline - loop_wall(n->edge->loop), ms = n->channel->send_timeout_ms;

	n->under_way++;
	pace_take(&n->pace, loop_now(n->edge->loop));
	wa_call(n, s->body.p, s->body.len, left < ms ? left : ms, s->op, on_answer, s);
}

/* That of the text's language, or the one for any; NULL: none is for this class. */
static const struct template_settings *
template_for(const struct whatsapp_settings *w, const struct sms_req *q)
{
	const struct template_settings *any = NULL;
	const char *lang = q->lang != NULL ? q->lang : "";

	for (int i = 0; i < w->templates_n; i++) {
		const struct template_settings *t = &w->templates[i];

		if (t->cls != q->cls)
			continue;
		if (t->for_language[0] != '\0' && strcmp(t->for_language, lang) == 0)
			return t;
		if (any == NULL || (any->for_language[0] != '\0' && t->for_language[0] == '\0'))
			any = t;
	}
	/* A text in a frame of another language is still understood. */
	return any;
}

/* Both forms of it; false: it can be sent in neither that may be needed. */
static bool
write_both(struct wa_send *s, const struct sms_req *q)
{
	const struct template_settings *t = template_for(&s->number->channel->whatsapp, q);
	struct wa_to to = { q->to, q->user, q->ours };

	if (t != NULL) {
		struct wa_template form = { t->name, t->language, t->parameter, t->text };

		if (!wa_message_template(&to, &form, q->text, &s->instead)) {
			log_warn(q->message, "whatsapp template does not fit", "channel=%s template=%s octets=%zu",
			    s->number->channel->name, t->name, strlen(q->text));
			buf_reset(&s->instead);
		}
	}
	if (!q->window_over)
		return wa_message_write(&to, q->text, &s->body);
	if (s->instead.len == 0) {
		metric_add(M_WA_WINDOW_OVER, 1);
		return false;
	}
	to_template(s);
	return true;
}

void
whatsapp_send(struct edge *e, uint64_t op, const struct sms_req *q)
{
	struct wa_number *n = &e->whatsapp->number[q->channel];
	struct wa_send *s = xcalloc(1, sizeof *s);

	s->number = n;
	s->op = op;
	s->message = q->message;
	s->deadline = q->deadline_ms;
	str_copy(s->who, sizeof s->who, q->to[0] != '\0' || q->user == NULL ? q->to : q->user);
	if (loop_wall(e->loop) >= q->deadline_ms) {
		say(s, SMS_EXPIRED);
	} else if (whatsapp_free(e, q->channel) == 0) {
		say(s, SMS_LATER);
	} else if (!write_both(s, q)) {
		say(s, SMS_REFUSED);
	} else if (!wa_pairs_take(n->pairs, s->who, loop_now(e->loop))) {
		metric_add(M_WA_PAIR_WAITS, 1);
		say(s, SMS_LATER);
	} else {
		post(s);
	}
}

/* ---- its life ---- */

void
whatsapp_open(struct edge *e)
{
	struct whatsapp *w = xcalloc(1, sizeof *w);

	e->whatsapp = w;
	w->asked = map_new();
	w->last = map_new();
	list_init(&w->ready);
	w->number = xcalloc((size_t)e->settings->channels_n, sizeof *w->number);
	for (int i = 0; i < e->settings->channels_n; i++) {
		struct wa_number *n = &w->number[i];
		const struct channel_settings *c = &e->settings->channels[i];

		n->edge = e;
		n->channel = c;
		n->index = i;
		if (c->kind != CHANNEL_WHATSAPP)
			continue;
		pace_init(&n->pace, PER_SECOND, c->whatsapp.throughput * PER_SECOND, loop_now(e->loop));
		n->processes = 1;
		n->pairs = wa_pairs_new(c->whatsapp.pair_per_minute, c->whatsapp.pair_burst, c->whatsapp.pairs_max);
	}
}

void
whatsapp_close(struct edge *e)
{
	struct whatsapp *w = e->whatsapp;

	for (int i = 0; i < e->settings->channels_n; i++)
		wa_pairs_free(w->number[i].pairs);
	whatsapp_forget_asked(e);
	map_free(w->asked);
	map_free(w->last);
	free(w->number);
	free(w);
	e->whatsapp = NULL;
}
