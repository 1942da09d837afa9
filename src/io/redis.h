/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis over several connections (hiredis, RESP2). Commands with the same shard go over the same
 * connection, so their order is kept. Each command has a deadline and completes exactly once, never
 * on the asker's stack. A connection that is lost comes back by itself with a growing, jittered
 * delay; what was under way on it is unknown.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct redis;
struct redisReply;

enum redis_end {
	REDIS_ANSWERED,		/* reply is there; it may be an error reply */
	REDIS_NOT_SENT,		/* no connection: certainly not executed */
	REDIS_UNKNOWN		/* sent, no answer in time: executed or not, now or later */
};

struct redis_options {
	const char *url;		/* redis://host:port/db, unix:///path */
	const char *password;		/* or NULL */
	int connections;
	int timeout_ms;			/* per command */
	int waiting;			/* commands under way at most, over it NOT_SENT */
};

/*
 * Starts connecting and returns. A host's name is looked up here, once and blocking; err says why
 * when it is NULL. SIGPIPE must be ignored.
 */
struct redis *redis_new(struct loop *l, const struct redis_options *o, char *err, size_t err_size);
/* Open commands complete first, as unknown or not sent, on this stack. */
void redis_free(struct redis *r);
bool redis_ready(const struct redis *r);	/* all connections are up: each serves buckets of its own */
int redis_timeout(const struct redis *r);	/* ms; what is answered later is unknown */
/*
 * A listener, called whenever a connection is up and before anything else goes over it, with a shard that does: a place
 * for SCRIPT LOAD and TIME. At most REDIS_LISTENERS, called in this order.
 */
#define REDIS_LISTENERS 3
void redis_on_up(struct redis *r, void (*fn)(void *arg, unsigned shard), void *arg);

typedef void redis_done(void *arg, uint64_t op, enum redis_end end, const struct redisReply *reply);
/* Octets are copied before it returns. */
void redis_command(struct redis *r, unsigned shard, uint64_t op, int argc, const char **argv,
    const size_t *len, redis_done *done, void *arg);
