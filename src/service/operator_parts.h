/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of an operator's act share; nobody else includes it. The door is gateway_operator() (operator.c). An
 * act that changes something goes: entry "asked" in the audit, effect, entry with the outcome, answer. One that needs
 * a second person: a dry run, entry with the request, answer; and with the approval: entry "approved", effect,
 * outcome, answer.
 */
#pragma once
#include <jansson.h>

#include "core/audit.h"
#include "core/intent.h"
#include "core/operator.h"
#include "core/pin.h"
#include "core/request.h"
#include "service/task.h"

struct op_call;
typedef void op_fn(struct op_call *c);

struct op_call {
	struct task task;
	uint64_t call;
	struct operator who;
	int tenant;
	const char *tenant_name;
	const struct operator_act *act;
	struct operator_order order;
	int64_t until;			/* nothing is begun after it */
	/* whom it is about */
	char owner[STORE_OWNER];
	char phone[PHONE_MAX], intent_id[INTENT_ID];
	/* the audit */
	struct audit_head head;
	struct rev head_rev;
	const char *outcome;		/* of the entry in hand */
	op_fn *noted, *not_noted;
	int note_tries;
	int64_t entry;			/* number of the newest one of this act */
	int64_t asked;			/* of the one before its effect */
	/* what waits for approval, when has_request */
	struct request req;
	struct rev req_rev;
	bool has_request, req_dirty;
	bool req_lost;			/* somebody else decided it meanwhile */
	bool again;			/* it was approved before, and perhaps carried out */
	/* the effect */
	enum operator_what doing;
	struct subscriber sub;
	struct rev sub_rev;
	struct pin_tries pin;
	struct rev pin_rev;
	struct intent i;
	struct rev i_rev;
	bool sub_dirty, pin_dirty, intent_dirty;
	bool dry;
	op_fn *after;
	int64_t wait_until;		/* of a cancel at the core */
	int tries;
	const char *refusal;		/* why the effect was not done, in words; NULL: it was */
	const char *ended;		/* outcome: "done", "refused", "stale", "unknown" */
	int status;
	json_t *json;			/* of the answer, ours */
	/* looking */
	unsigned bucket;		/* of the persons' lists */
	op_fn *found;
	struct audit_walk walk;
	int64_t from;			/* first entry that is shown */
	char (*items)[STORE_ID];	/* ours */
	size_t items_n, at;
	int channel, message;		/* the next that is read */
	struct aside *aside;		/* ours */
};

static inline struct op_call *
op_of(struct task *t)
{
	return LIST_OF(t, struct op_call, task);
}

/* ---- operator.c: exactly one of these ends an act ---- */
void op_answer(struct op_call *c, int status);		/* c->json */
void op_refuse(struct op_call *c, int status, const char *error, const char *words);
void op_no_store(struct op_call *c);			/* nothing was done */
bool op_too_late(const struct op_call *c);
const struct settings *op_settings(const struct op_call *c);

/* ---- operator_note.c ---- */
/*
 * Appends an entry with this outcome, and c->req with it where it is dirty. Then noted(), or not_noted() when it is not
 * certain that the entry is there, or the request moved on meanwhile (req_lost).
 */
void op_note(struct op_call *c, const char *outcome, op_fn *noted, op_fn *not_noted);
op_fn op_audit;						/* ACT_AUDIT */

/* ---- operator_effect.c ---- */
void op_effect(struct op_call *c, op_fn *after);	/* of c->doing on c->owner; leaves ended, refusal and status */
/* The same without saving anything. */
void op_dry_run(struct op_call *c, op_fn *after);

void op_ends(struct op_call *c, const char *ended, int status, const char *refusal);	/* the effect is over */

/* ---- operator_aside.c ---- */
op_fn op_set_aside;					/* the whole effect of ACT_SET_ASIDE, dry or not */

/* ---- operator_request.c ---- */
op_fn op_ask, op_decide, op_requests;

/* ---- operator_persons.c ---- */
op_fn op_persons;
void op_find_person(struct op_call *c, op_fn *found);	/* c->intent_id: fills in owner and phone, or answers 404 */

/* ---- operator_phone.c ---- */
op_fn op_phone;
