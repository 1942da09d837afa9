/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves that every screen of a menu fits: in every language, with the widest value that each variable can take, on
 * every channel of the tenant, laid out and paged by the engine's own code. And every text that is shown or sent beside
 * the menu. Which paths lead to a screen is not its business: what can stand on it is taken together from all of them.
 */
#pragma once
#include "core/menu_prove.h"

/* Adds each problem as "file:line: problem, and what to do\n". */
void menu_size_prove(const struct menu *m, const struct prove_env *env, struct buf *problems);
/* The worst screen of each state, as the phone shows it. */
void menu_size_report(const struct menu *m, const struct prove_env *env, struct buf *out);
/* The same of the texts that belong to no state: those of the gateway itself, and what is sent as SMS. */
void text_size_prove(const struct menu *m, const struct prove_env *env, struct buf *problems);
/* Of one of them that is sent. */
void text_size_message(const struct prove_env *env, const char *lang, const char *key, struct buf *problems);

/* Most pages that a screen of this state may take; as `beyond_gsm` where a value makes it UCS-2. */
struct menu_state;
int menu_size_pages(const struct menu_state *s, bool beyond_gsm);

/* ---- what menu_size.c and text_size.c share ---- */

enum size_medium { SIZE_USSD, SIZE_SMS };
struct size_channel {
	const char *name;
	int max_septets;
};
#define SIZE_CHANNELS 32
/* The tenant's channels that carry such screens; of those that carry as much only the first. None without settings. */
int size_channels(const struct prove_env *env, enum size_medium medium, struct size_channel out[SIZE_CHANNELS]);
/* Units that the text takes in the smallest charset; `most` gets what a screen of so many septets holds of them. */
int size_units(const char *text, int max_septets, int *most);
/* The longest of the tenant's codes, or "". */
const char *size_service_code(const struct prove_env *env);
/* Begins a problem of a text: "file:line: ". */
void size_place(const struct prove_env *env, const char *lang, const char *key, struct buf *problems);
