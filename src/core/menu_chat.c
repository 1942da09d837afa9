/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a state looks like in a chat: a body, and below it what can be chosen, which becomes buttons or a list. Pages,
 * numbers and ways back mean what they mean on a phone's screen; a page holds as many options as a list has rows beside
 * those that lead on and back.
 */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/menu_screen.h"

#define WAYS 2			/* back, home */

/* Octets of the body from `from` on for one page: whole lines, else whole words. */
static size_t
cut(const char *rest)
{
	size_t fit = text_fit(CHARSET_UCS2, rest, CHAT_BODY_CHARS);

	if (rest[fit] == '\0')
		return fit;
	for (size_t n = fit; n > fit / 2; n--)
		if (rest[n] == '\n')
			return n;
	for (size_t n = fit; n > fit / 2; n--)
		if (rest[n] == ' ')
			return n;
	return fit;
}

/* The part of the text above the options that this page says, or the last one of it. How many parts lie before. */
static int
say(const char *text, int page, char body[CHAT_BODY], bool *more)
{
	size_t n;
	int p;

	for (p = 0;; p++) {
		n = cut(text);
		if (p == page || text[n] == '\0')
			break;
		text += n;
		text += strspn(text, " \n");
	}
	*more = text[n] != '\0';
	(void)str_copyn(body, CHAT_BODY, text, n < CHAT_BODY ? n : 0);
	return p;
}

static void
add_option(struct chat_screen *c, const struct body *b, int i)
{
	char text[BODY], key[CHAT_KEY];
	size_t from = (size_t)b->item_at[i], to = i + 1 < b->items ? (size_t)b->item_at[i + 1] : b->len;

	from += strcspn(b->text + from, ".") + 2;
	if (!str_copyn(text, sizeof text, b->text + from, to > from ? to - from : 0))
		text[0] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	if (!str_format(key, sizeof key, "%d", i + 1) || !chat_screen_add(c, key, text[0] != '\0' ? text : key))
		fatalx("a page of a chat has too many options");
}

static void
add_way(struct chat_screen *c, const char *key, const char *text)
{
	if (!chat_screen_add(c, key, text))
		fatalx("a page of a chat has no room for what leads on");
}

/* The options of this page of them; the number of the first behind it. */
static int
add_options(struct chat_screen *c, const struct body *b, int page, bool back, bool *more)
{
	int room = CHAT_CHOICES - (back ? WAYS : 0), from = 0, n;

	for (int p = 0;; p++) {
		if (p > 0)
			room = CHAT_CHOICES - WAYS;
		n = b->items - from <= room ? b->items - from : room - 1;
		*more = from + n < b->items;
		if (p == page || !*more)
			break;
		from += n;
	}
	for (int i = from; i < from + n; i++)
		add_option(c, b, i);
	return from + n;
}

void
chat_lay(const struct body *b, const struct menu_state *s, const struct dialogue *dlg, const struct menu_env *env,
    int page, struct screen *out)
{
	struct chat_screen c = { .choices = 0 };
	char text[BODY];
	int said;

	(void)str_copyn(text, sizeof text, b->text, b->items > 0 ? (size_t)b->item_at[0] : b->len);
	said = say(text, page, c.body, &out->more);
	out->page = said;
	out->items = 0;
	out->lost = b->lost;
	if (!out->more && b->items > 0) {
		/* Who asked for a page too many gets the last one: it is found by counting. */
		for (out->page = said; out->page <= page; out->page++) {
			c.choices = 0;
			out->items = add_options(&c, b, out->page - said, screen_has_back(s, dlg, said), &out->more);
			if (out->page == page || !out->more)
				break;
		}
	}
	if (out->text == NULL)
		return;
	if (out->more)
		add_way(&c, "98", screen_text(dlg, env, "chat.more"));
	if (s->kind == MENU_CONFIRM)
		add_way(&c, "0", screen_text(dlg, env, "chat.cancel"));
	else if (screen_has_back(s, dlg, out->page)) {
		add_way(&c, "0", screen_text(dlg, env, "chat.back"));
		/* Where it would turn buttons into a list it is left out: it can be typed. */
		if (c.choices != CHAT_BUTTONS && c.choices < CHAT_CHOICES)
			add_way(&c, "00", screen_text(dlg, env, "chat.home"));
	}
	str_copy(c.mark, sizeof c.mark, env->chat);
	str_copy(c.open, sizeof c.open, screen_text(dlg, env, "chat.choose"));
	if (!chat_screen_encode(&c, out->text, CHAT_SCREEN))
		out->lost = true;
}
