/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An integrator's direct withdrawal, in the wallet core's own words (wallet-core.md section 11): the order it sends
 * and the withdrawal it is shown. What goes out is built from a list of allowed fields and never holds the token.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/intent.h"

struct order {
	int64_t amount;			/* cents */
	char type[40], uid[WALLET_UID];
	char to_phone[PHONE_MAX];	/* deliverToPhone */
	int64_t expires_ms;		/* 0: the kind's */
	char callback[CALLBACK_URL];	/* as it came; "": none */
};

/* false with a sentence for the caller in `problem`. `country` completes national numbers. */
bool order_parse(const char *json, size_t len, const char *country, struct order *out, char *problem, size_t size)
    MUST_CHECK;
/* {"status":"CANCELLED"} and nothing else. */
bool order_parse_cancel(const char *json, size_t len) MUST_CHECK;
/* {"identity":...,"password":...}: an integrator's name and key. Wipe the key. */
bool order_parse_login(const char *json, size_t len, char *name, size_t name_size, char *key, size_t key_size)
    MUST_CHECK;
/* The wallet core's answer to a login (wallet-core.md 2.1). */
void order_print_login(const char *token, int64_t until_s, int64_t tenant_id, struct buf *out);
/* What two orders must have in common to be the same; of two callbackUrls the first one stays. */
void order_fingerprint(const struct order *o, char *out, size_t size);
/* One withdrawal object. */
void order_print(const struct intent *i, struct buf *out);
/* The core's error array of one element; type "BUSINESS" or "SYSTEM". */
#define ORDER_CLOSED "LIM001"	/* no token is made just now */
void order_print_error(const char *type, const char *code, const char *description, struct buf *out);
/* The code and words of an intent that was not done. */
void order_print_refusal(const struct intent *i, struct buf *out);
