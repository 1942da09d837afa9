/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state's screen is laid out twice for each language and channel: with the widest values of the GSM alphabet, and
 * with names that need another one, where there are such. A narrower screen never takes more pages than one that fits
 * a single one, and no page is ever longer than what the channel carries; both are what the rest of the gateway
 * relies on.
 */
#include "core/menu_size.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"
#include "core/wide.h"

#define WHATSAPP_BODY 1024		/* characters of an interactive message */
#define WHATSAPP_ROW 72			/* of a row's description; up to 24 are its title, up to 20 a button */

/* What is known of a state's screen before any language. */
struct view {
	bool back;			/* something to go back to may be there */
	const char **top;		/* ours: lines that may stand on top of it */
	int top_n, top_room;
};

struct size {
	const struct menu *m;
	const struct prove_env *env;
	struct wide *wide;		/* ours */
	struct view *view;		/* ours: of each state */
	struct size_channel channel[SIZE_CHANNELS];
	int channels;
	struct menu_env menu_env;
	struct buf *problems;		/* NULL: only the worst screens are wanted */
	struct worst *worst;		/* the same */
};

/* The screen of a state that leaves the least room. */
struct worst {
	int pages, units, most;
	bool is_ucs2;
	char lang[8];
	const char *channel;
	struct buf text;		/* ours: all pages */
};

static const struct {
	int own, beyond;
} pages_allowed[MENU_KINDS] = {
	[MENU_CHOOSE] = { 3, 6 },
	[MENU_ASK] = { 2, 4 },
	[MENU_CONFIRM] = { 1, 3 },	/* a PIN counts only under the whole text */
	[MENU_END] = { 2, 4 },
};
#define LIST_PAGES 12

/* Of what hides options; of more of them all are shown at once. */
#define CHOICES 6
#define CHOICE_VALUES 8
#define CASES 64

int
menu_size_pages(const struct menu_state *s, bool beyond_gsm)
{
	if (s->list != NULL)
		return beyond_gsm ? LIST_PAGES * 2 : LIST_PAGES;
	return beyond_gsm ? pages_allowed[s->kind].beyond : pages_allowed[s->kind].own;
}

/* ---- views ---- */

static bool
is_screen(const struct menu_state *s)
{
	return s->kind != MENU_CALL && s->kind != MENU_BRANCH;
}

static const struct menu_edge *
edge_at(const struct menu_state *s, int i)
{
	if (i < s->edge_n)
		return &s->edge[i];
	i -= s->edge_n;
	if (i < s->option_n)
		return &s->option[i].edge;
	return i == s->option_n ? &s->go : NULL;
}

/* false: it is known already. */
static bool
view_add(struct view *v, const char *key)
{
	for (int i = 0; i < v->top_n; i++)
		if (strcmp(v->top[i], key) == 0)
			return false;
	if (v->top_n == v->top_room) {
		v->top_room = v->top_room * 2 + 8;
		v->top = xrealloc(v->top, (size_t)v->top_room, sizeof *v->top);
	}
	v->top[v->top_n++] = key;
	return true;
}

/* A line stays through branches until another one takes its place; a call's outcome brings its own. */
static void
spread(struct size *z, int to, const char *say)
{
	const struct menu_state *s;
	const struct menu_edge *e;

	if (to < 0 || say == NULL)
		return;
	s = &z->m->state[to];
	if (s->kind == MENU_CALL || !view_add(&z->view[to], say) || s->kind != MENU_BRANCH)
		return;
	for (int i = 0; (e = edge_at(s, i)) != NULL; i++)
		if (e->say == NULL)
			spread(z, e->to, say);
}

static void
add_own_tops(struct size *z, int at)
{
	const struct menu_state *s = &z->m->state[at];
	struct view *v = &z->view[at];

	if (s->kind == MENU_CHOOSE)
		(void)view_add(v, "error.choice");
	if (s->kind == MENU_CONFIRM) {
		(void)view_add(v, "error.pin");
		(void)view_add(v, "error.pin_wrong");
	}
	for (size_t i = 0; s->kind == MENU_ASK && i < NELEM(s->accept.row->reasons); i++)
		if (s->accept.row->reasons[i] != NULL)
			(void)view_add(v, s->accept.row->reasons[i]);
}

/* Whoever leaves this state may find something to go back to. */
static bool
leaves_back(const struct size *z, int at)
{
	const struct menu_state *s = &z->m->state[at];

	if (s->kind == MENU_CHOOSE || (s->kind == MENU_ASK && !s->accept.row->secret))
		return true;
	return s->kind != MENU_CONFIRM && z->view[at].back;
}

static void
find_backs(struct size *z)
{
	const struct menu_edge *e;
	bool grew = true;

	for (int i = 0; i < z->m->state_n; i++) {
		const char *resume = z->m->state[i].resume;
		const struct menu_state *to = resume != NULL ? menu_find(z->m, resume, strlen(resume)) : NULL;

		if (to != NULL)
			z->view[to - z->m->state].back = true;
	}
	while (grew) {
		grew = false;
		for (int i = 0; i < z->m->state_n; i++)
			for (int k = 0; leaves_back(z, i) && (e = edge_at(&z->m->state[i], k)) != NULL; k++)
				if (e->to >= 0 && e->to != z->m->home && !z->view[e->to].back)
					z->view[e->to].back = grew = true;
	}
}

static void
size_init(struct size *z, const struct menu *m, const struct prove_env *env)
{
	const struct tenant_settings *t;
	const struct menu_edge *e;

	memset(z, 0, sizeof *z);
	z->m = m;
	z->env = env;
	t = prove_tenant(env);
	z->wide = wide_of_menu(m);
	z->view = xcalloc((size_t)m->state_n + 1, sizeof *z->view);
	for (int i = 0; i < m->state_n; i++) {
		add_own_tops(z, i);
		for (int k = 0; (e = edge_at(&m->state[i], k)) != NULL; k++)
			spread(z, e->to, e->say);
	}
	find_backs(z);
	z->channels = size_channels(env, env->by_sms ? SIZE_SMS : SIZE_USSD, z->channel);
	z->menu_env = (struct menu_env){ .texts = env->texts, .text_env = { .country = t != NULL ? t->country : "" },
		.fallback_lang = env->languages[0], .languages = env->languages, .languages_n = env->languages_n,
		.country = t != NULL ? t->country : "" };
}

static void
size_clear(struct size *z)
{
	for (int i = 0; i < z->m->state_n; i++)
		free(z->view[i].top);
	free(z->view);
	wide_free(z->wide);
}

/* ---- one state in one language ---- */

struct scene {
	struct size *z;
	const struct menu_state *s;	/* as it is, or with every option shown */
	const struct view *view;
	struct dialogue dlg;
	struct kind_env kinds;
	bool beyond_gsm;		/* some of what it shows may be */
};

static const char *
text_of(const struct scene *c, const char *key)
{
	return screen_text(&c->dlg, &c->z->menu_env, key);
}

static void
name_texts(const struct scene *c, struct wide_for *of)
{
	of->text[of->n++] = text_of(c, c->s->text);
	for (int i = 0; i < c->s->option_n && of->n < WIDE_TEXTS; i++)
		of->text[of->n++] = text_of(c, c->s->option[i].text);
	for (int i = 0; i < c->view->top_n && of->n < WIDE_TEXTS; i++)
		of->text[of->n++] = text_of(c, c->view->top[i]);
}

/* All rows that the list can have, each as wide as one can be, as far as a dialogue holds them. */
static bool
fill_list(struct scene *c)
{
	struct wide_for of = { .text = { text_of(c, c->s->item) }, .n = 1, .list = c->s->list };
	struct vars item = { 0 };
	char number[VARS_NAME + 2];
	bool any = wide_fill(c->z->wide, &of, &c->kinds, &c->z->menu_env.text_env, &item), fits = true;
	int rows = wide_rows(c->z->wide, c->s->list), n = 0;

	for (; n < rows && fits; n++)
		for (const char *at = item.p, *end = at + item.len; fits && at < end;) {
			const char *value = at + strlen(at) + 1;

			fits = vars_set_item(&c->dlg.vars, c->s->list, n + 1, at, value);
			at = value + strlen(value) + 1;
		}
	str_format(number, sizeof number, "%s.n", c->s->list);
	(void)vars_set_i64(&c->dlg.vars, number, n);
	return any;
}

static void
fill(struct scene *c, bool beyond_gsm)
{
	struct wide_for of = { .n = 0 };

	c->kinds.beyond_gsm = beyond_gsm;
	memset(&c->dlg.vars, 0, sizeof c->dlg.vars);
	name_texts(c, &of);
	c->beyond_gsm = wide_fill(c->z->wide, &of, &c->kinds, &c->z->menu_env.text_env, &c->dlg.vars);
	if (c->s->list != NULL && strcmp(c->s->list, MENU_LANGUAGES) != 0 && fill_list(c))
		c->beyond_gsm = true;
}

/* The widest line that may stand on top, in this alphabet. */
static void
choose_top(struct scene *c, bool beyond_gsm)
{
	int widest = 0;

	c->dlg.problem[0] = '\0';
	for (int i = 0; i < c->view->top_n; i++) {
		char line[MENU_SCREEN];
		int septets, n;

		(void)texts_fill(text_of(c, c->view->top[i]), &c->dlg.vars, &c->z->menu_env.text_env, line,
		    sizeof line);
		texts_spell(c->z->env->texts, c->dlg.lang, c->z->menu_env.fallback_lang, c->view->top[i], line,
		    sizeof line);
		septets = gsm_septets(line);
		n = beyond_gsm || septets < 0 ? ucs2_units(line) * 2 : septets;
		if (n > widest && str_copy(c->dlg.problem, sizeof c->dlg.problem, c->view->top[i]))
			widest = n;
	}
}

static void
say_screen(struct scene *c, const struct size_channel *ch)
{
	size_place(c->z->env, c->dlg.lang, c->s->text, c->z->problems);
	buf_addf(c->z->problems, "the screen of \"%s\" on channel \"%s\" (%d septets) ", c->s->name, ch->name,
	    ch->max_septets);
}
#define SAY(c, ch, ...) (say_screen(c, ch), buf_addf((c)->z->problems, __VA_ARGS__))

/* How many pages the screen takes; the fullest of them into *units of *most. Its texts go to `all`, unless NULL. */
static int
lay(struct scene *c, const struct size_channel *ch, int *units, int *most, struct screen *sc, struct buf *all)
{
	int page = 0;

	*units = 0;
	*most = 1;
	c->z->menu_env.max_septets = ch->max_septets;
	do {
		int of, n;

		screen_lay(c->s, &c->dlg, &c->z->menu_env, page++, sc);
		n = size_units(sc->text, ch->max_septets, &of);
		if (n * *most >= *units * of) {
			*units = n;
			*most = of;
		}
		if (all != NULL)
			buf_addf(all, "%s%s\n", page > 1 ? "--\n" : "", sc->text);
	} while (sc->more);
	return page;
}

static void
keep_worst(struct scene *c, const struct size_channel *ch, int pages, int units, int most)
{
	struct worst *w = &c->z->worst[c->view - c->z->view];
	char text[MENU_SCREEN];
	struct screen sc = { .text = text };

	if (pages < w->pages || (pages == w->pages && units * w->most <= w->units * most))
		return;
	buf_reset(&w->text);
	*w = (struct worst){ pages, units, most, most < ch->max_septets, "", ch->name, w->text };
	str_copy(w->lang, sizeof w->lang, c->dlg.lang);
	(void)lay(c, ch, &units, &most, &sc, &w->text);
}

static void
prove_on(struct scene *c, const struct size_channel *ch, bool beyond_gsm)
{
	char text[MENU_SCREEN];
	struct screen sc = { .text = text };
	int units, most, pages = lay(c, ch, &units, &most, &sc, NULL), allowed = menu_size_pages(c->s, beyond_gsm);

	if (c->z->worst != NULL)
		keep_worst(c, ch, pages, units, most);
	if (c->z->problems == NULL)
		return;
	if (sc.lost)
		SAY(c, ch, "is too long for the gateway itself: some of it is never shown; shorten its texts, or "
		    "split it\n");
	if (units > most)
		SAY(c, ch, "has a page of %d where %d fit; shorten \"nav.back\" and \"nav.more\"\n", units, most);
	if (pages > allowed && beyond_gsm)
		SAY(c, ch, "takes %d pages when a name in it needs UCS-2, and may take %d; shorten it, or list it "
		    "in \"gsm_safe\"\n", pages, allowed);
	else if (pages > allowed)
		SAY(c, ch, "takes %d pages with the widest values, and may take %d%s; shorten it\n", pages, allowed,
		    c->s->kind == MENU_CONFIRM ? ": a PIN counts only under the whole text" : "");
}

/* Buttons or a list there, with the same texts: an option has no room beyond its row. */
static void
prove_on_whatsapp(struct scene *c)
{
	char text[MENU_SCREEN * 2];

	for (int i = 0; i <= c->s->option_n; i++) {
		const char *key = i == c->s->option_n ? c->s->text : c->s->option[i].text;
		int n, most = i == c->s->option_n ? WHATSAPP_BODY : WHATSAPP_ROW;

		(void)texts_fill(text_of(c, key), &c->dlg.vars, &c->z->menu_env.text_env, text, sizeof text);
		n = ucs2_units(text);
		if (n <= most)
			continue;
		size_place(c->z->env, c->dlg.lang, key, c->z->problems);
		buf_addf(c->z->problems, "\"%s\" of \"%s\" has %d characters with the widest values; WhatsApp shows "
		    "%d of %s: shorten it\n", key, c->s->name, n, most, i == c->s->option_n ? "a body" : "an option");
	}
}

/* ---- options that are hidden ---- */

/* Variables that `when` looks at, each with the values that it may have; behind the last one: another value. */
struct choice {
	const char *var;
	const char *value[CHOICE_VALUES];
	int n, at;
};

/* false: there is no room for them. */
static bool
choice_add(struct choice *choice, int *n, const struct menu_set *when)
{
	struct choice *c = choice;
	int i = 0;

	while (c < choice + *n && strcmp(c->var, when->var) != 0)
		c++;
	if (c == choice + CHOICES)
		return false;
	if (c == choice + *n)
		choice[(*n)++] = (struct choice){ .var = when->var };
	while (i < c->n && strcmp(c->value[i], when->value) != 0)
		i++;
	if (i == CHOICE_VALUES)
		return false;
	if (i == c->n)
		c->value[c->n++] = when->value;
	return true;
}

/* How many; 0 also where there are too many: then every option is shown at once. */
static int
choices_of(const struct menu_state *s, struct choice choice[CHOICES])
{
	int n = 0, cases = 1;

	for (int i = 0; i < s->option_n; i++)
		for (int k = 0; k < s->option[i].when_n; k++)
			if (!choice_add(choice, &n, &s->option[i].when[k]))
				return 0;
	for (int i = 0; i < n; i++)
		cases *= choice[i].n + 1;
	return cases <= CASES ? n : 0;
}

/* false: all cases have been there. */
static bool
next_case(struct choice *choice, int n)
{
	for (int i = 0; i < n; i++) {
		if (choice[i].at++ < choice[i].n)
			return true;
		choice[i].at = 0;
	}
	return false;
}

static bool
is_shown(const struct menu_option *o, const struct choice *choice, int n)
{
	for (const struct choice *c = choice; c < choice + n; c++)
		for (int k = 0; k < o->when_n; k++)
			if (strcmp(o->when[k].var, c->var) == 0 &&
			    (c->at == c->n || strcmp(o->when[k].value, c->value[c->at]) != 0))
				return false;
	return true;
}

/* The state with the options of this case only, which are always shown. */
static void
take_case(struct menu_state *out, const struct menu_state *s, const struct choice *choice, int n)
{
	out->option_n = 0;
	for (int i = 0; i < s->option_n; i++)
		if (is_shown(&s->option[i], choice, n)) {
			out->option[out->option_n] = s->option[i];
			out->option[out->option_n++].when_n = 0;
		}
}

/* ---- all of them ---- */

static void
prove_case(struct scene *c)
{
	struct size *z = c->z;

	for (int beyond_gsm = 0; beyond_gsm < 2; beyond_gsm++) {
		fill(c, beyond_gsm);
		if (beyond_gsm && !c->beyond_gsm)
			break;
		choose_top(c, beyond_gsm);
		for (int i = 0; i < z->channels; i++)
			prove_on(c, &z->channel[i], beyond_gsm);
		if (z->problems != NULL && !beyond_gsm && !z->env->by_sms)
			prove_on_whatsapp(c);
	}
}

static void
prove_state(struct size *z, int at, const char *lang)
{
	const struct menu_state *whole = &z->m->state[at];
	struct choice choice[CHOICES] = { { .var = NULL } };
	struct menu_state s = *whole;
	struct scene c = { .z = z, .s = &s, .view = &z->view[at],
		.kinds = { .texts = z->env->texts, .lang = lang, .fallback = z->menu_env.fallback_lang,
		    .tenant = prove_tenant(z->env), .service_code = size_service_code(z->env) } };
	size_t before = z->problems != NULL ? z->problems->len : 0;
	int n = choices_of(whole, choice);

	s.option = xcalloc((size_t)whole->option_n + 1, sizeof *s.option);
	str_copy(c.dlg.lang, sizeof c.dlg.lang, lang);
	texts_manner(z->env->texts, lang, &z->menu_env.text_env);
	c.dlg.back_n = c.view->back ? 1 : 0;
	do {
		take_case(&s, whole, choice, n);
		prove_case(&c);
	} while (next_case(choice, n) && (z->problems == NULL || z->problems->len == before));
	free(s.option);
}

static void
each_screen(struct size *z)
{
	for (int l = 0; l < z->env->languages_n; l++)
		for (int i = 0; i < z->m->state_n && texts_has_language(z->env->texts, z->env->languages[l]); i++)
			if (is_screen(&z->m->state[i]))
				prove_state(z, i, z->env->languages[l]);
}

/* A variable that finds no room is lost, in the middle of a payment perhaps. */
static void
prove_vars(const struct size *z)
{
	const char *lang = z->env->languages[0];
	struct kind_env kinds = { .texts = z->env->texts, .lang = lang, .fallback = lang,
		.tenant = prove_tenant(z->env), .service_code = size_service_code(z->env) };
	size_t n = wide_octets(z->wide, &kinds);

	if (n > VARS_SIZE)
		PROBLEM(z, jsondoc_root(z->m->doc), "the variables of this menu may take %zu octets together, and a "
		    "dialogue holds %d; use fewer, or ask for shorter ones", n, VARS_SIZE);
}

void
menu_size_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	struct size z;

	size_init(&z, m, env);
	z.problems = problems;
	prove_vars(&z);
	each_screen(&z);
	size_clear(&z);
}

void
menu_size_report(const struct menu *m, const struct prove_env *env, struct buf *out)
{
	struct size z;

	size_init(&z, m, env);
	z.worst = xcalloc((size_t)m->state_n + 1, sizeof *z.worst);
	each_screen(&z);
	for (int i = 0; i < m->state_n; i++) {
		struct worst *w = &z.worst[i];

		if (w->pages > 0)
			buf_addf(out, "%s: %s on %s, %d page%s, %d of %d %s\n%s\n", m->state[i].name, w->lang,
			    w->channel, w->pages, w->pages == 1 ? "" : "s", w->units, w->most,
			    w->is_ucs2 ? "characters of UCS-2" : "septets", buf_str(&w->text));
		buf_clear(&w->text);
	}
	free(z.worst);
	size_clear(&z);
}
