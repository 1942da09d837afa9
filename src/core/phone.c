/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telephone numbers as customers type them and as networks send them (E.164; protocols differ in
 * '+', 00 and the trunk 0). South African numbers are known to be mobile or not; of other countries
 * only the length is looked at.
 */
#include "core/phone.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define DIGITS_MIN 8
#define BARE_MIN 11		/* without '+' or 00: shorter is national and lost its 0 */
#define ZA "27"
#define ZA_DIGITS 11

/* South African ranges that have no SIM: toll-free, shared cost, voice over IP, pagers, premium. */
static const char *const za_no_sim[] = { "80", "86", "87", "88", "89" };

static bool
za_valid(const char *phone)
{
	const char *national = phone + strlen(ZA);

	if (strlen(phone) != ZA_DIGITS || *national < '6' || *national > '8')
		return false;
	for (size_t i = 0; i < NELEM(za_no_sim); i++)
		if (str_starts(national, za_no_sim[i]))
			return false;
	return true;
}

bool
phone_valid(const char *phone)
{
	size_t n = strlen(phone);

	if (n < DIGITS_MIN || n >= PHONE_MAX || !str_all_digits(phone) || phone[0] == '0')
		return false;
	return !str_starts(phone, ZA) || za_valid(phone);
}

/* Digits alone into `out`; "(0)", the trunk 0 shown behind a country code, is dropped. */
static bool
strip(const char *text, char out[PHONE_MAX + 2])
{
	size_t n = 0;

	while (*text != '\0') {
		if (n > 0 && str_starts(text, "(0)")) {
			text += strlen("(0)");
		} else if (*text >= '0' && *text <= '9') {
			if (n == PHONE_MAX + 1)
				return false;
			out[n++] = *text++;
		} else if (strchr(" -.()", *text) != NULL) {
			text++;
		} else {
			return false;
		}
	}
	out[n] = '\0';
	return true;
}

bool
phone_parse(const char *text, const char *country, char out[PHONE_MAX])
{
	char digits[PHONE_MAX + 2];
	bool plus, ok;

	out[0] = '\0';
	text += strspn(text, " ");
	if (strncasecmp(text, "tel:", 4) == 0)
		text += 4;
	plus = *text == '+';
	if (!strip(text + plus, digits))
		return false;
	if (plus)
		ok = str_copy(out, PHONE_MAX, digits);
	else if (str_starts(digits, "00"))
		ok = str_copy(out, PHONE_MAX, digits + 2);
	else if (digits[0] == '0')
		ok = country[0] != '\0' && str_format(out, PHONE_MAX, "%s%s", country, digits + 1);
	else
		ok = strlen(digits) >= BARE_MIN && str_copy(out, PHONE_MAX, digits);
	if (ok && phone_valid(out))
		return true;
	out[0] = '\0';
	return false;
}

static const char *
without_plus(const char *address)
{
	return address[0] == '+' ? address + 1 : address;
}

bool
phone_is_number(const char *address)
{
	return str_all_digits(without_plus(address));
}

bool
phone_same_number(const char *a, const char *b, const char *country)
{
	char one[PHONE_MAX], two[PHONE_MAX];

	if (!phone_is_number(a) || !phone_is_number(b))
		return false;
	if (strcmp(without_plus(a), without_plus(b)) == 0)
		return true;
	return phone_parse(a, country, one) && phone_parse(b, country, two) && strcmp(one, two) == 0;
}

const char *
phone_mask(const char *phone, char out[PHONE_TEXT])
{
	size_t n = strlen(phone);
	int keep = n >= 11 ? 4 : n >= DIGITS_MIN ? 2 : 0;

	str_format(out, PHONE_TEXT, "%.*s***%s", keep, phone, phone + n - keep);
	return out;
}

const char *
phone_group(const char *phone, const char *country, char out[PHONE_TEXT])
{
	size_t skip = country[0] != '\0' && str_starts(phone, country) ? strlen(country) : 0;
	char plain[PHONE_MAX + 1];
	size_t n, o = 0;

	if (!str_format(plain, sizeof plain, "%s%s", skip > 0 ? "0" : "", phone + skip)) {
		str_copyn(out, PHONE_TEXT, phone, strnlen(phone, PHONE_TEXT - 1));
		return out;
	}
	if (skip == 0)
		out[o++] = '+';
	n = strlen(plain);
	for (size_t i = 0; i < n; i++) {
		/* A last digit alone joins the group before it. */
		if (i > 0 && i % 3 == 0 && n - i > 1)
			out[o++] = ' ';
		out[o++] = plain[i];
	}
	out[o] = '\0';
	return out;
}
