/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_table.h"

#include <inttypes.h>
#include <string.h>


#define COLUMNS 10			/* of a table; objects with more members are shown one after the other */
#define INDENT 2

struct table {
	const char *name[COLUMNS];
	size_t width[COLUMNS];
	size_t columns;
};

static void
add_value(const json_t *v, struct buf *out)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		for (const char *p = json_string_value(v); *p != '\0'; p++)
			buf_add_char(out, (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p);
		break;
	case JSON_INTEGER:
		buf_addf(out, "%" PRId64, (int64_t)json_integer_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_add_str(out, json_is_true(v) ? "yes" : "no");
		break;
	case JSON_NULL:
		buf_add_str(out, "-");
		break;
	case JSON_ARRAY: {
		const json_t *item;
		size_t i;

		json_array_foreach((json_t *)v, i, item) {
			buf_add_str(out, i > 0 ? ", " : "");
			add_value(item, out);
		}
		break;
	}
	case JSON_OBJECT: {
		const char *name, *comma = "";
		json_t *member;

		json_object_foreach((json_t *)v, name, member) {
			buf_addf(out, "%s%s=", comma, name);
			add_value(member, out);
			comma = ", ";
		}
		break;
	}
	case JSON_REAL:
		buf_addf(out, "%g", json_real_value(v));
		break;
	}
}

static void
spaces(size_t n, struct buf *out)
{
	while (n-- > 0)
		buf_add_char(out, ' ');
}

static void
add_padded(const char *text, size_t n, size_t width, struct buf *out)
{
	buf_add(out, text, n);
	spaces(width > n ? width - n : 0, out);
}

static size_t
column_of(struct table *t, const char *name)
{
	size_t c = 0;

	while (c < t->columns && strcmp(t->name[c], name) != 0)
		c++;
	if (c == t->columns && c < COLUMNS) {
		t->name[t->columns++] = name;
		t->width[c] = strlen(name);
	}
	return c;
}

/* The members of all rows are columns, in the order in which they come first. */
static void
measure(const json_t *rows, struct table *t)
{
	struct buf b = { 0 };
	const char *name;
	json_t *row, *v;
	size_t i;

	json_array_foreach((json_t *)rows, i, row) {
		json_object_foreach(row, name, v) {
			size_t c = column_of(t, name);

			b.len = 0;
			add_value(v, &b);
			if (c < COLUMNS && b.len > t->width[c])
				t->width[c] = b.len;
		}
	}
	buf_clear(&b);
}

static bool
is_list_of_objects(const json_t *v)
{
	return json_is_object(json_array_get(v, 0));
}

static bool
fits_a_table(const json_t *rows)
{
	const char *name;
	json_t *row, *v;
	size_t i;

	json_array_foreach((json_t *)rows, i, row) {
		if (json_object_size(row) > COLUMNS)
			return false;
		json_object_foreach(row, name, v)
			if (json_is_object(v) || is_list_of_objects(v))
				return false;
	}
	return true;
}

static void
print_table(const json_t *rows, size_t indent, struct buf *out)
{
	struct table t = { .columns = 0 };
	struct buf b = { 0 };
	json_t *row;
	size_t i;

	measure(rows, &t);
	spaces(indent, out);
	for (size_t c = 0; c < t.columns; c++)
		add_padded(t.name[c], strlen(t.name[c]), c + 1 < t.columns ? t.width[c] + INDENT : 0, out);
	buf_add_char(out, '\n');
	json_array_foreach((json_t *)rows, i, row) {
		spaces(indent, out);
		for (size_t c = 0; c < t.columns; c++) {
			const json_t *v = json_object_get(row, t.name[c]);

			b.len = 0;
			if (v != NULL)
				add_value(v, &b);
			add_padded(b.len > 0 ? b.p : "-", b.len > 0 ? b.len : 1,
			    c + 1 < t.columns ? t.width[c] + INDENT : 0, out);
		}
		buf_add_char(out, '\n');
	}
	buf_clear(&b);
}

static void print_members(const json_t *j, size_t indent, struct buf *out);

static void
print_list(const json_t *rows, size_t indent, struct buf *out)
{
	json_t *row;
	size_t i;

	if (fits_a_table(rows)) {
		print_table(rows, indent, out);
		return;
	}
	json_array_foreach((json_t *)rows, i, row) {
		if (i > 0)
			buf_add_char(out, '\n');
		print_members(row, indent, out);
	}
}

static void
print_members(const json_t *j, size_t indent, struct buf *out)
{
	size_t width = 0;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)j, name, v)
		if (!is_list_of_objects(v) && strlen(name) > width)
			width = strlen(name);
	json_object_foreach((json_t *)j, name, v) {
		spaces(indent, out);
		if (is_list_of_objects(v)) {
			buf_addf(out, "%s\n", name);
			print_list(v, indent + INDENT, out);
			continue;
		}
		add_padded(name, strlen(name), width + INDENT, out);
		if (json_is_array(v) && json_array_size(v) == 0)
			buf_add_str(out, "none");
		else
			add_value(v, out);
		buf_add_char(out, '\n');
	}
}

void
json_table_print(const json_t *j, struct buf *out)
{
	print_members(j, 0, out);
}
