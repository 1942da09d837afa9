/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forgotten PIN: the identity number, a code by SMS, a wait that the right old PIN ends, the identity number again,
 * the new PIN; little can be paid for three days after it (money.md section 6). Not within three days of a changed SIM.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "base/str.h"
#include "service/say.h"
#include "service/turn.h"

#define RESETS_A_DAY 3
#define HOUR_MS INT64_C(3600000)

/* ---- the wait ---- */

static void
told(struct turn *t)
{
	turn_outcome(t, "waiting");
}

static void
set_warned(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->reset_warned = true;
}

static void
warned(struct turn *t)
{
	if (t->sub.reset_warned)
		told(t);
	else
		turn_change_subscriber(t, set_warned, told);
}

/* To the owner of the phone, who may not be the one who types. Once for each wait, however often this comes by. */
static void
warn(struct turn *t)
{
	struct message *m = xcalloc(1, sizeof *m);
	char id[MESSAGE_ID], hex[33], wait[STORE_OWNER + 32];
	unsigned char mac[16];

	vars_set_i64(turn_vars(t), "reset_from", t->sub.reset_from);
	str_format(wait, sizeof wait, "%s %" PRId64, t->owner, t->sub.reset_from);
	gateway_mac(t->w.task.gw, "reset", wait, mac);
	str_hex(mac, sizeof mac, hex);
	str_format(id, sizeof id, "%s:reset", hex);
	if (say_text(t->w.task.gw, t->tenant, MSG_RESULT, id, t->in.phone, t->s.dlg.lang, "sms.pin_reset",
	        turn_vars(t), m))
		turn_say(t, m, warned);
	else
		warned(t);
	free(m);
}

static void
begin_wait(struct subscriber *sub, struct turn *t)
{
	sub->code_mac_len = 0;
	sub->reset_warned = false;
	sub->reset_from = t->w.task.gw->now + t->settings->wallet.pin_reset_wait_h * HOUR_MS;
}

static void
begun(struct turn *t)
{
	metric_add(M_PIN_RESETS, 1);
	warn(t);
}

/* ---- who it is ---- */

static void
proven(struct turn *t)
{
	switch (pin_reset_state(&t->sub, t->w.task.gw->now)) {
	case PIN_RESET_NONE:
		turn_send_code(t, NULL);
		break;
	case PIN_RESET_WAITING:
		warn(t);	/* it may have begun without our hearing of it */
		break;
	case PIN_RESET_READY:
		if (t->sub.reset_warned) {
			vars_set(turn_vars(t), "reset_ok", "1");
			turn_outcome(t, "ready");
		} else
			turn_change_subscriber(t, begin_wait, begun);	/* what nobody was told of was no wait */
		break;
	}
}

static void
count_try(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->resets++;
}

static void
counted(struct turn *t)
{
	if (t->sub.resets > RESETS_A_DAY)
		turn_outcome(t, "blocked");
	else
		turn_prove_identity(t, t->sub.customer_id, proven);
}

void
call_pin_forgot(struct turn *t)
{
	vars_unset(turn_vars(t), "reset_ok");
	if (turn_sim_refuses(t))
		return;
	if (t->sub.has_pin)
		turn_change_subscriber(t, count_try, counted);
	else
		turn_outcome(t, "failed");
}

/* ---- the code ---- */

static void
code_right(struct turn *t)
{
	if (pin_reset_state(&t->sub, t->w.task.gw->now) == PIN_RESET_NONE)
		turn_change_subscriber(t, begin_wait, begun);
	else
		turn_outcome(t, "blocked");	/* on another channel meanwhile */
}

void
call_pin_forgot_code(struct turn *t)
{
	if (!turn_sim_refuses(t))
		turn_prove_code(t, code_right);
}

/* ---- the new PIN ---- */

static void
written(struct turn *t)
{
	static const char *const outcome[] = {
		[PIN_WRITTEN] = "done", [PIN_NOT_WRITTEN] = "failed", [PIN_MAYBE_WRITTEN] = "unsure",
	};

	if (t->written == PIN_WRITTEN)
		vars_unset(turn_vars(t), "reset_ok");
	turn_outcome(t, outcome[t->written]);
}

void
call_pin_reset(struct turn *t)
{
	if (turn_sim_refuses(t))
		return;
	if (strcmp(vars_get(turn_vars(t), "reset_ok"), "1") != 0 ||
	    pin_reset_state(&t->sub, t->w.task.gw->now) != PIN_RESET_READY)
		turn_outcome(t, "failed");
	else
		turn_write_pin(t, PIN_WRITE_RESET, t->settings->wallet.pin_key_id, written);
}
