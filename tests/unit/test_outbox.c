/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of the SMS with a token when the SMSC says odd things: receipts before their message, ids that it gives
 * again, and a link that is away while the token is cancelled. On the clock of the simulation.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/message.h"
#include "tests/unit/gateway_world.h"

#define FIRST_ID "7000001"		/* that the simulation's SMSC gives */

static unsigned stored;

static void
count_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	(void)ctx, (void)peer_op;
	stored += end == RECEIPT_STORED;
}

/* Receipts come from the test only. */
static struct sim_world *
mute_world(void)
{
	struct sim_world *w = world_new();

	w->faults.receipt_lost = 1000;
	w->ports[0].receipt_stored = count_stored;
	stored = 0;
	return w;
}

static void
receipt(struct sim_world *w, const char *id, enum receipt_state state)
{
	struct receipt r = { .state = state };
	unsigned before = stored;

	str_copy(r.id, sizeof r.id, id);
	str_copy(r.stat, sizeof r.stat, state == RECEIPT_DELIVERED ? "DELIVRD" : "UNDELIV");
	gateway_receipt(w->process[0].gw, w->loop.now, 0, &r, 1);
	sim_wake(&w->process[0], w->loop.now);
	sim_world_run(w, w->loop.now + 5000);
	assert_int_equal(stored, before + 1);
}

/* How far the message with this withdrawal's token is. */
static enum message_state
state_of(struct sim_world *w, const struct bank_withdrawal *b)
{
	struct store_key key = { .family = STORE_MESSAGE };
	struct store_value v;
	struct message m;

	str_format(key.owner, sizeof key.owner, "%s:token_sms", b->uid);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(v.present && !v.damaged);
	assert_true(message_decode(v.p, v.len, &m));
	return m.state;
}

static struct bank_withdrawal *
newest(const struct sim_world *w, size_t n)
{
	struct bank_withdrawal *b = NULL;

	assert_int_equal(issued(w, &b), n);
	return b;
}

static void
test_an_early_receipt(void **state)
{
	struct sim_world *w = mute_world();

	(void)state;
	receipt(w, FIRST_ID, RECEIPT_FAILED);
	withdraw(w, "order-1", "100", PHONE);
	assert_int_equal(state_of(w, newest(w, 1)), MESSAGE_FAILED);
	world_free(w);
}

/* Of some other message, which nobody here has sent: after a while it says nothing about one of ours. */
static void
test_a_stray_receipt(void **state)
{
	struct sim_world *w = mute_world();

	(void)state;
	receipt(w, FIRST_ID, RECEIPT_FAILED);
	sim_world_run(w, w->loop.now + 11 * MINUTE);
	withdraw(w, "order-1", "100", PHONE);
	assert_int_equal(state_of(w, newest(w, 1)), MESSAGE_SENT);
	receipt(w, FIRST_ID, RECEIPT_FAILED);
	assert_int_equal(state_of(w, newest(w, 1)), MESSAGE_FAILED);
	world_free(w);
}

static void
test_an_id_is_given_again(void **state)
{
	struct sim_world *w = mute_world();
	struct bank_withdrawal *first, *second;

	(void)state;
	withdraw(w, "order-1", "100", PHONE);
	first = newest(w, 1);
	w->last_sms = 0;
	withdraw(w, "order-2", "200", PHONE);
	second = newest(w, 2);
	assert_int_equal(state_of(w, second), MESSAGE_SENT);
	receipt(w, FIRST_ID, RECEIPT_DELIVERED);
	assert_int_equal(state_of(w, second), MESSAGE_DELIVERED);
	assert_int_equal(state_of(w, first), MESSAGE_SENT);
	world_free(w);
}

static void
test_a_cancelled_token_is_not_sent(void **state)
{
	struct sim_world *w = mute_world();
	struct bank_withdrawal *b;
	char id[24];

	(void)state;
	w->faults.sms_later = 1000;
	withdraw(w, "order-1", "100", PHONE);
	b = newest(w, 1);
	assert_int_equal(state_of(w, b), MESSAGE_WAITING);
	str_format(id, sizeof id, "%lld", (long long)b->id);
	by_id(w, API_CANCEL, id, "{\"status\":\"CANCELLED\"}");
	assert_says(w, 200, "CANCELLED");
	w->faults.sms_later = 0;
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(state_of(w, b), MESSAGE_WITHDRAWN);
	for (size_t i = 0; i < w->inbox_n; i++)
		assert_int_not_equal(w->inbox[i].cls, MSG_TOKEN);
	world_free(w);
}

/* What somebody asked of the core, without the core. */
static void
set_cancel(struct sim_world *w, const struct bank_withdrawal *b, bool cancel)
{
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now };
	struct store_key key = { .family = STORE_INTENT };
	struct store_value v;
	struct intent i;
	struct buf out = { 0 };

	str_format(key.owner, sizeof key.owner, "acme/payroll/%lld/order-1", (long long)w->integrator.wallets[0]);
	str_copy(key.id, sizeof key.id, b->uid);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_true(v.present && intent_decode(v.p, v.len, &i));
	i.cancel = cancel;
	i.next_at = w->loop.now + 60 * MINUTE;
	intent_encode(&i, &out);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = key, .p = out.p, .len = out.len, .from = v.version,
		.to = v.version };
	c.op[0].to.p[0]++;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&out);
}

/* It may be that the core refuses: then it still works, and somebody must have it. */
static void
test_a_token_that_may_be_cancelled_waits(void **state)
{
	struct sim_world *w = mute_world();
	struct bank_withdrawal *b;

	(void)state;
	w->faults.sms_later = 1000;
	withdraw(w, "order-1", "100", PHONE);
	b = newest(w, 1);
	set_cancel(w, b, true);
	w->faults.sms_later = 0;
	sim_wake(&w->process[0], w->loop.now + 2 * MINUTE);
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	assert_int_equal(state_of(w, b), MESSAGE_WAITING);
	set_cancel(w, b, false);
	sim_wake(&w->process[0], w->loop.now + 2 * MINUTE);
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	assert_int_equal(state_of(w, b), MESSAGE_SENT);
	world_free(w);
}

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static int disturbed;

/* Saved once more by somebody else in the moment in which the cancel comes. */
static void
disturb(void *ctx, uint64_t op, const struct store_commit *c)
{
	struct sim_world *w = ((struct sim_process *)ctx)->world;
	struct bank_withdrawal *b;

	if (disturbed++ == 0) {
		b = newest(w, 1);
		set_cancel(w, b, false);
	}
	real_commit(ctx, op, c);
}

static void
test_a_cancel_that_comes_between(void **state)
{
	struct sim_world *w = mute_world();
	struct bank_withdrawal *b;
	char id[24];

	(void)state;
	withdraw(w, "order-1", "100", PHONE);
	b = newest(w, 1);
	sim_world_run(w, w->loop.now + MINUTE);
	real_commit = w->ports[0].commit;
	w->ports[0].commit = disturb;
	disturbed = 0;
	str_format(id, sizeof id, "%lld", (long long)b->id);
	by_id(w, API_CANCEL, id, "{\"status\":\"CANCELLED\"}");
	assert_true(disturbed > 0);
	assert_says(w, 200, "CANCELLED");
	assert_int_equal(b->status, BW_CANCELLED);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_that_may_be_cancelled_waits),
		cmocka_unit_test(test_a_cancel_that_comes_between),
		cmocka_unit_test(test_an_early_receipt), cmocka_unit_test(test_a_stray_receipt),
		cmocka_unit_test(test_an_id_is_given_again), cmocka_unit_test(test_a_cancelled_token_is_not_sent),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
