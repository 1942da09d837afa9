/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said to a wallet core and what its answers mean (wallet-core.md, money.md section 3). Pure: requests
 * become method, path and body; status and body become an answer. Nothing here is believed beyond what it says.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/phone.h"

#define WALLET_UID 101		/* externalUniqueId: 6 to 100 octets */
#define WALLET_JWT 2048
#define WALLET_ITEMS 20		/* rows asked for and read at once */
#define WALLET_TOKEN 24
#define WALLET_CALLBACK 800	/* a callbackUrl of ours */
#define WALLET_CHECKS 24		/* parts of a KYC result that are kept */
#define WALLET_TIME 28		/* room for a timestamp as text */

enum wallet_op {
	WALLET_LOGIN,			/* identity, password (a customer's; the service's own login is the client's) */
	WALLET_CUSTOMERS,		/* by phone, id_number or passport */
	WALLET_CUSTOMER_GET,		/* customer_id */
	WALLET_CUSTOMER_CREATE,		/* uid, first_name, surname, id_number or passport, birth, lang, phone */
	WALLET_IDENTITY_CREATE,		/* customer_id, identity, password */
	WALLET_IDENTITY_UPDATE,		/* customer_id, identity, password */
	WALLET_RATIFY,			/* customer_id */
	WALLET_RATIFIED,		/* customer_id: the newest result of that, n == 0: there is none */
	WALLET_DOCUMENT,		/* customer_id, type ("AUTO"), media_type; see wallet_build() */
	WALLET_TYPES,			/* customer_id: what the customer may own */
	WALLET_CREATE,			/* customer_id, uid, wallet_type_id */
	WALLET_LIST,			/* customer_id */
	WALLET_GET,			/* wallet_id */
	WALLET_TRANSACTIONS,		/* wallet_id, from_ms, to_ms, offset; uid as filter when set */
	WALLET_TRANSFER,		/* uid, wallet_id, to_wallet_id, amount, text */
	WALLET_TRANSFER_CHECK,		/* the same, onlyCheck */
	WALLET_WITHDRAWAL_FEE,		/* wallet_id, amount, type */
	WALLET_WITHDRAWAL_CREATE,	/* uid, wallet_id, amount, type, expires_ms; phone (deliverToPhone), callback: or "" */
	WALLET_WITHDRAWAL_GET,		/* wallet_id, withdrawal_id */
	WALLET_WITHDRAWAL_LIST,		/* wallet_id, from_ms, to_ms, offset; uid as filter when set */
	WALLET_WITHDRAWAL_CANCEL,	/* wallet_id, withdrawal_id */
	WALLET_OPS
};

struct wallet_req {
	enum wallet_op op;
	char jwt[WALLET_JWT];		/* the customer's own ("Bearer ..."), or "": as the service user */
	char uid[WALLET_UID];
	int64_t customer_id, wallet_id, to_wallet_id, withdrawal_id;
	int wallet_type_id;
	int64_t amount;			/* cents */
	char type[40];			/* of a withdrawal or a document */
	char media_type[64];		/* of a document: "image/jpeg" */
	char phone[PHONE_MAX];
	char first_name[101], surname[101], id_number[21], passport[21], birth[9], lang[3];
	char identity[41], password[81];
	char text[201];			/* description */
	char location[41];		/* "USSD" */
	char callback[WALLET_CALLBACK];	/* callbackUrl */
	int64_t from_ms, to_ms, expires_ms;
	int offset;
	uint64_t who;			/* keyed hash of the phone, or the integrator's wallet, that it is for; 0: of nobody */
	bool resolves;			/* reads or settles what may have moved money: slowed, never shut out */
};

enum wallet_end {
	WALLET_DONE,		/* 2xx with a body that could be read where one is needed */
	WALLET_REFUSED,		/* a well-formed 4xx error array of type BUSINESS */
	WALLET_AUTH,		/* 401: not processed; the customer's JWT or password is not good */
	WALLET_LATER,		/* 429 / RLT001, or never sent (no connection was made, our own limit): not processed */
	WALLET_UNKNOWN		/* everything else: may or may not have been done */
};

struct wallet_customer {
	int64_t id;
	char first_name[101], surname[101], phone[PHONE_MAX], status[16], id_number[21], uid[WALLET_UID];
};
struct wallet_wallet {
	int64_t id, customer_id;
	int type_id;
	int64_t balance, available;
	char status[16], currency[4], uid[WALLET_UID];
};
struct wallet_tx { int64_t id, at_ms, amount; char type[24], text[65], uid[WALLET_UID]; };	/* amount < 0: debit */
struct wallet_withdrawal {
	int64_t id, wallet_id, amount, fee, created_ms, expires_ms;
	char uid[WALLET_UID], status[16], type[40], token[WALLET_TOKEN], currency[4], phone[PHONE_MAX], problem[65];
};
enum wallet_kyc { WALLET_KYC_NONE, WALLET_KYC_PENDING, WALLET_KYC_PASSED, WALLET_KYC_FAILED };
/* One check of a ratification, by the name of its member: which there are depends on the tenant's provider. */
struct wallet_check { char name[48]; bool checked, passed, pending; };

/* What became of a document that was to be streamed from elsewhere. */
enum wallet_document {
	DOCUMENT_CARRIED,	/* the core's answer is what counts */
	DOCUMENT_GONE,		/* it is not there any more; the core has nothing */
	DOCUMENT_TOO_BIG,	/* the same */
	DOCUMENT_WRONG		/* the same: what came is not what was promised */
};

struct wallet_answer {
	enum wallet_end end;
	int http;			/* status, 0 if none came */
	char code[16];			/* of the first error: "WAL009" */
	char trace[40];			/* traceId, for support */
	char about[121];		/* description of the first error: to be recognised, never shown or logged */
	enum wallet_document document;	/* DOCUMENT, when it is not DONE */
	/* DONE: what was asked for */
	int n;				/* rows below, 0..WALLET_ITEMS */
	bool more;			/* the list went on: ask again with offset + n */
	bool rows_without_id;		/* some row carried no externalUniqueId: absence cannot be concluded */
	struct wallet_customer customer[WALLET_ITEMS];
	struct wallet_wallet wallet[WALLET_ITEMS];
	struct wallet_tx tx[WALLET_ITEMS];
	struct wallet_withdrawal withdrawal[WALLET_ITEMS];	/* [0] after CREATE, GET, CANCEL */
	int wallet_type[WALLET_ITEMS];
	bool kyc_passed;		/* RATIFY, RATIFIED */
	enum wallet_kyc kyc;
	int64_t kyc_ms;			/* when it was so; 0: not said */
	struct wallet_check check[WALLET_CHECKS];
	int checks;
	int64_t fee;			/* cents */
	char jwt[WALLET_JWT];		/* LOGIN: "Bearer ..." */
	int64_t jwt_exp_ms;
};

/* How a call goes on the wire. `path` begins with "/rest/v1/" and is appended to the tenant's url. */
struct wallet_http {
	const char *method;
	char path[512];
	struct buf body;		/* JSON or empty; buf_clear() it: may hold secrets */
};
/*
 * The body of DOCUMENT lacks the document: base64 of it goes before the last WALLET_DOCUMENT_END octets, a quote and a
 * brace.
 */
void wallet_build(const struct wallet_req *req, int64_t tenant_id, struct wallet_http *out);
#define WALLET_DOCUMENT_END 2
/*
 * Reads an answer to req. Never fails: what cannot be believed is WALLET_UNKNOWN. ans is filled whole.
 * Not believed: amounts with more than two decimals or out of range, rows without their id or
 * (transactions, withdrawals) amount, an object that is not the one asked for, a token that is not
 * text of digits, letters or dashes. TRANSFER and the identity calls need no body; CANCEL without one
 * is DONE with n == 0. Texts are cut to their member, controls become spaces; an id that does not fit
 * is "" (it cannot be ours) but counts as present. Rows of a list are what came, whatever was asked
 * for: the core may ignore a filter, so compare them with what was looked for.
 */
void wallet_parse(const struct wallet_req *req, int http, const char *body, size_t len, struct wallet_answer *ans);
/* Renews a login (wallet-core.md 2.2): the answer is one to WALLET_LOGIN. With or without "Bearer ". */
void wallet_build_renew(const char *jwt, struct wallet_http *out);
bool wallet_op_moves_money(enum wallet_op op);		/* TRANSFER, WITHDRAWAL_CREATE, WITHDRAWAL_CANCEL */
const char *wallet_op_name(enum wallet_op op);
const char *wallet_end_name(enum wallet_end end);

/* "2026-03-24T10:00:00.000Z". Reading takes any offset and fraction; false: no moment since 1970. */
const char *wallet_time_text(int64_t ms, char out[WALLET_TIME]);
bool wallet_time_parse(const char *text, int64_t *ms) MUST_CHECK;

/* The withdrawal's status in the gateway's words. Every "ERROR..." is failed; unknown ones are not final. */
enum wallet_status { WSTATUS_PENDING, WSTATUS_SUCCESSFUL, WSTATUS_CANCELLED, WSTATUS_TIMEOUT, WSTATUS_ERROR };
enum wallet_status wallet_status(const char *status);
/* Of a customer or a wallet: money may move only when it is ACTIVE; a core that does not say counts as such. */
bool wallet_is_active(const char *status);

/*
 * money.md section 6: password = prefix + base64(HMAC-SHA256(key, framed("isango-pin-v1", tenant_id,
 * customer uid, pin))). Framed: each part, the tenant's id as decimal text, behind its length in four
 * octets, big endian. Wipe `out` after use.
 */
void wallet_pin_password(const unsigned char key[32], const char *prefix, int64_t tenant_id, const char *customer_uid,
    const char *pin, char out[81]);
