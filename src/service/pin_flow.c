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

static void
checked(struct turn *t, enum pin_result result)
{
	struct gateway *gw = t->w.task.gw;

	mem_wipe(t->step.secret, sizeof t->step.secret);
	t->pin_result = result;
	if (result == PIN_RESULT_RIGHT)
		pin_right(&t->pin);
	else if (result == PIN_RESULT_UNSURE)
		pin_give_back(&t->pin);
	else {
		metric_add(M_PIN_WRONG, 1);
		if (pin_wrong(&t->pin, gw->now)) {
			metric_add(M_PIN_LOCKS, 1);
			log_info(t->w.task.id, "pin locked", "channel=%s", t->channel->name);
			t->pin_result = PIN_RESULT_LOCKED;
		}
	}
	t->after_pin(t);
}

static void
on_login(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_answer *a = e->wallet;

	if (a->end == WALLET_DONE && a->jwt[0] != '\0') {
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
		t->pin_result = PIN_RESULT_LOCKED;
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
