/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that a menu may make, with the outcomes that each may have: the contract between menus (which must
 * handle each outcome) and the service (which performs them). The table is in calls.c.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define CALL_OUTCOMES 12

enum call_secret { CALL_NO_PIN, CALL_PIN, CALL_NEW_PIN };	/* a new one: chosen and typed twice just before */

struct call_row {
	const char *name;
	const char *outcomes[CALL_OUTCOMES];	/* NULL-terminated */
	enum call_secret wants_secret;		/* must directly follow an `ask` or `confirm` that takes a PIN */
	bool intent;				/* runs the accepted intent: reachable only through a confirm */
	bool open;				/* anybody may ask: nothing private, no money, also for a menu by SMS */
	const char *sets;			/* variables set, for the manual: "a b list.n list.i.x" */
	const char *help;
};

extern const struct call_row call_rows[];
extern const size_t call_rows_n;
const struct call_row *call_find(const char *name);	/* NULL if there is none */
