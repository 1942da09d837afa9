/* SPDX-License-Identifier: Apache-2.0 */
#include "core/message.h"

#include "base/str.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define BACKOFF_STEPS 8			/* 1 s, 4 s, 9 s ... 64 s */
#define NO_ROOM_LEAST 250		/* between two looks at a route that is full: a quarter of how long it was */
#define NO_ROOM_MOST (5 * SECOND)
#define UNSURE_BITS 62			/* of attempts that are told apart; those beyond stay in doubt */
#define FOLLOWS_FOR (30 * SECOND)	/* then what was said before it has its trouble, which is not this one's */
#define FOLLOWS_LEAST 50
#define HANDED_FOR (15 * SECOND)	/* a quarter of the least patience: one that nobody took is looked at in time */

static const struct rec_field fields[] = {
	REC(1, REC_STR, message, id), REC(2, REC_STR, message, tenant), REC(3, REC_INT, message, cls),
	REC(4, REC_STR, message, to), REC(5, REC_STR, message, text), REC(6, REC_INT, message, state),
	REC(7, REC_INT, message, route), REC(8, REC_INT, message, tries),
	REC(9, REC_INT, message, attempts), REC(10, REC_I64, message, created_at),
	REC(11, REC_I64, message, deadline), REC(12, REC_I64, message, next_at),
	REC(13, REC_INT, message, status), REC(14, REC_STR, message, provider_id),
	REC(15, REC_STR, message, intent_owner), REC(16, REC_STR, message, intent_id),
	REC(17, REC_INT, message, spent), REC(18, REC_I64, message, no_room_since),
	REC(19, REC_STR, message, via), REC(20, REC_STR, message, why),
	REC(21, REC_STR, message, handed_to),
	REC(40, REC_STR, message, channel), REC(41, REC_STR, message, user), REC(42, REC_STR, message, lang),
	REC(43, REC_STR, message, after), REC(44, REC_I64, message, hands), REC(45, REC_BOOL, message, elsewhere),
	REC(46, REC_BOOL, message, window_over),
	REC(90, REC_I64, message, unsure), REC(91, REC_INT, message, told),
};

static const char *const state_name[MESSAGE_STATES] = {
	"waiting", "sending", "sent", "delivered", "failed", "expired", "unknown", "withdrawn",
};

static const struct {
	bool repeatable;	/* the same text however often it comes; a notice twice is a nuisance */
	int64_t patience;	/* with a route that has no room, when another one has */
} class_rule[MSG_CLASSES] = {
	[MSG_TOKEN] = { true, MINUTE },
	[MSG_RESULT] = { true, MINUTE },
	[MSG_NOTICE] = { false, 10 * MINUTE },
};

void
message_encode(const struct message *m, struct buf *out)
{
	rec_encode(fields, NELEM(fields), m, &m->rest, out);
}

bool
message_decode(const void *octets, size_t n, struct message *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->state < MESSAGE_STATES && (unsigned)out->cls < MSG_CLASSES &&
	    (unsigned)out->route <= ROUTES_MAX && (unsigned)out->told <= TOLD_ARRIVED;
}

const char *
message_state_name(enum message_state s)
{
	return state_name[s];
}

enum message_class
message_rank(const struct message *m)
{
	return m->channel[0] != '\0' ? MSG_NOTICE : m->cls;
}

bool
message_final(const struct message *m)
{
	return m->state >= MESSAGE_SENT;
}

bool
message_dead(const struct message *m)
{
	return m->state == MESSAGE_FAILED || m->state == MESSAGE_EXPIRED || m->state == MESSAGE_UNKNOWN;
}

static void
end(struct message *m, enum message_state state, const char *why)
{
	m->state = state;
	str_copy(m->why, sizeof m->why, why);
}

static int64_t
unsure_bit(int attempt)
{
	return INT64_C(1) << (attempt >= 1 && attempt <= UNSURE_BITS ? attempt - 1 : UNSURE_BITS);
}

/* It came to nothing, as far as we know: an attempt without an answer may have arrived all the same. */
static enum message_state
came_to_nothing(const struct message *m, enum message_state how)
{
	return m->unsure != 0 ? MESSAGE_UNKNOWN : how;
}

/* Of a token that ended so. */
static enum message_told
news_of(const struct message *m)
{
	static const enum message_told news[MESSAGE_STATES] = {
		[MESSAGE_FAILED] = TOLD_UNDELIVERED, [MESSAGE_EXPIRED] = TOLD_UNDELIVERED,
		[MESSAGE_UNKNOWN] = TOLD_UNSURE, [MESSAGE_DELIVERED] = TOLD_ARRIVED,
	};

	return m->cls == MSG_TOKEN ? news[m->state] : TOLD_NOTHING;
}

enum message_told
message_news(const struct message *m)
{
	enum message_told news = news_of(m);

	if (news == m->told || (news == TOLD_ARRIVED && m->told == TOLD_NOTHING))
		return TOLD_NOTHING;
	return news;
}

/* The first route behind this one, round and round, that had not all its tries and is among `which`. */
static bool
find_route(struct message *m, const struct message_rules *rules, unsigned which)
{
	for (int k = 1; k <= rules->routes; k++) {
		int route = (m->route + k) % rules->routes;

		if (route != m->route && ((unsigned)m->spent & 1u << route) == 0 && (which & 1u << route) != 0) {
			m->route = route;
			m->tries = 0;
			m->no_room_since = 0;
			return true;
		}
	}
	return false;
}

static void
next_route(struct message *m, const struct message_rules *rules, int64_t now)
{
	m->spent |= (int)(1u << m->route);
	m->state = find_route(m, rules, ~0u) ? MESSAGE_WAITING : came_to_nothing(m, MESSAGE_FAILED);
	m->next_at = now;
}

/* The next try on this route, or the next route. */
static void
again(struct message *m, const struct message_rules *rules, int64_t now, const char *why)
{
	int step = m->tries < BACKOFF_STEPS ? m->tries : BACKOFF_STEPS;

	end(m, MESSAGE_WAITING, why);
	m->next_at = now + step * step * SECOND;
	if (m->tries >= rules->tries)
		next_route(m, rules, now);
}

static void
no_answer(struct message *m, const struct message_rules *rules, int64_t now)
{
	m->unsure |= unsure_bit(m->attempts);
	if (class_rule[m->cls].repeatable)
		again(m, rules, now, "no answer");
	else
		end(m, MESSAGE_UNKNOWN, "no answer");
	/* On the next route, too: it would be said twice there. */
	if (m->state == MESSAGE_WAITING && m->next_at < now + rules->doubt_ms)
		m->next_at = now + rules->doubt_ms;
}

static void
expire(struct message *m, int64_t now)
{
	if (m->state != MESSAGE_WAITING || now < m->deadline)
		return;
	m->state = came_to_nothing(m, MESSAGE_EXPIRED);
	if (m->why[0] == '\0')
		str_copy(m->why, sizeof m->why, "no room in time");
}

bool
message_ready(struct message *m, const struct message_rules *rules, int64_t now)
{
	if (message_final(m))
		return false;
	if (m->state == MESSAGE_SENDING)
		no_answer(m, rules, now);
	expire(m, now);
	/* The configuration may have fewer routes than when it was put there. */
	if (m->state == MESSAGE_WAITING && m->route >= rules->routes && !find_route(m, rules, ~0u))
		end(m, came_to_nothing(m, MESSAGE_FAILED), "no such route any more");
	return m->state == MESSAGE_WAITING && (now >= m->next_at || m->handed_to[0] != '\0');
}

void
message_sending(struct message *m, int64_t now, int64_t lease_ms)
{
	m->state = MESSAGE_SENDING;
	m->handed_to[0] = '\0';
	m->tries++;
	m->attempts++;
	m->next_at = now + lease_ms;
}

bool
message_no_room(struct message *m, const struct message_rules *rules, int64_t now)
{
	int64_t wait;

	m->handed_to[0] = '\0';
	if (m->no_room_since == 0)
		m->no_room_since = now;
	wait = now - m->no_room_since;
	if (wait >= class_rule[m->cls].patience && find_route(m, rules, rules->room)) {
		m->next_at = now;
		return true;
	}
	wait /= 4;
	m->next_at = now + (wait < NO_ROOM_LEAST ? NO_ROOM_LEAST : wait > NO_ROOM_MOST ? NO_ROOM_MOST : wait);
	return false;
}

void
message_hand_over(struct message *m, int64_t now, const char *bind)
{
	str_copy(m->handed_to, sizeof m->handed_to, bind);
	m->next_at = m->deadline < now + HANDED_FOR ? m->deadline : now + HANDED_FOR;
}

bool
message_follows(const struct message *m, int64_t now)
{
	return m->after[0] != '\0' && m->channel[0] != '\0' && m->attempts == 0 && now - m->created_at < FOLLOWS_FOR;
}

bool
message_held_back(struct message *m, const struct message *before, int64_t now)
{
	int64_t wait = (now - m->created_at) / 4;

	/* What was sent and never answered may be there: that it is tried again so much later holds up nothing. */
	if (message_final(before) || before->unsure != 0)
		return false;
	m->next_at = now + (wait < FOLLOWS_LEAST ? FOLLOWS_LEAST : wait > SECOND ? SECOND : wait);
	return true;
}

/* Nothing was tried, through no fault of the message: the deadline bounds it, not the tries. */
static void
later(struct message *m, const struct message_rules *rules, int64_t now)
{
	m->state = MESSAGE_WAITING;
	m->tries--;
	if (!message_no_room(m, rules, now) && m->next_at < now + SECOND)
		m->next_at = now + SECOND;
}

/* Nothing was tried, and waiting there is no use: another route that has room takes it, after a breath: all may be so. */
static void
shut(struct message *m, const struct message_rules *rules, int64_t now)
{
	int64_t patience = class_rule[m->cls].patience;

	if (m->no_room_since == 0 || m->no_room_since > now - patience)
		m->no_room_since = now - patience;
	later(m, rules, now);
	if (m->next_at < now + SECOND)
		m->next_at = now + SECOND;
}

void
message_on_answer(struct message *m, const struct message_rules *rules, int64_t now, enum message_answer a,
    int status, const char *provider_id)
{
	m->status = status;
	if (a != MESSAGE_LATER && a != MESSAGE_TOO_LATE && a != MESSAGE_SHUT)
		m->no_room_since = 0;
	switch (a) {
	case MESSAGE_ACCEPTED:
		end(m, MESSAGE_SENT, "");
		if (!str_copy(m->provider_id, sizeof m->provider_id, provider_id))
			m->provider_id[0] = '\0';
		break;
	case MESSAGE_LATER:
	case MESSAGE_TOO_LATE:
		/* Too late for this attempt; for the message it is if its deadline says so. */
		later(m, rules, now);
		break;
	case MESSAGE_FEW:
		again(m, rules, now, "refused each time");
		break;
	case MESSAGE_REFUSED:
		end(m, MESSAGE_WAITING, "refused");
		next_route(m, rules, now);
		break;
	case MESSAGE_NO_ANSWER:
		/* A receipt may still say under it what became of the attempt. */
		if (provider_id[0] != '\0' && !str_copy(m->provider_id, sizeof m->provider_id, provider_id))
			m->provider_id[0] = '\0';
		no_answer(m, rules, now);
		break;
	case MESSAGE_SHUT:
		shut(m, rules, now);
		break;
	}
	expire(m, now);
}

/* The answer to this attempt never came; this is as good. */
static bool
was_accepted(struct message *m, int attempt)
{
	if (attempt != m->attempts || attempt > UNSURE_BITS || (m->unsure & unsure_bit(attempt)) == 0 ||
	    (m->state != MESSAGE_WAITING && m->state != MESSAGE_UNKNOWN))
		return false;
	m->unsure &= ~unsure_bit(attempt);
	end(m, MESSAGE_SENT, "");
	return true;
}

/* As the answers of the same meaning would have had it: what was slowed down is not counted as tried. */
static void
once_more(struct message *m, const struct message_rules *rules, int64_t now, enum receipt_state how)
{
	int step = m->attempts < BACKOFF_STEPS ? m->attempts : BACKOFF_STEPS;
	char why[MESSAGE_WHY];

	str_copy(why, sizeof why, m->why);
	m->no_room_since = 0;
	if (how == RECEIPT_AGAIN) {
		again(m, rules, now, why);
	} else {
		end(m, MESSAGE_WAITING, why);
		m->tries -= m->tries > 0;
		m->next_at = now + (how == RECEIPT_NOT_NOW ? step * step * SECOND : 0);
	}
	m->window_over |= how == RECEIPT_WINDOW_OVER;
	expire(m, now);
}

bool
message_on_receipt(struct message *m, const struct message_rules *rules, int64_t now, const struct receipt *r,
    int attempt)
{
	int64_t doubted;
	bool newest;

	if (m->state == MESSAGE_DELIVERED)
		return false;
	if (r->state == RECEIPT_DELIVERED) {
		/* What is saved as its end is being told, whether or not that it was told is saved as well. */
		if (m->told == TOLD_NOTHING)
			m->told = news_of(m);
		end(m, MESSAGE_DELIVERED, "");
		return true;
	}
	if (r->state == RECEIPT_ACCEPTED)
		return was_accepted(m, attempt);
	if (!receipt_is_failure(r->state))
		return false;
	doubted = m->unsure;
	m->unsure &= attempt <= UNSURE_BITS ? ~unsure_bit(attempt) : ~INT64_C(0);
	/* Sending: the SMSC's answer is on its way to being saved. */
	newest = attempt == m->attempts && (m->state == MESSAGE_SENT || m->state == MESSAGE_SENDING);
	if (!newest && (m->state != MESSAGE_UNKNOWN || m->unsure != 0))
		return m->unsure != doubted;
	end(m, came_to_nothing(m, MESSAGE_FAILED), "");
	str_format(m->why, sizeof m->why, "receipt %s %s", r->stat, r->err);
	if (!newest || now >= m->deadline)
		return true;
	/* A window that is over twice is over: there is no template. */
	if (r->state != RECEIPT_FAILED && (m->unsure == 0 || class_rule[m->cls].repeatable) &&
	    (r->state != RECEIPT_WINDOW_OVER || !m->window_over))
		once_more(m, rules, now, r->state);
	else if (class_rule[m->cls].repeatable)
		next_route(m, rules, now);
	return true;
}
