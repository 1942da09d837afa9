/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialogues that we begin at a phone. The first screen is a turn of the service like any other; the network gives the
 * dialogue its id only with the phone's answer, which may arrive before the screen's own response and is matched by the
 * phone. Pushes on their way are known to this process alone; the session is in the store.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define PUSHES_MAX 1000

struct push {
	struct list node;
	struct edge *edge;
	uint64_t id;
	int channel, bind;
	char phone[PHONE_MAX], code[64];
	bool leaves;			/* the service had a screen for it: until then it is no dialogue of the phone */
	push_done *done;
	void *arg;
	enum push_end end;
	struct deferred later;
};

static void
on_over(void *arg)
{
	struct push *p = arg;

	p->done(p->arg, p->id, p->end);
	free(p);
}

/* The dialogue that the phone never saw is over in the store too. */
static void
forget_dialogue(struct push *p)
{
	struct turn_in in = { .channel = p->channel, .kind = TURN_ABORT, .dialogue = TURN_PUSHED,
	    .service_code = p->code };

	str_copy(in.phone, sizeof in.phone, p->phone);
	gateway_turn(p->edge->gw, loop_wall(p->edge->loop), &in);
}

static void
finish(struct push *p, enum push_end end)
{
	list_remove(&p->node);
	p->end = end;
	if (end == PUSH_REFUSED || end == PUSH_NOT_SENT) {
		metric_add(M_USSD_PUSHES_FAILED, 1);
		ussd_known_forget(&p->edge->binds[p->bind], p->phone);
		if (p->edge->gw != NULL)
			forget_dialogue(p);
	}
	loop_defer(p->edge->loop, &p->later, on_over, p);
}

static struct push *
find(struct edge *e, uint64_t push)
{
	for (struct list *it = e->pushes.next; it != &e->pushes; it = it->next)
		if (LIST_OF(it, struct push, node)->id == push)
			return LIST_OF(it, struct push, node);
	return NULL;
}

void
ussd_push_leaves(struct edge *e, uint64_t push)
{
	struct push *p = find(e, push);

	if (p == NULL)
		return;
	p->leaves = true;
	ussd_known_set(&e->binds[p->bind], p->phone, p->channel, p->code, true);
}

void
ussd_push_over(struct edge *e, uint64_t push, enum push_end end)
{
	struct push *p = find(e, push);

	if (p != NULL)
		finish(p, end);
}

void
ussd_push_heard(struct bind *b, const char *phone)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &b->edge->pushes) {
		struct push *p = LIST_OF(it, struct push, node);

		if (p->leaves && p->bind == b->index && strcmp(p->phone, phone) == 0) {
			finish(p, PUSH_SHOWN);
			return;
		}
	}
}

void
ussd_pushes_clear(struct edge *e)
{
	while (!list_empty(&e->pushes)) {
		struct push *p = LIST_OF(e->pushes.next, struct push, node);

		list_remove(&p->node);
		p->done(p->arg, p->id, PUSH_UNKNOWN);
		free(p);
	}
}

static bool
is_pushed(const struct edge *e, const char *phone)
{
	for (const struct list *it = e->pushes.next; it != &e->pushes; it = it->next)
		if (strcmp(LIST_OF(it, const struct push, node)->phone, phone) == 0)
			return true;
	return false;
}

static size_t
pushes_n(const struct edge *e)
{
	size_t n = 0;

	for (const struct list *it = e->pushes.next; it != &e->pushes; it = it->next)
		n++;
	return n;
}

/* International, ISDN: what gateways write into what they send themselves. */
static uint8_t
plan(int chosen)
{
	return (uint8_t)(chosen >= 0 ? chosen : 1);
}

static void
take_turn(struct push *p, const char *state)
{
	struct edge *e = p->edge;
	const struct bind_settings *b = e->binds[p->bind].settings;
	struct way_back w = { .bind = p->bind, .link = -1, .is_push = true,
	    .ussd = { .op = USSD_NO_OP, .pushed = true } };
	struct turn_in in = { .channel = p->channel, .kind = TURN_PUSH, .dialogue = TURN_PUSHED, .text = state,
	    .service_code = p->code };

	str_copy(w.phone, sizeof w.phone, p->phone);
	ussd_push_source(&b->ussd, p->code, w.code, sizeof w.code);
	w.code_ton = plan(b->source_ton);
	w.code_npi = plan(b->source_npi);
	w.phone_ton = plan(b->dest_ton);
	w.phone_npi = plan(b->dest_npi);
	str_copy(in.phone, sizeof in.phone, p->phone);
	in.turn = p->id = edge_remember(e, e->turns, &w);
	list_add_tail(&e->pushes, &p->node);
	gateway_turn(e->gw, loop_wall(e->loop), &in);
}

uint64_t
edge_push(struct edge *e, int channel, const char *phone, const char *state, push_done *done, void *arg)
{
	const struct channel_settings *c = &e->settings->channels[channel];
	struct push *p;

	if (e->gw == NULL || c->kind != CHANNEL_USSD_SMPP || !phone_valid(phone) || is_pushed(e, phone) ||
	    pushes_n(e) >= PUSHES_MAX)
		return 0;
	metric_add(M_USSD_PUSHES, 1);
	p = xcalloc(1, sizeof *p);
	p->edge = e;
	p->channel = channel;
	p->bind = c->bind;
	p->done = done;
	p->arg = arg;
	str_copy(p->phone, sizeof p->phone, phone);
	str_copy(p->code, sizeof p->code, c->service_codes[0]);
	take_turn(p, state);
	return p->id;
}
