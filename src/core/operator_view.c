/* SPDX-License-Identifier: Apache-2.0 */
#include "core/operator_view.h"

#include <string.h>

#include "base/str.h"
#include "core/money.h"
#include "core/wallet.h"

json_t *
operator_view_time(int64_t ms)
{
	char text[WALLET_TIME];

	return ms != 0 ? json_string(wallet_time_text(ms, text)) : json_null();
}

static void
set_time(json_t *o, const char *name, int64_t ms)
{
	if (ms != 0)
		json_object_set_new(o, name, operator_view_time(ms));
}

static void
set_text(json_t *o, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(o, name, json_string(text));
}

static void
set_number(json_t *o, const char *name, int64_t n)
{
	json_object_set_new(o, name, json_integer(n));
}

static void
set_flag(json_t *o, const char *name, bool flag)
{
	json_object_set_new(o, name, json_boolean(flag));
}

static void
set_money(json_t *o, const char *name, int64_t cents)
{
	char text[MONEY_TEXT];

	json_object_set_new(o, name, json_string(money_decimal(cents, text)));
}

static void
set_phone(json_t *o, const char *name, const char *phone)
{
	char masked[PHONE_TEXT];

	if (phone[0] != '\0')
		json_object_set_new(o, name, json_string(phone_mask(phone, masked)));
}

/* ---- payments ---- */

static const char *
core_status(const struct intent *i)
{
	static const char *const word[] = {
		"", [WSTATUS_PENDING + 1] = "PENDING", [WSTATUS_SUCCESSFUL + 1] = "SUCCESSFUL",
		[WSTATUS_CANCELLED + 1] = "CANCELLED", [WSTATUS_TIMEOUT + 1] = "TIMEOUT", [WSTATUS_ERROR + 1] = "ERROR",
	};

	return word[i->core_status];
}

static const char *
limit_word(const struct intent *i)
{
	static const char *const word[] = {
		[ILIMIT_NONE] = "", [ILIMIT_RESERVED] = "reserved", [ILIMIT_COMMITTED] = "committed",
		[ILIMIT_RELEASED] = "given_back",
	};

	return word[i->limit];
}

json_t *
operator_view_intent(const struct intent *i)
{
	json_t *o = json_object();

	set_text(o, "intent", i->id);
	set_text(o, "kind", i->kind == INTENT_TRANSFER ? "transfer" : "withdrawal");
	set_text(o, "type", i->type);
	set_text(o, "state", intent_state_name(i->state));
	set_text(o, "why", intent_why_name(i->why));
	set_text(o, "channel", i->channel);
	set_text(o, "integrator", i->integrator);
	set_phone(o, "phone", i->phone);
	set_phone(o, "to_phone", i->to_phone);
	set_money(o, "amount", i->amount);
	set_money(o, "fee", i->fee);
	set_time(o, "shown", i->shown_at);
	set_time(o, "accepted", i->accepted_at);
	set_time(o, "first_sent", i->first_send);
	set_time(o, "last_sent", i->last_send);
	set_number(o, "attempts", i->attempts);
	set_time(o, "with_a_person", i->person_at);
	set_time(o, "resolved", i->resolved_at);
	if (i->withdrawal_id != 0)
		set_number(o, "withdrawal", i->withdrawal_id);
	set_text(o, "core", core_status(i));
	set_text(o, "code", i->code);
	set_time(o, "expires", i->token_expires);
	set_time(o, "ended", i->finished_at);
	set_text(o, "limit", limit_word(i));
	if (i->kind == INTENT_WITHDRAWAL)
		set_number(o, "resends", i->resends);
	return o;
}

json_t *
operator_view_person(const struct intent *i, int64_t now)
{
	json_t *o = operator_view_intent(i);

	set_number(o, "age_s", i->person_at > 0 && i->person_at < now ? (now - i->person_at) / 1000 : 0);
	set_flag(o, "token_known", i->token[0] != '\0');
	set_flag(o, "token_sent", (i->steps & STEP_TOKEN_SMS) != 0);
	set_flag(o, "told", (i->steps & STEP_RESULT_SMS) != 0);	/* a result, by SMS or on a screen: not this one */
	return o;
}

/* ---- messages ---- */

json_t *
operator_view_message(const struct message *m)
{
	static const char *const cls[MSG_CLASSES] = {
		[MSG_TOKEN] = "token", [MSG_RESULT] = "result", [MSG_NOTICE] = "notice",
	};
	json_t *o = json_object();

	set_text(o, "message", m->id);
	set_text(o, "class", cls[m->cls]);
	set_text(o, "state", message_state_name(m->state));
	set_phone(o, "to", m->to);
	set_time(o, "at", m->created_at);
	set_number(o, "tries", m->attempts);
	set_text(o, "via", m->via);
	set_text(o, "why", m->why);
	set_text(o, "receipt", m->state == MESSAGE_DELIVERED ? "delivered" :
	    str_starts(m->why, "receipt ") ? "failed" : m->state == MESSAGE_SENT ? "awaited" : "");
	return o;
}

/* ---- operators ---- */

json_t *
operator_view_entry(const struct audit_entry *e)
{
	json_t *o = json_object();

	set_number(o, "entry", e->number);
	set_time(o, "at", e->at);
	set_text(o, "who", e->who);
	set_text(o, "act", e->act);
	set_text(o, "phone", e->phone);
	set_text(o, "intent", e->intent);
	set_text(o, "reason", e->reason);
	set_text(o, "outcome", e->outcome);
	if (e->asked != 0)
		set_number(o, "of", e->asked);
	if (e->request != 0)
		set_number(o, "request", e->request);
	set_text(o, "call", e->call);
	return o;
}

json_t *
operator_view_request(const struct request *r)
{
	json_t *o = json_object();

	set_number(o, "request", r->number);
	set_text(o, "act", r->act);
	if (strcmp(r->act, operator_acts[ACT_RESOLVE].name) == 0)
		set_text(o, "as", r->done ? "done" : "not_done");
	set_text(o, "who", r->who);
	set_time(o, "at", r->at);
	set_time(o, "lapses", r->at + REQUEST_LIFE_MS);
	set_text(o, "reason", r->reason);
	set_phone(o, "phone", r->phone);
	set_text(o, "intent", r->intent);
	set_text(o, "state", request_state_name(r->state));
	set_text(o, "decided_by", r->decided_by);
	return o;
}

/* ---- the phone ---- */

json_t *
operator_view_subscriber(const struct subscriber *s)
{
	static const char *const outcome[] = {
		[OUTCOME_NONE] = "", [OUTCOME_DONE] = "done", [OUTCOME_NOT_DONE] = "not_done",
		[OUTCOME_CHECKING] = "checking",
	};
	json_t *o = json_object();

	set_text(o, "language", s->lang);
	set_flag(o, "has_pin", s->has_pin);
	set_number(o, "customer", s->customer_id);
	set_number(o, "wallet", s->wallet_id);
	set_flag(o, "frozen", s->frozen_at != 0);
	set_time(o, "frozen_since", s->frozen_at);
	set_flag(o, "opted_out", s->opted_out);
	set_time(o, "opted_since", s->opted_out_at);
	set_text(o, "open_intent", s->open_intent);
	set_text(o, "last_outcome", outcome[s->outcome]);
	set_time(o, "last_outcome_at", s->outcome_at);
	set_time(o, "activated", s->activated_at);
	return o;
}

/* The ids are what it is found by at the wallet core, where somebody has to look for it. */
json_t *
operator_view_signup(const struct signup *s, int64_t now)
{
	static const char *const state[SIGNUP_STATES] = { "under_way", "done", "not_done" };
	static const char *const why[SIGNUP_REASONS] = { "", "taken", "refused", "failed" };
	struct signup copy = *s;
	json_t *o = json_object();
	int64_t at = 0;

	set_text(o, "state", state[s->state]);
	set_text(o, "why", why[s->why]);
	set_time(o, "begun", s->begun_at);
	if (s->state == SIGNUP_RUNNING) {
		copy.next_at = 0;
		set_text(o, "doing", signup_action_name(signup_next(&copy, now, &at)));
		set_number(o, "tries", s->tries);
		set_time(o, "next", s->next_at);
	}
	set_text(o, "customer_uid", s->uid);
	set_text(o, "wallet_uid", s->wallet_uid);
	set_number(o, "customer", s->customer_id);
	set_number(o, "wallet", s->wallet_id);
	set_flag(o, "told", s->told);
	mem_wipe(&copy, sizeof copy);
	return o;
}

json_t *
operator_view_pin(const struct pin_tries *p, int64_t now)
{
	json_t *o = json_object();

	set_flag(o, "locked", now < p->locked_until);
	set_time(o, "locked_until", p->locked_until);
	set_number(o, "wrong", p->wrong);
	set_number(o, "tries_left", now < p->locked_until ? 0 : pin_left(p));
	set_number(o, "locks", p->locks);
	return o;
}

json_t *
operator_view_limit(const struct limit *l, int64_t month, int64_t allowed)
{
	json_t *o = json_object();
	int64_t used = limit_used(l);

	set_number(o, "month", month);
	set_money(o, "used", used);
	set_money(o, "left", allowed > used ? allowed - used : 0);
	return o;
}

json_t *
operator_view_turn(const struct history_turn *t, const char *channel)
{
	json_t *o = json_object();

	set_time(o, "at", t->at);
	set_text(o, "channel", channel);
	set_text(o, "state", t->state);
	set_flag(o, "end", t->ended);
	return o;
}
