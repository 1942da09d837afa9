/* SPDX-License-Identifier: Apache-2.0 */
/* The wallet client's calls and its login; wallet cores that are away or slow are test_wallet_away.c. */
#include "tests/unit/wallet_world.h"

static void
test_parallel_calls_share_one_login(void **state)
{
	struct world *w = *state;
	const char *why;

	w->login_mood = HOLD;
	start_client(w);
	assert_true(wallet_client_ready(w->client, &why));	/* no reason to doubt yet */
	for (uint64_t op = 0; op < 10; op++)
		call(w, op, LONG_MS);
	assert_int_equal(wallet_client_busy(w->client), 10);
	wait_for(w, &w->logins, 1);
	settle(w);
	assert_int_equal(w->logins, 1);
	assert_int_equal(w->calls, 0);
	w->held_n = 0;
	answer_login(w, w->held[0]);
	wait_for(w, &w->done, 10);
	assert_int_equal(w->logins, 1);
	assert_int_equal(w->calls, 10);
	assert_int_equal(w->rejected, 0);
	assert_int_equal(wallet_client_busy(w->client), 0);
	assert_int_equal(w->last.end, WALLET_DONE);
	assert_int_equal(w->last.wallet[0].available, 1050);
	assert_true(wallet_client_ready(w->client, &why));
	assert_string_equal(why, "");
}

static void
test_login_that_does_not_end_in_time(void **state)
{
	struct world *w = *state;

	w->login_mood = SWALLOW;
	start_client(w);
	call(w, 0, 50);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_LATER);	/* never sent: certainly not processed */
	assert_int_equal(w->calls, 0);
	/* A customer's call does not need it. */
	w->token = 77;
	call_with(w, 1, "Bearer t77", LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[1], WALLET_DONE);
}

static void
test_401_is_one_login_and_one_repeat(void **state)
{
	struct world *w = *state;

	start_client(w);
	call(w, 0, LONG_MS);
	wait_for(w, &w->done, 1);
	w->token++;		/* the core has forgotten the token */
	for (uint64_t op = 1; op <= 4; op++)
		call(w, op, LONG_MS);
	wait_for(w, &w->done, 5);
	for (int op = 1; op <= 4; op++)
		assert_int_equal(w->ends[op], WALLET_DONE);
	assert_int_equal(w->logins, 2);
	assert_int_equal(w->calls, 1 + 2 * 4);
	assert_int_equal(w->rejected, 4);
}

static void
test_401_for_ever(void **state)
{
	struct world *w = *state;

	w->takes_no_token = true;
	start_client(w);
	call(w, 0, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_LATER);
	assert_string_equal(w->last.code, "ARCH014");
	assert_int_equal(w->calls, 2);
	assert_int_equal(w->logins, 2);
	/* A login that was forced just now and did not help is not forced again. */
	call(w, 1, LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[1], WALLET_LATER);
	assert_int_equal(w->calls, 3);
	assert_int_equal(w->logins, 2);
}

/* The core lets the service user in, but answers one kind of call with 401 whatever the token. */
static void
test_401_for_one_call_only(void **state)
{
	struct world *w = *state;
	struct wallet_req req = { .op = WALLET_GET, .wallet_id = 8 };

	start_client(w);
	wallet_client_call(w->client, 0, &req, LONG_MS, on_done, w);
	wait_for(w, &w->strange, 1);
	answer_error(w, w->held[0], 401, "BUSINESS", "SEC001");
	wait_for(w, &w->strange, 2);
	call(w, 1, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[1], WALLET_DONE);
	answer_error(w, w->held[1], 401, "BUSINESS", "SEC001");
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[0], WALLET_LATER);
	assert_int_equal(w->strange, 2);
	assert_int_equal(w->logins, 2);
	w->held_n = 0;
}

static void
test_customers_jwt(void **state)
{
	struct world *w = *state;

	start_client(w);
	call_with(w, 0, CUSTOMER_JWT, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_AUTH);	/* theirs: neither login nor repeat */
	assert_int_equal(w->calls, 1);
	assert_int_equal(w->logins, 1);
	assert_string_equal(w->seen_auth, CUSTOMER_JWT);
}

static void
test_customers_login(void **state)
{
	struct world *w = *state;
	struct wallet_req req = { .op = WALLET_LOGIN, .identity = "ac-1-1", .password = "wrong" };

	start_client(w);
	wait_for(w, &w->logins, 1);
	wallet_client_call(w->client, 0, &req, LONG_MS, on_done, w);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_AUTH);
	assert_string_equal(w->last.code, "USR002");
	assert_string_equal(w->seen_auth, "");
	assert_string_equal(w->seen_body, "{\"identity\":\"ac-1-1\",\"password\":\"wrong\"}");
	assert_int_equal(w->logins, 2);		/* the service does not log in again for it */
}

static void
test_refused_login_backs_off(void **state)
{
	struct world *w = *state;
	const char *why;

	w->login_mood = REFUSE;
	start_client(w);
	call(w, 0, LONG_MS);
	call_with(w, 1, "Bearer t0", LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[0], WALLET_LATER);
	assert_int_equal(w->ends[1], WALLET_DONE);
	assert_false(wallet_client_ready(w->client, &why));
	assert_string_equal(why, "login refused, status 401 USR002");
	for (uint64_t op = 2; op < 20; op++)
		call(w, op, LONG_MS);
	wait_for(w, &w->done, 20);
	assert_int_equal(w->ends[19], WALLET_LATER);
	assert_int_equal(w->logins, 1);			/* no storm */
	/* It recovers by itself. */
	w->login_mood = ANSWER;
	wait_for(w, &w->ready, 1);
	call(w, 20, LONG_MS);
	wait_for(w, &w->done, 21);
	assert_int_equal(w->ends[20], WALLET_DONE);
	assert_true(wallet_client_ready(w->client, &why));
}

static void
test_no_core_at_all(void **state)
{
	struct world *w = *state;
	const char *why;

	/* Nobody listens where a server has been. */
	http_server_stop_accepting(w->server);
	http_server_free(w->server);
	w->server = NULL;
	start_client(w);
	call(w, 0, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_LATER);
	assert_false(wallet_client_ready(w->client, &why));
	assert_string_equal(why, "login failed, status 0 ");
	call_with(w, 1, CUSTOMER_JWT, LONG_MS);
	wait_for(w, &w->done, 2);
	assert_int_equal(w->ends[1], WALLET_LATER);	/* no connection: certainly not sent */
}

static void
test_renewal(void **state)
{
	struct world *w = *state;

	w->life_s = 3;		/* a life of seconds: renewed at its half */
	start_client(w);
	wait_for(w, &w->renews, 1);
	assert_int_equal(w->logins, 1);
	assert_string_equal(w->seen_body, "{\"jwt\":\"t1\"}");
	/* A renewal that is refused becomes a login. */
	w->renew_mood = REFUSE;
	wait_for(w, &w->logins, 2);
	assert_int_equal(w->renews, 2);
	call(w, 0, LONG_MS);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_DONE);
	assert_int_equal(w->rejected, 0);
}

static void
test_expired_token_is_not_sent(void **state)
{
	struct world *w = *state;

	start_client(w);
	call(w, 0, LONG_MS);
	wait_for(w, &w->done, 1);
	loop_set_wall_offset(w->loop, 901 * 1000);
	call(w, 1, LONG_MS);
	call(w, 2, LONG_MS);
	wait_for(w, &w->done, 3);
	assert_int_equal(w->ends[1], WALLET_DONE);
	assert_int_equal(w->logins, 2);
	assert_int_equal(w->rejected, 0);
}

/* The core's clock is behind by more than a life: its tokens are used, and there is no storm. */
static void
test_clocks_apart(void **state)
{
	struct world *w = *state;

	w->life_s = -100;
	start_client(w);
	for (uint64_t op = 0; op < 5; op++) {
		call(w, op, LONG_MS);
		wait_for(w, &w->done, (int)op + 1);
		assert_int_equal(w->ends[op], WALLET_DONE);
	}
	assert_int_equal(w->logins, 1);
}

static void
test_mute_core_is_unknown(void **state)
{
	struct world *w = *state;
	const char *why;

	start_client(w);
	wait_for(w, &w->logins, 1);
	w->call_mood = SWALLOW;
	w->renew_mood = SWALLOW;
	call(w, 0, 100);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[0], WALLET_UNKNOWN);
	assert_int_equal(w->last.http, 0);
	assert_int_equal(w->calls, 1);			/* not sent again */
	assert_true(wallet_client_ready(w->client, &why));
	call(w, 1, 100);
	call(w, 2, 100);
	wait_for(w, &w->done, 3);
	assert_false(wallet_client_ready(w->client, &why));
	assert_string_equal(why, "no answers");
	wait_for(w, &w->renews, 1);			/* a sign of life is asked for */
	/* The next call is a trial: an answer that a working core gives is one. */
	w->call_mood = REFUSE;
	call(w, 3, LONG_MS);
	wait_for(w, &w->done, 4);
	assert_int_equal(w->ends[3], WALLET_REFUSED);
	assert_true(wallet_client_ready(w->client, &why));
}

static void
test_sign_of_life_by_renewal(void **state)
{
	struct world *w = *state;
	const char *why;

	start_client(w);
	wait_for(w, &w->logins, 1);
	w->call_mood = SWALLOW;
	w->renew_mood = HOLD;
	for (uint64_t op = 0; op < 3; op++)
		call(w, op, 50);
	wait_for(w, &w->renews, 1);
	assert_false(wallet_client_ready(w->client, &why));
	w->ready = 0;
	w->held_n = 0;
	answer_login(w, w->held[0]);
	wait_for(w, &w->ready, 1);		/* without any further call */
	assert_int_equal(w->renews, 1);
	assert_int_equal(w->logins, 1);
}

static void
test_ends_and_metrics(void **state)
{
	struct world *w = *state;
	static const struct {
		enum mood mood;
		enum wallet_end end;
		enum metric metric;
	} want[] = {
		{ REFUSE, WALLET_REFUSED, M_WALLET_REFUSED },
		{ LIMIT, WALLET_LATER, M_WALLET_LATER },
		{ BREAK, WALLET_UNKNOWN, M_WALLET_UNKNOWN }
	};
	int64_t calls = metric_get(M_WALLET_CALLS), logins = metric_get(M_WALLET_LOGINS);

	start_client(w);
	for (size_t i = 0; i < NELEM(want); i++) {
		int64_t before = metric_get(want[i].metric);

		w->call_mood = want[i].mood;
		call(w, i, LONG_MS);
		wait_for(w, &w->done, (int)i + 1);
		assert_int_equal(w->ends[i], want[i].end);
		assert_int_equal(metric_get(want[i].metric), before + 1);
	}
	assert_int_equal(w->calls, 3);
	assert_int_equal(metric_get(M_WALLET_CALLS), calls + 3);
	assert_int_equal(metric_get(M_WALLET_LOGINS), logins + 1);
}

static void
test_calls_under_way_are_bounded(void **state)
{
	struct world *w = *state;

	w->tenant.wallet.connections = 2;
	w->call_mood = HOLD;
	start_client(w);
	for (uint64_t op = 0; op < 6; op++)
		call(w, op, LONG_MS);
	call(w, 6, 50);			/* its time is over before there is room */
	wait_for(w, &w->calls, 2);
	wait_for(w, &w->done, 1);
	assert_int_equal(w->ends[6], WALLET_LATER);
	assert_int_equal(w->calls, 2);
	assert_int_equal(w->most_at_once, 2);
	w->call_mood = ANSWER;
	release_all(w);
	wait_for(w, &w->done, 7);
	assert_int_equal(w->calls, 6);
	assert_int_equal(w->most_at_once, 2);
	for (int op = 0; op < 6; op++)
		assert_int_equal(w->ends[op], WALLET_DONE);
}

static void
test_waiting_calls_are_bounded(void **state)
{
	struct world *w = *state;

	w->tenant.wallet.connections = 1;
	w->call_mood = HOLD;
	start_client(w);
	call(w, 0, LONG_MS);
	wait_for(w, &w->calls, 1);
	assert_int_equal(metric_get(M_WALLET_FULL), 0);
	for (uint64_t op = 1; op <= 34; op++)
		call(w, op, LONG_MS);
	wait_for(w, &w->done, 2);	/* 32 may wait */
	assert_int_equal(metric_get(M_WALLET_FULL), 2);
	assert_int_equal(w->ends[33], WALLET_LATER);
	assert_int_equal(w->ends[34], WALLET_LATER);
	assert_int_equal(w->ends[32], -1);
	w->call_mood = ANSWER;
	release_all(w);
	wait_for(w, &w->done, 35);
	assert_int_equal(w->ends[32], WALLET_DONE);
	assert_int_equal(w->calls, 33);
}

static void
test_free_completes_each_call_once(void **state)
{
	struct world *w = *state;

	w->tenant.wallet.connections = 2;
	w->call_mood = HOLD;
	start_client(w);
	for (uint64_t op = 0; op < 4; op++)
		call(w, op, LONG_MS);
	wait_for(w, &w->calls, 2);
	wallet_client_free(w->client);
	w->client = NULL;
	assert_int_equal(w->done, 4);
	assert_int_equal(w->ends[0], WALLET_UNKNOWN);	/* sent */
	assert_int_equal(w->ends[1], WALLET_UNKNOWN);
	assert_int_equal(w->ends[2], WALLET_LATER);	/* not sent */
	assert_int_equal(w->ends[3], WALLET_LATER);
	release_all(w);					/* the late answers find nobody */
	settle(w);
	assert_int_equal(w->done, 4);
}

static void
free_in_callback(void *arg, uint64_t op, const struct wallet_answer *ans)
{
	struct world *w = arg;

	on_done(w, op, ans);
	if (w->client != NULL) {
		struct wallet_client *c = w->client;

		w->client = NULL;
		wallet_client_free(c);
	}
}

static void
test_free_inside_a_completion(void **state)
{
	struct world *w = *state;
	struct wallet_req req = { .op = WALLET_GET, .wallet_id = 7 };

	w->tenant.wallet.connections = 1;
	start_client(w);
	for (uint64_t op = 0; op < 3; op++)
		wallet_client_call(w->client, op, &req, LONG_MS, free_in_callback, w);
	wait_for(w, &w->done, 3);
	assert_int_equal(w->ends[0], WALLET_DONE);
	assert_int_equal(w->ends[1], WALLET_LATER);
	settle(w);
}

/* Every failure is logged, with what support needs and nothing that is secret. */
static void
test_log_tells_no_secret(void **state)
{
	struct world *w = *state;
	struct wallet_req req = { .op = WALLET_LOGIN, .identity = "ac-1-1",
		.password = "pin-derived" };
	static char text[16384];
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(log);
	assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
	start_client(w);
	w->call_mood = REFUSE;
	call(w, 0, LONG_MS);
	call_with(w, 1, CUSTOMER_JWT, LONG_MS);
	wallet_client_call(w->client, 2, &req, LONG_MS, on_done, w);
	wait_for(w, &w->done, 3);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(log);
	n = fread(text, 1, sizeof text - 1, log);
	text[n] = '\0';
	fclose(log);
	assert_non_null(strstr(text,
	    "wallet call tenant=acme call=\"wallet get\" end=refused status=400 code=WAL009 "
	    "trace=\"abc\" ms="));
	assert_non_null(strstr(text, "call=\"login\" end=auth status=401 code=USR002"));
	assert_null(strstr(text, "Bearer"));
	assert_null(strstr(text, "customer.jwt"));
	assert_null(strstr(text, PASSWORD));
	assert_null(strstr(text, "pin-derived"));
}

#define CLIENT_TEST(f) cmocka_unit_test_setup_teardown(f, start_world, stop_world)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_parallel_calls_share_one_login),
		CLIENT_TEST(test_login_that_does_not_end_in_time),
		CLIENT_TEST(test_401_is_one_login_and_one_repeat),
		CLIENT_TEST(test_401_for_ever),
		CLIENT_TEST(test_401_for_one_call_only),
		CLIENT_TEST(test_customers_jwt),
		CLIENT_TEST(test_customers_login),
		CLIENT_TEST(test_refused_login_backs_off),
		CLIENT_TEST(test_no_core_at_all),
		CLIENT_TEST(test_renewal),
		CLIENT_TEST(test_expired_token_is_not_sent),
		CLIENT_TEST(test_clocks_apart),
		CLIENT_TEST(test_mute_core_is_unknown),
		CLIENT_TEST(test_sign_of_life_by_renewal),
		CLIENT_TEST(test_ends_and_metrics),
		CLIENT_TEST(test_calls_under_way_are_bounded),
		CLIENT_TEST(test_waiting_calls_are_bounded),
		CLIENT_TEST(test_free_completes_each_call_once),
		CLIENT_TEST(test_free_inside_a_completion),
		CLIENT_TEST(test_log_tells_no_secret),
	};

	return cmocka_run_group_tests_name("wallet_client", tests, NULL, NULL);
}
