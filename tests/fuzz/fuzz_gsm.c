/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets from the air in each charset, and texts into each: what can be said is read back as the
 * same, and all that is measured without encoding agrees with the octets.
 */
#include "base/str.h"
#include "core/gsm.h"
#include "tests/fuzz/fuzz.h"

#define TEXT 1024
#define OCTETS 320		/* each becomes three of UTF-8 at most */

static const enum charset charsets[] = {
	CHARSET_GSM7, CHARSET_UCS2, CHARSET_LATIN1, CHARSET_ASCII, CHARSET_BINARY
};

static void
check_fit(enum charset cs, const char *text, int units, int unit)
{
	static const int rooms[] = { 0, 1, 7, 67, 160 };
	unsigned char octets[TEXT];

	for (size_t i = 0; i < NELEM(rooms); i++) {
		size_t n = text_fit(cs, text, rooms[i]);
		char *part = strndup(text, n);
		int len = text_encode(cs, part, octets, sizeof octets);

		must(len >= 0 && len <= rooms[i] * unit);
		must((n == strlen(text)) == (units <= rooms[i]));
		/* A character takes two at most. */
		must(n == strlen(text) || len >= (rooms[i] - 1) * unit);
		free(part);
	}
}

static void
there_and_back(enum charset cs, const char *text)
{
	unsigned char octets[TEXT], *exact;
	char back[TEXT];
	int n = text_encode(cs, text, octets, sizeof octets);
	int units = cs == CHARSET_GSM7 ? gsm_septets(text) : ucs2_units(text);

	if (n > 0) {
		must(text_encode(cs, text, octets, (size_t)n - 1) == -1);
		exact = malloc((size_t)n);
		must(exact != NULL && text_encode(cs, text, exact, (size_t)n) == n);
		must(text_decode(cs, exact, (size_t)n, back, sizeof back) == (int)strlen(text));
		must(strcmp(back, text) == 0);
		free(exact);
	}
	if (cs != CHARSET_GSM7 && cs != CHARSET_UCS2)
		return;
	must((units >= 0) == (n >= 0));
	if (n < 0)
		return;
	must(n == units * (cs == CHARSET_UCS2 ? 2 : 1));
	check_fit(cs, text, units, cs == CHARSET_UCS2 ? 2 : 1);
}

static void
check_parts(const char *text)
{
	int parts = sms_parts(text);

	must(parts >= 0 && parts <= 255);
	must((parts > 0) == utf8_valid(text, strlen(text)));
	must(!utf8_valid(text, strlen(text)) || text_charset(text) == CHARSET_UCS2 ||
	    gsm_septets(text) >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT], *typed;

	if (size == 0 || size > OCTETS)
		return 0;
	typed = strndup((const char *)data, size);
	must(typed != NULL);
	check_parts(typed);
	for (size_t i = 0; i < NELEM(charsets); i++) {
		int n = text_decode(charsets[i], data, size, text, sizeof text);

		must(n >= 0 && strlen(text) == (size_t)n && utf8_valid(text, (size_t)n));
		must(text_decode(charsets[i], data, size, text, (size_t)n) == -1);
		there_and_back(CHARSET_UCS2, text);
		there_and_back(charsets[i], typed);
		must((unsigned)charset_of_dcs(data[0], charsets[i]) <= CHARSET_BINARY);
	}
	free(typed);
	return 0;
}
