/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer and a service that do what the lines of an input say, and what must hold after each
 * step: the screen fits, no PIN is kept, money moves only after an accepted confirm.
 *
 * A line is "$variable=value", or what is typed, or the outcome of a call. "#" is typed as the PIN,
 * where one is asked for. The PIN depends on the whole input, so that no input can spell it.
 */
#pragma once
#include <sodium.h>

#include "base/str.h"
#include "core/menu_model.h"
#include "tests/fuzz/fuzz.h"

#define WALK_PIN 12
#define WALK_SEPTETS 160

struct walk {
	const struct menu *m;
	struct menu_env env;
	struct dialogue dlg;
	struct step step;
	char pin[WALK_PIN + 1];
	bool paid;			/* a confirm was accepted just now */
};

static const char walk_languages[2][8] = { "en", "zu" };
static const unsigned char walk_key[32] = { 7 };

static inline void
walk_init(struct walk *w, const struct menu *m, const struct texts *texts, const uint8_t *data,
    size_t size)
{
	unsigned char hash[WALK_PIN];

	memset(w, 0, sizeof *w);
	w->m = m;
	w->env = (struct menu_env){ .texts = texts,
		.text_env = { .country = "27", .utc_offset_s = 7200 },
		.fallback_lang = "en",
		.languages = walk_languages,
		.languages_n = (int)NELEM(walk_languages),
		.country = "27",
		.phone = "27821234567",
		.today = "20260301",
		.pin_length = WALK_PIN,
		.max_septets = WALK_SEPTETS,
		.mac_key = walk_key };
	crypto_generichash(hash, sizeof hash, data, size, NULL, 0);
	for (size_t i = 0; i < WALK_PIN; i++)
		w->pin[i] = (char)('0' + hash[i] % 10);
}

/* Variables come from checked input and from JSON; a record of any octets promises less. */
static inline bool
walk_is_text(const struct walk *w)
{
	return utf8_valid(w->dlg.vars.p, w->dlg.vars.len) &&
	    utf8_valid(w->dlg.problem, strlen(w->dlg.problem));
}

static inline void
walk_check_screen(const struct walk *w)
{
	const char *text = w->step.text;

	must(memchr(text, 0, sizeof w->step.text) != NULL && strstr(text, w->pin) == NULL);
	if (!walk_is_text(w))
		return;
	must(utf8_valid(text, strlen(text)));
	if (gsm_septets(text) >= 0)
		must(gsm_septets(text) <= WALK_SEPTETS);
	else
		must(ucs2_units(text) <= WALK_SEPTETS * 7 / 16);
}

static inline void
walk_check_call(const struct walk *w)
{
	const struct call_row *row = call_find(w->step.call);

	must(row != NULL && (!row->intent || w->paid));
	must((row->wants_secret != CALL_NO_PIN) == (w->step.secret[0] != '\0'));
}

static inline void
walk_step(struct walk *w, enum menu_in kind, const char *text)
{
	struct menu_input in = { kind, text };

	menu_step(w->m, &w->dlg, &in, &w->env, &w->step);
	must(memmem(&w->dlg, sizeof w->dlg, w->pin, WALK_PIN) == NULL);
	must(vars_valid(&w->dlg.vars) && w->dlg.back_n >= 0 && w->dlg.back_n <= MENU_BACK);
	if (w->step.kind == STEP_SHOW || w->step.kind == STEP_END)
		walk_check_screen(w);
	else if (w->step.kind == STEP_CALL)
		walk_check_call(w);
	else
		must(menu_confirming(w->m, &w->dlg));
	w->paid = false;
}

static inline bool
walk_asks_pin(const struct walk *w)
{
	const struct menu_state *s = menu_find(w->m, w->dlg.state, strlen(w->dlg.state));

	return s != NULL && (s->kind == MENU_CONFIRM || (s->kind == MENU_ASK &&
	    (s->accept.row->secret || s->accept.row == accept_find("new_pin"))));
}

/* The outcome that the line names, or any of them. */
static inline const char *
walk_outcome(const char *const *outcomes, const char *line)
{
	size_t n = 0;

	for (; outcomes[n] != NULL; n++)
		if (strcmp(outcomes[n], line) == 0)
			return outcomes[n];
	return outcomes[(unsigned char)line[0] % n];
}

static inline void
walk_set(struct walk *w, char *line)
{
	char *value = strchr(line, '=');

	if (value == NULL)
		return;
	*value++ = '\0';
	if (utf8_valid(line, strlen(line)) && utf8_valid(value, strlen(value)))
		(void)vars_set(&w->dlg.vars, line, value);
}

static inline void
walk_line(struct walk *w, char *line)
{
	static const char *const of_pin[] = {
		"accepted", "wrong", "locked", "lapsed", "busy", "failed", NULL
	};
	const char *outcome;

	if (line[0] == '$') {
		walk_set(w, line + 1);
		return;
	}
	switch (w->step.kind) {
	case STEP_SHOW:
		walk_step(w, MENU_TEXT,
		    strcmp(line, "#") == 0 && walk_asks_pin(w) ? w->pin : line);
		break;
	case STEP_END:
		walk_step(w, menu_resume(w->m, &w->dlg) != NULL ? MENU_RESUME : MENU_BEGIN, menu_resume(w->m, &w->dlg));
		break;
	case STEP_CALL:
		walk_step(w, MENU_OUTCOME, walk_outcome(call_find(w->step.call)->outcomes, line));
		break;
	case STEP_ACCEPT:
		outcome = walk_outcome(of_pin, line);
		w->paid = strcmp(outcome, "accepted") == 0;
		walk_step(w, MENU_OUTCOME, outcome);
		break;
	case STEP_DECLINE:
		walk_step(w, MENU_OUTCOME, "declined");
		break;
	}
}

static inline void
walk_lines(struct walk *w, char *lines)
{
	for (char *line; (line = strsep(&lines, "\n")) != NULL;)
		walk_line(w, line);
}
