/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session record of any octets is gone on with in the shipped menu: see fuzz_walk.h. The input is
 * the record's length in two octets, the record, and the lines.
 */
#include <stdio.h>

#include "core/session.h"
#include "tests/fuzz/fuzz_walk.h"
#include "tests/menu_bundle.h"

static struct texts *texts;
static struct menu *menu;

static char *
read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL || getdelim(&text, &size, EOF, f) < 0) {
		perror(path);
		exit(2);
	}
	fclose(f);
	*n = strlen(text);
	return text;
}

static void
load_shipped(void)
{
	struct buf problems = { 0 };
	char path[64], *text;
	size_t n;

	texts = texts_new();
	for (size_t i = 0; i < NELEM(walk_languages); i++) {
		str_format(path, sizeof path, "templates/%s.json", walk_languages[i]);
		text = read_file(path, &n);
		must(texts_add(texts, walk_languages[i], path, text, n, &problems));
		free(text);
	}
	menu = menu_of_source("wallet", texts, walk_languages, (int)NELEM(walk_languages), &problems);
	must(menu != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session s;	/* too big for a stack */
	struct walk w;
	char *lines;
	size_t n;

	if (menu == NULL)
		load_shipped();
	if (size < 2 || (n = (size_t)(data[0] | data[1] << 8)) > size - 2)
		return 0;
	if (!session_decode(data + 2, n, &s))
		return 0;
	lines = strndup((const char *)data + 2 + n, size - 2 - n);
	must(lines != NULL);
	walk_init(&w, menu, texts, data, size);
	w.dlg = s.dlg;
	walk_lines(&w, lines);
	free(lines);
	return 0;
}
