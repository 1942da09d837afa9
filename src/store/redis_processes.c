/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_processes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/scripts.h"

#define KEY "isango:processes"
#define SOON_MS 500			/* until connections are up */
#define EVERY_MS 5000
#define COUNTS_MS "16000"		/* three of these, and a stall */

struct redis_processes {
	struct redis *redis;
	struct timer timer;
	char name[32];
	int processes;
	redis_processes_change *on_change;
	void *arg;
};

static void
on_counted(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct redis_processes *p = arg;

	(void)op;
	if (end != REDIS_ANSWERED || reply->type != REDIS_REPLY_INTEGER || reply->integer < 1 ||
	    reply->integer > INT_MAX || reply->integer == p->processes)
		return;
	p->processes = (int)reply->integer;
	metric_set(M_PROCESSES, p->processes);
	p->on_change(p->arg, p->processes);
}

static void
on_timer(void *arg)
{
	struct redis_processes *p = arg;
	const char *argv[] = { "EVAL", store_lua_processes.text, "1", KEY, p->name, COUNTS_MS };
	size_t len[NELEM(argv)];

	for (size_t i = 0; i < NELEM(argv); i++)
		len[i] = strlen(argv[i]);
	redis_command(p->redis, 0, 0, NELEM(argv), argv, len, on_counted, p);
	timer_arm(&p->timer, redis_ready(p->redis) ? EVERY_MS : SOON_MS);
}

struct redis_processes *
redis_processes_new(struct loop *l, struct redis *r, const char *name, redis_processes_change *on_change, void *arg)
{
	struct redis_processes *p = xcalloc(1, sizeof *p);

	p->redis = r;
	str_format(p->name, sizeof p->name, "%s", name);
	p->processes = 1;
	p->on_change = on_change;
	p->arg = arg;
	metric_set(M_PROCESSES, 1);
	timer_init(&p->timer, l, on_timer, p);
	timer_arm(&p->timer, 0);
	return p;
}

void
redis_processes_free(struct redis_processes *p)
{
	if (p == NULL)
		return;
	timer_stop(&p->timer);
	free(p);
}
