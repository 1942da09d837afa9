/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of a dialogue. Inputs lead along an edge to a state; branches are passed at once, a call
 * or a screen stops. Nothing is allocated and nothing is kept but the dialogue. A PIN lives in
 * `struct walk` and in the step only.
 */
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

#define HOPS_MAX 48		/* states passed without anything typed: more is a loop */
#define TYPED 512
#define BLANKS " \t\r\n"

struct walk {
	const struct menu *m;
	struct dialogue *dlg;
	const struct menu_env *env;
	struct step *out;
	char secret[MENU_SECRET];
};

static void
finish(struct walk *w, const char *key)
{
	struct texts_env env = screen_env(w->dlg, w->env);

	w->out->kind = STEP_END;
	w->out->intent = NULL;
	w->dlg->back_n = 0;
	(void)texts_fill(screen_text(w->dlg, w->env, key), &w->dlg->vars, &env,
	    w->out->text, sizeof w->out->text);
	texts_spell(w->env->texts, w->dlg->lang, w->env->fallback_lang, key, w->out->text, sizeof w->out->text);
}

static bool
has_language(const struct menu_env *env, const char *lang)
{
	for (int i = 0; i < env->languages_n; i++)
		if (strcmp(env->languages[i], lang) == 0)
			return true;
	return false;
}

static bool
put(struct walk *w, const char *var, const char *value)
{
	if (strcmp(var, "lang") == 0 && has_language(w->env, value))
		str_copy(w->dlg->lang, sizeof w->dlg->lang, value);
	if (!vars_set(&w->dlg->vars, var, value))
		return false;
	for (size_t i = 0; i < call_mades_n; i++)
		if (strcmp(call_mades[i].of, var) == 0)
			vars_unset(&w->dlg->vars, call_mades[i].made);
	return true;
}

/*
 * Values are texts, so that one variable can be made from others; `from` are those that they may
 * name.
 */
static bool
apply(struct walk *w, const struct menu_set *set, int n, const struct vars *from)
{
	struct texts_env env = screen_env(w->dlg, w->env);
	char value[MENU_VALUE];

	for (int i = 0; i < n; i++)
		if (!texts_fill(set[i].value, from, &env, value, sizeof value) ||
		    !put(w, set[i].var, value))
			return false;
	return true;
}

static void
show(struct walk *w, const struct menu_state *s)
{
	struct screen sc = { .text = w->out->text };

	screen_lay(s, w->dlg, w->env, w->dlg->page, &sc);
	w->dlg->page = sc.page;
	w->out->kind = s->kind == MENU_END && !sc.more ? STEP_END : STEP_SHOW;
	w->out->intent = s->kind == MENU_CONFIRM ? s->intent : NULL;
}

/*
 * A screen that is shown again after a way round takes its old place, so that back always leads
 * towards home.
 */
static void
forget_back_to(struct dialogue *dlg, const char *state)
{
	for (int i = 0; i < dlg->back_n; i++)
		if (strcmp(dlg->back[i], state) == 0)
			dlg->back_n = i;
}

static void
stop_at_screen(struct walk *w, const struct menu_state *s)
{
	w->dlg->page = 0;
	if (s->kind == MENU_END)
		w->dlg->back_n = 0;
	forget_back_to(w->dlg, s->name);
	show(w, s);
}

static void
stop_at_call(struct walk *w, const struct menu_state *s)
{
	w->out->kind = STEP_CALL;
	w->out->call = s->call->name;
	if (s->call->wants_secret)
		str_copy(w->out->secret, sizeof w->out->secret, w->secret);
}

static const struct menu_edge *
edge_of(const struct menu_state *s, const char *name)
{
	for (int i = 0; i < s->edge_n; i++)
		if (strcmp(s->edge[i].name, name) == 0)
			return &s->edge[i];
	return s->kind == MENU_BRANCH ? &s->go : NULL;
}

/* On from here until something has to be shown or called. `e` led here, NULL: nothing of the menu did. */
static void
enter(struct walk *w, int to, const struct menu_edge *e)
{
	while (w->dlg->hops++ < HOPS_MAX) {
		const struct menu_state *s = &w->m->state[to];

		if (w->env->passed != NULL)
			w->env->passed(w->env->passed_arg, to, e);
		str_copy(w->dlg->state, sizeof w->dlg->state, s->name);
		if (to == w->m->home)
			w->dlg->back_n = 0;
		if (!apply(w, s->set, s->set_n, &w->dlg->vars))
			break;
		if (s->kind == MENU_CALL) {
			stop_at_call(w, s);
			return;
		}
		if (s->kind != MENU_BRANCH) {
			stop_at_screen(w, s);
			return;
		}
		e = edge_of(s, vars_get(&w->dlg->vars, s->variable));
		if (!apply(w, e->set, e->set_n, &w->dlg->vars))
			break;
		if (e->say != NULL)
			str_copy(w->dlg->problem, sizeof w->dlg->problem, e->say);
		to = e->to;
	}
	finish(w, "error.internal");
}

static void
follow(struct walk *w, const struct menu_edge *e, const struct vars *from)
{
	str_copy(w->dlg->problem, sizeof w->dlg->problem, e->say != NULL ? e->say : "");
	if (apply(w, e->set, e->set_n, from))
		enter(w, e->to, e);
	else
		finish(w, "error.internal");
}

/* The same screen from its beginning, with the reason on top. */
static void
again(struct walk *w, const struct menu_state *s, const char *reason)
{
	str_copy(w->dlg->problem, sizeof w->dlg->problem, reason);
	w->dlg->page = 0;
	show(w, s);
}

static bool
asks_pin(const struct menu_state *s)
{
	return s->kind == MENU_ASK && s->accept.row->secret;
}

/* A screen is left onwards. PIN questions are no place to come back to. */
static void
remember(struct dialogue *dlg, const struct menu_state *s)
{
	if (asks_pin(s))
		return;
	if (dlg->back_n == MENU_BACK) {
		memmove(dlg->back[0], dlg->back[1], sizeof dlg->back[0] * (MENU_BACK - 1));
		dlg->back_n--;
	}
	str_copy(dlg->back[dlg->back_n++], sizeof dlg->back[0], s->name);
}

static void
go_home(struct walk *w)
{
	w->dlg->back_n = 0;
	w->dlg->problem[0] = '\0';
	enter(w, w->m->home, NULL);
}

static void
go_back(struct walk *w, const struct menu_state *s)
{
	const struct menu_state *to = NULL;

	if (w->dlg->page > 0) {
		w->dlg->page--;
		show(w, s);
		return;
	}
	if (w->dlg->back_n > 0) {
		const char *name = w->dlg->back[--w->dlg->back_n];

		to = menu_find(w->m, name, strlen(name));
	}
	w->dlg->problem[0] = '\0';
	if (to == NULL)
		go_home(w);
	else
		enter(w, (int)(to - w->m->state), NULL);
}

static void
answer_ask(struct walk *w, const struct menu_state *s, const char *typed)
{
	char value[MENU_VALUE] = "";
	const char *reason = s->accept.row->run(&s->accept, typed, &w->dlg->vars, w->env, value);

	if (reason != NULL) {
		again(w, s, reason);
		return;
	}
	if (s->accept.row->secret)
		str_copy(w->secret, sizeof w->secret, typed);
	if (s->as != NULL && !put(w, s->as, value)) {
		finish(w, "error.internal");
		return;
	}
	remember(w->dlg, s);
	follow(w, &s->go, &w->dlg->vars);
}

/* The picture itself is not the menu's: the variable says what it is to be. */
static void
answer_document(struct walk *w, const struct menu_state *s)
{
	if (s->as != NULL && !put(w, s->as, s->accept.word[0])) {
		finish(w, "error.internal");
		return;
	}
	remember(w->dlg, s);
	follow(w, &s->go, &w->dlg->vars);
}

static void
answer_list(struct walk *w, const struct menu_state *s, int i)
{
	struct vars item;
	char number[16];

	screen_item_vars(s, i, w->dlg, w->env, &item);
	str_format(number, sizeof number, "%d", i);
	if (s->as != NULL &&
	    !put(w, s->as, vars_has(&item, "id") ? vars_get(&item, "id") : number)) {
		finish(w, "error.internal");
		return;
	}
	remember(w->dlg, s);
	follow(w, &s->go, &item);
}

/* Only what was shown can be chosen, here or on a page before. */
static void
answer_choose(struct walk *w, const struct menu_state *s, const char *typed, int shown)
{
	int64_t i;

	if (strlen(typed) > 2 || !str_to_i64(typed, 1, shown, &i)) {
		again(w, s, "error.choice");
		return;
	}
	if (s->list != NULL) {
		answer_list(w, s, (int)i);
		return;
	}
	remember(w->dlg, s);
	follow(w, &screen_option(s, (int)i, &w->dlg->vars)->edge, &w->dlg->vars);
}

/* A PIN counts only under the whole text: payee, amount and fee were shown. */
static void
answer_confirm(struct walk *w, const struct menu_state *s, const char *typed, bool more)
{
	if (strcmp(typed, "0") == 0 || strcmp(typed, "00") == 0) {
		w->out->kind = STEP_DECLINE;
	} else if (more) {
		w->dlg->page++;
		show(w, s);
	} else if (!accept_pin_form(typed, w->env)) {
		again(w, s, "error.pin");
	} else {
		w->out->kind = STEP_ACCEPT;
		str_copy(w->out->secret, sizeof w->out->secret, typed);
	}
}

static void
answer_end(struct walk *w, const struct menu_state *s, const char *typed)
{
	w->dlg->page += strcmp(typed, "0") != 0 ? 1 : w->dlg->page > 0 ? -1 : 0;
	show(w, s);
}

static void
answer_screen(struct walk *w, const struct menu_state *s, const char *typed)
{
	struct screen sc = { .text = NULL };

	screen_lay(s, w->dlg, w->env, w->dlg->page, &sc);
	w->dlg->page = sc.page;
	if (s->kind == MENU_CONFIRM) {
		answer_confirm(w, s, typed, sc.more);
	} else if (s->kind == MENU_END) {
		answer_end(w, s, typed);
	} else if (strcmp(typed, "0") == 0) {
		go_back(w, s);
	} else if (strcmp(typed, "00") == 0) {
		go_home(w);
	} else if (sc.more && strcmp(typed, "98") == 0) {
		w->dlg->page++;
		show(w, s);
	} else if (s->kind == MENU_CHOOSE) {
		answer_choose(w, s, typed, sc.items);
	} else {
		answer_ask(w, s, typed);
	}
}

static const struct menu_state *
current(const struct walk *w)
{
	return menu_find(w->m, w->dlg->state, strlen(w->dlg->state));
}

static void
on_text(struct walk *w, const char *text)
{
	const struct menu_state *s = current(w);
	char typed[TYPED];
	size_t n;

	w->dlg->hops = 0;
	text += strspn(text, BLANKS);
	n = strlen(text);
	while (n > 0 && strchr(BLANKS, text[n - 1]) != NULL)
		n--;
	if (!str_copyn(typed, sizeof typed, text, n))
		typed[0] = '\0';	/* too long for any answer: wrong input like an empty one */
	if (s == NULL || s->kind == MENU_BRANCH)
		finish(w, "error.session_lost");
	else if (s->kind != MENU_CALL)
		answer_screen(w, s, typed);
	else if (s->call->intent || s->call->wants_secret)
		finish(w, "error.session_lost");
	else
		stop_at_call(w, s);
	mem_wipe(typed, sizeof typed);
}

static const struct menu_edge *
confirm_edge(const struct menu_state *s, const char *outcome)
{
	for (int i = 0; i < CONFIRM_EDGES; i++)
		if (strcmp(confirm_edge_names[i], outcome) == 0)
			return &s->edge[i];
	return NULL;
}

static void
on_outcome(struct walk *w, const char *outcome)
{
	/* Whatever the menu is, these are the end of it. */
	static const struct {
		const char *outcome, *text;
	} ends[] = {
		{ "call_help", "error.call_help" }, { "sim_changed", "error.sim_changed" }, { "young", "error.young" },
	};
	const struct menu_state *s = current(w);
	const struct menu_edge *e = NULL;

	if (s != NULL && s->kind == MENU_CONFIRM && strcmp(outcome, "wrong") == 0) {
		again(w, s, "error.pin_wrong");
		return;
	}
	for (size_t i = 0; i < NELEM(ends); i++)
		if (strcmp(outcome, ends[i].outcome) == 0) {
			finish(w, ends[i].text);
			return;
		}
	if (s != NULL && s->kind == MENU_CONFIRM)
		e = confirm_edge(s, outcome);
	else if (s != NULL && s->kind == MENU_CALL)
		e = edge_of(s, outcome);
	if (e == NULL) {
		finish(w, "error.internal");
		return;
	}
	if (s->kind == MENU_CONFIRM)
		w->dlg->back_n = 0;
	follow(w, e, &w->dlg->vars);
}

/* What is left of a PIN goes with the dialogue in which it was typed. */
static void
forget_new_pins(struct walk *w)
{
	const struct accept_row *new_pin = accept_find("new_pin");

	for (int i = 0; i < w->m->state_n; i++)
		if (w->m->state[i].kind == MENU_ASK && w->m->state[i].accept.row == new_pin)
			vars_unset(&w->dlg->vars, w->m->state[i].as);
}

/* Nor may who dials next see what was shown for a PIN. */
static void
forget_private(struct walk *w)
{
	const struct call_set *set;
	char name[VARS_NAME];

	vars_unset(&w->dlg->vars, "authed");
	for (size_t i = 0; i < call_rows_n; i++)
		for (set = call_rows[i].sets; call_is_private(&call_rows[i]) && set->name != NULL; set++)
			if (str_copyn(name, sizeof name, set->name, strcspn(set->name, ".")))
				vars_unset_list(&w->dlg->vars, name);
}

static void
on_begin(struct walk *w, const char *state)
{
	struct dialogue *dlg = w->dlg;
	const struct menu_state *s = state != NULL ? menu_find(w->m, state, strlen(state)) : NULL;
	bool chosen = true;

	str_copy(dlg->menu, sizeof dlg->menu, w->m->name);
	str_copy(dlg->version, sizeof dlg->version, w->m->version);
	dlg->problem[0] = dlg->offer[0] = '\0';
	dlg->back_n = dlg->page = dlg->hops = 0;
	if (s != NULL)
		remember(dlg, &w->m->state[w->m->home]);	/* who goes on in the middle is shown the way out */
	forget_private(w);
	forget_new_pins(w);
	if (!has_language(w->env, dlg->lang)) {
		str_copy(dlg->lang, sizeof dlg->lang, w->env->languages[0]);
		chosen = w->env->languages_n == 1;
	}
	(void)vars_set(&dlg->vars, "lang", chosen ? dlg->lang : "");
	(void)vars_set_i64(&dlg->vars, "pin_length", w->env->pin_length);
	enter(w, s != NULL ? (int)(s - w->m->state) : w->m->start, NULL);
}

/* ---- going on after a drop ---- */

/* The screen of no menu: the state stays that of the drop, so that a drop here is none more. */
static void
show_offer(struct walk *w, const char *problem)
{
	static struct menu_option options[] = { { .text = "resume.yes" }, { .text = "resume.no" } };
	static const struct menu_state offer = { .kind = MENU_CHOOSE, .text = "resume.offer", .option = options,
		.option_n = NELEM(options) };

	str_copy(w->dlg->problem, sizeof w->dlg->problem, problem);
	w->dlg->page = w->dlg->back_n = 0;
	show(w, &offer);
}

static void
on_resume(struct walk *w, const char *state)
{
	if (str_copy(w->dlg->offer, sizeof w->dlg->offer, state))
		show_offer(w, "");
	else
		on_begin(w, NULL);
}

static void
begin_anew(struct walk *w)
{
	static const char *const kept[] = { "phone", "service_code", "help_phone", "title", "channel", "had_pin",
		"chats" };
	const struct vars before = w->dlg->vars;

	w->dlg->vars.len = 0;
	for (size_t i = 0; i < NELEM(kept); i++)
		if (vars_has(&before, kept[i]))
			(void)vars_set(&w->dlg->vars, kept[i], vars_get(&before, kept[i]));
	on_begin(w, NULL);
}

static void
answer_offer(struct walk *w, const char *text)
{
	char state[MENU_STATE], typed[3];
	size_t n;

	text += strspn(text, BLANKS);
	n = strcspn(text, BLANKS);
	if (text[n + strspn(text + n, BLANKS)] != '\0' || !str_copyn(typed, sizeof typed, text, n))
		typed[0] = '\0';
	if (strcmp(typed, "1") == 0) {
		str_copy(state, sizeof state, w->dlg->offer);
		on_begin(w, state);
	} else if (strcmp(typed, "2") == 0 || strcmp(typed, "0") == 0 || strcmp(typed, "00") == 0)
		begin_anew(w);
	else
		show_offer(w, "error.choice");
}

static void
on_show(struct walk *w, const char *key)
{
	const struct menu_state *s = current(w);

	if (w->dlg->offer[0] != '\0')
		show_offer(w, key);
	else if (s != NULL && s->kind != MENU_CALL && s->kind != MENU_BRANCH)
		again(w, s, key);
	else
		on_text(w, "");
}

/* A picture, or a file. */
static void
on_sent(struct walk *w)
{
	const struct menu_state *s = current(w);

	w->dlg->hops = 0;
	if (w->dlg->offer[0] == '\0' && s != NULL && s->kind == MENU_ASK && accept_is_document(&s->accept))
		answer_document(w, s);
	else
		on_show(w, "chat.media");
}

void
menu_step(const struct menu *m, struct dialogue *dlg, const struct menu_input *in,
    const struct menu_env *env, struct step *out)
{
	struct walk w = { .m = m, .dlg = dlg, .env = env, .out = out };

	out->text[0] = '\0';
	out->call = out->intent = NULL;
	mem_wipe(out->secret, sizeof out->secret);
	if (in->kind == MENU_BEGIN)
		on_begin(&w, in->text);
	else if (in->kind == MENU_SHOW)
		on_show(&w, in->text);
	else if (in->kind == MENU_SENT)
		on_sent(&w);
	else if (in->kind == MENU_RESUME)
		on_resume(&w, in->text);
	else if (in->kind == MENU_TEXT && dlg->offer[0] != '\0')
		answer_offer(&w, in->text);
	else if (in->kind == MENU_TEXT)
		on_text(&w, in->text);
	else
		on_outcome(&w, in->text);
	mem_wipe(w.secret, sizeof w.secret);
}

const char *
menu_resume(const struct menu *m, const struct dialogue *dlg)
{
	const struct menu_state *s = menu_find(m, dlg->state, strlen(dlg->state)), *to = NULL;

	if (s != NULL && s->resume != NULL)
		to = menu_find(m, s->resume, strlen(s->resume));
	/* What it opened is still in the variables, and the phone may be in other hands. */
	if (to == NULL || (vars_has(&dlg->vars, "authed") && !asks_pin(to)))
		return NULL;
	return to->name;
}

bool
menu_asks_pin(const struct menu *m, const struct dialogue *dlg)
{
	const struct menu_state *s = menu_find(m, dlg->state, strlen(dlg->state));

	/* A new PIN goes into a variable, as its hash, until it was typed twice; it is typed all the same. */
	return s != NULL && dlg->offer[0] == '\0' &&
	    (s->kind == MENU_CONFIRM || asks_pin(s) || (s->kind == MENU_ASK && s->accept.row == accept_find("new_pin")));
}
