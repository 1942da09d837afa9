/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is done without its entry in the audit, and what is left where an answer is lost or a process dies between an
 * entry, its effect and its outcome.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/operator_world.h"

/* Without its entry nothing is done. */
static void
test_no_entry_no_effect(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 1, .what = STRIKE_LOSE };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(503, "Nothing was done");
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	/* It may be there although its answer was lost: an entry without an effect, never the other way round. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 1,
	    .what = STRIKE_LOSE_ANSWER };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(503, "Nothing was done");
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 1, .what = STRIKE_LOSE };
	act(w, &eve, "phone", "{\"phone\":\"" PHONE "\"}");
	assert_answer(503, "Nothing was done");
	/* The effect is there, its second entry is not: that is said too. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_AUDIT, .nth = 2, .what = STRIKE_LOSE };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(200, "\"outcome_noted\":false");
	assert_int_not_equal(subscriber_now(w).frozen_at, 0);
	world_free(w);
}

static void
test_effect_without_an_answer(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	/* It was executed: found by its own mark, and not done twice. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 1,
		.what = STRIKE_LOSE_ANSWER };
	act(w, &ann, "freeze", ABOUT);
	assert_answer(200, "\"outcome\":\"done\"");
	/* It was not: done then. */
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 1,
	    .what = STRIKE_LOSE };
	act(w, &ann, "opt-out", ABOUT);
	assert_answer(200, "\"outcome\":\"done\"");
	assert_true(subscriber_now(w).opted_out);
	world_free(w);
}

static void
test_crash_before_the_effect(void **state)
{
	struct sim_world *w = ops_world();

	(void)state;
	w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_SUBSCRIBER, .nth = 1,
		.what = STRIKE_CRASH_BEFORE };
	order(w, &ann, "freeze", ABOUT);
	run(w, 5 * MINUTE);
	assert_int_equal(answers, 0);
	assert_int_equal(subscriber_now(w).frozen_at, 0);
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"whole\",\"last\":1");
	assert_answer(200, "\"outcome\":\"asked\"");
	world_free(w);
}

/* Approved, then dead, before the effect or behind it: it stands as approved, and approving again ends it. */
static void
test_crash_around_an_approval(void **state)
{
	static const enum sim_strike_what when[] = { STRIKE_CRASH_BEFORE, STRIKE_CRASH_AFTER };

	(void)state;
	for (size_t k = 0; k < NELEM(when); k++) {
		struct sim_world *w = ops_world();

		with_a_person(w, INTENT_TRANSFER, TRANSFER);
		act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
		w->strike[0] = (struct sim_strike){ .on_store = true, .family = STORE_INTENT, .nth = 1,
		    .what = when[k] };
		order(w, &ben, "approve", "{\"request\":1}");
		run(w, 10 * MINUTE);
		assert_int_equal(answers, 0);
		assert_int_equal(intent_now(w, TRANSFER).state, k == 0 ? INTENT_PERSON : INTENT_DONE);
		act(w, &eve, "requests", "");
		assert_answer(200, "\"state\":\"approved\"");
		act(w, &ben, "reject", "{\"request\":1," REASON "}");
		assert_answer(409, "decided");
		act(w, &ben, "approve", "{\"request\":1}");
		assert_answer(200, "\"outcome\":\"done\"");
		run(w, 10 * MINUTE);
		assert_int_equal(intent_now(w, TRANSFER).state, INTENT_DONE);
		assert_int_equal(intent_now(w, TRANSFER).resolves, 1);
		assert_int_equal(w->inbox_n, 2);
		act(w, &eve, "requests", "");
		assert_answer(200, "\"requests\":[]");
		world_free(w);
	}
}

static void
test_a_broken_link(void **state)
{
	struct sim_world *w = ops_world();
	struct store_value v;
	struct audit_entry e;
	struct audit_head h = { 0 };
	struct buf b = { 0 };

	(void)state;
	act(w, &ann, "opt-out", ABOUT);
	act(w, &ann, "opt-in", ABOUT);
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"whole\",\"last\":4");
	/* Somebody with all keys writes another reason into the second entry. */
	v = look_up(w, key(STORE_AUDIT, "acme", "2"));
	assert_true(v.present && audit_entry_decode(v.p, v.len, &e));
	assert_int_equal(e.asked, 1);
	str_copy(e.who, sizeof e.who, "ben");
	h.number = 1;
	h.hash_len = e.before_len;
	memcpy(h.hash, e.before, sizeof h.hash);
	audit_append(&h, &e, &b);
	put(w, key(STORE_AUDIT, "acme", "2"), &b, NULL);
	buf_clear(&b);
	act(w, &ann, "audit", "{\"whole\":true}");
	assert_answer(200, "\"chain\":\"broken\"");
	assert_answer(200, "\"broken_at\":3");
	/* Nobody who looks at the newest only is told that all is well. */
	act(w, &ann, "audit", "{\"count\":1}");
	assert_answer(200, "\"checked_from\":3");
	world_free(w);
}

/* Acts at the same time take one number each. */
static void
test_at_the_same_time(void **state)
{
	struct sim_world *w = ops_world();
	char body[200];

	(void)state;
	for (int i = 0; i < 8; i++) {
		str_format(body, sizeof body, "{\"phone\":\"2782000000%d\"," REASON "}", i);
		order(w, &ann, "freeze", body);
	}
	answers = 0;
	run(w, MINUTE);
	assert_int_equal(answers, 8);
	act(w, &ann, "audit", "{\"whole\":true,\"count\":100}");
	assert_answer(200, "\"chain\":\"whole\",\"last\":16");
	world_free(w);
}

/* A store that does not answer: one answer all the same, in time. */
static void
test_store_away(void **state)
{
	static const char *const acts[] = { "persons", "requests", "audit" };
	struct sim_world *w = ops_world();

	(void)state;
	with_a_person(w, INTENT_TRANSFER, TRANSFER);
	w->faults.store_lost = 1000;
	for (size_t i = 0; i < NELEM(acts); i++) {
		act(w, &eve, acts[i], "");
		assert_answer(503, "store");
	}
	act(w, &ann, "freeze", ABOUT);
	assert_answer(503, "store");
	act(w, &ann, "resolve", resolve_body(TRANSFER, "done"));
	assert_answer(503, "store");
	assert_int_equal(gateway_busy(w->process[0].gw), 0);
	w->faults.store_lost = 0;
	world_free(w);
}

/* ---- whatever goes wrong ---- */

struct tried {
	const char *act;
	bool on;			/* what it makes of it */
};

static bool
state_of(struct sim_world *w, const char *name)
{
	struct subscriber s = subscriber_now(w);

	return strcmp(name, "freeze") == 0 ? s.frozen_at != 0 : s.opted_out;
}

/* Each line of the phone's history leads to an entry that asked for just that. */
static void
check_history(struct sim_world *w)
{
	struct store_range r = { .key = key(STORE_HISTORY, OWNER, ""), .to_ms = INT64_MAX, .max = STORE_CLAIM_MAX };
	struct store_claimed out[STORE_CLAIM_MAX];
	size_t n = memory_store_range(w->store, w->loop.now, &r, out);

	for (size_t i = 0; i < n; i++) {
		struct store_value v = look_up(w, key(STORE_AUDIT, "acme", out[i].item + 2));
		struct audit_entry e;

		assert_true(v.present && audit_entry_decode(v.p, v.len, &e));
		assert_string_equal(e.outcome, "asked");
		assert_string_equal(e.phone, "2782***4567");
	}
}

/* What an operator is told is so, and stays so: also once all that was late has arrived. */
static void
try_one(struct sim_world *w, const struct tried *t)
{
	const char *what = t->act[0] == 'o' ? "opt" : "freeze";
	bool before = state_of(w, what), after;

	if (w->process[0].gw == NULL)
		run(w, MINUTE);
	order(w, &ann, t->act, ABOUT);
	run(w, MINUTE);
	after = state_of(w, what);
	assert_true(answers <= 1);
	if (status == 200)
		assert_int_equal(after, t->on);
	else if (status == 409)
		assert_true(before == t->on && after == before);
	else if (status == 503)
		assert_int_equal(after, before);
	else
		assert_true(status == 0 || status == 500);
}

static void
test_the_truth_under_trouble(void **state)
{
	static const struct tried acts[] = { { "freeze", true }, { "opt-out", true }, { "opt-in", false } };
	unsigned done = 0, crashes = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct sim_world *w = ops_world();

		w->loop.rng.s = seed;
		w->faults = (struct sim_faults){ .store_lost = 40, .store_answer_lost = 60, .store_late = 60,
			.store_slow = 60, .crash = 10 };
		for (int i = 0; i < 12; i++) {
			status = 0;
			try_one(w, &acts[sim_below(&w->loop, NELEM(acts))]);
			done += status == 200;
		}
		crashes += w->crashes;
		memset(&w->faults, 0, sizeof w->faults);
		run(w, 2 * MINUTE);
		check_history(w);
		act(w, &ann, "audit", "{\"whole\":true,\"count\":200}");
		assert_answer(200, "\"chain\":\"whole\"");
		world_free(w);
	}
	/* It did happen. */
	assert_true(done > 80 && crashes > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_entry_no_effect), cmocka_unit_test(test_effect_without_an_answer),
		cmocka_unit_test(test_crash_before_the_effect), cmocka_unit_test(test_crash_around_an_approval),
		cmocka_unit_test(test_a_broken_link), cmocka_unit_test(test_at_the_same_time),
		cmocka_unit_test(test_store_away), cmocka_unit_test(test_the_truth_under_trouble),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
