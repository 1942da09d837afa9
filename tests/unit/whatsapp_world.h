/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WhatsApp at the edge: webhooks through the real listener to a service that is made up here, and messages to a Graph
 * API that is made up here too. For one test program each: it defines the service's doors.
 */
#pragma once
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/metric.h"
#include "channels/edge.h"
#include "core/provider_id.h"
#include "core/wa_webhook.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "tests/unit/whatsapp_samples.h"

#define PATIENCE_MS 20000	/* only a broken test waits so long */
#define MAX 32
#define CHANNEL 1
#define PHONE "27600000001"
#define NUMBER "106540352242922"
#define PATH "/whatsapp/acme-chat"
#define OK_ANSWER "{\"messages\":[{\"id\":\"wamid.OUT1\"}]}"
#define ERROR_ANSWER(code) "{\"error\":{\"code\":" #code "}}"

struct answered {			/* of our requests */
	bool there;
	int status;
	char body[200];
};

static struct world {
	struct loop *loop;
	struct timer tick;		/* so that what only time changes is looked at */
	struct settings s;
	struct channel_settings channels[3];
	struct tenant_settings tenant;
	struct edge *edge;
	struct http_server *listener, *graph;
	struct http_client *client;
	struct answered answered[MAX];
	/* the service */
	struct chat_in chats[MAX];
	uint64_t chat_ops[MAX];
	unsigned chats_n;
	struct receipt receipts[MAX];
	int lanes[MAX];
	uint64_t receipt_ops[MAX];
	unsigned receipts_n;
	bool hold;			/* what is asked is answered by the test */
	unsigned depth, deepest;	/* calls for receipts inside of each other */
	enum receipt_end end;
	struct sms_answer sms[MAX];
	uint64_t sms_ops[MAX];
	unsigned sms_n;
	int processes;
	/* the Graph API */
	char posted[MAX][2000], paths[MAX][100], bearers[MAX][100];
	unsigned posts;
	struct {
		int status;
		const char *body;	/* NULL: no answer at all */
	} next;
} w;

#define UNTIL(what) do { \
	int64_t until_ = loop_now(w.loop) + PATIENCE_MS; \
	while (!(what)) { \
		if (loop_now(w.loop) > until_) \
			fail_msg("never: %s", #what); \
		event_base_loop(loop_base(w.loop), EVLOOP_ONCE); \
	} \
} while (0)

/* ---- the service ---- */

void
gateway_chat(struct gateway *gw, int64_t now, const struct chat_in *in, uint64_t peer_op)
{
	(void)gw, (void)now;
	assert_in_range(w.chats_n, 0, MAX - 1);
	w.chats[w.chats_n] = *in;
	w.chat_ops[w.chats_n++] = peer_op;
	if (!w.hold)
		edge_receipt_stored(w.edge, peer_op, w.end);
}

void
gateway_receipt(struct gateway *gw, int64_t now, int lane, const struct receipt *r, uint64_t peer_op)
{
	(void)gw, (void)now;
	assert_in_range(w.receipts_n, 0, MAX - 1);
	w.receipts[w.receipts_n] = *r;
	w.lanes[w.receipts_n] = lane;
	w.receipt_ops[w.receipts_n++] = peer_op;
	if (++w.depth > w.deepest)
		w.deepest = w.depth;
	if (!w.hold)
		edge_receipt_stored(w.edge, peer_op, w.end);
	w.depth--;
}

void
gateway_on_sms(struct gateway *gw, int64_t now, uint64_t op, const struct sms_answer *a)
{
	(void)gw, (void)now;
	assert_in_range(w.sms_n, 0, MAX - 1);
	w.sms[w.sms_n] = *a;
	w.sms_ops[w.sms_n++] = op;
}

int
gateway_processes(const struct gateway *gw)
{
	(void)gw;
	return w.processes;
}

/* ---- the Graph API ---- */

static void
on_graph(void *arg, uint64_t id, const struct http_req *req)
{
	const char *bearer = http_req_header(req, "Authorization");
	size_t len;

	(void)arg;
	assert_in_range(w.posts, 0, MAX - 1);
	str_copy(w.posted[w.posts], sizeof w.posted[0], http_req_body(req, &len));
	str_copy(w.paths[w.posts], sizeof w.paths[0], http_req_path(req));
	str_copy(w.bearers[w.posts], sizeof w.bearers[0], bearer != NULL ? bearer : "");
	w.posts++;
	if (w.next.body != NULL)
		http_answer(w.graph, id, w.next.status, "application/json", w.next.body, strlen(w.next.body));
	else if (w.next.status == 0)
		http_drop(w.graph, id);
	/* else it is never answered */
}

static inline void
graph_says(int status, const char *body)
{
	w.next.status = status;
	w.next.body = body;
}

/* ---- Meta ---- */

static inline void
on_answered(void *arg, uint64_t op, const struct http_result *r)
{
	struct answered *a = &w.answered[op];

	(void)arg;
	assert_int_equal(r->end, HTTP_ANSWERED);
	a->there = true;
	a->status = r->status;
	str_copy(a->body, sizeof a->body, r->body);
}

/* Begun and not waited for; `signature` NULL: none. */
static inline void
ask(unsigned i, const char *method, const char *path, const char *body, size_t len, const char *signature)
{
	char url[600], header[200];
	struct http_out out = { .method = method, .url = url, .body = body, .len = len, .timeout_ms = PATIENCE_MS };

	str_format(url, sizeof url, "http://127.0.0.1:%d%s", http_server_port(w.listener), path);
	if (signature != NULL) {
		str_format(header, sizeof header, "%s: %s", WA_SIGNATURE_HEADER, signature);
		out.headers[0] = header;
	}
	w.answered[i].there = false;
	http_client_request(w.client, &out, i, on_answered, NULL);
}

static inline int
status_of(unsigned i)
{
	UNTIL(w.answered[i].there);
	return w.answered[i].status;
}

static inline void
begin_post(unsigned i, const char *body, size_t len)
{
	char signature[WA_SIGNATURE_MAX];

	wa_signature_make(SAMPLE_SECRET, body, len, signature);
	ask(i, "POST", PATH, body, len, signature);
}

static inline int
post(const char *body)
{
	begin_post(0, body, strlen(body));
	return status_of(0);
}

static inline int
post_sample(const char *name)
{
	struct buf text = { 0 };
	int status;

	sample_read(name, &text);
	begin_post(0, text.p, text.len);
	status = status_of(0);
	buf_clear(&text);
	return status;
}

/* ---- the world ---- */

static void
on_tick(void *arg)
{
	(void)arg;
	timer_arm(&w.tick, 5);
}

static void
on_listener(void *arg, uint64_t id, const struct http_req *req)
{
	(void)arg;
	edge_http(w.edge, id, req);
}

static struct http_server *
listener(void (*handler)(void *, uint64_t, const struct http_req *))
{
	struct http_server_options o = { .name = "test", .address = "127.0.0.1:0", .connections = 50,
	    .body_max = 100000,
		.header_max = 4000, .arrive_s = 30, .idle_s = 30, .answer_s = 30, .handler = handler };
	char err[128] = "";
	struct http_server *s = http_server_new(w.loop, &o, err, sizeof err);

	if (s == NULL)
		fail_msg("%s", err);
	return s;
}

static void
set_channel(struct channel_settings *c, const char *name, const char *number_id, const char *secret)
{
	struct whatsapp_settings *m = &c->whatsapp;

	c->kind = CHANNEL_WHATSAPP;
	c->bind = -1;
	c->send_timeout_ms = 500;
	str_copy(c->name, sizeof c->name, name);
	str_format(m->api_url, sizeof m->api_url, "http://127.0.0.1:%d/v25.0", http_server_port(w.graph));
	str_copy(m->phone_number_id, sizeof m->phone_number_id, number_id);
	str_copy(m->app_secret, sizeof m->app_secret, secret);
	str_copy(m->token, sizeof m->token, "EAAsecretsecretsecret");
	str_copy(m->verify_token, sizeof m->verify_token, "meatyhamhock");
	m->throughput = 80;
	m->pair_per_minute = 10;
	m->pair_burst = 3;
	m->pairs_max = 100;
	m->webhook_max = 20000;
	m->stop_s = 60;
}

static inline int
setup(void **state)
{
	struct http_client_options co = { .connections = 20, .waiting = 40, .answer_max = 10000 };

	(void)state;
	log_set_level((enum log_level)(LOG_ERROR + 1));
	memset(&w, 0, sizeof w);
	w.loop = loop_new();
	timer_init(&w.tick, w.loop, on_tick, NULL);
	timer_arm(&w.tick, 5);
	w.processes = 1;
	w.graph = listener(on_graph);
	w.client = http_client_new(w.loop, &co);
	str_copy(w.tenant.country, sizeof w.tenant.country, "27");
	w.channels[0].kind = CHANNEL_SMS_SMPP;
	set_channel(&w.channels[CHANNEL], "acme-chat", NUMBER, SAMPLE_SECRET);
	set_channel(&w.channels[2], "acme-other", "2", SAMPLE_SECRET);
	w.s.channels = w.channels;
	w.s.channels_n = NELEM(w.channels);
	w.s.tenants = &w.tenant;
	w.s.tenants_n = 1;
	w.s.provider_connections = 8;
	w.s.provider_waiting = 100;
	w.edge = edge_new(w.loop, &w.s);
	w.listener = listener(on_listener);
	edge_attach(w.edge, (struct gateway *)(void *)&w, w.listener);
	graph_says(200, OK_ANSWER);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	timer_stop(&w.tick);
	http_client_free(w.client);
	http_server_free(w.listener);
	edge_free(w.edge);
	http_server_free(w.graph);
	loop_free(w.loop);
	return 0;
}

