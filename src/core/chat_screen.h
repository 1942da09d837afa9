/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A screen of a chat as one string: what is said, and what can be chosen. Lies so in the session's answer and in the
 * message that brings it; whoever sends it decides whether it becomes buttons, a list or plain text. A string that is
 * none of these is a text with nothing to choose.
 *
 * The id of a tap is "<key>:<mark>": it counts only on the screen that bears the mark.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define CHAT_CHOICES 10		/* rows of a list, what leads back and on included */
#define CHAT_BUTTONS 3		/* as many choices can be buttons */
#define CHAT_BODY_CHARS 1024	/* UTF-16 units of a body over buttons or a list; UTF-16 is how the network counts */
#define CHAT_TITLE_CHARS 24	/* of a row's title */
#define CHAT_BUTTON_CHARS 20	/* of a button, and of what opens a list */
#define CHAT_ABOUT_CHARS 72	/* of a row's description */

#define CHAT_SCREEN 4096	/* octets of the string, with NUL */
#define CHAT_BODY 3073
#define CHAT_TITLE (3 * CHAT_TITLE_CHARS + 1)
#define CHAT_ABOUT (3 * CHAT_ABOUT_CHARS + 1)
#define CHAT_OPEN (3 * CHAT_BUTTON_CHARS + 1)
#define CHAT_KEY 4
#define CHAT_MARK 9
#define CHAT_TAP (CHAT_KEY + CHAT_MARK)

struct chat_choice {
	char key[CHAT_KEY];		/* what may be typed instead: "1", "0", "00", "98" */
	char title[CHAT_TITLE];		/* cut to fit, where `about` holds it whole */
	char about[CHAT_ABOUT];		/* "" where the title says it all */
};

struct chat_screen {
	char body[CHAT_BODY];
	char mark[CHAT_MARK];		/* lower-case letters and digits; "" where nothing can be chosen */
	char open[CHAT_OPEN];		/* what stands on the button that opens a list: "Choose" */
	struct chat_choice choice[CHAT_CHOICES];
	int choices;
};

/*
 * Adds a choice: its text goes into the title, or whole into `about` and cut into the title. false: there is no room for
 * one more, or the key is none.
 */
bool chat_screen_add(struct chat_screen *s, const char *key, const char *text) MUST_CHECK;
/* false, and an empty string: it does not fit whole. Without choices it is the body alone. */
bool chat_screen_encode(const struct chat_screen *s, char *out, size_t size) MUST_CHECK;
/* Whatever `text` is: what cannot be read as a screen is a body, cut where it is too long. */
void chat_screen_parse(const char *text, struct chat_screen *out);
/* What the string says, as lines, with the choices as "key. text" below it; cut where `size` is too small. */
void chat_screen_plain(const char *text, char *out, size_t size);
/* All titles fit on buttons, and there are few enough. false with nothing to choose. */
bool chat_screen_fits_buttons(const struct chat_screen *s);
/* The id of a tap on that choice. */
void chat_tap_id(const struct chat_screen *s, const struct chat_choice *c, char out[CHAT_TAP]);
/* What was tapped on the screen `shown`, a string as above: its key; NULL: it is of another screen, or none at all. */
const char *chat_tap_key(const char *shown, const char *tap, char key[CHAT_KEY]);
/* Somebody has typed what stands on that screen to be tapped: its key; NULL: that is something else. */
const char *chat_title_key(const char *shown, const char *typed, char key[CHAT_KEY]);
