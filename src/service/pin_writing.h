/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a customer's password at the wallet core: saved first, sent until it is answered, saved again. A task of its
 * own, so that it goes on when the screen's time is over; a crash leaves what core/pin_write.h makes sense of.
 */
#pragma once
#include "core/pin_write.h"
#include "service/task.h"

enum pin_written { PIN_WRITTEN, PIN_NOT_WRITTEN, PIN_MAYBE_WRITTEN };

struct pin_order {
	struct pin_write w;		/* .kind PIN_WRITE_NONE: no order */
	int64_t customer_id;
	char password[81];
};

/* `turn`: the task of the turn that hears of the end by turn_pin_written(), 0: none. Wipes the order. */
void pin_writing_start(struct gateway *gw, int tenant, const char *owner, struct pin_order *o, uint64_t turn);
