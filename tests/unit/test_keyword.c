/* SPDX-License-Identifier: Apache-2.0 */
/* Which word an SMS begins with, and what may be a PIN. */
#include "tests/unit/menu_player.h"

#include "core/keyword.h"

static struct texts *texts;

static int
set_up(void **state)
{
	static const char en[] = "{ \"sms.word.stop\": \"STOP,QUIT\", \"sms.word.start\": \"START\", "
	    "\"sms.word.help\": \"HELP,STOP,INFO\" }";
	static const char zu[] = "{ \"sms.word.stop\": \"YIMA, Misa \", \"sms.word.start\": \"QALA\" }";
	static const char ve[] = "{ \"sms.word.stop\": \"\u1e3cit\u0161ha\", \"sms.word.help\": \"\u041f\u043e\" }";

	(void)state;
	texts = texts_new();
	player_texts(texts, "en", "en.json", en, sizeof en - 1);
	player_texts(texts, "zu", "zu.json", zu, sizeof zu - 1);
	player_texts(texts, "ve", "ve.json", ve, sizeof ve - 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	texts_free(texts);
	return 0;
}

static const struct {
	const char *text;
	enum keyword k;
	const char *lang;
} words[] = {
	{ "STOP", KEYWORD_STOP, "en" }, { "stop", KEYWORD_STOP, "en" }, { " sToP it", KEYWORD_STOP, "en" },
	{ "\"Stop\"", KEYWORD_STOP, "en" }, { "S.T.O.P.", KEYWORD_STOP, "en" }, { "stop,now", KEYWORD_STOP, "en" },
	{ "stop\nnow", KEYWORD_STOP, "en" }, { "st\u00f3p", KEYWORD_STOP, "en" }, { "sto\u0301p", KEYWORD_STOP, "en" },
	{ "\u00a0stop", KEYWORD_STOP, "en" }, { "stop\u2026", KEYWORD_STOP, "en" },
	{ "yima", KEYWORD_STOP, "zu" }, { "M\u00edsa!", KEYWORD_STOP, "zu" }, { "Qala futhi", KEYWORD_START, "zu" },
	{ "litsha", KEYWORD_STOP, "ve" }, { "\u1e3dit\u0161ha", KEYWORD_STOP, "ve" },
	{ "\u041f\u043e", KEYWORD_HELP, "ve" },
	{ "info", KEYWORD_HELP, "en" }, { "quit", KEYWORD_STOP, "en" }, { "start", KEYWORD_START, "en" },
	{ "", KEYWORD_NONE, NULL }, { "...", KEYWORD_NONE, NULL }, { "please stop", KEYWORD_NONE, NULL },
	{ "stopped", KEYWORD_NONE, NULL }, { "st op", KEYWORD_NONE, NULL }, { "1", KEYWORD_NONE, NULL },
	{ "stop\xff", KEYWORD_STOP, "en" }, { "\xff", KEYWORD_NONE, NULL },
	{ "stopstopstopstopstopstopstopstopstopstopstopstopstopstopstopstopstop", KEYWORD_NONE, NULL },
};

static void
test_words(void **state)
{
	static const char languages[2][8] = { "zu", "ve" };	/* English in any case */
	const char *lang;

	(void)state;
	for (size_t i = 0; i < NELEM(words); i++) {
		enum keyword k = keyword_find(words[i].text, texts, languages, 2, &lang);

		if (k != words[i].k)
			fail_msg("\"%s\" is %d, not %d", words[i].text, (int)k, (int)words[i].k);
		if (words[i].lang == NULL)
			assert_null(lang);
		else
			assert_string_equal(lang, words[i].lang);
	}
}

/* A tenant whose templates know no English can be stopped in English all the same. */
static void
test_no_english(void **state)
{
	static const char languages[1][8] = { "xx" };
	struct texts *none = texts_new();
	const char *lang;

	(void)state;
	player_texts(none, "xx", "xx.json", "{ \"a\": \"b\" }", 12);
	assert_int_equal(keyword_find("Stop", none, languages, 1, &lang), KEYWORD_STOP);
	assert_int_equal(keyword_find("START", none, languages, 1, &lang), KEYWORD_START);
	assert_int_equal(keyword_find("help", none, languages, 1, &lang), KEYWORD_HELP);
	assert_int_equal(keyword_find("quit", none, languages, 1, &lang), KEYWORD_NONE);
	texts_free(none);
}

static void
test_pins(void **state)
{
	static const char *const yes[] = { "1234", "12345678", " 24 680. ", "2-4-6-8-0", "24680\n" };
	static const char *const no[] = { "", "1", "123", "123456789", "a1234", "pay 1234", "....", "\xff" };

	(void)state;
	for (size_t i = 0; i < NELEM(yes); i++)
		assert_true(keyword_is_like_pin(yes[i]));
	for (size_t i = 0; i < NELEM(no); i++)
		assert_false(keyword_is_like_pin(no[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_english),
		cmocka_unit_test(test_pins),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
