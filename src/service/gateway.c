/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway itself: its life, its clock, and the answers of the ports on their way to the tasks that wait. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "service/chat.h"
#include "service/follow_up.h"
#include "service/kyc.h"
#include "service/lane.h"
#include "service/persons.h"
#include "service/pin_writing.h"
#include "service/run.h"
#include "service/send.h"
#include "service/signup.h"
#include "service/slots.h"
#include "service/task.h"
#include "service/versions.h"

#define DUE_SWEEP_MS 1000		/* all due lists are looked at once in it */
#define DUE_CLAIM 16
#define RUNS_MAX 2000

struct gateway *
gateway_new(const struct gateway_options *o)
{
	struct gateway *gw = xcalloc(1, sizeof *gw);
	unsigned char half[16];

	gw->settings = o->settings;
	gw->ports = o->ports;
	gw->tenants = xcalloc((size_t)o->settings->tenants_n, sizeof *gw->tenants);
	for (int i = 0; i < o->settings->tenants_n; i++)
		gw->tenants[i].tells = xcalloc((size_t)o->settings->tenants[i].integrators_n,
		    sizeof *gw->tenants[i].tells);
	gw->lane_loads = xcalloc((size_t)lanes_n(o->settings), sizeof *gw->lane_loads);
	gw->strays = xcalloc((size_t)lanes_n(o->settings), sizeof *gw->strays);
	gw->ops = map_new();
	gw->tasks = map_new();
	gw->phones = map_new();
	gw->writers = map_new();
	gw->chats = map_new();
	gw->running = map_new();
	list_init(&gw->tasks_all);
	list_init(&gw->sleepers);
	if (!str_copy(gw->process, sizeof gw->process, o->process))
		fatalx("process name too long");
	gateway_mac(gw, "menu", "new pin, first half", half);
	memcpy(gw->mac_key, half, 16);
	gateway_mac(gw, "menu", "new pin, second half", half);
	memcpy(gw->mac_key + 16, half, 16);
	/* Ids go to other processes' logs and to channels: they must not be the same in each. */
	gw->ports->random(gw->ports->ctx, &gw->last_id, sizeof gw->last_id);
	gw->last_id &= ~UINT64_C(0) >> 1;
	versions_start(gw, o->contents);
	gw->slots = slots_new(gw);
	return gw;
}

const char *
gateway_text(const struct gateway *gw, int tenant, const char *key)
{
	const char *lang = gw->settings->tenants[tenant].languages[0];
	const char *text = texts_find(gw->contents[tenant].texts, lang, lang, key);

	return text != NULL ? text : "Sorry, please try again later.";
}

const struct ports *
gateway_ports(const struct gateway *gw)
{
	return gw->ports;
}

void
gateway_free(struct gateway *gw)
{
	struct list *it, *nx;

	map_free(gw->phones);
	map_free(gw->writers);
	gw->phones = map_new();		/* no turn or SMS that ends now starts the next one */
	gw->writers = map_new();
	LIST_EACH(it, nx, &gw->tasks_all)
		task_end(LIST_OF(it, struct task, all));
	map_free(gw->ops);
	map_free(gw->tasks);
	map_free(gw->phones);
	map_free(gw->writers);
	map_free(gw->chats);
	map_free(gw->running);
	for (int i = 0; i < SCRATCH; i++)
		buf_clear(&gw->scratch[i]);
	mem_wipe(gw->mac_key, sizeof gw->mac_key);
	slots_free(gw->slots);
	versions_free(gw);
	for (int i = 0; i < gw->settings->tenants_n; i++)
		free(gw->tenants[i].tells);
	free(gw->tenants);
	free(gw->lane_loads);
	free(gw->strays);
	free(gw);
}

void
gateway_drain(struct gateway *gw)
{
	gw->draining = true;
}

void
gateway_on_history(struct gateway *gw, int64_t now, bool trusted)
{
	gw->now = now;
	gw->limit_closed = !trusted;
}

void
gateway_on_loss(struct gateway *gw, int64_t now, int64_t lost_ms)
{
	gw->now = now;
	gw->lost_ms = lost_ms;
}

void
gateway_on_processes(struct gateway *gw, int64_t now, int processes)
{
	gw->now = now;
	gw->processes = processes;
}

int
gateway_processes(const struct gateway *gw)
{
	return gw->processes > 0 ? gw->processes : 1;
}

void
gateway_on_money(struct gateway *gw, int64_t now, bool off)
{
	gw->now = now;
	gw->money_off = off;
}

unsigned
gateway_busy(const struct gateway *gw)
{
	return gw->turns + gw->runs + gw->sends + gw->calls + gw->inbounds + gw->operator_calls + gw->pin_writings +
	    gw->sagas + gw->chattings;
}

/* ---- answers ---- */

static void
deliver(struct gateway *gw, int64_t now, uint64_t op, const struct event *e)
{
	struct task *t = map_remove_u64(gw->ops, op);

	gw->now = now;
	if (t == NULL)
		return;		/* late: whoever waited for it is gone */
	t->op = 0;
	t->on(t, e);
}

void
gateway_on_loaded(struct gateway *gw, int64_t now, uint64_t op, enum store_end end, const struct store_value *v,
    size_t n)
{
	struct event e = { .kind = EV_LOADED, .end = end, .v = v, .n = n };

	deliver(gw, now, op, &e);
}

void
gateway_on_committed(struct gateway *gw, int64_t now, uint64_t op, enum store_end end)
{
	struct event e = { .kind = EV_COMMITTED, .end = end };

	deliver(gw, now, op, &e);
}

void
gateway_on_claimed(struct gateway *gw, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c,
    size_t n)
{
	struct event e = { .kind = EV_CLAIMED, .end = end, .c = c, .n = n };

	deliver(gw, now, op, &e);
}

void
gateway_on_wallet(struct gateway *gw, int64_t now, uint64_t op, const struct wallet_answer *a)
{
	struct event e = { .kind = EV_WALLET, .wallet = a };
	const struct task *t = map_get_u64(gw->ops, op);

	if (t != NULL)
		follow_answered(gw, t->wallet_tenant, now, a);
	deliver(gw, now, op, &e);
}

void
gateway_on_sms(struct gateway *gw, int64_t now, uint64_t op, const struct sms_answer *a)
{
	struct event e = { .kind = EV_SMS, .sms = a };

	deliver(gw, now, op, &e);
}

void
gateway_on_document(struct gateway *gw, int64_t now, uint64_t op, const struct document_answer *a)
{
	struct event e = { .kind = EV_DOCUMENT, .document = a };

	deliver(gw, now, op, &e);
}

void
gateway_on_told(struct gateway *gw, int64_t now, uint64_t op, bool heard)
{
	struct event e = { .kind = EV_TOLD, .heard = heard };

	deliver(gw, now, op, &e);
}

/* ---- time ---- */

static void
wake(struct gateway *gw)
{
	struct event e = { .kind = EV_WOKEN };
	struct list due, *it, *nx;

	list_init(&due);
	LIST_EACH(it, nx, &gw->sleepers) {
		struct task *t = LIST_OF(it, struct task, asleep);

		if (t->wake_at <= gw->now || (gw->draining && t->light)) {
			list_remove(it);
			list_add_tail(&due, it);
		}
	}
	/* One that wakes may end others: the head is taken anew each time. */
	while (!list_empty(&due)) {
		struct task *t = LIST_OF(due.next, struct task, asleep);

		list_remove(&t->asleep);
		t->on(t, &e);
	}
}

struct looking {
	struct task task;
	int64_t until;		/* the lease of what it finds, reckoned from before it asked */
};

static void
looking_end(struct task *t)
{
	free(LIST_OF(t, struct looking, task));
}

static void
carry_on(struct gateway *gw, const struct store_claimed *c, int64_t until)
{
	if (c->family == STORE_SIGNUP)
		signup_claimed(gw, &c->value, until);
	else if (c->family == STORE_KYC)
		kyc_claimed(gw, &c->value, until);
	else if (c->family == STORE_CHAT)
		chat_claimed(gw, &c->value);
	else if (c->family == STORE_PIN_ORDER)
		pin_writing_claimed(gw, &c->value);
	else
		run_claimed(gw, &c->value, until);
}

static void
on_due(struct task *t, const struct event *e)
{
	for (size_t i = 0; e->end == STORE_DONE && i < e->n; i++)
		if (e->c[i].value.present && !e->c[i].value.damaged)
			carry_on(t->gw, &e->c[i], LIST_OF(t, struct looking, task)->until);
		else if (e->c[i].value.damaged)
			log_error(t->id, "due intent damaged", "octets=%zu", e->c[i].value.len);
	task_end(t);
}

/* A slice of the due lists at each tick, so that all are looked at within DUE_SWEEP_MS. */
static void
look_for_due(struct gateway *gw)
{
	unsigned buckets = store_families[STORE_DUE].buckets;
	unsigned slice = buckets * TICK_MS / DUE_SWEEP_MS + 1;

	if (gw->now < gw->due_at)
		return;
	gw->due_at = gw->now + TICK_MS;
	for (unsigned i = 0; i < slice && gw->runs < RUNS_MAX; i++) {
		struct looking *l = xcalloc(1, sizeof *l);
		struct store_claim claim = { .list = STORE_DUE, .bucket = gw->due_next, .max = DUE_CLAIM,
			.lease_ms = RUN_LEASE_MS };

		l->until = gw->now + RUN_LEASE_MS;
		gw->due_next = (gw->due_next + 1) % buckets;
		task_start(gw, &l->task, looking_end);
		task_claim(&l->task, &claim, on_due);
	}
}

void
gateway_tick(struct gateway *gw, int64_t now)
{
	gw->now = now;
	wake(gw);
	slots_tick(gw->slots);
	versions_tick(gw);
	if (gw->draining)
		return;
	look_for_due(gw);
	persons_tick(gw);
	send_tick(gw);
}
