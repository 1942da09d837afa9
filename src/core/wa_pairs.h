/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast each customer may be written to: WhatsApp takes about one message in six seconds from one number to one
 * customer, and a burst beforehand (error 131056). Those written to last are remembered. Times are monotonic ms. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct wa_pairs;

struct wa_pairs *wa_pairs_new(int per_minute, int burst, int max) MUST_CHECK;
void wa_pairs_free(struct wa_pairs *p);		/* NULL is fine */
/* Takes room for one message to `who`; false: there is none now. */
bool wa_pairs_take(struct wa_pairs *p, const char *who, int64_t now) MUST_CHECK;
/* One that was certainly not sent gives it back. */
void wa_pairs_give_back(struct wa_pairs *p, const char *who);
/* The network says that it was too much: nothing more for one message's time, and nothing of the burst is left. */
void wa_pairs_empty(struct wa_pairs *p, const char *who, int64_t now);
size_t wa_pairs_count(const struct wa_pairs *p);
