/* SPDX-License-Identifier: Apache-2.0 */
#include "core/form.h"

#include <string.h>

#include "base/str.h"

bool
form_unescape(struct buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char octet;

		if (text[i] == '+') {
			buf_add_char(b, ' ');
		} else if (text[i] != '%') {
			buf_add_char(b, text[i]);
		} else {
			if (len - i < 3 || !str_unhex(text + i + 1, 2, &octet, 1))
				return false;
			buf_add_char(b, (char)octet);
			i += 2;
		}
	}
	return true;
}

static bool
add_field(struct form *f, const char *text, size_t len)
{
	const char *eq = memchr(text, '=', len);
	size_t name = eq != NULL ? (size_t)(eq - text) : len;

	if (len == 0)
		return true;
	if (f->n == FORM_FIELDS)
		return false;
	f->at[f->n].name = f->text.len;
	if (!form_unescape(&f->text, text, name))
		return false;
	buf_add_char(&f->text, '\0');
	f->at[f->n].value = f->text.len;
	if (eq != NULL && !form_unescape(&f->text, eq + 1, len - name - 1))
		return false;
	f->at[f->n].len = f->text.len - f->at[f->n].value;
	buf_add_char(&f->text, '\0');
	f->n++;
	return true;
}

bool
form_read(struct form *f, const char *text, size_t len)
{
	const char *end = text + len;

	form_clear(f);
	for (;;) {
		const char *cut = memchr(text, '&', (size_t)(end - text));

		if (!add_field(f, text, (size_t)((cut != NULL ? cut : end) - text))) {
			form_clear(f);
			return false;
		}
		if (cut == NULL)
			return true;
		text = cut + 1;
	}
}

void
form_clear(struct form *f)
{
	buf_clear(&f->text);
	f->n = 0;
}

const char *
form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->text.p + f->at[i].name, name) == 0)
			return f->text.p + f->at[i].value;
	return NULL;
}

const char *
form_get_fold(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_equal_fold(f->text.p + f->at[i].name, name))
			return f->text.p + f->at[i].value;
	return NULL;
}

void
form_escape(struct buf *b, const void *octets, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	const unsigned char *p = octets;

	for (size_t i = 0; i < n; i++) {
		bool plain = (p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'Z') ||
		    (p[i] >= 'a' && p[i] <= 'z') || (p[i] != '\0' && strchr("-._~", p[i]) != NULL);

		if (!plain)
			buf_add_char(b, '%');
		buf_add_char(b, plain ? (char)p[i] : hex[p[i] >> 4]);
		if (!plain)
			buf_add_char(b, hex[p[i] & 15]);
	}
}

void
form_add(struct buf *b, const char *name, const char *value)
{
	if (b->len > 0)
		buf_add_char(b, '&');
	buf_add_str(b, name);
	buf_add_char(b, '=');
	for (const char *space; (space = strchr(value, ' ')) != NULL; value = space + 1) {
		form_escape(b, value, (size_t)(space - value));
		buf_add_char(b, '+');
	}
	form_escape(b, value, strlen(value));
}
