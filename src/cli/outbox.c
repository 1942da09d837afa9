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
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "config/config.h"
#include "core/message.h"
#include "core/phone.h"
#include "core/stray.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/redis_store.h"
#include "store/seal.h"

#define CONNECT_MS 5000
#define LOOK_MS 10
#define LIMIT_DEFAULT 50
#define LIMIT_MOST 100000

static const char *const class_name[MSG_CLASSES] = {
	[MSG_TOKEN] = "token", [MSG_RESULT] = "result", [MSG_NOTICE] = "notice",
};

struct reader {
	const char *file;
	struct settings *settings;
	struct loop *loop;
	struct seal seal;
	struct redis *redis;
	struct redis_store *store;
	struct timer look;
	int64_t give_up;
	enum store_end end;		/* of the last call */
	bool present, damaged;
	struct buf value;		/* may hold a token */
	struct store_claimed item[STORE_CLAIM_MAX];
	size_t items;
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

/* ---- the store, a call at a time ---- */

static void
on_loaded(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_value *v, size_t n)
{
	struct reader *r = arg;

	(void)now, (void)op;
	r->end = end;
	r->present = n == 1 && v[0].present;
	r->damaged = n == 1 && v[0].damaged;
	buf_clear(&r->value);
	if (r->present && !r->damaged)
		buf_add(&r->value, v[0].p, v[0].len);
	loop_stop(r->loop);
}

static void
on_committed(void *arg, int64_t now, uint64_t op, enum store_end end)
{
	(void)arg, (void)now, (void)op, (void)end;	/* nothing is ever written */
}

static void
on_ranged(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c, size_t n)
{
	struct reader *r = arg;

	(void)now, (void)op;
	r->end = end;
	r->items = n;
	if (n > 0)
		memcpy(r->item, c, n * sizeof *c);
	loop_stop(r->loop);
}

static bool
is_answered(const struct reader *r)
{
	if (r->end != STORE_DONE)
		fprintf(stderr, "isango outbox: redis %s gave no answer; try again, or look at its log\n",
		    r->settings->redis_url);
	return r->end == STORE_DONE;
}

static bool
load(struct reader *r, enum store_family family, const char *owner)
{
	struct store_key key = { .family = family };

	if (!str_copy(key.owner, sizeof key.owner, owner))
		return false;
	redis_store_load(r->store, 1, &key, 1);
	loop_run(r->loop);
	if (r->damaged)
		fprintf(stderr,
		    "isango outbox: a record cannot be opened: has %s the sealing_key_file of the gateway?\n",
		    r->file);
	return is_answered(r);
}

static void
on_look(void *arg)
{
	struct reader *r = arg;

	if (redis_ready(r->redis) || loop_now(r->loop) >= r->give_up)
		loop_stop(r->loop);
	else
		timer_arm(&r->look, LOOK_MS);
}

static bool
reader_open(struct reader *r)
{
	const struct settings *s = r->settings;
	struct redis_options o = { .url = s->redis_url, .connections = 1, .timeout_ms = s->redis_timeout_ms,
		.waiting = 8, .password = s->redis_password[0] != '\0' ? s->redis_password : NULL };
	struct store_answers answers = { r, on_loaded, on_committed, on_ranged };
	char err[256] = "it does not answer";

	if (!seal_init(&r->seal, (const unsigned char (*)[SEAL_KEY])s->sealing_keys, s->sealing_key_ids,
	    (size_t)s->sealing_keys_n)) {
		fprintf(stderr, "isango outbox: two sealing keys have the same id\n");
		return false;
	}
	r->loop = loop_new();
	r->redis = redis_new(r->loop, &o, err, sizeof err);
	if (r->redis != NULL) {
		r->store = redis_store_new(r->loop, r->redis, &r->seal, &answers);
		r->give_up = loop_now(r->loop) + CONNECT_MS;
		timer_init(&r->look, r->loop, on_look, r);
		timer_arm(&r->look, 0);
		loop_run(r->loop);
		if (redis_ready(r->redis))
			return true;
	}
	fprintf(stderr, "isango outbox: redis %s: %s; see that it runs, and that %s names it rightly\n",
	    s->redis_url, err, r->file);
	return false;
}

static void
reader_close(struct reader *r)
{
	if (r->redis != NULL)
		redis_free(r->redis);
	redis_store_free(r->store);
	if (r->loop != NULL)
		loop_free(r->loop);
	buf_clear(&r->value);
	seal_wipe(&r->seal);
	settings_free(r->settings);
}

/* ---- what is printed ---- */

static const char *
print_time(int64_t ms, char out[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		str_copy(out, 32, "-");
	return out;
}

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
		printf("%-20s  %-6s  %-11s  %-9s  %-12s  %-12s  %8d  0x%-8x  %-22s  %s\n", print_time(d->at, when),
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
			redis_store_range(r->store, 1, &range);
			loop_run(r->loop);
			if (!is_answered(r)) {
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

		printf("%-20s  %-8s  %-4s  %-11s  %zu\n", print_time(s->at, when), or_dash(s->stat), or_dash(s->err),
		    phone_mask(s->id, id), strlen(s->id));
	}
	free(ring);
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
	struct buf problems = { 0 };
	struct reader r = { .file = file };
	bool ok = false;

	r.settings = config_read(file, &problems);
	if (problems.len > 0)
		fprintf(stderr, "%sisango outbox: nothing was read; `isango check -c %s` tells more\n",
		    buf_str(&problems), file);
	else if (bind == NULL || (w->bind = find_bind(r.settings, bind)) >= 0)
		ok = reader_open(&r) && what(&r, w);
	reader_close(&r);
	buf_clear(&problems);
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
	return COMMAND_USAGE;
}

const struct command command_outbox = {
	.name = "outbox",
	.usage = "-c FILE dead [--bind BIND] [--class CLASS] [--limit N] | -c FILE receipts BIND [--limit N]",
	.summary = "show messages that came to nothing, and receipts of no message",
	.help =
	    "Reads the Redis that FILE names, while gateways work on it, and changes nothing.\n"
	    "The newest come first. No text, no token and no whole number of a phone is shown.\n"
	    "\n"
	    "  dead            messages that failed, expired, or were perhaps sent: when, to whom, by which bind,\n"
	    "                  how often it was tried, the SMSC's last command_status, and what went\n"
	    "                  wrong. Kept for 30 days\n"
	    "  receipts BIND   the last delivery receipts of a bind that matched no message, kept for 7 days.\n"
	    "                  Many mean that the bind's receipt_ids do not say how its SMSC writes ids\n"
	    "  --bind BIND     only those whose last attempt went over this bind\n"
	    "  --class CLASS   only token, result or notice\n"
	    "  --limit N       no more than N (50)\n",
	.run = run,
};
