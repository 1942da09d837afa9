/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The providers whose USSD over HTTP is spoken, and what their dialects allow: for the configuration, which checks a
 * channel by it, and for the edge, which has a reader and a writer for each (channels/dialect.h).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* How a request may show whose it is. */
enum {
	PROOF_KEY = 1,		/* a secret in the URL, ?key= */
	PROOF_HEADER = 2,	/* a secret in a header of that name */
	PROOF_BASIC = 4,	/* HTTP basic */
	PROOF_HMAC = 8,		/* HMAC-SHA256 of the raw body in a header */
	PROOF_ADDRESS = 16	/* of the peer */
};

/* What tells a request that comes again from the same key pressed twice. */
enum http_repeat {
	HTTP_REPEAT_HISTORY,	/* each request has all inputs so far: nothing new is in it */
	HTTP_REPEAT_NUMBER,	/* the provider counts its requests */
	HTTP_REPEAT_OURS,	/* our answer has a number that the next request brings back */
	HTTP_REPEAT_NOTHING	/* only its text: the service looks for twins where it matters */
};

enum http_dialect {
	DIALECT_AFRICASTALKING, DIALECT_INFOBIP, DIALECT_AAT, DIALECT_CHANNELMOBILE, DIALECT_MTN, DIALECT_SAFARICOM,
	DIALECT_HUBTEL, DIALECT_ARKESEL, DIALECT_NALO, DIALECT_NSANO, DIALECT_KORBA, DIALECT_JSON, HTTP_DIALECTS
};

struct http_dialect_row {
	const char *name;		/* the word of the option `dialect` */
	unsigned proofs;		/* that make sense */
	enum http_repeat repeat;
	int answer_ms;			/* an answer later than that is too late for the provider */
	bool needs_public_url;		/* its answers say where the next request is to go */
};
extern const struct http_dialect_row http_dialects[HTTP_DIALECTS];
extern const char *const http_dialect_words[HTTP_DIALECTS + 1];	/* the names, and NULL */

int http_dialect_find(const char *name);	/* -1: there is none */
/* How long its provider waits for an answer; `told`: what the channel says of that, 0: nothing. 0: not known. */
int http_dialect_patience(const char *name, int told);
