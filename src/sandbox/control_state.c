/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the sandbox as JSON. Amounts are text ("50.00"), so that tests compare cents and no
 * doubles.
 */
#include "sandbox/control_state.h"

#include <string.h>

#include "core/money.h"
#include "sandbox/aggregator.h"
#include "sandbox/bank.h"
#include "sandbox/box.h"
#include "sandbox/callbacks.h"
#include "sandbox/core_api.h"
#include "sandbox/graph.h"
#include "sandbox/phone.h"
#include "sandbox/rules.h"
#include "sandbox/sms_provider.h"
#include "sandbox/smsc.h"

static json_t *
money(int64_t cents)
{
	char text[MONEY_TEXT];

	return json_string(money_decimal(cents, text));
}

/*
 * {"<externalUniqueId>": {"count":1,"amount":"50.00","fee":"1.00","from":..,"to":..,"type":..}}:
 * count must never be more than 1.
 */
static json_t *
debits(const struct bank *b)
{
	const struct bank_transfer *t;
	size_t n = bank_transfers(b, &t);
	json_t *all = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object_get(all, t[i].uid);
		json_int_t count = json_integer_value(json_object_get(o, "count"));

		json_object_set_new(all, t[i].uid, json_pack("{s:I,s:o,s:o,s:I,s:I,s:s,s:I}",
		    "count", count + 1, "amount", money(t[i].amount), "fee", money(t[i].fee),
		    "from", (json_int_t)t[i].from, "to", (json_int_t)t[i].to, "type", t[i].type,
		    "at_ms", (json_int_t)t[i].at));
	}
	return all;
}

static json_t *
withdrawals(const struct bank *b)
{
	struct bank_withdrawal *const *w;
	size_t n = bank_withdrawals(b, &w);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all,
		    json_pack("{s:I,s:s,s:s,s:s,s:s,s:o,s:o,s:I,s:s,s:s,s:I,s:I,s:I,s:s?}", "withdrawalId",
		    (json_int_t)w[i]->id, "externalUniqueId", w[i]->uid, "status",
		    bank_wstatus_name(w[i]->status), "type", w[i]->kind->type, "token", w[i]->token,
		    "amount", money(w[i]->amount), "fee", money(w[i]->fee), "walletId",
		    (json_int_t)w[i]->wallet->id, "owner", w[i]->wallet->owner->profile.phone,
		    "deliverToPhone", w[i]->phone, "created_ms", (json_int_t)w[i]->created,
		    "modified_ms", (json_int_t)w[i]->modified, "expires_ms", (json_int_t)w[i]->expires, "callbackUrl",
		    w[i]->callback));
	return all;
}

static json_t *
documents(const struct bank_customer *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < c->documents_n; i++) {
		const struct bank_document *d = &c->documents[i];

		json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:I}", "documentType", d->type, "mediaType", d->media,
		    "sha256", d->sha256, "octets", (json_int_t)d->octets));
	}
	return all;
}

static json_t *
customers(const struct bank *b)
{
	struct bank_customer *const *c;
	size_t n = bank_customers(b, &c);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct bank_profile *p = &c[i]->profile;
		json_t *wallets = json_array();

		for (size_t k = 0; k < c[i]->wallets_n; k++) {
			const struct bank_wallet *w = c[i]->wallets[k];

			json_array_append_new(wallets, json_pack("{s:I,s:o,s:o,s:s,s:I}",
			    "walletId", (json_int_t)w->id, "balance", money(w->balance),
			    "available", money(bank_available(w)), "status", w->barred ? "BARRED" :
			    "ACTIVE", "lines", (json_int_t)w->lines_n));
		}
		json_array_append_new(all, json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}",
		    "customerId", (json_int_t)c[i]->id, "phone", p->phone, "firstName",
		    p->first_name, "lastName", p->last_name, "nationalIdentityNumber", p->id_number,
		    "passportNumber", p->passport, "externalUniqueId", p->uid, "status",
		    c[i]->barred ? "BARRED" : "ACTIVE", "wallets", wallets, "documents", documents(c[i])));
	}
	return all;
}

static json_t *
ledger(struct box *x)
{
	char why[160] = "";
	bool good = bank_check(x->bank, why, sizeof why);

	if (!good)
		box_violation(x, "money: %s", why);
	return json_pack("{s:b,s:s,s:o,s:o}", "conserved", good, "why", why, "paid_out",
	    money(bank_paid_out(x->bank)), "fees", money(bank_fees(x->bank)));
}

json_t *
control_state(struct box *x)
{
	json_t *o = json_object();

	bank_expire(x->bank, box_now(x));
	json_object_set_new(o, "now_ms", json_integer(box_now(x)));
	json_object_set_new(o, "ledger", ledger(x));
	json_object_set_new(o, "customers", customers(x->bank));
	json_object_set_new(o, "debits", debits(x->bank));
	json_object_set_new(o, "withdrawals", withdrawals(x->bank));
	json_object_set(o, "violations", x->violations);
	json_object_set_new(o, "violations_n", json_integer(x->violations_n));
	json_object_set_new(o, "calls", core_counts(x->core));
	json_object_set_new(o, "smsc", smsc_counts(x->smsc));
	json_object_set_new(o, "aggregators", aggregators_counts(x->aggregators));
	json_object_set_new(o, "sms_providers", sms_providers_counts(x->sms));
	json_object_set_new(o, "callbacks", json_pack("{s:I,s:I}", "sent",
	    (json_int_t)callbacks_sent(x->callbacks), "taken",
	    (json_int_t)callbacks_taken(x->callbacks)));
	json_object_set_new(o, "whatsapp", graph_counts(x->graph));
	json_object_set_new(o, "sms", json_integer(phones_sms_count(x->phones)));
	return o;
}

json_t *
control_switches(const struct box *x)
{
	json_t *o = json_object();
	struct rules rules = x->rules;

	for (size_t i = 0; i < rule_rows_n; i++)
		json_object_set_new(o, rule_rows[i].name,
		    json_integer(*rules_find(&rules, rule_rows[i].name)));
	return o;
}
