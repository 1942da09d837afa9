/* SPDX-License-Identifier: Apache-2.0 */
#include "service/kyc.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/chat.h"
#include "service/hold.h"
#include "service/say.h"

#define START_MS 1000			/* what was just saved is nobody else's so soon */
#define STAY_MS 3000			/* waits shorter than this are sat out here */
#define RATIFY_MS 30000			/* it may take seconds (wallet-core.md 6) */
#define WINDOW_MARGIN_MS 60000
#define ANSWER_MS 15000			/* the chat's answer is waited for */
#define ANSWER_LOOK_MS 200
#define DAY_MS INT64_C(86400000)
_Static_assert(START_MS + COMMIT_WITHIN_MS <= HOLD_LEASE_MS, "what is begun is over before others take it over");

struct check {
	struct task task;
	int tenant;
	struct kyc k;
	struct rev rev;
	/* No other process carries it on before; next: once the save under way is done. */
	int64_t held_until, held_next;
	enum kyc_action doing;
	int64_t waits_since;		/* for the answer to what was written in the chat; 0: not so */
};

#define POINT(n, when) FAULT_POINT("kyc", when, kyc_action_name((n)->doing))

static void go_on(struct check *n);
static task_fn on_woken;

static struct check *
check_of(struct task *t)
{
	return LIST_OF(t, struct check, task);
}

static const struct tenant_settings *
tenant_of(const struct check *n)
{
	return &n->task.gw->settings->tenants[n->tenant];
}

static void
check_end(struct task *t)
{
	struct check *n = check_of(t);

	t->gw->kycs--;
	mem_wipe(n, sizeof *n);
	free(n);
}

/* This process lets go; the due list brings it back. */
static void
give_up(struct check *n, const char *why)
{
	log_warn(n->task.id, "kyc left", "doing=%s why=\"%s\"", kyc_action_name(n->doing), why);
	task_end(&n->task);
}

/* ---- saving ---- */

static void
save(struct check *n, int64_t due, task_fn *on)
{
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_KYC, n->k.owner, "");
	struct buf *b = scratch(n->task.gw, 0);

	kyc_encode(&n->k, b);
	commit_put(n->task.gw, &c, &key, &n->rev, b, 0);
	n->held_next = due;
	if (due > 0)
		commit_list_add(&c, STORE_DUE, &key, due);
	else
		commit_list_remove(&c, STORE_DUE, &key);
	task_commit(&n->task, &c, on);
}

static bool
is_saved(struct check *n, const struct event *e)
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
	if (is_saved(check_of(t), e))
		go_on(check_of(t));
}

/* What an answer changed is saved before anything follows from it. */
static void
keep(struct check *n)
{
	POINT(n, "done");
	save(n, n->task.gw->now + HOLD_LEASE_MS, on_kept);
}

static void
on_left(struct task *t, const struct event *e)
{
	if (is_saved(check_of(t), e))
		task_end(t);
}

/* ---- the wallet core ---- */

static void
count_end(const struct check *n)
{
	static const enum metric metric[KYC_STATES] = { [KYC_PASSED_IT] = M_KYC_PASSED, [KYC_FAILED_IT] = M_KYC_FAILED,
		[KYC_GIVEN_UP] = M_KYC_GIVEN_UP };

	if (n->k.state == KYC_RUNNING)
		return;
	metric_add(metric[n->k.state], 1);
	log_info(n->task.id, "kyc end", "state=%d failed=%d", (int)n->k.state, n->k.failed_n);
}

static void
on_answer(struct task *t, const struct event *e)
{
	struct check *n = check_of(t);

	kyc_on_answer(&n->k, n->doing, t->gw->now, e->wallet);
	if (e->wallet->end != WALLET_DONE)
		log_info(t->id, "kyc call", "doing=%s end=%s code=%s trace=%s", kyc_action_name(n->doing),
		    wallet_end_name(e->wallet->end), e->wallet->code, e->wallet->trace);
	count_end(n);
	keep(n);
}

static void
ask(struct check *n)
{
	struct wallet_req q;

	kyc_request(&n->k, n->doing, &q);
	task_wallet(&n->task, n->tenant, &q, n->doing == KYC_ASK ? RATIFY_MS : tenant_of(n)->wallet.timeout_read_ms,
	    on_answer);
	mem_wipe(&q, sizeof q);
}

static void
on_sending(struct task *t, const struct event *e)
{
	struct check *n = check_of(t);

	if (!is_saved(n, e))
		return;
	if (t->gw->now >= n->held_until)
		give_up(n, "the lease is over");
	else
		ask(n);
}

/* ---- what the customer hears ---- */

static void
on_said(struct task *t, const struct event *e)
{
	struct check *n = check_of(t);

	/* CONFLICT: it was there before, put by who carried it on before us. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		give_up(n, "the message could not be put into the outbox");
		return;
	}
	kyc_said(&n->k, n->doing);
	keep(n);
}

/* The same at each try to say it; another check says it anew. */
static void
message_name(const struct check *n, const char *which, int number, char id[MESSAGE_ID])
{
	char owner[33];
	unsigned char mac[16];

	gateway_mac(n->task.gw, "kyc message", n->k.owner, mac);
	str_hex(mac, sizeof mac, owner);
	str_format(id, MESSAGE_ID, "%s:kyc:%llx:%s%d", owner, (unsigned long long)n->k.begun_at, which, number);
}

/* In the chat: it leaves behind what was said there before, by the chat or by this check. */
static void
into_chat(const struct check *n, const struct chat *c, struct message *m)
{
	str_copy(m->channel, sizeof m->channel, n->k.channel);
	m->hands = c->hands;
	m->elsewhere = true;
	if (n->doing == KYC_SAY && n->k.told_n > 0)
		message_name(n, "end", n->k.told_n - 1, m->after);
	else if (n->doing == KYC_SAY && n->k.told_pending)
		message_name(n, "pending", 0, m->after);
	else
		chat_follow(c, n->task.gw->now, m);
}

static bool
make(struct check *n, struct message *m)
{
	const struct tenant_settings *t = tenant_of(n);
	struct vars v = { 0 };
	char id[MESSAGE_ID], key[64];

	vars_set(&v, "title", t->title);
	vars_set(&v, "help_phone", t->help_phone);
	message_name(n, n->doing == KYC_SAY ? "end" : "pending", n->k.told_n, id);
	str_format(key, sizeof key, "sms.result.kyc.%s", kyc_text(&n->k, n->doing));
	return say_text(n->task.gw, n->tenant, MSG_RESULT, id, n->k.phone, n->k.lang, key, &v, m);
}

static void
put(struct check *n, const struct chat *c)
{
	struct store_commit commit = { .n = 0 };
	struct message *m = xcalloc(1, sizeof *m);

	if (make(n, m)) {
		if (c != NULL)
			into_chat(n, c, m);
		say_put(n->task.gw, &commit, m);
		task_commit(&n->task, &commit, on_said);
	} else {
		kyc_said(&n->k, n->doing);	/* there is no way to */
		keep(n);
	}
	free(m);
}

/* What answers the chat is said before what comes of it: the turn that began this may not be answered yet. */
static bool
waits_for_answer(struct check *n, const struct chat *c)
{
	int64_t now = n->task.gw->now;

	if (chat_waiting(c) == 0)
		return false;
	if (n->waits_since == 0)
		n->waits_since = now;
	if (now - n->waits_since >= ANSWER_MS)
		return false;
	if (n->task.gw->draining) {
		save(n, now, on_left);
		return true;
	}
	task_sleep(&n->task, now + ANSWER_LOOK_MS, on_woken);
	n->task.light = true;
	return true;
}

/* Where it was asked for, while that may be written to freely; else by the routes of results. */
static void
on_chat(struct task *t, const struct event *e)
{
	struct check *n = check_of(t);
	struct chat *c = xcalloc(1, sizeof *c);
	bool in_chat = e->end == STORE_DONE && chat_load(&e->v[0], c) && c->hands == n->k.hands &&
	    c->window_until > t->gw->now + WINDOW_MARGIN_MS;

	if (!in_chat)
		put(n, NULL);
	else if (!waits_for_answer(n, c))
		put(n, c);
	mem_wipe(c, sizeof *c);
	free(c);
}

static void
say(struct check *n)
{
	struct store_key key = key_of(STORE_CHAT, n->k.owner, n->k.channel);

	if (n->k.channel[0] != '\0')
		task_load(&n->task, &key, 1, on_chat);
	else
		put(n, NULL);
}

/* ---- what next ---- */

static void
on_woken(struct task *t, const struct event *e)
{
	(void)e;
	go_on(check_of(t));
}

static void
wait_until(struct check *n, int64_t at)
{
	if (at - n->task.gw->now <= STAY_MS && !n->task.gw->draining) {
		task_sleep(&n->task, at, on_woken);
		n->task.light = true;
	} else
		save(n, at, on_left);
}

static void
go_on(struct check *n)
{
	bool was_running = n->k.state == KYC_RUNNING;
	int64_t at = 0;

	n->doing = kyc_next(&n->k, n->task.gw->now, n->task.gw->settings->document_ratify_days * DAY_MS, &at);
	if (was_running)
		count_end(n);		/* its time is over */
	log_debug(n->task.id, "kyc next", "do=%s", kyc_action_name(n->doing));
	POINT(n, "before");
	switch (n->doing) {
	case KYC_OVER:
		save(n, 0, on_left);
		break;
	case KYC_WAIT:
		wait_until(n, at);
		break;
	case KYC_ASK:
		kyc_sending(&n->k);
		save(n, n->task.gw->now + HOLD_LEASE_MS, on_sending);
		break;
	case KYC_SAY:
	case KYC_SAY_PENDING:
		say(n);
		break;
	default:
		ask(n);
		break;
	}
}

/* ---- beginning ---- */

static struct check *
check_new(struct gateway *gw, const char *owner)
{
	struct check *n = xcalloc(1, sizeof *n);
	struct store_key key = key_of(STORE_KYC, owner, "");

	gw->kycs++;
	task_start(gw, &n->task, check_end);
	task_for(&n->task, owner);
	hold_start(gw, n->task.id, &key, &n->rev);
	n->held_until = gw->now + START_MS;
	return n;
}

static bool
take_record(struct check *n, const struct store_value *v)
{
	if (!v->present || v->damaged || !kyc_decode(v->p, v->len, &n->k)) {
		log_error(n->task.id, "kyc damaged", "octets=%zu", v->len);
		return false;
	}
	rev_loaded(&n->rev, v);
	n->tenant = tenant_find(n->task.gw, n->k.tenant);
	if (n->tenant < 0)
		log_error(n->task.id, "kyc of no tenant", "tenant=%s", n->k.tenant);
	return n->tenant >= 0;
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct check *n = check_of(t);

	if (e->end != STORE_DONE || !take_record(n, &e->v[0]))
		give_up(n, "could not be read");
	else
		go_on(n);
}

void
kyc_start(struct gateway *gw, const char *owner)
{
	struct store_key key = key_of(STORE_KYC, owner, "");

	task_load(&check_new(gw, owner)->task, &key, 1, on_loaded);
}

void
kyc_claimed(struct gateway *gw, const struct store_value *v, int64_t until)
{
	struct kyc *k = xcalloc(1, sizeof *k);
	struct check *n;

	if (!kyc_decode(v->p, v->len, k)) {
		log_error(0, "kyc damaged", "octets=%zu", v->len);
		free(k);
		return;
	}
	n = check_new(gw, k->owner);
	n->held_until = until;
	mem_wipe(k, sizeof *k);
	free(k);
	if (take_record(n, v)) {
		metric_add(M_KYC_TAKEN_OVER, 1);
		go_on(n);
	} else
		task_end(&n->task);
}
