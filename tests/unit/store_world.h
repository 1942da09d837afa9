/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the store share: both stores, side by side. Each call goes to the store in
 * memory and to the Lua in a real Redis, and settle() fails the test unless both say the same.
 *
 * The table of families is that of the tests, with short lists, so that they can be filled.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "io/redis.h"
#include "redis_fixture.h"
#include "store/memory_store.h"
#include "store/redis_store.h"
#include "store/seal.h"

#define HOUR ((int64_t)3600 * 1000)
#define DAY (24 * HOUR)
#define LIST_CAP 3
#define RECORD_CAP 300
#define CONNECTIONS 2
#define OPS 64			/* under way at once */

struct got {
	struct store_value v;
	char text[RECORD_CAP + 1];
	char item[STORE_ID];
	int64_t score;
};

struct answer {			/* of one op, from either store */
	bool there;
	enum store_end end;
	size_t n;
	struct got got[STORE_CLAIM_MAX];
};

struct world {
	struct redis_fixture server;
	struct seal seal;
	struct loop *loop;
	struct redis *redis;
	struct redis_store *store;
	struct memory_store *memory;
	struct answer real[OPS], mem[OPS];
	uint64_t op;			/* the newest; its place is op % OPS */
	uint64_t first;			/* not yet compared */
	uint64_t versions;
	int64_t skew;			/* of our clock, until it was set by that of Redis */
	enum redis_end pinged[CONNECTIONS];
	unsigned pings;			/* not yet answered */
	int tests;
	char phone[20];			/* another one in each test */
	char owner[40];
};

/*
 * Set-up and tear-down of cmocka: of all tests (starts Redis), and of each (empties it, connects).
 */
int world_start(void **state);
int world_stop(void **state);
int world_enter(void **state);
int world_leave(void **state);

/* With another patience for Redis from here on. */
void reconnect(struct world *w, int timeout_ms);

/*
 * The calls, on both. begin_commit() does not wait; settle() waits for all and compares, and
 * returns the newest.
 */
enum store_end begin_commit(struct world *w, const struct store_commit *c);
const struct answer *settle(struct world *w);
enum store_end commit(struct world *w, const struct store_commit *c);
const struct answer *load(struct world *w, const struct store_key *keys, size_t n);
const struct answer *claim(struct world *w, enum store_family list, const char *owner, size_t max,
    int64_t lease_ms);
/* From the lists of `more` further families too. */
const struct answer *claim_lists(struct world *w, enum store_family list, unsigned more,
    const char *owner, size_t max, int64_t lease_ms);
/* With parts; the bucket is filled in. */
const struct answer *claim_parts(struct world *w, struct store_claim *c, const char *owner);
const struct answer *range(struct world *w, const struct store_range *r);

/*
 * Only on Redis, for what memory cannot do. begin() makes the place for an answer, await() waits
 * for all.
 */
struct answer *begin(struct world *w, enum store_end end, size_t n);
void await(struct world *w);
enum store_end real_commit(struct world *w, const struct store_commit *c);
/* Until it is answered: connections come back by themselves. */
const struct answer *real_load(struct world *w, const struct store_key *key);

/* Making them. */
extern const struct store_version absent;
struct store_key key_of(enum store_family family, const char *owner, const char *id);
struct store_version new_version(struct world *w);
struct store_commit new_commit(struct world *w);
struct store_op *add_op(struct store_commit *c, enum store_op_kind kind, struct store_key key);
struct store_version add_put(struct world *w, struct store_commit *c, struct store_key key,
    struct store_version from, const char *text);
void add_list(struct store_commit *c, enum store_op_kind kind, enum store_family list,
    struct store_key ref, int64_t score);
void add_item(struct store_commit *c, enum store_op_kind kind, struct store_key list,
    const char *item, int64_t score);
/* A commit of one PUT that must succeed, and what must be there after. */
struct store_version put(struct world *w, struct store_key key, struct store_version from,
    const char *text);
void assert_holds(struct world *w, struct store_key key, const char *text);
/* Times of two clocks and a slow machine. */
bool is_near(int64_t a, int64_t b);
