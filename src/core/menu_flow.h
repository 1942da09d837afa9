/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can happen on the ways through a menu: variables used before they are set, ways without an end, calls that
 * lack what they read, texts that show a variable as what it is not.
 */
#pragma once
#include "core/menu_prove.h"

/* A proof of menu_prove.c. */
void menu_flow_prove(const struct menu *m, const struct prove_env *env, struct buf *problems);
