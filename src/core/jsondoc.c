/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson forgets where a value stood, so the text is looked at a second time: it is known to be
 * right by then, objects keep the order of the file and duplicates were refused, so a scan that
 * only tells values apart can walk the tree along.
 *
 * Comments are blanked, not cut, so that jansson's own line numbers are those of the file.
 */
#include "core/jsondoc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"

#define PROBLEM_MAX 1024
#define KEY_MAX 64		/* longer keys have no neighbours */

struct jsondoc {
	char *file;
	json_t *root;		/* ours */
	struct map *lines;	/* address of a node -> its line, as a pointer */
	struct jsondoc *next;	/* joined; ours */
};

struct scan {
	const char *at, *end;
	intptr_t line;
	struct map *lines;
};

/* The octet after the string that begins at p. */
static const char *
after_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static void
blank_comments(char *text, size_t len)
{
	char *p = text, *end = text + len;

	while (p < end) {
		if (*p == '"')
			p = text + (after_string(p, end) - text);
		else if (*p == '/' && p + 1 < end && p[1] == '/')
			while (p < end && *p != '\n')
				*p++ = ' ';
		else
			p++;
	}
}

static void
skip_space(struct scan *s)
{
	for (; s->at < s->end && strchr(" \t\r\n", *s->at) != NULL; s->at++)
		s->line += *s->at == '\n';
}

/* Past white space and one punctuation mark. */
static void
skip_mark(struct scan *s, char mark)
{
	skip_space(s);
	if (s->at < s->end && *s->at == mark)
		s->at++;
	skip_space(s);
}

/* Recursion is as deep as jansson's own was, which it limits. */
static void
scan_value(struct scan *s, json_t *node)
{
	json_t *item;
	size_t i;

	skip_space(s);
	if (!json_is_boolean(node) && !json_is_null(node))
		map_put(s->lines, &node, sizeof node, (void *)s->line);
	if (json_is_object(node)) {
		skip_mark(s, '{');
		for (void *it = json_object_iter(node); it != NULL;
		    it = json_object_iter_next(node, it)) {
			s->at = after_string(s->at, s->end);
			skip_mark(s, ':');
			scan_value(s, json_object_iter_value(it));
			skip_mark(s, ',');
		}
		skip_mark(s, '}');
	} else if (json_is_array(node)) {
		skip_mark(s, '[');
		json_array_foreach(node, i, item) {
			scan_value(s, item);
			skip_mark(s, ',');
		}
		skip_mark(s, ']');
	} else if (json_is_string(node)) {
		s->at = after_string(s->at, s->end);
	} else {
		while (s->at < s->end && strchr(",]} \t\r\n", *s->at) == NULL)
			s->at++;
	}
}

static void
add_problem(struct buf *problems, const char *file, int line, const char *what)
{
	buf_addf(problems, "%s:%d: ", file, line > 0 ? line : 1);
	for (; *what != '\0'; what++)
		buf_add_char(problems, (unsigned char)*what < ' ' ? ' ' : *what);
	buf_add_char(problems, '\n');
}

/* The parser says what it would rather have read; people left out a comma or a quote, or have one too many. */
static void
add_syntax(struct buf *problems, const char *file, const json_error_t *error)
{
	struct buf text = { 0 };

	buf_add_str(&text, error->text);
	if (strstr(error->text, "expected near") != NULL)
		buf_add_str(&text, "; look there and just before for a comma, quote or bracket that is missing or too many");
	add_problem(problems, file, error->line, buf_str(&text));
	buf_clear(&text);
}

struct jsondoc *
jsondoc_parse(const char *file, const char *text, size_t len, struct buf *problems)
{
	struct buf copy = { 0 };
	struct jsondoc *d = NULL;
	json_error_t error;
	json_t *root;

	buf_add(&copy, text, len);
	blank_comments(copy.p, copy.len);
	root = json_loadb(buf_str(&copy), copy.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
	    &error);
	if (root == NULL) {
		add_syntax(problems, file, &error);
	} else if (!json_is_object(root)) {
		add_problem(problems, file, 1, "the file must hold one object: { ... }");
		json_decref(root);
	} else {
		struct scan s = { copy.p, copy.p + copy.len, 1, map_new() };

		d = xcalloc(1, sizeof *d);
		d->file = xstrdup(file);
		d->root = root;
		d->lines = s.lines;
		scan_value(&s, root);
	}
	buf_clear(&copy);
	return d;
}

void
jsondoc_free(struct jsondoc *d)
{
	while (d != NULL) {
		struct jsondoc *next = d->next;

		json_decref(d->root);
		map_free(d->lines);
		free(d->file);
		free(d);
		d = next;
	}
}

void
jsondoc_join(struct jsondoc *d, struct jsondoc *more)
{
	while (d->next != NULL)
		d = d->next;
	d->next = more;
}

/* The document that holds the value, or the first. */
static const struct jsondoc *
holder(const struct jsondoc *d, const json_t *value)
{
	const struct jsondoc *in = d;

	while (in != NULL && map_get(in->lines, &value, sizeof value) == NULL)
		in = in->next;
	return in != NULL ? in : d;
}

const char *
jsondoc_file_of(const struct jsondoc *d, const json_t *value)
{
	return holder(d, value)->file;
}

json_t *
jsondoc_root(const struct jsondoc *d)
{
	return d->root;
}

const char *
jsondoc_file(const struct jsondoc *d)
{
	return d->file;
}

int
jsondoc_line(const struct jsondoc *d, const json_t *value)
{
	intptr_t line = (intptr_t)map_get(holder(d, value)->lines, &value, sizeof value);

	return line > 0 ? (int)line : 1;
}

void
jsondoc_problem(const struct jsondoc *d, const json_t *value, struct buf *problems, const char *fmt,
    ...)
{
	char what[PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	add_problem(problems, jsondoc_file_of(d, value), jsondoc_line(d, value), what);
}

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters added, dropped, changed or swapped with their neighbour; case does not count. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][KEY_MAX + 1], na = strlen(a), nb = strlen(b);
	size_t *older = rows[0], *old = rows[1], *now = rows[2];

	for (size_t j = 0; j <= nb; j++)
		old[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *spare = older;

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			bool same = strncasecmp(a + i - 1, b + j - 1, 1) == 0;

			now[j] = min(old[j - 1] + !same, min(old[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = min(now[j], older[j - 2] + 1);
		}
		older = old;
		old = now;
		now = spare;
	}
	return old[nb];
}

const char *
jsondoc_nearest(const char *key, const char *const *known, size_t n)
{
	size_t len = strlen(key), best = 1 + len / 4 + 1;
	const char *found = NULL;

	if (len > KEY_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (strlen(known[i]) > KEY_MAX)
			continue;
		d = distance(key, known[i]);
		if (d < best) {
			best = d;
			found = known[i];
		}
	}
	return found;
}
