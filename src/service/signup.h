/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries a sign-up on, as service/run.h carries payments: asks signup_next() what to do, does it, saves what came of
 * it. A process that dies leaves it in the due list, where any other one finds it.
 */
#pragma once
#include "core/signup.h"
#include "service/task.h"

/* Of a record that was just begun. `turn`: the task of the turn that hears by turn_signup_over(). */
void signup_start(struct gateway *gw, const char *owner, uint64_t turn);
/* Of a record that a claim brought, whose lease ends then. */
void signup_claimed(struct gateway *gw, const struct store_value *v, int64_t until);
