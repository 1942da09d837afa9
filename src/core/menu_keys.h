/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand in a menu file: each object by its form, each key with its type. The loader reads by these rows, and
 * the schema for editors is made of them. Internal to menu_*.c.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum menu_type {
	TYPE_TEXT,		/* key of a text */
	TYPE_VAR,		/* name of a variable */
	TYPE_STATE,		/* name of a state */
	TYPE_NAME,		/* of a menu or part */
	TYPE_FILE,		/* of a menu or part, below the folder of menus, without .json */
	TYPE_FOLDER,		/* below the folder of templates */
	TYPE_CALL,
	TYPE_INTENT,
	TYPE_TRUE,
	TYPE_EDGE,		/* name of a state, or FORM_EDGE */
	TYPE_OUTCOMES,		/* of the call: an edge each */
	TYPE_VALUES,		/* edges by value */
	TYPE_OPTIONS,		/* a list of FORM_OPTION */
	TYPE_SET,		/* variable -> text with placeholders */
	TYPE_WHEN,		/* variable -> value that it must have */
	TYPE_CHECK,		/* of what is typed, with its arguments */
	TYPE_STATES,		/* name -> state */
	TYPE_INCLUDES,		/* prefix -> FORM_INCLUDE */
	TYPE_EXITS,		/* a list of names */
	TYPE_BOUND,		/* exit -> name of a state */
	TYPE_JOURNEYS,		/* name -> FORM_JOURNEY */
	TYPE_NUMBER,		/* a whole one, 0 or more */
	TYPE_SECONDS,		/* a whole number from 0 to MENU_RESUME_MOST */
	MENU_TYPES
};

enum menu_kind {
	MENU_CALL, MENU_CHOOSE, MENU_ASK, MENU_CONFIRM, MENU_END, MENU_BRANCH, MENU_KINDS
};

/* The forms of states are those of enum menu_kind: the first key of their row makes a state of this kind. */
enum menu_form { FORM_EDGE = MENU_KINDS, FORM_OPTION, FORM_INCLUDE, FORM_MENU, FORM_PART, FORM_JOURNEY, MENU_FORMS };

#define MENU_NOWHERE ((size_t)-1)
#define MENU_KEYS 12

struct menu_key {
	const char *name;
	enum menu_type type;
	bool needed;
	size_t offset;		/* of a const char * in struct menu_state, or MENU_NOWHERE: what is read otherwise */
	const char *help;
};

/* The row of a form ends with a key without a name. */
extern const struct menu_key menu_keys[MENU_FORMS][MENU_KEYS];
extern const char *const menu_form_names[MENU_FORMS];
/* How many, and their names. */
size_t menu_key_names(int form, const char *names[MENU_KEYS]);
