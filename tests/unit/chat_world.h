/* SPDX-License-Identifier: Apache-2.0 */
/* The world of gateway_world.h with a customer who chats: what he writes comes until it is taken. */
#pragma once
#include "core/chat.h"
#include "core/chat_screen.h"
#include "core/subscriber.h"
#include "tests/unit/gateway_world.h"

#define WEBHOOK_MS 3000			/* the network's patience with one webhook */
#define WEBHOOKS 12

static struct {
	uint64_t op;
	int arrived;			/* 1: taken, -1: to be delivered again, 0: no word yet */
	int written;
	int channel;
	struct chat_in last;
	char user[CHAT_USER], phone[PHONE_MAX], identity[CHAT_IDENTITY];
	struct chat_screen screen;
} chatter;

static inline void
chat_note_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	(void)ctx;
	if (peer_op == chatter.op)
		chatter.arrived = end == RECEIPT_STORED ? 1 : -1;
}

static inline void
chat_begin(struct sim_world *w)
{
	w->faults.receipt_lost = 1000;
	for (int i = 0; i < SIM_PROCESSES; i++)
		w->ports[i].receipt_stored = chat_note_stored;
	memset(&chatter, 0, sizeof chatter);
	chatter.channel = SIM_CHAT;
}

static inline struct sim_world *
chat_world(void)
{
	struct sim_world *w = world_new();

	memcpy(w->tenant.languages, player_languages, sizeof player_languages);
	w->tenant.languages_n = (int)NELEM(player_languages);
	sim_world_run(w, w->loop.now + MINUTE);
	chat_begin(w);
	str_copy(chatter.phone, sizeof chatter.phone, PHONE);
	return w;
}

/* One webhook; false: it was not taken. */
static inline bool
offer(struct sim_world *w, int process)
{
	int64_t until = w->loop.now + WEBHOOK_MS;

	chatter.arrived = 0;
	chatter.op++;
	sim_process_start(&w->process[process]);
	gateway_chat(w->process[process].gw, w->loop.now, &chatter.last, chatter.op);
	sim_wake(&w->process[process], until);
	while (chatter.arrived == 0 && w->loop.now < until)
		sim_world_run(w, w->loop.now + 1);
	return chatter.arrived == 1;
}

static inline void
deliver_again(struct sim_world *w, int process)
{
	for (int i = 0; i < WEBHOOKS; i++) {
		if (offer(w, process))
			return;
		sim_world_run(w, w->loop.now + 1000);
	}
	fail_msg("what was written in the chat was never taken");
}

static inline void
prepare_input(struct sim_world *w, enum chat_kind kind, const char *text)
{
	memset(&chatter.last, 0, sizeof chatter.last);
	chatter.last.channel = chatter.channel;
	chatter.last.kind = kind;
	chatter.last.at_ms = w->loop.now / 1000 * 1000;
	str_copy(chatter.last.phone, sizeof chatter.last.phone, chatter.phone);
	str_copy(chatter.last.user, sizeof chatter.last.user, chatter.user);
	str_copy(chatter.last.identity, sizeof chatter.last.identity, chatter.identity);
	str_copy(chatter.last.text, sizeof chatter.last.text, text);
	str_format(chatter.last.id, sizeof chatter.last.id, "wamid.%d", ++chatter.written);
}

static inline bool
offered(struct sim_world *w, int process, const char *text)
{
	prepare_input(w, CHAT_TYPED, text);
	return offer(w, process);
}

static inline void
typed_now(struct sim_world *w, int process, const char *text)
{
	prepare_input(w, CHAT_TYPED, text);
	deliver_again(w, process);
}

static inline void
write_in(struct sim_world *w, enum chat_kind kind, const char *text)
{
	prepare_input(w, kind, text);
	deliver_again(w, 0);
}

static inline void
typed(struct sim_world *w, const char *text)
{
	write_in(w, CHAT_TYPED, text);
}

/* Everything that was sent by now, in the chat and elsewhere. */
static inline size_t
answers(struct sim_world *w)
{
	sim_process_start(&w->process[0]);
	sim_wake(&w->process[0], w->loop.now + 1000);
	sim_world_run(w, w->loop.now + 3 * MINUTE);
	return w->inbox_n;
}

static inline const struct chat_screen *
newest(struct sim_world *w)
{
	for (size_t i = w->inbox_n; i-- > 0;)
		if (w->inbox[i].channel == chatter.channel) {
			chat_screen_parse(w->inbox[i].text, &chatter.screen);
			return &chatter.screen;
		}
	fail_msg("nothing was said in the chat");
	return NULL;
}

/* The choice with that key of the newest screen. */
static inline void
tap(struct sim_world *w, const char *key)
{
	const struct chat_screen *s = newest(w);
	char id[CHAT_TAP];

	for (int i = 0; i < s->choices; i++)
		if (strcmp(s->choice[i].key, key) == 0) {
			chat_tap_id(s, &s->choice[i], id);
			write_in(w, CHAT_TAPPED, id);
			return;
		}
	fail_msg("\"%s\" cannot be chosen at: %s", key, s->body);
}
