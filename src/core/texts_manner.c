/* SPDX-License-Identifier: Apache-2.0 */
/* Texts come checked from texts.c; what is looked up here without a language is written as in English. */
#include "core/texts_manner.h"

#include <string.h>

#include "base/str.h"
#include "core/gsm.h"

#define MONTHS "format.months"
#define MONEY "format.money"
#define ENGLISH "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"
#define MONTHS_N 12
#define WIDE_DAY 28		/* of two digits, in every month */
#define DAY_MS INT64_C(86400000)
#define YEAR_BEGAN INT64_C(1767225600000)	/* 2026 */

/* Thousands stand apart by a space everywhere: a comma or point there means cents to half of the customers. */
static const struct {
	const char *like;
	char decimal;
} moneys[] = {
	{ "R1 234.50", '.' },
	{ "R1 234,50", ',' },
};

static const char *
months_mistake(const char *text)
{
	char month[MONTHS_N][MANNER_MONTH];

	if (gsm_septets(text) < 0 || strpbrk(text, " {}\n0123456789") != NULL)
		return "the names of months have no spaces, digits, braces or characters outside GSM 03.38";
	for (int i = 0; i < MONTHS_N; i++) {
		size_t n = strcspn(text, ",");

		if (n == 0 || !str_copyn(month[i], MANNER_MONTH, text, n) || (text[n] == ',') != (i < MONTHS_N - 1))
			return "must be twelve names of months with commas between, none longer than 11 octets";
		for (int k = 0; k < i; k++)
			if (strcmp(month[k], month[i]) == 0)
				return "two months have the same name";
		text += n + 1;
	}
	return NULL;
}

static const char *
money_mistake(const char *text)
{
	for (size_t i = 0; i < NELEM(moneys); i++)
		if (strcmp(moneys[i].like, text) == 0)
			return NULL;
	return "must be R1 234.50 or R1 234,50";
}

const char *
manner_mistake(const char *key, const char *text)
{
	static const struct {
		const char *key;
		const char *(*mistake)(const char *text);
	} rows[] = { { MONTHS, months_mistake }, { MONEY, money_mistake } };

	for (size_t i = 0; i < NELEM(rows); i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].mistake(text);
	return NULL;
}

const char *
manner_month(const struct texts_env *env, int month, char out[MANNER_MONTH])
{
	const char *at = env->months != NULL ? env->months : ENGLISH;

	while (month-- > 0)
		at += strcspn(at, ",") + 1;
	(void)!str_copyn(out, MANNER_MONTH, at, strcspn(at, ","));
	return out;
}

char
manner_decimal(const struct texts_env *env)
{
	for (size_t i = 0; i < NELEM(moneys); i++)
		if (env->money != NULL && strcmp(moneys[i].like, env->money) == 0)
			return moneys[i].decimal;
	return moneys[0].decimal;
}

void
texts_manner(const struct texts *t, const char *language, struct texts_env *env)
{
	env->months = texts_find(t, language, language, MONTHS);
	env->money = texts_find(t, language, language, MONEY);
}

int64_t
texts_widest_day(const struct texts_env *env)
{
	static const int days_before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	char name[MANNER_MONTH];
	int widest = 0, at = 0;

	for (int i = 0; i < MONTHS_N; i++) {
		int n = gsm_septets(manner_month(env, i, name));

		if (n > widest) {
			widest = n;
			at = i;
		}
	}
	return YEAR_BEGAN + (days_before[at] + WIDE_DAY - 1) * DAY_MS + DAY_MS / 2;
}
