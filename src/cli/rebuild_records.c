/* SPDX-License-Identifier: Apache-2.0 */
/* What Redis still has: the withdrawals of the months with their intents, and the wallets that may have made others. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "cli/rebuild.h"
#include "core/calendar.h"
#include "store/redis_walk.h"

/* ---- months ---- */

int64_t
rebuild_month(int64_t ms)
{
	char text[7];
	int64_t month;

	calendar_month(ms, text);
	return str_to_i64(text, 0, 999999, &month) ? month : 0;
}

bool
rebuild_wants(const struct rebuild *b, int64_t month)
{
	return month == b->months[0] || month == b->months[1];
}

bool
rebuild_wants_phone(const struct rebuild *b, const char *phone)
{
	return b->phone[0] == '\0' || strcmp(b->phone, phone) == 0;
}

bool
rebuild_skips(const struct rebuild *b, const struct ledger *l)
{
	return b->skip[l->tenant] || (b->phone[0] != '\0' && !l->wanted);
}

static int64_t
month_before(int64_t month)
{
	return month % 100 == 1 ? month - 100 + 11 : month - 1;
}

/* Lists are read from a day before the first of the earlier month. */
static int64_t
day_before(int64_t month)
{
	struct tm tm = { .tm_year = (int)(month / 100) - 1900, .tm_mon = (int)(month % 100) - 1, .tm_mday = 1,
		.tm_isdst = -1 };

	return (int64_t)mktime(&tm) * 1000 - INT64_C(86400000);
}

void
rebuild_set_months(struct rebuild *b)
{
	int64_t now = rebuild_month(loop_wall(b->r.loop));

	b->months[0] = b->wish->month != 0 ? b->wish->month : now;
	b->months[1] = b->wish->month != 0 ? b->wish->month : month_before(now);
	b->from_ms = day_before(b->months[1]);
}

/* ---- what the records say ---- */

static size_t
ledger_key(int tenant, int64_t wallet_id, char key[48])
{
	str_format(key, 48, "%d/%" PRId64, tenant, wallet_id);
	return strlen(key);
}

struct ledger *
rebuild_ledger(const struct rebuild *b, int tenant, int64_t wallet_id)
{
	char key[48];
	size_t n = ledger_key(tenant, wallet_id, key);

	return map_get(b->by_wallet, key, n);
}

static struct ledger *
ledger_of(struct rebuild *b, int tenant, int64_t wallet_id, bool maybe)
{
	struct ledger *l = rebuild_ledger(b, tenant, wallet_id);
	char key[48];

	if (l == NULL) {
		l = xcalloc(1, sizeof *l);
		l->tenant = tenant;
		l->wallet_id = wallet_id;
		l->maybe = true;
		map_put(b->by_wallet, key, ledger_key(tenant, wallet_id, key), l);
		b->ledger = xrealloc(b->ledger, b->ledgers + 1, sizeof *b->ledger);
		b->ledger[b->ledgers++] = l;
	}
	l->maybe &= maybe;
	return l;
}

static int
tenant_of(const struct rebuild *b, const char *name)
{
	for (int i = 0; i < b->r.settings->tenants_n; i++)
		if (strcmp(b->r.settings->tenants[i].name, name) == 0)
			return i;
	return -1;
}

struct known *
rebuild_known(const struct rebuild *b, const unsigned char id[LIMIT_ID], int64_t wallet_id, int64_t withdrawal_id)
{
	int64_t key[2] = { wallet_id, withdrawal_id };
	struct known *k = map_get(b->by_id, id, LIMIT_ID);

	return k != NULL ? k : map_get(b->by_withdrawal, key, sizeof key);
}

static struct known *
known_of(struct rebuild *b, const struct intent *i)
{
	unsigned char id[LIMIT_ID];
	struct known *k;

	if (!limit_id(i->id, id))
		return NULL;
	k = map_get(b->by_id, id, sizeof id);
	if (k != NULL)
		return k;
	k = xcalloc(1, sizeof *k);
	b->known = xrealloc(b->known, b->known_n + 1, sizeof *b->known);
	b->known[b->known_n++] = k;
	map_put(b->by_id, id, sizeof id, k);
	str_copy(k->id, sizeof k->id, i->id);
	k->owner = xstrdup(i->owner);
	k->late = b->late;
	return k;
}

static void
know(struct rebuild *b, const struct intent *i, const struct store_value *v, struct ledger *l)
{
	int64_t key[2] = { i->wallet_id, i->withdrawal_id };
	struct known *k = known_of(b, i);

	if (k == NULL)
		return;
	if (i->withdrawal_id != 0)
		map_put(b->by_withdrawal, key, sizeof key, k);
	k->version = v->version;
	k->tenant = l->tenant;
	k->wallet_id = i->wallet_id;
	k->withdrawal_id = i->withdrawal_id;
	k->amount = i->amount;
	k->accepted_at = i->accepted_at;
	k->month = i->limit_month;
	str_copy(k->phone, sizeof k->phone, i->to_phone);
	k->counts = i->counts;
	k->limit = i->limit;
	k->core_status = i->core_status;
	k->ledger = l;
}

static void
on_intent(void *arg, const char *id, const struct store_value *v)
{
	struct rebuild *b = arg;
	struct intent *i;
	struct ledger *l;
	int tenant;

	rebuild_tick(b, "intents", b->known_n, b->known_n);
	if (strcmp(id, "order") == 0 || strcmp(id, "uid") == 0)
		return;		/* an integrator's way to its intents */
	i = xcalloc(1, sizeof *i);
	if (v->damaged || !intent_decode(v->p, v->len, i))
		b->unreadable++;
	else if (i->wallet_id != 0 && (tenant = tenant_of(b, i->tenant)) >= 0) {
		l = ledger_of(b, tenant, i->wallet_id, false);
		if (i->phone[0] != '\0')
			str_copy(l->phone, sizeof l->phone, i->phone);
		l->wanted |= rebuild_wants_phone(b, i->phone) ||
		    (i->kind == INTENT_WITHDRAWAL && rebuild_wants_phone(b, i->to_phone));
		/* One of the month before may have been made at the core in the first minute of ours. */
		if (i->kind == INTENT_WITHDRAWAL && i->accepted_at != 0 && i->limit_month >= month_before(b->months[1]))
			know(b, i, v, l);
	}
	mem_wipe(i, sizeof *i);
	free(i);
}

/* A customer's wallet: whose tenant it is stands only in the hash of the record's name. */
static void
on_subscriber(void *arg, const char *id, const struct store_value *v)
{
	struct rebuild *b = arg;
	struct subscriber *s = xcalloc(1, sizeof *s);

	(void)id;
	rebuild_tick(b, "wallets", b->ledgers, b->ledgers);
	if (v->damaged || !subscriber_decode(v->p, v->len, s))
		b->unreadable++;
	for (int t = 0; t < b->r.settings->tenants_n && s->wallet_id != 0; t++)
		ledger_of(b, t, s->wallet_id, true)->customer_id = s->customer_id;
	free(s);
}

/* A payment that was set aside may have been to any phone. */
static void
on_aside(void *arg, const char *id, const struct store_value *v)
{
	struct rebuild *b = arg;
	const char *at = strchr(id, '@');
	int64_t ms;

	(void)v;
	b->aside += str_starts(id, "payment/") && at != NULL && str_to_i64(at + 1, 0, INT64_MAX, &ms) && ms >= b->from_ms;
}

static void
know_integrators(struct rebuild *b)
{
	for (int t = 0; t < b->r.settings->tenants_n; t++) {
		const struct tenant_settings *s = &b->r.settings->tenants[t];

		for (int i = 0; i < s->integrators_n; i++)
			for (int w = 0; w < s->integrators[i].wallets_n; w++)
				ledger_of(b, t, s->integrators[i].wallets[w], false);
	}
}

bool
rebuild_read_intents(struct rebuild *b)
{
	char why[256] = "";

	b->unreadable = 0;
	return redis_walk(b->ctx, &b->r.seal, STORE_INTENT, on_intent, b, why, sizeof why) ||
	    rebuild_say(b, "the intents could not be read", why);
}

bool
rebuild_read_records(struct rebuild *b)
{
	char why[256] = "";

	if (!rebuild_read_intents(b))
		return false;
	know_integrators(b);
	if (!redis_walk(b->ctx, &b->r.seal, STORE_SUBSCRIBER, on_subscriber, b, why, sizeof why))
		return rebuild_say(b, "the customers' records could not be read", why);
	if (b->phone[0] != '\0' && !redis_walk(b->ctx, &b->r.seal, STORE_ASIDE, on_aside, b, why, sizeof why))
		return rebuild_say(b, "what was set aside could not be read", why);
	return true;
}
