/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over HTTP. A dialect reads a request into a turn and writes an answer; the table names them all. Africa's
 * Talking (protocols.md 3): form POST, the whole history in `text` (PIN included: never logged), CON or END in front
 * of the answer, a notification when the dialogue is over. It signs nothing: the key in the URL and the addresses are
 * what is checked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cidr.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define PREFIX "/ussd/"

struct dialect {
	const char *name;
	/* false: the request is not as it must be; `problem` says what. */
	bool (*read)(const struct http_req *req, const char *country, struct turn_in *in, const char **problem);
	const char *more, *end;		/* in front of an answer */
};

static bool
at_read(const struct http_req *req, const char *country, struct turn_in *in, const char **problem)
{
	const char *session = http_req_form(req, "sessionId"), *phone = http_req_form(req, "phoneNumber");
	const char *text = http_req_form(req, "text"), *status = http_req_form(req, "status");

	if (session == NULL || !str_copy(in->dialogue, sizeof in->dialogue, session) || session[0] == '\0')
		*problem = "sessionId is missing or too long";
	else if (phone == NULL || !phone_parse(phone, country, in->phone))
		*problem = "phoneNumber is missing or no phone number";
	else if (text == NULL && status == NULL)
		*problem = "text is missing";
	if (*problem != NULL)
		return false;
	in->service_code = http_req_form(req, "serviceCode");
	in->history = true;
	/* The event of the end: Success, Incomplete (the customer hung up) or Failed. */
	in->kind = text == NULL ? TURN_ABORT : text[0] == '\0' ? TURN_BEGIN : TURN_INPUT;
	in->text = text;
	return true;
}

static const struct dialect dialects[] = {
	{ "africastalking", at_read, "CON ", "END " },
};

static const struct dialect *
dialect_of(const struct channel_settings *c)
{
	for (size_t i = 0; i < NELEM(dialects); i++)
		if (strcmp(dialects[i].name, c->dialect) == 0)
			return &dialects[i];
	return NULL;
}

static int
channel_named(const struct settings *s, const char *name)
{
	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].kind == CHANNEL_USSD_HTTP && strcmp(s->channels[i].name, name) == 0)
			return i;
	return -1;
}

static void
refuse(struct edge *e, uint64_t id, int status, const char *why)
{
	metric_add(M_HTTP_REFUSED, 1);
	http_answer(e->http, id, status, NULL, why, strlen(why));
}

static bool
allowed_from(const struct channel_settings *c, const char *peer)
{
	for (int i = 0; i < c->from_n; i++)
		if (cidr_matches(c->from[i], peer))
			return true;
	return c->from_n == 0;
}

static bool
key_matches(const struct channel_settings *c, const char *key)
{
	size_t n = strlen(c->key);

	return n == 0 || (key != NULL && strlen(key) == n && str_equal_secret(key, c->key, n));
}

static void
take(struct edge *e, uint64_t id, int channel, const struct http_req *req)
{
	const struct channel_settings *c = &e->settings->channels[channel];
	const struct dialect *d = dialect_of(c);
	struct turn_in in = { .channel = channel };
	struct way_back w = { .bind = -1, .link = channel, .http = id };
	const char *problem = NULL;
	int retry_s;

	if (!d->read(req, e->settings->tenants[c->tenant].country, &in, &problem)) {
		log_info(0, "ussd request refused", "channel=%s why=\"%s\"", c->name, problem);
		refuse(e, id, 400, problem);
		return;
	}
	if (in.kind == TURN_ABORT) {
		http_answer(e->http, id, 200, NULL, "", 0);
		gateway_turn(e->gw, loop_wall(e->loop), &in);
		return;
	}
	if (!edge_rate_allows(e, channel, in.phone, &retry_s)) {
		edge_too_many(e, id, retry_s, NULL, "Too many requests.\n");
		return;
	}
	in.turn = edge_remember(e, e->turns, &w);
	gateway_turn(e->gw, loop_wall(e->loop), &in);
}

bool
ussd_http(struct edge *e, uint64_t id, const struct http_req *req)
{
	const char *path = http_req_path(req);
	static struct log_limit limit;
	const struct channel_settings *c;
	unsigned held;
	int channel;

	if (!str_starts(path, PREFIX))
		return false;
	if ((channel = channel_named(e->settings, path + strlen(PREFIX))) < 0)
		return false;
	c = &e->settings->channels[channel];
	if (!allowed_from(c, http_req_peer(req)) || !key_matches(c, http_req_query(req, "key"))) {
		if (!log_limited(&limit, &held))
			log_warn(0, "ussd request refused", "channel=%s peer=%s why=\"address or key\" more=%u",
			    c->name, http_req_peer(req), held);
		refuse(e, id, 403, "This address or key may not use this channel.\n");
	} else if (strcmp(http_req_method(req), "POST") != 0)
		refuse(e, id, 405, "POST only.\n");
	else if (e->gw == NULL)
		refuse(e, id, 503, "Starting or stopping; try again.\n");
	else
		take(e, id, channel, req);
	return true;
}

void
ussd_http_answer(struct edge *e, const struct way_back *w, const struct reply *r)
{
	const struct dialect *d = dialect_of(&e->settings->channels[w->link]);
	struct buf b = { 0 };

	buf_add_str(&b, r->end ? d->end : d->more);
	buf_add_str(&b, r->text);
	http_answer(e->http, w->http, 200, NULL, b.p, b.len);
	buf_clear(&b);
}
