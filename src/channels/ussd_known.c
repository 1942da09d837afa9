/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialogues that are open on a bind: which channel they belong to and who began them. Gateways that write the dialled
 * code only into the first message leave no other way to know; the dialogue itself is in the store. A process that does
 * not know one falls back to what the message says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "channels/edge_parts.h"

static void
drop(struct bind *b, struct ussd_known *k)
{
	map_remove(b->dialogues, k->key, strlen(k->key));
	list_remove(&k->node);
	free(k);
}

struct ussd_known *
ussd_known_find(struct bind *b, const char *key)
{
	struct ussd_known *k = b->dialogues != NULL ? map_get(b->dialogues, key, strlen(key)) : NULL;

	if (k == NULL || loop_now(b->edge->loop) < k->until)
		return k;
	drop(b, k);
	return NULL;
}

void
ussd_known_set(struct bind *b, const char *key, int channel, const char *code, bool pushed)
{
	struct ussd_known *k;

	if (b->dialogues == NULL) {
		b->dialogues = map_new();
		list_init(&b->dialogues_order);
	}
	ussd_known_forget(b, key);
	/* The oldest goes: it is the likeliest to be over. */
	if (map_count(b->dialogues) >= USSD_KNOWN_MAX)
		drop(b, LIST_OF(b->dialogues_order.next, struct ussd_known, node));
	k = xcalloc(1, sizeof *k);
	if (!str_copy(k->key, sizeof k->key, key))
		fatalx("ussd: a dialogue's id is too long");
	k->channel = channel;
	k->pushed = pushed;
	str_copy(k->code, sizeof k->code, code);
	k->until = loop_now(b->edge->loop) + (int64_t)b->edge->settings->channels[channel].session_s * 1000;
	list_add_tail(&b->dialogues_order, &k->node);
	map_put(b->dialogues, k->key, strlen(k->key), k);
}

void
ussd_known_forget(struct bind *b, const char *key)
{
	struct ussd_known *k = b->dialogues != NULL ? map_get(b->dialogues, key, strlen(key)) : NULL;

	if (k != NULL)
		drop(b, k);
}

void
ussd_known_clear(struct bind *b)
{
	while (b->dialogues != NULL && !list_empty(&b->dialogues_order))
		drop(b, LIST_OF(b->dialogues_order.next, struct ussd_known, node));
	map_free(b->dialogues);
}
