/* SPDX-License-Identifier: Apache-2.0 */
#include "service/send.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/message.h"
#include "service/say.h"

#define PARKED_MS INT64_C(600000)	/* an early receipt waits so long for its message; ids come again */
#define NO_ROOM_MS 1000
#define POLL_MS 250			/* of an idle partition */
#define CLAIM_LEASE_MS 20000
#define ATTEMPT_LEASE_MS 90000		/* longer than any provider's response timer */
#define CLAIM_AT_ONCE 32
#define SAVE_TRIES 5

struct carried {			/* a message that a task is at work on */
	struct task task;
	struct message m;
	struct rev rev;
	int tries;
	struct rev pointer_rev;		/* of what leads the provider's id to it */
	bool booked;			/* a place of its bind, until the octets are the link's business */
	task_fn *told;			/* where it goes on when the payer has been told */
};

static struct carried *
carried_of(struct task *t)
{
	return LIST_OF(t, struct carried, task);
}

static const struct tenant_settings *
tenant_of(const struct carried *s)
{
	int i = tenant_find(s->task.gw, s->m.tenant);

	return i >= 0 ? &s->task.gw->settings->tenants[i] : NULL;
}

/* The one channel that an answer may leave by, or -1: the configuration has it no more. */
static int
way_back(const struct carried *s)
{
	const struct settings *set = s->task.gw->settings;

	for (int i = 0; i < set->channels_n; i++)
		if (set->channels[i].kind == CHANNEL_SMS_SMPP && strcmp(set->channels[i].name, s->m.channel) == 0)
			return i;
	return -1;
}

static int
channel_of(const struct carried *s)
{
	const struct tenant_settings *t = tenant_of(s);

	return s->m.channel[0] != '\0' ? way_back(s) : t->routes[s->m.cls][s->m.route];
}

static int
bind_of(const struct carried *s)
{
	return s->task.gw->settings->channels[channel_of(s)].bind;
}

/* Takes a place of its bind, or gives it back. */
static void
book(struct carried *s, bool take)
{
	if (s->booked == take)
		return;
	s->task.gw->bind_sends[bind_of(s)] += take ? 1u : -1u;
	s->booked = take;
}

static void
sending_end(struct task *t)
{
	struct carried *s = carried_of(t);

	book(s, false);
	t->gw->sends--;
	mem_wipe(s, sizeof *s);
	free(s);
}

static struct message_rules
rules_of(const struct carried *s)
{
	const struct tenant_settings *t = tenant_of(s);
	int routes = t != NULL ? t->routes_n[s->m.cls] : 0;

	if (t != NULL && s->m.channel[0] != '\0')
		routes = way_back(s) >= 0 ? 1 : 0;
	return (struct message_rules){ routes, s->task.gw->settings->message_tries };
}

static void
save(struct carried *s, task_fn *on)
{
	struct gateway *gw = s->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_MESSAGE, s->m.id, "");
	struct buf *b = scratch(gw, 0);

	message_encode(&s->m, b);
	commit_put(gw, &c, &key, &s->rev, b, 0);
	if (message_final(&s->m))
		commit_list_remove(&c, STORE_OUTBOX, &key);
	else
		commit_list_add(&c, STORE_OUTBOX, &key, s->m.next_at);
	task_commit(&s->task, &c, on);
}

static void
count_end(const struct carried *s)
{
	static const enum metric metric[MESSAGE_STATES] = {
		[MESSAGE_SENT] = M_MESSAGES_SENT, [MESSAGE_DELIVERED] = M_MESSAGES_DELIVERED,
		[MESSAGE_FAILED] = M_MESSAGES_FAILED, [MESSAGE_EXPIRED] = M_MESSAGES_EXPIRED,
		[MESSAGE_UNKNOWN] = M_MESSAGES_UNKNOWN, [MESSAGE_WAITING] = M_MESSAGES_RETRIED,
	};

	if (s->m.state != MESSAGE_SENDING)
		metric_add(metric[s->m.state], 1);
	log_at(s->m.state == MESSAGE_FAILED || s->m.state == MESSAGE_EXPIRED ? LOG_WARN : LOG_INFO, s->task.id,
	    "message", "message=%s state=%s attempts=%d status=0x%x", s->m.id, message_state_name(s->m.state),
	    s->m.attempts, (unsigned)s->m.status);
}

/* ---- the payer hears that a token finally could not be delivered, before that is saved ---- */

static void
on_owner_loaded(struct task *t, const struct event *e)
{
	struct carried *k = carried_of(t);
	struct intent *i = xcalloc(1, sizeof *i);
	struct message *m = xcalloc(1, sizeof *m);
	struct store_commit c = { .n = 0 };
	struct vars v = { 0 };
	int tenant = tenant_find(t->gw, k->m.tenant);
	char id[MESSAGE_ID];
	bool said = false;

	if (e->end == STORE_DONE && e->v[0].present && intent_decode(e->v[0].p, e->v[0].len, i) &&
	    i->phone[0] != '\0' && tenant >= 0) {
		vars_set_i64(&v, "amount", i->amount);
		vars_set(&v, "to_phone", i->to_phone);
		vars_set(&v, "help_phone", t->gw->settings->tenants[tenant].help_phone);
		str_format(id, sizeof id, "%s:undelivered", i->id);
		said = say_text(t->gw, tenant, MSG_RESULT, id, i->phone, i->lang,
		    "sms.result.token_undelivered", &v, m);
	}
	if (said) {
		say_put(t->gw, &c, m);
		task_commit(t, &c, k->told);
	} else
		k->told(t, e);
	mem_wipe(i, sizeof *i);
	free(i);
	free(m);
}

/* `told` gets an event: neither DONE nor CONFLICT (it was said before) means that it must be tried again. */
static void
tell_undelivered(struct carried *k, task_fn *told)
{
	static const struct event nothing = { .kind = EV_COMMITTED, .end = STORE_DONE };
	bool lost = k->m.cls == MSG_TOKEN &&
	    (k->m.state == MESSAGE_FAILED || k->m.state == MESSAGE_EXPIRED);
	struct store_key key;

	if (lost)
		log_error(k->task.id, "token undelivered", "message=%s state=%s", k->m.id,
		    message_state_name(k->m.state));
	if (!lost || k->m.intent_id[0] == '\0') {
		told(&k->task, &nothing);
		return;
	}
	k->told = told;
	key = key_of(STORE_INTENT, k->m.intent_owner, k->m.intent_id);
	task_load(&k->task, &key, 1, on_owner_loaded);
}

static bool
was_told(const struct event *e)
{
	return e->end == STORE_DONE || e->end == STORE_CONFLICT;
}

static void
on_answer_saved(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);

	if (e->end == STORE_DONE) {
		rev_saved(&s->rev);
		count_end(s);
		task_end(t);
	} else if (e->end == STORE_CONFLICT) {
		log_warn(t->id, "message carried on elsewhere", "message=%s", s->m.id);
		task_end(t);
	} else if (++s->tries < SAVE_TRIES)
		save(s, on_answer_saved);
	else
		task_end(t);	/* the attempt is saved: what it came to is unknown, as it would be after a crash */
}

static void
on_told(struct task *t, const struct event *e)
{
	if (was_told(e))
		save(carried_of(t), on_answer_saved);
	else
		task_end(t);	/* its lease brings it back */
}

static void
conclude(struct carried *s)
{
	tell_undelivered(s, on_told);
}

/* ---- the provider's id leads receipts to the message ---- */

static void
receipt_key(const struct gateway *gw, int bind, const char *raw, struct store_key *key)
{
	char id[66];

	receipt_canonical_id(raw, false, id);
	*key = key_of(STORE_RECEIPT, bind >= 0 ? gw->settings->binds[bind].name : "", id);
}

static void save_pointer(struct carried *s);
static void on_pointer_saved(struct task *t, const struct event *e);

static bool
is_pointer_to(const struct store_value *v, const char *id)
{
	const char *p = v->p;

	return !v->damaged && v->len == strlen(id) + 1 && p[0] == 'M' && memcmp(p + 1, id, v->len - 1) == 0;
}

/* What lies in the place of the pointer: an early receipt, the pointer itself, or nothing after all. */
static void
on_parked_loaded(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	enum receipt_state state;

	if (e->end != STORE_DONE) {
		on_pointer_saved(t, e);
		return;
	}
	if (!e->v[0].present) {
		save_pointer(s);
		return;
	}
	if (!e->v[0].damaged && e->v[0].len == 1 + sizeof state && *(const char *)e->v[0].p == 'R') {
		memcpy(&state, (const char *)e->v[0].p + 1, sizeof state);
		message_on_receipt(&s->m, state == RECEIPT_DELIVERED, state == RECEIPT_FAILED);
	} else if (!is_pointer_to(&e->v[0], s->m.id)) {
		/* The SMSC gave the id of an older message again: receipts are ours from now on. */
		rev_loaded(&s->pointer_rev, &e->v[0]);
		save_pointer(s);
		return;
	}
	conclude(s);
}

static void
on_pointer_saved(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct store_key key;

	if (e->end == STORE_DONE || ++s->tries >= SAVE_TRIES) {
		s->tries = 0;
		conclude(s);	/* at worst its receipt will find nothing and be counted */
		return;
	}
	receipt_key(t->gw, t->gw->settings->channels[channel_of(s)].bind, s->m.provider_id, &key);
	task_load(t, &key, 1, on_parked_loaded);
}

static void
save_pointer(struct carried *s)
{
	struct gateway *gw = s->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key;
	struct buf *b = scratch(gw, 1);

	receipt_key(gw, gw->settings->channels[channel_of(s)].bind, s->m.provider_id, &key);
	buf_add_char(b, 'M');
	buf_add_str(b, s->m.id);
	commit_put(gw, &c, &key, &s->pointer_rev, b, 0);
	task_commit(&s->task, &c, on_pointer_saved);
}

/* ---- one attempt ---- */

static void
on_sms(struct task *t, const struct event *e)
{
	static const enum message_answer meaning[] = {
		[SMS_SENT] = MESSAGE_ACCEPTED, [SMS_LATER] = MESSAGE_LATER, [SMS_FEW] = MESSAGE_FEW,
		[SMS_REFUSED] = MESSAGE_REFUSED,
		[SMS_EXPIRED] = MESSAGE_TOO_LATE, [SMS_UNKNOWN] = MESSAGE_NO_ANSWER,
	};
	struct carried *s = carried_of(t);
	struct message_rules rules = rules_of(s);

	message_on_answer(&s->m, &rules, t->gw->now, meaning[e->sms->end], (int)e->sms->status, e->sms->id);
	if (s->m.state == MESSAGE_SENT && s->m.provider_id[0] != '\0')
		save_pointer(s);
	else
		conclude(s);
}

static void
on_attempt_saved(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct sms_req q = { 0 };

	if (e->end != STORE_DONE) {
		task_end(t);	/* the lease of the claim brings it back */
		return;
	}
	rev_saved(&s->rev);
	q.channel = channel_of(s);
	q.cls = s->m.cls;
	q.message = t->id;
	q.text = s->m.text;
	q.receipt = true;
	q.deadline_ms = s->m.deadline < s->m.next_at ? s->m.deadline : s->m.next_at;
	q.valid_until_ms = s->m.deadline;
	str_copy(q.to, sizeof q.to, s->m.to);
	task_sms(t, &q, on_sms);
	book(s, false);
}

static void
attempt(struct carried *s)
{
	message_sending(&s->m, s->task.gw->now, ATTEMPT_LEASE_MS);
	save(s, on_attempt_saved);
}

/* A token that was cancelled, used or has ended while its message waited helps nobody: it is not sent. */
static void
on_token_checked(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct intent *i = xcalloc(1, sizeof *i);
	bool known = e->end == STORE_DONE && e->v[0].present && !e->v[0].damaged &&
	    intent_decode(e->v[0].p, e->v[0].len, i);
	bool usable = known && intent_token_usable(i, t->gw->now);

	mem_wipe(i, sizeof *i);
	free(i);
	if (usable)
		attempt(s);
	else if (known) {
		s->m.state = MESSAGE_WITHDRAWN;
		conclude(s);
	} else
		task_end(t);	/* the lease of the claim brings it back */
}

static void
on_put_back(struct task *t, const struct event *e)
{
	(void)e;
	task_end(t);	/* saved or not, its lease brings it back */
}

/* A message whose bind has no room waits for it at the end of the list: others have other binds. */
static bool
has_room(struct carried *s)
{
	const struct ports *p = s->task.gw->ports;

	if (p->sms_free(p->ctx, channel_of(s)) > s->task.gw->bind_sends[bind_of(s)]) {
		book(s, true);
		return true;
	}
	s->m.next_at = s->task.gw->now + NO_ROOM_MS;
	save(s, on_put_back);
	return false;
}

static void
attempt_or_check(struct carried *s)
{
	struct store_key key;

	if (!has_room(s))
		return;

	if (s->m.cls != MSG_TOKEN || s->m.intent_id[0] == '\0') {
		attempt(s);
		return;
	}
	key = key_of(STORE_INTENT, s->m.intent_owner, s->m.intent_id);
	task_load(&s->task, &key, 1, on_token_checked);
}

static void
send_claimed(struct gateway *gw, const struct store_value *v)
{
	struct carried *s = xcalloc(1, sizeof *s);
	struct message_rules rules;
	enum message_state before;

	gw->sends++;
	task_start(gw, &s->task, sending_end);
	if (v->damaged || !message_decode(v->p, v->len, &s->m)) {
		log_error(s->task.id, "message damaged", "octets=%zu", v->len);
		task_end(&s->task);
		return;
	}
	rev_loaded(&s->rev, v);
	rules = rules_of(s);
	before = s->m.state;
	if (rules.routes == 0)
		s->m.state = MESSAGE_FAILED;
	if (message_ready(&s->m, &rules, gw->now))
		attempt_or_check(s);
	else if (s->m.state != before || message_final(&s->m) || s->m.next_at > gw->now)
		conclude(s);
	else
		task_end(&s->task);
}

/* ---- claiming ---- */

struct claiming {
	struct task task;
	unsigned partition;
};

static void
claiming_end(struct task *t)
{
	free(LIST_OF(t, struct claiming, task));
}

static void
on_claimed(struct task *t, const struct event *e)
{
	struct claiming *c = LIST_OF(t, struct claiming, task);
	struct gateway *gw = t->gw;

	if (e->end == STORE_DONE)
		for (size_t k = 0; k < e->n; k++)
			if (e->c[k].value.present)
				send_claimed(gw, &e->c[k].value);
	gw->outbox_at[c->partition] = e->n == CLAIM_AT_ONCE ? 0 : gw->now + POLL_MS;
	task_end(t);
}

/* Messages that all binds together can take now; one that is full takes nothing from the others. */
static size_t
room(const struct gateway *gw)
{
	const struct settings *set = gw->settings;
	size_t all = 0;

	for (int k = 0; k < set->channels_n; k++) {
		const struct channel_settings *c = &set->channels[k];
		unsigned free_now = c->kind == CHANNEL_SMS_SMPP ? gw->ports->sms_free(gw->ports->ctx, k) : 0;

		if (free_now > 0 && free_now > gw->bind_sends[c->bind])
			all += free_now - gw->bind_sends[c->bind];
	}
	return all;
}

void
send_tick(struct gateway *gw)
{
	for (unsigned p = 0; p < NELEM(gw->outbox_at); p++) {
		struct store_claim claim = { .list = STORE_OUTBOX, .bucket = p, .lease_ms = CLAIM_LEASE_MS };
		struct claiming *c;

		if (gw->outbox_at[p] > gw->now || (claim.max = room(gw)) == 0)
			continue;
		if (claim.max > CLAIM_AT_ONCE)
			claim.max = CLAIM_AT_ONCE;
		c = xcalloc(1, sizeof *c);
		c->partition = p;
		task_start(gw, &c->task, claiming_end);
		gw->outbox_at[p] = INT64_MAX;
		task_claim(&c->task, &claim, on_claimed);
	}
}

/* ---- receipts ---- */

struct receiving {
	struct carried c;
	struct receipt r;
	struct store_key pointer;
	uint64_t peer_op;
};

static struct receiving *
receiving_of(struct task *t)
{
	return LIST_OF(t, struct receiving, c.task);
}

static void
receiving_end(struct task *t)
{
	free(receiving_of(t));
}

static void
received(struct receiving *r, bool ok)
{
	const struct ports *p = r->c.task.gw->ports;

	p->receipt_stored(p->ctx, r->peer_op, ok ? RECEIPT_STORED : RECEIPT_NOT_STORED);
	task_end(&r->c.task);
}

/* It only looks like one. */
static void
not_one(struct receiving *r)
{
	const struct ports *p = r->c.task.gw->ports;

	p->receipt_stored(p->ctx, r->peer_op, RECEIPT_IS_MESSAGE);
	task_end(&r->c.task);
}

static void load_pointer(struct receiving *r);

static void
on_receipt_saved(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);

	if (e->end == STORE_CONFLICT && ++r->c.tries < SAVE_TRIES)
		load_pointer(r);
	else
		received(r, e->end == STORE_DONE);
}

static void
on_receipt_told(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_MESSAGE, r->c.m.id, "");
	struct buf *b = scratch(t->gw, 0);

	if (!was_told(e)) {
		received(r, false);
		return;
	}
	message_encode(&r->c.m, b);
	commit_put(t->gw, &c, &key, &r->c.rev, b, 0);
	task_commit(t, &c, on_receipt_saved);
}

static void
on_message_loaded(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);

	if (e->end != STORE_DONE || !e->v[0].present || !message_decode(e->v[0].p, e->v[0].len, &r->c.m)) {
		received(r, e->end == STORE_DONE);
		return;
	}
	rev_loaded(&r->c.rev, &e->v[0]);
	if (r->r.maybe && strcmp(r->r.from, r->c.m.to) != 0) {
		not_one(r);
		return;
	}
	if (!message_on_receipt(&r->c.m, r->r.state == RECEIPT_DELIVERED, r->r.state == RECEIPT_FAILED)) {
		received(r, true);
		return;
	}
	metric_add(r->c.m.state == MESSAGE_DELIVERED ? M_MESSAGES_DELIVERED : M_MESSAGES_FAILED, 1);
	log_info(t->id, "receipt", "message=%s state=%s stat=%s err=%s", r->c.m.id,
	    message_state_name(r->c.m.state), r->r.stat, r->r.err);
	tell_undelivered(&r->c, on_receipt_told);
}

static void
park(struct receiving *r)
{
	struct store_commit c = { .n = 0 };
	struct rev rev = { 0 };
	struct buf *b = scratch(r->c.task.gw, 0);

	metric_add(M_RECEIPTS_UNMATCHED, 1);
	buf_add_char(b, 'R');
	buf_add(b, &r->r.state, sizeof r->r.state);
	commit_put(r->c.task.gw, &c, &r->pointer, &rev, b, PARKED_MS);
	task_commit(&r->c.task, &c, on_receipt_saved);
}

static void
on_pointer_loaded(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);
	struct store_key key;
	char id[MESSAGE_ID];

	if (e->end != STORE_DONE)
		received(r, false);
	else if (!e->v[0].present && r->r.maybe)
		not_one(r);
	else if (!e->v[0].present && r->r.state != RECEIPT_DELIVERED && r->r.state != RECEIPT_FAILED)
		received(r, true);	/* on its way: not worth keeping */
	else if (!e->v[0].present)
		park(r);
	else if (e->v[0].damaged || e->v[0].len == 0 || *(const char *)e->v[0].p != 'M' ||
	    !str_copyn(id, sizeof id, (const char *)e->v[0].p + 1, e->v[0].len - 1))
		received(r, true);	/* parked before: a repeated early receipt */
	else {
		key = key_of(STORE_MESSAGE, id, "");
		task_load(t, &key, 1, on_message_loaded);
	}
}

static void
load_pointer(struct receiving *r)
{
	task_load(&r->c.task, &r->pointer, 1, on_pointer_loaded);
}

void
gateway_receipt(struct gateway *gw, int64_t now, int bind, const struct receipt *receipt, uint64_t peer_op)
{
	struct receiving *r = xcalloc(1, sizeof *r);

	gw->now = now;
	if (!receipt->maybe)
		metric_add(M_RECEIPTS, 1);
	r->r = *receipt;
	r->peer_op = peer_op;
	receipt_key(gw, bind, receipt->tlv_id[0] != '\0' ? receipt->tlv_id : receipt->id, &r->pointer);
	task_start(gw, &r->c.task, receiving_end);
	load_pointer(r);
}
