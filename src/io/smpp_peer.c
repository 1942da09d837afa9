/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SMSC's side, for the sandbox and the tests. Nothing of it runs in the gateway. Each
 * connection goes open, bound, leaving; what a PDU may do in which of them is one table.
 */
#include "io/smpp_peer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/listener.h>
#include <event2/util.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/net.h"

#define ACCEPT_AGAIN_MS 1000	/* after accept(2) failed: no descriptors, most likely */

enum member_state { MEMBER_OPEN, MEMBER_BOUND, MEMBER_LEAVING };

struct member {	/* one connection; owned by the peer's map, freed when its conn has closed */
	struct smpp_peer *peer;
	struct smpp_conn *conn;
	uint64_t id;
	enum member_state state;
	uint32_t bind_id;
	char system_id[64];
};

struct smpp_peer {	/* owned by who made it; freed by loop_bury() only */
	struct loop *loop;
	struct smpp_peer_options o;
	struct smpp_peer_events ev;
	char system_id[16];
	struct evconnlistener *listener;
	struct map *members;
	struct timer again;
	bool refuse;
	struct deferred corpse;
};

static uint64_t last_id;

static void
on_bind(struct member *m, const struct smpp_pdu *pdu)
{
	struct smpp_peer *p = m->peer;
	struct smpp_out resp = { .id = pdu->id | (uint32_t)SMPP_RESP, .sequence = pdu->sequence,
		.system_id = p->system_id };

	if (p->ev.bind != NULL)
		resp.status = p->ev.bind(p->ev.arg, m->id, pdu);
	if (resp.status == SMPP_ROK) {
		m->state = MEMBER_BOUND;
		m->bind_id = pdu->id;
		str_copy(m->system_id, sizeof m->system_id, pdu->system_id);
		smpp_conn_watch(m->conn);
	}
	smpp_conn_send(m->conn, &resp);
}

static void
on_message(struct member *m, const struct smpp_pdu *pdu)
{
	struct smpp_peer *p = m->peer;
	char message_id[SMPP_MESSAGE_ID] = "";
	uint32_t status = SMPP_RSYSERR;

	if (m->bind_id == SMPP_BIND_RECEIVER)
		status = SMPP_RINVBNDSTS;
	else if (p->ev.request != NULL)
		status = p->ev.request(p->ev.arg, m->id, pdu, message_id);
	if (status != SMPP_ANSWER_LATER)
		smpp_conn_respond(m->conn, pdu->id, pdu->sequence, status, message_id);
}

static void
on_enquire(struct member *m, const struct smpp_pdu *pdu)
{
	if (m->peer->ev.enquire == NULL || m->peer->ev.enquire(m->peer->ev.arg, m->id))
		smpp_conn_respond(m->conn, pdu->id, pdu->sequence, SMPP_ROK, NULL);
}

static void
on_unbind(struct member *m, const struct smpp_pdu *pdu)
{
	if (m->peer->ev.unbind != NULL && !m->peer->ev.unbind(m->peer->ev.arg, m->id))
		return;
	m->state = MEMBER_LEAVING;
	smpp_conn_respond(m->conn, pdu->id, pdu->sequence, SMPP_ROK, NULL);
	smpp_conn_finish(m->conn, "unbind by the ESME");
}

static const struct {
	uint32_t id;
	unsigned when;
	void (*on)(struct member *m, const struct smpp_pdu *pdu);
} welcome[] = {
	{ SMPP_BIND_TRANSCEIVER, 1u << MEMBER_OPEN, on_bind },
	{ SMPP_BIND_TRANSMITTER, 1u << MEMBER_OPEN, on_bind },
	{ SMPP_BIND_RECEIVER, 1u << MEMBER_OPEN, on_bind },
	{ SMPP_SUBMIT_SM, 1u << MEMBER_BOUND, on_message },
	{ SMPP_DATA_SM, 1u << MEMBER_BOUND, on_message },
	{ SMPP_ENQUIRE_LINK, 1u << MEMBER_OPEN | 1u << MEMBER_BOUND, on_enquire },
	{ SMPP_UNBIND, 1u << MEMBER_BOUND, on_unbind },
};

static void
on_request(void *arg, const struct smpp_pdu *pdu)
{
	struct member *m = arg;

	for (size_t i = 0; i < NELEM(welcome); i++) {
		if (welcome[i].id != pdu->id)
			continue;
		if (welcome[i].when & 1u << m->state)
			welcome[i].on(m, pdu);
		else
			smpp_conn_respond(m->conn, pdu->id, pdu->sequence,
			    welcome[i].on == on_bind ? SMPP_RALYBND : SMPP_RINVBNDSTS, NULL);
		return;
	}
	smpp_conn_respond(m->conn, 0, pdu->sequence, SMPP_RINVCMDID, NULL);
}

static void
on_closed(void *arg, const char *why)
{
	struct member *m = arg;
	struct smpp_peer *p = m->peer;

	log_debug(m->id, "smpp_peer_closed", "why=\"%s\"", why);
	map_remove_u64(p->members, m->id);
	if (p->ev.closed != NULL)
		p->ev.closed(p->ev.arg, m->id, why);
	free(m);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int from_len,
    void *arg)
{
	struct smpp_peer *p = arg;
	struct smpp_conn_options o = {
		.id = ++last_id,
		.window = (unsigned)p->o.window,
		.response_ms = p->o.response_ms,
		.enquire_ms = p->o.enquire_ms,
		.tls_server = p->o.tls,
		.request = on_request,
		.closed = on_closed,
	};
	struct member *m;

	(void)listener, (void)from, (void)from_len;
	if (p->refuse || map_count(p->members) >= (size_t)p->o.connections) {
		evutil_closesocket(fd);
		return;
	}
	m = xcalloc(1, sizeof *m);
	m->peer = p;
	m->id = o.id;
	o.arg = m;
	m->conn = smpp_conn_accept(p->loop, &o, fd);
	map_put_u64(p->members, m->id, m);
}

static void
on_accept_failed(struct evconnlistener *listener, void *arg)
{
	struct smpp_peer *p = arg;

	evconnlistener_disable(listener);
	timer_arm(&p->again, ACCEPT_AGAIN_MS);
}

static void
on_again(void *arg)
{
	struct smpp_peer *p = arg;

	evconnlistener_enable(p->listener);
}

struct smpp_peer *
smpp_peer_new(struct loop *l, const struct smpp_peer_options *o, const struct smpp_peer_events *ev,
    char *err, size_t err_size)
{
	struct sockaddr_storage addr;
	struct smpp_peer *p;
	socklen_t len;

	if (!net_parse(o->address, &addr, &len, err, err_size))
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->listener = evconnlistener_new_bind(loop_base(l), on_accept, p,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
	    (struct sockaddr *)&addr, (int)len);
	if (p->listener == NULL || !str_copy(p->system_id, sizeof p->system_id, o->system_id)) {
		str_format(err, err_size, "bind %s: %s", o->address,
		    p->listener == NULL ? evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()) :
		    "system_id has more than 15 octets");
		if (p->listener != NULL)
			evconnlistener_free(p->listener);
		free(p);
		return NULL;
	}
	evconnlistener_set_error_cb(p->listener, on_accept_failed);
	p->loop = l;
	p->o = *o;
	p->o.address = NULL;
	p->o.system_id = p->system_id;
	p->ev = *ev;
	p->members = map_new();
	timer_init(&p->again, l, on_again, p);
	return p;
}

int
smpp_peer_port(const struct smpp_peer *p)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;

	if (getsockname(evconnlistener_get_fd(p->listener), (struct sockaddr *)&addr, &len) != 0)
		return 0;
	return net_port(&addr);
}

static void
abandon_member(void *arg, const void *key, size_t n, void *value)
{
	struct member *m = value;

	(void)arg, (void)key, (void)n;
	smpp_conn_abandon(m->conn, "the peer was freed");
}

static void
free_member(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	free(value);
}

static void
peer_bury(void *arg)
{
	struct smpp_peer *p = arg;

	map_each(p->members, free_member, NULL);
	map_free(p->members);
	free(p);
}

void
smpp_peer_free(struct smpp_peer *p)
{
	if (p == NULL)
		return;
	timer_stop(&p->again);
	evconnlistener_free(p->listener);
	map_each(p->members, abandon_member, NULL);
	loop_bury(p->loop, &p->corpse, peer_bury, p);
}

static struct smpp_conn *
conn_of(const struct smpp_peer *p, uint64_t id)
{
	struct member *m = map_get_u64(p->members, id);

	return m != NULL ? m->conn : NULL;
}

void
smpp_peer_respond(struct smpp_peer *p, uint64_t conn, uint32_t request_id, uint32_t sequence,
    uint32_t status, const char *message_id)
{
	struct smpp_conn *c = conn_of(p, conn);

	if (c != NULL)
		smpp_conn_respond(c, request_id, sequence, status, message_id);
}

void
smpp_peer_request(struct smpp_peer *p, uint64_t conn, struct smpp_out *pdu, uint64_t op,
    smpp_done *done, void *arg)
{
	struct member *m = map_get_u64(p->members, conn);

	if (m == NULL || m->state != MEMBER_BOUND ||
	    !smpp_conn_request(m->conn, pdu, op, done, arg))
		smpp_refuse(p->loop, op, done, arg);
}

struct receivers {
	const char *system_id;
	uint64_t *out;
	size_t max, n;
};

static void
add_receiver(void *arg, const void *key, size_t n, void *value)
{
	struct receivers *r = arg;
	struct member *m = value;

	(void)key, (void)n;
	if (m->state == MEMBER_BOUND && m->bind_id != SMPP_BIND_TRANSMITTER && r->n < r->max &&
	    (r->system_id == NULL || strcmp(r->system_id, m->system_id) == 0))
		r->out[r->n++] = m->id;
}

size_t
smpp_peer_receivers(const struct smpp_peer *p, const char *system_id, uint64_t *out, size_t max)
{
	struct receivers r = { .system_id = system_id, .out = out, .max = max };

	map_each(p->members, add_receiver, &r);
	return r.n;
}

void
smpp_peer_write(struct smpp_peer *p, uint64_t conn, const void *octets, size_t n)
{
	struct smpp_conn *c = conn_of(p, conn);

	if (c != NULL)
		smpp_conn_write(c, octets, n);
}

void
smpp_peer_pause(struct smpp_peer *p, uint64_t conn, bool paused)
{
	struct smpp_conn *c = conn_of(p, conn);

	if (c != NULL)
		smpp_conn_pause(c, paused);
}

void
smpp_peer_close(struct smpp_peer *p, uint64_t conn, const char *why)
{
	struct smpp_conn *c = conn_of(p, conn);

	if (c != NULL)
		smpp_conn_close(c, why);
}

void
smpp_peer_refuse(struct smpp_peer *p, bool refuse)
{
	p->refuse = refuse;
}
