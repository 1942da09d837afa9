/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the simulation with an SMSC that does what a test tells it, so that each answer and each receipt is the
 * test's own. Two routes: SIM_SMS, then SIM_SMS_OTHER; http_route() makes that one a channel over HTTP.
 */
#pragma once
#include "core/message.h"
#include "core/stray.h"
#include "tests/unit/gateway_world.h"

#define SUBMITS_MAX 1000

struct submit_seen {
	int channel;
	enum message_class cls;
	char to[PHONE_MAX];
	int64_t at;
};

static struct smsc {
	struct sim_world *w;
	enum sms_end says[SIM_CHANNELS];	/* to every submit */
	int64_t takes_ms;			/* to answer, 0: 50 */
	int times[SIM_CHANNELS];		/* so often, then it accepts; -1: always */
	unsigned room[SIM_CHANNELS];
	bool room_is_spent;			/* by each message, until the test gives new room */
	char id[RECEIPT_ID];			/* that it gives next, "" counts up */
	char ours[RECEIPT_ID];			/* what an attempt without an answer was called, "": nothing */
	struct submit_seen seen[SUBMITS_MAX];
	int seen_n;
	enum receipt_end stored;		/* of the last receipt */
	int stored_n;
} smsc;

struct smsc_answer {
	struct sim_event e;
	uint64_t op;
	struct sms_answer a;
};

static inline void
smsc_on_answer(struct sim_event *e)
{
	struct smsc_answer *s = (struct smsc_answer *)(void *)e;

	sim_wake(&smsc.w->process[0], smsc.w->loop.now);
	gateway_on_sms(smsc.w->process[0].gw, smsc.w->loop.now, s->op, &s->a);
}

static inline void
smsc_take(void *ctx, uint64_t op, const struct sms_req *q)
{
	struct smsc_answer *s = sim_event_new(sizeof *s, smsc.w, smsc_on_answer);
	struct submit_seen *seen = &smsc.seen[smsc.seen_n++];

	(void)ctx;
	assert_true(smsc.seen_n < SUBMITS_MAX);
	*seen = (struct submit_seen){ .channel = q->channel, .cls = q->cls, .at = smsc.w->loop.now };
	str_copy(seen->to, sizeof seen->to, q->to);
	if (smsc.room_is_spent)
		smsc.room[q->channel]--;
	s->op = op;
	s->a.end = SMS_SENT;
	if (smsc.times[q->channel] != 0) {
		s->a.end = smsc.says[q->channel];
		if (smsc.says[q->channel] == SMS_UNKNOWN)
			str_copy(s->a.id, sizeof s->a.id, smsc.ours);
		s->a.status = 8;
		smsc.times[q->channel] -= smsc.times[q->channel] > 0;
	} else if (smsc.id[0] != '\0') {
		str_copy(s->a.id, sizeof s->a.id, smsc.id);
		smsc.id[0] = '\0';
	} else
		str_format(s->a.id, sizeof s->a.id, "s%d", smsc.seen_n);
	sim_loop_add(&smsc.w->loop, s, smsc.w->loop.now + (smsc.takes_ms > 0 ? smsc.takes_ms : 50));
}

static inline unsigned
smsc_room(void *ctx, int channel)
{
	(void)ctx;
	return smsc.room[channel];
}

static inline void
smsc_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	(void)ctx, (void)peer_op;
	smsc.stored = end;
	smsc.stored_n++;
}

static inline void
run_for(int64_t ms)
{
	int64_t until = smsc.w->loop.now + ms;

	/* Nothing but the gateway's own ticks may be planned: it has to be kept awake. */
	while (smsc.w->loop.now < until) {
		int64_t next = smsc.w->loop.now + 500 < until ? smsc.w->loop.now + 500 : until;

		sim_wake(&smsc.w->process[0], next + 500);
		sim_world_run(smsc.w, next);
		smsc.w->loop.now = next;
	}
}

static inline struct sim_world *
smsc_world(void)
{
	struct sim_world *w = world_new();

	memset(&smsc, 0, sizeof smsc);
	smsc.w = w;
	smsc.room[SIM_SMS] = smsc.room[SIM_SMS_OTHER] = 16;
	w->ports[0].sms = smsc_take;
	w->ports[0].sms_free = smsc_room;
	w->ports[0].receipt_stored = smsc_stored;
	sim_process_crash(&w->process[1]);
	w->process[1].generation++;	/* and is not started again */
	sim_two_routes(w);
	/* What has no link here would be left to the other process. */
	for (int bind = 0; bind < SIM_BINDS; bind++)
		for (int i = 0; i < 20 && !gateway_holds_bind(w->process[0].gw, bind); i++)
			run_for(1000);
	return w;
}

/* Its lane is then its own, behind those of the binds. */
static inline int
http_route(struct sim_world *w)
{
	w->channels[SIM_SMS_OTHER].kind = CHANNEL_SMS_HTTP;
	w->channels[SIM_SMS_OTHER].bind = -1;
	w->channels[SIM_SMS_OTHER].send_timeout_ms = 10000;
	return w->settings.binds_n + SIM_SMS_OTHER;
}

static inline void
smsc_says(int channel, enum sms_end end, int times)
{
	smsc.says[channel] = end;
	smsc.times[channel] = times;
}

static inline struct store_key
message_key(const char *id)
{
	struct store_key key = { .family = STORE_MESSAGE };

	str_copy(key.owner, sizeof key.owner, id);
	return key;
}

static inline struct message
message_in_store(const char *id)
{
	struct store_key key = message_key(id);
	struct store_value v;
	struct message m;

	memory_store_load(smsc.w->store, smsc.w->loop.now, &key, 1, &v);
	assert_true(v.present && !v.damaged);
	assert_true(message_decode(v.p, v.len, &m));
	return m;
}

/* A message as the service itself would put it there. */
static inline void
put_message(enum message_class cls, const char *id, const char *to)
{
	static const enum store_family list[] = { STORE_OUTBOX, STORE_OUTBOX_RESULT, STORE_OUTBOX_NOTICE };
	struct message m = { .cls = cls, .created_at = smsc.w->loop.now, .next_at = smsc.w->loop.now };
	struct store_commit c = { .n = 2, .not_after_ms = smsc.w->loop.now };
	struct buf b = { 0 };

	m.deadline = m.created_at + 60 * MINUTE;
	str_copy(m.id, sizeof m.id, id);
	str_copy(m.tenant, sizeof m.tenant, "acme");
	str_copy(m.to, sizeof m.to, to);
	str_copy(m.text, sizeof m.text, "hello");
	message_encode(&m, &b);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = message_key(id), .p = b.p, .len = b.len };
	c.op[0].to.p[0] = 1;
	c.op[1] = (struct store_op){ .kind = STORE_LIST_ADD, .key = message_key(id), .ref = message_key(id) };
	c.op[1].key.family = list[cls];
	c.op[1].score = m.next_at;
	assert_int_equal(memory_store_commit(smsc.w->store, smsc.w->loop.now, &c), STORE_DONE);
	sim_due_op(smsc.w, &c.op[1]);
	buf_clear(&b);
}

static inline enum receipt_end
give_receipt(int bind, const struct receipt *r)
{
	int before = smsc.stored_n;

	gateway_receipt(smsc.w->process[0].gw, smsc.w->loop.now, bind, r, 1);
	run_for(1000);
	assert_int_equal(smsc.stored_n, before + 1);
	return smsc.stored;
}

static inline enum receipt_end
receipt_says(int bind, const char *id, enum receipt_state state)
{
	struct receipt r = { .state = state, .err = "001" };

	str_copy(r.id, sizeof r.id, id);
	str_copy(r.stat, sizeof r.stat, state == RECEIPT_DELIVERED ? "DELIVRD" : "UNDELIV");
	return give_receipt(bind, &r);
}

static inline bool
is_in_dead_list(const char *id)
{
	struct store_range r = { .key = { .family = STORE_DEAD }, .to_ms = INT64_MAX, .max = STORE_CLAIM_MAX };
	struct store_claimed out[STORE_CLAIM_MAX];
	size_t n;

	r.bucket = memory_store_bucket(smsc.w->store, STORE_DEAD, id);
	n = memory_store_range(smsc.w->store, smsc.w->loop.now, &r, out);
	for (size_t i = 0; i < n; i++)
		if (strcmp(out[i].item, id) == 0)
			return true;
	return false;
}
