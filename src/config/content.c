/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle to what a gateway uses. What a menu or text must be is known by core/menu.h and core/texts.h; here is
 * what a tenant needs of them besides. Reads no file: a bundle from elsewhere is as good as one of our folders.
 */
#include "config/content.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "core/menu_size.h"

struct reading {
	const struct settings *s;
	int tenant;
	const struct tenant_settings *t;
	struct tenant_content *c;
	char languages[LANGUAGES_MAX][8];	/* those whose files are right */
	int languages_n;
	struct map *seen;			/* menu files whose texts are there */
	bool looks;				/* menus may have problems */
	struct buf *problems;
};

/* A problem of a whole file. */
static void __attribute__((format(printf, 3, 4)))
problem(struct reading *r, const char *name, const char *fmt, ...)
{
	char path[BUNDLE_PATH], what[1024];
	va_list ap;

	bundle_path(r->c->files, name, path);
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	buf_addf(r->problems, "%s:1: %s\n", path, what);
}

/* One file of texts, over those that are there: false if it is there and wrong. */
static bool
add_texts(struct reading *r, const char *folder, const char *language, bool *found)
{
	char name[BUNDLE_NAME] = "", path[BUNDLE_PATH];
	const char *text = NULL;
	size_t len = 0;

	if (menu_texts_name(folder, language, name))
		text = bundle_find(r->c->files, name, &len);
	*found = text != NULL;
	bundle_path(r->c->files, name, path);
	if (folder[0] == '\0' && text == NULL)
		problem(r, name, "is missing: tenant \"%s\" speaks it", r->t->name);
	return text == NULL || texts_add(r->c->texts, language, path, text, len, r->problems);
}

static void
load_languages(struct reading *r)
{
	bool found;

	for (int i = 0; i < r->t->languages_n; i++)
		if (add_texts(r, "", r->t->languages[i], &found) && found)
			str_copy(r->languages[r->languages_n++], sizeof *r->languages, r->t->languages[i]);
}

static void load_texts_of(struct reading *r, const char *menu);

static void
load_named(void *arg, enum menu_ref what, const char *name)
{
	struct reading *r = arg;
	bool found;

	if (what == MENU_REF_FILE)
		load_texts_of(r, name);
	else
		for (int i = 0; i < r->languages_n; i++)
			(void)add_texts(r, name, r->languages[i], &found);
}

/* The texts that a menu brings along, over those that the menus and parts bring that it names. */
static void
load_texts_of(struct reading *r, const char *menu)
{
	char name[BUNDLE_NAME];
	const char *text = NULL;
	size_t len = 0;

	if (menu_file_name(menu, name) && map_get(r->seen, name, strlen(name)) == NULL)
		text = bundle_find(r->c->files, name, &len);
	if (text == NULL)
		return;
	(void)map_put(r->seen, name, strlen(name), r);
	menu_refs(text, len, load_named, r);
}

static struct menu *
load_menu(struct reading *r, const char *menu)
{
	char name[BUNDLE_NAME] = "";

	if (menu_file_name(menu, name) && bundle_find(r->c->files, name, NULL) != NULL)
		/* What others lack of the first language is said where it belongs. */
		return r->looks ? menu_load_faulty(r->c->files, name) : menu_load_bundle(r->c->files, name, r->c->texts,
		    (const char (*)[8])r->languages, r->languages_n > 0, r->problems);
	problem(r, name, "is missing: it is the menu of tenant \"%s\"", r->t->name);
	return NULL;
}

/* NULL after saying that it is not there. */
static const char *
needed(struct reading *r, const char *language, const char *key, const char *what_for)
{
	const char *text = texts_find(r->c->texts, language, language, key);
	char name[BUNDLE_NAME];

	if (text == NULL && menu_texts_name("", language, name))
		problem(r, name, "there is no text \"%s\", which tenant \"%s\" needs%s", key, r->t->name, what_for);
	return text;
}

/* A token that comes in two parts may come in halves: a gateway does not even begin with such a text. */
static void
check_token_text(struct reading *r, const char *language, const char *key)
{
	struct prove_env env = { .texts = r->c->texts, .languages = (const char (*)[8])r->languages,
		.languages_n = r->languages_n, .settings = r->s, .tenant = r->tenant };

	if (needed(r, language, key, "") != NULL)
		text_size_message(&env, language, key, r->problems);
}

static void
check_token_texts(struct reading *r, const char *language)
{
	static const char *const whom[] = { "", ".other" };
	char key[80];

	for (int k = 0; k < r->t->kinds_n; k++)
		for (size_t w = 0; w < NELEM(whom) && r->t->kinds[k].token; w++) {
			str_format(key, sizeof key, "sms.token.%s%s", r->t->kinds[k].type, whom[w]);
			check_token_text(r, language, key);
		}
}

/* Who can be written to must know the words and have the answers. */
static void
check_answers(struct reading *r, const char *language)
{
	static const char *const keys[] = {
		"sms.word.stop", "sms.word.start", "sms.word.help", "sms.answer.stop", "sms.answer.start",
		"sms.answer.help", "sms.answer.pin",
	};
	bool written_to = false;

	for (int i = 0; i < r->s->channels_n; i++)
		if (r->s->channels[i].tenant == r->tenant && channel_is_sms(r->s->channels[i].kind))
			written_to = true;
	for (size_t k = 0; written_to && k < NELEM(keys); k++)
		(void)needed(r, language, keys[k], " for SMS from customers");
}

/* What the menu does not name but the tenant needs of the texts. */
static void
check_texts(struct reading *r)
{
	bool has_first = r->languages_n > 0 && strcmp(r->languages[0], r->t->languages[0]) == 0;

	for (int i = 0; has_first && i < r->t->kinds_n; i++)
		(void)needed(r, r->languages[0], r->t->kinds[i].name, "");
	if (has_first)
		(void)needed(r, r->languages[0], "error.frozen", "");
	for (int i = 0; i < r->languages_n; i++) {
		if (has_first && i > 0)
			(void)!texts_complete(r->c->texts, r->languages[i], r->languages[0], r->problems);
		check_token_texts(r, r->languages[i]);
		check_answers(r, r->languages[i]);
	}
}

/* As the bundle says; files alone, from a test or a tool, are those of the configuration. */
static const char *
menu_of(const struct reading *r, const char *role, const char *configured)
{
	const char *name = bundle_find(r->c->files, role, NULL);

	return name != NULL ? name : configured;
}

static void
fill(struct reading *r)
{
	struct tenant_content *c = r->c;
	const char *menu = menu_of(r, CONTENT_MENU, r->t->menu);
	const char *sms_menu = menu_of(r, CONTENT_SMS_MENU, r->t->sms_menu);

	c->texts = texts_new();
	bundle_version(c->files, c->version);
	r->seen = map_new();
	load_languages(r);
	load_texts_of(r, menu);
	load_texts_of(r, sms_menu);
	map_free(r->seen);
	c->menu = load_menu(r, menu);
	if (sms_menu[0] != '\0')
		c->sms_menu = load_menu(r, sms_menu);
}

struct tenant_content *
tenant_content_load(const struct settings *s, int tenant, struct bundle *files, struct buf *problems)
{
	struct tenant_content *c = xcalloc(1, sizeof *c);
	struct reading r = { .s = s, .tenant = tenant, .t = &s->tenants[tenant], .c = c, .problems = problems };
	size_t before = problems->len;

	c->files = files;
	fill(&r);
	if (c->sms_menu != NULL)
		(void)!menu_check_sms(c->sms_menu, problems);
	check_texts(&r);
	if (problems->len == before)
		return c;
	tenant_content_free(c);
	return NULL;
}

struct tenant_content *
tenant_content_look(const struct settings *s, int tenant, struct bundle *files)
{
	struct tenant_content *c = xcalloc(1, sizeof *c);
	struct buf problems = { 0 };
	struct reading r = { .s = s, .tenant = tenant, .t = &s->tenants[tenant], .c = c, .looks = true,
		.problems = &problems };

	c->files = files;
	fill(&r);
	buf_clear(&problems);
	return c;
}

void
tenant_content_free(struct tenant_content *c)
{
	if (c == NULL)
		return;
	menu_free(c->menu);
	menu_free(c->sms_menu);
	texts_free(c->texts);
	bundle_free(c->files);
	free(c);
}

/* Tenants share files, and one mistake is one line. */
static void
add_new_lines(struct buf *problems, const struct buf *more)
{
	const char *line = buf_str(more), *end;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		char *one = xstrndup(line, (size_t)(end + 1 - line));

		if (strstr(buf_str(problems), one) == NULL)
			buf_add_str(problems, one);
		free(one);
	}
}

void
content_notes(const struct settings *s, const struct content *c, struct buf *notes)
{
	for (int i = 0; i < c->tenants_n; i++)
		for (int k = 0; k < s->tenants[i].languages_n; k++) {
			struct buf one = { 0 };

			texts_note(c->tenants[i]->texts, s->tenants[i].languages[k], &one);
			add_new_lines(notes, &one);
			buf_clear(&one);
		}
}

struct content *
content_load(const struct settings *s, struct buf *problems)
{
	struct content *c = xcalloc(1, sizeof *c);
	size_t before = problems->len;

	c->tenants = xcalloc((size_t)s->tenants_n + 1, sizeof *c->tenants);
	c->tenants_n = s->tenants_n;
	for (int i = 0; i < s->tenants_n; i++) {
		struct buf own = { 0 };
		struct bundle *files = content_files(s, i, &own);

		/* What could not be read would be called missing. */
		if (own.len == 0)
			c->tenants[i] = tenant_content_load(s, i, files, &own);
		else
			bundle_free(files);
		add_new_lines(problems, &own);
		buf_clear(&own);
	}
	if (problems->len == before)
		return c;
	content_free(c);
	return NULL;
}

void
content_free(struct content *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < c->tenants_n; i++)
		tenant_content_free(c->tenants[i]);
	free(c->tenants);
	free(c);
}
