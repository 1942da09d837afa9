/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_check.h"

#include <string.h>

#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/redis_ask.h"
#include "store/seal.h"

#define OLDEST_MAJOR 7		/* scripts with flags, CONFIG GET of several */

struct demand {
	const char *option;
	const char *value;
	const char *why;
};

static const struct demand demands[] = {
	{ "maxmemory-policy", "noeviction", "it may throw records away when memory runs short" },
	{ "appendonly", "yes", "what was acknowledged is gone when it restarts" },
	{ "appendfsync", "always", "the last second's writes are gone when the machine fails" },
};

static bool
is_new_enough(redisContext *ctx, char *why, size_t why_size)
{
	static const char field[] = "redis_version:";
	redisReply *reply = redis_ask_expect(ctx, redisCommand(ctx, "INFO server"), "INFO",
	    REDIS_REPLY_STRING, why, why_size);
	const char *at;
	int64_t major = 0;
	char number[8];

	if (reply == NULL)
		return false;
	at = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, field) : NULL;
	if (at != NULL) {
		at += strlen(field);
		if (!str_copyn(number, sizeof number, at, strcspn(at, ".\r\n")) ||
		    !str_to_i64(number, 0, 9999, &major))
			major = 0;
	}
	freeReplyObject(reply);
	if (major < OLDEST_MAJOR)
		str_format(why, why_size, "Redis %d or newer is needed, this is %d", OLDEST_MAJOR,
		    (int)major);
	return major >= OLDEST_MAJOR;
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

static enum redis_check_end
check_settings(redisContext *ctx, char *why, size_t why_size)
{
	redisReply *reply = redisCommand(ctx, "CONFIG GET maxmemory-policy appendonly appendfsync");
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
	for (size_t i = 0; i < NELEM(demands); i++) {
		const char *value = value_of(reply, demands[i].option);

		if (value == NULL || strcmp(value, demands[i].value) != 0)
			buf_addf(&text, "%s%s is %s and must be %s (%s)", text.len > 0 ? "; " :
			    "Redis: ",
			    demands[i].option, value != NULL ? value : "not told", demands[i].value,
			    demands[i].why);
	}
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

	if (ctx == NULL)
		return end;
	if (is_new_enough(ctx, why, why_size) && (c->seal == NULL || same_names(ctx, c->seal, why, why_size)))
		end = check_settings(ctx, why, why_size);
	redisFree(ctx);
	return end;
}
