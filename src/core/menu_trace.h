/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the trail that a phone's dialogues leave for operators (history.h: times and states, never inputs) back to a
 * transcript that goes the same way: a search with the engine for what may have been typed and answered. What a
 * customer typed is not known; placeholders stand for it, each marked. Where several answers lead the same way, the
 * first is taken and the others are named.
 */
#pragma once
#include <stddef.h>

#include "base/buf.h"
#include "core/history.h"
#include "core/menu_play.h"

struct menu_trace {
	const struct play *phone;		/* that play_anew() can take */
	const struct ussd_profile *profile;
	const char *code, *tenant, *channel;	/* for the text */
	const struct history_turn *turn;	/* the oldest first */
	int turns;
};

/*
 * A test for each part of the trail that begins with a dial; comments say what could not be followed. Returns how many
 * turns were.
 */
int menu_trace_write(const struct menu_trace *t, struct buf *out);
