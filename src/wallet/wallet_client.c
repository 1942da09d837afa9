/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to one tenant's wallet core. A call waits in one list until there is room
 * (wallet.connections) and, for the service user's calls, a login; then it is under way, and only
 * the HTTP client ends it. The login itself is wallet_login.c. Does not retry: what is unknown is
 * for the intent to ask about.
 *
 * A core that does not answer is not called (core/breaker.h), one that says "too many" is left
 * alone for as long as it says. What finds out about money that may have moved goes first, on at
 * most half of the connections, and waits where other calls are refused.
 */
#include "wallet/wallet_client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/metric.h"
#include "core/breaker.h"
#include "core/retry_after.h"
#include "io/loop.h"
#include "wallet/chance.h"
#include "wallet/wallet_login.h"
#include "wallet/wallet_send.h"

#define PAUSE_MS 1000		/* after a rate limit that does not say how long; doubled while it goes on */
#define PAUSE_DOUBLINGS 5

struct call {			/* owned by the client's list, freed on completion */
	struct list node;	/* of c->waiting or c->under_way */
	struct wallet_client *c;
	uint64_t op;
	wallet_done *done;
	void *arg;
	struct wallet_req req;	/* may hold a password or a JWT: wiped */
	int64_t began, deadline;	/* loop_now() */
	struct timer timer;	/* the deadline while it waits */
	struct deferred refuse;	/* it will be LATER in the next turn */
	const char *why;	/* of that */
	uint64_t token;		/* number of the login that it was sent with */
	struct breaker_pass pass;	/* once it is sent */
	bool sent, repeated;
	struct wallet_carried *document;	/* ours; NULL of all other calls */
};

struct wallet_client {
	struct loop *loop;
	struct http_client *http;
	const struct tenant_settings *tenant;
	struct wallet_login *login;
	struct list waiting, under_way;
	unsigned waiting_n, under_way_n;
	unsigned resolving_n;		/* of those under way */
	unsigned requests;		/* callbacks of the HTTP client that will still come */
	struct breaker breaker;
	struct timer trial;		/* then a core that was given up is asked for a sign of life */
	int64_t paused_until;		/* loop_now(): nothing is sent before it */
	struct timer unpause;
	unsigned pauses;		/* in a row */
	bool closed;
	struct deferred burial;
	struct wallet_answer answer;	/* too big for a stack; one callback at a time */
};

static void pump(struct wallet_client *c);

static bool
as_service(const struct call *k)
{
	return k->req.jwt[0] == '\0' && k->req.op != WALLET_LOGIN;
}

static void
bury(void *arg)
{
	struct wallet_client *c = arg;

	mem_wipe(&c->answer, sizeof c->answer);
	free(c);
}

static void
bury_when_quiet(struct wallet_client *c)
{
	if (c->closed && c->requests == 0)
		loop_bury(c->loop, &c->burial, bury, c);
}

static void
count(enum wallet_end end)
{
	static const enum metric metric[] = {
		[WALLET_REFUSED] = M_WALLET_REFUSED, [WALLET_LATER] = M_WALLET_LATER,
		[WALLET_UNKNOWN] = M_WALLET_UNKNOWN
	};

	if (end == WALLET_REFUSED || end == WALLET_LATER || end == WALLET_UNKNOWN)
		metric_add(metric[end], 1);
}

/* A refusal or a wrong PIN is everyday life; what was not answered is somebody's fault. */
static void
log_end(const struct call *k, const struct wallet_answer *a, const char *why)
{
	bool unanswered = a->end == WALLET_LATER || a->end == WALLET_UNKNOWN;
	char trace[4 * sizeof a->trace];

	if (a->end == WALLET_DONE)
		return;
	log_at(unanswered ? LOG_WARN : LOG_INFO, k->op, "wallet call",
	    "tenant=%s call=\"%s\" end=%s status=%d code=%s trace=\"%s\" ms=%" PRId64 " why=\"%s\"",
	    k->c->tenant->name, wallet_op_name(k->req.op), wallet_end_name(a->end), a->http,
	    a->code, log_quote(a->trace, strlen(a->trace), trace, sizeof trace),
	    loop_now(k->c->loop) - k->began, why);
}

/* The only end of a call. c->answer says how. */
static void
complete(struct call *k, const char *why)
{
	struct wallet_client *c = k->c;
	wallet_done *done = k->done;

	list_remove(&k->node);
	timer_stop(&k->timer);
	loop_undefer(&k->refuse);
	if (k->sent) {
		c->under_way_n--;
		c->resolving_n -= k->req.resolves;
	} else
		c->waiting_n--;
	count(c->answer.end);
	log_end(k, &c->answer, why);
	k->done = NULL;
	mem_wipe(&k->req, sizeof k->req);
	if (k->document != NULL)
		c->answer.document = k->document->end;
	done(k->arg, k->op, &c->answer);
	mem_wipe(&c->answer, sizeof c->answer);
}

static void
call_free(struct call *k)
{
	if (k->document != NULL)
		wallet_carried_free(k->document);
	free(k);
}

static void
finish(struct call *k, const char *why)
{
	complete(k, why);
	call_free(k);
}

static void
finish_without_answer(struct call *k, enum wallet_end end, const char *why)
{
	struct wallet_answer *a = &k->c->answer;

	memset(a, 0, sizeof *a);
	a->end = end;
	finish(k, why);
}

static void
on_deadline(void *arg)
{
	metric_add(M_WALLET_WAITED, 1);
	finish_without_answer(arg, WALLET_LATER, "no room or no login in time");
}

static void
on_refuse(void *arg)
{
	struct call *k = arg;

	finish_without_answer(k, WALLET_LATER, k->why);
}

static void
refuse(struct call *k, const char *why)
{
	k->why = why;
	loop_defer(k->c->loop, &k->refuse, on_refuse, k);
}

/* ---- a core that does not answer ---- */

static void
note_state(struct wallet_client *c, enum breaker_state before)
{
	enum breaker_state now = c->breaker.state;

	if (now == before)
		return;
	log_at(now == BREAKER_OPEN ? LOG_WARN : LOG_INFO, 0, "wallet core",
	    "tenant=%s calls=%s openings=%u", c->tenant->name, breaker_state_name(now),
	    c->breaker.openings);
	metric_add(M_WALLET_OPEN, (now != BREAKER_CLOSED) - (before != BREAKER_CLOSED));
	if (now != BREAKER_OPEN) {
		/* Where only one caller tries and fails, the login goes on telling. */
		if (now == BREAKER_CLOSED || c->breaker.alive)
			timer_stop(&c->trial);
		return;
	}
	metric_add(M_WALLET_OPENED, 1);
	timer_arm(&c->trial, c->breaker.until - loop_now(c->loop));
}

/* What it answered is no sign of a core that works: 5xx, a redirect, a page of somebody's proxy. */
static enum breaker_end
sign_of(const struct call *k, const struct wallet_answer *a, const struct http_result *r)
{
	if (r->end == HTTP_NOT_SENT && k->document != NULL)
		return BREAKER_NOTHING;
	if (r->end != HTTP_ANSWERED)
		return BREAKER_SILENT;
	if (a->end == WALLET_LATER)
		return BREAKER_NOTHING;
	if (r->status >= 200 && r->status <= 299)
		return a->end == WALLET_DONE ? BREAKER_ANSWERED : BREAKER_SILENT;
	return r->status >= 400 && r->status <= 499 ? BREAKER_ANSWERED : BREAKER_SILENT;
}

static void
note_end(struct call *k, const struct http_result *r)
{
	struct wallet_client *c = k->c;
	enum breaker_state before = c->breaker.state;

	breaker_end(&c->breaker, &k->pass, sign_of(k, &c->answer, r), loop_now(c->loop), chance());
	note_state(c, before);
}

/* The login tells whether the core is back, also while no customer asks for anything. */
static void
on_trial(void *arg)
{
	struct wallet_client *c = arg;

	if (c->breaker.state == BREAKER_TRYING && c->breaker.alive)
		return;
	wallet_login_refresh(c->login);
	timer_arm(&c->trial, c->breaker.open_ms);	/* until it is not open any more */
}

static enum breaker_call
kind_of(const struct call *k)
{
	if (k->req.resolves)
		return BREAKER_RESOLVES;
	return wallet_op_moves_money(k->req.op) ? BREAKER_MONEY : BREAKER_READ;
}

/* Nobody waits for a core that does not answer, or not before the time is over. */
static bool
shut_out(struct call *k)
{
	struct wallet_client *c = k->c;
	bool paused = c->paused_until >= k->deadline;

	if (!paused && !breaker_refuses(&c->breaker, kind_of(k), k->req.who, loop_now(c->loop)))
		return false;
	metric_add(M_WALLET_SHUT, 1);
	refuse(k, paused ? "rate limit" : "the core does not answer");
	return true;
}

/* ---- a core that is asked too much ---- */

static void
on_unpause(void *arg)
{
	pump(arg);
}

static void
pause_calls(struct wallet_client *c, int64_t said_ms)
{
	int64_t ms = said_ms >= 0 ? said_ms : (int64_t)PAUSE_MS << c->pauses, until;

	if (c->pauses < PAUSE_DOUBLINGS)
		c->pauses++;
	/* Many processes are told the same moment. */
	ms += (ms / 4 + 50) * chance() / UINT16_MAX;
	until = loop_now(c->loop) + ms;
	if (until <= c->paused_until)
		return;
	metric_add(M_WALLET_PAUSES, 1);
	log_warn(0, "wallet core", "tenant=%s paused_ms=%" PRId64 " why=\"rate limit\"", c->tenant->name, ms);
	c->paused_until = until;
	wallet_login_hold(c->login, until);
	timer_arm(&c->unpause, ms);
}

/* Back into the queue, at its head: it has waited longest. */
static void
wait_again(struct call *k)
{
	struct wallet_client *c = k->c;

	list_remove(&k->node);
	list_add_tail(c->waiting.next, &k->node);
	k->sent = false;
	c->under_way_n--;
	c->resolving_n -= k->req.resolves;
	c->waiting_n++;
	timer_arm(&k->timer, k->deadline > loop_now(c->loop) ? k->deadline - loop_now(c->loop) : 0);
}

/* A 401 to the service user was not processed (wallet-core.md 2.2): one login, one repeat. */
static bool
repeats(struct call *k)
{
	if (k->repeated || !wallet_login_rejected(k->c->login, k->token))
		return false;
	k->repeated = true;
	wait_again(k);
	return true;
}

/* false: it goes out once more. */
static bool
read_answer(struct call *k, const struct http_result *r)
{
	struct wallet_answer *a = &k->c->answer;

	if (a->end == WALLET_LATER) {
		pause_calls(k->c, retry_after_ms(r->retry_after, r->limit_reset, loop_wall(k->c->loop)));
		return true;
	}
	k->c->pauses = 0;
	if (!as_service(k))
		return true;
	if (a->end != WALLET_AUTH) {
		wallet_login_proved(k->c->login, k->token);
		return true;
	}
	a->end = WALLET_LATER;
	return !repeats(k);
}

static void
on_http(void *arg, uint64_t id, const struct http_result *r)
{
	struct call *k = arg;
	struct wallet_client *c = k->c;

	(void)id;
	c->requests--;
	if (k->done == NULL) {		/* completed by wallet_client_free() */
		call_free(k);
		bury_when_quiet(c);
		return;
	}
	if (r->end == HTTP_ANSWERED)
		wallet_parse(&k->req, r->status, r->body, r->len, &c->answer);
	note_end(k, r);
	if (r->end == HTTP_ANSWERED) {
		if (read_answer(k, r))
			finish(k, "");
	} else
		finish_without_answer(k, r->end == HTTP_NOT_SENT ? WALLET_LATER : WALLET_UNKNOWN,
		    r->why != NULL ? r->why : "");
	pump(c);
}

/* What is no fault of the core's says nothing about it. */
static void
on_pipe(void *arg, uint64_t id, const struct http_pipe_result *r)
{
	static const enum wallet_document ends[] = { [HTTP_PIPE_GONE] = DOCUMENT_GONE,
		[HTTP_PIPE_TOO_BIG] = DOCUMENT_TOO_BIG, [HTTP_PIPE_WRONG] = DOCUMENT_WRONG,
		[HTTP_PIPE_UNKNOWN] = DOCUMENT_CARRIED };
	struct call *k = arg;

	k->document->end = ends[r->end];
	on_http(arg, id, &(struct http_result){ .end = r->end == HTTP_PIPE_ANSWERED ? HTTP_ANSWERED :
		r->end == HTTP_PIPE_UNKNOWN ? HTTP_UNKNOWN : HTTP_NOT_SENT, .status = r->status, .body = r->body,
		.len = r->len, .why = r->why });
}

static void
send_call(struct call *k, const char *authorization, uint64_t token)
{
	struct wallet_client *c = k->c;
	struct wallet_http out;

	list_remove(&k->node);
	list_add_tail(&c->under_way, &k->node);
	timer_stop(&k->timer);
	c->waiting_n--;
	c->under_way_n++;
	c->resolving_n += k->req.resolves;
	c->requests++;
	k->sent = true;
	k->token = token;
	wallet_build(&k->req, c->tenant->wallet.tenant_id, &out);
	if (k->document != NULL)
		wallet_send_document(k->document, c->tenant, &out, authorization, k->deadline - loop_now(c->loop),
		    on_pipe, k);
	else
		wallet_send(c->http, c->tenant, &out, authorization, k->deadline - loop_now(c->loop), on_http, k);
}

static bool
has_room(const struct wallet_client *c, bool resolving)
{
	unsigned room = (unsigned)c->tenant->wallet.connections;

	return c->under_way_n < room && (!resolving || c->resolving_n < (room + 1) / 2);
}

/* The longest-waiting first. Who waits for a login does not hold up others. */
static void
send_those(struct wallet_client *c, bool resolving)
{
	struct list *it, *next;
	const char *service = wallet_login_token(c->login);
	int64_t now = loop_now(c->loop);

	LIST_EACH(it, next, &c->waiting) {
		struct call *k = LIST_OF(it, struct call, node);

		if (k->req.resolves != resolving || k->refuse.queued || k->deadline <= now)
			continue;
		if (shut_out(k) || (as_service(k) && service == NULL))
			continue;
		if (!has_room(c, resolving) ||
		    !breaker_begin(&c->breaker, kind_of(k), k->req.who, now, &k->pass))
			break;
		send_call(k, as_service(k) ? service : k->req.jwt, wallet_login_number(c->login));
	}
}

static void
pump(struct wallet_client *c)
{
	enum breaker_state before = c->breaker.state;

	if (c->closed || loop_now(c->loop) < c->paused_until)
		return;
	send_those(c, true);
	send_those(c, false);
	note_state(c, before);
}

/* Called by the login when it has ended, well or not. */
static void
on_login(void *arg, bool ok)
{
	struct wallet_client *c = arg;
	struct list *it, *next;
	enum breaker_state before = c->breaker.state;
	int64_t said_ms;

	if (wallet_login_limited(c->login, &said_ms))
		pause_calls(c, said_ms);
	else if (ok || wallet_login_silent(c->login))
		breaker_sign(&c->breaker, ok, loop_now(c->loop), chance());
	note_state(c, before);
	if (wallet_login_hopeless(c->login)) {
		LIST_EACH(it, next, &c->waiting) {
			struct call *k = LIST_OF(it, struct call, node);

			if (as_service(k))
				refuse(k, "no login");
		}
	}
	pump(c);
}

static void
call(struct wallet_client *c, struct wallet_carried *document, uint64_t op, const struct wallet_req *req,
    int64_t timeout_ms, wallet_done *done, void *arg)
{
	struct call *k = xcalloc(1, sizeof *k);

	k->c = c;
	k->document = document;
	k->op = op;
	k->done = done;
	k->arg = arg;
	k->req = *req;
	k->began = loop_now(c->loop);
	k->deadline = k->began + timeout_ms;
	timer_init(&k->timer, c->loop, on_deadline, k);
	metric_add(M_WALLET_CALLS, 1);
	list_add_tail(&c->waiting, &k->node);
	c->waiting_n++;
	if (c->waiting_n > (unsigned)c->tenant->wallet.waiting) {
		metric_add(M_WALLET_FULL, 1);
		refuse(k, "too many are waiting");
		return;
	}
	if (shut_out(k))
		return;
	if (as_service(k) && wallet_login_hopeless(c->login)) {
		refuse(k, "no login");
		return;
	}
	timer_arm(&k->timer, timeout_ms);
	if (as_service(k))
		wallet_login_want(c->login);
	pump(c);
}

void
wallet_client_call(struct wallet_client *c, uint64_t op, const struct wallet_req *req,
    int64_t timeout_ms, wallet_done *done, void *arg)
{
	call(c, NULL, op, req, timeout_ms, done, arg);
}

void
wallet_client_document(struct wallet_client *c, struct http_pipes *pipes, uint64_t op,
    const struct wallet_req *req, const struct wallet_source *source, int64_t timeout_ms, wallet_done *done, void *arg)
{
	call(c, wallet_carried_new(pipes, source), op, req, timeout_ms, done, arg);
}

bool
wallet_client_ready(const struct wallet_client *c, const char **why)
{
	*why = "";
	if (!wallet_login_ready(c->login, why))
		return false;
	if (c->breaker.state == BREAKER_CLOSED || (c->breaker.state == BREAKER_TRYING && c->breaker.alive))
		return true;
	*why = "no answers";
	return false;
}

unsigned
wallet_client_busy(const struct wallet_client *c)
{
	return c->waiting_n + c->under_way_n;
}

struct wallet_client *
wallet_client_new(struct loop *l, struct http_client *http, const struct tenant_settings *tenant)
{
	struct wallet_client *c = xcalloc(1, sizeof *c);

	c->loop = l;
	c->http = http;
	c->tenant = tenant;
	list_init(&c->waiting);
	list_init(&c->under_way);
	c->breaker.failures_max = (unsigned)tenant->wallet.breaker_failures;
	c->breaker.open_ms = (int64_t)tenant->wallet.breaker_open_s * 1000;
	timer_init(&c->trial, l, on_trial, c);
	timer_init(&c->unpause, l, on_unpause, c);
	c->login = wallet_login_new(l, http, tenant, on_login, c);
	return c;
}

void
wallet_client_free(struct wallet_client *c)
{
	if (c == NULL)
		return;
	c->closed = true;
	timer_stop(&c->trial);
	timer_stop(&c->unpause);
	metric_add(M_WALLET_OPEN, -(c->breaker.state != BREAKER_CLOSED));
	c->breaker.state = BREAKER_CLOSED;
	while (!list_empty(&c->waiting))
		finish_without_answer(LIST_OF(c->waiting.next, struct call, node), WALLET_LATER,
		    "shutting down");
	while (!list_empty(&c->under_way)) {
		struct call *k = LIST_OF(c->under_way.next, struct call, node);

		/* Its request still comes back, to on_http(). */
		memset(&c->answer, 0, sizeof c->answer);
		c->answer.end = WALLET_UNKNOWN;
		complete(k, "shutting down");
	}
	wallet_login_free(c->login);
	bury_when_quiet(c);
}
