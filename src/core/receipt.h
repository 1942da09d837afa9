/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery receipts: the text form that vendors vary (SMPP 3.4 appendix B) and the TLV form. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/phone.h"
#include "core/settings.h"

#define RECEIPT_ID 66			/* SMPP 3.4 §5.2.23: 65 octets and a NUL */
#define RECEIPT_OURS 128

enum receipt_state {
	RECEIPT_PENDING,	/* ENROUTE, BUFFRED, SCHEDULED */
	RECEIPT_ACCEPTED,	/* ACCEPTD: not delivered */
	RECEIPT_DELIVERED,
	RECEIPT_FAILED,		/* EXPIRED, DELETED, UNDELIV, REJECTD, FAILED, NOCRED, ... */
	RECEIPT_UNKNOWN,
	/* Not delivered, and the same message may be sent again by the same way: */
	RECEIPT_NOT_NOW,	/* later; it is no fault of the message's */
	RECEIPT_AGAIN,		/* perhaps the next time */
	RECEIPT_WINDOW_OVER,	/* of a chat: in a template only */
	RECEIPT_STATES
};

struct receipt {
	/* Raw, "" where it has none. One PDU may carry the same number in decimal in one and in hex in the other. */
	char id[RECEIPT_ID];		/* of the text */
	char tlv_id[RECEIPT_ID];	/* receipted_message_id */
	/* Our own name of the attempt (sms_req.ours), where the network repeats it; "" where it does not. */
	char ours[RECEIPT_OURS];
	enum receipt_state state;
	char stat[16];		/* the word, for operators */
	char err[8];
	/*
	 * Set by who read the PDU: no bit of its esm_class says that it is a receipt, it only looks like one. Then it
	 * is one if its id is that of a message of ours that went from `to` to `from`, and else what a customer wrote.
	 */
	bool maybe;
	char from[PHONE_MAX];		/* with maybe: its source address, as messages name phones ("27821234567") */
	char to[RECEIPT_ID];		/* with maybe: its destination address as it came; the message's sender */
};

/*
 * From the text: keys by name, first occurrence, before "text:". NULs are passed over, which reads
 * UCS-2 too. false: it has not both an id and a stat and is no receipt.
 */
bool receipt_parse_text(const char *text, size_t len, struct receipt *out);
/* From message_state (SMPP 3.4 §5.2.28). */
enum receipt_state receipt_of_message_state(unsigned state);
/* This attempt has come to nothing, for now or for good. */
bool receipt_is_failure(enum receipt_state state);
bool receipt_has_id(const struct receipt *r);
/*
 * A state in a TLV is trusted over the text's; ids are both kept: call after receipt_parse_text (or on a zeroed
 * struct). -1 / NULL where absent. A NUL ends the id, whatever id_len says.
 */
void receipt_apply_tlvs(struct receipt *r, const char *id, size_t id_len, int message_state);
/*
 * The form under which ids are matched: spaces and case dropped, leading zeros dropped; when `hex`
 * is set the id is read as a hexadecimal number and said in decimal. What is no number, or has over
 * 65 decimal digits, stays text (lower case). out has 66 octets.
 */
void receipt_canonical_id(const char *raw, bool hex, char out[RECEIPT_ID]);
/* The ids under which its message may be known, canonical and different: 0, 1 or 2 of them. */
size_t receipt_ids(const struct receipt *r, const struct receipt_ids *forms, char out[2][RECEIPT_ID]);
