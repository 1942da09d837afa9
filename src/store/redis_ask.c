/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_ask.h"

#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "base/str.h"
#include "io/redis_url.h"
#include "store/redis_check.h"

struct redisReply *
redis_ask_expect(struct redisContext *ctx, struct redisReply *reply, const char *what, int type, char *why,
    size_t why_size)
{
	if (reply != NULL && (reply->type == type || reply->type == REDIS_REPLY_NIL))
		return reply;
	str_format(why, why_size, "Redis answers %s with: %s", what, reply == NULL ? ctx->errstr :
	    reply->type == REDIS_REPLY_ERROR ? reply->str : "something else");
	if (reply != NULL)
		freeReplyObject(reply);
	return NULL;
}

static redisContext *
connect_to(const struct redis_check *c, const struct redis_url *url, char *why, size_t why_size)
{
	struct timeval tv = { .tv_sec = c->timeout_ms / 1000, .tv_usec =
	    c->timeout_ms % 1000 * 1000 };
	redisContext *ctx = url->path[0] != '\0' ? redisConnectUnixWithTimeout(url->path, tv) :
	    redisConnectWithTimeout(url->host, url->port, tv);

	if (ctx == NULL || ctx->err != 0 || redisSetTimeout(ctx, tv) != REDIS_OK) {
		str_format(why, why_size, "Redis at %s: %s", c->url, ctx != NULL ? ctx->errstr :
		    "no memory");
		if (ctx != NULL)
			redisFree(ctx);
		return NULL;
	}
	return ctx;
}

static bool
is_ok(redisContext *ctx, redisReply *reply, const char *what, char *why, size_t why_size)
{
	reply = redis_ask_expect(ctx, reply, what, REDIS_REPLY_STATUS, why, why_size);
	if (reply == NULL)
		return false;
	freeReplyObject(reply);
	return true;
}

struct redisContext *
redis_ask_open(const struct redis_check *c, char *why, size_t why_size)
{
	struct redis_url url;
	redisContext *ctx;

	if (!redis_url_parse(c->url, &url, why, why_size) || !redis_url_resolve(&url, why, why_size) ||
	    (ctx = connect_to(c, &url, why, why_size)) == NULL)
		return NULL;
	if ((c->password == NULL || is_ok(ctx, redisCommand(ctx, "AUTH %s", c->password), "AUTH", why, why_size)) &&
	    (url.db == 0 || is_ok(ctx, redisCommand(ctx, "SELECT %d", url.db), "SELECT", why, why_size)))
		return ctx;
	redisFree(ctx);
	return NULL;
}
