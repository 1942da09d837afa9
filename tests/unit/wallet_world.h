/* SPDX-License-Identifier: Apache-2.0 */
/* A wallet client over real sockets and a small wallet core on the same loop, which can hold, refuse and swallow. */
#pragma once
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
	int mute;		/* calls of another tenant, whose core accepts and never answers */
	int64_t asked[CALLS_MAX];	/* wallets in the order in which their calls came */
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
	/* Requests that a test answers itself; NULL: none. */
	bool (*other)(struct world *w, uint64_t id, const struct http_req *req);
};

static inline void
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

static inline void
answer_error(struct world *w, uint64_t id, int status, const char *type, const char *code)
{
	char body[128];

	assert_true(str_format(body, sizeof body,
	    "[{\"type\":\"%s\",\"code\":\"%s\",\"traceId\":\"abc\"}]", type, code));
	http_answer(w->server, id, status, "application/json", body, strlen(body));
}

static inline void
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

static inline void
on_call(struct world *w, uint64_t id, const char *authorization, int64_t wallet)
{
	char good[32];

	assert_true(str_format(good, sizeof good, "Bearer t%d", w->token));
	w->asked[w->calls % CALLS_MAX] = wallet;
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

static inline void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct world *w = arg;
	const char *authorization = http_req_header(req, "Authorization");
	size_t len;
	const char *body = http_req_body(req, &len);

	if (w->other != NULL && w->other(w, id, req))
		return;
	if (str_starts(http_req_path(req), "/mute/")) {
		w->mute++;
		return;
	}
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
		on_call(w, id, w->seen_auth, atol(strrchr(http_req_path(req), '/') + 1));
}

static inline void
on_done(void *arg, uint64_t op, const struct wallet_answer *ans)
{
	struct world *w = arg;

	assert_int_equal(w->ends[op], -1);	/* exactly once */
	w->ends[op] = (int)ans->end;
	w->done++;
	w->last = *ans;
}

static inline void
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
static inline void
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
static inline void
settle(struct world *w)
{
	static const int none;

	for (int i = 0; i < 5; i++)
		wait_for(w, &none, 0);
}

static inline void
call_with(struct world *w, uint64_t op, const char *jwt, int64_t timeout_ms)
{
	struct wallet_req req = { .op = WALLET_GET, .wallet_id = 7 };

	assert_true(str_copy(req.jwt, sizeof req.jwt, jwt));
	wallet_client_call(w->client, op, &req, timeout_ms, on_done, w);
	assert_int_equal(w->ends[op], -1);	/* never on the asker's stack */
}

static inline void
resolve(struct world *w, uint64_t op, int64_t wallet)
{
	struct wallet_req req = { .op = WALLET_GET, .wallet_id = wallet, .resolves = true };

	wallet_client_call(w->client, op, &req, LONG_MS, on_done, w);
}

static inline void
call(struct world *w, uint64_t op, int64_t timeout_ms)
{
	call_with(w, op, "", timeout_ms);
}

static inline void
release_all(struct world *w)
{
	for (int i = 0; i < w->held_n; i++)
		in_mood(w, ANSWER, w->held[i]);
	w->held_n = 0;
}

static inline int
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
	s->waiting = 32;
	s->breaker_failures = 3;
	s->breaker_open_s = 1;
	*state = w;
	return 0;
}

static inline void
start_client(struct world *w)
{
	w->client = wallet_client_new(w->loop, w->http, &w->tenant);
}

static inline int
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

