/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bank keeps, in the JSON of the wallet core (wallet-core.md sections 3, 8, 10 and 11).
 * New references.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/mem.h"
#include "sandbox/bank.h"

#define ISO_TIME 25			/* "2026-03-24T10:00:00.000Z" and NUL */
#define CORE_DUMP (JSON_COMPACT | JSON_REAL_PRECISION(15))

struct box;

const char *iso_time(int64_t ms, char out[ISO_TIME]);
/* RFC 3339 with 'Z' or an offset, fraction optional; also a plain date. */
bool iso_parse(const char *text, int64_t *ms) MUST_CHECK;
/* An amount in major units, written so that cents are exact. */
json_t *core_amount(const struct box *x, int64_t cents);
/* A number of at most two decimals; false: it is none. */
bool core_cents(const json_t *v, int64_t *cents) MUST_CHECK;

json_t *core_customer(const struct box *x, const struct bank_customer *c);
json_t *core_kyc(const struct bank_customer *c);
json_t *core_wallet(const struct box *x, const struct bank_wallet *w);
json_t *core_line(const struct box *x, const struct bank_wallet *w, const struct bank_line *l);
/* with_token: as the answer to a create; else as the rules for reading say. */
json_t *core_withdrawal(const struct box *x, const struct bank_withdrawal *w, bool with_token);
