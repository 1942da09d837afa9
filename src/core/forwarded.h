/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is behind a proxy, as the proxy says: X-Forwarded-For, or Forwarded (RFC 7239). Each proxy adds whom it heard at
 * the end, so only what stands right of the first address that is no proxy of ours can be believed; the rest is
 * whatever the client liked to send.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define FORWARDED_ADDRESS 48
#define FORWARDED_HOPS 32	/* proxies in a row at most */

enum forwarded_form { FORWARDED_X_FOR, FORWARDED_RFC7239 };	/* the order of the words in config_options.c */

/*
 * The rightmost address of `value` (all its header lines, joined by ',') that is none of the proxies (CIDR blocks); the
 * leftmost one when all are. false: what stands there is no address, or the proxies are too many.
 */
bool forwarded_client(enum forwarded_form form, const char *value, const char (*proxies)[FORWARDED_ADDRESS], int n,
    char out[FORWARDED_ADDRESS]) MUST_CHECK;
