/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a variable of a menu or a message holds: an amount, a phone, a name. By its kind it is known in which formats a
 * text may show it, whether it may be shown at all, and how wide it can become. Only what is known before anything
 * runs: which kind a variable has comes from calls.c and from what a menu asks.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/settings.h"
#include "core/texts.h"

enum var_kind {
	KIND_TEXT,		/* anything, of `max` characters */
	KIND_MONEY,		/* cents */
	KIND_FEE,		/* cents of a fee */
	KIND_PHONE,		/* canonical, of anybody */
	KIND_MASKED_PHONE,	/* 2782***4567 */
	KIND_OWN_PHONE,		/* canonical, of who dials */
	KIND_NAME,		/* of a person */
	KIND_MASKED_NAME,	/* T*** M*** */
	KIND_ID_NUMBER,
	KIND_PASSPORT,
	KIND_DAY,		/* yyyymmdd */
	KIND_MOMENT,		/* ms since 1970 */
	KIND_COUNT,		/* of tries, of characters */
	KIND_SIGN,		/* + or - */
	KIND_DIGITS,		/* a code or token of `max` digits */
	KIND_WORD,		/* one of `word` */
	KIND_FLAG,		/* "1" or unset */
	KIND_LABEL,		/* the name of a way to cash out: a text */
	KIND_REASON,		/* a sentence "reason.*": a text */
	KIND_TITLE, KIND_HELP_PHONE, KIND_SERVICE_CODE,		/* as the tenant has them */
	KIND_ID,		/* of a record or a row: for the gateway, not for people */
	KIND_SECRET,		/* leads to a PIN or a login: no text may show it */
	KINDS
};

struct var_type {
	enum var_kind kind;
	int64_t max;		/* MONEY, FEE: cents; COUNT: the number; texts, digits: characters. 0: the kind's own */
	const char *const *word;	/* WORD: the values, NULL where they are not known */
	int words;
};

/* For whom; what is NULL or "" is taken as wide as its option allows. */
struct kind_env {
	const struct texts *texts;
	const char *lang, *fallback;
	const struct tenant_settings *tenant;
	const char *service_code;
	bool beyond_gsm;	/* texts of people with characters that GSM 03.38 lacks */
};

#define KIND_WIDEST 256
/*
 * The i-th (from 0) of the values one of which is the widest, as the variable holds it (unformatted): for moments and
 * days one in each month, since languages differ; false: there is none more.
 */
bool kind_widest(const struct var_type *type, const struct kind_env *env, int i, char out[KIND_WIDEST]) MUST_CHECK;
const char *kind_name(enum var_kind kind);		/* "an amount" */
bool kind_is_secret(enum var_kind kind);
bool kind_is_shown(enum var_kind kind);			/* means something to people */
bool kind_beyond_gsm(enum var_kind kind);		/* people's own words may have any letter */
/* A text may show the kind in this format ("name": as it is). */
bool kind_has_format(enum var_kind kind, const char *format);
/* The formats that it may be shown in: "money", "phone, name". */
const char *kind_formats(enum var_kind kind);
