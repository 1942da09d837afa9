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
#include "core/signup.h"
#include "service/pin_writing.h"
#include "service/run.h"

struct turn;
struct version;
typedef void turn_fn(struct turn *t);

struct turn {
	struct watcher w;		/* first: its task, and what hears of intents */
	struct list waiting;		/* in the queue of its phone */
	struct list queue;		/* of later turns of the same phone, on the one being worked on */
	struct turn_in in;
	char text[TURN_TEXT], service_code[64];
	struct chat_media media;
	struct rev chat_rev;		/* BY_CHAT: of the record of the chat */
	int64_t chat_hands;
	bool chat_is_proven;		/* it may hear of what it did not ask for */
	bool tells_of_hands;		/* somebody else has it now, and hears that what was begun is over */
	int tenant;
	const struct tenant_settings *settings;
	const struct channel_settings *channel;
	struct version *version;	/* held: of the dialogue, or that which dialogues begin on */
	const struct menu *menu;	/* of it */
	const struct texts *texts;
	turn_fn *in_version;		/* where it goes on when the version of the dialogue was looked for */
	const char *input;		/* the newest one, in text */
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
	struct session h;		/* of a tenant with chats: what is handed over; state NOT when nothing is */
	struct rev h_rev;
	bool h_dirty;
	bool screen_goes_back;		/* not what the phone shows, but what the menu came to */
	bool goes_back;			/* to the chat, once this turn is saved */
	bool calls_up;			/* the phone, then */
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
	enum pin_result { PIN_RESULT_RIGHT, PIN_RESULT_WRONG, PIN_RESULT_LOCKED, PIN_RESULT_UNSURE,
	    PIN_RESULT_NO_KEY } pin_result;
	unsigned char pin_mac[16];	/* keyed, of the password that was tried */
	bool pin_excused;		/* wrong, but not the customer's fault */
	bool settle_unknown;
	/* PIN being written */
	turn_fn *after_write;
	bool awaits_write;
	enum pin_written written;
	struct pin_order pin_next;	/* what a right PIN makes necessary; begun when the turn is over */
	bool awaits_signup;
	/* of the call in hand */
	task_fn *then;			/* where a claim or a call goes on */
	turn_fn *after, *after_sum;
	void (*change)(struct subscriber *sub, struct turn *t);
	void (*prepare)(struct subscriber *sub, struct turn *t);
	turn_fn *proven;
	struct wallet_req *request;	/* waiting for the customer's login; ours */
	int64_t pending_total, available, found_id;
	int offset;
	int kind;			/* index into the tenant's kinds */
	unsigned char mac[16];
	char uid[WALLET_UID];
	/* of a chat that is being linked */
	char link_user[CHAT_USER], link_channel[NAME_MAX_OCTETS];
	int64_t link_window, link_hands;
	struct rev link_rev;
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
void turn_apologise_with(struct turn *t, const char *key, const char *why);
void turn_load(struct turn *t);
struct store_key turn_chat_key(const struct turn *t);
int64_t turn_session_ms(const struct turn *t);		/* the longest that its dialogue lasts */
/* Works with this version from here on; false, and it is let go of: it has nothing for this turn. NULL is false. */
bool turn_take_version(struct turn *t, struct version *v);
/* What is dirty; then the answer is given, and the turn is over. */
void turn_save(struct turn *t);
void turn_restart(struct turn *t, const char *why);
/* Session, and whatever is dirty, into a commit; turn_saved() when it was DONE. */
void turn_add_records(struct turn *t, struct store_commit *c);
void turn_saved(struct turn *t);
void turn_feed(struct turn *t, enum menu_in kind, const char *text);
void turn_finish(struct turn *t);
void turn_keep_answer(struct turn *t);		/* the same, with what stands in s.answer */
/* Saves what is dirty; the dialogue ends with this text. */
void turn_end_with(struct turn *t, const char *key);
/* The dialogue ends with this text although the turn's work goes on; it is over with turn_close(). */
void turn_answer_early(struct turn *t, const char *key);
void turn_close(struct turn *t);

/* ---- turn_dialogue.c ---- */
void turn_proceed(struct turn *t);		/* everything is loaded */
/* From that state of the dialogue before, or, with NULL, from the start. */
void turn_begin_at(struct turn *t, const char *from);
void turn_new_dialogue(struct turn *t);		/* what the session keeps of the network's one */
bool turn_same_dialogue(const struct turn *t);		/* the input belongs to the dialogue that was loaded */
bool turn_is_of_version(const struct turn *t);
/* Goes on with the version of the dialogue, or with that which dialogues begin on where there is no such one. */
void turn_in_its_version(struct turn *t, turn_fn *then);
/* Before the wallet core hears of this turn: that it is being worked on, and by when it will be answered. */
void turn_claim(struct turn *t, task_fn *then);
void turn_mark_claim(struct turn *t);

/* ---- turn_handed.c ---- */
/* The tenant has a chat: what is handed over is loaded, too. */
bool turn_has_chats(const struct turn *t);
/* This dialogue of a phone begins with what a chat has handed over. */
bool turn_takes_handed(const struct turn *t);
void turn_take_handed(struct turn *t);
/* The screen that is to be shown wants a PIN, and this chat must not: it is shown at the phone. */
bool turn_must_hand_over(const struct turn *t);
bool turn_chat_hides_pin(const struct turn *t);		/* the dialogue is at a question that this chat does not show */
void turn_hand_over(struct turn *t);
/* What the chat is to show next is known: the phone's part is over with this turn. `screen`: the menu goes on there. */
void turn_give_back(struct turn *t, bool screen);
void turn_handed_hang_up(struct turn *t);
/* An input of a chat whose dialogue is at the phone. */
void turn_while_handed(struct turn *t);
void turn_return(struct turn *t);
/* At the phone: the chat has ended what it had begun, or has become somebody else's. */
bool turn_was_called_off(const struct turn *t);
void turn_call_off(struct turn *t);
/* After the commit: the phone is called up, the chat goes on. */
void turn_handed_saved(struct turn *t);
void turn_take_handed_record(struct turn *t, const struct store_value *v);
/* The input is the first that waits in its chat: what was answered before is answered no more. */
bool turn_is_next(struct turn *t, const struct store_value *v);

/* The PIN is asked for at the phone, then the call that the dialogue stands at is made. */
void turn_hand_over_call(struct turn *t);
void turn_answer_pin(struct turn *t, const char *typed);
void turn_handed_pin(struct turn *t, const char *outcome);

/* ---- turn_chat.c ---- */
void turn_take_chat(struct turn *t);
/* What was tapped, or typed as it stands on the screen, is its key; what else was typed is itself. NULL: an older tap. */
const char *turn_chat_input(const struct turn *t, char key[CHAT_KEY]);
/* STOP or START, alone: it is done, with the commit of this turn. The key of the text that says so, or NULL. */
const char *turn_obey_word(struct turn *t, const char *typed);
void turn_answer_word(struct turn *t, const char *word);	/* where no dialogue is under way */
/* On top of the answer: why the chat begins anew. */
void turn_tell_of_hands(struct turn *t);

/* ---- turn_operators.c ---- */
bool turn_is_frozen(const struct turn *t);
void turn_refuse_frozen(struct turn *t);		/* says so, and ends the dialogue */
/* What operators see of this turn later, into the session that is about to be saved. */
void turn_leave_trail(struct turn *t);

/* ---- turn_confirm.c ---- */
void turn_show_intent(struct turn *t);
void turn_accept_intent(struct turn *t);
void turn_decline_intent(struct turn *t);
void turn_leave_intent(struct turn *t, enum intent_state how);
/* Its confirm screen is of a menu that is not there any more: says so, and ends the dialogue. */
void turn_confirm_lost(struct turn *t);
void turn_await_intent(struct turn *t);
/* An intent of this phone is on its way: no other one is begun before it is settled. NULL when none is. */
const struct intent *turn_on_its_way(const struct turn *t);
run_heard turn_intent_settled;

/* ---- calls.c ---- */
/* Performs step.call. */
void turn_call(struct turn *t);
/* The call in hand has this outcome: the menu goes on. */
void turn_outcome(struct turn *t, const char *outcome);
/* A call to the wallet core within the screen's budget, as the service user. Wipes q. */
void turn_ask(struct turn *t, struct wallet_req *q, task_fn *on);
/* The same as the customer where the tenant acts so (the outcome is `failed` where there is no login). Wipes q. */
void turn_ask_as_customer(struct turn *t, struct wallet_req *q, task_fn *on);
/*
 * Changes the subscriber's record by `change`, again on a fresh one when somebody else changed it meanwhile; then
 * `after`. The outcome is `failed` where it cannot be saved.
 */
void turn_change_subscriber(struct turn *t, void (*change)(struct subscriber *, struct turn *), turn_fn *after);
/* Puts a message into the outbox; then `after`. The outcome is `failed` where it cannot be saved. */
void turn_say(struct turn *t, const struct message *m, turn_fn *after);
/* The answer was as it should be; otherwise the outcome is `failed` and the call is over. */
bool turn_answered(struct turn *t, const struct event *e);
/*
 * What this phone may still receive in that month, into `left` and `limit_amount`, which are unset where it is not
 * known for certain; `after` runs in any case.
 */
void turn_read_limit(struct turn *t, const char *month, turn_fn *after);
/* The rows of a search for the phone are strangers': then not to find it means nothing. */
bool turn_search_ignored(struct turn *t, const struct wallet_answer *a, const char *phone);

/* pin_flow.c: takes a try, checks step.secret, leaves the result in pin_result and the PIN's record to be saved. */
void turn_check_pin(struct turn *t, turn_fn *after);
void turn_add_pin(struct turn *t, struct store_commit *c);
/*
 * Saves by itself what came of the try that was taken, on a fresh record when somebody else changed it; then `after`.
 */
void turn_settle_pin(struct turn *t, turn_fn *after);
/* false: that key is not configured. */
bool turn_pin_password(const struct turn *t, int key_id, const char *customer_uid, const char *pin,
    char out[81]) MUST_CHECK;
/*
 * step.secret becomes the customer's PIN; `after` with what is known of it when the screen's time is over. Without the
 * key the outcome is `call_help`.
 */
void turn_write_pin(struct turn *t, enum pin_write_kind kind, int key_id, turn_fn *after);
/* false: that turn does not wait for it any more. */
bool turn_pin_written(struct gateway *gw, uint64_t turn, enum pin_written how);

/* calls_signup.c: a sign-up is under way: `after` when it is over, or the dialogue ends with its promise of an SMS. */
void turn_await_signup(struct turn *t, turn_fn *after);
/* false: that turn does not wait for it any more. `sub`: as it was noted there. */
bool turn_signup_over(struct gateway *gw, uint64_t turn, const struct signup *s, const struct subscriber *sub,
    const struct rev *rev);

/* calls_customer.c: a payment is on its way, or what became of it or of a sign-up was not told yet. */
bool turn_has_news(const struct turn *t);
turn_fn call_customer_find, call_language_set, call_pin_check, call_pin_change;		/* calls_customer.c */
turn_fn call_notices_stop, call_notices_start;
turn_fn call_signup_check, call_signup_create;						/* calls_signup.c */
turn_fn call_chat_link;									/* chat_link.c */
turn_fn call_document_send, call_kyc_ratify;						/* calls_kyc.c */
turn_fn call_activate_start, call_activate_finish;					/* calls_activate.c */
turn_fn call_pin_forgot, call_pin_forgot_code, call_pin_reset;				/* calls_forgot.c */
turn_fn call_balance, call_statement, call_limit_left;					/* calls_views.c */
turn_fn call_pending_list, call_pending_resend, call_pending_cancel;			/* calls_pending.c */
turn_fn call_send_open, call_send_find, call_send_check, call_cash_kinds, call_cash_check;	/* calls_money.c */

/* proof.c: `proven` where `id_number` is the customer's; else the outcome is `no_match` or `failed`. */
void turn_prove_identity(struct turn *t, int64_t customer_id, turn_fn *proven);
/* Saves a code, with what `prepare` (or NULL) changes, and sends it; the outcome is `sent` or `failed`. */
void turn_send_code(struct turn *t, void (*prepare)(struct subscriber *, struct turn *));
/* `proven` where `code` is the one that was sent; else the outcome is `wrong_code`, `blocked` or `failed`. */
void turn_prove_code(struct turn *t, turn_fn *proven);

/* sim.c: looks at the SIM that dials. */
void turn_see_sim(struct turn *t);
/* true: it is a new one, and the call in hand is over with the outcome `sim_changed`. */
bool turn_sim_refuses(struct turn *t);

/*
 * calls_pending.c: what pending tokens would take from the wallet, into pending_total; then `after`, or outcome
 * failed.
 */
void turn_sum_pending(struct turn *t, turn_fn *after);
