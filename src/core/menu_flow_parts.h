/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of menu_flow*.c: what is known of a menu's variables (menu_flow_vars.c), every situation that a customer can
 * come into (menu_flow_walk.c), what is wrong there (menu_flow_find.c), what is wrong in texts (menu_flow_texts.c),
 * and the key presses that lead somewhere (menu_flow_keys.c).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "core/menu_flow.h"
#include "core/menu_model.h"

#define FLOW_VARS 192
#define FLOW_WORDS 48		/* of one variable */
#define FLOW_SITUATIONS 40000	/* more of them, and the menu counts as too tangled to be proven */

/* What a variable holds in a situation; from FLOW_WORD on it is one of the words that it is compared with. */
enum flow_value { FLOW_UNSET, FLOW_SET, FLOW_WORD };

struct flow_var {
	char name[VARS_NAME];		/* of a list: its own, it is set when it has an item */
	bool is_list;
	bool compared;			/* by a branch or a when */
	bool open;			/* may hold more than the words that menus and calls give it */
	const char *word[FLOW_WORDS];	/* those that it is compared with, then others that it is known to get */
	int compared_n, words;
	uint64_t given;			/* those of word[] that something gives it */
	uint32_t kinds;			/* of enum var_kind, from everything that sets it */
	const char *of_state;		/* a state that sets it, for what is said */
};

struct flow_bits {
	uint64_t b[FLOW_VARS / 64];
};

static inline void
flow_bits_add(struct flow_bits *s, int i)
{
	s->b[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool
flow_bits_has(const struct flow_bits *s, int i)
{
	return (s->b[i / 64] >> i % 64 & 1) != 0;
}

/* Somewhere a variable is read. */
struct flow_use {
	int var, other;			/* one of the two; other -1: there is none */
	int state;			/* -1: of a line that an edge says */
	int option;			/* index, if only that option shows it; else -1 */
	const char *text;		/* key of the text that shows it, or NULL */
	const char *call;		/* that reads it, or NULL */
	const json_t *at;
	int unset;			/* the first situation in which it is unset, or -1 */
	bool set;			/* in some situation it is set */
};

/* A line on top of a screen that an edge says. */
struct flow_say {
	const char *key;
	int state;			/* whose edge it is */
	const json_t *at;
	struct flow_bits vars;		/* that it shows */
	bool passed, shown;		/* some way has it, and comes to a screen with it */
	int first_use, uses_n;
};

enum flow_action {
	FLOW_BEGIN, FLOW_OPTION, FLOW_ITEM, FLOW_TYPED, FLOW_BACK, FLOW_HOME, FLOW_OUTCOME, FLOW_ANSWER, FLOW_DECLINE,
	FLOW_PASS, FLOW_REDIAL
};

struct flow_situation {
	int state;
	int say;			/* index of a flow_say, or -1 */
	int from;			/* the situation before, -1 of the first */
	enum flow_action action;	/* that led here from there */
	int index;			/* of the option, outcome or edge */
	int16_t back[MENU_BACK];
	int back_n;
};

struct flow {
	const struct menu *m;
	const struct prove_env *env;
	struct buf *problems;
	struct flow_var var[FLOW_VARS];
	int vars_n;
	bool too_many;			/* variables */
	uint64_t calls;			/* bits of call_rows: those that the menu makes */
	struct map *by_name;		/* index + 1 */
	struct flow_use *use;
	int uses_n, uses_room;
	int *first_use;			/* of each state; uses are in the order of states */
	struct flow_say *say;
	int says_n;
	/* of each state: what must be remembered when it is entered, and once it is shown */
	struct flow_bits *live_in, *live_at;
	struct flow_situation *at;
	int n, room;
	unsigned char *values;		/* vars_n of each situation */
	int *succ;			/* pairs: from, to */
	int succ_n, succ_room;
	bool tangled;
	bool *option_shown;		/* state * MENU_OPTIONS + option */
	bool *visited;			/* states */
};

/* The i-th edge out of a state, whatever its kind; NULL after the last. */
const struct menu_edge *flow_edge(const struct menu_state *s, int i);
bool flow_is_screen(const struct menu_state *s);
/* Questions for a PIN are no place to come back to. */
bool flow_is_remembered(const struct menu_state *s);

/* ---- menu_flow_vars.c ---- */
void flow_read(struct flow *f);
void flow_free(struct flow *f);
/* -1: it is not mentioned anywhere. */
int flow_var(const struct flow *f, const char *name);
/* What a call of the menu reads the variable as, if a menu may give it a text for that; KIND_WORD otherwise. */
enum var_kind flow_needed(const struct flow *f, const char *name);
/* What the variable holds after being given this text. */
int flow_value_of(const struct flow *f, int var, const char *text);
/* NULL: unset, or no word. */
const char *flow_word(const struct flow *f, int var, int value);
/* What a set whose value names one variable and nothing else copies, or NULL. */
const char *flow_copied(const char *value, char name[VARS_NAME]);
/* A field of what is listed by the state, or NULL. */
const struct call_set *flow_field(const struct flow *f, const struct menu_state *s, const char *field);

/* ---- menu_flow_live.c ---- */
void flow_find_live(struct flow *f);

/* ---- menu_flow_walk.c ---- */
/* What the variables hold in that situation. */
static inline const unsigned char *
flow_values(const struct flow *f, int situation)
{
	return f->values + (size_t)situation * (size_t)f->vars_n;
}
/* The conditions of an option hold. */
bool flow_holds(const struct flow *f, const struct menu_option *o, const unsigned char *value);
void flow_walk(struct flow *f);

/* ---- menu_flow_find.c ---- */
void flow_find(struct flow *f);

/* ---- menu_flow_texts.c ---- */
void flow_check_texts(struct flow *f);
/* A text of the engine or the gateway has this variable, whatever the menu does. */
const struct call_set *flow_text_var(const char *key, const char *name);

/* ---- menu_flow_states.c ---- */
void flow_check_states(struct flow *f);

/* ---- menu_flow_keys.c ---- */
/*
 * Adds "; try: isango dial ..." for the way to the situation, once the engine has gone it and has found the variable of
 * the use (if there is one) unset; nothing if it has not.
 */
void flow_add_keys(const struct flow *f, int situation, const struct flow_use *unset, struct buf *out);
