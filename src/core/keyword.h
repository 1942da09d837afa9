/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an SMS from a customer asks for by its first word, in whatever case and with or without accents: STOP and its
 * kin, START, HELP. The words are texts of the templates ("sms.word.stop": "STOP,QUIT"). An SMS can be forged: a word
 * may change what is sent to a phone, never more.
 */
#pragma once
#include <stdbool.h>

#include "core/texts.h"

enum keyword { KEYWORD_NONE, KEYWORD_STOP, KEYWORD_START, KEYWORD_HELP, KEYWORDS };

/*
 * Looks the first word up in all of the tenant's languages and in English. *lang gets the language whose word it is
 * (borrowed), or NULL for KEYWORD_NONE. Where two lists have the same word STOP goes before START before HELP.
 */
enum keyword keyword_find(const char *text, const struct texts *texts, const char (*languages)[8], int languages_n,
    const char **lang);
/* Nothing but 4 to 8 digits, however they are set apart: somebody may have sent a PIN. */
bool keyword_is_like_pin(const char *text);
