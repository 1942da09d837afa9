/* SPDX-License-Identifier: Apache-2.0 */
/* How each provider writes and reads; between sms_provider.c and its forms only. */
#pragma once
#include <jansson.h>

#include "base/buf.h"
#include "core/settings.h"
#include "io/http_server.h"

struct sms_seen {			/* a send, as it was asked for; borrowed from the request */
	const char *to, *from, *text;
	const char *ours;		/* what the gateway calls it, "" */
	const char *receipt_url;	/* "" */
};

enum sms_take { SMS_TAKE, SMS_TAKE_REFUSED, SMS_TAKE_STOPPED, SMS_TAKE_BALANCE, SMS_TAKE_SLOW, SMS_TAKE_STRANGER,
    SMS_TAKE_BAD, SMS_TAKES };

struct sms_reply {
	int status;
	const char *type;		/* NULL: text */
	char *body;			/* ours to free */
};

struct sms_note {			/* a receipt, an inbound message or an opt-out */
	const char *id, *ours;		/* of a receipt: both names */
	const char *phone, *number, *text;
	bool delivered;
};

struct sms_post {			/* what goes to the gateway */
	const char *method, *type;
	struct buf query, body;		/* of the query what is behind '?', or "" */
};

struct sms_form_row {
	const char *method, *path;
	/* Of who asks: the account's user and secret. */
	bool (*is_ours)(const struct http_req *req, const char *secret);
	/* NULL, or what is wrong with it. `room` takes texts that had to be decoded. */
	const char *(*read)(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room);
	void (*answer)(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out);
	/* What it has no form for is NULL. */
	void (*receipt)(const struct sms_note *n, struct sms_post *out);
	void (*inbound)(const struct sms_note *n, struct sms_post *out);
	void (*opt_out)(const struct sms_note *n, struct sms_post *out);
};
extern const struct sms_form_row sms_forms[SMS_PROVIDERS];
