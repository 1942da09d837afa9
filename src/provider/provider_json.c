/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Infobip (protocols.md 3, samples infobip/ussd-*), MTN MADAPI (samples mtn-madapi/) and our own plain JSON, which any
 * other aggregator may speak (doc/channels.md). All three say when a dialogue is over.
 */
#include <string.h>

#include "base/str.h"
#include "provider/provider_parts.h"

#define JSON "application/json"

static bool
is_over(enum provider_event event)
{
	return event != PROVIDER_BEGIN && event != PROVIDER_INPUT;
}

/* ---- plain JSON: doc/openapi-ussd.json ---- */

static const char *
plain_event(enum provider_event event)
{
	static const char *const events[] = {
		[PROVIDER_BEGIN] = "begin", [PROVIDER_INPUT] = "input", [PROVIDER_HANGUP] = "end",
		[PROVIDER_TIMEOUT] = "timeout", [PROVIDER_FAILED] = "end", [PROVIDER_DONE] = NULL,
	};

	return events[event];
}

static bool
plain_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	char phone[PHONE_MAX + 1];

	(void)now_ms;
	if (plain_event(event) == NULL)
		return false;
	str_format(phone, sizeof phone, "+%s", c->phone);
	provider_body(out, json_pack("{s:s,s:s,s:s,s:s,s:s,s:i}", "session", c->id, "phone", phone, "code", c->code,
	    "event", plain_event(event), "text", event == PROVIDER_INPUT ? buf_str(&c->input) : "", "sequence",
	    c->number));
	return true;
}

static bool
plain_read(struct provider_view *v)
{
	bool end;

	if (!provider_members(v, v->json, 2) || !provider_bool_of(v, "end", &end))
		return false;
	v->open = !end;
	v->text = provider_text_of(v, "text");
	return v->text != NULL;
}

static bool
plain_read_end(struct provider_view *v)
{
	return provider_members(v, v->json, 0);
}

const struct provider provider_json = {
	.name = "json", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "s-x",
	.answer_ms = 10000, .write = plain_write, .read = plain_read, .read_end = plain_read_end,
};

/* ---- Infobip ---- */

/* The codes of an end are not published; ours only differ. It tells of each end, also of one that we made. */
static bool
infobip_end(enum provider_event event, struct provider_request *out)
{
	static const struct {
		const char *reason;
		int code;
	} ends[] = {
		[PROVIDER_DONE] = { "ok", 0 }, [PROVIDER_HANGUP] = { "user abort", 1 },
		[PROVIDER_TIMEOUT] = { "user timeout", 2 }, [PROVIDER_FAILED] = { "application error", 3 },
	};

	out->method = "PUT";
	provider_body(out, json_pack("{s:s,s:i}", "reason", ends[event].reason, "exitCode", ends[event].code));
	return true;
}

/* The session and what is done to it stand in the path, before the key that may be in the address. */
static void
infobip_address(const struct provider_call *c, enum provider_event event, struct provider_request *out)
{
	struct buf path = { 0 };
	const char *url = buf_str(&out->url), *query = strchr(url, '?');
	size_t n = query != NULL ? (size_t)(query - url) : strlen(url);

	buf_add(&path, url, n);
	buf_addf(&path, "/session/%s/%s", c->id, event == PROVIDER_BEGIN ? "start" :
	    event == PROVIDER_INPUT ? "response" : "end");
	if (query != NULL)
		buf_add_str(&path, query);
	buf_clear(&out->url);
	out->url = path;
}

static bool
infobip_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	(void)now_ms;
	infobip_address(c, event, out);
	if (is_over(event))
		return infobip_end(event, out);
	provider_body(out, json_pack("{s:s,s:s,s:s,s:s,s:n,s:s,s:s}", "msisdn", c->phone, "imsi", "655010000000001",
	    "shortCode",
	    c->code, "text", buf_str(&c->input), "language", "optional", "o=1", "ussdGwId", "11"));
	return true;
}

static bool
infobip_exit(struct provider_view *v)
{
	const json_t *code = json_object_get(v->json, "responseExitCode");

	if (!json_is_integer(code) || provider_text_of(v, "responseMessage") == NULL)
		v->why = "responseExitCode or responseMessage is missing";
	else if (json_integer_value(code) != 200)
		v->why = "responseExitCode is not 200";
	return v->why == NULL;
}

static bool
infobip_read(struct provider_view *v)
{
	bool closes;

	if (!infobip_exit(v) || !provider_members(v, v->json, 4) || !provider_bool_of(v, "shouldClose", &closes))
		return false;
	v->open = !closes;
	v->text = provider_text_of(v, "ussdMenu");
	return v->text != NULL;
}

static bool
infobip_read_end(struct provider_view *v)
{
	return infobip_exit(v) && provider_members(v, v->json, 2);
}

const struct provider provider_infobip = {
	.name = "infobip", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "d",
	.answer_ms = 10000, .write = infobip_write, .read = infobip_read, .read_end = infobip_read_end,
};

/* ---- MTN MADAPI ---- */

/* 0 begin, 1 continue, 2 end, 3 notification, 4 cancel, 5 timeout. */
static const char *
mtn_type(enum provider_event event)
{
	static const char *const types[] = {
		[PROVIDER_BEGIN] = "0", [PROVIDER_INPUT] = "1", [PROVIDER_HANGUP] = "4", [PROVIDER_TIMEOUT] = "5",
		[PROVIDER_FAILED] = "5", [PROVIDER_DONE] = NULL,
	};

	return types[event];
}

static bool
mtn_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	char service[PROVIDER_CODE];
	json_t *body;

	(void)now_ms;
	if (mtn_type(event) == NULL)
		return false;
	provider_code_part(c->code, -1, service);
	body = json_pack("{s:s,s:s,s:s,s:s,s:s}", "sessionId", c->id, "messageType", mtn_type(event), "msisdn",
	    c->phone, "serviceCode", service, "ussdString", is_over(event) ? "" : buf_str(&c->input));
	if (!is_over(event)) {
		json_object_set_new(body, "cellId", json_string("65501-100-1"));
		json_object_set_new(body, "language", json_string("EN"));
		json_object_set_new(body, "imsi", json_string("655100000000001"));
	}
	provider_body(out, body);
	return true;
}

static bool
mtn_read_data(struct provider_view *v, const json_t *data)
{
	const json_t *wanted = json_object_get(data, "userInputRequired");
	char service[PROVIDER_CODE];

	provider_code_part(v->c->code, -1, service);
	if (!provider_members(v, data, 5) || !provider_echoes(v, data, "serviceCode", service) ||
	    !provider_echoes(v, data, "msisdn", v->c->phone))
		return false;
	v->open = json_is_true(wanted);
	v->text = json_string_value(json_object_get(data, "inboundResponse"));
	if (!json_is_boolean(wanted) || v->text == NULL)
		v->why = "userInputRequired or inboundResponse is missing";
	else if (!provider_echoes(v, data, "messageType", v->open ? "1" : "2"))
		v->why = "messageType and userInputRequired contradict each other";
	return v->why == NULL;
}

static bool
mtn_read(struct provider_view *v)
{
	const char *transaction = provider_text_of(v, "transactionId");

	if (transaction == NULL || transaction[0] == '\0' || provider_text_of(v, "statusMessage") == NULL ||
	    !provider_members(v, v->json, 4))
		return false;
	if (!provider_echoes(v, v->json, "statusCode", "0000")) {
		v->why = "statusCode is not 0000";
		return false;
	}
	return mtn_read_data(v, json_object_get(v->json, "data"));
}

const struct provider provider_mtn = {
	.name = "mtn-madapi", .method = "POST", .request_type = JSON, .reply_type = { JSON }, .session = "m-x",
	.answer_ms = 10000, .write = mtn_write, .read = mtn_read,
};
