/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arkesel and Nalo, Ghanaian gateways that say whether a dialogue is new with one flag, and whether it goes on with
 * another: Arkesel's have names of their own (newSession, continueSession); Nalo's MSGTYPE is true in a first request,
 * and true again in an answer that goes on. Both want their user id and the phone back as they wrote them. Sources: a
 * public implementation of each, and Nalo's own pages.
 *
 * Neither counts its requests (one that comes again is known by its text alone), tells of a hang-up, or signs. Older
 * descriptions of Nalo have no SESSIONID: then the phone alone tells dialogues apart.
 */
#include "base/str.h"
#include "channels/dialect.h"

struct names {
	const char *session, *user, *phone, *input, *is_new;
	const char *text, *goes_on;	/* of the answer */
	bool session_back, session_needed;
};

static const struct names arkesel = { "sessionID", "userID", "msisdn", "userData", "newSession", "message",
    "continueSession", true, true };
static const struct names nalo = { "SESSIONID", "USERID", "MSISDN", "USERDATA", "MSGTYPE", "MSG", "MSGTYPE",
    false, false };

static enum dialect_said
read_as(const struct names *n, const struct dialect_req *req, struct dialect_in *in)
{
	char room[3][DIALECT_DIGITS];
	const char *session = dialect_text(req->json, n->session, room[0]);
	const char *user = dialect_text(req->json, n->user, room[1]);
	const char *input = dialect_text(req->json, n->input, in->digits);
	bool none = session == NULL && !n->session_needed, begins;

	if (!dialect_take(req, in, none ? "-" : session, dialect_text(req->json, n->phone, room[2])))
		return DIALECT_BAD;
	if (none)
		in->turn.dialogue[0] = '\0';
	if (user != NULL && !str_copy(in->way.user, sizeof in->way.user, user))
		return dialect_bad(in, "the user id is too long");
	if (!dialect_flag(req->json, n->is_new, &begins))
		return dialect_bad(in, "the flag of a new session is missing or neither true nor false");
	dialect_code(req, in, begins ? input : NULL, begins ? input : NULL);
	return dialect_turn(in, begins ? TURN_BEGIN : TURN_INPUT, input);
}

static void
write_as(const struct names *n, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	json_t *o = json_object();

	if (n->session_back)
		json_object_set_new(o, n->session, json_string(way->session));
	json_object_set_new(o, n->user, json_string(way->user));
	json_object_set_new(o, n->phone, json_string(way->phone));
	json_object_set_new(o, n->goes_on, json_boolean(!r->end));
	json_object_set_new(o, n->text, json_string(r->text));
	dialect_add_json(out, o);
}

static enum dialect_said
arkesel_read(const struct dialect_req *req, struct dialect_in *in)
{
	return read_as(&arkesel, req, in);
}

static void
arkesel_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	write_as(&arkesel, way, r, out);
}

static enum dialect_said
nalo_read(const struct dialect_req *req, struct dialect_in *in)
{
	return read_as(&nalo, req, in);
}

static void
nalo_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	write_as(&nalo, way, r, out);
}

const struct dialect dialect_arkesel = {
	.methods = "POST", .type = "application/json", .json = true, .read = arkesel_read, .write = arkesel_write,
};
const struct dialect dialect_nalo = {
	.methods = "POST", .type = "application/json", .json = true, .read = nalo_read, .write = nalo_write,
};
