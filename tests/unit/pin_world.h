/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer with a PIN in the world of the simulation, who dials and types; and what is kept of him. For tests of PINs
 * through the gateway's door.
 */
#pragma once
#include "tests/unit/gateway_world.h"

#include "base/metric.h"
#include "core/pin.h"
#include "core/pin_write.h"
#include "core/wallet.h"

#define PIN "8264"
#define NEW_PIN "7391"
#define OTHER "6108"
#define ID_NUMBER "8001015009087"
#define HOUR (60 * MINUTE)

static char screen[1700], dialogue[64], imsi[33];
static uint64_t turns;

static inline void
on_reply(void *ctx, uint64_t id, const struct reply *r)
{
	(void)ctx, (void)id;
	str_copy(screen, sizeof screen, r->text);
}

static inline void
say(struct sim_world *w, enum turn_kind kind, const char *text)
{
	struct turn_in in = { .turn = ++turns, .channel = SIM_USSD, .kind = kind, .text = text,
	    .service_code = "*120*384#" };

	screen[0] = '\0';
	str_copy(in.phone, sizeof in.phone, PHONE);
	str_copy(in.dialogue, sizeof in.dialogue, dialogue);
	str_copy(in.imsi, sizeof in.imsi, imsi);
	gateway_turn(w->process[0].gw, w->loop.now, &in);
	sim_wake(&w->process[0], w->loop.now);
	sim_world_run(w, w->loop.now + 10000);
}

/* Dials, and types what is given, parted by spaces. */
static inline const char *
dial(struct sim_world *w, const char *inputs)
{
	char text[200], *rest = text, *one;

	str_format(dialogue, sizeof dialogue, "%u/%s", (unsigned)turns, PHONE);
	say(w, TURN_BEGIN, "");
	str_copy(text, sizeof text, inputs);
	while ((one = strtok_r(rest, " ", &rest)) != NULL)
		say(w, TURN_INPUT, one);
	return screen;
}

static inline void
assert_dial(struct sim_world *w, const char *inputs, const char *what)
{
	if (strstr(dial(w, inputs), what) == NULL)
		fail_msg("after \"%s\" not \"%s\" but:\n%s", inputs, what, screen);
}

static inline struct store_key
key_for(enum store_family family)
{
	struct store_key key = { .family = family };

	str_copy(key.owner, sizeof key.owner, "acme/" PHONE);
	return key;
}

static inline struct subscriber
record(struct sim_world *w)
{
	struct store_key key = key_for(STORE_SUBSCRIBER);
	struct subscriber s = { 0 };
	struct store_value v;

	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(v.present && subscriber_decode(v.p, v.len, &s));
	return s;
}

static inline struct pin_tries
tries(struct sim_world *w)
{
	struct store_key key = key_for(STORE_PIN);
	struct pin_tries p = { 0 };
	struct store_value v;

	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(v.present && pin_decode(v.p, v.len, &p));
	return p;
}

static inline void
password_of(const struct sim_world *w, int key_id, const char *pin, char out[81])
{
	wallet_pin_password(pin_key_of(&w->tenant.wallet, key_id), "", w->tenant.wallet.tenant_id, "customer-1", pin,
	    out);
}

static inline const struct core_identity *
identity(const struct sim_world *w, int key_id)
{
	char name[41];

	pin_identity(&w->tenant.wallet, w->core.identities[0].customer_id, key_id, name);
	for (size_t i = 0; i < w->core.identities_n; i++)
		if (strcmp(w->core.identities[i].identity, name) == 0)
			return &w->core.identities[i];
	return NULL;
}

static inline void
assert_identity(const struct sim_world *w, int key_id, const char *pin)
{
	char password[81];

	password_of(w, key_id, pin, password);
	assert_non_null(identity(w, key_id));
	assert_string_equal(identity(w, key_id)->password, password);
}

/* The customer of the world, with a PIN made with key 1 unless `bare`. */
static inline struct sim_world *
world_with(bool bare)
{
	struct sim_world *w = world_new();
	struct bank_customer *const *customers;
	struct store_commit c = { .n = 1, .not_after_ms = INT64_MAX };
	struct subscriber s = { .has_pin = true, .pin_key_id = 1, .customer_uid = "customer-1" };
	struct core_identity *i;
	struct buf b = { 0 };

	w->ports[0].reply = on_reply;
	w->tenant.wallet.pin_reset_wait_h = 24;
	w->tenant.activated_cap = 10000;
	assert_int_equal(bank_customers(w->core.bank, &customers), 1);
	str_copy(customers[0]->profile.id_number, sizeof customers[0]->profile.id_number, ID_NUMBER);
	imsi[0] = '\0';
	if (bare)
		return w;
	s.customer_id = customers[0]->id;
	subscriber_encode(&s, &b);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .p = b.p, .len = b.len, .to = { { 1 } } };
	c.op[0].key = key_for(STORE_SUBSCRIBER);
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&b);
	w->core.identities = xcalloc(1, sizeof *w->core.identities);
	w->core.identities_n = 1;
	i = &w->core.identities[0];
	i->customer_id = s.customer_id;
	pin_identity(&w->tenant.wallet, s.customer_id, 1, i->identity);
	password_of(w, 1, PIN, i->password);
	return w;
}

/* Key 2 in front of key 1. */
static inline void
new_key(struct sim_world *w)
{
	struct wallet_settings *s = &w->tenant.wallet;

	memset(s->pin_keys[0].key, 6, sizeof s->pin_keys[0].key);
	s->pin_keys[0].id = s->pin_key_id = 2;
	memcpy(s->pin_keys[1].key, s->pin_key, sizeof s->pin_key);
	s->pin_keys[1].id = 1;
	s->pin_keys_n = 2;
	memcpy(s->pin_key, s->pin_keys[0].key, sizeof s->pin_key);
}

static inline const char *
newest_sms(const struct sim_world *w)
{
	return w->inbox_n > 0 ? w->inbox[w->inbox_n - 1].text : "";
}

static inline void
code_of(const struct sim_world *w, char out[7])
{
	const char *at = strstr(newest_sms(w), "code is ");

	assert_non_null(at);
	str_copyn(out, 7, at + strlen("code is "), 6);
}
