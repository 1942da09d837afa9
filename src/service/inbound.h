/* SPDX-License-Identifier: Apache-2.0 */
/* SMS from customers at work: parts are joined, words obeyed, the menu asked, and one answer is put into the outbox. */
#pragma once
#include "service/task.h"

/*
 * The turn of a menu by SMS has this answer, or none (text NULL); `id` is the turn_in's. Perhaps nobody waits any
 * more.
 */
void inbound_answer(struct gateway *gw, uint64_t id, const struct reply *r);
