/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wa_message.h"

#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/str.h"
#include "core/chat_screen.h"
#include "core/gsm.h"

#define OPEN "\xe2\x98\xb0"	/* where a screen does not say what opens its list */
#define PLAIN 4200		/* octets of a screen as lines */

static int
to_buf(const char *octets, size_t n, void *arg)
{
	buf_add(arg, octets, n);
	return 0;
}

/* Takes the value. */
static void
write_out(json_t *root, struct buf *out)
{
	if (root == NULL || json_dump_callback(root, to_buf, out, JSON_COMPACT) != 0)
		fatalx("wa: a message cannot be written");
	json_decref(root);
}

static bool
is_given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* A text that is cut to its limit, between characters. */
static json_t *
cut(const char *text, int chars)
{
	return json_stringn(text, text_fit(CHARSET_UCS2, text, chars));
}

/* NULL: nobody. If both `to` and `recipient` are sent, `to` wins. */
static json_t *
envelope(const struct wa_to *to, const char *type)
{
	json_t *root;

	if (!is_given(to->phone) && !is_given(to->user))
		return NULL;
	root = json_pack("{s:s,s:s,s:s,s:s}", "messaging_product", "whatsapp", "recipient_type", "individual",
	    is_given(to->phone) ? "to" : "recipient", is_given(to->phone) ? to->phone : to->user, "type", type);
	if (root == NULL)
		fatalx("wa: a message cannot be written");
	if (is_given(to->ours))
		json_object_set_new(root, "biz_opaque_callback_data", json_string(to->ours));
	return root;
}

/* Two equal ones are refused by the network. */
static bool
titles_differ(const struct chat_screen *s)
{
	for (int i = 0; i < s->choices; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(s->choice[i].title, s->choice[k].title) == 0)
				return false;
	return true;
}

static json_t *
buttons(const struct chat_screen *s)
{
	json_t *all = json_array();
	char id[CHAT_TAP];

	for (int i = 0; i < s->choices; i++) {
		chat_tap_id(s, &s->choice[i], id);
		json_array_append_new(all, json_pack("{s:s,s:{s:s,s:o}}", "type", "reply", "reply", "id", id, "title",
		    cut(s->choice[i].title, CHAT_BUTTON_CHARS)));
	}
	return json_pack("{s:s,s:{s:o},s:{s:o}}", "type", "button", "body", "text", cut(s->body, CHAT_BODY_CHARS),
	    "action", "buttons", all);
}

static json_t *
list(const struct chat_screen *s)
{
	json_t *rows = json_array();
	char id[CHAT_TAP];

	for (int i = 0; i < s->choices; i++) {
		const struct chat_choice *c = &s->choice[i];
		json_t *row;

		chat_tap_id(s, c, id);
		row = json_pack("{s:s,s:o}", "id", id, "title", cut(c->title, CHAT_TITLE_CHARS));
		if (c->about[0] != '\0')
			json_object_set_new(row, "description", cut(c->about, CHAT_ABOUT_CHARS));
		json_array_append_new(rows, row);
	}
	return json_pack("{s:s,s:{s:o},s:{s:o,s:[{s:o}]}}", "type", "list", "body", "text",
	    cut(s->body, CHAT_BODY_CHARS), "action", "button",
	    cut(s->open[0] != '\0' ? s->open : OPEN, CHAT_BUTTON_CHARS), "sections", "rows", rows);
}

bool
wa_message_write(const struct wa_to *to, const char *text, struct buf *out)
{
	struct chat_screen s;
	json_t *root;

	chat_screen_parse(text, &s);
	if (text[0] == '\0' || !utf8_valid(text, strlen(text)) || (s.choices > 0 && s.body[0] == '\0') ||
	    (root = envelope(to, s.choices > 0 ? "interactive" : "text")) == NULL)
		return false;
	if (s.choices == 0)
		json_object_set_new(root, "text", json_pack("{s:b,s:o}", "preview_url", false, "body",
		    cut(strlen(text) < sizeof s.body ? s.body : text, WA_TEXT_CHARS)));
	else if (chat_screen_fits_buttons(&s) && titles_differ(&s))
		json_object_set_new(root, "interactive", buttons(&s));
	else
		json_object_set_new(root, "interactive", list(&s));
	write_out(root, out);
	mem_wipe(&s, sizeof s);
	return true;
}

/* A parameter has neither new lines nor tabs nor more than four blanks in a row. */
static void
flatten(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		char c = (unsigned char)*from < ' ' ? ' ' : *from;

		if (c != ' ' || (to > text && to[-1] != ' '))
			*to++ = c;
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static json_t *
parameter(const struct wa_template *t, const char *text, bool named)
{
	json_t *p = json_pack("{s:s,s:s}", "type", "text", "text", text);

	if (named && is_given(t->parameter))
		json_object_set_new(p, "parameter_name", json_string(t->parameter));
	return p;
}

bool
wa_message_template(const struct wa_to *to, const struct wa_template *t, const char *text, struct buf *out)
{
	bool code = t->place == WA_PLACE_CODE;
	json_t *root, *parts;
	char plain[PLAIN];
	int units;

	chat_screen_plain(text, plain, sizeof plain);
	flatten(plain);
	units = ucs2_units(plain);
	if (units <= 0 || units > (code ? WA_CODE_CHARS : WA_PARAMETER_CHARS) || (code && !is_given(to->phone)) ||
	    (root = envelope(to, "template")) == NULL) {
		mem_wipe(plain, sizeof plain);
		return false;
	}
	parts = json_pack("[{s:s,s:[o]}]", "type", "body", "parameters", parameter(t, plain, true));
	if (code)
		json_array_append_new(parts, json_pack("{s:s,s:s,s:s,s:[o]}", "type", "button", "sub_type", "url",
		    "index", "0", "parameters", parameter(t, plain, false)));
	json_object_set_new(root, "template", json_pack("{s:s,s:{s:s},s:o}", "name", t->name, "language", "code",
	    t->language, "components", parts));
	write_out(root, out);
	mem_wipe(plain, sizeof plain);
	return true;
}

void
wa_message_read(const char *message_id, struct buf *out)
{
	write_out(json_pack("{s:s,s:s,s:s,s:{s:s}}", "messaging_product", "whatsapp", "status", "read", "message_id",
	    message_id, "typing_indicator", "type", "text"), out);
}

bool
wa_answer_id(const char *body, size_t len, char *out, size_t size)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const char *id = json_string_value(json_object_get(json_array_get(json_object_get(root, "messages"), 0), "id"));
	bool good = id != NULL && id[0] != '\0' && str_copy(out, size, id);

	json_decref(root);
	return good;
}

int
wa_answer_code(const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const json_t *code = json_object_get(json_object_get(root, "error"), "code");
	int out = json_is_integer(code) && json_integer_value(code) >= 0 && json_integer_value(code) <= INT32_MAX ?
	    (int)json_integer_value(code) : -1;

	json_decref(root);
	return out;
}
