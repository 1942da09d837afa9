/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SMS providers want, answer and send (tests/data/samples): every request that we make has the form of its sample,
 * every answer and every callback is read as it is meant, and what is signed opens with nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/gsm.h"
#include "core/sms_provider.h"

#define TO "27600000001"
#define TEXT "Token 4821-7733"
#define OURS "00112233445566778899aabbccddeeff"
#define SAMPLES "tests/data/samples/"

static char *
sample(const char *name)
{
	char path[200];
	struct buf b = { 0 };
	char block[512];
	size_t n;
	FILE *f;

	str_format(path, sizeof path, SAMPLES "%s", name);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("%s is missing", path);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(&b, block, n);
	fclose(f);
	while (b.len > 0 && b.p[b.len - 1] == '\n')
		b.p[--b.len] = '\0';
	return b.p;
}

/* ---- requests ---- */

static struct sms_call
written(enum sms_provider p, const char *sender, const char *text)
{
	struct sms_account a = { .provider = p, .url = "http://host/", .user = "wallet", .secret = "se&cret",
		.sender = sender, .receipt_url = "https://gw.example/dlr?key=k" };
	struct sms_text t = { .to = TO, .text = text, .ours = OURS, .valid_s = 1800 };
	struct sms_call out = { 0 };

	sms_provider_write(&a, &t, &out);
	return out;
}

static bool
has_header(const struct sms_call *c, const char *line)
{
	for (size_t i = 0; i < SMS_CALL_HEADERS; i++)
		if (c->header[i].len > 0 && strcmp(c->header[i].p, line) == 0)
			return true;
	return false;
}

/* Each field of the sample, with its value; others may come with them. */
static void
has_fields_of(const char *body, const char *wanted, const char *except)
{
	struct form ours = { 0 }, theirs = { 0 };

	assert_true(form_read(&ours, body, strlen(body)) && form_read(&theirs, wanted, strlen(wanted)));
	assert_true(theirs.n > 2);
	for (size_t i = 0; i < theirs.n; i++) {
		const char *name = theirs.text.p + theirs.at[i].name, *value = form_get(&ours, name);

		if (value == NULL)
			fail_msg("\"%s\" is missing in %s", name, body);
		if (strcmp(name, except) != 0)
			assert_string_equal(value, theirs.text.p + theirs.at[i].value);
	}
	form_clear(&ours);
	form_clear(&theirs);
}

static void
test_africastalking_request(void **state)
{
	struct sms_call c = written(SMS_AFRICASTALKING, "WALLET", TEXT);
	char *wanted = sample("africastalking/sms-send-request.form");

	(void)state;
	assert_string_equal(c.body.p, wanted);
	assert_string_equal(c.url.p, "http://host/version1/messaging");
	assert_true(has_header(&c, "apikey: se&cret"));
	assert_true(has_header(&c, "Content-Type: application/x-www-form-urlencoded"));
	sms_call_clear(&c);
	free(wanted);
}

/* The same members, however deep; values of the sample that are ours to choose are put in first. */
static void
same_shape(const json_t *ours, const json_t *theirs, const char *where)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_typeof(ours) != json_typeof(theirs) && !(json_is_boolean(ours) && json_is_boolean(theirs)))
		fail_msg("%s is of another type", where);
	json_object_foreach((json_t *)(uintptr_t)theirs, key, value) {
		if (json_object_get(ours, key) == NULL)
			fail_msg("%s: no %s", where, key);
		same_shape(json_object_get(ours, key), value, key);
	}
	json_array_foreach(theirs, i, value)
		same_shape(json_array_get(ours, i), value, where);
	if (json_is_string(theirs) && strcmp(where, "url") != 0 && strcmp(where, "messageId") != 0)
		assert_string_equal(json_string_value(ours), json_string_value(theirs));
}

static void
test_infobip_request(void **state)
{
	struct sms_call c = written(SMS_INFOBIP, "WALLET", TEXT);
	char *wanted = sample("infobip/sms-send-request.json");
	json_t *ours = json_loads(c.body.p, 0, NULL), *theirs = json_loads(wanted, 0, NULL);
	const json_t *message = json_array_get(json_object_get(ours, "messages"), 0);

	(void)state;
	same_shape(ours, theirs, "");
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(message, "destinations"), 0),
	    "messageId")), OURS);
	assert_string_equal(c.url.p, "http://host/sms/3/messages");
	assert_true(has_header(&c, "Authorization: App se&cret"));
	json_decref(ours);
	json_decref(theirs);
	sms_call_clear(&c);
	free(wanted);
}

static void
test_kannel_request(void **state)
{
	struct sms_call c = written(SMS_KANNEL, "WALLET", TEXT);
	char *wanted = sample("kannel/sendsms.url");
	struct form f = { 0 };
	unsigned char units[8] = { 0, 'T', 1, 0x61 };

	(void)state;
	assert_string_equal(c.method, "GET");
	assert_int_equal(c.body.len, 0);
	assert_true(str_starts(c.url.p, "http://host/cgi-bin/sendsms?"));
	assert_non_null(strstr(c.url.p, "password=se%26cret"));
	assert_non_null(strstr(c.url.p, "s%3D%25d%26a%3D%25A%26f%3D%25F"));
	assert_true(form_read(&f, strchr(c.url.p, '?') + 1, strlen(strchr(c.url.p, '?') + 1)));
	assert_string_equal(form_get(&f, "to"), "+" TO);
	assert_string_equal(form_get(&f, "text"), TEXT);
	assert_string_equal(form_get(&f, "coding"), "0");
	assert_string_equal(form_get(&f, "validity"), "30");
	assert_string_equal(form_get(&f, "dlr-mask"), "31");
	assert_string_equal(form_get(&f, "dlr-url"), "https://gw.example/dlr?key=k&id=" OURS "&s=%d&a=%A&f=%F");
	for (size_t i = 0; i < f.n; i++)
		assert_non_null(strstr(wanted, f.text.p + f.at[i].name));
	form_clear(&f);
	sms_call_clear(&c);
	free(wanted);
	/* S with caron is in no GSM alphabet: UTF-16BE and coding 2, as the other sample has it. */
	c = written(SMS_KANNEL, "WALLET", "T\xc5\xa1");
	wanted = sample("kannel/sendsms-ucs2.url");
	assert_non_null(strstr(wanted, "coding=2&charset=UTF-16BE"));
	assert_non_null(strstr(c.url.p, "coding=2&charset=UTF-16BE"));
	assert_true(form_read(&f, strchr(c.url.p, '?') + 1, strlen(strchr(c.url.p, '?') + 1)));
	assert_memory_equal(form_get(&f, "text"), units, 4);
	form_clear(&f);
	sms_call_clear(&c);
	free(wanted);
}

static void
test_twilio_request(void **state)
{
	struct sms_call c = written(SMS_TWILIO, "WALLET", TEXT);

	(void)state;
	has_fields_of(c.body.p, "To=%2B" TO "&From=WALLET&Body=Token+4821-7733&StatusCallback=https://gw.example/dlr?key=k", "");
	assert_string_equal(c.url.p, "http://host/2010-04-01/Accounts/wallet/Messages.json");
	assert_true(has_header(&c, "Authorization: Basic d2FsbGV0OnNlJmNyZXQ="));
	sms_call_clear(&c);
	c = written(SMS_TWILIO, "MG00000000000000000000000000000001", TEXT);
	assert_non_null(strstr(c.body.p, "MessagingServiceSid=MG0"));
	assert_null(strstr(c.body.p, "From="));
	sms_call_clear(&c);
}

static void
test_clickatell_and_smsportal_requests(void **state)
{
	struct sms_call c = written(SMS_CLICKATELL, "WALLET", TEXT);
	json_t *doc = json_loads(c.body.p, 0, NULL);
	const json_t *m = json_array_get(json_object_get(doc, "messages"), 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(m, "to")), TO);
	assert_string_equal(json_string_value(json_object_get(m, "content")), TEXT);
	assert_string_equal(json_string_value(json_object_get(m, "clientMessageId")), OURS);
	assert_true(has_header(&c, "Authorization: se&cret"));
	json_decref(doc);
	sms_call_clear(&c);
	c = written(SMS_SMSPORTAL, "WALLET", TEXT);
	doc = json_loads(c.body.p, 0, NULL);
	m = json_array_get(json_object_get(doc, "Messages"), 0);
	assert_string_equal(json_string_value(json_object_get(m, "Destination")), TO);
	assert_string_equal(json_string_value(json_object_get(m, "Content")), TEXT);
	assert_string_equal(c.url.p, "http://host/v1/bulkmessages");
	assert_true(has_header(&c, "Authorization: Basic d2FsbGV0OnNlJmNyZXQ="));
	json_decref(doc);
	sms_call_clear(&c);
}

/* ---- answers ---- */

static const struct {
	enum sms_provider p;
	int status;
	const char *file, *body;	/* of one of both */
	enum sms_verdict verdict;
	const char *id;
	int code;
} answers[] = {
	{ SMS_AFRICASTALKING, 201, "africastalking/sms-send-reply-ok.json", NULL, SMS_SAID_ACCEPTED, "ATXid_1f0c2b", 101 },
	{ SMS_AFRICASTALKING, 201, "africastalking/sms-send-reply-rejected-in-200.json", NULL, SMS_SAID_STOPPED, "", 406 },
	{ SMS_AFRICASTALKING, 201, "africastalking/sms-send-reply-no-recipient.json", NULL, SMS_SAID_SHUT, "", 201 },
	{ SMS_AFRICASTALKING, 401, NULL, "The supplied authentication is invalid", SMS_SAID_SHUT, "", 401 },
	{ SMS_AFRICASTALKING, 409, NULL, "", SMS_SAID_STOPPED, "", 409 },
	{ SMS_AFRICASTALKING, 201, NULL, "{\"SMSMessageData\":{\"Recipients\":[{\"statusCode\":405,\"messageId\":\"None\"}]}}",
	    SMS_SAID_SHUT, "", 405 },
	{ SMS_AFRICASTALKING, 201, NULL, "{\"SMSMessageData\":{\"Recipients\":[{\"statusCode\":500}]}}", SMS_SAID_FEW, "", 500 },
	{ SMS_AFRICASTALKING, 201, NULL, "<html>", SMS_SAID_UNKNOWN, "", 201 },
	{ SMS_INFOBIP, 200, "infobip/sms-send-reply.json", NULL, SMS_SAID_ACCEPTED, "wl-000123", 26 },
	{ SMS_INFOBIP, 200, "infobip/sms-send-reply-rejected.json", NULL, SMS_SAID_REFUSED, "", 6 },
	{ SMS_INFOBIP, 200, NULL, "{\"messages\":[{\"status\":{\"groupId\":5,\"id\":12,"
	    "\"name\":\"REJECTED_NOT_ENOUGH_CREDITS\"}}]}", SMS_SAID_SHUT, "", 12 },
	{ SMS_INFOBIP, 401, NULL, "{}", SMS_SAID_SHUT, "", 401 },
	{ SMS_CLICKATELL, 202, "clickatell/send-reply-ok.json", NULL, SMS_SAID_ACCEPTED,
	    "77fb29998253415fa5d66971d519d362", 202 },
	{ SMS_CLICKATELL, 202, "clickatell/send-reply-partial.json", NULL, SMS_SAID_REFUSED, "", 202 },
	{ SMS_CLICKATELL, 202, NULL, "{\"messages\":[{\"accepted\":false,\"error\":{\"code\":25,"
	    "\"description\":\"Insufficient balance\"}}]}", SMS_SAID_SHUT, "", 25 },
	{ SMS_TWILIO, 201, "twilio/send-reply.json", NULL, SMS_SAID_ACCEPTED, "SM00000000000000000000000000000001", 201 },
	{ SMS_TWILIO, 400, "twilio/send-error-21610.json", NULL, SMS_SAID_STOPPED, "", 21610 },
	{ SMS_TWILIO, 400, NULL, "{\"code\":21211}", SMS_SAID_REFUSED, "", 21211 },
	{ SMS_TWILIO, 400, NULL, "{\"code\":63018}", SMS_SAID_SLOW, "", 63018 },
	{ SMS_TWILIO, 429, NULL, "{\"code\":20429}", SMS_SAID_SLOW, "", 429 },
	{ SMS_TWILIO, 401, NULL, "{\"code\":20003}", SMS_SAID_SHUT, "", 20003 },
	{ SMS_SMSPORTAL, 200, NULL, "{\"Cost\":1,\"EventId\":32433326,\"Messages\":1,\"Parts\":1}", SMS_SAID_ACCEPTED,
	    "32433326", 200 },
	{ SMS_SMSPORTAL, 200, NULL, "{\"eventId\":32433327,\"messages\":0,\"errorReport\":{\"optedOuts\":1}}",
	    SMS_SAID_STOPPED, "", 200 },
	{ SMS_SMSPORTAL, 400, NULL, "{\"Errors\":[{\"ErrorCode\":7,\"ErrorMessage\":\"Insufficient credits\"}]}",
	    SMS_SAID_SHUT, "", 7 },
	{ SMS_KANNEL, 202, "kannel/reply-accepted.txt", NULL, SMS_SAID_ACCEPTED, "", 0 },
	{ SMS_KANNEL, 202, "kannel/reply-queued.txt", NULL, SMS_SAID_ACCEPTED, "", 3 },
	{ SMS_KANNEL, 403, "kannel/reply-auth.txt", NULL, SMS_SAID_SHUT, "", 403 },
	{ SMS_KANNEL, 503, "kannel/reply-temporal.txt", NULL, SMS_SAID_SLOW, "", 503 },
	{ SMS_KANNEL, 404, NULL, "Not routable. Do not try again.", SMS_SAID_REFUSED, "", 404 },
	{ SMS_KANNEL, 404, NULL, "<html>", SMS_SAID_SHUT, "", 404 },
	{ SMS_KANNEL, 200, NULL, "hello", SMS_SAID_UNKNOWN, "", 0 },
	{ SMS_JSON, 202, NULL, "{\"status\":\"accepted\",\"id\":\"AbC\"}", SMS_SAID_ACCEPTED, "h", 202 },
	{ SMS_JSON, 200, NULL, "{\"status\":\"stopped\",\"reason\":\"listed\"}", SMS_SAID_STOPPED, "", 200 },
	{ SMS_JSON, 200, NULL, "{}", SMS_SAID_UNKNOWN, "", 200 },
	{ SMS_JSON, 500, NULL, "{\"status\":\"refused\"}", SMS_SAID_UNKNOWN, "", 500 },
	{ SMS_JSON, 502, NULL, "", SMS_SAID_UNKNOWN, "", 502 },
	{ SMS_JSON, 302, NULL, "", SMS_SAID_SHUT, "", 302 },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(answers); i++) {
		char *body = answers[i].file != NULL ? sample(answers[i].file) : xstrdup(answers[i].body);
		struct sms_said said;

		sms_provider_answer(answers[i].p, answers[i].status, body, strlen(body), &said);
		if (said.verdict != answers[i].verdict || said.code != answers[i].code ||
		    (strcmp(answers[i].id, "h") == 0 ? said.id[0] != 'h' || strlen(said.id) != 61 :
		    strcmp(said.id, answers[i].id) != 0))
			fail_msg("%s %d %s: verdict %d code %d id %s", sms_provider_words[answers[i].p],
			    answers[i].status, body, said.verdict, said.code, said.id);
		free(body);
	}
}

/* ---- callbacks ---- */

struct got {
	size_t n;
	struct sms_event e[4];
	char phone[40], to[40], text[100], id[60];
};

static void
note(void *arg, const struct sms_event *e)
{
	struct got *g = arg;

	g->e[g->n++ % NELEM(g->e)] = *e;
	str_copy(g->phone, sizeof g->phone, e->phone != NULL ? e->phone : "");
	str_copy(g->to, sizeof g->to, e->to != NULL ? e->to : "");
	str_copy(g->text, sizeof g->text, e->text != NULL ? e->text : "");
	str_copy(g->id, sizeof g->id, e->id != NULL ? e->id : "");
}

static bool
hear(enum sms_provider p, enum sms_way way, const char *target, const char *body, struct got *g)
{
	struct sms_heard h = { .target = target, .body = body, .len = strlen(body) };

	memset(g, 0, sizeof *g);
	return sms_provider_read(p, way, &h, note, g);
}

static const struct {
	enum sms_provider p;
	const char *file;
	const char *id, *ours;
	enum receipt_state state;
	const char *stat;
	bool stopped;
} receipts[] = {
	{ SMS_AFRICASTALKING, "africastalking/sms-dlr-success.form", "ATXid_1f0c2b", "", RECEIPT_DELIVERED, "Success", false },
	{ SMS_AFRICASTALKING, "africastalking/sms-dlr-absent.form", "ATXid_1f0c2b", "", RECEIPT_FAILED, "AbsentSubscribe",
	    false },
	{ SMS_AFRICASTALKING, "africastalking/sms-dlr-failed.form", "ATXid_1f0c2b", "", RECEIPT_FAILED, "Failed", true },
	{ SMS_INFOBIP, "infobip/sms-dlr-delivered.json", "wl-000123", "", RECEIPT_DELIVERED, "DELIVERED_TO_HA", false },
	{ SMS_INFOBIP, "infobip/sms-dlr-to-operator-intermediate.json", "wl-000123", "", RECEIPT_PENDING, "DELIVERED_TO_OP",
	    false },
	{ SMS_INFOBIP, "infobip/sms-dlr-expired.json", "wl-000125", "", RECEIPT_FAILED, "EXPIRED_EXPIRED", false },
	{ SMS_CLICKATELL, "clickatell/oneapi-status-5-delivered.json", "77fb29998253415fa5d66971d519d362", "wl-1",
	    RECEIPT_DELIVERED, "DEVICE_ACK", false },
	{ SMS_CLICKATELL, "clickatell/platform-status-4-delivered.json", "77fb29998253415fa5d66971d519d362", "wl-1",
	    RECEIPT_DELIVERED, "RECEIVED_BY_REC", false },
	{ SMS_CLICKATELL, "clickatell/platform-status-5-error.json", "77fb29998253415fa5d66971d519d362", "wl-1",
	    RECEIPT_FAILED, "ERROR_WITH_MESS", false },
	{ SMS_SMSPORTAL, "smsportal/dlr-v2.json", "32433326", "wl-000123", RECEIPT_DELIVERED, "DELIVRD", false },
	{ SMS_SMSPORTAL, "smsportal/dlr-v2-blist.json", "32433327", "wl-000124", RECEIPT_FAILED, "BLIST", true },
	{ SMS_SMSPORTAL, "smsportal/dlr-v1.query", "32433326", "wl-000123", RECEIPT_DELIVERED, "DELIVRD", false },
	{ SMS_KANNEL, "kannel/dlr-delivered.url", "", "42", RECEIPT_DELIVERED, "1", false },
	{ SMS_KANNEL, "kannel/dlr.url", "", "42", RECEIPT_PENDING, "8", false },
};

static void
test_receipts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(receipts); i++) {
		char *text = sample(receipts[i].file);
		bool is_url = strstr(receipts[i].file, ".url") != NULL, is_query = strstr(receipts[i].file, ".query") != NULL;
		struct buf target = { 0 };
		struct got g;
		const struct receipt *r = &g.e[0].receipt;

		buf_addf(&target, "%s%s", is_query ? "/x?" : "", is_url || is_query ? text : "/x");
		assert_true(hear(receipts[i].p, SMS_WAY_RECEIPT, target.p, is_url || is_query ? "" : text, &g));
		assert_int_equal(g.n, 1);
		assert_int_equal(g.e[0].kind, SMS_EVENT_RECEIPT);
		if (r->state != receipts[i].state || strcmp(r->stat, receipts[i].stat) != 0 ||
		    strcmp(r->id, receipts[i].id) != 0 || strcmp(r->tlv_id, receipts[i].ours) != 0 ||
		    g.e[0].stopped != receipts[i].stopped)
			fail_msg("%s: id %s ours %s state %d stat %s stopped %d", receipts[i].file, r->id, r->tlv_id,
			    r->state, r->stat, g.e[0].stopped);
		buf_clear(&target);
		free(text);
	}
}

/* What goes into the log keeps the provider's codes, and no phone that it has put beside them. */
static void
test_receipts_name_no_phone(void **state)
{
	static const struct {
		const char *status, *error, *stat, *err;
	} rows[] = {
		{ "failed", "630018", "failed", "630018" }, { "failed", "absent " TO, "failed", "absent2" },
		{ "failed", TO, "failed", "" }, { TO " gone", "E-22", "gone", "E-22" },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char body[300];

		str_format(body, sizeof body, "{\"receipts\":[{\"id\":\"x\",\"status\":\"%s\",\"error\":\"%s\"}]}",
		    rows[i].status, rows[i].error);
		assert_true(hear(SMS_JSON, SMS_WAY_RECEIPT, "/x", body, &g));
		assert_string_equal(g.e[0].receipt.stat, rows[i].stat);
		assert_string_equal(g.e[0].receipt.err, rows[i].err);
	}
}

static void
test_inbound(void **state)
{
	static const struct {
		enum sms_provider p;
		const char *file, *to;
	} rows[] = {
		{ SMS_AFRICASTALKING, "africastalking/sms-inbound-stop.form", "31234" },
		{ SMS_INFOBIP, "infobip/sms-inbound.json", "31234" },
		{ SMS_CLICKATELL, "clickatell/inbound.json", "31234" },
		{ SMS_CLICKATELL, "clickatell/inbound-utf16.json", "31234" },
		{ SMS_TWILIO, "twilio/inbound.form", "+27870000001" },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *body = sample(rows[i].file);

		assert_true(hear(rows[i].p, SMS_WAY_INBOUND, "/x", body, &g));
		assert_int_equal(g.n, 1);
		assert_string_equal(g.text, "STOP");
		assert_string_equal(g.to, rows[i].to);
		assert_string_equal(g.phone[0] == '+' ? g.phone + 1 : g.phone, TO);
		assert_true(g.id[0] != '\0');
		/* Twilio has answered it, and lets nothing through any more. */
		assert_int_equal(g.e[0].kind, rows[i].p == SMS_TWILIO ? SMS_EVENT_OPT_OUT : SMS_EVENT_INBOUND);
		free(body);
	}
	assert_true(hear(SMS_SMSPORTAL, SMS_WAY_INBOUND, "/x?IncomingID=1&Phonenumber=" TO "&IncomingData=Hello+you&EventID=9",
	    "", &g));
	assert_string_equal(g.text, "Hello you");
	assert_string_equal(g.to, "");
	assert_true(hear(SMS_KANNEL, SMS_WAY_INBOUND, "/x?key=k&from=%2B" TO "&to=31234&text=%C5%A1&id=7", "", &g));
	assert_string_equal(g.text, "\xc5\xa1");
	assert_true(hear(SMS_JSON, SMS_WAY_INBOUND, "/x", "{\"messages\":[{\"from\":\"" TO "\",\"to\":\"31234\",\"text\":\"1\"},"
	    "{\"from\":\"" TO "\",\"to\":\"31234\",\"text\":\"2\"}]}", &g));
	assert_int_equal(g.n, 2);
}

static void
test_opt_outs(void **state)
{
	char *form = sample("africastalking/sms-optout.form");
	struct got g;

	(void)state;
	assert_true(hear(SMS_AFRICASTALKING, SMS_WAY_OPT_OUT, "/x", form, &g));
	assert_int_equal(g.e[0].kind, SMS_EVENT_OPT_OUT);
	assert_string_equal(g.phone, "+" TO);
	assert_true(hear(SMS_JSON, SMS_WAY_OPT_OUT, "/x", "{\"phones\":[\"" TO "\",\"27600000002\"]}", &g));
	assert_int_equal(g.n, 2);
	free(form);
}

static void
test_statuses_that_no_sample_has(void **state)
{
	struct got g;

	(void)state;
	assert_true(hear(SMS_TWILIO, SMS_WAY_RECEIPT, "/x", "MessageSid=SM1&MessageStatus=sent", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_PENDING);
	assert_true(hear(SMS_TWILIO, SMS_WAY_RECEIPT, "/x", "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_FAILED);
	assert_string_equal(g.e[0].receipt.err, "30003");
	assert_true(hear(SMS_TWILIO, SMS_WAY_RECEIPT, "/x", "MessageSid=SM1&MessageStatus=failed&ErrorCode=63018", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_NOT_NOW);
	assert_true(hear(SMS_KANNEL, SMS_WAY_RECEIPT, "/x?id=42&s=16", "", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_FAILED);
	assert_true(hear(SMS_AFRICASTALKING, SMS_WAY_RECEIPT, "/x", "id=1&status=Buffered", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_PENDING);
	assert_true(hear(SMS_AFRICASTALKING, SMS_WAY_RECEIPT, "/x", "id=1&status=Token+4821", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_UNKNOWN);
	assert_true(hear(SMS_INFOBIP, SMS_WAY_RECEIPT, "/x", "{\"results\":[{\"messageId\":\"a\",\"status\":{\"groupId\":4,"
	    "\"name\":\"EXPIRED_DLR_UNKNOWN\"}}]}", &g));
	assert_int_equal(g.e[0].receipt.state, RECEIPT_UNKNOWN);
}

static void
test_what_cannot_be_read(void **state)
{
	struct got g;
	struct buf many = { 0 };

	(void)state;
	for (int p = 0; p < SMS_PROVIDERS; p++)
		for (int way = 0; way < SMS_WAYS; way++) {
			assert_false(hear((enum sms_provider)p, (enum sms_way)way, "/x", "", &g));
			assert_false(hear((enum sms_provider)p, (enum sms_way)way, "/x", "{\"a\":", &g));
			assert_false(hear((enum sms_provider)p, (enum sms_way)way, "/x?a=%zz", "a=%4", &g));
			assert_false(hear((enum sms_provider)p, (enum sms_way)way, "/x", "[[[]]]", &g));
			assert_int_equal(g.n, 0);
		}
	buf_add_str(&many, "{\"phones\":[\"" TO "\"");
	for (int i = 0; i < SMS_EVENTS_MAX; i++)
		buf_add_str(&many, ",\"" TO "\"");
	buf_add_str(&many, "]}");
	assert_false(hear(SMS_JSON, SMS_WAY_OPT_OUT, "/x", many.p, &g));
	assert_int_equal(g.n, SMS_EVENTS_MAX);
	buf_clear(&many);
}

/* ---- signatures ---- */

#define TOKEN "12345678901234567890123456789012"
#define PUBLIC "https://gw.example"

static bool
is_signed(const char *secret, const char *public_url, const char *target, const char *body, const char *signature)
{
	struct sms_heard h = { .target = target, .body = body, .len = strlen(body), .signature = signature };

	return sms_provider_signed(SMS_TWILIO, secret, public_url, &h);
}

static void
test_twilio_signature(void **state)
{
	static const char header[] = "X-Twilio-Signature: ";
	char *http = sample("twilio/status-callback.http"), *body = strstr(http, "\n\n"), *signature, other[80];

	(void)state;
	if (body == NULL)
		body = strstr(http, "\r\n\r\n") + 2;
	body += strspn(body, "\r\n");
	signature = strstr(http, header) + strlen(header);
	signature[strcspn(signature, "\r\n")] = '\0';
	assert_true(is_signed(TOKEN, PUBLIC, "/twilio/status", body, signature));
	assert_true(is_signed(TOKEN, PUBLIC "/", "/twilio/status", body, signature));
	assert_false(is_signed(TOKEN, PUBLIC, "/twilio/status?a=b", body, signature));
	assert_false(is_signed(TOKEN, "http://gw.example", "/twilio/status", body, signature));
	assert_false(is_signed("12345678901234567890123456789013", PUBLIC, "/twilio/status", body, signature));
	assert_false(is_signed("", PUBLIC, "/twilio/status", body, signature));
	assert_false(is_signed(TOKEN, PUBLIC, "/twilio/status", body, NULL));
	assert_false(is_signed(TOKEN, PUBLIC, "/twilio/status", body, ""));
	for (size_t n = 0; n < strlen(signature); n++) {
		str_copyn(other, sizeof other, signature, n);
		assert_false(is_signed(TOKEN, PUBLIC, "/twilio/status", body, other));
		str_copy(other, sizeof other, signature);
		other[n] ^= 1;
		assert_false(is_signed(TOKEN, PUBLIC, "/twilio/status", body, other));
	}
	for (size_t n = 0; n < strlen(body); n++) {
		body[n] ^= 1;
		assert_false(is_signed(TOKEN, PUBLIC, "/twilio/status", body, signature));
		body[n] ^= 1;
	}
	assert_true(is_signed(TOKEN, PUBLIC, "/twilio/status", body, signature));
	free(http);
}

/* ---- ids ---- */

static void
test_ids(void **state)
{
	char a[RECEIPT_ID], b[RECEIPT_ID], canonical[RECEIPT_ID];
	const char *same[] = { "wl-000123", "77fb29998253415fa5d66971d519d362", "0", "" };
	const char *changed[] = { "wamid.HBgLMTY", "007", "a b", "\xc5\xa1",
		"h0123456789012345678901234567890123456789012345678901234567" "89" };
	char long_one[300];

	(void)state;
	for (size_t i = 0; i < NELEM(same); i++) {
		provider_id_fit(same[i], a);
		assert_string_equal(a, same[i]);
	}
	memset(long_one, 'x', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	provider_id_fit(long_one, a);
	assert_int_equal(strlen(a), 61);
	for (size_t i = 0; i < NELEM(changed); i++) {
		provider_id_fit(changed[i], a);
		receipt_canonical_id(a, false, canonical);
		assert_string_equal(a, canonical);
		assert_int_equal(strlen(a), 61);
	}
	provider_id_fit("wamid.HBgLMTY", a);
	provider_id_fit("wamid.HBgLMTy", b);
	assert_string_not_equal(a, b);
	provider_id_short("ATXid_1f", a);
	assert_string_equal(a, "ATXid_1f");
	provider_id_short(long_one, a);
	provider_id_fit(long_one, b);
	assert_string_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_africastalking_request), cmocka_unit_test(test_infobip_request),
		cmocka_unit_test(test_kannel_request), cmocka_unit_test(test_twilio_request),
		cmocka_unit_test(test_clickatell_and_smsportal_requests), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_receipts), cmocka_unit_test(test_receipts_name_no_phone),
		cmocka_unit_test(test_inbound), cmocka_unit_test(test_opt_outs),
		cmocka_unit_test(test_statuses_that_no_sample_has), cmocka_unit_test(test_what_cannot_be_read),
		cmocka_unit_test(test_twilio_signature), cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
