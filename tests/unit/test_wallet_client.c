/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wallet client over real sockets against a small wallet core on the same loop, which can hold,
 * refuse and swallow.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "wallet/wallet_client.h"

#define CALLS_MAX 100
#define GUARD_MS 20000
#define LONG_MS 10000
#define PASSWORD "very-secret-password"
#define CUSTOMER_JWT "Bearer customer.jwt.secret"

enum mood { ANSWER, HOLD, REFUSE, SWALLOW, LIMIT, BREAK };

struct world {
	struct loop *loop;
	struct http_server *server;
	struct http_client *http;
	struct wallet_client *client;
	struct tenant_settings tenant;
	/* the core */
	enum mood login_mood, renew_mood, call_mood;
	int64_t life_s;
	int token;		/* the number of the JWT that is good now */
	bool takes_no_token;
	int logins, renews, calls, rejected, most_at_once, at_once;
	int strange;		/* calls for wallet 8, always held */
	uint64_t held[CALLS_MAX];
	int held_n;
	char seen_auth[64], seen_body[256];
	/* what came back */
	int done;
	int ends[CALLS_MAX];	/* by op, -1: not yet */
	struct wallet_answer last;
	/* waiting */
	struct timer poll;
	const int *counter;
	int wanted, ready;
	int64_t guard;
};

static void
answer_login(struct world *w, uint64_t id)
{
	char body[256];

	w->token++;
	assert_true(str_format(body, sizeof body,
	    "{\"headerName\":\"Authorization\",\"headerValue\":\"Bearer t%d\","
	    "\"expiresEpochSecs\":%lld}", w->token,
	    (long long)(loop_wall(w->loop) / 1000 + w->life_s)));
	http_answer(w->server, id, 200, "application/json", body, strlen(body));
}

static void
answer_error(struct world *w, uint64_t id, int status, const char *type, const char *code)
{
	char body[128];

	assert_true(str_format(body, sizeof body,
	    "[{\"type\":\"%s\",\"code\":\"%s\",\"traceId\":\"abc\"}]", type, code));
	http_answer(w->server, id, status, "application/json", body, strlen(body));
}

static void
in_mood(struct world *w, enum mood mood, uint64_t id)
{
	static const char wallet[] =
	    "{\"walletId\":7,\"availableBalance\":10.5,\"status\":\"ACTIVE\"}";

	switch (mood) {
	case ANSWER:
		http_answer(w->server, id, 200, "application/json", wallet, strlen(wallet));
		break;
	case REFUSE:
		answer_error(w, id, 400, "BUSINESS", "WAL009");
		break;
	case LIMIT:
		answer_error(w, id, 429, "SYSTEM", "RLT001");
		break;
	case BREAK:
		answer_error(w, id, 500, "SYSTEM", "UNK001");
		break;
	case HOLD:
		w->held[w->held_n++] = id;
		break;
	case SWALLOW:
		return;
	}
	if (mood != HOLD)
		w->at_once--;
}

static void
on_call(struct world *w, uint64_t id, const char *authorization)
{
	char good[32];

	assert_true(str_format(good, sizeof good, "Bearer t%d", w->token));
	w->calls++;
	if (++w->at_once > w->most_at_once)
		w->most_at_once = w->at_once;
	if (w->takes_no_token || strcmp(authorization, good) != 0) {
		w->rejected++;
		w->at_once--;
		answer_error(w, id, 401, "BUSINESS", "ARCH014");
		return;
	}
	in_mood(w, w->call_mood, id);
}

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct world *w = arg;
	const char *authorization = http_req_header(req, "Authorization");
	size_t len;
	const char *body = http_req_body(req, &len);

	str_copy(w->seen_auth, sizeof w->seen_auth, authorization != NULL ? authorization : "");
	if (strcmp(http_req_path(req), "/core/rest/v1/authentication/login") == 0) {
		w->logins++;
		str_copyn(w->seen_body, sizeof w->seen_body, body, len);
		if (w->login_mood == REFUSE || strstr(w->seen_body, PASSWORD) == NULL)
			answer_error(w, id, 401, "BUSINESS", "USR002");
		else if (w->login_mood == HOLD)
			w->held[w->held_n++] = id;
		else if (w->login_mood == ANSWER)
			answer_login(w, id);
	} else if (strcmp(http_req_path(req), "/core/rest/v1/authentication/renew") == 0) {
		w->renews++;
		str_copyn(w->seen_body, sizeof w->seen_body, body, len);
		if (w->renew_mood == REFUSE)
			answer_error(w, id, 401, "BUSINESS", "ARCH014");
		else if (w->renew_mood == HOLD)
			w->held[w->held_n++] = id;
		else if (w->renew_mood == ANSWER)
			answer_login(w, id);
	} else if (strcmp(http_req_path(req), "/core/rest/v1/tenants/5987/wallets/8") == 0) {
		w->strange++;
		w->held[w->held_n++] = id;
	} else
		on_call(w, id, w->seen_auth);
}

static void
on_done(void *arg, uint64_t op, const struct wallet_answer *ans)
{
	struct world *w = arg;

	assert_int_equal(w->ends[op], -1);	/* exactly once */
	w->ends[op] = (int)ans->end;
	w->done++;
	w->last = *ans;
}

static void
on_poll(void *arg)
{
	struct world *w = arg;
	const char *why;

	w->ready = w->client != NULL && wallet_client_ready(w->client, &why);
	if (*w->counter >= w->wanted || loop_now(w->loop) > w->guard)
		loop_stop(w->loop);
	else
		timer_arm(&w->poll, 1);
}

/* Runs the loop until the counter is there; fails when it never gets there. */
static void
wait_for(struct world *w, const int *counter, int wanted)
{
	w->counter = counter;
	w->wanted = wanted;
	w->guard = loop_now(w->loop) + GUARD_MS;
	timer_arm(&w->poll, 1);
	loop_run(w->loop);
	assert_true(*counter >= wanted);
}

/* Until everything that was deferred and sent by now has had its turn. */
static void
settle(struct world *w)
{
	static const int none;

	for (int i = 0; i < 5; i++)
		wait_for(w, &none, 0);
}

static void
call_with(struct world *w, uint64_t op, const char *jwt, int64_t timeout_ms)
{
	struct wallet_req req = { .op = WALLET_GET, .wallet_id = 7 };

	assert_true(str_copy(req.jwt, sizeof req.jwt, jwt));
	wallet_client_call(w->client, op, &req, timeout_ms, on_done, w);
	assert_int_equal(w->ends[op], -1);	/* never on the asker's stack */
}

static void
call(struct world *w, uint64_t op, int64_t timeout_ms)
{
	call_with(w, op, "", timeout_ms);
}

static void
release_all(struct world *w)
{
	for (int i = 0; i < w->held_n; i++)
		in_mood(w, ANSWER, w->held[i]);
	w->held_n = 0;
}

static int
start_world(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);
	struct http_server_options so = { .name = "core", .address = "127.0.0.1:0",
		.connections = 50, .body_max = 65536, .header_max = 16384, .arrive_s = 30,
		.idle_s = 60, .answer_s = 60, .handler = on_request, .arg = w };
	struct http_client_options co = { .connections = 10, .waiting = 200, .answer_max = 65536 };
	struct wallet_settings *s = &w->tenant.wallet;
	char err[256] = "";

	w->loop = loop_new();
	w->server = http_server_new(w->loop, &so, err, sizeof err);
	if (w->server == NULL)
		fail_msg("%s", err);
	w->http = http_client_new(w->loop, &co);
	w->life_s = 900;
	for (int i = 0; i < CALLS_MAX; i++)
		w->ends[i] = -1;
	timer_init(&w->poll, w->loop, on_poll, w);
	assert_true(str_copy(w->tenant.name, sizeof w->tenant.name, "acme"));
	assert_true(str_format(s->url, sizeof s->url, "http://127.0.0.1:%d/core/",
	    http_server_port(w->server)));
	assert_true(str_copy(s->identity, sizeof s->identity, "acme-gateway"));
	assert_true(str_copy(s->password, sizeof s->password, PASSWORD));
	s->tenant_id = 5987;
	s->timeout_read_ms = LONG_MS;
	s->connections = 4;
	*state = w;
	return 0;
}

static void
start_client(struct world *w)
{
	w->client = wallet_client_new(w->loop, w->http, &w->tenant);
}

static int
stop_world(void **state)
{
	struct world *w = *state;

	wallet_client_free(w->client);
	http_client_free(w->http);
	http_server_free(w->server);
	timer_stop(&w->poll);
	loop_free(w->loop);
	free(w);
	return 0;
}

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
	wait_for(w, &w->logins, 2);
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
	/* Any answer is one. */
	w->call_mood = BREAK;
	call(w, 3, LONG_MS);
	wait_for(w, &w->done, 4);
	assert_int_equal(w->ends[3], WALLET_UNKNOWN);
	assert_int_equal(w->last.http, 500);
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
	for (uint64_t op = 1; op <= 34; op++)
		call(w, op, LONG_MS);
	wait_for(w, &w->done, 2);	/* 32 may wait */
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
