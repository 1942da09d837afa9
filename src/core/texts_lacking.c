/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a language has every text that another one has. Whether they show the same values is known by the proof of
 * texts (menu_flow_texts.c); whether they say the same only by people.
 */
#include "core/texts.h"

struct pair {
	const struct texts *texts;
	const char *language, *model;
	struct buf *problems;
	const char *file;		/* of the language, near its last text that the model has too */
	int line;
};

static void
check_text(void *arg, const char *key)
{
	struct pair *p = arg;
	const char *file;
	int line;

	if (texts_place(p->texts, p->language, key, &file, &line)) {
		p->file = file;
		p->line = line;
	} else if (texts_place(p->texts, p->model, key, &file, &line))
		buf_addf(p->problems, "%s:%d: \"%s\" is missing in \"%s\"; add it, as it stands in %s:%d\n", p->file,
		    p->line, key, p->language, file, line);
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
