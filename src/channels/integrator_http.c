/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integrators speak the wallet core's own paths (design section 4): login, and direct withdrawals of the wallets that
 * are theirs. A static key, or a login whose token is a MAC over name and expiry, so that no process has to remember
 * it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/order.h"

#define ROOT "/eclipse-conductor/rest/v1/"
#define LOGIN ROOT "authentication/login"
#define TOKEN_LIFE_S 900
#define TOKEN_MAX 128
#define LIST_DAYS_MS (INT64_C(31) * 86400000)

struct who {
	int tenant, integrator;
};

static void
answer_error(struct edge *e, uint64_t id, int status, const char *code, const char *words)
{
	struct buf b = { 0 };

	metric_add(M_HTTP_REFUSED, 1);
	order_print_error(status >= 500 ? "SYSTEM" : "BUSINESS", code, words, &b);
	http_answer(e->http, id, status, "application/json", b.p, b.len);
	buf_clear(&b);
}

static void
too_many(struct edge *e, uint64_t id, int retry_s)
{
	struct buf b = { 0 };

	order_print_error("BUSINESS", "RATE001", "Too many calls; wait as the header Retry-After says", &b);
	edge_too_many(e, id, retry_s, "application/json", buf_str(&b));
	buf_clear(&b);
}

static const struct integrator_settings *
settings_of(const struct edge *e, const struct who *w)
{
	return &e->settings->tenants[w->tenant].integrators[w->integrator];
}

/* ---- who calls ---- */

static bool
key_opens(const struct integrator_settings *i, const char *key)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)key, strlen(key));
	return sodium_memcmp(hash, i->key_sha256, sizeof hash) == 0;
}

/* By key alone (name NULL) or name and key. Every integrator is looked at, so that time tells nothing. */
static bool
find_by_key(const struct edge *e, const char *name, const char *key, struct who *out)
{
	bool found = false;

	for (int t = 0; t < e->settings->tenants_n; t++)
		for (int i = 0; i < e->settings->tenants[t].integrators_n; i++) {
			struct who w = { t, i };
			const struct integrator_settings *s = settings_of(e, &w);

			if (key_opens(s, key) && (name == NULL || strcmp(name, s->name) == 0) && !found) {
				*out = w;
				found = true;
			}
		}
	return found;
}

static void
token_mac(const struct edge *e, const struct who *w, const char *until, char out[33])
{
	const struct ports *p = gateway_ports(e->gw);
	const struct integrator_settings *s = settings_of(e, w);
	char text[256], key[65];
	unsigned char mac[16];

	/* The key's hash is part of it: a new key ends the tokens of the old one. */
	str_hex(s->key_sha256, sizeof s->key_sha256, key);
	str_format(text, sizeof text, "integrator token|%s|%s|%s|%s", e->settings->tenants[w->tenant].name, s->name,
	    until, key);
	p->mac(p->ctx, text, strlen(text), mac);
	str_hex(mac, sizeof mac, out);
	mem_wipe(key, sizeof key);
	mem_wipe(text, sizeof text);
}

static void
token_make(const struct edge *e, const struct who *w, int64_t until_s, char out[TOKEN_MAX])
{
	char until[24], mac[33];

	str_format(until, sizeof until, "%" PRId64, until_s);
	token_mac(e, w, until, mac);
	str_format(out, TOKEN_MAX, "%d.%d.%s.%s", w->tenant, w->integrator, until, mac);
}

static bool
take_number(const char **at, int64_t max, int64_t *out)
{
	char text[24];
	const char *dot = strchr(*at, '.');

	if (dot == NULL || !str_copyn(text, sizeof text, *at, (size_t)(dot - *at)) || !str_to_i64(text, 0, max, out))
		return false;
	*at = dot + 1;
	return true;
}

static bool
token_opens(const struct edge *e, const char *token, struct who *out)
{
	int64_t tenant, integrator, until;
	char text[24], mac[33];

	if (!take_number(&token, e->settings->tenants_n - 1, &tenant) ||
	    !take_number(&token, e->settings->tenants[tenant].integrators_n - 1, &integrator) ||
	    !take_number(&token, INT64_MAX, &until) || strlen(token) != 32)
		return false;
	out->tenant = (int)tenant;
	out->integrator = (int)integrator;
	str_format(text, sizeof text, "%" PRId64, until);
	token_mac(e, out, text, mac);
	return str_equal_secret(mac, token, 32) && until > loop_wall(e->loop) / 1000;
}

static bool
authenticate(const struct edge *e, const struct http_req *req, struct who *out)
{
	const char *header = http_req_header(req, "Authorization");

	if (header == NULL)
		return false;
	if (str_starts(header, "Bearer "))
		return token_opens(e, header + 7, out);
	return find_by_key(e, NULL, header, out);
}

static void
login(struct edge *e, uint64_t id, const struct http_req *req)
{
	size_t len;
	const char *body = http_req_body(req, &len);
	char name[NAME_MAX_OCTETS], key[129], token[TOKEN_MAX];
	struct who w;
	struct buf b = { 0 };
	int64_t until = loop_wall(e->loop) / 1000 + TOKEN_LIFE_S;
	static struct log_limit limit;
	unsigned held;

	if (!order_parse_login(body, len, name, sizeof name, key, sizeof key))
		answer_error(e, id, 400, "VAL001", "identity and password are required");
	else if (!find_by_key(e, name, key, &w)) {
		if (!log_limited(&limit, &held))
			log_warn(0, "integrator refused", "peer=%s more=%u", http_req_peer(req), held);
		answer_error(e, id, 401, "USR002", "Wrong identity or password");
	} else {
		token_make(e, &w, until, token);
		order_print_login(token, until, e->settings->tenants[w.tenant].wallet.tenant_id, &b);
		http_answer(e->http, id, 200, "application/json", b.p, b.len);
		buf_clear(&b);
	}
	mem_wipe(key, sizeof key);
	mem_wipe(token, sizeof token);
}

/* ---- the calls ---- */

/* tenants/{tenantId}/wallets/{walletId}/withdrawals[/{id}] */
static bool
parse_path(const char *path, int64_t *tenant, int64_t *wallet, char withdrawal[24])
{
	char text[256], *save = NULL, *part[7];
	int n = 0;

	if (!str_copy(text, sizeof text, path))
		return false;
	for (char *p = strtok_r(text, "/", &save); p != NULL && n < 7; p = strtok_r(NULL, "/", &save))
		part[n++] = p;
	if ((n != 5 && n != 6) || strcmp(part[0], "tenants") != 0 || strcmp(part[2], "wallets") != 0 ||
	    strcmp(part[4], "withdrawals") != 0)
		return false;
	withdrawal[0] = '\0';
	if (n == 6 && (!str_all_digits(part[5]) || !str_copy(withdrawal, 24, part[5])))
		return false;
	return str_to_i64(part[1], 1, INT64_MAX, tenant) && str_to_i64(part[3], 1, INT64_MAX, wallet);
}

static const struct {
	const char *method;
	bool one;		/* with an id in the path */
	enum api_call kind;
} calls[] = {
	{ "POST", false, API_WITHDRAW }, { "GET", false, API_LIST }, { "GET", true, API_GET },
	{ "PUT", true, API_CANCEL },
};

static bool
query_number(const struct http_req *req, const char *name, int64_t max, size_t *out)
{
	const char *text = http_req_query(req, name);
	int64_t n = 0;

	if (text != NULL && !str_to_i64(text, 0, max, &n))
		return false;
	*out = (size_t)n;
	return true;
}

static bool
fill_list(struct edge *e, const struct http_req *req, struct api_in *in)
{
	const char *from = http_req_query(req, "dateFromIncl"), *to = http_req_query(req, "dateToExcl");

	in->to_ms = loop_wall(e->loop) + 1000;
	in->from_ms = in->to_ms - LIST_DAYS_MS;
	return (from == NULL || wallet_time_parse(from, &in->from_ms)) &&
	    (to == NULL || wallet_time_parse(to, &in->to_ms)) && query_number(req, "offset", 100000, &in->offset) &&
	    query_number(req, "limit", 100000, &in->limit);
}

static void
call(struct edge *e, uint64_t id, const struct http_req *req, const struct who *w, struct api_in *in)
{
	struct way_back back = { .bind = -1, .http = id };
	bool one = in->withdrawal_id[0] != '\0';

	for (size_t i = 0; i < NELEM(calls); i++) {
		if (calls[i].one != one || strcmp(calls[i].method, http_req_method(req)) != 0)
			continue;
		in->kind = calls[i].kind;
		if (in->kind == API_LIST && !fill_list(e, req, in)) {
			answer_error(e, id, 400, "VAL001", "dateFromIncl, dateToExcl, offset or limit cannot be read");
			return;
		}
		in->tenant = w->tenant;
		in->integrator = w->integrator;
		in->body = http_req_body(req, &in->len);
		in->call = edge_remember(e, e->calls, &back);
		gateway_api(e->gw, loop_wall(e->loop), in);
		return;
	}
	answer_error(e, id, 405, "VAL001", "This path does not know this method");
}

bool
integrator_http(struct edge *e, uint64_t id, const struct http_req *req)
{
	const char *path = http_req_path(req);
	struct api_in in = { 0 };
	char withdrawal[24];
	int64_t tenant;
	struct who w;
	int retry_s;

	if (!str_starts(path, ROOT))
		return false;
	if (e->gw == NULL)
		answer_error(e, id, 503, "UNK001", "Starting or stopping; try again");
	else if (strcmp(path, LOGIN) == 0 && strcmp(http_req_method(req), "POST") == 0)
		login(e, id, req);
	else if (!authenticate(e, req, &w))
		answer_error(e, id, 401, "SEC001", "Log in, or send the key in the header Authorization");
	else if (!rates_allow_integrator(e->rates, loop_now(e->loop), w.tenant, w.integrator, &retry_s))
		too_many(e, id, retry_s);
	else if (!parse_path(path + strlen(ROOT), &tenant, &in.wallet_id, withdrawal))
		answer_error(e, id, 404, "ARCH086", "No such path");
	else if (e->settings->tenants[w.tenant].wallet.tenant_id != tenant)
		answer_error(e, id, 403, "SEC001", "This tenant is not yours");
	else {
		in.withdrawal_id = withdrawal;
		call(e, id, req, &w, &in);
	}
	return true;
}
