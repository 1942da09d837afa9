/* SPDX-License-Identifier: Apache-2.0 */
#include "core/money.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"

#define WHOLE_DIGITS 10		/* of MONEY_MAX in rands */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
digits(const char *s)
{
	size_t n = 0;

	while (is_digit(s[n]))
		n++;
	return n;
}

bool
money_parse_decimal(const char *text, int64_t *cents)
{
	size_t whole = digits(text), decimals = 0;
	int64_t v = 0;

	/* A number that begins with 0 is more likely a phone number in the wrong field. */
	if (whole == 0 || whole > WHOLE_DIGITS || (whole > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < whole; i++)
		v = v * 10 + (text[i] - '0');
	text += whole;
	if (*text == '.') {
		decimals = digits(++text);
		if (decimals < 1 || decimals > 2)
			return false;
	}
	for (size_t i = 0; i < 2; i++)
		v = v * 10 + (i < decimals ? text[i] - '0' : 0);
	if (text[decimals] != '\0' || v > MONEY_MAX)
		return false;
	*cents = v;
	return true;
}

static const char *
skip_spaces(const char *s)
{
	return s + strspn(s, " ");
}

bool
money_parse(const char *text, int64_t *cents)
{
	char plain[MONEY_TEXT];
	size_t n = 0, group;

	text = skip_spaces(text);
	if (*text == 'R' || *text == 'r')
		text = skip_spaces(text + 1);
	/* Spaces must group by three: "12 50" may mean R12.50. */
	for (bool first = true;; first = false) {
		group = digits(text);
		if (n + group + sizeof ".00" > sizeof plain || (!first && group != 3))
			return false;
		memcpy(plain + n, text, group);
		n += group;
		text += group;
		if (*text != ' ' || !is_digit(text[1]))
			break;
		if (first && group > 3)
			return false;
		text++;
	}
	if (*text == '.' || *text == ',') {
		plain[n++] = '.';
		text++;
		for (size_t i = 0; i < 2 && is_digit(*text); i++)
			plain[n++] = *text++;
	}
	plain[n] = '\0';
	return *skip_spaces(text) == '\0' && money_parse_decimal(plain, cents);
}

static uint64_t
magnitude(int64_t cents)
{
	return cents < 0 ? -(uint64_t)cents : (uint64_t)cents;
}

const char *
money_decimal(int64_t cents, char out[MONEY_TEXT])
{
	uint64_t v = magnitude(cents);

	str_format(out, MONEY_TEXT, "%s%" PRIu64 ".%02u", cents < 0 ? "-" : "", v / 100,
	    (unsigned)(v % 100));
	return out;
}

const char *
money_text(int64_t cents, char out[MONEY_TEXT])
{
	char plain[MONEY_TEXT], *o = out;
	const char *p = money_decimal(cents, plain);
	size_t whole;

	if (*p == '-')
		*o++ = *p++;
	*o++ = 'R';
	whole = digits(p);
	for (size_t left = whole; left > 0; left--) {
		if (left < whole && left % 3 == 0)
			*o++ = ' ';
		*o++ = *p++;
	}
	memcpy(o, p, sizeof ".00");
	return out;
}

/*
 * The nearest double to cents / 100 is what a correct reader makes of the two decimals, so that
 * comparing with it refuses every third decimal that a double can still tell.
 */
bool
money_from_double(double d, int64_t *cents)
{
	int64_t v;

	if (!isfinite(d) || fabs(d) > money_to_double(MONEY_MAX))
		return false;
	v = llround(d * 100);
	if (money_to_double(v) != d)
		return false;
	*cents = v;
	return true;
}

double
money_to_double(int64_t cents)
{
	return (double)cents / 100;
}
