/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a customer's password at the wallet core: saved first, sent until it is answered, saved again. A task of its
 * own, so that it goes on when the screen's time is over. Of a new PIN there is a record that is due: after a death
 * another process goes on with it. That it is in force is said by SMS, and so is what no screen has told.
 */
#pragma once
#include "core/pin_order.h"
#include "service/task.h"

/* `turn`: the task of the turn that hears of the end by turn_pin_written(), 0: none. Wipes the order. */
void pin_writing_start(struct gateway *gw, int tenant, const char *owner, struct pin_order *o, uint64_t turn);
/* Of a record that a claim brought. */
void pin_writing_claimed(struct gateway *gw, const struct store_value *v);
