/* SPDX-License-Identifier: Apache-2.0 */
/* One built request to the wallet core of a tenant, over HTTP. */
#pragma once
#include <stdint.h>

#include "core/settings.h"
#include "core/wallet.h"
#include "io/http_client.h"

/*
 * `w` is cleared. authorization: the Authorization header's value, or "" for none. done runs as
 * http_client.h says, with op 0.
 */
void wallet_send(struct http_client *http, const struct tenant_settings *tenant,
    struct wallet_http *w, const char *authorization, int64_t timeout_ms,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg);
