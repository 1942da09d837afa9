/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the Redis we talk to still the one that has all that it acknowledged? A replica that was promoted may miss the
 * last second, and a backup that was put back misses more: then the limits cannot be believed until they are rebuilt.
 * What is compared, and why it survives restarts, stands in lua/history.lua; the verdict is kept in Redis, so that one
 * process that sees it speaks for all, also for those that start later.
 *
 * Each connection is looked at as soon as it is up, before anything else goes over it, and one of them every second.
 * Not trusted is also what could not be looked at.
 *
 * Not seen: a backup put back, or an instance that was never full, while no process ran.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"

struct loop;
struct redis;
struct redis_check;
struct redis_history;

/*
 * Says at once that it is not trusted, and each time that changes. lost_ms: what was written before (ms since the
 * epoch) may miss what followed it; 0: never so. Stays when it is trusted again. Borrows all; connections: of this
 * Redis.
 */
typedef void redis_history_change(void *arg, bool trusted, int64_t lost_ms);
struct redis_history *redis_history_new(struct loop *l, struct redis *r, int connections,
    redis_history_change *on_change, void *arg);
void redis_history_free(struct redis_history *h);	/* after redis_free() */
/* All connections were looked at; what was seen need not be good. */
bool redis_history_known(const struct redis_history *h);
/* Adds a line that says why it is not trusted; nothing if it is. */
void redis_history_missing(const struct redis_history *h, struct buf *b);

#define REDIS_HISTORY_ID 41		/* hex digits of a replication id, with the end */
/*
 * For operators, over a connection of its own. `isango limit rebuild` takes the id before it begins and has it accepted
 * when it is finished: were another one promoted meanwhile, that is not accepted. All processes know within a second.
 */
bool redis_history_id(const struct redis_check *c, char id[REDIS_HISTORY_ID], char *why, size_t why_size) MUST_CHECK;
bool redis_history_accept(const struct redis_check *c, const char *id, char *why, size_t why_size) MUST_CHECK;
