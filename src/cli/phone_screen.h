/* SPDX-License-Identifier: Apache-2.0 */
/* What the phone of `isango dial` shows in a terminal: a framed screen, and what it costs of the network's room. */
#pragma once

void phone_screen(char corner, const char *text);
/*
 * "112 of 160 septets", or in UCS-2 characters as soon as one needs them. `septets` is the room, 0: not known. Says
 * which characters those are, and what is too long.
 */
void phone_screen_size(const char *text, int septets);
