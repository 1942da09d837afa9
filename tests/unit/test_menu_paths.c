/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checker calls safe is safe: random menus that it finds nothing wrong with are walked by the engine with
 * random keys and answers, and nothing that it promises may break. And what it finds wrong comes with the keys that
 * lead there. Walks through menus with mistakes must break something now and then, or this would prove nothing.
 */
#include "menu_player.h"

#include "core/menu_prove.h"
#include "menu_maker.h"

#define SEEDS 240
#define DIALOGUES 12
#define STEPS 40

struct walker {
	struct player p;
	struct maker dice;
	char broken[256];		/* what broke, "": nothing */
};

static void
broke(struct walker *w, const char *what, const char *name)
{
	if (w->broken[0] == '\0')
		str_format(w->broken, sizeof w->broken, "%s %s at %s", what, name, w->p.dlg.state);
}

static const struct menu_state *
here(const struct walker *w)
{
	return menu_find(w->p.menu, w->p.dlg.state, strlen(w->p.dlg.state));
}

/* Every variable that a shown text names is set. */
static void
look_at_text(struct walker *w, const char *key)
{
	struct texts_placeholder ph;

	for (const char *text = texts_find(w->p.texts, "en", "en", key); (text = texts_placeholder(text, &ph)) != NULL;)
		if (!vars_has(&w->p.dlg.vars, ph.name))
			broke(w, key, ph.name);
}

static void
look_at_needs(struct walker *w, const struct call_row *row)
{
	const struct vars *v = &w->p.dlg.vars;

	for (const struct call_need *n = row->needs; n->name != NULL; n++)
		if (!vars_has(v, n->name) && (n->other == NULL || !vars_has(v, n->other)))
			broke(w, row->name, n->name);
}

static void
look(struct walker *w)
{
	const struct menu_state *s = here(w);
	const struct menu_option *o;

	if (w->p.step.kind == STEP_CALL)
		look_at_needs(w, call_find(w->p.step.call));
	if (w->p.step.kind != STEP_SHOW && w->p.step.kind != STEP_END)
		return;
	if (strcmp(w->p.step.text, "INTERNAL") == 0 || strcmp(w->p.step.text, "Lost") == 0) {
		broke(w, "the engine", w->p.step.text);
		return;
	}
	look_at_text(w, s->text);
	if (w->p.dlg.problem[0] != '\0')
		look_at_text(w, w->p.dlg.problem);
	for (int i = 1; (o = screen_option(s, i, &w->p.dlg.vars)) != NULL; i++)
		look_at_text(w, o->text);
	if (s->kind == MENU_CONFIRM)
		look_at_needs(w, call_find(s->intent));
}

/* ---- what calls answer ---- */

static const char *
value_of(struct walker *w, const struct var_type *t)
{
	if (t->words > 0)
		return t->word[maker_roll(&w->dice, (uint32_t)t->words)];
	switch (t->kind) {
	case KIND_MONEY:
	case KIND_FEE:
	case KIND_COUNT:
		return maker_roll(&w->dice, 3) == 0 ? "0" : "5000";
	case KIND_MOMENT:
		return "1774353600000";
	default:
		return "1";
	}
}

static void
set_one(struct walker *w, const struct call_set *set)
{
	struct vars *v = &w->p.dlg.vars;
	char list[VARS_NAME], name[VARS_NAME];
	const char *field = strstr(set->name, ".i.");
	bool unset = set->how == SET_NOT || (set->how == SET_PERHAPS && maker_roll(&w->dice, 2) == 0) ||
	    (set->how == SET_WITH && !vars_has(v, set->with));

	if (strchr(set->name, '.') == NULL) {
		(void)vars_set(v, set->name, unset ? "" : value_of(w, &set->type));
	} else if (field == NULL) {
		str_copyn(list, sizeof list, set->name, strcspn(set->name, "."));
		vars_unset_list(v, list);
	} else {
		str_copyn(list, sizeof list, set->name, (size_t)(field - set->name));
		str_format(name, sizeof name, "%s.n", list);
		(void)vars_set(v, name, "2");
		(void)vars_set_item(v, list, 1, field + 3, value_of(w, &set->type));
		(void)vars_set_item(v, list, 2, field + 3, value_of(w, &set->type));
	}
}

static void
answer(struct walker *w, const struct call_set *sets, const char *const *outcomes)
{
	uint32_t n = 0;
	const char *outcome;

	while (outcomes[n] != NULL)
		n++;
	/* The first is the good one, and leads further. */
	outcome = outcomes[maker_roll(&w->dice, 2) == 0 ? 0 : maker_roll(&w->dice, n)];
	for (; sets->name != NULL; sets++)
		if (call_sets_on(sets, outcome))
			set_one(w, sets);
	if (strcmp(outcome, "wrong") == 0)
		(void)vars_set(&w->p.dlg.vars, "tries_left", "2");
	player_input(&w->p, MENU_OUTCOME, outcome);
}

/* ---- what customers do ---- */

static const char *
fitting(const struct menu_state *s)
{
	static const struct {
		const char *check, *text;
	} rows[] = { { "phone", "0831234567" }, { "money", "50" }, { "name", "Thandi" }, { "pin", "2719" } };

	for (size_t i = 0; s->kind == MENU_ASK && i < NELEM(rows); i++)
		if (strcmp(rows[i].check, s->accept.row->name) == 0)
			return rows[i].text;
	return s->kind == MENU_CONFIRM ? "2719" : "1";
}

static void
begin(struct walker *w)
{
	const char *from = maker_roll(&w->dice, 2) == 0 ? menu_resume(w->p.menu, &w->p.dlg) : NULL;
	struct vars *v = &w->p.dlg.vars;

	if (from == NULL)
		memset(v, 0, sizeof *v);
	for (const struct call_set *set = dialogue_vars; set->name != NULL; set++)
		if (set->how == SET_ALWAYS)
			(void)vars_set(v, set->name, strcmp(set->name, "phone") == 0 ? "27821234567" : "1");
	vars_unset(v, "reset_ok");
	player_input(&w->p, MENU_BEGIN, from);
}

static void
act(struct walker *w)
{
	static const char *const odd[] = { "0", "00", "98", "x", "", "7", "3" };
	static const char *const of_pin[] = { "accepted", "wrong", "locked", "lapsed", "busy", "failed", NULL };
	char option[8];

	switch (w->p.step.kind) {
	case STEP_SHOW:
		str_format(option, sizeof option, "%u", 1 + maker_roll(&w->dice, 8));
		if (maker_roll(&w->dice, 40) == 0)
			begin(w);
		else if (maker_roll(&w->dice, 5) == 0)
			player_input(&w->p, MENU_TEXT, odd[maker_roll(&w->dice, NELEM(odd))]);
		else
			player_input(&w->p, MENU_TEXT, here(w)->kind == MENU_CHOOSE ? option : fitting(here(w)));
		break;
	case STEP_END:
		begin(w);
		break;
	case STEP_CALL:
		answer(w, call_find(w->p.step.call)->sets, call_find(w->p.step.call)->outcomes);
		break;
	case STEP_ACCEPT:
		answer(w, confirm_sets, of_pin);
		break;
	case STEP_DECLINE:
		player_input(&w->p, MENU_OUTCOME, "declined");
		break;
	}
}

/* What broke, or NULL. */
static const char *
walk(struct walker *w)
{
	w->broken[0] = '\0';
	for (int i = 0; i < DIALOGUES; i++) {
		memset(&w->p.dlg, 0, sizeof w->p.dlg);
		str_copy(w->p.dlg.lang, sizeof w->p.dlg.lang, "en");
		begin(w);
		for (int k = 0; k < STEPS && w->broken[0] == '\0'; k++) {
			look(w);
			act(w);
		}
	}
	return w->broken[0] != '\0' ? w->broken : NULL;
}

/* Everything that a way leads to comes with the way. */
static int
check_ways(const struct buf *problems)
{
	static const char *const of_way[] = { " reads \"", " shows {", " compares with ", " lists ", " is private", " key" };
	int ways = 0;

	for (const char *line = buf_str(problems), *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		bool is_way = false;

		for (size_t i = 0; i < NELEM(of_way); i++) {
			const char *found = strstr(line, of_way[i]);

			is_way = is_way || (found != NULL && found < end);
		}
		if (is_way && memmem(line, (size_t)(end - line), "; try: isango dial", 18) == NULL)
			fail_msg("no keys: %.*s", (int)(end - line), line);
		ways += is_way;
	}
	return ways;
}

struct tally {
	int loaded, safe, ways, broken;
};

static void
try_seed(uint32_t seed, struct tally *tally)
{
	static struct walker w;
	struct buf problems = { 0 }, texts_json = { 0 };
	struct texts *t = texts_new();
	struct menu *m;
	const char *what;

	maker_menu(&w.dice, seed, 1 + (int)(seed % 6), seed % 3 == 0 ? 0 : 20);
	maker_all_texts(&texts_json, 6);
	player_texts(t, "en", "en.json", buf_str(&texts_json), texts_json.len);
	m = menu_load("made.json", buf_str(&w.dice.json), w.dice.json.len, t, player_languages, 1, &problems);
	if (seed % 3 == 0 && m == NULL)
		fail_msg("seed %u: %s", seed, buf_str(&problems));
	if (m != NULL) {
		struct prove_env env = { .texts = t, .languages = player_languages, .languages_n = 1, .config = "c.json" };
		bool safe = menu_prove(m, &env, &problems);

		player_init(&w.p, m, t, 1);
		tally->loaded++;
		tally->safe += safe;
		tally->ways += check_ways(&problems);
		what = walk(&w);
		if (safe && what != NULL)
			fail_msg("seed %u was called safe, but: %s", seed, what);
		tally->broken += what != NULL;
	}
	menu_free(m);
	texts_free(t);
	buf_clear(&texts_json);
	buf_clear(&w.dice.json);
	buf_clear(&problems);
}

static void
what_is_called_safe_is_safe(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++)
		try_seed(seed, &tally);
	print_message("%d menus, %d safe, %d ways to what is wrong, %d broken by chance\n", tally.loaded, tally.safe,
	    tally.ways, tally.broken);
	assert_true(tally.loaded > SEEDS / 2 && tally.safe > SEEDS / 8);
	assert_true(tally.ways > SEEDS / 8 && tally.broken > SEEDS / 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_called_safe_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
