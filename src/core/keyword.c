/* SPDX-License-Identifier: Apache-2.0 */
#include "core/keyword.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define WORD 64			/* octets of a folded word; longer ones are no keyword */
#define PIN_LEAST 4
#define PIN_MOST 8
#define FIRST_LETTER 0xc0	/* beyond ASCII: below it are signs */

static const char *const keys[KEYWORDS] = {
	[KEYWORD_STOP] = "sms.word.stop", [KEYWORD_START] = "sms.word.start", [KEYWORD_HELP] = "sms.word.help",
};

/* Whatever a tenant speaks, and whatever its templates lack: these are known everywhere. */
static const char *const english[KEYWORDS] = {
	[KEYWORD_STOP] = "STOP", [KEYWORD_START] = "START", [KEYWORD_HELP] = "HELP",
};

/* Letters with marks and the letter that people type instead. Unicode 15, Latin-1 to Latin Extended Additional. */
static const struct {
	uint16_t first, last;
	char letter;
} plain[] = {
	{ 0xc0, 0xc6, 'a' }, { 0xc7, 0xc7, 'c' }, { 0xc8, 0xcb, 'e' }, { 0xcc, 0xcf, 'i' }, { 0xd0, 0xd0, 'd' },
	{ 0xd1, 0xd1, 'n' }, { 0xd2, 0xd6, 'o' }, { 0xd8, 0xd8, 'o' }, { 0xd9, 0xdc, 'u' }, { 0xdd, 0xdd, 'y' },
	{ 0xdf, 0xdf, 's' }, { 0xe0, 0xe6, 'a' }, { 0xe7, 0xe7, 'c' }, { 0xe8, 0xeb, 'e' }, { 0xec, 0xef, 'i' },
	{ 0xf0, 0xf0, 'd' }, { 0xf1, 0xf1, 'n' }, { 0xf2, 0xf6, 'o' }, { 0xf8, 0xf8, 'o' }, { 0xf9, 0xfc, 'u' },
	{ 0xfd, 0xfd, 'y' }, { 0xff, 0xff, 'y' }, { 0x100, 0x105, 'a' }, { 0x106, 0x10d, 'c' },
	{ 0x10e, 0x111, 'd' }, { 0x112, 0x11b, 'e' }, { 0x11c, 0x123, 'g' }, { 0x124, 0x127, 'h' },
	{ 0x128, 0x131, 'i' }, { 0x134, 0x135, 'j' }, { 0x136, 0x138, 'k' }, { 0x139, 0x142, 'l' },
	{ 0x143, 0x14b, 'n' }, { 0x14c, 0x153, 'o' }, { 0x154, 0x159, 'r' }, { 0x15a, 0x161, 's' },
	{ 0x162, 0x167, 't' }, { 0x168, 0x173, 'u' }, { 0x174, 0x175, 'w' }, { 0x176, 0x178, 'y' },
	{ 0x179, 0x17e, 'z' }, { 0x1e12, 0x1e13, 'd' }, { 0x1e3c, 0x1e3d, 'l' }, { 0x1e44, 0x1e45, 'n' },
	{ 0x1e4a, 0x1e4b, 'n' }, { 0x1e70, 0x1e71, 't' },
};

static bool
is_space(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xa0 || (cp >= 0x2000 && cp <= 0x200b) || cp == 0xfeff;
}

/* The mark itself, where letter and mark come as two characters. */
static bool
is_mark(uint32_t cp)
{
	return cp >= 0x300 && cp <= 0x36f;
}

/* The letter or digit without case and marks; 0 for what is neither. */
static uint32_t
fold(uint32_t cp)
{
	if (cp < 0x80)
		return isalnum((int)cp) ? (uint32_t)tolower((int)cp) : 0;
	for (size_t i = 0; i < NELEM(plain); i++)
		if (cp >= plain[i].first && cp <= plain[i].last)
			return (uint32_t)plain[i].letter;
	return cp < FIRST_LETTER || cp == 0xd7 || cp == 0xf7 || (cp >= 0x2000 && cp <= 0x206f) ? 0 : cp;
}

/*
 * The first word, folded. `through`: signs within it are passed over ("S.T.O.P"), else the first one ends it
 * ("stop,please"). false: there is none, or it is too long for a keyword.
 */
static bool
first_word(const char *s, size_t n, bool through, char out[WORD])
{
	size_t len = 0, step;
	uint32_t cp;

	for (; n > 0 && (step = utf8_decode(s, n, &cp)) > 0; s += step, n -= step) {
		uint32_t letter = fold(cp);

		if (is_mark(cp))
			continue;
		if (len > 0 && (is_space(cp) || (letter == 0 && !through)))
			break;
		if (letter == 0)
			continue;
		if (len + 4 >= WORD)
			return false;
		len += utf8_encode(letter, out + len);
	}
	out[len] = '\0';
	return len > 0;
}

static bool
list_has(const char *list, const char *word)
{
	char one[WORD];

	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ",");

		if (first_word(list, n, true, one) && strcmp(one, word) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static enum keyword
find_word(const char *word, const struct texts *texts, const char (*languages)[8], int languages_n, const char **lang)
{
	for (int k = KEYWORD_NONE + 1; k < KEYWORDS; k++)
		for (int i = 0; i <= languages_n; i++) {
			const char *l = i < languages_n ? languages[i] : "en";

			if (!list_has(texts_find(texts, l, l, keys[k]), word) &&
			    (i < languages_n || !list_has(english[k], word)))
				continue;
			*lang = l;
			return (enum keyword)k;
		}
	return KEYWORD_NONE;
}

enum keyword
keyword_find(const char *text, const struct texts *texts, const char (*languages)[8], int languages_n, const char **lang)
{
	char word[WORD];
	enum keyword k = KEYWORD_NONE;

	*lang = NULL;
	for (int through = 1; through >= 0 && k == KEYWORD_NONE; through--)
		if (first_word(text, strlen(text), through == 1, word))
			k = find_word(word, texts, languages, languages_n, lang);
	return k;
}

bool
keyword_is_like_pin(const char *text)
{
	int digits = 0;
	size_t n = strlen(text), step;
	uint32_t cp;

	for (; n > 0; text += step, n -= step) {
		if ((step = utf8_decode(text, n, &cp)) == 0)
			return false;
		if (cp >= '0' && cp <= '9')
			digits++;
		else if (fold(cp) != 0)
			return false;
	}
	return digits >= PIN_LEAST && digits <= PIN_MOST;
}
