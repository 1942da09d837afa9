/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks wait in a list by their time on the sandbox's own clock. One that is not answered with 200 comes again, with
 * pauses that grow; Meta goes on so for seven days.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/wa_webhook.h"
#include "io/http_client.h"
#include "sandbox/graph_private.h"

#define SECOND INT64_C(1000)
#define PAUSE_MOST (600 * SECOND)
#define GIVEN_UP (7 * DAY_MS)
#define ANSWER_MS (20 * SECOND)

struct hook {
	struct list node;		/* in graph->hooks, or on its own while it is under way */
	struct chat *chat;		/* or NULL */
	char *body;
	int64_t due, made, pause;
};

json_t *
graph_value(const struct graph *g)
{
	return json_pack("{s:s,s:{s:s,s:s}}", "messaging_product", "whatsapp", "metadata", "display_phone_number",
	    "27870000001", "phone_number_id", g->number_id);
}

static void
hook_free(struct hook *h)
{
	list_remove(&h->node);
	free(h->body);
	free(h);
}

static void
wait_until(struct graph *g, struct hook *h, int64_t due)
{
	h->due = due;
	list_remove(&h->node);
	list_add_tail(&g->hooks, &h->node);
}

static void
on_answered(void *arg, uint64_t op, const struct http_result *r)
{
	struct graph *g = arg;
	struct hook *h = map_remove_u64(g->hooks_sent, op);
	int64_t now = box_now(g->x);

	if (h == NULL)
		return;
	if (h->chat != NULL)
		h->chat->hooked = false;
	if (r->end == HTTP_ANSWERED && r->status == 200) {
		g->hooks_taken++;
		hook_free(h);
		graph_hooks_tick(g);
		return;
	}
	g->hooks_refused++;
	log_info(0, "webhook refused", "status=%d why=\"%s\"", r->status, r->end == HTTP_ANSWERED ? "" : r->why);
	if (now - h->made > GIVEN_UP) {
		hook_free(h);
		return;
	}
	h->pause = h->pause == 0 ? SECOND : h->pause * 2 < PAUSE_MOST ? h->pause * 2 : PAUSE_MOST;
	wait_until(g, h, now + h->pause);
}

static void
post(struct graph *g, struct hook *h)
{
	char signature[WA_SIGNATURE_MAX], header[WA_SIGNATURE_MAX + sizeof WA_SIGNATURE_HEADER + 2];
	struct http_out out = { .method = "POST", .url = g->url, .headers = { "Content-Type: application/json",
	    header },
		.body = h->body, .len = strlen(h->body), .timeout_ms = ANSWER_MS };

	wa_signature_make(g->secret, h->body, strlen(h->body), signature);
	str_format(header, sizeof header, WA_SIGNATURE_HEADER ": %s", signature);
	list_remove(&h->node);
	if (h->chat != NULL)
		h->chat->hooked = true;
	map_put_u64(g->hooks_sent, ++g->last_op, h);
	g->hooks_sent_n++;
	http_client_request(g->x->http, &out, g->last_op, on_answered, g);
}

static struct hook *
hook_new(struct graph *g, struct chat *chat, const json_t *value)
{
	struct hook *h = xcalloc(1, sizeof *h);
	json_t *root = json_pack("{s:s,s:[{s:s,s:[{s:O,s:s}]}]}", "object", "whatsapp_business_account", "entry", "id",
	    "102290129340398", "changes", "value", value, "field", "messages");

	list_init(&h->node);
	h->chat = chat;
	h->made = box_now(g->x);
	h->body = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	if (h->body == NULL)
		fatalx("a webhook cannot be written");
	json_decref(root);
	return h;
}

void
graph_hook(struct graph *g, struct chat *chat, json_t *value, int64_t after_ms)
{
	int copies = g->x->rules.wa_twice ? 2 : 1;
	int64_t now = box_now(g->x);

	for (int i = 0; i < copies; i++)
		wait_until(g, hook_new(g, chat, value), now + after_ms +
		    (int64_t)rng_below(&g->x->rng, (uint64_t)g->x->rules.wa_late_ms));
	json_decref(value);
	graph_hooks_tick(g);
}

/* Unless they are to come in any order, those about one chat go one after the other. */
void
graph_hooks_tick(struct graph *g)
{
	int64_t now = box_now(g->x);
	struct list *it, *nx;

	LIST_EACH(it, nx, &g->hooks) {
		struct hook *h = LIST_OF(it, struct hook, node);

		if (g->url != NULL && h->due <= now &&
		    (h->chat == NULL || !h->chat->hooked || g->x->rules.wa_late_ms > 0))
			post(g, h);
	}
}

static void
free_sent(void *arg, const void *key, size_t n, void *value)
{
	(void)arg;
	(void)key;
	(void)n;
	hook_free(value);
}

void
graph_hooks_free(struct graph *g)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &g->hooks)
		hook_free(LIST_OF(it, struct hook, node));
	map_each(g->hooks_sent, free_sent, NULL);
	map_free(g->hooks_sent);
}
