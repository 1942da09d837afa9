/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_health.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <hiredis/hiredis.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/redis_info.h"

#define EVERY_MS 2000

struct redis_health {
	struct redis_health_options options;
	struct redis *redis;
	struct timer timer;
	unsigned shard;
	bool asked;
	enum shortage shortage;
	bool rewrite_failed;
};

static const char *const words[] = {
	[SHORT_OF_NOTHING] = "",
	[SHORT_OF_MEMORY] = "Redis has little memory left (redis.memory_floor_percent)",
	[SHORT_OF_DISK] = "the disk of Redis is nearly full (redis.disk_floor_mb)",
	[SHORT_OF_LOG] = "Redis cannot write its log to the disk",
};

static int64_t
disk_free(const char *dir)
{
	struct statvfs fs;

	if (dir[0] == '\0' || statvfs(dir, &fs) != 0)
		return -1;
	return (int64_t)(fs.f_bavail * fs.f_frsize);
}

/* Not yet a shortage: the log only grows. */
static void
note_rewrite(struct redis_health *h, bool failed)
{
	if (failed && !h->rewrite_failed)
		log_warn(0, "redis rewrite failed",
		    "hint=\"the log grows until its rewrite succeeds; see the log of Redis\"");
	h->rewrite_failed = failed;
}

static void
on_info(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct redis_health *h = arg;
	enum shortage before = h->shortage;
	struct room_left left;

	(void)op;
	h->asked = false;
	if (end != REDIS_ANSWERED || reply->type != REDIS_REPLY_STRING)
		return;
	left.memory_most = redis_info_number(reply->str, "maxmemory");
	/* What Redis itself compares with maxmemory: without the buffers of its replicas and its log. */
	left.memory_used = redis_info_number(reply->str, "used_memory") -
	    redis_info_number(reply->str, "mem_not_counted_for_evict");
	left.disk_free = disk_free(h->options.data_dir);
	left.log_fails = redis_info_is(reply->str, "aof_last_write_status", "err");
	note_rewrite(h, redis_info_is(reply->str, "aof_last_bgrewrite_status", "err"));
	h->shortage = floors_look(&h->options.floors, &left, before);
	if (before == h->shortage)
		return;
	metric_set(M_MONEY_OFF, h->shortage != SHORT_OF_NOTHING);
	if (h->shortage != SHORT_OF_NOTHING)
		log_error(0, "money off", "why=\"%s\" memory_used=%" PRId64 " memory_most=%" PRId64 " disk_free=%" PRId64,
		    words[h->shortage], left.memory_used, left.memory_most, left.disk_free);
	else
		log_info(0, "money on", "memory_used=%" PRId64 " disk_free=%" PRId64, left.memory_used, left.disk_free);
	if ((before == SHORT_OF_NOTHING) != (h->shortage == SHORT_OF_NOTHING))
		h->options.on_change(h->options.arg, h->shortage != SHORT_OF_NOTHING);
}

/* Two sections at once need Redis 7. */
static void
on_timer(void *arg)
{
	static const char *argv[] = { "INFO", "memory", "persistence" };
	static const size_t len[] = { 4, 6, 11 };
	struct redis_health *h = arg;

	timer_arm(&h->timer, EVERY_MS);
	if (h->asked)
		return;
	h->asked = true;
	redis_command(h->redis, h->shard++, 0, NELEM(argv), argv, len, on_info, h);
}

struct redis_health *
redis_health_new(struct loop *l, struct redis *r, const struct redis_health_options *o)
{
	struct redis_health *h = xcalloc(1, sizeof *h);

	h->options = *o;
	h->redis = r;
	timer_init(&h->timer, l, on_timer, h);
	timer_arm(&h->timer, EVERY_MS / 4);
	return h;
}

void
redis_health_free(struct redis_health *h)
{
	if (h == NULL)
		return;
	timer_stop(&h->timer);
	free(h);
}

void
redis_health_missing(const struct redis_health *h, struct buf *b)
{
	if (h->shortage != SHORT_OF_NOTHING)
		buf_addf(b, "money off: %s\n", words[h->shortage]);
}
