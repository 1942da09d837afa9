/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of the bank's records, and the times and amounts in it. It decides nothing but what a rule
 * says about forms.
 */
#include "sandbox/core_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/money.h"
#include "sandbox/box.h"

const char *
iso_time(int64_t ms, char out[ISO_TIME])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(out, ISO_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	str_format(out + n, ISO_TIME - n, ".%03dZ", (int)(ms % 1000));
	return out;
}

/* ".123Z", "Z", "+02:00": what may follow the seconds. */
static bool
parse_tail(const char *s, int64_t *ms)
{
	int hours, minutes, digits = 0;
	char sign, end;

	if (*s == '.') {
		int64_t unit = 100;

		for (s++; *s >= '0' && *s <= '9'; s++, digits++, unit /= 10)
			*ms += (*s - '0') * unit;
		if (digits == 0)
			return false;
	}
	if (strcmp(s, "Z") == 0)
		return true;
	if (sscanf(s, "%c%2d:%2d%c", &sign, &hours, &minutes, &end) != 3 ||
	    (sign != '+' && sign != '-' && sign != ' '))
		return false;
	*ms += (sign == '-' ? 1 : -1) * (hours * 60 + minutes) * INT64_C(60000);
	return true;
}

bool
iso_parse(const char *text, int64_t *ms)
{
	struct tm tm = { 0 };
	int used = 0;

	if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3 ||
	    used != 10 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (text[10] == '\0') {
		*ms = (int64_t)timegm(&tm) * 1000;
		return true;
	}
	used = 0;
	if (sscanf(text + 10, "T%2d:%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 3 ||
	    used != 9)
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return parse_tail(text + 19, ms);
}

json_t *
core_amount(const struct box *x, int64_t cents)
{
	if (x->rules.whole_amounts && cents % 100 == 0)
		return json_integer(cents / 100);
	return json_real(money_to_double(cents));
}

bool
core_cents(const json_t *v, int64_t *cents)
{
	return json_is_number(v) && money_from_double(json_number_value(v), cents);
}

static void
set_text(json_t *o, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		json_object_set_new(o, name, json_string(value));
}

static void
set_time(json_t *o, const char *name, int64_t ms)
{
	char text[ISO_TIME];

	json_object_set_new(o, name, json_string(iso_time(ms, text)));
}

static void
set_id(json_t *o, const char *name, int64_t id)
{
	json_object_set_new(o, name, json_integer(id));
}

static void
set_uid(const struct box *x, json_t *o, const char *uid)
{
	if (!x->rules.rows_without_uid)
		set_text(o, "externalUniqueId", uid);
}

static void
set_extra(const struct box *x, json_t *o)
{
	if (x->rules.extra_fields)
		json_object_set_new(o, "zzNewInThisRelease", json_pack("{s:[i,n,{s:b}],s:s}",
		    "list", 1, "flag", 1, "text", "\xe2\x82\xac \"quoted\" \\"));
}

json_t *
core_customer(const struct box *x, const struct bank_customer *c)
{
	const struct bank_profile *p = &c->profile;
	json_t *o = json_object();

	set_id(o, "customerId", c->id);
	set_id(o, "tenantId", BOX_TENANT);
	set_text(o, "title", p->title);
	set_text(o, "gender", p->gender);
	set_text(o, "firstName", p->first_name);
	set_text(o, "lastName", p->last_name);
	set_text(o, "phone1", p->phone);
	set_text(o, "email", p->email);
	set_text(o, "nationalIdentityNumber", p->id_number);
	set_text(o, "passportNumber", p->passport);
	set_text(o, "dateOfBirth", p->birth);
	set_text(o, "locale", p->locale);
	set_text(o, "status", c->barred ? "BARRED" : "ACTIVE");
	set_text(o, "countryOfResidence", "South Africa");
	set_text(o, "externalUniqueId", p->uid);
	set_id(o, "profileCompletionStatus", p->completion);
	set_time(o, "created", c->created);
	set_time(o, "lastModified", c->modified);
	set_id(o, "version", c->version);
	set_extra(x, o);
	return o;
}

static json_t *
kyc_check(enum bank_kyc k)
{
	return json_pack("{s:b,s:b,s:b}", "checked", k != KYC_NONE, "passed", k == KYC_PASSED,
	    "pending", k == KYC_PENDING);
}

static bool
has_selfie(const struct bank_customer *c)
{
	for (size_t i = 0; i < c->documents_n; i++)
		if (strcmp(c->documents[i].type, "FACIAL_PHOTO") == 0)
			return true;
	return false;
}

json_t *
core_kyc(const struct bank_customer *c)
{
	static const char *const name[] = { "PENDING", "PASSED", "FAILED", "PENDING" };
	json_t *o = json_object();

	set_text(o, "status", name[c->kyc]);
	set_time(o, "lastModified", c->kyc_at);
	json_object_set_new(o, "sanctionsListCheck", kyc_check(KYC_PASSED));
	json_object_set_new(o, "nationalIdentityIsLegitimate", kyc_check(c->kyc));
	json_object_set_new(o, "selfieMatchesNationalIdentity", kyc_check(has_selfie(c) ? c->kyc : KYC_NONE));
	return o;
}

json_t *
core_wallet(const struct box *x, const struct bank_wallet *w)
{
	json_t *o = json_object();

	set_id(o, "walletId", w->id);
	set_id(o, "customerId", w->owner->id);
	set_id(o, "walletTypeId", BANK_WALLET_TYPE);
	set_text(o, "name", w->name);
	set_text(o, "description", w->description);
	json_object_set_new(o, "currentBalance", core_amount(x, w->balance));
	json_object_set_new(o, "availableBalance", core_amount(x, bank_available(w)));
	json_object_set_new(o, "reservations", core_amount(x, w->reserved));
	set_text(o, "currency", "ZAR");
	set_text(o, "status", w->barred ? "BARRED" : "ACTIVE");
	set_text(o, "friendlyId", w->friendly_id);
	set_text(o, "externalUniqueId", w->uid);
	set_time(o, "created", w->created);
	set_time(o, "lastModified", w->modified);
	set_id(o, "version", w->version);
	set_extra(x, o);
	return o;
}

json_t *
core_line(const struct box *x, const struct bank_wallet *w, const struct bank_line *l)
{
	json_t *o = json_object();

	set_id(o, "transactionId", l->id);
	set_id(o, "walletId", w->id);
	set_time(o, "transactionDate", l->at);
	json_object_set_new(o, "amount", core_amount(x, l->amount));
	json_object_set_new(o, "balance", core_amount(x, l->balance));
	set_text(o, "currency", "ZAR");
	set_text(o, "type", l->type);
	set_text(o, "description", l->text);
	set_uid(x, o, l->uid);
	set_text(o, "externalId", l->external_id);
	set_id(o, "otherWalletId", l->other);
	set_text(o, "location", l->location);
	set_extra(x, o);
	return o;
}

json_t *
core_withdrawal(const struct box *x, const struct bank_withdrawal *w, bool with_token)
{
	json_t *o = json_object();

	if (!with_token)
		with_token = x->rules.token_on_read;
	if (w->phone[0] != '\0' && !x->rules.token_with_phone)
		with_token = false;
	set_id(o, "withdrawalId", w->id);
	set_uid(x, o, w->uid);
	set_text(o, "status", bank_wstatus_name(w->status));
	if (with_token)
		set_text(o, "token", w->token);
	set_time(o, "expires", w->expires);
	json_object_set_new(o, "amount", core_amount(x, w->amount));
	set_text(o, "currency", "ZAR");
	set_text(o, "gateway", w->kind->type);
	set_text(o, "type", w->kind->cls);
	set_text(o, "subType", "NORMAL");
	set_id(o, "walletId", w->wallet->id);
	json_object_set_new(o, "fee", core_amount(x, w->fee));
	set_time(o, "created", w->created);
	set_time(o, "lastModified", w->modified);
	set_text(o, "description", w->description);
	set_text(o, "deliverToPhone", w->phone);
	set_text(o, "callbackUrl", w->callback);
	set_text(o, "reference", w->reference);
	set_text(o, "errorDescription", w->problem);
	set_text(o, "extraInfo", "{}");
	set_extra(x, o);
	return o;
}
