/* SPDX-License-Identifier: Apache-2.0 */
#include "core/inbox.h"

#include <string.h>

#define HOUR_MS INT64_C(3600000)

static const struct rec_field fields[] = {
	REC_VAR(1, inbox, seen, seen_len), REC_VAR(2, inbox, open, open_len), REC(3, REC_I64, inbox, taken),
	REC(4, REC_I64, inbox, hour_until), REC(5, REC_INT, inbox, hour_n),
	REC(6, REC_I64, inbox, quiet_until[INBOX_STOP]), REC(7, REC_I64, inbox, quiet_until[INBOX_START]),
	REC(8, REC_I64, inbox, quiet_until[INBOX_HELP]), REC(9, REC_I64, inbox, quiet_until[INBOX_PIN]),
};
_Static_assert(INBOX_ANSWERS == 4, "fields name each answer");

void
inbox_encode(const struct inbox *b, struct buf *out)
{
	rec_encode(fields, NELEM(fields), b, &b->rest, out);
}

bool
inbox_decode(const void *octets, size_t n, struct inbox *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    out->seen_len % sizeof out->seen[0] == 0 && out->open_len % sizeof out->open[0] == 0;
}

static struct inbox_mark *
find(struct inbox_mark *m, uint32_t len, const unsigned char id[INBOX_ID], int64_t now)
{
	for (size_t i = 0; i < len / sizeof *m; i++)
		if (m[i].until > now && memcmp(m[i].id, id, INBOX_ID) == 0)
			return &m[i];
	return NULL;
}

bool
inbox_seen(const struct inbox *b, const unsigned char id[INBOX_ID], int64_t now)
{
	return find((struct inbox_mark *)b->seen, b->seen_len, id, now) != NULL;
}

int
inbox_count(const struct inbox *b, const unsigned char id[INBOX_ID], int64_t since)
{
	int n = 0;

	for (size_t i = 0; i < b->seen_len / sizeof b->seen[0]; i++)
		n += b->seen[i].until > since && memcmp(b->seen[i].id, id, INBOX_ID) == 0;
	return n;
}

void
inbox_take(struct inbox *b, const unsigned char id[INBOX_ID], int64_t now, int64_t again_ms)
{
	memmove(&b->seen[1], &b->seen[0], (INBOX_SEEN - 1) * sizeof b->seen[0]);
	memcpy(b->seen[0].id, id, INBOX_ID);
	b->seen[0].until = now + again_ms;
	if (b->seen_len < sizeof b->seen)
		b->seen_len += (uint32_t)sizeof b->seen[0];
	b->taken++;
}

bool
inbox_may_answer(const struct inbox *b, int64_t now, int most)
{
	return now >= b->hour_until || b->hour_n < most;
}

bool
inbox_may_say(const struct inbox *b, enum inbox_answer what, int64_t now, int most)
{
	return now >= b->quiet_until[what] && inbox_may_answer(b, now, most);
}

void
inbox_answered(struct inbox *b, int64_t now)
{
	if (now >= b->hour_until) {
		b->hour_until = now + HOUR_MS;
		b->hour_n = 0;
	}
	b->hour_n++;
}

void
inbox_said(struct inbox *b, enum inbox_answer what, int64_t now, int64_t quiet_ms)
{
	inbox_answered(b, now);
	b->quiet_until[what] = now + quiet_ms;
}

bool
inbox_open(struct inbox *b, const unsigned char id[INBOX_ID], int64_t now, int64_t until)
{
	uint32_t n = 0;

	if (find(b->open, b->open_len, id, now) != NULL)
		return true;
	for (uint32_t i = 0; i < b->open_len / sizeof b->open[0]; i++)
		if (b->open[i].until > now)
			b->open[n++] = b->open[i];
	b->open_len = n * (uint32_t)sizeof b->open[0];
	if (n == INBOX_OPEN)
		return false;
	memcpy(b->open[n].id, id, INBOX_ID);
	b->open[n].until = until;
	b->open_len += (uint32_t)sizeof b->open[0];
	return true;
}

void
inbox_close(struct inbox *b, const unsigned char id[INBOX_ID])
{
	struct inbox_mark *m = find(b->open, b->open_len, id, INT64_MIN);
	struct inbox_mark *last = (struct inbox_mark *)((char *)b->open + b->open_len) - 1;

	if (m == NULL)
		return;
	*m = *last;
	memset(last, 0, sizeof *last);
	b->open_len -= (uint32_t)sizeof *last;
}
