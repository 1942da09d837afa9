/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline of one phone at one tenant: what is known of it, its last sign-up, its turns, its payments with their messages, its limit,
 * what operators did. Read one after the other within the act's time; what could not be read is named in "unread" and
 * not passed over in silence. SMS that belong to no payment are not found by the phone.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "core/operator_view.h"
#include "core/session.h"
#include "service/operator_parts.h"

#define ITEMS_SHOWN 40			/* payments and operators' acts together */

static op_fn read_turns, read_limit, read_history, next_item;

static void
unread(struct op_call *c, const char *what)
{
	json_t *list = json_object_get(c->json, "unread");

	if (list == NULL) {
		list = json_array();
		json_object_set_new(c->json, "unread", list);
	}
	json_array_append_new(list, json_string(what));
}

/* ---- what is known ---- */

static void
add_signup(struct op_call *c, const struct store_value *v)
{
	struct signup s;

	if (!v->present)
		return;
	if (v->damaged || !signup_decode(v->p, v->len, &s))
		unread(c, "signup");
	else
		json_object_set_new(c->json, "signup", operator_view_signup(&s, c->task.gw->now));
	mem_wipe(&s, sizeof s);
}

static void
on_records(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE) {
		op_no_store(c);
		return;
	}
	if (e->v[0].damaged || (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, &c->sub)))
		unread(c, "subscriber");
	else
		json_object_set_new(c->json, "known", operator_view_subscriber(&c->sub));
	if (e->v[1].damaged || (e->v[1].present && !pin_decode(e->v[1].p, e->v[1].len, &c->pin)))
		unread(c, "pin");
	else
		json_object_set_new(c->json, "pin", operator_view_pin(&c->pin, t->gw->now));
	add_signup(c, &e->v[2]);
	read_turns(c);
}

void
op_phone(struct op_call *c)
{
	struct store_key keys[] = { key_of(STORE_SUBSCRIBER, c->owner, ""), key_of(STORE_PIN, c->owner, ""),
		key_of(STORE_SIGNUP, c->owner, "") };
	char masked[PHONE_TEXT];

	json_object_set_new(c->json, "phone", json_string(phone_mask(c->phone, masked)));
	json_object_set_new(c->json, "turns", json_array());
	task_load(&c->task, keys, NELEM(keys), on_records);
}

/* ---- turns: a trail in the session of each of the tenant's channels ---- */

static const char *
time_of(const json_t *turn)
{
	const char *at = json_string_value(json_object_get(turn, "at"));

	return at != NULL ? at : "";	/* a damaged trail */
}

/* The newest first, of all channels. */
static void
add_trail(struct op_call *c, const char *trail, const char *channel)
{
	json_t *turns = json_object_get(c->json, "turns"), *one;
	struct history_turn turn;

	while (history_next_turn(&trail, &turn)) {
		size_t at = 0;

		one = operator_view_turn(&turn, channel);
		while (at < json_array_size(turns) && strcmp(time_of(json_array_get(turns, at)), time_of(one)) > 0)
			at++;
		json_array_insert_new(turns, at, one);
	}
}

static void
on_session(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct session *s = xcalloc(1, sizeof *s);

	if (e->end != STORE_DONE || (e->v[0].present && !session_decode(e->v[0].p, e->v[0].len, s)))
		unread(c, "turns");
	else
		add_trail(c, s->trail, op_settings(c)->channels[c->channel - 1].name);
	mem_wipe(s, sizeof *s);
	free(s);
	read_turns(c);
}

static void
read_turns(struct op_call *c)
{
	const struct settings *set = op_settings(c);
	struct store_key key;

	while (c->channel < set->channels_n && set->channels[c->channel].tenant != c->tenant)
		c->channel++;
	if (c->channel == set->channels_n) {
		read_limit(c);
		return;
	}
	key = key_of(STORE_SESSION, c->owner, set->channels[c->channel++].name);
	task_load(&c->task, &key, 1, on_session);
}

/* ---- the limit of this month and the last ---- */

static void
months(const struct op_call *c, int64_t month[2])
{
	char text[7];

	calendar_month(c->task.gw->now, text);
	if (!str_to_i64(text, 0, 999999, &month[0]))
		month[0] = 0;
	month[1] = month[0] % 100 > 1 ? month[0] - 1 : month[0] - 100 + 11;
}

static void
on_limits(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct limit *l = xcalloc(1, sizeof *l);
	json_t *limits = json_array();
	int64_t month[2];

	months(c, month);
	for (size_t k = 0; k < 2; k++) {
		memset(l, 0, sizeof *l);
		if (e->end == STORE_DONE && !e->v[k].damaged &&
		    (!e->v[k].present || limit_decode(e->v[k].p, e->v[k].len, l)))
			json_array_append_new(limits, operator_view_limit(l, month[k], op_settings(c)->limit_amount));
		else
			unread(c, "limit");
	}
	free(l);
	json_object_set_new(c->json, "limits", limits);
	read_history(c);
}

static void
read_limit(struct op_call *c)
{
	struct store_key keys[2];
	int64_t month[2];
	char id[24];

	months(c, month);
	for (size_t k = 0; k < 2; k++) {
		str_format(id, sizeof id, "%06" PRId64, month[k]);
		keys[k] = key_of(STORE_LIMIT, c->phone, id);
	}
	task_load(&c->task, keys, 2, on_limits);
}

/* ---- payments and acts, the newest first ---- */

static void
on_history(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	json_object_set_new(c->json, "payments", json_array());
	json_object_set_new(c->json, "acts", json_array());
	if (e->end != STORE_DONE)
		unread(c, "history");
	c->items = xcalloc(e->n + 1, sizeof *c->items);
	for (; e->end == STORE_DONE && c->items_n < e->n; c->items_n++)
		str_copy(c->items[c->items_n], sizeof c->items[0], e->c[c->items_n].item);
	next_item(c);
}

static void
read_history(struct op_call *c)
{
	struct store_range r = { .key = key_of(STORE_HISTORY, c->owner, ""), .to_ms = INT64_MAX, .max = ITEMS_SHOWN };

	task_range(&c->task, &r, on_history);
}

/* ---- the messages of a payment: their ids follow from its own ---- */

static const struct {
	int step;			/* that must have been done, or there is no such message */
	const char *suffix;
} messages[] = {
	{ STEP_TOKEN_SMS, "token_sms" }, { STEP_TOKEN_SMS, "token_sms:1" }, { STEP_TOKEN_SMS, "token_sms:2" },
	{ STEP_TOKEN_SMS, "token_sms:3" }, { STEP_TOKEN_SMS, "undelivered" }, { STEP_TOKEN_SMS, "undelivered:1" },
	{ STEP_TOKEN_SMS, "undelivered:2" }, { STEP_TOKEN_SMS, "undelivered:3" }, { STEP_RESULT_SMS, "result_sms" },
	{ STEP_RESULT_SMS, "result_sms:p1" },
	{ STEP_RESULT_SMS, "result_sms:p2" }, { STEP_RECEIVER_SMS, "receiver_sms" }, { STEP_FINAL_SMS, "final_sms" },
};

static op_fn next_message;

static void
on_message(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	json_t *payments = json_object_get(c->json, "payments");
	json_t *last = json_array_get(payments, json_array_size(payments) - 1);
	struct message *m = xcalloc(1, sizeof *m);

	if (e->end != STORE_DONE || (e->v[0].present && !message_decode(e->v[0].p, e->v[0].len, m)))
		unread(c, "message");
	else if (e->v[0].present)
		json_array_append_new(json_object_get(last, "messages"), operator_view_message(m));
	mem_wipe(m, sizeof *m);
	free(m);
	next_message(c);
}

static bool
may_be_there(const struct intent *i, int k)
{
	const char *again = strchr(messages[k].suffix, ':');

	if ((i->steps & messages[k].step) == 0)
		return false;
	if (again == NULL)
		return true;
	return again[1] == 'p' ? i->resolves >= again[2] - '0' : i->resends >= again[1] - '0';
}

static void
next_message(struct op_call *c)
{
	struct store_key key;
	char id[MESSAGE_ID];

	while (c->message < (int)NELEM(messages) && !may_be_there(&c->i, c->message))
		c->message++;
	if (c->message == (int)NELEM(messages)) {
		next_item(c);
		return;
	}
	str_format(id, sizeof id, "%s:%s", c->i.id, messages[c->message++].suffix);
	key = key_of(STORE_MESSAGE, id, "");
	task_load(&c->task, &key, 1, on_message);
}

static void
on_payment(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	json_t *payment;

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !intent_decode(e->v[0].p, e->v[0].len, &c->i))) {
		unread(c, "payment");
		next_item(c);
		return;
	}
	if (!e->v[0].present) {
		next_item(c);		/* older than records are kept */
		return;
	}
	payment = operator_view_intent(&c->i);
	json_object_set_new(payment, "messages", json_array());
	json_array_append_new(json_object_get(c->json, "payments"), payment);
	c->message = 0;
	next_message(c);
}

/* ---- operators' acts ---- */

static void
on_act(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct audit_entry *entry = xcalloc(1, sizeof *entry);
	json_t *act;

	if (e->end == STORE_DONE && e->v[0].present && audit_entry_decode(e->v[0].p, e->v[0].len, entry)) {
		act = operator_view_entry(entry);
		/* Its line came into the history by the commit that did it. */
		json_object_set_new(act, "outcome", json_string("done"));
		json_array_append_new(json_object_get(c->json, "acts"), act);
	} else
		unread(c, "act");
	free(entry);
	next_item(c);
}

static void
next_item(struct op_call *c)
{
	const char *item = c->at < c->items_n ? c->items[c->at++] : NULL, *id;
	struct store_key key;
	char number[24];

	if (item != NULL && op_too_late(c)) {
		unread(c, "older");
		item = NULL;
	}
	if (item == NULL)
		op_answer(c, 200);
	else if ((id = history_intent_of(item)) != NULL) {
		key = key_of(STORE_INTENT, c->owner, id);
		task_load(&c->task, &key, 1, on_payment);
	} else {
		str_format(number, sizeof number, "%" PRId64, history_act_of(item));
		key = key_of(STORE_AUDIT, c->tenant_name, number);
		task_load(&c->task, &key, 1, on_act);
	}
}
