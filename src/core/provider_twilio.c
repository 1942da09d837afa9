/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twilio: POST 2010-04-01/Accounts/SID/Messages.json, basic with the auth token, form To, From (or MessagingServiceSid)
 * and Body. Its requests are signed with the token over the URL that it was given and all fields, so public_url must be
 * what it sees. It answers a STOP itself and refuses what follows with 21610: an answer of ours would never arrive.
 * Numbers of errors: protocols of Twilio's error dictionary; 30003, 30005 and 30007 come in receipts only.
 */
#include <string.h>

#include "base/str.h"
#include "core/sms_provider_parts.h"

#define VALID_MOST_S 36000		/* ValidityPeriod */
#define SERVICE_SID 34			/* "MG" and 32 hex digits */

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	bool by_service = str_starts(a->sender, "MG") && strlen(a->sender) == SERVICE_SID;
	int64_t valid = t->valid_s < 1 ? 1 : t->valid_s > VALID_MOST_S ? VALID_MOST_S : t->valid_s;
	char to[PHONE_MAX + 1], seconds[24];

	str_format(to, sizeof to, "+%s", t->to);
	str_format(seconds, sizeof seconds, "%d", (int)valid);
	buf_add_str(&out->url, "/2010-04-01/Accounts/");
	form_escape(&out->url, a->user, strlen(a->user));
	buf_add_str(&out->url, "/Messages.json");
	sms_set_header(&out->header[0], "Content-Type", "application/x-www-form-urlencoded");
	sms_basic(&out->header[1], a->user, a->secret);
	form_add(&out->body, "To", to);
	form_add(&out->body, by_service ? "MessagingServiceSid" : "From", a->sender);
	form_add(&out->body, "Body", t->text);
	form_add(&out->body, "ValidityPeriod", seconds);
	if (a->receipt_url[0] != '\0')
		form_add(&out->body, "StatusCallback", a->receipt_url);
}

static const struct sms_code codes[] = {
	{ 21610, SMS_SAID_STOPPED, true },
	{ 20003, SMS_SAID_SHUT, false }, { 20005, SMS_SAID_SHUT, false },	/* who we are */
	{ 21212, SMS_SAID_SHUT, false }, { 21603, SMS_SAID_SHUT, false }, { 21606, SMS_SAID_SHUT, false },
	{ 21659, SMS_SAID_SHUT, false }, { 21660, SMS_SAID_SHUT, false },	/* From */
	{ 21408, SMS_SAID_SHUT, false },					/* the country is not switched on */
	{ 20429, SMS_SAID_SLOW, false }, { 63018, SMS_SAID_SLOW, false }, { 14107, SMS_SAID_SLOW, false },
	{ 21611, SMS_SAID_SLOW, false }, { 30001, SMS_SAID_SLOW, false },	/* its queue is full */
};

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	int64_t code = sms_json_number(doc, "code");
	const struct sms_code *row = SMS_CODE_OF(codes, code);
	const char *sid = json_string_value(sms_member(doc, "sid"));

	(void)body;
	if (status >= 300) {
		if (code != INT64_MIN)
			said->code = (int)code;
		if (row != NULL)
			said->verdict = (enum sms_verdict)row->meaning;
	} else if (sid != NULL) {
		sms_fit(&sms_provider_twilio, sid, said->id);
		sms_plain(said->word, sizeof said->word, json_string_value(sms_member(doc, "status")));
	} else
		said->verdict = SMS_SAID_UNKNOWN;
}

static const struct sms_word statuses[] = {
	{ "accepted", RECEIPT_PENDING, false }, { "scheduled", RECEIPT_PENDING, false },
	{ "queued", RECEIPT_PENDING, false }, { "sending", RECEIPT_PENDING, false }, { "sent", RECEIPT_PENDING, false },
	{ "delivered", RECEIPT_DELIVERED, false }, { "read", RECEIPT_DELIVERED, false },
	{ "undelivered", RECEIPT_FAILED, false }, { "failed", RECEIPT_FAILED, false },
	{ "canceled", RECEIPT_FAILED, false },
};

/* Too many at once, which is said behind the 201 as well. */
static bool
is_too_fast(const char *err)
{
	return err != NULL && (strcmp(err, "63018") == 0 || strcmp(err, "20429") == 0);
}

static bool
read_receipt(const struct form *f, struct sms_event *e)
{
	const char *id = form_get(f, "MessageSid"), *status = form_get(f, "MessageStatus"), *err = form_get(f, "ErrorCode");
	const struct sms_word *row = SMS_WORD_OF(statuses, status);

	if (id == NULL || status == NULL)
		return false;
	sms_set_ids(e, &sms_provider_twilio, id, NULL);
	e->receipt.state = row != NULL ? (enum receipt_state)row->meaning : RECEIPT_UNKNOWN;
	if (e->receipt.state == RECEIPT_FAILED && is_too_fast(err))
		e->receipt.state = RECEIPT_NOT_NOW;
	sms_plain(e->receipt.stat, sizeof e->receipt.stat, status);
	sms_plain(e->receipt.err, sizeof e->receipt.err, err);
	e->phone = form_get(f, "To");
	e->stopped = err != NULL && strcmp(err, "21610") == 0;
	return true;
}

static bool
read_heard(enum sms_way way, const struct form *query, const struct form *f, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };
	const char *opt_out = form_get(f, "OptOutType");

	(void)query, (void)doc;
	if (way == SMS_WAY_RECEIPT) {
		if (!read_receipt(f, &e))
			return false;
	} else if (way == SMS_WAY_INBOUND) {
		e = (struct sms_event){ .kind = SMS_EVENT_INBOUND, .phone = form_get(f, "From"), .to = form_get(f, "To"),
			.text = form_get(f, "Body"), .id = form_get(f, "MessageSid") };
		if (e.phone == NULL || e.to == NULL || e.text == NULL)
			return false;
		if (opt_out != NULL && strcmp(opt_out, "STOP") == 0)
			e.kind = SMS_EVENT_OPT_OUT;
	} else
		return false;
	on(arg, &e);
	return true;
}

const struct sms_provider_row sms_provider_twilio = {
	.name = "twilio", .url = "https://api.twilio.com",
	.needs = SMS_NEEDS_USER | SMS_NEEDS_SECRET | SMS_NEEDS_PUBLIC | SMS_SIGNS,
	.write = write_call, .read_answer = read_answer, .read = read_heard,
	.reply_type = "text/xml", .reply = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>",
	.signature_header = "X-Twilio-Signature",
};
