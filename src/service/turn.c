/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a turn: it waits for those before it of its phone, loads, goes through the menu, is saved and answered.
 * What the customer is told is saved before it is said; the save compares the version that was loaded. Which dialogue
 * and which input it is, and whether it was taken before, is turn_dialogue.c.
 */
#include "service/turn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/http_dialect.h"
#include "service/chat.h"
#include "service/inbound.h"
#include "service/versions.h"

#define RESTARTS 4
#define QUEUE_MAX 4		/* inputs of one phone waiting for the one being worked on */
#define SCREEN_MS 500		/* to keep a last screen and bring it to its provider */

/* ---- the answer ---- */

void
turn_reply(struct turn *t, const char *text, bool end)
{
	const struct ports *p = t->w.task.gw->ports;
	struct reply r = { text, end };

	if (!t->replied && t->in.by == TURN_BY_SMS)
		inbound_answer(t->w.task.gw, t->in.turn, &r);
	else if (!t->replied && t->in.by == TURN_BY_CHAT)
		chat_answer(t->w.task.gw, t->in.turn, &r, t->s.proven ? t->sub.customer_id : 0);
	else if (!t->replied && t->in.turn != 0)
		p->reply(p->ctx, t->in.turn, &r);
	t->replied = true;
}

const char *
turn_plain_text(const struct turn *t, const char *key)
{
	const struct gateway *gw = t->w.task.gw;
	const char *lang = t->s.dlg.lang[0] != '\0' ? t->s.dlg.lang : t->sub.lang;
	const char *text = texts_find(gw->contents[t->tenant].texts, lang, t->settings->languages[0], key);

	return text != NULL ? text : "Sorry, please try again later.";
}

/* Says nothing about money: what an earlier delivery of the same input did is not known here. */
void
turn_apologise_with(struct turn *t, const char *key, const char *why)
{
	static struct log_limit limit;
	unsigned held;

	/* Nobody waits for the answer to a hang-up. */
	if (t->in.kind != TURN_ABORT) {
		metric_add(M_TURNS_FAILED, 1);
		if (!log_limited(&limit, &held))
			log_warn(t->w.task.id, "turn failed", "channel=%s why=\"%s\" more=%u", t->channel->name, why,
			    held);
	}
	/* An SMS is not apologised for: the network delivers it again. What was written in a chat stays in its queue. */
	turn_reply(t, t->in.by != TURN_BY_PORT ? NULL : t->in.kind == TURN_PUSH ? "" : turn_plain_text(t, key), true);
	task_end(turn_task(t));
}

void
turn_apologise(struct turn *t, const char *why)
{
	turn_apologise_with(t, "error.internal", why);
}

/* ---- the queue of one phone ---- */

static void
turn_end(struct task *task)
{
	struct turn *t = turn_of(task), *next = NULL;
	struct gateway *gw = task->gw;
	struct list *it, *nx;

	/* When the whole gateway ends nobody is first any more: those that wait are let go, and end by themselves. */
	bool goes_on = map_get(gw->phones, t->owner, strlen(t->owner)) == t;

	if (goes_on)
		map_remove(gw->phones, t->owner, strlen(t->owner));
	LIST_EACH(it, nx, &t->queue) {
		struct turn *w = LIST_OF(it, struct turn, waiting);

		list_remove(it);
		if (goes_on && next == NULL) {
			next = w;
			map_put(gw->phones, next->owner, strlen(next->owner), next);
		} else if (next != NULL)
			list_add_tail(&next->queue, it);
	}
	list_remove(&t->waiting);
	if (goes_on && t->pin_next.w.kind != PIN_WRITE_NONE)
		pin_writing_start(gw, t->tenant, t->owner, &t->pin_next, 0);
	version_let_go(gw, t->version);
	gw->turns--;
	gw->tenants[t->tenant].turns--;
	if (t->request != NULL)
		mem_wipe(t->request, sizeof *t->request);
	free(t->request);
	mem_wipe(t, sizeof *t);
	free(t);
	if (next != NULL)
		turn_load(next);
}

bool
turn_take_version(struct turn *t, struct version *v)
{
	struct gateway *gw = t->w.task.gw;
	const struct menu *menu = v == NULL ? NULL : t->in.by == TURN_BY_SMS ? v->content.sms_menu : v->content.menu;

	if (menu == NULL) {
		version_let_go(gw, v);
		return false;
	}
	version_let_go(gw, t->version);
	t->version = v;
	t->menu = menu;
	t->texts = v->content.texts;
	return true;
}

/*
 * A provider over HTTP may wait for less than a turn may take. Its customer gets the last screen in time: of one that
 * comes after he was sent away nobody would know that it told nothing.
 */
static int64_t
budget_ms(const struct gateway *gw, const struct channel_settings *c)
{
	int64_t ms = gw->settings->turn_budget_ms, patience = 0;

	if (c->kind == CHANNEL_USSD_HTTP)
		patience = http_dialect_patience(c->dialect, c->answer_ms);
	return patience > 0 && patience - SCREEN_MS < ms ? patience - SCREEN_MS : ms;
}

static struct turn *
turn_new(struct gateway *gw, const struct turn_in *in)
{
	struct turn *t = xcalloc(1, sizeof *t);

	t->in = *in;
	t->channel = &gw->settings->channels[in->channel];
	t->tenant = t->channel->tenant;
	t->settings = &gw->settings->tenants[t->tenant];
	t->too_long = !str_copy(t->text, sizeof t->text, in->text != NULL ? in->text : "");
	if (in->service_code == NULL || !str_copy(t->service_code, sizeof t->service_code, in->service_code))
		t->service_code[0] = '\0';
	if (in->media != NULL) {
		t->media = *in->media;
		t->in.media = &t->media;
	}
	t->in.text = t->text;
	t->in.service_code = t->service_code;
	str_format(t->owner, sizeof t->owner, "%s/%s", t->settings->name, in->phone);
	t->deadline = gw->now + budget_ms(gw, t->channel);
	t->w.heard = turn_intent_settled;
	list_init(&t->queue);
	list_init(&t->waiting);
	gw->turns++;
	gw->tenants[t->tenant].turns++;
	task_start(gw, turn_task(t), turn_end);
	task_for(turn_task(t), t->owner);
	(void)turn_take_version(t, version_hold(gw, t->tenant, NULL));
	return t;
}

static size_t
list_length(const struct list *l)
{
	size_t n = 0;

	for (const struct list *it = l->next; it != l; it = it->next)
		n++;
	return n;
}

/* The input before this one is still being worked on, and nobody waits for a screen any longer. */
static void
on_queued_too_long(struct task *task, const struct event *e)
{
	(void)e;
	turn_apologise_with(turn_of(task), "error.session_lost", "the input before it takes too long");
}

void
gateway_turn(struct gateway *gw, int64_t now, const struct turn_in *in)
{
	struct turn *t, *first;

	gw->now = now;
	metric_add(M_TURNS, 1);
	t = turn_new(gw, in);
	first = map_get(gw->phones, t->owner, strlen(t->owner));
	if (t->too_long)
		turn_apologise_with(t, "error.session_lost", "the input is too long");
	else if (gw->tenants[t->tenant].turns > (unsigned)gw->settings->max_turns) {
		metric_add(M_TURNS_REFUSED, 1);
		turn_apologise_with(t, "error.busy", "too many turns");
	} else if (first != NULL && list_length(&first->queue) >= QUEUE_MAX) {
		/* What the input before this one came to is not known here: nothing is said about it. */
		metric_add(M_TURNS_REFUSED, 1);
		turn_apologise_with(t, "error.session_lost", "too many inputs of one phone");
	} else if (first != NULL) {
		list_add_tail(&first->queue, &t->waiting);
		task_sleep(turn_task(t), t->deadline, on_queued_too_long);
	} else {
		map_put(gw->phones, t->owner, strlen(t->owner), t);
		turn_load(t);
	}
}

/* ---- saving ---- */

struct store_key
turn_chat_key(const struct turn *t)
{
	return key_of(STORE_CHAT, t->owner, t->channel->name);
}

int64_t
turn_session_ms(const struct turn *t)
{
	int s = t->in.by == TURN_BY_SMS ? t->settings->sms_session_s : t->channel->session_s;

	return (int64_t)s * 1000;
}

static struct store_key
session_key(const struct turn *t)
{
	return key_of(STORE_SESSION, t->owner, t->channel->name);
}

static void
add_session(struct turn *t, struct store_commit *c)
{
	struct gateway *gw = t->w.task.gw;
	struct store_key key = session_key(t);
	struct buf *b = scratch(gw, 0);

	t->s.touched_ms = gw->now;
	if (t->in.by == TURN_BY_CHAT) {
		t->s.expires_ms = gw->now + turn_session_ms(t);	/* of silence */
		key = turn_chat_key(t);
		commit_check(c, &key, &t->chat_rev);	/* the input is still the first that waits */
		key = session_key(t);
	}
	str_copy(t->s.tenant, sizeof t->s.tenant, t->settings->name);
	if (strcmp(t->s.dlg.version, menu_version(t->menu)) == 0)
		t->s.resume_s = menu_resume(t->menu, &t->s.dlg) == NULL ? 0 :
		    menu_resume_s(t->menu) >= 0 ? menu_resume_s(t->menu) : gw->settings->resume_grace_s;
	session_encode(&t->s, b);
	commit_put(gw, c, &key, &t->s_rev, b, 0);
}

void
turn_add_records(struct turn *t, struct store_commit *c)
{
	struct gateway *gw = t->w.task.gw;
	struct store_key key;
	struct buf *b;

	add_session(t, c);
	if (t->sub_dirty) {
		key = key_of(STORE_SUBSCRIBER, t->owner, "");
		b = scratch(gw, 1);
		subscriber_encode(&t->sub, b);
		commit_put(gw, c, &key, &t->sub_rev, b, 0);
	}
	if (t->h_dirty) {
		key = key_of(STORE_HANDED, t->owner, "");
		b = scratch(gw, 6);
		session_encode(&t->h, b);
		commit_put(gw, c, &key, &t->h_rev, b, 0);
	}
	if (t->goes_back) {
		key = key_of(STORE_CHAT, t->owner, t->h.chat);
		commit_list_add(c, STORE_DUE, &key, gw->now);
	}
	if (t->intent_dirty) {
		key = key_of(STORE_INTENT, t->owner, t->intent.id);
		b = scratch(gw, 2);
		intent_encode(&t->intent, b);
		commit_put(gw, c, &key, &t->intent_rev, b, 0);
	}
	if (t->other_dirty) {
		key = key_of(STORE_INTENT, t->owner, t->other.id);
		b = scratch(gw, 5);
		intent_encode(&t->other, b);
		commit_put(gw, c, &key, &t->other_rev, b, 0);
	}
}

void
turn_saved(struct turn *t)
{
	rev_saved(&t->s_rev);
	if (t->sub_dirty)
		rev_saved(&t->sub_rev);
	if (t->h_dirty)
		rev_saved(&t->h_rev);
	t->h_dirty = false;
	if (t->intent_dirty)
		rev_saved(&t->intent_rev);
	if (t->other_dirty)
		rev_saved(&t->other_rev);
	t->sub_dirty = t->intent_dirty = t->other_dirty = false;
}

void
turn_restart(struct turn *t, const char *why)
{
	metric_add(M_SESSION_CONFLICTS, 1);
	if (++t->restarts > RESTARTS || t->w.task.gw->now >= t->deadline)
		turn_apologise_with(t, "error.session_lost", why);
	else {
		t->sub_dirty = t->intent_dirty = t->other_dirty = t->claimed = t->h_dirty = false;
		t->goes_back = t->calls_up = false;
		t->has_intent = t->has_other = false;
		turn_load(t);
	}
}

static void
on_finished(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE || t->irrevocable) {
		/* What moved is told even where its screen could not be kept: the intent's record is the truth. */
		if (e->end != STORE_DONE)
			log_warn(task->id, "answer not kept", "channel=%s", t->channel->name);
		else
			turn_handed_saved(t);
		turn_reply(t, t->s.answer, t->s.answer_end);
		task_end(task);
	} else if (e->end == STORE_CONFLICT)
		turn_restart(t, "somebody else was faster");
	else
		turn_apologise_with(t, "error.session_lost", "could not be saved");
}

/* Only an answered input is behind us: one whose turn broke off is taken once more. */
static void
consume(struct turn *t)
{
	t->s.consumed = (int64_t)strlen(t->text);
	t->s.consumed_mac_len = sizeof t->s.consumed_mac;
	gateway_mac(t->w.task.gw, "history", t->text, t->s.consumed_mac);
}

void
turn_save(struct turn *t)
{
	struct store_commit c = { .n = 0 };

	turn_add_records(t, &c);
	task_commit(turn_task(t), &c, on_finished);
}

void
turn_keep_answer(struct turn *t)
{
	if (t->tells_of_hands)
		turn_tell_of_hands(t);
	t->s.ended = t->s.answer_end;
	str_copy(t->s.turn_key, sizeof t->s.turn_key, t->in.key);
	if (t->in.history)
		consume(t);
	t->s.claim_key[0] = '\0';
	t->s.claim_until = 0;
	if (t->s.chat[0] != '\0' && t->s.answer_end)
		turn_give_back(t, t->screen_goes_back);
	turn_leave_trail(t);
	turn_save(t);
}

void
turn_finish(struct turn *t)
{
	if (turn_must_hand_over(t)) {
		turn_hand_over(t);
		turn_keep_answer(t);
		return;
	}
	/* The one that was handed over was not to be had any more: the phone was shown another. */
	if (t->s.chat[0] != '\0' && t->s.intent[0] != '\0' && strcmp(t->h.intent, t->s.intent) != 0)
		t->h_dirty = str_copy(t->h.intent, sizeof t->h.intent, t->s.intent);
	t->screen_goes_back = t->s.chat[0] != '\0' && t->step.kind == STEP_SHOW && !menu_asks_pin(t->menu, &t->s.dlg);
	if (t->screen_goes_back) {
		turn_end_with(t, "chat.on_phone");
		return;
	}
	str_copy(t->s.answer, sizeof t->s.answer, t->step.text);
	t->s.answer_end = t->step.kind == STEP_END;
	turn_keep_answer(t);
}

void
turn_end_with(struct turn *t, const char *key)
{
	str_copy(t->s.answer, sizeof t->s.answer, turn_plain_text(t, key));
	t->s.answer_end = true;
	turn_keep_answer(t);
}

void
turn_answer_early(struct turn *t, const char *key)
{
	if (t->replied)
		return;
	str_copy(t->s.answer, sizeof t->s.answer, turn_plain_text(t, key));
	t->s.answer_end = true;
	turn_reply(t, t->s.answer, true);
}

void
turn_close(struct turn *t)
{
	t->irrevocable = true;
	turn_keep_answer(t);
}

/* ---- the menu ---- */

static void
perform(struct turn *t)
{
	switch (t->step.kind) {
	case STEP_SHOW:
		if (t->step.intent != NULL) {
			turn_show_intent(t);
			break;
		}
		turn_leave_intent(t, INTENT_LAPSED);
		turn_finish(t);
		break;
	case STEP_END:
		turn_leave_intent(t, INTENT_LAPSED);
		turn_finish(t);
		break;
	case STEP_CALL:
		turn_call(t);
		break;
	case STEP_ACCEPT:
		turn_accept_intent(t);
		break;
	case STEP_DECLINE:
		turn_decline_intent(t);
		break;
	}
}

/* Each input has its own: what was tapped on the screen before is known by it. */
static void
mark_screen(const struct turn *t, char mark[CHAT_MARK])
{
	unsigned char mac[16];

	gateway_mac(t->w.task.gw, "screen", t->in.key, mac);
	str_hex(mac, (CHAT_MARK - 1) / 2, mark);
}

void
turn_feed(struct turn *t, enum menu_in kind, const char *text)
{
	struct gateway *gw = t->w.task.gw;
	struct menu_input in = { kind, text };
	char today[9], mark[CHAT_MARK];
	struct menu_env env = {
		.texts = t->texts,
		.text_env = { .country = t->settings->country, .utc_offset_s = calendar_offset_s(gw->now) },
		.fallback_lang = t->settings->languages[0],
		.languages = (const char (*)[8])t->settings->languages,
		.languages_n = t->settings->languages_n,
		.country = t->settings->country,
		.phone = t->in.phone,
		.today = today,
		.pin_length = t->settings->pin_length,
		.max_septets = t->channel->max_septets,
		.mac_key = gw->mac_key,
		.chat = t->in.by == TURN_BY_CHAT ? mark : NULL,
	};

	if (t->in.by == TURN_BY_CHAT)
		mark_screen(t, mark);
	calendar_day(gw->now, today);
	mem_wipe(t->step.secret, sizeof t->step.secret);
	menu_step(t->menu, &t->s.dlg, &in, &env, &t->step);
	perform(t);
}

/* ---- loading ---- */

static bool
take_intent(const struct store_value *v, struct intent *i, struct rev *rev, bool *has)
{
	*has = v->present && !v->damaged && intent_decode(v->p, v->len, i);
	if (*has)
		rev_loaded(rev, v);
	return *has || !v->present;
}

static void
on_intents_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end != STORE_DONE || !take_intent(&e->v[0], &t->intent, &t->intent_rev, &t->has_intent) ||
	    (e->n > 1 && !take_intent(&e->v[1], &t->other, &t->other_rev, &t->has_other)))
		turn_apologise_with(t, "error.session_lost", "the open intent could not be read");
	else
		turn_proceed(t);
}

/* The intent of this dialogue's confirm screen, and the open one where that is another. */
static void
load_intents(struct turn *t)
{
	const char *ours = turn_takes_handed(t) || t->in.kind == TURN_RETURN || t->s.handed != HANDED_NOT ? t->h.intent :
	    t->s.intent;
	struct store_key keys[2];
	size_t n = 0;

	if (ours[0] == '\0')
		ours = t->sub.open_intent;
	/* An SMS can be forged: no payment is even looked at. */
	if (ours[0] == '\0' || t->in.by == TURN_BY_SMS) {
		turn_proceed(t);
		return;
	}
	keys[n++] = key_of(STORE_INTENT, t->owner, ours);
	if (t->sub.open_intent[0] != '\0' && strcmp(t->sub.open_intent, ours) != 0)
		keys[n++] = key_of(STORE_INTENT, t->owner, t->sub.open_intent);
	task_load(turn_task(t), keys, n, on_intents_loaded);
}

static void
on_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct store_value *s, *sub;
	char today[9];

	if (e->end != STORE_DONE) {
		turn_apologise_with(t, "error.session_lost", "the store does not answer");
		return;
	}
	s = &e->v[0];
	sub = &e->v[1];
	turn_take_handed_record(t, e->n > 2 ? &e->v[2] : NULL);
	rev_loaded(&t->s_rev, s);
	rev_loaded(&t->sub_rev, sub);
	if (sub->damaged || (sub->present && !subscriber_decode(sub->p, sub->len, &t->sub))) {
		turn_apologise_with(t, "error.session_lost", "the subscriber's record is damaged");
		return;
	}
	if (!sub->present)
		memset(&t->sub, 0, sizeof t->sub);
	if (t->in.by == TURN_BY_CHAT && !turn_is_next(t, &e->v[3])) {
		turn_apologise(t, "another process was faster with this input of a chat");
		return;
	}
	calendar_day(task->gw->now, today);
	subscriber_new_day(&t->sub, today);
	turn_see_sim(t);
	if (!s->present || s->damaged || !session_decode(s->p, s->len, &t->s))
		memset(&t->s, 0, sizeof t->s);	/* a damaged dialogue is begun again, over the old version */
	load_intents(t);
}

void
turn_load(struct turn *t)
{
	struct store_key keys[4] = { session_key(t), key_of(STORE_SUBSCRIBER, t->owner, ""),
		key_of(STORE_HANDED, t->owner, ""), turn_chat_key(t) };

	task_load(turn_task(t), keys, t->in.by == TURN_BY_CHAT ? 4 : turn_has_chats(t) ? 3 : 2, on_loaded);
}
