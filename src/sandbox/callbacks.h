/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wallet core's signed callbacks about withdrawals, repeated until they are answered below 300
 * (sections 11.6, 13.3).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct bank_withdrawal;
struct box;
struct callbacks;

/* key may be empty: then nothing is signed. Copied. */
struct callbacks *callbacks_new(struct box *x, const char *key);
void callbacks_free(struct callbacks *c);
/*
 * What bank_on_status wants: arg is the struct callbacks. Final states only, except as the rules
 * say.
 */
void callbacks_status(void *arg, const struct bank_withdrawal *w);
/* The state of w as it is now, whatever it is. */
void callbacks_post(struct callbacks *c, const struct bank_withdrawal *w);
void callbacks_tick(struct callbacks *c);	/* sends what is due */
int64_t callbacks_sent(const struct callbacks *c);
int64_t callbacks_taken(const struct callbacks *c);	/* answered below 300 */
