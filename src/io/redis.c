/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of operations over a few hiredis connections. It knows nothing of what the commands mean
 * and repeats none.
 *
 * hiredis 0.14 gives each command's callback exactly one call (with NULL when no answer will come),
 * but knows no deadlines. So what it carries is not a pointer but the operation's ticket (slot and
 * generation): the deadline may have answered long before, and the slot may serve another operation
 * by then. All deadlines are equally long, so one list in the order of sending and one timer serve
 * them.
 *
 * A connection that owes answers and has been silent for a whole timeout is given up: a peer that
 * went away without a word would otherwise be waited for by every command to come. Commands are
 * written once per turn of the loop.
 */
#include "io/redis.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/redis_url.h"

#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS 5000

enum conn_state { CONN_DOWN, CONN_CONNECTING, CONN_HELLO, CONN_UP };
static const char *const state_name[] = { "down", "connecting", "hello", "up" };

struct conn {
	struct redis *r;
	unsigned index;
	enum conn_state state;
	redisAsyncContext *ac;		/* hiredis frees it; NULL when it is not ours any more */
	struct event *readable, *writable;	/* freed by on_cleanup() */
	struct deferred flush;
	bool flushing;
	struct timer timer;		/* DOWN: next try; UP: look for silence; else patience */
	unsigned failures;		/* in a row */
	unsigned owed;			/* answers */
	int64_t owed_since;		/* loop_now(); when it began to owe, or last answered */
};

struct op {
	struct list node;		/* in open, refused or spare */
	struct redis *r;
	struct deferred refusal;
	uint32_t slot, generation;
	bool open;
	int64_t deadline;		/* loop_now() */
	uint64_t id;			/* the caller's */
	redis_done *done;
	void *arg;
};

struct redis {
	struct loop *loop;
	struct redis_url url;
	char *password;
	int timeout_ms;
	unsigned waiting_max, waiting;
	unsigned conns, up;
	struct conn *conn;
	struct op **op;			/* by slot; each is allocated once and kept */
	uint32_t ops, ops_room;
	struct list open;		/* by deadline */
	struct list refused, spare;
	struct timer deadline;		/* of the first in open, or earlier */
	struct listener {
		void (*fn)(void *arg, unsigned shard);
		void *arg;
	} on_up[REDIS_LISTENERS];
	unsigned listeners;
	struct log_limit lost_limit, full_limit;
	struct deferred corpse;
	bool closing;
};

static struct op *
op_new(struct redis *r, uint64_t id, redis_done *done, void *arg)
{
	struct op *op;

	if (list_empty(&r->spare)) {
		if (r->ops == r->ops_room) {
			r->ops_room = r->ops_room != 0 ? 2 * r->ops_room : 64;
			r->op = xrealloc(r->op, r->ops_room, sizeof(struct op *));
		}
		op = xcalloc(1, sizeof *op);
		list_init(&op->node);
		op->r = r;
		op->slot = r->ops;
		r->op[r->ops++] = op;
	} else {
		op = LIST_OF(r->spare.next, struct op, node);
		list_remove(&op->node);
	}
	op->id = id;
	op->done = done;
	op->arg = arg;
	return op;
}

/* Out of the table first, then the answer: whoever comes second finds nothing. */
static void
op_finish(struct op *op, enum redis_end end, const redisReply *reply)
{
	struct redis *r = op->r;

	list_remove(&op->node);
	loop_undefer(&op->refusal);
	if (op->open)
		r->waiting--;
	op->open = false;
	op->generation++;
	list_add_tail(&r->spare, &op->node);
	op->done(op->arg, op->id, end, reply);
}

static void
on_refusal(void *arg)
{
	op_finish(arg, REDIS_NOT_SENT, NULL);
}

static void
op_refuse(struct op *op)
{
	list_add_tail(&op->r->refused, &op->node);
	loop_defer(op->r->loop, &op->refusal, on_refusal, op);
}

static void *
ticket_of(const struct op *op)
{
	return (void *)((uintptr_t)op->generation << 32 | op->slot);
}

static struct op *
op_find(struct redis *r, const void *ticket)
{
	uint32_t slot = (uint32_t)(uintptr_t)ticket;
	struct op *op = slot < r->ops ? r->op[slot] : NULL;

	return op != NULL && op->open && ticket_of(op) == ticket ? op : NULL;
}

static void
on_deadline(void *arg)
{
	struct redis *r = arg;
	struct op *op;

	while (!list_empty(&r->open)) {
		op = LIST_OF(r->open.next, struct op, node);
		if (op->deadline > loop_now(r->loop)) {
			timer_arm(&r->deadline, op->deadline - loop_now(r->loop));
			return;
		}
		op_finish(op, REDIS_UNKNOWN, NULL);
	}
}

static void
on_reply(redisAsyncContext *ac, void *reply, void *ticket)
{
	struct conn *c = ac->data;
	struct op *op;

	if (c == NULL)
		return;		/* redis_free() has answered for all */
	if (c->owed > 0)
		c->owed--;
	c->owed_since = loop_now(c->r->loop);
	op = op_find(c->r, ticket);
	if (op != NULL)
		op_finish(op, reply != NULL ? REDIS_ANSWERED : REDIS_UNKNOWN, reply);
}

/* The hooks through which hiredis asks for the socket. */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd, (void)what;
	redisAsyncHandleRead(c->ac);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd, (void)what;
	redisAsyncHandleWrite(c->ac);
}

static void
on_flush(void *arg)
{
	struct conn *c = arg;

	c->flushing = true;
	redisAsyncHandleWrite(c->ac);
	c->flushing = false;
}

static void
hook_add_read(void *arg)
{
	struct conn *c = arg;

	event_add(c->readable, NULL);	/* persistent: costs nothing once it is added */
}

static void
hook_del_read(void *arg)
{
	struct conn *c = arg;

	event_del(c->readable);
}

static void
hook_add_write(void *arg)
{
	struct conn *c = arg;

	/* A connection that is up can mostly be written at once; what is left comes here again. */
	if (c->state == CONN_UP && !c->flushing)
		loop_defer(c->r->loop, &c->flush, on_flush, c);
	else
		event_add(c->writable, NULL);
}

static void
hook_del_write(void *arg)
{
	struct conn *c = arg;

	event_del(c->writable);
}

static void
on_cleanup(void *arg)
{
	struct conn *c = arg;

	loop_undefer(&c->flush);
	event_free(c->readable);
	event_free(c->writable);
	c->readable = c->writable = NULL;
}

static void
attach(struct conn *c)
{
	struct event_base *base = loop_base(c->r->loop);

	c->readable = event_new(base, c->ac->c.fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, c->ac->c.fd, EV_WRITE, on_writable, c);
	if (c->readable == NULL || c->writable == NULL)
		fatalx("redis: event_new failed");
	c->ac->ev.data = c;
	c->ac->ev.addRead = hook_add_read;
	c->ac->ev.delRead = hook_del_read;
	c->ac->ev.addWrite = hook_add_write;
	c->ac->ev.delWrite = hook_del_write;
	c->ac->ev.cleanup = on_cleanup;
}

static void
conn_enter(struct conn *c, enum conn_state to)
{
	log_debug(0, "redis conn", "conn=%u %s -> %s", c->index, state_name[c->state],
	    state_name[to]);
	c->r->up += (to == CONN_UP) - (c->state == CONN_UP);
	c->state = to;
}

static int64_t
retry_delay(const struct conn *c)
{
	int64_t ms = c->failures < 7 ? (int64_t)RETRY_FIRST_MS << c->failures : RETRY_MAX_MS;
	uint32_t random;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = c->index;
	return ms / 2 + random % (ms / 2);
}

/* The connection is gone. Its ac belongs to hiredis alone now. */
static void
conn_lost(struct conn *c, const char *why)
{
	char quoted[160];
	unsigned held;

	if (c->state == CONN_DOWN)
		return;
	if (!log_limited(&c->r->lost_limit, &held))
		log_warn(0, "redis lost", "conn=%u was=%s why=\"%s\" more=%u", c->index,
		    state_name[c->state], log_quote(why, strlen(why), quoted, sizeof quoted), held);
	conn_enter(c, CONN_DOWN);
	c->ac = NULL;
	c->owed = 0;
	timer_arm(&c->timer, retry_delay(c));
	c->failures++;
}

/* From our side. What is under way is answered from here with "unknown". */
static void
conn_drop(struct conn *c, const char *why)
{
	redisAsyncContext *ac = c->ac;

	conn_lost(c, why);
	redisAsyncFree(ac);
}

static void
on_hello(redisAsyncContext *ac, void *data, void *last)
{
	struct conn *c = ac->data;
	const redisReply *reply = data;

	if (c == NULL || c->ac != ac || c->state != CONN_HELLO || reply == NULL)
		return;		/* given up, or on_disconnected() follows */
	if (reply->type == REDIS_REPLY_ERROR) {
		conn_drop(c, reply->str);
		return;
	}
	if (last == NULL)
		return;
	conn_enter(c, CONN_UP);
	c->failures = 0;
	c->owed = 0;
	timer_arm(&c->timer, c->r->timeout_ms);
	log_info(0, "redis up", "conn=%u", c->index);
	for (unsigned i = 0; i < c->r->listeners && c->state == CONN_UP; i++)
		c->r->on_up[i].fn(c->r->on_up[i].arg, c->index);
}

static void
on_connected(const redisAsyncContext *ac, int status)
{
	struct conn *c = ac->data;
	redisAsyncContext *own;
	bool sent = true;

	if (c == NULL || c->ac != ac)
		return;
	if (status != REDIS_OK) {
		conn_lost(c, ac->errstr != NULL ? ac->errstr : "not connected");
		return;
	}
	own = c->ac;
	conn_enter(c, CONN_HELLO);
	if (c->r->password != NULL)
		sent &= redisAsyncCommand(own, on_hello, NULL, "AUTH %s",
		    c->r->password) == REDIS_OK;
	if (c->r->url.db != 0)
		sent &= redisAsyncCommand(own, on_hello, NULL, "SELECT %d",
		    c->r->url.db) == REDIS_OK;
	/* PING is refused while Redis loads its data: not up before it can serve. */
	sent &= redisAsyncCommand(own, on_hello, c, "PING") == REDIS_OK;
	if (!sent)
		conn_drop(c, "hello could not be sent");
}

static void
on_disconnected(const redisAsyncContext *ac, int status)
{
	struct conn *c = ac->data;

	(void)status;
	if (c != NULL && c->ac == ac)
		conn_lost(c, ac->errstr != NULL && ac->errstr[0] != '\0' ? ac->errstr : "closed");
}

static void
conn_start(struct conn *c)
{
	const struct redis_url *u = &c->r->url;

	conn_enter(c, CONN_CONNECTING);
	c->ac = u->path[0] != '\0' ? redisAsyncConnectUnix(u->path) : redisAsyncConnect(u->host,
	    u->port);
	if (c->ac == NULL)
		fatalx("redis: out of memory");
	if (c->ac->err != 0) {
		conn_drop(c, c->ac->errstr);
		return;
	}
	c->ac->data = c;
	attach(c);
	redisAsyncSetConnectCallback(c->ac, on_connected);
	redisAsyncSetDisconnectCallback(c->ac, on_disconnected);
	timer_arm(&c->timer, c->r->timeout_ms);
}

static void
on_conn_timer(void *arg)
{
	struct conn *c = arg;
	bool silent;

	switch (c->state) {
	case CONN_DOWN:
		conn_start(c);
		break;
	case CONN_CONNECTING:
	case CONN_HELLO:
		conn_drop(c, "no answer in time");
		break;
	case CONN_UP:
		silent = c->owed > 0 && loop_now(c->r->loop) - c->owed_since >= c->r->timeout_ms;
		if (silent)
			conn_drop(c, "silent");
		else
			timer_arm(&c->timer, c->r->timeout_ms);
		break;
	}
}

struct redis *
redis_new(struct loop *l, const struct redis_options *o, char *err, size_t err_size)
{
	struct redis_url url;
	struct redis *r;

	if (!redis_url_parse(o->url, &url, err, err_size) || !redis_url_resolve(&url, err,
	    err_size))
		return NULL;
	r = xcalloc(1, sizeof *r);
	r->loop = l;
	r->url = url;
	r->password = o->password != NULL ? xstrdup(o->password) : NULL;
	r->timeout_ms = o->timeout_ms;
	r->waiting_max = (unsigned)o->waiting;
	list_init(&r->open);
	list_init(&r->refused);
	list_init(&r->spare);
	timer_init(&r->deadline, l, on_deadline, r);
	r->conns = (unsigned)o->connections;
	r->conn = xcalloc(r->conns, sizeof *r->conn);
	for (unsigned i = 0; i < r->conns; i++) {
		r->conn[i].r = r;
		r->conn[i].index = i;
		timer_init(&r->conn[i].timer, l, on_conn_timer, &r->conn[i]);
		conn_start(&r->conn[i]);
	}
	return r;
}

static void
finish_all(struct list *head, enum redis_end end)
{
	while (!list_empty(head))
		op_finish(LIST_OF(head->next, struct op, node), end, NULL);
}

static void
on_burial(void *arg)
{
	struct redis *r = arg;

	for (uint32_t i = 0; i < r->ops; i++)
		free(r->op[i]);
	free(r->op);
	free(r->conn);
	if (r->password != NULL)
		mem_wipe(r->password, strlen(r->password));
	free(r->password);
	free(r);
}

void
redis_free(struct redis *r)
{
	if (r == NULL || r->closing)
		return;
	r->closing = true;
	timer_stop(&r->deadline);
	for (unsigned i = 0; i < r->conns; i++) {
		struct conn *c = &r->conn[i];
		redisAsyncContext *ac = c->ac;

		timer_stop(&c->timer);
		if (ac == NULL)
			continue;
		conn_enter(c, CONN_DOWN);
		c->ac = NULL;
		ac->data = NULL;
		redisAsyncFree(ac);
	}
	finish_all(&r->open, REDIS_UNKNOWN);
	finish_all(&r->refused, REDIS_NOT_SENT);
	timer_stop(&r->deadline);
	loop_bury(r->loop, &r->corpse, on_burial, r);
}

bool
redis_ready(const struct redis *r)
{
	return r->up == r->conns;
}

int
redis_timeout(const struct redis *r)
{
	return r->timeout_ms;
}

void
redis_on_up(struct redis *r, void (*fn)(void *arg, unsigned shard), void *arg)
{
	if (r->listeners == REDIS_LISTENERS)
		fatalx("redis: too many listeners");
	r->on_up[r->listeners++] = (struct listener){ fn, arg };
}

static bool
has_room(struct redis *r)
{
	unsigned held;

	if (r->waiting < r->waiting_max)
		return true;
	if (!log_limited(&r->full_limit, &held))
		log_warn(0, "redis full", "waiting=%u more=%u", r->waiting, held);
	return false;
}

void
redis_command(struct redis *r, unsigned shard, uint64_t id, int argc, const char **argv,
    const size_t *len, redis_done *done, void *arg)
{
	struct conn *c = &r->conn[shard % r->conns];
	struct op *op = op_new(r, id, done, arg);

	if (c->state != CONN_UP || !has_room(r) ||
	    redisAsyncCommandArgv(c->ac, on_reply, ticket_of(op), argc, argv, len) != REDIS_OK) {
		op_refuse(op);
		return;
	}
	if (c->owed++ == 0)
		c->owed_since = loop_now(r->loop);
	if (list_empty(&r->open))
		timer_arm(&r->deadline, r->timeout_ms);
	op->open = true;
	op->deadline = loop_now(r->loop) + r->timeout_ms;
	list_add_tail(&r->open, &op->node);
	r->waiting++;
}
