/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The providers' side of USSD over HTTP against the samples: each request that a provider would send is the sample, and
 * each reply of the samples is read as that provider would; what it would not take is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "provider/provider.h"

#define URL "https://gw.example/ussd/a"
#define NOW INT64_C(1791280800000)	/* 2026-10-06T10:00:00Z */
#define MANY 8
#define SESSION "\"session\":\"s-000000000000000000000007\""

struct step {				/* a request, what of the sample it must be, and the reply to it */
	enum provider_event event;
	const char *typed;
	const char *sample;		/* NULL: not compared */
	const char *url;		/* behind URL, of what has a body; NULL: nothing */
	const char *reply;		/* file; NULL: none comes */
	const char *screen;		/* NULL: it must be refused */
	bool open;
};

struct story {
	const char *dialect, *folder, *phone, *code, *id;
	const char *type;		/* of replies */
	struct step steps[MANY];
};

#define ZA "27600000001"
#define GH "233200000001"
#define JSON "application/json"

static const struct story stories[] = {
	{ "africastalking", "africastalking", ZA, "*384*1234#", "ATUid_7f3a1c", "text/plain", {
		{ PROVIDER_BEGIN, NULL, "ussd-1-begin.form", NULL, "ussd-reply-con.txt", "Wallet\n1 Balance\n2 Cash", true },
		{ PROVIDER_INPUT, "2", "ussd-2-input.form", NULL, "ussd-reply-con.txt", "Wallet\n1 Balance\n2 Cash", true },
		{ PROVIDER_REPEAT, NULL, "ussd-2-input.form", NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "500", NULL, NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "1234", "ussd-3-input.form", NULL, "ussd-reply-end.txt", "Your token is on its way", false },
		{ PROVIDER_REPEAT, NULL, "ussd-3-input.form", NULL, NULL, NULL, true },
		{ PROVIDER_DONE, NULL, "ussd-event-success.form", NULL, NULL, NULL, false } } },
	{ "africastalking", "africastalking", ZA, "*384*1234#", "ATUid_7f3a1c", "text/plain", {
		{ PROVIDER_BEGIN, NULL, "ussd-1-begin.form", NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "2", "ussd-2-input.form", NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "", NULL, NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "1", "ussd-4-empty-answer.form", NULL, NULL, NULL, true } } },
	{ "africastalking", "africastalking", ZA, "*384*1234#", "ATUid_7f3a1c", "text/plain", {
		{ PROVIDER_BEGIN, NULL, "ussd-1-begin.form", NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "2", "ussd-2-input.form", NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "5*0", "ussd-5-star-in-answer.form", NULL, NULL, NULL, true } } },
	{ "africastalking", "africastalking", ZA, "*384*1234#", "ATUid_7f3a1e", "text/plain", {
		{ PROVIDER_BEGIN, NULL, NULL, NULL, NULL, NULL, true },
		{ PROVIDER_FAILED, NULL, "ussd-event-failed.form", NULL, NULL, NULL, false } } },
	{ "infobip", "infobip", ZA, "*120*1234#", "1", JSON, {
		{ PROVIDER_BEGIN, NULL, "ussd-1-start-request.json", "/session/1/start", "ussd-1-start-reply.json",
		    "Wallet\n1 Balance", true },
		{ PROVIDER_INPUT, "1", "ussd-2-response-request.json", "/session/1/response", "ussd-4-error-reply.json", NULL,
		    false },
		{ PROVIDER_REPEAT, NULL, "ussd-2-response-request.json", "/session/1/response",
		    "ussd-2-response-reply-close.json", "R50.00", false },
		{ PROVIDER_DONE, NULL, "ussd-3-end-request.json", "/session/1/end", NULL, NULL, false } } },
	{ "aat-vodacom", "aat-vodacom", ZA, "*120*1234#", "1234567890", "text/xml; charset=utf-8", {
		{ PROVIDER_BEGIN, NULL, "1-begin.query", NULL, "reply-continue.xml", "Wallet\n1 Balance", true },
		{ PROVIDER_INPUT, "2", "2-input.query", NULL, "reply-end.xml", "Bye", false },
		{ PROVIDER_REPEAT, NULL, "2-input.query", NULL, NULL, NULL, true } } },
	{ "aat-vodacom", "aat-vodacom", ZA, "*120*1234#", "1234567890", "application/xml", {
		{ PROVIDER_BEGIN, NULL, "1-begin.query", NULL, "reply-menu.xml", "Wallet\n1 Balance\n2 Cash", true } } },
	{ "channelmobile", "channelmobile", ZA, "*120*1234#", "1234567890", "text/xml", {
		{ PROVIDER_BEGIN, NULL, "1-begin.query", NULL, "reply.xml", "Wallet 1 Balance", true } } },
	{ "mtn-madapi", "mtn-madapi", ZA, "*120*1234#", "m-1", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-begin.json", "", "reply-continue.json", "Wallet\n1 Balance", true },
		{ PROVIDER_INPUT, "1", "2-continue.json", "", "reply-end.json", "Bye", false },
		{ PROVIDER_TIMEOUT, NULL, "3-timeout.json", "", NULL, NULL, false } } },
	{ "safaricom", "safaricom", ZA, "*167#", "1", "text/plain", {
		{ PROVIDER_BEGIN, NULL, "1-begin.query", NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "7", NULL, NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "a", "2-input.query", NULL, NULL, NULL, true } } },
	{ "safaricom", "safaricom", ZA, "*167*7#", "1", "text/plain", {	/* dialled with more behind the code */
		{ PROVIDER_BEGIN, NULL, NULL, NULL, NULL, NULL, true },
		{ PROVIDER_INPUT, "a", "2-input.query", NULL, NULL, NULL, true } } },
	{ "hubtel", "hubtel", GH, "*713*1#", "3c796dac28174f739de4262d08409c51", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-initiation.json", "", "reply-continue.json", "Wallet\n1 Balance", true },
		{ PROVIDER_INPUT, "1", "2-response.json", "", NULL, NULL, true },
		{ PROVIDER_REPEAT, NULL, "2-response.json", "", NULL, NULL, true },
		{ PROVIDER_TIMEOUT, NULL, "3-timeout.json", "", NULL, NULL, false } } },
	{ "hubtel", "hubtel", GH, "*713*1#", "3c796dac28174f739de4262d08409c51", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-initiation.json", "", "reply-end.json", "Bye", false } } },
	{ "arkesel", "arkesel", GH, "*928*01#", "ar-1", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-begin.json", "", "reply-continue.json", "Wallet\n1 Balance", true },
		{ PROVIDER_INPUT, "1", "2-input.json", "", "reply-end.json", "Bye", false } } },
	{ "nalo", "nalo", GH, "*920*1#", "16533575", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-begin.json", "", "reply-continue.json", "Wallet", true },
		{ PROVIDER_INPUT, "1", "2-input.json", "", "reply-end.json", "Bye", false } } },
	{ "nsano", "nsano", GH, "*789*1#", "ns-1", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-begin.json", "", "reply-continue.json", "Wallet\n1 Balance", true },
		{ PROVIDER_INPUT, "1", NULL, "", "reply-end.json", "Bye", false } } },
	{ "korba-txtghana", "korba-txtghana", GH, "*395#", "k-1", JSON, {
		{ PROVIDER_BEGIN, NULL, "1-begin.json", "", "reply-continue.json", "Wallet", true },
		{ PROVIDER_INPUT, "1", "2-input.json", "", "reply-end.json", "Bye", false } } },
};

/* ---- files ---- */

static char *
sample(const char *folder, const char *name)
{
	char path[160], *text = xcalloc(1, 4096);
	FILE *f;

	assert_true(str_format(path, sizeof path, "tests/data/samples/%s/%s", folder, name));
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s cannot be read", path);
	text[fread(text, 1, 4095, f)] = '\0';
	fclose(f);
	return text;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Fields in the order of the alphabet: a sample's own order binds nobody. */
static void
sorted(const char *fields, char out[2048])
{
	char copy[2048], *field[32], *rest;
	size_t n = 0;

	assert_true(str_copy(copy, sizeof copy, fields));
	for (char *p = strtok_r(copy, "&", &rest); p != NULL && n < NELEM(field); p = strtok_r(NULL, "&", &rest))
		field[n++] = p;
	qsort(field, n, sizeof *field, by_text);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		assert_true(str_format(out + strlen(out), 2048 - strlen(out), "%s%s", i > 0 ? "&" : "", field[i]));
}

static void
same_fields(const char *found, const char *wanted)
{
	char a[2048], b[2048];

	sorted(found, a);
	sorted(wanted, b);
	assert_string_equal(a, b);
}

static void
same_json(const char *found, const char *wanted)
{
	json_t *a = json_loads(found, JSON_REJECT_DUPLICATES, NULL), *b = json_loads(wanted, 0, NULL);

	assert_non_null(b);
	if (a == NULL || !json_equal(a, b))
		fail_msg("%s\nis not\n%s", found, wanted);
	json_decref(a);
	json_decref(b);
}

/* ---- the stories ---- */

static void
check_request(const struct story *t, const struct step *s, const struct provider_request *r)
{
	char *wanted = s->sample != NULL ? sample(t->folder, s->sample) : NULL;
	const char *url = buf_str(&r->url), *query = strchr(url, '?');

	if (s->url != NULL)
		assert_string_equal(url + strlen(URL), s->url);
	if (wanted == NULL)
		return;
	if (r->body.len == 0) {
		assert_string_equal(r->method, "GET");
		assert_non_null(query);
		same_fields(query + 1, wanted);
	} else if (wanted[0] == '{')
		same_json(buf_str(&r->body), wanted);
	else
		same_fields(buf_str(&r->body), wanted);
	free(wanted);
}

static void
check_reply(const struct story *t, const struct step *s, struct provider_call *c)
{
	struct provider_site site = { .dialect = provider_find(t->dialect) };
	char *body = sample(t->folder, s->reply), why[PROVIDER_WHY] = "";
	struct provider_answer a = { 200, t->type, body, strlen(body) };
	bool open = false, good = provider_read(&site, c, &a, &open, why);

	if (good != (s->screen != NULL))
		fail_msg("%s %s: %s", t->dialect, s->reply, good ? "was taken" : why);
	if (good) {
		assert_string_equal(buf_str(&c->shown), s->screen);
		assert_int_equal(open, s->open);
	}
	free(body);
}

static void
play(const struct story *t)
{
	struct provider_site site = { .dialect = provider_find(t->dialect), .url = URL };
	struct provider_call c = { .answers = 0 };

	assert_non_null(site.dialect);
	provider_call_begin(&c, site.dialect, t->phone, t->code, 1, NOW);
	str_copy(c.id, sizeof c.id, t->id);
	for (size_t i = 0; i < MANY && (i == 0 || t->steps[i].event != PROVIDER_BEGIN); i++) {
		const struct step *s = &t->steps[i];
		struct provider_request r;

		if (s->event == PROVIDER_DONE)
			c.began_ms = NOW - 21345;
		if (s->event == PROVIDER_FAILED)
			c.began_ms = NOW - 15010;
		assert_true(provider_request(&site, &c, s->event, s->typed, NOW, &r));
		check_request(t, s, &r);
		provider_request_clear(&r);
		if (s->reply != NULL)
			check_reply(t, s, &c);
	}
	provider_call_clear(&c);
}

static void
test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(stories); i++)
		play(&stories[i]);
}

/* ---- the rest ---- */

static struct provider_call *
begun(const struct provider_site *site)
{
	static struct provider_call c;
	struct provider_request r;

	provider_call_begin(&c, site->dialect, ZA, "*120*384#", 7, NOW);
	assert_true(provider_request(site, &c, PROVIDER_BEGIN, NULL, NOW, &r));
	provider_request_clear(&r);
	return &c;
}

static void
refused(const char *dialect, const char *type, int status, const char *body)
{
	struct provider_site site = { .dialect = provider_find(dialect), .url = URL };
	struct provider_call *c = begun(&site);
	struct provider_answer a = { status, type, body, strlen(body) };
	char why[PROVIDER_WHY] = "";
	bool open;

	if (provider_read(&site, c, &a, &open, why))
		fail_msg("%s takes %s", dialect, body);
	assert_true(strlen(why) > 0);
	provider_call_clear(c);
}

static void
test_replies_that_are_wrong(void **state)
{
	static const struct {
		const char *dialect, *type;
		int status;
		const char *body;
	} rows[] = {
		{ "africastalking", "text/plain", 200, "Wallet" },
		{ "africastalking", "text/plain", 200, "CONWallet" },
		{ "africastalking", "text/plain", 200, "CON " },
		{ "africastalking", "text/html", 200, "CON Wallet" },
		{ "africastalking", NULL, 200, "CON Wallet" },
		{ "africastalking", "text/plain", 500, "CON Wallet" },
		{ "africastalking", "text/plain", 200, "CON W\xff" },
		{ "json", JSON, 200, "CON Wallet" },
		{ "json", JSON, 200, "{\"text\":\"Wallet\"}" },
		{ "json", JSON, 200, "{\"text\":\"Wallet\",\"end\":0}" },
		{ "json", JSON, 200, "{\"text\":\"Wallet\",\"end\":false,\"more\":1}" },
		{ "json", "text/plain", 200, "{\"text\":\"Wallet\",\"end\":false}" },
		{ "infobip", JSON, 200, "{\"shouldClose\":false,\"ussdMenu\":\"W\",\"responseExitCode\":200}" },
		{ "infobip", JSON, 200, "{\"shouldClose\":\"no\",\"ussdMenu\":\"W\",\"responseExitCode\":200,"
		    "\"responseMessage\":\"\"}" },
		{ "mtn-madapi", JSON, 200, "{\"statusCode\":\"0000\",\"statusMessage\":\"\",\"transactionId\":\"1\","
		    "\"data\":{\"inboundResponse\":\"W\",\"userInputRequired\":true,\"messageType\":\"2\","
		    "\"serviceCode\":\"384\",\"msisdn\":\"" ZA "\"}}" },
		{ "mtn-madapi", JSON, 200, "{\"statusCode\":\"0000\",\"statusMessage\":\"\",\"transactionId\":\"1\","
		    "\"data\":{\"inboundResponse\":\"W\",\"userInputRequired\":true,\"messageType\":\"1\","
		    "\"serviceCode\":\"384\",\"msisdn\":\"27600000002\"}}" },
		{ "hubtel", JSON, 200, "{\"Type\":\"Response\",\"Message\":\"W\"}" },
		{ "hubtel", JSON, 200, "{\"Type\":\"response\",\"Message\":\"W\",\"ClientState\":\"\"}" },
		{ "arkesel", JSON, 200, "{\"sessionID\":\"other\",\"userID\":\"WALLET_123\",\"msisdn\":\"" ZA "\","
		    "\"continueSession\":true,\"message\":\"W\"}" },
		{ "nalo", JSON, 200, "{\"USERID\":\"WALLET\",\"MSISDN\":\"" ZA "\",\"MSG\":\"W\",\"MSGTYPE\":\"true\"}" },
		{ "nsano", JSON, 200, "{\"USSDResp\":{\"action\":\"go\",\"menus\":\"\",\"title\":\"W\"}}" },
		{ "korba-txtghana", JSON, 200, "{\"message\":\"W\",\"ussdServiceOp\":18}" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a & b</headertext></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a < b</headertext></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext></request> more" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext><options></options></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext><options><option command=\"1\" "
		    "order=\"1\" callback=\"/x\" display=\"false\"/></options></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext><options><option command=\"1\" "
		    "order=\"1\" callback=\"https://gw.example/\"/></options></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext><options><option command=\"1\" "
		    "order=\"1\" callback=\"https://gw.example/\" display=\"no\"/></options></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext><options><option command=\"1\" "
		    "order=\"1\" callback=\"https://gw.example/?a&b\" display=\"false\"/></options></request>" },
		{ "aat-vodacom", "text/xml", 200, "<request><headertext>a</headertext><options><option command=\"1\" "
		    "order=\"1\" order=\"1\" callback=\"https://gw.example/\" display=\"false\"/></options></request>" },
		{ "aat-vodacom", "text/plain", 200, "<request><headertext>a</headertext></request>" },
		{ "channelmobile", "text/xml", 200, "<request><displaytext>a</displaytext></request>" },
		{ "channelmobile", "text/xml", 200, "<request><displaytext>a</displaytext><requestid></requestid></request>" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		refused(rows[i].dialect, rows[i].type, rows[i].status, rows[i].body);
}

static void
test_replies_to_an_end(void **state)
{
	static const struct {
		const char *dialect, *type;
		int status;
		const char *body;
		bool good;
	} rows[] = {
		{ "africastalking", NULL, 200, "", true },
		{ "africastalking", "text/plain", 400, "no", false },
		{ "mtn-madapi", NULL, 200, "", true },
		{ "infobip", JSON, 200, "{\"responseExitCode\":200}", false },
		{ "infobip", JSON, 200, "{\"responseExitCode\":500,\"responseMessage\":\"\"}", false },
		{ "infobip", "text/plain", 200, "{\"responseExitCode\":200,\"responseMessage\":\"\"}", false },
		{ "json", JSON, 200, "{\"text\":\"Bye\",\"end\":true}", false },
		{ "json", JSON, 200, "{}", true },
	};
	struct provider_site site = { .url = URL };
	char why[PROVIDER_WHY], *body = sample("infobip", "ussd-3-end-reply.json");
	struct provider_answer a = { 200, JSON, body, strlen(body) };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct provider_answer r = { rows[i].status, rows[i].type, rows[i].body, strlen(rows[i].body) };

		site.dialect = provider_find(rows[i].dialect);
		if (provider_read_end(&site, &r, why) != rows[i].good)
			fail_msg("%s: %s", rows[i].dialect, rows[i].body);
	}
	site.dialect = provider_find("infobip");
	assert_true(provider_read_end(&site, &a, why));
	free(body);
}

/* A reply of each kind that our own dialect takes, so that the rows above are wrong for their reason alone. */
static void
test_plain_replies(void **state)
{
	static const char more[] = "{\"text\":\"Wallet\",\"end\":false}";
	static const char end[] = "{\"text\":\"Bye\",\"end\":true}";
	struct provider_site site = { .dialect = provider_find("json"), .url = URL };
	struct provider_call *c = begun(&site);
	struct provider_answer a = { 200, JSON, more, strlen(more) };
	char why[PROVIDER_WHY];
	bool open;

	(void)state;
	assert_true(provider_read(&site, c, &a, &open, why));
	assert_true(open);
	assert_string_equal(buf_str(&c->shown), "Wallet");
	a.body = end;
	a.len = strlen(end);
	assert_true(provider_read(&site, c, &a, &open, why));
	assert_false(open);
	assert_false(provider_read_end(&site, &a, why));
	a.body = "{}";
	a.len = 2;
	assert_true(provider_read_end(&site, &a, why));
	a.status = 500;
	assert_false(provider_read_end(&site, &a, why));
	provider_call_clear(c);
}

static bool
has_header(const struct provider_request *r, const char *line)
{
	for (int i = 0; i < r->headers_n; i++)
		if (strcmp(r->headers[i], line) == 0)
			return true;
	return false;
}

/* The digest is that of: printf '%s' BODY | openssl dgst -sha256 -hmac key */
static void
test_proofs(void **state)
{
	struct provider_site site = { .dialect = provider_find("json"), .url = URL "?a=1" };
	struct provider_call *c = begun(&site);
	struct provider_request r;

	(void)state;
	site.keys[0] = (struct provider_key){ BY_URL, NULL, "k&1" };
	assert_true(provider_request(&site, c, PROVIDER_REPEAT, NULL, NOW, &r));
	assert_string_equal(buf_str(&r.url), URL "?a=1&key=k%261");
	assert_string_equal(buf_str(&r.body), "{" SESSION ",\"phone\":\"+27600000001\","
	    "\"code\":\"*120*384#\",\"event\":\"begin\",\"text\":\"\",\"sequence\":1}");
	assert_int_equal(r.headers_n, 1);
	provider_request_clear(&r);
	site.keys[0] = (struct provider_key){ BY_HEADER, "X-Key", "k&1" };
	assert_true(provider_request(&site, c, PROVIDER_REPEAT, NULL, NOW, &r));
	assert_string_equal(buf_str(&r.url), URL "?a=1");
	assert_true(has_header(&r, "X-Key: k&1"));
	provider_request_clear(&r);
	site.keys[0] = (struct provider_key){ BY_BASIC, "gw", "k&1" };
	site.keys[1] = (struct provider_key){ BY_HMAC, "X-Mac", "key" };
	assert_true(provider_request(&site, c, PROVIDER_REPEAT, NULL, NOW, &r));
	assert_true(has_header(&r, "Authorization: Basic Z3c6ayYx"));
	assert_true(has_header(&r, "X-Mac: sha256=669161171602611c06e69352b3a938d06c778a7b0e73710a377cc540e66a52db"));
	provider_request_clear(&r);
	provider_call_clear(c);
}

/* A number that a repetition brings again, and an answer that counts on. */
static void
test_numbers(void **state)
{
	struct provider_site site = { .dialect = provider_find("json"), .url = URL };
	struct provider_call *c = begun(&site);
	struct provider_request r;

	(void)state;
	assert_true(provider_request(&site, c, PROVIDER_INPUT, "5*0", NOW, &r));
	assert_non_null(strstr(buf_str(&r.body), "\"event\":\"input\",\"text\":\"5*0\",\"sequence\":2}"));
	provider_request_clear(&r);
	assert_true(provider_request(&site, c, PROVIDER_HANGUP, NULL, NOW, &r));
	assert_non_null(strstr(buf_str(&r.body), "\"event\":\"end\",\"text\":\"\",\"sequence\":3}"));
	provider_request_clear(&r);
	assert_true(provider_request(&site, c, PROVIDER_REPEAT, NULL, NOW, &r));
	assert_non_null(strstr(buf_str(&r.body), "\"event\":\"input\",\"text\":\"5*0\",\"sequence\":2}"));
	provider_request_clear(&r);
	assert_false(provider_request(&site, c, PROVIDER_DONE, NULL, NOW, &r));
	provider_call_clear(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_replies_that_are_wrong),
		cmocka_unit_test(test_replies_to_an_end),
		cmocka_unit_test(test_plain_replies),
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
