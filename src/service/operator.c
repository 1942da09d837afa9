/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of operators: who may do what where, and the way of each act. What a tenant that is not his has is not told
 * from a tenant that does not exist.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/operator_parts.h"

#define CALLS_MAX 32			/* acts at once: they are few, and some read much */

static void
op_end(struct task *t)
{
	struct op_call *c = op_of(t);

	t->gw->operator_calls--;
	json_decref(c->json);
	free(c->items);
	free(c->aside);
	mem_wipe(c, sizeof *c);
	free(c);
}

const struct settings *
op_settings(const struct op_call *c)
{
	return c->task.gw->settings;
}

bool
op_too_late(const struct op_call *c)
{
	return c->task.gw->now >= c->until;
}

void
op_answer(struct op_call *c, int status)
{
	const struct ports *p = c->task.gw->ports;
	char *text;

	if (c->entry != 0)
		json_object_set_new(c->json, "entry", json_integer(c->entry));
	text = json_dumps(c->json, JSON_COMPACT);
	log_info(c->task.id, "operator", "who=%s tenant=%s act=%s status=%d entry=%lld", c->who.name,
	    c->tenant_name, c->act != NULL ? c->act->name : "?", status, (long long)c->entry);
	p->operator_reply(p->ctx, c->call, status, text != NULL ? text : "{}");
	free(text);
	task_end(&c->task);
}

void
op_refuse(struct op_call *c, int status, const char *error, const char *words)
{
	json_object_set_new(c->json, "error", json_string(error));
	json_object_set_new(c->json, "words", json_string(words));
	op_answer(c, status);
}

void
op_no_store(struct op_call *c)
{
	op_refuse(c, 503, "store", "The store does not answer. Nothing was done; try again");
}

/* ---- an act that changes something at once ---- */

static void
close_act(struct op_call *c)
{
	if (c->refusal != NULL)
		op_refuse(c, c->status, c->ended, c->refusal);
	else {
		json_object_set_new(c->json, "outcome", json_string(c->ended));
		op_answer(c, c->status);
	}
}

/* What was done is done: its first entry stands, and the answer is the truth. */
static void
not_closed(struct op_call *c)
{
	log_error(c->task.id, "audit not closed", "who=%s act=%s outcome=%s", c->who.name, c->act->name, c->ended);
	json_object_set_new(c->json, "outcome_noted", json_false());
	close_act(c);
}

static void
on_effect(struct op_call *c)
{
	op_note(c, c->ended, close_act, not_closed);
}

static void
on_asked(struct op_call *c)
{
	c->asked = c->entry;
	op_effect(c, on_effect);
}

static void
change(struct op_call *c)
{
	op_note(c, "asked", on_asked, op_no_store);
}

/* ---- the door ---- */

static void
look_at_phone(struct op_call *c)
{
	op_note(c, "looked", op_phone, op_no_store);
}

static void
perform(struct op_call *c)
{
	static op_fn *const way[OPERATOR_ACTS] = {
		[ACT_PERSONS] = op_persons, [ACT_PHONE] = look_at_phone, [ACT_REQUESTS] = op_requests,
		[ACT_AUDIT] = op_audit, [ACT_RESOLVE] = op_ask, [ACT_UNFREEZE] = op_ask,
		[ACT_SET_ASIDE] = op_ask,
		[ACT_APPROVE] = op_decide, [ACT_REJECT] = op_decide,
		[ACT_UNLOCK] = change, [ACT_FREEZE] = change, [ACT_RESEND] = change, [ACT_CANCEL] = change,
		[ACT_OPT_OUT] = change, [ACT_OPT_IN] = change,
	};

	c->doing = c->order.what;
	str_copy(c->phone, sizeof c->phone, c->order.phone);
	str_copy(c->intent_id, sizeof c->intent_id, c->order.intent);
	if (c->phone[0] != '\0')
		str_format(c->owner, sizeof c->owner, "%s/%s", c->tenant_name, c->phone);
	way[c->doing](c);
}

static void
refuse_him(struct op_call *c, int status, const char *error, const char *words)
{
	metric_add(M_OPERATOR_REFUSED, 1);
	log_warn(c->task.id, "operator refused", "who=%s tenant=%s act=%s why=%s", c->who.name, c->tenant_name,
	    c->act->name, error);
	op_refuse(c, status, error, words);
}

static void
refuse_role(struct op_call *c)
{
	char need[64], words[128];

	operator_act_roles(c->act, need, sizeof need);
	str_format(words, sizeof words, "You have not the role for this: it needs %s", need);
	refuse_him(c, 403, "role", words);
}

/* Names from outside go to logs only once they are known. */
static void
admit(struct op_call *c, const struct operator_in *in)
{
	const struct gateway *gw = c->task.gw;
	char problem[200];

	c->act = operator_act_find(in->act);
	c->tenant = tenant_find(gw, in->tenant);
	if (c->tenant >= 0 && operator_sees(&c->who, c->tenant))
		c->tenant_name = gw->settings->tenants[c->tenant].name;
	if (gw->draining || gw->operator_calls > CALLS_MAX)
		op_refuse(c, 503, "busy", "Too much is being done now. Nothing was done; try again");
	else if (c->act == NULL)
		op_refuse(c, 404, "act", "There is no such act");
	else if (!operator_may(&c->who, c->act))
		refuse_role(c);
	else if (c->tenant_name[0] == '\0')
		refuse_him(c, 404, "tenant", "There is no such tenant, or it is not yours");
	else if (!operator_order_parse(c->act, in->body != NULL ? in->body : "", in->len,
	    gw->settings->tenants[c->tenant].country, &c->order, problem, sizeof problem))
		op_refuse(c, 400, "order", problem);
	else
		perform(c);
}

void
gateway_operator(struct gateway *gw, int64_t now, const struct operator_in *in)
{
	struct op_call *c = xcalloc(1, sizeof *c);

	gw->now = now;
	gw->operator_calls++;
	metric_add(M_OPERATOR_ACTS, 1);
	c->call = in->call;
	c->who = *in->who;
	c->tenant_name = "";
	c->until = now + OPERATOR_ANSWER_MS;
	c->json = json_object();
	task_start(gw, &c->task, op_end);
	admit(c, in);
}
