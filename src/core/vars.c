/* SPDX-License-Identifier: Apache-2.0 */
#include "core/vars.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char *
value_of(const char *name)
{
	return name + strlen(name) + 1;
}

static const char *
next_of(const char *name)
{
	const char *value = value_of(name);

	return value + strlen(value) + 1;
}

static const char *
find(const struct vars *v, const char *name)
{
	for (const char *at = v->p, *end = v->p + v->len; at < end; at = next_of(at))
		if (strcmp(at, name) == 0)
			return at;
	return NULL;
}

static void
cut(struct vars *v, const char *at)
{
	const char *next = next_of(at);
	char *to = v->p + (at - v->p);
	size_t tail = (size_t)(v->p + v->len - next);

	v->len -= (uint32_t)(next - at);
	memmove(to, next, tail);
	memset(v->p + v->len, 0, (size_t)(next - at));
}

const char *
vars_get(const struct vars *v, const char *name)
{
	const char *at = find(v, name);

	return at != NULL ? value_of(at) : "";
}

int64_t
vars_get_i64(const struct vars *v, const char *name)
{
	int64_t n;

	return str_to_i64(vars_get(v, name), INT64_MIN, INT64_MAX, &n) ? n : 0;
}

bool
vars_has(const struct vars *v, const char *name)
{
	return find(v, name) != NULL;
}

void
vars_unset(struct vars *v, const char *name)
{
	const char *at = find(v, name);

	if (at != NULL)
		cut(v, at);
}

bool
vars_set(struct vars *v, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value), n = name_len + value_len + 2;
	bool fits = name_len > 0 && name_len < VARS_NAME && n <= VARS_SIZE;
	char pair[VARS_SIZE];

	/* Both may point into v, which unsetting moves. */
	if (fits) {
		memcpy(pair, name, name_len + 1);
		memcpy(pair + name_len + 1, value, value_len + 1);
	}
	vars_unset(v, name);
	if (value_len == 0)
		return true;
	if (!fits || n > VARS_SIZE - v->len)
		return false;
	memcpy(v->p + v->len, pair, n);
	v->len += (uint32_t)n;
	return true;
}

bool
vars_set_i64(struct vars *v, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, value);
	return vars_set(v, name, text);
}

void
vars_unset_list(struct vars *v, const char *name)
{
	size_t n = strlen(name);
	const char *at = v->p;

	while (at < v->p + v->len) {
		if (strncmp(at, name, n) == 0 && (at[n] == '\0' || at[n] == '.'))
			cut(v, at);
		else
			at = next_of(at);
	}
}

static bool
item_name(char out[VARS_NAME], const char *list, int i, const char *field)
{
	return str_format(out, VARS_NAME, "%s.%d.%s", list, i, field);
}

const char *
vars_item(const struct vars *v, const char *list, int i, const char *field)
{
	char name[VARS_NAME];

	return item_name(name, list, i, field) ? vars_get(v, name) : "";
}

bool
vars_set_item(struct vars *v, const char *list, int i, const char *field, const char *value)
{
	char name[VARS_NAME];

	return item_name(name, list, i, field) && vars_set(v, name, value);
}

bool
vars_valid(const struct vars *v)
{
	unsigned nuls = 0;

	if (v->len > VARS_SIZE || (v->len > 0 && v->p[v->len - 1] != '\0'))
		return false;
	for (uint32_t i = 0; i < v->len; i++)
		nuls += v->p[i] == '\0';
	return nuls % 2 == 0;
}
