/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/session.h"

static struct session *
full_session(void)
{
	struct session *s = xcalloc(1, sizeof *s);

	str_copy(s->dlg.menu, sizeof s->dlg.menu, "wallet");
	str_copy(s->dlg.version, sizeof s->dlg.version, "0123456789abcdef");
	str_copy(s->dlg.state, sizeof s->dlg.state, "send.confirm");
	str_copy(s->dlg.lang, sizeof s->dlg.lang, "zu");
	for (int i = 0; i < MENU_BACK; i++)
		str_format(s->dlg.back[i], sizeof s->dlg.back[i], "state.%d", i);
	s->dlg.back_n = MENU_BACK;
	s->dlg.page = 2;
	str_copy(s->dlg.problem, sizeof s->dlg.problem, "error.money");
	assert_true(vars_set(&s->dlg.vars, "amount", "5000"));
	str_copy(s->dialogue, sizeof s->dialogue, "its-17");
	s->ended = s->answer_end = s->uncounted = true;
	s->expires_ms = 5;
	s->touched_ms = 6;
	str_copy(s->turn_key, sizeof s->turn_key, "i7");
	str_copy(s->answer, sizeof s->answer, "How much?");
	s->consumed = 12;
	s->consumed_mac_len = sizeof s->consumed_mac;
	memset(s->consumed_mac, 0x5a, sizeof s->consumed_mac);
	str_copy(s->claim_key, sizeof s->claim_key, "p0:0011223344556677");
	s->claim_until = 7;
	str_copy(s->intent, sizeof s->intent, "11111111-2222-4333-8444-555555555555");
	str_copy(s->tenant, sizeof s->tenant, "acme");
	s->resume_s = 600;
	str_copy(s->dlg.offer, sizeof s->dlg.offer, "send.to");
	return s;
}

static void
test_round_trip(void **state)
{
	struct session *s = full_session(), *back = xcalloc(1, sizeof *back);
	struct buf b = { 0 };

	(void)state;
	session_encode(s, &b);
	assert_true(session_decode(b.p, b.len, back));
	assert_memory_equal(s, back, sizeof *s);
	buf_clear(&b);
	free(s);
	free(back);
}

/* An older process must not lose what a newer one wrote. */
static void
test_unknown_tags_are_kept(void **state)
{
	static const unsigned char newer[] = { 0xe7, 0x03, 5, 0, 0, 0, 'l', 'a', 't', 'e', 'r' };
	struct session *s = full_session(), *back = xcalloc(1, sizeof *back);
	struct buf b = { 0 }, again = { 0 };

	(void)state;
	session_encode(s, &b);
	buf_add(&b, newer, sizeof newer);
	assert_true(session_decode(b.p, b.len, back));
	assert_int_equal(back->rest.len, sizeof newer);
	back->dlg.page = 3;
	session_encode(back, &again);
	assert_non_null(memmem(again.p, again.len, newer, sizeof newer));
	assert_true(session_decode(again.p, again.len, s));
	assert_int_equal(s->dlg.page, 3);
	assert_memory_equal(&s->rest, &back->rest, sizeof s->rest);
	buf_clear(&b);
	buf_clear(&again);
	free(s);
	free(back);
}

static void
test_damaged(void **state)
{
	struct session *s = full_session(), *back = xcalloc(1, sizeof *back);
	struct buf b = { 0 };

	(void)state;
	session_encode(s, &b);
	for (size_t n = 0; n < b.len; n++)
		(void)!session_decode(b.p, n, back);	/* never reads past the end */
	assert_false(session_decode(b.p, b.len - 1, back));
	s->dlg.back_n = MENU_BACK + 1;
	buf_reset(&b);
	session_encode(s, &b);
	assert_false(session_decode(b.p, b.len, back));
	s->dlg.back_n = 0;
	s->dlg.page = -1;
	buf_reset(&b);
	session_encode(s, &b);
	assert_false(session_decode(b.p, b.len, back));
	s->dlg.page = 0;
	s->dlg.vars.p[s->dlg.vars.len - 1] = 'x';
	buf_reset(&b);
	session_encode(s, &b);
	assert_false(session_decode(b.p, b.len, back));
	buf_clear(&b);
	free(s);
	free(back);
}

/* How long the version of its menu is needed. */
static void
test_lives(void **state)
{
	struct session *s = full_session();

	(void)state;
	s->touched_ms = 1000;
	s->expires_ms = 50000;
	assert_int_equal(session_lives_until(s), 0);
	s->ended = false;
	assert_int_equal(session_resumable_until(s), 601000);
	assert_int_equal(session_lives_until(s), 601000);
	s->expires_ms = 700000;
	assert_int_equal(session_lives_until(s), 700000);
	s->resume_s = 0;
	assert_int_equal(session_resumable_until(s), 0);
	assert_int_equal(session_lives_until(s), 700000);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_unknown_tags_are_kept),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
