/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service needs of the world, as one table of functions. A call returns nothing; its answer comes later, at
 * most once, as gateway_on_*(gw, now, op, ...) with the op's id, perhaps never (then the adapter's deadline answers
 * "unknown"; only a crash answers nothing). Answers never arrive on the asker's stack. Arguments are borrowed for the
 * duration of the call only.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kyc.h"
#include "core/settings.h"
#include "core/wallet.h"

/*
 * The store: versioned records and lists of ids by time. Records that belong together live in one bucket, which is
 * chosen by the owner, and one commit changes any of them at once or none.
 */
enum store_family {		/* the table of lifetimes and caps is store_families[] in families.c */
	STORE_SESSION,		/* owner tenant/phone, id channel */
	STORE_SUBSCRIBER,	/* owner tenant/phone: language, opt-outs, PIN state, open intent, last outcome */
	STORE_PIN,		/* owner tenant/phone: tries and lock */
	STORE_JWT,		/* owner tenant/phone: the customer's login */
	STORE_INTENT,		/* owner tenant/phone (integrator: tenant/integrator/wallet/uid), id of the intent */
	STORE_DUE,		/* list, one per bucket of STORE_INTENT: intents by the time they are due, and
				 * sign-ups and new PINs */
	STORE_LIMIT,		/* owner phone, id month */
	STORE_MESSAGE,		/* owner the message's id, no id */
	/* Lists, one of each per bucket of STORE_MESSAGE: messages by the time they are due; in the order of their classes.
	 * A part, with a bind for id, repeats what waits for holders of that bind. */
	STORE_OUTBOX, STORE_OUTBOX_RESULT, STORE_OUTBOX_NOTICE,
	STORE_DEAD,		/* list, one per bucket of STORE_MESSAGE: ids of messages that came to nothing, by time. At its
				 * cap the oldest goes, instead of STORE_FULL */
	STORE_RECEIPT,		/* owner SMSC, id the SMSC's message id (canonical): where the message is; or parked */
	STORE_STRAY,		/* owner SMSC: the last receipts that matched no message */
	STORE_INDEX,		/* list; owner tenant/integrator/wallet: externalUniqueIds by time of creation */
	STORE_COUNTER,		/* owner tenant/phone or integrator, id what+day: caps a day */
	STORE_LINK,		/* owner bind, id number of the link: who may open it; its lifetime is the lease */
	STORE_INBOX,		/* owner tenant/phone: what the phone has sent by SMS, and what was answered */
	STORE_PARTS,		/* owner tenant/phone, id what tells long messages apart: one that is not whole yet */
	STORE_PERSON,		/* list, of each tenant (its name is the part) one per bucket of STORE_INTENT: those that a
				 * person must decide, by since when */
	STORE_HISTORY,		/* list; owner tenant/phone: its payments and operators' acts (core/history.h). At the cap
				 * the oldest goes */
	STORE_AUDIT,		/* owner tenant, id "head" or the number of an entry (core/audit.h) */
	STORE_REQUEST,		/* owner tenant, id number: what waits for an operator's approval (core/request.h) */
	STORE_REQUESTS,		/* list; owner tenant: numbers of those that are open, by when they were made */
	/* Owner tenant; core/edition.h */
	STORE_EDITION,		/* no id: that which dialogues begin on */
	STORE_EDITIONS,		/* no id: all that were published */
	STORE_CONTENT,		/* id version: a bundle (core/bundle.h) */
	STORE_ASIDE,		/* owner tenant/phone or (a limit's) phone, id record@when: octets of a record that could not
				 * be read, as they lay there */
	STORE_SIGNUP,		/* owner tenant/phone: a sign-up (core/signup.h); due in DUE */
	STORE_PIN_ORDER,	/* owner tenant/phone: a new PIN being written (core/pin_order.h); due in DUE */
	STORE_KYC,		/* owner tenant/phone: a check of documents (core/kyc.h); due in DUE */
	STORE_CHAT,		/* owner tenant/phone (tenant/user where the network tells no phone), id channel: what was written
				 * and waits for its answer (core/chat.h); due in DUE. Owner tenant/~code, no id: which chat shows that
				 * code (service/chat_link.c), for ten minutes */
	STORE_HANDED,		/* owner tenant/phone: a chat's dialogue that waits for the phone (core/session.h) */
	STORE_FAMILIES
};

struct store_row {
	const char *name;		/* in the key: "ses" */
	char tag;			/* 'p', 'l', 'o', 'r', 'i', 'b', 'a', 'e': the kind of bucket */
	unsigned buckets;
	int64_t ttl_ms;			/* of a record or list since its last write; 0: for ever */
	size_t cap;			/* octets of a record, items of a list */
};
extern const struct store_row store_families[STORE_FAMILIES];

#define STORE_OWNER 256
#define STORE_ID 128

struct store_key {
	enum store_family family;
	char owner[STORE_OWNER];
	char id[STORE_ID];		/* "" where the owner has only one */
};

#define STORE_VERSION 16
struct store_version {			/* counter (8 octets, little endian) and random mark of the writer; all zero: absent */
	unsigned char p[STORE_VERSION];
};

struct store_value {			/* of a load */
	bool present;
	bool damaged;			/* there, but could not be opened */
	struct store_version version;
	const void *p;			/* borrowed during the event */
	size_t len;
	const void *raw;		/* of a damaged one, as it lies there; borrowed too */
	size_t raw_len;
};

enum store_end {
	STORE_DONE,
	STORE_CONFLICT,		/* a version was not as expected, nothing was written */
	STORE_LATE,		/* the not-after had passed, nothing was written */
	STORE_FULL,		/* a cap of the families table would be passed, or no memory; nothing was written */
	STORE_UNKNOWN		/* no answer: written or not */
};

#define STORE_OPS_MAX 10
enum store_op_kind {
	STORE_PUT,		/* key becomes value with version `to` if it is at `from` now */
	STORE_CHECK,		/* key must be at version `from` */
	STORE_DELETE,		/* key goes if it is at `from` */
	STORE_LIST_ADD,		/* into the list `key` at `score`, or moved to it: the record `ref` (DUE, OUTBOX_*: a
				 * record of the same bucket) or the text `item` (INDEX, DEAD) */
	STORE_LIST_REMOVE	/* the same out of the list */
};

struct store_op {
	enum store_op_kind kind;
	struct store_key key;		/* all of one commit are in one bucket; of a DUE, OUTBOX_*, PERSON or DEAD list the
					 * owner is that of its record (it only chooses the bucket) */
	struct store_version from, to;
	const void *p;
	size_t len;
	int64_t ttl_ms;			/* PUT: 0 takes the family's */
	struct store_key ref;		/* LIST_* of DUE, OUTBOX_* and PERSON */
	char item[STORE_ID];		/* LIST_* of the others. Not sealed: no phone may stand in it */
	int64_t score;			/* LIST_ADD: ms since the epoch */
};

struct store_commit {
	struct store_op op[STORE_OPS_MAX];
	size_t n;
	int64_t not_after_ms;		/* wall clock of Redis; refused later. Never 0 */
};

/* A PUT that finds `to` already there was done by an earlier delivery of the same commit: DONE, not CONFLICT. */

#define STORE_CLAIM_MAX 64
#define STORE_CLAIM_LISTS 4
#define STORE_CLAIM_PARTS 6
struct store_claim {
	enum store_family list;		/* DUE, OUTBOX or PERSON */
	unsigned bucket;		/* 0..buckets-1 of the family */
	size_t max;
	int64_t lease_ms;		/* 0: only looked at, nothing is moved */
	unsigned more;			/* families behind `list`: what is due there comes after it, as far as max goes */
	/* Before each of these lists its parts (the `id` of their keys), and how many at most of each part. */
	struct {
		const char *id;		/* lives as long as the settings */
		size_t max;
	} part[STORE_CLAIM_PARTS];
	unsigned parts;
};
struct store_claimed {			/* of a claim: `value`, the record; an item whose record is gone is dropped from the list.
					 * of a range: `item` */
	struct store_value value;
	enum store_family family;	/* of the record */
	char item[STORE_ID];
	int64_t score;			/* when it was due, or created */
};

struct store_range {			/* the newest first */
	struct store_key key;		/* INDEX, HISTORY, REQUESTS; of DEAD only the family is looked at */
	unsigned bucket;		/* DEAD: whose list */
	int64_t from_ms, to_ms;
	size_t offset, max;		/* at most STORE_CLAIM_MAX */
};

/* An SMS for a channel; one op per message, all parts of it. */
struct sms_req {
	int channel;			/* index into settings.channels */
	enum message_class cls;
	uint64_t message;		/* for the log */
	char to[PHONE_MAX];
	const char *text;		/* UTF-8 */
	const char *user;		/* of a chat: whom to send to instead of `to`, "" or NULL: to the phone */
	const char *lang;		/* of the text, "" or NULL: not known */
	const char *ours;		/* our own name of this attempt, where the network repeats it in its receipts */
	bool window_over;		/* of a chat: nothing was written in it for a day, only a template may be sent */
	bool receipt;			/* ask for a delivery receipt */
	int64_t deadline_ms;		/* wall clock: never on the wire after it */
	int64_t valid_until_ms;		/* wall clock: the network need not deliver it after that */
};
enum sms_end {
	SMS_SENT,		/* accepted; id is set */
	SMS_LATER,		/* not sent: no link, window full, throttled */
	SMS_FEW,		/* not sent, refused this time: worth a few tries */
	SMS_REFUSED,		/* refused for good */
	SMS_EXPIRED,		/* the deadline passed before it was written */
	SMS_UNKNOWN,		/* written, no answer */
	SMS_SHUT		/* not sent: the way is out of order until a person has helped; another one is better */
};
struct sms_answer {
	enum sms_end end;
	uint32_t status;		/* command_status */
	char id[66];			/* the SMSC's, raw */
};

struct reply {
	const char *text;		/* UTF-8 */
	bool end;
};

/* A call to an integrator's callbackUrl. */
#define TELL_HEADERS 2
struct tell_req {
	int tenant, integrator;		/* indexes: whose callback_allow decides where it may lead */
	const char *url;
	const char *headers[TELL_HEADERS];	/* "Name: value", NULL: no more */
	const char *body;		/* JSON */
	int64_t timeout_ms;
};

/*
 * A document of a customer, from a chat to the wallet core, as it is: fetched from the chat's network while it is sent on,
 * and kept nowhere.
 */
struct document_req {
	int tenant, channel;		/* index into settings.channels: whose network has it */
	int64_t customer_id;
	enum kyc_document document;
	struct chat_media media;
	uint64_t who;			/* as in struct wallet_req */
};
enum document_end {
	DOCUMENT_TAKEN,			/* by the wallet core */
	DOCUMENT_REFUSED,		/* by the wallet core: code and about say why */
	DOCUMENT_UNFIT,			/* no type of file that such a document may be */
	DOCUMENT_TOO_LONG,
	DOCUMENT_LOST,			/* the network has it no more */
	DOCUMENT_FAILED			/* anything else: the core has it perhaps, or not */
};
struct document_answer {
	enum document_end end;
	char code[16], about[121];	/* as in struct wallet_answer */
};

enum receipt_end {
	RECEIPT_STORED,
	RECEIPT_NOT_STORED,	/* the SMSC is to send it again */
	RECEIPT_IS_MESSAGE	/* only of one that came with `maybe`: its id is none of ours */
};

struct gateway_content;
struct ports {
	void *ctx;
	void (*load)(void *ctx, uint64_t op, const struct store_key *keys, size_t n);	/* keys of one bucket; n <= 8 */
	void (*commit)(void *ctx, uint64_t op, const struct store_commit *c);
	void (*claim)(void *ctx, uint64_t op, const struct store_claim *c);
	void (*range)(void *ctx, uint64_t op, const struct store_range *r);
	unsigned (*bucket)(void *ctx, enum store_family family, const char *owner);
	void (*wallet)(void *ctx, uint64_t op, int tenant, const struct wallet_req *req, int64_t timeout_ms);
	void (*document)(void *ctx, uint64_t op, const struct document_req *req, int64_t timeout_ms);
	void (*sms)(void *ctx, uint64_t op, const struct sms_req *req);
	/*
	 * Calls the phone up: a dialogue that we begin (TURN_PUSH, with no state). As far as this process can, no answer
	 * comes; NULL: it cannot.
	 */
	void (*push)(void *ctx, int channel, const char *phone);
	unsigned (*sms_free)(void *ctx, int channel);	/* messages that could be written now */
	void (*reply)(void *ctx, uint64_t turn, const struct reply *r);			/* no answer comes */
	void (*api_reply)(void *ctx, uint64_t call, int status, const char *json);	/* integrators; no answer comes */
	void (*operator_reply)(void *ctx, uint64_t call, int status, const char *json);	/* operators; no answer comes */
	void (*receipt_stored)(void *ctx, uint64_t peer_op, enum receipt_end end);	/* no answer comes */
	/*
	 * Hold: open this link of the bind and keep it. Not hold: unbind and close it, all within so many ms; 0: close
	 * it at once and write nothing more. No answer comes.
	 */
	void (*link)(void *ctx, int bind, int slot, bool hold, int64_t within_ms);
	/* ms of a clock that is never set, and that runs on while the process or the machine stands still. */
	int64_t (*steady)(void *ctx);
	void (*random)(void *ctx, void *p, size_t n);
	/* 16 octets of a keyed hash: for turn records and comparing inputs without keeping them. */
	void (*mac)(void *ctx, const void *p, size_t n, unsigned char out[16]);
	/*
	 * For what leaves us and is to come back: only this installation opens it, or makes one. `out` has n +
	 * PORT_SEAL octets, or n - PORT_SEAL. Not needed without public_url.
	 */
	void (*seal)(void *ctx, const void *p, size_t n, unsigned char *out);
	bool (*open)(void *ctx, const void *p, size_t n, unsigned char *out);
	void (*tell)(void *ctx, uint64_t op, const struct tell_req *req);	/* integrators */
	/*
	 * Makes what a turn works with of the octets of STORE_CONTENT, at once; false: this program cannot use them.
	 * NULL: nothing is published, dialogues begin on what the gateway was given and nothing else is known.
	 */
	bool (*content)(void *ctx, int tenant, const char *version, const void *octets, size_t len,
	    struct gateway_content *out);
	void (*content_free)(void *ctx, void *made);
};
#define PORT_SEAL 41
