/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the WhatsApp Cloud API by their code, which an answer and a status carry alike; titles and texts change and
 * are not looked at (Meta: "Cloud API error codes"). Pure.
 */
#pragma once

enum wa_class {
	WA_SLOW,		/* too much of us: not sent, the whole number pauses */
	WA_SLOW_PAIR,		/* too much to this customer: not sent, the pair pauses */
	WA_UNREACHABLE,		/* this customer cannot be reached here: another way is to be taken */
	WA_WINDOW,		/* nothing was written to us for 24 hours: only a template may be sent */
	WA_TEMPLATE,		/* the template is not as it was approved, or not to be used now */
	WA_OURS,		/* the request is not as it must be */
	WA_AUTH,		/* the access token or its rights */
	WA_ACCOUNT,		/* the business account is blocked, or does not pay */
	WA_AGAIN,		/* their trouble: not sent, worth a few tries */
	WA_UNCERTAIN,		/* no word of theirs: sent or not */
	WA_CLASSES
};

/*
 * Of an answer of this HTTP status that carries this code, -1 where it carries none; http 0: of a status or another
 * part of a webhook.
 */
enum wa_class wa_error_class(int code, int http);
const char *wa_class_name(enum wa_class c);	/* for the log: "auth" */
