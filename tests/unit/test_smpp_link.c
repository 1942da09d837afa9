/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a link: binds, windows, answers both ways, draining, and coming back. */
#include "test_smpp_world.h"

#include "io/smpp_reconnect.h"

/* ---- the life of a link ---- */

static void
test_whole_life(void **state)
{
	static const enum smpp_link_state path[] = { LINK_CONNECTING, LINK_BINDING, LINK_BOUND,
		LINK_DRAINING, LINK_CLOSED };
	uint64_t receiver[4];

	(void)state;
	open_peer();
	open_link();
	assert_int_equal(smpp_link_state(w.link), LINK_CLOSED);
	assert_int_equal(smpp_link_free_window(w.link), 0);
	UNTIL(smpp_link_state(w.link) == LINK_BOUND);
	assert_int_equal(metric_get(M_SMPP_LINKS_BOUND), 1);
	assert_int_equal(smpp_link_free_window(w.link), 10);
	assert_int_equal(smpp_peer_receivers(w.peer, "isango", receiver, 4), 1);
	assert_int_equal(smpp_peer_receivers(w.peer, "other", receiver, 4), 0);
	submit("hello", 7);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(7)->end, SMPP_ANSWERED);
	assert_int_equal(end_of(7)->id, (uint32_t)SMPP_RESP | SMPP_SUBMIT_SM);
	assert_string_equal(end_of(7)->message_id, "m1");
	assert_string_equal(w.text[0], "hello");
	smpp_link_drain(w.link, 10000, on_drained, NULL);
	assert_false(w.drained);
	UNTIL(w.drained);
	assert_int_equal(w.unbinds, 1);
	assert_int_equal(w.states_n, NELEM(path));
	for (size_t i = 0; i < NELEM(path); i++)
		assert_int_equal(w.states[i], path[i]);
	assert_int_equal(smpp_link_next_attempt(w.link), 0);
	UNTIL(w.closes == 1);
}

static void
test_modes(void **state)
{
	uint64_t receiver[2];

	(void)state;
	w.b.mode = BIND_RECEIVER;
	open_bound();
	assert_int_equal(smpp_link_free_window(w.link), 0);
	submit("no", 1);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_NOT_WRITTEN);
	smpp_link_free(w.link);
	w.b.mode = BIND_TRANSMITTER;
	w.states_n = 0;
	open_link();
	UNTIL(smpp_link_state(w.link) == LINK_BOUND && w.closes == 1);
	assert_int_equal(smpp_peer_receivers(w.peer, NULL, receiver, 2), 0);
	submit("yes", 2);
	UNTIL(w.ends == 2);
	assert_int_equal(end_of(2)->end, SMPP_ANSWERED);
}

static void
test_host_by_name(void **state)
{
	(void)state;
	str_copy(w.b.host, sizeof w.b.host, "localhost");
	open_bound();
}

static void
test_nothing_without_a_bind(void **state)
{
	(void)state;
	open_peer();
	open_link();
	submit("too early", 1);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_NOT_WRITTEN);
	UNTIL(smpp_link_state(w.link) == LINK_BOUND);
	submit_until("too late", 2, loop_wall(w.loop) - 1);
	submit_until("in time", 3, loop_wall(w.loop) + 60000);
	UNTIL(w.ends == 3);
	assert_int_equal(end_of(2)->end, SMPP_NOT_WRITTEN);
	assert_int_equal(end_of(3)->end, SMPP_ANSWERED);
	assert_int_equal(w.requests, 1);
}

static void
test_refusal_of_a_message(void **state)
{
	(void)state;
	w.answer = SMPP_RTHROTTLED;
	open_bound();
	submit("x", 1);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
	assert_int_equal(end_of(1)->status, SMPP_RTHROTTLED);
}

/* ---- the window ---- */

static void
test_window_out_of_order_and_twice(void **state)
{
	(void)state;
	w.b.window = 3;
	w.answer = SMPP_ANSWER_LATER;
	open_bound();
	for (unsigned i = 1; i <= 5; i++)
		submit("x", i);
	assert_int_equal(smpp_link_free_window(w.link), 0);
	UNTIL(w.requests == 3 && w.ends == 2);
	assert_int_equal(end_of(4)->end, SMPP_NOT_WRITTEN);
	assert_int_equal(end_of(5)->end, SMPP_NOT_WRITTEN);
	/* The last first, the first twice, one that nobody asked for. */
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[2], SMPP_ROK, "third");
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[0], SMPP_ROK, "first");
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[0], SMPP_RSYSERR, NULL);
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, 0x7ffffff0, SMPP_ROK, "stranger");
	smpp_peer_respond(w.peer, w.conn, SMPP_DATA_SM, w.sequence[1], SMPP_ROK, "another command");
	UNTIL(w.ends == 4);
	turns(5);
	assert_int_equal(w.ends, 4);
	assert_int_equal(smpp_link_free_window(w.link), 2);
	smpp_peer_respond(w.peer, w.conn, 0, w.sequence[1], SMPP_RINVCMDID,
	    NULL); /* generic_nack */
	UNTIL(w.ends == 5);
	assert_string_equal(end_of(3)->message_id, "third");
	assert_string_equal(end_of(1)->message_id, "first");
	assert_int_equal(end_of(2)->id, (uint32_t)SMPP_GENERIC_NACK);
	assert_int_equal(end_of(2)->status, SMPP_RINVCMDID);
	assert_int_equal(smpp_link_state(w.link), LINK_BOUND);
}

static void
test_close_in_mid_window(void **state)
{
	(void)state;
	w.answer = SMPP_ANSWER_LATER;
	open_bound();
	for (unsigned i = 1; i <= 5; i++)
		submit("x", i);
	UNTIL(w.requests == 5);
	smpp_peer_close(w.peer, w.conn, "test");
	UNTIL(w.ends == 5);
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(end_of(i)->end, SMPP_NO_ANSWER);
	/* It comes back by itself. */
	w.answer = SMPP_ROK;
	UNTIL(w.binds == 2 && smpp_link_state(w.link) == LINK_BOUND);
	submit("again", 6);
	UNTIL(w.ends == 6);
	assert_int_equal(end_of(6)->end, SMPP_ANSWERED);
}

static void
test_pace(void **state)
{
	(void)state;
	/* Over two links: one submit each 2000 s on this one, so the test needs no clock. */
	w.b.throughput = 1;
	w.b.links = 2000;
	open_bound();
	assert_int_equal(smpp_link_free_window(w.link), 1);
	submit("one", 1);
	assert_int_equal(smpp_link_free_window(w.link), 0);
	submit("two", 2);
	UNTIL(w.ends == 2);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
	assert_int_equal(end_of(2)->end, SMPP_NOT_WRITTEN);
}

static void
urgent(uint64_t op)
{
	struct smpp_out out = { .id = SMPP_SUBMIT_SM, .dest = "27600000001", .urgent = true };

	smpp_link_request(w.link, &out, op, 0, on_end, &w);
}

static void
test_screens_go_before_the_pace(void **state)
{
	(void)state;
	w.b.throughput = 1;
	w.b.links = 2000;
	open_bound();
	urgent(1);
	urgent(2);
	submit("pays for both", 3);
	UNTIL(w.ends == 3);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
	assert_int_equal(end_of(2)->end, SMPP_ANSWERED);
	assert_int_equal(end_of(3)->end, SMPP_NOT_WRITTEN);
}

static void
test_screens_have_a_slot_of_the_window(void **state)
{
	int64_t full = metric_get(M_SMPP_WINDOW_FULL);

	(void)state;
	w.b.has_ussd = true;
	w.b.window = 3;
	w.answer = SMPP_ANSWER_LATER;
	open_bound();
	assert_int_equal(smpp_link_free_window(w.link), 2);
	submit("a", 1);
	submit("b", 2);
	submit("no slot for this", 3);
	urgent(4);
	urgent(5);
	UNTIL(w.ends == 2 && w.requests == 3);
	assert_int_equal(end_of(3)->end, SMPP_NOT_WRITTEN);
	assert_int_equal(end_of(5)->end, SMPP_NOT_WRITTEN);
	assert_int_equal(metric_get(M_SMPP_WINDOW_FULL), full + 2);
}

/* By the standard's table, and by what the bind says of a status of its own. */
static void
test_throttled(void **state)
{
	static const uint32_t answer[] = { SMPP_RTHROTTLED, SMPP_RMSGQFUL, 0x45 };
	int64_t throttled = metric_get(M_SMPP_THROTTLED);

	(void)state;
	w.b.statuses[0] = (struct smpp_outcome_rule){ 0x45, SMPP_OUTCOME_SLOW };
	w.b.statuses_n = 1;
	open_peer();
	for (unsigned i = 0; i < NELEM(answer); i++) {
		open_link();
		UNTIL(smpp_link_state(w.link) == LINK_BOUND);
		assert_int_equal(smpp_link_free_window(w.link), 10);
		w.answer = answer[i];
		submit("x", i);
		UNTIL(w.ends == i + 1);
		assert_int_equal(end_of(i)->status, answer[i]);
		assert_int_equal(smpp_link_free_window(w.link), 0);
		assert_int_equal(smpp_link_state(w.link), LINK_BOUND);
		smpp_link_free(w.link);
	}
	w.link = NULL;
	assert_int_equal(metric_get(M_SMPP_THROTTLED), throttled + (int64_t)NELEM(answer));
}

static void
test_other_refusals_leave_the_pace(void **state)
{
	static const uint32_t answer[] = { SMPP_RINVDSTADR, 0x401, SMPP_RSYSERR, SMPP_ROK };

	(void)state;
	open_bound();
	for (unsigned i = 0; i < NELEM(answer); i++) {
		w.answer = answer[i];
		submit("x", i);
		UNTIL(w.ends == i + 1);
		assert_int_equal(smpp_link_free_window(w.link), 10);
	}
	assert_int_equal(w.binds, 1);
}

/* The answers that are owed come first, then the unbind, then a new bind. */
static void
test_not_bound_binds_again(void **state)
{
	int64_t again = metric_get(M_SMPP_REBINDS), lost = metric_get(M_SMPP_LINKS_LOST);

	(void)state;
	w.answer = SMPP_ANSWER_LATER;
	open_bound();
	submit("waits", 1);
	submit("not bound", 2);
	UNTIL(w.requests == 2);
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[1], SMPP_RINVBNDSTS, NULL);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(2)->status, SMPP_RINVBNDSTS);
	assert_int_equal(smpp_link_state(w.link), LINK_DRAINING);
	turns(5);
	assert_int_equal(w.unbinds, 0);
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[0], SMPP_ROK, "m");
	UNTIL(w.ends == 2 && w.unbinds == 1);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
	UNTIL(w.binds == 2 && smpp_link_state(w.link) == LINK_BOUND);
	assert_int_equal(metric_get(M_SMPP_REBINDS), again + 1);
	assert_int_equal(metric_get(M_SMPP_LINKS_LOST), lost);
	w.answer = SMPP_ROK;
	submit("goes", 3);
	UNTIL(w.ends == 3);
	assert_int_equal(end_of(3)->status, SMPP_ROK);
}

/* ---- what the SMSC asks ---- */

static void
test_deliver_now_and_later(void **state)
{
	(void)state;
	open_bound();
	deliver("now", 1);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->status, SMPP_ROK);
	w.deliver_answer = SMPP_RX_T_APPN;
	deliver("refused", 2);
	UNTIL(w.ends == 2);
	assert_int_equal(end_of(2)->status, SMPP_RX_T_APPN);
	w.deliver_answer = SMPP_ANSWER_LATER;
	deliver("later a", 3);
	deliver("later b", 4);
	UNTIL(w.delivers == 4);
	smpp_link_respond(w.link, SMPP_DELIVER_SM, w.ticket[3], SMPP_ROK);
	smpp_link_respond(w.link, SMPP_DELIVER_SM, w.ticket[3], SMPP_RSYSERR);
	smpp_link_respond(w.link, SMPP_DATA_SM, w.ticket[2], SMPP_RSYSERR);
	smpp_link_respond(w.link, SMPP_DELIVER_SM, 12345, SMPP_RSYSERR);
	smpp_link_respond(w.link, SMPP_DELIVER_SM, w.ticket[2], SMPP_RMSGQFUL);
	UNTIL(w.ends == 4);
	assert_int_equal(end_of(4)->status, SMPP_ROK);
	assert_int_equal(end_of(3)->status, SMPP_RMSGQFUL);
}

static void
test_a_late_answer_is_not_for_another_pdu(void **state)
{
	uint32_t old;

	(void)state;
	w.deliver_answer = SMPP_ANSWER_LATER;
	open_bound();
	deliver("old", 1);
	UNTIL(w.delivers == 1);
	old = w.ticket[0];
	smpp_peer_close(w.peer, w.conn, "test");
	UNTIL(w.binds == 2 && smpp_link_state(w.link) == LINK_BOUND);
	/* The same sequence on the wire, for both are the first of their connection. */
	deliver("new", 2);
	UNTIL(w.delivers == 2);
	smpp_link_respond(w.link, SMPP_DELIVER_SM, old, SMPP_ROK);
	turns(10);
	assert_null(end_of(2));
	smpp_link_respond(w.link, SMPP_DELIVER_SM, w.ticket[1], SMPP_RSYSERR);
	UNTIL(end_of(2) != NULL);
	assert_int_equal(end_of(2)->status, SMPP_RSYSERR);
}

static void
test_drain_answers_what_is_held(void **state)
{
	(void)state;
	w.deliver_answer = w.answer = SMPP_ANSWER_LATER;
	open_bound();
	deliver("held", 1);
	submit("waiting", 2);
	UNTIL(w.delivers == 1 && w.requests == 1);
	smpp_link_drain(w.link, 60000, on_drained, NULL);
	assert_int_equal(smpp_link_state(w.link), LINK_DRAINING);
	submit("not any more", 3);
	deliver("nor this", 4);
	UNTIL(end_of(3) != NULL && end_of(4) != NULL);
	assert_int_equal(end_of(3)->end, SMPP_NOT_WRITTEN);
	assert_int_equal(end_of(4)->status, SMPP_RX_T_APPN);
	assert_int_equal(w.delivers, 1);
	smpp_link_respond(w.link, SMPP_DELIVER_SM, w.ticket[0], SMPP_ROK);
	UNTIL(end_of(1) != NULL);
	turns(5);
	assert_int_equal(w.unbinds, 0);		/* our submit still waits */
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[0], SMPP_ROK, "m");
	UNTIL(w.drained);
	assert_int_equal(end_of(1)->status, SMPP_ROK);
	assert_int_equal(end_of(2)->end, SMPP_ANSWERED);
	assert_int_equal(w.unbinds, 1);
}

static void
test_drain_does_not_wait_for_ever(void **state)
{
	(void)state;
	w.answer = SMPP_ANSWER_LATER;
	open_bound();
	submit("never answered", 1);
	UNTIL(w.requests == 1);
	smpp_peer_pause(w.peer, w.conn, true);
	smpp_link_drain(w.link, 20, on_drained, NULL);
	UNTIL(w.drained);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_NO_ANSWER);
	assert_int_equal(w.unbinds, 0);
}

static void
test_drain_before_the_bind(void **state)
{
	(void)state;
	open_peer();
	open_link();
	smpp_link_drain(w.link, 60000, on_drained, NULL);
	assert_false(w.drained);
	UNTIL(w.drained);
	assert_int_equal(w.binds, 0);
	smpp_link_free(w.link);
	open_link();
	UNTIL(smpp_link_state(w.link) == LINK_CONNECTING);
	w.drained = false;
	smpp_link_drain(w.link, 60000, on_drained, NULL);
	UNTIL(w.drained);
	assert_int_equal(smpp_link_state(w.link), LINK_CLOSED);
}

static void
test_enquire_and_unbind_by_the_smsc(void **state)
{
	struct smpp_out enquire = { .id = SMPP_ENQUIRE_LINK }, unbind = { .id = SMPP_UNBIND };

	(void)state;
	open_bound();
	smpp_peer_request(w.peer, w.conn, &enquire, 1, on_end, &w);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
	smpp_peer_request(w.peer, w.conn, &unbind, 2, on_end, &w);
	UNTIL(w.ends == 2);
	assert_int_equal(end_of(2)->end, SMPP_ANSWERED);
	assert_int_equal(end_of(2)->id, (uint32_t)SMPP_RESP | SMPP_UNBIND);
	UNTIL(w.closes == 1 && w.binds == 2);
	assert_int_equal(w.states[3], LINK_DRAINING);
	assert_int_equal(w.states[4], LINK_CLOSED);
}

static void
test_free_inside_a_callback(void **state)
{
	(void)state;
	w.answer = SMPP_ANSWER_LATER;
	open_bound();
	submit("x", 1);
	UNTIL(w.requests == 1);
	w.free_in_deliver = true;
	deliver("one", 2);
	deliver("two", 3);
	UNTIL(w.ends == 3);
	assert_null(w.link);
	assert_int_equal(w.delivers, 1);
	assert_int_equal(end_of(1)->end, SMPP_NO_ANSWER);
	assert_int_equal(end_of(2)->end, SMPP_NO_ANSWER);
}

/* ---- binds that fail ---- */

static int64_t
delay_after_refusal(uint32_t status)
{
	w.bind_status = status;
	open_peer();
	open_link();
	UNTIL(w.binds == 1 && smpp_link_state(w.link) == LINK_CLOSED);
	assert_true(smpp_link_next_attempt(w.link) > 0);
	return smpp_link_next_attempt(w.link) - loop_now(w.loop);
}

static void
test_already_bound(void **state)
{
	(void)state;
	assert_in_range(delay_after_refusal(SMPP_RALYBND), 29000, 45000);
}

static void
test_refused_password(void **state)
{
	int64_t refused = metric_get(M_SMPP_BINDS_REFUSED);

	(void)state;
	assert_in_range(delay_after_refusal(SMPP_RINVPASWD), 59000, 90000);
	assert_int_equal(metric_get(M_SMPP_BINDS_REFUSED), refused + 1);
}

static void
test_nobody_listens(void **state)
{
	(void)state;
	w.b.reconnect_min_s = 5;
	w.b.reconnect_max_s = 60;
	open_peer();
	smpp_peer_free(w.peer);
	w.peer = NULL;
	open_link();
	UNTIL(smpp_link_next_attempt(w.link) > 0 && w.states_n >= 2);
	assert_in_range(smpp_link_next_attempt(w.link) - loop_now(w.loop), 4000, 7500);
}

static void
test_reconnect_delay(void **state)
{
	struct smpp_reconnect r = { .min_ms = 1000, .max_ms = 60000 };
	static const int64_t doubled[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	(void)state;
	for (size_t i = 0; i < NELEM(doubled); i++)
		assert_int_equal(smpp_reconnect_delay(&r, SETBACK_LOST, 0, 0), doubled[i]);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(smpp_reconnect_delay(&r, SETBACK_LOST, 9999, 0), 60000);
	/* A bind that held begins anew; chance adds up to half. */
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_LOST, 10000, 0xffffffff), 1500);
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_LOST, 10000, 0x8000), 1250);
	r.tries = 0;
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_ALREADY_BOUND, 0, 0), 30000);
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_ALREADY_BOUND, 0, 0), 60000);
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_ALREADY_BOUND, 0, 0), 60000);
	r.tries = 0;
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_REFUSED, 0, 0), 60000);
	for (unsigned i = 0; i < 20; i++)
		smpp_reconnect_delay(&r, SETBACK_REFUSED, 0, 0);
	assert_int_equal(smpp_reconnect_delay(&r, SETBACK_REFUSED, 0, 0), 600000);
	r = (struct smpp_reconnect){ .min_ms = 1000, .max_ms = 5000 };
	assert_in_range(smpp_reconnect_delay(&r, SETBACK_ALREADY_BOUND, 0, 0xffff), 45000, 45000);
	assert_int_equal(smpp_setback_of(SMPP_RALYBND), SETBACK_ALREADY_BOUND);
	assert_int_equal(smpp_setback_of(SMPP_RINVSYSID), SETBACK_REFUSED);
	assert_int_equal(smpp_setback_of(SMPP_RBINDFAIL), SETBACK_REFUSED);
	assert_int_equal(smpp_setback_of(SMPP_RSYSERR), SETBACK_LOST);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_whole_life),
		T(test_modes),
		T(test_host_by_name),
		T(test_nothing_without_a_bind),
		T(test_refusal_of_a_message),
		T(test_window_out_of_order_and_twice),
		T(test_close_in_mid_window),
		T(test_pace),
		T(test_screens_go_before_the_pace),
		T(test_screens_have_a_slot_of_the_window),
		T(test_throttled),
		T(test_other_refusals_leave_the_pace),
		T(test_not_bound_binds_again),
		T(test_deliver_now_and_later),
		T(test_a_late_answer_is_not_for_another_pdu),
		T(test_drain_answers_what_is_held),
		T(test_drain_does_not_wait_for_ever),
		T(test_drain_before_the_bind),
		T(test_enquire_and_unbind_by_the_smsc),
		T(test_free_inside_a_callback),
		T(test_already_bound),
		T(test_refused_password),
		T(test_nobody_listens),
		T(test_reconnect_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
