/* SPDX-License-Identifier: Apache-2.0 */
#include "wallet/wallet_send.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define AUTHORIZATION "Authorization: "

struct address {
	char url[sizeof ((struct tenant_settings *)0)->wallet.url + sizeof ((struct wallet_http *)0)->path];
	char authorization[sizeof AUTHORIZATION + WALLET_JWT];
};

static void
address_fill(struct address *a, const struct tenant_settings *tenant, const struct wallet_http *w,
    const char *authorization)
{
	const char *base = tenant->wallet.url;
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (!str_format(a->url, sizeof a->url, "%.*s%s", (int)len, base, w->path) ||
	    !str_format(a->authorization, sizeof a->authorization, AUTHORIZATION "%s", authorization))
		fatalx("wallet: url or header does not fit");
}

void
wallet_send(struct http_client *http, const struct tenant_settings *tenant,
    struct wallet_http *w, const char *authorization, int64_t timeout_ms,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg)
{
	struct address a;
	struct http_out out = { .method = w->method, .url = a.url, .timeout_ms = timeout_ms,
		.body = w->body.p, .len = w->body.len };
	int n = 0;

	address_fill(&a, tenant, w, authorization);
	out.headers[n++] = "Accept: application/json";
	if (w->body.len > 0)
		out.headers[n++] = "Content-Type: application/json";
	if (*authorization != '\0')
		out.headers[n++] = a.authorization;
	http_client_request(http, &out, 0, done, arg);
	mem_wipe(&a, sizeof a);
	buf_clear(&w->body);
}

struct wallet_carried *
wallet_carried_new(struct http_pipes *pipes, const struct wallet_source *source)
{
	struct wallet_carried *d = xcalloc(1, sizeof *d);

	d->pipes = pipes;
	d->source = *source;
	d->source.from.url = xstrdup(source->from.url);
	for (int i = 0; i < HTTP_PIPE_HEADERS && source->from.headers[i] != NULL; i++)
		d->source.from.headers[i] = xstrdup(source->from.headers[i]);
	return d;
}

void
wallet_carried_free(struct wallet_carried *d)
{
	struct http_pipe_side *from = &d->source.from;

	free((char *)from->url);
	for (int i = 0; i < HTTP_PIPE_HEADERS && from->headers[i] != NULL; i++) {
		mem_wipe((char *)from->headers[i], strlen(from->headers[i]));
		free((char *)from->headers[i]);
	}
	free(d);
}

void
wallet_send_document(const struct wallet_carried *d, const struct tenant_settings *tenant, struct wallet_http *w,
    const char *authorization, int64_t timeout_ms,
    void (*done)(void *arg, uint64_t op, const struct http_pipe_result *r), void *arg)
{
	const struct wallet_source *source = &d->source;
	struct address a;
	char suffix[WALLET_DOCUMENT_END + 1];
	struct http_pipe_out out = { .method = w->method, .from = source->from, .octets = source->octets,
		.max = source->max, .has_sha256 = source->has_sha256, .timeout_ms = timeout_ms, .suffix = suffix,
		.to = { .url = a.url, .headers = { "Accept: application/json", "Content-Type: application/json",
		    a.authorization } } };

	address_fill(&a, tenant, w, authorization);
	str_copy(suffix, sizeof suffix, w->body.p + w->body.len - WALLET_DOCUMENT_END);
	w->body.p[w->body.len - WALLET_DOCUMENT_END] = '\0';
	out.prefix = w->body.p;
	memcpy(out.sha256, source->sha256, sizeof out.sha256);
	http_pipe(d->pipes, &out, 0, done, arg);
	mem_wipe(&a, sizeof a);
	buf_clear(&w->body);
}
