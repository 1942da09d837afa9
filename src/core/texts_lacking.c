/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a language has every text that another one has. Whether they show the same values is known by the proof of
 * texts (menu_flow_texts.c); whether they say the same only by people.
 */
#include "core/texts.h"

#include <string.h>

struct pair {
	const struct texts *texts;
	const char *language, *model;
	struct buf *problems;
	const char *file;		/* of the language, near its last text that the model has too */
	int line;
};

static size_t
folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? (size_t)(slash - file) + 1 : 0;
}

/* Beside the model's: a folder of texts that a menu brings is not to end up in the file that all menus share. */
static void
add_place(const struct pair *p, const char *beside)
{
	size_t folder = folder_of(beside);

	if (folder_of(p->file) == folder && strncmp(p->file, beside, folder) == 0)
		buf_addf(p->problems, "%s:%d", p->file, p->line);
	else
		buf_addf(p->problems, "%.*s%s.json:1", (int)folder, beside, p->language);
}

static void
check_text(void *arg, const char *key)
{
	struct pair *p = arg;
	const char *file;
	int line;

	if (texts_place(p->texts, p->language, key, &file, &line)) {
		p->file = file;
		p->line = line;
	} else if (texts_place(p->texts, p->model, key, &file, &line)) {
		add_place(p, file);
		buf_addf(p->problems, ": \"%s\" is missing in \"%s\"; add it, as it stands in %s:%d\n", key, p->language,
		    file, line);
	}
}

/* Any text will do for the name of the file. */
static void
begin(void *arg, const char *key)
{
	struct pair *p = arg;

	(void)texts_place(p->texts, p->language, key, &p->file, &p->line);
	p->line = 1;
}

bool
texts_complete(const struct texts *t, const char *language, const char *model, struct buf *problems)
{
	struct pair p = { t, language, model, problems, "", 1 };
	size_t before = problems->len;

	texts_each(t, language, begin, &p);
	if (p.file[0] != '\0')
		texts_each(t, model, check_text, &p);
	return problems->len == before;
}
