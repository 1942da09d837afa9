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

/* ---- links ---- */

static void
drain_over(void *arg)
{
	struct edge *e = arg;

	e->drained(e->drained_arg);
}

static void
one_drained(struct edge *e)
{
	if (--e->draining == 0)
		loop_defer(e->loop, &e->drain_over, drain_over, e);
}

/*
 * The SMSC has refused us as often however often the slot is lost and taken again: a lease that flaps must not make a
 * storm of binds, which can lock the account.
 */
static void
note_setback(struct link_slot *s)
{
	const struct smpp_link *l = s->bind->link[s->index];

	if (l != NULL && !s->leaving && !s->draining)
		s->not_before = smpp_link_next_attempt(l);
}

static void
slot_close(struct link_slot *s)
{
	struct smpp_link **l = &s->bind->link[s->index];

	note_setback(s);
	smpp_link_free(*l);
	*l = NULL;
	s->life++;
	s->leaving = false;
	if (s->draining) {
		s->draining = false;
		one_drained(s->bind->edge);
	}
}

static void
slot_open(struct link_slot *s)
{
	struct bind *b = s->bind;
	struct smpp_link_events events = { .deliver = smpp_in_deliver, .state = on_state, .arg = b };

	if (b->link[s->index] != NULL || b->edge->stopping)
		return;
	b->link[s->index] = smpp_link_new(b->edge->loop, b->settings, &events);
	smpp_link_not_before(b->link[s->index], s->not_before);
}

static void
on_left(void *arg)
{
	struct link_slot *s = arg;

	slot_close(s);
	if (s->wanted)
		slot_open(s);
}

void
edge_link(void *ctx, int bind, int slot, bool hold, int64_t within_ms)
{
	struct bind *b = &((struct edge *)ctx)->binds[bind];
	struct link_slot *s = &b->slot[slot];
	struct smpp_link *l = b->link[slot];

	s->wanted = hold;
	if (hold) {
		slot_open(s);
	} else if (within_ms <= 0) {
		slot_close(s);
	} else if (l != NULL && !s->leaving && !s->draining) {
		note_setback(s);
		s->leaving = true;
		smpp_link_drain(l, within_ms, on_left, s);
	}
}

static void
on_slot_drained(void *arg)
{
	struct link_slot *s = arg;

	s->draining = false;
	one_drained(s->bind->edge);
}

static void
slot_drain(struct link_slot *s, int64_t wait_ms)
{
	if (s->leaving)
		slot_close(s);
	if (s->bind->link[s->index] == NULL)
		return;
	s->draining = true;
	s->bind->edge->draining++;
	smpp_link_drain(s->bind->link[s->index], wait_ms, on_slot_drained, s);
}

/* ---- its life ---- */

static void
bind_init(struct edge *e, int index)
{
	struct bind *b = &e->binds[index];

	b->edge = e;
	b->settings = &e->settings->binds[index];
	b->index = index;
	b->links_n = b->settings->links < LINKS_MAX ? b->settings->links : LINKS_MAX;
	for (int i = 0; i < b->links_n; i++)
		b->slot[i] = (struct link_slot){ .bind = b, .index = i };
}

#define PROVIDER_ANSWER_MAX 65536	/* octets; an answer about one message has a few hundred */

static struct http_client *
client_new(struct loop *l, const struct settings *s)
{
	struct http_client_options o = { .connections = s->provider_connections, .waiting = s->provider_waiting,
		.answer_max = PROVIDER_ANSWER_MAX };

	return http_client_new(l, &o);
}

struct edge *
edge_new(struct loop *l, const struct settings *s)
{
	struct edge *e = xcalloc(1, sizeof *e);

	e->loop = l;
	e->settings = s;
	e->out = client_new(l, s);
	whatsapp_open(e);
	list_init(&e->held);
	list_init(&e->pushes);
	e->turns = map_new();
	e->calls = map_new();
	e->receipts = map_new();
	e->suspects = map_new();
	e->rates = rates_new(s);
	e->batches = map_new();
	sms_http_init(e);
	e->binds = xcalloc((size_t)s->binds_n, sizeof *e->binds);
	for (int i = 0; i < s->binds_n; i++)
		bind_init(e, i);
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
	map_each(e->suspects, free_value, NULL);
	map_each(e->batches, free_value, NULL);
	map_free(e->turns);
	map_free(e->calls);
	map_free(e->receipts);
	map_free(e->suspects);
	rates_free(e->rates);
	map_free(e->batches);
	sms_http_clear(e);
	whatsapp_close(e);
	buf_clear(&e->last_words);
	ussd_whose_clear(e);
	for (int i = 0; i < e->settings->binds_n; i++)
		ussd_known_clear(&e->binds[i]);
	free(e->binds);
	free(e);
}

static void
stop_timer(void *arg, const void *key, size_t n, void *value)
{
	struct way_back *w = value;

	(void)arg;
	(void)key;
	(void)n;
	timer_stop(&w->late);
}

void
edge_free(struct edge *e)
{
	if (e == NULL)
		return;
	e->gw = NULL;
	map_each(e->turns, stop_timer, NULL);
	while (!list_empty(&e->held)) {
		struct held *h = LIST_OF(e->held.next, struct held, node);

		edge_let_go(h);
		h->drop(h->timer.arg);
	}
	for (int i = 0; i < e->settings->binds_n; i++)
		for (int k = 0; k < e->binds[i].links_n; k++)
			slot_close(&e->binds[i].slot[k]);
	http_client_free(e->out);
	e->out = NULL;
	sim_feed_free(e->sim_feed);
	e->sim_feed = NULL;
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
	if (gw != NULL && e->sim_feed == NULL && e->settings->sim_changes_file[0] != '\0')
		e->sim_feed = sim_feed_new(e);
}

uint64_t
edge_remember(struct edge *e, struct map *m, const struct way_back *w)
{
	struct way_back *copy = xcalloc(1, sizeof *copy);

	*copy = *w;
	copy->edge = e;
	map_put_u64(m, ++e->last_id, copy);
	return e->last_id;
}

static bool
is_bound(const struct smpp_link *l)
{
	return l != NULL && smpp_link_state(l) == LINK_BOUND;
}

struct smpp_link *
bind_pick(struct bind *b, int wanted)
{
	if (wanted >= 0 && wanted < b->links_n && is_bound(b->link[wanted]))
		return b->link[wanted];
	for (int i = 0; i < b->links_n; i++) {
		struct smpp_link *l = b->link[(b->next + i) % b->links_n];

		if (is_bound(l)) {
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
	timer_stop(&w->late);
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

	if (!ussd_http(e, id, req) && !integrator_http(e, id, req) && !callback_http(e, id, req) &&
	    !sms_http_in(e, id, req) && !whatsapp_http(e, id, req))
		http_answer(e->http, id, 404, NULL, none, sizeof none - 1);
}

/* Something that this process holds is bound; or others hold all of it. */
static bool
bind_ready(const struct edge *e, const struct bind *b)
{
	bool held = false;

	for (int i = 0; i < b->links_n; i++) {
		held |= b->slot[i].wanted;
		if (is_bound(b->link[i]))
			return true;
	}
	return !held && e->gw != NULL && gateway_links_elsewhere(e->gw, b->index);
}

bool
edge_ready(const struct edge *e, const char **why)
{
	for (int i = 0; i < e->settings->binds_n; i++)
		if (!bind_ready(e, &e->binds[i])) {
			*why = e->binds[i].settings->name;
			return false;
		}
	return true;
}

void
edge_channels_missing(const struct edge *e, struct buf *missing)
{
	for (int i = 0; i < e->settings->channels_n; i++) {
		const char *why = sms_http_shut(e, i);

		if (why != NULL)
			buf_addf(missing, "channel %s: its provider refuses the account: %s\n", e->settings->channels[i].name,
			    why);
	}
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
	if (w->bind < 0 && !w->answered)
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

void
edge_drain(struct edge *e, int64_t wait_ms, void (*done)(void *arg), void *arg)
{
	e->drained = done;
	e->drained_arg = arg;
	e->draining = 1;
	e->stopping = true;
	for (int i = 0; i < e->settings->binds_n; i++)
		for (int k = 0; k < e->binds[i].links_n; k++)
			slot_drain(&e->binds[i].slot[k], wait_ms);
	one_drained(e);
}
