/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialects of USSD over HTTP, through the real listener: each sample of a provider (tests/data/samples) is sent as
 * it is, and each answer compared with the provider's own.
 */
#include "tests/unit/ussd_http_world.h"

#include <jansson.h>

/* ---- every sample ---- */

#define NONE ((enum turn_kind)-1)

static const struct row {
	enum http_dialect dialect;
	const char *request, *method, *target;
	const char *country, *code;	/* the channel's */
	/* what the service is given */
	enum turn_kind kind;		/* NONE: nothing */
	const char *phone, *dialogue, *text, *service_code, *key;
	bool history;
	/* what it says, and the provider's sample of such an answer; NULL: see check_form() */
	const char *says;
	bool ends;
	const char *reply;
} rows[] = {
#define AT DIALECT_AFRICASTALKING, "africastalking/ussd-"
#define AT_CH "POST", "", "27", "*384*1234#"
#define AT_IN ZA, "ATUid_7f3a1c"
	{ AT "1-begin.form", AT_CH, TURN_BEGIN, AT_IN, "", "*384*1234#", "", true, "Wallet\n1 Balance\n2 Cash", false,
	    "africastalking/ussd-reply-con.txt" },
	{ AT "2-input.form", AT_CH, TURN_INPUT, AT_IN, "2", "*384*1234#", "", true, "Your token is on its way", true,
	    "africastalking/ussd-reply-end.txt" },
	{ AT "3-input.form", AT_CH, TURN_INPUT, AT_IN, "2*500*1234", "*384*1234#", "", true, "Your token is on its way",
	    true, "africastalking/ussd-reply-end.txt" },
	{ AT "4-empty-answer.form", AT_CH, TURN_INPUT, AT_IN, "2**1", "*384*1234#", "", true,
	    "Your token is on its way", true, "africastalking/ussd-reply-end.txt" },
	{ AT "5-star-in-answer.form", AT_CH, TURN_INPUT, AT_IN, "2*5*0", "*384*1234#", "", true,
	    "Wallet\n1 Balance\n2 Cash", false, "africastalking/ussd-reply-con.txt" },
	{ AT "6-sandbox.form", AT_CH, TURN_INPUT, ZA, "ATUid_9", "1", "*384*1#", "", true, "Wallet\n1 Balance\n2 Cash",
	    false, "africastalking/ussd-reply-con.txt" },
	{ AT "event-success.form", AT_CH, TURN_ABORT, AT_IN, "", "*384*1234#", "", false, NULL, false, "" },
	{ AT "event-incomplete.form", AT_CH, TURN_ABORT, ZA, "ATUid_7f3a1d", "", "*384*1234#", "", false, NULL, false,
	    "" },
	{ AT "event-failed.form", AT_CH, TURN_ABORT, ZA, "ATUid_7f3a1e", "", "*384*1234#", "", false, NULL, false, "" },

#define SAF DIALECT_SAFARICOM, "safaricom/"
	{ SAF "1-begin.query", "GET", "", "27", "*167#", TURN_BEGIN, ZA, "1", "", "*167#", "", true,
	    "Wallet\n1 Balance\n2 Cash", false, "africastalking/ussd-reply-con.txt" },
	{ SAF "2-input.query", "GET", "", "27", "*167#", TURN_INPUT, ZA, "1", "7*a", "*167#", "", true,
	    "Your token is on its way", true, "africastalking/ussd-reply-end.txt" },

#define IB DIALECT_INFOBIP, "infobip/ussd-"
	{ IB "1-start-request.json", "POST", "/session/1/start", "27", "*120*1234#", TURN_BEGIN, ZA, "1", "",
	    "*120*1234#", "", false, "Wallet\n1 Balance", false, "infobip/ussd-1-start-reply.json" },
	{ IB "2-response-request.json", "POST", "/session/1/response", "27", "*120*1234#", TURN_INPUT, ZA, "1", "1",
	    "*120*1234#", "", false, "R50.00", true, "infobip/ussd-2-response-reply-close.json" },
	{ IB "3-end-request.json", "PUT", "/session/1/end", "27", "*120*1234#", NONE, NULL, NULL, NULL, NULL, NULL,
	    false, NULL, false, "infobip/ussd-3-end-reply.json" },

#define AAT DIALECT_AAT, "aat-vodacom/"
	{ AAT "1-begin.query", "GET", "", "27", "*120*1234#", TURN_BEGIN, ZA, "1234567890", "", "*120*1234#", "b0",
	    false,
	    "Wallet\n1 Balance", false, "aat-vodacom/reply-continue.xml" },
	{ AAT "2-input.query", "GET", "", "27", "*120*1234#", TURN_INPUT, ZA, "1234567890", "2", "*120*1234#", "",
	    false,
	    "Bye", true, "aat-vodacom/reply-end.xml" },

#define CM DIALECT_CHANNELMOBILE, "channelmobile/"
	{ CM "1-begin.query", "GET", "", "27", "*120*1234#", TURN_BEGIN, ZA, "1234567890", "", "*120*1234#", "b0",
	    false,
	    "Wallet 1 Balance", false, "channelmobile/reply.xml" },

#define MTN DIALECT_MTN, "mtn-madapi/"
	{ MTN "1-begin.json", "POST", "", "27", "*120*1234#", TURN_BEGIN, ZA, "m-1", "", "*120*1234#", "", false,
	    "Wallet\n1 Balance", false, "mtn-madapi/reply-continue.json" },
	{ MTN "2-continue.json", "POST", "", "27", "*120*1234#", TURN_INPUT, ZA, "m-1", "1", "*120*1234#", "", false,
	    "Bye", true, "mtn-madapi/reply-end.json" },
	{ MTN "3-timeout.json", "POST", "", "27", "*120*1234#", TURN_ABORT, ZA, "m-1", "", "*120*1234#", "", false,
	    NULL, false, "mtn-madapi/reply-end.json" },

#define HUB DIALECT_HUBTEL, "hubtel/"
#define HUB_IN GH, "3c796dac28174f739de4262d08409c51"
	{ HUB "1-initiation.json", "POST", "", "233", "*713*1#", TURN_BEGIN, HUB_IN, "", "*713*1#", "b1", false,
	    "Wallet\n1 Balance", false, "hubtel/reply-continue.json" },
	{ HUB "2-response.json", "POST", "", "233", "*713*1#", TURN_INPUT, HUB_IN, "1", "*713*1#", "i2", false, "Bye",
	    true,
	    "hubtel/reply-end.json" },
	{ HUB "3-timeout.json", "POST", "", "233", "*713*1#", TURN_ABORT, HUB_IN, "", "*713*1#", "", false, NULL, false,
	    "hubtel/reply-end.json" },

#define ARK DIALECT_ARKESEL, "arkesel/"
	{ ARK "1-begin.json", "POST", "", "233", "*928*01#", TURN_BEGIN, GH, "ar-1", "", "*928*01#", "", false,
	    "Wallet\n1 Balance", false, "arkesel/reply-continue.json" },
	{ ARK "2-input.json", "POST", "", "233", "*928*01#", TURN_INPUT, GH, "ar-1", "1", "*928*01#", "", false, "Bye",
	    true,
	    "arkesel/reply-end.json" },

#define NALO DIALECT_NALO, "nalo/"
	{ NALO "1-begin.json", "POST", "", "233", "*920*1#", TURN_BEGIN, GH, "16533575", "", "*920*1#", "", false,
	    "Wallet", false, "nalo/reply-continue.json" },
	{ NALO "2-input.json", "POST", "", "233", "*920*1#", TURN_INPUT, GH, "16533575", "1", "*920*1#", "", false,
	    "Bye", true, "nalo/reply-end.json" },

#define NSANO DIALECT_NSANO, "nsano/"
	{ NSANO "1-begin.json", "POST", "", "233", "*789*1#", TURN_BEGIN, GH, "ns-1", "", "*789*1#", "", false,
	    "Wallet\n1 Balance", false, "nsano/reply-continue.json" },
	{ NSANO "1-begin.json", "POST", "", "233", "*789*1#", TURN_BEGIN, GH, "ns-1", "", "*789*1#", "", false, "Bye",
	    true,
	    "nsano/reply-end.json" },

#define KORBA DIALECT_KORBA, "korba-txtghana/"
	{ KORBA "1-begin.json", "POST", "", "233", "*395#", TURN_BEGIN, GH, "k-1", "", "*395#", "", false, "Wallet",
	    false,
	    "korba-txtghana/reply-continue.json" },
	{ KORBA "2-input.json", "POST", "", "233", "*395#", TURN_INPUT, GH, "k-1", "1", "*395#", "", false, "Bye", true,
	    "korba-txtghana/reply-end.json" },
};

static void
assert_turn(const struct row *r)
{
	if (r->kind == NONE) {
		assert_int_equal(w.turns, 0);
		return;
	}
	assert_int_equal(w.turns, 1);
	assert_int_equal(w.turn.kind, r->kind);
	assert_string_equal(w.turn.phone, r->phone);
	assert_string_equal(w.turn.dialogue, r->dialogue);
	assert_string_equal(w.text, r->text);
	assert_string_equal(w.code, r->service_code);
	assert_string_equal(w.turn.key, r->key);
	assert_int_equal(w.turn.history, r->history);
	assert_int_equal(w.turn.turn == 0, r->kind == TURN_ABORT);
}

/*
 * The same members, in whatever order. What is a matter of course to differ is made the sample's before: an id that is
 * ours, and what an answer to a hang-up says to nobody.
 */
static void
assert_same_json(const char *got, const char *sample, bool over)
{
	json_t *a = json_loads(got, JSON_REJECT_DUPLICATES, NULL), *b = json_loads(sample, 0, NULL), *data;

	assert_non_null(a);
	assert_non_null(b);
	if (json_object_get(b, "transactionId") != NULL) {
		assert_true(json_string_length(json_object_get(a, "transactionId")) > 0);
		json_object_set(a, "transactionId", json_object_get(b, "transactionId"));
	}
	if (json_is_string(json_object_get(b, "ClientState"))) {
		assert_true(json_is_string(json_object_get(a, "ClientState")));
		json_object_set(a, "ClientState", json_object_get(b, "ClientState"));
	}
	if (over && json_object_get(b, "Message") != NULL)
		json_object_set_new(b, "Message", json_string(""));
	data = json_object_get(b, "data");
	if (over && data != NULL)
		json_object_set_new(data, "inboundResponse", json_string(""));
	if (!json_equal(a, b))
		fail_msg("%s is not as %s", got, sample);
	json_decref(a);
	json_decref(b);
}

/* With our callback in place of the sample's. */
static void
assert_same_xml(const char *got, const char *sample)
{
	static const char ours[] = "https://gw.example/ussd/ch?to_addr=%2A120%2A1234%23&amp;step=1";
	static const char theirs[] = "https://gw.example/aat?to_addr=%2A120%2A1234%23";
	struct buf b = { 0 };
	const char *at = strstr(sample, theirs);

	if (at == NULL) {
		buf_add_str(&b, sample);
	} else {
		buf_add(&b, sample, (size_t)(at - sample));
		buf_add_str(&b, ours);
		buf_add_str(&b, at + strlen(theirs));
	}
	assert_string_equal(got, buf_str(&b));
	buf_clear(&b);
}

static void
assert_reply(const struct row *r)
{
	const char *kind = strrchr(r->reply, '.');
	struct buf sample = { 0 };

	if (r->reply[0] == '\0') {
		assert_string_equal(w.body, "");
		return;
	}
	read_sample(r->reply, &sample);
	if (strcmp(kind, ".json") == 0) {
		assert_string_equal(w.type, "application/json");
		assert_same_json(w.body, buf_str(&sample), r->kind == TURN_ABORT);
	} else if (strcmp(kind, ".xml") == 0) {
		assert_string_equal(w.type, "text/xml; charset=utf-8");
		assert_same_xml(w.body, buf_str(&sample));
	} else {
		assert_string_equal(w.type, "text/plain; charset=utf-8");
		assert_string_equal(w.body, buf_str(&sample));
	}
	buf_clear(&sample);
}

static void
test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct row *r = &rows[i];

		serve(r->dialect, r->country, r->code);
		w.says = r->says;
		w.ends = r->ends;
		send_sample(r->request, r->method, r->target);
		if (w.status != 200)
			fail_msg("%s: %d %s", r->request, w.status, w.body);
		assert_turn(r);
		assert_reply(r);
		done();
	}
}

/* The error that Infobip is told in a body of its own. */
static void
test_infobip_refusal(void **state)
{
	struct buf sample = { 0 };
	json_t *got, *want;

	(void)state;
	serve(DIALECT_INFOBIP, "27", "*120*1234#");
	ask("POST", "/session/1/response", "", JSON, "{\"text\":\"1\"}");
	assert_int_equal(w.status, 200);
	read_sample("infobip/ussd-4-error-reply.json", &sample);
	got = json_loads(w.body, 0, NULL);
	want = json_loads(buf_str(&sample), 0, NULL);
	assert_int_equal(json_object_size(got), json_object_size(want));
	assert_int_equal(json_integer_value(json_object_get(got, "responseExitCode")),
	    json_integer_value(json_object_get(want, "responseExitCode")));
	assert_true(json_string_length(json_object_get(got, "responseMessage")) > 0);
	assert_int_equal(w.turns, 0);
	json_decref(got);
	json_decref(want);
	buf_clear(&sample);
}

/* ---- our own ---- */

static void
test_json(void **state)
{
	static const char begin[] = "{\"session\":\"s-1\",\"phone\":\"+27600000001\",\"event\":\"begin\","
	    "\"sequence\":1,\"code\":\"384\",\"imsi\":\"655100000000001\"}";

	(void)state;
	serve(DIALECT_JSON, "27", "*120*384#");
	ask("POST", "", "", JSON, begin);
	assert_int_equal(w.status, 200);
	assert_same_json(w.body, "{\"text\":\"Wallet\\n1 Balance\",\"end\":false}", false);
	assert_int_equal(w.turn.kind, TURN_BEGIN);
	assert_string_equal(w.turn.key, "b1");
	assert_string_equal(w.code, "*120*384#");
	assert_string_equal(w.turn.imsi, "");
	w.channel.takes_imsi = true;
	ask("POST", "", "", JSON, begin);
	assert_string_equal(w.turn.imsi, "655100000000001");
	ask("POST", "", "", JSON, "{\"session\":\"s-1\",\"phone\":\"0600000001\",\"event\":\"input\",\"sequence\":2,"
	    "\"text\":\"5*0\",\"imsi\":\"none\"}");
	assert_string_equal(w.turn.phone, ZA);
	assert_string_equal(w.turn.key, "i2");
	assert_string_equal(w.turn.imsi, "");
	assert_string_equal(w.text, "5*0");
	w.ends = true;
	ask("POST", "", "", JSON,
	    "{\"session\":\"s-1\",\"phone\":\"0027600000001\",\"event\":\"input\",\"text\":\"1\"}");
	assert_string_equal(w.turn.key, "");
	assert_same_json(w.body, "{\"text\":\"Wallet\\n1 Balance\",\"end\":true}", false);
	ask("POST", "", "", JSON,
	    "{\"session\":\"s-1\",\"phone\":\"0027600000001\",\"event\":\"timeout\",\"sequence\":3}");
	assert_int_equal(w.turn.kind, TURN_ABORT);
	assert_same_json(w.body, "{}", false);
}

/* ---- what tells a repeated request from a second key press ---- */

/* The number that an answer carries, from behind `mark`. */
static int64_t
number_behind(const char *mark)
{
	const char *at = strstr(w.body, mark);

	assert_non_null(at);
	return strtoll(at + strlen(mark), NULL, 10);
}

static void
test_numbers_of_ours(void **state)
{
	(void)state;
	serve(DIALECT_AAT, "27", "*120*1234#");
	ask("GET", "?ussdSessionId=1&msisdn=27600000001&request=4&to_addr=%2A120%2A1234%23&step=7", "", NULL, "");
	assert_string_equal(w.turn.key, "i7");
	assert_int_equal(number_behind("step="), 8);
	/* No id of the dialogue: the phone tells whose it is. */
	for (int i = 0; i < 2; i++) {
		ask("GET", i == 0 ? "?msisdn=27600000001&request=*120*1234%23" :
		    "?ussdSessionId=&msisdn=27600000001&request=4&to_addr=%2A120%2A1234%23&step=7", "", NULL, "");
		assert_int_equal(w.status, 200);
		assert_int_equal(w.turn.kind, i == 0 ? TURN_BEGIN : TURN_INPUT);
		assert_string_equal(w.turn.dialogue, "");
		assert_string_equal(w.turn.phone, ZA);
		assert_int_equal(number_behind("step="), i == 0 ? 1 : 8);
	}
	done();
	serve(DIALECT_CHANNELMOBILE, "27", "*120*1234#");
	ask("GET", "?ussdSessionId=1&msisdn=27600000001&request=4&requestid=7", "", NULL, "");
	assert_string_equal(w.turn.key, "i7");
	assert_int_equal(w.turn.kind, TURN_INPUT);
	assert_int_equal(number_behind("<requestid>"), 8);
	/* Nothing but this ends a dialogue there. */
	w.ends = true;
	ask("GET", "?ussdSessionId=1&msisdn=27600000001&request=4&requestid=8", "", NULL, "");
	assert_int_equal(number_behind("<requestid>"), 0);
	done();
	serve(DIALECT_HUBTEL, "233", "*713*1#");
	ask("POST", "", "", JSON,
	    "{\"Type\":\"response\",\"Message\":\"1\",\"Mobile\":\"0200000001\",\"SessionId\":\"s\","
	    "\"Sequence\":\"3\"}");
	assert_string_equal(w.turn.key, "i3");
	assert_string_equal(w.turn.phone, GH);
	/* Without a Sequence our ClientState counts. */
	ask("POST", "", "", JSON,
	    "{\"Type\":\"response\",\"Message\":\"1\",\"Mobile\":\"0200000001\",\"SessionId\":\"s\","
	    "\"ClientState\":\"3\"}");
	assert_string_equal(w.turn.key, "i4");
}

/* The key is in the callback, or the next request could not come in; and the text is written so that XML holds it. */
static void
test_callback(void **state)
{
	(void)state;
	serve(DIALECT_AAT, "27", "*120*1234#");
	str_copy(w.channel.key, sizeof w.channel.key, "a&b\"c<d");
	w.says = "<R5> & \"more\"";
	ask("GET", "?key=a%26b%22c%3Cd&ussdSessionId=1&msisdn=27600000001&request=%2A120%2A1234%2A9%23", "", NULL, "");
	assert_int_equal(w.status, 200);
	assert_string_equal(w.code, "*120*1234*9#");
	assert_string_equal(w.body, "<request><headertext>&lt;R5&gt; &amp; &quot;more&quot;</headertext><options>"
	    "<option command=\"1\" order=\"1\" callback=\"https://gw.example/ussd/ch?to_addr=%2A120%2A1234%2A9%23"
	    "&amp;step=1&amp;key=a%26b%22c%3Cd\" display=\"false\" /></options></request>");
}

/* ---- forms of the same ---- */

static const struct {
	enum http_dialect dialect;
	const char *country, *channel_code, *body;
	enum turn_kind kind;
	const char *phone, *dialogue, *text, *code;
} forms[] = {
	/* Numbers where texts are usual, flags as texts. */
	{ DIALECT_MTN, "27", "*120*1234#",
	    "{\"sessionId\":77,\"messageType\":0,\"msisdn\":27600000001,\"serviceCode\":1234,"
	    "\"ussdString\":\"1234\"}", TURN_BEGIN, ZA, "77", "", "*120*1234#" },
	{ DIALECT_MTN, "27", "*120*1234#", "{\"sessionId\":\"a\",\"messageType\":4,\"msisdn\":\"0600000001\"}",
	    TURN_ABORT, ZA, "a", "", "*120*1234#" },
	{ DIALECT_NALO, "233", "*920*1#", "{\"USERID\":\"U\",\"MSISDN\":\"+233200000001\",\"USERDATA\":\"920*1\","
	    "\"MSGTYPE\":\"True\"}", TURN_BEGIN, GH, "", "", "*920*1#" },
	{ DIALECT_NALO, "233", "*920*1#", "{\"USERID\":\"U\",\"MSISDN\":\"00233200000001\",\"USERDATA\":5,"
	    "\"MSGTYPE\":\"false\",\"SESSIONID\":9}", TURN_INPUT, GH, "9", "5", "*920*1#" },
	{ DIALECT_ARKESEL, "233", "*928*01#", "{\"sessionID\":\"a\",\"newSession\":true,\"msisdn\":\"0200000001\","
	    "\"userData\":\"92801\"}", TURN_BEGIN, GH, "a", "", "*928*01#" },
	/* What is dialled behind the code belongs to it; what only begins like it does not begin anew. */
	{ DIALECT_NSANO, "233", "*789*1#",
	    "{\"msisdn\":\"233200000001\",\"msg\":\"*789*1*5#\",\"UserSessionID\":\"n\"}",
	    TURN_BEGIN, GH, "n", "", "*789*1*5#" },
	{ DIALECT_NSANO, "233", "*789*1#", "{\"msisdn\":\"233200000001\",\"msg\":\"789*1\",\"UserSessionID\":\"n\"}",
	    TURN_INPUT, GH, "n", "789*1", "*789*1#" },
	{ DIALECT_KORBA, "233", "*395#", "{\"sessionID\":\"k\",\"msisdn\":\"233200000001\",\"ussdServiceOp\":129}",
	    TURN_ABORT, GH, "k", "", "*395#" },
	{ DIALECT_KORBA, "233", "*395#", "{\"sessionID\":\"k\",\"msisdn\":\"233200000001\",\"ussdServiceOp\":\"1\","
	    "\"ussdString\":\"395\"}", TURN_BEGIN, GH, "k", "", "*395#" },
	{ DIALECT_KORBA, "233", "*395#", "{\"sessionID\":\"k\",\"msisdn\":\"233200000001\",\"ussdServiceOp\":77,"
	    "\"ussdString\":\"2*3\"}", TURN_INPUT, GH, "k", "2*3", "*395#" },
	/* Letters of Type as the newer pages write them; an id of the service in place of the code. */
	{ DIALECT_HUBTEL, "233", "*713*1#", "{\"Type\":\"initiation\",\"Message\":\"\",\"Mobile\":\"233200000001\","
	    "\"SessionId\":\"h\",\"Sequence\":\"1\",\"ServiceCode\":\"b230733cd56b4a0fad820e39f66bc27c\"}", TURN_BEGIN,
	    GH,
	    "h", "", "*713*1#" },
	{ DIALECT_HUBTEL, "233", "*713*1#", "{\"Type\":\"release\",\"Mobile\":\"233200000001\",\"SessionId\":\"h\"}",
	    TURN_ABORT, GH, "h", "", "*713*1#" },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(forms); i++) {
		serve(forms[i].dialect, forms[i].country, forms[i].channel_code);
		ask("POST", "", "", JSON, forms[i].body);
		if (w.status != 200)
			fail_msg("%s: %d %s", forms[i].body, w.status, w.body);
		assert_int_equal(w.turns, 1);
		assert_int_equal(w.turn.kind, forms[i].kind);
		assert_string_equal(w.turn.phone, forms[i].phone);
		assert_string_equal(w.turn.dialogue, forms[i].dialogue);
		assert_string_equal(w.text, forms[i].text);
		assert_string_equal(w.code, forms[i].code);
		done();
	}
}

/* Which of a channel's codes was dialled: as a whole, by its short form, or by what the provider calls it. */
static void
test_second_code(void **state)
{
	static const struct {
		const char *told, *dialled, *code;
	} said[] = {
		{ "77", "*120*1234*5#", "*120*1234*5#" }, { "1234", "", "*120*1234#" }, { "120*1234", "",
		    "*120*1234#" },
		{ "1201234", "", "*120*1234#" }, { "*120*1234#", "", "*120*1234#" }, { "234", "", "*120*7#" },
		{ "7", "120*1234#", "*120*1234#" }, { "", "", "*120*7#" }, { "*99#*99#*99#*99#*99#*99#*99#*99#", "",
		    "*120*7#" },
	};
	char body[256];

	(void)state;
	serve(DIALECT_MTN, "27", "*120*7#");
	str_copy(w.channel.service_codes[1], sizeof w.channel.service_codes[1], "*120*1234#");
	w.channel.service_codes_n = 2;
	for (size_t i = 0; i < NELEM(said); i++) {
		str_format(body, sizeof body,
		    "{\"sessionId\":\"a\",\"messageType\":0,\"msisdn\":\"27600000001\",\"serviceCode\":"
		    "\"%s\",\"ussdString\":\"%s\"}", said[i].told, said[i].dialled);
		ask("POST", "", "", JSON, body);
		assert_int_equal(w.status, 200);
		assert_string_equal(w.code, said[i].code);
	}
}

/* Every sample cut off behind each octet: answered, and never as something that it is not. */
static void
test_cut(void **state)
{
	struct buf sample = { 0 };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct row *r = &rows[i];

		if (strcmp(strrchr(r->request, '.'), ".json") != 0 || r->kind == NONE)
			continue;
		serve(r->dialect, r->country, r->code);
		read_sample(r->request, &sample);
		for (size_t n = sample.len - 1; n > 0; n -= n > 7 ? 7 : 1) {
			sample.p[n] = '\0';
			ask(r->method, r->target, "", JSON, sample.p);
			assert_int_equal(w.status, r->dialect == DIALECT_INFOBIP ? 200 : 400);
			assert_int_equal(w.turns, 0);
		}
		done();
	}
	buf_clear(&sample);
}

/*
 * Its end names no phone: it is that of the dialogue's requests before, where this process had them and they are not
 * too long ago; else nobody's, and acknowledged all the same. A second end finds nothing.
 */
static void
test_infobip_end(void **state)
{
	static const char start[] = "{\"msisdn\":\"27600000001\",\"text\":\"*120*1234#\"}", end[] = "{\"exitCode\":1}";

	(void)state;
	serve(DIALECT_INFOBIP, "27", "*120*1234#");
	w.channel.session_s = 180;
	ask("POST", "/session/a/start", "", JSON, start);
	ask("PUT", "/session/b/end", "", JSON, end);
	assert_int_equal(w.turns, 1);
	ask("PUT", "/session/a/end", "", JSON, end);
	assert_same_json(w.body, "{\"responseExitCode\":200,\"responseMessage\":\"\"}", false);
	assert_int_equal(w.turns, 2);
	assert_int_equal(w.turn.kind, TURN_ABORT);
	assert_string_equal(w.turn.phone, ZA);
	assert_string_equal(w.turn.dialogue, "a");
	ask("PUT", "/session/a/end", "", JSON, end);
	assert_int_equal(w.turns, 2);
	w.channel.session_s = 0;
	ask("POST", "/session/a/start", "", JSON, start);
	ask("PUT", "/session/a/end", "", JSON, end);
	assert_int_equal(w.status, 200);
	assert_int_equal(w.turns, 3);
}

/* One that came too soon is told to come again, and is understood then. */
static void
test_infobip_end_too_soon(void **state)
{
	(void)state;
	serve(DIALECT_INFOBIP, "27", "*120*1234#");
	w.channel.session_s = 180;
	w.s.http_phones_max = 10;
	w.s.http_phone_per_minute = 1;
	ask("POST", "/session/a/start", "", JSON, "{\"msisdn\":\"27600000001\",\"text\":\"*120*1234#\"}");
	ask("PUT", "/session/a/end", "", JSON, "{\"exitCode\":1}");
	assert_int_equal(w.status, 429);
	w.s.http_phone_per_minute = 0;
	ask("PUT", "/session/a/end", "", JSON, "{\"exitCode\":1}");
	assert_int_equal(w.status, 200);
	assert_int_equal(w.turn.kind, TURN_ABORT);
	assert_string_equal(w.turn.phone, ZA);
}

/* Infobip asks whether a dialogue goes on, and is not told that it does not. */
static void
test_infobip_status(void **state)
{
	(void)state;
	serve(DIALECT_INFOBIP, "27", "*120*1234#");
	ask("GET", "/session/abc/status", "", NULL, "");
	assert_int_equal(w.status, 200);
	assert_same_json(w.body, "{\"sessionActive\":true,\"responseExitCode\":200,\"responseMessage\":\"\"}", false);
	ask("GET", "/session//status", "", NULL, "");
	assert_int_equal(w.status, 400);
	assert_int_equal(w.turns, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_samples), TEST(test_infobip_refusal), TEST(test_infobip_status), TEST(test_infobip_end),
		TEST(test_infobip_end_too_soon),
		    TEST(test_json),
		TEST(test_numbers_of_ours), TEST(test_callback), TEST(test_forms), TEST(test_second_code),
		   
		TEST(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
