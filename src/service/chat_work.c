/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of a chat, one input after the other. Whatever is done before an input leaves it can be done again by
 * another process and comes to the same: the turn has the input's key, the answer the input's name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/chat.h"
#include "core/session.h"
#include "service/hold.h"
#include "service/say.h"

#define SAVE_TRIES 8
#define AGAIN_MS 2000			/* what could not be answered is tried again */
#define GIVE_UP_MS INT64_C(600000)	/* and for so long */
#define ANSWER_LIFE_MS INT64_C(3600000)
#define FOLLOWS_MS INT64_C(120000)	/* what was said longer ago has left, or will leave too late to be waited for */
_Static_assert(CHAT_SAID == MESSAGE_ID, "a chat knows the name of its answer");

struct chatting {
	struct task task;
	int channel, tenant;
	char owner[STORE_OWNER], name[STORE_OWNER + NAME_MAX_OCTETS];
	struct chat c;
	struct rev rev;
	struct session h;		/* what this chat has handed over to its phone; else state NOT */
	struct rev h_rev;
	char returned[SESSION_DIALOGUE];	/* its name */
	bool drops_handed;		/* with the save under way */
	bool returning;			/* that is being answered; else: */
	struct chat_entry e;
	int tries;
	bool apologised;
	int64_t hands;			/* of the chat when this was begun */
	int64_t customer;		/* whose PIN was right, 0: nobody's */
	char put_id[MESSAGE_ID];	/* of the answer, once it is in the outbox */
};

static void next(struct chatting *k);

static struct chatting *
chatting_of(struct task *t)
{
	return LIST_OF(t, struct chatting, task);
}

static struct store_key
key_for(const struct chatting *k)
{
	return key_of(STORE_CHAT, k->owner, k->task.gw->settings->channels[k->channel].name);
}

static void
chatting_end(struct task *t)
{
	struct chatting *k = chatting_of(t);

	t->gw->chattings--;
	if (map_get(t->gw->chats, k->name, strlen(k->name)) == k)
		map_remove(t->gw->chats, k->name, strlen(k->name));
	mem_wipe(k, sizeof *k);
	free(k);
}

/* The chat and what it has handed over; false: it cannot be read. */
static bool
take_records(struct chatting *k, const struct event *e)
{
	const struct store_value *h = &e->v[1];

	if (e->end != STORE_DONE || !chat_load(&e->v[0], &k->c))
		return false;
	rev_loaded(&k->rev, &e->v[0]);
	rev_loaded(&k->h_rev, h);
	if (!h->present || h->damaged || !session_decode(h->p, h->len, &k->h) || strcmp(k->h.chat, k->c.channel) != 0)
		memset(&k->h, 0, sizeof k->h);
	return true;
}

static void
load(struct chatting *k, task_fn *on)
{
	struct store_key keys[2] = { key_for(k), key_of(STORE_HANDED, k->owner, "") };

	task_load(&k->task, keys, 2, on);
}

/* The phone's part is over. */
static bool
is_back(const struct chatting *k)
{
	return k->h.handed == HANDED_BACK || (k->h.handed != HANDED_NOT && k->task.gw->now >= k->h.expires_ms);
}

/* When it is to be looked at again, with nothing that waits: 0, not at all. */
static int64_t
idle_until(const struct chatting *k)
{
	if (k->h.handed == HANDED_NOT)
		return 0;
	return k->h.handed == HANDED_BACK ? k->task.gw->now : k->h.expires_ms;
}

/* This process lets go; the due list brings it back. */
static void
give_up(struct chatting *k, const char *why)
{
	log_warn(k->task.id, "chat left", "channel=%s why=\"%s\"", k->task.gw->settings->channels[k->channel].name,
	    why);
	task_end(&k->task);
}

static void
save(struct chatting *k, int64_t due, task_fn *on)
{
	struct gateway *gw = k->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_for(k), handed = key_of(STORE_HANDED, k->owner, "");
	struct buf *b = scratch(gw, 0);

	chat_encode(&k->c, b);
	commit_put(gw, &c, &key, &k->rev, b, 0);
	/* What comes back meanwhile puts the chat into the due list: it is not taken out behind that. */
	if (k->drops_handed)
		c.op[c.n++] = (struct store_op){ .kind = STORE_DELETE, .key = handed, .from = k->h_rev.at };
	else
		commit_check(&c, &handed, &k->h_rev);
	if (due > 0)
		commit_list_add(&c, STORE_DUE, &key, due);
	else
		commit_list_remove(&c, STORE_DUE, &key);
	task_commit(&k->task, &c, on);
}

/* ---- the input is done with ---- */

static void
on_removed(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);

	if (e->end == STORE_DONE) {
		rev_saved(&k->rev);
		k->tries = 0;
		if (chat_waiting(&k->c) == 0 && idle_until(k) > t->gw->now)
			task_end(t);
		else if (chat_waiting(&k->c) == 0 && k->h.handed == HANDED_NOT)
			task_end(t);
		else
			next(k);
	} else if (e->end == STORE_CONFLICT && ++k->tries < SAVE_TRIES)
		next(k);		/* something was written meanwhile: the same again, as after a crash */
	else
		give_up(k, "could not be saved");
}

/* What the one who asked has heard and shown is nothing of who took over meanwhile. */
static void
note_answer(struct chatting *k)
{
	int64_t now = k->task.gw->now;

	if (k->c.hands != k->hands)
		return;
	if (k->put_id[0] != '\0') {
		str_copy(k->c.said, sizeof k->c.said, k->put_id);
		k->c.said_ms = now;
	}
	if (!k->returning)
		k->c.untold = false;
	if (k->customer != 0) {
		k->c.proven_for = k->customer;
		k->c.proven_ms = now;
	}
}

static void
leave_queue(struct chatting *k)
{
	if (k->returning) {
		k->drops_handed = k->h.handed != HANDED_NOT && strcmp(k->h.dialogue, k->returned) == 0;
		if (k->drops_handed) {
			k->customer = k->h.proven_for;
			memset(&k->h, 0, sizeof k->h);
		}
		k->c.failed_since = 0;
	} else
		chat_done(&k->c, k->e.mac);
	note_answer(k);
	save(k, chat_waiting(&k->c) > 0 ? k->task.gw->now + HOLD_LEASE_MS : idle_until(k), on_removed);
	k->drops_handed = false;
}

static void
on_fresh(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);

	if (take_records(k, e))
		leave_queue(k);
	else
		give_up(k, "could not be read");
}

/* What was written meanwhile is no reason to answer this one again. */
static void
done(struct chatting *k)
{
	load(k, on_fresh);
}

/* ---- the answer ---- */

static void
on_put(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);

	/* CONFLICT: it was put before. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		give_up(k, "the answer could not be put into the outbox");
		return;
	}
	if (e->end == STORE_DONE)
		metric_add(k->apologised ? M_CHAT_FAILED : M_CHAT_ANSWERED, 1);
	done(k);
}

static void
put(struct chatting *k, const char *text)
{
	struct gateway *gw = k->task.gw;
	struct message *m = xcalloc(1, sizeof *m);
	struct store_commit c = { .n = 0 };
	char id[CHAT_TURN_KEY];

	chat_turn_key(k->e.mac, id);
	str_copy(m->id, sizeof m->id, k->returning ? k->returned : id);
	str_copy(m->tenant, sizeof m->tenant, gw->settings->tenants[k->tenant].name);
	str_copy(m->to, sizeof m->to, k->c.phone);
	if (k->c.phone[0] == '\0')
		str_copy(m->user, sizeof m->user, k->c.user);
	str_copy(m->channel, sizeof m->channel, gw->settings->channels[k->channel].name);
	m->hands = k->c.hands;
	chat_follow(&k->c, gw->now, m);
	str_copy(k->put_id, sizeof k->put_id, m->id);
	m->cls = MSG_RESULT;
	m->created_at = m->next_at = gw->now;
	m->deadline = (k->returning ? gw->now : k->e.taken_ms) + ANSWER_LIFE_MS;
	if (!str_copy(m->text, sizeof m->text, text))
		log_error(k->task.id, "answer too long", "octets=%zu", strlen(text));
	say_put(gw, &c, m);
	task_commit(&k->task, &c, on_put);
	mem_wipe(m, sizeof *m);
	free(m);
}

static void
say_with(struct chatting *k, const char *lang, const char *key, struct vars *v)
{
	char text[CHAT_BODY];

	if (say_fill(k->task.gw, k->tenant, lang, key, v, text, sizeof text))
		put(k, text);
	else
		done(k);
}

static void
say(struct chatting *k, const char *lang, const char *key)
{
	struct vars v = { 0 };

	say_with(k, lang, key, &v);
}

/* ---- what could not be answered ---- */

static void
on_left(struct task *t, const struct event *e)
{
	(void)e;		/* saved or not, its lease brings it back */
	task_end(t);
}

static void
on_read_again(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);
	struct chat_entry first;
	int64_t now = t->gw->now;

	if (!take_records(k, e)) {
		give_up(k, "could not be read");
		return;
	}
	if (k->returning ? k->h.handed == HANDED_NOT || strcmp(k->h.dialogue, k->returned) != 0 :
	    !chat_first(&k->c, &first) || memcmp(first.mac, k->e.mac, CHAT_MAC) != 0) {
		next(k);		/* another process has answered it */
		return;
	}
	if (k->c.failed_since == 0)
		k->c.failed_since = now;
	if (now - k->c.failed_since < GIVE_UP_MS) {
		save(k, now + AGAIN_MS, on_left);
		return;
	}
	k->apologised = true;
	say(k, "", "chat.late");
}

static void
try_later(struct chatting *k)
{
	load(k, on_read_again);
}

void
chat_answer(struct gateway *gw, uint64_t id, const struct reply *r, int64_t customer)
{
	struct task *t = task_find(gw, id);

	if (t == NULL)
		return;
	chatting_of(t)->customer = customer;
	if (r->text == NULL)
		try_later(chatting_of(t));
	else if (r->text[0] == '\0')
		done(chatting_of(t));
	else
		put(chatting_of(t), r->text);
}

/* ---- whom the network does not tell ---- */

static void
show_code(struct chatting *k)
{
	char code[CHAT_LINK_CODE];
	struct vars v = { 0 };

	chat_link_code(k->task.gw, k->e.mac, code);
	vars_set(&v, "code", code);
	say_with(k, "", "chat.link", &v);
	mem_wipe(&v, sizeof v);
	mem_wipe(code, sizeof code);
}

/* Another try at this input has put it there; else the same digits are somebody else's. */
static void
on_code_there(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);
	struct chat *c = xcalloc(1, sizeof *c);
	bool ours = e->end == STORE_DONE && chat_load(&e->v[0], c) && strcmp(c->user, k->c.user) == 0;

	free(c);
	if (e->end != STORE_DONE)
		try_later(k);
	else if (ours)
		show_code(k);
	else
		say(k, "", "chat.no_phone");
}

static void
on_code_saved(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);
	char code[CHAT_LINK_CODE];
	struct store_key key;

	chat_link_code(t->gw, k->e.mac, code);
	key = chat_link_key(&t->gw->settings->tenants[k->tenant], code);
	if (e->end == STORE_DONE)
		show_code(k);
	else if (e->end == STORE_CONFLICT)
		task_load(t, &key, 1, on_code_there);
	else
		try_later(k);
}

/* Where the tenant's menu can link it, that is offered. */
static void
offer_link(struct chatting *k)
{
	struct gateway *gw = k->task.gw;
	const struct tenant_settings *t = &gw->settings->tenants[k->tenant];
	struct chat *c;
	struct store_commit commit = { .n = 0 };
	struct store_key key;
	struct rev rev = { 0 };
	struct buf *b = scratch(gw, 0);
	char code[CHAT_LINK_CODE];

	if (!menu_makes_call(gw->contents[k->tenant].menu, "chat.link")) {
		say(k, "", "chat.no_phone");
		return;
	}
	c = xcalloc(1, sizeof *c);
	str_copy(c->tenant, sizeof c->tenant, t->name);
	str_copy(c->channel, sizeof c->channel, gw->settings->channels[k->channel].name);
	str_copy(c->user, sizeof c->user, k->c.user);
	c->window_until = k->c.window_until;
	c->said_ms = gw->now + CHAT_LINK_MS;
	chat_encode(c, b);
	free(c);
	chat_link_code(gw, k->e.mac, code);
	key = chat_link_key(t, code);
	commit_put(gw, &commit, &key, &rev, b, CHAT_LINK_MS);
	task_commit(&k->task, &commit, on_code_saved);
}

/* ---- the next input ---- */

static void
ask_menu(struct chatting *k)
{
	struct gateway *gw = k->task.gw;
	struct turn_in in = { .turn = k->task.id, .channel = k->channel, .dialogue = "chat",
		.kind = k->returning ? TURN_RETURN : TURN_INPUT, .by = TURN_BY_CHAT, .text = k->e.text,
		.tap = k->e.kind == CHAT_TAPPED, .chat_kind = k->e.kind,
		.media = k->e.kind == CHAT_MEDIA ? &k->e.media : NULL,
		.service_code = say_service_code(gw, k->tenant) };
	char key[CHAT_TURN_KEY];

	chat_turn_key(k->e.mac, key);
	str_copy(in.key, sizeof in.key, k->returning ? k->returned : key);
	str_copy(in.phone, sizeof in.phone, k->c.phone);
	gateway_turn(gw, gw->now, &in);
}

static void
work_on(struct chatting *k)
{
	k->apologised = false;
	k->put_id[0] = '\0';
	k->customer = 0;
	k->hands = k->c.hands;
	k->returning = is_back(k) && k->c.phone[0] != '\0';
	if (k->returning) {
		memset(&k->e, 0, sizeof k->e);
		str_copy(k->returned, sizeof k->returned, k->h.dialogue);
		ask_menu(k);
	} else if (!chat_first(&k->c, &k->e))
		save(k, idle_until(k), on_removed);
	else if (k->c.phone[0] == '\0')
		offer_link(k);
	else
		ask_menu(k);
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct chatting *k = chatting_of(t);

	if (e->end == STORE_DONE && e->v[0].present && take_records(k, e))
		work_on(k);
	else
		give_up(k, "could not be read");
}

static void
next(struct chatting *k)
{
	if (k->task.gw->draining)
		task_end(&k->task);	/* the due list has it */
	else
		load(k, on_loaded);
}

/* ---- beginning ---- */

void
chat_start(struct gateway *gw, int channel, const char *owner)
{
	struct chatting *k = xcalloc(1, sizeof *k);
	struct store_key key;

	str_format(k->name, sizeof k->name, "%s/%s", owner, gw->settings->channels[channel].name);
	if (map_get(gw->chats, k->name, strlen(k->name)) != NULL) {
		free(k);
		return;
	}
	k->channel = channel;
	k->tenant = gw->settings->channels[channel].tenant;
	str_copy(k->owner, sizeof k->owner, owner);
	gw->chattings++;
	task_start(gw, &k->task, chatting_end);
	map_put(gw->chats, k->name, strlen(k->name), k);
	key = key_for(k);
	hold_start(gw, k->task.id, &key, &k->rev);
	next(k);
}

static int
channel_find(const struct settings *s, const char *name)
{
	for (int i = 0; i < s->channels_n; i++)
		if (strcmp(s->channels[i].name, name) == 0)
			return i;
	return -1;
}

void
chat_claimed(struct gateway *gw, const struct store_value *v)
{
	struct chat *c = xcalloc(1, sizeof *c);
	char owner[STORE_OWNER];
	int channel;

	if (!chat_load(v, c))
		log_error(0, "chat damaged", "octets=%zu", v->len);
	else if ((channel = channel_find(gw->settings, c->channel)) < 0)
		log_error(0, "chat of no channel", "channel=%s", c->channel);
	else {
		metric_add(M_CHAT_TAKEN_OVER, 1);
		chat_owner(&gw->settings->tenants[gw->settings->channels[channel].tenant], c->phone, c->user, owner);
		chat_start(gw, channel, owner);
	}
	mem_wipe(c, sizeof *c);
	free(c);
}

/* ---- what both sides share ---- */

void
chat_follow(const struct chat *c, int64_t now, struct message *m)
{
	if (now - c->said_ms < FOLLOWS_MS)
		str_copy(m->after, sizeof m->after, c->said);
}

void
chat_turn_key(const unsigned char mac[CHAT_MAC], char out[CHAT_TURN_KEY])
{
	str_copy(out, CHAT_TURN_KEY, "wa:");
	str_hex(mac, CHAT_MAC, out + 3);
}

void
chat_owner(const struct tenant_settings *t, const char *phone, const char *user, char out[STORE_OWNER])
{
	str_format(out, STORE_OWNER, "%s/%s", t->name, phone[0] != '\0' ? phone : user);
}

bool
chat_takes_pin(const struct channel_settings *c)
{
	return c->has_whatsapp && c->whatsapp.pin_in_chat_kept_for_ever;
}

bool
chat_is_proven(const struct chat *c, const struct subscriber *sub)
{
	return c->proven_for != 0 && c->proven_for == sub->customer_id && sub->sim_changed_at <= c->proven_ms;
}

bool
chat_load(const struct store_value *v, struct chat *out)
{
	bool read = !v->present || (!v->damaged && chat_decode(v->p, v->len, out));

	if (!v->present || !read)
		memset(out, 0, sizeof *out);
	return read;
}
