/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Africa's Talking, and Safaricom, whose gateway it once was modelled on: each request has all inputs so far, joined by
 * '*', and the answer is a text with CON (it goes on) or END in front. Sources: DanNduati/at-ussd for the one, the
 * Safaricom transport of praekeltfoundation/vumi for the other.
 *
 * What is new is found by the service, which knows how much of the history it has had (turn_in.history): an input may
 * hold a '*' itself, and a request that comes again holds nothing new. A PIN stays in all requests after it.
 *
 * Neither signs. Africa's Talking posts to a URL of its own choice when the dialogue is over: Success, Incomplete (the
 * customer hung up, or was too slow) or Failed. Safaricom tells nothing of the end.
 */
#include <string.h>

#include "channels/dialect.h"

static enum dialect_said
at_read(const struct dialect_req *req, struct dialect_in *in)
{
	const char *text = http_req_form(req->http, "text");

	if (!dialect_take(req, in, http_req_form(req->http, "sessionId"), http_req_form(req->http, "phoneNumber")))
		return DIALECT_BAD;
	dialect_code(req, in, http_req_form(req->http, "serviceCode"), NULL);
	if (text == NULL && http_req_form(req->http, "status") != NULL)
		return dialect_over(in);
	in->turn.history = true;
	return dialect_turn(in, text != NULL && text[0] == '\0' ? TURN_BEGIN : TURN_INPUT, text);
}

/* What is dialled behind the code stands in the first USSD_PARAMS: nobody knows the dialogue yet, and it begins. */
static enum dialect_said
safaricom_read(const struct dialect_req *req, struct dialect_in *in)
{
	const char *text = http_req_query(req->http, "USSD_PARAMS");

	if (!dialect_take(req, in, http_req_query(req->http, "SESSION_ID"), http_req_query(req->http, "ORIG")))
		return DIALECT_BAD;
	dialect_code(req, in, NULL, http_req_query(req->http, "DEST"));
	in->turn.history = true;
	return dialect_turn(in, text != NULL && text[0] == '\0' ? TURN_BEGIN : TURN_INPUT, text);
}

static void
con_end_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	(void)way;
	buf_add_str(out, r->end ? "END " : "CON ");
	buf_add_str(out, r->text);
}

const struct dialect dialect_africastalking = { .methods = "POST", .read = at_read, .write = con_end_write };
const struct dialect dialect_safaricom = { .methods = "GET", .read = safaricom_read, .write = con_end_write };
