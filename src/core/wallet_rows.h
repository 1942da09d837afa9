/* SPDX-License-Identifier: Apache-2.0 */
/* Whom and what a list of the wallet core names: its rows are what came, whatever was asked for. */
#pragma once
#include "core/wallet.h"

/* The customer that the phone belongs to, or NULL. */
const struct wallet_customer *wallet_customer_of(const struct wallet_answer *a, const char *phone);
/* The wallet of that type, or NULL; a row that does not say whose it is is believed. */
const struct wallet_wallet *wallet_wallet_of(const struct wallet_answer *a, int type_id, int64_t customer_id);
