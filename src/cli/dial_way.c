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
#include "provider/provider.h"

#define ANSWER_MS 25000
#define HANG_UP_MS 2000
#define SMS_WAIT_MS 60000
#define SMS_AGAIN_MS 1000
#define LOOK_MS 300			/* between two looks at the screen of an idle phone */
#define JSON_TYPE "Content-Type: application/json"

struct dial_way {
	struct loop *loop;
	struct http_client *http;
	struct dial_options o;
	struct dial_events events;
	uint64_t last_op, awaited;	/* the op whose screen is wanted, 0: none */
	/* through the sandbox */
	struct timer sms_timer;
	int64_t sms_seen;		/* -1: what came before us is not looked at yet */
	struct timer look_timer;
	int64_t session;		/* the newest dialogue that we know of */
	bool idle;
	/* straight to a channel */
	const struct channel_settings *channel;
	struct provider_call call;
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
		w->session = json_integer_value(json_object_get(j, "session"));
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

static void
on_looked(void *arg, uint64_t op, const struct http_result *r)
{
	struct dial_way *w = arg;
	json_t *j = r->end == HTTP_ANSWERED ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	const char *screen = json_string_value(json_object_get(j, "screen"));
	int64_t session = json_integer_value(json_object_get(j, "session"));

	(void)op;
	if (w->idle && screen != NULL && session > w->session && json_is_true(json_object_get(j, "open"))) {
		w->idle = false;
		w->session = session;
		w->events.called_up(w->events.arg, screen);
	} else if (w->idle)
		timer_arm(&w->look_timer, LOOK_MS);
	json_decref(j);
}

static void
on_look(void *arg)
{
	struct dial_way *w = arg;
	char url[400];
	struct http_out out = { .method = "GET", .url = url, .timeout_ms = HANG_UP_MS };

	if (!w->idle)
		return;
	str_format(url, sizeof url, "%s/phone/%s/screen", w->o.sandbox, w->o.from);
	http_client_request(w->http, &out, ++w->last_op, on_looked, w);
}

void
dial_way_idle(struct dial_way *w)
{
	if (w->o.sandbox == NULL || w->idle)
		return;
	w->idle = true;
	timer_arm(&w->look_timer, LOOK_MS);
}

/* ---- a channel, in its own dialect ---- */

static bool
has_code(const struct channel_settings *c, const char *code)
{
	for (int i = 0; i < c->service_codes_n; i++)
		if (strcmp(c->service_codes[i], code) == 0)
			return true;
	return false;
}

/* The first one with that code, unless one was named. */
static const struct channel_settings *
channel_for(const struct dial_options *o, const char *code)
{
	const struct settings *s = o->settings;

	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].kind == CHANNEL_USSD_HTTP && has_code(&s->channels[i], code) &&
		    (o->channel == NULL || strcmp(s->channels[i].name, o->channel) == 0))
			return &s->channels[i];
	return NULL;
}

/*
 * A listener on all addresses is reached on loopback; one with TLS at the public address where there is one, whose name
 * its certificate has.
 */
static void
channel_url(const struct dial_way *w, struct buf *out)
{
	const struct settings *s = w->o.settings;
	const char *listen = s->listen_channels, *port = strrchr(listen, ':');
	bool any = str_starts(listen, "0.0.0.0:") || str_starts(listen, "[::]:");
	size_t n = strlen(s->public_url);

	while (n > 0 && s->public_url[n - 1] == '/')
		n--;
	if (s->has_listen_tls && n > 0)
		buf_add(out, s->public_url, n);
	else
		buf_addf(out, "%s://%s%s", s->has_listen_tls ? "https" : "http", any ? "127.0.0.1" : "",
		    any && port != NULL ? port : listen);
	buf_addf(out, "/ussd/%s", w->channel->name);
}

static struct provider_site
channel_site(const struct dial_way *w)
{
	const struct channel_settings *c = w->channel;

	return (struct provider_site){ .dialect = provider_find(c->dialect), .keys = {
		{ BY_URL, "key", c->key }, { BY_HEADER, c->header_name, c->header_key },
		{ BY_BASIC, c->basic_user, c->basic_password }, { BY_HMAC, c->hmac_header, c->hmac_key },
	} };
}

/* false: this provider sends nothing then. */
static bool
post_channel(struct dial_way *w, enum provider_event event, const char *text, int64_t timeout_ms,
    void (*done)(void *, uint64_t, const struct http_result *))
{
	struct provider_site site = channel_site(w);
	struct provider_request r;
	struct http_out out = { .timeout_ms = timeout_ms };
	struct buf url = { 0 };
	bool wanted;

	channel_url(w, &url);
	site.url = buf_str(&url);
	wanted = provider_request(&site, &w->call, event, text, loop_wall(w->loop), &r);
	buf_clear(&url);
	if (!wanted)
		return false;
	out.method = r.method;
	out.url = buf_str(&r.url);
	out.body = r.body.p;
	out.len = r.body.len;
	for (int i = 0; i < r.headers_n; i++)
		out.headers[i] = r.headers[i];
	http_client_request(w->http, &out, ++w->last_op, done, w);
	provider_request_clear(&r);
	return true;
}

static void
on_channel_screen(void *arg, uint64_t op, const struct http_result *r)
{
	struct dial_way *w = arg;
	struct provider_site site;
	struct provider_answer answer = { r->status, r->content_type, r->body, r->len };
	char why[PROVIDER_WHY];
	bool open;

	if (op != w->awaited)
		return;
	w->awaited = 0;
	site = channel_site(w);
	if (r->end != HTTP_ANSWERED)
		w->events.failed(w->events.arg, r->why);
	else if (provider_read(&site, &w->call, &answer, &open, why))
		w->events.screen(w->events.arg, buf_str(&w->call.shown), open);
	else
		w->events.failed(w->events.arg, r->status == 401 || r->status == 403 ?
		    "the channel does not take this address or key" : why);
}

static void
ask_channel(struct dial_way *w, enum provider_event event, const char *text)
{
	int patience = provider_answer_ms(channel_site(w).dialect);

	if (post_channel(w, event, text, patience, on_channel_screen))
		w->awaited = w->last_op;
}

static void
begin_on_channel(struct dial_way *w, const char *code)
{
	uint64_t mark;

	w->channel = channel_for(&w->o, code);
	if (w->channel == NULL) {
		w->events.failed(w->events.arg, w->o.channel == NULL ?
		    "no ussd-http channel of the configuration has this code" :
		    "the configuration has no ussd-http channel of that name and code");
		return;
	}
	randombytes_buf(&mark, sizeof mark);
	provider_call_begin(&w->call, channel_site(w).dialect, w->o.from, code, mark, loop_wall(w->loop));
	ask_channel(w, PROVIDER_BEGIN, NULL);
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
	w->idle = false;
	timer_stop(&w->look_timer);
	post_phone(w, "dial", json_pack("{s:s,s:s}", "code", code, "via", w->o.via != NULL ? w->o.via : "smpp"), ANSWER_MS,
	    on_sandbox_screen);
	w->awaited = w->last_op;
}

void
dial_way_type(struct dial_way *w, const char *text)
{
	if (w->o.sandbox == NULL) {
		ask_channel(w, PROVIDER_INPUT, text);
		/* Only the answer to the repeat is waited for: it must be the same. */
		if (w->o.twice)
			ask_channel(w, PROVIDER_REPEAT, NULL);
		return;
	}
	post_phone(w, "type", json_pack("{s:s}", "text", text), ANSWER_MS, on_sandbox_screen);
	w->awaited = w->last_op;
}

void
dial_way_hang_up(struct dial_way *w)
{
	w->awaited = 0;
	if (w->o.sandbox != NULL)
		post_phone(w, "hangup", json_object(), HANG_UP_MS, on_hung_up);
	else if (w->channel == NULL || !post_channel(w, PROVIDER_HANGUP, NULL, HANG_UP_MS, on_hung_up))
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
	timer_init(&w->look_timer, l, on_look, w);
	if (o->sandbox != NULL)
		ask_sms(w);
	return w;
}

void
dial_way_free(struct dial_way *w)
{
	w->awaited = 0;
	w->idle = false;
	http_client_free(w->http);
	timer_stop(&w->sms_timer);
	timer_stop(&w->look_timer);
	provider_call_clear(&w->call);
	free(w);
}

int
dial_way_septets(const struct dial_way *w)
{
	return w->channel != NULL ? w->channel->max_septets : 0;
}
