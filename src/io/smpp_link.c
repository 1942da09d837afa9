/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ESME's link: it connects, binds, stays, and comes back. What it sends and hears as octets is
 * smpp_conn's; when to come back is smpp_reconnect's. It keeps no message: a request that cannot be
 * written now is refused, and what was written on a link that broke has no answer; both are for the
 * outbox to judge.
 *
 * Invariants: `conn` is set in every state but CLOSED; the timer is that of the state; state
 * changes only in link_enter.
 */
#include "io/smpp_link.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/pace.h"
#include "core/smpp_outcome.h"
#include "io/loop.h"
#include "io/smpp_conn.h"
#include "io/smpp_reconnect.h"

#define HELD_MAX 256		/* a power of two; PDUs that we owe an answer at once */
#define PACE_UNIT 1000		/* core/pace counts submits in 1000 s */
#define REBIND_MS 5000		/* for what is owed on a link that must bind again, and for its unbind */
#define SCREENS_SHARE 8		/* one request in so many of the window is kept for screens */

struct held {
	uint32_t ticket;	/* 0: free */
	uint32_t id, sequence;	/* as on the wire */
};

struct smpp_link {	/* owned by who made it; freed by loop_bury() only */
	struct loop *loop;
	const struct bind_settings *b;		/* borrowed */
	struct smpp_link_events ev;
	uint64_t id;
	enum smpp_link_state state;
	struct smpp_conn *conn;			/* ours until it says closed */
	struct timer timer;			/* CLOSED: the next attempt; DRAINING: patience */
	struct smpp_reconnect reconnect;
	enum smpp_setback setback;		/* what the end of this connection counts as */
	int64_t bound_at;			/* loop_now(); 0: not bound on this connection */
	struct pace pace;			/* kept over reconnects: the SMSC is the same */
	struct log_limit slower;
	struct held held[HELD_MAX];
	unsigned helds;
	uint32_t ticket;			/* the last one given */
	bool over;				/* drained: never comes back */
	bool again;				/* we unbind, and come back */
	bool unbinding;				/* our unbind was written */
	int64_t patience;			/* of a drain, ms after the unbind */
	void (*drained)(void *arg);
	void *drained_arg;
	struct deferred said;			/* `drained` */
	struct deferred corpse;
};

static void entered_bound(struct smpp_link *l);
static void entered_closed(struct smpp_link *l);

static const struct {
	const char *name;
	unsigned next;			/* states that may follow */
	void (*entered)(struct smpp_link *l);
} state_row[LINK_STATES] = {
	[LINK_CLOSED] = { "closed", 1u << LINK_CONNECTING, entered_closed },
	[LINK_CONNECTING] = { "connecting", 1u << LINK_BINDING | 1u << LINK_CLOSED, NULL },
	[LINK_BINDING] = { "binding", 1u << LINK_BOUND | 1u << LINK_DRAINING | 1u << LINK_CLOSED,
	    NULL },
	[LINK_BOUND] = { "bound", 1u << LINK_DRAINING | 1u << LINK_CLOSED, entered_bound },
	[LINK_DRAINING] = { "draining", 1u << LINK_CLOSED, NULL },
};

static const uint32_t bind_id[] = {
	[BIND_TRANSCEIVER] = SMPP_BIND_TRANSCEIVER,
	[BIND_TRANSMITTER] = SMPP_BIND_TRANSMITTER,
	[BIND_RECEIVER] = SMPP_BIND_RECEIVER,
};

static uint64_t last_id;

const char *
smpp_link_state_name(enum smpp_link_state s)
{
	return state_row[s].name;
}

static void
link_enter(struct smpp_link *l, enum smpp_link_state to)
{
	enum smpp_link_state from = l->state;

	if (!(state_row[from].next & 1u << to))
		fatalx("smpp_link: %s -> %s", state_row[from].name, state_row[to].name);
	log_debug(l->id, "smpp_link", "bind=%s from=%s to=%s", l->b->name, state_row[from].name,
	    state_row[to].name);
	if (from == LINK_BOUND)
		metric_add(M_SMPP_LINKS_BOUND, -1);
	timer_stop(&l->timer);
	l->state = to;
	if (state_row[to].entered != NULL)
		state_row[to].entered(l);
	if (l->ev.state != NULL)
		l->ev.state(l->ev.arg, l, to);
}

static void
entered_bound(struct smpp_link *l)
{
	metric_add(M_SMPP_LINKS_BOUND, 1);
	metric_add(M_SMPP_BINDS, 1);
	l->bound_at = loop_now(l->loop);
	smpp_conn_watch(l->conn);
}

static void
entered_closed(struct smpp_link *l)
{
	l->conn = NULL;
	memset(l->held, 0, sizeof l->held);
	l->helds = 0;
	l->again = l->unbinding = false;
}

static void
say_drained(void *arg)
{
	struct smpp_link *l = arg;

	if (l->drained != NULL)
		l->drained(l->drained_arg);
}

static void
plan_next(struct smpp_link *l, const char *why)
{
	int64_t bound_ms = l->bound_at != 0 ? loop_now(l->loop) - l->bound_at : 0, wait;
	uint32_t chance = 0;

	if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance)
		chance = (uint32_t)loop_wall(l->loop);
	wait = smpp_reconnect_delay(&l->reconnect, l->setback, bound_ms, chance);
	/* A refused account needs a person; everything else mends itself. */
	log_at(l->setback == SETBACK_REFUSED ? LOG_ERROR : LOG_WARN, l->id, "smpp_link_down",
	    "bind=%s bound_ms=%" PRId64 " next_ms=%" PRId64 " tries=%u why=\"%s\"", l->b->name,
	    bound_ms, wait, l->reconnect.tries, why);
	timer_arm(&l->timer, wait);
}

static void
on_closed(void *arg, const char *why)
{
	struct smpp_link *l = arg;

	if (l->state == LINK_BOUND)
		metric_add(M_SMPP_LINKS_LOST, 1);
	link_enter(l, LINK_CLOSED);
	if (!l->over) {
		plan_next(l, why);
	} else {
		log_info(l->id, "smpp_link_end", "bind=%s why=\"%s\"", l->b->name, why);
		loop_defer(l->loop, &l->said, say_drained, l);
	}
}

static void
on_bind_answer(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct smpp_link *l = arg;
	char why[64];

	(void)op;
	if (l->state != LINK_BINDING)
		return;
	if (end != SMPP_ANSWERED) {
		smpp_conn_close(l->conn, "no answer to bind");
	} else if (resp->status == SMPP_ROK && resp->id != (uint32_t)SMPP_GENERIC_NACK) {
		link_enter(l, LINK_BOUND);
		log_info(l->id, "smpp_link_up", "bind=%s tls=%s", l->b->name,
		    !l->b->has_tls ? "no" : l->b->tls.unverified ? "unverified" : "verified");
	} else {
		metric_add(M_SMPP_BINDS_REFUSED, 1);
		l->setback = smpp_setback_of(resp->status);
		str_format(why, sizeof why, "bind refused: %s 0x%" PRIx32,
		    smpp_status_name(resp->status), resp->status);
		smpp_conn_close(l->conn, why);
	}
}

static void
on_up(void *arg)
{
	struct smpp_link *l = arg;
	struct smpp_out bind = { .id = bind_id[l->b->mode],
		.system_id = l->b->system_id,
		.password = l->b->password,
		.system_type = l->b->system_type };

	link_enter(l, LINK_BINDING);
	if (!smpp_conn_request(l->conn, &bind, 0, on_bind_answer, l))
		smpp_conn_close(l->conn, "the bind cannot be written");
}

static void
on_unbind_answer(void *arg, uint64_t op, enum smpp_end end, const struct smpp_pdu *resp)
{
	struct smpp_link *l = arg;

	(void)op, (void)resp;
	if (l->state != LINK_DRAINING || l->conn == NULL)
		return;
	if (end != SMPP_ANSWERED)
		smpp_conn_close(l->conn, "no answer to unbind");
	else
		smpp_conn_close(l->conn, l->again ? "an answer said: not bound" : "unbound");
}

/* Writes the unbind when nothing is owed either way, or when `now`. */
static void
unbind_when_quiet(struct smpp_link *l, bool now)
{
	struct smpp_out unbind = { .id = SMPP_UNBIND };

	if (l->state != LINK_DRAINING || !(l->over || l->again) || l->unbinding ||
	    (!now && (smpp_conn_waiting(l->conn) > 0 || l->helds > 0)))
		return;
	l->unbinding = true;
	if (!smpp_conn_request(l->conn, &unbind, 0, on_unbind_answer, l))
		smpp_conn_close(l->conn, "the unbind cannot be written");
	else
		timer_arm(&l->timer, l->patience);
}

static void
on_quiet(void *arg)
{
	unbind_when_quiet(arg, false);
}

/* The SMSC has forgotten our bind or thinks little of it: only a new one helps. */
static void
bind_again(struct smpp_link *l, uint32_t status)
{
	if (l->state != LINK_BOUND)
		return;
	metric_add(M_SMPP_REBINDS, 1);
	log_warn(l->id, "smpp_rebind", "bind=%s status=%s/0x%" PRIx32, l->b->name,
	    smpp_status_name(status), status);
	l->again = true;
	l->patience = REBIND_MS;
	link_enter(l, LINK_DRAINING);
	/* The state event may have ended the link. The rest follows in on_quiet. */
	if (l->conn != NULL)
		timer_arm(&l->timer, l->patience);
}

static bool
is_traffic(uint32_t id)
{
	return id == SMPP_SUBMIT_SM || id == SMPP_DATA_SM;
}

static void
say_slower(struct smpp_link *l, uint32_t status)
{
	unsigned held;

	if (!log_limited(&l->slower, &held))
		log_info(l->id, "smpp_slower", "bind=%s status=%s/0x%" PRIx32 " per_1000_s=%" PRId64 " held=%u",
		    l->b->name, smpp_status_name(status), status, pace_rate(&l->pace), held);
}

static void
on_answered(void *arg, uint32_t request_id, const struct smpp_pdu *resp)
{
	struct smpp_link *l = arg;
	int64_t now = loop_now(l->loop);

	if (!is_traffic(request_id))
		return;
	switch (smpp_outcome(resp->status, l->b->statuses, (size_t)l->b->statuses_n)) {
	case SMPP_OUTCOME_ACCEPTED:
		pace_on_accepted(&l->pace, now);
		break;
	case SMPP_OUTCOME_SLOW:
		metric_add(M_SMPP_THROTTLED, 1);
		pace_on_throttled(&l->pace, now);
		say_slower(l, resp->status);
		break;
	case SMPP_OUTCOME_REBIND:
		bind_again(l, resp->status);
		break;
	default:	/* about this message only */
		break;
	}
}

static struct held *
held_take(struct smpp_link *l)
{
	if (l->helds == HELD_MAX)
		return NULL;
	do
		l->ticket = l->ticket >= 0x7fffffff ? 1 : l->ticket + 1;
	while (l->held[l->ticket & (HELD_MAX - 1)].ticket != 0);
	return &l->held[l->ticket & (HELD_MAX - 1)];
}

static void
on_deliver(struct smpp_link *l, const struct smpp_pdu *pdu)
{
	struct smpp_pdu mine = *pdu;
	struct held *h = held_take(l);
	uint32_t ticket = l->ticket, status;

	if (h == NULL || l->state == LINK_DRAINING) {
		smpp_conn_respond(l->conn, pdu->id, pdu->sequence, SMPP_RX_T_APPN, NULL);
		return;
	}
	*h = (struct held){ .ticket = ticket, .id = pdu->id, .sequence = pdu->sequence };
	l->helds++;
	mine.sequence = ticket;
	status = l->ev.deliver(l->ev.arg, l, &mine);
	if (status != SMPP_ANSWER_LATER)
		smpp_link_respond(l, pdu->id, ticket, status);
}

static void
on_enquire(struct smpp_link *l, const struct smpp_pdu *pdu)
{
	smpp_conn_respond(l->conn, pdu->id, pdu->sequence, SMPP_ROK, NULL);
}

static void
on_unbind(struct smpp_link *l, const struct smpp_pdu *pdu)
{
	if (l->state == LINK_BOUND)
		metric_add(M_SMPP_LINKS_LOST, 1);
	if (l->state != LINK_DRAINING)
		link_enter(l, LINK_DRAINING);
	/* The state event may have ended the link. */
	if (l->conn == NULL)
		return;
	smpp_conn_respond(l->conn, pdu->id, pdu->sequence, SMPP_ROK, NULL);
	smpp_conn_finish(l->conn, "unbind by the SMSC");
}

static void
on_nothing(struct smpp_link *l, const struct smpp_pdu *pdu)
{
	(void)l, (void)pdu;
}

#define WHEN_BOUND (1u << LINK_BOUND | 1u << LINK_DRAINING)
#define WHEN_OPEN (1u << LINK_BINDING | WHEN_BOUND)

static const struct {
	uint32_t id;
	unsigned when;			/* states in which it is welcome */
	void (*on)(struct smpp_link *l, const struct smpp_pdu *pdu);
} welcome[] = {
	{ SMPP_DELIVER_SM, WHEN_BOUND, on_deliver },
	{ SMPP_DATA_SM, WHEN_BOUND, on_deliver },
	{ SMPP_ENQUIRE_LINK, WHEN_OPEN, on_enquire },
	{ SMPP_UNBIND, WHEN_OPEN, on_unbind },
	{ SMPP_ALERT_NOTIFICATION, WHEN_OPEN, on_nothing },	/* has no response */
	{ SMPP_OUTBIND, WHEN_OPEN, on_nothing },		/* we are bound or binding anyway */
};

static void
on_request(void *arg, const struct smpp_pdu *pdu)
{
	struct smpp_link *l = arg;

	for (size_t i = 0; i < NELEM(welcome); i++) {
		if (welcome[i].id != pdu->id)
			continue;
		if (welcome[i].when & 1u << l->state)
			welcome[i].on(l, pdu);
		else
			smpp_conn_respond(l->conn, pdu->id, pdu->sequence, SMPP_RINVBNDSTS, NULL);
		return;
	}
	smpp_conn_respond(l->conn, 0, pdu->sequence, SMPP_RINVCMDID, NULL);
}

static void
link_connect(struct smpp_link *l)
{
	const struct smpp_conn_options o = {
		.id = l->id,
		.window = (unsigned)l->b->window,
		.response_ms = (int64_t)l->b->response_s * 1000,
		.enquire_ms = (int64_t)l->b->enquire_link_s * 1000,
		.tls = l->b->has_tls ? &l->b->tls : NULL,
		.up = on_up,
		.request = on_request,
		.answered = on_answered,
		.quiet = on_quiet,
		.closed = on_closed,
		.arg = l,
	};

	l->setback = SETBACK_LOST;
	l->bound_at = 0;
	l->conn = smpp_conn_connect(l->loop, &o, l->b->host, l->b->port);
	link_enter(l, LINK_CONNECTING);
}

static void
on_timer(void *arg)
{
	struct smpp_link *l = arg;

	if (l->state == LINK_CLOSED)
		link_connect(l);
	else if (!l->unbinding)
		unbind_when_quiet(l, true);
	else
		smpp_conn_close(l->conn, "no answer to unbind in time");
}

static void
pace_begin(struct smpp_link *l)
{
	int64_t links = l->b->links > 0 ? l->b->links : 1, floor = PACE_UNIT, ceiling = 0;

	if (l->b->throughput > 0) {
		ceiling = (int64_t)l->b->throughput * PACE_UNIT / links;
		ceiling = ceiling > 1 ? ceiling : 1;
		floor = ceiling / 10 > floor ? ceiling / 10 : floor;
		floor = floor < ceiling ? floor : ceiling;
	}
	pace_init(&l->pace, floor, ceiling, loop_now(l->loop));
}

struct smpp_link *
smpp_link_new(struct loop *loop, const struct bind_settings *b, const struct smpp_link_events *ev)
{
	struct smpp_link *l = xcalloc(1, sizeof *l);

	l->loop = loop;
	l->b = b;
	l->ev = *ev;
	l->id = ++last_id;
	l->state = LINK_CLOSED;
	l->reconnect = (struct smpp_reconnect){ .min_ms = (int64_t)b->reconnect_min_s * 1000,
		.max_ms = (int64_t)b->reconnect_max_s * 1000 };
	pace_begin(l);
	timer_init(&l->timer, loop, on_timer, l);
	timer_arm(&l->timer, 0);
	return l;
}

void
smpp_link_drain(struct smpp_link *l, int64_t wait_ms, void (*done)(void *arg), void *arg)
{
	struct smpp_conn *c = l->conn;

	l->over = true;
	l->drained = done;
	l->drained_arg = arg;
	/* Half of the time for what is owed, half for the answer to unbind. */
	l->patience = wait_ms / 2;
	switch (l->state) {
	case LINK_BOUND:
		link_enter(l, LINK_DRAINING);
		/* fall through */
	case LINK_DRAINING:		/* also when it is the SMSC that unbinds */
		timer_arm(&l->timer, l->patience);
		unbind_when_quiet(l, false);
		break;
	default:
		if (l->state != LINK_CLOSED)
			link_enter(l, LINK_CLOSED);
		smpp_conn_abandon(c, "drained before it was bound");
		timer_stop(&l->timer);
		loop_defer(l->loop, &l->said, say_drained, l);
	}
}

void
smpp_link_free(struct smpp_link *l)
{
	struct smpp_conn *c;

	if (l == NULL)
		return;
	c = l->conn;
	l->ev.state = NULL;
	if (l->state != LINK_CLOSED)
		link_enter(l, LINK_CLOSED);
	smpp_conn_abandon(c, "the link was freed");
	timer_stop(&l->timer);
	loop_undefer(&l->said);
	loop_bury(l->loop, &l->corpse, free, l);
}

enum smpp_link_state
smpp_link_state(const struct smpp_link *l)
{
	return l->state;
}

int64_t
smpp_link_next_attempt(const struct smpp_link *l)
{
	return l->state == LINK_CLOSED ? l->timer.at : 0;
}

void
smpp_link_not_before(struct smpp_link *l, int64_t at)
{
	int64_t now = loop_now(l->loop);

	if (l->state == LINK_CLOSED && at > now)
		timer_arm(&l->timer, at - now);
}

/* Screens have a slot for themselves, so that a window full of SMS does not stop a dialogue. */
static unsigned
sms_room(const struct smpp_link *l)
{
	unsigned window = (unsigned)l->b->window, room = smpp_conn_room(l->conn), kept = 0;

	if (l->b->has_ussd && window > 1)
		kept = (window + SCREENS_SHARE - 1) / SCREENS_SHARE;
	return room > kept ? room - kept : 0;
}

unsigned
smpp_link_free_window(const struct smpp_link *l)
{
	unsigned room, paced;

	if (l->state != LINK_BOUND || l->b->mode == BIND_RECEIVER)
		return 0;
	room = sms_room(l);
	paced = (unsigned)pace_free(&l->pace, loop_now(l->loop));
	return paced < room ? paced : room;
}

static bool
may_be_written(const struct smpp_link *l, const struct smpp_out *pdu, int64_t not_after_ms)
{
	if (l->state != LINK_BOUND || (not_after_ms != 0 && loop_wall(l->loop) > not_after_ms))
		return false;
	if (!is_traffic(pdu->id) || l->b->mode == BIND_RECEIVER)
		return !is_traffic(pdu->id);
	if (pdu->urgent)
		return true;
	if (sms_room(l) == 0) {
		metric_add(M_SMPP_WINDOW_FULL, 1);
		return false;
	}
	return pace_free(&l->pace, loop_now(l->loop)) > 0;
}

void
smpp_link_request(struct smpp_link *l, struct smpp_out *pdu, uint64_t op, int64_t not_after_ms,
    smpp_done *done, void *arg)
{
	if (!may_be_written(l, pdu, not_after_ms) ||
	    !smpp_conn_request(l->conn, pdu, op, done, arg))
		smpp_refuse(l->loop, op, done, arg);
	else if (is_traffic(pdu->id))
		pace_take(&l->pace, loop_now(l->loop));
}

void
smpp_link_respond(struct smpp_link *l, uint32_t request_id, uint32_t sequence, uint32_t status)
{
	struct held *h = &l->held[sequence & (HELD_MAX - 1)];

	if (sequence == 0 || h->ticket != sequence || h->id != request_id) {
		log_debug(l->id, "smpp_respond_late", "bind=%s", l->b->name);
		return;
	}
	h->ticket = 0;
	l->helds--;
	smpp_conn_respond(l->conn, h->id, h->sequence, status, NULL);
	unbind_when_quiet(l, false);
}
