/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks of the WhatsApp Cloud API: who sent the octets, and what they say (Meta: "Webhooks", "messages reference").
 * Pure. Batches mix messages, statuses and errors of one or several numbers; order is kept.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/chat_in.h"

#define WA_SIGNATURE_HEADER "X-Hub-Signature-256"
#define WA_SIGNATURE_MAX 72	/* "sha256=", 64 hex digits and a NUL */
#define WA_NUMBER_ID 32		/* of a phone number of ours, digits */
#define WA_OURS_MAX 128	/* biz_opaque_callback_data, as far as it can be one of ours */

void wa_signature_make(const char *secret, const void *body, size_t len, char out[WA_SIGNATURE_MAX]);
/*
 * HMAC-SHA256 of the octets as they came; header may be NULL. In time that does not tell how much of it was right. It
 * carries no time: that a webhook is played again is seen by the ids in it.
 */
bool wa_signature_good(const char *header, const char *secret, const void *body, size_t len) MUST_CHECK;

enum wa_state { WA_SENT, WA_DELIVERED, WA_READ, WA_FAILED };

struct wa_status {
	char id[CHAT_MESSAGE];		/* of the message that we sent; "" is possible only beside `ours` */
	char ours[WA_OURS_MAX];		/* what we gave it to carry, "" without */
	char to[PHONE_MAX];		/* whom it was for, "" where that is no phone */
	enum wa_state state;
	int code;			/* of FAILED, -1: it says none */
	int64_t at_ms;			/* 0: it does not say */
};

enum wa_kind {
	WA_INPUT,			/* `in` */
	WA_STATUS,			/* `status` */
	WA_ERROR,			/* `code`: of the number or account, of no message */
	WA_IGNORED			/* read and of no use to anybody: a reaction, another kind of notification */
};

struct wa_item {
	enum wa_kind kind;
	char number_id[WA_NUMBER_ID];	/* which number of ours it is about, "" where it does not say */
	struct chat_in *in;		/* ours; `channel` is 0 */
	struct wa_status status;
	int code;
};

struct wa_webhook {			/* zeroed before use */
	struct wa_item *item;		/* in their order; ours */
	size_t n;
	unsigned unknown;		/* people who have neither a number nor an identity that can be written to */
};

/* false: it is no webhook (nothing is in `out`). `country`: that of the tenant. */
bool wa_webhook_read(const char *body, size_t len, const char *country, struct wa_webhook *out) MUST_CHECK;
void wa_webhook_clear(struct wa_webhook *w);	/* wipes the texts */
