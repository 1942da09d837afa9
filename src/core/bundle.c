/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written as: mark, number of files, and of each file the lengths and octets of name and text; lengths are four octets,
 * the highest first. Names ascend, so one content has one form, which is what is hashed.
 */
#include "core/bundle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"

#define MARK "isb1"
#define MARK_LEN 4
#define ROOTS 2

struct bundle_file {
	char *name, *text;		/* ours */
	size_t len;
};

struct bundle {
	struct bundle_file *file;
	size_t n, octets;
	bool is_full;
	struct {
		char prefix[BUNDLE_NAME], folder[BUNDLE_PATH];
	} root[ROOTS];
	size_t roots;
};

struct bundle *
bundle_new(void)
{
	return xcalloc(1, sizeof(struct bundle));
}

void
bundle_free(struct bundle *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		free(b->file[i].name);
		free(b->file[i].text);
	}
	free(b->file);
	free(b);
}

bool
bundle_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789._-/";
	size_t n = strlen(name);

	return n > 0 && n < BUNDLE_NAME && strspn(name, letters) == n && name[0] != '/' && name[0] != '.' &&
	    strstr(name, "/.") == NULL && strstr(name, "//") == NULL && name[n - 1] != '/';
}

/* The place of the name, or the one where it belongs. */
static size_t
place(const struct bundle *b, const char *name, bool *found)
{
	size_t low = 0, high = b->n;

	*found = false;
	while (low < high && !*found) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(b->file[mid].name, name);

		*found = order == 0;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
		if (*found)
			low = mid;
	}
	return low;
}

void
bundle_add(struct bundle *b, const char *name, const char *text, size_t len)
{
	bool found;
	size_t at = place(b, name, &found), more = found ? len : strlen(name) + len;
	size_t less = found ? b->file[at].len : 0;

	if (!bundle_name_ok(name))
		fatalx("no name of a file in a bundle");
	if ((!found && b->n == BUNDLE_FILES) || more > BUNDLE_OCTETS || b->octets - less > BUNDLE_OCTETS - more) {
		b->is_full = true;
		return;
	}
	if (found) {
		free(b->file[at].text);
	} else {
		b->file = xrealloc(b->file, b->n + 1, sizeof *b->file);
		memmove(&b->file[at + 1], &b->file[at], (b->n - at) * sizeof *b->file);
		b->file[at].name = xstrdup(name);
		b->n++;
	}
	b->file[at].text = xcalloc(len + 1, 1);
	if (len > 0)
		memcpy(b->file[at].text, text, len);
	b->file[at].len = len;
	b->octets += more - less;
}

bool
bundle_is_full(const struct bundle *b)
{
	return b->is_full;
}

const char *
bundle_find(const struct bundle *b, const char *name, size_t *len)
{
	bool found;
	size_t at = place(b, name, &found);

	if (found && len != NULL)
		*len = b->file[at].len;
	return found ? b->file[at].text : NULL;
}

size_t
bundle_n(const struct bundle *b)
{
	return b->n;
}

const char *
bundle_name(const struct bundle *b, size_t i)
{
	return b->file[i].name;
}

static void
put_number(struct buf *out, size_t n)
{
	const char octets[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	buf_add(out, octets, sizeof octets);
}

static void
put_octets(struct buf *out, const char *p, size_t n)
{
	put_number(out, n);
	buf_add(out, p, n);
}

void
bundle_write(const struct bundle *b, struct buf *out)
{
	buf_add(out, MARK, MARK_LEN);
	put_number(out, b->n);
	for (size_t i = 0; i < b->n; i++) {
		put_octets(out, b->file[i].name, strlen(b->file[i].name));
		put_octets(out, b->file[i].text, b->file[i].len);
	}
}

struct take {
	const unsigned char *at;
	size_t n;
};

static bool
take_number(struct take *t, size_t *out)
{
	if (t->n < 4)
		return false;
	*out = (size_t)t->at[0] << 24 | (size_t)t->at[1] << 16 | (size_t)t->at[2] << 8 | t->at[3];
	t->at += 4;
	t->n -= 4;
	return true;
}

static const char *
take_octets(struct take *t, size_t *n)
{
	const unsigned char *p;

	if (!take_number(t, n) || *n > t->n)
		return NULL;
	p = t->at;
	t->at += *n;
	t->n -= *n;
	return (const char *)p;
}

static bool
take_file(struct take *t, struct bundle *b)
{
	char name[BUNDLE_NAME];
	size_t n, len;
	const char *p = take_octets(t, &n), *text;

	if (p == NULL || memchr(p, '\0', n) != NULL || !str_copyn(name, sizeof name, p, n) || !bundle_name_ok(name))
		return false;
	if (b->n > 0 && strcmp(b->file[b->n - 1].name, name) >= 0)
		return false;
	text = take_octets(t, &len);
	if (text == NULL)
		return false;
	bundle_add(b, name, text, len);
	return !b->is_full;
}

struct bundle *
bundle_read(const void *octets, size_t n)
{
	struct take t = { octets, n };
	struct bundle *b;
	size_t files = 0;
	bool ok;

	if (n < MARK_LEN || memcmp(octets, MARK, MARK_LEN) != 0)
		return NULL;
	t.at += MARK_LEN;
	t.n -= MARK_LEN;
	b = bundle_new();
	ok = take_number(&t, &files) && files <= BUNDLE_FILES;
	for (size_t i = 0; ok && i < files; i++)
		ok = take_file(&t, b);
	if (ok && t.n == 0)
		return b;
	bundle_free(b);
	return NULL;
}

void
bundle_version(const struct bundle *b, char out[BUNDLE_VERSION])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	struct buf text = { 0 };

	bundle_write(b, &text);
	crypto_generichash(hash, sizeof hash, (const unsigned char *)buf_str(&text), text.len, NULL, 0);
	str_hex(hash, (BUNDLE_VERSION - 1) / 2, out);
	buf_clear(&text);
}

void
bundle_root(struct bundle *b, const char *prefix, const char *folder)
{
	if (b->roots == ROOTS || !str_copy(b->root[b->roots].prefix, BUNDLE_NAME, prefix) ||
	    !str_copy(b->root[b->roots].folder, BUNDLE_PATH, folder))
		fatalx("no folder of a bundle");
	b->roots++;
}

void
bundle_path(const struct bundle *b, const char *name, char out[BUNDLE_PATH])
{
	for (size_t i = 0; i < b->roots; i++)
		if (str_starts(name, b->root[i].prefix) && str_format(out, BUNDLE_PATH, "%s%s", b->root[i].folder,
		    name + strlen(b->root[i].prefix)))
			return;
	(void)!str_copy(out, BUNDLE_PATH, name);
}
