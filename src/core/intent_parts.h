/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an intent share; nobody else includes it. */
#pragma once
#include "core/intent.h"

/* The core has spoken its last word on a withdrawal. */
bool intent_core_final(const struct intent *i);
/*
 * Which word the limit has not heard yet. Given back is what was read as ended without a payout, or never was at the
 * core; what is pending or paid out counts, also when that turns up late.
 */
enum intent_action intent_next_of_limit(const struct intent *i, const struct intent_rules *rules);
