/* SPDX-License-Identifier: Apache-2.0 */
#include "core/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define ENDED " end"

/* A name with a blank would be two words. */
static const char *
word(const char *name, size_t size, char *out)
{
	size_t n = strcspn(name, " ");

	if (name[n] != '\0' || n == 0 || n >= size)
		return "?";
	memcpy(out, name, n + 1);
	return out;
}

void
history_turn(char out[HISTORY_ITEM], int64_t now, const char *channel, const char *state, bool ended)
{
	char first[49], second[57];

	str_format(out, HISTORY_ITEM, "%" PRIx64 " %s %s%s", (uint64_t)now, word(channel, sizeof first, first),
	    word(state, sizeof second, second), ended ? ENDED : "");
}

bool
history_turn_parse(const char *item, struct history_turn *out)
{
	char last[5] = "";
	int n = sscanf(item, "%*x %48s %56s %4s", out->channel, out->state, last);

	out->ended = n == 3;
	return n == 2 || (n == 3 && strcmp(last, "end") == 0);
}

void
history_intent(char out[HISTORY_ITEM], const char *id)
{
	str_format(out, HISTORY_ITEM, "i %s", id);
}

void
history_act(char out[HISTORY_ITEM], int64_t entry)
{
	str_format(out, HISTORY_ITEM, "a %" PRId64, entry);
}

const char *
history_intent_of(const char *item)
{
	return str_starts(item, "i ") ? item + 2 : NULL;
}

int64_t
history_act_of(const char *item)
{
	int64_t number;

	return str_starts(item, "a ") && str_to_i64(item + 2, 1, INT64_MAX, &number) ? number : 0;
}
