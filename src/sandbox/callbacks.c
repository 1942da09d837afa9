/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callbacks wait in a list by due time on the sandbox's own clock, so that moving the clock brings retries forward.
 * The timestamp that is signed is that of the sending, also of a retry, on the true clock: whoever checks it has no
 * other.
 */
#include "sandbox/callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "core/signature.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "sandbox/bank.h"
#include "sandbox/box.h"
#include "sandbox/core_json.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define AFTER_ANSWER_MS 20		/* so that the answer to the causing call goes first */

/*
 * Pauses of section 11.6: 1 s once, 10 s twice, 2 min twice, 2 h three times, 24 h nineteen times,
 * a week four times.
 */
static const struct {
	int64_t ms;
	int times;
} pauses[] = { { SECOND, 1 }, { 10 * SECOND, 2 }, { 120 * SECOND, 2 }, { 2 * HOUR, 3 },
    { 24 * HOUR, 19 }, { 168 * HOUR, 4 }, { 720 * HOUR, 1000000 } };

struct callback {
	struct list node;		/* in `waiting`, or on its own while it is under way */
	char *url, *body;
	int64_t due;
	int tries;
};

struct callbacks {
	struct box *x;
	char key[256];
	struct list waiting;
	struct map *sent;		/* by op */
	uint64_t next_op;
	int64_t sent_n, taken_n;
};

struct callbacks *
callbacks_new(struct box *x, const char *key)
{
	struct callbacks *c = xcalloc(1, sizeof *c);

	c->x = x;
	list_init(&c->waiting);
	c->sent = map_new();
	if (!str_copy(c->key, sizeof c->key, key))
		fatalx("callback key is too long");
	return c;
}

static void
callback_free(struct callback *cb)
{
	list_remove(&cb->node);
	free(cb->url);
	free(cb->body);
	free(cb);
}

static void
free_sent(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	callback_free(value);
}

void
callbacks_free(struct callbacks *c)
{
	struct list *it, *nx;

	if (c == NULL)
		return;
	LIST_EACH(it, nx, &c->waiting)
		callback_free(LIST_OF(it, struct callback, node));
	map_each(c->sent, free_sent, NULL);
	map_free(c->sent);
	mem_wipe(c->key, sizeof c->key);
	free(c);
}

static int64_t
pause_after(int tries)
{
	for (size_t i = 0; i < NELEM(pauses); i++) {
		if (tries <= pauses[i].times)
			return pauses[i].ms;
		tries -= pauses[i].times;
	}
	return 720 * HOUR;
}

static void
on_done(void *arg, uint64_t op, const struct http_result *r)
{
	struct callbacks *c = arg;
	struct callback *cb = map_remove_u64(c->sent, op);

	if (cb == NULL)
		return;
	if (r->end == HTTP_ANSWERED && r->status < 300) {
		c->taken_n++;
		callback_free(cb);
		return;
	}
	cb->due = box_now(c->x) + pause_after(++cb->tries);
	list_add_tail(&c->waiting, &cb->node);
}

static void
post(struct callbacks *c, struct callback *cb)
{
	char value[SIGNATURE_MAX], header[sizeof SIGNATURE_HEADER ": " + SIGNATURE_MAX];
	struct http_out out = { .method = "POST", .url = cb->url,
	    .headers = { "Content-Type: application/json" }, .body = cb->body,
	    .len = strlen(cb->body), .timeout_ms = 10 * SECOND };

	if (c->key[0] != '\0') {
		signature_make(c->key, loop_wall(c->x->loop), cb->body, strlen(cb->body), value);
		str_format(header, sizeof header, SIGNATURE_HEADER ": %s", value);
		out.headers[1] = header;
	}
	list_remove(&cb->node);
	map_put_u64(c->sent, ++c->next_op, cb);
	c->sent_n++;
	http_client_request(c->x->http, &out, c->next_op, on_done, c);
}

void
callbacks_tick(struct callbacks *c)
{
	struct list *it, *nx;
	int64_t now = box_now(c->x);

	LIST_EACH(it, nx, &c->waiting) {
		struct callback *cb = LIST_OF(it, struct callback, node);

		if (cb->due <= now)
			post(c, cb);
	}
}

void
callbacks_post(struct callbacks *c, const struct bank_withdrawal *w)
{
	int copies = c->x->rules.callback_twice ? 2 : 1;
	json_t *j;

	if (w->callback == NULL)
		return;
	j = core_withdrawal(c->x, w, false);
	for (int i = 0; i < copies; i++) {
		struct callback *cb = xcalloc(1, sizeof *cb);

		list_init(&cb->node);
		cb->url = xstrdup(w->callback);
		cb->body = json_dumps(j, CORE_DUMP);
		if (cb->body == NULL)
			fatalx("a withdrawal cannot be written as JSON");
		cb->due = box_now(c->x) + AFTER_ANSWER_MS +
		    (int64_t)rng_below(&c->x->rng, (uint64_t)c->x->rules.callback_late_ms);
		list_add_tail(&c->waiting, &cb->node);
		if (c->x->rules.callback_first && i == 0)
			post(c, cb);
	}
	json_decref(j);
}

void
callbacks_status(void *arg, const struct bank_withdrawal *w)
{
	struct callbacks *c = arg;

	if (w->status == BW_PENDING || (w->status == BW_CANCELLED &&
	    !c->x->rules.callback_cancelled))
		return;
	callbacks_post(c, w);
}

int64_t
callbacks_sent(const struct callbacks *c)
{
	return c->sent_n;
}

int64_t
callbacks_taken(const struct callbacks *c)
{
	return c->taken_n;
}
