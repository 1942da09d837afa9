/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn is what happens between an input and the next screen: all calls on the longest way there, each as slow as it
 * may be. The screen itself waits no longer than the turn's budget and says then that it failed, or that the result
 * follows; a PIN that was taken is looked at even so. A journey is one way through screens, each answered right;
 * screens that are cut into pages count once. What customers take to read and type is a guess, and the only one here.
 */
#include "core/menu_budget.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"

#define TURN_MS 5000			/* where nothing is configured, as in the tables of options */
#define READ_MS 4000
#define MONEY_MS 30000
#define PIN_KEYS 5			/* whatever a tenant's PINs have: its menu may be another's too */
#define SCREEN_MS 10000			/* to read a screen and to type an answer */

struct cost {
	int screens;			/* that were answered */
	int keys, calls;
	int64_t ms;			/* of calls; in a journey what its screens waited */
};

struct budget {
	const struct menu *m;
	const struct prove_env *env;
	struct flow *flow;		/* ours */
	int *first;			/* ours: where the ways out of a situation begin in flow->succ */
	struct cost *turn;		/* ours: of each situation, at worst until the next screen */
	unsigned char *done;		/* ours: 1 while it is reckoned, then 2 */
	int64_t turn_ms, read_ms, money_ms;
};

/* ---- the graph ---- */

/* Pairs of a situation stand together, in the order of situations. */
static void
index_ways(struct budget *b)
{
	const struct flow *f = b->flow;
	int k = 0;

	b->first = xcalloc((size_t)f->n + 2, sizeof *b->first);
	for (int i = 0; i <= f->n; i++) {
		while (k < f->succ_n && f->succ[k] < i)
			k += 2;
		b->first[i] = k;
	}
}

static struct budget *
budget_new(const struct menu *m, const struct prove_env *env)
{
	const struct tenant_settings *t = prove_tenant(env);
	struct budget *b = xcalloc(1, sizeof *b);
	struct flow *f = xcalloc(1, sizeof *f);
	struct buf unheard = { 0 };

	*b = (struct budget){ .m = m, .env = env, .flow = f, .turn_ms = TURN_MS, .read_ms = READ_MS,
		.money_ms = MONEY_MS };
	if (t != NULL) {
		b->turn_ms = env->settings->turn_budget_ms;
		b->read_ms = t->wallet.timeout_read_ms;
		b->money_ms = t->wallet.timeout_money_ms;
	}
	f->m = m;
	f->env = env;
	f->problems = &unheard;
	flow_read(f);
	if (!f->too_many) {
		flow_find_live(f);
		flow_walk(f);
	}
	buf_clear(&unheard);
	index_ways(b);
	b->turn = xcalloc((size_t)f->n + 1, sizeof *b->turn);
	b->done = xcalloc((size_t)f->n + 1, sizeof *b->done);
	return b;
}

static void
budget_free(struct budget *b)
{
	flow_free(b->flow);
	free(b->flow);
	free(b->first);
	free(b->turn);
	free(b->done);
	free(b);
}

/* Otherwise the menu has problems of another kind, which are said elsewhere. */
static bool
is_reckoned(const struct budget *b)
{
	return !b->flow->too_many && !b->flow->tangled;
}

static const struct menu_state *
state_of(const struct budget *b, int situation)
{
	return &b->m->state[b->flow->at[situation].state];
}

/* The way leads onwards, not back, home or into a dialogue that was dropped. */
static bool
leads_on(const struct budget *b, int from, int to)
{
	const struct menu_state *s = state_of(b, from);
	int state = b->flow->at[to].state;

	for (int i = 0; i < s->edge_n; i++)
		if (s->edge[i].to == state)
			return true;
	for (int i = 0; i < s->option_n; i++)
		if (s->option[i].edge.to == state)
			return true;
	return s->go.to == state;
}

static void
add_steps(const struct budget *b, struct cost *c, const struct call_steps *steps)
{
	c->calls += steps->read + steps->money;
	c->ms += steps->read * b->read_ms + steps->money * b->money_ms;
}

/* ---- turns ---- */

/* From the situation to the next screen, its own call among it. A loop without a screen is said elsewhere. */
static const struct cost *
until_screen(struct budget *b, int situation)
{
	const struct menu_state *s = state_of(b, situation);
	struct cost *c = &b->turn[situation];
	struct cost own = { 0 };

	if (b->done[situation] != 0 || flow_is_screen(s))
		return c;
	b->done[situation] = 1;
	for (int k = b->first[situation]; k < b->first[situation + 1]; k += 2) {
		const struct cost *rest;

		if (!leads_on(b, situation, b->flow->succ[k + 1]))
			continue;
		rest = until_screen(b, b->flow->succ[k + 1]);
		own.calls = rest->calls > own.calls ? rest->calls : own.calls;
		own.ms = rest->ms > own.ms ? rest->ms : own.ms;
	}
	if (s->kind == MENU_CALL)
		add_steps(b, &own, &s->call->steps);
	*c = own;
	b->done[situation] = 2;
	return c;
}

/* After an input at the screen. */
static struct cost
turn_from(struct budget *b, int screen)
{
	struct cost worst = { 0 };

	for (int k = b->first[screen]; k < b->first[screen + 1]; k += 2) {
		int to = b->flow->succ[k + 1];
		const struct cost *c;

		if (!leads_on(b, screen, to))
			continue;
		c = until_screen(b, to);
		worst.calls = c->calls > worst.calls ? c->calls : worst.calls;
		worst.ms = c->ms > worst.ms ? c->ms : worst.ms;
	}
	if (state_of(b, screen)->kind == MENU_CONFIRM)
		add_steps(b, &worst, &confirm_steps);
	return worst;
}

static int64_t
screen_waits(const struct budget *b, int64_t ms)
{
	return ms < b->turn_ms ? ms : b->turn_ms;
}

static void
add_turn(const struct budget *b, const char *name, const struct cost *c, struct buf *out)
{
	buf_addf(out, "%-24s %5d %8.1f %8.1f%s\n", name, c->calls, (double)c->ms / 1000,
	    (double)screen_waits(b, c->ms) / 1000, c->ms > b->turn_ms ? "  *" : "");
}

static void
add_turns(struct budget *b, struct buf *out)
{
	struct cost *worst = xcalloc((size_t)b->m->state_n + 1, sizeof *worst), *dial = &worst[b->m->state_n];

	for (int i = 0; i < b->flow->n; i++) {
		const struct flow_situation *at = &b->flow->at[i];
		bool begins = at->from < 0 || at->action == FLOW_REDIAL;
		struct cost c = begins ? *until_screen(b, i) : turn_from(b, i), *w = begins ? dial : &worst[at->state];

		if (!begins && !flow_is_screen(state_of(b, i)))
			continue;
		w->calls = c.calls > w->calls ? c.calls : w->calls;
		w->ms = c.ms > w->ms ? c.ms : w->ms;
	}
	buf_addf(out, "%-24s %5s %8s %8s\n", "turn after", "calls", "seconds", "shown");
	add_turn(b, "(dialling)", dial, out);
	for (int i = 0; i < b->m->state_n; i++)
		if (worst[i].calls > 0)
			add_turn(b, b->m->state[i].name, &worst[i], out);
	buf_addf(out, "* the screen does not wait for all of it\n\n");
	free(worst);
}

/* ---- journeys ---- */

struct journey {
	const char *name;
	const json_t *at;
	int from, to;			/* states */
	struct cost allowed;		/* INT_MAX where nothing is said */
};

/* What is typed at a question, as long as it usually is. */
static int
typed_keys(const struct menu_accept *a)
{
	static const struct {
		const char *check;
		int keys;
	} checks[] = {
		{ "phone", 10 }, { "money", 5 }, { "pin", PIN_KEYS }, { "new_pin", PIN_KEYS },
		{ "repeat_pin", PIN_KEYS }, { "name", 12 },
		{ "id_number", 13 }, { "passport", 9 }, { "date", 8 }, { "document", 1 },
	};
	size_t most = 0;

	for (size_t i = 0; i < NELEM(checks); i++)
		if (strcmp(a->row->name, checks[i].check) == 0)
			return checks[i].keys;
	for (int i = 0; i < a->words; i++)
		most = strlen(a->word[i]) > most ? strlen(a->word[i]) : most;
	return a->words > 0 ? (int)most : (int)a->max;
}

static int
option_keys(const struct budget *b, int screen, int state)
{
	const struct menu_state *s = state_of(b, screen);
	int number = 0;

	for (int i = 0; i < s->option_n; i++) {
		number += flow_holds(b->flow, &s->option[i], flow_values(b->flow, screen));
		if (s->option[i].edge.to == state && flow_holds(b->flow, &s->option[i], flow_values(b->flow, screen)))
			break;
	}
	return number > 9 ? 2 : 1;
}

/* What it costs to leave a situation for the next one. */
static struct cost
step_cost(const struct budget *b, int from, int to)
{
	const struct menu_state *s = state_of(b, from);
	struct cost c = { .screens = flow_is_screen(s) };

	if (s->kind == MENU_CALL)
		add_steps(b, &c, &s->call->steps);
	else if (s->kind == MENU_ASK)
		c.keys = typed_keys(&s->accept);
	else if (s->kind == MENU_CONFIRM) {
		c.keys = PIN_KEYS;
		add_steps(b, &c, &confirm_steps);
	} else if (s->kind == MENU_CHOOSE)
		c.keys = option_keys(b, from, b->flow->at[to].state);
	return c;
}

static bool
is_less(const struct cost *a, const struct cost *b)
{
	if (a->screens != b->screens)
		return a->screens < b->screens;
	return a->keys != b->keys ? a->keys < b->keys : a->calls < b->calls;
}

/* sum.ms is what the next screen waits for; what the ones before have waited is in `waited`. */
struct reach {
	struct cost sum;
	int64_t waited;
	bool known;
};

static struct reach
reach_on(const struct budget *b, const struct reach *r, int from, int to)
{
	struct cost c = step_cost(b, from, to);
	struct reach next = *r;

	if (c.screens > 0) {
		next.waited += screen_waits(b, r->sum.ms);
		next.sum.ms = 0;
	}
	next.sum.screens += c.screens;
	next.sum.keys += c.keys;
	next.sum.calls += c.calls;
	next.sum.ms += c.ms;
	next.known = true;
	return next;
}

/* The shortest way, by screens, then keys, then calls. false: there is none. */
static bool
shortest(const struct budget *b, const struct journey *j, struct cost *out)
{
	const struct flow *f = b->flow;
	struct reach *at = xcalloc((size_t)f->n + 1, sizeof *at), *best = NULL;
	int *todo = xcalloc((size_t)f->n + 1, sizeof *todo), head = 0, n = 0, i = 0;
	bool *waits = xcalloc((size_t)f->n + 1, sizeof *waits);

	while (i < f->n && f->at[i].state != j->from)
		i++;
	if (i < f->n) {
		at[i].known = true;
		todo[n++] = i;
	}
	for (; n > 0; n--) {
		int here = todo[head];

		head = (head + 1) % (f->n + 1);
		waits[here] = false;
		for (int k = b->first[here]; k < b->first[here + 1]; k += 2) {
			int to = f->succ[k + 1];
			struct reach next;

			if (!leads_on(b, here, to))
				continue;
			next = reach_on(b, &at[here], here, to);
			if (at[to].known && !is_less(&next.sum, &at[to].sum))
				continue;
			at[to] = next;
			if (!waits[to])
				todo[(head + n++ - 1) % (f->n + 1)] = to;
			waits[to] = true;
		}
	}
	for (i = 0; i < f->n; i++)
		if (f->at[i].state == j->to && at[i].known && (best == NULL || is_less(&at[i].sum, &best->sum)))
			best = &at[i];
	if (best != NULL) {
		*out = best->sum;
		out->ms = best->waited + screen_waits(b, best->sum.ms) + best->sum.screens * (int64_t)SCREEN_MS;
	}
	free(at);
	free(todo);
	free(waits);
	return best != NULL;
}

static int
journey_state(struct menu_reading *l, const json_t *at, const char *key)
{
	const char *name = menu_word(l, json_object_get(at, key), at, key, MENU_STATE);
	const struct menu_state *s = name != NULL ? menu_find(l->m, name, strlen(name)) : NULL;
	const char **names;

	if (name == NULL || s != NULL)
		return s != NULL ? (int)(s - l->m->state) : -1;
	names = xcalloc((size_t)l->m->state_n, sizeof *names);
	for (int i = 0; i < l->m->state_n; i++)
		names[i] = l->m->state[i].name;
	menu_unknown(l, json_object_get(at, key), "state", name, names, (size_t)l->m->state_n);
	free(names);
	return -1;
}

static int
allowed(struct menu_reading *l, const json_t *at, const char *key)
{
	const json_t *v = json_object_get(at, key);

	if (v != NULL && (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT_MAX))
		PROBLEM(l, v, "\"%s\" must be a whole number", key);
	return json_is_integer(v) ? (int)json_integer_value(v) : INT_MAX;
}

/* false after saying what is wrong with it. */
static bool
read_journey(struct menu_reading *l, const char *name, const json_t *at, struct journey *j)
{
	size_t before = l->problems->len;
	const char *known[MENU_KEYS];

	if (!json_is_object(at)) {
		PROBLEM(l, at, "journey \"%s\" must be an object, as {\"from\": \"main\", \"to\": \"send.done\", "
		    "\"screens\": 5}", name);
		return false;
	}
	menu_known(l, at, "key", known, menu_key_names(FORM_JOURNEY, known));
	*j = (struct journey){ .name = name, .at = at, .from = journey_state(l, at, "from"),
		.to = journey_state(l, at, "to"),
		.allowed = { allowed(l, at, "screens"), allowed(l, at, "keys"), allowed(l, at, "calls"), 0 } };
	return l->problems->len == before && j->from >= 0 && j->to >= 0;
}

/* The shortest time in which a network that the tenant is on ends a dialogue, by its channel; NULL: not known. */
static const struct channel_settings *
shortest_session(const struct prove_env *env)
{
	const struct channel_settings *found = NULL;

	for (int i = 0; env->settings != NULL && i < env->settings->channels_n; i++) {
		const struct channel_settings *c = &env->settings->channels[i];

		if (c->tenant == env->tenant && channel_is_ussd(c->kind) && c->session_s > 0 &&
		    (found == NULL || c->session_s < found->session_s))
			found = c;
	}
	return found;
}

static void
judge(const struct budget *b, struct menu_reading *l, const struct journey *j, const struct cost *c)
{
	const struct {
		const char *what;
		int is, may;
	} bounds[] = {
		{ "screens", c->screens, j->allowed.screens }, { "keys", c->keys, j->allowed.keys },
		{ "calls", c->calls, j->allowed.calls },
	};
	const struct channel_settings *ch = b->env->by_sms ? NULL : shortest_session(b->env);

	for (size_t i = 0; i < NELEM(bounds); i++)
		if (bounds[i].is > bounds[i].may)
			PROBLEM(l, json_object_get(j->at, bounds[i].what), "journey \"%s\" takes %d %s and may take "
			    "%d; shorten the way from \"%s\" to \"%s\", or allow more", j->name, bounds[i].is,
			    bounds[i].what, bounds[i].may, b->m->state[j->from].name, b->m->state[j->to].name);
	if (ch != NULL && c->ms > ch->session_s * INT64_C(1000))
		PROBLEM(l, j->at, "journey \"%s\" may take %d s, and channel \"%s\" ends a dialogue after %d s; "
		    "shorten it", j->name, (int)(c->ms / 1000), ch->name, ch->session_s);
}

static void
add_journey(const struct journey *j, const struct cost *c, struct buf *out)
{
	const int is[] = { c->screens, c->keys, c->calls };
	const int may[] = { j->allowed.screens, j->allowed.keys, j->allowed.calls };

	buf_addf(out, "%-24s", j->name);
	for (size_t i = 0; i < NELEM(is); i++)
		if (may[i] == INT_MAX)
			buf_addf(out, " %4d    ", is[i]);
		else
			buf_addf(out, " %4d/%-3d", is[i], may[i]);
	buf_addf(out, " %7d\n", (int)(c->ms / 1000));
}

/* One of the menu file: into the table `out`, or else what is wrong with it. */
static void
one_journey(const struct budget *b, struct menu_reading *l, const char *name, const json_t *at, struct buf *out)
{
	struct journey j;
	struct cost c = { 0 };

	if (!read_journey(l, name, at, &j) || !is_reckoned(b))
		return;
	if (!shortest(b, &j, &c))
		PROBLEM(l, at, "journey \"%s\": no way leads from \"%s\" to \"%s\"; name two states between "
		    "which there is one", name, b->m->state[j.from].name, b->m->state[j.to].name);
	else if (out != NULL)
		add_journey(&j, &c, out);
	else
		judge(b, l, &j, &c);
}

/* The menu's own and those of the menus that it extends, unless it has one of that name itself. */
static void
each_journey(const struct budget *b, struct buf *problems, struct buf *out)
{
	struct menu_reading l = { .m = (struct menu *)b->m, .problems = problems };

	for (size_t i = 0; i < b->m->root_n; i++) {
		const json_t *all = json_object_get(b->m->root[i], "journeys"), *at;
		const char *name;

		if (all != NULL && !json_is_object(all))
			PROBLEM(&l, all, "\"journeys\" must be {\"name\": {\"from\": \"state\", \"to\": \"state\"}}");
		json_object_foreach((json_t *)all, name, at) {
			size_t own = 0;

			while (json_object_get(json_object_get(b->m->root[own], "journeys"), name) == NULL)
				own++;
			if (own == i)
				one_journey(b, &l, name, at, out);
		}
	}
}

void
menu_budget_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	struct budget *b;

	if (menu_root(m, "journeys") == NULL)
		return;
	b = budget_new(m, env);
	each_journey(b, problems, NULL);
	budget_free(b);
}

void
menu_budget_report(const struct menu *m, const struct prove_env *env, struct buf *out)
{
	struct budget *b = budget_new(m, env);
	struct buf unheard = { 0 };

	buf_addf(out, "menu %s\n", m->name);
	if (is_reckoned(b))
		add_turns(b, out);
	if (menu_root(m, "journeys") != NULL) {
		buf_addf(out, "%-24s %-8s %-8s %-8s %7s\n", "journey", "screens", "keys", "calls", "seconds");
		each_journey(b, &unheard, out);
		buf_addf(out, "\n");
	}
	buf_clear(&unheard);
	budget_free(b);
}
