/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activation: a customer of the wallet core who has no PIN here yet. The identity number, then a code by SMS, then the
 * new PIN; for three days after it only little can be paid (money.md section 6).
 */
#include <string.h>

#include "base/str.h"
#include "service/turn.h"

#define ACTIVATIONS_A_DAY 3

/* Whoever had this number before: a PIN is made for the customer of today. */
static void
set_customer(struct subscriber *sub, struct turn *t)
{
	sub->has_pin = sub->has_old_key = false;
	sub->reset_from = 0;
	sub->customer_id = t->found_id;
	str_copy(sub->customer_uid, sizeof sub->customer_uid, t->uid);
}

static void
proven(struct turn *t)
{
	turn_send_code(t, set_customer);
}

static void
count_try(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->activations++;
}

static void
counted(struct turn *t)
{
	if (t->sub.activations > ACTIVATIONS_A_DAY)
		turn_outcome(t, "blocked");
	else
		turn_prove_identity(t, vars_get_i64(turn_vars(t), "customer_id"), proven);
}

void
call_activate_start(struct turn *t)
{
	if (turn_sim_refuses(t))
		return;
	/* A PIN is changed only by who knows it, and set anew only after the wait of who forgot it. */
	if (t->sub.has_pin && t->sub.customer_id == vars_get_i64(turn_vars(t), "customer_id"))
		turn_outcome(t, "blocked");
	else
		turn_change_subscriber(t, count_try, counted);
}

static void
written(struct turn *t)
{
	turn_outcome(t, t->written == PIN_WRITTEN ? "done" : "failed");
}

static void
code_right(struct turn *t)
{
	if (t->sub.has_pin)
		turn_outcome(t, "blocked");	/* on another channel meanwhile */
	else
		turn_write_pin(t, PIN_WRITE_ACTIVATE, t->settings->wallet.pin_key_id, written);
}

void
call_activate_finish(struct turn *t)
{
	if (!turn_sim_refuses(t))
		turn_prove_code(t, code_right);
}
