/* SPDX-License-Identifier: Apache-2.0 */
#include "core/checks.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define ID_DIGITS 13
#define PASSPORT_MIN 5
#define PASSPORT_MAX 20
#define NAME_MIN 2
#define NAME_MAX_CHARS 50
#define NAME_SIZE 101
#define YEAR_MIN 1900
#define YEAR_MAX 2100

bool
date_valid(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap);
}

static int
number(const char *digits, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (digits[i] - '0');
	return v;
}

static bool
put_date(int year, int month, int day, char out[9])
{
	return date_valid(year, month, day) && str_format(out, 9, "%04d%02d%02d", year, month, day);
}

static bool
luhn_holds(const char *digits, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digits[n - 1 - i] - '0';

		if (i % 2 == 1)
			d = d > 4 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return sum % 10 == 0;
}

/*
 * YYMMDD SSSS C A Z: C is 0 citizen, 1 permanent resident, 2 refugee; A had a meaning before 1986
 * and may be any digit. The century is not there: the later one that is not in the future.
 */
bool
check_za_id(const char *text, const char *today, char birth[9])
{
	int year, month, day;

	birth[0] = '\0';
	if (strlen(text) != ID_DIGITS || !str_all_digits(text) || !luhn_holds(text, ID_DIGITS) ||
	    text[10] > '2')
		return false;
	year = number(text, 2);
	month = number(text + 2, 2);
	day = number(text + 4, 2);
	return (put_date(2000 + year, month, day, birth) && strcmp(birth, today) <= 0) ||
	    put_date(1900 + year, month, day, birth);
}

bool
check_passport(const char *text, char out[21])
{
	bool has_digit = false;
	size_t n = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == ' ' || c == '-')
			continue;
		if (c >= 0x80 || !isalnum(c) || n == PASSPORT_MAX)
			return false;
		has_digit |= isdigit(c) != 0;
		out[n++] = (char)toupper(c);
	}
	out[n] = '\0';
	return n >= PASSPORT_MIN && has_digit;
}

static bool
is_letter(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} latin[] = {
		{ 'A', 'Z' }, { 'a', 'z' }, { 0xc0, 0xd6 }, { 0xd8, 0xf6 }, { 0xf8, 0x24f },
		{ 0x1e00, 0x1eff },
	};

	for (size_t i = 0; i < NELEM(latin); i++)
		if (cp >= latin[i].from && cp <= latin[i].to)
			return true;
	return false;
}

/* Beside letters; the last range are accents as characters of their own, which some phones send. */
static bool
is_name_mark(uint32_t cp)
{
	return cp == ' ' || cp == '\'' || cp == '-' || cp == '.' || (cp >= 0x300 && cp <= 0x36f);
}

bool
check_name(const char *text, char out[101])
{
	size_t len = strlen(text), n = 0, chars = 0, letters = 0, step, m;
	char utf8[4];
	uint32_t cp;

	for (size_t at = 0; at < len; at += step) {
		step = utf8_decode(text + at, len - at, &cp);
		if (step == 0)
			return false;
		/* Phones put the typographic one, which would make every text with it UCS-2. */
		if (cp == 0x2019)
			cp = '\'';
		if (cp == ' ' && (n == 0 || out[n - 1] == ' '))
			continue;
		letters += is_letter(cp);
		if (!is_letter(cp) && (!is_name_mark(cp) || (n == 0 && cp != '\'')))
			return false;
		m = utf8_encode(cp, utf8);
		if (n + m >= NAME_SIZE)
			return false;
		memcpy(out + n, utf8, m);
		n += m;
		chars++;
	}
	if (n > 0 && out[n - 1] == ' ') {
		n--;
		chars--;
	}
	out[n] = '\0';
	return letters > 0 && chars >= NAME_MIN && chars <= NAME_MAX_CHARS;
}

bool
check_date(const char *text, char out[9])
{
	const char *part[3] = { text, text, text };
	size_t len[3] = { 0 }, n = 0;

	if (strlen(text) == 8 && str_all_digits(text))
		/* Never both: 19 and 20 are no months. */
		return put_date(number(text + 4, 4), number(text + 2, 2), number(text, 2), out) ||
		    put_date(number(text, 4), number(text + 4, 2), number(text + 6, 2), out);
	for (const char *p = text; *p != '\0'; p++) {
		if (isdigit((unsigned char)*p)) {
			len[n]++;
		} else if (strchr("/- .", *p) == NULL || n == 2) {
			return false;
		} else {
			part[++n] = p + 1;
		}
	}
	if (n != 2 || len[1] < 1 || len[1] > 2)
		return false;
	if (len[0] == 4 && len[2] >= 1 && len[2] <= 2)
		return put_date(number(part[0], 4), number(part[1], len[1]),
		    number(part[2], len[2]), out);
	return len[0] >= 1 && len[0] <= 2 && len[2] == 4 &&
	    put_date(number(part[2], 4), number(part[1], len[1]), number(part[0], len[0]), out);
}

/* Each digit is that `back` places before it plus `step`, 9 being followed by 0. */
static bool
is_run(const char *pin, int length, int back, int step)
{
	for (int i = back; i < length; i++)
		if ((pin[i - back] - '0' + step + 10) % 10 != pin[i] - '0')
			return false;
	return true;
}

static bool
is_in(const char *pin, const char *text)
{
	return text != NULL && strstr(text, pin) != NULL;
}

/* As it is written abroad and, with a 0 for a country code of one to three digits, at home. */
static bool
is_in_phone(const char *pin, const char *phone)
{
	if (phone == NULL)
		return false;
	if (pin[0] == '0')
		for (size_t code = 1; code <= 3 && code < strlen(phone); code++)
			if (str_starts(phone + code, pin + 1))
				return true;
	return is_in(pin, phone);
}

static bool
is_in_code(const char *pin, const char *code)
{
	char digits[32];
	size_t n = 0;

	for (const char *p = code; p != NULL && *p != '\0' && n < sizeof digits - 1; p++)
		if (isdigit((unsigned char)*p))
			digits[n++] = *p;
	digits[n] = '\0';
	return is_in(pin, digits);
}

static bool
is_in_birth(const char *pin, const char *birth)
{
	char long_year[9], short_year[7];

	if (birth == NULL || strlen(birth) != 8)
		return false;
	snprintf(long_year, sizeof long_year, "%.2s%.2s%.4s", birth + 6, birth + 4, birth);
	snprintf(short_year, sizeof short_year, "%.2s%.2s%.2s", birth + 6, birth + 4, birth + 2);
	return strstr(birth, pin) != NULL || strstr(long_year, pin) != NULL ||
	    strstr(short_year, pin) != NULL;
}

static bool
is_pattern(const char *pin, int length)
{
	static const struct {
		int back, step;
	} runs[] = { { 1, 0 }, { 1, 1 }, { 1, -1 }, { 2, 0 }, { 3, 0 } };
	/* As fingers go over the keys of a phone. */
	static const char *const lines[] = { "2580", "0852", "147258369", "963852741", "369258147", "741852963" };

	for (size_t i = 0; i < NELEM(runs); i++)
		if (length >= 2 * runs[i].back && is_run(pin, length, runs[i].back, runs[i].step))
			return true;
	for (size_t i = 0; i < NELEM(lines); i++)
		if (is_in(pin, lines[i]))
			return true;
	return length == 4 && (str_starts(pin, "19") || str_starts(pin, "20"));
}

enum pin_strength
check_new_pin(const char *pin, int length, const struct pin_about *about)
{
	if (!str_all_digits(pin))
		return PIN_NOT_DIGITS;
	if (strlen(pin) != (size_t)length)
		return PIN_WRONG_LENGTH;
	if (is_pattern(pin, length) || is_in_phone(pin, about->phone) || is_in_birth(pin, about->birth) ||
	    is_in(pin, about->id_number) || is_in_code(pin, about->service_code))
		return PIN_WEAK;
	return PIN_OK;
}
