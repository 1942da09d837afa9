/* SPDX-License-Identifier: Apache-2.0 */
#include "service/lane.h"

#include <string.h>

int
lane_of(const struct settings *s, int channel)
{
	return s->channels[channel].bind >= 0 ? s->channels[channel].bind : s->binds_n + channel;
}

const char *
lane_name(const struct settings *s, int lane)
{
	return lane < s->binds_n ? s->binds[lane].name : s->channels[lane - s->binds_n].name;
}

int
lane_channel(const struct settings *s, int lane)
{
	for (int i = 0; i < s->channels_n; i++)
		if (channel_sends(s->channels[i].kind) && lane_of(s, i) == lane)
			return i;
	return -1;
}

bool
lane_is_ours(const struct gateway *gw, int lane)
{
	return lane >= gw->settings->binds_n || gateway_holds_bind(gw, lane);
}

int64_t
lane_answer_ms(const struct settings *s, int lane)
{
	return lane < s->binds_n ? (int64_t)s->binds[lane].response_s * 1000 :
	    s->channels[lane - s->binds_n].send_timeout_ms;
}

const struct receipt_ids *
lane_ids(const struct settings *s, int lane)
{
	static const struct receipt_ids text = { ID_TEXT, ID_TEXT, ID_TEXT };

	return lane < s->binds_n ? &s->binds[lane].receipt_ids : &text;
}

/*
 * A transmitter's receipts come to a receiver: unless the operator says which binds go together, the ids of both are
 * those of the first transmitter of the same account, and a receiver with none hears for the only transmitter that
 * there is.
 */
static const struct bind_settings *
sender_of(const struct settings *s, const struct bind_settings *b)
{
	const struct bind_settings *only = b;
	int n = 0;

	for (int i = 0; b->mode != BIND_TRANSCEIVER && i < s->binds_n; i++) {
		const struct bind_settings *other = &s->binds[i];

		if (other->mode != BIND_TRANSMITTER || other->smsc[0] != '\0')
			continue;
		if (strcmp(other->host, b->host) == 0 && strcmp(other->system_id, b->system_id) == 0)
			return other;
		only = other;
		n++;
	}
	return n == 1 ? only : b;
}

const char *
lane_ids_owner(const struct settings *s, int lane)
{
	const struct bind_settings *b;

	if (lane >= s->binds_n)
		return lane_name(s, lane);
	b = &s->binds[lane];
	return b->smsc[0] != '\0' ? b->smsc : sender_of(s, b)->name;
}
