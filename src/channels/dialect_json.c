/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own dialect, for every aggregator that has none of the others; doc/openapi-ussd.json describes it exactly.
 * `sequence` counts the requests of a dialogue: the same number again is the same request. Who leaves it out is
 * believed to repeat nothing, but for what the service finds by itself.
 */
#include <string.h>

#include "base/str.h"
#include "channels/dialect.h"

static const struct {
	const char *event;
	enum dialect_said says;
	enum turn_kind kind;
} events[] = {
	{ "begin", DIALECT_TURN, TURN_BEGIN },
	{ "input", DIALECT_TURN, TURN_INPUT },
	{ "end", DIALECT_OVER, TURN_ABORT },
	{ "timeout", DIALECT_OVER, TURN_ABORT },
};

/* Members that may be missing must be of their type where they are there. */
static const char *
problem_of(const json_t *o)
{
	static const char *const texts[] = { "session", "phone", "event", "code", "text", "imsi" };
	const json_t *sequence = json_object_get(o, "sequence");

	for (size_t i = 0; i < NELEM(texts); i++) {
		const json_t *v = json_object_get(o, texts[i]);

		if (v != NULL && !json_is_string(v))
			return "session, phone, event, code, text and imsi are texts";
	}
	if (sequence != NULL && (!json_is_integer(sequence) || json_integer_value(sequence) < 0 ||
	    json_integer_value(sequence) > INT32_MAX))
		return "sequence is a whole number from 0 to 2147483647";
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
	const char *event = member(req, "event"), *code = member(req, "code"), *problem = problem_of(req->json);
	const json_t *sequence = json_object_get(req->json, "sequence");

	if (problem != NULL)
		return dialect_bad(in, problem);
	if (!dialect_take(req, in, member(req, "session"), member(req, "phone")))
		return DIALECT_BAD;
	dialect_code(req, in, code, code);
	dialect_imsi(req, in, member(req, "imsi"));
	if (sequence != NULL)
		dialect_number(in, json_integer_value(sequence));
	for (size_t i = 0; event != NULL && i < NELEM(events); i++)
		if (strcmp(event, events[i].event) == 0)
			return events[i].says == DIALECT_OVER ? dialect_over(in) :
			    dialect_turn(in, events[i].kind, member(req, "text"));
	return dialect_bad(in, "event is missing or none of begin, input, end and timeout");
}

static void
json_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	(void)way;
	dialect_add_json(out, json_pack("{s:s,s:b}", "text", r->text, "end", r->end));
}

static void
json_acknowledge(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	(void)site;
	(void)way;
	buf_add_str(out, "{}");
}

const struct dialect dialect_json = {
	.methods = "POST", .type = "application/json", .json = true, .read = json_read, .write = json_write,
	.acknowledge = json_acknowledge,
};
