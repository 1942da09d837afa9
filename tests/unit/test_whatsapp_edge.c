/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WhatsApp at the edge: webhooks through the real listener to a service that is made up here, and messages to a Graph
 * API that is made up here too. What matters: nothing unsigned is read, 200 comes only once all is stored, and what a
 * call came to is never taken for something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
	if (!w.hold)
		edge_receipt_stored(w.edge, peer_op, w.end);
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

void
gateway_turn(struct gateway *gw, int64_t now, const struct turn_in *in)
{
	(void)gw, (void)now, (void)in;
}

const char *
gateway_text(const struct gateway *gw, int tenant, const char *key)
{
	(void)gw, (void)tenant;
	return key;
}

void
gateway_inbound(struct gateway *gw, int64_t now, const struct inbound_in *in, uint64_t peer_op)
{
	(void)gw, (void)now, (void)in, (void)peer_op;
}

void
gateway_sim_changed(struct gateway *gw, int64_t now, const char *phone, int64_t at_ms)
{
	(void)gw, (void)now, (void)phone, (void)at_ms;
}

bool
gateway_links_elsewhere(const struct gateway *gw, int bind)
{
	(void)gw, (void)bind;
	return false;
}

void
gateway_api(struct gateway *gw, int64_t now, const struct api_in *in)
{
	(void)gw, (void)now, (void)in;
}

void
gateway_hint(struct gateway *gw, int64_t now, const struct hint_in *in)
{
	(void)gw, (void)now, (void)in;
}

const struct ports *
gateway_ports(const struct gateway *gw)
{
	(void)gw;
	return NULL;
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

static void
graph_says(int status, const char *body)
{
	w.next.status = status;
	w.next.body = body;
}

/* ---- Meta ---- */

static void
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
static void
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

static int
status_of(unsigned i)
{
	UNTIL(w.answered[i].there);
	return w.answered[i].status;
}

static void
begin_post(unsigned i, const char *body, size_t len)
{
	char signature[WA_SIGNATURE_MAX];

	wa_signature_make(SAMPLE_SECRET, body, len, signature);
	ask(i, "POST", PATH, body, len, signature);
}

static int
post(const char *body)
{
	begin_post(0, body, strlen(body));
	return status_of(0);
}

static int
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
	struct http_server_options o = { .name = "test", .address = "127.0.0.1:0", .connections = 50, .body_max = 100000,
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

static int
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

static int
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

/* ---- webhooks ---- */

static void
test_verification(void **state)
{
	static const char *const bad[] = {
		PATH "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=meatyhamhocks",
		PATH "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=MEATYHAMHOCK",
		PATH "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
		PATH "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meatyhamhock",
		PATH "?hub.mode=subscribe&hub.verify_token=meatyhamhock", PATH "?hub.challenge=1", PATH,
	};
	struct buf url = { 0 };
	char path[300];

	(void)state;
	sample_read("verify-request.url", &url);
	assert_true(str_format(path, sizeof path, PATH "%s", strchr(buf_str(&url), '?')));
	path[strcspn(path, "\r\n")] = '\0';
	ask(0, "GET", path, NULL, 0, NULL);
	assert_int_equal(status_of(0), 200);
	assert_string_equal(w.answered[0].body, "1158201444");
	for (unsigned i = 0; i < NELEM(bad); i++) {
		ask(0, "GET", bad[i], NULL, 0, NULL);
		if (status_of(0) != 403)
			fail_msg("%s: %d", bad[i], w.answered[0].status);
	}
	ask(0, "GET", "/whatsapp/nobody", NULL, 0, NULL);
	assert_int_equal(status_of(0), 404);
	ask(0, "PUT", PATH, "{}", 2, NULL);
	assert_int_equal(status_of(0), 405);
	buf_clear(&url);
}

static void
test_every_sample(void **state)
{
	static const struct {
		const char *name;
		unsigned chats, receipts;
	} row[] = {
		{ "in-audio.json", 1, 0 }, { "in-batch-two-messages.json", 2, 0 }, { "in-bsuid-and-phone.json", 1, 0 },
		{ "in-bsuid-no-phone.json", 1, 0 }, { "in-button-reply.json", 1, 0 }, { "in-document.json", 1, 0 },
		{ "in-image.json", 1, 0 }, { "in-list-reply.json", 1, 0 }, { "in-location.json", 1, 0 },
		{ "in-reaction.json", 0, 0 }, { "in-referral.json", 1, 0 }, { "in-system-number-change.json", 1, 0 },
		{ "in-template-button.json", 1, 0 }, { "in-text-pin.json", 1, 0 }, { "in-text.json", 1, 0 },
		{ "in-unsupported.json", 1, 0 }, { "status-delivered.json", 0, 1 }, { "status-failed-131026.json", 0, 1 },
		{ "status-failed-131047.json", 0, 1 }, { "status-ms-timestamp.json", 0, 1 }, { "status-read.json", 0, 1 },
		{ "status-sent.json", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		unsigned chats = w.chats_n, receipts = w.receipts_n;

		if (post_sample(row[i].name) != 200 || w.chats_n - chats != row[i].chats ||
		    w.receipts_n - receipts != row[i].receipts)
			fail_msg("%s: %d, %u chats, %u receipts", row[i].name, w.answered[0].status, w.chats_n - chats,
			    w.receipts_n - receipts);
	}
	for (unsigned i = 0; i < w.chats_n; i++)
		assert_int_equal(w.chats[i].channel, CHANNEL);
	assert_string_equal(w.chats[0].id, "wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz08");
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *name, *stat, *err, *ours;
		enum receipt_state state;
	} row[] = {
		{ "status-sent.json", "sent", "", "wl-000123", RECEIPT_ACCEPTED },
		{ "status-delivered.json", "delivered", "", "", RECEIPT_DELIVERED },
		{ "status-read.json", "read", "", "", RECEIPT_DELIVERED },
		{ "status-failed-131026.json", "failed", "131026", "", RECEIPT_FAILED },
		{ "status-failed-131047.json", "failed", "131047", "", RECEIPT_FAILED },
	};
	char id[RECEIPT_ID];

	(void)state;
	provider_id_fit("wamid.OUT1", id);
	for (unsigned i = 0; i < NELEM(row); i++) {
		const struct receipt *r = &w.receipts[i];

		assert_int_equal(post_sample(row[i].name), 200);
		assert_string_equal(r->id, id);
		assert_int_equal(r->state, row[i].state);
		assert_string_equal(r->stat, row[i].stat);
		assert_string_equal(r->err, row[i].err);
		assert_string_equal(r->ours, row[i].ours);
		assert_int_equal(w.lanes[i], CHANNEL);
	}
}

/* Good, bad, cut short, and played again over another body. */
static void
test_signatures(void **state)
{
	struct buf body = { 0 }, header = { 0 };
	char good[WA_SIGNATURE_MAX], other[WA_SIGNATURE_MAX];
	const char *bad[] = { NULL, "", "sha256=", good + 7, other };
	int64_t refused = metric_get(M_WA_WEBHOOKS_REFUSED);

	(void)state;
	sample_read("in-text.json", &body);
	sample_read("in-text.json.sig", &header);
	assert_true(str_copyn(good, sizeof good, header.p + strlen(WA_SIGNATURE_HEADER ": "), 71));
	ask(0, "POST", PATH, body.p, body.len, good);
	assert_int_equal(status_of(0), 200);
	assert_int_equal(w.chats_n, 1);
	wa_signature_make("another-secret-for-tests", body.p, body.len, other);
	for (unsigned i = 0; i < NELEM(bad); i++) {
		ask(0, "POST", PATH, body.p, body.len, bad[i]);
		assert_int_equal(status_of(0), 401);
	}
	ask(0, "POST", PATH, body.p, body.len - 1, good);
	assert_int_equal(status_of(0), 401);
	for (size_t i = 0; i < body.len; i += 37) {
		body.p[i] ^= 0x20;
		ask(0, "POST", PATH, body.p, body.len, good);
		assert_int_equal(status_of(0), 401);
		body.p[i] ^= 0x20;
	}
	good[strlen(good) - 2] = '\0';
	ask(0, "POST", PATH, body.p, body.len, good);
	assert_int_equal(status_of(0), 401);
	assert_int_equal(w.chats_n, 1);
	assert_true(metric_get(M_WA_WEBHOOKS_REFUSED) - refused > 20);
	buf_clear(&body);
	buf_clear(&header);
}

static void
test_not_readable(void **state)
{
	static char large[30000];

	(void)state;
	assert_int_equal(post("no json"), 400);
	assert_int_equal(post("{\"object\":\"page\",\"entry\":[]}"), 400);
	memset(large, ' ', sizeof large - 1);
	assert_int_equal(post(large), 413);
	assert_int_equal(w.chats_n, 0);
	edge_attach(w.edge, NULL, w.listener);
	assert_int_equal(post_sample("in-text.json"), 503);
}

/* 200 only once all is stored; what one person wrote is handed on one by one, also of two webhooks. */
static void
test_stored_in_order(void **state)
{
	struct buf two = { 0 }, next = { 0 };

	(void)state;
	w.hold = true;
	sample_read("in-batch-two-messages.json", &two);
	sample_read("in-text.json", &next);
	begin_post(0, two.p, two.len);
	UNTIL(w.chats_n == 1);
	begin_post(1, next.p, next.len);
	begin_post(2, next.p, next.len - 3);	/* answered at once: the others were read by then */
	assert_int_equal(status_of(2), 400);
	assert_int_equal(w.chats_n, 1);
	edge_receipt_stored(w.edge, w.chat_ops[0], RECEIPT_STORED);
	assert_int_equal(w.chats_n, 2);
	assert_string_equal(w.chats[1].text, "2");
	assert_false(w.answered[0].there);
	edge_receipt_stored(w.edge, w.chat_ops[1], RECEIPT_STORED);
	assert_int_equal(w.chats_n, 3);
	assert_string_equal(w.chats[2].text, "Hi");
	assert_int_equal(status_of(0), 200);
	edge_receipt_stored(w.edge, w.chat_ops[2], RECEIPT_STORED);
	assert_int_equal(status_of(1), 200);
	buf_clear(&two);
	buf_clear(&next);
}

/* What was not stored comes again, and so does what stands behind it in the same webhook. */
static void
test_not_stored(void **state)
{
	(void)state;
	w.end = RECEIPT_NOT_STORED;
	assert_int_equal(post_sample("in-batch-two-messages.json"), 503);
	assert_int_equal(w.chats_n, 1);
	assert_int_equal(post_sample("status-sent.json"), 503);
	w.end = RECEIPT_STORED;
	assert_int_equal(post_sample("in-batch-two-messages.json"), 200);
	assert_int_equal(w.chats_n, 3);
}

/* One app, one webhook, several numbers: but not those of another app. */
static void
test_other_numbers(void **state)
{
	static const char of[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\","
	    "\"value\":{\"metadata\":{\"phone_number_id\":\"%s\"},\"messages\":[{\"from\":\"" PHONE "\","
	    "\"id\":\"wamid.A\",\"type\":\"text\",\"text\":{\"body\":\"x\"}}]}}]}]}";
	int64_t strangers = metric_get(M_WA_STRANGERS);
	char body[600];

	(void)state;
	str_format(body, sizeof body, of, "2");
	assert_int_equal(post(body), 200);
	assert_int_equal(w.chats_n, 1);
	assert_int_equal(w.chats[0].channel, 2);
	str_format(body, sizeof body, of, "3");
	assert_int_equal(post(body), 200);
	str_copy(w.channels[2].whatsapp.app_secret, sizeof w.channels[2].whatsapp.app_secret, "the-secret-of-another");
	str_format(body, sizeof body, of, "2");
	assert_int_equal(post(body), 200);
	assert_int_equal(w.chats_n, 1);
	assert_int_equal(metric_get(M_WA_STRANGERS) - strangers, 2);
}

static void
test_read_marks(void **state)
{
	int64_t left_out = metric_get(M_WA_MARKS_LEFT_OUT);

	(void)state;
	w.channels[CHANNEL].whatsapp.read_marks = 1;
	assert_int_equal(post_sample("in-batch-two-messages.json"), 200);
	UNTIL(w.posts == 1);
	assert_sample_form(w.posted[0], strlen(w.posted[0]), "out-read-typing.json", "");
	assert_non_null(strstr(w.posted[0], "\"wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz17\""));
	assert_int_equal(metric_get(M_WA_MARKS_LEFT_OUT) - left_out, 1);
	UNTIL(metric_get(M_WA_MARKS) > 0);
	/* A change of number is no message of a person's. */
	assert_int_equal(post_sample("in-system-number-change.json"), 200);
	assert_int_equal(post_sample("status-read.json"), 200);
	assert_int_equal(post_sample("in-text.json"), 200);
	UNTIL(w.posts == 2);
	assert_non_null(strstr(w.posted[1], "\"wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz01\""));
}

/* ---- messages out ---- */

static void
send_req(uint64_t op, const struct sms_req *like)
{
	struct sms_req q = *like;

	q.channel = CHANNEL;
	q.deadline_ms = q.deadline_ms != 0 ? q.deadline_ms : loop_wall(w.loop) + 60000;
	if (q.to[0] == '\0' && q.user == NULL)
		str_copy(q.to, sizeof q.to, PHONE);
	if (q.text == NULL)
		q.text = "Balance R50.00";
	if (q.ours == NULL)
		q.ours = "wl-1";
	edge_sms(w.edge, op, &q);
}

static enum sms_end
send_at_once(const struct sms_req *like)
{
	unsigned n = w.sms_n;

	send_req(100 + n, like);
	assert_int_equal(w.sms_n, n);		/* never on the asker's stack */
	UNTIL(w.sms_n > n);
	assert_int_equal(w.sms_ops[n], 100 + n);
	return w.sms[n].end;
}

/* As the outbox does: no more than there is room for. */
static enum sms_end
send_and_wait(const struct sms_req *like)
{
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 0);
	return send_at_once(like);
}

#define PLAIN (&(struct sms_req){ .cls = MSG_RESULT })

static void
test_sent(void **state)
{
	char id[RECEIPT_ID];

	(void)state;
	provider_id_fit("wamid.OUT1", id);
	assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_string_equal(w.sms[0].id, id);
	assert_string_equal(w.paths[0], "/v25.0/" NUMBER "/messages");
	assert_string_equal(w.bearers[0], "Bearer EAAsecretsecretsecret");
	assert_sample_form(w.posted[0], strlen(w.posted[0]), "out-text.json", "");
	assert_non_null(strstr(w.posted[0], "\"biz_opaque_callback_data\":\"wl-1\""));
	assert_int_equal(send_and_wait(&(struct sms_req){ .user = "ZA.1" }), SMS_SENT);
	assert_non_null(strstr(w.posted[1], "\"recipient\":\"ZA.1\""));
}

/* Sent or not: never taken for a failure. Not connected: certainly not sent. */
static void
test_lost_answers(void **state)
{
	(void)state;
	graph_says(0, NULL);
	assert_int_equal(send_and_wait(PLAIN), SMS_UNKNOWN);
	graph_says(1, NULL);
	assert_int_equal(send_and_wait(PLAIN), SMS_UNKNOWN);
	graph_says(200, "<html>");
	assert_int_equal(send_and_wait(PLAIN), SMS_UNKNOWN);
	assert_int_equal(w.posts, 3);
	graph_says(502, "<html>");
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_UNKNOWN);
	str_copy(w.channels[CHANNEL].whatsapp.api_url, sizeof w.channels[0].whatsapp.api_url, "http://127.0.0.1:1");
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
	assert_int_equal(send_and_wait(&(struct sms_req){ .deadline_ms = 1 }), SMS_EXPIRED);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *body;
		int status;
		enum sms_end end;
		unsigned word;
	} row[] = {
		{ ERROR_ANSWER(131026), 400, SMS_REFUSED, 131026 }, { ERROR_ANSWER(131049), 400, SMS_REFUSED, 131049 },
		{ ERROR_ANSWER(131047), 400, SMS_REFUSED, 131047 }, { ERROR_ANSWER(132001), 404, SMS_REFUSED, 132001 },
		{ ERROR_ANSWER(100), 400, SMS_REFUSED, 100 }, { ERROR_ANSWER(131016), 503, SMS_FEW, 131016 },
		{ ERROR_ANSWER(2), 400, SMS_FEW, 2 }, { "no", 400, SMS_REFUSED, 400 },
	};

	(void)state;
	w.channels[CHANNEL].whatsapp.pair_burst = 3;
	for (unsigned i = 0; i < NELEM(row); i++) {
		struct sms_req q = { .cls = MSG_RESULT };

		str_format(q.to, sizeof q.to, "2760000000%u", i);
		graph_says(row[i].status, row[i].body);
		assert_int_equal(send_and_wait(&q), row[i].end);
		assert_int_equal(w.sms[i].status, row[i].word);
	}
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 0);
}

/* Slower: nothing fails, and nothing more is sent for now. */
static void
test_throttled(void **state)
{
	static const char *const codes[] = { ERROR_ANSWER(130429), ERROR_ANSWER(80007), ERROR_ANSWER(4),
		ERROR_ANSWER(131048), ERROR_ANSWER(133016), "" };

	(void)state;
	for (unsigned i = 0; i < NELEM(codes); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		UNTIL(edge_sms_free(w.edge, CHANNEL) > 1);
		graph_says(i == 5 ? 429 : 400, codes[i]);
		assert_int_equal(send_and_wait(PLAIN), SMS_LATER);
		assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
		assert_int_equal(send_at_once(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
		assert_int_equal(w.posts, 1);
		assert_true(edge_sms_free(w.edge, 2) > 0);	/* another number */
	}
}

static void
test_pair(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_int_equal(send_and_wait(PLAIN), SMS_LATER);
	assert_int_equal(w.posts, 3);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_SENT);
	sample_read("send-error-131056.json", &text);
	graph_says(400, buf_str(&text));
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
	graph_says(200, OK_ANSWER);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000002" }), SMS_LATER);
	assert_int_equal(w.posts, 5);
	assert_int_equal(send_and_wait(&(struct sms_req){ .to = "27600000003" }), SMS_SENT);
	buf_clear(&text);
}

/* The token has expired: an alarm, and the messages wait or go another way. */
static void
test_stopped(void **state)
{
	struct buf text = { 0 };

	(void)state;
	w.channels[CHANNEL].whatsapp.stop_s = 0;
	sample_read("send-error-190.json", &text);
	graph_says(401, buf_str(&text));
	assert_int_equal(send_and_wait(PLAIN), SMS_LATER);
	assert_int_equal(metric_get(M_WA_STOPPED), 1);
	/* stop_s is over: one at a time tries. */
	UNTIL(edge_sms_free(w.edge, CHANNEL) == 1);
	send_req(500, PLAIN);
	assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
	UNTIL(w.sms_n == 2);
	assert_int_equal(w.sms[1].end, SMS_LATER);
	graph_says(200, OK_ANSWER);
	UNTIL(edge_sms_free(w.edge, CHANNEL) == 1);
	assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_int_equal(metric_get(M_WA_STOPPED), 0);
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 1);
	/* A webhook can say so as well. */
	w.channels[CHANNEL].whatsapp.stop_s = 60;
	assert_int_equal(post("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\","
	    "\"value\":{\"metadata\":{\"phone_number_id\":\"" NUMBER "\"},\"errors\":[{\"code\":131031}]}}]}]}"), 200);
	assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
	assert_int_equal(metric_get(M_WA_STOPPED), 1);
	metric_set(M_WA_STOPPED, 0);
	buf_clear(&text);
}

static void
add_template(const char *name, const char *lang)
{
	struct whatsapp_settings *m = &w.channels[CHANNEL].whatsapp;
	struct template_settings *t = &m->templates[m->templates_n++];

	t->cls = MSG_RESULT;
	str_copy(t->for_language, sizeof t->for_language, lang);
	str_copy(t->name, sizeof t->name, name);
	str_copy(t->language, sizeof t->language, "en");
}

/* After a day only a template may be sent, and only of the message's class. */
static void
test_window_over(void **state)
{
	struct sms_req over = { .cls = MSG_RESULT, .window_over = true };
	struct sms_req notice = { .cls = MSG_NOTICE, .window_over = true };

	(void)state;
	assert_int_equal(send_and_wait(&over), SMS_REFUSED);
	add_template("news_zulu", "zu");
	add_template("news", "");
	assert_int_equal(send_and_wait(&notice), SMS_REFUSED);
	assert_int_equal(w.posts, 0);
	assert_int_equal(send_and_wait(&over), SMS_SENT);
	assert_non_null(strstr(w.posted[0], "\"name\":\"news\""));
	assert_non_null(strstr(w.posted[0], "\"text\":\"Balance R50.00\""));
	over.lang = "zu";
	assert_int_equal(send_and_wait(&over), SMS_SENT);
	assert_non_null(strstr(w.posted[1], "\"name\":\"news_zulu\""));
	/* The network's clock says that it is over, ours does not: the same message in its template. */
	graph_says(400, ERROR_ANSWER(131047));
	str_copy(over.to, sizeof over.to, "27600000002");
	over.window_over = false;
	assert_int_equal(send_and_wait(&over), SMS_REFUSED);
	assert_int_equal(w.posts, 4);
	assert_non_null(strstr(w.posted[2], "\"type\":\"text\""));
	assert_non_null(strstr(w.posted[3], "\"name\":\"news_zulu\""));
}

/* The throughput of the number is that of all processes. */
static void
test_shared_throughput(void **state)
{
	(void)state;
	w.s.provider_connections = 1000;
	w.processes = 40;
	UNTIL(edge_sms_free(w.edge, CHANNEL) == 1);
	assert_int_equal(send_and_wait(PLAIN), SMS_SENT);
	assert_int_equal(edge_sms_free(w.edge, CHANNEL), 0);
	assert_int_equal(send_at_once(PLAIN), SMS_LATER);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_verification), T(test_every_sample), T(test_statuses), T(test_signatures), T(test_not_readable),
		T(test_stored_in_order), T(test_not_stored), T(test_other_numbers), T(test_read_marks), T(test_sent),
		T(test_lost_answers), T(test_errors), T(test_throttled), T(test_pair), T(test_stopped), T(test_window_over),
		T(test_shared_throughput),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
