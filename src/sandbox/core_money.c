/* SPDX-License-Identifier: Apache-2.0 */
/* Wallets, transactions, transfers and withdrawals (wallet-core.md sections 8, 10 and 11). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/money.h"
#include "sandbox/box.h"
#include "sandbox/callbacks.h"
#include "sandbox/core_api.h"
#include "sandbox/core_json.h"
#include "sandbox/phone.h"

#define GLOBAL_MAX 100

static void
wallet_create(struct core_call *c)
{
	static const struct core_field fields[] = {
		{ "externalUniqueId", FIELD_TEXT, 6, 100, true },
		{ "status", FIELD_TEXT, 3, 20, true },
		{ "walletTypeId", FIELD_NUMBER, 0, 0, true },
		{ "name", FIELD_TEXT, 3, 50, false },
		{ "description", FIELD_TEXT, 0, 200, false },
		{ "configuration", FIELD_LIST, 0, 0, false },
	};
	struct bank_wallet *made;
	struct bank_wallet_in in;
	enum bank_end e;

	if (!core_fields(c, "Wallet", fields, NELEM(fields)))
		return;
	in = (struct bank_wallet_in){ .uid = core_text(c, "externalUniqueId"), .name = core_text(c,
	    "name"), .description = core_text(c, "description"),
	    .type = json_integer_value(json_object_get(c->body, "walletTypeId")) };
	if ((e = bank_wallet_create(c->x->bank, c->now, c->customer, &in, &made)) != BANK_OK)
		core_bank_error(c, e);
	else
		core_created(c, core_wallet(c->x, made));
}

static void
wallets_list(struct core_call *c)
{
	size_t offset, limit;
	json_t *list;

	if (!core_page(c, &offset, &limit))
		return;
	list = json_array();
	for (size_t i = offset; i < c->customer->wallets_n && json_array_size(list) < limit; i++)
		json_array_append_new(list, core_wallet(c->x, c->customer->wallets[i]));
	core_answer(c, 200, list);
}

static void
wallet_get(struct core_call *c)
{
	core_answer(c, 200, core_wallet(c->x, c->wallet));
}

static void
wallet_put(struct core_call *c)
{
	static const struct core_field fields[] = {
		{ "status", FIELD_TEXT, 3, 20, false },
		{ "name", FIELD_TEXT, 3, 50, false },
		{ "description", FIELD_TEXT, 0, 200, false },
	};
	const char *status, *name, *description;

	if (!core_fields(c, "Wallet", fields, NELEM(fields)))
		return;
	status = core_text(c, "status");
	if (status != NULL && strcmp(status, "ACTIVE") != 0 && strcmp(status, "BARRED") != 0) {
		core_error(c, 400, "VAL001", "Value of Wallet's status is invalid");
		return;
	}
	if ((name = core_text(c, "name")) != NULL)
		str_copy(c->wallet->name, sizeof c->wallet->name, name);
	if ((description = core_text(c, "description")) != NULL)
		str_copy(c->wallet->description, sizeof c->wallet->description, description);
	if (status != NULL)
		bank_wallet_bar(c->x->bank, c->now, c->wallet, strcmp(status, "BARRED") == 0);
	core_created(c, core_wallet(c->x, c->wallet));
}

static const char *
uid_filter(const struct core_call *c)
{
	return c->x->rules.ignore_filters ? NULL : core_query(c, "externalUniqueId");
}

static void
transactions(struct core_call *c)
{
	const char *uid = uid_filter(c);
	size_t offset, limit;
	int64_t from, to;
	json_t *list;

	if (!core_page(c, &offset, &limit) || !core_period(c, &from, &to))
		return;
	list = json_array();
	for (size_t i = c->wallet->lines_n; i > 0 && json_array_size(list) < limit; i--) {
		const struct bank_line *l = &c->wallet->lines[i - 1];

		if (l->at < from)
			break;
		if (l->visible_at > c->now || l->at >= to ||
		    (uid != NULL && strcmp(uid, l->uid) != 0))
			continue;
		if (offset > 0)
			offset--;
		else
			json_array_append_new(list, core_line(c->x, c->wallet, l));
	}
	core_answer(c, 200, list);
}

static void
reservations(struct core_call *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->wallet->withdrawals_n; i++)
		if (c->wallet->withdrawals[i]->reserved > 0)
			json_array_append_new(list, json_pack("{s:I,s:o}", "walletId",
			    (json_int_t)c->wallet->id, "amount",
			    core_amount(c->x, c->wallet->withdrawals[i]->reserved)));
	core_answer(c, 200, list);
}

/* ---- transfers ---- */

static const struct core_field transfer_fields[] = {
	{ "amount", FIELD_AMOUNT, 0, 0, true },
	{ "description", FIELD_TEXT, 0, 200, true },
	{ "externalUniqueId", FIELD_TEXT, 6, 200, true },
	{ "externalId", FIELD_TEXT, 5, 200, false },
	{ "fromWalletId", FIELD_NUMBER, 0, 0, true },
	{ "toWalletId", FIELD_NUMBER, 0, 0, true },
	{ "location", FIELD_TEXT, 0, 200, false },
	{ "onlyCheck", FIELD_BOOL, 0, 0, false },
	{ "ignoreLimits", FIELD_BOOL, 0, 0, false },
	{ "check", FIELD_TEXT, 2, 4, false },
};

static bool
may_debit(struct core_call *c, const struct bank_wallet *from, bool only_check)
{
	if (c->actor != 0 ? from->owner->id == c->actor : only_check || c->x->rules.tenant_acts)
		return true;
	core_error(c, 403, "SEC001", "You do not have the rights to do that");
	return false;
}

static void
transfer(struct core_call *c)
{
	struct bank_transfer_in in = { 0 };
	enum bank_end e;
	int64_t status = c->x->rules.transfer_status;

	if (!core_fields(c, "Transfer", transfer_fields, NELEM(transfer_fields)))
		return;
	in.from = bank_wallet_find(c->x->bank, json_integer_value(json_object_get(c->body,
	    "fromWalletId")));
	in.to = bank_wallet_find(c->x->bank, json_integer_value(json_object_get(c->body,
	    "toWalletId")));
	if (in.from == NULL || in.to == NULL) {
		core_bank_error(c, BANK_NOT_FOUND);
		return;
	}
	in.only_check = json_is_true(json_object_get(c->body, "onlyCheck"));
	if (!may_debit(c, in.from, in.only_check))
		return;
	if (!core_cents(json_object_get(c->body, "amount"), &in.amount))
		return;
	in.uid = core_text(c, "externalUniqueId");
	in.text = core_text(c, "description");
	in.external_id = core_text(c, "externalId");
	in.location = core_text(c, "location");
	if ((e = bank_transfer(c->x->bank, c->now, &in)) != BANK_OK) {
		core_bank_error(c, e);
		return;
	}
	if (status == 0)
		status = (int64_t[]){ 200, 201, 204 }[rng_below(&c->x->rng, 3)];
	core_answer(c, (int)status, status == 204 ? NULL : json_object());
}

/* ---- recipients ---- */

static json_t *
masked(const char *s, size_t keep)
{
	char out[16];

	str_format(out, sizeof out, "%.*s***", (int)keep, s);
	return json_string(out);
}

/* Personal fields are masked (wallet-core.md 10.1). Names are cut between characters. */
static json_t *
global_item(const struct bank_wallet *w)
{
	const struct bank_profile *p = &w->owner->profile;
	char phone[PHONE_TEXT];
	uint32_t cp;

	return json_pack("{s:I,s:i,s:s,s:s,s:o,s:o,s:s,s:s,s:s,s:b}", "walletId", (json_int_t)w->id,
	    "tenantId", BOX_TENANT, "tenantName", "Acme Wallet", "walletFriendlyId", w->friendly_id,
	    "firstName", masked(p->first_name, utf8_decode(p->first_name, strlen(p->first_name),
	    &cp)), "lastName", masked(p->last_name, utf8_decode(p->last_name, strlen(p->last_name),
	    &cp)), "phone", phone_mask(p->phone, phone), "currency", "ZAR", "walletName", w->name,
	    "transferable", 1);
}

enum { BY_PHONE, CRITERIA = 7 };
static const char *const criterion[CRITERIA] = { "phone", "nationalIdentityNumber",
    "passportNumber", "lastName", "externalUniqueId", "walletFriendlyId", "walletId" };

struct criteria {
	const char *want[CRITERIA];	/* NULL: not asked for */
	char phone[PHONE_MAX];
};

static size_t
criteria_read(const struct core_call *c, struct criteria *k)
{
	size_t n = 0;

	for (size_t i = 0; i < CRITERIA; i++) {
		k->want[i] = core_query(c, criterion[i]);
		n += k->want[i] != NULL;
	}
	if (k->want[BY_PHONE] != NULL && phone_parse(k->want[BY_PHONE], "27", k->phone))
		k->want[BY_PHONE] = k->phone;
	return n;
}

static bool
meets(const struct bank_wallet *w, const struct criteria *k)
{
	const struct bank_profile *p = &w->owner->profile;
	char id[24];
	const char *const has[CRITERIA] = { p->phone, p->id_number, p->passport, p->last_name,
	    w->uid, w->friendly_id, id };

	str_format(id, sizeof id, "%" PRId64, w->id);
	for (size_t i = 0; i < CRITERIA; i++)
		if (k->want[i] != NULL && !str_equal_fold(k->want[i], has[i]))
			return false;
	return true;
}

static void
global_wallets(struct core_call *c)
{
	struct criteria k = { 0 };
	size_t n = criteria_read(c, &k);
	struct bank_customer *const *found;
	struct bank_wallet *const *all;
	json_t *list;

	if (n < 2 && (k.want[BY_PHONE] == NULL || !c->x->rules.phone_is_enough)) {
		core_error(c, 400, "IAE002", "At least two criteria are needed");
		return;
	}
	list = json_array();
	if (k.want[BY_PHONE] != NULL) {
		n = bank_customers_by(c->x->bank, INDEX_PHONE, k.want[BY_PHONE], &found);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < found[i]->wallets_n &&
			    json_array_size(list) < GLOBAL_MAX; j++)
				if (meets(found[i]->wallets[j], &k))
					json_array_append_new(list,
					    global_item(found[i]->wallets[j]));
	} else {
		n = bank_wallets(c->x->bank, &all);
		for (size_t i = 0; i < n && json_array_size(list) < GLOBAL_MAX; i++)
			if (meets(all[i], &k))
				json_array_append_new(list, global_item(all[i]));
	}
	core_answer(c, 200, list);
}

/* ---- withdrawals ---- */

static const struct core_field withdrawal_fields[] = {
	{ "amount", FIELD_AMOUNT, 0, 0, true },
	{ "externalUniqueId", FIELD_TEXT, 6, 100, true },
	{ "type", FIELD_TEXT, 2, 40, true },
	{ "accountName", FIELD_TEXT, 3, 50, false },
	{ "accountNumber", FIELD_TEXT, 7, 80, false },
	{ "bank", FIELD_TEXT, 3, 50, false },
	{ "branchCode", FIELD_TEXT, 2, 20, false },
	{ "callbackUrl", FIELD_TEXT, 10, 2000, false },
	{ "deliverToPhone", FIELD_TEXT, 8, 20, false },
	{ "description", FIELD_TEXT, 0, 200, false },
	{ "expires", FIELD_TIME, 0, 0, false },
	{ "location", FIELD_TEXT, 0, 200, false },
	{ "reference", FIELD_TEXT, 0, 100, false },
};

/* deliverToPhone: the wallet core itself sends the token and how to use it. */
static void
send_token(struct core_call *c, const struct bank_withdrawal *w)
{
	char text[160], amount[MONEY_TEXT];
	struct phone_sms sms = { .from = "ECLIPSE", .text = text, .id = "", .parts = 1 };

	if (w->phone[0] == '\0' || w->token[0] == '\0')
		return;
	money_text(w->amount, amount);
	str_format(text, sizeof text, "Use code %s to withdraw %s.", w->token, amount);
	phones_sms(c->x->phones, w->phone, &sms);
}

static bool
withdrawal_read(struct core_call *c, struct bank_withdrawal_in *in, char phone[PHONE_MAX])
{
	const char *to = core_text(c, "deliverToPhone"), *expires = core_text(c, "expires");
	const struct bank_kind *kind;

	in->uid = core_text(c, "externalUniqueId");
	in->type = core_text(c, "type");
	in->callback = core_text(c, "callbackUrl");
	in->description = core_text(c, "description");
	in->reference = core_text(c, "reference");
	in->location = core_text(c, "location");
	in->wallet = c->wallet;
	if (!core_cents(json_object_get(c->body, "amount"), &in->amount))
		return false;
	if (expires != NULL && (!iso_parse(expires, &in->expires) || in->expires <= c->now)) {
		core_error(c, 400, "VAL001", "Value of Withdrawal's expires is invalid");
		return false;
	}
	if (to != NULL && !phone_parse(to, "27", phone)) {
		core_error(c, 400, "VAL001", "Value of Withdrawal's deliverToPhone is invalid");
		return false;
	}
	in->phone = to != NULL ? phone : NULL;
	kind = bank_kind_find(in->type);
	if (kind == NULL || (!kind->token && core_text(c, "accountNumber") == NULL)) {
		core_error(c, 400, "VAL001", kind == NULL ?
		    "Value of Withdrawal's type is invalid" :
		    "Value of Withdrawal's accountNumber is invalid");
		return false;
	}
	return true;
}

static void
withdrawal_create(struct core_call *c)
{
	struct bank_withdrawal_in in = { 0 };
	struct bank_withdrawal *w;
	char phone[PHONE_MAX];
	enum bank_end e;

	if (!core_fields(c, "Withdrawal", withdrawal_fields, NELEM(withdrawal_fields)) ||
	    !may_debit(c, c->wallet, false) || !withdrawal_read(c, &in, phone))
		return;
	if ((e = bank_withdraw(c->x->bank, c->now, &in, &w)) != BANK_OK) {
		core_bank_error(c, e);
		return;
	}
	send_token(c, w);
	if (c->x->rules.callback_first)
		callbacks_post(c->x->callbacks, w);
	core_created(c, core_withdrawal(c->x, w, true));
}

static void
withdrawals_list(struct core_call *c)
{
	const char *uid = uid_filter(c);
	size_t offset, limit;
	int64_t from, to;
	json_t *list;

	if (!core_page(c, &offset, &limit) || !core_period(c, &from, &to))
		return;
	list = json_array();
	for (size_t i = c->wallet->withdrawals_n; i > 0 && json_array_size(list) < limit; i--) {
		const struct bank_withdrawal *w = c->wallet->withdrawals[i - 1];

		if (w->created < from)
			break;
		if (w->visible_at > c->now || w->created >= to ||
		    (uid != NULL && strcmp(uid, w->uid) != 0))
			continue;
		if (offset > 0)
			offset--;
		else
			json_array_append_new(list, core_withdrawal(c->x, w, false));
	}
	core_answer(c, 200, list);
}

static struct bank_withdrawal *
named_withdrawal(struct core_call *c)
{
	struct bank_withdrawal *w = bank_withdrawal_find(c->x->bank, c->id[1]);

	if (w != NULL && w->wallet == c->wallet)
		return w;
	core_bank_error(c, BANK_NOT_FOUND);
	return NULL;
}

static void
withdrawal_get(struct core_call *c)
{
	const struct bank_withdrawal *w = named_withdrawal(c);

	if (w != NULL)
		core_answer(c, 200, core_withdrawal(c->x, w, false));
}

static void
withdrawal_put(struct core_call *c)
{
	static const struct core_field fields[] = { { "status", FIELD_TEXT, 3, 20, true } };
	static const enum bank_wstatus wanted[] = { BW_CANCELLED, BW_SUCCESSFUL, BW_ERROR_PERM };
	struct bank_withdrawal *w = named_withdrawal(c);
	const char *status;
	enum bank_end e = BANK_INVALID;

	if (w == NULL || !core_fields(c, "Withdrawal", fields, NELEM(fields)))
		return;
	status = core_text(c, "status");
	if (c->actor != 0 && strcmp(status, "CANCELLED") != 0) {
		core_error(c, 403, "SEC001", "You do not have the rights to do that");
		return;
	}
	for (size_t i = 0; i < NELEM(wanted); i++)
		if (strcmp(status, bank_wstatus_name(wanted[i])) == 0)
			e = bank_withdrawal_set(c->x->bank, c->now, w, wanted[i]);
	if (e != BANK_OK)
		core_bank_error(c, e);
	else
		core_created(c, core_withdrawal(c->x, w, false));
}

static void
fees(struct core_call *c)
{
	const char *type = core_query(c, "type"), *amount = core_query(c, "amount");
	const struct bank_kind *kind = type != NULL ? bank_kind_find(type) : NULL;
	int64_t cents;

	if (kind == NULL || amount == NULL || !money_parse_decimal(amount, &cents) || cents <= 0) {
		core_error(c, 400, "IAE002", "amount and type are needed");
		return;
	}
	core_answer(c, 200, json_pack("{s:o}", "feeAmount", core_amount(c->x, kind->fee)));
}

#define CUSTOMER "tenants/#/customers/#"
#define WALLET "tenants/#/wallets/#"

const struct core_route core_money[] = {
	{ "POST", "tenants/#/wallets/transfers", WHO_ALL, true, transfer },
	{ "GET", WALLET, WHO_WALLET, false, wallet_get },
	{ "PUT", WALLET, WHO_TENANT, false, wallet_put },
	{ "GET", WALLET "/transactions", WHO_WALLET, false, transactions },
	{ "GET", WALLET "/reservations", WHO_WALLET, false, reservations },
	{ "POST", WALLET "/withdrawals", WHO_WALLET, true, withdrawal_create },
	{ "GET", WALLET "/withdrawals", WHO_WALLET, false, withdrawals_list },
	{ "GET", WALLET "/withdrawals/fees", WHO_WALLET, false, fees },
	{ "GET", WALLET "/withdrawals/#", WHO_WALLET, false, withdrawal_get },
	{ "PUT", WALLET "/withdrawals/#", WHO_WALLET, true, withdrawal_put },
	{ "POST", CUSTOMER "/wallets", WHO_TENANT, false, wallet_create },
	{ "GET", CUSTOMER "/wallets", WHO_CUSTOMER, false, wallets_list },
	{ "GET", "global/wallets", WHO_ALL, false, global_wallets },
};
const size_t core_money_n = NELEM(core_money);
