/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of a customer, sent in a chat, and their check. A document is carried to the wallet core within the turn,
 * which takes as long as that does: nobody looks at a screen meanwhile, and what is written waits in the chat's queue.
 * A process that dies over it has its input taken again by another one, and the document is perhaps sent twice: the
 * core then has two of them, which does no harm, since documents are only ever added.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/str.h"
#include "service/hold.h"
#include "service/kyc.h"
#include "service/turn.h"

#define AGAIN_MS INT64_C(60000)		/* a check that was begun so lately is what is asked for */
#define BEGIN_TRIES 4

/* ---- a document ---- */

static void
on_document(struct task *task, const struct event *e)
{
	static const char *const outcomes[] = { [DOCUMENT_TAKEN] = "done", [DOCUMENT_REFUSED] = "refused",
		[DOCUMENT_UNFIT] = "refused", [DOCUMENT_TOO_LONG] = "too_big", [DOCUMENT_LOST] = "gone",
		[DOCUMENT_FAILED] = "failed" };
	struct turn *t = turn_of(task);
	const struct document_answer *a = e->document;

	vars_unset(turn_vars(t), "refusal");
	if (a->end == DOCUMENT_UNFIT)
		vars_set(turn_vars(t), "refusal", "file");
	else if (a->end == DOCUMENT_REFUSED)
		vars_set(turn_vars(t), "refusal", kyc_refusal(a->code, a->about));
	log_info(task->id, "document", "channel=%s end=%s code=%s", t->channel->name, outcomes[a->end], a->code);
	turn_outcome(t, outcomes[a->end]);
}

static void
on_claimed(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct document_req q = { .tenant = t->tenant, .channel = t->in.channel, .media = *t->in.media };

	(void)e;
	FAULT_POINT("document", "before", "send");
	q.customer_id = vars_get_i64(turn_vars(t), "customer_id");
	if (q.customer_id == 0 || !kyc_document_find(vars_get(turn_vars(t), "document"), &q.document))
		turn_outcome(t, "failed");
	else
		task_document(task, &q, task->gw->settings->document_timeout_s * INT64_C(1000), on_document);
	mem_wipe(&q, sizeof q);
}

void
call_document_send(struct turn *t)
{
	if (t->in.media == NULL || t->in.chat_kind != CHAT_MEDIA) {
		turn_outcome(t, "failed");
		return;
	}
	/* The turn lives as long as its claim says. */
	t->deadline += t->w.task.gw->settings->document_timeout_s * INT64_C(1000);
	turn_claim(t, on_claimed);
}

/* ---- the check of what was sent ---- */

static void begin(struct turn *t);

static void
on_begun(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->end == STORE_DONE) {
		FAULT_POINT("kyc", "saved", "begin");
		kyc_start(task->gw, t->owner);
		turn_outcome(t, "started");
	} else if (e->end == STORE_CONFLICT && ++t->tries < BEGIN_TRIES)
		begin(t);
	else if (e->end == STORE_UNKNOWN)
		turn_apologise_with(t, "error.session_lost", "it is not known whether the check was saved");
	else
		turn_outcome(t, "failed");
}

static void
save_new(struct turn *t, struct rev *rev)
{
	struct gateway *gw = t->w.task.gw;
	struct store_key key = key_of(STORE_KYC, t->owner, "");
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(gw, 0);
	struct kyc *k = xcalloc(1, sizeof *k);

	str_copy(k->owner, sizeof k->owner, t->owner);
	str_copy(k->tenant, sizeof k->tenant, t->settings->name);
	str_copy(k->phone, sizeof k->phone, t->in.phone);
	str_copy(k->lang, sizeof k->lang, t->s.dlg.lang);
	if (t->in.by == TURN_BY_CHAT)
		str_copy(k->channel, sizeof k->channel, t->channel->name);
	k->hands = t->chat_hands;
	k->customer_id = vars_get_i64(turn_vars(t), "customer_id");
	kyc_begin(k, gw->now);
	kyc_encode(k, b);
	commit_put(gw, &c, &key, rev, b, 0);
	commit_list_add(&c, STORE_DUE, &key, gw->now + HOLD_LEASE_MS);
	task_commit(turn_task(t), &c, on_begun);
	mem_wipe(k, sizeof *k);
	free(k);
}

static void
on_loaded(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct kyc *k = xcalloc(1, sizeof *k);
	struct rev rev;
	bool is_known, is_same;

	if (e->end != STORE_DONE) {
		free(k);
		turn_outcome(t, "failed");
		return;
	}
	rev_loaded(&rev, &e->v[0]);
	/* A damaged one is nobody's any more: the new one takes its place. */
	is_known = e->v[0].present && !e->v[0].damaged && kyc_decode(e->v[0].p, e->v[0].len, k);
	is_same = is_known && k->state == KYC_RUNNING && task->gw->now - k->begun_at < AGAIN_MS;
	mem_wipe(k, sizeof *k);
	free(k);
	if (is_same)
		turn_outcome(t, "started");
	else
		save_new(t, &rev);
}

static void
begin(struct turn *t)
{
	struct store_key key = key_of(STORE_KYC, t->owner, "");

	task_load(turn_task(t), &key, 1, on_loaded);
}

void
call_kyc_ratify(struct turn *t)
{
	t->tries = 0;
	if (vars_get_i64(turn_vars(t), "customer_id") == 0 || t->in.phone[0] == '\0')
		turn_outcome(t, "failed");
	else
		begin(t);
}
