/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Infobip: POST sms/3/messages with "App KEY", one destination with our own messageId; the base URL is the account's
 * own. 200 holds a status with a group: 1 pending, 3 delivered, 2 undeliverable, 4 expired, 5 rejected. In receipts
 * group 3 also holds DELIVERED_TO_OPERATOR, which is not the end; only DELIVERED_TO_HANDSET is. Names of rejections
 * beyond those of the samples are general knowledge and only decide how a refusal is taken.
 */
#include <string.h>

#include "base/str.h"
#include "core/sms_provider_parts.h"

enum { PENDING = 1, UNDELIVERABLE, DELIVERED, EXPIRED, REJECTED };

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	json_t *message = json_pack("{s:s, s:[{s:s, s:s}], s:{s:s}}", "from", a->sender, "destinations", "to", t->to,
	    "messageId", t->ours, "content", "text", t->text);

	if (a->receipt_url[0] != '\0')
		json_object_set_new(message, "webhooks", json_pack("{s:{s:s, s:b, s:s}}", "delivery", "url", a->receipt_url,
		    "intermediateReport", 1, "contentType", "application/json"));
	json_object_set_new(message, "options", json_pack("{s:{s:I, s:s}}", "validityPeriod", "amount",
	    (json_int_t)(t->valid_s + 59) / 60, "timeUnit", "MINUTES"));
	buf_add_str(&out->url, "/sms/3/messages");
	sms_set_json(out, json_pack("{s:[o]}", "messages", message));
	sms_set_header(&out->header[1], "Accept", "application/json");
	buf_addf(&out->header[2], "Authorization: App %s", a->secret);
}

static const struct sms_word names[] = {
	{ "REJECTED_NOT_ENOUGH_CREDITS", SMS_SAID_SHUT, false },
	{ "REJECTED_PREPAID_PACKAGE_EXPIRED", SMS_SAID_SHUT, false },
	{ "REJECTED_SOURCE", SMS_SAID_SHUT, false }, { "REJECTED_SENDER", SMS_SAID_SHUT, false },
	{ "REJECTED_DESTINATION", SMS_SAID_STOPPED, true }, { "REJECTED_DND", SMS_SAID_STOPPED, true },
	{ "REJECTED_FLOODING_FILTER", SMS_SAID_SLOW, false }, { "REJECTED_SYSTEM_ERROR", SMS_SAID_FEW, false },
	/* Our ids are made anew for each attempt: it was taken, and the answer was lost on the way. */
	{ "REJECTED_DUPLICATE_MESSAGE_ID", SMS_SAID_UNKNOWN, false },
};

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	const json_t *message = sms_element(sms_member(doc, "messages"), 0), *s = sms_member(message,
	    "status");
	const char *name = json_string_value(sms_member(s, "name"));
	const struct sms_word *row = SMS_WORD_OF(names, name);
	int64_t group = sms_json_number(s, "groupId"), code = sms_json_number(s, "id");
	char room[24];
	const char *id = sms_json_text(message, "messageId", room);

	(void)body;
	if (status >= 300)
		return;
	sms_plain(said->word, sizeof said->word, name);
	if (code != INT64_MIN)
		said->code = (int)code;
	if (group == PENDING || group == DELIVERED) {
		if (id != NULL)
			sms_fit(&sms_provider_infobip, id, said->id);
	} else if (row != NULL)
		said->verdict = (enum sms_verdict)row->meaning;
	else
		said->verdict = group == INT64_MIN ? SMS_SAID_UNKNOWN : SMS_SAID_REFUSED;
}

static enum receipt_state
state_of(int64_t group, const char *name)
{
	switch (group) {
	case PENDING:
		return RECEIPT_PENDING;
	case DELIVERED:
		return name != NULL && strcmp(name, "DELIVERED_TO_HANDSET") == 0 ? RECEIPT_DELIVERED : RECEIPT_PENDING;
	case EXPIRED:
		/* EXPIRED_DLR_UNKNOWN: the operator said nothing, it may have arrived. */
		return name != NULL && strstr(name, "UNKNOWN") != NULL ? RECEIPT_UNKNOWN : RECEIPT_FAILED;
	case UNDELIVERABLE:
	case REJECTED:
		return RECEIPT_FAILED;
	default:
		return RECEIPT_UNKNOWN;
	}
}

static bool
take_receipt(const json_t *one, sms_event_fn *on, void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };
	const json_t *s = sms_member(one, "status");
	const char *name = json_string_value(sms_member(s, "name"));
	const struct sms_word *row = SMS_WORD_OF(names, name);
	char id[24], to[24], err[24];
	const char *theirs = sms_json_text(one, "messageId", id);

	if (theirs == NULL || s == NULL)
		return false;
	sms_set_ids(&e, &sms_provider_infobip, theirs, NULL);
	e.receipt.state = state_of(sms_json_number(s, "groupId"), name);
	sms_plain(e.receipt.stat, sizeof e.receipt.stat, name);
	sms_plain(e.receipt.err, sizeof e.receipt.err, sms_json_text(sms_member(one, "error"), "id", err));
	e.phone = sms_json_text(one, "to", to);
	e.stopped = row != NULL && row->stopped;
	on(arg, &e);
	return true;
}

static bool
take_inbound(const json_t *one, sms_event_fn *on, void *arg)
{
	char from[24], to[24], id[24];
	struct sms_event e = { .kind = SMS_EVENT_INBOUND, .phone = sms_json_text(one, "from", from),
		.to = sms_json_text(one, "to", to), .id = sms_json_text(one, "messageId", id),
		/* cleanText has the keyword cut off. */
		.text = json_string_value(sms_member(one, "text")) };

	if (e.phone == NULL || e.to == NULL || e.text == NULL)
		return false;
	on(arg, &e);
	return true;
}

/* It has no call for opt-outs of its own: they come as the messages that they are. */
static bool
read_heard(enum sms_way way, const struct form *query, const struct form *f, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	const json_t *list = sms_member(doc, "results");
	bool any = false;

	(void)query, (void)f;
	if (way == SMS_WAY_OPT_OUT || !json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		any |= way == SMS_WAY_RECEIPT ? take_receipt(json_array_get(list, i), on, arg) :
		    take_inbound(json_array_get(list, i), on, arg);
	return any || json_array_size(list) == 0;
}

const struct sms_provider_row sms_provider_infobip = {
	.name = "infobip", .needs = SMS_NEEDS_SECRET | SMS_NEEDS_URL,
	.write = write_call, .read_answer = read_answer, .read = read_heard, .repeats_ours = true,
};
