/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen's side of a sign-up: it is saved before anything is written, then service/signup.c carries it on and the
 * turn waits for it as long as a screen can. Who dials meanwhile waits for the same record.
 */
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/str.h"
#include "service/hold.h"
#include "service/signup.h"
#include "service/turn.h"

#define ID_CHECKS_A_DAY 10		/* "taken" says that a number is a customer's: no way to try many */
#define BEGIN_TRIES 4
#define POLL_MS 250
#define FIND_MS 1500			/* what is left of the screen's time for finding the customer afterwards */

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

/* ---- how it ended ---- */

static void
tell(struct turn *t, const struct signup *s)
{
	static const char *const outcome[SIGNUP_REASONS] = {
		[SIGNUP_WHY_NONE] = "done", [SIGNUP_TAKEN] = "taken", [SIGNUP_REFUSED] = "refused",
		[SIGNUP_FAILED] = "failed",
	};

	if (s->state == SIGNUP_DONE) {
		vars_set_i64(turn_vars(t), "wallet_id", s->wallet_id);
		vars_set_i64(turn_vars(t), "customer_id", s->customer_id);
	}
	t->irrevocable = true;		/* the record says that this screen has told it */
	turn_outcome(t, outcome[s->why]);
}

/* Past the screen's time the customer is told that an SMS follows, and the sign-up goes on. */
static void
tell_later(struct turn *t)
{
	t->awaits_signup = false;
	t->irrevocable = true;
	turn_end_with(t, "error.signup_later");
}

static void
on_budget(struct task *task, const struct event *e)
{
	(void)e;
	tell_later(turn_of(task));
}

static void
await(struct turn *t)
{
	t->awaits_signup = true;
	task_sleep(turn_task(t), t->deadline, on_budget);
}

bool
turn_signup_over(struct gateway *gw, uint64_t turn, const struct signup *s, const struct subscriber *sub,
    const struct rev *rev)
{
	struct task *task = turn != 0 ? task_find(gw, turn) : NULL;
	struct turn *t = task != NULL ? turn_of(task) : NULL;

	if (t == NULL || !t->awaits_signup)
		return false;
	t->awaits_signup = false;
	t->sub = *sub;
	t->sub_rev = *rev;
	t->sub.signup_untold = SIGNUP_TOLD;	/* saved with the screen that tells it */
	t->sub_dirty = true;
	tell(t, s);
	return true;
}

/* ---- both records, as they are now ---- */

static void
load_both(struct turn *t, task_fn *on)
{
	struct store_key keys[2] = { key_of(STORE_SUBSCRIBER, t->owner, ""), key_of(STORE_SIGNUP, t->owner, "") };

	task_load(turn_task(t), keys, NELEM(keys), on);
}

/* `s` is empty where there is no sign-up. */
static bool
take_both(struct turn *t, const struct event *e, struct signup *s, struct rev *rev)
{
	memset(s, 0, sizeof *s);
	if (e->end != STORE_DONE || e->v[0].damaged || e->v[1].damaged ||
	    (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, &t->sub)) ||
	    (e->v[1].present && !signup_decode(e->v[1].p, e->v[1].len, s)))
		return false;
	rev_loaded(&t->sub_rev, &e->v[0]);
	rev_loaded(rev, &e->v[1]);
	return true;
}

static bool
is_under_way(const struct signup *s)
{
	return s->uid[0] != '\0' && s->state == SIGNUP_RUNNING;
}

/* ---- one that is under way already ---- */

static void on_poll(struct task *task, const struct event *e);

static void
on_looked(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct signup s;
	struct rev rev;
	bool known = take_both(t, e, &s, &rev), over = known && !is_under_way(&s) && !t->sub.signup_open;

	mem_wipe(&s, sizeof s);
	if (over)
		t->after(t);
	else if (task->gw->now + POLL_MS + FIND_MS >= t->deadline)
		tell_later(t);
	else
		task_sleep(task, task->gw->now + POLL_MS, on_poll);
}

static void
on_poll(struct task *task, const struct event *e)
{
	(void)e;
	load_both(turn_of(task), on_looked);
}

void
turn_await_signup(struct turn *t, turn_fn *after)
{
	t->after = after;
	if (t->sub.signup_open)
		load_both(t, on_looked);
	else
		after(t);
}

/* ---- beginning one ---- */

static void begin(struct turn *t);

/* The PIN that was typed, as what the wallet core or we will know of it. */
static void
make_password(struct turn *t, struct signup *s)
{
	char password[81];

	s->key_id = t->settings->wallet.pin_key_id;
	s->local = t->settings->wallet.pin_check == PIN_CHECK_LOCAL;
	if (!turn_pin_password(t, s->key_id, s->uid, t->step.secret, password))
		fatalx("the newest key is not there");
	gateway_mac(t->w.task.gw, "pin", password, s->mac);
	s->mac_len = sizeof s->mac;
	if (!s->local)
		str_copy(s->password, sizeof s->password, password);
	mem_wipe(password, sizeof password);
}

static void
fill(struct turn *t, struct signup *s)
{
	const struct vars *v = turn_vars(t);

	memset(s, 0, sizeof *s);
	str_copy(s->owner, sizeof s->owner, t->owner);
	str_copy(s->tenant, sizeof s->tenant, t->settings->name);
	str_copy(s->phone, sizeof s->phone, t->in.phone);
	str_copy(s->lang, sizeof s->lang, t->s.dlg.lang);
	str_copy(s->service_code, sizeof s->service_code, vars_get(v, "service_code"));
	str_copy(s->first_name, sizeof s->first_name, vars_get(v, "first_name"));
	str_copy(s->surname, sizeof s->surname, vars_get(v, "surname"));
	str_copy(s->id_number, sizeof s->id_number, vars_get(v, "id_number"));
	str_copy(s->passport, sizeof s->passport, vars_get(v, "passport"));
	str_copy(s->birth, sizeof s->birth, vars_get(v, "birth"));
	gateway_uuid(t->w.task.gw, s->uid);
	gateway_uuid(t->w.task.gw, s->wallet_uid);
}

static void
on_begun(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE) {
		rev_saved(&t->sub_rev);
		FAULT_POINT("signup", "saved", "begin");
		mem_wipe(t->step.secret, sizeof t->step.secret);
		signup_start(task->gw, t->owner, task->id);
		await(t);
	} else if ((e->end == STORE_CONFLICT || e->end == STORE_UNKNOWN) && ++t->tries < BEGIN_TRIES &&
	    task->gw->now < t->deadline)
		begin(t);
	else if (e->end == STORE_UNKNOWN)
		turn_apologise_with(t, "error.session_lost", "it is not known whether the sign-up was saved");
	else
		turn_outcome(t, "failed");
}

static void
save_new(struct turn *t, struct signup *s, struct rev *rev)
{
	struct gateway *gw = t->w.task.gw;
	struct store_key key = key_of(STORE_SIGNUP, t->owner, ""), sub = key_of(STORE_SUBSCRIBER, t->owner, "");
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(gw, 0), *b2 = scratch(gw, 1);

	fill(t, s);
	signup_begin(s, &t->sub, gw->now);
	make_password(t, s);
	signup_encode(s, b);
	commit_put(gw, &c, &key, rev, b, 0);
	subscriber_encode(&t->sub, b2);
	commit_put(gw, &c, &sub, &t->sub_rev, b2, 0);
	commit_list_add(&c, STORE_DUE, &key, gw->now + HOLD_LEASE_MS);
	task_commit(turn_task(t), &c, on_begun);
}

/* The same PIN typed for what is there already: the same input once more, perhaps at another process. */
static bool
is_same(struct turn *t, const struct signup *s)
{
	struct signup typed = { .mac_len = 0 };
	bool same;

	if (s->uid[0] == '\0')
		return false;
	str_copy(typed.uid, sizeof typed.uid, s->uid);
	make_password(t, &typed);
	same = s->mac_len == sizeof typed.mac && str_equal_secret(s->mac, typed.mac, sizeof typed.mac);
	mem_wipe(&typed, sizeof typed);
	return same;
}

static void
on_both(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct signup s;
	struct rev rev;

	if (!take_both(t, e, &s, &rev))
		turn_outcome(t, "failed");
	else if (is_under_way(&s))
		turn_await_signup(t, begin);
	else if (t->sub.has_pin && s.state == SIGNUP_DONE && is_same(t, &s))
		tell(t, &s);
	else if (t->sub.has_pin)
		turn_outcome(t, "taken");	/* a PIN is changed only by who knows it */
	else
		save_new(t, &s, &rev);
	mem_wipe(&s, sizeof s);
}

static void
begin(struct turn *t)
{
	load_both(t, on_both);
}

void
call_signup_create(struct turn *t)
{
	if (vars_has(turn_vars(t), "had_pin")) {
		turn_outcome(t, "taken");
		return;
	}
	t->tries = 0;
	begin(t);
}
