/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is with a person: one look at the tenant's list of each bucket, one after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/operator_view.h"
#include "service/operator_parts.h"

#define SHOWN 500			/* the oldest of each bucket first */

static void look(struct op_call *c);

static void
sort_by_age(struct op_call *c)
{
	json_t *from = json_object_get(c->json, "persons"), *to = json_array();
	size_t i;
	json_t *one, *other;

	json_array_foreach(from, i, one) {
		size_t at = json_array_size(to);

		while (at > 0 && (other = json_array_get(to, at - 1)) != NULL &&
		    json_integer_value(json_object_get(other, "age_s")) <
		    json_integer_value(json_object_get(one, "age_s")))
			at--;
		json_array_insert(to, at, one);
	}
	json_object_set_new(c->json, "persons", to);
}

static void
all_seen(struct op_call *c)
{
	if (c->found != NULL) {
		op_refuse(c, 404, "intent", "No such payment is with a person");
		return;
	}
	sort_by_age(c);
	op_answer(c, 200);
}

static bool
is_wanted(const struct op_call *c, const struct intent *i)
{
	return strcmp(i->tenant, c->tenant_name) == 0 && i->state == INTENT_PERSON &&
	    (c->found == NULL || strcmp(i->id, c->intent_id) == 0);
}

static void
take(struct op_call *c, const struct intent *i)
{
	json_t *persons = json_object_get(c->json, "persons");

	if (c->found == NULL && json_array_size(persons) < SHOWN)
		json_array_append_new(persons, operator_view_person(i, c->task.gw->now));
	else if (c->found == NULL)
		json_object_set_new(c->json, "more", json_true());
	else {
		str_copy(c->owner, sizeof c->owner, i->owner);
		str_copy(c->phone, sizeof c->phone, i->phone);
	}
}

static void
on_looked(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct intent *i;

	if (e->end != STORE_DONE) {
		op_no_store(c);
		return;
	}
	i = xcalloc(1, sizeof *i);
	for (size_t k = 0; k < e->n; k++)
		if (e->c[k].value.damaged || !intent_decode(e->c[k].value.p, e->c[k].value.len, i))
			log_error(t->id, "intent damaged", "octets=%zu", e->c[k].value.len);
		else if (is_wanted(c, i))
			take(c, i);
	mem_wipe(i, sizeof *i);
	free(i);
	if (e->n == STORE_CLAIM_MAX)
		json_object_set_new(c->json, "more", json_true());
	c->bucket++;
	if (c->found != NULL && c->owner[0] != '\0')
		c->found(c);
	else
		look(c);
}

static void
look(struct op_call *c)
{
	struct store_claim claim = { .list = STORE_PERSON, .bucket = c->bucket, .max = STORE_CLAIM_MAX,
		.part = { { c->tenant_name, STORE_CLAIM_MAX } }, .parts = 1 };

	if (c->bucket == store_families[STORE_PERSON].buckets)
		all_seen(c);
	else if (op_too_late(c))
		op_no_store(c);
	else
		task_claim(&c->task, &claim, on_looked);
}

void
op_persons(struct op_call *c)
{
	json_object_set_new(c->json, "persons", json_array());
	look(c);
}

void
op_find_person(struct op_call *c, op_fn *found)
{
	c->found = found;
	look(c);
}
