/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual loop: a heap of events by time and order of arrival, one seeded source of chance. No real clock: a day
 * passes as fast as its events run, and the same seed runs the same way.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "sandbox/rng.h"

struct sim_event;
typedef void sim_run(struct sim_event *e);

struct sim_event {		/* first in what is allocated with sim_event_new() */
	int64_t at;
	uint64_t order;
	sim_run *run;
	sim_run *drop;		/* frees what hangs on it, after run or instead; may be NULL */
	void *world;
};

struct sim_loop {
	int64_t now;		/* ms since the epoch */
	uint64_t order;
	struct sim_event **heap;
	size_t n, cap;
	struct rng rng;
	bool trace;
};

void sim_loop_init(struct sim_loop *l, uint64_t seed, int64_t now);
void sim_loop_clear(struct sim_loop *l);
/* `size` octets, zeroed; given to the loop by sim_loop_add(), which frees it after it ran. */
void *sim_event_new(size_t size, void *world, sim_run *run) MUST_CHECK;
void sim_loop_add(struct sim_loop *l, void *event, int64_t at);
/* From inside an event: it runs once more then. at > now. */
void sim_loop_again(void *event, int64_t at);
/* Runs the earliest event; false when there is none or it lies behind `until`. */
bool sim_loop_step(struct sim_loop *l, int64_t until);
int64_t sim_loop_next(const struct sim_loop *l);	/* INT64_MAX: nothing is planned */

uint64_t sim_below(struct sim_loop *l, uint64_t n);	/* 0 to n-1 */
bool sim_chance(struct sim_loop *l, unsigned permille);
int64_t sim_between(struct sim_loop *l, int64_t from, int64_t to);
void sim_trace(const struct sim_loop *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
