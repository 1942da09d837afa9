/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record's place among what is due, while the task lives that carries it on: put further ahead all the time, so that
 * no other process takes over what only waits for a slow core.
 */
#pragma once
#include "service/task.h"

/*
 * A process that is silent for so long has lost what it carries on: its place in the due list is that far ahead, and is
 * put further while its task lives.
 */
#define HOLD_LEASE_MS 5000

/* `rev`: in the task, which is found by its id; it says as whose version the record is known. */
void hold_start(struct gateway *gw, uint64_t task, const struct store_key *key, const struct rev *rev);
