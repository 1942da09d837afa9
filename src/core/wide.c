/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wide.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

#define ROUNDS 8		/* of sets that copy from each other, at most */
#define SHOWN 64		/* placeholders of texts that are shown together */
#define VALUES 12		/* one in each month */

struct entry {
	char name[VARS_NAME];
	struct var_type type[WIDE_TYPES];
	int n;
};

struct wide {
	struct entry *entry;	/* ours */
	size_t n, room;
	struct map *index;	/* name -> place in entry, from 1 */
	bool grew;
};

static struct entry *
entry_find(const struct wide *w, const char *name)
{
	uintptr_t at = (uintptr_t)map_get(w->index, name, strlen(name));

	return at != 0 ? &w->entry[at - 1] : NULL;
}

static struct entry *
entry_get(struct wide *w, const char *name)
{
	struct entry *e = entry_find(w, name);

	if (e != NULL)
		return e;
	if (w->n == w->room) {
		w->room = w->room * 2 + 64;
		w->entry = xrealloc(w->entry, w->room, sizeof *w->entry);
	}
	e = &w->entry[w->n++];
	memset(e, 0, sizeof *e);
	str_copy(e->name, sizeof e->name, name);
	(void)map_put(w->index, e->name, strlen(e->name), (void *)(uintptr_t)w->n);
	return e;
}

static bool
same(const struct var_type *a, const struct var_type *b)
{
	return a->kind == b->kind && ((a->words == 1 && b->words == 1) || (a->words == b->words && a->word == b->word));
}

/* Of one kind only the wider one counts. */
static bool
is_wider(const struct var_type *a, const struct var_type *than)
{
	if (a->words == 1)
		return strlen(a->word[0]) > strlen(than->word[0]);
	return than->max != 0 && (a->max == 0 || a->max > than->max);
}

/* What finds no room makes the last one a text of any length. */
static void
add(struct wide *w, const char *name, const struct var_type *type)
{
	struct entry *e = entry_get(w, name);

	for (int i = 0; i < e->n; i++)
		if (same(&e->type[i], type)) {
			if (is_wider(type, &e->type[i])) {
				e->type[i] = *type;
				w->grew = true;
			}
			return;
		}
	if (e->n < WIDE_TYPES) {
		e->type[e->n++] = *type;
		w->grew = true;
	} else if (e->type[WIDE_TYPES - 1].kind != KIND_TEXT) {
		e->type[WIDE_TYPES - 1] = (struct var_type){ .kind = KIND_TEXT, .max = MENU_VALUE - 1 };
		w->grew = true;
	}
}

static void
add_kind(struct wide *w, const char *name, enum var_kind kind, int64_t max)
{
	struct var_type type = { .kind = kind, .max = max };

	add(w, name, &type);
}

static void
add_sets(struct wide *w, const struct call_set *sets, int n)
{
	for (int i = 0; i < n && sets[i].name != NULL; i++)
		if (sets[i].how != SET_NOT)
			add(w, sets[i].name, &sets[i].type);
}

/* ---- what customers type ---- */

static void
add_bounds(struct wide *w, const struct menu_accept *a, enum var_kind kind)
{
	if (a->has_min)
		add_kind(w, "min", kind, a->min);
	if (a->has_max)
		add_kind(w, "max", kind, a->max);
	if (a->has_step)
		add_kind(w, "step", kind, a->step);
}

static void
add_asked(struct wide *w, const struct menu_state *s)
{
	static const struct {
		const char *check;
		enum var_kind kind;
	} checks[] = {
		{ "phone", KIND_PHONE }, { "money", KIND_MONEY }, { "new_pin", KIND_SECRET }, { "name", KIND_NAME },
		{ "id_number", KIND_ID_NUMBER }, { "passport", KIND_PASSPORT }, { "date", KIND_DAY },
		{ "digits", KIND_DIGITS }, { "text", KIND_TEXT }, { "choice", KIND_WORD },
		{ "document", KIND_WORD },
	};
	const struct menu_accept *a = &s->accept;

	for (size_t i = 0; i < NELEM(checks) && s->as != NULL; i++)
		if (strcmp(a->row->name, checks[i].check) == 0) {
			struct var_type type = { .kind = checks[i].kind, .max = a->has_max ? a->max : 0,
				.word = a->words > 0 ? a->word : NULL, .words = a->words };

			add(w, s->as, &type);
		}
	if (strcmp(a->row->name, "id_number") == 0)
		add_kind(w, "birth", KIND_DAY, 0);
	add_bounds(w, a, (a->row->args & ARG_MONEY) != 0 ? KIND_MONEY : KIND_COUNT);
}

/* ---- what edges set ---- */

/* As a list's field where that is what the text may name. */
static const struct entry *
named(const struct wide *w, const char *name, const char *list)
{
	char field[VARS_NAME * 2];

	if (list == NULL)
		return entry_find(w, name);
	return str_format(field, sizeof field, "%s.i.%s", list, name) && strlen(field) < VARS_NAME ?
	    entry_find(w, field) : NULL;
}

/* Characters of a value that a text makes of others: an amount takes more when it is formatted. */
static int64_t
made_of(const struct wide *w, const char *text, const char *list)
{
	struct texts_placeholder ph;
	int64_t n = (int64_t)strlen(text);

	while ((text = texts_placeholder(text, &ph)) != NULL) {
		const struct entry *e = named(w, ph.name, list);
		int64_t most = 0;

		for (int i = 0; e != NULL && i < e->n; i++) {
			struct kind_env env = { .texts = NULL };
			char value[KIND_WIDEST];
			int64_t len = kind_widest(&e->type[i], &env, 0, value) ? (int64_t)strlen(value) : 0;

			len = strcmp(ph.format, "name") != 0 ? len + len / 3 + 8 : len;
			most = len > most ? len : most;
		}
		n += most;
	}
	return n < MENU_VALUE ? n : MENU_VALUE - 1;
}

/* {amount} alone is what it names; words are themselves; a mixture is a text. */
static void
add_set(struct wide *w, const struct menu_set *set, const char *list)
{
	struct texts_placeholder ph;
	const char *after = texts_placeholder(set->value, &ph);
	const struct entry *from;

	if (after == NULL) {
		struct var_type word = { .kind = KIND_WORD, .word = &set->value, .words = 1 };
		enum var_kind kind = call_constant(set->var, set->value);

		if (kind != KIND_WORD)
			add_kind(w, set->var, kind, 0);
		else if (set->value[0] != '\0')
			add(w, set->var, &word);
	} else if (*set->value == '{' && *after == '\0' && strcmp(ph.format, "name") == 0 &&
	    strlen(set->value) <= strlen(ph.name) + strlen("{:name}")) {
		/* entry_get() may move what `from` points to. */
		(void)entry_get(w, set->var);
		from = named(w, ph.name, list);
		for (int i = 0; from != NULL && i < from->n; i++) {
			struct var_type type = from->type[i];

			add(w, set->var, &type);
		}
	} else {
		add_kind(w, set->var, KIND_TEXT, made_of(w, set->value, list));
	}
}

static void
add_edge(struct wide *w, const struct menu_edge *e, const char *list)
{
	for (int i = 0; i < e->set_n; i++)
		add_set(w, &e->set[i], list);
}

static void
add_state_sets(struct wide *w, const struct menu_state *s)
{
	for (int i = 0; i < s->set_n; i++)
		add_set(w, &s->set[i], NULL);
	for (int i = 0; i < s->edge_n; i++)
		add_edge(w, &s->edge[i], NULL);
	for (int i = 0; i < s->option_n; i++)
		add_edge(w, &s->option[i].edge, NULL);
	add_edge(w, &s->go, s->list);
}

/* What a customer picks from a list is the item's id, or its number. */
static void
add_pick(struct wide *w, const struct menu_state *s)
{
	char id[VARS_NAME * 2];
	bool has_id = str_format(id, sizeof id, "%s.i.id", s->list) && strlen(id) < VARS_NAME &&
	    entry_find(w, id) != NULL;

	if (strcmp(s->list, MENU_LANGUAGES) == 0)
		add_kind(w, s->as, KIND_WORD, sizeof ((struct dialogue *)0)->lang - 1);
	else if (has_id)
		add_kind(w, s->as, KIND_ID, 0);
	else
		add_kind(w, s->as, KIND_COUNT, MENU_OPTIONS);
}

static void
add_state(struct wide *w, const struct menu_state *s)
{
	if (s->kind == MENU_CALL && s->call != NULL)
		add_sets(w, s->call->sets, CALL_SETS);
	if (s->kind == MENU_ASK)
		add_asked(w, s);
	if (s->kind == MENU_CONFIRM)
		for (const struct call_set *set = confirm_sets; set->name != NULL; set++)
			add_sets(w, set, 1);
	if (s->kind == MENU_CHOOSE && s->list != NULL && s->as != NULL)
		add_pick(w, s);
}

static bool
is_for(const char *pattern, const char *key)
{
	size_t n = strlen(pattern);

	return n > 0 && pattern[n - 1] == '*' ? strncmp(pattern, key, n - 1) == 0 : strcmp(pattern, key) == 0;
}

static struct wide *
wide_new(void)
{
	struct wide *w = xcalloc(1, sizeof *w);

	w->index = map_new();
	return w;
}

struct wide *
wide_of_menu(const struct menu *m)
{
	struct wide *w = wide_new();

	for (const struct call_set *set = dialogue_vars; set->name != NULL; set++)
		add_sets(w, set, 1);
	for (size_t i = 0; i < text_vars_n; i++)
		if (!str_starts(text_vars[i].key, "sms."))
			add_sets(w, &text_vars[i].var, 1);
	add_kind(w, MENU_LANGUAGES ".i.id", KIND_WORD, 7);
	for (int i = 0; i < m->state_n; i++)
		add_state(w, &m->state[i]);
	w->grew = true;
	for (int round = 0; round < ROUNDS && w->grew; round++) {
		w->grew = false;
		for (int i = 0; i < m->state_n; i++)
			add_state_sets(w, &m->state[i]);
	}
	return w;
}

struct wide *
wide_of_text(const char *key)
{
	struct wide *w = wide_new();

	for (size_t i = 0; i < text_vars_n; i++)
		if (is_for(text_vars[i].key, key))
			add_sets(w, &text_vars[i].var, 1);
	return w;
}

void
wide_free(struct wide *w)
{
	map_free(w->index);
	free(w->entry);
	free(w);
}

int
wide_types(const struct wide *w, const char *name, const struct var_type **types)
{
	const struct entry *e = entry_find(w, name);

	*types = e != NULL ? e->type : NULL;
	return e != NULL ? e->n : 0;
}

int
wide_rows(const struct wide *w, const char *list)
{
	const struct entry *e;
	char name[VARS_NAME * 2];
	int64_t most = 0;

	if (!str_format(name, sizeof name, "%s.n", list) || (e = entry_find(w, name)) == NULL)
		return 0;
	for (int i = 0; i < e->n; i++)
		most = e->type[i].max > most ? e->type[i].max : most;
	return most < MENU_OPTIONS ? (int)most : MENU_OPTIONS;
}

/* ---- octets ---- */

static size_t
octets_of(const struct var_type *type, const struct kind_env *kinds)
{
	char value[KIND_WIDEST];
	size_t n = kind_widest(type, kinds, 0, value) ? strlen(value) : 0;

	n = kind_beyond_gsm(type->kind) ? n * 2 : n;
	return n < MENU_VALUE ? n : MENU_VALUE - 1;
}

size_t
wide_octets(const struct wide *w, const struct kind_env *kinds)
{
	size_t sum = 0;

	for (const struct entry *e = w->entry; e < w->entry + w->n; e++) {
		const char *field = strstr(e->name, ".i.");
		char list[VARS_NAME];
		size_t most = 0, rows = 1;

		for (int i = 0; i < e->n; i++) {
			size_t n = octets_of(&e->type[i], kinds);

			most = n > most ? n : most;
		}
		if (field != NULL && str_copyn(list, sizeof list, e->name, (size_t)(field - e->name)))
			rows = (size_t)wide_rows(w, list);
		sum += rows * (strlen(e->name) + most + 2);
	}
	return sum;
}

/* ---- values ---- */

struct shown {
	struct texts_placeholder ph[SHOWN];
	int n;
};

static void
collect(const struct wide_for *of, struct shown *out)
{
	out->n = 0;
	for (int i = 0; i < of->n; i++)
		for (const char *at = of->text[i]; out->n < SHOWN; out->n++)
			if ((at = texts_placeholder(at, &out->ph[out->n])) == NULL)
				break;
}

static int
units(const char *text, bool beyond_gsm)
{
	int n = beyond_gsm ? -1 : gsm_septets(text);

	return n >= 0 ? n : ucs2_units(text);
}

/* How much room the value takes in all places that show it. */
static int
room(const struct shown *shown, const char *name, const char *value, const struct texts_env *env, bool beyond_gsm)
{
	char text[VARS_NAME + TEXTS_FORMAT + 8], filled[KIND_WIDEST * 2];
	struct vars v = { 0 };
	int sum = 0;

	if (!vars_set(&v, name, value))
		return 0;
	for (int i = 0; i < shown->n; i++)
		if (strcmp(shown->ph[i].name, name) == 0 &&
		    str_format(text, sizeof text, "{%s:%s}", name, shown->ph[i].format) &&
		    texts_fill(text, &v, env, filled, sizeof filled))
			sum += units(filled, beyond_gsm);
	return sum;
}

bool
wide_fill(const struct wide *w, const struct wide_for *of, const struct kind_env *kinds,
    const struct texts_env *env, struct vars *out)
{
	struct shown shown;
	bool any = false;

	collect(of, &shown);
	for (int k = 0; k < shown.n; k++) {
		const char *name = shown.ph[k].name;
		const struct entry *e = named(w, name, of->list);
		char value[KIND_WIDEST];
		int widest = -1;

		if (vars_has(out, name))
			continue;
		for (int i = 0; e != NULL && i < e->n; i++) {
			any = any || kind_beyond_gsm(e->type[i].kind);
			for (int v = 0; v < VALUES && kind_widest(&e->type[i], kinds, v, value); v++) {
				int n = room(&shown, name, value, env, kinds->beyond_gsm);

				if (n > widest && vars_set(out, name, value))
					widest = n;
			}
		}
	}
	return any;
}
