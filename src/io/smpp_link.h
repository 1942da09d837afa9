/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SMPP connection as ESME. States in one table with one door; requests in a window with an id,
 * a deadline and one completion each (enum smpp_end and smpp_done are in smpp_conn.h). The SMSC
 * side is smpp_peer.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/settings.h"
#include "io/smpp_conn.h"
#include "io/smpp_pdu.h"

struct loop;
struct smpp_link;

enum smpp_link_state {
	LINK_CLOSED,
	LINK_CONNECTING,
	LINK_BINDING,
	LINK_BOUND,
	LINK_DRAINING,
	LINK_STATES
};
const char *smpp_link_state_name(enum smpp_link_state s);

struct smpp_link_events {
	/*
	 * deliver_sm and data_sm. Returns the command_status to answer with (0 only when it is safe
	 * with us), or SMPP_ANSWER_LATER: then smpp_link_respond() must follow, with pdu->id and
	 * pdu->sequence as they stand here. The sequence is a ticket of this link, not that of the
	 * wire, so that an answer which comes after a reconnect cannot answer another PDU.
	 */
	uint32_t (*deliver)(void *arg, struct smpp_link *l, const struct smpp_pdu *pdu);
	/* May be NULL. Comes inside smpp_link_drain() too, not inside smpp_link_free(). */
	void (*state)(void *arg, struct smpp_link *l, enum smpp_link_state s);
	void *arg;
};

/*
 * Opens and keeps the link: connects, binds, enquires, reconnects with a growing jittered delay
 * (smpp_reconnect.h). Settings are borrowed.
 */
struct smpp_link *smpp_link_new(struct loop *l, const struct bind_settings *b,
    const struct smpp_link_events *ev);
/*
 * Takes no new request, waits for the answers that are owed both ways, unbinds, closes for good,
 * all within wait_ms; `done` (or NULL) runs later.
 */
void smpp_link_drain(struct smpp_link *l, int64_t wait_ms, void (*done)(void *arg), void *arg);
/* What is under way completes as NO_ANSWER, later. NULL is fine. */
void smpp_link_free(struct smpp_link *l);
enum smpp_link_state smpp_link_state(const struct smpp_link *l);
/* loop_now() time of the next attempt to connect; 0 when none is planned. */
int64_t smpp_link_next_attempt(const struct smpp_link *l);
/* Of a new link: its first attempt is not before that loop_now() time. */
void smpp_link_not_before(struct smpp_link *l, int64_t at);
/* SMS that could be written now, by window and pace. */
unsigned smpp_link_free_window(const struct smpp_link *l);

/*
 * Writes the request (its sequence is chosen here), not after not_after_ms of loop_wall() (0: any
 * time), on a bound link with room in its window and pace; else done gets NOT_WRITTEN. Urgent ones
 * need no room in the pace, and what is sent after them pays for it. done runs exactly once, later.
 */
void smpp_link_request(struct smpp_link *l, struct smpp_out *pdu, uint64_t op,
    int64_t not_after_ms, smpp_done *done, void *arg);
/* Once per ticket; one that is unknown, answered or of a lost connection is ignored. */
void smpp_link_respond(struct smpp_link *l, uint32_t request_id, uint32_t sequence,
    uint32_t status);
