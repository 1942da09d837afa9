/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another spelling of a text, within GSM 03.38, so that one curly quote does not double its price:
 * for templates that ask for it. Marks of typography and accents go; a letter of another script, a
 * fraction, a currency or a picture has no such spelling.
 */
#pragma once
#include <stdbool.h>

#include "base/buf.h"

/*
 * Appends the text to `out`, spelt anew where GSM 03.38 lacks a character. false: some of it cannot
 * be spelt so, or it is no UTF-8; then it is appended as it is, since UCS-2 can say it right.
 */
bool gsm_safe(const char *utf8, struct buf *out);
