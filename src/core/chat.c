/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue: one entry after the other, each its length in two octets, then a record of its own.
 */
#include "core/chat.h"

#include <string.h>

#define LENGTH 2

static const struct rec_field fields[] = {
	REC(1, REC_STR, chat, tenant), REC(2, REC_STR, chat, channel), REC(3, REC_STR, chat, phone),
	REC(4, REC_STR, chat, user), REC(5, REC_I64, chat, proven_for), REC(6, REC_I64, chat, window_until),
	REC_VAR(7, chat, seen, seen_len), REC(8, REC_I64, chat, forgotten_ms), REC_VAR(9, chat, queue, queue_len),
	REC(10, REC_I64, chat, failed_since), REC(11, REC_STR, chat, leads_to),
	REC(12, REC_STR, chat, said), REC(13, REC_I64, chat, said_ms), REC(14, REC_STR, chat, identity),
	REC(15, REC_BOOL, chat, untold), REC(16, REC_I64, chat, hands), REC(17, REC_I64, chat, since_ms),
	REC(18, REC_I64, chat, proven_ms),
	REC(30, REC_BOOL, chat, linked),
};

struct stored_entry {
	struct chat_entry e;
	unsigned char mac[CHAT_MAC];
	uint32_t mac_len;
	struct rec_rest rest;
};

static const struct rec_field entry_fields[] = {
	REC_VAR(1, stored_entry, mac, mac_len), REC(2, REC_INT, stored_entry, e.kind),
	REC(3, REC_I64, stored_entry, e.at_ms), REC(4, REC_I64, stored_entry, e.taken_ms),
	REC(5, REC_STR, stored_entry, e.text), REC(6, REC_STR, stored_entry, e.media.id),
	REC(7, REC_STR, stored_entry, e.media.type), REC(8, REC_STR, stored_entry, e.media.sha256),
	REC(9, REC_STR, stored_entry, e.media.name),
};

/* Octets of the entry at `from`, with its length; 0: it is the end. */
static size_t
entry_size(const struct chat *c, size_t from)
{
	size_t n;

	if (from + LENGTH > c->queue_len)
		return 0;
	n = LENGTH + (size_t)c->queue[from] + ((size_t)c->queue[from + 1] << 8);
	return from + n <= c->queue_len ? n : 0;
}

static bool
queue_is_whole(const struct chat *c)
{
	size_t from = 0, n;

	while ((n = entry_size(c, from)) > 0)
		from += n;
	return from == c->queue_len;
}

void
chat_encode(const struct chat *c, struct buf *out)
{
	rec_encode(fields, NELEM(fields), c, &c->rest, out);
}

bool
chat_decode(const void *octets, size_t n, struct chat *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    out->seen_len % sizeof out->seen[0] == 0 && queue_is_whole(out);
}

bool
chat_has_seen(const struct chat *c, const struct chat_entry *e)
{
	for (size_t i = 0; i < c->seen_len / sizeof c->seen[0]; i++)
		if (memcmp(c->seen[i].mac, e->mac, sizeof c->seen[i].mac) == 0)
			return true;
	return e->at_ms <= c->forgotten_ms;
}

void
chat_note(struct chat *c, const struct chat_entry *e, int64_t now)
{
	size_t n = c->seen_len / sizeof c->seen[0];

	while (n > 0 && (n == CHAT_SEEN || now - c->seen[0].at_ms > 2 * CHAT_AGAIN_MS)) {
		if (c->forgotten_ms < c->seen[0].at_ms)
			c->forgotten_ms = c->seen[0].at_ms;
		memmove(&c->seen[0], &c->seen[1], --n * sizeof c->seen[0]);
	}
	memcpy(c->seen[n].mac, e->mac, sizeof c->seen[n].mac);
	c->seen[n].at_ms = e->at_ms;
	c->seen_len = (uint32_t)((n + 1) * sizeof c->seen[0]);
}

bool
chat_append(struct chat *c, const struct chat_entry *e, int64_t now)
{
	struct stored_entry s = { .e = *e, .mac_len = CHAT_MAC };
	struct buf b = { 0 };
	bool room;

	memcpy(s.mac, e->mac, CHAT_MAC);
	rec_encode(entry_fields, NELEM(entry_fields), &s, &s.rest, &b);
	room = chat_waiting(c) < CHAT_QUEUE && c->queue_len + LENGTH + b.len <= sizeof c->queue;
	if (room) {
		c->queue[c->queue_len++] = (unsigned char)b.len;
		c->queue[c->queue_len++] = (unsigned char)(b.len >> 8);
		memcpy(c->queue + c->queue_len, buf_str(&b), b.len);
		c->queue_len += (uint32_t)b.len;
		chat_note(c, e, now);
	}
	buf_clear(&b);
	mem_wipe(&s, sizeof s);
	return room;
}

bool
chat_first(const struct chat *c, struct chat_entry *out)
{
	size_t n = entry_size(c, 0);
	struct stored_entry s;
	bool whole = n > 0 && rec_decode(entry_fields, NELEM(entry_fields), c->queue + LENGTH, n - LENGTH, &s, &s.rest);

	memset(out, 0, sizeof *out);
	if (n == 0)
		return false;
	if (whole) {
		*out = s.e;
		memcpy(out->mac, s.mac, CHAT_MAC);
	} else
		out->kind = CHAT_UNREADABLE;	/* it could not be read twice */
	mem_wipe(&s, sizeof s);
	return true;
}

void
chat_done(struct chat *c, const unsigned char mac[CHAT_MAC])
{
	struct chat_entry first;
	size_t n = entry_size(c, 0);

	if (!chat_first(c, &first) || memcmp(first.mac, mac, CHAT_MAC) != 0)
		return;
	c->queue_len -= (uint32_t)n;
	memmove(c->queue, c->queue + n, c->queue_len);
	mem_wipe(c->queue + c->queue_len, n);
	c->failed_since = 0;
}

int
chat_waiting(const struct chat *c)
{
	int waiting = 0;

	for (size_t from = 0, n; (n = entry_size(c, from)) > 0; from += n)
		waiting++;
	return waiting;
}
