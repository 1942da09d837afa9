/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_acks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"

struct batch {				/* what one WAIT is for */
	struct redis_acks *s;
	unsigned connection;
	struct list acks;
	struct deferred send;
};

struct redis_acks {
	struct loop *loop;
	struct redis *redis;
	int replicas;
	char needed[16], timeout[16];	/* as WAIT wants them */
	void (*done)(struct ack *a, bool enough);
	unsigned connections;
	struct batch **open;		/* of each connection, NULL or one that goes at the end of this turn */
	struct log_limit short_limit;
};

static void
on_waited(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct batch *b = arg;
	struct redis_acks *s = b->s;
	bool answered = end == REDIS_ANSWERED && reply->type == REDIS_REPLY_INTEGER;
	bool enough = answered && reply->integer >= s->replicas;
	unsigned held;

	(void)op;
	if (answered && !enough && !log_limited(&s->short_limit, &held))
		log_warn(0, "redis replicas behind", "have=%lld needed=%d more=%u", reply->integer, s->replicas, held);
	while (!list_empty(&b->acks)) {
		struct ack *a = LIST_OF(b->acks.next, struct ack, node);

		list_remove(&a->node);
		metric_add(M_STORE_SHORT, !enough);
		s->done(a, enough);
	}
	free(b);
}

static void
on_send(void *arg)
{
	struct batch *b = arg;
	struct redis_acks *s = b->s;
	const char *argv[] = { "WAIT", s->needed, s->timeout };
	const size_t len[] = { 4, strlen(s->needed), strlen(s->timeout) };

	s->open[b->connection] = NULL;
	if (list_empty(&b->acks))
		free(b);	/* all have left */
	else
		redis_command(s->redis, b->connection, 0, NELEM(argv), argv, len, on_waited, b);
}

void
redis_acks_join(struct redis_acks *s, unsigned shard, struct ack *a)
{
	unsigned connection = shard % s->connections;
	struct batch *b = s->open[connection];

	if (b == NULL) {
		b = xcalloc(1, sizeof *b);
		b->s = s;
		b->connection = connection;
		list_init(&b->acks);
		s->open[connection] = b;
		loop_defer(s->loop, &b->send, on_send, b);
	}
	list_remove(&a->node);
	list_add_tail(&b->acks, &a->node);
}

void
redis_acks_leave(struct ack *a)
{
	list_remove(&a->node);
}

struct redis_acks *
redis_acks_new(struct loop *l, struct redis *r, int connections, int replicas, int timeout_ms,
    void (*done)(struct ack *a, bool enough))
{
	struct redis_acks *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->redis = r;
	s->connections = (unsigned)connections;
	s->replicas = replicas;
	s->done = done;
	s->open = xcalloc(s->connections, sizeof *s->open);
	str_format(s->needed, sizeof s->needed, "%d", replicas);
	str_format(s->timeout, sizeof s->timeout, "%d", timeout_ms);
	return s;
}

void
redis_acks_free(struct redis_acks *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->connections; i++)
		if (s->open[i] != NULL) {
			loop_undefer(&s->open[i]->send);
			free(s->open[i]);
		}
	free(s->open);
	free(s);
}
