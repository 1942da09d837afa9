/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must never happen: after a run, the ledger, the store, the inboxes and what the customers saw are held against
 * each other. Debits and tokens are believed from the ledger, what was said from screens and inboxes; the gateway's own
 * records only say which belongs to which.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/calendar.h"
#include "core/pin_order.h"
#include "tests/sim/sim_people.h"

static void
collect(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct evidence *e = arg;
	static struct message m;
	struct intent i;
	int64_t month;

	if (key->family == STORE_INTENT && intent_decode(v->p, v->len, &i)) {
		e->intent = xrealloc(e->intent, e->intents + 1, sizeof *e->intent);
		e->intent[e->intents++] = i;
	} else if (key->family == STORE_MESSAGE && message_decode(v->p, v->len, &m)) {
		struct told *t;

		e->told = xrealloc(e->told, e->tolds + 1, sizeof *e->told);
		t = &e->told[e->tolds++];
		*t = (struct told){ .cls = m.cls, .state = m.state };
		str_copy(t->id, sizeof t->id, m.id);
		str_copy(t->intent, sizeof t->intent, m.intent_id);
		str_copy(t->to, sizeof t->to, m.to);
		str_copy(t->text, sizeof t->text, m.text);
	} else if (key->family == STORE_LIMIT && str_to_i64(key->id, 0, 999999, &month)) {
		struct limit_of *l;

		e->limit = xrealloc(e->limit, e->limits + 1, sizeof *e->limit);
		l = &e->limit[e->limits++];
		str_copy(l->phone, sizeof l->phone, key->owner);
		l->month = month;
		if (!limit_decode(v->p, v->len, &l->limit))
			sim_broken(e->w, "a limit cannot be read");
	} else if (key->family == STORE_SIGNUP) {
		e->signup = xrealloc(e->signup, e->signups + 1, sizeof *e->signup);
		if (signup_decode(v->p, v->len, &e->signup[e->signups]))
			e->signups++;
	} else if (key->family == STORE_PIN_ORDER) {
		struct pin_order o;

		e->pin_orders += !pin_order_decode(v->p, v->len, &o) || !o.told || o.password[0] != '\0';
	} else if (key->family == STORE_SUBSCRIBER) {
		e->sub = xrealloc(e->sub, e->subs + 1, sizeof *e->sub);
		if (subscriber_decode(v->p, v->len, &e->sub[e->subs]))
			e->subs++;
	}
}

static const struct told *
message_of(const struct evidence *e, const char *intent, const char *what)
{
	char id[MESSAGE_ID];

	str_format(id, sizeof id, "%s:%s", intent, what);
	for (size_t k = 0; k < e->tolds; k++)
		if (strcmp(e->told[k].id, id) == 0)
			return &e->told[k];
	return NULL;
}

static bool
arrived(const struct sim_world *w, const struct told *t)
{
	for (size_t k = 0; k < w->inbox_n; k++)
		if (strcmp(w->inbox[k].to, t->to) == 0 && strcmp(w->inbox[k].text, t->text) == 0)
			return true;
	return false;
}

void
sim_token_of(const char *text, char out[WALLET_TOKEN])
{
	const char *at = text;
	size_t n = 0;

	while ((at = strcasestr(at, "code ")) != NULL) {
		at += strlen("code ");
		if (*at >= '0' && *at <= '9')
			break;
	}
	for (; at != NULL && n < WALLET_TOKEN - 1; at++) {
		if (*at >= '0' && *at <= '9')
			out[n++] = *at;
		else if (*at != ' ')
			break;
	}
	out[n] = '\0';
}

/* ---- the ledger ---- */

int
sim_tenant_of(const struct sim_world *w, const char *name)
{
	for (int i = 0; i < w->settings.tenants_n; i++)
		if (strcmp(w->settings.tenants[i].name, name) == 0)
			return i;
	return -1;
}

static const struct bank *
bank_of(const struct evidence *e, const struct intent *i)
{
	return e->w->cores[sim_tenant_of(e->w, i->tenant)].bank;
}

static int
debits(const struct evidence *e, const struct intent *i, const char *type)
{
	const struct bank_transfer *v;
	size_t n = bank_transfers(bank_of(e, i), &v);
	int count = 0;

	for (size_t k = 0; k < n; k++)
		count += strcmp(v[k].uid, i->id) == 0 && strcmp(v[k].type, type) == 0;
	return count;
}

static const struct bank_withdrawal *
issued_for(struct evidence *e, const struct intent *i)
{
	struct bank_withdrawal *const *v;
	size_t n = bank_withdrawals(bank_of(e, i), &v);
	const struct bank_withdrawal *found = NULL;

	for (size_t k = 0; k < n; k++)
		if (strcmp(v[k]->uid, i->id) == 0) {
			if (found != NULL)
				sim_broken(e->w, "two withdrawals for %s", i->id);
			found = v[k];
		}
	return found;
}

/* Rule 5: the right PIN was typed at a screen that said all. */
static void
check_confirmed(struct evidence *e, const struct intent *i)
{
	struct sim_world *w = e->w;

	for (size_t k = 0; k < w->episodes_n; k++) {
		struct sim_episode *ep = &w->episode[k];

		if (!ep->used && ep->right_pins > 0 && ep->complete && ep->kind == i->kind &&
		    ep->amount == i->amount && strcmp(ep->to, i->to_phone) == 0 &&
		    ep->tenant == sim_tenant_of(w, i->tenant) && strcmp(ep->phone, i->phone) == 0 &&
		    ep->shown_at <= i->accepted_at) {
			ep->used = true;
			return;
		}
	}
	sim_broken(w, "intent %s was accepted without the right PIN on its screen", i->id);
}

/* The same for integrators: it was ordered, as it is. */
static void
check_ordered(struct evidence *e, const struct intent *i)
{
	const struct sim_world *w = e->w;

	for (size_t k = 0; k < w->orders_n; k++)
		if (strcmp(w->order[k].uid, i->uid) == 0 && strcmp(w->order[k].to, i->to_phone) == 0 &&
		    w->order[k].tenant == sim_tenant_of(w, i->tenant) &&
		    (w->order[k].amount == i->amount || w->order[k].amount + 1 == i->amount))
			return;
	sim_broken(e->w, "nobody ordered intent %s", i->id);
}

static int64_t
month_at(int64_t ms)
{
	char text[7];
	int64_t month;

	calendar_month(ms, text);
	return str_to_i64(text, 0, 999999, &month) ? month : 0;
}

/* ---- what was said about an intent ---- */

static void
check_said(struct evidence *e, const struct intent *i, const char *what, const char *words)
{
	const struct told *t = message_of(e, i->id, what);
	bool may_be_lost;

	if (t == NULL) {
		sim_broken(e->w, "intent %s is %s and %s was not said", i->id, intent_state_name(i->state),
		    what);
		return;
	}
	if (strstr(t->text, words) == NULL)
		sim_broken(e->w, "intent %s is %s, told by %s: %s", i->id, intent_state_name(i->state), what,
		    t->text);
	may_be_lost = t->state == MESSAGE_FAILED || t->state == MESSAGE_EXPIRED || t->state == MESSAGE_UNKNOWN;
	if (t->state < MESSAGE_SENT || (!may_be_lost && !arrived(e->w, t)))
		sim_broken(e->w, "%s of intent %s is %s and did not arrive", what, i->id,
		    message_state_name(t->state));
}

static void
check_result(struct evidence *e, const struct intent *i)
{
	const char *done = i->kind == INTENT_TRANSFER ? "You sent" : "was sent to";
	const char *not_done = i->kind == INTENT_TRANSFER ? "was not sent" : "No code for";

	char what[24] = "result_sms";

	if (i->state == INTENT_PERSON)
		return;
	/* Each time that a person decided it may have been said anew; the last word counts. */
	for (int n = i->resolves; n > 0 && strcmp(what, "result_sms") == 0; n--) {
		str_format(what, sizeof what, "result_sms:p%d", n);
		if (message_of(e, i->id, what) == NULL)
			str_copy(what, sizeof what, "result_sms");
	}
	/* A tenant may want no SMS about what a screen has told. */
	if (!e->w->tenants[sim_tenant_of(e->w, i->tenant)].result_sms && message_of(e, i->id, what) == NULL)
		return;
	check_said(e, i, what, i->state == INTENT_DONE ? done : not_done);
}

/* ---- each kind of intent ---- */

static void
check_transfer(struct evidence *e, const struct intent *i)
{
	int n = debits(e, i, "TRANSFER");

	if (n > 1)
		sim_broken(e->w, "%d debits for intent %s", n, i->id);
	if ((i->state == INTENT_DONE && n != 1) || (i->state == INTENT_NOT_DONE && n != 0))
		sim_broken(e->w, "intent %s is %s with %d debits", i->id, intent_state_name(i->state), n);
}

/* Rule 4: the token reached its phone, or its payer knows that it did not. */
static void
check_token_sms(struct evidence *e, const struct intent *i, const struct bank_withdrawal *b)
{
	const struct told *t = message_of(e, i->id, "token_sms");
	char token[WALLET_TOKEN];
	bool reached = false, tried = false, ended = b->status == BW_CANCELLED || b->status == BW_TIMEOUT;

	if (t == NULL) {
		sim_broken(e->w, "the token of intent %s is in no message", i->id);
		return;
	}
	for (size_t k = 0; k < e->tolds; k++) {
		const struct told *m = &e->told[k];

		if (m->cls != MSG_TOKEN || strcmp(m->intent, i->id) != 0)
			continue;
		sim_token_of(m->text, token);
		if (strcmp(token, b->token) != 0 || strcmp(m->to, i->to_phone) != 0)
			sim_broken(e->w, "a message of intent %s has another token or receiver", i->id);
		/* What was cancelled while its message waited is not sent any more. */
		reached |= arrived(e->w, m) || (m->state == MESSAGE_WITHDRAWN && ended);
		tried |= !message_dead(&(struct message){ .state = m->state });
	}
	if (i->resends == 0 && message_of(e, i->id, "undelivered") != NULL &&
	    message_of(e, i->id, "arrived") == NULL && arrived(e->w, t))
		sim_broken(e->w, "the token of intent %s arrived, and its payer was told that it did not", i->id);
	/* An integrator is not told: an operator sees it among the dead letters. */
	if (!reached && i->integrator[0] != '\0' ? tried : !reached && message_of(e, i->id, "undelivered") == NULL &&
	    message_of(e, i->id, "unsure") == NULL)
		sim_broken(e->w, "the token of intent %s reached nobody and nobody was told (%s)", i->id,
		    tried ? "said to be sent" : "failed");
}

static void
check_final_sms(struct evidence *e, const struct intent *i, const struct bank_withdrawal *b)
{
	const char *words = "not used in time";

	if (b->status == BW_SUCCESSFUL)
		words = "was used";
	else if (b->status == BW_CANCELLED)
		words = "was cancelled";
	else if (b->status == BW_PENDING)
		sim_broken(e->w, "withdrawal of intent %s is still pending", i->id);
	check_said(e, i, "final_sms", words);
}

static void
check_withdrawal(struct evidence *e, const struct intent *i)
{
	const struct bank_withdrawal *b = issued_for(e, i);
	int n = debits(e, i, "WITHDRAWAL");

	if (n > 1 || (n == 1 && (b == NULL || b->status != BW_SUCCESSFUL)))
		sim_broken(e->w, "%d debits for intent %s", n, i->id);
	if (i->state == INTENT_DONE && b == NULL)
		sim_broken(e->w, "intent %s is done and nothing was issued", i->id);
	else if (i->state == INTENT_DONE) {
		if (i->gateway_sends)
			check_token_sms(e, i, b);
		/* What a person decided is told by the result itself. */
		if (i->integrator[0] == '\0' && i->resolved_at == 0 && e->w->tenants[sim_tenant_of(e->w, i->tenant)].result_sms)
			check_final_sms(e, i, b);
		else if (b->status == BW_PENDING)
			sim_broken(e->w, "withdrawal of intent %s is still pending", i->id);
	} else if (i->state == INTENT_NOT_DONE && b != NULL &&
	    (b->status == BW_PENDING || b->status == BW_SUCCESSFUL))
		sim_broken(e->w, "intent %s is not done and its withdrawal is %s", i->id,
		    bank_wstatus_name(b->status));
	else if (i->state == INTENT_NOT_DONE && message_of(e, i->id, "token_sms") != NULL)
		sim_broken(e->w, "intent %s is not done and its token was sent", i->id);
}

/* ---- the limit ---- */

static const struct intent *
intent_by_octets(const struct evidence *e, const unsigned char id[LIMIT_ID])
{
	char hex[2 * LIMIT_ID + 1], plain[40];

	str_hex(id, LIMIT_ID, hex);
	for (size_t k = 0; k < e->intents; k++) {
		size_t n = 0;

		for (const char *p = e->intent[k].id; *p != '\0'; p++)
			if (*p != '-')
				plain[n++] = *p;
		plain[n] = '\0';
		if (strcmp(plain, hex) == 0)
			return &e->intent[k];
	}
	return NULL;
}

static bool
counts_now(const struct evidence *e, const struct intent *i)
{
	struct evidence copy = *e;
	const struct bank_withdrawal *b = issued_for(&copy, i);

	/* A person said not done, and the core was never read: its token may be out. */
	if (i->counts && i->state == INTENT_NOT_DONE && i->resolved_at != 0 && i->withdrawal_id == 0)
		return true;
	return i->state == INTENT_DONE && b != NULL &&
	    (b->status == BW_PENDING || b->status == BW_SUCCESSFUL);
}

/* Rule 3: each reservation has its owner, and what was paid out counts. */
static void
check_entry(struct evidence *e, const struct limit_of *l, const struct limit_entry *entry)
{
	const struct intent *i = intent_by_octets(e, entry->id);
	bool owned = i != NULL && i->accepted_at != 0 && strcmp(i->to_phone, l->phone) == 0 &&
	    i->limit_month == l->month && i->amount == entry->cents;

	if (!owned)
		sim_broken(e->w, "a reservation that nobody owns");
	else if (i->state == INTENT_PERSON)
		return;
	else if (entry->state == LIMIT_RESERVED)
		sim_broken(e->w, "intent %s is %s and its limit is still reserved", i->id,
		    intent_state_name(i->state));
	else if ((entry->state == LIMIT_COMMITTED) != counts_now(e, i))
		sim_broken(e->w, "intent %s is %s and its limit is %s", i->id, intent_state_name(i->state),
		    entry->state == LIMIT_COMMITTED ? "committed" : "given back");
}

static void
check_limits(struct evidence *e)
{
	size_t counted = 0, counting = 0;

	for (size_t k = 0; k < e->limits; k++)
		for (size_t j = 0; j < e->limit[k].limit.len / sizeof(struct limit_entry); j++) {
			check_entry(e, &e->limit[k], &e->limit[k].limit.entry[j]);
			counted += e->limit[k].limit.entry[j].state == LIMIT_COMMITTED;
		}
	for (size_t k = 0; k < e->intents; k++)
		counting += e->intent[k].accepted_at != 0 && e->intent[k].state != INTENT_PERSON &&
		    counts_now(e, &e->intent[k]);
	if (counting > counted)
		sim_broken(e->w, "%zu tokens count and %zu are in the limits", counting, counted);
}

/* ---- all of it ---- */

/* The store gives its records in no order. */
static int
by_acceptance(const void *a, const void *b)
{
	const struct intent *x = a, *y = b;

	if (x->accepted_at != y->accepted_at)
		return x->accepted_at < y->accepted_at ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void
check_debits_owned(struct evidence *e, int tenant)
{
	const struct bank_transfer *v;
	size_t n = bank_transfers(e->w->cores[tenant].bank, &v);

	for (size_t k = 0; k < n; k++) {
		bool owned = false;

		for (size_t j = 0; j < e->intents; j++)
			owned |= strcmp(e->intent[j].id, v[k].uid) == 0 && e->intent[j].accepted_at != 0 &&
			    e->intent[j].amount == v[k].amount &&
			    sim_tenant_of(e->w, e->intent[j].tenant) == tenant;
		if (!owned)
			sim_broken(e->w, "a debit of %" PRId64 " cents that no intent owns", v[k].amount);
	}
}

/* Rule 4: what the core issued belongs to an intent that knows it, or is with a person, or is gone. */
static void
check_issued_owned(struct evidence *e, int tenant)
{
	struct bank_withdrawal *const *v;
	size_t n = bank_withdrawals(e->w->cores[tenant].bank, &v);

	for (size_t k = 0; k < n; k++) {
		const struct intent *owner = NULL;

		for (size_t j = 0; j < e->intents; j++)
			if (strcmp(e->intent[j].id, v[k]->uid) == 0)
				owner = &e->intent[j];
		if (owner == NULL || sim_tenant_of(e->w, owner->tenant) != tenant || owner->amount != v[k]->amount)
			sim_broken(e->w, "a withdrawal of %" PRId64 " cents that no intent owns", v[k]->amount);
	}
}

static void
check_tenant(struct evidence *e, int tenant)
{
	char why[200];

	if (!bank_check(e->w->cores[tenant].bank, why, sizeof why))
		sim_broken(e->w, "the ledger does not balance: %s", why);
	check_debits_owned(e, tenant);
	check_issued_owned(e, tenant);
}

static bool
within(const struct sim_outage *o, int64_t at)
{
	return at >= o->from && at < o->until;
}

/* Nothing is shown while money is off, and no token is begun while the limits are closed. */
static void
check_floors(struct evidence *e, const struct intent *i)
{
	const struct sim_outage *closed = &e->w->closed;

	if (i->integrator[0] == '\0' && within(&e->w->money_off, i->shown_at))
		sim_broken(e->w, "intent %s was shown while money was off", i->id);
	if (i->counts && i->first_send != 0 && within(closed, i->accepted_at) && within(closed, i->first_send))
		sim_broken(e->w, "intent %s was begun while the limits were closed", i->id);
}

static void
check_intent(struct evidence *e, const struct intent *i)
{
	check_floors(e, i);
	if (i->accepted_at == 0)
		return;
	e->w->accepted++;
	e->w->persons += i->state == INTENT_PERSON;
	if (i->integrator[0] == '\0')
		check_confirmed(e, i);
	else
		check_ordered(e, i);
	if (i->counts && month_at(i->accepted_at) != i->limit_month)
		sim_broken(e->w, "intent %s counts in another month than its own", i->id);
	if (i->state != INTENT_DONE && i->state != INTENT_NOT_DONE && i->state != INTENT_PERSON) {
		sim_broken(e->w, "intent %s stays %s", i->id, intent_state_name(i->state));
		return;
	}
	if (i->kind == INTENT_TRANSFER)
		check_transfer(e, i);
	else
		check_withdrawal(e, i);
	if (i->integrator[0] == '\0')
		check_result(e, i);
}

static void
check_subscriber(struct evidence *e, const struct subscriber *s)
{
	for (size_t k = 0; k < e->intents; k++)
		if (strcmp(e->intent[k].id, s->open_intent) == 0 && e->intent[k].accepted_at != 0)
			sim_broken(e->w, "intent %s stays open for its customer", s->open_intent);
}

void
sim_check(struct sim_world *w)
{
	struct evidence e = { .w = w };

	memory_store_each(w->store, w->loop.now, collect, &e);
	if (e.intents > 0)
		qsort(e.intent, e.intents, sizeof *e.intent, by_acceptance);
	for (size_t k = 0; k < e.intents; k++)
		check_intent(&e, &e.intent[k]);
	for (int i = 0; i < w->settings.tenants_n; i++)
		check_tenant(&e, i);
	check_limits(&e);
	for (size_t k = 0; k < e.subs; k++)
		check_subscriber(&e, &e.sub[k]);
	sim_check_told(&e);
	sim_people_check(&e);
	sim_chat_check(&e);
	if (w->due_n > 0)
		sim_broken(w, "%s stays due", w->due[0].ref);
	free(e.intent);
	free(e.told);
	free(e.limit);
	free(e.sub);
	free(e.signup);
}
