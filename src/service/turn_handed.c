/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PIN of what is begun in a chat is typed at the phone. Where the next screen of a chat wants one, the dialogue moves
 * to a record of the phone's own, in one commit with the chat's session and the payment that is shown; the phone's next
 * dialogue begins with that screen; what comes after the PIN goes back, in one commit with the end of the phone's part.
 * What was proven by the PIN does not go along. Whatever becomes of it, the chat is told: how it ended is read from the
 * record and from the payment, never from a key that was pressed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/keyword.h"
#include "service/chat.h"
#include "service/say.h"
#include "service/turn.h"

#define HANDED_MS INT64_C(600000)	/* as its texts say: 10 minutes */
#define SLACK_MS 30000			/* the network may be slow to say that a dialogue of the phone is over */
#define HOUR_MS INT64_C(3600000)

bool
turn_has_chats(const struct turn *t)
{
	const struct settings *s = t->w.task.gw->settings;

	if (t->in.by == TURN_BY_SMS)
		return false;
	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].tenant == t->tenant && s->channels[i].kind == CHANNEL_WHATSAPP)
			return true;
	return false;
}

static int
find_channel(const struct turn *t, const char *name)
{
	const struct settings *s = t->w.task.gw->settings;

	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].tenant == t->tenant && strcmp(s->channels[i].name, name) == 0)
			return i;
	return -1;
}

/* A chat keeps what is typed for ever, unless the tenant wants it all the same. */
static bool
may_take_pin(const struct turn *t)
{
	return t->in.by != TURN_BY_CHAT || chat_takes_pin(t->channel);
}

static bool
is_unpaid(const struct turn *t, const char *intent)
{
	return t->has_intent && strcmp(t->intent.id, intent) == 0 && t->intent.accepted_at == 0 &&
	    t->intent.shown_at >= t->w.task.gw->lost_ms;
}

/* What is to be said of a dialogue that came to nothing at the phone. */
static const char *
word_on(const struct turn *t, const char *intent)
{
	if (intent[0] == '\0')
		return "chat.not_entered";
	return is_unpaid(t, intent) ? "chat.unpaid" : "chat.in_doubt";
}

/* ---- out of the chat ---- */

bool
turn_chat_hides_pin(const struct turn *t)
{
	return !may_take_pin(t) && menu_asks_pin(t->menu, &t->s.dlg);
}

bool
turn_must_hand_over(const struct turn *t)
{
	return t->step.kind == STEP_SHOW && turn_chat_hides_pin(t);
}

/* A bind of this tenant by which the phone could be called up; -1: there is none. */
static int
push_channel(const struct turn *t)
{
	const struct gateway *gw = t->w.task.gw;
	const struct settings *s = gw->settings;

	if (gw->ports->push == NULL || t->settings->chat_pushes == 0)
		return -1;
	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].tenant == t->tenant && s->channels[i].kind == CHANNEL_USSD_SMPP)
			return i;
	return -1;
}

static bool
may_call_up(struct turn *t)
{
	int64_t now = t->w.task.gw->now;

	if (push_channel(t) < 0)
		return false;
	if (t->s.pushes_until <= now) {
		t->s.pushes = 0;
		t->s.pushes_until = now + HOUR_MS;
	}
	if (t->s.pushes >= t->settings->chat_pushes) {
		metric_add(M_CHAT_PUSHES_LIMITED, 1);
		return false;
	}
	t->s.pushes++;
	return t->calls_up = true;
}

/* What the chat shows meanwhile: what is to be dialled, and the ways out. */
static void
show_waiting(struct turn *t, const char *why)
{
	struct chat_screen *c = xcalloc(1, sizeof *c);
	struct vars v = { 0 };
	char again[CHAT_TITLE];
	unsigned char mac[16];

	if (!say_fill(t->w.task.gw, t->tenant, t->s.dlg.lang, why, &v, c->body, sizeof c->body))
		str_copy(c->body, sizeof c->body, turn_plain_text(t, "error.try_again"));
	gateway_mac(t->w.task.gw, "screen", t->in.key, mac);
	str_hex(mac, (CHAT_MARK - 1) / 2, c->mark);
	str_copy(c->open, sizeof c->open, turn_plain_text(t, "chat.choose"));
	str_copy(again, sizeof again, turn_plain_text(t, "chat.again"));
	if ((push_channel(t) >= 0 && !chat_screen_add(c, "1", again)) ||
	    !chat_screen_add(c, "0", turn_plain_text(t, "chat.cancel")) ||
	    !chat_screen_encode(c, t->s.answer, sizeof t->s.answer))
		log_error(t->w.task.id, "screen too long", "key=%s", why);
	t->s.answer_end = false;
	free(c);
}

void
turn_hand_over(struct turn *t)
{
	int64_t now = t->w.task.gw->now;

	memset(&t->h, 0, sizeof t->h);
	t->h.handed = HANDED_WAITING;
	t->h.dlg = t->s.dlg;
	str_copy(t->h.chat, sizeof t->h.chat, t->channel->name);
	str_format(t->h.dialogue, sizeof t->h.dialogue, "hb:%s", t->in.key);
	t->h.expires_ms = t->h.touched_ms = now;
	t->h.expires_ms += HANDED_MS;
	str_copy(t->h.tenant, sizeof t->h.tenant, t->settings->name);
	if (t->step.intent != NULL && t->has_intent && strcmp(t->s.intent, t->intent.id) == 0) {
		str_copy(t->h.intent, sizeof t->h.intent, t->intent.id);
		t->intent.shown_until = t->h.expires_ms + INTENT_SHOWN_MS;
		t->intent_dirty = true;
	}
	t->h_dirty = true;
	t->s.handed = HANDED_WAITING;
	t->s.intent[0] = '\0';
	metric_add(M_CHAT_HANDED, 1);
	show_waiting(t, may_call_up(t) ? "chat.hand_over_push" : "chat.hand_over");
}

void
turn_hand_over_call(struct turn *t)
{
	t->step.intent = NULL;
	turn_hand_over(t);
	t->h.asks_pin = true;
	turn_keep_answer(t);
}

/* ---- at the phone ---- */

bool
turn_takes_handed(const struct turn *t)
{
	return t->in.by == TURN_BY_PORT && channel_is_ussd(t->channel->kind) &&
	    (t->in.kind == TURN_BEGIN || t->in.kind == TURN_INPUT || t->in.kind == TURN_PUSH) &&
	    (t->in.kind != TURN_INPUT || !turn_same_dialogue(t)) && (t->h.handed == HANDED_WAITING || t->h.handed == HANDED_TAKEN) &&
	    t->w.task.gw->now < t->h.expires_ms;
}

/* The line, and the question below it. */
static void
ask_pin(struct turn *t, const char *line)
{
	struct gateway *gw = t->w.task.gw;
	struct vars v = { 0 };
	size_t n;

	vars_set_i64(&v, "tries_left", pin_left(&t->pin));
	vars_set_i64(&v, "pin_length", t->settings->pin_length);
	if (!say_fill(gw, t->tenant, t->s.dlg.lang, line, &v, t->s.answer, MENU_SCREEN / 2))
		t->s.answer[0] = '\0';
	n = strlen(t->s.answer);
	t->s.answer[n++] = '\n';
	if (!say_fill(gw, t->tenant, t->s.dlg.lang, "chat.enter_pin", &v, t->s.answer + n, MENU_SCREEN / 2))
		t->s.answer[0] = '\0';
	t->s.asks_pin = true;
	t->s.answer_end = false;
	turn_keep_answer(t);
}

static void
leave_pin(struct turn *t, const char *key)
{
	struct vars v = { 0 };

	t->s.asks_pin = false;
	if (!say_fill(t->w.task.gw, t->tenant, t->s.dlg.lang, key, &v, t->s.answer, MENU_SCREEN))
		str_copy(t->s.answer, sizeof t->s.answer, turn_plain_text(t, "error.try_again"));
	t->s.answer_end = true;
	turn_keep_answer(t);
}

void
turn_answer_pin(struct turn *t, const char *typed)
{
	static const char blanks[] = " \t\r\n";
	size_t n;

	typed += strspn(typed, blanks);
	n = strcspn(typed, blanks);
	if (n == 1 && typed[0] == '0')
		leave_pin(t, "chat.not_entered");
	else if (n != (size_t)t->settings->pin_length || typed[strspn(typed, "0123456789")] != '\0' ||
	    !str_copyn(t->step.secret, sizeof t->step.secret, typed, n))
		ask_pin(t, "error.pin");
	else {
		t->step.kind = STEP_CALL;
		t->step.call = "pin.check";
		turn_call(t);
	}
}

void
turn_handed_pin(struct turn *t, const char *outcome)
{
	if (strcmp(outcome, "ok") == 0) {
		t->s.asks_pin = false;
		turn_feed(t, MENU_TEXT, "");	/* at the call: it is made */
	} else if (strcmp(outcome, "wrong") == 0)
		ask_pin(t, "error.pin_wrong");
	else
		leave_pin(t, strcmp(outcome, "locked") == 0 ? "chat.locked" : strcmp(outcome, "call_help") == 0 ?
		    "error.call_help" : "error.try_again");
}

/* In the version of its menu, or what stands in for it. */
static void
taken(struct turn *t)
{
	struct vars *v = turn_vars(t);

	t->h_dirty = true;
	if (!turn_is_of_version(t)) {
		t->h.handed = HANDED_BACK;
		t->h.answer[0] = '\0';
		t->h.answer_end = true;
		str_copy(t->h.dlg.problem, sizeof t->h.dlg.problem, word_on(t, t->h.intent));
		t->s.intent[0] = '\0';
		turn_begin_at(t, NULL);
		return;
	}
	turn_new_dialogue(t);
	str_copy(t->s.chat, sizeof t->s.chat, t->h.chat);
	t->h.handed = HANDED_TAKEN;
	t->h.expires_ms = t->s.expires_ms + SLACK_MS;
	vars_set(v, "service_code", t->service_code);
	vars_set(v, "channel", "ussd");
	metric_add(M_CHAT_HANDED_TAKEN, 1);
	if (t->h.asks_pin)
		ask_pin(t, "chat.asked");
	else
		turn_feed(t, MENU_SHOW, "chat.asked");
}

void
turn_take_handed(struct turn *t)
{
	t->s.dlg = t->h.dlg;
	str_copy(t->s.intent, sizeof t->s.intent, t->h.intent);
	turn_in_its_version(t, taken);
}

bool
turn_was_called_off(const struct turn *t)
{
	return t->s.chat[0] != '\0' && (t->h.handed != HANDED_TAKEN || strcmp(t->h.chat, t->s.chat) != 0);
}

void
turn_call_off(struct turn *t)
{
	const char *word = word_on(t, t->s.intent);

	t->s.chat[0] = '\0';
	t->s.asks_pin = false;
	turn_leave_intent(t, INTENT_LAPSED);
	turn_end_with(t, word);
}

/* What was proven at the phone is not known in the chat. */
static void
go_back(struct turn *t, const char *line)
{
	t->h.handed = HANDED_BACK;
	t->h.proven_for = t->s.proven ? t->sub.customer_id : 0;
	str_copy(t->h.dlg.problem, sizeof t->h.dlg.problem, line);
	vars_unset(&t->h.dlg.vars, "authed");
	vars_unset(&t->h.dlg.vars, "login");
	vars_unset(&t->h.dlg.vars, "reset_ok");
	t->h_dirty = t->goes_back = true;
	t->s.chat[0] = '\0';
}

void
turn_give_back(struct turn *t, bool screen)
{
	const char *line = t->h.intent[0] != '\0' && is_unpaid(t, t->h.intent) ? "chat.unpaid" : "";

	/* Somebody else has ended it meanwhile: cancelled in the chat, or its number moved. */
	if (t->h.handed != HANDED_TAKEN) {
		t->s.chat[0] = '\0';
		return;
	}
	t->h.dlg = t->s.dlg;
	t->h.answer[0] = '\0';
	t->h.answer_end = !screen;
	if (!screen)
		str_copy(t->h.answer, sizeof t->h.answer, t->s.answer);
	else if (line[0] == '\0')
		line = t->s.dlg.problem;
	go_back(t, line);
}

void
turn_handed_hang_up(struct turn *t)
{
	if (t->h.handed != HANDED_TAKEN) {
		t->s.chat[0] = '\0';
		return;
	}
	/* We called it up in vain: what is to be dialled stands. */
	if (strcmp(t->in.dialogue, TURN_PUSHED) == 0) {
		t->h.handed = HANDED_WAITING;
		t->h.expires_ms = t->h.touched_ms + HANDED_MS;
		t->h_dirty = true;
		t->s.chat[0] = t->s.intent[0] = '\0';
		t->s.asks_pin = false;
		return;
	}
	t->h.answer[0] = '\0';
	t->h.answer_end = true;
	go_back(t, word_on(t, t->h.intent));
}

/* ---- in the chat, meanwhile ---- */

static void
cancel(struct turn *t)
{
	const char *word = word_on(t, t->h.intent);

	/* Confirmed at the phone: it is told from there. */
	if (strcmp(word, "chat.in_doubt") == 0) {
		show_waiting(t, word);
		t->step.kind = STEP_SHOW;
		turn_keep_answer(t);
		return;
	}
	str_copy(t->s.intent, sizeof t->s.intent, t->h.intent);
	turn_leave_intent(t, INTENT_DECLINED);
	memset(&t->h, 0, sizeof t->h);
	t->h_dirty = true;
	t->s.handed = HANDED_NOT;
	turn_end_with(t, word);
}

void
turn_while_handed(struct turn *t)
{
	char key[CHAT_KEY];
	const char *input = turn_chat_input(t, key), *why = "chat.waiting", *word;

	if (input != NULL && strcmp(input, "0") == 0 && t->h.handed != HANDED_BACK) {
		cancel(t);
		return;
	}
	if (input == NULL) {
		metric_add(M_CHAT_OLD_TAPS, 1);
		why = "chat.waiting";
	} else if (strcmp(input, "1") == 0 && t->h.handed == HANDED_WAITING && may_call_up(t))
		why = "chat.hand_over_push";
	else if ((word = turn_obey_word(t, input)) != NULL)
		why = word;
	else if (!t->in.tap && keyword_is_like_pin(input)) {
		metric_add(M_CHAT_PINS, 1);
		why = "chat.pin";
	}
	show_waiting(t, why);
	turn_keep_answer(t);
}

/* ---- back in the chat ---- */

/* The end of the dialogue there: the line, and what the phone was told last. */
static void
end_with(struct turn *t, const char *line, const char *text)
{
	struct vars v = { 0 };
	size_t n;

	t->s.answer[0] = '\0';
	if (line[0] != '\0' && !say_fill(t->w.task.gw, t->tenant, t->s.dlg.lang, line, &v, t->s.answer, CHAT_BODY))
		str_copy(t->s.answer, sizeof t->s.answer, turn_plain_text(t, "error.session_lost"));
	n = strlen(t->s.answer);
	str_format(t->s.answer + n, sizeof t->s.answer - n, "%s%s", n > 0 && text[0] != '\0' ? "\n" : "", text);
	t->s.answer_end = true;
	turn_keep_answer(t);
}

static void
shown_again(struct turn *t)
{
	char line[MENU_STATE];

	if (!turn_is_of_version(t)) {
		turn_begin_at(t, NULL);
		return;
	}
	str_copy(line, sizeof line, t->h.dlg.problem);
	turn_feed(t, MENU_SHOW, line);
}

static void
come_back(struct turn *t)
{
	t->s.dlg = t->h.dlg;
	vars_set(turn_vars(t), "channel", "whatsapp");
	if (t->h.answer_end)
		end_with(t, t->h.dlg.problem, t->h.answer);
	else
		turn_in_its_version(t, shown_again);
}

/* Nobody dialled, or nothing was heard of the phone any more: the payment is closed for good before that is said. */
static void
lapse(struct turn *t)
{
	const char *word = word_on(t, t->h.intent);

	metric_add(M_CHAT_HANDED_LAPSED, 1);
	if (strcmp(word, "chat.unpaid") == 0) {
		str_copy(t->s.intent, sizeof t->s.intent, t->h.intent);
		turn_leave_intent(t, INTENT_LAPSED);
	}
	t->h.handed = HANDED_BACK;
	t->h.answer[0] = '\0';
	t->h.answer_end = true;
	str_copy(t->h.dlg.problem, sizeof t->h.dlg.problem, word);
	t->h_dirty = true;
	come_back(t);
}

void
turn_return(struct turn *t)
{
	t->s.handed = HANDED_NOT;
	t->s.ended = false;
	str_copy(t->s.dialogue, sizeof t->s.dialogue, t->in.dialogue);
	if (t->h.handed == HANDED_BACK)
		come_back(t);
	else if (t->w.task.gw->now >= t->h.expires_ms)
		lapse(t);
	else
		turn_apologise(t, "what was handed over is still at the phone");
}

void
turn_handed_saved(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	int channel;

	if (t->calls_up && (channel = push_channel(t)) >= 0) {
		metric_add(M_CHAT_PUSHES, 1);
		gw->ports->push(gw->ports->ctx, channel, t->in.phone);
	}
	if (t->goes_back && (channel = find_channel(t, t->h.chat)) >= 0)
		chat_start(gw, channel, t->owner);
}

/* ---- loading ---- */

/* A damaged one is nothing that could be gone on with, nor is that of another chat of this phone. */
void
turn_take_handed_record(struct turn *t, const struct store_value *v)
{
	memset(&t->h_rev, 0, sizeof t->h_rev);
	if (v != NULL)
		rev_loaded(&t->h_rev, v);
	if (v == NULL || !v->present || v->damaged || !session_decode(v->p, v->len, &t->h) ||
	    (t->in.by == TURN_BY_CHAT && strcmp(t->h.chat, t->channel->name) != 0))
		memset(&t->h, 0, sizeof t->h);
}

bool
turn_is_next(struct turn *t, const struct store_value *v)
{
	struct chat *c = xcalloc(1, sizeof *c);
	struct chat_entry *first = xcalloc(1, sizeof *first);
	char key[CHAT_TURN_KEY];
	bool is;

	rev_loaded(&t->chat_rev, v);
	is = v->present && !v->damaged && chat_decode(v->p, v->len, c);
	t->tells_of_hands = is && c->untold && t->in.kind != TURN_RETURN;
	t->chat_hands = c->hands;
	t->chat_is_proven = is && chat_is_proven(c, &t->sub);
	if (t->in.kind == TURN_RETURN)
		is = is && t->h.handed != HANDED_NOT && strcmp(t->in.key, t->h.dialogue) == 0;
	else {
		is = is && chat_first(c, first);
		chat_turn_key(first->mac, key);
		is = is && strcmp(key, t->in.key) == 0;
	}
	mem_wipe(c, sizeof *c);
	mem_wipe(first, sizeof *first);
	free(c);
	free(first);
	return is;
}
