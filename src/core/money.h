/* SPDX-License-Identifier: Apache-2.0 */
/* Money is int64_t cents (minor units). Decimal text only at the edges, never a floating point. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define MONEY_MAX INT64_C(100000000000)		/* R1 000 000 000.00: more is a mistake */
#define MONEY_TEXT 32				/* room for any int64_t as text */

/*
 * What a customer types: "50", "50.5", "50,50", "R50.00", "R 1 250". At most two decimals, no sign;
 * spaces only between groups of three, no comma between thousands, no leading 0 (a phone number in
 * the wrong field).
 */
bool money_parse(const char *text, int64_t *cents) MUST_CHECK;
/* "50.00", for configuration and JSON. Strict: digits, no leading 0, optional '.' and 1 or 2. */
bool money_parse_decimal(const char *text, int64_t *cents) MUST_CHECK;
/* "50.00" (and "-50.00"). */
const char *money_decimal(int64_t cents, char out[MONEY_TEXT]);
/* "R50.00", thousands grouped with a plain space: "R1 250.00". Only GSM 03.38 characters. */
const char *money_text(int64_t cents, char out[MONEY_TEXT]);
/* A JSON number as jansson reads it: finite, at most two decimals, |cents| <= MONEY_MAX. */
bool money_from_double(double d, int64_t *cents) MUST_CHECK;
double money_to_double(int64_t cents);		/* to be written with JSON_REAL_PRECISION(15) */
