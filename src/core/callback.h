/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks about withdrawals (wallet-core.md 11.6), both ways: what the wallet core's may tell us, and where and when
 * we call integrators back. Pure: nothing is looked up or sent here, and whether an address may be connected to is
 * decided once more, of each address, when it is (io/http_client).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/settings.h"
#include "core/wallet.h"

#define CALLBACK_URL 2001		/* 10 to 2000 octets */

/* What a signed body says; each member may be absent. */
struct callback_said {
	char uid[WALLET_UID];
	int status;			/* enum wallet_status + 1, 0: not said */
};
void callback_read(const char *body, size_t len, struct callback_said *out);

/* false with the rule that it breaks, for the integrator. */
bool callback_url_fits(const char *url, const struct integrator_settings *who, char *problem, size_t size) MUST_CHECK;
/* The host of a URL that fits, without the brackets of an IPv6 address. */
bool callback_url_host(const char *url, char *out, size_t size) MUST_CHECK;
/* An address that `host` led to: of the public internet, or in callback_allow, or of a host that is named there. */
bool callback_address_allowed(const struct integrator_settings *who, const char *host, const char *address);

/* Whose list (STORE_INDEX) names the orders whose outcome an integrator never heard, "WALLET/externalUniqueId" each. */
void callback_unheard(const char *tenant, const char *integrator, char *owner, size_t size);

/* The wallet core's own pauses; `tries`: those that have failed, 1 or more. 0: it is given up. */
int64_t callback_pause(int tries);
