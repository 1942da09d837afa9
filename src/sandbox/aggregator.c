/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request at a time for each dialogue. A reply that is late, or that the provider would not take, ends the dialogue
 * for the phone, and the provider tells us so if it tells us anything. What a customer typed is in requests only, never
 * in a log.
 */
#include "sandbox/aggregator.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "core/gsm.h"
#include "io/http_client.h"
#include "sandbox/box.h"
#include "sandbox/faults.h"

#define END_MS 10000			/* for our reply to the end of a dialogue */
#define USSD_SEPTETS 182		/* 160 octets on the air */
#define USSD_UNITS 80

struct aggregator {			/* in aggregators->list */
	struct aggregators *all;
	struct aggregator *next;
	const struct provider *dialect;
	const char *dialect_name;
	char *url, *event_url, *key, *name;
	enum provider_proof proof;
	int64_t posts, events, events_failed;
};

struct aggregators {
	struct box *x;
	struct aggregator *list;
	struct map *requests;		/* op -> struct dialogue */
	uint64_t next_op, next_session;
};

/* ---- what goes out ---- */

/* The channel of the dialogue takes the place of the last part of the path. */
static char *
address(const char *url, const struct dialogue *d)
{
	const char *slash = strrchr(url, '/');
	struct buf b = { 0 };

	if (d->channel[0] == '\0' || slash == NULL)
		return xstrdup(url);
	buf_add(&b, url, (size_t)(slash + 1 - url));
	buf_add_str(&b, d->channel);
	return b.p;
}

static uint64_t
post(struct aggregator *a, const struct provider_request *r, int64_t timeout_ms,
    void (*done)(void *, uint64_t, const struct http_result *), void *arg)
{
	struct http_out out = { .method = r->method, .url = buf_str(&r->url), .timeout_ms = timeout_ms,
	    .body = r->body.p, .len = r->body.len };

	for (int i = 0; i < r->headers_n; i++)
		out.headers[i] = r->headers[i];
	http_client_request(a->all->x->http, &out, ++a->all->next_op, done, arg);
	return a->all->next_op;
}

/* false: the provider sends nothing then. */
static bool
write_request(struct aggregator *a, struct dialogue *d, enum provider_event event, const char *text,
    struct provider_request *r)
{
	char *url = address(a->url, d), *event_url = address(a->event_url, d);
	struct provider_site site = { .dialect = a->dialect, .url = url, .event_url = event_url,
	    .keys = { { a->proof, a->name, a->key } } };
	bool wanted = provider_request(&site, &d->call, event, text, box_now(a->all->x), r);

	free(url);
	free(event_url);
	return wanted;
}

/* ---- the end of a dialogue ---- */

static void
on_end_read(void *arg, uint64_t op, const struct http_result *r)
{
	struct aggregator *a = arg;
	struct provider_site site = { .dialect = a->dialect };
	struct provider_answer answer = { r->status, r->content_type, r->body, r->len };
	char why[PROVIDER_WHY];

	(void)op;
	if (r->end == HTTP_ANSWERED && provider_read_end(&site, &answer, why))
		return;
	a->events_failed++;
	if (r->end == HTTP_ANSWERED && r->status == 200)
		box_violation(a->all->x, "%s", why);
}

static void
tell_end(struct aggregator *a, struct dialogue *d, enum provider_event event)
{
	struct provider_request r;

	if (!write_request(a, d, event, NULL, &r))
		return;
	a->events++;
	post(a, &r, END_MS, on_end_read, a);
	provider_request_clear(&r);
}

static void
fail(struct aggregator *a, struct dialogue *d, const char *why)
{
	d->open = false;
	tell_end(a, d, PROVIDER_FAILED);
	dialogue_fail(d, why);
}

/* ---- screens ---- */

/* What is wrong with a reply that is shown all the same. */
static void
check_screen(struct aggregator *a, const char *text)
{
	int septets = gsm_septets(text), units = ucs2_units(text);

	if (septets < 0 ? units > USSD_UNITS : septets > USSD_SEPTETS)
		box_violation(a->all->x, "%s: ussd screen is too long: %d septets, %d units", a->dialect_name, septets,
		    units);
}

static void
take_reply(struct aggregator *a, struct dialogue *d, const struct http_result *r)
{
	struct provider_site site = { .dialect = a->dialect };
	struct provider_answer answer = { r->status, r->content_type, r->body, r->len };
	char why[PROVIDER_WHY];
	bool open;

	if (!provider_read(&site, &d->call, &answer, &open, why)) {
		/* An error of its own is an answer that a gateway may give. */
		if (r->status == 200)
			box_violation(a->all->x, "%s", why);
		fail(a, d, r->status == 200 ? why : "the gateway answered with an error");
		return;
	}
	d->open = open;
	if (!open)
		tell_end(a, d, PROVIDER_DONE);
	check_screen(a, buf_str(&d->call.shown));
	dialogue_show(d, buf_str(&d->call.shown), open);
}

static void
on_reply(void *arg, uint64_t op, const struct http_result *r)
{
	struct aggregators *all = arg;
	struct dialogue *d = map_remove_u64(all->requests, op);

	if (d == NULL)
		return;
	d->request = 0;
	if (r->end != HTTP_ANSWERED)
		fail(d->aggregator, d, r->why);
	else
		take_reply(d->aggregator, d, r);
}

static void
stop_waiting(struct aggregator *a, struct dialogue *d)
{
	if (d->request != 0)
		map_remove_u64(a->all->requests, d->request);
	d->request = 0;
}

static void
begin(struct aggregator *a, struct dialogue *d)
{
	provider_call_begin(&d->call, a->dialect, d->msisdn, d->code, a->all->next_session++, box_now(a->all->x));
	d->open = true;
}

bool
aggregator_send(struct aggregator *a, struct dialogue *d, enum dialogue_step step, const char *text)
{
	static const enum provider_event events[] = {
		[STEP_BEGIN] = PROVIDER_BEGIN, [STEP_INPUT] = PROVIDER_INPUT, [STEP_REPEAT] = PROVIDER_REPEAT,
	};
	struct provider_request r;
	struct fault f;

	if (step == STEP_BEGIN)
		begin(a, d);
	if (!write_request(a, d, events[step], text, &r))
		return false;
	f = faults_match(a->all->x->faults, FAULT_AGGREGATOR, r.method, d->msisdn);
	stop_waiting(a, d);
	if (f.what == FAULT_DROP_BEFORE || f.what == FAULT_ERROR)
		d->open = false;
	else {
		a->posts++;
		d->request = post(a, &r, f.what == FAULT_DELAY ? f.ms : provider_answer_ms(a->dialect), on_reply,
		    a->all);
		map_put_u64(a->all->requests, d->request, d);
	}
	provider_request_clear(&r);
	return d->request != 0;
}

void
aggregator_forget(struct aggregator *a, struct dialogue *d)
{
	stop_waiting(a, d);
	d->open = false;
	provider_call_clear(&d->call);
}

void
aggregator_hangup(struct aggregator *a, struct dialogue *d, bool in_time)
{
	if (d->open)
		tell_end(a, d, in_time ? PROVIDER_HANGUP : PROVIDER_TIMEOUT);
	stop_waiting(a, d);
	d->open = false;
}

/* ---- all of them ---- */

struct aggregator *
aggregators_find(struct aggregators *all, const char *dialect)
{
	const char *name = strcmp(dialect, "http") == 0 ? "africastalking" : dialect;

	for (struct aggregator *a = all->list; a != NULL; a = a->next)
		if (strcmp(a->dialect_name, name) == 0)
			return a;
	return NULL;
}

static struct aggregator *
add(struct aggregators *all, const char *dialect)
{
	struct aggregator *a = xcalloc(1, sizeof *a);

	a->all = all;
	a->dialect = provider_find(dialect);
	for (size_t i = 0; strcmp(a->dialect_name = provider_name(i), dialect) != 0; i++)
		;
	a->proof = BY_URL;
	a->next = all->list;
	all->list = a;
	return a;
}

static void
set_text(char **place, const char *text)
{
	if (text == NULL)
		return;
	if (*place != NULL)
		mem_wipe(*place, strlen(*place));
	free(*place);
	*place = xstrdup(text);
}

bool
aggregators_set(struct aggregators *all, const char *dialect, const struct aggregator_options *o, const char **why)
{
	struct aggregator *a = aggregators_find(all, dialect);
	enum provider_proof proof = a != NULL ? a->proof : BY_URL;

	if (a == NULL && provider_find(dialect) == NULL)
		*why = "there is no such dialect";
	else if (a == NULL && o->url == NULL)
		*why = "this dialect has no aggregator yet: wanted: url";
	else if (o->proof != NULL && !provider_proof_find(o->proof, &proof))
		*why = "proof is none, url, header, basic or hmac";
	else {
		if (a == NULL)
			a = add(all, dialect);
		a->proof = proof;
		set_text(&a->url, o->url);
		set_text(&a->event_url, o->event_url != NULL ? o->event_url : o->url);
		set_text(&a->key, o->key);
		set_text(&a->name, o->name);
		return true;
	}
	return false;
}

struct aggregators *
aggregators_new(struct box *x)
{
	struct aggregators *all = xcalloc(1, sizeof *all);

	all->x = x;
	all->requests = map_new();
	all->next_session = rng_next(&x->rng);
	return all;
}

void
aggregators_free(struct aggregators *all)
{
	struct aggregator *a;

	if (all == NULL)
		return;
	while ((a = all->list) != NULL) {
		all->list = a->next;
		set_text(&a->key, "");
		free(a->key);
		free(a->name);
		free(a->url);
		free(a->event_url);
		free(a);
	}
	map_free(all->requests);
	free(all);
}

json_t *
aggregators_counts(const struct aggregators *all)
{
	json_t *o = json_object();

	for (const struct aggregator *a = all->list; a != NULL; a = a->next)
		json_object_set_new(o, a->dialect_name, json_pack("{s:I,s:I,s:I}", "posts", (json_int_t)a->posts,
		    "events", (json_int_t)a->events, "events_failed", (json_int_t)a->events_failed));
	return o;
}
