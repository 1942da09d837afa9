/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a menu costs: of each turn the requests to the wallet core and the seconds at worst, of each journey that the
 * menu file names the screens, key presses and requests of its shortest way, and whether it has grown beyond what the
 * file allows. Ways are those that menu_flow_walk.c finds possible.
 */
#pragma once
#include "core/menu_prove.h"

/* A proof of menu_prove.c. */
void menu_budget_prove(const struct menu *m, const struct prove_env *env, struct buf *problems);
/* The table of turns and that of journeys. */
void menu_budget_report(const struct menu *m, const struct prove_env *env, struct buf *out);
