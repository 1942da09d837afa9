/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be posted as a message, by its type; the limits of "Messages" in Meta's Cloud API reference. Lengths are
 * counted in UTF-16 units.
 */
#include <string.h>

#include "base/str.h"
#include "core/gsm.h"
#include "sandbox/graph_private.h"

enum { CODE_MISSING = 131008, CODE_VALUE = 131009, CODE_PARAMETER = 100, CODE_TYPE = 131051,
	CODE_TEMPLATE_COUNT = 132000, CODE_TEMPLATE_LONG = 132005, CODE_TEMPLATE_FORMAT = 132012 };

struct check {
	int code;
	const char *why;
};

static bool
bad(struct check *c, int code, const char *why)
{
	if (c->code == 0) {
		c->code = code;
		c->why = why;
	}
	return false;
}

/* A text of 1 to max units. */
static bool
text(struct check *c, const json_t *o, const char *name, int max, const char *why)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (s == NULL || s[0] == '\0')
		return bad(c, CODE_MISSING, why);
	return ucs2_units(s) <= max || bad(c, CODE_VALUE, why);
}

static bool
optional(struct check *c, const json_t *o, const char *name, int max, const char *why)
{
	return json_object_get(o, name) == NULL || text(c, o, name, max, why);
}

/* Only these members; names end with NULL. */
static void
members(struct check *c, const json_t *o, const char *const *names, const char *why)
{
	const char *key;
	json_t *v;

	if (!json_is_object(o)) {
		bad(c, CODE_MISSING, why);
		return;
	}
	json_object_foreach((json_t *)o, key, v) {
		size_t i = 0;

		while (names[i] != NULL && strcmp(names[i], key) != 0)
			i++;
		if (names[i] == NULL)
			bad(c, CODE_PARAMETER, why);
	}
}

static bool
is_word(const json_t *o, const char *name, const char *word)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && strcmp(s, word) == 0;
}

/* `id` and `title` of each differ from those of the others. */
static void
differ(struct check *c, const json_t *all, const char *inner, bool titles, const char *why)
{
	for (size_t i = 0; i < json_array_size(all); i++)
		for (size_t k = 0; k < i; k++) {
			const json_t *a = json_array_get(all, i), *b = json_array_get(all, k);

			if (inner != NULL) {
				a = json_object_get(a, inner);
				b = json_object_get(b, inner);
			}
			if (json_equal(json_object_get(a, "id"), json_object_get(b, "id")) ||
			    (titles && json_equal(json_object_get(a, "title"), json_object_get(b, "title"))))
				bad(c, CODE_VALUE, why);
		}
}

static void
check_text(struct check *c, const json_t *m)
{
	static const char *const names[] = { "preview_url", "body", NULL };
	const json_t *t = json_object_get(m, "text");

	members(c, t, names, "text: preview_url and body only");
	text(c, t, "body", 4096, "text.body: 1 to 4096 characters");
}

static void
check_buttons(struct check *c, const json_t *action)
{
	static const char *const names[] = { "buttons", NULL }, *const one[] = { "type", "reply", NULL };
	static const char *const reply[] = { "id", "title", NULL };
	const json_t *all = json_object_get(action, "buttons"), *b;
	size_t i;

	members(c, action, names, "action: buttons only");
	if (json_array_size(all) < 1 || json_array_size(all) > 3)
		bad(c, CODE_VALUE, "buttons: 1 to 3");
	json_array_foreach((json_t *)all, i, b) {
		const json_t *r = json_object_get(b, "reply");

		members(c, b, one, "button: type and reply only");
		members(c, r, reply, "reply: id and title only");
		if (!is_word(b, "type", "reply"))
			bad(c, CODE_VALUE, "button.type: reply");
		text(c, r, "title", 20, "reply.title: 1 to 20 characters");
		text(c, r, "id", 256, "reply.id: 1 to 256 characters");
	}
	differ(c, all, "reply", true, "buttons: ids and titles must differ");
}

static size_t
check_section(struct check *c, const json_t *s, bool several)
{
	static const char *const names[] = { "title", "rows", NULL }, *const row[] = { "id", "title", "description",
	    NULL };
	const json_t *rows = json_object_get(s, "rows"), *r;
	size_t i;

	members(c, s, names, "section: title and rows only");
	if (several)
		text(c, s, "title", 24, "section.title: 1 to 24 characters, needed beside others");
	optional(c, s, "title", 24, "section.title: 1 to 24 characters");
	if (json_array_size(rows) == 0)
		bad(c, CODE_VALUE, "section.rows: at least one");
	json_array_foreach((json_t *)rows, i, r) {
		members(c, r, row, "row: id, title and description only");
		text(c, r, "id", 200, "row.id: 1 to 200 characters");
		text(c, r, "title", 24, "row.title: 1 to 24 characters");
		optional(c, r, "description", 72, "row.description: 1 to 72 characters");
	}
	differ(c, rows, NULL, false, "rows: ids must differ");
	return json_array_size(rows);
}

static void
check_list(struct check *c, const json_t *action)
{
	static const char *const names[] = { "button", "sections", NULL };
	const json_t *sections = json_object_get(action, "sections"), *s;
	size_t i, rows = 0;

	members(c, action, names, "action: button and sections only");
	text(c, action, "button", 20, "action.button: 1 to 20 characters");
	if (json_array_size(sections) < 1 || json_array_size(sections) > 10)
		bad(c, CODE_VALUE, "sections: 1 to 10");
	json_array_foreach((json_t *)sections, i, s)
		rows += check_section(c, s, json_array_size(sections) > 1);
	if (rows > 10)
		bad(c, CODE_VALUE, "rows: 10 at most in all sections");
}

static void
check_interactive(struct check *c, const json_t *m)
{
	static const char *const names[] = { "type", "header", "body", "footer", "action", NULL };
	const json_t *i = json_object_get(m, "interactive"), *action = json_object_get(i, "action");

	members(c, i, names, "interactive: type, header, body, footer and action only");
	text(c, json_object_get(i, "body"), "text", 1024, "interactive.body.text: 1 to 1024 characters");
	if (json_object_get(i, "header") != NULL)
		text(c, json_object_get(i, "header"), "text", 60, "header.text: 1 to 60 characters");
	if (json_object_get(i, "footer") != NULL)
		text(c, json_object_get(i, "footer"), "text", 60, "footer.text: 1 to 60 characters");
	if (is_word(i, "type", "button"))
		check_buttons(c, action);
	else if (is_word(i, "type", "list"))
		check_list(c, action);
	else
		bad(c, CODE_VALUE, "interactive.type: button or list");
}

/* Texts in parameters: no new line, no tab, no more than four blanks in a row. */
static void
check_parameter(struct check *c, const json_t *p, size_t *units)
{
	static const char *const names[] = { "type", "text", "parameter_name", NULL };
	const char *s = json_string_value(json_object_get(p, "text"));

	members(c, p, names, "parameter: type, text and parameter_name only");
	if (!is_word(p, "type", "text") || s == NULL || s[0] == '\0')
		bad(c, CODE_MISSING, "parameter: a text");
	else if (strpbrk(s, "\n\r\t") != NULL || strstr(s, "     ") != NULL)
		bad(c, CODE_TEMPLATE_FORMAT, "parameter: no new line, tab or five blanks");
	else
		*units += (size_t)ucs2_units(s);
}

static void
check_template(struct check *c, const json_t *m)
{
	static const char *const names[] = { "name", "language", "components", NULL };
	const json_t *t = json_object_get(m, "template"), *parts = json_object_get(t, "components"), *part, *p;
	bool code = false;
	size_t i, k;

	members(c, t, names, "template: name, language and components only");
	text(c, t, "name", 512, "template.name: missing");
	text(c, json_object_get(t, "language"), "code", 15, "template.language.code: missing");
	json_array_foreach((json_t *)parts, i, part) {
		size_t units = 0;

		code = code || is_word(part, "type", "button");
		if (json_array_size(json_object_get(part, "parameters")) == 0)
			bad(c, CODE_TEMPLATE_COUNT, "component: no parameters");
		json_array_foreach(json_object_get(part, "parameters"), k, p)
			check_parameter(c, p, &units);
		if (units > (code ? 15 : 1024))
			bad(c, CODE_TEMPLATE_LONG, "component: its parameters are too long");
	}
	if (code && json_object_get(m, "to") == NULL)
		bad(c, CODE_VALUE, "an authentication template cannot go to an identity");
}

static void
check_address(struct check *c, const json_t *m)
{
	const char *to = json_string_value(json_object_get(m, "to"));

	if (json_object_get(m, "to") == NULL && json_object_get(m, "recipient") == NULL)
		bad(c, CODE_MISSING, "to or recipient is missing");
	if (json_object_get(m, "to") != NULL &&
	    (to == NULL || !phone_valid(to[0] == '+' ? to + 1 : to)))
		bad(c, CODE_VALUE, "to: a number in international form");
	if (json_object_get(m, "recipient") != NULL)
		text(c, m, "recipient", CHAT_USER - 1, "recipient: an identity");
}

int
graph_check(const json_t *m, const char **why)
{
	static const struct {
		const char *type;
		void (*check)(struct check *c, const json_t *m);
	} types[] = {
		{ "text", check_text }, { "interactive", check_interactive }, { "template", check_template },
	};
	const char *names[] = { "messaging_product", "recipient_type", "to", "recipient", "type",
	    "biz_opaque_callback_data",
		"context", NULL, NULL };
	const char *type = json_string_value(json_object_get(m, "type"));
	struct check c = { 0, NULL };

	names[NELEM(names) - 2] = type;		/* the member that is called as the type */
	members(&c, m, names, "a member that no message of this type has");
	if (!is_word(m, "messaging_product", "whatsapp"))
		bad(&c, CODE_PARAMETER, "messaging_product: whatsapp");
	if (json_object_get(m, "recipient_type") != NULL && !is_word(m, "recipient_type", "individual"))
		bad(&c, CODE_PARAMETER, "recipient_type: individual");
	optional(&c, m, "biz_opaque_callback_data", 512, "biz_opaque_callback_data: 1 to 512 characters");
	check_address(&c, m);
	for (size_t i = 0; i < NELEM(types); i++)
		if (type != NULL && strcmp(types[i].type, type) == 0) {
			types[i].check(&c, m);
			*why = c.why;
			return c.code;
		}
	bad(&c, CODE_TYPE, "type: text, interactive or template");
	*why = c.why;
	return c.code;
}
