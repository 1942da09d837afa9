/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn: a customer's input, from the load of the session to the answer. Inside the service; the calls of menus
 * (calls_*.c) work on it and come back through turn_outcome().
 */
#pragma once
#include "core/intent.h"
#include "core/login.h"
#include "core/message.h"
#include "core/pin.h"
#include "core/session.h"
#include "service/run.h"

struct turn;
typedef void turn_fn(struct turn *t);

struct turn {
	struct watcher w;		/* first: its task, and what hears of intents */
	struct list waiting;		/* in the queue of its phone */
	struct list queue;		/* of later turns of the same phone, on the one being worked on */
	struct turn_in in;
	char text[TURN_TEXT], service_code[64];
	int tenant;
	const struct tenant_settings *settings;
	const struct channel_settings *channel;
	const struct menu *menu;	/* with which it began, whatever is loaded meanwhile */
	const struct texts *texts;
	char owner[STORE_OWNER];	/* tenant/phone */
	int64_t deadline;		/* of the screen */
	bool too_long;			/* the input */
	bool replied;
	bool irrevocable;		/* money or an identity may have moved: what the screen says must be shown */
	int restarts, tries;
	struct session s;
	struct rev s_rev;
	struct subscriber sub;
	struct rev sub_rev;
	bool sub_dirty;
	struct intent intent;		/* that of this dialogue's confirm screen, else the open one; when has_intent */
	struct rev intent_rev;
	bool has_intent, intent_dirty;
	struct intent other;		/* the open one, where it is not this dialogue's; when has_other */
	struct rev other_rev;
	bool has_other, other_dirty;
	bool claimed;
	bool awaits_intent;		/* a call that runs the accepted intent */
	int64_t accept_until;		/* while it is not known whether the confirm was saved */
	struct step step;
	/* PIN being checked */
	struct pin_tries pin;
	struct rev pin_rev;
	struct login login;		/* what a right PIN gave */
	turn_fn *after_pin;
	bool pin_taken;			/* a try was taken: the PIN's record must be saved again */
	turn_fn *after_settle;
	const char *confirmed;		/* outcome of the confirm once the try is settled */
	enum pin_result { PIN_RESULT_RIGHT, PIN_RESULT_WRONG, PIN_RESULT_LOCKED, PIN_RESULT_UNSURE } pin_result;
	/* of the call in hand */
	task_fn *then;			/* where a claim or a call goes on */
	turn_fn *after, *after_sum;
	void (*change)(struct subscriber *sub, struct turn *t);
	struct wallet_req *request;	/* waiting for the customer's login; ours */
	int64_t pending_total, available, found_id;
	int offset;
	int kind;			/* index into the tenant's kinds */
	unsigned char mac[16];
	char uid[WALLET_UID];
};

static inline struct turn *
turn_of(struct task *task)
{
	return LIST_OF(task, struct turn, w.task);
}

static inline struct task *
turn_task(struct turn *t)
{
	return &t->w.task;
}

static inline struct vars *
turn_vars(struct turn *t)
{
	return &t->s.dlg.vars;
}

/* ---- turn.c ---- */
void turn_reply(struct turn *t, const char *text, bool end);		/* once; later ones do nothing */
const char *turn_plain_text(const struct turn *t, const char *key);
void turn_apologise(struct turn *t, const char *why);			/* and ends the turn */
void turn_restart(struct turn *t, const char *why);
/* Session, and whatever is dirty, into a commit; turn_saved() when it was DONE. */
void turn_add_records(struct turn *t, struct store_commit *c);
void turn_saved(struct turn *t);
void turn_feed(struct turn *t, enum menu_in kind, const char *text);
void turn_finish(struct turn *t);
/* Saves what is dirty; the dialogue ends with this text. */
void turn_end_with(struct turn *t, const char *key);
/* The dialogue ends with this text although the turn's work goes on; it is over with turn_close(). */
void turn_answer_early(struct turn *t, const char *key);
void turn_close(struct turn *t);
/* Before the wallet core hears of this turn: that it is being worked on, and by when it will be answered. */
void turn_claim(struct turn *t, task_fn *then);
void turn_mark_claim(struct turn *t);

/* ---- turn_confirm.c ---- */
void turn_show_intent(struct turn *t);
void turn_accept_intent(struct turn *t);
void turn_decline_intent(struct turn *t);
void turn_leave_intent(struct turn *t, enum intent_state how);
void turn_await_intent(struct turn *t);
/* An intent of this phone is on its way: no other one is begun before it is settled. NULL when none is. */
const struct intent *turn_on_its_way(const struct turn *t);
void turn_intent_settled(struct task *task, const struct intent *i);

/* ---- calls.c ---- */
/* Performs step.call. */
void turn_call(struct turn *t);
/* The call in hand has this outcome: the menu goes on. */
void turn_outcome(struct turn *t, const char *outcome);
/* A call to the wallet core within the screen's budget, as the service user. Wipes q. */
void turn_ask(struct turn *t, struct wallet_req *q, task_fn *on);
/* The same as the customer where the tenant acts so (the outcome is `failed` where there is no login). Wipes q. */
void turn_ask_as_customer(struct turn *t, struct wallet_req *q, task_fn *on);
/* Changes the subscriber's record by `change`, again on a fresh one when somebody else changed it meanwhile; then `after`.
 * The outcome is `failed` where it cannot be saved. */
void turn_change_subscriber(struct turn *t, void (*change)(struct subscriber *, struct turn *), turn_fn *after);
/* Puts a message into the outbox; then `after`. The outcome is `failed` where it cannot be saved. */
void turn_say(struct turn *t, const struct message *m, turn_fn *after);
/* The answer was as it should be; otherwise the outcome is `failed` and the call is over. */
bool turn_answered(struct turn *t, const struct event *e);
/* What this phone may still receive in that month, into `left` and `limit_amount`, which are unset where it is not known
 * for certain; `after` runs in any case. */
void turn_read_limit(struct turn *t, const char *month, turn_fn *after);
/* The customer that the phone belongs to among the rows of a search, whatever the core made of the filter. */
bool turn_search_ignored(struct turn *t, const struct wallet_answer *a, const char *phone);
const struct wallet_customer *turn_customer_of(const struct wallet_answer *a, const char *phone);
const struct wallet_wallet *turn_wallet_of(const struct turn *t, const struct wallet_answer *a, int64_t customer_id);

/* pin_flow.c: takes a try, checks step.secret, leaves the result in pin_result and the PIN's record to be saved. */
void turn_check_pin(struct turn *t, turn_fn *after);
void turn_add_pin(struct turn *t, struct store_commit *c);
/* Saves by itself what came of the try that was taken, on a fresh record when somebody else changed it; then `after`. */
void turn_settle_pin(struct turn *t, turn_fn *after);
void turn_customer_identity(const struct turn *t, int64_t customer_id, char out[41]);
void turn_pin_password(const struct turn *t, const char *customer_uid, const char *pin, char out[81]);
void turn_local_pin(const struct turn *t, const char *pin, unsigned char out[16]);

turn_fn call_customer_find, call_language_set, call_pin_check, call_pin_change;		/* calls_customer.c */
turn_fn call_notices_stop, call_notices_start;
turn_fn call_signup_check, call_signup_create;						/* calls_signup.c */
turn_fn call_activate_start, call_activate_finish;					/* calls_activate.c */
turn_fn call_balance, call_statement, call_limit_left;					/* calls_views.c */
turn_fn call_pending_list, call_pending_resend, call_pending_cancel;			/* calls_pending.c */
turn_fn call_send_find, call_send_check, call_cash_kinds, call_cash_check;		/* calls_money.c */

/* calls_pending.c: what pending tokens would take from the wallet, into pending_total; then `after`, or outcome failed. */
void turn_sum_pending(struct turn *t, turn_fn *after);
