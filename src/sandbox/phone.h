/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phones of the sandbox: the screen of one USSD dialogue each, and an inbox of SMS. They know
 * no protocol: smsc and aggregator carry what is typed and bring what is shown. The control
 * listener serves them (control.h).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/mem.h"
#include "core/phone.h"
#include "provider/provider.h"

struct aggregator;
struct box;
struct phone;
struct phones;

struct phone_sms {
	const char *from, *text;	/* UTF-8 */
	const char *id;			/* the SMSC's message id, of the first part */
	int parts;
};

/*
 * A screen has come, or the dialogue ended without one (then why says so and text is NULL). Runs at
 * most once per input.
 */
typedef void phone_answer(void *arg, uint64_t op, const char *text, bool open, const char *why);

/*
 * One USSD dialogue of a phone as its network sees it; embedded in what drives it (a phone's
 * screen, a benchmark), who fills the first part. The second is the carrier's. Zeroed before use.
 */
struct dialogue {
	char msisdn[PHONE_MAX];
	char code[32];			/* as dialled */
	struct aggregator *aggregator;	/* that carries it over HTTP, NULL: it goes over SMPP */
	char channel[49];		/* HTTP: of the gateway, or "" for the one that the aggregator was given */
	phone_answer *answer;		/* where screens go */
	void *arg;
	uint64_t op;

	bool open;
	char *input;			/* SMPP: the last one */
	uint64_t request;		/* under way, 0: none */
	uint64_t conn;			/* SMPP: the link it began on */
	uint32_t session;		/* SMPP: the network's id of it */
	uint8_t sequence;
	unsigned char tlv[8];		/* SMPP: that its last message carried */
	size_t tlv_len;
	int awaited;			/* SMPP: inputs that have no answer yet */
	bool pushed;			/* SMPP: the gateway began it */
	struct provider_call call;	/* HTTP */
};

enum dialogue_step { STEP_BEGIN, STEP_INPUT, STEP_REPEAT };
/*
 * Carries one input to the gateway; text only of STEP_INPUT. false: there is no way to the gateway,
 * nothing will come.
 */
bool dialogue_send(struct box *x, struct dialogue *d, enum dialogue_step step,
    const char *text) MUST_CHECK;
/* Tells the gateway; no answer comes any more. in_time: the customer did it, and not the network that had waited. */
void dialogue_hangup(struct box *x, struct dialogue *d, bool in_time);
/* Whether there is an input to repeat. */
bool dialogue_began(const struct dialogue *d);
/* Tells nobody; the memory may be used again. */
void dialogue_forget(struct box *x, struct dialogue *d);
/* For the carriers: a screen, or the end without one. */
void dialogue_show(struct dialogue *d, const char *text, bool open);
void dialogue_fail(struct dialogue *d, const char *why);

/* The gateway calls this phone up: its dialogue, begun anew for the carrier; NULL: it is in one. */
struct dialogue *phones_called_up(struct phones *p, const char *msisdn, const char *code);

struct phones *phones_new(struct box *x);
void phones_free(struct phones *p);
void phones_sms(struct phones *p, const char *msisdn, const struct phone_sms *sms);
json_t *phones_list(const struct phones *p);
int64_t phones_sms_count(const struct phones *p);

/*
 * What the control listener hands on: body may be NULL; the answer goes to control_answer(http id).
 */
struct phone_call {
	uint64_t http;
	const char *method, *msisdn, *verb;
	const json_t *body;
	int64_t after, wait_ms;		/* of GET .../sms */
};
void phones_call(struct phones *p, const struct phone_call *c);
