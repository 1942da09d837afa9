/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of the sandbox's wallet core: finds the route, lets in who may, turns what the calls
 * return into answers and does the faults that are asked for. The base may be
 * ".../eclipse-conductor" or the bare address: in production it is configuration too.
 */
#include "sandbox/core_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "io/http_server.h"
#include "sandbox/auth.h"
#include "sandbox/box.h"
#include "sandbox/core_json.h"
#include "sandbox/faults.h"

#define ROUTES_MAX 40
#define BODY_MAX 24000000		/* a document in base64 */
#define CALLBACK_HEAD_START_MS 40	/* callback_first: how long the answer waits for it */
#define GARBAGE "{\"walletId\": 100001, \"amount\": 1\xff\xfe"

struct asked {			/* a request; views of http_req's, or of a struct later */
	const char *method, *path, *authorization, *body;
	size_t len;
	const struct http_req *req;	/* NULL when it lands late */
};

/* An answer that waits, or a request that lands late; in core->pending. */
struct pending {
	struct list node;
	struct core *core;
	struct timer timer;
	uint64_t id;
	int status;
	char *text;		/* the answer, or NULL */
	struct asked asked;	/* of a late request (else method is NULL); strings are ours */
};

struct core {
	struct box *x;
	struct http_server *server;
	struct list pending;
	int64_t counts[ROUTES_MAX];
};

/* ---- routes ---- */

/* The next part of a path: *at moves behind it. */
static size_t
segment(const char **at, const char **out)
{
	size_t n = strcspn(*at, "/");

	*out = *at;
	*at += n + ((*at)[n] == '/');
	return n;
}

static bool
number(const char *p, size_t n, int64_t *out)
{
	char text[24];

	return str_copyn(text, sizeof text, p, n) && str_to_i64(text, 0, INT64_MAX, out);
}

/* Does the path fit the pattern? Numbers and the name of it are taken out. */
static bool
fits(const char *pattern, const char *path, struct core_call *c, int64_t *tenant)
{
	size_t ids = 0;

	while (*pattern != '\0' && *path != '\0') {
		const char *a, *b;
		size_t an = segment(&pattern, &a), bn = segment(&path, &b);
		int64_t v;

		if (an == 1 && *a == '#') {
			if (!number(b, bn, &v))
				return false;
			if (ids == 0)
				*tenant = v;
			else if (ids <= CORE_IDS)
				c->id[ids - 1] = v;
			ids++;
		} else if (an == 1 && *a == '*') {
			if (!str_copyn(c->word, sizeof c->word, b, bn))
				return false;
		} else if (an != bn || memcmp(a, b, an) != 0) {
			return false;
		}
	}
	return *pattern == '\0' && *path == '\0';
}

static size_t
routes(void)
{
	return core_people_n + core_money_n + core_documents_n;
}

static const struct core_route *
route_at(size_t i)
{
	if (i < core_people_n)
		return &core_people[i];
	i -= core_people_n;
	return i < core_money_n ? &core_money[i] : &core_documents[i - core_money_n];
}

static const struct core_route *
route_find(const struct asked *a, struct core_call *c, int64_t *tenant, size_t *index)
{
	const char *path = a->path;

	if (str_starts(path, "/eclipse-conductor/"))
		path += strlen("/eclipse-conductor");
	if (!str_starts(path, "/rest/v1/"))
		return NULL;
	path += strlen("/rest/v1/");
	for (size_t i = 0; i < routes(); i++) {
		const struct core_route *r = route_at(i);

		if (strcmp(r->method, a->method) == 0 && fits(r->path, path, c, tenant)) {
			*index = i;
			return r;
		}
	}
	return NULL;
}

/* 401 for who is not known, and ARCH014 where it once was. */
static bool
authenticate(struct core_call *c, const struct asked *a)
{
	const char *jwt;

	if (a->authorization == NULL || !str_starts(a->authorization, "Bearer ")) {
		core_error(c, 401, "SEC001", "Not authenticated");
		return false;
	}
	jwt = a->authorization + strlen("Bearer ");
	switch (auth_check(c->x->auth, jwt, c->now, &c->actor, NULL)) {
	case AUTH_OK:
		return true;
	case AUTH_EXPIRED:
		core_error(c, 401, "ARCH014", "JWT has expired");
		return false;
	case AUTH_BAD:
		core_error(c, 401, "SEC001", "Invalid authentication data");
		break;
	}
	return false;
}

/*
 * Looks up what the path names, and whether the actor may. What is not one's own is forbidden,
 * found or not.
 */
static bool
admit(struct core_call *c, const struct core_route *r)
{
	int64_t owner = 0;

	if (str_starts(r->path, "tenants/#/customers/#"))
		owner = (c->customer = bank_customer_find(c->x->bank, c->id[0])) != NULL ?
		    c->id[0] : -1;
	else if (str_starts(r->path, "tenants/#/wallets/#"))
		owner = (c->wallet = bank_wallet_find(c->x->bank, c->id[0])) != NULL ?
		    c->wallet->owner->id : -1;
	if (c->actor != 0 && r->who != WHO_ALL && (r->who == WHO_TENANT || owner != c->actor)) {
		core_error(c, 403, "SEC001", "You do not have the rights to do that");
		return false;
	}
	if (owner >= 0)
		return true;
	core_bank_error(c, BANK_NOT_FOUND);
	return false;
}

static bool
read_body(struct core_call *c, const struct asked *a)
{
	if (a->len == 0 || strcmp(a->method, "GET") == 0)
		return true;
	c->body = json_loadb(a->body, a->len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(c->body))
		return true;
	core_error(c, 400, "JPE001", "The request cannot be parsed");
	return false;
}

static void
execute(struct core *k, const struct asked *a, struct core_call *c)
{
	const struct core_route *r;
	int64_t tenant = BOX_TENANT;
	size_t index = 0;

	*c = (struct core_call){ .x = k->x, .req = a->req, .now = box_now(k->x) };
	bank_expire(k->x->bank, c->now);
	r = route_find(a, c, &tenant, &index);
	if (r == NULL) {
		core_error(c, 404, "ARCH086", "No such resource");
		return;
	}
	k->counts[index]++;
	if (r->who != WHO_ANYBODY) {
		if (!authenticate(c, a))
			return;
		if (tenant != BOX_TENANT) {
			core_error(c, 403, "SEC001", "You do not have the rights to do that");
			return;
		}
		if (!admit(c, r))
			return;
	}
	if (read_body(c, a))
		r->fn(c);
}

/* ---- answers, late and never ---- */

static void
pending_free(struct pending *p)
{
	timer_stop(&p->timer);
	list_remove(&p->node);
	free(p->text);
	if (p->asked.method != NULL) {
		free((char *)p->asked.method);
		free((char *)p->asked.path);
		free((char *)p->asked.authorization);
		free((char *)p->asked.body);
	}
	free(p);
}

static void
on_pending(void *arg)
{
	struct pending *p = arg;
	struct core_call c;

	if (p->asked.method != NULL) {
		execute(p->core, &p->asked, &c);
		json_decref(c.body);
		json_decref(c.answer);
	} else {
		http_answer(p->core->server, p->id, p->status, "application/json", p->text,
		    p->text != NULL ? strlen(p->text) : 0);
	}
	pending_free(p);
}

static struct pending *
pending_new(struct core *k, int64_t ms)
{
	struct pending *p = xcalloc(1, sizeof *p);

	p->core = k;
	list_add_tail(&k->pending, &p->node);
	timer_init(&p->timer, k->x->loop, on_pending, p);
	timer_arm(&p->timer, ms);
	return p;
}

static void
land_later(struct core *k, const struct asked *a, int64_t ms)
{
	struct pending *p = pending_new(k, ms);

	p->asked.method = xstrdup(a->method);
	p->asked.path = xstrdup(a->path);
	p->asked.authorization = a->authorization != NULL ? xstrdup(a->authorization) : NULL;
	p->asked.body = xstrndup(a->body, a->len);
	p->asked.len = a->len;
}

static void
give(struct core *k, uint64_t id, int status, char *text, int64_t after_ms)
{
	struct pending *p;

	if (after_ms <= 0) {
		http_answer(k->server, id, status, "application/json", text, text != NULL ?
		    strlen(text) : 0);
		free(text);
		return;
	}
	p = pending_new(k, after_ms);
	p->id = id;
	p->status = status;
	p->text = text;
}

static char *
dump(json_t *j)
{
	char *text = j != NULL ? json_dumps(j, CORE_DUMP | JSON_ENCODE_ANY) : NULL;

	json_decref(j);
	return text;
}

static void
give_error(struct core *k, uint64_t id, const struct fault *f)
{
	int status = f->status != 0 ? f->status : 500;
	const char *code = status == 429 ? "RLT001" : status == 401 ? "ARCH014" : status == 403 ?
	    "SEC001" : status >= 500 ? "UNK001" : "VAL001";

	give(k, id, status, f->body != NULL ? xstrdup(f->body) :
	    dump(core_error_body(k->x, status, code, "Fault on demand")), f->ms);
}

/* Does what a fault says of a request that is not executed now; true: nothing is left to do. */
static bool
fault_before(struct core *k, uint64_t id, const struct asked *a, const struct fault *f)
{
	switch (f->what) {
	case FAULT_ERROR:
		give_error(k, id, f);
		return true;
	case FAULT_DROP_BEFORE:
		http_drop(k->server, id);
		return true;
	case FAULT_LATER:
		land_later(k, a, f->ms);
		if (f->cut)
			http_drop(k->server, id);
		else if (f->status != 0)
			give_error(k, id, &(struct fault){ .status = f->status, .body = f->body });
		return true;
	default:
		return false;
	}
}

/*
 * In the hostile profile some requests that move money land late; half of them are cut off, half
 * stay mute.
 */
static struct fault
fault_for(struct core *k, const struct asked *a)
{
	struct fault f = { .what = FAULT_NONE };
	struct core_call scratch = { 0 };
	const struct core_route *r;
	int64_t tenant;
	size_t index;

	if (faults_any(k->x->faults))
		f = faults_match(k->x->faults, FAULT_CORE, a->method, a->path);
	if (f.what != FAULT_NONE || k->x->rules.late_permille == 0 || strcmp(a->method, "GET") == 0)
		return f;
	r = route_find(a, &scratch, &tenant, &index);
	if (r == NULL || !r->moves_money || rng_below(&k->x->rng,
	    1000) >= (uint64_t)k->x->rules.late_permille)
		return f;
	f.what = FAULT_LATER;
	f.ms = (int64_t)rng_below(&k->x->rng, (uint64_t)k->x->rules.late_ms + 1);
	f.cut = rng_below(&k->x->rng, 2) == 0;
	return f;
}

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct core *k = arg;
	struct asked a = { .method = http_req_method(req), .path = http_req_path(req), .req = req,
	    .authorization = http_req_header(req, "Authorization") };
	struct core_call c;
	struct fault f;
	char *text;

	a.body = http_req_body(req, &a.len);
	f = fault_for(k, &a);
	if (fault_before(k, id, &a, &f))
		return;
	execute(k, &a, &c);
	text = dump(c.answer);
	json_decref(c.body);
	if (f.what == FAULT_GARBAGE) {
		free(text);
		text = xstrdup(GARBAGE);
	}
	if (f.what == FAULT_NO_ANSWER || f.what == FAULT_LOSE_ANSWER) {
		free(text);
		if (f.what == FAULT_LOSE_ANSWER)
			http_drop(k->server, id);
		return;
	}
	if (k->x->rules.callback_first && strcmp(a.method, "GET") != 0 &&
	    f.ms < CALLBACK_HEAD_START_MS)
		f.ms = CALLBACK_HEAD_START_MS;
	give(k, id, c.status, text, f.ms);
}

struct core *
core_new(struct box *x, const char *address, char *err, size_t err_size)
{
	struct core *k = xcalloc(1, sizeof *k);
	struct http_server_options o = { .name = "core", .address = address, .connections = 2000,
	    .body_max = BODY_MAX, .header_max = 16384, .arrive_s = 30, .idle_s = 120, .answer_s = 300,
	    .handler = on_request, .arg = k };

	if (routes() > ROUTES_MAX)
		fatalx("too many routes");
	k->x = x;
	list_init(&k->pending);
	if ((k->server = http_server_new(x->loop, &o, err, err_size)) == NULL) {
		free(k);
		return NULL;
	}
	return k;
}

void
core_free(struct core *k)
{
	struct list *it, *nx;

	if (k == NULL)
		return;
	LIST_EACH(it, nx, &k->pending)
		pending_free(LIST_OF(it, struct pending, node));
	http_server_free(k->server);
	free(k);
}

int
core_port(const struct core *k)
{
	return http_server_port(k->server);
}

json_t *
core_counts(const struct core *k)
{
	json_t *all = json_object();
	char name[100];

	for (size_t i = 0; i < routes(); i++) {
		const struct core_route *r = route_at(i);

		str_format(name, sizeof name, "%s %s", r->method, r->path);
		if (k->counts[i] > 0)
			json_object_set_new(all, name, json_integer(k->counts[i]));
	}
	return all;
}
