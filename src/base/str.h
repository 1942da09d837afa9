/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and numbers from outside, through one strict door each. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Copies with NUL; false (and an empty string) when it does not fit whole. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_copyn(char *dst, size_t size, const char *src, size_t n);
/* printf into a fixed array; false when cut. */
bool str_format(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Optional '-', digits, nothing else, within [min, max]. */
bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out) MUST_CHECK;
bool str_all_digits(const char *s);
bool str_equal_fold(const char *a, const char *b);	/* ASCII case */
bool str_starts(const char *s, const char *prefix);
/* Lower-case hex; `out` has 2n+1 octets. */
void str_hex(const void *p, size_t n, char *out);
bool str_unhex(const char *hex, size_t hex_len, void *out, size_t out_len) MUST_CHECK;
/* Compares n octets in time that does not depend on where they differ. */
bool str_equal_secret(const void *a, const void *b, size_t n);
/* Length in octets of the valid UTF-8 character at s (1..4), or 0; *cp gets the code point. */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *s, size_t n);
