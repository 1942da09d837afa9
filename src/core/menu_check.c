/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the whole menu shows: targets that are not there, states that nothing leads to, calls
 * that need a PIN or a confirm before them, texts that a language lacks. Sizes of screens are not
 * proven here.
 */
#include <stdlib.h>
#include <string.h>

#include "core/menu_model.h"

#define TEXTS_COMPARED 1024
#define COMPARED_LEAST 4	/* characters: shorter keys are near to any */

struct check {
	struct menu *m;
	const struct texts *texts;
	const char (*languages)[8];
	int languages_n;
	struct buf *problems;
	const char **names;		/* of all states */
};

/* The i-th edge out of a state, whatever its kind; NULL after the last. */
static struct menu_edge *
edge_at(struct menu_state *s, int i)
{
	if (i < s->edge_n)
		return &s->edge[i];
	i -= s->edge_n;
	if (i < s->option_n)
		return &s->option[i].edge;
	return i == s->option_n ? &s->go : NULL;
}

static int
state_named(struct check *c, const json_t *at, const char *what, const char *name)
{
	const struct menu_state *s = menu_find(c->m, name, strlen(name));
	const char *near;

	if (s != NULL || menu_is_lost(c->m, name))
		return s != NULL ? (int)(s - c->m->state) : -1;
	near = jsondoc_nearest(name, c->names, (size_t)c->m->state_n);
	if (near != NULL)
		PROBLEM(c, at, "%s the state \"%s\", which does not exist; did you mean \"%s\"?",
		    what, name, near);
	else
		PROBLEM(c, at, "%s the state \"%s\", which does not exist; add it", what, name);
	return -1;
}

static void
resolve(struct check *c, struct menu_state *s)
{
	struct menu_edge *e;

	for (int i = 0; (e = edge_at(s, i)) != NULL; i++)
		if (e->target != NULL)
			e->to = state_named(c, e->at, "goes to", e->target);
	if (s->resume != NULL)
		(void)state_named(c, json_object_get(s->at, "resume"), "resumes at", s->resume);
}

static bool
enters_with_pin(const struct menu_state *from)
{
	return from->kind == MENU_ASK && from->accept.row->secret;
}

/* Typed twice, the first time where it is looked at whether it is easy to guess. */
static bool
enters_with_new_pin(const struct check *c, const struct menu_state *from)
{
	const struct accept_row *new_pin = accept_find("new_pin");

	if (from->kind != MENU_ASK || from->accept.of == NULL || !from->accept.row->secret)
		return false;
	for (int i = 0; i < c->m->state_n; i++) {
		const struct menu_state *s = &c->m->state[i];

		if (s->kind == MENU_ASK && s->accept.row == new_pin && s->as != NULL &&
		    strcmp(s->as, from->accept.of) == 0)
			return true;
	}
	return false;
}

/* The edge from -> s that makes s ask for what it does not get. */
static void
check_entry(struct check *c, const struct menu_state *from, const struct menu_edge *e)
{
	const struct menu_state *s = &c->m->state[e->to];

	if (s->kind != MENU_CALL || s->call == NULL)
		return;
	if (s->call->wants_secret && !enters_with_pin(from))
		PROBLEM(c, e->at,
		    "the call \"%s\" of \"%s\" takes a PIN, but \"%s\" does not ask for one; "
		    "go to an ask with the check pin or repeat_pin first",
		    s->call->name, s->name, from->name);
	else if (s->call->wants_secret == CALL_NEW_PIN && !enters_with_new_pin(c, from))
		PROBLEM(c, e->at, "the call \"%s\" of \"%s\" sets a PIN, but \"%s\" does not repeat a new one; "
		    "go to it from an ask with the check repeat_pin of what an ask with new_pin kept",
		    s->call->name, s->name, from->name);
	if (s->call->intent &&
	    (from->kind != MENU_CONFIRM || e != &from->edge[ON_ACCEPTED] || from->intent == NULL ||
		strcmp(from->intent, s->call->name) != 0))
		PROBLEM(c, e->at,
		    "\"%s\" moves money by \"%s\"; it may only follow \"accepted\" of a confirm "
		    "whose intent is \"%s\"",
		    s->name, s->call->name, s->call->name);
}

static bool
runs_intent(const struct menu_state *s)
{
	return s->kind == MENU_CALL && s->call != NULL && s->call->intent;
}

/* An accepted payment is made whatever comes next; the call is where its customer waits for the outcome. */
static void
check_accepted(struct check *c, const struct menu_state *s)
{
	const struct menu_edge *e = &s->edge[ON_ACCEPTED];
	const struct call_row *row = s->intent != NULL ? call_find(s->intent) : NULL;

	if (e->to >= 0 && row != NULL && row->intent && !runs_intent(&c->m->state[e->to]))
		PROBLEM(c, e->at, "\"accepted\" of \"%s\" leads to \"%s\", so nobody is told what became of the "
		    "payment; lead it to the call \"%s\"", s->name, c->m->state[e->to].name, s->intent);
}

static void
check_entries(struct check *c)
{
	for (int i = 0; i < c->m->state_n; i++) {
		struct menu_edge *e;

		for (int k = 0; (e = edge_at(&c->m->state[i], k)) != NULL; k++)
			if (e->to >= 0)
				check_entry(c, &c->m->state[i], e);
		if (c->m->state[i].kind == MENU_CONFIRM)
			check_accepted(c, &c->m->state[i]);
	}
}

/* The confirm that this leads to, past branches, which stop nobody; or NULL. */
static const struct menu_state *
confirm_behind(const struct check *c, int to, bool *seen)
{
	struct menu_state *s = &c->m->state[to];
	const struct menu_state *found = s->kind == MENU_CONFIRM ? s : NULL;
	const struct menu_edge *e;

	if (s->kind != MENU_BRANCH || seen[to])
		return found;
	seen[to] = true;
	for (int i = 0; found == NULL && (e = edge_at(s, i)) != NULL; i++)
		if (e->to >= 0)
			found = confirm_behind(c, e->to, seen);
	return found;
}

/* start, home and resumed states are entered without any state before them. */
static void
check_door(struct check *c, int to, const json_t *at, const char *what)
{
	const struct menu_state *s = to >= 0 ? &c->m->state[to] : NULL;

	if (s != NULL && s->kind == MENU_CALL && s->call != NULL &&
	    (s->call->wants_secret || s->call->intent))
		PROBLEM(c, at, "%s is the call \"%s\", which needs a PIN before it", what,
		    s->call->name);
	if (s != NULL && s->kind == MENU_CONFIRM)
		PROBLEM(c, at, "%s is a confirm; it must be reached through what it confirms",
		    what);
}

/* What was checked before the call dropped may not be so any more. */
static void
check_resume(struct check *c, const struct menu_state *s, int to)
{
	const json_t *at = json_object_get(s->at, "resume");
	bool *seen = xcalloc((size_t)c->m->state_n, sizeof *seen);
	const struct menu_state *confirm = confirm_behind(c, to, seen);

	free(seen);
	check_door(c, to, at, "\"resume\"");
	if (confirm != NULL && confirm != &c->m->state[to])
		PROBLEM(c, at, "\"resume\" leads to the confirm \"%s\" past nothing but branches; it must be reached "
		    "through what it confirms", confirm->name);
}

static void
check_doors(struct check *c)
{
	check_door(c, c->m->start, menu_root(c->m, "start"), "\"start\"");
	check_door(c, c->m->home, menu_root(c->m, "home"), "\"home\"");
	for (int i = 0; i < c->m->state_n; i++) {
		const struct menu_state *s = &c->m->state[i];
		const struct menu_state *to =
		    s->resume != NULL ? menu_find(c->m, s->resume, strlen(s->resume)) : NULL;

		if (to != NULL)
			check_resume(c, s, (int)(to - c->m->state));
	}
}

/* Behind an edge that could not be read everything would be called unreachable. */
static bool
is_whole(struct menu *m)
{
	for (int i = 0; i < m->state_n; i++) {
		struct menu_state *s = &m->state[i];
		bool has_go = s->kind == MENU_ASK || s->kind == MENU_BRANCH || s->list != NULL;

		for (int k = 0; k < s->edge_n + s->option_n; k++)
			if (edge_at(s, k)->to < 0)
				return false;
		if ((has_go && s->go.to < 0) || (s->kind == MENU_CALL && s->call == NULL) ||
		    (s->kind == MENU_CHOOSE && s->list == NULL && s->option == NULL) ||
		    (s->kind == MENU_END && s->text == NULL))
			return false;
	}
	return m->start >= 0 && m->home >= 0;
}

/* What a state of its kind cannot do without. */
static bool
is_complete(const struct menu_state *s)
{
	switch (s->kind) {
	case MENU_CHOOSE:
		for (int i = 0; i < s->option_n; i++)
			if (s->option[i].text == NULL)
				return false;
		return s->text != NULL && (s->list != NULL ? s->item != NULL :
		    (size_t)s->option_n == json_array_size(json_object_get(s->at, "options")));
	case MENU_ASK:
		return s->text != NULL && (!s->accept.row->as_needed || s->as != NULL) &&
		    (!s->accept.row->of_needed || s->accept.of != NULL);
	case MENU_CONFIRM:
		return s->text != NULL && s->intent != NULL && call_find(s->intent) != NULL && call_find(s->intent)->intent;
	case MENU_BRANCH:
		return s->variable != NULL;
	default:
		return true;
	}
}

bool
menu_can_be_walked(const struct menu *m)
{
	for (int i = 0; i < m->state_n; i++)
		if (!is_complete(&m->state[i]))
			return false;
	return m->name != NULL && m->state_n > 0 && is_whole((struct menu *)m);
}

/* A menu need not use what it has from the one that it extends; of a part that it does not use one line is enough. */
static void
say_unreached(struct check *c, const struct menu_state *s, const bool *seen)
{
	const struct menu_scope *part = s->scope;
	const struct menu_state *start = part->outer != NULL ? menu_find(c->m, part->name, strlen(part->name)) : NULL;

	if (part->inherited)
		return;
	if (start == s)
		PROBLEM(c, part->at, "nothing leads to the part \"%s\"; go to it from a state or remove it", part->name);
	else if (start == NULL || seen[start - c->m->state])
		PROBLEM(c, s->at, "nothing leads to the state \"%s\"; go to it from another one or remove it", s->name);
}

static void
check_reach(struct check *c)
{
	int n = 0, *todo = xcalloc((size_t)c->m->state_n + 2, sizeof *todo);
	bool *seen = xcalloc((size_t)c->m->state_n, sizeof *seen);
	const int from[] = { c->m->start, c->m->home };

	for (size_t i = 0; i < NELEM(from); i++)
		if (from[i] >= 0 && !seen[from[i]]) {
			seen[from[i]] = true;
			todo[n++] = from[i];
		}
	while (n > 0) {
		struct menu_state *s = &c->m->state[todo[--n]];
		const struct menu_state *resume = s->resume != NULL ? menu_find(c->m, s->resume, strlen(s->resume)) : NULL;
		struct menu_edge *e;

		for (int i = 0; (e = edge_at(s, i)) != NULL; i++)
			if (e->to >= 0 && !seen[e->to]) {
				seen[e->to] = true;
				todo[n++] = e->to;
			}
		/* Who dials again is one who comes, too. */
		if (resume != NULL && !seen[resume - c->m->state]) {
			seen[resume - c->m->state] = true;
			todo[n++] = (int)(resume - c->m->state);
		}
	}
	for (int i = 0; i < c->m->state_n; i++)
		if (!seen[i])
			say_unreached(c, &c->m->state[i], seen);
	free(seen);
	free(todo);
}

struct known_keys {
	const char *key[TEXTS_COMPARED];
	size_t n;
};

static void
add_key(void *arg, const char *key)
{
	struct known_keys *k = arg;

	if (k->n < TEXTS_COMPARED)
		k->key[k->n++] = key;
}

static void
say_no_text(struct check *c, const json_t *at, const char *key, const char *language)
{
	struct known_keys *k = xcalloc(1, sizeof *k);
	const char *near = NULL;

	if (strlen(key) >= COMPARED_LEAST) {
		texts_each(c->texts, language, add_key, k);
		near = jsondoc_nearest(key, k->key, k->n);
	}
	PROBLEM(c, at, "the text \"%s\" is missing in language \"%s\"; add it to the template%s%s%s", key, language,
	    near != NULL ? ", or did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
	free(k);
}

static void
check_text(struct check *c, const json_t *at, const char *key)
{
	if (key == NULL)
		return;
	for (int i = 0; i < c->languages_n; i++)
		if (texts_find(c->texts, c->languages[i], c->languages[i], key) == NULL)
			say_no_text(c, at, key, c->languages[i]);
}

static void
check_state_texts(struct check *c, struct menu_state *s)
{
	struct menu_edge *e;

	check_text(c, s->at, s->text);
	check_text(c, s->at, s->item);
	for (int i = 0; i < s->option_n; i++)
		check_text(c, s->option[i].edge.at, s->option[i].text);
	for (int i = 0; (e = edge_at(s, i)) != NULL; i++)
		check_text(c, e->at, e->say);
	if (s->kind == MENU_ASK)
		for (size_t i = 0; i < NELEM(s->accept.row->reasons); i++)
			check_text(c, s->at, s->accept.row->reasons[i]);
}

/* What the engine shows by itself. */
static void
check_texts(struct check *c)
{
	static const char *const own[] = {
		"nav.back", "nav.more", "language.name", "error.choice", "error.pin",
		"error.pin_wrong", "error.internal", "error.session_lost", "error.call_help", "error.sim_changed",
		"error.young",
	};

	static const char *const offer[] = { "resume.offer", "resume.yes", "resume.no" };
	bool resumes = false;

	for (int i = 0; i < c->m->state_n; i++)
		resumes = resumes || c->m->state[i].resume != NULL;
	for (size_t i = 0; i < NELEM(own); i++)
		check_text(c, jsondoc_root(c->m->doc), own[i]);
	for (size_t i = 0; i < NELEM(offer) && resumes; i++)
		check_text(c, jsondoc_root(c->m->doc), offer[i]);
	for (int i = 0; i < c->m->state_n; i++)
		check_state_texts(c, &c->m->state[i]);
}

bool
menu_check_sms(const struct menu *m, struct buf *problems)
{
	struct check reading = { .m = (struct menu *)m, .problems = problems };
	struct check *c = &reading;
	size_t before = problems->len;

	for (int i = 0; i < m->state_n; i++) {
		const struct menu_state *s = &m->state[i];

		if (s->kind == MENU_ASK && s->accept.row != NULL && s->accept.row->secret)
			PROBLEM(c, s->at, "\"%s\" asks for a PIN, which must never be sent by SMS; a menu "
			    "for SMS has no PIN", s->name);
		if (s->kind == MENU_CONFIRM)
			PROBLEM(c, s->at, "\"%s\" confirms a payment; a menu for SMS moves no money", s->name);
		if (s->kind == MENU_CALL && s->call != NULL && !s->call->open)
			PROBLEM(c, s->at, "the call \"%s\" is not for a menu for SMS: an SMS can be forged; "
			    "use only calls that anybody may make", s->call->name);
	}
	return problems->len == before;
}

void
menu_check(struct menu *m, const struct texts *texts, const char (*languages)[8], int languages_n,
    struct buf *problems)
{
	struct check c = { m, texts, languages, languages_n, problems, NULL };

	c.names = xcalloc((size_t)m->state_n, sizeof *c.names);
	for (int i = 0; i < m->state_n; i++)
		c.names[i] = m->state[i].name;
	for (int i = 0; i < m->state_n; i++)
		resolve(&c, &m->state[i]);
	check_entries(&c);
	check_doors(&c);
	if (is_whole(m))
		check_reach(&c);
	if (texts != NULL)
		check_texts(&c);
	free(c.names);
}
