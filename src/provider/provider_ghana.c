/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers of Ghana (protocols.md 3; samples hubtel/, arkesel/, nalo/, nsano/, korba-txtghana/). All send the newest
 * answer as JSON; only Hubtel says when a dialogue is over before its end.
 */
#include <string.h>

#include "provider/provider_parts.h"

#define JSON "application/json"
#define NETWORK "MTN"
#define ARKESEL_USER "WALLET_123"
#define NALO_USER "WALLET"

static bool
is_over(enum provider_event event)
{
	return event != PROVIDER_BEGIN && event != PROVIDER_INPUT;
}

/* ---- Hubtel ---- */

static bool
hubtel_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	static const char *const types[] = {
		[PROVIDER_BEGIN] = "Initiation", [PROVIDER_INPUT] = "Response", [PROVIDER_HANGUP] = "Release",
		[PROVIDER_TIMEOUT] = "Timeout", [PROVIDER_FAILED] = "Timeout", [PROVIDER_DONE] = NULL,
	};
	char service[PROVIDER_CODE];

	(void)now_ms;
	if (types[event] == NULL)
		return false;
	provider_code_part(c->code, 0, service);
	provider_body(out, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i}", "Type", types[event], "Message",
	    is_over(event) ? "" : buf_str(&c->input), "ServiceCode", service, "Operator", "vodafone", "ClientState",
	    buf_str(&c->back), "Mobile", c->phone, "SessionId", c->id, "Sequence", c->number));
	return true;
}

/* What it is to send back the next time; null is nothing. */
static bool
hubtel_state(struct provider_view *v)
{
	const json_t *state = json_object_get(v->json, "ClientState");

	if (!json_is_string(state) && !json_is_null(state)) {
		v->why = "ClientState is missing";
		return false;
	}
	buf_reset(&v->c->given);
	if (json_is_string(state))
		buf_add_str(&v->c->given, json_string_value(state));
	return true;
}

static bool
hubtel_read(struct provider_view *v)
{
	const char *type = provider_text_of(v, "Type");

	if (type == NULL || !provider_members(v, v->json, 3) || !hubtel_state(v))
		return false;
	v->open = strcmp(type, "Response") == 0;
	if (!v->open && strcmp(type, "Release") != 0) {
		v->why = "Type is neither Response nor Release";
		return false;
	}
	v->text = provider_text_of(v, "Message");
	return v->text != NULL;
}

const struct provider provider_hubtel = {
	.name = "hubtel", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "00000000x",
	.answer_ms = 10000, .write = hubtel_write, .read = hubtel_read,
};

/* ---- Arkesel ---- */

static bool
arkesel_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	(void)now_ms;
	if (is_over(event))
		return false;
	provider_body(out, json_pack("{s:s,s:s,s:b,s:s,s:s,s:s}", "sessionID", c->id, "userID", ARKESEL_USER, "newSession",
	    event == PROVIDER_BEGIN, "msisdn", c->phone, "userData", buf_str(&c->input), "network", NETWORK));
	return true;
}

static bool
arkesel_read(struct provider_view *v)
{
	if (!provider_members(v, v->json, 5) || !provider_echoes(v, v->json, "sessionID", v->c->id) ||
	    !provider_echoes(v, v->json, "userID", ARKESEL_USER) || !provider_echoes(v, v->json, "msisdn", v->c->phone) ||
	    !provider_bool_of(v, "continueSession", &v->open))
		return false;
	v->text = provider_text_of(v, "message");
	return v->text != NULL;
}

const struct provider provider_arkesel = {
	.name = "arkesel", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "ar-x",
	.answer_ms = 10000, .write = arkesel_write, .read = arkesel_read,
};

/* ---- Nalo ---- */

/* MSGTYPE of a request says that it is the first; that of a reply, that more is to come. */
static bool
nalo_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	(void)now_ms;
	if (is_over(event))
		return false;
	provider_body(out, json_pack("{s:s,s:s,s:s,s:b,s:s,s:s}", "USERID", NALO_USER, "MSISDN", c->phone, "USERDATA",
	    buf_str(&c->input), "MSGTYPE", event == PROVIDER_BEGIN, "NETWORK", NETWORK, "SESSIONID", c->id));
	return true;
}

static bool
nalo_read(struct provider_view *v)
{
	if (!provider_members(v, v->json, 4) || !provider_echoes(v, v->json, "USERID", NALO_USER) ||
	    !provider_echoes(v, v->json, "MSISDN", v->c->phone) || !provider_bool_of(v, "MSGTYPE", &v->open))
		return false;
	v->text = provider_text_of(v, "MSG");
	return v->text != NULL;
}

const struct provider provider_nalo = {
	.name = "nalo", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "d",
	.answer_ms = 10000, .write = nalo_write, .read = nalo_read,
};

/* ---- Nsano ---- */

/* Nothing marks the first request: it is the one whose session is new. */
static bool
nsano_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	(void)now_ms;
	if (is_over(event))
		return false;
	provider_body(out, json_pack("{s:s,s:s,s:s,s:s}", "msisdn", c->phone, "network", NETWORK, "msg",
	    buf_str(&c->input), "UserSessionID", c->id));
	return true;
}

static bool
nsano_read(struct provider_view *v)
{
	const json_t *resp = json_object_get(v->json, "USSDResp");
	const char *action = json_string_value(json_object_get(resp, "action"));

	if (!provider_members(v, v->json, 1) || !provider_members(v, resp, 3) ||
	    !provider_echoes(v, resp, "menus", ""))
		return false;
	v->text = json_string_value(json_object_get(resp, "title"));
	if (action == NULL || v->text == NULL) {
		v->why = "action or title is missing";
		return false;
	}
	v->open = strcmp(action, "input") == 0;
	if (!v->open && strcmp(action, "prompt") != 0)
		v->why = "action is neither input nor prompt";
	return v->why == NULL;
}

const struct provider provider_nsano = {
	.name = "nsano", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "ns-x",
	.answer_ms = 10000, .write = nsano_write, .read = nsano_read,
};

/* ---- Korba, TxtGhana ---- */

/* The operations of SMPP's ussd_service_op, as numbers: 1 begins, 18 is an answer; 2 asks, 17 ends. */
static bool
korba_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	(void)now_ms;
	if (is_over(event))
		return false;
	provider_body(out, json_pack("{s:s,s:s,s:s,s:s,s:i}", "sessionID", c->id, "msisdn", c->phone, "network",
	    NETWORK, "ussdString", buf_str(&c->input), "ussdServiceOp", event == PROVIDER_BEGIN ? 1 : 18));
	return true;
}

static bool
korba_read(struct provider_view *v)
{
	const json_t *op = json_object_get(v->json, "ussdServiceOp");

	if (!provider_members(v, v->json, 2))
		return false;
	v->open = json_integer_value(op) == 2;
	if (!json_is_integer(op) || (!v->open && json_integer_value(op) != 17)) {
		v->why = "ussdServiceOp is neither 2 nor 17";
		return false;
	}
	v->text = provider_text_of(v, "message");
	return v->text != NULL;
}

const struct provider provider_korba = {
	.name = "korba-txtghana", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "k-x",
	.answer_ms = 10000, .write = korba_write, .read = korba_read,
};
