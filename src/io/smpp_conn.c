/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection that speaks SMPP. Frames are cut here and nowhere else; a body that cannot be
 * read is answered here and costs nothing else; only a length that lies ends the connection,
 * because nothing after it can be found.
 *
 * Requests wait in a table indexed by sequence, so a number that is still taken is passed over when
 * sequences wrap. All wait equally long, so one list in order of sending and one timer serve every
 * deadline.
 */
#include "io/smpp_conn.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "base/list.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/smpp_tls.h"

#define CONTROL_SLOTS 4	/* bind, unbind and enquire_link do not count in the window */
#define REQUEST_HIGH (64 * 1024)	/* unwritten octets over which no request is taken */
#define CLOSE_HIGH (512 * 1024)		/* and over which the peer is given up */
#define SEQUENCE_MAX 0x7fffffffu

enum note { NOTE_BAD, NOTE_ODD, NOTE_UNMATCHED, NOTE_UNSENDABLE, NOTES };
static const char *const note_name[NOTES] = { "undecodable", "odd", "unmatched", "unsendable" };

struct slot {
	struct list node;		/* in conn.waiting */
	uint32_t sequence;		/* 0: free */
	uint32_t request;		/* its command_id */
	int64_t deadline;		/* loop_now() ms */
	uint64_t op;
	smpp_done *done;
	void *arg;
};

struct smpp_conn {	/* owned by itself: buried after it has closed */
	struct loop *loop;
	struct smpp_conn_options o;
	struct bufferevent *bev;	/* NULL once closed */
	struct bufferevent *dead;	/* freed in the next turn: a PDU in it may be in use */
	struct evdns_base *dns;		/* only for names */
	struct slot *slot;
	uint32_t slots;			/* a power of two */
	unsigned used, used_control;
	uint32_t sequence;		/* the last one chosen */
	struct list waiting;		/* the oldest first */
	struct timer deadline;		/* of the oldest */
	struct timer idle;
	int64_t heard;			/* loop_now() of the last PDU */
	bool enquiring;			/* an enquire_link waits for its answer */
	bool heard_since;		/* a PDU came after it was written */
	bool tls;
	bool up;			/* connected */
	bool finishing;
	char why[256];
	struct deferred end;
	struct log_limit said[NOTES];
};

struct refusal {
	struct deferred d;
	uint64_t op;
	smpp_done *done;
	void *arg;
};

static void
refusal_run(void *arg)
{
	struct refusal *r = arg;

	r->done(r->arg, r->op, SMPP_NOT_WRITTEN, NULL);
	free(r);
}

void
smpp_refuse(struct loop *l, uint64_t op, smpp_done *done, void *arg)
{
	struct refusal *r = xcalloc(1, sizeof *r);

	r->op = op;
	r->done = done;
	r->arg = arg;
	loop_defer(l, &r->d, refusal_run, r);
}

static void
note(struct smpp_conn *c, enum note kind, uint32_t id, uint32_t status)
{
	unsigned held;

	if (!log_limited(&c->said[kind], &held))
		log_warn(c->o.id, "smpp_pdu",
		    "kind=%s pdu=%s id=0x%08" PRIx32 " status=%s/0x%" PRIx32 " held=%u",
		    note_name[kind], smpp_id_name(id), id, smpp_status_name(status), status, held);
}

static bool
is_control(uint32_t id)
{
	return id != SMPP_SUBMIT_SM && id != SMPP_DELIVER_SM && id != SMPP_DATA_SM;
}

/* Out of the table first, then the call: answer, deadline or end, whichever comes first. */
static void
slot_finish(struct smpp_conn *c, struct slot *s, enum smpp_end end, const struct smpp_pdu *resp)
{
	smpp_done *done = s->done;

	list_remove(&s->node);
	s->sequence = 0;
	c->used--;
	c->used_control -= is_control(s->request);
	done(s->arg, s->op, end, resp);
	if (c->bev != NULL && c->used == 0 && c->o.quiet != NULL)
		c->o.quiet(c->o.arg);
}

static void
arm_deadline(struct smpp_conn *c)
{
	if (list_empty(&c->waiting))
		timer_stop(&c->deadline);
	else
		timer_arm(&c->deadline,
		    LIST_OF(c->waiting.next, struct slot, node)->deadline - loop_now(c->loop));
}

static void
on_deadline(void *arg)
{
	struct smpp_conn *c = arg;

	while (c->bev != NULL && !list_empty(&c->waiting)) {
		struct slot *s = LIST_OF(c->waiting.next, struct slot, node);

		if (s->deadline > loop_now(c->loop))
			break;
		metric_add(M_SMPP_TIMEOUTS, 1);
		slot_finish(c, s, SMPP_NO_ANSWER, NULL);
	}
	if (c->bev != NULL)
		arm_deadline(c);
}

static void
conn_free(void *arg)
{
	struct smpp_conn *c = arg;

	free(c->slot);
	free(c);
}

static void
conn_end(void *arg)
{
	struct smpp_conn *c = arg;

	if (c->tls)
		smpp_tls_end(c->dead);
	bufferevent_free(c->dead);
	if (c->dns != NULL)
		evdns_base_free(c->dns, 1);
	if (c->o.closed != NULL)
		c->o.closed(c->o.arg, c->why);
	while (!list_empty(&c->waiting))
		slot_finish(c, LIST_OF(c->waiting.next, struct slot, node), SMPP_NO_ANSWER, NULL);
	loop_bury(c->loop, &c->end, conn_free, c);
}

void
smpp_conn_close(struct smpp_conn *c, const char *why)
{
	if (c->bev == NULL)
		return;
	if (!c->finishing)
		str_format(c->why, sizeof c->why, "%s", why);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	c->dead = c->bev;
	c->bev = NULL;
	timer_stop(&c->deadline);
	timer_stop(&c->idle);
	loop_defer(c->loop, &c->end, conn_end, c);
}

void
smpp_conn_abandon(struct smpp_conn *c, const char *why)
{
	if (c == NULL)
		return;
	c->o.closed = NULL;
	smpp_conn_close(c, why);
}

void
smpp_conn_finish(struct smpp_conn *c, const char *why)
{
	if (c->bev == NULL || c->finishing)
		return;
	str_format(c->why, sizeof c->why, "%s", why);
	c->finishing = true;
	bufferevent_disable(c->bev, EV_READ);
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		smpp_conn_close(c, why);
}

void
smpp_conn_write(struct smpp_conn *c, const void *p, size_t n)
{
	if (c->bev == NULL)
		return;
	if (bufferevent_write(c->bev, p, n) != 0)
		smpp_conn_close(c, "no memory for output");
	else if (evbuffer_get_length(bufferevent_get_output(c->bev)) > CLOSE_HIGH)
		smpp_conn_close(c, "the peer does not read our answers");
}

void
smpp_conn_send(struct smpp_conn *c, const struct smpp_out *pdu)
{
	unsigned char octets[SMPP_PDU_MAX];
	size_t n;

	if (c->bev == NULL || c->finishing)
		return;
	n = smpp_encode(pdu, octets, sizeof octets);
	if (n == 0) {
		note(c, NOTE_UNSENDABLE, pdu->id, pdu->status);
		return;
	}
	metric_add(M_SMPP_PDUS_OUT, 1);
	smpp_conn_write(c, octets, n);
}

void
smpp_conn_respond(struct smpp_conn *c, uint32_t request_id, uint32_t sequence, uint32_t status,
    const char *message_id)
{
	struct smpp_out pdu = { .id = request_id | (uint32_t)SMPP_RESP,
		.status = status,
		.sequence = sequence,
		.message_id = message_id };

	smpp_conn_send(c, &pdu);
}

static struct slot *
slot_take(struct smpp_conn *c)
{
	do
		c->sequence = c->sequence >= SEQUENCE_MAX ? 1 : c->sequence + 1;
	while (c->slot[c->sequence & (c->slots - 1)].sequence != 0);
	return &c->slot[c->sequence & (c->slots - 1)];
}

bool
smpp_conn_request(struct smpp_conn *c, struct smpp_out *pdu, uint64_t op, smpp_done *done,
    void *arg)
{
	unsigned char octets[SMPP_PDU_MAX];
	bool control = is_control(pdu->id);
	struct slot *s;
	size_t n;

	if (c->bev == NULL || c->finishing)
		return false;
	if (control ? c->used_control >= CONTROL_SLOTS : smpp_conn_room(c) == 0) {
		metric_add(M_SMPP_WINDOW_FULL, 1);
		return false;
	}
	s = slot_take(c);
	pdu->sequence = c->sequence;
	n = smpp_encode(pdu, octets, sizeof octets);
	if (n == 0) {
		note(c, NOTE_UNSENDABLE, pdu->id, pdu->status);
		return false;
	}
	*s = (struct slot){ .sequence = pdu->sequence,
		.request = pdu->id,
		.op = op,
		.done = done,
		.arg = arg,
		.deadline = loop_now(c->loop) + c->o.response_ms };
	c->used++;
	c->used_control += control;
	list_add_tail(&c->waiting, &s->node);
	if (c->waiting.next == &s->node)
		arm_deadline(c);
	metric_add(M_SMPP_PDUS_OUT, 1);
	smpp_conn_write(c, octets, n);
	return true;
}

unsigned
smpp_conn_room(const struct smpp_conn *c)
{
	unsigned traffic = c->used - c->used_control;

	if (c->bev == NULL || c->finishing || traffic >= c->o.window ||
	    evbuffer_get_length(bufferevent_get_output(c->bev)) > REQUEST_HIGH)
		return 0;
	return c->o.window - traffic;
}

unsigned
smpp_conn_waiting(const struct smpp_conn *c)
{
	return c->used;
}

static void
on_enquired(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct smpp_conn *c = arg;

	(void)op, (void)resp;
	c->enquiring = false;
	/* Any PDU since then proves life as well as the answer would. */
	if (end == SMPP_NO_ANSWER && !c->heard_since)
		smpp_conn_close(c, "no answer to enquire_link");
}

static void
on_idle(void *arg)
{
	struct smpp_conn *c = arg;
	int64_t silent = loop_now(c->loop) - c->heard;
	struct smpp_out enquire = { .id = SMPP_ENQUIRE_LINK };

	/* While it connects, this is the limit of that: a handshake of TLS has no other. */
	if (!c->up) {
		smpp_conn_close(c, "no connection in time");
		return;
	}
	if (silent >= c->o.enquire_ms && !c->enquiring) {
		c->heard_since = false;
		c->enquiring = smpp_conn_request(c, &enquire, 0, on_enquired, c);
		silent = 0;
	}
	if (c->bev != NULL)
		timer_arm(&c->idle,
		    silent < c->o.enquire_ms ? c->o.enquire_ms - silent : c->o.enquire_ms);
}

void
smpp_conn_watch(struct smpp_conn *c)
{
	c->heard = loop_now(c->loop);
	if (c->bev != NULL && c->o.enquire_ms > 0)
		timer_arm(&c->idle, c->o.enquire_ms);
}

static void
on_response(struct smpp_conn *c, const struct smpp_pdu *pdu)
{
	struct slot *s = &c->slot[pdu->sequence & (c->slots - 1)];
	bool oldest = c->waiting.next == &s->node;

	if (pdu->sequence == 0 || s->sequence != pdu->sequence ||
	    (pdu->id != (s->request | (uint32_t)SMPP_RESP) &&
	    pdu->id != (uint32_t)SMPP_GENERIC_NACK)) {
		note(c, NOTE_UNMATCHED, pdu->id, pdu->status);
		return;
	}
	if (c->o.answered != NULL)
		c->o.answered(c->o.arg, s->request, pdu);
	slot_finish(c, s, SMPP_ANSWERED, pdu);
	if (oldest && c->bev != NULL)
		arm_deadline(c);
}

static void
on_pdu(struct smpp_conn *c, const unsigned char *p, size_t len)
{
	struct smpp_pdu pdu;
	uint32_t status;

	metric_add(M_SMPP_PDUS_IN, 1);
	c->heard = loop_now(c->loop);
	c->heard_since = true;
	if (!smpp_decode(p, len, &pdu, &status)) {
		metric_add(M_SMPP_PDUS_BAD, 1);
		note(c, NOTE_BAD, pdu.id, status);
		smpp_conn_respond(c, status == SMPP_RINVCMDID ? 0 : pdu.id, pdu.sequence, status,
		    NULL);
		return;
	}
	if (pdu.odd) {
		metric_add(M_SMPP_PDUS_ODD, 1);
		note(c, NOTE_ODD, pdu.id, pdu.status);
	}
	if (pdu.id & (uint32_t)SMPP_RESP)
		on_response(c, &pdu);
	else
		c->o.request(c->o.arg, &pdu);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct smpp_conn *c = arg;
	unsigned char head[4];
	size_t len;

	while (c->bev != NULL && !c->finishing && (bufferevent_get_enabled(bev) & EV_READ)) {
		evbuffer_copyout(in, head, sizeof head);
		switch (smpp_frame(head, evbuffer_get_length(in), SMPP_FRAME_MAX, &len)) {
		case SMPP_MORE:
			return;
		case SMPP_BAD:
			metric_add(M_SMPP_PDUS_BAD, 1);
			smpp_conn_respond(c, 0, 0, SMPP_RINVCMDLEN, NULL);
			smpp_conn_finish(c, "the length of a PDU lies");
			return;
		case SMPP_OK:
			on_pdu(c, evbuffer_pullup(in, (ev_ssize_t)len), len);
			evbuffer_drain(in, len);
		}
	}
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct smpp_conn *c = arg;

	(void)bev;
	if (c->finishing)
		smpp_conn_close(c, c->why);
}

static void
no_delay(struct smpp_conn *c)
{
	int on = 1;

	/* Nagle would hold back small PDUs that wait for each other's answers. Best effort. */
	(void)setsockopt(bufferevent_getfd(c->bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void
is_up(struct smpp_conn *c)
{
	c->up = true;
	timer_stop(&c->idle);
	no_delay(c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	if (c->o.up != NULL)
		c->o.up(c->o.arg);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct smpp_conn *c = arg;
	int dns = bufferevent_socket_get_dns_error(bev), error = EVUTIL_SOCKET_ERROR();
	char why[sizeof c->why];

	if (what & BEV_EVENT_CONNECTED)
		is_up(c);
	else if (what & BEV_EVENT_TIMEOUT)
		smpp_conn_close(c, c->up ? "output stands still" : "no connection in time");
	else if (what & BEV_EVENT_EOF)
		smpp_conn_close(c, "closed by the peer");
	else if (dns != 0)
		smpp_conn_close(c, evutil_gai_strerror(dns));
	else if (c->tls && smpp_tls_why(bev, why, sizeof why))
		smpp_conn_close(c, why);
	else
		smpp_conn_close(c, evutil_socket_error_to_string(error));
}

static struct smpp_conn *
conn_new(struct loop *l, const struct smpp_conn_options *o, evutil_socket_t fd, struct ssl_st *tls)
{
	struct smpp_conn *c = xcalloc(1, sizeof *c);
	struct timeval tv = { .tv_sec = o->response_ms / 1000,
		.tv_usec = o->response_ms % 1000 * 1000 };

	c->loop = l;
	c->o = *o;
	c->sequence = o->sequence;
	c->tls = tls != NULL;
	c->bev = c->tls ? smpp_tls_bufferevent(loop_base(l), fd, tls) :
	    bufferevent_socket_new(loop_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL)
		fatalx("smpp: out of memory");
	for (c->slots = 1; c->slots < o->window + CONTROL_SLOTS; )
		c->slots *= 2;
	c->slot = xcalloc(c->slots, sizeof *c->slot);
	list_init(&c->waiting);
	timer_init(&c->deadline, l, on_deadline, c);
	timer_init(&c->idle, l, on_idle, c);
	c->heard = loop_now(l);
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, 2 * SMPP_FRAME_MAX);
	if (o->response_ms > 0) {
		bufferevent_set_timeouts(c->bev, NULL, &tv);
		timer_arm(&c->idle, o->response_ms);
	}
	return c;
}

struct smpp_conn *
smpp_conn_accept(struct loop *l, const struct smpp_conn_options *o, int fd)
{
	struct ssl_st *tls = NULL;
	struct smpp_conn *c;

	if (o->tls_server != NULL && (tls = smpp_tls_server(o->tls_server)) == NULL)
		fatalx("smpp: out of memory");
	c = conn_new(l, o, fd, tls);
	if (!c->tls)
		is_up(c);
	return c;
}

struct smpp_conn *
smpp_conn_connect(struct loop *l, const struct smpp_conn_options *o, const char *host, int port)
{
	unsigned char number[sizeof(struct in6_addr)];
	struct ssl_st *tls = NULL;
	char why[sizeof ((struct smpp_conn *)0)->why];
	struct smpp_conn *c;

	if (o->tls != NULL)
		tls = smpp_tls_client(o->tls, host, why, sizeof why);
	c = conn_new(l, o, -1, tls);
	if (o->tls != NULL && tls == NULL) {
		smpp_conn_close(c, why);
		return c;
	}
	/* A resolver of its own for each attempt: it sees the hosts and resolv.conf of now. */
	if (evutil_inet_pton(AF_INET, host, number) != 1 &&
	    evutil_inet_pton(AF_INET6, host, number) != 1) {
		c->dns = evdns_base_new(loop_base(l), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
		if (c->dns == NULL)
			fatalx("smpp: out of memory");
		(void)evdns_base_resolv_conf_parse(c->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	}
	if (bufferevent_socket_connect_hostname(c->bev, c->dns, AF_UNSPEC, host, port) != 0 &&
	    c->bev != NULL)
		smpp_conn_close(c, "cannot connect");
	return c;
}

void
smpp_conn_pause(struct smpp_conn *c, bool paused)
{
	if (c->bev == NULL || c->finishing)
		return;
	if (paused) {
		bufferevent_disable(c->bev, EV_READ);
	} else {
		bufferevent_enable(c->bev, EV_READ);
		bufferevent_trigger(c->bev, EV_READ,
		    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	}
}
