/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a menu file to the model, one state at a time: every mistake of form is reported with its
 * line and reading goes on, so that one run shows them all. What needs the whole menu is
 * menu_check.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

const char *const confirm_edge_names[CONFIRM_EDGES] = {
	[ON_ACCEPTED] = "accepted",
	[ON_DECLINED] = "declined",
	[ON_LOCKED] = "locked",
	[ON_FAILED] = "failed",
	[ON_BUSY] = "busy",
	[ON_LAPSED] = "lapsed",
};

/* Only the service knows these; a menu that set one could pretend. */
static const char *const reserved[] = { "authed", "customer_id", "wallet_id", "to_wallet", "to_name",
	"fee", "total", "phone", "login", "reset_ok" };

/* jansson shares true, false and null between all documents: they have no line of their own. */
static const json_t *
place(const json_t *v, const json_t *owner)
{
	return v == NULL || json_is_boolean(v) || json_is_null(v) ? owner : v;
}

void
menu_unknown(struct menu_reading *l, const json_t *at, const char *what, const char *word,
    const char *const *known, size_t n)
{
	const char *near = jsondoc_nearest(word, known, n);

	if (near != NULL)
		PROBLEM(l, at, "unknown %s \"%s\"; did you mean \"%s\"?", what, word, near);
	else
		PROBLEM(l, at, "unknown %s \"%s\"", what, word);
}

void
menu_known(struct menu_reading *l, const json_t *object, const char *what,
    const char *const *known, size_t n)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		size_t i = 0;

		while (i < n && strcmp(key, known[i]) != 0)
			i++;
		if (i == n)
			menu_unknown(l, place(value, object), what, key, known, n);
	}
}

const char *
menu_word(struct menu_reading *l, const json_t *v, const json_t *owner, const char *key,
    size_t size)
{
	const char *s = json_string_value(v);

	if (s == NULL || s[0] == '\0') {
		PROBLEM(l, place(v, owner), "\"%s\" must be a text in quotes", key);
		return NULL;
	}
	if (strlen(s) >= size) {
		PROBLEM(l, v, "\"%s\" of \"%s\" is too long; at most %zu characters", s, key,
		    size - 1);
		return NULL;
	}
	return s;
}

static void
check_free(struct menu_reading *l, const json_t *at, const char *var)
{
	for (size_t i = 0; i < NELEM(reserved); i++)
		if (strcmp(var, reserved[i]) == 0)
			PROBLEM(l, at, "only the gateway sets the variable \"%s\"; "
			    "choose another name", var);
}

static const char *
variable(struct menu_reading *l, const json_t *v, const json_t *owner, const char *key)
{
	const char *s = menu_word(l, v, owner, key, VARS_NAME);

	if (s != NULL && strcmp(key, "as") == 0)
		check_free(l, v, s);
	return s;
}

static struct menu_set *
read_set(struct menu_reading *l, const json_t *v, const json_t *owner, const char *key, int *n)
{
	struct menu_set *set;
	const char *var;
	json_t *value;

	*n = 0;
	if (v == NULL)
		return NULL;
	if (!json_is_object(v)) {
		PROBLEM(l, owner, "\"%s\" must be {\"variable\": \"value\"}", key);
		return NULL;
	}
	set = xcalloc(json_object_size(v) + 1, sizeof *set);
	json_object_foreach((json_t *)v, var, value) {
		if (!json_is_string(value)) {
			PROBLEM(l, v, "the value of \"%s\" must be a text in quotes", var);
			continue;
		}
		if (strlen(var) == 0 || strlen(var) >= VARS_NAME)
			PROBLEM(l, value, "\"%s\" is no name of a variable", var);
		if (strcmp(key, "set") == 0)
			check_free(l, value, var);
		set[(*n)++] = (struct menu_set){ var, json_string_value(value) };
	}
	return set;
}

/* In full. */
static const char *
state_name(struct menu_reading *l, const json_t *v, const json_t *owner, const char *key)
{
	const char *s = menu_word(l, v, owner, key, MENU_STATE);

	return s != NULL ? menu_in_scope(l, l->scope, s) : NULL;
}

/* "state" or {"go": "state", "say": "text.key", "set": {}}; an option has text and when besides. */
static void
read_edge(struct menu_reading *l, const json_t *v, const json_t *owner, const char *key,
    struct menu_edge *e)
{
	enum menu_form form = strcmp(key, "options") == 0 ? FORM_OPTION : FORM_EDGE;
	const char *known[MENU_KEYS];

	*e = (struct menu_edge){ .to = -1, .at = v != NULL ? v : owner };
	if (json_is_string(v)) {
		e->target = state_name(l, v, owner, key);
		return;
	}
	if (!json_is_object(v)) {
		PROBLEM(l, owner, "\"%s\" must name a state, or be {\"go\": \"state\", ...}", key);
		return;
	}
	menu_known(l, v, "key", known, menu_key_names(form, known));
	e->target = state_name(l, json_object_get(v, "go"), v, "go");
	if (json_object_get(v, "say") != NULL)
		e->say = menu_word(l, json_object_get(v, "say"), v, "say", MENU_STATE);
	e->set = read_set(l, json_object_get(v, "set"), v, "set", &e->set_n);
}

static void
read_options(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v) || n > MENU_OPTIONS) {
		PROBLEM(l, s->at, "\"options\" must be a list of at most %d options", MENU_OPTIONS);
		return;
	}
	s->option = xcalloc(n + 1, sizeof *s->option);
	for (size_t i = 0; i < n; i++) {
		const json_t *at = json_array_get(v, i);
		struct menu_option *o = &s->option[i];

		if (!json_is_object(at)) {
			PROBLEM(l, place(at, v),
			    "an option must be {\"text\": \"text.key\", \"go\": \"state\"}");
			at = NULL;
		}
		s->option_n = (int)i + (at != NULL);
		if (at == NULL)
			return;
		o->text = menu_word(l, json_object_get(at, "text"), at, "text", MENU_STATE);
		o->when = read_set(l, json_object_get(at, "when"), at, "when", &o->when_n);
		read_edge(l, at, at, "options", &o->edge);
	}
}

static void
read_choose(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	static const char *const of_list[] = { "text", "as", "go" };

	if ((json_object_get(v, "options") != NULL) == (s->list != NULL)) {
		PROBLEM(l, v, "a choose needs either \"options\" or a \"list\"");
		return;
	}
	if (s->list == NULL) {
		for (size_t i = 0; i < NELEM(of_list); i++)
			if (json_object_get(v, of_list[i]) != NULL)
				PROBLEM(l, json_object_get(v, of_list[i]),
				    "\"%s\" belongs to a choose from a \"list\"; "
				    "put it into the option", of_list[i]);
		read_options(l, json_object_get(v, "options"), s);
		return;
	}
	if (s->item == NULL)
		PROBLEM(l, v, "a choose from a \"list\" needs \"text\", the text key of an item");
	read_edge(l, json_object_get(v, "go"), v, "go", &s->go);
}

static void
read_ask(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	const struct accept_row *row;

	accept_read(l, json_object_get(v, "accept"), v, &s->accept);
	row = s->accept.row;
	if (row->as_needed && s->as == NULL && json_object_get(v, "accept") != NULL)
		PROBLEM(l, v, "\"%s\" needs \"as\", the variable that keeps the answer", row->name);
	if (row->secret && s->as != NULL)
		PROBLEM(l, json_object_get(v, "as"),
		    "a PIN is never kept in a variable; drop \"as\"");
	read_edge(l, json_object_get(v, "go"), v, "go", &s->go);
}

static void
read_call(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	const json_t *on = json_object_get(v, "on"), *call = json_object_get(v, "call");
	const char *known[64], *name = menu_word(l, call, v, "call", VARS_NAME);
	const struct call_row *row;
	int n = 0;

	for (size_t i = 0; i < call_rows_n && i < NELEM(known); i++)
		known[i] = call_rows[i].name;
	s->call = name != NULL ? call_find(name) : NULL;
	if (s->call == NULL) {
		if (name != NULL)
			menu_unknown(l, call, "call", name, known, call_rows_n);
		return;
	}
	row = s->call;
	while (row->outcomes[n] != NULL)
		n++;
	s->edge = xcalloc((size_t)n, sizeof *s->edge);
	s->edge_n = n;
	for (int i = 0; i < n; i++) {
		s->edge[i].to = -1;
		if (json_object_get(on, row->outcomes[i]) != NULL)
			read_edge(l, json_object_get(on, row->outcomes[i]), on, row->outcomes[i],
			    &s->edge[i]);
		else
			PROBLEM(l, v,
			    "the call \"%s\" can end with \"%s\", which \"on\" does not handle; "
			    "add it",
			    row->name, row->outcomes[i]);
		s->edge[i].name = row->outcomes[i];
	}
	menu_known(l, on, "outcome", row->outcomes, (size_t)n);
}

static void
read_confirm(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	const struct call_row *row = s->intent != NULL ? call_find(s->intent) : NULL;

	if (!json_is_true(json_object_get(v, "pin")))
		PROBLEM(l, v, "a confirm needs \"pin\": true; only a PIN moves money");
	if (s->intent != NULL && (row == NULL || !row->intent))
		PROBLEM(l, json_object_get(v, "intent"),
		    "unknown intent \"%s\"; it is \"transfer\" or \"withdrawal\"", s->intent);
	s->edge = xcalloc(CONFIRM_EDGES, sizeof *s->edge);
	s->edge_n = CONFIRM_EDGES;
	for (int i = 0; i < CONFIRM_EDGES; i++) {
		s->edge[i].to = -1;
		if (json_object_get(v, confirm_edge_names[i]) != NULL)
			read_edge(l, json_object_get(v, confirm_edge_names[i]), v,
			    confirm_edge_names[i], &s->edge[i]);
		s->edge[i].name = confirm_edge_names[i];
	}
}

static void
read_branch(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	const json_t *on = json_object_get(v, "on");
	const char *name;
	json_t *value;

	if (on != NULL && !json_is_object(on))
		PROBLEM(l, v, "\"on\" must be {\"value\": \"state\"}");
	s->edge = xcalloc(json_object_size(on) + 1, sizeof *s->edge);
	json_object_foreach((json_t *)on, name, value) {
		read_edge(l, value, on, name, &s->edge[s->edge_n]);
		s->edge[s->edge_n++].name = name;
	}
	if (json_object_get(v, "else") != NULL)
		read_edge(l, json_object_get(v, "else"), v, "else", &s->go);
}

static void
read_end(struct menu_reading *l, const json_t *v, struct menu_state *s)
{
	(void)l;
	(void)v;
	(void)s;
}

static void (*const readers[MENU_KINDS])(
    struct menu_reading *, const json_t *, struct menu_state *) = {
	[MENU_CALL] = read_call,
	[MENU_CHOOSE] = read_choose,
	[MENU_ASK] = read_ask,
	[MENU_CONFIRM] = read_confirm,
	[MENU_END] = read_end,
	[MENU_BRANCH] = read_branch,
};

static void
read_key(struct menu_reading *l, const json_t *v, const struct menu_key *k, struct menu_state *s)
{
	const json_t *value = json_object_get(v, k->name);
	const char **member;

	if (value == NULL && k->needed)
		PROBLEM(l, v, "\"%s\" needs \"%s\"", s->name, k->name);
	if (value == NULL || k->offset == MENU_NOWHERE)
		return;
	member = (const char **)(void *)((char *)s + k->offset);
	if (k->type == TYPE_VAR)
		*member = variable(l, value, v, k->name);
	else if (k->type == TYPE_STATE)
		*member = state_name(l, value, v, k->name);
	else
		*member = menu_word(l, value, v, k->name, MENU_STATE);
}

static void
read_state(struct menu_reading *l, const struct menu_source *from, struct menu_state *s)
{
	const json_t *v = from->at;
	const char *names[MENU_KEYS];
	int form = -1;
	size_t n;

	s->name = from->name;
	s->at = v;
	s->scope = l->scope = from->scope;
	s->go.to = -1;
	s->kind = MENU_END;
	if (strlen(s->name) == 0 || strlen(s->name) >= MENU_STATE)
		PROBLEM(l, v, "\"%s\" is no name of a state; 1 to %d characters", s->name, MENU_STATE - 1);
	for (int i = 0; i < MENU_KINDS && form < 0; i++)
		if (json_object_get(v, menu_keys[i][0].name) != NULL)
			form = i;
	if (form < 0) {
		PROBLEM(l, v, "\"%s\" must have one of call, choose, ask, confirm, end, branch", s->name);
		return;
	}
	s->kind = (enum menu_kind)form;
	n = menu_key_names(form, names);
	menu_known(l, v, "key", names, n);
	for (size_t i = 0; i < n; i++)
		read_key(l, v, &menu_keys[form][i], s);
	s->set = read_set(l, json_object_get(v, "set"), v, "set", &s->set_n);
	readers[s->kind](l, v, s);
}

/* The prefix of a part alone is its start. */
static void
name_starts(struct menu_reading *l)
{
	struct menu *m = l->m;

	for (size_t i = 0; i < m->scope_n; i++) {
		const struct menu_scope *part = m->scope[i];
		const struct menu_state *s = part->start != NULL ? menu_find(m, part->start, strlen(part->start)) : NULL;

		if (s != NULL)
			(void)map_put(m->index, part->name, strlen(part->name), (void *)s);
		else if (part->start != NULL && !menu_is_lost(m, part->start))
			PROBLEM(l, json_object_get(part->root, "start"), "\"start\" names the state \"%s\", which does "
			    "not exist; add it, or name another", part->start);
	}
}

static void
read_states(struct menu_reading *l)
{
	struct menu *m = l->m;

	m->state = xcalloc(l->source_n + 1, sizeof *m->state);
	for (size_t i = 0; i < l->source_n; i++) {
		struct menu_state *s = &m->state[m->state_n++];

		read_state(l, &l->source[i], s);
		(void)map_put(m->index, s->name, strlen(s->name), s);
	}
	name_starts(l);
}

static int
top_state(struct menu_reading *l, const char *key)
{
	const json_t *v = menu_root(l->m, key);
	bool is_lost = v == NULL && l->m->lost_base;
	const char *name = is_lost ? NULL : menu_word(l, v, jsondoc_root(l->m->doc), key, MENU_STATE), **names, *near;
	const struct menu_state *s = name != NULL ? menu_find(l->m, name, strlen(name)) : NULL;

	if (s != NULL || name == NULL || menu_is_lost(l->m, name))
		return s != NULL ? (int)(s - l->m->state) : -1;
	names = xcalloc((size_t)l->m->state_n, sizeof *names);
	for (int i = 0; i < l->m->state_n; i++)
		names[i] = l->m->state[i].name;
	near = jsondoc_nearest(name, names, (size_t)l->m->state_n);
	free(names);
	if (near != NULL)
		PROBLEM(l, v, "\"%s\" names the state \"%s\", which does not exist; did you mean \"%s\"?", key, name,
		    near);
	else
		PROBLEM(l, v, "\"%s\" names the state \"%s\", which does not exist; add it, or name another", key,
		    name);
	return -1;
}

/* -1: the menu says nothing of it. */
static int
read_resume(struct menu_reading *l)
{
	const json_t *v = menu_root(l->m, "resume_s");
	bool ok = json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= MENU_RESUME_MOST;

	if (v != NULL && !ok)
		PROBLEM(l, v, "\"resume_s\" must be a whole number of seconds, from 0 to %d", MENU_RESUME_MOST);
	return ok ? (int)json_integer_value(v) : -1;
}

static void
read_menu(struct menu_reading *l, const char *file)
{
	struct menu *m = l->m;

	menu_gather(l, file);
	if (m->doc != NULL && l->source_n > 0) {
		m->name = json_string_value(json_object_get(jsondoc_root(m->doc), "menu"));
		read_states(l);
		m->start = top_state(l, "start");
		m->home = top_state(l, "home");
		m->resume_s = read_resume(l);
	}
	free(l->source);
	map_free(l->sources);
	map_free(l->docs);
}

static struct menu *
load(const struct bundle *files, const char *name, const struct texts *texts, const char (*languages)[8],
    int languages_n, struct buf *problems)
{
	struct menu *m = xcalloc(1, sizeof *m);
	struct menu_reading l = { .m = m, .problems = problems, .files = files };

	m->start = m->home = -1;
	m->index = map_new();
	read_menu(&l, name);
	if (m->state_n > 0)
		menu_check(m, texts, languages, languages_n, problems);
	bundle_version(files, m->version);
	return m;
}

struct menu *
menu_load_bundle(const struct bundle *files, const char *name, const struct texts *texts,
    const char (*languages)[8], int languages_n, struct buf *problems)
{
	size_t before = problems->len;
	struct menu *m = load(files, name, texts, languages, languages_n, problems);

	if (problems->len == before && m->state_n > 0)
		return m;
	menu_free(m);
	return NULL;
}

struct menu *
menu_load_faulty(const struct bundle *files, const char *name)
{
	struct buf problems = { 0 };
	struct menu *m = load(files, name, NULL, NULL, 0, &problems);

	buf_clear(&problems);
	if (menu_can_be_walked(m))
		return m;
	menu_free(m);
	return NULL;
}

struct menu *
menu_load(const char *file, const char *json, size_t len, const struct texts *texts,
    const char (*languages)[8], int languages_n, struct buf *problems)
{
	struct bundle *b = bundle_new();
	struct menu *m;

	bundle_add(b, file, json, len);
	m = menu_load_bundle(b, file, texts, languages, languages_n, problems);
	bundle_free(b);
	return m;
}

void
menu_free(struct menu *m)
{
	if (m == NULL)
		return;
	for (int i = 0; i < m->state_n; i++) {
		struct menu_state *s = &m->state[i];

		for (int k = 0; k < s->edge_n; k++)
			free(s->edge[k].set);
		for (int k = 0; k < s->option_n; k++) {
			free(s->option[k].edge.set);
			free(s->option[k].when);
		}
		free(s->edge);
		free(s->option);
		free(s->go.set);
		free(s->set);
	}
	free(m->state);
	for (size_t i = 0; i < m->scope_n; i++)
		free(m->scope[i]);
	free(m->scope);
	for (size_t i = 0; i < m->kept_n; i++)
		free(m->kept[i]);
	free(m->kept);
	free(m->root);
	free(m->lost);
	map_free(m->index);
	jsondoc_free(m->doc);
	free(m);
}

int
menu_resume_s(const struct menu *m)
{
	return m->resume_s;
}

bool
menu_confirming(const struct menu *m, const struct dialogue *dlg)
{
	const struct menu_state *s = menu_find(m, dlg->state, strlen(dlg->state));

	return s != NULL && s->kind == MENU_CONFIRM && dlg->offer[0] == '\0';
}

const char *
menu_name(const struct menu *m)
{
	return m->name;
}

bool
menu_makes_call(const struct menu *m, const char *call)
{
	for (int i = 0; i < m->state_n; i++)
		if (m->state[i].kind == MENU_CALL && strcmp(m->state[i].call->name, call) == 0)
			return true;
	return false;
}

const char *
menu_version(const struct menu *m)
{
	return m->version;
}
