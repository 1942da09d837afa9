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

bool
content_menu_name(const char *menu, char out[BUNDLE_NAME])
{
	return str_format(out, BUNDLE_NAME, MENUS "%s" SUFFIX, menu) && bundle_name_ok(out);
}

bool
content_texts_name(const char *language, char out[BUNDLE_NAME])
{
	return str_format(out, BUNDLE_NAME, TEMPLATES "%s" SUFFIX, language) && bundle_name_ok(out);
}

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

static void
add_menu(struct bundle *b, const char *menu, struct buf *problems)
{
	char name[BUNDLE_NAME];

	if (content_menu_name(menu, name))
		add_file(b, name, problems);
}

struct bundle *
content_files(const struct settings *s, int tenant, struct buf *problems)
{
	const struct tenant_settings *t = &s->tenants[tenant];
	struct bundle *b = files_new(s);
	char name[BUNDLE_NAME];

	add_menu(b, t->menu, problems);
	if (t->sms_menu[0] != '\0')
		add_menu(b, t->sms_menu, problems);
	for (int i = 0; i < t->languages_n; i++)
		if (content_texts_name(t->languages[i], name))
			add_file(b, name, problems);
	return b;
}

/* "en" of "en.json". */
static bool
stem(const char *name, char *out, size_t size)
{
	return str_copyn(out, size, name, strlen(name) - strlen(SUFFIX));
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
check_menu(const struct settings *s, const char *menu, struct buf *problems)
{
	struct bundle *b = files_new(s);
	char name[BUNDLE_NAME];

	add_menu(b, menu, problems);
	if (content_menu_name(menu, name) && bundle_find(b, name, NULL) != NULL)
		menu_free(menu_load_bundle(b, name, NULL, NULL, 0, problems));
	bundle_free(b);
}

static void
check_language(const struct settings *s, const char *file, struct buf *problems)
{
	struct bundle *b = files_new(s);
	struct texts *t = texts_new();
	char language[8], name[BUNDLE_NAME], path[BUNDLE_PATH];
	const char *text;
	size_t len;

	if (!stem(file, language, sizeof language) || !content_texts_name(language, name))
		buf_addf(problems, "%s/%s:1: the name is too long for that of a language\n", s->templates_dir, file);
	else if (!is_spoken(s, language)) {
		add_file(b, name, problems);
		bundle_path(b, name, path);
		text = bundle_find(b, name, &len);
		if (text != NULL)
			(void)!texts_add(t, language, path, text, len, problems);
	}
	texts_free(t);
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
