/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_play.h"

#include <string.h>

#include "base/str.h"
#include "core/calendar.h"
#include "core/menu_model.h"

/* The engine knows these of every call and confirm. */
static const char *const everywhere[] = { "call_help", "sim_changed", "young" };

#define CHAT_SEPTETS 1000		/* nothing of a menu is longer */

void
play_anew(struct play *p, int64_t now, const char *phone, const struct ussd_profile *profile)
{
	p->now = now;
	p->profile = profile;
	str_copy(p->phone, sizeof p->phone, phone);
	str_copy(p->lang, sizeof p->lang, p->env.languages[0]);
	p->code[0] = '\0';
	p->live = p->visible = p->ended = p->lost = false;
	p->began = p->touched = 0;
	p->screens = 0;
	memset(&p->dlg, 0, sizeof p->dlg);
	memset(&p->step, 0, sizeof p->step);
}

/* What the gateway does with the outcome beside the menu. */
static void
keep_facts(struct play *p, const char *outcome)
{
	const struct call_row *call = p->step.kind == STEP_CALL ? call_find(p->step.call) : NULL;

	if (call == NULL)
		return;
	if (strcmp(call->name, "pin.check") == 0)
		(void)vars_set(&p->dlg.vars, "authed", strcmp(outcome, "ok") == 0 ? "1" : "");
	if (strcmp(call->name, "language.set") == 0)
		str_copy(p->lang, sizeof p->lang, vars_get(&p->dlg.vars, "lang"));
}

/* What comes after the connection broke is done all the same, and seen by nobody. */
static void
show(struct play *p)
{
	bool screen = p->step.kind == STEP_SHOW || p->step.kind == STEP_END;

	if (screen && p->profile->drop_after > 0 && ++p->screens % p->profile->drop_after == 0)
		play_drop(p);
	p->visible = screen && p->live;
	p->ended = p->step.kind == STEP_END;
	if (p->ended)
		p->live = false;
}

static void
input(struct play *p, enum menu_in kind, const char *text)
{
	struct menu_input in = { kind, text };

	calendar_day(p->now, p->today);
	p->env.phone = p->phone;
	p->env.today = p->today;
	p->env.text_env.utc_offset_s = calendar_offset_s(p->now);
	p->env.max_septets = p->in_chat ? CHAT_SEPTETS : p->profile->septets;
	p->touched = p->now;
	p->lost = false;
	menu_step(p->m, &p->dlg, &in, &p->env, &p->step);
	if (p->step.kind == STEP_DECLINE) {
		in = (struct menu_input){ MENU_OUTCOME, "declined" };
		menu_step(p->m, &p->dlg, &in, &p->env, &p->step);
	}
	show(p);
}

static const char *
resume_from(const struct play *p)
{
	int s = menu_resume_s(p->m);
	int64_t grace_ms = s >= 0 ? (int64_t)s * 1000 : p->grace_ms;

	if (p->ended || p->dlg.state[0] == '\0' || p->now - p->touched >= grace_ms)
		return NULL;
	return menu_resume(p->m, &p->dlg);
}

void
play_dial(struct play *p, const char *code)
{
	struct vars *v = &p->dlg.vars;
	const char *from = resume_from(p);

	if (from == NULL)
		memset(v, 0, sizeof *v);
	if (code != p->code)
		str_copy(p->code, sizeof p->code, code);
	str_copy(p->dlg.lang, sizeof p->dlg.lang, p->lang);
	(void)vars_set(v, "phone", p->phone);
	(void)vars_set(v, "service_code", p->code);
	(void)vars_set(v, "help_phone", p->help_phone);
	(void)vars_set(v, "title", p->title);
	(void)vars_set(v, "channel", p->sms_code != NULL ? "sms" : p->in_chat ? "whatsapp" : "ussd");
	(void)vars_set(v, "chats", p->has_chats && p->sms_code == NULL && !p->in_chat ? "1" : "");
	p->live = true;
	p->began = p->now;
	input(p, from != NULL ? MENU_RESUME : MENU_BEGIN, from);
}

bool
play_type(struct play *p, const char *text)
{
	if (!p->live || (p->step.kind != STEP_SHOW && !p->lost))
		return false;
	input(p, p->in_chat && strcmp(text, PLAY_PICTURE) == 0 ? MENU_SENT : MENU_TEXT, text);
	return true;
}

const char *
play_call(const struct play *p)
{
	if (p->lost)
		return NULL;
	return p->step.kind == STEP_CALL ? p->step.call : p->step.kind == STEP_ACCEPT ? PLAY_CONFIRM : NULL;
}

/* Where a confirm is left by the PIN; to decline is the customer's own. */
static int
confirm_outcomes(const char *out[PLAY_OUTCOMES])
{
	int n = 0;

	for (int i = 0; i < CONFIRM_EDGES; i++)
		if (i != ON_DECLINED)
			out[n++] = confirm_edge_names[i];
	out[n++] = "wrong";
	return n;
}

int
play_outcomes(const struct play *p, const char *out[PLAY_OUTCOMES])
{
	const char *call = play_call(p);
	const struct call_row *row = call != NULL ? call_find(call) : NULL;
	int n = 0;

	if (call == NULL)
		return 0;
	if (row == NULL)
		n = confirm_outcomes(out);
	for (int i = 0; row != NULL && i < CALL_OUTCOMES && row->outcomes[i] != NULL; i++)
		out[n++] = row->outcomes[i];
	for (size_t i = 0; i < NELEM(everywhere); i++)
		out[n++] = everywhere[i];
	return n;
}
_Static_assert(CALL_OUTCOMES + NELEM(everywhere) <= PLAY_OUTCOMES, "all outcomes have room");
_Static_assert(CONFIRM_EDGES + NELEM(everywhere) <= PLAY_OUTCOMES, "all outcomes have room");

static const char *
find(const char *const *list, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return list[i];
	return NULL;
}

/* A call that may have been done says so, any other has failed. */
static const char *
unknown_of(const char *const *list, int n)
{
	static const char *const says[] = { "later", "unsure", "failed" };
	const char *word = NULL;

	for (size_t i = 0; i < NELEM(says) && word == NULL; i++)
		word = find(list, n, says[i]);
	return word;
}

const char *
play_meaning(const struct play *p, const char *word)
{
	const char *list[PLAY_OUTCOMES];
	int n = play_outcomes(p, list);

	if (n > 0 && strcmp(word, PLAY_LOST) == 0)
		return PLAY_LOST;
	return strcmp(word, PLAY_UNKNOWN) == 0 ? unknown_of(list, n) : find(list, n, word);
}

bool
play_outcome(struct play *p, const char *outcome)
{
	const char *word = play_meaning(p, outcome);

	if (word == NULL)
		return false;
	if (strcmp(word, PLAY_LOST) == 0) {
		p->lost = true;
		p->visible = false;
		return true;
	}
	keep_facts(p, word);
	input(p, MENU_OUTCOME, word);
	return true;
}

void
play_wait(struct play *p, int64_t ms)
{
	int idle_s = p->profile->idle_s;

	p->now += ms;
	if (p->now - p->began >= (int64_t)p->profile->session_s * 1000 ||
	    (idle_s > 0 && p->now - p->touched >= (int64_t)idle_s * 1000))
		play_drop(p);
}

/* The dialogue stays as it was, to be gone on with. */
void
play_drop(struct play *p)
{
	p->live = false;
}

bool
play_is_code(const char *text)
{
	size_t n = strlen(text);

	return n > 2 && n < PLAY_CODE && text[0] == '*' && text[n - 1] == '#';
}
