/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wallet cores that are away, slow or asked too much: who waits, who is refused at once, who goes first, and that it
 * concerns nobody else. Told by what came in which order, never by how long it took.
 */
#include "tests/unit/wallet_world.h"

static void
wait_ready(struct world *w)
{
	wait_for(w, &w->logins, 1);
	call(w, 0, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_DONE);
}

/* Calls 1 to 3 go unanswered. */
static void
give_up(struct world *w)
{
	w->call_mood = SWALLOW;
	for (uint64_t op = 1; op <= 3; op++)
		call(w, op, 50);
	wait_for(w, &w->done, 4);
	assert_int_equal(w->ends[3], WALLET_UNKNOWN);
}

static void
test_refused_at_once(void **state)
{
	struct world *w = *state;
	struct wallet_req pay = { .op = WALLET_TRANSFER, .wallet_id = 7, .to_wallet_id = 9, .amount = 100 };
	int64_t opened = metric_get(M_WALLET_OPENED), shut = metric_get(M_WALLET_SHUT);
	int calls;

	w->tenant.wallet.breaker_open_s = 60;
	w->tenant.wallet.breaker_failures = 1;
	w->tenant.wallet.connections = 1;
	start_client(w);
	wait_ready(w);
	w->call_mood = SWALLOW;
	call(w, 1, 50);
	call(w, 2, LONG_MS);		/* waits for room, and is let go with the other's end */
	wait_for(w, &w->done, 3);
	assert_int_equal(w->ends[1], WALLET_UNKNOWN);
	assert_int_equal(w->ends[2], WALLET_LATER);
	calls = w->calls;
	call(w, 5, LONG_MS);
	assert_true(str_copy(pay.uid, sizeof pay.uid, "00000000-0000-4000-8000-000000000000"));
	wallet_client_call(w->client, 6, &pay, LONG_MS, on_done, w);
	settle(w);			/* in the next turns of the loop: nobody waits for a deadline */
	assert_int_equal(w->ends[5], WALLET_LATER);
	assert_int_equal(w->ends[6], WALLET_LATER);
	assert_int_equal(w->calls, calls);
	assert_int_equal(metric_get(M_WALLET_OPENED), opened + 1);
	assert_int_equal(metric_get(M_WALLET_SHUT), shut + 3);
	assert_int_equal(metric_get(M_WALLET_OPEN), 1);
}

static void
test_resolution_goes_on_one_at_a_time(void **state)
{
	struct world *w = *state;
	const char *why;
	int calls;

	w->tenant.wallet.breaker_open_s = 60;
	start_client(w);
	wait_ready(w);
	give_up(w);
	w->call_mood = HOLD;
	calls = w->calls;
	resolve(w, 4, 100);
	resolve(w, 5, 101);
	wait_for(w, &w->calls, calls + 1);
	settle(w);
	assert_int_equal(w->calls, calls + 1);
	assert_int_equal(w->ends[5], -1);
	assert_false(wallet_client_ready(w->client, &why));
	w->held_n = 0;
	answer_error(w, w->held[0], 404, "BUSINESS", "ARCH086");
	wait_for(w, &w->calls, calls + 2);
	assert_true(wallet_client_ready(w->client, &why));	/* it answers: everybody may call it again */
	assert_int_equal(metric_get(M_WALLET_OPEN), 0);
	w->call_mood = ANSWER;
	call(w, 6, LONG_MS);
	wait_for(w, &w->done, 6);
	assert_int_equal(w->ends[6], WALLET_DONE);
}

static void
test_one_trial(void **state)
{
	struct world *w = *state;
	int renews, calls;

	start_client(w);
	wait_ready(w);
	w->renew_mood = SWALLOW;
	renews = w->renews;
	give_up(w);
	wait_for(w, &w->renews, renews + 1);		/* it is asked for a sign of life, and may be tried */
	w->call_mood = HOLD;
	calls = w->calls;
	call(w, 4, LONG_MS);
	call(w, 5, LONG_MS);
	wait_for(w, &w->done, 5);
	assert_int_equal(w->ends[5], WALLET_LATER);
	wait_for(w, &w->calls, calls + 1);
	w->call_mood = ANSWER;
	release_all(w);
	wait_for(w, &w->done, 6);
	assert_int_equal(w->ends[4], WALLET_DONE);
	call(w, 6, LONG_MS);
	wait_for(w, &w->done, 7);
	assert_int_equal(w->ends[6], WALLET_DONE);
}

static void
test_server_errors_open_it_and_refusals_do_not(void **state)
{
	struct world *w = *state;
	int calls;

	w->tenant.wallet.breaker_open_s = 60;
	start_client(w);
	wait_ready(w);
	w->call_mood = REFUSE;
	for (uint64_t op = 1; op <= 6; op++) {
		call(w, op, LONG_MS);
		wait_for(w, &w->done, (int)op + 1);
		assert_int_equal(w->ends[op], WALLET_REFUSED);
	}
	w->call_mood = BREAK;
	for (uint64_t op = 7; op <= 9; op++) {
		call(w, op, LONG_MS);
		wait_for(w, &w->done, (int)op + 1);
		assert_int_equal(w->ends[op], WALLET_UNKNOWN);
	}
	calls = w->calls;
	call(w, 10, LONG_MS);
	wait_for(w, &w->done, 11);
	assert_int_equal(w->ends[10], WALLET_LATER);
	assert_int_equal(w->calls, calls);
}

/* The core answers 500 to whatever concerns one customer: nobody else notices. */
static void
test_one_caller_shuts_out_nobody(void **state)
{
	struct world *w = *state;
	struct wallet_req bad = { .op = WALLET_GET, .wallet_id = 7, .who = 7 };
	int64_t opened = metric_get(M_WALLET_OPENED);

	w->tenant.wallet.breaker_open_s = 60;
	start_client(w);
	wait_ready(w);
	for (uint64_t op = 1; op <= 8; op++) {
		w->call_mood = BREAK;
		wallet_client_call(w->client, op, &bad, LONG_MS, on_done, w);
		wait_for(w, &w->done, (int)op + 1);
		assert_int_equal(w->ends[op], WALLET_UNKNOWN);
	}
	w->call_mood = ANSWER;
	call(w, 9, LONG_MS);
	wait_for(w, &w->done, 10);
	assert_int_equal(w->ends[9], WALLET_DONE);
	assert_int_equal(metric_get(M_WALLET_OPENED), opened);
}

/* A rate limit: nothing is sent for a while, then first what resolves; what is under way goes on. */
static void
test_rate_limit(void **state)
{
	struct world *w = *state;
	int64_t pauses = metric_get(M_WALLET_PAUSES);
	int calls;

	w->tenant.wallet.connections = 2;
	start_client(w);
	wait_ready(w);
	w->call_mood = HOLD;
	calls = w->calls;
	call(w, 1, LONG_MS);
	wait_for(w, &w->calls, calls + 1);
	w->call_mood = LIMIT;
	call(w, 2, LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[2], WALLET_LATER);
	assert_int_equal(metric_get(M_WALLET_PAUSES), pauses + 1);
	w->call_mood = ANSWER;
	call(w, 3, LONG_MS);
	resolve(w, 4, 100);
	call(w, 5, 100);				/* its time is over before the pause is: told so at once */
	settle(w);
	assert_int_equal(w->ends[5], WALLET_LATER);
	assert_int_equal(w->calls, calls + 2);
	release_all(w);
	wait_for(w, &w->done, 4);
	assert_int_equal(w->ends[1], WALLET_DONE);
	assert_int_equal(w->calls, calls + 2);		/* the room that it left is not used yet */
	wait_for(w, &w->calls, calls + 3);
	assert_int_equal(w->asked[calls + 2], 100);
	resolve(w, 6, 100);
	wait_for(w, &w->done, 7);
	assert_int_equal(w->ends[3], WALLET_DONE);
	assert_int_equal(w->ends[6], WALLET_UNKNOWN);	/* the core answered about wallet 7 */
}

/* What resolves never takes all connections: customers go on. */
static void
test_half_for_customers(void **state)
{
	struct world *w = *state;
	int calls;

	start_client(w);
	wait_ready(w);
	w->call_mood = HOLD;
	calls = w->calls;
	for (uint64_t op = 1; op <= 10; op++)
		resolve(w, op, 100);
	wait_for(w, &w->calls, calls + 2);
	call(w, 11, LONG_MS);
	call(w, 12, LONG_MS);
	call(w, 13, LONG_MS);
	wait_for(w, &w->calls, calls + 4);
	settle(w);
	assert_int_equal(w->calls, calls + 4);
	assert_int_equal(w->asked[calls + 2], 7);
	assert_int_equal(w->asked[calls + 3], 7);
}

/* The core of one tenant accepts everything and never answers; the other's customers are all served meanwhile. */
static void
test_a_mute_core_is_nobody_elses(void **state)
{
	struct world *w = *state;
	struct tenant_settings mute = w->tenant;
	struct http_client_options o = { .connections = 5, .waiting = 200, .answer_max = 65536 };
	struct http_client *http;
	struct wallet_client *other;
	struct wallet_req req = { .op = WALLET_GET, .wallet_id = 7, .jwt = CUSTOMER_JWT };
	const char *why;

	assert_true(str_copy(mute.name, sizeof mute.name, "mute"));
	assert_true(str_format(mute.wallet.url, sizeof mute.wallet.url, "http://127.0.0.1:%d/mute/",
	    http_server_port(w->server)));
	http = http_client_new(w->loop, &o);
	other = wallet_client_new(w->loop, http, &mute);
	w->tenant.wallet.waiting = 50;
	start_client(w);
	for (uint64_t op = 0; op < 30; op++)
		wallet_client_call(other, op, &req, LONG_MS, on_done, w);
	wait_for(w, &w->mute, 5);			/* its login, and all of its connections */
	for (uint64_t op = 30; op < 70; op++)
		call(w, op, LONG_MS);
	wait_for(w, &w->done, 40);
	for (int op = 0; op < 70; op++)
		assert_int_equal(w->ends[op], op < 30 ? -1 : WALLET_DONE);
	assert_int_equal(w->mute, 5);			/* its budget, and no more */
	assert_true(wallet_client_ready(w->client, &why));
	wallet_client_free(other);
	http_client_free(http);
}

#define AWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start_world, stop_world)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		AWAY_TEST(test_refused_at_once), AWAY_TEST(test_resolution_goes_on_one_at_a_time),
		AWAY_TEST(test_one_trial), AWAY_TEST(test_server_errors_open_it_and_refusals_do_not),
		AWAY_TEST(test_one_caller_shuts_out_nobody), AWAY_TEST(test_rate_limit), AWAY_TEST(test_half_for_customers),
		AWAY_TEST(test_a_mute_core_is_nobody_elses),
	};

	return cmocka_run_group_tests_name("wallet_away", tests, NULL, NULL);
}
