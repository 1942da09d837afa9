/* SPDX-License-Identifier: Apache-2.0 */
/* Values that name something which was read before them: a bind, or channels of the same tenant. */
#include "config/values.h"

#include <string.h>

static void
say_unknown(struct target *t, const char *what, const char *name, const char *const *known,
    size_t n)
{
	const char *nearest = jsondoc_nearest(name, known, n);

	if (nearest != NULL)
		value_say(t, "there is no %s \"%s\"; did you mean \"%s\"?", what, name, nearest);
	else
		value_say(t, "there is no %s \"%s\"", what, name);
}

bool
value_read_bind(struct target *t)
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

bool
value_read_route(struct target *t)
{
	const json_t *item;
	size_t i;

	if (!value_list_fits(t))
		return false;
	json_array_foreach(t->value, i, item) {
		const char *name = json_string_value(item);
		int channel;

		if (name == NULL)
			return false;
		if ((channel = find_channel(t, name)) < 0)
			return false;
		if (!channel_sends(t->r->settings->channels[channel].kind)) {
			value_say(t, "channel \"%s\" cannot send messages: it is for USSD", name);
			return false;
		}
		for (size_t k = 0; k < i; k++)
			if (((int *)(void *)t->at)[k] == channel) {
				value_say(t, "channel \"%s\" stands there twice", name);
				return false;
			}
		((int *)(void *)t->at)[i] = channel;
	}
	value_store_count(t);
	return true;
}
