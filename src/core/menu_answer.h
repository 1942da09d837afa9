/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wallet core answers, as a script writes it: "customer.find found first_name=Thandi", for a phone of
 * menu_play.h. Variables that it does not name get usual values, so that a screen looks as it will.
 *
 * A value is R50.00 for cents, +2h or -10m for a moment counted from now (ms, s, m, h, d), @key for a text in the
 * dialogue's language, anything else as it is; in quotes, single or double, always as it is. Nothing unsets.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/menu_play.h"

#define ANSWER_WORD 256

/* The next word from *at on, which it moves; quotes may hold spaces. false: there is none, or it is too long. */
bool answer_word(const char **at, char out[ANSWER_WORD]) MUST_CHECK;
/* "90s", "2h"; ms. */
bool answer_span(const char *text, int64_t *ms) MUST_CHECK;
/* `text` is OUTCOME [VARIABLE=VALUE ...] of the call that waits. false with a sentence in `problem`. */
bool answer_give(struct play *p, const char *text, char *problem, size_t size) MUST_CHECK;
/* "found, no_pin, not_found": what the call that waits may come to. */
void answer_choices(const struct play *p, char *out, size_t size);

/* The wallet core's answer brings this variable ("tx.2.at"): calls.h. */
bool answer_sets(const char *call, const char *outcome, const char *variable);

/* The usual values of a call's outcome (NULL: of all that set them), for the manual and tests. */
struct answer_row {
	const char *call, *outcome, *values;
};
extern const struct answer_row answer_rows[];
extern const size_t answer_rows_n;
