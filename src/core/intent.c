/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intent.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/follow.h"
#include "core/intent_parts.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define CANCEL_TRIES 20
#define HINT_READS 12		/* in vain, of a withdrawal that was final already: half an hour */
#define LATE_MS (72 * HOUR)	/* then it is not looked for any more */
#define FINAL_LOOKS 3		/* for a payout that follows after its limit was given back */

/* Which states may follow which; enter() is the one door. */
#define TO(s) (1u << (s))
static const unsigned next_states[INTENT_STATES] = {
	[INTENT_SHOWN] = TO(INTENT_ACCEPTED) | TO(INTENT_LAPSED) | TO(INTENT_DECLINED),
	[INTENT_ACCEPTED] = TO(INTENT_RUNNING) | TO(INTENT_NOT_DONE),
	[INTENT_RUNNING] = TO(INTENT_ACCEPTED) | TO(INTENT_ASKING) | TO(INTENT_DONE) | TO(INTENT_NOT_DONE),
	[INTENT_ASKING] = TO(INTENT_DONE) | TO(INTENT_NOT_DONE) | TO(INTENT_PERSON),
	[INTENT_DONE] = TO(INTENT_NOT_DONE) | TO(INTENT_PERSON),
	[INTENT_NOT_DONE] = TO(INTENT_PERSON),
	[INTENT_PERSON] = TO(INTENT_DONE) | TO(INTENT_NOT_DONE),
};

static void
enter(struct intent *i, enum intent_state to, enum intent_why why)
{
	if ((next_states[i->state] & TO(to)) == 0)
		fatalx("intent: %s -> %s", intent_state_name(i->state), intent_state_name(to));
	i->state = to;
	i->why = why;
}

static void
to_person(struct intent *i, enum intent_why why, int64_t now)
{
	enter(i, INTENT_PERSON, why);
	i->person_at = now;
	i->resolved_at = 0;
}

static bool
undone(const struct intent *i, int step)
{
	return (i->steps & step) == 0;
}

bool
intent_open(const struct intent *i)
{
	return i->state <= INTENT_ASKING || (i->state == INTENT_DONE && !intent_settled(i));
}

bool
intent_settled(const struct intent *i)
{
	if (i->state == INTENT_DONE && i->kind == INTENT_WITHDRAWAL && i->gateway_sends && i->counts)
		return !undone(i, STEP_TOKEN_SMS) || i->resolved_at != 0;
	return i->state >= INTENT_DONE;
}

bool
intent_accept(struct intent *i, int64_t now)
{
	if (i->state != INTENT_SHOWN || now >= i->shown_until)
		return false;
	enter(i, INTENT_ACCEPTED, WHY_NONE);
	i->accepted_at = now;
	i->not_after = now + INTENT_SEND_MS;
	return true;
}

bool
intent_leave(struct intent *i, enum intent_state to)
{
	if (i->state != INTENT_SHOWN)
		return false;
	enter(i, to, WHY_NONE);
	return true;
}

static enum intent_action
wait_or(enum intent_action a, const struct intent *i, int64_t now, int64_t *at)
{
	*at = i->next_at;
	return now < i->next_at ? DO_WAIT : a;
}

/* Asked to go away and not gone yet: cancel and read in turns, because only what was read is believed. */
static enum intent_action
next_cancel(const struct intent *i, int64_t now, int64_t *at)
{
	return wait_or(i->cancels % 2 == 0 ? DO_CANCEL : DO_FOLLOW, i, now, at);
}

/* Issued, until the customer can be told so. */
static enum intent_action
next_issued(const struct intent *i, int64_t now, int64_t *at)
{
	if (i->limit == ILIMIT_RESERVED)
		return DO_COMMIT_LIMIT;
	if (i->integrator[0] != '\0' && undone(i, STEP_REFERRED))
		return DO_REFER;
	if (i->cancel)
		return next_cancel(i, now, at);
	if (i->token[0] == '\0')
		return wait_or(DO_FOLLOW, i, now, at);
	return DO_TOKEN_SMS;
}

/* The core has spoken its last word on a withdrawal. */
static enum intent_action
next_final(const struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	bool paid_out = i->core_status - 1 == WSTATUS_SUCCESSFUL;
	enum intent_action limit = intent_next_of_limit(i, rules);

	if (limit != DO_NOTHING && !rules->limit_away)
		return limit;
	if (!paid_out && !undone(i, STEP_TOKEN_SMS) && undone(i, STEP_RECEIVER_SMS) &&
	    strcmp(i->to_phone, i->phone) != 0)
		return DO_RECEIVER_SMS;
	if (i->integrator[0] == '\0' && rules->final_sms && undone(i, STEP_FINAL_SMS))
		return DO_FINAL_SMS;
	if (limit != DO_NOTHING)
		return limit;
	if (i->limit == ILIMIT_RELEASED && i->final_looks < FINAL_LOOKS)
		return wait_or(DO_FOLLOW, i, now, at);
	return DO_NOTHING;
}

static enum intent_action
next_done(const struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	if (i->integrator[0] == '\0' && undone(i, STEP_NOTED))
		return DO_NOTE;
	if (i->integrator[0] == '\0' && undone(i, STEP_RESULT_SMS))
		return DO_RESULT_SMS;
	if (i->kind == INTENT_TRANSFER)
		return undone(i, STEP_RECEIVER_SMS) ? DO_RECEIVER_SMS : DO_NOTHING;
	/* While the core is asked to cancel it, nobody knows whether it should be sent. */
	if (i->resent < i->resends && (!i->cancel || intent_core_final(i)))
		return DO_RESEND_SMS;
	if (i->kept_told < i->kept && !intent_core_final(i))
		return DO_KEPT_SMS;
	/* Once the core has spoken its last word, that one says what counts. */
	if (i->limit == ILIMIT_RESERVED ||
	    (i->resolved_at != 0 && i->counts && i->limit != ILIMIT_COMMITTED && !intent_core_final(i)))
		return DO_COMMIT_LIMIT;
	if (i->withdrawal_id == 0)	/* a person said so: what it came to stands at the core, if that lists it */
		return intent_on_word(i) && i->asks < INTENT_LATE_LOOKS ? wait_or(DO_ASK, i, now, at) : DO_NOTHING;
	if (i->integrator[0] != '\0' && undone(i, STEP_REFERRED))
		return DO_REFER;
	if (intent_core_final(i))
		return next_final(i, rules, now, at);
	return i->cancel ? next_cancel(i, now, at) : wait_or(DO_FOLLOW, i, now, at);
}

/* It was told as not done and turned up after all: while it can be used it counts, and it is made to go away. */
static enum intent_action
next_turned_up(struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	enum intent_action limit = intent_next_of_limit(i, rules);

	if (limit != DO_NOTHING)
		return limit;
	if (!intent_core_final(i))
		return i->cancel ? next_cancel(i, now, at) : wait_or(DO_FOLLOW, i, now, at);
	if (i->core_status - 1 != WSTATUS_SUCCESSFUL)
		return DO_NOTHING;
	to_person(i, WHY_ABSENT, now);
	return i->integrator[0] == '\0' ? DO_NOTE : DO_NOTHING;
}

/* It may land later than anybody believes. What a person said of a transfer is not looked at again. */
static bool
looked_for(const struct intent *i)
{
	return i->why == WHY_ABSENT && (i->kind == INTENT_WITHDRAWAL || i->resolved_at == 0);
}

static enum intent_action
next_not_done(struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	bool paid_out = i->why == WHY_NO_TOKEN && i->core_status - 1 == WSTATUS_SUCCESSFUL;
	bool turned_up = (i->why == WHY_ABSENT || paid_out) && i->withdrawal_id != 0;
	enum intent_action limit = turned_up ? DO_NOTHING : intent_next_of_limit(i, rules);

	if (limit != DO_NOTHING && !rules->limit_away)
		return limit;
	if (i->integrator[0] == '\0' && undone(i, STEP_NOTED))
		return DO_NOTE;
	if (i->integrator[0] == '\0' && undone(i, STEP_RESULT_SMS))
		return DO_RESULT_SMS;
	if (turned_up)
		return next_turned_up(i, rules, now, at);
	if (limit != DO_NOTHING)
		return limit;
	if (looked_for(i) && i->asks < INTENT_LATE_LOOKS)
		return wait_or(DO_ASK, i, now, at);
	return DO_NOTHING;
}

static void
start_asking(struct intent *i, int64_t now)
{
	enter(i, INTENT_ASKING, WHY_NONE);
	i->asks = 0;
	i->next_at = now + SECOND;
}

/*
 * The store lost what followed the confirm: its attempt may be at the core, however long ago, and a refusal proves
 * nothing.
 */
static enum intent_action
next_of_lost(struct intent *i, int64_t now, int64_t *at)
{
	enter(i, INTENT_RUNNING, WHY_NONE);
	i->attempts = 1;
	i->first_send = i->last_send = now;
	start_asking(i, now);
	*at = i->next_at;
	return DO_WAIT;
}

/* Nothing was sent yet, or what was sent was certainly not processed. */
static enum intent_action
next_accepted(struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	bool lost = i->attempts == 0 && i->accepted_at < rules->lost_ms;

	if (now >= i->not_after && !lost) {
		enter(i, INTENT_NOT_DONE, i->why != WHY_NONE ? i->why : WHY_EXPIRED);
		return next_not_done(i, rules, now, at);
	}
	if (i->integrator[0] != '\0' && undone(i, STEP_CAPPED) && !lost)
		return DO_CAP;
	if (i->integrator[0] != '\0' && undone(i, STEP_INDEXED))
		return DO_INDEX;
	if (lost)
		return next_of_lost(i, now, at);
	if (now < i->next_at) {
		*at = i->next_at;
		return DO_WAIT;
	}
	if (!i->counts || i->limit != ILIMIT_NONE)
		return DO_SEND;
	if (!rules->limit_closed)
		return DO_RESERVE;
	i->why = WHY_CLOSED;
	*at = now + SECOND < i->not_after ? now + SECOND : i->not_after;
	return DO_WAIT;
}

static enum intent_action
next_step(struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	*at = now;
	switch (i->state) {
	case INTENT_SHOWN:
		if (now < i->shown_until) {
			*at = i->shown_until;
			return DO_WAIT;
		}
		enter(i, INTENT_LAPSED, WHY_NONE);
		return DO_NOTHING;
	case INTENT_ACCEPTED:
		return next_accepted(i, rules, now, at);
	case INTENT_RUNNING:
		if (now < i->lease_until) {
			*at = i->lease_until;
			return DO_WAIT;
		}
		enter(i, INTENT_ASKING, WHY_NONE);
		i->next_at = now;
		return DO_ASK;
	case INTENT_ASKING:
		*at = i->next_at;
		return now < i->next_at ? DO_WAIT : DO_ASK;
	case INTENT_DONE:
		if (!intent_settled(i) && intent_core_final(i)) {
			/* It ended before its token could be handed on: nobody can have used it. */
			if (i->core_status - 1 != WSTATUS_SUCCESSFUL) {
				enter(i, INTENT_NOT_DONE, WHY_NO_TOKEN);
				return next_not_done(i, rules, now, at);
			}
			to_person(i, WHY_NO_TOKEN, now);
			return i->integrator[0] == '\0' ? DO_NOTE : DO_NOTHING;
		}
		return intent_settled(i) ? next_done(i, rules, now, at) : next_issued(i, now, at);
	case INTENT_NOT_DONE:
		return next_not_done(i, rules, now, at);
	case INTENT_PERSON:
		return i->integrator[0] == '\0' && undone(i, STEP_NOTED) ? DO_NOTE : DO_NOTHING;
	case INTENT_LAPSED:
	case INTENT_DECLINED:
	case INTENT_STATES:
		break;
	}
	return DO_NOTHING;
}

enum intent_action
intent_next(struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at)
{
	return intent_follow_next(i, next_step(i, rules, now, at), now, at);
}

void
intent_on_reserved(struct intent *i, enum limit_result r)
{
	if (r == LIMIT_OK)
		i->limit = ILIMIT_RESERVED;
	else
		enter(i, INTENT_NOT_DONE, r == LIMIT_UNREADABLE ? WHY_CLOSED : WHY_LIMIT);
}

void
intent_on_capped(struct intent *i, bool within)
{
	i->steps |= STEP_CAPPED;
	if (!within)
		enter(i, INTENT_NOT_DONE, WHY_CAP);
}

void
intent_on_limit(struct intent *i, enum intent_limit now_at)
{
	i->limit = now_at;
}

void
intent_sending(struct intent *i, int64_t now, const char *process, int64_t lease_ms)
{
	enter(i, INTENT_RUNNING, WHY_NONE);
	i->attempts++;
	i->last_send = now;
	if (i->first_send == 0)
		i->first_send = now;
	i->lease_until = now + lease_ms;
	if (!str_copy(i->process, sizeof i->process, process))
		i->process[0] = '\0';
}

static const struct {
	const char *code;
	enum intent_why why;
} refusals[] = {
	{ "WAL009", WHY_SHORT }, { "WAL011", WHY_BARRED }, { "WAL010", WHY_LIMIT },
};

static enum intent_why
why_of(const char *code)
{
	for (size_t k = 0; k < NELEM(refusals); k++)
		if (strcmp(code, refusals[k].code) == 0)
			return refusals[k].why;
	return WHY_REFUSED;
}

/* Words arrive late and out of order: behind a last one only a payout is news, and behind that nothing. */
static void
take_status(struct intent *i, int64_t now, enum wallet_status s)
{
	if (intent_core_final(i) && (s != WSTATUS_SUCCESSFUL || i->core_status - 1 == WSTATUS_SUCCESSFUL))
		return;
	if (intent_core_final(i)) {
		i->paid_late = true;
		i->steps &= ~STEP_FINAL_SMS;
		i->tells = 0;
		i->tell_at = now;
	}
	i->core_status = (int)s + 1;
	if (intent_core_final(i))
		i->finished_at = now;
}

static int64_t
follow_at(const struct intent *i, int64_t now)
{
	struct follow f = { .id = i->id, .made_at = i->accepted_at, .expires_at = i->token_expires,
		.longest_ms = i->follow_longest_s * SECOND, .called = i->called };

	return follow_next(&f, now);
}

static void
issued(struct intent *i, int64_t now, const struct wallet_withdrawal *w)
{
	i->withdrawal_id = w->id;
	if (i->token[0] == '\0')	/* the first one said is the one that was sent */
		memcpy(i->token, w->token, sizeof i->token);
	if (w->expires_ms != 0)
		i->token_expires = w->expires_ms;
	i->core_fee = w->fee;
	take_status(i, now, wallet_status(w->status));
	i->asks = 0;
	i->next_at = intent_settled(i) || i->token[0] != '\0' ? follow_at(i, now) : now + SECOND;
}

void
intent_on_sent(struct intent *i, int64_t now, const struct wallet_answer *a)
{
	memcpy(i->code, a->code, sizeof i->code);
	i->lease_until = 0;
	switch (a->end) {
	case WALLET_DONE:
		if (i->kind == INTENT_WITHDRAWAL && (a->n != 1 || !intent_is_withdrawal(i, &a->withdrawal[0]))) {
			start_asking(i, now);
			break;
		}
		enter(i, INTENT_DONE, WHY_NONE);
		if (i->kind == INTENT_WITHDRAWAL)
			issued(i, now, &a->withdrawal[0]);
		break;
	case WALLET_REFUSED:
		if (i->attempts == 1)
			enter(i, INTENT_NOT_DONE, why_of(a->code));
		else
			start_asking(i, now);
		break;
	case WALLET_AUTH:
	case WALLET_LATER:
		/* Certainly not processed: it does not count as an attempt. */
		i->attempts--;
		enter(i, INTENT_ACCEPTED, a->end == WALLET_LATER ? WHY_BUSY : WHY_EXPIRED);
		i->next_at = now + 2 * SECOND;
		if (a->end == WALLET_AUTH)
			i->not_after = now;	/* the login of the confirm is over: another PIN is needed */
		break;
	case WALLET_UNKNOWN:
		start_asking(i, now);
		break;
	}
}

static int64_t
ask_again_after(int asks)
{
	return asks < 5 ? SECOND << asks : 30 * SECOND;
}

void
intent_on_asked(struct intent *i, int64_t now, int64_t asked_at, enum intent_finding f, const struct wallet_withdrawal *w)
{
	static const int64_t late_look[INTENT_LATE_LOOKS] = { HOUR, 6 * HOUR, 24 * HOUR };

	i->asks++;
	if (i->state == INTENT_NOT_DONE || i->state == INTENT_DONE) {
		if (f == FOUND && i->state == INTENT_DONE) {
			if (w != NULL)
				issued(i, now, w);
			i->steps &= ~STEP_REFERRED;	/* now its id leads to it */
			return;
		}
		/* It was told as not done: what turns up now is cancelled, or a person's where it cannot be. */
		if (f == FOUND) {
			i->steps &= ~STEP_NOTED;
			i->cancel = w != NULL;
			if (w != NULL)
				issued(i, now, w);
			else
				to_person(i, WHY_ABSENT, now);
			return;
		}
		if (f == UNCLEAR && now - (i->state == INTENT_DONE ? i->resolved_at : i->last_send) < LATE_MS) {
			i->asks--;	/* that was no look */
			i->next_at = now + 10 * MINUTE;
			return;
		}
		i->next_at = now + late_look[i->asks < INTENT_LATE_LOOKS ? i->asks : INTENT_LATE_LOOKS - 1];
		return;
	}
	if (f == FOUND) {
		enter(i, INTENT_DONE, WHY_NONE);
		if (w != NULL)
			issued(i, now, w);
		i->next_at = now;
		return;
	}
	if (f == NOT_LISTED && asked_at - i->last_send >= INTENT_ABSENT_MS) {
		enter(i, INTENT_NOT_DONE, WHY_ABSENT);
		i->asks = 0;
		i->next_at = now + late_look[0];
		return;
	}
	if (now - i->first_send >= INTENT_PERSON_MS) {
		to_person(i, WHY_NONE, now);
		return;
	}
	i->next_at = now + ask_again_after(i->asks);
}

void
intent_on_status(struct intent *i, int64_t now, const struct wallet_withdrawal *w)
{
	static const int64_t look_after[] = { HOUR, 24 * HOUR, 72 * HOUR };
	bool read = w != NULL && w->id == i->withdrawal_id, was_final = intent_core_final(i), hinted = i->hinted;

	if (read) {
		issued(i, now, w);
		i->hinted = false;
	}
	if (was_final && !hinted && i->final_looks < FINAL_LOOKS)
		i->final_looks++;
	if (read && !intent_settled(i) && !intent_core_final(i) && i->token[0] == '\0')
		i->cancel = true;	/* the core does not say the token again: it can reach nobody */
	if (i->cancel && !intent_core_final(i)) {
		i->cancels++;
		i->next_at = now + (i->cancels < 6 ? i->cancels * SECOND : MINUTE);
	} else if (i->hinted)
		i->next_at = ++i->hint_reads < 10 ? now + (SECOND << i->hint_reads) : follow_at(i, now);
	else if (intent_core_final(i))
		i->next_at = now + look_after[i->final_looks < FINAL_LOOKS ? i->final_looks : FINAL_LOOKS - 1];
	else
		i->next_at = follow_at(i, now);
	if (i->hinted && i->hint_reads >= HINT_READS) {
		i->hinted = false;	/* one that is not over is followed anyway */
		if (i->state == INTENT_NOT_DONE) {
			/* It was told as not done, and the core says otherwise as long as nobody can read it. */
			to_person(i, WHY_ABSENT, now);
			i->steps &= ~STEP_NOTED;
		}
	}
}

void
intent_cancel(struct intent *i, int64_t now)
{
	i->cancel = true;
	i->cancels = 0;
	i->next_at = now;
}

void
intent_on_cancelled(struct intent *i, int64_t now, bool refused)
{
	bool ours = !intent_settled(i) || i->state == INTENT_NOT_DONE;

	i->cancels++;
	i->next_at = now;
	if (refused && !ours && i->cancels > 2) {
		i->cancel = false;	/* used or not cancellable; told so, also when no screen waits for it */
		i->kept += i->integrator[0] == '\0';
	}
	if (ours && i->cancels >= CANCEL_TRIES)
		to_person(i, WHY_NO_TOKEN, now);
}

static enum intent_resolved
may_resolve(const struct intent *i, bool done)
{
	bool paid_out = intent_core_final(i) && i->core_status - 1 == WSTATUS_SUCCESSFUL;
	bool unused = i->core_status != 0 && !paid_out && (intent_core_final(i) || (i->gateway_sends && i->counts));

	if (i->state != INTENT_PERSON)
		return RESOLVE_NOT_WITH_PERSON;
	if (i->kind == INTENT_WITHDRAWAL && !done && paid_out)
		return RESOLVE_PAID_OUT;
	if (i->kind == INTENT_WITHDRAWAL && done && unused)
		return RESOLVE_NOT_PAID_OUT;
	return RESOLVED;
}

enum intent_resolved
intent_resolve(struct intent *i, int64_t now, bool done)
{
	enum intent_resolved may = may_resolve(i, done);

	if (may != RESOLVED)
		return may;
	enter(i, done ? INTENT_DONE : INTENT_NOT_DONE, done ? WHY_NONE : WHY_ABSENT);
	i->resolved_at = now;
	i->resolves++;
	i->cancel = false;
	i->cancels = i->asks = 0;
	i->next_at = done || i->withdrawal_id != 0 ? now : now + HOUR;
	i->steps &= ~STEP_NOTED;
	if (done)
		i->steps &= ~STEP_RESULT_SMS;	/* what was said before was something else */
	if (done && i->kind == INTENT_WITHDRAWAL && i->gateway_sends && i->counts)
		i->steps |= STEP_FINAL_SMS;	/* the result says that it was used */
	if (i->withdrawal_id == 0)
		i->steps |= STEP_REFERRED;	/* nothing leads to it but its own id */
	return RESOLVED;
}
