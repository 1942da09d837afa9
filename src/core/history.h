/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The items of a phone's two lists: its turns, and its payments with operators' acts. An item is a line of plain text that
 * lies unsealed in the store, so nothing that a customer typed and no phone is ever in it: only names of channels and menu
 * states, ids and numbers.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

#define HISTORY_ITEM 128

/* `state`: of the menu after the turn. Two turns are never the same item. */
void history_turn(char out[HISTORY_ITEM], int64_t now, const char *channel, const char *state, bool ended);
struct history_turn {
	char channel[49], state[57];
	bool ended;
};
bool history_turn_parse(const char *item, struct history_turn *out) MUST_CHECK;

void history_intent(char out[HISTORY_ITEM], const char *id);
void history_act(char out[HISTORY_ITEM], int64_t entry);	/* number of its entry in the audit */
const char *history_intent_of(const char *item);		/* NULL: not one */
int64_t history_act_of(const char *item);			/* 0: not one */
