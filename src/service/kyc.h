/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries the check of a customer's documents (core/kyc.h) to its end, whoever wrote in the chat: each step is saved,
 * and a record whose process died is found in the due list.
 */
#pragma once
#include "core/kyc.h"
#include "service/task.h"

/* A record that was just saved, with its place in the due list HOLD_LEASE_MS ahead. */
void kyc_start(struct gateway *gw, const char *owner);
/* One that was found in the due list; nobody else's until then. */
void kyc_claimed(struct gateway *gw, const struct store_value *v, int64_t until);
