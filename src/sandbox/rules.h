/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switches of the sandbox: how it behaves where the wallet core's documents are silent, contradict
 * each other or were only guessed at. One row per switch: R(name, friendly, hostile, help). What is
 * documented for certain is no switch.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define RULES(R) \
	R(create_status, 200, 0, \
	  "Status of creates and of PUT; 0: 200, 201 or an empty 204 at random") \
	R(transfer_status, 204, 0, "Status of transfers; 0: 200, 201 or 204 at random") \
	R(funds_first, 0, 1, "Funds are checked before the uniqueness of externalUniqueId") \
	R(random_duplicate_code, 0, 1, \
	  "A duplicate is refused with a code made up each time, else DUP001") \
	R(ignore_filters, 0, 1, \
	  "externalUniqueId of lists and customer filters other than phone are ignored") \
	R(list_lag_ms, 0, 3000, \
	  "Lists of transactions and withdrawals miss what is younger, up to this") \
	R(late_permille, 0, 20, \
	  "Of 1000 requests that move money, this many get no answer and land late") \
	R(late_ms, 0, 20000, "How late those land, at most") \
	R(token_with_phone, 1, 0, "The token is returned although deliverToPhone was given") \
	R(token_on_read, 1, 0, "The token is returned when a withdrawal is read or listed") \
	R(callback_first, 0, 1, \
	  "Callbacks leave before the answer to the causing call; creates are called back too") \
	R(callback_cancelled, 0, 1, "CANCELLED is called back too") \
	R(callback_twice, 0, 1, "Every callback is sent twice") \
	R(callback_late_ms, 0, 5000, \
	  "Callbacks that do not come first are late by up to this, and so in any order") \
	R(reserve_at_create, 0, 1, "A pending withdrawal reserves its amount and fee") \
	R(lapsed_pays, 0, 0, "A token that has lapsed can be used after all: SUCCESSFUL follows TIMEOUT") \
	R(cancel_pnp, 1, 0, "Pick n Pay tokens can be cancelled (Paycorp's always can)") \
	R(renew_expired, 0, 0, "An expired JWT can be renewed") \
	R(jwt_life_s, 900, 900, "Life of a JWT") \
	R(tenant_acts, 1, 1, "The tenant's user may debit its customers' wallets") \
	R(phone_limit, 0, 0, \
	  "Cents of tokens a month for one phone (2400000 is the real one); 0: no limit") \
	R(transfer_fee, 0, 0, "Cents debited as an extra line of each transfer") \
	R(one_uid_space, 0, 1, \
	  "externalUniqueId is unique over all kinds of things together") \
	R(people_uid_free, 0, 0, \
	  "Customers and wallets are made whether their externalUniqueId was used or not") \
	R(check_takes_uid, 0, 1, "A transfer with onlyCheck uses its externalUniqueId up") \
	R(phone_is_enough, 1, 0, "The global look-up accepts a phone as the only criterion") \
	R(ratify_array, 0, 1, "POST ratify answers an array") \
	R(ratify_result, 0, 0, "What a ratification comes to: 0 by the identity number, 1 passed, 2 failed, 3 pending") \
	R(ratify_pending_ms, 0, 0, "A pending ratification has passed after so long; 0: never") \
	R(document_problem, 0, 0, \
	  "Documents are refused: 1 not readable, 2 of another type, 3 expired, 4 without a face; 0: they are taken") \
	R(whole_amounts, 0, 1, "Amounts without cents are written as integers") \
	R(extra_fields, 0, 1, "Objects carry members that nobody knows") \
	R(rows_without_uid, 0, 0, "Rows of lists carry no externalUniqueId") \
	R(errors_without_trace, 0, 1, "Errors carry no traceId, spanId and environment") \
	R(hex_message_ids, 0, 0, \
	  "Message ids are hexadecimal in responses and decimal in receipts") \
	R(ussd_dialect, 0, 0, \
	  "How USSD is spoken: 0 its, 1 mica, 2 sixdee, 3 digitalpulse, 4 tops, 5 huawei, 6 smpp_plus, " \
	  "7 vendor_tlv (tag 0x1401), 8 no_op") \
	R(receipt_ms, 10, 10, "How long after its submit a delivery receipt is sent") \
	R(wa_status_ms, 10, 50, "WhatsApp: how long after a message its statuses come, each after the other") \
	R(wa_reads, 1, 1, "WhatsApp: customers read at once what comes") \
	R(wa_only_read, 0, 0, "WhatsApp: delivered does not come where read does") \
	R(wa_twice, 0, 1, "WhatsApp: every webhook is sent twice") \
	R(wa_late_ms, 0, 300, "WhatsApp: webhooks are late by up to this, and so in any order") \
	R(wa_pair_limit, 1, 1, "WhatsApp: one message in six seconds to a customer, and 45 at once beforehand") \
	R(wa_throughput, 80, 80, "WhatsApp: messages a second of the number") \
	R(wa_window_by_status, 0, 1, "WhatsApp: that 24 hours are over is said by a status, not by the answer") \
	R(login_code_sec005, 0, 1, "A wrong login is refused with SEC005 instead of USR002")

struct rules {
#define R(name, friendly, hostile, help) int64_t name;
	RULES(R)
#undef R
};

struct rule_row {
	const char *name;
	int64_t friendly, hostile;
	size_t offset;			/* of the int64_t in struct rules */
	const char *help;
};

extern const struct rule_row rule_rows[];
extern const size_t rule_rows_n;

/* "friendly" or "hostile"; false: no such profile. */
bool rules_profile(struct rules *r, const char *profile) MUST_CHECK;
/* The switch of that name, or NULL. */
int64_t *rules_find(struct rules *r, const char *name);
