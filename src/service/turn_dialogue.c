/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which dialogue a turn belongs to and which input it brings. A turn happens once (design rule 4): a repeated input
 * gets the stored answer, and a turn that asks the wallet core saves a claim first, so that nobody else works on it
 * meanwhile.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "base/str.h"
#include "core/edition.h"
#include "service/turn.h"
#include "service/versions.h"

#define CLAIM_POLL_MS 150
#define CLAIM_KEY sizeof(((struct session *)0)->claim_key)
#define CLAIM_MARGIN_MS 3000
#define TWIN_MS 10000		/* the input that ended a dialogue, again so soon, is not meant for a new one */
#define REPEAT_MS 60000		/* a dialogue that is over: its id may be used again for a new one */

/* ---- the version that a dialogue stays on ---- */

bool
turn_is_of_version(const struct turn *t)
{
	return strcmp(t->s.dlg.version, menu_version(t->menu)) == 0;
}

static void
on_version(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	/* The dialogue stays as it was: the next input finds it. */
	if (e->kind != EV_CONTENT || e->end != STORE_DONE)
		turn_apologise_with(t, "error.session_lost", "the version of its menu could not be loaded");
	else {
		if (!turn_take_version(t, version_hold(task->gw, t->tenant, t->s.dlg.version)))
			metric_add(M_VERSIONS_MISSED, 1);
		t->in_version(t);
	}
}

void
turn_in_its_version(struct turn *t, turn_fn *then)
{
	struct version *v = version_hold(t->w.task.gw, t->tenant, t->s.dlg.version);

	if (v != NULL || !edition_version_ok(t->s.dlg.version)) {
		(void)turn_take_version(t, v);
		then(t);
		return;
	}
	t->in_version = then;
	version_await(turn_task(t), t->tenant, t->s.dlg.version, t->deadline, on_version);
}

/* ---- the beginning ---- */

void
turn_new_dialogue(struct turn *t)
{
	str_copy(t->s.dialogue, sizeof t->s.dialogue, t->in.dialogue);
	t->s.ended = t->s.proven = t->s.asks_pin = false;
	t->s.handed = HANDED_NOT;
	t->s.chat[0] = '\0';
	t->s.expires_ms = t->w.task.gw->now + turn_session_ms(t);
	t->s.turn_key[0] = t->s.claim_key[0] = '\0';
	t->s.consumed = t->s.consumed_mac_len = t->s.input_mac_len = 0;
	t->s.uncounted = false;
}

void
turn_begin_at(struct turn *t, const char *from)
{
	struct gateway *gw = t->w.task.gw;
	struct vars *v = turn_vars(t);

	if (from == NULL) {
		memset(v, 0, sizeof *v);
		(void)turn_take_version(t, version_hold(gw, t->tenant, NULL));
	}
	turn_leave_intent(t, INTENT_LAPSED);
	turn_new_dialogue(t);
	if (t->sub.lang[0] != '\0')
		str_copy(t->s.dlg.lang, sizeof t->s.dlg.lang, t->sub.lang);
	else
		t->s.dlg.lang[0] = '\0';
	vars_set(v, "phone", t->in.phone);
	vars_set(v, "service_code", t->service_code);
	vars_set(v, "help_phone", t->settings->help_phone);
	vars_set(v, "title", t->settings->title);
	vars_set(v, "channel", t->in.by == TURN_BY_CHAT ? "whatsapp" : t->in.by == TURN_BY_SMS ? "sms" : "ussd");
	vars_set(v, "had_pin", t->sub.has_pin ? "1" : "");
	vars_set(v, "chats", channel_is_ussd(t->channel->kind) && turn_has_chats(t) ? "1" : "");
	vars_unset(v, "authed");
	vars_unset(v, "login");
	vars_unset(v, "reset_ok");
	metric_add(M_RESUMES_OFFERED, from != NULL);
	turn_feed(t, from != NULL ? MENU_RESUME : MENU_BEGIN, t->in.kind == TURN_PUSH ? t->text : from);
}

static void
resume(struct turn *t)
{
	turn_begin_at(t, turn_is_of_version(t) ? menu_resume(t->menu, &t->s.dlg) : NULL);
}

/* Looked at when it is offered, and when the offer is taken: much can happen on another channel meanwhile. */
static bool
may_go_on(struct turn *t)
{
	/* A sign-up that came to its end without its last screen, or still goes on by itself, is not gone on with. */
	bool same_person = vars_has(turn_vars(t), "had_pin") == t->sub.has_pin && !t->sub.signup_open;

	/* What became of a payment comes first, and is told where a dialogue begins. */
	return same_person && !turn_has_news(t);
}

static void
begin(struct turn *t)
{
	if (turn_takes_handed(t))
		turn_take_handed(t);
	else if (t->in.kind == TURN_PUSH && t->text[0] == '\0') {
		turn_reply(t, "", true);	/* taken meanwhile, or over */
		task_end(turn_task(t));
	} else if (t->in.kind != TURN_PUSH && t->w.task.gw->now < session_resumable_until(&t->s) && may_go_on(t))
		turn_in_its_version(t, resume);
	else
		turn_begin_at(t, NULL);
}

static void
go_on(struct turn *t)
{
	if (turn_was_called_off(t)) {
		turn_call_off(t);
		return;
	}
	if (t->s.asks_pin && t->s.chat[0] != '\0' && turn_is_of_version(t)) {
		turn_answer_pin(t, t->input);
		return;
	}
	/* Whoever has just confirmed must not take the first screen for the answer. */
	if (!turn_is_of_version(t) && t->s.intent[0] != '\0') {
		turn_confirm_lost(t);
		return;
	}
	if (!turn_is_of_version(t) || (t->s.dlg.offer[0] != '\0' && !may_go_on(t))) {
		turn_begin_at(t, NULL);
		return;
	}
	metric_add(M_RESUMES_TAKEN, t->s.dlg.offer[0] != '\0' && strcmp(t->input, "1") == 0);
	if (t->in.by == TURN_BY_CHAT && (t->s.handed != HANDED_NOT || turn_chat_hides_pin(t)))
		turn_begin_at(t, NULL);		/* what it had handed over is gone */
	else if (t->in.by == TURN_BY_CHAT)
		turn_take_chat(t);
	else
		turn_feed(t, MENU_TEXT, t->input);
}

static void
hang_up(struct turn *t, bool known)
{
	turn_reply(t, "", true);
	if (!known) {
		task_end(turn_task(t));
		return;
	}
	/* The dialogue itself stays as it was, to be resumed; only the network's side of it is over. */
	if (t->s.chat[0] != '\0')
		turn_handed_hang_up(t);
	turn_leave_intent(t, INTENT_DECLINED);
	t->s.expires_ms = t->w.task.gw->now;
	turn_leave_trail(t);
	t->irrevocable = true;
	turn_save(t);
}

static void
on_claim_waited(struct task *task, const struct event *e)
{
	(void)e;
	turn_load(turn_of(task));
}

static void
repeated(struct turn *t)
{
	metric_add(M_TURNS_REPEATED, 1);
	turn_reply(t, t->s.answer, t->s.answer_end);
	task_end(turn_task(t));
}

/* The newest answer in a history joined by '*', or NULL when nothing new is in it. An answer may hold a '*' itself. */
static const char *
newest(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	size_t len = strlen(t->text), used = (size_t)t->s.consumed;
	unsigned char mac[16];
	char kept = '\0';
	const char *input = t->text + used;

	if (len <= used && !(used == 0 && t->s.consumed_mac_len == 0))
		return NULL;
	if (used > 0) {
		kept = t->text[used];
		t->text[used] = '\0';
		gateway_mac(gw, "history", t->text, mac);
		t->text[used] = kept;
		if (!str_equal_secret(mac, t->s.consumed_mac, sizeof mac) || kept != '*')
			return NULL;
		input++;
	}
	return input;
}

bool
turn_same_dialogue(const struct turn *t)
{
	const struct session *s = &t->s;

	if (rev_absent(&t->s_rev) || s->ended || t->w.task.gw->now >= s->expires_ms)
		return false;
	return strcmp(s->dialogue, t->in.dialogue) == 0;
}

/* The first word of a phone in a dialogue that we began brings the network's id of it. */
static void
adopt(struct turn *t)
{
	if (t->in.kind != TURN_BEGIN && t->in.kind != TURN_PUSH && !rev_absent(&t->s_rev) &&
	    strcmp(t->s.dialogue, TURN_PUSHED) == 0)
		str_copy(t->s.dialogue, sizeof t->s.dialogue, t->in.dialogue);
}

/* A phone that is in a dialogue is left alone, and so is one that can do nothing. */
static void
push(struct turn *t)
{
	if (turn_is_frozen(t) || (!rev_absent(&t->s_rev) && !t->s.ended && t->w.task.gw->now < t->s.expires_ms)) {
		turn_reply(t, "", true);
		task_end(turn_task(t));
	} else {
		begin(t);
	}
}

/* The peer answers with the number that it began with: its numbers identify nothing. */
static bool
counts_turns(struct turn *t)
{
	if (t->s.uncounted)
		return false;
	if (t->in.kind == TURN_INPUT && t->in.key[0] != '\0' && t->s.turn_key[0] == 'b' &&
	    strcmp(t->s.turn_key + 1, t->in.key + 1) == 0) {
		t->s.uncounted = true;
		return false;
	}
	return t->in.key[0] != '\0';
}

/* Came again behind a later one: a network that repeats may be overtaken by its customer. */
static bool
is_older(const struct turn *t)
{
	int64_t last, number;

	return t->in.counts_up && t->in.kind == TURN_INPUT && t->s.turn_key[0] == t->in.key[0] &&
	    str_to_i64(t->s.turn_key + 1, 0, INT64_MAX, &last) && str_to_i64(t->in.key + 1, 0, INT64_MAX, &number) &&
	    number < last;
}

/*
 * The input before this one, once more, where nothing but its text tells: a network that delivers the amount twice must
 * not confirm with it, nor begin a new dialogue with what ended the last one. Once: who types it again means it.
 */
static bool
is_twin(struct turn *t, const char *input, bool was, bool same)
{
	char text[TURN_TEXT + STORE_OWNER];
	unsigned char mac[16];
	bool equal;

	str_format(text, sizeof text, "%s/%s", t->owner, input);	/* one customer's PIN is like no other's */
	gateway_mac(t->w.task.gw, "input", text, mac);
	mem_wipe(text, sizeof text);
	equal = was && t->s.input_mac_len == sizeof mac && str_equal_secret(mac, t->s.input_mac, sizeof mac);
	memcpy(t->s.input_mac, mac, sizeof mac);
	/* What begins a dialogue is not kept: who dials again at once wants a new one. */
	t->s.input_mac_len = same && !equal ? sizeof mac : 0;
	if (!equal)
		return false;
	return same ? t->s.intent[0] != '\0' : t->s.ended && t->w.task.gw->now - t->s.touched_ms < TWIN_MS;
}

static void
claim_key(const struct turn *t, char out[CLAIM_KEY])
{
	str_format(out, CLAIM_KEY, "%s:%016" PRIx64, t->w.task.gw->process, t->w.task.id);
}

static bool
claimed_elsewhere(const struct turn *t)
{
	char mine[CLAIM_KEY];

	claim_key(t, mine);
	return t->s.claim_key[0] != '\0' && strcmp(t->s.claim_key, mine) != 0 &&
	    t->w.task.gw->now < t->s.claim_until;
}

void
turn_proceed(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	const char *input = t->text, *word;
	bool was, same, counted;

	adopt(t);
	was = !rev_absent(&t->s_rev) && strcmp(t->s.dialogue, t->in.dialogue) == 0;
	same = turn_same_dialogue(t);
	if (t->in.kind == TURN_PUSH) {
		push(t);
		return;
	}
	if (t->in.kind == TURN_ABORT) {
		hang_up(t, same);
		return;
	}
	if (was && same && claimed_elsewhere(t)) {
		if (gw->now + CLAIM_POLL_MS < t->deadline)
			task_sleep(turn_task(t), gw->now + CLAIM_POLL_MS, on_claim_waited);
		else
			turn_apologise_with(t, "error.session_lost", "another process is still at it");
		return;
	}
	counted = t->in.history || (t->in.dialogue[0] != '\0' && counts_turns(t));
	/* No other input of a chat ever has its key. */
	if (was && (same || t->in.by == TURN_BY_CHAT || gw->now - t->s.touched_ms < REPEAT_MS) && !t->in.history && counted &&
	    (strcmp(t->s.turn_key, t->in.key) == 0 || is_older(t))) {
		repeated(t);
		return;
	}
	if (!counted && t->in.by == TURN_BY_PORT && t->in.kind == TURN_INPUT && is_twin(t, input, was, same)) {
		metric_add(M_TURNS_REPEATED, 1);
		turn_save(t);		/* with the answer that it had */
		return;
	}
	if (t->in.history) {
		input = was ? newest(t) : t->text;
		if (was && input == NULL) {
			repeated(t);
			return;
		}
	}
	if (turn_is_frozen(t))
		turn_refuse_frozen(t);
	else if (t->in.kind == TURN_RETURN)
		turn_return(t);
	else if (t->in.by == TURN_BY_CHAT && t->h.handed != HANDED_NOT && t->s.handed != HANDED_NOT) {
		t->input = input;
		turn_while_handed(t);
	} else if (!same && (word = turn_obey_word(t, input)) != NULL)
		turn_answer_word(t, word);
	else if (!same || t->in.kind == TURN_BEGIN)
		begin(t);
	else {
		t->input = input;
		turn_in_its_version(t, go_on);
	}
}

/* ---- the claim ---- */

void
turn_mark_claim(struct turn *t)
{
	claim_key(t, t->s.claim_key);
	t->s.claim_until = t->deadline + CLAIM_MARGIN_MS;
}

static void
on_claimed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_CONFLICT)
		turn_restart(t, "somebody else took this turn");
	else if (e->end != STORE_DONE)
		turn_apologise_with(t, "error.session_lost", "the claim could not be saved");
	else {
		turn_saved(t);
		t->claimed = true;
		t->then(task, e);
	}
}

/* Before the wallet core hears of this turn: that it is being worked on, and by when it will be answered. */
void
turn_claim(struct turn *t, task_fn *then)
{
	struct store_commit c = { .n = 0 };

	t->then = then;
	turn_mark_claim(t);
	turn_add_records(t, &c);
	task_commit(turn_task(t), &c, on_claimed);
}
