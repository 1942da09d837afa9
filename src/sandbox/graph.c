/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener of the Graph API: who may call, what is to go wrong on purpose, and files. Messages are graph_send.c's,
 * webhooks graph_hook.c's, and customers graph_chat.c's.
 */
#include "sandbox/graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "io/http_client.h"
#include "sandbox/control.h"
#include "sandbox/core_json.h"
#include "sandbox/faults.h"
#include "sandbox/graph_private.h"

#define BODY_MAX 262144
#define URL_LIVES_MS INT64_C(300000)	/* of a file */
#define PAIR_PER_MINUTE 10
#define PAIR_BURST 45			/* within six seconds, by Meta's word */
#define PAIRS_MAX 100000
#define VERIFY_MS 10000

void
graph_answer(struct graph *g, uint64_t http, int status, json_t *body)
{
	char *text = json_dumps(body, CORE_DUMP);

	json_decref(body);
	if (text == NULL)
		fatalx("an answer of the Graph API cannot be written");
	http_answer(g->server, http, status, "application/json", text, strlen(text));
	free(text);
}

void
graph_error(struct graph *g, uint64_t http, int status, int code, const char *why)
{
	char words[200];

	str_format(words, sizeof words, "(#%d) %.150s", code, why);
	graph_answer(g, http, status, json_pack("{s:{s:s,s:s,s:i,s:{s:s,s:s},s:s}}", "error", "message", words, "type",
	    "OAuthException", "code", code, "error_data", "messaging_product", "whatsapp", "details", why, "fbtrace_id",
	    "Abox"));
}

/* ---- answers that are put off ---- */

struct late {				/* in graph->late by its own address */
	struct graph *graph;
	struct timer timer;
	uint64_t http;
	json_t *body;
};

static void
late_free(struct late *l)
{
	timer_stop(&l->timer);
	json_decref(l->body);
	free(l);
}

static void
on_late(void *arg)
{
	struct late *l = arg;

	map_remove(l->graph->late, &l, sizeof l);
	graph_message(l->graph, l->http, l->body);
	late_free(l);
}

static void
put_off(struct graph *g, uint64_t http, const json_t *body, int64_t ms)
{
	struct late *l = xcalloc(1, sizeof *l);

	l->graph = g;
	l->http = http;
	l->body = json_deep_copy(body);
	timer_init(&l->timer, g->x->loop, on_late, l);
	timer_arm(&l->timer, ms);
	map_put(g->late, &l, sizeof l, l);
}

static void
free_late(void *arg, const void *key, size_t n, void *value)
{
	(void)arg;
	(void)key;
	(void)n;
	late_free(value);
}

/* ---- messages ---- */

static void
take_message(struct graph *g, uint64_t http, const json_t *body)
{
	const char *to = json_string_value(json_object_get(body, "to"));
	const char *user = json_string_value(json_object_get(body, "recipient"));
	struct fault f = faults_match(g->x->faults, FAULT_GRAPH, "POST",
	    to != NULL ? to : user != NULL ? user : "read");
	static const char garbage[] = "<html>";

	switch (f.what) {
	case FAULT_ERROR:
		http_answer(g->server, http, f.status != 0 ? f.status : 500, "application/json",
		    f.body != NULL ? f.body : "",
		    f.body != NULL ? strlen(f.body) : 0);
		return;
	case FAULT_DROP_BEFORE:
		http_drop(g->server, http);
		return;
	case FAULT_LATER:
		put_off(g, 0, body, f.ms);
		if (f.cut)
			http_drop(g->server, http);
		return;
	case FAULT_DELAY:
		put_off(g, http, body, f.ms > 0 ? f.ms : 1);
		return;
	case FAULT_LOSE_ANSWER:
		http_drop(g->server, http);
		graph_message(g, 0, body);
		return;
	case FAULT_GARBAGE:
		http_answer(g->server, http, 200, NULL, garbage, sizeof garbage - 1);
		graph_message(g, 0, body);
		return;
	case FAULT_NO_ANSWER:
		graph_message(g, 0, body);
		return;
	default:
		graph_message(g, http, body);
	}
}

static void
on_post(struct graph *g, uint64_t http, const struct http_req *req)
{
	size_t len;
	const char *body = http_req_body(req, &len);
	json_t *j = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(j)) {
		box_violation(g->x, "whatsapp: what was posted is no JSON object");
		graph_error(g, http, 400, 100, "The body is no JSON object");
	} else {
		take_message(g, http, j);
	}
	json_decref(j);
}

/* ---- files ---- */

static void
on_medium(struct graph *g, uint64_t http, const char *id)
{
	struct medium *m = map_get(g->media, id, strlen(id));
	char url[200], size[24];
	struct fault f = faults_match(g->x->faults, FAULT_GRAPH, "GET", id);

	if (f.what == FAULT_ERROR || m == NULL) {
		graph_error(g, http, f.what == FAULT_ERROR && f.status != 0 ? f.status : 404, 100,
		    "There is no such file");
		return;
	}
	str_format(m->hash, sizeof m->hash, "%016" PRIx64, rng_next(&g->x->rng));
	m->until = box_now(g->x) + URL_LIVES_MS;
	str_format(url, sizeof url, "http://127.0.0.1:%d/media/%s?hash=%s", graph_port(g), id, m->hash);
	str_format(size, sizeof size, "%zu", m->len);
	graph_answer(g, http, 200, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "messaging_product", "whatsapp", "url", url,
	    "mime_type", m->type, "sha256", m->sha256, "file_size", size, "id", id));
}

static void
on_octets(struct graph *g, uint64_t http, const char *id, const char *hash)
{
	const struct medium *m = map_get(g->media, id, strlen(id));
	struct fault f = faults_match(g->x->faults, FAULT_GRAPH, "GET", "octets");

	if (f.what == FAULT_ERROR)
		graph_error(g, http, f.status != 0 ? f.status : 500, 131000, "Something went wrong");
	else if (m == NULL || hash == NULL || m->hash[0] == '\0' || strcmp(m->hash, hash) != 0 ||
	    box_now(g->x) > m->until)
		graph_error(g, http, 404, 100, "The address is none, or too old");
	else if (f.what == FAULT_LOSE_ANSWER || f.what == FAULT_DROP_BEFORE)
		http_drop(g->server, http);
	else if (f.what == FAULT_GARBAGE)	/* all but the last octet */
		http_answer(g->server, http, 200, m->type, m->octets, m->len - (m->len > 0));
	else
		http_answer(g->server, http, 200, m->type, m->octets, m->len);
}

/* ---- the listener ---- */

static bool
may_call(const struct graph *g, const struct http_req *req)
{
	const char *header = http_req_header(req, "Authorization");

	return header != NULL && str_starts(header, "Bearer ") && g->token[0] != '\0' &&
	    strcmp(header + strlen("Bearer "), g->token) == 0;
}

/* "/v25.0/REST": REST; NULL: no version of the API. */
static const char *
rest_of(const char *path)
{
	const char *slash = path[0] == '/' && path[1] == 'v' ? strchr(path + 1, '/') : NULL;

	return slash != NULL ? slash + 1 : NULL;
}

static void
on_request(void *arg, uint64_t http, const struct http_req *req)
{
	struct graph *g = arg;
	const char *path = http_req_path(req), *rest = rest_of(path);
	char messages[80];
	bool get = strcmp(http_req_method(req), "GET") == 0;

	str_format(messages, sizeof messages, "%s/messages", g->number_id);
	if (!may_call(g, req)) {
		box_violation(g->x, "whatsapp: a call without the right token");
		graph_error(g, http, 401, 190, "Error validating access token");
	} else if (!get && rest != NULL && strcmp(rest, messages) == 0)
		on_post(g, http, req);
	else if (get && str_starts(path, "/media/"))
		on_octets(g, http, path + strlen("/media/"), http_req_query(req, "hash"));
	else if (get && rest != NULL && str_all_digits(rest))
		on_medium(g, http, rest);
	else {
		box_violation(g->x, "whatsapp: there is no such call");
		graph_error(g, http, 404, 100, "Unsupported request");
	}
}

/* ---- where the gateway is ---- */

static void
on_verified(void *arg, uint64_t op, const struct http_result *r)
{
	struct graph *g = arg;
	uint64_t *http = map_remove_u64(g->verifying, op);
	char challenge[24];

	str_format(challenge, sizeof challenge, "%" PRIu64, op + 1158201444);
	control_answer(g->x->control, *http, 200, json_pack("{s:i,s:b}", "status", r->status, "verified",
	    r->end == HTTP_ANSWERED && r->status == 200 && strcmp(r->body, challenge) == 0));
	free(http);
}

static void
verify(struct graph *g, uint64_t http, const char *token)
{
	char url[800];
	struct http_out out = { .method = "GET", .url = url, .timeout_ms = VERIFY_MS };
	uint64_t *waits = xcalloc(1, sizeof *waits);

	*waits = http;
	map_put_u64(g->verifying, ++g->last_op, waits);
	str_format(url, sizeof url, "%s?hub.mode=subscribe&hub.challenge=%" PRIu64 "&hub.verify_token=%s", g->url,
	    g->last_op + 1158201444, token);
	http_client_request(g->x->http, &out, g->last_op, on_verified, g);
}

void
graph_move(struct graph *g, uint64_t http, const json_t *body)
{
	const char *url = json_string_value(json_object_get(body, "url"));
	const char *token = json_string_value(json_object_get(body, "verify_token"));

	if (url != NULL) {
		free(g->url);
		g->url = xstrdup(url);
	}
	if (g->url == NULL)
		control_error(g->x->control, http, 400, "wanted: url; perhaps verify: true, verify_token");
	else if (json_is_true(json_object_get(body, "verify")))
		verify(g, http, token != NULL ? token : g->verify_token);
	else
		control_answer(g->x->control, http, 200, json_object());
	if (g->url != NULL)
		graph_hooks_tick(g);
}

/* ---- its life ---- */

struct graph *
graph_new(struct box *x, const struct graph_options *o, char *err, size_t err_size)
{
	struct graph *g = xcalloc(1, sizeof *g);
	struct http_server_options so = { .name = "graph", .address = o->address, .connections = 1000,
		.body_max = BODY_MAX, .header_max = 8192, .arrive_s = 30, .idle_s = 300, .answer_s = 3600,
		.handler = on_request, .arg = g };

	g->x = x;
	if ((g->server = http_server_new(x->loop, &so, err, err_size)) == NULL) {
		free(g);
		return NULL;
	}
	g->url = o->url != NULL ? xstrdup(o->url) : NULL;
	g->token = xstrdup(o->token);
	g->secret = xstrdup(o->secret);
	g->verify_token = xstrdup(o->verify_token);
	g->number_id = xstrdup(o->number_id);
	g->chats = map_new();
	g->media = map_new();
	g->late = map_new();
	g->hooks_sent = map_new();
	g->verifying = map_new();
	g->pairs = wa_pairs_new(PAIR_PER_MINUTE, PAIR_BURST, PAIRS_MAX);
	list_init(&g->hooks);
	return g;
}

static void
free_medium(void *arg, const void *key, size_t n, void *value)
{
	struct medium *m = value;

	(void)arg;
	(void)key;
	(void)n;
	free(m->type);
	free(m->octets);
	free(m);
}

static void
free_plain(void *arg, const void *key, size_t n, void *value)
{
	(void)arg;
	(void)key;
	(void)n;
	free(value);
}

void
graph_free(struct graph *g)
{
	if (g == NULL)
		return;
	map_each(g->late, free_late, NULL);
	map_free(g->late);
	graph_hooks_free(g);
	http_server_free(g->server);
	graph_chats_free(g);
	map_each(g->media, free_medium, NULL);
	map_free(g->media);
	map_each(g->verifying, free_plain, NULL);
	map_free(g->verifying);
	wa_pairs_free(g->pairs);
	free(g->url);
	free(g->token);
	free(g->secret);
	free(g->verify_token);
	free(g->number_id);
	free(g);
}

int
graph_port(const struct graph *g)
{
	return http_server_port(g->server);
}

void
graph_tick(struct graph *g)
{
	graph_hooks_tick(g);
}

json_t *
graph_counts(const struct graph *g)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:b}", "messages", (json_int_t)g->posts, "read_marks",
	    (json_int_t)g->marks,
	    "webhooks", (json_int_t)g->hooks_sent_n, "webhooks_taken", (json_int_t)g->hooks_taken, "webhooks_refused",
	    (json_int_t)g->hooks_refused, "quiet", list_empty(&g->hooks) && map_count(g->hooks_sent) == 0);
}
