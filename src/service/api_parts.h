/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an integrator's call share; nobody else includes it. The door is gateway_api() (api.c). */
#pragma once
#include "core/intent.h"
#include "core/order.h"
#include "service/run.h"

#define ORDER_TRIES 5			/* at a record that others change too */

struct call {
	struct watcher w;
	uint64_t id;
	int tenant;
	const struct integrator_settings *who;
	enum api_call kind;
	int64_t wallet_id, until;
	struct order order;
	char owner[STORE_OWNER];
	struct intent i;
	struct rev rev;
	int tries;
	struct buf list;
	char (*uids)[STORE_ID];
	size_t uids_n, at;
};

static inline struct call *
api_call_of(struct task *t)
{
	return LIST_OF(t, struct call, w.task);
}

/* Each ends the call. `words`: for the integrator's engineer. */
void api_answer_error(struct call *c, int status, const char *code, const char *words);
void api_answer_intent(struct call *c, const struct intent *i);
/* Loads the order of that id anew and goes on with what the call asks of it. */
void api_find_order(struct call *c, const char *uid);
/* api_cancel.c: of the order in c->i. */
void api_cancel(struct call *c);
