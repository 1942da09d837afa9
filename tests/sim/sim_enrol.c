/* SPDX-License-Identifier: Apache-2.0 */
/* People who are customers before the run begins: of the wallet core, and of the gateway where they have a PIN. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/subscriber.h"
#include "tests/sim/sim_world.h"

static void
must(bool good)
{
	if (!good)
		fatalx("sim: a customer cannot be enrolled");
}

static struct bank_wallet *
open_wallet(struct sim_bot *b)
{
	struct sim_world *w = b->world;
	struct bank *bank = w->cores[b->tenant].bank;
	struct bank_profile p = { .first_name = "Thandi", .last_name = "Mokoena" };
	struct bank_wallet_in in = { .type = BANK_WALLET_TYPE };
	struct bank_customer *c;
	struct bank_wallet *wallet;
	char uid[24];

	str_format(uid, sizeof uid, "wallet-%d", b->index);
	in.uid = uid;
	str_format(p.uid, sizeof p.uid, "customer-%d", b->index);
	str_copy(p.phone, sizeof p.phone, b->phone);
	str_copy(p.id_number, sizeof p.id_number, b->id_number);
	must(bank_customer_create(bank, w->loop.now, &p, &c) == BANK_OK);
	must(bank_ratify(bank, w->loop.now, c) == KYC_PASSED);
	must(bank_wallet_create(bank, w->loop.now, c, &in, &wallet) == BANK_OK);
	return wallet;
}

static void
make_identity(struct sim_bot *b, const struct bank_customer *c)
{
	const struct wallet_settings *s = &b->world->tenants[b->tenant].wallet;
	struct wallet_req q = { .op = WALLET_IDENTITY_CREATE, .customer_id = c->id };
	struct wallet_answer a;

	str_format(q.identity, sizeof q.identity, "%s%" PRId64 "-%d", s->identity_prefix, c->id, s->pin_key_id);
	wallet_pin_password(s->pin_key, s->password_prefix, s->tenant_id, c->profile.uid, b->pin, q.password);
	sim_core_do(&b->world->cores[b->tenant], b->world->loop.now, &q, &a);
	must(a.end == WALLET_DONE);
}

static void
remember(struct sim_bot *b, const struct bank_wallet *wallet)
{
	struct sim_world *w = b->world;
	struct subscriber sub = { .lang = "en", .has_pin = true, .customer_id = wallet->owner->id,
		.wallet_id = wallet->id, .pin_key_id = w->tenants[b->tenant].wallet.pin_key_id };
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now + 1 };
	struct buf octets = { 0 };

	str_copy(sub.customer_uid, sizeof sub.customer_uid, wallet->owner->profile.uid);
	subscriber_encode(&sub, &octets);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key.family = STORE_SUBSCRIBER, .to.p = { 1, [8] = 1 },
		.p = octets.p, .len = octets.len };
	str_format(c.op[0].key.owner, sizeof c.op[0].key.owner, "%s/%s", w->tenants[b->tenant].name, b->phone);
	must(memory_store_commit(w->store, w->loop.now, &c) == STORE_DONE);
	buf_clear(&octets);
}

void
sim_enrol(struct sim_bot *b, bool with_pin)
{
	struct bank_wallet *wallet = open_wallet(b);

	/* What is kept of a PIN here is the gateway's own business: it is made by activation. */
	if (!with_pin || b->world->tenants[b->tenant].wallet.pin_check == PIN_CHECK_LOCAL)
		return;
	make_identity(b, wallet->owner);
	remember(b, wallet);
	must(bank_deposit(b->world->cores[b->tenant].bank, b->world->loop.now, wallet, b->salary, "Salary") == BANK_OK);
	b->has_wallet = true;
}
