/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls before a confirm screen: who is the payee, what does it cost, is there enough. They read with the gateway's own
 * identity and move nothing.
 */
#include <string.h>

#include "base/metric.h"
#include "base/str.h"
#include "core/wallet_rows.h"
#include "service/turn.h"

#define REPEAT_MS INT64_C(600000)
#define DAY_MS INT64_C(86400000)
#define LOOKUPS_A_DAY 20
#define REFUSED_OTHERS_A_DAY 5

/* ---- the entrance ---- */

/*
 * true: the call in hand is over, because what is asked for would be refused at the end anyway. A payment that has ended
 * and is not noted yet refuses nothing here: it is noted before anything is typed.
 */
static bool
shut_at_entrance(struct turn *t)
{
	const struct intent *before = turn_on_its_way(t);

	if (t->w.task.gw->money_off) {
		metric_add(M_MONEY_REFUSED, 1);
		turn_outcome(t, "off");
	} else if (before != NULL && intent_open(before))
		turn_outcome(t, "busy");
	else
		return false;
	return true;
}

void
call_send_open(struct turn *t)
{
	if (!shut_at_entrance(t))
		turn_outcome(t, "open");
}

/* ---- the recipient ---- */

/* "Thandi" -> "T***" */
static void
add_masked(char *out, size_t size, const char *name)
{
	uint32_t cp;
	size_t n = utf8_decode(name, strlen(name), &cp), len = strlen(out);

	if (n > 0)
		str_format(out + len, size - len, "%s%.*s***", len > 0 ? " " : "", (int)n, name);
}

static void
on_recipient_wallets(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	const struct wallet_wallet *w;

	if (!turn_answered(t, e))
		return;
	w = wallet_wallet_of(e->wallet, t->settings->wallet.wallet_type_id, t->found_id);
	if (w == NULL)
		turn_outcome(t, "not_found");
	else if (!wallet_is_active(w->status))
		turn_outcome(t, "barred");
	else {
		vars_set_i64(turn_vars(t), "to_wallet", w->id);
		turn_outcome(t, "found");
	}
}

static void
on_recipient(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct wallet_req q = { .op = WALLET_LIST };
	const struct wallet_customer *c;
	char name[64] = "";

	if (!turn_answered(t, e))
		return;
	if (turn_search_ignored(t, e->wallet, vars_get(turn_vars(t), "to"))) {
		turn_outcome(t, "failed");
		return;
	}
	c = wallet_customer_of(e->wallet, vars_get(turn_vars(t), "to"));
	if (c == NULL || !wallet_is_active(c->status)) {
		turn_outcome(t, c == NULL ? "not_found" : "barred");
		return;
	}
	add_masked(name, sizeof name, c->first_name);
	add_masked(name, sizeof name, c->surname);
	vars_set(turn_vars(t), "to_name", name);
	t->found_id = q.customer_id = c->id;
	turn_ask(t, &q, on_recipient_wallets);
}

static void
count_lookup(struct subscriber *sub, struct turn *t)
{
	(void)t;
	sub->lookups++;
}

static void
look_up(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_CUSTOMERS };

	if (t->sub.lookups > LOOKUPS_A_DAY) {
		metric_add(M_LOOKUPS_CAPPED, 1);
		turn_outcome(t, "too_many");
		return;
	}
	str_copy(q.phone, sizeof q.phone, vars_get(turn_vars(t), "to"));
	turn_ask(t, &q, on_recipient);
}

void
call_send_find(struct turn *t)
{
	if (strcmp(vars_get(turn_vars(t), "to"), t->in.phone) == 0)
		turn_outcome(t, "self");
	else
		turn_change_subscriber(t, count_lookup, look_up);
}

/* ---- what both kinds of payment must pass ---- */

/* true: the call in hand is over, because the PIN or the SIM is too young for so much. */
static bool
too_early(struct turn *t, int64_t amount)
{
	int64_t cap = t->settings->activated_cap;

	if (cap == 0 || !subscriber_is_young(&t->sub, t->w.task.gw->now) || t->sub.spent + amount <= cap)
		return false;
	vars_set_i64(turn_vars(t), "young_cap", cap);
	turn_outcome(t, "young");
	return true;
}

/* The last word before the confirm screen: enough money, and not the same payment once more by mistake. */
static void
conclude(struct turn *t, const char *domain, const char *payee)
{
	struct vars *v = turn_vars(t);
	int64_t amount = vars_get_i64(v, "amount"), total = amount + vars_get_i64(v, "fee");
	int64_t before;
	unsigned char mac[16];

	vars_set_i64(v, "total", total);
	if (total > t->available - t->pending_total) {
		turn_outcome(t, "short");
		return;
	}
	gateway_mac(t->w.task.gw, domain, vars_get(v, payee), mac);
	before = subscriber_find_recent(&t->sub, mac, amount, t->w.task.gw->now, REPEAT_MS);
	vars_set_i64(v, "repeat_at", before);
	turn_outcome(t, before != 0 ? "repeat" : "ok");
}

static void
conclude_send(struct turn *t)
{
	conclude(t, "payee", "to");
}

static void
conclude_cash(struct turn *t)
{
	conclude(t, "token payee", "to_phone");
}

static void
read_funds(struct turn *t, task_fn *on)
{
	struct wallet_req q = { .op = WALLET_GET };

	q.wallet_id = vars_get_i64(turn_vars(t), "wallet_id");
	turn_ask(t, &q, on);
}

/* ---- sending ---- */

static void
on_only_checked(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (e->wallet->end == WALLET_REFUSED) {
		turn_outcome(t, strcmp(e->wallet->code, "WAL009") == 0 ? "short" : "refused");
		return;
	}
	if (turn_answered(t, e))
		turn_sum_pending(t, conclude_send);
}

static void
on_send_funds(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	struct wallet_req q = { .op = WALLET_TRANSFER_CHECK };
	char uuid[37];

	if (!turn_answered(t, e))
		return;
	t->available = e->wallet->wallet[0].available;
	gateway_uuid(task->gw, uuid);
	str_copy(q.uid, sizeof q.uid, uuid);
	q.wallet_id = vars_get_i64(turn_vars(t), "wallet_id");
	q.to_wallet_id = vars_get_i64(turn_vars(t), "to_wallet");
	q.amount = vars_get_i64(turn_vars(t), "amount");
	str_copy(q.text, sizeof q.text, "Send money");
	turn_ask(t, &q, on_only_checked);
}

void
call_send_check(struct turn *t)
{
	int64_t amount = vars_get_i64(turn_vars(t), "amount");

	vars_set_i64(turn_vars(t), "fee", t->settings->transfer_fee);
	if (turn_on_its_way(t) != NULL)
		turn_outcome(t, "busy");
	else if (!too_early(t, amount))
		read_funds(t, on_send_funds);
}

/* ---- cashing out ---- */

static void
on_cash_funds(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (!turn_answered(t, e))
		return;
	t->available = e->wallet->wallet[0].available;
	turn_sum_pending(t, conclude_cash);
}

static void
on_fee(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (!turn_answered(t, e))
		return;
	vars_set_i64(turn_vars(t), "fee", e->wallet->fee);
	read_funds(t, on_cash_funds);
}

/*
 * Tokens to other phones are counted, so that refusals cannot be used to find out what a phone has got. A day that is
 * longer than what is remembered of it has reached the cap of every phone.
 */
static bool
capped(const struct turn *t)
{
	const struct vars *v = &t->s.dlg.vars;
	const char *to = vars_get(v, "to_phone");
	int64_t since = t->w.task.gw->now - DAY_MS;
	unsigned char mac[16];

	if (strcmp(to, t->in.phone) != 0 && t->sub.refused_other >= REFUSED_OTHERS_A_DAY)
		return true;
	if (t->settings->token_phone_day_count == 0)
		return false;
	gateway_mac(t->w.task.gw, "token payee", to, mac);
	return subscriber_tokens_full(&t->sub, since) ||
	    subscriber_count_tokens(&t->sub, mac, since) >= t->settings->token_phone_day_count;
}

static void
refused_today(struct turn *t)
{
	metric_add(M_TOKENS_CAPPED, 1);
	turn_outcome(t, "capped");
}

/* Before anything is typed, and again before the PIN: what could not be reserved is not even confirmed. */
static void
refused_closed(struct turn *t)
{
	metric_add(M_LIMIT_CLOSED_REFUSED, 1);
	turn_outcome(t, "closed");
}

/* While the limit is closed only what makes no token is offered. */
void
call_cash_kinds(struct turn *t)
{
	struct vars *v = turn_vars(t);
	int n = 0;

	if (shut_at_entrance(t))
		return;
	vars_unset_list(v, "kind");
	for (int i = 0; i < t->settings->kinds_n; i++) {
		if (t->settings->kinds[i].token && t->w.task.gw->limit_closed)
			continue;
		vars_set_item(v, "kind", ++n, "type", t->settings->kinds[i].type);
		vars_set_item(v, "kind", n, "name", turn_plain_text(t, t->settings->kinds[i].name));
	}
	vars_set_i64(v, "kind.n", n);
	if (n == 0 && t->settings->kinds_n > 0)
		refused_closed(t);
	else
		turn_outcome(t, n > 0 ? "done" : "none");
}

static const char *
amount_problem(const struct kind_settings *k, int64_t amount)
{
	if (amount < k->min)
		return "small";
	if (amount > k->max)
		return "large";
	return k->step > 0 && amount % k->step != 0 ? "step" : NULL;
}

static const struct kind_settings *
picked_kind(const struct turn *t)
{
	const char *type = vars_get(&t->s.dlg.vars, "type");

	for (int i = 0; i < t->settings->kinds_n; i++)
		if (strcmp(t->settings->kinds[i].type, type) == 0)
			return &t->settings->kinds[i];
	return NULL;
}

void
call_cash_check(struct turn *t)
{
	struct vars *v = turn_vars(t);
	int64_t amount = vars_get_i64(v, "amount");
	const struct kind_settings *k = picked_kind(t);
	struct wallet_req q = { .op = WALLET_WITHDRAWAL_FEE };
	const char *problem;

	if (k == NULL) {
		turn_outcome(t, "failed");
		return;
	}
	vars_set_i64(v, "min", k->min);
	vars_set_i64(v, "max", k->max);
	vars_set_i64(v, "step", k->step);
	if ((problem = amount_problem(k, amount)) != NULL)
		turn_outcome(t, problem);
	else if (turn_on_its_way(t) != NULL)
		turn_outcome(t, "busy");
	else if (k->token && t->w.task.gw->limit_closed)
		refused_closed(t);
	else if (capped(t))
		refused_today(t);
	else if (!too_early(t, amount)) {
		q.wallet_id = vars_get_i64(v, "wallet_id");
		q.amount = amount;
		str_copy(q.type, sizeof q.type, k->type);
		turn_ask(t, &q, on_fee);
	}
}
