/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong in a single state: a confirm that hides what is paid, answers that nobody can give, options that a
 * customer cannot tell apart or would take for something else.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"
#include "core/money.h"

#define BLANKS " \t\r\n"

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

static const struct call_row *
intent_of(const struct menu_state *s)
{
	const struct call_row *row = s->kind == MENU_CONFIRM ? call_find(s->intent) : s->call;

	return row != NULL && row->intent ? row : NULL;
}

static bool
is_paid_by(const struct call_row *intent, const char *var)
{
	for (const struct call_need *n = intent->needs; n->name != NULL; n++)
		if (strcmp(n->name, var) == 0)
			return true;
	return false;
}

/* The payment is what the confirm showed; unsetting is harmless, another value would make the next screens lie. */
static void
check_paid(struct flow *f, const struct menu_state *s, const struct menu_set *set, int n, const json_t *at)
{
	for (int i = 0; i < n; i++)
		if (set[i].value[0] != '\0' && is_paid_by(intent_of(s), set[i].var))
			PROBLEM(f, at, "\"%s\" sets \"%s\" after the confirm, but what was shown there is paid; set it "
			    "before the confirm, or take it out", s->name, set[i].var);
}

static void
check_after_confirm(struct flow *f, const struct menu_state *s)
{
	const struct menu_edge *e;

	if (intent_of(s) == NULL)
		return;
	if (s->kind == MENU_CONFIRM) {
		e = &s->edge[ON_ACCEPTED];
		check_paid(f, s, e->set, e->set_n, e->at);
		return;
	}
	check_paid(f, s, s->set, s->set_n, s->at);
	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
		check_paid(f, s, e->set, e->set_n, e->at);
}

/* ---- what a menu sets itself ---- */

static bool
is_amount(const char *text)
{
	int64_t cents;

	return str_to_i64(text, 1, MONEY_MAX, &cents);
}

static bool
is_phone(const char *text)
{
	size_t n = strlen(text);

	return n >= 7 && n < PHONE_MAX && strspn(text, "0123456789") == n && text[0] != '0';
}

static bool
is_language(const struct flow *f, const char *text)
{
	for (int i = 0; i < f->env->languages_n; i++)
		if (strcmp(f->env->languages[i], text) == 0)
			return true;
	return false;
}

static void
check_given(struct flow *f, const struct menu_set *set, int n, const json_t *at)
{
	for (int i = 0; i < n; i++) {
		const char *var = set[i].var, *text = set[i].value;
		enum var_kind kind = flow_needed(f, var);

		if (text[0] == '\0' || strchr(text, '{') != NULL)
			continue;
		if (kind == KIND_MONEY && !is_amount(text))
			PROBLEM(f, at, "\"%s\" is set to \"%s\", which is no amount; write it in cents, as \"5000\" "
			    "for 50.00", var, text);
		if (kind == KIND_PHONE && !is_phone(text))
			PROBLEM(f, at, "\"%s\" is set to \"%s\", which is no phone number; write it with the code of "
			    "its country, as \"27821234567\"", var, text);
		if (strcmp(var, "lang") == 0 && !is_language(f, text))
			PROBLEM(f, at, "\"lang\" is set to \"%s\", which is no language of the tenant; use one of "
			    "them, or add it to \"languages\"", text);
	}
}

static void
check_sets(struct flow *f, const struct menu_state *s)
{
	const struct menu_edge *e;

	check_given(f, s->set, s->set_n, s->at);
	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
		check_given(f, e->set, e->set_n, e->at);
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
	return strcasecmp(s->as + n - 3, "pin") == 0 || strncasecmp(s->as, "pin", 3) == 0;
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

/* "2. Help" or "0 Back": a number that the gateway did not give it; "30 days" is none. */
static bool
begins_with_number(const char *text)
{
	size_t n = strspn(text += strspn(text, BLANKS), "0123456789");
	bool command = str_starts(text, "0 ") || str_starts(text, "00 ") || str_starts(text, "98 ");

	return command || ((n == 1 || n == 2) && (text[n] == ')' || text[n] == ':' ||
	    (text[n] == '.' && (text[n + 1] < '0' || text[n + 1] > '9'))));
}

/* Whatever stands around it, and in whatever letters. */
static bool
reads_as(const char *a, const char *b)
{
	size_t n, m;

	a += strspn(a, BLANKS);
	b += strspn(b, BLANKS);
	for (n = strlen(a); n > 0 && strchr(BLANKS, a[n - 1]) != NULL;)
		n--;
	for (m = strlen(b); m > 0 && strchr(BLANKS, b[m - 1]) != NULL;)
		m--;
	return n == m && strncasecmp(a, b, n) == 0;
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
	if (text[strspn(text, BLANKS)] == '\0')
		PROBLEM(f, o->edge.at, "the option \"%s\" of \"%s\" is empty in language \"%s\"; say what it does",
		    o->text, s->name, lang);
	if (strpbrk(text, "\r\n") != NULL)
		PROBLEM(f, o->edge.at, "the option \"%s\" of \"%s\" has more than one line in language \"%s\", so that "
		    "it looks like two; make it one", o->text, s->name, lang);
	if (begins_with_number(text))
		PROBLEM(f, o->edge.at, "the option \"%s\" of \"%s\" begins with a number of its own in language "
		    "\"%s\": \"%s\"; "
		    "options get theirs from the gateway, 0 is back, 00 home, 98 more", o->text, s->name, lang, text);
	for (int k = 0; k < i; k++) {
		before = texts_find(f->env->texts, lang, lang, s->option[k].text);
		if (before != NULL && reads_as(before, text) && may_meet(o, &s->option[k]))
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
		check_after_confirm(f, s);
		check_sets(f, s);
		for (int k = 0; k < s->option_n; k++)
			for (int l = 0; l < f->env->languages_n; l++)
				check_option(f, s, k, f->env->languages[l]);
	}
}
