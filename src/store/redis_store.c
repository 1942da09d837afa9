/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From store calls to Redis commands and back. A value in Redis is its version in clear (16 octets,
 * which the script compares) and the sealed rest, bound to the key's name and the version. The
 * bucket chooses the connection, so that what happens in one bucket keeps its order.
 */
#include "store/redis_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/name.h"
#include "store/redis_acks.h"
#include "store/redis_clock.h"
#include "store/redis_refusal.h"
#include "store/scripts.h"
#include "store/seal.h"
#include "store/value.h"

#define LOAD_MAX 8
#define PER_OP 5			/* arguments of commit.lua for one op */
#define ARGS_MAX (2 + STORE_OPS_MAX + PER_OP * STORE_OPS_MAX)

struct call {				/* one command under way; pooled, owned by the store */
	struct list node;
	struct redis_store *s;
	const struct store_script *script;	/* NULL: args begin with a plain command */
	bool in_full;			/* EVAL with the text instead of its hash */
	unsigned shard;
	uint64_t op;
	redis_done *done;
	struct buf args;
	size_t len[ARGS_MAX];
	int argc;
	struct store_name name[LOAD_MAX];	/* of a load */
	size_t names;
	/* Of a commit that replicas must have too: both answers are needed, in either order. */
	struct ack ack;
	bool waits, committed, acked, enough;
};

struct redis_store {
	struct loop *loop;
	struct redis *redis;
	struct store_namer namer;
	struct store_answers answers;
	struct list spare;
	struct redis_clock clock;
	struct redis_acks *acks;	/* NULL: Redis alone is enough */
	/* Two, since whoever is handed what was opened may write while it looks at it. */
	struct room sealed, opened;
	struct store_claimed claimed[STORE_CLAIM_MAX];
	struct log_limit refused_limit, damaged_limit;
};

static struct call *
call_new(struct redis_store *s, uint64_t op, redis_done *done, unsigned bucket)
{
	struct call *k;

	if (list_empty(&s->spare)) {
		k = xcalloc(1, sizeof *k);
		list_init(&k->node);
		list_init(&k->ack.node);
		k->s = s;
	} else {
		k = LIST_OF(s->spare.next, struct call, node);
		list_remove(&k->node);
	}
	k->op = op;
	k->done = done;
	k->shard = bucket;
	k->script = NULL;
	k->in_full = false;
	k->waits = k->committed = k->acked = false;
	k->argc = 0;
	k->names = 0;
	buf_reset(&k->args);
	metric_add(M_STORE_OPS, 1);
	return k;
}

static void
call_free(struct call *k)
{
	redis_acks_leave(&k->ack);
	list_add_tail(&k->s->spare, &k->node);
}

static void
add(struct call *k, const void *p, size_t n)
{
	buf_add(&k->args, p, n);
	k->len[k->argc++] = n;
}

static void
add_str(struct call *k, const char *s)
{
	add(k, s, strlen(s));
}

static void
add_i64(struct call *k, int64_t v)
{
	char text[24];

	str_format(text, sizeof text, "%" PRId64, v);
	add_str(k, text);
}

static void
send_call(struct call *k)
{
	const char *argv[ARGS_MAX + 2], *p = buf_str(&k->args);
	size_t len[ARGS_MAX + 2];
	int n = 0;

	if (k->waits)
		redis_acks_join(k->s->acks, k->shard, &k->ack);
	if (k->script != NULL) {
		argv[n++] = k->in_full ? "EVAL" : "EVALSHA";
		argv[n++] = k->in_full ? k->script->text : k->script->sha1;
		len[0] = strlen(argv[0]);
		len[1] = strlen(argv[1]);
	}
	for (int i = 0; i < k->argc; i++, n++) {
		argv[n] = p;
		len[n] = k->len[i];
		p += k->len[i];
	}
	redis_command(k->s->redis, k->shard, k->op, n, argv, len, k->done, k);
}

/* False unless it is the reply that was asked for; says so if it is an error. */
static bool
is_reply(struct redis_store *s, enum redis_end end, const redisReply *reply, int type)
{
	char quoted[200];
	unsigned held;

	if (end != REDIS_ANSWERED)
		return false;
	if (reply->type == type)
		return true;
	if (reply->type == REDIS_REPLY_ERROR && !log_limited(&s->refused_limit, &held))
		log_warn(0, "redis refused", "why=\"%s\" more=%u",
		    log_quote(reply->str, reply->len, quoted, sizeof quoted), held);
	return false;
}

/* A script that Redis does not have was not run: once more, with its text. */
static bool
is_resent(struct call *k, enum redis_end end, const redisReply *reply)
{
	if (end != REDIS_ANSWERED || reply->type != REDIS_REPLY_ERROR || k->in_full ||
	    !str_starts(reply->str, "NOSCRIPT"))
		return false;
	k->in_full = true;
	send_call(k);
	return true;
}

/* Opens the value into *at and moves *at behind it. */
static struct store_value
open_value(struct redis_store *s, const char *name, size_t name_len, const redisReply *reply,
    unsigned char **at)
{
	struct store_value v = { .present = true, .damaged = true };
	unsigned held;

	if (reply->type != REDIS_REPLY_STRING)
		return (struct store_value){ .present = false };
	v.damaged = !value_open(s->namer.seal, name, name_len, reply->str, reply->len, &v.version, *at);
	if (v.damaged) {
		metric_add(M_STORE_DAMAGED, 1);
		if (!log_limited(&s->damaged_limit, &held))
			log_error(0, "store damaged", "key=%.10s more=%u", name, held);
		v.raw = reply->str;
		v.raw_len = reply->len;
		return v;
	}
	v.p = *at;
	v.len = reply->len - VALUE_OVERHEAD;
	*at += v.len;
	return v;
}

/* Room for all values of a reply at once; they are handed on together. */
static unsigned char *
room_for(struct redis_store *s, const redisReply *reply)
{
	size_t n = 1;

	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_STRING)
			n += reply->element[i]->len;
	return room_of(&s->opened, n);
}

static void
on_loaded(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct call *k = arg;
	struct redis_store *s = k->s;
	struct store_value v[LOAD_MAX];
	unsigned char *begin, *at;
	size_t n = k->names;

	if (!is_reply(s, end, reply, REDIS_REPLY_ARRAY) || reply->elements != n) {
		call_free(k);
		metric_add(M_STORE_UNKNOWN, 1);
		s->answers.loaded(s->answers.arg, loop_wall(s->loop), op, STORE_UNKNOWN, NULL, 0);
		return;
	}
	begin = at = room_for(s, reply);
	for (size_t i = 0; i < n; i++)
		v[i] = open_value(s, k->name[i].text, k->name[i].len, reply->element[i], &at);
	call_free(k);
	s->answers.loaded(s->answers.arg, loop_wall(s->loop), op, STORE_DONE, v, n);
	mem_wipe(begin, (size_t)(at - begin));
}

void
redis_store_load(struct redis_store *s, uint64_t op, const struct store_key *keys, size_t n)
{
	struct call *k;

	if (n == 0 || n > LOAD_MAX)
		fatalx("store: load of %zu keys", n);
	k = call_new(s, op, on_loaded, 0);
	add_str(k, "MGET");
	for (size_t i = 0; i < n; i++) {
		store_name(&s->namer, &keys[i], &k->name[i]);
		store_name_same(&k->name[0], &k->name[i]);
		add(k, k->name[i].text, k->name[i].len);
	}
	k->names = n;
	k->shard = k->name[0].bucket;
	send_call(k);
}

static void
count_end(enum store_end end)
{
	static const int metric[] = {
		[STORE_DONE] = -1,
		[STORE_CONFLICT] = M_STORE_CONFLICTS,
		[STORE_LATE] = M_STORE_LATE,
		[STORE_FULL] = -1,
		[STORE_UNKNOWN] = M_STORE_UNKNOWN,
	};

	if (metric[end] >= 0)
		metric_add((enum metric)metric[end], 1);
}

static void
finish_commit(struct call *k, enum store_end end)
{
	struct redis_store *s = k->s;
	uint64_t op = k->op;

	call_free(k);
	count_end(end);
	s->answers.committed(s->answers.arg, loop_wall(s->loop), op, end);
}

static void
on_committed(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	static const enum store_end codes[] = { STORE_DONE, STORE_CONFLICT, STORE_LATE,
	    STORE_FULL };
	struct call *k = arg;
	struct redis_store *s = k->s;
	enum store_end e = STORE_UNKNOWN;

	(void)op;
	if (is_resent(k, end, reply))
		return;
	if (is_reply(s, end, reply, REDIS_REPLY_INTEGER)) {
		if (reply->integer >= 0 && reply->integer < (long long)NELEM(codes))
			e = codes[reply->integer];
	} else if (end == REDIS_ANSWERED && reply->type == REDIS_REPLY_ERROR) {
		e = redis_refusal_end(reply->str);
	} else if (end == REDIS_NOT_SENT) {
		e = STORE_LATE;
	}
	k->committed = e == STORE_DONE;
	if (!k->waits || e != STORE_DONE)
		finish_commit(k, e);
	else if (k->acked)
		finish_commit(k, k->enough ? STORE_DONE : STORE_UNKNOWN);
}

static void
on_acked(struct ack *a, bool enough)
{
	struct call *k = LIST_OF(a, struct call, ack);

	k->acked = true;
	k->enough = enough;
	if (k->committed)
		finish_commit(k, enough ? STORE_DONE : STORE_UNKNOWN);
}

static void
add_put(struct call *k, const struct store_op *op, const struct store_name *name)
{
	const struct store_row *row = &store_families[op->key.family];
	size_t n = VALUE_OVERHEAD + op->len;
	unsigned char *value = room_of(&k->s->sealed, n);

	value_close(k->s->namer.seal, name->text, name->len, op, value);
	add_str(k, "P");
	add(k, op->from.p, STORE_VERSION);
	add(k, value, n);
	add_i64(k, op->ttl_ms != 0 ? op->ttl_ms : row->ttl_ms);
	add_i64(k, (int64_t)(VALUE_OVERHEAD + row->cap));
}

static void
add_versioned(struct call *k, const struct store_op *op, const struct store_name *name)
{
	(void)name;
	add_str(k, op->kind == STORE_CHECK ? "C" : "D");
	add(k, op->from.p, STORE_VERSION);
	for (int i = 2; i < PER_OP; i++)
		add(k, "", 0);
}

static void
add_member(struct call *k, const struct store_op *op, const struct store_name *name)
{
	struct store_name ref;
	size_t len;
	const char *member = store_name_member(&k->s->namer, op, &ref, &len);

	if (member == ref.text)
		store_name_same(name, &ref);
	add(k, member, len);
}

static void
add_list_add(struct call *k, const struct store_op *op, const struct store_name *name)
{
	add_str(k, store_list_rolls(op->key.family) ? "B" : "A");
	add_member(k, op, name);
	add_i64(k, op->score);
	add_i64(k, store_families[op->key.family].ttl_ms);
	add_i64(k, (int64_t)store_families[op->key.family].cap);
}

static void
add_list_remove(struct call *k, const struct store_op *op, const struct store_name *name)
{
	add_str(k, "R");
	add_member(k, op, name);
	for (int i = 2; i < PER_OP; i++)
		add(k, "", 0);
}

static void (*const add_op[])(struct call *, const struct store_op *, const struct store_name *) = {
	[STORE_PUT] = add_put,
	[STORE_CHECK] = add_versioned,
	[STORE_DELETE] = add_versioned,
	[STORE_LIST_ADD] = add_list_add,
	[STORE_LIST_REMOVE] = add_list_remove,
};

void
redis_store_commit(struct redis_store *s, uint64_t op, const struct store_commit *c)
{
	struct store_name name[STORE_OPS_MAX];
	struct call *k;

	if (c->n == 0 || c->n > STORE_OPS_MAX || c->not_after_ms == 0)
		fatalx("store: commit of %zu ops without an end in time", c->n);
	k = call_new(s, op, on_committed, 0);
	k->script = &store_lua_commit;
	k->waits = s->acks != NULL;
	add_i64(k, (int64_t)c->n);
	for (size_t i = 0; i < c->n; i++) {
		store_name(&s->namer, &c->op[i].key, &name[i]);
		store_name_same(&name[0], &name[i]);
		add(k, name[i].text, name[i].len);
	}
	k->shard = name[0].bucket;
	add_i64(k, c->not_after_ms);
	for (size_t i = 0; i < c->n; i++)
		add_op[c->op[i].kind](k, &c->op[i], &name[i]);
	send_call(k);
}

static void
answer_claimed(struct redis_store *s, uint64_t op, enum store_end end, size_t n)
{
	if (end == STORE_UNKNOWN)
		metric_add(M_STORE_UNKNOWN, 1);
	s->answers.claimed(s->answers.arg, loop_wall(s->loop), op, end, end == STORE_DONE ?
	    s->claimed : NULL, n);
}

/* A score, as Redis prints a whole number. */
static bool
read_score(const redisReply *reply, int64_t *out)
{
	return reply->type == REDIS_REPLY_STRING && str_to_i64(reply->str, INT64_MIN, INT64_MAX,
	    out);
}

static void
on_claimed(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct call *k = arg;
	struct redis_store *s = k->s;
	unsigned char *begin, *at;
	size_t n = 0;

	if (is_resent(k, end, reply))
		return;
	call_free(k);
	if (!is_reply(s, end, reply, REDIS_REPLY_ARRAY) || reply->elements > 3 * STORE_CLAIM_MAX) {
		answer_claimed(s, op, STORE_UNKNOWN, 0);
		return;
	}
	begin = at = room_for(s, reply);
	for (size_t i = 0; i + 2 < reply->elements; i += 3) {
		const redisReply *name = reply->element[i];
		struct store_claimed *c = &s->claimed[n];

		if (name->type != REDIS_REPLY_STRING || !read_score(reply->element[i + 2],
		    &c->score))
			continue;
		c->item[0] = '\0';
		c->family = store_name_family(name->str, name->len);
		c->value = open_value(s, name->str, name->len, reply->element[i + 1], &at);
		n++;
	}
	answer_claimed(s, op, STORE_DONE, n);
	mem_wipe(begin, (size_t)(at - begin));
}

_Static_assert(4 + 2 * STORE_CLAIM_LISTS * (1 + STORE_CLAIM_PARTS) <= ARGS_MAX, "a claim of all lists and parts");

void
redis_store_claim(struct redis_store *s, uint64_t op, const struct store_claim *c)
{
	struct call *k = call_new(s, op, on_claimed, c->bucket);
	size_t max = c->max < STORE_CLAIM_MAX ? c->max : STORE_CLAIM_MAX;
	struct store_name name;

	if (c->more >= STORE_CLAIM_LISTS || c->parts > STORE_CLAIM_PARTS)
		fatalx("store: claim of %u lists in %u parts", c->more + 1, c->parts);
	k->script = &store_lua_claim;
	add_i64(k, (int64_t)(c->more + 1) * (c->parts + 1));
	for (unsigned i = 0; i <= c->more; i++)
		for (unsigned part = 0; part <= c->parts; part++) {
			store_name_list(c->list + i, c->bucket, &name);
			store_name_part(part < c->parts ? c->part[part].id : "", &name);
			add(k, name.text, name.len);
		}
	add_i64(k, (int64_t)max);
	add_i64(k, c->lease_ms);
	add_i64(k, loop_wall(k->s->loop) + redis_timeout(k->s->redis));
	for (unsigned i = 0; i <= c->more; i++)
		for (unsigned part = 0; part <= c->parts; part++)
			add_i64(k, (int64_t)(part < c->parts && c->part[part].max < max ? c->part[part].max : max));
	send_call(k);
}

static void
on_ranged(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	struct call *k = arg;
	struct redis_store *s = k->s;
	size_t n = 0;

	call_free(k);
	if (!is_reply(s, end, reply, REDIS_REPLY_ARRAY) || reply->elements > 2 * STORE_CLAIM_MAX) {
		answer_claimed(s, op, STORE_UNKNOWN, 0);
		return;
	}
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		const redisReply *item = reply->element[i];
		struct store_claimed *c = &s->claimed[n];

		memset(c, 0, sizeof *c);
		if (item->type == REDIS_REPLY_STRING && str_copyn(c->item, sizeof c->item,
		    item->str, item->len) && read_score(reply->element[i + 1], &c->score))
			n++;
	}
	answer_claimed(s, op, STORE_DONE, n);
}

void
redis_store_range(struct redis_store *s, uint64_t op, const struct store_range *r)
{
	static const char *const how[] = { "BYSCORE", "REV", "LIMIT" };
	struct call *k = call_new(s, op, on_ranged, 0);
	struct store_name name;

	store_name_range(&s->namer, r, &name);
	k->shard = name.bucket;
	add_str(k, "ZRANGE");
	add(k, name.text, name.len);
	add_i64(k, r->to_ms);
	add_i64(k, r->from_ms);
	for (size_t i = 0; i < NELEM(how); i++)
		add_str(k, how[i]);
	add_i64(k, (int64_t)r->offset);
	add_i64(k, (int64_t)(r->max < STORE_CLAIM_MAX ? r->max : STORE_CLAIM_MAX));
	add_str(k, "WITHSCORES");
	send_call(k);
}

unsigned
redis_store_bucket(struct redis_store *s, enum store_family family, const char *owner)
{
	return store_name_bucket(&s->namer, family, owner);
}

static void
on_script_known(void *arg, uint64_t op, enum redis_end end, const redisReply *reply)
{
	(void)op;
	(void)is_reply(arg, end, reply, REDIS_REPLY_STRING);
}

static void
on_up(void *arg, unsigned shard)
{
	static const struct store_script *const scripts[] = { &store_lua_commit, &store_lua_claim };
	struct redis_store *s = arg;

	redis_clock_ask(&s->clock, shard);
	for (size_t i = 0; i < NELEM(scripts); i++) {
		const char *argv[] = { "SCRIPT", "LOAD", scripts[i]->text };
		const size_t len[] = { 6, 4, strlen(scripts[i]->text) };

		redis_command(s->redis, shard, 0, NELEM(argv), argv, len, on_script_known, s);
	}
}

struct redis_store *
redis_store_new(struct loop *l, struct redis *r, const struct seal *seal,
    const struct store_answers *answers)
{
	struct redis_store *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->redis = r;
	s->namer.seal = seal;
	s->answers = *answers;
	list_init(&s->spare);
	redis_clock_start(&s->clock, l, r);
	redis_on_up(r, on_up, s);
	return s;
}

void
redis_store_replicas(struct redis_store *s, int connections, int replicas, int timeout_ms)
{
	s->acks = redis_acks_new(s->loop, s->redis, connections, replicas, timeout_ms, on_acked);
}

void
redis_store_free(struct redis_store *s)
{
	struct list *it, *next;

	if (s == NULL)
		return;
	redis_clock_stop(&s->clock);
	redis_acks_free(s->acks);
	LIST_EACH(it, next, &s->spare) {
		struct call *k = LIST_OF(it, struct call, node);

		buf_clear(&k->args);
		free(k);
	}
	room_clear(&s->sealed);
	room_clear(&s->opened);
	free(s);
}
