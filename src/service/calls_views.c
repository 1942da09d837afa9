/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that only look: balance, statement, what is left of the month's limit. All after the PIN. */
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "service/turn.h"

#define DAY_MS INT64_C(86400000)
#define STATEMENT_DAYS 31
#define STATEMENT_ROWS 5

static void
balance_summed(struct turn *t)
{
	vars_set_i64(turn_vars(t), "pending_total", t->pending_total);
	turn_outcome(t, "done");
}

static void
on_wallet(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);

	if (!turn_answered(t, e))
		return;
	vars_set_i64(turn_vars(t), "balance", e->wallet->wallet[0].available);
	turn_sum_pending(t, balance_summed);
}

void
call_balance(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_GET };

	q.wallet_id = vars_get_i64(turn_vars(t), "wallet_id");
	turn_ask_as_customer(t, &q, on_wallet);
}

static void
set_row(struct turn *t, int i, const struct wallet_tx *tx)
{
	char number[24];
	struct vars *v = turn_vars(t);

	str_format(number, sizeof number, "%lld", (long long)tx->at_ms);
	vars_set_item(v, "tx", i, "at", number);
	str_format(number, sizeof number, "%lld", (long long)(tx->amount < 0 ? -tx->amount : tx->amount));
	vars_set_item(v, "tx", i, "amount", number);
	vars_set_item(v, "tx", i, "sign", tx->amount < 0 ? "-" : "+");
	vars_set_item(v, "tx", i, "text", tx->text);
}

static void
on_transactions(struct task *task, const struct event *e)
{
	struct turn *t = turn_of(task);
	int rows;

	if (!turn_answered(t, e))
		return;
	vars_unset_list(turn_vars(t), "tx");
	rows = e->wallet->n < STATEMENT_ROWS ? e->wallet->n : STATEMENT_ROWS;
	for (int i = 0; i < rows; i++)
		set_row(t, i + 1, &e->wallet->tx[i]);
	vars_set_i64(turn_vars(t), "tx.n", rows);
	turn_outcome(t, rows > 0 ? "done" : "empty");
}

void
call_statement(struct turn *t)
{
	struct wallet_req q = { .op = WALLET_TRANSACTIONS };

	q.wallet_id = vars_get_i64(turn_vars(t), "wallet_id");
	q.from_ms = t->w.task.gw->now - STATEMENT_DAYS * DAY_MS;
	q.to_ms = t->w.task.gw->now + DAY_MS;
	turn_ask_as_customer(t, &q, on_transactions);
}

static void
limit_read(struct turn *t)
{
	turn_outcome(t, vars_has(turn_vars(t), "left") ? "done" : "failed");
}

void
call_limit_left(struct turn *t)
{
	char month[7];

	calendar_month(t->w.task.gw->now, month);
	turn_read_limit(t, month, limit_read);
}
