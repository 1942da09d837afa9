/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eclipse-Signature (wallet-core.md 13.3): t=<ms>,v1=<base64 of HMAC-SHA256(key, t "." raw body)>. Pure: the clock is
 * the caller's, and so is the body as it came, before anybody has read it.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_HEADER "Eclipse-Signature"
#define SIGNATURE_MAX 80		/* the header's value */
#define SIGNATURE_AHEAD_MS INT64_C(300000)	/* their clock may run ahead of ours by so much */

void signature_make(const char *key, int64_t t_ms, const void *body, size_t len, char out[SIGNATURE_MAX]);

enum signature_end { SIGNATURE_GOOD, SIGNATURE_UNREADABLE, SIGNATURE_WRONG, SIGNATURE_OLD };
/*
 * `header` may be NULL. One t and one v1; what else stands there is ignored. In time that does not tell how much was
 * right.
 */
enum signature_end signature_check(const char *header, const char *key, const void *body, size_t len, int64_t now,
    int64_t window_ms);
const char *signature_end_name(enum signature_end e);
