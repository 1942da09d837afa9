/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over HTTP: a dialect reads a provider's request into a turn and writes the answer that the provider wants. One
 * file each, one table (dialect.c); routing, authentication and deadlines are ussd_http.c's. What a dialect allows at
 * all stands in core/http_dialect.h.
 *
 * The facts are from protocols.md section 3 and the sources that each file names; what is a guess says so.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/http_dialect.h"
#include "core/settings.h"
#include "io/http_server.h"
#include "service/gateway.h"

#define DIALECT_DIGITS 24	/* of a whole number, with its NUL */
#define DIALECT_CODE 32		/* of a service code, with its NUL: as long as ours */

/* Where a request came to. */
struct dialect_site {
	const struct channel_settings *channel;
	const char *country;		/* of national numbers */
	const char *public_url;		/* "" if none */
};

struct dialect_req {
	struct dialect_site site;
	const struct http_req *http;
	const char *rest;		/* of the path behind the channel's name: "/session/1/start"; "" */
	const json_t *json;		/* the body, an object, of those who send JSON; else NULL */
};

/* What an answer repeats of its request. */
struct dialect_way {
	char session[64], phone[24];	/* as they wrote them */
	char user[64];			/* Arkesel, Nalo: their user; MTN: the transaction; Infobip: what is asked */
	char code[DIALECT_CODE];	/* MTN: serviceCode; AAT: what was dialled */
	int64_t number;			/* of the request; -1: it has none */
};

struct dialect_in {
	struct turn_in turn;		/* texts are borrowed from the request, or lie in this struct */
	struct dialect_way way;
	char code[DIALECT_CODE];	/* the service code */
	char digits[DIALECT_DIGITS];	/* an input that came as a number */
	const char *problem;		/* of what is refused: what is missing or wrong, for the provider's people */
};

enum dialect_said {
	DIALECT_TURN,		/* to be answered with a screen */
	DIALECT_OVER,		/* the dialogue is over (turn.kind is ABORT): acknowledged at once */
	DIALECT_NOTED,		/* acknowledged, and nothing follows from it */
	DIALECT_BAD,		/* 400, with in->problem */
	DIALECT_NO_PATH,	/* 404 */
	DIALECT_NO_METHOD	/* 405 */
};

struct dialect {
	const char *methods;		/* "POST", or several with a blank between */
	const char *type;		/* of answers; NULL: text/plain */
	bool paths;			/* something follows the channel's name in its URL */
	bool json;			/* a body is a JSON object */
	bool end_without_phone;		/* OVER names the dialogue only: turn.phone is "" */
	/* `in` comes zeroed but for turn.channel. */
	enum dialect_said (*read)(const struct dialect_req *req, struct dialect_in *in);
	void (*write)(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r,
	    struct buf *out);
	/* What OVER and NOTED are answered with; NULL: an empty body. */
	void (*acknowledge)(const struct dialect_site *site, const struct dialect_way *way, struct buf *out);
	/* What a bad request is told in a body of its own, with 200; NULL: 400 and the words. */
	void (*complain)(const char *problem, struct buf *out);
};
const struct dialect *dialect_of(const struct channel_settings *c);	/* never NULL: the name was checked */

/*
 * Reads a request that may use this channel; its method and path are looked at here. *body gets the JSON, which texts
 * of `in` lie in; the caller's to json_decref() in any case.
 */
enum dialect_said dialect_read(const struct dialect *d, struct dialect_req *req, struct dialect_in *in,
    json_t **body) MUST_CHECK;

/* ---- for the dialects ---- */
/* The dialogue's id and whose it is; false with in->problem when either is missing or cannot be. */
bool dialect_take(const struct dialect_req *req, struct dialect_in *in, const char *session,
    const char *phone) MUST_CHECK;
/* The id alone, of what names no phone. */
bool dialect_session(struct dialect_in *in, const char *session) MUST_CHECK;
/*
 * The service code, "as dialled": the first of the two that is written like one ("*120*384#"); else the channel's code
 * of which one is the short form ("384", "120*384", "120384"); else the channel's first. Each may be NULL.
 */
void dialect_code(const struct dialect_req *req, struct dialect_in *in, const char *dialled, const char *told);
/* "*120*384#", or more dialled behind it: a code of this channel. */
bool dialect_is_our_code(const struct dialect_req *req, const char *text);
/* A turn with the input, which must be there and be UTF-8; a BEGIN has none. */
enum dialect_said dialect_turn(struct dialect_in *in, enum turn_kind kind, const char *text);
enum dialect_said dialect_over(struct dialect_in *in);
enum dialect_said dialect_bad(struct dialect_in *in, const char *problem);
/* What identifies a turn: its number. */
void dialect_number(struct dialect_in *in, int64_t number);
/* "655100000000001", where the channel takes it: whatever else stands there does not count. */
void dialect_imsi(const struct dialect_req *req, struct dialect_in *in, const char *imsi);
/* The text of a member, or a whole number of it written into `room`; NULL: it is missing, null or something else. */
const char *dialect_text(const json_t *o, const char *name, char room[DIALECT_DIGITS]);
bool dialect_int(const json_t *o, const char *name, int64_t *out) MUST_CHECK;	/* 1, or "1" */
bool dialect_flag(const json_t *o, const char *name, bool *out) MUST_CHECK;	/* true, or "true" */
/* Adds it, and lets go of it. NULL stands for what cannot be written: {}. */
void dialect_add_json(struct buf *out, json_t *o);
void dialect_add_xml(struct buf *out, const char *text);	/* as content or value of an attribute */
void dialect_add_query(struct buf *out, const char *value);	/* percent-encoded */

extern const struct dialect dialect_africastalking, dialect_infobip, dialect_aat, dialect_channelmobile, dialect_mtn,
    dialect_safaricom, dialect_hubtel, dialect_arkesel, dialect_nalo, dialect_nsano, dialect_korba, dialect_json;
