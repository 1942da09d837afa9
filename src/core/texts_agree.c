/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two languages say the same: the same texts with the same values in them. What a text says with them only
 * people can judge.
 */
#include <string.h>

#include "core/texts.h"

struct pair {
	const struct texts *texts;
	const char *language, *model;
	struct buf *problems;
	const char *file;		/* of the language, near its last text that the model has too */
	int line;
};

static bool
has(const char *text, const struct texts_placeholder *wanted)
{
	struct texts_placeholder ph;

	while ((text = texts_placeholder(text, &ph)) != NULL)
		if (strcmp(ph.name, wanted->name) == 0 && strcmp(ph.format, wanted->format) == 0)
			return true;
	return false;
}

/* Says each placeholder of `text` that `other` lacks. */
static void
compare(struct pair *p, const char *key, const char *text, const char *other, const char *how)
{
	struct texts_placeholder ph;
	const char *file = "";
	int line = 1;

	(void)texts_place(p->texts, p->model, key, &file, &line);
	while ((text = texts_placeholder(text, &ph)) != NULL)
		if (!has(other, &ph))
			buf_addf(p->problems, "%s:%d: \"%s\" %s {%s:%s}, unlike that of \"%s\" in %s:%d\n", p->file,
			    p->line, key, how, ph.name, ph.format, p->model, file, line);
}

static void
check_text(void *arg, const char *key)
{
	struct pair *p = arg;
	const char *ours = texts_find(p->texts, p->language, p->language, key);
	const char *theirs = texts_find(p->texts, p->model, p->model, key), *file = "";
	int line = 1;

	if (ours == NULL) {
		(void)texts_place(p->texts, p->model, key, &file, &line);
		buf_addf(p->problems, "%s:%d: \"%s\" is missing in \"%s\"; add it, as it stands in %s:%d\n", p->file,
		    p->line, key, p->language, file, line);
		return;
	}
	(void)texts_place(p->texts, p->language, key, &p->file, &p->line);
	compare(p, key, theirs, ours, "lacks");
	compare(p, key, ours, theirs, "has");
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
texts_agree(const struct texts *t, const char *language, const char *model, struct buf *problems)
{
	struct pair p = { t, language, model, problems, "", 1 };
	size_t before = problems->len;

	texts_each(t, language, begin, &p);
	if (p.file[0] != '\0')
		texts_each(t, model, check_text, &p);
	return problems->len == before;
}
