/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over HTTP: what is missing, doubled, too long or of the wrong type is refused; who may call a channel; that
 * every call is answered in time; and the table of dialects.
 */
#include "tests/unit/ussd_http_world.h"

#include <sodium.h>

/* ---- what is refused ---- */

#define LONG_64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	enum http_dialect dialect;
	const char *method, *target, *body;	/* body NULL: none */
	int status;
} bad[] = {
	{ DIALECT_AFRICASTALKING, "POST", "", "phoneNumber=%2B27600000001&text=", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=&phoneNumber=%2B27600000001&text=", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=" LONG_64 "&phoneNumber=%2B27600000001&text=", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=a&phoneNumber=27&text=", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=a&phoneNumber=%D9%A2%D9%A7600000001&text=", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=a&phoneNumber=%2B27600000001", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=a&sessionId=b&phoneNumber=%2B27600000001&text=", 400 },
	{ DIALECT_AFRICASTALKING, "POST", "", "sessionId=a&phoneNumber=%2B27600000001&text=1*%FF", 400 },
	{ DIALECT_AFRICASTALKING, "GET", "?sessionId=a&phoneNumber=%2B27600000001&text=", NULL, 405 },
	{ DIALECT_AFRICASTALKING, "POST", "/more", "sessionId=a&phoneNumber=%2B27600000001&text=", 404 },
	{ DIALECT_SAFARICOM, "POST", "?ORIG=27600000001&DEST=1&SESSION_ID=1&USSD_PARAMS=", "", 405 },
	{ DIALECT_SAFARICOM, "GET", "?ORIG=27600000001&DEST=1&SESSION_ID=1", NULL, 400 },
	{ DIALECT_SAFARICOM, "GET", "?ORIG=27600000001&DEST=1&SESSION_ID=1&USSD_PARAMS=&ORIG=27600000002", NULL, 400 },
	{ DIALECT_AAT, "GET", "?ussdSessionId=1&request=1", NULL, 400 },
	{ DIALECT_AAT, "GET", "?ussdSessionId=1&msisdn=27600000001", NULL, 400 },
	{ DIALECT_AAT, "GET", "?ussdSessionId=1&msisdn=27600000001&request=1&step=x", NULL, 400 },
	{ DIALECT_AAT, "GET", "?ussdSessionId=1&msisdn=27600000001&request=1&step=99999999999", NULL, 400 },
	{ DIALECT_CHANNELMOBILE, "GET", "?ussdSessionId=1&msisdn=27600000001&request=1", NULL, 400 },
	{ DIALECT_CHANNELMOBILE, "GET", "?ussdSessionId=1&msisdn=27600000001&requestid=0", NULL, 400 },
	{ DIALECT_INFOBIP, "POST", "/session/1/begin", "{}", 404 },
	{ DIALECT_INFOBIP, "POST", "/session/1/start/2", "{}", 404 },
	{ DIALECT_INFOBIP, "POST", "", "{}", 404 },
	{ DIALECT_INFOBIP, "PUT", "/session/1/start", "{}", 405 },
	{ DIALECT_INFOBIP, "DELETE", "/session/1/end", "", 405 },
	{ DIALECT_MTN, "POST", "", "{\"sessionId\":\"a\",\"msisdn\":\"27600000001\",\"ussdString\":\"1\"}", 400 },
	{ DIALECT_MTN, "POST", "", "{\"sessionId\":\"a\",\"messageType\":\"6\",\"msisdn\":\"27600000001\"}", 400 },
	{ DIALECT_MTN, "POST", "", "{\"sessionId\":\"a\",\"messageType\":\"1\",\"msisdn\":\"27600000001\"}", 400 },
	{ DIALECT_HUBTEL, "POST", "", "{\"Type\":\"AddToCart\",\"Mobile\":\"27600000001\",\"SessionId\":\"a\"}", 400 },
	{ DIALECT_HUBTEL, "POST", "", "{\"Type\":{},\"Mobile\":\"27600000001\",\"SessionId\":\"a\"}", 400 },
	{ DIALECT_ARKESEL, "POST", "", "{\"sessionID\":\"a\",\"msisdn\":\"27600000001\",\"userData\":\"1\"}", 400 },
	{ DIALECT_ARKESEL, "POST", "", "{\"newSession\":true,\"msisdn\":\"27600000001\",\"userData\":\"1\"}", 400 },
	{ DIALECT_NALO, "POST", "", "{\"USERID\":\"" LONG_64 "\",\"MSISDN\":\"27600000001\",\"MSGTYPE\":true}", 400 },
	{ DIALECT_NALO, "POST", "", "{\"MSISDN\":\"27600000001\",\"USERDATA\":[1],\"MSGTYPE\":false}", 400 },
	{ DIALECT_NSANO, "POST", "", "{\"msisdn\":\"27600000001\",\"UserSessionID\":\"n\"}", 400 },
	{ DIALECT_KORBA, "POST", "", "{\"sessionID\":\"k\",\"msisdn\":\"27600000001\",\"ussdString\":\"1\"}", 400 },
	{ DIALECT_KORBA, "POST", "", "{\"sessionID\":\"k\",\"msisdn\":\"27600000001\",\"ussdServiceOp\":-1}", 400 },
	{ DIALECT_JSON, "POST", "", "{\"session\":\"s\",\"phone\":27600000001,\"event\":\"begin\"}", 400 },
	{ DIALECT_JSON, "POST", "",
	    "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"begin\",\"sequence\":\"1\"}", 400 },
	{ DIALECT_JSON, "POST", "",
	    "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"begin\",\"sequence\":-1}", 400 },
	{ DIALECT_JSON, "POST", "", "{\"session\":\"s s\",\"phone\":\"27600000001\",\"event\":\"begin\"}", 400 },
	{ DIALECT_JSON, "POST", "", "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"input\"}", 400 },
	{ DIALECT_JSON, "POST", "", "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"start\"}", 400 },
	{ DIALECT_JSON, "POST", "",
	    "{\"session\":\"s\",\"session\":\"t\",\"phone\":\"27600000001\",\"event\":\"begin\"}", 400 },
	{ DIALECT_JSON, "POST", "", "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"begin\"", 400 },
	{ DIALECT_JSON, "POST", "", "[{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"begin\"}]", 400 },
	{ DIALECT_JSON, "POST", "", "", 400 },
	{ DIALECT_JSON, "POST", "",
	    "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"input\",\"text\":\"\xff\"}", 400 },
	{ DIALECT_JSON, "POST", "",
	    "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"input\",\"text\":\"a\\u0000\"}", 400 },
};

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		enum http_dialect d = bad[i].dialect;
		bool form = d == DIALECT_AFRICASTALKING || d == DIALECT_SAFARICOM;

		serve(d, "27", "*120*1234#");
		ask(bad[i].method, bad[i].target, "", bad[i].body == NULL ? NULL : form ? FORM : JSON,
		    bad[i].body != NULL ? bad[i].body : "");
		if (w.status != bad[i].status)
			fail_msg("%s %s: %d %s", bad[i].target, bad[i].body != NULL ? bad[i].body : "", w.status,
			    w.body);
		assert_int_equal(w.turns, 0);
		done();
	}
}

/* ---- who may call ---- */

#define SECRET "a-secret-of-20-octets"
#define BODY "{\"session\":\"s\",\"phone\":\"27600000001\",\"event\":\"begin\"}"

static void
assert_proof(const char *target, const char *headers, int status)
{
	unsigned before = w.turns;

	ask("POST", target, headers, JSON, BODY);
	if (w.status != status)
		fail_msg("%s %s: %d", target, headers, w.status);
	assert_int_equal(w.turns - before, status == 200);
}

static void
test_key_and_address(void **state)
{
	uint64_t before;

	(void)state;
	serve(DIALECT_JSON, "27", "*120*384#");
	str_copy(w.channel.key, sizeof w.channel.key, SECRET);
	before = metric_get(M_USSD_HTTP_UNPROVEN);
	assert_proof("?key=" SECRET, "", 200);
	assert_proof("", "", 403);
	assert_proof("?key=", "", 403);
	assert_proof("?key=" SECRET "x", "", 403);
	assert_proof("?key=a-secret-of-20-octetS", "", 403);
	assert_int_equal(metric_get(M_USSD_HTTP_UNPROVEN), before + 4);
	w.channel.from_n = 1;
	str_copy(w.channel.from[0], sizeof w.channel.from[0], "10.0.0.0/8");
	assert_proof("?key=" SECRET, "", 403);
	str_copy(w.channel.from[0], sizeof w.channel.from[0], "127.0.0.0/8");
	assert_proof("?key=" SECRET, "", 200);
	assert_proof("?key=" SECRET "&key=" SECRET, "", 400);
}

static void
test_header_and_basic(void **state)
{
	(void)state;
	serve(DIALECT_JSON, "27", "*120*384#");
	str_copy(w.channel.header_name, sizeof w.channel.header_name, "x-api-key");
	str_copy(w.channel.header_key, sizeof w.channel.header_key, SECRET);
	assert_proof("", "X-API-Key: " SECRET "\r\n", 200);
	assert_proof("", "", 401);
	assert_proof("?key=" SECRET, "", 401);
	assert_proof("", "X-API-Key: " SECRET " \r\nX-API-Key2: x\r\n", 200);
	assert_proof("", "X-API-Key: " SECRET "2\r\n", 401);
	str_copy(w.channel.basic_user, sizeof w.channel.basic_user, "Aladdin");
	str_copy(w.channel.basic_password, sizeof w.channel.basic_password, "open sesame");
	assert_proof("", "X-API-Key: " SECRET "\r\n", 401);
	/* RFC 7617 section 2 */
	assert_proof("", "X-API-Key: " SECRET "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n", 200);
	assert_proof("", "X-API-Key: " SECRET "\r\nAuthorization: basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n", 200);
	assert_proof("", "X-API-Key: " SECRET "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==\r\n", 401);
	assert_proof("", "X-API-Key: " SECRET "\r\nAuthorization: Basi\r\n", 401);
	assert_proof("", "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n", 401);
}

/* What is signed is the body as it came: one octet of it changed, or of the signature, and it is refused. */
static void
test_hmac(void **state)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state st;
	char hex[2 * sizeof mac + 1], b64[64], line[160];

	(void)state;
	crypto_auth_hmacsha256_init(&st, (const unsigned char *)SECRET, strlen(SECRET));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)BODY, strlen(BODY));
	crypto_auth_hmacsha256_final(&st, mac);
	str_hex(mac, sizeof mac, hex);
	sodium_bin2base64(b64, sizeof b64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	serve(DIALECT_JSON, "27", "*120*384#");
	str_copy(w.channel.hmac_header, sizeof w.channel.hmac_header, "X-Signature");
	str_copy(w.channel.hmac_key, sizeof w.channel.hmac_key, SECRET);
	assert_proof("", "", 401);
	str_format(line, sizeof line, "X-Signature: %s\r\n", hex);
	assert_proof("", line, 200);
	str_format(line, sizeof line, "X-Signature: sha256=%s\r\n", hex);
	assert_proof("", line, 200);
	ask("POST", "", line, JSON, BODY " ");
	assert_int_equal(w.status, 401);
	hex[40] = hex[40] == '0' ? '1' : '0';
	str_format(line, sizeof line, "X-Signature: %s\r\n", hex);
	assert_proof("", line, 401);
	str_format(line, sizeof line, "X-Signature: %.63s\r\n", hex);
	assert_proof("", line, 401);
	str_format(line, sizeof line, "X-Signature: %s\r\n", b64);
	assert_proof("", line, 200);
	b64[3] = b64[3] == 'A' ? 'B' : 'A';
	str_format(line, sizeof line, "X-Signature: %s\r\n", b64);
	assert_proof("", line, 401);
	assert_proof("", "X-Signature: \r\n", 401);
}

/* ---- in time ---- */

/* The turn does not come: the customer is told so by the deadline, and what it says later is dropped, and counted. */
static void
test_deadline(void **state)
{
	struct reply late = { "Paid", true };
	uint64_t lates = metric_get(M_USSD_HTTP_LATE), dropped = metric_get(M_USSD_ENDED_EARLY);

	(void)state;
	for (int d = 0; d < HTTP_DIALECTS; d++)
		assert_in_range(http_dialects[d].answer_ms, 1000, 30000);
	serve(DIALECT_AFRICASTALKING, "27", "*384*1234#");
	w.says = NULL;
	w.channel.answer_ms = 1;
	send_sample("africastalking/ussd-2-input.form", "POST", "");
	assert_int_equal(w.status, 200);
	assert_string_equal(w.body, "END error.session_lost");
	assert_int_equal(metric_get(M_USSD_HTTP_LATE), lates + 1);
	edge_reply(w.edge, w.turn.turn, &late);
	assert_int_equal(metric_get(M_USSD_ENDED_EARLY), dropped + 1);
	assert_string_equal(w.body, "END error.session_lost");
	/* An answer that the listener's end overtakes is not given a second time either. */
	send_sample("africastalking/ussd-3-input.form", "POST", "");
	edge_answer_open(w.edge, "Bye");
	assert_string_equal(w.body, "END error.session_lost");
}

/* ---- the table ---- */

static void
test_table(void **state)
{
	struct channel_settings c = { .name = "ch" };

	(void)state;
	for (int i = 0; i < HTTP_DIALECTS; i++) {
		const struct http_dialect_row *r = &http_dialects[i];
		const struct dialect *d;

		assert_string_equal(r->name, http_dialect_words[i]);
		assert_int_equal(http_dialect_find(r->name), i);
		str_copy(c.dialect, sizeof c.dialect, r->name);
		d = dialect_of(&c);
		assert_non_null(d->read);
		assert_non_null(d->write);
		assert_true((r->proofs & (PROOF_KEY | PROOF_ADDRESS)) != 0);
		/* An HMAC of a body that does not say all is no proof. */
		if (strcmp(d->methods, "GET") == 0 || d->paths)
			assert_int_equal(r->proofs & PROOF_HMAC, 0);
	}
	assert_null(http_dialect_words[HTTP_DIALECTS]);
	assert_int_equal(http_dialect_find("nobody"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table), TEST(test_bad), TEST(test_key_and_address), TEST(test_header_and_basic), TEST(test_hmac),
		TEST(test_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
