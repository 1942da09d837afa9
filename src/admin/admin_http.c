/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin_http.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "io/http_server.h"
#include "io/loop.h"

struct admin {
	struct admin_options options;
	struct http_server *http;
};

static void
answer(struct admin *a, uint64_t id, int status, const char *type, struct buf *b)
{
	http_answer(a->http, id, status, type, buf_str(b), b->len);
}

static void
metrics(struct admin *a, uint64_t id)
{
	struct buf b = { 0 };

	for (int m = 0; m < METRIC_COUNT; m++) {
		enum metric row = (enum metric)m;

		buf_addf(&b, "# HELP %s %s.\n# TYPE %s %s\n%s %" PRId64 "\n", metric_name(row), metric_help(row),
		    metric_name(row), metric_type(row), metric_name(row), metric_get(row));
	}
	answer(a, id, 200, "text/plain; version=0.0.4", &b);
	buf_clear(&b);
}

static void
healthz(struct admin *a, uint64_t id)
{
	struct buf b = { 0 };

	buf_add_str(&b, "ok\n");
	answer(a, id, 200, NULL, &b);
	buf_clear(&b);
}

static void
readyz(struct admin *a, uint64_t id)
{
	struct buf b = { 0 };
	bool ready = a->options.ready(a->options.arg, &b);

	if (ready)
		buf_add_str(&b, "ready\n");
	answer(a, id, ready ? 200 : 503, NULL, &b);
	buf_clear(&b);
}

static const struct {
	const char *path;
	void (*page)(struct admin *a, uint64_t id);
} pages[] = {
	{ "/metrics", metrics }, { "/healthz", healthz }, { "/readyz", readyz },
};

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct admin *a = arg;
	struct buf b = { 0 };

	for (size_t i = 0; i < NELEM(pages); i++)
		if (strcmp(pages[i].path, http_req_path(req)) == 0) {
			if (strcmp(http_req_method(req), "GET") == 0) {
				pages[i].page(a, id);
				return;
			}
			buf_add_str(&b, "GET only.\n");
			answer(a, id, 405, NULL, &b);
			buf_clear(&b);
			return;
		}
	buf_add_str(&b, "Pages here: /metrics /healthz /readyz\n");
	answer(a, id, 404, NULL, &b);
	buf_clear(&b);
}

struct admin *
admin_new(struct loop *l, const struct admin_options *o, char *err, size_t err_size)
{
	struct admin *a = xcalloc(1, sizeof *a);
	struct http_server_options http = {
		.name = "admin", .address = o->address, .connections = 64, .body_max = 4096,
		.header_max = 8192, .arrive_s = 5, .idle_s = 30, .answer_s = 10, .handler = on_request, .arg = a,
	};

	a->options = *o;
	a->http = http_server_new(l, &http, err, err_size);
	if (a->http == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

void
admin_free(struct admin *a)
{
	if (a == NULL)
		return;
	http_server_free(a->http);
	free(a);
}

int
admin_port(const struct admin *a)
{
	return http_server_port(a->http);
}
