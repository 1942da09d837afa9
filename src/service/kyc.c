/* SPDX-License-Identifier: Apache-2.0 */
#include "service/kyc.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/chat.h"
#include "service/saga.h"
#include "service/say.h"

#define RATIFY_MS 30000			/* it may take seconds (wallet-core.md 6) */
#define WINDOW_MARGIN_MS 60000
#define ANSWER_MS 15000			/* the chat's answer is waited for */
#define ANSWER_LOOK_MS 200
#define DAY_MS INT64_C(86400000)

struct check {
	struct saga saga;
	struct kyc k;
	enum kyc_action doing;
	int64_t waits_since;		/* for the answer to what was written in the chat; 0: not so */
};
_Static_assert(offsetof(struct check, saga) == 0, "a saga's memory is its own");

static struct check *
check_of(struct task *t)
{
	return LIST_OF(saga_of(t), struct check, saga);
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
	log_info(n->saga.task.id, "kyc end", "state=%d failed=%d", (int)n->k.state, n->k.failed_n);
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
	saga_keep(&n->saga);
}

static void
ask(struct saga *s)
{
	struct check *n = LIST_OF(s, struct check, saga);
	struct wallet_req q;

	kyc_request(&n->k, n->doing, &q);
	task_wallet(&n->saga.task, n->saga.tenant, &q, n->doing == KYC_ASK ? RATIFY_MS : saga_tenant(&n->saga)->wallet.timeout_read_ms,
	    on_answer);
	mem_wipe(&q, sizeof q);
}

/* ---- what the customer hears ---- */

static void
on_said(struct task *t, const struct event *e)
{
	struct check *n = check_of(t);

	/* CONFLICT: it was there before, put by who carried it on before us. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		saga_give_up(&n->saga, "the message could not be put into the outbox");
		return;
	}
	kyc_said(&n->k, n->doing);
	saga_keep(&n->saga);
}

/* The same at each try to say it; another check says it anew. */
static void
message_name(const struct check *n, const char *which, int number, char id[MESSAGE_ID])
{
	char owner[33];
	unsigned char mac[16];

	gateway_mac(n->saga.task.gw, "kyc message", n->k.owner, mac);
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
		chat_follow(c, n->saga.task.gw->now, m);
}

static bool
make(struct check *n, struct message *m)
{
	const struct tenant_settings *t = saga_tenant(&n->saga);
	struct vars v = { 0 };
	char id[MESSAGE_ID], key[64];

	vars_set(&v, "title", t->title);
	vars_set(&v, "help_phone", t->help_phone);
	message_name(n, n->doing == KYC_SAY ? "end" : "pending", n->k.told_n, id);
	str_format(key, sizeof key, "sms.result.kyc.%s", kyc_text(&n->k, n->doing));
	return say_text(n->saga.task.gw, n->saga.tenant, MSG_RESULT, id, n->k.phone, n->k.lang, key, &v, m);
}

static void
put(struct check *n, const struct chat *c)
{
	struct store_commit commit = { .n = 0 };
	struct message *m = xcalloc(1, sizeof *m);

	if (make(n, m)) {
		if (c != NULL)
			into_chat(n, c, m);
		say_put(n->saga.task.gw, &commit, m);
		task_commit(&n->saga.task, &commit, on_said);
	} else {
		kyc_said(&n->k, n->doing);	/* there is no way to */
		saga_keep(&n->saga);
	}
	free(m);
}

/* What answers the chat is said before what comes of it: the turn that began this may not be answered yet. */
static bool
waits_for_answer(struct check *n, const struct chat *c)
{
	int64_t now = n->saga.task.gw->now;

	if (chat_waiting(c) == 0)
		return false;
	if (n->waits_since == 0)
		n->waits_since = now;
	if (now - n->waits_since >= ANSWER_MS)
		return false;
	saga_wait(&n->saga, now + ANSWER_LOOK_MS, true);
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
		task_load(&n->saga.task, &key, 1, on_chat);
	else
		put(n, NULL);
}

/* ---- what next ---- */

static void
go_on(struct saga *s)
{
	struct check *n = LIST_OF(s, struct check, saga);
	bool was_running = n->k.state == KYC_RUNNING;
	int64_t at = 0;

	n->doing = kyc_next(&n->k, s->task.gw->now, s->task.gw->settings->document_ratify_days * DAY_MS, &at);
	if (was_running)
		count_end(n);		/* its time is over */
	log_debug(s->task.id, "kyc next", "do=%s", kyc_action_name(n->doing));
	SAGA_POINT(s, "before");
	switch (n->doing) {
	case KYC_OVER:
		saga_leave(s, 0);
		break;
	case KYC_WAIT:
		saga_wait(s, at, true);
		break;
	case KYC_ASK:
		kyc_sending(&n->k);
		saga_send(s, ask);
		break;
	case KYC_SAY:
	case KYC_SAY_PENDING:
		say(n);
		break;
	default:
		ask(s);
		break;
	}
}

/* ---- the record ---- */

static bool
decode(struct saga *s, const char *p, size_t len)
{
	return kyc_decode(p, len, &LIST_OF(s, struct check, saga)->k);
}

static void
encode(const struct saga *s, struct buf *out)
{
	kyc_encode(&LIST_OF(s, const struct check, saga)->k, out);
}

static const char *
owner(const struct saga *s)
{
	return LIST_OF(s, const struct check, saga)->k.owner;
}

static const char *
tenant(const struct saga *s)
{
	return LIST_OF(s, const struct check, saga)->k.tenant;
}

static const char *
doing(const struct saga *s)
{
	return kyc_action_name(LIST_OF(s, const struct check, saga)->doing);
}

static const struct saga_kind kind = {
	"kyc", sizeof(struct check), STORE_KYC, M_KYC_TAKEN_OVER, decode, encode, owner, tenant, doing, go_on
};

void
kyc_start(struct gateway *gw, const char *who)
{
	saga_start(gw, &kind, who);
}

void
kyc_claimed(struct gateway *gw, const struct store_value *v, int64_t until)
{
	saga_claimed(gw, &kind, v, until);
}
