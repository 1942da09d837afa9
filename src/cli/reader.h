/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share that look into the Redis of a configuration while gateways work on it: one call at a time,
 * each waited for. What goes wrong is said on standard error, with what to do.
 */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "core/settings.h"
#include "io/loop.h"
#include "service/ports.h"
#include "store/seal.h"

struct redis;
struct redis_store;

struct reader {
	const char *command;		/* "isango outbox" */
	const char *file;
	struct settings *settings;
	struct loop *loop;
	struct seal seal;
	struct redis *redis;
	struct redis_store *store;
	struct timer look;
	int64_t give_up;
	/* of the last call */
	enum store_end end;
	bool present, damaged;
	struct store_version version;
	struct buf value;		/* may hold a token; of a damaged one the octets as they lie there */
	struct store_claimed item[STORE_CLAIM_MAX];
	size_t items;
};

/* The configuration; sets TZ as it says. */
bool reader_settings(struct reader *r, const char *command, const char *file) MUST_CHECK;
bool reader_open(struct reader *r) MUST_CHECK;		/* its Redis */
void reader_close(struct reader *r);			/* whatever of it there is */

/* The answer is in present, damaged, version and value. false: there was none. */
bool reader_load(struct reader *r, const struct store_key *key) MUST_CHECK;
void reader_say_damaged(const struct reader *r);
bool reader_range(struct reader *r, const struct store_range *range) MUST_CHECK;	/* item, items */
enum store_end reader_commit(struct reader *r, const struct store_commit *c) MUST_CHECK;

const char *reader_time(int64_t ms, char out[32]);	/* "2026-03-24T10:00:00Z" */
