/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and lists of texts, and what each kind of text must look like. */
#include "config/values.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cidr.h"
#include "base/str.h"
#include "io/net.h"
#include "io/redis_url.h"

#define ZONES "/usr/share/zoneinfo/"

bool
value_is_one_of(const char *text, const char *const *words, size_t *index)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (words[i][0] != '\0' && strcmp(words[i], text) == 0) {
			*index = i;
			return true;
		}
	return false;
}

bool
value_is_plain(const char *s)
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
		return o->words == NULL || value_is_one_of(s, o->words, &index);
	}
}

bool
value_read_text(struct target *t)
{
	const char *s = json_string_value(t->value);
	int64_t len;

	if (s == NULL || !value_is_plain(s))
		return false;
	len = (int64_t)strlen(s);
	return len >= t->o->min && len <= t->o->max && text_fits(t->o, s) && str_copy(t->at,
	    t->o->room, s);
}

bool
value_read_texts(struct target *t)
{
	const json_t *item;
	size_t i;

	if (!value_list_fits(t))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *s = json_string_value(item);
		char *at = t->at + i * t->o->room;

		if (s == NULL)
			return false;
		if (!text_fits(t->o, s) || !str_copy(at, t->o->room, s)) {
			value_say_expected(t, s);
			return false;
		}
		for (size_t j = 0; j < i; j++)
			if (strcmp(t->at + j * t->o->room, at) == 0) {
				value_say(t, "\"%s\" stands there twice", at);
				return false;
			}
	}
	value_store_count(t);
	return true;
}
