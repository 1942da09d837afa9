/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intent: one movement of money with one id for life (money.md). This file is its law: what states there are, what
 * comes next, what an answer may be taken to mean. Pure: it is given answers and `now`, and says what to do; whoever
 * does it saves the intent before each step and after each answer. A crash anywhere leaves a record from which
 * intent_next() knows how to go on.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/callback.h"
#include "core/limit.h"
#include "core/record.h"
#include "core/settings.h"
#include "core/subscriber.h"
#include "core/wallet.h"

#define INTENT_OWNER 256
#define INTENT_SHOWN_MS INT64_C(180000)		/* how long a confirm screen can be accepted */
#define INTENT_SEND_MS INT64_C(90000)		/* after the confirm nothing is begun; a call may wait 30 s more */
#define INTENT_ABSENT_MS INT64_C(900000)	/* after the last send; earlier, absence proves nothing */
#define INTENT_RESENDS 3				/* of one token, whoever asks for them */
#define INTENT_LATE_LOOKS 3			/* for what turns up after it was told as not done */
#define INTENT_PERSON_MS INT64_C(3600000)	/* unknown for longer: a person decides */

enum intent_kind { INTENT_TRANSFER, INTENT_WITHDRAWAL };
enum intent_state {
	INTENT_SHOWN,		/* on the confirm screen */
	INTENT_ACCEPTED,	/* the right PIN was typed, or an integrator asked */
	INTENT_RUNNING,		/* an attempt is saved and perhaps sent */
	INTENT_ASKING,		/* no believable answer came */
	INTENT_DONE,		/* a transfer went through; a withdrawal was issued (see core_status) */
	INTENT_NOT_DONE,
	INTENT_LAPSED, INTENT_DECLINED,		/* never accepted */
	INTENT_PERSON,		/* an operator decides */
	INTENT_STATES
};
enum intent_why {
	WHY_NONE, WHY_SHORT, WHY_BARRED, WHY_LIMIT, WHY_REFUSED, WHY_EXPIRED,
	WHY_ABSENT,		/* sent, but the core does not have it */
	WHY_NO_TOKEN,		/* issued, but its token never reached us */
	WHY_BUSY,
	WHY_CAP,		/* the integrator's cap of the day */
	WHY_CLOSED,		/* no token was reserved: the limits are not known for certain just now */
	WHY_REASONS
};
enum intent_limit { ILIMIT_NONE, ILIMIT_RESERVED, ILIMIT_COMMITTED, ILIMIT_RELEASED };

/* Steps outside our bucket that are done at most once in effect: marked when done. */
#define STEP_INDEXED 1		/* integrator: in the list of its withdrawals */
#define STEP_REFERRED 2		/* integrator: found by the core's withdrawalId */
#define STEP_TOKEN_SMS 4
#define STEP_RESULT_SMS 8	/* to the payer */
#define STEP_RECEIVER_SMS 16	/* to who got the money, or whose token ended */
#define STEP_FINAL_SMS 32	/* to the payer: used, expired, cancelled */
#define STEP_NOTED 64		/* in the subscriber's record */
#define STEP_CAPPED 128		/* integrator: counted in its day */

struct intent {
	char id[INTENT_ID];		/* a UUID; the wallet core's externalUniqueId */
	char owner[INTENT_OWNER];	/* of its bucket */
	char tenant[NAME_MAX_OCTETS], integrator[NAME_MAX_OCTETS];	/* integrator "" for customers */
	char channel[NAME_MAX_OCTETS];
	char phone[PHONE_MAX];		/* who acts; "" for integrators */
	char lang[8];
	enum intent_kind kind;
	enum intent_state state;
	enum intent_why why;
	int64_t wallet_id, to_wallet_id;
	char to_phone[PHONE_MAX], to_name[64];	/* payee; for a withdrawal the phone that gets the token */
	int64_t amount, fee;		/* cents */
	char type[40];			/* of a withdrawal */
	bool counts;			/* it makes a token that counts towards the limit */
	bool gateway_sends;		/* token_sms: gateway */
	bool as_customer;		/* sent with the customer's JWT, kept beside the intent */
	int64_t customer_id;
	char menu_version[20];
	int64_t shown_at, shown_until, accepted_at, not_after;
	int attempts;			/* those that may have been processed */
	char process[17];
	int64_t lease_until, first_send, last_send;
	int asks;
	int64_t next_at;		/* of the next ask or follow */
	int64_t limit_month;		/* yyyymm, computed once */
	enum intent_limit limit;
	int steps;			/* STEP_… */
	int kept, kept_told;		/* the customer's cancels that the core refused for good; those told by SMS */
	int resends, resent;		/* asked for by the customer; those whose message is in the outbox */
	int64_t withdrawal_id, token_expires, core_fee;
	char token[WALLET_TOKEN];
	int core_status;		/* enum wallet_status + 1, 0 unknown */
	int64_t finished_at;		/* core_status became final */
	bool cancel;			/* asked for by the customer, the integrator or ourselves */
	int cancels;
	char code[16];			/* of the refusal, for operators */
	/* integrators */
	char uid[WALLET_UID];		/* theirs */
	unsigned char payload_mac[16];
	uint32_t payload_mac_len;
	/* with a person */
	int64_t person_at;		/* since when it is, or was the last time */
	int64_t resolved_at;		/* a person decided; 0 again when it comes back to one */
	int resolves;			/* how often */
	/* the limit, after a last word that gave it back */
	bool paid_late;			/* SUCCESSFUL followed all the same */
	int final_looks;
	/* what becomes of a withdrawal */
	bool hinted;			/* the core called back: to be read, whatever was believed so far */
	int hint_reads;			/* in vain since then */
	bool called;			/* the core was told where to call back */
	int follow_longest_s;
	char callback[CALLBACK_URL];	/* the integrator's; "": none */
	int told;			/* the outcome that it heard, or that was given up: as core_status */
	int tells;			/* in vain */
	int64_t tell_at;
	struct rec_rest rest;
};

void intent_encode(const struct intent *i, struct buf *out);
bool intent_decode(const void *octets, size_t n, struct intent *out) MUST_CHECK;
const char *intent_state_name(enum intent_state s);
const char *intent_why_name(enum intent_why w);		/* "short": the menu's `reason` */

enum intent_action {
	DO_NOTHING,		/* final, and everything is told */
	DO_WAIT,		/* until *at */
	DO_CAP,			/* integrators: count the order in their day */
	DO_INDEX, DO_REFER,	/* and their look-ups */
	DO_RESERVE, DO_COMMIT_LIMIT, DO_RELEASE_LIMIT,
	DO_SEND,		/* call intent_sending(), save, then send */
	DO_ASK,			/* look for it in the core's lists */
	DO_FOLLOW,		/* read the withdrawal */
	DO_CANCEL,		/* at the core */
	DO_NOTE,		/* in the subscriber: not open any more, what became of it */
	DO_TOKEN_SMS, DO_RESULT_SMS, DO_RECEIVER_SMS, DO_FINAL_SMS,
	DO_TELL,		/* the integrator's callbackUrl */
	DO_RESEND_SMS,		/* the same token once more */
	DO_KEPT_SMS,		/* to the payer: it could not be cancelled */
	INTENT_ACTIONS
};
struct intent_rules {
	int give_back;		/* GIVE_BACK_… */
	bool final_sms;		/* the payer hears by SMS what became of the token */
	bool limit_closed;	/* nothing is reserved; what is reserved is committed and released as ever */
	bool limit_away;	/* its limit could not be changed just now: the customer does not wait for it */
	int64_t lost_ms;	/* of what was accepted before, the core may have an attempt that our records lost; 0: none */
};
/* What to do now. May change the intent where only time did (lapse, lease over): save it before acting. */
enum intent_action intent_next(struct intent *i, const struct intent_rules *rules, int64_t now, int64_t *at);
const char *intent_action_name(enum intent_action a);

/* shown -> ...; false when something else came first. */
bool intent_accept(struct intent *i, int64_t now) MUST_CHECK;
bool intent_leave(struct intent *i, enum intent_state declined_or_lapsed) MUST_CHECK;
/* An open intent keeps the next one from being shown. */
bool intent_open(const struct intent *i);
/* The customer may be told: done, not done, or with a person. */
bool intent_settled(const struct intent *i);

void intent_on_reserved(struct intent *i, enum limit_result r);
void intent_on_capped(struct intent *i, bool within);
void intent_on_limit(struct intent *i, enum intent_limit now_at);
/* Before the octets of an attempt are sent: to be saved first. */
void intent_sending(struct intent *i, int64_t now, const char *process, int64_t lease_ms);
void intent_on_sent(struct intent *i, int64_t now, const struct wallet_answer *a);

enum intent_finding { FOUND, NOT_LISTED, UNCLEAR };
/*
 * NOT_LISTED: a list that covers first_send to now was read to its end and all its items carry ids. `w`: the item.
 * `asked_at`: when the look began. What it did not find may be there by now, however late its answer was heard.
 */
void intent_on_asked(struct intent *i, int64_t now, int64_t asked_at, enum intent_finding f,
    const struct wallet_withdrawal *w);
/* `w`: what a read said; NULL: no believable answer. */
void intent_on_status(struct intent *i, int64_t now, const struct wallet_withdrawal *w);
enum intent_hint {
	HINT_READ,		/* save it: the withdrawal is to be read now */
	HINT_KNOWN,		/* nothing new */
	HINT_EARLY,		/* our own answer is still to come: look again then */
	HINT_ODD		/* nothing that reading could change; for operators */
};
/* The core called back; `status`: what it said (enum wallet_status + 1, 0: nothing). Believed is only what is read. */
enum intent_hint intent_on_hint(struct intent *i, int64_t now, int status);
/* The end of intent_next(), of its own file: what hints and integrators make of `a`. */
enum intent_action intent_follow_next(const struct intent *i, enum intent_action a, int64_t now, int64_t *at);
/* What the integrator is to hear, as core_status; 0: nothing yet. */
int intent_outcome(const struct intent *i);
/* A call to its callbackUrl has ended. true: that was the last one, it was never heard. */
bool intent_on_told(struct intent *i, int64_t now, bool heard);
/* Ask the core to cancel an issued withdrawal; believed only when it was read as CANCELLED. */
void intent_cancel(struct intent *i, int64_t now);
/* The core's answer to a cancel: refused, or anything else. */
void intent_on_cancelled(struct intent *i, int64_t now, bool refused);
/*
 * A person's word on an intent in INTENT_PERSON; with anything but RESOLVED nothing was changed. Done of a withdrawal
 * whose token was ours to send means that it was paid out, so it is not believed against what the core was read to
 * say; nor is not done of one that the core reads as paid out. One that is not done and was not read as ended keeps
 * counting in the limit, because its token may be out; it is looked for, and comes back to a person should it be used
 * after all.
 */
enum intent_resolved { RESOLVED, RESOLVE_NOT_WITH_PERSON, RESOLVE_NOT_PAID_OUT, RESOLVE_PAID_OUT };
enum intent_resolved intent_resolve(struct intent *i, int64_t now, bool done) MUST_CHECK;
/* Its token never went out by us, and a person said that it was done: that can only mean that it was paid out. */
bool intent_paid_unsent(const struct intent *i);
/*
 * A withdrawal whose token the core sends itself, or that has none: a person said that it was done, and it was never
 * read at the core. It is looked for there; where that does not list it either, the person's word is the last one.
 */
bool intent_on_word(const struct intent *i);
/* There is a token, it can still be used, and nobody asked to cancel it. */
bool intent_token_usable(const struct intent *i, int64_t now);
/* The same, but somebody asked to cancel it, and the core has not said whether it does. */
bool intent_token_in_doubt(const struct intent *i, int64_t now);
/* An item of the core's lists is this intent: our id and our amount. */
bool intent_is_tx(const struct intent *i, const struct wallet_tx *tx);
bool intent_is_withdrawal(const struct intent *i, const struct wallet_withdrawal *w);
/* What may be told of a refusal: for another phone a limit looks like any other refusal of the core. */
enum intent_why intent_why_told(const struct intent *i);
/*
 * How an intent counts when its phone's limit is rebuilt: a limit_state, or 0: it has no entry. `w`: the item that the
 * core has of it now; NULL and `whole`: the core's list was read to its end and has none.
 */
int intent_counts_as(const struct intent *i, const struct wallet_withdrawal *w, bool whole);
