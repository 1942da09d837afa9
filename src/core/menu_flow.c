/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_flow.h"

#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

struct flow {
	const struct menu *m;
	const struct prove_env *env;
	struct buf *problems;
};

/* What the confirm of an intent must show stands in the row of its call. */
static bool
shows(const char *text, const char *variable)
{
	char name[VARS_NAME + 1];
	size_t n;

	if (variable == NULL || !str_format(name, sizeof name, "{%s", variable))
		return false;
	n = strlen(name);
	for (const char *at = text; (at = strstr(at, name)) != NULL; at += n)
		if (at[n] == '}' || at[n] == ':')
			return true;
	return false;
}

static void
check_confirm(struct flow *f, const struct menu_state *s, const char *lang)
{
	const struct call_row *row = call_find(s->intent);
	const char *text = texts_find(f->env->texts, lang, f->env->languages[0], s->text);

	for (const struct call_need *n = row->shows; text != NULL && n->name != NULL; n++)
		if (!shows(text, n->name) && !shows(text, n->other))
			PROBLEM(f, s->at, "\"%s\" confirms a payment, but its text \"%s\" in language \"%s\" does not show "
			    "{%s}; add it", s->name, s->text, lang, n->name);
}

void
menu_flow_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	struct flow flow = { m, env, problems };

	for (int i = 0; i < m->state_n; i++)
		for (int k = 0; m->state[i].kind == MENU_CONFIRM && k < env->languages_n; k++)
			check_confirm(&flow, &m->state[i], env->languages[k]);
}
