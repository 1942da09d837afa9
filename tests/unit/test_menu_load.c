/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a menu file may say: the checks of `accept`, one by one, and broken files, each with the
 * messages and the lines that its author needs.
 */
#include "menu_player.h"

/* ---- what may be typed */

#define ASK(accept) \
	"'start': { 'ask': 'q', 'as': 'x', 'accept': {" accept "}, 'go': 'end' }, " \
	"'end': { 'end': 'e' }"

struct typed {
	const char *accept, *text, *value;	/* value NULL: refused with */
	const char *problem;
};

static const struct typed typed[] = {
	{ ASK("'phone': {}"), " 082 123 4567 ", "27821234567", NULL },
	{ ASK("'phone': {}"), "+263771234567", "263771234567", NULL },
	{ ASK("'phone': {}"), "0821234", NULL, "error.phone" },
	{ ASK("'phone': { 'of': 'first' }"), "0821234567", "27821234567", NULL },
	{ ASK("'phone': { 'of': 'first' }"), "0821234568", NULL, "error.phone_differs" },
	{ ASK("'money': {}"), "R 50,50", "5050", NULL },
	{ ASK("'money': {}"), "0.00", NULL, "error.money" },
	{ ASK("'money': {}"), "-5", NULL, "error.money" },
	{ ASK("'money': {}"), "1.005", NULL, "error.money" },
	{ ASK("'money': { 'min': '10.00' }"), "9.99", NULL, "error.money_small" },
	{ ASK("'money': { 'min': '10.00' }"), "10", "1000", NULL },
	{ ASK("'money': { 'max': '10.00' }"), "10.01", NULL, "error.money_large" },
	{ ASK("'money': { 'max': '10.00' }"), "10", "1000", NULL },
	{ ASK("'money': { 'step': '10.00' }"), "15", NULL, "error.money_step" },
	{ ASK("'money': { 'step': '10.00' }"), "20", "2000", NULL },
	{ ASK("'id_number': {}"), "8001015009087", "8001015009087", NULL },
	{ ASK("'id_number': {}"), "8001015009088", NULL, "error.id_number" },
	{ ASK("'id_number': {}"), "8013015009087", NULL, "error.id_number" },
	{ ASK("'passport': {}"), "a12 34567", "A1234567", NULL },
	{ ASK("'passport': {}"), "abcdefg", NULL, "error.passport" },
	{ ASK("'name': {}"), "  Jan  van Zyl ", "Jan van Zyl", NULL },
	{ ASK("'name': {}"), "X", NULL, "error.name" },
	{ ASK("'date': {}"), "24/03/1990", "19900324", NULL },
	{ ASK("'date': {}"), "31/02/1990", NULL, "error.date" },
	{ ASK("'date': {}"), "02032026", NULL, "error.date" },	/* today is 1 March 2026 */
	{ ASK("'date': {}"), "31121899", NULL, "error.date" },
	{ ASK("'digits': { 'min': 4, 'max': 6 }"), "0123", "0123", NULL },
	{ ASK("'digits': { 'min': 4, 'max': 6 }"), "123", NULL, "error.digits" },
	{ ASK("'digits': { 'min': 4, 'max': 6 }"), "1234567", NULL, "error.digits" },
	{ ASK("'digits': { 'min': 4, 'max': 6 }"), "12a4", NULL, "error.digits" },
	{ ASK("'digits': { 'min': 8, 'max': 8 }"), "1234567", NULL, "error.digits_exact" },
	{ ASK("'text': { 'max': 5 }"), "h\xc3\xa9llo", "h\xc3\xa9llo", NULL },
	{ ASK("'text': { 'max': 5 }"), "hellos", NULL, "error.text" },
	{ ASK("'text': { 'max': 5 }"), "", NULL, "error.text" },
	{ ASK("'text': { 'max': 5 }"), "a\xff", NULL, "error.text" },
	{ ASK("'choice': { 'of': [ 'yes', 'no' ] }"), "YES", "yes", NULL },
	{ ASK("'choice': { 'of': [ 'yes', 'no' ] }"), "maybe", NULL, "error.choice" },
};

static void
test_typed(void **state)
{
	struct player p;

	(void)state;
	for (size_t i = 0; i < NELEM(typed); i++) {
		player_open(&p, typed[i].accept);
		player_play(&p, "$first=27821234567");
		player_input(&p, MENU_TEXT, typed[i].text);
		if (strcmp(p.dlg.state, typed[i].value != NULL ? "end" : "start") != 0)
			fail_msg("%s: %s is at %s", typed[i].accept, typed[i].text, p.dlg.state);
		assert_string_equal(vars_get(&p.dlg.vars, "x"),
		    typed[i].value != NULL ? typed[i].value : "");
		assert_string_equal(p.dlg.problem, typed[i].value != NULL ? "" : typed[i].problem);
		assert_int_equal(p.step.kind, typed[i].value != NULL ? STEP_END : STEP_SHOW);
		player_clear(&p);
	}
	player_open(&p, ASK("'id_number': {}"));
	player_play(&p, ">8001015009087");
	assert_string_equal(vars_get(&p.dlg.vars, "birth"), "19800101");
	player_clear(&p);
}

static void
test_wrong_input_says_why(void **state)
{
	struct player p;
	char long_input[2000];

	(void)state;
	player_open(&p, ASK("'money': { 'min': '10.00', 'max': '50.00', 'step': '10.00' }"));
	player_shows(&p, "Question");
	player_play(&p, ">5");
	player_shows(&p, "At least R10.00\nQuestion");
	player_play(&p, ">51");
	player_shows(&p, "At most R50.00\nQuestion");
	player_play(&p, ">15");
	player_shows(&p, "Steps of R10.00\nQuestion");
	memset(long_input, '1', sizeof long_input - 1);
	long_input[sizeof long_input - 1] = '\0';
	player_input(&p, MENU_TEXT, long_input);
	assert_string_equal(p.dlg.problem, "error.money");
	player_play(&p, ">20|<end");
	player_shows(&p, "End 2000");
	assert_int_equal(p.step.kind, STEP_END);
	player_clear(&p);
}

/* ---- broken files */

#define HEAD "{ 'menu': 'm', 'start': 's', 'home': 's',\n"	/* line 1 */
#define END "\n'e': { 'end': 't' } } }"
#define LEFT "'call': 'limit.left', 'on': { 'done': 'e', 'failed': 'e' } }"
#define CONFIRM(more) \
	"'c': { 'confirm': 't', 'intent': 'transfer', 'pin': true, 'declined': 'e', " \
	"'locked': 'e', 'failed': 'e', 'busy': 'e', 'lapsed': 'e', " more " },"
#define MOVE "'d': { 'call': 'transfer', 'on': { 'done': 'e', 'refused': 'e', 'later': 'e' } },"

struct broken { const char *json, *problems; };

static const struct broken broken[] = {
	{ "{ 'menu': 'm',", NULL },
	{ "[]", NULL },
	{ "{ 'start': 's' }",
	    "m.json:1: 'menu' must be a text in quotes\n"
	    "m.json:1: 'states' must hold the states of the menu\n" },
	{ "{ 'menu': 'm', 'start': 'x', 'home': 's', 'stats': 1, 'states': {\n"
	    "'s': { 'end': 't' } } }",
	    "m.json:1: unknown key 'stats'; did you mean 'states'?\n"
	    "m.json:1: 'start' names the state 'x', which does not exist; did you mean 's'?\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {\n"
	    "'1': 'ee' }, 'else': 'e' }," END,
	    "m.json:3: goes to the state 'ee', which does not exist; did you mean 'e'?\n" },
	{ HEAD "'states': { 's': { 'branch': 'x',\n'on': [], 'else': 'e' }," END,
	    "m.json:2: 'on' must be {'value': 'state'}\n" },
	{ HEAD "'states': { 's': { 'chose': 't' }," END,
	    "m.json:2: 's' must have one of call, choose, ask, confirm, end, branch\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x',\n"
	    "'acept': {}, 'go': 'e' }," END,
	    "m.json:3: unknown key 'acept'; did you mean 'accept'?\n"
	    "m.json:2: 's' needs 'accept'\n"
	    "m.json:2: 'accept' must be one check, as {'phone': {}}\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'accept': {\n"
	    "'phone': {} }, 'go': 'e' }," END,
	    "m.json:2: 'phone' needs 'as', the variable that keeps the answer\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept':\n"
	    "{ 'fone': {} }, 'go': 'e' }," END,
	    "m.json:3: unknown check 'fone'; did you mean 'phone'?\n" },
	{ HEAD "'states': { 's': { 'ask': 't',\n"
	    "'as': 'x', 'accept': { 'pin': {} }, 'go': 'e' }," END,
	    "m.json:3: a PIN is never kept in a variable; drop 'as'\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept': { 'money': {\n"
	    "'min': 10,\n"
	    "'stp': '1.00', 'max': '1.001' } }, 'go': 'e' }," END,
	    "m.json:4: unknown argument 'stp'; did you mean 'step'?\n"
	    "m.json:3: 'min' must be an amount in quotes, as '10.00'\n"
	    "m.json:4: 'max' must be an amount in quotes, as '10.00'\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept': {\n"
	    "'money': { 'min': '10.00', 'max': '1.00', 'step': '0.00' } }, 'go': 'e' }," END,
	    "m.json:3: 'step' must be more than 0\nm.json:3: 'min' is more than 'max'\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept': { 'text': {} }, 'go': 'e' "
	    "}," END,
	    "m.json:2: 'text' needs 'max'\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept': { 'choice': {} }, 'go': "
	    "'e' }," END,
	    "m.json:2: choice needs 'of': a list of 1 to 16 words\n" },
	{ HEAD "'states': { 's': { 'ask': 't',\n"
	    "'as': 'authed', 'accept': { 'name': {} }, 'go': 'e' }," END,
	    "m.json:3: only the gateway sets the variable 'authed'; choose another name\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {}, 'else': { 'go': 'e',\n"
	    "'set': { 'to_wallet': '1' } } }," END,
	    "m.json:3: only the gateway sets the variable 'to_wallet'; choose another name\n" },
	{ HEAD
	    "'states': { 's': { 'call':\n'limit.lef', 'on': { 'done': 'e' } }," END,
	    "m.json:3: unknown call 'limit.lef'; did you mean 'limit.left'?\n" },
	{ HEAD "'states': { 's': { 'call': 'limit.left', 'on': { 'done': 'e',\n"
	    "'faild': 'e' } }," END,
	    "m.json:2: the call 'limit.left' can end with 'failed', which 'on' does not "
	    "handle; add it\n"
	    "m.json:3: unknown outcome 'faild'; did you mean 'failed'?\n" },
	{ HEAD "'states': { 's': { " LEFT
	       ",\n"
	       "'lost': { 'ask': 't', 'as': 'x', 'accept': { 'name': {} }, 'go': 'e' }," END,
	    "m.json:3: nothing leads to the state 'lost'; go to it from another one or "
	    "remove it\n" },
	{ HEAD "'states': { 's': { 'choose': 't', 'options': [ { 'text': 't',\n"
	    "'go': 'p' } ] },\n"
	    "'p': { 'call': 'pin.check', 'on': { 'ok': 'e', 'wrong': 'e', 'locked': 'e', "
	    "'failed': 'e' } }," END,
	    "m.json:2: the call 'pin.check' of 'p' takes a PIN, but 's' does not ask for "
	    "one; go to an ask with the check pin or repeat_pin first\n" },
	{ HEAD "'states': { 's': { 'ask': 't',\n'accept': { 'pin': {} }, 'go': 'p' },\n"
	    "'p': { 'call': 'pin.change', 'on': { 'done': 'e', 'unsure': 'e', 'failed': 'e' } }," END,
	    "m.json:3: the call 'pin.change' of 'p' sets a PIN, but 's' does not repeat a new one; go to it from an ask "
	    "with the check repeat_pin of what an ask with new_pin kept\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': { '1': 'c' },\n"
	    "'else': 'd' },\n" CONFIRM("'accepted': 'd'") "\n" MOVE END,
	    "m.json:3: 'd' moves money by 'transfer'; it may only follow 'accepted' of a "
	    "confirm whose intent is 'transfer'\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {}, 'else': 'c' },\n"
	    "'c': { 'confirm': 't', 'intent': 'transfer', 'pin': true, 'accepted': 'e',\n"
	    "'declined': 'd', 'locked': 'e', 'failed': 'e', 'busy': 'e', 'lapsed': 'e' },\n"
	    MOVE END,
	    "m.json:4: 'd' moves money by 'transfer'; it may only follow 'accepted' of a "
	    "confirm whose intent is 'transfer'\n"
	    "m.json:3: 'accepted' of 'c' leads to 'e', so nobody is told what became of the payment; lead it to the call "
	    "'transfer'\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {}, 'else': 'c' },\n"
	    CONFIRM("'accepted': 'w'") "\n"
	    "'w': { 'call': 'withdrawal', 'on': { 'done': 'e', 'limit': 'e', 'refused': "
	    "'e', 'later': 'e' } }," END,
	    "m.json:3: 'w' moves money by 'withdrawal'; it may only follow 'accepted' of a "
	    "confirm whose intent is 'withdrawal'\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {}, 'else': 'c' },\n"
	    "'c': { 'confirm': 't', 'intent':\n"
	    "'pay', 'accepted': 'e', 'declined': 'e', 'locked': 'e', 'failed': 'e', "
	    "'busy': 'e' }," END,
	    "m.json:3: 'c' needs 'pin'\n"
	    "m.json:3: 'c' needs 'lapsed'\n"
	    "m.json:3: a confirm needs 'pin': true; only a PIN moves money\n"
	    "m.json:4: unknown intent 'pay'; it is 'transfer' or 'withdrawal'\n" },
	{ HEAD "'states': {\n"
	    "'s': { 'call': 'transfer', 'on': { 'done': 'e', 'refused': 'e', 'later': 'e' "
	    "} }," END,
	    "m.json:1: 'start' is the call 'transfer', which needs a PIN before it\n"
	    "m.json:1: 'home' is the call 'transfer', which needs a PIN before it\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept': { 'name': {} }, 'go': "
	    "'c',\n"
	    "'resume': 'c' },\n" CONFIRM("'accepted': 'd'") MOVE END,
	    "m.json:3: 'resume' is a confirm; it must be reached through what it confirms\n" },
	{ HEAD "'states': { 's': { 'choose': 't' }," END,
	    "m.json:2: a choose needs either 'options' or a 'list'\n" },
	{ HEAD "'states': { 's': { 'choose': 't', 'list': 'l', 'go': 'e' }," END,
	    "m.json:2: a choose from a 'list' needs 'text', the text key of an item\n" },
	{ HEAD "'states': { 's': { 'choose': 't',\n"
	    "'go': 'e', 'options': [ { 'text': 't', 'go': 'e' } ] }," END,
	    "m.json:3: 'go' belongs to a choose from a 'list'; put it into the option\n" },
	{ HEAD "'states': { 's': { 'choose': 't', 'options': [\n"
	    "{ 'text': 't', 'goo': 'e' },\n"
	    "3 ] }," END,
	    "m.json:3: unknown key 'goo'; did you mean 'go'?\n"
	    "m.json:3: 'go' must be a text in quotes\n"
	    "m.json:4: an option must be {'text': 'text.key', 'go': 'state'}\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'accept': { 'name': {} },\n"
	    "'go': 5 }," END,
	    "m.json:2: 'go' must name a state, or be {'go': 'state', ...}\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {},\n"
	    "'else': { 'go': 'e', 'set': { 'x': 1 } } }," END,
	    "m.json:3: the value of 'x' must be a text in quotes\n" },
	{ HEAD "'states': { 's': { 'branch': 'x', 'on': {}, 'else':\n"
	    "'a_name_that_is_much_longer_than_any_state_may_be' }," END,
	    "m.json:3: 'a_name_that_is_much_longer_than_any_state_may_be' of 'else' is too "
	    "long; at most 39 characters\n" },
	{ HEAD "'states': { 's': { 'ask': 't', 'as': 'x', 'go': 'e', 'accept': {\n"
	    "'text': { 'min': 2, 'max': 5 } } }," END,
	    "m.json:3: unknown argument 'min'\n" },
};

static void
test_broken(void **state)
{
	struct buf problems = { 0 };

	(void)state;
	for (size_t i = 0; i < NELEM(broken); i++) {
		const char *json = player_quotes(broken[i].json);
		struct menu *m = menu_load("m.json", json, strlen(json), NULL, player_languages, 3,
		    &problems);

		if (m != NULL)
			fail_msg("accepted: %s", broken[i].json);
		if (broken[i].problems == NULL)
			assert_true(str_starts(buf_str(&problems), "m.json:1: "));
		else if (strcmp(buf_str(&problems), player_quotes(broken[i].problems)) != 0)
			fail_msg("%s\nsays:\n%sand not:\n%s", broken[i].json, buf_str(&problems),
			    broken[i].problems);
		buf_reset(&problems);
	}
	buf_clear(&problems);
}

/* Keys of texts, of the menu and of the engine, are demanded of each language. */
static void
test_missing_texts(void **state)
{
	static const char json[] = HEAD "'states': { 's': { 'choose': 't', 'options': [\n"
	    "{ 'text': 'o', 'go': 'a', 'say': 'w' } ] },\n"
	    "'a': { 'ask': 't', 'as': 'x', 'accept': { 'name': {} }, 'go': 'e' }," END;
	static const char *const expected[] = {
		"m.json:3: the text 'o' is missing in language 'zu'; add it to the template\n",
		"m.json:3: the text 'w' is missing in language 'en'; add it to the template\n",
		"m.json:3: the text 'w' is missing in language 'zu'; add it to the template\n",
		"m.json:4: the text 'error.name' is missing in language 'en'; add it "
		"to the template\n",
		"m.json:1: the text 'nav.more' is missing in language 'zu'; add it to "
		"the template\n",
	};
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	const char *quoted;

	(void)state;
	player_texts(t, "en", "en.json", player_quotes("{'t':'T','o':'O'}"), 17);
	player_texts(t, "zu", "zu.json", player_quotes("{'t':'T'}"), 9);
	quoted = player_quotes(json);
	assert_null(menu_load("m.json", quoted, strlen(quoted), t, player_languages, 2, &problems));
	for (size_t i = 0; i < NELEM(expected); i++)
		if (strstr(buf_str(&problems), player_quotes(expected[i])) == NULL)
			fail_msg("lacks %s in:\n%s", expected[i], buf_str(&problems));
	assert_null(strstr(buf_str(&problems), "\"o\" is missing in language \"en\""));
	buf_clear(&problems);
	texts_free(t);
}

/* The version follows the content. */
static void
test_version(void **state)
{
	static const char text[] = "{'menu':'m','start':'s','home':'s','states':{'s':{'end':'t'}}}";
	char one[sizeof text], two[sizeof text];
	struct menu *a, *b, *c;

	str_copy(one, sizeof one, player_quotes(text));
	str_copy(two, sizeof two, one);
	*strrchr(two, 't') = 'u';
	a = player_menu("a.json", one, strlen(one), NULL, 1);
	b = player_menu("a.json", one, strlen(one), NULL, 1);
	c = player_menu("a.json", two, strlen(two), NULL, 1);
	(void)state;
	assert_string_equal(menu_version(a), menu_version(b));
	assert_string_not_equal(menu_version(a), menu_version(c));
	assert_string_equal(menu_name(a), "m");
	menu_free(a);
	menu_free(b);
	menu_free(c);
	menu_free(NULL);
}

/* Any prefix and any damaged octet of the shipped menu is read without harm. */
static void
test_damaged(void **state)
{
	static char json[PLAYER_FILE];
	size_t len = player_read("menus/wallet.json", json);
	struct buf problems = { 0 };

	(void)state;
	for (size_t i = 1; i < len; i += 97) {
		char was = json[i];

		menu_free(menu_load("m.json", json, i, NULL, player_languages, 3, &problems));
		json[i] = "{}[]':,x0"[i % 9];
		menu_free(menu_load("m.json", json, len, NULL, player_languages, 3, &problems));
		json[i] = was;
		buf_reset(&problems);
	}
	buf_clear(&problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_wrong_input_says_why),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_missing_texts),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
