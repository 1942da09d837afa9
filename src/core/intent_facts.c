/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be said of an intent without changing it: is an item of the core's lists it, how does it count, what is
 * told.
 */
#include <string.h>

#include "core/intent.h"

bool
intent_paid_unsent(const struct intent *i)
{
	return i->kind == INTENT_WITHDRAWAL && i->state == INTENT_DONE && i->resolved_at != 0 && i->gateway_sends &&
	    i->counts && (i->steps & STEP_TOKEN_SMS) == 0;
}

bool
intent_on_word(const struct intent *i)
{
	return i->kind == INTENT_WITHDRAWAL && i->state == INTENT_DONE && i->resolved_at != 0 && i->core_status == 0 &&
	    !intent_paid_unsent(i);
}

static bool
token_lives(const struct intent *i, int64_t now)
{
	bool pending = i->core_status == 0 || i->core_status - 1 == WSTATUS_PENDING;

	return i->state == INTENT_DONE && i->token[0] != '\0' && pending &&
	    (i->token_expires == 0 || now < i->token_expires);
}

bool
intent_token_usable(const struct intent *i, int64_t now)
{
	return token_lives(i, now) && !i->cancel;
}

bool
intent_token_in_doubt(const struct intent *i, int64_t now)
{
	return token_lives(i, now) && i->cancel;
}

bool
intent_is_tx(const struct intent *i, const struct wallet_tx *tx)
{
	int64_t amount = tx->amount < 0 ? -tx->amount : tx->amount;

	return strcmp(tx->uid, i->id) == 0 && amount == i->amount;
}

bool
intent_is_withdrawal(const struct intent *i, const struct wallet_withdrawal *w)
{
	return strcmp(w->uid, i->id) == 0 && w->amount == i->amount && w->id != 0;
}

enum intent_why
intent_why_told(const struct intent *i)
{
	bool others = i->kind == INTENT_WITHDRAWAL && strcmp(i->phone, i->to_phone) != 0;

	return others && i->why == WHY_LIMIT ? WHY_REFUSED : i->why;
}

/*
 * What is pending or paid out at the core counts, whatever the record says. Nothing is given back that the intent
 * itself has not given back: its own run does that, so that a payout that still follows is taken again.
 */
int
intent_counts_as(const struct intent *i, const struct wallet_withdrawal *w, bool whole)
{
	enum wallet_status s;

	if (i->kind != INTENT_WITHDRAWAL || !i->counts || i->accepted_at == 0)
		return 0;
	if (w != NULL) {
		s = wallet_status(w->status);
		if (s == WSTATUS_PENDING || s == WSTATUS_SUCCESSFUL)
			return LIMIT_COMMITTED;
	}
	switch (i->limit) {
	case ILIMIT_RELEASED:
		return w != NULL || whole ? LIMIT_GIVEN_BACK : 0;
	case ILIMIT_COMMITTED:
		return LIMIT_COMMITTED;
	case ILIMIT_RESERVED:
		return LIMIT_RESERVED;
	case ILIMIT_NONE:
		break;
	}
	return 0;
}
