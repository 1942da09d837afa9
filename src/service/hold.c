/* SPDX-License-Identifier: Apache-2.0 */
#include "service/hold.h"

#include <stdlib.h>

#define RENEW_MS 2000			/* twice and more in a lease */

struct hold {			/* outlives the task by RENEW_MS at most */
	struct task task;
	struct store_key key;
	const struct rev *rev;	/* of the task `of`, while that lives */
	uint64_t of;
};

static void on_due(struct task *t, const struct event *e);

static void
hold_end(struct task *t)
{
	free(LIST_OF(t, struct hold, task));
}

static void
on_renewed(struct task *t, const struct event *e)
{
	(void)e;	/* in conflict with what is saved meanwhile, or lost: the next one comes in time */
	task_sleep(t, t->gw->now + RENEW_MS, on_due);
}

/* Adds nothing to what was saved: a record that somebody else has changed by now is left as it is. */
static void
on_due(struct task *t, const struct event *e)
{
	const struct hold *h = LIST_OF(t, struct hold, task);
	struct store_commit c = { .n = 0 };

	if (task_find(t->gw, h->of) == NULL) {
		task_end(t);
		return;
	}
	if (rev_absent(h->rev)) {		/* not read yet */
		on_renewed(t, e);
		return;
	}
	commit_check(&c, &h->key, h->rev);
	commit_list_add(&c, STORE_DUE, &h->key, t->gw->now + HOLD_LEASE_MS);
	task_commit(t, &c, on_renewed);
}

void
hold_start(struct gateway *gw, uint64_t task, const struct store_key *key, const struct rev *rev)
{
	struct hold *h = xcalloc(1, sizeof *h);

	h->key = *key;
	h->rev = rev;
	h->of = task;
	task_start(gw, &h->task, hold_end);
	task_sleep(&h->task, gw->now + RENEW_MS, on_due);
}
