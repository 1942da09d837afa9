/* SPDX-License-Identifier: Apache-2.0 */
#include "core/limit.h"

#include <string.h>

#include "base/str.h"
#include "core/money.h"

#define UUID 36

static const struct rec_field fields[] = { REC_VAR(1, limit, entry, len) };

size_t
limit_count(const struct limit *l)
{
	return l->len / sizeof l->entry[0];
}

void
limit_encode(const struct limit *l, struct buf *out)
{
	rec_encode(fields, NELEM(fields), l, &l->rest, out);
}

bool
limit_decode(const void *octets, size_t n, struct limit *out)
{
	if (!rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) ||
	    out->len % sizeof out->entry[0] != 0)
		return false;
	for (size_t i = 0; i < limit_count(out); i++)
		if (out->entry[i].cents < 0 || out->entry[i].cents > MONEY_MAX ||
		    out->entry[i].state < LIMIT_RESERVED || out->entry[i].state > LIMIT_GIVEN_BACK)
			return false;
	return true;
}

const struct limit_entry *
limit_find(const struct limit *l, const unsigned char id[LIMIT_ID])
{
	for (size_t i = 0; i < limit_count(l); i++)
		if (memcmp(l->entry[i].id, id, LIMIT_ID) == 0)
			return &l->entry[i];
	return NULL;
}

static struct limit_entry *
find(struct limit *l, const unsigned char id[LIMIT_ID])
{
	const struct limit_entry *e = limit_find(l, id);

	return e != NULL ? &l->entry[e - l->entry] : NULL;
}

/* A new entry, or the oldest that was given back: refused tries must not shut a phone out. */
static struct limit_entry *
room(struct limit *l, size_t most)
{
	size_t n = limit_count(l), i = 0;

	if (n < most) {
		l->len += (uint32_t)sizeof l->entry[0];
		return &l->entry[n];
	}
	while (i < n && l->entry[i].state != LIMIT_GIVEN_BACK)
		i++;
	if (i == n)
		return NULL;
	memmove(&l->entry[i], &l->entry[i + 1], (n - 1 - i) * sizeof l->entry[0]);
	return &l->entry[n - 1];
}

static bool
add(struct limit *l, size_t most, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state)
{
	struct limit_entry *e = room(l, most);

	if (e == NULL)
		return false;
	e->created_s = 0;
	memcpy(e->id, id, LIMIT_ID);
	e->cents = cents;
	e->state = (int32_t)state;
	return true;
}

int64_t
limit_used(const struct limit *l)
{
	int64_t used = 0;

	for (size_t i = 0; i < limit_count(l); i++)
		if (l->entry[i].state != LIMIT_GIVEN_BACK)
			used += l->entry[i].cents;
	return used;
}

/* More than this are never reserved. */
static const size_t most_reserved = LIMIT_ENTRIES - LIMIT_SPARE;

int64_t
limit_left(const struct limit *l, int64_t cap)
{
	int64_t left = cap - limit_used(l);
	size_t live = 0;

	for (size_t i = 0; i < limit_count(l); i++)
		live += l->entry[i].state != LIMIT_GIVEN_BACK;
	return left > 0 && live < most_reserved ? left : 0;
}

const char *
limit_state_name(const struct limit_entry *e)
{
	static const char *const name[] = {
		[LIMIT_RESERVED] = "reserved", [LIMIT_COMMITTED] = "committed", [LIMIT_GIVEN_BACK] = "given_back",
	};

	return name[e->state];
}

bool
limit_id(const char *uuid, unsigned char id[LIMIT_ID])
{
	char hex[2 * LIMIT_ID];
	size_t n = 0;

	if (strlen(uuid) != UUID)
		return false;
	for (size_t i = 0; i < UUID; i++)
		if (uuid[i] != '-' && n++ < sizeof hex)
			hex[n - 1] = uuid[i];
	return n == sizeof hex && str_unhex(hex, n, id, LIMIT_ID);
}

enum limit_result
limit_reserve(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, int64_t cap)
{
	if (find(l, id) != NULL)
		return LIMIT_OK;
	if (cents > cap - limit_used(l))
		return LIMIT_OVER;
	return add(l, most_reserved, id, cents, LIMIT_RESERVED) ? LIMIT_OK : LIMIT_CROWDED;
}

bool
limit_set(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state)
{
	struct limit_entry *e = find(l, id);

	if (e == NULL)
		return add(l, LIMIT_ENTRIES, id, cents, state);
	if (state != LIMIT_RESERVED)
		e->state = (int32_t)state;
	return true;
}

void
limit_stamp(struct limit *l, const unsigned char id[LIMIT_ID], int64_t created_ms)
{
	struct limit_entry *e = find(l, id);

	if (e != NULL && e->created_s == 0)
		e->created_s = (uint32_t)(created_ms / 1000);
}

bool
limit_merge(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state)
{
	return (find(l, id) == NULL && state == LIMIT_GIVEN_BACK) || limit_set(l, id, cents, state);
}
