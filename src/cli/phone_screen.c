/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/phone_screen.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/gsm.h"

#define COLUMNS 44			/* of a screen's text; longer lines are folded */
#define STRANGE 8			/* characters that are named */

static size_t
columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Where the line that begins here ends: at a newline, else at the last space that fits, else where the room ends. */
static size_t
line_length(const char *text)
{
	size_t len = strcspn(text, "\n"), best = 0, at = 0;

	if (columns(text, len) <= COLUMNS)
		return len;
	while (columns(text, at) < COLUMNS || ((unsigned char)text[at] & 0xc0) == 0x80) {
		if (text[at] == ' ')
			best = at;
		at++;
	}
	return text[at] == ' ' ? at : best > 0 ? best : at;
}

static void
print_rule(char corner)
{
	printf("  %c", corner);
	for (int i = 0; i < COLUMNS + 2; i++)
		putchar('-');
	printf("%c\n", corner);
}

static void
print_line(const char *text, size_t len)
{
	fputs("  | ", stdout);
	for (size_t i = 0; i < len; i++)
		putchar((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
	printf("%*s |\n", (int)(COLUMNS - columns(text, len)), "");
}

void
phone_screen(char corner, const char *text)
{
	print_rule(corner);
	while (*text != '\0') {
		size_t len = line_length(text);

		print_line(text, len);
		text += len;
		text += *text == '\n' || *text == ' ';
	}
	print_rule(corner);
}

/* Each character once. */
static void
name_strange(const char *text)
{
	struct buf seen = { 0 };
	char one[5];
	uint32_t cp;
	int named = 0;

	for (size_t n; *text != '\0' && (n = utf8_decode(text, strlen(text), &cp)) > 0; text += n) {
		str_copyn(one, sizeof one, text, n);
		if (gsm_septets(one) >= 0 || strstr(buf_str(&seen), one) != NULL || named == STRANGE)
			continue;
		buf_addf(&seen, "%s%s", named++ > 0 ? " " : "", one);
	}
	printf(" (because of %s)", buf_str(&seen));
	buf_clear(&seen);
}

void
phone_screen_size(const char *text, int septets)
{
	bool plain = text_charset(text) == CHARSET_GSM7;
	int used = plain ? gsm_septets(text) : ucs2_units(text), room = plain ? septets : septets * 7 / 16;

	printf("  %d", used);
	if (septets > 0)
		printf(" of %d", room);
	printf(" %s", plain ? "septets" : "UCS-2 characters");
	if (!plain)
		name_strange(text);
	puts(septets > 0 && used > room ? ": TOO LONG for this network" : "");
}
