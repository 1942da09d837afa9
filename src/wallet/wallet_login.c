/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One state, one timer, at most one request. The token stays in use while a newer one is fetched,
 * and also when that fails, until its end. Holds no list of who waits: that is the client's.
 */
#include "wallet/wallet_login.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/retry_after.h"
#include "core/wallet.h"
#include "io/loop.h"
#include "wallet/chance.h"
#include "wallet/wallet_send.h"

#define EARLY_MS 60000		/* renewed so long before the end, or after 80 % of the life */
#define SOONEST_MS 1000
#define NO_CLOCK_MS 60000	/* until the next one, when the end of a token cannot be true */
#define PROVE_MS 5000		/* no second forced login within it, unless the first one helped */

enum login_state { LOGIN_IDLE, LOGIN_RENEWING, LOGIN_RUNNING, LOGIN_BACKOFF, LOGIN_STATES };

static const char *const state_name[LOGIN_STATES] = {
	"idle", "renewing", "logging in", "backing off"
};

#define TO(s) (1u << (s))
static const unsigned state_next[LOGIN_STATES] = {
	[LOGIN_IDLE] = TO(LOGIN_RENEWING) | TO(LOGIN_RUNNING),
	[LOGIN_RENEWING] = TO(LOGIN_IDLE) | TO(LOGIN_RUNNING) | TO(LOGIN_BACKOFF),
	[LOGIN_RUNNING] = TO(LOGIN_IDLE) | TO(LOGIN_BACKOFF),
	[LOGIN_BACKOFF] = TO(LOGIN_RUNNING),
};

/* After failures in a row, doubled with each. A refused user needs a person; haste may lock it. */
static const struct {
	int64_t first_ms, max_ms;
} delay_of[] = { [false] = { 500, 30000 }, [true] = { 1000, 300000 } };

struct wallet_login {		/* owned by the wallet client; buried after its last answer */
	struct loop *loop;
	struct http_client *http;
	const struct tenant_settings *tenant;
	void (*on_end)(void *arg, bool ok);
	void *arg;
	enum login_state state;
	struct timer timer;	/* IDLE: renewal; BACKOFF: the next try */
	char token[WALLET_JWT];
	int64_t end_ms;		/* of the token, wall clock; 0: not known */
	int64_t taken_at;	/* loop_now() */
	uint64_t number;
	bool forced;		/* the one before was not taken, and this one is unproved itself */
	unsigned failures;	/* in a row */
	int64_t not_before;	/* loop_now(): the core wants to be left alone until then */
	bool limited, silent;	/* how the last try ended: with a rate limit, without a believable answer */
	int64_t limited_ms;	/* as the core said, -1: it did not */
	char why[80];		/* of the last one */
	bool closed;
	struct deferred burial;
	struct wallet_answer answer;
};

static void start(struct wallet_login *g, enum login_state how);

static void
enter(struct wallet_login *g, enum login_state to)
{
	if (!(state_next[g->state] & TO(to)))
		fatalx("wallet login: %s -> %s", state_name[g->state], state_name[to]);
	log_debug(0, "wallet login", "tenant=%s %s -> %s", g->tenant->name, state_name[g->state],
	    state_name[to]);
	g->state = to;
	timer_stop(&g->timer);
}

static bool
in_progress(const struct wallet_login *g)
{
	return g->state == LOGIN_RENEWING || g->state == LOGIN_RUNNING;
}

static void
bury(void *arg)
{
	struct wallet_login *g = arg;

	mem_wipe(g, sizeof *g);
	free(g);
}

/* Until renewal. A short life is not used up to its last minute, but it is to its half. */
static int64_t
renew_after(int64_t life)
{
	int64_t after = life / 10 * 8;

	if (life - EARLY_MS < after)
		after = life - EARLY_MS;
	if (after < life / 2)
		after = life / 2;
	return after < SOONEST_MS ? SOONEST_MS : after;
}

static void
take(struct wallet_login *g)
{
	int64_t life = g->answer.jwt_exp_ms - loop_wall(g->loop), after = NO_CLOCK_MS;

	memcpy(g->token, g->answer.jwt, sizeof g->token);
	g->end_ms = 0;
	if (life > 0) {
		g->end_ms = g->answer.jwt_exp_ms;
		after = renew_after(life);
	} else
		log_warn(0, "wallet login",
		    "tenant=%s why=\"the token was over before it came: compare the clocks\"",
		    g->tenant->name);
	g->number++;
	g->taken_at = loop_now(g->loop);
	g->failures = 0;
	g->why[0] = '\0';
	enter(g, LOGIN_IDLE);
	timer_arm(&g->timer, after);
	log_debug(0, "wallet login", "tenant=%s done life_ms=%" PRId64, g->tenant->name, life);
}

static void
fail(struct wallet_login *g, const char *why)
{
	const struct wallet_answer *a = &g->answer;
	bool refused = a->end == WALLET_AUTH || a->end == WALLET_REFUSED;
	unsigned doublings = g->failures < 16 ? g->failures : 16;
	int64_t delay = delay_of[refused].first_ms << doublings;

	if (delay > delay_of[refused].max_ms)
		delay = delay_of[refused].max_ms;
	delay += delay / 2 * chance() / UINT16_MAX;
	if (loop_now(g->loop) + delay < g->not_before)
		delay = g->not_before - loop_now(g->loop);
	g->failures++;
	str_format(g->why, sizeof g->why, "login %s, status %d %s", refused ? "refused" : "failed",
	    a->http, a->code);
	log_at(refused ? LOG_ERROR : LOG_WARN, 0, "wallet login",
	    "tenant=%s end=%s status=%d code=%s failures=%u next_ms=%" PRId64 " why=\"%s\"%s",
	    g->tenant->name, wallet_end_name(a->end), a->http, a->code, g->failures, delay, why,
	    refused ? " hint=\"check wallet_core.identity and its password_file\"" : "");
	enter(g, LOGIN_BACKOFF);
	timer_arm(&g->timer, delay);
}

static bool
held(const struct wallet_login *g)
{
	return loop_now(g->loop) < g->not_before;
}

static void
on_http(void *arg, uint64_t id, const struct http_result *r)
{
	static const struct wallet_req login = { .op = WALLET_LOGIN };
	struct wallet_login *g = arg;
	bool ok;

	(void)id;
	if (g->closed) {
		loop_bury(g->loop, &g->burial, bury, g);
		return;
	}
	if (r->end == HTTP_ANSWERED)
		wallet_parse(&login, r->status, r->body, r->len, &g->answer);
	else {
		memset(&g->answer, 0, sizeof g->answer);
		g->answer.end = r->end == HTTP_NOT_SENT ? WALLET_LATER : WALLET_UNKNOWN;
	}
	ok = g->answer.end == WALLET_DONE;
	g->limited = r->end == HTTP_ANSWERED && g->answer.end == WALLET_LATER;
	g->silent = g->answer.end == WALLET_UNKNOWN || r->end == HTTP_NOT_SENT;
	g->limited_ms = retry_after_ms(r->retry_after, r->limit_reset, loop_wall(g->loop));
	/* A renewed token is no help when the core has meanwhile refused the one it came from. */
	if (g->state == LOGIN_RENEWING && !g->limited && !held(g) && (!ok || g->token[0] == '\0')) {
		start(g, LOGIN_RUNNING);
		return;
	}
	if (ok)
		take(g);
	else
		fail(g, r->end != HTTP_ANSWERED && r->why != NULL ? r->why : "");
	mem_wipe(g->answer.jwt, sizeof g->answer.jwt);
	g->on_end(g->arg, ok);
}

static void
start(struct wallet_login *g, enum login_state how)
{
	const struct wallet_settings *s = &g->tenant->wallet;
	struct wallet_req req = { .op = WALLET_LOGIN };
	struct wallet_http out;

	enter(g, how);
	if (how == LOGIN_RENEWING)
		wallet_build_renew(g->token, &out);
	else {
		memcpy(req.identity, s->identity, sizeof req.identity);
		memcpy(req.password, s->password, sizeof req.password);
		wallet_build(&req, s->tenant_id, &out);
		mem_wipe(&req, sizeof req);
		metric_add(M_WALLET_LOGINS, 1);
	}
	wallet_send(g->http, g->tenant, &out, how == LOGIN_RENEWING ? g->token : "",
	    s->timeout_read_ms, on_http, g);
}

/* As soon as the core takes calls again, where it said that it takes none. */
static void
on_timer(void *arg)
{
	struct wallet_login *g = arg;
	bool renew = g->state == LOGIN_IDLE && wallet_login_token(g) != NULL;

	if (held(g))
		timer_arm(&g->timer, g->not_before - loop_now(g->loop));
	else
		start(g, renew ? LOGIN_RENEWING : LOGIN_RUNNING);
}

const char *
wallet_login_token(const struct wallet_login *g)
{
	if (g->token[0] == '\0' || (g->end_ms != 0 && loop_wall(g->loop) >= g->end_ms))
		return NULL;
	return g->token;
}

uint64_t
wallet_login_number(const struct wallet_login *g)
{
	return g->number;
}

void
wallet_login_want(struct wallet_login *g)
{
	if (g->state == LOGIN_IDLE && wallet_login_token(g) == NULL)
		on_timer(g);
}

void
wallet_login_refresh(struct wallet_login *g)
{
	if (g->state == LOGIN_IDLE)
		on_timer(g);
}

void
wallet_login_proved(struct wallet_login *g, uint64_t number)
{
	if (number == g->number)
		g->forced = false;
}

bool
wallet_login_rejected(struct wallet_login *g, uint64_t number)
{
	if (number != g->number || g->token[0] == '\0')
		return !wallet_login_hopeless(g);
	if (g->forced && loop_now(g->loop) - g->taken_at < PROVE_MS)
		return false;
	mem_wipe(g->token, sizeof g->token);
	g->forced = true;
	if (g->state == LOGIN_IDLE)
		on_timer(g);
	return in_progress(g);
}

bool
wallet_login_hopeless(const struct wallet_login *g)
{
	/* Of one that failed before, the next try is not waited for either. */
	return wallet_login_token(g) == NULL &&
	    (g->state == LOGIN_BACKOFF || (g->state == LOGIN_RUNNING && g->failures > 0));
}

void
wallet_login_hold(struct wallet_login *g, int64_t until)
{
	g->not_before = until;
}

bool
wallet_login_limited(const struct wallet_login *g, int64_t *said_ms)
{
	*said_ms = g->limited_ms;
	return g->limited;
}

bool
wallet_login_silent(const struct wallet_login *g)
{
	return g->silent;
}

bool
wallet_login_ready(const struct wallet_login *g, const char **why)
{
	*why = "";
	if (g->failures == 0 || wallet_login_token(g) != NULL)
		return true;
	*why = g->why;
	return false;
}

struct wallet_login *
wallet_login_new(struct loop *l, struct http_client *http, const struct tenant_settings *tenant,
    void (*on_end)(void *arg, bool ok), void *arg)
{
	struct wallet_login *g = xcalloc(1, sizeof *g);

	g->loop = l;
	g->http = http;
	g->tenant = tenant;
	g->on_end = on_end;
	g->arg = arg;
	timer_init(&g->timer, l, on_timer, g);
	start(g, LOGIN_RUNNING);
	return g;
}

void
wallet_login_free(struct wallet_login *g)
{
	timer_stop(&g->timer);
	g->closed = true;
	if (!in_progress(g))
		loop_bury(g->loop, &g->burial, bury, g);
}
