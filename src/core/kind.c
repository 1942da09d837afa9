/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kind.h"

#include <string.h>

#include "base/str.h"
#include "core/intent.h"

#define WIDE_MONEY INT64_C(100000000)	/* R1 000 000.00 */
#define WIDE_FEE INT64_C(10000)
#define TITLE_WIDEST 24			/* what the shipped messages have room for */
#define MONTHS 12
#define BEYOND_GSM "\xc5\xb4"	/* a W with a circumflex */

/* The widest value of this type (menus show it formatted). */
typedef void widest_fn(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST]);
static widest_fn wide_text, wide_money, wide_phone, wide_masked_phone, wide_own_phone, wide_masked_name, wide_digits,
    wide_capitals, wide_count, wide_sign, wide_word, wide_flag, wide_label, wide_reason, wide_title, wide_help_phone,
    wide_service_code;

static const struct kind_row {
	const char *name;
	const char *formats;		/* those that make sense, the best first; "": it is not for people */
	int64_t max;			/* of a type that does not say its own */
	widest_fn *widest;		/* NULL: as many as there are months */
	bool any_letter;
	bool secret;
} rows[KINDS] = {
	[KIND_TEXT] = { "a text", "name", 64, wide_text, true, false },
	[KIND_MONEY] = { "an amount", "money", WIDE_MONEY, wide_money, false, false },
	[KIND_FEE] = { "an amount", "money", WIDE_FEE, wide_money, false, false },
	[KIND_PHONE] = { "a phone number", "phone, name", 0, wide_phone, false, false },
	[KIND_MASKED_PHONE] = { "a masked phone number", "name, phone", 0, wide_masked_phone, false, false },
	[KIND_OWN_PHONE] = { "a phone number", "phone, name", 0, wide_own_phone, false, false },
	[KIND_NAME] = { "a name", "name", 50, wide_text, true, false },
	[KIND_MASKED_NAME] = { "a name", "name", 0, wide_masked_name, true, false },
	[KIND_ID_NUMBER] = { "an identity number", "name, digits", 13, wide_digits, false, false },
	[KIND_PASSPORT] = { "a passport number", "name", 20, wide_capitals, false, false },
	[KIND_DAY] = { "a day", "day", 0, NULL, false, false },
	[KIND_MOMENT] = { "a time", "time, date", 0, NULL, false, false },
	[KIND_COUNT] = { "a number", "name", 99, wide_count, false, false },
	[KIND_SIGN] = { "a sign", "name", 0, wide_sign, false, false },
	[KIND_DIGITS] = { "digits", "digits, name", 20, wide_digits, false, false },
	[KIND_WORD] = { "a word", "name", 32, wide_word, false, false },
	[KIND_FLAG] = { "a mark", "", 0, wide_flag, false, false },
	[KIND_LABEL] = { "a text", "name", TITLE_WIDEST, wide_label, false, false },
	[KIND_REASON] = { "a text", "name", 0, wide_reason, false, false },
	[KIND_TITLE] = { "a title", "name", TITLE_WIDEST, wide_title, false, false },
	[KIND_HELP_PHONE] = { "a phone number", "name, phone", 0, wide_help_phone, false, false },
	[KIND_SERVICE_CODE] = { "a service code", "name", 0, wide_service_code, false, false },
	[KIND_ID] = { "an inner number", "", 36, wide_digits, false, false },
	[KIND_SECRET] = { "a secret", "", 36, wide_digits, false, true },
};

/* n characters of the widest; one that GSM 03.38 lacks makes a whole screen UCS-2, and more of them no wider. */
static void
letters(char *out, int64_t n, char letter, bool beyond_gsm)
{
	size_t o = beyond_gsm && n > 0 ? strlen(BEYOND_GSM) : 0;

	memcpy(out, BEYOND_GSM, o);
	for (n -= o > 0; n > 0 && o < KIND_WIDEST - 1; n--)
		out[o++] = letter;
	out[o] = '\0';
}

static void
digits(char *out, int64_t n)
{
	int64_t i = 0;

	for (; i < n && i < KIND_WIDEST - 1; i++)
		out[i] = (char)('1' + i % 9);
	out[i] = '\0';
}

static void
keep_wider(char *out, const char *text)
{
	if (text != NULL && strlen(text) > strlen(out))
		str_copy(out, KIND_WIDEST, text);
}

static int64_t
most(const struct var_type *type)
{
	return type->max > 0 ? type->max : rows[type->kind].max;
}

static const char *
text_of(const struct kind_env *env, const char *key)
{
	return env->texts != NULL && env->lang != NULL ?
	    texts_find(env->texts, env->lang, env->fallback != NULL ? env->fallback : env->lang, key) : NULL;
}

static void
wide_text(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	/* A bracket takes two septets; no name has one. */
	letters(out, most(type), type->kind == KIND_TEXT ? '[' : 'W', env->beyond_gsm);
}

static void
wide_money(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)env;
	str_format(out, KIND_WIDEST, "%lld", (long long)most(type));
}

static void
wide_count(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)env;
	str_format(out, KIND_WIDEST, "%lld", (long long)most(type));
}

static void
wide_digits(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)env;
	digits(out, most(type));
}

static void
wide_capitals(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)env;
	letters(out, most(type), 'W', false);
}

static void
wide_phone(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)type;
	(void)env;
	digits(out, PHONE_MAX - 1);
}

static void
wide_masked_phone(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)type;
	(void)env;
	str_copy(out, KIND_WIDEST, "2782***4567");
}

static void
wide_own_phone(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	const char *country = env->tenant != NULL ? env->tenant->country : "";

	(void)type;
	if (strcmp(country, "27") == 0)
		str_copy(out, KIND_WIDEST, "27821234567");
	else
		digits(out, PHONE_MAX - 1);
}

static void
wide_masked_name(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)type;
	str_copy(out, KIND_WIDEST, env->beyond_gsm ? BEYOND_GSM "*** " BEYOND_GSM "***" : "W*** W***");
}

static void
wide_sign(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)type;
	(void)env;
	str_copy(out, KIND_WIDEST, "-");
}

static void
wide_flag(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)type;
	(void)env;
	str_copy(out, KIND_WIDEST, "1");
}

static void
wide_word(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	(void)env;
	for (int i = 0; i < type->words; i++)
		keep_wider(out, type->word[i]);
	if (type->words == 0)
		letters(out, most(type), 'W', false);
}

static void
wide_label(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	for (int i = 0; env->tenant != NULL && i < env->tenant->kinds_n; i++)
		keep_wider(out, text_of(env, env->tenant->kinds[i].name));
	if (out[0] == '\0')
		letters(out, most(type), 'W', false);
}

static void
wide_reason(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	char key[64];

	(void)type;
	for (int i = WHY_NONE + 1; i < WHY_REASONS; i++) {
		str_format(key, sizeof key, "reason.%s", intent_why_name((enum intent_why)i));
		keep_wider(out, text_of(env, key));
	}
}

static void
wide_title(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	if (env->tenant != NULL)
		str_copy(out, KIND_WIDEST, env->tenant->title);
	else
		letters(out, most(type), 'W', false);
}

static void
wide_help_phone(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	bool told = env->tenant != NULL && env->tenant->help_phone[0] != '\0';

	(void)type;
	str_copy(out, KIND_WIDEST, told ? env->tenant->help_phone : "0800 123 456");
}

static void
wide_service_code(const struct var_type *type, const struct kind_env *env, char out[KIND_WIDEST])
{
	bool told = env->service_code != NULL && env->service_code[0] != '\0';

	(void)type;
	str_copy(out, KIND_WIDEST, told ? env->service_code : "*134*12345#");
}

/* Late in each month, so that the day has two digits. */
static void
in_month(enum var_kind kind, int month, char out[KIND_WIDEST])
{
	const int64_t jan_28 = INT64_C(1801137480000);		/* of 2027, 11:58 UTC */

	if (kind == KIND_DAY)
		str_format(out, KIND_WIDEST, "1990%02d28", month + 1);
	else
		str_format(out, KIND_WIDEST, "%lld", (long long)(jan_28 + month * INT64_C(30) * 86400000));
}

bool
kind_widest(const struct var_type *type, const struct kind_env *env, int i, char out[KIND_WIDEST])
{
	widest_fn *widest = rows[type->kind].widest;

	out[0] = '\0';
	if (widest == NULL && i < MONTHS)
		in_month(type->kind, i, out);
	else if (widest != NULL && i == 0)
		widest(type, env, out);
	return i < (widest == NULL ? MONTHS : 1);
}

const char *
kind_name(enum var_kind kind)
{
	return rows[kind].name;
}

bool
kind_is_secret(enum var_kind kind)
{
	return rows[kind].secret;
}

bool
kind_is_shown(enum var_kind kind)
{
	return rows[kind].formats[0] != '\0';
}

bool
kind_beyond_gsm(enum var_kind kind)
{
	return rows[kind].any_letter;
}

bool
kind_has_format(enum var_kind kind, const char *format)
{
	size_t n = strlen(format);

	for (const char *at = rows[kind].formats; *at != '\0'; at += strspn(at, ", ")) {
		size_t len = strcspn(at, ",");

		if (len == n && memcmp(at, format, n) == 0)
			return true;
		at += len;
	}
	return false;
}

const char *
kind_formats(enum var_kind kind)
{
	return rows[kind].formats;
}
