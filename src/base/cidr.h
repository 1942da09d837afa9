/* SPDX-License-Identifier: Apache-2.0 */
/* Numeric addresses and blocks of them. Pure: names are nobody's business here. */
#pragma once
#include <stdbool.h>

/* "10.0.0.0/8", "::1/128" or a plain address. An IPv4 address mapped into IPv6 counts as IPv4. */
bool cidr_matches(const char *cidr, const char *address);
bool cidr_valid(const char *cidr);
/*
 * No address of the public internet: private, loopback, link-local, shared, multicast, reserved, or IPv6 that leads to
 * an IPv4 address in disguise. Also true of what is no address.
 */
bool cidr_is_internal(const char *address);
