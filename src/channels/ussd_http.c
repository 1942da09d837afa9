/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over HTTP: which channel a request is for (/ussd/NAME, and what its dialect puts behind that), whether it may
 * use it (ussd_http_proof.c), the turn that it is, and the answer, by the deadline of the provider at the latest. What
 * the request means is its dialect's (dialect.h). Neither bodies nor queries are logged: they hold PINs and keys.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define PREFIX "/ussd/"

/* The channel that the path names; *rest gets what follows its name. */
static int
channel_named(const struct settings *s, const char *path, const char **rest)
{
	size_t n = strcspn(path, "/");

	*rest = path + n;
	for (int i = 0; i < s->channels_n; i++) {
		const struct channel_settings *c = &s->channels[i];

		if (c->kind == CHANNEL_USSD_HTTP && strlen(c->name) == n && strncmp(c->name, path, n) == 0)
			return i;
	}
	return -1;
}

static struct dialect_site
site_of(const struct edge *e, int channel)
{
	const struct channel_settings *c = &e->settings->channels[channel];

	return (struct dialect_site){ c, e->settings->tenants[c->tenant].country, e->settings->public_url };
}

/* ---- those who are not served ---- */

static void
refuse(struct edge *e, uint64_t id, int status, const char *why)
{
	metric_add(M_HTTP_REFUSED, 1);
	http_answer(e->http, id, status, NULL, why, strlen(why));
}

static void
refuse_proof(struct edge *e, uint64_t id, const struct channel_settings *c, const struct http_req *req,
    unsigned lacking)
{
	static struct log_limit limit;
	unsigned held;
	bool here = (lacking & (PROOF_ADDRESS | PROOF_KEY)) == 0;

	metric_add(M_USSD_HTTP_UNPROVEN, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "ussd request refused", "channel=%s peer=%s why=\"%s\" more=%u", c->name,
		    http_req_peer(req), http_proof_name(lacking), held);
	refuse(e, id, here ? 401 : 403, here ? "The proof of who calls is missing or wrong.\n" :
	    "This address or key may not use this channel.\n");
}

/* The dialect's own words where it has some, else ours. */
static void
refuse_request(struct edge *e, uint64_t id, const struct channel_settings *c, const char *problem)
{
	static struct log_limit limit;
	const struct dialect *d = dialect_of(c);
	struct buf b = { 0 };
	unsigned held;

	metric_add(M_USSD_HTTP_BAD, 1);
	if (!log_limited(&limit, &held))
		log_warn(0, "ussd request bad", "channel=%s why=\"%s\" more=%u", c->name, problem, held);
	if (d->complain == NULL) {
		buf_addf(&b, "%s\n", problem);
		refuse(e, id, 400, buf_str(&b));
	} else {
		metric_add(M_HTTP_REFUSED, 1);
		d->complain(problem, &b);
		http_answer(e->http, id, 200, d->type, b.p, b.len);
	}
	buf_clear(&b);
}

/* ---- the answer ---- */

void
ussd_http_answer(struct edge *e, const struct way_back *w, const struct reply *r)
{
	struct dialect_site site = site_of(e, w->link);
	const struct dialect *d = dialect_of(site.channel);
	struct buf b = { 0 };

	d->write(&site, &w->dialect, r, &b);
	http_answer(e->http, w->http, 200, d->type, b.p, b.len);
	buf_clear(&b);
}

/*
 * The provider gives the customer up now: better that he is told by us. What the turn is about goes on, and what it had
 * to say is dropped when it comes (edge_reply); whether money moved is not known here.
 */
static void
on_late(void *arg)
{
	struct way_back *w = arg;
	struct edge *e = w->edge;
	struct reply r = { "Sorry, please dial again.", true };

	if (e->gw != NULL)
		r.text = gateway_text(e->gw, e->settings->channels[w->link].tenant, "error.session_lost");
	metric_add(M_USSD_HTTP_LATE, 1);
	w->answered = true;
	ussd_http_answer(e, w, &r);
}

static void
await(struct edge *e, uint64_t turn)
{
	struct way_back *w = map_get_u64(e->turns, turn);
	const struct channel_settings *c = &e->settings->channels[w->link];

	timer_init(&w->late, e->loop, on_late, w);
	timer_arm(&w->late, http_dialect_patience(c->dialect, c->answer_ms));
}

/* ---- a request ---- */

static void
acknowledge(struct edge *e, uint64_t id, const struct dialect_site *site, const struct dialect_in *in)
{
	const struct dialect *d = dialect_of(site->channel);
	struct buf b = { 0 };

	if (d->acknowledge != NULL)
		d->acknowledge(site, &in->way, &b);
	http_answer(e->http, id, 200, d->type, buf_str(&b), b.len);
	buf_clear(&b);
}

/* A turn of the service; what only ends a dialogue is acknowledged before it is over. */
static void
take_turn(struct edge *e, uint64_t id, const struct dialect_site *site, struct dialect_in *in)
{
	struct way_back w = { .bind = -1, .link = in->turn.channel, .http = id, .dialect = in->way };
	bool nameless = dialect_of(site->channel)->end_without_phone;
	int retry_s;

	if (in->turn.phone[0] == '\0' && !ussd_whose_take(e, &in->turn)) {
		acknowledge(e, id, site, in);
		return;
	}
	if (!edge_rate_allows(e, in->turn.channel, in->turn.phone, &retry_s)) {
		edge_too_many(e, id, retry_s, NULL, "Too many requests.\n");
		return;
	}
	if (in->turn.kind == TURN_ABORT) {
		acknowledge(e, id, site, in);
	} else {
		in->turn.turn = edge_remember(e, e->turns, &w);
		await(e, in->turn.turn);
		if (nameless)
			ussd_whose_set(e, &in->turn);
	}
	gateway_turn(e->gw, loop_wall(e->loop), &in->turn);
}

static void
take(struct edge *e, uint64_t id, int channel, struct dialect_req *req)
{
	struct dialect_in in = { .turn = { .channel = channel } };
	json_t *body;

	switch (dialect_read(dialect_of(req->site.channel), req, &in, &body)) {
	case DIALECT_TURN:
	case DIALECT_OVER:
		take_turn(e, id, &req->site, &in);
		break;
	case DIALECT_NOTED:
		acknowledge(e, id, &req->site, &in);
		break;
	case DIALECT_BAD:
		refuse_request(e, id, req->site.channel, in.problem);
		break;
	case DIALECT_NO_PATH:
		refuse(e, id, 404, "This channel has no such path.\n");
		break;
	case DIALECT_NO_METHOD:
		refuse(e, id, 405, "The dialect of this channel does not use this method.\n");
		break;
	}
	json_decref(body);
	mem_wipe(&in, sizeof in);
}

bool
ussd_http(struct edge *e, uint64_t id, const struct http_req *http)
{
	const char *path = http_req_path(http);
	struct dialect_req req = { .http = http };
	unsigned lacking;
	int channel;

	if (!str_starts(path, PREFIX))
		return false;
	if ((channel = channel_named(e->settings, path + strlen(PREFIX), &req.rest)) < 0)
		return false;
	req.site = site_of(e, channel);
	if ((lacking = http_proof_lacking(req.site.channel, http)) != 0)
		refuse_proof(e, id, req.site.channel, http, lacking);
	else if (e->gw == NULL)
		refuse(e, id, 503, "Starting or stopping; try again.\n");
	else
		take(e, id, channel, &req);
	return true;
}
