/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clickatell: POST v1/message (One API), the key as Authorization. Its two platforms number their statuses against each
 * other: in a One API callback ({"event":{"messageStatusUpdate":[...]}}) 5 is an acknowledgement by the handset, in one
 * of the older platform (a flat object) 4 is that and 5 an error. So the form of the callback says which table counts.
 * The text of an inbound message may be percent-encoded UTF-16BE, as its "charset" says.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/gsm.h"
#include "core/sms_provider_parts.h"

#define TEXT_OCTETS 2000		/* of an inbound text that are decoded */

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	json_t *message = json_pack("{s:s, s:s, s:s, s:s, s:I}", "channel", "sms", "to", t->to, "content", t->text,
	    "clientMessageId", t->ours, "validityPeriod", (json_int_t)(t->valid_s + 59) / 60);

	/* An account with one number of its own leaves the sender out. */
	if (a->sender[0] != '\0')
		json_object_set_new(message, "from", json_string(a->sender));
	buf_add_str(&out->url, "/v1/message");
	sms_set_json(out, json_pack("{s:[o]}", "messages", message));
	sms_set_header(&out->header[1], "Accept", "application/json");
	sms_set_header(&out->header[2], "Authorization", a->secret);
}

/* What stands in an error: a sentence, or {"code":..,"description":..}. Credit is our business, not the recipient's. */
static enum sms_verdict
of_error(const json_t *error, struct sms_said *said)
{
	const char *words = json_is_object(error) ? json_string_value(sms_member(error, "description")) :
	    json_string_value(error);
	int64_t code = sms_json_number(error, "code");

	if (code != INT64_MIN)
		said->code = (int)code;
	sms_plain(said->word, sizeof said->word, words);
	if (words == NULL)
		return SMS_SAID_REFUSED;
	return strcasestr(words, "balance") != NULL || strcasestr(words, "credit") != NULL ? SMS_SAID_SHUT :
	    strcasestr(words, "opted out") != NULL || strcasestr(words, "opt-out") != NULL ? SMS_SAID_STOPPED :
	    SMS_SAID_REFUSED;
}

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	const json_t *message = sms_element(sms_member(doc, "messages"), 0);
	char room[24];
	const char *id = sms_json_text(message, "apiMessageId", room);

	(void)body;
	if (status >= 300) {
		if (said->verdict == SMS_SAID_REFUSED)
			said->verdict = of_error(sms_member(doc, "error"), said);
		return;
	}
	if (json_is_true(sms_member(message, "accepted"))) {
		if (id != NULL)
			sms_fit(&sms_provider_clickatell, id, said->id);
	} else if (message != NULL)
		said->verdict = of_error(sms_member(message, "error"), said);
	else
		said->verdict = doc != NULL && !json_is_null(sms_member(doc, "error")) ?
		    of_error(sms_member(doc, "error"), said) : SMS_SAID_UNKNOWN;
}

/* docs.clickatell.com, One API message status table */
static const struct sms_code one_api[] = {
	{ 1, RECEIPT_UNKNOWN, false }, { 2, RECEIPT_PENDING, false }, { 3, RECEIPT_PENDING, false },
	{ 4, RECEIPT_PENDING, false }, { 5, RECEIPT_DELIVERED, false }, { 6, RECEIPT_DELIVERED, false },
	{ 20, RECEIPT_FAILED, false }, { 21, RECEIPT_FAILED, true }, { 22, RECEIPT_FAILED, false },
	{ 23, RECEIPT_FAILED, false }, { 25, RECEIPT_FAILED, false }, { 29, RECEIPT_FAILED, false },
	{ 100, RECEIPT_FAILED, false },
}, platform[] = {
	{ 1, RECEIPT_UNKNOWN, false }, { 2, RECEIPT_PENDING, false }, { 3, RECEIPT_PENDING, false },
	{ 4, RECEIPT_DELIVERED, false }, { 5, RECEIPT_FAILED, false }, { 6, RECEIPT_FAILED, false },
	{ 7, RECEIPT_FAILED, false }, { 8, RECEIPT_PENDING, false }, { 9, RECEIPT_FAILED, false },
	{ 10, RECEIPT_FAILED, false }, { 11, RECEIPT_PENDING, false }, { 12, RECEIPT_FAILED, false },
	{ 14, RECEIPT_FAILED, false },
};

static bool
take_receipt(const json_t *one, const struct sms_code *rows, size_t n, sms_event_fn *on, void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };
	int64_t code = sms_json_number(one, "statusCode");
	const struct sms_code *row = sms_code(rows, n, code);
	char id[24], ours[24], to[24], err[24];
	const char *theirs = sms_json_text(one, "messageId", id);

	if (theirs == NULL || code == INT64_MIN)
		return false;
	sms_set_ids(&e, &sms_provider_clickatell, theirs, sms_json_text(one, "clientMessageId", ours));
	e.receipt.state = row != NULL ? (enum receipt_state)row->meaning : RECEIPT_UNKNOWN;
	sms_plain(e.receipt.stat, sizeof e.receipt.stat, json_string_value(sms_member(one, "status")));
	sms_plain(e.receipt.err, sizeof e.receipt.err, sms_json_text(one, "statusCode", err));
	e.phone = sms_json_text(one, "to", to);
	e.stopped = row != NULL && row->stopped;
	on(arg, &e);
	return true;
}

/* "%00S%00T" and such: escaped octets, then UTF-16BE. NULL: cannot be read; else to be freed. */
static char *
decoded(const char *text, const char *charset)
{
	struct buf octets = { 0 };
	size_t size, n = strlen(text);
	char *out;

	if (charset == NULL || strncasecmp(charset, "UTF-16", 6) != 0)
		return xstrdup(text);
	if (!form_unescape(&octets, text, n < TEXT_OCTETS * 3 ? n : TEXT_OCTETS * 3)) {
		buf_clear(&octets);
		return NULL;
	}
	if (octets.len > TEXT_OCTETS)
		octets.len = TEXT_OCTETS;
	size = octets.len * 3 + 1;
	out = xcalloc(1, size);
	if (text_decode(CHARSET_UCS2, buf_str(&octets), octets.len, out, size) < 0)
		out[0] = '\0';
	buf_clear(&octets);
	return out;
}

/* The older platform's; and the One API's "moText" entries, whose member names are general knowledge. */
static bool
take_inbound(const json_t *one, sms_event_fn *on, void *arg)
{
	char from[24], to[24], id[24], more[24];
	struct sms_event e = { .kind = SMS_EVENT_INBOUND, .phone = sms_json_text(one, "fromNumber", from),
		.to = sms_json_text(one, "toNumber", to), .id = sms_json_text(one, "messageId", id) };
	const char *text = json_string_value(sms_member(one, "text"));
	char *utf8;

	if (e.phone == NULL)
		e.phone = sms_json_text(one, "from", from);
	if (e.to == NULL)
		e.to = sms_json_text(one, "to", more);
	if (text == NULL)
		text = json_string_value(sms_member(one, "content"));
	if (e.phone == NULL || e.to == NULL || text == NULL ||
	    (utf8 = decoded(text, json_string_value(sms_member(one, "charset")))) == NULL)
		return false;
	e.text = utf8;
	on(arg, &e);
	mem_wipe(utf8, strlen(utf8));
	free(utf8);
	return true;
}

static bool
read_heard(enum sms_way way, const struct form *query, const struct form *f, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	const json_t *event = sms_member(doc, "event");
	const json_t *list = sms_member(event, way == SMS_WAY_RECEIPT ? "messageStatusUpdate" : "moText");
	bool any = false;

	(void)query, (void)f;
	if (way == SMS_WAY_OPT_OUT || doc == NULL)
		return false;
	if (event == NULL)
		return way == SMS_WAY_RECEIPT ? take_receipt(doc, platform, NELEM(platform), on, arg) :
		    take_inbound(doc, on, arg);
	for (size_t i = 0; i < json_array_size(list); i++)
		any |= way == SMS_WAY_RECEIPT ?
		    take_receipt(json_array_get(list, i), one_api, NELEM(one_api), on, arg) :
		    take_inbound(json_array_get(list, i), on, arg);
	return any;
}

const struct sms_provider_row sms_provider_clickatell = {
	.name = "clickatell", .url = "https://platform.clickatell.com", .needs = SMS_NEEDS_SECRET,
	.write = write_call, .read_answer = read_answer, .read = read_heard, .repeats_ours = true,
};
