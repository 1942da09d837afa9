/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_clock.h"

#include <time.h>

#include <hiredis/hiredis.h>

#include "base/str.h"
#include "io/redis.h"

#define EVERY_MS 10000
#define TRIP_MAX_MS 1000	/* a slower answer says too little */

static int64_t
own_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
read_number(const redisReply *reply, int64_t *out)
{
	return reply->type == REDIS_REPLY_STRING && str_to_i64(reply->str, 0, INT64_MAX / 1000,
	    out);
}

/* `asked`: our own clock then. */
static void
on_time(void *arg, uint64_t asked, enum redis_end end, const redisReply *reply)
{
	struct redis_clock *c = arg;
	int64_t trip = own_ms() - (int64_t)asked, seconds, micros;

	if (end != REDIS_ANSWERED || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    trip < 0 || trip > TRIP_MAX_MS || !read_number(reply->element[0], &seconds) ||
	    !read_number(reply->element[1], &micros))
		return;
	loop_set_wall_offset(c->loop, seconds * 1000 + micros / 1000 - ((int64_t)asked + trip / 2));
}

void
redis_clock_ask(struct redis_clock *c, unsigned shard)
{
	const char *argv[] = { "TIME" };
	const size_t len[] = { 4 };

	redis_command(c->redis, shard, (uint64_t)own_ms(), 1, argv, len, on_time, c);
}

/* Over another connection each time, so that each one is tried now and then. */
static void
on_timer(void *arg)
{
	struct redis_clock *c = arg;

	redis_clock_ask(c, c->shard++);
	timer_arm(&c->timer, EVERY_MS);
}

void
redis_clock_start(struct redis_clock *c, struct loop *l, struct redis *r)
{
	c->loop = l;
	c->redis = r;
	timer_init(&c->timer, l, on_timer, c);
	timer_arm(&c->timer, EVERY_MS);
}

void
redis_clock_stop(struct redis_clock *c)
{
	timer_stop(&c->timer);
}
