/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http_access.h"

#include <inttypes.h>

#include "base/log.h"

void
http_access_log(const char *server, const struct http_access *a, int64_t now, int status, size_t out, const char *end)
{
	char safe[HTTP_SHOWN * 2];
	size_t n = 0;

	/* Whoever wrote it knows only names of ours; still, nothing of a path breaks a line. */
	for (const char *p = a->shown; *p != '\0' && n + 1 < sizeof safe; p++)
		safe[n++] = *p > ' ' && *p < 0x7f && *p != '"' ? *p : *p == ' ' ? ' ' : '?';
	safe[n] = '\0';
	log_info(0, "http", "server=%s peer=%s%s%s method=%s %s status=%d in=%zu out=%zu ms=%" PRId64 " end=%s", server,
	    a->peer, a->via[0] != '\0' ? " via=" : "", a->via, a->method != NULL ? a->method : "-", safe, status, a->in, out,
	    now - a->at, end);
}
