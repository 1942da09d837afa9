/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which variables still matter in a state: those that may be read on some way from there before they are set anew.
 * What does not matter is forgotten, so that situations which differ in nothing that counts are one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

struct live {
	struct flow *f;
	uint64_t *below;		/* state_n rows of `words`: the screens that 0 may lead to */
	int words;
	bool news;
};

static void
join(struct live *l, struct flow_bits *to, const struct flow_bits *from)
{
	for (size_t i = 0; i < NELEM(to->b); i++) {
		l->news = l->news || (from->b[i] & ~to->b[i]) != 0;
		to->b[i] |= from->b[i];
	}
}

static void
drop(struct flow_bits *s, int var)
{
	if (var >= 0)
		s->b[var / 64] &= ~(UINT64_C(1) << var % 64);
}

/* Before the sets are made, given what matters after them. */
static void
before_sets(const struct flow *f, const struct menu_set *set, int n, bool items, struct flow_bits *s)
{
	struct texts_placeholder ph;

	for (int i = n - 1; i >= 0; i--) {
		const char *at = set[i].value;

		drop(s, flow_var(f, set[i].var));
		while (!items && (at = texts_placeholder(at, &ph)) != NULL)
			if (flow_var(f, ph.name) >= 0)
				flow_bits_add(s, flow_var(f, ph.name));
	}
}

/* A call sets these whatever else happens. */
static void
before_call(const struct flow *f, const struct call_set *set, const char *outcome, struct flow_bits *s)
{
	for (const struct call_set *c = set; c->name != NULL; c++)
		if (call_sets_on(c, outcome)) {
			if (c->how == SET_WITH && flow_bits_has(s, flow_var(f, c->name)))
				flow_bits_add(s, flow_var(f, c->with));
			drop(s, flow_var(f, c->name));
		}
	/* What came with another variable is decided with it. */
	for (const struct call_set *c = set; c->name != NULL; c++)
		if (call_sets_on(c, outcome))
			drop(s, flow_var(f, c->name));
}

static void
add_edge(struct live *l, int state, const struct menu_edge *e)
{
	const struct flow *f = l->f;
	const struct menu_state *s = &f->m->state[state];
	struct flow_bits bits = f->live_in[e->to];

	for (int i = 0; e->say != NULL && i < f->says_n; i++)
		if (f->say[i].at == e->at && f->say[i].key == e->say)
			for (size_t k = 0; k < NELEM(bits.b); k++)
				bits.b[k] |= f->say[i].vars.b[k];
	before_sets(f, e->set, e->set_n, s->list != NULL, &bits);
	if (s->kind == MENU_CALL)
		before_call(f, s->call->sets, e->name, &bits);
	if (s->kind == MENU_CONFIRM)
		before_call(f, confirm_sets, e->name, &bits);
	if (s->as != NULL)
		drop(&bits, flow_var(f, s->as));
	join(l, &f->live_at[state], &bits);
}

static void
own_uses(struct flow *f, int state)
{
	const struct menu_state *s = &f->m->state[state];

	for (int i = f->first_use[state]; i < f->first_use[state + 1]; i++) {
		flow_bits_add(&f->live_at[state], f->use[i].var);
		if (f->use[i].other >= 0)
			flow_bits_add(&f->live_at[state], f->use[i].other);
	}
	if (s->kind == MENU_BRANCH)
		flow_bits_add(&f->live_at[state], flow_var(f, s->variable));
	if (s->list != NULL)
		flow_bits_add(&f->live_at[state], flow_var(f, s->list));
	for (int i = 0; i < s->option_n; i++)
		for (int k = 0; k < s->option[i].when_n; k++)
			flow_bits_add(&f->live_at[state], flow_var(f, s->option[i].when[k].var));
	/* Behind a PIN a drop is gone on from elsewhere than before it. */
	if (s->resume != NULL && flow_var(f, "authed") >= 0)
		flow_bits_add(&f->live_at[state], flow_var(f, "authed"));
}

/* ---- where 0 may lead ---- */

static void
add_below(struct live *l, int to, int from)
{
	const struct menu_state *s = &l->f->m->state[from];
	uint64_t *row = &l->below[to * l->words], *of = &l->below[from * l->words];

	if (to == l->f->m->home || s->kind == MENU_CONFIRM || s->kind == MENU_END)
		return;
	if (flow_is_remembered(s)) {
		l->news = l->news || (row[from / 64] >> from % 64 & 1) == 0;
		row[from / 64] |= UINT64_C(1) << from % 64;
		return;
	}
	for (int i = 0; i < l->words; i++) {
		l->news = l->news || (of[i] & ~row[i]) != 0;
		row[i] |= of[i];
	}
}

static void
find_below(struct live *l)
{
	const struct menu *m = l->f->m;
	const struct menu_edge *e;

	do {
		l->news = false;
		for (int i = 0; i < m->state_n; i++)
			for (int k = 0; (e = flow_edge(&m->state[i], k)) != NULL; k++)
				if (e->to >= 0)
					add_below(l, e->to, i);
	} while (l->news);
}

static void
add_state(struct live *l, int state)
{
	const struct menu *m = l->f->m;
	const struct menu_state *s = &m->state[state], *resume;
	struct flow_bits bits;
	const struct menu_edge *e;

	for (int i = 0; (e = flow_edge(s, i)) != NULL; i++)
		if (e->to >= 0)
			add_edge(l, state, e);
	if (s->kind == MENU_ASK || s->kind == MENU_CHOOSE) {
		join(l, &l->f->live_at[state], &l->f->live_in[m->home]);
		for (int i = 0; i < m->state_n; i++)
			if ((l->below[state * l->words + i / 64] >> i % 64 & 1) != 0)
				join(l, &l->f->live_at[state], &l->f->live_in[i]);
	}
	resume = s->resume != NULL ? menu_find(m, s->resume, strlen(s->resume)) : NULL;
	if (resume != NULL)
		join(l, &l->f->live_at[state], &l->f->live_in[resume - m->state]);
	bits = l->f->live_at[state];
	before_sets(l->f, s->set, s->set_n, false, &bits);
	join(l, &l->f->live_in[state], &bits);
}

void
flow_find_live(struct flow *f)
{
	struct live l = { .f = f, .words = (f->m->state_n + 63) / 64 };

	l.below = xcalloc((size_t)f->m->state_n * (size_t)l.words, sizeof *l.below);
	f->live_in = xcalloc((size_t)f->m->state_n, sizeof *f->live_in);
	f->live_at = xcalloc((size_t)f->m->state_n, sizeof *f->live_at);
	find_below(&l);
	for (int i = 0; i < f->m->state_n; i++)
		own_uses(f, i);
	do {
		l.news = false;
		for (int i = f->m->state_n - 1; i >= 0; i--)
			add_state(&l, i);
	} while (l.news);
	free(l.below);
}
