/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was written in a chat, up to the moment when the network may forget it: it is in the queue, and the queue is in
 * the due list. Also whose chat it is: a network that tells no phone tells a name, which leads to the phone that was
 * seen with it; and a name that is another one than before may be another person.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/history.h"
#include "core/session.h"
#include "service/chat.h"

#define SAVE_TRIES 8
#define TAKE_LEASE_MS 1000		/* this process begins with it at once, and holds it then */

struct taking {
	struct task task;
	uint64_t peer_op;
	int channel;
	const struct tenant_settings *tenant;
	const struct channel_settings *settings;
	enum chat_kind kind;
	char phone[PHONE_MAX], user[CHAT_USER], identity[CHAT_IDENTITY];
	char owner[STORE_OWNER], named[STORE_OWNER];	/* of its queue; of what its name leads to, "" where it has none */
	struct chat_entry e;
	struct chat c, by_name;
	struct session s;		/* the dialogue of the chat */
	struct rev rev, by_name_rev, session_rev, handed_rev;
	bool has_handed;		/* it is this chat's */
	bool waits;			/* something waited before it: somebody is at it */
	const char *why;		/* another person has it now, and what tells so; NULL: it is whose it was */
	bool arrives;			/* MOVED, at the chat of the new number */
	bool shows_phone;		/* the network tells it */
	int tries;
};

static void look(struct taking *k);
static void load_chat(struct taking *k);

static struct taking *
taking_of(struct task *t)
{
	return LIST_OF(t, struct taking, task);
}

static void
taking_end(struct task *t)
{
	struct taking *k = taking_of(t);

	t->gw->chattings--;
	mem_wipe(k, sizeof *k);
	free(k);
}

static void
settle(struct taking *k, enum receipt_end end)
{
	struct gateway *gw = k->task.gw;

	if (end != RECEIPT_STORED)
		metric_add(M_CHAT_LATER, 1);
	gw->ports->receipt_stored(gw->ports->ctx, k->peer_op, end);
	task_end(&k->task);
}

/* ---- whose it is ---- */

static void
on_name_saved(struct task *t, const struct event *e)
{
	struct taking *k = taking_of(t);

	if (e->end == STORE_CONFLICT && ++k->tries < SAVE_TRIES)
		look(k);
	else if (e->end != STORE_DONE)
		settle(k, RECEIPT_NOT_STORED);
	else {
		rev_saved(&k->by_name_rev);
		settle(k, RECEIPT_STORED);
	}
}

/* Should the network tell no phone the next time, the name leads to it. */
static void
save_name(struct taking *k)
{
	struct gateway *gw = k->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_CHAT, k->named, k->settings->name);
	struct buf *b = scratch(gw, 0);

	str_copy(k->by_name.tenant, sizeof k->by_name.tenant, k->tenant->name);
	str_copy(k->by_name.channel, sizeof k->by_name.channel, k->settings->name);
	str_copy(k->by_name.user, sizeof k->by_name.user, k->user);
	str_copy(k->by_name.leads_to, sizeof k->by_name.leads_to, k->phone);
	chat_encode(&k->by_name, b);
	commit_put(gw, &c, &key, &k->by_name_rev, b, 0);
	task_commit(&k->task, &c, on_name_saved);
}

/* ---- into the queue ---- */

/* Whoever had the new number has it no more: their chat is looked at as well. */
static bool
goes_on_at_new_number(struct taking *k)
{
	if (k->kind != CHAT_MOVED || k->arrives || !phone_valid(k->e.text))
		return false;
	k->arrives = true;
	k->tries = 0;
	k->user[0] = k->identity[0] = '\0';
	str_copy(k->phone, sizeof k->phone, k->e.text);
	load_chat(k);
	return true;
}

static void
stored(struct taking *k)
{
	struct gateway *gw = k->task.gw;

	if (goes_on_at_new_number(k))
		return;
	if (!k->waits && k->kind != CHAT_MOVED)
		chat_start(gw, k->channel, k->owner);
	if (k->phone[0] != '\0' && k->user[0] != '\0' && k->kind != CHAT_MOVED &&
	    strcmp(k->by_name.leads_to, k->phone) != 0)
		save_name(k);
	else
		settle(k, RECEIPT_STORED);
}

static void
on_saved(struct task *t, const struct event *e)
{
	struct taking *k = taking_of(t);

	if (e->end == STORE_CONFLICT && ++k->tries < SAVE_TRIES)
		look(k);
	else if (e->end != STORE_DONE)
		settle(k, RECEIPT_NOT_STORED);
	else {
		if (k->why != NULL) {
			metric_add(M_CHAT_MOVED, 1);
			log_info(t->id, "chat moved", "channel=%s why=%s", k->settings->name, k->why);
		}
		stored(k);
	}
}

/*
 * What was begun in it by whom it belonged to is nobody's any more. Operators find a line in its trail; how often the
 * phone was bothered is counted on.
 */
static void
drop_dialogue(struct taking *k, struct store_commit *c)
{
	struct gateway *gw = k->task.gw;
	struct session *s = xcalloc(1, sizeof *s);
	struct store_key key = key_of(STORE_SESSION, k->owner, k->settings->name);
	struct buf *b = scratch(gw, 1);

	if (k->has_handed)
		c->op[c->n++] = (struct store_op){ .kind = STORE_DELETE, .key = key_of(STORE_HANDED, k->owner, ""),
			.from = k->handed_rev.at };
	str_copy(s->trail, sizeof s->trail, k->s.trail);
	str_copy(s->tenant, sizeof s->tenant, k->tenant->name);
	s->pushes = k->s.pushes;
	s->pushes_until = k->s.pushes_until;
	s->asks = k->s.asks;
	s->asks_until = k->s.asks_until;
	s->ended = true;
	s->touched_ms = s->expires_ms = gw->now;
	history_add_turn(s->trail, sizeof s->trail, gw->now, k->why, true);
	session_encode(s, b);
	commit_put(gw, c, &key, &k->session_rev, b, 0);
	free(s);
}

static void
save(struct taking *k)
{
	struct gateway *gw = k->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_CHAT, k->owner, k->settings->name);
	struct buf *b = scratch(gw, 0);

	str_copy(k->c.tenant, sizeof k->c.tenant, k->tenant->name);
	str_copy(k->c.channel, sizeof k->c.channel, k->settings->name);
	chat_encode(&k->c, b);
	commit_put(gw, &c, &key, &k->rev, b, 0);
	if (k->why != NULL)
		drop_dialogue(k, &c);
	if (chat_waiting(&k->c) == 0)
		commit_list_remove(&c, STORE_DUE, &key);
	else if (!k->waits)
		commit_list_add(&c, STORE_DUE, &key, gw->now + TAKE_LEASE_MS);
	task_commit(&k->task, &c, on_saved);
}

static bool
is_another(const char *said, const char *known)
{
	return said[0] != '\0' && known[0] != '\0' && strcmp(said, known) != 0;
}

/* As it stands in the trail. */
static const char *
whose_else(const struct taking *k)
{
	if (k->kind == CHAT_MOVED)
		return k->arrives ? "chat.number_taken" : "chat.number_moved";
	if (is_another(k->user, k->c.user))
		return "chat.other_user";
	return is_another(k->identity, k->c.identity) ? "chat.other_device" : NULL;
}

/* Older than the network delivers: a webhook played again. Or from somebody who has the chat no more. */
static bool
is_too_old(const struct taking *k)
{
	bool same = k->kind != CHAT_MOVED && whose_else(k) == NULL &&
	    (k->c.user[0] != '\0' || k->c.identity[0] != '\0');

	return k->e.at_ms < k->task.gw->now - CHAT_OLDEST_MS || (k->e.at_ms < k->c.since_ms && !same);
}

/* Another number, or another person: nothing that was begun goes on, and the phone's PIN must be seen again. */
static void
leave(struct taking *k)
{
	k->c.queue_len = 0;
	k->c.failed_since = 0;
	k->c.window_until = 0;
	k->c.user[0] = k->c.identity[0] = '\0';
	k->c.linked = false;
	k->c.proven_for = k->c.proven_ms = 0;
	k->c.untold = true;
	k->c.hands++;
	k->c.since_ms = k->e.at_ms;
}

static void
note_person(struct taking *k)
{
	if (k->c.window_until < k->e.at_ms + CHAT_WINDOW_MS)
		k->c.window_until = k->e.at_ms + CHAT_WINDOW_MS;
	if (k->shows_phone)
		k->c.linked = false;
	if (k->phone[0] != '\0')
		str_copy(k->c.phone, sizeof k->c.phone, k->phone);
	if (k->user[0] != '\0')
		str_copy(k->c.user, sizeof k->c.user, k->user);
	if (k->identity[0] != '\0')
		str_copy(k->c.identity, sizeof k->c.identity, k->identity);
}

/* It is of no use to anybody any more. */
static void
pass_over(struct taking *k, enum metric why)
{
	metric_add(why, 1);
	if (!goes_on_at_new_number(k))
		settle(k, RECEIPT_STORED);
}

static void
take(struct taking *k)
{
	if (chat_has_seen(&k->c, &k->e)) {
		pass_over(k, M_CHAT_REPEATED);
		return;
	}
	if (is_too_old(k)) {
		pass_over(k, M_CHAT_TOO_OLD);
		return;
	}
	k->why = whose_else(k);
	if (k->why != NULL)
		leave(k);
	k->waits = chat_waiting(&k->c) > 0;
	if (k->kind == CHAT_MOVED)
		chat_note(&k->c, &k->e, k->task.gw->now);
	else if (chat_append(&k->c, &k->e, k->task.gw->now))
		note_person(k);
	else {
		metric_add(M_CHAT_FULL, 1);
		settle(k, RECEIPT_NOT_STORED);
		return;
	}
	save(k);
}

/* The dialogue, and whether what waits at the phone is of this chat. */
static void
take_dialogue(struct taking *k, const struct store_value *s, const struct store_value *h)
{
	struct session *handed = xcalloc(1, sizeof *handed);

	rev_loaded(&k->session_rev, s);
	rev_loaded(&k->handed_rev, h);
	if (!s->present || s->damaged || !session_decode(s->p, s->len, &k->s))
		memset(&k->s, 0, sizeof k->s);
	k->has_handed = h->present && (h->damaged || !session_decode(h->p, h->len, handed) ||
	    strcmp(handed->chat, k->settings->name) == 0);
	mem_wipe(handed, sizeof *handed);
	free(handed);
}

static void
on_chat_loaded(struct task *t, const struct event *e)
{
	struct taking *k = taking_of(t);

	if (e->end != STORE_DONE) {
		settle(k, RECEIPT_NOT_STORED);
		return;
	}
	rev_loaded(&k->rev, &e->v[0]);
	take_dialogue(k, &e->v[1], &e->v[2]);
	if (!chat_load(&e->v[0], &k->c))
		log_error(t->id, "chat damaged", "octets=%zu", e->v[0].len);	/* begun again, over the old one */
	if (k->arrives && !e->v[0].present)
		settle(k, RECEIPT_STORED);	/* nobody has written from there */
	else
		take(k);
}

static void
load_chat(struct taking *k)
{
	struct store_key keys[3];

	chat_owner(k->tenant, k->phone, k->user, k->owner);
	keys[0] = key_of(STORE_CHAT, k->owner, k->settings->name);
	keys[1] = key_of(STORE_SESSION, k->owner, k->settings->name);
	keys[2] = key_of(STORE_HANDED, k->owner, "");
	task_load(&k->task, keys, 3, on_chat_loaded);
}

/* ---- the name ---- */

/* That phone may have got another user since: then the name leads nowhere. */
static void
on_leads_to_loaded(struct task *t, const struct event *e)
{
	struct taking *k = taking_of(t);
	struct chat *c;

	if (e->end != STORE_DONE) {
		settle(k, RECEIPT_NOT_STORED);
		return;
	}
	c = xcalloc(1, sizeof *c);
	if (chat_load(&e->v[0], c) && strcmp(c->user, k->user) == 0)
		str_copy(k->phone, sizeof k->phone, k->by_name.leads_to);
	mem_wipe(c, sizeof *c);
	free(c);
	load_chat(k);
}

static void
on_name_loaded(struct task *t, const struct event *e)
{
	struct taking *k = taking_of(t);
	char owner[STORE_OWNER];
	struct store_key key;

	if (e->end != STORE_DONE) {
		settle(k, RECEIPT_NOT_STORED);
		return;
	}
	rev_loaded(&k->by_name_rev, &e->v[0]);
	(void)chat_load(&e->v[0], &k->by_name);
	if (k->phone[0] != '\0' || k->by_name.leads_to[0] == '\0') {
		load_chat(k);
		return;
	}
	chat_owner(k->tenant, k->by_name.leads_to, "", owner);
	key = key_of(STORE_CHAT, owner, k->settings->name);
	task_load(t, &key, 1, on_leads_to_loaded);
}

static void
look(struct taking *k)
{
	struct store_key key = key_of(STORE_CHAT, k->named, k->settings->name);

	if (k->named[0] != '\0')
		task_load(&k->task, &key, 1, on_name_loaded);
	else
		load_chat(k);
}

/* ---- beginning ---- */

static void
read_entry(struct taking *k, const struct chat_in *in)
{
	struct gateway *gw = k->task.gw;
	char name[CHAT_MESSAGE + STORE_OWNER];

	str_format(name, sizeof name, "%s/%s/%s", k->tenant->name, k->settings->name, in->id);
	gateway_mac(gw, "chat", name, k->e.mac);
	k->e.kind = in->kind;
	/* A clock of theirs that runs ahead would keep the window open for longer. */
	k->e.at_ms = in->at_ms > 0 && in->at_ms < gw->now ? in->at_ms : gw->now;
	k->e.taken_ms = gw->now;
	str_copy(k->e.text, sizeof k->e.text, in->text);
	k->e.media = in->media;
}

void
gateway_chat(struct gateway *gw, int64_t now, const struct chat_in *in, uint64_t peer_op)
{
	struct taking *k = xcalloc(1, sizeof *k);

	gw->now = now;
	gw->chattings++;
	metric_add(M_CHAT_INPUTS, 1);
	k->peer_op = peer_op;
	k->channel = in->channel;
	k->settings = &gw->settings->channels[in->channel];
	k->tenant = &gw->settings->tenants[k->settings->tenant];
	k->kind = in->kind;
	str_copy(k->phone, sizeof k->phone, in->phone);
	k->shows_phone = in->phone[0] != '\0';
	str_copy(k->user, sizeof k->user, in->user);
	str_copy(k->identity, sizeof k->identity, in->identity);
	task_start(gw, &k->task, taking_end);
	read_entry(k, in);
	if (k->user[0] != '\0')
		chat_owner(k->tenant, "", k->user, k->named);
	if (k->phone[0] == '\0' && k->user[0] == '\0')
		settle(k, RECEIPT_STORED);	/* nobody could be answered */
	else
		look(k);
}
