/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMS from a customer when things break: whatever is lost and whenever a process dies, the network delivers again until
 * it is told that the SMS arrived, and then it was obeyed and answered exactly once. On the clock of the simulation.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/file.h"
#include "core/inbox.h"
#include "core/message.h"
#include "service/say.h"
#include "tests/unit/gateway_world.h"

#define TRIES 12
#define WAIT_MS 3000			/* the network's patience with one delivery */

static struct menu *sms_menu;
static uint64_t ops;
static int arrived;			/* 1: taken, -1: to be delivered again, 0: no word yet */

static void
note_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	(void)ctx;
	if (peer_op == ops)
		arrived = end == RECEIPT_STORED ? 1 : -1;
}

static struct sim_world *
sms_world(bool with_menu)
{
	struct sim_world *w = world_with_sms(with_menu ? sms_menu : NULL);

	memcpy(w->tenant.languages, player_languages, sizeof player_languages);
	w->tenant.languages_n = (int)NELEM(player_languages);
	w->tenant.sms_answers = 20;
	w->tenant.sms_session_s = 900;
	w->channels[SIM_SMS].max_septets = 160;
	w->faults.receipt_lost = 1000;
	for (int i = 0; i < SIM_PROCESSES; i++)
		w->ports[i].receipt_stored = note_stored;
	sim_world_run(w, w->loop.now + MINUTE);	/* until it holds its link: answers leave in order then */
	return w;
}

static void
deliver_part_of(struct sim_world *w, int process, const char *phone, const struct reassembly_part *part)
{
	struct inbound_in in = { .channel = SIM_SMS, .number = "30384", .part = *part };

	str_copy(in.from, sizeof in.from, phone);
	for (int i = 0; i < TRIES; i++) {
		int64_t until = w->loop.now + WAIT_MS;

		arrived = 0;
		ops++;
		sim_process_start(&w->process[process]);
		gateway_inbound(w->process[process].gw, w->loop.now, &in, ops);
		sim_wake(&w->process[process], until);
		while (arrived == 0 && w->loop.now < until)
			sim_world_run(w, w->loop.now + 10);
		if (arrived == 1)
			return;
		sim_world_run(w, w->loop.now + 1000);
	}
	fail_msg("the SMS was never taken");
}

static void
deliver_part(struct sim_world *w, int process, const struct reassembly_part *part)
{
	deliver_part_of(w, process, PHONE, part);
}

static struct reassembly_part
alone(const char *text)
{
	return (struct reassembly_part){ .charset = CHARSET_ASCII, .octets = (const unsigned char *)text,
		.len = strlen(text) };
}

static void
deliver(struct sim_world *w, const char *text)
{
	struct reassembly_part part = alone(text);

	deliver_part(w, 0, &part);
}

static size_t
answers(struct sim_world *w)
{
	sim_wake(&w->process[0], w->loop.now + 1000);
	sim_world_run(w, w->loop.now + 10000);
	return w->inbox_n;
}

static bool
opted_out(const struct sim_world *w)
{
	struct store_key key = { .family = STORE_SUBSCRIBER };
	struct store_value v;
	struct subscriber sub;

	str_format(key.owner, sizeof key.owner, "%s/" PHONE, w->tenant.name);
	memory_store_load(w->store, w->loop.now, &key, 1, &v);
	return v.present && subscriber_decode(v.p, v.len, &sub) && sub.opted_out;
}

static const enum sim_strike_what strikes[] = { STRIKE_LOSE, STRIKE_LOSE_ANSWER, STRIKE_CRASH_BEFORE,
	STRIKE_CRASH_AFTER };

static void
strike(struct sim_world *w, enum store_family family, enum sim_strike_what what)
{
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = family, .nth = 1, .what = what };
}

static void
test_a_word_whatever_breaks(void **state)
{
	static const enum store_family families[] = { STORE_MESSAGE, STORE_INBOX, STORE_SUBSCRIBER };

	(void)state;
	for (size_t f = 0; f < NELEM(families); f++)
		for (size_t i = 0; i < NELEM(strikes); i++) {
			struct sim_world *w = sms_world(false);

			strike(w, families[f], strikes[i]);
			deliver(w, "Stop it!");
			assert_true(opted_out(w));
			if (answers(w) != 1)
				fail_msg("%zu answers after strike %zu on family %zu", w->inbox_n, i, f);
			assert_non_null(strstr(w->inbox[0].text, "No more notices"));
			assert_int_equal(w->strike[0].nth, 0);
			world_free(w);
		}
}

/* The first SMS of each, word for word the same: an answer's name must be its phone's alone. */
static void
test_many_say_the_same(void **state)
{
	static const char *const phones[] = { PHONE, "27837654321", "27829999999" };
	struct sim_world *w = sms_world(false);
	struct reassembly_part stop = alone("STOP");

	(void)state;
	for (size_t i = 0; i < NELEM(phones); i++)
		deliver_part_of(w, 0, phones[i], &stop);
	assert_int_equal(answers(w), NELEM(phones));
	world_free(w);
}

static void
test_a_dialogue_whatever_breaks(void **state)
{
	static const enum store_family families[] = { STORE_MESSAGE, STORE_INBOX, STORE_SESSION };

	(void)state;
	for (size_t f = 0; f < NELEM(families); f++)
		for (size_t i = 0; i < NELEM(strikes); i++) {
			struct sim_world *w = sms_world(true);

			deliver(w, "Hello");
			assert_int_equal(answers(w), 1);
			strike(w, families[f], strikes[i]);
			deliver(w, "2");
			if (answers(w) != 2)
				fail_msg("%zu answers after strike %zu on family %zu", w->inbox_n, i, f);
			assert_non_null(strstr(w->inbox[1].text, "2. isiZulu"));
			deliver(w, "3");
			assert_int_equal(answers(w), 3);
			assert_non_null(strstr(w->inbox[2].text, "Afrikaans"));
			world_free(w);
		}
}

/* The last octets of a long one may come where none of the others did, and each more than once. */
static void
test_parts_of_two_processes(void **state)
{
	static const char text[] = "STAAK asseblief, ek het genoeg hiervan";
	static const int order[] = { 3, 1, 1, 3, 2, 2, 1 };
	struct sim_world *w = sms_world(true);

	(void)state;
	w->processes = 2;
	for (size_t i = 0; i < NELEM(order); i++) {
		int seq = order[i];
		size_t from = (size_t)(seq - 1) * 13;
		struct reassembly_part part = { .reference = 7, .total = 3, .seq = (uint8_t)seq,
			.charset = CHARSET_ASCII, .octets = (const unsigned char *)text + from,
			.len = seq < 3 ? 13 : sizeof text - 1 - from };

		deliver_part(w, (int)(i % 2), &part);
	}
	assert_true(opted_out(w));
	assert_int_equal(answers(w), 1);
	assert_non_null(strstr(w->inbox[0].text, "Geen kennisgewings"));
	world_free(w);
}

/* Two processes at work on two SMS of one phone at the same instant: both are obeyed, each is answered once. */
static void
test_two_at_once(void **state)
{
	static const char *const texts[] = { "STOP", "HELP" };
	struct sim_world *w = sms_world(false);

	(void)state;
	w->processes = 2;
	ops++;
	for (int i = 0; i < 2; i++) {
		struct inbound_in in = { .channel = SIM_SMS, .from = PHONE, .number = "30384",
		    .part = alone(texts[i]) };

		sim_process_start(&w->process[i]);
		gateway_inbound(w->process[i].gw, w->loop.now, &in, ops);
		sim_wake(&w->process[i], w->loop.now + 1000);
	}
	assert_int_equal(answers(w), 2);
	assert_true(opted_out(w));
	deliver(w, "Help!");
	assert_int_equal(answers(w), 2);
	world_free(w);
}

/* Of a phone that begins long messages without end only a few are kept. */
static void
test_parts_without_end(void **state)
{
	struct sim_world *w = sms_world(false);
	struct reassembly_part part = { .total = 2, .seq = 1, .charset = CHARSET_ASCII,
		.octets = (const unsigned char *)"STOP", .len = 4 };
	size_t kept = 0;

	(void)state;
	for (uint16_t i = 0; i < 30; i++) {
		part.reference = i;
		deliver_part(w, 0, &part);
	}
	for (unsigned i = 0; i < 30; i++) {
		struct store_key key = { .family = STORE_PARTS };
		struct store_value v;

		str_format(key.owner, sizeof key.owner, "%s/" PHONE, w->tenant.name);
		str_format(key.id, sizeof key.id, "%s/30384/%u/2", w->channels[SIM_SMS].name, i);
		memory_store_load(w->store, w->loop.now, &key, 1, &v);
		kept += v.present;
	}
	assert_int_equal(kept, INBOX_OPEN);
	assert_int_equal(answers(w), 0);
	world_free(w);
}

static void
test_back_and_forth(void **state)
{
	struct sim_world *w = sms_world(true);

	(void)state;
	deliver(w, "stop");
	assert_true(opted_out(w));
	deliver(w, "START");
	assert_false(opted_out(w));
	deliver(w, "Yima");
	assert_true(opted_out(w));
	deliver(w, "STOPALL");
	assert_true(opted_out(w));
	assert_int_equal(answers(w), 3);
	world_free(w);
}

/* Within the seconds in which an equal text is the same one: the last STOP is meant; one that comes twice is one. */
static void
test_stop_start_stop(void **state)
{
	struct sim_world *w = sms_world(false);
	int64_t began = w->loop.now;

	(void)state;
	deliver(w, "STOP");
	deliver(w, "START");
	assert_false(opted_out(w));
	deliver(w, "STOP");
	assert_true(opted_out(w));
	deliver(w, "STOP");
	deliver(w, "START");		/* may be the first one, delivered again */
	assert_true(opted_out(w));
	assert_true(w->loop.now - began < 5000);
	assert_int_equal(answers(w), 3);
	world_free(w);
}

/* Something that the gateway has to say by itself. */
static void
tell(struct sim_world *w, enum message_class cls, const char *id)
{
	struct store_commit c = { .not_after_ms = w->loop.now + MINUTE };
	struct vars v = { 0 };
	struct message m;

	assert_true(say_text(w->process[0].gw, 0, cls, id, PHONE, "en", "sms.result.signup.done", &v, &m));
	m.created_at = m.next_at = w->loop.now;
	m.deadline = w->loop.now + MINUTE;
	say_put(w->process[0].gw, &c, &m);
	w->ports[0].commit(w->ports[0].ctx, UINT64_MAX, &c);	/* nobody hears the answer */
}

static void
test_what_is_still_said(void **state)
{
	struct sim_world *w = sms_world(true);

	(void)state;
	w->tenant.routes[MSG_NOTICE][0] = SIM_SMS;
	w->tenant.routes_n[MSG_NOTICE] = 1;
	tell(w, MSG_NOTICE, "notice-1");
	assert_int_equal(answers(w), 1);
	deliver(w, "STOP");
	tell(w, MSG_NOTICE, "notice-2");
	tell(w, MSG_RESULT, "result-1");
	assert_int_equal(answers(w), 3);
	assert_int_equal(w->inbox[2].cls, MSG_RESULT);
	deliver(w, "START");
	tell(w, MSG_NOTICE, "notice-3");
	assert_int_equal(answers(w), 5);
	world_free(w);
}

/* Beyond the answers of an hour STOP still counts, and the next hour has answers again. */
static void
test_too_many(void **state)
{
	struct sim_world *w = sms_world(true);
	char text[40];

	(void)state;
	w->tenant.sms_answers = 3;
	for (int i = 0; i < 20; i++) {
		str_format(text, sizeof text, "Are you there? %d", i);
		deliver(w, text);
	}
	assert_int_equal(answers(w), 3);
	deliver(w, "Stop");
	assert_true(opted_out(w));
	assert_int_equal(answers(w), 3);
	sim_world_run(w, w->loop.now + 60 * MINUTE);
	deliver(w, "START");
	assert_int_equal(answers(w), 4);
	world_free(w);
}

/* Our answer makes a machine on the phone write the same again, and so on: it is left alone for an hour. */
static void
test_a_machine_that_answers(void **state)
{
	struct sim_world *w = sms_world(true);

	(void)state;
	for (int i = 0; i < 10; i++) {
		deliver(w, "I am driving and will call back");
		sim_world_run(w, w->loop.now + MINUTE);
	}
	assert_int_equal(answers(w), 3);
	sim_world_run(w, w->loop.now + 60 * MINUTE);
	deliver(w, "I am driving and will call back");
	assert_int_equal(answers(w), 4);
	for (int i = 0; i < 5; i++) {
		deliver(w, "9");
		sim_world_run(w, w->loop.now + MINUTE);
	}
	assert_int_equal(answers(w), 9);
	world_free(w);
}

/* Nothing of a PIN is in any record, and it reaches no menu. */
static void
test_a_pin(void **state)
{
	struct sim_world *w = sms_world(true);

	(void)state;
	deliver(w, "Hello");
	deliver(w, "24680");
	assert_int_equal(answers(w), 2);
	assert_non_null(strstr(w->inbox[1].text, "Never send a PIN by SMS"));
	deliver(w, "1");
	assert_int_equal(answers(w), 3);
	assert_non_null(strstr(w->inbox[2].text, "We never ask for a PIN by SMS"));
	world_free(w);
}

/* The gateway goes while SMS of one phone wait for each other. */
static void
test_the_end(void **state)
{
	struct sim_world *w = sms_world(true);
	struct reassembly_part part = alone("Hello");
	struct inbound_in in = { .channel = SIM_SMS, .from = PHONE, .number = "30384", .part = part };

	(void)state;
	for (int i = 0; i < 12; i++)
		gateway_inbound(w->process[0].gw, w->loop.now, &in, 1000 + (uint64_t)i);
	sim_process_crash(&w->process[0]);
	deliver(w, "Hello");
	assert_int_equal(answers(w), 1);
	world_free(w);
}

static int
set_up(void **state)
{
	struct buf json = { 0 };

	world_setup(state);
	assert_true(file_read("menus/sms.json", 1 << 16, &json));
	sms_menu = player_menu("menus/sms.json", buf_str(&json), json.len, shipped.texts, 3);
	buf_clear(&json);
	return 0;
}

/* Runs last: it changes the texts of all worlds. */
static void
test_gsm_safe_answers(void **state)
{
	static const char json[] = "{ \"gsm_safe\": [\"sms.answer.*\"], "
	    "\"sms.answer.stop\": \"\xe2\x80\x9cStopped\xe2\x80\x9d\" }";
	struct buf problems = { 0 };
	struct sim_world *w;

	(void)state;
	assert_true(texts_add(shipped.texts, "en", "en.json", json, strlen(json), &problems));
	w = sms_world(false);
	deliver(w, "STOP");
	assert_int_equal(answers(w), 1);
	assert_string_equal(w->inbox[0].text, "\"Stopped\"");
	world_free(w);
}

static int
tear_down(void **state)
{
	menu_free(sms_menu);
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_word_whatever_breaks),
		cmocka_unit_test(test_many_say_the_same),
		cmocka_unit_test(test_a_dialogue_whatever_breaks),
		cmocka_unit_test(test_parts_of_two_processes),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_parts_without_end),
		cmocka_unit_test(test_back_and_forth), cmocka_unit_test(test_stop_start_stop),
		cmocka_unit_test(test_what_is_still_said),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_a_machine_that_answers),
		cmocka_unit_test(test_a_pin),
		cmocka_unit_test(test_the_end),
		cmocka_unit_test(test_gsm_safe_answers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
