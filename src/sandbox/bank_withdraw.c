/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Withdrawals: tokens, their expiry, and what redeeming one debits (wallet-core.md section 11). A
 * token debits nothing until it is used; the rule reserve_at_create holds the money from the start.
 */
#include "sandbox/bank.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "sandbox/bank_private.h"

#define SIX_DAYS_MS (INT64_C(6) * 24 * 3600 * 1000)
#define SAST_S 7200		/* the month is South Africa's, which knows no summer time */

struct month_sum {
	int64_t cents;
};

static const struct bank_kind kinds[] = {
	{ "ZA_PAYCORP_ATM", "ATM", 800, true, false },
	{ "ZA_PNP_CASH", "CASH", 500, true, false },
	{ "ZA_NEDBANK_EFT", "EFT", 200, false, true },
	{ "ZA_NEDBANK_EFT_IMMEDIATE", "EFT", 1000, false, true },
	{ "ZA_SB_EFT", "EFT", 200, false, false },
};

const struct bank_kind *
bank_kind_find(const char *type)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

const char *
bank_wstatus_name(enum bank_wstatus s)
{
	static const char *const name[] = { "PENDING", "SUCCESSFUL", "ERROR", "ERROR_PERM",
	    "TIMEOUT", "CANCELLED" };

	return name[s];
}

static struct month_sum *
month_sum(struct bank *b, const char *phone, int64_t at)
{
	time_t t = (time_t)(at / 1000 + SAST_S);
	struct tm tm;
	char key[PHONE_MAX + 16];
	struct month_sum *m;

	gmtime_r(&t, &tm);
	str_format(key, sizeof key, "%s/%d-%d", phone, tm.tm_year, tm.tm_mon);
	if ((m = map_get(b->month, key, strlen(key))) == NULL) {
		m = xcalloc(1, sizeof *m);
		map_put(b->month, key, strlen(key), m);
	}
	return m;
}

/* Whose limit counts: the phone that gets the token, else the wallet's owner (ER withdrawals). */
static const char *
limit_phone(const struct bank_withdrawal *w)
{
	return w->phone[0] != '\0' ? w->phone : w->wallet->owner->profile.phone;
}

void
bank_set_status(struct bank *b, int64_t now, struct bank_withdrawal *w, enum bank_wstatus to,
    const char *problem)
{
	w->status = to;
	w->problem = problem;
	w->modified = now;
	list_remove(&w->pending);
	w->wallet->reserved -= w->reserved;
	w->reserved = 0;
	if (w->kind->token && to != BW_SUCCESSFUL)
		month_sum(b, limit_phone(w), w->created)->cents -= w->amount;
	if (b->on_status != NULL)
		b->on_status(b->on_status_arg, w);
}

void
bank_expire(struct bank *b, int64_t now)
{
	struct list *it, *nx;
	int64_t next = INT64_MAX;

	if (now < b->next_expiry)
		return;
	LIST_EACH(it, nx, &b->pending) {
		struct bank_withdrawal *w = LIST_OF(it, struct bank_withdrawal, pending);

		if (w->expires <= now)
			bank_set_status(b, now, w, BW_TIMEOUT, NULL);
		else if (w->expires < next)
			next = w->expires;
	}
	b->next_expiry = next;
}

static void
new_token(struct bank *b, struct bank_withdrawal *w)
{
	do
		str_format(w->token, sizeof w->token, "%010" PRIu64,
		    rng_below(&b->rng, UINT64_C(10000000000)));
	while (map_get(b->tokens, w->token, strlen(w->token)) != NULL);
	map_put(b->tokens, w->token, strlen(w->token), w);
}

static char *
copy_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static struct bank_withdrawal *
withdrawal_new(struct bank *b, int64_t now, const struct bank_withdrawal_in *in,
    const struct bank_kind *kind)
{
	struct bank_withdrawal *w = xcalloc(1, sizeof *w);
	struct bank_wallet *from = in->wallet;

	w->id = b->next_withdrawal++;
	w->wallet = from;
	w->kind = kind;
	str_copy(w->uid, sizeof w->uid, in->uid);
	str_copy(w->phone, sizeof w->phone, in->phone != NULL ? in->phone : "");
	w->amount = in->amount;
	w->fee = kind->fee;
	w->created = w->modified = now;
	w->expires = in->expires != 0 ? in->expires : now + SIX_DAYS_MS;
	w->visible_at = bank_lag(b, now);
	w->callback = copy_or_null(in->callback);
	w->description = copy_or_null(in->description);
	w->reference = copy_or_null(in->reference);
	w->location = copy_or_null(in->location);
	if (kind->token)
		new_token(b, w);
	if (b->rules->reserve_at_create) {
		w->reserved = w->amount + w->fee;
		from->reserved += w->reserved;
	}
	list_add_tail(&b->pending, &w->pending);
	if (w->expires < b->next_expiry)
		b->next_expiry = w->expires;
	map_put_u64(b->withdrawals, (uint64_t)w->id, w);
	from->withdrawals = bank_grow(from->withdrawals, from->withdrawals_n,
	    &from->withdrawals_cap, sizeof *from->withdrawals);
	from->withdrawals[from->withdrawals_n++] = w;
	b->all_withdrawals = bank_grow(b->all_withdrawals, b->withdrawals_n, &b->withdrawals_cap,
	    sizeof *b->all_withdrawals);
	b->all_withdrawals[b->withdrawals_n++] = w;
	return w;
}

enum bank_end
bank_withdraw(struct bank *b, int64_t now, const struct bank_withdrawal_in *in,
    struct bank_withdrawal **out)
{
	const struct bank_kind *kind = bank_kind_find(in->type);
	const char *phone = in->phone != NULL && *in->phone != '\0' ? in->phone :
	    in->wallet->owner->profile.phone;
	struct month_sum *m;
	bool short_of;

	bank_expire(b, now);
	if (kind == NULL || in->amount <= 0 || (in->expires != 0 && in->expires <= now))
		return BANK_INVALID;
	short_of = bank_available(in->wallet) < in->amount + kind->fee;
	if (b->rules->funds_first && short_of)
		return BANK_NO_FUNDS;
	if (bank_uid_used(b, UID_WITHDRAWAL, in->uid))
		return BANK_DUPLICATE;
	if (!bank_usable(in->wallet))
		return BANK_BARRED;
	if (short_of)
		return BANK_NO_FUNDS;
	if (kind->token) {
		m = month_sum(b, phone, now);
		if (b->rules->phone_limit > 0 && m->cents + in->amount > b->rules->phone_limit)
			return BANK_LIMIT;
		m->cents += in->amount;
	}
	bank_uid_take(b, UID_WITHDRAWAL, in->uid);
	*out = withdrawal_new(b, now, in, kind);
	return BANK_OK;
}

struct bank_withdrawal *
bank_withdrawal_find(const struct bank *b, int64_t id)
{
	return map_get_u64(b->withdrawals, (uint64_t)id);
}

struct bank_withdrawal *
bank_withdrawal_by_token(const struct bank *b, const char *token)
{
	return map_get(b->tokens, token, strlen(token));
}

size_t
bank_withdrawals(const struct bank *b, struct bank_withdrawal *const **out)
{
	*out = b->all_withdrawals;
	return b->withdrawals_n;
}

static void
redeem(struct bank *b, int64_t now, struct bank_withdrawal *w)
{
	struct bank_move m = { .from = w->wallet, .to = &b->paid, .amount = w->amount,
	    .type = "WITHDRAWAL", .uid = w->uid, .text = w->description != NULL ? w->description :
	    "Withdrawal" };

	if (!bank_usable(w->wallet)) {
		bank_set_status(b, now, w, BW_ERROR, "Wallet is barred");
		return;
	}
	if (bank_available(w->wallet) + w->reserved < w->amount + w->fee) {
		bank_set_status(b, now, w, BW_ERROR, "Insufficient funds");
		return;
	}
	bank_move(b, now, &m);
	m.to = &b->fees;
	m.amount = w->fee;
	m.type = "FEE";
	m.text = "Withdrawal fee";
	bank_move(b, now, &m);
	bank_transfer_note(b, &(struct bank_transfer){ .uid = w->uid, .from = w->wallet->id,
	    .to = b->paid.id, .amount = w->amount, .fee = w->fee, .at = now,
	    .type = "WITHDRAWAL" });
	bank_set_status(b, now, w, BW_SUCCESSFUL, NULL);
}

static bool
cancellable(const struct bank *b, const struct bank_withdrawal *w)
{
	return w->kind->token && (b->rules->cancel_pnp ||
	    strcmp(w->kind->type, "ZA_PNP_CASH") != 0);
}

enum bank_end
bank_withdrawal_set(struct bank *b, int64_t now, struct bank_withdrawal *w, enum bank_wstatus to)
{
	bank_expire(b, now);
	if (b->rules->lapsed_pays && w->status == BW_TIMEOUT && to == BW_SUCCESSFUL) {
		if (w->kind->token)
			month_sum(b, limit_phone(w), w->created)->cents += w->amount;
		redeem(b, now, w);
		return BANK_OK;
	}
	if (w->status != BW_PENDING)
		return BANK_NOT_CANCELLABLE;
	switch (to) {
	case BW_SUCCESSFUL:
		redeem(b, now, w);
		return BANK_OK;
	case BW_CANCELLED:
		if (!cancellable(b, w))
			return BANK_NOT_CANCELLABLE;
		bank_set_status(b, now, w, BW_CANCELLED, NULL);
		return BANK_OK;
	case BW_ERROR_PERM:
		bank_set_status(b, now, w, BW_ERROR_PERM, "Permanent error");
		return BANK_OK;
	case BW_PENDING:
	case BW_ERROR:
	case BW_TIMEOUT:
		break;
	}
	return BANK_INVALID;
}
