/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hubtel's programmable services (developers.hubtel.com, api-reference-prog-services): Type Initiation, Response,
 * Release or Timeout in a request, of which the pages write the first letters large and small; Response (it goes on) or
 * Release in an answer. Sequence, a number or a text, counts the requests of a dialogue from 1.
 *
 * ClientState comes back in the next request, and only there. Everything that we must know is in Redis; it gets the
 * number of the request, from which the next one's follows should Sequence be missing. AddToCart, a request to pay at
 * Hubtel's check-out, is not for us and refused.
 */
#include <inttypes.h>

#include "base/str.h"
#include "channels/dialect.h"

static enum dialect_said
over(struct dialect_in *in, const char *text)
{
	(void)text;
	return dialect_over(in);
}

static enum dialect_said
begin(struct dialect_in *in, const char *text)
{
	return dialect_turn(in, TURN_BEGIN, text);
}

static enum dialect_said
input(struct dialect_in *in, const char *text)
{
	return dialect_turn(in, TURN_INPUT, text);
}

static const struct {
	const char *type;
	enum dialect_said (*says)(struct dialect_in *in, const char *text);
} types[] = {
	{ "Initiation", begin }, { "Response", input }, { "Release", over }, { "Timeout", over },
};

static void
read_number(const json_t *o, struct dialect_in *in)
{
	int64_t n;

	if (dialect_int(o, "Sequence", &n))
		dialect_number(in, n);
	else if (dialect_int(o, "ClientState", &n) && n < INT32_MAX)
		dialect_number(in, n + 1);
}

static enum dialect_said
hubtel_read(const struct dialect_req *req, struct dialect_in *in)
{
	char session[DIALECT_DIGITS], phone[DIALECT_DIGITS], code[DIALECT_DIGITS];
	const char *type = json_string_value(json_object_get(req->json, "Type"));
	const char *message = dialect_text(req->json, "Message", in->digits);

	if (!dialect_take(req, in, dialect_text(req->json, "SessionId", session),
	    dialect_text(req->json, "Mobile", phone)))
		return DIALECT_BAD;
	dialect_code(req, in, type != NULL && str_equal_fold(type, "Initiation") ? message : NULL,
	    dialect_text(req->json, "ServiceCode", code));
	read_number(req->json, in);
	for (size_t i = 0; type != NULL && i < NELEM(types); i++)
		if (str_equal_fold(type, types[i].type))
			return types[i].says(in, message);
	return dialect_bad(in, "Type is missing or none of Initiation, Response, Release and Timeout");
}

static void
hubtel_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	char state[DIALECT_DIGITS];

	(void)site;
	(void)str_format(state, sizeof state, "%" PRId64, way->number < 0 ? 1 : way->number);
	dialect_add_json(out, json_pack("{s:s,s:s,s:s?}", "Type", r->end ? "Release" : "Response", "Message", r->text,
	    "ClientState", r->end ? NULL : state));
}

static void
hubtel_acknowledge(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	struct reply r = { "", true };

	hubtel_write(site, way, &r, out);
}

const struct dialect dialect_hubtel = {
	.methods = "POST", .type = "application/json", .json = true, .read = hubtel_read, .write = hubtel_write,
	.acknowledge = hubtel_acknowledge,
};
