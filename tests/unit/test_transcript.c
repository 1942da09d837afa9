/* SPDX-License-Identifier: Apache-2.0 */
/* Transcripts of menus: what passes, what is said of what does not, what is counted as walked. */
#include <time.h>

#include "core/calls.h"
#include "core/menu_answer.h"
#include "core/menu_cover.h"
#include "core/transcript.h"
#include "menu_player.h"

static const char menu_states[] =
    "'start': { 'call': 'customer.find', 'on': { 'found': 'main', 'no_pin': 'main', 'not_found': 'name',\n"
    "  'barred': 'over', 'failed': 'over' } },\n"
    "'main': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'pin' }, { 'text': 'b', 'go': 'over' },\n"
    "  { 'text': 'c', 'go': 'codes' } ] },\n"
    "'name': { 'ask': 'q', 'as': 'x', 'accept': { 'name': {} }, 'go': 'over', 'resume': 'name' },\n"
    "'pin': { 'ask': 'q', 'accept': { 'pin': {} }, 'go': 'check' },\n"
    "'check': { 'call': 'pin.check', 'on': { 'ok': 'balance', 'wrong': { 'go': 'pin', 'say': 'error.pin_wrong' },\n"
    "  'locked': 'over', 'failed': 'over' } },\n"
    "'balance': { 'call': 'balance', 'on': { 'done': 'have', 'failed': 'over' } },\n"
    "'codes': { 'call': 'pending.list', 'on': { 'done': 'list', 'empty': 'over', 'failed': 'over' } },\n"
    "'list': { 'choose': 't', 'list': 'pending', 'text': 'item', 'go': 'over' },\n"
    "'have': { 'end': 'have' }, 'over': { 'end': 'e' }";

struct stage {
	struct player player;
	struct menu_cover *cover;
	struct buf report, rewritten;
	struct transcript_tally tally;
};

static const struct ussd_profile *
open_phone(void *arg, const char *tenant, const char *menu, struct play *p, char *problem, size_t size)
{
	struct stage *s = arg;

	if (strcmp(menu, "none") == 0 || strcmp(tenant, "none") == 0) {
		str_format(problem, size, "there is no menu \"%s\"", menu);
		return NULL;
	}
	p->m = s->player.menu;
	p->env = s->player.env;
	p->env.passed = menu_cover_passed;
	p->env.passed_arg = s->cover;
	p->title = "Title";
	p->help_phone = "0800";
	p->grace_ms = 300000;
	return ussd_profile_find("plain");
}

static int
set_up(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	static const char more[] = "{ 'have': '{balance:money} of {pending_total:money} {notice}', 'item': "
	    "'{amount:money}"
	    " {until:time} {kind}' }";

	player_open(&s->player, menu_states);
	player_texts(s->player.texts, "en", "more.json", player_quotes(more), strlen(more));
	s->cover = menu_cover_new(s->player.menu);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	menu_cover_free(s->cover);
	player_clear(&s->player);
	buf_clear(&s->report);
	buf_clear(&s->rewritten);
	free(s);
	return 0;
}

static void
play(struct stage *s, const char *text, bool update)
{
	struct transcript_world w = { open_phone, s };

	buf_reset(&s->report);
	buf_reset(&s->rewritten);
	memset(&s->tally, 0, sizeof s->tally);
	transcript_play(&w, "f.txt", text, strlen(text), &s->report, update ? &s->rewritten : NULL, &s->tally);
}

static void
passes(struct stage *s, const char *text)
{
	play(s, text, false);
	assert_string_equal(buf_str(&s->report), "");
	assert_int_equal(s->tally.failed, 0);
	assert_true(s->tally.tests > 0);
}

/* The first line of what is said. */
static void
fails(struct stage *s, const char *text, const char *said)
{
	play(s, text, false);
	assert_int_equal(s->tally.failed, 1);
	if (strncmp(buf_str(&s->report), said, strlen(said)) != 0)
		fail_msg("said: %swanted: %s", buf_str(&s->report), said);
}

#define MAIN "< Title\n< 1. A\n< 2. B\n< 3. C\n"
#define DIAL "== T\n> *1#\n"
#define OFFER "< resume.offer\n< 1. resume.yes\n< 2. resume.no\n"
#define FOUND DIAL "= customer.find found\n" MAIN

static void
test_what_is_as_written_passes(void **state)
{
	passes(*state, "# a note\n@ language en\n\n" FOUND "> 1\n\n# between\n< Question\n< 0 Back\n> 1234\n"
	    "= pin.check wrong tries_left=1\n< Wrong, 1 left\n< Question\n< 0 Back\n> 1234\n= pin.check ok\n"
	    "= balance done balance=R2.50 pending_total=\n< R2.50 of  \n(over)\n");
	assert_int_equal(((struct stage *)*state)->tally.tests, 1);
}

static void
test_answers_have_usual_values(void **state)
{
	passes(*state, FOUND "> 1\n< ...\n> 1234\n= pin.check ok\n= balance done\n< R1 250.00 of R0.00 \n(over)\n");
}

static void
test_a_screen_may_be_left_open(void **state)
{
	struct stage *s = *state;

	passes(s, DIAL "= customer.find found\n< Title\n< ...\n");
	fails(s, DIAL "= customer.find found\n< Titel\n< ...\n", "f.txt:4: another screen was shown (state main)\n");
	fails(s, DIAL "= customer.find barred\n< End \n< ...\n", "f.txt:4: another screen was shown (state over)\n");
}

static void
test_a_difference_is_shown_line_by_line(void **state)
{
	struct stage *s = *state;

	fails(s, DIAL "= customer.find found\n< Title\n< 1. A\n< 2. X\n< 3. C\n> 9\n",
	    "f.txt:4: another screen was shown (state main)\n"
	    "      < Title\n      < 1. A\n    - < 2. X\n    + < 2. B\n      < 3. C\n");
	fails(s, DIAL "= customer.find barred\n< End \n", "f.txt:4: another screen was shown (state over)\n"
	    "      < End \n    + (over)\n");
	fails(s, FOUND "(over)\n", "f.txt:4: another screen was shown (state main)\n");
}

static void
test_what_does_not_fit_is_said(void **state)
{
	struct stage *s = *state;

	fails(s, DIAL "= customer.find found\n> 1\n", "f.txt:3: what this shows is not written below it (state main)\n"
	    "    + < Title\n");
	fails(s, DIAL "> 1\n", "f.txt:3: customer.find waits for an answer: one of found, no_pin, not_found, barred, "
	    "failed, call_help, sim_changed, young (state start)\n");
	fails(s, DIAL, "f.txt:2: customer.find waits for an answer");
	fails(s, DIAL "= balance done\n", "f.txt:3: not balance waits for an answer, but customer.find");
	fails(s, DIAL "= customer.find done\n", "f.txt:3: customer.find has no outcome \"done\": it may be found, "
	    "no_pin");
	fails(s, DIAL "= customer.find found x\n", "f.txt:3: \"x\" should be VARIABLE=VALUE");
	fails(s, DIAL "= customer.find found first_nam=x\n", "f.txt:3: customer.find found sets no variable "
	    "\"first_nam\"");
	fails(s, DIAL "= customer.find barred first_name=x\n", "f.txt:3: customer.find barred sets no variable");
	fails(s, DIAL "= customer.find found first_name=@y\n", "f.txt:3: there is no text \"y\"");
	fails(s, DIAL "= customer.find\n", "f.txt:3: an outcome is missing");
	fails(s, FOUND "= balance done\n", "f.txt:8: nothing was asked of the wallet core");
	fails(s, FOUND "> 2\n< End \n(over)\n> 1\n", "f.txt:11: there is no dialogue");
	fails(s, FOUND "\n" MAIN, "f.txt:9: nothing was shown here");
	fails(s, "== T\n> 1\n", "f.txt:2: there is no dialogue: it begins with a code");
	fails(s, "> *1#\n", "f.txt:1: a test begins with its title");
	fails(s, "@ menu none\n" DIAL DIAL DIAL, "f.txt:3: there is no menu \"none\"");
	fails(s, "@ meny x\n", "f.txt:1: there is no such directive");
	fails(s, "@ profile fast\n", "f.txt:1: there is no profile \"fast\"");
	fails(s, FOUND "@ language zu\n", "f.txt:8: language can be said only before the phone dials");
	fails(s, "== T\n@ drop\n", "f.txt:2: nobody has dialled yet");
	fails(s, "== T\nhello\n", "f.txt:2: this cannot be read");
}

static void
test_the_others_are_played_after_one_that_failed(void **state)
{
	struct stage *s = *state;

	play(s, FOUND "> 9\n> 1\n" FOUND "== U\n> 1\n== V\n> *1#\n= customer.find barred\n< End \n(over)\n", false);
	assert_int_equal(s->tally.tests, 4);
	assert_int_equal(s->tally.failed, 2);
}

static void
test_what_is_shown_is_written(void **state)
{
	struct stage *s = *state;

	play(s, "# n\n" DIAL "= customer.find found\n< old\n> 1\n# note\n\n> 1234\n= pin.check failed\n< End "
	    "\n(over)\n", true);
	assert_string_equal(buf_str(&s->rewritten), "# n\n" FOUND "> 1\n< Question\n< 0 Back\n# note\n\n> 1234\n"
	    "= pin.check failed\n< End \n(over)\n");
	assert_int_equal(s->tally.rewritten, 2);
	assert_int_equal(s->tally.failed, 0);
	play(s, DIAL "= customer.find found\n< Title\n< ...\n", true);
	assert_string_equal(buf_str(&s->rewritten), DIAL "= customer.find found\n< Title\n< ...\n");
	assert_int_equal(s->tally.rewritten, 0);
}

/* A menu that asks more than it did. */
static void
test_answers_that_lack_are_written(void **state)
{
	struct stage *s = *state;

	play(s, DIAL MAIN "> 1\n< Question\n< 0 Back\n> 1234\n= balance failed\n< End \n(over)\n", true);
	assert_string_equal(buf_str(&s->rewritten), FOUND "> 1\n< Question\n< 0 Back\n> 1234\n= pin.check ok\n"
	    "= balance failed\n< End \n(over)\n");
	assert_int_equal(s->tally.rewritten, 2);
	assert_int_equal(s->tally.failed, 0);
	play(s, DIAL "# note\n\n== U\n> *1#\n@ drop\n> *1#\n", true);
	assert_string_equal(buf_str(&s->rewritten), DIAL "# note\n\n= customer.find found\n" MAIN "== U\n> *1#\n@ drop\n"
	    "= customer.find found\n> *1#\n= customer.find found\n" MAIN);
	assert_int_equal(s->tally.failed, 0);
}

static void
test_values_are_amounts_moments_and_texts(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	passes(*state, "@ clock 2026-03-02 08:00\n" FOUND "> 3\n"
	    "= pending.list done pending.1.amount=R7.00 pending.1.until=+90m pending.1.kind=@a pending.2.amount=9 "
	    "pending.2.until=-1h pending.2.kind='R5 +1h'\n< Title\n< 1. R7.00 09:30 A\n< 2. R0.09 07:00 R5 +1h\n< 0 "
	    "Back\n");
}

static void
test_dropped_dialogues_go_on(void **state)
{
	struct stage *s = *state;

	passes(s, DIAL "= customer.find not_found\n< Question\n@ drop\n@ wait 299s\n@ redial\n" OFFER
	    "> 1\n< Question\n< 0 Back\n");
	passes(s, DIAL "= customer.find not_found\n< Question\n@ redial\n" OFFER "> 2\n= customer.find found\n" MAIN);
	passes(s, DIAL "= customer.find not_found\n< Question\n@ wait 300s\n@ redial\n= customer.find barred\n< End "
	    "\n(over)\n");
	/* In a state that says nothing of it the dialogue begins anew. */
	passes(s, FOUND "@ redial\n= customer.find found\n" MAIN);
	passes(s, FOUND "@ wait 179s\n> 2\n< End \n(over)\n");
	fails(s, FOUND "@ wait 180s\n> 2\n< End \n(over)\n", "f.txt:9: there is no dialogue");
	fails(s, "@ profile africastalking\n" FOUND "@ wait 30s\n> 2\n", "f.txt:10: there is no dialogue");
}

static void
test_what_the_network_and_the_gateway_lose(void **state)
{
	struct stage *s = *state;

	passes(s, DIAL "= customer.find lost\n> 1\n= customer.find found\n" MAIN);
	passes(s, FOUND "> 1\n< ...\n> 1234\n= pin.check lost\n> 1\n< Lost\n(over)\n");
	passes(s, DIAL "= customer.find not_found\n< Question\n@ drop\n@ redial\n" OFFER "@ repeat\n" OFFER
	    "> 1\n< Question\n< 0 Back\n");
	passes(s, "@ profile dropping\n" FOUND "> 9\n< ...\n> 9\n< ...\n> 9\n@ redial\n= customer.find found\n" MAIN);
}

static void
test_no_answer_is_what_the_call_makes_of_it(void **state)
{
	struct stage *s = *state;

	passes(s, DIAL "= customer.find unknown\n< End \n(over)\n");
	passes(s, FOUND "> 1\n< ...\n> 1234\n= pin.check unknown\n< End \n(over)\n");
}

static void
test_what_was_walked_is_counted(void **state)
{
	struct stage *s = *state;
	struct menu_covered n = menu_cover_count(s->cover);
	struct buf missing = { 0 };

	assert_int_equal(n.states, 10);
	assert_int_equal(n.edges, 5 + 3 + 1 + 1 + 4 + 2 + 3 + 1);
	assert_int_equal(n.states_walked + n.edges_walked, 0);
	passes(s, FOUND "> 2\n< End \n(over)\n" FOUND "> 0\n= customer.find not_found\n< Question\n> Ann\n< End "
	    "Ann\n(over)\n");
	n = menu_cover_count(s->cover);
	assert_int_equal(n.states_walked, 4);		/* start, main, name, over */
	assert_int_equal(n.edges_walked, 4);		/* found, option 2, not_found, go */
	menu_cover_missing(s->cover, &missing);
	assert_non_null(strstr(buf_str(&missing), "test.json:1: start: \"no_pin\" to main was not walked\n"));
	assert_non_null(strstr(buf_str(&missing), "test.json:3: main: option 1 (a) to pin was not walked\n"));
	assert_non_null(strstr(buf_str(&missing), ": pin: was not entered\n"));
	assert_null(strstr(buf_str(&missing), "option 2"));
	assert_null(strstr(buf_str(&missing), "name:"));
	buf_clear(&missing);
}

/* The row's variable belongs to an outcome that it is for. */
static bool
is_set(const struct answer_row *row, const char *variable)
{
	const struct call_row *call = row->call != NULL ? call_find(row->call) : NULL;
	const char *name = row->call != NULL ? row->call : PLAY_CONFIRM;

	if (row->outcome != NULL)
		return answer_sets(name, row->outcome, variable);
	for (int i = 0; call != NULL && i < CALL_OUTCOMES && call->outcomes[i] != NULL; i++)
		if (answer_sets(name, call->outcomes[i], variable))
			return true;
	return false;
}

static void
test_usual_values_are_of_calls_that_set_them(void **state)
{
	char word[ANSWER_WORD];

	(void)state;
	for (size_t i = 0; i < answer_rows_n; i++)
		for (const char *at = answer_rows[i].values; answer_word(&at, word);) {
			word[strcspn(word, "=")] = '\0';
			if (!is_set(&answer_rows[i], word))
				fail_msg("row %zu: %s", i, word);
		}
}

static bool
has_usual(const char *call, const char *set)
{
	char word[ANSWER_WORD], first[VARS_NAME];
	const char *item = strstr(set, ".i.");

	str_format(first, sizeof first, "%.*s%s%s", item != NULL ? (int)(item - set) : 99, set, item != NULL ? ".1." :
	    "",
	    item != NULL ? item + 3 : "");
	for (size_t i = 0; i < answer_rows_n; i++)
		for (const char *at = answer_rows[i].values; answer_rows[i].call != NULL &&
		    strcmp(answer_rows[i].call, call) == 0 && answer_word(&at, word);)
			if (strncmp(word, first, strlen(first)) == 0 && word[strlen(first)] == '=')
				return true;
	return false;
}

/* What a call always brings has a usual value, or screens would be empty. */
static void
test_calls_have_usual_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < call_rows_n; i++)
		for (const struct call_set *s = call_rows[i].sets; s < call_rows[i].sets + CALL_SETS &&
		    s->name != NULL; s++) {
			const char *dot = strrchr(s->name, '.');

			if (s->how == SET_ALWAYS && strcmp(s->name, "total") != 0 && (dot == NULL || strcmp(dot,
			    ".n") != 0) &&
			    !has_usual(call_rows[i].name, s->name))
				fail_msg("%s: %s", call_rows[i].name, s->name);
		}
}

static void
test_profiles_are_possible(void **state)
{
	(void)state;
	for (size_t i = 0; i < ussd_profiles_n; i++) {
		assert_in_range(ussd_profiles[i].septets, 92, 182);
		assert_true(ussd_profiles[i].session_s >= 30 && ussd_profiles[i].idle_s < ussd_profiles[i].session_s);
		assert_ptr_equal(ussd_profile_find(ussd_profiles[i].name), &ussd_profiles[i]);
	}
	assert_null(ussd_profile_find("plane"));
}

/* The manual with what troff wants undone. */
static void
read_manual(char *out)
{
	char *to = out;

	out[player_read("man/isango-test.5", out)] = '\0';
	for (const char *from = out; *from != '\0';) {
		bool quote = strncmp(from, "\\(aq", 4) == 0;

		from += *from == '\\' && from[1] == '-';
		*to++ = quote ? '\'' : *from;
		from += quote ? 4 : 1;
	}
	*to = '\0';
}

static void
test_the_manual_has_the_tables(void **state)
{
	static char manual[PLAYER_FILE];
	char line[512];

	(void)state;
	read_manual(manual);
	for (size_t i = 0; i < answer_rows_n; i++) {
		const struct answer_row *r = &answer_rows[i];

		str_format(line, sizeof line, "\n.B %s%s%s\n%s\n", r->call != NULL ? r->call : "any call",
		    r->outcome != NULL ? " " : "", r->outcome != NULL ? r->outcome : "", r->values);
		if (strstr(manual, line) == NULL)
			fail_msg("not in man/isango-test.5: %s", line);
	}
	for (size_t i = 0; i < ussd_profiles_n; i++) {
		const struct ussd_profile *p = &ussd_profiles[i];

		str_format(line, sizeof line, "\n.B %s\n%d septets, %d s", p->name, p->septets, p->session_s);
		if (strstr(manual, line) == NULL || strstr(manual, p->help) == NULL)
			fail_msg("not in man/isango-test.5: %s", line);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_as_written_passes), TEST(test_answers_have_usual_values),
		TEST(test_a_screen_may_be_left_open), TEST(test_a_difference_is_shown_line_by_line),
		TEST(test_what_does_not_fit_is_said), TEST(test_the_others_are_played_after_one_that_failed),
		TEST(test_what_is_shown_is_written), TEST(test_answers_that_lack_are_written),
		TEST(test_values_are_amounts_moments_and_texts),
		TEST(test_dropped_dialogues_go_on), TEST(test_what_the_network_and_the_gateway_lose),
		TEST(test_no_answer_is_what_the_call_makes_of_it), TEST(test_what_was_walked_is_counted),
		cmocka_unit_test(test_usual_values_are_of_calls_that_set_them),
		cmocka_unit_test(test_calls_have_usual_values),
		cmocka_unit_test(test_profiles_are_possible),
		cmocka_unit_test(test_the_manual_has_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
