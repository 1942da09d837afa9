/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An integrator with a wallet of its own: orders tokens for customers' phones, orders the same again, also at once and
 * at another process, another one under the same id, asks what became of it, cancels. What it was told is compared
 * with the ledger in the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_world.h"

#define CALL UINT64_C(7000000000)	/* the numbers of its calls: CALL + kind * KIND + order */
#define KIND 100000
#define WITHIN_MS 200000
#define FLOAT INT64_C(50000000)
#define ASKS 6

enum { ASK_SAME = API_CANCEL + 1, ASK_OTHER };	/* beside enum api_call */

struct shop_event {
	struct sim_event e;
	size_t order;
	int kind;
};

static void
print_order(const struct sim_order *o, int64_t amount, char out[400])
{
	str_format(out, 400, "{\"amount\":%" PRId64 ".%02d,\"externalUniqueId\":\"%s\",\"type\":\"ZA_PAYCORP_ATM\","
	    "\"deliverToPhone\":\"%s\"%s}", amount / 100, (int)(amount % 100), o->uid, o->to,
	    o->calls_back ? ",\"callbackUrl\":\"https://payroll.example/told\"" : "");
}

static void ask_at(struct sim_world *w, size_t order, int kind, int64_t in_ms);

static void
on_ask(struct sim_event *event)
{
	struct shop_event *s = (struct shop_event *)(void *)event;
	struct sim_world *w = event->world;
	const struct sim_order *o = &w->order[s->order];
	struct sim_process *p = &w->process[sim_below(&w->loop, (uint64_t)w->processes)];
	struct api_in in = { .call = CALL + (uint64_t)s->kind * KIND + s->order, .tenant = o->tenant };
	char body[400] = "{\"status\":\"CANCELLED\"}", id[24];

	if (p->gw == NULL || p->stands_until > w->loop.now) {
		sim_loop_again(event, w->loop.now + 1000);
		return;
	}
	in.wallet_id = w->integrators[o->tenant].wallets[0];
	in.kind = s->kind >= ASK_SAME ? API_WITHDRAW : (enum api_call)s->kind;
	if (in.kind == API_WITHDRAW)
		print_order(o, s->kind == ASK_OTHER ? o->amount + 1 : o->amount, body);
	in.body = body;
	in.len = strlen(body);
	str_format(id, sizeof id, "%" PRId64, o->withdrawal_id);
	in.withdrawal_id = id;
	in.to_ms = w->loop.now + 1;
	in.limit = 20;
	sim_trace(&w->loop, "payroll of %s asks p%d: %d of %s, %" PRId64 " cents to %s",
	    w->settings.tenants[o->tenant].name, p->index, s->kind, o->uid, o->amount, o->to);
	sim_wake(p, w->loop.now);
	gateway_api(p->gw, w->loop.now, &in);
}

static void
ask_at(struct sim_world *w, size_t order, int kind, int64_t in_ms)
{
	struct shop_event *s = sim_event_new(sizeof *s, w, on_ask);

	s->order = order;
	s->kind = kind;
	sim_loop_add(&w->loop, s, w->loop.now + in_ms);
}

bool
sim_shop_call(uint64_t call)
{
	return call >= CALL && call < CALL + UINT64_C(10) * KIND;
}

static void
hear_order(struct sim_world *w, struct sim_order *o, int status, const char *json)
{
	const char *id = strstr(json, "\"withdrawalId\":");
	int64_t number = 0;

	if (status == 200 && id != NULL && sscanf(id + strlen("\"withdrawalId\":"), "%" SCNd64, &number) == 1) {
		if (o->withdrawal_id != 0 && o->withdrawal_id != number)
			sim_broken(w, "one order became withdrawals %" PRId64 " and %" PRId64, o->withdrawal_id,
			    number);
		o->withdrawal_id = number;
		o->told_done = o->answered = true;
	} else if (status == 200 && id == NULL && w->operators && w->calm) {
		o->told_done = o->answered = true;	/* a person said so of one that was never seen at the core */
	} else if (status == 400) {
		o->told_not = o->answered = true;
	} else if (status < 500)
		sim_broken(w, "an order was answered %d: %s", status, json);
}

void
sim_shop_answer(struct sim_world *w, uint64_t call, int status, const char *json)
{
	size_t order = (size_t)((call - CALL) % KIND);
	int kind = (int)((call - CALL) / KIND);
	struct sim_order *o = &w->order[order];

	sim_trace(&w->loop, "payroll hears of %s: %d %s", o->uid, status, json);
	if (strstr(json, "\"token\"") != NULL)
		sim_broken(w, "an integrator was shown a token");
	if (sim_chance(&w->loop, w->faults.reply_lost))
		return;
	if (kind == ASK_OTHER) {
		/* One that came before the order itself is the order; only then can it be anything but a duplicate. */
		if (status == 200 && o->told_done)
			sim_broken(w, "another order under the same id was done");
	} else if (kind == API_WITHDRAW || kind == ASK_SAME)
		hear_order(w, o, status, json);
	if (w->calm || o->asks_left-- <= 0)
		return;
	if (!o->answered || sim_chance(&w->loop, 300))
		ask_at(w, order, ASK_SAME, sim_between(&w->loop, 0, 20000));
	else if (sim_chance(&w->loop, 300))
		ask_at(w, order, ASK_OTHER, sim_between(&w->loop, 0, 2000));
	else
		ask_at(w, order, o->told_done && sim_chance(&w->loop, 600) ?
		    (int)(API_GET + (sim_chance(&w->loop, 400) ? API_CANCEL - API_GET : 0)) : API_LIST,
		    sim_between(&w->loop, 0, 20000));
}

/* ---- a new order ---- */

static void
on_order(struct sim_event *event)
{
	struct shop_event *s = (struct shop_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_order *o;
	size_t n = w->orders_n++;

	w->orders_left--;
	w->order = xrealloc(w->order, w->orders_n, sizeof *w->order);
	o = &w->order[n];
	*o = (struct sim_order){ .tenant = s->kind, .asks_left = ASKS,
		.amount = 1000 + (int64_t)sim_below(&w->loop, 300) * 100 };
	if (sim_chance(&w->loop, 500))
		o->amount = w->settings.limit_amount / 5 - (int64_t)sim_below(&w->loop, 100);
	o->calls_back = w->settings.callback_connections > 0 && sim_chance(&w->dice, 700);
	str_format(o->uid, sizeof o->uid, "pay-%d-%zu", s->kind, n);
	str_copy(o->to, sizeof o->to, w->bot[sim_chance(&w->loop, 600) ? 0 : sim_below(&w->loop,
	    (uint64_t)w->bots)].phone);
	ask_at(w, n, API_WITHDRAW, 0);
	if (sim_chance(&w->loop, 300))
		ask_at(w, n, ASK_SAME, sim_between(&w->loop, 0, 400));
}

static void
open_wallet(struct sim_world *w, int tenant)
{
	struct bank *b = w->cores[tenant].bank;
	struct bank_profile p = { .uid = "customer-payroll", .phone = "27829999999", .id_number = "8001015009087" };
	struct bank_wallet_in in = { .uid = "wallet-payroll", .type = BANK_WALLET_TYPE };
	struct bank_customer *c;
	struct bank_wallet *wallet;

	if (bank_customer_create(b, w->loop.now, &p, &c) != BANK_OK ||
	    bank_ratify(b, w->loop.now, c) != KYC_PASSED ||
	    bank_wallet_create(b, w->loop.now, c, &in, &wallet) != BANK_OK ||
	    bank_deposit(b, w->loop.now, wallet, FLOAT, "Float") != BANK_OK)
		sim_broken(w, "the integrator gets no wallet");
	else {
		w->integrators[tenant].wallets[0] = wallet->id;
		w->integrators[tenant].wallets_n = 1;
	}
}

void
sim_shop_plan(struct sim_world *w, int tenant, int orders)
{
	open_wallet(w, tenant);
	for (int i = 0; i < orders; i++) {
		struct shop_event *s = sim_event_new(sizeof *s, w, on_order);

		s->kind = tenant;
		w->orders_left++;
		sim_loop_add(&w->loop, s, w->loop.now + sim_between(&w->loop, 0, WITHIN_MS));
	}
}

void
sim_shop_ask_all(struct sim_world *w)
{
	/* While money is off or the limits are closed the answer is only that. */
	int64_t until = w->closed.until > w->money_off.until ? w->closed.until : w->money_off.until;
	int64_t in_ms = until > w->loop.now ? until - w->loop.now : 0;

	for (size_t i = 0; i < w->orders_n; i++) {
		w->order[i].answered = false;
		ask_at(w, i, ASK_SAME, in_ms);
	}
}
