/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"

#define NEAR_MS HOUR

const struct store_row store_families[STORE_FAMILIES] = {
	[STORE_SESSION] = { "ses", 'p', 4, 26 * HOUR, RECORD_CAP },
	[STORE_SUBSCRIBER] = { "sub", 'p', 4, 0, RECORD_CAP },
	[STORE_PIN] = { "pin", 'p', 4, 90 * DAY, RECORD_CAP },
	[STORE_JWT] = { "jwt", 'p', 4, 2 * HOUR, RECORD_CAP },
	[STORE_INTENT] = { "int", 'p', 4, 180 * DAY, RECORD_CAP },
	[STORE_DUE] = { "due", 'p', 4, 0, 1000 },
	[STORE_LIMIT] = { "lim", 'l', 4, 70 * DAY, RECORD_CAP },
	[STORE_MESSAGE] = { "msg", 'o', 1, 14 * DAY, RECORD_CAP },
	[STORE_OUTBOX] = { "out", 'o', 1, 0, LIST_CAP },
	[STORE_OUTBOX_RESULT] = { "our", 'o', 1, 0, LIST_CAP },
	[STORE_OUTBOX_NOTICE] = { "oun", 'o', 1, 0, LIST_CAP },
	[STORE_DEAD] = { "ded", 'o', 1, 30 * DAY, LIST_CAP },
	[STORE_RECEIPT] = { "rcp", 'r', 4, 14 * DAY, RECORD_CAP },
	[STORE_STRAY] = { "str", 'r', 4, 7 * DAY, RECORD_CAP },
	[STORE_INDEX] = { "idx", 'i', 4, 180 * DAY, LIST_CAP },
	[STORE_COUNTER] = { "cnt", 'p', 4, 3 * DAY, RECORD_CAP },
	[STORE_PERSON] = { "per", 'p', 4, 0, 1000 },
	[STORE_HISTORY] = { "his", 'p', 4, 30 * DAY, LIST_CAP },
};

/* Taking answers. */

static void
keep_value(struct got *g, const struct store_value *v)
{
	g->v = *v;
	if (v->p != NULL && v->len <= RECORD_CAP) {
		memcpy(g->text, v->p, v->len);
		g->text[v->len] = '\0';
	}
	g->v.p = NULL;
}

static struct answer *
take(struct world *w, uint64_t op, enum store_end end, size_t n)
{
	struct answer *a = &w->real[op % OPS];

	assert_false(a->there);
	memset(a, 0, sizeof *a);
	a->there = true;
	a->end = end;
	a->n = n;
	return a;
}

static void
on_loaded(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_value *v,
    size_t n)
{
	struct answer *a = take(arg, op, end, n);

	assert_true(now > 0);
	for (size_t i = 0; i < n; i++)
		keep_value(&a->got[i], &v[i]);
}

static void
on_committed(void *arg, int64_t now, uint64_t op, enum store_end end)
{
	assert_true(now > 0);
	take(arg, op, end, 0);
}

static void
keep_claimed(struct answer *a, const struct store_claimed *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		keep_value(&a->got[i], &c[i].value);
		str_copy(a->got[i].item, STORE_ID, c[i].item);
		a->got[i].score = c[i].score;
	}
}

static void
on_claimed(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c,
    size_t n)
{
	assert_true(now > 0);
	keep_claimed(take(arg, op, end, n), c, n);
}

static bool
is_up(void *arg)
{
	struct world *w = arg;

	return redis_ready(w->redis);
}

static void
on_ping(void *arg, uint64_t op, enum redis_end end, const struct redisReply *reply)
{
	struct world *w = arg;

	(void)reply;
	w->pinged[op] = end;
	w->pings--;
}

static bool
is_pinged(void *arg)
{
	struct world *w = arg;

	return w->pings == 0;
}

/* Ready is Redis with one connection; a test's first call may go over any. */
static void
await_connections(struct world *w)
{
	const char *argv[] = { "PING" };
	const size_t len[] = { 4 };
	bool all;

	do {
		w->pings = CONNECTIONS;
		for (unsigned i = 0; i < CONNECTIONS; i++)
			redis_command(w->redis, i, i, 1, argv, len, on_ping, w);
		redis_fixture_until(w->loop, is_pinged, w);
		all = true;
		for (unsigned i = 0; i < CONNECTIONS; i++)
			all &= w->pinged[i] == REDIS_ANSWERED;
	} while (!all);
}

static void
connect_all(struct world *w, int timeout_ms)
{
	const struct redis_options o = { .url = w->server.url, .connections = CONNECTIONS, .timeout_ms =
	    timeout_ms,
		.waiting = OPS };
	const struct store_answers answers = { w, on_loaded, on_committed, on_claimed };
	char err[200];

	w->loop = loop_new();
	loop_set_wall_offset(w->loop, w->skew);
	w->redis = redis_new(w->loop, &o, err, sizeof err);
	assert_non_null(w->redis);
	w->store = redis_store_new(w->loop, w->redis, &w->seal, &answers);
	await_connections(w);
}

static void
disconnect_all(struct world *w)
{
	redis_free(w->redis);
	redis_store_free(w->store);
	loop_free(w->loop);
}

/* With another patience for Redis from here on. */
void
reconnect(struct world *w, int timeout_ms)
{
	disconnect_all(w);
	connect_all(w, timeout_ms);
}

static bool
is_answered(void *arg)
{
	struct world *w = arg;

	for (uint64_t op = w->first; op <= w->op; op++)
		if (!w->real[op % OPS].there)
			return false;
	return true;
}

void
await(struct world *w)
{
	redis_fixture_until(w->loop, is_answered, w);
	w->first = w->op + 1;
}

bool
is_near(int64_t a, int64_t b)
{
	return a - b < NEAR_MS && b - a < NEAR_MS;
}

static void
same_answer(const struct answer *a, const struct answer *b)
{
	assert_int_equal(a->end, b->end);
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct got *x = &a->got[i], *y = &b->got[i];

		assert_int_equal(x->v.present, y->v.present);
		assert_int_equal(x->v.damaged, y->v.damaged);
		assert_memory_equal(x->v.version.p, y->v.version.p, STORE_VERSION);
		assert_int_equal(x->v.len, y->v.len);
		assert_string_equal(x->text, y->text);
		assert_string_equal(x->item, y->item);
		assert_true(is_near(x->score, y->score));
	}
}

/* Waits for Redis and compares all that was asked since. The newest answer. */
const struct answer *
settle(struct world *w)
{
	uint64_t from = w->first;

	await(w);
	for (uint64_t op = from; op <= w->op; op++)
		same_answer(&w->real[op % OPS], &w->mem[op % OPS]);
	return &w->real[w->op % OPS];
}

struct answer *
begin(struct world *w, enum store_end end, size_t n)
{
	struct answer *a = &w->mem[++w->op % OPS];

	assert_true(w->op - w->first < OPS);
	w->real[w->op % OPS].there = false;
	memset(a, 0, sizeof *a);
	a->end = end;
	a->n = n;
	return a;
}

/* The calls, on both. */

enum store_end
begin_commit(struct world *w, const struct store_commit *c)
{
	enum store_end end = memory_store_commit(w->memory, loop_wall(w->loop), c);

	begin(w, end, 0);
	redis_store_commit(w->store, w->op, c);
	return end;
}

enum store_end
commit(struct world *w, const struct store_commit *c)
{
	begin_commit(w, c);
	return settle(w)->end;
}

const struct answer *
load(struct world *w, const struct store_key *keys, size_t n)
{
	struct answer *a = begin(w, STORE_DONE, n);
	struct store_value v[8];

	memory_store_load(w->memory, loop_wall(w->loop), keys, n, v);
	for (size_t i = 0; i < n; i++)
		keep_value(&a->got[i], &v[i]);
	redis_store_load(w->store, w->op, keys, n);
	return settle(w);
}

const struct answer *
claim(struct world *w, enum store_family list, const char *owner, size_t max, int64_t lease_ms)
{
	return claim_lists(w, list, 0, owner, max, lease_ms);
}

const struct answer *
claim_lists(struct world *w, enum store_family list, unsigned more, const char *owner, size_t max,
    int64_t lease_ms)
{
	struct store_claim c = { .list = list, .max = max, .lease_ms = lease_ms, .more = more };

	return claim_parts(w, &c, owner);
}

const struct answer *
claim_parts(struct world *w, struct store_claim *c, const char *owner)
{
	struct store_claimed out[STORE_CLAIM_MAX];
	size_t n;

	c->bucket = memory_store_bucket(w->memory, c->list, owner);
	assert_int_equal(c->bucket, redis_store_bucket(w->store, c->list, owner));
	n = memory_store_claim(w->memory, loop_wall(w->loop), c, out);
	keep_claimed(begin(w, STORE_DONE, n), out, n);
	redis_store_claim(w->store, w->op, c);
	return settle(w);
}

const struct answer *
range(struct world *w, const struct store_range *r)
{
	struct store_claimed out[STORE_CLAIM_MAX];
	size_t n = memory_store_range(w->memory, loop_wall(w->loop), r, out);

	keep_claimed(begin(w, STORE_DONE, n), out, n);
	redis_store_range(w->store, w->op, r);
	return settle(w);
}

/* Only on Redis, for what memory cannot do. */

enum store_end
real_commit(struct world *w, const struct store_commit *c)
{
	begin(w, STORE_DONE, 0);
	redis_store_commit(w->store, w->op, c);
	await(w);
	return w->real[w->op % OPS].end;
}

/* Until it is answered: connections come back by themselves. */
const struct answer *
real_load(struct world *w, const struct store_key *key)
{
	do {
		redis_fixture_until(w->loop, is_up, w);
		begin(w, STORE_DONE, 1);
		redis_store_load(w->store, w->op, key, 1);
		await(w);
	} while (w->real[w->op % OPS].end != STORE_DONE);
	return &w->real[w->op % OPS];
}

/* Making them. */

struct store_key
key_of(enum store_family family, const char *owner, const char *id)
{
	struct store_key k = { .family = family };

	assert_true(str_copy(k.owner, sizeof k.owner, owner));
	assert_true(str_copy(k.id, sizeof k.id, id));
	return k;
}

struct store_version
new_version(struct world *w)
{
	struct store_version v = { { 0 } };
	uint64_t n = ++w->versions;

	memcpy(v.p, &n, sizeof n);
	memset(v.p + 8, 0xff, 8);
	return v;
}

const struct store_version absent;

struct store_commit
new_commit(struct world *w)
{
	return (struct store_commit){ .not_after_ms = loop_wall(w->loop) + HOUR };
}

struct store_op *
add_op(struct store_commit *c, enum store_op_kind kind, struct store_key key)
{
	struct store_op *op = &c->op[c->n++];

	op->kind = kind;
	op->key = key;
	return op;
}

struct store_version
add_put(struct world *w, struct store_commit *c, struct store_key key, struct store_version from,
    const char *text)
{
	struct store_op *op = add_op(c, STORE_PUT, key);

	op->from = from;
	op->to = new_version(w);
	op->p = text;
	op->len = strlen(text);
	return op->to;
}

void
add_list(struct store_commit *c, enum store_op_kind kind, enum store_family list,
    struct store_key ref, int64_t score)
{
	struct store_op *op = add_op(c, kind, key_of(list, ref.owner, ""));

	op->ref = ref;
	op->score = score;
}

void
add_item(struct store_commit *c, enum store_op_kind kind, struct store_key list, const char *item,
    int64_t score)
{
	struct store_op *op = add_op(c, kind, list);

	assert_true(str_copy(op->item, sizeof op->item, item));
	op->score = score;
}

struct store_version
put(struct world *w, struct store_key key, struct store_version from, const char *text)
{
	struct store_commit c = new_commit(w);
	struct store_version v = add_put(w, &c, key, from, text);

	assert_int_equal(commit(w, &c), STORE_DONE);
	return v;
}

void
assert_holds(struct world *w, struct store_key key, const char *text)
{
	const struct answer *a = load(w, &key, 1);

	assert_int_equal(a->got[0].v.present, text != NULL);
	if (text != NULL)
		assert_string_equal(a->got[0].text, text);
}

int
world_start(void **state)
{
	static const unsigned char key[1][SEAL_KEY] = { "for tests" }, id[1] = { 1 };
	struct world *w = xcalloc(1, sizeof *w);

	log_set_level(LOG_ERROR);
	assert_true(seal_init(&w->seal, key, id, 1));
	redis_fixture_start(&w->server);
	*state = w;
	return 0;
}

int
world_stop(void **state)
{
	struct world *w = *state;

	redis_fixture_stop(&w->server);
	free(w);
	return 0;
}

int
world_enter(void **state)
{
	struct world *w = *state;

	str_format(w->phone, sizeof w->phone, "2782123%04d", ++w->tests);
	str_format(w->owner, sizeof w->owner, "5987/%s", w->phone);
	w->op = w->first = 1;
	w->real[1].there = true;
	w->first = 2;
	redis_fixture_do(&w->server, "FLUSHALL");
	w->memory = memory_store_new(&w->seal);
	connect_all(w, 30000);
	return 0;
}

int
world_leave(void **state)
{
	struct world *w = *state;

	disconnect_all(w);
	memory_store_free(w->memory);
	return 0;
}
