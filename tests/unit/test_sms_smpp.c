/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS over SMPP between the real edge and an SMSC on 127.0.0.1: the octets that the SMSC sees, and what the service is
 * told. The loop is turned until what is waited for has happened; time passes by moving the clock of the wall.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/edge_parts.h"
#include "core/reassembly.h"
#include "io/loop.h"
#include "io/smpp_peer.h"

#define PATIENCE_MS 20000	/* only a broken test waits so long */
#define HOUR_MS INT64_C(3600000)
#define MAX 40
#define TO "27600000001"

struct seen {			/* a submit_sm, as the SMSC reads it */
	struct smpp_pdu pdu;	/* its views end with the call; these are ours: */
	unsigned char text[1100];
	bool payload;
	unsigned sar_ref, sar_total, sar_seq;
};

static struct world {
	struct loop *loop;
	struct smpp_peer *peer;
	struct edge *edge;
	struct settings s;
	struct bind_settings bind;
	struct channel_settings channel;
	uint64_t conn;
	uint32_t bind_status;	/* answer to each bind */
	int binds;
	struct seen seen[MAX];
	int seen_n;
	uint32_t answer[MAX];	/* to each, 0 at first */
	int64_t ahead[MAX];	/* by how much the clock stands ahead once it has come */
	struct sms_answer ended;
	int ends;
} w;

void __wrap_gateway_on_sms(struct gateway *gw, int64_t now, uint64_t op, const struct sms_answer *a);

void
__wrap_gateway_on_sms(struct gateway *gw, int64_t now, uint64_t op, const struct sms_answer *a)
{
	assert_ptr_equal(gw, &w);
	assert_true(now > 0);
	assert_int_equal(op, 7);
	w.ended = *a;
	w.ends++;
}

#define UNTIL(what) do { \
	int64_t until_ = loop_now(w.loop) + PATIENCE_MS; \
	while (!(what)) { \
		if (loop_now(w.loop) > until_) \
			fail_msg("never: %s", #what); \
		event_base_loop(loop_base(w.loop), EVLOOP_ONCE); \
	} \
} while (0)

static uint32_t
peer_bind(void *arg, uint64_t conn, const struct smpp_pdu *pdu)
{
	(void)arg, (void)pdu;
	w.conn = conn;
	w.binds++;
	return w.bind_status;
}

static uint32_t
peer_request(void *arg, uint64_t conn, const struct smpp_pdu *pdu, char message_id[SMPP_MESSAGE_ID])
{
	struct seen *s = &w.seen[w.seen_n];

	(void)arg, (void)conn;
	assert_in_range(w.seen_n, 0, MAX - 1);
	assert_in_range(pdu->text_len, 0, sizeof s->text);
	s->pdu = *pdu;
	memcpy(s->text, pdu->text, pdu->text_len);
	s->payload = smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD) != NULL;
	(void)(smpp_tlv_u8(pdu, SMPP_TAG_SAR_REF, &s->sar_ref) && smpp_tlv_u8(pdu, SMPP_TAG_SAR_TOTAL, &s->sar_total) &&
	    smpp_tlv_u8(pdu, SMPP_TAG_SAR_SEQ, &s->sar_seq));
	if (w.ahead[w.seen_n] != 0)
		loop_set_wall_offset(w.loop, w.ahead[w.seen_n]);
	snprintf(message_id, SMPP_MESSAGE_ID, "m%d", ++w.seen_n);
	return w.answer[w.seen_n - 1];
}

static int
setup(void **state)
{
	static const struct smpp_peer_events ev = { .bind = peer_bind, .request = peer_request };
	static const struct smpp_peer_options o = { .address = "127.0.0.1:0", .system_id = "SMSC", .connections = 2,
		.window = 10, .response_ms = 60000 };
	char err[128] = "";

	(void)state;
	memset(&w, 0, sizeof w);
	w.loop = loop_new();
	w.peer = smpp_peer_new(w.loop, &o, &ev, err, sizeof err);
	if (w.peer == NULL)
		fail_msg("%s", err);
	w.bind = (struct bind_settings){ .name = "mno", .host = "127.0.0.1", .port = smpp_peer_port(w.peer),
		.system_id = "isango", .password = "s3cret", .links = 1, .window = 10, .enquire_link_s = 30,
		.response_s = 30, .reconnect_min_s = 1, .reconnect_max_s = 1, .source_ton = -1, .source_npi = -1,
		.dest_ton = -1, .dest_npi = -1, .parts_max = 8 };
	w.channel = (struct channel_settings){ .name = "sms", .kind = CHANNEL_SMS_SMPP, .sender = "ACME" };
	w.s.binds = &w.bind;
	w.s.channels = &w.channel;
	w.s.binds_n = w.s.channels_n = 1;
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

/* The binds are read when the edge is made: what a test changes of them comes first. */
static void
open_edge(void)
{
	const char *why;

	w.edge = edge_new(w.loop, &w.s);
	edge_link(w.edge, 0, 0, true, 0);
	edge_attach(w.edge, (struct gateway *)&w, NULL);
	UNTIL(edge_ready(w.edge, &why));
}

/* The next message goes over a new link, which no SMSC has told to be slow or to bind again. */
static void
close_edge(void)
{
	edge_free(w.edge);
	w.edge = NULL;
	w.seen_n = 0;
}

static struct sms_req
request(const char *text)
{
	int64_t now = loop_wall(w.loop);

	return (struct sms_req){ .cls = MSG_RESULT, .message = 1, .to = TO, .text = text, .receipt = true,
		.deadline_ms = now + HOUR_MS, .valid_until_ms = now + HOUR_MS };
}

static enum sms_end
send_request(const struct sms_req *q)
{
	int before = w.ends;

	if (w.edge == NULL)
		open_edge();
	edge_sms(w.edge, 7, q);
	assert_int_equal(w.ends, before);	/* never on the asker's stack */
	UNTIL(w.ends > before);
	return w.ended.end;
}

static enum sms_end
send_text(const char *text)
{
	struct sms_req q = request(text);

	return send_request(&q);
}

/* n times the unit, then what follows. */
static const char *
long_text(const char *unit, int n, const char *then)
{
	static char text[4096];
	size_t at = 0;

	while (n-- > 0)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s", unit);
	assert_true(str_copy(text + at, sizeof text - at, then));
	return text;
}

static void
test_one_part(void **state)
{
	const struct smpp_pdu *p = &w.seen[0].pdu;

	(void)state;
	assert_int_equal(send_text("Code 1234 \xe2\x82\xac{5}"), SMS_SENT);
	assert_string_equal(w.ended.id, "m1");
	assert_int_equal(w.seen_n, 1);
	assert_int_equal(p->id, SMPP_SUBMIT_SM);
	assert_string_equal(p->source, "ACME");
	assert_string_equal(p->dest, TO);
	assert_int_equal(p->text_len, 17);
	assert_memory_equal(w.seen[0].text, "Code 1234 \x1b\x65\x1b\x28" "5\x1b\x29", 17);
	assert_int_equal(p->esm_class, 0);
	assert_int_equal(p->data_coding, 0);
	assert_int_equal(p->registered_delivery, 1);
	assert_int_equal(p->priority, 0);
	assert_false(w.seen[0].payload);
	assert_int_equal(p->tlvs, 0);
	/* What is outside GSM 03.38 makes it UCS-2. */
	assert_int_equal(send_text("\xc5\xa1"), SMS_SENT);
	assert_int_equal(w.seen[1].pdu.data_coding, 8);
	assert_memory_equal(w.seen[1].text, "\x01\x61", 2);
}

/* What the SMSC got, put together again as a phone does. */
static void
assert_together(const char *text, enum segment_way way, enum charset cs)
{
	struct reassembly r = { 0 };
	struct buf back = { 0 };

	for (int i = w.seen_n - 1; i >= 0; i--) {
		const struct seen *s = &w.seen[i];
		struct reassembly_part p = { .charset = cs, .octets = s->text, .len = s->pdu.text_len };

		assert_int_equal(s->pdu.esm_class, way == SEGMENT_SAR ? 0 : 0x40);
		assert_int_equal(s->pdu.registered_delivery, i == 0);
		assert_int_equal(s->pdu.data_coding, cs == CHARSET_UCS2 ? 8 : 0);
		if (way == SEGMENT_SAR)
			assert_int_equal(reassembly_read_sar(s->sar_ref, s->sar_total, s->sar_seq, &p),
			    REASSEMBLY_PART_OF);
		else
			assert_int_equal(reassembly_read_udh(s->text, s->pdu.text_len, true, &p), REASSEMBLY_PART_OF);
		assert_int_equal(p.total, w.seen_n);
		assert_int_equal(p.seq, i + 1);
		assert_int_equal(reassembly_add(&r, &p, 0, 1000), i > 0 ? REASSEMBLY_MORE : REASSEMBLY_WHOLE);
	}
	reassembly_text(&r, &back);
	assert_string_equal(buf_str(&back), text);
	buf_clear(&back);
}

static void
assert_way(enum segment_way way, const char *text, enum charset cs, int parts)
{
	w.seen_n = 0;
	w.bind.long_way = way;
	assert_int_equal(send_text(text), SMS_SENT);
	assert_string_equal(w.ended.id, "m1");
	assert_int_equal(w.seen_n, parts);
	assert_together(text, way, cs);
}

static void
test_long_ways(void **state)
{
	static const enum segment_way ways[] = { SEGMENT_UDH8, SEGMENT_UDH16, SEGMENT_SAR };
	static const size_t first[] = { 6 + 153, 7 + 152, 153 };
	uint64_t before = (uint64_t)metric_get(M_SMS_PARTS);

	(void)state;
	for (size_t i = 0; i < NELEM(ways); i++) {
		assert_way(ways[i], long_text("a", 320, ""), CHARSET_GSM7, 3);
		assert_int_equal(w.seen[0].pdu.text_len, first[i]);
		assert_way(ways[i], long_text("\xc5\xa1", 140, ""), CHARSET_UCS2, 3);
	}
	assert_int_equal(metric_get(M_SMS_PARTS), before + 18);
	/* The header's own octets. */
	assert_way(SEGMENT_UDH16, long_text("a", 200, ""), CHARSET_GSM7, 2);
	assert_memory_equal(w.seen[1].text, "\x06\x08\x04", 3);
	assert_memory_equal(w.seen[1].text + 3, w.seen[0].text + 3, 2);
	assert_memory_equal(w.seen[1].text + 5, "\x02\x02" "a", 3);
	assert_way(SEGMENT_UDH8, long_text("a", 200, ""), CHARSET_GSM7, 2);
	assert_memory_equal(w.seen[1].text, "\x05\x00\x03", 3);
	assert_int_equal(w.seen[1].text[3], w.seen[0].text[3]);
	assert_memory_equal(w.seen[1].text + 4, "\x02\x02" "a", 3);
	/* One that is not long carries none of it. */
	w.bind.long_way = SEGMENT_SAR;
	assert_int_equal(send_text("short"), SMS_SENT);
	assert_int_equal(w.seen[2].pdu.tlvs, 0);
}

static void
test_nothing_is_cut_in_two(void **state)
{
	static const enum segment_way ways[] = { SEGMENT_UDH8, SEGMENT_UDH16, SEGMENT_SAR };
	static const int septets[] = { 153, 152, 153 }, units[] = { 67, 66, 67 };

	(void)state;
	for (size_t i = 0; i < NELEM(ways); i++) {
		size_t head = ways[i] == SEGMENT_SAR ? 0 : ways[i] == SEGMENT_UDH8 ? 6 : 7;

		/* The euro would begin at the last septet, the picture at the last unit. */
		assert_way(ways[i], long_text("a", septets[i] - 1, "\xe2\x82\xac and more of it"), CHARSET_GSM7, 2);
		assert_int_equal(w.seen[0].pdu.text_len, head + (size_t)septets[i] - 1);
		assert_memory_equal(w.seen[1].text + head, "\x1b\x65", 2);
		assert_way(ways[i], long_text("\xc5\xa1", units[i] - 1, "\xf0\x9f\x92\xb0 and more"), CHARSET_UCS2, 2);
		assert_int_equal(w.seen[0].pdu.text_len, head + 2 * ((size_t)units[i] - 1));
		assert_memory_equal(w.seen[1].text + head, "\xd8\x3d\xdc\xb0", 4);
	}
}

static void
test_payload(void **state)
{
	static const int lengths[] = { 161, 253, 254, 1024 };
	int64_t too_long = (int64_t)metric_get(M_SMS_TOO_LONG);

	(void)state;
	w.bind.long_way = SEGMENT_PAYLOAD;
	for (size_t i = 0; i < NELEM(lengths); i++) {
		assert_int_equal(send_text(long_text("a", lengths[i], "")), SMS_SENT);
		assert_int_equal(w.seen_n, i + 1);
		assert_true(w.seen[i].payload);
		assert_int_equal(w.seen[i].pdu.tlvs, 1);
		assert_int_equal(w.seen[i].pdu.text_len, lengths[i]);
		assert_int_equal(w.seen[i].pdu.esm_class, 0);
		assert_int_equal(w.seen[i].text[lengths[i] - 1], 'a');
	}
	/* One SMS is one short_message there too. */
	assert_int_equal(send_text(long_text("a", 160, "")), SMS_SENT);
	assert_false(w.seen[4].payload);
	/* More than libsmpp34 packs is refused before anything is sent, and counted. */
	assert_int_equal(send_text(long_text("a", 1025, "")), SMS_REFUSED);
	assert_int_equal(send_text(long_text("\xc5\xa1", 513, "")), SMS_REFUSED);
	assert_int_equal(w.seen_n, 5);
	assert_int_equal(metric_get(M_SMS_TOO_LONG), too_long + 2);
}

static void
test_parts_max(void **state)
{
	(void)state;
	w.bind.parts_max = 2;
	assert_int_equal(send_text(long_text("a", 306, "")), SMS_SENT);
	assert_int_equal(send_text(long_text("a", 307, "")), SMS_REFUSED);
	assert_int_equal(w.seen_n, 2);
	w.bind.parts_max = 16;
	assert_int_equal(send_text(long_text("a", 16 * 153, "")), SMS_SENT);
	assert_int_equal(w.seen_n, 18);
}

/* References begin anywhere, and go on by one. */
static void
test_references(void **state)
{
	unsigned ref;

	(void)state;
	w.bind.long_way = SEGMENT_SAR;
	assert_int_equal(send_text(long_text("a", 161, "")), SMS_SENT);
	ref = w.seen[0].sar_ref;
	assert_int_equal(w.seen[1].sar_ref, ref);
	assert_int_equal(send_text("short"), SMS_SENT);
	assert_int_equal(send_text(long_text("a", 161, "")), SMS_SENT);
	assert_int_equal(w.seen[3].sar_ref, (ref + 1) % 65536);
}

static void
test_statuses(void **state)
{
	static const struct {
		uint32_t status;
		enum sms_end end;
	} rows[] = {
		{ SMPP_RTHROTTLED, SMS_LATER }, { SMPP_RMSGQFUL, SMS_LATER }, { SMPP_RX_T_APPN, SMS_LATER },
		{ SMPP_RSYSERR, SMS_FEW }, { SMPP_RSUBMITFAIL, SMS_FEW }, { 0x400, SMS_FEW },
		{ SMPP_RINVDSTADR, SMS_REFUSED }, { SMPP_RINVMSGLEN, SMS_REFUSED },
		{ SMPP_RINVBNDSTS, SMS_LATER },
		/* by the configuration of the bind */
		{ 0x401, SMS_REFUSED }, { 0x402, SMS_UNKNOWN }, { SMPP_RINVSERTYP, SMS_LATER },
	};

	(void)state;
	w.bind.statuses[0] = (struct smpp_outcome_rule){ 0x401, SMPP_OUTCOME_PERMANENT };
	w.bind.statuses[1] = (struct smpp_outcome_rule){ 0x402, SMPP_OUTCOME_UNKNOWN };
	w.bind.statuses[2] = (struct smpp_outcome_rule){ SMPP_RINVSERTYP, SMPP_OUTCOME_REBIND };
	w.bind.statuses_n = 3;
	for (size_t i = 0; i < NELEM(rows); i++) {
		w.answer[0] = rows[i].status;
		assert_int_equal(send_text("x"), rows[i].end);
		assert_int_equal(w.ended.status, rows[i].status);
		assert_int_equal(w.seen_n, 1);
		close_edge();
	}
}

/* The first part may be on a phone already, whatever the SMSC says to the second. */
static void
test_half_sent(void **state)
{
	static const uint32_t rows[] = { SMPP_RSYSERR, SMPP_RINVDSTADR };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		w.seen_n = 0;
		w.answer[1] = rows[i];
		assert_int_equal(send_text(long_text("a", 400, "")), SMS_UNKNOWN);
		assert_int_equal(w.ended.status, rows[i]);
		assert_string_equal(w.ended.id, "m1");
		assert_int_equal(w.seen_n, 2);
	}
}

/* What the SMSC certainly did not take for now follows the parts that it took, until the time for it is over. */
static void
test_rest_follows(void **state)
{
	const char *text = long_text("a", 400, "");

	(void)state;
	w.answer[1] = SMPP_RTHROTTLED;
	assert_int_equal(send_text(text), SMS_SENT);
	assert_int_equal(w.ended.status, 0);
	assert_string_equal(w.ended.id, "m1");
	assert_int_equal(w.seen_n, 4);
	assert_memory_equal(w.seen[1].text, w.seen[2].text, w.seen[1].pdu.text_len);
	close_edge();
	w.ahead[1] = 2 * HOUR_MS;
	assert_int_equal(send_text(text), SMS_UNKNOWN);
	assert_int_equal(w.ended.status, SMPP_RTHROTTLED);
	assert_int_equal(w.seen_n, 2);
}

/* A message of more parts than the pace lets through at once. */
static void
test_paced_parts(void **state)
{
	(void)state;
	w.bind.throughput = 10;
	w.bind.parts_max = 16;
	w.bind.long_way = SEGMENT_SAR;
	assert_int_equal(send_text(long_text("a", 16 * 153, "")), SMS_SENT);
	assert_int_equal(w.seen_n, 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(w.seen[i].sar_seq, i + 1);
}

/* Freed while the rest of a message waits: nobody is told any more, and nothing is left. */
static void
test_freed_between_parts(void **state)
{
	struct sms_req q = request(long_text("a", 400, ""));

	(void)state;
	w.answer[1] = SMPP_RTHROTTLED;
	open_edge();
	edge_sms(w.edge, 7, &q);
	UNTIL(w.seen_n == 2);
	for (int i = 0; i < 10; i++)
		event_base_loop(loop_base(w.loop), EVLOOP_NONBLOCK);
	close_edge();
	assert_int_equal(w.ends, 0);
}

static void
test_deadline(void **state)
{
	struct sms_req q;

	(void)state;
	open_edge();
	q = request("late");
	q.deadline_ms = q.valid_until_ms = loop_wall(w.loop) - 1;
	assert_int_equal(send_request(&q), SMS_EXPIRED);
	/* The time to write is over, that of the message is not. */
	q.valid_until_ms += HOUR_MS;
	assert_int_equal(send_request(&q), SMS_LATER);
	assert_int_equal(w.seen_n, 0);
	/* It passes while the SMSC thinks about the first part: the others are not written any more. */
	w.ahead[0] = 2 * HOUR_MS;
	assert_int_equal(send_text(long_text("a", 400, "")), SMS_UNKNOWN);
	assert_int_equal(w.seen_n, 1);
}

static void
test_validity(void **state)
{
	struct sms_req q;
	struct tm tm = { 0 };
	const char *v;
	time_t at;

	(void)state;
	open_edge();
	q = request("x");
	q.deadline_ms = q.valid_until_ms = loop_wall(w.loop) + 30 * HOUR_MS + 90500;
	assert_int_equal(send_request(&q), SMS_SENT);
	v = w.seen[0].pdu.validity;
	assert_int_equal(strlen(v), 16);
	/* 1 day, 6 hours, 1 minute, and what is left of 30 seconds */
	assert_memory_equal(v, "0000010601", 10);
	assert_string_equal(v + 12, "000R");
	w.bind.validity = VALIDITY_ABSOLUTE;
	assert_int_equal(send_request(&q), SMS_SENT);
	v = w.seen[1].pdu.validity;
	assert_string_equal(v + 12, "000+");
	assert_int_equal(sscanf(v, "%2d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
	    &tm.tm_sec), 6);
	tm.tm_year += 100;
	tm.tm_mon--;
	at = timegm(&tm);
	assert_in_range(q.valid_until_ms / 1000 - at, 0, 1);
	w.bind.validity = VALIDITY_NONE;
	assert_int_equal(send_request(&q), SMS_SENT);
	assert_string_equal(w.seen[2].pdu.validity, "");
	/* Never longer than an SMSC can take, never none at all. */
	w.bind.validity = VALIDITY_RELATIVE;
	q.valid_until_ms += 24 * 40 * HOUR_MS;
	assert_int_equal(send_request(&q), SMS_SENT);
	assert_string_equal(w.seen[3].pdu.validity, "000028000000000R");
	q.deadline_ms = q.valid_until_ms = loop_wall(w.loop) + 5000;
	assert_int_equal(send_request(&q), SMS_SENT);
	assert_string_equal(w.seen[4].pdu.validity, "000000000100000R");
}

static void
test_receipts_and_priority(void **state)
{
	static const uint8_t asked[] = { 0x01, 0x11, 0x00 }, urgent[] = { 2, 1, 0 };
	struct sms_req q = request("x");

	(void)state;
	for (enum receipts_wanted r = RECEIPTS_FINAL; r <= RECEIPTS_NONE; r++) {
		w.bind.receipts = r;
		assert_int_equal(send_request(&q), SMS_SENT);
		assert_int_equal(w.seen[r].pdu.registered_delivery, asked[r]);
	}
	w.bind.receipts = RECEIPTS_FINAL;
	q.receipt = false;
	w.bind.priority = true;
	for (enum message_class c = MSG_TOKEN; c < MSG_CLASSES; c++) {
		q.cls = c;
		assert_int_equal(send_request(&q), SMS_SENT);
		assert_int_equal(w.seen[3 + c].pdu.priority, urgent[c]);
		assert_int_equal(w.seen[3 + c].pdu.registered_delivery, 0);
	}
}

static void
test_senders(void **state)
{
	static const struct {
		const char *sender, *source;
		int ton, npi;
	} rows[] = {
		{ "ACME", "ACME", 5, 0 }, { "ACME 24-7", "ACME 24-7", 5, 0 }, { "31234", "31234", 3, 0 },
		{ "27821234567", "27821234567", 1, 1 }, { "+27821234567", "27821234567", 1, 1 },
		{ "0821234567", "0821234567", 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_true(str_copy(w.channel.sender, sizeof w.channel.sender, rows[i].sender));
		assert_int_equal(send_text("x"), SMS_SENT);
		assert_string_equal(w.seen[i].pdu.source, rows[i].source);
		assert_int_equal(w.seen[i].pdu.source_ton, rows[i].ton);
		assert_int_equal(w.seen[i].pdu.source_npi, rows[i].npi);
		assert_int_equal(w.seen[i].pdu.dest_ton, 1);
		assert_int_equal(w.seen[i].pdu.dest_npi, 1);
	}
	w.bind.source_ton = 6;
	w.bind.source_npi = 8;
	w.bind.dest_ton = 2;
	w.bind.dest_npi = 0;
	w.seen_n = 0;
	assert_int_equal(send_text("x"), SMS_SENT);
	assert_int_equal(w.seen[0].pdu.source_ton, 6);
	assert_int_equal(w.seen[0].pdu.source_npi, 8);
	assert_int_equal(w.seen[0].pdu.dest_ton, 2);
	assert_int_equal(w.seen[0].pdu.dest_npi, 0);
}

static void
test_no_link_and_lost_link(void **state)
{
	struct sms_req q = request("x");
	const char *why;

	(void)state;
	w.answer[0] = SMPP_ANSWER_LATER;
	open_edge();
	edge_sms(w.edge, 7, &q);
	UNTIL(w.seen_n == 1);
	smpp_peer_refuse(w.peer, true);
	smpp_peer_close(w.peer, w.conn, "fault");
	UNTIL(w.ends == 1);
	assert_int_equal(w.ended.end, SMS_UNKNOWN);
	UNTIL(!edge_ready(w.edge, &why));
	assert_int_equal(send_text("x"), SMS_LATER);
	assert_int_equal(w.seen_n, 1);
}

/* A slot that is lost and taken again, however it is let go, does not ask an SMSC again that has just refused it. */
static void
test_a_setback_outlives_the_slot(void **state)
{
	static const int64_t within_ms[] = { 0, 500 };
	struct bind *b;
	int64_t next;

	(void)state;
	w.bind_status = SMPP_RALYBND;
	w.edge = edge_new(w.loop, &w.s);
	b = &w.edge->binds[0];
	edge_link(w.edge, 0, 0, true, 0);
	UNTIL(w.binds == 1 && smpp_link_next_attempt(b->link[0]) > 0);
	next = smpp_link_next_attempt(b->link[0]);
	for (size_t i = 0; i < NELEM(within_ms); i++) {
		edge_link(w.edge, 0, 0, false, within_ms[i]);
		UNTIL(b->link[0] == NULL);
		edge_link(w.edge, 0, 0, true, 0);
		assert_true(smpp_link_next_attempt(b->link[0]) >= next);
	}
	assert_int_equal(w.binds, 1);

	/* One that was bound has nothing to wait for. */
	close_edge();
	w.bind_status = 0;
	open_edge();
	b = &w.edge->binds[0];
	edge_link(w.edge, 0, 0, false, 0);
	edge_link(w.edge, 0, 0, true, 0);
	assert_true(smpp_link_next_attempt(b->link[0]) <= loop_now(w.loop) + 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_part), TEST(test_long_ways), TEST(test_nothing_is_cut_in_two), TEST(test_payload),
		TEST(test_parts_max), TEST(test_references), TEST(test_statuses), TEST(test_half_sent),
		TEST(test_rest_follows), TEST(test_paced_parts), TEST(test_freed_between_parts),
		TEST(test_deadline), TEST(test_validity), TEST(test_receipts_and_priority), TEST(test_senders),
		TEST(test_no_link_and_lost_link), TEST(test_a_setback_outlives_the_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
