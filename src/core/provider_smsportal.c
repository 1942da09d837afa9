/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMSPortal (docs.smsportal.com): POST v1/bulkmessages, basic with the API key's id and secret, one message in
 * "Messages". Content, Destination and the answer's EventId, Messages and Parts are documented. Guesses: "CustomerId" in
 * a message (its V2 receipts repeat the customerID of the request as UserReference), "SenderId" and "ValidityPeriod" in
 * "SendOptions", and "ErrorReport" with OptedOuts and Faults in the answer; whoever has an account can tell. Receipts
 * and replies come as a GET (V1) or as JSON that may call itself text (V2), from 102.205.164.49 and 102.205.166.49, and
 * want any 2xx within 10 s: else they are queued again, and after five failures no more come. V1 carries the text of the
 * message: its URL is never logged. BLIST: the owner or WASPA blocked the number.
 */
#include <string.h>

#include "base/str.h"
#include "core/sms_provider_parts.h"

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	json_t *doc = json_pack("{s:[{s:s, s:s, s:s}]}", "Messages", "Content", t->text, "Destination", t->to,
	    "CustomerId", t->ours);
	json_t *options = json_pack("{s:I}", "ValidityPeriod", (json_int_t)(t->valid_s + 59) / 60);

	if (a->sender[0] != '\0')
		json_object_set_new(options, "SenderId", json_string(a->sender));
	json_object_set_new(doc, "SendOptions", options);
	buf_add_str(&out->url, "/v1/bulkmessages");
	sms_set_json(out, doc);
	sms_set_header(&out->header[1], "Accept", "application/json");
	sms_basic(&out->header[2], a->user, a->secret);
}

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	const json_t *report = sms_member(doc, "ErrorReport");
	const json_t *error = sms_element(sms_member(doc, "Errors"), 0);
	char room[24];
	const char *id = sms_json_text(doc, "EventId", room);
	int64_t taken = sms_json_number(doc, "Messages"), code = sms_json_number(error, "ErrorCode");

	(void)body;
	if (code != INT64_MIN)
		said->code = (int)code;
	if (status >= 300) {
		const char *words = json_string_value(sms_member(error, "ErrorMessage"));

		if (words != NULL && (strcasestr(words, "credit") != NULL || strcasestr(words, "balance") != NULL))
			said->verdict = SMS_SAID_SHUT;
		return;
	}
	if (taken == 0)
		said->verdict = sms_json_number(report, "OptedOuts") > 0 ? SMS_SAID_STOPPED : SMS_SAID_REFUSED;
	else if (id == NULL)
		said->verdict = SMS_SAID_UNKNOWN;
	else
		sms_fit(&sms_provider_smsportal, id, said->id);
}

static const struct sms_word statuses[] = {
	{ "DELIVRD", RECEIPT_DELIVERED, false }, { "UNDELIV", RECEIPT_FAILED, false },
	{ "EXPIRED", RECEIPT_FAILED, false }, { "BLIST", RECEIPT_FAILED, true }, { "SUBMITD", RECEIPT_PENDING, false },
	{ "STAGED", RECEIPT_PENDING, false }, { "CANCELLED", RECEIPT_FAILED, false },
	{ "NOROUTE", RECEIPT_FAILED, false },
};

struct names {				/* of one version of its webhooks */
	const char *status, *event, *ours, *phone;
	const char *from, *to, *text, *id;
};
static const struct names v1 = { "Status", "EventID", "CustomerID", "Phonenumber", "Phonenumber", "To", "IncomingData",
    "IncomingID" };
/* Of a reply in V2 only "To", "Id" and "EventId" were seen in the documents; the others are guesses. */
static const struct names v2 = { "Status", "EventId", "UserReference", "Msisdn", "From", "To", "Text", "Id" };

struct fields {				/* of either: a query or an object */
	const struct form *query;
	const json_t *doc;
};

static const char *
field(const struct fields *f, const char *name, char room[24])
{
	return f->doc != NULL ? sms_json_text(f->doc, name, room) : form_get_fold(f->query, name);
}

static bool
take_receipt(const struct fields *f, const struct names *n, sms_event_fn *on, void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };
	char event[24], ours[24], phone[24], word[24];
	const char *status = field(f, n->status, word), *id = field(f, n->event, event), *own = field(f, n->ours, ours);
	const struct sms_word *row = SMS_WORD_OF(statuses, status);

	if (status == NULL || (id == NULL && own == NULL))
		return false;
	sms_set_ids(&e, &sms_provider_smsportal, id, own);
	e.receipt.state = row != NULL ? (enum receipt_state)row->meaning : RECEIPT_UNKNOWN;
	sms_plain(e.receipt.stat, sizeof e.receipt.stat, status);
	e.phone = field(f, n->phone, phone);
	e.stopped = row != NULL && row->stopped;
	on(arg, &e);
	return true;
}

static bool
take_inbound(const struct fields *f, const struct names *n, sms_event_fn *on, void *arg)
{
	char from[24], to[24], id[24], text[24], phone[24];
	struct sms_event e = { .kind = SMS_EVENT_INBOUND, .phone = field(f, n->from, from), .to = field(f, n->to, to),
		.text = field(f, n->text, text), .id = field(f, n->id, id) };

	if (e.phone == NULL)
		e.phone = field(f, n->phone, phone);
	if (e.text == NULL)
		e.text = field(f, v1.text, text);
	if (e.phone == NULL || e.text == NULL)
		return false;
	on(arg, &e);
	return true;
}

static bool
read_heard(enum sms_way way, const struct form *query, const struct form *form, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	struct fields f = { query, doc };
	const struct names *n = doc != NULL ? &v2 : &v1;
	char room[24];
	struct sms_event e = { .kind = SMS_EVENT_OPT_OUT, .phone = field(&f, n->phone, room) };

	(void)form;
	if (way == SMS_WAY_RECEIPT)
		return take_receipt(&f, n, on, arg);
	if (way == SMS_WAY_INBOUND)
		return take_inbound(&f, n, on, arg);
	/* A webhook that the account's owner sets up for opt-outs: the number is enough. */
	if (e.phone == NULL)
		return false;
	on(arg, &e);
	return true;
}

const struct sms_provider_row sms_provider_smsportal = {
	.name = "smsportal", .url = "https://rest.smsportal.com", .needs = SMS_NEEDS_USER | SMS_NEEDS_SECRET,
	.write = write_call, .read_answer = read_answer, .read = read_heard, .repeats_ours = true,
};
