/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls the sandbox's wallet core: identities with passwords, and the JWTs they get. A JWT
 * carries all that is known of it under an HMAC, so that logins take no memory.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"

struct auth;

enum auth_end { AUTH_OK, AUTH_BAD, AUTH_EXPIRED };

struct auth *auth_new(int64_t tenant, uint64_t seed);
void auth_free(struct auth *a);
/*
 * Identities are unique over the whole platform: false, it exists. customer 0: the tenant's own
 * user.
 */
bool auth_add(struct auth *a, const char *identity, const char *password,
    int64_t customer) MUST_CHECK;
/* false: there is no such identity of this customer. */
bool auth_change(struct auth *a, const char *identity, const char *password,
    int64_t customer) MUST_CHECK;
bool auth_login(const struct auth *a, const char *identity, const char *password,
    int64_t *customer) MUST_CHECK;
/* Appends the token, without "Bearer ". */
void auth_jwt(struct auth *a, const char *identity, int64_t customer, int64_t now_ms, int64_t exp_s,
    struct buf *out);
/* customer is set for OK and EXPIRED; 0 is the tenant. identity (41 octets) may be NULL. */
enum auth_end auth_check(const struct auth *a, const char *jwt, int64_t now_ms, int64_t *customer,
    char identity[41]);
