/* SPDX-License-Identifier: Apache-2.0 */
/* SMS that customers write: words, choices of the menu, anything. The SMSC says each again until it is stored. */
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_world.h"

#define AGAIN_MS 20000
#define WITHIN_MS 300000

struct text_event {
	struct sim_event e;
	const struct sim_bot *bot;
	const char *text;
	unsigned reference;
	size_t number;			/* in world.stored */
};

static void
on_text(struct sim_event *event)
{
	struct text_event *t = (struct text_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_process *p = &w->process[sim_below(&w->loop, (uint64_t)w->processes)];
	struct inbound_in in = { .channel = t->bot->tenant * SIM_CHANNELS + SIM_SMS, .number = "30384",
		.reference = t->reference, .part = { .charset = CHARSET_ASCII, .octets = (const unsigned char *)t->text,
		.len = strlen(t->text) } };

	if (w->stored[t->number])
		return;
	sim_loop_again(event, w->loop.now + AGAIN_MS);
	if (p->gw == NULL || p->stands_until > w->loop.now)
		return;
	sim_trace(&w->loop, "%s writes %s", t->bot->phone, t->text);
	str_copy(in.from, sizeof in.from, t->bot->phone);
	sim_wake(p, w->loop.now);
	gateway_inbound(p->gw, w->loop.now, &in, t->number);
}

void
sim_text_plan(struct sim_world *w, int bots, int texts)
{
	static const char *const said[] = { "STOP", "start", "Help", "hi", "1", "3", "4", "8305", "menu please" };

	for (int i = 0; i < texts; i++) {
		struct text_event *t = sim_event_new(sizeof *t, w, on_text);

		t->bot = &w->bot[sim_below(&w->loop, (uint64_t)bots)];
		t->text = said[sim_below(&w->loop, NELEM(said))];
		t->reference = sim_chance(&w->loop, 500) ? (unsigned)i + 1 : 0;
		w->stored = xrealloc(w->stored, w->stored_n + 1, sizeof *w->stored);
		w->stored[t->number = w->stored_n++] = false;
		sim_loop_add(&w->loop, t, w->loop.now + sim_between(&w->loop, 0, WITHIN_MS));
	}
}
