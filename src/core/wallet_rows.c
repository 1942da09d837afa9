/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wallet_rows.h"

#include <string.h>

const struct wallet_customer *
wallet_customer_of(const struct wallet_answer *a, const char *phone)
{
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->customer[i].phone, phone) == 0)
			return &a->customer[i];
	return NULL;
}

const struct wallet_wallet *
wallet_wallet_of(const struct wallet_answer *a, int type_id, int64_t customer_id)
{
	for (int i = 0; i < a->n; i++)
		if (a->wallet[i].type_id == type_id &&
		    (a->wallet[i].customer_id == 0 || a->wallet[i].customer_id == customer_id))
			return &a->wallet[i];
	return NULL;
}
