/* SPDX-License-Identifier: Apache-2.0 */
#include "wallet/wallet_send.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define AUTHORIZATION "Authorization: "

void
wallet_send(struct http_client *http, const struct tenant_settings *tenant,
    struct wallet_http *w, const char *authorization, int64_t timeout_ms,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg)
{
	char url[sizeof tenant->wallet.url + sizeof w->path];
	char header[sizeof AUTHORIZATION + WALLET_JWT];
	const char *base = tenant->wallet.url;
	size_t len = strlen(base);
	struct http_out out = { .method = w->method, .url = url, .timeout_ms = timeout_ms,
		.body = w->body.p, .len = w->body.len };
	int n = 0;

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (!str_format(url, sizeof url, "%.*s%s", (int)len, base, w->path) ||
	    !str_format(header, sizeof header, AUTHORIZATION "%s", authorization))
		fatalx("wallet: url or header does not fit");
	out.headers[n++] = "Accept: application/json";
	if (w->body.len > 0)
		out.headers[n++] = "Content-Type: application/json";
	if (*authorization != '\0')
		out.headers[n++] = header;
	http_client_request(http, &out, 0, done, arg);
	mem_wipe(header, sizeof header);
	buf_clear(&w->body);
}
