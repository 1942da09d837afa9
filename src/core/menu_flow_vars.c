/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a menu: which there are, what each can hold, what sets it, and where each is read. One look at
 * each state; what holds on which way is menu_flow_walk.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

/* What an ask keeps, by its check. */
static const struct {
	const char *check;
	enum var_kind kind;
} asked[] = {
	{ "phone", KIND_PHONE }, { "money", KIND_MONEY }, { "new_pin", KIND_SECRET }, { "id_number", KIND_ID_NUMBER },
	{ "passport", KIND_PASSPORT }, { "name", KIND_NAME }, { "date", KIND_DAY }, { "digits", KIND_DIGITS },
	{ "text", KIND_TEXT }, { "choice", KIND_WORD }, { "document", KIND_WORD },
};

const struct menu_edge *
flow_edge(const struct menu_state *s, int i)
{
	if (i < s->edge_n)
		return &s->edge[i];
	i -= s->edge_n;
	if (i < s->option_n)
		return &s->option[i].edge;
	return i == s->option_n ? &s->go : NULL;
}

bool
flow_is_screen(const struct menu_state *s)
{
	return s->kind != MENU_CALL && s->kind != MENU_BRANCH;
}

bool
flow_is_remembered(const struct menu_state *s)
{
	return s->kind == MENU_CHOOSE || (s->kind == MENU_ASK && !s->accept.row->secret);
}

/* ---- names ---- */

/* "tx.n" and "tx.1.at" speak of the list "tx". */
static void
list_of(const char *name, char out[VARS_NAME])
{
	size_t n = strcspn(name, ".");
	bool item = name[n] == '.' && (strcmp(name + n, ".n") == 0 || strspn(name + n + 1, "0123456789") > 0 ||
	    strncmp(name + n, ".i.", 3) == 0);

	if (!item || !str_copyn(out, VARS_NAME, name, n))
		str_copy(out, VARS_NAME, name);
}

int
flow_var(const struct flow *f, const char *name)
{
	char of[VARS_NAME];

	list_of(name, of);
	return (int)(intptr_t)map_get(f->by_name, of, strlen(of)) - 1;
}

static int
mention(struct flow *f, const char *name)
{
	char of[VARS_NAME];
	int i;

	i = flow_var(f, name);
	if (i >= 0)
		return i;
	list_of(name, of);
	if (f->vars_n == FLOW_VARS) {
		f->too_many = true;
		return 0;
	}
	i = f->vars_n++;
	str_copy(f->var[i].name, sizeof f->var[i].name, of);
	f->var[i].is_list = strcmp(of, name) != 0;
	(void)map_put(f->by_name, of, strlen(of), (void *)(intptr_t)(i + 1));
	return i;
}

/* ---- what they hold ---- */

static int
find_word(const struct flow_var *v, const char *word, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(v->word[i], word) == 0)
			return i;
	return -1;
}

static void
add_word(struct flow_var *v, const char *word, bool compared)
{
	int i = find_word(v, word, v->words);

	if (word[0] == '\0')
		return;
	if (i < 0 && v->words < FLOW_WORDS) {
		i = v->words++;
		v->word[i] = word;
		if (compared)
			v->compared_n = v->words;
	}
	if (i < 0)
		v->open = true;
	else if (!compared)
		v->given |= UINT64_C(1) << i;
}

int
flow_value_of(const struct flow *f, int var, const char *text)
{
	int i = find_word(&f->var[var], text, f->var[var].compared_n);

	return text[0] == '\0' ? FLOW_UNSET : i >= 0 ? FLOW_WORD + i : FLOW_SET;
}

const char *
flow_word(const struct flow *f, int var, int value)
{
	return value >= FLOW_WORD ? f->var[var].word[value - FLOW_WORD] : NULL;
}

const char *
flow_copied(const char *value, char name[VARS_NAME])
{
	size_t n = strlen(value);

	if (n < 3 || value[0] != '{' || value[n - 1] != '}' || strcspn(value, ":") < n ||
	    strspn(value + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != n - 2 ||
	    !str_copyn(name, VARS_NAME, value + 1, n - 2))
		return NULL;
	return name;
}

static bool
has_field(const struct call_set *set, const char *list, const char *field)
{
	char name[VARS_NAME];

	return str_format(name, sizeof name, "%s.i.%s", list, field) && strcmp(set->name, name) == 0;
}

const struct call_set *
flow_field(const struct flow *f, const struct menu_state *s, const char *field)
{
	static const struct call_set of_languages[] = {
		{ .name = "id", .type = { .kind = KIND_WORD } }, { .name = "name", .type = { .kind = KIND_LABEL } },
	};

	if (strcmp(s->list, MENU_LANGUAGES) == 0) {
		for (size_t i = 0; i < NELEM(of_languages); i++)
			if (strcmp(of_languages[i].name, field) == 0)
				return &of_languages[i];
		return NULL;
	}
	for (int i = 0; i < f->m->state_n; i++) {
		const struct call_row *row = f->m->state[i].call;
		const struct call_set *set = row != NULL ? row->sets : NULL;

		for (; set != NULL && set->name != NULL; set++)
			if (has_field(set, s->list, field))
				return set;
	}
	return NULL;
}

/* ---- what sets them ---- */

static bool
add_kind(struct flow *f, int var, enum var_kind kind, const char *state)
{
	uint32_t before = f->var[var].kinds;

	f->var[var].kinds |= UINT32_C(1) << kind;
	if (f->var[var].of_state == NULL)
		f->var[var].of_state = state;
	return f->var[var].kinds != before;
}

static void
read_source(struct flow *f, const struct call_set *set, const char *state)
{
	int i = mention(f, set->name);

	if (set->how == SET_NOT)
		return;
	if (!f->var[i].is_list)
		add_kind(f, i, set->type.kind, state);
	if (strchr(set->name, '.') != NULL)
		return;
	for (int k = 0; k < set->type.words; k++)
		add_word(&f->var[i], set->type.word[k], false);
	if (set->type.words == 0 && set->type.kind != KIND_FLAG)
		f->var[i].open = true;
	if (set->type.kind == KIND_FLAG)
		add_word(&f->var[i], "1", false);
}

static void
read_calls(struct flow *f)
{
	_Static_assert(sizeof f->calls * 8 > 40, "a bit for each call");
	for (int i = 0; i < f->m->state_n; i++) {
		const struct menu_state *s = &f->m->state[i];
		const struct call_row *row = s->kind == MENU_CONFIRM ? call_find(s->intent) : s->call;

		if (row != NULL)
			f->calls |= UINT64_C(1) << (row - call_rows);
	}
}

enum var_kind
flow_needed(const struct flow *f, const char *name)
{
	for (size_t i = 0; i < call_rows_n; i++)
		for (const struct call_need *n = call_rows[i].needs; (f->calls >> i & 1) != 0 && n->name != NULL; n++)
			if (strcmp(n->name, name) == 0 && (n->kind == KIND_MONEY || n->kind == KIND_PHONE))
				return n->kind;
	return KIND_WORD;
}

static void
read_set(struct flow *f, const struct menu_state *s, const struct menu_set *set, int n)
{
	for (int i = 0; i < n; i++) {
		int var = mention(f, set[i].var);

		if (strchr(set[i].value, '{') != NULL) {
			f->var[var].open = true;
		} else if (set[i].value[0] != '\0') {
			add_word(&f->var[var], set[i].value, false);
			add_kind(f, var, flow_needed(f, set[i].var), s->name);
		}
	}
}

static void
read_ask(struct flow *f, const struct menu_state *s)
{
	int var = s->as != NULL ? mention(f, s->as) : -1;

	for (size_t i = 0; var >= 0 && i < NELEM(asked); i++)
		if (strcmp(asked[i].check, s->accept.row->name) == 0)
			add_kind(f, var, asked[i].kind, s->name);
	for (int i = 0; var >= 0 && i < s->accept.words; i++)
		add_word(&f->var[var], s->accept.word[i], false);
	if (var >= 0 && s->accept.words == 0)
		f->var[var].open = true;
	if (strcmp(s->accept.row->name, "id_number") == 0) {
		var = mention(f, "birth");
		add_kind(f, var, KIND_DAY, s->name);
		f->var[var].open = true;
	}
}

static void
read_sources(struct flow *f, const struct menu_state *s)
{
	const struct call_set *set = s->call != NULL ? s->call->sets : NULL;
	const struct menu_edge *e;

	read_set(f, s, s->set, s->set_n);
	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
		read_set(f, s, e->set, e->set_n);
	if (s->kind == MENU_ASK)
		read_ask(f, s);
	if (s->kind == MENU_CONFIRM)
		set = confirm_sets;
	for (; set != NULL && set->name != NULL; set++)
		read_source(f, set, s->name);
	if (s->list == NULL)
		return;
	f->var[mention(f, s->list)].is_list = true;
	if (s->as != NULL) {
		add_kind(f, mention(f, s->as), strcmp(s->list, MENU_LANGUAGES) == 0 ? KIND_WORD : KIND_ID, s->name);
		f->var[mention(f, s->as)].open = true;
	}
}

/* A copy is of the kind of what is copied; true: something became known. */
static bool
copy_kinds(struct flow *f, const struct menu_state *s, const struct menu_set *set, int n, bool items)
{
	bool news = false;
	char name[VARS_NAME];

	for (int i = 0; i < n; i++) {
		int var = mention(f, set[i].var);
		const struct call_set *field;

		if (strchr(set[i].value, '{') == NULL)
			continue;
		if (flow_copied(set[i].value, name) == NULL) {
			news = add_kind(f, var, KIND_TEXT, s->name) || news;
		} else if (items) {
			field = flow_field(f, s, name);
			news = (field != NULL && add_kind(f, var, field->type.kind, s->name)) || news;
		} else {
			uint32_t kinds = f->var[mention(f, name)].kinds;

			for (int k = 0; k < KINDS; k++)
				news = ((kinds >> k & 1) != 0 && add_kind(f, var, (enum var_kind)k, s->name)) || news;
		}
	}
	return news;
}

static bool
copy_state_kinds(struct flow *f, const struct menu_state *s)
{
	const struct menu_edge *e;
	bool news = copy_kinds(f, s, s->set, s->set_n, false);

	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
		news = copy_kinds(f, s, e->set, e->set_n, s->list != NULL) || news;
	return news;
}

/* ---- where they are read ---- */

static struct flow_use *
add_use(struct flow *f, int state, const char *name, const json_t *at)
{
	if (f->uses_n == f->uses_room) {
		f->uses_room = f->uses_room * 2 + 64;
		f->use = xrealloc(f->use, (size_t)f->uses_room, sizeof *f->use);
	}
	f->use[f->uses_n] = (struct flow_use){ .var = mention(f, name), .other = -1, .state = state, .option = -1,
	    .at = at, .unset = -1 };
	return &f->use[f->uses_n++];
}

static bool
is_read(const struct flow *f, int state, int option, const char *key, const char *name)
{
	for (int i = f->first_use[state]; i < f->uses_n; i++)
		if (f->use[i].option == option && f->use[i].text == key && f->use[i].var == flow_var(f, name))
			return true;
	return false;
}

/* A placeholder of any language counts. What was wrong with an answer has its bounds from the check itself. */
static void
read_text(struct flow *f, int state, int option, const char *key, const json_t *at, bool reason)
{
	struct texts_placeholder ph;

	for (int i = 0; key != NULL && f->env->texts != NULL && i < f->env->languages_n; i++) {
		const char *text = texts_find(f->env->texts, f->env->languages[i], f->env->languages[0], key);

		while (text != NULL && (text = texts_placeholder(text, &ph)) != NULL) {
			struct flow_use *u;

			if ((reason && flow_text_var(key, ph.name) != NULL) || is_read(f, state, option, key, ph.name))
				continue;
			u = add_use(f, state, ph.name, at);
			u->option = option;
			u->text = key;
		}
	}
}

static void
read_needs(struct flow *f, int state, const struct call_row *row)
{
	for (const struct call_need *n = row->needs; n->name != NULL; n++) {
		int other = n->other != NULL ? mention(f, n->other) : -1;
		struct flow_use *u = add_use(f, state, n->name, f->m->state[state].at);

		u->call = row->name;
		u->other = other;
	}
}

static void
read_say(struct flow *f, int state, const struct menu_edge *e)
{
	struct texts_placeholder ph;
	struct flow_say *say = &f->say[f->says_n++];

	*say = (struct flow_say){ .key = e->say, .state = state, .at = e->at };
	for (int i = 0; f->env->texts != NULL && i < f->env->languages_n; i++) {
		const char *text = texts_find(f->env->texts, f->env->languages[i], f->env->languages[0], e->say);

		while (text != NULL && (text = texts_placeholder(text, &ph)) != NULL)
			flow_bits_add(&say->vars, mention(f, ph.name));
	}
}

static void
read_say_uses(struct flow *f, struct flow_say *say)
{
	say->first_use = f->uses_n;
	for (int i = 0; i < f->vars_n; i++)
		if (flow_bits_has(&say->vars, i))
			add_use(f, -1, f->var[i].name, say->at)->text = say->key;
	say->uses_n = f->uses_n - say->first_use;
}

static void
read_uses(struct flow *f, int state)
{
	const struct menu_state *s = &f->m->state[state];
	const struct menu_edge *e;

	f->first_use[state] = f->uses_n;
	read_text(f, state, -1, s->text, s->at, false);
	for (int i = 0; i < s->option_n; i++)
		read_text(f, state, i, s->option[i].text, s->option[i].edge.at, false);
	if (s->kind == MENU_ASK)
		for (size_t i = 0; i < NELEM(s->accept.row->reasons) && s->accept.row->reasons[i] != NULL; i++)
			read_text(f, state, -1, s->accept.row->reasons[i], s->at, true);
	if (s->kind == MENU_ASK && s->accept.of != NULL)
		(void)add_use(f, state, s->accept.of, s->at);
	if (s->list != NULL && strcmp(s->list, MENU_LANGUAGES) != 0)
		(void)add_use(f, state, s->list, s->at);
	if (s->call != NULL && !s->call->intent)
		read_needs(f, state, s->call);
	if (s->kind == MENU_CONFIRM)
		read_needs(f, state, call_find(s->intent));
	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
		if (e->say != NULL)
			read_say(f, state, e);
}

/* ---- what they are compared with ---- */

static void
read_tests(struct flow *f, const struct menu_state *s)
{
	if (s->kind == MENU_BRANCH) {
		int var = mention(f, s->variable);

		f->var[var].compared = true;
		for (int i = 0; i < s->edge_n; i++)
			add_word(&f->var[var], s->edge[i].name, true);
	}
	for (int i = 0; i < s->option_n; i++)
		for (int k = 0; k < s->option[i].when_n; k++) {
			int var = mention(f, s->option[i].when[k].var);

			f->var[var].compared = true;
			add_word(&f->var[var], s->option[i].when[k].value, true);
		}
}

void
flow_read(struct flow *f)
{
	const struct menu *m = f->m;
	const struct menu_edge *e;
	int says = 0;
	bool news = true;

	f->by_name = map_new();
	f->first_use = xcalloc((size_t)m->state_n + 1, sizeof *f->first_use);
	for (int i = 0; i < m->state_n; i++)
		for (int k = 0; (e = flow_edge(&m->state[i], k)) != NULL; k++)
			says += e->say != NULL;
	f->say = xcalloc((size_t)says + 1, sizeof *f->say);
	read_calls(f);
	for (int i = 0; i < m->state_n; i++)
		read_tests(f, &m->state[i]);
	for (const struct call_set *set = dialogue_vars; set->name != NULL; set++)
		read_source(f, set, NULL);
	f->var[mention(f, MENU_LANGUAGES)].is_list = true;
	for (int i = 0; i < m->state_n; i++)
		read_sources(f, &m->state[i]);
	while (news) {
		news = false;
		for (int i = 0; i < m->state_n; i++)
			news = copy_state_kinds(f, &m->state[i]) || news;
	}
	for (int i = 0; i < m->state_n; i++)
		read_uses(f, i);
	f->first_use[m->state_n] = f->uses_n;
	for (int i = 0; i < f->says_n; i++)
		read_say_uses(f, &f->say[i]);
}

void
flow_free(struct flow *f)
{
	map_free(f->by_name);
	free(f->use);
	free(f->first_use);
	free(f->say);
	free(f->live_in);
	free(f->live_at);
	free(f->at);
	free(f->values);
	free(f->succ);
	free(f->option_shown);
	free(f->visited);
}
