/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activation: a customer of the wallet core who has no PIN here yet. The identity number, then a code by SMS, then the
 * new PIN; for three days after it only little can be paid (money.md section 6).
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/say.h"
#include "service/turn.h"

#define CODE_MS INT64_C(600000)
#define CODE_TRIES 3
#define ACTIVATIONS_A_DAY 3

static void
count_try(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->activations++;
}

static void
no_match(struct turn *t)
{
	turn_outcome(t, t->sub.activations >= ACTIVATIONS_A_DAY ? "blocked" : "no_match");
}

static void
set_code(struct subscriber *sub, struct turn *t)
{
	memcpy(sub->code_mac, t->mac, sizeof t->mac);
	sub->code_mac_len = sizeof t->mac;
	sub->code_until = t->w.task.gw->now + CODE_MS;
	sub->code_tries = 0;
	sub->activations++;
	sub->has_pin = false;		/* whoever had this number before: a PIN is made for the customer of today */
	sub->customer_id = t->found_id;
	str_copy(sub->customer_uid, sizeof sub->customer_uid, t->uid);
}

static void
sent(struct turn *t)
{
	turn_outcome(t, "sent");
}

static void
make_code(struct gateway *gw, char out[7])
{
	uint32_t r;

	gw->ports->random(gw->ports->ctx, &r, sizeof r);
	str_format(out, 7, "%06u", r % 1000000u);
}

static void
code_saved(struct turn *t)
{
	struct message *m = xcalloc(1, sizeof *m);
	struct vars v = { 0 };
	char id[MESSAGE_ID], uuid[37];

	vars_set(&v, "title", t->settings->title);
	vars_set(&v, "code", t->step.secret);
	mem_wipe(t->step.secret, sizeof t->step.secret);
	gateway_uuid(t->w.task.gw, uuid);
	str_format(id, sizeof id, "%s:code", uuid);
	if (say_text(t->w.task.gw, t->tenant, MSG_RESULT, id, t->in.phone, t->s.dlg.lang, "sms.activation",
	        &v, m)) {
		m->deadline = t->w.task.gw->now + CODE_MS;
		turn_say(t, m, sent);
	} else
		turn_outcome(t, "failed");
	mem_wipe(&v, sizeof v);
	mem_wipe(m, sizeof *m);
	free(m);
}

static void
on_customer(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;
	const char *typed = vars_get(turn_vars(t), "id_number");

	if (!turn_answered(t, e))
		return;
	if (a->n != 1 || typed[0] == '\0' || strcmp(a->customer[0].id_number, typed) != 0 ||
	    strcmp(a->customer[0].phone, t->in.phone) != 0) {
		turn_change_subscriber(t, count_try, no_match);
		return;
	}
	t->found_id = a->customer[0].id;
	str_copy(t->uid, sizeof t->uid, a->customer[0].uid);
	make_code(task->gw, t->step.secret);
	gateway_mac(task->gw, "code", t->step.secret, t->mac);
	turn_change_subscriber(t, set_code, code_saved);
}

void
call_activate_start(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_CUSTOMER_GET };

	q.customer_id = vars_get_i64(turn_vars(t), "customer_id");
	if (t->sub.activations >= ACTIVATIONS_A_DAY)
		turn_outcome(t, "blocked");
	else
		turn_ask(t, &q, on_customer);
}

/* ---- the code and the new PIN ---- */

static void
done(struct turn *t)
{
	mem_wipe(t->step.secret, sizeof t->step.secret);
	turn_outcome(t, "done");
}

static void
set_active(struct subscriber *sub, struct turn *t)
{
	sub->has_pin = true;
	sub->pin_key_id = t->settings->wallet.pin_key_id;
	sub->activated_at = t->w.task.gw->now;
	sub->code_mac_len = 0;
	if (t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		memcpy(sub->pin_mac, t->mac, sizeof t->mac);
		sub->pin_mac_len = sizeof t->mac;
	}
}

static void identity(struct turn *t, enum wallet_op op, task_fn *on);

static void
on_updated(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (turn_answered(t, e))
		turn_change_subscriber(t, set_active, done);
}

static void
on_created(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->wallet->end == WALLET_REFUSED)
		identity(t, WALLET_IDENTITY_UPDATE, on_updated);	/* it is there from an earlier try */
	else
		on_updated(task, e);
}

static void
identity(struct turn *t, enum wallet_op op, task_fn *on)
{
	struct wallet_req q = { .op = op, .customer_id = t->sub.customer_id };

	turn_customer_identity(t, t->sub.customer_id, q.identity);
	turn_pin_password(t, t->sub.customer_uid, t->step.secret, q.password);
	turn_ask(t, &q, on);
}

static void
code_tried(struct turn *t)
{
	unsigned char mac[16];
	const char *code = vars_get(turn_vars(t), "code");
	bool right;

	gateway_mac(t->w.task.gw, "code", code, mac);
	right = t->sub.code_mac_len == sizeof mac && str_equal_secret(mac, t->sub.code_mac, sizeof mac);
	if (t->sub.code_tries > CODE_TRIES || t->w.task.gw->now >= t->sub.code_until)
		turn_outcome(t, "blocked");
	else if (!right)
		turn_outcome(t, "wrong_code");
	else if (t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		turn_local_pin(t, t->step.secret, t->mac);
		turn_change_subscriber(t, set_active, done);
	} else {
		t->irrevocable = true;
		identity(t, WALLET_IDENTITY_CREATE, on_created);
	}
}

static void
take_code_try(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->code_tries++;
}

void
call_activate_finish(struct turn *t)
{
	turn_change_subscriber(t, take_code_try, code_tried);
}
