/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a run share; nobody else includes it. */
#pragma once
#include "base/fault_point.h"
#include "service/run.h"

#define RUN_START_MS 1000		/* what was just accepted or read is nobody else's so soon */
#define RUN_TRIES 8			/* at a record that others change too */
_Static_assert(RUN_START_MS + COMMIT_WITHIN_MS <= RUN_LEASE_MS, "what a run begins is over before others take it over");

struct run {
	struct task task;
	char id[INTENT_ID];
	struct intent i;
	struct rev rev;
	bool dirty;			/* the intent is not as it is in the store */
	/* No other process carries it on before what is committed until then is executed or refused. */
	int64_t held_until, held_next;	/* next: once the save under way is done */
	bool again;			/* its record was changed by somebody who wants it carried on from there */
	uint64_t watcher;
	int tenant, integrator;		/* the latter while it is called back */
	bool counted;			/* among the runs of the tenant */
	bool polls;			/* its read is one of a token that only waits */
	int tries;			/* of the step in hand */
	enum intent_action doing;
	/* asking */
	int64_t asked_at;		/* when the look began */
	int offset;
	bool ids_missing, found;
	struct wallet_withdrawal item;	/* what was found, or what the core answered */
	bool done;			/* the core answered that it is done */
	int64_t answered_at;		/* when it did */
	enum limit_result limit_result;
	bool limit_away;		/* it did not take what became of this intent */
	struct noted noted;
	bool is_noted;			/* by this run: it is as it was saved */
};

static inline struct run *
run_of(struct task *t)
{
	return LIST_OF(t, struct run, task);
}

/*
 * Of each action: "before" it, "done" when it has had its effect and nothing of that is saved, "saved" when it is (an
 * attempt is saved before it is made, and once more with its answer).
 */
#define RUN_POINT(r, when) \
	FAULT_POINT((r)->i.kind == INTENT_TRANSFER ? "transfer" : "withdrawal", when, intent_action_name((r)->doing))

/* ---- run.c ---- */
void run_go_on(struct run *r);
/* What an answer changed is saved before anything follows from it; then the run goes on. */
void run_keep(struct run *r);
/* This process lets go; the due list brings the intent back. */
void run_give_up(struct run *r, const char *why);
void run_save(struct run *r, int64_t due, task_fn *on);
/* Here when it is soon, else from the due list. */
void run_wait_until(struct run *r, int64_t at);
/* After a commit that holds the intent: false when the run is over or starts again. */
bool run_saved(struct run *r, const struct event *e);
void run_add_intent(struct run *r, struct store_commit *c, int64_t due);
void run_needs_person(const struct run *r);	/* it just came to one: counts and alarms */
bool run_is_watched(const struct run *r);
/*
 * The intent is as it was saved, and no other process has carried it on: asked before anything outside its bucket is
 * done.
 */
bool run_is_ours(const struct run *r);
const struct tenant_settings *run_tenant(const struct run *r);
/* The intent as it is in the store; false when it cannot be read. */
bool run_take_record(struct run *r, const struct store_value *v);
struct store_key run_key(const struct run *r);

/* ---- steps: each does r->doing and comes back through run_keep() ---- */
void run_limit(struct run *r);		/* run_limit.c: DO_RESERVE, DO_COMMIT_LIMIT, DO_RELEASE_LIMIT */
void run_send(struct run *r);		/* run_wallet.c */
void run_ask(struct run *r);
void run_follow(struct run *r);
void run_cancel(struct run *r);
void run_cap(struct run *r);		/* run_steps.c */
void run_index(struct run *r);
void run_refer(struct run *r);
void run_message(struct run *r);
void run_say_again(struct run *r);	/* DO_RESEND_SMS, DO_KEPT_SMS */
void run_note(struct run *r);
void run_tell(struct run *r);		/* run_tell.c */
