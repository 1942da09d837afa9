/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written in a chat and is no choice of the menu: words that are obeyed at any point, PINs, taps on older screens.
 * And what somebody who has just got the chat hears on top of the first answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/keyword.h"
#include "service/say.h"
#include "service/turn.h"

const char *
turn_chat_input(const struct turn *t, char key[CHAT_KEY])
{
	const char *named;

	if (t->in.tap)
		return chat_tap_key(t->s.answer, t->input, key);
	named = t->in.chat_kind == CHAT_TYPED ? chat_title_key(t->s.answer, t->input, key) : NULL;
	return named != NULL ? named : t->input;
}

/* ---- words ---- */

static bool
is_one_word(const char *text)
{
	static const char blanks[] = " \t\r\n";

	text += strspn(text, blanks);
	text += strcspn(text, blanks);
	return text[strspn(text, blanks)] == '\0';
}

const char *
turn_obey_word(struct turn *t, const char *typed)
{
	const struct gateway *gw = t->w.task.gw;
	bool was = t->sub.opted_out;
	const char *lang;
	enum keyword k;

	if (t->in.by != TURN_BY_CHAT || t->in.kind != TURN_INPUT || t->in.tap || t->in.chat_kind != CHAT_TYPED ||
	    !is_one_word(typed))
		return NULL;
	k = keyword_find(typed, gw->contents[t->tenant].texts, (const char (*)[8])t->settings->languages,
	    t->settings->languages_n, &lang);
	if (k != KEYWORD_STOP && k != KEYWORD_START)
		return NULL;
	subscriber_opt_out(&t->sub, k == KEYWORD_STOP, gw->now);
	if (t->sub.opted_out != was) {
		t->sub_dirty = true;
		metric_add(t->sub.opted_out ? M_INBOUND_STOPS : M_INBOUND_STARTS, 1);
	}
	if (t->s.dlg.lang[0] == '\0')
		str_copy(t->s.dlg.lang, sizeof t->s.dlg.lang, t->sub.lang[0] != '\0' ? t->sub.lang : lang);
	return k == KEYWORD_STOP ? "sms.answer.stop" : "sms.answer.start";
}

void
turn_answer_word(struct turn *t, const char *word)
{
	struct vars v = { 0 };

	str_copy(t->s.dialogue, sizeof t->s.dialogue, t->in.dialogue);
	if (!say_fill(t->w.task.gw, t->tenant, t->s.dlg.lang, word, &v, t->s.answer, CHAT_BODY))
		str_copy(t->s.answer, sizeof t->s.answer, turn_plain_text(t, "error.try_again"));
	t->s.answer_end = true;
	turn_keep_answer(t);
}

/* ---- one input ---- */

/* Wrong where numbers of the list are awaited: who has the PIN asked for typed in a chat once does so again. */
static bool
is_stray_pin(const struct turn *t, const char *input)
{
	struct chat_screen *s = xcalloc(1, sizeof *s);
	bool chooses;

	chat_screen_parse(t->s.answer, s);
	chooses = s->choices > 0 && strcmp(s->choice[0].key, "1") == 0;
	free(s);
	return chooses && keyword_is_like_pin(input);
}

/* The same screen, with a reason on top of it, where it is none of what can be chosen there. */
void
turn_take_chat(struct turn *t)
{
	char key[CHAT_KEY];
	const char *input = turn_chat_input(t, key), *why = NULL;

	if (input == NULL) {
		metric_add(M_CHAT_OLD_TAPS, 1);
		why = "chat.old";
	} else if (t->in.chat_kind == CHAT_UNREADABLE)
		why = "chat.unreadable";
	else if (!t->in.tap && is_stray_pin(t, input)) {
		metric_add(M_CHAT_PINS, 1);
		why = "chat.pin";
	} else
		why = input == key ? NULL : turn_obey_word(t, input);
	if (why == NULL && t->in.chat_kind == CHAT_MEDIA && t->in.media != NULL)
		turn_feed(t, MENU_SENT, "");
	else if (why != NULL)
		turn_feed(t, MENU_SHOW, why);
	else
		turn_feed(t, MENU_TEXT, input);
}

/* ---- in other hands ---- */

void
turn_tell_of_hands(struct turn *t)
{
	struct chat_screen *c = xcalloc(1, sizeof *c);
	char body[2 * CHAT_BODY];

	chat_screen_parse(t->s.answer, c);
	str_format(body, sizeof body, "%s\n%s", turn_plain_text(t, "chat.other_hands"), c->body);
	if (ucs2_units(body) <= CHAT_BODY_CHARS && str_copy(c->body, sizeof c->body, body) &&
	    !chat_screen_encode(c, t->s.answer, sizeof t->s.answer))
		log_error(t->w.task.id, "screen too long", "key=chat.other_hands");
	free(c);
}
