/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-ups and new PINs of customers: what they were told, held against what is so at the wallet core. */
#pragma once
#include "tests/sim/sim_evidence.h"

/* Some end with a new PIN; what a core does with an id twice, and how late it may be. After the people are chosen. */
void sim_people_plan(struct sim_world *w);
/* A screen, as its customer reads it. */
void sim_people_told(struct sim_bot *b, const char *screen);
void sim_people_check(struct evidence *e);
