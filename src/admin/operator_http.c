/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/operator_http.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/operator.h"
#include "core/settings.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "service/gateway.h"

#define ROOT "/operator/v1"
#define JSON_TYPE "application/json"
#define BODY_OCTETS 4096
#define HEADER_OCTETS 8192
#define CONNECTIONS 64

struct operator_http {
	const struct settings *settings;
	struct loop *loop;
	struct http_server *http;
	struct gateway *gw;
	struct log_limit refused;
};

static void
answer_error(struct operator_http *h, uint64_t id, int status, const char *error, const char *words)
{
	json_t *j = json_pack("{s:s, s:s}", "error", error, "words", words);
	char *text = json_dumps(j, JSON_COMPACT);

	http_answer(h->http, id, status, JSON_TYPE, text, strlen(text));
	free(text);
	json_decref(j);
}

/* Every operator is looked at, so that time tells nothing. */
static const struct operator *
find_operator(const struct operator_http *h, const struct http_req *req)
{
	const char *header = http_req_header(req, "Authorization");
	const struct operator *found = NULL;
	unsigned char hash[crypto_hash_sha256_BYTES];

	if (header == NULL || !str_starts(header, "Bearer "))
		return NULL;
	crypto_hash_sha256(hash, (const unsigned char *)header + 7, strlen(header + 7));
	for (int i = 0; i < h->settings->operators_n; i++)
		if (sodium_memcmp(hash, h->settings->operators[i].token_sha256, sizeof hash) == 0)
			found = &h->settings->operators[i].who;
	return found;
}

/* ---- what he may do ---- */

static json_t *
describe_act(const struct operator_act *a)
{
	json_t *args = json_array();

	for (size_t i = 0; i < NELEM(a->arg) && a->arg[i].name != NULL; i++)
		json_array_append_new(args, json_pack("{s:s, s:s, s:b}", "name", a->arg[i].name, "kind",
		    operator_arg_kind_name(a->arg[i].kind), "optional", a->arg[i].optional));
	return json_pack("{s:s, s:s, s:b, s:b, s:o}", "act", a->name, "help", a->help, "reason", a->reason, "second",
	    a->second, "arguments", args);
}

static void
answer_me(struct operator_http *h, uint64_t id, const struct operator *who)
{
	json_t *roles = json_array(), *tenants = json_array(), *acts = json_array(), *j;
	char *text;

	for (int r = ROLE_LOOK; r <= ROLE_APPROVE; r *= 2)
		if ((who->roles & r) != 0)
			json_array_append_new(roles, json_string(operator_role_name((enum operator_role)r)));
	for (int t = 0; t < h->settings->tenants_n; t++)
		if (operator_sees(who, t))
			json_array_append_new(tenants, json_string(h->settings->tenants[t].name));
	for (int a = 0; a < OPERATOR_ACTS; a++)
		if (operator_may(who, &operator_acts[a]))
			json_array_append_new(acts, describe_act(&operator_acts[a]));
	j = json_pack("{s:s, s:o, s:o, s:o}", "name", who->name, "roles", roles, "tenants", tenants, "acts", acts);
	text = json_dumps(j, JSON_COMPACT);
	http_answer(h->http, id, 200, JSON_TYPE, text, strlen(text));
	free(text);
	json_decref(j);
}

/* ---- acts ---- */

/* "/acme/unlock": both, or false. */
static bool
parse_path(const char *path, char tenant[NAME_MAX_OCTETS], char act[NAME_MAX_OCTETS])
{
	const char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;

	return slash != NULL && strchr(slash + 1, '/') == NULL && slash[1] != '\0' &&
	    str_copyn(tenant, NAME_MAX_OCTETS, path + 1, (size_t)(slash - path - 1)) &&
	    str_copy(act, NAME_MAX_OCTETS, slash + 1);
}

static void
act(struct operator_http *h, uint64_t id, const struct http_req *req, const struct operator *who)
{
	char tenant[NAME_MAX_OCTETS], name[NAME_MAX_OCTETS];
	struct operator_in in = { .call = id, .who = who, .tenant = tenant, .act = name };

	if (!parse_path(http_req_path(req) + strlen(ROOT), tenant, name)) {
		answer_error(h, id, 404, "path", "Paths here: GET " ROOT ", POST " ROOT "/TENANT/ACT");
		return;
	}
	if (strcmp(http_req_method(req), "POST") != 0) {
		/* A phone in a path or query would stand in the logs of proxies. */
		answer_error(h, id, 405, "method", "Acts are asked for by POST, with a JSON object as body");
		return;
	}
	in.body = http_req_body(req, &in.len);
	gateway_operator(h->gw, loop_wall(h->loop), &in);
}

static void
refuse_stranger(struct operator_http *h, uint64_t id, const struct http_req *req)
{
	unsigned held;

	metric_add(M_OPERATOR_STRANGERS, 1);
	if (!log_limited(&h->refused, &held))
		log_warn(0, "operator refused", "peer=%s more=%u", http_req_peer(req), held);
	answer_error(h, id, 401, "token", "This gateway knows no operator with this token (Authorization: Bearer TOKEN)");
}

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct operator_http *h = arg;
	const char *path = http_req_path(req);
	const struct operator *who = find_operator(h, req);

	if (who == NULL)
		refuse_stranger(h, id, req);
	else if (h->gw == NULL)
		answer_error(h, id, 503, "busy", "Starting or stopping; try again");
	else if (!str_starts(path, ROOT))
		answer_error(h, id, 404, "path", "Paths here: GET " ROOT ", POST " ROOT "/TENANT/ACT");
	else if (path[strlen(ROOT)] == '\0' && strcmp(http_req_method(req), "GET") == 0)
		answer_me(h, id, who);
	else
		act(h, id, req, who);
}

void
operator_http_reply(struct operator_http *h, uint64_t call, int status, const char *json)
{
	if (h != NULL)
		http_answer(h->http, call, status, JSON_TYPE, json, strlen(json));
}

struct operator_http *
operator_http_new(struct loop *l, const struct settings *s, char *err, size_t err_size)
{
	struct operator_http *h = xcalloc(1, sizeof *h);
	struct http_server_options http = {
		.name = "operators", .address = s->listen_operators, .connections = CONNECTIONS,
		.body_max = BODY_OCTETS,
		.header_max = HEADER_OCTETS, .arrive_s = 5, .idle_s = 30, .answer_s = OPERATOR_ANSWER_MS / 1000 + 10,
		.handler = on_request, .arg = h,
	};

	h->settings = s;
	h->loop = l;
	h->http = http_server_new(l, &http, err, err_size);
	if (h->http == NULL) {
		free(h);
		return NULL;
	}
	return h;
}

void
operator_http_attach(struct operator_http *h, struct gateway *gw)
{
	h->gw = gw;
}

int
operator_http_port(const struct operator_http *h)
{
	return http_server_port(h->http);
}

void
operator_http_stop_accepting(struct operator_http *h)
{
	http_server_stop_accepting(h->http);
}

unsigned
operator_http_held(const struct operator_http *h)
{
	return http_server_held(h->http);
}

void
operator_http_free(struct operator_http *h)
{
	if (h == NULL)
		return;
	http_server_free(h->http);
	free(h);
}
