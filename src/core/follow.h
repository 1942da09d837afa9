/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an issued withdrawal is read again. The older it is, the less often; then just after its token lapses, and close
 * to that until the core says so. Callbacks make it sparser, never needless: one that is lost must not be missed.
 *
 * Each read is moved by a part of its pause that nobody else's is, so that tokens which were made together are not
 * asked for together. Pure: the same intent at the same time gets the same answer.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define FOLLOW_FIRST_MS INT64_C(10000)		/* shortest pause while it is young */
#define FOLLOW_CALLED_FIRST_MS INT64_C(60000)	/* the same where callbacks come */
#define FOLLOW_LONGEST_MS INT64_C(600000)	/* longest pause of an intent that says nothing */
#define FOLLOW_LAPSED_MS INT64_C(15000)		/* shortest pause once the token should have lapsed */

struct follow {
	const char *id;			/* the intent's: what moves its reads */
	int64_t made_at;
	int64_t expires_at;		/* 0: not known */
	int64_t longest_ms;		/* 0: FOLLOW_LONGEST_MS */
	bool called;			/* the core was told where to call back */
};
/* The time of the next read, after `now`. */
int64_t follow_next(const struct follow *f, int64_t now);
/* 0 to range - 1, different for each intent and moment. */
int64_t follow_spread(const char *id, int64_t now, int64_t range);
