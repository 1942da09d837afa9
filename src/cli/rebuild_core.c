/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wallet cores say: the withdrawals of each wallet that is known, page by page, a few wallets at a time; then
 * each withdrawal of ours that no list had; then the phones of owners whose lost withdrawals name none. Only reads.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/rebuild.h"
#include "io/http_client.h"
#include "wallet/wallet_client.h"

#define WINDOW 8
#define TRIES 4
#define AGAIN_MS 1000
#define ROWS_MAX 200000			/* of one wallet; a core that ignores offsets lists for ever */
#define ANSWER_OCTETS (2 << 20)
#define DAY_MS INT64_C(86400000)

struct job;

struct round {
	struct rebuild *b;
	const char *what;
	size_t next, n, done;
	unsigned active;
	/* The next piece of work into *job; false: it needs none. */
	bool (*take)(struct rebuild *b, size_t i, struct job *job);
	void (*fill)(const struct job *job, struct wallet_req *q);
	/* true: the job goes on with another call. NULL: the core gave no answer that can be believed. */
	bool (*on)(struct rebuild *b, struct job *job, const struct wallet_answer *a);
};

struct job {
	struct round *round;
	struct timer again;
	int tenant, tries;
	struct ledger *ledger;
	struct known *known;
	int offset;
};

void
rebuild_open_cores(struct rebuild *b)
{
	b->cores = xcalloc((size_t)b->r.settings->tenants_n, sizeof *b->cores);
	for (int i = 0; i < b->r.settings->tenants_n; i++) {
		const struct tenant_settings *t = &b->r.settings->tenants[i];
		struct http_client_options o = { .connections = t->wallet.connections + 1, .waiting = 2 * WINDOW,
			.answer_max = ANSWER_OCTETS };

		b->cores[i].http = http_client_new(b->r.loop, &o);
		b->cores[i].client = wallet_client_new(b->r.loop, b->cores[i].http, t);
	}
}

void
rebuild_close_cores(struct rebuild *b)
{
	for (int i = 0; b->cores != NULL && i < b->r.settings->tenants_n; i++) {
		wallet_client_free(b->cores[i].client);
		http_client_free(b->cores[i].http);
	}
	free(b->cores);
	b->cores = NULL;
}

/* ---- a round of calls ---- */

static bool begin_next(struct job *job);

static void
on_answer(void *arg, uint64_t op, const struct wallet_answer *a)
{
	struct job *job = arg;
	struct round *round = job->round;
	bool answered = a->end == WALLET_DONE || a->end == WALLET_REFUSED;

	(void)op;
	rebuild_tick(round->b, round->what, round->done, round->n);
	if (!answered && ++job->tries < TRIES && !round->b->broken) {
		timer_arm(&job->again, AGAIN_MS * job->tries);
		return;
	}
	job->tries = 0;
	if (round->on(round->b, job, answered ? a : NULL)) {
		timer_arm(&job->again, 0);
		return;
	}
	round->done++;
	if (!begin_next(job) && --round->active == 0)
		loop_stop(round->b->r.loop);
}

static void
send_call(void *arg)
{
	struct job *job = arg;
	struct rebuild *b = job->round->b;
	struct wallet_req q = { 0 };

	job->round->fill(job, &q);
	wallet_client_call(b->cores[job->tenant].client, 0, &q,
	    b->r.settings->tenants[job->tenant].wallet.timeout_read_ms, on_answer, job);
}

/* false: there is nothing left to do. */
static bool
begin_next(struct job *job)
{
	struct round *round = job->round;

	job->offset = 0;
	while (round->next < round->n && !round->b->broken)
		if (round->take(round->b, round->next++, job)) {
			timer_arm(&job->again, 0);
			return true;
		}
	return false;
}

static void
run_round(struct round *round)
{
	struct job *jobs = xcalloc(WINDOW, sizeof *jobs);

	for (int i = 0; i < WINDOW; i++) {
		jobs[i].round = round;
		timer_init(&jobs[i].again, round->b->r.loop, send_call, &jobs[i]);
		round->active += begin_next(&jobs[i]);
	}
	if (round->active > 0)
		loop_run(round->b->r.loop);
	free(jobs);
}

/* ---- the lists ---- */

static bool
makes_token(const struct tenant_settings *t, const char *type)
{
	for (int i = 0; i < t->kinds_n; i++)
		if (strcmp(t->kinds[i].type, type) == 0)
			return t->kinds[i].token;
	return true;		/* a kind that was offered once, or elsewhere */
}

/* The id that its intent would have had; what did not come from a gateway gets one of its own, always the same. */
static void
entry_id(const struct rebuild *b, const struct ledger *l, const struct wallet_withdrawal *w, unsigned char id[LIMIT_ID])
{
	char text[96];

	if (limit_id(w->uid, id))
		return;
	str_format(text, sizeof text, "withdrawal %s/%" PRId64 "/%" PRId64, b->r.settings->tenants[l->tenant].name,
	    l->wallet_id, w->id);
	seal_mac(&b->r.seal, text, strlen(text), id);
}

static enum limit_state
state_of(const struct rebuild *b, const struct wallet_withdrawal *w)
{
	static const int bit[] = {
		[WSTATUS_CANCELLED] = GIVE_BACK_CANCELLED, [WSTATUS_TIMEOUT] = GIVE_BACK_TIMEOUT,
		[WSTATUS_ERROR] = GIVE_BACK_ERROR,
	};

	return (b->r.settings->give_back & bit[wallet_status(w->status)]) != 0 ? LIMIT_GIVEN_BACK : LIMIT_COMMITTED;
}

/* The core has it and no intent is left of it: it counts for the phone that it names, else for its owner's. */
static void
enter_lost(struct rebuild *b, struct ledger *l, const struct wallet_withdrawal *w)
{
	struct entry e = { .month = rebuild_month(w->created_ms), .cents = w->amount, .created_ms = w->created_ms,
		.lost = l, .withdrawal_id = w->id };

	if (!makes_token(&b->r.settings->tenants[l->tenant], w->type) || !rebuild_wants(b, e.month))
		return;
	entry_id(b, l, w, e.id);
	e.state = state_of(b, w);
	str_copy(e.phone, sizeof e.phone, w->phone);
	l->lost |= e.phone[0] == '\0';
	rebuild_add(b, &e);
}

static void
take_word(struct known *k, const struct wallet_withdrawal *w)
{
	k->core_id = w->id;
	k->core_amount = w->amount;
	str_copy(k->core_word, sizeof k->core_word, w->status);
}

static void
take_row(struct rebuild *b, struct ledger *l, const struct wallet_withdrawal *w)
{
	unsigned char id[LIMIT_ID];
	struct known *k;

	entry_id(b, l, w, id);
	k = rebuild_known(b, id, l->wallet_id, w->id);
	if (w->wallet_id != 0 && w->wallet_id != l->wallet_id)
		return;		/* the core lists others' too */
	if (k == NULL)
		enter_lost(b, l, w);
	else
		take_word(k, w);
}

static bool
take_ledger(struct rebuild *b, size_t i, struct job *job)
{
	job->ledger = b->ledger[i];
	job->tenant = job->ledger->tenant;
	return !rebuild_skips(b, job->ledger);
}

static void
fill_list(const struct job *job, struct wallet_req *q)
{
	q->op = WALLET_WITHDRAWAL_LIST;
	q->wallet_id = job->ledger->wallet_id;
	q->from_ms = job->round->b->from_ms;
	q->to_ms = loop_wall(job->round->b->r.loop) + DAY_MS;
	q->offset = job->offset;
}

static bool
on_list(struct rebuild *b, struct job *job, const struct wallet_answer *a)
{
	if (a == NULL || a->end == WALLET_REFUSED) {
		job->ledger->refused = a != NULL;
		return false;
	}
	for (int i = 0; i < a->n; i++)
		take_row(b, job->ledger, &a->withdrawal[i]);
	job->offset += a->n;
	if (a->more && a->n > 0 && job->offset < ROWS_MAX)
		return true;
	job->ledger->read = !a->more;
	return false;
}

/* Where a wallet is only perhaps this tenant's, its refusal is no gap once another tenant has it. */
static void
count_unread(struct rebuild *b)
{
	for (size_t i = 0; i < b->ledgers; i++) {
		struct ledger *l = b->ledger[i];
		bool elsewhere = false;

		for (int t = 0; t < b->r.settings->tenants_n; t++) {
			const struct ledger *o = rebuild_ledger(b, t, l->wallet_id);

			elsewhere |= o != NULL && o->read;
		}
		b->unread += !l->read && !rebuild_skips(b, l) && !(l->maybe && l->refused && elsewhere);
	}
}

/* ---- what no list had ---- */

static bool
take_known(struct rebuild *b, size_t i, struct job *job)
{
	job->known = b->known[i];
	job->tenant = job->known->tenant;
	if (job->known->core_id != 0 || job->known->withdrawal_id == 0 ||
	    !rebuild_wants_phone(b, job->known->phone))
		return false;
	b->unconfirmed += b->skip[job->tenant];
	return !b->skip[job->tenant];
}

static void
fill_get(const struct job *job, struct wallet_req *q)
{
	q->op = WALLET_WITHDRAWAL_GET;
	q->wallet_id = job->known->wallet_id;
	q->withdrawal_id = job->known->withdrawal_id;
}

static bool
on_got(struct rebuild *b, struct job *job, const struct wallet_answer *a)
{
	if (a != NULL && a->end == WALLET_DONE && a->n == 1 && a->withdrawal[0].id == job->known->withdrawal_id)
		take_word(job->known, &a->withdrawal[0]);
	else
		b->unconfirmed++;
	return false;
}

/* ---- whose wallet it is ---- */

static bool
take_owner(struct rebuild *b, size_t i, struct job *job)
{
	job->ledger = b->ledger[i];
	job->tenant = job->ledger->tenant;
	return !rebuild_skips(b, job->ledger) && job->ledger->lost && job->ledger->phone[0] == '\0' &&
	    job->ledger->customer_id != 0;
}

static void
fill_owner(const struct job *job, struct wallet_req *q)
{
	q->op = WALLET_CUSTOMER_GET;
	q->customer_id = job->ledger->customer_id;
}

static bool
on_owner(struct rebuild *b, struct job *job, const struct wallet_answer *a)
{
	(void)b;
	if (a != NULL && a->end == WALLET_DONE && a->n == 1)
		str_copy(job->ledger->phone, sizeof job->ledger->phone, a->customer[0].phone);
	return false;
}

void
rebuild_ask_cores(struct rebuild *b)
{
	struct round lists = { .b = b, .what = "wallets", .n = b->ledgers, .take = take_ledger, .fill = fill_list,
		.on = on_list };
	struct round rest = { .b = b, .what = "withdrawals", .n = b->known_n, .take = take_known, .fill = fill_get,
		.on = on_got };
	struct round owners = { .b = b, .what = "owners", .n = b->ledgers, .take = take_owner, .fill = fill_owner,
		.on = on_owner };

	run_round(&lists);
	count_unread(b);
	run_round(&rest);
	run_round(&owners);
}
