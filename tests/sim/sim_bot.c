/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer with a phone: reads screens, wants something, types. Knows the menu only by what is on the screen. What it
 * saw on a confirm screen, typed at it and was told about it is an episode, which the checks compare with the ledger.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/money.h"
#include "core/phone.h"
#include "tests/sim/sim_world.h"

#define PATIENCE_MS 15000	/* for an answer of the network */
#define SCREENS_MAX 40
#define SALARY INT64_C(10000000)
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
	b->index = index;
	b->episode = -1;
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
	str_format(b->pin, sizeof b->pin, "%d83%d", 4 + index % 3, index);
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

static void
choose_goal(struct sim_bot *b)
{
	static const enum sim_goal often[] = { GOAL_SEND, GOAL_SEND, GOAL_SEND, GOAL_CASH, GOAL_CASH,
		GOAL_CASH_OTHER, GOAL_CASH_OTHER, GOAL_BALANCE, GOAL_CANCEL, GOAL_RESEND };
	struct sim_world *w = b->world;
	enum sim_goal goal = often[sim_below(&w->loop, NELEM(often))];
	int other = (b->index + 1 + (int)sim_below(&w->loop, (uint64_t)w->bots - 1)) % w->bots;
	int64_t amount = 2000 + (int64_t)w->episodes_n * 7 + b->index + 101 * b->goals_left;

	if (!b->has_wallet)
		goal = GOAL_SIGN_UP;
	/* Much goes to the first phone, so that its month fills up. */
	if ((goal == GOAL_CASH || goal == GOAL_CASH_OTHER) && sim_chance(&w->loop, 600)) {
		goal = b->index == 0 ? GOAL_CASH : GOAL_CASH_OTHER;
		other = 0;
		amount += 470000;
	}
	if (b->amount != 0 && goal == b->goal && sim_chance(&w->loop, 200))
		sim_bot_want(b, goal, b->amount, b->to, 2);
	else
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
		if (w->story || b->goals_left <= 0 || w->calm)
			return;
		b->goals_left--;
		choose_goal(b);
	}
	plan(b, on_dial, "", sim_between(&w->loop, 500, w->story ? 1000 : 40000));
}

static void
hang_up(struct sim_bot *b)
{
	b->on_line = false;
	sim_bot_plan(b);
}

/* ---- typing ---- */

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
	gateway_turn(p->gw, w->loop.now, &t->in);
}

static struct turn_event *
turn_new(struct sim_bot *b, enum turn_kind kind, const char *text)
{
	struct turn_event *t = sim_event_new(sizeof *t, b->world, on_turn);

	t->bot = b;
	t->process = b->process;
	t->in.kind = kind;
	t->in.channel = (int)b->channel;
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
}

/* ---- reading ---- */

/* The number of the line that says `what`, or 0. */
static int
line_number(const char *screen, const char *what)
{
	const char *at = screen;

	while ((at = strchr(at, '\n')) != NULL) {
		int n = atoi(++at);
		const char *text = strstr(at, ". ");

		if (n > 0 && text != NULL && strncmp(text + 2, what, strlen(what)) == 0)
			return n;
	}
	return 0;
}

static bool
choose(const char *screen, const char *what, char out[64])
{
	int n = line_number(screen, what);

	if (n > 0)
		str_format(out, 64, "%d", n);
	else if (strstr(screen, "98 More") != NULL)
		str_copy(out, 64, "98");
	else
		return false;
	return true;
}

static void
type_amount(struct sim_bot *b, char out[64])
{
	char text[MONEY_TEXT];

	str_copy(out, 64, money_decimal(b->amount, text));
}

static void
type_phone(const struct sim_bot *b, char out[64])
{
	str_format(out, 64, "0%s", b->to + 2);
}

static struct sim_episode *
episode_new(struct sim_bot *b, const char *screen)
{
	struct sim_world *w = b->world;
	struct sim_episode *e;
	char amount[MONEY_TEXT], fee[MONEY_TEXT], phone[PHONE_TEXT], both[96];
	bool cash = strstr(screen, "Cash R") != NULL;
	int64_t cents = cash ? strstr(screen, "Pick n Pay") != NULL ? 500 : 800 : 100;

	w->episode = xrealloc(w->episode, w->episodes_n + 1, sizeof *w->episode);
	e = &w->episode[w->episodes_n];
	*e = (struct sim_episode){ .bot = b->index, .amount = b->amount, .shown_at = w->loop.now };
	b->episode = (int)w->episodes_n++;
	e->kind = cash ? INTENT_WITHDRAWAL : INTENT_TRANSFER;
	str_copy(e->to, sizeof e->to, b->to);
	str_format(both, sizeof both, "%s + %s fee", money_text(b->amount, amount), money_text(cents, fee));
	e->complete = strstr(screen, both) != NULL &&
	    strstr(screen, phone_group(b->to, "27", phone)) != NULL;
	if (strstr(screen, " fee") == NULL || strstr(screen, "R") == NULL || strstr(screen, "08") == NULL)
		sim_broken(w, "the confirm screen does not show payee, amount and fee: %s", screen);
	return e;
}

static void
type_pin(struct sim_bot *b, const char *screen, char out[64])
{
	struct sim_world *w = b->world;
	struct sim_episode *e = b->episode >= 0 ? &w->episode[b->episode] : NULL;

	if (e == NULL || strstr(screen, "Wrong PIN") == NULL)
		e = episode_new(b, screen);
	/* A doubled input can lead astray: who reads the screen does not pay then. */
	if (!e->complete || sim_chance(&w->loop, w->faults.decline))
		str_copy(out, 64, "0");
	else if (sim_chance(&w->loop, w->faults.wrong_pin))
		str_copy(out, 64, "9027");
	else {
		str_copy(out, 64, b->pin);
		e->right_pins++;
	}
}

/* A new wallet gets what its customer will want to spend. */
static void
pay_salary(struct sim_bot *b)
{
	struct sim_world *w = b->world;
	struct bank_wallet *wallet = sim_wallet_of(w, b->phone);

	if (wallet == NULL || bank_deposit(w->core.bank, w->loop.now, wallet, SALARY, "Salary") != BANK_OK)
		sim_broken(w, "%s was shown a wallet that is not there", b->phone);
}

static bool
at_home(struct sim_bot *b, const char *screen, char out[64])
{
	static const char *const option[GOALS] = {
		[GOAL_SIGN_UP] = NULL, [GOAL_BALANCE] = "Balance", [GOAL_SEND] = "Send money",
		[GOAL_CASH] = "Cash out", [GOAL_CASH_OTHER] = "Cash out", [GOAL_CANCEL] = "My codes",
		[GOAL_RESEND] = "My codes",
	};

	if (!b->has_wallet)
		pay_salary(b);
	b->has_wallet = true;
	if (b->goal == GOAL_SIGN_UP)
		b->wants = false;
	return b->wants && option[b->goal] != NULL && choose(screen, option[b->goal], out);
}

static const char *
codes_choice(const struct sim_bot *b)
{
	return b->goal == GOAL_CANCEL ? "Cancel the code" : "Send the code again";
}

/* What is typed at a screen that says so; false: nothing, the customer hangs up. */
static bool
answer(struct sim_bot *b, const char *s, char out[64])
{
	static const struct {
		const char *says, *option;	/* an option to choose, or `types` */
	} choices[] = {
		{ "Welcome to", "Open a wallet" }, { "What do you have?", "South African ID" },
		{ "We could not finish", "Try again" }, { "accept the terms?", "Yes" },
		{ "Send again?", "Yes" }, { "Another code?", "Yes" },
		{ "Where do you want the cash?", "Cash Express" },
		{ "Cancel the code for", "Cancel the code" }, { "Codes not used yet:", "R" },
	};

	if (strstr(s, "to pay, 0 to cancel") != NULL) {
		type_pin(b, s, out);
		return true;
	}
	b->episode = -1;
	for (size_t i = 0; i < NELEM(choices); i++)
		if (strstr(s, choices[i].says) != NULL)
			return choose(s, choices[i].option, out);
	if (strstr(s, ". Balance") != NULL || strstr(s, ". Send money") != NULL)
		return at_home(b, s, out);
	if (strstr(s, "first name") != NULL)
		str_copy(out, 64, "Thandi");
	else if (strstr(s, "surname") != NULL)
		str_copy(out, 64, "Mokoena");
	else if (strstr(s, "13-digit") != NULL)
		str_copy(out, 64, b->id_number);
	else if (strstr(s, "new PIN") != NULL || strstr(s, "Enter your PIN:") != NULL)
		str_copy(out, 64, b->pin);
	else if (strstr(s, "which phone number?") != NULL || strstr(s, "Which phone gets") != NULL ||
	    strstr(s, "Type that phone number again") != NULL)
		type_phone(b, out);
	else if (strstr(s, "How much") != NULL)
		type_amount(b, out);
	else if (strstr(s, "Who gets the code?") != NULL)
		return choose(s, strcmp(b->to, b->phone) == 0 ? "This phone" : "Another phone", out);
	else if (strstr(s, "Use by") != NULL)
		return choose(s, codes_choice(b), out);
	else
		return false;
	return true;
}

/* ---- what it is told ---- */

static void
told(struct sim_world *w, int episode, const char *s)
{
	struct sim_episode *e = &w->episode[episode];

	if (strstr(s, "Done:") != NULL)
		e->told_done = true;
	if (strstr(s, "Nothing was paid") != NULL || strstr(s, "No money has moved") != NULL)
		e->told_not = true;
	if (strstr(s, "result comes by SMS") != NULL)
		e->told_later = true;
}

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
	if (b->episode >= 0 && b->on_line)
		told(w, b->episode, s->text);
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
	    !answer(b, s->text, out)) {
		if (sim_chance(&w->loop, 700))
			say(b, TURN_ABORT, "");
		if (out[0] == '\0')
			b->wants = b->wants && b->goal == GOAL_SIGN_UP;
		hang_up(b);
		return;
	}
	plan(b, on_think, out, sim_between(&w->loop, 300, 5000));
}

void
sim_bot_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;
	struct screen_event *s;

	if (sim_chance(&w->loop, w->faults.reply_lost))
		return;
	s = sim_event_new(sizeof *s, w, on_screen);
	s->bot = &w->bot[turn / ABOUT / ABOUT];
	s->dialogue = (int)(turn / ABOUT % ABOUT);
	s->step = (int)(turn % ABOUT);
	s->end = r->end;
	str_copy(s->text, sizeof s->text, r->text);
	sim_loop_add(&w->loop, s, w->loop.now + sim_between(&w->loop, 10, 200));
}
