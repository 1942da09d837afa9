/* SPDX-License-Identifier: Apache-2.0 */
#include "core/message.h"

#include "base/str.h"

#define SECOND INT64_C(1000)

static const struct rec_field fields[] = {
	REC(1, REC_STR, message, id), REC(2, REC_STR, message, tenant), REC(3, REC_INT, message, cls),
	REC(4, REC_STR, message, to), REC(5, REC_STR, message, text), REC(6, REC_INT, message, state),
	REC(7, REC_INT, message, route), REC(8, REC_INT, message, tries),
	REC(9, REC_INT, message, attempts), REC(10, REC_I64, message, created_at),
	REC(11, REC_I64, message, deadline), REC(12, REC_I64, message, next_at),
	REC(13, REC_INT, message, status), REC(14, REC_STR, message, provider_id),
	REC(15, REC_STR, message, intent_owner), REC(16, REC_STR, message, intent_id),
	REC(40, REC_STR, message, channel),
};

static const char *const state_name[MESSAGE_STATES] = {
	"waiting", "sending", "sent", "delivered", "failed", "expired", "unknown", "withdrawn",
};

/* A token or a result is the same text however often it comes; a notice twice is a nuisance. */
static const bool repeatable[MSG_CLASSES] = { [MSG_TOKEN] = true, [MSG_RESULT] = true };

void
message_encode(const struct message *m, struct buf *out)
{
	rec_encode(fields, NELEM(fields), m, &m->rest, out);
}

bool
message_decode(const void *octets, size_t n, struct message *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->state < MESSAGE_STATES && (unsigned)out->cls < MSG_CLASSES;
}

const char *
message_state_name(enum message_state s)
{
	return state_name[s];
}

bool
message_final(const struct message *m)
{
	return m->state >= MESSAGE_SENT;
}

/* The next try on this route, the next route, or the end. */
static void
again(struct message *m, const struct message_rules *rules, int64_t now, bool same_route)
{
	int step = m->tries < 8 ? m->tries : 8;

	m->state = MESSAGE_WAITING;
	m->next_at = now + step * step * SECOND;
	if (same_route && m->tries < rules->tries)
		return;
	m->route++;
	m->tries = 0;
	m->next_at = now;
	if (m->route >= rules->routes)
		m->state = MESSAGE_FAILED;
}

static void
no_answer(struct message *m, const struct message_rules *rules, int64_t now)
{
	if (repeatable[m->cls])
		again(m, rules, now, true);
	else
		m->state = MESSAGE_UNKNOWN;
}

bool
message_ready(struct message *m, const struct message_rules *rules, int64_t now)
{
	if (message_final(m))
		return false;
	if (m->state == MESSAGE_SENDING)
		no_answer(m, rules, now);
	if (m->state == MESSAGE_WAITING && now >= m->deadline)
		m->state = MESSAGE_EXPIRED;
	else if (m->state == MESSAGE_WAITING && m->route >= rules->routes)
		m->state = MESSAGE_FAILED;	/* routes were taken away meanwhile */
	return m->state == MESSAGE_WAITING && now >= m->next_at;
}

void
message_sending(struct message *m, int64_t now, int64_t lease_ms)
{
	m->state = MESSAGE_SENDING;
	m->tries++;
	m->attempts++;
	m->next_at = now + lease_ms;
}

void
message_on_answer(struct message *m, const struct message_rules *rules, int64_t now, enum message_answer a,
    int status, const char *provider_id)
{
	m->status = status;
	switch (a) {
	case MESSAGE_ACCEPTED:
		m->state = MESSAGE_SENT;
		if (!str_copy(m->provider_id, sizeof m->provider_id, provider_id))
			m->provider_id[0] = '\0';
		break;
	case MESSAGE_LATER:
		/* Not sent, through no fault of the message: the deadline bounds it, not the tries. */
		m->state = MESSAGE_WAITING;
		m->tries--;
		m->next_at = now + 2 * SECOND;
		break;
	case MESSAGE_FEW:
		again(m, rules, now, true);
		break;
	case MESSAGE_REFUSED:
		again(m, rules, now, false);
		break;
	case MESSAGE_TOO_LATE:
		m->state = MESSAGE_EXPIRED;
		break;
	case MESSAGE_NO_ANSWER:
		no_answer(m, rules, now);
		break;
	}
	if (m->state == MESSAGE_WAITING && now >= m->deadline)
		m->state = MESSAGE_EXPIRED;
}

bool
message_on_receipt(struct message *m, bool delivered, bool failed)
{
	if (m->state == MESSAGE_DELIVERED || (m->state == MESSAGE_FAILED && !delivered))
		return false;
	if (delivered)
		m->state = MESSAGE_DELIVERED;
	else if (failed)
		m->state = MESSAGE_FAILED;
	return delivered || failed;
}
