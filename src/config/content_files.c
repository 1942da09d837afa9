/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the folders of menus and templates to bundles. What is in the files is looked at only as far as it names other
 * files; their mistakes are found by whoever loads the bundle.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config/content.h"
#include "config/file.h"

#define FILE_MAX_OCTETS (1024 * 1024)
#define SUFFIX ".json"
#define MENUS "menus/"
#define TEMPLATES "templates/"

static struct bundle *
files_new(const struct settings *s)
{
	struct bundle *b = bundle_new();
	char folder[BUNDLE_PATH];

	if (str_format(folder, sizeof folder, "%s/", s->menus_dir))
		bundle_root(b, MENUS, folder);
	if (str_format(folder, sizeof folder, "%s/", s->templates_dir))
		bundle_root(b, TEMPLATES, folder);
	return b;
}

static void
add_file(struct bundle *b, const char *name, struct buf *problems)
{
	struct buf text = { 0 };
	char path[BUNDLE_PATH];

	bundle_path(b, name, path);
	if (file_read(path, FILE_MAX_OCTETS, &text))
		bundle_add(b, name, buf_str(&text), text.len);
	else if (errno != ENOENT)
		buf_addf(problems, "%s:1: cannot be read: %s\n", path, strerror(errno));
	if (bundle_is_full(b))
		buf_addf(problems, "%s:1: is one file too many: the content of a tenant is at most %d files and %d "
		    "MB\n", path, BUNDLE_FILES, BUNDLE_OCTETS >> 20);
	buf_clear(&text);
}

/* "en" of "en.json". */
static bool
stem(const char *name, char *out, size_t size)
{
	return str_copyn(out, size, name, strlen(name) - strlen(SUFFIX));
}

/* What a menu's content is gathered for. */
struct gathering {
	struct bundle *b;
	const struct settings *s;
	const struct tenant_settings *t;	/* NULL: every language that there is */
	struct buf *problems;
};

static void
add_language(struct gathering *g, const char *folder, const char *language)
{
	char name[BUNDLE_NAME];

	if (menu_texts_name(folder, language, name))
		add_file(g->b, name, g->problems);
}

/* A folder that is not there is missed by whoever loads the menu that names it. */
static void
add_every_language(struct gathering *g, const char *folder)
{
	struct file_names *names = NULL;
	char path[BUNDLE_PATH], language[8];

	if (str_format(path, sizeof path, "%s/%s", g->s->templates_dir, folder))
		names = file_list(path, SUFFIX);
	for (size_t i = 0; names != NULL && i < file_names_n(names); i++)
		if (stem(file_names_get(names, i), language, sizeof language))
			add_language(g, folder, language);
	file_names_free(names);
}

static void add_menu(struct gathering *g, const char *menu);

static void
add_named(void *arg, enum menu_ref what, const char *name)
{
	struct gathering *g = arg;

	if (what == MENU_REF_FILE)
		add_menu(g, name);
	else if (g->t == NULL)
		add_every_language(g, name);
	else
		for (int i = 0; i < g->t->languages_n; i++)
			add_language(g, name, g->t->languages[i]);
}

/* With what it names, once. */
static void
add_menu(struct gathering *g, const char *menu)
{
	char name[BUNDLE_NAME];
	const char *text;
	size_t len;

	if (!menu_file_name(menu, name) || bundle_find(g->b, name, NULL) != NULL)
		return;
	add_file(g->b, name, g->problems);
	text = bundle_find(g->b, name, &len);
	if (text != NULL)
		menu_refs(text, len, add_named, g);
}

struct bundle *
content_files(const struct settings *s, int tenant, struct buf *problems)
{
	const struct tenant_settings *t = &s->tenants[tenant];
	struct gathering g = { files_new(s), s, t, problems };

	bundle_add(g.b, CONTENT_MENU, t->menu, strlen(t->menu));
	bundle_add(g.b, CONTENT_SMS_MENU, t->sms_menu, strlen(t->sms_menu));
	add_menu(&g, t->menu);
	if (t->sms_menu[0] != '\0')
		add_menu(&g, t->sms_menu);
	for (int i = 0; i < t->languages_n; i++)
		add_language(&g, "", t->languages[i]);
	return g.b;
}

/* NULL after saying that the folder cannot be read. */
static struct file_names *
list(const char *folder, const char *what, struct buf *problems)
{
	struct file_names *names = file_list(folder, SUFFIX);

	if (names == NULL)
		buf_addf(problems, "%s:1: the folder of %s cannot be read: %s\n", folder, what, strerror(errno));
	return names;
}

static bool
is_used(const struct settings *s, const char *menu)
{
	for (int i = 0; i < s->tenants_n; i++)
		if (strcmp(s->tenants[i].menu, menu) == 0 || strcmp(s->tenants[i].sms_menu, menu) == 0)
			return true;
	return false;
}

static bool
is_spoken(const struct settings *s, const char *language)
{
	for (int i = 0; i < s->tenants_n; i++)
		for (int k = 0; k < s->tenants[i].languages_n; k++)
			if (strcmp(s->tenants[i].languages[k], language) == 0)
				return true;
	return false;
}

static void
check_texts(const struct bundle *b, const char *name, const char *language, struct buf *problems)
{
	struct texts *t = texts_new();
	char path[BUNDLE_PATH];
	size_t len;
	const char *text = bundle_find(b, name, &len);

	bundle_path(b, name, path);
	if (text != NULL)
		(void)!texts_add(t, language, path, text, len, problems);
	texts_free(t);
}

/* Which languages it would have to speak is not known. */
static void
check_menu(const struct settings *s, const char *menu, struct buf *problems)
{
	struct gathering g = { files_new(s), s, NULL, problems };
	char name[BUNDLE_NAME];

	add_menu(&g, menu);
	if (menu_file_name(menu, name) && bundle_find(g.b, name, NULL) != NULL)
		menu_free(menu_load_bundle(g.b, name, NULL, NULL, 0, problems));
	for (size_t i = 0; i < bundle_n(g.b); i++)
		if (str_starts(bundle_name(g.b, i), TEMPLATES))
			check_texts(g.b, bundle_name(g.b, i), "any", problems);
	bundle_free(g.b);
}

static void
check_language(const struct settings *s, const char *file, struct buf *problems)
{
	struct bundle *b = files_new(s);
	char language[8], name[BUNDLE_NAME];

	if (!stem(file, language, sizeof language) || !menu_texts_name("", language, name))
		buf_addf(problems, "%s/%s:1: the name is too long for that of a language\n", s->templates_dir, file);
	else if (!is_spoken(s, language)) {
		add_file(b, name, problems);
		check_texts(b, name, language, problems);
	}
	bundle_free(b);
}

void
content_check_unused(const struct settings *s, struct buf *problems)
{
	struct file_names *menus = list(s->menus_dir, "menus", problems);
	struct file_names *texts = list(s->templates_dir, "templates", problems);
	char name[BUNDLE_NAME];

	for (size_t i = 0; menus != NULL && i < file_names_n(menus); i++)
		if (stem(file_names_get(menus, i), name, sizeof name) && !is_used(s, name))
			check_menu(s, name, problems);
	for (size_t i = 0; texts != NULL && i < file_names_n(texts); i++)
		check_language(s, file_names_get(texts, i), problems);
	file_names_free(menus);
	file_names_free(texts);
}
