/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of the configuration, by the type of its option; here those that are words, numbers or lists of them. What
 * it must be is said by option_expects().
 */
#include "config/values.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/money.h"

void
value_say(struct target *t, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	jsondoc_problem(t->r->doc, t->place, t->r->problems, "%s: %s", t->o->name, what);
	t->said = true;
}

void
value_say_expected(struct target *t, const char *item)
{
	struct buf expected = { 0 };

	option_expects(t->o, &expected);
	if (item != NULL)
		value_say(t, "\"%.60s\" is not good here: must be %s", item, buf_str(&expected));
	else
		value_say(t, "must be %s", buf_str(&expected));
	buf_clear(&expected);
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

	if (s == NULL || !value_is_one_of(s, t->o->words, &index))
		return false;
	if (t->o->room == sizeof(bool))
		*(bool *)t->at = index != 0;
	else
		*(int *)(void *)t->at = (int)index;
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
read_flags(struct target *t)
{
	const json_t *item;
	int flags = 0;
	size_t i, index;

	if (!json_is_array(t->value))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *s = json_string_value(item);

		if (s == NULL || !value_is_one_of(s, t->o->words, &index))
			return false;
		flags |= 1 << index;
	}
	*(int *)(void *)t->at = flags;
	return true;
}

bool
value_list_fits(const struct target *t)
{
	int64_t n = (int64_t)json_array_size(t->value);

	return json_is_array(t->value) && n >= t->o->min && n <= t->o->max;
}

void
value_store_count(struct target *t)
{
	*(int *)(void *)(t->base + t->o->count) = (int)json_array_size(t->value);
}

/* A list of which `store` takes each item; false: it is not good. */
static bool
read_each(struct target *t, bool (*store)(const json_t *item, void *at))
{
	const json_t *item;
	size_t i;

	if (!value_list_fits(t))
		return false;
	json_array_foreach(t->value, i, item)
		if (!store(item, t->at + i * t->o->room))
			return false;
	value_store_count(t);
	return true;
}

static bool
store_id(const json_t *item, void *at)
{
	int64_t v = json_integer_value(item);

	if (!json_is_integer(item) || v <= 0)
		return false;
	memcpy(at, &v, sizeof v);
	return true;
}

static bool
read_ids(struct target *t)
{
	return read_each(t, store_id);
}

/* A whole number, or a hexadecimal text as the standards of the networks write it. */
static bool
store_natural(const json_t *item, void *at)
{
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
	memcpy(at, &v, sizeof v);
	return true;
}

static bool
read_naturals(struct target *t)
{
	return read_each(t, store_natural);
}

static bool (*const readers[])(struct target *) = {
	[OPTION_TEXT] = value_read_text, [OPTION_NAME] = value_read_text, [OPTION_CODE] = value_read_text,
	[OPTION_ADDRESS] = value_read_text, [OPTION_URL] = value_read_text, [OPTION_REDIS] = value_read_text,
	[OPTION_ZONE] = value_read_text, [OPTION_FOLDER] = value_read_path, [OPTION_FILE] = value_read_path,
	[OPTION_INT] = read_int, [OPTION_ID] = read_id, [OPTION_MONEY] = read_money, [OPTION_BOOL] = read_bool,
	[OPTION_WORD] = read_word, [OPTION_FLAGS] = read_flags, [OPTION_NATURALS] = read_naturals,
	[OPTION_SPAN] = read_span, [OPTION_NAMES] = value_read_texts, [OPTION_TEXTS] = value_read_texts,
	[OPTION_CODES] = value_read_texts, [OPTION_NUMBERS] = value_read_texts, [OPTION_NETS] = value_read_texts,
	[OPTION_HOSTS] = value_read_texts, [OPTION_IDS] = read_ids, [OPTION_SECRET] = value_read_secret,
	[OPTION_KEYS] = value_read_keys, [OPTION_KEY] = value_read_key, [OPTION_HASH] = value_read_hash,
	[OPTION_STATUS] = read_status, [OPTION_BIND] = value_read_bind, [OPTION_ROUTE] = value_read_route,
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
		value_say_expected(&t, NULL);
	return false;
}
