/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_people.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "core/pin_write.h"
#include "service/task.h"

#define NEW_PIN_PERMILLE 300
#define FREE_UIDS_PERMILLE 500

void
sim_people_plan(struct sim_world *w)
{
	for (int i = 0; i < SIM_TENANTS; i++)
		w->cores[i].rules.people_uid_free = sim_chance(&w->people, FREE_UIDS_PERMILLE);
	for (int i = 0; i < w->bots; i++) {
		struct sim_bot *b = &w->bot[i];

		/* Two hands with one PIN would not know which it is. */
		b->changes_pin = b->person == i && !b->other_hand && sim_chance(&w->people, NEW_PIN_PERMILLE);
		str_copy(b->new_pin, sizeof b->new_pin, w->tenants[b->tenant].pin_length > 4 ? "730516" : "7305");
	}
}

/* ---- screens ---- */

void
sim_people_told(struct sim_bot *b, const char *s)
{
	if (strstr(s, "still opening your wallet") != NULL)
		b->told_opening = true;
	b->told_new_pin |= strstr(s, "Your PIN was changed.") != NULL;
	b->told_old_pin |= strstr(s, "Your PIN was not changed.") != NULL;
	b->told_unsure |= strstr(s, "not sure if your PIN was changed") != NULL;
}

/* ---- sign-ups ---- */

/* Messages to that customer that say so; all of them are final by now. */
static size_t
said(const struct evidence *e, int tenant, const char *phone, const char *words)
{
	const char *title = e->w->tenants[tenant].title;
	size_t n = 0;

	for (size_t k = 0; k < e->tolds; k++)
		n += strcmp(e->told[k].to, phone) == 0 && strstr(e->told[k].text, words) != NULL &&
		    (strstr(e->told[k].text, title) == e->told[k].text || e->w->settings.tenants_n == 1 ||
		    strstr(words, "not sure") != NULL);
	return n;
}

static void
count_people(const struct sim_world *w, int tenant, const char *phone, size_t *customers, size_t *wallets)
{
	struct bank_customer *const *v;

	*customers = bank_customers_by(w->cores[tenant].bank, INDEX_PHONE, phone, &v);
	*wallets = 0;
	for (size_t k = 0; k < *customers; k++)
		*wallets += v[k]->wallets_n;
}

static void
check_signup(struct evidence *e, const struct signup *s)
{
	int tenant = sim_tenant_of(e->w, s->tenant);
	size_t customers, wallets;
	const char *words = s->state == SIGNUP_DONE ? "Your wallet is open" : "could not be opened";

	count_people(e->w, tenant, s->phone, &customers, &wallets);
	if (s->state == SIGNUP_RUNNING)
		sim_broken(e->w, "the sign-up of %s stays under way", s->phone);
	else if ((s->state == SIGNUP_DONE) != (wallets == 1))
		sim_broken(e->w, "the sign-up of %s is %sdone, and there are %zu wallets", s->phone,
		    s->state == SIGNUP_DONE ? "" : "not ", wallets);
	else if (!s->told || (s->state == SIGNUP_DONE && said(e, tenant, s->phone, words) == 0))
		sim_broken(e->w, "the sign-up of %s is over and was told by no SMS", s->phone);
	if (s->password[0] != '\0' || s->surname[0] != '\0')
		sim_broken(e->w, "the sign-up of %s is over and keeps what it need not", s->phone);
}

static void
check_doubled(struct evidence *e, int tenant)
{
	struct bank_customer *const *v;
	size_t n = bank_customers(e->w->cores[tenant].bank, &v), customers, wallets;

	for (size_t k = 0; k < n; k++) {
		count_people(e->w, tenant, v[k]->profile.phone, &customers, &wallets);
		if (customers > 1 || wallets > 1)
			sim_broken(e->w, "%s has become %zu customers with %zu wallets", v[k]->profile.phone, customers,
			    wallets);
	}
}

/* ---- new PINs ---- */

static bool
has_new_pin(const struct sim_world *w, const struct sim_bot *b)
{
	const struct wallet_settings *s = &w->tenants[b->tenant].wallet;
	const struct sim_core *core = &w->cores[b->tenant < w->cores_n ? b->tenant : 0];
	struct store_key key = { .family = STORE_SUBSCRIBER };
	struct subscriber sub;
	struct store_value v;
	unsigned char mac[16];
	char password[81], name[41];

	str_format(key.owner, sizeof key.owner, "%s/%s", w->tenants[b->tenant].name, b->phone);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	if (!v.present || !subscriber_decode(v.p, v.len, &sub))
		return false;
	wallet_pin_password(s->pin_key, s->password_prefix, s->tenant_id, sub.customer_uid, b->new_pin, password);
	gateway_mac(w->process[0].gw, "pin", password, mac);
	if (s->pin_check == PIN_CHECK_LOCAL)
		return sub.pin_mac_len == sizeof mac && memcmp(sub.pin_mac, mac, sizeof mac) == 0;
	pin_identity(s, sub.customer_id, sub.pin_key_id, name);
	for (size_t k = 0; k < core->identities_n; k++)
		if (strcmp(core->identities[k].identity, name) == 0)
			return strcmp(core->identities[k].password, password) == 0;
	return false;
}

static void
check_pin(struct evidence *e, const struct sim_bot *b)
{
	bool is_new = has_new_pin(e->w, b);
	bool told_new = b->told_new_pin || said(e, b->tenant, b->phone, "Your new PIN is in force") > 0;
	bool told_old = b->told_old_pin || said(e, b->tenant, b->phone, "Your PIN was not changed") > 0;
	bool unsure = b->told_unsure || said(e, b->tenant, b->phone, "not sure if your PIN") > 0;

	/* Activated here: the SMS may speak of that PIN. */
	if (told_new && !is_new && b->told_new_pin)
		sim_broken(e->w, "%s was told that the PIN was changed and it was not", b->phone);
	if (told_old && is_new)
		sim_broken(e->w, "%s was told that the PIN was not changed and it was", b->phone);
	if (is_new && !told_new && !unsure)
		sim_broken(e->w, "%s has a new PIN and was told by nobody", b->phone);
}

void
sim_people_check(struct evidence *e)
{
	struct sim_world *w = e->w;

	for (size_t k = 0; k < e->signups; k++)
		check_signup(e, &e->signup[k]);
	for (int i = 0; i < w->settings.tenants_n; i++)
		check_doubled(e, i);
	if (e->pin_orders > 0)
		sim_broken(w, "%zu new PINs stay under way", e->pin_orders);
	for (int i = 0; i < w->bots; i++) {
		const struct sim_bot *b = &w->bot[i];

		if (b->typed_new_pin)
			check_pin(e, b);
		if (b->told_opening && said(e, b->tenant, b->phone, "Your wallet") == 0)
			sim_broken(w, "%s was promised an SMS about the wallet and got none", b->phone);
	}
}
