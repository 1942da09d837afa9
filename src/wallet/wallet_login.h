/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's own login at one wallet core (wallet-core.md 2.1, 2.2): one at a time, renewed
 * before it ends, tried again with a growing delay when it fails. Private to src/wallet.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/settings.h"

struct http_client;
struct loop;
struct wallet_login;

/* Begins at once. on_end(arg, ok) runs after every try, never on the stack of a call into here. */
struct wallet_login *wallet_login_new(struct loop *l, struct http_client *http,
    const struct tenant_settings *tenant, void (*on_end)(void *arg, bool ok), void *arg) MUST_CHECK;
void wallet_login_free(struct wallet_login *g);		/* on_end runs no more */

/* The Authorization header's value, or NULL: none, or over. Until control goes back to the loop. */
const char *wallet_login_token(const struct wallet_login *g);
uint64_t wallet_login_number(const struct wallet_login *g);	/* of the token: each has its own */
/* Sees to it that there will be a token, or on_end. */
void wallet_login_want(struct wallet_login *g);
/* Renews now instead of later, as a sign of life of the core. */
void wallet_login_refresh(struct wallet_login *g);
/* The core took the token of that number. */
void wallet_login_proved(struct wallet_login *g, uint64_t number);
/* It answered 401 to it. true: a better one is there or coming; false: none would fare better. */
bool wallet_login_rejected(struct wallet_login *g, uint64_t number);
/* No try before that moment of loop_now(): the core said "too many". */
void wallet_login_hold(struct wallet_login *g, int64_t until);
/* How the last try ended: with a rate limit, for so many ms (-1: it did not say); without a believable answer. */
bool wallet_login_limited(const struct wallet_login *g, int64_t *said_ms);
bool wallet_login_silent(const struct wallet_login *g);
/* There is no token, and none is about to come: the last try failed. */
bool wallet_login_hopeless(const struct wallet_login *g);
/* There is a token, or no try has failed. *why: in words, "" when ready; the login's own. */
bool wallet_login_ready(const struct wallet_login *g, const char **why);
