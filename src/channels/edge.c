/* SPDX-License-Identifier: Apache-2.0 */
#include "channels/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "channels/edge_parts.h"
#include "core/order.h"

static void
on_state(void *arg, struct smpp_link *l, enum smpp_link_state state)
{
	struct bind *b = arg;

	(void)l;
	log_info(0, "smpp link", "bind=%s state=%s", b->settings->name, smpp_link_state_name(state));
}

static void
bind_open(struct edge *e, int index)
{
	struct bind *b = &e->binds[index];
	struct smpp_link_events events = { .deliver = smpp_in_deliver, .state = on_state, .arg = b };

	b->edge = e;
	b->settings = &e->settings->binds[index];
	b->index = index;
	b->links_n = b->settings->links < LINKS_MAX ? b->settings->links : LINKS_MAX;
	for (int i = 0; i < b->links_n; i++)
		b->link[i] = smpp_link_new(e->loop, b->settings, &events);
}

struct edge *
edge_new(struct loop *l, const struct settings *s)
{
	struct edge *e = xcalloc(1, sizeof *e);

	e->loop = l;
	e->settings = s;
	list_init(&e->held);
	list_init(&e->pushes);
	e->turns = map_new();
	e->calls = map_new();
	e->receipts = map_new();
	e->binds = xcalloc((size_t)s->binds_n, sizeof *e->binds);
	for (int i = 0; i < s->binds_n; i++)
		bind_open(e, i);
	return e;
}

static void
free_value(void *arg, const void *key, size_t n, void *value)
{
	(void)arg;
	(void)key;
	(void)n;
	free(value);
}

static void
bury(void *arg)
{
	struct edge *e = arg;

	map_each(e->turns, free_value, NULL);
	map_each(e->calls, free_value, NULL);
	map_each(e->receipts, free_value, NULL);
	map_free(e->turns);
	map_free(e->calls);
	map_free(e->receipts);
	buf_clear(&e->last_words);
	for (int i = 0; i < e->settings->binds_n; i++)
		ussd_known_clear(&e->binds[i]);
	free(e->binds);
	free(e);
}

void
edge_free(struct edge *e)
{
	if (e == NULL)
		return;
	e->gw = NULL;
	while (!list_empty(&e->held)) {
		struct held *h = LIST_OF(e->held.next, struct held, node);

		edge_let_go(h);
		h->drop(h->timer.arg);
	}
	for (int i = 0; i < e->settings->binds_n; i++)
		for (int k = 0; k < e->binds[i].links_n; k++)
			smpp_link_free(e->binds[i].link[k]);
	loop_undefer(&e->drain_over);
	ussd_pushes_clear(e);
	/* The links' last completions still come to us. */
	loop_bury(e->loop, &e->grave, bury, e);
}

void
edge_hold(struct edge *e, struct held *h, int64_t ms, void (*again)(void *arg), void (*drop)(void *arg), void *arg)
{
	timer_init(&h->timer, e->loop, again, arg);
	timer_arm(&h->timer, ms);
	h->drop = drop;
	list_add_tail(&e->held, &h->node);
}

void
edge_let_go(struct held *h)
{
	if (h->node.next == NULL)
		return;
	timer_stop(&h->timer);
	list_remove(&h->node);
}

void
edge_attach(struct edge *e, struct gateway *gw, struct http_server *channels)
{
	e->gw = gw;
	e->http = channels;
}

uint64_t
edge_remember(struct edge *e, struct map *m, const struct way_back *w)
{
	struct way_back *copy = xcalloc(1, sizeof *copy);

	*copy = *w;
	map_put_u64(m, ++e->last_id, copy);
	return e->last_id;
}

struct smpp_link *
bind_pick(struct bind *b, int wanted)
{
	if (wanted >= 0 && wanted < b->links_n && smpp_link_state(b->link[wanted]) == LINK_BOUND)
		return b->link[wanted];
	for (int i = 0; i < b->links_n; i++) {
		struct smpp_link *l = b->link[(b->next + i) % b->links_n];

		if (smpp_link_state(l) == LINK_BOUND) {
			b->next = (b->next + i + 1) % b->links_n;
			return l;
		}
	}
	return NULL;
}

void
edge_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	struct edge *e = ctx;
	struct way_back *w = map_remove_u64(e->turns, turn);

	if (w == NULL)
		return;
	if (w->answered)
		metric_add(M_USSD_ENDED_EARLY, 1);
	else if (w->bind >= 0)
		ussd_smpp_answer(&e->binds[w->bind], turn, w, r);
	else
		ussd_http_answer(e, w, r);
	free(w);
}

void
edge_api_reply(void *ctx, uint64_t call, int status, const char *json)
{
	struct edge *e = ctx;
	struct way_back *w = map_remove_u64(e->calls, call);

	if (w == NULL)
		return;
	http_answer(e->http, w->http, status, "application/json", json, strlen(json));
	free(w);
}

void
edge_http(void *arg, uint64_t id, const struct http_req *req)
{
	struct edge *e = arg;
	static const char none[] = "There is nothing here. See isango(1) for the paths that are served.\n";

	if (!ussd_http(e, id, req) && !integrator_http(e, id, req))
		http_answer(e->http, id, 404, NULL, none, sizeof none - 1);
}

bool
edge_ready(const struct edge *e, const char **why)
{
	for (int i = 0; i < e->settings->binds_n; i++)
		if (bind_pick(&e->binds[i], -1) == NULL) {
			*why = e->binds[i].settings->name;
			return false;
		}
	return true;
}

/* ---- the end ---- */

static void
answer_turn(void *arg, const void *key, size_t n, void *value)
{
	struct edge *e = arg;
	const struct way_back *w = value;
	struct reply r = { buf_str(&e->last_words), true };

	(void)key;
	(void)n;
	if (w->bind < 0)
		ussd_http_answer(e, w, &r);
}

static void
answer_call(void *arg, const void *key, size_t n, void *value)
{
	struct edge *e = arg;
	const struct way_back *w = value;
	struct buf b = { 0 };

	(void)key;
	(void)n;
	order_print_error("SYSTEM", "UNK001", "Stopping; look the withdrawal up by its externalUniqueId", &b);
	http_answer(e->http, w->http, 500, "application/json", b.p, b.len);
	buf_clear(&b);
}

void
edge_answer_open(struct edge *e, const char *text)
{
	buf_reset(&e->last_words);
	buf_add_str(&e->last_words, text);
	map_each(e->turns, answer_turn, e);
	map_each(e->calls, answer_call, e);
}

static void
end_turn(void *arg, const void *key, size_t n, void *value)
{
	struct edge *e = arg;
	struct way_back *w = value;
	struct reply r = { buf_str(&e->last_words), true };
	uint64_t turn;

	if (w->bind < 0 || w->answered || w->is_push || n != sizeof turn)
		return;
	memcpy(&turn, key, n);
	ussd_smpp_answer(&e->binds[w->bind], turn, w, &r);
	w->answered = true;
}

void
edge_end_dialogues(struct edge *e, const char *text)
{
	buf_reset(&e->last_words);
	buf_add_str(&e->last_words, text);
	map_each(e->turns, end_turn, e);
	ussd_screens_end(e);
}

static void
drain_over(void *arg)
{
	struct edge *e = arg;

	e->drained(e->drained_arg);
}

static void
one_drained(void *arg)
{
	struct edge *e = arg;

	if (--e->draining == 0)
		loop_defer(e->loop, &e->drain_over, drain_over, e);
}

void
edge_drain(struct edge *e, int64_t wait_ms, void (*done)(void *arg), void *arg)
{
	e->drained = done;
	e->drained_arg = arg;
	e->draining = 1;
	for (int i = 0; i < e->settings->binds_n; i++)
		for (int k = 0; k < e->binds[i].links_n; k++) {
			e->draining++;
			smpp_link_drain(e->binds[i].link[k], wait_ms, one_drained, e);
		}
	one_drained(e);
}
