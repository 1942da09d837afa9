/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which checks a result has depends on the tenant's provider, so none is known here: a check is a member that is an
 * object and says of itself whether it was made.
 */
#include "core/wallet_kyc.h"

#include <string.h>

#include "base/str.h"

static void
take_checks(json_t *o, struct wallet_answer *a)
{
	const char *name;
	json_t *v;

	json_object_foreach(o, name, v) {
		struct wallet_check *c = &a->check[a->checks];

		if (a->checks == WALLET_CHECKS)
			return;
		if (!json_is_boolean(json_object_get(v, "checked")) || !str_copy(c->name, sizeof c->name, name))
			continue;
		c->checked = json_is_true(json_object_get(v, "checked"));
		c->passed = json_is_true(json_object_get(v, "passed"));
		c->pending = json_is_true(json_object_get(v, "pending"));
		a->checks++;
	}
}

/* What is neither of the two ends may still become one. */
static enum wallet_kyc
kyc_of(const char *status)
{
	if (strcmp(status, "PASSED") == 0)
		return WALLET_KYC_PASSED;
	return strcmp(status, "FAILED") == 0 ? WALLET_KYC_FAILED : WALLET_KYC_PENDING;
}

bool
wallet_kyc_read(json_t *o, struct wallet_answer *a, int i)
{
	const char *status = json_string_value(json_object_get(o, "status"));
	const char *at = json_string_value(json_object_get(o, "lastModified"));

	if (status == NULL || i > 0)
		return status != NULL;
	a->kyc = kyc_of(status);
	a->kyc_passed = a->kyc == WALLET_KYC_PASSED;
	if (at == NULL || !wallet_time_parse(at, &a->kyc_ms))
		a->kyc_ms = 0;
	take_checks(o, a);
	return true;
}
