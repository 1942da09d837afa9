/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the proof of a large menu takes: tests/bench/menus [FEATURES] makes one in six languages, with mistakes,
 * loads it and proves it.
 */
#include <stdio.h>
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
measure(int features, int stray)
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

	if (argc > 2 || (argc == 2 && !str_to_i64(argv[1], 2, 90, &features)))
		fatalx("usage: menus [FEATURES]");
	measure((int)features, 0);
	measure((int)features, 2);
	return 0;
}
