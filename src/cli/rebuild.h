/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango limit rebuild: the limits of all phones once more, from the intents that Redis has and from what the wallet
 * cores say of each withdrawal. rebuild.c has the whole, rebuild_records.c reads Redis, rebuild_core.c asks the cores.
 */
#pragma once
#include "base/map.h"
#include "cli/reader.h"
#include "core/intent.h"

struct http_client;
struct redisContext;
struct wallet_client;

#define REBUILD_WITHOUT 16

struct rebuild_wish {
	int64_t month;			/* yyyymm, 0: this one and the last */
	bool dry_run;
	const char *without[REBUILD_WITHOUT];	/* names of tenants whose wallet cores are not asked */
	int without_n;
	const char *phone;		/* only this one's limits, as it was typed; NULL: all */
};
int rebuild_run(const char *file, const struct rebuild_wish *wish);	/* the exit status */

/* ---- between rebuild.c, rebuild_records.c and rebuild_core.c ---- */

struct known {				/* a withdrawal that has an intent */
	char id[INTENT_ID];
	char *owner;
	struct store_version version;
	int tenant;
	int64_t wallet_id, withdrawal_id, amount, accepted_at, month;
	char phone[PHONE_MAX];
	bool counts, late;		/* late: made while the cores were asked already */
	enum intent_limit limit;
	int core_status;		/* as the record has it */
	int64_t core_id, core_amount;	/* as the core says now; id 0: it has none */
	char core_word[16];
	struct ledger *ledger;
};

struct ledger {				/* a wallet whose withdrawals are listed */
	int tenant;
	int64_t wallet_id, customer_id;	/* customer 0: not known */
	char phone[PHONE_MAX];		/* of its owner, "" while it is not known */
	bool maybe;			/* no intent says that it is this tenant's */
	bool wanted;			/* of one phone: it is that phone's, or paid a token to it */
	bool read, refused;
	bool lost;			/* it has withdrawals of no intent and of no phone */
};

struct entry {				/* to be merged into the limit of its phone and month */
	char phone[PHONE_MAX];
	int64_t month;
	unsigned char id[LIMIT_ID];
	int64_t cents, created_ms;
	enum limit_state state;
	struct ledger *lost;		/* the wallet that has it, where no intent is left of it; else NULL */
	int64_t withdrawal_id;
};

struct rebuild {
	struct reader r;
	const struct rebuild_wish *wish;
	char phone[PHONE_MAX];		/* "": all */
	struct redisContext *ctx;
	char mark[17];
	struct known **known;
	size_t known_n;
	struct map *by_id;		/* an intent's id in octets -> struct known */
	struct map *by_withdrawal;	/* wallet and withdrawal -> struct known */
	struct ledger **ledger;
	size_t ledgers;
	struct map *by_wallet;		/* tenant and wallet -> struct ledger */
	struct entry *entry;
	size_t entries;
	struct core {
		struct http_client *http;
		struct wallet_client *client;
	} *cores;
	int64_t months[2], from_ms;
	bool *skip;			/* of each tenant: it is not asked */
	int64_t told_at, kept_at;	/* loop_now() of the last progress line, of the lease */
	bool broken;			/* the lease is lost */
	bool late;			/* the cores were asked */
	size_t unreadable;		/* records that could not be opened */
	size_t aside;			/* payments of these months that operators set aside */
	size_t unread;			/* wallets whose list could not be read */
	size_t unconfirmed;		/* withdrawals of which the core said nothing */
};

/* ---- rebuild.c ---- */
bool rebuild_say(const struct rebuild *b, const char *what, const char *why);	/* on standard error; false */
void rebuild_add(struct rebuild *b, const struct entry *e);
/* Now and then while it waits: keeps the lease, says how far it is. */
void rebuild_tick(struct rebuild *b, const char *what, size_t done, size_t of);

/* ---- rebuild_records.c ---- */
void rebuild_set_months(struct rebuild *b);
int64_t rebuild_month(int64_t ms);
bool rebuild_wants(const struct rebuild *b, int64_t month);
bool rebuild_wants_phone(const struct rebuild *b, const char *phone);
bool rebuild_skips(const struct rebuild *b, const struct ledger *l);	/* its core is not asked about it */
/* NULL: no intent has it. A core that leaves out our ids is known by its own. */
struct known *rebuild_known(const struct rebuild *b, const unsigned char id[LIMIT_ID], int64_t wallet_id,
    int64_t withdrawal_id);
struct ledger *rebuild_ledger(const struct rebuild *b, int tenant, int64_t wallet_id);	/* NULL: not known */
bool rebuild_read_records(struct rebuild *b) MUST_CHECK;
bool rebuild_read_intents(struct rebuild *b) MUST_CHECK;

/* ---- rebuild_core.c ---- */
void rebuild_open_cores(struct rebuild *b);
void rebuild_close_cores(struct rebuild *b);
/* Fills core_… of what is known, and enters what the cores have and no intent. */
void rebuild_ask_cores(struct rebuild *b);
