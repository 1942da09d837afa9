/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a PIN: a try is taken and saved first, then the wallet core (or the sealed MAC) is asked, then the caller
 * saves what came of it together with what it allowed. The PIN itself is kept nowhere.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/turn.h"

#define SETTLE_TRIES 5

void
turn_customer_identity(const struct turn *t, int64_t customer_id, char out[41])
{
	const struct wallet_settings *w = &t->settings->wallet;

	str_format(out, 41, "%s%" PRId64 "-%d", w->identity_prefix, customer_id, w->pin_key_id);
}

void
turn_pin_password(const struct turn *t, const char *customer_uid, const char *pin, char out[81])
{
	const struct wallet_settings *w = &t->settings->wallet;

	wallet_pin_password(w->pin_key, w->password_prefix, w->tenant_id, customer_uid, pin, out);
}

void
turn_local_pin(const struct turn *t, const char *pin, unsigned char out[16])
{
	char password[81];

	turn_pin_password(t, t->sub.customer_uid, pin, password);
	gateway_mac(t->w.task.gw, "pin", password, out);
	mem_wipe(password, sizeof password);
}

/* What the check came to, in the record of tries that is in hand. */
static void
apply_result(struct turn *t)
{
	switch (t->pin_result) {
	case PIN_RESULT_RIGHT:
		pin_right(&t->pin);
		break;
	case PIN_RESULT_UNSURE:
		pin_give_back(&t->pin);
		break;
	case PIN_RESULT_WRONG:
	case PIN_RESULT_LOCKED:
		if (pin_wrong(&t->pin, t->w.task.gw->now))
			t->pin_result = PIN_RESULT_LOCKED;
		break;
	}
}

static void
checked(struct turn *t, enum pin_result result)
{
	mem_wipe(t->step.secret, sizeof t->step.secret);
	t->pin_result = result;
	apply_result(t);
	if (result == PIN_RESULT_WRONG)
		metric_add(M_PIN_WRONG, 1);
	if (t->pin_result == PIN_RESULT_LOCKED) {
		metric_add(M_PIN_LOCKS, 1);
		log_info(t->w.task.id, "pin locked", "channel=%s", t->channel->name);
	}
	t->after_pin(t);
}

/* ---- closing a try that nothing else is saved with ---- */

static void on_settled(struct task *task, const struct event *e);

static void
settle(struct turn *t)
{
	struct store_commit c = { .n = 0 };

	turn_add_pin(t, &c);
	task_commit(turn_task(t), &c, on_settled);
}

static void
on_fresh_tries(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end != STORE_DONE || !e->v[0].present || e->v[0].damaged ||
	    !pin_decode(e->v[0].p, e->v[0].len, &t->pin)) {
		t->after_settle(t);	/* the try stays taken, and counts as wrong in the end */
		return;
	}
	rev_loaded(&t->pin_rev, &e->v[0]);
	apply_result(t);
	settle(t);
}

static void
on_settled(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_key key = key_of(STORE_PIN, t->owner, "");

	if (e->end == STORE_CONFLICT && ++t->tries < SETTLE_TRIES) {
		task_load(task, &key, 1, on_fresh_tries);
		return;
	}
	if (e->end == STORE_DONE) {
		rev_saved(&t->pin_rev);
		t->pin_taken = false;
	}
	t->after_settle(t);
}

void
turn_settle_pin(struct turn *t, turn_fn *after)
{
	t->after_settle = after;
	t->tries = 0;
	settle(t);
}

/* ---- the check ---- */

static void
on_login(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	if (a->end == WALLET_DONE && a->jwt[0] != '\0' && a->jwt_exp_ms > task->gw->now) {
		memset(&t->login, 0, sizeof t->login);
		str_copy(t->login.jwt, sizeof t->login.jwt, a->jwt);
		t->login.until = a->jwt_exp_ms;
		str_format(t->login.dialogue, sizeof t->login.dialogue, "%s/%s", t->channel->name,
		    t->s.dialogue);
		checked(t, PIN_RESULT_RIGHT);
	} else
		checked(t, a->end == WALLET_AUTH ? PIN_RESULT_WRONG : PIN_RESULT_UNSURE);
}

static void
check_local(struct turn *t)
{
	unsigned char mac[16];
	bool right;

	turn_local_pin(t, t->step.secret, mac);
	right = t->sub.pin_mac_len == sizeof mac && str_equal_secret(mac, t->sub.pin_mac, sizeof mac);
	checked(t, right ? PIN_RESULT_RIGHT : PIN_RESULT_WRONG);
}

static void
on_taken(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct wallet_req q = { .op = WALLET_LOGIN };

	if (e->end != STORE_DONE) {
		mem_wipe(t->step.secret, sizeof t->step.secret);
		turn_restart(t, "a PIN try could not be taken");
		return;
	}
	turn_saved(t);
	t->claimed = t->pin_taken = true;
	rev_saved(&t->pin_rev);
	if (t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		check_local(t);
		return;
	}
	turn_customer_identity(t, t->sub.customer_id, q.identity);
	turn_pin_password(t, t->sub.customer_uid, t->step.secret, q.password);
	turn_ask(t, &q, on_login);
}

void
turn_add_pin(struct turn *t, struct store_commit *c)
{
	struct store_key key = key_of(STORE_PIN, t->owner, "");
	struct buf *b = scratch(t->w.task.gw, 3);

	pin_encode(&t->pin, b);
	commit_put(t->w.task.gw, c, &key, &t->pin_rev, b, 0);
}

static void
on_tries_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_commit c = { .n = 0 };

	memset(&t->pin, 0, sizeof t->pin);
	t->pin_taken = false;
	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !pin_decode(e->v[0].p, e->v[0].len, &t->pin))) {
		t->pin_result = PIN_RESULT_UNSURE;
		t->after_pin(t);
		return;
	}
	rev_loaded(&t->pin_rev, &e->v[0]);
	if (!pin_take(&t->pin, task->gw->now)) {
		/* Without a lock it is only that the tries left are being checked right now. */
		t->pin_result = task->gw->now < t->pin.locked_until ? PIN_RESULT_LOCKED : PIN_RESULT_UNSURE;
		t->after_pin(t);
		return;
	}
	turn_mark_claim(t);
	turn_add_records(t, &c);
	turn_add_pin(t, &c);
	task_commit(task, &c, on_taken);
}

void
turn_check_pin(struct turn *t, turn_fn *after)
{
	struct store_key key = key_of(STORE_PIN, t->owner, "");

	t->after_pin = after;
	task_load(turn_task(t), &key, 1, on_tries_loaded);
}
