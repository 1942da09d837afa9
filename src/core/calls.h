/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that a menu may make: the contract between menus (which must handle each outcome, and bring what a call
 * reads) and the service (which performs them). With it the variables that a dialogue, a text of the engine and a
 * message begin with. The tables are in calls.c.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/kind.h"

#define CALL_OUTCOMES 12
#define CALL_SETS 8
#define CALL_NEEDS 8
#define CALL_SHOWS 4

enum call_secret { CALL_NO_PIN, CALL_PIN, CALL_NEW_PIN };	/* a new one: chosen and typed twice just before */

enum call_how {
	SET_ALWAYS,
	SET_PERHAPS,		/* or unset: a menu has to look before it shows it */
	SET_WITH,		/* where the variable `with` is set, and only there */
	SET_TRUSTED,		/* in the case that the help names, which the menu is believed to know */
	SET_NOT			/* unset */
};

struct call_set {
	const char *name;	/* "balance"; "tx.n" and "tx.i.at" of a list */
	struct var_type type;
	const char *on;		/* the outcomes that set it, with spaces between; NULL: all */
	enum call_how how;
	const char *with;
};

struct call_need {		/* one of the two, the second may be NULL */
	const char *name;
	enum var_kind kind;
	const char *other;
	enum var_kind other_kind;
};

/* Requests to the wallet core, one after the other, at worst. */
struct call_steps {
	int read, money;	/* answered within timeout_read_ms, timeout_money_ms */
	bool outlasts;		/* the screen does not wait for its end: it says so when its time is over */
};

struct call_row {
	const char *name;
	const char *outcomes[CALL_OUTCOMES];	/* NULL-terminated */
	enum call_secret wants_secret;		/* must directly follow an `ask` or `confirm` that takes a PIN */
	bool intent;				/* runs the accepted intent: reachable only through a confirm */
	bool open;				/* anybody may ask: nothing private, no money, also for a menu by SMS */
	struct call_set sets[CALL_SETS];	/* a name that is NULL ends them */
	struct call_need needs[CALL_NEEDS];	/* of an intent: read when its confirm is shown */
	struct call_need shows[CALL_SHOWS];	/* of an intent: what its confirm must show */
	struct call_steps steps;
	const char *help;
};

extern const struct call_row call_rows[];
extern const size_t call_rows_n;
const struct call_row *call_find(const char *name);	/* NULL if there is none */
/*
 * What a variable holds that a menu sets to these words: a phone or an amount in cents where a call reads one in it and
 * they are written as one, else a word.
 */
enum var_kind call_constant(const char *name, const char *value);
/* The outcome is one of those that set it. */
bool call_sets_on(const struct call_set *set, const char *outcome);

/*
 * What calls made of a variable holds no longer once that variable is given anew: the engine unsets it then, so that no
 * payment goes to whom an earlier number belonged, and menus have to go through the call again.
 */
struct call_made {
	const char *of, *made;
};
extern const struct call_made call_mades[];
extern const size_t call_mades_n;

/* It answers only in a dialogue in which the PIN was checked; what it told is forgotten where a dialogue is resumed. */
bool call_is_private(const struct call_row *row);

/* What the answer to a confirm sets, as calls do, and what the check of its PIN takes. */
extern const struct call_set confirm_sets[];		/* name NULL ends it */
extern const struct call_steps confirm_steps;
/* What a dialogue begins with; SET_PERHAPS where it may be unset. */
extern const struct call_set dialogue_vars[];		/* name NULL ends it */

/* Texts that the gateway fills itself: a key, or the beginning of keys with '*', and a variable that it has for it. */
struct text_var {
	const char *key;
	struct call_set var;
};
extern const struct text_var text_vars[];
extern const size_t text_vars_n;
