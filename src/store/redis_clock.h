/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps loop_wall() at the time of Redis, which is what all not-afters and due times are measured
 * by.
 */
#pragma once
#include "io/loop.h"

struct redis;

struct redis_clock {
	struct loop *loop;
	struct redis *redis;
	struct timer timer;
	unsigned shard;
};

void redis_clock_start(struct redis_clock *c, struct loop *l, struct redis *r);
void redis_clock_stop(struct redis_clock *c);	/* before redis_free() or after, no matter */
/* Once more now, over the connection of this shard; otherwise every 10 s. */
void redis_clock_ask(struct redis_clock *c, unsigned shard);
