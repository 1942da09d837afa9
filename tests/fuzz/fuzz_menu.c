/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A menu file of any octets, which may include a part, extend a menu and name itself, and, when it loads, the proof of it
 * and a walk through it: see fuzz_walk.h. There are no texts, so each screen shows the keys.
 */
#include "core/menu_prove.h"
#include "tests/fuzz/fuzz_walk.h"

/* Each mistake is one line that begins with the place. */
static void
check_problems(const struct buf *problems)
{
	const char *line = buf_str(problems), *end;

	must(strlen(line) == problems->len);
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
		must(str_starts(line, "menus/"));
	must(*line == '\0');
}

static const char part[] = "{\"part\":\"p\",\"start\":\"a\",\"exits\":[\"out\"],\"states\":{\"a\":{\"ask\":\"q\","
    "\"accept\":{\"pin\":{}},\"go\":\"b\"},\"b\":{\"call\":\"pin.check\",\"on\":{\"ok\":\"out\",\"wrong\":\"a\","
    "\"locked\":\"out\",\"failed\":\"out\"}}}}";
static const char base[] = "{\"menu\":\"b\",\"start\":\"a\",\"home\":\"a\",\"include\":{\"p\":{\"file\":\"p\",\"exits\":"
    "{\"out\":\"e\"}}},\"states\":{\"a\":{\"choose\":\"t\",\"options\":[{\"text\":\"o\",\"go\":\"p\"}]},"
    "\"e\":{\"end\":\"e\"}}}";

/* The file stands there as a part and as a menu. */
static struct bundle *
files_of(const uint8_t *data, size_t n)
{
	struct bundle *b = bundle_new();

	bundle_add(b, "menus/m.json", (const char *)data, n);
	bundle_add(b, "menus/n.json", (const char *)data, n);
	bundle_add(b, "menus/p.json", part, strlen(part));
	bundle_add(b, "menus/b.json", base, strlen(base));
	return b;
}

/* Whatever the proof says, it says of this file; the ways that it tells were gone by the engine. */
static void
prove(const struct menu *m, const struct texts *texts, struct buf *problems)
{
	struct prove_env env = { .texts = texts, .languages = walk_languages, .languages_n = (int)NELEM(walk_languages),
	    .config = "c.json" };

	must(menu_prove(m, &env, problems) == (problems->len == 0));
	check_problems(problems);
}

/* What is wrong with its form may be wrong as it likes. */
static void
prove_faulty(const struct bundle *files, const struct texts *texts, struct buf *problems)
{
	struct menu *m = menu_load_faulty(files, "menus/m.json");

	buf_reset(problems);
	if (m != NULL)
		prove(m, texts, problems);
	menu_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct texts *texts = texts_new();
	struct buf problems = { 0 };
	struct walk w;
	struct menu *m;
	char *lines;
	size_t n = fuzz_halves(data, size, &lines);
	struct bundle *files = files_of(data, n);

	/* With texts to check, of which there are none: each key is a mistake. */
	must(menu_load_bundle(files, "menus/m.json", texts, walk_languages, 1, &problems) == NULL);
	check_problems(&problems);
	buf_reset(&problems);
	m = menu_load_bundle(files, "menus/m.json", NULL, walk_languages, 2, &problems);
	check_problems(&problems);
	must((m == NULL) == (problems.len > 0));
	if (m != NULL) {
		prove(m, texts, &problems);
		walk_init(&w, m, texts, data, size);
		walk_step(&w, MENU_BEGIN, NULL);
		walk_lines(&w, lines);
	}
	menu_free(m);
	prove_faulty(files, texts, &problems);
	texts_free(texts);
	bundle_free(files);
	buf_clear(&problems);
	free(lines);
	return 0;
}
