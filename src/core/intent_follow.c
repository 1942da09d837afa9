/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a withdrawal: callbacks of the core as hints to read it, and what its integrator is to hear. */
#include "core/follow.h"
#include "core/intent_parts.h"

int
intent_outcome(const struct intent *i)
{
	if (i->state == INTENT_NOT_DONE)
		return WSTATUS_ERROR + 1;
	if (i->core_status == 0 && (intent_paid_unsent(i) || (intent_on_word(i) && i->asks >= INTENT_LATE_LOOKS)))
		return WSTATUS_SUCCESSFUL + 1;	/* nothing leads to it at the core: a person's word is the last one */
	return i->state == INTENT_DONE && intent_core_final(i) ? i->core_status : 0;
}

/*
 * A callback may say that what is about to be said, or given back, is not so: the read comes first, while it is
 * fresh.
 */
static bool
hint_outranks(const struct intent *i, enum intent_action a)
{
	if (!i->hinted || i->withdrawal_id == 0)
		return false;
	return a == DO_NOTHING || a == DO_WAIT || (i->hint_reads == 0 && intent_core_final(i) &&
	    (a == DO_FINAL_SMS || a == DO_RECEIVER_SMS || a == DO_RELEASE_LIMIT));
}

/* Whoever else is waited for, the integrator need not wait with us. */
static enum intent_action
next_tell(const struct intent *i, enum intent_action a, int64_t now, int64_t *at)
{
	int outcome = intent_outcome(i);

	if ((a != DO_NOTHING && a != DO_WAIT) || i->callback[0] == '\0' || outcome == 0 || outcome == i->told)
		return a;
	if (now >= i->tell_at)
		return DO_TELL;
	if (a == DO_NOTHING || i->tell_at < *at)
		*at = i->tell_at;
	return DO_WAIT;
}

enum intent_action
intent_follow_next(const struct intent *i, enum intent_action a, int64_t now, int64_t *at)
{
	if (!hint_outranks(i, a))
		return next_tell(i, a, now, at);
	*at = i->next_at;
	return now < i->next_at ? DO_WAIT : DO_FOLLOW;
}

enum intent_hint
intent_on_hint(struct intent *i, int64_t now, int status)
{
	/* Behind a last word only a payout is news. */
	bool news = status == 0 || (status != i->core_status &&
	    (!intent_core_final(i) || status - 1 == WSTATUS_SUCCESSFUL));

	switch (i->state) {
	case INTENT_ACCEPTED:
	case INTENT_RUNNING:
		return HINT_EARLY;
	case INTENT_ASKING:
		i->next_at = now;
		return HINT_READ;
	case INTENT_DONE:
	case INTENT_NOT_DONE:
		break;
	default:
		return HINT_ODD;
	}
	if (i->kind != INTENT_WITHDRAWAL || (i->withdrawal_id == 0 && i->why != WHY_ABSENT && !intent_on_word(i)))
		return HINT_ODD;
	if (i->withdrawal_id != 0 && !news)
		return HINT_KNOWN;
	i->next_at = now;
	if (i->withdrawal_id == 0) {
		if (i->asks >= INTENT_LATE_LOOKS)
			i->asks = INTENT_LATE_LOOKS - 1;	/* one more look */
		return HINT_READ;
	}
	i->hinted = true;
	i->hint_reads = 0;
	return HINT_READ;
}

bool
intent_on_told(struct intent *i, int64_t now, bool heard)
{
	int64_t pause = heard ? 0 : callback_pause(++i->tells);

	if (pause == 0) {
		i->told = intent_outcome(i);
		i->tells = 0;
		return !heard;
	}
	i->tell_at = now + pause + follow_spread(i->id, now, pause / 10);
	return false;
}
