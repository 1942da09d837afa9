/* SPDX-License-Identifier: Apache-2.0 */
/* See core/provider_*.c for where each form is from; here is its other half, written down independently. */
#include "sandbox/sms_provider_forms.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "core/form.h"
#include "core/gsm.h"
#include "sandbox/sms_provider.h"

static char *
dump(json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT);

	if (text == NULL)
		fatalx("a provider's JSON cannot be written");
	json_decref(doc);
	return text;
}

static void
reply_json(struct sms_reply *out, int status, json_t *doc)
{
	*out = (struct sms_reply){ status, "application/json", dump(doc) };
}

static void
reply_text(struct sms_reply *out, int status, const char *text)
{
	*out = (struct sms_reply){ status, NULL, xstrdup(text) };
}

static void
post_json(struct sms_post *out, json_t *doc)
{
	char *text = dump(doc);

	out->type = "application/json";
	buf_add_str(&out->body, text);
	free(text);
}

static bool
header_is(const struct http_req *req, const char *name, const char *before, const char *secret)
{
	const char *value = http_req_header(req, name);

	return value != NULL && str_starts(value, before) && strcmp(value + strlen(before), secret) == 0;
}

static bool
is_basic(const struct http_req *req, const char *secret)
{
	char plain[400], coded[600];

	str_format(plain, sizeof plain, "%s:%s", SMS_BOX_USER, secret);
	sodium_bin2base64(coded, sizeof coded, (const unsigned char *)plain, strlen(plain),
	    sodium_base64_VARIANT_ORIGINAL);
	return header_is(req, "Authorization", "Basic ", coded);
}

static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/* ---- Africa's Talking ---- */

static bool
at_is_ours(const struct http_req *req, const char *secret)
{
	const char *user = http_req_form(req, "username");

	return header_is(req, "apikey", "", secret) && user != NULL && strcmp(user, SMS_BOX_USER) == 0;
}

static const char *
at_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	(void)doc, (void)room;
	out->to = or_empty(http_req_form(req, "to"));
	out->from = or_empty(http_req_form(req, "from"));
	out->text = or_empty(http_req_form(req, "message"));
	return out->to[0] == '+' ? NULL : "to has no +";
}

static void
at_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const struct {
		int status, code;
		const char *word;
	} rows[SMS_TAKES] = {
		[SMS_TAKE] = { 201, 101, "Success" }, [SMS_TAKE_REFUSED] = { 201, 403, "InvalidPhoneNumber" },
		[SMS_TAKE_STOPPED] = { 201, 406, "UserInBlacklist" },
		[SMS_TAKE_BALANCE] = { 201, 405, "InsufficientBalance" }, [SMS_TAKE_SLOW] = { 429, 0, "Too many requests" },
		[SMS_TAKE_STRANGER] = { 401, 0, "The supplied authentication is invalid" },
		[SMS_TAKE_BAD] = { 400, 0, "Request is missing required form field" },
	};

	if (rows[take].code == 0)
		reply_text(out, rows[take].status, rows[take].word);
	else
		reply_json(out, rows[take].status, json_pack("{s:{s:s, s:[{s:i, s:s, s:s, s:s, s:s}]}}", "SMSMessageData",
		    "Message", take == SMS_TAKE ? "Sent to 1/1 Total Cost: ZAR 0.2000" : "Sent to 0/1 Total Cost: 0",
		    "Recipients", "statusCode", rows[take].code, "number", m->to, "cost", "ZAR 0.2000", "status",
		    rows[take].word, "messageId", take == SMS_TAKE ? id : "None"));
}

static void
at_phone(struct buf *b, const char *name, const char *phone)
{
	char plus[40];

	str_format(plus, sizeof plus, "+%s", phone);
	form_add(b, name, plus);
}

static void
at_receipt(const struct sms_note *n, struct sms_post *out)
{
	form_add(&out->body, "id", n->id);
	form_add(&out->body, "status", n->delivered ? "Success" : "Failed");
	at_phone(&out->body, "phoneNumber", n->phone);
	form_add(&out->body, "networkCode", "65501");
	if (!n->delivered)
		form_add(&out->body, "failureReason", "AbsentSubscriber");
}

static void
at_inbound(const struct sms_note *n, struct sms_post *out)
{
	form_add(&out->body, "linkId", "");
	form_add(&out->body, "text", n->text);
	form_add(&out->body, "to", n->number);
	form_add(&out->body, "id", n->id);
	form_add(&out->body, "date", "2026-10-06T08:00:00Z");
	at_phone(&out->body, "from", n->phone);
	form_add(&out->body, "networkCode", "65501");
}

static void
at_opt_out(const struct sms_note *n, struct sms_post *out)
{
	form_add(&out->body, "senderId", "WALLET");
	at_phone(&out->body, "phoneNumber", n->phone);
}

/* ---- Infobip ---- */

static bool
infobip_is_ours(const struct http_req *req, const char *secret)
{
	return header_is(req, "Authorization", "App ", secret);
}

static const char *
infobip_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	const json_t *m = json_array_get(json_object_get(doc, "messages"), 0);
	const json_t *to = json_array_get(json_object_get(m, "destinations"), 0);

	(void)req, (void)room;
	out->to = text_of(to, "to");
	out->ours = text_of(to, "messageId");
	out->from = text_of(m, "from");
	out->text = text_of(json_object_get(m, "content"), "text");
	out->receipt_url = text_of(json_object_get(json_object_get(m, "webhooks"), "delivery"), "url");
	return json_array_size(json_object_get(doc, "messages")) == 1 ? NULL : "not one message";
}

static void
infobip_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const struct {
		int status, group, id;
		const char *name;
	} rows[SMS_TAKES] = {
		[SMS_TAKE] = { 200, 1, 26, "PENDING_ACCEPTED" }, [SMS_TAKE_REFUSED] = { 200, 5, 6, "REJECTED_NETWORK" },
		[SMS_TAKE_STOPPED] = { 200, 5, 14, "REJECTED_DESTINATION" },
		[SMS_TAKE_BALANCE] = { 200, 5, 12, "REJECTED_NOT_ENOUGH_CREDITS" },
		[SMS_TAKE_SLOW] = { 429, 0, 0, "TOO_MANY_REQUESTS" }, [SMS_TAKE_STRANGER] = { 401, 0, 0, "UNAUTHORIZED" },
		[SMS_TAKE_BAD] = { 400, 0, 0, "BAD_REQUEST" },
	};

	(void)id;
	if (rows[take].group == 0)
		reply_json(out, rows[take].status, json_pack("{s:{s:{s:s}}}", "requestError", "serviceException", "messageId",
		    rows[take].name));
	else
		reply_json(out, rows[take].status, json_pack("{s:[{s:s, s:s, s:{s:i, s:i, s:s}}]}", "messages", "messageId",
		    m->ours, "destination", m->to, "status", "groupId", rows[take].group, "id", rows[take].id, "name",
		    rows[take].name));
}

static void
infobip_receipt(const struct sms_note *n, struct sms_post *out)
{
	post_json(out, json_pack("{s:[{s:s, s:s, s:i, s:{s:i, s:s, s:i, s:s}, s:{s:i, s:i, s:b}}]}", "results",
	    "messageId", n->ours, "to", n->phone, "smsCount", 1, "status", "groupId", n->delivered ? 3 : 2, "groupName",
	    n->delivered ? "DELIVERED" : "UNDELIVERABLE", "id", n->delivered ? 5 : 9, "name",
	    n->delivered ? "DELIVERED_TO_HANDSET" : "UNDELIVERABLE_NOT_DELIVERED", "error", "groupId", 0, "id", 0,
	    "permanent", !n->delivered));
}

static void
infobip_inbound(const struct sms_note *n, struct sms_post *out)
{
	post_json(out, json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}], s:i}", "results", "messageId", n->id, "from",
	    n->phone, "to", n->number, "text", n->text, "cleanText", "", "keyword", "", "messageCount", 1));
}

/* ---- Clickatell ---- */

static bool
clickatell_is_ours(const struct http_req *req, const char *secret)
{
	return header_is(req, "Authorization", "", secret);
}

static const char *
clickatell_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	const json_t *m = json_array_get(json_object_get(doc, "messages"), 0);

	(void)req, (void)room;
	out->to = text_of(m, "to");
	out->ours = text_of(m, "clientMessageId");
	out->from = text_of(m, "from");
	out->text = text_of(m, "content");
	return strcmp(text_of(m, "channel"), "sms") == 0 ? NULL : "channel is not sms";
}

static void
clickatell_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const char *const words[SMS_TAKES] = {
		[SMS_TAKE_REFUSED] = "Invalid or missing parameters.", [SMS_TAKE_STOPPED] = "Recipient has opted out.",
		[SMS_TAKE_BALANCE] = "Insufficient account balance.", [SMS_TAKE_SLOW] = "Too many requests",
		[SMS_TAKE_STRANGER] = "Invalid authorization", [SMS_TAKE_BAD] = "Invalid or missing parameters.",
	};
	static const int statuses[SMS_TAKES] = { 202, 202, 202, 202, 429, 401, 400 };

	if (statuses[take] != 202)
		reply_json(out, statuses[take], json_pack("{s:n, s:{s:i, s:s}}", "messages", "error", "code", 1, "description",
		    words[take]));
	else
		reply_json(out, 202, json_pack("{s:[{s:s?, s:b, s:s, s:s?}], s:n}", "messages", "apiMessageId",
		    take == SMS_TAKE ? id : NULL, "accepted", take == SMS_TAKE, "to", m->to, "error", words[take], "error"));
}

/* In the newer of its two forms, where 5 is delivered. */
static void
clickatell_receipt(const struct sms_note *n, struct sms_post *out)
{
	post_json(out, json_pack("{s:{s:[{s:s, s:s, s:s, s:s, s:i, s:s}]}}", "event", "messageStatusUpdate", "channel",
	    "sms", "messageId", n->id, "clientMessageId", n->ours, "to", n->phone, "statusCode", n->delivered ? 5 : 22,
	    "status", n->delivered ? "DEVICE_ACK" : "FAILED"));
}

static void
clickatell_inbound(const struct sms_note *n, struct sms_post *out)
{
	unsigned char units[2000];
	struct buf coded = { 0 };
	int len = text_encode(CHARSET_UCS2, n->text, units, sizeof units);

	/* As it writes what its own alphabet lacks: octets of UTF-16BE, escaped. */
	form_escape(&coded, units, len > 0 ? (size_t)len : 0);
	post_json(out, json_pack("{s:s, s:s, s:s, s:s, s:s}", "messageId", n->id, "fromNumber", n->phone, "toNumber",
	    n->number, "text", buf_str(&coded), "charset", "UTF-16BE"));
	buf_clear(&coded);
}

/* ---- Twilio ---- */

static const char *
twilio_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	(void)doc, (void)room;
	out->to = or_empty(http_req_form(req, "To"));
	out->from = or_empty(http_req_form(req, "From"));
	if (out->from[0] == '\0')
		out->from = or_empty(http_req_form(req, "MessagingServiceSid"));
	out->text = or_empty(http_req_form(req, "Body"));
	out->receipt_url = or_empty(http_req_form(req, "StatusCallback"));
	return out->to[0] != '+' ? "To has no +" : ucs2_units(out->text) > 1600 ? "Body is longer than 1600" : NULL;
}

static void
twilio_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const struct {
		int status, code;
		const char *words;
	} rows[SMS_TAKES] = {
		[SMS_TAKE_REFUSED] = { 400, 21211, "Invalid 'To' Phone Number" },
		[SMS_TAKE_STOPPED] = { 400, 21610, "Attempt to send to unsubscribed recipient" },
		[SMS_TAKE_BALANCE] = { 401, 20003, "Authenticate" }, [SMS_TAKE_SLOW] = { 429, 20429, "Too Many Requests" },
		[SMS_TAKE_STRANGER] = { 401, 20003, "Authenticate" }, [SMS_TAKE_BAD] = { 400, 21602, "A text is required" },
	};

	if (take == SMS_TAKE)
		reply_json(out, 201, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:n}", "sid", id, "status", "queued", "to",
		    m->to, "from", m->from, "body", m->text, "num_segments", "1", "error_code", "error_message"));
	else
		reply_json(out, rows[take].status, json_pack("{s:i, s:s, s:i}", "code", rows[take].code, "message",
		    rows[take].words, "status", rows[take].status));
}

static void
twilio_receipt(const struct sms_note *n, struct sms_post *out)
{
	form_add(&out->body, "MessageSid", n->id);
	form_add(&out->body, "MessageStatus", n->delivered ? "delivered" : "undelivered");
	at_phone(&out->body, "To", n->phone);
	form_add(&out->body, "AccountSid", SMS_BOX_USER);
	if (!n->delivered)
		form_add(&out->body, "ErrorCode", "30003");
}

static void
twilio_inbound(const struct sms_note *n, struct sms_post *out)
{
	form_add(&out->body, "MessageSid", n->id);
	at_phone(&out->body, "From", n->phone);
	form_add(&out->body, "To", n->number);
	form_add(&out->body, "Body", n->text);
	form_add(&out->body, "NumMedia", "0");
	if (str_equal_fold(n->text, "STOP"))
		form_add(&out->body, "OptOutType", "STOP");
}

/* ---- SMSPortal ---- */

static const char *
smsportal_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	const json_t *m = json_array_get(json_object_get(doc, "Messages"), 0);

	(void)req, (void)room;
	out->to = text_of(m, "Destination");
	out->text = text_of(m, "Content");
	out->ours = text_of(m, "CustomerId");
	out->from = text_of(json_object_get(doc, "SendOptions"), "SenderId");
	return strlen(out->ours) > 100 ? "CustomerId is longer than 100" : NULL;
}

static void
smsportal_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const int statuses[SMS_TAKES] = { 200, 200, 200, 400, 429, 401, 400 };
	int64_t event = 0;

	(void)m;
	if (!str_to_i64(id, 0, INT64_MAX, &event))
		event = 0;
	if (statuses[take] != 200)
		reply_json(out, statuses[take], json_pack("{s:i, s:[{s:i, s:s}]}", "StatusCode", statuses[take], "Errors",
		    "ErrorCode", 1, "ErrorMessage", take == SMS_TAKE_BALANCE ? "Insufficient credits" : "Refused"));
	else
		reply_json(out, 200, json_pack("{s:i, s:I, s:i, s:i, s:{s:i, s:i}}", "Cost", take == SMS_TAKE, "EventId",
		    (json_int_t)event, "Messages", take == SMS_TAKE, "Parts", take == SMS_TAKE, "ErrorReport", "OptedOuts",
		    take == SMS_TAKE_STOPPED, "NoNetwork", take == SMS_TAKE_REFUSED));
}

static void
smsportal_receipt(const struct sms_note *n, struct sms_post *out)
{
	int64_t event = 0;

	if (!str_to_i64(n->id, 0, INT64_MAX, &event))
		event = 0;
	post_json(out, json_pack("{s:s, s:I, s:i, s:s, s:i, s:s, s:I, s:s}", "Status", n->delivered ? "DELIVRD" : "UNDELIV",
	    "EventId", (json_int_t)event, "Mcc", 655, "Mnc", "01", "MsgCount", 1, "Msisdn", n->phone, "Received",
	    (json_int_t)1791280000, "UserReference", n->ours));
	out->type = "text/plain";
}

static void
smsportal_inbound(const struct sms_note *n, struct sms_post *out)
{
	out->method = "GET";
	form_add(&out->query, "IncomingID", n->id);
	form_add(&out->query, "Phonenumber", n->phone);
	form_add(&out->query, "IncomingData", n->text);
	form_add(&out->query, "EventID", "0");
}

static void
smsportal_opt_out(const struct sms_note *n, struct sms_post *out)
{
	out->method = "GET";
	form_add(&out->query, "Phonenumber", n->phone);
}

/* ---- Kannel ---- */

static bool
kannel_is_ours(const struct http_req *req, const char *secret)
{
	const char *user = http_req_query(req, "username"), *password = http_req_query(req, "password");

	return user != NULL && password != NULL && strcmp(user, SMS_BOX_USER) == 0 && strcmp(password, secret) == 0;
}

/* The raw value: what is decoded by the listener ends at a NUL, which UTF-16 is full of. */
static bool
decode_utf16(const struct http_req *req, struct buf *room)
{
	const char *at = strstr(http_req_target(req), "&text=");
	struct buf octets = { 0 };
	char utf8[4000];
	bool ok;

	if (at == NULL)
		return false;
	at += strlen("&text=");
	ok = form_unescape(&octets, at, strcspn(at, "&")) &&
	    text_decode(CHARSET_UCS2, buf_str(&octets), octets.len, utf8, sizeof utf8) > 0;
	if (ok)
		buf_add_str(room, utf8);
	buf_clear(&octets);
	return ok;
}

static const char *
kannel_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	const char *coding = or_empty(http_req_query(req, "coding")), *charset = or_empty(http_req_query(req, "charset"));

	(void)doc;
	out->to = or_empty(http_req_query(req, "to"));
	out->from = or_empty(http_req_query(req, "from"));
	out->text = or_empty(http_req_query(req, "text"));
	out->receipt_url = or_empty(http_req_query(req, "dlr-url"));
	if (strcmp(coding, "2") == 0) {
		if (strcmp(charset, "UTF-16BE") != 0 || !decode_utf16(req, room))
			return "coding 2 without UTF-16BE";
		out->text = buf_str(room);
	} else if (strcmp(coding, "0") != 0 || strcmp(charset, "UTF-8") != 0 || gsm_septets(out->text) < 0)
		return "coding, charset and text do not go together";
	return out->receipt_url[0] != '\0' && or_empty(http_req_query(req, "dlr-mask"))[0] == '\0' ? "no dlr-mask" : NULL;
}

static void
kannel_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const struct {
		int status;
		const char *words;
	} rows[SMS_TAKES] = {
		[SMS_TAKE] = { 202, "0: Accepted for delivery" }, [SMS_TAKE_REFUSED] = { 404, "Not routable. Do not try again." },
		[SMS_TAKE_STOPPED] = { 404, "Not routable. Do not try again." },
		[SMS_TAKE_BALANCE] = { 403, "Authorization failed for sendsms" },
		[SMS_TAKE_SLOW] = { 503, "Temporal failure, try again later." },
		[SMS_TAKE_STRANGER] = { 403, "Authorization failed for sendsms" },
		[SMS_TAKE_BAD] = { 400, "Missing receiver number, rejected" },
	};

	(void)m, (void)id;
	reply_text(out, rows[take].status, rows[take].words);
}

/* The URL that it was given has its marks filled in by whoever calls this (sms_provider.c): nothing else is in it. */
static void
kannel_receipt(const struct sms_note *n, struct sms_post *out)
{
	(void)n;
	out->method = "GET";
}

static void
kannel_inbound(const struct sms_note *n, struct sms_post *out)
{
	out->method = "GET";
	at_phone(&out->query, "from", n->phone);
	form_add(&out->query, "to", n->number);
	form_add(&out->query, "text", n->text);
	form_add(&out->query, "id", n->id);
}

/* ---- JSON ---- */

static bool
json_is_ours(const struct http_req *req, const char *secret)
{
	return header_is(req, "Authorization", "Bearer ", secret);
}

static const char *
json_read(const struct http_req *req, const json_t *doc, struct sms_seen *out, struct buf *room)
{
	(void)req, (void)room;
	out->to = text_of(doc, "to");
	out->from = text_of(doc, "from");
	out->text = text_of(doc, "text");
	out->ours = text_of(doc, "id");
	out->receipt_url = text_of(doc, "receipts");
	return out->ours[0] == '\0' ? "no id" : NULL;
}

static void
json_answer(enum sms_take take, const struct sms_seen *m, const char *id, struct sms_reply *out)
{
	static const char *const words[SMS_TAKES] = { "accepted", "refused", "stopped", "shut", "slow", "shut", "refused" };
	static const int statuses[SMS_TAKES] = { 202, 200, 200, 200, 429, 401, 400 };

	(void)m;
	reply_json(out, statuses[take], json_pack("{s:s, s:s}", "status", words[take], "id", take == SMS_TAKE ? id : ""));
}

static void
json_receipt(const struct sms_note *n, struct sms_post *out)
{
	post_json(out, json_pack("{s:[{s:s, s:s, s:s}]}", "receipts", "id", n->id, "ours", n->ours, "status", n->delivered ? "delivered" :
	    "failed"));
}

static void
json_inbound(const struct sms_note *n, struct sms_post *out)
{
	post_json(out, json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "messages", "id", n->id, "from", n->phone, "to", n->number,
	    "text", n->text));
}

static void
json_opt_out(const struct sms_note *n, struct sms_post *out)
{
	post_json(out, json_pack("{s:[s]}", "phones", n->phone));
}

const struct sms_form_row sms_forms[SMS_PROVIDERS] = {
	[SMS_AFRICASTALKING] = { "POST", "/version1/messaging", at_is_ours, at_read, at_answer, at_receipt, at_inbound,
	    at_opt_out },
	[SMS_INFOBIP] = { "POST", "/sms/3/messages", infobip_is_ours, infobip_read, infobip_answer, infobip_receipt,
	    infobip_inbound, NULL },
	[SMS_CLICKATELL] = { "POST", "/v1/message", clickatell_is_ours, clickatell_read, clickatell_answer,
	    clickatell_receipt, clickatell_inbound, NULL },
	[SMS_TWILIO] = { "POST", "/2010-04-01/Accounts/" SMS_BOX_USER "/Messages.json", is_basic, twilio_read, twilio_answer,
	    twilio_receipt, twilio_inbound, NULL },
	[SMS_SMSPORTAL] = { "POST", "/v1/bulkmessages", is_basic, smsportal_read, smsportal_answer, smsportal_receipt,
	    smsportal_inbound, smsportal_opt_out },
	[SMS_KANNEL] = { "GET", "/cgi-bin/sendsms", kannel_is_ours, kannel_read, kannel_answer, kannel_receipt,
	    kannel_inbound, NULL },
	[SMS_JSON] = { "POST", "/json", json_is_ours, json_read, json_answer, json_receipt, json_inbound, json_opt_out },
};
