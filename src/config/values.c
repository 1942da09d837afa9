/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of the configuration, by the type of its option. What it must be is said by
 * option_expects().
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cidr.h"
#include "base/str.h"
#include "config/file.h"
#include "config/reader.h"
#include "core/money.h"
#include "io/net.h"
#include "io/redis_url.h"

#define SECRET_FILE_MAX 4096
#define ZONES "/usr/share/zoneinfo/"

/* What a reading function was given. `at` is the member. */
struct target {
	struct reader *r;
	const struct option *o;
	char *base, *at;
	const json_t *value, *place;
	bool said;			/* a problem was added already */
};

static void __attribute__((format(printf, 2, 3)))
say(struct target *t, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	jsondoc_problem(t->r->doc, t->place, t->r->problems, "%s: %s", t->o->name, what);
	t->said = true;
}

/* The general complaint, with the item of a list that it is about, or NULL. */
static void
say_expected(struct target *t, const char *item)
{
	struct buf expected = { 0 };

	option_expects(t->o, &expected);
	if (item != NULL)
		say(t, "\"%.60s\" is not good here: must be %s", item, buf_str(&expected));
	else
		say(t, "must be %s", buf_str(&expected));
	buf_clear(&expected);
}

static bool
one_of(const char *text, const char *const *words, size_t *index)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (words[i][0] != '\0' && strcmp(words[i], text) == 0) {
			*index = i;
			return true;
		}
	return false;
}

/* Printable and without quotes, so that it can stand in a log line, a header and a path. */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool
is_name(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL)
			return false;
	return s[0] != '.';
}

static bool
is_code(const char *s)
{
	size_t n = strlen(s);

	return n >= 3 && s[0] == '*' && s[n - 1] == '#' && strspn(s, "*0123456789") == n - 1;
}

static bool
is_zone(const char *s)
{
	char path[sizeof ZONES + 64];
	struct stat st;

	return s[0] != '.' && s[0] != '/' && strstr(s, "..") == NULL && str_format(path,
	    sizeof path, ZONES "%s", s) &&
	    stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
is_url(const char *s)
{
	const char *host = strstr(s, "://");

	return (str_starts(s, "http://") || str_starts(s, "https://")) && host[3] != '\0' &&
	    strpbrk(s, " \"\\<>") == NULL;
}

static bool
is_language(const char *s)
{
	return strlen(s) >= 2 && strlen(s) <= 3 && strspn(s,
	    "abcdefghijklmnopqrstuvwxyz") == strlen(s);
}

/* No name is all digits and points: that would be an address, and not a good one. */
static bool
is_host(const char *s)
{
	return is_name(s) && strspn(s, "0123456789.") < strlen(s);
}

/* The rule of a text beyond its length. */
static bool
text_fits(const struct option *o, const char *s)
{
	struct sockaddr_storage address;
	struct redis_url redis;
	socklen_t len;
	char why[256];
	size_t index;

	switch (o->type) {
	case OPTION_NAME:
	case OPTION_NAMES:
		return is_name(s);
	case OPTION_CODE:
	case OPTION_CODES:
		return is_code(s);
	case OPTION_ADDRESS:
		return net_parse(s, &address, &len, why, sizeof why);
	case OPTION_URL:
		return is_url(s);
	case OPTION_REDIS:
		return redis_url_parse(s, &redis, why, sizeof why);
	case OPTION_ZONE:
		return is_zone(s);
	case OPTION_NETS:
		return cidr_valid(s);
	case OPTION_HOSTS:
		return cidr_valid(s) || is_host(s);
	case OPTION_TEXTS:
		return is_language(s);
	case OPTION_NUMBERS:
		return str_all_digits(s);
	default:
		return o->words == NULL || one_of(s, o->words, &index);
	}
}

static bool
read_text(struct target *t)
{
	const char *s = json_string_value(t->value);
	int64_t len;

	if (s == NULL || !is_plain(s))
		return false;
	len = (int64_t)strlen(s);
	return len >= t->o->min && len <= t->o->max && text_fits(t->o, s) && str_copy(t->at,
	    t->o->room, s);
}

static bool
read_path(struct target *t)
{
	const char *s = json_string_value(t->value);

	if (s == NULL || s[0] == '\0')
		return false;
	if (!file_beside(jsondoc_file(t->r->doc), s, t->at, t->o->room)) {
		say(t, "the path is longer than %zu octets", t->o->room - 1);
		return false;
	}
	if (t->o->type == OPTION_FILE && access(t->at, R_OK) != 0) {
		say(t, "%s cannot be read: %s", t->at, strerror(errno));
		return false;
	}
	return true;
}

static bool
store_int(const struct option *o, const json_t *value, void *at)
{
	int64_t v = json_integer_value(value);

	if (!json_is_integer(value) || v < o->min || v > o->max)
		return false;
	*(int *)at = (int)v;
	return true;
}

static bool
read_int(struct target *t)
{
	return store_int(t->o, t->value, t->at);
}

static bool
read_id(struct target *t)
{
	int64_t v = json_integer_value(t->value);

	if (!json_is_integer(t->value) || v < t->o->min || v > t->o->max)
		return false;
	memcpy(t->at, &v, sizeof v);
	return true;
}

static bool
read_status(struct target *t)
{
	const char *s = json_string_value(t->value);
	int64_t v = json_integer_value(t->value);

	if (s != NULL && str_starts(s, "0x") && strlen(s) <= 10 &&
	    strspn(s + 2, "0123456789abcdefABCDEF") == strlen(s) - 2)
		v = (int64_t)strtoul(s + 2, NULL, 16);
	if (v < t->o->min || v > t->o->max)
		return false;
	memcpy(t->at, &(uint32_t){ (uint32_t)v }, sizeof(uint32_t));
	return true;
}

static bool
read_money(struct target *t)
{
	const char *s = json_string_value(t->value);
	int64_t cents;

	if (s == NULL || !money_parse_decimal(s, &cents) || cents < t->o->min || cents > t->o->max)
		return false;
	memcpy(t->at, &cents, sizeof cents);
	return true;
}

static bool
read_bool(struct target *t)
{
	if (!json_is_boolean(t->value))
		return false;
	*(bool *)t->at = json_is_true(t->value);
	return true;
}

static bool
read_word(struct target *t)
{
	const char *s = json_string_value(t->value);
	size_t index;

	if (s == NULL || !one_of(s, t->o->words, &index))
		return false;
	if (t->o->room == sizeof(bool))
		*(bool *)t->at = index != 0;
	else
		*(int *)(void *)t->at = (int)index;
	return true;
}

static bool
read_flags(struct target *t)
{
	const json_t *item;
	int flags = 0;
	size_t i, index;

	if (!json_is_array(t->value))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *s = json_string_value(item);

		if (s == NULL || !one_of(s, t->o->words, &index))
			return false;
		flags |= 1 << index;
	}
	*(int *)(void *)t->at = flags;
	return true;
}

static bool
read_span(struct target *t)
{
	int *least = (int *)(void *)t->at, *most = (int *)(void *)(t->base + t->o->also);

	return json_is_array(t->value) && json_array_size(t->value) == 2 &&
	    store_int(t->o, json_array_get(t->value, 0), least) &&
	    store_int(t->o, json_array_get(t->value, 1), most) && *least <= *most;
}

static bool
list_fits(const struct target *t)
{
	int64_t n = (int64_t)json_array_size(t->value);

	return json_is_array(t->value) && n >= t->o->min && n <= t->o->max;
}

static void
store_count(struct target *t)
{
	*(int *)(void *)(t->base + t->o->count) = (int)json_array_size(t->value);
}

static bool
read_texts(struct target *t)
{
	const json_t *item;
	size_t i;

	if (!list_fits(t))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *s = json_string_value(item);
		char *at = t->at + i * t->o->room;

		if (s == NULL)
			return false;
		if (!text_fits(t->o, s) || !str_copy(at, t->o->room, s)) {
			say_expected(t, s);
			return false;
		}
		for (size_t j = 0; j < i; j++)
			if (strcmp(t->at + j * t->o->room, at) == 0) {
				say(t, "\"%s\" stands there twice", at);
				return false;
			}
	}
	store_count(t);
	return true;
}

static bool
read_ids(struct target *t)
{
	const json_t *item;
	size_t i;

	if (!list_fits(t))
		return false;
	json_array_foreach(t->value, i, item) {
		int64_t v = json_integer_value(item);

		if (!json_is_integer(item) || v <= 0)
			return false;
		memcpy(t->at + i * t->o->room, &v, sizeof v);
	}
	store_count(t);
	return true;
}

/* Whole numbers, or hexadecimal texts as the standards of the networks write them. */
static bool
read_naturals(struct target *t)
{
	const json_t *item;
	size_t i;

	if (!list_fits(t))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *s = json_string_value(item);
		unsigned char octet[2] = { 0, 0 };
		size_t digits = s != NULL && str_starts(s, "0x") ? strlen(s + 2) : 0;
		json_int_t whole = json_is_integer(item) ? json_integer_value(item) : -1;
		int v;

		if ((digits == 2 || digits == 4) && str_unhex(s + 2, digits, octet + (digits == 2), digits / 2))
			whole = octet[0] << 8 | octet[1];
		if (whole < 0 || whole > UINT16_MAX)
			return false;
		v = (int)whole;
		memcpy(t->at + i * t->o->room, &v, sizeof v);
	}
	store_count(t);
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
		say(t, "the path is longer than %zu octets", sizeof path - 1);
		return false;
	}
	if (!file_read_secret(path, SECRET_FILE_MAX, out, why, sizeof why)) {
		say(t, "%s", why);
		return false;
	}
	while (out->len > 0 && (out->p[out->len - 1] == '\n' || out->p[out->len - 1] == '\r'))
		out->p[--out->len] = '\0';
	return true;
}

static bool
read_secret(struct target *t)
{
	struct buf text = { 0 };
	bool ok = read_secret_file(t, &text);

	if (ok && (strlen(buf_str(&text)) != text.len || !is_plain(buf_str(&text)) ||
	    (int64_t)text.len < t->o->min ||
	    (int64_t)text.len > t->o->max)) {
		say(t, "the file must hold one line of %" PRId64 " to %" PRId64 " octets",
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

/* Calls `add` for each key of the file; lines that are empty or begin with '#' are skipped. */
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
				say(t, *n == max ? "line %d of the file is one key too many" :
				    "line %d of the file is not a key (isango keygen makes one)",
				    line);
				ok = false;
				break;
			}
			for (size_t i = 0; ok && i < *n; i++)
				if (ids[i] == ids[*n]) {
					say(t, "line %d of the file repeats the number %d", line,
					    ids[i]);
					ok = false;
				}
			(*n)++;
		}
		p += len + (p[len] == '\n');
	}
	if (ok && *n == 0) {
		say(t, "there is no key in the file (isango keygen makes one)");
		ok = false;
	}
	buf_clear(&text);
	return ok;
}

static bool
read_keys(struct target *t)
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

static bool
read_key(struct target *t)
{
	size_t n;

	return read_key_lines(t, 1, (unsigned char (*)[32])(void *)t->at,
	    (int *)(void *)(t->base + t->o->also), &n);
}

static bool
read_hash(struct target *t)
{
	struct buf text = { 0 };
	bool ok = read_secret_file(t, &text);

	if (ok && !str_unhex(buf_str(&text), text.len, t->at, t->o->room)) {
		say(t, "the file must hold 64 hexadecimal digits and nothing else");
		ok = false;
	}
	buf_clear(&text);
	return ok;
}

static void
say_unknown(struct target *t, const char *what, const char *name, const char *const *known,
    size_t n)
{
	const char *nearest = jsondoc_nearest(name, known, n);

	if (nearest != NULL)
		say(t, "there is no %s \"%s\"; did you mean \"%s\"?", what, name, nearest);
	else
		say(t, "there is no %s \"%s\"", what, name);
}

static bool
read_bind(struct target *t)
{
	const struct settings *s = t->r->settings;
	const char *name = json_string_value(t->value);
	const char *known[64];
	size_t n = 0;

	if (name == NULL)
		return false;
	for (int i = 0; i < s->binds_n; i++) {
		if (strcmp(s->binds[i].name, name) == 0) {
			*(int *)(void *)t->at = i;
			return true;
		}
		if (n < NELEM(known))
			known[n++] = s->binds[i].name;
	}
	say_unknown(t, "bind", name, known, n);
	return false;
}

static int
find_channel(struct target *t, const char *name)
{
	const struct settings *s = t->r->settings;
	const char *known[64];
	size_t n = 0;

	for (int i = 0; i < s->channels_n; i++) {
		if (s->channels[i].tenant != t->r->tenant)
			continue;
		if (strcmp(s->channels[i].name, name) == 0)
			return i;
		if (n < NELEM(known))
			known[n++] = s->channels[i].name;
	}
	say_unknown(t, "channel of this tenant called", name, known, n);
	return -1;
}

static bool
read_route(struct target *t)
{
	const json_t *item;
	size_t i;

	if (!list_fits(t))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *name = json_string_value(item);
		int channel;

		if (name == NULL)
			return false;
		if ((channel = find_channel(t, name)) < 0)
			return false;
		if (t->r->settings->channels[channel].kind != CHANNEL_SMS_SMPP) {
			say(t, "channel \"%s\" cannot send messages: it is no SMS channel", name);
			return false;
		}
		for (size_t k = 0; k < i; k++)
			if (((int *)(void *)t->at)[k] == channel) {
				say(t, "channel \"%s\" stands there twice", name);
				return false;
			}
		((int *)(void *)t->at)[i] = channel;
	}
	store_count(t);
	return true;
}

static bool (*const readers[])(struct target *) = {
	[OPTION_TEXT] = read_text, [OPTION_NAME] = read_text, [OPTION_CODE] = read_text,
	[OPTION_ADDRESS] = read_text, [OPTION_URL] = read_text, [OPTION_REDIS] = read_text,
	[OPTION_ZONE] = read_text, [OPTION_FOLDER] = read_path, [OPTION_FILE] = read_path,
	[OPTION_INT] = read_int, [OPTION_ID] = read_id, [OPTION_MONEY] = read_money, [OPTION_BOOL] = read_bool,
	[OPTION_WORD] = read_word, [OPTION_FLAGS] = read_flags, [OPTION_SPAN] = read_span,
	[OPTION_TEXTS] = read_texts, [OPTION_NAMES] = read_texts, [OPTION_CODES] = read_texts, [OPTION_NETS] = read_texts,
	[OPTION_HOSTS] = read_texts,
	[OPTION_NUMBERS] = read_texts,
	[OPTION_IDS] = read_ids, [OPTION_NATURALS] = read_naturals, [OPTION_SECRET] = read_secret, [OPTION_KEYS] = read_keys,
	[OPTION_KEY] = read_key, [OPTION_HASH] = read_hash, [OPTION_BIND] = read_bind,
	[OPTION_STATUS] = read_status, [OPTION_ROUTE] = read_route,
};

bool
reader_value(struct reader *r, const struct option *o, void *base, const json_t *value,
    const json_t *place)
{
	struct target t = { .r = r, .o = o, .base = base, .at = (char *)base + o->at,
	    .value = value, .place = place };

	if (readers[o->type](&t))
		return true;
	if (!t.said)
		say_expected(&t, NULL);
	return false;
}
