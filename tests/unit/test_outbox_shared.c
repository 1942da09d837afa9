/* SPDX-License-Identifier: Apache-2.0 */
/* Two processes on one outbox, each with the link of one bind: who has no link leaves the message to who has. */
#include "base/metric.h"
#include "tests/unit/outbox_world.h"

#define MESSAGES 60

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);

static struct shared {
	struct sim_world *w;
	bool only_its_own;			/* each process gets the slot of its own bind only */
	bool none_of_first;			/* nobody gets one of the first bind */
	int sent[SIM_PROCESSES], strangers;	/* strangers: for a bind without a link here */
	int64_t last;
	int message_commits;
} shared;

struct shared_answer {
	struct sim_event e;
	struct sim_process *process;
	uint64_t op;
	struct sms_answer a;
};

static void
on_shared_answer(struct sim_event *e)
{
	struct shared_answer *s = (struct shared_answer *)(void *)e;

	if (s->process->gw != NULL)
		gateway_on_sms(s->process->gw, shared.w->loop.now, s->op, &s->a);
}

static void
take_sms(void *ctx, uint64_t op, const struct sms_req *q)
{
	struct sim_process *p = ctx;
	struct shared_answer *s = sim_event_new(sizeof *s, shared.w, on_shared_answer);

	shared.strangers += !p->holds_link[shared.w->settings.channels[q->channel].bind];
	shared.sent[p->index]++;
	shared.last = shared.w->loop.now;
	s->process = p;
	s->op = op;
	s->a.end = SMS_SENT;
	str_format(s->a.id, sizeof s->a.id, "s%d-%d", p->index, shared.sent[p->index]);
	sim_loop_add(&shared.w->loop, s, shared.w->loop.now + 50);
}

/* A slot that is not to be had is one whose commit comes too late each time. */
static void
commit_of_slots(void *ctx, uint64_t op, const struct store_commit *c)
{
	const struct sim_process *p = ctx;
	struct store_commit copy = *c;

	shared.message_commits += c->op[0].key.family == STORE_MESSAGE;
	if (c->op[0].key.family == STORE_LINK && shared.only_its_own) {
		bool first = strcmp(c->op[0].key.owner, shared.w->binds[0].name) == 0;

		if (first != (p->index == 0) || (first && shared.none_of_first))
			copy.not_after_ms = 1;
	}
	real_commit(ctx, op, &copy);
}

static void
play(int64_t ms)
{
	int64_t until = shared.w->loop.now + ms;

	while (shared.w->loop.now < until) {
		int64_t next = shared.w->loop.now + 200 < until ? shared.w->loop.now + 200 : until;

		for (int i = 0; i < 2; i++)
			sim_wake(&shared.w->process[i], next + 500);
		sim_world_run(shared.w, next);
		shared.w->loop.now = next;
	}
}

static struct sim_world *
shared_world(bool none_of_first)
{
	struct sim_world *w = world_new();

	memset(&shared, 0, sizeof shared);
	memset(&smsc, 0, sizeof smsc);
	shared.w = smsc.w = w;
	shared.only_its_own = true;
	shared.none_of_first = none_of_first;
	w->processes = 2;
	real_commit = w->ports[0].commit;
	for (int i = 0; i < 2; i++) {
		sim_process_crash(&w->process[i]);
		w->process[i].generation++;
		w->ports[i].sms = take_sms;
		w->ports[i].commit = commit_of_slots;
	}
	w->loop.now += 20000;			/* what they held is over */
	for (int i = 0; i < 2; i++)
		sim_process_start(&w->process[i]);
	play(5000);
	assert_int_equal(gateway_holds_bind(w->process[0].gw, 0), !none_of_first);
	assert_false(gateway_holds_bind(w->process[0].gw, 1));
	assert_false(gateway_holds_bind(w->process[1].gw, 0));
	assert_true(gateway_holds_bind(w->process[1].gw, 1));
	return w;
}

static void
put_messages(enum message_class cls, int n, const char *name)
{
	char id[32];

	for (int i = 0; i < n; i++) {
		str_format(id, sizeof id, "%s-%d", name, i);
		put_message(cls, id, "27831112222");
	}
}

/* All go by the first bind; the process that has only the second one takes nothing and holds nothing up. */
static void
test_left_to_who_has_the_bind(void **state)
{
	struct sim_world *w = shared_world(false);
	int64_t rerouted = metric_get(M_MESSAGES_REROUTED), from;

	(void)state;
	sim_two_routes(w);
	for (int round = 0; round < 5; round++) {
		char name[16];

		str_format(name, sizeof name, "round%d", round);
		from = w->loop.now;
		put_messages((enum message_class)(round % MSG_CLASSES), MESSAGES, name);
		play(5000);
		assert_int_equal(shared.sent[0], MESSAGES * (round + 1));
		assert_true(shared.last - from <= 2000);
	}
	assert_int_equal(shared.sent[1], 0);
	assert_int_equal(shared.strangers, 0);
	assert_int_equal(metric_get(M_MESSAGES_REROUTED), rerouted);
	world_free(w);
}

/* Its bind has no links: the other process gives it the second route when its patience is over, and not before. */
static void
test_held_by_nobody(void **state)
{
	struct sim_world *w = shared_world(true);
	int64_t from = w->loop.now;
	int commits;

	(void)state;
	sim_two_routes(w);
	put_message(MSG_TOKEN, "t", PHONE);
	shared.message_commits = 0;
	play(55000);
	assert_int_equal(shared.sent[1], 0);
	assert_in_range(shared.message_commits, 4, 10);	/* each process looks now and then */
	play(20000);
	assert_int_equal(shared.sent[1], 1);
	assert_true(shared.last - from >= MINUTE);
	assert_string_equal(message_in_store("t").handed_to, "");

	/* A bind that somebody takes before that has it at once, whenever the list of all would be looked at again. */
	put_message(MSG_TOKEN, "t2", PHONE);
	play(5000);
	assert_string_equal(message_in_store("t2").handed_to, "mno");
	commits = shared.sent[0];
	shared.none_of_first = false;
	play(5000);
	assert_int_equal(shared.sent[0], commits + 1);
	assert_int_equal(shared.strangers, 0);
	world_free(w);
}

/* Many that are more urgent and that nobody can send stand in nobody's way. */
static void
test_a_backlog_of_another_bind(void **state)
{
	struct sim_world *w = shared_world(true);
	int64_t from;

	(void)state;
	for (int i = 0; i < MSG_CLASSES; i++) {
		w->tenant.routes_n[i] = 1;
		w->tenant.routes[i][0] = i == MSG_NOTICE ? SIM_SMS_OTHER : SIM_SMS;
	}
	put_messages(MSG_TOKEN, 600, "backlog");
	play(1000);
	from = w->loop.now;
	put_messages(MSG_NOTICE, MESSAGES, "other");
	play(5000);
	assert_int_equal(shared.sent[1], MESSAGES);
	assert_true(shared.last - from <= 2000);
	assert_int_equal(shared.strangers, 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left_to_who_has_the_bind),
		cmocka_unit_test(test_held_by_nobody),
		cmocka_unit_test(test_a_backlog_of_another_bind),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
