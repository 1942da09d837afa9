/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer and a service for tests of menus: plays what is typed and what calls answer, no more.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"
#include "tests/menu_bundle.h"

#define PLAYER_FILE 131072

struct player {
	struct texts *texts;
	struct menu *menu;
	struct menu_env env;
	struct dialogue dlg;
	struct step step;
	void (*on_step)(struct player *p);	/* NULL, or called after each step */
};

static const char player_languages[7][8] = { "en", "zu", "af", "xh", "st", "nso", "tn" };
static const unsigned char player_key[32] = { 7 };

/* JSON in C is easier to read with ' for ": the text with its quotes, until the next call. */
static inline const char *
player_quotes(const char *json)
{
	static char out[8192];

	assert_true(str_copy(out, sizeof out, json));
	for (char *c = out; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return out;
}

static inline void
player_texts(struct texts *t, const char *lang, const char *file, const char *json, size_t len)
{
	struct buf problems = { 0 };
	bool ok = texts_add(t, lang, file, json, len, &problems);

	assert_string_equal(buf_str(&problems), "");
	assert_true(ok);
	buf_clear(&problems);
}

static inline struct menu *
player_menu(
    const char *file, const char *json, size_t len, const struct texts *texts, int languages)
{
	struct buf problems = { 0 };
	struct menu *m = menu_load(file, json, len, texts, player_languages, languages, &problems);

	assert_string_equal(buf_str(&problems), "");
	assert_non_null(m);
	buf_clear(&problems);
	return m;
}

static inline void
player_init(struct player *p, struct menu *menu, struct texts *texts, int languages)
{
	memset(p, 0, sizeof *p);
	p->menu = menu;
	p->texts = texts;
	p->env = (struct menu_env){ .texts = texts,
		.text_env = { .country = "27", .utc_offset_s = 7200 },
		.fallback_lang = "en",
		.languages = player_languages,
		.languages_n = languages,
		.country = "27",
		.phone = "27821234567",
		.today = "20260301",
		.pin_length = 4,
		.max_septets = 160,
		.mac_key = player_key };
}

static inline void
player_clear(struct player *p)
{
	menu_free(p->menu);
	texts_free(p->texts);
}

static inline void
player_input(struct player *p, enum menu_in kind, const char *text)
{
	struct menu_input in = { kind, text };

	menu_step(p->menu, &p->dlg, &in, &p->env, &p->step);
	if (p->on_step != NULL)
		p->on_step(p);
}

static inline void
player_begin(struct player *p)
{
	memset(&p->dlg.vars, 0, sizeof p->dlg.vars);
	player_input(p, MENU_BEGIN, NULL);
}

static inline void
player_set(struct player *p, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	char name[VARS_NAME];

	assert_true(str_copyn(name, sizeof name, assignment, (size_t)(eq - assignment)));
	assert_true(vars_set(&p->dlg.vars, name, eq + 1));
}

static inline void
player_token(struct player *p, const char *token)
{
	bool waits = p->step.kind == STEP_SHOW;

	if (*token == '$') {
		player_set(p, token + 1);
	} else if (*token == '>') {
		if (!waits)
			fail_msg(
			    "typed \"%s\" while nothing was asked, at %s", token, p->dlg.state);
		player_input(p, MENU_TEXT, token + 1);
	} else if (*token == '*') {
		player_input(p, MENU_SENT, "");
	} else if (*token == '=') {
		if (waits || p->step.kind == STEP_END)
			fail_msg("outcome \"%s\" without a call, at %s: %s", token, p->dlg.state,
			    p->step.text);
		player_input(p, MENU_OUTCOME, token + 1);
	} else if (strcmp(p->dlg.state, token + 1) != 0) {
		fail_msg("at %s, not at %s: %s", p->dlg.state, token + 1, p->step.text);
	}
}

/* ">typed|*|=outcome|$variable=value|<state", from where the player is; *: a picture is sent. */
static inline void
player_play(struct player *p, const char *script)
{
	char token[256];

	for (const char *at = script; *at != '\0';) {
		size_t n = strcspn(at, "|");

		assert_true(str_copyn(token, sizeof token, at, n));
		player_token(p, token);
		at += n + (at[n] == '|');
	}
}

static const char player_texts_en[] =
    "{ 'language.name': 'English', 'nav.back': '0 Back', 'nav.more': '98 More',\n"
    "'error.choice': 'Choose', 'error.pin': 'PIN: {pin_length} digits',\n"
    "'error.pin_wrong': 'Wrong, {tries_left} left', 'error.internal': 'Broken',\n"
    "'error.session_lost': 'Lost', 'error.money_small': 'At least {min:money}',\n"
    "'error.money_large': 'At most {max:money}', 'error.money_step': 'Steps of {step:money}',\n"
    "'error.digits': '{min} to {max} digits', 'error.digits_exact': '{max} digits', 'error.text': 'At most {max}',\n"
    "'t': 'Title', 'a': 'A', 'b': 'B', 'c': 'C', 'q': 'Question', 'e': 'End {x}',\n"
    "'say': 'Look:', 'pay': 'Pay {amount:money}', 'item': '{name} {amount:money}',\n"
    "'lang': '{name}', 'forty': 'abcdefgh ijklmnop qrstuvwx yzabcdef ghij',\n"
    "'long': 'One two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty twentyone twentytwo "
    "twentythree twentyfour twentyfive twentysix twentyseven',\n"
    "'wide': '\\u015bwi\\u0119to one two three four five six seven eight nine ten eleven "
    "twelve thirteen fourteen fifteen' }";
static const char player_texts_zu[] = "{ 'language.name': 'isiZulu', 't': 'Isihloko' }";

/* A menu of these states with small texts, begun. */
static inline void
player_open(struct player *p, const char *states)
{
	struct texts *t = texts_new();
	char json[8192];
	const char *quoted = player_quotes(player_texts_en);

	player_texts(t, "en", "en.json", quoted, strlen(quoted));
	quoted = player_quotes(player_texts_zu);
	player_texts(t, "zu", "zu.json", quoted, strlen(quoted));
	str_format(json, sizeof json,
	    "{ 'menu': 'test', 'start': 'start', 'home': 'start', 'states': {%s} }",
	    states);
	quoted = player_quotes(json);
	player_init(p, player_menu("test.json", quoted, strlen(quoted), NULL, 2), t, 2);
	player_begin(p);
}

static inline void
player_shows(struct player *p, const char *text)
{
	assert_string_equal(p->step.text, text);
}

static inline size_t
player_read(const char *file, char *out)
{
	FILE *f = fopen(file, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s: cannot be read", file);
	n = fread(out, 1, PLAYER_FILE - 1, f);
	out[n] = '\0';
	fclose(f);
	return n;
}

/* The shipped menu with its texts. */
static inline void
player_shipped(struct player *p)
{
	static char text[PLAYER_FILE];
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	struct menu *menu;
	size_t n;

	for (size_t i = 0; i < NELEM(player_languages); i++) {
		char file[64];

		str_format(file, sizeof file, "templates/%s.json", player_languages[i]);
		n = player_read(file, text);
		player_texts(t, player_languages[i], file, text, n);
	}
	menu = menu_of_source("wallet", t, player_languages, NELEM(player_languages), &problems);
	assert_string_equal(buf_str(&problems), "");
	player_init(p, menu, t, NELEM(player_languages));
}
