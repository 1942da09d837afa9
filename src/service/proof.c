/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose phone it is, without a PIN: the identity number that the wallet core has, and a code by SMS to the phone
 * itself. How often it may be tried is counted by who asks, before it is asked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/say.h"
#include "service/turn.h"

#define CODE_MS INT64_C(600000)
#define CODE_TRIES 3

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
		turn_outcome(t, "no_match");
		return;
	}
	t->found_id = a->customer[0].id;
	str_copy(t->uid, sizeof t->uid, a->customer[0].uid);
	t->proven(t);
}

void
turn_prove_identity(struct turn *t, int64_t customer_id, turn_fn *proven)
{
	struct wallet_req q = { .op = WALLET_CUSTOMER_GET, .customer_id = customer_id };

	t->proven = proven;
	turn_ask(t, &q, on_customer);
}

/* ---- the code ---- */

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
set_code(struct subscriber *sub, struct turn *t)
{
	memcpy(sub->code_mac, t->mac, sizeof t->mac);
	sub->code_mac_len = sizeof t->mac;
	sub->code_until = t->w.task.gw->now + CODE_MS;
	sub->code_tries = 0;
	if (t->prepare != NULL)
		t->prepare(sub, t);
}

void
turn_send_code(struct turn *t, void (*prepare)(struct subscriber *, struct turn *))
{
	make_code(t->w.task.gw, t->step.secret);
	gateway_mac(t->w.task.gw, "code", t->step.secret, t->mac);
	t->prepare = prepare;
	turn_change_subscriber(t, set_code, code_saved);
}

static void
code_tried(struct turn *t)
{
	unsigned char mac[16];
	bool right;

	gateway_mac(t->w.task.gw, "code", vars_get(turn_vars(t), "code"), mac);
	right = t->sub.code_mac_len == sizeof mac && str_equal_secret(mac, t->sub.code_mac, sizeof mac);
	if (t->sub.code_tries > CODE_TRIES || t->w.task.gw->now >= t->sub.code_until)
		turn_outcome(t, "blocked");
	else if (!right)
		turn_outcome(t, "wrong_code");
	else
		t->proven(t);
}

static void
take_code_try(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->code_tries++;
}

void
turn_prove_code(struct turn *t, turn_fn *proven)
{
	t->proven = proven;
	turn_change_subscriber(t, take_code_try, code_tried);
}
