/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims messages that are due and makes their attempts: no more than the binds have room for, the urgent classes
 * first, each attempt saved before it is made.
 */
#include "service/send.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/intent.h"
#include "core/subscriber.h"
#include "service/carry.h"
#include "service/chat.h"
#include "service/lane.h"
#include "service/receipts.h"

#define POLL_MS 250			/* of an idle partition */
#define YIELD_MS 500			/* longer than a claim takes: less urgent classes leave room for so long */
#define CLAIM_LEASE_MS 8000
#define WRITE_MS 60000			/* in which the octets of an attempt go out, or do not */
#define ANSWER_SLACK_MS 5000		/* beyond the response timer: a stall of the loop, saving what it came to */
#define CLAIM_AT_ONCE 32

#define SEND_POINT(s, when, step) \
	FAULT_POINT((s)->m.cls == MSG_TOKEN ? "token" : (s)->m.cls == MSG_RESULT ? "result" : "notice", when, step)

/* Takes a place of its bind, or gives it back: that one, whatever route it is on by then. */
static void
book(struct carried *s, bool take)
{
	if (s->booked == take)
		return;
	if (take)
		s->booked_lane = carry_lane(s);
	s->task.gw->lane_loads[s->booked_lane].sends += take ? 1u : -1u;
	s->booked = take;
}

static void
sending_end(struct task *t)
{
	struct carried *s = carried_of(t);

	book(s, false);
	t->gw->sends--;
	carry_wipe(s);
	free(s);
}

/* ---- what became of it ---- */

static void on_answer_saved(struct task *t, const struct event *e);
static void on_told(struct task *t, const struct event *e);

static void
on_save_again(struct task *t, const struct event *e)
{
	(void)e;
	carry_save(carried_of(t), on_answer_saved);
}

static void
on_answer_saved(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);

	if (e->end == STORE_DONE) {
		SEND_POINT(s, "saved", "answer");
		rev_saved(&s->rev);
		if (s->owes_news) {
			s->owes_news = false;
			carry_tell(s, on_told);
			return;
		}
		carry_count(s);
		task_end(t);
	} else if (e->end == STORE_CONFLICT) {
		log_warn(t->id, "message carried on elsewhere", "message=%s", s->m.id);
		task_end(t);
	} else if (!carry_pause(s, on_save_again))
		task_end(t);	/* the attempt is saved: what it came to is unknown, as it would be after a crash */
}

static void
on_told(struct task *t, const struct event *e)
{
	if (carry_was_told(e))
		carry_save(carried_of(t), on_answer_saved);
	else
		task_end(t);	/* its lease brings it back */
}

/*
 * That a token did not arrive is told once that is saved, with the message still in its list until it is told: a process
 * that told it and died would leave the attempt to be made again, and nobody would say that this one arrived.
 */
static void
conclude(struct carried *s)
{
	s->owes_news = message_news(&s->m) != TOLD_NOTHING;
	if (s->owes_news)
		s->m.next_at = s->task.gw->now + CLAIM_LEASE_MS;
	carry_save(s, on_answer_saved);
}

static void
on_pointed(struct task *t, const struct event *e)
{
	(void)e;
	conclude(carried_of(t));
}

/* ---- one attempt ---- */

static void
on_sms(struct task *t, const struct event *e)
{
	static const enum message_answer meaning[] = {
		[SMS_SENT] = MESSAGE_ACCEPTED, [SMS_LATER] = MESSAGE_LATER, [SMS_FEW] = MESSAGE_FEW,
		[SMS_REFUSED] = MESSAGE_REFUSED, [SMS_EXPIRED] = MESSAGE_TOO_LATE, [SMS_UNKNOWN] = MESSAGE_NO_ANSWER,
		[SMS_SHUT] = MESSAGE_SHUT,
	};
	struct carried *s = carried_of(t);
	struct message_rules rules = carry_rules(s);

	SEND_POINT(s, "done", "attempt");
	message_on_answer(&s->m, &rules, t->gw->now, meaning[e->sms->end], (int)e->sms->status, e->sms->id);
	if ((e->sms->end == SMS_SENT || e->sms->end == SMS_UNKNOWN) && e->sms->id[0] != '\0')
		receipts_point(s, on_pointed);
	else
		conclude(s);
}

/* The lease outlasts the answer to the last octets, or the message would be sent again while that is on its way. */
static int64_t
answer_ms(const struct carried *s)
{
	return lane_answer_ms(s->task.gw->settings, carry_lane(s)) + ANSWER_SLACK_MS;
}

static void
on_attempt_saved(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct sms_req q = { 0 };
	char ours[RECEIPT_OURS] = "";

	if (e->end != STORE_DONE) {
		task_end(t);	/* the lease of the claim brings it back */
		return;
	}
	SEND_POINT(s, "saved", "attempt");
	rev_saved(&s->rev);
	s->before = s->m.state;
	q.channel = carry_channel(s);
	q.cls = s->m.cls;
	q.message = t->id;
	q.text = s->m.text;
	q.receipt = true;
	q.deadline_ms = s->m.next_at - answer_ms(s);
	if (q.deadline_ms > s->m.deadline)
		q.deadline_ms = s->m.deadline;
	q.valid_until_ms = s->m.deadline;
	str_copy(q.to, sizeof q.to, s->m.to);
	q.user = s->linked[0] != '\0' ? s->linked : s->m.user;
	if (s->linked[0] != '\0')
		q.to[0] = '\0';
	q.lang = s->m.lang;
	q.window_over = s->window_over;
	if (t->gw->settings->channels[q.channel].kind == CHANNEL_WHATSAPP) {
		receipts_name(t->gw, &s->m, ours);
		q.ours = ours;
	}
	task_sms(t, &q, on_sms);
	book(s, false);
}

static void
begin_attempt(struct carried *s)
{
	const struct gateway *gw = s->task.gw;

	SEND_POINT(s, "before", "attempt");
	message_sending(&s->m, gw->now, WRITE_MS + answer_ms(s));
	s->until = s->m.next_at;
	str_copy(s->m.via, sizeof s->m.via, gw->settings->channels[carry_channel(s)].name);
	carry_save(s, on_attempt_saved);
}

static void
withdraw(struct carried *s, const char *why)
{
	s->m.state = MESSAGE_WITHDRAWN;
	str_copy(s->m.why, sizeof s->m.why, why);
	conclude(s);
}

/* An attempt into a chat, when it is known whether that may be written to. */
static void
on_chat_loaded(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct message_rules rules = carry_rules(s);
	struct chat *c;
	struct subscriber *sub;
	const char *here = t->gw->settings->channels[carry_channel(s)].name;
	bool is_answer = strcmp(s->m.channel, here) == 0, closed;

	if (e->end != STORE_DONE) {
		task_end(t);	/* the lease of the claim brings it back */
		return;
	}
	c = xcalloc(1, sizeof *c);
	sub = xcalloc(1, sizeof *sub);
	(void)chat_load(&e->v[0], c);
	if (!e->v[1].present || e->v[1].damaged || !subscriber_decode(e->v[1].p, e->v[1].len, sub))
		memset(sub, 0, sizeof *sub);
	s->window_over = s->m.window_over || c->window_until <= t->gw->now;
	str_copy(s->linked, sizeof s->linked, c->linked ? c->user : "");
	/* What is said in answer to what was written there is theirs who wrote it; all else is the customer's. */
	closed = is_answer ? s->m.hands != c->hands : !chat_is_proven(c, sub);
	mem_wipe(c, sizeof *c);
	mem_wipe(sub, sizeof *sub);
	free(c);
	free(sub);
	if (closed && is_answer && !s->m.elsewhere) {
		metric_add(M_CHAT_NOT_TOLD, 1);
		withdraw(s, "the chat is another's now");
	} else if (closed) {
		metric_add(M_CHAT_NOT_TOLD, 1);
		message_on_answer(&s->m, &rules, t->gw->now, MESSAGE_REFUSED, 0, "");
		conclude(s);
	} else
		begin_attempt(s);
}

static void
look_at_chat(struct carried *s)
{
	const struct settings *set = s->task.gw->settings;
	const struct channel_settings *c = &set->channels[carry_channel(s)];
	char owner[STORE_OWNER];
	struct store_key keys[2];

	chat_owner(&set->tenants[c->tenant], s->m.to, s->m.user, owner);
	keys[0] = key_of(STORE_CHAT, owner, c->name);
	keys[1] = key_of(STORE_SUBSCRIBER, owner, "");
	task_load(&s->task, keys, NELEM(keys), on_chat_loaded);
}

static void
on_put_back(struct task *t, const struct event *e)
{
	(void)e;
	task_end(t);	/* saved or not, its lease brings it back */
}

/* What was said before it in the chat leaves first. */
static void
on_before_loaded(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct message *before = xcalloc(1, sizeof *before);
	bool known = e->end == STORE_DONE && e->v[0].present && !e->v[0].damaged &&
	    message_decode(e->v[0].p, e->v[0].len, before);
	bool held = known && message_held_back(&s->m, before, t->gw->now);

	mem_wipe(before, sizeof *before);
	free(before);
	if (e->end != STORE_DONE)
		task_end(t);	/* the lease of the claim brings it back */
	else if (held)
		carry_save(s, on_put_back);
	else
		look_at_chat(s);
}

static void
attempt(struct carried *s)
{
	const struct gateway *gw = s->task.gw;
	struct store_key key = key_of(STORE_MESSAGE, s->m.after, "");

	if (gw->settings->channels[carry_channel(s)].kind != CHANNEL_WHATSAPP)
		begin_attempt(s);
	else if (message_follows(&s->m, gw->now))
		task_load(&s->task, &key, 1, on_before_loaded);
	else
		look_at_chat(s);
}

/* ---- whether it is still to be said ---- */

/* A token that was cancelled, used or has ended while its message waited helps nobody: it is not sent. */
static void
on_token_checked(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct intent *i = xcalloc(1, sizeof *i);
	bool known = e->end == STORE_DONE && e->v[0].present && !e->v[0].damaged &&
	    intent_decode(e->v[0].p, e->v[0].len, i);
	bool usable = known && intent_token_usable(i, t->gw->now);
	/* Should the core refuse to cancel it, it must still come to somebody. */
	bool in_doubt = known && intent_token_in_doubt(i, t->gw->now);

	mem_wipe(i, sizeof *i);
	free(i);
	if (usable)
		attempt(s);
	else if (known && !in_doubt)
		withdraw(s, "token ended");
	else
		task_end(t);	/* the lease of the claim brings it back */
}

static void
on_wanted(struct task *t, const struct event *e)
{
	struct carried *s = carried_of(t);
	struct subscriber *sub = xcalloc(1, sizeof *sub);
	bool read = e->end == STORE_DONE &&
	    (!e->v[0].present || (!e->v[0].damaged && subscriber_decode(e->v[0].p, e->v[0].len, sub)));
	bool unwanted = read && sub->opted_out;

	mem_wipe(sub, sizeof *sub);
	free(sub);
	if (unwanted) {
		metric_add(M_MESSAGES_OPTED_OUT, 1);
		withdraw(s, "opted out");
	} else if (read)
		attempt(s);
	else
		task_end(t);	/* the lease of the claim brings it back */
}

/* Tokens, results and what concerns security are said whatever the phone has opted out of. */
static void
attempt_or_check(struct carried *s)
{
	char owner[STORE_OWNER];
	struct store_key key;

	if (s->m.cls == MSG_NOTICE) {
		str_format(owner, sizeof owner, "%s/%s", s->m.tenant, s->m.to);
		key = key_of(STORE_SUBSCRIBER, owner, "");
		task_load(&s->task, &key, 1, on_wanted);
	} else if (s->m.cls == MSG_TOKEN && s->m.intent_id[0] != '\0') {
		key = key_of(STORE_INTENT, s->m.intent_owner, s->m.intent_id);
		task_load(&s->task, &key, 1, on_token_checked);
	} else
		attempt(s);
}

/* ---- room ---- */

/*
 * A message whose bind has no room waits for it in the list; one whose bind is no business of this process is left to
 * those who hold it. What is more urgent has the next room, in whichever partition it is.
 */
static bool
has_room(struct carried *s, const struct message_rules *rules)
{
	struct gateway *gw = s->task.gw;
	int lane = carry_lane(s);
	int64_t *wanted = gw->lane_loads[lane].wanted_until;

	if ((rules->room & 1u << s->m.route) != 0) {
		book(s, true);
		return true;
	}
	if (message_no_room(&s->m, rules, gw->now)) {
		book(s, true);
		return true;
	}
	if (!lane_is_ours(gw, lane)) {
		message_hand_over(&s->m, gw->now, lane_name(gw->settings, lane));
		metric_add(M_MESSAGES_HANDED_OVER, 1);
	} else if (wanted[message_rank(&s->m)] < s->m.next_at + YIELD_MS)
		wanted[message_rank(&s->m)] = s->m.next_at + YIELD_MS;
	carry_save(s, on_put_back);
	return false;
}

static void
send_claimed(struct gateway *gw, const struct store_value *v)
{
	struct carried *s = xcalloc(1, sizeof *s);
	struct message_rules rules;

	gw->sends++;
	task_start(gw, &s->task, sending_end);
	/* A version that knows no parts leaves it in one while it sends it: that attempt is not lost. */
	if (!carry_load(s, v) ||
	    (s->m.state == MESSAGE_SENDING && s->m.handed_to[0] != '\0' && s->m.next_at > gw->now)) {
		task_end(&s->task);
		return;
	}
	rules = carry_rules(s);
	if (message_ready(&s->m, &rules, gw->now)) {
		if (has_room(s, &rules))
			attempt_or_check(s);
	} else if (s->m.state != s->before || message_final(&s->m) || s->m.next_at > gw->now)
		conclude(s);
	else
		task_end(&s->task);
}

/* ---- claiming ---- */

struct claiming {
	struct task task;
	unsigned partition;
	size_t max;
};

static void
claiming_end(struct task *t)
{
	struct claiming *c = LIST_OF(t, struct claiming, task);

	t->gw->outbox_asked -= c->max;
	free(c);
}

static void
on_claimed(struct task *t, const struct event *e)
{
	struct claiming *c = LIST_OF(t, struct claiming, task);
	struct gateway *gw = t->gw;

	if (e->end == STORE_DONE)
		for (size_t k = 0; k < e->n; k++)
			if (e->c[k].value.present)
				send_claimed(gw, &e->c[k].value);
	gw->outbox_at[c->partition] = e->n == c->max ? 0 : gw->now + POLL_MS;
	task_end(t);
}

/* Messages that a lane can take now. */
static size_t
room_of(const struct gateway *gw, int lane)
{
	int channel = lane_channel(gw->settings, lane);
	unsigned free_now, taken = gw->lane_loads[lane].sends;

	if (channel < 0)
		return 0;
	free_now = gw->ports->sms_free(gw->ports->ctx, channel);
	return free_now > taken ? free_now - taken : 0;
}

static unsigned
partitions_due(const struct gateway *gw)
{
	unsigned n = 0;

	for (unsigned p = 0; p < NELEM(gw->outbox_at); p++)
		n += gw->outbox_at[p] <= gw->now;
	return n;
}

/* One at least of each partition: what is urgent is to be seen wherever it is. */
static size_t
share(size_t room, unsigned partitions)
{
	return (room + partitions - 1) / partitions;
}

/*
 * No more than all lanes together can take, shared by the partitions; one that is full takes nothing from the others.
 * What was handed to a bind comes first, and no more of it than that bind can take. Where there are more binds than
 * parts, they take turns.
 */
static void
fill(struct gateway *gw, struct store_claim *claim, unsigned partitions)
{
	int lanes = lanes_n(gw->settings);
	unsigned first = gw->parts_first++;
	size_t asked = gw->outbox_asked;

	for (int k = 0; k < lanes; k++) {
		int lane = (int)((first + (unsigned)k) % (unsigned)lanes);
		size_t room = room_of(gw, lane);

		claim->max += room;
		if (room > 0 && lane < gw->settings->binds_n && claim->parts < STORE_CLAIM_PARTS) {
			claim->part[claim->parts].id = lane_name(gw->settings, lane);
			claim->part[claim->parts++].max = share(room, partitions);
		}
	}
	/* What was asked for and has not come yet needs room as well. */
	if (claim->max > 0)
		claim->max = share(claim->max > asked ? claim->max - asked : 1, partitions);
	if (claim->max > CLAIM_AT_ONCE)
		claim->max = CLAIM_AT_ONCE;
}

void
send_tick(struct gateway *gw)
{
	unsigned partitions = partitions_due(gw);

	for (unsigned p = 0; p < NELEM(gw->outbox_at); p++) {
		struct store_claim claim;
		struct claiming *c;

		if (gw->outbox_at[p] > gw->now)
			continue;
		claim = (struct store_claim){ .list = STORE_OUTBOX, .more = MSG_CLASSES - 1, .bucket = p,
			.lease_ms = CLAIM_LEASE_MS };
		fill(gw, &claim, partitions--);
		if (claim.max == 0)
			return;
		c = xcalloc(1, sizeof *c);
		c->partition = p;
		c->max = claim.max;
		gw->outbox_asked += claim.max;
		task_start(gw, &c->task, claiming_end);
		gw->outbox_at[p] = INT64_MAX;
		task_claim(&c->task, &claim, on_claimed);
	}
}
