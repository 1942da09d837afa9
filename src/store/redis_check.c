/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_check.h"

#include <string.h>

#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/redis_ask.h"
#include "store/redis_info.h"
#include "store/seal.h"

#define OLDEST_MAJOR 7		/* scripts with flags, CONFIG GET of several */

#define LAG_MAX_S 10		/* a replica further behind than this counts as none */

/* An option must have this word; or, where there is none, be a number within these. */
struct demand {
	const char *option;
	const char *word;
	int64_t least, most;
	const char *why;
};

static const struct demand demands[] = {
	{ "maxmemory-policy", "noeviction", .why = "it may throw records away when memory runs short" },
	{ "appendonly", "yes", .why = "what was acknowledged is gone when it restarts" },
	{ "appendfsync", "always", .why = "the last second's writes are gone when the machine fails" },
	{ "no-appendfsync-on-rewrite", "no", .why = "while its log is rewritten nothing is synced to the disk" },
};
/*
 * aof-load-truncated may be yes: after a failure the log's tail is torn, but only where nothing was acknowledged yet.
 */

static redisReply *
ask_info(redisContext *ctx, const char *section, char *why, size_t why_size)
{
	redisReply *reply = redis_ask_expect(ctx, redisCommand(ctx, "INFO %s", section), "INFO", REDIS_REPLY_STRING,
	    why, why_size);

	if (reply == NULL || reply->type == REDIS_REPLY_STRING)
		return reply;
	freeReplyObject(reply);
	str_format(why, why_size, "Redis answers INFO with nothing");
	return NULL;
}

static bool
is_new_enough(redisContext *ctx, char *why, size_t why_size)
{
	redisReply *reply = ask_info(ctx, "server", why, why_size);
	int64_t major;

	if (reply == NULL)
		return false;
	major = redis_info_number(reply->str, "redis_version");
	freeReplyObject(reply);
	if (major < OLDEST_MAJOR)
		str_format(why, why_size, "Redis %d or newer is needed, this is %d", OLDEST_MAJOR,
		    (int)major);
	return major >= OLDEST_MAJOR;
}

static bool
is_master(redisContext *ctx, int64_t *replicas, char *why, size_t why_size)
{
	redisReply *reply = ask_info(ctx, "replication", why, why_size);
	bool is;

	if (reply == NULL)
		return false;
	is = redis_info_is(reply->str, "role", "master");
	*replicas = redis_info_number(reply->str, "connected_slaves");
	freeReplyObject(reply);
	if (!is)
		str_format(why, why_size, "this Redis is a replica: it cannot be written to");
	return is;
}

static const char *
value_of(const redisReply *reply, const char *option)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (reply->element[i]->type == REDIS_REPLY_STRING &&
		    reply->element[i + 1]->type == REDIS_REPLY_STRING &&
		    str_equal_fold(reply->element[i]->str, option))
			return reply->element[i + 1]->str;
	return NULL;
}

static void
demand(struct buf *text, const redisReply *reply, const struct demand *d)
{
	const char *value = value_of(reply, d->option);
	int64_t n = 0;
	bool fits = value != NULL && (d->word != NULL ? strcmp(value, d->word) == 0 :
	    str_to_i64(value, d->least, d->most, &n));

	if (fits)
		return;
	buf_addf(text, "%s%s is %s and must be ", text->len > 0 ? "; " : "Redis: ", d->option,
	    value != NULL ? value : "not told");
	if (d->word != NULL)
		buf_add_str(text, d->word);
	else
		buf_addf(text, "%d to %d", (int)d->least, (int)d->most);
	buf_addf(text, " (%s)", d->why);
}

static void
demand_all(struct buf *text, const redisReply *reply, int replicas)
{
	const struct demand of_replicas[] = {
		{ "min-replicas-to-write", .least = replicas, .most = 1000,
		    .why = "it acknowledges what fewer than redis.replicas have" },
		{ "min-replicas-max-lag", .least = 1, .most = LAG_MAX_S,
		    .why = "replicas that are gone count as there" },
	};

	for (size_t i = 0; i < NELEM(demands); i++)
		demand(text, reply, &demands[i]);
	for (size_t i = 0; replicas > 0 && i < NELEM(of_replicas); i++)
		demand(text, reply, &of_replicas[i]);
}

static enum redis_check_end
check_settings(redisContext *ctx, int replicas, char *why, size_t why_size)
{
	redisReply *reply = redisCommand(ctx, "CONFIG GET maxmemory-policy appendonly appendfsync "
	    "no-appendfsync-on-rewrite min-replicas-to-write min-replicas-max-lag");
	struct buf text = { 0 };

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
		str_format(why, why_size,
		    "Redis forbids CONFIG GET (%s), so it cannot be seen whether it keeps what it "
		    "acknowledges; allow this user +config|get", reply->str);
		freeReplyObject(reply);
		return REDIS_CHECK_RISKY;
	}
	reply = redis_ask_expect(ctx, reply, "CONFIG GET", REDIS_REPLY_ARRAY, why, why_size);
	if (reply == NULL)
		return REDIS_CHECK_UNFIT;
	demand_all(&text, reply, replicas);
	freeReplyObject(reply);
	if (text.len == 0)
		return REDIS_CHECK_FINE;
	str_format(why, why_size, "%s", buf_str(&text));
	buf_clear(&text);
	return REDIS_CHECK_RISKY;
}

static bool
same_names(redisContext *ctx, const struct seal *seal, char *why, size_t why_size)
{
	char print[2 * SEAL_HASH + 1];
	redisReply *reply;
	bool same;

	seal_fingerprint(seal, print);
	reply = redis_ask_expect(ctx, redisCommand(ctx, "SET isango:names %s NX GET", print), "SET",
	    REDIS_REPLY_STRING, why, why_size);
	if (reply == NULL)
		return false;
	same = reply->type == REDIS_REPLY_NIL || strcmp(reply->str, print) == 0;
	freeReplyObject(reply);
	if (!same)
		str_format(why, why_size,
		    "the data in this Redis was written with another key file: the last key of "
		    "the sealing key file must stay the same, new ones go in front of it");
	return same;
}

enum redis_check_end
redis_check(const struct redis_check *c, char *why, size_t why_size)
{
	enum redis_check_end end = REDIS_CHECK_UNFIT;
	redisContext *ctx = redis_ask_open(c, why, why_size);
	int64_t replicas = 0;

	if (ctx == NULL)
		return end;
	if (is_new_enough(ctx, why, why_size) && is_master(ctx, &replicas, why, why_size) &&
	    (c->seal == NULL || same_names(ctx, c->seal, why, why_size)))
		end = check_settings(ctx, c->replicas, why, why_size);
	redisFree(ctx);
	if (end == REDIS_CHECK_FINE && c->replicas == 0 && replicas > 0) {
		end = REDIS_CHECK_NOTED;
		str_format(why, why_size, "it has replicas, but redis.replicas is 0: were one promoted, it might miss "
		    "payments that were acknowledged");
	}
	return end;
}
