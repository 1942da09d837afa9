/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over SMPP at the edge: an SMSC on 127.0.0.1 with two links, and a service that is made up here. What matters is
 * what the phone's side sees: never silence, always an end, and a push that is known by its phone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "channels/edge.h"
#include "core/ussd_dialect.h"
#include "io/loop.h"
#include "io/smpp_peer.h"

#define PATIENCE_MS 20000	/* only a broken test waits so long */
#define MAX 32
#define PHONE "27821234567"

struct sent {
	uint32_t id;
	uint64_t conn;
	unsigned op;
	char text[400], from[24], to[24], reference[16];
	uint32_t sequence;
	unsigned data_coding;
	size_t octets;
};

static struct world {
	struct loop *loop;
	struct settings s;
	struct bind_settings bind;
	struct channel_settings channels[2];
	struct tenant_settings tenant;
	struct edge *edge;
	struct smpp_peer *peer;
	uint64_t conn[2];
	size_t conns;
	struct sent sent[MAX];
	unsigned sent_n;
	uint32_t statuses[MAX];		/* of what is sent, in turn; 0 after the last */
	bool hold_answers;
	unsigned delivered;
	/* the service */
	struct turn_in turns[MAX];
	char texts[MAX][64], codes[MAX][64];
	unsigned turns_n;
	enum push_end pushed;
	unsigned pushes;
	bool drained;
} w;

#define UNTIL(what) do { \
	int64_t until_ = loop_now(w.loop) + PATIENCE_MS; \
	while (!(what)) { \
		if (loop_now(w.loop) > until_) \
			fail_msg("never: %s", #what); \
		event_base_loop(loop_base(w.loop), EVLOOP_ONCE); \
	} \
} while (0)

/* ---- the service ---- */

void
gateway_turn(struct gateway *gw, int64_t now, const struct turn_in *in)
{
	(void)gw, (void)now;
	assert_in_range(w.turns_n, 0, MAX - 1);
	w.turns[w.turns_n] = *in;
	str_copy(w.texts[w.turns_n], sizeof w.texts[0], in->text != NULL ? in->text : "");
	str_copy(w.codes[w.turns_n], sizeof w.codes[0], in->service_code);
	w.turns_n++;
}

/* ---- the SMSC ---- */

static uint32_t
on_bind(void *arg, uint64_t conn, const struct smpp_pdu *pdu)
{
	(void)arg, (void)pdu;
	if (w.conns < NELEM(w.conn))
		w.conn[w.conns++] = conn;
	return SMPP_ROK;
}

static uint32_t
on_request(void *arg, uint64_t conn, const struct smpp_pdu *pdu, char message_id[SMPP_MESSAGE_ID])
{
	struct sent *s = &w.sent[w.sent_n];
	const struct smpp_tlv *ref = smpp_tlv_find(pdu, SMPP_TAG_USER_MESSAGE_REFERENCE);

	(void)arg, (void)message_id;
	assert_in_range(w.sent_n, 0, MAX - 1);
	s->id = pdu->id;
	s->conn = conn;
	s->sequence = pdu->sequence;
	s->data_coding = pdu->data_coding;
	s->octets = pdu->text_len;
	assert_true(smpp_tlv_u8(pdu, SMPP_TAG_USSD_SERVICE_OP, &s->op));
	assert_true(text_decode(charset_of_dcs(pdu->data_coding, CHARSET_GSM7), pdu->text, pdu->text_len, s->text,
	    sizeof s->text) >= 0);
	str_copy(s->from, sizeof s->from, pdu->source);
	str_copy(s->to, sizeof s->to, pdu->dest);
	if (ref != NULL)
		str_hex(ref->p, ref->len, s->reference);
	return w.hold_answers ? SMPP_ANSWER_LATER : w.statuses[w.sent_n++ % MAX];
}

static void
on_delivered(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	(void)arg, (void)op;
	assert_int_equal(end, SMPP_ANSWERED);
	assert_int_equal(resp->status, SMPP_ROK);
	w.delivered++;
}

/* From the first link, and taken. */
static void
phone_says(int op, const char *reference, const char *dest, const char *text)
{
	struct smpp_out pdu = { .id = SMPP_DELIVER_SM, .service_type = "USSD", .source_ton = 1, .source_npi = 1,
	    .source = PHONE, .dest_ton = 1, .dest_npi = 1, .dest = dest, .text = text,
	    .text_len = strlen(text), .tlvs = 1 };
	unsigned before = w.delivered;

	pdu.tlv[0].tag = SMPP_TAG_USSD_SERVICE_OP;
	pdu.tlv[0].len = 1;
	pdu.tlv[0].p[0] = (unsigned char)op;
	if (reference[0] != '\0') {
		pdu.tlv[1].tag = SMPP_TAG_USER_MESSAGE_REFERENCE;
		pdu.tlv[1].len = (uint16_t)(strlen(reference) / 2);
		assert_true(str_unhex(reference, strlen(reference), pdu.tlv[1].p, pdu.tlv[1].len));
		pdu.tlvs++;
	}
	smpp_peer_request(w.peer, w.conn[0], &pdu, 1, on_delivered, NULL);
	UNTIL(w.delivered > before);
}

static void
answer(unsigned turn, const char *text, bool end)
{
	struct reply r = { text, end };

	edge_reply(w.edge, w.turns[turn].turn, &r);
}

static void
assert_sent(unsigned i, unsigned op, const char *text)
{
	UNTIL(w.sent_n > i);
	assert_int_equal(w.sent[i].op, op);
	assert_string_equal(w.sent[i].text, text);
	assert_string_equal(w.sent[i].to, PHONE);
}

/* ---- the world ---- */

static void
speak(int preset)
{
	char err[200];
	struct smpp_peer_options po = { .address = "127.0.0.1:0", .system_id = "smsc", .connections = 4, .window = 50,
	    .response_ms = PATIENCE_MS };
	struct smpp_peer_events ev = { .bind = on_bind, .request = on_request };

	memset(&w, 0, sizeof w);
	w.loop = loop_new();
	w.peer = smpp_peer_new(w.loop, &po, &ev, err, sizeof err);
	assert_non_null(w.peer);
	str_copy(w.bind.name, sizeof w.bind.name, "mno");
	str_copy(w.bind.host, sizeof w.bind.host, "127.0.0.1");
	w.bind.port = smpp_peer_port(w.peer);
	str_copy(w.bind.system_id, sizeof w.bind.system_id, "isango");
	w.bind.links = 2;
	w.bind.window = 10;
	w.bind.enquire_link_s = w.bind.response_s = 30;
	w.bind.reconnect_min_s = w.bind.reconnect_max_s = 1;
	w.bind.source_ton = w.bind.source_npi = w.bind.dest_ton = w.bind.dest_npi = -1;
	w.bind.has_ussd = true;
	w.bind.ussd = *ussd_preset(preset);
	for (size_t i = 0; i < NELEM(w.channels); i++) {
		w.channels[i].kind = CHANNEL_USSD_SMPP;
		w.channels[i].service_codes_n = 1;
		w.channels[i].session_s = 180;
		str_copy(w.channels[i].service_codes[0], sizeof w.channels[i].service_codes[0],
		    i == 0 ? "*120*384#" : "*120*385#");
	}
	w.s.binds = &w.bind;
	w.s.binds_n = 1;
	w.s.channels = w.channels;
	w.s.channels_n = NELEM(w.channels);
	w.s.tenants = &w.tenant;
	w.s.tenants_n = 1;
	w.edge = edge_new(w.loop, &w.s);
	for (int i = 0; i < w.bind.links; i++)
		edge_link(w.edge, 0, i, true, 0);
	edge_attach(w.edge, (struct gateway *)(void *)&w, NULL);
	UNTIL(w.conns == 2 && smpp_peer_receivers(w.peer, NULL, w.conn, 2) == 2);
}

static int
setup(void **state)
{
	(void)state;
	log_set_level((enum log_level)(LOG_ERROR + 1));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	edge_free(w.edge);
	smpp_peer_free(w.peer);
	loop_free(w.loop);
	return 0;
}

/* ---- tests ---- */

/* The code stands in the first text only; later messages know it by the dialogue. Two phones' ids may be equal. */
static void
test_code_in_text(void **state)
{
	(void)state;
	speak(USSD_MICA);
	phone_says(0x01, "1f40", "99", "*120*385#");
	assert_int_equal(w.turns[0].kind, TURN_BEGIN);
	assert_int_equal(w.turns[0].channel, 1);
	assert_string_equal(w.texts[0], "");
	assert_string_equal(w.codes[0], "*120*385#");
	assert_string_equal(w.turns[0].dialogue, "8000/" PHONE);
	answer(0, "Menu", false);
	assert_sent(0, 0x02, "Menu");
	assert_string_equal(w.sent[0].from, "99");
	assert_string_equal(w.sent[0].reference, "1f40");
	phone_says(0x12, "1f40", "99", "7\r");
	assert_int_equal(w.turns[1].kind, TURN_INPUT);
	assert_int_equal(w.turns[1].channel, 1);
	assert_string_equal(w.codes[1], "*120*385#");
	assert_string_equal(w.texts[1], "7");
	answer(1, "Bye", true);
	assert_sent(1, 0x11, "Bye");
	phone_says(0x81, "1f40", "99", "");
	assert_int_equal(w.turns[2].kind, TURN_ABORT);
	assert_int_equal(w.turns[2].turn, 0);
	assert_int_equal(w.sent_n, 2);
}

/* Nobody knows the dialogue, or the code: the phone is told, and its dialogue ends. An abort is not answered. */
static void
test_never_silence(void **state)
{
	(void)state;
	speak(USSD_MICA);
	phone_says(0x12, "0001", "99", "1");
	assert_sent(0, 0x11, "error.session_lost");
	assert_string_equal(w.sent[0].reference, "0001");
	phone_says(0x01, "0002", "99", "*999#");
	assert_sent(1, 0x11, "error.no_code");
	phone_says(0x81, "0001", "99", "");
	assert_int_equal(w.turns_n, 0);
	/* The address alone is enough where it is the short form of a code. */
	phone_says(0x12, "0003", "120385", "1");
	assert_int_equal(w.turns_n, 1);
	assert_int_equal(w.turns[0].channel, 1);
	assert_int_equal(w.sent_n, 2);
}

/* A refused screen becomes the end of its dialogue, on the other link, once. */
static void
test_refused_screen(void **state)
{
	(void)state;
	speak(USSD_HUAWEI);
	w.statuses[0] = w.statuses[1] = SMPP_RSUBMITFAIL;
	phone_says(0x01, "", "*120*384#", "*120*384#");
	answer(0, "Menu", false);
	assert_sent(0, 0x02, "Menu");
	assert_sent(1, 0x11, "error.session_lost");
	assert_true(w.sent[0].conn != w.sent[1].conn);
	/* An end that is refused is said once more, in its own words. */
	w.statuses[2] = SMPP_RSUBMITFAIL;
	phone_says(0x12, "", "*120*384#", "1");
	answer(1, "Paid", true);
	assert_sent(2, 0x11, "Paid");
	assert_sent(3, 0x11, "Paid");
	assert_true(w.sent[2].conn != w.sent[3].conn);
	/* What passes is not refused: the same screen again. */
	w.statuses[4] = SMPP_RTHROTTLED;
	phone_says(0x01, "", "*120*384#", "*120*384#");
	answer(2, "Menu", false);
	assert_sent(4, 0x02, "Menu");
	assert_sent(5, 0x02, "Menu");
	assert_int_equal(w.sent_n, 6);
}

/* Where nothing counts inputs, one that comes while the screen is still owed is the one before it. */
static void
test_repeated(void **state)
{
	(void)state;
	speak(USSD_MICA);
	phone_says(0x01, "1f40", "99", "*120*384#");
	answer(0, "Menu", false);
	phone_says(0x12, "1f40", "99", "1");
	phone_says(0x12, "1f40", "99", "1");
	assert_int_equal(w.turns_n, 2);
	answer(1, "Amount:", false);
	assert_sent(1, 0x02, "Amount:");
	phone_says(0x12, "1f40", "99", "1");
	assert_int_equal(w.turns_n, 3);
	/* Another dialogue of the phone is its own. */
	phone_says(0x01, "1f41", "99", "*120*384#");
	assert_int_equal(w.turns_n, 4);
	assert_int_equal(w.sent_n, 2);
}

/* 182 septets, or the 160 octets that they fill. */
static void
test_lengths(void **state)
{
	char text[201] = "";

	(void)state;
	speak(USSD_HUAWEI);
	phone_says(0x01, "", "*120*384#", "*120*384#");
	for (int i = 0; i < 190; i++)
		text[i] = 'x';
	answer(0, text, false);
	UNTIL(w.sent_n == 1);
	assert_int_equal(w.sent[0].octets, 182);
	assert_int_equal(w.sent[0].data_coding, 0);
	for (size_t i = 0; i < 198; i += 2)
		memcpy(text + i, "\xd0\x96", 3);
	phone_says(0x12, "", "*120*384#", "1");
	answer(1, text, true);
	UNTIL(w.sent_n == 2);
	assert_int_equal(w.sent[1].data_coding, 8);
	assert_in_range(w.sent[1].octets, 158, 160);
}

static void
test_release(void **state)
{
	(void)state;
	speak(USSD_SMPP_PLUS);
	w.statuses[0] = SMPP_RSUBMITFAIL;
	phone_says(0x01, "80000421", "*120*384#", "*120*384#");
	answer(0, "Menu", false);
	assert_sent(0, 0x02, "Menu");
	assert_sent(1, 0x80, "");
	assert_string_equal(w.sent[1].reference, "80000421");
}

static void
on_drained(void *arg)
{
	(void)arg;
	w.drained = true;
}

/* A phone that still waits when we stop does not wait in vain, and a late answer says nothing more. */
static void
test_stopping(void **state)
{
	(void)state;
	speak(USSD_HUAWEI);
	phone_says(0x01, "", "*120*384#", "*120*384#");
	edge_end_dialogues(w.edge, "We stop");
	edge_drain(w.edge, PATIENCE_MS, on_drained, NULL);
	answer(0, "Menu", false);
	UNTIL(w.drained);
	assert_sent(0, 0x11, "We stop");
	assert_int_equal(w.sent_n, 1);
}

/* An op that nobody knows, by the dialect's choice. */
static void
test_unknown_op(void **state)
{
	(void)state;
	speak(USSD_HUAWEI);
	phone_says(0x63, "", "*120*384#", "1");
	assert_int_equal(w.turns[0].kind, TURN_INPUT);
	w.bind.ussd.unknown_op = UNKNOWN_OP_ABORT;
	phone_says(0x63, "", "*120*384#", "1");
	assert_int_equal(w.turns[1].kind, TURN_ABORT);
}

static void
on_pushed(void *arg, uint64_t push, enum push_end end)
{
	assert_ptr_equal(arg, &w);
	assert_true(push != 0);
	w.pushed = end;
	w.pushes++;
}

static void
push_screen(void)
{
	assert_true(edge_push(w.edge, 0, PHONE, "ask", on_pushed, &w) != 0);
	assert_int_equal(w.turns[w.turns_n - 1].kind, TURN_PUSH);
	assert_string_equal(w.turns[w.turns_n - 1].dialogue, TURN_PUSHED);
	assert_string_equal(w.texts[w.turns_n - 1], "ask");
	/* One at a time. */
	assert_int_equal(edge_push(w.edge, 0, PHONE, "ask", on_pushed, &w), 0);
	answer(w.turns_n - 1, "Approve?\n1 Yes", false);
}

/* The phone's answer, with the reference, arrives before the screen's own response. */
static void
test_push_answered_first(void **state)
{
	struct sent *s = &w.sent[0];

	(void)state;
	speak(USSD_SMPP_PLUS);
	w.hold_answers = true;
	push_screen();
	UNTIL(s->sequence != 0);
	assert_int_equal(s->op, 0x02);
	assert_string_equal(s->reference, "");
	assert_string_equal(s->from, "*120*384#");
	phone_says(0x12, "2001", "99", "1");
	UNTIL(w.pushes == 1);
	assert_int_equal(w.pushed, PUSH_SHOWN);
	assert_int_equal(w.turns[1].kind, TURN_INPUT);
	assert_int_equal(w.turns[1].channel, 0);
	assert_string_equal(w.turns[1].dialogue, "8193/" PHONE);
	smpp_peer_respond(w.peer, s->conn, s->id, s->sequence, SMPP_ROK, "m1");
	w.hold_answers = false;
	/* We began it: it ends as such. */
	answer(1, "Thank you", true);
	assert_sent(0, 0x83, "Thank you");
	assert_string_equal(w.sent[0].reference, "2001");
	assert_int_equal(w.pushes, 1);
}

static void
test_push_shown(void **state)
{
	(void)state;
	speak(USSD_SMPP_PLUS);
	push_screen();
	UNTIL(w.pushes == 1);
	assert_int_equal(w.pushed, PUSH_SHOWN);
	phone_says(0x12, "2001", "99", "1");
	assert_int_equal(w.turns[1].channel, 0);
	answer(1, "And?", false);
	assert_sent(1, 0x02, "And?");
	phone_says(0x12, "2001", "99", "2");
	answer(2, "Bye", true);
	assert_sent(2, 0x83, "Bye");
}

/* Refused: said so, and the service hears that the dialogue is over. */
static void
test_push_refused(void **state)
{
	(void)state;
	speak(USSD_SMPP_PLUS);
	w.statuses[0] = SMPP_RSUBMITFAIL;
	push_screen();
	UNTIL(w.pushes == 1);
	assert_int_equal(w.pushed, PUSH_REFUSED);
	assert_int_equal(w.turns_n, 2);
	assert_int_equal(w.turns[1].kind, TURN_ABORT);
	assert_string_equal(w.turns[1].dialogue, TURN_PUSHED);
	assert_int_equal(w.sent_n, 1);
	/* Nothing is left: the next message of the phone is not the push's. */
	phone_says(0x12, "2001", "99", "1");
	assert_sent(1, 0x11, "error.session_lost");
}

static void
test_push_busy(void **state)
{
	(void)state;
	speak(USSD_SMPP_PLUS);
	assert_true(edge_push(w.edge, 0, PHONE, "ask", on_pushed, &w) != 0);
	answer(0, "", true);
	UNTIL(w.pushes == 1);
	assert_int_equal(w.pushed, PUSH_BUSY);
	assert_int_equal(w.sent_n, 0);
}

/* Where dialogues have no id but the phone, the one that keeps it busy goes on as it began. */
static void
test_push_leaves_a_busy_phone_alone(void **state)
{
	(void)state;
	speak(USSD_HUAWEI);
	phone_says(0x01, "", "99", "*120*385#");
	answer(0, "Menu", false);
	assert_sent(0, 0x02, "Menu");
	assert_true(edge_push(w.edge, 0, PHONE, "ask", on_pushed, &w) != 0);
	phone_says(0x12, "", "99", "1");
	answer(1, "", true);
	UNTIL(w.pushes == 1);
	assert_int_equal(w.pushed, PUSH_BUSY);
	assert_int_equal(w.turns[2].channel, 1);
	answer(2, "Bye", true);
	assert_sent(1, 0x11, "Bye");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_code_in_text), T(test_never_silence), T(test_refused_screen), T(test_repeated), T(test_lengths),
		T(test_release), T(test_stopping), T(test_unknown_op), T(test_push_answered_first), T(test_push_shown),
		T(test_push_refused), T(test_push_busy), T(test_push_leaves_a_busy_phone_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
