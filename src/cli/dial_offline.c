/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dial_offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/offline.h"
#include "cli/phone_screen.h"
#include "core/menu_answer.h"

#define LINE 1024
#define WHY 512
#define ANSWERS 128
#define ANY_PHONE "27821234567"

struct phone {
	const struct dial_offline *o;
	struct play p;
	const char *keys;		/* those that are left */
	char answer[ANSWERS][ANSWER_WORD];	/* "balance done", "" when it was given */
	int answers;
	bool terminal, shown;
	bool failed;			/* a key or an answer that nothing waited for */
	int64_t clock;			/* when the player's time was moved last */
};

static int64_t
wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Time passes as it does for the person; for scripts it stands still. */
static void
let_time_pass(struct phone *f)
{
	int64_t now = wall_clock();

	if (f->keys == NULL && now > f->clock)
		play_wait(&f->p, now - f->clock);
	f->clock = now;
}

/* false: no more input. */
static bool
read_line(struct phone *f, const char *prompt, char line[LINE])
{
	bool ok;

	if (f->terminal)
		fputs(prompt, stdout);
	fflush(stdout);
	ok = fgets(line, LINE, stdin) != NULL;
	if (ok)
		line[strcspn(line, "\r\n")] = '\0';
	let_time_pass(f);
	return ok;
}

/* ---- what the wallet core answers ---- */

/* "send.check=short,fee=R2.00" is "send.check short fee=R2.00"; commas in quotes stay. */
static bool
add_answer(struct phone *f, char *word)
{
	char *eq = strchr(word, '='), quote = '\0';

	if (eq == NULL || f->answers == ANSWERS)
		return false;
	*eq = ' ';
	for (char *c = eq; *c != '\0'; c++)
		if (quote != '\0')
			quote = *c == quote ? '\0' : quote;
		else if (*c == '\'' || *c == '"')
			quote = *c;
		else if (*c == ',')
			*c = ' ';
	str_copy(f->answer[f->answers++], ANSWER_WORD, word);
	return true;
}

static bool
read_answers(struct phone *f)
{
	const char *at = f->o->answers != NULL ? f->o->answers : "";
	char word[ANSWER_WORD];

	while (answer_word(&at, word))
		if (!add_answer(f, word)) {
			fprintf(stderr, "isango dial: \"%s\" should be CALL=OUTCOME; at most %d of them\n", word,
			    ANSWERS);
			return false;
		}
	return true;
}

/* The first that is left for this call. */
static char *
find_answer(struct phone *f, const char *call)
{
	size_t n = strlen(call);

	for (int i = 0; i < f->answers; i++)
		if (strncmp(f->answer[i], call, n) == 0 && f->answer[i][n] == ' ')
			return f->answer[i];
	return NULL;
}

static void
give(struct phone *f, const char *answer)
{
	char why[WHY];

	printf("  = %s %s\n", play_call(&f->p), answer);
	if (!answer_give(&f->p, answer, why, sizeof why)) {
		printf("  %s\n", why);
		f->failed = f->failed || f->keys != NULL;
	}
	f->shown = false;
}

/* false: there is nobody to ask. */
static bool
ask_person(struct phone *f)
{
	const char *list[PLAY_OUTCOMES];
	char line[LINE], choices[WHY];

	answer_choices(&f->p, choices, sizeof choices);
	printf("  %s: %s, " PLAY_UNKNOWN ", " PLAY_LOST "\n", play_call(&f->p), choices);
	if (!read_line(f, "  = ", line))
		return false;
	(void)play_outcomes(&f->p, list);
	give(f, line[0] != '\0' ? line : list[0]);
	return true;
}

static bool
answer_call(struct phone *f)
{
	const char *list[PLAY_OUTCOMES], *call = play_call(&f->p);
	char *scripted = find_answer(f, call), text[ANSWER_WORD];

	if (scripted != NULL) {
		str_copy(text, sizeof text, scripted + strlen(call) + 1);
		scripted[0] = '\0';
		give(f, text);
		return !f->failed;
	}
	if (f->keys == NULL)
		return ask_person(f);
	(void)play_outcomes(&f->p, list);
	give(f, list[0]);
	return true;
}

/* ---- what the customer does ---- */

static void
dial(struct phone *f, const char *code)
{
	printf("  dialling %s\n", code);
	play_drop(&f->p);
	play_dial(&f->p, code);
	f->shown = false;
}

static void
do_directive(struct phone *f, const char *text)
{
	char name[ANSWER_WORD], span[ANSWER_WORD];
	int64_t ms;

	if (!answer_word(&text, name))
		name[0] = '\0';
	if (strcmp(name, "drop") == 0)
		play_drop(&f->p);
	else if (strcmp(name, "wait") == 0 && answer_word(&text, span) && answer_span(span, &ms))
		play_wait(&f->p, ms);
	else {
		puts("  @ wait 90s lets time pass, @ drop breaks the connection");
		return;
	}
	if (!f->p.live)
		puts("  the network ended the call");
}

static void
take(struct phone *f, const char *typed)
{
	const char *code = f->p.sms_code == NULL && play_is_code(typed) ? typed : NULL;

	if (typed[0] == '@')
		do_directive(f, typed + 1);
	else if (code != NULL)
		dial(f, code);
	else if (play_type(&f->p, typed))
		f->shown = false;
	else if (f->keys == NULL || f->p.sms_code != NULL)
		dial(f, f->p.code);
	else {
		printf("  nothing waits for \"%s\": the dialogue is over\n", typed);
		f->failed = true;
	}
}

/* false: that was all. */
static bool
next_key(struct phone *f)
{
	char line[LINE], word[ANSWER_WORD];
	size_t n;

	if (f->keys == NULL) {
		if (!read_line(f, f->p.live ? "  > " : "  (the call is over; Enter dials again, Ctrl-D leaves) ", line))
			return false;
		if (line[0] == '\0' && f->p.live)
			return true;
		if (!f->terminal)
			printf("  > %s\n", line);
		take(f, line);
		mem_wipe(line, sizeof line);
		return true;
	}
	if (!answer_word(&f->keys, word))
		return false;
	n = strlen(word);
	printf("  > %s\n", word);
	if (n > 1 && (word[0] == '\'' || word[0] == '"') && word[n - 1] == word[0]) {
		word[n - 1] = '\0';
		take(f, word + 1);
	} else
		take(f, word);
	return !f->failed;
}

static void
show(struct phone *f)
{
	if (f->shown)
		return;
	f->shown = true;
	if (f->p.visible) {
		phone_screen('+', f->p.step.text);
		phone_screen_size(f->p.step.text, f->p.profile->septets);
	} else
		puts("  no screen: the connection broke");
}

static void
play(struct phone *f)
{
	bool goes_on = true;

	dial(f, f->p.code);
	while (goes_on) {
		if (play_call(&f->p) != NULL)
			goes_on = answer_call(f);
		else {
			show(f);
			goes_on = next_key(f);
		}
	}
	for (int i = 0; i < f->answers && f->keys != NULL; i++)
		if (f->answer[i][0] != '\0') {
			printf("  nothing waited for the answer %s\n", f->answer[i]);
			f->failed = true;
		}
	if (f->terminal)
		putchar('\n');
}

static bool
open_phone(struct phone *f, struct offline *offline)
{
	const struct dial_offline *o = f->o;
	const struct offline_menu *m;
	char why[WHY];

	offline_allow_faults(offline);
	m = offline_menu(offline, o->tenant != NULL ? o->tenant : "", o->menu != NULL ? o->menu : "", why, sizeof why);
	if (m == NULL) {
		fprintf(stderr, "isango dial: %s\n", why);
		return false;
	}
	offline_phone(offline, m, &f->p);
	f->clock = wall_clock();
	play_anew(&f->p, f->clock, o->from[0] != '\0' ? o->from : ANY_PHONE,
	    o->profile != NULL ? o->profile : &m->profile);
	if (o->language != NULL)
		str_copy(f->p.lang, sizeof f->p.lang, strcmp(o->language, "none") == 0 ? "" : o->language);
	str_copy(f->p.code, sizeof f->p.code, o->code != NULL ? o->code : m->code);
	printf("  Phone +%s, menu %s of %s, network \"%s\": %d septets, %d s. Nothing is paid.\n", f->p.phone, m->name,
	    m->tenant->name, f->p.profile->name, f->p.profile->septets, f->p.profile->session_s);
	return true;
}

int
dial_offline(const struct dial_offline *o)
{
	struct offline *offline = offline_open("isango dial", o->config);
	struct phone *f;
	int status = EXIT_FAILURE;

	if (offline == NULL)
		return EXIT_FAILURE;
	f = xcalloc(1, sizeof *f);
	f->o = o;
	f->keys = o->keys;
	f->terminal = isatty(STDIN_FILENO) == 1;
	if (read_answers(f) && open_phone(f, offline)) {
		play(f);
		status = f->failed ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	mem_wipe(f, sizeof *f);
	free(f);
	offline_close(offline);
	return status;
}
