/* SPDX-License-Identifier: Apache-2.0 */
#include "wallet/documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/callback.h"
#include "core/wa_media.h"
#include "io/http_client.h"
#include "io/http_pipe.h"
#include "io/loop.h"
#include "wallet/wallet_client.h"
#include "wallet/wallet_send.h"

#define LOOK_MS 10000		/* for where it is */
#define ANSWER_OCTETS 65536
#define MB INT64_C(1048576)
#define BEARER "Authorization: Bearer "

struct documents {
	struct loop *loop;
	const struct settings *settings;
	struct http_client *http;
	struct http_pipes *pipes;
	struct integrator_settings allowed;	/* documents.hosts, in the form that core/callback.h judges by */
};

struct carrying {			/* freed when it has ended */
	struct documents *documents;
	struct wallet_client *client;
	uint64_t op;
	struct document_req req;
	int64_t until;			/* loop_now() */
	int64_t max;			/* octets that it may have */
	char host[256];
	char bearer[sizeof BEARER + sizeof ((struct whatsapp_settings *)0)->token];
	struct deferred refused;
	enum document_end end;		/* of what is refused */
	void (*done)(void *arg, uint64_t op, const struct document_answer *a);
	void *arg;
};

/* ---- its end ---- */

static void
finish(struct carrying *c, const struct document_answer *a)
{
	static const enum metric metric[] = { [DOCUMENT_TAKEN] = M_DOCUMENTS_TAKEN,
		[DOCUMENT_REFUSED] = M_DOCUMENTS_REFUSED, [DOCUMENT_UNFIT] = M_DOCUMENTS_REFUSED,
		[DOCUMENT_TOO_LONG] = M_DOCUMENTS_TOO_LONG, [DOCUMENT_LOST] = M_DOCUMENTS_LOST,
		[DOCUMENT_FAILED] = M_DOCUMENTS_FAILED };

	metric_add(metric[a->end], 1);
	c->done(c->arg, c->op, a);
	mem_wipe(c, sizeof *c);
	free(c);
}

static void
end(struct carrying *c, enum document_end how)
{
	finish(c, &(struct document_answer){ .end = how });
}

static void
on_refused(void *arg)
{
	struct carrying *c = arg;

	end(c, c->end);
}

static void
refuse(struct carrying *c, enum document_end how)
{
	c->end = how;
	loop_defer(c->documents->loop, &c->refused, on_refused, c);
}

/* ---- into the core's call ---- */

static void
on_carried(void *arg, uint64_t id, const struct wallet_answer *w)
{
	struct carrying *c = arg;
	struct document_answer a = { .end = DOCUMENT_FAILED };

	(void)id;
	if (w->end == WALLET_DONE)
		a.end = DOCUMENT_TAKEN;
	else if (w->document == DOCUMENT_GONE)
		a.end = DOCUMENT_LOST;
	else if (w->document == DOCUMENT_TOO_BIG)
		a.end = DOCUMENT_TOO_LONG;
	else if (w->end == WALLET_REFUSED)
		a.end = DOCUMENT_REFUSED;
	if (w->document == DOCUMENT_WRONG)
		metric_add(M_DOCUMENTS_WRONG, 1);
	str_copy(a.code, sizeof a.code, w->code);
	str_copy(a.about, sizeof a.about, w->about);
	finish(c, &a);
}

static bool
is_allowed(void *arg, const char *address)
{
	struct carrying *c = arg;

	if (callback_address_allowed(&c->documents->allowed, c->host, address))
		return true;
	metric_add(M_DOCUMENTS_FORBIDDEN, 1);
	return false;
}

static void
carry(struct carrying *c, const struct wa_media *m)
{
	struct wallet_req q = { .op = WALLET_DOCUMENT, .customer_id = c->req.customer_id, .who = c->req.who };
	struct wallet_source from = { .from = { .url = m->url, .headers = { c->bearer }, .allow = is_allowed,
	    .allow_arg = c }, .octets = m->octets, .max = c->max };

	str_copy(q.type, sizeof q.type, kyc_document_word(c->req.document));
	str_copyn(q.media_type, sizeof q.media_type, m->type, strcspn(m->type, "; "));
	from.has_sha256 = m->sha256[0] != '\0' &&
	    str_unhex(m->sha256, strlen(m->sha256), from.sha256, sizeof from.sha256);
	wallet_client_document(c->client, c->documents->pipes, c->op, &q, &from,
	    c->until - loop_now(c->documents->loop), on_carried, c);
}

/* ---- where it is ---- */

/* What the message itself said of it counts too. */
static bool
same_hash(const struct carrying *c, const struct wa_media *m)
{
	const char *said = c->req.media.sha256;

	return said[0] == '\0' || m->sha256[0] == '\0' || strcmp(said, m->sha256) == 0;
}

static bool
may_lead(struct carrying *c, const struct wa_media *m)
{
	char problem[128];

	if (callback_url_fits(m->url, &c->documents->allowed, problem, sizeof problem) &&
	    callback_url_host(m->url, c->host, sizeof c->host))
		return true;
	metric_add(M_DOCUMENTS_FORBIDDEN, 1);
	log_warn(c->op, "document", "channel=%s why=\"it lies where it may not be fetched from: documents.hosts\"",
	    c->documents->settings->channels[c->req.channel].name);
	return false;
}

static void
on_found(struct carrying *c, struct wa_media *m)
{
	if (m->sha256[0] == '\0')
		str_copy(m->sha256, sizeof m->sha256, c->req.media.sha256);
	if (!kyc_media(c->req.document, m->type, c->documents->settings->document_file_max_mb * MB, &c->max))
		end(c, DOCUMENT_UNFIT);
	else if (m->octets > c->max)
		end(c, DOCUMENT_TOO_LONG);
	else if (!same_hash(c, m)) {
		metric_add(M_DOCUMENTS_WRONG, 1);
		end(c, DOCUMENT_FAILED);
	} else if (!may_lead(c, m))
		end(c, DOCUMENT_FAILED);
	else
		carry(c, m);
}

static void
on_looked(void *arg, uint64_t op, const struct http_result *r)
{
	struct carrying *c = arg;
	struct wa_media *m = xcalloc(1, sizeof *m);

	if (r->end == HTTP_ANSWERED && r->status == 200 && wa_media_parse(r->body, r->len, m)) {
		on_found(c, m);
	} else {
		bool gone = r->end == HTTP_ANSWERED && wa_media_is_gone(r->status, r->body, r->len);

		log_info(op, "document", "looked_up=no status=%d why=\"%s\"", r->status, r->why);
		end(c, gone ? DOCUMENT_LOST : DOCUMENT_FAILED);
	}
	mem_wipe(m, sizeof *m);
	free(m);
}

/* An id becomes part of a path. */
static bool
is_id(const char *s)
{
	static const char fine[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";

	return *s != '\0' && strspn(s, fine) == strlen(s);
}

static void
look(struct carrying *c, int64_t timeout_ms)
{
	const struct whatsapp_settings *w = &c->documents->settings->channels[c->req.channel].whatsapp;
	char url[sizeof w->api_url + CHAT_MEDIA_ID + 1];
	struct http_out out = { .method = "GET", .url = url, .headers = { "Accept: application/json", c->bearer },
		.timeout_ms = timeout_ms < LOOK_MS ? timeout_ms : LOOK_MS };

	if (!str_format(url, sizeof url, "%s/%s", w->api_url, c->req.media.id) ||
	    !str_format(c->bearer, sizeof c->bearer, BEARER "%s", w->token))
		fatalx("document: url or header does not fit");
	http_client_request(c->documents->http, &out, c->op, on_looked, c);
}

void
documents_carry(struct documents *d, struct wallet_client *client, uint64_t op, const struct document_req *req,
    int64_t timeout_ms, void (*done)(void *arg, uint64_t op, const struct document_answer *a), void *arg)
{
	struct carrying *c = xcalloc(1, sizeof *c);
	int64_t max;

	c->documents = d;
	c->client = client;
	c->op = op;
	c->req = *req;
	c->until = loop_now(d->loop) + timeout_ms;
	c->done = done;
	c->arg = arg;
	/* What it is to be by the message is enough to refuse it, not to take it. */
	if (req->media.type[0] != '\0' && !kyc_media(req->document, req->media.type, 0, &max))
		refuse(c, DOCUMENT_UNFIT);
	else if (!d->settings->channels[req->channel].has_whatsapp || !is_id(req->media.id))
		refuse(c, DOCUMENT_FAILED);
	else
		look(c, timeout_ms);
}

struct documents *
documents_new(struct loop *l, const struct settings *s)
{
	struct documents *d = xcalloc(1, sizeof *d);
	struct http_client_options h = { .connections = s->documents_at_once, .waiting = s->documents_at_once * 4,
		.answer_max = ANSWER_OCTETS };
	struct http_pipes_options p = { .at_once = s->documents_at_once, .answer_max = ANSWER_OCTETS };

	d->loop = l;
	d->settings = s;
	d->allowed.callback_allow_n = s->document_hosts_n;
	memcpy(d->allowed.callback_allow, s->document_hosts, sizeof d->allowed.callback_allow);
	d->http = http_client_new(l, &h);
	d->pipes = http_pipes_new(l, &p);
	return d;
}

void
documents_free(struct documents *d)
{
	if (d == NULL)
		return;
	http_client_free(d->http);
	http_pipes_free(d->pipes);
	free(d);
}
