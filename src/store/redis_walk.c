/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_walk.h"

#include <inttypes.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/str.h"
#include "store/redis_ask.h"
#include "store/value.h"

#define BATCH 64		/* records in one MGET */
#define SCAN_COUNT "512"

struct walk {
	redisContext *ctx;
	const struct seal *seal;
	redis_walk_fn *fn;
	void *arg;
	struct room room;
	char *why;
	size_t why_size;
};

/* "{p:017}int:<hash>:<id>": what stands behind the second colon after the tag. */
static const char *
id_of(const char *name)
{
	const char *at = strchr(name, '}');

	for (int colons = 0; at != NULL && colons < 2; colons++)
		at = strchr(at + 1, ':');
	return at != NULL ? at + 1 : "";
}

static void
hand_on(struct walk *w, const redisReply *name, const redisReply *value)
{
	struct store_value v = { .present = true, .damaged = true };
	unsigned char *room;

	if (value->type != REDIS_REPLY_STRING)
		return;		/* gone since */
	room = room_of(&w->room, value->len + 1);
	v.damaged = !value_open(w->seal, name->str, name->len, value->str, value->len, &v.version, room);
	if (!v.damaged) {
		v.p = room;
		v.len = value->len - VALUE_OVERHEAD;
	}
	w->fn(w->arg, id_of(name->str), &v);
	mem_wipe(room, value->len);
}

static bool
load_batch(struct walk *w, redisReply *const *name, size_t n)
{
	const char *argv[BATCH + 1] = { "MGET" };
	size_t len[BATCH + 1] = { 4 };
	redisReply *reply;

	for (size_t i = 0; i < n; i++) {
		argv[i + 1] = name[i]->str;
		len[i + 1] = name[i]->len;
	}
	reply = redis_ask_expect(w->ctx, redisCommandArgv(w->ctx, (int)n + 1, argv, len), "MGET", REDIS_REPLY_ARRAY,
	    w->why, w->why_size);
	if (reply == NULL)
		return false;
	for (size_t i = 0; i < n && i < reply->elements; i++)
		hand_on(w, name[i], reply->element[i]);
	freeReplyObject(reply);
	return true;
}

/* The next page; false with the reason, or with none when it does not look like one. */
static bool
load_page(struct walk *w, const redisReply *page, char cursor[24])
{
	const redisReply *names = page->elements == 2 ? page->element[1] : NULL;
	bool ok = names != NULL && names->type == REDIS_REPLY_ARRAY && page->element[0]->type == REDIS_REPLY_STRING &&
	    str_copy(cursor, 24, page->element[0]->str);

	if (!ok)
		str_format(w->why, w->why_size, "Redis answers SCAN with something else");
	for (size_t i = 0; ok && i < names->elements; i += BATCH)
		ok = load_batch(w, &names->element[i], names->elements - i < BATCH ? names->elements - i : BATCH);
	return ok;
}

bool
redis_walk(struct redisContext *ctx, const struct seal *seal, enum store_family family, redis_walk_fn *fn, void *arg,
    char *why, size_t why_size)
{
	struct walk w = { .ctx = ctx, .seal = seal, .fn = fn, .arg = arg, .why = why, .why_size = why_size };
	char cursor[24] = "0", pattern[32];
	redisReply *page;
	bool ok;

	str_format(pattern, sizeof pattern, "{%c:*}%s:*", store_families[family].tag, store_families[family].name);
	do {
		page = redis_ask_expect(ctx, redisCommand(ctx, "SCAN %s MATCH %s COUNT " SCAN_COUNT, cursor, pattern),
		    "SCAN", REDIS_REPLY_ARRAY, why, why_size);
		ok = page != NULL && load_page(&w, page, cursor);
		if (page != NULL)
			freeReplyObject(page);
	} while (ok && strcmp(cursor, "0") != 0);
	room_clear(&w.room);
	return ok;
}

/* ---- a lease ---- */

enum lease_end
redis_lease_take(struct redisContext *ctx, const char *name, const char *mark, int64_t ms)
{
	redisReply *reply = redisCommand(ctx, "SET %s %s NX PX %lld", name, mark, (long long)ms);
	enum lease_end end = reply == NULL ? LEASE_UNKNOWN : reply->type == REDIS_REPLY_STATUS ? LEASE_HELD :
	    reply->type == REDIS_REPLY_NIL ? LEASE_TAKEN : LEASE_UNKNOWN;

	if (reply != NULL)
		freeReplyObject(reply);
	return end;
}

/* Only of the holder: somebody else's is neither prolonged nor ended. */
static bool
if_ours(struct redisContext *ctx, const char *name, const char *mark, const char *what, int64_t ms)
{
	redisReply *reply = redisCommand(ctx, "EVAL %s 1 %s %s %s %lld",
	    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
	    "return ARGV[2] == 'keep' and redis.call('PEXPIRE', KEYS[1], ARGV[3]) or redis.call('DEL', KEYS[1])",
	    name, mark, what, (long long)ms);
	bool ours = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;

	if (reply != NULL)
		freeReplyObject(reply);
	return ours;
}

bool
redis_lease_keep(struct redisContext *ctx, const char *name, const char *mark, int64_t ms)
{
	return if_ours(ctx, name, mark, "keep", ms);
}

void
redis_lease_drop(struct redisContext *ctx, const char *name, const char *mark)
{
	(void)if_ours(ctx, name, mark, "drop", 0);
}
