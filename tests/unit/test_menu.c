/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: back and home, options, paging, calls and PINs, resuming. What a menu file may say:
 * test_menu_load.c.
 */
#include "menu_player.h"

/* ---- back, home, options */

static const char walk[] =
    "'start': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'one' }, { 'text': 'b', "
    "'go': 'two', 'when': { 'rich': '1' } }, { 'text': 'c', 'go': 'end', 'set': { 'x': "
    "'{name}!' }, 'say': 'say' } ] },\n"
    "'one': { 'ask': 'q', 'as': 'one', 'accept': { 'text': { 'max': 9 } }, 'go': 'look', "
    "'resume': 'one' },\n"
    "'look': { 'call': 'limit.left', 'on': { 'done': 'two', 'failed': { 'go': 'one', "
    "'say': 'say' } } },\n"
    "'two': { 'ask': 't', 'as': 'two', 'accept': { 'text': { 'max': 9 } }, 'go': 'three' "
    "},\n"
    "'three': { 'choose': 'q', 'options': [ { 'text': 'a', 'go': 'two' }, { 'text': 'b', "
    "'go': 'start' } ] },\n"
    "'end': { 'end': 'e' }";

static void
test_back_and_home(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, walk);
	player_shows(&p, "Title\n1. A\n2. C");
	for (int i = 0; i < 100; i++)		/* nowhere to go back to, as often as one likes */
		player_play(&p, ">0|<start");
	player_play(&p, ">1|<one|>x|<look|=done|<two|>y|<three");
	player_shows(&p, "Question\n1. A\n2. B\n0 Back");
	player_play(&p, ">0|<two|>0|<one|>0|<start");
	player_shows(&p, "Title\n1. A\n2. C");
	player_play(&p, ">1|>x|=done|>y|>00|<start");
	assert_int_equal(p.dlg.back_n, 0);
	player_play(&p, ">1|>x|=failed|<one");
	player_shows(&p, "Look:\nQuestion\n0 Back");
	/* shown again after a way round: takes its old place */
	player_play(&p, ">0|<start|>1|>x|=done|>y|<three|>1|<two");
	player_play(&p, ">0|<one|>0|<start");
	player_play(&p, ">1|>x|=done|>y|>2|<start");	/* home empties the way back */
	assert_int_equal(p.dlg.back_n, 0);
	player_clear(&p);
}

static void
test_back_stack_is_bounded(void **state)
{
	char states[8192] = "";
	struct player p;

	(void)state;
	for (int i = 0; i < 30; i++) {
		char one[128];

		str_format(one, sizeof one,
		    "'s%d': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 's%d' } ] }, ", i,
		    i + 1);
		strncat(states, one, sizeof states - strlen(states) - 1);
	}
	strncat(states, "'start': { 'branch': 'z', 'on': {}, 'else': 's0' }, ",
	    sizeof states - strlen(states) - 1);
	strncat(states, "'s30': { 'end': 'e' }", sizeof states - strlen(states) - 1);
	player_open(&p, states);
	for (int i = 0; i < 29; i++)
		player_play(&p, ">1");
	player_play(&p, "<s29");
	assert_int_equal(p.dlg.back_n, MENU_BACK);
	for (int i = 0; i < MENU_BACK; i++)
		player_play(&p, ">0");
	player_play(&p, "<s17|>0|<s0");
	player_clear(&p);
}

static void
test_options(void **state)
{
	static const char *const wrong[] = { "3", "00x", "1 1", "-1", "+1", "01a", "", "\xd9\xa1",
		"99999999999999999999" };
	struct player p;

	(void)state;
	player_open(&p, walk);
	for (size_t i = 0; i < NELEM(wrong); i++) {
		player_input(&p, MENU_TEXT, wrong[i]);
		player_shows(&p, "Choose\nTitle\n1. A\n2. C");
	}
	player_play(&p, "$name=Zola|>2|<end");	/* the hidden option has no number */
	player_shows(&p, "Look:\nEnd Zola!");
	player_begin(&p);
	player_play(&p, "$rich=1|>2|<two");
	player_clear(&p);
}

/* ---- pages */

static const char list[] =
    "'start': { 'choose': 't', 'list': 'tx', 'text': 'item', 'as': 'pick', 'go': { 'go': "
    "'end', 'set': { 'x': '{name}' } } },\n"
    "'end': { 'end': 'e' }";

static void
fill_list(struct player *p, int n)
{
	char name[40];

	for (int i = 1; i <= n; i++) {
		str_format(name, sizeof name, "Item%d", i);
		assert_true(vars_set_item(&p->dlg.vars, "tx", i, "name", name));
		assert_true(vars_set_item(&p->dlg.vars, "tx", i, "amount", "2400000"));
	}
	assert_true(vars_set_i64(&p->dlg.vars, "tx.n", n));
	player_input(p, MENU_TEXT, "00");
}

static void
test_list_pages(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, list);
	p.env.max_septets = 60;
	fill_list(&p, 5);
	player_shows(&p, "Title\n1. Item1 R24 000.00\n2. Item2 R24 000.00\n98 More");
	player_play(&p, ">3");			/* not shown yet */
	player_shows(&p, "Choose\nTitle\n1. Item1 R24 000.00\n2. Item2 R24 000.00\n98 More");
	player_play(&p, ">98");
	player_shows(&p, "3. Item3 R24 000.00\n4. Item4 R24 000.00\n98 More\n0 Back");
	player_play(&p, ">98");
	player_shows(&p, "5. Item5 R24 000.00\n0 Back");
	player_play(&p, ">98");			/* no more: wrong input, from the beginning */
	player_shows(&p, "Choose\nTitle\n1. Item1 R24 000.00\n2. Item2 R24 000.00\n98 More");
	player_play(&p, ">98|>0|>98|>98|>0|>2|<end");
	player_shows(&p, "End Item2");
	assert_string_equal(vars_get(&p.dlg.vars, "pick"), "2");
	player_begin(&p);
	fill_list(&p, 5);
	assert_true(vars_set_item(&p.dlg.vars, "tx", 5, "id", "w5"));
	player_play(&p, ">98|>98|>5|<end");
	assert_string_equal(vars_get(&p.dlg.vars, "pick"), "w5");
	player_clear(&p);
}

/* All pages together say all words, and none is longer than the channel's size. */
static void
read_all_pages(const char *title, bool is_gsm, int size)
{
	char states[512], all[2048] = "";
	int max = is_gsm ? size : size * 7 / 16, pages = 0;
	struct player p;
	bool more;

	str_format(states, sizeof states, "'start': { 'choose': '%s', 'options': [ "
	    "{ 'text': 'a', 'go': 'start' }, { 'text': 'b', 'go': 'start' } ] }", title);
	player_open(&p, states);
	p.env.max_septets = size;
	for (player_play(&p, ">00");; player_play(&p, ">98")) {
		more = strstr(p.step.text, "\n98 More") != NULL;
		if ((is_gsm ? gsm_septets(p.step.text) : ucs2_units(p.step.text)) > max)
			fail_msg("%d: %s", size, p.step.text);
		strncat(all, p.step.text, strcspn(p.step.text, "98"));
		strncat(all, " ", sizeof all - strlen(all) - 1);
		if (!more)
			break;
		assert_true(++pages < 20);
	}
	assert_non_null(strstr(all, "three"));
	assert_non_null(strstr(all, "fifteen"));
	assert_non_null(strstr(all, "2. B"));
	player_clear(&p);
}

static void
test_every_size(void **state)
{
	(void)state;
	for (int size = 40; size <= 300; size++)
		read_all_pages("long", true, size);
	for (int size = 92; size <= 300; size++)	/* 40 characters of UCS-2 */
		read_all_pages("wide", false, size);
}

/* An option that fits a page is not torn to fill the page before. */
static void
test_options_stay_whole(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, "'start': { 'choose': 'pay', 'options': [ "
	    "{ 'text': 'forty', 'go': 'start' }, { 'text': 'b', 'go': 'start' } ] }");
	p.env.max_septets = 57;
	player_play(&p, "$amount=5000|>00");
	player_shows(&p, "Pay R50.00\n98 More");
	player_play(&p, ">98");
	player_shows(&p, "1. abcdefgh ijklmnop qrstuvwx yzabcdef ghij\n2. B\n0 Back");
	player_clear(&p);
}

static void
test_long_end(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, "'start': { 'end': 'long' }");
	assert_int_equal(p.step.kind, STEP_SHOW);
	assert_non_null(strstr(p.step.text, "\n98 More"));
	player_play(&p, ">98");
	assert_int_equal(p.step.kind, STEP_END);
	assert_non_null(strstr(p.step.text, "twentyseven"));
	/* A page that is not there is the last one, also to go on from and back from. */
	p.dlg.page = INT32_MAX;
	player_input(&p, MENU_TEXT, "98");
	assert_non_null(strstr(p.step.text, "twentyseven"));
	p.dlg.page = INT32_MAX;
	player_input(&p, MENU_TEXT, "0");
	assert_non_null(strstr(p.step.text, "One two"));
	player_clear(&p);
}

/* ---- calls, PINs, confirm */

static const char pay[] =
    "'start': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'pay' } ] },\n"
    "'pay': { 'confirm': 'pay', 'intent': 'transfer', 'pin': true, 'accepted': 'do', "
    "'declined': 'start', 'locked': 'end', 'failed': 'end', 'busy': 'end', 'lapsed': "
    "'end' },\n"
    "'do': { 'call': 'transfer', 'on': { 'done': 'end', 'refused': 'end', 'later': "
    "'next' } },\n"
    "'next': { 'ask': 'q', 'as': 'x', 'accept': { 'text': { 'max': 9 } }, 'go': 'end' "
    "},\n"
    "'end': { 'end': 'e' }";

static void
test_confirm(void **state)
{
	static const char *const no[] = { "0", "00", " 0 " };
	struct player p;

	(void)state;
	player_open(&p, pay);
	for (size_t i = 0; i < NELEM(no); i++) {
		player_play(&p, "<start|$amount=5000|>1|<pay");
		assert_string_equal(p.step.intent, "transfer");
		player_input(&p, MENU_TEXT, no[i]);
		assert_int_equal(p.step.kind, STEP_DECLINE);
		player_play(&p, "=declined");
	}
	player_play(&p, ">1");
	player_shows(&p, "Pay R50.00");		/* no way back but its own */
	player_play(&p, ">1");			/* a repeated digit is no PIN */
	player_shows(&p, "PIN: 4 digits\nPay R50.00");
	assert_string_equal(p.step.intent, "transfer");
	player_play(&p, ">73910|>739a|>7391");
	assert_int_equal(p.step.kind, STEP_ACCEPT);
	assert_string_equal(p.step.secret, "7391");
	player_play(&p, "$tries_left=2|=wrong|<pay");
	player_shows(&p, "Wrong, 2 left\nPay R50.00");
	assert_string_equal(p.step.secret, "");
	assert_true(menu_confirming(p.menu, &p.dlg));
	player_play(&p, ">7391|=accepted|<do");
	assert_int_equal(p.step.kind, STEP_CALL);
	assert_false(menu_confirming(p.menu, &p.dlg));
	player_play(&p, "=later|<next");
	player_shows(&p, "Question");		/* never back into what was paid */
	player_play(&p, ">0|<start");
	player_play(&p, ">1|>7391|=lapsed|<end");
	player_clear(&p);
}

static void
test_money_call_is_never_repeated(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, pay);
	player_play(&p, ">1|>7391|=accepted|<do");
	player_input(&p, MENU_TEXT, "7391");
	assert_int_equal(p.step.kind, STEP_END);
	player_shows(&p, "Lost");
	player_clear(&p);
	player_open(&p, walk);
	player_play(&p, ">1|>x|<look");
	player_input(&p, MENU_TEXT, "again");	/* reading twice does no harm */
	assert_int_equal(p.step.kind, STEP_CALL);
	assert_string_equal(p.step.call, "limit.left");
	player_clear(&p);
}

static void
test_confirm_takes_the_pin_on_its_last_page(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, pay);
	p.env.max_septets = 40;
	player_play(&p, ">1");
	str_copy(p.dlg.problem, sizeof p.dlg.problem, "long");	/* makes it longer than a page */
	player_input(&p, MENU_TEXT, "98");
	assert_string_equal(p.dlg.problem, "long");
	while (strstr(p.step.text, "98 More") != NULL) {
		player_input(&p, MENU_TEXT, "7391");
		assert_int_equal(p.step.kind, STEP_SHOW);
	}
	player_input(&p, MENU_TEXT, "7391");
	assert_int_equal(p.step.kind, STEP_ACCEPT);
	player_clear(&p);
}

static const char pins[] =
    "'start': { 'ask': 'q', 'as': 'pin1', 'accept': { 'new_pin': {} }, 'go': 'again', "
    "'resume': 'start' },\n"
    "'again': { 'ask': 't', 'accept': { 'repeat_pin': { 'of': 'pin1' } }, 'go': 'do', "
    "'resume': 'start' },\n"
    "'do': { 'call': 'pin.change', 'on': { 'done': 'check', 'failed': 'end', 'unsure': 'end' } },\n"
    "'check': { 'ask': 'a', 'accept': { 'pin': {} }, 'go': 'verify' },\n"
    "'verify': { 'call': 'pin.check', 'on': { 'ok': 'end', 'wrong': { 'go': 'check', "
    "'say': 'error.pin_wrong' }, 'locked': 'end', 'failed': 'end' } },\n"
    "'end': { 'end': 'e' }";

static void
holds_no_pin(const struct player *p, const char *pin)
{
	assert_null(memmem(&p->dlg, sizeof p->dlg, pin, strlen(pin)));
}

static void
test_new_pin(void **state)
{
	struct player p;
	char mac[64];

	(void)state;
	player_open(&p, pins);
	player_play(&p, ">12|<start|>1111|<start");
	assert_string_equal(p.dlg.problem, "error.pin_weak");
	player_play(&p, ">4567|<start|>8264|<again");	/* 4567 ends the phone number */
	holds_no_pin(&p, "8264");
	str_copy(mac, sizeof mac, vars_get(&p.dlg.vars, "pin1"));
	assert_int_equal(strlen(mac), 32);
	player_play(&p, ">2581|<again");
	assert_string_equal(p.dlg.problem, "error.pin_differs");
	player_play(&p, ">8264|<do");
	assert_int_equal(p.step.kind, STEP_CALL);
	assert_string_equal(p.step.secret, "8264");
	holds_no_pin(&p, "8264");
	player_play(&p, "=done|<check");
	assert_string_equal(p.step.secret, "");
	player_play(&p, ">98|<check|>7391|<verify");
	assert_string_equal(p.step.secret, "7391");
	holds_no_pin(&p, "7391");
	player_play(&p, "$tries_left=1|=wrong|<check");
	player_shows(&p, "Wrong, 1 left\nA\n0 Back");
	p.env.phone = "27821234568";		/* the same PIN of another phone looks different */
	player_input(&p, MENU_BEGIN, NULL);
	assert_string_equal(vars_get(&p.dlg.vars, "pin1"), "");
	player_play(&p, ">8264");
	assert_string_not_equal(vars_get(&p.dlg.vars, "pin1"), mac);
	player_clear(&p);
}

static void
test_pin_goes_only_where_wanted(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, "'start': { 'ask': 'q', 'accept': { 'pin': {} }, 'go': 'look' }, "
	    "'look': { 'call': 'limit.left', 'on': { 'done': 'start', 'failed': 'start' } }");
	player_play(&p, ">7391|<look");
	assert_int_equal(p.step.kind, STEP_CALL);
	assert_string_equal(p.step.secret, "");
	player_clear(&p);
}

/* ---- begin, resume, language, loops */

static void
test_resume(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, walk);
	assert_null(menu_resume(p.menu, &p.dlg));
	player_play(&p, ">1|<one");
	assert_string_equal(menu_resume(p.menu, &p.dlg), "one");
	player_play(&p, "$authed=1|$name=Zola");
	assert_null(menu_resume(p.menu, &p.dlg));	/* what the PIN opened could be on it */
	player_input(&p, MENU_BEGIN, "one");
	player_play(&p, "<one");
	player_shows(&p, "Question\n0 Back");	/* the way out is shown here too */
	assert_string_equal(vars_get(&p.dlg.vars, "name"), "Zola");
	assert_false(vars_has(&p.dlg.vars, "authed"));
	player_play(&p, ">0|<start");
	player_input(&p, MENU_BEGIN, "one");
	player_input(&p, MENU_BEGIN, "gone");	/* of an older menu */
	player_play(&p, "<start");
	assert_string_equal(p.dlg.menu, "test");
	assert_string_equal(p.dlg.version, menu_version(p.menu));
	assert_int_equal(strlen(menu_version(p.menu)), 16);
	player_clear(&p);
	player_open(&p, pins);
	player_play(&p, ">8264|<again");
	assert_string_equal(menu_resume(p.menu, &p.dlg), "start");
	player_play(&p, "$authed=1");
	assert_null(menu_resume(p.menu, &p.dlg));	/* a new PIN proves nothing */
	player_clear(&p);
	player_open(&p, "'start': { 'ask': 'q', 'accept': { 'pin': {} }, 'go': 'do', 'resume': 'start' },\n"
	    "'do': { 'call': 'pin.check', 'on': { 'ok': 'end', 'wrong': 'start', 'locked': 'end', 'failed': 'end' } },\n"
	    "'end': { 'end': 'e' }");
	player_play(&p, "$authed=1");
	assert_string_equal(menu_resume(p.menu, &p.dlg), "start");
	player_clear(&p);
}

static void
to_offer(struct player *p)
{
	player_play(p, ">1|<one|$phone=27821234567|$name=Zola");
	player_input(p, MENU_RESUME, menu_resume(p->menu, &p->dlg));
	player_shows(p, "resume.offer\n1. resume.yes\n2. resume.no");
	assert_int_equal(p->step.kind, STEP_SHOW);
	assert_string_equal(menu_resume(p->menu, &p->dlg), "one");	/* a drop here loses nothing */
}

static void
test_offer(void **state)
{
	static const char *const no[] = { "2", "0", " 00\n" };
	struct player p;

	(void)state;
	player_open(&p, walk);
	to_offer(&p);
	player_play(&p, ">1 1");
	assert_non_null(strstr(p.step.text, "\nresume.offer\n1. resume.yes"));
	player_play(&p, ">98");
	assert_non_null(strstr(p.step.text, "\nresume.offer\n1. resume.yes"));
	player_play(&p, ">1|<one");
	player_shows(&p, "Question\n0 Back");
	assert_string_equal(vars_get(&p.dlg.vars, "name"), "Zola");
	assert_false(vars_has(&p.dlg.vars, "authed"));
	player_play(&p, ">x|<look");		/* and is over: digits mean what they meant */
	for (size_t i = 0; i < NELEM(no); i++) {
		player_clear(&p);
		player_open(&p, walk);
		to_offer(&p);
		player_input(&p, MENU_TEXT, no[i]);
		player_play(&p, "<start");
		player_shows(&p, "Title\n1. A\n2. C");
		assert_false(vars_has(&p.dlg.vars, "name"));
		assert_string_equal(vars_get(&p.dlg.vars, "phone"), "27821234567");
	}
	to_offer(&p);
	p.dlg.lang[0] = '\0';			/* none chosen yet: asked in that of the tenant, and it stays to be chosen */
	player_input(&p, MENU_RESUME, "one");
	player_shows(&p, "resume.offer\n1. resume.yes\n2. resume.no");
	assert_string_equal(p.dlg.lang, "");
	player_clear(&p);
}

static void
test_resume_s(void **state)
{
	static const struct {
		const char *key;
		int seconds;		/* -2: refused */
	} rows[] = { { "", -1 }, { "'resume_s': 0, ", 0 }, { "'resume_s': 86400, ", 86400 }, { "'resume_s': 86401, ", -2 },
		{ "'resume_s': -1, ", -2 }, { "'resume_s': '5', ", -2 }, { "'resume_s': 1.5, ", -2 } };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf problems = { 0 }, json = { 0 };
		struct menu *m;

		buf_addf(&json, "{ 'menu': 'm', 'start': 'e', 'home': 'e', %s'states': { 'e': { 'end': 'e' } } }", rows[i].key);
		for (size_t k = 0; k < json.len; k++)
			json.p[k] = json.p[k] == '\'' ? '"' : json.p[k];
		m = menu_load("m.json", buf_str(&json), json.len, NULL, NULL, 0, &problems);
		if (rows[i].seconds == -2) {
			assert_null(m);
			assert_string_equal(buf_str(&problems),
			    "m.json:1: \"resume_s\" must be a whole number of seconds, from 0 to 86400\n");
		} else {
			assert_non_null(m);
			assert_int_equal(menu_resume_s(m), rows[i].seconds);
		}
		menu_free(m);
		buf_clear(&problems);
		buf_clear(&json);
	}
}

static void
test_languages(void **state)
{
	struct player p;

	(void)state;
	player_open(&p,
	    "'start': { 'branch': 'lang', 'on': { '': 'choose' }, 'else': 'end' }, "
	    "'choose': { 'choose': 't', 'list': 'languages', 'text': 'lang', 'as': 'lang', "
	    "'go': 'end' }, 'end': { 'end': 't' }");
	player_shows(&p, "Title\n1. English\n2. isiZulu");
	assert_string_equal(p.dlg.lang, "en");
	player_play(&p, ">2|<end");
	player_shows(&p, "Isihloko");
	assert_string_equal(p.dlg.lang, "zu");
	player_begin(&p);		/* remembered: not asked again */
	player_play(&p, "<end");
	str_copy(p.dlg.lang, sizeof p.dlg.lang, "xx");
	player_begin(&p);
	player_play(&p, "<choose");
	str_copy(p.dlg.lang, sizeof p.dlg.lang, "");
	p.env.languages_n = 1;		/* nothing to choose from */
	player_begin(&p);
	player_play(&p, "<end");
	assert_string_equal(p.dlg.lang, "en");
	player_clear(&p);
}

static void
test_loops_end(void **state)
{
	struct player p;
	int calls = 0;

	(void)state;
	player_open(&p, "'start': { 'branch': 'a', 'on': {}, 'else': 'b' }, 'b': { 'branch': 'b', "
	    "'on': {}, 'else': 'start' }");
	assert_int_equal(p.step.kind, STEP_END);
	player_shows(&p, "Broken");
	player_clear(&p);
	player_open(&p,
	    "'start': { 'call': 'cash.kinds', 'on': { 'done': 'start', 'none': 'start', 'closed': 'start', "
	    "'busy': 'start', 'off': 'start' } }");
	for (; p.step.kind == STEP_CALL && calls < 1000; calls++)
		player_play(&p, "=none");
	assert_int_equal(p.step.kind, STEP_END);
	assert_true(calls < 100);
	player_clear(&p);
}

static void
test_nonsense_ends_kindly(void **state)
{
	struct player p;

	(void)state;
	player_open(&p, walk);
	player_input(&p, MENU_OUTCOME, "done");		/* nothing was called */
	player_shows(&p, "Broken");
	player_begin(&p);
	player_play(&p, ">1|>x|<look");
	player_input(&p, MENU_OUTCOME, "surprise");
	assert_int_equal(p.step.kind, STEP_END);
	player_shows(&p, "Broken");
	str_copy(p.dlg.state, sizeof p.dlg.state, "unheard.of");
	player_input(&p, MENU_TEXT, "1");
	assert_int_equal(p.step.kind, STEP_END);
	player_shows(&p, "Lost");
	player_clear(&p);
}

/* Variables that are full end the dialogue; they never drop an answer silently. */
static void
test_full_variables(void **state)
{
	static char big[VARS_SIZE];
	struct player p;

	(void)state;
	player_open(&p, walk);
	player_play(&p, ">1|<one");
	memset(big, 'x', sizeof big - p.dlg.vars.len - 8);
	assert_true(vars_set(&p.dlg.vars, "big", big));
	player_play(&p, ">hello");
	assert_int_equal(p.step.kind, STEP_END);
	player_shows(&p, "Broken");
	player_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back_and_home),
		cmocka_unit_test(test_back_stack_is_bounded),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_list_pages),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_options_stay_whole),
		cmocka_unit_test(test_long_end),
		cmocka_unit_test(test_confirm),
		cmocka_unit_test(test_money_call_is_never_repeated),
		cmocka_unit_test(test_confirm_takes_the_pin_on_its_last_page),
		cmocka_unit_test(test_new_pin),
		cmocka_unit_test(test_pin_goes_only_where_wanted),
		cmocka_unit_test(test_resume), cmocka_unit_test(test_offer), cmocka_unit_test(test_resume_s),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_loops_end),
		cmocka_unit_test(test_nonsense_ends_kindly),
		cmocka_unit_test(test_full_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
