/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain provider, for whoever writes one of his own (doc/channels.md):
 *   POST {api_url}  Authorization: Bearer SECRET
 *     {"id":"<ours>","from":"ACME","to":"27821234567","text":"...","valid_s":3600,"receipts":"https://.../receipt?key="}
 *   200, 201, 202  {"status":"accepted","id":"<theirs, optional>"}
 *                  {"status":"refused","reason":"<a word>"}: this recipient; "stopped": he wants nothing from us;
 *                  "slow", "failed" (worth another try), "shut" (our account)
 *   receipt   POST {"receipts":[{"id":"<theirs>","ours":"<ours>","status":"delivered|failed|stopped|pending","error":".."}]}:
 *                  one of both names is enough; only ours finds a message whose answer was lost
 *   inbound   POST {"messages":[{"id":"..","from":"2782..","to":"30384","text":".."}]}
 *   opt-out   POST {"phones":["2782.."]}
 */
#include <string.h>

#include "base/str.h"
#include "core/sms_provider_parts.h"

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", t->ours, "from", a->sender, "to", t->to, "text",
	    t->text, "valid_s", (json_int_t)t->valid_s);

	if (a->receipt_url[0] != '\0')
		json_object_set_new(doc, "receipts", json_string(a->receipt_url));
	sms_set_json(out, doc);
	buf_addf(&out->header[1], "Authorization: Bearer %s", a->secret);
}

static const struct sms_word answers[] = {
	{ "accepted", SMS_SAID_ACCEPTED, false }, { "refused", SMS_SAID_REFUSED, false },
	{ "stopped", SMS_SAID_STOPPED, false }, { "slow", SMS_SAID_SLOW, false }, { "failed", SMS_SAID_FEW, false },
	{ "shut", SMS_SAID_SHUT, false },
};

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	const struct sms_word *row = SMS_WORD_OF(answers, json_string_value(sms_member(doc, "status")));
	char room[24];
	const char *id = sms_json_text(doc, "id", room);

	(void)body;
	sms_plain(said->word, sizeof said->word, json_string_value(sms_member(doc, "reason")));
	if (row != NULL && (status < 300 || row->meaning != SMS_SAID_ACCEPTED))
		said->verdict = (enum sms_verdict)row->meaning;
	else if (status < 300)
		said->verdict = SMS_SAID_UNKNOWN;
	if (said->verdict == SMS_SAID_ACCEPTED && id != NULL)
		sms_fit(&sms_provider_json, id, said->id);
}

static const struct sms_word statuses[] = {
	{ "delivered", RECEIPT_DELIVERED, false }, { "failed", RECEIPT_FAILED, false },
	{ "stopped", RECEIPT_FAILED, true }, { "pending", RECEIPT_PENDING, false },
};

static bool
take_receipt(const json_t *one, sms_event_fn *on, void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };
	const char *status = json_string_value(sms_member(one, "status"));
	const struct sms_word *row = SMS_WORD_OF(statuses, status);
	char id[24], own[24], to[24], err[24];
	const char *theirs = sms_json_text(one, "id", id), *ours = sms_json_text(one, "ours", own);

	if ((theirs == NULL && ours == NULL) || status == NULL)
		return false;
	sms_set_ids(&e, &sms_provider_json, theirs, ours);
	e.receipt.state = row != NULL ? (enum receipt_state)row->meaning : RECEIPT_UNKNOWN;
	sms_plain(e.receipt.stat, sizeof e.receipt.stat, status);
	sms_plain(e.receipt.err, sizeof e.receipt.err, sms_json_text(one, "error", err));
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
		.to = sms_json_text(one, "to", to), .id = sms_json_text(one, "id", id),
		.text = json_string_value(sms_member(one, "text")) };

	if (e.phone == NULL || e.to == NULL || e.text == NULL)
		return false;
	on(arg, &e);
	return true;
}

static bool
take_opt_out(const json_t *one, sms_event_fn *on, void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_OPT_OUT, .phone = json_string_value(one) };

	if (e.phone == NULL)
		return false;
	on(arg, &e);
	return true;
}

static bool
read_heard(enum sms_way way, const struct form *query, const struct form *form, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	static const struct {
		const char *list;
		bool (*take)(const json_t *one, sms_event_fn *on, void *arg);
	} ways[SMS_WAYS] = {
		[SMS_WAY_RECEIPT] = { "receipts", take_receipt }, [SMS_WAY_INBOUND] = { "messages", take_inbound },
		[SMS_WAY_OPT_OUT] = { "phones", take_opt_out },
	};
	const json_t *list = sms_member(doc, ways[way].list);
	bool any = false;

	(void)query, (void)form;
	for (size_t i = 0; i < json_array_size(list); i++)
		any |= ways[way].take(json_array_get(list, i), on, arg);
	return any || (json_is_array(list) && json_array_size(list) == 0);
}

const struct sms_provider_row sms_provider_json = {
	.name = "json", .needs = SMS_NEEDS_SECRET | SMS_NEEDS_URL,
	.write = write_call, .read_answer = read_answer, .read = read_heard, .case_matters = true,
	.repeats_ours = true,
};
