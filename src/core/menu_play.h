/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A phone that plays a menu alone: what the engine needs of the world (dialling, time, a network that drops, a wallet
 * core that answers) is put in by whoever plays, and nothing is paid. It does what the gateway's turns do around the
 * engine as far as a customer can see it: what a dialogue begins with, whether it is gone on with, what a call leaves
 * behind. For transcripts, `isango dial --offline` and tests; a struct play may be copied to try something.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/menu.h"
#include "core/phone.h"
#include "core/ussd_profile.h"

#define PLAY_CODE 32
#define PLAY_CONFIRM "confirm"		/* stands for a call where a PIN confirms */
#define PLAY_UNKNOWN "unknown"		/* no answer came from the wallet core: what the call makes of that */
#define PLAY_LOST "lost"		/* the gateway died over it: no screen comes */
#define PLAY_OUTCOMES 18
#define PLAY_PICTURE "[picture]"		/* typed: one is sent, in a chat */

struct play {
	/* what the caller sets before play_anew(), and keeps alive */
	const struct menu *m;
	struct menu_env env;			/* without phone, today, max_septets and the offset of the time zone */
	const char *title, *help_phone;
	bool in_chat;				/* what is dialled is written to a chat: the menu knows it by `channel` */
	bool has_chats;				/* the menu knows by `chats` that the tenant has some */
	const char *sms_code;			/* of a menu for SMS, which any text begins: to pay by; else NULL */
	int64_t grace_ms;			/* for going on after a drop, where the menu does not say */
	/* the customer; play_anew() sets them, and they may be changed between dialogues */
	int64_t now;				/* ms */
	char phone[PHONE_MAX], code[PLAY_CODE];
	char lang[8];				/* that is remembered; "" of who never chose */
	const struct ussd_profile *profile;
	/* the dialogue */
	struct dialogue dlg;
	struct step step;			/* the newest */
	bool live;				/* the network holds it open */
	bool visible;				/* the newest step is a screen that came to the phone */
	bool ended;				/* with it the dialogue is over */
	bool lost;				/* the answer to what was typed last */
	int64_t began, touched;
	int screens;
	char today[9];
};

/* A customer of whom nothing is known but the language, the tenant's first, and who has no dialogue. */
void play_anew(struct play *p, int64_t now, const char *phone, const struct ussd_profile *profile);
void play_dial(struct play *p, const char *code);
/* false: nothing waits for it. */
bool play_type(struct play *p, const char *text) MUST_CHECK;
/* The call whose answer is awaited, or PLAY_CONFIRM, or NULL: a screen is shown, or nothing. */
const char *play_call(const struct play *p);
/* What it may come to, the usual first; how many. */
int play_outcomes(const struct play *p, const char *out[PLAY_OUTCOMES]);
/* The outcome that `word` stands for: one of them, PLAY_LOST, or what PLAY_UNKNOWN comes to here. NULL: none. */
const char *play_meaning(const struct play *p, const char *word);
/* What play_meaning() knows; variables were set before. false: the call has no such outcome. */
bool play_outcome(struct play *p, const char *outcome) MUST_CHECK;
/* Time passes, and the network may end the dialogue. */
void play_wait(struct play *p, int64_t ms);
void play_drop(struct play *p);
/* Whether what is written is a code to dial: "*120*384#". */
bool play_is_code(const char *text);
