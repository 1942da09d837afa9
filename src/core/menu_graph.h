/* SPDX-License-Identifier: Apache-2.0 */
/* A menu as a picture: a box for each screen with what it says, for Graphviz's dot. */
#pragma once
#include "base/buf.h"
#include "core/menu.h"

/* Texts as they stand in `language`, with their placeholders. */
void menu_graph(const struct menu *m, const struct texts *texts, const char *language, struct buf *out);
