/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a state looks like on a phone: the line on top, the title, numbered options, and at the
 * bottom how to go on. What is too long is cut into pages, between options where that is possible.
 * The same dialogue always gives the same pages, so that a number means what the customer saw.
 */
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"
#include "core/menu_screen.h"

#define FOOT 96
#define SMALLEST 40		/* units of a page, whatever a channel says */

const char *
screen_text(const struct dialogue *dlg, const struct menu_env *env, const char *key)
{
	const char *text = texts_find(env->texts, dlg->lang, env->fallback_lang, key);

	return text != NULL ? text : key;
}

struct texts_env
screen_env(const struct dialogue *dlg, const struct menu_env *env)
{
	struct texts_env of_language = env->text_env;

	texts_manner(env->texts, dlg->lang, &of_language);
	return of_language;
}

static void
add(struct body *b, const char *key, const struct vars *vars, const struct dialogue *dlg,
    const struct menu_env *env)
{
	struct texts_env text_env = screen_env(dlg, env);

	if (!texts_fill(screen_text(dlg, env, key), vars, &text_env, b->text + b->len, sizeof b->text - b->len))
		b->lost = true;
	texts_spell(env->texts, dlg->lang, env->fallback_lang, key, b->text + b->len, sizeof b->text - b->len);
	b->len += strlen(b->text + b->len);
}

/* false: no room for one more. */
static bool
add_number(struct body *b, int number)
{
	if (b->items == MENU_OPTIONS || b->len + 16 >= sizeof b->text) {
		b->lost = true;
		return false;
	}
	b->item_at[b->items++] = (int)b->len;
	str_format(b->text + b->len, sizeof b->text - b->len, "\n%d. ", number);
	b->len += strlen(b->text + b->len);
	return true;
}

static bool
holds(const struct menu_option *o, const struct vars *vars)
{
	for (int i = 0; i < o->when_n; i++)
		if (strcmp(vars_get(vars, o->when[i].var), o->when[i].value) != 0)
			return false;
	return true;
}

const struct menu_option *
screen_option(const struct menu_state *s, int i, const struct vars *vars)
{
	for (int k = 0; k < s->option_n; k++)
		if (holds(&s->option[k], vars) && --i == 0)
			return &s->option[k];
	return NULL;
}

void
screen_item_vars(const struct menu_state *s, int i, const struct dialogue *dlg,
    const struct menu_env *env, struct vars *out)
{
	char prefix[VARS_NAME + 12];
	size_t n;

	out->len = 0;
	if (strcmp(s->list, MENU_LANGUAGES) == 0) {
		const char *id = env->languages[i - 1];
		const char *name = texts_find(env->texts, id, id, "language.name");

		(void)vars_set(out, "id", id);
		(void)vars_set(out, "name", name != NULL ? name : id);
		return;
	}
	str_format(prefix, sizeof prefix, "%s.%d.", s->list, i);
	n = strlen(prefix);
	for (const char *at = dlg->vars.p, *end = at + dlg->vars.len; at < end;) {
		const char *value = at + strlen(at) + 1;

		if (strncmp(at, prefix, n) == 0)
			(void)vars_set(out, at + n, value);
		at = value + strlen(value) + 1;
	}
}

static int
list_count(const struct menu_state *s, const struct dialogue *dlg, const struct menu_env *env)
{
	char name[VARS_NAME];
	int64_t n = env->languages_n;

	if (strcmp(s->list, MENU_LANGUAGES) != 0)
		n = str_format(name, sizeof name, "%s.n", s->list) ?
		    vars_get_i64(&dlg->vars, name) : 0;
	return n < 0 ? 0 : n > MENU_OPTIONS ? MENU_OPTIONS : (int)n;
}

static void
add_list(struct body *b, const struct menu_state *s, const struct dialogue *dlg,
    const struct menu_env *env)
{
	struct vars item;
	int n = list_count(s, dlg, env);

	for (int i = 1; i <= n && add_number(b, i); i++) {
		screen_item_vars(s, i, dlg, env, &item);
		add(b, s->item, &item, dlg, env);
	}
}

static void
compose(struct body *b, const struct menu_state *s, const struct dialogue *dlg,
    const struct menu_env *env)
{
	const struct menu_option *o;

	b->len = 0;
	b->items = 0;
	b->lost = false;
	b->text[0] = '\0';
	if (dlg->problem[0] != '\0') {
		add(b, dlg->problem, &dlg->vars, dlg, env);
		if (b->len + 1 < sizeof b->text)
			b->text[b->len++] = '\n';
	}
	add(b, s->text, &dlg->vars, dlg, env);
	if (s->list != NULL)
		add_list(b, s, dlg, env);
	for (int i = 1; (o = screen_option(s, i, &dlg->vars)) != NULL && add_number(b, i); i++)
		add(b, o->text, &dlg->vars, dlg, env);
}

static int
units(enum charset cs, const char *text)
{
	int n = cs == CHARSET_GSM7 ? gsm_septets(text) : ucs2_units(text);

	return n < 0 ? 0 : n;
}

/*
 * Octets of `rest` for one page of `room` units: whole options, else whole lines, else whole words.
 */
static size_t
cut(const struct body *b, size_t from, enum charset cs, int room)
{
	const char *rest = b->text + from;
	size_t fit = text_fit(cs, rest, room);

	for (int i = b->items - 1; i >= 0; i--) {
		size_t at = (size_t)b->item_at[i];

		if (at > from && at <= from + fit)
			return at - from;
	}
	for (size_t n = fit; n > fit / 2; n--)
		if (rest[n] == '\n')
			return n;
	for (size_t n = fit; n > fit / 2; n--)
		if (rest[n] == ' ')
			return n;
	return fit > 0 ? fit : strlen(rest);
}

/* How to go back; a confirm says it in its own text and an end has no way back. */
bool
screen_has_back(const struct menu_state *s, const struct dialogue *dlg, int page)
{
	return (s->kind == MENU_ASK || s->kind == MENU_CHOOSE) && (page > 0 || dlg->back_n > 0);
}

struct feet {
	char back[FOOT], more[FOOT];
	int back_units, more_units;
};

static enum charset
measure(const struct body *b, const struct dialogue *dlg, const struct menu_env *env,
    struct feet *f)
{
	str_format(f->back, sizeof f->back, "\n%s", screen_text(dlg, env, "nav.back"));
	str_format(f->more, sizeof f->more, "\n%s", screen_text(dlg, env, "nav.more"));
	f->back_units = gsm_septets(f->back);
	f->more_units = gsm_septets(f->more);
	if (f->back_units >= 0 && f->more_units >= 0 && gsm_septets(b->text) >= 0)
		return CHARSET_GSM7;
	f->back_units = units(CHARSET_UCS2, f->back);
	f->more_units = units(CHARSET_UCS2, f->more);
	return CHARSET_UCS2;
}

static void
put(char *out, const struct body *b, size_t from, size_t n, const char *more, const char *back)
{
	str_format(out, MENU_SCREEN, "%.*s%s%s", (int)n, b->text + from, more, back);
}

void
screen_lay(const struct menu_state *s, const struct dialogue *dlg, const struct menu_env *env,
    int page, struct screen *out)
{
	struct body b;
	struct feet f;
	enum charset cs;
	size_t from = 0, n;
	int max, p;

	compose(&b, s, dlg, env);
	if (env->chat != NULL) {
		chat_lay(&b, s, dlg, env, page, out);
		return;
	}
	cs = measure(&b, dlg, env, &f);
	max = cs == CHARSET_GSM7 ? env->max_septets : env->max_septets * 7 / 16;
	if (max < SMALLEST)
		max = SMALLEST;
	for (p = 0;; p++) {
		int room = max - (screen_has_back(s, dlg, p) ? f.back_units : 0);

		n = b.len - from;
		out->more = units(cs, b.text + from) > room;
		if (out->more)
			n = cut(&b, from, cs, room - f.more_units);
		if (p == page || !out->more)
			break;
		from += n;
		while (b.text[from] == '\n' || b.text[from] == ' ')
			from++;
	}
	out->page = p;
	out->lost = b.lost;
	out->items = 0;
	while (out->items < b.items && (size_t)b.item_at[out->items] < from + n)
		out->items++;
	if (out->text != NULL)
		put(out->text, &b, from, n, out->more ? f.more : "",
		    screen_has_back(s, dlg, p) ? f.back : "");
}
