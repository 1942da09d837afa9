/* SPDX-License-Identifier: Apache-2.0 */
#include "service/signup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/saga.h"
#include "service/say.h"
#include "service/turn.h"

#define NOTE_TRIES 8			/* in conflict with who changes the subscriber; or with who took it over */
#define RATIFY_MS 30000

struct enrolment {
	struct saga saga;
	struct signup s;
	enum signup_action doing;
	int64_t asked_at;
	uint64_t turn;			/* 0: nobody waits at a screen */
	int tries;
	struct subscriber sub;		/* as it was noted */
	struct rev sub_rev;
};
_Static_assert(offsetof(struct enrolment, saga) == 0, "a saga's memory is its own");

static void go_on(struct saga *s);

static struct enrolment *
enrolment_of(struct task *t)
{
	return LIST_OF(saga_of(t), struct enrolment, saga);
}

/* ---- the wallet core ---- */

static void
on_answer(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	signup_on_answer(&n->s, n->doing, t->gw->now, n->asked_at, &saga_tenant(&n->saga)->wallet, e->wallet);
	if (e->wallet->end != WALLET_DONE)
		log_info(t->id, "signup call", "doing=%s end=%s code=%s trace=%s", signup_action_name(n->doing),
		    wallet_end_name(e->wallet->end), e->wallet->code, e->wallet->trace);
	if (signup_late(&n->s, t->gw->now)) {
		metric_add(M_SIGNUPS_LATE, 1);
		log_warn(t->id, "signup in doubt", "tenant=%s customer=%" PRId64 " wallet_uid=%s doing=%s", n->s.tenant,
		    n->s.customer_id, n->s.wallet_uid, signup_action_name(n->doing));
	}
	saga_keep(&n->saga);
}

static void
ask(struct saga *s)
{
	struct enrolment *n = LIST_OF(s, struct enrolment, saga);
	const struct wallet_settings *w = &saga_tenant(&n->saga)->wallet;
	struct wallet_req q;
	int64_t timeout = n->doing == SIGNUP_RATIFY ? RATIFY_MS :
	    signup_writes(n->doing) ? w->timeout_money_ms : w->timeout_read_ms;

	n->asked_at = s->task.gw->now;
	signup_request(&n->s, n->doing, w, &q);
	task_wallet(&n->saga.task, n->saga.tenant, &q, timeout, on_answer);
	mem_wipe(&q, sizeof q);
}

/* ---- its end ---- */

static void
on_noted(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	if (e->end == STORE_CONFLICT && ++n->tries < NOTE_TRIES) {
		n->s.noted = false;
		go_on(&n->saga);
		return;
	}
	if (!saga_saved(&n->saga, e))
		return;
	rev_saved(&n->sub_rev);
	metric_add(n->s.state == SIGNUP_DONE ? M_SIGNUPS_DONE : M_SIGNUPS_NOT_DONE, 1);
	log_info(t->id, "signup end", "done=%d why=%d", n->s.state == SIGNUP_DONE, (int)n->s.why);
	/* That the wallet is open is also said by SMS, as every end of a payment is. */
	if (turn_signup_over(t->gw, n->turn, &n->s, &n->sub, &n->sub_rev) && n->s.state == SIGNUP_NOT_DONE) {
		n->s.told = true;
		saga_keep(&n->saga);
	} else
		go_on(&n->saga);
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
		saga_give_up(&n->saga, "the subscriber could not be read");
		return;
	}
	rev_loaded(&n->sub_rev, &e->v[0]);
	signup_note(&n->s, &n->sub);
	subscriber_encode(&n->sub, b);
	commit_put(t->gw, &c, &key, &n->sub_rev, b, 0);
	saga_add(&n->saga, &c, t->gw->now + HOLD_LEASE_MS);
	task_commit(t, &c, on_noted);
}

static void
note(struct enrolment *n)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, n->s.owner, "");

	task_load(&n->saga.task, &key, 1, on_subscriber);
}

static void
on_said(struct task *t, const struct event *e)
{
	struct enrolment *n = enrolment_of(t);

	/* CONFLICT: it was there before, put by who carried it on before us. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		saga_give_up(&n->saga, "the SMS could not be put into the outbox");
		return;
	}
	n->s.told = true;
	saga_keep(&n->saga);
}

static void
say(struct enrolment *n)
{
	struct gateway *gw = n->saga.task.gw;
	const struct tenant_settings *t = saga_tenant(&n->saga);
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
	if (say_text(gw, n->saga.tenant, MSG_RESULT, id, n->s.phone, n->s.lang,
	        done ? "sms.result.signup.done" : "sms.result.signup.not_done", &v, m)) {
		say_put(gw, &c, m);
		task_commit(&n->saga.task, &c, on_said);
	} else {
		n->s.told = true;
		saga_keep(&n->saga);
	}
	free(m);
}

/* ---- what next ---- */

static void
go_on(struct saga *s)
{
	struct enrolment *n = LIST_OF(s, struct enrolment, saga);
	int64_t at = 0;

	n->doing = signup_next(&n->s, s->task.gw->now, &at);
	log_debug(s->task.id, "signup next", "do=%s", signup_action_name(n->doing));
	SAGA_POINT(s, "before");
	switch (n->doing) {
	case SIGNUP_OVER:
		saga_leave(s, 0);
		break;
	case SIGNUP_WAIT:
		saga_wait(s, at, n->turn == 0);
		break;
	case SIGNUP_NOTE:
		note(n);
		break;
	case SIGNUP_SAY:
		say(n);
		break;
	default:
		if (signup_writes(n->doing)) {
			signup_sending(&n->s, n->doing, s->task.gw->now);
			saga_send(s, ask);
		} else
			ask(s);
		break;
	}
}

/* ---- the record ---- */

static bool
decode(struct saga *s, const char *p, size_t len)
{
	return signup_decode(p, len, &LIST_OF(s, struct enrolment, saga)->s);
}

static void
encode(const struct saga *s, struct buf *out)
{
	signup_encode(&LIST_OF(s, const struct enrolment, saga)->s, out);
}

static const char *
owner(const struct saga *s)
{
	return LIST_OF(s, const struct enrolment, saga)->s.owner;
}

static const char *
tenant(const struct saga *s)
{
	return LIST_OF(s, const struct enrolment, saga)->s.tenant;
}

static const char *
doing(const struct saga *s)
{
	return signup_action_name(LIST_OF(s, const struct enrolment, saga)->doing);
}

static const struct saga_kind kind = {
	"signup", sizeof(struct enrolment), STORE_SIGNUP, M_SIGNUPS_TAKEN_OVER, decode, encode, owner, tenant, doing, go_on
};

void
signup_start(struct gateway *gw, const char *who, uint64_t turn)
{
	struct saga *s = saga_start(gw, &kind, who);

	LIST_OF(s, struct enrolment, saga)->turn = turn;
}

void
signup_claimed(struct gateway *gw, const struct store_value *v, int64_t until)
{
	saga_claimed(gw, &kind, v, until);
}
