/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose chat it is where its network tells no phone. The phone is never guessed: the chat shows a code, and who types it
 * at a phone, whose number the mobile network tells, behind that phone's PIN, has the chat from then on. The code counts
 * for ten minutes, and once.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/history.h"
#include "service/chat.h"
#include "service/say.h"
#include "service/turn.h"

#define LINK_TRIES 8
#define HELLO_LIFE_MS INT64_C(3600000)

static void load_phone_chat(struct turn *t);
static void load_name(struct turn *t);

/* The same for each try at the same input; of what stands in no log. */
void
chat_link_code(struct gateway *gw, const unsigned char mac[CHAT_MAC], char out[CHAT_LINK_CODE])
{
	char text[2 * CHAT_MAC + 1];
	unsigned char code[16];
	uint64_t n = 0;

	str_hex(mac, CHAT_MAC, text);
	gateway_mac(gw, "link", text, code);
	for (int i = 0; i < 8; i++)
		n = n << 8 | code[i];
	str_format(out, CHAT_LINK_CODE, "%08" PRIu64, n % 100000000);
	mem_wipe(code, sizeof code);
}

/* No user's name has such a sign. */
struct store_key
chat_link_key(const struct tenant_settings *t, const char *code)
{
	char owner[STORE_OWNER];

	str_format(owner, sizeof owner, "%s/~%s", t->name, code);
	return key_of(STORE_CHAT, owner, "");
}

/* ---- it is linked ---- */

static void
linked(struct turn *t)
{
	log_info(t->w.task.id, "chat linked", "channel=%s", t->link_channel);
	metric_add(M_CHAT_LINKED, 1);
	turn_outcome(t, "done");
}

/* Spent or not, it is over soon. */
static void
on_code_gone(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct message *m = xcalloc(1, sizeof *m);
	struct gateway *gw = task->gw;
	struct vars v = { 0 };
	char uuid[37];

	(void)e;
	gateway_uuid(gw, uuid);
	str_format(m->id, sizeof m->id, "%s:linked", uuid);
	str_copy(m->tenant, sizeof m->tenant, t->settings->name);
	str_copy(m->to, sizeof m->to, t->in.phone);
	str_copy(m->channel, sizeof m->channel, t->link_channel);
	m->hands = t->link_hands;
	m->cls = MSG_RESULT;
	m->created_at = m->next_at = gw->now;
	m->deadline = gw->now + HELLO_LIFE_MS;
	if (say_fill(gw, t->tenant, t->s.dlg.lang, "chat.linked", &v, m->text, sizeof m->text))
		turn_say(t, m, linked);
	else
		linked(t);
	free(m);
}

static void
spend_code(struct turn *t)
{
	struct store_commit c = { .n = 1 };

	c.op[0] = (struct store_op){ .kind = STORE_DELETE,
		.key = chat_link_key(t->settings, vars_get(turn_vars(t), "link_code")), .from = t->link_rev.at };
	task_commit(turn_task(t), &c, on_code_gone);
}

/* ---- the name leads to the phone ---- */

static void
on_name_saved(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE)
		spend_code(t);
	else if (e->end == STORE_CONFLICT && ++t->tries < LINK_TRIES)
		load_name(t);
	else
		turn_outcome(t, "failed");
}

static void
on_name_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(task->gw, 0);
	struct store_key key;
	struct chat *name;
	struct rev rev;
	char owner[STORE_OWNER];

	if (e->end != STORE_DONE) {
		turn_outcome(t, "failed");
		return;
	}
	name = xcalloc(1, sizeof *name);
	rev_loaded(&rev, &e->v[0]);
	(void)chat_load(&e->v[0], name);
	str_copy(name->tenant, sizeof name->tenant, t->settings->name);
	str_copy(name->channel, sizeof name->channel, t->link_channel);
	str_copy(name->user, sizeof name->user, t->link_user);
	str_copy(name->leads_to, sizeof name->leads_to, t->in.phone);
	chat_encode(name, b);
	mem_wipe(name, sizeof *name);
	free(name);
	chat_owner(t->settings, "", t->link_user, owner);
	key = key_of(STORE_CHAT, owner, t->link_channel);
	commit_put(task->gw, &c, &key, &rev, b, 0);
	task_commit(task, &c, on_name_saved);
}

static void
load_name(struct turn *t)
{
	char owner[STORE_OWNER];
	struct store_key key;

	chat_owner(t->settings, "", t->link_user, owner);
	key = key_of(STORE_CHAT, owner, t->link_channel);
	task_load(turn_task(t), &key, 1, on_name_loaded);
}

/* ---- the phone's chat is this one ---- */

static void
on_phone_chat_saved(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE) {
		t->tries = 0;
		load_name(t);
	} else if (e->end == STORE_CONFLICT && ++t->tries < LINK_TRIES)
		load_phone_chat(t);
	else
		turn_outcome(t, "failed");
}

/* Operators find a line in its trail; that the phone was called up is counted on. */
static void
drop_dialogue(struct turn *t, const struct store_value *v, struct store_commit *commit)
{
	struct gateway *gw = t->w.task.gw;
	struct session *was = xcalloc(1, sizeof *was), *s = xcalloc(1, sizeof *s);
	struct store_key key = key_of(STORE_SESSION, t->owner, t->link_channel);
	struct buf *b = scratch(gw, 1);
	struct rev rev;

	rev_loaded(&rev, v);
	if (!v->present || v->damaged || !session_decode(v->p, v->len, was))
		memset(was, 0, sizeof *was);
	str_copy(s->trail, sizeof s->trail, was->trail);
	str_copy(s->tenant, sizeof s->tenant, t->settings->name);
	s->pushes = was->pushes;
	s->pushes_until = was->pushes_until;
	s->ended = true;
	s->touched_ms = s->expires_ms = gw->now;
	history_add_turn(s->trail, sizeof s->trail, gw->now, "chat.linked", true);
	session_encode(s, b);
	commit_put(gw, commit, &key, &rev, b, 0);
	mem_wipe(was, sizeof *was);
	free(was);
	free(s);
}

/* What waits for a PIN at this phone, begun by whom the chat belonged to. */
static void
drop_handed(struct turn *t, struct store_commit *commit)
{
	if (t->h.handed == HANDED_NOT || strcmp(t->h.chat, t->link_channel) != 0)
		return;
	commit->op[commit->n++] = (struct store_op){ .kind = STORE_DELETE, .key = key_of(STORE_HANDED, t->owner, ""),
		.from = t->h_rev.at };
}

/* Of another user than before: what was begun there is not this one's, and goes. */
static void
take_over(struct turn *t, struct chat *c, const struct store_value *session, struct store_commit *commit)
{
	int64_t now = t->w.task.gw->now;

	if (strcmp(c->user, t->link_user) != 0) {
		c->queue_len = 0;
		c->failed_since = 0;
		c->window_until = 0;
		c->identity[0] = '\0';
		c->hands++;
		/* By the network's clock: when the code was asked for. */
		c->since_ms = t->link_window - CHAT_WINDOW_MS;
		c->untold = false;
		drop_dialogue(t, session, commit);
		drop_handed(t, commit);
	}
	str_copy(c->tenant, sizeof c->tenant, t->settings->name);
	str_copy(c->channel, sizeof c->channel, t->link_channel);
	str_copy(c->phone, sizeof c->phone, t->in.phone);
	str_copy(c->user, sizeof c->user, t->link_user);
	c->linked = true;
	c->proven_for = t->sub.customer_id;
	c->proven_ms = now;
	t->link_hands = c->hands;
	if (c->window_until < t->link_window)
		c->window_until = t->link_window;
}

static void
on_phone_chat(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_key key = key_of(STORE_CHAT, t->owner, t->link_channel);
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(task->gw, 0);
	struct chat *chat;
	struct rev rev;

	if (e->end != STORE_DONE) {
		turn_outcome(t, "failed");
		return;
	}
	chat = xcalloc(1, sizeof *chat);
	rev_loaded(&rev, &e->v[0]);
	(void)chat_load(&e->v[0], chat);
	take_over(t, chat, &e->v[1], &c);
	chat_encode(chat, b);
	commit_put(task->gw, &c, &key, &rev, b, 0);
	if (chat_waiting(chat) == 0 && t->h.handed == HANDED_NOT)
		commit_list_remove(&c, STORE_DUE, &key);
	mem_wipe(chat, sizeof *chat);
	free(chat);
	task_commit(task, &c, on_phone_chat_saved);
}

static void
load_phone_chat(struct turn *t)
{
	struct store_key keys[2] = { key_of(STORE_CHAT, t->owner, t->link_channel),
		key_of(STORE_SESSION, t->owner, t->link_channel) };

	task_load(turn_task(t), keys, 2, on_phone_chat);
}

/* ---- the code ---- */

static bool
has_channel(const struct turn *t, const char *name)
{
	const struct settings *s = t->w.task.gw->settings;

	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].tenant == t->tenant && s->channels[i].kind == CHANNEL_WHATSAPP &&
		    strcmp(s->channels[i].name, name) == 0)
			return true;
	return false;
}

static void
on_code(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct chat *c;
	bool good;

	if (e->end != STORE_DONE) {
		turn_outcome(t, "failed");
		return;
	}
	c = xcalloc(1, sizeof *c);
	good = chat_load(&e->v[0], c) && c->user[0] != '\0' && task->gw->now < c->said_ms && has_channel(t, c->channel);
	if (good) {
		rev_loaded(&t->link_rev, &e->v[0]);
		str_copy(t->link_user, sizeof t->link_user, c->user);
		str_copy(t->link_channel, sizeof t->link_channel, c->channel);
		t->link_window = c->window_until;
	}
	mem_wipe(c, sizeof *c);
	free(c);
	t->tries = 0;
	if (good)
		load_phone_chat(t);
	else
		turn_outcome(t, "wrong");
}

void
call_chat_link(struct turn *t)
{
	struct store_key key = chat_link_key(t->settings, vars_get(turn_vars(t), "link_code"));

	task_load(turn_task(t), &key, 1, on_code);
}
