/* SPDX-License-Identifier: Apache-2.0 */
/* Results of a ratification (wallet-core.md 6), for wallet_parse.c. */
#pragma once
#include <stdbool.h>

#include <jansson.h>

#include "core/wallet.h"

/* The i-th of the results that came; the first is the newest, and the only one that is kept. false: it is none. */
bool wallet_kyc_read(json_t *o, struct wallet_answer *a, int i) MUST_CHECK;
