/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binds, USSD dialogues and faults of the SMSC; the messages it stores are in smsc_sms.c. A
 * dialogue is known by the phone and the session octet; an entry outlives it, so that what comes
 * too late can be told from what was never asked.
 */
#include "sandbox/smsc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "core/gsm.h"
#include "io/smpp_peer.h"
#include "sandbox/box.h"
#include "sandbox/faults.h"
#include "sandbox/smsc_private.h"

#define USSD_SEPTETS 182		/* 160 octets, packed */
#define USSD_UNITS 80
#define OP_BEGIN 0x01			/* PSSR indication */
#define OP_CONTINUE 0x02		/* USSR request */
#define OP_END 0x11			/* PSSR response; towards us: the customer hung up */
#define OP_ANSWER 0x12			/* USSR confirm */

struct session {			/* of a phone and an octet */
	struct dialogue *d;		/* NULL: over */
	bool ended_by_gateway;
	int owed;			/* answers to inputs that were sent before it ended */
};

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

static void
respond(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, uint32_t status,
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

/* ---- USSD ---- */

static size_t
session_key(const char *msisdn, uint8_t octet, char out[PHONE_MAX + 1])
{
	size_t n = strlen(msisdn);

	memcpy(out, msisdn, n);
	out[n] = (char)octet;
	return n + 1;
}

static struct session *
session_of(struct smsc *s, const char *msisdn, uint8_t octet)
{
	char key[PHONE_MAX + 1];

	if (strlen(msisdn) >= PHONE_MAX)
		return NULL;
	return map_get(s->sessions, key, session_key(msisdn, octet, key));
}

static void
session_open(struct smsc *s, struct dialogue *d)
{
	char key[PHONE_MAX + 1];
	size_t n = session_key(d->msisdn, d->session, key);
	struct session *e;

	if ((e = map_get(s->sessions, key, n)) == NULL) {
		e = xcalloc(1, sizeof *e);
		map_put(s->sessions, key, n, e);
	}
	e->d = d;
	e->ended_by_gateway = false;
	d->open = true;
}

static void
session_over(struct smsc *s, struct dialogue *d, bool by_gateway)
{
	struct session *e = session_of(s, d->msisdn, d->session);

	if (e != NULL && e->d == d) {
		e->d = NULL;
		e->ended_by_gateway = by_gateway;
		e->owed = d->awaited;
	}
	if (d->request != 0)
		map_remove_u64(s->requests, d->request);
	d->request = 0;
	d->open = false;
}

static void
on_delivered(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct smsc *s = arg;
	struct dialogue *d = map_remove_u64(s->requests, op);

	if (d == NULL)
		return;
	d->request = 0;
	if (end == SMPP_ANSWERED && resp->status == 0)
		return;
	session_over(s, d, false);
	dialogue_fail(d, end == SMPP_ANSWERED ? smpp_status_name(resp->status) :
	    "the gateway cannot be reached");
}

static bool
deliver(struct smsc *s, struct dialogue *d, unsigned op, const char *text, bool end)
{
	unsigned char octets[USSD_SEPTETS * 2];
	enum charset cs = text_charset(text);
	int n = text_encode(cs, text, octets, sizeof octets);
	uint64_t conn = smsc_receiver(s, d->conn);
	struct smpp_out pdu = { .id = SMPP_DELIVER_SM, .service_type = "USSD", .source_ton = 1,
	    .source_npi = 1, .source = d->msisdn, .dest_ton = 1, .dest_npi = 1, .dest = d->code,
	    .text = octets, .data_coding = cs == CHARSET_UCS2 ? 8 : 0, .tlvs = 2 };

	if (n < 0 || conn == 0)
		return false;
	pdu.text_len = (size_t)n;
	pdu.tlv[0].tag = SMPP_TAG_USSD_SERVICE_OP;
	pdu.tlv[0].len = 1;
	pdu.tlv[0].p[0] = (unsigned char)op;
	pdu.tlv[1].tag = SMPP_TAG_ITS_SESSION_INFO;
	pdu.tlv[1].len = 2;
	pdu.tlv[1].p[0] = d->session;
	pdu.tlv[1].p[1] = (unsigned char)(d->sequence << 1 | (end ? 1 : 0));
	d->conn = conn;
	s->delivers++;
	if (d->request != 0)
		map_remove_u64(s->requests, d->request);
	d->request = ++s->next_op;
	map_put_u64(s->requests, d->request, d);
	smpp_peer_request(s->peer, conn, &pdu, d->request, on_delivered, s);
	return true;
}

bool
smsc_send(struct smsc *s, struct dialogue *d, enum dialogue_step step, const char *text)
{
	if (step == STEP_BEGIN) {
		d->conn = 0;
		d->sequence = 0;
		d->awaited = 0;
		d->session = s->next_session++;
	} else if (step == STEP_INPUT) {
		d->sequence = (d->sequence + 1) & 0x7f;
	}
	if (step != STEP_REPEAT) {
		free(d->input);
		d->input = xstrdup(step == STEP_BEGIN ? d->code : text);
	}
	/* A repeat may come after the end: the network never saw the answer. */
	if (!d->open)
		session_open(s, d);
	d->awaited++;
	if (deliver(s, d, d->sequence == 0 ? OP_BEGIN : OP_ANSWER, d->input, false))
		return true;
	session_over(s, d, false);
	return false;
}

void
smsc_hangup(struct smsc *s, struct dialogue *d)
{
	if (d->open) {
		d->sequence = (d->sequence + 1) & 0x7f;
		if (!deliver(s, d, OP_END, "", true))
			log_debug(0, "smsc hangup", "why=\"no link\"");
	}
	session_over(s, d, false);
}

void
smsc_forget(struct smsc *s, struct dialogue *d)
{
	session_over(s, d, false);
	free(d->input);
	d->input = NULL;
}

/* What is wrong with a screen that is for a dialogue that exists; it is shown all the same. */
static void
check_screen(struct smsc *s, const struct dialogue *d, const struct smpp_pdu *pdu, const char *text,
    unsigned op)
{
	const struct smpp_tlv *its = smpp_tlv_find(pdu, SMPP_TAG_ITS_SESSION_INFO);
	unsigned sequence = its->p[1] >> 1, end = its->p[1] & 1;
	enum charset cs = charset_of_dcs(pdu->data_coding, CHARSET_GSM7);

	if (cs == CHARSET_UCS2 ? pdu->text_len > USSD_UNITS * 2 : gsm_septets(text) > USSD_SEPTETS)
		box_violation(s->x, "ussd screen is too long: %zu octets, data_coding %u",
		    pdu->text_len, pdu->data_coding);
	if (op != OP_CONTINUE && op != OP_END)
		box_violation(s->x, "ussd submit with ussd_service_op 0x%02x", op);
	if (sequence != d->sequence && sequence != ((d->sequence + 1u) & 0x7f))
		box_violation(s->x, "ussd submit with sequence %u after %u", sequence, d->sequence);
	if (d->awaited <= 0 && !end)
		box_violation(s->x, "ussd screen that nobody asked for");
	if (strcmp(pdu->source, d->code) != 0)
		box_violation(s->x,
		    "ussd submit from another address than the code that was dialled");
	if (pdu->registered_delivery != 0 || pdu->esm_class != 0)
		box_violation(s->x, "ussd submit with registered_delivery %u, esm_class %u",
		    pdu->registered_delivery, pdu->esm_class);
}

static void
ussd_submit(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, const struct fault *f)
{
	const struct smpp_tlv *its = smpp_tlv_find(pdu, SMPP_TAG_ITS_SESSION_INFO);
	struct session *e = its != NULL && its->len == 2 ? session_of(s, pdu->dest, its->p[0]) :
	    NULL;
	struct dialogue *d = e != NULL ? e->d : NULL;
	char text[USSD_SEPTETS * 8];
	unsigned op = 0;
	bool end;

	s->ussd_submits++;
	if (d == NULL) {
		if (e == NULL || (e->ended_by_gateway && e->owed <= 0))
			box_violation(s->x, e == NULL ? "ussd submit to an unknown session" :
			    "ussd submit after the end");
		else
			e->owed--;
		respond(s, conn, pdu, SMPP_RSUBMITFAIL, "", f->ms);
		return;
	}
	if (text_decode(charset_of_dcs(pdu->data_coding, CHARSET_GSM7), pdu->text, pdu->text_len,
	    text, sizeof text) < 0) {
		box_violation(s->x, "ussd screen cannot be read: %zu octets", pdu->text_len);
		str_copy(text, sizeof text, "?");
	}
	smpp_tlv_u8(pdu, SMPP_TAG_USSD_SERVICE_OP, &op);
	check_screen(s, d, pdu, text, op);
	/*
	 * Answered before the phone sees it, as a network does: what is typed next must not
	 * overtake the response.
	 */
	if (f->what != FAULT_NO_ANSWER)
		respond(s, conn, pdu, SMPP_ROK, "", f->ms);
	end = (its->p[1] & 1) != 0 || op == OP_END;
	if (d->awaited > 0)
		d->awaited--;
	if (end)
		session_over(s, d, true);
	dialogue_show(d, text, !end);
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
		respond(s, conn, pdu, f->status != 0 ? (uint32_t)f->status : SMPP_RSYSERR,
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
		ussd_submit(s, conn, pdu, &f);
	} else {
		struct smsc_accepted a = smsc_sms_submit(s, conn, pdu, &f);

		if (f.what != FAULT_NO_ANSWER && f.what != FAULT_LOSE_ANSWER)
			respond(s, conn, pdu, a.status, a.message_id, f.ms);
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
	s->next_session = (uint8_t)rng_next(&x->rng);
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
