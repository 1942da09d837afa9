/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_cover.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

#define LABEL 128

struct covered_edge {
	const struct menu_edge *edge;
	int state, number;		/* where it leaves, and which one there, from 0 */
	bool walked;
};

struct menu_cover {
	const struct menu *m;
	bool *state;			/* walked; one for each of the menu */
	struct covered_edge *edge;
	int edge_n, room;
};

static void
add_edge(struct menu_cover *c, int state, int number, const struct menu_edge *e)
{
	if (c->edge_n == c->room) {
		c->room = c->room * 2 + 64;
		c->edge = xrealloc(c->edge, (size_t)c->room, sizeof *c->edge);
	}
	c->edge[c->edge_n++] = (struct covered_edge){ e, state, number, false };
}

static bool
has_go(const struct menu_state *s)
{
	return s->kind == MENU_ASK || s->kind == MENU_BRANCH || (s->kind == MENU_CHOOSE && s->list != NULL);
}

static void
add_edges(struct menu_cover *c, int state)
{
	const struct menu_state *s = &c->m->state[state];
	int number = 0;

	for (int i = 0; i < s->edge_n; i++)
		add_edge(c, state, number++, &s->edge[i]);
	for (int i = 0; i < s->option_n; i++)
		add_edge(c, state, number++, &s->option[i].edge);
	if (has_go(s))
		add_edge(c, state, number, &s->go);
}

struct menu_cover *
menu_cover_new(const struct menu *m)
{
	struct menu_cover *c = xcalloc(1, sizeof *c);

	c->m = m;
	c->state = xcalloc((size_t)m->state_n + 1, sizeof *c->state);
	for (int i = 0; i < m->state_n; i++)
		add_edges(c, i);
	return c;
}

void
menu_cover_free(struct menu_cover *c)
{
	if (c == NULL)
		return;
	free(c->state);
	free(c->edge);
	free(c);
}

void
menu_cover_passed(void *cover, int state, const struct menu_edge *via)
{
	struct menu_cover *c = cover;

	c->state[state] = true;
	for (int i = 0; i < c->edge_n; i++)
		if (c->edge[i].edge == via)
			c->edge[i].walked = true;
}

struct menu_covered
menu_cover_count(const struct menu_cover *c)
{
	struct menu_covered n = { .states = c->m->state_n, .edges = c->edge_n };

	for (int i = 0; i < n.states; i++)
		n.states_walked += c->state[i];
	for (int i = 0; i < n.edges; i++)
		n.edges_walked += c->edge[i].walked;
	return n;
}

static void
name_edge(const struct menu_state *s, const struct covered_edge *e, char out[LABEL])
{
	int option = e->number - s->edge_n;

	if (e->edge == &s->go)
		str_format(out, LABEL, "%s", s->kind == MENU_BRANCH ? "else" : "go");
	else if (option >= 0)
		str_format(out, LABEL, "option %d (%s)", option + 1, s->option[option].text);
	else if (s->kind == MENU_CONFIRM)
		str_format(out, LABEL, "%s", confirm_edge_names[e->number]);
	else
		str_format(out, LABEL, "\"%s\"", e->edge->name);
}

static bool
all_walked(const struct menu_cover *c, int state)
{
	bool all = c->state[state];

	for (int i = 0; i < c->edge_n; i++)
		all = all && (c->edge[i].state != state || c->edge[i].walked);
	return all;
}

void
menu_cover_missing(const struct menu_cover *c, struct buf *out)
{
	struct menu_reading at = { .m = (struct menu *)c->m, .problems = out };
	char label[LABEL];

	for (int s = 0; s < c->m->state_n; s++) {
		const struct menu_state *state = &c->m->state[s];

		if (all_walked(c, s))
			continue;
		if (!c->state[s])
			PROBLEM(&at, state->at, "%s: was not entered", state->name);
		for (int i = 0; i < c->edge_n; i++)
			if (c->edge[i].state == s && !c->edge[i].walked) {
				name_edge(state, &c->edge[i], label);
				PROBLEM(&at, c->edge[i].edge->at, "%s: %s to %s was not walked", state->name, label,
				    c->m->state[c->edge[i].edge->to].name);
			}
	}
}
