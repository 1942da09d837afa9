/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over HTTP as the providers speak it: the requests that each would send for a dialogue, and its own reading of
 * our replies. What stands in for a provider uses this (the sandbox, isango dial); the gateway has readers and writers
 * of its own and never links it, so that one cannot agree with the other's mistake. Written from protocols.md section
 * 3 and the samples. Pure: octets in, octets out; the caller sends, waits and knows the time.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/phone.h"

#define PROVIDER_CODE 32
#define PROVIDER_SESSION 48
#define PROVIDER_KEYS 4
#define PROVIDER_HEADERS (PROVIDER_KEYS + 1)
#define PROVIDER_WHY 120

struct provider;

enum provider_event {
	PROVIDER_BEGIN, PROVIDER_INPUT,
	PROVIDER_REPEAT,		/* the last of these two once more, for who knows whether it was answered */
	PROVIDER_DONE,			/* our last screen was shown */
	PROVIDER_HANGUP,		/* the customer left */
	PROVIDER_TIMEOUT,		/* the customer did not answer */
	PROVIDER_FAILED			/* we did not, or not as we should */
};

enum provider_proof { BY_NOTHING, BY_URL, BY_HEADER, BY_BASIC, BY_HMAC };

/* How a provider proves who it is; a contract may want more than one way. */
struct provider_key {
	enum provider_proof way;
	const char *name;		/* of the parameter or header, or the user; NULL: the usual one */
	const char *key;		/* "" or NULL: not proven so */
};

/* Where a provider was told to send; the texts are the caller's and live as long as it is used. */
struct provider_site {
	const struct provider *dialect;
	const char *url, *event_url;	/* the latter may be NULL: the same */
	struct provider_key keys[PROVIDER_KEYS];
};

struct provider_request {		/* freed by provider_request_clear() */
	const char *method;
	struct buf url, body;
	char headers[PROVIDER_HEADERS][200];
	int headers_n;
};

/* One dialogue as its provider keeps it. Zeroed before the first use; freed by provider_call_clear(). */
struct provider_call {
	char phone[PHONE_MAX];		/* digits */
	char code[PROVIDER_CODE];	/* as dialled */
	char id[PROVIDER_SESSION];
	struct buf history;		/* all answers, joined by '*' */
	struct buf input;		/* the newest answer; the code at first */
	struct buf given;		/* what the last reply wants back: a state, a number, an address */
	struct buf back;		/* what the last request brought back of it */
	struct buf shown;		/* the last screen */
	bool open;			/* it wanted an answer */
	enum provider_event event;	/* of the last request that wanted a screen */
	int answers;
	int sequence, number;		/* requests so far; which of them the newest is */
	int turn;			/* the number of the last request that wanted a screen */
	int64_t began_ms;
};

struct provider_answer {		/* to a request; borrowed */
	int status;
	const char *type;		/* Content-Type, or NULL */
	const char *body;		/* NUL-terminated */
	size_t len;
};

/* NULL: no dialect has that name; provider_name(n) counts them until it gives NULL. */
const struct provider *provider_find(const char *name);
const char *provider_name(size_t n);
/* How long it waits for our answer. */
int provider_answer_ms(const struct provider *p);
/* "url", "header", "basic", "hmac" or "none"; false: something else. */
bool provider_proof_find(const char *word, enum provider_proof *out) MUST_CHECK;

/*
 * A new dialogue of that phone (digits) on that code; n: no other dialogue of this provider has the same. What c held
 * is wiped.
 */
void provider_call_begin(struct provider_call *c, const struct provider *p, const char *phone, const char *code,
    uint64_t n, int64_t now_ms);
void provider_call_clear(struct provider_call *c);
/*
 * The request of that event, at now_ms of the wall clock; text only of PROVIDER_INPUT. false: this provider sends
 * nothing then, and there is nothing to clear.
 */
bool provider_request(const struct provider_site *site, struct provider_call *c, enum provider_event event,
    const char *text, int64_t now_ms, struct provider_request *out) MUST_CHECK;
void provider_request_clear(struct provider_request *r);
/*
 * Reads our reply to a begin or an input: the screen is in c->shown, `open` says whether the provider waits for an
 * answer. false: the provider would not take it, `why` says what is wrong with it.
 */
bool provider_read(const struct provider_site *site, struct provider_call *c, const struct provider_answer *a,
    bool *open, char why[PROVIDER_WHY]) MUST_CHECK;
/* The same of our reply to another event. */
bool provider_read_end(const struct provider_site *site, const struct provider_answer *a,
    char why[PROVIDER_WHY]) MUST_CHECK;
