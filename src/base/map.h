/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from octets to pointers. Keys are copied; values are borrowed.
 * The hash is keyed with a random number so that peers cannot choose collisions.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct map;

struct map *map_new(void);
void map_free(struct map *m);			/* NULL is fine; values are left alone */
void *map_get(const struct map *m, const void *key, size_t n);	/* NULL if absent */
void *map_put(struct map *m, const void *key, size_t n, void *value);	/* the value replaced, or NULL */
void *map_remove(struct map *m, const void *key, size_t n);	/* the value removed, or NULL */
size_t map_count(const struct map *m);
/* In no order; the map must not change meanwhile. */
void map_each(const struct map *m, void (*fn)(void *arg, const void *key, size_t n, void *value),
    void *arg);

static inline void *
map_get_u64(const struct map *m, uint64_t key)
{
	return map_get(m, &key, sizeof key);
}

static inline void *
map_put_u64(struct map *m, uint64_t key, void *value)
{
	return map_put(m, &key, sizeof key, value);
}

static inline void *
map_remove_u64(struct map *m, uint64_t key)
{
	return map_remove(m, &key, sizeof key);
}
