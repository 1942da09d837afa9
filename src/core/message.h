/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message of the outbox: what is to be said to whom, over which routes, and how far it came. Pure rules of retry;
 * the attempt is saved before it is made, so that after a crash "may have been sent" is known.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/chat_in.h"
#include "core/chat_screen.h"
#include "core/receipt.h"
#include "core/record.h"
#include "core/settings.h"
#include "core/subscriber.h"

#define MESSAGE_ID 80		/* "<intent>:token", "<intent>:token:2" */
#define MESSAGE_TEXT CHAT_SCREEN	/* of an SMS far less */
#define MESSAGE_WHY 48

enum message_state {
	MESSAGE_WAITING,
	MESSAGE_SENDING,	/* an attempt is saved and perhaps made */
	MESSAGE_SENT,		/* accepted by a provider */
	MESSAGE_DELIVERED, MESSAGE_FAILED, MESSAGE_EXPIRED,
	MESSAGE_UNKNOWN,	/* perhaps sent: its class is not sent twice, or nothing more can be tried */
	MESSAGE_WITHDRAWN,	/* not sent: its token ended first, or nobody wants to hear it */
	MESSAGE_STATES
};

struct message {
	char id[MESSAGE_ID];
	char tenant[NAME_MAX_OCTETS];
	enum message_class cls;
	char to[PHONE_MAX];
	char user[CHAT_USER];		/* of a chat whose phone is not known: `to` is "" then */
	char lang[8];			/* of the text, "" where it is not known */
	char text[MESSAGE_TEXT];
	enum message_state state;
	int route;			/* index into the tenant's routes of the class */
	int tries;			/* on this route */
	int attempts;			/* in all */
	int64_t created_at, deadline, next_at;	/* deadline: never on the wire after it */
	int status;			/* of the last answer, for operators */
	char provider_id[RECEIPT_ID];
	char intent_owner[256], intent_id[INTENT_ID];	/* whose it is, "" if of none */
	char channel[NAME_MAX_OCTETS];	/* an answer leaves the way its question came; "": by the routes of its class */
	int spent;			/* bits of the routes that had their tries */
	int64_t no_room_since;		/* on this route, with nothing tried since; 0: not so */
	char via[NAME_MAX_OCTETS];	/* the channel of the last attempt */
	char why[MESSAGE_WHY];		/* what went wrong last, in words for operators */
	int64_t unsure;			/* bits of the attempts that may have arrived: no answer, no receipt */
	enum message_told { TOLD_NOTHING, TOLD_UNDELIVERED, TOLD_UNSURE, TOLD_ARRIVED } told;	/* to who paid for it */
	bool window_over;		/* of a chat: its network has said so, whatever our clock says */
	char after[MESSAGE_ID];		/* what was said before it in the same chat: leaves first; "": there is none */
	int64_t hands;			/* of the chat whose answer it is: once it is another's, this is not for it */
	bool elsewhere;			/* it is to arrive: behind its channel come the routes of its class */
	char handed_to[NAME_MAX_OCTETS];	/* the bind whose holders find it in a list of their own, or "" */
	struct rec_rest rest;
};

void message_encode(const struct message *m, struct buf *out);
bool message_decode(const void *octets, size_t n, struct message *out) MUST_CHECK;
const char *message_state_name(enum message_state s);

enum message_answer {
	MESSAGE_ACCEPTED,
	MESSAGE_LATER,			/* nothing was tried: no link, throttled */
	MESSAGE_FEW,			/* refused, but perhaps not the next time */
	MESSAGE_REFUSED, MESSAGE_TOO_LATE,
	MESSAGE_NO_ANSWER,		/* perhaps sent; the provider's id is set where it is known all the same */
	MESSAGE_SHUT			/* nothing was tried, and on this route nothing will be soon */
};

struct message_rules {
	int routes;			/* of the class at the tenant */
	int tries;			/* per route */
	unsigned room;			/* bits of the routes that could take a message now */
	/*
	 * Where what became of an attempt is told even when its answer never came: so long that is waited for. 0: not there.
	 */
	int64_t doubt_ms;
};
/* Claimed: may it be tried now? Moves what a dead process left in SENDING, and what is too old. True: call sending. */
bool message_ready(struct message *m, const struct message_rules *rules, int64_t now);
/*
 * Its route has no room. True: it had none for so long that the message now is on another one, which has. Else it is to
 * wait until next_at.
 */
bool message_no_room(struct message *m, const struct message_rules *rules, int64_t now);
/*
 * After no room was found by a process that holds no link of the route's bind: who holds one may take it at once, from
 * the list of that bind. It is looked at again at next_at, for when nobody does.
 */
void message_hand_over(struct message *m, int64_t now, const char *bind);
/* It follows another one (`after`), which may be looked at: not for so long that it would be late itself. */
bool message_follows(const struct message *m, int64_t now);
/* That other one may still leave, and perhaps has not: it is waited for until next_at. */
bool message_held_back(struct message *m, const struct message *before, int64_t now);
/* Before the octets go out: to be saved first. */
void message_sending(struct message *m, int64_t now, int64_t lease_ms);
void message_on_answer(struct message *m, const struct message_rules *rules, int64_t now, enum message_answer a,
    int status, const char *provider_id);
/* The class that it waits with: answers wait with notices, since anybody can ask for them under any number. */
enum message_class message_rank(const struct message *m);
/* What the payer of a token is to hear of it now; nothing when it was told so before. */
enum message_told message_news(const struct message *m);
bool message_final(const struct message *m);	/* out of the list; receipts may still come */
bool message_dead(const struct message *m);	/* final, and neither accepted nor withdrawn: for operators to see */
/*
 * A receipt's word about attempt number `attempt`; false when it changes nothing. Delivered wins over everything.
 * Failed ends the doubt about that attempt; for the newest one it sends what may be said twice over the next route, and
 * where it may be sent again by the same one, there.
 */
bool message_on_receipt(struct message *m, const struct message_rules *rules, int64_t now, const struct receipt *r,
    int attempt);
