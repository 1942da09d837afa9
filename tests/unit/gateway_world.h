/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the simulation for tests of the gateway's own door: one process that a test drives, a customer with a
 * wallet full of money, and an integrator who may pay out of it.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/sim/sim_world.h"
#include "tests/unit/menu_player.h"

#define MINUTE INT64_C(60000)
#define PHONE "27821234567"

static struct player shipped;

static inline struct sim_world *
world_with_sms(const struct menu *sms_menu)
{
	struct sim_world *w = xcalloc(1, sizeof *w);
	struct bank_profile p = { 0 };
	struct bank_wallet_in in = { .uid = "wallet-1", .type = BANK_WALLET_TYPE };
	struct bank_customer *c;
	struct bank_wallet *wallet;

	sim_world_set_up(w, 7, "friendly", shipped.texts, shipped.menu);
	w->sms_menu = sms_menu;
	sim_world_start(w);
	w->story = true;
	w->processes = 1;
	str_copy(p.uid, sizeof p.uid, "customer-1");
	str_copy(p.phone, sizeof p.phone, PHONE);
	assert_int_equal(bank_customer_create(w->core.bank, w->loop.now, &p, &c), BANK_OK);
	assert_int_equal(bank_ratify(w->core.bank, w->loop.now, c), KYC_PASSED);
	assert_int_equal(bank_wallet_create(w->core.bank, w->loop.now, c, &in, &wallet), BANK_OK);
	assert_int_equal(bank_deposit(w->core.bank, w->loop.now, wallet, 10000000, "Float"), BANK_OK);
	w->integrator.wallets[0] = wallet->id;
	w->integrator.wallets_n = 1;
	return w;
}

static inline struct sim_world *
world_new(void)
{
	return world_with_sms(NULL);
}

/* For the group: the shipped menu and texts, once. */
static inline int
world_setup(void **state)
{
	(void)state;
	setenv("TZ", "SAST-2", 1);
	log_set_level((enum log_level)(LOG_ERROR + 1));
	player_shipped(&shipped);
	return 0;
}

static inline int
world_teardown(void **state)
{
	(void)state;
	player_clear(&shipped);
	return 0;
}

static inline void
world_free(struct sim_world *w)
{
	assert_string_equal(w->problem, "");
	sim_world_clear(w);
	free(w);
}

/* ---- integrators ---- */

static inline void
ask(struct sim_world *w, struct api_in *in)
{
	static uint64_t calls;

	in->call = ++calls;
	if (in->wallet_id == 0)
		in->wallet_id = w->integrator.wallets[0];
	w->api_answers = 0;
	w->api_status = 0;
	gateway_api(w->process[0].gw, w->loop.now, in);
	sim_wake(&w->process[0], w->loop.now);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(w->api_answers, 1);
}

static inline void
print_order(struct api_in *in, char body[400], const char *uid, const char *amount, const char *phone)
{
	str_format(body, 400, "{\"amount\":%s,\"externalUniqueId\":\"%s\",\"type\":\"ZA_PAYCORP_ATM\","
	    "\"deliverToPhone\":\"%s\"}", amount, uid, phone);
	in->kind = API_WITHDRAW;
	in->body = body;
	in->len = strlen(body);
}

static inline void
withdraw(struct sim_world *w, const char *uid, const char *amount, const char *phone)
{
	char body[400];
	struct api_in in = { 0 };

	print_order(&in, body, uid, amount, phone);
	ask(w, &in);
}

/* Without waiting for the answer. */
static inline void
withdraw_now(struct sim_world *w, struct api_in *in, const char *uid, const char *amount, const char *phone)
{
	char body[400];

	print_order(in, body, uid, amount, phone);
	in->wallet_id = w->integrator.wallets[0];
	gateway_api(w->process[0].gw, w->loop.now, in);
	sim_wake(&w->process[0], w->loop.now);
}

static inline void
by_id(struct sim_world *w, enum api_call kind, const char *id, const char *body)
{
	struct api_in in = { .kind = kind, .withdrawal_id = id, .body = body, .len = strlen(body) };

	ask(w, &in);
}

static inline size_t
issued(const struct sim_world *w, struct bank_withdrawal **last)
{
	struct bank_withdrawal *const *v;
	size_t n = bank_withdrawals(w->core.bank, &v);

	if (n > 0)
		*last = v[n - 1];
	return n;
}

static inline void
assert_says(const struct sim_world *w, int status, const char *what)
{
	if (w->api_status != status || strstr(w->api_answer, what) == NULL)
		fail_msg("%d %s, not %d with %s", w->api_status, w->api_answer, status, what);
}

/* ---- the wallet core says no ---- */

struct refusal {
	struct sim_event e;
	struct sim_process *process;
	uint64_t op;
	struct wallet_answer a;
};

static inline void
on_refusal(struct sim_event *e)
{
	struct refusal *r = (struct refusal *)(void *)e;

	gateway_on_wallet(r->process->gw, ((struct sim_world *)e->world)->loop.now, r->op, &r->a);
}

/* For a test's own port `wallet`: the call ends so, and the sandbox never hears of it. */
static inline void
refuse(struct sim_process *p, uint64_t op, enum wallet_end end, const char *code)
{
	struct refusal *r = sim_event_new(sizeof *r, p->world, on_refusal);

	r->process = p;
	r->op = op;
	r->a.http = 400;
	r->a.end = end;
	str_copy(r->a.code, sizeof r->a.code, code);
	sim_loop_add(&p->world->loop, r, p->world->loop.now + 20);
}
