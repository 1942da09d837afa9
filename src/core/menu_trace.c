/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "core/menu_answer.h"
#include "core/menu_model.h"
#include "core/money.h"
#include "core/transcript.h"

#define STEPS 20000		/* of the engine, for one part of a trail */
#define WAIT_MS 10000		/* a shorter pause is told with the next one */
#define ANY_PHONE "27821234567"
#define OTHER_PHONE "0831234568"
#define DIGITS "48261937504826193750"
#define WRONG "?"

struct search {
	const struct menu_trace *t;
	int first;			/* turn of this part */
	int steps;
	struct buf text;		/* of the way that is tried */
	struct buf best;
	int best_turns;			/* that it follows */
};

static bool follow(struct search *s, int turn, const struct play *p);

/* ---- what may have been typed ---- */

static void
sample_money(const struct menu_accept *a, char *out, size_t size)
{
	int64_t cents = a->has_min ? a->min : 10000;
	char text[MONEY_TEXT];

	if (a->has_step && cents % a->step != 0)
		cents += a->step - cents % a->step;
	if (a->has_max && cents > a->max)
		cents = a->max;
	str_copy(out, size, money_decimal(cents, text));
}

static const struct sample {
	const char *check, *value, *what;
} samples[] = {
	{ "phone", OTHER_PHONE, "a phone number" }, { "money", NULL, "an amount" }, { "pin", NULL, "a PIN" },
	{ "new_pin", NULL, "a PIN" }, { "repeat_pin", NULL, "a PIN" }, { "id_number", "9001010001088", "an ID number" },
	{ "passport", "AB123456", "a passport number" }, { "name", "Anybody", "a name" },
	{ "date", "24031990", "a date" }, { "document", PLAY_PICTURE, "a picture" }, { "digits", NULL, "a code" }, { "text", "a", "a text" }, { "choice", NULL, "a word" },
};

/* What the question accepts, and what it is for the comment. */
static const char *
sample_of(const struct menu_state *s, const struct play *p, char *out, size_t size)
{
	const struct menu_accept *a = &s->accept;
	const char *check = s->kind == MENU_ASK ? a->row->name : "pin";
	const struct sample *row = samples;

	while (row < samples + NELEM(samples) - 1 && strcmp(row->check, check) != 0)
		row++;
	if (strcmp(check, "phone") == 0 && a->of != NULL)
		str_copy(out, size, vars_get(&p->dlg.vars, a->of));
	else if (row->value != NULL)
		str_copy(out, size, row->value);
	else if (strcmp(check, "money") == 0)
		sample_money(a, out, size);
	else if (strcmp(check, "digits") == 0)
		str_format(out, size, "%.*s", a->has_min && a->min > 0 ? (int)a->min : 1, DIGITS);
	else if (a->words > 0)
		str_copy(out, size, a->word[0]);
	else
		str_format(out, size, "%.*s", p->env.pin_length, DIGITS);
	return row->what;
}

/* ---- the way that is tried ---- */

static bool
same_state(const struct play *p, const struct history_turn *turn)
{
	return strncmp(p->dlg.state, turn->state, HISTORY_STATE - 1) == 0;
}

static void
add_screen(struct search *s, const struct play *p)
{
	if (p->visible)
		transcript_write_screen(p->step.text, p->ended, &s->text);
}

/* The others that lead the same way, as far as the state itself says. */
static void
add_alike(struct search *s, const struct menu_state *at, const char *outcome)
{
	const struct menu_edge *taken = NULL;
	const char *comma = "# or: ";

	for (int i = 0; i < at->edge_n; i++)
		if (strcmp(at->edge[i].name, outcome) == 0)
			taken = &at->edge[i];
	for (int i = 0; taken != NULL && at->kind == MENU_CALL && i < at->edge_n; i++)
		if (&at->edge[i] != taken && at->edge[i].to == taken->to) {
			buf_addf(&s->text, "%s%s", comma, at->edge[i].name);
			comma = ", ";
		}
	if (comma[0] == ',')
		buf_add_char(&s->text, '\n');
}

static bool answered(struct search *s, int turn, const struct play *p);

static bool
try_answer(struct search *s, int turn, const struct play *p, const struct menu_state *at, const char *outcome,
    const char *more)
{
	struct play *q = xcalloc(1, sizeof *q);
	char text[ANSWER_WORD], why[ANSWER_WORD];
	size_t before = s->text.len;
	bool ok;

	*q = *p;
	str_format(text, sizeof text, "%s%s%s", outcome, more[0] != '\0' ? " " : "", more);
	add_alike(s, at, outcome);
	buf_addf(&s->text, "= %s %s\n", play_call(p), text);
	ok = --s->steps > 0 && answer_give(q, text, why, sizeof why) && answered(s, turn, q);
	if (!ok)
		s->text.len = before;
	free(q);
	return ok;
}

/* A variable that the menu branches on may have had any value that it asks for. */
static bool
try_values(struct search *s, int turn, const struct play *p, const struct menu_state *at, const char *outcome,
    const struct menu_state *branch)
{
	char more[ANSWER_WORD];

	if (!answer_sets(play_call(p), outcome, branch->variable))
		return false;
	for (int i = 0; i < branch->edge_n; i++) {
		str_format(more, sizeof more, "%s='%s'", branch->variable, branch->edge[i].name);
		if (try_answer(s, turn, p, at, outcome, more))
			return true;
	}
	str_format(more, sizeof more, "%s=R50.00", branch->variable);
	return try_answer(s, turn, p, at, outcome, more);
}

static bool
try_outcome(struct search *s, int turn, const struct play *p, const struct menu_state *at, const char *outcome)
{
	if (try_answer(s, turn, p, at, outcome, ""))
		return true;
	for (int i = 0; i < p->m->state_n && s->steps > 0; i++)
		if (p->m->state[i].kind == MENU_BRANCH && try_values(s, turn, p, at, outcome, &p->m->state[i]))
			return true;
	return false;
}

/* What was typed or answered has its consequence: a call that asks on, or the state that the turn ended in. */
static bool
answered(struct search *s, int turn, const struct play *p)
{
	const struct menu_state *at = menu_find(p->m, p->dlg.state, strlen(p->dlg.state));
	const char *list[PLAY_OUTCOMES];
	int n = play_outcomes(p, list);

	for (int i = 0; i < n && at != NULL; i++)
		if (try_outcome(s, turn, p, at, list[i]))
			return true;
	if (n > 0 || !same_state(p, &s->t->turn[turn]) || p->ended != s->t->turn[turn].ended)
		return false;
	add_screen(s, p);
	return follow(s, turn + 1, p);
}

static bool
try_typed(struct search *s, int turn, const struct play *p, const char *typed, const char *what)
{
	struct play *q = xcalloc(1, sizeof *q);
	size_t before = s->text.len;
	bool ok;

	*q = *p;
	if (what != NULL)
		buf_addf(&s->text, "# placeholder: %s\n", what);
	buf_addf(&s->text, "> %s\n", typed);
	ok = --s->steps > 0 && play_type(q, typed) && answered(s, turn, q);
	if (!ok)
		s->text.len = before;
	free(q);
	return ok;
}

static bool
try_inputs(struct search *s, int turn, const struct play *p)
{
	static const char *const anywhere[] = { "0", "00", "98", WRONG };
	const struct menu_state *at = menu_find(p->m, p->dlg.state, strlen(p->dlg.state));
	struct screen sc = { .text = NULL };
	char typed[MENU_VALUE];
	const char *what;

	if (at == NULL)
		return false;
	if (p->dlg.offer[0] != '\0')
		sc.items = 2;		/* to go on, or not */
	else if (at->kind == MENU_ASK || at->kind == MENU_CONFIRM) {
		what = sample_of(at, p, typed, sizeof typed);
		if (try_typed(s, turn, p, typed, what))
			return true;
	} else
		screen_lay(at, &p->dlg, &p->env, p->dlg.page, &sc);
	for (int i = 1; i <= sc.items; i++) {
		str_format(typed, sizeof typed, "%d", i);
		if (try_typed(s, turn, p, typed, NULL))
			return true;
	}
	for (size_t i = 0; i < NELEM(anywhere); i++)
		if (try_typed(s, turn, p, anywhere[i], strcmp(anywhere[i], WRONG) == 0 ? "something wrong" : NULL))
			return true;
	return false;
}

/* ---- dialling, hanging up, time ---- */

static bool
try_dial(struct search *s, int turn, const struct play *p, const char *line)
{
	struct play *q = xcalloc(1, sizeof *q);
	size_t before = s->text.len;
	bool ok;

	*q = *p;
	buf_addf(&s->text, "%s\n", line);
	play_drop(q);
	play_dial(q, s->t->code);
	ok = --s->steps > 0 && answered(s, turn, q);
	if (!ok)
		s->text.len = before;
	free(q);
	return ok;
}

static bool
try_drop(struct search *s, int turn, const struct play *p)
{
	struct play *q;
	size_t before = s->text.len;
	bool ok;

	if (!p->live || !s->t->turn[turn].ended || !same_state(p, &s->t->turn[turn]))
		return false;
	q = xcalloc(1, sizeof *q);
	*q = *p;
	play_drop(q);
	buf_add_str(&s->text, "@ drop\n");
	ok = follow(s, turn + 1, q);
	if (!ok)
		s->text.len = before;
	free(q);
	return ok;
}

/* Pauses are told where they are long; the player's clock goes as the text says. */
static void
let_time_pass(struct search *s, int turn, struct play *p)
{
	int64_t ms = s->t->turn[turn].at - p->now;

	if (ms < WAIT_MS)
		return;
	ms -= ms % 1000;
	buf_addf(&s->text, "@ wait %llds\n", (long long)ms / 1000);
	play_wait(p, ms);
}

static void
keep_best(struct search *s, int turns)
{
	if (turns <= s->best_turns)
		return;
	s->best_turns = turns;
	buf_reset(&s->best);
	buf_add(&s->best, buf_str(&s->text), s->text.len);
}

/* From a phone at rest through this turn and all that follow. */
static bool
follow(struct search *s, int turn, const struct play *p)
{
	struct play *q;
	size_t before = s->text.len;
	bool ok;

	keep_best(s, turn - s->first);
	if (turn == s->t->turns)
		return true;
	q = xcalloc(1, sizeof *q);
	*q = *p;
	let_time_pass(s, turn, q);
	ok = try_drop(s, turn, q) || (q->live && try_inputs(s, turn, q)) ||
	    try_dial(s, turn, q, q->sms_code == NULL ? "@ redial" : "> Hello");
	if (!ok)
		s->text.len = before;
	free(q);
	return ok;
}

/* ---- a whole trail ---- */

static void
name_moment(int64_t at, char *out, size_t size)
{
	int64_t local = at / 1000 + calendar_offset_s(at), minute = local / 60 % 1440;
	char day[9];

	calendar_day(at, day);
	str_format(out, size, "%.4s-%.2s-%.2s %02d:%02d", day, day + 4, day + 6, (int)(minute / 60),
	    (int)(minute % 60));
}

static bool
begin_with(struct search *s, bool chosen)
{
	const struct menu_trace *t = s->t;
	struct play *p = xcalloc(1, sizeof *p);
	char moment[32], line[PLAY_CODE + 4];
	bool ok;

	*p = *t->phone;
	play_anew(p, t->turn[s->first].at - t->turn[s->first].at % 60000, ANY_PHONE, t->profile);
	name_moment(t->turn[s->first].at, moment, sizeof moment);
	buf_reset(&s->text);
	buf_addf(&s->text, "== %s, %s\n@ tenant %s\n@ menu %s\n@ clock %s\n", t->channel, moment, t->tenant,
	    menu_name(t->phone->m), moment);
	if (!chosen) {
		p->lang[0] = '\0';
		buf_add_str(&s->text, "@ language none\n");
	}
	str_format(line, sizeof line, "> %s", p->sms_code != NULL ? "Hello" : t->code);
	ok = try_dial(s, s->first, p, line);
	free(p);
	return ok;
}

int
menu_trace_write(const struct menu_trace *t, struct buf *out)
{
	int followed = 0, at = 0;

	buf_add_str(out, "# Made from the trail of a phone. What was typed is not known: placeholders stand for it.\n");
	while (at < t->turns) {
		struct search s = { .t = t, .first = at, .steps = STEPS };

		if (!begin_with(&s, true) && s.best_turns < t->turns - at)
			(void)begin_with(&s, false);
		if (s.best_turns > 0)
			buf_addf(out, "\n%s", buf_str(&s.best));
		else
			buf_addf(out, "\n# %s: how this was reached is not known; an older part, or another version of the "
			    "menu?\n",
			    t->turn[at].state);
		followed += s.best_turns;
		at += s.best_turns > 0 ? s.best_turns : 1;
		buf_clear(&s.text);
		buf_clear(&s.best);
	}
	return followed;
}
