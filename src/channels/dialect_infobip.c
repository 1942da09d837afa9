/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Infobip's USSD gateway (the Infobip transport of praekeltfoundation/vumi and the manual that it quotes): POST
 * /session/ID/start and /response, PUT /session/ID/end with {reason, exitCode}, GET /session/ID/status. Mistakes are
 * told in the body, with 200. The first answer of a dialogue cannot close it, says the manual; what happens to one that
 * does is not known, and it is sent as it is.
 *
 * Nothing counts the requests: a `response` that comes again is known by its text alone. A second `start` of a dialogue
 * begins it anew. `end` names the dialogue and no phone: where this process has had the dialogue it is over, else it
 * stays, to be gone on with, until its time is over. `status` says that a dialogue is there, without looking: another
 * process may have it, and who is told "no" drops a customer.
 */
#include <string.h>

#include "base/str.h"
#include "channels/dialect.h"

enum act { ACT_START, ACT_RESPONSE, ACT_END, ACT_STATUS };

static const struct {
	const char *name, *method;
} acts[] = {
	[ACT_START] = { "start", "POST" }, [ACT_RESPONSE] = { "response", "POST" }, [ACT_END] = { "end", "PUT" },
	[ACT_STATUS] = { "status", "GET" },
};

/* "/session/ID/start" */
static int
act_of(const char *rest, char *session, size_t size)
{
	static const char root[] = "/session/";
	const char *id, *slash;

	if (!str_starts(rest, root))
		return -1;
	id = rest + strlen(root);
	slash = strchr(id, '/');
	for (size_t i = 0; slash != NULL && i < NELEM(acts); i++)
		if (strcmp(slash + 1, acts[i].name) == 0) {
			(void)str_copyn(session, size, id, (size_t)(slash - id));
			return (int)i;
		}
	return -1;
}

static enum dialect_said
infobip_read(const struct dialect_req *req, struct dialect_in *in)
{
	char session[sizeof in->way.session], phone[DIALECT_DIGITS];
	const char *input;
	int act = act_of(req->rest, session, sizeof session);

	if (act < 0)
		return DIALECT_NO_PATH;
	if (strcmp(http_req_method(req->http), acts[act].method) != 0)
		return DIALECT_NO_METHOD;
	(void)str_copy(in->way.user, sizeof in->way.user, acts[act].name);
	if (act == ACT_END || act == ACT_STATUS) {
		if (!dialect_session(in, session))
			return DIALECT_BAD;
		dialect_code(req, in, NULL, NULL);
		return act == ACT_END ? dialect_over(in) : DIALECT_NOTED;
	}
	if (!dialect_take(req, in, session, dialect_text(req->json, "msisdn", phone)))
		return DIALECT_BAD;
	input = dialect_text(req->json, "text", in->digits);
	/* vumi's people found that shortCode is missing at times. */
	dialect_code(req, in, act == ACT_START ? input : NULL,
	    json_string_value(json_object_get(req->json, "shortCode")));
	dialect_imsi(req, in, json_string_value(json_object_get(req->json, "imsi")));
	return dialect_turn(in, act == ACT_START ? TURN_BEGIN : TURN_INPUT, input);
}

static void
infobip_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	(void)way;
	dialect_add_json(out, json_pack("{s:b,s:s,s:i,s:s}", "shouldClose", r->end, "ussdMenu", r->text,
	    "responseExitCode", 200, "responseMessage", ""));
}

static void
infobip_acknowledge(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	json_t *o = json_pack("{s:i,s:s}", "responseExitCode", 200, "responseMessage", "");

	(void)site;
	if (strcmp(way->user, acts[ACT_STATUS].name) == 0)
		json_object_set_new(o, "sessionActive", json_true());
	dialect_add_json(out, o);
}

static void
infobip_complain(const char *problem, struct buf *out)
{
	dialect_add_json(out, json_pack("{s:i,s:s}", "responseExitCode", 400, "responseMessage", problem));
}

const struct dialect dialect_infobip = {
	.methods = "POST PUT GET", .type = "application/json", .paths = true, .json = true, .end_without_phone = true,
	.read = infobip_read, .write = infobip_write,
	.acknowledge = infobip_acknowledge, .complain = infobip_complain,
};
