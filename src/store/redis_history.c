/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/redis_ask.h"
#include "store/redis_check.h"
#include "store/scripts.h"

#define KEY "isango:history"
#define EVERY_MS 1000
#define FIELDS 5

enum verdict { NOT_SEEN, TRUSTED, CLOSED };

struct redis_history {
	struct loop *loop;
	struct redis *redis;
	struct timer timer;
	uint64_t unseen, asked;		/* connections, a bit each: not looked at since they are up; being looked at */
	unsigned connections, next;
	int64_t beat;			/* the last one seen here */
	enum verdict verdict;		/* of the last look that was answered */
	bool told;			/* what on_change was told last */
	char why[160];			/* unless it is trusted */
	void (*on_change)(void *arg, bool trusted);
	void *arg;
};

struct look {
	const char *closed, *since, *id;	/* borrowed from the reply */
	int64_t beat, silent_ms;
};

static const struct {
	const char *closed, *words;
} reasons[] = {
	{ "promoted", "this Redis was promoted and may miss what was last acknowledged" },
	{ "other", "this Redis was a replica and may miss what was last acknowledged" },
	{ "older", "this Redis holds an older state than was seen before" },
};

static const char *
words_of(const char *closed)
{
	for (size_t i = 0; i < NELEM(reasons); i++)
		if (strcmp(closed, reasons[i].closed) == 0)
			return reasons[i].words;
	return closed;
}

static bool
read_look(const redisReply *reply, struct look *out)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != FIELDS)
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	out->closed = reply->element[0]->str;
	out->since = reply->element[1]->str;
	out->id = reply->element[2]->str;
	return str_to_i64(reply->element[3]->str, 0, INT64_MAX, &out->beat) &&
	    str_to_i64(reply->element[4]->str, INT64_MIN, INT64_MAX, &out->silent_ms);
}

/* ---- of a process ---- */

static void
tell(struct redis_history *h)
{
	bool trusted = h->verdict == TRUSTED && h->unseen == 0;

	if (trusted == h->told)
		return;
	h->told = trusted;
	metric_set(M_LIMIT_CLOSED, !trusted);
	h->on_change(h->arg, trusted);
}

static void
judge(struct redis_history *h, const struct look *look)
{
	enum verdict before = h->verdict;

	h->verdict = look->closed[0] == '\0' ? TRUSTED : CLOSED;
	h->beat = look->beat;
	str_format(h->why, sizeof h->why, "%s", words_of(look->closed));
	if (before == h->verdict)
		return;
	if (h->verdict == CLOSED)
		log_error(0, "limit closed", "why=\"%s\" since_ms=%s history=%s beat=%" PRId64, h->why, look->since,
		    look->id, look->beat);
	else
		log_info(0, "redis history trusted", "history=%s beat=%" PRId64 " last_beat_ms_ago=%" PRId64, look->id,
		    look->beat, look->silent_ms);
}

/* `op` is the connection. */
static void
on_looked(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct redis_history *h = arg;
	uint64_t bit = UINT64_C(1) << op;
	struct look look;

	h->asked &= ~bit;
	if (end == REDIS_ANSWERED && read_look(reply, &look)) {
		h->unseen &= ~bit;
		judge(h, &look);
	} else {
		h->unseen |= bit;
		if (h->verdict != CLOSED && end == REDIS_ANSWERED && reply->type == REDIS_REPLY_ERROR)
			log_quote(reply->str, reply->len, h->why, sizeof h->why);
	}
	tell(h);
}

static void
ask(struct redis_history *h, unsigned connection)
{
	const char *argv[] = { "EVAL", store_lua_history.text, "1", KEY, NULL, "" };
	size_t len[NELEM(argv)];
	char beat[24];

	if (h->asked & UINT64_C(1) << connection)
		return;
	str_format(beat, sizeof beat, "%" PRId64, h->beat);
	argv[4] = beat;
	for (size_t i = 0; i < NELEM(argv); i++)
		len[i] = strlen(argv[i]);
	h->asked |= UINT64_C(1) << connection;
	redis_command(h->redis, connection, connection, NELEM(argv), argv, len, on_looked, h);
}

static void
on_up(void *arg, unsigned connection)
{
	struct redis_history *h = arg;

	h->unseen |= UINT64_C(1) << connection;
	tell(h);
	ask(h, connection);
}

static void
on_timer(void *arg)
{
	struct redis_history *h = arg;

	for (unsigned i = 0; i < h->connections; i++)
		if (h->unseen & UINT64_C(1) << i)
			ask(h, i);
	ask(h, h->next++ % h->connections);
	timer_arm(&h->timer, EVERY_MS);
}

struct redis_history *
redis_history_new(struct loop *l, struct redis *r, int connections, void (*on_change)(void *arg, bool trusted),
    void *arg)
{
	struct redis_history *h = xcalloc(1, sizeof *h);

	if (connections < 1 || connections > 64)
		fatalx("history: %d connections", connections);
	h->loop = l;
	h->redis = r;
	h->connections = (unsigned)connections;
	h->on_change = on_change;
	h->arg = arg;
	str_copy(h->why, sizeof h->why, "not looked at yet");
	timer_init(&h->timer, l, on_timer, h);
	timer_arm(&h->timer, EVERY_MS);
	metric_set(M_LIMIT_CLOSED, 1);
	on_change(arg, false);
	redis_on_up(r, on_up, h);
	return h;
}

void
redis_history_free(struct redis_history *h)
{
	if (h == NULL)
		return;
	timer_stop(&h->timer);
	free(h);
}

void
redis_history_missing(const struct redis_history *h, struct buf *b)
{
	if (h->told)
		return;
	buf_addf(b, "limit closed: %s%s\n", h->why, h->verdict == CLOSED ? "; run isango limit rebuild" : "");
}

/* ---- of operators ---- */

static redisReply *
look_once(redisContext *ctx, const char *accept, struct look *out, char *why, size_t why_size)
{
	redisReply *reply = redisCommand(ctx, "EVAL %s 1 " KEY " 0 %s", store_lua_history.text, accept);

	reply = redis_ask_expect(ctx, reply, "the look at its history", REDIS_REPLY_ARRAY, why, why_size);
	if (reply == NULL || read_look(reply, out))
		return reply;
	str_format(why, why_size, "Redis answers the look at its history with something else");
	freeReplyObject(reply);
	return NULL;
}

bool
redis_history_id(const struct redis_check *c, char id[REDIS_HISTORY_ID], char *why, size_t why_size)
{
	redisContext *ctx = redis_ask_open(c, why, why_size);
	redisReply *reply;
	struct look look;
	bool ok = false;

	if (ctx == NULL)
		return false;
	reply = look_once(ctx, "", &look, why, why_size);
	if (reply != NULL) {
		ok = str_copy(id, REDIS_HISTORY_ID, look.id);
		freeReplyObject(reply);
	}
	redisFree(ctx);
	return ok;
}

bool
redis_history_accept(const struct redis_check *c, const char *id, char *why, size_t why_size)
{
	redisContext *ctx = redis_ask_open(c, why, why_size);
	redisReply *reply;
	struct look look;
	bool ok = false;

	if (ctx == NULL)
		return false;
	reply = look_once(ctx, id, &look, why, why_size);
	if (reply != NULL) {
		ok = look.closed[0] == '\0';
		if (!ok)
			str_format(why, why_size, "Redis failed over once more meanwhile; begin again");
		freeReplyObject(reply);
	}
	redisFree(ctx);
	return ok;
}
