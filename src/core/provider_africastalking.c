/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Africa's Talking: POST version1/messaging, header apikey, form username, to, message, from. It answers 201 even when
 * the recipient was refused; what happened stands in Recipients[].statusCode. Implementers disagree on which codes pass;
 * here only those that blame its own machines are tried again. Nothing it sends is signed: a key in the URL, addresses.
 */
#include <string.h>

#include "base/str.h"
#include "core/sms_provider_parts.h"

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	char to[PHONE_MAX + 1];

	str_format(to, sizeof to, "+%s", t->to);
	buf_add_str(&out->url, "/version1/messaging");
	sms_set_header(&out->header[0], "Content-Type", "application/x-www-form-urlencoded");
	sms_set_header(&out->header[1], "Accept", "application/json");
	sms_set_header(&out->header[2], "apikey", a->secret);
	form_add(&out->body, "username", a->user);
	form_add(&out->body, "to", to);
	form_add(&out->body, "message", t->text);
	form_add(&out->body, "from", a->sender);
}

static const struct sms_code codes[] = {
	{ 100, SMS_SAID_ACCEPTED, false },	/* processed */
	{ 101, SMS_SAID_ACCEPTED, false },	/* sent */
	{ 102, SMS_SAID_ACCEPTED, false },	/* queued */
	{ 401, SMS_SAID_FEW, false },		/* RiskHold */
	{ 402, SMS_SAID_SHUT, false },		/* InvalidSenderId */
	{ 403, SMS_SAID_REFUSED, false },	/* InvalidPhoneNumber */
	{ 404, SMS_SAID_REFUSED, false },	/* UnsupportedNumberType */
	{ 405, SMS_SAID_SHUT, false },		/* InsufficientBalance */
	{ 406, SMS_SAID_STOPPED, false },	/* UserInBlacklist */
	{ 407, SMS_SAID_REFUSED, false },	/* CouldNotRoute */
	{ 409, SMS_SAID_STOPPED, false },	/* DoNotDisturbRejection: Nigeria's registry, also as HTTP 409 */
	{ 500, SMS_SAID_FEW, false },		/* InternalServerError */
	{ 501, SMS_SAID_FEW, false },		/* GatewayError */
	{ 502, SMS_SAID_REFUSED, false },	/* RejectedByGateway */
};

/* Without a recipient the message says why. */
static const struct sms_word refusals[] = {
	{ "InvalidSenderId", SMS_SAID_SHUT, false }, { "InsufficientBalance", SMS_SAID_SHUT, false },
	{ "InvalidPhoneNumber", SMS_SAID_REFUSED, false }, { "UserInBlacklist", SMS_SAID_STOPPED, false },
};

static void
read_recipient(const json_t *recipient, struct sms_said *said)
{
	int64_t code = sms_json_number(recipient, "statusCode");
	const struct sms_code *row = SMS_CODE_OF(codes, code);
	char room[24];
	const char *id = sms_json_text(recipient, "messageId", room);

	sms_plain(said->word, sizeof said->word, sms_json_text(recipient, "status", room));
	said->code = code != INT64_MIN ? (int)code : said->code;
	said->verdict = row != NULL ? (enum sms_verdict)row->meaning : SMS_SAID_FEW;
	if (said->verdict == SMS_SAID_ACCEPTED && id != NULL && strcmp(id, "None") != 0)
		sms_fit(&sms_provider_africastalking, id, said->id);
}

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	const json_t *data = sms_member(doc, "SMSMessageData"), *list = sms_member(data, "Recipients");
	const char *message = json_string_value(sms_member(data, "Message"));
	const struct sms_word *row = SMS_WORD_OF(refusals, message);

	(void)body;
	if (status == 409)
		said->verdict = SMS_SAID_STOPPED;
	if (status >= 300)
		return;
	if (json_array_size(list) > 0) {
		read_recipient(json_array_get(list, 0), said);
		return;
	}
	sms_plain(said->word, sizeof said->word, message);
	/* A 2xx that is not to be understood: perhaps it was taken. */
	said->verdict = row != NULL ? (enum sms_verdict)row->meaning : data != NULL ? SMS_SAID_FEW : SMS_SAID_UNKNOWN;
}

static const struct sms_word statuses[] = {
	{ "Sent", RECEIPT_PENDING, false }, { "Submitted", RECEIPT_PENDING, false },
	{ "Buffered", RECEIPT_PENDING, false }, { "Success", RECEIPT_DELIVERED, false },
	{ "Failed", RECEIPT_FAILED, false }, { "Rejected", RECEIPT_FAILED, false },
	{ "AbsentSubscriber", RECEIPT_FAILED, false }, { "Expired", RECEIPT_FAILED, false },
};

static bool
read_receipt(const struct form *f, struct sms_event *e)
{
	const char *id = form_get(f, "id"), *status = form_get(f, "status"), *why = form_get(f, "failureReason");
	const struct sms_word *row = SMS_WORD_OF(statuses, status);

	if (id == NULL || status == NULL)
		return false;
	sms_set_ids(e, &sms_provider_africastalking, id, NULL);
	e->receipt.state = row != NULL ? (enum receipt_state)row->meaning : RECEIPT_UNKNOWN;
	sms_plain(e->receipt.stat, sizeof e->receipt.stat, status);
	sms_plain(e->receipt.err, sizeof e->receipt.err, why);
	e->phone = form_get(f, "phoneNumber");
	e->stopped = why != NULL && (str_equal_fold(why, "UserInBlackList") || str_equal_fold(why, "DoNotDisturbRejection"));
	return true;
}

static bool
read_heard(enum sms_way way, const struct form *query, const struct form *f, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };

	(void)query, (void)doc;
	if (way == SMS_WAY_RECEIPT) {
		if (!read_receipt(f, &e))
			return false;
	} else if (way == SMS_WAY_INBOUND) {
		e = (struct sms_event){ .kind = SMS_EVENT_INBOUND, .phone = form_get(f, "from"), .to = form_get(f, "to"),
			.text = form_get(f, "text"), .id = form_get(f, "id") };
		if (e.phone == NULL || e.to == NULL || e.text == NULL)
			return false;
	} else {
		e = (struct sms_event){ .kind = SMS_EVENT_OPT_OUT, .phone = form_get(f, "phoneNumber") };
		if (e.phone == NULL)
			return false;
	}
	on(arg, &e);
	return true;
}

const struct sms_provider_row sms_provider_africastalking = {
	.name = "africastalking", .url = "https://api.africastalking.com", .needs = SMS_NEEDS_USER | SMS_NEEDS_SECRET,
	.write = write_call, .read_answer = read_answer, .read = read_heard,
};
