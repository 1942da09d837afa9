/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link slots on the store in memory and a virtual clock: processes that start, die, stand still and lose answers; their
 * wall clocks disagree. The rule that every test checks: two processes never keep one link open at the same time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/gateway.h"
#include "store/memory_store.h"
#include "tests/sim/sim_loop.h"

#define START_MS INT64_C(1774339200000)
#define TICK_MS 20
#define LEASE_MS 6000
#define PROCESSES 3
#define LINKS 4
#define TIMEOUT_MS 1000

struct world;

struct process {
	struct world *w;
	int index;
	struct gateway *gw;		/* NULL: dead */
	struct ports ports;
	uint64_t generation;
	bool stopped;
	int64_t skew;			/* of its wall clock */
	bool held[LINKS];
	int64_t open_until[LINKS];	/* after it let go: the unbind may take so long */
	int opened, abandoned;		/* calls of the port */
	int outbox_claims;
};

struct world {
	struct sim_loop loop;
	struct memory_store *store;
	struct settings settings;
	struct bind_settings bind;
	struct channel_settings channel;
	struct tenant_settings tenant;
	struct process p[PROCESSES];
	bool away;			/* the store */
	unsigned lose, lose_answer, late;	/* of 1000 */
	int lose_answers;		/* of the next commits */
	int loads, commits;
};

/* ---- the store behind a network ---- */

struct call {
	struct sim_event e;
	struct process *p;
	uint64_t generation, op;
	bool is_load, answers;
	struct store_key key[8];
	size_t n;
	struct store_commit c;
	unsigned char octets[256];
	int64_t answer_at;
	enum store_end end;
	struct store_value v[8];
	unsigned char value[8][256];
};

static void
on_answer(struct sim_event *e)
{
	struct call *k = (struct call *)(void *)e;
	struct process *p = k->p;
	int64_t now = p->w->loop.now;

	if (p->gw == NULL || p->generation != k->generation)
		return;
	if (p->stopped) {
		struct call *again = sim_event_new(sizeof *again, NULL, on_answer);
		struct sim_event node = again->e;

		*again = *k;
		again->e = node;
		sim_loop_add(&p->w->loop, again, now + TICK_MS);
	} else if (k->is_load) {
		for (size_t i = 0; i < k->n; i++)
			k->v[i].p = k->value[i];
		gateway_on_loaded(p->gw, now + p->skew, k->op, k->end, k->v, k->n);
	} else {
		gateway_on_committed(p->gw, now + p->skew, k->op, k->end);
	}
}

static void
answer(const struct call *k, enum store_end end, int64_t at)
{
	struct call *a = sim_event_new(sizeof *a, NULL, on_answer);
	struct sim_event node = a->e;

	*a = *k;
	a->e = node;
	a->end = end;
	sim_loop_add(&k->p->w->loop, a, at);
}

static void
on_effect(struct sim_event *e)
{
	struct call *k = (struct call *)(void *)e;
	struct world *w = k->p->w;
	enum store_end end = STORE_DONE;

	if (k->is_load) {
		memory_store_load(w->store, w->loop.now, k->key, k->n, k->v);
		for (size_t i = 0; i < k->n; i++) {
			assert_true(k->v[i].len <= sizeof k->value[i]);
			if (k->v[i].len > 0)
				memcpy(k->value[i], k->v[i].p, k->v[i].len);
		}
	} else {
		k->c.op[0].p = k->octets;
		end = memory_store_commit(w->store, w->loop.now, &k->c);
	}
	if (k->answers)
		answer(k, end, k->answer_at);
}

static void
send(struct process *p, struct call *k)
{
	struct world *w = p->w;
	struct sim_loop *l = &w->loop;
	int64_t there = l->now + sim_between(l, 1, 10);
	bool lost = w->away || sim_chance(l, w->lose);
	bool silent = lost || sim_chance(l, w->lose_answer) || (!k->is_load && w->lose_answers > 0);

	if (sim_chance(l, w->late)) {
		there = l->now + sim_between(l, 100, 2 * LEASE_MS);
		silent = true;
	}
	if (!k->is_load && w->lose_answers > 0)
		w->lose_answers--;
	k->p = p;
	k->generation = p->generation;
	k->answers = !silent;
	k->answer_at = there + sim_between(l, 1, 10);
	if (silent)
		answer(k, STORE_UNKNOWN, l->now + TIMEOUT_MS);
	if (lost)
		sim_loop_add(l, k, INT64_MAX);
	else
		sim_loop_add(l, k, there);
}

static void
port_load(void *ctx, uint64_t op, const struct store_key *keys, size_t n)
{
	struct process *p = ctx;
	struct call *k = sim_event_new(sizeof *k, NULL, on_effect);

	p->w->loads++;
	k->is_load = true;
	k->op = op;
	k->n = n;
	memcpy(k->key, keys, n * sizeof *keys);
	send(p, k);
}

static void
port_commit(void *ctx, uint64_t op, const struct store_commit *c)
{
	struct process *p = ctx;
	struct call *k = sim_event_new(sizeof *k, NULL, on_effect);

	p->w->commits++;
	assert_int_equal(c->n, 1);
	assert_true(c->op[0].len <= sizeof k->octets);
	k->op = op;
	k->c = *c;
	memcpy(k->octets, c->op[0].p, c->op[0].len);
	send(p, k);
}

struct nothing {
	struct sim_event e;
	struct process *p;
	uint64_t generation, op;
};

static void
on_nothing(struct sim_event *e)
{
	struct nothing *n = (struct nothing *)(void *)e;

	if (n->p->gw != NULL && n->p->generation == n->generation && !n->p->stopped)
		gateway_on_claimed(n->p->gw, n->p->w->loop.now + n->p->skew, n->op, STORE_DONE, NULL, 0);
}

static void
port_claim(void *ctx, uint64_t op, const struct store_claim *c)
{
	struct process *p = ctx;
	struct nothing *n = sim_event_new(sizeof *n, NULL, on_nothing);

	p->outbox_claims += c->list == STORE_OUTBOX;
	n->p = p;
	n->generation = p->generation;
	n->op = op;
	sim_loop_add(&p->w->loop, n, p->w->loop.now + 1);
}

static bool
keeps_open(const struct process *p, int slot)
{
	return p->gw != NULL && (p->held[slot] || p->open_until[slot] > p->w->loop.now);
}

static void
check_alone(struct world *w, int slot)
{
	int open = 0;

	/* One that stands still writes nothing; it is counted as soon as it goes on. */
	for (int i = 0; i < PROCESSES; i++)
		open += keeps_open(&w->p[i], slot) && !w->p[i].stopped;
	if (open > 1)
		fail_msg("%d processes keep link %d open", open, slot);
}

static void
port_link(void *ctx, int bind, int slot, bool hold, int64_t within_ms)
{
	struct process *p = ctx;

	assert_int_equal(bind, 0);
	assert_in_range(slot, 0, p->w->bind.links - 1);
	p->held[slot] = hold;
	p->open_until[slot] = hold ? 0 : p->w->loop.now + within_ms;
	p->opened += hold;
	p->abandoned += !hold && within_ms == 0;
	check_alone(p->w, slot);
}

static unsigned
port_sms_free(void *ctx, int channel)
{
	const struct process *p = ctx;

	(void)channel;
	for (int i = 0; i < LINKS; i++)
		if (p->held[i])
			return 8;
	return 0;
}

static int64_t
port_steady(void *ctx)
{
	const struct process *p = ctx;

	/* Each has its own beginning of time. */
	return p->w->loop.now - START_MS + 1000 * (p->index + 1);
}

static void
port_random(void *ctx, void *out, size_t n)
{
	struct process *p = ctx;

	for (size_t i = 0; i < n; i++)
		((unsigned char *)out)[i] = (unsigned char)sim_below(&p->w->loop, 256);
}

static void
port_mac(void *ctx, const void *p, size_t n, unsigned char out[16])
{
	(void)ctx, (void)p, (void)n;
	memset(out, 7, 16);
}

/* ---- processes ---- */

struct tick {
	struct sim_event e;
	struct process *p;
	uint64_t generation;
};

static void on_tick(struct sim_event *e);

static void
tick_at(struct process *p, int64_t at)
{
	struct tick *t = sim_event_new(sizeof *t, NULL, on_tick);

	t->p = p;
	t->generation = p->generation;
	sim_loop_add(&p->w->loop, t, at);
}

static void
on_tick(struct sim_event *e)
{
	struct tick *t = (struct tick *)(void *)e;
	struct process *p = t->p;

	if (p->gw == NULL || t->generation != p->generation)
		return;
	if (!p->stopped)
		gateway_tick(p->gw, p->w->loop.now + p->skew);
	tick_at(p, p->w->loop.now + TICK_MS);
}

static void
process_start(struct world *w, int i)
{
	static const struct gateway_content contents[1];
	struct process *p = &w->p[i];
	struct gateway_options o = { .settings = &w->settings, .ports = &p->ports, .contents = contents };

	str_format(o.process, sizeof o.process, "p%d-%llu", i, (unsigned long long)p->generation);
	memset(p->held, 0, sizeof p->held);
	memset(p->open_until, 0, sizeof p->open_until);
	p->opened = p->abandoned = 0;
	p->stopped = false;
	p->gw = gateway_new(&o);
	tick_at(p, w->loop.now + 1);
}

static void
process_kill(struct world *w, int i)
{
	gateway_free(w->p[i].gw);
	w->p[i].gw = NULL;
	w->p[i].generation++;
}

/* As the loop does it: the guard first. */
static void
process_continue(struct world *w, int i)
{
	w->p[i].stopped = false;
	gateway_guard_links(w->p[i].gw);
	for (int k = 0; k < LINKS; k++)
		check_alone(w, k);
}

static struct world *
world_new(uint64_t seed, int links)
{
	static const int64_t skew[PROCESSES] = { 0, 2000, -2000 };
	struct world *w = xcalloc(1, sizeof *w);

	sim_loop_init(&w->loop, seed, START_MS);
	w->store = memory_store_new(NULL);
	str_copy(w->bind.name, sizeof w->bind.name, "mno");
	w->bind.links = links;
	w->bind.link_lease_s = LEASE_MS / 1000;
	w->settings.binds = &w->bind;
	w->settings.binds_n = 1;
	w->channel.kind = CHANNEL_SMS_SMPP;
	w->settings.channels = &w->channel;
	w->settings.channels_n = 1;
	w->settings.tenants = &w->tenant;
	w->settings.tenants_n = 1;
	for (int i = 0; i < PROCESSES; i++) {
		w->p[i] = (struct process){ .w = w, .index = i, .skew = skew[i] };
		w->p[i].ports = (struct ports){ .ctx = &w->p[i], .load = port_load, .commit = port_commit,
			.claim = port_claim, .sms_free = port_sms_free, .link = port_link, .steady = port_steady,
			.random = port_random, .mac = port_mac };
	}
	return w;
}

static void
world_free(struct world *w)
{
	for (int i = 0; i < PROCESSES; i++)
		if (w->p[i].gw != NULL)
			gateway_free(w->p[i].gw);
	sim_loop_clear(&w->loop);
	memory_store_free(w->store);
	free(w);
}

static void
run(struct world *w, int64_t ms)
{
	int64_t until = w->loop.now + ms;

	while (sim_loop_step(&w->loop, until))
		;
	w->loop.now = until;
}

static int
holds(const struct process *p)
{
	int n = 0;

	for (int i = 0; i < LINKS; i++)
		n += p->held[i];
	return n;
}

/* ms until it holds n links; fails after `most`. */
static int64_t
until_holds(struct world *w, int i, int n, int64_t most)
{
	int64_t began = w->loop.now;

	while (holds(&w->p[i]) != n) {
		if (w->loop.now - began > most)
			fail_msg("process %d holds %d links, not %d", i, holds(&w->p[i]), n);
		run(w, 10);
	}
	return w->loop.now - began;
}

/* ---- tests ---- */

static void
test_one_takes_all_and_keeps_them(void **state)
{
	struct world *w = world_new(1, LINKS);
	int64_t taken = metric_get(M_LINK_SLOTS_TAKEN_OVER), lost = metric_get(M_LINK_SLOTS_LOST);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 1, 100);
	until_holds(w, 0, LINKS, 1000);
	w->loads = 0;
	run(w, 20 * LEASE_MS);
	assert_int_equal(w->p[0].opened, LINKS);
	assert_int_equal(holds(&w->p[0]), LINKS);
	/* Nothing is left to look for. */
	assert_int_equal(w->loads, 0);
	assert_int_equal(metric_get(M_LINK_SLOTS_TAKEN_OVER), taken);
	assert_int_equal(metric_get(M_LINK_SLOTS_LOST), lost);
	assert_false(gateway_links_elsewhere(w->p[0].gw, 0));
	world_free(w);
}

static void
test_two_share(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 10; seed++) {
		struct world *w = world_new(seed, LINKS);

		process_start(w, 0);
		process_start(w, 1);
		run(w, 2000);
		assert_int_equal(holds(&w->p[0]), LINKS / 2);
		assert_int_equal(holds(&w->p[1]), LINKS / 2);
		world_free(w);
	}
}

static void
test_who_comes_later_waits(void **state)
{
	struct world *w = world_new(2, LINKS);
	int commits;

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, LINKS, 1000);
	process_start(w, 1);
	run(w, 100);
	assert_true(gateway_links_elsewhere(w->p[1].gw, 0));
	commits = w->commits;
	w->loads = 0;
	run(w, 10000);
	assert_int_equal(holds(&w->p[1]), 0);
	/* It looks once a second; and only the holder writes, three times a lease for each. */
	assert_in_range(w->loads, 9, 11);
	assert_in_range(w->commits - commits, 4 * LINKS, 6 * LINKS);
	w->away = true;
	run(w, 4000);
	assert_false(gateway_links_elsewhere(w->p[1].gw, 0));
	world_free(w);
}

static void
test_answers_that_get_lost(void **state)
{
	struct world *w = world_new(3, 1);
	int64_t lost = metric_get(M_LINK_SLOTS_LOST);

	(void)state;
	/* The take is done, and nobody says so: it is read, and believed by its version. */
	w->lose_answers = 1;
	process_start(w, 0);
	until_holds(w, 0, 1, TIMEOUT_MS + 200);
	for (int i = 0; i < 20; i++) {
		w->lose_answers = 1;
		run(w, LEASE_MS / 2);
	}
	assert_int_equal(w->p[0].opened, 1);
	assert_int_equal(metric_get(M_LINK_SLOTS_LOST), lost);
	world_free(w);
}

static void
test_a_store_that_is_away(void **state)
{
	struct world *w = world_new(4, 2);
	int64_t lost = metric_get(M_LINK_SLOTS_LOST);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 2, 1000);
	run(w, 100);
	w->away = true;
	/* A third of the lease may have passed since they were renewed; an eighth is left for the unbind. */
	run(w, LEASE_MS / 2);
	assert_int_equal(holds(&w->p[0]), 2);
	assert_int_equal(w->p[0].abandoned, 0);
	run(w, LEASE_MS * 7 / 8 - LEASE_MS / 2 + TICK_MS);
	assert_int_equal(holds(&w->p[0]), 0);
	run(w, LEASE_MS / 8 + TICK_MS);
	assert_int_equal(w->p[0].abandoned, 2);
	assert_int_equal(metric_get(M_LINK_SLOTS_LOST), lost + 2);
	run(w, 60000);
	assert_int_equal(holds(&w->p[0]), 0);
	w->away = false;
	until_holds(w, 0, 2, 2 * TIMEOUT_MS + 1000);
	world_free(w);
}

static void
test_a_dead_process(void **state)
{
	struct world *w = world_new(5, 1);
	int64_t over = metric_get(M_LINK_SLOTS_TAKEN_OVER), ms;

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 1, 100);
	process_start(w, 1);
	run(w, 20000);
	process_kill(w, 0);
	ms = until_holds(w, 1, 1, LEASE_MS + 1100);
	assert_in_range(ms, LEASE_MS / 2, LEASE_MS + 1100);
	assert_int_equal(metric_get(M_LINK_SLOTS_TAKEN_OVER), over + 1);
	world_free(w);
}

static void
test_a_process_that_stood_still(void **state)
{
	struct world *w = world_new(6, 1);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 1, 100);
	process_start(w, 1);
	run(w, 3000);
	w->p[0].stopped = true;
	until_holds(w, 1, 1, LEASE_MS + 1100);
	assert_true(w->p[0].held[0]);
	process_continue(w, 0);
	assert_false(w->p[0].held[0]);
	assert_int_equal(w->p[0].abandoned, 1);
	run(w, 20000);
	assert_int_equal(w->p[0].opened, 1);
	assert_true(gateway_links_elsewhere(w->p[0].gw, 0));
	world_free(w);
}

static void
test_a_short_stall_costs_nothing(void **state)
{
	struct world *w = world_new(7, 1);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 1, 100);
	for (int i = 0; i < 10; i++) {
		w->p[0].stopped = true;
		run(w, LEASE_MS / 3);
		process_continue(w, 0);
		run(w, LEASE_MS / 4);
	}
	assert_int_equal(w->p[0].opened, 1);
	world_free(w);
}

static void
test_a_release_is_heard_of(void **state)
{
	struct world *w = world_new(8, 2);
	int64_t over = metric_get(M_LINK_SLOTS_TAKEN_OVER);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 2, 1000);
	process_start(w, 1);
	run(w, 20000);
	/* While it stops it keeps what it has. */
	gateway_drain(w->p[0].gw);
	run(w, 3 * LEASE_MS);
	assert_int_equal(holds(&w->p[0]), 2);
	gateway_release_links(w->p[0].gw, w->loop.now);
	run(w, 100);
	assert_false(gateway_holds_links(w->p[0].gw));
	assert_int_equal(holds(&w->p[0]), 0);
	until_holds(w, 1, 2, 1400);
	/* And one that starts then need not wait at all. */
	gateway_release_links(w->p[1].gw, w->loop.now);
	run(w, 100);
	process_kill(w, 1);
	process_start(w, 2);
	until_holds(w, 2, 1, 100);
	assert_int_equal(metric_get(M_LINK_SLOTS_TAKEN_OVER), over);
	world_free(w);
}

static void
test_messages_go_where_the_link_is(void **state)
{
	struct world *w = world_new(10, 1);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 1, 100);
	process_start(w, 1);
	run(w, 10000);
	assert_true(w->p[0].outbox_claims > 0);
	assert_int_equal(w->p[1].outbox_claims, 0);
	process_kill(w, 0);
	until_holds(w, 1, 1, LEASE_MS + 1100);
	run(w, 1000);
	assert_true(w->p[1].outbox_claims > 0);
	world_free(w);
}

/* A store that has forgotten everything. */
static void
test_a_store_that_was_emptied(void **state)
{
	struct world *w = world_new(9, 1);
	int64_t lost = metric_get(M_LINK_SLOTS_LOST);

	(void)state;
	process_start(w, 0);
	until_holds(w, 0, 1, 100);
	memory_store_free(w->store);
	w->store = memory_store_new(NULL);
	run(w, 5 * LEASE_MS);
	assert_int_equal(w->p[0].opened, 1);
	assert_int_equal(metric_get(M_LINK_SLOTS_LOST), lost);
	world_free(w);
}

static void
trouble(struct world *w)
{
	struct sim_loop *l = &w->loop;
	int i = (int)sim_below(l, PROCESSES);
	struct process *p = &w->p[i];

	w->away = sim_chance(l, 60);
	if (p->gw == NULL)
		process_start(w, i);
	else if (p->stopped)
		process_continue(w, i);
	else if (sim_chance(l, 100))
		process_kill(w, i);
	else if (sim_chance(l, 200))
		p->stopped = true;
	run(w, sim_between(l, 100, 2 * LEASE_MS));
}

static void
test_trouble_of_all_kinds(void **state)
{
	int opened = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world *w = world_new(seed, 1 + (int)(seed % LINKS));

		w->lose = 100;
		w->lose_answer = 150;
		w->late = 100;
		for (int i = 0; i < 60; i++)
			trouble(w);
		/* And when it is over, all of them are open. */
		w->lose = w->lose_answer = w->late = 0;
		w->away = false;
		for (int i = 0; i < PROCESSES; i++)
			if (w->p[i].gw == NULL)
				process_start(w, i);
			else if (w->p[i].stopped)
				process_continue(w, i);
		run(w, 4 * LEASE_MS);
		assert_int_equal(holds(&w->p[0]) + holds(&w->p[1]) + holds(&w->p[2]), w->bind.links);
		opened += w->p[0].opened + w->p[1].opened + w->p[2].opened;
		world_free(w);
	}
	assert_true(opened > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_takes_all_and_keeps_them),
		cmocka_unit_test(test_two_share),
		cmocka_unit_test(test_who_comes_later_waits),
		cmocka_unit_test(test_answers_that_get_lost),
		cmocka_unit_test(test_a_store_that_is_away),
		cmocka_unit_test(test_a_dead_process),
		cmocka_unit_test(test_a_process_that_stood_still),
		cmocka_unit_test(test_a_short_stall_costs_nothing),
		cmocka_unit_test(test_a_release_is_heard_of),
		cmocka_unit_test(test_messages_go_where_the_link_is),
		cmocka_unit_test(test_a_store_that_was_emptied),
		cmocka_unit_test(test_trouble_of_all_kinds),
	};

	log_set_level((enum log_level)(LOG_ERROR + 1));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
