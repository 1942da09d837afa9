/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Menus that are wrong: each file of tests/data/broken is loaded and proven with the shipped texts, and must give
 * exactly the problems that its comments expect. The shipped menus must give none.
 */
#include "menu_player.h"

#include "core/menu_prove.h"

static void
expect_none(const char *file, bool by_sms)
{
	struct player p;
	struct buf problems = { 0 };
	struct prove_env env = { .languages = player_languages, .languages_n = (int)NELEM(player_languages),
	    .config = "isango.json", .by_sms = by_sms };
	static char text[PLAYER_FILE];
	struct menu *m;

	player_shipped(&p);
	env.texts = p.texts;
	m = player_menu(file, text, player_read(file, text), p.texts, env.languages_n);
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
	expect_none("menus/wallet.json", false);
	expect_none("menus/sms.json", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_menus_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
