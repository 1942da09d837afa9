/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators' acts and their orders, who may approve, the chain of the audit, the lines of the history. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/audit.h"
#include "core/history.h"
#include "core/request.h"

#define UID "11111111-2222-4333-8444-555555555555"
#define NOW INT64_C(1774339200000)

/* ---- the table ---- */

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPERATOR_ACTS; i++) {
		const struct operator_act *a = &operator_acts[i];

		assert_non_null(a->name);
		assert_ptr_equal(operator_act_find(a->name), a);
		assert_true(strlen(a->name) < sizeof ((struct audit_entry *)0)->act);
		assert_true(a->roles != 0 && strlen(a->help) > 10);
		/* What changes something is in the audit, and what a second person approves is such. */
		assert_true(!a->changes || a->noted);
		assert_true(!a->second || (a->changes && a->reason));
		assert_true(a->changes != (a->roles & ROLE_LOOK));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(operator_acts[k].name, a->name);
	}
	assert_null(operator_act_find("phones"));
}

static void
test_may(void **state)
{
	struct operator o = { .roles = ROLE_ACT | ROLE_LOOK, .tenants = { 0, 3 }, .tenants_n = 2 };

	(void)state;
	assert_true(operator_may(&o, &operator_acts[ACT_RESOLVE]));
	assert_true(operator_may(&o, &operator_acts[ACT_PHONE]));
	assert_false(operator_may(&o, &operator_acts[ACT_APPROVE]));
	assert_true(operator_sees(&o, 3));
	assert_false(operator_sees(&o, 1));
	o.all_tenants = true;
	assert_true(operator_sees(&o, 1));
}

static const struct {
	enum operator_what act;
	const char *json, *problem;	/* NULL: none */
} orders[] = {
	{ ACT_PERSONS, "", NULL },
	{ ACT_PERSONS, "{}", NULL },
	{ ACT_PERSONS, "[]", "object" },
	{ ACT_PERSONS, "{\"reason\":\"because\"}", "does not take" },
	{ ACT_PHONE, "{\"phone\":\"082 123 4567\"}", NULL },
	{ ACT_PHONE, "{}", "phone must be" },
	{ ACT_PHONE, "{\"phone\":12}", "phone must be" },
	{ ACT_PHONE, "{\"phone\":\"12\"}", "phone must be" },
	{ ACT_FREEZE, "{\"phone\":\"27821234567\",\"reason\":\"stolen\"}", NULL },
	{ ACT_FREEZE, "{\"phone\":\"27821234567\"}", "reason must be" },
	{ ACT_FREEZE, "{\"phone\":\"27821234567\",\"reason\":\"why\"}", "reason must be" },
	{ ACT_FREEZE, "{\"phone\":\"27821234567\",\"reason\":\"stolen\\nphone\"}", "reason must be" },
	{ ACT_FREEZE, "{\"phone\":\"27821234567\",\"phone\":\"27821234568\",\"reason\":\"stolen\"}", "object" },
	{ ACT_FREEZE, "{\"phone\":\"27821234567\",\"reason\":\"stolen\",\"resaon\":\"x\"}", "does not take" },
	{ ACT_RESOLVE, "{\"intent\":\"" UID "\",\"outcome\":\"done\",\"reason\":\"seen there\"}", NULL },
	{ ACT_RESOLVE, "{\"intent\":\"" UID "\",\"outcome\":\"maybe\",\"reason\":\"seen there\"}", "outcome must be" },
	{ ACT_RESOLVE, "{\"intent\":\"order\",\"outcome\":\"done\",\"reason\":\"seen there\"}", "intent must be" },
	{ ACT_APPROVE, "{\"request\":7}", NULL },
	{ ACT_APPROVE, "{\"request\":0}", "request must be" },
	{ ACT_APPROVE, "{\"request\":\"7\"}", "request must be" },
	{ ACT_REJECT, "{\"request\":7}", "reason must be" },
	{ ACT_AUDIT, "{\"count\":200,\"whole\":true}", NULL },
	{ ACT_AUDIT, "{\"count\":201}", "count must be" },
};

static void
test_orders(void **state)
{
	struct operator_order o;
	char problem[200];

	(void)state;
	for (size_t i = 0; i < NELEM(orders); i++) {
		const struct operator_act *a = &operator_acts[orders[i].act];
		bool ok = operator_order_parse(a, orders[i].json, strlen(orders[i].json), "27", &o, problem,
		    sizeof problem);

		assert_int_equal(ok, orders[i].problem == NULL);
		assert_int_equal(o.what, orders[i].act);
		if (!ok && strstr(problem, orders[i].problem) == NULL)
			fail_msg("%s: %s", orders[i].json, problem);
	}
}

/* What a command line writes is what the door reads. */
static void
test_order_from_words(void **state)
{
	const char *words[OPERATOR_ARGS] = { UID, "not_done" }, *one[OPERATOR_ARGS] = { "12" };
	struct operator_order o;
	struct buf json = { 0 };
	char problem[200];

	(void)state;
	assert_true(operator_order_print(&operator_acts[ACT_RESOLVE], words, "the core has no \"such\" row", &json,
	    problem, sizeof problem));
	assert_true(operator_order_parse(&operator_acts[ACT_RESOLVE], json.p, json.len, "27", &o, problem,
	    sizeof problem));
	assert_string_equal(o.intent, UID);
	assert_false(o.done);
	assert_string_equal(o.reason, "the core has no \"such\" row");
	buf_reset(&json);
	assert_true(operator_order_print(&operator_acts[ACT_APPROVE], one, NULL, &json, problem, sizeof problem));
	assert_string_equal(buf_str(&json), "{\"request\":12}");
	one[0] = "twelve";
	assert_false(operator_order_print(&operator_acts[ACT_APPROVE], one, NULL, &json, problem, sizeof problem));
	buf_clear(&json);
}

/* ---- four eyes ---- */

static void
test_who_may_decide(void **state)
{
	struct request r = { .who = "ann", .at = NOW };

	(void)state;
	assert_int_equal(request_decide(&r, "ben", true, NOW), REQUEST_YES);
	assert_int_equal(request_decide(&r, "ann", true, NOW), REQUEST_OWN);
	assert_int_equal(request_decide(&r, "ann", false, NOW), REQUEST_OWN);
	assert_int_equal(request_decide(&r, "ben", true, NOW + REQUEST_LIFE_MS - 1), REQUEST_YES);
	assert_int_equal(request_decide(&r, "ben", true, NOW + REQUEST_LIFE_MS), REQUEST_LAPSED);
	assert_true(request_waits(&r, NOW));
	/* Approved and not carried out: once more, but not taken back. */
	r.state = REQUEST_APPROVED;
	assert_int_equal(request_decide(&r, "ben", true, NOW), REQUEST_YES);
	assert_int_equal(request_decide(&r, "ben", false, NOW), REQUEST_DECIDED);
	for (int s = REQUEST_CARRIED_OUT; s < REQUEST_STATES; s++) {
		r.state = (enum request_state)s;
		assert_int_equal(request_decide(&r, "ben", true, NOW), REQUEST_DECIDED);
		assert_false(request_waits(&r, NOW));
	}
}

/* ---- the chain ---- */

#define ENTRIES 5
static struct chain {
	struct buf octets[ENTRIES + 1];	/* by number */
	struct audit_head head;
} chain;

static void
chain_new(void)
{
	memset(&chain, 0, sizeof chain);
	for (int i = 1; i <= ENTRIES; i++) {
		struct audit_entry e = { .at = NOW + i, .who = "ann", .act = "freeze", .tenant = "acme" };

		audit_append(&chain.head, &e, &chain.octets[i]);
		assert_int_equal(e.number, i);
	}
}

static void
chain_clear(void)
{
	for (int i = 1; i <= ENTRIES; i++)
		buf_clear(&chain.octets[i]);
}

static enum audit_end
walk(int64_t from, int64_t *broken_at)
{
	struct audit_walk w;
	struct audit_entry e;

	audit_walk_start(&w, from);
	for (int64_t i = from; i <= ENTRIES; i++)
		if (!audit_walk_on(&w, chain.octets[i].p, chain.octets[i].len, &e))
			break;
	audit_walk_stop(&w, &chain.head);
	*broken_at = w.broken_at;
	return w.end;
}

static void
test_chain(void **state)
{
	struct buf head = { 0 };
	struct audit_head back;
	int64_t at;

	(void)state;
	chain_new();
	assert_int_equal(walk(1, &at), AUDIT_WHOLE);
	assert_int_equal(at, 0);
	assert_int_equal(walk(3, &at), AUDIT_WHOLE);
	audit_head_encode(&chain.head, &head);
	assert_true(audit_head_decode(head.p, head.len, &back));
	assert_memory_equal(back.hash, chain.head.hash, AUDIT_HASH);
	assert_int_equal(back.number, ENTRIES);
	buf_clear(&head);
	chain_clear();
}

/* Each octet that somebody changes is seen, at its entry or at the next. */
static void
test_every_octet_counts(void **state)
{
	int64_t at;

	(void)state;
	chain_new();
	for (int i = 1; i <= ENTRIES; i++)
		for (size_t k = 0; k < chain.octets[i].len; k++) {
			chain.octets[i].p[k] ^= 1;
			assert_int_not_equal(walk(1, &at), AUDIT_WHOLE);
			assert_true(at == i || at == i + 1);
			chain.octets[i].p[k] ^= 1;
		}
	assert_int_equal(walk(1, &at), AUDIT_WHOLE);
	chain_clear();
}

static void
test_broken_chains(void **state)
{
	struct buf kept;
	int64_t at;

	(void)state;
	chain_new();
	/* Two of them changed places. */
	kept = chain.octets[2];
	chain.octets[2] = chain.octets[3];
	chain.octets[3] = kept;
	assert_int_equal(walk(1, &at), AUDIT_BROKEN);
	assert_int_equal(at, 2);
	kept = chain.octets[2];
	chain.octets[2] = chain.octets[3];
	chain.octets[3] = kept;
	/* One is gone. */
	kept = chain.octets[4];
	chain.octets[4] = (struct buf){ 0 };
	assert_int_equal(walk(1, &at), AUDIT_MISSING);
	assert_int_equal(at, 4);
	chain.octets[4] = kept;
	/* The last ones are gone, and the head was turned back: its hash does not fit. */
	chain.head.number = ENTRIES + 1;
	assert_int_equal(walk(1, &at), AUDIT_CUT);
	assert_int_equal(at, ENTRIES + 1);
	chain.head.number = ENTRIES;
	chain.head.hash[0] ^= 1;
	assert_int_equal(walk(1, &at), AUDIT_CUT);
	chain_clear();
}

/* A chain written anew from the middle on does not follow from what was before. */
static void
test_forged_tail(void **state)
{
	struct audit_head head = chain.head;
	int64_t at;

	(void)state;
	chain_new();
	memset(&head, 0, sizeof head);
	head.number = 2;
	head.hash_len = AUDIT_HASH;	/* guessed */
	for (int i = 3; i <= ENTRIES; i++) {
		struct audit_entry e = { .at = NOW, .who = "eve", .act = "freeze", .tenant = "acme" };

		buf_reset(&chain.octets[i]);
		audit_append(&head, &e, &chain.octets[i]);
	}
	chain.head = head;
	assert_int_equal(walk(1, &at), AUDIT_BROKEN);
	assert_int_equal(at, 3);
	chain_clear();
}

/* ---- the history ---- */

static void
test_trail(void **state)
{
	char trail[HISTORY_TRAIL] = "";
	const char *at = trail;
	struct history_turn t;
	int n = 0;

	(void)state;
	assert_false(history_next_turn(&at, &t));
	history_add_turn(trail, sizeof trail, NOW, "menu", false);
	history_add_turn(trail, sizeof trail, NOW + 2000, "", true);
	history_add_turn(trail, sizeof trail, NOW + 4000, "a_state_whose_name_is_longer_than_is_kept", true);
	assert_true(history_next_turn(&at, &t));
	assert_string_equal(t.state, "menu");
	assert_int_equal(t.at, NOW);
	assert_false(t.ended);
	assert_true(history_next_turn(&at, &t));
	assert_string_equal(t.state, "?");
	assert_true(t.ended);
	assert_true(history_next_turn(&at, &t));
	assert_string_equal(t.state, "a_state_whose_name_is_longer_tha");
	assert_true(t.ended);
	assert_false(history_next_turn(&at, &t));
	/* However many come, the newest are there, and none of them in part. */
	for (int i = 0; i < 200; i++) {
		history_add_turn(trail, sizeof trail, NOW + i * 1000, "menu.x", i % 2 == 0);
		assert_true(strlen(trail) < sizeof trail);
	}
	for (at = trail; history_next_turn(&at, &t); n++) {
		assert_string_equal(t.state, "menu.x");
		assert_true(t.ended == (t.at / 1000 % 2 == NOW / 1000 % 2));
	}
	assert_int_equal(t.at, NOW + 199000);
	assert_true(n >= 20);
	assert_int_equal(*at, '\0');
	/* One that is damaged is begun anew. */
	memset(trail, 'x', sizeof trail - 1);
	history_add_turn(trail, sizeof trail, NOW, "menu", false);
	at = trail;
	assert_true(history_next_turn(&at, &t));
	assert_string_equal(t.state, "menu");
}

static void
test_history(void **state)
{
	char item[HISTORY_ITEM];

	(void)state;
	history_intent(item, UID);
	assert_string_equal(history_intent_of(item), UID);
	assert_int_equal(history_act_of(item), 0);
	history_act(item, 17);
	assert_int_equal(history_act_of(item), 17);
	assert_null(history_intent_of(item));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_may), cmocka_unit_test(test_orders),
		cmocka_unit_test(test_order_from_words), cmocka_unit_test(test_who_may_decide),
		cmocka_unit_test(test_chain), cmocka_unit_test(test_every_octet_counts),
		cmocka_unit_test(test_broken_chains), cmocka_unit_test(test_forged_tail), cmocka_unit_test(test_trail),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
