/* SPDX-License-Identifier: Apache-2.0 */
/* Menus of several files: parts behind prefixes, menus that extend others, and every way in which that goes wrong. */
#include "tests/unit/menu_player.h"

#define E "'e': { 'end': 'e' }"
#define MENU "@menus/m.json\n{ 'menu': 'm', 'start': 's', 'home': 's',\n"
#define PART "@menus/p.json\n{ 'part': 'p', 'start': 'a', 'exits': [ 'out' ],\n"
#define P_STATES "'states': { 'a': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'b' } ] },\n" \
	"'b': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'out' }, { 'text': 'b', 'go': 'a' } ] } } }\n"
#define BASE "@menus/base.json\n{ 'menu': 'base', 'start': 's', 'home': 's',\n" \
	"'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'x' } ] },\n" \
	"'x': { 'choose': 'a', 'options': [ { 'text': 'b', 'go': 'e' } ] }, " E " } }\n"

/* The files of a text in which each begins with a line "@name". */
static struct bundle *
files_of(const char *text)
{
	struct bundle *b = bundle_new();

	while (*text == '@') {
		size_t n = strcspn(text, "\n");
		const char *json = text + n + 1, *next = strstr(json, "\n@");
		char name[BUNDLE_NAME];

		assert_true(str_copyn(name, sizeof name, text + 1, n - 1));
		next = next != NULL ? next + 1 : json + strlen(json);
		bundle_add(b, name, json, (size_t)(next - json));
		text = next;
	}
	return b;
}

static struct menu *
load(const char *text, struct buf *problems)
{
	struct bundle *b = files_of(player_quotes(text));
	struct menu *m = menu_load_bundle(b, "menus/m.json", NULL, NULL, 0, problems);

	bundle_free(b);
	return m;
}

static void
open_menu(struct player *p, const char *text)
{
	struct buf problems = { 0 };
	struct texts *t = texts_new();
	struct menu *m = load(text, &problems);
	const char *quoted;

	assert_string_equal(buf_str(&problems), "");
	assert_non_null(m);
	quoted = player_quotes(player_texts_en);
	player_texts(t, "en", "en.json", quoted, strlen(quoted));
	player_init(p, m, t, 1);
	player_begin(p);
}

/* One file twice, each time with another prefix and another way out; the prefix alone is its start. */
static void
test_part(void **state)
{
	struct player p;

	(void)state;
	open_menu(&p, MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 'two' } },\n"
	    "'two': { 'file': 'p', 'exits': { 'out': 'e' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' } ] }, " E " } }\n"
	    PART P_STATES);
	player_play(&p, "<s|>1|<one.a|>1|<one.b|>2|<one.a|>1|>1|<two.a|>1|<two.b|>1|<e");
	player_clear(&p);
}

/* A part's part: its names are behind both prefixes, and its exit may be an exit of the part around it. */
static void
test_part_of_a_part(void **state)
{
	struct player p;

	(void)state;
	open_menu(&p, MENU "'include': { 'o': { 'file': 'q', 'exits': { 'done': 'e' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'o.b' } ] }, " E " } }\n"
	    "@menus/q.json\n{ 'part': 'q', 'start': 'b', 'exits': [ 'done' ],\n"
	    "'include': { 'i': { 'file': 'p', 'exits': { 'out': 'done' } } },\n"
	    "'states': { 'b': { 'choose': 't', 'resume': 'i', 'options': [ { 'text': 'a', 'go': 'i' } ] } } }\n"
	    PART P_STATES);
	player_play(&p, "<s|>1|<o.b");
	assert_string_equal(menu_resume(p.menu, &p.dlg), "o.i.a");
	player_play(&p, ">1|<o.i.a|>1|<o.i.b|>1|<e");
	player_clear(&p);
}

/* Some states are others', some are more, the rest is as it was: also what is not used any more. */
static void
test_extends(void **state)
{
	struct player p;

	(void)state;
	open_menu(&p, "@menus/m.json\n{ 'menu': 'm', 'extends': 'base', 'home': 'new', 'states': {\n"
	    "'new': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'e' } ] } },\n"
	    "'replace': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'new' } ] } } }\n" BASE);
	assert_string_equal(menu_name(p.menu), "m");
	player_play(&p, "<s|>1|<new|>1|<e");
	player_begin(&p);
	player_play(&p, ">00|<new");
	player_clear(&p);
	/* A menu may be another one with nothing but its own name (and texts). */
	open_menu(&p, "@menus/m.json\n{ 'menu': 'm', 'extends': 'base' }\n" BASE);
	player_play(&p, "<s|>1|<x|>1|<e");
	player_clear(&p);
}

/* A state of a part that the extended menu includes can be replaced as well. */
static void
test_replaces_in_a_part(void **state)
{
	struct player p;

	(void)state;
	open_menu(&p, "@menus/m.json\n{ 'menu': 'm', 'extends': 'mid', 'replace': { 'one.b': { 'end': 'e' } } }\n"
	    "@menus/mid.json\n{ 'menu': 'mid', 'extends': 'base', 'include': {\n"
	    "'one': { 'file': 'p', 'exits': { 'out': 'e' } } },\n"
	    "'replace': { 'x': { 'choose': 'a', 'options': [ { 'text': 'b', 'go': 'one' } ] } } }\n" BASE PART P_STATES);
	player_play(&p, "<s|>1|<x|>1|<one.a|>1|<one.b");
	assert_int_equal(p.step.kind, STEP_END);
	player_clear(&p);
}

static const struct {
	const char *files, *says;	/* all lines that it says */
} broken[] = {
	{ MENU "'include': { 'one':\n{ 'file': 'q', 'exits': {} } }, 'states': { 's': { 'end': 't' } } }\n",
	    "menus/m.json:3: 'q' is not there: there is no file menus/q.json\n" },
	{ MENU "'include': { 'one':\n{ 'file': '../q' } }, 'states': { 's': { 'end': 't' } } }\n",
	    "menus/m.json:3: '../q' cannot be a file in the folder of menus\n" },
	{ MENU "'include': { 'one':\n{ 'fil': 'p' } }, 'states': { 's': { 'end': 't' } } }\n",
	    "menus/m.json:3: 'file' must be a text in quotes\n"
	    "menus/m.json:3: unknown key 'fil'; did you mean 'file'?\n" },
	{ MENU "'include': {\n'one': 'p' }, 'states': { 's': { 'end': 't' } } }\n",
	    "menus/m.json:2: 'include' must be {'prefix': {'file': 'parts/name', ...}}\n" },
	/* Exits. */
	{ MENU "'include': { 'one':\n{ 'file': 'p' } }, 'states': { 's': { 'choose': 't', 'options': [\n"
	    "{ 'text': 'a', 'go': 'one' } ] } } }\n" PART P_STATES,
	    "menus/m.json:3: the part can leave by 'out', which 'exits' does not bind; add it\n" },
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's',\n'uot': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' } ] } } }\n" PART P_STATES,
	    "menus/m.json:3: unknown exit 'uot'; did you mean 'out'?\n" },
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 'sx' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' } ] } } }\n" PART P_STATES,
	    "menus/m.json:2: unknown state 'sx'; did you mean 's'?\n" },
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's', 'a': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one.b' } ] } } }\n"
	    "@menus/p.json\n{ 'part': 'p', 'start': 'b', 'exits': [ 'out',\n'a' ],\n" P_STATES,
	    "menus/p.json:2: 'a' is an exit and a state of the part; give one of them another name\n"
	    "menus/p.json:3: nothing leads to the state 'one.a'; go to it from another one or remove it\n" },
	/* Names in a part are its own. */
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' } ] } } }\n"
	    PART "'states': { 'a': { 'choose': 't', 'options': [\n{ 'text': 'a', 'go': 's' } ] } } }\n",
	    "menus/p.json:3: goes to the state 'one.s', which does not exist; did you mean 'one.a'?\n" },
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' } ] },\n"
	    "'one.b': { 'end': 't' },\n'one': { 'end': 't' } } }\n" PART P_STATES,
	    "menus/m.json:4: there is a state 'one.b' already, at menus/p.json:3; choose another name\n"
	    "menus/m.json:5: there is an include 'one' already, at menus/m.json:2; choose another name\n" },
	{ MENU "'include': { 'one':\n{ 'file': 'p', 'exits': { 'out': 's' } } },\n'states': { 's': { 'end': 't' } } }\n"
	    PART P_STATES,
	    "menus/m.json:3: nothing leads to the part 'one'; go to it from a state or remove it\n" },
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one.b' } ] } } }\n"
	    "@menus/p.json\n{ 'part': 'p', 'exits': [ 'out' ],\n'start': 'c', " P_STATES,
	    "menus/p.json:2: 'start' names the state 'one.c', which does not exist; add it, or name another\n" },
	/* A part's own mistakes are in its own file. */
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' } ] } } }\n"
	    PART "'states': { 'a': { 'choose': 't', 'options': [\n\n{ 'text': 'a', 'goo': 'out' } ] } } }\n",
	    "menus/p.json:4: unknown key 'goo'; did you mean 'go'?\nmenus/p.json:4: 'go' must be a text in quotes\n" },
	{ MENU "'include': { 'one': { 'file': 'p', 'exits': { 'out': 's' } } },\n"
	    "'states': { 's': { 'choose': 't', 'options': [] } } }\n@menus/p.json\n[ 1 ]\n",
	    "menus/p.json:1: the file must hold one object: { ... }\n" },
	/* Of what would be in a file that cannot be read nothing is said. */
	{ MENU "'include': { 'one': {\n'file': 'none', 'exits': { 'out': 'one.x' } } },\n'states': { 's': { 'choose': 't', "
	    "'options': [\n{ 'text': 'a', 'go': 'one' }, { 'text': 'a', 'go': 'one.b' } ] } } }\n",
	    "menus/m.json:3: 'none' is not there: there is no file menus/none.json\n" },
	{ "@menus/m.json\n{ 'menu': 'm',\n'extends': 'nothing', 'replace': { 'x': { 'end': 't' } }, 'states': {\n"
	    "'s': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'y' } ] } } }\n",
	    "menus/m.json:2: 'nothing' is not there: there is no file menus/nothing.json\n" },
	/* A menu is no part, nor the other way round. */
	{ MENU "'include': { 'one':\n{ 'file': 'base' } },\n'states': { 's': { 'choose': 't', 'options': [\n"
	    "{ 'text': 'a', 'go': 'one' } ] } } }\n" BASE,
	    "menus/base.json:1: this is a menu, not a part; only a part can be included\n" },
	{ "@menus/m.json\n" "{ 'part': 'p', 'start': 'e', 'home': 'e', 'states': { " E " } }\n",
	    "menus/m.json:1: this is a part, not a menu; only 'include' can name it, from a folder of its own, "
	    "as parts\n" },
	/* Circles. */
	{ MENU "'include': { 'o': { 'file': 'q' } },\n'states': { 's': { 'choose': 't', 'options': [\n"
	    "{ 'text': 'a', 'go': 'o' } ] } } }\n"
	    "@menus/q.json\n{ 'part': 'q', 'start': 'b', 'include': { 'i':\n{ 'file': 'q' } },\n"
	    "'states': { 'b': { 'end': 't' } } }\n",
	    "menus/q.json:2: 'q' leads back to itself; a file cannot include or extend itself, not even through others\n" },
	{ "@menus/m.json\n{ 'menu': 'm',\n'extends': 'n', 'states': { 's': { 'end': 't' } } }\n"
	    "@menus/n.json\n{ 'menu': 'n', 'start': 's', 'home': 's',\n'extends': 'm' }\n",
	    "menus/n.json:2: 'm' leads back to itself; a file cannot include or extend itself, not even through others\n" },
	/* Extending. */
	{ "@menus/m.json\n{ 'menu': 'm',\n'extends': 'nothing' }\n",
	    "menus/m.json:2: 'nothing' is not there: there is no file menus/nothing.json\n" },
	{ "@menus/m.json\n{ 'menu': 'm',\n'extends': 'nothing', 'replace': { 'x': { 'end': 't' } }, 'states': { 'n': { 'choose': "
	    "'t', 'options': [ { 'text': 'a', 'go': 's' } ] } } }\n",
	    "menus/m.json:2: 'nothing' is not there: there is no file menus/nothing.json\n" },
	{ "@menus/m.json\n{ 'menu': 'm', 'extends': 'base', 'replace': {\n'xx': { 'end': 't' } } }\n" BASE,
	    "menus/m.json:2: unknown state to replace 'xx'; did you mean 'x'?\n" },
	{ "@menus/m.json\n{ 'menu': 'm', 'extends': 'base', 'states': {\n'x': { 'end': 't' } } }\n" BASE,
	    "menus/m.json:2: there is a state 'x' already, at menus/base.json:3; put it into 'replace' to have this one "
	    "instead\n" },
	{ "@menus/m.json\n{ 'menu': 'm', 'extends': 'base', 'states': {\n'y': { 'end': 't' } } }\n" BASE,
	    "menus/m.json:2: nothing leads to the state 'y'; go to it from another one or remove it\n" },
	{ MENU "'replace':\n{ 's': { 'end': 't' } }, 'states': { 's': { 'end': 't' } } }\n",
	    "menus/m.json:3: 'replace' is for a menu that 'extends' another\n" },
	{ "@menus/m.json\n{ 'menu': 'm', 'extends': 'base', 'replace': { 'x': { 'choose': 't', 'options': [\n"
	    "{ 'text': 'a', 'go': 'f' } ] } } }\n" BASE,
	    "menus/m.json:2: goes to the state 'f', which does not exist; did you mean 's'?\n" },
	{ MENU "'texts':\n'own', 'states': { 's': { 'end': 't' } } }\n",
	    "menus/m.json:3: there are no texts in 'own': it is a folder in that of the templates, with a file for a "
	    "language or more\n" },
};

static void
test_broken(void **state)
{
	struct buf problems = { 0 };

	(void)state;
	for (size_t i = 0; i < NELEM(broken); i++) {
		if (load(broken[i].files, &problems) != NULL)
			fail_msg("accepted: %s", broken[i].files);
		if (strcmp(buf_str(&problems), player_quotes(broken[i].says)) != 0)
			fail_msg("%s\nsays:\n%sand not:\n%s", broken[i].files, buf_str(&problems), broken[i].says);
		buf_reset(&problems);
	}
	buf_clear(&problems);
}

/* What grows with each level is stopped, not run out of. */
static void
test_too_many_parts(void **state)
{
	struct buf text = { 0 }, problems = { 0 };
	struct bundle *b;

	(void)state;
	buf_addf(&text, "@menus/m.json\n{ \"menu\": \"m\", \"start\": \"s\", \"home\": \"s\", \"include\": { \"o\": { \"file\": "
	    "\"p0\" } },\n\"states\": { \"s\": { \"end\": \"t\" } } }\n");
	for (int i = 0; i < 20; i++)
		buf_addf(&text, "@menus/p%d.json\n{ \"part\": \"p\", \"start\": \"s\", \"include\": { \"a\": { \"file\": \"p%d\" }, "
		    "\"b\": { \"file\": \"p%d\" } }, \"states\": { \"s\": { \"end\": \"t\" } } }\n", i, i + 1, i + 1);
	b = files_of(buf_str(&text));
	assert_null(menu_load_bundle(b, "menus/m.json", NULL, NULL, 0, &problems));
	assert_non_null(strstr(buf_str(&problems), "a menu has at most 200 parts, with those of its parts"));
	bundle_free(b);
	buf_clear(&text);
	buf_clear(&problems);
}

static void
note(void *arg, enum menu_ref what, const char *name)
{
	buf_addf(arg, "%s%s ", what == MENU_REF_TEXTS ? "texts:" : "", name);
}

/* In the order in which their texts go over each other; of what cannot be read nothing. */
static void
test_refs(void **state)
{
	const char *json = player_quotes("{ 'menu': 'm', 'texts': 'own', 'include': { 'a': { 'file': 'parts/p' }, 'b': 5,\n"
	    "'c': { 'file': 'parts/q' } }, 'extends': 'base' }");
	struct buf seen = { 0 };

	(void)state;
	menu_refs(json, strlen(json), note, &seen);
	assert_string_equal(buf_str(&seen), "base parts/p parts/q texts:own ");
	menu_refs("{ nonsense", 10, note, &seen);
	assert_string_equal(buf_str(&seen), "base parts/p parts/q texts:own ");
	buf_clear(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_part),
		cmocka_unit_test(test_part_of_a_part),
		cmocka_unit_test(test_extends),
		cmocka_unit_test(test_replaces_in_a_part),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_too_many_parts),
		cmocka_unit_test(test_refs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
