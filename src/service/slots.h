/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link slots: `links` of a bind are those of the whole installation. Each link is a record in the store; the process
 * that has it keeps that link open, nobody else does.
 */
#pragma once
#include "service/task.h"

struct slots;

struct slots *slots_new(struct gateway *gw);
void slots_free(struct slots *s);		/* when its tasks are over */
/* Takes, renews, lets go. */
void slots_tick(struct slots *s);
