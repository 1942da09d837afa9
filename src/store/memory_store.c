/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps from the same names as in Redis to records and sorted arrays. Follows commit.lua and
 * claim.lua step by step; change them together. Seals nothing and is slow on long lists.
 */
#include "store/memory_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/name.h"
#include "store/seal.h"

struct record {
	struct store_key key;
	struct store_version version;
	int64_t expires;	/* 0: never */
	size_t len;
	unsigned char p[];
};

struct item {
	int64_t score;
	struct store_name member;
};

struct zlist {			/* by score, then member */
	struct item *item;
	size_t n, room;
	int64_t expires;	/* 0: never */
};

struct memory_store {
	struct seal own;	/* when none was given */
	struct store_namer namer;
	struct map *records;	/* name -> struct record, ours; expired ones may stay */
	struct map *lists;	/* name -> struct zlist, ours */
};

struct prepared {		/* an op of a commit */
	const struct store_op *op;
	struct store_name name, ref;
	const char *member;
	size_t member_len;
	bool placed;		/* a PUT that an earlier delivery has done */
};

struct memory_store *
memory_store_new(const struct seal *seal)
{
	static const unsigned char key[1][SEAL_KEY], id[1];
	struct memory_store *m = xcalloc(1, sizeof *m);

	if (seal == NULL && !seal_init(&m->own, key, id, 1))
		fatalx("store: seal");
	m->namer.seal = seal != NULL ? seal : &m->own;
	m->records = map_new();
	m->lists = map_new();
	return m;
}

static void
free_record(void *arg, const void *name, size_t n, void *value)
{
	(void)arg, (void)name, (void)n;
	free(value);
}

static void
free_list(void *arg, const void *name, size_t n, void *value)
{
	struct zlist *z = value;

	(void)arg, (void)name, (void)n;
	free(z->item);
	free(z);
}

void
memory_store_free(struct memory_store *m)
{
	map_each(m->records, free_record, NULL);
	map_each(m->lists, free_list, NULL);
	map_free(m->records);
	map_free(m->lists);
	free(m);
}

unsigned
memory_store_bucket(struct memory_store *m, enum store_family family, const char *owner)
{
	return store_name_bucket(&m->namer, family, owner);
}

/* NULL: absent or expired. */
static struct record *
find_record(struct memory_store *m, int64_t now, const char *name, size_t n)
{
	struct record *r = map_get(m->records, name, n);

	return r != NULL && (r->expires == 0 || now <= r->expires) ? r : NULL;
}

static struct zlist *
find_list(struct memory_store *m, int64_t now, const struct store_name *name)
{
	struct zlist *z = map_get(m->lists, name->text, name->len);

	return z != NULL && (z->expires == 0 || now <= z->expires) ? z : NULL;
}

static struct store_value
value_of(const struct record *r)
{
	if (r == NULL)
		return (struct store_value){ .present = false };
	return (struct store_value){ .present = true, .version = r->version, .p = r->p, .len =
	    r->len };
}

void
memory_store_load(struct memory_store *m, int64_t now, const struct store_key *keys, size_t n,
    struct store_value *out)
{
	struct store_name first, name;

	for (size_t i = 0; i < n; i++) {
		store_name(&m->namer, &keys[i], &name);
		if (i == 0)
			first = name;
		store_name_same(&first, &name);
		out[i] = value_of(find_record(m, now, name.text, name.len));
	}
}

static int
compare(int64_t score, const char *member, size_t n, const struct item *b)
{
	int c;

	if (score != b->score)
		return score < b->score ? -1 : 1;
	c = memcmp(member, b->member.text, n < b->member.len ? n : b->member.len);
	return c != 0 ? c : (n > b->member.len) - (n < b->member.len);
}

static struct item *
zlist_find(const struct zlist *z, const char *member, size_t n)
{
	for (size_t i = 0; i < z->n; i++)
		if (z->item[i].member.len == n && memcmp(z->item[i].member.text, member, n) == 0)
			return &z->item[i];
	return NULL;
}

static void
zlist_remove(struct zlist *z, struct item *it)
{
	size_t at = (size_t)(it - z->item);

	memmove(it, it + 1, (--z->n - at) * sizeof *it);
}

static void
zlist_put(struct zlist *z, int64_t score, const char *member, size_t n)
{
	struct item *old = zlist_find(z, member, n);
	size_t at = 0;

	if (old != NULL)
		zlist_remove(z, old);
	if (z->n == z->room) {
		z->room = z->room != 0 ? 2 * z->room : 8;
		z->item = xrealloc(z->item, z->room, sizeof *z->item);
	}
	while (at < z->n && compare(score, member, n, &z->item[at]) > 0)
		at++;
	memmove(&z->item[at + 1], &z->item[at], (z->n - at) * sizeof *z->item);
	z->n++;
	z->item[at].score = score;
	z->item[at].member.len = n;
	memcpy(z->item[at].member.text, member, n);
	z->item[at].member.text[n] = '\0';
}

/* Items that are not older than the lifetime of the list. */
static size_t
zlist_live(const struct zlist *z, int64_t now, int64_t ttl_ms)
{
	size_t live = 0;

	for (size_t i = 0; i < z->n; i++)
		live += ttl_ms == 0 || z->item[i].score > now - ttl_ms;
	return live;
}

static bool
same_version(const struct store_version *a, const struct store_version *b)
{
	return memcmp(a->p, b->p, STORE_VERSION) == 0;
}

static struct store_version
version_at(struct memory_store *m, int64_t now, const struct store_name *name)
{
	const struct record *r = find_record(m, now, name->text, name->len);

	return r != NULL ? r->version : (struct store_version){ { 0 } };
}

static bool
is_versioned(const struct store_op *op)
{
	return op->kind == STORE_PUT || op->kind == STORE_CHECK || op->kind == STORE_DELETE;
}

static bool
is_repeat(struct memory_store *m, int64_t now, struct prepared *p, size_t n)
{
	size_t puts = 0, done = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i].op->kind == STORE_PUT) {
			struct store_version v = version_at(m, now, &p[i].name);

			p[i].placed = same_version(&v, &p[i].op->to);
			puts++;
			done += p[i].placed;
		}
	return puts > 0 && done == puts;
}

static bool
versions_hold(struct memory_store *m, int64_t now, const struct prepared *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_versioned(p[i].op) && !p[i].placed) {
			struct store_version v = version_at(m, now, &p[i].name);

			if (!same_version(&v, &p[i].op->from))
				return false;
		}
	return true;
}

static bool
is_new_item(struct memory_store *m, int64_t now, const struct prepared *p)
{
	const struct store_row *row = &store_families[p->op->key.family];
	const struct zlist *z = find_list(m, now, &p->name);
	const struct item *it = z != NULL ? zlist_find(z, p->member, p->member_len) : NULL;

	return it == NULL || (row->ttl_ms != 0 && it->score <= now - row->ttl_ms);
}

static bool
caps_hold(struct memory_store *m, int64_t now, const struct prepared *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct store_row *row = &store_families[p[i].op->key.family];
		const struct zlist *z;
		size_t after;

		if (p[i].op->kind == STORE_PUT && p[i].op->len > row->cap)
			return false;
		if (p[i].op->kind != STORE_LIST_ADD || store_list_rolls(p[i].op->key.family) ||
		    !is_new_item(m, now, &p[i]))
			continue;
		z = find_list(m, now, &p[i].name);
		after = z != NULL ? zlist_live(z, now, row->ttl_ms) : 0;
		for (size_t j = 0; j <= i; j++)
			after += p[j].op->kind == STORE_LIST_ADD && is_new_item(m, now, &p[j]) &&
			    strcmp(p[j].name.text, p[i].name.text) == 0;
		if (after > row->cap)
			return false;
	}
	return true;
}

static void
put(struct memory_store *m, int64_t now, const struct prepared *p)
{
	const struct store_op *op = p->op;
	int64_t ttl = op->ttl_ms != 0 ? op->ttl_ms : store_families[op->key.family].ttl_ms;
	struct record *r;

	if (p->placed)
		return;
	r = xcalloc(1, sizeof *r + op->len);
	r->key = op->key;
	r->version = op->to;
	r->expires = ttl != 0 ? now + ttl : 0;
	r->len = op->len;
	if (op->len > 0)
		memcpy(r->p, op->p, op->len);
	free(map_put(m->records, p->name.text, p->name.len, r));
}

static void
drop(struct memory_store *m, int64_t now, const struct prepared *p)
{
	(void)now;
	free(map_remove(m->records, p->name.text, p->name.len));
}

static void
list_add(struct memory_store *m, int64_t now, const struct prepared *p)
{
	const struct store_row *row = &store_families[p->op->key.family];
	struct zlist *z = map_get(m->lists, p->name.text, p->name.len);

	if (z == NULL) {
		z = xcalloc(1, sizeof *z);
		map_put(m->lists, p->name.text, p->name.len, z);
	} else if (find_list(m, now, &p->name) == NULL) {
		z->n = 0;
	}
	while (row->ttl_ms != 0 && z->n > 0 && z->item[0].score <= now - row->ttl_ms)
		zlist_remove(z, &z->item[0]);
	zlist_put(z, p->op->score, p->member, p->member_len);
	while (store_list_rolls(p->op->key.family) && z->n > row->cap)
		zlist_remove(z, &z->item[0]);
	z->expires = row->ttl_ms != 0 ? now + row->ttl_ms : 0;
}

static void
list_remove_item(struct memory_store *m, int64_t now, const struct prepared *p)
{
	struct zlist *z = find_list(m, now, &p->name);
	struct item *it = z != NULL ? zlist_find(z, p->member, p->member_len) : NULL;

	if (it != NULL)
		zlist_remove(z, it);
}

static void (*const apply[])(struct memory_store *, int64_t, const struct prepared *) = {
	[STORE_PUT] = put,
	[STORE_CHECK] = NULL,
	[STORE_DELETE] = drop,
	[STORE_LIST_ADD] = list_add,
	[STORE_LIST_REMOVE] = list_remove_item,
};

enum store_end
memory_store_commit(struct memory_store *m, int64_t now, const struct store_commit *c)
{
	struct prepared p[STORE_OPS_MAX];

	if (c->n == 0 || c->n > STORE_OPS_MAX || c->not_after_ms == 0)
		fatalx("store: commit of %zu ops without an end in time", c->n);
	for (size_t i = 0; i < c->n; i++) {
		const struct store_op *op = &c->op[i];

		p[i] = (struct prepared){ .op = op };
		store_name(&m->namer, &op->key, &p[i].name);
		store_name_same(&p[0].name, &p[i].name);
		if (!is_versioned(op))
			p[i].member = store_name_member(&m->namer, op, &p[i].ref, &p[i].member_len);
	}
	if (is_repeat(m, now, p, c->n))
		return STORE_DONE;
	if (now > c->not_after_ms)
		return STORE_LATE;
	if (!versions_hold(m, now, p, c->n))
		return STORE_CONFLICT;
	if (!caps_hold(m, now, p, c->n))
		return STORE_FULL;
	for (size_t i = 0; i < c->n; i++)
		if (apply[p[i].op->kind] != NULL)
			apply[p[i].op->kind](m, now, &p[i]);
	return STORE_DONE;
}

static size_t
claim_list(struct memory_store *m, int64_t now, const struct store_name *name, size_t max, int64_t lease_ms,
    struct store_claimed *out)
{
	struct store_name due[STORE_CLAIM_MAX];
	int64_t score[STORE_CLAIM_MAX];
	struct zlist *z = find_list(m, now, name);
	size_t n = 0, got = 0;

	if (z == NULL)
		return 0;
	for (; n < z->n && n < max && z->item[n].score <= now; n++) {
		due[n] = z->item[n].member;
		score[n] = z->item[n].score;
	}
	for (size_t i = 0; i < n; i++) {
		const struct record *r = find_record(m, now, due[i].text, due[i].len);

		if (r == NULL) {
			zlist_remove(z, zlist_find(z, due[i].text, due[i].len));
			continue;
		}
		if (lease_ms != 0)
			zlist_put(z, now + lease_ms, due[i].text, due[i].len);
		out[got++] = (struct store_claimed){ .value = value_of(r), .score = score[i],
			.family = store_name_family(due[i].text, due[i].len) };
	}
	return got;
}

size_t
memory_store_claim(struct memory_store *m, int64_t now, const struct store_claim *c,
    struct store_claimed *out)
{
	size_t max = c->max < STORE_CLAIM_MAX ? c->max : STORE_CLAIM_MAX, got = 0;
	struct store_name name;

	for (unsigned i = 0; i <= c->more && got < max; i++)
		for (unsigned k = 0; k <= c->parts && got < max; k++) {
			size_t most = max - got;

			if (k < c->parts && c->part[k].max < most)
				most = c->part[k].max;
			store_name_list(c->list + i, c->bucket, &name);
			store_name_part(k < c->parts ? c->part[k].id : "", &name);
			got += claim_list(m, now, &name, most, c->lease_ms, out + got);
		}
	return got;
}

size_t
memory_store_range(struct memory_store *m, int64_t now, const struct store_range *r,
    struct store_claimed *out)
{
	struct store_name name;
	const struct zlist *z;
	size_t skip = r->offset, got = 0;

	store_name_range(&m->namer, r, &name);
	if ((z = find_list(m, now, &name)) == NULL)
		return 0;
	for (size_t i = z->n; i-- > 0 && got < r->max && got < STORE_CLAIM_MAX;) {
		const struct item *it = &z->item[i];

		if (it->score < r->from_ms || it->score > r->to_ms)
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		out[got] = (struct store_claimed){ .score = it->score };
		memcpy(out[got++].item, it->member.text, it->member.len + 1);
	}
	return got;
}

struct visit {
	int64_t now;
	void (*fn)(void *arg, const struct store_key *key, const struct store_value *v);
	void *arg;
};

static void
visit_record(void *arg, const void *name, size_t n, void *value)
{
	const struct visit *visit = arg;
	const struct record *r = value;
	struct store_value v = value_of(r);

	(void)name, (void)n;
	if (r->expires == 0 || visit->now <= r->expires)
		visit->fn(visit->arg, &r->key, &v);
}

void
memory_store_each(struct memory_store *m, int64_t now,
    void (*fn)(void *arg, const struct store_key *key, const struct store_value *v), void *arg)
{
	struct visit visit = { .now = now, .fn = fn, .arg = arg };

	map_each(m->records, visit_record, &visit);
}
