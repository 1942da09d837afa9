/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that the wallet client streams from one server to the wallet core, both on one loop. */
#include "tests/unit/wallet_world.h"

#include <sodium.h>

#include "io/http_pipe.h"
#include "wallet/wallet_send.h"

#define OCTETS 40000
#define MEDIA "/media/"

static unsigned char photo[OCTETS];
static struct http_pipes *pipes;
static int given, gone, taken;
static char body[OCTETS * 2];
static char url[128];

static bool
on_other(struct world *w, uint64_t id, const struct http_req *req)
{
	size_t len;
	const char *p = http_req_body(req, &len);

	if (str_starts(http_req_path(req), MEDIA)) {
		assert_string_equal(http_req_header(req, "Authorization"), "Bearer of-meta");
		given++;
		http_answer(w->server, id, gone ? 404 : 200, "image/jpeg", (const char *)photo, gone ? 0 : OCTETS);
		return true;
	}
	if (strstr(http_req_path(req), "/documents") == NULL)
		return false;
	taken++;
	assert_string_equal(http_req_query(req, "performOcr"), "true");
	assert_string_equal(http_req_query(req, "validateDocType"), "true");
	assert_true(str_copyn(body, sizeof body, p, len));
	return false;				/* on with who may and what mood the core is in */
}

static int
start(void **state)
{
	struct http_pipes_options o = { .at_once = 2, .answer_max = 10000 };
	struct world *w;

	start_world(state);
	w = *state;
	http_server_free(w->server);
	w->server = NULL;
	{
		struct http_server_options so = { .name = "core", .address = "127.0.0.1:0", .connections = 50,
			.body_max = 200000, .header_max = 16384, .arrive_s = 30, .idle_s = 60, .answer_s = 60,
			.handler = on_request, .arg = w };
		char err[256] = "";

		w->server = http_server_new(w->loop, &so, err, sizeof err);
		assert_non_null(w->server);
	}
	assert_true(str_format(w->tenant.wallet.url, sizeof w->tenant.wallet.url, "http://127.0.0.1:%d/core/",
	    http_server_port(w->server)));
	w->other = on_other;
	given = gone = taken = 0;
	for (size_t i = 0; i < OCTETS; i++)
		photo[i] = (unsigned char)(i * 7 + i / 251);
	pipes = http_pipes_new(w->loop, &o);
	start_client(w);
	return 0;
}

static int
stop(void **state)
{
	struct world *w = *state;

	wallet_client_free(w->client);
	w->client = NULL;
	http_pipes_free(pipes);
	return stop_world(state);
}

static struct wallet_source
source(struct world *w)
{
	struct wallet_source s = { .from = { .url = url, .headers = { "Authorization: Bearer of-meta" } },
		.octets = OCTETS, .max = OCTETS, .has_sha256 = true };

	assert_true(str_format(url, sizeof url, "http://127.0.0.1:%d" MEDIA "1", http_server_port(w->server)));
	crypto_hash_sha256(s.sha256, photo, OCTETS);
	return s;
}

static void
send_it(struct world *w, uint64_t op, const struct wallet_source *from, int64_t timeout_ms)
{
	struct wallet_req q = { .op = WALLET_DOCUMENT, .customer_id = 7, .type = "AUTO", .media_type = "image/jpeg" };

	wallet_client_document(w->client, pipes, op, &q, from, timeout_ms, on_done, w);
	assert_int_equal(w->ends[op], -1);
}

static void
arrives_whole_in_the_call(void **state)
{
	struct world *w = *state;
	struct wallet_source s = source(w);
	size_t room = sodium_base64_encoded_len(OCTETS, sodium_base64_VARIANT_ORIGINAL);
	char *text = xcalloc(1, room), *want = xcalloc(1, room + 200);

	send_it(w, 0, &s, LONG_MS);
	memset(url, 'x', 20);			/* what was given is copied */
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_DONE);
	sodium_bin2base64(text, room, photo, OCTETS, sodium_base64_VARIANT_ORIGINAL);
	assert_true(str_format(want, room + 200, "{\"documentType\":\"AUTO\",\"mediaType\":\"image/jpeg\","
	    "\"base64EncodedDocument\":\"%s\"}", text));
	assert_string_equal(body, want);
	assert_int_equal(given, 1);
	assert_int_equal(taken, 1);
	free(text);
	free(want);
}

/* The token was not good any more: it was not processed, so all of it is sent once more. */
static void
a_login_that_is_over_is_renewed(void **state)
{
	struct world *w = *state;
	struct wallet_source s = source(w);

	send_it(w, 0, &s, LONG_MS);
	wait_for(w, &w->done, 1);
	w->token++;
	send_it(w, 1, &s, LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[1], WALLET_DONE);
	assert_int_equal(w->rejected, 1);
	assert_int_equal(given, 3);
}

static void
refusals_and_broken_cores(void **state)
{
	struct world *w = *state;
	struct wallet_source s = source(w);

	w->call_mood = REFUSE;
	send_it(w, 0, &s, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_REFUSED);
	assert_string_equal(w->last.code, "WAL009");
	w->call_mood = BREAK;
	send_it(w, 1, &s, LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[1], WALLET_UNKNOWN);
	w->call_mood = SWALLOW;
	send_it(w, 2, &s, 200);
	wait_for(w, &w->done, 3);
	assert_int_equal(w->ends[2], WALLET_UNKNOWN);
	assert_int_equal(w->last.document, DOCUMENT_CARRIED);
}

/* None of these is the core's fault: it goes on being called. */
static void
what_the_source_lacks(void **state)
{
	struct world *w = *state;
	struct wallet_source s = source(w);
	const char *why;

	w->tenant.wallet.breaker_failures = 1;
	gone = 1;
	send_it(w, 0, &s, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_LATER);
	assert_int_equal(w->last.document, DOCUMENT_GONE);
	gone = 0;
	s.max = OCTETS - 1;
	send_it(w, 1, &s, LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->last.document, DOCUMENT_TOO_BIG);
	s.max = OCTETS;
	s.sha256[0] ^= 1;
	send_it(w, 2, &s, LONG_MS);
	wait_for(w, &w->done, 3);
	assert_int_equal(w->ends[2], WALLET_LATER);
	assert_int_equal(w->last.document, DOCUMENT_WRONG);
	assert_int_equal(taken, 0);
	assert_true(wallet_client_ready(w->client, &why));
}

static void
freed_under_way(void **state)
{
	struct world *w = *state;
	struct wallet_source s = source(w);

	w->call_mood = SWALLOW;
	send_it(w, 0, &s, LONG_MS);
	wait_for(w, &taken, 1);
	wallet_client_free(w->client);
	w->client = NULL;
	assert_int_equal(w->ends[0], WALLET_UNKNOWN);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arrives_whole_in_the_call),
		TEST(a_login_that_is_over_is_renewed),
		TEST(refusals_and_broken_cores),
		TEST(what_the_source_lacks),
		TEST(freed_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
