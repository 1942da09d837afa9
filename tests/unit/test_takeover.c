/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process dies, another one carries on: within seconds, wherever in the saga it was; and while the first one lives,
 * however slow the wallet core is, nobody takes its intents from it.
 */
#include "base/metric.h"
#include "service/run.h"
#include "tests/unit/gateway_world.h"

#define SECOND INT64_C(1000)
#define WITHIN (12 * SECOND)		/* of the death: its links are free after 10 */

/* The other process is there, the first one accepts the order; calls take no time but for the faults of a test. */
static struct sim_world *
two_processes(void)
{
	struct sim_world *w = world_new();

	w->processes = 2;
	sim_wake(&w->process[1], w->loop.now + 10 * MINUTE);
	return w;
}

static void
kill_first(struct sim_world *w)
{
	gateway_free(w->process[0].gw);
	w->process[0].gw = NULL;
	w->process[0].generation++;
}

/* Until the record says so, or the time is over. */
static bool
comes_to(struct sim_world *w, size_t tokens, int64_t until)
{
	while (w->loop.now < until && w->inbox_n < tokens)
		sim_world_run(w, w->loop.now + 50);
	return w->inbox_n >= tokens;
}

static int commits_left;
static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);

/* So many commits more, then it is dead: what it asked for last has happened, and its answer reaches nobody. */
static void
counted_commit(void *ctx, uint64_t op, const struct store_commit *c)
{
	if (commits_left > 0)
		real_commit(ctx, op, c);
	if (commits_left > 0 && c->op[0].key.family != STORE_LINK)
		commits_left--;
}

/* Dead after each of its commits in turn, until it needs no more of them. */
static void
test_a_death_at_each_step(void **state)
{
	int steps = 0;
	bool was_needed = true;

	(void)state;
	for (steps = 1; was_needed && steps < 40; steps++) {
		struct sim_world *w = two_processes();
		struct bank_withdrawal *b = NULL;
		struct api_in in = { .call = 1 };
		int64_t died;

		real_commit = w->ports[0].commit;
		w->ports[0].commit = counted_commit;
		commits_left = steps;
		withdraw_now(w, &in, "order-1", "100", PHONE);
		while (commits_left > 0 && w->loop.now < INT64_MAX && w->inbox_n == 0)
			sim_world_run(w, w->loop.now + 1);
		sim_world_run(w, w->loop.now + 20);	/* its last one is executed */
		was_needed = w->inbox_n == 0;
		kill_first(w);
		died = w->loop.now;
		if (!comes_to(w, 1, died + WITHIN))
			fail_msg("dead after commit %d: not carried on within %lld ms", steps, (long long)WITHIN);
		sim_world_run(w, w->loop.now + MINUTE);
		assert_int_equal(issued(w, &b), 1);
		assert_int_equal(w->inbox_n, 1);
		world_free(w);
	}
	assert_true(steps > 6);
}

/* It dies with what it has just claimed from another one that died. */
static void
test_a_death_after_a_claim(void **state)
{
	struct sim_world *w = two_processes();
	struct api_in in = { .call = 1 };
	struct store_claim claim = { .list = STORE_DUE, .max = 16, .lease_ms = RUN_LEASE_MS };
	static struct store_claimed claimed[STORE_CLAIM_MAX];
	int64_t died;
	size_t n = 0;

	(void)state;
	real_commit = w->ports[0].commit;
	w->ports[0].commit = counted_commit;
	commits_left = 1;
	withdraw_now(w, &in, "order-1", "100", PHONE);
	sim_world_run(w, w->loop.now + 20);
	kill_first(w);
	/* A third process claims it as soon as it is due, and is no more. */
	w->loop.now += RUN_LEASE_MS;
	for (unsigned bucket = 0; n == 0 && bucket < store_families[STORE_DUE].buckets; bucket++) {
		claim.bucket = bucket;
		n = memory_store_claim(w->store, w->loop.now, &claim, claimed);
		sim_due_claim(w, &claim);
	}
	assert_int_equal(n, 1);
	died = w->loop.now;
	assert_true(comes_to(w, 1, died + WITHIN));
	world_free(w);
}

/* ---- it lives, but its core takes half a minute ---- */

static void (*real_wallet)(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms);
static unsigned asked_by_other;
static uint64_t held_op;

static void
slow_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	const struct sim_process *p = ctx;

	if (p->index == 1)
		asked_by_other++;
	if (q->op == WALLET_WITHDRAWAL_CREATE)
		held_op = op;
	else
		real_wallet(ctx, op, tenant, q, timeout_ms);
}

static void
test_nobody_takes_what_lives(void **state)
{
	struct sim_world *w = two_processes();
	static struct wallet_answer later;
	struct bank_withdrawal *b = NULL;
	struct api_in in = { .call = 1 };
	int64_t taken = metric_get(M_INTENTS_TAKEN_OVER);

	(void)state;
	real_wallet = w->ports[0].wallet;
	w->ports[0].wallet = w->ports[1].wallet = slow_wallet;
	asked_by_other = 0;
	held_op = 0;
	withdraw_now(w, &in, "order-1", "100", PHONE);
	sim_world_run(w, w->loop.now + 28 * SECOND);
	assert_int_not_equal(held_op, 0);
	assert_int_equal(asked_by_other, 0);
	assert_int_equal(metric_get(M_INTENTS_TAKEN_OVER), taken);
	/* Its core answers after all: not processed. It goes on by itself. */
	w->ports[0].wallet = w->ports[1].wallet = real_wallet;
	later.end = WALLET_LATER;
	gateway_on_wallet(w->process[0].gw, w->loop.now, held_op, &later);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(w->inbox_n, 1);
	world_free(w);
}

/* ---- Redis goes away between the request and its answer, which holds the token and is said only once ---- */

static void
outage_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	struct sim_process *p = ctx;

	if (q->op == WALLET_WITHDRAWAL_CREATE)
		p->world->faults.store_lost = 1000;
	real_wallet(ctx, op, tenant, q, timeout_ms);
}

static void
test_an_answer_outlasts_an_outage(void **state)
{
	struct sim_world *w = two_processes();
	struct bank_withdrawal *b = NULL;
	struct api_in in = { .call = 1 };

	(void)state;
	real_wallet = w->ports[0].wallet;
	w->ports[0].wallet = outage_wallet;
	w->core.rules.token_on_read = 0;
	withdraw_now(w, &in, "order-1", "100", PHONE);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(issued(w, &b), 1);
	w->ports[0].wallet = real_wallet;
	w->faults.store_lost = 0;
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	assert_int_equal(b->status, BW_PENDING);
	assert_int_equal(w->inbox_n, 1);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_death_at_each_step), cmocka_unit_test(test_a_death_after_a_claim),
		cmocka_unit_test(test_nobody_takes_what_lives), cmocka_unit_test(test_an_answer_outlasts_an_outage),
	};

	return cmocka_run_group_tests_name("takeover", tests, world_setup, world_teardown);
}
