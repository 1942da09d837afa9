/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body of any octets as each of an integrator's requests, and as the order of each act of operators. An order that
 * is taken can be acted on, and what is shown of it is JSON that says the same.
 */
#include <jansson.h>

#include "base/str.h"
#include "core/money.h"
#include "core/operator.h"
#include "core/order.h"
#include "tests/fuzz/fuzz.h"

static void
check_shown(const struct order *o)
{
	struct intent i = { .state = INTENT_ACCEPTED, .kind = INTENT_WITHDRAWAL,
		.amount = o->amount, .accepted_at = 1, .token_expires = o->expires_ms };
	struct buf out = { 0 };
	json_t *shown;
	int64_t cents;

	must(str_copy(i.uid, sizeof i.uid, o->uid) && str_copy(i.type, sizeof i.type, o->type) &&
	    str_copy(i.to_phone, sizeof i.to_phone, o->to_phone) &&
	    str_copy(i.token, sizeof i.token, "SECRET-TOKEN"));
	order_print(&i, &out);
	shown = json_loadb(buf_str(&out), out.len, JSON_REJECT_DUPLICATES, NULL);
	must(shown != NULL);
	must(money_from_double(json_real_value(json_object_get(shown, "amount")), &cents) &&
	    cents == o->amount);
	must(strcmp(json_string_value(json_object_get(shown, "externalUniqueId")), o->uid) == 0);
	must(json_object_get(shown, "token") == NULL);
	json_decref(shown);
	buf_clear(&out);
}

static void
check_order(const struct order *o)
{
	char print[320];

	must(o->amount > 0 && o->amount <= MONEY_MAX && o->expires_ms >= 0);
	must(strnlen(o->uid, sizeof o->uid) < sizeof o->uid && strlen(o->uid) >= 6);
	must(strnlen(o->type, sizeof o->type) < sizeof o->type && strlen(o->type) >= 3);
	must(utf8_valid(o->uid, strlen(o->uid)) && utf8_valid(o->type, strlen(o->type)));
	must(phone_valid(o->to_phone));
	order_fingerprint(o, print, sizeof print);
	must(strlen(print) + 1 < sizeof print);
	check_shown(o);
}

static void
check_act(const struct operator_act *a, const char *json, size_t size)
{
	char problem[200] = "";
	struct operator_order o;

	if (!operator_order_parse(a, json, size, "27", &o, problem, sizeof problem)) {
		must(problem[0] != '\0' && strnlen(problem, sizeof problem) < sizeof problem);
		return;
	}
	must(o.phone[0] == '\0' || phone_valid(o.phone));
	must(strnlen(o.intent, sizeof o.intent) < sizeof o.intent && o.request >= 0 && o.count >= 0);
	must(strnlen(o.reason, sizeof o.reason) < sizeof o.reason && utf8_valid(o.reason, strlen(o.reason)));
	must(!a->reason || strlen(o.reason) >= OPERATOR_REASON_LEAST);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *json = (const char *)data;
	char problem[160] = "", name[32], key[65];
	struct order o;

	if (order_parse(json, size, "27", &o, problem, sizeof problem))
		check_order(&o);
	else
		must(problem[0] != '\0' && strnlen(problem, sizeof problem) < sizeof problem);
	for (size_t i = 0; i < OPERATOR_ACTS; i++)
		check_act(&operator_acts[i], json, size);
	(void)!order_parse_cancel(json, size);
	if (order_parse_login(json, size, name, sizeof name, key, sizeof key))
		must(strnlen(name, sizeof name) < sizeof name &&
		    strnlen(key, sizeof key) < sizeof key);
	return 0;
}
