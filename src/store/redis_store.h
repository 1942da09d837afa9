/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store functions of struct ports on Redis: one MGET for a load, one script for a commit or a
 * claim. Names of keys are hashed and values sealed here and nowhere else. Decides nothing: what is
 * written comes from the caller, and whether it is written, from commit.lua.
 *
 * What an end means here, beyond ports.h:
 *   load, claim, range: STORE_DONE or STORE_UNKNOWN (no answer, or Redis refused it).
 *   commit: STORE_LATE also when the command certainly was not executed: no connection, or Redis
 *   refused it before the
 *   script ran (LOADING, READONLY, MISCONF, NOAUTH, ...). STORE_FULL also when Redis is out of
 *   memory.
 *   A commit repeated after STORE_UNKNOWN is DONE, whatever the time, if all its PUTs are in place.
 *   CONFLICT or LATE of
 *   a repeat speaks of that delivery only: the earlier one may have been written, and overwritten
 *   since. Load again.
 */
#pragma once
#include "store/answers.h"

struct loop;
struct redis;
struct redis_store;
struct seal;

/* Borrows all of them; *answers is copied. Also keeps loop_wall() at the time of Redis. */
struct redis_store *redis_store_new(struct loop *l, struct redis *r, const struct seal *seal,
    const struct store_answers *answers);
/*
 * From here on a commit is DONE only when so many replicas have it as well; UNKNOWN when they do not say so in time: it
 * stays written, and a repeat waits for them again. connections: of this Redis.
 */
void redis_store_replicas(struct redis_store *s, int connections, int replicas, int timeout_ms);
/* After redis_free(), which completes what is under way. */
void redis_store_free(struct redis_store *s);

/* As in struct ports. Keys of different buckets in one call are a broken invariant: fatal. */
void redis_store_load(struct redis_store *s, uint64_t op, const struct store_key *keys, size_t n);
void redis_store_commit(struct redis_store *s, uint64_t op, const struct store_commit *c);
void redis_store_claim(struct redis_store *s, uint64_t op, const struct store_claim *c);
void redis_store_range(struct redis_store *s, uint64_t op, const struct store_range *r);
unsigned redis_store_bucket(struct redis_store *s, enum store_family family, const char *owner);
