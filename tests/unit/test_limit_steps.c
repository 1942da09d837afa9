/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit as runs keep it, on the world of the simulation: many at once, the turn of a month, records that are
 * damaged, payouts that come days late, and what refusals give away.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/metric.h"
#include "core/intent.h"
#include "tests/unit/gateway_world.h"

#define HOUR (60 * MINUTE)
#define MARCH "202603"
#define APRIL "202604"
#define OTHER "27837654321"

enum { ACME, BRAVO, TENANTS };

static struct tenant_settings tenants[TENANTS];
static struct integrator_settings integrators[TENANTS];

/* ---- the record ---- */

/* R5 000.00 a month, which one withdrawal can be. */
static struct sim_world *
small_world(void)
{
	struct sim_world *w = world_new();

	w->settings.limit_amount = 500000;
	return w;
}

static bool
load_limit(struct sim_world *w, const char *month, struct limit *l)
{
	struct store_key key = { .family = STORE_LIMIT };
	struct store_value v;

	str_copy(key.owner, sizeof key.owner, PHONE);
	str_copy(key.id, sizeof key.id, month);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	memset(l, 0, sizeof *l);
	return v.present && limit_decode(v.p, v.len, l);
}

static int64_t
used_in(struct sim_world *w, const char *month)
{
	static struct limit l;

	return load_limit(w, month, &l) ? limit_used(&l) : 0;
}

static void
damage_limit(struct sim_world *w)
{
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now + MINUTE };
	struct store_value v;

	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = { .family = STORE_LIMIT, .owner = PHONE, .id = MARCH },
		.p = "damaged", .len = 7, .to = { { 9, 9, 9 } } };
	memory_store_load(w->store, w->loop.now, &c.op[0].key, 1, &v);
	c.op[0].from = v.version;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
}

static size_t
made(const struct sim_world *w)
{
	struct bank_withdrawal *last;

	return issued(w, &last);
}

/* ---- many at once ---- */

static void
two_processes_of_two_tenants(struct sim_world *w)
{
	const struct gateway_content content = { shipped.texts, shipped.menu, NULL, NULL };
	const struct gateway_content contents[TENANTS] = { content, content };

	for (int i = 0; i < SIM_PROCESSES; i++) {
		gateway_free(w->process[i].gw);
		w->process[i].generation++;
		w->process[i].ticking = false;
	}
	for (int i = 0; i < TENANTS; i++) {
		tenants[i] = w->tenant;
		integrators[i] = w->integrator;
		integrators[i].day_count = 0;
		integrators[i].day_amount = 0;
		tenants[i].integrators = &integrators[i];
	}
	str_copy(tenants[BRAVO].name, sizeof tenants[0].name, "bravo");
	w->settings.tenants = tenants;
	w->settings.tenants_n = TENANTS;
	for (int i = 0; i < SIM_PROCESSES; i++) {
		struct gateway_options o = { .settings = &w->settings, .ports = &w->ports[i],
			.contents = contents };

		str_format(o.process, sizeof o.process, "p%d", i);
		w->process[i].gw = gateway_new(&o);
		sim_wake(&w->process[i], w->loop.now + MINUTE);
	}
	w->processes = SIM_PROCESSES;
}

/* Forty of R1 000 to one phone at the same moment: twenty-four, and not one more. */
static void
test_many_at_once(void **state)
{
	struct sim_world *w = world_new();

	(void)state;
	two_processes_of_two_tenants(w);
	for (int k = 0; k < 40; k++) {
		struct api_in in = { .call = (uint64_t)k + 1, .tenant = k / 2 % TENANTS };
		char body[400], uid[16];

		str_format(uid, sizeof uid, "at-once-%d", k);
		print_order(&in, body, uid, "1000", PHONE);
		in.wallet_id = w->integrator.wallets[0];
		gateway_api(w->process[k % SIM_PROCESSES].gw, w->loop.now, &in);
	}
	sim_world_run(w, w->loop.now + 3 * MINUTE);
	assert_int_equal(w->api_answers, 40);
	assert_int_equal(made(w), 24);
	assert_int_equal(used_in(w, MARCH), 2400000);
	world_free(w);
}

/* ---- months ---- */

/* Confirmed in the last second of March, and sent in April because the core was busy: it counts in March. */
static void
test_month_turn(void **state)
{
	struct sim_world *w = small_world();
	int64_t april = INT64_C(1774994400000);		/* 2026-04-01T00:00 at +02:00 */
	struct api_in in = { .call = 1 };

	(void)state;
	sim_world_run(w, april - 1000);
	w->loop.now = april - 1000;
	w->faults.wallet_busy = 1000;
	withdraw_now(w, &in, "turn-1", "5000", PHONE);
	sim_world_run(w, april + 20000);
	assert_int_equal(made(w), 0);
	w->faults.wallet_busy = 0;
	sim_world_run(w, april + MINUTE);
	assert_int_equal(made(w), 1);
	assert_int_equal(used_in(w, MARCH), 500000);
	assert_int_equal(used_in(w, APRIL), 0);
	withdraw(w, "turn-2", "5000", PHONE);
	assert_says(w, 200, "PENDING");
	assert_int_equal(used_in(w, APRIL), 500000);
	sim_world_clear(w);	/* the world knows no months: it sees tokens of both at once */
	free(w);
}

/* ---- a payout after the last word ---- */

static void
test_paid_days_late(void **state)
{
	struct sim_world *w = small_world();
	struct bank_withdrawal *first = NULL, *second = NULL;
	int64_t retaken = metric_get(M_LIMIT_RETAKEN), passed = metric_get(M_LIMIT_PASSED);

	(void)state;
	withdraw(w, "late-1", "4000", PHONE);
	assert_int_equal(issued(w, &first), 1);
	assert_int_equal(bank_withdrawal_set(w->core.bank, w->loop.now, first, BW_CANCELLED), BANK_OK);
	sim_world_run(w, w->loop.now + HOUR / 2);
	assert_int_equal(used_in(w, MARCH), 0);
	withdraw(w, "late-2", "2000", PHONE);
	assert_int_equal(issued(w, &second), 2);
	assert_int_equal(used_in(w, MARCH), 200000);
	/* The provider pays it out all the same, and says so hours later. */
	first->status = BW_SUCCESSFUL;
	sim_world_run(w, w->loop.now + HOUR);
	assert_int_equal(used_in(w, MARCH), 600000);
	assert_int_equal(metric_get(M_LIMIT_RETAKEN), retaken + 1);
	assert_int_equal(metric_get(M_LIMIT_PASSED), passed + 1);
	withdraw(w, "late-3", "10", PHONE);
	assert_says(w, 400, "WDR003");
	sim_world_clear(w);
	free(w);
}

/* ---- closed, and damaged ---- */

static void
test_damaged(void **state)
{
	struct sim_world *w = world_new();
	int64_t unreadable = metric_get(M_LIMIT_UNREADABLE);

	(void)state;
	withdraw(w, "damaged-1", "100", PHONE);
	damage_limit(w);
	withdraw(w, "damaged-2", "100", PHONE);
	assert_says(w, 400, "LIM001");
	assert_int_equal(metric_get(M_LIMIT_UNREADABLE), unreadable + 1);
	withdraw(w, "damaged-3", "100", OTHER);
	assert_says(w, 200, "PENDING");
	assert_int_equal(made(w), 2);
	sim_world_clear(w);
	free(w);
}

static void
test_closed(void **state)
{
	struct sim_world *w = world_new();
	int64_t refused = metric_get(M_LIMIT_CLOSED_REFUSED);

	(void)state;
	withdraw(w, "closed-1", "100", PHONE);
	/* One that is accepted, and cannot reserve before it is closed. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_LIMIT, .nth = 1, .what = STRIKE_LOSE };
	withdraw_now(w, &(struct api_in){ .call = 90 }, "closed-2", "200", PHONE);
	sim_world_run(w, w->loop.now + 500);
	for (int i = 0; i < SIM_PROCESSES; i++)
		gateway_on_history(w->process[i].gw, w->loop.now, false);
	sim_world_run(w, w->loop.now + MINUTE / 2);
	assert_says(w, 500, "UNK001");
	/* What is known is answered as ever, what is new is not taken. */
	withdraw(w, "closed-1", "100", PHONE);
	assert_says(w, 200, "PENDING");
	withdraw(w, "closed-3", "100", PHONE);
	assert_says(w, 503, "LIM001");
	assert_int_equal(metric_get(M_LIMIT_CLOSED_REFUSED), refused + 1);
	sim_world_run(w, w->loop.now + 3 * MINUTE);
	withdraw(w, "closed-2", "200", PHONE);
	assert_says(w, 400, "LIM001");
	assert_int_equal(made(w), 1);
	assert_int_equal(used_in(w, MARCH), 10000);
	for (int i = 0; i < SIM_PROCESSES; i++)
		gateway_on_history(w->process[i].gw, w->loop.now, true);
	withdraw(w, "closed-3", "100", PHONE);
	assert_says(w, 200, "PENDING");
	world_free(w);
}

/* ---- what a refusal gives away ---- */

static void (*real_wallet)(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms);

static void
refusing_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *q, int64_t timeout_ms)
{
	if (q->op == WALLET_WITHDRAWAL_CREATE)
		refuse(ctx, op, WALLET_REFUSED, "XYZ042");
	else
		real_wallet(ctx, op, tenant, q, timeout_ms);
}

/* Any refusal of the core, and a phone that has got its month: an integrator cannot tell them apart, now or later. */
static void
test_integrators_hear_no_limit(void **state)
{
	struct sim_world *w = small_world();
	char first[4096];
	struct api_in list = { .kind = API_LIST, .to_ms = INT64_MAX };
	int status;

	(void)state;
	withdraw(w, "full-1", "5000", PHONE);
	assert_says(w, 200, "PENDING");
	withdraw(w, "over-1", "10", PHONE);
	status = w->api_status;
	str_copy(first, sizeof first, w->api_answer);
	real_wallet = w->ports[0].wallet;
	w->ports[0].wallet = refusing_wallet;
	withdraw(w, "else-1", "10", OTHER);
	assert_int_equal(w->api_status, status);
	assert_string_equal(w->api_answer, first);
	ask(w, &list);
	assert_null(strstr(w->api_answer, "limit"));
	assert_null(strstr(w->api_answer, "XYZ042"));
	assert_int_equal(used_in(w, MARCH), 500000);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_at_once), cmocka_unit_test(test_month_turn), cmocka_unit_test(test_paid_days_late),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_closed), cmocka_unit_test(test_integrators_hear_no_limit),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
