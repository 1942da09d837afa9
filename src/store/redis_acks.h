/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits until enough replicas have what a connection has written. A WAIT holds up what comes behind it on its
 * connection: one is under way at a time, and the next one is for all that was sent meanwhile.
 *
 * Redis waits for everything that it had written, for anybody, when the connection's last command before the WAIT ran,
 * also when that command wrote nothing itself. So a commit that is repeated over another connection, and only finds
 * its own mark, is waited for too.
 */
#pragma once
#include <stdbool.h>

#include "base/list.h"

struct loop;
struct redis;
struct redis_acks;

struct ack {				/* embedded, list_init()ed at first */
	struct list node;
};

/*
 * connections: of this Redis. enough: so many replicas have it; else unknown. Called once for each that has not left.
 */
struct redis_acks *redis_acks_new(struct loop *l, struct redis *r, int connections, int replicas, int timeout_ms,
    void (*done)(struct ack *a, bool enough));
void redis_acks_free(struct redis_acks *s);	/* after redis_free(), when none is left */
/* Call it before the command itself is given to redis_command() with this shard, in the same turn of the loop. */
void redis_acks_join(struct redis_acks *s, unsigned shard, struct ack *a);
void redis_acks_leave(struct ack *a);
