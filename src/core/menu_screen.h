/* SPDX-License-Identifier: Apache-2.0 */
/* What the two layouts of a state share: lines of a phone (menu_screen.c), bodies and choices of a chat (menu_chat.c). */
#pragma once
#include "core/menu_model.h"

#define BODY 6144

struct body {
	char text[BODY];
	size_t len;
	int item_at[MENU_OPTIONS];	/* where each option begins: at its line break, number and point */
	int items;
	bool lost;			/* something found no room */
};

/* How to go back is said on this page. */
bool screen_has_back(const struct menu_state *s, const struct dialogue *dlg, int page);
/* Lays out a page for a chat; env->chat is the mark. */
void chat_lay(const struct body *b, const struct menu_state *s, const struct dialogue *dlg,
    const struct menu_env *env, int page, struct screen *out);
