/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the texts of a menu show, in each language: the same variables as in the first one, in formats that fit what
 * they hold, and no secret. Also the messages and errors of the gateway itself, which every menu's tenant sends.
 */
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

#define SHOWN_MAX 24

const struct call_set *
flow_text_var(const char *key, const char *name)
{
	for (size_t i = 0; i < text_vars_n; i++) {
		const struct text_var *t = &text_vars[i];
		size_t n = strlen(t->key);
		bool same = t->key[n - 1] == '*' ? strncmp(t->key, key, n - 1) == 0 : strcmp(t->key, key) == 0;

		if (same && strcmp(t->var.name, name) == 0)
			return &t->var;
	}
	return NULL;
}

/* A problem of a text stands where the text stands. */
static void
text_problem(struct flow *f, const char *lang, const char *key, const char *text)
{
	const char *file;
	int line;

	if (texts_place(f->env->texts, lang, key, &file, &line))
		buf_addf(f->problems, "%s:%d: %s\n", file, line, text);
}

static const char *
own_text(const struct flow *f, const char *lang, const char *key)
{
	return texts_find(f->env->texts, lang, lang, key);
}

/* ---- formats ---- */

static void
check_format(struct flow *f, const char *lang, const char *key, const struct texts_placeholder *ph, enum var_kind kind)
{
	const char *formats = kind_formats(kind);
	char text[400];

	if (kind_has_format(kind, ph->format))
		return;
	if (kind_is_secret(kind))
		str_format(text, sizeof text, "\"%s\": {%s} is %s, which no screen may show; take it out", key,
		    ph->name,
		    kind_name(kind));
	else if (!kind_is_shown(kind))
		str_format(text, sizeof text, "\"%s\": {%s} is %s, which means nothing to people; take it out", key,
		    ph->name,
		    kind_name(kind));
	else
		str_format(text, sizeof text, "\"%s\": {%s} is %s; write {%s%s%.*s}", key, ph->name, kind_name(kind),
		    ph->name,
		    str_starts(formats, "name") ? "" : ":",
		    str_starts(formats, "name") ? 0 : (int)strcspn(formats, ","), formats);
	text_problem(f, lang, key, text);
}

static void
check_kinds(struct flow *f, const char *lang, const char *key, const struct texts_placeholder *ph)
{
	const struct call_set *own = flow_text_var(key, ph->name);
	int var = flow_var(f, ph->name);

	if (own != NULL)
		check_format(f, lang, key, ph, own->type.kind);
	for (int k = 0; own == NULL && var >= 0 && k < KINDS; k++)
		if ((f->var[var].kinds >> k & 1) != 0)
			check_format(f, lang, key, ph, (enum var_kind)k);
}

static void
check_text(struct flow *f, const char *key)
{
	struct texts_placeholder ph;

	for (int i = 0; key != NULL && i < f->env->languages_n; i++) {
		const char *text = own_text(f, f->env->languages[i], key);

		while (text != NULL && (text = texts_placeholder(text, &ph)) != NULL)
			check_kinds(f, f->env->languages[i], key, &ph);
	}
}

/* Without a call that fills the list that is what there is to say. */
static bool
is_filled(const struct flow *f, const char *list)
{
	size_t n = strlen(list);
	bool filled = strcmp(list, MENU_LANGUAGES) == 0;

	for (int i = 0; i < f->m->state_n; i++) {
		const struct call_set *set = f->m->state[i].call != NULL ? f->m->state[i].call->sets : NULL;

		for (; set != NULL && set->name != NULL; set++)
			filled = filled || (strncmp(set->name, list, n) == 0 && set->name[n] == '.');
	}
	return filled;
}

/* An item has only its own fields. */
static void
check_item(struct flow *f, const struct menu_state *s)
{
	const char *first = own_text(f, f->env->languages[0], s->item);
	struct texts_placeholder ph;
	char problem[400];

	/* That other languages show the same as the first is checked for every text. */
	if (first != NULL && texts_placeholder(first, &ph) == NULL)
		PROBLEM(f, s->at, "the text \"%s\" of \"%s\" shows no field of an item, so nobody can tell the items "
		    "apart; show one", s->item, s->name);
	for (int i = 0; i < f->env->languages_n; i++) {
		const char *lang = f->env->languages[i], *text = own_text(f, lang, s->item);

		while (text != NULL && (text = texts_placeholder(text, &ph)) != NULL) {
			const struct call_set *field = flow_field(f, s, ph.name);

			if (field != NULL) {
				check_format(f, lang, s->item, &ph, field->type.kind);
				continue;
			}
			str_format(problem, sizeof problem, "\"%s\": the items of the list \"%s\" have no field {%s}; "
			    "take it out",
			    s->item, s->list, ph.name);
			text_problem(f, lang, s->item, problem);
		}
	}
}

static void
check_item_set(struct flow *f, const struct menu_state *s)
{
	char name[VARS_NAME];

	for (int i = 0; i < s->go.set_n; i++)
		if (flow_copied(s->go.set[i].value, name) != NULL && flow_field(f, s, name) == NULL)
			PROBLEM(f, s->go.at, "the items of the list \"%s\" have no field {%s}, which \"%s\" is set "
			    "to; use one of its fields", s->list, name, s->go.set[i].var);
}

/* No copy of a secret, not even into another variable. */
static void
check_copies(struct flow *f, const struct menu_set *set, int n, const json_t *at)
{
	struct texts_placeholder ph;

	for (int i = 0; i < n; i++)
		for (const char *v = set[i].value; (v = texts_placeholder(v, &ph)) != NULL;) {
			int var = flow_var(f, ph.name);

			if (var >= 0 && (f->var[var].kinds >> KIND_SECRET & 1) != 0 &&
			    (f->var[var].kinds & ~(UINT32_C(1) << KIND_SECRET)) == 0)
				PROBLEM(f, at, "\"%s\" is set to {%s}, which is a secret; take it out", set[i].var,
				    ph.name);
		}
}

static void
check_state_texts(struct flow *f, const struct menu_state *s)
{
	const struct menu_edge *e;

	check_text(f, s->text);
	for (int i = 0; i < s->option_n; i++)
		check_text(f, s->option[i].text);
	check_copies(f, s->set, s->set_n, s->at);
	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++) {
		check_text(f, e->say);
		if (s->list == NULL)
			check_copies(f, e->set, e->set_n, e->at);
	}
	if (s->list != NULL && s->item != NULL && is_filled(f, s->list)) {
		check_item(f, s);
		check_item_set(f, s);
	}
}

/* ---- languages ---- */

struct shown {
	struct texts_placeholder ph[SHOWN_MAX];
	int n;
};

static void
read_shown(const char *text, struct shown *out)
{
	out->n = 0;
	while (text != NULL && out->n < SHOWN_MAX && (text = texts_placeholder(text, &out->ph[out->n])) != NULL)
		out->n++;
}

static bool
shows(const struct shown *s, const char *name)
{
	for (int i = 0; i < s->n; i++)
		if (strcmp(s->ph[i].name, name) == 0)
			return true;
	return false;
}

static void
compare(struct flow *f, const char *lang, const char *key, const struct shown *first, const struct shown *here)
{
	char text[400];

	for (int i = 0; i < first->n; i++)
		if (!shows(here, first->ph[i].name)) {
			str_format(text, sizeof text, "\"%s\" does not show {%s}, as it does in language \"%s\"; add "
			    "it", key,
			    first->ph[i].name, f->env->languages[0]);
			text_problem(f, lang, key, text);
		}
	for (int i = 0; i < here->n; i++)
		if (!shows(first, here->ph[i].name)) {
			str_format(text, sizeof text, "\"%s\" shows {%s}, but not in language \"%s\"; take it out, or "
			    "add it there",
			    key, here->ph[i].name, f->env->languages[0]);
			text_problem(f, lang, key, text);
		}
}

/* Whatever is shown by whom: in every language the same. */
static void
compare_languages(void *arg, const char *key)
{
	struct flow *f = arg;
	struct shown first, here;

	read_shown(own_text(f, f->env->languages[0], key), &first);
	for (int i = 1; i < f->env->languages_n; i++) {
		const char *text = own_text(f, f->env->languages[i], key);

		read_shown(text, &here);
		if (text != NULL)
			compare(f, f->env->languages[i], key, &first, &here);
	}
}

/* ---- messages ---- */

static const char *
nearest(const char *key, const char *name)
{
	const char *known[64];
	size_t n = 0;

	for (size_t i = 0; i < text_vars_n && n < NELEM(known); i++)
		if (flow_text_var(key, text_vars[i].var.name) != NULL)
			known[n++] = text_vars[i].var.name;
	return jsondoc_nearest(name, known, n);
}

static void
check_message(void *arg, const char *key)
{
	struct flow *f = arg;
	struct texts_placeholder ph;
	char problem[400];

	if (!str_starts(key, "sms.") || str_starts(key, "sms.menu."))
		return;
	for (int i = 0; i < f->env->languages_n; i++) {
		const char *lang = f->env->languages[i], *text = own_text(f, lang, key);

		while (text != NULL && (text = texts_placeholder(text, &ph)) != NULL) {
			const char *near = nearest(key, ph.name);

			if (flow_text_var(key, ph.name) != NULL) {
				check_kinds(f, lang, key, &ph);
				continue;
			}
			str_format(problem, sizeof problem, "\"%s\": the gateway has no {%s} for this message; %s%s%s",
			    key, ph.name,
			    near != NULL ? "did you mean {" : "take it out", near != NULL ? near : "",
			    near != NULL ? "}?" : "");
			text_problem(f, lang, key, problem);
		}
	}
}

void
flow_check_texts(struct flow *f)
{
	for (int i = 0; i < f->m->state_n; i++)
		check_state_texts(f, &f->m->state[i]);
	texts_each(f->env->texts, f->env->languages[0], compare_languages, f);
	texts_each(f->env->texts, f->env->languages[0], check_message, f);
}
