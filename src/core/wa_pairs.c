/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of each customer one time is kept: when all that was sent would have been sent at the steady pace. It may be ahead of
 * now by as much as the burst allows (generic cell rate algorithm).
 */
#include "core/wa_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"

#define MINUTE INT64_C(60000)

struct pair {
	struct list node;		/* in wa_pairs.used, the latest last */
	int64_t paid_until;
	char who[];
};

struct wa_pairs {
	int64_t cost, ahead;		/* ms of one message; how far it may be ahead before one is taken */
	size_t max;
	struct map *by_name;
	struct list used;
};

struct wa_pairs *
wa_pairs_new(int per_minute, int burst, int max)
{
	struct wa_pairs *p = xcalloc(1, sizeof *p);

	p->cost = MINUTE / per_minute;
	p->ahead = p->cost * (burst - 1);
	p->max = (size_t)max;
	p->by_name = map_new();
	list_init(&p->used);
	return p;
}

static void
forget(struct wa_pairs *p, struct pair *one)
{
	map_remove(p->by_name, one->who, strlen(one->who));
	list_remove(&one->node);
	free(one);
}

void
wa_pairs_free(struct wa_pairs *p)
{
	if (p == NULL)
		return;
	while (!list_empty(&p->used))
		forget(p, LIST_OF(p->used.next, struct pair, node));
	map_free(p->by_name);
	free(p);
}

static struct pair *
pair_get(struct wa_pairs *p, const char *who)
{
	size_t n = strlen(who);
	struct pair *one = map_get(p->by_name, who, n);

	if (one != NULL) {
		list_remove(&one->node);
	} else {
		if (map_count(p->by_name) >= p->max)
			forget(p, LIST_OF(p->used.next, struct pair, node));
		one = xcalloc(1, sizeof *one + n + 1);
		memcpy(one->who, who, n + 1);
		map_put(p->by_name, who, n, one);
	}
	list_add_tail(&p->used, &one->node);
	return one;
}

bool
wa_pairs_take(struct wa_pairs *p, const char *who, int64_t now)
{
	struct pair *one = pair_get(p, who);

	if (one->paid_until - now > p->ahead)
		return false;
	one->paid_until = (one->paid_until > now ? one->paid_until : now) + p->cost;
	return true;
}

void
wa_pairs_give_back(struct wa_pairs *p, const char *who)
{
	struct pair *one = map_get(p->by_name, who, strlen(who));

	if (one != NULL)
		one->paid_until -= p->cost;
}

void
wa_pairs_empty(struct wa_pairs *p, const char *who, int64_t now)
{
	pair_get(p, who)->paid_until = now + p->ahead + p->cost;
}

size_t
wa_pairs_count(const struct wa_pairs *p)
{
	return map_count(p->by_name);
}
