/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SMS providers send us: /sms/NAME/receipt, /sms/NAME/inbound and /sms/NAME/optout. Who it is, is checked before
 * anything is read: a signature where the provider signs, else the channel's key (in the URL, or as a bearer, or as the
 * password of basic) and its addresses. Answered as the provider wants it once all that a request held is stored; 503
 * else, and it comes again. What it says is neither logged nor kept here.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/cidr.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/phone.h"
#include "core/sms_provider.h"

#define ROOT "/sms/"
#define WAITING_MAX 1024		/* receipts and SMS that wait to be stored, of all channels */

struct sms_batch {			/* what one request held; ours until all of it is stored */
	struct edge *edge;
	uint64_t id, http;
	int channel;
	unsigned left;
	bool failed;
};

static const struct {
	const char *path;
	enum sms_way way;
} ways[] = { { "/receipt", SMS_WAY_RECEIPT }, { "/inbound", SMS_WAY_INBOUND }, { "/optout", SMS_WAY_OPT_OUT } };

static void
refuse(struct edge *e, uint64_t id, int status, const char *words)
{
	metric_add(M_SMS_CALLBACKS_REFUSED, 1);
	http_answer(e->http, id, status, NULL, words, strlen(words));
}

/* ---- who it is ---- */

static bool
is_secret(const char *given, const char *secret)
{
	size_t n = strlen(secret);

	return given != NULL && strlen(given) == n && str_equal_secret(given, secret, n);
}

/* "Basic base64(anybody:KEY)" */
static bool
basic_has_key(const char *coded, const char *key)
{
	unsigned char plain[400];
	const char *colon;
	size_t n;
	bool good;

	if (sodium_base642bin(plain, sizeof plain - 1, coded, strlen(coded), NULL, &n, NULL,
	    sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	plain[n] = '\0';
	colon = strchr((const char *)plain, ':');
	good = colon != NULL && is_secret(colon + 1, key);
	mem_wipe(plain, sizeof plain);
	return good;
}

static bool
has_key(const struct http_req *req, const char *key)
{
	const char *header = http_req_header(req, "Authorization");

	if (header != NULL && strncasecmp(header, "Bearer ", 7) == 0)
		return is_secret(header + 7, key);
	if (header != NULL && strncasecmp(header, "Basic ", 6) == 0)
		return basic_has_key(header + 6, key);
	return is_secret(http_req_query(req, "key"), key);
}

static bool
from_allowed(const struct channel_settings *c, const char *peer)
{
	for (int i = 0; i < c->from_n; i++)
		if (cidr_matches(c->from[i], peer))
			return true;
	return c->from_n == 0;
}

/* NULL: it is the provider; else what is wrong. */
static const char *
why_not(const struct edge *e, const struct channel_settings *c, const struct http_req *req, const struct sms_heard *h)
{
	bool signs = (sms_provider_row(c->provider)->needs & SMS_SIGNS) != 0;

	if (!from_allowed(c, http_req_peer(req)))
		return "address";
	if (c->key[0] != '\0' && !has_key(req, c->key))
		return "key";
	if (signs && !sms_provider_signed(c->provider, c->secret, e->settings->public_url, h))
		return "signature";
	/* The rules of the configuration see to it that one of them is there. */
	return signs || c->key[0] != '\0' || c->from_n > 0 ? NULL : "nothing to tell it by";
}

/* ---- what it holds ---- */

static void
answer(struct sms_batch *b)
{
	struct edge *e = b->edge;
	const struct sms_provider_row *row = sms_provider_row(e->settings->channels[b->channel].provider);
	const char *reply = row->reply != NULL ? row->reply : "";
	static const char again[] = "Not stored; send it again.\n";

	if (b->failed)
		http_answer(e->http, b->http, 503, NULL, again, sizeof again - 1);
	else
		http_answer(e->http, b->http, 200, row->reply_type, reply, strlen(reply));
	map_remove_u64(e->batches, b->id);
	free(b);
}

static void
one_less(struct sms_batch *b, bool stored)
{
	b->failed = b->failed || !stored;
	if (--b->left == 0)
		answer(b);
}

void
sms_http_stored(struct edge *e, const struct way_back *w, enum receipt_end end)
{
	struct sms_batch *b = map_get_u64(e->batches, w->http);

	if (b != NULL)
		one_less(b, end != RECEIPT_NOT_STORED);
}

static uint64_t
wait_for(struct sms_batch *b)
{
	struct way_back w = { .bind = -1, .link = b->channel, .http = b->id };

	b->left++;
	return edge_remember(b->edge, b->edge->receipts, &w);
}

static void
drop(struct sms_batch *b, enum metric counter, const char *why)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(counter, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "sms dropped", "channel=%s why=\"%s\" more=%u",
		    b->edge->settings->channels[b->channel].name, why, held);
}

static void
take_opt_out(struct sms_batch *b, const char *phone)
{
	const struct settings *s = b->edge->settings;
	struct inbound_in in = { .channel = b->channel, .number = "", .opt_out = true };

	if (phone == NULL || !phone_parse(phone, sms_country(s, &s->channels[b->channel]), in.from)) {
		drop(b, M_INBOUND_UNANSWERABLE, "an opt-out of no phone");
		return;
	}
	metric_add(M_SMS_HTTP_OPT_OUTS, 1);
	gateway_inbound(b->edge->gw, loop_wall(b->edge->loop), &in, wait_for(b));
}

/* Some do not say what was written to: then it is the first number of the channel. */
static const char *
number_of(const struct channel_settings *c, const char *to)
{
	if (to != NULL && to[0] != '\0')
		return to;
	return phone_is_number(c->sender) ? c->sender : c->inbound_n > 0 ? c->inbound[0] : "";
}

/* The provider's id tells two equal texts apart; which number stands for it does not matter. */
static unsigned
reference_of(const char *id)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	if (id == NULL || id[0] == '\0')
		return 0;
	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return hash != 0 ? hash : 1;
}

static void
take_inbound(struct sms_batch *b, const struct sms_event *ev)
{
	const struct settings *s = b->edge->settings;
	const struct channel_settings *c = &s->channels[b->channel];
	struct inbound_in in = { .channel = b->channel, .number = number_of(c, ev->to),
		.reference = reference_of(ev->id), .part = { .charset = CHARSET_UTF8,
		.octets = (const unsigned char *)ev->text, .len = strlen(ev->text) } };

	if (!sms_has_number(s, c, in.number))
		drop(b, M_INBOUND_UNKNOWN, "the channel has not the number written to");
	else if (!phone_parse(ev->phone, sms_country(s, c), in.from) || sms_is_ours(s, in.from))
		drop(b, M_INBOUND_UNANSWERABLE, "not from a phone");
	else
		gateway_inbound(b->edge->gw, loop_wall(b->edge->loop), &in, wait_for(b));
}

static void
on_event(void *arg, const struct sms_event *ev)
{
	struct sms_batch *b = arg;
	struct edge *e = b->edge;

	switch (ev->kind) {
	case SMS_EVENT_RECEIPT:
		/* Its lane (service/lane.h): the places of the binds come first. */
		gateway_receipt(e->gw, loop_wall(e->loop), e->settings->binds_n + b->channel, &ev->receipt, wait_for(b));
		if (ev->stopped)
			take_opt_out(b, ev->phone);
		break;
	case SMS_EVENT_INBOUND:
		take_inbound(b, ev);
		break;
	case SMS_EVENT_OPT_OUT:
		take_opt_out(b, ev->phone);
		break;
	}
}

static void
take(struct edge *e, uint64_t id, int channel, enum sms_way way, const struct sms_heard *h)
{
	static struct log_limit limit;
	const struct channel_settings *c = &e->settings->channels[channel];
	struct sms_batch *b = xcalloc(1, sizeof *b);
	unsigned held;

	metric_add(M_SMS_CALLBACKS, 1);
	*b = (struct sms_batch){ .edge = e, .id = ++e->last_id, .http = id, .channel = channel, .left = 1 };
	map_put_u64(e->batches, b->id, b);
	/* Its own place keeps it until all is handed over: some is stored before the call returns. */
	if (sms_provider_read(c->provider, way, h, on_event, b)) {
		one_less(b, true);
		return;
	}
	metric_add(M_SMS_CALLBACKS_ODD, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "sms callback unreadable", "channel=%s provider=%s octets=%zu more=%u", c->name,
		    sms_provider_words[c->provider], h->len, held);
	if (b->left > 1) {
		/* More than are read of one request: what was is stored, and all of it comes again. */
		one_less(b, false);
		return;
	}
	map_remove_u64(e->batches, b->id);
	free(b);
	refuse(e, id, 400, "This is not what the channel's provider sends here; look at the path.\n");
}

/* ---- the path ---- */

static int
channel_of(const struct edge *e, const char *path, enum sms_way *way)
{
	const char *slash = strchr(path, '/');

	for (size_t k = 0; slash != NULL && k < NELEM(ways); k++)
		for (int i = 0; strcmp(slash, ways[k].path) == 0 && i < e->settings->channels_n; i++) {
			const struct channel_settings *c = &e->settings->channels[i];

			if (c->kind == CHANNEL_SMS_HTTP && strlen(c->name) == (size_t)(slash - path) &&
			    str_starts(path, c->name)) {
				*way = ways[k].way;
				return i;
			}
		}
	return -1;
}

static void
not_theirs(struct edge *e, uint64_t id, const struct channel_settings *c, const struct http_req *req, const char *why)
{
	static struct log_limit limit;
	unsigned held;

	if (!log_limited(&limit, &held))
		log_warn(0, "sms callback refused", "channel=%s peer=%s why=%s more=%u", c->name, http_req_peer(req), why,
		    held);
	refuse(e, id, 403, "This is not known to come from the channel's provider.\n");
}

bool
sms_http_in(struct edge *e, uint64_t id, const struct http_req *req)
{
	const char *path = http_req_path(req), *method = http_req_method(req), *why;
	struct sms_heard h = { .target = http_req_target(req) };
	const struct channel_settings *c;
	enum sms_way way;
	int channel, retry_s;

	if (!str_starts(path, ROOT) || (channel = channel_of(e, path + strlen(ROOT), &way)) < 0)
		return false;
	c = &e->settings->channels[channel];
	h.body = http_req_body(req, &h.len);
	if (sms_provider_row(c->provider)->signature_header != NULL)
		h.signature = http_req_header(req, sms_provider_row(c->provider)->signature_header);
	if ((why = why_not(e, c, req, &h)) != NULL)
		not_theirs(e, id, c, req, why);
	else if (strcmp(method, "POST") != 0 && strcmp(method, "GET") != 0)
		refuse(e, id, 405, "GET or POST.\n");
	/* Of nobody's phone: one request may hold messages of many. */
	else if (!edge_rate_allows(e, channel, NULL, &retry_s))
		edge_too_many(e, id, retry_s, NULL, "Too many requests.\n");
	else if (e->gw == NULL || map_count(e->receipts) >= WAITING_MAX) {
		metric_add(M_INBOUND_LATER, 1);
		http_answer(e->http, id, 503, NULL, NULL, 0);
	} else
		take(e, id, channel, way, &h);
	return true;
}
