/* SPDX-License-Identifier: Apache-2.0 */
/* MSISDNs: kept as digits, international, without '+': "27821234567". */
#pragma once
#include <stdbool.h>

#include "base/mem.h"

#define PHONE_MAX 16		/* 15 digits (E.164) and NUL */
#define PHONE_TEXT 24

/*
 * From any usual form ("082 123 4567", "+27821234567", "0027...", "27821234567") to the canonical
 * one. A national number (leading 0) gets `country` ("27", or "" for none). Others have 8 to 15
 * digits, and without '+' or 00 at least 11: a shorter one lost its 0. false: not a phone number;
 * 27... must have 11 digits and be of a range with SIM cards (no landline, no 080, 086, 087).
 */
bool phone_parse(const char *text, const char *country, char out[PHONE_MAX]) MUST_CHECK;
bool phone_valid(const char *phone);				/* already canonical */
/* An address made of digits, perhaps behind a '+': unlike a name it can be written to. Short codes are such too. */
bool phone_is_number(const char *address);
/* Two addresses that say the same number, in whatever form; `country` as of phone_parse(). */
bool phone_same_number(const char *a, const char *b, const char *country);
/* "2782***4567", for logs. */
const char *phone_mask(const char *phone, char out[PHONE_TEXT]);
/* "082 123 4567" for 27..., "+263 77 123 4567"-like groups of three for others; for screens. */
const char *phone_group(const char *phone, const char *country, char out[PHONE_TEXT]);
