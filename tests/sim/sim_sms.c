/* SPDX-License-Identifier: Apache-2.0 */
/* The SMSC and the phones' inboxes: submits that are refused, lost or unanswered; receipts early, late, doubled. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"
#include "tests/sim/sim_call.h"

#define RESPONSE_MS 30000
#define RECEIPT_AGAIN_MS 20000

struct sms_answer_event {
	struct sim_event e;
	struct sim_process *process;
	uint64_t generation, op;
	struct sms_answer a;
};

static void
on_answer(struct sim_event *e)
{
	struct sms_answer_event *s = (struct sms_answer_event *)(void *)e;
	struct sim_process *p = s->process;

	if (p->gw == NULL || p->generation != s->generation || sim_stands(p, e))
		return;
	sim_wake(p, p->world->loop.now);
	gateway_on_sms(p->gw, p->world->loop.now, s->op, &s->a);
}

/* ---- receipts: said again until a process has stored them ---- */

struct receipt_event {
	struct sim_event e;
	struct receipt r;
	int lane;
	size_t number;			/* in world.stored */
};

static void on_receipt(struct sim_event *e);

static void
receipt_at(struct sim_world *w, const struct receipt *r, int lane, size_t number, int64_t at)
{
	struct receipt_event *e = sim_event_new(sizeof *e, w, on_receipt);

	e->r = *r;
	e->lane = lane;
	e->number = number;
	sim_loop_add(&w->loop, e, at);
}

static void
on_receipt(struct sim_event *event)
{
	struct receipt_event *e = (struct receipt_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_process *p = &w->process[sim_below(&w->loop, (uint64_t)w->processes)];

	if (w->stored[e->number])
		return;
	receipt_at(w, &e->r, e->lane, e->number, w->loop.now + RECEIPT_AGAIN_MS);
	/* What waits at a process that stands still is as good as lost: it is said again. */
	if (p->gw == NULL || p->stands_until > w->loop.now || sim_chance(&w->loop, w->faults.receipt_lost))
		return;
	sim_wake(p, w->loop.now);
	gateway_receipt(p->gw, w->loop.now, e->lane, &e->r, e->number);
}

void
sim_receipt_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	((struct sim_process *)ctx)->world->stored[peer_op] |= end == RECEIPT_STORED;
}

static void
new_receipt(struct sim_world *w, const struct receipt *r, int lane, int64_t at)
{
	w->stored = xrealloc(w->stored, w->stored_n + 1, sizeof *w->stored);
	w->stored[w->stored_n] = false;
	receipt_at(w, r, lane, w->stored_n++, at);
}

/* ---- a submit ---- */

struct submit {
	struct sim_event e;
	struct sim_sms sms;
};

/* At a till or an ATM, when the holder comes by. */
static void
on_redeem(struct sim_event *e)
{
	struct submit *s = (struct submit *)(void *)e;
	struct sim_world *w = e->world;
	struct bank_withdrawal *b = bank_withdrawal_by_token(w->cores[s->sms.tenant].bank, s->sms.text);

	if (b == NULL || bank_withdrawal_set(w->cores[s->sms.tenant].bank, w->loop.now, b, BW_SUCCESSFUL) != BANK_OK)
		return;
	sim_trace(&w->loop, "  token of %s used", b->uid);
	sim_callback_news(w, s->sms.tenant, b);
}

static void
plan_redeem(struct sim_world *w, const struct sim_sms *sms)
{
	struct submit *s;

	if (sms->cls != MSG_TOKEN || w->story || !sim_chance(&w->loop, 400))
		return;
	s = sim_event_new(sizeof *s, w, on_redeem);
	s->sms.tenant = sms->tenant;
	sim_token_of(sms->text, s->sms.text);
	sim_loop_add(&w->loop, s, w->loop.now + sim_between(&w->loop, 30000, 9000000));
}

static void
on_delivered(struct sim_event *e)
{
	struct submit *s = (struct submit *)(void *)e;
	struct sim_world *w = e->world;

	s->sms.at = w->loop.now;
	w->inbox = xrealloc(w->inbox, w->inbox_n + 1, sizeof *w->inbox);
	w->inbox[w->inbox_n++] = s->sms;
	sim_trace(&w->loop, "  sms to %s: %s", s->sms.to, s->sms.text);
	sim_check_sms(w, &w->inbox[w->inbox_n - 1]);
	plan_redeem(w, &s->sms);
}

static void
answer_at(struct sim_process *p, uint64_t op, enum sms_end end, const char *id, int64_t at)
{
	struct sms_answer_event *s = sim_event_new(sizeof *s, p->world, on_answer);

	s->process = p;
	s->generation = p->generation;
	s->op = op;
	s->a.end = end;
	str_copy(s->a.id, sizeof s->a.id, id);
	sim_loop_add(&p->world->loop, s, at);
}

static void
plan_receipts(struct sim_world *w, int lane, const char *id, const char *ours, bool failed, int64_t sent,
    int64_t answered)
{
	const struct sim_faults *f = &w->faults;
	struct sim_loop *l = &w->loop;
	struct receipt r = { .state = failed ? RECEIPT_FAILED : RECEIPT_DELIVERED };
	int64_t at = answered + sim_between(l, 500, 8000);

	str_copy(r.id, sizeof r.id, id);
	str_copy(r.ours, sizeof r.ours, ours != NULL ? ours : "");
	str_copy(r.stat, sizeof r.stat, failed ? "UNDELIV" : "DELIVRD");
	if (sim_chance(l, f->receipt_early))
		at = sent + 1;
	new_receipt(w, &r, lane, at);
	if (sim_chance(l, f->receipt_twice))
		new_receipt(w, &r, lane, at + sim_between(l, 0, 60000));
}

/* Of two that hold a link, one has lost it: it is not to write any more. One that rests looks before it writes. */
static void
check_link(const struct sim_process *p, int bind)
{
	const struct sim_world *w = p->world;

	for (int i = 0; i < w->processes; i++) {
		const struct sim_process *o = &w->process[i];

		if (o != p && o->gw != NULL && o->ticking && o->holds_link[bind] && o->stands_until <= w->loop.now)
			sim_broken(p->world, "an SMS is written on a link that another process holds");
	}
}

void
sim_sms_send(void *ctx, uint64_t op, const struct sms_req *q)
{
	struct sim_process *p = ctx;
	struct sim_world *w = p->world;
	struct sim_loop *l = &w->loop;
	const struct sim_faults *f = &w->faults;
	int bind = w->settings.channels[q->channel].bind, lane = bind >= 0 ? bind : w->settings.binds_n + q->channel;
	int64_t there = l->now + sim_between(l, 5, 80), back = there + sim_between(l, 5, 80);
	bool failed = sim_chance(l, f->receipt_failed), silent = sim_chance(l, f->sms_answer_lost);
	enum sim_strike_what strike = sim_call_trouble(p);
	struct submit *s;
	char id[24];

	there += w->sms_slow_ms;
	back += w->sms_slow_ms;
	w->sms_slow_ms = 0;
	sim_call_crash(p, strike, there);
	if (strike == STRIKE_CRASH_BEFORE)
		return;
	if (bind >= 0 && w->quick && p->holds_link[bind])
		check_link(p, bind);
	if ((bind >= 0 && !p->holds_link[bind]) || sim_chance(l, f->sms_later)) {
		answer_at(p, op, bind < 0 ? SMS_SHUT : SMS_LATER, "", l->now + 1);
		return;
	}
	if (sim_chance(l, f->sms_few)) {
		answer_at(p, op, SMS_FEW, "", back);
		return;
	}
	if (there >= q->deadline_ms) {
		answer_at(p, op, SMS_EXPIRED, "", l->now + 1);
		return;
	}
	if (w->quick)
		sim_check_sending(w, w->settings.channels[q->channel].tenant, q);
	if (sim_chance(l, f->sms_refused)) {
		answer_at(p, op, SMS_REFUSED, "", back);
		return;
	}
	if (sim_chance(l, f->sms_lost)) {
		answer_at(p, op, SMS_UNKNOWN, "", l->now + RESPONSE_MS);
		return;
	}
	str_format(id, sizeof id, "%" PRIu64, 7000000 + ++w->last_sms);
	if (silent)
		back = l->now + RESPONSE_MS;
	/* Over HTTP what was lost has our own name all the same, and its receipts repeat it. */
	answer_at(p, op, silent ? SMS_UNKNOWN : SMS_SENT, silent && bind >= 0 ? "" : id, back);
	plan_receipts(w, lane, id, q->ours, failed, there, back);
	if (failed)
		return;
	s = sim_event_new(sizeof *s, w, on_delivered);
	str_copy(s->sms.to, sizeof s->sms.to, q->to);
	str_copy(s->sms.text, sizeof s->sms.text, q->text);
	s->sms.channel = q->channel;
	s->sms.window_over = q->window_over;
	s->sms.cls = q->cls;
	s->sms.tenant = w->settings.channels[q->channel].tenant;
	sim_loop_add(l, s, there);
}

void
sim_sms_of_core(struct sim_world *w, int tenant, const struct bank_withdrawal *b)
{
	struct submit *s = sim_event_new(sizeof *s, w, on_delivered);

	s->sms.tenant = tenant;
	s->sms.cls = MSG_TOKEN;
	str_copy(s->sms.to, sizeof s->sms.to, b->phone);
	str_format(s->sms.text, sizeof s->sms.text, "Your cash code %s", b->token);
	sim_loop_add(&w->loop, s, w->loop.now + sim_between(&w->loop, 100, 8000));
}
