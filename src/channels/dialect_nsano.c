/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nsano (niiamon/ussd-go, cybersai/ussd): nothing says that a request is the first one. It is where its text is a code
 * of this channel, and where nobody knows the dialogue any more (the service begins one then, whatever the text is). An
 * answer asks on ("input") or ends ("prompt"). Requests are not counted, a hang-up is not told, nothing is signed.
 */
#include "channels/dialect.h"

static enum dialect_said
nsano_read(const struct dialect_req *req, struct dialect_in *in)
{
	char session[DIALECT_DIGITS], phone[DIALECT_DIGITS];
	const char *input = dialect_text(req->json, "msg", in->digits);
	bool begins = input != NULL && dialect_is_our_code(req, input);

	if (!dialect_take(req, in, dialect_text(req->json, "UserSessionID", session),
	    dialect_text(req->json, "msisdn", phone)))
		return DIALECT_BAD;
	dialect_code(req, in, begins ? input : NULL, NULL);
	return dialect_turn(in, begins ? TURN_BEGIN : TURN_INPUT, input);
}

static void
nsano_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	(void)way;
	dialect_add_json(out, json_pack("{s:{s:s,s:s,s:s}}", "USSDResp", "action", r->end ? "prompt" : "input",
	    "menus", "", "title", r->text));
}

const struct dialect dialect_nsano = {
	.methods = "POST", .type = "application/json", .json = true, .read = nsano_read, .write = nsano_write,
};
