/* SPDX-License-Identifier: Apache-2.0 */
/* Too many requests, as the doors of the edge ask and say it. */
#include <string.h>

#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

bool
edge_rate_allows(struct edge *e, int channel, const char *phone, int *retry_s)
{
	return rates_allow(e->rates, loop_now(e->loop), channel, phone, retry_s);
}

void
edge_too_many(struct edge *e, uint64_t id, int retry_s, const char *type, const char *body)
{
	char seconds[16];

	metric_add(M_HTTP_REFUSED, 1);
	if (str_format(seconds, sizeof seconds, "%d", retry_s))
		http_header(e->http, id, "Retry-After", seconds);
	http_answer(e->http, id, 429, type, body, strlen(body));
}
