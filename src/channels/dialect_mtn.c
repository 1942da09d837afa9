/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MTN's MADAPI, POST /messages/ussd/inbound (mtn-group-ussd.yml of api-evangelist/mtn-group). messageType, a text or a
 * number: 0 begin, 1 continue, 2 end, 3 notification, 4 cancelled, 5 timeout. The key is in the header x-api-key
 * (options header_name and header_key_file).
 *
 * ussdString of a first request is what was dialled, serviceCode its short form. Nothing counts the requests: one that
 * comes again is known by its text alone. transactionId of the answer: that of the request's header of this name where
 * there is one, else the id of the session (a guess: the file says "API transaction id" and no more).
 */
#include <string.h>

#include "base/str.h"
#include "channels/dialect.h"

enum { MTN_BEGIN, MTN_CONTINUE, MTN_END, MTN_NOTIFICATION, MTN_CANCEL, MTN_TIMEOUT };

static enum dialect_said
mtn_read(const struct dialect_req *req, struct dialect_in *in)
{
	char session[DIALECT_DIGITS], phone[DIALECT_DIGITS], code[DIALECT_DIGITS];
	const char *told = dialect_text(req->json, "serviceCode", code);
	const char *input = dialect_text(req->json, "ussdString", in->digits);
	const char *transaction = http_req_header(req->http, "transactionId");
	int64_t type;

	if (!dialect_take(req, in, dialect_text(req->json, "sessionId", session),
	    dialect_text(req->json, "msisdn", phone)))
		return DIALECT_BAD;
	if (!dialect_int(req->json, "messageType", &type) || type > MTN_TIMEOUT)
		return dialect_bad(in, "messageType is missing or none of 0 to 5");
	(void)str_copy(in->way.code, sizeof in->way.code, told != NULL ? told : "");
	if (transaction == NULL || !utf8_valid(transaction, strlen(transaction)) ||
	    !str_copy(in->way.user, sizeof in->way.user, transaction))
		(void)str_copy(in->way.user, sizeof in->way.user, in->way.session);
	dialect_code(req, in, type == MTN_BEGIN ? input : NULL, told);
	dialect_imsi(req, in, json_string_value(json_object_get(req->json, "imsi")));
	if (type == MTN_NOTIFICATION)
		return DIALECT_NOTED;
	if (type != MTN_BEGIN && type != MTN_CONTINUE)
		return dialect_over(in);
	return dialect_turn(in, type == MTN_BEGIN ? TURN_BEGIN : TURN_INPUT, input);
}

static void
mtn_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	dialect_add_json(out, json_pack("{s:s,s:s,s:s,s:{s:s,s:b,s:s,s:s,s:s}}", "statusCode", "0000", "statusMessage",
	    "Success", "transactionId", way->user, "data", "inboundResponse", r->text, "userInputRequired", !r->end,
	    "messageType", r->end ? "2" : "1", "serviceCode", way->code, "msisdn", way->phone));
}

static void
mtn_acknowledge(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	struct reply r = { "", true };

	mtn_write(site, way, &r, out);
}

const struct dialect dialect_mtn = {
	.methods = "POST", .type = "application/json", .json = true, .read = mtn_read, .write = mtn_write,
	.acknowledge = mtn_acknowledge,
};
