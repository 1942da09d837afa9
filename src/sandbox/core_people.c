/* SPDX-License-Identifier: Apache-2.0 */
/* Logins, customers, their identities and their KYC (wallet-core.md sections 2, 3, 6 and 9). */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/auth.h"
#include "sandbox/box.h"
#include "sandbox/core_api.h"
#include "sandbox/core_json.h"

static void
answer_jwt(struct core_call *c, const char *identity, int64_t customer)
{
	struct buf jwt = { 0 };
	char expires[ISO_TIME];
	int64_t exp_s = c->now / 1000 + c->x->rules.jwt_life_s;

	buf_add_str(&jwt, "Bearer ");
	auth_jwt(c->x->auth, identity, customer, c->now, exp_s, &jwt);
	iso_time(exp_s * 1000, expires);
	core_answer(c, 200, json_pack("{s:s,s:s,s:s,s:i,s:s,s:I,s:[],s:s,s:s}", "headerName",
	    "Authorization", "headerValue", buf_str(&jwt), "sessionId",
	    "5f0c8a4e-4a6c-4f6e-9a55-3a1c2f0d7b11", "tenantId", BOX_TENANT, "expires", expires,
	    "expiresEpochSecs", (json_int_t)exp_s, "roles", "csrfHeaderName", "renew-csrf",
	    "csrfToken", "352435"));
	buf_clear(&jwt);
}

static const struct core_field credentials[] = {
	{ "identity", FIELD_TEXT, 3, 40, true },
	{ "password", FIELD_TEXT, 3, 80, true },
};

static void
login(struct core_call *c)
{
	const char *identity;
	int64_t customer;

	if (!core_fields(c, "AuthenticationRequest", credentials, NELEM(credentials)))
		return;
	identity = core_text(c, "identity");
	if (!auth_login(c->x->auth, identity, core_text(c, "password"), &customer)) {
		core_error(c, 401, c->x->rules.login_code_sec005 ? "SEC005" : "USR002",
		    "Invalid identity or password");
		return;
	}
	answer_jwt(c, identity, customer);
}

static void
renew(struct core_call *c)
{
	static const struct core_field fields[] = { { "jwt", FIELD_TEXT, 20, 3000, true } };
	char identity[41];
	int64_t customer;
	enum auth_end end;

	if (!core_fields(c, "RenewRequest", fields, NELEM(fields)))
		return;
	end = auth_check(c->x->auth, core_text(c, "jwt"), c->now, &customer, identity);
	if (end == AUTH_EXPIRED && !c->x->rules.renew_expired)
		core_error(c, 401, "ARCH014", "JWT has expired");
	else if (end == AUTH_BAD)
		core_error(c, 401, "SEC001", "Invalid authentication data");
	else
		answer_jwt(c, identity, customer);
}

/* ---- customers ---- */

static const struct {
	const char *name;
	enum bank_index by;
} filters[] = {
	{ "phone1", INDEX_PHONE }, { "phone", INDEX_PHONE },
	{ "nationalIdentityNumber", INDEX_ID_NUMBER }, { "idNumber", INDEX_ID_NUMBER },
	{ "passportNumber", INDEX_PASSPORT }, { "lastName", INDEX_LAST_NAME },
	{ "email", INDEX_EMAIL }, { "externalUniqueId", INDEX_UID },
};

static const char *
canonical(enum bank_index by, const char *value, char phone[PHONE_MAX])
{
	return by == INDEX_PHONE && phone_parse(value, "27", phone) ? phone : value;
}

static bool
has_value(const struct bank_customer *c, enum bank_index by, const char *value)
{
	const struct bank_profile *p = &c->profile;
	const char *const text[] = { p->phone, p->id_number, p->passport, p->last_name, p->uid,
	    p->email };

	return str_equal_fold(text[by], value);
}

/* The filters that count now; those that are ignored are left out. */
static size_t
wanted_filters(const struct core_call *c, enum bank_index by[NELEM(filters)],
    const char *value[NELEM(filters)])
{
	size_t n = 0;

	for (size_t i = 0; i < NELEM(filters); i++) {
		const char *v = core_query(c, filters[i].name);

		if (v == NULL || (filters[i].by != INDEX_PHONE && c->x->rules.ignore_filters))
			continue;
		by[n] = filters[i].by;
		value[n++] = v;
	}
	return n;
}

static void
customers_search(struct core_call *c)
{
	enum bank_index by[NELEM(filters)];
	const char *value[NELEM(filters)];
	char phone[PHONE_MAX];
	struct bank_customer *const *found;
	size_t offset, limit, n, filters_n = wanted_filters(c, by, value);
	json_t *list;

	if (!core_page(c, &offset, &limit))
		return;
	/* One look-up by the first filter; the others sift what it found. */
	if (filters_n > 0)
		n = bank_customers_by(c->x->bank, by[0], canonical(by[0], value[0], phone), &found);
	else
		n = bank_customers(c->x->bank, &found);
	list = json_array();
	for (size_t i = 0; i < n && json_array_size(list) < limit; i++) {
		bool match = true;

		for (size_t f = 1; f < filters_n; f++)
			match = match &&
			    has_value(found[i], by[f], canonical(by[f], value[f], phone));
		if (!match)
			continue;
		if (offset > 0)
			offset--;
		else
			json_array_append_new(list, core_customer(c->x, found[i]));
	}
	core_answer(c, 200, list);
}

static const struct core_field customer_fields[] = {
	{ "externalUniqueId", FIELD_TEXT, 6, 100, true },
	{ "firstName", FIELD_TEXT, 2, 50, true },
	{ "lastName", FIELD_TEXT, 2, 50, true },
	{ "phone1", FIELD_DIGITS, 8, 15, true },
	{ "nationalIdentityNumber", FIELD_TEXT, 5, 20, false },
	{ "passportNumber", FIELD_TEXT, 5, 20, false },
	{ "dateOfBirth", FIELD_DIGITS, 8, 8, false },
	{ "email", FIELD_TEXT, 10, 50, false },
	{ "locale", FIELD_TEXT, 2, 2, false },
	{ "title", FIELD_TEXT, 2, 8, false },
	{ "gender", FIELD_TEXT, 1, 8, false },
	{ "status", FIELD_TEXT, 3, 20, false },
	{ "version", FIELD_NUMBER, 0, 0, false },
	{ "profileCompletionStatus", FIELD_NUMBER, 0, 0, false },
};

static const struct {
	const char *name;
	size_t offset, size;
} profile_texts[] = {
#define P(name, member) \
	{ name, offsetof(struct bank_profile, member), sizeof(((struct bank_profile *)0)->member) }
	P("externalUniqueId", uid), P("firstName", first_name), P("lastName", last_name),
	P("phone1", phone), P("nationalIdentityNumber", id_number), P("passportNumber", passport),
	P("dateOfBirth", birth), P("email", email), P("locale", locale), P("title", title),
	P("gender", gender),
#undef P
};

/* Lengths were checked against the schema before. */
static void
profile_fill(const struct core_call *c, struct bank_profile *p)
{
	json_t *completion = json_object_get(c->body, "profileCompletionStatus");

	for (size_t i = 0; i < NELEM(profile_texts); i++) {
		const char *v = core_text(c, profile_texts[i].name);

		if (v != NULL)
			str_copy((char *)p + profile_texts[i].offset, profile_texts[i].size, v);
	}
	if (completion != NULL)
		p->completion = (int)json_integer_value(completion);
}

static void
customer_create(struct core_call *c)
{
	struct bank_profile p = { 0 };
	struct bank_customer *made;
	enum bank_end e;

	if (!core_fields(c, "Customer", customer_fields, NELEM(customer_fields)))
		return;
	profile_fill(c, &p);
	if ((e = bank_customer_create(c->x->bank, c->now, &p, &made)) != BANK_OK)
		core_bank_error(c, e);
	else
		core_created(c, core_customer(c->x, made));
}

static void
customer_get(struct core_call *c)
{
	core_answer(c, 200, core_customer(c->x, c->customer));
}

static void
customer_put(struct core_call *c)
{
	struct core_field fields[NELEM(customer_fields)];
	struct bank_profile p = c->customer->profile;
	const char *status;
	const json_t *version;
	enum bank_end e;

	memcpy(fields, customer_fields, sizeof fields);
	for (size_t i = 0; i < NELEM(fields); i++)
		fields[i].required = false;
	if (!core_fields(c, "Customer", fields, NELEM(fields)))
		return;
	version = json_object_get(c->body, "version");
	if (version != NULL && json_integer_value(version) != c->customer->version) {
		core_error(c, 400, "VAL001",
		    "Value of Customer's version is invalid: it was changed by another");
		return;
	}
	if ((status = core_text(c, "status")) != NULL && strcmp(status, "ACTIVE") != 0 &&
	    strcmp(status, "BARRED") != 0) {
		core_error(c, 400, "VAL001", "Value of Customer's status is invalid");
		return;
	}
	profile_fill(c, &p);
	if ((e = bank_customer_update(c->x->bank, c->now, c->customer, &p)) != BANK_OK) {
		core_bank_error(c, e);
		return;
	}
	if (status != NULL && (strcmp(status, "BARRED") == 0) != c->customer->barred)
		bank_customer_bar(c->x->bank, c->now, c->customer, !c->customer->barred);
	core_created(c, core_customer(c->x, c->customer));
}

/* ---- identities ---- */

static void
identity_create(struct core_call *c)
{
	if (!core_fields(c, "Identity", credentials, NELEM(credentials)))
		return;
	if (!auth_add(c->x->auth, core_text(c, "identity"), core_text(c, "password"),
	    c->customer->id)) {
		core_bank_error(c, BANK_DUPLICATE);
		return;
	}
	core_created(c, json_pack("{s:s,s:I}", "identity", core_text(c, "identity"), "customerId",
	    (json_int_t)c->customer->id));
}

static void
identity_put(struct core_call *c)
{
	const char *named;

	if (!core_fields(c, "Identity", credentials + 1, NELEM(credentials) - 1))
		return;
	named = core_text(c, "identity");
	if (named != NULL && strcmp(named, c->word) != 0) {
		core_error(c, 400, "VAL001", "Value of Identity's identity is invalid");
		return;
	}
	if (!auth_change(c->x->auth, c->word, core_text(c, "password"), c->customer->id)) {
		core_bank_error(c, BANK_NOT_FOUND);
		return;
	}
	core_created(c, json_pack("{s:s,s:I}", "identity", c->word, "customerId",
	    (json_int_t)c->customer->id));
}

/* ---- what a customer may own ---- */

static json_t *
wallet_type(void)
{
	return json_pack("{s:i,s:s,s:s,s:s,s:i,s:[{s:s,s:s}]}", "walletTypeId", BANK_WALLET_TYPE,
	    "name", "Digital wallet", "description", "Basic tier", "mode", "BANK_ACCOUNT",
	    "version", 0, "configuration", "att", "Currency", "val", "ZAR");
}

static void
customer_wallet_types(struct core_call *c)
{
	core_answer(c, 200, c->customer->kyc == KYC_PASSED ? json_pack("[o]", wallet_type()) :
	    json_array());
}

static void
tenant_wallet_types(struct core_call *c)
{
	core_answer(c, 200, json_pack("[o]", wallet_type()));
}

#define CUSTOMER "tenants/#/customers/#"

const struct core_route core_people[] = {
	{ "POST", "authentication/login", WHO_ANYBODY, false, login },
	{ "POST", "authentication/renew", WHO_ANYBODY, false, renew },
	{ "GET", "tenants/#/customers", WHO_TENANT, false, customers_search },
	{ "POST", "tenants/#/customers", WHO_TENANT, false, customer_create },
	{ "GET", CUSTOMER, WHO_CUSTOMER, false, customer_get },
	{ "PUT", CUSTOMER, WHO_TENANT, false, customer_put },
	{ "POST", CUSTOMER "/identities", WHO_TENANT, false, identity_create },
	{ "PUT", CUSTOMER "/identities/*", WHO_CUSTOMER, false, identity_put },
	{ "GET", CUSTOMER "/wallet-types", WHO_CUSTOMER, false, customer_wallet_types },
	{ "GET", "tenants/#/wallet-types", WHO_ALL, false, tenant_wallet_types },
};
const size_t core_people_n = NELEM(core_people);
