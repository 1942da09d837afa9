/* SPDX-License-Identifier: Apache-2.0 */
/* What of a turn concerns operators: a phone that they froze is refused, and each turn leaves a line in its session. */
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/history.h"
#include "service/turn.h"

bool
turn_is_frozen(const struct turn *t)
{
	return t->sub.frozen_at != 0;
}

/*
 * Payments under way are not touched: they end as they would, and are told by SMS. A confirm that was being checked
 * while the phone was frozen does not pass, because its commit holds the subscriber's record as it was before.
 */
void
turn_refuse_frozen(struct turn *t)
{
	struct texts_env env = { .country = t->settings->country,
		.utc_offset_s = calendar_offset_s(t->w.task.gw->now) };
	struct vars *v = turn_vars(t);

	metric_add(M_TURNS_FROZEN, 1);
	turn_leave_intent(t, INTENT_LAPSED);
	vars_set(v, "help_phone", t->settings->help_phone);
	str_copy(t->s.dialogue, sizeof t->s.dialogue, t->in.dialogue);
	t->step.kind = STEP_END;
	texts_fill(turn_plain_text(t, "error.frozen"), v, &env, t->step.text, sizeof t->step.text);
	turn_finish(t);
}

void
turn_leave_trail(struct turn *t)
{
	history_add_turn(t->s.trail, sizeof t->s.trail, t->w.task.gw->now,
	    turn_is_frozen(t) ? "frozen" : t->s.dlg.state, t->s.answer_end || t->in.kind == TURN_ABORT);
}
