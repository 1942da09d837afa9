/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks of the WhatsApp Cloud API: GET and POST /whatsapp/NAME. The signature is checked on the raw octets before
 * anything reads them. A webhook is answered with 200 once all that it brings is safe, else with 503 and comes again;
 * what was stored then is known by its id. What is about one person, or one message, is handed on one after the other,
 * in the order in which it came; about others at once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/whatsapp.h"
#include "core/provider_id.h"
#include "core/wa_webhook.h"

#define ROOT "/whatsapp/"
#define KEY_MAX 200

struct webhook {			/* one POST; ours until it is answered */
	struct edge *edge;
	uint64_t http;
	struct wa_webhook said;
	size_t open;			/* items that are not stored yet */
	bool failed;
};

struct asked {				/* one item of it */
	struct webhook *hook;
	const struct wa_item *item;
	struct wa_number *number;
	uint64_t op;
	struct asked *next;		/* about the same, later */
	struct list ready;		/* in whatsapp->ready when its turn has come */
	char key[KEY_MAX];
};

/* ---- one item ---- */

static void
start_chat(struct asked *a)
{
	struct edge *e = a->hook->edge;
	struct chat_in *in = a->item->in;

	in->channel = a->number->index;
	metric_add(M_WA_INPUTS, 1);
	gateway_chat(e->gw, loop_wall(e->loop), in, a->op);
}

static void
start_status(struct asked *a)
{
	static const struct {
		enum receipt_state state;
		const char *word;
	} meaning[] = {
		[WA_SENT] = { RECEIPT_ACCEPTED, "sent" }, [WA_DELIVERED] = { RECEIPT_DELIVERED, "delivered" },
		/* Delivered may never come where it was read. */
		[WA_READ] = { RECEIPT_DELIVERED, "read" }, [WA_FAILED] = { RECEIPT_FAILED, "failed" },
	};
	/* The same codes come in answers and here, and mean the same (whatsapp_send.c). */
	static const enum receipt_state failures[WA_CLASSES] = {
		[WA_SLOW] = RECEIPT_NOT_NOW, [WA_SLOW_PAIR] = RECEIPT_NOT_NOW, [WA_UNREACHABLE] = RECEIPT_FAILED,
		[WA_WINDOW] = RECEIPT_WINDOW_OVER, [WA_TEMPLATE] = RECEIPT_FAILED, [WA_OURS] = RECEIPT_FAILED,
		[WA_AUTH] = RECEIPT_NOT_NOW, [WA_ACCOUNT] = RECEIPT_NOT_NOW, [WA_AGAIN] = RECEIPT_AGAIN,
		[WA_UNCERTAIN] = RECEIPT_FAILED,
	};
	const struct wa_status *st = &a->item->status;
	struct edge *e = a->hook->edge;
	struct receipt r = { .state = meaning[st->state].state };

	str_copy(r.stat, sizeof r.stat, meaning[st->state].word);
	provider_id_fit(st->id, r.id);
	str_copy(r.ours, sizeof r.ours, st->ours);
	if (st->state == WA_FAILED) {
		enum wa_class c = wa_error_class(st->code, 0);

		r.state = failures[c];
		str_format(r.err, sizeof r.err, "%d", st->code);
		wa_number_trouble(a->number, c, st->code, -1);
		if (c == WA_SLOW_PAIR && st->to[0] != '\0')
			wa_pairs_empty(a->number->pairs, st->to, loop_now(e->loop));
		metric_add(M_WA_FAILED, 1);
	}
	metric_add(M_WA_STATUSES, 1);
	/* The lane of a channel without a bind (service/lane.h). */
	gateway_receipt(e->gw, loop_wall(e->loop), e->settings->binds_n + a->number->index, &r, a->op);
}

/* What the service answers at once begins the next one: after it, not inside of it, however many are in a row. */
static void
start(struct asked *a)
{
	struct whatsapp *w = a->hook->edge->whatsapp;

	list_add_tail(&w->ready, &a->ready);
	if (w->starting)
		return;
	w->starting = true;
	while (!list_empty(&w->ready)) {
		a = LIST_OF(w->ready.next, struct asked, ready);
		list_remove(&a->ready);
		if (a->hook->edge->gw == NULL)
			continue;	/* the listener answers for us, or has gone */
		if (a->item->kind == WA_INPUT)
			start_chat(a);
		else
			start_status(a);
	}
	w->starting = false;
}

/* ---- the whole ---- */

static void
answer(struct edge *e, uint64_t http, int status, const char *words)
{
	http_answer(e->http, http, status, NULL, words, strlen(words));
}

static void
finish(struct webhook *h)
{
	if (h->failed) {
		metric_add(M_WA_WEBHOOKS_LATER, 1);
		answer(h->edge, h->http, 503, "Not stored; send it again\n");
	} else {
		metric_add(M_WA_WEBHOOKS, 1);
		answer(h->edge, h->http, 200, "");
	}
	wa_webhook_clear(&h->said);
	free(h);
}

/* It is over: what waits behind it, of the same webhook only where this went well, comes next. */
static void
over(struct asked *a, bool stored)
{
	struct whatsapp *w = a->hook->edge->whatsapp;
	struct asked *next;
	bool with_it = true;

	for (; with_it; a = next) {
		struct webhook *h = a->hook;

		next = a->next;
		with_it = next != NULL && next->hook == h && !stored;
		if (next == NULL)
			map_remove(w->last, a->key, strlen(a->key));
		h->failed |= !stored;
		if (--h->open == 0)
			finish(h);
		free(a);
		if (with_it)
			map_remove_u64(w->asked, next->op);
	}
	if (a != NULL)
		start(a);
}

bool
whatsapp_stored(struct edge *e, uint64_t peer_op, enum receipt_end end)
{
	struct asked *a = map_remove_u64(e->whatsapp->asked, peer_op);

	if (a == NULL)
		return false;
	if (end == RECEIPT_STORED && a->item->kind == WA_INPUT && a->item->in->kind != CHAT_MOVED)
		wa_mark(a->number, a->item->in->id);
	over(a, end == RECEIPT_STORED);
	return true;
}

/* One app has one webhook for all of its numbers: that of another channel with the same secret is taken here too. */
static struct wa_number *
number_of(struct edge *e, int channel, const char *number_id)
{
	const struct settings *s = e->settings;
	const char *secret = s->channels[channel].whatsapp.app_secret;

	for (int i = 0; i < s->channels_n; i++) {
		const struct channel_settings *c = &s->channels[i];

		if (c->kind == CHANNEL_WHATSAPP && strcmp(c->whatsapp.phone_number_id, number_id) == 0 &&
		    (i == channel || strcmp(c->whatsapp.app_secret, secret) == 0))
			return &e->whatsapp->number[i];
	}
	return NULL;
}

static void
on_trouble(struct wa_number *n, int code)
{
	enum wa_class c = wa_error_class(code, 0);

	metric_add(M_WA_ERRORS, 1);
	log_warn(0, "whatsapp error", "channel=%s code=%d class=%s", n->channel->name, code, wa_class_name(c));
	wa_number_trouble(n, c, code, -1);
}

static struct asked *
ask(struct webhook *h, const struct wa_item *it, struct wa_number *n)
{
	struct asked *a = xcalloc(1, sizeof *a), *before;
	struct edge *e = h->edge;

	a->hook = h;
	a->item = it;
	a->number = n;
	a->op = ++e->last_id;
	if (it->kind == WA_STATUS)
		str_format(a->key, sizeof a->key, "s%.190s",
		    it->status.id[0] != '\0' ? it->status.id : it->status.ours);
	else
		str_format(a->key, sizeof a->key, "p%.190s", it->in->phone[0] != '\0' ? it->in->phone : it->in->user);
	map_put_u64(e->whatsapp->asked, a->op, a);
	h->open++;
	before = map_put(e->whatsapp->last, a->key, strlen(a->key), a);
	if (before == NULL)
		return a;
	before->next = a;
	return NULL;
}

/* All are in their places before the first is begun: the service may answer at once. */
static void
hand_on(struct webhook *h, int channel)
{
	struct asked **first = xcalloc(h->said.n + 1, sizeof *first);
	static struct log_limit limit;
	unsigned held, strangers = 0;
	size_t n = 0;

	h->open = 1;
	for (size_t i = 0; i < h->said.n; i++) {
		const struct wa_item *it = &h->said.item[i];
		struct wa_number *number = number_of(h->edge, channel, it->number_id);
		struct asked *a = NULL;

		if (it->kind == WA_IGNORED)
			metric_add(M_WA_IGNORED, 1);
		else if (number == NULL)
			strangers++;
		else if (it->kind == WA_ERROR)
			on_trouble(number, it->code);
		else
			a = ask(h, it, number);
		if (a != NULL)
			first[n++] = a;
	}
	metric_add(M_WA_STRANGERS, strangers + h->said.unknown);
	if (strangers + h->said.unknown > 0 && !log_limited(&limit, &held))
		log_warn(0, "whatsapp not ours", "channel=%s other_numbers=%u unreachable_people=%u more=%u",
		    h->edge->settings->channels[channel].name, strangers, h->said.unknown, held);
	for (size_t i = 0; i < n; i++)
		start(first[i]);
	free(first);
	if (--h->open == 0)
		finish(h);
}

/* ---- what comes in ---- */

static int
channel_named(const struct settings *s, const char *name)
{
	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].kind == CHANNEL_WHATSAPP && strcmp(s->channels[i].name, name) == 0)
			return i;
	return -1;
}

static void
refuse(struct edge *e, uint64_t id, const struct http_req *req, int channel, int status, const char *words)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(M_WA_WEBHOOKS_REFUSED, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "whatsapp webhook refused", "channel=%s peer=%s status=%d more=%u",
		    e->settings->channels[channel].name, http_req_peer(req), status, held);
	answer(e, id, status, words);
}

/* Meta asks once, when the address is entered there: only who knows the word gets its challenge back. */
static void
verify(struct edge *e, uint64_t id, const struct http_req *req, int channel)
{
	const char *word = e->settings->channels[channel].whatsapp.verify_token;
	const char *mode = http_req_query(req, "hub.mode"), *theirs = http_req_query(req, "hub.verify_token");
	const char *challenge = http_req_query(req, "hub.challenge");
	size_t n = strlen(word);

	if (mode != NULL && strcmp(mode, "subscribe") == 0 && challenge != NULL && theirs != NULL &&
	    strlen(theirs) == n && str_equal_secret(theirs, word, n))
		answer(e, id, 200, challenge);
	else
		refuse(e, id, req, channel, 403, "The verify token is another one\n");
}

static void
take(struct edge *e, uint64_t id, const struct http_req *req, int channel)
{
	const struct channel_settings *c = &e->settings->channels[channel];
	struct webhook *h;
	size_t len;
	const char *body = http_req_body(req, &len);
	int retry_s;

	if (len > (size_t)c->whatsapp.webhook_max) {
		refuse(e, id, req, channel, 413, "Too large; see whatsapp.webhook_max\n");
		return;
	}
	if (!wa_signature_good(http_req_header(req, WA_SIGNATURE_HEADER), c->whatsapp.app_secret, body, len)) {
		refuse(e, id, req, channel, 401, "The signature is not good\n");
		return;
	}
	/* Only what Meta sends counts, or anybody could use it up. */
	if (!edge_rate_allows(e, channel, NULL, &retry_s)) {
		edge_too_many(e, id, retry_s, NULL, "Too many webhooks at once\n");
		return;
	}
	h = xcalloc(1, sizeof *h);
	h->edge = e;
	h->http = id;
	if (!wa_webhook_read(body, len, e->settings->tenants[c->tenant].country, &h->said)) {
		free(h);
		refuse(e, id, req, channel, 400, "No webhook of WhatsApp\n");
		return;
	}
	hand_on(h, channel);
}

bool
whatsapp_http(struct edge *e, uint64_t id, const struct http_req *req)
{
	const char *path = http_req_path(req), *method = http_req_method(req);
	int channel;

	if (!str_starts(path, ROOT) || (channel = channel_named(e->settings, path + strlen(ROOT))) < 0)
		return false;
	if (strcmp(method, "GET") == 0)
		verify(e, id, req, channel);
	else if (strcmp(method, "POST") != 0)
		refuse(e, id, req, channel, 405, "GET and POST only\n");
	else if (e->gw == NULL)
		answer(e, id, 503, "Starting or stopping; send it again\n");
	else
		take(e, id, req, channel);
	return true;
}

/* ---- the end ---- */

static void
forget(void *arg, const void *key, size_t n, void *value)
{
	struct asked *a = value;

	(void)arg;
	(void)key;
	(void)n;
	if (--a->hook->open == 0) {
		wa_webhook_clear(&a->hook->said);
		free(a->hook);
	}
	free(a);
}

void
whatsapp_forget_asked(struct edge *e)
{
	map_each(e->whatsapp->asked, forget, NULL);
}
