/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link and its SMSC on 127.0.0.1, and what happened to both. Nothing sleeps: tests turn the loop
 * until what it waits for has happened. What takes seconds by nature (reconnecting) is a pure
 * function.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/smpp_link.h"
#include "io/smpp_peer.h"

#define PATIENCE_MS 20000	/* only a broken test waits so long */
#define MAX 512

struct ended {
	uint64_t op;
	enum smpp_end end;
	uint32_t id, status;
	char message_id[66];
};

static struct world {
	struct loop *loop;
	struct smpp_peer *peer;
	struct smpp_link *link;
	struct bind_settings b;
	/* at the SMSC */
	struct ssl_ctx_st *tls;		/* NULL: plain */
	uint64_t conn;			/* the last that bound */
	unsigned binds, enquiries, unbinds, closes;
	uint32_t bind_status;
	uint32_t sequence[MAX];		/* of the requests that came */
	char text[MAX][32];
	unsigned requests;
	uint32_t answer;		/* to requests */
	bool enquire_answer;
	char closed_why[128];
	/* at the ESME */
	unsigned delivers;
	uint32_t ticket[MAX];
	char delivered[MAX][32];
	uint32_t deliver_answer;
	enum smpp_link_state states[MAX];
	unsigned states_n;
	bool drained;
	bool free_in_deliver;
	/* completions, of both */
	struct ended ended[MAX];
	unsigned ends;
} w;

static inline void
turn(void)
{
	event_base_loop(loop_base(w.loop), EVLOOP_ONCE);
}

static inline void
turns(unsigned n)
{
	while (n-- > 0)
		event_base_loop(loop_base(w.loop), EVLOOP_NONBLOCK);
}

#define UNTIL(what) do { \
	int64_t until_ = loop_now(w.loop) + PATIENCE_MS; \
	while (!(what)) { \
		if (loop_now(w.loop) > until_) \
			fail_msg("never: %s", #what); \
		turn(); \
	} \
} while (0)

static inline uint32_t
peer_bind(void *arg, uint64_t conn, const struct smpp_pdu *pdu)
{
	(void)arg;
	w.binds++;
	w.conn = conn;
	if (strcmp(pdu->system_id, "isango") != 0 || strcmp(pdu->password, "s3cret") != 0)
		return SMPP_RINVPASWD;
	return w.bind_status;
}

static inline uint32_t
peer_request(void *arg, uint64_t conn, const struct smpp_pdu *pdu, char message_id[SMPP_MESSAGE_ID])
{
	(void)arg, (void)conn;
	assert_in_range(w.requests, 0, MAX - 1);
	w.sequence[w.requests] = pdu->sequence;
	(void)str_copyn(w.text[w.requests], sizeof w.text[0], (const char *)pdu->text,
	    pdu->text_len);
	w.requests++;
	snprintf(message_id, SMPP_MESSAGE_ID, "m%u", w.requests);
	return w.answer;
}

static inline bool
peer_enquire(void *arg, uint64_t conn)
{
	(void)arg, (void)conn;
	w.enquiries++;
	return w.enquire_answer;
}

static inline bool
peer_unbind(void *arg, uint64_t conn)
{
	(void)arg, (void)conn;
	w.unbinds++;
	return true;
}

static inline void
peer_closed(void *arg, uint64_t conn, const char *why)
{
	(void)arg, (void)conn;
	w.closes++;
	str_copy(w.closed_why, sizeof w.closed_why, why);
}

static inline uint32_t
link_deliver(void *arg, struct smpp_link *l, const struct smpp_pdu *pdu)
{
	(void)arg;
	assert_in_range(w.delivers, 0, MAX - 1);
	w.ticket[w.delivers] = pdu->sequence;
	str_copyn(w.delivered[w.delivers], sizeof w.delivered[0], (const char *)pdu->text,
	    pdu->text_len);
	w.delivers++;
	if (w.free_in_deliver) {
		smpp_link_free(l);
		w.link = NULL;
	}
	return w.deliver_answer;
}

static inline void
link_state(void *arg, struct smpp_link *l, enum smpp_link_state s)
{
	(void)arg;
	assert_int_equal(smpp_link_state(l), s);
	if (w.states_n < MAX)
		w.states[w.states_n++] = s;
}

static inline void
on_end(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct ended *e = &w.ended[w.ends++];

	assert_ptr_equal(arg, &w);
	assert_in_range(w.ends, 1, MAX - 1);
	assert_int_equal(resp != NULL, end == SMPP_ANSWERED);
	*e = (struct ended){ .op = op, .end = end };
	if (resp != NULL) {
		e->id = resp->id;
		e->status = resp->status;
		str_copy(e->message_id, sizeof e->message_id, resp->message_id);
	}
}

static inline void
on_drained(void *arg)
{
	(void)arg;
	w.drained = true;
}

static inline void
open_peer(void)
{
	static const struct smpp_peer_events ev = { .bind = peer_bind,
		.request = peer_request,
		.enquire = peer_enquire,
		.unbind = peer_unbind,
		.closed = peer_closed };
	const struct smpp_peer_options o = { .address = "127.0.0.1:0",
		.system_id = "SMSC",
		.connections = 8,
		.window = 200,
		.response_ms = 60000,
		.tls = w.tls };
	char err[128];

	w.peer = smpp_peer_new(w.loop, &o, &ev, err, sizeof err);
	if (w.peer == NULL)
		fail_msg("%s", err);
	w.b.port = smpp_peer_port(w.peer);
}

static inline void
open_link(void)
{
	static const struct smpp_link_events ev = { .deliver = link_deliver, .state = link_state };

	w.link = smpp_link_new(w.loop, &w.b, &ev);
}

static inline void
open_bound(void)
{
	open_peer();
	open_link();
	UNTIL(smpp_link_state(w.link) == LINK_BOUND);
}

static inline int
setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	w.loop = loop_new();
	w.enquire_answer = true;
	w.b = (struct bind_settings){ .name = "mno",
		.host = "127.0.0.1",
		.system_id = "isango",
		.password = "s3cret",
		.mode = BIND_TRANSCEIVER,
		.links = 1,
		.window = 10,
		.enquire_link_s = 30,
		.response_s = 30 };
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	smpp_link_free(w.link);
	smpp_peer_free(w.peer);
	loop_free(w.loop);
	assert_int_equal(metric_get(M_SMPP_LINKS_BOUND), 0);
	return 0;
}

static inline void
submit_until(const char *text, uint64_t op, int64_t not_after)
{
	struct smpp_out out = { .id = SMPP_SUBMIT_SM,
		.source = "ACME",
		.source_ton = 5,
		.dest = "27600000001",
		.dest_ton = 1,
		.dest_npi = 1,
		.text = text,
		.text_len = strlen(text) };
	unsigned ends = w.ends;

	smpp_link_request(w.link, &out, op, not_after, on_end, &w);
	assert_int_equal(w.ends, ends);		/* never on the asker's stack */
}

static inline void
submit(const char *text, uint64_t op)
{
	submit_until(text, op, 0);
}

static inline void
deliver(const char *text, uint64_t op)
{
	struct smpp_out out = { .id = SMPP_DELIVER_SM,
		.source = "27600000001",
		.dest = "*120*384#",
		.text = text,
		.text_len = strlen(text) };

	smpp_peer_request(w.peer, w.conn, &out, op, on_end, &w);
}

static inline const struct ended *
end_of(uint64_t op)
{
	const struct ended *found = NULL;

	for (unsigned i = 0; i < w.ends; i++)
		if (w.ended[i].op == op) {
			assert_null(found);	/* exactly once */
			found = &w.ended[i];
		}
	return found;
}
