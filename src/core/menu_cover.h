/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which states and edges of a menu were walked, for tests of menus. An edge is what the file says: an option, an
 * outcome, a value of a branch, an answer. 0 and 00 are the engine's own.
 */
#pragma once
#include "base/buf.h"
#include "core/menu.h"

struct menu_cover;

struct menu_covered {
	int states, states_walked, edges, edges_walked;
};

struct menu_cover *menu_cover_new(const struct menu *m);	/* borrows m */
void menu_cover_free(struct menu_cover *c);
/* For menu_env.passed, with the cover as its argument. */
void menu_cover_passed(void *cover, int state, const struct menu_edge *via);
struct menu_covered menu_cover_count(const struct menu_cover *c);
/* "file:line: home: option 2 (home.send) to send.to was not walked", a line each, in the order of the file. */
void menu_cover_missing(const struct menu_cover *c, struct buf *out);
