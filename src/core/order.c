/* SPDX-License-Identifier: Apache-2.0 */
#include "core/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "core/money.h"

static bool
text_of(const json_t *root, const char *name, size_t min, char *out, size_t size, char *problem, size_t problem_size)
{
	const json_t *v = json_object_get(root, name);

	if (json_is_string(v) && json_string_length(v) >= min && str_copy(out, size, json_string_value(v)))
		return true;
	str_format(problem, problem_size, "%s must be a text of %zu to %zu characters", name, min, size - 1);
	return false;
}

static bool
fill(const json_t *root, const char *country, struct order *o, char *problem, size_t size)
{
	const json_t *amount = json_object_get(root, "amount"), *expires = json_object_get(root, "expires");
	const json_t *callback = json_object_get(root, "callbackUrl");
	char phone[32];

	if (!json_is_number(amount) || !money_from_double(json_number_value(amount), &o->amount) ||
	    o->amount <= 0) {
		str_format(problem, size, "amount must be a number above 0 with at most two decimals");
		return false;
	}
	if (!text_of(root, "externalUniqueId", 6, o->uid, sizeof o->uid, problem, size) ||
	    !text_of(root, "type", 3, o->type, sizeof o->type, problem, size))
		return false;
	if (!text_of(root, "deliverToPhone", 8, phone, sizeof phone, problem, size) ||
	    !phone_parse(phone, country, o->to_phone)) {
		str_format(problem, size, "deliverToPhone is required: the number that gets the token, like 27821234567");
		return false;
	}
	if (expires != NULL &&
	    (!json_is_string(expires) || !wallet_time_parse(json_string_value(expires), &o->expires_ms))) {
		str_format(problem, size, "expires must be a time like 2026-03-24T10:00:00.000Z");
		return false;
	}
	return callback == NULL || json_is_null(callback) ||
	    text_of(root, "callbackUrl", 10, o->callback, sizeof o->callback, problem, size);
}

bool
order_parse(const char *json, size_t len, const char *country, struct order *out, char *problem, size_t size)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok;

	memset(out, 0, sizeof *out);
	if (!json_is_object(root)) {
		str_format(problem, size, "the body must be a JSON object");
		json_decref(root);
		return false;
	}
	ok = fill(root, country, out, problem, size);
	json_decref(root);
	return ok;
}

bool
order_parse_cancel(const char *json, size_t len)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	const char *status = json_string_value(json_object_get(root, "status"));
	bool ok = status != NULL && strcmp(status, "CANCELLED") == 0;

	json_decref(root);
	return ok;
}

bool
order_parse_login(const char *json, size_t len, char *name, size_t name_size, char *key, size_t key_size)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	const char *identity = json_string_value(json_object_get(root, "identity"));
	const char *password = json_string_value(json_object_get(root, "password"));
	bool ok = identity != NULL && password != NULL && str_copy(name, name_size, identity) &&
	    str_copy(key, key_size, password);

	json_decref(root);
	return ok;
}

void
order_fingerprint(const struct order *o, char *out, size_t size)
{
	str_format(out, size, "%" PRId64 "|%s|%s|%s|%" PRId64, o->amount, o->type, o->uid, o->to_phone,
	    o->expires_ms);
}

static const char *
status_of(const struct intent *i)
{
	static const char *const word[] = {
		[WSTATUS_PENDING] = "PENDING", [WSTATUS_SUCCESSFUL] = "SUCCESSFUL",
		[WSTATUS_CANCELLED] = "CANCELLED", [WSTATUS_TIMEOUT] = "TIMEOUT", [WSTATUS_ERROR] = "ERROR",
	};

	if (i->state == INTENT_NOT_DONE)
		return "ERROR";
	if (i->state == INTENT_DONE && i->core_status == 0 && i->resolved_at != 0)	/* a person's word */
		return word[intent_outcome(i) != 0 ? intent_outcome(i) - 1 : WSTATUS_PENDING];
	if (i->state != INTENT_DONE || i->core_status == 0)
		return "BUILDING";
	return word[i->core_status - 1];
}

static void
set_time(json_t *o, const char *name, int64_t ms)
{
	char text[WALLET_TIME];

	if (ms != 0)
		json_object_set_new(o, name, json_string(wallet_time_text(ms, text)));
}

static void
print(json_t *json, struct buf *out)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));

	buf_add_str(out, text != NULL ? text : "");
	free(text);
	json_decref(json);
}

void
order_print(const struct intent *i, struct buf *out)
{
	json_t *o = json_object();

	if (i->withdrawal_id != 0)
		json_object_set_new(o, "withdrawalId", json_integer(i->withdrawal_id));
	json_object_set_new(o, "externalUniqueId", json_string(i->uid));
	json_object_set_new(o, "status", json_string(status_of(i)));
	json_object_set_new(o, "amount", json_real(money_to_double(i->amount)));
	json_object_set_new(o, "fee", json_real(money_to_double(i->core_fee)));
	json_object_set_new(o, "currency", json_string("ZAR"));
	json_object_set_new(o, "gateway", json_string(i->type));
	json_object_set_new(o, "walletId", json_integer(i->wallet_id));
	json_object_set_new(o, "deliverToPhone", json_string(i->to_phone));
	set_time(o, "created", i->accepted_at);
	set_time(o, "expires", i->token_expires);
	if (i->state == INTENT_NOT_DONE)
		json_object_set_new(o, "errorDescription", json_string(intent_why_name(intent_why_told(i))));
	print(o, out);
}

void
order_print_login(const char *token, int64_t until_s, int64_t tenant_id, struct buf *out)
{
	char header[160];
	json_t *o = json_object();

	str_format(header, sizeof header, "Bearer %s", token);
	json_object_set_new(o, "headerName", json_string("Authorization"));
	json_object_set_new(o, "headerValue", json_string(header));
	json_object_set_new(o, "tenantId", json_integer(tenant_id));
	json_object_set_new(o, "expiresEpochSecs", json_integer(until_s));
	set_time(o, "expires", until_s * 1000);
	print(o, out);
	mem_wipe(header, sizeof header);
}

void
order_print_error(const char *type, const char *code, const char *description, struct buf *out)
{
	json_t *e = json_pack("[{s:s, s:s, s:s, s:s}]", "type", type, "severity", "LOW", "code", code,
	    "description", description);

	print(e, out);
}

static const struct {
	enum intent_why why;
	const char *code, *words;
} refusals[] = {
	{ WHY_SHORT, "WAL009", "Insufficient funds" },
	{ WHY_BARRED, "WAL011", "The wallet is barred" },
	/* Also a limit: what a phone has got of others is not this integrator's business. */
	{ WHY_REFUSED, "WDR003", "A rule or a limit does not allow this withdrawal" },
	{ WHY_CAP, "WAL010", "The integrator's cap of this day is reached" },
	{ WHY_EXPIRED, "WDR002", "The withdrawal could not be made in time; nothing was withdrawn" },
	{ WHY_CLOSED, ORDER_CLOSED,
	    "Withdrawals are closed for a short while; nothing was withdrawn, try again with a new id" },
	{ WHY_BUSY, "RLT001", "The wallet core is busy; nothing was withdrawn, try again with a new id" },
};

void
order_print_refusal(const struct intent *i, struct buf *out)
{
	for (size_t k = 0; k < NELEM(refusals); k++)
		if (refusals[k].why == intent_why_told(i)) {
			order_print_error("BUSINESS", refusals[k].code, refusals[k].words, out);
			return;
		}
	order_print_error("BUSINESS", "WDR001", "The withdrawal was not done", out);
}
