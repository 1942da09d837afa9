/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wallet core calls back: POST /callbacks/TENANT/REFERENCE. The signature is checked on the raw body before
 * anything else reads it. What a good one leads to is the service's (gateway_hint); here nothing is believed.
 */
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/signature.h"
#include "io/loop.h"

#define ROOT "/callbacks/"
#define BODY_MAX 16384

static void
refuse(struct edge *e, uint64_t id, int status, const char *words)
{
	metric_add(M_CALLBACKS_REFUSED, 1);
	http_answer(e->http, id, status, NULL, words, strlen(words));
}

/* The tenant, by name, and where the reference begins; -1: nobody who is called back. */
static int
tenant_of(const struct edge *e, const char *path, const char **ref)
{
	const char *slash = strchr(path, '/');

	if (slash == NULL || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
		return -1;
	*ref = slash + 1;
	for (int i = 0; i < e->settings->tenants_n; i++) {
		const struct tenant_settings *t = &e->settings->tenants[i];

		if (strlen(t->name) == (size_t)(slash - path) && str_starts(path, t->name) &&
		    t->wallet.callback_key[0] != '\0')
			return i;
	}
	return -1;
}

static void
not_signed(struct edge *e, uint64_t id, const struct http_req *req, int tenant, enum signature_end end)
{
	static struct log_limit limit;
	unsigned held;

	if (!log_limited(&limit, &held))
		log_warn(0, "callback refused", "tenant=%s peer=%s signature=%s more=%u",
		    e->settings->tenants[tenant].name, http_req_peer(req), signature_end_name(end), held);
	refuse(e, id, 401, "The signature is not good\n");
}

static void
take(struct edge *e, uint64_t id, const struct http_req *req, struct hint_in *in)
{
	const struct wallet_settings *w = &e->settings->tenants[in->tenant].wallet;
	struct way_back back = { .bind = -1, .http = id };
	int64_t now = loop_wall(e->loop);
	enum signature_end end;

	in->body = http_req_body(req, &in->len);
	if (in->len > BODY_MAX) {
		refuse(e, id, 413, "Too large\n");
		return;
	}
	end = signature_check(http_req_header(req, SIGNATURE_HEADER), w->callback_key, in->body, in->len, now,
	    (int64_t)w->callback_window_s * 1000);
	if (end != SIGNATURE_GOOD) {
		not_signed(e, id, req, in->tenant, end);
		return;
	}
	in->call = edge_remember(e, e->calls, &back);
	gateway_hint(e->gw, now, in);
}

bool
callback_http(struct edge *e, uint64_t id, const struct http_req *req)
{
	const char *path = http_req_path(req);
	struct hint_in in = { 0 };

	if (!str_starts(path, ROOT))
		return false;
	in.tenant = tenant_of(e, path + strlen(ROOT), &in.ref);
	if (in.tenant < 0)
		refuse(e, id, 404, "Nobody is called back here\n");
	else if (strcmp(http_req_method(req), "POST") != 0)
		refuse(e, id, 405, "POST only\n");
	else if (e->gw == NULL)
		http_answer(e->http, id, 503, NULL, NULL, 0);
	else
		take(e, id, req, &in);
	return true;
}
