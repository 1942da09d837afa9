/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which message goes out when, over which route, and how it ends: refusals, outages, priorities, opt-outs, dead
 * letters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/metric.h"
#include "core/subscriber.h"
#include "tests/unit/outbox_world.h"

/* Refused this time is no reason to give a notice up; perhaps sent is. */
static void
test_notices(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	smsc_says(SIM_SMS, SMS_FEW, 1);
	put_message(MSG_NOTICE, "n-few", PHONE);
	run_for(MINUTE);
	assert_int_equal(message_in_store("n-few").state, MESSAGE_SENT);
	assert_int_equal(smsc.seen_n, 2);

	smsc_says(SIM_SMS, SMS_UNKNOWN, 1);
	put_message(MSG_NOTICE, "n-unknown", PHONE);
	run_for(10 * MINUTE);
	assert_int_equal(message_in_store("n-unknown").state, MESSAGE_UNKNOWN);
	assert_int_equal(smsc.seen_n, 3);
	assert_true(is_in_dead_list("n-unknown"));
	assert_false(is_in_dead_list("n-few"));
	world_free(w);
}

static void
test_refused_until_the_next_route(void **state)
{
	struct sim_world *w = smsc_world();
	int64_t before = metric_get(M_MESSAGES_REROUTED);

	(void)state;
	smsc_says(SIM_SMS, SMS_FEW, -1);
	put_message(MSG_TOKEN, "t", PHONE);
	run_for(5 * MINUTE);
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	assert_string_equal(message_in_store("t").via, "sms-other");
	assert_int_equal(smsc.seen_n, w->settings.message_tries + 1);
	for (int i = 2; i < smsc.seen_n - 1; i++)	/* longer pauses each time */
		assert_true(smsc.seen[i].at - smsc.seen[i - 1].at > smsc.seen[i - 1].at - smsc.seen[i - 2].at);
	assert_int_equal(metric_get(M_MESSAGES_REROUTED), before + 1);
	world_free(w);
}

/* A bind that is away for long gives way to the other one, which is not asked before. */
static void
test_no_room_for_long(void **state)
{
	struct sim_world *w = smsc_world();
	int64_t from = w->loop.now;

	(void)state;
	smsc.room[SIM_SMS] = 0;
	put_message(MSG_RESULT, "r", PHONE);
	run_for(30000);
	assert_int_equal(smsc.seen_n, 0);
	run_for(MINUTE);
	assert_int_equal(smsc.seen_n, 1);
	assert_int_equal(smsc.seen[0].channel, SIM_SMS_OTHER);
	assert_true(smsc.seen[0].at - from >= MINUTE);

	/* Throttled, which its link only says when it is asked, is the same. */
	smsc.room[SIM_SMS] = 16;
	smsc_says(SIM_SMS, SMS_LATER, -1);
	put_message(MSG_RESULT, "r2", PHONE);
	run_for(2 * MINUTE);
	assert_string_equal(message_in_store("r2").via, "sms-other");
	assert_int_equal(message_in_store("r2").state, MESSAGE_SENT);
	world_free(w);
}

/* The bind is away for long: a provider over HTTP takes it, and its receipt is known by the channel. */
static void
test_from_a_bind_to_http(void **state)
{
	struct sim_world *w = smsc_world();
	int http = http_route(w);

	(void)state;
	smsc.room[SIM_SMS] = 0;
	put_message(MSG_TOKEN, "t", PHONE);
	run_for(90000);
	assert_string_equal(message_in_store("t").via, "sms-other");
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	/* A bind's id of the same number is another one. */
	receipt_says(0, "s1", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	receipt_says(http, "s1", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	world_free(w);
}

/* Whose account is refused: the next route has it at once; without one it waits and does not fail. */
static void
test_a_way_that_is_shut(void **state)
{
	struct sim_world *w = smsc_world();
	int64_t from = w->loop.now;

	(void)state;
	http_route(w);
	smsc_says(SIM_SMS, SMS_SHUT, -1);
	put_message(MSG_TOKEN, "t", PHONE);
	run_for(5000);
	assert_string_equal(message_in_store("t").via, "sms-other");
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	assert_true(smsc.seen[1].at - from < 5000);
	smsc_says(SIM_SMS_OTHER, SMS_SHUT, -1);
	put_message(MSG_NOTICE, "n", PHONE);
	run_for(5 * MINUTE);
	assert_int_equal(message_in_store("n").state, MESSAGE_WAITING);
	assert_int_equal(message_in_store("n").tries, 0);
	smsc_says(SIM_SMS_OTHER, SMS_SENT, 0);
	run_for(MINUTE);
	assert_int_equal(message_in_store("n").state, MESSAGE_SENT);
	world_free(w);
}

/* No answer, but the provider repeats the name that we gave it: the receipt ends the doubt, and nothing is sent twice. */
static void
test_a_lost_answer_and_its_name(void **state)
{
	struct sim_world *w = smsc_world();
	int http = http_route(w);

	(void)state;
	smsc.room[SIM_SMS] = 0;
	str_copy(smsc.ours, sizeof smsc.ours, "our-name");
	smsc_says(SIM_SMS_OTHER, SMS_UNKNOWN, 1);
	put_message(MSG_NOTICE, "n", PHONE);
	run_for(12 * MINUTE);
	assert_int_equal(smsc.seen_n, 1);
	assert_int_equal(message_in_store("n").state, MESSAGE_UNKNOWN);
	receipt_says(http, "our-name", RECEIPT_DELIVERED);
	assert_int_equal(message_in_store("n").state, MESSAGE_DELIVERED);
	assert_false(is_in_dead_list("n"));
	/* What may be said twice waits for its next attempt when the receipt comes. */
	smsc_says(SIM_SMS_OTHER, SMS_UNKNOWN, 1);
	str_copy(smsc.ours, sizeof smsc.ours, "our-other-name");
	put_message(MSG_TOKEN, "t", PHONE);
	while (smsc.seen_n < 2)
		run_for(100);
	run_for(300);
	receipt_says(http, "our-other-name", RECEIPT_DELIVERED);
	run_for(5 * MINUTE);
	assert_int_equal(smsc.seen_n, 2);
	assert_int_equal(message_in_store("t").state, MESSAGE_DELIVERED);
	world_free(w);
}

static void (*real_claim)(void *ctx, uint64_t op, const struct store_claim *c);
static size_t asked_at_once, asked_most;
static int64_t asked_at;

static void
counted_claim(void *ctx, uint64_t op, const struct store_claim *c)
{
	if (c->list == STORE_OUTBOX) {
		asked_at_once = asked_at == smsc.w->loop.now ? asked_at_once + c->max : c->max;
		asked_at = smsc.w->loop.now;
		asked_most = asked_at_once > asked_most ? asked_at_once : asked_most;
	}
	real_claim(ctx, op, c);
}

/* Redis is away for a while when the SMSC answers: what it said is kept, and nothing is sent twice. */
static void
test_an_outage_of_the_store(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	smsc.takes_ms = 500;
	put_message(MSG_RESULT, "r", PHONE);
	while (smsc.seen_n == 0)
		run_for(50);
	w->faults.store_lost = 1000;
	run_for(15000);
	w->faults.store_lost = 0;
	run_for(10000);
	assert_int_equal(message_in_store("r").state, MESSAGE_SENT);
	receipt_says(0, "s1", RECEIPT_DELIVERED);
	run_for(1000);
	assert_int_equal(message_in_store("r").state, MESSAGE_DELIVERED);
	run_for(3 * MINUTE);
	assert_int_equal(smsc.seen_n, 1);
	world_free(w);
}

/* The partitions share the room of the binds: no more is claimed than can be sent, but for one of each of them. */
static void
test_room_is_shared(void **state)
{
	struct sim_world *w = smsc_world();
	char id[24];

	(void)state;
	real_claim = w->ports[0].claim;
	w->ports[0].claim = counted_claim;
	asked_most = 0;
	for (int i = 0; i < 200; i++) {
		str_format(id, sizeof id, "notice-%d", i);
		put_message(MSG_NOTICE, id, PHONE);
	}
	run_for(20000);
	assert_int_equal(smsc.seen_n, 200);
	assert_in_range(asked_most, 1, 2 * 16 + 16);
	world_free(w);
}

/* One message a second gets through. What is urgent comes first, whichever partition it is in. */
static void
test_priorities(void **state)
{
	struct sim_world *w = smsc_world();
	int position[MSG_CLASSES] = { 0 };
	char id[24];

	(void)state;
	for (int i = 0; i < MSG_CLASSES; i++)
		w->tenant.routes_n[i] = 1;
	smsc.room[SIM_SMS] = 0;
	smsc.room_is_spent = true;
	for (int i = 0; i < 60; i++) {
		str_format(id, sizeof id, "notice-%d", i);
		put_message(MSG_NOTICE, id, PHONE);
	}
	run_for(3000);
	for (int second = 0; second < 40; second++) {
		if (second == 5)
			for (int i = 0; i < 4; i++) {
				str_format(id, sizeof id, "result-%d", i);
				put_message(MSG_RESULT, id, PHONE);
				str_format(id, sizeof id, "token-%d", i);
				put_message(MSG_TOKEN, id, PHONE);
			}
		for (int before = smsc.seen_n; smsc.seen_n == before;) {
			smsc.room[SIM_SMS] = 1;
			run_for(50);
		}
		smsc.room[SIM_SMS] = 0;
		run_for(950);
	}
	assert_int_equal(smsc.seen_n, 40);
	for (int i = 0; i < smsc.seen_n; i++)
		position[smsc.seen[i].cls] = i;		/* of the last one of each class */
	/* Five notices before, and one that may be under way when the others come. */
	assert_in_range(position[MSG_TOKEN], 8, 11);
	assert_in_range(position[MSG_RESULT], 12, 15);
	assert_int_equal(position[MSG_NOTICE], 39);
	world_free(w);
}

static void
opt_out(struct sim_world *w, bool out)
{
	struct subscriber sub = { .opted_out = out };
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now };
	struct buf b = { 0 };

	subscriber_encode(&sub, &b);
	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = { .family = STORE_SUBSCRIBER }, .p = b.p, .len = b.len };
	str_format(c.op[0].key.owner, sizeof c.op[0].key.owner, "acme/%s", PHONE);
	c.op[0].to.p[0] = 9;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&b);
}

static void
test_opted_out(void **state)
{
	static const char *const id[MSG_CLASSES] = { "token", "result", "notice" };
	struct sim_world *w = smsc_world();
	int64_t before = metric_get(M_MESSAGES_OPTED_OUT);

	(void)state;
	opt_out(w, true);
	for (int cls = 0; cls < MSG_CLASSES; cls++)
		put_message((enum message_class)cls, id[cls], PHONE);
	put_message(MSG_NOTICE, "other", "27837654321");
	run_for(MINUTE);
	assert_int_equal(smsc.seen_n, 3);
	for (int i = 0; i < smsc.seen_n; i++)
		assert_false(smsc.seen[i].cls == MSG_NOTICE && strcmp(smsc.seen[i].to, PHONE) == 0);
	assert_int_equal(message_in_store("notice").state, MESSAGE_WITHDRAWN);
	assert_int_equal(message_in_store("other").state, MESSAGE_SENT);
	assert_int_equal(metric_get(M_MESSAGES_OPTED_OUT), before + 1);
	world_free(w);
}

static void
test_dead_letters(void **state)
{
	struct sim_world *w = smsc_world();
	int64_t tokens = metric_get(M_DEAD_TOKENS), results = metric_get(M_DEAD_RESULTS);
	struct store_key key = message_key("t");
	struct store_value v;
	struct message m;

	(void)state;
	smsc_says(SIM_SMS, SMS_REFUSED, -1);
	smsc_says(SIM_SMS_OTHER, SMS_REFUSED, -1);
	put_message(MSG_TOKEN, "t", PHONE);
	run_for(MINUTE);
	m = message_in_store("t");
	assert_int_equal(m.state, MESSAGE_FAILED);
	assert_string_equal(m.why, "refused");
	assert_string_equal(m.via, "sms-other");
	assert_int_equal(m.status, 8);
	assert_int_equal(smsc.seen_n, 2);
	assert_true(is_in_dead_list("t"));
	assert_int_equal(metric_get(M_DEAD_TOKENS), tokens + 1);

	/* The record stays as long as its id is in the list. */
	memory_store_load(w->store, w->loop.now + 29 * 24 * 60 * MINUTE, &key, 1, &v);
	assert_true(v.present);

	smsc.room[SIM_SMS] = smsc.room[SIM_SMS_OTHER] = 0;
	put_message(MSG_RESULT, "late", PHONE);
	run_for(61 * MINUTE);
	smsc.room[SIM_SMS] = 16;
	run_for(MINUTE);
	assert_int_equal(message_in_store("late").state, MESSAGE_EXPIRED);
	assert_string_equal(message_in_store("late").why, "no room in time");
	assert_int_equal(metric_get(M_DEAD_RESULTS), results + 1);
	assert_int_equal(smsc.seen_n, 2);
	world_free(w);
}

/* As slow as its bind allows: nobody takes the message for lost before the answer can be late. */
static void
test_a_slow_answer_is_waited_for(void **state)
{
	struct sim_world *w = smsc_world();

	(void)state;
	w->binds[0].response_s = 200;
	smsc.takes_ms = 199000;
	put_message(MSG_TOKEN, "t", PHONE);
	put_message(MSG_NOTICE, "n", PHONE);
	run_for(5 * MINUTE);
	assert_int_equal(smsc.seen_n, 2);
	assert_int_equal(message_in_store("t").state, MESSAGE_SENT);
	assert_int_equal(message_in_store("n").state, MESSAGE_SENT);
	world_free(w);
}

static void
keep(const struct store_key *key, const struct buf *b, enum store_family list, int64_t score)
{
	struct store_commit c = { .n = list != 0 ? 2 : 1, .not_after_ms = smsc.w->loop.now };

	c.op[0] = (struct store_op){ .kind = STORE_PUT, .key = *key, .p = b->p, .len = b->len };
	c.op[0].to.p[0] = 1;
	c.op[1] = (struct store_op){ .kind = STORE_LIST_ADD, .key = *key, .ref = *key, .score = score };
	c.op[1].key.family = list;
	assert_int_equal(memory_store_commit(smsc.w->store, smsc.w->loop.now, &c), STORE_DONE);
	if (c.n > 1)
		sim_due_op(smsc.w, &c.op[1]);
}

/* A token of an intent, as it is put there the first time or when the payer asks for it again. */
static void
put_token(const struct intent *i, const char *id)
{
	struct message m = { .cls = MSG_TOKEN, .created_at = smsc.w->loop.now, .next_at = smsc.w->loop.now };
	struct store_key key = message_key(id);
	struct buf b = { 0 };

	m.deadline = m.created_at + 60 * MINUTE;
	str_copy(m.id, sizeof m.id, id);
	str_copy(m.tenant, sizeof m.tenant, "acme");
	str_copy(m.to, sizeof m.to, i->to_phone);
	str_copy(m.text, sizeof m.text, "hello");
	str_copy(m.intent_owner, sizeof m.intent_owner, i->owner);
	str_copy(m.intent_id, sizeof m.intent_id, i->id);
	message_encode(&m, &b);
	keep(&key, &b, STORE_OUTBOX, m.next_at);
	buf_clear(&b);
}

/* The payer hears of each sending that failed, once. */
static void
test_each_lost_token_is_told(void **state)
{
	struct sim_world *w = smsc_world();
	struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .id = "i", .owner = "acme/" PHONE,
	    .tenant = "acme", .phone = PHONE, .to_phone = PHONE, .token = "1234", .amount = 100, .lang = "en" };
	struct store_key key = { .family = STORE_INTENT, .owner = "acme/" PHONE, .id = "i" };
	struct buf b = { 0 };

	(void)state;
	intent_encode(&i, &b);
	keep(&key, &b, 0, 0);
	buf_clear(&b);
	smsc_says(SIM_SMS, SMS_REFUSED, -1);
	smsc_says(SIM_SMS_OTHER, SMS_REFUSED, -1);
	put_token(&i, "i:token_sms");
	run_for(MINUTE);
	assert_int_equal(message_in_store("i:token_sms").state, MESSAGE_FAILED);
	assert_int_equal(message_in_store("i:undelivered").cls, MSG_RESULT);
	put_token(&i, "i:token_sms:1");
	run_for(MINUTE);
	assert_int_equal(message_in_store("i:token_sms:1").state, MESSAGE_FAILED);
	assert_int_equal(message_in_store("i:undelivered:1").cls, MSG_RESULT);
	world_free(w);
}

static bool
was_said(const char *id)
{
	struct store_key key = message_key(id);
	struct store_value v;

	memory_store_load(smsc.w->store, smsc.w->loop.now, &key, 1, &v);
	return v.present;
}

/* Wherever the process dies between the refusals and the end: told is what it came to, and nothing that is not so. */
static void
test_a_lost_token_is_told_as_it_ends(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 6; nth++) {
		struct sim_world *w = smsc_world();
		struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .id = "i", .owner = "acme/" PHONE,
		    .tenant = "acme", .phone = PHONE, .to_phone = PHONE, .token = "1234", .amount = 100, .lang = "en" };
		struct store_key key = { .family = STORE_INTENT, .owner = "acme/" PHONE, .id = "i" };
		struct buf b = { 0 };
		enum message_state end;

		intent_encode(&i, &b);
		keep(&key, &b, 0, 0);
		buf_clear(&b);
		smsc_says(SIM_SMS, SMS_REFUSED, 1);
		smsc_says(SIM_SMS_OTHER, SMS_REFUSED, 1);
		put_token(&i, "i:token_sms");
		w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_MESSAGE, .nth = nth,
		    .what = STRIKE_CRASH_BEFORE };
		run_for(4 * MINUTE);
		assert_int_equal(w->crashes, 2);
		end = message_in_store("i:token_sms").state;
		assert_true(end == MESSAGE_FAILED || end == MESSAGE_SENT);
		assert_int_equal(was_said("i:undelivered"), end == MESSAGE_FAILED);
		world_free(w);
	}
}

/* It failed, and whether its payer will hear so is not known: it is not sent after that, or what he hears would not be so. */
static void
test_told_without_an_answer(void **state)
{
	static const enum sim_strike_what what[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER };

	(void)state;
	for (size_t k = 0; k < NELEM(what); k++) {
		struct sim_world *w = smsc_world();
		struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .id = "i", .owner = "acme/" PHONE,
		    .tenant = "acme", .phone = PHONE, .to_phone = PHONE, .token = "1234", .amount = 100, .lang = "en" };
		struct store_key key = { .family = STORE_INTENT, .owner = "acme/" PHONE, .id = "i" };
		struct buf b = { 0 };

		intent_encode(&i, &b);
		keep(&key, &b, 0, 0);
		buf_clear(&b);
		smsc_says(SIM_SMS, SMS_REFUSED, 1);
		smsc_says(SIM_SMS_OTHER, SMS_REFUSED, 1);
		/* An attempt and its end, twice; the second end is told before it is saved. */
		w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_MESSAGE, .nth = 4, .what = what[k] };
		put_token(&i, "i:token_sms");
		run_for(5 * MINUTE);
		assert_int_equal(w->strike[0].nth, 0);
		assert_int_equal(message_in_store("i:token_sms").state, MESSAGE_FAILED);
		assert_int_equal(message_in_store("i:token_sms").attempts, 2);
		assert_int_equal(message_in_store("i:undelivered").state, MESSAGE_SENT);
		world_free(w);
	}
}

/* No SMSC answers: it may have arrived. That is what the payer hears, and more when a receipt settles it. */
static void
test_a_token_in_doubt_is_told_as_such(void **state)
{
	struct sim_world *w = smsc_world();
	struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .id = "i", .owner = "acme/" PHONE,
	    .tenant = "acme", .phone = PHONE, .to_phone = PHONE, .token = "1234", .amount = 100, .lang = "en" };
	struct store_key key = { .family = STORE_INTENT, .owner = "acme/" PHONE, .id = "i" };
	struct buf b = { 0 };

	(void)state;
	w->settings.message_tries = 2;
	intent_encode(&i, &b);
	keep(&key, &b, 0, 0);
	buf_clear(&b);
	put_token(&i, "i:token_sms");
	/* Accepted, and said to have failed; then nobody answers any more. */
	str_copy(smsc.id, sizeof smsc.id, "1001");
	run_for(1000);
	smsc_says(SIM_SMS, SMS_UNKNOWN, -1);
	smsc_says(SIM_SMS_OTHER, SMS_UNKNOWN, -1);
	receipt_says(0, "1001", RECEIPT_FAILED);
	run_for(5 * MINUTE);
	assert_int_equal(message_in_store("i:token_sms").state, MESSAGE_UNKNOWN);
	assert_non_null(strstr(message_in_store("i:unsure").text, "may not have arrived"));
	smsc_says(SIM_SMS, SMS_SENT, 0);
	smsc_says(SIM_SMS_OTHER, SMS_SENT, 0);
	receipt_says(0, "1001", RECEIPT_DELIVERED);
	run_for(MINUTE);
	assert_int_equal(message_in_store("i:token_sms").state, MESSAGE_DELIVERED);
	assert_non_null(strstr(message_in_store("i:arrived").text, "after all"));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notices), cmocka_unit_test(test_refused_until_the_next_route),
		cmocka_unit_test(test_no_room_for_long), cmocka_unit_test(test_room_is_shared),
		cmocka_unit_test(test_from_a_bind_to_http), cmocka_unit_test(test_a_way_that_is_shut),
		cmocka_unit_test(test_a_lost_answer_and_its_name),
		cmocka_unit_test(test_an_outage_of_the_store),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_opted_out), cmocka_unit_test(test_dead_letters),
		cmocka_unit_test(test_a_slow_answer_is_waited_for),
		cmocka_unit_test(test_each_lost_token_is_told), cmocka_unit_test(test_a_lost_token_is_told_as_it_ends),
		cmocka_unit_test(test_a_token_in_doubt_is_told_as_such),
		cmocka_unit_test(test_each_lost_token_is_told), cmocka_unit_test(test_told_without_an_answer),
		cmocka_unit_test(test_a_token_in_doubt_is_told_as_such),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
