/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which states a menu has, when its file includes parts or extends another menu: each with its full name and the place
 * where it stands. What is in a state is read by menu_load.c, with the names that hold where it stands.
 *
 * A part is read as if it stood in the file that includes it, its states' names behind a prefix. It knows no state of
 * that file: it leaves by its exits, which the include binds. A menu that extends another has all of its states; it may
 * add some and replace some, but none by mistake.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

/* The files that are being read, from the innermost. */
struct link {
	const char *file;
	const struct link *from;
};

bool
menu_file_name(const char *name, char out[BUNDLE_NAME])
{
	return str_format(out, BUNDLE_NAME, "menus/%s.json", name) && bundle_name_ok(out);
}

bool
menu_texts_name(const char *folder, const char *language, char out[BUNDLE_NAME])
{
	return str_format(out, BUNDLE_NAME, "templates/%s%s%s.json", folder, folder[0] != '\0' ? "/" : "", language) &&
	    bundle_name_ok(out);
}

void
menu_refs(const char *json, size_t len, void (*each)(void *arg, enum menu_ref what, const char *name), void *arg)
{
	struct buf problems = { 0 };
	struct jsondoc *d = jsondoc_parse("", json, len, &problems);
	const char *prefix, *name;
	json_t *include;

	if (d != NULL) {
		const json_t *root = jsondoc_root(d);

		if ((name = json_string_value(json_object_get(root, "extends"))) != NULL)
			each(arg, MENU_REF_FILE, name);
		json_object_foreach(json_object_get(root, "include"), prefix, include)
			if ((name = json_string_value(json_object_get(include, "file"))) != NULL)
				each(arg, MENU_REF_FILE, name);
		if ((name = json_string_value(json_object_get(root, "texts"))) != NULL)
			each(arg, MENU_REF_TEXTS, name);
	}
	jsondoc_free(d);
	buf_clear(&problems);
}

const json_t *
menu_root(const struct menu *m, const char *key)
{
	for (size_t i = 0; i < m->root_n; i++)
		if (json_object_get(m->root[i], key) != NULL)
			return json_object_get(m->root[i], key);
	return NULL;
}

bool
menu_is_lost(const struct menu *m, const char *state)
{
	for (size_t i = 0; i < m->lost_n; i++) {
		size_t n = strlen(m->lost[i]);

		if (strncmp(state, m->lost[i], n) == 0 && (state[n] == '\0' || state[n] == '.'))
			return true;
	}
	return m->lost_base;
}

static const char *
keep(struct menu *m, const char *prefix, const char *name)
{
	struct buf text = { 0 };

	buf_addf(&text, "%s%s%s", prefix, prefix[0] != '\0' && name[0] != '\0' ? "." : "", name);
	m->kept = xrealloc(m->kept, m->kept_n + 1, sizeof *m->kept);
	m->kept[m->kept_n++] = xstrdup(buf_str(&text));
	buf_clear(&text);
	return m->kept[m->kept_n - 1];
}

static bool
is_exit(const struct menu_scope *scope, const char *name)
{
	const json_t *exit;
	size_t i;

	json_array_foreach(json_object_get(scope->root, "exits"), i, exit)
		if (json_is_string(exit) && strcmp(json_string_value(exit), name) == 0)
			return true;
	return false;
}

static const struct menu_scope *
find_include(const struct menu *m, const char *name)
{
	for (size_t i = 0; i < m->scope_n; i++)
		if (m->scope[i]->outer != NULL && strcmp(m->scope[i]->name, name) == 0)
			return m->scope[i];
	return NULL;
}

static bool
is_there(const struct menu_reading *l, const char *name)
{
	return map_get(l->sources, name, strlen(name)) != NULL || find_include(l->m, name) != NULL;
}

const char *
menu_in_scope(struct menu_reading *l, const struct menu_scope *scope, const char *name)
{
	bool bound = false;

	while (scope->outer != NULL && is_exit(scope, name)) {
		name = json_string_value(json_object_get(scope->exits, name));
		scope = scope->outer;
		bound = true;
		if (name == NULL)
			return NULL;
	}
	if (scope->outer != NULL)
		name = keep(l->m, scope->name, name);
	return bound && !is_there(l, name) ? NULL : name;
}

/* The root of the file, or NULL after saying why not. `at` names it; NULL of the menu itself, which is there. */
static const json_t *
open_file(struct menu_reading *l, const char *file, const json_t *at, const struct link *from)
{
	char path[BUNDLE_PATH];
	const json_t *root = map_get(l->docs, file, strlen(file));
	struct jsondoc *d;
	const char *text;
	size_t len = 0;

	for (; from != NULL; from = from->from)
		if (strcmp(from->file, file) == 0) {
			PROBLEM(l, at, "\"%s\" leads back to itself; a file cannot include or extend itself, not even "
			    "through others", json_string_value(at));
			return NULL;
		}
	if (root != NULL)
		return root;
	bundle_path(l->files, file, path);
	text = bundle_find(l->files, file, &len);
	if (text == NULL) {
		PROBLEM(l, at, "\"%s\" is not there: there is no file %s", json_string_value(at), path);
		return NULL;
	}
	d = jsondoc_parse(path, text, len, l->problems);
	if (d == NULL)
		return NULL;
	if (l->m->doc == NULL)
		l->m->doc = d;
	else
		jsondoc_join(l->m->doc, d);
	(void)map_put(l->docs, file, strlen(file), jsondoc_root(d));
	return jsondoc_root(d);
}

static struct menu_scope *
new_scope(struct menu *m, const struct menu_scope *from)
{
	struct menu_scope *s = xcalloc(1, sizeof *s);

	*s = *from;
	m->scope = xrealloc(m->scope, m->scope_n + 1, sizeof *m->scope);
	m->scope[m->scope_n++] = s;
	return s;
}

static bool
is_free(struct menu_reading *l, const json_t *at, const char *name, const char *hint)
{
	size_t i = (size_t)(intptr_t)map_get(l->sources, name, strlen(name));
	const struct menu_scope *include = find_include(l->m, name);
	const json_t *there = i > 0 ? l->source[i - 1].at : include != NULL ? include->at : NULL;

	if (there != NULL)
		PROBLEM(l, at, "there is %s \"%s\" already, at %s:%d; %s", i > 0 ? "a state" : "an include", name,
		    jsondoc_file_of(l->m->doc, there), jsondoc_line(l->m->doc, there), hint);
	return there == NULL;
}

static void
add_states(struct menu_reading *l, const struct menu_scope *scope, const char *hint)
{
	const char *name;
	json_t *at;

	json_object_foreach(json_object_get(scope->root, "states"), name, at) {
		const char *full = scope->outer == NULL ? name : keep(l->m, scope->name, name);

		if (!is_free(l, at, full, hint))
			continue;
		if (l->source_n == MENU_STATES) {
			PROBLEM(l, at, "a menu has at most %d states, with its parts", MENU_STATES);
			return;
		}
		l->source = xrealloc(l->source, l->source_n + 1, sizeof *l->source);
		l->source[l->source_n++] = (struct menu_source){ full, at, scope };
		(void)map_put(l->sources, full, strlen(full), (void *)(intptr_t)l->source_n);
	}
}

static void
check_texts_folder(struct menu_reading *l, const json_t *root)
{
	const json_t *at = json_object_get(root, "texts");
	const char *folder = at != NULL ? menu_word(l, at, root, "texts", MENU_NAME) : NULL;
	char begins[BUNDLE_NAME];

	if (folder == NULL || !str_format(begins, sizeof begins, "templates/%s/", folder))
		return;
	for (size_t i = 0; i < bundle_n(l->files); i++)
		if (str_starts(bundle_name(l->files, i), begins))
			return;
	PROBLEM(l, at, "there are no texts in \"%s\": it is a folder in that of the templates, with a file for a language "
	    "or more", folder);
}

/* What every file must be, whatever includes it. */
static void
check_file(struct menu_reading *l, const json_t *root, enum menu_form form)
{
	const json_t *states = json_object_get(root, "states");
	const char *names[MENU_KEYS], *own = menu_keys[form][0].name;
	bool may_be_empty = json_object_get(root, "extends") != NULL;

	if (form == FORM_PART && json_object_get(root, "menu") != NULL)
		PROBLEM(l, json_object_get(root, "menu"), "this is a menu, not a part; only a part can be included");
	else if (form == FORM_MENU && json_object_get(root, "part") != NULL)
		PROBLEM(l, json_object_get(root, "part"), "this is a part, not a menu; only \"include\" can name it, "
		    "from a folder of its own, as parts");
	else {
		menu_known(l, root, "key", names, menu_key_names(form, names));
		(void)menu_word(l, json_object_get(root, own), root, own, MENU_NAME);
	}
	if ((states == NULL && !may_be_empty) || (states != NULL && (!json_is_object(states) ||
	    (json_object_size(states) == 0 && !may_be_empty))))
		PROBLEM(l, states != NULL ? states : root, "\"states\" must hold the states of the %s", own);
	check_texts_folder(l, root);
}

/* Each exit that the part has is bound once, to something that can be a state. */
static void
check_exits(struct menu_reading *l, const struct menu_scope *part)
{
	const json_t *exits = json_object_get(part->root, "exits"), *exit;
	const char *names[MENU_OPTIONS], *name;
	json_t *to;
	size_t i, n = 0;

	if (exits != NULL && (!json_is_array(exits) || json_array_size(exits) > NELEM(names))) {
		PROBLEM(l, exits, "\"exits\" of a part must be a list of at most %zu names", NELEM(names));
		return;
	}
	json_array_foreach(exits, i, exit) {
		name = menu_word(l, exit, exits, "exits", MENU_STATE);
		if (name == NULL)
			continue;
		names[n++] = name;
		if (json_object_get(json_object_get(part->root, "states"), name) != NULL)
			PROBLEM(l, exit, "\"%s\" is an exit and a state of the part; give one of them another name", name);
		if (json_object_get(part->exits, name) == NULL)
			PROBLEM(l, part->at, "the part can leave by \"%s\", which \"exits\" does not bind; add it", name);
	}
	if (part->exits != NULL && !json_is_object(part->exits)) {
		PROBLEM(l, part->at, "\"exits\" must be {\"exit\": \"state\"}");
		return;
	}
	menu_known(l, part->exits, "exit", names, n);
	json_object_foreach((json_t *)part->exits, name, to)
		(void)menu_word(l, to, part->exits, name, MENU_STATE);
}

static void
lose(struct menu *m, const char *prefix)
{
	m->lost = xrealloc(m->lost, m->lost_n + 1, sizeof *m->lost);
	m->lost[m->lost_n++] = prefix;
}

static void gather_includes(struct menu_reading *l, const struct menu_scope *scope, const struct link *from);

static void
gather_part(struct menu_reading *l, const struct menu_scope *outer, const char *prefix, const json_t *at,
    const struct link *from)
{
	const json_t *file = json_object_get(at, "file");
	const char *names[MENU_KEYS], *ref = menu_word(l, file, at, "file", BUNDLE_NAME), *start;
	char name[BUNDLE_NAME];
	struct link here = { name, from };
	struct menu_scope scope = { .outer = outer, .name = keep(l->m, outer->name, prefix), .at = at,
		.exits = json_object_get(at, "exits"), .inherited = outer->inherited }, *part;

	menu_known(l, at, "key", names, menu_key_names(FORM_INCLUDE, names));
	if (!is_free(l, at, scope.name, "choose another prefix"))
		return;
	if (ref != NULL && !menu_file_name(ref, name))
		PROBLEM(l, file, "\"%s\" cannot be a file in the folder of menus", ref);
	else if (ref != NULL)
		scope.root = open_file(l, name, file, from);
	if (scope.root == NULL) {
		lose(l->m, scope.name);
		return;
	}
	if (l->m->scope_n == MENU_INCLUDES) {
		PROBLEM(l, at, "a menu has at most %d parts, with those of its parts", MENU_INCLUDES);
		lose(l->m, scope.name);
		return;
	}
	scope.file = keep(l->m, "", name);
	part = new_scope(l->m, &scope);
	check_file(l, part->root, FORM_PART);
	check_exits(l, part);
	start = menu_word(l, json_object_get(part->root, "start"), part->root, "start", MENU_STATE);
	part->start = start != NULL ? keep(l->m, part->name, start) : NULL;
	gather_includes(l, part, &here);
	add_states(l, part, "choose another name");
}

static void
gather_includes(struct menu_reading *l, const struct menu_scope *scope, const struct link *from)
{
	const json_t *includes = json_object_get(scope->root, "include");
	const char *prefix;
	json_t *at;

	if (includes != NULL && !json_is_object(includes))
		PROBLEM(l, includes, "\"include\" must be {\"prefix\": {\"file\": \"parts/name\", ...}}");
	json_object_foreach((json_t *)includes, prefix, at) {
		if (!json_is_object(at) || prefix[0] == '\0')
			PROBLEM(l, includes, "\"include\" must be {\"prefix\": {\"file\": \"parts/name\", ...}}");
		else
			gather_part(l, scope, prefix, at, from);
	}
}

/* The mistake is that of the include, and not of what the part does with its exit. */
static void
check_bound(struct menu_reading *l)
{
	const char **names = xcalloc(l->source_n + 1, sizeof *names), *exit;
	json_t *to;

	for (size_t i = 0; i < l->source_n; i++)
		names[i] = l->source[i].name;
	for (size_t i = 0; i < l->m->scope_n; i++) {
		const struct menu_scope *outer = l->m->scope[i]->outer;

		json_object_foreach((json_t *)l->m->scope[i]->exits, exit, to) {
			const char *name = json_string_value(to);

			if (name == NULL || (outer->outer != NULL && is_exit(outer, name)))
				continue;
			if (outer->outer != NULL)
				name = keep(l->m, outer->name, name);
			if (!is_there(l, name) && !menu_is_lost(l->m, name))
				menu_unknown(l, to, "state", name, names, l->source_n);
		}
	}
	free(names);
}

static void
replace_states(struct menu_reading *l, const struct menu_scope *scope)
{
	const json_t *replace = json_object_get(scope->root, "replace");
	const char **names = xcalloc(l->source_n + 1, sizeof *names), *name;
	json_t *at;

	for (size_t i = 0; i < l->source_n; i++)
		names[i] = l->source[i].name;
	json_object_foreach((json_t *)replace, name, at) {
		size_t i = (size_t)(intptr_t)map_get(l->sources, name, strlen(name));

		if (i > 0)
			l->source[i - 1] = (struct menu_source){ l->source[i - 1].name, at, scope };
		else if (!menu_is_lost(l->m, name))
			menu_unknown(l, at, "state to replace", name, names, l->source_n);
	}
	free(names);
}

static void
gather_menu(struct menu_reading *l, const char *file, const json_t *at, const struct link *from)
{
	struct link here = { file, from };
	struct menu_scope scope = { .name = "", .file = keep(l->m, "", file), .inherited = from != NULL }, *menu;
	const json_t *extends;
	char name[BUNDLE_NAME];

	scope.root = open_file(l, file, at, from);
	if (scope.root == NULL) {
		l->m->lost_base = true;
		return;
	}
	l->m->root = xrealloc(l->m->root, l->m->root_n + 1, sizeof *l->m->root);
	l->m->root[l->m->root_n++] = scope.root;
	menu = new_scope(l->m, &scope);
	check_file(l, menu->root, FORM_MENU);
	if (json_object_get(menu->root, "part") != NULL)
		return;		/* of what it lacks for a menu nothing need be said */
	extends = json_object_get(menu->root, "extends");
	if (extends != NULL && menu_word(l, extends, menu->root, "extends", BUNDLE_NAME) != NULL) {
		if (menu_file_name(json_string_value(extends), name))
			gather_menu(l, name, extends, &here);
		else
			PROBLEM(l, extends, "\"%s\" cannot be a file in the folder of menus", json_string_value(extends));
		replace_states(l, menu);
	} else if (json_object_get(menu->root, "replace") != NULL)
		PROBLEM(l, json_object_get(menu->root, "replace"), "\"replace\" is for a menu that \"extends\" another");
	gather_includes(l, menu, &here);
	add_states(l, menu, extends != NULL ? "put it into \"replace\" to have this one instead" :
	    "choose another name");
}

void
menu_gather(struct menu_reading *l, const char *file)
{
	l->docs = map_new();
	l->sources = map_new();
	gather_menu(l, file, NULL, NULL);
	check_bound(l);
}
