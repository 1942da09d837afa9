/* SPDX-License-Identifier: Apache-2.0 */
/* What is configured in the world, for one tenant or two, and what trouble a seed has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/sim/sim_world.h"

static void
set_kind(struct kind_settings *k, const char *type)
{
	str_copy(k->type, sizeof k->type, type);
	str_format(k->name, sizeof k->name, "kind.%s", type);
	k->token = true;
	k->min = 1000;
	k->max = 500000;
	k->expires_h = 2;
}

static void
set_tenant(struct tenant_settings *t, int index)
{
	str_copy(t->name, sizeof t->name, index == 0 ? "acme" : "bravo");
	str_copy(t->title, sizeof t->title, index == 0 ? "Acme Wallet" : "Bravo Cash");
	str_copy(t->menu, sizeof t->menu, "wallet");
	str_copy(t->languages[0], sizeof t->languages[0], "en");
	t->languages_n = 1;
	str_copy(t->country, sizeof t->country, "27");
	str_copy(t->help_phone, sizeof t->help_phone, "0800 123 456");
	t->pin_length = 4;
	t->transfer_fee = 100;
	t->result_sms = true;
	t->subtract_pending = true;
	t->wallet.tenant_id = 5987 + index;
	t->wallet.wallet_type_id = BANK_WALLET_TYPE;
	t->wallet.acts_as_customer = true;
	t->wallet.pin_check = PIN_CHECK_LOGIN;
	memset(t->wallet.pin_key, 5 + index, sizeof t->wallet.pin_key);
	t->wallet.pin_key_id = 1;
	str_copy(t->wallet.identity_prefix, sizeof t->wallet.identity_prefix, "ac-");
	t->wallet.token_sms = TOKEN_SMS_GATEWAY;
	t->wallet.timeout_read_ms = 4000;
	t->wallet.timeout_money_ms = 30000;
	set_kind(&t->kinds[0], "ZA_PAYCORP_ATM");
	set_kind(&t->kinds[1], "ZA_PNP_CASH");
	t->kinds_n = 2;
	for (int i = 0; i < MSG_CLASSES; i++) {
		t->routes[i][0] = index * SIM_CHANNELS + SIM_SMS;
		t->routes_n[i] = 1;
	}
}

static const struct {
	const char *name;
	enum channel_kind kind;
	int septets, bind;
	const char *sender;
} channels[SIM_CHANNELS] = {
	[SIM_USSD] = { "ussd", CHANNEL_USSD_SMPP, 182, 0, "" },
	[SIM_HISTORY] = { "ussd-at", CHANNEL_USSD_HTTP, 160, -1, "" },
	[SIM_SMS] = { "sms", CHANNEL_SMS_SMPP, 160, 0, "ACME" },
	[SIM_SMS_OTHER] = { "sms-other", CHANNEL_SMS_SMPP, 160, 1, "30384" },
	[SIM_CHAT] = { "chat", CHANNEL_WHATSAPP, 0, -1, "" },
};

static void
set_channels(struct channel_settings c[SIM_CHANNELS], int tenant)
{
	for (int i = 0; i < SIM_CHANNELS; i++) {
		str_format(c[i].name, sizeof c[i].name, "%s%s", tenant == 0 ? "" : "bravo-", channels[i].name);
		c[i].kind = channels[i].kind;
		c[i].tenant = tenant;
		c[i].bind = channels[i].bind;
		c[i].max_septets = channels[i].septets;
		c[i].session_s = c[i].kind == CHANNEL_WHATSAPP ? 1800 : 180;
		c[i].send_timeout_ms = 10000;
		str_copy(c[i].sender, sizeof c[i].sender, channels[i].sender);
	}
}

static void
set_integrator(struct integrator_settings *i)
{
	str_copy(i->name, sizeof i->name, "payroll");
	i->token_sms = TOKEN_SMS_GATEWAY;
	i->day_amount = 5000000;
	i->day_count = 20;
}

void
sim_settings_init(struct sim_world *w)
{
	struct settings *s = &w->settings;

	for (int i = 0; i < SIM_TENANTS; i++) {
		set_tenant(&w->tenants[i], i);
		set_integrator(&w->integrators[i]);
		w->tenants[i].integrators = &w->integrators[i];
		w->tenants[i].integrators_n = 1;
		set_channels(&w->all_channels[i * SIM_CHANNELS], i);
	}
	str_copy(w->binds[0].name, sizeof w->binds[0].name, "mno");
	str_copy(w->binds[1].name, sizeof w->binds[1].name, "other");
	for (int i = 0; i < SIM_BINDS; i++) {
		w->binds[i].links = 1;
		w->binds[i].link_lease_s = 10;
	}
	s->limit_amount = 2400000;
	s->give_back = GIVE_BACK_CANCELLED | GIVE_BACK_TIMEOUT | GIVE_BACK_ERROR;
	s->turn_budget_ms = 5000;
	s->max_turns = 1000;
	s->resume_grace_s = 600;
	s->message_tries = 4;
	str_copy(s->currency, sizeof s->currency, "ZAR");
	s->binds = w->binds;
	s->binds_n = SIM_BINDS;
	s->channels = w->channels;
	s->channels_n = SIM_CHANNELS;
	s->tenants = &w->tenant;
	s->tenants_n = 1;
}

void
sim_two_routes(struct sim_world *w)
{
	for (int i = 0; i < SIM_TENANTS * MSG_CLASSES; i++) {
		struct tenant_settings *t = &w->tenants[i / MSG_CLASSES];

		t->routes[i % MSG_CLASSES][1] = i / MSG_CLASSES * SIM_CHANNELS + SIM_SMS_OTHER;
		t->routes_n[i % MSG_CLASSES] = 2;
	}
}

void
sim_other_over_http(struct sim_world *w)
{
	for (int i = 0; i < SIM_TENANTS; i++) {
		struct channel_settings *c = &w->all_channels[i * SIM_CHANNELS + SIM_SMS_OTHER];

		c->kind = CHANNEL_SMS_HTTP;
		c->bind = -1;
		c->send_timeout_ms = 10000;
	}
}

/* Each kind of trouble is there or not, and more or less of it. */
static unsigned
some(struct sim_world *w, unsigned most)
{
	return sim_chance(&w->loop, 500) ? (unsigned)sim_below(&w->loop, most + 1) : 0;
}

static struct sim_outage
outage_by(struct sim_world *w, struct sim_loop *chance, int64_t most_ms, enum sim_outage_how how)
{
	struct sim_outage o = { .from = w->loop.now + sim_between(chance, 0, 240000), .how = how };

	o.until = o.from + sim_between(chance, 500, most_ms);
	return o;
}

static struct sim_outage
outage(struct sim_world *w, int64_t most_ms, enum sim_outage_how how)
{
	return outage_by(w, &w->loop, most_ms, how);
}

void
sim_world_trouble(struct sim_world *w)
{
	bool bad = w->core.rules.list_lag_ms > 0;

	w->faults = (struct sim_faults){
		.store_lost = some(w, 20), .store_answer_lost = some(w, 20), .store_late = some(w, 15),
		.store_slow = some(w, 30), .wallet_lost = some(w, 60), .wallet_answer_lost = some(w, 80),
		.wallet_late = some(w, bad ? 80 : 10), .wallet_twice = some(w, bad ? 200 : 50),
		.wallet_auth = some(w, 20), .wallet_busy = some(w, 60), .wallet_broken = some(w, 60),
		.wallet_slow = some(w, 60), .sms_later = some(w, 100), .sms_few = some(w, 200),
		.sms_lost = some(w, 100),
		.sms_answer_lost = some(w, 100), .sms_refused = some(w, 40), .receipt_failed = some(w, 60),
		.receipt_early = some(w, 300), .receipt_twice = some(w, 300), .receipt_lost = some(w, 100),
		.input_twice = some(w, 150), .input_lost = some(w, 40), .reply_lost = some(w, 60),
		.hang_up = some(w, 60), .wrong_pin = some(w, 120), .decline = some(w, 80), .dawdle = some(w, 20),
		.crash = some(w, 12), .stall = some(w, 4), .store_twice = some(w, 30),
	};
	if (sim_chance(&w->loop, 200))
		w->faults.redis = outage(w, 60000, (enum sim_outage_how)sim_below(&w->loop, 2));
	if (sim_chance(&w->loop, 200))
		w->faults.core[0] = outage(w, 200000, (enum sim_outage_how)sim_below(&w->loop, 4));
	/* The other tenant's core is often away, now and then from the first moment on: the first must not feel it. */
	if (sim_chance(&w->loop, 500))
		w->faults.core[1] = outage(w, 900000, (enum sim_outage_how)sim_below(&w->loop, 4));
	if (sim_chance(&w->loop, 300))
		w->faults.core[1].from = 0;
	if (sim_chance(&w->loop, 500)) {
		sim_two_routes(w);
		w->faults.smsc = outage(w, 600000, OUTAGE_DEAD);
	}
}

void
sim_world_floors(struct sim_world *w)
{
	if (sim_chance(&w->dice, 120))
		w->closed = outage_by(w, &w->dice, 300000, OUTAGE_REFUSES);
	if (sim_chance(&w->dice, 80))
		w->money_off = outage_by(w, &w->dice, 200000, OUTAGE_REFUSES);
}
