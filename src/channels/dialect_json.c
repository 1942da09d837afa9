/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own dialect, for every aggregator that has none of the others; doc/openapi-ussd.json describes it exactly. `turn`
 * counts the requests of a dialogue: the same number again is the same request. Who leaves it out is believed to repeat
 * nothing, but for what the service finds by itself.
 */
#include <string.h>

#include "base/str.h"
#include "channels/dialect.h"

static const struct {
	const char *type;
	enum dialect_said says;
	enum turn_kind kind;
} types[] = {
	{ "begin", DIALECT_TURN, TURN_BEGIN },
	{ "input", DIALECT_TURN, TURN_INPUT },
	{ "abort", DIALECT_OVER, TURN_ABORT },
	{ "timeout", DIALECT_OVER, TURN_ABORT },
};

/* Members that may be missing must be of their type where they are there. */
static const char *
problem_of(const json_t *o)
{
	static const char *const texts[] = { "session", "phone", "type", "text", "service_code", "imsi" };
	const json_t *turn = json_object_get(o, "turn");

	for (size_t i = 0; i < NELEM(texts); i++) {
		const json_t *v = json_object_get(o, texts[i]);

		if (v != NULL && !json_is_string(v))
			return "session, phone, type, text, service_code and imsi are texts";
	}
	if (turn != NULL && (!json_is_integer(turn) || json_integer_value(turn) < 0 ||
	    json_integer_value(turn) > INT32_MAX))
		return "turn is a whole number from 0 to 2147483647";
	return NULL;
}

static const char *
member(const struct dialect_req *req, const char *name)
{
	return json_string_value(json_object_get(req->json, name));
}

static enum dialect_said
json_read(const struct dialect_req *req, struct dialect_in *in)
{
	const char *type = member(req, "type"), *problem = problem_of(req->json);
	const json_t *turn = json_object_get(req->json, "turn");

	if (problem != NULL)
		return dialect_bad(in, problem);
	if (!dialect_take(req, in, member(req, "session"), member(req, "phone")))
		return DIALECT_BAD;
	dialect_code(req, in, member(req, "service_code"), member(req, "service_code"));
	dialect_imsi(in, member(req, "imsi"));
	if (turn != NULL)
		dialect_number(in, json_integer_value(turn));
	for (size_t i = 0; type != NULL && i < NELEM(types); i++)
		if (strcmp(type, types[i].type) == 0)
			return types[i].says == DIALECT_OVER ? dialect_over(in) :
			    dialect_turn(in, types[i].kind, member(req, "text"));
	return dialect_bad(in, "type is missing or none of begin, input, abort and timeout");
}

static void
json_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	json_t *o = json_pack("{s:s,s:s,s:b}", "session", way->session, "text", r->text, "end", r->end);

	(void)site;
	if (way->number >= 0)
		json_object_set_new(o, "turn", json_integer(way->number));
	dialect_add_json(out, o);
}

static void
json_acknowledge(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	struct reply r = { "", true };

	json_write(site, way, &r, out);
}

const struct dialect dialect_json = {
	.methods = "POST", .type = "application/json", .json = true, .read = json_read, .write = json_write,
	.acknowledge = json_acknowledge,
};
