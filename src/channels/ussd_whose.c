/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a dialogue over HTTP is, for providers whose last word names the dialogue and no phone: the store knows
 * dialogues by their phone. Kept in this process only, for as long as the network lets a dialogue last; a process that
 * does not know one leaves it to its own end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define KEY (16 + sizeof ((struct turn_in *)0)->dialogue)

struct whose {
	struct list node;
	char key[KEY], phone[PHONE_MAX];
	int64_t until;			/* loop_now() */
};

/* Two providers' ids may be equal. */
static void
key_of_dialogue(const struct turn_in *in, char key[KEY])
{
	if (!str_format(key, KEY, "%d/%s", in->channel, in->dialogue))
		fatalx("ussd: a dialogue's id is too long");
}

static void
drop(struct edge *e, struct whose *w)
{
	map_remove(e->whose, w->key, strlen(w->key));
	list_remove(&w->node);
	free(w);
}

void
ussd_whose_set(struct edge *e, const struct turn_in *in)
{
	char key[KEY];
	struct whose *w;

	if (e->whose == NULL) {
		e->whose = map_new();
		list_init(&e->whose_order);
	}
	key_of_dialogue(in, key);
	if ((w = map_get(e->whose, key, strlen(key))) != NULL)
		drop(e, w);
	/* The oldest goes: it is the likeliest to be over. */
	if (map_count(e->whose) >= USSD_KNOWN_MAX)
		drop(e, LIST_OF(e->whose_order.next, struct whose, node));
	w = xcalloc(1, sizeof *w);
	str_copy(w->key, sizeof w->key, key);
	str_copy(w->phone, sizeof w->phone, in->phone);
	w->until = loop_now(e->loop) + (int64_t)e->settings->channels[in->channel].session_s * 1000;
	list_add_tail(&e->whose_order, &w->node);
	map_put(e->whose, w->key, strlen(w->key), w);
}

bool
ussd_whose_take(struct edge *e, struct turn_in *in)
{
	char key[KEY];
	struct whose *w;
	bool known;

	key_of_dialogue(in, key);
	if (e->whose == NULL || (w = map_get(e->whose, key, strlen(key))) == NULL)
		return false;
	known = loop_now(e->loop) < w->until && str_copy(in->phone, sizeof in->phone, w->phone);
	drop(e, w);
	return known;
}

void
ussd_whose_clear(struct edge *e)
{
	while (e->whose != NULL && !list_empty(&e->whose_order))
		drop(e, LIST_OF(e->whose_order.next, struct whose, node));
	map_free(e->whose);
	e->whose = NULL;
}
