/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance suite of the stores: scenarios, and a random run against a model that knows only
 * arrays. Both stores must say the same (store_world.h), and what these say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "store_world.h"

static void
test_versions(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "acme-ussd");
	struct store_version one, two;
	struct store_commit c;

	assert_holds(w, s, NULL);
	one = put(w, s, absent, "one");
	c = new_commit(w);
	add_put(w, &c, s, absent, "other");
	assert_int_equal(commit(w, &c), STORE_CONFLICT);
	assert_holds(w, s, "one");
	two = put(w, s, one, "two");
	c = new_commit(w);
	add_op(&c, STORE_DELETE, s)->from = one;
	assert_int_equal(commit(w, &c), STORE_CONFLICT);
	assert_holds(w, s, "two");
	c = new_commit(w);
	add_op(&c, STORE_DELETE, s)->from = two;
	assert_int_equal(commit(w, &c), STORE_DONE);
	assert_holds(w, s, NULL);
	c = new_commit(w);
	add_put(w, &c, s, two, "three");
	assert_int_equal(commit(w, &c), STORE_CONFLICT);
	put(w, s, absent, "");
	assert_holds(w, s, "");
}

static void
test_all_or_nothing(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_PIN, w->owner,
	    "");
	struct store_key in = key_of(STORE_INTENT, w->owner, "0f1e"), keys[3];
	struct store_version v = put(w, p, absent, "tries=1");
	struct store_commit c = new_commit(w);
	const struct answer *a;

	add_put(w, &c, s, absent, "session");
	add_put(w, &c, in, absent, "intent");
	add_list(&c, STORE_LIST_ADD, STORE_DUE, in, 1);
	add_op(&c, STORE_CHECK, p)->from = absent;
	assert_int_equal(commit(w, &c), STORE_CONFLICT);
	keys[0] = s, keys[1] = in, keys[2] = p;
	a = load(w, keys, 3);
	assert_false(a->got[0].v.present);
	assert_false(a->got[1].v.present);
	assert_string_equal(a->got[2].text, "tries=1");
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 0);
	c.op[3].from = v;
	assert_int_equal(commit(w, &c), STORE_DONE);
	a = load(w, keys, 3);
	assert_string_equal(a->got[0].text, "session");
	assert_string_equal(a->got[1].text, "intent");
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 1);
}

static void
test_a_repeat_changes_nothing(void **state)
{
	struct world *w = *state;
	struct store_key in = key_of(STORE_INTENT, w->owner, "1"), s = key_of(STORE_SESSION,
	    w->owner, "c");
	struct store_commit c = new_commit(w), again;
	struct store_version v;

	add_put(w, &c, in, absent, "intent");
	v = add_put(w, &c, s, absent, "session");
	add_list(&c, STORE_LIST_ADD, STORE_DUE, in, 1);
	assert_int_equal(commit(w, &c), STORE_DONE);
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 1);
	assert_int_equal(commit(w, &c), STORE_DONE);
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 0);	/* the lease stands */
	c.not_after_ms = 1;
	assert_int_equal(commit(w, &c), STORE_DONE);	/* it was done in time */
	c.not_after_ms = loop_wall(w->loop) + HOUR;
	again = new_commit(w);
	add_op(&again, STORE_DELETE, s)->from = v;
	assert_int_equal(commit(w, &again), STORE_DONE);
	assert_int_equal(commit(w, &c), STORE_DONE);	/* absent is what it expects */
	assert_holds(w, s, "session");
	put(w, s, v, "newer");
	assert_int_equal(commit(w, &c), STORE_CONFLICT);
	assert_holds(w, s, "newer");
}

static void
test_too_late(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c");
	struct store_commit c = new_commit(w);

	c.not_after_ms = loop_wall(w->loop) - HOUR;
	add_put(w, &c, s, absent, "late");
	assert_int_equal(commit(w, &c), STORE_LATE);
	c.op[0].from = new_version(w);	/* late before it is a conflict */
	assert_int_equal(commit(w, &c), STORE_LATE);
	assert_holds(w, s, NULL);
}

static void
test_a_record_has_a_cap(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_PIN, w->owner,
	    "");
	struct store_commit c = new_commit(w);
	char text[RECORD_CAP + 2];

	memset(text, 'x', sizeof text);
	text[RECORD_CAP + 1] = '\0';
	add_put(w, &c, p, absent, "small");
	add_put(w, &c, s, absent, text);
	assert_int_equal(commit(w, &c), STORE_FULL);
	assert_holds(w, p, NULL);
	c.op[1].len--;
	assert_int_equal(commit(w, &c), STORE_DONE);
	text[RECORD_CAP] = '\0';
	assert_holds(w, s, text);
}

static void
test_a_list_has_a_cap(void **state)
{
	struct world *w = *state;
	struct store_key idx = key_of(STORE_INDEX, w->owner, "");
	int64_t now = loop_wall(w->loop);
	struct store_range r = { .key = idx, .to_ms = now + DAY, .max = 9 };
	struct store_commit c = new_commit(w);

	add_item(&c, STORE_LIST_ADD, idx, "b", now);
	add_item(&c, STORE_LIST_ADD, idx, "a", now - 181 * DAY);
	assert_int_equal(commit(w, &c), STORE_DONE);
	c.n = 0;
	add_item(&c, STORE_LIST_ADD, idx, "c", now);
	add_item(&c, STORE_LIST_ADD, idx, "d", now);
	add_item(&c, STORE_LIST_ADD, idx, "e", now);
	assert_int_equal(commit(w, &c), STORE_FULL);
	assert_int_equal(range(w, &r)->n, 2);
	c.n--;
	assert_int_equal(commit(w, &c), STORE_DONE);	/* the old one made room */
	assert_int_equal(range(w, &r)->n, LIST_CAP);
	assert_int_equal(commit(w, &c), STORE_DONE);	/* moved, not added */
	c.n = 0;
	add_item(&c, STORE_LIST_ADD, idx, "e", now);
	assert_int_equal(commit(w, &c), STORE_FULL);
	c.n = 0;
	add_item(&c, STORE_LIST_REMOVE, idx, "b", 0);
	assert_int_equal(commit(w, &c), STORE_DONE);
	c.n = 0;
	add_item(&c, STORE_LIST_ADD, idx, "e", now);
	assert_int_equal(commit(w, &c), STORE_DONE);
	assert_int_equal(range(w, &r)->n, LIST_CAP);
}

static void
test_range(void **state)
{
	static const char *const names[] = { "b", "c", "a" };
	struct world *w = *state;
	struct store_key idx = key_of(STORE_INDEX, w->owner, "");
	int64_t now = loop_wall(w->loop);
	struct store_range r = { .key = idx, .from_ms = now - 100, .to_ms = now + 100, .max = 9 };
	struct store_commit c = new_commit(w);
	const struct answer *a;

	assert_int_equal(range(w, &r)->n, 0);
	for (size_t i = 0; i < NELEM(names); i++)
		add_item(&c, STORE_LIST_ADD, idx, names[i], i == 1 ? now - 50 : now);
	assert_int_equal(commit(w, &c), STORE_DONE);
	a = range(w, &r);
	assert_int_equal(a->n, 3);
	assert_string_equal(a->got[0].item, "b");
	assert_string_equal(a->got[1].item, "a");
	assert_string_equal(a->got[2].item, "c");
	assert_int_equal(a->got[2].score, now - 50);
	r.offset = 1, r.max = 1;
	a = range(w, &r);
	assert_int_equal(a->n, 1);
	assert_string_equal(a->got[0].item, "a");
	r.offset = 0, r.max = 9, r.to_ms = now - 1;
	assert_string_equal(range(w, &r)->got[0].item, "c");
	r.from_ms = now - 49;
	assert_int_equal(range(w, &r)->n, 0);
}

static void
test_claims(void **state)
{
	static const int64_t due[] = { -3, -1, 5, -2 };
	struct world *w = *state;
	struct store_key in[NELEM(due)];
	struct store_version v[NELEM(due)];
	int64_t now = loop_wall(w->loop);
	struct store_commit c = new_commit(w);
	const struct answer *a;

	for (size_t i = 0; i < NELEM(due); i++) {
		in[i] = key_of(STORE_INTENT, w->owner, (const char[]){ (char)('a' + i), '\0' });
		v[i] = add_put(w, &c, in[i], absent, in[i].id);
		add_list(&c, STORE_LIST_ADD, STORE_DUE, in[i], now + due[i] * HOUR);
	}
	assert_int_equal(commit(w, &c), STORE_DONE);
	a = claim(w, STORE_DUE, w->owner, 2, 2 * HOUR);
	assert_int_equal(a->n, 2);
	assert_string_equal(a->got[0].text, "a");
	assert_string_equal(a->got[1].text, "d");
	assert_int_equal(a->got[0].score, now - 3 * HOUR);
	assert_memory_equal(a->got[1].v.version.p, v[3].p, STORE_VERSION);
	c = new_commit(w);
	add_op(&c, STORE_DELETE, in[1])->from = v[1];
	assert_int_equal(commit(w, &c), STORE_DONE);
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 0);	/* gone, not due, leased */
	c = new_commit(w);
	add_put(w, &c, in[1], absent, "back");
	add_list(&c, STORE_LIST_ADD, STORE_DUE, in[0], now - HOUR);
	add_list(&c, STORE_LIST_REMOVE, STORE_DUE, in[3], 0);
	assert_int_equal(commit(w, &c), STORE_DONE);
	a = claim(w, STORE_DUE, w->owner, 9, -HOUR);	/* a lease that has ended */
	assert_int_equal(a->n, 1);			/* what was dropped does not come back */
	assert_string_equal(a->got[0].text, "a");
	assert_int_equal(claim(w, STORE_DUE, w->owner, 9, HOUR)->n, 1);
}

static void
test_outbox(void **state)
{
	struct world *w = *state;
	struct store_key m = key_of(STORE_MESSAGE, w->phone, "");
	struct store_commit c = new_commit(w);

	add_put(w, &c, m, absent, "message");
	add_list(&c, STORE_LIST_ADD, STORE_OUTBOX, m, 1);
	assert_int_equal(commit(w, &c), STORE_DONE);
	assert_string_equal(claim(w, STORE_OUTBOX, m.owner, 9, HOUR)->got[0].text, "message");
	c.n = 0;
	add_list(&c, STORE_LIST_REMOVE, STORE_OUTBOX, m, 0);
	assert_int_equal(commit(w, &c), STORE_DONE);
}

/* A lease of 0 is a look: what is shown stays as it was, and is shown again. */
static void
test_looks(void **state)
{
	struct world *w = *state;
	struct store_key in = key_of(STORE_INTENT, w->owner, "looked-at");
	struct store_claim look = { .list = STORE_PERSON, .max = 9, .part = { { "acme", 9 } }, .parts = 1 };
	struct store_claim other = { .list = STORE_PERSON, .max = 9, .part = { { "other", 9 } }, .parts = 1 };
	struct store_commit c = new_commit(w);
	int64_t since = loop_wall(w->loop) - HOUR;

	add_put(w, &c, in, absent, "with a person");
	add_list(&c, STORE_LIST_ADD, STORE_PERSON, in, since);
	str_copy(c.op[c.n - 1].key.id, sizeof c.op[c.n - 1].key.id, "acme");
	assert_int_equal(commit(w, &c), STORE_DONE);
	for (int i = 0; i < 2; i++) {
		const struct answer *a = claim_parts(w, &look, w->owner);

		assert_int_equal(a->n, 1);
		assert_string_equal(a->got[0].text, "with a person");
		assert_int_equal(a->got[0].score, since);
	}
	assert_int_equal(claim_parts(w, &other, w->owner)->n, 0);
}

/* A list of one owner whose oldest item goes at the cap. */
static void
test_a_list_that_rolls(void **state)
{
	struct world *w = *state;
	struct store_key list = key_of(STORE_HISTORY, w->owner, "");
	struct store_range r = { .key = list, .to_ms = INT64_MAX, .max = STORE_CLAIM_MAX };
	size_t cap = store_families[STORE_HISTORY].cap;
	const struct answer *a;
	char item[16];

	assert_true(cap < STORE_CLAIM_MAX);
	for (size_t i = 0; i < cap + 3; i++) {
		struct store_commit c = new_commit(w);

		str_format(item, sizeof item, "turn %zu", i);
		add_item(&c, STORE_LIST_ADD, list, item, loop_wall(w->loop) + (int64_t)i);
		assert_int_equal(commit(w, &c), STORE_DONE);
	}
	a = range(w, &r);
	assert_int_equal(a->n, cap);
	assert_string_equal(a->got[0].item, item);
	assert_string_equal(a->got[cap - 1].item, "turn 3");
}

/* Lists in the order of their urgency, and no more than was asked for over all of them. */
static void
test_claims_of_several_lists(void **state)
{
	static const struct {
		enum store_family list;
		const char *id;
		int64_t due;
	} row[] = {
		{ STORE_OUTBOX_NOTICE, "n1", -9 }, { STORE_OUTBOX_NOTICE, "n2", -8 },
		{ STORE_OUTBOX_RESULT, "r1", -1 }, { STORE_OUTBOX_RESULT, "r2", 5 },
		{ STORE_OUTBOX, "t1", -1 }, { STORE_OUTBOX, "t2", -2 }, { STORE_OUTBOX, "gone", -7 },
	};
	struct world *w = *state;
	struct store_commit c = new_commit(w);
	const struct answer *a;

	for (size_t i = 0; i < NELEM(row); i++) {
		struct store_key m = key_of(STORE_MESSAGE, row[i].id, "");

		if (i == 4) {		/* a commit holds only so much */
			assert_int_equal(commit(w, &c), STORE_DONE);
			c = new_commit(w);
		}
		if (strcmp(row[i].id, "gone") != 0)
			add_put(w, &c, m, absent, row[i].id);
		add_list(&c, STORE_LIST_ADD, row[i].list, m, loop_wall(w->loop) + row[i].due * HOUR);
	}
	assert_int_equal(commit(w, &c), STORE_DONE);
	a = claim_lists(w, STORE_OUTBOX, 2, "any", 4, HOUR);
	assert_int_equal(a->n, 4);
	assert_string_equal(a->got[0].text, "t2");
	assert_string_equal(a->got[1].text, "t1");
	assert_string_equal(a->got[2].text, "r1");
	assert_string_equal(a->got[3].text, "n1");
	a = claim_lists(w, STORE_OUTBOX, 2, "any", 9, HOUR);	/* the rest are leased, not due or gone */
	assert_int_equal(a->n, 1);
	assert_string_equal(a->got[0].text, "n2");
}

/* A part is a list of its own, which is claimed before the whole one and no more than so many of it. */
static void
test_parts_of_a_list(void **state)
{
	static const struct {
		const char *id, *part;
	} row[] = { { "a1", "a" }, { "a2", "a" }, { "b1", "b" }, { "all", "" } };
	struct world *w = *state;
	struct store_commit c = new_commit(w);
	struct store_claim of_a = { .list = STORE_OUTBOX, .max = 9, .lease_ms = HOUR,
		.part = { { "a", 1 }, { "none", 9 } }, .parts = 2 };
	const struct answer *a;

	for (size_t i = 0; i < NELEM(row); i++) {
		struct store_key m = key_of(STORE_MESSAGE, row[i].id, "");

		add_put(w, &c, m, absent, row[i].id);
		add_list(&c, STORE_LIST_ADD, STORE_OUTBOX, m, loop_wall(w->loop) - 9 + (int64_t)i);
		str_copy(c.op[c.n - 1].key.id, sizeof c.op[c.n - 1].key.id, row[i].part);
	}
	assert_int_equal(commit(w, &c), STORE_DONE);
	a = claim_parts(w, &of_a, "any");
	assert_int_equal(a->n, 2);
	assert_string_equal(a->got[0].text, "a1");
	assert_string_equal(a->got[1].text, "all");
	a = claim_parts(w, &of_a, "any");
	assert_int_equal(a->n, 1);
	assert_string_equal(a->got[0].text, "a2");

	/* Out of the part, and only out of that. */
	c = new_commit(w);
	add_list(&c, STORE_LIST_REMOVE, STORE_OUTBOX, key_of(STORE_MESSAGE, "b1", ""), 0);
	str_copy(c.op[0].key.id, sizeof c.op[0].key.id, "b");
	assert_int_equal(commit(w, &c), STORE_DONE);
	of_a.part[1].id = "b";
	assert_int_equal(claim_parts(w, &of_a, "any")->n, 0);
}

/* The oldest goes at the cap; nothing is refused. */
static void
test_a_rolling_list(void **state)
{
	struct world *w = *state;
	struct store_key m = key_of(STORE_MESSAGE, w->phone, "");
	struct store_version v = absent;
	struct store_range r = { .key = { .family = STORE_DEAD }, .max = 9 };
	const struct answer *a;
	int64_t now = loop_wall(w->loop);

	r.to_ms = now + DAY;
	for (int i = 0; i < 2 * LIST_CAP; i++) {
		struct store_commit c = new_commit(w);

		v = add_put(w, &c, m, v, "dead");
		add_item(&c, STORE_LIST_ADD, key_of(STORE_DEAD, m.owner, ""),
		    (const char[]){ (char)('a' + i), '\0' }, now + i);
		assert_int_equal(commit(w, &c), STORE_DONE);
	}
	a = range(w, &r);
	assert_int_equal(a->n, LIST_CAP);
	for (int i = 0; i < LIST_CAP; i++)
		assert_int_equal(a->got[i].item[0], 'a' + 2 * LIST_CAP - 1 - i);
}

static bool
is_expired(void *arg)
{
	struct world *w = ((void **)arg)[0];

	return loop_wall(w->loop) > *(int64_t *)((void **)arg)[1];
}

static void
test_lifetimes(void **state)
{
	struct world *w = *state;
	struct store_key s = key_of(STORE_SESSION, w->owner, "c"), p = key_of(STORE_SUBSCRIBER,
	    w->owner, "");
	struct store_commit c = new_commit(w);
	int64_t end = loop_wall(w->loop) + 20;

	add_put(w, &c, s, absent, "short");
	add_put(w, &c, p, absent, "for ever");
	c.op[0].ttl_ms = 1;
	assert_int_equal(commit(w, &c), STORE_DONE);
	redis_fixture_until(w->loop, is_expired, (void *[]){ w, &end });
	assert_holds(w, s, NULL);
	assert_holds(w, p, "for ever");
	put(w, s, absent, "again");
	assert_holds(w, s, "again");
}

/* A seeded run of everything, some of it twice or late, many at once, against a model. */

#define M_RECORDS 6
#define M_HISTORY 16
#define M_STEPS 400

struct model {
	struct store_key key[M_RECORDS];	/* the last four are intents */
	struct store_version version[M_RECORDS];
	char text[M_RECORDS][32];
	bool listed[M_RECORDS];
	int64_t score[M_RECORDS];
	struct store_commit history[M_HISTORY];
	char texts[M_HISTORY][STORE_OPS_MAX][32];
	int64_t leases, minutes;
	uint64_t random;
	unsigned ends[STORE_UNKNOWN + 1];
};

static unsigned
dice(struct model *m, unsigned n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->random >> 33) % n;
}

static int
place_of(const struct model *m, const struct store_key *key)
{
	for (int i = 0; i < M_RECORDS; i++)
		if (m->key[i].family == key->family && strcmp(m->key[i].id, key->id) == 0)
			return i;
	return -1;
}

static bool
at_version(const struct model *m, const struct store_op *op, const struct store_version *v)
{
	return memcmp(m->version[place_of(m, &op->key)].p, v->p, STORE_VERSION) == 0;
}

static enum store_end
model_commit(struct model *m, int64_t now, const struct store_commit *c)
{
	size_t puts = 0, done = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->op[i].kind == STORE_PUT) {
			puts++;
			done += at_version(m, &c->op[i], &c->op[i].to);
		}
	if (puts > 0 && puts == done)
		return STORE_DONE;
	if (now > c->not_after_ms)
		return STORE_LATE;
	for (size_t i = 0; i < c->n; i++) {
		const struct store_op *op = &c->op[i];

		if (op->kind <= STORE_DELETE && !at_version(m, op, &op->from) &&
		    !(op->kind == STORE_PUT && at_version(m, op, &op->to)))
			return STORE_CONFLICT;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct store_op *op = &c->op[i];
		int k = place_of(m, op->kind <= STORE_DELETE ? &op->key : &op->ref);

		switch (op->kind) {
		case STORE_PUT:
			m->version[k] = op->to;
			memcpy(m->text[k], op->p, op->len + 1);
			break;
		case STORE_DELETE:
			m->version[k] = absent;
			break;
		case STORE_LIST_ADD:
			m->score[k] = op->score;
			m->listed[k] = true;
			break;
		case STORE_LIST_REMOVE:
			m->listed[k] = false;
			break;
		case STORE_CHECK:
			break;
		}
	}
	return STORE_DONE;
}

static void
model_claim(struct model *m, int64_t now, size_t max, int64_t lease, const struct answer *a)
{
	bool seen[M_RECORDS] = { false };
	size_t got = 0;

	while (max-- > 0) {
		int first = -1;

		for (int k = 0; k < M_RECORDS; k++)
			if (m->listed[k] && !seen[k] && m->score[k] <= now &&
			    (first < 0 || m->score[k] < m->score[first]))
				first = k;
		if (first < 0)
			break;
		seen[first] = true;
		if (memcmp(m->version[first].p, absent.p, STORE_VERSION) == 0) {
			m->listed[first] = false;
			continue;
		}
		assert_true(got < a->n);
		assert_string_equal(a->got[got++].text, m->text[first]);
		m->score[first] = now + lease;
	}
	assert_int_equal(got, a->n);
}

/* 80 % as it is now, else something that it is not, or no longer. */
static struct store_version
expected(struct world *w, struct model *m, int k)
{
	if (dice(m, 100) < 88)
		return m->version[k];
	return dice(m, 2) ? absent : new_version(w);
}

static void
random_commit(struct world *w, struct model *m, int slot)
{
	static const enum store_op_kind kinds[] = { STORE_PUT, STORE_PUT, STORE_PUT, STORE_CHECK,
	    STORE_DELETE };
	struct store_commit *c = &m->history[slot];
	bool listed[M_RECORDS] = { false };
	int first = (int)dice(m, M_RECORDS), n = 1 + (int)dice(m, 3);

	*c = new_commit(w);
	if (dice(m, 12) == 0)
		c->not_after_ms -= 2 * HOUR;
	for (int i = 0; i < n; i++) {
		int k = (first + i) % M_RECORDS;
		struct store_op *op = add_op(c, kinds[dice(m, NELEM(kinds))], m->key[k]);

		op->from = expected(w, m, k);
		op->to = new_version(w);
		op->p = m->texts[slot][i];
		op->len = (size_t)snprintf(m->texts[slot][i], sizeof m->texts[slot][i],
		    "text %d of %u", k, (unsigned)w->versions);
	}
	for (int i = 0; i < 2; i++) {
		int k = 2 + (int)dice(m, M_RECORDS - 2);

		if (listed[k] || dice(m, 3) == 0)
			continue;
		listed[k] = true;
		add_list(c, dice(m, 4) ? STORE_LIST_ADD : STORE_LIST_REMOVE, STORE_DUE, m->key[k],
		    loop_wall(w->loop) - 60000 * ++m->minutes + (dice(m, 5) ? 0 : 5000 * HOUR));
	}
}

static void
random_step(struct world *w, struct model *m)
{
	size_t max = 1 + dice(m, 4);
	int64_t lease, now;
	int slot;

	if (dice(m, 5) == 0) {
		/*
		 * Scores far apart, so that the clocks of both stores put them in the same order.
		 */
		lease = dice(m, 2) ? 1000 * HOUR : -1000 * DAY + ++m->leases * HOUR;
		now = loop_wall(w->loop);
		model_claim(m, now, max, lease, claim(w, STORE_DUE, w->owner, max, lease));
		return;
	}
	for (unsigned n = 1 + dice(m, 8); n > 0; n--) {
		enum store_end end;

		slot = (int)dice(m, M_HISTORY);
		if (m->history[slot].n == 0 || dice(m, 3) > 0)
			random_commit(w, m, slot);
		end = model_commit(m, loop_wall(w->loop), &m->history[slot]);
		assert_int_equal(begin_commit(w, &m->history[slot]), end);
		m->ends[end]++;
	}
	settle(w);
}

static void
test_random(void **state)
{
	static const char *const ids[M_RECORDS] = { "c", "", "1", "2", "3", "4" };
	struct world *w = *state;
	struct model m = { .random = 20240611 };
	const struct answer *a;

	for (int k = 0; k < M_RECORDS; k++)
		m.key[k] = key_of(k == 0 ? STORE_SESSION : k == 1 ? STORE_SUBSCRIBER : STORE_INTENT,
		    w->owner, ids[k]);
	for (int i = 0; i < M_STEPS; i++) {
		random_step(w, &m);
		a = load(w, m.key, M_RECORDS);
		for (int k = 0; k < M_RECORDS; k++) {
			assert_memory_equal(a->got[k].v.version.p, m.version[k].p, STORE_VERSION);
			if (a->got[k].v.present)
				assert_string_equal(a->got[k].text, m.text[k]);
		}
	}
	assert_true(m.ends[STORE_DONE] > 100 && m.ends[STORE_CONFLICT] > 100 &&
	    m.ends[STORE_LATE] > 20);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
	const struct CMUnitTest tests[] = {
		TEST(test_versions),
		TEST(test_all_or_nothing),
		TEST(test_a_repeat_changes_nothing),
		TEST(test_too_late),
		TEST(test_a_record_has_a_cap),
		TEST(test_a_list_has_a_cap),
		TEST(test_range),
		TEST(test_claims), TEST(test_looks), TEST(test_a_list_that_rolls),
		TEST(test_outbox),
		TEST(test_claims_of_several_lists),
		TEST(test_parts_of_a_list),
		TEST(test_a_rolling_list),
		TEST(test_lifetimes),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
