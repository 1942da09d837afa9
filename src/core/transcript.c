/* SPDX-License-Identifier: Apache-2.0 */
#include "core/transcript.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "core/menu_answer.h"

#define TYPED 512
#define REASON 512
#define OVER "(over)"
#define REST "..."			/* whatever else the screen says */
#define FIRST_CLOCK "2026-03-02 10:00"
#define FIRST_PHONE "27821234567"

struct line {
	const char *p;			/* borrowed */
	size_t n;
};

/* What holds when a phone dials first: of the file, above its first test, and of one test. */
struct setup {
	char tenant[TRANSCRIPT_NAME], menu[TRANSCRIPT_NAME], lang[8];
	char phone[PHONE_MAX];
	bool has_lang, in_chat, has_chats;
	const struct ussd_profile *profile;	/* NULL: the channel's own */
	int64_t clock;
};

struct playing {
	const struct transcript_world *w;
	const char *file;
	struct buf *report, *out;
	struct transcript_tally *tally;
	struct line *line;
	int lines, at;			/* the line in hand, from 0 */
	struct setup whole, test;
	struct play p;
	bool in_test, opened, failed;
	bool closed;			/* there is no such menu: the other tests would only say it again */
};

/* ---- what went wrong ---- */

static void fail(struct playing *r, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
fail(struct playing *r, int line, const char *fmt, ...)
{
	char text[REASON];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_addf(r->report, "%s:%d: %s", r->file, line + 1, text);
	if (r->opened && r->p.dlg.state[0] != '\0')
		buf_addf(r->report, " (state %s)", r->p.dlg.state);
	buf_add_char(r->report, '\n');
	r->tally->failed += !r->failed;
	r->failed = true;
}

/* ---- lines ---- */

/* Owned by the caller; the lines are borrowed from the text. */
static struct line *
split(const char *text, size_t len, int *lines)
{
	const char *end = text + len;
	struct line *line = NULL;
	int room = 0;

	*lines = 0;
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((nl != NULL ? nl : end) - text);

		if (*lines == room) {
			room = room * 2 + 64;
			line = xrealloc(line, (size_t)room, sizeof *line);
		}
		line[(*lines)++] = (struct line){ text, n > 0 && text[n - 1] == '\r' ? n - 1 : n };
		text += n + (nl != NULL);
	}
	return line;
}

static void
copy_line(struct playing *r, int i)
{
	if (r->out == NULL)
		return;
	buf_add(r->out, r->line[i].p, r->line[i].n);
	buf_add_char(r->out, '\n');
}

static bool
is_note(const struct line *l)
{
	return l->n == 0 || l->p[0] == '#';
}

static bool
says_over(const struct line *l)
{
	return l->n == strlen(OVER) && memcmp(l->p, OVER, l->n) == 0;
}

static bool
is_screen(const struct line *l)
{
	return (l->n > 0 && l->p[0] == '<') || says_over(l);
}

/* What follows the mark and a space. false: too long, or a NUL is in it. */
static bool
rest_of(const struct line *l, size_t mark, char *out, size_t size)
{
	size_t from = l->n > mark && l->p[mark] == ' ' ? mark + 1 : mark;

	return memchr(l->p, '\0', l->n) == NULL && str_copyn(out, size, l->p + from, l->n - from);
}

/* ---- screens ---- */

void
transcript_write_screen(const char *screen, bool over, struct buf *out)
{
	for (const char *p = screen;; p++) {
		size_t n = strcspn(p, "\n");

		buf_addf(out, "<%s%.*s\n", n > 0 ? " " : "", (int)n, p);
		p += n;
		if (*p == '\0')
			break;
	}
	if (over)
		buf_add_str(out, OVER "\n");
}

static void
write_lines(const struct line *line, int n, struct buf *out)
{
	for (int i = 0; i < n; i++) {
		buf_add(out, line[i].p, line[i].n);
		buf_add_char(out, '\n');
	}
}

/* The rest of a screen may be left open: "< ...". */
static bool
agrees(const char *wanted, const char *shown)
{
	const char *open = strstr(wanted, "< " REST "\n");

	if (strcmp(wanted, shown) == 0)
		return true;
	return open != NULL && strncmp(wanted, shown, (size_t)(open - wanted)) == 0 &&
	    (strstr(open, "\n" OVER) != NULL) == (strstr(shown, "\n" OVER) != NULL);
}

static bool
same_line(const struct line *a, const struct line *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static void
add_marked(struct buf *out, char mark, const struct line *line, int from, int to)
{
	for (int i = from; i < to; i++)
		buf_addf(out, "    %c %.*s\n", mark, (int)line[i].n, line[i].p);
}

/* The lines that both begin and end with stand once. */
static void
add_difference(struct buf *out, const struct buf *wanted, const struct buf *shown)
{
	int w_n, s_n, head = 0, tail = 0;
	struct line *w = split(wanted->p, wanted->len, &w_n), *s = split(shown->p, shown->len, &s_n);

	while (head < w_n && head < s_n && same_line(&w[head], &s[head]))
		head++;
	while (tail < w_n - head && tail < s_n - head && same_line(&w[w_n - 1 - tail], &s[s_n - 1 - tail]))
		tail++;
	add_marked(out, ' ', w, 0, head);
	add_marked(out, '-', w, head, w_n - tail);
	add_marked(out, '+', s, head, s_n - tail);
	add_marked(out, ' ', w, w_n - tail, w_n);
	free(w);
	free(s);
}

/* Compares the lines that follow with the screen, or puts it in their place. */
static void
meet_screen(struct playing *r)
{
	struct buf wanted = { 0 }, shown = { 0 };
	int from = r->at + 1, to;

	while (from < r->lines && is_note(&r->line[from]))
		from++;
	if (from == r->lines || !is_screen(&r->line[from]))
		from = r->at + 1;
	for (to = from; to < r->lines && is_screen(&r->line[to]); to++)
		;
	write_lines(r->line + from, to - from, &wanted);
	transcript_write_screen(r->p.step.text, r->p.ended, &shown);
	while (r->at + 1 < from)
		copy_line(r, ++r->at);
	r->at = to - 1;
	if (agrees(buf_str(&wanted), buf_str(&shown))) {
		if (r->out != NULL)
			buf_add(r->out, buf_str(&wanted), wanted.len);
	} else if (r->out != NULL) {
		buf_add(r->out, buf_str(&shown), shown.len);
		r->tally->rewritten++;
	} else {
		fail(r, to > from ? from : from - 1, "%s", to > from ? "another screen was shown" :
		    "what this shows is not written below it");
		add_difference(r->report, &wanted, &shown);
	}
	buf_clear(&wanted);
	buf_clear(&shown);
}

/* After each step: a screen that came must be written, and one that did not come must not. */
static void
settle(struct playing *r)
{
	if (r->p.visible)
		meet_screen(r);
}

/* ---- inputs and answers ---- */

static bool
open_phone(struct playing *r)
{
	const struct ussd_profile *own;
	char problem[REASON];

	if (r->opened)
		return true;
	memset(&r->p, 0, sizeof r->p);
	own = r->w->open(r->w->arg, r->test.tenant, r->test.menu, &r->p, problem, sizeof problem);
	if (own == NULL) {
		fail(r, r->at, "%s", problem);
		r->closed = true;
		return false;
	}
	play_anew(&r->p, r->test.clock, r->test.phone, r->test.profile != NULL ? r->test.profile : own);
	if (r->test.has_lang)
		str_copy(r->p.lang, sizeof r->p.lang, r->test.lang);
	r->p.in_chat = r->test.in_chat;
	r->p.has_chats |= r->test.has_chats;
	r->opened = true;
	return true;
}

static void
waits_for_answer(struct playing *r, int line)
{
	char choices[REASON];

	answer_choices(&r->p, choices, sizeof choices);
	fail(r, line, "%s waits for an answer: one of %s", play_call(&r->p), choices);
}

/* Who is not in a dialogue begins one: by a code, or with any SMS. */
static const char *
code_of(const struct playing *r, const char *typed)
{
	if (r->p.sms_code != NULL)
		return r->p.live ? NULL : r->p.sms_code;
	return play_is_code(typed) ? typed : NULL;
}

static void
take_input(struct playing *r)
{
	char typed[TYPED];
	const char *code;

	if (!rest_of(&r->line[r->at], 1, typed, sizeof typed)) {
		fail(r, r->at, "more than %d characters", TYPED - 1);
		return;
	}
	if (!open_phone(r))
		return;
	code = code_of(r, typed);
	if (play_call(&r->p) != NULL && r->p.live)
		waits_for_answer(r, r->at);
	else if (code != NULL) {
		play_drop(&r->p);
		play_dial(&r->p, code);
		settle(r);
	} else if (play_type(&r->p, typed))
		settle(r);
	else
		fail(r, r->at, "there is no dialogue: it begins with a code, as > *120*384#");
	mem_wipe(typed, sizeof typed);
}

static void
take_answer(struct playing *r)
{
	const char *call = r->opened ? play_call(&r->p) : NULL;
	char text[TYPED * 4], problem[REASON], name[ANSWER_WORD];
	const char *at = text;

	if (!rest_of(&r->line[r->at], 1, text, sizeof text))
		fail(r, r->at, "more than %zu characters", sizeof text - 1);
	else if (!answer_word(&at, name))
		fail(r, r->at, "a call and its outcome are missing, as = balance done");
	else if (call == NULL)
		fail(r, r->at, "nothing was asked of the wallet core");
	else if (strcmp(name, call) != 0)
		fail(r, r->at, "not %s waits for an answer, but %s", name, call);
	else if (!answer_give(&r->p, at, problem, sizeof problem))
		fail(r, r->at, "%s", problem);
	else
		settle(r);
}

/* ---- answers that the menu did not want before ---- */

/* The line in hand takes for granted that nothing is asked any more, or something else. */
static bool
lacks_answer(const struct playing *r)
{
	const char *call = r->opened && !r->failed ? play_call(&r->p) : NULL;
	const struct line *l = r->at < r->lines ? &r->line[r->at] : NULL;
	char text[TYPED * 4], name[ANSWER_WORD];
	const char *at = text;

	if (r->out == NULL || call == NULL || (l != NULL && (is_note(l) || l->p[0] == '@')))
		return false;
	return l == NULL || l->p[0] != '=' || l->n < 2 || l->p[1] == '=' || !rest_of(l, 1, text, sizeof text) ||
	    !answer_word(&at, name) || strcmp(name, call) != 0;
}

/* Above that line, the usual one; what it shows may stand there already. */
static void
add_answer(struct playing *r)
{
	const char *list[PLAY_OUTCOMES], *call = play_call(&r->p);
	char problem[REASON];

	(void)play_outcomes(&r->p, list);
	r->at--;
	if (answer_give(&r->p, list[0], problem, sizeof problem)) {
		buf_addf(r->out, "= %s %s\n", call, list[0]);
		r->tally->rewritten++;
		settle(r);
	} else
		fail(r, r->at, "%s", problem);
}

/* ---- directives ---- */

static bool
name_into(struct playing *r, char out[TRANSCRIPT_NAME], const char *arg)
{
	if (arg[0] != '\0' && str_copy(out, TRANSCRIPT_NAME, arg))
		return true;
	fail(r, r->at, "a name is missing");
	return false;
}

static void
set_menu(struct playing *r, struct setup *s, const char *arg)
{
	(void)name_into(r, s->menu, arg);
}

static void
set_tenant(struct playing *r, struct setup *s, const char *arg)
{
	(void)name_into(r, s->tenant, arg);
}

static void
set_language(struct playing *r, struct setup *s, const char *arg)
{
	s->has_lang = true;
	if (strcmp(arg, "none") == 0)
		s->lang[0] = '\0';
	else if (arg[0] == '\0' || !str_copy(s->lang, sizeof s->lang, arg))
		fail(r, r->at, "a language is missing, as zu, or none");
}

static void
set_phone(struct playing *r, struct setup *s, const char *arg)
{
	if (!phone_valid(arg) || !str_copy(s->phone, sizeof s->phone, arg))
		fail(r, r->at, "a phone is missing, as 27821234567");
}

static void
set_clock(struct playing *r, struct setup *s, const char *arg)
{
	if (!calendar_read(arg, &s->clock))
		fail(r, r->at, "a day and a time are missing, as " FIRST_CLOCK);
}

static void
set_profile(struct playing *r, struct setup *s, const char *arg)
{
	s->profile = ussd_profile_find(arg);
	if (s->profile == NULL)
		fail(r, r->at, "there is no profile \"%s\"; `isango dial --profiles` lists them", arg);
}

static void
set_channel(struct playing *r, struct setup *s, const char *arg)
{
	s->in_chat = strcmp(arg, "whatsapp") == 0;
	s->has_chats = s->in_chat || strcmp(arg, "ussd beside whatsapp") == 0;
	if (!s->has_chats && strcmp(arg, "ussd") != 0)
		fail(r, r->at, "the channel is ussd, whatsapp, or ussd beside whatsapp");
}

static void
do_wait(struct playing *r, const char *arg)
{
	int64_t ms;

	if (!answer_span(arg, &ms))
		fail(r, r->at, "a time is missing, as 90s or 2h");
	else
		play_wait(&r->p, ms);
}

static void
do_drop(struct playing *r, const char *arg)
{
	(void)arg;
	play_drop(&r->p);
}

static void
do_redial(struct playing *r, const char *arg)
{
	(void)arg;
	play_drop(&r->p);
	play_dial(&r->p, r->p.code);
	settle(r);
}

static void
do_repeat(struct playing *r, const char *arg)
{
	(void)arg;
	settle(r);
}

static const struct directive {
	const char *name;
	void (*set)(struct playing *r, struct setup *s, const char *arg);	/* before the phone dials */
	void (*act)(struct playing *r, const char *arg);			/* afterwards */
} directives[] = {
	{ "menu", set_menu, NULL }, { "tenant", set_tenant, NULL }, { "language", set_language, NULL },
	{ "phone", set_phone, NULL }, { "clock", set_clock, NULL }, { "profile", set_profile, NULL },
	{ "channel", set_channel, NULL },
	{ "wait", NULL, do_wait }, { "drop", NULL, do_drop }, { "redial", NULL, do_redial },
	{ "repeat", NULL, do_repeat },
};

static const struct directive *
find_directive(const char *name)
{
	for (size_t i = 0; i < NELEM(directives); i++)
		if (strcmp(directives[i].name, name) == 0)
			return &directives[i];
	return NULL;
}

static void
take_directive(struct playing *r)
{
	char text[TYPED], name[ANSWER_WORD];
	const char *at = text;
	const struct directive *d = NULL;

	if (rest_of(&r->line[r->at], 1, text, sizeof text) && answer_word(&at, name))
		d = find_directive(name);
	at += strspn(at, " ");
	if (d == NULL)
		fail(r, r->at, "there is no such directive: menu, tenant, language, phone, clock, profile, channel, wait, drop, "
		    "redial, repeat");
	else if (d->set != NULL && r->opened)
		fail(r, r->at, "%s can be said only before the phone dials", name);
	else if (d->set != NULL)
		d->set(r, r->in_test ? &r->test : &r->whole, at);
	else if (!r->opened)
		fail(r, r->at, "nobody has dialled yet");
	else
		d->act(r, at);
}

/* ---- tests ---- */

static void
end_test(struct playing *r)
{
	if (!r->failed && r->opened && play_call(&r->p) != NULL)
		waits_for_answer(r, r->at - 1);
	mem_wipe(&r->p, sizeof r->p);
}

static void
begin_test(struct playing *r)
{
	r->in_test = true;
	r->failed = r->opened = false;
	r->test = r->whole;
	r->tally->tests++;
}

static void
take_line(struct playing *r)
{
	const struct line *l = &r->line[r->at];

	if (is_screen(l))
		fail(r, r->at, "nothing was shown here");
	else if (l->p[0] == '@')
		take_directive(r);
	else if (l->p[0] != '>' && l->p[0] != '=')
		fail(r, r->at, "this cannot be read: lines begin with ==, @, >, =, <, # or (over)");
	else if (!r->in_test)
		fail(r, r->at, "a test begins with its title, as == Balance");
	else if (l->p[0] == '>')
		take_input(r);
	else
		take_answer(r);
}

void
transcript_play(const struct transcript_world *w, const char *file, const char *text, size_t len,
    struct buf *report, struct buf *rewritten, struct transcript_tally *tally)
{
	struct playing *r = xcalloc(1, sizeof *r);

	r->w = w;
	r->file = file;
	r->report = report;
	r->out = rewritten;
	r->tally = tally;
	str_copy(r->whole.phone, sizeof r->whole.phone, FIRST_PHONE);
	if (!calendar_read(FIRST_CLOCK, &r->whole.clock))
		r->whole.clock = 0;
	r->line = split(text, len, &r->lines);
	for (r->at = 0; r->at < r->lines; r->at++) {
		const struct line *l = &r->line[r->at];

		if (lacks_answer(r)) {
			add_answer(r);
			continue;
		}
		copy_line(r, r->at);
		if (l->n > 2 && memcmp(l->p, "== ", 3) == 0) {
			end_test(r);
			begin_test(r);
		} else if (!is_note(l) && !r->failed && !r->closed)
			take_line(r);
	}
	for (; lacks_answer(r); r->at++)
		add_answer(r);
	end_test(r);
	free(r->line);
	mem_wipe(r, sizeof *r);
	free(r);
}
