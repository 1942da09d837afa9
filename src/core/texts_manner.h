/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a language writes amounts and months: two texts of its file, "format.money" (R1 234.50 as it is written there)
 * and "format.months" (twelve short names with commas between). All within GSM 03.38. Phone numbers and times of the
 * day are written alike in all languages.
 */
#pragma once
#include "core/texts.h"

#define MANNER_MONTH 12		/* room for a month's name */

/* What is wrong with such a text, or NULL; any other text is right. */
const char *manner_mistake(const char *key, const char *text);
/* The name of a month, 0 to 11. */
const char *manner_month(const struct texts_env *env, int month, char out[MANNER_MONTH]);
/* The sign between rands and cents. */
char manner_decimal(const struct texts_env *env);
