/* SPDX-License-Identifier: Apache-2.0 */
#include "core/limit.h"

#include <string.h>

#include "core/money.h"

static const struct rec_field fields[] = { REC_VAR(1, limit, entry, len) };

static size_t
count(const struct limit *l)
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
	for (size_t i = 0; i < count(out); i++)
		if (out->entry[i].cents < 0 || out->entry[i].cents > MONEY_MAX ||
		    out->entry[i].state < LIMIT_RESERVED || out->entry[i].state > LIMIT_GIVEN_BACK)
			return false;
	return true;
}

static struct limit_entry *
find(struct limit *l, const unsigned char id[LIMIT_ID])
{
	for (size_t i = 0; i < count(l); i++)
		if (memcmp(l->entry[i].id, id, LIMIT_ID) == 0)
			return &l->entry[i];
	return NULL;
}

/* A new entry, or the oldest that was given back: refused tries must not shut a phone out. */
static struct limit_entry *
room(struct limit *l)
{
	size_t n = count(l), i = 0;

	if (n < LIMIT_ENTRIES) {
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

static struct limit_entry *
add(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state)
{
	struct limit_entry *e = room(l);

	if (e == NULL)
		return NULL;
	memcpy(e->id, id, LIMIT_ID);
	e->cents = cents;
	e->state = state;
	return e;
}

int64_t
limit_used(const struct limit *l)
{
	int64_t used = 0;

	for (size_t i = 0; i < count(l); i++)
		if (l->entry[i].state != LIMIT_GIVEN_BACK)
			used += l->entry[i].cents;
	return used;
}

enum limit_result
limit_reserve(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, int64_t cap)
{
	if (find(l, id) != NULL)
		return LIMIT_OK;
	if (cents > cap - limit_used(l))
		return LIMIT_OVER;
	return add(l, id, cents, LIMIT_RESERVED) != NULL ? LIMIT_OK : LIMIT_CROWDED;
}

void
limit_set(struct limit *l, const unsigned char id[LIMIT_ID], int64_t cents, enum limit_state state)
{
	struct limit_entry *e = find(l, id);

	if (e == NULL)
		add(l, id, cents, state);
	else if (state != LIMIT_RESERVED)
		e->state = state;
}
