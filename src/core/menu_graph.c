/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a picture of a hundred states readable: states whose names begin alike, or that are of one part, stand in
 * one frame; the edges from one state to another are one line; and a state to which many lead (an apology, home) is not
 * drawn to: where it is reached, a small note names it.
 */
#include "core/menu_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_model.h"

#define LINE 30			/* characters of a text in a row */
#define MANY 4			/* lines to a state: from here on notes in other frames */

struct graph {
	const struct menu *m;
	const struct texts *texts;
	const char *language;
	struct buf *out;
	const struct menu_state **start_of;	/* of each state: the first state of its frame */
	int *frame_n;				/* of a frame's first state: how many it has */
	int *led;				/* lines to a state */
};

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

static int
index_of(const struct graph *g, const struct menu_state *s)
{
	return (int)(s - g->m->state);
}

/* Letters that mean something in a label. */
static void
escape(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == '<' || text[i] == '>' || text[i] == '&')
			buf_add_str(out, text[i] == '<' ? "&lt;" : text[i] == '>' ? "&gt;" : "&amp;");
		else if (text[i] == '"')
			buf_add_str(out, "&quot;");
		else
			buf_add_char(out, text[i]);
}

static void
add_row(struct graph *g, const char *text, size_t n)
{
	escape(g->out, text, n);
	buf_add_str(g->out, "<BR ALIGN=\"LEFT\"/>");
}

/* In rows, broken between words. */
static void
add_text(struct graph *g, const char *before, const char *key)
{
	const char *text = texts_find(g->texts, g->language, g->language, key);
	struct buf whole = { 0 };
	const char *at;

	buf_addf(&whole, "%s%s", before, text != NULL ? text : key);
	for (at = buf_str(&whole); *at != '\0';) {
		size_t n = strcspn(at, "\n"), cut;

		if (n > LINE) {
			for (cut = LINE; cut > 0 && at[cut] != ' '; cut--)
				;
			n = cut > 0 ? cut : strcspn(at, " \n");
		}
		add_row(g, at, n);
		at += n + (at[n] != '\0');
	}
	buf_clear(&whole);
}

/* "send" of "send.confirm"; a part's states are together, whatever their names. */
static size_t
frame_name(const struct menu_state *s)
{
	return s->scope->outer != NULL ? strlen(s->scope->name) : strcspn(s->name, ".");
}

static bool
is_together(const struct menu_state *a, const struct menu_state *b)
{
	size_t n = frame_name(a);

	if (a->scope->outer != NULL || b->scope->outer != NULL)
		return a->scope == b->scope;
	return n == frame_name(b) && strncmp(a->name, b->name, n) == 0;
}

static void
find_frames(struct graph *g)
{
	for (int i = 0; i < g->m->state_n; i++) {
		const struct menu_state *s = &g->m->state[i];
		const struct menu_edge *e;
		int first = 0;

		while (!is_together(&g->m->state[first], s))
			first++;
		g->start_of[i] = &g->m->state[first];
		g->frame_n[first]++;
		for (int k = 0; (e = edge_at(s, k)) != NULL; k++)
			if (e->to >= 0)
				g->led[e->to]++;
	}
}

static bool
is_noted(const struct graph *g, const struct menu_state *from, int to)
{
	return g->led[to] >= MANY && g->start_of[index_of(g, from)] != g->start_of[to];
}

static void
add_screen(struct graph *g, const struct menu_state *s)
{
	char number[16];

	add_text(g, "", s->text);
	for (int i = 0; i < s->option_n; i++) {
		str_format(number, sizeof number, "%d. ", i + 1);
		add_text(g, number, s->option[i].text);
	}
	if (s->list != NULL)
		add_text(g, "n. ", s->item);
	if (s->kind == MENU_ASK)
		add_row(g, s->accept.row->name, strlen(s->accept.row->name));
}

/* Screens are boxes, as a phone shows them; what nobody sees is small. */
static void
add_state(struct graph *g, const struct menu_state *s)
{
	static const char *const looks[MENU_KINDS] = {
		[MENU_CALL] = "shape=ellipse, color=\"#6080a0\", fontcolor=\"#405060\"",
		[MENU_BRANCH] = "shape=diamond, color=\"#808080\", fontcolor=\"#505050\"",
		[MENU_CHOOSE] = "fillcolor=\"#ffffff\"",
		[MENU_ASK] = "fillcolor=\"#fff8e0\"",
		[MENU_CONFIRM] = "fillcolor=\"#ffe4d8\", penwidth=2",
		[MENU_END] = "fillcolor=\"#e8e8e8\"",
	};
	bool is_screen = s->kind != MENU_CALL && s->kind != MENU_BRANCH;

	buf_addf(g->out, "  s%d [%s, label=<<B>", index_of(g, s), looks[s->kind]);
	escape(g->out, s->name, strlen(s->name));
	buf_add_str(g->out, is_screen ? "</B><BR ALIGN=\"LEFT\"/>" : "</B>");
	if (is_screen)
		add_screen(g, s);
	else {
		const char *what = s->kind == MENU_CALL ? s->call->name : s->variable;

		buf_add_str(g->out, "<BR/>");
		escape(g->out, what, strlen(what));
		buf_add_str(g->out, s->kind == MENU_BRANCH ? "?" : "");
	}
	buf_add_str(g->out, ">];\n");
}

/* What stands at the edge: the number of an option, an outcome, a value. */
static void
add_why(const struct menu_state *s, int k, struct buf *out)
{
	const struct menu_edge *e = edge_at(s, k);

	if (out->len > 0)
		buf_add_str(out, ", ");
	if (k < s->edge_n)
		escape(out, e->name[0] != '\0' ? e->name : "not set", strlen(e->name[0] != '\0' ? e->name : "not set"));
	else if (k < s->edge_n + s->option_n)
		buf_addf(out, "%d", k - s->edge_n + 1);
	else if (s->kind == MENU_BRANCH)
		buf_add_str(out, "else");
	else if (s->list != NULL)
		buf_add_str(out, "n");
}

/* All edges of a state to another: one line, or a note. */
static void
add_line(struct graph *g, const struct menu_state *s, int first)
{
	const struct menu_edge *e = edge_at(s, first);
	const struct menu_state *to = &g->m->state[e->to];
	struct buf why = { 0 };
	int from = index_of(g, s);

	for (int k = 0; k < first; k++)
		if (edge_at(s, k)->to == e->to)
			return;
	for (int k = first; edge_at(s, k) != NULL; k++)
		if (edge_at(s, k)->to == e->to)
			add_why(s, k, &why);
	if (is_noted(g, s, e->to)) {
		buf_addf(g->out, "  n%d_%d [shape=plaintext, style=\"\", fontcolor=\"#707070\", label=<<I>", from, e->to);
		escape(g->out, to->name, strlen(to->name));
		buf_addf(g->out, "</I>>];\n  s%d -> n%d_%d [color=\"#b0b0b0\"", from, from, e->to);
	} else
		buf_addf(g->out, "  s%d -> s%d [color=\"#404040\"", from, e->to);
	buf_addf(g->out, ", label=<%s>];\n", why.len > 0 ? buf_str(&why) : " ");
	buf_clear(&why);
}

static void
add_lines(struct graph *g, const struct menu_state *s, bool noted)
{
	const struct menu_edge *e;

	for (int k = 0; (e = edge_at(s, k)) != NULL; k++)
		if (e->to >= 0 && is_noted(g, s, e->to) == noted)
			add_line(g, s, k);
}

/* The frame of which this state is the first. Notes stand in it, lines to other frames do not. */
static void
add_frame(struct graph *g, const struct menu_state *first)
{
	bool is_frame = g->frame_n[index_of(g, first)] > 1;

	if (is_frame) {
		buf_addf(g->out, " subgraph cluster_%d {\n  label=<", index_of(g, first));
		escape(g->out, first->name, frame_name(first));
		if (first->scope->outer != NULL) {
			buf_add_str(g->out, " (part ");
			escape(g->out, first->scope->file, strlen(first->scope->file));
			buf_add_str(g->out, ")");
		}
		buf_addf(g->out, ">;\n  style=\"%s\"; color=\"#a0a0c0\"; bgcolor=\"#f6f6fc\";\n",
		    first->scope->outer != NULL ? "dashed" : "rounded");
	}
	for (int i = 0; i < g->m->state_n; i++)
		if (g->start_of[i] == first) {
			add_state(g, &g->m->state[i]);
			add_lines(g, &g->m->state[i], true);
		}
	if (is_frame)
		buf_add_str(g->out, " }\n");
}

void
menu_graph(const struct menu *m, const struct texts *texts, const char *language, struct buf *out)
{
	struct graph g = { m, texts, language, out, xcalloc((size_t)m->state_n, sizeof *g.start_of),
		xcalloc((size_t)m->state_n, sizeof *g.frame_n), xcalloc((size_t)m->state_n, sizeof *g.led) };

	find_frames(&g);
	buf_add_str(out, "digraph menu {\n label=<");
	escape(out, m->name, strlen(m->name));
	buf_addf(out, ">; labelloc=t; rankdir=LR; fontname=\"Helvetica\";\n"
	    " nodesep=0.15; ranksep=0.5;\n"
	    " node [shape=box, style=filled, fillcolor=\"#ffffff\", fontname=\"Helvetica\", fontsize=10, margin=\"0.08,0.04\"];\n"
	    " edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.6];\n"
	    " begin [shape=circle, label=\"\", width=0.2, fillcolor=\"#000000\"];\n begin -> s%d;\n",
	    m->start);
	for (int i = 0; i < m->state_n; i++)
		if (g.start_of[i] == &m->state[i])
			add_frame(&g, &m->state[i]);
	for (int i = 0; i < m->state_n; i++)
		add_lines(&g, &m->state[i], false);
	buf_add_str(out, "}\n");
	free(g.start_of);
	free(g.frame_n);
	free(g.led);
}
