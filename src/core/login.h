/* SPDX-License-Identifier: Apache-2.0 */
/* A customer's login at the wallet core: the JWT that a right PIN gave, bound to one dialogue or one intent. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "core/session.h"
#include "core/wallet.h"

struct login {
	char jwt[WALLET_JWT];
	int64_t until;			/* ms; not used after it */
	char dialogue[SESSION_DIALOGUE + NAME_MAX_OCTETS];
	struct rec_rest rest;
};

void login_encode(const struct login *l, struct buf *out);
bool login_decode(const void *octets, size_t n, struct login *out) MUST_CHECK;
