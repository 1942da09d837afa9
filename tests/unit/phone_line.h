/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers with wallets in the world of the simulation, and the phone of one of them in the hands of a test: what is
 * typed on which channel at which process, what the screen shows, what the ledger and the inbox say of it.
 */
#pragma once
#include "core/message.h"
#include "tests/unit/gateway_world.h"

#define SECOND INT64_C(1000)
#define PAYER (&w->bot[0])
#define PAYEE (&w->bot[1])

/* ---- the phone of a customer on a channel ---- */

struct line {
	struct sim_world *w;
	int process;
	enum sim_channel channel;
	char dialogue[32];
	int number;			/* of the turn; -1: the network does not count them */
	char history[256];
	char screen[1600];
	bool end;
	unsigned answers;
};

static struct line *lines[8];		/* by the number of the turn / 1000 */

static inline void
on_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	struct line *l = turn / 1000 < NELEM(lines) ? lines[turn / 1000] : NULL;

	(void)ctx;
	if (l == NULL)
		return;
	str_copy(l->screen, sizeof l->screen, r->text);
	l->end = r->end;
	l->answers++;
}

static inline struct line
line_of(struct sim_world *w, int process, enum sim_channel channel, const char *dialogue)
{
	struct line l = { .w = w, .process = process, .channel = channel };

	str_copy(l.dialogue, sizeof l.dialogue, dialogue);
	return l;
}

/* Not waited for. The same number again is the same turn again. */
static inline void
send_to(struct line *l, int process, enum turn_kind kind, const char *text)
{
	static uint64_t turns;
	struct turn_in in = { .channel = (int)l->channel, .kind = kind, .service_code = "*120*384#", .text = text };
	int slot = -1;

	for (size_t k = 0; k < NELEM(lines); k++)
		if (lines[k] == l || (slot < 0 && lines[k] == NULL))
			slot = (int)k;
	assert_true(slot >= 0);
	lines[slot] = l;
	in.turn = kind == TURN_ABORT ? 0 : (uint64_t)slot * 1000 + ++turns % 1000;
	str_copy(in.phone, sizeof in.phone, l->w->bot[0].phone);
	str_copy(in.dialogue, sizeof in.dialogue, l->dialogue);
	if (l->channel == SIM_HISTORY) {
		in.history = true;
		in.text = l->history;
	} else if (l->number >= 0)
		in.counts_up = str_format(in.key, sizeof in.key, "%c%d", kind == TURN_BEGIN ? 'b' : 'i', l->number);
	gateway_turn(l->w->process[process].gw, l->w->loop.now, &in);
	sim_wake(&l->w->process[process], l->w->loop.now);
}

static inline void
add_input(struct line *l, const char *text)
{
	size_t len = strlen(l->history);

	str_format(l->history + len, sizeof l->history - len, "%s%s", len > 0 ? "*" : "", text);
	if (l->number >= 0)
		l->number++;
}

static inline void
say(struct line *l, enum turn_kind kind, const char *text)
{
	unsigned before = l->answers;

	if (kind == TURN_INPUT)
		add_input(l, text);
	send_to(l, l->process, kind, text);
	sim_world_run(l->w, l->w->loop.now + 8 * SECOND);
	assert_int_equal(l->answers, before + (kind != TURN_ABORT));
}

static inline void
type(struct line *l, const char *text)
{
	say(l, TURN_INPUT, text);
}

static inline void
shows(const struct line *l, const char *words)
{
	if (strstr(l->screen, words) == NULL)
		fail_msg("not \"%s\" but: %s", words, l->screen);
}

static inline void
to_confirm(struct line *l)
{
	char payee[PHONE_MAX];

	str_format(payee, sizeof payee, "0%s", l->w->bot[1].phone + 2);
	say(l, TURN_BEGIN, "");
	type(l, "2");
	type(l, payee);
	type(l, "50");
	shows(l, "Enter your PIN to pay");
}

/* ---- the world ---- */

/* Two customers with wallets, and nothing that goes wrong by itself. */
static inline struct sim_world *
two_customers(void)
{
	struct sim_world *w = xcalloc(1, sizeof *w);

	sim_world_init(w, 7, "friendly", shipped.texts, shipped.menu);
	w->story = true;
	w->bots = 2;
	for (int k = 0; k < w->bots; k++) {
		sim_bot_init(w, k);
		sim_bot_want(&w->bot[k], GOAL_SIGN_UP, 0, w->bot[k].phone, 4);
		sim_bot_plan(&w->bot[k]);
		sim_world_run(w, w->loop.now + 30 * MINUTE);
		assert_true(w->bot[k].has_wallet);
	}
	memset(lines, 0, sizeof lines);
	for (int k = 0; k < SIM_PROCESSES; k++)
		w->ports[k].reply = on_reply;
	return w;
}

static inline int
debits(const struct sim_world *w)
{
	const struct bank_transfer *t;
	size_t n = bank_transfers(w->core.bank, &t);
	int count = 0;

	for (size_t k = 0; k < n; k++)
		count += strcmp(t[k].type, "TRANSFER") == 0;
	return count;
}

static unsigned states[INTENT_STATES];

static inline void
count_state(void *arg, const struct store_key *key, const struct store_value *v)
{
	static struct intent i;

	(void)arg;
	if (key->family == STORE_INTENT && intent_decode(v->p, v->len, &i))
		states[i.state]++;
}

static inline unsigned
intents(struct sim_world *w, enum intent_state state)
{
	memset(states, 0, sizeof states);
	memory_store_each(w->store, w->loop.now, count_state, NULL);
	return states[state];
}

static inline size_t
told(const struct sim_world *w, const char *phone, const char *words)
{
	size_t n = 0;

	for (size_t k = 0; k < w->inbox_n; k++)
		n += strcmp(w->inbox[k].to, phone) == 0 && strstr(w->inbox[k].text, words) != NULL;
	return n;
}

/* ---- opening a wallet ---- */

/* Somebody who dials once, types all that is asked, and never dials again. */
static inline struct sim_world *
somebody_new(const char *profile, enum pin_check check)
{
	struct sim_world *w = xcalloc(1, sizeof *w);

	sim_world_init(w, 7, profile, shipped.texts, shipped.menu);
	w->story = true;
	w->bots = 1;
	w->tenant.wallet.pin_check = check;
	w->tenant.wallet.acts_as_customer = check == PIN_CHECK_LOGIN;
	sim_bot_init(w, 0);
	sim_bot_want(PAYER, GOAL_SIGN_UP, 0, PAYER->phone, 1);
	sim_bot_plan(PAYER);
	return w;
}

static inline size_t
customers_of(const struct sim_world *w, struct bank_customer *const **v)
{
	return bank_customers_by(w->core.bank, INDEX_PHONE, PAYER->phone, v);
}
