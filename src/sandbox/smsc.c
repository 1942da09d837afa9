/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binds and faults of the SMSC; its USSD dialogues are in smsc_ussd.c, the messages it stores in
 * smsc_sms.c.
 */
#include "sandbox/smsc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "io/smpp_peer.h"
#include "sandbox/box.h"
#include "sandbox/faults.h"
#include "sandbox/smsc_private.h"

struct delayed {			/* a response that waits, in smsc->delayed */
	struct list node;
	struct smsc *s;
	struct timer timer;
	uint64_t conn;
	uint32_t request, sequence, status;
	char message_id[SMPP_MESSAGE_ID];
};

/* ---- responses ---- */

static void
delayed_free(struct delayed *r)
{
	timer_stop(&r->timer);
	list_remove(&r->node);
	free(r);
}

static void
on_delayed(void *arg)
{
	struct delayed *r = arg;

	smpp_peer_respond(r->s->peer, r->conn, r->request, r->sequence, r->status, r->message_id);
	delayed_free(r);
}

void
smsc_respond(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, uint32_t status,
    const char *message_id, int64_t after_ms)
{
	struct delayed *r;

	if (after_ms <= 0) {
		smpp_peer_respond(s->peer, conn, pdu->id, pdu->sequence, status, message_id);
		return;
	}
	r = xcalloc(1, sizeof *r);
	r->s = s;
	r->conn = conn;
	r->request = pdu->id;
	r->sequence = pdu->sequence;
	r->status = status;
	str_copy(r->message_id, sizeof r->message_id, message_id);
	list_add_tail(&s->delayed, &r->node);
	timer_init(&r->timer, s->x->loop, on_delayed, r);
	timer_arm(&r->timer, after_ms);
}

/* ---- what the peer hands up ---- */

static uint32_t
on_bind(void *arg, uint64_t conn, const struct smpp_pdu *pdu)
{
	struct smsc *s = arg;
	struct fault f = faults_match(s->x->faults, FAULT_SMSC, smpp_id_name(pdu->id),
	    pdu->system_id);

	(void)conn;
	if (f.what == FAULT_ERROR)
		return f.status != 0 ? (uint32_t)f.status : SMPP_RBINDFAIL;
	if (strcmp(pdu->system_id, s->system_id) != 0)
		return SMPP_RINVSYSID;
	if (strcmp(pdu->password, s->password) != 0)
		return SMPP_RINVPASWD;
	s->binds++;
	return SMPP_ROK;
}

/* A deliver_sm whose service_type never ends, and a request that nobody knows. */
static const unsigned char garbage[] = {
	0, 0, 0, 24, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0x7f, 1, 'U', 'S', 'S', 'D', 'D', 'D', 'D', 'D',
	0, 0, 0, 16, 0, 0, 0x0b, 0xad, 0, 0, 0, 0, 0, 0, 0x7f, 2,
};

/* false: the fault has dealt with the request. */
static bool
fault_before(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, const struct fault *f)
{
	switch (f->what) {
	case FAULT_ERROR:
		smsc_respond(s, conn, pdu, f->status != 0 ? (uint32_t)f->status : SMPP_RSYSERR,
		    "", f->ms);
		return false;
	case FAULT_DROP_BEFORE:
		smpp_peer_close(s->peer, conn, "fault on demand");
		return false;
	case FAULT_GARBAGE:
		smpp_peer_write(s->peer, conn, garbage, sizeof garbage);
		return true;
	default:
		return true;
	}
}

static uint32_t
on_request(void *arg, uint64_t conn, const struct smpp_pdu *pdu, char message_id[SMPP_MESSAGE_ID])
{
	struct smsc *s = arg;
	struct fault f = { .what = FAULT_NONE };
	unsigned op;

	(void)message_id;
	if (faults_any(s->x->faults))
		f = faults_match(s->x->faults, FAULT_SMSC, smpp_id_name(pdu->id), pdu->dest);
	if (!fault_before(s, conn, pdu, &f))
		return SMPP_ANSWER_LATER;
	if (smpp_tlv_u8(pdu, SMPP_TAG_USSD_SERVICE_OP, &op) ||
	    strcmp(pdu->service_type, "USSD") == 0) {
		smsc_ussd_submit(s, conn, pdu, &f);
	} else {
		struct smsc_accepted a = smsc_sms_submit(s, conn, pdu, &f);

		if (f.what != FAULT_NO_ANSWER && f.what != FAULT_LOSE_ANSWER)
			smsc_respond(s, conn, pdu, a.status, a.message_id, f.ms);
	}
	if (f.what == FAULT_LOSE_ANSWER)
		smpp_peer_close(s->peer, conn, "fault on demand");
	return SMPP_ANSWER_LATER;
}

static bool
answers(struct smsc *s, uint64_t conn, const char *what)
{
	struct fault f = faults_match(s->x->faults, FAULT_SMSC, what, "");

	if (f.what == FAULT_DROP_BEFORE)
		smpp_peer_close(s->peer, conn, "fault on demand");
	return f.what != FAULT_NO_ANSWER && f.what != FAULT_DROP_BEFORE;
}

static bool
on_enquire(void *arg, uint64_t conn)
{
	return answers(arg, conn, "enquire_link");
}

static bool
on_unbind(void *arg, uint64_t conn)
{
	return answers(arg, conn, "unbind");
}

uint64_t
smsc_receiver(struct smsc *s, uint64_t preferred)
{
	uint64_t conn[SMSC_LINKS];
	size_t n = smpp_peer_receivers(s->peer, s->system_id, conn, NELEM(conn));

	for (size_t i = 0; i < n; i++)
		if (conn[i] == preferred)
			return preferred;
	return n > 0 ? conn[s->next_link++ % n] : 0;
}

struct smsc *
smsc_new(struct box *x, const struct smsc_options *o, char *err, size_t err_size)
{
	struct smsc *s = xcalloc(1, sizeof *s);
	struct smpp_peer_options po = { .address = o->address, .system_id = "isango-sandbox",
	    .connections = SMSC_LINKS, .window = 5000, .response_ms = 30000, .enquire_ms = 30000 };
	struct smpp_peer_events ev = { .bind = on_bind, .request = on_request,
	    .enquire = on_enquire, .unbind = on_unbind, .arg = s };

	s->x = x;
	s->next_session = (uint32_t)rng_next(&x->rng);
	s->next_message = 100000 + rng_below(&x->rng, 100000);
	s->sessions = map_new();
	s->requests = map_new();
	list_init(&s->delayed);
	list_init(&s->deliveries);
	smsc_sms_init(s);
	if (!str_copy(s->system_id, sizeof s->system_id, o->system_id) ||
	    !str_copy(s->password, sizeof s->password, o->password))
		fatalx("system id or password is too long for SMPP");
	s->peer = smpp_peer_new(x->loop, &po, &ev, err, err_size);
	if (s->peer != NULL)
		return s;
	smsc_free(s);
	return NULL;
}

static void
free_value(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	free(value);
}

static void
bury(void *arg)
{
	struct smsc *s = arg;
	struct list *it, *nx;

	LIST_EACH(it, nx, &s->delayed)
		delayed_free(LIST_OF(it, struct delayed, node));
	smsc_sms_clear(s);
	smsc_mo_clear(s);
	map_each(s->sessions, free_value, NULL);
	map_free(s->sessions);
	map_free(s->requests);
	mem_wipe(s->password, sizeof s->password);
	free(s);
}

/* Requests that are under way still complete, later. */
void
smsc_free(struct smsc *s)
{
	if (s == NULL)
		return;
	smpp_peer_free(s->peer);
	s->peer = NULL;
	loop_bury(s->x->loop, &s->grave, bury, s);
}

int
smsc_port(const struct smsc *s)
{
	return smpp_peer_port(s->peer);
}

void
smsc_drop_links(struct smsc *s)
{
	uint64_t conn[SMSC_LINKS];
	size_t n = smpp_peer_receivers(s->peer, s->system_id, conn, NELEM(conn));

	for (size_t i = 0; i < n; i++)
		smpp_peer_close(s->peer, conn[i], "fault on demand");
}

json_t *
smsc_counts(const struct smsc *s)
{
	uint64_t conn[SMSC_LINKS];

	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "links",
	    (json_int_t)smpp_peer_receivers(s->peer, s->system_id, conn, NELEM(conn)), "binds",
	    (json_int_t)s->binds, "ussd_delivers", (json_int_t)s->delivers, "ussd_submits",
	    (json_int_t)s->ussd_submits, "sms_submits", (json_int_t)s->sms_submits, "receipts_sent",
	    (json_int_t)s->receipts_sent, "receipts_taken", (json_int_t)s->receipts_taken,
	    "mo_sent", (json_int_t)s->mo_sent, "mo_taken", (json_int_t)s->mo_taken);
}
