/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_info.h"

#include <string.h>

#include "base/str.h"

/* NULL if there is no such line. */
static const char *
value_of(const char *info, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = info; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			return line + n + 1;
	}
	return NULL;
}

int64_t
redis_info_number(const char *info, const char *name)
{
	const char *value = value_of(info, name);
	char number[24];
	int64_t n;

	return value != NULL && str_copyn(number, sizeof number, value, strspn(value, "0123456789")) &&
	    str_to_i64(number, 0, INT64_MAX, &n) ? n : -1;
}

bool
redis_info_is(const char *info, const char *name, const char *value)
{
	const char *is = value_of(info, name);

	return is != NULL && strcspn(is, "\r\n") == strlen(value) && str_starts(is, value);
}
