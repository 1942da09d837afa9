/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of one phone that cannot be read are set aside: their octets go under a key of their own, and what stands in
 * their place lets the phone be used again, on the safe side. The PIN has its tries, and the next lock is a longer one;
 * a subscriber begins anew, but stays frozen and without notices, as he may have been; of a payment nothing is left
 * here but what counts in the receiver's limit. What became of it only the wallet core knows, under its id. A sign-up
 * is over without a word of how: the next one has its ids, waits for what it may have sent, and finds what it made.
 *
 * One commit for each record, so that after a crash the rest is done by approving once more. The limit is another
 * bucket's and is rebuilt by the command (cli/rebuild.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/history.h"
#include "core/pin_order.h"
#include "core/session.h"
#include "core/signup.h"
#include "service/operator_parts.h"

#define PAYMENTS_MAX 96
#define TRIES 8

struct aside {
	char id[PAYMENTS_MAX][INTENT_ID];	/* payments that are looked at */
	size_t ids, at;
	int channel;
	char open[INTENT_ID];		/* the newest one that is on its way */
	int64_t open_at;
	unsigned found;			/* records that cannot be read */
	enum store_family family;	/* of the one in hand */
};

static op_fn next_session, next_payment, look_at_pin, look_at_subscriber, look_at_signup, look_at_order;

static void
add_payment(struct aside *a, const char *id)
{
	for (size_t i = 0; i < a->ids; i++)
		if (strcmp(a->id[i], id) == 0)
			return;
	if (id[0] != '\0' && a->ids < PAYMENTS_MAX && str_copy(a->id[a->ids], INTENT_ID, id))
		a->ids++;
}

static void
no_answer(struct op_call *c)
{
	op_ends(c, "failed", 503, "The store does not answer. What was not done is done by approving it again");
}

/* ---- one record ---- */

static const char *
kind_of(enum store_family f)
{
	switch (f) {
	case STORE_PIN:
		return "pin";
	case STORE_SUBSCRIBER:
		return "subscriber";
	case STORE_SIGNUP:
		return "signup";
	case STORE_PIN_ORDER:
		return "new_pin";
	default:
		return "payment";
	}
}

static const char *
id_of(const struct op_call *c)
{
	const struct aside *a = c->aside;

	return a->family == STORE_INTENT ? a->id[a->at - 1] : "";
}

static void
go_on(struct op_call *c)
{
	switch (c->aside->family) {
	case STORE_INTENT:
		next_payment(c);
		break;
	case STORE_PIN:
		look_at_subscriber(c);
		break;
	case STORE_SUBSCRIBER:
		look_at_signup(c);
		break;
	case STORE_SIGNUP:
		look_at_order(c);
		break;
	default:
		if (c->aside->found == 0 && !c->again && c->tries == 0)
			op_ends(c, "refused", 409, "Everything of this phone can be read: nothing is to be set aside");
		else
			op_ends(c, "done", 200, NULL);
	}
}

/* For the answer: "pin", or "payment" and its id. */
static void
list_it(struct op_call *c)
{
	char what[16 + INTENT_ID];
	const char *id = id_of(c);

	str_format(what, sizeof what, "%s%s%s", kind_of(c->aside->family), id[0] != '\0' ? " " : "", id);
	json_array_append_new(json_object_get(c->json, "records"), json_string(what));
}

static void
on_set_aside(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end == STORE_DONE) {
		metric_add(M_RECORDS_SET_ASIDE, 1);
		log_warn(t->id, "record set aside", "tenant=%s record=%s intent=%s", c->tenant_name,
		    kind_of(c->aside->family), id_of(c));
		list_it(c);
		go_on(c);
	} else if (e->end == STORE_CONFLICT && ++c->tries < TRIES)
		op_set_aside(c);	/* somebody wrote it meanwhile: all is looked at anew */
	else if (e->end == STORE_UNKNOWN)
		op_ends(c, "unknown", 500, "It is not known whether all was done: approve it again");
	else
		no_answer(c);
}

static void
new_subscriber(struct op_call *c, struct buf *b)
{
	memset(&c->sub, 0, sizeof c->sub);
	c->sub.frozen_at = c->task.gw->now;
	subscriber_opt_out(&c->sub, true, c->task.gw->now);
	str_copy(c->sub.open_intent, sizeof c->sub.open_intent, c->aside->open);
	subscriber_encode(&c->sub, b);
}

/* Over and told; a dial looks for what it made. */
static void
new_signup(struct op_call *c, struct store_commit *commit, struct buf *b)
{
	struct signup s = { .state = SIGNUP_NOT_DONE, .why = SIGNUP_FAILED, .noted = true, .told = true };
	struct store_key sub = key_of(STORE_SUBSCRIBER, c->owner, "");
	struct buf *b2 = scratch(c->task.gw, 0);

	str_copy(s.owner, sizeof s.owner, c->owner);
	str_copy(s.tenant, sizeof s.tenant, c->tenant_name);
	str_copy(s.uid, sizeof s.uid, c->sub.signup_uid);
	signup_encode(&s, b);
	if (!c->sub.signup_open)
		return;
	signup_lost(&c->sub, c->task.gw->now);
	subscriber_encode(&c->sub, b2);
	commit_put(c->task.gw, commit, &sub, &c->sub_rev, b2, 0);
}

/* The subscriber's record still says that either PIN may be the right one. */
static void
new_order(struct op_call *c, struct buf *b)
{
	struct pin_order o = { .w.kind = PIN_WRITE_CHANGE, .mac_len = sizeof o.w.mac, .ended = true,
		.how = PIN_MAYBE_WRITTEN, .told = true };

	str_copy(o.owner, sizeof o.owner, c->owner);
	str_copy(o.tenant, sizeof o.tenant, c->tenant_name);
	pin_order_encode(&o, b);
}

/* What takes the place of a record, if anything does. */
static void
add_successor(struct op_call *c, struct store_commit *commit, const struct store_key *key, struct rev *rev)
{
	struct buf *b = scratch(c->task.gw, 1);

	switch (key->family) {
	case STORE_PIN:
		c->pin = (struct pin_tries){ .locks = 1 };
		pin_encode(&c->pin, b);
		break;
	case STORE_SUBSCRIBER:
		new_subscriber(c, b);
		break;
	case STORE_SIGNUP:
		new_signup(c, commit, b);
		commit_list_remove(commit, STORE_DUE, key);
		break;
	case STORE_PIN_ORDER:
		new_order(c, b);
		commit_list_remove(commit, STORE_DUE, key);
		break;
	default:
		commit->op[commit->n++] = (struct store_op){ .kind = STORE_DELETE, .key = *key, .from = rev->at };
		commit_list_remove(commit, STORE_DUE, key);
		commit_part_remove(commit, STORE_PERSON, c->tenant_name, key);
		return;
	}
	commit_put(c->task.gw, commit, key, rev, b, 0);
}

static void
set_aside(struct op_call *c, const struct store_key *key, const struct store_value *v)
{
	struct gateway *gw = c->task.gw;
	struct store_commit commit = { .n = 0 };
	struct buf *octets = scratch(gw, 2);
	struct rev rev, none = { 0 };
	struct store_key copy;
	char id[STORE_ID], item[HISTORY_ITEM];

	str_format(id, sizeof id, "%s/%s@%" PRId64, kind_of(key->family), key->id, gw->now);
	copy = key_of(STORE_ASIDE, c->owner, id);
	buf_add(octets, v->damaged ? v->raw : v->p, v->damaged ? v->raw_len : v->len);
	commit_put(gw, &commit, &copy, &none, octets, 0);
	rev_loaded(&rev, v);
	add_successor(c, &commit, key, &rev);
	history_act(item, c->asked);
	commit_owned_item(&commit, STORE_LIST_ADD, STORE_HISTORY, c->owner, item, gw->now);
	task_commit(&c->task, &commit, on_set_aside);
}

/* true: it cannot be read, and that is seen to. */
static bool
is_damaged(struct op_call *c, const struct store_value *v, bool decoded)
{
	struct aside *a = c->aside;
	struct store_key key = key_of(a->family, c->owner, id_of(c));

	if (!v->present || (!v->damaged && decoded))
		return false;
	a->found++;
	if (c->dry) {
		list_it(c);
		go_on(c);
	} else
		set_aside(c, &key, v);
	return true;
}

/* ---- all of them, one after the other ---- */

static void
look_at(struct op_call *c, enum store_family family, task_fn *on)
{
	struct store_key key;

	c->aside->family = family;
	key = key_of(family, c->owner, id_of(c));
	if (op_too_late(c))
		no_answer(c);
	else
		task_load(&c->task, &key, 1, on);
}

static void
on_subscriber(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE)
		no_answer(c);
	else if (!is_damaged(c, &e->v[0], e->v[0].p != NULL &&
	    subscriber_decode(e->v[0].p, e->v[0].len, &c->sub)))
		go_on(c);
}

static void
look_at_subscriber(struct op_call *c)
{
	look_at(c, STORE_SUBSCRIBER, on_subscriber);
}

static bool
can_read_signup(const struct store_value *v)
{
	struct signup s;
	bool can = v->p != NULL && signup_decode(v->p, v->len, &s);

	mem_wipe(&s, sizeof s);
	return can;
}

/* With the subscriber, who says that it is under way. */
static void
on_signup(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end == STORE_DONE && (e->v[1].damaged || !e->v[1].present ||
	    !subscriber_decode(e->v[1].p, e->v[1].len, &c->sub)))
		memset(&c->sub, 0, sizeof c->sub);	/* in a dry run; or never there */
	if (e->end != STORE_DONE) {
		no_answer(c);
		return;
	}
	rev_loaded(&c->sub_rev, &e->v[1]);
	if (!is_damaged(c, &e->v[0], can_read_signup(&e->v[0])))
		go_on(c);
}

static void
look_at_signup(struct op_call *c)
{
	struct store_key keys[2] = { key_of(STORE_SIGNUP, c->owner, ""), key_of(STORE_SUBSCRIBER, c->owner, "") };

	c->aside->family = STORE_SIGNUP;
	if (op_too_late(c))
		no_answer(c);
	else
		task_load(&c->task, keys, NELEM(keys), on_signup);
}

static void
on_order(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct pin_order o;

	if (e->end != STORE_DONE)
		no_answer(c);
	else if (!is_damaged(c, &e->v[0], e->v[0].p != NULL && pin_order_decode(e->v[0].p, e->v[0].len, &o)))
		go_on(c);
	mem_wipe(&o, sizeof o);
}

static void
look_at_order(struct op_call *c)
{
	look_at(c, STORE_PIN_ORDER, on_order);
}

static void
on_pin(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE)
		no_answer(c);
	else if (!is_damaged(c, &e->v[0], e->v[0].p != NULL && pin_decode(e->v[0].p, e->v[0].len, &c->pin)))
		go_on(c);
}

static void
look_at_pin(struct op_call *c)
{
	look_at(c, STORE_PIN, on_pin);
}

static void
on_payment(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct aside *a = c->aside;

	if (e->end != STORE_DONE) {
		no_answer(c);
		return;
	}
	if (is_damaged(c, &e->v[0], e->v[0].p != NULL && intent_decode(e->v[0].p, e->v[0].len, &c->i)))
		return;
	if (e->v[0].present && intent_open(&c->i) && c->i.accepted_at > a->open_at) {
		a->open_at = c->i.accepted_at;
		str_copy(a->open, sizeof a->open, c->i.id);
	}
	go_on(c);
}

static void
next_payment(struct op_call *c)
{
	struct aside *a = c->aside;

	if (a->at == a->ids)
		look_at_pin(c);
	else {
		a->at++;
		look_at(c, STORE_INTENT, on_payment);
	}
}

/* ---- which payments there are: those confirmed, that of each dialogue's screen, and the open one ---- */

static void
on_session(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct session *s = xcalloc(1, sizeof *s);

	/* A dialogue that cannot be read is begun anew by the next turn. */
	if (e->end == STORE_DONE && e->v[0].present && !e->v[0].damaged && session_decode(e->v[0].p, e->v[0].len, s))
		add_payment(c->aside, s->intent);
	mem_wipe(s, sizeof *s);
	free(s);
	if (e->end == STORE_DONE)
		next_session(c);
	else
		no_answer(c);
}

static void
next_session(struct op_call *c)
{
	const struct settings *set = op_settings(c);
	struct aside *a = c->aside;
	struct store_key key;

	while (a->channel < set->channels_n && set->channels[a->channel].tenant != c->tenant)
		a->channel++;
	if (a->channel == set->channels_n) {
		next_payment(c);
		return;
	}
	key = key_of(STORE_SESSION, c->owner, set->channels[a->channel++].name);
	task_load(&c->task, &key, 1, on_session);
}

static void
on_open(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);

	if (e->end != STORE_DONE) {
		no_answer(c);
		return;
	}
	if (e->v[0].present && !e->v[0].damaged && subscriber_decode(e->v[0].p, e->v[0].len, &c->sub))
		add_payment(c->aside, c->sub.open_intent);
	next_session(c);
}

static void
on_history(struct task *t, const struct event *e)
{
	struct op_call *c = op_of(t);
	struct store_key key = key_of(STORE_SUBSCRIBER, c->owner, "");
	const char *id;

	if (e->end != STORE_DONE) {
		no_answer(c);
		return;
	}
	for (size_t i = 0; i < e->n; i++)
		if ((id = history_intent_of(e->c[i].item)) != NULL)
			add_payment(c->aside, id);
	task_load(t, &key, 1, on_open);
}

void
op_set_aside(struct op_call *c)
{
	struct store_range r = { .key = key_of(STORE_HISTORY, c->owner, ""), .to_ms = INT64_MAX,
		.max = STORE_CLAIM_MAX };

	free(c->aside);
	c->aside = xcalloc(1, sizeof *c->aside);
	if (json_object_get(c->json, "records") == NULL)
		json_object_set_new(c->json, "records", json_array());
	task_range(&c->task, &r, on_history);
}
