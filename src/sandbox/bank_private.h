/* SPDX-License-Identifier: Apache-2.0 */
/* What bank.c, bank_people.c and bank_withdraw.c share. Nobody else includes it. */
#pragma once
#include "base/map.h"
#include "sandbox/bank.h"
#include "sandbox/rng.h"

struct bank {
	const struct rules *rules;
	struct rng rng;
	struct map *customers, *wallets, *withdrawals;	/* by id */
	struct map *index;		/* kind octet + value -> struct customers */
	struct map *uids;		/* space octet + uid */
	struct map *friendly, *tokens;
	struct map *month;		/* phone + month -> struct month_sum */
	struct bank_customer **all_customers;
	struct bank_wallet **all_wallets;
	struct bank_withdrawal **all_withdrawals;
	struct bank_transfer *transfers;
	size_t customers_n, customers_cap, wallets_n, wallets_cap, withdrawals_n, withdrawals_cap,
	    transfers_n, transfers_cap;
	struct list pending;		/* of withdrawals */
	int64_t next_expiry;		/* no pending withdrawal expires before */
	int64_t next_customer, next_wallet, next_line, next_withdrawal;
	struct bank_wallet world, fees, paid;	/* the bank's own three */
	void (*on_status)(void *, const struct bank_withdrawal *);
	void *on_status_arg;
};

enum uid_space { UID_CUSTOMER = 'c', UID_WALLET = 'w', UID_TRANSFER = 't', UID_WITHDRAWAL = 'd' };

struct bank_move {
	struct bank_wallet *from, *to;
	int64_t amount;
	const char *type, *uid, *text, *external_id, *location;
};

/*
 * Key of `uids` and `index`: one octet of kind, then the text, upper case where case does not
 * count.
 */
size_t bank_tagged(char *out, size_t size, char tag, const char *text, bool fold);
void bank_people_clear(struct bank *b);
bool bank_uid_used(const struct bank *b, enum uid_space space, const char *uid);
void bank_uid_take(struct bank *b, enum uid_space space, const char *uid);
int64_t bank_lag(struct bank *b, int64_t now);		/* when lists show what is done now */
void bank_move(struct bank *b, int64_t now, const struct bank_move *m);
void bank_transfer_note(struct bank *b, const struct bank_transfer *t);
bool bank_usable(const struct bank_wallet *w);
void bank_set_status(struct bank *b, int64_t now, struct bank_withdrawal *w, enum bank_wstatus to,
    const char *problem);
/* Doubles an array that is full. */
void *bank_grow(void *p, size_t n, size_t *cap, size_t size);
