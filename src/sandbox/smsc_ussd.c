/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD dialogues of the SMSC, in the dialects of real gateways; one row each, written from what
 * they are known to do and not from what the gateway makes of it. A dialogue is known by the phone
 * and the network's id; an entry outlives it, so that what comes too late can be told from what was
 * never asked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "core/gsm.h"
#include "sandbox/box.h"
#include "sandbox/smsc_private.h"

#define USSD_SEPTETS 182		/* 160 octets, packed */
#define USSD_UNITS 80
#define NO_OP -1
#define PUSH 0x02			/* of the gateway, without a session: the network begins one */
#define PUSH_END 0x03			/* ends what the gateway began */
#define VENDOR_TAG 0x1401
#define HIGH_BIT 0x80000000u		/* marks SMPP+ */

enum id_kind { ID_ITS, ID_ITS_ECHO, ID_15BIT, ID_REFERENCE, ID_REFERENCE_32, ID_VENDOR, ID_MESSAGE };

struct tongue {
	const char *name;
	enum id_kind id;
	int begin, answer, abort;	/* ussd_service_op that we send */
	bool end_bit;			/* bit 0 of its_session_info is the end, both ways */
	int end[3];			/* ops that end, 0 after the last; none: the bit alone does */
	bool short_code;		/* destination_addr; the dialled string is in the first text */
	bool data_sm;
};

/* As their operators number them in the switch ussd_dialect. */
static const struct tongue tongues[] = {
	{ "its", ID_ITS, 0x01, 0x12, 0x11, true, { 0 }, false, false },
	{ "mica", ID_REFERENCE, 0x01, 0x12, 0x81, false, { 0x11 }, true, false },
	{ "sixdee", ID_15BIT, 0x01, 0x12, 0x81, true, { 0x11 }, true, false },
	{ "digitalpulse", ID_ITS_ECHO, 0x01, 0x12, 0x81, false, { 0x11 }, false, true },
	{ "tops", ID_ITS_ECHO, 0x01, 0x12, 0x81, false, { 0x11 }, false, false },
	{ "huawei", ID_MESSAGE, 0x01, 0x12, 0x81, false, { 0x11 }, false, false },
	{ "smpp_plus", ID_REFERENCE_32, 0x01, 0x12, 0x81, false, { 0x11, 0x80 }, true, true },
	{ "vendor_tlv", ID_VENDOR, 0x01, 0x12, 0x81, false, { 0x11 }, false, false },
	{ "no_op", ID_ITS_ECHO, NO_OP, NO_OP, NO_OP, true, { 0 }, false, false },
};

struct session {			/* of a phone and an id */
	struct dialogue *d;		/* NULL: over */
	bool ended_by_gateway;
	int owed;			/* answers to inputs that were sent before it ended */
};

struct session_key {
	char octets[PHONE_MAX + sizeof(uint32_t)];
	size_t n;
};

static const struct tongue *
tongue_of(const struct smsc *s)
{
	int64_t i = s->x->rules.ussd_dialect;

	return &tongues[i >= 0 && i < (int64_t)NELEM(tongues) ? i : 0];
}

/* ---- the id ---- */

static uint16_t
id_tag(const struct tongue *t)
{
	static const uint16_t tags[] = {
		[ID_ITS] = SMPP_TAG_ITS_SESSION_INFO, [ID_ITS_ECHO] = SMPP_TAG_ITS_SESSION_INFO,
		[ID_15BIT] = SMPP_TAG_ITS_SESSION_INFO, [ID_REFERENCE] = SMPP_TAG_USER_MESSAGE_REFERENCE,
		[ID_REFERENCE_32] = SMPP_TAG_USER_MESSAGE_REFERENCE, [ID_VENDOR] = VENDOR_TAG,
		[ID_MESSAGE] = SMPP_TAG_USER_MESSAGE_REFERENCE,
	};

	return tags[t->id];
}

/* What is left of the counter of dialogues in that kind of id. */
static uint32_t
id_of(const struct tongue *t, uint32_t n)
{
	switch (t->id) {
	case ID_ITS:
	case ID_ITS_ECHO:
		return n & 0xff;
	case ID_15BIT:
		return n & 0x7fff;
	case ID_REFERENCE:
		return n & 0xffff;
	case ID_REFERENCE_32:
		return n | HIGH_BIT;
	case ID_VENDOR:
		return n;
	case ID_MESSAGE:
		break;
	}
	return 0;
}

static size_t
put(unsigned char *out, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(v >> 8 * (n - 1 - i));
	return n;
}

static void
write_id(struct smsc *s, const struct tongue *t, struct dialogue *d, bool end)
{
	switch (t->id) {
	case ID_ITS:
	case ID_ITS_ECHO:
		d->tlv_len = put(d->tlv, d->session << 8 | (uint32_t)d->sequence << 1 | end, 2);
		break;
	case ID_15BIT:
		d->tlv_len = put(d->tlv, d->session << 1 | end, 2);
		break;
	case ID_REFERENCE:
		d->tlv_len = put(d->tlv, d->session, 2);
		break;
	case ID_REFERENCE_32:
		d->tlv_len = put(d->tlv, d->session, 4);
		break;
	case ID_VENDOR:
		d->tlv[0] = 'S';
		d->tlv_len = 1 + put(d->tlv + 1, d->session, 4);
		break;
	case ID_MESSAGE:
		d->tlv_len = put(d->tlv, ++s->next_umr, 2);
		break;
	}
}

static bool
read_id(const struct tongue *t, const struct smpp_pdu *pdu, uint32_t *id)
{
	const struct smpp_tlv *tlv = smpp_tlv_find(pdu, id_tag(t));
	static const size_t lengths[] = { [ID_ITS] = 2, [ID_ITS_ECHO] = 2, [ID_15BIT] = 2, [ID_REFERENCE] = 2,
	    [ID_REFERENCE_32] = 4, [ID_VENDOR] = 5, [ID_MESSAGE] = 2 };
	uint32_t v = 0;

	if (tlv == NULL || tlv->len != lengths[t->id])
		return false;
	for (size_t i = 0; i < tlv->len; i++)
		v = v << 8 | tlv->p[i];		/* the 'S' of a vendor's falls out at the top */
	if (t->id == ID_ITS || t->id == ID_ITS_ECHO)
		v >>= 8;
	else if (t->id == ID_15BIT)
		v >>= 1;
	*id = t->id == ID_MESSAGE ? 0 : v;
	return true;
}

/* Did the octets come back as they must? */
static bool
id_is_answer(const struct tongue *t, const struct dialogue *d, const struct smpp_tlv *tlv)
{
	unsigned char mask = t->end_bit ? 0xfe : 0xff;
	size_t last = d->tlv_len - 1;
	unsigned sequence = tlv->p[last] >> 1;

	if (memcmp(tlv->p, d->tlv, last) != 0)
		return false;
	if (t->id == ID_ITS)
		return sequence == d->sequence || sequence == ((d->sequence + 1u) & 0x7f);
	return (tlv->p[last] & mask) == (d->tlv[last] & mask);
}

/* ---- sessions ---- */

static bool
session_key(const char *msisdn, uint32_t id, struct session_key *k)
{
	size_t n = strlen(msisdn);

	if (n >= PHONE_MAX)
		return false;
	memcpy(k->octets, msisdn, n);
	memcpy(k->octets + n, &id, sizeof id);
	k->n = n + sizeof id;
	return true;
}

static struct session *
session_of(struct smsc *s, const char *msisdn, uint32_t id)
{
	struct session_key k;

	return session_key(msisdn, id, &k) ? map_get(s->sessions, k.octets, k.n) : NULL;
}

static void
session_open(struct smsc *s, struct dialogue *d)
{
	struct session_key k;
	struct session *e;

	if (!session_key(d->msisdn, d->session, &k))
		return;
	if ((e = map_get(s->sessions, k.octets, k.n)) == NULL) {
		e = xcalloc(1, sizeof *e);
		map_put(s->sessions, k.octets, k.n, e);
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

/* ---- from the phone ---- */

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

/* The address that the network calls the gateway by. */
static void
code_address(const struct tongue *t, const struct dialogue *d, char out[sizeof d->code])
{
	size_t n = 0;

	for (const char *p = d->code; *p != '\0'; p++)
		if (!t->short_code || (*p >= '0' && *p <= '9'))
			out[n++] = *p;
	out[n] = '\0';
}

static void
add_tlv(struct smpp_out *pdu, uint16_t tag, const void *p, size_t n)
{
	pdu->tlv[pdu->tlvs].tag = tag;
	pdu->tlv[pdu->tlvs].len = (uint16_t)n;
	memcpy(pdu->tlv[pdu->tlvs].p, p, n);
	pdu->tlvs++;
}

static bool
deliver(struct smsc *s, struct dialogue *d, int op, const char *text, bool end)
{
	const struct tongue *t = tongue_of(s);
	unsigned char octets[USSD_SEPTETS * 2], o = (unsigned char)op;
	char address[sizeof d->code];
	enum charset cs = text_charset(text);
	int n = text_encode(cs, text, octets, sizeof octets);
	uint64_t conn = smsc_receiver(s, d->conn);
	struct smpp_out pdu = { .id = t->data_sm ? SMPP_DATA_SM : SMPP_DELIVER_SM, .service_type = "USSD",
	    .source_ton = 1, .source_npi = 1, .source = d->msisdn, .dest_ton = 1, .dest_npi = 1,
	    .dest = address, .text = octets, .data_coding = cs == CHARSET_UCS2 ? 8 : 0 };

	if (n < 0 || conn == 0)
		return false;
	code_address(t, d, address);
	pdu.text_len = (size_t)n;
	if (op != NO_OP)
		add_tlv(&pdu, SMPP_TAG_USSD_SERVICE_OP, &o, 1);
	write_id(s, t, d, end);
	add_tlv(&pdu, id_tag(t), d->tlv, d->tlv_len);
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
	const struct tongue *t = tongue_of(s);

	if (step == STEP_BEGIN) {
		d->conn = 0;
		d->sequence = 0;
		d->awaited = 0;
		d->pushed = false;
		d->session = id_of(t, s->next_session++);
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
	if (deliver(s, d, d->sequence == 0 ? t->begin : t->answer, d->input, false))
		return true;
	session_over(s, d, false);
	return false;
}

void
smsc_hangup(struct smsc *s, struct dialogue *d)
{
	const struct tongue *t = tongue_of(s);

	if (d->open) {
		d->sequence = (d->sequence + 1) & 0x7f;
		if (!deliver(s, d, t->abort, "", t->end_bit))
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

/* ---- to the phone ---- */

static bool
op_ends(const struct tongue *t, unsigned op)
{
	for (size_t i = 0; i < NELEM(t->end) && t->end[i] != 0; i++)
		if ((unsigned)t->end[i] == op)
			return true;
	return false;
}

static bool
screen_ends(const struct tongue *t, unsigned op, const struct smpp_tlv *id)
{
	return t->end_bit ? (id->p[id->len - 1] & 1) != 0 : op_ends(t, op) || op == PUSH_END;
}

/* What is wrong with a screen that is for a dialogue that exists; it is shown all the same. */
static void
check_screen(struct smsc *s, const struct dialogue *d, const struct smpp_pdu *pdu, const char *text,
    unsigned op)
{
	const struct tongue *t = tongue_of(s);
	const struct smpp_tlv *id = smpp_tlv_find(pdu, id_tag(t));
	enum charset cs = charset_of_dcs(pdu->data_coding, CHARSET_GSM7);
	char address[sizeof d->code];
	bool end = screen_ends(t, op, id);

	if (cs == CHARSET_UCS2 ? pdu->text_len > USSD_UNITS * 2 : gsm_septets(text) > USSD_SEPTETS)
		box_violation(s->x, "ussd screen is too long: %zu octets, data_coding %u",
		    pdu->text_len, pdu->data_coding);
	if (op != 0x02 && op != 0x11 && !op_ends(t, op) && !(d->pushed && op == PUSH_END))
		box_violation(s->x, "ussd submit with ussd_service_op 0x%02x", op);
	if (t->end[0] != 0 && op_ends(t, op) != end && !d->pushed)
		box_violation(s->x, "ussd submit that ends by its op or by its bit alone");
	if (!id_is_answer(t, d, id))
		box_violation(s->x, "ussd submit with another reference than it answers (%s)", t->name);
	if (d->awaited <= 0 && !end)
		box_violation(s->x, "ussd screen that nobody asked for");
	code_address(t, d, address);
	if (strcmp(pdu->source, address) != 0)
		box_violation(s->x,
		    "ussd submit from another address than the code that was dialled");
	if (pdu->registered_delivery != 0 || pdu->esm_class != 0)
		box_violation(s->x, "ussd submit with registered_delivery %u, esm_class %u",
		    pdu->registered_delivery, pdu->esm_class);
}

/* The gateway calls the phone up: a question that belongs to no session, which gets one. */
static bool
is_push(const struct tongue *t, const struct smpp_pdu *pdu)
{
	unsigned op = 0;

	return smpp_tlv_find(pdu, id_tag(t)) == NULL && smpp_tlv_u8(pdu, SMPP_TAG_USSD_SERVICE_OP, &op) && op == PUSH;
}

static void
call_up(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, const struct fault *f)
{
	struct dialogue *d = phones_called_up(s->x->phones, pdu->dest, pdu->source);
	char text[USSD_SEPTETS * 8];

	if (d == NULL || text_decode(charset_of_dcs(pdu->data_coding, CHARSET_GSM7), pdu->text, pdu->text_len, text,
	    sizeof text) < 0) {
		smsc_respond(s, conn, pdu, SMPP_RSUBMITFAIL, "", f->ms);
		return;
	}
	d->conn = conn;
	d->sequence = 0;
	d->awaited = 0;
	d->pushed = true;
	d->session = id_of(tongue_of(s), s->next_session++);
	session_open(s, d);
	if (f->what != FAULT_NO_ANSWER)
		smsc_respond(s, conn, pdu, SMPP_ROK, "", f->ms);
	dialogue_show(d, text, true);
}

void
smsc_ussd_submit(struct smsc *s, uint64_t conn, const struct smpp_pdu *pdu, const struct fault *f)
{
	const struct tongue *t = tongue_of(s);
	uint32_t id;
	struct session *e = read_id(t, pdu, &id) ? session_of(s, pdu->dest, id) : NULL;
	struct dialogue *d = e != NULL ? e->d : NULL;
	char text[USSD_SEPTETS * 8];
	unsigned op = 0;
	bool end;

	s->ussd_submits++;
	if (is_push(t, pdu)) {
		call_up(s, conn, pdu, f);
		return;
	}
	if (d == NULL) {
		if (e == NULL || (e->ended_by_gateway && e->owed <= 0))
			box_violation(s->x, e == NULL ? "ussd submit to an unknown session" :
			    "ussd submit after the end");
		else
			e->owed--;
		smsc_respond(s, conn, pdu, SMPP_RSUBMITFAIL, "", f->ms);
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
		smsc_respond(s, conn, pdu, SMPP_ROK, "", f->ms);
	end = screen_ends(t, op, smpp_tlv_find(pdu, id_tag(t)));
	if (d->awaited > 0)
		d->awaited--;
	if (end)
		session_over(s, d, true);
	dialogue_show(d, text, !end);
}
