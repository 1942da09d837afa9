/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a PIN, and the turn's side of writing one. A try is taken and saved first, then the wallet core (or the
 * sealed MAC) is asked, then the caller saves what came of it together with what it allowed. The PIN itself is kept
 * nowhere.
 */
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/turn.h"

#define SETTLE_TRIES 5
#define SETTLE_WITHIN_MS 2500		/* of what may still be asked of the store before the screen's time is over */

bool
turn_pin_password(const struct turn *t, int key_id, const char *customer_uid, const char *pin, char out[81])
{
	const struct wallet_settings *w = &t->settings->wallet;
	const unsigned char *key = pin_key_of(w, key_id);

	if (key == NULL)
		return false;
	wallet_pin_password(key, w->password_prefix, w->tenant_id, customer_uid, pin, out);
	return true;
}

/* The PIN may be as right as it will: without the key nobody can tell. */
static void
lack_key(struct turn *t, int key_id)
{
	static struct log_limit limit;
	unsigned held;

	metric_add(M_PIN_KEY_MISSING, 1);
	if (!log_limited(&limit, &held))
		log_error(t->w.task.id, "pin key missing", "tenant=%s key=%d more=%u", t->settings->name, key_id, held);
}

/* ---- writing ---- */

static bool
order_write(struct turn *t, enum pin_write_kind kind, int key_id, const char *pin, struct pin_order *out)
{
	memset(out, 0, sizeof *out);
	if (!turn_pin_password(t, key_id, t->sub.customer_uid, pin, out->password))
		return false;
	gateway_mac(t->w.task.gw, "pin", out->password, out->w.mac);
	out->w.kind = kind;
	out->w.key_id = key_id;
	out->customer_id = t->sub.customer_id;
	return true;
}

/* A password that nobody knows, for the identity of the key before. */
static void
order_retirement(struct turn *t)
{
	struct gateway *gw = t->w.task.gw;
	struct pin_order *o = &t->pin_next;
	unsigned char random[24];
	char hex[2 * sizeof random + 1];

	gw->ports->random(gw->ports->ctx, random, sizeof random);
	str_hex(random, sizeof random, hex);
	str_format(o->password, sizeof o->password, "%s%s", t->settings->wallet.password_prefix, hex);
	gateway_mac(gw, "pin", o->password, o->w.mac);
	o->w.kind = PIN_WRITE_RETIRE;
	o->w.key_id = t->sub.pin_old_key;
	o->customer_id = t->sub.customer_id;
	mem_wipe(hex, sizeof hex);
	mem_wipe(random, sizeof random);
}

/* Behind the turn, so that the customer neither waits for it nor sees it fail. */
static void
order_next_key(struct turn *t)
{
	const struct wallet_settings *w = &t->settings->wallet;
	bool local = w->pin_check == PIN_CHECK_LOCAL;

	switch (pin_write_due(&t->sub, w->pin_key_id, local, t->w.task.gw->now)) {
	case PIN_WRITE_RETIRE:
		order_retirement(t);
		break;
	case PIN_WRITE_ROTATE:
		order_write(t, PIN_WRITE_ROTATE, w->pin_key_id, t->step.secret, &t->pin_next);
		break;
	default:
		break;
	}
}

static void
write_over(struct turn *t, enum pin_written how)
{
	t->awaits_write = false;
	t->written = how;
	t->after_write(t);
}

static void
on_write_budget(struct task *task, const struct event *e)
{
	(void)e;
	write_over(turn_of(task), PIN_MAYBE_WRITTEN);
}

bool
turn_pin_written(struct gateway *gw, uint64_t turn, enum pin_written how)
{
	struct task *task = turn != 0 ? task_find(gw, turn) : NULL;

	if (task == NULL || !turn_of(task)->awaits_write)
		return false;
	write_over(turn_of(task), how);
	return true;
}

void
turn_write_pin(struct turn *t, enum pin_write_kind kind, int key_id, turn_fn *after)
{
	struct pin_order o;
	bool known = order_write(t, kind, key_id, t->step.secret, &o);

	mem_wipe(t->step.secret, sizeof t->step.secret);
	/* A turn that stood still: nobody waits for it, and the PIN may be another one by now. */
	if (t->w.task.gw->now >= t->deadline) {
		mem_wipe(&o, sizeof o);
		turn_outcome(t, "failed");
		return;
	}
	if (!known) {
		lack_key(t, key_id);
		turn_outcome(t, "call_help");
		return;
	}
	t->irrevocable = t->awaits_write = true;
	t->after_write = after;
	task_sleep(turn_task(t), t->deadline, on_write_budget);
	pin_writing_start(t->w.task.gw, t->tenant, t->owner, &o, t->w.task.id);
}

/* ---- checking ---- */

/* The try that is taken may be another turn's, on another channel. */
static bool
is_mine(const struct turn *t)
{
	return strcmp(t->pin.taken_by, t->s.claim_key) == 0;
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
	case PIN_RESULT_NO_KEY:
		pin_give_back(&t->pin);
		break;
	case PIN_RESULT_WRONG:
	case PIN_RESULT_LOCKED:
		if (t->pin_excused)
			pin_give_back(&t->pin);
		else if (pin_wrong(&t->pin, t->w.task.gw->now))
			t->pin_result = PIN_RESULT_LOCKED;
		break;
	}
	if (is_mine(t))
		t->pin.taken_by[0] = '\0';
}

/* What a right PIN means beyond this dialogue. */
static void
on_right(struct turn *t)
{
	struct subscriber *s = &t->sub;
	enum pin_write_kind was = s->pin_write;

	pin_write_proven(s, t->pin_mac, t->w.task.gw->now);
	if (s->reset_from != 0) {
		s->reset_from = 0;
		t->sub_dirty = true;
		metric_add(M_PIN_RESETS_CANCELLED, 1);
	}
	t->sub_dirty = t->sub_dirty || s->pin_write != was;
	order_next_key(t);
}

static void
on_wrong(struct turn *t)
{
	struct subscriber *s = &t->sub;

	t->pin_excused = pin_write_excuses(s, t->pin_mac, t->w.task.gw->now);
	t->sub_dirty = t->sub_dirty || t->pin_excused;
	metric_add(t->pin_excused ? M_PIN_EXCUSED : M_PIN_WRONG, 1);
}

static void
checked(struct turn *t, enum pin_result result)
{
	if (result == PIN_RESULT_RIGHT) {
		on_right(t);
		t->s.proven = true;
	} else if (result == PIN_RESULT_WRONG)
		on_wrong(t);
	mem_wipe(t->step.secret, sizeof t->step.secret);
	t->pin_result = result;
	apply_result(t);
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
	if (t->settle_unknown && !is_mine(t)) {
		t->pin_taken = false;	/* it was saved the first time */
		t->after_settle(t);
		return;
	}
	apply_result(t);
	settle(t);
}

static void
on_settled(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct store_key key = key_of(STORE_PIN, t->owner, "");
	bool waited_for = !t->replied && task->gw->now + SETTLE_WITHIN_MS >= t->deadline;
	bool again = e->end == STORE_CONFLICT || (e->end == STORE_UNKNOWN && !waited_for);

	t->settle_unknown = t->settle_unknown || e->end == STORE_UNKNOWN;
	if (again && ++t->tries < SETTLE_TRIES) {
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
	t->settle_unknown = false;
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
	const struct subscriber *s = &t->sub;
	bool right = s->pin_mac_len == sizeof t->pin_mac && str_equal_secret(t->pin_mac, s->pin_mac, sizeof t->pin_mac);

	checked(t, right ? PIN_RESULT_RIGHT : PIN_RESULT_WRONG);
}

/* Whose end is not known may be with the new PIN already, under the new key. */
static int
make_password(struct turn *t, char out[81])
{
	const struct subscriber *s = &t->sub;
	struct gateway *gw = t->w.task.gw;

	if (s->pin_write != PIN_WRITE_NONE &&
	    turn_pin_password(t, s->pin_write_key, s->customer_uid, t->step.secret, out)) {
		gateway_mac(gw, "pin", out, t->pin_mac);
		if (pin_write_matches(s, t->pin_mac))
			return s->pin_write_key;
	}
	if (!turn_pin_password(t, s->pin_key_id, s->customer_uid, t->step.secret, out))
		fatalx("a PIN try was taken without a key");
	gateway_mac(gw, "pin", out, t->pin_mac);
	return s->pin_key_id;
}

static void
check_taken(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_LOGIN };
	int key_id;

	t->pin_taken = true;
	t->pin_excused = false;
	key_id = make_password(t, q.password);
	if (t->settings->wallet.pin_check == PIN_CHECK_LOCAL) {
		mem_wipe(&q, sizeof q);
		check_local(t);
		return;
	}
	pin_identity(&t->settings->wallet, t->sub.customer_id, key_id, q.identity);
	turn_ask(t, &q, on_login);
}

static void
restart_untaken(struct turn *t)
{
	if (t->replied)
		task_end(turn_task(t));
	else
		turn_restart(t, "a PIN try could not be taken");
}

/* Without an answer it may be taken: nothing was checked, so that it must not count as wrong. */
static void
give_back_unknown(struct turn *t, enum store_end end)
{
	struct store_key key = key_of(STORE_PIN, t->owner, "");

	t->after_settle = restart_untaken;
	t->tries = 0;
	t->pin_result = PIN_RESULT_UNSURE;
	t->settle_unknown = true;
	if (end == STORE_UNKNOWN && t->w.task.gw->now + SETTLE_WITHIN_MS >= t->deadline)
		turn_answer_early(t, "error.session_lost");
	if (end == STORE_UNKNOWN)
		task_load(turn_task(t), &key, 1, on_fresh_tries);
	else
		restart_untaken(t);
}

static void
on_taken(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end != STORE_DONE) {
		mem_wipe(t->step.secret, sizeof t->step.secret);
		give_back_unknown(t, e->end);
		return;
	}
	turn_saved(t);
	t->claimed = true;
	rev_saved(&t->pin_rev);
	check_taken(t);
}

void
turn_add_pin(struct turn *t, struct store_commit *c)
{
	struct store_key key = key_of(STORE_PIN, t->owner, "");
	struct buf *b = scratch(t->w.task.gw, 3);

	pin_encode(&t->pin, b);
	commit_put(t->w.task.gw, c, &key, &t->pin_rev, b, 0);
}

/* The answer to our own commit was lost and the turn began again: the try is there. */
static bool
took_before(const struct turn *t)
{
	return t->pin.taken > 0 && is_mine(t);
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
	turn_mark_claim(t);
	if (!took_before(t) && !pin_take(&t->pin, task->gw->now)) {
		/* Without a lock it is only that the tries left are being checked right now. */
		t->pin_result = task->gw->now < t->pin.locked_until ? PIN_RESULT_LOCKED : PIN_RESULT_UNSURE;
		t->after_pin(t);
		return;
	}
	str_copy(t->pin.taken_by, sizeof t->pin.taken_by, t->s.claim_key);
	turn_add_records(t, &c);
	turn_add_pin(t, &c);
	task_commit(task, &c, on_taken);
}

void
turn_check_pin(struct turn *t, turn_fn *after)
{
	struct store_key key = key_of(STORE_PIN, t->owner, "");

	t->after_pin = after;
	if (pin_key_of(&t->settings->wallet, t->sub.pin_key_id) == NULL) {
		lack_key(t, t->sub.pin_key_id);
		t->pin_taken = false;
		t->pin_result = PIN_RESULT_NO_KEY;
		after(t);
		return;
	}
	task_load(turn_task(t), &key, 1, on_tries_loaded);
}
