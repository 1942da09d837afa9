/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of the outbox in random runs: commits that are new, repeated or too late, claims of several lists and
 * their parts, ranges of a list that rolls. Both stores and a model that knows only arrays must say the same. Versions
 * and due lists of intents are in test_store.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "store/name.h"
#include "store_world.h"

#define MESSAGES 6
#define LISTS 3				/* STORE_OUTBOX and the two after it */
#define PARTS 3				/* two of a bind, and the whole list last */
#define HISTORY 16
#define STEPS 300
#define RUNS 3
#define RUNS_LONG 60
#define MINUTE INT64_C(60000)

static const char *const parts[PARTS] = { "alpha", "beta", "" };

struct place {
	bool in;
	int64_t score;
};

struct model {
	uint64_t random;
	struct store_name name[MESSAGES];
	struct store_version version[MESSAGES];
	char text[MESSAGES][32];
	struct place list[LISTS][PARTS][MESSAGES];
	struct place dead[MESSAGES];
	struct store_commit history[HISTORY];
	char texts[HISTORY][32];
	int64_t minutes, leases;
	unsigned ends[STORE_UNKNOWN + 1], claimed, ranged;
};

static unsigned
dice(struct model *m, unsigned n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->random >> 33) % n;
}

static struct store_key
message_key(int k)
{
	return key_of(STORE_MESSAGE, (const char[]){ 'm', (char)('0' + k), '\0' }, "");
}

static int
message_of(const char *name)
{
	return name[1] - '0';
}

static int
part_of(const char *id)
{
	for (int p = 0; p < PARTS; p++)
		if (strcmp(parts[p], id) == 0)
			return p;
	fail();
	return -1;
}

static bool
same(const struct store_version *a, const struct store_version *b)
{
	return memcmp(a->p, b->p, STORE_VERSION) == 0;
}

/* Of a list op: the places of its list. */
static struct place *
places(struct model *m, const struct store_op *op)
{
	if (op->key.family == STORE_DEAD)
		return m->dead;
	return m->list[op->key.family - STORE_OUTBOX][part_of(op->key.id)];
}

static int
member(const struct store_op *op)
{
	return message_of(op->key.family == STORE_DEAD ? op->item : op->ref.owner);
}

static unsigned
length(const struct place *list)
{
	unsigned n = 0;

	for (int k = 0; k < MESSAGES; k++)
		n += list[k].in;
	return n;
}

static void
roll(struct place *list)
{
	while (length(list) > LIST_CAP) {
		int oldest = -1;

		for (int k = 0; k < MESSAGES; k++)
			if (list[k].in && (oldest < 0 || list[k].score < list[oldest].score))
				oldest = k;
		list[oldest].in = false;
	}
}

static void
apply(struct model *m, const struct store_op *op)
{
	int k;

	switch (op->kind) {
	case STORE_PUT:
		k = message_of(op->key.owner);
		m->version[k] = op->to;
		memcpy(m->text[k], op->p, op->len + 1);
		break;
	case STORE_DELETE:
		m->version[message_of(op->key.owner)] = absent;
		break;
	case STORE_CHECK:
		break;
	case STORE_LIST_ADD:
		places(m, op)[member(op)] = (struct place){ true, op->score };
		if (op->key.family == STORE_DEAD)
			roll(m->dead);
		break;
	case STORE_LIST_REMOVE:
		places(m, op)[member(op)].in = false;
		break;
	}
}

static enum store_end
model_commit(struct model *m, int64_t now, const struct store_commit *c)
{
	const struct store_op *first = &c->op[0];
	struct store_version *v = &m->version[message_of(first->key.owner)];

	/* The generator makes one record op, the first, and list ops behind it. */
	if (first->kind == STORE_PUT && same(v, &first->to))
		return STORE_DONE;
	if (now > c->not_after_ms)
		return STORE_LATE;
	if (!same(v, &first->from))
		return STORE_CONFLICT;
	for (size_t i = 1; i < c->n; i++) {
		const struct place *list = places(m, &c->op[i]);

		/* Each list of a commit is another one. */
		if (c->op[i].kind == STORE_LIST_ADD && c->op[i].key.family != STORE_DEAD &&
		    !list[member(&c->op[i])].in && length(list) == LIST_CAP)
			return STORE_FULL;
	}
	for (size_t i = 0; i < c->n; i++)
		apply(m, &c->op[i]);
	return STORE_DONE;
}

static void
add_list_ops(struct world *w, struct model *m, struct store_commit *c, int k)
{
	int64_t score = loop_wall(w->loop) - MINUTE * ++m->minutes;

	for (int l = 0; l < LISTS; l++)
		for (int p = 0; p < PARTS; p++) {
			if (dice(m, 5) > 0)
				continue;
			add_list(c, dice(m, 3) ? STORE_LIST_ADD : STORE_LIST_REMOVE, STORE_OUTBOX + (unsigned)l,
			    message_key(k), score + (dice(m, 6) ? 0 : 5000 * HOUR));
			str_copy(c->op[c->n - 1].key.id, STORE_ID, parts[p]);
			if (c->n >= STORE_OPS_MAX - 1)
				return;
		}
	if (dice(m, 4) == 0) {
		struct store_key key = message_key(k);

		add_item(c, dice(m, 4) ? STORE_LIST_ADD : STORE_LIST_REMOVE, key_of(STORE_DEAD, key.owner, ""),
		    key.owner, score);
	}
}

static void
random_commit(struct world *w, struct model *m, int slot)
{
	static const enum store_op_kind kinds[] = { STORE_PUT, STORE_PUT, STORE_PUT, STORE_CHECK, STORE_DELETE };
	struct store_commit *c = &m->history[slot];
	int k = (int)dice(m, MESSAGES);
	struct store_op *op;

	*c = new_commit(w);
	if (dice(m, 12) == 0)
		c->not_after_ms -= 2 * HOUR;
	op = add_op(c, kinds[dice(m, NELEM(kinds))], message_key(k));
	op->from = dice(m, 100) < 85 ? m->version[k] : dice(m, 2) ? absent : new_version(w);
	op->to = new_version(w);
	op->p = m->texts[slot];
	op->len = (size_t)snprintf(m->texts[slot], sizeof m->texts[slot], "text %d of %u", k,
	    (unsigned)w->versions);
	add_list_ops(w, m, c, k);
}

static void
commit_some(struct world *w, struct model *m)
{
	for (unsigned n = 1 + dice(m, 8); n > 0; n--) {
		int slot = (int)dice(m, HISTORY);
		enum store_end end;

		if (m->history[slot].n == 0 || dice(m, 3) > 0)
			random_commit(w, m, slot);
		end = model_commit(m, loop_wall(w->loop), &m->history[slot]);
		assert_int_equal(begin_commit(w, &m->history[slot]), end);
		m->ends[end]++;
	}
	settle(w);
}

/* Redis puts equal scores in the order of their members. */
static bool
is_before(const struct model *m, const struct place *list, int a, int b)
{
	return list[a].score != list[b].score ? list[a].score < list[b].score :
	    strcmp(m->name[a].text, m->name[b].text) < 0;
}

static size_t
model_claim_list(struct model *m, int64_t now, struct place *list, size_t most, int64_t lease, const struct answer *a,
    size_t got)
{
	bool seen[MESSAGES] = { false };
	size_t before = got;

	while (most-- > 0) {
		int first = -1;

		for (int k = 0; k < MESSAGES; k++)
			if (list[k].in && !seen[k] && list[k].score <= now &&
			    (first < 0 || is_before(m, list, k, first)))
				first = k;
		if (first < 0)
			break;
		seen[first] = true;
		if (same(&m->version[first], &absent)) {
			list[first].in = false;
			continue;
		}
		assert_true(got < a->n);
		assert_string_equal(a->got[got].text, m->text[first]);
		got++;
		list[first].score = now + lease;
	}
	return got - before;
}

static void
claim_some(struct world *w, struct model *m)
{
	struct store_claim c = { .max = 1 + dice(m, 6) };
	unsigned first = dice(m, LISTS);
	const struct answer *a;
	int64_t now;
	size_t got = 0;

	c.list = STORE_OUTBOX + first;
	c.more = dice(m, LISTS - first);
	c.parts = dice(m, PARTS);
	/* Scores far apart, so that the clocks of both stores put them in the same order. */
	c.lease_ms = dice(m, 2) ? 1000 * HOUR : -1000 * DAY + ++m->leases * HOUR;
	for (unsigned p = 0; p < c.parts; p++) {
		c.part[p].id = parts[p];
		c.part[p].max = 1 + dice(m, 3);
	}
	now = loop_wall(w->loop);
	a = claim_parts(w, &c, "m0");
	for (unsigned l = 0; l <= c.more && got < c.max; l++)
		for (unsigned p = 0; p <= c.parts && got < c.max; p++) {
			bool whole = p == c.parts;
			size_t most = c.max - got;

			if (!whole && c.part[p].max < most)
				most = c.part[p].max;
			got += model_claim_list(m, now, m->list[first + l][whole ? PARTS - 1 : p], most, c.lease_ms, a, got);
		}
	assert_int_equal(got, a->n);
	m->claimed += (unsigned)got;
}

static void
range_some(struct world *w, struct model *m)
{
	int64_t now = loop_wall(w->loop);
	struct store_range r = { .key = { .family = STORE_DEAD }, .max = 1 + dice(m, 4), .offset = dice(m, 2),
	    .to_ms = now };
	const struct answer *a;
	bool seen[MESSAGES] = { false };
	size_t at = 0, got = 0;

	r.from_ms = now - MINUTE * (m->minutes + 1);
	if (dice(m, 2))
		r.to_ms = now - MINUTE * dice(m, (unsigned)m->minutes + 1) - MINUTE / 2;
	a = range(w, &r);
	for (;; at++) {
		int newest = -1;

		for (int k = 0; k < MESSAGES; k++)
			if (m->dead[k].in && !seen[k] && m->dead[k].score <= r.to_ms && m->dead[k].score >= r.from_ms &&
			    (newest < 0 || m->dead[k].score > m->dead[newest].score))
				newest = k;
		if (newest < 0 || got == r.max)
			break;
		seen[newest] = true;
		if (at < r.offset)
			continue;
		assert_true(got < a->n);
		assert_int_equal(message_of(a->got[got].item), newest);
		got++;
	}
	assert_int_equal(got, a->n);
	m->ranged += (unsigned)got;
}

static void
assert_same_records(struct world *w, const struct model *m)
{
	struct store_key keys[MESSAGES];
	const struct answer *a;

	for (int k = 0; k < MESSAGES; k++)
		keys[k] = message_key(k);
	a = load(w, keys, MESSAGES);
	for (int k = 0; k < MESSAGES; k++) {
		assert_memory_equal(a->got[k].v.version.p, m->version[k].p, STORE_VERSION);
		if (a->got[k].v.present)
			assert_string_equal(a->got[k].text, m->text[k]);
	}
}

static void
run(struct world *w, uint64_t seed)
{
	struct model *m = xcalloc(1, sizeof *m);
	struct store_namer namer = { .seal = &w->seal };

	m->random = seed;
	for (int k = 0; k < MESSAGES; k++) {
		struct store_key key = message_key(k);

		store_name(&namer, &key, &m->name[k]);
	}
	for (int i = 0; i < STEPS; i++) {
		switch (dice(m, 4)) {
		case 0:
			claim_some(w, m);
			break;
		case 1:
			range_some(w, m);
			break;
		default:
			commit_some(w, m);
		}
		assert_same_records(w, m);
	}
	/* A run that met nothing would prove nothing. */
	assert_true(m->ends[STORE_DONE] > 100 && m->ends[STORE_CONFLICT] > 50 && m->ends[STORE_LATE] > 10 &&
	    m->ends[STORE_FULL] > 10 && m->claimed > 50 && m->ranged > 20);
	free(m);
}

static void
test_random_outbox(void **state)
{
	int runs = getenv("ISANGO_LONG") != NULL ? RUNS_LONG : RUNS;

	for (int seed = 1; seed <= runs; seed++) {
		print_message("seed %d\n", seed);
		if (seed > 1) {
			world_leave(state);
			world_enter(state);
		}
		run(*state, (uint64_t)seed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_outbox, world_enter, world_leave),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
