/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bank of the sandbox: customers, wallets, a double-entry ledger and withdrawals, in memory.
 * Pure: `now` (ms since the epoch) and randomness come in, nothing is sent; the simulation uses it
 * too. Every movement debits one wallet and credits another, three of them the bank's own, so that
 * all balances always sum to zero. Amounts are cents. Everything found is borrowed and lives as
 * long as the bank.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/mem.h"
#include "core/phone.h"
#include "sandbox/rules.h"

#define BANK_UID 201			/* externalUniqueId: up to 200 octets (transfers) */
#define BANK_TEXT 201
#define BANK_WALLET_TYPE 5496
#define BANK_NAME_MAX 201		/* 50 characters of UTF-8 */

enum bank_end {
	BANK_OK,
	BANK_DUPLICATE,			/* externalUniqueId was used before */
	BANK_NO_FUNDS,
	BANK_NOT_FOUND,
	BANK_BARRED,
	BANK_LIMIT,			/* tokens of the month for one phone */
	BANK_NO_KYC,
	BANK_NOT_CANCELLABLE,
	BANK_INVALID
};

enum bank_kyc { KYC_NONE, KYC_PASSED, KYC_FAILED, KYC_PENDING };

struct bank_profile {
	char uid[BANK_UID];
	char first_name[BANK_NAME_MAX], last_name[BANK_NAME_MAX];
	char phone[PHONE_MAX];
	char id_number[21], passport[21], birth[9], email[51], locale[3], title[9], gender[9];
	int completion;			/* profileCompletionStatus */
};

struct bank_document {			/* what is kept of one */
	int64_t id, at;
	char type[41], media[61], sha256[65];
	size_t octets;
};

struct bank_customer {
	int64_t id;
	struct bank_profile profile;
	bool barred;
	enum bank_kyc kyc;
	int64_t kyc_at, created, modified;
	int version;
	struct bank_wallet **wallets;
	size_t wallets_n;
	struct bank_document *documents;
	size_t documents_n;
};

struct bank_line {			/* of one wallet's statement */
	int64_t id, at, visible_at;	/* lists that lag show it from visible_at on */
	int64_t amount;			/* < 0: debit */
	int64_t balance;		/* after it */
	int64_t other;			/* the other wallet's id */
	const char *type;		/* "TRANSFER", "WITHDRAWAL", "FEE", "DEPOSIT" */
	char *uid, *text, *external_id, *location;
};

struct bank_wallet {
	int64_t id;
	struct bank_customer *owner;	/* NULL: the bank's own */
	char uid[BANK_UID], name[BANK_NAME_MAX], description[BANK_TEXT], friendly_id[9];
	bool barred;
	int64_t balance, reserved, created, modified;
	int version;
	struct bank_line *lines;	/* oldest first */
	size_t lines_n, lines_cap;
	struct bank_withdrawal **withdrawals;	/* oldest first */
	size_t withdrawals_n, withdrawals_cap;
};

struct bank_kind {			/* of withdrawals */
	const char *type, *cls;		/* "ZA_PAYCORP_ATM", "ATM" */
	int64_t fee;
	bool token;
	bool barring_cancels;		/* pending ones go when the customer is barred */
};
const struct bank_kind *bank_kind_find(const char *type);	/* or NULL */

enum bank_wstatus { BW_PENDING, BW_SUCCESSFUL, BW_ERROR, BW_ERROR_PERM, BW_TIMEOUT, BW_CANCELLED };
const char *bank_wstatus_name(enum bank_wstatus s);

struct bank_withdrawal {
	int64_t id;
	struct bank_wallet *wallet;
	const struct bank_kind *kind;
	char uid[BANK_UID];
	int64_t amount, fee, created, modified, expires, visible_at;
	enum bank_wstatus status;
	char token[11];			/* "" where the kind has none */
	char phone[PHONE_MAX];		/* deliverToPhone, or "" */
	char *callback, *description, *reference, *location;	/* may be NULL */
	const char *problem;		/* errorDescription, or NULL */
	int64_t reserved;		/* cents held in the wallet */
	struct list pending;		/* in the bank while PENDING */
};

/* Also every redeemed withdrawal: what tests count debits by. */
struct bank_transfer {
	char *uid;
	int64_t from, to, amount, fee, at;
	const char *type;
};

struct bank;

/* Rules are borrowed and may change. */
struct bank *bank_new(const struct rules *rules, uint64_t seed);
void bank_free(struct bank *b);
/* Called whenever a withdrawal changes its status, from inside the call that changes it. */
void bank_on_status(struct bank *b, void (*fn)(void *arg, const struct bank_withdrawal *w),
    void *arg);
/*
 * Tokens that have expired become TIMEOUT. Every call below does so first; call it now and then as
 * well.
 */
void bank_expire(struct bank *b, int64_t now);

enum bank_end bank_customer_create(struct bank *b, int64_t now, const struct bank_profile *p,
    struct bank_customer **out) MUST_CHECK;
enum bank_end bank_customer_update(struct bank *b, int64_t now, struct bank_customer *c,
    const struct bank_profile *p) MUST_CHECK;
void bank_customer_bar(struct bank *b, int64_t now, struct bank_customer *c, bool barred);
/* By identity number: positions 7 to 10 "0666" fail, "0777" stay pending, all others pass. */
enum bank_kyc bank_ratify(struct bank *b, int64_t now, struct bank_customer *c);
struct bank_customer *bank_customer_find(const struct bank *b, int64_t id);
enum bank_index { INDEX_PHONE, INDEX_ID_NUMBER, INDEX_PASSPORT, INDEX_LAST_NAME, INDEX_UID,
    INDEX_EMAIL };
/* All customers of that value, oldest first. */
size_t bank_customers_by(const struct bank *b, enum bank_index by, const char *value,
    struct bank_customer *const **out);
/* Oldest first. */
size_t bank_customers(const struct bank *b, struct bank_customer *const **out);

struct bank_wallet_in {
	const char *uid, *name, *description;
	int64_t type;
};
enum bank_end bank_wallet_create(struct bank *b, int64_t now, struct bank_customer *c,
    const struct bank_wallet_in *in, struct bank_wallet **out) MUST_CHECK;
/* Customers' wallets only. */
struct bank_wallet *bank_wallet_find(const struct bank *b, int64_t id);
size_t bank_wallets(const struct bank *b, struct bank_wallet *const **out);
void bank_wallet_bar(struct bank *b, int64_t now, struct bank_wallet *w, bool barred);
int64_t bank_available(const struct bank_wallet *w);
/* Money from the world outside. */
enum bank_end bank_deposit(struct bank *b, int64_t now, struct bank_wallet *w, int64_t amount,
    const char *text) MUST_CHECK;

struct bank_transfer_in {
	const char *uid, *text, *external_id, *location;	/* the last two may be NULL */
	struct bank_wallet *from, *to;
	int64_t amount;
	bool only_check;
};
enum bank_end bank_transfer(struct bank *b, int64_t now,
    const struct bank_transfer_in *in) MUST_CHECK;
/* Oldest first. */
size_t bank_transfers(const struct bank *b, const struct bank_transfer **out);

struct bank_withdrawal_in {
	/* All but uid and type may be NULL. */
	const char *uid, *type, *phone, *callback, *description, *reference, *location;
	struct bank_wallet *wallet;
	int64_t amount;
	int64_t expires;		/* 0: six days from now */
};
enum bank_end bank_withdraw(struct bank *b, int64_t now, const struct bank_withdrawal_in *in,
    struct bank_withdrawal **out) MUST_CHECK;
struct bank_withdrawal *bank_withdrawal_find(const struct bank *b, int64_t id);
/* Of any status. */
struct bank_withdrawal *bank_withdrawal_by_token(const struct bank *b, const char *token);
/* Oldest first. */
size_t bank_withdrawals(const struct bank *b, struct bank_withdrawal *const **out);
/* to: CANCELLED, SUCCESSFUL (which debits, or ends in ERROR), ERROR_PERM. */
enum bank_end bank_withdrawal_set(struct bank *b, int64_t now, struct bank_withdrawal *w,
    enum bank_wstatus to) MUST_CHECK;

/* Adds up the whole ledger. false: money was made or lost, `why` says where. */
bool bank_check(const struct bank *b, char *why, size_t size) MUST_CHECK;
int64_t bank_paid_out(const struct bank *b);		/* cents redeemed so far */
int64_t bank_fees(const struct bank *b);		/* cents of fees taken so far */
