/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People who chat and never dial: what they type and tap, on the newest screen and on older ones. Their network delivers
 * each input until it is stored, to whichever process, and now and then once more. At the end each was answered, once, and
 * no screen of a chat has asked for a PIN.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "core/chat.h"
#include "core/chat_screen.h"
#include "tests/sim/sim_evidence.h"

#define AGAIN_MS 20000
#define WITHIN_MS 300000
#define SENSIBLE 800			/* of 1000: who answers what was asked */
#define TAPS_OF 500			/* of those who do not: the rest type anything */

struct chat_event {
	struct sim_event e;
	struct chat_in in;
	bool made, again;
	size_t number;			/* in world.stored */
};

/* A choice of any screen that came to this phone; false: nothing could be chosen yet. */
static bool
choose(struct sim_world *w, struct chat_in *in)
{
	struct chat_screen *s = xcalloc(1, sizeof *s);
	size_t seen = 0;

	for (size_t i = w->inbox_n; i-- > 0 && in->text[0] == '\0';) {
		if (w->inbox[i].channel != in->channel || strcmp(w->inbox[i].to, in->phone) != 0)
			continue;
		/* The newest mostly. */
		if (seen++ < 3 && sim_chance(&w->dice, 250))
			continue;
		chat_screen_parse(w->inbox[i].text, s);
		if (s->choices > 0)
			chat_tap_id(s, &s->choice[sim_below(&w->dice, (uint64_t)s->choices)], in->text);
	}
	free(s);
	return in->text[0] != '\0';
}

/* What the newest screen asks for; false: it is not known. */
static bool
answer(struct sim_world *w, struct chat_in *in)
{
	static const struct {
		const char *asked, *said;
	} answers[] = {
		{ "first name", "Nomsa" }, { "surname", "Dlamini" }, { "ID number", "8001015009087" },
		{ "What do you have", "1" }, { "accept the terms", "1" }, { "Welcome to", "1" }, { "could not finish", "1" },
	};

	for (size_t i = w->inbox_n; i-- > 0;) {
		if (w->inbox[i].channel != in->channel || strcmp(w->inbox[i].to, in->phone) != 0)
			continue;
		for (size_t k = 0; k < NELEM(answers); k++)
			if (strstr(w->inbox[i].text, answers[k].asked) != NULL)
				return str_copy(in->text, sizeof in->text, answers[k].said);
		return false;
	}
	return false;
}

static void
make(struct sim_world *w, struct chat_event *c)
{
	static const char *const said[] = { "hi", "1", "2", "3", "0", "00", "98", "8305", "Nomsa", "Dlamini",
		"8001015009087", "what is this" };

	c->in.kind = CHAT_TYPED;
	if (sim_chance(&w->dice, SENSIBLE) && answer(w, &c->in)) {
	} else if (sim_chance(&w->dice, TAPS_OF) && choose(w, &c->in)) {
		c->in.kind = CHAT_TAPPED;
	} else {
		c->in.kind = sim_chance(&w->dice, 50) ? CHAT_UNREADABLE : CHAT_TYPED;
		str_copy(c->in.text, sizeof c->in.text, said[sim_below(&w->dice, NELEM(said))]);
	}
	c->in.at_ms = w->loop.now / 1000 * 1000;
	c->made = true;
	sim_trace(&w->loop, "%s chats %s", c->in.phone, c->in.text);
}

static void
on_chat(struct sim_event *event)
{
	struct chat_event *c = (struct chat_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_process *p = &w->process[sim_below(&w->dice, (uint64_t)w->processes)];

	if (!c->made)
		make(w, c);
	if (w->stored[c->number] && (c->again || !sim_chance(&w->dice, 300)))
		return;
	c->again = w->stored[c->number];
	sim_loop_again(event, w->loop.now + AGAIN_MS);
	if (p->gw == NULL || p->stands_until > w->loop.now)
		return;
	sim_wake(p, w->loop.now);
	gateway_chat(p->gw, w->loop.now, &c->in, c->number);
}

void
sim_chat_plan(struct sim_world *w, int inputs)
{
	int tenant = (int)sim_below(&w->dice, (uint64_t)w->settings.tenants_n), before = (int)w->written_n;
	int64_t at = w->loop.now + sim_between(&w->dice, 0, WITHIN_MS);

	for (int i = before; i < before + inputs; i++) {
		struct chat_event *c = sim_event_new(sizeof *c, w, on_chat);

		c->in.channel = tenant * SIM_CHANNELS + SIM_CHAT;
		str_format(c->in.phone, sizeof c->in.phone, "2782777%04d", before);
		str_format(c->in.id, sizeof c->in.id, "wamid.%d", i);
		w->stored = xrealloc(w->stored, w->stored_n + 1, sizeof *w->stored);
		w->stored[c->number = w->stored_n++] = false;
		w->written = xrealloc(w->written, w->written_n + 1, sizeof *w->written);
		w->written[w->written_n++] = (struct sim_written){ tenant, i, c->number };
		at += sim_chance(&w->dice, 100) ? 0 : sim_between(&w->dice, 2000, 30000);
		sim_loop_add(&w->loop, c, at);
	}
}

/* As the service names the answer to an input. */
static void
name_answer(const struct sim_world *w, const struct sim_written *x, char out[MESSAGE_ID])
{
	const struct channel_settings *c = &w->settings.channels[x->tenant * SIM_CHANNELS + SIM_CHAT];
	unsigned char mac[16];
	char text[200];

	str_format(text, sizeof text, "4:chat%s/%s/wamid.%d", w->settings.tenants[x->tenant].name, c->name, x->input);
	crypto_generichash(mac, sizeof mac, (const unsigned char *)text, strlen(text), NULL, 0);
	str_copy(out, MESSAGE_ID, "wa:");
	str_hex(mac, sizeof mac, out + 3);
}

void
sim_chat_check(struct evidence *e)
{
	struct sim_world *w = e->w;
	size_t answers = 0, stored = 0;

	for (size_t i = 0; i < w->written_n; i++) {
		const struct sim_written *x = &w->written[i];
		char id[MESSAGE_ID];
		bool found = false;

		name_answer(w, x, id);
		for (size_t k = 0; k < e->tolds; k++)
			found = found || strcmp(e->told[k].id, id) == 0;
		if (!w->stored[x->number])
			sim_broken(w, "input %d of a chat was never taken", x->input);
		else if (!found)
			sim_broken(w, "input %d of a chat was never answered", x->input);
		stored += w->stored[x->number];
	}
	for (size_t k = 0; k < e->tolds; k++) {
		answers += str_starts(e->told[k].id, "wa:");
		if ((str_starts(e->told[k].id, "wa:") || str_starts(e->told[k].id, "hb:")) &&
		    (strstr(e->told[k].text, "PIN to pay") != NULL || strstr(e->told[k].text, "Choose a new PIN") != NULL ||
		        strstr(e->told[k].text, "Enter your PIN:") != NULL))
			sim_broken(w, "a chat asks for a PIN: %s", e->told[k].text);
	}
	if (answers != stored)
		sim_broken(w, "%zu answers to %zu inputs of chats", answers, stored);
}
