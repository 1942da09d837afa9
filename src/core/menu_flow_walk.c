/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every situation that a customer can come into: a state, what the variables hold there as far as it matters, and the
 * way back. Walked breadth first, as menu_step.c walks, so that the first way to a situation is a shortest one. Of
 * what a call answers, each outcome and each word that the menu looks at is tried.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

#define ARRIVALS_MAX (50 * FLOW_SITUATIONS)	/* most of which lead to known situations */

struct walk {
	struct flow *f;
	struct map *known;
	int depth;			/* of the way back, as far as it tells situations apart */
	int arrivals;
};

/* On the way to a situation. */
struct step_on {
	struct walk *w;
	int from;
	enum flow_action action;
	int index;
	int say;
	int16_t back[MENU_BACK];
	int back_n;
	unsigned char v[FLOW_VARS];
};

bool
flow_holds(const struct flow *f, const struct menu_option *o, const unsigned char *value)
{
	for (int i = 0; i < o->when_n; i++) {
		int var = flow_var(f, o->when[i].var);

		if (value[var] != flow_value_of(f, var, o->when[i].value))
			return false;
	}
	return true;
}

/* ---- arriving ---- */

static int
find_situation(struct walk *w, int state, const struct step_on *on)
{
	unsigned char key[FLOW_VARS + sizeof on->back + 3 * sizeof(int)];
	int n = w->f->vars_n, depth = on->back_n < w->depth ? on->back_n : w->depth;
	intptr_t found;

	memcpy(key, on->v, (size_t)n);
	memcpy(key + n, &state, sizeof state);
	memcpy(key + n + sizeof state, &on->say, sizeof on->say);
	n += 2 * (int)sizeof(int);
	memcpy(key + n, on->back + on->back_n - depth, (size_t)depth * sizeof on->back[0]);
	n += depth * (int)sizeof on->back[0];
	found = (intptr_t)map_get(w->known, key, (size_t)n);
	if (found == 0)
		(void)map_put(w->known, key, (size_t)n, (void *)(intptr_t)(w->f->n + 1));
	return (int)found - 1;
}

static int
add_situation(struct flow *f, int state, const struct step_on *on)
{
	struct flow_situation *s;

	if (f->n == f->room) {
		f->room = f->room * 2 + 256;
		f->at = xrealloc(f->at, (size_t)f->room, sizeof *f->at);
		f->values = xrealloc(f->values, (size_t)f->room, (size_t)f->vars_n);
	}
	s = &f->at[f->n];
	*s = (struct flow_situation){ .state = state, .say = on->say, .from = on->from, .action = on->action,
	    .index = on->index, .back_n = on->back_n };
	memcpy(s->back, on->back, sizeof s->back);
	memcpy(f->values + (size_t)f->n * (size_t)f->vars_n, on->v, (size_t)f->vars_n);
	return f->n++;
}

static void
add_succ(struct flow *f, int from, int to)
{
	if (from < 0)
		return;
	if (f->succ_n + 2 > f->succ_room) {
		f->succ_room = f->succ_room * 2 + 1024;
		f->succ = xrealloc(f->succ, (size_t)f->succ_room, sizeof *f->succ);
	}
	f->succ[f->succ_n++] = from;
	f->succ[f->succ_n++] = to;
}

static void
forget_rest(struct flow *f, int state, struct step_on *on)
{
	for (int i = 0; i < f->vars_n; i++)
		if (!flow_bits_has(&f->live_at[state], i) &&
		    (on->say < 0 || !flow_bits_has(&f->say[on->say].vars, i)))
			on->v[i] = FLOW_UNSET;
}

/* As put() of the engine: what was made of the old value goes with it. */
static void
put(const struct flow *f, unsigned char *v, int var, int value)
{
	int made;

	v[var] = (unsigned char)value;
	for (size_t i = 0; i < call_mades_n; i++)
		if (strcmp(call_mades[i].of, f->var[var].name) == 0 && (made = flow_var(f, call_mades[i].made)) >= 0)
			v[made] = FLOW_UNSET;
}

static void
apply(struct flow *f, const struct menu_set *set, int n, const struct menu_state *items, unsigned char *v)
{
	char name[VARS_NAME];
	struct texts_placeholder ph;

	for (int i = 0; i < n; i++) {
		int var = flow_var(f, set[i].var), from, value = FLOW_UNSET;
		const char *at = set[i].value;

		if (strchr(at, '{') == NULL)
			value = flow_value_of(f, var, at);
		else if (items != NULL)
			value = FLOW_SET;
		else if (flow_copied(at, name) != NULL && (from = flow_var(f, name)) >= 0)
			value = v[from] < FLOW_WORD ? v[from] : flow_value_of(f, var, flow_word(f, from, v[from]));
		else if (at[0] != '{')
			value = FLOW_SET;
		else
			while ((at = texts_placeholder(at, &ph)) != NULL)
				if ((from = flow_var(f, ph.name)) >= 0 && v[from] != FLOW_UNSET)
					value = FLOW_SET;
		put(f, v, var, value);
	}
}

/* As enter() of the engine, as far as the next state. */
static void
arrive(struct step_on *on, int state)
{
	struct flow *f = on->w->f;
	const struct menu_state *s = &f->m->state[state];
	int i;

	if (f->tangled || ++on->w->arrivals > ARRIVALS_MAX) {
		f->tangled = true;
		return;
	}
	if (state == f->m->home)
		on->back_n = 0;
	apply(f, s->set, s->set_n, NULL, on->v);
	for (i = 0; i < on->back_n && flow_is_screen(s); i++)
		if (on->back[i] == state)
			on->back_n = i;
	if (s->kind == MENU_END)
		on->back_n = 0;
	forget_rest(f, state, on);
	i = find_situation(on->w, state, on);
	if (i < 0 && f->n >= FLOW_SITUATIONS)
		f->tangled = true;
	else
		add_succ(f, on->from, i >= 0 ? i : add_situation(f, state, on));
}

static int
say_of(const struct flow *f, const struct menu_edge *e)
{
	for (int i = 0; e->say != NULL && i < f->says_n; i++)
		if (f->say[i].at == e->at && f->say[i].key == e->say)
			return i;
	return -1;
}

static void
follow(const struct step_on *here, const struct menu_edge *e, enum flow_action action, int index,
    const struct menu_state *items)
{
	struct step_on on = *here;

	if (e->to < 0)
		return;
	on.action = action;
	on.index = index;
	on.say = action == FLOW_PASS && e->say == NULL ? here->say : say_of(on.w->f, e);
	apply(on.w->f, e->set, e->set_n, items, on.v);
	arrive(&on, e->to);
}

/* ---- leaving ---- */

/* Of a call or of who checks a PIN. */
struct answer {
	const struct call_set *set;	/* what is still to be set */
	const struct menu_edge *edge;
	enum flow_action action;
	int index;
};

static bool
may_be(const struct var_type *type, const char *word)
{
	bool found = type->kind != KIND_WORD || type->words == 0;
	int64_t n;

	for (int i = 0; i < type->words; i++)
		found = found || strcmp(type->word[i], word) == 0;
	switch (type->kind) {
	case KIND_FLAG:
		return strcmp(word, "1") == 0;
	case KIND_MONEY:
	case KIND_FEE:
	case KIND_COUNT:
		return str_to_i64(word, 0, INT64_MAX, &n);
	case KIND_ID:
	case KIND_MOMENT:
	case KIND_SECRET:
		return false;
	default:
		return found;
	}
}

/* Something else than the words that the menu looks at. */
static bool
may_be_other(const struct flow_var *v, const struct var_type *type)
{
	if (type->kind == KIND_FLAG)
		return v->compared_n == 0;
	if (type->kind != KIND_WORD || type->words == 0)
		return true;
	for (int i = 0; i < type->words; i++) {
		int k = 0;

		while (k < v->compared_n && strcmp(v->word[k], type->word[i]) != 0)
			k++;
		if (k == v->compared_n)
			return true;
	}
	return false;
}

static void answer(const struct step_on *here, const struct answer *a);

static void
answer_with(const struct step_on *here, const struct answer *a, int var, int value)
{
	struct step_on on = *here;
	struct answer rest = *a;

	on.v[var] = (unsigned char)value;
	rest.set++;
	answer(&on, &rest);
}

static void
answer(const struct step_on *here, const struct answer *a)
{
	struct flow *f = here->w->f;
	struct answer rest = *a;
	const struct call_set *set = a->set;
	int var = -1;

	if (f->tangled)
		return;
	if (set->name == NULL) {
		follow(here, a->edge, a->action, a->index, NULL);
		return;
	}
	rest.set++;
	if (call_sets_on(set, a->edge->name))
		var = flow_var(f, set->name);
	if (var < 0) {
		answer(here, &rest);
	} else if (f->var[var].is_list) {
		/* The rows after it say whether there are items. */
		answer_with(here, a, var, strstr(set->name, ".i.") != NULL ? FLOW_SET : FLOW_UNSET);
	} else if (set->how == SET_NOT) {
		answer_with(here, a, var, FLOW_UNSET);
	} else if (set->how == SET_WITH) {
		answer_with(here, a, var, here->v[flow_var(f, set->with)] != FLOW_UNSET ? FLOW_SET : FLOW_UNSET);
	} else {
		if (set->how == SET_PERHAPS)
			answer_with(here, a, var, FLOW_UNSET);
		if (may_be_other(&f->var[var], &set->type))
			answer_with(here, a, var, FLOW_SET);
		for (int i = 0; i < f->var[var].compared_n; i++)
			if (may_be(&set->type, f->var[var].word[i]))
				answer_with(here, a, var, FLOW_WORD + i);
	}
}

static void
leave_call(const struct step_on *here, const struct menu_state *s)
{
	for (int i = 0; i < s->edge_n; i++) {
		struct answer a = { s->call->sets, &s->edge[i], FLOW_OUTCOME, i };

		answer(here, &a);
	}
}

static void
leave_confirm(const struct step_on *here, const struct menu_state *s)
{
	for (int i = 0; i < CONFIRM_EDGES; i++) {
		struct step_on on = *here;
		struct answer a = { confirm_sets, &s->edge[i], i == ON_DECLINED ? FLOW_DECLINE : FLOW_ANSWER, i };

		on.back_n = 0;
		answer(&on, &a);
	}
}

static void
leave_branch(const struct step_on *here, const struct menu_state *s)
{
	const struct flow *f = here->w->f;
	int var = flow_var(f, s->variable), value = here->v[var];
	const char *word = value == FLOW_UNSET ? "" : flow_word(f, var, value);

	for (int i = 0; word != NULL && i < s->edge_n; i++)
		if (strcmp(s->edge[i].name, word) == 0) {
			follow(here, &s->edge[i], FLOW_PASS, i, NULL);
			return;
		}
	follow(here, &s->go, FLOW_PASS, s->edge_n, NULL);
}

/* A screen is left onwards. */
static void
remember(struct step_on *on, int state)
{
	if (!flow_is_remembered(&on->w->f->m->state[state]))
		return;
	if (on->back_n == MENU_BACK) {
		memmove(on->back, on->back + 1, sizeof on->back - sizeof on->back[0]);
		on->back_n--;
	}
	on->back[on->back_n++] = (int16_t)state;
}

static void
leave_back(const struct step_on *here)
{
	struct step_on on = *here;

	on.say = -1;
	on.action = FLOW_BACK;
	if (on.back_n > 0) {
		int to = on.back[--on.back_n];

		arrive(&on, to);
	} else {
		arrive(&on, on.w->f->m->home);
	}
	on = *here;
	on.say = -1;
	on.back_n = 0;
	on.action = FLOW_HOME;
	arrive(&on, on.w->f->m->home);
}

static void
leave_choose(const struct step_on *here, int state)
{
	struct flow *f = here->w->f;
	const struct menu_state *s = &f->m->state[state];
	struct step_on on = *here;

	remember(&on, state);
	for (int i = 0; i < s->option_n; i++)
		if (flow_holds(f, &s->option[i], on.v)) {
			f->option_shown[state * MENU_OPTIONS + i] = true;
			follow(&on, &s->option[i].edge, FLOW_OPTION, i, NULL);
		}
	if (s->list != NULL && (on.v[flow_var(f, s->list)] != FLOW_UNSET || strcmp(s->list, MENU_LANGUAGES) == 0)) {
		if (s->as != NULL)
			put(f, on.v, flow_var(f, s->as), FLOW_SET);
		follow(&on, &s->go, FLOW_ITEM, 0, s);
	}
	leave_back(here);
}

static void
leave_ask(const struct step_on *here, int state)
{
	struct flow *f = here->w->f;
	const struct menu_state *s = &f->m->state[state];
	struct var_type type = { .kind = s->accept.words > 0 ? KIND_WORD : KIND_TEXT, .word = s->accept.word,
	    .words = s->accept.words };
	bool free_text = strcmp(s->accept.row->name, "text") == 0 || strcmp(s->accept.row->name, "digits") == 0;
	struct step_on on = *here;
	int var = s->as != NULL ? flow_var(f, s->as) : -1;

	remember(&on, state);
	if (strcmp(s->accept.row->name, "id_number") == 0)
		on.v[flow_var(f, "birth")] = FLOW_SET;
	if (var >= 0)
		put(f, on.v, var, FLOW_SET);
	if (var < 0 || s->accept.words == 0 || may_be_other(&f->var[var], &type))
		follow(&on, &s->go, FLOW_TYPED, 0, NULL);
	for (int i = 0; var >= 0 && (free_text || s->accept.words > 0) && i < f->var[var].compared_n; i++)
		if (may_be(&type, f->var[var].word[i])) {
			put(f, on.v, var, FLOW_WORD + i);
			follow(&on, &s->go, FLOW_TYPED, 0, NULL);
		}
	leave_back(here);
}

static void
unset(struct step_on *on, const char *name)
{
	if (flow_var(on->w->f, name) >= 0)
		on->v[flow_var(on->w->f, name)] = FLOW_UNSET;
}

/* As menu_resume() has it: what a PIN has opened is gone on with only where it is asked anew. */
static bool
is_resumable(const struct step_on *here, const struct menu_state *to)
{
	int authed = flow_var(here->w->f, "authed");

	return authed < 0 || here->v[authed] == FLOW_UNSET || (to->kind == MENU_ASK && to->accept.row->secret);
}

/* The call drops, and the phone dials again. */
static void
redial(const struct step_on *here, const struct menu_state *s)
{
	const struct menu *m = here->w->f->m;
	const struct menu_state *to = s->resume != NULL ? menu_find(m, s->resume, strlen(s->resume)) : NULL;
	const struct call_set *set;
	struct step_on on = *here;

	if (to == NULL || !is_resumable(here, to))
		return;
	on.action = FLOW_REDIAL;
	on.say = -1;
	on.back[0] = (int16_t)m->home;
	on.back_n = m->state[m->home].kind != MENU_ASK || flow_is_remembered(&m->state[m->home]);
	unset(&on, "authed");
	unset(&on, "reset_ok");
	for (size_t i = 0; i < call_rows_n; i++)
		for (set = call_rows[i].sets; call_is_private(&call_rows[i]) && set->name != NULL; set++)
			unset(&on, set->name);
	for (int i = 0; i < m->state_n; i++)
		if (m->state[i].kind == MENU_ASK && m->state[i].accept.row == accept_find("new_pin"))
			unset(&on, m->state[i].as);
	arrive(&on, (int)(to - m->state));
}

/* ---- what is read where ---- */

static void
look_at(struct flow *f, struct flow_use *u, int situation)
{
	const unsigned char *v = flow_values(f, situation);
	const struct menu_state *s = &f->m->state[f->at[situation].state];

	if (u->option >= 0 && !flow_holds(f, &s->option[u->option], v))
		return;
	if (v[u->var] != FLOW_UNSET || (u->other >= 0 && v[u->other] != FLOW_UNSET))
		u->set = true;
	else if (u->unset < 0)
		u->unset = situation;
}

static void
look(struct flow *f, int situation)
{
	const struct flow_situation *at = &f->at[situation];
	struct flow_say *say = at->say >= 0 ? &f->say[at->say] : NULL;

	f->visited[at->state] = true;
	if (say != NULL) {
		say->passed = true;
		say->shown = say->shown || flow_is_screen(&f->m->state[at->state]);
	}
	for (int i = f->first_use[at->state]; i < f->first_use[at->state + 1]; i++)
		look_at(f, &f->use[i], situation);
	for (int i = 0; say != NULL && flow_is_screen(&f->m->state[at->state]) && i < say->uses_n; i++)
		look_at(f, &f->use[say->first_use + i], situation);
}

static void
leave(struct walk *w, int situation)
{
	struct flow *f = w->f;
	struct flow_situation at = f->at[situation];
	const struct menu_state *s = &f->m->state[at.state];
	struct step_on on = { .w = w, .from = situation, .say = at.say, .back_n = at.back_n };

	memcpy(on.back, at.back, sizeof on.back);
	memcpy(on.v, flow_values(f, situation), (size_t)f->vars_n);
	if (s->kind == MENU_CALL)
		leave_call(&on, s);
	else if (s->kind == MENU_BRANCH)
		leave_branch(&on, s);
	else if (s->kind == MENU_CONFIRM)
		leave_confirm(&on, s);
	else if (s->kind == MENU_CHOOSE)
		leave_choose(&on, at.state);
	else if (s->kind == MENU_ASK)
		leave_ask(&on, at.state);
	if (s->kind != MENU_BRANCH && s->kind != MENU_END)
		redial(&on, s);
}

/* A phone whose language is known comes first: its way is the usual one. */
static void
begin(struct walk *w, bool has_lang, const char *channel, const char *chats)
{
	struct step_on on = { .w = w, .from = -1, .action = FLOW_BEGIN, .say = -1 };
	int lang = flow_var(w->f, "lang"), by = flow_var(w->f, "channel"), beside = flow_var(w->f, "chats");

	for (const struct call_set *set = dialogue_vars; set->name != NULL; set++)
		on.v[flow_var(w->f, set->name)] = set->how == SET_PERHAPS ? FLOW_UNSET : FLOW_SET;
	on.v[lang] = has_lang ? FLOW_SET : FLOW_UNSET;
	on.v[by] = (unsigned char)flow_value_of(w->f, by, channel);
	if (chats != NULL)
		on.v[beside] = (unsigned char)flow_value_of(w->f, beside, chats);
	arrive(&on, w->f->m->start);
}

/* A menu that does not look at the channel is the same in all, and so it is with chats beside it. */
static void
begin_each(struct walk *w, bool has_lang)
{
	const struct flow *f = w->f;
	const char *channel = f->env->by_sms ? "sms" : "ussd";
	int by = flow_var(f, "channel");

	begin(w, has_lang, channel, NULL);
	if (!f->env->by_sms && flow_value_of(f, by, "whatsapp") != flow_value_of(f, by, channel))
		begin(w, has_lang, "whatsapp", NULL);
	if (!f->env->by_sms && flow_value_of(f, flow_var(f, "chats"), "1") >= FLOW_WORD)
		begin(w, has_lang, channel, "1");
}

static void
forget(struct flow *f)
{
	f->n = f->succ_n = 0;
	f->tangled = false;
	memset(f->visited, 0, (size_t)f->m->state_n * sizeof *f->visited);
	memset(f->option_shown, 0, (size_t)f->m->state_n * MENU_OPTIONS * sizeof *f->option_shown);
	for (int i = 0; i < f->uses_n; i++) {
		f->use[i].unset = -1;
		f->use[i].set = false;
	}
	for (int i = 0; i < f->says_n; i++)
		f->say[i].passed = f->say[i].shown = false;
}

void
flow_walk(struct flow *f)
{
	static const int depths[] = { MENU_BACK, 2, 1, 0 };

	f->visited = xcalloc((size_t)f->m->state_n, sizeof *f->visited);
	f->option_shown = xcalloc((size_t)f->m->state_n * MENU_OPTIONS, sizeof *f->option_shown);
	for (size_t i = 0; i < NELEM(depths); i++) {
		struct walk w = { .f = f, .known = map_new(), .depth = depths[i] };

		forget(f);
		begin_each(&w, true);
		if (f->env->languages_n > 1)
			begin_each(&w, false);
		for (int k = 0; k < f->n && !f->tangled; k++) {
			look(f, k);
			leave(&w, k);
		}
		map_free(w.known);
		if (!f->tangled)
			return;
	}
}
