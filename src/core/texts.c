/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts stay in jansson's objects, language -> key -> text, as the files have them. One parser
 * finds the placeholders, for the check at load and for filling.
 */
#include "core/texts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/checks.h"
#include "core/gsm_safe.h"
#include "core/jsondoc.h"
#include "core/money.h"
#include "core/phone.h"
#include "core/texts_manner.h"

#define VALUE_MAX 64		/* of a formatted value; longer values are shown as they are */

/* Keys of a file that are no texts but lists of texts. */
enum mark { MARK_SAFE, MARK_REVIEW, MARKS };

struct texts {
	json_t *languages;	/* ours */
	json_t *marked[MARKS];	/* ours: language -> key -> true */
	json_t *places;		/* ours: language -> key -> [file, line] */
};

/* Makes `out` of a value. false: the value is not of that kind. */
typedef bool format_fn(const char *value, const struct texts_env *env, char out[VALUE_MAX]);

struct format {
	char name[TEXTS_FORMAT];
	format_fn *fn;		/* NULL: as it is */
	bool else_plain;	/* a value of another kind is shown as it is, not left out */
};

struct placeholder {
	char name[VARS_NAME];
	const struct format *format;
};

/* false, after saying so: a text must not be marked so. */
typedef bool mark_fn(const struct jsondoc *d, const char *key, const json_t *text, struct buf *problems);

static mark_fn can_be_spelt;

static const struct {
	const char *name;
	mark_fn *may;		/* NULL: any text */
} marks[MARKS] = {
	[MARK_SAFE] = { "gsm_safe", can_be_spelt },
	[MARK_REVIEW] = { "review", NULL },
};

static format_fn format_money, format_phone, format_time, format_date, format_day, format_digits;

static const struct format formats[] = {
	{ "name", NULL, true },
	{ "money", format_money, false },
	{ "phone", format_phone, true },
	{ "time", format_time, false },
	{ "date", format_date, false },
	{ "day", format_day, false },
	{ "digits", format_digits, true },
};

static bool
format_money(const char *value, const struct texts_env *env, char out[VALUE_MAX])
{
	char text[MONEY_TEXT], *point;
	int64_t cents;

	if (!str_to_i64(value, INT64_MIN, INT64_MAX, &cents) ||
	    !str_copy(out, VALUE_MAX, money_text(cents, text)))
		return false;
	if ((point = strrchr(out, '.')) != NULL)
		*point = manner_decimal(env);
	return true;
}

static bool
format_phone(const char *value, const struct texts_env *env, char out[VALUE_MAX])
{
	char text[PHONE_TEXT];

	return phone_valid(value) &&
	    str_copy(out, VALUE_MAX, phone_group(value, env->country, text));
}

/* Epoch ms as text to local wall-clock parts. */
static bool
local_parts(const char *value, const struct texts_env *env, struct tm *tm)
{
	int64_t ms;
	time_t t;

	if (!str_to_i64(value, 0, INT64_MAX, &ms))
		return false;
	t = (time_t)(ms / 1000 + env->utc_offset_s);
	return gmtime_r(&t, tm) != NULL;
}

static bool
format_time(const char *value, const struct texts_env *env, char out[VALUE_MAX])
{
	struct tm tm;

	return local_parts(value, env, &tm) &&
	    str_format(out, VALUE_MAX, "%02d:%02d", tm.tm_hour, tm.tm_min);
}

static bool
format_date(const char *value, const struct texts_env *env, char out[VALUE_MAX])
{
	char month[MANNER_MONTH];
	struct tm tm;

	return local_parts(value, env, &tm) &&
	    str_format(out, VALUE_MAX, "%d %s", tm.tm_mday, manner_month(env, tm.tm_mon, month));
}

static bool
format_day(const char *value, const struct texts_env *env, char out[VALUE_MAX])
{
	char month[MANNER_MONTH];
	int64_t n;

	if (strlen(value) != 8 || !str_to_i64(value, 0, 99999999, &n) ||
	    !date_valid((int)(n / 10000), (int)(n / 100 % 100), (int)(n % 100)))
		return false;
	return str_format(out, VALUE_MAX, "%d %s %d", (int)(n % 100),
	    manner_month(env, (int)(n / 100 % 100) - 1, month), (int)(n / 10000));
}

static bool
format_digits(const char *value, const struct texts_env *env, char out[VALUE_MAX])
{
	size_t n = strlen(value), o = 0;

	(void)env;
	if (!str_all_digits(value) || n + n / 4 >= VALUE_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && i % 4 == 0)
			out[o++] = ' ';
		out[o++] = value[i];
	}
	out[o] = '\0';
	return true;
}

static const struct format *
format_find(const char *name)
{
	for (size_t i = 0; i < NELEM(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* The placeholder that begins at p ('{'): the octet after it, or NULL and why it is none. */
static const char *
placeholder_parse(const char *p, struct placeholder *out, const char **why)
{
	size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_.");
	char format[TEXTS_FORMAT] = "name";

	*why = "a placeholder is {name} or {name:format}; write {{ for a brace";
	if (n == 0 || !str_copyn(out->name, sizeof out->name, p + 1, n))
		return NULL;
	p += 1 + n;
	if (*p == ':') {
		n = strcspn(++p, "{}:");
		if (!str_copyn(format, sizeof format, p, n))
			format[0] = '\0';
		p += n;
	}
	if (*p != '}')
		return NULL;
	*why = "the format is one of money, phone, time, date, day, name, digits";
	out->format = format_find(format);
	return out->format != NULL ? p + 1 : NULL;
}

struct texts *
texts_new(void)
{
	struct texts *t = xcalloc(1, sizeof *t);

	t->languages = json_object();
	for (int m = 0; m < MARKS; m++)
		t->marked[m] = json_object();
	t->places = json_object();
	return t;
}

void
texts_free(struct texts *t)
{
	if (t == NULL)
		return;
	json_decref(t->languages);
	for (int m = 0; m < MARKS; m++)
		json_decref(t->marked[m]);
	json_decref(t->places);
	free(t);
}

/* What is wrong with a text, or NULL. */
static const char *
text_mistake(const char *text)
{
	struct placeholder ph;
	const char *why;

	while (*text != '\0') {
		if ((unsigned char)*text < ' ' && *text != '\n')
			return "only \\n may be used of the control characters";
		if (*text == '{' && text[1] == '{')
			text += 2;
		else if (*text != '{')
			text++;
		else if ((text = placeholder_parse(text, &ph, &why)) == NULL)
			return why;
	}
	return NULL;
}

static const char *
string_in(const json_t *languages, const char *language, const char *key)
{
	return json_string_value(json_object_get(json_object_get(languages, language), key));
}

static bool
is_named(const char *name, const char *key)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '*' ? strncmp(name, key, n - 1) == 0 : strcmp(name, key) == 0;
}

static bool
is_marked(const struct texts *t, enum mark m, const char *language, const char *key)
{
	return json_object_get(json_object_get(t->marked[m], language), key) != NULL;
}

/* Its own words, whatever its values will be. */
static bool
can_be_spelt(const struct jsondoc *d, const char *key, const json_t *text, struct buf *problems)
{
	struct buf spelt = { 0 };
	bool ok = gsm_safe(json_string_value(text), &spelt);

	if (!ok)
		jsondoc_problem(d, text, problems, "\"%s\": cannot be spelt within GSM 03.38; write it otherwise, "
		    "or take it out of %s", key, marks[MARK_SAFE].name);
	buf_clear(&spelt);
	return ok;
}

static bool
is_list(const char *key)
{
	for (int m = 0; m < MARKS; m++)
		if (strcmp(key, marks[m].name) == 0)
			return true;
	return false;
}

/* The texts that one item of a list names: a name that ends in '*' stands for all that begin so. */
static bool
mark_named(const struct jsondoc *d, enum mark m, const json_t *item, json_t *marked, struct buf *problems)
{
	const char *key, *name = json_is_string(item) ? json_string_value(item) : "";
	bool found = false, ok = true;
	json_t *text;

	json_object_foreach(jsondoc_root(d), key, text) {
		if (!json_is_string(text) || !is_named(name, key))
			continue;
		found = true;
		json_object_set_new(marked, key, json_true());
		if (marks[m].may != NULL)
			ok = marks[m].may(d, key, text, problems) && ok;
	}
	if (!found)
		jsondoc_problem(d, item, problems, "%s: there is no text \"%s\" in this file", marks[m].name, name);
	return found && ok;
}

static bool
read_list(const struct jsondoc *d, enum mark m, json_t *marked, struct buf *problems)
{
	json_t *list = json_object_get(jsondoc_root(d), marks[m].name), *item;
	bool ok = list == NULL || json_is_array(list);
	size_t i;

	if (!ok)
		jsondoc_problem(d, list, problems, "%s: must be a list of names of texts", marks[m].name);
	json_array_foreach(list, i, item)
		ok = mark_named(d, m, item, marked, problems) && ok;
	return ok;
}

/* What a file says of a language goes over what another one has said. */
static void
merge(json_t *languages, const char *language, json_t *more)
{
	json_t *there = json_object_get(languages, language);

	if (there == NULL)
		json_object_set(languages, language, more);
	else
		json_object_update(there, more);
}

/* A text that another file says anew has the marks of that file. */
static void
merge_marks(struct texts *t, enum mark m, const char *language, const struct jsondoc *d, json_t *marked)
{
	json_t *there = json_object_get(t->marked[m], language), *text;
	const char *key;

	json_object_foreach(jsondoc_root(d), key, text)
		json_object_del(there, key);
	merge(t->marked[m], language, marked);
}

/* The lists are read before. */
static bool
read_texts(const struct jsondoc *d, json_t *places, struct buf *problems)
{
	const char *key, *mistake;
	json_t *value;
	bool ok = true;

	json_object_foreach(jsondoc_root(d), key, value) {
		if (is_list(key))
			continue;
		json_object_set_new(places, key, json_pack("[si]", jsondoc_file(d), jsondoc_line(d, value)));
		mistake = "a text must be a string";
		if (json_is_string(value) && (mistake = text_mistake(json_string_value(value))) == NULL)
			mistake = manner_mistake(key, json_string_value(value));
		if (mistake != NULL) {
			jsondoc_problem(d, value, problems, "\"%s\": %s", key, mistake);
			ok = false;
		}
	}
	return ok;
}

bool
texts_add(struct texts *t, const char *language, const char *file, const char *json, size_t len,
    struct buf *problems)
{
	struct jsondoc *d = jsondoc_parse(file, json, len, problems);
	json_t *marked[MARKS], *places;
	bool ok = true;

	if (d == NULL)
		return false;
	places = json_object();
	for (int m = 0; m < MARKS; m++) {
		marked[m] = json_object();
		ok = read_list(d, m, marked[m], problems) && ok;
	}
	ok = read_texts(d, places, problems) && ok;
	if (ok) {
		merge(t->languages, language, jsondoc_root(d));
		merge(t->places, language, places);
	}
	for (int m = 0; m < MARKS; m++) {
		if (ok)
			merge_marks(t, m, language, d, marked[m]);
		json_decref(marked[m]);
	}
	json_decref(places);
	jsondoc_free(d);
	return ok;
}

const char *
texts_find(const struct texts *t, const char *language, const char *fallback, const char *key)
{
	const char *text = string_in(t->languages, language, key);

	return text != NULL ? text : string_in(t->languages, fallback, key);
}

void
texts_spell(const struct texts *t, const char *language, const char *fallback, const char *key, char *text, size_t size)
{
	const char *whose = string_in(t->languages, language, key) != NULL ? language : fallback;
	struct buf spelt = { 0 };

	if (!is_marked(t, MARK_SAFE, whose, key))
		return;
	if (gsm_safe(text, &spelt) && spelt.len < size)
		str_copy(text, size, buf_str(&spelt));
	buf_clear(&spelt);
}

/* file -> [how many of its texts nobody has read, the line of the first] */
static json_t *
count_unread(const struct texts *t, const char *language)
{
	json_t *files = json_object(), *mark, *entry;
	const char *key, *file;
	int line;

	json_object_foreach(json_object_get(t->marked[MARK_REVIEW], language), key, mark) {
		if (!texts_place(t, language, key, &file, &line))
			continue;
		entry = json_object_get(files, file);
		if (entry == NULL)
			json_object_set_new(files, file, json_pack("[ii]", 1, line));
		else
			json_array_set_new(entry, 0, json_integer(json_integer_value(json_array_get(entry, 0)) + 1));
	}
	return files;
}

void
texts_note(const struct texts *t, const char *language, struct buf *notes)
{
	json_t *files = count_unread(t, language), *entry;
	const char *file;

	json_object_foreach(files, file, entry) {
		int n = (int)json_integer_value(json_array_get(entry, 0));
		int line = (int)json_integer_value(json_array_get(entry, 1));

		buf_addf(notes, "%s:%d: note: %d text%s from here on in \"%s\" wait for somebody who speaks it to read "
		    "them; take those that are right out of %s\n", file, line, n, n == 1 ? "" : "s", language,
		    marks[MARK_REVIEW].name);
	}
	json_decref(files);
}

bool
texts_place(const struct texts *t, const char *language, const char *key, const char **file, int *line)
{
	const json_t *place = json_object_get(json_object_get(t->places, language), key);

	*file = json_string_value(json_array_get(place, 0));
	*line = (int)json_integer_value(json_array_get(place, 1));
	return *file != NULL;
}

bool
texts_has_language(const struct texts *t, const char *language)
{
	return json_object_get(t->languages, language) != NULL;
}

void
texts_each(const struct texts *t, const char *language, texts_fn *fn, void *arg)
{
	const char *key;
	json_t *text;

	json_object_foreach(json_object_get(t->languages, language), key, text)
		if (!is_list(key))
			fn(arg, key);
}

const char *
texts_placeholder(const char *text, struct texts_placeholder *out)
{
	struct placeholder ph;
	const char *after, *why;

	while ((text = strchr(text, '{')) != NULL) {
		after = text[1] != '{' ? placeholder_parse(text, &ph, &why) : NULL;
		if (after != NULL) {
			str_copy(out->name, sizeof out->name, ph.name);
			str_copy(out->format, sizeof out->format, ph.format->name);
			return after;
		}
		text += text[1] == '{' ? 2 : 1;
	}
	return NULL;
}

struct out {
	char *p;
	size_t len, size;
	bool is_full;
};

static void
out_add(struct out *o, const char *s, size_t n)
{
	size_t room = o->size - 1 - o->len;

	if (o->is_full)
		return;
	if (n > room) {
		o->is_full = true;
		n = room;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(o->p + o->len, s, n);
	o->len += n;
}

static void
out_value(struct out *o, const struct placeholder *ph, const struct vars *vars,
    const struct texts_env *env)
{
	const char *value = vars_get(vars, ph->name);
	char text[VALUE_MAX];

	if (*value == '\0')
		return;
	if (ph->format->fn != NULL && ph->format->fn(value, env, text))
		out_add(o, text, strlen(text));
	else if (ph->format->else_plain)
		out_add(o, value, strlen(value));
}

bool
texts_fill(const char *text, const struct vars *vars, const struct texts_env *env, char *out,
    size_t size)
{
	struct out o = { out, 0, size, false };
	struct placeholder ph;
	const char *after, *why;
	size_t n;

	if (size == 0)
		return false;
	while (*text != '\0') {
		n = strcspn(text, "{");
		out_add(&o, text, n);
		text += n;
		if (*text == '\0')
			break;
		if (text[1] != '{' && (after = placeholder_parse(text, &ph, &why)) != NULL) {
			out_value(&o, &ph, vars, env);
			text = after;
		} else {
			out_add(&o, text, 1);
			text += text[1] == '{' ? 2 : 1;
		}
	}
	out[o.len] = '\0';
	return !o.is_full;
}
