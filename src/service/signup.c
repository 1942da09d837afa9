/* SPDX-License-Identifier: Apache-2.0 */
#include "service/signup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/hold.h"
#include "service/say.h"
#include "service/turn.h"

#define START_MS 1000			/* what was just saved or read is nobody else's so soon */
#define STAY_MS 3000			/* waits shorter than this are sat out here */
#define NOTE_TRIES 8			/* in conflict with who changes the subscriber; or with who took it over */
#define RATIFY_MS 30000
_Static_assert(START_MS + COMMIT_WITHIN_MS <= HOLD_LEASE_MS, "what is begun is over before others take it over");

struct enrolment {
	struct task task;
	int tenant;
	struct signup s;
	struct rev rev;
	/* No other process carries it on before; next: once the save under way is done. */
	int64_t held_until, held_next;
	enum signup_action doing;
	uint64_t turn;			/* 0: nobody waits at a screen */
	int tries;
	struct subscriber sub;		/* as it was noted */
	struct rev sub_rev;
};

#define POINT(n, when) FAULT_POINT("signup", when, signup_action_name((n)->doing))

static void go_on(struct enrolment *n);

static struct enrolment *
enrolment_of(struct task *t)
{
	return LIST_OF(t, struct enrolment, task);
}

static const struct tenant_settings *
tenant_of(const struct enrolment *n)
{
	return &n->task.gw->settings->tenants[n->tenant];
}

static struct store_key
key_for(const struct enrolment *n)
{
	return key_of(STORE_SIGNUP, n->s.owner, "");
}

static void
enrolment_end(struct task *t)
{
	struct enrolment *n = enrolment_of(t);

	t->gw->signups--;
	mem_wipe(n, sizeof *n);
	free(n);
}

/* This process lets go; the due list brings it back. */
static void
give_up(struct enrolment *n, const char *why)
{
	log_warn(n->task.id, "signup left", "doing=%s why=\"%s\"", signup_action_name(n->doing), why);
	task_end(&n->task);
}

/* ---- saving ---- */

/* Its record and its place in the due list, into a commit of its bucket. */
static void
add_signup(struct enrolment *n, struct store_commit *c, int64_t due)
{
	struct store_key key = key_for(n);
	struct buf *b = scratch(n->task.gw, 0);

	signup_encode(&n->s, b);
	commit_put(n->task.gw, c, &key, &n->rev, b, 0);
	n->held_next = due;
	if (due > 0)
		commit_list_add(c, STORE_DUE, &key, due);
	else
		commit_list_remove(c, STORE_DUE, &key);
}

static void
save(struct enrolment *n, int64_t due, task_fn *on)
{
	struct store_commit c = { .n = 0 };

	add_signup(n, &c, due);
	task_commit(&n->task, &c, on);
}

static bool
is_saved(struct enrolment *n, const struct event *e)
{
	if (e->end != STORE_DONE) {
		give_up(n, e->end == STORE_CONFLICT ? "somebody else carried it on" : "could not be saved");
		return false;
	}
	POINT(n, "saved");
	rev_saved(&n->rev);
	n->held_until = n->held_next;
	return true;
}

static void
on_kept(struct task *t, const struct event *e)
{
	if (is_saved(enrolment_of(t), e))
		go_on(enrolment_of(t));
}

/* What an answer changed is saved before anything follows from it. */
static void
keep(struct enrolment *n)
{
	POINT(n, "done");
	save(n, n->task.gw->now + HOLD_LEASE_MS, on_kept);
}

static void
on_left(struct task *t, const struct event *e)
{
	if (is_saved(enrolment_of(t), e))
		task_end(t);
}

/* ---- the wallet core ---- */

static void
on_answer(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	signup_on_answer(&n->s, n->doing, t->gw->now, &tenant_of(n)->wallet, e->wallet);
	if (e->wallet->end != WALLET_DONE)
		log_info(t->id, "signup call", "doing=%s end=%s code=%s trace=%s", signup_action_name(n->doing),
		    wallet_end_name(e->wallet->end), e->wallet->code, e->wallet->trace);
	if (signup_late(&n->s, t->gw->now)) {
		metric_add(M_SIGNUPS_LATE, 1);
		log_warn(t->id, "signup in doubt", "tenant=%s customer=%" PRId64 " wallet_uid=%s doing=%s", n->s.tenant,
		    n->s.customer_id, n->s.wallet_uid, signup_action_name(n->doing));
	}
	keep(n);
}

static void
ask(struct enrolment *n)
{
	const struct wallet_settings *w = &tenant_of(n)->wallet;
	struct wallet_req q;
	int64_t timeout = n->doing == SIGNUP_RATIFY ? RATIFY_MS :
	    signup_writes(n->doing) ? w->timeout_money_ms : w->timeout_read_ms;

	signup_request(&n->s, n->doing, w, &q);
	task_wallet(&n->task, n->tenant, &q, timeout, on_answer);
	mem_wipe(&q, sizeof q);
}

static void
on_sending(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	if (!is_saved(n, e))
		return;
	/* We stood still, and others may have looked for it in vain meanwhile: it is not sent behind their backs. */
	if (t->gw->now >= n->held_until)
		give_up(n, "the lease is over");
	else
		ask(n);
}

static void
write_it(struct enrolment *n)
{
	signup_sending(&n->s, n->doing, n->task.gw->now);
	save(n, n->task.gw->now + HOLD_LEASE_MS, on_sending);
}

/* ---- its end ---- */

static void
on_noted(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	if (e->end == STORE_CONFLICT && ++n->tries < NOTE_TRIES) {
		n->s.noted = false;
		go_on(n);
		return;
	}
	if (!is_saved(n, e))
		return;
	rev_saved(&n->sub_rev);
	metric_add(n->s.state == SIGNUP_DONE ? M_SIGNUPS_DONE : M_SIGNUPS_NOT_DONE, 1);
	log_info(t->id, "signup end", "done=%d why=%d", n->s.state == SIGNUP_DONE, (int)n->s.why);
	/* That the wallet is open is also said by SMS, as every end of a payment is. */
	if (turn_signup_over(t->gw, n->turn, &n->s, &n->sub, &n->sub_rev) && n->s.state == SIGNUP_NOT_DONE) {
		n->s.told = true;
		keep(n);
	} else
		go_on(n);
}

static void
on_subscriber(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_SUBSCRIBER, n->s.owner, "");
	struct buf *b = scratch(t->gw, 1);

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, &n->sub))) {
		give_up(n, "the subscriber could not be read");
		return;
	}
	rev_loaded(&n->sub_rev, &e->v[0]);
	signup_note(&n->s, &n->sub);
	subscriber_encode(&n->sub, b);
	commit_put(t->gw, &c, &key, &n->sub_rev, b, 0);
	add_signup(n, &c, t->gw->now + HOLD_LEASE_MS);
	task_commit(t, &c, on_noted);
}

static void
note(struct enrolment *n)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, n->s.owner, "");

	task_load(&n->task, &key, 1, on_subscriber);
}

static void
on_said(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	/* CONFLICT: it was there before, put by who carried it on before us. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		give_up(n, "the SMS could not be put into the outbox");
		return;
	}
	n->s.told = true;
	keep(n);
}

static void
say(struct enrolment *n)
{
	struct gateway *gw = n->task.gw;
	const struct tenant_settings *t = tenant_of(n);
	struct store_commit c = { .n = 0 };
	struct message *m = xcalloc(1, sizeof *m);
	struct vars v = { 0 };
	char id[MESSAGE_ID];
	bool done = n->s.state == SIGNUP_DONE;

	vars_set(&v, "title", t->title);
	vars_set(&v, "help_phone", t->help_phone);
	vars_set(&v, "service_code", n->s.service_code);
	/* One customer may need several sign-ups until one comes to its end; each tells once. */
	str_format(id, sizeof id, "%s:signup:%llx", n->s.wallet_uid, (unsigned long long)n->s.begun_at);
	if (say_text(gw, n->tenant, MSG_RESULT, id, n->s.phone, n->s.lang,
	        done ? "sms.result.signup.done" : "sms.result.signup.not_done", &v, m)) {
		say_put(gw, &c, m);
		task_commit(&n->task, &c, on_said);
	} else {
		n->s.told = true;
		keep(n);
	}
	free(m);
}

/* ---- what next ---- */

static void
on_woken(struct task *t, const struct event *e)
{
	(void)e;
	go_on(enrolment_of(t));
}

static void
wait_until(struct enrolment *n, int64_t at)
{
	if (at - n->task.gw->now <= STAY_MS && !n->task.gw->draining) {
		task_sleep(&n->task, at, on_woken);
		n->task.light = n->turn == 0;
	} else
		save(n, at, on_left);
}

static void
go_on(struct enrolment *n)
{
	int64_t at = 0;

	n->doing = signup_next(&n->s, n->task.gw->now, &at);
	log_debug(n->task.id, "signup next", "do=%s", signup_action_name(n->doing));
	POINT(n, "before");
	switch (n->doing) {
	case SIGNUP_OVER:
		save(n, 0, on_left);
		break;
	case SIGNUP_WAIT:
		wait_until(n, at);
		break;
	case SIGNUP_NOTE:
		note(n);
		break;
	case SIGNUP_SAY:
		say(n);
		break;
	default:
		if (signup_writes(n->doing))
			write_it(n);
		else
			ask(n);
		break;
	}
}

/* ---- beginning ---- */

static struct enrolment *
enrolment_new(struct gateway *gw, const char *owner)
{
	struct enrolment *n = xcalloc(1, sizeof *n);
	struct store_key key = key_of(STORE_SIGNUP, owner, "");

	gw->signups++;
	task_start(gw, &n->task, enrolment_end);
	task_for(&n->task, owner);
	hold_start(gw, n->task.id, &key, &n->rev);
	n->held_until = gw->now + START_MS;
	return n;
}

static bool
take_record(struct enrolment *n, const struct store_value *v)
{
	if (!v->present || v->damaged || !signup_decode(v->p, v->len, &n->s)) {
		log_error(n->task.id, "signup damaged", "octets=%zu", v->len);
		return false;
	}
	rev_loaded(&n->rev, v);
	n->tenant = tenant_find(n->task.gw, n->s.tenant);
	if (n->tenant < 0)
		log_error(n->task.id, "signup of no tenant", "tenant=%s", n->s.tenant);
	return n->tenant >= 0;
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	if (e->end != STORE_DONE || !take_record(n, &e->v[0]))
		give_up(n, "could not be read");
	else
		go_on(n);
}

void
signup_start(struct gateway *gw, const char *owner, uint64_t turn)
{
	struct store_key key = key_of(STORE_SIGNUP, owner, "");
	struct enrolment *n = enrolment_new(gw, owner);

	n->turn = turn;
	task_load(&n->task, &key, 1, on_loaded);
}

void
signup_claimed(struct gateway *gw, const struct store_value *v, int64_t until)
{
	struct signup *s = xcalloc(1, sizeof *s);
	struct enrolment *n;

	if (!signup_decode(v->p, v->len, s)) {
		log_error(0, "signup damaged", "octets=%zu", v->len);
		free(s);
		return;
	}
	n = enrolment_new(gw, s->owner);
	n->held_until = until;
	mem_wipe(s, sizeof *s);
	free(s);
	if (take_record(n, v)) {
		metric_add(M_SIGNUPS_TAKEN_OVER, 1);
		go_on(n);
	} else
		task_end(&n->task);
}
