/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wallets and the ledger. Customers are in bank_people.c, withdrawals in bank_withdraw.c. It knows
 * neither HTTP nor JSON nor who may do what: that is core_api's. Nothing is ever removed, so
 * whatever was found stays valid.
 */
#include "sandbox/bank.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/bank_private.h"

#define FIRST_CUSTOMER INT64_C(1234501)
#define FIRST_WALLET INT64_C(100001)
#define FIRST_LINE INT64_C(990001)
#define FIRST_WITHDRAWAL INT64_C(50001)

void *
bank_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap > 0 ? *cap * 2 : 4;
	return xrealloc(p, *cap, size);
}

struct bank *
bank_new(const struct rules *rules, uint64_t seed)
{
	struct bank *b = xcalloc(1, sizeof *b);

	b->rules = rules;
	b->rng.s = seed;
	b->customers = map_new();
	b->wallets = map_new();
	b->withdrawals = map_new();
	b->index = map_new();
	b->uids = map_new();
	b->friendly = map_new();
	b->tokens = map_new();
	b->month = map_new();
	list_init(&b->pending);
	b->next_expiry = INT64_MAX;
	b->next_customer = FIRST_CUSTOMER;
	b->next_wallet = FIRST_WALLET;
	b->next_line = FIRST_LINE;
	b->next_withdrawal = FIRST_WITHDRAWAL;
	b->world.id = 1;
	b->fees.id = 2;
	b->paid.id = 3;
	return b;
}

static void
line_free(struct bank_line *l)
{
	free(l->uid);
	free(l->text);
	free(l->external_id);
	free(l->location);
}

static void
wallet_clear(struct bank_wallet *w)
{
	for (size_t i = 0; i < w->lines_n; i++)
		line_free(&w->lines[i]);
	free(w->lines);
	free(w->withdrawals);
}

static void
free_value(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	free(value);
}

void
bank_free(struct bank *b)
{
	struct bank_wallet *own[] = { &b->world, &b->fees, &b->paid };

	for (size_t i = 0; i < NELEM(own); i++)
		wallet_clear(own[i]);
	for (size_t i = 0; i < b->wallets_n; i++) {
		wallet_clear(b->all_wallets[i]);
		free(b->all_wallets[i]);
	}
	for (size_t i = 0; i < b->withdrawals_n; i++) {
		struct bank_withdrawal *w = b->all_withdrawals[i];

		free(w->callback);
		free(w->description);
		free(w->reference);
		free(w->location);
		free(w);
	}
	for (size_t i = 0; i < b->transfers_n; i++)
		free(b->transfers[i].uid);
	bank_people_clear(b);
	map_each(b->month, free_value, NULL);
	map_free(b->wallets);
	map_free(b->withdrawals);
	map_free(b->uids);
	map_free(b->friendly);
	map_free(b->tokens);
	map_free(b->month);
	free(b->all_wallets);
	free(b->all_withdrawals);
	free(b->transfers);
	free(b);
}

void
bank_on_status(struct bank *b, void (*fn)(void *, const struct bank_withdrawal *), void *arg)
{
	b->on_status = fn;
	b->on_status_arg = arg;
}

size_t
bank_tagged(char *out, size_t size, char tag, const char *text, bool fold)
{
	size_t n = strlen(text);

	if (n + 1 > size)
		n = size - 1;
	out[0] = tag;
	for (size_t i = 0; i < n; i++)
		out[i + 1] = fold ? (char)toupper((unsigned char)text[i]) : text[i];
	return n + 1;
}

static size_t
uid_key(const struct bank *b, char *out, size_t size, enum uid_space space, const char *uid)
{
	return bank_tagged(out, size, b->rules->one_uid_space ? '*' : (char)space, uid, false);
}

bool
bank_uid_used(const struct bank *b, enum uid_space space, const char *uid)
{
	char key[BANK_UID + 1];
	size_t n = uid_key(b, key, sizeof key, space, uid);

	return map_get(b->uids, key, n) != NULL;
}

void
bank_uid_take(struct bank *b, enum uid_space space, const char *uid)
{
	char key[BANK_UID + 1];
	size_t n = uid_key(b, key, sizeof key, space, uid);

	map_put(b->uids, key, n, b);
}

int64_t
bank_lag(struct bank *b, int64_t now)
{
	int64_t lag = b->rules->list_lag_ms;

	return lag > 0 ? now + (int64_t)rng_below(&b->rng, (uint64_t)lag + 1) : now;
}

/* ---- wallets ---- */

static void
new_friendly_id(struct bank *b, char out[9])
{
	static const char letter[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

	do {
		for (int i = 0; i < 8; i++)
			out[i] = letter[rng_below(&b->rng, sizeof letter - 1)];
		out[8] = '\0';
	} while (map_get(b->friendly, out, 8) != NULL);
}

enum bank_end
bank_wallet_create(struct bank *b, int64_t now, struct bank_customer *c,
    const struct bank_wallet_in *in, struct bank_wallet **out)
{
	struct bank_wallet *w;

	if (!b->rules->people_uid_free && bank_uid_used(b, UID_WALLET, in->uid))
		return BANK_DUPLICATE;
	if (in->type != BANK_WALLET_TYPE)
		return BANK_NOT_FOUND;
	if (c->barred)
		return BANK_BARRED;
	if (c->kyc != KYC_PASSED)
		return BANK_NO_KYC;
	bank_uid_take(b, UID_WALLET, in->uid);
	w = xcalloc(1, sizeof *w);
	w->id = b->next_wallet++;
	w->owner = c;
	str_copy(w->uid, sizeof w->uid, in->uid);
	str_copy(w->name, sizeof w->name, in->name != NULL ? in->name : "Primary Wallet");
	str_copy(w->description, sizeof w->description, in->description != NULL ? in->description :
	    "");
	new_friendly_id(b, w->friendly_id);
	w->created = w->modified = now;
	map_put_u64(b->wallets, (uint64_t)w->id, w);
	map_put(b->friendly, w->friendly_id, 8, w);
	c->wallets = xrealloc(c->wallets, c->wallets_n + 1, sizeof *c->wallets);
	c->wallets[c->wallets_n++] = w;
	b->all_wallets = bank_grow(b->all_wallets, b->wallets_n, &b->wallets_cap,
	    sizeof *b->all_wallets);
	b->all_wallets[b->wallets_n++] = w;
	*out = w;
	return BANK_OK;
}

struct bank_wallet *
bank_wallet_find(const struct bank *b, int64_t id)
{
	return map_get_u64(b->wallets, (uint64_t)id);
}

size_t
bank_wallets(const struct bank *b, struct bank_wallet *const **out)
{
	*out = b->all_wallets;
	return b->wallets_n;
}

void
bank_wallet_bar(struct bank *b, int64_t now, struct bank_wallet *w, bool barred)
{
	(void)b;
	w->barred = barred;
	w->modified = now;
	w->version++;
}

int64_t
bank_available(const struct bank_wallet *w)
{
	return w->balance - w->reserved;
}

bool
bank_usable(const struct bank_wallet *w)
{
	return !w->barred && !w->owner->barred;
}

/* ---- ledger ---- */

static void
post(struct bank *b, int64_t now, int64_t visible_at, struct bank_wallet *w,
    const struct bank_move *m)
{
	bool debit = w == m->from;
	struct bank_line *l;

	w->balance += debit ? -m->amount : m->amount;
	w->modified = now;
	w->version++;
	/*
	 * The bank's own three need no statement, and theirs would grow with every call of a
	 * benchmark.
	 */
	if (w->owner == NULL)
		return;
	w->lines = bank_grow(w->lines, w->lines_n, &w->lines_cap, sizeof *w->lines);
	l = &w->lines[w->lines_n++];
	*l = (struct bank_line){ .id = b->next_line++, .at = now, .visible_at = visible_at,
	    .amount = debit ? -m->amount : m->amount, .balance = w->balance,
	    .other = debit ? m->to->id : m->from->id, .type = m->type, .uid = xstrdup(m->uid),
	    .text = xstrdup(m->text != NULL ? m->text : "") };
	if (m->external_id != NULL)
		l->external_id = xstrdup(m->external_id);
	if (m->location != NULL)
		l->location = xstrdup(m->location);
}

void
bank_move(struct bank *b, int64_t now, const struct bank_move *m)
{
	int64_t visible_at;

	if (m->amount == 0)
		return;
	visible_at = bank_lag(b, now);
	post(b, now, visible_at, m->from, m);
	post(b, now, visible_at, m->to, m);
}

void
bank_transfer_note(struct bank *b, const struct bank_transfer *t)
{
	b->transfers = bank_grow(b->transfers, b->transfers_n, &b->transfers_cap,
	    sizeof *b->transfers);
	b->transfers[b->transfers_n] = *t;
	b->transfers[b->transfers_n++].uid = xstrdup(t->uid);
}

size_t
bank_transfers(const struct bank *b, const struct bank_transfer **out)
{
	*out = b->transfers;
	return b->transfers_n;
}

enum bank_end
bank_deposit(struct bank *b, int64_t now, struct bank_wallet *w, int64_t amount, const char *text)
{
	char uid[40];
	struct bank_move m = { .from = &b->world, .to = w, .amount = amount, .type = "DEPOSIT",
	    .uid = uid, .text = text };

	if (amount <= 0)
		return BANK_INVALID;
	str_format(uid, sizeof uid, "deposit-%" PRId64, b->next_line);
	bank_move(b, now, &m);
	return BANK_OK;
}

enum bank_end
bank_transfer(struct bank *b, int64_t now, const struct bank_transfer_in *in)
{
	int64_t fee = b->rules->transfer_fee;
	bool used, short_of;
	struct bank_move m = { .from = in->from, .to = in->to, .amount = in->amount,
	    .type = "TRANSFER", .uid = in->uid, .text = in->text, .external_id = in->external_id,
	    .location = in->location };

	bank_expire(b, now);
	if (in->amount <= 0 || in->from == in->to)
		return BANK_INVALID;
	used = bank_uid_used(b, UID_TRANSFER, in->uid);
	short_of = bank_available(in->from) < in->amount + fee;
	if (b->rules->funds_first && short_of)
		return BANK_NO_FUNDS;
	if (used)
		return BANK_DUPLICATE;
	/* Both ends: barredWalletsAllowDeposits is off for this wallet type. */
	if (!bank_usable(in->from) || !bank_usable(in->to))
		return BANK_BARRED;
	if (short_of)
		return BANK_NO_FUNDS;
	if (!in->only_check || b->rules->check_takes_uid)
		bank_uid_take(b, UID_TRANSFER, in->uid);
	if (in->only_check)
		return BANK_OK;
	bank_move(b, now, &m);
	m.to = &b->fees;
	m.amount = fee;
	m.type = "FEE";
	m.text = "Transfer fee";
	bank_move(b, now, &m);
	bank_transfer_note(b, &(struct bank_transfer){ .uid = (char *)in->uid, .from = in->from->id,
	    .to = in->to->id, .amount = in->amount, .fee = fee, .at = now, .type = "TRANSFER" });
	return BANK_OK;
}

int64_t
bank_paid_out(const struct bank *b)
{
	return b->paid.balance;
}

int64_t
bank_fees(const struct bank *b)
{
	return b->fees.balance;
}

static bool
wallet_check(const struct bank_wallet *w, char *why, size_t size)
{
	int64_t sum = 0, held = 0;

	for (size_t i = 0; i < w->lines_n; i++) {
		sum += w->lines[i].amount;
		if (sum != w->lines[i].balance) {
			str_format(why, size, "wallet %" PRId64 ": line %zu does not add up",
			    w->id, i);
			return false;
		}
	}
	for (size_t i = 0; i < w->withdrawals_n; i++)
		held += w->withdrawals[i]->reserved;
	if (sum != w->balance || held != w->reserved || w->balance < 0) {
		str_format(why, size, "wallet %" PRId64 ": balance %" PRId64 ", lines %"
		    PRId64 ", reserved %" PRId64
		    ", held %" PRId64, w->id, w->balance, sum, w->reserved, held);
		return false;
	}
	return true;
}

bool
bank_check(const struct bank *b, char *why, size_t size)
{
	int64_t sum = b->world.balance + b->fees.balance + b->paid.balance;

	for (size_t i = 0; i < b->wallets_n; i++) {
		if (!wallet_check(b->all_wallets[i], why, size))
			return false;
		sum += b->all_wallets[i]->balance;
	}
	if (sum == 0)
		return true;
	str_format(why, size, "all balances sum to %" PRId64 " cents", sum);
	return false;
}
