/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two sides of SMPP share: one TCP connection with whole PDUs in, PDUs out, and the window
 * of requests that wait for their answer. It knows neither binds nor states; smpp_link and
 * smpp_peer do.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "io/smpp_pdu.h"

struct loop;
struct ssl_ctx_st;
struct tls_settings;
struct smpp_conn;

enum smpp_end {
	SMPP_ANSWERED,		/* resp is there, whatever its status */
	SMPP_NOT_WRITTEN,	/* no link, window full, or past not_after: certainly not sent */
	SMPP_NO_ANSWER		/* written; the link was lost or the deadline passed */
};
typedef void smpp_done(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp);

#define SMPP_ANSWER_LATER 0xffffffffu

struct smpp_conn_options {
	uint64_t id;		/* for the log */
	uint32_t sequence;	/* ours begin after it */
	unsigned window;	/* messages without an answer; binds and the like do not count */
	int64_t response_ms;	/* limit of a wait for an answer, and of output standing still */
	int64_t enquire_ms;	/* silence after which enquire_link is sent; 0: never */
	const struct tls_settings *tls;	/* of one that connects; NULL: plain */
	struct ssl_ctx_st *tls_server;	/* of one that was accepted; borrowed; NULL: plain */
	/* Connected, and verified where it is TLS. May be NULL for accepted ones. */
	void (*up)(void *arg);
	/* A request that could be read; one that could not was answered already. */
	void (*request)(void *arg, const struct smpp_pdu *pdu);
	/* Before the `done` of a request that was answered. May be NULL. */
	void (*answered)(void *arg, uint32_t request_id, const struct smpp_pdu *resp);
	/* The last waiting request has ended. May be NULL. */
	void (*quiet)(void *arg);
	/* Once, never on the stack of a call from outside. */
	void (*closed)(void *arg, const char *why);
	void *arg;
};

/*
 * A host that is a number is connected to directly; a name is looked up (hosts file, DNS) without
 * blocking. A failure is told by `closed`, so the result is never NULL.
 */
struct smpp_conn *smpp_conn_connect(struct loop *l, const struct smpp_conn_options *o,
    const char *host, int port);
struct smpp_conn *smpp_conn_accept(struct loop *l, const struct smpp_conn_options *o, int fd);
/* From now on enquire_link is sent; called when the bind stands (none may be sent before). */
void smpp_conn_watch(struct smpp_conn *c);
/*
 * Writes a request, choosing its sequence; `done` then runs exactly once, later. false: certainly
 * not written (window full, closed, too much unwritten output, fields that SMPP cannot carry), and
 * done will not run.
 */
bool smpp_conn_request(struct smpp_conn *c, struct smpp_out *pdu, uint64_t op, smpp_done *done,
    void *arg) MUST_CHECK;
/* Runs done(arg, op, NOT_WRITTEN, NULL) in a later turn. */
void smpp_refuse(struct loop *l, uint64_t op, smpp_done *done, void *arg);
/* Responses and generic_nack; ours to send at any time. */
void smpp_conn_send(struct smpp_conn *c, const struct smpp_out *pdu);
/* The response to a request; request_id 0 makes it a generic_nack. message_id may be NULL. */
void smpp_conn_respond(struct smpp_conn *c, uint32_t request_id, uint32_t sequence,
    uint32_t status, const char *message_id);
void smpp_conn_write(struct smpp_conn *c, const void *p, size_t n);	/* octets as they are */
void smpp_conn_pause(struct smpp_conn *c, bool paused);			/* reading */
unsigned smpp_conn_waiting(const struct smpp_conn *c);	/* requests without an answer, all kinds */
unsigned smpp_conn_room(const struct smpp_conn *c);	/* messages that would be written now */

/* Reads no more; closes when what is written has left, or stands still. */
void smpp_conn_finish(struct smpp_conn *c, const char *why);
/* At once. Requests end as NO_ANSWER and `closed` is called, both later; then c is gone. */
void smpp_conn_close(struct smpp_conn *c, const char *why);
/* The same without `closed`: the owner forgets c. NULL is fine. */
void smpp_conn_abandon(struct smpp_conn *c, const char *why);
