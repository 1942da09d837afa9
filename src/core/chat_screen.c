/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string: START mark UNIT open UNIT body { ENTRY key UNIT title UNIT about }. The three octets are control
 * characters; in what people and texts say they become blanks.
 */
#include "core/chat_screen.h"

#include <string.h>

#include "base/str.h"
#include "core/gsm.h"

#define START '\x02'
#define ENTRY '\x1e'
#define UNIT '\x1f'
#define ELLIPSIS "\xe2\x80\xa6"

/* As many octets of whole characters as `size` takes. */
static void
copy_cut(char *out, size_t size, const char *text, size_t n)
{
	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

/* ---- making one ---- */

bool
chat_screen_add(struct chat_screen *s, const char *key, const char *text)
{
	struct chat_choice *c = &s->choice[s->choices];
	size_t n;

	if (s->choices == CHAT_CHOICES || key[0] == '\0' || !str_copy(c->key, sizeof c->key, key))
		return false;
	c->about[0] = '\0';
	n = text_fit(CHARSET_UCS2, text, CHAT_TITLE_CHARS);
	if (text[n] == '\0') {
		copy_cut(c->title, sizeof c->title, text, n);
	} else {
		copy_cut(c->about, sizeof c->about, text, text_fit(CHARSET_UCS2, text, CHAT_ABOUT_CHARS));
		n = text_fit(CHARSET_UCS2, text, CHAT_TITLE_CHARS - 1);
		for (size_t k = n; k > n / 2; k--)
			if (text[k] == ' ') {
				n = k;
				break;
			}
		str_format(c->title, sizeof c->title, "%.*s" ELLIPSIS, (int)n, text);
	}
	s->choices++;
	return true;
}

struct writing {
	char *out;
	size_t size, len;
	bool full;
};

static void
put_octet(struct writing *w, char octet)
{
	if (w->len + 1 >= w->size)
		w->full = true;
	else
		w->out[w->len++] = octet;
}

static void
put_text(struct writing *w, const char *text)
{
	for (; *text != '\0'; text++)
		put_octet(w, *text == START || *text == ENTRY || *text == UNIT ? ' ' : *text);
}

bool
chat_screen_encode(const struct chat_screen *s, char *out, size_t size)
{
	struct writing w = { .out = out, .size = size };

	if (s->choices > 0) {
		put_octet(&w, START);
		put_text(&w, s->mark);
		put_octet(&w, UNIT);
		put_text(&w, s->open);
		put_octet(&w, UNIT);
	}
	put_text(&w, s->body);
	for (int i = 0; i < s->choices; i++) {
		put_octet(&w, ENTRY);
		put_text(&w, s->choice[i].key);
		put_octet(&w, UNIT);
		put_text(&w, s->choice[i].title);
		put_octet(&w, UNIT);
		put_text(&w, s->choice[i].about);
	}
	out[w.full ? 0 : w.len] = '\0';
	return !w.full;
}

/* ---- reading one ---- */

/* Up to `end` or the end of the text; what lies behind is left in *at. false: it does not fit. */
static bool
take(const char **at, const char *ends, char *out, size_t size)
{
	size_t n = strcspn(*at, ends);
	bool whole = n < size;

	copy_cut(out, size, *at, n);
	*at += n;
	return whole;
}

static bool
skip(const char **at, char octet)
{
	if (**at != octet)
		return false;
	(*at)++;
	return true;
}

static bool
parse_choice(const char **at, struct chat_choice *c)
{
	static const char ends[] = { ENTRY, UNIT, '\0' };

	return skip(at, ENTRY) && take(at, ends, c->key, sizeof c->key) && c->key[0] != '\0' && skip(at, UNIT) &&
	    take(at, ends, c->title, sizeof c->title) && skip(at, UNIT) && take(at, ends, c->about, sizeof c->about);
}

static bool
parse(const char *at, struct chat_screen *out)
{
	static const char ends[] = { ENTRY, UNIT, '\0' };

	if (!skip(&at, START) || !take(&at, ends, out->mark, sizeof out->mark) || out->mark[0] == '\0' ||
	    !skip(&at, UNIT) || !take(&at, ends, out->open, sizeof out->open) || !skip(&at, UNIT) ||
	    !take(&at, ends, out->body, sizeof out->body))
		return false;
	while (*at != '\0' && out->choices < CHAT_CHOICES && parse_choice(&at, &out->choice[out->choices]))
		out->choices++;
	return *at == '\0' && out->choices > 0;
}

void
chat_screen_parse(const char *text, struct chat_screen *out)
{
	memset(out, 0, sizeof *out);
	if (parse(text, out))
		return;
	memset(out, 0, sizeof *out);
	copy_cut(out->body, sizeof out->body, text, strlen(text));
	for (char *c = out->body; *c != '\0'; c++)
		if (*c == START || *c == ENTRY || *c == UNIT)
			*c = ' ';
}

void
chat_screen_plain(const char *text, char *out, size_t size)
{
	struct chat_screen s;
	size_t n;

	chat_screen_parse(text, &s);
	copy_cut(out, size, s.body, strlen(s.body));
	for (int i = 0; i < s.choices; i++) {
		const struct chat_choice *c = &s.choice[i];
		char line[CHAT_KEY + CHAT_ABOUT + 4];

		str_format(line, sizeof line, "\n%s. %s", c->key, c->about[0] != '\0' ? c->about : c->title);
		n = strlen(out);
		copy_cut(out + n, size - n, line, strlen(line));
	}
}

bool
chat_screen_fits_buttons(const struct chat_screen *s)
{
	for (int i = 0; i < s->choices; i++)
		if (s->choice[i].about[0] != '\0' || ucs2_units(s->choice[i].title) > CHAT_BUTTON_CHARS)
			return false;
	return s->choices > 0 && s->choices <= CHAT_BUTTONS;
}

/* ---- taps, and what is typed for them ---- */

const char *
chat_title_key(const char *shown, const char *typed, char key[CHAT_KEY])
{
	struct chat_screen s;

	chat_screen_parse(shown, &s);
	for (int i = 0; i < s.choices && typed[0] != '\0'; i++)
		if (str_equal_fold(s.choice[i].title, typed) || str_equal_fold(s.choice[i].about, typed)) {
			str_copy(key, CHAT_KEY, s.choice[i].key);
			return key;
		}
	return NULL;
}

void
chat_tap_id(const struct chat_screen *s, const struct chat_choice *c, char out[CHAT_TAP])
{
	str_format(out, CHAT_TAP, "%s:%s", c->key, s->mark);
}

const char *
chat_tap_key(const char *shown, const char *tap, char key[CHAT_KEY])
{
	struct chat_screen s;
	const char *colon = strchr(tap, ':');

	chat_screen_parse(shown, &s);
	if (s.choices == 0 || colon == NULL || strcmp(colon + 1, s.mark) != 0 ||
	    !str_copyn(key, CHAT_KEY, tap, (size_t)(colon - tap)))
		return NULL;
	for (int i = 0; i < s.choices; i++)
		if (strcmp(s.choice[i].key, key) == 0)
			return key;
	return NULL;
}
