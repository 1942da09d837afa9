/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong in a single state: a confirm that hides what is paid, answers that nobody can give, options that a
 * customer cannot tell apart or would take for something else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

/* ---- confirms ---- */

static bool
shows(const char *text, const char *name)
{
	struct texts_placeholder ph;

	while (name != NULL && (text = texts_placeholder(text, &ph)) != NULL)
		if (strcmp(ph.name, name) == 0)
			return true;
	return false;
}

static void
check_confirm(struct flow *f, const struct menu_state *s)
{
	for (int i = 0; i < f->env->languages_n; i++) {
		const char *lang = f->env->languages[i], *text = texts_find(f->env->texts, lang, lang, s->text);

		for (const struct call_need *n = call_find(s->intent)->shows; text != NULL && n->name != NULL; n++)
			if (!shows(text, n->name) && !shows(text, n->other))
				PROBLEM(f, s->at, "\"%s\" confirms a payment, but its text \"%s\" in language \"%s\" "
				    "does not show {%s}; add it", s->name, s->text, lang, n->name);
	}
}

/* ---- asks ---- */

static bool
is_command(const char *typed)
{
	return strcmp(typed, "0") == 0 || strcmp(typed, "00") == 0 || strcmp(typed, "98") == 0;
}

static void
check_words(struct flow *f, const struct menu_state *s)
{
	const struct menu_accept *a = &s->accept;

	for (int i = 0; i < a->words; i++) {
		if (is_command(a->word[i]))
			PROBLEM(f, s->at, "\"%s\" offers the answer \"%s\", which means back, home or more "
			    "everywhere; choose another word", s->name, a->word[i]);
		for (int k = 0; k < i; k++)
			if (str_equal_fold(a->word[i], a->word[k]))
				PROBLEM(f, s->at, "\"%s\" offers the answer \"%s\", which \"%s\" hides; choose "
				    "another word", s->name,
				    a->word[i], a->word[k]);
	}
}

static bool
amount_exists(const struct menu_accept *a)
{
	int64_t step = a->has_step ? a->step : 1, least = a->has_min && a->min > 0 ? a->min : 1;

	return !a->has_max || (least + step - 1) / step * step <= a->max;
}

/* What a PIN is asked with keeps nothing; any other check would keep it as it is typed. */
static bool
keeps_pin(const struct menu_state *s)
{
	size_t n = s->as != NULL ? strlen(s->as) : 0;
	const char *check = s->accept.row->name;

	if (n < 3 || (strcmp(check, "digits") != 0 && strcmp(check, "text") != 0))
		return false;
	return strcmp(s->as, "pin") == 0 || strcmp(s->as + n - 3, "pin") == 0 || strncmp(s->as, "pin", 3) == 0;
}

static void
check_ask(struct flow *f, const struct menu_state *s)
{
	const struct menu_accept *a = &s->accept;

	check_words(f, s);
	if (strcmp(a->row->name, "money") == 0 && !amount_exists(a))
		PROBLEM(f, s->at, "\"%s\" accepts no amount at all: no multiple of \"step\" is between \"min\" and "
		    "\"max\"; change them", s->name);
	if (keeps_pin(s))
		PROBLEM(f, s->at, "\"%s\" keeps a PIN in the variable \"%s\"; ask for it with the check pin or "
		    "new_pin", s->name,
		    s->as);
}

/* ---- chooses ---- */

/* "2. Help" or "0 Back": a number that the gateway did not give it. */
static bool
begins_with_number(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= 2 && (text[n] == ' ' || text[n] == '.' || text[n] == ')' || text[n] == ':');
}

/* Both can be on the screen at once, as far as their conditions show. */
static bool
may_meet(const struct menu_option *a, const struct menu_option *b)
{
	for (int i = 0; i < a->when_n; i++)
		for (int k = 0; k < b->when_n; k++)
			if (strcmp(a->when[i].var, b->when[k].var) == 0 &&
			    strcmp(a->when[i].value, b->when[k].value) != 0)
				return false;
	return true;
}

static void
check_option(struct flow *f, const struct menu_state *s, int i, const char *lang)
{
	const struct menu_option *o = &s->option[i];
	const char *text = texts_find(f->env->texts, lang, lang, o->text), *before;

	if (text == NULL)
		return;
	if (begins_with_number(text))
		PROBLEM(f, o->edge.at, "the option \"%s\" of \"%s\" begins with a number of its own in language "
		    "\"%s\": \"%s\"; "
		    "options get theirs from the gateway, 0 is back, 00 home, 98 more", o->text, s->name, lang, text);
	for (int k = 0; k < i; k++) {
		before = texts_find(f->env->texts, lang, lang, s->option[k].text);
		if (before != NULL && strcmp(before, text) == 0 && may_meet(o, &s->option[k]))
			PROBLEM(f, o->edge.at, "the option \"%s\" of \"%s\" reads as \"%s\" does in language \"%s\": "
			    "\"%s\"; nobody can "
			    "tell them apart, change one", o->text, s->name, s->option[k].text, lang, text);
	}
}

void
flow_check_states(struct flow *f)
{
	for (int i = 0; i < f->m->state_n; i++) {
		const struct menu_state *s = &f->m->state[i];

		if (s->kind == MENU_CONFIRM)
			check_confirm(f, s);
		if (s->kind == MENU_ASK)
			check_ask(f, s);
		for (int k = 0; k < s->option_n; k++)
			for (int l = 0; l < f->env->languages_n; l++)
				check_option(f, s, k, f->env->languages[l]);
	}
}
