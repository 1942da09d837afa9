/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a customer is, by documents: which files may be sent as which document, what a refusal of the wallet core means,
 * and the check of all of them (ratification, wallet-core.md 5 and 6), which takes seconds to days and ends with a
 * message. A check is a record that knows what comes next, as a sign-up is: a crash anywhere leaves one from which
 * kyc_next() goes on. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/chat_in.h"
#include "core/record.h"
#include "core/settings.h"
#include "core/wallet.h"

/* ---- documents ---- */

enum kyc_document { KYC_AUTO, KYC_SELFIE, KYC_ADDRESS, KYC_DOCUMENTS };
/* By the wallet core's word for it: "AUTO" (an identity document or a passport), "FACIAL_PHOTO", "PROOF_OF_ADDRESS". */
bool kyc_document_find(const char *word, enum kyc_document *out) MUST_CHECK;
const char *kyc_document_word(enum kyc_document d);

/*
 * A file of that type may be such a document: pictures, and files of pages where it is no face. *max: octets that it
 * may have, of which file_max is the most of a file of pages. Meta's own bound for pictures is 5 MB (protocols.md 5.3).
 */
bool kyc_media(enum kyc_document d, const char *media_type, int64_t file_max, int64_t *max) MUST_CHECK;
/*
 * Why the core did not take it, as a word: "unreadable", "type" (another document), "expired", "face" (none found) or
 * "other". Its codes for this are not known (wallet-core.md 21), so the description is looked at too.
 */
const char *kyc_refusal(const char *code, const char *about);

/* ---- their check ---- */

#define KYC_OWNER 256
#define KYC_FAILED_MAX 3		/* failed checks that are told */
#define KYC_SENDS 5			/* requests that had no answer and left no result: then it is given up */

enum kyc_state { KYC_RUNNING, KYC_PASSED_IT, KYC_FAILED_IT, KYC_GIVEN_UP, KYC_STATES };

struct kyc {
	char owner[KYC_OWNER], tenant[NAME_MAX_OCTETS], phone[PHONE_MAX];
	char lang[8];
	char channel[NAME_MAX_OCTETS], user[CHAT_USER];	/* of the chat that asked */
	int64_t hands;			/* of it, then */
	enum kyc_state state;
	int64_t customer_id;
	int64_t begun_at;
	bool looked;			/* at what there was before: */
	int64_t before_ms;		/* the newest result's time then; 0: there was none, or it did not say */
	bool asked;			/* the core has said that it checks, or what came of it */
	int sends;			/* of the request, that may have been processed */
	bool unsure;			/* the last one had no answer: is there a result? */
	int reads;			/* since the core said that it is pending */
	int tries;			/* in vain, of what is in hand */
	int64_t next_at;
	char failed[KYC_FAILED_MAX][16];	/* words of kyc_check_word() */
	int failed_n;
	bool told_pending;
	int told_n;			/* messages that say how it ended */
	struct rec_rest rest;
};

void kyc_encode(const struct kyc *k, struct buf *out);
bool kyc_decode(const void *octets, size_t n, struct kyc *out) MUST_CHECK;

enum kyc_action {
	KYC_OVER,		/* told */
	KYC_WAIT,		/* until *at */
	KYC_LOOK,		/* reads what there is: before the request, and instead of its answer */
	KYC_ASK,		/* the request: kyc_sending(), then saved, then sent */
	KYC_READ,		/* of one that is pending */
	KYC_SAY_PENDING, KYC_SAY,
	KYC_ACTIONS
};
void kyc_begin(struct kyc *k, int64_t now);	/* of one whose persons and places are filled in */
/* What to do now. Time alone may end it, after `bound_ms`: then the state is another one than before. */
enum kyc_action kyc_next(struct kyc *k, int64_t now, int64_t bound_ms, int64_t *at);
const char *kyc_action_name(enum kyc_action a);
void kyc_sending(struct kyc *k);
void kyc_request(const struct kyc *k, enum kyc_action a, struct wallet_req *q);	/* LOOK, ASK, READ */
void kyc_on_answer(struct kyc *k, enum kyc_action a, int64_t now, const struct wallet_answer *answer);
/*
 * The last part of the text's key, sms.result.kyc.*, of what is to be said now: "pending", "passed", "given_up", or of
 * each failed check one of its own.
 */
const char *kyc_text(const struct kyc *k, enum kyc_action a);
void kyc_said(struct kyc *k, enum kyc_action a);
