/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is posted to the messages call of the WhatsApp Cloud API (Meta: "Messages", limits as of Graph v25.0). Pure.
 * Limits are counted in UTF-16 units, the strictest of the countings that are met; texts are cut between characters.
 */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/mem.h"

#define WA_TEXT_CHARS 4096
#define WA_PARAMETER_CHARS 1024		/* of a template's body as a whole */
#define WA_CODE_CHARS 15		/* of the code in an authentication template */

struct wa_to {
	const char *phone;		/* digits, "" where the network does not tell it */
	const char *user;		/* "" or NULL: to the phone. Where both are there, the phone is written to */
	const char *ours;		/* our name of this attempt, repeated in its statuses; "" or NULL: none */
};

/* Whether all of a text goes into the body's one parameter, or a code goes into the body and into the button too. */
enum wa_place { WA_PLACE_BODY, WA_PLACE_CODE };

struct wa_template {
	const char *name, *language;
	const char *parameter;		/* its name, "" where parameters are counted */
	enum wa_place place;
};

/*
 * A text, or a screen (core/chat_screen.h): with buttons where they fit, else as a list, else the text alone. false:
 * nothing can be written to (no phone and no user), or there is no text.
 */
bool wa_message_write(const struct wa_to *to, const char *text, struct buf *out) MUST_CHECK;
/*
 * The same in a template; what can be chosen follows as lines, which become blanks since parameters have none. false
 * too: it is too long, or a code to somebody known by an identity only, to whom none may go.
 */
bool wa_message_template(const struct wa_to *to, const struct wa_template *t, const char *text,
    struct buf *out) MUST_CHECK;
/* Marks a message as read, and shows for up to 25 s that an answer is being written. */
void wa_message_read(const char *message_id, struct buf *out);

/* The id in a good answer of the call; false: there is none. */
bool wa_answer_id(const char *body, size_t len, char *out, size_t size) MUST_CHECK;
/* The code in a bad one, -1: none. */
int wa_answer_code(const char *body, size_t len);
