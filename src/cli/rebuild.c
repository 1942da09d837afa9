/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits once more (rebuild.h): the intents of the months are walked, the wallet cores asked, and each phone's
 * record is merged and saved by a versioned commit while gateways run. What is there is lowered only by the core's
 * word, and an intent that may give back is left to its own run, which is woken. Run again it changes nothing more, so
 * a run that was cut short is simply begun anew.
 */
#include "cli/rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <sodium.h>

#include "base/str.h"
#include "core/money.h"
#include "service/task.h"
#include "store/redis_ask.h"
#include "store/redis_check.h"
#include "store/redis_history.h"
#include "store/redis_walk.h"

#define LEASE "isango:limit-rebuild"
#define LEASE_MS 120000
#define KEEP_MS 20000
#define TELL_MS 1000
#define CONNECT_MS 5000
#define COMMIT_MS 10000
#define SAVE_TRIES 20

struct sums {
	size_t phones, changed, entries, mended, woken, lost, nowhere;
	int64_t added, given_back;
};

bool
rebuild_say(const struct rebuild *b, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s%s%s\n", b->r.command, what, why[0] != '\0' ? ": " : "", why);
	return false;
}

/* ---- the lease ---- */

void
rebuild_tick(struct rebuild *b, const char *what, size_t done, size_t of)
{
	int64_t now = loop_now(b->r.loop);

	if (now - b->told_at >= TELL_MS) {
		b->told_at = now;
		fprintf(stderr, "%s: %zu of %zu %s\n", b->r.command, done, of, what);
	}
	if (now - b->kept_at >= KEEP_MS && !b->broken) {
		b->kept_at = now;
		b->broken = !redis_lease_keep(b->ctx, LEASE, b->mark, LEASE_MS);
	}
}

static bool
take_lease(struct rebuild *b)
{
	unsigned char mark[8];

	randombytes_buf(mark, sizeof mark);
	str_hex(mark, sizeof mark, b->mark);
	b->kept_at = loop_now(b->r.loop);
	switch (redis_lease_take(b->ctx, LEASE, b->mark, LEASE_MS)) {
	case LEASE_HELD:
		return true;
	case LEASE_TAKEN:
		b->mark[0] = '\0';
		return rebuild_say(b,
		    "another rebuild is under way; wait until it has ended, or two minutes if it was killed", "");
	case LEASE_UNKNOWN:
		break;
	}
	b->mark[0] = '\0';
	return rebuild_say(b, "redis gave no answer; try again, or look at its log", "");
}

/* ---- what follows ---- */

void
rebuild_add(struct rebuild *b, const struct entry *e)
{
	b->entry = xrealloc(b->entry, b->entries + 1, sizeof *b->entry);
	b->entry[b->entries++] = *e;
}

static void
enter_known(struct rebuild *b, const struct known *k)
{
	struct intent i = { .kind = INTENT_WITHDRAWAL, .counts = true, .accepted_at = k->accepted_at,
	    .limit = k->limit };
	struct wallet_withdrawal w = { .id = k->core_id };
	struct entry e = { .month = k->month, .cents = k->amount > k->core_amount ? k->amount : k->core_amount,
		.created_ms = k->accepted_at };
	int as;

	if (!k->counts || !rebuild_wants(b, k->month))
		return;
	str_copy(w.status, sizeof w.status, k->core_word);
	as = intent_counts_as(&i, k->core_id != 0 ? &w : NULL, k->ledger->read && !k->late);
	if (as == 0 || !limit_id(k->id, e.id))
		return;
	e.state = (enum limit_state)as;
	str_copy(e.phone, sizeof e.phone, k->phone);
	rebuild_add(b, &e);
}

static int
by_phone(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int order = strcmp(a->phone, b->phone);

	return order != 0 ? order : a->month != b->month ? (a->month < b->month ? -1 : 1) : 0;
}

/*
 * What the cores have and no intent: counted for its owner's phone where it names none, and named where that is not
 * known either. Those whose intent was made while the cores were asked are none of them.
 */
static void
settle_lost(struct rebuild *b, struct sums *sums)
{
	char money[MONEY_TEXT];

	for (size_t i = 0; i < b->entries; i++) {
		struct entry *e = &b->entry[i];

		if (e->lost == NULL)
			continue;
		if (rebuild_known(b, e->id, e->lost->wallet_id, e->withdrawal_id) != NULL) {
			e->phone[0] = '\0';
			continue;
		}
		sums->lost++;
		if (e->phone[0] == '\0')
			str_copy(e->phone, sizeof e->phone, e->lost->phone);
		if (e->phone[0] != '\0' || e->state == LIMIT_GIVEN_BACK)
			continue;
		sums->nowhere++;
		printf("not counted: withdrawal %" PRId64 " of wallet %" PRId64 ", %s: nobody says whose phone has its token\n",
		    e->withdrawal_id, e->lost->wallet_id, money_text(e->cents, money));
	}
}

/* ---- saving ---- */

static void
put(struct rebuild *b, struct store_commit *c, const struct store_key *key, const struct store_version *from,
    const struct buf *octets)
{
	struct rev rev = { .at = *from };
	unsigned char mark[8];

	randombytes_buf(mark, sizeof mark);
	rev_next(&rev, mark);
	c->op[c->n++] = (struct store_op){ .kind = STORE_PUT, .key = *key, .from = rev.at, .to = rev.next,
	    .p = octets->p,
		.len = octets->len };
	c->not_after_ms = loop_wall(b->r.loop) + COMMIT_MS;
}

static void
sum_up(struct sums *sums, const struct limit *before, const struct limit *after, bool mended)
{
	int64_t change = limit_used(after) - limit_used(before);

	sums->changed++;
	sums->mended += mended;
	if (change > 0)
		sums->added += change;
	else
		sums->given_back -= change;
}

struct merge {
	struct limit before, after;
	struct store_version version;
	struct buf old, fresh, damaged;
	bool mended;
};

/* The record as it is now, and as it should be; false: it cannot be read, or has no room. */
static bool
merge(struct rebuild *b, const struct store_key *key, const struct entry *e, size_t n, struct merge *m)
{
	bool room = true;

	memset(&m->before, 0, sizeof m->before);
	if (!reader_load(&b->r, key))
		return false;
	m->mended = b->r.damaged || (b->r.present && !limit_decode(b->r.value.p, b->r.value.len, &m->before));
	m->version = b->r.version;
	buf_reset(&m->damaged);
	if (m->mended) {
		memset(&m->before, 0, sizeof m->before);
		buf_add(&m->damaged, b->r.value.p, b->r.value.len);
	}
	m->after = m->before;
	for (size_t i = 0; i < n; i++) {
		room &= limit_merge(&m->after, e[i].id, e[i].cents, e[i].state);
		limit_stamp(&m->after, e[i].id, e[i].created_ms);
	}
	buf_reset(&m->old);
	buf_reset(&m->fresh);
	limit_encode(&m->before, &m->old);
	limit_encode(&m->after, &m->fresh);
	return room || rebuild_say(b, "the limit of a phone has no room for all its entries", "");
}

/* What cannot be read is kept before anything takes its place. */
static bool
set_aside(struct rebuild *b, const struct store_key *key, const struct merge *m)
{
	static const struct store_version none;
	struct store_commit c = { .n = 0 };
	struct store_key copy;
	char id[STORE_ID];

	str_format(id, sizeof id, "limit/%s@%" PRId64, key->id, loop_wall(b->r.loop));
	copy = key_of(STORE_ASIDE, key->owner, id);
	put(b, &c, &copy, &none, &m->damaged);
	return reader_commit(&b->r, &c) == STORE_DONE ||
	    rebuild_say(b, "a damaged limit could not be set aside, so it was left as it is", "");
}

/* All entries of one phone and month, merged with what gateways wrote; again when they wrote meanwhile. */
static bool
save_phone(struct rebuild *b, const struct entry *e, size_t n, struct sums *sums)
{
	struct merge *m = xcalloc(1, sizeof *m);
	enum store_end end = STORE_CONFLICT;
	struct store_key key;
	char month[8];
	bool same;

	str_format(month, sizeof month, "%06" PRId64, e->month);
	key = key_of(STORE_LIMIT, e->phone, month);
	for (int tries = 0; end == STORE_CONFLICT && tries < SAVE_TRIES; tries++) {
		struct store_commit c = { .n = 0 };

		if (!merge(b, &key, e, n, m)) {
			end = STORE_FULL;
			break;
		}
		same = !m->mended && m->old.len == m->fresh.len && memcmp(m->old.p, m->fresh.p, m->old.len) == 0;
		end = STORE_DONE;
		if (!same && !b->wish->dry_run) {
			if (m->mended && !set_aside(b, &key, m)) {
				end = STORE_FULL;
				break;
			}
			put(b, &c, &key, &m->version, &m->fresh);
			end = reader_commit(&b->r, &c);
		}
		if (end == STORE_DONE && !same)
			sum_up(sums, &m->before, &m->after, m->mended);
	}
	buf_clear(&m->old);
	buf_clear(&m->fresh);
	buf_clear(&m->damaged);
	free(m);
	return end == STORE_DONE || rebuild_say(b, "the limit of a phone could not be saved; run it again", "");
}

/* A phone that was asked for and has no entry: a damaged record of it is mended all the same. */
static bool
mend_empty(struct rebuild *b, struct sums *sums)
{
	struct entry none = { .month = 0 };
	bool ok = true;

	str_copy(none.phone, sizeof none.phone, b->phone);
	for (int k = 0; k < 2 && none.phone[0] != '\0' && !b->broken; k++) {
		none.month = b->months[k];
		ok &= save_phone(b, &none, 0, sums);
	}
	return ok;
}

static bool
save_phones(struct rebuild *b, struct sums *sums)
{
	bool ok = true;

	if (b->entries > 0)
		qsort(b->entry, b->entries, sizeof *b->entry, by_phone);
	for (size_t i = 0, n; i < b->entries && !b->broken; i += n) {
		for (n = 1; i + n < b->entries && by_phone(&b->entry[i], &b->entry[i + n]) == 0; n++)
			;
		if (b->entry[i].phone[0] == '\0' || !rebuild_wants_phone(b, b->entry[i].phone))
			continue;
		sums->phones += i == 0 || strcmp(b->entry[i].phone, b->entry[i - 1].phone) != 0;
		sums->entries += n;
		ok &= save_phone(b, &b->entry[i], n, sums);
		rebuild_tick(b, "entries", i, b->entries);
	}
	return ok && mend_empty(b, sums);
}

/*
 * The core's word is news to the intent: its own run reads it, gives back, tells. Only if nobody changed it meanwhile.
 */
static void
wake(struct rebuild *b, struct sums *sums)
{
	for (size_t i = 0; i < b->known_n && !b->broken; i++) {
		const struct known *k = b->known[i];
		struct store_key key = key_of(STORE_INTENT, k->owner, k->id);
		struct store_commit c = { .n = 0, .not_after_ms = loop_wall(b->r.loop) + COMMIT_MS };
		struct rev rev = { .at = k->version };

		if (k->core_id == 0 || k->core_status == (int)wallet_status(k->core_word) + 1)
			continue;
		if (b->wish->dry_run) {
			sums->woken++;
			continue;
		}
		commit_check(&c, &key, &rev);
		commit_list_add(&c, STORE_DUE, &key, loop_wall(b->r.loop));
		/* Whoever changed it meanwhile carries it on. */
		sums->woken += reader_commit(&b->r, &c) == STORE_DONE;
		rebuild_tick(b, "intents", i, b->known_n);
	}
}

/* ---- the whole ---- */

static void
print_sums(const struct rebuild *b, const struct sums *s)
{
	char added[MONEY_TEXT], given_back[MONEY_TEXT];

	printf("%s%zu phones, %zu entries; %zu records %s: %s added, %s given back, %zu damaged ones mended\n",
	    b->wish->dry_run ? "dry run: " : "", s->phones, s->entries, s->changed,
	    b->wish->dry_run ? "would change" : "changed", money_text(s->added, added),
	    money_text(s->given_back, given_back), s->mended);
	printf("%zu intents read, %zu unreadable records; %zu wallets read, %zu not; %zu withdrawals of which the wallet "
	    "core said nothing\n", b->known_n, b->unreadable, b->ledgers - b->unread, b->unread, b->unconfirmed);
	printf("%zu withdrawals of no intent, %zu of them not counted; %zu intents are looked at again\n", s->lost,
	    s->nowhere, s->woken);
}

static struct redis_check
check_of(const struct rebuild *b)
{
	const struct settings *s = b->r.settings;

	return (struct redis_check){ .url = s->redis_url, .timeout_ms = CONNECT_MS, .seal = &b->r.seal,
		.password = s->redis_password[0] != '\0' ? s->redis_password : NULL };
}

/* Tokens are made again only when every wallet was read: what was lost may be in any of them. */
static bool
open_limit(struct rebuild *b, const char *history)
{
	struct redis_check check = check_of(b);
	char why[256] = "";

	if (b->wish->dry_run || b->wish->month != 0 || b->phone[0] != '\0')
		return true;
	if (b->unread > 0)
		return rebuild_say(b, "not all wallets could be read, so nothing was opened; run it again", "");
	if (!redis_history_accept(&check, history, why, sizeof why))
		return rebuild_say(b, "the limits are rebuilt but not opened", why);
	puts("the limits are open");
	return true;
}

static bool
set_skipped(struct rebuild *b)
{
	const struct settings *s = b->r.settings;

	b->skip = xcalloc((size_t)s->tenants_n, sizeof *b->skip);
	for (int i = 0; i < b->wish->without_n; i++) {
		int t = 0;

		while (t < s->tenants_n && strcmp(s->tenants[t].name, b->wish->without[i]) != 0)
			t++;
		if (t == s->tenants_n)
			return rebuild_say(b, "there is no such tenant", b->wish->without[i]);
		b->skip[t] = true;
	}
	return true;
}

/*
 * Of one phone only some wallets are read. Where one of them could not be, or a record that may be of that phone cannot
 * be read, it is left to the rebuild of all, which reads them all.
 */
static bool
is_certain(const struct rebuild *b)
{
	if (b->phone[0] == '\0')
		return true;
	if (b->unread > 0)
		return rebuild_say(b, "not all wallets of this phone could be read, so nothing was changed; run it again", "");
	if (b->unreadable + b->aside > 0)
		return rebuild_say(b, "a payment cannot be read or was set aside, and may be of this phone, so nothing was "
		    "changed; rebuild all (without --phone)", "");
	return true;
}

static bool
take_phone(struct rebuild *b)
{
	if (b->wish->phone == NULL || phone_parse(b->wish->phone, b->r.settings->tenants[0].country, b->phone))
		return true;
	return rebuild_say(b, "this is no phone number", b->wish->phone);
}

static bool
rebuild(struct rebuild *b)
{
	struct redis_check check = check_of(b);
	char why[512] = "", history[REDIS_HISTORY_ID];
	struct sums sums = { 0 };
	bool ok;

	if (redis_check(&check, why, sizeof why) == REDIS_CHECK_UNFIT || (b->ctx = redis_ask_open(&check, why,
	    sizeof why)) == NULL || !redis_history_id(&check, history, why, sizeof why))
		return rebuild_say(b, "redis", why);
	if (!take_lease(b))
		return false;
	rebuild_set_months(b);
	if (!rebuild_read_records(b))
		return false;
	rebuild_open_cores(b);
	rebuild_ask_cores(b);
	b->late = true;
	if (!rebuild_read_intents(b))
		return false;
	for (size_t i = 0; i < b->known_n; i++)
		enter_known(b, b->known[i]);
	settle_lost(b, &sums);
	ok = !b->broken && is_certain(b) && save_phones(b, &sums);
	if (ok)
		wake(b, &sums);
	print_sums(b, &sums);
	if (b->broken)
		return rebuild_say(b, "its lease was lost; run it again", "");
	return ok && open_limit(b, history);
}

static void
rebuild_free(struct rebuild *b)
{
	rebuild_close_cores(b);
	if (b->ctx != NULL && b->mark[0] != '\0')
		redis_lease_drop(b->ctx, LEASE, b->mark);
	if (b->ctx != NULL)
		redisFree(b->ctx);
	for (size_t i = 0; i < b->known_n; i++) {
		free(b->known[i]->owner);
		free(b->known[i]);
	}
	for (size_t i = 0; i < b->ledgers; i++)
		free(b->ledger[i]);
	free(b->known);
	free(b->skip);
	free(b->ledger);
	free(b->entry);
	map_free(b->by_id);
	map_free(b->by_withdrawal);
	map_free(b->by_wallet);
	reader_close(&b->r);
}

int
rebuild_run(const char *file, const struct rebuild_wish *wish)
{
	struct rebuild *b = xcalloc(1, sizeof *b);
	bool ok;

	b->wish = wish;
	b->by_id = map_new();
	b->by_withdrawal = map_new();
	b->by_wallet = map_new();
	ok = reader_settings(&b->r, "isango limit rebuild", file) && set_skipped(b) && take_phone(b) && reader_open(&b->r) && rebuild(b);
	rebuild_free(b);
	free(b);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
