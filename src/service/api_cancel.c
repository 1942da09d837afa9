/* SPDX-License-Identifier: Apache-2.0 */
/* An integrator's cancel: saved once, then waited for until the wallet core was read. What it may do, core/intent.c says. */
#include "base/mem.h"
#include "service/api_parts.h"

static void on_cancel_read(struct task *t, const struct event *e);

static void
read_cancel(struct task *t)
{
	struct call *c = api_call_of(t);
	struct store_key key = key_of(STORE_INTENT, c->owner, c->i.id);

	task_load(t, &key, 1, on_cancel_read);
}

static void
on_later(struct task *t, const struct event *e)
{
	(void)e;
	read_cancel(t);
}

static void
on_cancel_read(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);
	int status;

	if (e->end != STORE_DONE || !e->v[0].present || !intent_decode(e->v[0].p, e->v[0].len, &c->i)) {
		api_answer_error(c, 500, "UNK001", "Whether it was cancelled is not known yet");
		return;
	}
	status = c->i.core_status - 1;
	if (status == WSTATUS_CANCELLED)
		api_answer_intent(c, &c->i);
	else if (status != WSTATUS_PENDING || !c->i.cancel)
		api_answer_error(c, 400, "WDR001", "The withdrawal cannot be cancelled any more");
	else if (t->gw->now >= c->until)
		api_answer_error(c, 500, "UNK001", "Whether it was cancelled is not known yet");
	else
		task_sleep(t, t->gw->now + 200, on_later);
}

static void
await_cancel(struct call *c)
{
	run_start(c->w.task.gw, c->owner, c->i.id);
	read_cancel(&c->w.task);
}

static void
on_cancel_saved(struct task *t, const struct event *e)
{
	struct call *c = api_call_of(t);

	if (e->end == STORE_CONFLICT && ++c->tries < ORDER_TRIES) {
		api_find_order(c, c->i.uid);	/* its run, or another cancel, was faster: it is asked for again */
		return;
	}
	if (e->end != STORE_DONE) {
		api_answer_error(c, 500, "UNK001", "The cancel could not be saved for certain; send it again");
		return;
	}
	await_cancel(c);
}

void
api_cancel(struct call *c)
{
	struct gateway *gw = c->w.task.gw;
	struct store_commit commit = { .n = 0 };
	struct store_key key = key_of(STORE_INTENT, c->owner, c->i.id);
	struct buf *b = scratch(gw, 0);

	if (c->i.state != INTENT_DONE || c->i.core_status - 1 != WSTATUS_PENDING) {
		api_answer_error(c, 400, "WDR001", "Only a withdrawal that is PENDING can be cancelled");
		return;
	}
	/* While its message may be on its way into the outbox, to cancel it would tell it as never made. */
	if (!intent_settled(&c->i)) {
		api_answer_error(c, 503, "UNK001", "It is still being made; ask again in a moment");
		return;
	}
	if (c->i.cancel) {	/* another was faster: to save it again would only disturb its run */
		await_cancel(c);
		return;
	}
	intent_cancel(&c->i, gw->now);
	intent_encode(&c->i, b);
	commit_put(gw, &commit, &key, &c->rev, b, 0);
	commit_list_add(&commit, STORE_DUE, &key, gw->now + RUN_LEASE_MS);
	task_commit(&c->w.task, &commit, on_cancel_saved);
}
