/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is on which version is counted in the dialogues themselves: a counter kept beside them would have to be saved
 * with each, and would be wrong after the first that ended by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/str.h"
#include "cli/publishing.h"
#include "core/session.h"
#include "store/redis_ask.h"
#include "store/redis_check.h"
#include "store/redis_walk.h"

#define CONNECT_MS 5000

static struct users_row *
row_of(struct users *u, const char *tenant, const char *version)
{
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->row[i].version, version) == 0 && strcmp(u->row[i].tenant, tenant) == 0)
			return &u->row[i];
	u->row = xrealloc(u->row, u->n + 1, sizeof *u->row);
	memset(&u->row[u->n], 0, sizeof *u->row);
	str_copy(u->row[u->n].tenant, sizeof u->row->tenant, tenant);
	str_copy(u->row[u->n].version, sizeof u->row->version, version);
	return &u->row[u->n++];
}

/* One that is damaged is on no version: it is begun anew when somebody comes back to it. */
static void
on_session(void *arg, const char *id, const struct store_value *v)
{
	struct users *u = arg;
	struct session *s = xcalloc(1, sizeof *s);

	(void)id;
	if (!v->damaged && session_decode(v->p, v->len, s) && session_lives_until(s) > u->now &&
	    edition_version_ok(s->dlg.version))
		row_of(u, s->tenant, s->dlg.version)->n++;
	mem_wipe(s, sizeof *s);
	free(s);
}

bool
users_count(struct users *u, struct reader *r)
{
	const struct settings *s = r->settings;
	struct redis_check check = { .url = s->redis_url, .timeout_ms = CONNECT_MS, .seal = &r->seal,
		.password = s->redis_password[0] != '\0' ? s->redis_password : NULL };
	struct redisContext *ctx;
	char why[512] = "";
	bool ok;

	*u = (struct users){ .now = loop_wall(r->loop) };
	ctx = redis_ask_open(&check, why, sizeof why);
	ok = ctx != NULL && redis_walk(ctx, &r->seal, STORE_SESSION, on_session, u, why, sizeof why);
	if (ctx != NULL)
		redisFree(ctx);
	if (!ok)
		fprintf(stderr, "%s: redis %s: %s\n", r->command, s->redis_url, why);
	return ok;
}

void
users_clear(struct users *u)
{
	free(u->row);
	u->row = NULL;
	u->n = 0;
}

unsigned
users_of(const struct users *u, const char *tenant, const char *version)
{
	unsigned n = 0;

	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->row[i].version, version) == 0 &&
		    (strcmp(u->row[i].tenant, tenant) == 0 || u->row[i].tenant[0] == '\0'))
			n += u->row[i].n;
	return n;
}
