/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the variables of a menu, or of a message, can hold at the widest. Types are collected by name, whatever path of
 * the menu sets them; where a name has several, the one that is widest in the text at hand counts. Proves nothing by
 * itself: menu_size.c and message_size.c lay texts out with these values.
 */
#pragma once
#include "core/kind.h"
#include "core/menu.h"
#include "core/vars.h"

struct wide;		/* owned by the caller */

/* Of a menu: what dialogues begin with, calls set, customers type and edges set. Borrows from the menu. */
struct wide *wide_of_menu(const struct menu *m);
/* Of a text that the gateway fills by itself: its rows of text_vars. */
struct wide *wide_of_text(const char *key);
void wide_free(struct wide *w);

#define WIDE_TYPES 6
/* The types of a variable; of a list's field "tx.i.amount". 0: nothing sets it. */
int wide_types(const struct wide *w, const char *name, const struct var_type **types);
/* Rows that the list can have. */
int wide_rows(const struct wide *w, const char *list);

/* Octets that all variables together take in a dialogue, with every list full. Letters are reckoned at two at most. */
size_t wide_octets(const struct wide *w, const struct kind_env *kinds);

#define WIDE_TEXTS 128
struct wide_for {		/* texts that are shown together */
	const char *text[WIDE_TEXTS];
	int n;
	const char *list;	/* whose fields the texts name without its name, or NULL */
};
/*
 * Sets every variable that the texts name to its widest value; names of a list's fields stand there without the list's.
 * true: one of them may have characters that GSM 03.38 lacks.
 */
bool wide_fill(const struct wide *w, const struct wide_for *of, const struct kind_env *kinds,
    const struct texts_env *env, struct vars *out);
