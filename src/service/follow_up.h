/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of withdrawals that were issued: the wallet core's callbacks (gateway_hint), and how much of what a core
 * answers in a second goes to looking after tokens that only wait. The counts are this process's own.
 */
#pragma once
#include "core/intent.h"
#include "service/task.h"

/* The callbackUrl of an intent of this tenant, "" where the core is told of none. */
void follow_url(struct gateway *gw, int tenant, const struct intent *i, char out[WALLET_CALLBACK]);
bool follow_is_called(const struct gateway *gw, int tenant);

/* One more read of a token that only waits. false: not now. follow_end() when it is over. */
bool follow_begin(struct gateway *gw, int tenant) MUST_CHECK;
void follow_end(struct gateway *gw, int tenant);
/* Any answer of a core: one that says "too many" is left to the customers for a while. */
void follow_answered(struct gateway *gw, int tenant, int64_t now, const struct wallet_answer *a);
