/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sign-up: customer, identity (the PIN), ratification, wallet, written at the wallet core one after the other. This
 * file is its law, as core/intent.h is that of money: what comes next, and what an answer may be taken to mean. Each
 * write has an id that is saved before it is sent; a create is sent again only when it is absent by section 3 of
 * money.md. A crash anywhere leaves a record from which signup_next() knows how to go on. Pure.
 *
 * Who goes on need not have seen the PIN: the password that was made of it is kept, sealed as all records are, until
 * the identity is there. Names and documents are kept until the customer is.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "core/settings.h"
#include "core/subscriber.h"
#include "core/wallet.h"

#define SIGNUP_OWNER 256
#define SIGNUP_ABSENT_MS INT64_C(900000)	/* after the last send; earlier, absence proves nothing */
#define SIGNUP_SEND_MS INT64_C(2400000)		/* after its begin nothing is sent any more */
#define SIGNUP_LATE_MS INT64_C(3600000)		/* after its begin what is still in doubt is an operator's matter too */
#define SIGNUP_FIRST_LOOKS 3			/* in vain, and nothing was written: who waits tries again */

enum signup_state { SIGNUP_RUNNING, SIGNUP_DONE, SIGNUP_NOT_DONE, SIGNUP_STATES };
enum signup_why {
	SIGNUP_WHY_NONE,
	SIGNUP_TAKEN,		/* the phone is another customer's */
	SIGNUP_REFUSED,		/* by the wallet core, for good */
	SIGNUP_FAILED,		/* it did not answer, for long */
	SIGNUP_REASONS
};

struct signup {
	char owner[SIGNUP_OWNER], tenant[NAME_MAX_OCTETS], phone[PHONE_MAX];
	char lang[8], service_code[64];
	enum signup_state state;
	enum signup_why why;
	char uid[WALLET_UID], wallet_uid[WALLET_UID];
	char first_name[101], surname[101], id_number[21], passport[21], birth[9];
	char password[81];
	unsigned char mac[16];		/* keyed, of the password: the same PIN again */
	uint32_t mac_len;
	int key_id;
	bool local;			/* pin_check local: no identity, the subscriber keeps the keyed hash */
	int64_t begun_at;
	int64_t customer_id, wallet_id;
	bool identity, ratified, offered;	/* offered: the type of wallet */
	/* the create in hand, of the customer or of the wallet */
	int sends;			/* those that may have been processed */
	int64_t sent_at;		/* the last of them */
	bool absent;			/* looked for, and believed not to be there */
	/* the identity */
	bool update;			/* it is there already: the other way of writing it */
	bool refused;			/* the other way was */
	bool unanswered;		/* some attempt was: whom the password lets in has it */
	int64_t identity_at;		/* the last attempt */
	int64_t doubt_at;		/* the last one that had no answer: it may still land */
	int64_t not_before;		/* another PIN may still land until then */
	int tries;			/* in vain, of what is in hand */
	int64_t next_at;
	bool noted;			/* in the subscriber's record */
	bool told;
	struct rec_rest rest;
};

void signup_encode(const struct signup *s, struct buf *out);
bool signup_decode(const void *octets, size_t n, struct signup *out) MUST_CHECK;

enum signup_action {
	SIGNUP_OVER,		/* told, or said on the screen */
	SIGNUP_WAIT,		/* until *at */
	SIGNUP_FIND_CUSTOMER, SIGNUP_MAKE_CUSTOMER,
	SIGNUP_WRITE_IDENTITY, SIGNUP_TRY_LOGIN,
	SIGNUP_RATIFY,
	SIGNUP_FIND_WALLET, SIGNUP_READ_TYPES, SIGNUP_MAKE_WALLET,
	SIGNUP_NOTE,		/* in the subscriber: signup_note() */
	SIGNUP_SAY,		/* by SMS how it ended */
	SIGNUP_ACTIONS
};
/* What to do now. Time alone may end it: then the state is another one than before, and to be saved. */
enum signup_action signup_next(struct signup *s, int64_t now, int64_t *at);
const char *signup_action_name(enum signup_action a);
bool signup_writes(enum signup_action a);	/* signup_sending(), then saved, then sent */
void signup_sending(struct signup *s, enum signup_action a, int64_t now);
bool signup_late(const struct signup *s, int64_t now);
/* The request of an action that asks the wallet core. Wipe it after use. */
void signup_request(const struct signup *s, enum signup_action a, const struct wallet_settings *w,
    struct wallet_req *q);
/* The core's answer to it, which was asked at `asked_at`: what it did not find then may be there by now. */
void signup_on_answer(struct signup *s, enum signup_action a, int64_t now, int64_t asked_at,
    const struct wallet_settings *w, const struct wallet_answer *answer);

/* Before its first step: which ids it has, and what earlier ones came to. `s` has what the customer said. */
void signup_begin(struct signup *s, struct subscriber *sub, int64_t now);
/* What became of it, into the subscriber's record, in the same commit. */
void signup_note(struct signup *s, struct subscriber *sub);
/* Its record cannot be read: what it sent last, of whatever kind, may have been sent just now. */
void signup_lost(struct subscriber *sub, int64_t now);
