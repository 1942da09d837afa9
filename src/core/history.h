/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a phone's past for operators. Its turns: a trail of short lines in the session of each channel,
 * which is saved at each turn anyway, so that it costs no command of the store. Its payments and operators' acts:
 * items of a list that lies unsealed, so no phone and nothing that somebody typed is ever in it, only ids and numbers.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define HISTORY_TRAIL 384		/* octets: some 20 turns */
#define HISTORY_STATE 33
#define HISTORY_ITEM 64

struct history_turn {
	int64_t at;			/* ms, to the second */
	char state[HISTORY_STATE];	/* of the menu after it */
	bool ended;
};
/* The oldest lines go where there is no room. */
void history_add_turn(char *trail, size_t size, int64_t now, const char *state, bool ended);
/* The next line from *at on, which it moves; false at the end. */
bool history_next_turn(const char **at, struct history_turn *out) MUST_CHECK;

void history_intent(char out[HISTORY_ITEM], const char *id);
void history_act(char out[HISTORY_ITEM], int64_t entry);	/* number of its entry in the audit */
const char *history_intent_of(const char *item);		/* NULL: not one */
int64_t history_act_of(const char *item);			/* 0: not one */
