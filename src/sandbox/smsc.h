/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's side of SMPP: SMSC and USSD gateway in one, in the dialect of the switch
 * ussd_dialect. Any bound transceiver or receiver of the account gets the dialogues and the
 * receipts. What an ESME does against the protocol goes to the sandbox's violations.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/mem.h"
#include "core/segment.h"
#include "sandbox/phone.h"

struct box;
struct smsc;

struct smsc_options {
	const char *address;		/* "127.0.0.1:0" */
	const char *system_id, *password;
};

struct smsc *smsc_new(struct box *x, const struct smsc_options *o, char *err, size_t err_size);
void smsc_free(struct smsc *s);
int smsc_port(const struct smsc *s);
bool smsc_send(struct smsc *s, struct dialogue *d, enum dialogue_step step,
    const char *text) MUST_CHECK;
void smsc_hangup(struct smsc *s, struct dialogue *d);
void smsc_forget(struct smsc *s, struct dialogue *d);

struct smsc_mo {			/* an SMS from a phone */
	const char *from, *to, *text;	/* from: a phone, or a name as forgers use it */
	enum segment_way way;
	const int *order;		/* parts (from 1) in the order sent, each as often as it stands there */
	size_t order_n;			/* 0: each once */
};
/* Number of parts; 0: the text is no UTF-8 or too long. Delivered again until the ESME takes it, for a while. */
int smsc_send_sms(struct smsc *s, const struct smsc_mo *m);
void smsc_drop_links(struct smsc *s);		/* closes every connection, as a fault */
json_t *smsc_counts(const struct smsc *s);	/* {"links":1,"submits":3,...} */
