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

struct lane {				/* a connection */
	struct redis_acks *s;
	unsigned index;
	struct list joining;		/* for the next WAIT */
	struct list waiting;		/* what the WAIT under way is for */
	bool is_waiting;
	struct deferred send;		/* at the end of this turn of the loop */
};

struct redis_acks {
	struct loop *loop;
	struct redis *redis;
	int replicas;
	char needed[16], timeout[16];	/* as WAIT wants them */
	void (*done)(struct ack *a, bool enough);
	unsigned connections;
	struct lane *lane;
	struct log_limit short_limit;
};

static void on_send(void *arg);

static void
send_later(struct lane *l)
{
	if (!l->is_waiting && !list_empty(&l->joining))
		loop_defer(l->s->loop, &l->send, on_send, l);
}

static void
on_waited(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct lane *l = arg;
	struct redis_acks *s = l->s;
	bool answered = end == REDIS_ANSWERED && reply->type == REDIS_REPLY_INTEGER;
	bool enough = answered && reply->integer >= s->replicas;
	unsigned held;

	(void)op;
	if (answered && !enough && !log_limited(&s->short_limit, &held))
		log_warn(0, "redis replicas behind", "have=%lld needed=%d more=%u", reply->integer, s->replicas, held);
	while (!list_empty(&l->waiting)) {
		struct ack *a = LIST_OF(l->waiting.next, struct ack, node);

		list_remove(&a->node);
		metric_add(M_STORE_SHORT, !enough);
		s->done(a, enough);
	}
	l->is_waiting = false;
	send_later(l);
}

static void
on_send(void *arg)
{
	struct lane *l = arg;
	struct redis_acks *s = l->s;
	const char *argv[] = { "WAIT", s->needed, s->timeout };
	const size_t len[] = { 4, strlen(s->needed), strlen(s->timeout) };

	if (list_empty(&l->joining))
		return;		/* all have left */
	while (!list_empty(&l->joining)) {
		struct list *node = l->joining.next;

		list_remove(node);
		list_add_tail(&l->waiting, node);
	}
	l->is_waiting = true;
	redis_command(s->redis, l->index, 0, NELEM(argv), argv, len, on_waited, l);
}

void
redis_acks_join(struct redis_acks *s, unsigned shard, struct ack *a)
{
	struct lane *l = &s->lane[shard % s->connections];

	list_remove(&a->node);
	list_add_tail(&l->joining, &a->node);
	send_later(l);
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
	s->lane = xcalloc(s->connections, sizeof *s->lane);
	for (unsigned i = 0; i < s->connections; i++) {
		s->lane[i].s = s;
		s->lane[i].index = i;
		list_init(&s->lane[i].joining);
		list_init(&s->lane[i].waiting);
	}
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
		loop_undefer(&s->lane[i].send);
	free(s->lane);
	free(s);
}
