/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIN tries of one phone at one tenant (money.md section 6). A try is taken before the PIN is checked and given back
 * unless it was wrong, so guesses in parallel gain nothing. Three wrong ones lock, for longer each time.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

#define PIN_TRIES 3

struct pin_tries {
	int taken;			/* being checked now */
	int wrong;			/* since the last right one or lock */
	int locks;			/* since the last right one */
	int64_t taken_at, locked_until;
	char taken_by[64];		/* the turn that took the last one: it never takes two */
	struct rec_rest rest;
};

void pin_encode(const struct pin_tries *p, struct buf *out);
bool pin_decode(const void *octets, size_t n, struct pin_tries *out) MUST_CHECK;

/* false: locked, or as many tries as there are left are being checked right now. */
bool pin_take(struct pin_tries *p, int64_t now) MUST_CHECK;
void pin_give_back(struct pin_tries *p);		/* it could not be checked */
void pin_right(struct pin_tries *p);
/* true when this one locked. */
bool pin_wrong(struct pin_tries *p, int64_t now);
/*
 * By an operator: three tries again, and the next lock as long as it would have been. False: there is nothing to
 * lift.
 */
bool pin_unlock(struct pin_tries *p, int64_t now);
int pin_left(const struct pin_tries *p);
