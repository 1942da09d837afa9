/* SPDX-License-Identifier: Apache-2.0 */
/* A customer with a phone: wants something, dials, types what sim_reader.c makes of a screen, hangs up. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "core/limit.h"
#include "core/phone.h"
#include "tests/sim/sim_call.h"

#define PATIENCE_MS 15000	/* for an answer of the network */
#define SCREENS_MAX 40
#define SALARY INT64_C(10000000)
#define TOKEN_MOST 500000	/* cents, of the kinds */
#define ABOUT 1000		/* turns: bot * ABOUT^2 + dialogue * ABOUT + step */

static void say(struct sim_bot *b, enum turn_kind kind, const char *text);

void
sim_bot_init(struct sim_world *w, int index)
{
	static const char digits[] = "0123456789";
	struct sim_bot *b = &w->bot[index];
	char head[13];
	int sum = 0;

	b->world = w;
	b->index = b->person = index;
	b->episode = -1;
	b->salary = SALARY;
	str_format(b->phone, sizeof b->phone, "2782100000%d", index);
	/* Born 1 January 1990; the last digit makes the Luhn sum a multiple of ten. */
	str_format(head, sizeof head, "900101500%d08", index);
	for (int i = 0; i < 12; i++) {
		int d = head[i] - '0';

		if (i % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	str_format(b->id_number, sizeof b->id_number, "%s%c", head, digits[(10 - sum % 10) % 10]);
	str_format(b->pin, sizeof b->pin, "%d83%d%s", 4 + index % 3, index, w->tenant.pin_length > 4 ? "15" : "");
}

struct sim_bot *
sim_person(const struct sim_bot *b)
{
	return &b->world->bot[b->person];
}

/* ---- what it wants ---- */

void
sim_bot_want(struct sim_bot *b, enum sim_goal goal, int64_t amount, const char *to, int dials)
{
	b->wants = true;
	b->goal = goal;
	b->amount = amount;
	str_copy(b->to, sizeof b->to, to);
	b->dials_left = dials;
}

/* Cents that the phone may still get this month. */
static int64_t
left_of(struct sim_world *w, const char *phone)
{
	struct store_key key = { .family = STORE_LIMIT };
	struct store_value v;
	struct limit l;

	str_copy(key.owner, sizeof key.owner, phone);
	calendar_month(w->loop.now, key.id);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	return w->settings.limit_amount - (v.present && limit_decode(v.p, v.len, &l) ? limit_used(&l) : 0);
}

/* A large part of what the phone may get, so that few of them fill its month; or all that is left, or a cent more. */
static int64_t
large(struct sim_world *w, const char *phone)
{
	int64_t most = w->settings.limit_amount / sim_between(&w->loop, 2, 5), left = left_of(w, phone);

	if (left >= 1000 && left < TOKEN_MOST && sim_chance(&w->loop, 400))
		return left + (int64_t)sim_below(&w->loop, 2);
	return (most < TOKEN_MOST ? most : TOKEN_MOST) - (int64_t)sim_below(&w->loop, 100);
}

static void
choose_goal(struct sim_bot *b)
{
	static const enum sim_goal often[] = { GOAL_SEND, GOAL_SEND, GOAL_SEND, GOAL_CASH, GOAL_CASH,
		GOAL_CASH_OTHER, GOAL_CASH_OTHER, GOAL_BALANCE, GOAL_CANCEL, GOAL_RESEND };
	struct sim_world *w = b->world;
	enum sim_goal goal = often[sim_below(&w->loop, NELEM(often))];
	int other = (b->index + 1 + (int)sim_below(&w->loop, (uint64_t)w->bots)) % w->bots;
	int64_t amount = 2000 + (int64_t)w->episodes_n * 7 + b->index + 101 * b->goals_left;
	bool cash = goal == GOAL_CASH || goal == GOAL_CASH_OTHER;

	if (!sim_person(b)->has_wallet)
		goal = GOAL_SIGN_UP;
	else if (cash && sim_chance(&w->loop, 600)) {
		/* Much goes to the first phone. */
		goal = strcmp(b->phone, w->bot[0].phone) == 0 ? GOAL_CASH : GOAL_CASH_OTHER;
		other = 0;
		amount = large(w, w->bot[0].phone);
	} else if (b->amount != 0 && b->goal >= GOAL_SEND && b->goal <= GOAL_CASH_OTHER && sim_chance(&w->loop, 200)) {
		sim_bot_want(b, b->goal, b->amount, b->to, 2);
		return;
	}
	sim_bot_want(b, goal, amount, goal == GOAL_CASH ? b->phone : w->bot[other].phone,
	    goal == GOAL_SIGN_UP ? 8 : 2);
}

/* ---- dialling ---- */

struct bot_event {
	struct sim_event e;
	struct sim_bot *bot;
	int dialogue, step;
	char text[64];
};

static void
plan(struct sim_bot *b, sim_run *run, const char *text, int64_t in_ms)
{
	struct bot_event *e = sim_event_new(sizeof *e, b->world, run);

	e->bot = b;
	e->dialogue = b->dialogue;
	e->step = b->step;
	str_copy(e->text, sizeof e->text, text);
	sim_loop_add(&b->world->loop, e, b->world->loop.now + in_ms);
}

static void
on_dial(struct sim_event *event)
{
	struct sim_bot *b = ((struct bot_event *)(void *)event)->bot;
	struct sim_world *w = b->world;

	if (b->on_line)
		return;
	b->on_line = true;
	b->dialogue++;
	b->step = b->screens = 0;
	b->episode = -1;
	b->history[0] = b->wanted[0] = '\0';
	b->channel = sim_chance(&w->loop, 400) ? SIM_HISTORY : SIM_USSD;
	if (b->other_hand)
		b->channel = SIM_USSD;
	else if (b->person != b->index)
		b->channel = SIM_HISTORY;
	b->counted = !sim_chance(&w->loop, 200);
	b->sequence = (int)sim_below(&w->loop, 100);
	b->process = (int)sim_below(&w->loop, (uint64_t)w->processes);
	b->dials_left--;
	say(b, TURN_BEGIN, "");
}

void
sim_bot_plan(struct sim_bot *b)
{
	struct sim_world *w = b->world;

	if (b->on_line)
		return;
	if (!b->wants || b->dials_left <= 0) {
		b->wants = false;
		if (w->story || w->calm || (b->goals_left <= 0 && !(b->changes_pin && b->has_wallet)))
			return;
		if (b->goals_left > 0) {
			b->goals_left--;
			choose_goal(b);
		} else {
			b->changes_pin = false;
			sim_bot_want(b, GOAL_PIN, 0, b->phone, 1);
		}
	}
	plan(b, on_dial, "", sim_between(&w->loop, 500, w->story ? 1000 : 15000));
}

static void
hang_up(struct sim_bot *b)
{
	b->on_line = false;
	sim_bot_plan(b);
}

/* ---- typing ---- */

/* Whoever typed the PIN and hears nothing types 0, as the confirm screen says. */
static void
on_regret(struct sim_event *event)
{
	struct bot_event *e = (struct bot_event *)(void *)event;
	struct sim_bot *b = e->bot;

	if (b->on_line && b->dialogue == e->dialogue && b->step == e->step)
		say(b, TURN_INPUT, "0");
}

static void
on_no_answer(struct sim_event *event)
{
	struct bot_event *e = (struct bot_event *)(void *)event;
	struct sim_bot *b = e->bot;

	if (!b->on_line || b->dialogue != e->dialogue || b->step != e->step)
		return;
	if (sim_chance(&b->world->loop, 500))
		say(b, TURN_ABORT, "");
	hang_up(b);
}

struct turn_event {
	struct sim_event e;
	struct sim_bot *bot;
	struct turn_in in;
	char text[512];
	int process;
};

static void
on_turn(struct sim_event *event)
{
	struct turn_event *t = (struct turn_event *)(void *)event;
	struct sim_world *w = event->world;
	struct sim_process *p = &w->process[t->process];

	t->in.text = t->text;
	t->in.service_code = "*120*384#";
	if (p->gw == NULL)
		p = &w->process[(t->process + 1) % w->processes];
	if (p->gw == NULL || sim_stands(p, event))
		return;
	sim_wake(p, w->loop.now);
	sim_trace(&w->loop, "  p%d takes turn %llu", p->index, (unsigned long long)t->in.turn);
	sim_turn_asked(p, t->in.turn);
	gateway_turn(p->gw, w->loop.now, &t->in);
}

static struct turn_event *
turn_new(struct sim_bot *b, enum turn_kind kind, const char *text)
{
	struct turn_event *t = sim_event_new(sizeof *t, b->world, on_turn);

	t->bot = b;
	t->process = b->process;
	t->in.kind = kind;
	t->in.channel = b->tenant * SIM_CHANNELS + (int)b->channel;
	t->in.turn = kind == TURN_ABORT ? 0 : ((uint64_t)b->index * ABOUT + (uint64_t)b->dialogue) * ABOUT +
	    (uint64_t)b->step;
	str_copy(t->in.phone, sizeof t->in.phone, b->phone);
	str_format(t->in.dialogue, sizeof t->in.dialogue, "d%d-%d", b->index, b->dialogue);
	t->in.history = b->channel == SIM_HISTORY;
	if (t->in.history)
		str_copy(t->text, sizeof t->text, b->history);
	else {
		str_copy(t->text, sizeof t->text, text);
		str_format(t->in.key, sizeof t->in.key, "%c%d", kind == TURN_BEGIN ? 'b' : 'i', b->sequence);
	}
	return t;
}

/* Sends an input, perhaps twice, perhaps in vain. */
static void
say(struct sim_bot *b, enum turn_kind kind, const char *text)
{
	struct sim_world *w = b->world;
	struct sim_loop *l = &w->loop;
	struct turn_event *t;
	size_t len = strlen(b->history);

	if (kind == TURN_INPUT) {
		if (b->counted)
			b->sequence++;
		str_format(b->history + len, sizeof b->history - len, "%s%s", len > 0 ? "*" : "", text);
	}
	b->step++;
	sim_trace(l, "%s %s%s", b->phone, kind == TURN_BEGIN ? "dials" : kind == TURN_ABORT ? "hangs up" : "> ",
	    text);
	t = turn_new(b, kind, text);
	if (sim_chance(l, w->faults.input_twice)) {
		struct turn_event *again = turn_new(b, kind, text);

		if (sim_chance(l, 300))
			again->process = (b->process + 1) % w->processes;
		sim_loop_add(l, again, l->now + sim_between(l, 0, 4000));
	}
	if (sim_chance(l, w->faults.input_lost))
		free(t);
	else
		sim_loop_add(l, t, l->now + sim_between(l, 10, 200));
	if (kind != TURN_ABORT)
		plan(b, on_no_answer, "", PATIENCE_MS);
	if (kind == TURN_INPUT && b->episode >= 0 && strcmp(text, b->pin) == 0 && sim_chance(l, 500))
		plan(b, on_regret, "", sim_between(l, 3000, PATIENCE_MS - 1000));
}

/* ---- what comes back ---- */

struct screen_event {
	struct sim_event e;
	struct sim_bot *bot;
	int dialogue, step, episode;
	bool end;
	char text[1600];
};

static void
on_think(struct sim_event *event)
{
	struct bot_event *e = (struct bot_event *)(void *)event;
	struct sim_bot *b = e->bot;

	if (b->on_line && b->dialogue == e->dialogue && b->step == e->step)
		say(b, TURN_INPUT, e->text);
}

static void
on_screen(struct sim_event *event)
{
	struct screen_event *s = (struct screen_event *)(void *)event;
	struct sim_bot *b = s->bot;
	struct sim_world *w = b->world;
	char out[64] = "";

	if (s->dialogue != b->dialogue)
		return;
	sim_trace(&w->loop, "%s < %s%s", b->phone, s->end ? "END " : "", s->text);
	/* What comes after the phone was put down is not seen; a repeated answer is. */
	if (b->on_line)
		sim_told(b, s->text);
	if (!b->on_line || s->step != b->step)
		return;
	b->step++;
	str_copyn(b->wanted, sizeof b->wanted, s->text, strnlen(s->text, sizeof b->wanted - 1));
	if (s->end) {
		if (strstr(s->text, "Done:") != NULL || strstr(s->text, "result comes by SMS") != NULL)
			b->wants = false;
		hang_up(b);
		return;
	}
	if (++b->screens > SCREENS_MAX || sim_chance(&w->loop, w->faults.hang_up) ||
	    !sim_read(b, s->text, out)) {
		if (sim_chance(&w->loop, 700))
			say(b, TURN_ABORT, "");
		if (out[0] == '\0')
			b->wants = b->wants && b->goal == GOAL_SIGN_UP;
		hang_up(b);
		return;
	}
	plan(b, on_think, out, sim_chance(&w->loop, w->faults.dawdle) ? sim_between(&w->loop, 20000, 300000) :
	    sim_between(&w->loop, 300, 3000));
}

void
sim_bot_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;
	struct screen_event *s;
	enum sim_strike_what strike = sim_call_trouble(ctx);

	sim_trace(&w->loop, "  p%d answers turn %llu", ((struct sim_process *)ctx)->index, (unsigned long long)turn);
	sim_turn_answered(ctx, turn);
	sim_call_crash(ctx, strike, w->loop.now + 1);
	if (strike == STRIKE_CRASH_BEFORE || sim_chance(&w->loop, w->faults.reply_lost))
		return;
	s = sim_event_new(sizeof *s, w, on_screen);
	s->bot = &w->bot[turn / ABOUT / ABOUT];
	s->dialogue = (int)(turn / ABOUT % ABOUT);
	s->step = (int)(turn % ABOUT);
	s->end = r->end;
	str_copy(s->text, sizeof s->text, r->text);
	sim_loop_add(&w->loop, s, w->loop.now + sim_between(&w->loop, 10, 200));
}
