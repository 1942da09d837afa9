/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's wallet core over HTTP. core_api.c is the door (routes, who may call what, errors,
 * faults); the calls themselves are in core_people.c (logins, customers, identities),
 * core_money.c (wallets, transfers, withdrawals) and core_documents.c (documents, ratification).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/mem.h"
#include "sandbox/bank.h"

struct box;
struct core;
struct http_req;

#define CORE_IDS 3

struct core_call {
	struct box *x;
	/* NULL when the request lands late: then there is no query. */
	const struct http_req *req;
	int64_t now;
	int64_t id[CORE_IDS];		/* numbers of the path, after the tenant's */
	char word[64];			/* a name in the path */
	json_t *body;			/* object or NULL; the door's */
	bool has_auth;
	const char *jwt;		/* without "Bearer ", or NULL */
	int64_t actor;			/* customer that acts, 0: the tenant's user */
	struct bank_customer *customer;	/* that the path names, where it does */
	struct bank_wallet *wallet;	/* the same */
	int status;			/* the answer */
	json_t *answer;			/* NULL: no body */
};

enum core_who {			/* may call */
	WHO_ANYBODY,		/* without a JWT */
	WHO_TENANT,		/* the tenant's user */
	WHO_CUSTOMER,		/* also the customer that the path names */
	WHO_WALLET,		/* also the owner of the wallet that the path names */
	WHO_ALL			/* any JWT; the call looks closer */
};

/*
 * Path below /rest/v1/: '#' is a number, '*' a name; "tenants/#/customers/#" and
 * "tenants/#/wallets/#" are looked up.
 */
struct core_route {
	const char *method, *path;
	enum core_who who;
	bool moves_money;		/* may land late in the hostile profile */
	void (*fn)(struct core_call *c);
};
extern const struct core_route core_people[], core_money[], core_documents[];
extern const size_t core_people_n, core_money_n, core_documents_n;

void core_answer(struct core_call *c, int status, json_t *body);	/* takes the reference */
/* With the status that the rules say. */
void core_created(struct core_call *c, json_t *body);
void core_error(struct core_call *c, int status, const char *code, const char *description);
/* The vendor's array of one error. */
json_t *core_error_body(struct box *x, int status, const char *code, const char *description);
void core_bank_error(struct core_call *c, enum bank_end e);		/* what is not BANK_OK */
const char *core_query(const struct core_call *c, const char *name);	/* or NULL */
/* limit and offset of a list, or an error and false. */
bool core_page(struct core_call *c, size_t *offset, size_t *limit) MUST_CHECK;
bool core_period(struct core_call *c, int64_t *from, int64_t *to) MUST_CHECK;

enum core_field_kind { FIELD_TEXT, FIELD_DIGITS, FIELD_NUMBER, FIELD_AMOUNT, FIELD_BOOL, FIELD_TIME,
    FIELD_LIST };
struct core_field {
	const char *name;
	enum core_field_kind kind;
	size_t min, max;		/* characters, of TEXT and DIGITS */
	bool required;
};
/*
 * Checks the body against the schema; false after answering 400 VAL001. Unknown members are
 * ignored.
 */
bool core_fields(struct core_call *c, const char *schema, const struct core_field *f,
    size_t n) MUST_CHECK;
/* Of the body, or NULL. */
const char *core_text(const struct core_call *c, const char *name);

struct core *core_new(struct box *x, const char *address, char *err, size_t err_size);
void core_free(struct core *k);
int core_port(const struct core *k);
/* Calls per route: {"POST tenants/#/wallets/transfers": 3}. */
json_t *core_counts(const struct core *k);
