/* SPDX-License-Identifier: Apache-2.0 */
#include "channels/integrator_tell.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "core/callback.h"
#include "io/http_client.h"

#define ANSWER_OCTETS 65536	/* nobody reads it; one that is longer counts as none */
#define WAITING_MAX 4000	/* beyond what the service lets out at once */

struct integrator_tells {
	struct http_client *http;
	const struct settings *settings;
	void (*told)(void *arg, uint64_t op, bool heard);
	void *arg;
};

struct telling {			/* freed when it has ended */
	struct integrator_tells *tells;
	const struct integrator_settings *who;
	char host[256];
};

static bool
allowed(void *arg, const char *address)
{
	const struct telling *t = arg;

	return callback_address_allowed(t->who, t->host, address);
}

static void
on_done(void *arg, uint64_t op, const struct http_result *r)
{
	struct telling *t = arg;
	struct integrator_tells *tells = t->tells;
	bool heard = r->end == HTTP_ANSWERED && r->status < 300;

	if (!heard)
		log_info(op, "integrator not told", "integrator=%s status=%d why=\"%s\"", t->who->name, r->status,
		    r->why);
	if (strcmp(r->why, HTTP_WHY_FORBIDDEN) == 0)
		metric_add(M_TELLS_FORBIDDEN, 1);
	free(t);
	tells->told(tells->arg, op, heard);
}

void
integrator_tell(struct integrator_tells *tells, uint64_t op, const struct tell_req *req)
{
	struct telling *t = xcalloc(1, sizeof *t);
	struct http_out out = { .method = "POST", .url = req->url, .body = req->body, .len = strlen(req->body),
		.headers = { "Content-Type: application/json", req->headers[0], req->headers[1] },
		.timeout_ms = req->timeout_ms, .allow = allowed };

	t->tells = tells;
	t->who = &tells->settings->tenants[req->tenant].integrators[req->integrator];
	if (!callback_url_host(req->url, t->host, sizeof t->host))
		t->host[0] = '\0';
	http_client_request(tells->http, &out, op, on_done, t);
}

struct integrator_tells *
integrator_tells_new(struct loop *l, const struct settings *s, void (*told)(void *arg, uint64_t op, bool heard),
    void *arg)
{
	struct integrator_tells *t = xcalloc(1, sizeof *t);
	struct http_client_options o = { .connections = s->callback_connections, .waiting = WAITING_MAX,
		.answer_max = ANSWER_OCTETS };

	t->settings = s;
	t->told = told;
	t->arg = arg;
	t->http = http_client_new(l, &o);
	return t;
}

void
integrator_tells_free(struct integrator_tells *t)
{
	if (t == NULL)
		return;
	http_client_free(t->http);
	free(t);
}
