/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a wallet core: what may be believed (money.md section 3) and what they say
 * (wallet-core.md). Tolerant of status, missing members, unknown members and number forms; strict
 * where a wrong reading would move money or tell a customer what is not so. Keeps nothing of the
 * body beyond the answer's members.
 */
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "core/wallet.h"

#include "base/mem.h"
#include "base/str.h"
#include "core/money.h"
#include "core/wallet_kyc.h"

enum kind {
	TEXT,		/* char[]: what a person reads; cut, controls become spaces */
	UID,		/* char[]: whole or nothing */
	PHONE,		/* char[PHONE_MAX]: canonical or nothing */
	TOKEN,		/* char[]: believed whole or the answer is not */
	ID,		/* int64_t > 0 */
	SMALL,		/* int > 0 */
	AMOUNT,		/* int64_t cents, any sign */
	POSITIVE,	/* the same, > 0 */
	NATURAL,	/* the same, >= 0 */
	TIME		/* int64_t ms since the epoch; what is no time stays 0 */
};

struct field {
	const char *name;
	enum kind kind;
	bool needed;		/* without it the answer is not believed */
	size_t offset, size;	/* of the member */
};

#define FIELD(name, kind, needed, s, m) \
	{ name, kind, needed, offsetof(struct s, m), sizeof(((struct s *)0)->m) }

static const struct field customer_fields[] = {
	FIELD("customerId", ID, true, wallet_customer, id),
	FIELD("firstName", TEXT, false, wallet_customer, first_name),
	FIELD("lastName", TEXT, false, wallet_customer, surname),
	FIELD("phone1", PHONE, false, wallet_customer, phone),
	FIELD("status", TEXT, false, wallet_customer, status),
	FIELD("nationalIdentityNumber", UID, false, wallet_customer, id_number),
	FIELD("externalUniqueId", UID, false, wallet_customer, uid),
};
static const struct field wallet_fields[] = {
	FIELD("walletId", ID, true, wallet_wallet, id),
	FIELD("customerId", ID, false, wallet_wallet, customer_id),
	FIELD("walletTypeId", SMALL, false, wallet_wallet, type_id),
	FIELD("currentBalance", AMOUNT, false, wallet_wallet, balance),
	FIELD("availableBalance", AMOUNT, false, wallet_wallet, available),
	FIELD("status", TEXT, false, wallet_wallet, status),
	FIELD("currency", UID, false, wallet_wallet, currency),
	FIELD("externalUniqueId", UID, false, wallet_wallet, uid),
};
/* The names of a transaction's members are a proposal (wallet-core.md 8.4). */
static const struct field tx_fields[] = {
	FIELD("transactionId", ID, false, wallet_tx, id),
	FIELD("transactionDate", TIME, false, wallet_tx, at_ms),
	FIELD("amount", AMOUNT, true, wallet_tx, amount),
	FIELD("type", TEXT, false, wallet_tx, type),
	FIELD("description", TEXT, false, wallet_tx, text),
	FIELD("externalUniqueId", UID, false, wallet_tx, uid),
};
/* A request's `type` comes back as `gateway`; `type` is then a class (wallet-core.md 11.1). */
static const struct field withdrawal_fields[] = {
	FIELD("withdrawalId", ID, true, wallet_withdrawal, id),
	FIELD("walletId", ID, false, wallet_withdrawal, wallet_id),
	FIELD("amount", POSITIVE, true, wallet_withdrawal, amount),
	FIELD("fee", NATURAL, false, wallet_withdrawal, fee),
	FIELD("created", TIME, false, wallet_withdrawal, created_ms),
	FIELD("expires", TIME, false, wallet_withdrawal, expires_ms),
	FIELD("externalUniqueId", UID, false, wallet_withdrawal, uid),
	FIELD("status", TEXT, false, wallet_withdrawal, status),
	FIELD("gateway", TEXT, false, wallet_withdrawal, type),
	FIELD("token", TOKEN, false, wallet_withdrawal, token),
	FIELD("currency", UID, false, wallet_withdrawal, currency),
	FIELD("deliverToPhone", PHONE, false, wallet_withdrawal, phone),
	FIELD("errorDescription", TEXT, false, wallet_withdrawal, problem),
};

/* What a person will read: cut between characters, on one line. */
static void
take_text(const char *s, size_t n, char *out, size_t size)
{
	size_t len = 0, step;
	uint32_t cp;

	for (; (step = utf8_decode(s, n, &cp)) > 0 && len + step < size; s += step, n -= step) {
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			out[len++] = ' ';
		else {
			memcpy(out + len, s, step);
			len += step;
		}
	}
	out[len] = '\0';
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
take_token(const char *s, char *out, size_t size)
{
	for (const char *c = s; *c != '\0'; c++)
		if (!is_alnum(*c) && *c != '-')
			return false;
	return str_copy(out, size, s);
}

static void
take_phone(const char *s, char *out, size_t size)
{
	if (*s == '+')
		s++;
	if (!phone_valid(s) || !str_copy(out, size, s))
		out[0] = '\0';
}

static bool
take_string(const struct field *f, json_t *v, char *at)
{
	const char *s = json_string_value(v);

	if (f->kind == TOKEN)
		return s != NULL && take_token(s, at, f->size);
	if (s == NULL)
		return !f->needed;
	if (f->kind == TEXT)
		take_text(s, json_string_length(v), at, f->size);
	else if (f->kind == PHONE)
		take_phone(s, at, f->size);
	else
		str_copy(at, f->size, s);
	return true;
}

static bool
take_time(json_t *v, void *at)
{
	int64_t ms;

	if (!json_is_string(v) || !wallet_time_parse(json_string_value(v), &ms))
		return true;
	memcpy(at, &ms, sizeof ms);
	return true;
}

static bool
take_amount(const struct field *f, json_t *v, void *at)
{
	int64_t cents;

	if (!json_is_number(v) || !money_from_double(json_number_value(v), &cents))
		return false;
	if ((f->kind == POSITIVE && cents <= 0) || (f->kind == NATURAL && cents < 0))
		return false;
	memcpy(at, &cents, sizeof cents);
	return true;
}

/* A whole number, also as 100.0 or 1e2; beyond 2^53 a double would be a neighbour's id. */
static bool
take_id(const struct field *f, json_t *v, void *at)
{
	int64_t id = 0;
	int small;

	if (json_is_integer(v))
		id = json_integer_value(v);
	else if (json_is_real(v) && fabs(json_real_value(v)) < 9007199254740992.0 &&
	    json_real_value(v) == trunc(json_real_value(v)))
		id = (int64_t)json_real_value(v);
	if (id <= 0)
		return false;
	if (f->kind == ID) {
		memcpy(at, &id, sizeof id);
		return true;
	}
	if (id > INT32_MAX)
		return false;
	small = (int)id;
	memcpy(at, &small, sizeof small);
	return true;
}

/* false: not to be believed. */
static bool
take(json_t *o, const struct field *f, size_t n, void *row)
{
	if (!json_is_object(o))
		return false;
	for (; n > 0; n--, f++) {
		json_t *v = json_object_get(o, f->name);
		char *at = (char *)row + f->offset;
		bool good;

		if (v == NULL || json_is_null(v)) {
			if (f->needed)
				return false;
			continue;
		}
		switch (f->kind) {
		case ID: case SMALL: good = take_id(f, v, at); break;
		case AMOUNT: case POSITIVE: case NATURAL: good = take_amount(f, v, at); break;
		case TIME: good = take_time(v, at); break;
		default: good = take_string(f, v, at);
		}
		if (!good)
			return false;
	}
	return true;
}

/* An answer about another thing than the one asked for is no answer. 0: nothing to compare. */
static bool
same(int64_t asked, int64_t said)
{
	return asked == 0 || said == 0 || asked == said;
}

static bool
same_uid(const char *asked, const char *said)
{
	return *asked == '\0' || *said == '\0' || strcmp(asked, said) == 0;
}

/* Any text counts as an id, also one that is too long to be ours. */
static void
note_id(json_t *o, struct wallet_answer *a)
{
	const char *s = json_string_value(json_object_get(o, "externalUniqueId"));

	if (s == NULL || *s == '\0')
		a->rows_without_id = true;
}

static bool
customer_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	struct wallet_customer *c = &a->customer[i];

	note_id(o, a);
	if (!take(o, customer_fields, NELEM(customer_fields), c))
		return false;
	if (req->op == WALLET_CUSTOMER_GET)
		return c->id == req->customer_id;
	return req->op != WALLET_CUSTOMER_CREATE || same_uid(req->uid, c->uid);
}

static bool
wallet_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	struct wallet_wallet *w = &a->wallet[i];

	note_id(o, a);
	if (!take(o, wallet_fields, NELEM(wallet_fields), w))
		return false;
	if (json_object_get(o, "availableBalance") == NULL)
		w->available = w->balance;
	if (req->op == WALLET_GET)
		return w->id == req->wallet_id;
	return same(req->customer_id, w->customer_id) &&
	    (req->op != WALLET_CREATE || same_uid(req->uid, w->uid));
}

/* Some ledgers say the direction in words and the amount without a sign. */
static bool
said_debit(json_t *o)
{
	static const char *const key[] = { "drCr", "debitCredit", "direction" };

	for (size_t k = 0; k < NELEM(key); k++) {
		const char *s = json_string_value(json_object_get(o, key[k]));

		if (s != NULL)
			return str_equal_fold(s, "DR") || str_equal_fold(s, "DEBIT");
	}
	return false;
}

static bool
tx_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	struct wallet_tx *tx = &a->tx[i];

	(void)req;
	note_id(o, a);
	if (!take(o, tx_fields, NELEM(tx_fields), tx))
		return false;
	if (tx->amount > 0 && said_debit(o))
		tx->amount = -tx->amount;
	return true;
}

static bool
withdrawal_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	struct wallet_withdrawal *w = &a->withdrawal[i];

	note_id(o, a);
	if (!take(o, withdrawal_fields, NELEM(withdrawal_fields), w) ||
	    !same(req->wallet_id, w->wallet_id))
		return false;
	if (req->op == WALLET_WITHDRAWAL_LIST)
		return true;
	if (req->op == WALLET_WITHDRAWAL_CREATE)
		return same_uid(req->uid, w->uid) && w->amount == req->amount;
	return w->id == req->withdrawal_id;
}

static bool
type_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	static const struct field f = { "walletTypeId", SMALL, true, 0, sizeof(int) };

	(void)req;
	return take(o, &f, 1, &a->wallet_type[i]);
}

static bool
fee_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	static const struct field f = FIELD("feeAmount", NATURAL, true, wallet_answer, fee);

	(void)req;
	(void)i;
	return take(o, &f, 1, a);
}

/* The header is sent as it came (wallet-core.md 2.1), so it must be one that can be sent. */
static bool
take_jwt(json_t *o, struct wallet_answer *a)
{
	const char *name = json_string_value(json_object_get(o, "headerName"));
	const char *value = json_string_value(json_object_get(o, "headerValue"));

	if (value == NULL || (name != NULL && !str_equal_fold(name, "Authorization")))
		return false;
	for (const char *c = value; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			return false;
	return *value != '\0' && str_copy(a->jwt, sizeof a->jwt, value);
}

static bool
login_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	static const struct field seconds = { "expiresEpochSecs", ID, true, 0, sizeof(int64_t) };
	const char *text = json_string_value(json_object_get(o, "expires"));
	int64_t s;

	(void)req;
	(void)i;
	if (!take_jwt(o, a))
		return false;
	if (take(o, &seconds, 1, &s) && s < INT64_MAX / 1000) {
		a->jwt_exp_ms = s * 1000;
		return true;
	}
	return text != NULL && wallet_time_parse(text, &a->jwt_exp_ms);
}

static bool
ratify_row(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i)
{
	(void)req;
	return wallet_kyc_read(o, a, i);
}

enum shape {
	NOTHING,	/* 2xx says it all */
	ONE,		/* an object */
	ONE_OR_LIST,	/* an object, or an array whose first one is meant */
	PERHAPS_ONE,	/* an object, or no body */
	LIST
};

static const struct reading {
	enum shape shape;
	bool (*row)(const struct wallet_req *req, json_t *o, struct wallet_answer *a, int i);
} readings[WALLET_OPS] = {
	[WALLET_LOGIN] = { ONE, login_row },
	[WALLET_CUSTOMERS] = { LIST, customer_row },
	[WALLET_CUSTOMER_GET] = { ONE, customer_row },
	[WALLET_CUSTOMER_CREATE] = { ONE, customer_row },
	[WALLET_IDENTITY_CREATE] = { NOTHING, NULL },
	[WALLET_IDENTITY_UPDATE] = { NOTHING, NULL },
	[WALLET_RATIFY] = { ONE_OR_LIST, ratify_row },
	[WALLET_RATIFIED] = { LIST, ratify_row },
	[WALLET_DOCUMENT] = { NOTHING, NULL },
	[WALLET_TYPES] = { LIST, type_row },
	[WALLET_CREATE] = { ONE, wallet_row },
	[WALLET_LIST] = { LIST, wallet_row },
	[WALLET_GET] = { ONE, wallet_row },
	[WALLET_TRANSACTIONS] = { LIST, tx_row },
	[WALLET_TRANSFER] = { NOTHING, NULL },
	[WALLET_TRANSFER_CHECK] = { NOTHING, NULL },
	[WALLET_WITHDRAWAL_FEE] = { ONE, fee_row },
	[WALLET_WITHDRAWAL_CREATE] = { ONE, withdrawal_row },
	[WALLET_WITHDRAWAL_GET] = { ONE, withdrawal_row },
	[WALLET_WITHDRAWAL_LIST] = { LIST, withdrawal_row },
	[WALLET_WITHDRAWAL_CANCEL] = { PERHAPS_ONE, withdrawal_row },
};

static bool
read_list(const struct wallet_req *req, const struct reading *r, json_t *body,
    struct wallet_answer *a)
{
	size_t rows = json_array_size(body);

	if (!json_is_array(body))
		return false;
	/* Of a core that ignores the limit, the rest is asked for again. */
	a->more = rows >= WALLET_ITEMS;
	a->n = a->more ? WALLET_ITEMS : (int)rows;
	for (int i = 0; i < a->n; i++)
		if (!r->row(req, json_array_get(body, (size_t)i), a, i))
			return false;
	return true;
}

static bool
read_body(const struct wallet_req *req, json_t *body, bool empty, struct wallet_answer *a)
{
	const struct reading *r = &readings[req->op];

	switch (r->shape) {
	case NOTHING:
		return true;
	case PERHAPS_ONE:
		if (empty || (json_is_object(body) && json_object_size(body) == 0))
			return true;
		break;
	case ONE_OR_LIST:
		if (json_is_array(body))
			body = json_array_get(body, 0);
		break;
	case LIST:
		return read_list(req, r, body, a);
	case ONE:
		break;
	}
	a->n = 1;
	return json_is_object(body) && r->row(req, body, a, 0);
}

/* In practice three or four letters and three digits. */
static bool
take_code(json_t *error, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(error, "code"));

	if (s == NULL || *s == '\0')
		return false;
	for (const char *c = s; *c != '\0'; c++)
		if (!is_alnum(*c) && *c != '_')
			return false;
	return str_copy(out, size, s);
}

/* The error array: code and trace of the first. true: well formed, and each is of type BUSINESS. */
static bool
read_errors(json_t *body, struct wallet_answer *a)
{
	char code[sizeof a->code];
	size_t n = json_array_size(body);
	bool business = n > 0;

	for (size_t i = 0; i < n; i++) {
		json_t *e = json_array_get(body, i);
		const char *type = json_string_value(json_object_get(e, "type"));
		const char *trace = json_string_value(json_object_get(e, "traceId"));

		if (!take_code(e, code, sizeof code) || type == NULL ||
		    strcmp(type, "BUSINESS") != 0)
			business = false;
		if (i == 0) {
			const char *about = json_string_value(json_object_get(e, "description"));

			take_code(e, a->code, sizeof a->code);
			if (about != NULL)
				take_text(about, strlen(about), a->about, sizeof a->about);
			if (trace != NULL)
				take_text(trace, strlen(trace), a->trace, sizeof a->trace);
		}
	}
	return business;
}

static bool
is_code(const struct wallet_answer *a, const char *code)
{
	return strcmp(a->code, code) == 0;
}

static enum wallet_end
error_end(const struct wallet_req *req, bool business, const struct wallet_answer *a)
{
	bool refusal = a->http >= 400 && a->http <= 499;

	if (a->http == 429 || is_code(a, "RLT001"))
		return WALLET_LATER;
	if (a->http == 401 || (refusal && is_code(a, "ARCH014")))
		return WALLET_AUTH;
	/* A wrong password, whichever status it comes with. */
	if (refusal && req->op == WALLET_LOGIN && (is_code(a, "USR002") || is_code(a, "SEC005")))
		return WALLET_AUTH;
	return refusal && business ? WALLET_REFUSED : WALLET_UNKNOWN;
}

/* What is not believed must not be used by mistake. */
static void
forget(struct wallet_answer *a)
{
	struct wallet_answer kept = { .http = a->http };

	memcpy(kept.code, a->code, sizeof kept.code);
	memcpy(kept.trace, a->trace, sizeof kept.trace);
	memcpy(kept.about, a->about, sizeof kept.about);
	*a = kept;
	a->end = WALLET_UNKNOWN;
}

static bool
is_blank(const char *body, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n", body[i]) == NULL || body[i] == '\0')
			return false;
	return true;
}

void
wallet_parse(const struct wallet_req *req, int http, const char *body, size_t len,
    struct wallet_answer *ans)
{
	bool empty = is_blank(body, len), believed;
	/* A member that is there twice could be read either way. */
	json_t *root = empty ? NULL : json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);

	memset(ans, 0, sizeof *ans);
	ans->http = http;
	if (http >= 200 && http <= 299) {
		believed = read_body(req, root, empty, ans);
		ans->end = WALLET_DONE;
	} else {
		ans->end = error_end(req, read_errors(root, ans), ans);
		believed = ans->end != WALLET_UNKNOWN;
	}
	if (!believed)
		forget(ans);
	json_decref(root);
}

const char *
wallet_end_name(enum wallet_end end)
{
	static const char *const name[] = {
		[WALLET_DONE] = "done", [WALLET_REFUSED] = "refused", [WALLET_AUTH] = "auth",
		[WALLET_LATER] = "later", [WALLET_UNKNOWN] = "unknown"
	};

	return name[end];
}

bool
wallet_is_active(const char *status)
{
	return status[0] == '\0' || str_equal_fold(status, "ACTIVE");
}

enum wallet_status
wallet_status(const char *status)
{
	static const struct {
		const char *name;
		enum wallet_status status;
	} row[] = {
		{ "SUCCESSFUL", WSTATUS_SUCCESSFUL }, { "CANCELLED", WSTATUS_CANCELLED },
		{ "TIMEOUT", WSTATUS_TIMEOUT }
	};

	for (size_t i = 0; i < NELEM(row); i++)
		if (strcmp(status, row[i].name) == 0)
			return row[i].status;
	return str_starts(status, "ERROR") ? WSTATUS_ERROR : WSTATUS_PENDING;
}
