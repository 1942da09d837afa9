/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that an SMS may break as it arrives: whose token it is, whether it can still be used, how much a phone holds.
 */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_world.h"

#define KNOWN_MS 10000

struct wanted {
	const char *id;
	struct intent i;
	bool found;
};

static void
compare(void *arg, const struct store_key *key, const struct store_value *v)
{
	struct wanted *wanted = arg;

	if (key->family == STORE_INTENT && strcmp(key->id, wanted->id) == 0)
		wanted->found = intent_decode(v->p, v->len, &wanted->i);
}

/* The intent that made this withdrawal. */
static bool
intent_of(const struct sim_world *w, const struct bank_withdrawal *b, struct intent *out)
{
	struct wanted wanted = { .id = b->uid };

	memory_store_each(w->store, w->loop.now, compare, &wanted);
	*out = wanted.i;
	return wanted.found;
}

static const struct bank_withdrawal *
by_token(const struct sim_world *w, const struct sim_sms *sms, int *tenant)
{
	char token[WALLET_TOKEN];

	sim_token_of(sms->text, token);
	for (int i = 0; i < w->settings.tenants_n; i++) {
		const struct bank_withdrawal *b = bank_withdrawal_by_token(w->cores[i].bank, token);

		*tenant = i;
		if (b != NULL)
			return b;
	}
	return NULL;
}

/* What the core has ended, and the gateway has known for a while, is not sent any more. */
void
sim_check_sending(struct sim_world *w, int tenant, const struct sms_req *q)
{
	struct sim_sms sms = { .tenant = tenant, .cls = q->cls };
	const struct bank_withdrawal *b;
	struct intent i;

	if (q->cls != MSG_TOKEN || strstr(q->text, "Your code is") != NULL)
		return;
	str_copy(sms.text, sizeof sms.text, q->text);
	b = by_token(w, &sms, &tenant);
	if (b != NULL && b->status != BW_PENDING && intent_of(w, b, &i) && i.finished_at != 0 &&
	    w->loop.now - i.finished_at > KNOWN_MS)
		sim_broken(w, "a token is sent that ended %" PRId64 " ms ago", w->loop.now - i.finished_at);
}

/* Rule 3: what a phone holds in usable or used tokens of one month, whichever tenant they are of. */
static void
check_phone(struct sim_world *w, const char *phone, int64_t month)
{
	int64_t total = 0;

	for (size_t j = 0; j < w->inbox_n; j++) {
		const struct bank_withdrawal *b;
		struct intent i;
		bool counted = false;
		int tenant;

		if (w->inbox[j].cls != MSG_TOKEN || strcmp(w->inbox[j].to, phone) != 0)
			continue;
		for (size_t k = 0; k < j; k++)		/* a token that was sent again is one */
			counted |= w->inbox[k].cls == MSG_TOKEN && strcmp(w->inbox[k].to, phone) == 0 &&
			    by_token(w, &w->inbox[k], &tenant) == by_token(w, &w->inbox[j], &tenant);
		b = by_token(w, &w->inbox[j], &tenant);
		if (!counted && b != NULL && (b->status == BW_PENDING || b->status == BW_SUCCESSFUL) &&
		    intent_of(w, b, &i) && i.limit_month == month)
			total += b->amount;
	}
	if (total > w->settings.limit_amount)
		sim_broken(w, "%s holds %" PRId64 " cents of tokens this month", phone, total);
}

void
sim_check_sms(struct sim_world *w, const struct sim_sms *sms)
{
	const struct bank_withdrawal *b;
	struct intent i;
	int tenant;

	for (int k = 0; w->quick && k < w->settings.tenants_n; k++)
		if (k != sms->tenant && strstr(sms->text, w->tenants[k].title) != NULL)
			sim_broken(w, "an SMS of %s says %s", w->tenants[sms->tenant].name, w->tenants[k].title);
	if (strstr(sms->text, " from  ") != NULL || strchr(sms->text, '{') != NULL)
		sim_broken(w, "an SMS says nothing where a word should be: %s", sms->text);
	if (sms->cls != MSG_TOKEN || strstr(sms->text, "Your code is") != NULL)
		return;
	b = by_token(w, sms, &tenant);
	if (b == NULL) {
		sim_broken(w, "a token that the wallet core does not know: %s", sms->text);
		return;
	}
	if (w->quick && tenant != sms->tenant)
		sim_broken(w, "a token of %s was sent by %s", w->tenants[tenant].name, w->tenants[sms->tenant].name);
	if (b->expires <= w->loop.now)
		sim_broken(w, "a stale token was sent");
	if (!intent_of(w, b, &i) || strcmp(i.to_phone, sms->to) != 0)
		sim_broken(w, "the token of %s was sent to %s", b->uid, sms->to);
	else
		check_phone(w, sms->to, i.limit_month);
}
