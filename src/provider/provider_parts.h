/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialects of provider.h are made of; for src/provider only. */
#pragma once
#include <jansson.h>

#include "provider/provider.h"

struct provider_view {			/* of a reply, while it is read */
	struct provider_call *c;
	const struct provider_answer *a;
	json_t *json;			/* of a dialect that answers in JSON, else NULL */
	bool open;			/* what is found out */
	const char *text;		/* the screen; lives as long as the reply, or in c */
	const char *why;
};

/*
 * The body and the rest of the address, into a request that holds the site's address already. Never PROVIDER_REPEAT.
 * false: it says nothing of that event.
 */
typedef bool provider_writer(const struct provider_call *c, enum provider_event event, int64_t now_ms,
    struct provider_request *out);
typedef bool provider_reader(struct provider_view *v);

struct provider {
	const char *name;
	const char *method;
	const char *request_type;	/* NULL: all of it is in the address */
	const char *reply_type[2];	/* Content-Types that it takes; the first starts with "application/json": parsed */
	const char *session;		/* its ids: "d" stands for a number of ten digits, "x" for 24 hex digits */
	int answer_ms;
	provider_writer *write;
	provider_reader *read;
	provider_reader *read_end;	/* NULL: any 200 will do */
};

extern const struct provider provider_africastalking, provider_safaricom;		/* provider_text.c */
extern const struct provider provider_aat, provider_channelmobile;			/* provider_xml.c */
extern const struct provider provider_json, provider_infobip, provider_mtn;		/* provider_json.c */
extern const struct provider provider_hubtel, provider_arkesel, provider_nalo, provider_nsano, provider_korba;
											/* provider_ghana.c */

/* "&name=value", without the '&' in front when b is empty or ends in '?'; all but letters, digits and "-._" escaped. */
void provider_field(struct buf *b, const char *name, const char *value);
/* The same behind an address: '?' or '&' in front. */
void provider_query(struct buf *url, const char *name, const char *value);
/* Takes the reference. The text holds what a customer typed and is wiped by whoever clears the request. */
void provider_body(struct provider_request *out, json_t *body);
/* The n-th part of "*120*384#", 0 being "120"; "" when there is none; n < 0: the last. */
void provider_code_part(const char *code, int n, char out[PROVIDER_CODE]);

/* A member that must be there with that type, else v->why is set. */
const char *provider_text_of(struct provider_view *v, const char *name);
bool provider_bool_of(struct provider_view *v, const char *name, bool *out) MUST_CHECK;
/* false, with v->why set, unless the object has exactly n members. */
bool provider_members(struct provider_view *v, const json_t *object, size_t n) MUST_CHECK;
/* false, with v->why set, unless that member is that text. */
bool provider_echoes(struct provider_view *v, const json_t *object, const char *name, const char *value) MUST_CHECK;
