/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to a wallet core: one table says what each operation is on the wire (wallet-core.md,
 * sections 2 to 11). Names that wallet-core.md only proposes stand in it and nowhere else. Sends
 * nothing, checks no rule of money: what is empty or zero is left out, and the core refuses what it
 * misses.
 */
#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "core/wallet.h"

#include "base/log.h"
#include "base/str.h"
#include "core/money.h"

enum kind {
	TEXT,		/* char[] */
	ID,		/* int64_t */
	INT,
	AMOUNT,		/* int64_t cents, said in major units */
	TIME,		/* int64_t ms since the epoch, said as ISO-8601 */
	WORD,		/* always the same text */
	LITERAL		/* always the same JSON */
};

struct field {
	const char *name;
	enum kind kind;
	size_t offset;			/* in struct wallet_req */
	const char *fixed;		/* WORD, LITERAL */
};

#define FROM(name, kind, member) { name, kind, offsetof(struct wallet_req, member), NULL }
#define FIXED(name, kind, text) { name, kind, 0, text }
#define QUOTE(x) #x
#define NUMBER_TEXT(x) QUOTE(x)
#define PAGE FIXED("limit", WORD, NUMBER_TEXT(WALLET_ITEMS)), FROM("offset", INT, offset)
#define PERIOD FROM("dateFromIncl", TIME, from_ms), FROM("dateToExcl", TIME, to_ms)
#define FIELDS_MAX 12

/* Paths below "/rest/v1": {t} tenant, {c} customer, {w} wallet, {d} withdrawal, {i} identity. */
struct row {
	const char *name, *method, *path;
	struct field query[FIELDS_MAX];
	bool has_body;
	struct field body[FIELDS_MAX];
};

#define TENANT "/tenants/{t}"
#define CUSTOMER TENANT "/customers/{c}"
#define WALLET TENANT "/wallets/{w}"
#define NONE { { 0 } }
#define QUERY_ONLY(...) { __VA_ARGS__ }, false, NONE
#define BODY(...) NONE, true, { __VA_ARGS__ }
#define NEITHER NONE, false, NONE
#define EMPTY_BODY NONE, true, NONE

#define CREDENTIALS FROM("identity", TEXT, identity), FROM("password", TEXT, password)
#define TRANSFER \
	FROM("amount", AMOUNT, amount), FROM("description", TEXT, text), \
	FROM("externalUniqueId", TEXT, uid), FROM("fromWalletId", ID, wallet_id), \
	FROM("toWalletId", ID, to_wallet_id), FROM("location", TEXT, location)

static const struct row rows[WALLET_OPS] = {
	[WALLET_LOGIN] = { "login", "POST", "/authentication/login", BODY(CREDENTIALS) },
	/* The names of the search parameters are a proposal (wallet-core.md 3.1). */
	[WALLET_CUSTOMERS] = { "customers", "GET", TENANT "/customers",
	    QUERY_ONLY(FROM("phone1", TEXT, phone), FROM("nationalIdentityNumber", TEXT, id_number),
	    FROM("passportNumber", TEXT, passport), PAGE) },
	[WALLET_CUSTOMER_GET] = { "customer get", "GET", CUSTOMER, NEITHER },
	[WALLET_CUSTOMER_CREATE] = { "customer create", "POST", TENANT "/customers",
	    BODY(FROM("externalUniqueId", TEXT, uid), FROM("firstName", TEXT, first_name),
	    FROM("lastName", TEXT, surname), FROM("phone1", TEXT, phone),
	    FROM("nationalIdentityNumber", TEXT, id_number), FROM("passportNumber", TEXT, passport),
	    FROM("dateOfBirth", TEXT, birth), FROM("locale", TEXT, lang),
	    FIXED("status", WORD, "ACTIVE"), FIXED("version", LITERAL, "0")) },
	[WALLET_IDENTITY_CREATE] = { "identity create", "POST", CUSTOMER "/identities",
	    BODY(CREDENTIALS) },
	[WALLET_IDENTITY_UPDATE] = { "identity update", "PUT", CUSTOMER "/identities/{i}",
	    BODY(CREDENTIALS) },
	[WALLET_RATIFY] = { "ratify", "POST", CUSTOMER "/ratify", EMPTY_BODY },
	[WALLET_RATIFIED] = { "ratify get", "GET", CUSTOMER "/ratify",
	    QUERY_ONLY(FIXED("offset", LITERAL, "0"), FIXED("limit", LITERAL, "1")) },
	/* The members of its body are a proposal (wallet-core.md 5). The document is the last: it is streamed. */
	[WALLET_DOCUMENT] = { "document", "POST", CUSTOMER "/documents",
	    { FIXED("performOcr", LITERAL, "true"), FIXED("validateDocType", LITERAL, "true") }, true,
	    { FROM("documentType", TEXT, type), FROM("mediaType", TEXT, media_type),
	    FIXED("base64EncodedDocument", WORD, "") } },
	[WALLET_TYPES] = { "wallet types", "GET", CUSTOMER "/wallet-types", QUERY_ONLY(PAGE) },
	[WALLET_CREATE] = { "wallet create", "POST", CUSTOMER "/wallets",
	    BODY(FROM("externalUniqueId", TEXT, uid), FIXED("status", WORD, "ACTIVE"),
	    FROM("walletTypeId", INT, wallet_type_id)) },
	[WALLET_LIST] = { "wallets", "GET", CUSTOMER "/wallets", QUERY_ONLY(PAGE) },
	[WALLET_GET] = { "wallet get", "GET", WALLET, NEITHER },
	[WALLET_TRANSACTIONS] = { "transactions", "GET", WALLET "/transactions",
	    QUERY_ONLY(PERIOD, FROM("externalUniqueId", TEXT, uid), PAGE) },
	[WALLET_TRANSFER] = { "transfer", "POST", TENANT "/wallets/transfers",
	    BODY(TRANSFER, FIXED("onlyCheck", LITERAL, "false")) },
	[WALLET_TRANSFER_CHECK] = { "transfer check", "POST", TENANT "/wallets/transfers",
	    BODY(TRANSFER, FIXED("onlyCheck", LITERAL, "true"), FIXED("check", WORD, "BOTH")) },
	[WALLET_WITHDRAWAL_FEE] = { "withdrawal fee", "GET", WALLET "/withdrawals/fees",
	    QUERY_ONLY(FROM("amount", AMOUNT, amount), FROM("type", TEXT, type)) },
	[WALLET_WITHDRAWAL_CREATE] = { "withdrawal create", "POST", WALLET "/withdrawals",
	    BODY(FROM("amount", AMOUNT, amount), FROM("description", TEXT, text),
	    FROM("type", TEXT, type), FROM("externalUniqueId", TEXT, uid),
	    FROM("deliverToPhone", TEXT, phone),
	    FROM("expires", TIME, expires_ms), FROM("location", TEXT, location),
	    FROM("callbackUrl", TEXT, callback)) },
	[WALLET_WITHDRAWAL_GET] = { "withdrawal get", "GET", WALLET "/withdrawals/{d}", NEITHER },
	[WALLET_WITHDRAWAL_LIST] = { "withdrawals", "GET", WALLET "/withdrawals",
	    QUERY_ONLY(PERIOD, FROM("externalUniqueId", TEXT, uid), PAGE) },
	[WALLET_WITHDRAWAL_CANCEL] = { "withdrawal cancel", "PUT", WALLET "/withdrawals/{d}",
	    BODY(FIXED("status", WORD, "CANCELLED")) },
};

/* The longest path, with every octet of an id escaped, takes 506 octets. */
static void
path_add(struct wallet_http *out, const char *s, size_t n)
{
	size_t len = strlen(out->path);

	if (n >= sizeof out->path - len)
		fatalx("wallet: the path of a request does not fit");
	memcpy(out->path + len, s, n);
	out->path[len + n] = '\0';
}

/* RFC 3986 section 2.3: what is not unreserved is escaped. */
static void
path_escape(struct wallet_http *out, const char *s)
{
	char esc[4];

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    strchr("-._~", c) != NULL) {
			path_add(out, s, 1);
			continue;
		}
		str_format(esc, sizeof esc, "%%%02X", c);
		path_add(out, esc, 3);
	}
}

static void
path_number(struct wallet_http *out, int64_t v)
{
	char text[24];

	str_format(text, sizeof text, "%" PRId64, v);
	path_add(out, text, strlen(text));
}

static void
path_fill(struct wallet_http *out, const char *pattern, const struct wallet_req *req,
    int64_t tenant_id)
{
	path_add(out, "/rest/v1", 8);
	for (const char *s = pattern; *s != '\0'; s++) {
		if (*s != '{') {
			path_add(out, s, 1);
			continue;
		}
		switch (s[1]) {
		case 't': path_number(out, tenant_id); break;
		case 'c': path_number(out, req->customer_id); break;
		case 'w': path_number(out, req->wallet_id); break;
		case 'd': path_number(out, req->withdrawal_id); break;
		case 'i': path_escape(out, req->identity); break;
		default: fatalx("wallet: unknown part in \"%s\"", pattern);
		}
		s += 2;
	}
}

static int64_t
number_of(const struct field *f, const void *at)
{
	int64_t big;
	int small;

	if (f->kind == INT) {
		memcpy(&small, at, sizeof small);
		return small;
	}
	memcpy(&big, at, sizeof big);
	return big;
}

/* The value as text for a query, "" when there is none. */
static const char *
query_text(const struct field *f, const struct wallet_req *req, char *tmp, size_t size)
{
	const char *at = (const char *)req + f->offset;
	int64_t v;

	if (f->kind == WORD || f->kind == LITERAL)
		return f->fixed;
	if (f->kind == TEXT)
		return at;
	if ((v = number_of(f, at)) == 0)
		return "";
	if (f->kind == AMOUNT)
		return money_decimal(v, tmp);
	if (f->kind == TIME)
		return wallet_time_text(v, tmp);
	str_format(tmp, size, "%" PRId64, v);
	return tmp;
}

static void
query_add(struct wallet_http *out, const struct field *f, const struct wallet_req *req)
{
	char tmp[WALLET_TIME > MONEY_TEXT ? WALLET_TIME : MONEY_TEXT];
	const char *value = query_text(f, req, tmp, sizeof tmp);

	if (*value == '\0')
		return;
	path_add(out, strchr(out->path, '?') == NULL ? "?" : "&", 1);
	path_add(out, f->name, strlen(f->name));
	path_add(out, "=", 1);
	path_escape(out, value);
}

/* jansson takes UTF-8 only; a text that was cut in the middle of a character still goes out. */
static json_t *
text_json(const char *s)
{
	struct buf clean = { 0 };
	size_t n = strlen(s), step;
	uint32_t cp;
	json_t *j;

	if ((j = json_stringn(s, n)) != NULL)
		return j;
	for (size_t i = 0; i < n; i += step ? step : 1) {
		step = utf8_decode(s + i, n - i, &cp);
		buf_add(&clean, step ? s + i : "?", step ? step : 1);
	}
	j = json_stringn(buf_str(&clean), clean.len);
	buf_clear(&clean);
	return j;
}

/* NULL when the member is left out. */
static json_t *
body_json(const struct field *f, const struct wallet_req *req)
{
	const char *at = (const char *)req + f->offset;
	char tmp[WALLET_TIME];
	int64_t v;

	switch (f->kind) {
	case WORD:
		return json_string(f->fixed);
	case LITERAL:
		return json_loads(f->fixed, JSON_DECODE_ANY, NULL);
	case TEXT:
		return *at != '\0' ? text_json(at) : NULL;
	case ID:
	case INT:
		v = number_of(f, at);
		return v != 0 ? json_integer(v) : NULL;
	case AMOUNT:
		v = number_of(f, at);
		return v != 0 ? json_real(money_to_double(v)) : NULL;
	case TIME:
		v = number_of(f, at);
		return v != 0 ? json_string(wallet_time_text(v, tmp)) : NULL;
	}
	return NULL;
}

static int
to_buf(const char *p, size_t n, void *arg)
{
	buf_add(arg, p, n);
	return 0;
}

/* With 15 digits every amount of cents is written as it is meant: 100.1, not 100.09999999999999. */
static void
body_write(json_t *root, struct wallet_http *out)
{
	json_dump_callback(root, to_buf, &out->body, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(root);
}

void
wallet_build(const struct wallet_req *req, int64_t tenant_id, struct wallet_http *out)
{
	const struct row *r = &rows[req->op];
	json_t *root, *value;

	memset(out, 0, sizeof *out);
	out->method = r->method;
	path_fill(out, r->path, req, tenant_id);
	for (const struct field *f = r->query; f < r->query + FIELDS_MAX && f->name != NULL; f++)
		query_add(out, f, req);
	if (!r->has_body)
		return;
	root = json_object();
	for (const struct field *f = r->body; f < r->body + FIELDS_MAX && f->name != NULL; f++)
		if ((value = body_json(f, req)) != NULL)
			json_object_set_new(root, f->name, value);
	body_write(root, out);
}

void
wallet_build_renew(const char *jwt, struct wallet_http *out)
{
	static const char scheme[] = "Bearer ";
	json_t *root = json_object();

	memset(out, 0, sizeof *out);
	out->method = "POST";
	path_add(out, "/rest/v1/authentication/renew", 29);
	if (str_starts(jwt, scheme))
		jwt += sizeof scheme - 1;
	json_object_set_new(root, "jwt", text_json(jwt));
	body_write(root, out);
}

const char *
wallet_op_name(enum wallet_op op)
{
	return rows[op].name;
}

bool
wallet_op_moves_money(enum wallet_op op)
{
	return op == WALLET_TRANSFER || op == WALLET_WITHDRAWAL_CREATE ||
	    op == WALLET_WITHDRAWAL_CANCEL;
}
