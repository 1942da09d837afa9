/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that stands still in the middle of a run, for longer than its lease: others carry the intent on, and what
 * it does when it wakes must not touch what they did.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/limit.h"
#include "tests/sim/sim_call.h"
#include "tests/unit/gateway_world.h"

#define ORDERED 15000
#define STANDS_MS (30 * MINUTE)		/* longer than an order may wait for its sending */

static bool reserved, stood;

static bool
has_put(const struct store_commit *c, enum store_family family)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->op[i].kind == STORE_PUT && c->op[i].key.family == family)
			return true;
	return false;
}

/* The process stands still once it has sent off that its reservation is made. */
static void
commit_and_stand(void *ctx, uint64_t op, const struct store_commit *c)
{
	sim_store_commit(ctx, op, c);
	if (has_put(c, STORE_LIMIT))
		reserved = true;
	else if (reserved && !stood && has_put(c, STORE_INTENT)) {
		stood = true;
		sim_process_stand(ctx, STANDS_MS);
	}
}

struct held {
	int64_t used;
	unsigned records;
};

static void
add_held(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct held *h = arg;
	struct limit l;

	if (key->family != STORE_LIMIT)
		return;
	assert_true(limit_decode(v->p, v->len, &l));
	h->records++;
	h->used += limit_used(&l);
}

static void
test_after_a_reservation(void **state)
{
	struct sim_world *w = world_new();
	struct held h = { 0 };
	struct bank_withdrawal *b = NULL;
	struct api_in in = { .call = 1 };

	(void)state;
	reserved = stood = false;
	w->processes = 2;
	w->ports[0].commit = commit_and_stand;
	withdraw_now(w, &in, "order-1", "150.00", PHONE);
	sim_world_run(w, w->loop.now + STANDS_MS - MINUTE);
	assert_true(stood);
	assert_int_equal(issued(w, &b), 1);	/* by the other process */
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	assert_int_equal(b->status, BW_PENDING);
	memory_store_each(w->store, w->loop.now, add_held, &h);
	assert_int_equal(h.records, 1);
	assert_int_equal(h.used, ORDERED);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_after_a_reservation) };

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
