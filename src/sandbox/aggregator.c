/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each input is one POST of sessionId, phoneNumber, networkCode, serviceCode and text, the history
 * joined by '*' (protocols.md section 3). An answer that is late, not 200 or neither CON nor END
 * ends the dialogue, and the event that follows each dialogue says so. What a customer typed is in
 * the body only, never in a log.
 */
#include "sandbox/aggregator.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "core/gsm.h"
#include "io/http_client.h"
#include "sandbox/box.h"
#include "sandbox/faults.h"

#define ANSWER_MS 15000			/* Africa's Talking gives the application 15 s */
#define EVENT_MS 10000
#define NETWORK_CODE "65501"
#define USSD_SEPTETS 182			/* 160 octets on the air */
#define USSD_UNITS 80

struct aggregator {
	struct box *x;
	char *url, *event_url, *key;
	struct map *requests;		/* op -> struct dialogue */
	uint64_t next_op, next_session;
	int64_t posts, events, events_failed;
};

static void
add_escaped(struct buf *b, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";

	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
		if ((*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') ||
		    strchr("-._", *p) != NULL) {
			buf_add_char(b, (char)*p);
		} else {
			buf_add_char(b, '%');
			buf_add_char(b, hex[*p >> 4]);
			buf_add_char(b, hex[*p & 15]);
		}
	}
}

static void
add_field(struct buf *b, const char *name, const char *value)
{
	if (b->len > 0)
		buf_add_char(b, '&');
	buf_add_str(b, name);
	buf_add_char(b, '=');
	add_escaped(b, value);
}

static void
add_dialogue(struct buf *b, const struct dialogue *d)
{
	char phone[PHONE_MAX + 1];

	str_format(phone, sizeof phone, "+%s", d->msisdn);
	add_field(b, "sessionId", d->id);
	add_field(b, "serviceCode", d->code);
	add_field(b, "phoneNumber", phone);
	add_field(b, "networkCode", NETWORK_CODE);
}

/* The channel of the dialogue takes the place of the last part of the path. */
static void
address(const struct aggregator *a, const char *url, const struct dialogue *d, struct buf *out)
{
	const char *slash = strrchr(url, '/');

	if (d->channel[0] != '\0' && slash != NULL) {
		buf_add(out, url, (size_t)(slash + 1 - url));
		buf_add_str(out, d->channel);
	} else {
		buf_add_str(out, url);
	}
	if (a->key[0] != '\0') {
		buf_add_str(out, strchr(out->p, '?') != NULL ? "&" : "?");
		buf_add_str(out, "key=");
		add_escaped(out, a->key);
	}
}

static uint64_t
post(struct aggregator *a, const struct dialogue *d, const char *to, const struct buf *body,
    int64_t timeout_ms, void (*done)(void *, uint64_t, const struct http_result *))
{
	struct buf url = { 0 };
	struct http_out out = { .method = "POST", .timeout_ms = timeout_ms, .body = body->p,
	    .len = body->len, .headers = { "Content-Type: application/x-www-form-urlencoded" } };

	address(a, to, d, &url);
	out.url = buf_str(&url);
	http_client_request(a->x->http, &out, ++a->next_op, done, a);
	buf_clear(&url);
	return a->next_op;
}

static void
on_event_done(void *arg, uint64_t op, const struct http_result *r)
{
	struct aggregator *a = arg;

	(void)op;
	if (r->end != HTTP_ANSWERED || r->status >= 300)
		a->events_failed++;
}

static void
send_event(struct aggregator *a, const struct dialogue *d, const char *status, const char *problem)
{
	struct buf body = { 0 };
	char text[32];
	time_t now = (time_t)(box_now(a->x) / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	add_field(&body, "date", text);
	add_dialogue(&body, d);
	add_field(&body, "status", status);
	add_field(&body, "cost", "ZAR 0.30");
	str_format(text, sizeof text, "%" PRId64, loop_now(a->x->loop) - d->began);
	add_field(&body, "durationInMillis", text);
	str_format(text, sizeof text, "%d", d->hops);
	add_field(&body, "hopsCount", text);
	add_field(&body, "input", d->input != NULL ? d->input : "");
	add_field(&body, "lastAppResponse", "");
	add_field(&body, "errorMessage", problem);
	a->events++;
	post(a, d, a->event_url, &body, EVENT_MS, on_event_done);
	buf_clear(&body);
}

static void
fail(struct aggregator *a, struct dialogue *d, const char *why)
{
	d->open = false;
	send_event(a, d, "Failed", "Application did not respond");
	dialogue_fail(d, why);
}

/* What is wrong with an answer that is shown all the same. */
static void
check_screen(struct aggregator *a, const char *text)
{
	int septets = gsm_septets(text), units = ucs2_units(text);

	if (septets < 0 ? units > USSD_UNITS : septets > USSD_SEPTETS)
		box_violation(a->x, "ussd screen is too long: %d septets, %d units", septets,
		    units);
}

static void
on_answer(void *arg, uint64_t op, const struct http_result *r)
{
	struct aggregator *a = arg;
	struct dialogue *d = map_remove_u64(a->requests, op);
	const char *text;
	bool end;

	if (d == NULL)
		return;
	d->request = 0;
	if (r->end != HTTP_ANSWERED || r->status != 200) {
		fail(a, d, r->end == HTTP_ANSWERED ? "the gateway answered with an error" : r->why);
		return;
	}
	end = str_starts(r->body, "END");
	if ((!end && !str_starts(r->body, "CON")) || !utf8_valid(r->body, r->len)) {
		box_violation(a->x, "ussd answer is neither CON nor END, or no UTF-8");
		fail(a, d, "the gateway's answer cannot be read");
		return;
	}
	if (end) {
		d->open = false;
		send_event(a, d, "Success", "");
	}
	text = r->body + (r->body[3] == ' ' ? 4 : 3);
	check_screen(a, text);
	dialogue_show(d, text, !end);
}

static void
begin(struct aggregator *a, struct dialogue *d)
{
	str_format(d->id, sizeof d->id, "ATUid_%016" PRIx64 "%08" PRIx64, rng_next(&a->x->rng),
	    ++a->next_session);
	free(d->input);
	d->input = xstrdup("");
	d->hops = 0;
	d->began = loop_now(a->x->loop);
	d->open = true;
}

static void
append(struct dialogue *d, const char *text)
{
	struct buf b = { 0 };

	buf_add_str(&b, d->input);
	/* The text of the begin is empty and has no star after it. */
	if (d->hops > 2)
		buf_add_char(&b, '*');
	buf_add_str(&b, text);
	free(d->input);
	d->input = xstrdup(buf_str(&b));
	buf_clear(&b);
}

bool
aggregator_send(struct aggregator *a, struct dialogue *d, enum dialogue_step step, const char *text)
{
	struct fault f = faults_match(a->x->faults, FAULT_AGGREGATOR, "POST", d->msisdn);
	struct buf body = { 0 };

	if (step == STEP_BEGIN)
		begin(a, d);
	if (step != STEP_REPEAT)
		d->hops++;
	if (step == STEP_INPUT)
		append(d, text);
	if (f.what == FAULT_DROP_BEFORE || f.what == FAULT_ERROR) {
		d->open = false;
		return false;
	}
	add_dialogue(&body, d);
	add_field(&body, "text", d->input);
	a->posts++;
	if (d->request != 0)
		map_remove_u64(a->requests, d->request);
	d->request = post(a, d, a->url, &body, f.what == FAULT_DELAY ? f.ms : ANSWER_MS, on_answer);
	map_put_u64(a->requests, d->request, d);
	mem_wipe(body.p, body.len);
	buf_clear(&body);
	return true;
}

void
aggregator_forget(struct aggregator *a, struct dialogue *d)
{
	if (d->request != 0)
		map_remove_u64(a->requests, d->request);
	d->request = 0;
	d->open = false;
	free(d->input);
	d->input = NULL;
}

void
aggregator_hangup(struct aggregator *a, struct dialogue *d)
{
	if (d->open)
		send_event(a, d, "Incomplete", "");
	if (d->request != 0)
		map_remove_u64(a->requests, d->request);
	d->request = 0;
	d->open = false;
}

struct aggregator *
aggregator_new(struct box *x, const struct aggregator_options *o)
{
	struct aggregator *a = xcalloc(1, sizeof *a);

	a->x = x;
	a->url = xstrdup(o->url);
	a->event_url = xstrdup(o->event_url != NULL ? o->event_url : o->url);
	a->key = xstrdup(o->key);
	a->requests = map_new();
	return a;
}

void
aggregator_move(struct aggregator *a, const char *url)
{
	free(a->url);
	free(a->event_url);
	a->url = xstrdup(url);
	a->event_url = xstrdup(url);
}

void
aggregator_free(struct aggregator *a)
{
	if (a == NULL)
		return;
	map_free(a->requests);
	mem_wipe(a->key, strlen(a->key));
	free(a->key);
	free(a->url);
	free(a->event_url);
	free(a);
}

json_t *
aggregator_counts(const struct aggregator *a)
{
	return json_pack("{s:I,s:I,s:I}", "posts", (json_int_t)a->posts, "events",
	    (json_int_t)a->events, "events_failed", (json_int_t)a->events_failed);
}
