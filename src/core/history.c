/* SPDX-License-Identifier: Apache-2.0 */
#include "core/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define ENDED '.'
#define LINE 48

void
history_add_turn(char *trail, size_t size, int64_t now, const char *state, bool ended)
{
	char line[LINE];
	size_t used = strlen(trail), n;
	const char *next = trail;

	str_format(line, sizeof line, "%" PRIx64 " %.*s%s\n", (uint64_t)now / 1000, HISTORY_STATE - 1,
	    state[0] != '\0' ? state : "?", ended ? (const char[]){ ENDED, '\0' } : "");
	n = strlen(line);
	while (used - (size_t)(next - trail) + n >= size) {
		next = strchr(next, '\n');
		if (next == NULL)
			next = trail + used;	/* damaged: begun anew */
		else
			next++;
	}
	used -= (size_t)(next - trail);
	memmove(trail, next, used);
	memcpy(trail + used, line, n + 1);
}

bool
history_next_turn(const char **at, struct history_turn *out)
{
	unsigned long long seconds;
	size_t n = strcspn(*at, "\n"), state;
	char line[LINE];

	if ((*at)[n] != '\n' || n == 0 || !str_copyn(line, sizeof line, *at, n) ||
	    sscanf(line, "%10llx %32s", &seconds, out->state) != 2)
		return false;
	state = strlen(out->state);
	out->at = (int64_t)seconds * 1000;
	out->ended = line[n - 1] == ENDED;
	if (out->ended && state > 1 && out->state[state - 1] == ENDED)
		out->state[state - 1] = '\0';
	*at += n + 1;
	return true;
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
