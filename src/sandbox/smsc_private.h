/* SPDX-License-Identifier: Apache-2.0 */
/* What smsc.c, smsc_ussd.c and smsc_sms.c share. Nobody else includes it. */
#pragma once
#include <stdint.h>

#include "base/list.h"
#include "io/loop.h"
#include "io/smpp_peer.h"
#include "sandbox/faults.h"
#include "sandbox/smsc.h"

#define SMSC_LINKS 64

struct smsc {
	struct box *x;
	struct smpp_peer *peer;
	char system_id[16], password[16];
	struct map *sessions;		/* phone + id -> struct session */
	struct map *requests;		/* op of a deliver_sm -> struct dialogue */
	struct deferred grave;
	struct list delayed, receipts, deliveries;
	struct map *parts;		/* of messages that are not whole yet */
	uint64_t next_op, next_link, next_message, next_reference;
	uint32_t next_session;
	uint16_t next_umr;			/* of dialects with one for each message */
	int64_t binds, delivers, ussd_submits, sms_submits, receipts_sent, receipts_taken, mo_sent, mo_taken;
};

struct smsc_accepted {
	uint32_t status;
	char message_id[SMPP_MESSAGE_ID];
};

/*
 * The connection that a request to the ESME leaves on: the preferred one if it still can, else
 * another, 0: none.
 */
uint64_t smsc_receiver(struct smsc *s, uint64_t preferred);
void smsc_sms_init(struct smsc *s);
void smsc_sms_clear(struct smsc *s);
void smsc_mo_clear(struct smsc *s);
/* Answers a request, after a while when a fault says so. */
void smsc_respond(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, uint32_t status,
    const char *message_id, int64_t after_ms);
/* Takes a screen and shows it on its phone. */
void smsc_ussd_submit(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu,
    const struct fault *f);
/* Takes a message, shows it on its phone when it is whole, and plans its receipt. */
struct smsc_accepted smsc_sms_submit(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu,
    const struct fault *f);
