/* SPDX-License-Identifier: Apache-2.0 */
/* A menu of the source folder with all that it names, as a bundle. For tests that are run there. */
#pragma once
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "core/bundle.h"
#include "core/menu.h"

struct menu_bundle {
	struct bundle *b;
	const char (*languages)[8];
	int languages_n;
};

static inline void
menu_bundle_file(struct bundle *b, const char *name)
{
	struct buf text = { 0 };
	char part[4096];
	FILE *f = fopen(name, "r");

	if (f == NULL)
		fatalx("%s: cannot be read; run it in the source folder", name);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(&text, part, n);
	fclose(f);
	bundle_add(b, name, buf_str(&text), text.len);
	buf_clear(&text);
}

static inline void
menu_bundle_named(void *arg, enum menu_ref what, const char *named)
{
	struct menu_bundle *m = arg;
	char name[BUNDLE_NAME];
	const char *text;
	size_t len;

	for (int i = 0; what == MENU_REF_TEXTS && i < m->languages_n; i++)
		if (menu_texts_name(named, m->languages[i], name))
			menu_bundle_file(m->b, name);
	if (what == MENU_REF_TEXTS || !menu_file_name(named, name) || bundle_find(m->b, name, NULL) != NULL)
		return;
	menu_bundle_file(m->b, name);
	text = bundle_find(m->b, name, &len);
	menu_refs(text, len, menu_bundle_named, m);
}

static inline struct bundle *
menu_bundle(const char *menu, const char (*languages)[8], int languages_n)
{
	struct menu_bundle m = { bundle_new(), languages, languages_n };

	menu_bundle_named(&m, MENU_REF_FILE, menu);
	return m.b;
}

/* The shipped menu of that name; NULL after adding problems. */
static inline struct menu *
menu_of_source(const char *menu, const struct texts *texts, const char (*languages)[8], int languages_n,
    struct buf *problems)
{
	struct bundle *b = menu_bundle(menu, languages, languages_n);
	char name[BUNDLE_NAME];
	struct menu *m = menu_file_name(menu, name) ? menu_load_bundle(b, name, texts, languages, languages_n, problems)
	    : NULL;

	bundle_free(b);
	return m;
}
