/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane is what messages leave by and what room is counted of: a bind, which its channels share, or a channel that
 * sends over HTTP. Lanes are numbered: binds first, then a place for each channel.
 */
#pragma once
#include "service/task.h"

static inline int
lanes_n(const struct settings *s)
{
	return s->binds_n + s->channels_n;
}

int lane_of(const struct settings *s, int channel);	/* index of a channel; the channel must be one that sends */
/* Its name in the store: of its part of the outbox, and of what it keeps about ids that have no `smsc` of their own. */
const char *lane_name(const struct settings *s, int lane);
/* A channel that sends by it, -1: none does. */
int lane_channel(const struct settings *s, int lane);
/* This process may send by it: a bind of which it holds a link; over HTTP every process may. */
bool lane_is_ours(const struct gateway *gw, int lane);
/* How long after the last octet of a message its answer may come. */
int64_t lane_answer_ms(const struct settings *s, int lane);
/* How the other end writes the ids of messages. */
const struct receipt_ids *lane_ids(const struct settings *s, int lane);
/* Whose ids its messages have: what is about them is kept under it. */
const char *lane_ids_owner(const struct settings *s, int lane);
