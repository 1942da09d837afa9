/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text on the air: GSM 03.38 default alphabet with its extension (one septet per octet, unpacked,
 * as SMPP carries it) and UCS-2 (UTF-16BE). Text inside the gateway is UTF-8.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum charset { CHARSET_GSM7, CHARSET_UCS2, CHARSET_LATIN1, CHARSET_ASCII, CHARSET_BINARY,
    CHARSET_UTF8 };		/* what came over HTTP: on no air, and no data_coding says it */

/* Septets that the text takes (extension characters count two), or -1: not all in GSM 03.38. */
int gsm_septets(const char *utf8);
/* UTF-16 units that the text takes (beyond the BMP a character counts two), or -1: no UTF-8. */
int ucs2_units(const char *utf8);
/* The smallest of GSM7 and UCS2 that can carry the text. */
enum charset text_charset(const char *utf8);
/* Octets written, or -1: does not fit, or cannot be said in it (in BINARY and UTF8 nothing can). */
int text_encode(enum charset cs, const char *utf8, void *out, size_t size);
/*
 * To UTF-8 with NUL. What is undefined becomes U+FFFD, a NUL octet outside GSM7 too (there it is
 * '@'); a lone escape becomes a space, an unknown one the character after it (3GPP 23.038). BINARY
 * is read as ASCII. Octets written without the NUL, or -1 if it does not fit.
 */
int text_decode(enum charset cs, const void *p, size_t n, char *out, size_t size);
/* Meaning of an SMPP / CBS data_coding octet; `dcs0` says what 0 means on this bind. */
enum charset charset_of_dcs(uint8_t dcs, enum charset dcs0);
/* SMS parts that the text takes, with a UDH of 6 octets: 160/153 septets, 70/67 units. 0: none. */
int sms_parts(const char *utf8);
/*
 * Length in octets of the longest prefix of utf8 that takes at most `max` septets (or UTF-16
 * units), cut between characters. It ends before a character that the charset cannot say.
 */
size_t text_fit(enum charset cs, const char *utf8, int max);
