/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control listener: a table of calls. What they change is the bank's, the faults' and the
 * clock's business.
 */
#include "sandbox/control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/chat_in.h"
#include "core/money.h"
#include "io/http_server.h"
#include "sandbox/aggregator.h"
#include "sandbox/auth.h"
#include "sandbox/bank.h"
#include "sandbox/bench.h"
#include "sandbox/box.h"
#include "sandbox/control_state.h"
#include "sandbox/core_json.h"
#include "sandbox/faults.h"
#include "sandbox/graph.h"
#include "sandbox/phone.h"
#include "sandbox/sms_provider.h"
#include "sandbox/smsc.h"

#define BODY_MAX 16000000	/* a picture of 5 MB in base64 */
#define ADVANCE_MAX_MS (INT64_C(400) * 24 * 3600 * 1000)

struct control {
	struct box *x;
	struct http_server *server;
};

struct asked {
	struct box *x;
	uint64_t http;
	const json_t *body;		/* NULL when there is none */
};

void
control_answer(struct control *c, uint64_t http, int status, json_t *body)
{
	char *text = body != NULL ? json_dumps(body, CORE_DUMP) : NULL;

	json_decref(body);
	http_answer(c->server, http, status, "application/json", text,
	    text != NULL ? strlen(text) : 0);
	free(text);
}

void
control_error(struct control *c, uint64_t http, int status, const char *why)
{
	control_answer(c, http, status, json_pack("{s:s}", "error", why));
}

static void
done(const struct asked *a, json_t *body)
{
	control_answer(a->x->control, a->http, 200, body);
}

static void
bad(const struct asked *a, const char *why)
{
	control_error(a->x->control, a->http, 400, why);
}

static const char *
text_of(const struct asked *a, const char *name)
{
	return json_string_value(json_object_get(a->body, name));
}

/* An amount as text "50.00" or as a JSON number. */
static bool
amount_of(const struct asked *a, const char *name, int64_t *cents)
{
	const json_t *v = json_object_get(a->body, name);

	if (json_is_string(v))
		return money_parse_decimal(json_string_value(v), cents);
	return core_cents(v, cents);
}

/* "walletId", or "phone": the first wallet of its newest customer. */
static struct bank_wallet *
wallet_of(const struct asked *a)
{
	const json_t *id = json_object_get(a->body, "walletId");
	const char *phone = text_of(a, "phone");
	struct bank_customer *const *c;
	size_t n;

	if (json_is_integer(id))
		return bank_wallet_find(a->x->bank, json_integer_value(id));
	n = phone != NULL ? bank_customers_by(a->x->bank, INDEX_PHONE, phone, &c) : 0;
	return n > 0 && c[n - 1]->wallets_n > 0 ? c[n - 1]->wallets[0] : NULL;
}

static void
state(const struct asked *a)
{
	done(a, control_state(a->x));
}

static void
new_uid(struct box *x, char out[37])
{
	str_format(out, 37, "%016" PRIx64 "-%016" PRIx64, rng_next(&x->rng), rng_next(&x->rng));
}

static void
profile_of(const struct asked *a, struct bank_profile *p)
{
	static const struct {
		const char *name;
		size_t offset, size;
	} rows[] = {
#define P(name, member) \
	{ name, offsetof(struct bank_profile, member), sizeof(((struct bank_profile *)0)->member) }
		P("phone", phone), P("firstName", first_name), P("lastName", last_name),
		P("nationalIdentityNumber", id_number), P("passportNumber", passport),
		P("dateOfBirth", birth), P("locale", locale), P("externalUniqueId", uid),
#undef P
	};

	str_copy(p->first_name, sizeof p->first_name, "Thandi");
	str_copy(p->last_name, sizeof p->last_name, "Mokoena");
	new_uid(a->x, p->uid);
	for (size_t i = 0; i < NELEM(rows); i++) {
		const char *v = text_of(a, rows[i].name);

		if (v != NULL)
			str_copy((char *)p + rows[i].offset, rows[i].size, v);
	}
}

/* {"phone":..,"firstName":..,"balance":"100.00","wallet":true,"identity":..,"password":..} */
static void
customers(const struct asked *a)
{
	struct bank_profile p = { 0 };
	struct bank_customer *c;
	struct bank_wallet *w = NULL;
	struct bank_wallet_in in = { .type = BANK_WALLET_TYPE };
	int64_t now = box_now(a->x), balance = 0;
	const char *identity = text_of(a, "identity"), *password = text_of(a, "password");
	char uid[37];

	profile_of(a, &p);
	if (!phone_valid(p.phone) || (json_object_get(a->body, "balance") != NULL &&
	    !amount_of(a, "balance", &balance))) {
		bad(a, "wanted: phone in international form; balance is an amount");
		return;
	}
	if (bank_customer_create(a->x->bank, now, &p, &c) != BANK_OK || (identity != NULL &&
	    (password == NULL || !auth_add(a->x->auth, identity, password, c->id)))) {
		bad(a, "externalUniqueId or identity exists");
		return;
	}
	bank_ratify(a->x->bank, now, c);
	new_uid(a->x, uid);
	in.uid = uid;
	if (!json_is_false(json_object_get(a->body, "wallet")) &&
	    (bank_wallet_create(a->x->bank, now, c, &in, &w) != BANK_OK ||
	    (balance > 0 && bank_deposit(a->x->bank, now, w, balance, "Deposit") != BANK_OK))) {
		bad(a, "no wallet for this customer");
		return;
	}
	done(a, json_pack("{s:I,s:I}", "customerId", (json_int_t)c->id, "walletId",
	    (json_int_t)(w != NULL ? w->id : 0)));
}

static void
topup(const struct asked *a)
{
	struct bank_wallet *w = wallet_of(a);
	int64_t amount;

	if (w == NULL || !amount_of(a, "amount", &amount) ||
	    bank_deposit(a->x->bank, box_now(a->x), w, amount, "Top-up") != BANK_OK) {
		bad(a, "wanted: walletId or phone, amount");
		return;
	}
	done(a, json_pack("{s:I,s:o}", "walletId", (json_int_t)w->id, "balance",
	    core_amount(a->x, w->balance)));
}

/* {"token":".."}: the customer is at the till or the ATM. */
static void
redeem(const struct asked *a)
{
	const char *token = text_of(a, "token");
	struct bank_withdrawal *w = token != NULL ? bank_withdrawal_by_token(a->x->bank, token) :
	    NULL;

	if (w == NULL) {
		control_error(a->x->control, a->http, 404, "no such token");
		return;
	}
	if (bank_withdrawal_set(a->x->bank, box_now(a->x), w, BW_SUCCESSFUL) != BANK_OK) {
		control_error(a->x->control, a->http, 409, bank_wstatus_name(w->status));
		return;
	}
	done(a, json_pack("{s:I,s:s}", "withdrawalId", (json_int_t)w->id, "status",
	    bank_wstatus_name(w->status)));
}

/*
 * {"phone":..} or {"customerId":..}: the customer and all wallets; {"walletId":..}: that one.
 * "barred": false lifts it.
 */
static void
bar(const struct asked *a)
{
	const json_t *id = json_object_get(a->body, "customerId");
	const char *phone = text_of(a, "phone");
	bool barred = !json_is_false(json_object_get(a->body, "barred"));
	struct bank_customer *const *found, *c = NULL;
	struct bank_wallet *w = wallet_of(a);
	size_t n;

	if (json_is_integer(id))
		c = bank_customer_find(a->x->bank, json_integer_value(id));
	else if (phone != NULL &&
	    (n = bank_customers_by(a->x->bank, INDEX_PHONE, phone, &found)) > 0)
		c = found[n - 1];
	if (c == NULL && w == NULL) {
		bad(a, "wanted: phone, customerId or walletId");
		return;
	}
	if (c != NULL)
		bank_customer_bar(a->x->bank, box_now(a->x), c, barred);
	if (w != NULL)
		bank_wallet_bar(a->x->bank, box_now(a->x), w, barred);
	done(a, json_pack("{s:b}", "barred", barred));
}

static void
clock_move(const struct asked *a)
{
	const json_t *ms = json_object_get(a->body, "advance_ms");

	if (!json_is_integer(ms) || json_integer_value(ms) < 0 ||
	    json_integer_value(ms) > ADVANCE_MAX_MS) {
		bad(a, "wanted: advance_ms, at most 400 days; the clock does not go back");
		return;
	}
	a->x->clock_ahead += json_integer_value(ms);
	box_tick(a->x);
	done(a, json_pack("{s:I}", "now_ms", (json_int_t)box_now(a->x)));
}

static void
faults_get(const struct asked *a)
{
	done(a, faults_show(a->x->faults));
}

static void
faults_post(const struct asked *a)
{
	struct buf err = { 0 };

	if (faults_add(a->x->faults, a->body, &err))
		done(a, faults_show(a->x->faults));
	else
		bad(a, buf_str(&err));
	buf_clear(&err);
}

static void
faults_delete(const struct asked *a)
{
	faults_clear(a->x->faults);
	done(a, json_array());
}

static void
switches_get(const struct asked *a)
{
	done(a, control_switches(a->x));
}

/* {"profile":"hostile"} first, then {"name": number}. All or nothing. */
static void
switches_post(const struct asked *a)
{
	struct rules rules = a->x->rules;
	const char *profile = text_of(a, "profile"), *name;
	json_t *v;

	if (profile != NULL && !rules_profile(&rules, profile)) {
		bad(a, "no such profile");
		return;
	}
	json_object_foreach((json_t *)a->body, name, v) {
		int64_t *place = rules_find(&rules, name);

		if (strcmp(name, "profile") == 0)
			continue;
		if (place == NULL || (!json_is_integer(v) && !json_is_boolean(v)) ||
		    json_integer_value(v) < 0) {
			bad(a, "no such switch, or no number");
			return;
		}
		*place = json_is_integer(v) ? json_integer_value(v) : json_is_true(v);
	}
	a->x->rules = rules;
	done(a, control_switches(a->x));
}

static void
links_drop(const struct asked *a)
{
	smsc_drop_links(a->x->smsc);
	done(a, json_object());
}

/*
 * {"dialect":"hubtel","url":..,"key":..,"proof":..,"name":..}: a further aggregator, or what changes of one: where the
 * gateway is, that took any free port. Without a dialect it is Africa's Talking.
 */
static void
aggregator(const struct asked *a)
{
	const char *dialect = text_of(a, "dialect"), *why;
	struct aggregator_options o = { .url = text_of(a, "url"), .event_url = text_of(a, "event_url"),
	    .key = text_of(a, "key"), .proof = text_of(a, "proof"), .name = text_of(a, "name") };

	if (aggregators_set(a->x->aggregators, dialect != NULL ? dialect : "africastalking", &o, &why))
		done(a, json_object());
	else
		bad(a, why);
}

static void
whatsapp(const struct asked *a)
{
	graph_move(a->x->graph, a->http, a->body);
}

/* {"provider":..,"url":".../sms/NAME","public":"https://.."}: where the gateway of that provider is. */
static void
sms_aim(const struct asked *a)
{
	if (sms_providers_aim(a->x->sms, text_of(a, "provider"), text_of(a, "url"), text_of(a, "public")))
		done(a, json_object());
	else
		bad(a, "wanted: provider, url with a path; perhaps public");
}

static void
sms_opt_out(const struct asked *a)
{
	const char *phone = text_of(a, "phone");

	if (phone != NULL && sms_providers_opt_out(a->x->sms, text_of(a, "provider"), phone))
		done(a, json_object());
	else
		bad(a, "wanted: phone, provider that tells of opt-outs and knows where the gateway is");
}

static void
bench(const struct asked *a)
{
	bench_start(a->x, a->http, a->body);
}

static void
phones(const struct asked *a)
{
	done(a, phones_list(a->x->phones));
}

static const struct {
	const char *method, *path;
	void (*fn)(const struct asked *a);
} rows[] = {
	{ "GET", "/control/state", state },
	{ "POST", "/control/customers", customers },
	{ "POST", "/control/topup", topup },
	{ "POST", "/control/redeem", redeem },
	{ "POST", "/control/bar", bar },
	{ "POST", "/control/time", clock_move },
	{ "GET", "/control/faults", faults_get },
	{ "POST", "/control/faults", faults_post },
	{ "DELETE", "/control/faults", faults_delete },
	{ "GET", "/control/switches", switches_get },
	{ "POST", "/control/switches", switches_post },
	{ "POST", "/control/drop-links", links_drop },
	{ "POST", "/control/aggregator", aggregator },
	{ "POST", "/control/whatsapp", whatsapp },
	{ "POST", "/control/sms", sms_aim },
	{ "POST", "/control/sms-opt-out", sms_opt_out },
	{ "POST", "/control/bench", bench },
	{ "GET", "/phones", phones },
};

static int64_t
query_number(const struct http_req *req, const char *name)
{
	const char *text = http_req_query(req, name);
	int64_t v = 0;

	return text != NULL && str_to_i64(text, 0, INT64_MAX, &v) ? v : 0;
}

/* /phone/{msisdn}/{verb} */
static void
phone_request(const struct asked *a, const struct http_req *req)
{
	const char *rest = http_req_path(req) + strlen("/phone/"), *slash = strchr(rest, '/');
	char msisdn[PHONE_MAX];
	struct phone_call c = { .http = a->http, .method = http_req_method(req), .msisdn = msisdn,
	    .body = a->body, .after = query_number(req, "after"),
	    .wait_ms = query_number(req, "wait_ms") };

	if (slash == NULL || !str_copyn(msisdn, sizeof msisdn, rest, (size_t)(slash - rest))) {
		bad(a, "wanted: /phone/{msisdn}/{verb}");
		return;
	}
	c.verb = slash + 1;
	phones_call(a->x->phones, &c);
}

/* /chat/{number or identity}/{verb} */
static void
chat_request(const struct asked *a, const struct http_req *req)
{
	const char *rest = http_req_path(req) + strlen("/chat/"), *slash = strchr(rest, '/');
	char who[CHAT_USER];
	struct graph_call c = { .http = a->http, .method = http_req_method(req), .who = who, .body = a->body,
	    .after = query_number(req, "after"), .wait_ms = query_number(req, "wait_ms") };

	if (slash == NULL || !str_copyn(who, sizeof who, rest, (size_t)(slash - rest))) {
		bad(a, "wanted: /chat/{number or identity}/{verb}");
		return;
	}
	c.verb = slash + 1;
	graph_chat_call(a->x->graph, &c);
}

static void
dispatch(const struct asked *a, const struct http_req *req)
{
	if (str_starts(http_req_path(req), "/phone/")) {
		phone_request(a, req);
		return;
	}
	if (str_starts(http_req_path(req), "/chat/")) {
		chat_request(a, req);
		return;
	}
	for (size_t i = 0; i < NELEM(rows); i++)
		if (strcmp(rows[i].method, http_req_method(req)) == 0 &&
		    strcmp(rows[i].path, http_req_path(req)) == 0) {
			rows[i].fn(a);
			return;
		}
	control_error(a->x->control, a->http, 404, "no such call");
}

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct control *c = arg;
	struct asked a = { .x = c->x, .http = id };
	size_t len;
	const char *body = http_req_body(req, &len);
	json_t *parsed = NULL;

	if (len > 0 && (parsed = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL)) == NULL) {
		control_error(c, id, 400, "the body is no JSON");
		return;
	}
	a.body = parsed;
	dispatch(&a, req);
	json_decref(parsed);
}

struct control *
control_new(struct box *x, const char *address, char *err, size_t err_size)
{
	struct control *c = xcalloc(1, sizeof *c);
	struct http_server_options o = { .name = "control", .address = address, .connections = 1000,
	    .body_max = BODY_MAX, .header_max = 8192, .arrive_s = 30, .idle_s = 300, .answer_s = 3600,
	    .handler = on_request, .arg = c };

	c->x = x;
	if ((c->server = http_server_new(x->loop, &o, err, err_size)) != NULL)
		return c;
	free(c);
	return NULL;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	http_server_free(c->server);
	free(c);
}

int
control_port(const struct control *c)
{
	return http_server_port(c->server);
}
