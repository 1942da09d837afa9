/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer who reads: knows the menu only by what is on the screen. What was on a confirm screen, typed at it and
 * said about it is an episode, which the checks compare with the ledger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/money.h"
#include "core/phone.h"
#include "tests/sim/sim_people.h"

/* The number of the line that says `what`, or 0. */
static int
line_number(const char *screen, const char *what)
{
	const char *at = screen;

	while ((at = strchr(at, '\n')) != NULL) {
		int n = atoi(++at);
		const char *text = strstr(at, ". ");

		if (n > 0 && text != NULL && strncmp(text + 2, what, strlen(what)) == 0)
			return n;
	}
	return 0;
}

static bool
choose(const char *screen, const char *what, char out[64])
{
	int n = line_number(screen, what);

	if (n > 0)
		str_format(out, 64, "%d", n);
	else if (strstr(screen, "98 More") != NULL)
		str_copy(out, 64, "98");
	else
		return false;
	return true;
}

static void
type_amount(struct sim_bot *b, char out[64])
{
	char text[MONEY_TEXT];

	str_copy(out, 64, money_decimal(b->amount, text));
}

static void
type_phone(const struct sim_bot *b, char out[64])
{
	str_format(out, 64, "0%s", b->to + 2);
}

static struct sim_episode *
episode_new(struct sim_bot *b, const char *screen)
{
	struct sim_world *w = b->world;
	struct sim_episode *e;
	char amount[MONEY_TEXT], fee[MONEY_TEXT], phone[PHONE_TEXT], both[96];
	bool cash = strstr(screen, "Cash R") != NULL;
	int64_t cents = cash ? strstr(screen, "Pick n Pay") != NULL ? 500 : 800 : 100;

	w->episode = xrealloc(w->episode, w->episodes_n + 1, sizeof *w->episode);
	e = &w->episode[w->episodes_n];
	*e = (struct sim_episode){ .bot = b->index, .tenant = b->tenant, .amount = b->amount, .shown_at = w->loop.now };
	str_copy(e->phone, sizeof e->phone, b->phone);
	b->episode = (int)w->episodes_n++;
	e->kind = cash ? INTENT_WITHDRAWAL : INTENT_TRANSFER;
	str_copy(e->to, sizeof e->to, b->to);
	str_format(both, sizeof both, "%s + %s fee", money_text(b->amount, amount), money_text(cents, fee));
	e->complete = strstr(screen, both) != NULL &&
	    strstr(screen, phone_group(b->to, "27", phone)) != NULL;
	if (strstr(screen, " fee") == NULL || strstr(screen, "R") == NULL || strstr(screen, "08") == NULL)
		sim_broken(w, "the confirm screen does not show payee, amount and fee: %s", screen);
	return e;
}

static void
type_pin(struct sim_bot *b, const char *screen, char out[64])
{
	struct sim_world *w = b->world;
	struct sim_episode *e = b->episode >= 0 ? &w->episode[b->episode] : NULL;

	if (e == NULL || strstr(screen, "Wrong PIN") == NULL)
		e = episode_new(b, screen);
	/* A doubled input can lead astray: who reads the screen does not pay then. */
	if (!e->complete || sim_chance(&w->loop, w->faults.decline))
		str_copy(out, 64, "0");
	else if (sim_chance(&w->loop, w->faults.wrong_pin))
		str_copy(out, 64, w->tenant.pin_length > 4 ? "902715" : "9027");
	else {
		str_copy(out, 64, b->pin);
		e->right_pins++;
	}
}

/* A new wallet gets what its customer will want to spend. */
static void
pay_salary(struct sim_bot *b)
{
	struct sim_world *w = b->world;
	struct bank_wallet *wallet = sim_wallet_of(w, b->tenant, b->phone);

	if (wallet == NULL || bank_deposit(w->cores[b->tenant].bank, w->loop.now, wallet, sim_person(b)->salary,
	    "Salary") != BANK_OK)
		sim_broken(w, "%s was shown a wallet that is not there", b->phone);
}

static bool
at_home(struct sim_bot *b, const char *screen, char out[64])
{
	static const char *const option[GOALS] = {
		[GOAL_SIGN_UP] = NULL, [GOAL_BALANCE] = "Balance", [GOAL_SEND] = "Send money",
		[GOAL_CASH] = "Cash out", [GOAL_CASH_OTHER] = "Cash out", [GOAL_CANCEL] = "My codes",
		[GOAL_RESEND] = "My codes", [GOAL_PIN] = "More",
	};

	if (!sim_person(b)->has_wallet)
		pay_salary(b);
	sim_person(b)->has_wallet = true;
	if (b->goal == GOAL_SIGN_UP || (b->goal == GOAL_PIN && b->typed_new_pin))
		b->wants = false;
	return b->wants && option[b->goal] != NULL && choose(screen, option[b->goal], out);
}

/* The newest that has come; who has none yet hangs up and dials again. */
static bool
activation_code(const struct sim_bot *b, char out[64])
{
	const struct sim_world *w = b->world;

	for (size_t i = w->inbox_n; i > 0; i--) {
		const char *code = strstr(w->inbox[i - 1].text, "Your code is ");

		if (code == NULL || strcmp(w->inbox[i - 1].to, b->phone) != 0)
			continue;
		return str_copyn(out, 64, code + strlen("Your code is "), 6);
	}
	return false;
}

static const char *
codes_choice(const struct sim_bot *b)
{
	return b->goal == GOAL_CANCEL ? "Cancel the code" : "Send the code again";
}

bool
sim_read(struct sim_bot *b, const char *s, char out[64])
{
	static const struct {
		const char *says, *option;	/* an option to choose, or `types` */
	} choices[] = {
		{ "Welcome to", "Open a wallet" }, { "but no PIN yet", "Set my PIN" }, { "What do you have?", "South African ID" },
		{ "We could not finish", "Try again" }, { "accept the terms?", "Yes" },
		{ "Send again?", "Yes" }, { "Another code?", "Yes" },
		{ "Where do you want the cash?", "Cash Express" },
		{ "Cancel the code for", "Cancel the code" }, { "Codes not used yet:", "R" },
	};

	if (strstr(s, "to pay, 0 to cancel") != NULL) {
		type_pin(b, s, out);
		return true;
	}
	b->episode = -1;
	for (size_t i = 0; i < NELEM(choices); i++)
		if (strstr(s, choices[i].says) != NULL)
			return choose(s, choices[i].option, out);
	if (strstr(s, ". Balance") != NULL || strstr(s, ". Send money") != NULL)
		return at_home(b, s, out);
	if (strstr(s, "first name") != NULL)
		str_copy(out, 64, "Thandi");
	else if (strstr(s, "surname") != NULL)
		str_copy(out, 64, "Mokoena");
	else if (strstr(s, "13-digit") != NULL)
		str_copy(out, 64, b->id_number);
	else if (strstr(s, "Change PIN") != NULL)
		return b->goal == GOAL_PIN && choose(s, "Change PIN", out);
	else if (strstr(s, "new PIN") != NULL && b->goal == GOAL_PIN) {
		b->typed_new_pin = true;
		str_copy(out, 64, b->new_pin);
	} else if (strstr(s, "new PIN") != NULL || strstr(s, "Enter your PIN:") != NULL)
		str_copy(out, 64, b->pin);
	else if (strstr(s, "which phone number?") != NULL || strstr(s, "Which phone gets") != NULL ||
	    strstr(s, "Type that phone number again") != NULL)
		type_phone(b, out);
	else if (strstr(s, "Type the code from the SMS") != NULL)
		return activation_code(b, out);
	else if (strstr(s, "How much") != NULL)
		type_amount(b, out);
	else if (strstr(s, "Who gets the code?") != NULL)
		return choose(s, strcmp(b->to, b->phone) == 0 ? "This phone" : "Another phone", out);
	else if (strstr(s, "Use by") != NULL)
		return choose(s, codes_choice(b), out);
	else
		return false;
	return true;
}

/* ---- what it is told ---- */

static void
note(struct sim_bot *b, const char *screen)
{
	static const char begin[] = "Your payment of ";
	const char *at = strstr(screen, begin), *said;
	struct sim_world *w = b->world;
	struct sim_notice *n;

	if (at == NULL)
		return;
	at += strlen(begin);
	said = strchr(at, ' ');
	if (said == NULL || strncmp(said, " is being checked", strlen(" is being checked")) == 0)
		return;
	w->notice = xrealloc(w->notice, w->notices_n + 1, sizeof *w->notice);
	n = &w->notice[w->notices_n++];
	*n = (struct sim_notice){ .tenant = b->tenant, .done = strncmp(said, " went through", 13) == 0 };
	str_copy(n->phone, sizeof n->phone, b->phone);
	str_copyn(n->at, sizeof n->at, at, (size_t)(said - at));
}

void
sim_told(struct sim_bot *b, const char *s)
{
	struct sim_world *w = b->world;
	struct sim_episode *e;

	note(b, s);
	sim_people_told(b, s);
	for (int i = 0; i < w->settings.tenants_n; i++)
		if (i != b->tenant && strstr(s, w->tenants[i].title) != NULL)
			sim_broken(w, "a customer of %s is shown %s", w->tenants[b->tenant].name, w->tenants[i].title);
	if (b->episode < 0)
		return;
	e = &w->episode[b->episode];
	if (strstr(s, "Done:") != NULL)
		e->told_done = true;
	if (strstr(s, "Nothing was paid") != NULL || strstr(s, "No money has moved") != NULL)
		e->told_not = true;
	if (strstr(s, "result comes by SMS") != NULL)
		e->told_later = true;
}
