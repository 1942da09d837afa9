/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit in the store: the head and the entries of a tenant lie in one bucket, and one commit appends, so entry k+1
 * is written only where the head stands at k. Whoever was slower reads the head anew.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/operator_view.h"
#include "service/operator_parts.h"

#define NOTE_TRIES 30
#define AT_ONCE 8			/* keys of one load */
#define SHOWN 20

static void note_again(struct op_call *c);

static struct store_key
head_key(const struct op_call *c)
{
	return key_of(STORE_AUDIT, c->tenant_name, "head");
}

static struct store_key
entry_key(const struct op_call *c, int64_t number)
{
	char id[24];

	str_format(id, sizeof id, "%" PRId64, number);
	return key_of(STORE_AUDIT, c->tenant_name, id);
}

static bool
take_head(struct op_call *c, const struct store_value *v)
{
	memset(&c->head, 0, sizeof c->head);
	rev_loaded(&c->head_rev, v);
	if (!v->present)
		return !v->damaged;
	return !v->damaged && audit_head_decode(v->p, v->len, &c->head);
}

/* ---- appending ---- */

static void
fill_entry(const struct op_call *c, struct audit_entry *e)
{
	struct gateway *gw = c->task.gw;
	char target[STORE_OWNER], masked[PHONE_TEXT];

	e->at = gw->now;
	str_copy(e->who, sizeof e->who, c->who.name);
	str_copy(e->act, sizeof e->act, c->act->name);
	str_copy(e->tenant, sizeof e->tenant, c->tenant_name);
	str_copy(e->intent, sizeof e->intent, c->intent_id);
	str_copy(e->reason, sizeof e->reason, c->order.reason);
	str_copy(e->outcome, sizeof e->outcome, c->outcome);
	str_format(e->call, sizeof e->call, "%016" PRIx64, c->task.id);
	e->asked = c->asked;
	e->request = c->has_request ? c->req.number : 0;
	if (c->phone[0] == '\0')
		return;
	str_copy(e->phone, sizeof e->phone, phone_mask(c->phone, masked));
	str_format(target, sizeof target, "%s/%s", c->tenant_name, c->phone);
	gateway_mac(gw, "audit phone", target, e->phone_mac);
	e->phone_mac_len = sizeof e->phone_mac;
}

/* A new request has the number of the entry that asks for it. */
static void
add_request(struct op_call *c, struct store_commit *commit, int64_t number)
{
	struct gateway *gw = c->task.gw;
	struct buf *b = scratch(gw, 2);
	struct store_key key;
	char id[24];

	if (rev_absent(&c->req_rev)) {
		c->req.number = number;
		c->req.at = gw->now;
	}
	str_format(id, sizeof id, "%" PRId64, c->req.number);
	key = key_of(STORE_REQUEST, c->tenant_name, id);
	request_encode(&c->req, b);
	commit_put(gw, commit, &key, &c->req_rev, b, 0);
	commit_owned_item(commit, request_waits(&c->req, gw->now) ? STORE_LIST_ADD : STORE_LIST_REMOVE, STORE_REQUESTS,
	    c->tenant_name, id, c->req.at);
}

static void
failed(struct op_call *c)
{
	metric_add(M_AUDIT_FAILED, 1);
	log_error(c->task.id, "audit not written", "who=%s act=%s outcome=%s", c->who.name, c->act->name, c->outcome);
	c->not_noted(c);
}

static void
on_again(struct task *t, const struct event *e)
{
	(void)e;
	note_again(op_of(t));
}

static void
on_noted(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	unsigned char jitter;

	if (e->end == STORE_DONE) {
		if (c->req_dirty)
			rev_saved(&c->req_rev);
		c->req_dirty = false;
		c->entry = c->head.number;
		metric_add(M_AUDIT_ENTRIES, 1);
		c->noted(c);
	} else if (e->end == STORE_CONFLICT && ++c->note_tries < NOTE_TRIES && !op_too_late(c)) {
		/* Acts at the same time take their numbers one after the other. */
		t->gw->ports->random(t->gw->ports->ctx, &jitter, 1);
		task_sleep(t, t->gw->now + jitter % 40, on_again);
	} else
		failed(c);
}

static void
append(struct op_call *c)
{
	struct gateway *gw = c->task.gw;
	struct store_commit commit = { .n = 0 };
	struct store_key head = head_key(c), key;
	struct audit_entry *e = xcalloc(1, sizeof *e);
	struct buf *octets = scratch(gw, 0), *b = scratch(gw, 1);
	struct rev none = { 0 };

	if (c->req_dirty)
		add_request(c, &commit, c->head.number + 1);
	fill_entry(c, e);
	audit_append(&c->head, e, octets);
	key = entry_key(c, e->number);
	commit_put(gw, &commit, &key, &none, octets, 0);
	audit_head_encode(&c->head, b);
	commit_put(gw, &commit, &head, &c->head_rev, b, 0);
	task_commit(&c->task, &commit, on_noted);
	free(e);
}

/* It is not any more as it was when this act was decided on. */
static bool
request_moved(const struct op_call *c, const struct store_value *v)
{
	return memcmp(v->version.p, c->req_rev.at.p, sizeof v->version.p) != 0;
}

static void
on_head(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE || !take_head(c, &e->v[0]))
		failed(c);
	else if (e->n > 1 && request_moved(c, &e->v[1])) {
		c->req_lost = true;
		c->not_noted(c);
	} else
		append(c);
}

static void
note_again(struct op_call *c)
{
	struct store_key keys[2] = { head_key(c) };
	size_t n = 1;
	char id[24];

	if (c->req_dirty && !rev_absent(&c->req_rev)) {
		str_format(id, sizeof id, "%" PRId64, c->req.number);
		keys[n++] = key_of(STORE_REQUEST, c->tenant_name, id);
	}
	task_load(&c->task, keys, n, on_head);
}

void
op_note(struct op_call *c, const char *outcome, op_fn *noted, op_fn *not_noted)
{
	c->outcome = outcome;
	c->noted = noted;
	c->not_noted = not_noted;
	c->note_tries = 0;
	note_again(c);
}

/* ---- showing it ---- */

static void walk_on(struct op_call *c);

static void
show_end(struct op_call *c)
{
	enum audit_end end = audit_walk_stop(&c->walk, &c->head);

	json_object_set_new(c->json, "chain", json_string(audit_end_name(end)));
	json_object_set_new(c->json, "last", json_integer(c->head.number));
	if (end != AUDIT_WHOLE) {
		metric_add(M_AUDIT_BROKEN, 1);
		log_error(c->task.id, "audit broken", "tenant=%s entry=%" PRId64 " how=%s", c->tenant_name,
		    c->walk.broken_at, audit_end_name(end));
		json_object_set_new(c->json, "broken_at", json_integer(c->walk.broken_at));
	}
	op_answer(c, 200);
}

static void
on_entries(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct audit_entry *entry;
	bool whole = true;

	if (e->end != STORE_DONE) {
		op_no_store(c);
		return;
	}
	entry = xcalloc(1, sizeof *entry);
	for (size_t k = 0; k < e->n && whole; k++) {
		const void *p = e->v[k].present ? e->v[k].p : NULL;

		whole = audit_walk_on(&c->walk, e->v[k].damaged ? "" : p, e->v[k].damaged ? 0 : e->v[k].len, entry);
		if (whole && entry->number >= c->from)
			json_array_insert_new(json_object_get(c->json, "entries"), 0, operator_view_entry(entry));
	}
	free(entry);
	if (whole)
		walk_on(c);
	else
		show_end(c);
}

static void
walk_on(struct op_call *c)
{
	struct store_key keys[AT_ONCE];
	size_t n = 0;

	if (c->walk.next > c->head.number) {
		show_end(c);
		return;
	}
	if (op_too_late(c)) {
		op_refuse(c, 503, "time", "The audit is too long to be checked in one answer");
		return;
	}
	for (; n < AT_ONCE && c->walk.next + (int64_t)n <= c->head.number; n++)
		keys[n] = entry_key(c, c->walk.next + (int64_t)n);
	task_load(&c->task, keys, n, on_entries);
}

static void
on_audit_head(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	int64_t shown = c->order.count > 0 ? c->order.count : SHOWN;

	if (e->end != STORE_DONE) {
		op_no_store(c);
		return;
	}
	/* Entries without a head: it was taken away. */
	if (!take_head(c, &e->v[0]) || (c->head.number == 0 && (e->v[1].present || e->v[1].damaged))) {
		metric_add(M_AUDIT_BROKEN, 1);
		log_error(t->id, "audit broken", "tenant=%s how=head", c->tenant_name);
		op_refuse(c, 500, "damaged", "The head of the audit is gone or cannot be read");
		return;
	}
	c->from = c->head.number >= shown ? c->head.number - shown + 1 : 1;
	/* The one before the first that is shown is what that one is checked against. */
	audit_walk_start(&c->walk, c->order.flag || c->from == 1 ? 1 : c->from - 1);
	json_object_set_new(c->json, "checked_from", json_integer(c->walk.next));
	json_object_set_new(c->json, "entries", json_array());
	walk_on(c);
}

void
op_audit(struct op_call *c)
{
	struct store_key keys[] = { head_key(c), entry_key(c, 1) };

	task_load(&c->task, keys, NELEM(keys), on_audit_head);
}
