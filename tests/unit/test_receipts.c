/* SPDX-License-Identifier: Apache-2.0 */
/* What receipts do to messages: the next route, late and repeated ones, ids in hex and decimal, strays, look-alikes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/metric.h"
#include "tests/unit/outbox_world.h"

static void
send_as(enum message_class cls, const char *id, const char *provider_id)
{
	str_copy(smsc.id, sizeof smsc.id, provider_id);
	put_message(cls, id, PHONE);
	run_for(2000);
	assert_int_equal(message_in_store(id).state, MESSAGE_SENT);
}

static void
test_failed_goes_on(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	send_as(MSG_TOKEN, "t", "1001");
	str_copy(smsc.id, sizeof smsc.id, "2002");
	assert_int_equal(receipt_says(0, "1001", RECEIPT_FAILED), RECEIPT_STORED);
	run_for(2000);
	assert_int_equal(smsc.seen_n, 2);
	assert_int_equal(smsc.seen[1].channel, SIM_SMS_OTHER);
	/* It comes again, after the second attempt was accepted. */
	assert_int_equal(receipt_says(0, "1001", RECEIPT_FAILED), RECEIPT_STORED);
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	assert_int_equal(receipt_says(1, "2002", RECEIPT_FAILED), RECEIPT_STORED);
	assert_int_equal(message_in_store("t").state, MESSAGE_FAILED);
	assert_string_equal(message_in_store("t").why, "receipt UNDELIV 001");
	assert_true(is_in_dead_list("t"));
	/* The first one did arrive after all: that wins, and nothing takes it back. */
	assert_int_equal(receipt_says(0, "1001", RECEIPT_DELIVERED), RECEIPT_STORED);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	assert_false(is_in_dead_list("t"));
	assert_int_equal(receipt_says(1, "2002", RECEIPT_FAILED), RECEIPT_STORED);
	run_for(5 * MINUTE);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	assert_int_equal(smsc.seen_n, 2);
	world_free(w);
}

/* Delivered while the next attempt waits: that attempt is not made. */
static void
test_delivered_in_between(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	send_as(MSG_TOKEN, "t", "1001");
	smsc.room[SIM_SMS] = smsc.room[SIM_SMS_OTHER] = 0;
	receipt_says(0, "1001", RECEIPT_FAILED);
	assert_int_equal(message_in_store("t").state, MESSAGE_WAITING);
	receipt_says(0, "1001", RECEIPT_DELIVERED);
	smsc.room[SIM_SMS] = smsc.room[SIM_SMS_OTHER] = 16;
	run_for(5 * MINUTE);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	assert_int_equal(smsc.seen_n, 1);
	world_free(w);
}

static void
test_a_notice_fails_once(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	send_as(MSG_NOTICE, "n", "1001");
	receipt_says(0, "1001", RECEIPT_PENDING);
	assert_int_equal(message_in_store("n").state, MESSAGE_SENT);
	receipt_says(0, "1001", RECEIPT_FAILED);
	run_for(MINUTE);
	assert_int_equal(message_in_store("n").state, MESSAGE_FAILED);
	assert_int_equal(smsc.seen_n, 1);
	world_free(w);
}

/* Early, of an attempt whose answer is still to come: the next route too, and its repeats change nothing. */
static void
test_an_early_failure_goes_on(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	receipt_says(0, "1001", RECEIPT_FAILED);
	receipt_says(0, "1001", RECEIPT_FAILED);
	str_copy(smsc.id, sizeof smsc.id, "1001");
	put_message(MSG_TOKEN, "t", PHONE);
	run_for(2000);
	assert_int_equal(smsc.seen_n, 2);
	assert_int_equal(smsc.seen[1].channel, SIM_SMS_OTHER);
	receipt_says(0, "1001", RECEIPT_FAILED);
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	receipt_says(0, "1001", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	world_free(w);
}

/* A better word replaces an early one. */
static void
test_early_failed_then_delivered(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	receipt_says(0, "1001", RECEIPT_FAILED);
	receipt_says(0, "1001", RECEIPT_DELIVERED);
	receipt_says(0, "1001", RECEIPT_FAILED);
	str_copy(smsc.id, sizeof smsc.id, "1001");
	put_message(MSG_TOKEN, "t", PHONE);
	run_for(2000);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	assert_int_equal(smsc.seen_n, 1);
	world_free(w);
}

static void
test_hex_and_decimal(void **state)
{
	struct sim_world *w = smsc_world();
	struct receipt r = { .id = "garbage", .tlv_id = "18D0E03A", .state = RECEIPT_DELIVERED };

	(void)state;
	w->binds[0].receipt_ids = (struct receipt_ids){ ID_HEX, ID_DECIMAL, ID_HEX };
	send_as(MSG_RESULT, "decimal", "39f99dd5");
	receipt_says(0, "0972660181", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("decimal").state, MESSAGE_DELIVERED);
	send_as(MSG_RESULT, "tlv", "018d0e03a");
	give_receipt(0, &r);
	assert_int_equal(message_in_store("tlv").state, MESSAGE_DELIVERED);
	/* Early, and only its TLV tells the number. */
	str_copy(r.tlv_id, sizeof r.tlv_id, "ABC");
	give_receipt(0, &r);
	str_copy(smsc.id, sizeof smsc.id, "0abc");
	put_message(MSG_RESULT, "early", PHONE);
	run_for(2000);
	assert_int_equal(message_in_store("early").state, MESSAGE_DELIVERED);
	/* The other bind's SMSC may give the same number to another message. */
	send_as(MSG_RESULT, "mine", "777");
	receipt_says(1, "777", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("mine").state, MESSAGE_SENT);
	world_free(w);
}

/* What a transmitter sent comes back on the receiver beside it, early or late. */
static void
test_another_bind_of_the_same_smsc(void **state)
{
	struct sim_world *w = smsc_world();
	struct store_key key = { .family = STORE_STRAY, .owner = "both" };
	struct store_value v;

	(void)state;
	str_copy(w->binds[0].smsc, sizeof w->binds[0].smsc, "both");
	str_copy(w->binds[1].smsc, sizeof w->binds[1].smsc, "both");
	send_as(MSG_RESULT, "late", "1001");
	receipt_says(1, "1001", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("late").state, MESSAGE_DELIVERED);
	receipt_says(1, "1002", RECEIPT_DELIVERED);
	str_copy(smsc.id, sizeof smsc.id, "1002");
	put_message(MSG_RESULT, "early", PHONE);
	run_for(MINUTE);
	assert_int_equal(message_in_store("early").state, MESSAGE_DELIVERED);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	assert_false(v.present);
	world_free(w);
}

/* Without a word of the operator: the same account, or nobody else to hear for. A transceiver hears for itself. */
static void
test_a_receiver(void **state)
{
	static const char *const hosts[][2] = { { "smsc", "smsc" }, { "smsc-tx", "smsc-rx" } };

	(void)state;
	for (size_t i = 0; i < NELEM(hosts); i++) {
		struct sim_world *w = smsc_world();

		str_copy(w->binds[0].host, sizeof w->binds[0].host, hosts[i][0]);
		str_copy(w->binds[1].host, sizeof w->binds[1].host, hosts[i][1]);
		send_as(MSG_RESULT, "both", "1001");
		receipt_says(1, "1001", RECEIPT_DELIVERED);
		assert_int_equal(message_in_store("both").state, MESSAGE_SENT);
		w->binds[0].mode = BIND_TRANSMITTER;
		w->binds[1].mode = BIND_RECEIVER;
		send_as(MSG_RESULT, "each", "1002");
		receipt_says(1, "1002", RECEIPT_DELIVERED);
		assert_int_equal(message_in_store("each").state, MESSAGE_DELIVERED);
		receipt_says(1, "stray", RECEIPT_DELIVERED);
		run_for(MINUTE);
		world_free(w);
	}
}

static size_t
strays_of(const char *bind, struct stray_ring *ring)
{
	struct store_key key = { .family = STORE_STRAY };
	struct store_value v;

	str_copy(key.owner, sizeof key.owner, bind);
	memory_store_load(smsc.w->store, smsc.w->loop.now, &key, 1, &v);
	if (!v.present)
		return 0;
	assert_true(stray_ring_decode(v.p, v.len, ring));
	return stray_ring_count(ring);
}

static void
test_strays(void **state)
{
	struct sim_world *w = smsc_world();
	int64_t before = metric_get(M_RECEIPTS_UNMATCHED);
	struct stray_ring ring;
	char id[24];

	(void)state;
	receipt_says(0, "1001", RECEIPT_DELIVERED);
	receipt_says(0, "stray", RECEIPT_FAILED);
	receipt_says(0, "stray", RECEIPT_FAILED);
	str_copy(smsc.id, sizeof smsc.id, "1001");
	put_message(MSG_RESULT, "early", PHONE);
	run_for(MINUTE);
	/* Early is not stray, and twice is once. */
	assert_int_equal(metric_get(M_RECEIPTS_UNMATCHED), before + 1);
	assert_int_equal(strays_of("mno", &ring), 1);
	assert_string_equal(ring.stray[0].id, "stray");
	assert_string_equal(ring.stray[0].stat, "UNDELIV");
	assert_string_equal(ring.stray[0].err, "001");
	assert_int_equal(ring.stray[0].state, RECEIPT_FAILED);
	assert_int_equal(strays_of("other", &ring), 0);

	for (int i = 0; i < 2 * STRAYS_KEPT; i++) {
		struct receipt r = { .state = RECEIPT_DELIVERED, .stat = "DELIVRD" };

		str_format(r.id, sizeof r.id, "flood-%d", i);
		gateway_receipt(w->process[0].gw, w->loop.now, 1, &r, 1);
	}
	run_for(MINUTE);
	assert_int_equal(metric_get(M_RECEIPTS_UNMATCHED), before + 1 + 2 * STRAYS_KEPT);
	assert_int_equal(strays_of("other", &ring), STRAYS_KEPT);
	str_format(id, sizeof id, "flood-%d", 2 * STRAYS_KEPT);
	receipt_says(1, id, RECEIPT_FAILED);
	run_for(MINUTE);
	assert_int_equal(strays_of("other", &ring), STRAYS_KEPT);
	assert_string_equal(ring.stray[0].id, id);
	world_free(w);
}

/* Only its text says that it is a receipt: it must be about a message between the very two addresses. */
static void
test_look_alikes(void **state)
{
	struct sim_world *w = smsc_world();
	struct receipt r = { .id = "1001", .stat = "UNDELIV", .state = RECEIPT_FAILED, .maybe = true };

	(void)state;
	str_copy(r.from, sizeof r.from, PHONE);
	str_copy(r.to, sizeof r.to, "acme");
	assert_int_equal(give_receipt(0, &r), RECEIPT_IS_MESSAGE);
	assert_int_equal(give_receipt(0, &r), RECEIPT_IS_MESSAGE);
	send_as(MSG_NOTICE, "n", "1001");
	str_copy(r.from, sizeof r.from, "27837654321");
	assert_int_equal(give_receipt(0, &r), RECEIPT_IS_MESSAGE);
	assert_int_equal(message_in_store("n").state, MESSAGE_SENT);
	/* A forged source can write to a number that is read, not to the name that the message came from. */
	str_copy(r.from, sizeof r.from, PHONE);
	str_copy(r.to, sizeof r.to, "27830000384");
	assert_int_equal(give_receipt(0, &r), RECEIPT_IS_MESSAGE);
	assert_int_equal(message_in_store("n").state, MESSAGE_SENT);
	str_copy(r.to, sizeof r.to, "acme");
	assert_int_equal(give_receipt(0, &r), RECEIPT_STORED);
	assert_int_equal(message_in_store("n").state, MESSAGE_FAILED);
	r.id[0] = '\0';
	assert_int_equal(give_receipt(0, &r), RECEIPT_IS_MESSAGE);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed_goes_on), cmocka_unit_test(test_delivered_in_between),
		cmocka_unit_test(test_a_notice_fails_once), cmocka_unit_test(test_an_early_failure_goes_on),
		cmocka_unit_test(test_early_failed_then_delivered), cmocka_unit_test(test_hex_and_decimal),
		cmocka_unit_test(test_another_bind_of_the_same_smsc), cmocka_unit_test(test_a_receiver),
		cmocka_unit_test(test_strays), cmocka_unit_test(test_look_alikes),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
