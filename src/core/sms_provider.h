/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who send SMS for us over HTTP: how each wants a message, what its answer means, and what it sends us. One row
 * and one file each (provider_*.c); rows are in the order of enum sms_provider. Pure: no sockets, no clock.
 *
 * Success is said for each recipient: a 200 or 201 may hold a refusal. A message has two ids: the provider's, and one
 * that we give it (`ours`) where the provider repeats it in its receipts; a receipt is matched by either.
 */
#pragma once
#include <jansson.h>

#include "core/form.h"
#include "core/provider_id.h"
#include "core/receipt.h"
#include "core/settings.h"

#define SMS_OURS 33			/* our own id of an attempt: 32 hex digits and a NUL */
#define SMS_CALL_HEADERS 3
#define SMS_EVENTS_MAX 200		/* of one request; Infobip sends up to 100 */

struct sms_account {			/* borrowed */
	enum sms_provider provider;
	const char *url;		/* of its API, without the path that it documents */
	const char *user, *secret;
	const char *sender;
	const char *receipt_url;	/* where receipts are to go; "" where it is told by other means, or never */
};

struct sms_text {			/* one message; borrowed */
	const char *to;			/* canonical: digits */
	const char *text;		/* UTF-8 */
	const char *ours;
	int64_t valid_s;		/* it need not be delivered later than in so many */
};

struct sms_call {			/* the request to make; zeroed at first, sms_call_clear() it: it holds secrets */
	const char *method;
	struct buf url, body;
	struct buf header[SMS_CALL_HEADERS];	/* "Name: value", empty: no more */
};

enum sms_verdict {
	SMS_SAID_ACCEPTED,
	SMS_SAID_REFUSED,	/* this recipient or text, for good */
	SMS_SAID_STOPPED,	/* the same, because the recipient wants nothing from this sender */
	SMS_SAID_SHUT,		/* our account, credit or configuration: nothing leaves by it until a person has helped */
	SMS_SAID_SLOW,		/* not taken now: too fast, or out of order for a moment */
	SMS_SAID_FEW,		/* not taken; the next try may be */
	SMS_SAID_UNKNOWN	/* perhaps taken */
};

#define SMS_WORD 32
struct sms_said {
	enum sms_verdict verdict;
	int code;			/* the provider's number, else the HTTP status; for operators */
	char id[RECEIPT_ID];		/* of ACCEPTED: the provider's, "": it gives none */
	char word[SMS_WORD];		/* the provider's, for the log: letters only */
};

enum sms_way { SMS_WAY_RECEIPT, SMS_WAY_INBOUND, SMS_WAY_OPT_OUT, SMS_WAYS };

struct sms_heard {			/* a request to us; borrowed */
	const char *target;		/* as in its first line: path and query */
	const char *body;		/* NUL behind it */
	size_t len;
	const char *signature;		/* the header of that provider's name, or NULL */
};

enum sms_event_kind { SMS_EVENT_RECEIPT, SMS_EVENT_INBOUND, SMS_EVENT_OPT_OUT };
struct sms_event {			/* borrowed during the call */
	enum sms_event_kind kind;
	struct receipt receipt;		/* RECEIPT: id is the provider's, tlv_id ours */
	bool stopped;			/* RECEIPT: it failed since `phone` wants nothing from this sender */
	const char *phone;		/* as written there; of INBOUND who wrote */
	const char *to;			/* INBOUND: the number written to, NULL: not told */
	const char *text;		/* INBOUND: UTF-8 */
	const char *id;			/* INBOUND: the provider's, tells a repetition from another one; or NULL */
};
typedef void sms_event_fn(void *arg, const struct sms_event *e);

/* What must be configured beside provider and sender; for the rules and the manual. */
#define SMS_NEEDS_USER 1
#define SMS_NEEDS_SECRET 2
#define SMS_NEEDS_URL 4			/* api_url: there is no usual one */
#define SMS_NEEDS_PUBLIC 8		/* public_url: receipts go to a URL in the request, or signatures cover it */
#define SMS_SIGNS 16			/* its requests are signed with the secret */

struct sms_provider_row {
	const char *name;
	const char *url;		/* of its API as documented, NULL: none */
	unsigned needs;
	void (*write)(const struct sms_account *a, const struct sms_text *t, struct sms_call *out);
	/*
	 * Of a status below 500 that is not 429. `body` is as it came, `doc` the same as JSON or NULL. *said has the
	 * verdict of the status alone.
	 */
	void (*read_answer)(int status, const char *body, const json_t *doc, struct sms_said *said);
	/* false: nothing that it would send. `query` and `form` may be empty, `doc` NULL. */
	bool (*read)(enum sms_way way, const struct form *query, const struct form *form, const json_t *doc,
	    sms_event_fn *on, void *arg);
	const char *reply_type, *reply;	/* what it must hear when all is stored; with status 200 */
	const char *signature_header;	/* NULL: it signs nothing */
	bool case_matters;		/* two of its ids may differ by case alone */
	bool repeats_ours;		/* its receipts name a message as we did */
};
const struct sms_provider_row *sms_provider_row(enum sms_provider p);
extern const char *const sms_provider_words[SMS_PROVIDERS + 1];	/* names, NULL behind them */

void sms_provider_write(const struct sms_account *a, const struct sms_text *t, struct sms_call *out);
void sms_call_clear(struct sms_call *c);
/* An id of that provider, or ours at it, as its receipts will have it. */
void sms_provider_keep_id(enum sms_provider p, const char *id, char out[RECEIPT_ID]);
/* Whatever came: body is NUL-terminated. */
void sms_provider_answer(enum sms_provider p, int status, const char *body, size_t len, struct sms_said *out);
/*
 * Calls `on` for what a request holds, in its order. false: it cannot be read, and nothing was called; or it holds more
 * than SMS_EVENTS_MAX and the rest was left out. The signature is not looked at here.
 */
bool sms_provider_read(enum sms_provider p, enum sms_way way, const struct sms_heard *h, sms_event_fn *on, void *arg)
    MUST_CHECK;
/*
 * Of one that signs (SMS_SIGNS): is it signed with the secret? In time that does not tell how much was right.
 * `public_url` is what stands before the target where the provider sees us, without a '/' at its end.
 */
bool sms_provider_signed(enum sms_provider p, const char *secret, const char *public_url, const struct sms_heard *h)
    MUST_CHECK;
