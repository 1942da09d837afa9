/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the proof of a large menu takes: tests/bench/menus [FEATURES] makes one in six languages, with mistakes,
 * loads it and proves it. With a FOLDER that has copies of etc, menus and templates it puts the one without mistakes there
 * instead, as the tenant's menu, for `isango check`.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "core/menu_model.h"
#include "core/menu_prove.h"
#include "tests/unit/menu_maker.h"

#define LANGUAGES 6

static const char languages[LANGUAGES][8] = { "en", "zu", "xh", "af", "st", "tn" };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The first that loads: an edge astray may leave a state to which nothing leads. */
static struct menu *
make(struct maker *k, int features, int stray, const struct texts *t)
{
	struct buf problems = { 0 };
	struct menu *m = NULL;

	for (uint32_t seed = 1; m == NULL && seed < 2000; seed++) {
		buf_clear(&k->json);
		maker_menu(k, seed, features, stray);
		m = menu_load("big.json", buf_str(&k->json), k->json.len, t, languages, LANGUAGES, &problems);
	}
	buf_clear(&problems);
	return m;
}

static void
write_file(const char *folder, const char *name, const char *before, const char *json)
{
	char path[512];
	FILE *f = str_format(path, sizeof path, "%s/%s", folder, name) ? fopen(path, "w") : NULL;

	if (f == NULL || fprintf(f, "%s%s", before, json) < 0 || fclose(f) != 0)
		fatalx("%s cannot be written", path);
}

/* The texts stand in a folder of their own, over those that every tenant has. */
static void
put(const char *folder, const struct maker *k, const struct buf *texts)
{
	static const char *const tenants[] = { "en", "zu", "af", "xh", "st", "nso", "tn" };
	char path[512];

	if (!str_format(path, sizeof path, "%s/templates/made", folder) || (mkdir(path, 0755) != 0 && errno != EEXIST))
		fatalx("%s cannot be made", path);
	write_file(folder, "menus/wallet.json", "{ \"texts\": \"made\",", strchr(buf_str(&k->json), '{') + 1);
	for (size_t i = 0; i < NELEM(tenants); i++)
		if (str_format(path, sizeof path, "templates/made/%s.json", tenants[i]))
			write_file(folder, path, "", buf_str(texts));
}

static void
measure(int features, int stray, const char *folder)
{
	static struct maker maker;
	struct buf json = { 0 }, problems = { 0 };
	struct texts *t = texts_new();
	struct prove_env env = { .texts = t, .languages = languages, .languages_n = LANGUAGES, .config = "c.json" };
	struct menu *m;
	double begun;
	size_t n = 0;

	maker_all_texts(&json, features);
	for (int i = 0; i < LANGUAGES; i++)
		if (!texts_add(t, languages[i], "texts.json", buf_str(&json), json.len, &problems))
			fatalx("%s", buf_str(&problems));
	m = make(&maker, features, stray, t);
	if (m == NULL)
		fatalx("no such menu loads");
	if (folder != NULL)
		put(folder, &maker, &json);
	begun = now();
	menu_free(m);
	m = menu_load("big.json", buf_str(&maker.json), maker.json.len, t, languages, LANGUAGES, &problems);
	(void)!menu_prove(m, &env, &problems);
	begun = now() - begun;
	for (size_t i = 0; i < problems.len; i++)
		n += problems.p[i] == '\n';
	printf("%d states, %d languages: %zu mistakes found in %.3f s\n", m->state_n, LANGUAGES, n, begun);
	menu_free(m);
	texts_free(t);
	buf_clear(&maker.json);
	buf_clear(&json);
	buf_clear(&problems);
}

int
main(int argc, char **argv)
{
	int64_t features = 46;

	if (argc > 3 || (argc > 1 && !str_to_i64(argv[1], 2, 90, &features)))
		fatalx("usage: menus [FEATURES [FOLDER]]");
	measure((int)features, 0, argc > 2 ? argv[2] : NULL);
	if (argc < 3)
		measure((int)features, 2, NULL);
	return 0;
}
