/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menu engine: a state machine in a file, walked one input at a time. Pure: no clock, no I/O.
 *
 * menu_step() takes a dialogue and one input and returns what to do: show a screen (and wait for
 * the customer), make a call (and come back with its outcome), accept or decline an intent, or end.
 * The dialogue is a flat value; whoever calls saves it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/bundle.h"
#include "core/chat_screen.h"
#include "core/gsm.h"
#include "core/texts.h"
#include "core/vars.h"

#define MENU_NAME 32
#define MENU_STATE 40
#define MENU_BACK 12
#define MENU_SCREEN 1600	/* UTF-8 octets of one shown screen */
#define MENU_STEP CHAT_SCREEN	/* octets of the same, as it lies in a step: a chat's holds its choices too */
#define MENU_SECRET 16
#define MENU_RESUME_MOST 86400	/* seconds; dialogues are kept for a little longer */

struct menu;
struct menu_edge;

/*
 * Loads the menu of that file of the bundle, which is there. Problems go to `problems` as "file:line: problem, and what
 * to do", all of them; NULL then. Keys of texts are checked against `texts` for each of `languages` when texts is not
 * NULL. The menu's version is the bundle's; the bundle is not needed afterwards.
 */
struct menu *menu_load_bundle(const struct bundle *files, const char *name, const struct texts *texts,
    const char (*languages)[8], int languages_n, struct buf *problems);
/* The same for proving what else is wrong: says no problems and may have some. NULL: nobody could walk it. */
struct menu *menu_load_faulty(const struct bundle *files, const char *name);
/* menu_load_bundle() of a file that stands alone; its name is one that a bundle can have. */
struct menu *menu_load(const char *file, const char *json, size_t len, const struct texts *texts,
    const char (*languages)[8], int languages_n, struct buf *problems);
void menu_free(struct menu *m);
/* Where the file of a menu or part stands in a bundle: "parts/pin" -> "menus/parts/pin.json". false: it is no such name. */
bool menu_file_name(const char *name, char out[BUNDLE_NAME]) MUST_CHECK;
/* Where texts stand: in a folder, or "" for those of all: "templates/payout/en.json". */
bool menu_texts_name(const char *folder, const char *language, char out[BUNDLE_NAME]) MUST_CHECK;
/*
 * What a menu file names, as far as it can be read: other menu files (those that it extends first), then its folder of
 * texts. In the order in which texts go over each other.
 */
enum menu_ref { MENU_REF_FILE, MENU_REF_TEXTS };
void menu_refs(const char *json, size_t len, void (*each)(void *arg, enum menu_ref what, const char *name), void *arg);
/*
 * A menu for SMS, where anybody can pose as anybody and nothing is private: no PIN, no payment, and of the calls only
 * the open ones. Problems as of menu_load(); false when there are some.
 */
bool menu_check_sms(const struct menu *m, struct buf *problems) MUST_CHECK;
const char *menu_name(const struct menu *m);
bool menu_makes_call(const struct menu *m, const char *call);
const char *menu_version(const struct menu *m);		/* of the bundle: 16 hex digits */

/*
 * Where a customer is in a menu. Goes into the session record member by member; holds no PIN, ever.
 */
struct dialogue {
	char menu[MENU_NAME], version[20];
	char state[MENU_STATE];			/* "" before MENU_BEGIN */
	char lang[8];
	char back[MENU_BACK][MENU_STATE];	/* earlier screens, the newest last */
	int back_n;
	int page;				/* of a paged screen, from 0 */
	char problem[MENU_STATE];		/* text key of the line on top, or "" */
	int hops;				/* states passed since something was typed */
	char offer[MENU_STATE];			/* state to go on from, while the screen asks whether to; else "" */
	struct vars vars;
};

struct menu_env {
	const struct texts *texts;
	struct texts_env text_env;
	const char *fallback_lang;
	const char (*languages)[8];		/* of the tenant */
	int languages_n;
	const char *country;			/* "27" */
	const char *phone;			/* the customer's own */
	const char *today;			/* yyyymmdd in the tenant's time zone */
	int pin_length;
	int max_septets;			/* of one screen; 7/16 as many in UCS-2 */
	const char *chat;			/* NULL, or in a chat the mark of the screen that is to be shown */
	const unsigned char *mac_key;		/* 32 octets, for comparing a new PIN typed twice */
	/* NULL, or told of each state that is entered: its index, and the edge that led there, NULL for none. */
	void (*passed)(void *arg, int state, const struct menu_edge *via);
	void *passed_arg;
};

enum menu_in { MENU_BEGIN, MENU_TEXT, MENU_OUTCOME, MENU_RESUME, MENU_SHOW, MENU_SENT };
struct menu_input {
	enum menu_in kind;
	const char *text;	/* TEXT: as typed; OUTCOME: its name; BEGIN: NULL or a state; RESUME: one
				 * that menu_resume() named; SHOW: key of a text, "" for none;
				 * SENT: unused: a picture or a file came, which only some questions want */
};

enum step_kind {
	STEP_SHOW,		/* show text, wait for input */
	STEP_END,		/* show text, the dialogue is over */
	STEP_CALL,		/* perform `call`, come back with MENU_OUTCOME */
	STEP_ACCEPT,		/* check `secret` as the PIN that confirms the intent shown; come
				 * back with accepted, wrong, locked, lapsed, busy or failed */
	STEP_DECLINE,		/* the customer said no to the intent; come back with declined */
};

struct step {
	enum step_kind kind;
	char text[MENU_STEP];		/* SHOW and END: UTF-8, fits the channel; in a chat a screen of core/chat_screen.h */
	const char *call;		/* CALL: borrowed from the menu */
	const char *intent;		/* SHOW of a confirm: "transfer" or "withdrawal", to be
					 * saved as shown; the same while it is open. Else NULL */
	char secret[MENU_SECRET];	/* CALL with a PIN, ACCEPT: wipe after use */
};

/*
 * dlg->menu and version must be those of m, except for MENU_BEGIN, which sets them. BEGIN resets
 * all but lang (if the tenant has it, else its first; the variable `lang` is set only in the first
 * case or where there is no choice, so that a menu can ask) and vars: the caller clears them for a
 * new dialogue, keeps them for a resumed one, and sets those that the manual promises (phone,
 * service_code, help_phone, title). `authed` and what was kept of a new PIN go in any case. The
 * engine handles the outcome "wrong" of STEP_ACCEPT itself: the screen again with the variable
 * tries_left. A text typed where none is awaited (the process died during a call) repeats the call,
 * unless it moves money or needs a PIN: then the dialogue ends with error.session_lost.
 *
 * RESUME, after a drop, asks the customer whether to go on from that state, and changes nothing else:
 * yes is a BEGIN there, no one from the start, without the variables but those that the manual
 * promises.
 *
 * SHOW: the screen that stands, from its beginning, with the text of that key on top of it; nothing else changes. Where
 * no screen stands (the process died during a call) it is as if something had been typed.
 */
void menu_step(const struct menu *m, struct dialogue *dlg, const struct menu_input *in,
    const struct menu_env *env, struct step *out);
/*
 * The state to go on from after a dropped dialogue, or NULL when this one starts again from the
 * top. Behind a right PIN it is NULL but for a question for a PIN.
 */
const char *menu_resume(const struct menu *m, const struct dialogue *dlg);
/* For how many seconds after the drop; -1: the menu leaves it to the installation. */
int menu_resume_s(const struct menu *m);
/* The state shown now is a confirm: an open intent belongs to it. */
bool menu_confirming(const struct menu *m, const struct dialogue *dlg);
/* The state shown now wants a PIN: a question for one, or a confirm. */
bool menu_asks_pin(const struct menu *m, const struct dialogue *dlg);
