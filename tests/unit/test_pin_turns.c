/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PINs through the gateway's door, with the simulation's wallet core behind it: keys that change, changes without an
 * answer, crashes in between, forgotten PINs, other SIMs. What a customer reads is what counts.
 */
#include "tests/unit/pin_world.h"

#include "service/task.h"

/* ---- keys ---- */

static void
test_a_new_key_takes_over(void **state)
{
	struct sim_world *w = world_with(false);
	int64_t rotated = metric_get(M_PIN_ROTATED);
	struct subscriber s;

	(void)state;
	new_key(w);
	assert_dial(w, "1 " PIN, "You have");
	assert_int_equal(metric_get(M_PIN_ROTATED), rotated + 1);
	assert_int_equal(record(w).pin_key_id, 2);
	assert_identity(w, 2, PIN);
	assert_identity(w, 1, PIN);
	assert_dial(w, "1 " PIN, "You have");
	assert_dial(w, "1 " OTHER, "Tries left: 2");
	/* The key of before opens nothing any more, once nobody can be using it. */
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	assert_dial(w, "1 " PIN, "You have");
	s = record(w);
	assert_false(s.has_old_key);
	assert_identity(w, 2, PIN);
	assert_string_not_equal(identity(w, 1)->password, identity(w, 2)->password);
	w->tenant.wallet.pin_keys_n = 1;
	assert_dial(w, "1 " PIN, "You have");
	assert_int_equal(metric_get(M_PIN_ROTATED), rotated + 1);
	world_free(w);
}

static void
test_a_new_key_here(void **state)
{
	struct sim_world *w = world_with(true);
	char code[7], inputs[60];

	(void)state;
	w->tenant.wallet.pin_check = PIN_CHECK_LOCAL;
	w->tenant.wallet.acts_as_customer = false;
	assert_dial(w, "1 " ID_NUMBER, "Type the code");
	code_of(w, code);
	str_format(inputs, sizeof inputs, "1 %s " PIN " " PIN, code);
	assert_dial(w, inputs, "Your PIN is set");
	new_key(w);
	assert_dial(w, "1 " OTHER, "Tries left: 2");
	assert_int_equal(record(w).pin_key_id, 1);
	assert_dial(w, "1 " PIN, "You have");
	assert_int_equal(record(w).pin_key_id, 2);
	w->tenant.wallet.pin_keys_n = 1;
	assert_dial(w, "1 " PIN, "You have");
	assert_int_equal(w->core.identities_n, 0);
	world_free(w);
}

/* Wherever it breaks off, the right PIN lets in at the next dial, and the key is there in the end. */
static void
test_a_new_key_and_crashes(void **state)
{
	static const struct {
		bool on_store;
		enum wallet_op op;
		int nth;
	} at[] = {
		{ true, 0, 1 }, { true, 0, 2 }, { false, WALLET_IDENTITY_CREATE, 1 }, { true, 0, 3 }, { true, 0, 4 },
		{ false, WALLET_IDENTITY_UPDATE, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(at); i++)
		for (int what = STRIKE_LOSE; what <= STRIKE_CRASH_AFTER; what++) {
			struct sim_world *w = world_with(false);
			int64_t wrong = metric_get(M_PIN_WRONG);

			new_key(w);
			w->strike[0] = (struct sim_strike){ .on_store = at[i].on_store, .family = STORE_SUBSCRIBER,
			    .op = at[i].op,
				.nth = at[i].nth, .what = (enum sim_strike_what)what };
			assert_dial(w, "1 " PIN, "You have");
			for (int again = 0; again < 4; again++) {
				sim_world_run(w, w->loop.now + 3 * MINUTE);
				assert_dial(w, "1 " PIN, "You have");
				sim_world_run(w, w->loop.now + PIN_WRITE_LANDS_MS);
			}
			assert_int_equal(metric_get(M_PIN_WRONG), wrong);
			assert_int_equal(record(w).pin_key_id, 2);
			assert_identity(w, 2, PIN);
			assert_string_not_equal(identity(w, 1)->password, "");
			assert_false(record(w).has_old_key);
			world_free(w);
		}
}

static void
test_a_key_that_is_missing(void **state)
{
	struct sim_world *w = world_with(false);
	int64_t missing = metric_get(M_PIN_KEY_MISSING), wrong = metric_get(M_PIN_WRONG);

	(void)state;
	w->tenant.wallet.pin_key_id = 3;
	assert_dial(w, "1 " PIN, "cannot be checked here now");
	assert_non_null(strstr(screen, "0800 123 456"));
	assert_dial(w, "7 1 " PIN, "cannot be checked here now");
	assert_int_equal(metric_get(M_PIN_KEY_MISSING), missing + 2);
	assert_int_equal(metric_get(M_PIN_WRONG), wrong);
	w->tenant.wallet.pin_key_id = 1;
	assert_dial(w, "1 " OTHER, "Tries left: 2");
	world_free(w);
}

/* ---- tries ---- */

static void
test_a_try_whose_answer_is_lost(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 2; nth++) {
		struct sim_world *w = world_with(false);

		w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_PIN, .nth = nth,
			.what = STRIKE_LOSE_ANSWER };
		dial(w, "1 " PIN);
		assert_int_equal(tries(w).taken, 0);
		assert_int_equal(tries(w).wrong, 0);
		sim_world_run(w, w->loop.now + 5 * MINUTE);
		assert_dial(w, "1 " OTHER, "Tries left: 2");
		world_free(w);
	}
}

static void
test_a_crash_counts_as_wrong(void **state)
{
	struct sim_world *w = world_with(false);

	(void)state;
	w->strike[0] = (struct sim_strike){ .op = WALLET_LOGIN, .nth = 1, .what = STRIKE_CRASH_AFTER };
	dial(w, "1 " OTHER);
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_dial(w, "1 " OTHER, "Tries left: 1");
	world_free(w);
}

static void
test_no_answer_is_no_wrong_pin(void **state)
{
	struct sim_world *w = world_with(false);

	(void)state;
	for (int i = 0; i < 5; i++) {
		w->strike[0] = (struct sim_strike){ .op = WALLET_LOGIN, .nth = 1, .what = STRIKE_LOSE };
		dial(w, "1 " OTHER);
		assert_null(strstr(screen, "Wrong PIN"));
	}
	assert_dial(w, "1 " OTHER, "Tries left: 2");
	assert_dial(w, "1 " PIN, "You have");
	world_free(w);
}

/* Two processes, two channels, the same instant each time: three guesses are looked at and no more. */
static void
test_guesses_at_once(void **state)
{
	static const enum sim_channel channel[] = { SIM_USSD, SIM_HISTORY };
	static const char *const inputs[] = { "", "1", OTHER, OTHER, OTHER, OTHER, OTHER };
	struct sim_world *w = world_with(false);
	int64_t wrong = metric_get(M_PIN_WRONG), locks = metric_get(M_PIN_LOCKS);

	(void)state;
	w->processes = 2;
	w->ports[1].reply = on_reply;
	for (size_t i = 0; i < NELEM(inputs); i++) {
		for (int k = 0; k < 2; k++) {
			struct turn_in in = { .turn = ++turns, .channel = channel[k], .kind = i == 0 ? TURN_BEGIN : TURN_INPUT,
				.text = inputs[i], .service_code = "*120*384#" };

			str_copy(in.phone, sizeof in.phone, PHONE);
			str_format(in.dialogue, sizeof in.dialogue, "both/%d", k);
			gateway_turn(w->process[k].gw, w->loop.now, &in);
			sim_wake(&w->process[k], w->loop.now);
		}
		sim_world_run(w, w->loop.now + 10000);
	}
	assert_int_equal(metric_get(M_PIN_WRONG), wrong + 3);
	assert_int_equal(metric_get(M_PIN_LOCKS), locks + 1);
	assert_true(tries(w).locked_until > w->loop.now);
	assert_dial(w, "1 " PIN, "Too many wrong PINs");
	assert_dial(w, "7 1 " PIN, "Too many wrong PINs");
	sim_world_run(w, w->loop.now + 16 * MINUTE);
	assert_dial(w, "1 " PIN, "You have");
	world_free(w);
}

/* What the PIN has opened is open in that dialogue only. */
static void
test_another_dialogue_asks_again(void **state)
{
	struct sim_world *w = world_with(false);

	(void)state;
	assert_dial(w, "1 " PIN " 0 5", "Choose one to see more");
	say(w, TURN_ABORT, "");
	assert_dial(w, "5", "Enter your PIN");
	say(w, TURN_INPUT, "");
	assert_null(strstr(screen, "Choose one to see more"));
	world_free(w);
}

/* ---- a change ---- */

static void
test_change(void **state)
{
	struct sim_world *w = world_with(false);

	(void)state;
	assert_dial(w, "7 1 " PIN " " NEW_PIN " " NEW_PIN, "Your PIN was changed");
	assert_dial(w, "1 " PIN, "Tries left: 2");
	assert_dial(w, "1 " NEW_PIN, "You have");
	assert_int_equal(w->inbox_n, 1);
	assert_non_null(strstr(newest_sms(w), "Your new PIN is in force"));
	world_free(w);
}

/* The customer reads that we are not sure; then it is sent again, and how it ended comes by SMS. */
static void
test_change_is_sent_again(void **state)
{
	(void)state;
	for (int what = STRIKE_LOSE; what <= STRIKE_LOSE_ANSWER; what++) {
		struct sim_world *w = world_with(false);
		bool unsure;

		for (int i = 0; i < 2; i++)
			w->strike[i] = (struct sim_strike){ .op = WALLET_IDENTITY_UPDATE, .nth = 1,
				.what = (enum sim_strike_what)what };
		w->strike[2] = (struct sim_strike){ .op = WALLET_LOGIN, .nth = 2, .what = STRIKE_LOSE };
		dial(w, "7 1 " PIN " " NEW_PIN " " NEW_PIN);
		unsure = strstr(screen, "not sure") != NULL;
		assert_true(unsure || strstr(screen, "was changed") != NULL);
		sim_world_run(w, w->loop.now + 3 * MINUTE);
		assert_int_equal(w->inbox_n, unsure ? 1 : 0);
		assert_true(!unsure || strstr(newest_sms(w), "Your new PIN is in force") != NULL);
		assert_identity(w, 1, NEW_PIN);
		assert_int_equal(record(w).pin_write, PIN_WRITE_NONE);
		assert_dial(w, "1 " NEW_PIN, "You have");
		/* What went unanswered may still land: not the next one so soon. */
		assert_dial(w, "7 1 " NEW_PIN " " OTHER " " OTHER, "was not changed");
		sim_world_run(w, w->loop.now + PIN_WRITE_LANDS_MS);
		assert_dial(w, "7 1 " NEW_PIN " " OTHER " " OTHER, "was changed");
		world_free(w);
	}
}

static size_t
said(const struct sim_world *w, const char *words)
{
	size_t n = 0;

	for (size_t i = 0; i < w->inbox_n; i++)
		n += strstr(w->inbox[i].text, words) != NULL;
	return n;
}

/* Another process, or the next one, brings it to its end, and no screen having told it an SMS does. */
static void
assert_changed_by_others(struct sim_world *w)
{
	sim_world_run(w, w->loop.now + MINUTE);
	assert_identity(w, 1, NEW_PIN);
	assert_int_equal(record(w).pin_write, PIN_WRITE_NONE);
	assert_int_equal(said(w, "Your new PIN is in force"), 1);
	assert_dial(w, "1 " PIN, "Tries left: 2");
	assert_dial(w, "1 " NEW_PIN, "You have");
}

static void
test_change_and_a_crash(void **state)
{
	(void)state;
	for (int what = STRIKE_CRASH_BEFORE; what <= STRIKE_CRASH_AFTER; what++) {
		struct sim_world *w = world_with(false);

		w->strike[0] = (struct sim_strike){ .op = WALLET_IDENTITY_UPDATE, .nth = 1,
			.what = (enum sim_strike_what)what };
		dial(w, "7 1 " PIN " " NEW_PIN " " NEW_PIN);
		assert_changed_by_others(w);
		world_free(w);
	}
}

/* Whom the new password lets in cannot be asked either: neither PIN is said to be the right one. */
static void
test_change_and_a_core_that_is_gone(void **state)
{
	struct sim_world *w = world_with(false);

	(void)state;
	w->strike[0] = (struct sim_strike){ .op = WALLET_IDENTITY_UPDATE, .nth = 1, .what = STRIKE_CRASH_BEFORE };
	dial(w, "7 1 " PIN " " NEW_PIN);
	w->faults.core[0] = (struct sim_outage){ .from = w->loop.now, .until = w->loop.now + 10 * MINUTE,
		.how = OUTAGE_DEAD };
	say(w, TURN_INPUT, NEW_PIN);
	sim_world_run(w, w->loop.now + 12 * MINUTE);
	assert_int_equal(said(w, "We are not sure if your PIN was changed"), 1);
	assert_int_equal(said(w, "in force") + said(w, "not changed"), 0);
	assert_dial(w, "1 " NEW_PIN, "Tries left: 3");
	assert_dial(w, "1 " PIN, "You have");
	world_free(w);
}

/* The same PIN, kept here. */
static void
set_local_pin(struct sim_world *w)
{
	struct store_key key = key_for(STORE_SUBSCRIBER);
	struct store_commit c = { .n = 1, .not_after_ms = INT64_MAX };
	struct subscriber s = record(w);
	struct store_value v;
	struct buf b = { 0 };
	char password[81];

	password_of(w, 1, PIN, password);
	gateway_mac(w->process[0].gw, "pin", password, s.pin_mac);
	s.pin_mac_len = 16;
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	subscriber_encode(&s, &b);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = key, .p = b.p, .len = b.len, .from = v.version,
		.to = v.version };
	c.op[0].to.p[0]++;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&b);
}

static bool
is_new_pin(struct sim_world *w)
{
	unsigned char mac[16];
	char password[81];

	password_of(w, 1, NEW_PIN, password);
	if (w->tenant.wallet.pin_check == PIN_CHECK_LOGIN)
		return strcmp(identity(w, 1)->password, password) == 0;
	gateway_mac(w->process[0].gw, "pin", password, mac);
	return memcmp(record(w).pin_mac, mac, sizeof mac) == 0;
}

/* At each save of a change: what the customer reads, on the screen or by SMS, is what became of it. */
static void
test_a_death_at_each_save(void **state)
{
	static const struct {
		enum store_family family;
		int nth;
	} save[] = { { STORE_PIN_ORDER, 1 }, { STORE_PIN_ORDER, 2 }, { STORE_MESSAGE, 1 } };

	(void)state;
	for (size_t k = 0; k < 4 * NELEM(save); k++) {
		struct sim_world *w = world_with(false);
		bool told;

		if (k % 2 == 1) {
			w->tenant.wallet.pin_check = PIN_CHECK_LOCAL;
			w->tenant.wallet.acts_as_customer = false;
			set_local_pin(w);
		}
		w->strike[0] = (struct sim_strike){ .on_store = true, .family = save[k / 4].family,
			.nth = save[k / 4].nth, .what = k / 2 % 2 == 0 ? STRIKE_CRASH_BEFORE : STRIKE_CRASH_AFTER };
		w->strike[1] = (struct sim_strike){ .op = WALLET_IDENTITY_UPDATE,
			.nth = save[k / 4].family == STORE_MESSAGE, .what = STRIKE_CRASH_AFTER };
		dial(w, "7 1 " PIN " " NEW_PIN " " NEW_PIN);
		told = strstr(screen, "Your PIN was changed") != NULL;
		sim_world_run(w, w->loop.now + 5 * MINUTE);
		if (is_new_pin(w) != (told || said(w, "Your new PIN is in force") > 0))
			fail_msg("case %zu: new PIN %d, screen %d, SMS %zu", k, is_new_pin(w), told,
			    said(w, "Your new PIN is in force"));
		assert_int_equal(said(w, "was not changed"), 0);
		world_free(w);
	}
}

/* ---- activation, a forgotten PIN ---- */

static void
test_activate(void **state)
{
	struct sim_world *w = world_with(true);
	char code[7], inputs[60];

	(void)state;
	assert_dial(w, "1 8506125030088", "not the ID number");
	assert_dial(w, "1 " ID_NUMBER, "Type the code");
	code_of(w, code);
	str_format(inputs, sizeof inputs, "1 %s " PIN " " PIN, code);
	/* The process dies in the write: the next one goes on with it. */
	w->strike[0] = (struct sim_strike){ .op = WALLET_IDENTITY_CREATE, .nth = 1, .what = STRIKE_CRASH_AFTER };
	dial(w, inputs);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_true(record(w).has_pin);
	assert_int_equal(said(w, "Your new PIN is in force"), 1);
	assert_dial(w, "1 " PIN, "You have");
	assert_int_equal(record(w).code_mac_len, 0);
	world_free(w);

	w = world_with(true);
	for (int i = 0; i < 3; i++)
		assert_dial(w, "1 8506125030088", "not the ID number");
	assert_dial(w, "1 " ID_NUMBER, "Too many tries");
	assert_int_equal(w->inbox_n, 0);
	world_free(w);
}

static void
begin_reset(struct sim_world *w)
{
	char code[7];

	assert_dial(w, "7 4 " ID_NUMBER, "Type the code");
	code_of(w, code);
	say(w, TURN_INPUT, code);
	assert_non_null(strstr(screen, "You can set a new PIN from"));
	assert_non_null(strstr(newest_sms(w), "A new PIN for you was asked for"));
}

static void
test_forgotten(void **state)
{
	struct sim_world *w = world_with(false);

	(void)state;
	new_key(w);
	begin_reset(w);
	assert_dial(w, "7 4 " ID_NUMBER, "You can set a new PIN from");
	sim_world_run(w, w->loop.now + 24 * HOUR);
	assert_dial(w, "7 4 8506125030088", "not the ID number");
	assert_dial(w, "7 4 " ID_NUMBER " " NEW_PIN " " NEW_PIN, "Your PIN was changed");
	assert_dial(w, "1 " NEW_PIN, "You have");
	assert_identity(w, 2, NEW_PIN);		/* of the newest key */
	assert_dial(w, "1 " PIN, "Tries left: 2");
	/* Little may be paid now. */
	assert_dial(w, "3 1 1 200", "you can pay R100.00 a day");
	assert_non_null(strstr(screen, "Nothing was paid"));
	assert_dial(w, "3 1 1 100", "Enter your PIN");
	world_free(w);
}

/* A wait that began without our hearing of it is told of when it is come upon. */
static void
test_who_waits_is_warned(void **state)
{
	struct sim_world *w = world_with(false);
	size_t before;
	char code[7];

	(void)state;
	assert_dial(w, "7 4 " ID_NUMBER, "Type the code");
	code_of(w, code);
	before = w->inbox_n;
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 2,
		.what = STRIKE_CRASH_AFTER };
	say(w, TURN_INPUT, code);
	assert_int_equal(w->inbox_n, before);
	assert_true(record(w).reset_from != 0);
	sim_world_run(w, w->loop.now + 25 * HOUR);	/* what nobody was told of was no wait: it begins anew */
	for (int i = 0; i < 2; i++)
		assert_dial(w, "7 4 " ID_NUMBER, "You can set a new PIN from");
	assert_int_equal(w->inbox_n, before + 1);
	assert_non_null(strstr(newest_sms(w), "A new PIN for you was asked for"));
	sim_world_run(w, w->loop.now + 25 * HOUR);
	assert_dial(w, "7 4 " ID_NUMBER, "Choose a new PIN");
	world_free(w);
}

static void
test_the_old_pin_cancels(void **state)
{
	struct sim_world *w = world_with(false);
	int64_t cancelled = metric_get(M_PIN_RESETS_CANCELLED);

	(void)state;
	begin_reset(w);
	assert_dial(w, "1 " OTHER, "Wrong PIN");
	assert_true(record(w).reset_from != 0);
	assert_dial(w, "1 " PIN, "You have");
	assert_true(record(w).reset_from == 0);
	assert_int_equal(metric_get(M_PIN_RESETS_CANCELLED), cancelled + 1);
	sim_world_run(w, w->loop.now + 24 * HOUR);
	assert_dial(w, "7 4 " ID_NUMBER, "Type the code");
	world_free(w);
}

/* What was begun is brought to its end, and told. */
static void
test_forgotten_and_a_crash(void **state)
{
	(void)state;
	for (int what = STRIKE_CRASH_BEFORE; what <= STRIKE_CRASH_AFTER; what++) {
		struct sim_world *w = world_with(false);

		begin_reset(w);
		sim_world_run(w, w->loop.now + 24 * HOUR);
		w->strike[0] = (struct sim_strike){ .op = WALLET_IDENTITY_UPDATE, .nth = 1,
			.what = (enum sim_strike_what)what };
		dial(w, "7 4 " ID_NUMBER " " NEW_PIN " " NEW_PIN);
		sim_world_run(w, w->loop.now + 3 * MINUTE);
		assert_int_equal(said(w, "Your new PIN is in force"), 1);
		assert_dial(w, "1 " NEW_PIN, "You have");
		assert_int_equal(record(w).pin_write, PIN_WRITE_NONE);
		assert_true(record(w).reset_from == 0);
		assert_true(subscriber_is_young(&(struct subscriber){ .activated_at = record(w).activated_at },
		    w->loop.now));
		world_free(w);
	}
}

/* ---- what comes between a turn and its write ---- */

static void (*real_load)(void *ctx, uint64_t op, const struct store_key *keys, size_t n);
static bool to_freeze;
static int frozen;

/* Changes the record in the very moment in which the write comes to look at it, alone. */
static void
load_changed(void *ctx, uint64_t op, const struct store_key *keys, size_t n)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now };
	struct subscriber s = { 0 };
	struct store_value v;
	struct buf b = { 0 };

	if (n == 2 && keys[0].family == STORE_SUBSCRIBER && keys[1].family == STORE_PIN_ORDER) {
		memory_store_load(w->store, w->loop.now, keys, 1, &v);
		assert_true(v.present && subscriber_decode(v.p, v.len, &s));
		if (to_freeze)
			s.frozen_at = w->loop.now;
		else
			sim_changed(&s, w->loop.now);
		subscriber_encode(&s, &b);
		c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = keys[0], .p = b.p, .len = b.len, .from = v.version,
			.to = v.version };
		c.op[0].to.p[0]++;
		assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
		buf_clear(&b);
		frozen++;
	}
	real_load(ctx, op, keys, n);
}

static void
test_frozen_before_the_write(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		struct sim_world *w = world_with(false);

		imsi[0] = '\0';
		begin_reset(w);
		sim_world_run(w, w->loop.now + 24 * HOUR);
		assert_dial(w, "7 4 " ID_NUMBER " " NEW_PIN, "Type");
		real_load = w->ports[0].load;
		w->ports[0].load = load_changed;
		to_freeze = k == 0;
		frozen = 0;
		say(w, TURN_INPUT, NEW_PIN);
		w->ports[0].load = real_load;
		assert_true(frozen > 0);
		assert_null(strstr(screen, "was changed."));
		sim_world_run(w, w->loop.now + 3 * MINUTE);
		assert_identity(w, 1, PIN);
		world_free(w);
	}
}

/* ---- another SIM ---- */

static void
test_another_sim(void **state)
{
	struct sim_world *w = world_with(false);
	int64_t changed = metric_get(M_SIM_CHANGED);

	(void)state;
	str_copy(imsi, sizeof imsi, "655010000000001");
	assert_dial(w, "1 " PIN, "You have");		/* the first is learnt */
	begin_reset(w);
	assert_int_equal(metric_get(M_SIM_CHANGED), changed);
	str_copy(imsi, sizeof imsi, "655010000000002");
	assert_dial(w, "7 4 " ID_NUMBER, "Your SIM was changed");
	assert_int_equal(metric_get(M_SIM_CHANGED), changed + 1);
	assert_true(record(w).reset_from == 0);
	assert_dial(w, "3 1 1 200", "you can pay R100.00 a day");
	assert_dial(w, "1 " PIN, "You have");
	sim_world_run(w, w->loop.now + 73 * HOUR);
	assert_dial(w, "3 1 1 200", "Enter your PIN");
	assert_dial(w, "7 4 " ID_NUMBER, "Type the code");
	assert_int_equal(metric_get(M_SIM_CHANGED), changed + 1);
	world_free(w);
}

/* The operator's word protects also who never dialled. */
static void
test_the_operator_says_so(void **state)
{
	struct sim_world *w = world_with(true);

	(void)state;
	gateway_sim_changed(w->process[0].gw, w->loop.now, PHONE, w->loop.now - HOUR);
	sim_wake(&w->process[0], w->loop.now);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_dial(w, "1 " ID_NUMBER, "Your SIM was changed");
	assert_int_equal(w->inbox_n, 0);
	sim_world_run(w, w->loop.now + 71 * HOUR);
	assert_dial(w, "1 " ID_NUMBER, "Type the code");
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_new_key_takes_over), cmocka_unit_test(test_a_new_key_here),
		cmocka_unit_test(test_a_new_key_and_crashes), cmocka_unit_test(test_a_key_that_is_missing),
		cmocka_unit_test(test_a_try_whose_answer_is_lost), cmocka_unit_test(test_a_crash_counts_as_wrong),
		cmocka_unit_test(test_no_answer_is_no_wrong_pin), cmocka_unit_test(test_guesses_at_once),
		cmocka_unit_test(test_another_dialogue_asks_again), cmocka_unit_test(test_change),
		cmocka_unit_test(test_change_is_sent_again), cmocka_unit_test(test_change_and_a_crash),
		cmocka_unit_test(test_change_and_a_core_that_is_gone), cmocka_unit_test(test_a_death_at_each_save),
		cmocka_unit_test(test_activate), cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_the_old_pin_cancels), cmocka_unit_test(test_who_waits_is_warned),
		cmocka_unit_test(test_forgotten_and_a_crash), cmocka_unit_test(test_frozen_before_the_write),
		cmocka_unit_test(test_another_sim), cmocka_unit_test(test_the_operator_says_so),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
