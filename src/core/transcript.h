/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays transcripts of menus, the tests that isango-test(5) describes: what a customer types, what the wallet core
 * answers, what the phone must show. Pure: the menus come from a world that the caller makes.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/menu_play.h"

#define TRANSCRIPT_NAME 64

struct transcript_world {
	/*
	 * Fills what play_anew() wants and returns the network of the tenant's channel, or NULL after saying why not.
	 * "": the first tenant; its own menu.
	 */
	const struct ussd_profile *(*open)(void *arg, const char *tenant, const char *menu, struct play *p,
	    char *problem, size_t size);
	void *arg;
};

struct transcript_tally {
	int tests, failed;
	int rewritten;			/* screens that were not as written, and answers that were not there */
};

/*
 * Failures go to `report` as "file:line: problem" with what differs below. `rewritten` not NULL: screens are not
 * compared, it gets the whole text with those that were shown, and the usual answers to calls that had none.
 */
void transcript_play(const struct transcript_world *w, const char *file, const char *text, size_t len,
    struct buf *report, struct buf *rewritten, struct transcript_tally *tally);
/* A screen as a transcript has it. */
void transcript_write_screen(const char *screen, bool over, struct buf *out);
