/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two sides share, octet by octet: frames cut anywhere, PDUs that are odd, deadlines,
 * sequences, peers that do not read; and the states of smpp_peer.
 */
#include "test_smpp_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- octets ---- */

static size_t
raw_deliver(unsigned char *p, size_t size, unsigned number)
{
	char text[16];
	struct smpp_out out = {
		.id = SMPP_DELIVER_SM, .sequence = number, .source = "1", .dest = "2", .text = text
	};

	out.text_len = (size_t)snprintf(text, sizeof text, "n%u", number);
	return smpp_encode(&out, p, size);
}

static void
test_byte_by_byte(void **state)
{
	unsigned char p[256];
	size_t n = raw_deliver(p, sizeof p, 77);

	(void)state;
	open_bound();
	for (unsigned round = 1; round <= 3; round++) {
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(w.delivers, round - 1);
			smpp_peer_write(w.peer, w.conn, p + i, 1);
			turns(4);
		}
		UNTIL(w.delivers == round);
	}
	assert_string_equal(w.delivered[2], "n77");
}

static void
test_many_in_one_write(void **state)
{
	static unsigned char p[64 * 1024];
	size_t n = 0;

	(void)state;
	for (unsigned i = 1; i <= 300; i++)
		n += raw_deliver(p + n, sizeof p - n, i);
	open_bound();
	smpp_peer_write(w.peer, w.conn, p, n);
	UNTIL(w.delivers == 300);
	for (unsigned i = 0; i < 300; i++) {
		char expect[16];

		snprintf(expect, sizeof expect, "n%u", i + 1);
		assert_string_equal(w.delivered[i], expect);
	}
	assert_int_equal(smpp_link_state(w.link), LINK_BOUND);
}

static void
test_odd_pdus_are_answered_and_cost_nothing_else(void **state)
{
	static const struct {
		const char *hex;
		uint32_t id, status, sequence;
	} row[] = {
		/* a TLV that reaches out of its deliver_sm (sample 53) */
		{ "0000003c00000005000000000000013d000101323736303030303030303100010131323031323334"
		  "00000000000000000000026869"
		  "14000064616263",
		    0x80000005, SMPP_RINVTLVSTREAM, 0x13d },
		{ "00000010000000050000000000000007", 0x80000005, SMPP_RINVCMDLEN,
		    7 }, /* deliver_sm without a body */
		{ "00000010000000990000000000000008", 0x80000000, SMPP_RINVCMDID,
		    8 }, /* no such command */
		{ "00000010000000030000000000000009", 0x80000000, SMPP_RINVCMDID,
		    9 }, /* query_sm */
		{ "0000001000000009000000000000000a", 0x80000009, SMPP_ROK,
		    10 }, /* a bind, of all things */
		{ "0000001100000015000000000000000b00", 0x80000015, SMPP_ROK,
		    11 }, /* one octet too many */
		{ "00000010000000150000000000000000", 0x80000015, SMPP_ROK, 0 }, /* sequence 0 */
	};
	static const char *const silent[] = {
		"00000010800000150000000000000999",		/* an answer to nothing */
		"00000010800000000000000200000000",		/* generic_nack, sequence 0 */
		"00000010800000990000000000000001",		/* a response that does not exist */
		"00000010000001020000000000000005",		/* alert_notification */
	};
	unsigned char p[256];
	struct smpp_pdu pdu;

	(void)state;
	raw_bound();
	for (size_t i = 0; i < NELEM(row); i++) {
		size_t n = strlen(row[i].hex) / 2;

		for (size_t k = 0; k < NELEM(silent); k++) {
			assert_true(str_unhex(silent[k], 32, p, 16));
			raw_write(p, 16);
		}
		assert_true(str_unhex(row[i].hex, 2 * n, p, n));
		raw_write(p, n);
		assert_true(raw_read(&pdu));
		if (row[i].id == 0x80000009) {
			/*
			 * The bind has no body to read, but it is no business of an ESME either
			 * way.
			 */
			assert_true(pdu.status != SMPP_ROK);
			continue;
		}
		assert_int_equal(pdu.id, row[i].id);
		assert_int_equal(pdu.status, row[i].status);
		assert_int_equal(pdu.sequence, row[i].sequence);
	}
	assert_int_equal(smpp_link_state(w.link), LINK_BOUND);
	raw_close();
}

static void
test_a_lying_length_ends_the_link(void **state)
{
	struct smpp_pdu pdu;

	(void)state;
	raw_bound();
	raw_write("\0\0\0\x0f\0\0\0\x15", 8);
	assert_true(raw_read(&pdu));
	assert_int_equal(pdu.id, 0x80000000);
	assert_int_equal(pdu.status, SMPP_RINVCMDLEN);
	assert_false(raw_read(&pdu));
	raw_close();
}

static void
test_half_a_pdu_and_gone(void **state)
{
	(void)state;
	raw_bound();
	submit("x", 1);
	raw_write("\0\0\0\x40\0\0\0\x05\0\0\0\0", 12);
	turns(5);
	raw_close();
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_NO_ANSWER);
	assert_int_equal(w.delivers, 0);
}

static void
test_a_bind_answered_with_a_nack(void **state)
{
	struct smpp_pdu pdu;

	(void)state;
	raw_open();
	open_link();
	assert_true(raw_read(&pdu));
	raw_write("\0\0\0\x10\x80\0\0\0\0\0\0\0\0\0\0\x01", 16);
	UNTIL(smpp_link_state(w.link) == LINK_CLOSED);
	raw_close();
}

/* ---- time and sequence, on a connection of milliseconds ---- */

static struct smpp_conn *conn;
static bool conn_up;
static char conn_why[128];

static void
on_conn_up(void *arg)
{
	(void)arg;
	conn_up = true;
}

static void
on_conn_request(void *arg, const struct smpp_pdu *pdu)
{
	(void)arg;
	smpp_conn_respond(conn, pdu->id, pdu->sequence, SMPP_ROK, NULL);
}

static void
on_conn_closed(void *arg, const char *why)
{
	(void)arg;
	conn = NULL;
	str_copy(conn_why, sizeof conn_why, why);
}

static void
conn_bound(const struct smpp_conn_options *o)
{
	struct smpp_out bind = {
		.id = SMPP_BIND_TRANSCEIVER, .system_id = "isango", .password = "s3cret"
	};
	struct smpp_conn_options own = *o;

	own.up = on_conn_up;
	own.request = on_conn_request;
	own.closed = on_conn_closed;
	conn_up = false;
	conn_why[0] = '\0';
	open_peer();
	conn = smpp_conn_connect(w.loop, &own, "127.0.0.1", w.b.port);
	UNTIL(conn_up);
	assert_true(smpp_conn_request(conn, &bind, 1000, on_end, &w));
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1000)->end, SMPP_ANSWERED);
}

static bool
conn_submit(uint64_t op)
{
	static const char text[200] = "x";
	struct smpp_out out = { .id = SMPP_SUBMIT_SM,
		.source = "1",
		.dest = "2",
		.text = text,
		.text_len = sizeof text };

	return smpp_conn_request(conn, &out, op, on_end, &w);
}

static void
test_never_and_late(void **state)
{
	int64_t timeouts = metric_get(M_SMPP_TIMEOUTS);

	(void)state;
	conn_bound(&(struct smpp_conn_options){ .window = 4, .response_ms = 20 });
	w.answer = SMPP_ANSWER_LATER;
	assert_true(conn_submit(1));
	assert_true(conn_submit(2));
	UNTIL(w.ends == 3);
	assert_int_equal(end_of(1)->end, SMPP_NO_ANSWER);
	assert_int_equal(end_of(2)->end, SMPP_NO_ANSWER);
	assert_int_equal(metric_get(M_SMPP_TIMEOUTS), timeouts + 2);
	assert_int_equal(smpp_conn_waiting(conn), 0);
	/* Late: nobody is there for it, and nothing else is harmed. */
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[0], SMPP_ROK, "late");
	w.answer = SMPP_ROK;
	assert_true(conn_submit(3));
	UNTIL(w.ends == 4);
	assert_int_equal(end_of(3)->end, SMPP_ANSWERED);
	smpp_conn_abandon(conn, "test");
}

/* Stopped like a process that got SIGSTOP, while the answer comes in. */
static void
test_a_deadline_waits_for_our_own_stall(void **state)
{
	const struct timespec stop = { .tv_nsec = 400 * 1000 * 1000 };
	int64_t graces = metric_get(M_SMPP_GRACES), timeouts = metric_get(M_SMPP_TIMEOUTS);

	(void)state;
	conn_bound(&(struct smpp_conn_options){ .window = 4, .response_ms = 100 });
	w.answer = SMPP_ANSWER_LATER;
	assert_true(conn_submit(1));
	assert_true(conn_submit(2));
	UNTIL(w.requests == 2);
	smpp_peer_respond(w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[0], SMPP_ROK, "m");
	nanosleep(&stop, NULL);
	UNTIL(w.ends == 2);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
	assert_int_equal(metric_get(M_SMPP_GRACES), graces + 1);
	UNTIL(w.ends == 3);
	assert_int_equal(end_of(2)->end, SMPP_NO_ANSWER);
	assert_int_equal(metric_get(M_SMPP_TIMEOUTS), timeouts + 1);
	assert_int_equal(metric_get(M_SMPP_GRACES), graces + 1);
	smpp_conn_abandon(conn, "test");
}

static void
test_enquire_link(void **state)
{
	(void)state;
	conn_bound(&(struct smpp_conn_options){ .window = 4, .response_ms = 50, .enquire_ms = 10 });
	assert_int_equal(w.enquiries, 0);		/* none before the bind */
	smpp_conn_watch(conn);
	UNTIL(w.enquiries == 3);
	w.enquire_answer = false;
	UNTIL(conn_why[0] != '\0');
	assert_string_equal(conn_why, "no answer to enquire_link");
}

static void
test_any_pdu_proves_life(void **state)
{
	struct smpp_out enquire = { .id = SMPP_ENQUIRE_LINK };

	(void)state;
	w.enquire_answer = false;
	conn_bound(&(struct smpp_conn_options){ .window = 4, .response_ms = 20, .enquire_ms = 10 });
	smpp_conn_watch(conn);
	/* Each of ours stays without its answer, but the SMSC talks. */
	for (unsigned i = 1; w.enquiries < 4; i++) {
		unsigned seen = w.enquiries;

		UNTIL(w.enquiries > seen || conn == NULL);
		assert_non_null(conn);
		smpp_peer_request(w.peer, w.conn, &enquire, i, on_end, &w);
	}
	assert_non_null(conn);
	smpp_conn_abandon(conn, "test");
}

static void
test_sequence_wraps_and_skips(void **state)
{
	(void)state;
	conn_bound(&(struct smpp_conn_options){
	    .window = 12, .response_ms = 60000, .sequence = 0x7ffffffc });
	w.answer = SMPP_ANSWER_LATER;
	for (unsigned i = 1; i <= 12; i++)
		assert_true(conn_submit(i));
	assert_false(conn_submit(13));
	UNTIL(w.requests == 12);
	assert_int_equal(w.sequence[0], 0x7ffffffe);	/* the bind took 0x7ffffffd */
	assert_int_equal(w.sequence[1], 0x7fffffff);
	assert_int_equal(w.sequence[2], 1);
	/*
	 * All but one are answered over and over: the numbers come round to the one that waits, and
	 * pass it.
	 */
	for (unsigned round = 0; round < 100; round++) {
		unsigned requests = w.requests;

		smpp_peer_respond(
		    w.peer, w.conn, SMPP_SUBMIT_SM, w.sequence[requests - 1], SMPP_ROK, "m");
		UNTIL(w.ends == round + 2);
		assert_true(conn_submit(100 + round));
		UNTIL(w.requests == requests + 1);
		for (unsigned i = 0; i < 11; i++)
			assert_int_not_equal(w.sequence[requests], w.sequence[i]);
	}
	smpp_conn_abandon(conn, "test");
}

static void
test_a_peer_that_does_not_read(void **state)
{
	struct smpp_conn_options o = { .window = 4,
		.response_ms = 60000,
		.request = on_conn_request,
		.closed = on_conn_closed };
	static unsigned char many[16 * 1024];
	int fd[2], small = 4096;

	(void)state;
	for (size_t i = 0; i < sizeof many; i += 16)
		memcpy(many + i, "\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x05", 16);
	conn_why[0] = '\0';
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	conn = smpp_conn_accept(w.loop, &o, fd[0]);
	assert_true(conn_submit(1));
	while (conn_why[0] == '\0') {
		if (write(fd[1], many, sizeof many) < 0)
			assert_true(errno == EAGAIN || errno == EPIPE);
		turns(1);
		if (conn != NULL && smpp_conn_room(conn) == 0)
			assert_false(conn_submit(2));
	}
	assert_string_equal(conn_why, "the peer does not read our answers");
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_NO_ANSWER);
	close(fd[1]);
}

static void
test_output_that_stands_still(void **state)
{
	struct smpp_conn_options o = { .window = 200, .response_ms = 30, .request = on_conn_request,
		.closed = on_conn_closed };
	int fd[2], small = 4096;

	(void)state;
	conn_why[0] = '\0';
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	conn = smpp_conn_accept(w.loop, &o, fd[0]);
	for (unsigned i = 1; i <= 200; i++)
		assert_true(conn_submit(i));
	UNTIL(conn_why[0] != '\0');
	assert_string_equal(conn_why, "output stands still");
	UNTIL(w.ends == 200);
	close(fd[1]);
}

/* ---- the other side ---- */

static void
test_peer_refuses_to_start(void **state)
{
	static const struct smpp_peer_events ev = { 0 };
	struct smpp_peer_options o = {
		.address = "nowhere", .system_id = "SMSC", .connections = 1, .window = 1
	};
	char err[128], taken[32];

	(void)state;
	assert_null(smpp_peer_new(w.loop, &o, &ev, err, sizeof err));
	assert_non_null(strstr(err, "nowhere"));
	open_peer();
	snprintf(taken, sizeof taken, "127.0.0.1:%d", w.b.port);
	o.address = taken;
	assert_null(smpp_peer_new(w.loop, &o, &ev, err, sizeof err));
	assert_non_null(strstr(err, "Address already in use"));
}

static void
test_peer_states(void **state)
{
	struct smpp_out out = {
		.id = SMPP_BIND_TRANSMITTER, .system_id = "isango", .password = "s3cret"
	};
	struct smpp_out text = { .id = SMPP_DELIVER_SM, .source = "1", .dest = "2" };

	(void)state;
	open_peer();
	conn_up = false;
	conn = smpp_conn_connect(w.loop,
	    &(struct smpp_conn_options){ .window = 4,
		.response_ms = 60000,
		.up = on_conn_up,
		.request = on_conn_request,
		.closed = on_conn_closed },
	    "127.0.0.1", w.b.port);
	UNTIL(conn_up);
	assert_true(conn_submit(1));			/* before the bind */
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->status, SMPP_RINVBNDSTS);
	out.password = "wrong";
	assert_true(smpp_conn_request(conn, &out, 2, on_end, &w));
	UNTIL(w.ends == 2);
	assert_int_equal(end_of(2)->status, SMPP_RINVPASWD);
	out.password = "s3cret";
	assert_true(smpp_conn_request(conn, &out, 3, on_end, &w));
	assert_true(smpp_conn_request(conn, &out, 4, on_end, &w));
	UNTIL(w.ends == 4);
	assert_int_equal(end_of(3)->status, SMPP_ROK);
	assert_int_equal(end_of(4)->status, SMPP_RALYBND);
	smpp_peer_request(w.peer, w.conn + 1, &text, 5, on_end, &w);	/* no such connection */
	UNTIL(w.ends == 5);
	assert_int_equal(end_of(5)->end, SMPP_NOT_WRITTEN);
	smpp_peer_refuse(w.peer, true);
	smpp_conn_abandon(conn, "test");
	UNTIL(w.closes == 1);
	conn = smpp_conn_connect(w.loop,
	    &(struct smpp_conn_options){ .window = 4,
		.response_ms = 60000,
		.up = on_conn_up,
		.request = on_conn_request,
		.closed = on_conn_closed },
	    "127.0.0.1", w.b.port);
	UNTIL(conn == NULL);
	assert_int_equal(w.closes, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_byte_by_byte),
		T(test_many_in_one_write),
		T(test_odd_pdus_are_answered_and_cost_nothing_else),
		T(test_a_lying_length_ends_the_link),
		T(test_half_a_pdu_and_gone),
		T(test_a_bind_answered_with_a_nack),
		T(test_never_and_late),
		T(test_a_deadline_waits_for_our_own_stall),
		T(test_enquire_link),
		T(test_any_pdu_proves_life),
		T(test_sequence_wraps_and_skips),
		T(test_a_peer_that_does_not_read),
		T(test_output_that_stands_still),
		T(test_peer_refuses_to_start),
		T(test_peer_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
