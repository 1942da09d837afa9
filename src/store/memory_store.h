/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store in memory, for tests and the simulation: the same results as commit.lua and claim.lua
 * on Redis (one conformance suite runs both). Each function is the effect in the world, at once;
 * when and whether its answer arrives is the caller's. `now` is the wall clock of the store, ms
 * since the epoch.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "service/ports.h"

struct memory_store;
struct seal;

/*
 * The seal only names keys, so that ties in lists fall as on Redis; NULL takes a fixed one.
 * Borrowed.
 */
struct memory_store *memory_store_new(const struct seal *seal);
void memory_store_free(struct memory_store *m);
unsigned memory_store_bucket(struct memory_store *m, enum store_family family, const char *owner);

/* out has n places. What the values point to is borrowed until the next commit. */
void memory_store_load(struct memory_store *m, int64_t now, const struct store_key *keys, size_t n,
    struct store_value *out);
enum store_end memory_store_commit(struct memory_store *m, int64_t now,
    const struct store_commit *c);
/* Both return how many; out has STORE_CLAIM_MAX places. Borrowed until the next commit. */
size_t memory_store_claim(struct memory_store *m, int64_t now, const struct store_claim *c,
    struct store_claimed *out);
size_t memory_store_range(struct memory_store *m, int64_t now, const struct store_range *r,
    struct store_claimed *out);

/* For invariants: every record that has not expired, in no order. */
void memory_store_each(struct memory_store *m, int64_t now,
    void (*fn)(void *arg, const struct store_key *key, const struct store_value *v), void *arg);
