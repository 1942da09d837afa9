/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two languages say the same: the same texts with the same values in them. What a text says with them only
 * people can judge.
 */
#include <string.h>

#include "core/texts.h"

#define PLAIN ":name"		/* says nothing: {x:name} is {x} */

struct pair {
	const struct texts *texts;
	const char *language, *model;
	struct buf *problems;
	const char *file;		/* of the language, near its last text that the model has too */
	int line;
};

/* The placeholder at or after `at`, without braces: what is behind it, or NULL. Texts are well formed by now. */
static const char *
placeholder(const char *at, const char **name, size_t *n)
{
	while ((at = strchr(at, '{')) != NULL && at[1] == '{')
		at += 2;
	if (at == NULL)
		return NULL;
	*name = at + 1;
	*n = strcspn(*name, "}");
	at = *name + *n;
	if (*n > strlen(PLAIN) && strncmp(at - strlen(PLAIN), PLAIN, strlen(PLAIN)) == 0)
		*n -= strlen(PLAIN);
	return at;
}

static bool
has(const char *text, const char *wanted, size_t wanted_n)
{
	const char *name;
	size_t n;

	while ((text = placeholder(text, &name, &n)) != NULL)
		if (n == wanted_n && strncmp(name, wanted, n) == 0)
			return true;
	return false;
}

/* Says each placeholder of `text` that `other` lacks. */
static void
compare(struct pair *p, const char *key, const char *text, const char *other, const char *how)
{
	const char *name, *file = "";
	int line = 1;
	size_t n;

	(void)texts_place(p->texts, p->model, key, &file, &line);
	while ((text = placeholder(text, &name, &n)) != NULL)
		if (!has(other, name, n))
			buf_addf(p->problems, "%s:%d: \"%s\" %s {%.*s}, unlike that of \"%s\" in %s:%d\n", p->file, p->line,
			    key, how, (int)n, name, p->model, file, line);
}

static void
check_text(struct pair *p, const char *key)
{
	const char *ours = texts_find(p->texts, p->language, p->language, key);
	const char *theirs = texts_find(p->texts, p->model, p->model, key), *file = "";
	int line = 1;

	if (ours == NULL) {
		(void)texts_place(p->texts, p->model, key, &file, &line);
		buf_addf(p->problems, "%s:%d: \"%s\" is missing in \"%s\"; add it, as it stands in %s:%d\n", p->file, p->line,
		    key, p->language, file, line);
		return;
	}
	(void)texts_place(p->texts, p->language, key, &p->file, &p->line);
	compare(p, key, theirs, ours, "lacks");
	compare(p, key, ours, theirs, "has");
}

bool
texts_agree(const struct texts *t, const char *language, const char *model, struct buf *problems)
{
	struct pair p = { t, language, model, problems, "", 1 };
	const char *first = texts_next(t, language, NULL);
	size_t before = problems->len;

	if (first != NULL) {
		(void)texts_place(t, language, first, &p.file, &p.line);
		p.line = 1;
	}
	for (const char *key = texts_next(t, model, NULL); key != NULL && p.file[0] != '\0'; key = texts_next(t, model, key))
		check_text(&p, key);
	return problems->len == before;
}
