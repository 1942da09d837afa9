/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries an intent on: asks intent_next() what to do, does it, saves what came of it. One run per intent and process;
 * whoever waits for the outcome (a turn, an integrator's call) is told by id.
 */
#pragma once
#include "core/intent.h"
#include "service/hold.h"

#define RUN_LEASE_MS HOLD_LEASE_MS

/* Goes on with an intent that this process accepted or claimed; does nothing if it is already being carried on here. */
void run_start(struct gateway *gw, const char *owner, const char *id);
/* Of a record that a claim brought, whose lease ends then. */
void run_claimed(struct gateway *gw, const struct store_value *v, int64_t until);
/* `watcher` hears through run_watcher_told() when the intent is settled; replaces an earlier one. */
void run_watch(struct gateway *gw, const char *id, uint64_t watcher);

/* The subscriber's record as a run has just saved it, with what became of its intent. */
struct noted {
	struct subscriber sub;
	struct rev rev;
};
/*
 * By run.c, when a watched intent is settled or may not be carried on now (intent NULL: read it again later). `noted` is
 * NULL where another run has noted it.
 */
typedef void run_heard(struct task *watcher, const struct intent *i, const struct noted *noted);
struct watcher {
	struct task task;		/* first: what a watcher is found by */
	run_heard *heard;
};
