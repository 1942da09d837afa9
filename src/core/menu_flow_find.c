/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong in the situations of a menu, said with the place in the file, what to do, and the way there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

#define HOPS_MAX 48		/* of the engine: states passed without a key */

/* A problem that a way leads to: its line, and how to come there. */
static void
problem_at(struct flow *f, const json_t *at, int situation, const struct flow_use *unset, const char *text)
{
	struct buf keys = { 0 };

	flow_add_keys(f, situation, unset, &keys);
	PROBLEM(f, at, "%s%s", text, buf_str(&keys));
	buf_clear(&keys);
}

/* ---- read before it is set ---- */

static bool
has_source(const struct flow_var *v)
{
	return v->kinds != 0 || v->is_list || v->open || v->given != 0;
}

static const char *
nearest(const struct flow *f, int var)
{
	const char *known[FLOW_VARS];
	size_t n = 0;

	for (int i = 0; i < f->vars_n; i++)
		if (has_source(&f->var[i]))
			known[n++] = f->var[i].name;
	return jsondoc_nearest(f->var[var].name, known, n);
}

/* What it was made of is given anew on the way: "to", "amount". */
static bool
say_made_of(const struct flow *f, const struct flow_use *u, bool many, struct buf *out)
{
	const char *name = f->var[u->var].name;
	int n = 0;

	for (size_t i = 0; has_source(&f->var[u->var]) && i < call_mades_n; i++) {
		if (strcmp(call_mades[i].made, name) != 0 || flow_var(f, call_mades[i].of) < 0)
			continue;
		if (n++ == 0)
			buf_addf(out, ", which %s not set on every way here, or not any more; go through what sets %s, "
			    "and that after the last change of ", many ? "are" : "is", many ? "them" : "it");
		else
			buf_add_str(out, " or ");
		buf_addf(out, "\"%s\"", call_mades[i].of);
	}
	return n > 0;
}

static void
say_what_to_do(const struct flow *f, const struct flow_use *u, bool many, struct buf *out)
{
	/* What a call reads has its name from the gateway. */
	const char *near = has_source(&f->var[u->var]) || u->call != NULL ? NULL : nearest(f, u->var);

	if (say_made_of(f, u, many, out))
		return;
	buf_addf(out, ", which %s", !u->set ? "nothing has set" : many ? "are not set on every way here" :
	    "is not set on every way here");
	if (near != NULL)
		buf_addf(out, "; did you mean \"%s\"?", near);
	else if (u->call != NULL || f->var[u->var].is_list)
		buf_add_str(out, "; go through what sets it first");
	else if (u->text != NULL)
		buf_add_str(out, "; set it before, or take it out of the text");
	else
		buf_add_str(out, "; ask for it first");
}

/* Said with that one: of the same call, at the same point. */
static bool
goes_with(const struct flow_use *u, const struct flow_use *with)
{
	return u->unset == with->unset && u->state == with->state && u->set == with->set && u->other < 0 &&
	    with->other < 0 && u->call != NULL && u->call == with->call;
}

static bool
is_authed(const struct flow *f, const struct flow_use *u)
{
	return strcmp(f->var[u->var].name, "authed") == 0;
}

/* true: more than one. */
static bool
say_reads(const struct flow *f, const struct flow_use *u, struct buf *out)
{
	const struct menu_state *s = &f->m->state[u->state];
	bool many = false;

	buf_addf(out, "the %s \"%s\" of \"%s\" reads \"%s\"", s->kind == MENU_CONFIRM ? "intent" : "call", u->call,
	    s->name, f->var[u->var].name);
	for (int i = f->first_use[u->state]; i < f->first_use[u->state + 1]; i++)
		if (&f->use[i] > u && goes_with(&f->use[i], u) && !is_authed(f, &f->use[i])) {
			buf_addf(out, ", \"%s\"", f->var[f->use[i].var].name);
			many = true;
		}
	return many;
}

/* That no screen may show it was said of the text. */
static bool
is_not_for_people(const struct flow *f, const struct flow_use *u)
{
	bool shown = u->text == NULL || f->var[u->var].kinds == 0;

	for (int k = 0; k < KINDS; k++)
		shown = shown || ((f->var[u->var].kinds >> k & 1) != 0 && kind_is_shown((enum var_kind)k));
	return !shown;
}

/* The same variable is missed by a call there, or this one was said with another. */
static bool
is_said_elsewhere(const struct flow *f, const struct flow_use *u)
{
	if (u->state < 0 || is_authed(f, u))
		return false;
	for (int i = f->first_use[u->state]; i < f->first_use[u->state + 1]; i++) {
		const struct flow_use *w = &f->use[i];

		if (w < u && goes_with(w, u) && !is_authed(f, w))
			return true;
		if (u->call == NULL && w->call != NULL && w->unset >= 0 && w->var == u->var)
			return true;
	}
	return false;
}

static void
say_use(const struct flow *f, const struct flow_use *u, struct buf *out)
{
	const char *name = f->var[u->var].name, *other = u->other >= 0 ? f->var[u->other].name : NULL;
	const struct menu_state *s = u->state >= 0 ? &f->m->state[u->state] : NULL;
	bool many = false;

	if (u->call != NULL && is_authed(f, u)) {
		buf_addf(out, "the call \"%s\" of \"%s\" is private, but on some way here no PIN was checked; go "
		    "through the call \"pin.check\" first", u->call, s->name);
		return;
	}
	if (u->call != NULL && other != NULL)
		buf_addf(out, "the call \"%s\" of \"%s\" reads \"%s\" or \"%s\"", u->call, s->name, name, other);
	else if (u->call != NULL)
		many = say_reads(f, u, out);
	else if (s == NULL)
		buf_addf(out, "the line \"%s\" shows {%s}", u->text, name);
	else if (u->text != NULL)
		buf_addf(out, "the text \"%s\" of \"%s\" shows {%s}", u->text, s->name, name);
	else
		buf_addf(out, "\"%s\" %s \"%s\"", s->name, f->var[u->var].is_list ? "lists" : "compares with", name);
	say_what_to_do(f, u, many, out);
}

static void
find_unset(struct flow *f)
{
	struct buf text = { 0 };

	for (int i = 0; i < f->uses_n; i++) {
		const struct flow_use *u = &f->use[i];

		if (u->unset < 0 || is_said_elsewhere(f, u) || is_not_for_people(f, u))
			continue;
		buf_reset(&text);
		say_use(f, u, &text);
		problem_at(f, u->at, u->unset, u, buf_str(&text));
	}
	buf_clear(&text);
}

/* ---- what a call reads is of another kind ---- */

/* Kinds that a call reads alike. */
static enum var_kind
alike(enum var_kind kind)
{
	switch (kind) {
	case KIND_FEE:
		return KIND_MONEY;
	case KIND_OWN_PHONE:
		return KIND_PHONE;
	case KIND_MASKED_NAME:
		return KIND_NAME;
	default:
		return kind;
	}
}

static void
check_need(struct flow *f, const struct menu_state *s, const char *call, const char *name, enum var_kind kind)
{
	int var = name != NULL ? flow_var(f, name) : -1;

	if (var < 0 || kind == KIND_FLAG || kind == KIND_WORD)
		return;
	for (int k = 0; k < KINDS; k++) {
		bool fits = alike((enum var_kind)k) == alike(kind) || (kind == KIND_ID && k == KIND_WORD);

		if ((f->var[var].kinds >> k & 1) != 0 && !fits)
			PROBLEM(f, s->at, "the call \"%s\" of \"%s\" reads \"%s\" as %s, but the menu keeps %s there; "
			    "check the answer accordingly, or use another name", call, s->name, name, kind_name(kind),
			    kind_name((enum var_kind)k));
	}
}

static void
find_misread(struct flow *f)
{
	for (int i = 0; i < f->m->state_n; i++) {
		const struct menu_state *s = &f->m->state[i];
		const struct call_row *row = s->kind == MENU_CONFIRM ? call_find(s->intent) : s->call;

		if (row == NULL || (row->intent && s->kind != MENU_CONFIRM))
			continue;
		for (const struct call_need *n = row->needs; n->name != NULL; n++) {
			check_need(f, s, row->name, n->name, n->kind);
			check_need(f, s, row->name, n->other, n->other_kind);
		}
	}
}

/* ---- compared with what it never is ---- */

static bool
may_be(const struct flow_var *v, const char *word)
{
	for (int i = 0; i < v->words; i++)
		if ((v->given >> i & 1) != 0 && strcmp(v->word[i], word) == 0)
			return true;
	return v->open || word[0] == '\0';
}

static void
check_word(struct flow *f, const json_t *at, const char *name, const char *word)
{
	const struct flow_var *v = &f->var[flow_var(f, name)];
	const char *known[FLOW_WORDS], *near;
	size_t n = 0;

	if (may_be(v, word))
		return;
	for (int i = 0; i < v->words; i++)
		if ((v->given >> i & 1) != 0)
			known[n++] = v->word[i];
	near = jsondoc_nearest(word, known, n);
	if (n == 0 && !v->is_list)
		PROBLEM(f, at, "\"%s\" is compared with \"%s\", but nothing sets it; set it, or remove this", name,
		    word);
	else if (near != NULL)
		PROBLEM(f, at, "\"%s\" is never \"%s\"; did you mean \"%s\"?", name, word, near);
	else
		PROBLEM(f, at, "\"%s\" is never \"%s\"; remove this, or set it so", name, word);
}

static void
find_odd_words(struct flow *f)
{
	for (int i = 0; i < f->m->state_n; i++) {
		const struct menu_state *s = &f->m->state[i];

		/* What a menu has from the one that it extends it need not use. */
		if (s->scope->inherited)
			continue;
		for (int k = 0; s->kind == MENU_BRANCH && k < s->edge_n; k++)
			check_word(f, json_object_get(s->at, "on"), s->variable, s->edge[k].name);
		for (int k = 0; k < s->option_n; k++)
			for (int w = 0; w < s->option[k].when_n; w++)
				check_word(f, s->option[k].edge.at, s->option[k].when[w].var,
				    s->option[k].when[w].value);
	}
}

/* ---- where nobody comes ---- */

/* By the edges alone; what they do not reach is said when the menu is loaded. */
static void
reach(const struct flow *f, int state, bool *seen)
{
	const struct menu_edge *e;
	int n = 0, *todo = xcalloc((size_t)f->m->state_n + 1, sizeof *todo);

	todo[n++] = state;
	seen[state] = true;
	while (n > 0) {
		const struct menu_state *s = &f->m->state[todo[--n]];

		for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
			if (e->to >= 0 && !seen[e->to]) {
				seen[e->to] = true;
				todo[n++] = e->to;
			}
	}
	free(todo);
}

/* Only the first of what hangs together: behind it nobody comes anyway. */
static bool
is_behind_unvisited(const struct flow *f, int state)
{
	const struct menu_edge *e;

	for (int i = 0; i < f->m->state_n; i++)
		for (int k = 0; (e = flow_edge(&f->m->state[i], k)) != NULL; k++)
			if (e->to == state && f->visited[i])
				return false;
	return true;
}

/* Its condition can hold, only not there; of any other the words were complained about. */
static bool
has_real_words(const struct flow *f, const struct menu_option *o)
{
	for (int i = 0; i < o->when_n; i++)
		if (!may_be(&f->var[flow_var(f, o->when[i].var)], o->when[i].value))
			return false;
	return true;
}

static void
find_unvisited(struct flow *f)
{
	bool *seen = xcalloc((size_t)f->m->state_n, sizeof *seen);

	reach(f, f->m->start, seen);
	reach(f, f->m->home, seen);
	for (int i = 0; i < f->m->state_n; i++)
		if (!f->visited[i] && seen[i] && !f->m->state[i].scope->inherited && !is_behind_unvisited(f, i))
			PROBLEM(f, f->m->state[i].at, "no way leads to \"%s\": the conditions before it never hold; "
			    "change them, or remove the state", f->m->state[i].name);
	free(seen);
	for (int i = 0; i < f->m->state_n; i++)
		for (int k = 0; f->visited[i] && !f->m->state[i].scope->inherited && k < f->m->state[i].option_n; k++)
			if (!f->option_shown[i * MENU_OPTIONS + k] && has_real_words(f, &f->m->state[i].option[k]))
				PROBLEM(f, f->m->state[i].option[k].edge.at, "the option \"%s\" of \"%s\" is never "
				    "shown: its \"when\" never holds there; change it, or remove the option",
				    f->m->state[i].option[k].text, f->m->state[i].name);
}

/* A call shows nothing, and its outcome brings lines of its own. */
static void
find_silent(struct flow *f)
{
	for (int i = 0; i < f->says_n; i++)
		if (f->say[i].passed && !f->say[i].shown && !f->m->state[f->say[i].state].scope->inherited)
			PROBLEM(f, f->say[i].at, "the line \"%s\" is never shown: a call comes before the next screen; "
			    "say it where the call's outcomes lead to a screen", f->say[i].key);
}

/* ---- round and round, and stuck ---- */

struct rounds {
	struct flow *f;
	int *first;			/* of each situation, in f->succ; pairs are in the order of situations */
	unsigned char *mark;		/* of situations */
	int *deepest;			/* states passed from here without a key */
	int depth;
	bool *said;			/* states */
	int *looked;			/* at situations, for which one; + 1 */
};

enum { FRESH, BEING_WALKED, WALKED };

static bool
waits(const struct flow *f, int situation)
{
	return flow_is_screen(&f->m->state[f->at[situation].state]);
}

static void
say_loop(struct rounds *r, int situation)
{
	const struct menu_state *s = &r->f->m->state[r->f->at[situation].state];
	char text[256];

	if (r->said[s - r->f->m->state])
		return;
	r->said[s - r->f->m->state] = true;
	str_format(text, sizeof text, "\"%s\" leads back to itself without a key being pressed; ask something on the "
	    "way, or lead out of it", s->name);
	problem_at(r->f, s->at, situation, NULL, text);
}

static void
go_round(struct rounds *r, int situation)
{
	struct flow *f = r->f;

	r->mark[situation] = BEING_WALKED;
	r->deepest[situation] = 1;
	r->depth++;
	for (int i = r->first[situation]; r->depth <= HOPS_MAX && i < f->succ_n && f->succ[i] == situation; i += 2) {
		int to = f->succ[i + 1];

		if (waits(f, to) || f->at[to].action == FLOW_REDIAL)
			continue;
		if (r->mark[to] == BEING_WALKED)
			say_loop(r, to);
		else if (r->mark[to] == FRESH)
			go_round(r, to);
		if (r->deepest[to] >= r->deepest[situation])
			r->deepest[situation] = r->deepest[to] + 1;
	}
	r->depth--;
	r->mark[situation] = WALKED;
}

static void
find_loops(struct rounds *r)
{
	struct flow *f = r->f;
	char text[256];

	for (int i = 0; i < f->n; i++) {
		const struct menu_state *s = &f->m->state[f->at[i].state];

		if (waits(f, i) || r->mark[i] != FRESH)
			continue;
		go_round(r, i);
		if (r->deepest[i] >= HOPS_MAX && !r->said[f->at[i].state]) {
			r->said[f->at[i].state] = true;
			str_format(text, sizeof text, "more than %d states are passed from \"%s\" on without a key "
			    "being pressed; ask something on the way", HOPS_MAX, s->name);
			problem_at(f, s->at, i, NULL, text);
		}
	}
}

/* Some key leads to another screen, or to an end. */
static bool
leads_on(struct rounds *r, int situation, int from, int depth)
{
	struct flow *f = r->f;

	if (r->looked[situation] == from + 1)
		return false;
	r->looked[situation] = from + 1;
	for (int i = r->first[situation]; i < f->succ_n && f->succ[i] == situation; i += 2) {
		int to = f->succ[i + 1];

		/* Of a loop it was said. */
		if (waits(f, to) ? f->at[to].state != f->at[from].state : r->said[f->at[to].state] ||
		    depth >= HOPS_MAX || leads_on(r, to, from, depth + 1))
			return true;
	}
	return false;
}

static void
find_stuck(struct rounds *r)
{
	struct flow *f = r->f;
	char text[256];

	for (int i = 0; i < f->n; i++) {
		const struct menu_state *s = &f->m->state[f->at[i].state];

		if (!waits(f, i) || s->kind == MENU_END || r->said[f->at[i].state] || leads_on(r, i, i, 0))
			continue;
		r->said[f->at[i].state] = true;
		str_format(text, sizeof text, "from \"%s\" no key leads to another screen or to an end; give it an "
		    "option, or make it an end", s->name);
		problem_at(f, s->at, i, NULL, text);
	}
}

static void
find_rounds(struct flow *f)
{
	struct rounds r = { .f = f };

	r.first = xcalloc((size_t)f->n + 1, sizeof *r.first);
	r.mark = xcalloc((size_t)f->n + 1, sizeof *r.mark);
	r.deepest = xcalloc((size_t)f->n + 1, sizeof *r.deepest);
	r.said = xcalloc((size_t)f->m->state_n + 1, sizeof *r.said);
	r.looked = xcalloc((size_t)f->n + 1, sizeof *r.looked);
	for (int i = 0; i < f->n; i++)
		r.first[i] = f->succ_n;
	for (int i = f->succ_n - 2; i >= 0; i -= 2)
		r.first[f->succ[i]] = i;
	find_loops(&r);
	find_stuck(&r);
	free(r.first);
	free(r.mark);
	free(r.deepest);
	free(r.said);
	free(r.looked);
}

void
flow_find(struct flow *f)
{
	find_misread(f);
	find_odd_words(f);
	if (f->tangled) {
		PROBLEM(f, jsondoc_root(f->m->doc), "more than %d situations are possible, too many to look at; "
		    "compare fewer variables, or set them anew before they are compared", FLOW_SITUATIONS);
		return;
	}
	find_unset(f);
	find_unvisited(f);
	find_silent(f);
	find_rounds(f);
}
