/* SPDX-License-Identifier: Apache-2.0 */
/* Chained buckets, doubled when full. A node holds its key, so one allocation per entry. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

#define FIRST_BUCKETS 16

struct node {
	struct node *next;
	uint64_t hash;
	void *value;
	size_t n;
	unsigned char key[];
};

struct map {
	struct node **bucket;
	size_t buckets;		/* a power of two */
	size_t count;
	uint64_t seed;
};

struct map *
map_new(void)
{
	struct map *m = xcalloc(1, sizeof *m);

	m->buckets = FIRST_BUCKETS;
	m->bucket = xcalloc(m->buckets, sizeof *m->bucket);
	if (getrandom(&m->seed, sizeof m->seed, GRND_NONBLOCK) != (ssize_t)sizeof m->seed)
		m->seed = (uintptr_t)m;
	return m;
}

static uint64_t
hash_of(const struct map *m, const unsigned char *p, size_t n)
{
	uint64_t h = m->seed ^ (n * 0x9e3779b97f4a7c15u);

	while (n > 0) {
		uint64_t w = 0;
		size_t k = n < 8 ? n : 8;

		memcpy(&w, p, k);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
		p += k;
		n -= k;
	}
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

static struct node **
find(const struct map *m, const void *key, size_t n, uint64_t hash)
{
	struct node **at = &m->bucket[hash & (m->buckets - 1)];

	while (*at != NULL &&
	    ((*at)->hash != hash || (*at)->n != n || memcmp((*at)->key, key, n) != 0))
		at = &(*at)->next;
	return at;
}

static void
grow(struct map *m)
{
	size_t buckets = m->buckets * 2;
	struct node **bucket = xcalloc(buckets, sizeof *bucket);

	for (size_t i = 0; i < m->buckets; i++)
		for (struct node *e = m->bucket[i], *next; e != NULL; e = next) {
			next = e->next;
			e->next = bucket[e->hash & (buckets - 1)];
			bucket[e->hash & (buckets - 1)] = e;
		}
	free(m->bucket);
	m->bucket = bucket;
	m->buckets = buckets;
}

void *
map_get(const struct map *m, const void *key, size_t n)
{
	struct node *e = *find(m, key, n, hash_of(m, key, n));

	return e != NULL ? e->value : NULL;
}

void *
map_put(struct map *m, const void *key, size_t n, void *value)
{
	uint64_t hash = hash_of(m, key, n);
	struct node **at = find(m, key, n, hash);

	if (*at != NULL) {
		void *old = (*at)->value;

		(*at)->value = value;
		return old;
	}
	*at = xcalloc(1, sizeof **at + n);
	(*at)->hash = hash;
	(*at)->value = value;
	(*at)->n = n;
	if (n > 0)
		memcpy((*at)->key, key, n);
	if (++m->count > m->buckets)
		grow(m);
	return NULL;
}

void *
map_remove(struct map *m, const void *key, size_t n)
{
	struct node **at = find(m, key, n, hash_of(m, key, n));
	struct node *e = *at;
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	*at = e->next;
	free(e);
	m->count--;
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

void
map_each(const struct map *m, void (*fn)(void *, const void *, size_t, void *), void *arg)
{
	for (size_t i = 0; i < m->buckets; i++)
		for (struct node *e = m->bucket[i], *next; e != NULL; e = next) {
			next = e->next;
			fn(arg, e->key, e->n, e->value);
		}
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->buckets; i++)
		for (struct node *e = m->bucket[i], *next; e != NULL; e = next) {
			next = e->next;
			free(e);
		}
	free(m->bucket);
	free(m);
}
