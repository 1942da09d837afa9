/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For operators' commands, over a blocking connection of their own (store/redis_ask.h): all records of a family, a
 * batch at a time, while gateways write. A record may be met twice; one that is there all the while is met.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "service/ports.h"

struct redisContext;
struct seal;

/* id: what follows the owner's hash in the key's name, "" if nothing does. The value is borrowed during the call. */
typedef void redis_walk_fn(void *arg, const char *id, const struct store_value *v);
bool redis_walk(struct redisContext *ctx, const struct seal *seal, enum store_family family, redis_walk_fn *fn,
    void *arg, char *why, size_t why_size) MUST_CHECK;

/* One at a time may hold the lease of this name; `mark` tells holders apart. Keep it well before `ms` are over. */
enum lease_end { LEASE_HELD, LEASE_TAKEN, LEASE_UNKNOWN };
enum lease_end redis_lease_take(struct redisContext *ctx, const char *name, const char *mark, int64_t ms) MUST_CHECK;
bool redis_lease_keep(struct redisContext *ctx, const char *name, const char *mark, int64_t ms) MUST_CHECK;
void redis_lease_drop(struct redisContext *ctx, const char *name, const char *mark);
