/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A benchmark from inside: each dialogue begins when another one ends, so that `concurrency` are
 * always open. What is timed is from handing an input to the carrier until its screen came back,
 * with this process doing both ends.
 */
#include "sandbox/bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "sandbox/aggregator.h"
#include "sandbox/box.h"
#include "sandbox/control.h"
#include "sandbox/phone.h"

#define DIALOGUES_MAX 1000000
#define CONCURRENCY_MAX 20000
#define SCRIPT_MAX 64
#define FIRST_PHONE INT64_C(27830000000)
#define STALLED_MS 30000		/* no screen for so long: what is open has failed */

struct runner {				/* one phone at a time, of `concurrency` */
	struct bench *b;
	struct dialogue d;
	size_t step;
	int64_t asked_us;
	bool busy;
	struct deferred later;
};

struct bench {
	struct box *x;
	uint64_t http;
	struct runner *runners;
	size_t runners_n, script_n;
	char *script[SCRIPT_MAX];
	int64_t first_phone, dialogues, started, ended, turns, errors, began_us;
	uint32_t *took_us;		/* of each turn */
	size_t took_cap;
	struct aggregator *via;		/* NULL: SMPP */
	char code[32], channel[49];
	struct timer stalled;
	struct deferred done;
};

/* One at a time in a process: two would only measure each other. */
static struct bench *running;

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
percentile(const struct bench *b, int64_t per_mille)
{
	return b->turns > 0 ? b->took_us[(b->turns - 1) * per_mille / 1000] / 1000.0 : 0;
}

static void
clear(struct bench *b)
{
	timer_stop(&b->stalled);
	loop_undefer(&b->done);
	for (size_t i = 0; i < b->runners_n; i++) {
		loop_undefer(&b->runners[i].later);
		dialogue_forget(b->x, &b->runners[i].d);
	}
	for (size_t i = 0; i < b->script_n; i++)
		free(b->script[i]);
	free(b->runners);
	free(b->took_us);
	free(b);
	running = NULL;
}

static void
finish(void *arg)
{
	struct bench *b = arg;
	double seconds = (double)(now_us() - b->began_us) / 1e6;

	if (b->turns > 0)
		qsort(b->took_us, (size_t)b->turns, sizeof *b->took_us, compare);
	control_answer(b->x->control, b->http, 200, json_pack("{s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:I}",
	    "dialogues", (json_int_t)b->ended, "turns", (json_int_t)b->turns, "seconds", seconds,
	    "turns_per_second", seconds > 0 ? (double)b->turns / seconds : 0, "p50_ms",
	    percentile(b, 500), "p99_ms", percentile(b, 990), "max_ms", percentile(b, 1000),
	    "errors", (json_int_t)b->errors));
	clear(b);
}

static void
on_stalled(void *arg)
{
	struct bench *b = arg;

	for (size_t i = 0; i < b->runners_n; i++)
		b->errors += b->runners[i].busy;
	finish(b);
}

static void next_dialogue(void *arg);

static void
step(struct runner *r, enum dialogue_step kind, const char *text)
{
	r->asked_us = now_us();
	if (dialogue_send(r->b->x, &r->d, kind, text))
		return;
	r->b->errors++;
	/* Not from here: without a link a million dialogues would fail on one stack. */
	loop_defer(r->b->x->loop, &r->later, next_dialogue, r);
}

static void
on_screen(void *arg, uint64_t op, const char *text, bool open, const char *why)
{
	struct runner *r = arg;
	struct bench *b = r->b;

	(void)op, (void)why;
	timer_arm(&b->stalled, STALLED_MS);
	if (text == NULL) {
		b->errors++;
		next_dialogue(r);
		return;
	}
	if ((size_t)b->turns < b->took_cap)
		b->took_us[b->turns++] = (uint32_t)(now_us() - r->asked_us);
	if (open && r->step < b->script_n) {
		step(r, STEP_INPUT, b->script[r->step++]);
		return;
	}
	/* A script that the dialogue did not outlive went another way than it was written for. */
	b->errors += r->step < b->script_n;
	if (open)
		dialogue_hangup(b->x, &r->d, true);
	next_dialogue(r);
}

static void
next_dialogue(void *arg)
{
	struct runner *r = arg;
	struct bench *b = r->b;

	b->ended += r->busy;
	r->busy = false;
	dialogue_forget(b->x, &r->d);
	if (b->started == b->dialogues) {
		if (b->ended == b->dialogues)
			loop_defer(b->x->loop, &b->done, finish, b);
		return;
	}
	str_format(r->d.msisdn, sizeof r->d.msisdn, "%" PRId64, b->first_phone + b->started++);
	r->busy = true;
	r->step = 0;
	step(r, STEP_BEGIN, NULL);
}

static int64_t
number_of(const json_t *wishes, const char *name, int64_t otherwise)
{
	const json_t *v = json_object_get(wishes, name);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static bool
read_wishes(struct bench *b, const json_t *wishes, int64_t *concurrency)
{
	const json_t *script = json_object_get(wishes, "script");
	const char *via = json_string_value(json_object_get(wishes, "via"));
	const char *code = json_string_value(json_object_get(wishes, "code"));
	const char *channel = json_string_value(json_object_get(wishes, "channel"));

	if (via != NULL && strcmp(via, "smpp") != 0 && (b->via = aggregators_find(b->x->aggregators, via)) == NULL)
		return false;
	b->dialogues = number_of(wishes, "dialogues", 1000);
	b->first_phone = number_of(wishes, "first_phone", FIRST_PHONE);
	*concurrency = number_of(wishes, "concurrency", 64);
	if (*concurrency > b->dialogues)
		*concurrency = b->dialogues;
	for (size_t i = 0; i < json_array_size(script) && i < SCRIPT_MAX; i++) {
		const char *text = json_string_value(json_array_get(script, i));

		if (text == NULL)
			return false;
		b->script[b->script_n++] = xstrdup(text);
	}
	return str_copy(b->code, sizeof b->code, code != NULL ? code : b->via != NULL ?
	    "*384*123#" : "*120*384#") && str_copy(b->channel, sizeof b->channel, channel != NULL ?
	    channel : "") && b->dialogues > 0 && b->dialogues <= DIALOGUES_MAX &&
	    *concurrency > 0 && *concurrency <= CONCURRENCY_MAX &&
	    b->first_phone > INT64_C(10000000) && b->first_phone < INT64_C(99999999999);
}

void
bench_start(struct box *x, uint64_t http, const json_t *wishes)
{
	struct bench *b;
	int64_t concurrency = 0;

	if (running != NULL) {
		control_error(x->control, http, 409, "a benchmark is running");
		return;
	}
	b = running = xcalloc(1, sizeof *b);
	b->x = x;
	b->http = http;
	timer_init(&b->stalled, x->loop, on_stalled, b);
	if (!read_wishes(b, wishes, &concurrency)) {
		clear(b);
		control_error(x->control, http, 400,
		    "wanted: via, dialogues, concurrency, script, code, channel, first_phone");
		return;
	}
	b->took_cap = (size_t)b->dialogues * (b->script_n + 1);
	b->took_us = xcalloc(b->took_cap, sizeof *b->took_us);
	b->runners = xcalloc((size_t)concurrency, sizeof *b->runners);
	b->runners_n = (size_t)concurrency;
	b->began_us = now_us();
	timer_arm(&b->stalled, STALLED_MS);
	for (size_t i = 0; i < b->runners_n; i++) {
		struct runner *r = &b->runners[i];

		r->b = b;
		r->d.aggregator = b->via;
		r->d.answer = on_screen;
		r->d.arg = r;
		str_copy(r->d.code, sizeof r->d.code, b->code);
		str_copy(r->d.channel, sizeof r->d.channel, b->channel);
		next_dialogue(r);
	}
}

void
bench_free(struct box *x)
{
	if (running != NULL && running->x == x)
		clear(running);
}
