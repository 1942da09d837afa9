/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four eyes: what is asked for is saved with its entry in the audit, and takes effect when another operator approves
 * it. The approval is saved before the effect, so that after a crash in between approving again carries it out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/operator_view.h"
#include "service/operator_parts.h"

#define SHOWN 64			/* open at once; more are not shown */

/* ---- asking ---- */

static void
asked(struct op_call *c)
{
	json_object_set_new(c->json, "outcome", json_string("asked"));
	json_object_set_new(c->json, "request", json_integer(c->req.number));
	json_object_set_new(c->json, "lapses", operator_view_time(c->req.at + REQUEST_LIFE_MS));
	op_answer(c, 202);
}

static void
not_saved(struct op_call *c)
{
	op_refuse(c, 503, "store", "It is not certain that this was saved: look at the requests before you ask again");
}

static void
on_dry_run(struct op_call *c)
{
	struct request *r = &c->req;

	if (c->refusal != NULL) {
		op_refuse(c, c->status, c->ended, c->refusal);
		return;
	}
	str_copy(r->act, sizeof r->act, c->act->name);
	str_copy(r->who, sizeof r->who, c->who.name);
	str_copy(r->reason, sizeof r->reason, c->order.reason);
	str_copy(r->owner, sizeof r->owner, c->owner);
	str_copy(r->phone, sizeof r->phone, c->phone);
	str_copy(r->intent, sizeof r->intent, c->intent_id);
	c->has_request = c->req_dirty = true;
	op_note(c, "asked", asked, not_saved);
}

static void
check(struct op_call *c)
{
	c->req.done = c->order.done;
	op_dry_run(c, on_dry_run);
}

void
op_ask(struct op_call *c)
{
	if (c->doing == ACT_RESOLVE)
		op_find_person(c, check);
	else
		check(c);
}

/* ---- deciding ---- */

static void
answer_decided(struct op_call *c)
{
	json_object_set_new(c->json, "request", json_integer(c->req.number));
	if (c->refusal != NULL)
		op_refuse(c, c->status, c->ended, c->refusal);
	else {
		json_object_set_new(c->json, "outcome", json_string(c->ended));
		op_answer(c, c->status);
	}
}

static void
not_closed(struct op_call *c)
{
	json_object_set_new(c->json, "outcome_noted", json_false());
	answer_decided(c);
}

/* Left as approved where it is not known or failed for now: it can be approved once more. */
static void
on_effect(struct op_call *c)
{
	if (c->refusal == NULL)
		c->req.state = REQUEST_CARRIED_OUT;
	else if (c->status == 409 || c->status == 404)
		c->req.state = REQUEST_STALE;
	c->req_dirty = true;
	op_note(c, c->ended, answer_decided, not_closed);
}

static void
on_approved(struct op_call *c)
{
	c->asked = c->entry;
	op_effect(c, on_effect);
}

static void
on_rejected(struct op_call *c)
{
	c->ended = "rejected";
	c->status = 200;
	c->refusal = NULL;
	answer_decided(c);
}

static void
undecided(struct op_call *c)
{
	if (c->req_lost)
		op_refuse(c, 409, "decided", "Somebody else decided it in this moment: look at the requests");
	else
		op_refuse(c, 503, "store", "It is not certain that your word was saved; nothing was done. Say it again");
}

static void
decide(struct op_call *c)
{
	bool approve = c->doing == ACT_APPROVE;
	struct request *r = &c->req;

	c->again = r->state == REQUEST_APPROVED;
	r->state = approve ? REQUEST_APPROVED : REQUEST_REJECTED;
	str_copy(r->decided_by, sizeof r->decided_by, c->who.name);
	r->decided_at = c->task.gw->now;
	c->has_request = c->req_dirty = true;
	str_copy(c->owner, sizeof c->owner, r->owner);
	str_copy(c->phone, sizeof c->phone, r->phone);
	str_copy(c->intent_id, sizeof c->intent_id, r->intent);
	c->doing = (enum operator_what)(operator_act_find(r->act) - operator_acts);
	op_note(c, approve ? "approved" : "rejected", approve ? on_approved : on_rejected, undecided);
}

static void
on_request(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE || e->v[0].damaged) {
		op_no_store(c);
		return;
	}
	if (!e->v[0].present || !request_decode(e->v[0].p, e->v[0].len, &c->req)) {
		op_refuse(c, 404, "request", "There is no such request");
		return;
	}
	rev_loaded(&c->req_rev, &e->v[0]);
	switch (request_decide(&c->req, c->who.name, c->doing == ACT_APPROVE, t->gw->now)) {
	case REQUEST_YES:
		decide(c);
		break;
	case REQUEST_OWN:
		op_refuse(c, 409, "own", "You asked for it yourself: another person must decide");
		break;
	case REQUEST_LAPSED:
		op_refuse(c, 409, "lapsed", "It is older than 24 hours and has lapsed: it must be asked for again");
		break;
	case REQUEST_DECIDED:
		op_refuse(c, 409, "decided", "It was decided already");
		break;
	}
}

static void
number_key(const struct op_call *c, const char *id, struct store_key *key)
{
	*key = key_of(STORE_REQUEST, c->tenant_name, id);
}

void
op_decide(struct op_call *c)
{
	struct store_key key;
	char id[24];

	str_format(id, sizeof id, "%" PRId64, c->order.request);
	number_key(c, id, &key);
	task_load(&c->task, &key, 1, on_request);
}

/* ---- the list ---- */

static void next_requests(struct op_call *c);

static void
on_requests(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct request *r;

	if (e->end != STORE_DONE) {
		op_no_store(c);
		return;
	}
	r = xcalloc(1, sizeof *r);
	for (size_t k = 0; k < e->n; k++)
		if (e->v[k].present && request_decode(e->v[k].p, e->v[k].len, r) && request_waits(r, t->gw->now))
			json_array_append_new(json_object_get(c->json, "requests"), operator_view_request(r));
	free(r);
	next_requests(c);
}

static void
next_requests(struct op_call *c)
{
	struct store_key keys[8];
	size_t n = 0;

	for (; n < NELEM(keys) && c->at < c->items_n; n++)
		number_key(c, c->items[c->at++], &keys[n]);
	if (n == 0)
		op_answer(c, 200);
	else
		task_load(&c->task, keys, n, on_requests);
}

static void
on_numbers(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE) {
		op_no_store(c);
		return;
	}
	c->items = xcalloc(e->n + 1, sizeof *c->items);
	for (; c->items_n < e->n; c->items_n++)
		str_copy(c->items[c->items_n], sizeof c->items[0], e->c[c->items_n].item);
	next_requests(c);
}

void
op_requests(struct op_call *c)
{
	struct store_range r = { .key = key_of(STORE_REQUESTS, c->tenant_name, ""), .max = SHOWN };

	r.from_ms = c->task.gw->now - REQUEST_LIFE_MS;
	r.to_ms = INT64_MAX;
	json_object_set_new(c->json, "requests", json_array());
	task_range(&c->task, &r, on_numbers);
}
