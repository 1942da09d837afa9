/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every call to the sandbox's wallet core needs: answers, errors in the vendor's form, the
 * members of its body and the parameters of its query. It knows no call.
 */
#include <string.h>

#include "base/str.h"
#include "io/http_server.h"
#include "sandbox/box.h"
#include "sandbox/core_api.h"
#include "sandbox/core_json.h"

#define PAGE_DEFAULT 1000

void
core_answer(struct core_call *c, int status, json_t *body)
{
	c->status = status;
	c->answer = body;
}

void
core_created(struct core_call *c, json_t *body)
{
	int64_t status = c->x->rules.create_status;

	if (status == 0)
		status = (int64_t[]){ 200, 201, 204 }[rng_below(&c->x->rng, 3)];
	if (status == 204) {
		json_decref(body);
		body = NULL;
	}
	core_answer(c, (int)status, body);
}

json_t *
core_error_body(struct box *x, int status, const char *code, const char *description)
{
	json_t *e = json_pack("{s:s,s:s,s:s,s:s}", "type", status >= 500 ? "SYSTEM" : "BUSINESS",
	    "severity", "LOW", "code", code, "description", description);
	uint64_t trace[2] = { rng_next(&x->rng), rng_next(&x->rng) };
	char hex[33];

	if (!x->rules.errors_without_trace) {
		str_hex(trace, sizeof trace, hex);
		json_object_set_new(e, "traceId", json_string(hex));
		hex[16] = '\0';
		json_object_set_new(e, "spanId", json_string(hex));
		json_object_set_new(e, "environment", json_string("isango-sandbox"));
	}
	return json_pack("[o]", e);
}

void
core_error(struct core_call *c, int status, const char *code, const char *description)
{
	core_answer(c, status, core_error_body(c->x, status, code, description));
}

void
core_bank_error(struct core_call *c, enum bank_end e)
{
	static const struct {
		int status;
		const char *code, *description;
	} row[] = {
		[BANK_DUPLICATE] = { 400, "DUP001", "externalUniqueId already exists" },
		[BANK_NO_FUNDS] = { 400, "WAL009", "Insufficient funds" },
		[BANK_NOT_FOUND] = { 404, "ARCH086", "Entity not found" },
		[BANK_BARRED] = { 400, "WAL011", "Wallet is not active" },
		[BANK_LIMIT] = { 400, "WAL010", "Limit exceeded" },
		[BANK_NO_KYC] = { 400, "WAL012", "KYC is not sufficient for this wallet type" },
		[BANK_NOT_CANCELLABLE] = { 400, "WDR001", "Withdrawal cannot be changed" },
		[BANK_INVALID] = { 400, "IAE002", "Invalid argument" },
	};
	char code[8];

	str_copy(code, sizeof code, row[e].code);
	if (e == BANK_DUPLICATE && c->x->rules.random_duplicate_code)
		str_format(code, sizeof code, "%c%c%c%03d", 'A' + (char)rng_below(&c->x->rng, 26),
		    'A' + (char)rng_below(&c->x->rng, 26), 'A' + (char)rng_below(&c->x->rng, 26),
		    (int)rng_below(&c->x->rng, 1000));
	core_error(c, row[e].status, code, row[e].description);
}

const char *
core_query(const struct core_call *c, const char *name)
{
	return c->req != NULL ? http_req_query(c->req, name) : NULL;
}

const char *
core_text(const struct core_call *c, const char *name)
{
	return json_string_value(json_object_get(c->body, name));
}

static bool
query_number(struct core_call *c, const char *name, size_t otherwise, size_t *out)
{
	const char *text = core_query(c, name);
	int64_t v = (int64_t)otherwise;

	if (text != NULL && !str_to_i64(text, 0, INT32_MAX, &v)) {
		core_error(c, 400, "NFE001", "Invalid number");
		return false;
	}
	*out = (size_t)v;
	return true;
}

bool
core_page(struct core_call *c, size_t *offset, size_t *limit)
{
	return query_number(c, "offset", 0, offset) &&
	    query_number(c, "limit", PAGE_DEFAULT, limit);
}

bool
core_period(struct core_call *c, int64_t *from, int64_t *to)
{
	const char *incl = core_query(c, "dateFromIncl"), *excl = core_query(c, "dateToExcl");

	*from = 0;
	*to = INT64_MAX;
	if ((incl == NULL || iso_parse(incl, from)) && (excl == NULL || iso_parse(excl, to)))
		return true;
	core_error(c, 400, "IAE002", "Invalid date");
	return false;
}

static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static bool
field_fits(const json_t *v, const struct core_field *f)
{
	const char *s = json_string_value(v);
	int64_t n;

	switch (f->kind) {
	case FIELD_DIGITS:
		return s != NULL && str_all_digits(s) && strlen(s) >= f->min && strlen(s) <= f->max;
	case FIELD_TEXT:
		return s != NULL && characters(s) >= f->min && characters(s) <= f->max &&
		    strlen(s) == json_string_length(v);
	case FIELD_NUMBER:
		return json_is_integer(v);
	case FIELD_AMOUNT:
		return core_cents(v, &n) && n > 0;
	case FIELD_BOOL:
		return json_is_boolean(v);
	case FIELD_TIME:
		return s != NULL && iso_parse(s, &n);
	case FIELD_LIST:
		return json_is_array(v);
	}
	return false;
}

bool
core_fields(struct core_call *c, const char *schema, const struct core_field *f, size_t n)
{
	char text[160];

	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(c->body, f[i].name);

		if (v == NULL || json_is_null(v) ? !f[i].required : field_fits(v, &f[i]))
			continue;
		str_format(text, sizeof text, "Value of %s's %s is invalid", schema, f[i].name);
		core_error(c, 400, "VAL001", text);
		return false;
	}
	return true;
}
