/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Menus that are wrong: each file of tests/data/broken is loaded and proven, and must give exactly the problems that
 * its comments say: "//! what begins so" on the line of the problem, "//!+" where the key presses that lead there are
 * said too. Files as NAME.zu.json are texts that NAME.json has besides texts.json. The shipped menus give none.
 */
#include "menu_player.h"

#include <dirent.h>

#include "core/menu_prove.h"

#define FOLDER "tests/data/broken"
#define PROBLEMS 64
#define MARK "//!"
#define TRY "; try: isango dial -c isango.json --offline --menu broken --keys \""

struct expected {
	char text[PROBLEMS][512];
	bool keys[PROBLEMS], met[PROBLEMS];
	int n;
};

static char text[PLAYER_FILE];

/* What the comments of a file expect. */
static void
read_expected(struct expected *e, const char *file, char *json)
{
	int line = 1;

	for (char *at = json, *next; (next = strchr(at, '\n')) != NULL; at = next + 1, line++) {
		*next = '\0';
		for (char *mark = strstr(at, MARK), *more; mark != NULL; mark = more) {
			bool keys = mark[strlen(MARK)] == '+';

			mark += strlen(MARK) + (keys ? 1 : 0);
			if ((more = strstr(mark, " " MARK)) != NULL)
				*more++ = '\0';
			assert_true(e->n < PROBLEMS);
			e->keys[e->n] = keys;
			assert_true(str_format(e->text[e->n++], sizeof e->text[0], "%s:%d: %s", file, line,
			    mark + strspn(mark, " ")));
		}
		*next = '\n';
	}
}

static void
meet(struct expected *e, const char *problem)
{
	for (int i = 0; i < e->n; i++)
		if (!e->met[i] && str_starts(problem, e->text[i])) {
			if (e->keys[i] != (strstr(problem, TRY) != NULL))
				fail_msg("%s keys: %s", e->keys[i] ? "without" : "with", problem);
			e->met[i] = true;
			return;
		}
	fail_msg("not expected: %s", problem);
}

static void
add_texts(struct texts *t, const char *lang, const char *file, struct expected *e, struct buf *problems)
{
	FILE *f = fopen(file, "r");
	size_t n;

	if (f == NULL)
		return;
	fclose(f);
	n = player_read(file, text);
	(void)!texts_add(t, lang, file, text, n, problems);
	read_expected(e, file, text);
}

static void
try_menu(const char *name, const struct prove_env *env, struct expected *e, struct buf *problems)
{
	char file[256];
	struct bundle *files = bundle_new();
	struct menu *m;
	size_t n;

	assert_true(str_format(file, sizeof file, FOLDER "/%s.json", name));
	n = player_read(file, text);
	bundle_add(files, file, text, n);
	m = menu_load_bundle(files, file, env->texts, env->languages, env->languages_n, problems);
	if (m == NULL)
		m = menu_load_faulty(files, file);
	bundle_free(files);
	read_expected(e, file, text);
	if (m != NULL && env->by_sms)
		(void)!menu_check_sms(m, problems);
	if (m != NULL)
		(void)!menu_prove(m, env, problems);
	menu_free(m);
}

static void
try_file(const char *name)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	struct prove_env env = { .texts = t, .languages = player_languages, .languages_n = 2, .config = "isango.json",
	    .by_sms = str_starts(name, "sms-") };
	struct expected e = { .n = 0 };
	char file[256], *line, *rest;

	for (int i = 0; i < env.languages_n; i++) {
		add_texts(t, player_languages[i], FOLDER "/texts.json", &e, &problems);
		assert_true(str_format(file, sizeof file, FOLDER "/%s.%s.json", name, player_languages[i]));
		add_texts(t, player_languages[i], file, &e, &problems);
	}
	try_menu(name, &env, &e, &problems);
	if (getenv("BROKEN_PRINT") != NULL)
		printf("%s", buf_str(&problems));
	rest = problems.p;
	while (rest != NULL && getenv("BROKEN_PRINT") == NULL && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			meet(&e, line);
	for (int i = 0; i < e.n; i++)
		if (!e.met[i] && getenv("BROKEN_PRINT") == NULL)
			fail_msg("not said: %s", e.text[i]);
	assert_true(e.n > 0 || getenv("BROKEN_PRINT") != NULL);
	texts_free(t);
	buf_clear(&problems);
}

static void
what_is_wrong_is_said(void **state)
{
	DIR *d = opendir(FOLDER);
	struct dirent *entry;
	char name[256];
	int n = 0;

	(void)state;
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		size_t stem = strcspn(entry->d_name, ".");

		if (stem == 0 || strcmp(entry->d_name + stem, ".json") != 0 || strcmp(entry->d_name, "texts.json") == 0)
			continue;
		assert_true(str_copyn(name, sizeof name, entry->d_name, stem));
		try_file(name);
		n++;
	}
	closedir(d);
	assert_true(n >= 60);
}

/* `folder`: of texts that the menu brings along, or NULL. */
static void
expect_none(const char *menu, const char *folder, bool by_sms)
{
	struct player p;
	struct buf problems = { 0 };
	struct prove_env env = { .languages = player_languages, .languages_n = (int)NELEM(player_languages),
	    .config = "isango.json", .by_sms = by_sms };
	struct menu *m;
	char file[64];

	player_shipped(&p);
	for (int i = 0; folder != NULL && i < env.languages_n; i++) {
		assert_true(str_format(file, sizeof file, "templates/%s/%s.json", folder, player_languages[i]));
		player_texts(p.texts, player_languages[i], file, text, player_read(file, text));
	}
	env.texts = p.texts;
	m = menu_of_source(menu, p.texts, player_languages, env.languages_n, &problems);
	if (m != NULL)
		(void)!menu_prove(m, &env, &problems);
	assert_string_equal(buf_str(&problems), "");
	menu_free(m);
	player_clear(&p);
	buf_clear(&problems);
}

static void
shipped_menus_are_right(void **state)
{
	(void)state;
	expect_none("wallet", NULL, false);
	expect_none("sms", NULL, true);
	expect_none("payout", "payout", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_menus_are_right),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
