/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one event loop of a process, with what every user of it needs: time, timers that are cheap,
 * burial (nobody is freed on a callback's stack) and deferral (no answer on the asker's stack).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct event_base;
struct loop;

struct loop *loop_new(void);
void loop_free(struct loop *l);			/* runs what is deferred and buried first */
struct event_base *loop_base(struct loop *l);
void loop_run(struct loop *l);			/* until loop_stop() */
void loop_stop(struct loop *l);
int64_t loop_now(const struct loop *l);		/* monotonic ms of this turn of the loop */
/* ms since the epoch, corrected by loop_set_wall_offset() */
int64_t loop_wall(const struct loop *l);
void loop_set_wall_offset(struct loop *l, int64_t ms);	/* what Redis TIME is ahead of us */

/*
 * A timer is embedded; it fires once, at least 1 ms later. Stopping or re-arming an armed one is
 * fine. timer_init() before use. Stop it before its memory goes.
 */
struct timer {
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
	int64_t at;		/* loop_now() time, 0: not armed */
	uint32_t slot;		/* place in the heap */
};
void timer_init(struct timer *t, struct loop *l, void (*fn)(void *), void *arg);
void timer_arm(struct timer *t, int64_t after_ms);
void timer_stop(struct timer *t);

/*
 * Runs fn(arg) in the next turn of the loop. The node is embedded and zeroed at first; adding it
 * twice before it ran does nothing.
 */
struct deferred {
	struct list node;
	void (*fn)(void *arg);
	void *arg;
	bool queued;
};
void loop_defer(struct loop *l, struct deferred *d, void (*fn)(void *), void *arg);
void loop_undefer(struct deferred *d);
/* The same for freeing, after everything that was deferred has run. */
void loop_bury(struct loop *l, struct deferred *d, void (*fn)(void *), void *arg);
/*
 * Runs fn every so many ms, before anything else that is ready then: a process that has stood still
 * learns it there before it acts. One per loop.
 */
void loop_guard(struct loop *l, int64_t every_ms, void (*fn)(void *arg), void *arg);
/* Handlers for SIGTERM, SIGINT, SIGHUP through libevent. */
void loop_on_signal(struct loop *l, int signal, void (*fn)(void *arg, int signal), void *arg);
