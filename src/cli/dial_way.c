/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dial_way.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/loop.h"

#define ANSWER_MS 25000
#define HANG_UP_MS 2000
#define SMS_WAIT_MS 60000
#define SMS_AGAIN_MS 1000
#define JSON_TYPE "Content-Type: application/json"
#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded"

struct dial_way {
	struct loop *loop;
	struct http_client *http;
	struct dial_options o;
	struct dial_events events;
	uint64_t last_op, awaited;	/* the op whose screen is wanted, 0: none */
	/* through the sandbox */
	struct timer sms_timer;
	int64_t sms_seen;		/* -1: what came before us is not looked at yet */
	/* straight to a channel */
	const struct channel_settings *channel;
	char session[40], code[32];
	struct buf history;
};

/* ---- the sandbox ---- */

static void
post_phone(struct dial_way *w, const char *verb, json_t *body, int64_t timeout_ms,
    void (*done)(void *, uint64_t, const struct http_result *))
{
	char url[400], *text = json_dumps(body, JSON_COMPACT);
	struct http_out out = {
		.method = "POST", .url = url, .headers = { JSON_TYPE }, .body = text,
		.len = strlen(text), .timeout_ms = timeout_ms,
	};

	str_format(url, sizeof url, "%s/phone/%s/%s", w->o.sandbox, w->o.from, verb);
	http_client_request(w->http, &out, ++w->last_op, done, w);
	mem_wipe(text, strlen(text));
	free(text);
	json_decref(body);
}

static void
on_sandbox_screen(void *arg, uint64_t op, const struct http_result *r)
{
	struct dial_way *w = arg;
	json_t *j = r->end == HTTP_ANSWERED ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	const char *screen = json_string_value(json_object_get(j, "screen"));
	const char *error = json_string_value(json_object_get(j, "error"));

	if (op == w->awaited) {
		w->awaited = 0;
		if (screen != NULL)
			w->events.screen(w->events.arg, screen, json_is_true(json_object_get(j, "open")));
		else
			w->events.failed(w->events.arg, error != NULL ? error :
			    r->end == HTTP_ANSWERED ? "the sandbox's answer cannot be read" : r->why);
	}
	json_decref(j);
}

static void ask_sms(struct dial_way *w);

static void
show_sms(struct dial_way *w, const json_t *all)
{
	bool old = w->sms_seen < 0;
	const json_t *m;
	size_t i;

	if (old)
		w->sms_seen = 0;
	json_array_foreach((json_t *)all, i, m) {
		const char *from = json_string_value(json_object_get(m, "from"));
		const char *text = json_string_value(json_object_get(m, "text"));

		w->sms_seen = json_integer_value(json_object_get(m, "n"));
		if (!old && from != NULL && text != NULL)
			w->events.sms(w->events.arg, from, text);
	}
}

static void
on_sms_again(void *arg)
{
	ask_sms(arg);
}

static void
on_sms(void *arg, uint64_t op, const struct http_result *r)
{
	struct dial_way *w = arg;
	json_t *all = r->end == HTTP_ANSWERED ? json_loadb(r->body, r->len, 0, NULL) : NULL;

	(void)op;
	if (json_is_array(all))
		show_sms(w, all);
	timer_arm(&w->sms_timer, json_is_array(all) ? 1 : SMS_AGAIN_MS);
	json_decref(all);
}

static void
ask_sms(struct dial_way *w)
{
	char url[400];
	struct http_out out = { .method = "GET", .url = url, .timeout_ms = SMS_WAIT_MS + HANG_UP_MS };

	str_format(url, sizeof url, "%s/phone/%s/sms?after=%" PRId64 "&wait_ms=%d", w->o.sandbox, w->o.from,
	    w->sms_seen < 0 ? 0 : w->sms_seen, w->sms_seen < 0 ? 0 : SMS_WAIT_MS);
	http_client_request(w->http, &out, ++w->last_op, on_sms, w);
}

/* ---- a channel, in the dialect of Africa's Talking ---- */

static bool
has_code(const struct channel_settings *c, const char *code)
{
	for (int i = 0; i < c->service_codes_n; i++)
		if (strcmp(c->service_codes[i], code) == 0)
			return true;
	return false;
}

static const struct channel_settings *
channel_for(const struct settings *s, const char *code)
{
	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].kind == CHANNEL_USSD_HTTP && has_code(&s->channels[i], code))
			return &s->channels[i];
	return NULL;
}

static void
add_escaped(struct buf *b, const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
		buf_addf(b, "%%%02X", *p);
}

static void
add_field(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s%s=", b->len > 0 ? "&" : "", name);
	add_escaped(b, value);
}

/* A listener on all addresses is reached on loopback. */
static void
channel_url(const struct dial_way *w, struct buf *out)
{
	const char *listen = w->o.settings->listen_channels, *port = strrchr(listen, ':');
	bool any = str_starts(listen, "0.0.0.0:") || str_starts(listen, "[::]:");

	buf_addf(out, "http://%s%s/ussd/%s", any ? "127.0.0.1" : "", any && port != NULL ? port : listen,
	    w->channel->name);
	if (w->channel->key[0] != '\0') {
		buf_add_str(out, "?key=");
		add_escaped(out, w->channel->key);
	}
}

static void
post_channel(struct dial_way *w, const char *status, int64_t timeout_ms,
    void (*done)(void *, uint64_t, const struct http_result *))
{
	struct buf url = { 0 }, body = { 0 };
	struct http_out out = { .method = "POST", .headers = { FORM_TYPE }, .timeout_ms = timeout_ms };
	char phone[PHONE_MAX + 1];

	str_format(phone, sizeof phone, "+%s", w->o.from);
	add_field(&body, "sessionId", w->session);
	add_field(&body, "serviceCode", w->code);
	add_field(&body, "phoneNumber", phone);
	add_field(&body, "networkCode", "99999");
	if (status != NULL)
		add_field(&body, "status", status);
	else
		add_field(&body, "text", buf_str(&w->history));
	channel_url(w, &url);
	out.url = buf_str(&url);
	out.body = body.p;
	out.len = body.len;
	http_client_request(w->http, &out, ++w->last_op, done, w);
	buf_clear(&body);
	buf_clear(&url);
}

static void
on_channel_screen(void *arg, uint64_t op, const struct http_result *r)
{
	struct dial_way *w = arg;
	bool end = r->end == HTTP_ANSWERED && str_starts(r->body, "END ");

	if (op != w->awaited)
		return;
	w->awaited = 0;
	if (r->end != HTTP_ANSWERED)
		w->events.failed(w->events.arg, r->why);
	else if (r->status == 200 && (end || str_starts(r->body, "CON ")))
		w->events.screen(w->events.arg, r->body + 4, !end);
	else
		w->events.failed(w->events.arg, r->status == 403 ? "the channel does not take this address or key" :
		    "the gateway's answer cannot be read");
}

static void
begin_on_channel(struct dial_way *w, const char *code)
{
	unsigned char mark[12];

	w->channel = channel_for(w->o.settings, code);
	if (w->channel == NULL) {
		w->events.failed(w->events.arg, "no ussd-http channel of the configuration has this code");
		return;
	}
	randombytes_buf(mark, sizeof mark);
	str_hex(mark, sizeof mark, w->session);
	str_copy(w->code, sizeof w->code, code);
	buf_clear(&w->history);
	post_channel(w, NULL, ANSWER_MS, on_channel_screen);
	w->awaited = w->last_op;
}

/* ---- both ---- */

static void
on_hung_up(void *arg, uint64_t op, const struct http_result *r)
{
	struct dial_way *w = arg;

	(void)op;
	(void)r;
	w->events.hung_up(w->events.arg);
}

void
dial_way_dial(struct dial_way *w, const char *code)
{
	if (w->o.sandbox == NULL) {
		begin_on_channel(w, code);
		return;
	}
	post_phone(w, "dial", json_pack("{s:s,s:s}", "code", code, "via", w->o.http ? "http" : "smpp"), ANSWER_MS,
	    on_sandbox_screen);
	w->awaited = w->last_op;
}

void
dial_way_type(struct dial_way *w, const char *text)
{
	if (w->o.sandbox == NULL) {
		if (w->history.len > 0)
			buf_add_char(&w->history, '*');
		buf_add_str(&w->history, text);
		/* Only the answer to the repeat is waited for: it must be the same. */
		if (w->o.twice)
			post_channel(w, NULL, ANSWER_MS, on_channel_screen);
		post_channel(w, NULL, ANSWER_MS, on_channel_screen);
	} else
		post_phone(w, "type", json_pack("{s:s}", "text", text), ANSWER_MS, on_sandbox_screen);
	w->awaited = w->last_op;
}

void
dial_way_hang_up(struct dial_way *w)
{
	w->awaited = 0;
	if (w->o.sandbox != NULL)
		post_phone(w, "hangup", json_object(), HANG_UP_MS, on_hung_up);
	else if (w->channel != NULL)
		post_channel(w, "Incomplete", HANG_UP_MS, on_hung_up);
	else
		w->events.hung_up(w->events.arg);
}

struct dial_way *
dial_way_new(struct loop *l, const struct dial_options *o, const struct dial_events *events)
{
	struct http_client_options h = { .connections = 4, .waiting = 16, .answer_max = 1 << 20 };
	struct dial_way *w = xcalloc(1, sizeof *w);

	w->loop = l;
	w->o = *o;
	w->events = *events;
	w->http = http_client_new(l, &h);
	w->sms_seen = -1;
	timer_init(&w->sms_timer, l, on_sms_again, w);
	if (o->sandbox != NULL)
		ask_sms(w);
	return w;
}

void
dial_way_free(struct dial_way *w)
{
	w->awaited = 0;
	http_client_free(w->http);
	timer_stop(&w->sms_timer);
	buf_clear(&w->history);
	free(w);
}

int
dial_way_septets(const struct dial_way *w)
{
	return w->channel != NULL ? w->channel->max_septets : 0;
}
