/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that is carried on step by step outside of turns, and outlives the process: each step is saved before the
 * next one, with a place in the due list, from which another process takes it over. What the steps are is its kind's
 * business: a sign-up (signup.c), a check of documents (kyc.c).
 */
#pragma once
#include "base/metric.h"
#include "service/task.h"

struct saga;

struct saga_kind {
	const char *name;			/* in the log and of fault points */
	size_t size;				/* of what begins with the saga */
	enum store_family family;
	enum metric taken_over;
	bool (*decode)(struct saga *s, const char *p, size_t len);
	void (*encode)(const struct saga *s, struct buf *out);
	const char *(*owner)(const struct saga *s);	/* these two: of the decoded record */
	const char *(*tenant)(const struct saga *s);
	const char *(*doing)(const struct saga *s);	/* the step's name */
	void (*go_on)(struct saga *s);		/* does the next step */
};

struct saga {
	struct task task;
	const struct saga_kind *kind;
	int tenant;
	struct rev rev;
	/* No other process carries it on before; next: once the save under way is done. */
	int64_t held_until, held_next;
	void (*send)(struct saga *s);
};

#define SAGA_POINT(s, when) FAULT_POINT((s)->kind->name, when, (s)->kind->doing(s))

struct saga *saga_of(struct task *t);
const struct tenant_settings *saga_tenant(const struct saga *s);

/* Of a record that was just saved, with its place in the due list HOLD_LEASE_MS ahead. It goes on later. */
struct saga *saga_start(struct gateway *gw, const struct saga_kind *kind, const char *owner);
/* Of one that was found in the due list; nobody else's until then. */
void saga_claimed(struct gateway *gw, const struct saga_kind *kind, const struct store_value *v, int64_t until);

/* Adds the record to a commit of its bucket. `due`: when others find it, 0 for never. */
void saga_add(struct saga *s, struct store_commit *c, int64_t due);
/* In the answer to such a commit; false: it is over here, and has said why. */
bool saga_saved(struct saga *s, const struct event *e);
/* What an answer changed is saved before anything follows from it; then the next step. */
void saga_keep(struct saga *s);
/* What writes is saved first; then `send`, unless others may have looked for us in vain meanwhile. */
void saga_send(struct saga *s, void (*send)(struct saga *s));
/* Saves it and lets go: others go on when it is due, or nobody. */
void saga_leave(struct saga *s, int64_t due);
/* The next step, then. `light`: nobody waits for it. */
void saga_wait(struct saga *s, int64_t at, bool light);
/* This process lets go; the due list brings it back. */
void saga_give_up(struct saga *s, const char *why);
