/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intent and its phone's limit: what the limit is to hear of it, and when. How much is left is core/limit.h's, how
 * an intent counts when a limit is rebuilt is intent_counts_as().
 */
#include "core/intent_parts.h"

bool
intent_core_final(const struct intent *i)
{
	return i->core_status != 0 && i->core_status - 1 != WSTATUS_PENDING;
}

static bool
gives_back(const struct intent *i, const struct intent_rules *rules)
{
	static const int bit[] = {
		[WSTATUS_CANCELLED] = GIVE_BACK_CANCELLED, [WSTATUS_TIMEOUT] = GIVE_BACK_TIMEOUT,
		[WSTATUS_ERROR] = GIVE_BACK_ERROR,
	};

	return intent_core_final(i) && (rules->give_back & bit[i->core_status - 1]) != 0;
}

/*
 * What counts is given back, also where no reservation is known: the commit of one may still be on its way, and finds
 * the entry of the release in its place. Only where the limit itself refused there can be none.
 */
static bool
holds_limit(const struct intent *i)
{
	if (i->limit == ILIMIT_NONE)
		return i->counts && i->why != WHY_LIMIT && i->why != WHY_CAP;
	return i->limit != ILIMIT_RELEASED;
}

/* A person said that it was not done, and nothing was read at the core: its token may be out. */
static bool
may_be_out(const struct intent *i)
{
	return i->state == INTENT_NOT_DONE && i->resolved_at != 0 && i->withdrawal_id == 0;
}

enum intent_action
intent_next_of_limit(const struct intent *i, const struct intent_rules *rules)
{
	bool ended = intent_core_final(i) && i->core_status - 1 != WSTATUS_SUCCESSFUL;

	if (!i->counts)
		return DO_NOTHING;
	if (may_be_out(i))
		return i->limit != ILIMIT_COMMITTED ? DO_COMMIT_LIMIT : DO_NOTHING;
	if (i->withdrawal_id == 0 || gives_back(i, rules))
		return holds_limit(i) ? DO_RELEASE_LIMIT : DO_NOTHING;
	if (ended && i->limit == ILIMIT_RELEASED)
		return DO_NOTHING;
	return i->limit != ILIMIT_COMMITTED ? DO_COMMIT_LIMIT : DO_NOTHING;
}
