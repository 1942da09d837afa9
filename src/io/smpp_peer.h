/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SMSC side of SMPP, for the sandbox and the tests: listens, takes binds, hands requests up,
 * sends deliver_sm. Connections are known by an id that is never used again; a call with the id of
 * one that has ended does no harm. Framing, window and deadlines are those of smpp_link
 * (smpp_conn.c). It stores nothing and routes nothing.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/smpp_conn.h"
#include "io/smpp_pdu.h"

struct loop;
struct smpp_peer;
struct ssl_ctx_st;

#define SMPP_MESSAGE_ID 66	/* room for a message_id; 64 octets may be sent */

/* Each may be NULL; what then happens is said. PDUs are borrowed during the call. */
struct smpp_peer_events {
	/* pdu->id, system_id, password of a bind_*. Returns what to answer, 0 accepts. NULL: 0. */
	uint32_t (*bind)(void *arg, uint64_t conn, const struct smpp_pdu *pdu);
	/*
	 * submit_sm and data_sm of a bound connection. Returns the command_status to answer with
	 * now, 0 with the id written to message_id, or SMPP_ANSWER_LATER: then
	 * smpp_peer_respond(), or never, as a fault. NULL: RSYSERR.
	 */
	uint32_t (*request)(void *arg, uint64_t conn, const struct smpp_pdu *pdu,
	    char message_id[SMPP_MESSAGE_ID]);
	/* false leaves it without an answer, as a fault. NULL: true. An answered unbind closes. */
	bool (*enquire)(void *arg, uint64_t conn);
	bool (*unbind)(void *arg, uint64_t conn);
	/* Once for each connection that was accepted. */
	void (*closed)(void *arg, uint64_t conn, const char *why);
	void *arg;
};

struct smpp_peer_options {
	const char *address;	/* numeric: "127.0.0.1:2775", "[::1]:0"; port 0: any */
	const char *system_id;	/* what bind_*_resp says */
	int connections;	/* at most; more are closed at once */
	int window;		/* our unanswered requests per connection */
	int64_t response_ms;	/* an answer to ours is waited for this long */
	int64_t enquire_ms;	/* silence after which we send enquire_link; 0: never */
	struct ssl_ctx_st *tls;	/* borrowed; NULL: plain */
};

/* Options and events are copied. NULL with the reason in err. */
struct smpp_peer *smpp_peer_new(struct loop *l, const struct smpp_peer_options *o,
    const struct smpp_peer_events *ev, char *err, size_t err_size);
int smpp_peer_port(const struct smpp_peer *p);
/* Closes all; requests under way end as NO_ANSWER, later; no event comes any more. NULL is fine. */
void smpp_peer_free(struct smpp_peer *p);

/* Answers a request: id and sequence as they stood in its PDU; message_id may be NULL. */
void smpp_peer_respond(struct smpp_peer *p, uint64_t conn, uint32_t request_id, uint32_t sequence,
    uint32_t status, const char *message_id);
/*
 * Sends a request (deliver_sm, data_sm, enquire_link, unbind; its sequence is chosen here). done
 * runs exactly once, in a later turn of the loop; NOT_WRITTEN when the connection is gone, not
 * bound, or its window is full.
 */
void smpp_peer_request(struct smpp_peer *p, uint64_t conn, struct smpp_out *pdu, uint64_t op,
    smpp_done *done, void *arg);
/*
 * Bound connections that may receive (receiver or transceiver), of one system_id or any (NULL), in
 * no order. Their ids go to out; how many is the result.
 */
size_t smpp_peer_receivers(const struct smpp_peer *p, const char *system_id, uint64_t *out,
    size_t max);

/* Faults on demand: octets as they are; no more reading; the end; whoever connects is closed. */
void smpp_peer_write(struct smpp_peer *p, uint64_t conn, const void *octets, size_t n);
void smpp_peer_pause(struct smpp_peer *p, uint64_t conn, bool paused);
void smpp_peer_close(struct smpp_peer *p, uint64_t conn, const char *why);
void smpp_peer_refuse(struct smpp_peer *p, bool refuse);
