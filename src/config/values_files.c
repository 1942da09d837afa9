/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that name a file or a folder. Secrets and keys are read here, once; that a folder or a plain file is what it
 * should be is found out by who uses it.
 */
#include "config/values.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "config/file.h"

#define SECRET_FILE_MAX 4096

bool
value_read_path(struct target *t)
{
	const char *s = json_string_value(t->value);

	if (s == NULL || s[0] == '\0')
		return false;
	if (!file_beside(jsondoc_file(t->r->doc), s, t->at, t->o->room)) {
		value_say(t, "the path is longer than %zu octets", t->o->room - 1);
		return false;
	}
	if (t->o->type == OPTION_FILE && access(t->at, R_OK) != 0) {
		value_say(t, "%s cannot be read: %s", t->at, strerror(errno));
		return false;
	}
	return true;
}

/* The file that the value names, without the end of its last line. false: said why. */
static bool
read_secret_file(struct target *t, struct buf *out)
{
	const char *name = json_string_value(t->value);
	char path[512], why[1024];

	if (name == NULL || name[0] == '\0')
		return false;
	if (!file_beside(jsondoc_file(t->r->doc), name, path, sizeof path)) {
		value_say(t, "the path is longer than %zu octets", sizeof path - 1);
		return false;
	}
	if (!file_read_secret(path, SECRET_FILE_MAX, out, why, sizeof why)) {
		value_say(t, "%s", why);
		return false;
	}
	while (out->len > 0 && (out->p[out->len - 1] == '\n' || out->p[out->len - 1] == '\r'))
		out->p[--out->len] = '\0';
	return true;
}

bool
value_read_secret(struct target *t)
{
	struct buf text = { 0 };
	bool ok = read_secret_file(t, &text);

	if (ok && (strlen(buf_str(&text)) != text.len || !value_is_plain(buf_str(&text)) ||
	    (int64_t)text.len < t->o->min ||
	    (int64_t)text.len > t->o->max)) {
		value_say(t, "the file must hold one line of %" PRId64 " to %" PRId64 " octets",
		    t->o->min, t->o->max);
		ok = false;
	}
	if (ok)
		ok = str_copyn(t->at, t->o->room, buf_str(&text), text.len);
	buf_clear(&text);
	return ok;
}

/* One line of a key file: "ID HEX". */
static bool
parse_key(const char *line, size_t n, unsigned char key[32], int *id)
{
	const char *space = memchr(line, ' ', n);
	char number[4];
	int64_t v;

	if (space == NULL || !str_copyn(number, sizeof number, line, (size_t)(space - line)) ||
	    !str_to_i64(number, 0, 255, &v))
		return false;
	*id = (int)v;
	return str_unhex(space + 1, (size_t)(line + n - space - 1), key, 32);
}

/* Each key of the file; lines that are empty or begin with '#' are skipped. */
static bool
read_key_lines(struct target *t, size_t max, unsigned char (*keys)[32], int *ids, size_t *n)
{
	struct buf text = { 0 };
	bool ok = read_secret_file(t, &text);
	int line = 0;

	*n = 0;
	for (const char *p = buf_str(&text); ok && *p != '\0';) {
		size_t len = strcspn(p, "\n");

		line++;
		if (len > 0 && p[0] != '#') {
			if (*n == max || !parse_key(p, len, keys[*n], &ids[*n])) {
				value_say(t, *n == max ? "line %d of the file is one key too many" :
				    "line %d of the file is not a key (isango keygen makes one)",
				    line);
				ok = false;
				break;
			}
			for (size_t i = 0; ok && i < *n; i++)
				if (ids[i] == ids[*n]) {
					value_say(t, "line %d of the file repeats the number %d", line,
					    ids[i]);
					ok = false;
				}
			(*n)++;
		}
		p += len + (p[len] == '\n');
	}
	if (ok && *n == 0) {
		value_say(t, "there is no key in the file (isango keygen makes one)");
		ok = false;
	}
	buf_clear(&text);
	return ok;
}

bool
value_read_keys(struct target *t)
{
	unsigned char *ids = (unsigned char *)t->base + t->o->also;
	int numbers[8];
	size_t n;

	if (!read_key_lines(t, (size_t)t->o->max, (unsigned char (*)[32])(void *)t->at, numbers,
	    &n))
		return false;
	for (size_t i = 0; i < n; i++)
		ids[i] = (unsigned char)numbers[i];
	*(int *)(void *)(t->base + t->o->count) = (int)n;
	return true;
}

bool
value_read_key(struct target *t)
{
	size_t n;

	return read_key_lines(t, 1, (unsigned char (*)[32])(void *)t->at,
	    (int *)(void *)(t->base + t->o->also), &n);
}

bool
value_read_hash(struct target *t)
{
	struct buf text = { 0 };
	bool ok = read_secret_file(t, &text);

	if (ok && !str_unhex(buf_str(&text), text.len, t->at, t->o->room)) {
		value_say(t, "the file must hold 64 hexadecimal digits and nothing else");
		ok = false;
	}
	buf_clear(&text);
	return ok;
}
