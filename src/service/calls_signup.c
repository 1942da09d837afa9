/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign-up: customer, identity (the PIN), ratification, wallet. Each write has an id that is saved before it is sent and
 * looked for before it is sent again, and how far it came is in the subscriber's record: a dial that drops, or a
 * process that dies, goes on where it was. It may outlast the screen; then the result comes by SMS.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "service/say.h"
#include "service/turn.h"

#define RATIFY_MS 30000
#define ID_CHECKS_A_DAY 10		/* "taken" says that a number is a customer's: no way to try many */

static void find_customer(struct turn *t);
static void make_identity(struct turn *t);
static void find_wallet(struct turn *t);

/* ---- somebody else with the same document? ---- */

static bool
same_document(const struct turn *t, const struct wallet_customer *c)
{
	const char *id = vars_get(&t->s.dlg.vars, "id_number");

	/* A passport cannot be compared: the core does not say it in its rows, so its filter is believed. */
	return id[0] == '\0' || c->id_number[0] == '\0' || strcmp(c->id_number, id) == 0;
}

static void
on_others(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	if (!turn_answered(t, e))
		return;
	for (int i = 0; i < a->n; i++)
		if (same_document(t, &a->customer[i]) &&
		    (t->sub.signup_uid[0] == '\0' || strcmp(a->customer[i].uid, t->sub.signup_uid) != 0)) {
			turn_outcome(t, "taken");
			return;
		}
	turn_outcome(t, "free");
}

static void
count_check(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->id_checks++;
}

static void
look_for_others(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_CUSTOMERS };

	if (t->sub.id_checks > ID_CHECKS_A_DAY) {
		turn_outcome(t, "failed");
		return;
	}
	str_copy(q.id_number, sizeof q.id_number, vars_get(turn_vars(t), "id_number"));
	str_copy(q.passport, sizeof q.passport, vars_get(turn_vars(t), "passport"));
	turn_ask(t, &q, on_others);
}

void
call_signup_check(struct turn *t)
{
	turn_change_subscriber(t, count_check, look_for_others);
}

/* ---- the writes ---- */

/* Past the screen's time the customer is told that an SMS follows, and the sign-up goes on. */
static void
check_time(struct turn *t)
{
	if (t->w.task.gw->now >= t->deadline)
		turn_answer_early(t, "error.signup_later");
}

static void
write_call(struct turn *t, struct wallet_req *q, int64_t timeout_ms, task_fn *on)
{
	check_time(t);
	t->outlasts = on;
	task_wallet(turn_task(t), t->tenant, q, timeout_ms, on);
	mem_wipe(q, sizeof *q);
}

/* It rings when the screen's time is over: a write that has no answer yet must not keep the screen waiting. */
struct bell {
	struct task task;
	uint64_t turn;
};

static void
bell_end(struct task *task)
{
	free(LIST_OF(task, struct bell, task));
}

static void
on_bell(struct task *task, const struct event *e)
{
	struct task *found = task_find(task->gw, LIST_OF(task, struct bell, task)->turn);

	(void)e;
	if (found != NULL && turn_of(found)->outlasts != NULL && turn_of(found)->outlasts == found->on)
		check_time(turn_of(found));
	task_end(task);
}

static void
set_bell(struct turn *t)
{
	struct bell *b = xcalloc(1, sizeof *b);

	b->turn = turn_task(t)->id;
	task_start(turn_task(t)->gw, &b->task, bell_end);
	task_sleep(&b->task, t->deadline, on_bell);
}

static void
closed(struct turn *t)
{
	turn_outcome(t, "failed");
}

/* The screen promised an SMS: how it ended is said there. */
static void
over(struct turn *t, const char *outcome)
{
	struct message *m = NULL;
	char id[MESSAGE_ID], uuid[37];

	mem_wipe(t->step.secret, sizeof t->step.secret);
	if (t->replied && strcmp(outcome, "done") != 0) {
		m = xcalloc(1, sizeof *m);
		gateway_uuid(t->w.task.gw, uuid);
		str_format(id, sizeof id, "%s:signup", uuid);
	}
	if (m != NULL && say_text(t->w.task.gw, t->tenant, MSG_RESULT, id, t->in.phone, t->s.dlg.lang,
	        "sms.result.signup.not_done", turn_vars(t), m))
		turn_say(t, m, closed);
	else
		turn_outcome(t, outcome);
	free(m);
}

static void
done(struct turn *t)
{
	over(t, "done");
}

static void
set_done(struct subscriber *sub, struct turn *t)
{
	sub->has_pin = true;
	sub->pin_key_id = t->settings->wallet.pin_key_id;
	sub->customer_id = sub->signup_customer_id;
	str_copy(sub->customer_uid, sizeof sub->customer_uid, sub->signup_uid);
	sub->wallet_id = t->found_id;
	sub->signup_uid[0] = sub->signup_wallet_uid[0] = '\0';
	sub->signup_customer_id = 0;
	sub->signup_identity = sub->signup_ratified = false;
	/* What was under way for who had this number before. */
	sub->has_old_key = false;
	sub->pin_write = PIN_WRITE_NONE;
	sub->reset_from = 0;
	if (sub->lang[0] == '\0')
		str_copy(sub->lang, sizeof sub->lang, t->s.dlg.lang);
}

static void
say_done(struct turn *t)
{
	struct message *m = xcalloc(1, sizeof *m);
	char id[MESSAGE_ID];

	vars_set_i64(turn_vars(t), "wallet_id", t->found_id);
	vars_set_i64(turn_vars(t), "customer_id", t->sub.customer_id);
	str_format(id, sizeof id, "%s:signup", t->sub.customer_uid);
	if (say_text(t->w.task.gw, t->tenant, MSG_RESULT, id, t->in.phone, t->s.dlg.lang,
	        "sms.result.signup.done", turn_vars(t), m))
		turn_say(t, m, done);
	else
		done(t);
	free(m);
}

static void
wallet_there(struct turn *t, int64_t wallet_id)
{
	t->found_id = wallet_id;
	turn_change_subscriber(t, set_done, say_done);
}

static void
on_wallet_made(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	check_time(t);
	if (a->end == WALLET_DONE && a->n == 1 && a->wallet[0].id != 0)
		wallet_there(t, a->wallet[0].id);
	else if (a->end == WALLET_REFUSED || a->end == WALLET_LATER)
		over(t, a->end == WALLET_REFUSED ? "refused" : "failed");
	else if (++t->offset < 3)
		find_wallet(t);		/* made or not: looked for, and made with the same id if it is not there */
	else
		over(t, "failed");
}

static void
make_wallet(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_CREATE };

	q.customer_id = t->sub.signup_customer_id;
	q.wallet_type_id = t->settings->wallet.wallet_type_id;
	str_copy(q.uid, sizeof q.uid, t->sub.signup_wallet_uid);
	write_call(t, &q, t->settings->wallet.timeout_money_ms, on_wallet_made);
}

static void
on_types(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	check_time(t);
	if (a->end != WALLET_DONE) {
		over(t, "failed");
		return;
	}
	for (int i = 0; i < a->n; i++)
		if (a->wallet_type[i] == t->settings->wallet.wallet_type_id) {
			make_wallet(t);
			return;
		}
	log_warn(task->id, "wallet type not offered", "tenant=%s", t->settings->name);
	over(t, "refused");
}

static void
on_wallets(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct wallet_req q = { .op = WALLET_TYPES, .customer_id = t->sub.signup_customer_id };
	const struct wallet_wallet *w;

	check_time(t);
	if (e->wallet->end != WALLET_DONE) {
		over(t, "failed");
		return;
	}
	w = turn_wallet_of(t, e->wallet, t->sub.signup_customer_id);
	if (w != NULL)
		wallet_there(t, w->id);
	else
		write_call(t, &q, t->settings->wallet.timeout_read_ms, on_types);
}

static void
find_wallet(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_LIST, .customer_id = t->sub.signup_customer_id };

	write_call(t, &q, t->settings->wallet.timeout_read_ms, on_wallets);
}

static void
set_ratified(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->signup_ratified = true;
}

static void
on_ratified(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	check_time(t);
	if (e->wallet->end != WALLET_DONE)
		over(t, "failed");
	else if (!e->wallet->kyc_passed)
		over(t, "refused");
	else
		turn_change_subscriber(t, set_ratified, find_wallet);
}

static void
ratify(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_RATIFY, .customer_id = t->sub.signup_customer_id };

	if (t->sub.signup_ratified)
		find_wallet(t);
	else
		write_call(t, &q, RATIFY_MS, on_ratified);
}

static void
set_identity(struct subscriber *sub, struct turn *t)
{
	sub->signup_identity = true;
	if (t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		memcpy(sub->pin_mac, t->mac, sizeof t->mac);
		sub->pin_mac_len = sizeof t->mac;
	}
}

static void
on_identity(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	check_time(t);
	if (e->wallet->end == WALLET_DONE)
		turn_change_subscriber(t, set_identity, ratify);
	else if (e->wallet->end == WALLET_REFUSED && !t->identity_again) {
		/* An earlier try may have made it with another PIN, or under an older key: the PIN typed now counts. */
		t->identity_again = true;
		t->sub.signup_identity = !t->sub.signup_identity;
		make_identity(t);
	} else
		over(t, "failed");
}

static void
newest_password(struct turn *t, char out[81])
{
	if (!turn_pin_password(t, t->settings->wallet.pin_key_id, t->sub.signup_uid, t->step.secret, out))
		fatalx("the newest key is not there");
}

static void
make_identity(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_IDENTITY_CREATE, .customer_id = t->sub.signup_customer_id };
	char password[81];

	if (t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		newest_password(t, password);
		gateway_mac(t->w.task.gw, "pin", password, t->mac);
		mem_wipe(password, sizeof password);
		turn_change_subscriber(t, set_identity, ratify);
		return;
	}
	if (t->sub.signup_identity)
		q.op = WALLET_IDENTITY_UPDATE;
	pin_identity(&t->settings->wallet, q.customer_id, t->settings->wallet.pin_key_id, q.identity);
	newest_password(t, q.password);
	write_call(t, &q, t->settings->wallet.timeout_money_ms, on_identity);
}

static void
set_customer(struct subscriber *sub, struct turn *t)
{
	sub->signup_customer_id = t->found_id;
}

static void
on_customer_made(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	check_time(t);
	if (a->end == WALLET_DONE && a->n == 1 && a->customer[0].id != 0) {
		t->found_id = a->customer[0].id;
		turn_change_subscriber(t, set_customer, make_identity);
	} else if (a->end == WALLET_LATER)
		over(t, "failed");
	else if (a->end == WALLET_REFUSED && t->offset > 0)
		over(t, "refused");
	else if (++t->offset < 3)
		find_customer(t);
	else
		over(t, "failed");
}

static void
make_customer(struct turn *t)
{
	const struct vars *v = turn_vars(t);
	struct wallet_req q = { .op = WALLET_CUSTOMER_CREATE };

	str_copy(q.uid, sizeof q.uid, t->sub.signup_uid);
	str_copy(q.phone, sizeof q.phone, t->in.phone);
	str_copy(q.first_name, sizeof q.first_name, vars_get(v, "first_name"));
	str_copy(q.surname, sizeof q.surname, vars_get(v, "surname"));
	str_copy(q.id_number, sizeof q.id_number, vars_get(v, "id_number"));
	str_copy(q.passport, sizeof q.passport, vars_get(v, "passport"));
	str_copy(q.birth, sizeof q.birth, vars_get(v, "birth"));
	str_copyn(q.lang, sizeof q.lang, t->s.dlg.lang, strnlen(t->s.dlg.lang, 2));
	write_call(t, &q, t->settings->wallet.timeout_money_ms, on_customer_made);
}

static void
on_customers(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_customer *c;

	check_time(t);
	if (e->wallet->end != WALLET_DONE || turn_search_ignored(t, e->wallet, t->in.phone)) {
		over(t, "failed");
		return;
	}
	c = turn_customer_of(e->wallet, t->in.phone);
	if (c == NULL)
		make_customer(t);
	else if (strcmp(c->uid, t->sub.signup_uid) == 0) {
		t->found_id = c->id;
		turn_change_subscriber(t, set_customer, make_identity);
	} else
		over(t, "taken");
}

static void
find_customer(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_CUSTOMERS };

	str_copy(q.phone, sizeof q.phone, t->in.phone);
	write_call(t, &q, t->settings->wallet.timeout_read_ms, on_customers);
}

static void
go_on(struct turn *t)
{
	if (t->sub.signup_customer_id == 0)
		find_customer(t);
	else
		make_identity(t);
}

static void
set_ids(struct subscriber *sub, struct turn *t)
{
	char uuid[37];

	if (sub->signup_uid[0] != '\0')
		return;
	if (sub->has_pin) {
		/* It came to its end in this dialogue and was not told: the PIN typed now is the one that counts. */
		str_copy(sub->signup_uid, sizeof sub->signup_uid, sub->customer_uid);
		sub->signup_customer_id = sub->customer_id;
		sub->signup_identity = sub->signup_ratified = true;
	} else {
		gateway_uuid(t->w.task.gw, uuid);
		str_copy(sub->signup_uid, sizeof sub->signup_uid, uuid);
	}
	gateway_uuid(t->w.task.gw, uuid);
	str_copy(sub->signup_wallet_uid, sizeof sub->signup_wallet_uid, uuid);
}

void
call_signup_create(struct turn *t)
{
	if (vars_has(turn_vars(t), "had_pin")) {
		turn_outcome(t, "taken");	/* a PIN is changed only by who knows it */
		return;
	}
	t->offset = 0;
	t->identity_again = false;
	t->irrevocable = true;
	set_bell(t);
	turn_change_subscriber(t, set_ids, go_on);
}
