/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango outbox: what the outbox keeps for operators, read from Redis: messages that came to nothing, receipts that
 * matched no message. Changes nothing, and prints no text, no token and no whole number of a phone.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/reader.h"
#include "core/callback.h"
#include "core/message.h"
#include "core/phone.h"
#include "core/stray.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MOST 100000

static const char *const class_name[MSG_CLASSES] = {
	[MSG_TOKEN] = "token", [MSG_RESULT] = "result", [MSG_NOTICE] = "notice",
};

struct dead {			/* a place in the list */
	char id[STORE_ID];
	int64_t at;
};

struct wanted {
	int bind;			/* -1: any */
	int cls;			/* -1: any */
	int64_t limit;
};

static bool
load(struct reader *r, enum store_family family, const char *owner)
{
	struct store_key key = { .family = family };

	if (!str_copy(key.owner, sizeof key.owner, owner) || !reader_load(r, &key))
		return false;
	if (r->damaged)
		reader_say_damaged(r);
	return true;
}

/* ---- what is printed ---- */

static const char *
or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

/* The bind of its last attempt, -1: it had none, or the configuration has that channel no more. */
static int
bind_of(const struct settings *s, const struct message *m)
{
	for (int i = 0; i < s->channels_n; i++)
		if (strcmp(s->channels[i].name, m->via) == 0)
			return s->channels[i].bind;
	return -1;
}

static bool
print_dead(const struct reader *r, const struct wanted *w, const struct dead *d)
{
	struct message m = { .id = "" };
	char when[32], phone[PHONE_TEXT];
	bool known = message_decode(r->value.p, r->value.len, &m);
	int bind = known ? bind_of(r->settings, &m) : -1;
	bool shown = known && (w->bind < 0 || bind == w->bind) && (w->cls < 0 || (int)m.cls == w->cls);

	if (shown)
		printf("%-20s  %-6s  %-11s  %-9s  %-12s  %-12s  %8d  0x%-8x  %-22s  %s\n", reader_time(d->at, when),
		    class_name[m.cls], phone_mask(m.to, phone), message_state_name(m.state),
		    bind >= 0 ? r->settings->binds[bind].name : "-", or_dash(m.via), m.attempts, (unsigned)m.status,
		    or_dash(m.why), m.id);
	mem_wipe(&m, sizeof m);
	return shown;
}

/* ---- dead ---- */

static int
newest_first(const void *a, const void *b)
{
	const struct dead *x = a, *y = b;

	return x->at != y->at ? (x->at < y->at ? 1 : -1) : strcmp(x->id, y->id);
}

/* All of it: each bucket has a part of the time. NULL: no answer. */
static struct dead *
list_dead(struct reader *r, size_t *n)
{
	struct store_range range = { .key = { .family = STORE_DEAD }, .to_ms = INT64_MAX, .max = STORE_CLAIM_MAX };
	struct dead *all = xcalloc(1, sizeof *all);

	*n = 0;
	for (; range.bucket < store_families[STORE_DEAD].buckets; range.bucket++) {
		range.offset = 0;
		do {
			if (!reader_range(r, &range)) {
				free(all);
				return NULL;
			}
			all = xrealloc(all, *n + r->items + 1, sizeof *all);
			for (size_t i = 0; i < r->items; i++, (*n)++) {
				str_copy(all[*n].id, sizeof all[*n].id, r->item[i].item);
				all[*n].at = r->item[i].score;
			}
			range.offset += r->items;
		} while (r->items == STORE_CLAIM_MAX);
	}
	qsort(all, *n, sizeof *all, newest_first);
	return all;
}

static bool
show_dead(struct reader *r, const struct wanted *w)
{
	size_t n;
	struct dead *all = list_dead(r, &n);
	bool ok = all != NULL;
	int64_t shown = 0;

	if (ok)
		printf("%-20s  %-6s  %-11s  %-9s  %-12s  %-12s  %8s  %-10s  %-22s  %s\n", "TIME", "CLASS", "PHONE",
		    "STATE", "BIND", "CHANNEL", "ATTEMPTS", "STATUS", "WHY", "MESSAGE");
	for (size_t i = 0; ok && i < n && shown < w->limit; i++) {
		ok = load(r, STORE_MESSAGE, all[i].id);
		shown += ok && print_dead(r, w, &all[i]);
	}
	if (ok)
		fprintf(stderr, "%" PRId64 " shown of %zu in the list\n", shown, n);
	free(all);
	return ok;
}

/* ---- receipts ---- */

static bool
show_receipts(struct reader *r, const struct wanted *w)
{
	struct stray_ring *ring = xcalloc(1, sizeof *ring);
	bool ok = load(r, STORE_STRAY, r->settings->binds[w->bind].name);
	char when[32], id[PHONE_TEXT];
	size_t n = 0;

	if (ok && r->present && !r->damaged && stray_ring_decode(r->value.p, r->value.len, ring))
		n = stray_ring_count(ring);
	if (ok)
		printf("%-20s  %-8s  %-4s  %-11s  %s\n", "TIME", "STAT", "ERR", "ID", "OCTETS OF ID");
	/* There are SMSCs whose ids begin with the phone. */
	for (size_t i = 0; i < n && (int64_t)i < w->limit; i++) {
		const struct stray *s = &ring->stray[i];

		printf("%-20s  %-8s  %-4s  %-11s  %zu\n", reader_time(s->at, when), or_dash(s->stat), or_dash(s->err),
		    phone_mask(s->id, id), strlen(s->id));
	}
	free(ring);
	return ok;
}

/* ---- callbacks ---- */

/* One integrator's; *shown counts over all of them. */
static bool
show_unheard(struct reader *r, const char *tenant, const char *integrator, const struct wanted *w, int64_t *shown)
{
	struct store_range range = { .key = { .family = STORE_INDEX }, .to_ms = INT64_MAX, .max = STORE_CLAIM_MAX };
	char when[32];

	callback_unheard(tenant, integrator, range.key.owner, sizeof range.key.owner);
	do {
		if (!reader_range(r, &range))
			return false;
		for (size_t i = 0; i < r->items && *shown < w->limit; i++, ++*shown) {
			const char *uid = strchr(r->item[i].item, '/');

			printf("%-20s  %-16s  %-16s  %-12.*s  %s\n", reader_time(r->item[i].score, when), tenant, integrator,
			    (int)strcspn(r->item[i].item, "/"), r->item[i].item, uid != NULL ? uid + 1 : "-");
		}
		range.offset += r->items;
	} while (r->items == STORE_CLAIM_MAX && *shown < w->limit);
	return true;
}

static bool
show_callbacks(struct reader *r, const struct wanted *w)
{
	int64_t shown = 0;
	bool ok = true;

	printf("%-20s  %-16s  %-16s  %-12s  %s\n", "TIME", "TENANT", "INTEGRATOR", "WALLET", "EXTERNALUNIQUEID");
	for (int t = 0; t < r->settings->tenants_n; t++)
		for (int i = 0; ok && i < r->settings->tenants[t].integrators_n; i++)
			ok = show_unheard(r, r->settings->tenants[t].name, r->settings->tenants[t].integrators[i].name,
			    w, &shown);
	if (ok)
		fprintf(stderr, "%" PRId64 " shown\n", shown);
	return ok;
}

/* ---- the command ---- */

static int
find_bind(const struct settings *s, const char *name)
{
	for (int i = 0; i < s->binds_n; i++)
		if (strcmp(s->binds[i].name, name) == 0)
			return i;
	fprintf(stderr, "isango outbox: there is no bind \"%s\"; there are:", name);
	for (int i = 0; i < s->binds_n; i++)
		fprintf(stderr, " %s", s->binds[i].name);
	fputc('\n', stderr);
	return -1;
}

static int
find_class(const char *name)
{
	for (int i = 0; i < MSG_CLASSES; i++)
		if (strcmp(class_name[i], name) == 0)
			return i;
	fprintf(stderr, "isango outbox: there is no class \"%s\"; there are: token result notice\n", name);
	return -1;
}

static int
show(const char *file, const char *bind, struct wanted *w, bool (*what)(struct reader *r, const struct wanted *w))
{
	struct reader r;
	bool ok = reader_settings(&r, "isango outbox", file);

	if (ok && bind != NULL)
		ok = (w->bind = find_bind(r.settings, bind)) >= 0;
	ok = ok && reader_open(&r) && what(&r, w);
	reader_close(&r);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "bind", required_argument, NULL, 'b' }, { "class", required_argument, NULL, 'k' },
		{ "limit", required_argument, NULL, 'n' }, { NULL, 0, NULL, 0 },
	};
	struct wanted w = { -1, -1, LIMIT_DEFAULT };
	const char *file = NULL, *bind = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'b')
			bind = optarg;
		else if (c == 'k') {
			if ((w.cls = find_class(optarg)) < 0)
				return COMMAND_USAGE;
		} else if (c != 'n' || !str_to_i64(optarg, 1, LIMIT_MOST, &w.limit))
			return COMMAND_USAGE;
	}
	if (file == NULL || optind >= argc)
		return COMMAND_USAGE;
	if (strcmp(argv[optind], "dead") == 0 && optind + 1 == argc)
		return show(file, bind, &w, show_dead);
	if (strcmp(argv[optind], "receipts") == 0 && optind + 2 == argc && bind == NULL && w.cls < 0)
		return show(file, argv[optind + 1], &w, show_receipts);
	if (strcmp(argv[optind], "callbacks") == 0 && optind + 1 == argc && bind == NULL && w.cls < 0)
		return show(file, NULL, &w, show_callbacks);
	return COMMAND_USAGE;
}

const struct command command_outbox = {
	.name = "outbox",
	.usage = "-c FILE dead [--bind BIND] [--class CLASS] [--limit N] | -c FILE receipts BIND [--limit N] | "
	    "-c FILE callbacks [--limit N]",
	.summary = "show messages and callbacks that came to nothing, and receipts of no message",
	.help =
	    "Reads the Redis that FILE names, while gateways work on it, and changes nothing.\n"
	    "The newest come first. No text, no token and no whole number of a phone is shown.\n"
	    "\n"
	    "  dead            messages that failed, expired, or were perhaps sent: when, to whom, by which bind,\n"
	    "                  how often it was tried, the SMSC's last command_status, and what went\n"
	    "                  wrong. Kept for 30 days\n"
	    "  receipts BIND   the last delivery receipts of a bind that matched no message, kept for 7 days.\n"
	    "                  Many mean that the bind's receipt_ids do not say how its SMSC writes ids\n"
	    "  callbacks       withdrawals whose outcome an integrator never heard, because its callbackUrl did not\n"
	    "                  answer for weeks. Kept for 180 days\n"
	    "  --bind BIND     only those whose last attempt went over this bind\n"
	    "  --class CLASS   only token, result or notice\n"
	    "  --limit N       no more than N (50)\n",
	.run = run,
};
