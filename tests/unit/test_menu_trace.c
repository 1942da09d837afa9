/* SPDX-License-Identifier: Apache-2.0 */
/* From a trail to a transcript of the shipped menu: the same way, with nothing of the customer in it. */
#include <time.h>

#include "core/menu_trace.h"
#include "core/transcript.h"
#include "menu_player.h"

#define MAX 32
#define NOON INT64_C(1774353600000)

struct stage {
	struct player player;
	struct play phone;
	struct history_turn turn[MAX];
	int turns;
	struct buf text, report;
};

static int
set_up(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);

	setenv("TZ", "UTC", 1);
	tzset();
	player_shipped(&s->player);
	s->phone.m = s->player.menu;
	s->phone.env = s->player.env;
	s->phone.title = "Acme Wallet";
	s->phone.help_phone = "0800";
	s->phone.grace_ms = 600000;
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	player_clear(&s->player);
	buf_clear(&s->text);
	buf_clear(&s->report);
	free(s);
	return 0;
}

/* "home send.to 90:send.amount.": after so many seconds (else 5) the state, with a dot where the dialogue ended. */
static void
trail(struct stage *s, const char *words)
{
	int64_t at = NOON;
	char word[HISTORY_STATE + 8], kept[HISTORY_TRAIL * 4] = "";
	const char *next = kept;

	for (size_t n; *words != '\0'; words += n + strspn(words + n, " ")) {
		const char *colon;
		int64_t seconds = 5;
		bool ended;

		n = strcspn(words, " ");
		ended = words[n - 1] == '.';
		assert_true(str_copyn(word, sizeof word, words, n - ended));
		colon = strchr(word, ':');
		if (colon != NULL) {
			word[colon - word] = '\0';
			assert_true(str_to_i64(word, 0, 100000, &seconds));
		}
		at += seconds * 1000;
		history_add_turn(kept, sizeof kept, at, colon != NULL ? colon + 1 : word, ended);
	}
	s->turns = 0;
	while (s->turns < MAX && history_next_turn(&next, &s->turn[s->turns]))
		s->turns++;
}

static const struct ussd_profile *
open_phone(void *arg, const char *tenant, const char *menu, struct play *p, char *problem, size_t size)
{
	struct stage *s = arg;

	(void)problem;
	(void)size;
	assert_string_equal(tenant, "acme");
	assert_string_equal(menu, "wallet");
	*p = s->phone;
	return ussd_profile_find("plain");
}

/* How many turns were followed; what was written passes as a test. */
static int
write_transcript(struct stage *s, const char *words)
{
	struct menu_trace t = { &s->phone, ussd_profile_find("plain"), "*120*384#", "acme", "acme-ussd", s->turn, 0 };
	struct transcript_world w = { open_phone, s };
	struct transcript_tally tally = { 0 };
	int followed;

	trail(s, words);
	t.turns = s->turns;
	buf_reset(&s->text);
	buf_reset(&s->report);
	followed = menu_trace_write(&t, &s->text);
	transcript_play(&w, "made", buf_str(&s->text), s->text.len, &s->report, NULL, &tally);
	assert_string_equal(buf_str(&s->report), "");
	return followed;
}

static void
has(const struct stage *s, const char *part)
{
	if (strstr(buf_str(&s->text), part) == NULL)
		fail_msg("not there: %sin: %s", part, buf_str(&s->text));
}

static void
test_a_payment(void **state)
{
	struct stage *s = *state;

	assert_int_equal(7, write_transcript(s,
	    "main send.to send.to send.amount send.confirm send.confirm send.done."));
	has(s, "== acme-ussd, 2026-03-24 12:00\n@ tenant acme\n@ menu wallet\n@ clock 2026-03-24 12:00\n> *120*384#\n"
	    "= customer.find found\n< Acme Wallet\n");
	has(s, "# or: self, barred\n= send.find not_found\n");
	has(s, "# placeholder: an amount\n> 1.00\n= send.check ok\n");
	has(s, "# placeholder: a PIN\n> 4826\n= confirm wrong\n");
	has(s, "= confirm accepted\n= transfer done\n");
	has(s, "(over)\n");
}

static void
test_a_sign_up_that_was_dropped(void **state)
{
	struct stage *s = *state;

	assert_int_equal(write_transcript(s, "language.first join join.first join.surname 20:join.surname. "
	    "200:join.surname join.surname join.doc join.passport join.birth join.consent join.pin join.pin2 main"), 14);
	has(s, "@ language none\n");
	has(s, "@ drop\n@ wait 200s\n@ redial\n< You were not finished here.\n< 1. Go on\n< 2. Start again\n> 1\n"
	    "< Type your surname:\n");
	has(s, "> 2\n< Type your passport number:\n");
}

/* Which option it was shows only in what came of it. */
static void
test_a_choice_is_known_by_what_follows(void **state)
{
	struct stage *s = *state;

	assert_int_equal(write_transcript(s, "main private.pin private.pin codes.list codes.one codes.sure main"), 7);
	has(s, "> 4\n< Enter your PIN:\n");
	assert_int_equal(write_transcript(s, "main private.pin limit.show"), 3);
	has(s, "> 6\n< Enter your PIN:\n");
	assert_int_equal(write_transcript(s, "main private.pin balance.pending"), 3);
	has(s, "= balance done pending_total=R50.00\n");
}

static void
test_an_end_without_an_edge(void **state)
{
	assert_int_equal(write_transcript(*state, "main private.pin private.check."), 3);
	has(*state, "= pin.check call_help\n");
}

static void
test_what_cannot_be_followed_is_said(void **state)
{
	struct stage *s = *state;

	/* The beginning was forgotten. */
	assert_int_equal(write_transcript(s, "send.amount send.confirm send.done. main more"), 2);
	has(s, "# send.amount: how this was reached is not known");
	has(s, "> 7\n< More\n");
	/* Another version of the menu. */
	assert_int_equal(write_transcript(s, "main old.state main"), 2);
	has(s, "# old.state: how this was reached");
	assert_int_equal(write_transcript(s, ""), 0);
}

/* Many ways that all come to nothing are given up. */
static void
test_the_search_has_an_end(void **state)
{
	assert_int_equal(write_transcript(*state, "main main main main main main main main main main main main main "
	    "main main private.pin private.pin private.pin nowhere"), 18);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_payment), TEST(test_a_sign_up_that_was_dropped),
		TEST(test_a_choice_is_known_by_what_follows),
		TEST(test_an_end_without_an_edge), TEST(test_what_cannot_be_followed_is_said),
		TEST(test_the_search_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
