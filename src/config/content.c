/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a menu or text must be is known by core/menu.h and core/texts.h; here are only the folders.
 */
#include "config/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config/file.h"

#define CONTENT_MAX (1024 * 1024)
#define SUFFIX ".json"

/* The file's text, or false after saying why not. */
static bool
slurp(const char *path, struct buf *text, struct buf *problems)
{
	buf_reset(text);
	if (file_read(path, CONTENT_MAX, text))
		return true;
	buf_addf(problems, "%s:1: cannot be read: %s\n", path, strerror(errno));
	return false;
}

/* "en" of "en.json". */
static bool
stem(const char *name, char *out, size_t size)
{
	return str_copyn(out, size, name, strlen(name) - strlen(SUFFIX));
}

/* false: there is no such folder, and nothing more can be said about texts. */
static bool
load_texts(struct texts *texts, const char *folder, struct buf *problems)
{
	struct file_names *names = file_list(folder, SUFFIX);
	struct buf text = { 0 };
	char path[512], language[8];

	if (names == NULL) {
		buf_addf(problems, "%s:1: the folder of templates cannot be read: %s\n", folder,
		    strerror(errno));
		return false;
	}
	for (size_t i = 0; i < file_names_n(names); i++) {
		const char *name = file_names_get(names, i);

		if (!str_format(path, sizeof path, "%s/%s", folder, name) || !stem(name, language,
		    sizeof language)) {
			buf_addf(problems, "%s/%s:1: the name is too long for that of a language\n",
			    folder, name);
			continue;
		}
		if (slurp(path, &text, problems))
			(void)!texts_add(texts, language, path, buf_str(&text), text.len, problems);
	}
	buf_clear(&text);
	file_names_free(names);
	return true;
}

static struct menu *
load_menu(const struct settings *s, const char *name, const struct texts *texts,
    const char (*languages)[8], int languages_n,
    struct buf *problems)
{
	struct buf text = { 0 };
	struct menu *m = NULL;
	char path[512];

	if (!str_format(path, sizeof path, "%s/%s" SUFFIX, s->menus_dir, name))
		buf_addf(problems, "%s:1: the path of menu \"%s\" is too long\n", s->menus_dir,
		    name);
	else if (slurp(path, &text, problems))
		m = menu_load(path, buf_str(&text), text.len, texts, languages, languages_n,
		    problems);
	buf_clear(&text);
	return m;
}

/* A token that comes in two parts may come in halves: its SMS is one part, with the widest values. */
static void
check_token_text(const struct settings *s, const struct tenant_settings *t, const struct texts *texts,
    const char *language, const char *key, struct buf *problems)
{
	const char *text = texts_find(texts, language, language, key);
	struct texts_env env = { .country = t->country };
	struct vars v = { 0 };
	char filled[1000];
	bool fits;

	vars_set(&v, "title", t->title);
	vars_set(&v, "token", "12345678901234567890");
	vars_set(&v, "amount", "2400000");
	texts_manner(texts, language, &env);
	vars_set_i64(&v, "until", texts_widest_day(&env));
	vars_set(&v, "from", "2782***4567");
	if (text == NULL) {
		buf_addf(problems, "%s/%s" SUFFIX ":1: there is no text \"%s\", which tenant \"%s\" needs\n",
		    s->templates_dir, language, key, t->name);
		return;
	}
	fits = texts_fill(text, &v, &env, filled, sizeof filled);
	texts_spell(texts, language, language, key, filled, sizeof filled);
	if (!fits || sms_parts(filled) != 1)
		buf_addf(problems, "%s/%s" SUFFIX ":1: \"%s\" takes more than one SMS with the title of tenant "
		    "\"%s\": shorten the text or the title\n", s->templates_dir, language, key, t->name);
}

static void
check_token_texts(const struct settings *s, const struct tenant_settings *t, const struct texts *texts,
    struct buf *problems)
{
	static const char *const whom[] = { "", ".other" };
	char key[80];

	for (int i = 0; i < t->languages_n; i++)
		for (int k = 0; k < t->kinds_n && texts_has_language(texts, t->languages[i]); k++)
			for (size_t w = 0; w < NELEM(whom) && t->kinds[k].token; w++) {
				str_format(key, sizeof key, "sms.token.%s%s", t->kinds[k].type, whom[w]);
				check_token_text(s, t, texts, t->languages[i], key, problems);
			}
}

/* What the menu does not name but the tenant needs of the texts. */
static void
check_tenant(const struct settings *s, const struct tenant_settings *t, const struct texts *texts,
    struct buf *problems)
{
	for (int i = 0; i < t->languages_n; i++)
		if (!texts_has_language(texts, t->languages[i]))
			buf_addf(problems,
			    "%s/%s" SUFFIX ":1: is missing: tenant \"%s\" speaks it\n",
			    s->templates_dir,
			    t->languages[i], t->name);
	for (int i = 0; i < t->kinds_n && texts_has_language(texts, t->languages[0]); i++)
		if (texts_find(texts, t->languages[0], t->languages[0], t->kinds[i].name) == NULL)
			buf_addf(problems,
			    "%s/%s" SUFFIX ":1: there is no text \"%s\", which tenant \"%s\" "
			    "needs\n",
			    s->templates_dir, t->languages[0], t->kinds[i].name, t->name);
	if (texts_has_language(texts, t->languages[0]) &&
	    texts_find(texts, t->languages[0], t->languages[0], "error.frozen") == NULL)
		buf_addf(problems,
		    "%s/%s" SUFFIX ":1: there is no text \"error.frozen\", which tenant \"%s\" needs\n",
		    s->templates_dir, t->languages[0], t->name);
}

/* Every text of the first language is there in the others: what a customer reads is in one language. */
static void
check_languages(const struct tenant_settings *t, const struct texts *texts, struct buf *problems)
{
	for (int i = 1; i < t->languages_n; i++)
		(void)!texts_agree(texts, t->languages[i], t->languages[0], problems);
}

void
content_notes(const struct settings *s, const struct content *c, struct buf *notes)
{
	struct buf one = { 0 };

	for (int i = 0; i < s->tenants_n; i++)
		for (int k = 0; k < s->tenants[i].languages_n; k++) {
			buf_reset(&one);
			if (texts_note(c->texts, s->tenants[i].languages[k], &one) &&
			    strstr(buf_str(notes), buf_str(&one)) == NULL)
				buf_add_str(notes, buf_str(&one));
		}
	buf_clear(&one);
}

static struct menu *
load_sms_menu(const struct settings *s, const struct tenant_settings *t, const struct texts *texts,
    struct buf *problems)
{
	struct menu *m = load_menu(s, t->sms_menu, texts, t->languages, t->languages_n, problems);

	if (m == NULL || menu_check_sms(m, problems))
		return m;
	menu_free(m);
	return NULL;
}

/* Who can be written to must know the words and have the answers. */
static void
check_answers(const struct settings *s, int tenant, const struct texts *texts, struct buf *problems)
{
	static const char *const keys[] = {
		"sms.word.stop", "sms.word.start", "sms.word.help", "sms.answer.stop", "sms.answer.start",
		"sms.answer.help", "sms.answer.pin",
	};
	const struct tenant_settings *t = &s->tenants[tenant];
	bool written_to = false;

	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].tenant == tenant && s->channels[i].kind == CHANNEL_SMS_SMPP)
			written_to = true;
	for (int i = 0; written_to && i < t->languages_n; i++)
		for (size_t k = 0; k < NELEM(keys) && texts_has_language(texts, t->languages[i]); k++)
			if (texts_find(texts, t->languages[i], t->languages[i], keys[k]) == NULL)
				buf_addf(problems, "%s/%s" SUFFIX ":1: there is no text \"%s\", which tenant \"%s\" "
				    "needs for SMS from customers\n", s->templates_dir, t->languages[i], keys[k],
				    t->name);
}

struct content *
content_load(const struct settings *s, struct buf *problems)
{
	struct content *c = xcalloc(1, sizeof *c);
	size_t before = problems->len;

	c->texts = texts_new();
	if (!load_texts(c->texts, s->templates_dir, problems)) {
		content_free(c);
		return NULL;
	}
	c->menus_n = s->tenants_n;
	c->menus = xcalloc((size_t)s->tenants_n + 1, sizeof *c->menus);
	c->sms_menus = xcalloc((size_t)s->tenants_n + 1, sizeof *c->sms_menus);
	for (int i = 0; i < s->tenants_n; i++) {
		const struct tenant_settings *t = &s->tenants[i];

		c->menus[i] = load_menu(s, t->menu, c->texts, t->languages, t->languages_n,
		    problems);
		if (t->sms_menu[0] != '\0')
			c->sms_menus[i] = load_sms_menu(s, t, c->texts, problems);
		check_tenant(s, t, c->texts, problems);
		check_languages(t, c->texts, problems);
		check_token_texts(s, t, c->texts, problems);
		check_answers(s, i, c->texts, problems);
	}
	if (problems->len == before)
		return c;
	content_free(c);
	return NULL;
}

static void
free_menus(struct menu *m, struct menu *sms)
{
	if (m != NULL)
		menu_free(m);
	if (sms != NULL)
		menu_free(sms);
}

void
content_free(struct content *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < c->menus_n; i++)
		free_menus(c->menus[i], c->sms_menus[i]);
	free(c->menus);
	free(c->sms_menus);
	texts_free(c->texts);
	free(c);
}

static bool
is_used(const struct settings *s, const char *menu)
{
	for (int i = 0; i < s->tenants_n; i++)
		if (strcmp(s->tenants[i].menu, menu) == 0 || strcmp(s->tenants[i].sms_menu, menu) == 0)
			return true;
	return false;
}

void
content_check_unused(const struct settings *s, struct buf *problems)
{
	struct file_names *names = file_list(s->menus_dir, SUFFIX);
	char name[256];

	if (names == NULL) {
		buf_addf(problems, "%s:1: the folder of menus cannot be read: %s\n", s->menus_dir,
		    strerror(errno));
		return;
	}
	for (size_t i = 0; i < file_names_n(names); i++)
		if (stem(file_names_get(names, i), name, sizeof name) && !is_used(s, name)) {
			struct menu *m = load_menu(s, name, NULL, NULL, 0, problems);

			if (m != NULL)
				menu_free(m);
		}
	file_names_free(names);
}
